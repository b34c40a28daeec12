"""The plain Mesa model and the compiled kernel say the same, month by month, from the same state."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks.chance import philox, round_keys
from benchmarks.exchange import SCRATCH, state_of, take_state
from benchmarks.given import begun, random_inputs, scenario_inputs
from benchmarks.reference import ReferenceModel, pair_measures
from mesa.batchrunner import batch_run
from ruamel.yaml import YAML

from eurasia_sim.compute.mathematics import exponential, logarithm
from eurasia_sim.files.data_yaml import packaged
from eurasia_sim.kernel import month

TOLERANCE = 1e-10
RULES = packaged() / "rules"
LARGEST_SEED = 2**64 - 1


def theories() -> dict:
    return YAML(typ="safe").load((RULES / "theories.yaml").read_text(encoding="utf-8"))


def settings() -> dict[str, dict[str, float]]:
    """What every preset and rival form sets, each by itself, and a world without chance."""
    read = theories()
    found = {name: {**preset.get("values", {}), **preset["fix"]} for name, preset in read["presets"].items()}
    for factor, form in read["forms"].items():
        found |= {f"{factor} {name}": rival["fix"] for name, rival in form["alternatives"].items() if "fix" in rival}
    found["no chance"] = {"alignment_noise": 0, "utility_noise": 0, "regime_noise": 0}
    return found


def drawn_rules(seed: int) -> dict[str, float]:
    """Every number of the rules somewhere in its range."""
    random = np.random.default_rng(seed)
    found = {}
    for path in sorted(RULES.glob("*.yaml")):
        if path.stem != "theories":
            for name, entry in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items():
                low, high = entry.get("range") or (entry["value"], entry["value"])
                found[name] = random.uniform(low, high)
    return found


def differences(model, state):
    """By field, the largest difference of the reference's arrays from the kernel's."""
    found = {}
    for name, values in state_of(model).items():
        apart = np.abs(values - getattr(state, name))
        if name == "shared":
            np.fill_diagonal(apart, 0.0)
        found[name] = apart.max(initial=0.0)
    return found


def assert_agreement(inputs, seed, months=None, *, together=True):
    """Run both; `together`: from the kernel's state every month, else each by itself all along."""
    workspace = begun(inputs, seed)
    state, model = workspace.state[0], ReferenceModel.from_world(inputs, seed)
    for number, t in enumerate(range(-inputs.burn_in, inputs.months if months is None else months)):
        if together:
            take_state(model, state)
        workspace.set_month(inputs.levers, max(t, 0))
        month.decide(workspace.blocks, number)
        month.resolve(workspace.blocks, number)
        model.step()
        apart = {name: worst for name, worst in differences(model, state).items() if not worst <= TOLERANCE}
        assert not apart, (t, apart)
    return model, state, workspace


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_plain_draws_are_those_published(counter, key, expected):
    assert philox(*counter, round_keys(*key)) == expected


@pytest.mark.parametrize("setting", settings())
@pytest.mark.parametrize("seed", [7, LARGEST_SEED])
def test_a_random_world_goes_the_same_way_under_every_theory_and_form(setting, seed):
    assert_agreement(random_inputs(1, months=40, burn_in=3, changes=settings()[setting].items()), seed)


@pytest.mark.parametrize("size", [(2, 1, 1), (3, 2, 0), (5, 4, 2), (20, 9, 15)])
@pytest.mark.parametrize("world", [2, 3])
def test_worlds_of_other_sizes_go_the_same_way(size, world):
    assert_agreement(random_inputs(world, size, months=40, burn_in=0), 11)


@pytest.mark.parametrize("world", range(4, 10))
def test_worlds_with_rules_drawn_from_their_ranges_go_the_same_way(world):
    assert_agreement(random_inputs(world, months=40, burn_in=3, changes=drawn_rules(world).items()), world)


@pytest.mark.parametrize(
    ("scenario", "theory"), list(product(("us_exit", "us_stays", "no_ukraine_war"), theories()["presets"]))
)
def test_a_packaged_scenario_goes_the_same_way(scenario, theory):
    inputs = scenario_inputs(scenario, theory)
    assert_agreement(inputs, 7)
    assert_agreement(inputs, LARGEST_SEED, together=False)


def test_every_array_a_run_remembers_is_compared():
    model, state, _ = assert_agreement(random_inputs(0, months=1, burn_in=0), 1)
    assert {name for name, _ in state.items()} == set(state_of(model)) | set(SCRATCH)


def test_taking_a_state_and_giving_it_back_changes_nothing():
    inputs = random_inputs(0, months=12, burn_in=2)
    model, state, _ = assert_agreement(inputs, 3)
    take_state(model, state)
    assert all(worst == 0.0 for worst in differences(model, state).values())


def test_measures_of_the_focal_pairs_are_the_kernels():
    model, _, workspace = assert_agreement(random_inputs(0, months=30, burn_in=2), 5)
    out = workspace.observed()[0, : len(model.columns)]
    assert [model.measured[name] for name in model.columns] == pytest.approx(list(out), abs=TOLERANCE)
    assert pair_measures([0.0, 0.0, 0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0], 0.0, 2.0) == [0.0] * 6


def test_batch_run_gives_what_a_model_stepped_by_hand_gives():
    rows = batch_run(ReferenceModel, {"seed": [1, 2]}, max_steps=10**6, display_progress=False)
    assert [row["seed"] for row in rows] == [1, 2]
    model = ReferenceModel(seed=2)
    while model.running:
        model.step()
    assert model.t == model.inputs.months
    assert rows[1]["Step"] == model.inputs.months + model.inputs.burn_in - 1
    assert {name: rows[1][name] for name in model.columns} == model.measured
    assert rows[0][model.columns[0]] != rows[1][model.columns[0]]


def test_draws_from_mesas_own_generator_give_a_run_of_the_same_kind():
    model = ReferenceModel(inputs=random_inputs(0, months=24, burn_in=2), seed=1, chance="sequential")
    while model.running:
        model.step()
    assert all(0.0 <= value <= 1.0 for value in model.measured.values())


def test_elementary_functions_of_the_kernel_are_those_of_mathematics():
    points = SimpleNamespace(exponents=np.linspace(-690, 690, 4001), numbers=np.geomspace(1e-300, 1e300, 4001))
    assert np.allclose([exponential(x) for x in points.exponents], np.exp(points.exponents), rtol=1e-15, atol=0)
    assert np.allclose([logarithm(x) for x in points.numbers], np.log(points.numbers), rtol=1e-15, atol=1e-15)

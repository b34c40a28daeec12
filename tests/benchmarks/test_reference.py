"""The plain Mesa model and the compiled kernel say the same, month by month."""

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
from benchmarks.reference import ReferenceModel, named_inputs, pair_measures
from mesa.batchrunner import batch_run
from tests.random_worlds import build
from tests.worlds import NOISES, changed, declared

from eurasia_sim.kernel.workspace import Workspace

TOLERANCE = 1e-10
LARGEST_SEED = 2**64 - 1
DYADIC = (
    "leaning", "alignment", "threat", "rivalry", "partnership", "projected", "shared", "regional",
    "regional_overlap", "mutual", "crisis", "opening_venues",
)  # fmt: skip
STANCES = ("stance", "offset")
BY_CELL = ("inclination", "effort", "joint", "utility", "common", "noise")
OF_ACTOR = (
    "spillover", "open_spillover", "containment", "recognition", "flags", "convening_influence",
    "power", "budget", "standing", "opening_power", "pressed", "opening_pressed", "party", "zero",
    "per_danger", "per_danger_near", "foreign", "unhindered",
)  # fmt: skip
OF_THEATRE = (
    "stability", "militants", "fighters", "ruler_strength", "violence", "narcotics", "control",
    "restraint", "demand", "hazard",
)  # fmt: skip
BY_DOMAIN = ("access", "influence")
OF_TIES = (
    "strength", "work", "posted", "deposit", "posted_strength", "opening_work",
    "opening_posted", "opening_access",
)  # fmt: skip
# What the kernel needs within one mechanism alone, and what only measures or its own draws read.
SCRATCH = (
    "feared", "feared_near", "felt", "reach", "committed", "choice", "stood", "hedging",
    "by_force", "hostility", "old_ties", "partners", "in_power", "took_over", "prospect",
    "together", "host_leaning", "host_threat",
    "displacement_weight", "denial_weight", "security_weight", "uncovered", "hosted",
    "regional_influence", "venue_total", "total", "seed", "armed",
)  # fmt: skip


def settings() -> dict[str, dict[str, float]]:
    """What every preset and rival form sets, each by itself, and a world without chance."""
    known = declared()
    found = {name: {**preset.values, **preset.fix} for name, preset in known.theories.items()}
    for factor, forms in known.forms.items():
        found |= {f"{factor} {name}": form.fix for name, form in forms.items() if form.fix}
    return {**found, "no chance": dict.fromkeys(NOISES[:4], 0.0)}


def drawn_rules(seed: int) -> dict[str, float]:
    """Every number of the rules somewhere in its range."""
    random = np.random.default_rng(seed)
    return {name: random.uniform(*ends) for name, ends in declared().ranges.items()}


def state_of(model: ReferenceModel) -> dict[str, np.ndarray]:
    """Every array of the kernel's `State` that is no scratch, by name."""
    actors, theatres, venues = model.actors, model.theatres, range(len(model.conveners))
    shape = (-1, len(theatres), 3)
    found = {name: [list(getattr(a, name).values()) for a in actors] for name in DYADIC}
    for name in STANCES:
        found[name] = np.moveaxis([list(getattr(a, name).values()) for a in actors], -1, 0)
    found |= {name: [getattr(a, name) for a in actors] for name in OF_ACTOR}
    found |= {name: np.reshape([getattr(a, name) for a in actors], shape) for name in BY_CELL}
    found |= {name: [getattr(t, name) for t in theatres] for name in OF_THEATRE}
    contested = {name: [getattr(each, name) for each in theatres] for name in BY_DOMAIN}
    for name in OF_TIES:
        contested[name] = [[getattr(ties, name) for ties in theatre.ties] for theatre in theatres]
    for name, by_domain in contested.items():
        by_actor = [[list(each.values()) for each in domains] for domains in by_domain]
        found[name] = np.moveaxis(np.array(by_actor), -1, 0)
    for name in ("shut", "link"):
        found[name] = np.transpose([list(getattr(t, name).values()) for t in theatres])
    found["opening_link"] = np.transpose([list(t.ties[1].opening_link.values()) for t in theatres])
    for name in ("ruler", "challenger"):
        who = [getattr(theatre, name) for theatre in theatres]
        found[name] = [-1 if actor is None else actor.i for actor in who]
    found["shock"] = [one.shocks[other] for one, other in model.pairs]
    owed = [[one.owed[other], other.owed[one]] for one, other in model.focus]
    found["owed"] = np.reshape(owed, (-1, 2, *shape[1:]))
    found["venue_effort"] = [[a.venue_effort.get(v, 0.0) for v in venues] for a in actors]
    found["pair_joint"] = np.reshape([model.together[pair] for pair in model.focus], shape)
    return {name: np.asarray(values) for name, values in found.items()}


def random_world(seed, size=(13, 6, 10), months=30, burn_in=0, changes=()):
    """A world with chance and many levers at work, under some numbers of the rules."""
    world = build(*size, months, "balance_of_threat", {}, "reference", 0.2, 0.1, 0.3, True, seed)
    return replace(world, p=changed(world.p, **dict(changes)), burn_in=burn_in)


def assert_agreement(inputs, seed, every=1):
    """Run both, each by itself all along, and compare every array after every so many months."""
    rules = np.reshape(inputs.rules, 1)
    workspace, model = Workspace(inputs.facts, rules), ReferenceModel(inputs=inputs, seed=seed)
    workspace.load(rules, inputs.row[None], np.array([seed], np.uint64))
    state = workspace.state[0]
    for number, t in enumerate(range(-inputs.burn_in, inputs.months)):
        workspace.live(inputs.levers, t)
        model.step()
        for name, values in state_of(model).items() if number % every == 0 else ():
            apart = np.abs(values - getattr(state, name))
            if name in ("shared", "regional_overlap", "crisis", "mutual"):
                np.fill_diagonal(apart, 0.0)
            assert apart.max(initial=0.0) <= TOLERANCE, (t, name)
    return model, state, workspace


@pytest.mark.parametrize(("setting", "seed"), list(zip(settings(), cycle([7, LARGEST_SEED]))))
def test_a_random_world_goes_the_same_way_under_every_theory_and_form(setting, seed):
    changes = settings()[setting].items()
    assert_agreement(random_world(1, burn_in=3, changes=changes), seed)


@pytest.mark.parametrize("size", [(2, 1, 1), (3, 2, 0), (5, 4, 2), (20, 9, 15)])
@pytest.mark.parametrize("world", [2, 3])
def test_worlds_of_other_sizes_go_the_same_way(size, world):
    assert_agreement(random_world(world, size), 11)


@pytest.mark.parametrize("world", range(4, 10))
def test_worlds_with_rules_drawn_from_their_ranges_go_the_same_way(world):
    changes = drawn_rules(world).items()
    assert_agreement(random_world(world, burn_in=3, changes=changes), world)


@pytest.mark.parametrize(
    ("theory", "scenario"),
    list(zip(declared().theories, cycle(["us_exit", "us_stays", "no_ukraine_war"]))),
)
def test_a_packaged_scenario_goes_the_same_way(scenario, theory):
    assert_agreement(named_inputs(scenario, theory), LARGEST_SEED, every=10)


def test_every_array_a_run_remembers_and_every_measure_is_compared():
    model, state, workspace = assert_agreement(random_world(0, burn_in=2), 5)
    assert {name for name, _ in state.items()} == set(state_of(model)) | set(SCRATCH)
    columns = model.columns
    out = workspace.observed()[0, : len(columns)]
    assert [model.measured[name] for name in columns] == pytest.approx(list(out), abs=TOLERANCE)
    apart = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert pair_measures(*apart, 0.0, 2.0) == [0.0] * 6


def test_batch_run_gives_what_a_model_stepped_by_hand_gives():
    inputs = random_world(0, months=24, burn_in=2)
    given = {"seed": [1, 2], "inputs": [inputs]}
    rows = batch_run(ReferenceModel, given, max_steps=10**6, display_progress=False)
    assert [row["seed"] for row in rows] == [1, 2]
    model = ReferenceModel(seed=2, inputs=inputs)
    while model.running:
        model.step()
    assert model.t == inputs.months
    assert rows[1]["Step"] == inputs.months + inputs.burn_in - 1
    assert {name: rows[1][name] for name in model.columns} == model.measured
    assert any(rows[0][name] != rows[1][name] for name in model.columns)

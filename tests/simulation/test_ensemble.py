"""Many runs: paired, shared past, missing when failed, and the same whoever runs them."""

import time
from dataclasses import replace

import numpy as np
import pytest

from eurasia_sim.compute.dimensions import PRESENCE_KINDS
from eurasia_sim.kernel.workspace import Workspace, levers_of
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import (
    chunks_of,
    run_ensemble,
    run_ensemble_draws,
    run_paired,
    simulate,
    table,
)
from eurasia_sim.simulation.inputs import Inputs, branch_month, prepare
from eurasia_sim.simulation.parameter_draws import (
    range_draws,
    ranges_of,
    reference_draws,
    run_seeds,
    values_of,
)
from eurasia_sim.world.world import World


@pytest.fixture(scope="module")
def family(world: World) -> list[Inputs]:
    return [prepare(world, load_scenario(name, world)) for name in ("us_exit", "us_stays")]


def test_a_lever_value_is_one_number_in_each_of_its_forms(world: World) -> None:
    setting, month = "presence.russia.tajikistan.forces", world.month("2024-01")
    scenario = load_scenario("us_exit", world, [f"{setting}.2024-01=25000"])
    assert scenario.steps[setting][month] == 25000
    inputs = prepare(world, scenario)
    i, k = list(world.actors).index("russia"), list(world.theatres).index("tajikistan")
    kind = PRESENCE_KINDS.index("forces")
    assert inputs.levers.presence[month, i, k, kind] == 0.25
    levers = levers_of([inputs.levers], np.zeros(8, np.int64), (0, inputs.months))
    assert np.shares_memory(levers.rows, inputs.levers.rows)
    workspace = Workspace(inputs.facts, inputs.rules)
    workspace.load(inputs.rules[None], inputs.row[None], np.array([7], np.uint64))
    workspace.live(inputs.levers, month)
    assert (np.asarray(workspace.month.presence)[i, k, kind] == 0.25).all()


def test_branched_runs_are_straight_runs_to_the_last_bit(
    world: World, family: list[Inputs]
) -> None:
    draws, kept, parting = reference_draws(family[0], 2, seed=3), np.arange(60), 235
    assert branch_month(family) == parting == world.month("2021-05")
    window = (parting, family[0].months)
    paired = run_paired(family, draws, window, kept)
    for inputs, outcome in zip(family, paired, strict=True):
        (straight,) = run_paired([inputs], draws, window, kept)
        assert straight.means.tobytes() == outcome.means.tobytes()
        assert straight.trajectories.tobytes() == outcome.trajectories.tobytes()
    one, other = (outcome.trajectories for outcome in paired)
    assert one[:, :parting].tobytes() == other[:, :parting].tobytes()
    assert not np.array_equal(one[:, parting], other[:, parting])
    names = ("afghan_turmoil", "no_ukraine_war", "us_exit")
    several = [*family, *(prepare(world, load_scenario(name, world)) for name in names)]
    partings = [branch_month([family[0], inputs]) for inputs in several]
    assert len(set(partings)) == 4
    straight = [run_paired([inputs], draws, kept=kept)[0].trajectories for inputs in several]
    for since in (0, parting - 74, parting + 3):  # before and after some part
        for given in (None, partings):
            found = run_paired(several, draws, None, kept, since, given)
            for whole, outcome in zip(straight, found, strict=True):
                assert outcome.trajectories.tobytes() == whole[:, since:].tobytes()


def test_a_run_that_fails_is_missing_and_leaves_the_others_alone(family: list[Inputs]) -> None:
    draws = reference_draws(family[0], 5, seed=1)
    rules = draws.rules.copy()
    rules["temperature"][2] = 0.0  # divides by nothing, which no declared range allows
    broken = run_ensemble_draws(family, replace(draws, rules=rules))
    for bad, good, inputs in zip(broken, run_ensemble_draws(family, draws), family, strict=True):
        rows = table(inputs, draws, bad)
        assert list(rows["status"]) == ["ok", "ok", "non-finite", "ok", "ok"]
        assert rows.loc[2, "failed_phase"] == "allocate"
        assert rows.loc[2, "failed_month"] < 0  # in the burn-in
        assert np.isnan(bad.means[2]).all()
        others = [0, 1, 3, 4]
        assert bad.means[others].tobytes() == good.means[others].tobytes()


def test_what_a_chunk_raises_ends_the_work_and_chunks_come_in_the_order_of_their_runs() -> None:
    begun: list[int] = []

    def work(chunk: slice) -> slice:
        begun.append(chunk.start)
        time.sleep(0.001)
        if chunk.start == 24:
            raise KeyboardInterrupt
        return chunk

    with pytest.raises(KeyboardInterrupt):
        chunks_of(work, 8000, workers=1)
    assert len(begun) < 1000
    reported: list[int] = []
    found = chunks_of(work, 20, 2, reported.append)
    assert found == [slice(0, 8), slice(8, 16), slice(16, 20)]
    assert reported[-1] == 20


@pytest.mark.parametrize("theory", ["offensive_realism", "inertia", "neoliberal_institutionalism"])
def test_draws_stay_within_the_ranges_the_theory_owns(world: World, theory: str) -> None:
    inputs = prepare(world, load_scenario("us_exit", world), theory)
    draws, ranges = range_draws(world, inputs, 40, seed=3), ranges_of(world, inputs)
    preset = world.theories[theory]
    for name, value in preset.fix.items():
        assert set(draws.rules[name]) == {value}
    for path, (low, high) in ranges.items():
        name = path.rsplit(".", 1)[1]
        if path.startswith("rules."):
            assert low <= draws.rules[name].min() < draws.rules[name].max() <= high
            assert (low, high) == preset.ranges.get(name, (low, high))
    # What is kept of a draw is what the run is given, and shares are scaled where they exceed one.
    assert list(draws.drawn) == list(ranges)
    for path, values in draws.drawn.items():
        np.testing.assert_array_equal(values, values_of(world, draws, path), err_msg=path)
    shares = world.coded(draws.rows).initial_influence.sum(axis=1)
    assert 1.0 - 1e-12 < shares.max() <= 1.0 + 1e-12


def test_every_theory_and_form_runs(world: World) -> None:
    scenario = load_scenario("us_exit", world)

    def means(**chosen) -> np.ndarray:
        inputs = prepare(world, scenario, **chosen)
        (outcome,) = run_paired([inputs], reference_draws(inputs, 1, 1))
        assert np.isfinite(outcome.means).all()
        return outcome.means

    base = means()
    for theory in world.theories:
        means(theory=theory)
    for factor, alternatives in world.forms.items():
        for name in alternatives:
            is_default = name == world.default_forms[factor]
            assert (means(forms={factor: name}).tobytes() == base.tobytes()) == is_default


def test_the_front_door_gives_pandas(world: World) -> None:
    runs = run_ensemble(["us_exit", "us_stays"], n=3, seed=1, world=world)
    assert list(runs["scenario"]) == ["us_exit"] * 3 + ["us_stays"] * 3
    assert list(runs["draw"][:3]) == list(runs["draw"][3:])
    months = simulate("record", seed=1, world=world)
    assert str(months.index[0]) == "2001-10"
    assert months.notna().all().all()


def test_runs_of_one_draw_share_seed_and_drawn_numbers_and_nothing_else(
    world: World, family: list[Inputs]
) -> None:
    other = prepare(
        world, load_scenario("us_exit", world, ["rules.perception.distance_decay=2000"])
    )
    chance, spread = reference_draws(family[0], 5, seed=3), range_draws(world, family[0], 5, seed=3)
    assert chance.names() == reference_draws(other, 5, seed=3).names()  # what is set is no draw
    assert list(run_seeds(3, 5)) == list(run_seeds(3, 9)[:5]) == list(chance.seeds)
    assert len({*run_seeds(3, 1000)}) == 1000
    assert chance.names() == reference_draws(family[0], 9, seed=3).names()[:5]
    assert len({*chance.names(), *reference_draws(family[0], 5, seed=4).names()}) == 10
    assert spread.names() == range_draws(world, family[1], 5, seed=3).names()
    assert spread.part(np.array([4, 1])).names() == [spread.names()[4], spread.names()[1]]
    elsewhere = [range_draws(world, other, 5, seed=3), range_draws(world, family[0], 6, seed=3)]
    for draws in (chance, *elsewhere):
        assert not {*spread.names()} & {*draws.names()}

"""Runs: paired, shared past, missing when failed, the same whoever runs them; and their events."""

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from eurasia_sim.compute.dimensions import PRESENCE_KINDS
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel.workspace import Workspace, levers_of
from eurasia_sim.scenarios.scenario import apply_settings, load_scenario
from eurasia_sim.simulation import ensemble
from eurasia_sim.simulation.ensemble import run_ensemble, run_paired
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.family import check_family, conditions, load_family
from eurasia_sim.simulation.inputs import branch_month, prepare
from eurasia_sim.simulation.parameter_draws import reference_draws


@pytest.fixture(scope="module")
def pair(world):
    return load_family(["us_exit", "us_stays"], world)


@pytest.fixture(scope="module")
def family(world, pair):
    return [prepare(world, scenario) for scenario in pair]


def test_a_lever_value_is_one_number_in_each_of_its_forms(world):
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


def test_branched_runs_are_straight_runs_to_the_last_bit(world, family):
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


def test_what_a_chunk_raises_ends_the_work_and_chunks_come_in_the_order_of_their_runs():
    begun, reported = [], []

    def work(chunk: slice) -> slice:
        begun.append(chunk.start)
        time.sleep(0.001)
        if chunk.start == 24:
            raise KeyboardInterrupt
        return chunk

    with pytest.raises(KeyboardInterrupt):
        ensemble.chunks_of(work, 8000, workers=1)
    assert len(begun) < 1000
    found = ensemble.chunks_of(work, 20, 2, reported.append)
    assert found == [slice(0, 8), slice(8, 16), slice(16, 20)]
    assert reported[-1] == 20


def test_every_theory_and_form_runs(world):
    scenario = load_scenario("us_exit", world)

    def means(**chosen):
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


def test_a_lever_without_a_month_starts_where_the_first_scenario_departs(world, pair):
    settings = ["growth.russia=-0.1", "growth.china.2024-01=0.1"]
    family = load_family(["us_exit", pair[1]], world, settings)
    for scenario in family:
        assert dict(scenario.changes["growth.russia"]) == {world.month("2021-05"): -0.1}
        assert dict(scenario.changes["growth.china"]) == {world.month("2024-01"): 0.1}
        assert scenario.departs == world.month("2021-05")
    said = ["set: growth.russia = -0.1 from 2021-05", "set: growth.china = 0.1 from 2024-01"]
    assert conditions(family, world) == said
    (alone,) = load_family(["us_exit"], world, ["growth.russia=-0.1"])
    assert dict(alone.changes["growth.russia"]) == {world.month("2023-01"): -0.1}


def test_pairs_hold_the_same_numbers_and_differ_somewhere(world, pair, family):
    exit_, stays = pair
    number = world.numbers[path := "rules.cooperation.relative_gains"]
    numbers = {name: world.numbers[name] for name in world.coded_index}
    coded = next(name for name, n in numbers.items() if n.is_uncertain and not n.is_silent)
    factor, names = next(iter(world.forms.items()))
    alternative = next(name for name in names if name != world.default_forms[factor])
    for other, problem in (
        (replace(stays, fixed={path: number.low}), path),
        (replace(stays, uncertain={path: (number.low, number.value)}), path),
        (replace(stays, fixed={coded: numbers[coded].low}), coded),
        (replace(stays, forms={factor: alternative}), f"form {factor}"),
        (replace(exit_, name="copy", title="Copy"), "every difference would be 0"),
    ):
        with pytest.raises(DataError, match=problem):
            check_family(world, [family[0], prepare(world, other)])
    with pytest.raises(DataError, match="us_stays stands twice"):
        run_ensemble([stays, exit_, replace(stays, title="Another")], n=2, world=world)


def test_the_window_of_scenarios_of_different_length_is_what_all_have(world, pair):
    short, cut = (replace(each, months=world.month("2025-12") + 1) for each in pair)
    column = "competition.russia-china.central_asia"
    whole, both = (run_ensemble([short, each], n=2, world=world) for each in (pair[1], cut))
    assert list(whole[column]) == list(both[column])


def test_changes_of_rule_have_their_months_and_a_flag_goes_up_and_down_by_turns(world, family):
    log, status = event_log(world, family[0], seed=1)
    rule = log[log["kind"] == "rule"]
    changes = [("2001-12", "afghanistan"), ("2021-08", "afghanistan")]
    assert [status, *zip(rule["month"], rule["theatre"], strict=True)] == ["ok", *changes]
    closed = log[(log["kind"] == "closure") & (log["actor"] == "united_states")]
    assert "2021-08" in set(closed["month"])
    assert list(log["month"]) == sorted(log["month"])
    steps = log[log["kind"] == "recognition"]
    flag = steps["detail"].str.removesuffix(", no longer").rename("flag")
    for _, moves in steps.groupby(["actor", "theatre", flag]):
        down = [detail.endswith("no longer") for detail in moves["detail"]]
        assert all(one != other for one, other in pairwise(down))
    cut, status = event_log(world, family[0], seed=1, most=3)
    assert status == "overflow"
    assert cut.equals(log.head(3))


def test_a_ruler_put_where_nobody_ruled_takes_nobodys_place(world, pair):
    theatre, first = next(item for item in world.theatres.items() if item[1].challenger is None)
    empty = replace(world, theatres={**world.theatres, theatre: replace(first, ruler=None)})
    actor = next(iter(world.actors))
    scenario = apply_settings(pair[0], [f"rule.{theatre}={actor}"], world)
    log, status = event_log(empty, prepare(empty, scenario), seed=1)
    put = log[(log["kind"] == "rule") & (log["theatre"] == theatre)]
    assert [status, *put["actor"], *put["detail"]] == ["ok", actor, "rules in place of nobody"]

"""The event log of a single run."""

from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from eurasia_sim.scenarios.scenario import apply_settings, load_scenario
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.world.world import World


@pytest.fixture(scope="module")
def inputs(world: World) -> Inputs:
    return prepare(world, load_scenario("us_exit", world))


@pytest.fixture(scope="module")
def log(world: World, inputs: Inputs) -> pd.DataFrame:
    log, status = event_log(world, inputs, seed=1)
    assert status == "ok"
    return log


def test_changes_of_rule_have_their_months_and_a_flag_goes_up_and_down_by_turns(
    log: pd.DataFrame,
) -> None:
    rule = log[log["kind"] == "rule"]
    assert [*zip(rule["month"], rule["theatre"], strict=True)] == [
        ("2001-12", "afghanistan"),
        ("2021-08", "afghanistan"),
    ]
    closed = log[(log["kind"] == "closure") & (log["actor"] == "united_states")]
    assert "2021-08" in set(closed["month"])
    assert list(log["month"]) == sorted(log["month"])
    steps = log[log["kind"] == "recognition"]
    flag = steps["detail"].str.removesuffix(", no longer").rename("flag")
    for _, moves in steps.groupby(["actor", "theatre", flag]):
        down = [detail.endswith("no longer") for detail in moves["detail"]]
        assert all(one != other for one, other in pairwise(down))


def test_a_ruler_put_where_nobody_ruled_takes_nobodys_place(world: World) -> None:
    theatre, first = next(item for item in world.theatres.items() if item[1].challenger is None)
    empty = replace(world, theatres={**world.theatres, theatre: replace(first, ruler=None)})
    actor = next(iter(world.actors))
    scenario = apply_settings(load_scenario("us_exit", world), [f"rule.{theatre}={actor}"], world)
    log, status = event_log(empty, prepare(empty, scenario), seed=1)
    put = log[(log["kind"] == "rule") & (log["theatre"] == theatre)]
    assert [status, *put["actor"], *put["detail"]] == ["ok", actor, "rules in place of nobody"]


def test_what_does_not_fit_is_a_status(world: World, inputs: Inputs, log: pd.DataFrame) -> None:
    cut, status = event_log(world, inputs, seed=1, most=3)
    assert status == "overflow"
    assert cut.equals(log.head(3))

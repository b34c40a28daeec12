"""A single run as dated events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eurasia_sim.scenarios.scenario import apply_settings, load_scenario
from eurasia_sim.simulation.events import chronicle
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.world.world import World, load_world


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def test_the_recorded_takeover_is_told_in_its_month(world: World) -> None:
    told, status = chronicle(world, prepare(world, load_scenario("us_exit", world)), seed=1)
    assert status == "ok"
    changes = told[told["kind"] == "rule"]
    assert list(changes["month"]) == ["2021-08"]
    assert list(changes["theatre"]) == ["afghanistan"]
    closed = told[(told["kind"] == "closure") & (told["actor"] == "united_states")]
    assert "2021-08" in set(closed["month"])
    assert list(told["month"]) == sorted(told["month"])


def test_a_ruler_put_where_nobody_ruled_takes_nobodys_place(world: World) -> None:
    theatre, first = next(
        (name, held) for name, held in world.theatres.items() if held.challenger is None
    )
    empty = replace(world, theatres={**world.theatres, theatre: replace(first, ruler=None)})
    actor = next(iter(world.actors))
    scenario = apply_settings(load_scenario("us_exit", world), [f"rule.{theatre}={actor}"], world)
    told, status = chronicle(empty, prepare(empty, scenario), seed=1)
    assert status == "ok"
    put = told[(told["kind"] == "rule") & (told["theatre"] == theatre)]
    assert list(put["actor"]) == [actor]
    assert list(put["detail"]) == ["rules in place of nobody"]


def test_recognition_climbs_one_step_at_a_time(world: World) -> None:
    told, _ = chronicle(world, prepare(world, load_scenario("us_exit", world)), seed=2)
    ladder = ["listed", "contact", "embassy", "accredited", "recognised"]
    for _, steps in told[told["kind"] == "recognition"].groupby(["actor", "theatre"]):
        levels = [ladder.index(step) for step in steps["detail"]]
        assert levels == sorted(set(levels))


def test_what_does_not_fit_is_a_status(world: World) -> None:
    inputs = prepare(world, load_scenario("us_exit", world))
    whole, _ = chronicle(world, inputs, seed=1)
    told, status = chronicle(world, inputs, seed=1, most=3)
    assert status == "overflow"
    assert told.equals(whole.head(3))

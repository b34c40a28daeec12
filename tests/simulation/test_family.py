"""Scenarios beside each other: told apart by content, set from one month, refused where they do not pair or differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_ensemble
from eurasia_sim.simulation.family import check_family, conditions, load_family, said_by, told_apart
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.world.world import World, load_world


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def test_names_that_differ_are_left_alone_and_those_that_repeat_carry_their_content(
    world: World,
) -> None:
    exit_, stays = load_family(["us_exit", "us_stays"], world)
    assert [exit_.name, stays.name] == ["us_exit", "us_stays"]
    retitled = replace(stays, title="Another")
    first, second, third = told_apart([stays, exit_, retitled])
    assert second is exit_
    assert first.name == f"us_stays-{said_by([stays])[:6]}"
    assert third.name == f"us_stays-{said_by([retitled])[:6]}"


def test_a_name_that_is_made_is_not_one_that_stands_already(world: World) -> None:
    stays = load_scenario("us_stays", world)
    retitled = replace(stays, title="Another")
    taken = replace(stays, name=f"us_stays-{said_by([stays])[:6]}")
    names = [scenario.name for scenario in told_apart([stays, taken, retitled])]
    assert len(set(names)) == 3


def test_one_scenario_twice_is_refused(world: World) -> None:
    stays = load_scenario("us_stays", world)
    with pytest.raises(DataError, match="us_stays stands twice"):
        told_apart([stays, stays])


def test_a_lever_without_a_month_starts_where_the_first_scenario_departs(world: World) -> None:
    family = load_family(
        ["us_exit", "us_stays"], world, ["growth.russia=-0.1", "growth.china.2024-01=0.1"]
    )
    for scenario in family:
        assert dict(scenario.changes["growth.russia"]) == {world.month("2021-05"): -0.1}
        assert dict(scenario.changes["growth.china"]) == {world.month("2024-01"): 0.1}
        assert scenario.departs == world.month("2021-05")
    assert conditions(family, world) == [
        "set: growth.russia = -0.1 from 2021-05",
        "set: growth.china = 0.1 from 2024-01",
    ]
    (alone,) = load_family(["us_exit"], world, ["growth.russia=-0.1"])
    assert dict(alone.changes["growth.russia"]) == {world.month("2023-01"): -0.1}


def test_settings_reach_scenarios_that_are_handed_over(world: World) -> None:
    stays = load_scenario("us_stays", world)
    (given,) = load_family([stays], world, ["growth.russia=-0.1"])
    (named,) = load_family(["us_stays"], world, ["growth.russia=-0.1"])
    assert given == named


def test_pairs_hold_the_same_numbers_and_differ_somewhere(world: World) -> None:
    def family(*scenarios):
        return [prepare(world, scenario) for scenario in scenarios]

    exit_, stays = load_family(["us_exit", "us_stays"], world)
    check_family(world, family(exit_, stays))
    path = "rules.cooperation.relative_gains"
    number = world.numbers[path]
    for other in (
        replace(stays, fixed={path: number.low}),
        replace(stays, uncertain={path: (number.low, (number.low + number.high) / 2)}),
    ):
        with pytest.raises(DataError, match=path):
            check_family(world, family(exit_, other))
    coded = next(
        p
        for p in world.coded_index
        if world.numbers[p].is_uncertain and not world.numbers[p].is_silent
    )
    with pytest.raises(DataError, match=coded):
        check_family(world, family(exit_, replace(stays, fixed={coded: world.numbers[coded].low})))
    factor, alternative = next(
        (f, a) for f, names in world.forms.items() for a in names if a != world.default_forms[f]
    )
    with pytest.raises(DataError, match=f"form {factor}"):
        check_family(world, family(exit_, replace(stays, forms={factor: alternative})))
    with pytest.raises(DataError, match="every difference would be 0"):
        check_family(world, family(stays, replace(stays, name="copy", title="Copy")))


def test_the_window_of_scenarios_of_different_length_is_what_all_have(world: World) -> None:
    stays = load_scenario("us_stays", world)
    short = replace(load_scenario("us_exit", world), months=world.month("2025-12") + 1)
    cut = replace(stays, months=short.months)
    whole = run_ensemble([short, stays], n=2, world=world)
    both = run_ensemble([short, cut], n=2, world=world)
    column = "competition.russia-china.central_asia"
    assert list(whole[column]) == list(both[column])


def test_tables_of_python_hold_each_run_once(world: World) -> None:
    stays = load_scenario("us_stays", world)
    retitled = replace(stays, title="Another", changes=stays.changes)
    with pytest.raises(DataError, match="every difference would be 0"):
        run_ensemble([stays, retitled], n=2, world=world)

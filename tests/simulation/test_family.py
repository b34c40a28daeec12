"""Scenarios side by side: names of their own, settings from one month, refused if not paired."""

from dataclasses import replace

import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.ensemble import run_ensemble
from eurasia_sim.simulation.family import (
    check_family,
    conditions,
    load_family,
)
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.world.world import World


@pytest.fixture(scope="module")
def pair(world: World) -> tuple[Scenario, ...]:
    return load_family(["us_exit", "us_stays"], world)


def test_a_lever_without_a_month_starts_where_the_first_scenario_departs(
    world: World, pair: tuple[Scenario, ...]
) -> None:
    settings = ["growth.russia=-0.1", "growth.china.2024-01=0.1"]
    family = load_family(["us_exit", pair[1]], world, settings)
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


def test_pairs_hold_the_same_numbers_and_differ_somewhere(
    world: World, pair: tuple[Scenario, ...]
) -> None:
    def check(other: Scenario) -> None:
        check_family(world, [prepare(world, scenario) for scenario in (pair[0], other)])

    exit_, stays = pair
    check(stays)
    number = world.numbers[path := "rules.cooperation.relative_gains"]
    numbers = {name: world.numbers[name] for name in world.coded_index}
    coded = next(name for name, n in numbers.items() if n.is_uncertain and not n.is_silent)
    factor, names = next(iter(world.forms.items()))
    alternative = next(name for name in names if name != world.default_forms[factor])
    for change, problem in (
        ({"fixed": {path: number.low}}, path),
        ({"uncertain": {path: (number.low, number.value)}}, path),
        ({"fixed": {coded: numbers[coded].low}}, coded),
        ({"forms": {factor: alternative}}, f"form {factor}"),
    ):
        with pytest.raises(DataError, match=problem):
            check(replace(stays, **change))
    with pytest.raises(DataError, match="every difference would be 0"):
        check(replace(exit_, name="copy", title="Copy"))
    with pytest.raises(DataError, match="every difference would be 0"):
        run_ensemble([stays, replace(stays, name="copy")], n=2, world=world)
    with pytest.raises(DataError, match="us_stays stands twice"):
        run_ensemble([stays, exit_, replace(stays, title="Another")], n=2, world=world)


def test_the_window_of_scenarios_of_different_length_is_what_all_have(
    world: World, pair: tuple[Scenario, ...]
) -> None:
    short, cut = (replace(each, months=world.month("2025-12") + 1) for each in pair)
    whole = run_ensemble([short, pair[1]], n=2, world=world)
    both = run_ensemble([short, cut], n=2, world=world)
    column = "competition.russia-china.central_asia"
    assert list(whole[column]) == list(both[column])

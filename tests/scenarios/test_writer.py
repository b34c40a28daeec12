"""A scenario written as a file is the same scenario when it is read again."""

import pytest

from eurasia_sim.scenarios.scenario import Scenario, apply_settings, check_file, load_scenario
from eurasia_sim.scenarios.search import names
from eurasia_sim.scenarios.writer import file_text
from eurasia_sim.world.world import World


def again(scenario: Scenario, world: World, folder, theory: str | None = None) -> Scenario:
    """The scenario as read from the file that was written of it."""
    file = folder / f"{scenario.name}.yaml"
    file.write_text(file_text(scenario, world, theory), encoding="utf-8")
    assert check_file(file, world) == []
    return load_scenario(file, world)


@pytest.mark.parametrize("name", sorted(names()))
def test_every_scenario_written_whole_in_itself_moves_the_same_levers(name, world, tmp_path):
    scenario = load_scenario(name, world)
    found = again(scenario, world, tmp_path)
    assert found.extends is None
    for field in ("steps", "departs", "months", "measures", "theory", "forms", "uncertain"):
        assert getattr(found, field) == getattr(scenario, field), field


def test_settings_are_written_too_and_a_range_of_one_point_fixes_a_number(world, tmp_path):
    first, second = list(world.actors)[:2]
    path = next(path for path in world.rule_paths.values() if world.numbers[path].is_uncertain)
    value = world.numbers[path].high
    settings = [f"{path}={value!r}", f"pressure.{first}.{second}.2024-01=0.4"]
    scenario = apply_settings(load_scenario("us_stays", world), settings, world)
    found = again(scenario, world, tmp_path, world.default_theory)
    assert (found.fixed, found.theory) == ({path: value}, world.default_theory)
    assert found.steps == scenario.steps


def test_the_record_with_a_lever_departs_in_the_levers_month(world, tmp_path):
    first, second = list(world.actors)[:2]
    setting = f"pressure.{first}.{second}.2020-03=0.4"
    scenario = apply_settings(load_scenario("record", world), [setting], world)
    found = again(scenario, world, tmp_path)
    assert world.date(found.departs) == "2020-03"
    assert found.steps == scenario.steps

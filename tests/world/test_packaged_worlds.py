"""Every packaged world is whole, runs under the same rules, and is not told what it is asked."""

import numpy as np
import pytest

from eurasia_sim.analysis.blocs import read_roster
from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.files import data_yaml
from eurasia_sim.files.data_yaml import DEFAULT_WORLD, packaged_worlds, world_folder
from eurasia_sim.scenarios.scenario import check_file, load_scenario
from eurasia_sim.scenarios.schema import names
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import range_draws
from eurasia_sim.world.provenance import users
from eurasia_sim.world.world import OF_RULES, World, load_world


@pytest.fixture(scope="module", params=list(packaged_worlds()))
def world(request: pytest.FixtureRequest) -> World:
    return load_world(request.param)


def test_every_number_has_a_parent_and_the_rules_are_the_same_in_every_world(world: World) -> None:
    works, default = read_bibliography(), load_world()
    for number in (each for each in world.numbers.values() if not each.is_silent):
        assert number.basis in data_yaml.BASES, number.path
        assert all((number.source, number.meaning, number.unit)), number.path
        assert number.low <= number.value <= number.high, number.path
        assert set(number.cites()) <= set(works), number.path
    rules, usual = (
        {path: each for path, each in of.numbers.items() if path.startswith(OF_RULES)}
        for of in (world, default)
    )
    assert list(rules.items()) == list(usual.items())


@pytest.mark.parametrize("construct", [name for name in CONSTRUCTS if name != "denial"])
def test_every_interest_is_traced_to_what_weighs_it(construct: str) -> None:
    readers = users(["salience"], construct)
    assert {name.split(".")[0] for name in readers} == {"kernel", "mechanisms"}
    assert "kernel.outcomes.benefit" in readers


def test_its_scenarios_are_sound(world: World) -> None:
    found = names(world=world.directory)
    assert "record" in found
    for path in found.values():
        assert check_file(path, world) == [], path


def test_every_uncertain_cell_is_moved_by_one_factor_or_drawn_by_itself(world: World) -> None:
    for path in world.coded_index.keys() - world.factors.keys():
        if world.numbers[path].is_uncertain:
            assert (path in world.moved_by) != (path in world.drawn), path
    moved = [cell for each in world.factors.values() for cell in each]
    assert len(moved) == len(set(moved)) > 100


def test_it_runs_without_a_failure_under_every_theory_and_form(world: World) -> None:
    scenario = load_scenario("record", world)
    chosen: list[tuple[str, dict[str, str]]] = [(theory, {}) for theory in world.theories]
    for factor, rivals in world.forms.items():
        chosen += [(world.default_theory, {factor: name}) for name in rivals]
    for theory, forms in chosen:
        inputs = prepare(world, scenario, theory, forms)
        (outcome,) = run_paired([inputs], range_draws(world, inputs, 3, 11))
        assert (outcome.statuses[:, 0] == 0).all(), (theory, forms)
        assert np.isfinite(outcome.means).all(), (theory, forms)


def test_it_is_not_told_the_line_ups_it_is_compared_with(world: World) -> None:
    roster = read_roster(world)
    members = set(roster.members if roster.lineups else ())
    spells = [spell for venue in world.institutions.values() for spell in venue.members]
    late = [spell for spell in spells if spell.actor in members and spell.since > 0]
    assert not late, "a venue made later would tell the members where to stand"
    paths = {path for event in world.events.values() for path in event.sets} | set(world.record)
    goodwill = [path.split(".")[1:] for path in paths if path.startswith("goodwill.")]
    assert not [pair for pair in goodwill if set(pair) <= members]


def test_a_world_goes_by_its_name_or_its_folder(world: World) -> None:
    assert len(packaged_worlds()) > 1
    assert world_folder() == packaged_worlds()[DEFAULT_WORLD]
    assert world_folder(world.name).samefile(world_folder(world.directory))
    for name, said in (
        (DEFAULT_WORLD[:-1], f"did you mean {DEFAULT_WORLD}"),
        ("nowhere", "name one"),
    ):
        with pytest.raises(data_yaml.DataError, match=said):
            load_world(name)

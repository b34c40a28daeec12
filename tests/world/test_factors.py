"""Factors: one number moves many cells, each within its own range; a cell that is set stays."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from eurasia_sim.files.data_yaml import DataError, packaged_worlds
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import range_draws, ranges_of, values_of
from eurasia_sim.world.world import load_world

FACTOR = "factors.susceptibility.russia"
CELL = "actors.russia.susceptibility.narcotics"


@pytest.mark.parametrize("factor", [-1.0, -0.25, 0.0, 0.5, 1.0])
def test_a_cell_goes_toward_an_end_of_its_own_range_as_far_as_its_factor(world, factor):
    row = world.coded_row({FACTOR: factor})
    moved = world.factors[FACTOR]
    assert len(moved) == 3
    for cell in moved:
        number = world.numbers[cell]
        end = number.high if factor > 0 else number.low
        by_hand = number.value + abs(factor) * (end - number.value)
        assert row[world.coded_index[cell]] == pytest.approx(by_hand)
    rest = [at for path, at in world.coded_index.items() if path not in (*moved, FACTOR)]
    np.testing.assert_array_equal(row[rest], world.coded_row()[rest])


def test_a_cell_that_is_fixed_or_narrowed_leaves_its_factor(world):
    low = world.numbers[CELL].low
    row = world.coded_row({FACTOR: 0.5, CELL: low})
    assert row[world.coded_index[CELL]] == low
    other = "actors.russia.susceptibility.terrorism"
    scenario = replace(as_recorded(world), fixed={CELL: low}, uncertain={other: (0.55, 0.65)})
    inputs = prepare(world, scenario)
    draws = range_draws(world, inputs, 20, seed=1)
    assert set(values_of(world, draws, CELL)) == {low}
    np.testing.assert_array_equal(values_of(world, draws, other), draws.drawn[other])
    assert np.ptp(values_of(world, draws, "actors.russia.susceptibility.refugees")) > 0.1


def test_an_ensemble_draws_factors_and_no_cell_that_one_moves(world):
    ranges = ranges_of(world, prepare(world, as_recorded(world)))
    held = {path for path in world.rule_paths.values() if world.numbers[path].held}
    assert ranges.keys() == world.drawn
    assert held
    assert not ranges.keys() & (world.moved_by.keys() | held)
    assert ranges[FACTOR] == (-1, 1)


@pytest.mark.parametrize("name", packaged_worlds())
def test_every_uncertain_cell_is_moved_by_one_factor_or_drawn_by_itself(name):
    world = load_world(name)
    cells = [path for path in world.coded_index if path not in world.factors]
    for path in cells:
        if world.numbers[path].is_uncertain:
            assert (path in world.moved_by) != (path in world.drawn), path
    moved = [cell for each in world.factors.values() for cell in each]
    assert len(moved) == len(set(moved)) > 100


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("moves: [actors.*.front.*]", "moves: [actors.*.fronts.*]", "fits no coded number"),
        ("  moves: [actors.*.front.*]\n", "", "moves nothing"),
        ("spread: {absolute: 1}", "spread: {absolute: 2}", r"must lie in \[-1, 1\]"),
    ],
)
def test_a_faulty_factor_is_named_with_its_place(tmp_path, before, after, said):
    folder = tmp_path / "world"
    shutil.copytree(packaged_worlds()["eurasia"], folder)
    page = folder / "factors.yaml"
    text = page.read_text(encoding="utf-8")
    assert before in text
    page.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(DataError, match=said) as caught:
        load_world(folder)
    assert "factors.yaml:" in str(caught.value)

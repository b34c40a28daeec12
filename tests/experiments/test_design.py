"""Designs: made by the libraries, the same each time, within bounds, and growing at their end."""

from dataclasses import replace

import numpy as np
import pytest
from tests.sweeping import prepared

from eurasia_sim.files.data_yaml import DataError

FIRST, SECOND = "rules.allocation.habit", "rules.cooperation.relative_gains"
BOTH = f"{{{FIRST}: declared, {SECOND}: declared}}"
SOBOL = "{kind: sobol, points: 64}"


@pytest.fixture
def laid(world, tmp_path):
    """The design of a sweep."""

    def lay(design: str, factors: str = BOTH, rest: str = ""):
        text = f"scenarios: [{{scenario}}]\ndesign: {design}\nfactors: {factors}\n{rest}"
        return prepared(tmp_path, world, text).design

    return lay


@pytest.mark.parametrize(
    ("small", "large", "count"),
    [
        ("kind: sobol, points: 8", "kind: sobol, points: 16", 16),
        ("kind: saltelli, points: 4", "kind: saltelli, points: 8", 8 * 6),
        (
            "kind: saltelli, points: 4, second_order: false",
            "kind: saltelli, points: 8, second_order: false",
            8 * 4,
        ),
        ("kind: latin_hypercube, points: 10", "kind: latin_hypercube, points: [10, 5]", 15),
        ("kind: morris, trajectories: 3", "kind: morris, trajectories: [3, 2]", 5 * 3),
    ],
)
def test_a_larger_design_begins_with_the_points_of_the_smaller(laid, small, large, count) -> None:
    one, other = laid(f"{{{small}}}"), laid(f"{{{large}}}")
    assert len(other) == count
    np.testing.assert_array_equal(one.cells, other.cells[: len(one)])
    low, high = np.array([(factor.low, factor.high) for factor in other.factors]).T
    assert (low <= other.cells).all()
    assert (other.cells <= high).all()
    assert np.ptp(other.cells, axis=0).min() > 0


def test_a_latin_hypercube_has_one_point_in_every_layer(laid) -> None:
    found = laid("{kind: latin_hypercube, points: 20}")
    for at, factor in enumerate(found.factors):
        layer = np.floor((found.cells[:, at] - factor.low) / (factor.high - factor.low) * 20)
        assert sorted(layer) == list(range(20))


def test_a_grid_crosses_levels_a_zip_pairs_them_and_a_sample_draws_them_equally_often(laid) -> None:
    factors = f"{{form.zero: all, {FIRST}: [0.8, 0.9]}}"
    grid = laid("{kind: grid}", factors).table()
    fixed, moving = ["fixed"] * 2, ["moving"] * 2
    assert list(grid["x.form.zero"]) == fixed + moving
    assert list(grid[f"x.{FIRST}"]) == [0.8, 0.9, 0.8, 0.9]
    assert len(laid("{kind: zip}", factors)) == 2
    factors = f"{{form.zero: all, {FIRST}: declared}}"
    drawn = laid("{kind: latin_hypercube, points: 20}", factors).table()
    assert list(drawn["x.form.zero"].value_counts()) == [10, 10]


def test_a_constraint_takes_points_out_and_says_how_many(laid) -> None:
    rest = f"constraints: [{{sum: {{{FIRST}: 1, {SECOND}: -1}}, at_least: 0}}]\n"
    found = laid(SOBOL, rest=rest)
    assert 0 < found.left_out < 64
    assert len(found) + found.left_out == 64
    assert (found.cells[:, 0] >= found.cells[:, 1]).all()
    with pytest.raises(DataError, match="leave none"):
        laid(SOBOL, rest=rest.replace("at_least: 0", "at_least: 9"))


def test_a_design_is_told_apart_by_its_points(laid) -> None:
    design = laid(SOBOL)
    assert design.digest == replace(design, cells=design.cells.copy()).digest
    assert design.digest != replace(design, cells=design.cells[::-1].copy()).digest

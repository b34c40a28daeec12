"""Designs: made by the libraries, the same each time, within bounds, and growing at their end."""

import numpy as np
import pytest
from tests.sweeping import prepared

from eurasia_sim.files.data_yaml import DataError

FIRST, SECOND = "rules.allocation.habit", "rules.cooperation.relative_gains"
BOTH = f"{{{FIRST}: declared, {SECOND}: declared}}"


@pytest.fixture
def laid(world, tmp_path):
    """The design of a sweep."""

    def lay(design: str, factors: str = BOTH, rest: str = ""):
        text = f"scenarios: [{{scenario}}]\ndesign: {{{design}}}\nfactors: {factors}\n{rest}"
        return prepared(tmp_path, world, text).design

    return lay


@pytest.mark.parametrize(
    ("small", "large", "count"),
    [
        ("kind: sobol, points: 8", "kind: sobol, points: 16", 16),
        ("kind: saltelli, points: 4", "kind: saltelli, points: 8", 8 * 6),
        ("kind: saltelli, points: 4, second_order: false",
         "kind: saltelli, points: 8, second_order: false", 8 * 4),
        ("kind: latin_hypercube, points: 10", "kind: latin_hypercube, points: [10, 5]", 15),
        ("kind: morris, trajectories: 3", "kind: morris, trajectories: [3, 2]", 5 * 3),
    ],
)  # fmt: skip
def test_a_larger_design_begins_with_the_points_of_the_smaller(laid, small, large, count) -> None:
    one, other = laid(small), laid(large)
    assert len(other.cells) == count
    np.testing.assert_array_equal(one.cells, other.cells[: len(one.cells)])
    assert one.digest == laid(small).digest != other.digest
    low, high = np.array([(factor.low, factor.high) for factor in other.factors]).T
    assert (low <= other.cells).all()
    assert (other.cells <= high).all()
    assert np.ptp(other.cells, axis=0).min() > 0


def test_a_latin_hypercube_has_one_point_in_every_layer(laid) -> None:
    found = laid("kind: latin_hypercube, points: 20")
    for at, factor in enumerate(found.factors):
        layer = np.floor((found.cells[:, at] - factor.low) / (factor.high - factor.low) * 20)
        assert sorted(layer) == list(range(20))


def test_a_grid_crosses_levels_a_zip_pairs_them_and_a_sample_draws_them_equally_often(laid) -> None:
    factors = f"{{form.zero: all, {FIRST}: [0.8, 0.9]}}"
    grid = laid("kind: grid", factors).table()
    assert list(grid["x.form.zero"]) == ["fixed"] * 2 + ["moving"] * 2
    assert list(grid[f"x.{FIRST}"]) == [0.8, 0.9, 0.8, 0.9]
    assert len(laid("kind: zip", factors).cells) == 2
    factors = f"{{form.zero: all, {FIRST}: declared}}"
    drawn = laid("kind: latin_hypercube, points: 20", factors).table()
    assert list(drawn["x.form.zero"].value_counts()) == [10, 10]


@pytest.mark.parametrize("design", ["kind: sobol, points: 64", "kind: latin_hypercube, points: 9"])
def test_constraints_leave_points_out_and_say_how_many(laid, design) -> None:
    whole, rest = laid(design), f"constraints: [{{sum: {{{FIRST}: 1, {SECOND}: -1}}, at_least: 0}}]"
    found = laid(design, rest=rest)
    kept = whole.cells[:, 0] >= whole.cells[:, 1]
    np.testing.assert_array_equal(found.cells, whole.cells[kept])
    assert found.left_out == (~kept).sum() > 0
    with pytest.raises(DataError, match=f"leave none of {len(kept)} points"):
        laid(design, rest=rest.replace("at_least: 0", "at_least: 9"))

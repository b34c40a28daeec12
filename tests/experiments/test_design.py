"""Designs: made by the libraries, the same each time, within bounds, and growing at their end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eurasia_sim.experiments.design import Design, lay_out
from eurasia_sim.experiments.experiment import load_experiment
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.world import World, load_world

FIRST, SECOND = "rules.allocation.habit", "rules.cooperation.relative_gains"


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def laid(world: World, folder: Path, design: str, factors: str, rest: str = "") -> Design:
    file = folder / "tried.yaml"
    text = f"format: 1\nkind: sweep\ntitle: A try\nscenarios: [us_exit]\ndesign: {design}\nfactors: {factors}\n{rest}"
    file.write_text(text, encoding="utf-8")
    return lay_out(load_experiment(file, world))


BOTH = f"{{{FIRST}: declared, {SECOND}: declared}}"


@pytest.mark.parametrize(
    ("small", "large", "count"),
    [
        ("{kind: sobol, points: 8}", "{kind: sobol, points: 16}", 16),
        ("{kind: saltelli, points: 4}", "{kind: saltelli, points: 8}", 8 * 6),
        (
            "{kind: saltelli, points: 4, second_order: false}",
            "{kind: saltelli, points: 8, second_order: false}",
            8 * 4,
        ),
        ("{kind: latin_hypercube, points: 10}", "{kind: latin_hypercube, points: [10, 5]}", 15),
        ("{kind: morris, trajectories: 3}", "{kind: morris, trajectories: [3, 2]}", 5 * 3),
    ],
)
def test_a_larger_design_begins_with_the_points_of_the_smaller(
    world: World, tmp_path: Path, small: str, large: str, count: int
) -> None:
    one, other = laid(world, tmp_path, small, BOTH), laid(world, tmp_path, large, BOTH)
    assert len(other) == count
    np.testing.assert_array_equal(one.cells, other.cells[: len(one)])
    low = [factor.low for factor in other.factors]
    high = [factor.high for factor in other.factors]
    assert (low <= other.cells).all()
    assert (other.cells <= high).all()
    assert np.ptp(other.cells, axis=0).min() > 0


def test_a_latin_hypercube_has_one_point_in_every_layer(world: World, tmp_path: Path) -> None:
    found = laid(world, tmp_path, "{kind: latin_hypercube, points: 20}", BOTH)
    for at, factor in enumerate(found.factors):
        layer = np.floor((found.cells[:, at] - factor.low) / (factor.high - factor.low) * 20)
        assert sorted(layer) == list(range(20))


def test_a_grid_crosses_levels_and_a_zip_pairs_them(world: World, tmp_path: Path) -> None:
    factors = f"{{form.threat: all, {FIRST}: [0.8, 0.9]}}"
    grid = laid(world, tmp_path, "{kind: grid}", factors).table()
    assert list(grid["x.form.threat"]) == [
        "multiplicative",
        "multiplicative",
        "additive",
        "additive",
    ]
    assert list(grid[f"x.{FIRST}"]) == [0.8, 0.9, 0.8, 0.9]
    assert len(laid(world, tmp_path, "{kind: zip}", factors)) == 2


def test_levels_of_names_are_drawn_equally_often(world: World, tmp_path: Path) -> None:
    found = laid(
        world,
        tmp_path,
        "{kind: latin_hypercube, points: 20}",
        f"{{form.threat: all, {FIRST}: declared}}",
    )
    assert list(found.table()["x.form.threat"].value_counts()) == [10, 10]


def test_a_constraint_takes_points_out_and_says_how_many(world: World, tmp_path: Path) -> None:
    rest = f"constraints: [{{sum: {{{FIRST}: 1, {SECOND}: -1}}, at_least: 0}}]\n"
    found = laid(world, tmp_path, "{kind: sobol, points: 64}", BOTH, rest)
    assert 0 < found.left_out < 64
    assert len(found) + found.left_out == 64
    assert (found.cells[:, 0] >= found.cells[:, 1]).all()
    with pytest.raises(DataError, match="leave none"):
        laid(
            world,
            tmp_path,
            "{kind: sobol, points: 64}",
            BOTH,
            rest.replace("at_least: 0", "at_least: 9"),
        )


def test_a_design_is_told_apart_by_its_points(world: World, tmp_path: Path) -> None:
    design = laid(world, tmp_path, "{kind: sobol, points: 8}", BOTH)
    assert design.digest == replace(design, cells=design.cells.copy()).digest
    assert design.digest != replace(design, cells=design.cells[::-1].copy()).digest

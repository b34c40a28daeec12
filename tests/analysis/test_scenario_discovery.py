"""Boxes are found where they are known to be, judged on draws held back, and told in the parameters' own words."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.analysis.scenario_discovery import CART, PRIM, Box, box_table, discovered, quasi_p
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.world import load_world

COUNT = 1200


def space(seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    points = pd.DataFrame(generator.random((COUNT, 6)), columns=list("abcdef"))
    points["theory"] = generator.choice(["one", "two", "three"], COUNT)
    return points


def in_a_corner(points: pd.DataFrame) -> np.ndarray:
    """What holds in a known corner, but for one draw in twenty by chance."""
    holds = ((points["a"] > 0.6) & (points["b"] < 0.5) & (points["theory"] != "one")).to_numpy()
    flipped = np.random.default_rng(2).random(len(points)) < 0.05
    return np.where(flipped, ~holds, holds)


@pytest.fixture(scope="module")
def boxes() -> list[Box]:
    points = space()
    return discovered(points, in_a_corner(points)).boxes


@pytest.mark.parametrize("method", [PRIM, CART])
def test_a_known_corner_is_found(boxes, method):
    box = next(box for box in boxes if box.method == method)
    limits = {limit.name: limit for limit in box.limits}
    assert set(limits) == {"a", "b", "theory"}
    assert limits["a"].low == pytest.approx(0.6, abs=0.05)
    assert limits["b"].high == pytest.approx(0.5, abs=0.05)
    assert np.isnan([limits["a"].high, limits["b"].low]).all()
    assert limits["theory"].words == "theory is three or two"
    assert box.density > 0.8
    assert box.base < 0.25
    assert box.coverage > 0.7
    assert all(limit.quasi_p < 0.01 for limit in box.limits)


def test_a_limit_that_matters_nothing_has_a_high_quasi_p():
    points = space()
    holds = in_a_corner(points)
    box = {"a": (0.6, 1.0), "b": (0.0, 0.5), "f": (0.0, 0.5)}
    assert quasi_p(points, holds, box, "a") < 1e-6
    assert quasi_p(points, holds, box, "f") > 0.05


def test_quasi_p_is_that_of_the_workbench():
    points = space()[list("abcdef")]
    holds = ((points["a"] > 0.6) & (points["b"] < 0.5)).to_numpy()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import prim

        theirs = prim.Prim(points, holds.astype(int), threshold=0.1).find_box()
    at = len(theirs.box_lims) - 1
    ends = theirs.box_lims[at]
    box = {name: (float(ends.loc[0, name]), float(ends.loc[1, name])) for name in theirs.qp[at]}
    one_sided = [name for name, both in theirs.qp[at].items() if -1 in both]
    assert one_sided
    for name in one_sided:
        assert quasi_p(points, holds, box, name) == pytest.approx(
            max(theirs.qp[at][name]), rel=1e-9
        )


def test_the_same_draws_give_the_same_boxes(boxes):
    points = space()
    pd.testing.assert_frame_equal(
        box_table(discovered(points, in_a_corner(points)).boxes, {}), box_table(boxes, {})
    )


def test_what_holds_too_seldom_has_no_box():
    points = space()
    rare = np.zeros(COUNT, bool)
    rare[:30] = True
    with pytest.raises(
        DataError, match="what is sought holds in 15 of 600 training draws; 20 are needed"
    ):
        discovered(points, rare)
    with pytest.raises(DataError, match="does not hold in 15"):
        discovered(points, ~rare)


def test_boxes_speak_in_the_words_of_the_catalogue():
    numbers = load_world().numbers
    path = "rules.perception.distance_decay"
    points = space().rename(
        columns={
            "a": path,
            "b": path.removeprefix("rules.").replace("distance_decay", "contiguity"),
        }
    )
    holds = (points[path] > 0.7).to_numpy()
    table = box_table(discovered(points, holds).boxes, numbers).set_index("parameter")
    row = table.loc[[path]].iloc[0]
    assert row["meaning"] == numbers[path].meaning
    assert row["unit"] == "km"
    assert row["limit"] == f"{path} ≥ {row['low']:.3g}"
    assert row["low"] == pytest.approx(0.7, abs=0.03)
    assert {"density", "coverage", "quasi_p", "draws"} <= set(table.columns)


def test_the_path_begins_with_the_whole_space_and_holds_the_box_that_was_chosen(boxes):
    points = space()
    path = discovered(points, in_a_corner(points)).path
    assert (path["limited"].iloc[0], path["coverage"].iloc[0], path["mass"].iloc[0]) == (
        0,
        1.0,
        1.0,
    )
    assert path["density"].iloc[0] == pytest.approx(path["base"].iloc[0])
    assert (
        path["mass"].min() < path["base"].iloc[0]
    )  # it peels on past what is sought, and may paste back at the end
    chosen = path[path["chosen"]]
    assert len(chosen) == 1
    assert boxes[0].method == PRIM
    assert chosen[["density", "coverage"]].to_numpy()[0].tolist() == [
        boxes[0].density,
        boxes[0].coverage,
    ]

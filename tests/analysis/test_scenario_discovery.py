"""Boxes are found where they are known to be, and judged on draws held back."""

import contextlib
import io
import warnings

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.analysis.scenario_discovery import (
    CART,
    PRIM,
    box_table,
    discovered,
    quasi_p,
    region,
)
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.world import World

COUNT = 1200


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    generator = np.random.default_rng(1)
    points = pd.DataFrame(generator.random((COUNT, 6)), columns=list("abcdef"))
    points["theory"] = generator.choice(["one", "two", "three"], COUNT)
    return points


@pytest.fixture(scope="module")
def holds(points: pd.DataFrame) -> np.ndarray:
    """A known corner, but for one draw in twenty by chance."""
    holds = ((points["a"] > 0.6) & (points["b"] < 0.5) & (points["theory"] != "one")).to_numpy()
    return np.where(np.random.default_rng(2).random(COUNT) < 0.05, ~holds, holds)


@pytest.fixture(scope="module")
def found(points: pd.DataFrame, holds: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    return discovered(points, holds)


@pytest.mark.parametrize("method", [PRIM, CART])
def test_a_known_corner_is_found(found, method):
    own = found[0][found[0]["method"] == method]
    limits = own[own["box"] == own["box"].min()].set_index("parameter")
    assert set(limits.index) == {"a", "b", "theory"}
    assert limits["low"]["a"] == pytest.approx(0.6, abs=0.05)
    assert limits["high"]["b"] == pytest.approx(0.5, abs=0.05)
    assert np.isnan([limits["high"]["a"], limits["low"]["b"]]).all()
    assert limits["limit"]["theory"] == "theory is three or two"
    assert (limits[["density", "coverage"]] > 0.7).all(axis=None)
    assert (limits["base"] < 0.25).all()
    assert (limits["quasi_p"] < 0.01).all()


def test_the_whole_space_is_no_region_of_it(points):
    mostly = np.random.default_rng(3).random(COUNT) < 0.7
    assert (found := region(points, mostly, 0.5, 0.3)) is None or found.limits


def test_quasi_p_is_high_of_a_limit_that_matters_nothing_and_that_of_the_workbench(points, holds):
    box = {"a": (0.6, 1.0), "b": (0.0, 0.5), "f": (0.0, 0.5)}
    assert quasi_p(points, holds, box, "a") < 1e-6
    assert quasi_p(points, holds, box, "f") > 0.05
    numbers = points[list("abcdef")]
    holds = ((numbers["a"] > 0.6) & (numbers["b"] < 0.5)).to_numpy()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import prim

        theirs = prim.Prim(numbers, holds.astype(int), threshold=0.1).find_box()
    ends, known = theirs.box_lims[-1], theirs.qp[-1]
    box = {name: (float(ends.loc[0, name]), float(ends.loc[1, name])) for name in known}
    one_sided = {name: max(both) for name, both in known.items() if -1 in both}
    assert one_sided
    for name, expected in one_sided.items():
        assert quasi_p(numbers, holds, box, name) == pytest.approx(expected, rel=1e-9)


def test_what_holds_too_seldom_has_no_box(points):
    rare = np.arange(COUNT) < 30
    few = "what is sought holds in 15 of 600 training draws; 20 are needed"
    for holds, said in ((rare, few), (~rare, "does not hold in 15")):
        with pytest.raises(DataError, match=said):
            discovered(points, holds)


def test_boxes_repeat_themselves_in_the_words_of_the_catalogue(points, world: World):
    path = "rules.perception.distance_decay"
    named = points.rename(columns={"a": path, "b": "perception.contiguity"})
    table, again = (
        box_table(discovered(named, (named[path] > 0.7).to_numpy())[0], world.numbers)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(again, table)
    row = table[table["parameter"] == path].iloc[0]
    assert (row["meaning"], row["unit"]) == (world.numbers[path].meaning, "km")
    assert row["limit"] == f"{path} ≥ {row['low']:.3g}"
    assert row["low"] == pytest.approx(0.7, abs=0.03)


def test_the_path_begins_with_the_whole_space_and_holds_the_box_that_was_chosen(found):
    boxes, path = found
    first, best = path.iloc[0], boxes.iloc[0]
    assert (first["limited"], first["coverage"], first["mass"]) == (0, 1.0, 1.0)
    assert first["density"] == pytest.approx(first["base"])
    assert path["mass"].min() < first["base"]  # it peels on past what is sought
    (chosen,) = path[path["chosen"]].to_dict("records")
    assert best["method"] == PRIM
    assert all(best[name] == chosen[name] for name in ("density", "coverage"))

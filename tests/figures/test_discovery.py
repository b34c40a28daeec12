from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.figures.conftest import clipped, words

from eurasia_sim.figures.discovery import box_plot, box_tables, factor_cells, surface_data
from eurasia_sim.figures.style import Words

WORDS = Words("T", "n")


def test_the_cells_of_a_surface_hold_every_run_once():
    rows = pd.DataFrame({"a": np.linspace(0, 1, 50), "b": [1, 2] * 25, "y": np.ones(50)})
    rows.loc[0, "y"] = np.nan
    cells = surface_data(rows, "a", "b", "y")
    assert (cells["runs"].sum(), cells["missing"].sum()) == (49, 1)
    assert len(cells) == 20
    inside, names = factor_cells(pd.Series(["low", "high", None], name="level"))
    assert (list(inside), names) == ([1, 0, -1], ["high", "low"])
    with pytest.raises(ValueError, match="13 levels"):
        factor_cells(pd.Series(list("abcdefghijklm"), name="level"))


def test_a_box_is_drawn_within_the_whole_range_of_its_factors(ensembles):
    name = next(path for path, number in ensembles.world.numbers.items() if number.is_uncertain)
    number = ensembles.world.numbers[name]
    table = pd.DataFrame(
        {
            "method": ["PRIM", "PRIM", "CART"], "box": [1, 1, 2], "limit": ["n", "theory is a or b", "n"],
            "parameter": [name, "theory", name], "low": [number.value, np.nan, np.nan],
            "high": [np.nan, np.nan, number.value], "density": [0.9, 0.9, 0.7], "coverage": [0.4, 0.4, 0.6],
            "mass": 0.2, "base": 0.3, "draws": 200,
        }
    )  # fmt: skip
    every, limits = box_tables(table, ensembles.world)
    assert every["chosen"].tolist() == [True, False]
    assert limits.loc[0, "high"] == limits.loc[0, "greatest"] == number.high
    figure = box_plot(every, limits, WORDS, base_rate=0.3)
    assert "a or b" in words(figure)
    assert not clipped(figure)
    with pytest.raises(ValueError, match="exactly one chosen"):
        box_plot(every.iloc[1:], limits, WORDS, base_rate=0.3)

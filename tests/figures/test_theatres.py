from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.figures.conftest import words

from eurasia_sim.figures.style import Words
from eurasia_sim.figures.theatres import influence_mosaic, tile_map

WORDS = Words("T", "n")


def test_missing_tiles_and_shares_are_said():
    held = pd.DataFrame(
        {"scenario": "s", "theatre": "t", "domain": "d", "actor": ["a", "b"], "share": np.nan}
    )
    known = {"a": ("A", "#112233", "A"), "b": ("B", "#445566", "B")}
    figure = influence_mosaic(held, known, {}, WORDS)
    assert "no finite run" in words(figure)
    tiles = pd.DataFrame(
        {
            "month": ["m"], "theatre": ["t"], "name": ["T"], "row": [0], "column": [0], "first": [np.nan],
            "second": [np.nan], "others": [np.nan], "bases": [""], "institutions": [""], "state": [""],
        }
    )  # fmt: skip
    none = pd.DataFrame(columns=["month", "source", "target", "threat"])
    lean = [("A", "#112233"), ("B", "#445566")]
    assert "no finite run" in words(tile_map(tiles, none, lean, WORDS))
    with pytest.raises(ValueError, match="give `tile"):
        tile_map(tiles.iloc[:0], none, lean, WORDS)

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.figures.conftest import words

from eurasia_sim.figures.style import Words
from eurasia_sim.figures.verdicts import forest_plot

WORDS = Words("T", "n")


def test_a_forest_says_where_an_effect_is_missing(tested):
    parts = pd.read_parquet(tested / "parts.parquet")
    rivals = pd.read_parquet(tested / "theories.parquet")
    parts.loc[0, ["mean", "low", "high"]] = np.nan
    rivals.loc[rivals.index[:1], "mean"] = np.nan
    figure = forest_plot(parts, rivals, WORDS, asked=0.8)
    assert any("no effect at reference" in word for word in words(figure))
    assert any("gave no number" in word for word in words(figure))
    assert parts["word"].iloc[0] in words(figure)

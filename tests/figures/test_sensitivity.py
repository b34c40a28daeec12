from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.figures.conftest import words

from eurasia_sim.figures.sensitivity import (
    index_plot,
    index_table,
    share_plot,
    share_table,
    tornado_table,
)
from eurasia_sim.figures.style import Words

WORDS = Words("T", "n")


INDICES = pd.DataFrame(
    {
        "factor": ["x.a.one", "x.b.two"], "first": [0.2, np.nan], "first_low": [0.1, np.nan],
        "first_high": [0.3, np.nan], "total": [0.4, 0.6], "total_low": [0.3, 0.5], "total_high": [0.5, 0.7],
    }
)  # fmt: skip


def test_indices_without_a_number_say_so():
    figure = index_plot(INDICES, WORDS)
    assert any("first: no number" in word for word in words(figure))
    assert figure.axes[0].get_yticklabels()[0].get_text() == "b.two"  # the largest total first
    with pytest.raises(ValueError, match="no factor"):
        index_plot(INDICES.iloc[:0], WORDS)


def test_indices_and_shares_are_read_as_analyze_writes_them():
    rows = [
        {
            "order": order,
            "factor": factor,
            "other": "",
            "index": value,
            "low": value - 0.1,
            "high": value + 0.1,
        }
        for order, value in (("first", 0.3), ("total", 0.5), ("second", 0.1))
        for factor in ("a", "b")
    ]
    wide = index_table(pd.DataFrame(rows))
    assert wide["factor"].tolist() == ["a", "b"]
    assert (wide.loc[0, ["first", "total", "total_high"]] == [0.3, 0.5, 0.6]).all()
    shares = pd.DataFrame(
        {
            "measure": "power.a",
            "of": ["s", "s", "t"],
            "part": ["theory", "chance", "theory"],
            "share": [0.4, 0.6, 1],
        }
    )
    table = share_table(shares, {"a": "A"})
    assert table["reading"].tolist() == ["power, A, s", "power, A, t"]
    assert table.loc[0, "chance"] == 0.6
    assert np.isnan(table.loc[1, "chance"])


def test_a_tornado_counts_failed_runs_at_neither_end():
    rows = pd.DataFrame({"x.a": np.arange(100.0), "x.b": ["u", "v"] * 50, "y": np.arange(100.0)})
    rows.loc[rows.index >= 90, "y"] = np.nan
    ends = tornado_table(rows, ["x.b", "x.a"], "y")
    assert list(ends["factor"]) == ["x.a", "x.b"]  # the widest first
    assert ends["missing"].tolist() == [10, 10]
    assert ends.loc[0, "low"] == pytest.approx(np.arange(18).mean())
    assert ends.loc[0, "high"] == pytest.approx(np.arange(72, 90).mean())


def test_shares_beyond_six_sources_are_put_together_and_a_still_reading_says_so():
    table = pd.DataFrame(
        [[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05], [np.nan] * 7], columns=list("abcdefg")
    )
    table.insert(0, "reading", ["moves", "still"])
    figure = share_plot(table, WORDS)
    assert "does not vary" in words(figure)
    assert "1 of 2 readings do not vary" in " ".join(t.get_text() for t in figure.texts).replace(
        "\n", " "
    )
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "other sources"

"""How many runs pass each documented pattern, the misses first, beside baselines that know nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from eurasia_sim.figures.style import INK, broken, framed, looks, rows_of, styled

SIDES: Mapping[str, str] = {
    "model": "over the ranges", "reference": "at reference", "null": "null theory", "unchanged": "nothing changes",
}  # fmt: skip
_MISSED = 0.5
_HOW_TO_READ = (
    "A row a pattern that counts, the misses first; a mark is the share of runs that pass it. Open marks: baselines "
    "that know nothing; where they pass as often, a pass tells little. * held back from every fit. First row: means."
)


def pattern_plot(patterns: pd.DataFrame, title: str, caption: str, *, means: bool = True) -> Figure:
    """Shares of runs that pass, a row a pattern and a mark a side.

    Args:
        patterns: `says`, `half` (training or held_back), and shares 0..1 under the names of `SIDES` (NaN for a side
            that was not run). means: whether a first row shows the means of what is drawn.

    Raises:
        ValueError: where no pattern counts.
    """
    if patterns.empty:
        raise ValueError("no pattern counts")
    ordered = patterns.sort_values("model", kind="stable", na_position="last", ignore_index=True)
    sides = dict(zip(SIDES, looks(SIDES).values(), strict=True))
    legend: dict[str, Artist] = {
        said: Line2D([], [], linewidth=0, marker=sides[side].marker, color=sides[side].colour, markersize=5.5,
                     fillstyle="full" if side in ("model", "reference") else "none")
        for side, said in SIDES.items()
    }  # fmt: skip
    rows = [{"says": "mean of the patterns drawn", "half": "", **ordered[list(SIDES)].mean()}] if means else []
    rows += rows_of(ordered)
    with styled():
        figure, (panel,) = framed(1, 1, 0.6 + 0.34 * len(rows), title, f"{caption}\n{_HOW_TO_READ}", legend)
        for at, row in enumerate(rows):
            for side, look in sides.items():
                if np.isfinite(row[side]):
                    panel.plot(row[side], -at, look.marker, color=look.colour, markersize=5.0, clip_on=False,
                               fillstyle="full" if side in ("model", "reference") else "none")  # fmt: skip
        labels = [broken(str(row["says"]), 76) + (" *" if row["half"] == "held_back" else "") for row in rows]
        panel.set_yticks(-np.arange(len(rows), dtype=float), labels, fontsize=5.8, linespacing=1.05)
        panel.set_ylim(-len(rows) + 0.4, 0.6)
        panel.set_xlim(-0.03, 1.03)
        panel.axvline(_MISSED, color=INK, linestyle=":", linewidth=0.8)
        panel.xaxis.set_major_formatter(PercentFormatter(1.0))
        panel.tick_params(axis="y", length=0)
        panel.set_xlabel("share of runs that pass")
    return figure

"""What the spread of an outcome comes from: scenario, theory, form, coding, numbers, chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from eurasia_sim.figures.style import INK, MOST_GROUPS, broken, framed, legible, looks, readable, styled

_OTHERS = "other sources"
_HATCHES = ("", "///", "", "...", "\\\\\\", "xxx")
_LEAST_WRITTEN = 0.055
_HOW_TO_READ = (
    "Shares of the variance over all runs of the reading (law of total variance); they add up to 100 %. Chance is what "
    "runs of one point vary by."
)


def share_plot(
    shares: pd.DataFrame, title: str, caption: str, *, row: str = "reading", names: Mapping[str, str] | None = None
) -> Figure:
    """A bar a reading, divided by what its variance comes from; parts are in the same order in every bar.

    Args:
        shares: a row a reading; the column `row` names it, every other column is a share 0..1 that adds up to 1 with
            the others. More than six sources: the smallest on average are put together. A reading that does not vary
            has no shares, and its row says so.

    Raises:
        ValueError: where there is no reading or no source.
    """
    sources = [name for name in shares.columns if name != row and pd.api.types.is_float_dtype(shares[name])]
    if shares.empty or not sources:
        raise ValueError("there is no share to draw")
    table = shares[sources].copy()
    if len(sources) > MOST_GROUPS:
        order = table.mean().sort_values(ascending=False, kind="stable").index
        small = [name for name in sources if name not in set(order[: MOST_GROUPS - 1])]
        table[_OTHERS] = table[small].sum(axis=1, min_count=1)
        table = table.drop(columns=small)
    drawn = looks(table.columns)
    legend: dict[str, Artist] = {
        (names or {}).get(name, name.replace("_", " ").replace(".", " ")): Patch(
            facecolor=look.colour, hatch=hatch, edgecolor="white", alpha=0.9
        )
        for (name, look), hatch in zip(drawn.items(), _HATCHES, strict=False)
    }
    with styled():
        height = 0.6 + 0.42 * len(table)
        figure, (panel,) = framed(1, 1, height, title, f"{caption}\n{_note(shares, sources)}", legend)
        for at, (_, values) in enumerate(table.iterrows()):
            _bar(panel, values, -float(at), [look.colour for look in drawn.values()])
        labels = [broken(readable(str(name), names), 38) for name in shares[row]]
        panel.set_yticks(-np.arange(len(table), dtype=float), labels, fontsize=7)
        panel.set_ylim(-len(table) + 0.45, 0.55)
        panel.set_xlim(0.0, 1.0)
        panel.xaxis.set_major_formatter(PercentFormatter(1.0))
        panel.set_xlabel("share of the variance")
        panel.tick_params(axis="y", length=0)
        panel.grid(visible=False, axis="y")
    return figure


def _note(shares: pd.DataFrame, sources: list[str]) -> str:
    still = int(shares[sources].isna().all(axis=1).sum())
    return _HOW_TO_READ + (f" {still} of {len(shares)} readings do not vary." if still else "")


def _bar(panel: Axes, values: pd.Series, height: float, colours: list[str]) -> None:
    """One reading's shares from left to right, each with its number where there is room."""
    if values.isna().all():
        panel.text(0.01, height, "does not vary", va="center", fontsize=7, color=INK)
        return
    left = 0.0
    for value, colour, hatch in zip(values.fillna(0.0), colours, _HATCHES, strict=False):
        panel.barh(height, value, left=left, height=0.66, color=colour, hatch=hatch, edgecolor="white", linewidth=0.4)
        if value >= _LEAST_WRITTEN:
            panel.text(
                left + value / 2, height, f"{100 * value:.0f}", ha="center", va="center", fontsize=6.5,
                color="#111111" if hatch else legible(colour),
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8} if hatch else None,
            )  # fmt: skip
        left += value

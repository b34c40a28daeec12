"""Rows of a figure: bands that hold shares of runs, and marks with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from eurasia_sim.figures.style import INK, LESS, MORE, MORE_INK, Look, Words, frame_panels, looks

_STRENGTH = 0.3  # of one band's colour; bands lie on one another


def draw_bands(
    panel: Axes,
    at: Any,
    bands: Sequence[tuple[Any, Any]],
    colour: str = "",
    *,
    upright: bool = False,
) -> None:
    """Nested bands along a row at a height; upright, along (T,) places.

    Args:
        bands: both ends of each, widest first. colour: without one, what lies below zero and what
            lies above it have colours of their own.
    """
    sides = [(colour, -np.inf, np.inf)] if colour else [(LESS, -np.inf, 0.0), (MORE, 0.0, np.inf)]
    for ends in bands:
        for shade, least, most in sides:
            low, high = (np.clip(end, least, most) for end in ends)
            look: Any = {"color": shade, "alpha": _STRENGTH, "linewidth": 0}
            if upright:
                panel.fill_between(at, low, high, **look)
            else:
                panel.barh(at, high - low, 0.56, left=low, **look)


def draw_intervals(
    panel: Axes, heights: Any, middle: Any, low: Any, high: Any, look: Look, **mark: Any
) -> None:
    """A mark and its interval in each row; what is NaN is left out. All (rows,) or one number."""
    panel.hlines(heights, low, high, color=look.colour, linewidth=2.2)
    edge: Any = {"markersize": 5, "markeredgecolor": INK, "markeredgewidth": 0.5, **mark}
    panel.plot(middle, heights, look.marker, color=look.colour, linestyle="none", **edge)


def draw_mean(panel: Axes, at: float, mean: float, low: float, high: float) -> None:
    """A ring for a mean of runs, on the line of its interval."""
    panel.hlines(at, low, high, color=INK, linewidth=2.2)
    ring: Any = {"markeredgecolor": INK, "markeredgewidth": 1.4, "markersize": 5.5}
    panel.plot(mean, at, "o", color="white", **ring)


def name_sides(panel: Axes, less: str, more: str, **look: Any) -> None:
    """Write what lies below and what lies above, in the corners of a panel and their colours."""
    look = {"transform": panel.transAxes, "weight": "bold", "fontsize": 8.5, **look}
    panel.text(0.0, 1.0, less, color=LESS, **look)
    panel.text(1.0, 1.0, more, color=MORE_INK, ha="right", **look)


def mark_key(look: Look, **more: Any) -> Artist:
    """An entry of a legend: a mark with its interval."""
    drawn: Any = {"marker": look.marker, "markersize": 5, "linewidth": 2.2, "color": look.colour}
    return Line2D([], [], **{**drawn, **more})


def mark_rows(
    table: pd.DataFrame,
    labels: Sequence[str],
    marks: Mapping[str, str],
    words: Words,
    note: str,
    beside: Sequence[str] = (),
    *,
    zero: float = 0.0,
    bars: bool = False,
) -> tuple[Figure, Axes]:
    """A row a line of a table, with a mark for each of some columns, its interval, and a text.

    Args:
        table: a column a mark; `<mark>_low` and `<mark>_high` where it has an interval.
        marks: column → what it is called. beside: a text to the right of each row.
        zero: where the vertical line stands. bars: draw from there to every mark.

    Raises:
        ValueError: where there is no row.
    """
    if table.empty:
        raise ValueError("there is no row to draw")
    every = looks(marks)
    legend = {label: mark_key(every[name]) for name, label in marks.items()}
    height = 0.75 + (0.24 + 0.05 * len(marks)) * len(table)
    figure, (panel,) = frame_panels(1, 1, height, words, note, legend)
    ups = np.linspace(1, -1, len(marks)) * (0.3 - 0.3 / len(marks))
    for up, (name, look) in zip(ups, every.items(), strict=True):
        heights, middle = up - np.arange(len(table)), table[name]
        if bars:
            panel.barh(heights, middle - zero, 0.3, left=zero, color=look.colour, alpha=0.45)
        low, high = (table.get(f"{name}_{end}", middle) for end in ("low", "high"))
        draw_intervals(panel, heights, middle, low, high, look)
    for at, text in enumerate(beside):
        write_beside(panel, -at, text, fontsize=5.5 if "\n" in text else 6.5)
    panel.axvline(zero, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    panel.margins(x=0.08)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=7))
    label_rows(panel, labels, fontsize=7)
    return figure, panel


def label_rows(
    panel: Axes, labels: Sequence[str], ends: tuple[float, float] = (0.4, 0.6), **text: Any
) -> None:
    """Name the rows of a panel, at 0, −1, −2 … from the top down, with room beyond both ends."""
    panel.set_yticks(-np.arange(len(labels), dtype=float), labels, **text)
    panel.set_ylim(ends[0] - max(len(labels), 1), ends[1])
    panel.tick_params(axis="y", length=0)
    panel.grid(visible=False, axis="y")


def write_beside(panel: Axes, height: float, text: str, x: float = 1.01, **more: Any) -> None:
    """Write beside a row: x in widths of the panel, height in its own units."""
    style: Any = {"va": "center", "fontsize": 6.5, "color": INK, **more}
    panel.text(x, height, text, transform=panel.get_yaxis_transform(), **style)

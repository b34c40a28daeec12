"""Rows of a figure: what each says, above it, and beneath that bands or marks with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from rich.cells import cell_len

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures.style import INK, LESS, LOOKS, MORE, MORE_INK, Look, Words, frame_panels
from eurasia_sim.files.text import shortened, visible, wrapped

_STRENGTH = 0.3  # of one band's colour; bands lie on one another
_COLUMNS = 86  # of a line of text across a panel
_LINE, _GAP, _FOOT = 0.13, 0.07, 0.45  # inches: a line of text, between rows, an axis


class Rows:
    """Rows of one panel, from the top down, in inches.

    Args:
        labels, beside: what is written over each row, at the left and at the right; where it is
            too long for one line, beneath one another.
        marks: how many marks of their own height a row has. tall: of one, inches.
    """

    def __init__(
        self, labels: Sequence[str], beside: Sequence[str] = (), marks: int = 1, tall: float = 0.15
    ) -> None:
        pairs = zip(labels, beside or [""] * len(labels), strict=True)
        self._lines = [_lines(*map(visible, pair)) for pair in pairs]
        under = np.array([len(left) * _LINE for left, _ in self._lines])
        steps = under + marks * tall + _GAP
        self._tops = np.cumsum(steps) - steps
        self._end = float(steps.sum())
        middles = tall * (np.arange(marks) + 0.5)
        # (rows, marks): where each mark stands
        self.heights: Floats = -(self._tops + under)[:, None] - middles

    @property
    def inches(self) -> float:
        """Height of the panel, its axis included."""
        return self._end + _FOOT

    def write(self, panel: Axes) -> None:
        """Write the rows and set the panel's vertical limits."""
        across = panel.get_yaxis_transform()
        box: Any = {"facecolor": "white", "alpha": 0.8, "pad": 0.6}
        look: Any = {
            "va": "top",
            "transform": across,
            "color": INK,
            "fontsize": 7,
            "bbox": box,
            "linespacing": 1.3,
        }
        for top, (left, right) in zip(self._tops, self._lines, strict=True):
            panel.text(0.0, -top, "\n".join(left), **look)
            if right:
                panel.text(1.0, -top, right, ha="right", **look)
        panel.set_ylim(-self._end, 0.02)
        panel.yaxis.set_visible(False)
        panel.spines["left"].set_visible(False)


def _lines(label: str, beside: str) -> tuple[list[str], str]:
    """The lines at the left of a row, and what stands at the right of the first."""
    label, beside = shortened(label, 150), shortened(beside, 400)
    if cell_len(label) + cell_len(beside) < _COLUMNS:
        return [label], beside
    return [*wrapped(label, _COLUMNS), *wrapped(beside, _COLUMNS)], ""


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
                panel.barh(at, high - low, 0.16, left=low, **look)


def draw_intervals(panel: Axes, heights: Any, middle: Any, low: Any, high: Any, look: Look) -> None:
    """A mark and its interval in each row; what is NaN is left out. All (rows,) or one number."""
    panel.hlines(heights, low, high, color=look.colour, linewidth=1.8)
    edge: Any = {"markersize": 4, "markeredgecolor": INK, "markeredgewidth": 0.5}
    panel.plot(middle, heights, look.marker, color=look.colour, linestyle="none", **edge)


def draw_mean(panel: Axes, at: float, mean: float, low: float, high: float) -> None:
    """A ring for a mean of runs, on the line of its interval."""
    panel.hlines(at, low, high, color=INK, linewidth=1.8)
    ring: Any = {"markeredgecolor": INK, "markeredgewidth": 1.2, "markersize": 4.5}
    panel.plot(mean, at, "o", color="white", **ring)


def name_sides(panel: Axes, less: str, more: str, **look: Any) -> None:
    """Write what lies below and what lies above, in the corners of a panel and their colours."""
    look = {"transform": panel.transAxes, "weight": "bold", "fontsize": 7.5, **look}
    panel.text(0.0, 1.0, less, color=LESS, **look)
    panel.text(1.0, 1.0, more, color=MORE_INK, ha="right", **look)


def mark_key(look: Look, **more: Any) -> Artist:
    """An entry of a legend: a mark with its interval."""
    drawn: Any = {"marker": look.marker, "markersize": 4, "linewidth": 1.8, "color": look.colour}
    return Line2D([], [], **{**drawn, **more})


def mark_rows(
    table: pd.DataFrame,
    labels: Sequence[str],
    marks: Mapping[str, str],
    words: Words,
    note: str,
    beside: Sequence[str],
    *,
    zero: float | None = 0.0,
    bars: bool = False,
    level: bool = False,
) -> tuple[Figure, Axes, Floats]:
    """A row a line of a table, with a mark for each of some columns and its interval.

    Args:
        table: a column a mark; `<mark>_low` and `<mark>_high` where it has an interval.
        marks: column → what it is called. beside: a text at the right of each row.
        zero: where a vertical line stands. bars: draw from there to every mark.
        level: whether the marks of a row stand at one height.

    Returns:
        The figure, its panel, and the heights (rows, marks).

    Raises:
        ValueError: where there is no row.
    """
    if table.empty:
        raise ValueError("there is no row to draw")
    count = 1 if level else len(marks)
    lines = Rows(labels, beside, count, 0.13 if count < 3 else 0.075)
    heights = np.repeat(lines.heights, len(marks), axis=1) if level else lines.heights
    legend = {label: mark_key(look) for label, look in zip(marks.values(), LOOKS, strict=False)}
    figure, (panel,) = frame_panels(1, 1, lines.inches, words, note, legend)
    lines.write(panel)
    for name, look, at in zip(marks, LOOKS, heights.T, strict=False):
        middle = table[name]
        if bars and zero is not None:
            panel.barh(at, middle - zero, 0.1, left=zero, color=look.colour, alpha=0.45)
        low, high = (table.get(f"{name}_{end}", middle) for end in ("low", "high"))
        draw_intervals(panel, at, middle, low, high, look)
    if zero is not None:
        panel.axvline(zero, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    panel.margins(x=0.05)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6))
    return figure, panel, heights

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

from eurasia_sim.analysis.differences import ENDS
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, LESS, LOOKS, MORE, MORE_INK, Look, Words, frame_panels
from eurasia_sim.files.text import shortened, visible, wrapped

RING = Look("white", "o")  # a mean of runs, on the line of its interval
_COLUMNS = 86  # of a line of text across a panel
_LINE, _GAP, _FOOT = 0.13, 0.07, 0.45  # inches: a line of text, between rows, an axis


class Rows:
    """Rows of one panel, from the top down, in inches, each with so many marks of some height.

    Labels stand over them at the left, and what is written beside at the right, or beneath if long.
    """

    def __init__(
        self, labels: Sequence[str], beside: Sequence[str] = (), marks: int = 1, tall: float = 0.15
    ) -> None:
        pairs = zip(labels, beside or [""] * len(labels), strict=True)
        self._written = [_lines(*map(visible, pair)) for pair in pairs]
        under = np.array([len(left) * _LINE for left, _ in self._written])
        steps = under + marks * tall + _GAP
        self._tops, self._end = np.cumsum(steps) - steps, float(steps.sum())
        # (rows, marks): where each mark stands
        self.heights: Floats = -(self._tops + under)[:, None] - tall * (np.arange(marks) + 0.5)
        self.inches = self._end + _FOOT  # height of the panel, its axis included

    def write(self, panel: Axes) -> None:
        """Write the rows and set the panel's vertical limits."""
        box = {"facecolor": "white", "alpha": 0.8, "pad": 0.6}
        look: Any = {"va": "top", "color": INK, "fontsize": 7, "bbox": box, "linespacing": 1.3}
        look["transform"] = panel.get_yaxis_transform()
        for top, (left, right) in zip(self._tops, self._written, strict=True):
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
    panel: Axes, at: Any, bands: pd.DataFrame, colour: str = "", *, upright: bool = False
) -> None:
    """Nested bands, whose ends are `ENDS`, of rows at their heights; upright, along places.

    Without a colour, what lies below zero and what lies above it have colours of their own.
    """
    sides = [(colour, -np.inf, np.inf)] if colour else [(LESS, -np.inf, 0.0), (MORE, 0.0, np.inf)]
    for ends in zip(ENDS[::2], ENDS[1::2], strict=True):
        for shade, least, most in sides:
            low, high = (bands[end].clip(least, most) for end in ends)
            look: Any = {"color": shade, "alpha": 0.3, "linewidth": 0}
            if upright:
                panel.fill_between(at, low, high, **look)
            else:
                panel.barh(at, high - low, 0.16, left=low, **look)


def draw_intervals(panel: Axes, heights: Any, middle: Any, low: Any, high: Any, look: Look) -> None:
    """A mark and its interval in each row; what is NaN is left out. All (rows,) or one number."""
    ink, size, edge = (INK, 4.5, 1.2) if look is RING else (look.colour, 4.0, 0.5)
    panel.hlines(heights, low, high, color=ink, linewidth=1.8)
    drawn: Any = {"markersize": size, "markeredgecolor": INK, "markeredgewidth": edge}
    panel.plot(middle, heights, look.marker, color=look.colour, linestyle="none", **drawn)


def name_sides(panel: Axes, less: str, more: str, **look: Any) -> None:
    """Write what lies below and what lies above, in the corners of a panel and their colours."""
    look = {"transform": panel.transAxes, "weight": "bold", "fontsize": 7.5, **look}
    panel.text(0.0, 1.0, less, color=LESS, **look)
    panel.text(1.0, 1.0, more, color=MORE_INK, ha="right", **look)


def name_ends(panel: Axes) -> None:
    """Name both ends and the middle of an axis that is a whole range."""
    panel.set_xlim(0.0, 1.0)
    panel.set_xticks([0.0, 0.5, 1.0], ["low end", "middle", "high end"])


def mark_key(look: Look, linewidth: float = 1.8) -> Artist:
    """An entry of a legend: a mark with its interval."""
    drawn: Any = {"color": INK if look is RING else look.colour, "markerfacecolor": look.colour}
    return Line2D([], [], linewidth=linewidth, marker=look.marker, **drawn)


def mark_rows(
    kind: str, table: pd.DataFrame, words: Words, *, marks: Mapping[str, str] | None = None,
    unit: str = "", zero: float | None = 0.0, level: bool = False, **told: Any,
) -> tuple[Figure, Axes, Floats]:  # fmt: skip
    """A row a line of a table, with a mark for each of some columns and its interval.

    Marks (column → what it is called), unit and note (filled with what is told) are those of the
    kind, unless given; a line stands at zero; on a level the marks of a row are at one height.

    Args:
        table: `label` and `beside`, the texts of a row; a column a mark, NaN for none; and of its
            interval `<mark>_low` and `<mark>_high`.

    Returns:
        The figure, its panel, and the heights (rows, marks). ValueError where there is no row.
    """
    if table.empty:
        raise ValueError("there is no row to draw")
    marks = marks or style.MARKS[kind]
    count = 1 if level else len(marks)
    lines = Rows([*table["label"]], [*table["beside"]], count, 0.13 if count < 3 else 0.075)
    heights = np.repeat(lines.heights, len(marks) // count, axis=1)
    legend = {label: mark_key(look) for label, look in zip(marks.values(), LOOKS, strict=False)}
    note = style.NOTES[kind].format(**told)
    figure, (panel,) = frame_panels(1, 1, lines.inches, words, note, legend)
    lines.write(panel)
    for name, look, at in zip(marks, LOOKS, heights.T, strict=False):
        middle = table[name]
        low, high = (table.get(f"{name}_{end}", middle) for end in ("low", "high"))
        draw_intervals(panel, at, middle, low, high, look)
    if zero is not None:
        panel.axvline(zero, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    panel.margins(x=0.05)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6))
    panel.set_xlabel(unit or style.UNITS[kind])
    return figure, panel, heights

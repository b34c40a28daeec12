"""Who leans toward whom, at several months: the network of alignment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from eurasia_sim.figures.style import framed, initials, legible, rows_of, styled

_LEAST = 0.1  # alignment below which no line is drawn
_WIDEST = 4.5  # points, of a line at full alignment
_FRIENDLY, _HOSTILE = "#0072B2", "#B4530A"
_HOW_TO_READ = (
    "Line: mean of both actors' lean toward each other, from {least} on; the wider, the stronger. Arc of the circle "
    "and colour of a disc stay an actor's own; the disc's size is its power. {key}."
)


def alignment_network(
    ties: pd.DataFrame, actors: pd.DataFrame, title: str, caption: str, *, order: list[str] | None = None
) -> Figure:
    """A circle of actors a month, a solid line where two lean toward each other and a dashed one where away.

    Args:
        ties: columns `month` (YYYY-MM), `first`, `second`, `alignment` (−1..1 how far the first leans toward
            the second; NaN where no run is finite).
        actors: columns `actor`, `name`, `colour`, and by `month` their `power` (0..1); a row an actor and month.
        order: ids round the circle; by default strong friends come to stand together.

    Raises:
        ValueError: where there is no tie.
    """
    if ties.empty:
        raise ValueError("there is no alignment to draw")
    months = list(dict.fromkeys(ties["month"]))
    names = dict(zip(actors["actor"], actors["name"], strict=True))
    around = order or _round_the_circle(ties, list(names))
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(around)) / len(around)
    places = dict(zip(around, np.column_stack([np.cos(angles), np.sin(angles)]), strict=True))
    marks = unlike_initials(names)
    columns = min(3, len(months))
    rows = -(-len(months) // columns)
    legend: dict[str, Artist] = {
        "lean toward each other": Line2D([], [], color=_FRIENDLY, linewidth=3.0),
        "lean away": Line2D([], [], color=_HOSTILE, linewidth=3.0, linestyle=(0, (2.0, 1.0))),
    }
    key = ", ".join(f"{marks[actor]} {names[actor]}" for actor in around)
    with styled():
        note = f"{caption}\n{_HOW_TO_READ.format(least=_LEAST, key=key)}"
        figure, panels = framed(rows, columns, 2.75 * rows, title, note, legend)
        for panel, month in zip(panels, months, strict=False):
            own = ties[ties["month"] == month]
            missing = _lines(panel, own, places)
            _discs(panel, actors[actors["month"] == month], places, marks)
            panel.set_title(month + (f" ({missing} ties without a number)" if missing else ""))
            panel.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal")
            panel.set_axis_off()
        for panel in panels[len(months) :]:
            panel.set_visible(False)
    return figure


def unlike_initials(names: Mapping[str, str]) -> dict[str, str]:
    """A short mark for every actor, no two alike: initials, lengthened by letters of the name where two would agree."""
    marks = {actor: initials(name) for actor, name in names.items()}
    for letters in range(4, 12):
        taken = list(marks.values())
        for actor, name in names.items():
            if taken.count(marks[actor]) > 1:
                marks[actor] = name[:letters]
    return marks


def _round_the_circle(ties: pd.DataFrame, actors: list[str]) -> list[str]:
    """An order in which strong ties are short: the leaves of an average-linkage tree of mean alignment."""
    if len(actors) < 3:
        return actors
    mean = ties.pivot_table(index="first", columns="second", values="alignment").reindex(index=actors, columns=actors)
    mutual = np.nan_to_num((mean.to_numpy(dtype=float) + mean.to_numpy(dtype=float).T) / 2)
    apart = np.round(2.0 - mutual, 9)
    np.fill_diagonal(apart, 0.0)
    near = squareform(apart, checks=False)
    return [actors[at] for at in leaves_list(optimal_leaf_ordering(linkage(near, "average"), near))]


def _lines(panel: Axes, ties: pd.DataFrame, places: Mapping[str, np.ndarray]) -> int:
    """Draw a month's ties, the weak first; return how many have no number."""
    lean = dict(zip(zip(ties["first"], ties["second"], strict=True), ties["alignment"].astype(float), strict=True))
    missing, drawn = 0, []
    actors = list(places)
    for at, first in enumerate(actors):
        for second in actors[at + 1 :]:
            mutual = (lean[first, second] + lean[second, first]) / 2
            missing += int(np.isnan(mutual))
            if abs(mutual) >= _LEAST:
                drawn.append((abs(mutual), mutual, first, second))
    for strength, mutual, first, second in sorted(drawn):
        (x0, y0), (x1, y1) = places[first], places[second]
        panel.plot(
            [x0, x1], [y0, y1], color=_FRIENDLY if mutual > 0 else _HOSTILE, linewidth=_WIDEST * strength,
            alpha=0.25 + 0.6 * min(strength, 1.0), linestyle="-" if mutual > 0 else (0, (2.0, 1.0)), zorder=1,
        )  # fmt: skip
    return missing


def _discs(panel: Axes, actors: pd.DataFrame, places: Mapping[str, np.ndarray], marks: Mapping[str, str]) -> None:
    for row in rows_of(actors):
        x, y = places[row["actor"]]
        power = max(float(row["power"]), 0.0) if np.isfinite(row["power"]) else 0.0
        panel.scatter(x, y, s=90 + 900 * power, color=row["colour"], edgecolor="white", linewidth=1.0, zorder=3)
        small = len(marks[row["actor"]]) > 3
        panel.text(
            x, y, marks[row["actor"]], ha="center", va="center", fontsize=4.5 if small else 5.5,
            color=legible(row["colour"]), zorder=4, weight="bold",
        )  # fmt: skip

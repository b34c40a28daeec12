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

from eurasia_sim.figures.style import INK, broken, framed, initials, rows_of, styled

_FRIENDS = 2  # strongest ties of every actor that are drawn
_LEAST_AWAY = 0.05  # how far two lean away from each other for a line
_WIDEST = 4.0  # points, of a line at full alignment
_FRIENDLY, _HOSTILE = "#0072B2", "#B4530A"
_HOW_TO_READ = (
    "Line: mean of both actors' lean toward each other, the wider the stronger. Drawn are the {friends} strongest ties "
    "of every actor, and each pair that leans away by {away} or more; all are in the table. Place and colour stay an "
    "actor's own; a disc's size is its power."
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
    columns = min(3, len(months))
    rows = -(-len(months) // columns)
    legend: dict[str, Artist] = {
        "lean toward each other": Line2D([], [], color=_FRIENDLY, linewidth=3.0),
        "lean away": Line2D([], [], color=_HOSTILE, linewidth=3.0, linestyle=(0, (2.0, 1.0))),
    }
    with styled():
        note = f"{caption}\n{_HOW_TO_READ.format(friends=_FRIENDS, away=_LEAST_AWAY)}"
        height, letters = (2.3, 5.8) if columns > 1 else (4.6, 8.0)
        figure, panels = framed(rows, columns, height * rows, title, note, legend)
        for panel, month in zip(panels, months, strict=False):
            own = ties[ties["month"] == month]
            missing = _lines(panel, own, places)
            _discs(panel, actors[actors["month"] == month], places, letters)
            panel.set_title(month + (f" ({missing} ties without a number)" if missing else ""))
            panel.set(xlim=(-1.75, 1.75), ylim=(-1.35, 1.35), aspect="equal")
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
    actors = list(places)
    mutual = {
        (one, other): (lean[one, other] + lean[other, one]) / 2
        for at, one in enumerate(actors)
        for other in actors[at + 1 :]
    }
    chosen = {pair for pair, value in mutual.items() if value <= -_LEAST_AWAY}
    for actor in actors:
        own = [pair for pair in mutual if actor in pair and mutual[pair] > 0]
        chosen |= set(sorted(own, key=lambda pair: -mutual[pair])[:_FRIENDS])
    for first, second in sorted(chosen, key=lambda pair: (abs(mutual[pair]), pair)):
        (x0, y0), (x1, y1) = places[first], places[second]
        value = mutual[first, second]
        panel.plot(
            [x0, x1], [y0, y1], color=_FRIENDLY if value > 0 else _HOSTILE, alpha=0.75, zorder=1,
            linewidth=0.6 + _WIDEST * abs(value), linestyle="-" if value > 0 else (0, (2.0, 1.0)),
        )  # fmt: skip
    return int(np.isnan(list(mutual.values())).sum())


def _discs(panel: Axes, actors: pd.DataFrame, places: Mapping[str, np.ndarray], letters: float) -> None:
    """A disc an actor, its name outside the circle in letters of so many points."""
    for row in rows_of(actors):
        x, y = places[row["actor"]]
        power = max(float(row["power"]), 0.0) if np.isfinite(row["power"]) else 0.0
        size = (30 + 700 * power) * (letters / 5.8) ** 2
        panel.scatter(x, y, s=size, color=row["colour"], edgecolor="white", linewidth=0.8, zorder=3)
        away = 1.12 + 0.35 * np.sqrt(power)
        side = "center" if abs(x) < 0.15 else "left" if x > 0 else "right"
        panel.text(
            away * x, away * y, broken(str(row["name"]), 16), ha=side, va="bottom" if y > 0.9 else "center",
            fontsize=letters, color=INK, linespacing=0.95,
        )  # fmt: skip

"""Where in the space of assumptions something holds: a discovered box, and what it trades coverage for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator, PercentFormatter

from eurasia_sim.figures.heatmap import factor_name
from eurasia_sim.figures.style import INK, broken, framed, looks, plain, rows_of, styled

_HOW_TO_READ = (
    "Left: {what}. Coverage: share of the cases sought that lie in the box; density: share of the box that is such a "
    "case. Number: how many factors it limits. Right: the chosen box; a bar is what it allows of a factor's "
    "whole range, which is the grey track; of a factor of text the levels are written."
)


def box_plot(
    path: pd.DataFrame,
    limits: pd.DataFrame,
    title: str,
    caption: str,
    *,
    base_rate: float,
    others: pd.DataFrame | None = None,
) -> Figure:
    """Coverage and density of boxes, along a peeling path or of several methods, and the limits of the chosen one.

    Args:
        path: a row a box: `coverage`, `density` (0..1), `limited` (how many factors), `chosen` (true for one), and
            `method` where several found them; the boxes of one method alone are joined to a path.
        limits: a row a limited factor: `factor`, `low`, `high`, `least`, `greatest` (the factor's whole range); for a
            factor of text `levels`, what the box allows.
        base_rate: share of all cases that are sought, 0..1, where a path begins.
        others: boxes beside the path, with `method`, `coverage`, `density` and `limited`.

    Raises:
        ValueError: where there is no box, or none or several are chosen.
    """
    if path.empty or int(path["chosen"].sum()) != 1:
        raise ValueError("boxes with exactly one chosen are needed")
    joined = "method" not in path
    along, box = list(looks("ab").values())
    legend: dict[str, Artist] = {
        "a step of peeling" if joined else "a box": Line2D(
            [], [], color=along.colour, marker="o", markersize=4, linewidth=0.8 * joined
        ),
        "the chosen box": Line2D([], [], color=box.colour, marker="s", markersize=7, markeredgecolor=INK, linewidth=0),
        "density of the whole space": Line2D([], [], color=INK, linestyle="--", linewidth=0.8),
        "a factor's whole range": Patch(color="#E3E3E3"),
    }
    if others is not None and len(others):
        legend["a box of another method"] = Line2D([], [], color=INK, marker="^", markersize=5, linewidth=0)
    what = "the path along which the box was peeled, from the whole space at the right" if joined else "every box found"
    with styled():
        height = max(2.9, 1.0 + 0.42 * len(limits))
        figure, (left, right) = framed(1, 2, height, title, f"{caption}\n{_HOW_TO_READ.format(what=what)}", legend)
        left.plot(path["coverage"], path["density"], "-o", color=along.colour, markersize=4, linewidth=0.8 * joined)
        chosen = path[path["chosen"]].iloc[0]
        left.plot(chosen["coverage"], chosen["density"], "s", color=box.colour, markersize=7, markeredgecolor=INK)
        _number(left, path)
        if others is not None and len(others):
            left.plot(others["coverage"], others["density"], "^", color=INK, markersize=5)
            _number(left, others)
        left.axhline(base_rate, color=INK, linestyle="--", linewidth=0.8)
        left.set(xlabel="coverage", ylabel="density", xlim=(-0.03, 1.05), ylim=(0.0, 1.05))
        left.xaxis.set_major_formatter(PercentFormatter(1.0))
        left.yaxis.set_major_formatter(PercentFormatter(1.0))
        left.set_title("Coverage and density")
        right.set_title(f"The box: density {chosen['density']:.0%}, coverage {chosen['coverage']:.0%}")
        _limits(right, limits, box.colour)
    return figure


def _number(panel: Axes, path: pd.DataFrame) -> None:
    """Write how many factors are limited wherever that changes along the path."""
    changes = path["limited"].ne(path["limited"].shift()) | ("method" in path)
    for row in rows_of(path[changes]):
        method = f" {row['method']}" if "method" in row else ""
        panel.annotate(
            f"{row['limited']}{method}", (row["coverage"], row["density"]), xytext=(4, 4), textcoords="offset points",
            fontsize=6.5, color=INK,
        )  # fmt: skip


def _limits(panel: Axes, limits: pd.DataFrame, colour: str) -> None:
    """A track a factor, and on it what the box allows, its ends written in the factor's own terms."""
    for at, row in enumerate(rows_of(limits)):
        panel.barh(-at, 1.0, height=0.34, color="#E3E3E3")
        levels = row.get("levels")
        if isinstance(levels, str):
            said = broken(levels, 48)
        else:
            span = row["greatest"] - row["least"]
            low, high = ((row[end] - row["least"]) / span if span > 0 else 0.5 for end in ("low", "high"))
            panel.barh(-at, max(high - low, 0.01), left=low, height=0.34, color=colour, edgecolor=INK, linewidth=0.5)
            said = "{} to {}   of {} to {}".format(
                *(plain(row[end], span) for end in ("low", "high", "least", "greatest"))
            )
        panel.text(0.0, 0.3 - at, said, fontsize=6.5, va="bottom", color=INK)
    if limits.empty:
        panel.text(0.5, 0.0, "the box limits no factor", ha="center", va="center", fontsize=7)
    labels = [broken(factor_name(name), 26) for name in limits.get("factor", pd.Series(dtype=str))]
    panel.set_yticks(-np.arange(len(labels), dtype=float), labels, fontsize=7)
    panel.set_ylim(-max(len(labels), 1) + 0.5, 0.75)
    panel.set_xlim(0.0, 1.0)
    panel.xaxis.set_major_locator(NullLocator())
    panel.spines[["left", "bottom"]].set_visible(False)
    panel.tick_params(length=0)
    panel.grid(visible=False)

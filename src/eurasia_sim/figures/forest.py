"""What a test says of every part of its hypotheses, in three layers: a forest plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from eurasia_sim.figures.style import INK, broken, framed, looks, rows_of, styled

_COLUMNS = [
    "hypothesis", "part", "sign", "smallest", "mean", "low", "high", "share_of_space", "share_low", "share_high",
    "word", "n", "failed",
]  # fmt: skip
_TICKS = (-1000.0, -100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0, 1000.0)
_HOW_TO_READ = (
    "Left: effect of the first arms less the second, in smallest effects that matter; within the grey band it is too "
    "small, the axis is linear there and logarithmic beyond. Dot and bar: mean at reference with its 95 % bootstrap "
    "interval; hollow marks: the mean under each other theory (circle) and form (diamond). Sign: what is expected. "
    "Right: share of all that is uncertain in which the part holds, with 95 % interval; dashed: the share a verdict "
    "asks for; none where an effect is only reported (?)."
)


def forest_data(parts: pd.DataFrame) -> pd.DataFrame:
    """The numbers behind the plot, a row a part: `evaluation.parts` without its prose."""
    return parts[_COLUMNS].reset_index(drop=True)


def forest_plot(parts: pd.DataFrame, rivals: pd.DataFrame, title: str, caption: str, *, asked: float) -> Figure:
    """A row a part: its effect at reference, under every theory and form, and the share of the space that holds it.

    Args:
        parts: `evaluation.parts`. rivals: `evaluation.theories`, a row a part and theory or form.
        asked: share of the space, 0..1, that the word supported asks for.

    Raises:
        ValueError: where there are no parts.
    """
    if parts.empty:
        raise ValueError("there is no part to draw")
    colours = list(looks("abcdef").values())
    inks = {"effect": colours[0].colour, "theory": colours[2].colour, "form": colours[1].colour}
    legend: dict[str, Artist] = {
        "at reference": Line2D([], [], color=inks["effect"], marker="o", markersize=5, linewidth=2.2),
        "another theory": _hollow("o", inks["theory"]),
        "another form": _hollow("D", inks["form"]),
        "too small to matter": Patch(color="#DDDDDD"),
    }
    with styled():
        figure, (left, right) = framed(
            1, 2, 0.75 + 0.4 * len(parts), title, f"{caption}\n{_HOW_TO_READ}", legend, sharey=True,
            width_ratios=(2.4, 1.0),
        )  # fmt: skip
        left.set_xscale("symlog", linthresh=1.0, linscale=0.7)
        left.axvspan(-1.0, 1.0, color="#DDDDDD", zorder=0)
        for at, row in enumerate(rows_of(parts)):
            own = rivals[(rivals["hypothesis"] == row["hypothesis"]) & (rivals["part"] == row["part"])]
            _effect(left, row, own, -float(at), inks)
            _share(right, row, -float(at), inks["effect"])
        labels = [_label(row) for row in rows_of(parts)]
        left.set_yticks(-np.arange(len(parts), dtype=float), labels, fontsize=6.5)
        left.set_ylim(-len(parts) + 0.4, 0.6)
        _dress(left, right, asked)
    return figure


def _hollow(marker: str, colour: str) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, markersize=4, markerfacecolor="none", linewidth=0)


def _label(row: Mapping[str, Any]) -> str:
    said = broken(f"{row['hypothesis']} {row['part']}".strip(), 40)
    lines = said.split("\n")
    short = lines if len(lines) <= 2 else [lines[0], lines[1][:37] + " …"]
    return "\n".join(short) + f"  ({row['sign']})"


def _effect(panel: Axes, row: Mapping[str, Any], rivals: pd.DataFrame, height: float, inks: Mapping[str, str]) -> None:
    """The layers of one part that are effects, in smallest effects that matter."""
    unit = row["smallest"]
    lost = 0
    for kind, marker, offset in (("theory", "o", 0.16), ("form", "D", -0.16)):
        means = rivals.loc[rivals["kind"] == kind, "mean"].to_numpy(dtype=float) / unit
        lost += int((~np.isfinite(means)).sum())
        panel.plot(
            means, np.full(len(means), height + offset), marker, markersize=3.4, color=inks[kind],
            markerfacecolor="none", markeredgewidth=0.8, linewidth=0,
        )  # fmt: skip
    if np.isfinite(row["mean"]):
        panel.hlines(height, row["low"] / unit, row["high"] / unit, color=inks["effect"], linewidth=2.2)
        panel.plot(row["mean"] / unit, height, "o", markersize=5, color=inks["effect"], markeredgecolor="white")
    said = f"{lost} theories or forms gave no number" if lost else ""
    if not np.isfinite(row["mean"]):
        said = ", ".join(filter(None, (f"no effect at reference ({row['failed']} runs failed)", said)))
    if said:
        panel.text(0.01, height - 0.38, said, transform=panel.get_yaxis_transform(), fontsize=5.5, color=INK)


def _share(panel: Axes, row: Mapping[str, Any], height: float, colour: str) -> None:
    """The share of the space that holds one part, and the part's word."""
    if np.isfinite(row["share_of_space"]) and row["sign"] != "?":  # what is only reported can neither hold nor fail
        panel.barh(height, row["share_of_space"], height=0.34, color=colour, alpha=0.55)
        panel.hlines(height, row["share_low"], row["share_high"], color=INK, linewidth=1.2)
    panel.text(1.03, height, row["word"], transform=panel.get_yaxis_transform(), fontsize=6.5, va="center", color=INK)


def _dress(left: Axes, right: Axes, asked: float) -> None:
    left.axvline(0.0, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    left.xaxis.set_major_locator(FixedLocator(_TICKS))
    left.xaxis.set_minor_locator(NullLocator())
    left.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
    furthest = max(1.0, *(abs(end) for end in left.get_xlim()))
    left.set_xlim(-1.15 * furthest, 1.15 * furthest)
    left.set_xlabel("effect, in smallest effects that matter")
    right.axvline(asked, color=INK, linestyle="--", linewidth=0.8)
    right.set_xlim(0.0, 1.0)
    right.xaxis.set_major_formatter(PercentFormatter(1.0))
    right.set_xlabel("share of the space that holds it")
    for panel in (left, right):
        panel.tick_params(axis="y", length=0)
        panel.grid(visible=False, axis="y")

"""Verdicts: what a test says of its hypotheses in three layers, and which patterns runs pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, Page, Request, Words, caption_of_runs, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.hypotheses.verdicts import SHARE_OF_SPACE
from eurasia_sim.simulation.results_folder import PATTERNS, RUN, VALIDATION, ResultsFolder

ROWS_A_PAGE = 18
_COLUMNS = [
    "hypothesis", "part", "sign", "smallest", "mean", "low", "high", "share_of_space", "share_low",
    "share_high", "word", "n", "failed",
]  # fmt: skip
_TICKS = (-1000.0, -100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0, 1000.0)
_GREY = "#DDDDDD"
_FOREST = (
    "Left: effect of the first arms less the second, in smallest effects that matter; within the "
    "grey band it is too small, the axis is linear there and logarithmic beyond. Dot and bar: mean "
    "at reference with its 95 % bootstrap interval; hollow marks: the mean under each other theory "
    "(circle) and form (diamond). Sign: what is expected. Right: share of all that is uncertain in "
    "which the part holds, with 95 % interval; dashed: the share a verdict asks for; none where an "
    "effect is only reported (?)."
)
SIDES: Mapping[str, str] = {
    "model": "over the ranges", "reference": "at reference", "null": "null theory",
    "unchanged": "nothing changes",
}  # fmt: skip
_PATTERNS = (
    "A row a pattern that counts, the misses first; a mark is the share of runs that pass it. Open "
    "marks: baselines that know nothing; where they pass as often, a pass tells little. * held "
    "back from every fit. First row: means."
)


def table_of(held: ResultsFolder, name: str) -> pd.DataFrame:
    """A table that a folder holds beside its runs.

    Raises:
        DataError: where it is not there.
    """
    table = held.table(name)
    if table is None:
        verb = "test" if name in ("parts", "theories", "verdicts") else "analyze"
        said = f"this picture needs what `eurasia-sim {verb}` writes"
        raise DataError([f"{held.folder} holds no {name}.parquet: {said}"])
    return table


def analysis_caption(held: ResultsFolder) -> str:
    """What a picture of an analysis must say of its runs, and of the effort or the design."""
    manifest = held.manifest
    if "effort" in manifest:
        effort, failed = manifest["effort"], int(table_of(held, "parts")["failed"].max())
        said = style.caption(effort["runs"], failed, held.seed, "each arm", "all", held.judged)
        points = f"{effort['points']} points of the space a theory"
        said = said.replace("scenario each arm", points).replace(
            "theory all", "all theories and forms"
        )
        return said.replace(" failed", " failed of a part at most", 1)
    runs = held.runs([])
    if held.kind == RUN:
        return caption_of_runs(held, runs)
    design, said = manifest.get("design", {}), caption_of_runs(held, runs)
    kind = str(design.get("kind", "some")).replace("_", " ")
    return f"{said} · {kind} design of {design.get('points', runs['point'].nunique())} points"


def forest_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """Every part of every hypothesis in three layers, some eighteen rows a picture."""
    parts, rivals = table_of(held, "parts"), table_of(held, "theories")
    pages = -(-len(parts) // ROWS_A_PAGE)
    rows = -(-len(parts) // max(pages, 1))
    for page in range(pages):
        own = parts.iloc[page * rows : (page + 1) * rows]
        number = f" ({page + 1} of {pages})" if pages > 1 else ""
        words = Words(held.title + number, analysis_caption(held))
        part = str(page + 1) if pages > 1 else ""
        arguments = {"parts": own, "rivals": rivals, "asked": SHARE_OF_SPACE}
        says = f"{len(own)} parts of hypotheses"
        yield Page("forest", (part,), own[_COLUMNS].reset_index(drop=True), words, says, arguments)


def pattern_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """How many runs pass each documented pattern, the misses first, a picture a theory.

    Raises:
        DataError: for a folder that `validate` did not write.
    """
    if held.kind != VALIDATION:
        said = "patterns need what `eurasia-sim validate` writes"
        raise DataError([f"{held.folder} was written by {held.kind}: {said}"])
    table, manifest = table_of(held, PATTERNS.removesuffix(".parquet")), held.manifest
    scenario, runs = str(manifest["scenario"]["name"]), int(manifest["runs_a_side"])
    for theory, own in table[table["counted"].astype(bool)].groupby("theory", sort=False):
        failed = manifest.get("failed", {}).get(theory, "an unknown number of")
        said = style.caption(runs, failed, held.seed, scenario, str(theory), held.judged)
        words = Words(held.title, said.replace(" runs ", " runs a side ", 1))
        says = f"{len(own)} patterns, beside two baselines"
        yield Page("patterns", (str(theory),), own, words, says, {"patterns": own})


@use_style()
def forest_plot(parts: pd.DataFrame, rivals: pd.DataFrame, words: Words, *, asked: float) -> Figure:
    """A row a part: its effect at reference and under rivals, and the share of space that holds.

    Args:
        parts: as `test` writes them. rivals: a row a part and theory or form.
        asked: share of the space, 0..1, that the word supported asks for.

    Raises:
        ValueError: where there are no parts.
    """
    if parts.empty:
        raise ValueError("there is no part to draw")
    colours = [look.colour for look in style.looks("abc").values()]
    inks = dict(zip(("effect", "form", "theory"), colours, strict=True))
    hollow: Any = {"markersize": 4, "markerfacecolor": "none", "linewidth": 0}
    dot: Any = {"marker": "o", "markersize": 5, "linewidth": 2.2}
    legend: dict[str, Artist] = {
        "at reference": Line2D([], [], color=inks["effect"], **dot),
        "another theory": Line2D([], [], color=inks["theory"], marker="o", **hollow),
        "another form": Line2D([], [], color=inks["form"], marker="D", **hollow),
        "too small to matter": style.swatch(color=_GREY),
    }
    figure, (left, right) = style.frame_panels(
        1, 2, 0.75 + 0.4 * len(parts), words, _FOREST, legend, sharey=True, width_ratios=(2.4, 1.0)
    )
    left.set_xscale("symlog", linthresh=1.0, linscale=0.7)
    left.axvspan(-1.0, 1.0, color=_GREY, zorder=0)
    labels = []
    for at, row in enumerate(style.rows_of(parts)):
        same = [rivals[name] == row[name] for name in ("hypothesis", "part")]
        _effect(left, row, rivals[same[0] & same[1]], -float(at), inks)
        _share(right, row, -float(at), inks["effect"])
        lines = style.break_lines(f"{row['hypothesis']} {row['part']}".strip(), 40).split("\n")
        short = lines if len(lines) <= 2 else [lines[0], lines[1][:37] + " …"]
        labels.append("\n".join(short) + f"  ({row['sign']})")
    style.label_rows(left, labels, fontsize=6.5)
    _label_axes(left, right, asked)
    return figure


def _effect(
    panel: Axes,
    row: Mapping[str, Any],
    rivals: pd.DataFrame,
    height: float,
    inks: Mapping[str, str],
) -> None:
    """The layers of one part that are effects, in smallest effects that matter."""
    unit, lost = row["smallest"], 0
    for kind, marker, up in (("theory", "o", 0.16), ("form", "D", -0.16)):
        means = rivals.loc[rivals["kind"] == kind, "mean"].to_numpy(dtype=float) / unit
        lost += int((~np.isfinite(means)).sum())
        hollow: Any = {"markerfacecolor": "none", "markeredgewidth": 0.8, "linewidth": 0}
        heights = np.full(len(means), height + up)
        panel.plot(means, heights, marker, markersize=3.4, color=inks[kind], **hollow)
    said = []
    if np.isfinite(row["mean"]):
        ink = inks["effect"]
        panel.hlines(height, row["low"] / unit, row["high"] / unit, color=ink, linewidth=2.2)
        mean = row["mean"] / unit
        panel.plot(mean, height, "o", markersize=5, color=ink, markeredgecolor="white")
    else:
        said.append(f"no effect at reference ({row['failed']} runs failed)")
    if lost:
        said.append(f"{lost} theories or forms gave no number")
    if said:
        style.write_beside(panel, height - 0.38, ", ".join(said), 0.01, fontsize=5.5, va="baseline")


def _share(panel: Axes, row: Mapping[str, Any], height: float, colour: str) -> None:
    """The share of the space that holds one part, and the part's word."""
    # What is only reported can neither hold nor fail.
    if np.isfinite(row["share_of_space"]) and row["sign"] != "?":
        panel.barh(height, row["share_of_space"], height=0.34, color=colour, alpha=0.55)
        panel.hlines(height, row["share_low"], row["share_high"], color=INK, linewidth=1.2)
    style.write_beside(panel, height, row["word"], 1.03)


def _label_axes(left: Axes, right: Axes, asked: float) -> None:
    """Ticks, ends and names of the axes of a forest."""
    left.axvline(0.0, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    left.xaxis.set_major_locator(FixedLocator(_TICKS))
    left.xaxis.set_minor_locator(NullLocator())
    number = FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−"))
    left.xaxis.set_major_formatter(number)
    furthest = max(1.0, *(abs(end) for end in left.get_xlim()))
    left.set_xlim(-1.15 * furthest, 1.15 * furthest)
    left.set_xlabel("effect, in smallest effects that matter")
    right.axvline(asked, color=INK, linestyle="--", linewidth=0.8)
    right.set_xlim(0.0, 1.0)
    right.xaxis.set_major_formatter(PercentFormatter(1.0))
    right.set_xlabel("share of the space that holds it")
    right.tick_params(axis="y", length=0)
    right.grid(visible=False, axis="y")


@use_style()
def pattern_plot(patterns: pd.DataFrame, words: Words) -> Figure:
    """Shares of runs that pass: a row of means, then a row a pattern, a mark a side.

    Args:
        patterns: `says`, `half` (training or held_back), and shares 0..1 under the names of
            `SIDES` (NaN for a side that was not run).

    Raises:
        ValueError: where no pattern counts.
    """
    if patterns.empty:
        raise ValueError("no pattern counts")
    how: dict[str, Any] = {"kind": "stable", "na_position": "last", "ignore_index": True}
    ordered = patterns.sort_values("model", **how)
    sides = dict(zip(SIDES, style.looks(SIDES).values(), strict=True))
    fills: Any = {side: "full" if side in ("model", "reference") else "none" for side in SIDES}
    legend: dict[str, Artist] = {
        said: Line2D(
            [], [], linewidth=0, marker=sides[side].marker, color=sides[side].colour,
            markersize=5.5, fillstyle=fills[side],
        )
        for side, said in SIDES.items()
    }  # fmt: skip
    means = {"says": "mean of the patterns drawn", "half": "", **ordered[list(SIDES)].mean()}
    rows = [means, *style.rows_of(ordered)]
    figure, (panel,) = style.frame_panels(1, 1, 0.6 + 0.34 * len(rows), words, _PATTERNS, legend)
    for at, row in enumerate(rows):
        for side, look in sides.items():
            if np.isfinite(row[side]):
                mark: Any = {"color": look.colour, "markersize": 5.0, "clip_on": False}
                panel.plot(row[side], -at, look.marker, fillstyle=fills[side], **mark)
    labels = [
        style.break_lines(str(row["says"]), 76) + (" *" if row["half"] == "held_back" else "")
        for row in rows
    ]
    style.label_rows(panel, labels, fontsize=5.8, linespacing=1.05)
    panel.grid(visible=True, axis="y")
    panel.set_xlim(-0.03, 1.03)
    panel.axvline(0.5, color=INK, linestyle=":", linewidth=0.8)
    panel.xaxis.set_major_formatter(PercentFormatter(1.0))
    panel.set_xlabel("share of runs that pass")
    return figure

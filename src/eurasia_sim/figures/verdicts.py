"""Verdicts on hypotheses in three layers, and the box where a result holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from eurasia_sim.analysis.scenario_discovery import PRIM
from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, Page, Request, Words, caption_of_runs, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.hypotheses.verdicts import SHARE_OF_SPACE
from eurasia_sim.simulation.results_folder import RUN, ResultsFolder
from eurasia_sim.world.world import World

ROWS_A_PAGE = 18
_WRITTEN_BY = {
    **dict.fromkeys(("parts", "theories", "verdicts"), "test"),
    **dict.fromkeys(("skill", "patterns"), "validate"),
}
_COLUMNS = [
    "hypothesis", "part", "sign", "smallest", "mean", "low", "high", "share_of_space", "share_low",
    "share_high", "word", "n", "failed",
]  # fmt: skip
_TICKS = (-1000.0, -100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0, 1000.0)
_GREY = "#DDDDDD"
_FOREST = (
    "Left: effect of the first arms less the second, in smallest effects that matter; within the "
    "grey band it is too small, the axis is linear there and logarithmic beyond. Dot and bar: mean "
    "at reference with its 95 % interval; hollow marks: the mean under each other theory "
    "and form. Sign: what is expected. Right: share of all that is uncertain in which the part "
    "holds, with 95 % interval; dashed: the share a verdict asks for; none where an effect is only "
    "reported (?)."
)
_TRACK = "#E3E3E3"
_PATH = "the path along which the box was peeled, from the whole space at the right"
_ALL = "every box found"
_BOXES = (
    "Left: {what}. Coverage: share of the cases sought that lie in the box; density: share of the "
    "box that is such a case. Number: how many factors it limits. Right: the chosen box; a bar is "
    "what it allows of a factor's whole range, which is the grey track; of a factor of text the "
    "levels are written."
)


def table_of(held: ResultsFolder, name: str) -> pd.DataFrame:
    """A table that a folder holds beside its runs; DataError where it is not there."""
    table = held.table(name)
    if table is None:
        verb = _WRITTEN_BY.get(name, "analyze")
        need = f"this picture needs what `eurasia-sim {verb}` writes"
        raise DataError([f"{held.folder} holds no {name}.parquet: {need}"])
    return table


def split_table(
    held: ResultsFolder, name: str, request: Request, *keys: str
) -> Iterator[tuple[tuple[str, ...], pd.DataFrame, str]]:
    """Parts, rows and heading of every figure that an analysis's table makes."""
    table = table_of(held, name)
    keys = tuple(key for key in keys if key in table)
    for found, own in table.groupby(list(keys), sort=False) if keys else [((), table)]:
        parts = tuple(map(str, found))
        wanted = [fnmatchcase(parts[0], pattern) for pattern in request.measures if parts]
        if not wanted or any(wanted):
            measures = [style.readable(part, held.names) for part in parts[:1]]
            yield parts, own, ", ".join([*measures, *parts[1:]])


def analysis_caption(held: ResultsFolder) -> str:
    """What a figure of an analysis must say of its runs, and of the effort or the design."""
    manifest = held.manifest
    if "effort" in manifest:
        effort, failed = manifest["effort"], int(table_of(held, "parts")["failed"].max())
        points = f"{effort['points']} points of the space a theory"
        caption = style.caption(effort["runs"], failed, held.seed, "", "", held.judged)
        caption = caption.replace(" failed", " failed of a part at most", 1)
        return caption.replace("scenario  · theory ", f"{points} · all theories and forms")
    runs = held.runs([])
    if held.kind == RUN:
        return caption_of_runs(held, runs)
    design = manifest.get("design", {})
    kind = str(design.get("kind", "some")).replace("_", " ")
    points = design.get("points", runs["point"].nunique())
    return f"{caption_of_runs(held, runs)} · {kind} design of {points} points"


def forest_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """Every part of every hypothesis in three layers, some eighteen rows a figure."""
    parts, rivals = table_of(held, "parts"), table_of(held, "theories")
    if not parts["n"].any():
        raise ValueError("every run failed")
    pages = -(-len(parts) // ROWS_A_PAGE)
    rows = -(-len(parts) // max(pages, 1))
    for page in range(pages):
        own = parts.iloc[page * rows : (page + 1) * rows]
        number = f" ({page + 1} of {pages})" if pages > 1 else ""
        figure = forest_plot(own, rivals, Words(held.title + number, analysis_caption(held)))
        part = str(page + 1) if pages > 1 else ""
        says = f"{len(own)} parts of hypotheses"
        yield Page((part,), figure, own[_COLUMNS].reset_index(drop=True), says)


@use_style()
def forest_plot(
    parts: pd.DataFrame, rivals: pd.DataFrame, words: Words, *, asked: float = SHARE_OF_SPACE
) -> Figure:
    """A row a part: its effect at reference and under rivals, and the share of space that holds.

    Args:
        parts: as `test` writes them. rivals: a row a part and theory or form.
        asked: share of the space, 0..1, that the word supported asks for.

    Raises:
        ValueError: where there are no parts.
    """
    if parts.empty:
        raise ValueError("there is no part to draw")
    effect, form, theory = style.looks("abc").values()
    rival = {"theory": theory._replace(marker="o"), "form": form._replace(marker="D")}
    hollow: Any = {"markersize": 3.6, "markerfacecolor": "none", "linewidth": 0}
    legend = {
        "at reference": style.mark_key(effect),
        **{f"another {kind}": style.mark_key(look, **hollow) for kind, look in rival.items()},
        "too small to matter": style.swatch(color=_GREY),
    }
    shared: Any = {"sharey": True, "width_ratios": (2.4, 1.0)}
    height = 0.75 + 0.4 * len(parts)
    figure, (left, right) = style.frame_panels(1, 2, height, words, _FOREST, legend, **shared)
    left.set_xscale("symlog", linthresh=1.0, linscale=0.7)
    left.axvspan(-1.0, 1.0, color=_GREY, zorder=0)
    rows = style.rows_of(parts)
    for at, row in enumerate(rows):
        unit, lost = row["smallest"], 0
        own = rivals[rivals["hypothesis"].eq(row["hypothesis"]) & rivals["part"].eq(row["part"])]
        for up, (kind, look) in zip((0.16, -0.16), rival.items(), strict=True):
            means = own.loc[own["kind"] == kind, "mean"].to_numpy(dtype=float) / unit
            lost += int((~np.isfinite(means)).sum())
            heights = np.full(len(means), up - at)
            left.plot(means, heights, look.marker, color=look.colour, **hollow)
        mean, low, high = (row[name] / unit for name in ("mean", "low", "high"))
        style.draw_intervals(left, -float(at), mean, low, high, effect)
        missing = f"no effect at reference ({row['failed']} runs failed)"
        notes = [] if np.isfinite(row["mean"]) else [missing]
        notes += [f"{lost} theories or forms gave no number"] if lost else []
        style.write_beside(left, -at - 0.38, ", ".join(notes), 0.01, fontsize=5.5, va="baseline")
        # What is only reported can neither hold nor fail.
        if np.isfinite(row["share_of_space"]) and row["sign"] != "?":
            bar: Any = {"height": 0.34, "color": effect.colour, "alpha": 0.55}
            right.barh(-at, row["share_of_space"], **bar)
            right.hlines(-at, row["share_low"], row["share_high"], color=INK, linewidth=1.2)
        style.write_beside(right, -at, row["word"], 1.03)
    style.label_rows(left, [_part_label(row) for row in rows], fontsize=6.5)
    _label_axes(left, right, asked)
    return figure


def _part_label(row: Mapping[str, Any]) -> str:
    """A part's name in two lines at most, and the sign that is expected."""
    lines = style.break_lines(f"{row['hypothesis']} {row['part']}".strip(), 40).split("\n")
    short = lines if len(lines) <= 2 else [lines[0], lines[1][:37] + " …"]
    return "\n".join(short) + f"  ({row['sign']})"


def _label_axes(left: Axes, right: Axes, asked: float) -> None:
    """Ticks, ends and names of the axes of a forest."""
    left.axvline(0.0, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    left.xaxis.set_major_locator(FixedLocator(_TICKS))
    left.xaxis.set_minor_locator(NullLocator())
    left.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.plain(value)))
    furthest = 1.15 * max(1.0, *(abs(end) for end in left.get_xlim()))
    left.set(xlim=(-furthest, furthest), xlabel="effect, in smallest effects that matter")
    right.axvline(asked, color=INK, linestyle="--", linewidth=0.8)
    right.set(xlim=(0.0, 1.0), xlabel="share of the space that holds it")
    right.xaxis.set_major_formatter(PercentFormatter(1.0))
    right.tick_params(axis="y", length=0)
    right.grid(visible=False, axis="y")


def box_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """The box that does best, and its path or the other boxes, a figure an outcome sought."""
    paths = table_of(held, "paths") if held.has("paths") else pd.DataFrame()
    keys = ("measure", "scenario", "sought")
    for parts, own, heading in split_table(held, "boxes", request, *keys):
        every, limits = box_tables(own, held.world)
        named = [key for key in keys if key in own]
        peeled = paths.merge(own[named].head(1)) if set(named) <= set(paths) else paths.iloc[:0]
        on_path = len(peeled) > 0 and own["method"].iloc[0] == PRIM
        shown = (peeled, every.iloc[1:]) if on_path else (every, every.iloc[:0])
        judged = f"{analysis_caption(held)} · judged on {int(own['draws'].iloc[0])} draws held back"
        words = Words(f"Where it holds: {heading.replace(', ', ' ') or held.title}", judged)
        figure = box_plot(*shown, limits, float(own["base"].iloc[0]), words)
        steps = f", along a path of {len(peeled)} steps" if on_path else ""
        says = f"{len(limits)} factors limited, {len(every)} boxes{steps}"
        yield Page(parts, figure, own, says)


def box_tables(table: pd.DataFrame, world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a box, the first chosen, and the chosen one's limits within each factor's whole range.

    Args:
        table: a row a limit of a box: `method`, `box`, `limit` (in words), `parameter`, `low`,
            `high` (NaN where open), `density`, `coverage`, as `analyze` writes them.
    """
    heads = ["box", "method", "density", "coverage"]
    every = table.groupby(heads, sort=False).size().reset_index(name="limited")
    every["chosen"] = every.index == 0
    rows: list[dict[str, Any]] = []
    for row in style.rows_of(table[table["box"] == every["box"].iloc[0]]):
        name = style.factor_name(str(row["parameter"]))
        known = [end for end in (row["low"], row["high"]) if pd.notna(end)]
        if not known:
            limit = str(row["limit"])
            rows.append({"factor": name, "levels": limit.partition(" is ")[2] or limit})
            continue
        if number := world.numbers.get(name) or world.numbers.get(f"rules.{name}"):
            known += [number.low, number.high]
        least, greatest = min(known), max(known)
        low = row["low"] if pd.notna(row["low"]) else least
        high = row["high"] if pd.notna(row["high"]) else greatest
        ends: Any = {"low": low, "high": high, "least": least, "greatest": greatest}
        rows.append({"factor": name, **ends})
    return every, pd.DataFrame(rows)


@use_style()
def box_plot(
    path: pd.DataFrame, others: pd.DataFrame, limits: pd.DataFrame, base_rate: float, words: Words
) -> Figure:
    """Coverage and density of boxes, along a path or of several methods, and the chosen limits.

    Args:
        path: a row a box: `coverage`, `density` (0..1), `limited` (how many factors), `chosen`
            (true for one), and `method` where several found them; without it they are joined.
        others: boxes beside the path, with `method`, `coverage`, `density` and `limited`.
        limits: as `box_tables` gives them.
        base_rate: share of all cases that are sought, 0..1, where a path begins.

    Raises:
        ValueError: where there is no box, or none or several are chosen.
    """
    if path.empty or int(path["chosen"].sum()) != 1:
        raise ValueError("boxes with exactly one chosen are needed")
    joined = "method" not in path
    along, box = (look.colour for look in style.looks("ab").values())
    found, chosen = ("a step of peeling" if joined else "a box"), path[path["chosen"]]
    marks: list[tuple[str, pd.DataFrame, dict[str, Any]]] = [
        (found, path, {"color": along, "marker": "o", "linewidth": 0.8 * joined}),
        ("the chosen box", chosen, {"color": box, "marker": "s", "markersize": 7, "linewidth": 0}),
        ("a box of another method", others, {"color": INK, "marker": "^", "linewidth": 0}),
    ]
    dashed: Any = {"color": INK, "linestyle": "--", "linewidth": 0.8}
    legend: dict[str, Artist] = {label: Line2D([], [], **look) for label, _, look in marks}
    legend |= {"density of the whole space": Line2D([], [], **dashed)}
    legend |= {"a factor's whole range": style.swatch(color=_TRACK)}
    height, note = max(2.9, 1.0 + 0.42 * len(limits)), _BOXES.format(what=_PATH if joined else _ALL)
    figure, (left, right) = style.frame_panels(1, 2, height, words, note, legend)
    for _, boxes, look in marks:
        left.plot(boxes["coverage"], boxes["density"], **{"markersize": 4.5, **look})
    _write_limited(left, path)
    _write_limited(left, others)
    left.axhline(base_rate, **dashed)
    left.set(xlabel="coverage", ylabel="density", xlim=(-0.03, 1.05), ylim=(0.0, 1.05))
    left.xaxis.set_major_formatter(PercentFormatter(1.0))
    left.yaxis.set_major_formatter(PercentFormatter(1.0))
    left.set_title("Coverage and density")
    density, coverage = chosen["density"].iloc[0], chosen["coverage"].iloc[0]
    right.set_title(f"The box: density {density:.0%}, coverage {coverage:.0%}")
    _draw_limits(right, limits, box)
    return figure


def _write_limited(panel: Axes, boxes: pd.DataFrame) -> None:
    """Write how many factors are limited wherever that changes along the path."""
    changes = boxes["limited"].ne(boxes["limited"].shift()) | ("method" in boxes)
    look: Any = {"textcoords": "offset points", "fontsize": 6.5, "color": INK}
    for row in style.rows_of(boxes[changes]):
        text = f"{row['limited']} {row.get('method', '')}".strip()
        panel.annotate(text, (row["coverage"], row["density"]), xytext=(4, 4), **look)


def _draw_limits(panel: Axes, limits: pd.DataFrame, colour: str) -> None:
    """A track a factor, and on it what the box allows, its ends in the factor's own terms."""
    for at, row in enumerate(style.rows_of(limits)):
        panel.barh(-at, 1.0, height=0.34, color=_TRACK)
        levels = row.get("levels")
        if isinstance(levels, str):
            text = style.break_lines(levels, 48)
        else:
            span = row["greatest"] - row["least"]
            ends = [style.plain(row[end], span) for end in ("low", "high", "least", "greatest")]
            text = "{} to {}   of {} to {}".format(*ends)
            low, high = (
                (row[end] - row["least"]) / span if span > 0 else 0.5 for end in ("low", "high")
            )
            bar: Any = {"color": colour, "edgecolor": INK, "linewidth": 0.5}
            panel.barh(-at, max(high - low, 0.01), left=low, height=0.34, **bar)
        panel.text(0.0, 0.3 - at, text, fontsize=6.5, va="bottom", color=INK)
    if limits.empty:
        panel.text(0.5, 0.0, "the box limits no factor", ha="center", va="center", fontsize=7)
    names = [style.break_lines(name, 26) for name in limits.get("factor", ())]
    style.label_rows(panel, names, (0.5, 0.75), fontsize=7)
    panel.set_xlim(0.0, 1.0)
    panel.xaxis.set_major_locator(NullLocator())
    panel.spines[["left", "bottom"]].set_visible(False)
    panel.tick_params(length=0)
    panel.grid(visible=False)

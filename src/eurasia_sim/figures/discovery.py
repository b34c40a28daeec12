"""Where in the space of assumptions something holds: boxes, and an outcome over two factors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator, PercentFormatter
from numpy.typing import NDArray

from eurasia_sim.analysis.scenario_discovery import PRIM
from eurasia_sim.figures import style
from eurasia_sim.figures.style import (
    INK,
    MOST_LEVELS,
    Page,
    Request,
    Values,
    Words,
    caption_of_runs,
    use_style,
)
from eurasia_sim.figures.verdicts import analysis_caption, table_of
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.world.world import World

_CELLS = 10
_TRACK = "#E3E3E3"
_SURFACE = (
    "Colour and number: mean of the runs in a cell, of equal width where a factor is a range; "
    "small number: how many. Hatched: none."
)
_PATH = "the path along which the box was peeled, from the whole space at the right"
_BOXES = (
    "Left: {what}. Coverage: share of the cases sought that lie in the box; density: share of the "
    "box that is such a case. Number: how many factors it limits. Right: the chosen box; a bar is "
    "what it allows of a factor's whole range, which is the grey track; of a factor of text the "
    "levels are written."
)


def box_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """The box that does best, and its path or the other boxes, a picture an outcome sought."""
    table = table_of(held, "boxes")
    paths = table_of(held, "paths") if held.has("paths") else pd.DataFrame()
    keys = [name for name in ("measure", "scenario", "sought") if name in table]
    for found, own in table.groupby(keys, sort=False) if keys else [((), table)]:
        parts = tuple(map(str, found))
        wanted = [fnmatchcase(parts[0], each) for each in request.measures if parts]
        if wanted and not any(wanted):
            continue
        sought = " ".join([style.readable(part, held.names) for part in parts[:1]] + [*parts[1:]])
        every, limits = box_tables(own, held.world)
        peeled = paths
        for key, word in zip(keys, found, strict=True):
            peeled = peeled[peeled[key] == word] if key in peeled else peeled.iloc[:0]
        on_path = len(peeled) > 0 and own["method"].iloc[0] == PRIM
        said = f"{analysis_caption(held)} · judged on {int(own['draws'].iloc[0])} draws held back"
        steps = f", along a path of {len(peeled)} steps" if on_path else ""
        arguments = {
            "path": peeled.reset_index(drop=True) if on_path else every, "limits": limits,
            "base_rate": float(own["base"].iloc[0]),
            "others": every.iloc[1:] if on_path else every.iloc[:0],
        }  # fmt: skip
        words = Words(f"Where it holds: {sought or held.title}", said)
        says = f"{len(limits)} factors limited, {len(every)} boxes{steps}"
        yield Page("box", parts, own, words, says, arguments)


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
            said = str(row["limit"])
            rows.append({"factor": name, "levels": said.partition(" is ")[2] or said})
            continue
        if number := world.numbers.get(name) or world.numbers.get(f"rules.{name}"):
            known += [number.low, number.high]
        least, greatest = min(known), max(known)
        low = row["low"] if pd.notna(row["low"]) else least
        high = row["high"] if pd.notna(row["high"]) else greatest
        ends: Any = {"low": low, "high": high, "least": least, "greatest": greatest}
        rows.append({"factor": name, **ends})
    return every, pd.DataFrame(rows)


def surface_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Each measure over two factors of a sweep.

    Raises:
        DataError: for a folder without two factors, or a name that is none of them.
    """
    across, up = _two_factors(held, {"across": request.across, "up": request.up})
    for measure in request.measures:
        table = held.runs([measure, across, up])
        cells = surface_data(table, across, up, measure)
        title, units = f"{held.title}: over two factors", held.units([measure])
        words = Words(title, caption_of_runs(held, table), held.names, units)
        over = f"{style.factor_name(across)} (across) and {style.factor_name(up)} (up)"
        arguments = {"cells": cells, "note": style.count_runs(table[measure].to_numpy(dtype=float))}
        says = f"{style.readable(measure, held.names)}, cells of {over}"
        yield Page("surface", (measure,), cells, words, says, arguments)


def _two_factors(held: ResultsFolder, named: Mapping[str, str | None]) -> list[str]:
    """The factors that were named, filled up with the design's own, as their columns are called."""
    if not held.factors:
        said = "has no factors: surfaces and tornadoes need a folder that a sweep wrote"
        raise DataError([f"{held.folder} {said}"])
    chosen = []
    for option, name in named.items():
        column = name if name is None or name.startswith("x.") else f"x.{name}"
        if column is not None and column not in held.factors:
            said = f"is no factor of the design{near(column, held.factors)}"
            raise DataError([f"--{option} {name} {said}"])
        chosen.append(column)
    rest = iter([factor for factor in held.factors if factor not in chosen])
    filled = [column or next(rest, "") for column in chosen]
    if "" in filled:
        said = f"varies {', '.join(held.factors)} alone: a surface needs two factors"
        raise DataError([f"{held.folder} {said}"])
    if filled[0] == filled[1]:
        raise ValueError(f"a surface needs two factors; {filled[0]} was named twice")
    return filled


def factor_cells(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Which cell of an axis each run lies in, and what the cells are called.

    A factor of text, or of few levels, has a cell a level; any other has ten of equal width
    between its ends. A run without a value lies in cell −1.

    Raises:
        ValueError: for more levels than an axis holds.
    """
    present = values.dropna()
    if not pd.api.types.is_numeric_dtype(values) or present.nunique() <= MOST_LEVELS:
        levels = sorted(present.unique(), key=lambda level: (isinstance(level, str), level))
        if len(levels) > MOST_LEVELS:
            said = f"an axis holds {MOST_LEVELS}: filter first"
            raise ValueError(f"{values.name} has {len(levels)} levels; {said}")
        place = {level: at for at, level in enumerate(levels)}
        cells = np.array([place.get(value, -1) for value in values], dtype=np.int64)
        return cells, [level if isinstance(level, str) else style.plain(level) for level in levels]
    edges = np.linspace(present.min(), present.max(), _CELLS + 1)
    width = float(edges[1] - edges[0])
    inside = np.searchsorted(edges, values.to_numpy(dtype=float), side="right") - 1
    inside = np.clip(inside, 0, _CELLS - 1)
    inside[values.isna().to_numpy()] = -1
    names = [
        f"{style.plain(low, width)}–{style.plain(high, width)}" for low, high in pairwise(edges)
    ]
    return inside.astype(np.int64), names


def surface_data(table: pd.DataFrame, across: str, up: str, measure: str) -> pd.DataFrame:
    """A row a cell, empty or not: factors, `measure`, `mean`, `deviation`, `runs`, `missing`.

    Args:
        table: a row a run with both factors; a failed run is NaN.
    """
    (column, columns), (row, rows) = factor_cells(table[across]), factor_cells(table[up])
    values = table[measure].to_numpy(dtype=float)
    found = []
    for r, up_name in enumerate(rows):
        for c, across_name in enumerate(columns):
            own = values[(row == r) & (column == c)]
            present = own[np.isfinite(own)]
            found.append(
                {
                    across: across_name, up: up_name, "measure": measure,
                    "mean": present.mean() if len(present) else np.nan,
                    "deviation": present.std(ddof=1) if len(present) > 1 else np.nan,
                    "runs": len(present), "missing": len(own) - len(present),
                }
            )  # fmt: skip
    return pd.DataFrame(found)


@use_style()
def response_surface(cells: pd.DataFrame, words: Words, note: str = "") -> Figure:
    """Means of a measure over two factors, a coloured and numbered cell for each pair of levels.

    Args:
        cells: as `surface_data` gives; its first column goes across, its second up.
        note: how many runs there are.
    """
    across, up = cells.columns[:2]
    measure = str(cells["measure"].iloc[0])
    columns, rows = list(dict.fromkeys(cells[across])), list(dict.fromkeys(cells[up]))
    means = cells["mean"].to_numpy(dtype=float).reshape(len(rows), len(columns))
    runs = cells["runs"].to_numpy(dtype=int).reshape(means.shape)
    note = f"{note}. {_SURFACE}" if note else _SURFACE
    figure, (panel,) = style.frame_panels(1, 1, 1.1 + 0.42 * max(len(rows), 4), words, note)
    masked = np.ma.masked_invalid(means)
    shown = panel.pcolormesh(masked, cmap="cividis", edgecolors="white", linewidth=0.6)
    panel.patch.set(hatch="////", facecolor="white", edgecolor="#BBBBBB")
    _write_cells(panel, means, runs, shown)
    crowded = max(map(len, columns)) > 64 // len(columns)
    turned: Any = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    panel.set_yticks(np.arange(len(rows)) + 0.5, [style.break_lines(name, 22) for name in rows])
    panel.set_xticks(np.arange(len(columns)) + 0.5, columns, **turned)
    panel.grid(visible=False)
    panel.tick_params(length=0)
    panel.set_xlabel(style.factor_name(across))
    panel.set_ylabel(style.break_lines(style.factor_name(up), 30))
    panel.set_title(words.heading(measure))
    bar = figure.colorbar(shown, ax=panel, pad=0.02, fraction=0.05)
    bar.set_label(words.unit(measure))
    bar.outline.set_visible(False)
    return figure


def _write_cells(panel: Axes, means: Values, runs: NDArray[np.int64], shown: QuadMesh) -> None:
    """Write mean and runs into every cell that has any; at most four digits tell cells apart."""
    present = means[np.isfinite(means)]
    spread = float(np.ptp(present)) if len(present) else 0.0
    digits = int(np.clip(np.ceil(-np.log10(spread / 50)) if spread > 0 else 3, 0, 4))
    shades = shown.to_rgba(np.nan_to_num(means))
    for (r, c), mean in np.ndenumerate(means):
        if np.isfinite(mean):
            look: Any = {"ha": "center", "va": "center", "color": style.legible(shades[r, c][:3])}
            panel.text(c + 0.5, r + 0.56, f"{mean:.{digits}f}", fontsize=7, **look)
            panel.text(c + 0.5, r + 0.2, f"{runs[r, c]}", fontsize=5, **look)


@use_style()
def box_plot(
    path: pd.DataFrame,
    limits: pd.DataFrame,
    words: Words,
    *,
    base_rate: float,
    others: pd.DataFrame | None = None,
) -> Figure:
    """Coverage and density of boxes, along a path or of several methods, and the chosen limits.

    Args:
        path: a row a box: `coverage`, `density` (0..1), `limited` (how many factors), `chosen`
            (true for one), and `method` where several found them; without it they are joined.
        limits: a row a limited factor: `factor`, `low`, `high`, `least`, `greatest` (its whole
            range); for a factor of text `levels`, what the box allows.
        base_rate: share of all cases that are sought, 0..1, where a path begins.
        others: boxes beside the path, with `method`, `coverage`, `density` and `limited`.

    Raises:
        ValueError: where there is no box, or none or several are chosen.
    """
    if path.empty or int(path["chosen"].sum()) != 1:
        raise ValueError("boxes with exactly one chosen are needed")
    joined = "method" not in path
    along, box = (look.colour for look in style.looks("ab").values())
    line: Any = {"color": along, "markersize": 4, "linewidth": 0.8 * joined}
    mark: Any = {"color": box, "markersize": 7, "markeredgecolor": INK}
    dashed: Any = {"color": INK, "linestyle": "--", "linewidth": 0.8}
    legend: dict[str, Artist] = {
        "a step of peeling" if joined else "a box": Line2D([], [], marker="o", **line),
        "the chosen box": Line2D([], [], marker="s", linewidth=0, **mark),
        "density of the whole space": Line2D([], [], **dashed),
        "a factor's whole range": style.swatch(color=_TRACK),
    }
    several = others is not None and len(others) > 0
    if several:
        triangle: Any = {"color": INK, "marker": "^", "markersize": 5, "linewidth": 0}
        legend["a box of another method"] = Line2D([], [], **triangle)
    note = _BOXES.format(what=_PATH if joined else "every box found")
    figure, (left, right) = style.frame_panels(
        1, 2, max(2.9, 1.0 + 0.42 * len(limits)), words, note, legend
    )
    left.plot(path["coverage"], path["density"], "-o", **line)
    chosen = path[path["chosen"]].iloc[0]
    left.plot(chosen["coverage"], chosen["density"], "s", **mark)
    _number(left, path)
    if others is not None and several:
        left.plot(others["coverage"], others["density"], "^", color=INK, markersize=5)
        _number(left, others)
    left.axhline(base_rate, **dashed)
    left.set(xlabel="coverage", ylabel="density", xlim=(-0.03, 1.05), ylim=(0.0, 1.05))
    left.xaxis.set_major_formatter(PercentFormatter(1.0))
    left.yaxis.set_major_formatter(PercentFormatter(1.0))
    left.set_title("Coverage and density")
    shares = f"density {chosen['density']:.0%}, coverage {chosen['coverage']:.0%}"
    right.set_title(f"The box: {shares}")
    _limits(right, limits, box)
    return figure


def _number(panel: Axes, path: pd.DataFrame) -> None:
    """Write how many factors are limited wherever that changes along the path."""
    changes = path["limited"].ne(path["limited"].shift()) | ("method" in path)
    look: Any = {"textcoords": "offset points", "fontsize": 6.5, "color": INK}
    for row in style.rows_of(path[changes]):
        method = f" {row['method']}" if "method" in row else ""
        place = (row["coverage"], row["density"])
        panel.annotate(f"{row['limited']}{method}", place, xytext=(4, 4), **look)


def _limits(panel: Axes, limits: pd.DataFrame, colour: str) -> None:
    """A track a factor, and on it what the box allows, its ends in the factor's own terms."""
    for at, row in enumerate(style.rows_of(limits)):
        panel.barh(-at, 1.0, height=0.34, color=_TRACK)
        levels = row.get("levels")
        if isinstance(levels, str):
            said = style.break_lines(levels, 48)
        else:
            span = row["greatest"] - row["least"]
            ends = [style.plain(row[end], span) for end in ("low", "high", "least", "greatest")]
            said = "{} to {}   of {} to {}".format(*ends)
            low, high = (
                (row[end] - row["least"]) / span if span > 0 else 0.5 for end in ("low", "high")
            )
            bar: Any = {"color": colour, "edgecolor": INK, "linewidth": 0.5}
            panel.barh(-at, max(high - low, 0.01), left=low, height=0.34, **bar)
        panel.text(0.0, 0.3 - at, said, fontsize=6.5, va="bottom", color=INK)
    if limits.empty:
        panel.text(0.5, 0.0, "the box limits no factor", ha="center", va="center", fontsize=7)
    factors = limits.get("factor", ())
    style.label_rows(
        panel,
        [style.break_lines(style.factor_name(name), 26) for name in factors],
        (0.5, 0.75),
        fontsize=7,
    )
    panel.set_xlim(0.0, 1.0)
    panel.xaxis.set_major_locator(NullLocator())
    panel.spines[["left", "bottom"]].set_visible(False)
    panel.tick_params(length=0)
    panel.grid(visible=False)

"""Heat maps: an outcome over two factors of a sweep, a measure over a run's actors and theatres."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eurasia_sim.figures import style
from eurasia_sim.figures.moments import moments_of_runs
from eurasia_sim.figures.style import MOST_LEVELS, Page, Request, Words, use_style
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.simulation.results_folder import SWEEP, ResultsFolder
from eurasia_sim.simulation.run import RANGES

_CELLS = 10
_GROUPS_A_PAGE = 2
_LEAST_WRITTEN = 0.05


def heatmap_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
    """Measures over two factors of a sweep, or over the actors and theatres of a run."""
    pages = _surface_pages if held.kind == SWEEP else _matrix_pages
    yield from pages(held, request, question)


def _surface_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
    across, up = _two_factors(held, request)
    over = f"{style.factor_name(across)} (across) and {style.factor_name(up)} (up)"
    for measure in request.measures:
        table = held.runs([measure, across, up])
        data = surface_data(table, across, up, measure)
        says = f"{style.readable(measure, held.names)}, cells of {over}"
        caption = style.caption_of_runs(held, table)
        words = Words(question, caption, f"{says}: {held.title}", held.names)
        counted = style.count_runs(table[measure].to_numpy(dtype=float))
        unit = held.units([measure])[measure]
        note = f"{counted}. {style.NOTES['surface']} In {unit}."
        figure = heat_map(_surface_cells(data), words, note)
        figure.axes[0].set_xlabel(style.factor_name(across))
        figure.axes[0].set_ylabel(style.break_lines(style.factor_name(up), 30))
        yield Page((measure,), figure, data, says)


def _two_factors(held: ResultsFolder, request: Request) -> list[str]:
    """The factors that were named, filled up with the design's own, as their columns are called."""
    named = {"across": request.across, "up": request.up}
    columns = [f"x.{each.removeprefix('x.')}" if each else "" for each in named.values()]
    for (option, given), column in zip(named.items(), columns, strict=True):
        if column and column not in held.factors:
            known = near(column, held.factors)
            raise DataError([f"--{option} {given} is no factor of the design{known}"])
    rest = iter([factor for factor in held.factors if factor not in columns])
    found = [column or next(rest, "") for column in columns]
    if "" in found or found[0] == found[1]:
        twice = f"{found[0]} was named twice" if found[1] else f"its design varies {found[0]} alone"
        raise DataError([f"a heat map of {held.folder} needs two factors; {twice}"])
    return found


def _matrix_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
    """A figure a measure, theory and two groups: means over runs, or of the months asked for."""
    if request.across or request.up:
        raise DataError([f"{held.folder} has no factors: --across and --up need a sweep's folder"])
    by_measure: dict[str, list[str]] = {}
    for column in request.measures:
        if column.count(".") > 1:  # else it is of one actor or theatre, and no table
            by_measure.setdefault(column.split(".")[0], []).append(column)
    if not by_measure:
        raise ValueError("a table needs measures of two actors, or of an actor and a theatre")
    of_groups = (_means_of_months if request.months else _means_of_runs)(held, request)
    for theory, groups, caption in of_groups:
        for measure, columns in by_measure.items():
            cells = matrix_cells(columns, groups)
            subject = f"{style.readable(measure)}: {held.title}"
            for page, shown in style.pages_of(list(groups), _GROUPS_A_PAGE):
                own = cells[cells["group"].isin(shown)].reset_index(drop=True)
                words = Words(question, caption, subject, held.names)
                says = f"{style.readable(measure)} in {', '.join(shown)}"
                figure = heat_map(own, words, style.NOTES["matrix"], least=0.0)
                yield Page((measure, theory, page), figure, own.drop(columns="text"), says)


_Groups = tuple[str, Mapping[str, Mapping[str, float]], str]  # theory, group → column, caption


def _means_of_runs(held: ResultsFolder, request: Request) -> Iterator[_Groups]:
    table = held.runs(request.measures, set=RANGES)
    for theory, runs in table.groupby("theory", sort=False):
        means = runs.groupby("scenario", sort=False)[list(request.measures)].mean()
        groups: Any = means.to_dict(orient="index")
        yield str(theory), groups, style.caption_of_runs(held, runs)


def _means_of_months(held: ResultsFolder, request: Request) -> Iterator[_Groups]:
    for (scenario, theory), moments, caption in moments_of_runs(held, request, 1):
        groups = {each.label: each.values for each in moments}
        yield f"{scenario}-{theory}", groups, f"{caption} · {scenario}"


def matrix_cells(columns: Sequence[str], groups: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """A measure's cells: `group`, `part` (a domain, or none), `row`, `column`, `value`, `text`.

    Args:
        columns: of one measure, `measure.whom.whom_or_where[.part]`.
        groups: group → column → value, NaN where no run is finite.
    """
    found = []
    for group, values in groups.items():
        for name in columns:
            _, row, column, part, *_ = [*name.split("."), ""]
            value = values[name]
            text = f"{value:.2f}".replace("-", "−") if abs(value) >= _LEAST_WRITTEN else ""
            found.append((group, part, row, column, value, text))
    return pd.DataFrame(found, columns=["group", "part", "row", "column", "value", "text"])


def factor_cells(values: pd.Series) -> pd.Series:
    """Which cell of an axis each run lies in, named, in the order of the axis.

    A factor of text, or of few levels, has a cell a level; any other has ten of equal width
    between its ends.

    Raises:
        ValueError: for more levels than an axis holds.
    """
    levels = values.dropna().unique()
    if pd.api.types.is_numeric_dtype(values) and len(levels) > MOST_LEVELS:
        edges = np.linspace(values.min(), values.max(), _CELLS + 1)
        ends = [style.plain(edge, edges[1] - edges[0]) for edge in edges]
        names = [f"{low}–{high}" for low, high in pairwise(ends)]
        return pd.cut(values, _CELLS, right=False, labels=names)
    if len(levels) > MOST_LEVELS:
        limit = f"an axis holds {MOST_LEVELS}: filter first"
        raise ValueError(f"{values.name} has {len(levels)} levels; {limit}")
    ordered = sorted(levels, key=lambda level: (isinstance(level, str), level))
    named = {level: level if isinstance(level, str) else style.plain(level) for level in ordered}
    return values.map(named).astype(pd.CategoricalDtype([*named.values()]))


def surface_data(table: pd.DataFrame, across: str, up: str, measure: str) -> pd.DataFrame:
    """A row a cell, empty or not: up, across, `mean`, `deviation`, `runs`, `missing`, `measure`.

    Args:
        table: a row a run with both factors; a failed run is NaN.
    """
    values = table[measure].replace([np.inf, -np.inf], np.nan)
    cells = [factor_cells(table[up]), factor_cells(table[across])]
    found = values.groupby(cells, observed=False).agg(["mean", "std", "count", "size"])
    found = found.set_axis(["mean", "deviation", "runs", "missing"], axis="columns")
    found["missing"] -= found["runs"]
    return found.reset_index().assign(measure=measure).astype({up: str, across: str})


def _surface_cells(data: pd.DataFrame) -> pd.DataFrame:
    """The cells of a surface, the top row first, with as many digits as tell them apart."""
    spread = float(np.ptp(data["mean"].dropna())) if data["mean"].notna().any() else 0.0
    digits = int(np.clip(np.ceil(-np.log10(spread / 50)) if spread > 0 else 3, 0, 4))
    written = data["mean"].map(f"{{:.{digits}f}}".format) + "\n" + data["runs"].astype(str)
    up, across = data.columns[:2]
    cells = data.rename(columns={up: "row", across: "column", "mean": "value"})
    return cells.assign(group="", part="", text=written).iloc[::-1]


@use_style()
def heat_map(cells: pd.DataFrame, words: Words, note: str, *, least: float | None = None) -> Figure:
    """Coloured and written cells: a panel a group and part, one scale of colour for all.

    Args:
        cells: `group`, `part`, `row`, `column`, `value` (NaN is hatched) and `text`.
        least: end of the scale of values that are all above it; by default the least value.

    Raises:
        ValueError: where there is nothing to draw.
    """
    if cells.empty:
        raise ValueError("there is no measure to draw")
    groups, parts, ups, acrosses = (
        list(dict.fromkeys(cells[name])) for name in ("group", "part", "row", "column")
    )
    acrosses = acrosses if least is not None else acrosses[::-1]
    most = float(np.nanmax([_LEAST_WRITTEN * (least is not None), *cells["value"].abs()]))
    low = cells["value"].min() if least is None else least
    signed = bool((cells["value"] < 0).any())
    scale: Any = {"cmap": "RdBu" if signed else "YlOrRd", "vmin": -most if signed else low}
    panels_of = [(group, part) for group in groups for part in parts]
    abreast = len(parts) if len(parts) > 1 else min(2, len(groups))
    height = 1.0 + max(0.24, 0.17 * (1 + cells["text"].str.count("\n").max())) * len(ups)
    shared: Any = {"sharex": True, "sharey": True}
    figure, panels = style.panel_each(len(panels_of), abreast, height, words, note, **shared)
    labels = [[_label(key, words) for key in keys] for keys in (ups, acrosses)]
    for panel, (group, part) in zip(panels, panels_of, strict=True):
        own = cells[(cells["group"] == group) & (cells["part"] == part)]
        grids = [
            own.pivot_table(name, "row", "column", aggfunc="first", dropna=False)
            .reindex(ups)[acrosses]
            .to_numpy()
            for name in ("value", "text")
        ]
        _draw_cells(panel, *grids, *labels, vmax=most, **scale)
        panel.set_title(", ".join(words.name(word) for word in (group, part) if word))
    panels[0].invert_yaxis()
    return figure


def _label(key: str, words: Words) -> str:
    """An actor, pair, theatre or level in words."""
    known = [words.name(part) for part in key.split("-")]
    return style.break_lines("–".join(known), 24)


def _draw_cells(
    panel: Axes, values: Any, written: Any, ups: list[str], acrosses: list[str], **colours: Any
) -> None:
    """Draw (rows, columns) values as coloured cells with text; one without a number is hatched."""
    masked = np.ma.masked_invalid(values.astype(float))
    shown = panel.pcolormesh(masked, edgecolors="white", linewidth=0.6, **colours)
    panel.patch.set(hatch="////", facecolor="white", edgecolor="#BBBBBB")
    shades = shown.to_rgba(np.nan_to_num(values.astype(float)))
    for r, c in zip(*np.nonzero(np.isfinite(masked.filled(np.nan)) & (written != "")), strict=True):
        look: Any = {"ha": "center", "va": "center", "color": style.legible(shades[r, c][:3])}
        size = 6.5 if len(acrosses) <= MOST_LEVELS else 5.5
        panel.text(c + 0.5, r + 0.5, written[r][c], fontsize=size, linespacing=1.1, **look)
    panel.set_yticks(np.arange(len(ups)) + 0.5, ups, fontsize=6.5)
    crowded = max(map(len, acrosses)) > 64 // len(acrosses)
    turned: Any = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    panel.set_xticks(np.arange(len(acrosses)) + 0.5, acrosses, fontsize=6.5, **turned)
    panel.grid(visible=False)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)

"""Heat maps: an outcome over two factors of a sweep, a measure over a run's actors and theatres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from eurasia_sim.figures import style
from eurasia_sim.figures.distributions import group_runs
from eurasia_sim.figures.moments import moments_of_runs
from eurasia_sim.figures.style import MOST_LEVELS, Page, Request, Values, Words, use_style
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.simulation.results_folder import SWEEP, ResultsFolder

_CELLS = 10
_GROUPS_A_PAGE = 2
_LEAST_WRITTEN = 0.05
_SURFACE = (
    "Colour and number: mean of the runs in a cell, of equal width where a factor is a range; "
    "small number: how many. Hatched: none."
)
_MATRIX = (
    "Row: of whom; column: toward whom, or where. The darker, the more. Numbers below "
    f"{_LEAST_WRITTEN:g} are not written; all are in the table. Hatched: no number."
)


def heatmap_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Measures over two factors of a sweep, or over the actors and theatres of a run."""
    yield from (_surface_pages if held.kind == SWEEP else _matrix_pages)(held, request)


def _surface_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    across, up = _two_factors(held, request)
    over = f"{style.factor_name(across)} (across) and {style.factor_name(up)} (up)"
    for measure in request.measures:
        table = held.runs([measure, across, up])
        cells = surface_data(table, across, up, measure)
        title, units = f"{held.title}: over two factors", held.units([measure])
        words = Words(title, style.caption_of_runs(held, table), held.names, units)
        counted = style.count_runs(table[measure].to_numpy(dtype=float))
        says = f"{style.readable(measure, held.names)}, cells of {over}"
        yield Page((measure,), response_surface(cells, words, counted), cells, says)


def _two_factors(held: ResultsFolder, request: Request) -> list[str]:
    """The factors that were named, filled up with the design's own, as their columns are called."""
    named = {"across": request.across, "up": request.up}
    columns = {key: f"x.{factor.removeprefix('x.')}" for key, factor in named.items() if factor}
    for option, column in columns.items():
        if column not in held.factors:
            known = near(column, held.factors)
            raise DataError([f"--{option} {named[option]} is no factor of the design{known}"])
    rest = [factor for factor in held.factors if factor not in columns.values()]
    found = [columns.get(option) or (rest.pop(0) if rest else "") for option in named]
    if "" in found:
        alone = f"varies {', '.join(held.factors)} alone: its heat map needs two factors"
        raise DataError([f"{held.folder} {alone}"])
    if found[0] == found[1]:
        raise DataError([f"a heat map needs two factors; {found[0]} was named twice"])
    return found


def _matrix_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
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
    for theory, groups, caption, by in of_groups:
        for measure, columns in by_measure.items():
            table = matrix_table(columns, groups, by)
            for page, shown in style.pages_of(list(groups), _GROUPS_A_PAGE):
                own = table[table[by].isin(shown)].reset_index(drop=True)
                title = f"{held.title}: {style.readable(measure)}"
                words = Words(title, caption, held.names, by=by)
                says = f"{style.readable(measure)} in {', '.join(shown)}"
                yield Page((measure, theory, page), matrix_plot(own, words), own, says)


_Groups = tuple[str, Mapping[str, Mapping[str, float]], str, str]  # theory, groups, caption, by


def _means_of_runs(held: ResultsFolder, request: Request) -> Iterator[_Groups]:
    for theory, runs, by in group_runs(held, request, request.measures):
        means = runs.groupby(runs[by].astype(str), sort=False)[list(request.measures)].mean()
        groups: Any = means.to_dict(orient="index")
        yield theory, groups, style.caption_of_runs(held, runs), by


def _means_of_months(held: ResultsFolder, request: Request) -> Iterator[_Groups]:
    for (scenario, theory), moments, caption in moments_of_runs(held, request, 1):
        groups = {each.label: each.values for each in moments}
        yield f"{scenario}-{theory}", groups, f"{caption} · {scenario}", "month"


def matrix_table(
    columns: Iterable[str], groups: Mapping[str, Mapping[str, float]], by: str
) -> pd.DataFrame:
    """A measure's values: the group under `by`, `part` (a domain, or none), `row`, `column`, value.

    Args:
        columns: of one measure, `measure.whom.whom_or_where[.part]`; without a second, it is "".
        groups: group → column → value, NaN where no run is finite.
    """
    rows = []
    for group, values in groups.items():
        for name in columns:
            _, row, column, part, *_ = [*name.split("."), "", ""]
            rows.append((group, part, row, column, values[name]))
    return pd.DataFrame(rows, columns=[by, "part", "row", "column", "value"])


@use_style()
def matrix_plot(table: pd.DataFrame, words: Words) -> Figure:
    """Squares of a measure: a row of panels a group, a panel a part; one scale of colour.

    Args:
        table: as `matrix_table` gives; the groups are the values of `words.by`.

    Raises:
        ValueError: where there is nothing to draw.
    """
    if table.empty:
        raise ValueError("there is no measure to draw")
    (groups, parts, rows, columns) = (
        list(dict.fromkeys(table[name])) for name in (words.by, "part", "row", "column")
    )
    most = float(np.nanmax([_LEAST_WRITTEN, *table["value"].abs()]))
    signed = bool((table["value"] < 0).any())
    colours: Any = {"cmap": "RdBu" if signed else "YlOrRd", "vmin": -most * signed, "vmax": most}
    panels_of = [(group, part) for group in groups for part in parts]
    abreast = len(parts) if len(parts) > 1 else min(2, len(groups))
    height = 1.1 + 0.24 * len(rows)
    shared: Any = {"sharex": True, "sharey": True}
    figure, panels = style.panel_each(len(panels_of), abreast, height, words, _MATRIX, **shared)
    keys = [words.by, "part", "row"]
    cells = table.pivot_table(index=keys, columns="column", values="value", dropna=False)
    sides = [[_label(key, words) for key in keys] for keys in (rows, columns)]
    for panel, key in zip(panels, panels_of, strict=True):
        values = cells.loc[key].reindex(index=rows, columns=columns).to_numpy(dtype=float)
        written = [[f"{v:.2f}" if abs(v) >= _LEAST_WRITTEN else "" for v in row] for row in values]
        draw_cells(panel, values, sides[0], sides[1], written, **colours)
        panel.set_title(", ".join(words.name(word) for word in key if word))
    panels[0].invert_yaxis()
    return figure


def _label(key: str, words: Words) -> str:
    """An actor, pair or theatre in words."""
    return style.break_lines("–".join(words.name(part) for part in key.split("-")), 24)


@use_style()
def cell_plot(table: pd.DataFrame, words: Words, note: str, width: int) -> Figure:
    """Shares 0..1 as numbered cells, hatched where NaN; the names of rows break at a width."""
    figure, (panel,) = style.frame_panels(1, 1, 0.7 + 0.3 * len(table), words, note)
    written = [[f"{100 * value:.0f} %" for value in row] for row in table.to_numpy(dtype=float)]
    names = [style.break_lines(str(name), width) for name in table.index]
    columns = [style.break_lines(str(name), 12) for name in table.columns]
    scale: Any = {"cmap": "YlGnBu", "vmin": 0.0, "vmax": 1.0}
    draw_cells(panel, table.to_numpy(dtype=float), names, columns, written, **scale)
    panel.xaxis.tick_top()
    panel.set_xticks(panel.get_xticks(), columns, rotation=0, ha="center")
    panel.invert_yaxis()
    return figure


def draw_cells(
    panel: Axes,
    values: Values,
    rows: Sequence[str],
    columns: Sequence[str],
    written: Sequence[Sequence[str]],
    **colours: Any,
) -> QuadMesh:
    """Draw (rows, columns) values as coloured cells with text; one without a number is hatched."""
    masked = np.ma.masked_invalid(values)
    shown = panel.pcolormesh(masked, edgecolors="white", linewidth=0.6, **colours)
    panel.patch.set(hatch="////", facecolor="white", edgecolor="#BBBBBB")
    shades = shown.to_rgba(np.nan_to_num(values))
    for (r, c), value in np.ndenumerate(values):
        if np.isfinite(value) and written[r][c]:
            look: Any = {"ha": "center", "va": "center", "color": style.legible(shades[r, c][:3])}
            size = 6.5 if len(columns) <= MOST_LEVELS else 5.5
            panel.text(c + 0.5, r + 0.5, written[r][c], fontsize=size, linespacing=1.1, **look)
    panel.set_yticks(np.arange(len(rows)) + 0.5, rows, fontsize=6.5)
    crowded = max(map(len, columns)) > 64 // len(columns)
    turned: Any = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    panel.set_xticks(np.arange(len(columns)) + 0.5, columns, fontsize=6.5, **turned)
    panel.grid(visible=False)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    return shown


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


@use_style()
def response_surface(cells: pd.DataFrame, words: Words, note: str = "") -> Figure:
    """Means of a measure over two factors, a coloured and numbered cell for each pair of levels.

    Args:
        cells: as `surface_data` gives; its first column goes up, its second across.
        note: how many runs there are.
    """
    up, across = cells.columns[:2]
    measure = str(cells["measure"].iloc[0])
    columns, rows = list(dict.fromkeys(cells[across])), list(dict.fromkeys(cells[up]))
    means = cells["mean"].to_numpy(dtype=float).reshape(len(rows), len(columns))
    runs = cells["runs"].to_numpy(dtype=int).reshape(means.shape)
    present = means[np.isfinite(means)]
    spread = float(np.ptp(present)) if len(present) else 0.0
    # At most four digits tell cells apart.
    digits = int(np.clip(np.ceil(-np.log10(spread / 50)) if spread > 0 else 3, 0, 4))
    written = [
        [f"{mean:.{digits}f}\n{count}" for mean, count in zip(*row, strict=True)]
        for row in zip(means, runs, strict=True)
    ]
    note = f"{note}. {_SURFACE}" if note else _SURFACE
    figure, (panel,) = style.frame_panels(1, 1, 1.1 + 0.42 * max(len(rows), 4), words, note)
    labels = [style.break_lines(name, 22) for name in rows]
    shown = draw_cells(panel, means, labels, columns, written, cmap="cividis")
    panel.set_xlabel(style.factor_name(across))
    panel.set_ylabel(style.break_lines(style.factor_name(up), 30))
    panel.set_title(words.heading(measure))
    bar = figure.colorbar(shown, ax=panel, pad=0.02, fraction=0.05)
    bar.set_label(words.unit(measure))
    bar.outline.set_visible(False)
    return figure

"""Heat maps: an outcome over two factors of a sweep, a measure over a run's actors and theatres."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eurasia_sim.figures import style
from eurasia_sim.figures.style import Picture, Request, Words
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.results_folder import SWEEP, ResultsFolder
from eurasia_sim.simulation.run import RANGES

_MOST_LEVELS, _CELLS = 12, 10  # of a factor; one of more levels is cut into cells
_LEAST_WRITTEN = 0.05


def heatmap_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """Measures over two factors of a sweep, or over the actors and theatres of a run."""
    if held.kind == SWEEP:
        yield from _surface_pages(held, request, question)
        return
    if request.across or request.up:
        raise DataError([f"{held.folder} has no factors: --across and --up need a sweep's folder"])
    # Measures of one actor or theatre are no table.
    columns = pd.Series([name for name in request.measures if name.count(".") > 1])
    if columns.empty:
        raise ValueError("a table needs measures of two actors, or of an actor and a theatre")
    table = held.runs(request.measures, set=RANGES)
    for names, runs in table.groupby(["theory", "scenario"], sort=False):
        theory, scenario = map(str, names)
        means = runs[[*columns]].mean().to_dict()
        for measure, own in columns.groupby(columns.str.partition(".")[0], sort=False):
            says = f"{style.readable(str(measure))}: {style.scenario_title(held, scenario)}"
            words = style.words_of(held, question, runs, says)
            figure, cells = matrix([*own], means, words)
            parts = (str(measure), theory, scenario)
            yield Picture(parts, figure, cells.drop(columns="text"), says)


def _surface_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    across, up = factors = _two_factors(held, request)
    axes = [style.factor_name(factor) for factor in factors]
    for measure in request.measures:
        table = held.runs([measure, *factors])
        data, says = surface_data(table, across, up, measure), style.readable(measure, held.names)
        words = style.words_of(held, question, table, f"{says}: {held.title}")
        counted = style.count_runs(table[measure].to_numpy(dtype=float))
        note = f"{counted}. {style.NOTES['surface']} In {style.unit_of(measure)}."
        figure = heat_map(_surface_cells(data), words, note, axes)
        yield Picture((measure,), figure, data, f"{says}, cells of {' and '.join(axes)}")


def _two_factors(held: ResultsFolder, request: Request) -> list[str]:
    """The factors that were named, filled up with the design's own, as their columns are called."""
    given = {"across": request.across or "", "up": request.up or ""}
    named = [each and f"x.{each.removeprefix('x.')}" for each in given.values()]
    for option, column in zip(given, named, strict=True):
        if column and column not in held.factors:
            known = near(column, held.factors)
            raise DataError([f"--{option} {given[option]} is no factor of the design{known}"])
    rest = iter([factor for factor in held.factors if factor not in named])
    found = [column or next(rest, "") for column in named]
    if "" in found or found[0] == found[1]:
        wrong = " and ".join(filter(None, found))
        raise DataError([f"a heat map of {held.folder} needs two factors, not {wrong}"])
    return found


def matrix(
    columns: Sequence[str], values: Mapping[Any, float], words: Words
) -> tuple[Figure, pd.DataFrame]:
    """A measure of two actors, or of an actor and a theatre, as a figure and its cells.

    Columns are `measure.whom.whom_or_where[.part]`; a value is NaN where no run is finite. Cells
    are `part` (a domain, or none), `row`, `column`, `value`, `text`.
    """
    heads = pd.DataFrame([each.split(".")[1:] for each in columns])
    cells = heads.reindex(columns=(2, 0, 1), fill_value="")
    cells = cells.set_axis(["part", "row", "column"], axis="columns")
    numbers = pd.Series([values[each] for each in columns])
    text = numbers.map("{:.2f}".format).str.replace("-", "−")
    cells = cells.assign(value=numbers, text=text.where(numbers.abs() >= _LEAST_WRITTEN, ""))
    of_actors = measures()[columns[0].partition(".")[0]]["of"][1] == "actor"
    axes = ("toward whom" if of_actors else "where", "of whom")
    return heat_map(cells, words, style.NOTES["matrix"], axes, least=0.0), cells


def factor_cells(values: pd.Series) -> pd.Series:
    """Which cell of an axis each run lies in, named, in the order of the axis.

    A factor of text, or of few levels, has a cell a level; any other has ten of equal width.
    ValueError for more levels of text than an axis holds.
    """
    levels, is_text = values.dropna().unique(), not pd.api.types.is_numeric_dtype(values)
    if len(levels) > _MOST_LEVELS and is_text:
        limit = f"an axis holds {_MOST_LEVELS}: filter first"
        raise ValueError(f"{values.name} has {len(levels)} levels; {limit}")
    if len(levels) > _MOST_LEVELS:
        edges = np.linspace(values.min(), values.max(), _CELLS + 1)
        ends = [style.plain(edge, edges[1] - edges[0]) for edge in edges]
        names = [f"{low}–{high}" for low, high in pairwise(ends)]
        return pd.cut(values, _CELLS, right=False, labels=names)
    named = {level: level if is_text else style.plain(level) for level in sorted(levels)}
    return values.map(named).astype(pd.CategoricalDtype([*named.values()]))


def surface_data(table: pd.DataFrame, across: str, up: str, measure: str) -> pd.DataFrame:
    """A row a cell, empty or not: up, across, `mean`, `deviation`, `runs`, `missing`, `measure`."""
    values = table[measure].replace([np.inf, -np.inf], np.nan)
    cells = [factor_cells(table[up]), factor_cells(table[across])]
    found = values.groupby(cells, observed=False).agg(["mean", "std", "count", "size"])
    found = found.set_axis(["mean", "deviation", "runs", "missing"], axis="columns")
    found["missing"] -= found["runs"]
    return found.reset_index().assign(measure=measure).astype({up: str, across: str})


def _surface_cells(data: pd.DataFrame) -> pd.DataFrame:
    """The cells of a surface, the top row first, with as many digits as tell them apart."""
    spread = data["mean"].max() - data["mean"].min()
    digits = int(np.clip(np.ceil(-np.log10(spread / 50)), 0, 4)) if spread > 0 else 3
    written = data["mean"].map(f"{{:.{digits}f}}".format) + "\n" + data["runs"].astype(str)
    cells = data.set_axis(["row", "column", "value", *data.columns[3:]], axis="columns")
    lines = [own for _, own in cells.assign(part="", text=written).groupby("row", sort=False)]
    return pd.concat(lines[::-1])


def heat_map(
    cells: pd.DataFrame, words: Words, note: str, axes: Sequence[str], least: float | None = None
) -> Figure:
    """Coloured and written cells, a panel a part, one scale of colour; a matrix lies flat.

    Cells are `part`, `row`, `column`, `value` (NaN is hatched), `text`; axes, what columns and rows
    are; `least`, of a matrix, the end of the scale of values that are all above it.
    """
    if least is not None and cells["row"].nunique() > cells["column"].nunique():
        cells, axes = cells.rename(columns={"row": "column", "column": "row"}), axes[::-1]
    parts, ups, acrosses = (list(cells[name].unique()) for name in ("part", "row", "column"))
    most = float(np.nanmax([_LEAST_WRITTEN * (least is not None), *cells["value"].abs()]))
    signed = bool((cells["value"] < 0).any())
    low = -most if signed else cells["value"].min() if least is None else least
    colours: Any = {"cmap": "RdBu" if signed else "YlOrRd", "vmin": low, "vmax": most}
    look: Any = {"ha": "center", "va": "center", "fontsize": 6, "linespacing": 1.1}
    tall = max(0.21, 0.13 * (1.3 + cells["text"].str.count("\n").max()))
    height = len(parts) * (tall * len(ups) + 0.3) + 0.7
    shared: Any = {"sharex": True, "sharey": True}
    figure, panels = style.frame_panels(len(parts), 1, height, words, note, **shared)
    for panel, part in zip(panels, parts, strict=True):
        own = cells[cells["part"] == part]
        values, texts = np.full((len(ups), len(acrosses)), np.nan), own["text"]
        places = own["row"].map(ups.index), own["column"].map(acrosses.index)
        values[places] = own["value"]
        grid = np.ma.masked_invalid(values)
        shown = panel.pcolormesh(grid, edgecolors="white", linewidth=0.6, **colours)
        panel.patch.set(hatch="////", facecolor="white", edgecolor="#BBBBBB")
        for row, column, value, text in zip(*places, own["value"], texts, strict=True):
            if text and np.isfinite(value):
                ink = style.legible(shown.to_rgba(value))
                panel.text(column + 0.5, row + 0.5, text, color=ink, **look)
        _name_cells(panel, words, ups, acrosses)
        panel.set(title=words.name(part), ylabel=axes[1])
    panels[-1].set_xlabel(axes[0])
    panels[0].invert_yaxis()
    return figure


def _name_cells(panel: Axes, words: Words, ups: list[str], acrosses: list[str]) -> None:
    """Name the rows and columns, these aslant where they are crowded."""
    panel.grid(visible=False)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    for axis, keys in ((panel.yaxis, ups), (panel.xaxis, acrosses)):
        names = [style.in_lines("–".join(map(words.name, key.split("-"))), 20) for key in keys]
        crowded = axis is panel.xaxis and max(map(len, names)) > 48 // len(names)
        turned: Any = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
        axis.set_ticks(np.arange(len(keys)) + 0.5, names, fontsize=6.5, **turned)

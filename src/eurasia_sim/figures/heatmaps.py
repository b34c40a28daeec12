"""Heat maps: an outcome over two factors of a sweep, a measure over a run's actors and theatres."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import style
from eurasia_sim.figures.moments import AT_REFERENCE, moments_of_runs
from eurasia_sim.figures.style import Picture, Request, Words, use_style
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.results_folder import SWEEP, ResultsFolder
from eurasia_sim.simulation.run import RANGES

_MOST_LEVELS, _CELLS = 12, 10  # of a factor; one of more levels is cut into cells
_LEAST_WRITTEN = 0.05


def heatmap_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """Measures over two factors of a sweep, or over the actors and theatres of a run."""
    pages = _surface_pages if held.kind == SWEEP else _matrix_pages
    yield from pages(held, request, question)


def _surface_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    across, up = factors = _two_factors(held, request)
    axes = [style.factor_name(factor) for factor in factors]
    for measure in request.measures:
        table = held.runs([measure, *factors])
        data = surface_data(table, across, up, measure)
        says, unit = style.readable(measure, held.names), style.unit_of(measure)
        caption = style.caption_of_runs(held, table)
        words = Words(question, caption, f"{says}: {held.title}", held.names)
        counted = style.count_runs(table[measure].to_numpy(dtype=float))
        note = f"{counted}. {style.NOTES['surface']} In {unit}."
        figure = heat_map(_surface_cells(data), words, note, axes)
        yield Picture((measure,), figure, data, f"{says}, cells of {' and '.join(axes)}")


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


def _matrix_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """A figure a measure, theory and scenario: means over runs, or of the months asked for."""
    if request.across or request.up:
        raise DataError([f"{held.folder} has no factors: --across and --up need a sweep's folder"])
    # Measures of one actor or theatre are no table.
    columns = pd.Series([name for name in request.measures if name.count(".") > 1])
    if columns.empty:
        raise ValueError("a table needs measures of two actors, or of an actor and a theatre")
    for parts, title, values, caption in _means(held, request):
        for measure, own in columns.groupby(columns.str.split(".").str[0], sort=False):
            says = f"{style.readable(measure)}: {title}"
            words = Words(question, caption, says, held.names)
            figure, cells = matrix(list(own), values, words)
            yield Picture((measure, *parts), figure, cells.drop(columns="text"), says)


def _means(
    held: ResultsFolder, request: Request
) -> Iterator[tuple[tuple[str, ...], str, Mapping[str, float], str]]:
    """Parts, title, means by column and caption of every month asked for, or over all."""
    if request.months:
        for (scenario, theory), moments, counts in moments_of_runs(held, request):
            caption = style.caption({scenario: counts}, held.seed, theory, AT_REFERENCE)
            for each in moments:
                title = f"{style.scenario_title(held, scenario)}, {each.label}"
                yield (theory, scenario, each.label), title, each.values, caption
        return
    table = held.runs(request.measures, set=RANGES)
    for names, own in table.groupby(["theory", "scenario"], sort=False):
        theory, scenario = map(str, names)
        means: dict[Any, float] = own[list(request.measures)].mean().to_dict()
        title = style.scenario_title(held, scenario)
        yield (theory, scenario), title, means, style.caption_of_runs(held, own)


def matrix(
    columns: Sequence[str], values: Mapping[str, float], words: Words
) -> tuple[Figure, pd.DataFrame]:
    """A measure of two actors, or of an actor and a theatre, as a figure and its cells.

    Args:
        columns: of one measure, `measure.whom.whom_or_where[.part]`.
        values: by column, NaN where no run is finite.

    Returns:
        The cells as `part` (a domain, or none), `row`, `column`, `value`, `text`.
    """
    found = []
    for name in columns:
        _, row, column, part, *_ = [*name.split("."), ""]
        text = f"{values[name]:.2f}".replace("-", "−")
        is_written = abs(values[name]) >= _LEAST_WRITTEN
        found.append((part, row, column, values[name], text if is_written else ""))
    cells = pd.DataFrame(found, columns=["part", "row", "column", "value", "text"])
    of_actors = measures()[columns[0].partition(".")[0]]["of"][1] == "actor"
    axes = ("toward whom" if of_actors else "where", "of whom")
    return heat_map(cells, words, style.NOTES["matrix"], axes, least=0.0), cells


def factor_cells(values: pd.Series) -> pd.Series:
    """Which cell of an axis each run lies in, named, in the order of the axis.

    A factor of text, or of few levels, has a cell a level; any other has ten of equal width
    between its ends.

    Raises:
        ValueError: for more levels than an axis holds.
    """
    levels = values.dropna().unique()
    if pd.api.types.is_numeric_dtype(values) and len(levels) > _MOST_LEVELS:
        edges = np.linspace(values.min(), values.max(), _CELLS + 1)
        ends = [style.plain(edge, edges[1] - edges[0]) for edge in edges]
        names = [f"{low}–{high}" for low, high in pairwise(ends)]
        return pd.cut(values, _CELLS, right=False, labels=names)
    if len(levels) > _MOST_LEVELS:
        limit = f"an axis holds {_MOST_LEVELS}: filter first"
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
    spread = data["mean"].max() - data["mean"].min()
    digits = int(np.clip(np.ceil(-np.log10(spread / 50)), 0, 4)) if spread > 0 else 3
    written = data["mean"].map(f"{{:.{digits}f}}".format) + "\n" + data["runs"].astype(str)
    up, across = data.columns[:2]
    cells = data.rename(columns={up: "row", across: "column", "mean": "value"})
    order = {name: -at for at, name in enumerate(cells["row"].unique())}
    cells = cells.assign(part="", text=written)
    return cells.sort_values("row", key=lambda each: each.map(order), kind="stable")


@use_style()
def heat_map(
    cells: pd.DataFrame, words: Words, note: str, axes: Sequence[str], least: float | None = None
) -> Figure:
    """Coloured and written cells, a panel a part, one scale of colour; a matrix lies flat.

    Args:
        cells: `part`, `row`, `column`, `value` (NaN is hatched) and `text`.
        axes: what the columns are, and the rows.
        least: of a matrix, end of the scale of values that are all above it.

    Raises:
        ValueError: where there is nothing to draw.
    """
    if cells.empty:
        raise ValueError("there is no measure to draw")
    if least is not None and cells["row"].nunique() > cells["column"].nunique():
        cells, axes = cells.rename(columns={"row": "column", "column": "row"}), axes[::-1]
    parts, ups, acrosses = (list(cells[name].unique()) for name in ("part", "row", "column"))
    most = float(np.nanmax([_LEAST_WRITTEN * (least is not None), *cells["value"].abs()]))
    signed = bool((cells["value"] < 0).any())
    low = -most if signed else cells["value"].min() if least is None else least
    colours: Any = {"cmap": "RdBu" if signed else "YlOrRd", "vmin": low, "vmax": most}
    tall = max(0.21, 0.13 * (1.3 + cells["text"].str.count("\n").max()))
    height = len(parts) * (tall * len(ups) + 0.3) + 0.7
    figure, panels = style.frame_panels(
        len(parts), 1, height, words, note, sharex=True, sharey=True
    )
    names = [["–".join(map(words.name, key.split("-"))) for key in own] for own in (ups, acrosses)]
    labels = [[style.break_lines(name, 20) for name in each] for each in names]
    for panel, part in zip(panels, parts, strict=True):
        own = cells[cells["part"] == part]
        value, text = (
            own.pivot_table(name, "row", "column", aggfunc="first", dropna=False)
            .reindex(ups)[acrosses]
            .to_numpy()
            for name in ("value", "text")
        )
        _draw_cells(panel, value.astype(float), text, *labels, **colours)
        panel.set(title=words.name(part), ylabel=axes[1])
    panels[-1].set_xlabel(axes[0])
    panels[0].invert_yaxis()
    return figure


def _draw_cells(
    panel: Axes, values: Floats, written: Any, ups: list[str], acrosses: list[str], **colours: Any
) -> None:
    """Draw (rows, columns) values as coloured cells with text; one without a number is hatched."""
    shown = panel.pcolormesh(
        np.ma.masked_invalid(values), edgecolors="white", linewidth=0.6, **colours
    )
    panel.patch.set(hatch="////", facecolor="white", edgecolor="#BBBBBB")
    shades = shown.to_rgba(np.nan_to_num(values))
    for r, c in zip(*np.nonzero(np.isfinite(values) & (written != "")), strict=True):
        look: Any = {"ha": "center", "va": "center", "color": style.legible(shades[r, c][:3])}
        panel.text(c + 0.5, r + 0.5, written[r][c], fontsize=6, linespacing=1.1, **look)
    panel.set_yticks(np.arange(len(ups)) + 0.5, ups, fontsize=6.5)
    crowded = max(map(len, acrosses)) > 48 // len(acrosses)
    turned: Any = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    panel.set_xticks(np.arange(len(acrosses)) + 0.5, acrosses, fontsize=6.5, **turned)
    panel.grid(visible=False)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)

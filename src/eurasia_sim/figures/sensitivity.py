"""Which factor moves an outcome, and the box in the space of assumptions where it holds."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.style import INK, Picture, Request, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.world.world import World

_MOST_FACTORS = 20
_APART = 0.09  # of coverage and density, between two numbers that are written
_END = 0.2  # share of the runs at each end of a factor
# What `analyze` says of every factor: column → what it is called. The largest `_BY` comes first.
_MARKS: Mapping[str, Mapping[str, str]] = {
    "sobol": {"first": "Sobol': first order", "total": "total"},
    "morris": {
        "absolute": "Morris: µ*, mean size", "mean": "mean effect", "deviation": "σ, unevenness",
    },
}  # fmt: skip
_BY = {"sobol": "total", "morris": "absolute"}


def tornado_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """What each measure does at both ends of every factor of a sweep."""
    if not held.factors:
        raise DataError([f"{held.folder} has no factors: a tornado needs a folder of a sweep"])
    for measure in request.measures:
        table = held.runs([measure, *held.factors])
        varied = [factor for factor in held.factors if len(table[factor].unique()) > 1]
        if not varied:
            raise ValueError("no factor varies")
        ends, says = tornado_table(table, varied, measure), style.readable(measure, held.names)
        words = Words(question, style.caption_of_runs(held, table), f"{says}: {held.title}")
        figure = tornado(ends, words, style.unit_of(measure))
        yield Picture((measure,), figure, ends, says)


def tornado_table(table: pd.DataFrame, factors: Sequence[str], measure: str) -> pd.DataFrame:
    """What a measure does at both ends of every factor, a row a factor, the widest first.

    Args:
        table: a row a run; a failed run is NaN and counts for neither end.
        factors: columns of numbers, or of text, whose levels are ordered by the measure's mean.

    Returns:
        Columns `factor`, `low`, `high` (means at the ends), their intervals `low_low` …
        `high_high`, `low_at`, `high_at` (what the ends are), `runs`, `missing`, `middle` (mean of
        all runs).
    """
    whole = table[np.isfinite(table[measure])]
    values = whole[measure]
    counts = {"runs": len(whole), "missing": len(table) - len(whole), "middle": values.mean()}
    found = []
    for factor in factors:
        row: dict[str, Any] = {"factor": factor}
        for end, (name, inside) in zip(("low", "high"), _ends(whole[factor], values), strict=True):
            low, high = mean_interval(values[inside].to_numpy())
            row |= {end: values[inside].mean(), f"{end}_low": low, f"{end}_high": high}
            row[f"{end}_at"] = name
        found.append(row | counts)
    ends = pd.DataFrame(found)
    return _largest_first(ends, (ends["high"] - ends["low"]).abs())


def _ends(factor: pd.Series, values: pd.Series) -> list[tuple[str, pd.Series]]:
    """What the two ends of a factor are called, and the runs at them."""
    if not pd.api.types.is_numeric_dtype(factor):
        means = values.groupby(factor).mean()
        return [(str(level), factor == level) for level in (means.idxmin(), means.idxmax())]
    if factor.nunique() <= 1 / _END:
        return [(style.plain(end), factor == end) for end in (factor.min(), factor.max())]
    low, high = factor.quantile([_END, 1 - _END])
    return [
        (f"≤ {style.plain(low, high - low)}", factor <= low),
        (f"≥ {style.plain(high, high - low)}", factor >= high),
    ]


def _largest_first(table: pd.DataFrame, size: pd.Series) -> pd.DataFrame:
    """The rows by their size; those without a number last."""
    order = size.sort_values(ascending=False, kind="stable", na_position="last").index
    return table.loc[order].reset_index(drop=True)


def _note(kind: str, table: pd.DataFrame, **counts: Any) -> str:
    """The note beneath, with how many factors are not drawn, if any."""
    more = len(table) - _MOST_FACTORS
    left = f"; {more} smaller ones are in the table alone" if more > 0 else ""
    return str(style.NOTES[kind].format(left=left, **counts))


@use_style()
def tornado(ends: pd.DataFrame, words: Words, unit: str) -> Figure:
    """Bars from the overall mean to the mean at either end of each factor.

    Args:
        ends: as `tornado_table` gives; the first twenty are drawn, and the rest is counted.
    """
    shown, first = ends.head(_MOST_FACTORS), ends.iloc[0]
    note = _note("tornado", ends, runs=first["runs"], missing=first["missing"])
    beside = [f"low {row['low_at']}, high {row['high_at']}" for row in style.rows_of(shown)]
    marks = {end: f"at the factor's {end} end" for end in ("low", "high")}
    labels, middle = [*map(style.factor_name, shown["factor"])], float(first["middle"])
    figure, panel, _ = rows.mark_rows(
        shown, labels, marks, words, note, beside, zero=middle, bars=True
    )
    panel.set_xlabel(unit)
    return figure


def index_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """What `analyze` says of every factor with intervals, a figure a measure and scenario."""
    named = next((name for name in _MARKS if held.has(name)), "sobol")
    for parts, own, heading in style.split_table(held, named, request, "measure", "scenario"):
        table = index_table(own) if named == "sobol" else own
        words = Words(question, style.analysis_caption(held), heading)
        share, measure = "share of the outcome's variance", parts[0]
        unit = share if named == "sobol" else style.unit_of(measure)
        figure = index_plot(table, named, words, unit)
        yield Picture(parts, figure, table, f"{heading}, {len(table)} factors")


def index_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a factor with both its indices, of a row an index: `order`, `factor`, `index`."""
    wide = pd.DataFrame({"factor": table["factor"].unique()})
    for order in ("first", "total"):
        names = {"index": order, "low": f"{order}_low", "high": f"{order}_high"}
        own = table.loc[table["order"] == order, ["factor", *names]].rename(columns=names)
        wide = wide.merge(own, "left", "factor")
    return wide


@use_style()
def index_plot(table: pd.DataFrame, named: str, words: Words, unit: str) -> Figure:
    """A row a factor with its indices, their intervals and numbers; the first twenty.

    Args:
        table: `factor` and a column a mark of `_MARKS`, NaN written as such; `<mark>_low` and
            `<mark>_high` where it has an interval.
    """
    marks, by = _MARKS[named], _BY[named]
    table = table.rename(columns={"low": f"{by}_low", "high": f"{by}_high"})
    shown = _largest_first(table, table[by]).head(_MOST_FACTORS)
    beside = [
        ", ".join(_number_words(row, name, label) for name, label in marks.items())
        for row in style.rows_of(shown)
    ]
    labels = [*map(style.factor_name, shown["factor"])]
    figure, panel, _ = rows.mark_rows(shown, labels, marks, words, _note(named, table), beside)
    panel.set_xlabel(unit)
    return figure


def _number_words(row: Mapping[str, Any], name: str, label: str) -> str:
    """A mark's number with its interval, if it has one."""
    low, high = (row.get(f"{name}_{end}", np.nan) for end in ("low", "high"))
    if not np.isfinite(row[name]):
        return f"{label}: no number"
    if not np.isfinite(high - low):
        return style.plain(row[name])
    value, low, high = (style.plain(each, high - low) for each in (row[name], low, high))
    return f"{value} [{low}, {high}]"


def box_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """The box that does best, its path and the other boxes, a figure an outcome sought."""
    paths = style.table_of(held, "paths") if held.has("paths") else pd.DataFrame()
    keys = ("measure", "scenario", "sought")
    for parts, own, heading in style.split_table(held, "boxes", request, *keys):
        boxes, limits = box_tables(own, held.world, held.manifest.get("design", {}))
        named = [key for key in keys if key in own]
        path = paths.merge(own[named].head(1)) if set(named) <= set(paths) else boxes.iloc[:0]
        drawn = int(own["draws"].iloc[0])
        judged = f"{style.analysis_caption(held)} · judged on {drawn} draws held back"
        words = Words(question, judged, heading)
        figure = box_plot(path, boxes, limits, float(own["base"].iloc[0]), words)
        steps = f", along a path of {len(path)} steps" if len(path) else ""
        says = f"{len(limits)} factors limited, {len(boxes)} boxes{steps}"
        yield Picture(parts, figure, own, says)


def box_tables(
    table: pd.DataFrame, world: World, design: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a box, the chosen one first, and its limits within each factor's whole range.

    Args:
        table: a row a limit of a box: `method`, `box`, `limit` (in words), `parameter`, `low`,
            `high` (NaN where open), `density`, `coverage`, as `analyze` writes them.
        design: of a sweep, whose factors have ranges of their own.
    """
    heads = ["box", "method", "density", "coverage"]
    boxes = table.groupby(heads, sort=False).size().reset_index(name="limited")
    factors = design.get("factors", ())
    ranges = {each["name"]: (each["low"], each["high"]) for each in factors if "low" in each}
    limits: list[dict[str, Any]] = []
    for row in style.rows_of(table[table["box"] == boxes["box"].iloc[0]]):
        column, ends = str(row["parameter"]), np.array([row["low"], row["high"]], dtype=float)
        limit: dict[str, Any] = {"factor": style.factor_name(column), "says": str(row["limit"])}
        if not np.isnan(ends).all():
            path = column.removeprefix("x.")
            number = world.numbers.get(path) or world.numbers.get(f"rules.{path}")
            whole = ranges.get(column) or ((number.low, number.high) if number else ())
            least, most = np.nanmin([*ends, *whole]), np.nanmax([*ends, *whole])
            low, high = np.where(np.isnan(ends), (least, most), ends)
            span = most - least
            shown = (style.plain(each, span) for each in (low, high, least, most))
            limit["says"] = "{} to {} of {} to {}".format(*shown)
            limit |= {"left": (low - least) / (span or 1.0), "width": (high - low) / (span or 1.0)}
        limits.append(limit)
    return boxes, pd.DataFrame(limits, columns=["factor", "says", "left", "width"])


@use_style()
def box_plot(
    path: pd.DataFrame, boxes: pd.DataFrame, limits: pd.DataFrame, base_rate: float, words: Words
) -> Figure:
    """Coverage and density of boxes and of the steps to one of them, and the chosen one's limits.

    Args:
        path: a row a step: `coverage`, `density` (0..1) and `limited` (how many factors).
        boxes, limits: as `box_tables` gives them.
        base_rate: share of all cases that are sought, 0..1, where a path begins.
    """
    along, chosen, *_ = (look.colour for look in style.LOOKS)
    looks: dict[str, dict[str, Any]] = {
        "a step of peeling": {"color": along, "marker": "o", "linewidth": 0.8},
        "the chosen box": {"color": chosen, "marker": "s", "markersize": 6, "linewidth": 0},
        "another box": {"color": INK, "marker": "^", "linewidth": 0},
        "density of the whole space": {"color": INK, "linestyle": "--", "linewidth": 0.8},
    }
    legend: Any = {label: Line2D([], [], **look) for label, look in looks.items()}
    legend["a factor's whole range"] = style.swatch(color=style.TRACK)
    lines = rows.Rows(list(limits["factor"]), list(limits["says"]))
    heights = (2.3, lines.inches)
    figure, (upper, lower) = style.frame_panels(
        2, 1, sum(heights), words, style.NOTES["box"], legend, height_ratios=heights
    )
    for shown, look in zip((path, boxes.head(1), boxes.iloc[1:]), looks.values(), strict=False):
        if len(shown):
            upper.plot(shown["coverage"], shown["density"], **{"markersize": 4, **look})
    last = (np.inf, np.inf)
    for row in style.rows_of(path[path["limited"].ne(path["limited"].shift())]):
        at = (row["coverage"], row["density"])
        place: Any = {"xytext": (5, 3), "textcoords": "offset points", "fontsize": 6.5}
        if math.dist(at, last) > _APART:
            upper.annotate(str(row["limited"]), at, color=INK, **place)
            last = at
    upper.axhline(base_rate, color=INK, linestyle="--", linewidth=0.8)
    upper.set(xlabel="coverage", ylabel="density", xlim=(-0.03, 1.1), ylim=(0.0, 1.08))
    for axis in (upper.xaxis, upper.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    density, coverage = (f"{100 * boxes[name].iloc[0]:.0f} %" for name in ("density", "coverage"))
    method = boxes["method"].iloc[0]
    lower.set_title(f"{method}: density {density}, coverage {coverage}")
    lines.write(lower)
    ranged = limits["width"].notna().to_numpy()
    at = lines.heights[ranged, 0]
    edge: Any = {"edgecolor": INK, "linewidth": 0.5}
    lower.barh(at, 1.0, height=0.1, color=style.TRACK)
    left, width = limits.loc[ranged, "left"], limits.loc[ranged, "width"]
    lower.barh(at, width, left=left, height=0.1, color=chosen, **edge)
    lower.set(xlim=(0.0, 1.0), xlabel="" if len(limits) else "the box limits no factor")
    lower.set_xticks([0.0, 0.5, 1.0], ["low end", "middle", "high end"])
    lower.grid(visible=False)
    return figure

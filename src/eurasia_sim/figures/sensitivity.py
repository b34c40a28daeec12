"""Which factor moves an outcome, and the box in the space of assumptions where it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator, PercentFormatter

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.style import INK, Page, Request, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.world.world import World

_MOST_FACTORS = 20
_END = 0.2  # share of the runs at each end of a factor
_LEFT = "; {} smaller ones are in the table alone"


class _Indices(NamedTuple):
    """What `analyze` says of every factor, as marks of a row."""

    marks: Mapping[str, str]  # column → what it is called
    by: str  # the column of which the largest comes first
    unit: str  # none: the measure's
    note: str


_TABLES = {
    "sobol": _Indices(
        {"first": "Sobol': first order", "total": "total"}, "total",
        "share of the outcome's variance",
        "First order: share of the variance that a factor alone accounts for. Total: share that "
        "also counts what it does together with others. Bars: 95 % intervals; an index below 0 or "
        "above 1 and a first above its total are sampling error. Largest total first{left}.",
    ),
    "morris": _Indices(
        {"absolute": "Morris: µ*, mean size", "mean": "mean effect", "deviation": "σ, unevenness"},
        "absolute", "",
        "µ*: mean size of what a step over a factor's whole range does, with its 95 % interval; "
        "mean: the same with its sign; σ: how much it differs from place to place. Where σ is "
        "above µ* a factor acts mostly through others or bends. Largest µ* first{left}.",
    ),
}  # fmt: skip


def tornado_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
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
        unit = held.units([measure])[measure]
        yield Page((measure,), tornado(ends, words, unit), ends, says)


def index_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
    """What `analyze` says of every factor with intervals, a figure a measure and scenario."""
    named = next((name for name in _TABLES if held.has(name)), "sobol")
    for parts, own, heading in style.split_table(held, named, request, "measure", "scenario"):
        table = index_table(own) if named == "sobol" else own
        words = Words(question, style.analysis_caption(held), f"{heading}: {held.title}")
        unit = _TABLES[named].unit or held.units(parts[:1]).get(parts[0], "")
        figure = index_plot(table, named, words, unit)
        yield Page(parts, figure, table, f"{heading}, {len(table)} factors")


def index_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a factor with both its indices, of a row an index: `order`, `factor`, `index`."""
    values = ["index", "low", "high"]
    wide = table.pivot_table(values, "factor", "order", aggfunc="first", dropna=False)
    names = {
        f"{order}{end}": wide[value, order]
        for order in ("first", "total")
        for end, value in (("", "index"), ("_low", "low"), ("_high", "high"))
    }
    return pd.DataFrame(names).reindex(table["factor"].unique()).rename_axis("factor").reset_index()


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
    values = table[measure].to_numpy(dtype=float)
    whole = np.isfinite(values)
    middle = float(values[whole].mean()) if whole.any() else float("nan")
    found = []
    for factor in factors:
        row: dict[str, Any] = {"factor": factor}
        ends = _ends(table.loc[whole, factor], values[whole])
        for end, (name, inside) in zip(("low", "high"), ends, strict=True):
            low, high = mean_interval(values[whole][inside])
            row |= {end: float(values[whole][inside].mean()), f"{end}_low": low}
            row |= {f"{end}_high": high, f"{end}_at": name}
        row |= {"runs": int(whole.sum()), "missing": int((~whole).sum()), "middle": middle}
        found.append(row)
    every = pd.DataFrame(found)
    return _ordered(every, (every["high"] - every["low"]).abs())


def _ends(factor: pd.Series, values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """What the two ends of a factor are called, and the runs at them."""
    if not pd.api.types.is_numeric_dtype(factor):
        means = pd.Series(values, index=factor.index).groupby(factor).mean()
        levels = (means.idxmin(), means.idxmax())
        return [(str(level), (factor == level).to_numpy()) for level in levels]
    if factor.nunique() <= 1 / _END:
        ends = (factor.min(), factor.max())
        return [(style.plain(end), (factor == end).to_numpy()) for end in ends]
    low, high = factor.quantile([_END, 1 - _END])
    return [
        (f"≤ {style.plain(low, high - low)}", (factor <= low).to_numpy()),
        (f"≥ {style.plain(high, high - low)}", (factor >= high).to_numpy()),
    ]


def _ordered(table: pd.DataFrame, size: pd.Series) -> pd.DataFrame:
    """The rows of a table, the largest first, those without a number last."""
    order = size.sort_values(ascending=False, kind="stable", na_position="last").index
    return table.loc[order].reset_index(drop=True)


def _labels(shown: pd.DataFrame) -> list[str]:
    return [style.break_lines(style.factor_name(name), 40) for name in shown["factor"]]


def _left(table: pd.DataFrame) -> str:
    """How many factors are not drawn, if any."""
    more = len(table) - _MOST_FACTORS
    return _LEFT.format(more) if more > 0 else ""


@use_style()
def tornado(ends: pd.DataFrame, words: Words, unit: str) -> Figure:
    """Bars from the overall mean to the mean at either end of each factor.

    Args:
        ends: as `tornado_table` gives; the first twenty are drawn, and the rest is counted.
    """
    shown, first = ends.head(_MOST_FACTORS), ends.iloc[0]
    counts = {name: first[name] for name in ("runs", "missing")}
    note = style.NOTES["tornado"].format(**counts, left=_left(ends))
    beside = [f"{row['low_at']}\n{row['high_at']}" for row in style.rows_of(shown)]
    marks = {end: f"at the factor's {end} end" for end in ("low", "high")}
    middle = float(first["middle"])
    figure, panel = rows.mark_rows(
        shown, _labels(shown), marks, words, note, beside, zero=middle, bars=True
    )
    panel.set_xlabel(unit)
    return figure


@use_style()
def index_plot(table: pd.DataFrame, named: str, words: Words, unit: str) -> Figure:
    """A row a factor with its indices, their intervals and numbers; the first twenty.

    Args:
        table: `factor` and a column a mark of the table's `_TABLES`, NaN written as such;
            `<mark>_low` and `<mark>_high` where it has an interval.
    """
    marks, by, _, note = _TABLES[named]
    table = table.rename(columns={"low": f"{by}_low", "high": f"{by}_high"})
    shown = _ordered(table, table[by]).head(_MOST_FACTORS)
    beside = [
        "\n".join(_number_words(row, name, label) for name, label in marks.items())
        for row in style.rows_of(shown)
    ]
    note = note.format(left=_left(table))
    figure, panel = rows.mark_rows(shown, _labels(shown), marks, words, note, beside)
    panel.set_xlabel(unit)
    return figure


def _number_words(row: Mapping[str, Any], name: str, label: str) -> str:
    """A mark's number with its interval, if it has one."""
    if not np.isfinite(row[name]):
        return f"{label}: no number"
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    text = f"{row[name]:.3g}" + ("" if pd.isna(low) else f" [{low:.3g}, {high:.3g}]")
    return text.replace("-", "−")


def box_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
    """The box that does best, its path and the other boxes, a figure an outcome sought."""
    paths = style.table_of(held, "paths") if held.has("paths") else pd.DataFrame()
    keys = ("measure", "scenario", "sought")
    for parts, own, heading in style.split_table(held, "boxes", request, *keys):
        boxes, limits = box_tables(own, held.world, held.manifest.get("design", {}))
        named = [key for key in keys if key in own]
        path = paths.merge(own[named].head(1)) if set(named) <= set(paths) else boxes.iloc[:0]
        drawn = int(own["draws"].iloc[0])
        judged = f"{style.analysis_caption(held)} · judged on {drawn} draws held back"
        words = Words(question, judged, heading or held.title)
        figure = box_plot(path, boxes, limits, float(own["base"].iloc[0]), words)
        steps = f", along a path of {len(path)} steps" if len(path) else ""
        says = f"{len(limits)} factors limited, {len(boxes)} boxes{steps}"
        yield Page(parts, figure, own, says)


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
    ranged = {
        style.factor_name(each["name"]): (each["low"], each["high"])
        for each in design.get("factors", ())
        if "low" in each
    }
    limits: list[dict[str, Any]] = []
    for row in style.rows_of(table[table["box"] == boxes["box"].iloc[0]]):
        name, found = style.factor_name(str(row["parameter"])), pd.Series([row["low"], row["high"]])
        limit: dict[str, Any] = {"factor": name, "says": str(row["limit"])}
        if found.notna().any():
            number = world.numbers.get(name) or world.numbers.get(f"rules.{name}")
            whole = ranged.get(name) or ((number.low, number.high) if number else ())
            known = [*found.dropna(), *whole]
            least, most = min(known), max(known)
            low, high = found.fillna(pd.Series([least, most]))
            span, ends = most - least, (low, high, least, most)
            limit["says"] = "{} to {}   of {} to {}".format(*(style.plain(e, span) for e in ends))
            limit |= {"left": (low - least) / span if span else 0.0}
            limit |= {"width": (high - low) / span if span else 1.0}
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
    along, chosen = (look.colour for look in style.looks("ab").values())
    looks: dict[str, dict[str, Any]] = {
        "a step of peeling": {"color": along, "marker": "o", "linewidth": 0.8},
        "the chosen box": {"color": chosen, "marker": "s", "markersize": 7, "linewidth": 0},
        "another box": {"color": INK, "marker": "^", "linewidth": 0},
        "density of the whole space": {"color": INK, "linestyle": "--", "linewidth": 0.8},
    }
    legend: Any = {label: Line2D([], [], **look) for label, look in looks.items()}
    legend["a factor's whole range"] = style.swatch(color=style.TRACK)
    height = max(2.9, 1.0 + 0.42 * len(limits))
    figure, (left, right) = style.frame_panels(1, 2, height, words, style.NOTES["box"], legend)
    for shown, look in zip((path, boxes.head(1), boxes.iloc[1:]), looks.values(), strict=False):
        if len(shown):
            left.plot(shown["coverage"], shown["density"], **{"markersize": 4.5, **look})
    for row in style.rows_of(path[path["limited"].ne(path["limited"].shift())]):
        at = (row["coverage"], row["density"])
        place: Any = {"xytext": (5, 3), "textcoords": "offset points", "fontsize": 6.5}
        left.annotate(str(row["limited"]), at, color=INK, **place)
    left.axhline(base_rate, color=INK, linestyle="--", linewidth=0.8)
    left.set(xlabel="coverage", ylabel="density", xlim=(-0.03, 1.15), ylim=(0.0, 1.08))
    left.xaxis.set_major_formatter(PercentFormatter(1.0))
    left.yaxis.set_major_formatter(PercentFormatter(1.0))
    left.set_title("Coverage and density")
    density, coverage = boxes["density"].iloc[0], boxes["coverage"].iloc[0]
    method = boxes["method"].iloc[0]
    right.set_title(f"{method}: density {density:.0%}, coverage {coverage:.0%}")
    _draw_limits(right, limits, chosen)
    return figure


def _draw_limits(panel: Axes, limits: pd.DataFrame, colour: str) -> None:
    """A track a factor, and on it what the box allows, its ends in the factor's own terms."""
    for at, row in enumerate(style.rows_of(limits)):
        panel.barh(-at, 1.0, height=0.34, color=style.TRACK)
        bar: Any = {"color": colour, "edgecolor": INK, "linewidth": 0.5}
        panel.barh(-at, row["width"], left=row["left"], height=0.34, **bar)
        says = style.break_lines(row["says"], 48)
        panel.text(0.0, 0.3 - at, says, fontsize=6.5, va="bottom", color=INK)
    if limits.empty:
        panel.text(0.5, 0.0, "the box limits no factor", ha="center", va="center", fontsize=7)
    rows.label_rows(
        panel, [style.break_lines(n, 30) for n in limits["factor"]], (0.5, 0.75), fontsize=7
    )
    panel.set_xlim(0.0, 1.0)
    panel.xaxis.set_major_locator(NullLocator())
    panel.spines[["left", "bottom"]].set_visible(False)
    panel.tick_params(length=0)
    panel.grid(visible=False)

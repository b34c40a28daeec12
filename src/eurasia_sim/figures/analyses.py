"""What analyses find: which factor moves an outcome, where it holds, skill, what a fit taught."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.style import INK, Picture, Request, Words
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import SKILL, ResultsFolder
from eurasia_sim.validation.forecasts import by_item
from eurasia_sim.world.world import World

_MOST_FACTORS = 20
_MOST_NUMBERS = 20
_AHEAD, _WORST = 3, -1.0  # years; a skill below which a mark stands at the edge
_APART = 0.09  # of coverage and density, between two numbers that are written
_END = 0.2  # share of the runs at each end of a factor


def tornado_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """Bars from the mean of all runs to the mean at either end of every factor of a sweep."""
    if not held.factors:
        raise DataError([f"{held.folder} has no factors: a tornado needs a folder of a sweep"])
    for measure in request.measures:
        table, says = held.runs([measure, *held.factors]), style.readable(measure, held.names)
        ends = tornado_table(table, held.factors, measure)
        words = style.words_of(held, question, table, f"{says}: {held.title}")
        beside = "low " + ends["low_at"] + ", high " + ends["high_at"]
        first, unit = ends.iloc[0], style.unit_of(measure)
        how = {"zero": first["middle"], "runs": first["runs"], "missing": first["missing"]}
        figure, panel, heights = _factor_rows("tornado", ends, beside, words, unit=unit, **how)
        for end, look, at in zip(("low", "high"), style.LOOKS, heights.T, strict=False):
            length = ends[end].head(len(at)) - first["middle"]
            panel.barh(at, length, 0.1, left=first["middle"], color=look.colour, alpha=0.45)
        yield Picture((measure,), figure, ends, says)


def tornado_table(table: pd.DataFrame, factors: Sequence[str], measure: str) -> pd.DataFrame:
    """What a measure does at both ends of every factor that varies, the widest first.

    A failed run is NaN and counts at neither end; levels of text stand in the order of their means.
    ValueError where no factor varies.

    Returns:
        `factor`, `low` and `high` (means at its ends, with `…_low`, `…_high` of their intervals and
        `…_at`, what the ends are), `runs`, `missing`, `middle` (mean of all runs).
    """
    whole = table[np.isfinite(table[measure])]
    values, found = whole[measure], []
    for factor in (name for name in factors if len(table[name].unique()) > 1):
        row: dict[str, Any] = {"factor": factor}
        for end, (name, inside) in zip(("low", "high"), _ends(whole[factor], values), strict=True):
            low, high = mean_interval(values[inside].to_numpy())
            row |= {end: values[inside].mean(), f"{end}_low": low, f"{end}_high": high}
            row[f"{end}_at"] = name
        found.append(row)
    if not found:
        raise ValueError("no factor varies")
    missing = len(table) - len(whole)
    ends = pd.DataFrame(found).assign(runs=len(whole), missing=missing, middle=values.mean())
    widest = (ends["high"] - ends["low"]).abs().sort_values(ascending=False, kind="stable")
    return ends.loc[widest.index].reset_index(drop=True)


def _ends(factor: pd.Series, values: pd.Series) -> list[tuple[str, pd.Series]]:
    """What the two ends of a factor are called, and the runs at them."""
    if not pd.api.types.is_numeric_dtype(factor):
        means = values.groupby(factor).mean()
        return [(str(level), factor == level) for level in (means.idxmin(), means.idxmax())]
    if factor.nunique() <= 1 / _END:
        return [(style.plain(end), factor == end) for end in (factor.min(), factor.max())]
    low, high = factor.quantile([_END, 1 - _END])
    named = [style.plain(end, high - low) for end in (low, high)]
    return [(f"≤ {named[0]}", factor <= low), (f"≥ {named[1]}", factor >= high)]


def _factor_rows(
    kind: str, table: pd.DataFrame, beside: Any, words: Words, **how: Any
) -> tuple[Figure, Axes, Floats]:
    """Rows of marks of the first twenty factors; the note says how many are in the table alone."""
    more = len(table) - _MOST_FACTORS
    left = f"; {more} smaller ones are in the table alone" if more > 0 else ""
    shown = table.assign(label=table["factor"].map(style.factor_name), beside=beside)
    return rows.mark_rows(kind, shown.head(_MOST_FACTORS), words, left=left, **how)


def index_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """What `analyze` says of every factor with intervals, a figure a measure and scenario."""
    kind = next((name for name in ("sobol", "morris") if held.has(name)), "sobol")
    by = "total" if kind == "sobol" else "absolute"  # the largest comes first
    for parts, own, heading in style.split_table(held, kind, request, "measure", "scenario"):
        table, unit = (index_table(own), "") if kind == "sobol" else (own, style.unit_of(parts[0]))
        shown = table.rename(columns={"low": f"{by}_low", "high": f"{by}_high"})
        shown = shown.sort_values(by, ascending=False, kind="stable", ignore_index=True)
        marks = style.MARKS[kind].items()
        told = ([_number_words(row, *mark) for mark in marks] for row in style.rows_of(shown))
        beside = [*map(", ".join, told)]
        words = Words(question, style.analysis_caption(held), heading)
        figure, *_ = _factor_rows(kind, shown, beside, words, unit=unit)
        yield Picture(parts, figure, table, f"{heading}, {len(table)} factors")


def index_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a factor with both its indices, of a row an index: `order`, `factor`, `index`."""
    wide = pd.DataFrame({"factor": table["factor"].unique()})
    for order in ("first", "total"):
        names = {"index": order, "low": f"{order}_low", "high": f"{order}_high"}
        own = table.loc[table["order"] == order, ["factor", *names]].rename(columns=names)
        wide = wide.merge(own, "left", "factor")
    return wide


def _number_words(row: Mapping[str, Any], name: str, label: str) -> str:
    low, high = (row.get(f"{name}_{end}", np.nan) for end in ("low", "high"))
    if not np.isfinite(row[name]):
        return f"{label}: no number"
    if not np.isfinite(high - low):
        return style.plain(row[name])
    return "{} [{}, {}]".format(*(style.plain(each, high - low) for each in (row[name], low, high)))


def box_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """The box that does best, its path and the other boxes, a figure an outcome sought."""
    keys = ("measure", "scenario", "sought")
    for parts, own, heading in style.split_table(held, "boxes", request, *keys):
        boxes, limits = box_tables(own, held.world, held.manifest.get("design", {}))
        paths = held.table("paths")
        path = boxes[:0] if paths is None else paths.merge(own[[*keys]].head(1))
        judged = f"judged on {own['draws'].iloc[0]} draws held back"
        words = Words(question, f"{style.analysis_caption(held)} · {judged}", heading)
        figure = box_plot(path, boxes, limits, float(own["base"].iloc[0]), words)
        says = f"{len(limits)} factors limited, {len(boxes)} boxes"
        says += f", along a path of {len(path)} steps" if len(path) else ""
        yield Picture(parts, figure, own, says)


def box_tables(
    table: pd.DataFrame, world: World, design: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a box, the chosen one first; and its limits within each factor's whole range.

    The table has a row a limit, as `analyze` writes them; a sweep's design has ranges of its own.
    """
    heads = ["box", "method", "density", "coverage"]
    boxes = table.groupby(heads, sort=False).size().reset_index(name="limited")
    ranges = {path.removeprefix("rules."): (n.low, n.high) for path, n in world.numbers.items()}
    factors = [each for each in design.get("factors", ()) if "low" in each]
    ranges |= {each["name"].removeprefix("x."): (each["low"], each["high"]) for each in factors}
    limits = []
    for row in style.rows_of(table[table["box"] == boxes["box"].iloc[0]]):
        column, given = str(row["parameter"]), [row["low"], row["high"]]
        limit = {"factor": style.factor_name(column), "says": str(row["limit"])}
        if not np.isnan(given).all():
            ends = [*given, *ranges.get(column.removeprefix("x."), ())]
            least, most = np.nanmin(ends), np.nanmax(ends)
            low, high = np.where(np.isnan(given), (least, most), given)
            shown = (style.plain(each, most - least) for each in (low, high, least, most))
            limit["says"], span = "{} to {} of {} to {}".format(*shown), (most - least) or 1.0
            limit |= {"left": (low - least) / span, "width": (high - low) / span}
        limits.append(limit)
    return boxes, pd.DataFrame(limits, columns=["factor", "says", "left", "width"])


def box_plot(
    path: pd.DataFrame, boxes: pd.DataFrame, limits: pd.DataFrame, base_rate: float, words: Words
) -> Figure:
    """Coverage and density of boxes and of the steps to one of them, and the chosen one's limits.

    A path has a row a step: `coverage`, `density` (0..1), `limited` (how many factors). It begins
    at the base rate, the share (0..1) of all cases that are sought.
    """
    along, chosen, *_ = (look.colour for look in style.LOOKS)
    base: Any = {"color": INK, "linestyle": "--", "linewidth": 0.8}
    looks: dict[str, dict[str, Any]] = {
        "a step of peeling": {"color": along, "marker": "o", "linewidth": 0.8},
        "the chosen box": {"color": chosen, "marker": "s", "markersize": 6, "linewidth": 0},
        "another box": {"color": INK, "marker": "^", "linewidth": 0},
        "density of the whole space": base,
    }
    legend: Any = {label: Line2D([], [], **look) for label, look in looks.items()}
    legend["a factor's whole range"] = Patch(color=style.TRACK)
    lines = rows.Rows([*limits["factor"]], [*limits["says"]])
    heights = (2.3, lines.inches)
    figure, (upper, lower) = style.frame_panels(
        2, 1, sum(heights), words, style.NOTES["box"], legend, height_ratios=heights
    )
    for shown, look in zip((path, boxes[:1], boxes[1:]), looks.values(), strict=False):
        if len(shown):
            upper.plot(shown["coverage"], shown["density"], **look)
    last = (np.inf, np.inf)
    for row in style.rows_of(path[path["limited"].ne(path["limited"].shift())]):
        at = (row["coverage"], row["density"])
        if math.dist(at, last) > _APART:
            place: Any = {"xytext": (5, 3), "textcoords": "offset points", "fontsize": 6.5}
            upper.annotate(str(row["limited"]), at, color=INK, **place)
            last = at
    upper.axhline(base_rate, **base)
    upper.set(xlabel="coverage", ylabel="density", xlim=(-0.03, 1.1), ylim=(0.0, 1.08))
    for axis in (upper.xaxis, upper.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    best = "{method}: density {density:.0%}, coverage {coverage:.0%}".format(**boxes.iloc[0])
    lower.set_title(best.replace("%", " %"))
    lines.write(lower)
    ranged = limits["width"].notna().to_numpy()
    at, own = lines.heights[ranged, 0], limits[ranged]
    lower.barh(at, 1.0, height=0.1, color=style.TRACK)
    edge: Any = {"edgecolor": INK, "linewidth": 0.5}
    lower.barh(at, own["width"], left=own["left"], height=0.1, color=chosen, **edge)
    lower.set_xlabel("" if len(limits) else "the box limits no factor")
    rows.name_ends(lower)
    lower.grid(visible=False)
    return figure


def skill_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Picture]:
    """Skill of the model and its baselines on every observed item, the worst first, by theory."""
    manifest = held.manifest
    for theory, own in style.table_of(held, SKILL).groupby("theory", sort=False):
        found, failed = by_item(own, _AHEAD), manifest["failed"][theory]
        about = (f"scenario {manifest['scenario']['name']}", f"theory {theory}")
        caption = style.footer(f"{manifest['runs_a_side']} runs a side", failed, held.seed, *about)
        better = f"{(found['model'] > 0).sum()} of {len(found)} observed items"
        subject = f"The model forecasts {better} better than the best free baseline, {theory}"
        words = Words(question, caption, subject)
        beside = [
            f"{style.signed(100 * row['model'], 0)} %" + ", n = 1" * (row["units"] == 1)
            for row in style.rows_of(found)
        ]
        shown = found.rename(columns={"low": "model_low", "high": "model_high"}).clip(lower=_WORST)
        shown = shown.assign(label=found.index.astype(str).str.replace("_", " "), beside=beside)
        figure, panel, _heights = rows.mark_rows("skill", shown, words)
        panel.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        yield Picture((str(theory),), figure, found.reset_index(), f"{len(found)} observed items")


def posterior_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Picture]:
    """The middle 90 % of numbers before and after a fit, those most narrowed or shifted first."""
    table, manifest = style.table_of(held, "numbers"), held.manifest
    moved = table[table["moved"]].head(_MOST_NUMBERS).reset_index(drop=True)
    about = ("scenario as_recorded", f"theory {manifest['theory']}")
    members = f"{manifest['members']} members"
    caption = style.footer(members, manifest["failed"], held.seed, *about)
    spoken = f"speaks of {manifest['moved']} of {len(table)} numbers"
    words = Words(question, caption, f"The record to {manifest['until']} {spoken}")
    shown, span = moved.copy(), moved["high"] - moved["low"]
    for side in ("before", "after"):
        ends = [f"{side}_low", f"{side}_high"]
        shown[ends] = shown[ends].sub(moved["low"], axis=0).div(span, axis=0)
        shown[side] = shown[ends].mean(axis=1)
    beside = []
    for row in style.rows_of(moved):
        first, *others = row["items"].replace("_", " ").split(", ")
        more = f" and {len(others)} more" if others else ""
        left, shift = f"{100 * row['left']:.0f} % left", style.signed(row["shift"], 1)
        beside.append(f"{left}, {shift}, {first}{more}")
    shown = shown.assign(label=moved["number"].str.removeprefix("rules."), beside=beside)
    figure, panel, _heights = rows.mark_rows("posterior", shown, words, zero=None)
    rows.name_ends(panel)
    says = f"{len(moved)} numbers before and after the fit"
    yield Picture((str(manifest["theory"]),), figure, moved, says)

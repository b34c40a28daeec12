"""Which factor moves an outcome: ends of a factor, variance-based indices, effects, and shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures import style
from eurasia_sim.figures.style import (
    INK,
    MOST_GROUPS,
    Look,
    Page,
    Request,
    Words,
    caption_of_runs,
    use_style,
)
from eurasia_sim.figures.verdicts import ROWS_A_PAGE, analysis_caption, table_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import ResultsFolder

_MOST_FACTORS = 20
_END = 0.2  # share of the runs at each end of a factor
_TORNADO = (
    "Bars: mean of the runs in the lowest and in the highest fifth of a factor, or at its lowest "
    "and highest level, with 95 % bootstrap intervals. The line is the mean of all runs. Longest "
    "first{left}."
)
_INDICES = (
    "First order: share of the variance that a factor alone accounts for. Total: share that also "
    "counts what it does together with others. Bars: 95 % intervals; an index below 0 or a first "
    "above its total is sampling error. Largest total first{left}."
)
_EFFECTS = (
    "Left: µ*, the mean size of what a step over a factor's whole range does, with its 95 % "
    "interval, largest first; a mark within shows the mean with its sign. Right: σ, how much that "
    "differs from place to place. Above the dashed line (σ = µ*) a factor acts mostly through "
    "others or bends; far below it, it acts alone and evenly{left}."
)
_OTHERS = "other sources"
_HATCHES = ("", "///", "", "...", "\\\\\\", "xxx")
_LEAST_WRITTEN = 0.055
_NO_SHARES = ("scenarios", "replicates")  # columns beside the shares that count
_SHARES = (
    "Shares of the variance over all runs of the reading (law of total variance); they add up to "
    "100 %. Chance is what runs of one point vary by."
)


def tornado_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """What each measure does at both ends of every factor of a sweep.

    Raises:
        DataError: for a folder without factors.
    """
    if not held.factors:
        said = "has no factors: surfaces and tornadoes need a folder that a sweep wrote"
        raise DataError([f"{held.folder} {said}"])
    for measure in request.measures:
        table = held.runs([measure, *held.factors])
        varied = [factor for factor in held.factors if len(table[factor].unique()) > 1]
        ends = tornado_table(table, varied, measure)
        title = f"{held.title}: what each factor does at its ends"
        words = Words(title, caption_of_runs(held, table), held.names, held.units([measure]))
        says, arguments = style.readable(measure, held.names), {"ends": ends, "measure": measure}
        yield Page("tornado", (measure,), ends, words, says, arguments)


def _split_table(
    held: ResultsFolder, name: str, request: Request, title: str
) -> Iterator[tuple[tuple[str, str], pd.DataFrame, Words]]:
    """Measure and scenario, rows and words of every picture that an analysis's table makes."""
    table, said = table_of(held, name), analysis_caption(held)
    keys = [column for column in ("measure", "scenario") if column in table]
    for found, own in table.groupby(keys, sort=False) if keys else [((), table)]:
        of = dict(zip(keys, map(str, found), strict=True))
        measure, scenario = of.get("measure", ""), of.get("scenario", "")
        wanted = [fnmatchcase(measure, pattern) for pattern in request.measures]
        if not wanted or any(wanted):
            heading = ", ".join(filter(None, (style.readable(measure, held.names), scenario)))
            words = Words(f"{heading}: {title}", said, held.names, held.units([measure]))
            yield (measure, scenario), own, words


def index_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Sobol' indices of every factor with intervals, a picture a measure and scenario."""
    for parts, own, words in _split_table(held, "sobol", request, "Sobol' indices"):
        wide = index_table(own)
        says = f"{words.title}, {len(wide)} factors"
        yield Page("indices", parts, wide, words, says, {"indices": wide})


def effect_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Morris's effects of every factor, a picture a measure and scenario."""
    for parts, own, words in _split_table(held, "morris", request, "Morris's effects"):
        arguments = {"effects": own, "measure": parts[0]}
        yield Page("effects", parts, own, words, f"{words.title}, {len(own)} factors", arguments)


def share_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """What the variance of every reading comes from, eighteen readings a picture."""
    table = share_table(table_of(held, "shares"), held.names)
    words = Words(f"{held.title}: what the spread comes from", analysis_caption(held), held.names)
    for first in range(0, len(table), ROWS_A_PAGE):
        own = table.iloc[first : first + ROWS_A_PAGE]
        part = str(first // ROWS_A_PAGE + 1) if len(table) > ROWS_A_PAGE else ""
        yield Page("shares", (part,), own, words, f"{len(own)} readings", {"shares": own})


def share_table(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a reading, a column a source; of a test's shares, or an analysis's, a row a part."""
    if "part" not in table:
        return table.drop(columns=list(_NO_SHARES), errors="ignore")
    readings = [style.readable(str(measure), names) for measure in table["measure"]]
    if len(table["of"].unique()) > 1:
        readings = [f"{name}, {of}" for name, of in zip(readings, table["of"], strict=True)]
    table = table.assign(reading=readings)
    wide = table.pivot_table(index="reading", columns="part", values="share")
    rows, columns = (list(dict.fromkeys(table[name])) for name in ("reading", "part"))
    return wide.reindex(rows, columns=columns).rename_axis(columns=None).reset_index()


def index_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a factor with both its indices, of a row an index: `order`, `factor`, `index`."""
    wide: dict[str, pd.Series] = {}
    for order in ("first", "total"):
        own = table[table["order"] == order].set_index("factor")
        wide |= {order: own["index"], f"{order}_low": own["low"], f"{order}_high": own["high"]}
    return pd.DataFrame(wide).rename_axis("factor").reset_index()


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
    rows = []
    for factor in factors:
        row: dict[str, Any] = {"factor": factor}
        ends = _ends(table.loc[whole, factor], values[whole])
        for end, (name, inside) in zip(("low", "high"), ends, strict=True):
            low, high = mean_interval(values[whole][inside])
            row |= {end: float(values[whole][inside].mean()), f"{end}_low": low}
            row |= {f"{end}_high": high, f"{end}_at": name}
        row |= {"runs": int(whole.sum()), "missing": int((~whole).sum()), "middle": middle}
        rows.append(row)
    found = pd.DataFrame(rows)
    width = (found["high"] - found["low"]).abs()
    order = width.sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


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


@use_style()
def tornado(ends: pd.DataFrame, measure: str, words: Words) -> Figure:
    """Bars from the overall mean to the mean at either end of each factor.

    Args:
        ends: as `tornado_table` gives; the first twenty are drawn, and the rest is counted.

    Raises:
        ValueError: where there is no factor.
    """
    low, high = style.looks("ab").values()
    legend: dict[str, Artist] = {
        "at the factor's low end": style.swatch(color=low.colour, alpha=0.85),
        "at its high end": style.swatch(
            facecolor=high.colour, alpha=0.85, hatch="///", edgecolor="white"
        ),
    }
    shown, note = _first(ends, _TORNADO)
    note = f"{ends['runs'].iloc[0]} runs, {ends['missing'].iloc[0]} missing. {note}"
    figure, (panel,) = style.frame_panels(1, 1, 0.75 + 0.3 * len(shown), words, note, legend)
    for at, row in enumerate(style.rows_of(shown)):
        for end, look, hatch, up in (("low", low, "", 0.18), ("high", high, "///", -0.18)):
            bar: Any = {"left": row["middle"], "height": 0.36, "color": look.colour, "alpha": 0.85}
            length = row[end] - row["middle"]
            panel.barh(up - at, length, hatch=hatch, edgecolor="white", **bar)
            whiskers = (row[f"{end}_low"], row[f"{end}_high"])
            panel.hlines(up - at, *whiskers, color=INK, linewidth=1.0, zorder=3)
        said = f"{row['low_at']}\n{row['high_at']}"
        style.write_beside(panel, -at, said, fontsize=5.5, linespacing=1.1)
    panel.axvline(ends["middle"].iloc[0], color=INK, linewidth=0.9)
    _factor_rows(panel, shown)
    panel.set_title(words.heading(measure))
    panel.set_xlabel(words.unit(measure))
    return figure


def _first(table: pd.DataFrame, note: str) -> tuple[pd.DataFrame, str]:
    """The factors that are drawn, and the note with how many are not."""
    if table.empty:
        raise ValueError("there is no factor to draw")
    more = len(table) - _MOST_FACTORS
    left = f"; {more} smaller ones are in the table alone" if more > 0 else ""
    return table.head(_MOST_FACTORS), note.format(left=left)


def _ordered(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows of a table, the largest of a column first, those without a number last."""
    order = table[column].sort_values(ascending=False, kind="stable", na_position="last").index
    return table.loc[order].reset_index(drop=True)


def _factor_rows(panel: Axes, shown: pd.DataFrame) -> None:
    style.label_rows(
        panel, [style.break_lines(style.factor_name(name), 40) for name in shown["factor"]]
    )
    panel.tick_params(axis="y", labelsize=7)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=7))


@use_style()
def index_plot(indices: pd.DataFrame, words: Words) -> Figure:
    """First-order and total indices of every factor with intervals, the largest total first.

    Args:
        indices: as `index_table` gives; the first twenty are drawn, a NaN is written as such.

    Raises:
        ValueError: where there is no factor.
    """
    shown, note = _first(_ordered(indices, "total"), _INDICES)
    looked = dict(zip(("first", "total"), style.looks("ab").values(), strict=True))
    mark: Any = {"markersize": 5, "linewidth": 2.2}
    legend: dict[str, Artist] = {
        said: Line2D([], [], color=looked[kind].colour, marker=looked[kind].marker, **mark)
        for said, kind in (("first order", "first"), ("total", "total"))
    }
    figure, (panel,) = style.frame_panels(1, 1, 0.75 + 0.3 * len(shown), words, note, legend)
    for at, row in enumerate(style.rows_of(shown)):
        said = [
            _index(panel, row, kind, height - at, looked[kind])
            for kind, height in (("first", 0.15), ("total", -0.15))
        ]
        style.write_beside(panel, -at, "\n".join(said), fontsize=5.5, linespacing=1.1)
    panel.axvline(0.0, color=INK, linestyle="--", linewidth=0.8)
    low, high = panel.get_xlim()
    panel.set_xlim(min(low, -0.02), max(high, 0.1))
    _factor_rows(panel, shown)
    panel.set_xlabel("share of the outcome's variance")
    return figure


def _index(panel: Axes, row: Mapping[str, Any], kind: str, height: float, look: Look) -> str:
    """Draw an index with its interval; return it in words."""
    index, low, high = (row[f"{kind}{end}"] for end in ("", "_low", "_high"))
    if not np.isfinite(index):
        return f"{kind}: no number"
    panel.hlines(height, low, high, color=look.colour, linewidth=2.2)
    edge: Any = {"markeredgecolor": INK, "markeredgewidth": 0.5}
    panel.plot(index, height, look.marker, markersize=4.5, color=look.colour, **edge)
    return f"{index:.2f} [{low:.2f}, {high:.2f}]".replace("-", "−")


@use_style()
def elementary_effects(effects: pd.DataFrame, measure: str, words: Words) -> Figure:
    """Mean absolute effects with intervals as bars, and beside them µ* against σ.

    Args:
        effects: a row a factor: `factor`, `mean`, `absolute` (µ*), `low`, `high` (its interval),
            `deviation` (σ), in the measure's unit; the first twenty by µ* are drawn.

    Raises:
        ValueError: where there is no factor.
    """
    shown, note = _first(_ordered(effects, "absolute"), _EFFECTS)
    (size, *_), (signed, *_) = style.looks("ab").values()
    edge: Any = {"markeredgecolor": INK}
    legend: dict[str, Artist] = {
        "µ*, mean size of the effect": Line2D([], [], color=size, linewidth=5.0, alpha=0.85),
        "mean effect": Line2D([], [], color=signed, marker="D", markersize=5, linewidth=0, **edge),
        "σ = µ*": Line2D([], [], color=INK, linestyle="--", linewidth=0.8),
    }
    height = max(2.8, 0.75 + 0.3 * len(shown))
    figure, (left, right) = style.frame_panels(
        1, 2, height, words, note, legend, width_ratios=(1.25, 1.0)
    )
    for at, row in enumerate(style.rows_of(shown)):
        left.barh(-at, row["absolute"], height=0.6, color=size, alpha=0.85)
        left.hlines(-at, row["low"], row["high"], color=INK, linewidth=1.0, zorder=3)
        mark: Any = {"markersize": 4.5, "markeredgewidth": 0.5, "zorder": 4, **edge}
        left.plot(row["mean"], -at, "D", color=signed, **mark)
        place = (row["absolute"], row["deviation"])
        right.plot(*place, "o", color=size, markersize=5)
        text: Any = {"textcoords": "offset points", "fontsize": 7, "color": INK}
        right.annotate(str(at + 1), place, xytext=(4, 3), **text)
    labels = [
        style.break_lines(f"{at}  {style.factor_name(n)}", 32)
        for at, n in enumerate(shown["factor"], 1)
    ]
    left.set_yticks([-float(at) for at in range(len(labels))], labels, fontsize=7)
    left.xaxis.set_major_locator(MaxNLocator(nbins=5))
    left.axvline(0.0, color=INK, linewidth=0.8)
    left.tick_params(axis="y", length=0)
    left.grid(visible=False, axis="y")
    unit = words.unit(measure)
    left.set(xlabel=unit, title="Effect over the whole range")
    most = 1.12 * float(shown[["absolute", "deviation"]].max().max()) or 1.0
    right.plot([0.0, most], [0.0, most], "--", color=INK, linewidth=0.8, zorder=0)
    across = f"µ* ({unit})" if unit else "µ*"
    right.set(xlabel=across, ylabel="σ", xlim=(0.0, most), ylim=(0.0, most))
    right.set_title("Size against unevenness")
    return figure


@use_style()
def share_plot(shares: pd.DataFrame, words: Words) -> Figure:
    """A bar a reading, divided by what its variance comes from, in the same order in every bar.

    Args:
        shares: `reading`, and every column of numbers a source; a row's shares 0..1 add up to 1,
            and a reading that does not vary has none. The smallest beyond six are put together.

    Raises:
        ValueError: where there is no reading or no source.
    """
    sources = list(shares.columns[[pd.api.types.is_float_dtype(kind) for kind in shares.dtypes]])
    if shares.empty or not sources:
        raise ValueError("there is no share to draw")
    table = shares[sources].copy()
    if len(sources) > MOST_GROUPS:
        order = table.mean().sort_values(ascending=False, kind="stable").index
        small = [name for name in sources if name not in set(order[: MOST_GROUPS - 1])]
        table[_OTHERS] = table[small].sum(axis=1, min_count=1)
        table = table.drop(columns=small)
    groups = style.looks(table.columns)
    legend: dict[str, Artist] = {
        words.names.get(name, name.replace("_", " ").replace(".", " ")): style.swatch(
            facecolor=look.colour, hatch=hatch, edgecolor="white", alpha=0.9
        )
        for (name, look), hatch in zip(groups.items(), _HATCHES, strict=False)
    }
    still = int(table.isna().all(axis=1).sum())
    note = _SHARES + (f" {still} of {len(shares)} readings do not vary." if still else "")
    figure, (panel,) = style.frame_panels(1, 1, 0.6 + 0.42 * len(table), words, note, legend)
    for at, (_, values) in enumerate(table.iterrows()):
        _bar(panel, values, -float(at), [look.colour for look in groups.values()])
    rows = [words.heading(str(name), 38) for name in shares["reading"]]
    style.label_rows(panel, rows, (0.45, 0.55), fontsize=7)
    panel.set_xlim(0.0, 1.0)
    panel.xaxis.set_major_formatter(PercentFormatter(1.0))
    panel.set_xlabel("share of the variance")
    return figure


def _bar(panel: Axes, values: pd.Series, height: float, colours: list[str]) -> None:
    """One reading's shares from left to right, each with its number where there is room."""
    if values.isna().all():
        panel.text(0.01, height, "does not vary", va="center", fontsize=7, color=INK)
        return
    left = 0.0
    for value, colour, hatch in zip(values.fillna(0.0), colours, _HATCHES, strict=False):
        look: Any = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4}
        panel.barh(height, value, left=left, height=0.66, **look)
        if value >= _LEAST_WRITTEN:
            panel.text(
                left + value / 2, height, f"{100 * value:.0f}", ha="center", va="center",
                fontsize=6.5, color="#111111" if hatch else style.legible(colour),
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8} if hatch else None,
            )  # fmt: skip
        left += value

"""Which factor moves an outcome: ends of a factor, Sobol' indices, Morris's effects, shares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures import style
from eurasia_sim.figures.heatmaps import cell_plot
from eurasia_sim.figures.style import HATCHES, INK, Page, Request, Words, caption_of_runs, use_style
from eurasia_sim.figures.verdicts import ROWS_A_PAGE, analysis_caption, split_table, table_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import ResultsFolder

_MOST_FACTORS = 20
_END = 0.2  # share of the runs at each end of a factor
_TORNADO = (
    "Bars: mean of the runs in the lowest and in the highest fifth of a factor, or at its lowest "
    "and highest level, with 95 % intervals. The line is the mean of all runs. Longest "
    "first{left}."
)
_INDICES = (
    "First order: share of the variance that a factor alone accounts for. Total: share that also "
    "counts what it does together with others. Bars: 95 % intervals; an index below 0 or above 1 "
    "and a first above its total are sampling error. Largest total first{left}."
)
_EFFECTS = (
    "µ*: mean size of what a step over a factor's whole range does, with its 95 % interval; mean: "
    "the same with its sign; σ: how much it differs from place to place. Where σ is above µ* a "
    "factor acts mostly through others or bends. Largest µ* first{left}."
)
_MARKS = {"absolute": "µ*, mean size", "mean": "mean effect", "deviation": "σ, unevenness"}
_NO_SHARES = ("scenarios", "replicates")  # columns beside the shares that count
_SHARES = (
    "Shares of the variance over all runs of the reading (law of total variance); they add up to "
    "100 %. Chance is what runs of one point vary by. Hatched: does not vary."
)


def tornado_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """What each measure does at both ends of every factor of a sweep."""
    if not held.factors:
        raise DataError([f"{held.folder} has no factors: a tornado needs a folder of a sweep"])
    for measure in request.measures:
        table = held.runs([measure, *held.factors])
        varied = [factor for factor in held.factors if len(table[factor].unique()) > 1]
        if not varied:
            raise ValueError("no factor varies")
        ends = tornado_table(table, varied, measure)
        title = f"{held.title}: what each factor does at its ends"
        words = Words(title, caption_of_runs(held, table), held.names, held.units([measure]))
        says = style.readable(measure, held.names)
        yield Page((measure,), tornado(ends, measure, words), ends, says)


def index_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Sobol' indices of every factor with intervals, a figure a measure and scenario."""
    for parts, own, heading in split_table(held, "sobol", request, "measure", "scenario"):
        table = index_table(own)
        words = Words(f"{heading}: Sobol' indices", analysis_caption(held), held.names)
        marks = {"first": "first order", "total": "total"}
        unit = "share of the outcome's variance"
        figure = mark_plot(table, marks, "total", _INDICES, unit, words)
        yield Page(parts, figure, table, f"{words.title}, {len(table)} factors")


def effect_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Morris's effects of every factor, a figure a measure and scenario."""
    for parts, own, heading in split_table(held, "morris", request, "measure", "scenario"):
        words = Words(f"{heading}: Morris's effects", analysis_caption(held), held.names)
        table = own.rename(columns={"low": "absolute_low", "high": "absolute_high"})
        unit = held.units(parts[:1]).get(parts[0], "")
        figure = mark_plot(table, _MARKS, "absolute", _EFFECTS, unit, words)
        yield Page(parts, figure, own, f"{words.title}, {len(own)} factors")


def share_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """What the variance of every reading comes from, eighteen readings a figure."""
    table = share_table(table_of(held, "shares"), held.names)
    words = Words(f"{held.title}: what the spread comes from", analysis_caption(held), held.names)
    for first in range(0, len(table), ROWS_A_PAGE):
        own = table.iloc[first : first + ROWS_A_PAGE]
        part = str(first // ROWS_A_PAGE + 1) if len(table) > ROWS_A_PAGE else ""
        yield Page((part,), share_plot(own, words), own, f"{len(own)} readings")


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
    return _ordered(found, (found["high"] - found["low"]).abs())


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


def _ordered(table: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """The rows of a table, the largest first, those without a number last."""
    order = by.sort_values(ascending=False, kind="stable", na_position="last").index
    return table.loc[order].reset_index(drop=True)


def _first(table: pd.DataFrame, note: str) -> tuple[pd.DataFrame, str]:
    """The factors that are drawn, and the note with how many are not."""
    if table.empty:
        raise ValueError("there is no factor to draw")
    more = len(table) - _MOST_FACTORS
    left = f"; {more} smaller ones are in the table alone" if more > 0 else ""
    return table.head(_MOST_FACTORS), note.format(left=left)


def _label_factors(panel: Axes, shown: pd.DataFrame) -> None:
    labels = [style.break_lines(style.factor_name(name), 40) for name in shown["factor"]]
    style.label_rows(panel, labels, fontsize=7)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=7))


@use_style()
def tornado(ends: pd.DataFrame, measure: str, words: Words) -> Figure:
    """Bars from the overall mean to the mean at either end of each factor.

    Args:
        ends: as `tornado_table` gives; the first twenty are drawn, and the rest is counted.

    Raises:
        ValueError: where there is no factor.
    """
    shown, note = _first(ends, _TORNADO)
    note = f"{ends['runs'].iloc[0]} runs, {ends['missing'].iloc[0]} missing. {note}"
    colours = [look.colour for look in style.looks("ab").values()]
    bars: dict[str, dict[str, Any]] = {
        end: {"facecolor": colour, "hatch": hatch, "edgecolor": "white", "alpha": 0.85}
        for end, colour, hatch in zip(("low", "high"), colours, HATCHES, strict=False)
    }
    legend = {f"at the factor's {end} end": style.swatch(**look) for end, look in bars.items()}
    figure, (panel,) = style.frame_panels(1, 1, 0.75 + 0.3 * len(shown), words, note, legend)
    for up, (end, look) in zip((0.18, -0.18), bars.items(), strict=True):
        heights = up - shown.index.to_numpy()
        panel.barh(heights, shown[end] - shown["middle"], 0.36, left=shown["middle"], **look)
        panel.hlines(heights, shown[f"{end}_low"], shown[f"{end}_high"], color=INK, linewidth=1.0)
    for at, row in enumerate(style.rows_of(shown)):
        style.write_beside(panel, -at, f"{row['low_at']}\n{row['high_at']}", fontsize=5.5)
    panel.axvline(ends["middle"].iloc[0], color=INK, linewidth=0.9)
    _label_factors(panel, shown)
    panel.set(title=words.heading(measure), xlabel=words.unit(measure))
    return figure


@use_style()
def mark_plot(
    table: pd.DataFrame, marks: Mapping[str, str], by: str, note: str, unit: str, words: Words
) -> Figure:
    """A row a factor with marks, their intervals and numbers; the first twenty by one column.

    Args:
        table: `factor` and a column a mark, NaN written as such; `<mark>_low` and `<mark>_high`
            where it has an interval.
        marks: column → what it is called. by: column of which the largest comes first.

    Raises:
        ValueError: where there is no factor.
    """
    shown, note = _first(_ordered(table, table[by]), note)
    looks = style.looks(marks)
    legend = {label: style.mark_key(looks[name]) for name, label in marks.items()}
    height = 0.75 + 0.15 * len(marks) * len(shown)
    figure, (panel,) = style.frame_panels(1, 1, height, words, note, legend)
    style.draw_marks(panel, shown, looks, 0.3 - 0.3 / len(marks))
    for at, row in enumerate(style.rows_of(shown)):
        text = "\n".join(_number_words(row, name, marks[name]) for name in marks)
        style.write_beside(panel, -at, text.replace("-", "−"), fontsize=5.5)
    panel.axvline(0.0, color=INK, linestyle="--", linewidth=0.8)
    panel.margins(x=0.08)
    _label_factors(panel, shown)
    panel.set_xlabel(unit)
    return figure


def _number_words(row: Mapping[str, Any], name: str, label: str) -> str:
    """A mark's number with its interval, if it has one."""
    if not np.isfinite(row[name]):
        return f"{label}: no number"
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    return f"{row[name]:.3g}" + ("" if pd.isna(low) else f" [{low:.3g}, {high:.3g}]")


def share_plot(shares: pd.DataFrame, words: Words) -> Figure:
    """A row a reading, a column a source of its variance, in the same order in every row.

    Args:
        shares: `reading`, and every column of numbers a source; a row's shares 0..1 add up to 1,
            and a reading that does not vary has none.

    Raises:
        ValueError: where there is no reading or no source.
    """
    table = shares.set_index("reading").select_dtypes("float")
    if table.empty or table.isna().all(axis=None):
        raise ValueError("there is no share to draw")
    still = int(table.isna().all(axis=1).sum())
    note = _SHARES + (f" {still} of {len(shares)} readings do not vary." if still else "")
    table = table.rename(lambda name: words.heading(str(name)))
    return cell_plot(table.rename(columns=lambda name: re.sub("[_.]", " ", name)), words, note, 38)

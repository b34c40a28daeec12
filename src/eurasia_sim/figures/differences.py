"""What paired runs of two scenarios differ by, and forecasts of the model from the best free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, PercentFormatter

from eurasia_sim.analysis.convergence import is_flat
from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, Page, Request, Words, caption_of_runs, use_style
from eurasia_sim.figures.verdicts import table_of, validated
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import FIT, SKILL, ResultsFolder
from eurasia_sim.simulation.run import FITTED, RANGES, REFERENCE
from eurasia_sim.validation.forecasts import by_item

_OVER: Mapping[str, str] = {
    REFERENCE: "reference values, chance alone", RANGES: "declared ranges",
    FITTED: "the fit to the record",
}  # fmt: skip
_HOW_TO_READ = "Dot: mean over pairs of runs under the same luck; bar: 95 % interval of that mean."

_MOST_NUMBERS = 20
_TRACK, _CLEAR = "#BBBBBB", 0.8
_POSTERIOR_NOTE = (
    "A row a number, the most learnt first; the axis is its declared range. Grey: the middle 90 % "
    "of members before; ink: after the fit, bold where at most four fifths of the spread are left. "
    "Right: what is left of the spread, by how many standard deviations the mean moved, and the "
    "items it goes along with. A number of which the record does not speak keeps its range."
)
_AHEAD, _WORST = 3, -1.0  # years; a skill below which a mark stands at the edge
_SIDES: Mapping[str, str] = {
    "model": "the model, drivers held", "known": "drivers as recorded",
    "on_filter": "on the noise filter", "null": "null theory", "unchanged": "no change",
}  # fmt: skip
_SKILL_NOTE = (
    "A row an observed item, the worst first. Right of the dashed line a method beats the best "
    "free baseline that could be chosen at the time; numbers are the model's. Bar: with each actor "
    "or place left out in turn. Marks below -100 % stand at that edge. Hindsight: whoever coded "
    "and built the model knew later years, so its skill is at most this."
)


def difference_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Paired differences of the first scenario from each other, at reference and over ranges."""
    table = held.runs(request.measures)
    scenarios = list(dict.fromkeys(table["scenario"]))
    if len(scenarios) < 2 or "set" not in table:
        need = "a paired difference needs two scenarios that one call of `eurasia-sim run` paired"
        raise DataError([need])
    first, *others = scenarios
    for theory, runs in table.groupby("theory", sort=False):
        sets = {str(kind): part for kind, part in runs.groupby("set")}
        order = sorted(sets, key=lambda kind: kind != REFERENCE)
        for other in others:
            gaps = [
                differences_of(sets[kind], first, other, request.measures, _OVER.get(kind, kind))
                for kind in order
            ]
            summary = difference_summary(pd.concat(gaps, ignore_index=True))
            if summary["mean"].isna().all():
                raise ValueError(f"no run of both {first} and {other} finished")
            pair = runs[runs["scenario"].isin((first, other)) & (runs["set"] == RANGES)]
            title, units = f"{first} less {other}", held.units(request.measures)
            words = Words(title, caption_of_runs(held, pair), held.names, units)
            parts = (str(theory), other if len(others) > 1 else "")
            says = f"{title}, {style.list_measures(request.measures, held.names)}"
            yield Page(parts, paired_difference(summary, words), summary, says)


def differences_of(
    table: pd.DataFrame, first: str, second: str, measures: Sequence[str], over: str
) -> pd.DataFrame:
    """Paired differences, first scenario minus second, run by run.

    Args:
        table: a row a run and scenario, both scenarios in it.
        over: what the runs were drawn over, in the words of the figure.

    Returns:
        Columns `run`, `over`, `measure`, `difference`; a run that either scenario lacks is NaN.

    Raises:
        ValueError: where the runs of the two do not share their seeds and so are no pairs.
    """
    one, other = (table[table["scenario"] == name].set_index("run") for name in (first, second))
    both = one.index.intersection(other.index)
    if "seed" in table and not one.loc[both, "seed"].equals(other.loc[both, "seed"]):
        raise ValueError(f"runs of {first} and {second} share no seeds: they cannot be paired")
    gaps = one[list(measures)].sub(other[list(measures)])  # by run, NaN where one side lacks it
    named = gaps.rename_axis("run").reset_index().assign(over=over)
    return named.melt(["run", "over"], var_name="measure", value_name="difference")


def difference_summary(differences: pd.DataFrame) -> pd.DataFrame:
    """A row a measure and what the runs of one or more `differences_of` were drawn over.

    Returns:
        Columns `measure`, `over`, `pairs`, `missing`, `mean`, `low`, `high` (95 % bootstrap
        interval of the mean), `deviation` (of the pairs), `above` (share of pairs above zero).
    """
    rows = []
    for (measure, over), part in differences.groupby(["measure", "over"], sort=False):
        values = part["difference"].to_numpy(dtype=float)
        present = values[np.isfinite(values)]
        low, high = mean_interval(present)
        rows.append(
            {
                "measure": measure, "over": over, "pairs": len(present),
                "missing": len(values) - len(present),
                "mean": present.mean() if len(present) else np.nan, "low": low, "high": high,
                "deviation": 0.0 if is_flat(present) else present.std(ddof=1),
                "above": (present > 0).mean() if len(present) else np.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


@use_style()
def paired_difference(summary: pd.DataFrame, words: Words) -> Figure:
    """Means and intervals of a `difference_summary`; a panel a measure, one axis for each unit."""
    groups = style.looks(summary["over"])
    measures = list(dict.fromkeys(summary["measure"]))
    height = len(measures) * (0.5 + 0.34 * len(groups))
    figure, panels = style.frame_panels(len(measures), 1, height, words, _HOW_TO_READ)
    units = [words.unit(measure) for measure in measures]
    first_of: dict[str, Axes] = {}
    for panel, measure, unit in zip(panels, measures, units, strict=True):
        if unit and first_of.setdefault(unit, panel) is not panel:
            panel.sharex(first_of[unit])
        rows = style.rows_of(summary[summary["measure"] == measure])
        for at, row in enumerate(rows):
            ends, look = (row["mean"], row["low"], row["high"]), groups[row["over"]]
            style.draw_intervals(panel, -float(at), *ends, look)
            style.write_beside(panel, -float(at), _summary_words(row), 1.02, linespacing=1.2)
        panel.axvline(0.0, color=INK, linestyle="--", linewidth=0.8, zorder=1)
        style.label_rows(panel, [style.break_lines(row["over"], 20) for row in rows])
        panel.set_title(words.heading(measure))
        panel.margins(x=0.08)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=6))
    for panel, unit, following in zip(panels, units, [*units[1:], None], strict=True):
        panel.set_xlabel("" if unit == following else unit)
        if np.ptp(panel.get_xlim()) < 1e-9:
            panel.set_xlim(-1.0, 1.0)
    return figure


def _summary_words(row: Mapping[str, float]) -> str:
    """Mean, interval, share above zero and pairs of one row."""
    counted = f"{row['pairs']} pairs, {row['missing']} missing"
    if not row["pairs"]:
        return counted
    if row["deviation"] == 0:
        return f"{_signed(row['mean'])} in every pair\n{counted}"
    mean, low, high = (_signed(row[name]) for name in ("mean", "low", "high"))
    return f"{mean}  [{low}, {high}]\n{100 * row['above']:.0f} % above 0 · {counted}"


def _signed(value: float) -> str:
    """Three significant digits with their sign; nothing before a zero."""
    return "0" if value == 0 else f"{value:+#.3g}".rstrip(".").replace("-", "−")


def skill_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """Skill of the model on every observed item, the worst first, a figure a theory."""
    for theory, own, caption in validated(held, SKILL):
        rows = by_item(own, _AHEAD)
        better = f"{(rows['model'] > 0).sum()} of {len(rows)} items"
        words = Words(f"The model forecasts {better} better than the best free baseline", caption)
        says = f"{len(rows)} observed items"
        yield Page((theory,), skill_plot(rows, words), rows.reset_index(), says)


@use_style()
def skill_plot(rows: pd.DataFrame, words: Words) -> Figure:
    """A row an item: skill of the model and of what it is measured by.

    Args:
        rows: as `by_item` gives them.

    Raises:
        ValueError: where there is no item.
    """
    if rows.empty:
        raise ValueError("no item has a skill")
    groups = style.looks(_SIDES)
    legend = {label: style.mark_key(groups[name]) for name, label in _SIDES.items()}
    height = 0.6 + 0.34 * len(rows)
    figure, (panel,) = style.frame_panels(1, 1, height, words, _SKILL_NOTE, legend)
    marks = rows.rename(columns={"low": "model_low", "high": "model_high"}).clip(lower=_WORST)
    style.draw_marks(panel, marks, groups, 0.3)
    for at, row in enumerate(style.rows_of(rows)):
        note = "  n = 1" if row["units"] == 1 else ""
        style.write_beside(panel, -float(at), f"{round(100 * row['model']):+d}%{note}")
    panel.axvline(0.0, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    style.label_rows(panel, [str(name).replace("_", " ") for name in rows.index])
    panel.xaxis.set_major_formatter(PercentFormatter(1.0))
    panel.set_xlabel(f"saved of the best free baseline's CRPS, level {_AHEAD} years ahead")
    return figure


def posterior_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """The numbers that the record narrows or shifts most, a figure."""
    if held.kind != FIT:
        need = "a posterior needs what `eurasia-sim calibrate` writes"
        raise DataError([f"{held.folder} was written by {held.kind}: {need}"])
    table, manifest = table_of(held, "numbers"), held.manifest
    moved = table[table["moved"]].head(_MOST_NUMBERS).reset_index(drop=True)
    title = (
        f"The record to {manifest['until']} speaks of {manifest['moved']} of {len(table)} numbers"
    )
    counts, theory = (manifest["members"], manifest["failed"]), str(manifest["theory"])
    caption = style.caption(*counts, held.seed, "as_recorded", theory, held.judged)
    says = f"{len(moved)} numbers before and after the fit"
    figure = posterior_plot(moved, Words(title, caption))
    yield Page((theory,), figure, moved, says)


@use_style()
def posterior_plot(numbers: pd.DataFrame, words: Words) -> Figure:
    """A row a number: the middle 90 % before and after, as shares of its declared range.

    Args:
        numbers: rows of `Fit.numbers`.

    Raises:
        ValueError: where there is no number.
    """
    if numbers.empty:
        raise ValueError("the record speaks of no number")
    legend = {
        "before": Line2D([], [], color=_TRACK, linewidth=6),
        "after": Line2D([], [], color=INK, linewidth=2),
    }
    figure, (panel,) = style.frame_panels(
        1, 1, 0.5 + 0.3 * len(numbers), words, _POSTERIOR_NOTE, legend
    )
    for at, row in enumerate(style.rows_of(numbers)):
        span = row["high"] - row["low"]
        ends = {
            key: [(row[f"{key}_{end}"] - row["low"]) / span for end in ("low", "high")]
            for key in ("before", "after")
        }
        panel.hlines(-at, *ends["before"], color=_TRACK, linewidth=6)
        panel.hlines(-at, *ends["after"], color=INK, linewidth=3.5 if row["left"] < _CLEAR else 1.6)
        first, *others = row["items"].split(", ")
        more = f" and {len(others)} more" if others else ""
        text = f"{row['left']:.0%}  {row['shift']:+.1f}  {first}{more}"
        style.write_beside(panel, -at, text, 1.02)
    names = [style.break_lines(path.removeprefix("rules."), 44) for path in numbers["number"]]
    style.label_rows(panel, names, fontsize=6.5)
    panel.xaxis.set_major_locator(FixedLocator([0.0, 0.5, 1.0]))
    panel.set_xticklabels(["low end", "middle", "high end"])
    panel.set(xlim=(0.0, 1.0), xlabel="declared range")
    return figure

"""What paired runs of two scenarios differ by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eurasia_sim.analysis.convergence import is_flat
from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, Page, Request, Words, caption_of_runs, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import FITTED, RANGES, REFERENCE

_OVER: Mapping[str, str] = {
    REFERENCE: "reference values, chance alone", RANGES: "declared ranges",
    FITTED: "the fit to the record",
}  # fmt: skip
_HOW_TO_READ = "Dot: mean over pairs of runs under the same luck; bar: 95 % interval of that mean."


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

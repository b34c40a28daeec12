"""What paired runs of two scenarios differ by, measure by measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures import style
from eurasia_sim.figures.distributions import is_flat, list_measures
from eurasia_sim.figures.style import INK, Look, Page, Request, Words, caption_of_runs, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES, REFERENCE

_OVER: Mapping[str, str] = {REFERENCE: "reference values, chance alone", RANGES: "declared ranges"}
_HOW_TO_READ = (
    "Dot: mean over pairs of runs under the same luck; bar: 95 % bootstrap interval of that mean."
)


def difference_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Paired differences of the first scenario from each other one, at reference and over ranges.

    Raises:
        DataError: for a folder whose runs are not paired.
    """
    table = held.runs(request.measures)
    scenarios = list(dict.fromkeys(table["scenario"]))
    if len(scenarios) < 2 or "set" not in table:
        said = "a paired difference needs two scenarios that one call of `eurasia-sim run` paired"
        raise DataError([said])
    first, *others = scenarios
    for theory, runs in table.groupby("theory", sort=False):
        sets = {str(kind): part for kind, part in runs.groupby("set")}
        order = sorted(sets, key=lambda kind: kind != REFERENCE)
        for other in others:
            gaps = [
                differences_of(sets[kind], first, other, request.measures, _OVER.get(kind, kind))
                for kind in order
            ]
            pair = runs[runs["scenario"].isin((first, other)) & (runs["set"] != REFERENCE)]
            title, units = f"{first} less {other}", held.units(request.measures)
            words = Words(title, caption_of_runs(held, pair), held.names, units)
            parts = (str(theory), other if len(others) > 1 else "")
            says = f"{title}, {list_measures(request.measures, held.names)}"
            summary = difference_summary(pd.concat(gaps, ignore_index=True))
            yield Page("difference", parts, summary, words, says, {"summary": summary})


def differences_of(
    table: pd.DataFrame, first: str, second: str, measures: Sequence[str], over: str
) -> pd.DataFrame:
    """Paired differences, first scenario minus second, run by run.

    Args:
        table: a row a run and scenario, both scenarios in it.
        over: what the runs were drawn over, in the words of the figure.

    Returns:
        Columns `measure`, `over`, `run`, `difference`; a run that either scenario lacks is NaN.

    Raises:
        ValueError: where the runs of the two do not share their seeds and so are no pairs.
    """
    one, other = (table[table["scenario"] == name].set_index("run") for name in (first, second))
    both = one.index.intersection(other.index)
    if "seed" in table and not one.loc[both, "seed"].equals(other.loc[both, "seed"]):
        raise ValueError(f"runs of {first} and {second} share no seeds: they cannot be paired")
    runs = one.index.union(other.index)
    parts = []
    for measure in measures:
        gap = (one[measure].reindex(runs) - other[measure].reindex(runs)).to_numpy()
        parts.append(
            pd.DataFrame({"measure": measure, "over": over, "run": runs, "difference": gap})
        )
    return pd.concat(parts, ignore_index=True)


def difference_summary(differences: pd.DataFrame) -> pd.DataFrame:
    """A row a measure and what the runs were drawn over.

    Args:
        differences: columns `measure`, `over`, `difference`, as `differences_of` gives; several
            draws stacked.

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
    """Mean paired differences with 95 % intervals; a panel a measure, one axis for each unit.

    Args:
        summary: as `difference_summary` gives.
    """
    groups = style.looks(summary["over"])
    measures = list(dict.fromkeys(summary["measure"]))
    height = len(measures) * (0.5 + 0.34 * len(groups))
    figure, panels = style.frame_panels(len(measures), 1, height, words, _HOW_TO_READ)
    for panel, measure in zip(panels, measures, strict=True):
        rows = summary[summary["measure"] == measure]
        for at, (_, row) in enumerate(rows.iterrows()):
            _dot(panel, row, -float(at), groups[row["over"]])
        panel.axvline(0.0, color=INK, linestyle="--", linewidth=0.8, zorder=1)
        style.label_rows(panel, [style.break_lines(over, 20) for over in rows["over"]])
        panel.set_title(words.heading(measure))
        panel.set_xlabel(words.unit(measure))
        panel.margins(x=0.08)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=6))
        low, high = panel.get_xlim()
        if high - low < 1e-9:
            panel.set_xlim(-1.0, 1.0)
    _share_axes(panels, [words.unit(measure) for measure in measures])
    return figure


def _dot(panel: Axes, row: pd.Series, height: float, look: Look) -> None:
    """One mean with its interval, and its words beside the panel."""
    if row["pairs"]:
        panel.hlines(height, row["low"], row["high"], color=look.colour, linewidth=2.4)
        edge: Any = {"markeredgecolor": INK, "markeredgewidth": 0.5}
        panel.plot(row["mean"], height, look.marker, markersize=5, color=look.colour, **edge)
    said = f"{row['pairs']} pairs, {row['missing']} missing"
    if row["pairs"] and row["deviation"] == 0:
        said = f"{_signed(row['mean'])} in every pair\n{said}"
    elif row["pairs"]:
        mean, low, high = (_signed(row[name]) for name in ("mean", "low", "high"))
        said = f"{mean}  [{low}, {high}]\n{100 * row['above']:.0f} % above 0 · {said}"
    style.write_beside(panel, height, said, 1.02, linespacing=1.2)


def _signed(value: float) -> str:
    """Three significant digits with their sign; nothing before a zero."""
    digits = f"{value:+#.3g}".rstrip(".").replace("-", "−")
    return "0" if value == 0 else digits


def _share_axes(panels: Sequence[Axes], units: Sequence[str]) -> None:
    """Give panels of one unit the same ends, and the unit's name to the last of them."""
    for unit in {unit for unit in units if unit}:
        alike = [panel for panel, own in zip(panels, units, strict=True) if own == unit]
        limits = [panel.get_xlim() for panel in alike]
        for panel in alike:
            panel.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        for panel, follower in zip(panels, [*units[1:], None], strict=True):
            if panel in alike and follower == unit:
                panel.set_xlabel("")

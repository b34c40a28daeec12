"""What paired runs of two scenarios differ by, measure by measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from eurasia_sim.comparison import mean_interval
from eurasia_sim.figures.distribution import is_flat
from eurasia_sim.figures.style import INK, Look, broken, framed, looks, readable, styled

Values = NDArray[np.float64]


def differences_of(table: pd.DataFrame, first: str, second: str, measures: Sequence[str], over: str) -> pd.DataFrame:
    """Paired differences, first scenario minus second, run by run.

    Args:
        table: as `ensemble.run_ensemble` gives, both scenarios in it.
        over: what the runs were drawn over, in the words of the figure, such as `at reference`.

    Returns:
        Columns `measure`, `over`, `run`, `difference`; a run that either scenario lacks is NaN.

    Raises:
        ValueError: where the runs of the two do not share their seeds and so are no pairs.
    """
    one, other = (table[table["scenario"] == name].set_index("run") for name in (first, second))
    both = one.index.intersection(other.index)
    if "seed" in table and not one.loc[both, "seed"].equals(other.loc[both, "seed"]):
        raise ValueError(f"runs of {first} and {second} do not share their seeds: they cannot be paired")
    runs = one.index.union(other.index)
    parts = []
    for measure in measures:
        gap = one[measure].reindex(runs) - other[measure].reindex(runs)
        parts.append(pd.DataFrame({"measure": measure, "over": over, "run": runs, "difference": gap.to_numpy()}))
    return pd.concat(parts, ignore_index=True)


def difference_summary(differences: pd.DataFrame) -> pd.DataFrame:
    """The numbers behind the figure, a row a measure and what the runs were drawn over.

    Args:
        differences: columns `measure`, `over`, `difference`, as `differences_of` gives.

    Returns:
        Columns `measure`, `over`, `pairs`, `missing`, `mean`, `low`, `high` (95 % bootstrap interval of the mean),
        `deviation` (standard deviation of the pairs), `above` (share of pairs above zero).
    """
    rows = []
    for (measure, over), part in differences.groupby(["measure", "over"], sort=False):
        values = part["difference"].to_numpy(dtype=float)
        present = values[np.isfinite(values)]
        low, high = mean_interval(present)
        rows.append(
            {
                "measure": measure,
                "over": over,
                "pairs": len(present),
                "missing": len(values) - len(present),
                "mean": present.mean() if len(present) else np.nan,
                "low": low,
                "high": high,
                "deviation": 0.0 if is_flat(present) else present.std(ddof=1),
                "above": (present > 0).mean() if len(present) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _signed(value: float) -> str:
    """Three significant digits with their sign; nothing before a zero."""
    digits = f"{value:+#.3g}".rstrip(".").replace("-", "−")
    return "0" if value == 0 else digits


def _said(row: pd.Series, scale: float) -> str:
    """A row in words: the mean with its interval, the share above zero, and the pairs."""
    counts = f"{row['pairs']} pairs, {row['missing']} missing"
    if not row["pairs"]:
        return counts
    if row["deviation"] == 0:
        return f"{_signed(row['mean'])} in every pair\n{counts}"
    mean, low, high = (_signed(row[name] / scale) for name in ("mean", "low", "high"))
    return f"{mean}  [{low}, {high}]\n{100 * row['above']:.0f} % above 0 · {counts}"


def _dot(panel: Axes, row: pd.Series, height: float, look: Look, scale: float) -> None:
    """One mean with its interval and its words beside the panel; no spread, no standard unit to draw in."""
    if row["pairs"] and scale > 0:
        panel.hlines(height, row["low"] / scale, row["high"] / scale, color=look.colour, linewidth=2.4)
        panel.plot(
            row["mean"] / scale, height, look.marker, markersize=5, color=look.colour, markeredgecolor=INK,
            markeredgewidth=0.5,
        )  # fmt: skip
    said = _said(row, scale) if scale > 0 else f"{_said(row, 1.0)}, no standard unit"
    panel.text(
        1.02, height, said, transform=panel.get_yaxis_transform(), va="center", fontsize=6.5, color=INK, linespacing=1.2
    )


def _dress(panel: Axes) -> None:
    """The zero line, always in view, and a quiet vertical axis."""
    panel.axvline(0.0, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    panel.tick_params(axis="y", length=0)
    panel.grid(visible=False, axis="y")
    panel.margins(x=0.08)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6))
    low, high = panel.get_xlim()
    if high - low < 1e-9:
        panel.set_xlim(-1.0, 1.0)


def paired_difference(
    differences: pd.DataFrame,
    title: str,
    caption: str,
    *,
    standardised: bool = False,
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Figure:
    """Mean paired differences with 95 % bootstrap intervals, in own units or in standard deviations of the pairs.

    Args:
        differences: columns `measure`, `over`, `difference`, as `differences_of` gives; several draws stacked.
        standardised: one panel for all measures, each divided by the standard deviation of its pairs (held fixed in the
            interval); otherwise a panel a measure, and measures of one unit share their axis.
        units: unit by measure.
        names: how to write an id.
    """
    summary = difference_summary(differences)
    groups = looks(summary["over"])
    measures = list(dict.fromkeys(summary["measure"]))
    note = f"{caption}\nDot: mean over pairs of runs under the same luck; bar: 95 % bootstrap interval of that mean."
    with styled():
        if standardised:
            note += " A standard deviation is that of the row's own pairs, so rows of unlike draws have unlike units."
            return _in_one_panel(summary, measures, groups, title, note, names)
        figure, panels = framed(len(measures), 1, len(measures) * (0.5 + 0.34 * len(groups)), title, note)
        for panel, measure in zip(panels, measures, strict=True):
            rows = summary[summary["measure"] == measure]
            for at, (_, row) in enumerate(rows.iterrows()):
                _dot(panel, row, -float(at), groups[row["over"]], 1.0)
            panel.set_yticks(-np.arange(len(rows), dtype=float), [broken(over, 20) for over in rows["over"]])
            panel.set_ylim(-len(rows) + 0.4, 0.6)
            panel.set_title(readable(measure, names))
            panel.set_xlabel((units or {}).get(measure, ""))
            _dress(panel)
        _share_axes(panels, [(units or {}).get(measure) for measure in measures])
    return figure


def _share_axes(panels: Sequence[Axes], units: Sequence[str | None]) -> None:
    """Give panels of one unit the same ends, and the unit's name to the last of them."""
    for unit in {unit for unit in units if unit}:
        alike = [panel for panel, own in zip(panels, units, strict=True) if own == unit]
        limits = [panel.get_xlim() for panel in alike]
        for panel in alike:
            panel.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        for panel, follower in zip(panels, [*units[1:], None], strict=True):
            if panel in alike and follower == unit:
                panel.set_xlabel("")


def _in_one_panel(
    summary: pd.DataFrame,
    measures: Sequence[str],
    groups: Mapping[str, Look],
    title: str,
    note: str,
    names: Mapping[str, str] | None,
) -> Figure:
    """All measures in one panel, in standard deviations of their pairs."""
    legend: dict[str, Artist] = {
        over: Line2D([], [], color=look.colour, marker=look.marker, markersize=5, markeredgecolor=INK, linewidth=2.4)
        for over, look in groups.items()
    }
    offsets = dict(zip(groups, np.linspace(0.22, -0.22, len(groups)) if len(groups) > 1 else [0.0], strict=True))
    figure, (panel,) = framed(1, 1, 0.6 + 0.34 * len(groups) * len(measures), title, note, legend)
    for _, row in summary.iterrows():
        height = -measures.index(row["measure"]) + offsets[row["over"]]
        _dot(panel, row, height, groups[row["over"]], row["deviation"])
    labels = [broken(readable(measure, names), 30) for measure in measures]
    panel.set_yticks(-np.arange(len(measures), dtype=float), labels)
    panel.set_ylim(-len(measures) + 0.45, 0.55)
    panel.set_xlabel("mean difference in standard deviations of the pairs")
    _dress(panel)
    return figure

"""In what share of runs an outcome stays at or below a value: cumulative distributions, for thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from eurasia_sim.figures.style import INK, broken, counted, framed, looks, readable, styled

Values = NDArray[np.float64]
_MOST_STEPS = 1000
_HOW_TO_READ = (
    "A line's height is the share of its finite runs that end at or below the value beneath it. These are shares of "
    "runs under the assumptions made, no probabilities of events."
)


def steps_of(values: Values) -> tuple[Values, Values]:
    """Places and heights of a cumulative distribution of finite values: all, or a thousand evenly spaced quantiles."""
    ordered = np.sort(values)
    ranks = np.arange(1, len(ordered) + 1)
    if len(ordered) > _MOST_STEPS:
        chosen = np.unique(np.linspace(0, len(ordered) - 1, _MOST_STEPS).round().astype(int))
        ordered, ranks = ordered[chosen], ranks[chosen]
    return ordered, ranks / len(values) if len(values) else ranks.astype(float)


def cumulative_distribution(
    table: pd.DataFrame,
    measures: Sequence[str],
    title: str,
    caption: str,
    *,
    by: str = "scenario",
    threshold: float | None = None,
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Figure:
    """Cumulative distributions: a panel a measure (two abreast), a line a group, every missing run counted.

    Args:
        table: a row a run; a failed run is NaN. by: column whose values are the groups, at most six.
        threshold: a value of interest; the share of each group's runs above it is written beside its line.

    Raises:
        ValueError: for more than six groups, or no measure.
    """
    if not measures:
        raise ValueError("name at least one measure to draw")
    keys = table[by].astype(str).to_numpy()
    groups = looks(keys)
    columns = 1 if len(measures) == 1 else 2
    rows = -(-len(measures) // columns)
    legend: dict[str, Artist] = {
        (names or {}).get(group, group): Line2D([], [], color=look.colour, linestyle=look.line, linewidth=2.0)
        for group, look in groups.items()
    }
    with styled():
        note = f"{caption}\n{_HOW_TO_READ}"
        figure, panels = framed(rows, columns, 2.5 * rows, title, note, legend, sharey=True)
        for panel, measure in zip(panels, measures, strict=False):
            values = table[measure].to_numpy(dtype=float)
            said: list[str] = []
            above: dict[str, float] = {}
            for group, look in groups.items():
                own = values[keys == group]
                present = own[np.isfinite(own)]
                said.append(f"{(names or {}).get(group, group)}: {counted(own)}")
                if len(present) == 0:
                    continue
                places, heights = steps_of(present)
                panel.step(
                    [places[0], *places], [0.0, *heights], where="post", color=look.colour, linestyle=look.line,
                    linewidth=1.5,
                )  # fmt: skip
                if threshold is not None:
                    above[(names or {}).get(group, group)] = float((present > threshold).mean())
            _dress(panel, broken(readable(measure, names), 88 // columns), (units or {}).get(measure, ""), said)
            if threshold is not None:
                _mark(panel, threshold, above)
        for panel in panels[len(measures) :]:
            panel.set_visible(False)
    return figure


def _dress(panel: Axes, heading: str, unit: str, said: Sequence[str]) -> None:
    panel.set_title(heading)
    panel.set_xlabel("\n".join(filter(None, (unit, *said))), fontsize=7)
    panel.set_ylim(0.0, 1.02)
    panel.set_ylabel("share of runs")
    panel.yaxis.set_major_formatter(PercentFormatter(1.0))
    panel.xaxis.set_major_locator(MaxNLocator(nbins=5))


def _mark(panel: Axes, threshold: float, above: Mapping[str, float]) -> None:
    """A line at the threshold, and the shares above it where the curves leave room: top left, or bottom right."""
    panel.axvline(threshold, color=INK, linestyle=":", linewidth=1.0)
    low, high = panel.get_xlim()
    place = (threshold - low) / (high - low)
    on_top = sum(above.values()) > len(above) / 2
    to_left = place > 0.25 if on_top else place > 0.75
    said = "\n".join((f"above {threshold:g}:", *(f"{name}: {100 * part:.0f} %" for name, part in above.items())))
    panel.annotate(
        said, (threshold, 0.94 if on_top else 0.06), xycoords=panel.get_xaxis_transform(),
        xytext=(-4 if to_left else 4, 0), textcoords="offset points", ha="right" if to_left else "left",
        va="top" if on_top else "bottom", fontsize=6.5, color=INK,
        bbox={"facecolor": "white", "alpha": 0.8, "pad": 1.0},
    )  # fmt: skip


def cumulative_data(table: pd.DataFrame, measures: Sequence[str], *, by: str = "scenario") -> pd.DataFrame:
    """The steps behind the lines: measure, group, value, share of finite runs at or below it, runs and missing."""
    parts = []
    for measure in measures:
        for group, part in table.groupby(by, sort=False):
            values = part[measure].to_numpy(dtype=float)
            present = values[np.isfinite(values)]
            places, heights = steps_of(present)
            head = {"measure": measure, by: group, "value": places, "share": heights}
            parts.append(pd.DataFrame({**head, "runs": len(present), "missing": len(values) - len(present)}))
    return pd.concat(parts, ignore_index=True)

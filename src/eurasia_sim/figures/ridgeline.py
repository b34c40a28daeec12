"""How an outcome is spread over many groups of runs: a ridge a group, one above the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from eurasia_sim.figures.distribution import density, is_flat
from eurasia_sim.figures.style import INK, broken, counted, framed, looks, readable, styled

Values = NDArray[np.float64]
MOST_RIDGES = 60
_RISE = 1.35  # how far a ridge reaches above its ground line; above 1 it overlaps the next
_HOW_TO_READ = (
    "Ridge: density of runs, cut at the last run, each as high as the others. Tick: median; line: middle 90 %."
)


def ridgeline(
    table: pd.DataFrame,
    measure: str,
    title: str,
    caption: str,
    *,
    by: str = "scenario",
    names: Mapping[str, str] | None = None,
    unit: str = "",
) -> Figure:
    """Densities of one measure, a ridge a group in order of appearance, on one axis; every missing run counted.

    Args:
        table: a row a run; a failed run is NaN. by: column whose values are the groups, at most sixty.

    Raises:
        ValueError: for more groups than a page holds, or none.
    """
    keys = table[by].astype(str).to_numpy()
    groups = list(dict.fromkeys(keys))
    if not 0 < len(groups) <= MOST_RIDGES:
        raise ValueError(f"a page holds 1 to {MOST_RIDGES} ridges; column {by} has {len(groups)} values: filter first")
    values = table[measure].to_numpy(dtype=float)
    with styled():
        height = 0.7 + 0.34 * len(groups)
        figure, (panel,) = framed(1, 1, height, title, f"{caption}\n{_HOW_TO_READ}")
        colour = looks("a")["a"].colour
        for at, group in enumerate(groups):
            _ridge(panel, values[keys == group], -float(at), colour, len(groups) - at)
        panel.set_yticks(-np.arange(len(groups), dtype=float), [broken((names or {}).get(g, g), 34) for g in groups])
        panel.set_ylim(-len(groups) + 0.5, 1.15 * _RISE)
        panel.tick_params(axis="y", length=0)
        panel.grid(visible=False, axis="y")
        panel.set_title(readable(measure, names))
        panel.set_xlabel(unit)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=8))
    return figure


def _paler(colour: str) -> tuple[float, ...]:
    """The colour mixed with white: a ridge hides the one behind it, where a see-through one would mix with it."""
    return tuple(0.45 + 0.55 * part for part in to_rgb(colour))


def _ridge(panel: Axes, values: Values, base: float, colour: str, order: int) -> None:
    """One group on its ground line; those lower on the page lie over those above."""
    present = values[np.isfinite(values)]
    said = counted(values)
    depth = 2.0 + 1.0 / (1 + order)
    if len(present) and is_flat(present):
        said += ", all the same"
        panel.vlines(present[0], base, base + 0.8 * _RISE, color=colour, linewidth=2.0, zorder=depth)
    elif len(present):
        places, heights = density(present)
        top = base + _RISE * heights
        panel.fill_between(places, base, top, color=_paler(colour), linewidth=0, zorder=depth)
        panel.plot(places, top, color="white", linewidth=1.6, zorder=depth)
        panel.plot(places, top, color=colour, linewidth=0.9, zorder=depth)
    if len(present):
        low, median, high = np.quantile(present, [0.05, 0.5, 0.95])
        panel.hlines(base, low, high, color=INK, linewidth=1.0, zorder=3.1)
        panel.vlines(median, base, base + 0.35, color=INK, linewidth=1.6, zorder=3.1)
    panel.text(
        1.01, base + 0.05, said, transform=panel.get_yaxis_transform(), fontsize=6.5, color=INK, va="bottom"
    )  # fmt: skip


def ridgeline_data(table: pd.DataFrame, measure: str, *, by: str = "scenario") -> pd.DataFrame:
    """The numbers behind the ridges, a row a group: runs, missing, mean and quantiles of the finite runs."""
    rows = []
    for group, part in table.groupby(by, sort=False):
        values = part[measure].to_numpy(dtype=float)
        present = values[np.isfinite(values)]
        levels = np.quantile(present, [0.05, 0.25, 0.5, 0.75, 0.95]) if len(present) else np.full(5, np.nan)
        rows.append(
            {
                by: group, "measure": measure, "runs": len(present), "missing": len(values) - len(present),
                "mean": present.mean() if len(present) else np.nan,
                **dict(zip(("q5", "q25", "median", "q75", "q95"), levels, strict=True)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)

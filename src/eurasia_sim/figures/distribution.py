"""How an outcome is spread over runs, scenario by scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from eurasia_sim.figures.style import INK, Look, broken, counted, framed, looks, readable, styled

Values = NDArray[np.float64]

_MOST_COLUMNS = 4
_MOST_POINTS = 400
_MOST_KERNELS = 5000
_JITTER_SEED = 0
# Spread below this, beside the size of the values, is rounding and no outcome.
_FLAT = 1e-9
HOW_TO_READ = (
    "Cloud: density of runs, cut at the last run. Box: middle half with median; line: middle 90 %. Dot: one run."
)


def is_flat(values: Values) -> bool:
    """Whether finite values are all the same but for rounding; so are one value and none."""
    return len(values) < 2 or float(np.ptp(values)) <= _FLAT * max(1.0, float(np.abs(values).max()))


def density(values: Values, points: int = 200) -> tuple[Values, Values]:
    """Gaussian kernel density of values that are not flat, from the smallest to the largest.

    Returns:
        Places and densities scaled to a greatest of 1, both (points,).
    """
    grid = np.linspace(values.min(), values.max(), points)
    if (
        len(values) > _MOST_KERNELS
    ):  # so many quantiles give the same curve at a cost that no longer grows with the runs
        values = np.quantile(values, np.linspace(0.0, 1.0, _MOST_KERNELS))
    # Scaled first: the kernel's covariance underflows where values differ only far behind the point.
    middle, scale = values.mean(), values.std()
    height = gaussian_kde((values - middle) / scale)((grid - middle) / scale)
    return grid, np.asarray(height / height.max())


def _raincloud(panel: Axes, values: Values, base: float, look: Look) -> None:
    """Draw one group of a panel with its ground line at height `base`; it fills 0.42 above and 0.3 below."""
    present = values[np.isfinite(values)]
    said = counted(values)
    if len(present) == 0:
        panel.text(0.5, base, "no runs to show", transform=panel.get_yaxis_transform(), ha="center", fontsize=7)
    elif is_flat(present):
        said += ", all the same"
        panel.vlines(present[0], base, base + 0.42, color=look.colour, linewidth=2.0)
    else:
        places, heights = density(present)
        panel.fill_between(places, base, base + 0.42 * heights, color=look.colour, alpha=0.55, linewidth=0)
        panel.plot(places, base + 0.42 * heights, color=look.colour, linewidth=0.8)
    if len(present):
        low, first, median, third, high = np.quantile(present, [0.05, 0.25, 0.5, 0.75, 0.95])
        panel.hlines(base - 0.07, low, high, color=INK, linewidth=0.8)
        panel.add_patch(
            Rectangle(
                (first, base - 0.11), third - first, 0.08, facecolor="white", edgecolor=INK, linewidth=0.8, zorder=3
            )
        )
        panel.vlines(median, base - 0.11, base - 0.03, color=INK, linewidth=1.8, zorder=4)
        shown = present[:: -(-len(present) // _MOST_POINTS)]
        if len(shown) < len(present):
            said += f", {len(shown)} drawn"
        heights = base - np.random.default_rng(_JITTER_SEED).uniform(0.15, 0.29, len(shown))
        panel.scatter(
            shown, heights, s=5, marker=look.marker, facecolor=look.colour, edgecolor=INK, linewidth=0.15, alpha=0.65
        )
    panel.text(0.02, base - 0.42, said, transform=panel.get_yaxis_transform(), fontsize=6, color=INK, va="center")


def _limits(values: Values) -> tuple[float, float] | None:
    """Ends of the axis for values that do not spread, which an axis of its own choosing would magnify into noise."""
    present = values[np.isfinite(values)]
    if len(present) == 0:
        return 0.0, 1.0
    if not is_flat(present):
        return None
    room = 0.05 * max(1.0, float(np.abs(present).max()))
    return float(present.min()) - room, float(present.max()) + room


def outcome_distribution(
    table: pd.DataFrame,
    measures: Sequence[str],
    title: str,
    caption: str,
    *,
    by: str = "scenario",
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Figure:
    """Rainclouds of some measures: a panel a measure (four abreast), a cloud a scenario, every missing run counted.

    Args:
        table: a row a run and scenario, as `ensemble.run_ensemble` gives; a failed run is NaN.
        measures: columns of the table.
        by: column whose values are the groups, at most six, drawn in order of appearance.
        names: how to write an id; where none is given a scenario keeps its own name.
        units: unit by measure, for the axis.

    Raises:
        ValueError: for more than six groups, or no measure; KeyError: for an unknown measure.
    """
    if not measures:
        raise ValueError("name at least one measure to draw")
    groups = looks(str(group) for group in table[by])
    columns = min(_MOST_COLUMNS, len(measures))
    rows = -(-len(measures) // columns)
    keys = table[by].astype(str).to_numpy()
    with styled():
        height = rows * (0.6 + 1.05 * len(groups))
        figure, panels = framed(rows, columns, height, title, f"{caption}\n{HOW_TO_READ}", sharey=True)
        for panel, measure in zip(panels, measures, strict=False):
            values = table[measure].to_numpy(dtype=float)
            draw_clouds(panel, {group: values[keys == group] for group in groups}, groups, names or {})
            panel.set_title(broken(readable(measure, names), 88 // columns))
            panel.set_xlabel((units or {}).get(measure, ""))
        for panel in panels[len(measures) :]:
            panel.set_visible(False)
    return figure


def draw_clouds(
    panel: Axes, family: Mapping[str, Values], groups: Mapping[str, Look], names: Mapping[str, str]
) -> None:
    """Draw one measure's clouds, the first group on top, each with its name beside it and its runs counted.

    Args:
        family: group → (R,) values; a failed run is NaN.
    """
    for at, (group, values) in enumerate(family.items()):
        _raincloud(panel, values, -float(at), groups[group])
    panel.set_yticks(-np.arange(len(family), dtype=float), [broken(names.get(group, group), 18) for group in family])
    panel.set_ylim(-len(family) + 0.45, 0.5)
    panel.tick_params(axis="y", length=0)
    panel.grid(visible=False, axis="y")
    panel.xaxis.set_major_locator(MaxNLocator(nbins=4))
    limits = _limits(np.concatenate(list(family.values())))
    if limits:
        panel.set_xlim(limits)


def distribution_data(table: pd.DataFrame, measures: Sequence[str], *, by: str = "scenario") -> pd.DataFrame:
    """The rows behind the figure: group, run, status and the measures, missing runs included."""
    head: list[Any] = [name for name in dict.fromkeys((by, "theory", "run", "seed", "status")) if name in table]
    return table[[*head, *measures]].reset_index(drop=True)

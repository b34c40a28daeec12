"""One measure month by month and, beside it, how its mean over the months is spread: fans and clouds in one figure."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from eurasia_sim.figures.distribution import HOW_TO_READ, Values, draw_clouds
from eurasia_sim.figures.fan import SHOWN, draw_fans, fan_legend, how_to_read_fans, shared_months
from eurasia_sim.figures.style import broken, framed, looks, styled

_WIDTHS = (2.1, 1.0)
_LEAST_HEIGHT = 2.5  # inches


def outlook(
    trajectories: Mapping[str, Values],
    means: Mapping[str, Values],
    months: pd.PeriodIndex,
    parting: int | None,
    headings: tuple[str, str],
    title: str,
    caption: str,
    *,
    unit: str = "",
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Fans of one measure on the left, clouds of its means on the right, in the same colours.

    Args:
        trajectories: scenario → (R, T), a row a run, paired across scenarios; a failed run is NaN.
        means: scenario → (R,), of the same runs.
        months: the T months. parting: number of the month in which the scenarios part, if they do.
        headings: of the fans and of the clouds. names: how to write an id.

    Raises:
        ValueError: for more than six scenarios.
    """
    groups = looks(trajectories)
    shared = shared_months(trajectories, parting) > 0
    legend = fan_legend(groups, names or {}, shared=shared)
    note = f"{caption}\n{how_to_read_fans(SHOWN)} {HOW_TO_READ}"
    with styled():
        height = max(_LEAST_HEIGHT, 0.6 + 1.05 * len(groups))
        figure, (left, right) = framed(1, 2, height, title, note, legend, width_ratios=_WIDTHS)
        draw_fans(left, trajectories, months, groups, parting, names or {})
        left.set_title(broken(headings[0], 60))
        left.set_ylabel(unit)
        draw_clouds(right, means, groups, names or {})
        right.set_title(broken(headings[1], 32))
        right.set_xlabel(unit)
    return figure

"""Whether there are runs enough: a mean and its interval as runs come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter
from scipy.stats import t as student

from eurasia_sim.figures.style import broken, framed, looks, readable, styled

_STEPS = 60
_FEWEST = 5
_HOW_TO_READ = (
    "Line: mean of the first runs, in the order of their numbers; band: its 95 % interval (Student). A band that no "
    "longer narrows much, round a line that no longer moves, means that more runs would tell little."
)


def convergence_data(
    table: pd.DataFrame, measures: Sequence[str], *, by: str = "scenario", order: str = "run"
) -> pd.DataFrame:
    """Mean and 95 % interval of the first n finite runs of every group, for up to sixty n on a logarithmic ladder.

    Returns:
        Columns `measure`, the group, `runs`, `mean`, `low`, `high`, `half_width`, `missing` (of the whole group).
    """
    rows = []
    for measure in measures:
        for group, part in table.groupby(by, sort=False):
            values = part.sort_values(order, kind="stable")[measure].to_numpy(dtype=float)
            present = values[np.isfinite(values)]
            if len(present) < _FEWEST:
                continue
            ladder = np.unique(np.geomspace(_FEWEST, len(present), _STEPS).round().astype(int))
            sums, squares = np.cumsum(present - present[0]), np.cumsum((present - present[0]) ** 2)
            mean = sums[ladder - 1] / ladder
            variance = np.maximum(squares[ladder - 1] - ladder * mean**2, 0.0) / (ladder - 1)
            half = student.ppf(0.975, ladder - 1) * np.sqrt(variance / ladder)
            mean = mean + present[0]
            rows.append(
                pd.DataFrame(
                    {
                        "measure": measure, by: group, "runs": ladder, "mean": mean, "low": mean - half,
                        "high": mean + half, "half_width": half, "missing": len(values) - len(present),
                    }
                )
            )  # fmt: skip
    if not rows:
        raise ValueError(f"no group has {_FEWEST} finite runs")
    return pd.concat(rows, ignore_index=True)


def convergence_plot(
    found: pd.DataFrame,
    title: str,
    caption: str,
    *,
    by: str = "scenario",
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Figure:
    """Running means with intervals: a panel a measure (two abreast), a line a group.

    Args:
        found: as `convergence_data` gives.

    Raises:
        ValueError: for more than six groups.
    """
    measures = list(dict.fromkeys(found["measure"]))
    groups = looks(found[by].astype(str))
    columns = 1 if len(measures) == 1 else 2
    rows = -(-len(measures) // columns)
    legend: dict[str, Artist] = {
        (names or {}).get(group, group): Line2D([], [], color=look.colour, linestyle=look.line, linewidth=2.0)
        for group, look in groups.items()
    }
    with styled():
        figure, panels = framed(rows, columns, 2.3 * rows, title, f"{caption}\n{_HOW_TO_READ}", legend)
        for panel, measure in zip(panels, measures, strict=False):
            said = []
            for group, look in groups.items():
                own = found[(found["measure"] == measure) & (found[by].astype(str) == group)]
                if own.empty:
                    said.append(f"{(names or {}).get(group, group)}: fewer than {_FEWEST} runs")
                    continue
                panel.fill_between(own["runs"], own["low"], own["high"], color=look.colour, alpha=0.2, linewidth=0)
                panel.plot(own["runs"], own["mean"], color=look.colour, linestyle=look.line)
                last = own.iloc[-1]
                said.append(
                    f"{(names or {}).get(group, group)}: {last['runs']} runs, {last['missing']} missing, "
                    f"±{last['half_width']:.2g}"
                )
            panel.set_xscale("log")
            panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            panel.xaxis.set_major_formatter(ScalarFormatter())
            panel.xaxis.set_minor_formatter(NullFormatter())
            panel.set_title(broken(readable(measure, names), 96 // columns))
            panel.set_ylabel((units or {}).get(measure, ""))
            panel.set_xlabel("\n".join(["runs", *said]), fontsize=7)
        for panel in panels[len(measures) :]:
            panel.set_visible(False)
    return figure

"""How runs spread over the months, scenario by scenario."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from eurasia_sim.figures.style import INK, Look, broken, framed, looks, readable, styled

Values = NDArray[np.float64]

# Widest first, so that the narrow lie on the wide.
_BANDS = ((0.025, 0.975, 0.13), (0.1, 0.9, 0.17), (0.25, 0.75, 0.26))
_QUANTILES = {"q2.5": 0.025, "q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9, "q97.5": 0.975}
SHOWN = 3  # runs drawn as they went
_SHARED = Look("#777777", "-", "o")
_HOW_TO_READ = (
    "Bands: middle 50, 80 and 95 % of runs, month by month; thick line: median; thin lines: the first {shown} runs as "
    "they went. Where fans overlap, their colours mix. "
    "These are shares of runs under the assumptions made, no probabilities of events."
)


def whole_runs(runs: Values) -> NDArray[np.bool_]:
    """(R,) whether a run has a finite value in every month."""
    return np.asarray(np.isfinite(runs).all(axis=1), dtype=np.bool_)


def fan_bands(trajectories: Mapping[str, Mapping[str, Values]], months: pd.PeriodIndex) -> pd.DataFrame:
    """The quantiles behind a fan chart.

    Args:
        trajectories: measure → scenario → (R, T), a row a run; a run with a gap is left out and counted as missing.
        months: at least T.

    Returns:
        A row a measure, scenario and month: `runs`, `missing`, and the quantiles (NaN where no run is whole).
    """
    parts = []
    for measure, family in trajectories.items():
        for scenario, runs in family.items():
            whole = runs[whole_runs(runs)]
            levels = list(_QUANTILES.values())
            found = np.quantile(whole, levels, axis=0) if len(whole) else np.full((len(levels), runs.shape[1]), np.nan)
            head = {"measure": measure, "scenario": scenario, "month": months[: runs.shape[1]].astype(str)}
            counts = {"runs": len(whole), "missing": len(runs) - len(whole)}
            parts.append(pd.DataFrame({**head, **counts, **dict(zip(_QUANTILES, found, strict=True))}))
    return pd.concat(parts, ignore_index=True)


def _fan(panel: Axes, runs: Values, years: Values, look: Look, shown: int) -> None:
    """Draw bands, first runs and median of whole runs (R, T) over years (T,)."""
    if len(runs) == 0 or len(years) == 0:
        return
    for low, high, strength in _BANDS:
        lower, upper = np.quantile(runs, [low, high], axis=0)
        panel.fill_between(years, lower, upper, color=look.colour, alpha=strength, linewidth=0)
    for run in runs[:shown]:
        panel.plot(years, run, color=look.colour, linewidth=0.45, alpha=0.75)
    middle = np.median(runs, axis=0)
    # Halos lie under all medians, so that one scenario's line shows through the gaps of another's.
    panel.plot(years, middle, color="white", linewidth=3.0, alpha=0.8, zorder=3.0)
    panel.plot(years, middle, color=look.colour, linestyle=look.line, linewidth=1.7, zorder=3.1)


def shared_months(family: Mapping[str, Values], parting: int | None) -> int:
    """How many months to draw once: those before the parting, if all scenarios' runs are the same there."""
    first, *others = family.values()
    if not parting or not others:
        return 0
    same = all(np.array_equal(first[:, :parting], other[:, :parting], equal_nan=True) for other in others)
    return parting if same else 0


def fan_legend(groups: Mapping[str, Look], names: Mapping[str, str], *, shared: bool) -> dict[str, Artist]:
    """A median's line for each scenario, and a patch for the months they share."""
    entries: dict[str, Artist] = {
        names.get(group, group): Line2D([], [], color=look.colour, linestyle=look.line, linewidth=2.0)
        for group, look in groups.items()
    }
    if shared:
        entries["shared past"] = Patch(color=_SHARED.colour, alpha=0.5)
    return entries


def _mark_parting(panel: Axes, year: float, said: str) -> None:
    """A dotted line at the parting, its label on the side that has more room."""
    low, high = panel.get_xlim()
    late = year > (low + high) / 2
    panel.axvline(year, color=INK, linestyle=":", linewidth=1.0)
    panel.annotate(
        said, (year, 0.985), xycoords=panel.get_xaxis_transform(), xytext=(-3 if late else 3, 0),
        textcoords="offset points", ha="right" if late else "left", va="top", fontsize=6.5, color=INK,
        bbox={"facecolor": "white", "alpha": 0.75, "pad": 1.0},
    )  # fmt: skip


def fan_chart(
    trajectories: Mapping[str, Mapping[str, Values]],
    months: pd.PeriodIndex,
    title: str,
    caption: str,
    *,
    parting: int | None = None,
    shown: int = SHOWN,
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Figure:
    """Fans of runs: a panel a measure, a colour and line style a scenario, every missing run counted.

    Args:
        trajectories: measure → scenario → (R, T), a row a run, paired across scenarios; a failed run is NaN.
        months: the T months (or more); a shorter scenario ends earlier.
        parting: month number in which the scenarios part, as `ensemble.branch_month` gives; what comes before is drawn
            once, in grey, where all scenarios agree on it.
        shown: how many runs are drawn as they went: the first whole ones, which nobody picked.
        names: how to write an id; where none is given a scenario keeps its own name.
        units: unit by measure, for the axis.

    Raises:
        ValueError: for no measure, more than six scenarios, or a trajectory longer than the months.
    """
    if not trajectories:
        raise ValueError("name at least one measure to draw")
    groups = looks(scenario for family in trajectories.values() for scenario in family)
    if max(runs.shape[1] for family in trajectories.values() for runs in family.values()) > len(months):
        raise ValueError(f"a trajectory is longer than the {len(months)} months given")
    shared = any(shared_months(family, parting) for family in trajectories.values())
    columns = 1 if len(trajectories) == 1 else 2
    rows = -(-len(trajectories) // columns)
    legend = fan_legend(groups, names or {}, shared=shared)
    note = f"{caption}\n{how_to_read_fans(shown)}"
    with styled():
        figure, panels = framed(rows, columns, 2.35 * rows, title, note, legend, sharex=True)
        for panel, (measure, family) in zip(panels, trajectories.items(), strict=False):
            draw_fans(panel, family, months, groups, parting, names or {}, shown=shown)
            panel.set_title(broken(readable(measure, names), 52))
            panel.set_ylabel((units or {}).get(measure, ""))
            panel.tick_params(labelbottom=True)
        for panel in panels[len(trajectories) :]:
            panel.set_visible(False)
    return figure


def how_to_read_fans(shown: int) -> str:
    """What bands and lines mean, for a caption."""
    return _HOW_TO_READ.format(shown=shown)


def draw_fans(
    panel: Axes,
    family: Mapping[str, Values],
    months: pd.PeriodIndex,
    groups: Mapping[str, Look],
    parting: int | None,
    names: Mapping[str, str],
    *,
    shown: int = SHOWN,
) -> None:
    """Draw one measure's fans, mark where scenarios part, and say beneath how many runs are shown and missing.

    Args:
        family: scenario → (R, T), as `fan_chart` takes it for one measure.
    """
    years = np.asarray(months.year + (months.month - 0.5) / 12, dtype=float)
    shared = shared_months(family, parting)
    counts: dict[str, str] = {}
    for at, (scenario, runs) in enumerate(family.items()):
        whole = runs[whole_runs(runs)]
        span: Any = years[: runs.shape[1]]
        if shared and at == 0:
            past = runs[whole_runs(runs[:, :shared]), :shared]
            _fan(panel, past, span[:shared], _SHARED, shown)
        # The fan starts at the last shared month, so that no gap opens between past and future.
        start = max(shared - 1, 0)
        _fan(panel, whole[:, start:], span[start:], groups[scenario], shown)
        counts[names.get(scenario, scenario)] = f"{len(whole)} runs, {len(runs) - len(whole)} missing"
    panel.set_xlim(years[0], years[-1])
    if parting is not None and 0 < parting < len(months):
        _mark_parting(panel, years[parting], f"scenarios part, {months[parting]}")
    panel.set_xlabel(_counted(counts), fontsize=6.5, loc="left")
    panel.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))


def _counted(counts: Mapping[str, str]) -> str:
    """Runs and missing runs by scenario, said once where they agree."""
    if len(set(counts.values())) == 1:
        return next(iter(counts.values())) + (" in each scenario" if len(counts) > 1 else "")
    return textwrap.fill(" · ".join(f"{name}: {count}" for name, count in counts.items()), 72)

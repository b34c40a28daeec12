"""How runs spread over the months, and how a mean settles as runs come in."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, ScalarFormatter
from numpy.typing import NDArray
from scipy.stats import t as student

from eurasia_sim.figures import style
from eurasia_sim.figures.distributions import CLOUDS, draw_clouds, group_runs, list_measures
from eurasia_sim.figures.style import (
    INK,
    Look,
    Page,
    Request,
    Values,
    Words,
    caption_of_runs,
    use_style,
)
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import TRAJECTORIES, load_trajectories
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import REFERENCE

# Widest first, so that the narrow lie on the wide.
_BANDS = ((0.025, 0.975, 0.13), (0.1, 0.9, 0.17), (0.25, 0.75, 0.26))
_QUANTILES = {
    "q2.5": 0.025, "q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9, "q97.5": 0.975,
}  # fmt: skip
_SHOWN = 3  # runs drawn as they went: the first whole ones, which nobody picked
_SHARED = Look("#777777", "-", "o")
_FANS = (
    "Bands: middle 50, 80 and 95 % of runs, month by month; thick line: median; thin lines: the "
    f"first {_SHOWN} runs as they went. Where fans overlap, their colours mix. "
    "These are shares of runs under the assumptions made, no probabilities of events."
)
_LADDER, _FEWEST = 60, 5
_CONVERGENCE = (
    "Line: mean of the first runs, in the order of their numbers; band: its 95 % interval "
    "(Student). A band that no longer narrows much, round a line that no longer moves, means that "
    "more runs would tell little."
)


def fan_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Fans of the monthly values that `run` kept, at reference values.

    Raises:
        DataError: for a folder that keeps none, or none of the measures.
    """
    if TRAJECTORIES not in held.files.entries:
        said = "keeps no monthly values: fans need a folder that `eurasia-sim run` wrote"
        raise DataError([f"{held.folder} {said}"])
    monthly = load_trajectories(held.folder)
    kept = [name for name in monthly.columns if name in held.measures]
    measures = [name for name in request.measures if name in kept]
    lost = [name for name in request.measures if name not in kept]
    if not measures:
        said = f"monthly values were kept of {', '.join(kept)} alone"
        raise DataError([f"{said}: name one of them with --measure"])
    window = held.manifest.get("window")
    parting = None  # a paired folder averages its columns from the month in which scenarios part
    if window and len(held.manifest["scenarios"]) > 1:
        parting = held.world.month(window[0])
    for theory, runs in held.runs([], set=REFERENCE).groupby("theory", sort=False):
        title = f"{held.title}: at reference values"
        words = Words(title, caption_of_runs(held, runs), held.names, held.units(measures))
        for page, own in style.pages_of(measures):
            paths = monthly_values(runs, monthly, own)
            longest = max(runs.shape[1] for family in paths.values() for runs in family.values())
            months = pd.period_range(held.world.date(0), periods=longest, freq="M")
            says = list_measures(own, held.names)
            if lost:
                says += f" (no monthly values were kept of {', '.join(lost)})"
            arguments = {"trajectories": paths, "months": months, "parting": parting}
            bands = fan_bands(paths, months)
            yield Page("fan", (str(theory), page), bands, words, says, arguments)


def monthly_values(
    runs: pd.DataFrame, monthly: pd.DataFrame, measures: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Measure → scenario → (R, T) in the order of the runs, over the months a scenario lasts."""
    found: dict[str, dict[str, Any]] = {measure: {} for measure in measures}
    for scenario, own in runs.groupby("scenario", sort=False):
        rows = monthly[monthly["run_id"].isin(set(own["run_id"]))]
        for measure in measures:
            shape: Any = {"index": "run_id", "columns": "month", "values": measure}
            wide = rows.pivot_table(**shape, dropna=False)
            found[measure][str(scenario)] = wide.reindex(own["run_id"]).to_numpy()
    return found


def whole_runs(runs: Values) -> NDArray[np.bool_]:
    """(R,) whether a run has a finite value in every month."""
    return np.asarray(np.isfinite(runs).all(axis=1), dtype=np.bool_)


def fan_bands(
    trajectories: Mapping[str, Mapping[str, Values]], months: pd.PeriodIndex
) -> pd.DataFrame:
    """The quantiles behind a fan chart.

    Args:
        trajectories: measure → scenario → (R, T), a row a run; one with a gap counts as missing.
        months: at least T.

    Returns:
        A row a measure, scenario and month: `runs`, `missing`, quantiles (NaN without whole runs).
    """
    parts = []
    for measure, family in trajectories.items():
        for scenario, runs in family.items():
            whole, length = runs[whole_runs(runs)], runs.shape[1]
            levels = list(_QUANTILES.values())
            found = np.full((len(levels), length), np.nan)
            if len(whole):
                found = np.quantile(whole, levels, axis=0)
            head: Any = {
                "measure": measure,
                "scenario": scenario,
                "month": months[:length].astype(str),
            }
            counts: Any = {"runs": len(whole), "missing": len(runs) - len(whole)}
            quantiles = dict(zip(_QUANTILES, found, strict=True))
            parts.append(pd.DataFrame({**head, **counts, **quantiles}))
    return pd.concat(parts, ignore_index=True)


@use_style()
def fan_chart(
    trajectories: Mapping[str, Mapping[str, Values]],
    months: pd.PeriodIndex,
    words: Words,
    parting: int | None = None,
) -> Figure:
    """Fans: a panel a measure (two abreast), a fan a scenario.

    Args:
        trajectories: measure → scenario → (R, T), a row a run, paired; a run with a gap is left
            out and counted.
        months: the T months (or more); a shorter scenario ends earlier.
        parting: number of the month in which the scenarios part; what comes before is drawn once,
            in grey, where all scenarios agree on it.

    Raises:
        ValueError: for no measure, more than six scenarios, or a trajectory beyond the months.
    """
    families = trajectories.values()
    groups = style.looks(scenario for family in families for scenario in family)
    if any(runs.shape[1] > len(months) for family in families for runs in family.values()):
        raise ValueError(f"a trajectory is longer than the {len(months)} months given")
    legend = fan_key(groups, words, families, parting)
    figure, panels = style.measure_panels(trajectories, 2, 2.35, words, _FANS, legend, sharex=True)
    for measure, panel in panels.items():
        draw_fans(panel, trajectories[measure], months, groups, parting, words)
        panel.set_title(words.heading(measure, 52))
        panel.set_ylabel(words.unit(measure))
        panel.tick_params(labelbottom=True)
    return figure


def fan_key(
    groups: Mapping[str, Look],
    words: Words,
    families: Iterable[Mapping[str, Values]],
    parting: int | None,
) -> dict[str, Artist]:
    """A median's line for each scenario, and a patch for the months they share, if they do."""
    legend = style.line_key(groups, words)
    if any(shared_months(family, parting) for family in families):
        legend["shared past"] = Patch(color=_SHARED.colour, alpha=0.5, linewidth=1.0)
    return legend


def shared_months(family: Mapping[str, Values], parting: int | None) -> int:
    """How many months to draw once: those before the parting, if all runs are the same there."""
    first, *others = family.values()
    if not parting or not others:
        return 0
    past = first[:, :parting]
    return (
        parting if all(np.array_equal(past, o[:, :parting], equal_nan=True) for o in others) else 0
    )


def draw_fans(
    panel: Axes,
    family: Mapping[str, Values],
    months: pd.PeriodIndex,
    groups: Mapping[str, Look],
    parting: int | None,
    words: Words,
) -> None:
    """Draw one measure's fans, mark where scenarios part, and count runs shown and missing.

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
            _fan(panel, past, span[:shared], _SHARED)
        # From the last shared month on, so that no gap opens between past and future.
        start = max(shared - 1, 0)
        _fan(panel, whole[:, start:], span[start:], groups[scenario])
        counts[words.name(scenario)] = f"{len(whole)} runs, {len(runs) - len(whole)} missing"
    panel.set_xlim(years[0], years[-1])
    if parting is not None and 0 < parting < len(months):
        _mark_parting(panel, years[parting], f"scenarios part, {months[parting]}")
    panel.set_xlabel(_count_words(counts), fontsize=6.5, loc="left")
    panel.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))


def _fan(panel: Axes, runs: Values, years: Values, look: Look) -> None:
    """Draw bands, first runs and median of whole runs (R, T) over years (T,)."""
    if len(runs) == 0 or len(years) == 0:
        return
    for low, high, strength in _BANDS:
        lower, upper = np.quantile(runs, [low, high], axis=0)
        panel.fill_between(years, lower, upper, color=look.colour, alpha=strength, linewidth=0)
    for run in runs[:_SHOWN]:
        panel.plot(years, run, color=look.colour, linewidth=0.45, alpha=0.75)
    middle = np.median(runs, axis=0)
    # Halos lie under all medians, so that one scenario's line shows through another's gaps.
    panel.plot(years, middle, color="white", linewidth=3.0, alpha=0.8, zorder=3.0)
    panel.plot(years, middle, color=look.colour, linestyle=look.line, linewidth=1.7, zorder=3.1)


def _mark_parting(panel: Axes, year: float, said: str) -> None:
    """A dotted line at the parting, its label on the side that has more room."""
    low, high = panel.get_xlim()
    late = year > (low + high) / 2
    panel.axvline(year, color=INK, linestyle=":", linewidth=1.0)
    panel.annotate(
        said, (year, 0.985), xycoords=panel.get_xaxis_transform(), xytext=(-3 if late else 3, 0),
        textcoords="offset points", ha="right" if late else "left", va="top", fontsize=6.5,
        color=INK, bbox={"facecolor": "white", "alpha": 0.75, "pad": 1.0},
    )  # fmt: skip


def _count_words(counts: Mapping[str, str]) -> str:
    """Runs and missing runs by scenario, said once where they agree."""
    if len(set(counts.values())) == 1:
        return next(iter(counts.values())) + (" in each scenario" if len(counts) > 1 else "")
    return textwrap.fill(" · ".join(f"{name}: {count}" for name, count in counts.items()), 72)


@use_style()
def outlook(
    trajectories: Mapping[str, Values],
    means: Mapping[str, Values],
    months: pd.PeriodIndex,
    parting: int | None,
    headings: tuple[str, str],
    words: Words,
    unit: str = "",
) -> Figure:
    """Fans of one measure on the left, clouds of its means on the right, in the same colours.

    Args:
        trajectories: scenario → (R, T), a row a run, paired across scenarios; NaN where it failed.
        means: scenario → (R,), of the same runs.
        months: the T months. parting: number of the month in which the scenarios part, if they do.
        headings: of the fans and of the clouds.

    Raises:
        ValueError: for more than six scenarios.
    """
    groups = style.looks(trajectories)
    legend = fan_key(groups, words, [trajectories], parting)
    note = f"{_FANS} {CLOUDS}"
    height = max(2.5, 0.6 + 1.05 * len(groups))
    figure, (left, right) = style.frame_panels(
        1, 2, height, words, note, legend, width_ratios=(2.1, 1.0)
    )
    draw_fans(left, trajectories, months, groups, parting, words)
    left.set_title(style.break_lines(headings[0], 60))
    left.set_ylabel(unit)
    draw_clouds(right, means, groups, words)
    right.set_title(style.break_lines(headings[1], 32))
    right.set_xlabel(unit)
    return figure


def convergence_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Running means of the measures as runs come in.

    Raises:
        DataError: for too few runs.
    """
    for theory, table, by in group_runs(held, request, request.measures):
        try:
            found = convergence_data(table, request.measures, by=by)
        except ValueError as error:
            raise DataError([f"{held.folder}: {error}; convergence needs more runs"]) from None
        title = f"{held.title}: are there runs enough?"
        words = Words(title, caption_of_runs(held, table), held.names, held.units(request.measures), by)
        for page, measures in style.pages_of(request.measures):
            own = found[found["measure"].isin(measures)].reset_index(drop=True)
            arguments = {"found": found, "measures": measures}
            says = list_measures(measures, held.names)
            yield Page("convergence", (theory, page), own, words, says, arguments)


def convergence_data(
    table: pd.DataFrame, measures: Sequence[str], *, by: str = "scenario"
) -> pd.DataFrame:
    """Mean and 95 % interval of the first n finite runs of every group, for up to sixty n.

    Returns:
        Columns `measure`, the group, `runs`, `mean`, `low`, `high`, `half_width`, `missing` (of
        the whole group); no row for fewer than five finite runs.

    Raises:
        ValueError: where that leaves nothing.
    """
    rows = []
    for measure in measures:
        for group, part in table.groupby(by, sort=False):
            values = part.sort_values("run", kind="stable")[measure].to_numpy(dtype=float)
            present = values[np.isfinite(values)]
            if len(present) < _FEWEST:
                continue
            ladder = np.geomspace(_FEWEST, len(present), _LADDER).round().astype(int)
            ladder = np.unique(ladder)
            away = present - present[0]
            sums, squares = np.cumsum(away)[ladder - 1], np.cumsum(away**2)[ladder - 1]
            mean = sums / ladder
            variance = np.maximum(squares - ladder * mean**2, 0.0) / (ladder - 1)
            half = student.ppf(0.975, ladder - 1) * np.sqrt(variance / ladder)
            mean = mean + present[0]
            head: Any = {"measure": measure, by: group, "runs": ladder, "mean": mean}
            ends: Any = {"low": mean - half, "high": mean + half, "half_width": half}
            lost: Any = {"missing": len(values) - len(present)}
            rows.append(pd.DataFrame({**head, **ends, **lost}))
    if not rows:
        raise ValueError(f"no group has {_FEWEST} finite runs")
    return pd.concat(rows, ignore_index=True)


@use_style()
def convergence_plot(found: pd.DataFrame, measures: Sequence[str], words: Words) -> Figure:
    """Running means with intervals: a panel a measure (two abreast), a line a group.

    Args:
        found: as `convergence_data` gives; a group without a row is said to have too few runs.

    Raises:
        ValueError: for more than six groups.
    """
    keys = found[words.by].astype(str)
    groups = style.looks(keys)
    key = style.line_key(groups, words)
    figure, panels = style.measure_panels(measures, 2, 2.3, words, _CONVERGENCE, key)
    for measure, panel in panels.items():
        said = ["runs"]
        for group, look in groups.items():
            own = found[(found["measure"] == measure) & (keys == group)]
            if own.empty:
                said.append(f"{words.name(group)}: fewer than {_FEWEST} runs")
                continue
            band: Any = {"color": look.colour, "alpha": 0.2, "linewidth": 0}
            panel.fill_between(own["runs"], own["low"], own["high"], **band)
            panel.plot(own["runs"], own["mean"], color=look.colour, linestyle=look.line)
            last = own.iloc[-1]
            counts = f"{last['runs']} runs, {last['missing']} missing"
            said.append(f"{words.name(group)}: {counts}, ±{last['half_width']:.2g}")
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        panel.xaxis.set_major_formatter(ScalarFormatter())
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_title(words.heading(measure, 96 // min(2, len(panels))))
        panel.set_ylabel(words.unit(measure))
        panel.set_xlabel("\n".join(said), fontsize=7)
    return figure

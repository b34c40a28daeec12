"""What happens over time: fans of runs month by month, and the events of one run."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from eurasia_sim.figures import style
from eurasia_sim.figures.distributions import CLOUDS, draw_clouds
from eurasia_sim.figures.moments import scenario_title, scenarios_of
from eurasia_sim.figures.style import INK, Look, Page, Request, Values, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import unguarded
from eurasia_sim.files.text import shortened, visible, wrapped
from eurasia_sim.simulation.replay import restored, same_as
from eurasia_sim.simulation.results import TRAJECTORIES, events_file, load_trajectories
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import REFERENCE
from eurasia_sim.world.world import World

# Widest first, so that the narrow lie on the wide.
_BANDS = (("q2.5", "q97.5", 0.13), ("q10", "q90", 0.17), ("q25", "q75", 0.26))
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
_MARKERS = "osD^vP*X<>hpd8"
_MOST_WRITTEN = 8  # events of a lane beside which their own words stand
_TIMELINE = (
    "Top: what the record dates; in grey with a cross: left out by this scenario. Below: events of "
    "one run, the first of the ensemble, at its seed; other runs differ by chance. A mark's colour "
    "and shape are the actor's; lanes are kinds of event."
)


def fan_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Fans of the monthly values that `run` kept, at reference values."""
    if TRAJECTORIES not in held.files.entries:
        need = "keeps no monthly values: fans need a folder that `eurasia-sim run` wrote"
        raise DataError([f"{held.folder} {need}"])
    monthly = load_trajectories(held.folder)
    kept = [name for name in monthly.columns if name in held.measures]
    measures = [name for name in request.measures if name in kept]
    lost = [name for name in request.measures if name not in kept]
    if not measures:
        alone = f"monthly values were kept of {', '.join(kept)} alone"
        raise DataError([f"{alone}: name one of them with --measure"])
    window = held.manifest.get("window")
    parting = None  # a paired folder averages its columns from the month in which scenarios part
    if window and len(held.manifest["scenarios"]) > 1:
        parting = held.world.month(window[0])
    for theory, runs in held.runs([], set=REFERENCE).groupby("theory", sort=False):
        title = f"{held.title}: at reference values"
        words = Words(title, style.caption_of_runs(held, runs), held.names, held.units(measures))
        for page, own in style.pages_of(measures):
            paths = monthly_values(runs, monthly, own)
            longest = max(runs.shape[1] for family in paths.values() for runs in family.values())
            months = pd.period_range(held.world.date(0), periods=longest, freq="M")
            says = style.list_measures(own, held.names)
            if lost:
                says += f" (no monthly values were kept of {', '.join(lost)})"
            figure = fan_chart(paths, months, words, parting)
            yield Page((str(theory), page), figure, fan_bands(paths, months), says)


def monthly_values(
    runs: pd.DataFrame, monthly: pd.DataFrame, measures: Sequence[str]
) -> dict[str, dict[str, Values]]:
    """Measure → scenario → (R, T) in the order of the runs, over the months a scenario lasts."""
    found: dict[str, dict[str, Values]] = {measure: {} for measure in measures}
    for scenario, own in runs.groupby("scenario", sort=False):
        rows = monthly[monthly["run_id"].isin(set(own["run_id"]))]
        for measure in measures:
            wide = rows.pivot_table(index="run_id", columns="month", values=measure, dropna=False)
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
            whole = runs[whole_runs(runs)]
            dates = months[: runs.shape[1]].astype(str)
            head: Any = {"measure": measure, "scenario": scenario, "month": dates}
            counts: Any = {"runs": len(whole), "missing": len(runs) - len(whole)}
            parts.append(pd.DataFrame({**head, **counts, **_quantiles(whole)}))
    return pd.concat(parts, ignore_index=True)


def _quantiles(whole: Values) -> dict[str, Values]:
    """Each quantile of whole runs (R, T) by month; NaN without runs."""
    levels = list(_QUANTILES.values())
    found = np.full((len(levels), whole.shape[1]), np.nan)
    if len(whole):
        found = np.quantile(whole, levels, axis=0)
    return dict(zip(_QUANTILES, found, strict=True))


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
        parting: number of the month in which the scenarios part; what comes before is the same
            in all and drawn once, in grey.

    Raises:
        ValueError: for no measure, more than six scenarios, or a trajectory beyond the months.
    """
    families = trajectories.values()
    groups = style.looks(scenario for family in families for scenario in family)
    if any(runs.shape[1] > len(months) for family in families for runs in family.values()):
        raise ValueError(f"a trajectory is longer than the {len(months)} months given")
    legend = _fan_key(groups, words, parting)
    figure, panels = style.measure_panels(trajectories, 2, 2.35, words, _FANS, legend, sharex=True)
    for measure, panel in panels.items():
        _draw_fans(panel, trajectories[measure], months, groups, parting, words)
        panel.set_ylabel(words.unit(measure))
        panel.tick_params(labelbottom=True)
    return figure


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
    legend = _fan_key(groups, words, parting)
    height = max(2.5, 0.6 + 1.05 * len(groups))
    figure, (left, right) = style.frame_panels(
        1, 2, height, words, f"{_FANS} {CLOUDS}", legend, width_ratios=(2.1, 1.0)
    )
    _draw_fans(left, trajectories, months, groups, parting, words)
    left.set(title=style.break_lines(headings[0], 60), ylabel=unit)
    draw_clouds(right, means, groups, words)
    right.set(title=style.break_lines(headings[1], 32), xlabel=unit)
    return figure


def _fan_key(groups: Mapping[str, Look], words: Words, parting: int | None) -> dict[str, Artist]:
    """A median's line for each scenario, and a patch for the months they share, if they do."""
    legend = style.line_key(groups, words)
    if parting and len(groups) > 1:
        legend["shared past"] = style.swatch(color=_SHARED.colour, alpha=0.5)
    return legend


def _draw_fans(
    panel: Axes,
    family: Mapping[str, Values],
    months: pd.PeriodIndex,
    groups: Mapping[str, Look],
    parting: int | None,
    words: Words,
) -> None:
    """Draw one measure's fans, mark where scenarios part, and count runs shown and missing."""
    years = _years(months)
    shared = parting if parting and len(family) > 1 else 0
    counts: dict[str, str] = {}
    for at, (scenario, runs) in enumerate(family.items()):
        whole = runs[whole_runs(runs)]
        span = years[: runs.shape[1]]
        if shared and at == 0:
            past = runs[whole_runs(runs[:, :shared]), :shared]
            _draw_fan(panel, past, span[:shared], _SHARED)
        # From the last shared month on, so that no gap opens between past and future.
        start = max(shared - 1, 0)
        _draw_fan(panel, whole[:, start:], span[start:], groups[scenario])
        counts[words.name(scenario)] = f"{len(whole)} runs, {len(runs) - len(whole)} missing"
    panel.set_xlim(years[0], years[-1])
    if parting is not None and 0 < parting < len(months):
        panel.axvline(years[parting], color=INK, linestyle=":", linewidth=1.0)
        _write_at(panel, years[parting], 0.985, f"scenarios part, {months[parting]}", "top")
    if len(set(counts.values())) == 1:
        counted = next(iter(counts.values())) + (" in each scenario" if len(counts) > 1 else "")
    else:
        counted = " · ".join(f"{name}: {count}" for name, count in counts.items())
    panel.set_xlabel("\n".join(wrapped(counted, 72)), fontsize=6.5, loc="left")
    panel.xaxis.set(major_locator=MaxNLocator(nbins=7, integer=True), major_formatter=_date)


def _write_at(panel: Axes, year: float, height: float, text: str, up: str, **more: Any) -> None:
    """Write beside a year on the side that has more room; height in panels unless told."""
    low, high = panel.get_xlim()
    late = year > (low + high) / 2
    look: Any = {"xycoords": panel.get_xaxis_transform(), "color": INK, "fontsize": 6.5, **more}
    place: Any = {"xytext": (-4 if late else 4, 0), "ha": "right" if late else "left", "va": up}
    box = {"facecolor": "white", "alpha": 0.75, "pad": 0.6}
    panel.annotate(text, (year, height), textcoords="offset points", bbox=box, **place, **look)


def _draw_fan(panel: Axes, runs: Values, years: Values, look: Look) -> None:
    """Draw bands, first runs and median of whole runs (R, T) over years (T,)."""
    if len(runs) == 0 or len(years) == 0:
        return
    found = _quantiles(runs)
    for low, high, strength in _BANDS:
        band: Any = {"color": look.colour, "alpha": strength, "linewidth": 0}
        panel.fill_between(years, found[low], found[high], **band)
    panel.plot(years, runs[:_SHOWN].T, color=look.colour, linewidth=0.45, alpha=0.75)
    # Halos lie under all medians, so that one scenario's line shows through another's gaps.
    line: Any = {"color": look.colour, "linestyle": look.line, "linewidth": 1.7}
    panel.plot(years, found["median"], color="white", linewidth=3.0, alpha=0.8, zorder=3.0)
    panel.plot(years, found["median"], zorder=3.1, **line)


def timeline_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """The events of a folder's first run against the dates of the record, a figure a scenario."""
    same_as(held.manifest, held.world)
    actors = {actor.id: (actor.name, actor.colour) for actor in held.world.actors.values()}
    for name in scenarios_of(held):
        content = io.BytesIO(held.files.content(events_file(name)))
        events = unguarded(pd.read_csv(content, keep_default_na=False))
        scenario = restored(held.manifest["scenarios"][name], held.world)
        record = _record(held.world, scenario.dropped, scenario.added)
        span = (held.world.date(0), held.world.date(scenario.months - 1))
        theory = held.manifest["theories"][0]
        caption = style.caption(1, 0, held.seed, name, theory, held.judged)
        words = Words(f"{scenario_title(held, name)}: one run, month by month", caption, held.names)
        says = f"{len(events)} events in lanes by kind, beneath {len(record)} dates of the record"
        yield Page((name,), event_timeline(events, record, actors, span, words), events, says)


def _record(
    world: World, dropped: tuple[str, ...], added: tuple[Mapping[str, Any], ...]
) -> pd.DataFrame:
    """Dated breaks of the record and of the scenario, and whether the scenario keeps them."""
    rows = [(each.month, each.title, each.id not in dropped) for each in world.events.values()]
    rows += [(int(each["date"]), str(each.get("title") or each["id"]), True) for each in added]
    ends = "the record ends; last values hold from here on"
    rows.append((world.record_until - world.start, ends, True))
    rows.sort(key=lambda row: row[0])
    found = pd.DataFrame(rows, columns=["month", "title", "holds"])
    return found.assign(month=[world.date(month) for month in found["month"]])


@use_style()
def event_timeline(
    events: pd.DataFrame,
    record: pd.DataFrame,
    actors: Mapping[str, tuple[str, str]],
    span: tuple[str, str],
    words: Words,
) -> Figure:
    """Events of one run in lanes by kind, beneath the dates of the record.

    Args:
        events: columns `month` (YYYY-MM), `kind`, `actor`, `theatre`, `detail`.
        record: columns `month`, `title`, `holds` (false for one that the scenario leaves out).
        actors: name and colour by id. span: first and last month of the axis.

    Raises:
        ValueError: where there is neither an event nor a date.
    """
    if events.empty and record.empty:
        raise ValueError("neither the run nor the record has an event to draw")
    marks = dict(zip(actors, _MARKERS * len(actors), strict=False))
    legend: dict[str, Artist] = {
        name: Line2D([], [], marker=marks[actor], color=colour, linewidth=0, markersize=4.5)
        for actor, (name, colour) in actors.items()
        if actor in set(events["actor"])
    }
    lanes = {str(kind): own for kind, own in events.groupby("kind", sort=False)}
    heights = (0.3 + 0.17 * len(record), 0.4 + 0.62 * max(len(lanes), 1))
    shared: Any = {"sharex": True, "height_ratios": heights}
    figure, (top, below) = style.frame_panels(
        2, 1, sum(heights), words, _TIMELINE, legend, **shared
    )
    first, last = _years(span)
    top.set_xlim(first, last + 1 / 12)
    years = _years(record["month"])
    for at, (row, year) in enumerate(zip(style.rows_of(record), years, strict=True)):
        mark, ink, left_out = ("|", INK, "") if row["holds"] else ("x", "#8A8A8A", "  (left out)")
        top.plot(year, -at, mark, color=ink, markersize=6, markeredgewidth=1.2)
        text = f"{row['month']}  {shortened(visible(row['title']), 100)}{left_out}"
        _write_at(top, year, -at, text, "center", xycoords="data", color=ink)
        below.axvline(year, color="#AAAAAA", linestyle=":", linewidth=0.7, zorder=0)
    style.label_rows(top, [""] * len(record))
    top.set_title("the record")
    top.tick_params(axis="x", length=0)
    top.spines["left"].set_visible(False)
    for at, own in enumerate(lanes.values()):
        _draw_lane(below, own, -float(at), actors, marks, words)
    labels = [f"{kind.replace('_', ' ')}\n{len(own)} times" for kind, own in lanes.items()]
    style.label_rows(below, labels, fontsize=7)
    below.grid(visible=True, axis="y")
    below.xaxis.set_major_formatter(_date)
    return figure


def _date(year: float, _: object) -> str:
    """A tick in years; with its month where few months leave no room for whole years."""
    whole, part = divmod(round(year, 4), 1)
    return f"{whole:.0f}-{int(part * 12) + 1:02d}" if part else f"{whole:.0f}"


def _years(months: Any) -> Values:
    """The middle of each month, a period or YYYY-MM, in years."""
    periods = pd.PeriodIndex(months, freq="M")
    return np.asarray(periods.year + (periods.month - 0.5) / 12, dtype=float)


def _draw_lane(
    panel: Axes,
    events: pd.DataFrame,
    height: float,
    actors: Mapping[str, tuple[str, str]],
    marks: Mapping[str, str],
    words: Words,
) -> None:
    """One kind of event; a month's events stack, and a lane of few events has their own words."""
    stacked = events.groupby("month").cumcount()
    heights = height + 0.13 * ((stacked + 1) // 2) * (-1) ** stacked
    years = _years(events["month"])
    edge: Any = {"markeredgecolor": "white", "markeredgewidth": 0.4, "markersize": 4.0}
    for row, year, up in zip(style.rows_of(events), years, heights, strict=True):
        _, colour = actors.get(row["actor"], ("", INK))
        panel.plot(year, up, marks.get(row["actor"], "o"), color=colour, **edge)
    if len(events) > _MOST_WRITTEN:
        return
    low, high = panel.get_xlim()
    told = events.assign(year=years).sort_values("year", kind="stable")
    for _, near in told.groupby(((told["year"] - low) / (high - low) / 0.13).astype(int)):
        deeds = [
            " ".join(map(words.name, f"{e.actor} {e.detail}".split())) for e in near.itertuples()
        ]
        places = near["theatre"].map(words.name).groupby(deeds, sort=False).unique()
        text = "; ".join(f"{deed}: {', '.join(where)}" for deed, where in places.items())
        first = near["year"].iloc[0]
        late = first > low + 0.75 * (high - low)
        look: Any = {"va": "top", "ha": "right" if late else "left", "fontsize": 5.5, "color": INK}
        offset: Any = {"xytext": (1, -9), "textcoords": "offset points", "linespacing": 1.0}
        panel.annotate("\n".join(wrapped(text, 44)), (first, height), **offset, **look)

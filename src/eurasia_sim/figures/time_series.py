"""What happens over time: fans of runs month by month, and the events of one run."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from eurasia_sim.analysis.contrast import band_ends
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.differences import is_paired, pairs_of
from eurasia_sim.figures.distributions import DOTS, draw_dots
from eurasia_sim.figures.style import INK, Page, Request, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import unguarded
from eurasia_sim.files.text import shortened, visible, wrapped
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.replay import restored, same_as
from eurasia_sim.simulation.results import TRAJECTORIES, events_file, load_trajectories
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES, SETS
from eurasia_sim.world.world import World

_QUANTILES = {
    "q2.5": 0.025, "q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9, "q97.5": 0.975,
}  # fmt: skip
_BEFORE = 24  # months of the shared past that are drawn
_MARKERS = "osD^vP*X<>hpd8"
_MOST_WRITTEN = 8  # events of a lane beside which their own words stand


def fan_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
    """Fans of the monthly values that `run` kept of the draws that lead; of two, the difference."""
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
    left_out = f" (no monthly values were kept of {', '.join(lost)})" if lost else ""
    # A paired folder averages its columns from the month in which scenarios part.
    parting = str(held.manifest["window"][0]) if is_paired(held) else None
    lead = held.manifest.get("leads", RANGES)
    for pair in pairs_of(held, measures, question, set=lead):
        words = pair.words._replace(subject=f"{pair.words.subject}, {SETS[lead]}")
        for page, shown in style.pages_of(measures):
            sides = (pair.leading, monthly, pair.first, pair.other)
            fans = {name: monthly_values(*sides, name) for name in shown}
            says = f"{words.subject}, {style.list_measures(shown, held.names)}{left_out}"
            figure = fan_chart(fans, words, parting)
            yield Page((*pair.parts, page), figure, fan_bands(fans), says)


def monthly_values(
    runs: pd.DataFrame, monthly: pd.DataFrame, first: str, other: str, measure: str
) -> pd.DataFrame:
    """A row a run, a column a month (YYYY-MM) of the first scenario, less the other if there is."""
    sides = []
    for scenario in filter(None, (first, other)):
        ids = runs[runs["scenario"] == scenario].set_index("run_id")["run"]
        own = monthly[monthly["run_id"].isin(ids.index)]
        wide = own.pivot_table(index="run_id", columns="month", values=measure, dropna=False)
        sides.append(wide.reindex(ids.index).set_axis(ids, axis="index"))
    found = sides[0].sub(sides[-1]) if other else sides[0]
    return found.loc[:, sides[0].columns.intersection(sides[-1].columns)]


def whole_runs(fan: pd.DataFrame) -> pd.DataFrame:
    """The runs that have a finite value in every month."""
    return fan.replace([np.inf, -np.inf], np.nan).dropna()


def fan_bands(fans: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a measure and month: `runs`, `missing`, and quantiles of the whole runs, as `q50`."""
    parts = []
    for measure, fan in fans.items():
        whole = whole_runs(fan)
        found = whole.quantile([*_QUANTILES.values()]).set_axis([*_QUANTILES], axis="index").T
        found.insert(0, "missing", len(fan) - len(whole))
        found.insert(0, "runs", len(whole))
        parts.append(found.rename_axis("month").reset_index().assign(measure=measure))
    return pd.concat(parts, ignore_index=True)


@use_style()
def fan_chart(fans: Mapping[str, pd.DataFrame], words: Words, parting: str | None = None) -> Figure:
    """Fans: a panel a measure (two abreast), from two years before scenarios part.

    Args:
        fans: measure → a row a run, a column a month; a run with a gap is left out and counted.
        parting: the month in which two scenarios part, whose differences these are; none: levels.
    """
    figure, panels = style.measure_panels(fans, 2, 2.2, words, style.NOTES["fan"], sharex=True)
    for measure, panel in panels.items():
        draw_fan(panel, fans[measure], parting, signed=parting is not None)
        panel.set_ylabel(words.unit(measure))
        panel.tick_params(labelbottom=True)
    return figure


@use_style()
def outlook(
    fan: pd.DataFrame,
    means: Floats,
    parting: str | None,
    headings: tuple[str, str],
    words: Words,
    unit: str = "",
    *,
    signed: bool = False,
) -> Figure:
    """A fan of one measure on the left, dots of its means on the right.

    Args:
        fan: a row a run, a column a month. means: (R,) of the same runs; NaN where one failed.
        parting: the month in which the scenarios part, if they do. headings: of both panels.
        signed: whether they are differences of two scenarios.
    """
    note, ratios = f"{style.NOTES['fan']} {DOTS}", (1.7, 1.0)
    figure, (left, right) = style.frame_panels(1, 2, 2.5, words, note, width_ratios=ratios)
    draw_fan(left, fan, parting, signed=signed)
    left.set(title=style.break_lines(headings[0], 60), ylabel=unit)
    draw_dots(right, means, 0.0 if signed else None, unit)
    right.set(title=style.break_lines(headings[1], 40))
    return figure


def draw_fan(panel: Axes, fan: pd.DataFrame, parting: str | None, *, signed: bool) -> None:
    """Draw one measure's bands and median, mark the parting, and count runs shown and missing."""
    months = [str(month) for month in fan.columns]
    at = months.index(parting) if parting in months else 0
    whole = whole_runs(fan)
    shown, years = whole.iloc[:, max(at - _BEFORE, 0) :], _years(months[max(at - _BEFORE, 0) :])
    if len(shown):
        bands = band_ends(shown.to_numpy())
        rows.draw_bands(panel, years, bands, "" if signed else "#0072B2", upright=True)
        panel.plot(years, shown.median(), color=INK, linewidth=1.4)
    panel.set_xlim(years[0], max(years[-1], years[0] + 1 / 12))
    if signed:
        panel.axhline(0.0, color=INK, linewidth=0.8)
    if at:
        panel.axvline(years[min(at, _BEFORE)], color=INK, linestyle=":", linewidth=1.0)
        _write_at(panel, years[min(at, _BEFORE)], 0.985, f"they part, {parting}", "top")
    counted = f"{len(whole)} runs, {len(fan) - len(whole)} missing"
    panel.set_xlabel(counted, fontsize=6.5, loc="left")
    panel.xaxis.set(major_locator=MaxNLocator(nbins=7, integer=True), major_formatter=_date)


def _write_at(panel: Axes, year: float, height: float, text: str, up: str, **more: Any) -> None:
    """Write beside a year on the side that has more room; height in panels unless told."""
    low, high = panel.get_xlim()
    late = year > (low + high) / 2
    look: Any = {"xycoords": panel.get_xaxis_transform(), "color": INK, "fontsize": 6.5, **more}
    place: Any = {"xytext": (-4 if late else 4, 0), "ha": "right" if late else "left", "va": up}
    box = {"facecolor": "white", "alpha": 0.75, "pad": 0.6}
    panel.annotate(text, (year, height), textcoords="offset points", bbox=box, **place, **look)


def timeline_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Page]:
    """The events of a folder's first run against the dates of the record, a figure a scenario."""
    same_as(held.manifest, held.world)
    actors = {actor.id: (actor.name, actor.colour) for actor in held.world.actors.values()}
    for name in style.scenarios_of(held):
        content = io.BytesIO(held.files.content(events_file(name)))
        events = unguarded(pd.read_csv(content, keep_default_na=False))
        scenario = restored(held.manifest["scenarios"][name], held.world)
        record = _record(held.world, scenario)
        span = (held.world.date(0), held.world.date(scenario.months - 1))
        theory = held.manifest["theories"][0]
        caption = style.caption({name: 1}, {}, held.seed, theory)
        words = Words(question, caption, style.scenario_title(held, name), held.names)
        says = f"{len(events)} events in lanes by kind, beneath {len(record)} dates of the record"
        yield Page((name,), event_timeline(events, record, actors, span, words), events, says)


def _record(world: World, scenario: Scenario) -> pd.DataFrame:
    """Dated breaks of the record and of the scenario, and whether the scenario keeps them."""
    dates = [(e.month, e.title, e.id not in scenario.dropped) for e in world.events.values()]
    dates += [(int(e["date"]), str(e.get("title") or e["id"]), True) for e in scenario.added]
    ends = "the record ends; last values hold from here on"
    dates.append((world.record_until - world.start, ends, True))
    found = pd.DataFrame(dates, columns=["month", "title", "holds"])
    found = found.sort_values("month", kind="stable", ignore_index=True)
    return found.assign(month=found["month"].map(world.date))


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
        2, 1, sum(heights), words, style.NOTES["timeline"], legend, **shared
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
    rows.label_rows(top, [""] * len(record))
    top.set_title("the record")
    top.tick_params(axis="x", length=0)
    top.spines["left"].set_visible(False)
    for at, own in enumerate(lanes.values()):
        _draw_lane(below, own, -float(at), actors, marks, words)
    labels = [f"{kind.replace('_', ' ')}\n{len(own)} times" for kind, own in lanes.items()]
    rows.label_rows(below, labels, fontsize=7)
    below.grid(visible=True, axis="y")
    below.xaxis.set_major_formatter(_date)
    return figure


def _date(year: float, _: object) -> str:
    """A tick in years; with its month where few months leave no room for whole years."""
    whole, part = divmod(round(year, 4), 1)
    return f"{whole:.0f}-{int(part * 12) + 1:02d}" if part else f"{whole:.0f}"


def _years(months: Any) -> Floats:
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

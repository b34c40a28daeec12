"""What happens over time: fans of runs month by month, and the events of one run."""

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

from eurasia_sim.analysis.contrast import ENDS
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.differences import is_paired, pairs_of
from eurasia_sim.figures.distributions import DOTS, draw_dots
from eurasia_sim.figures.style import INK, Picture, Request, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import unguarded
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.replay import restored, same_as
from eurasia_sim.simulation.results import TRAJECTORIES, events_file, load_trajectories
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES, SETS
from eurasia_sim.world.world import World

_BEFORE = 24  # months of the shared past that are drawn
_MARKERS = "os^DvPX"  # whole, then hollow: as many again
_MOST_WRITTEN = 8  # events of a lane that are told in words


def fan_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
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
            figure, says = fan_chart(fans, words, parting), words.list(shown) + left_out
            bands = {name: fan_bands(fan) for name, fan in fans.items()}
            data = pd.concat(bands, names=["measure", "month"]).reset_index()
            yield Picture((*pair.parts, page), figure, data, says)


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


def fan_bands(fan: pd.DataFrame) -> pd.DataFrame:
    """A row a month: `runs`, `missing`, median and ends of bands (`q5` … `q65`) of whole runs."""
    whole = fan.replace([np.inf, -np.inf], np.nan).dropna()
    ends = {name: float(name[1:]) / 100 for name in ENDS}
    found = whole.quantile([0.5, *ends.values()]).set_axis(["median", *ends], axis="index").T
    return found.assign(runs=len(whole), missing=len(fan) - len(whole))


@use_style()
def fan_chart(fans: Mapping[str, pd.DataFrame], words: Words, parting: str | None = None) -> Figure:
    """Fans: a panel a measure (two abreast), from two years before scenarios part.

    Args:
        fans: measure → a row a run, a column a month; a run with a gap is left out and counted.
        parting: the month in which two scenarios part, whose differences these are; none: levels.
    """
    figure, panels = style.measure_panels(fans, 1.75, words, _fan_note(fans, parting), sharex=True)
    for measure, panel in panels.items():
        draw_fan(panel, fans[measure], parting)
        panel.set_ylabel(style.unit_of(measure))
        panel.tick_params(labelbottom=True)
    return figure


def _fan_note(fans: Mapping[str, pd.DataFrame], parting: str | None) -> str:
    is_marked = any(parting in fan.columns[1:].astype(str) for fan in fans.values())
    return f"{style.NOTES['fan']} Dotted: they part, {parting}." * is_marked or style.NOTES["fan"]


@use_style()
def outlook(
    fan: pd.DataFrame,
    means: Floats,
    parting: str | None,
    headings: tuple[str, str],
    words: Words,
    unit: str,
) -> Figure:
    """A fan of one measure, and beneath it dots of its means.

    Args:
        fan: a row a run, a column a month. means: (R,) of the same runs; NaN where one failed.
        parting: the month in which two scenarios part, whose differences these are; none: levels.
        headings: of both panels.
    """
    note = f"{_fan_note({unit: fan}, parting)} {DOTS}"
    figure, (upper, lower) = style.frame_panels(2, 1, 4.2, words, note, height_ratios=(1.2, 1.0))
    draw_fan(upper, fan, parting)
    upper.set(title=headings[0], ylabel=unit)
    draw_dots(lower, means, 0.0 if parting else None, unit)
    lower.set(title=headings[1])
    return figure


def draw_fan(panel: Axes, fan: pd.DataFrame, parting: str | None) -> None:
    """Draw one measure's bands and median, mark the parting, and count runs shown and missing."""
    months = [str(month) for month in fan.columns]
    at = months.index(parting) if parting in months else 0
    bands = fan_bands(fan).iloc[max(at - _BEFORE, 0) :]
    years = _years(months[max(at - _BEFORE, 0) :])
    ends = [(bands[low], bands[high]) for low, high in zip(ENDS[::2], ENDS[1::2], strict=True)]
    rows.draw_bands(panel, years, ends, "" if parting else "#0072B2", upright=True)
    panel.plot(years, bands["median"], color=INK, linewidth=1.4)
    panel.set_xlim(years[0], max(years[-1], years[0] + 1 / 12))
    if parting:
        panel.axhline(0.0, color=INK, linewidth=0.8)
    if at:
        panel.axvline(years[min(at, _BEFORE)], color=INK, linestyle=":", linewidth=1.0)
    panel.set_xlabel("{runs:.0f} runs, {missing:.0f} missing".format(**bands.iloc[0]), fontsize=6.5)
    panel.xaxis.set(major_locator=MaxNLocator(nbins=6, integer=True), major_formatter=_date)
    panel.yaxis.set_major_locator(MaxNLocator(nbins=5))


def timeline_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Picture]:
    """The events of a folder's first run against the dates of the record, a figure a scenario."""
    same_as(held.manifest, held.world)
    actors = {actor.id: (actor.name, actor.colour) for actor in held.world.actors.values()}
    for name in held.manifest["scenarios"]:
        content = io.BytesIO(held.files.content(events_file(name)))
        events = unguarded(pd.read_csv(content, keep_default_na=False))
        scenario = restored(held.manifest["scenarios"][name], held.world)
        record = _record(held.world, scenario)
        span = (held.world.date(0), held.world.date(scenario.months - 1))
        theory = held.manifest["theories"][0]
        caption = style.caption({name: (1, 0)}, held.seed, theory)
        words = Words(question, caption, style.scenario_title(held, name), held.names)
        says = f"{len(events)} events in lanes by kind, beneath {len(record)} dates of the record"
        yield Picture((name,), event_timeline(events, record, actors, span, words), events, says)


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
    looks: dict[str, dict[str, Any]] = {
        actor: {"marker": _MARKERS[at % 7], "color": colour, "markersize": 3.6, "linewidth": 0}
        | ({"markerfacecolor": "white"} if at // 7 % 2 else {})
        for at, (actor, (_, colour)) in enumerate(actors.items())
    }
    present = set(events["actor"])
    legend: dict[str, Artist] = {
        name: Line2D([], [], **looks[actor])
        for actor, (name, _) in actors.items()
        if actor in present
    }
    lanes = {str(kind): own for kind, own in events.groupby("kind", sort=False)}
    dated = [
        f"{row['month']}  {row['title']}" + ("" if row["holds"] else "  (left out)")
        for row in style.rows_of(record)
    ]
    told = [f"{kind.replace('_', ' ')}, {len(own)} times" for kind, own in lanes.items()]
    above = rows.Rows(dated, tall=0.09)
    below = rows.Rows(told, [_told(own, words) for own in lanes.values()], tall=0.34)
    heights = (above.inches, below.inches)
    shared: Any = {"sharex": True, "height_ratios": heights}
    figure, (top, bottom) = style.frame_panels(
        2, 1, sum(heights), words, style.NOTES["timeline"], legend, **shared
    )
    first, last = _years(span)
    top.set(xlim=(first, last + 1 / 12), title="The record")
    bottom.set_title("One run")
    for panel, lines in ((top, above), (bottom, below)):
        lines.write(panel)
    for row, year, (at,) in zip(
        style.rows_of(record), _years(record["month"]), above.heights, strict=True
    ):
        mark, ink = ("|", INK) if row["holds"] else ("x", "#8A8A8A")
        top.plot(year, at, mark, color=ink, markersize=5, markeredgewidth=1.3)
        bottom.axvline(year, color="#AAAAAA", linestyle=":", linewidth=0.7, zorder=0)
    for own, (at,) in zip(lanes.values(), below.heights, strict=True):
        _draw_lane(bottom, own, at, looks)
    bottom.xaxis.set_major_formatter(_date)
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
    panel: Axes, events: pd.DataFrame, height: float, looks: Mapping[str, Mapping[str, Any]]
) -> None:
    """One kind of event; a month's events stack."""
    stacked = events.groupby("month").cumcount()
    heights = height + 0.045 * ((stacked + 1) // 2) * (-1) ** stacked
    panel.axhline(height, color=style.TRACK, linewidth=0.5, zorder=0)
    for actor, year, up in zip(events["actor"], _years(events["month"]), heights, strict=True):
        panel.plot(year, up, **looks.get(actor, {"marker": "o", "color": INK}))


def _told(events: pd.DataFrame, words: Words) -> str:
    """The events of a lane in words, where they are few."""
    if len(events) > _MOST_WRITTEN:
        return ""
    deeds = [
        " ".join([str(each.month), *map(words.name, f"{each.actor} {each.detail}".split())])
        for each in events.itertuples()
    ]
    places = events["theatre"].map(words.name).groupby(deeds, sort=False).unique()
    return "; ".join(f"{deed}: {', '.join(where)}" for deed, where in places.items())

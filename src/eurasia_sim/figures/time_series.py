"""What happens over time: fans of runs month by month, and the events of one run."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from eurasia_sim.analysis.differences import ENDS
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.differences import DOTS, draw_dots, is_paired, pairs_of
from eurasia_sim.figures.style import INK, Picture, Request, Words
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import unguarded
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.results import TRAJECTORIES, events_file, load_trajectories
from eurasia_sim.simulation.results_folder import ResultsFolder, restored, same_as
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
    if not measures:
        alone = f"monthly values were kept of {', '.join(kept)} alone"
        raise DataError([f"{alone}: name one of them with --measure"])
    lost = ", ".join(name for name in request.measures if name not in kept)
    # A paired folder averages its columns from the month in which scenarios part.
    parting = str(held.manifest["window"][0]) if is_paired(held) else None
    lead = held.manifest.get("leads", RANGES)
    for pair in pairs_of(held, measures, question, set=lead):
        words = pair.words._replace(subject=f"{pair.words.subject}, {SETS[lead]}")
        for page, shown in style.pages_of(measures):
            fans = {name: monthly_values(pair.runs, monthly, *pair.sides, name) for name in shown}
            data = pd.concat(map(fan_bands, fans.values()), keys=fans, names=["measure", "month"])
            says = words.list(shown) + f" (no monthly values were kept of {lost})" * bool(lost)
            figure = fan_chart(fans, words, parting)
            yield Picture((*pair.parts, page), figure, data.reset_index(), says)


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
    months = sides[0].columns.intersection(sides[-1].columns)
    return sides[0][months] - sides[1][months] if other else sides[0]


def fan_bands(fan: pd.DataFrame) -> pd.DataFrame:
    """A row a month: `runs`, `missing`, median and ends of bands (`q5` … `q65`) of whole runs."""
    whole = fan.replace([np.inf, -np.inf], np.nan).dropna()
    shares = [0.5, *(float(name[1:]) / 100 for name in ENDS)]
    found = whole.quantile(shares).set_axis(["median", *ENDS], axis="index").T
    return found.assign(runs=len(whole), missing=len(fan) - len(whole))


def fan_chart(fans: Mapping[str, pd.DataFrame], words: Words, parting: str | None = None) -> Figure:
    """Fans, a panel a measure (two abreast): a row a run, a column a month.

    A run with a gap is left out and counted. Where two scenarios part in a month, these are their
    differences from two years before; else levels.
    """
    note = _fan_note(parting)
    figure, panels = style.measure_panels([*fans], 1.75, words, note, sharex=True)
    for measure, panel in panels.items():
        draw_fan(panel, fans[measure], parting)
        panel.set_ylabel(style.unit_of(measure))
        panel.tick_params(labelbottom=True)
    return figure


def _fan_note(parting: str | None) -> str:
    return str(style.NOTES["fan"]) + (f" Dotted: they part, {parting}." if parting else "")


def outlook(
    fan: pd.DataFrame, means: Floats, parting: str | None, headings: tuple[str, str],
    words: Words, unit: str,
) -> Figure:  # fmt: skip
    """A fan as `fan_chart` takes it, and beneath it dots of the means (R,) of the same runs."""
    note = f"{_fan_note(parting)} {DOTS}"
    figure, (upper, lower) = style.frame_panels(2, 1, 4.2, words, note, height_ratios=(1.2, 1.0))
    draw_fan(upper, fan, parting)
    upper.set(title=headings[0], ylabel=unit)
    draw_dots(lower, means, 0.0 if parting else None, unit)
    lower.set_title(headings[1])
    return figure


def draw_fan(panel: Axes, fan: pd.DataFrame, parting: str | None) -> None:
    """Draw one measure's bands and median, mark the parting, and count runs shown and missing."""
    months = [str(month) for month in fan.columns]
    at = months.index(parting) if parting in months else 0
    bands = fan_bands(fan).iloc[max(at - _BEFORE, 0) :]
    years = _years(bands.index)
    rows.draw_bands(panel, years, bands, "" if parting else "#0072B2", upright=True)
    panel.plot(years, bands["median"], color=INK, linewidth=1.4)
    panel.set_xlim(years[0], max(years[-1], years[0] + 1 / 12))
    if parting:
        panel.axhline(0.0, color=INK, linewidth=0.8)
        panel.axvline(years[min(at, _BEFORE)], color=INK, linestyle=":", linewidth=1.0)
    panel.set_xlabel("{runs:.0f} runs, {missing:.0f} missing".format(**bands.iloc[0]), fontsize=6.5)
    panel.xaxis.set(major_locator=MaxNLocator(nbins=6, integer=True), major_formatter=_date)
    panel.yaxis.set_major_locator(MaxNLocator(nbins=5))


def _years(months: Any) -> Floats:
    """The middle of each month, a period or YYYY-MM, in years."""
    periods = pd.PeriodIndex(months, freq="M")
    return np.asarray(periods.year + (periods.month - 0.5) / 12, dtype=float)


def _date(year: float, _: object) -> str:
    """A tick in years; with its month where few months leave no room for whole years."""
    whole, part = divmod(round(year, 4), 1)
    return f"{whole:.0f}-{int(part * 12) + 1:02d}" if part else f"{whole:.0f}"


def timeline_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Picture]:
    """The events of a folder's first run against the dates of the record, a figure a scenario."""
    world, theory = held.world, held.manifest["theories"][0]
    same_as(held.manifest, world)
    for name in held.manifest["scenarios"]:
        content = io.BytesIO(held.files.content(events_file(name)))
        events = unguarded(pd.read_csv(content, keep_default_na=False))
        scenario = restored(held.manifest["scenarios"][name], world)
        record, span = _record(world, scenario), (world.date(0), world.date(scenario.months - 1))
        caption = style.caption({name: (1, 0)}, held.seed, theory)
        words = Words(question, caption, style.scenario_title(held, name), held.names)
        colours = {actor.id: actor.colour for actor in world.actors.values()}
        figure = event_timeline(events, record, colours, span, words)
        says = f"{len(events)} events in lanes by kind, beneath {len(record)} dates of the record"
        yield Picture((name,), figure, events, says)


def _record(world: World, scenario: Scenario) -> pd.DataFrame:
    """Dated breaks of the record and of the scenario, and whether the scenario keeps them."""
    dates = [(e.month, e.title, e.id not in scenario.dropped) for e in world.events.values()]
    dates += [(int(e["date"]), str(e.get("title") or e["id"]), True) for e in scenario.added]
    ends = "the record ends; last values hold from here on"
    dates.append((world.record_until - world.start, ends, True))
    dates.sort(key=lambda each: each[0])
    found = pd.DataFrame(dates, columns=["month", "title", "holds"])
    return found.assign(month=found["month"].map(world.date))


def event_timeline(
    events: pd.DataFrame, record: pd.DataFrame, colours: Mapping[str, str],
    span: tuple[str, str], words: Words,
) -> Figure:  # fmt: skip
    """Events of one run in lanes by kind, beneath the dates of the record.

    Events are `month` (YYYY-MM), `kind`, `actor`, `theatre`, `detail`; dates are `month`, `title`,
    `holds` (false where the scenario leaves it out). Colours are by actor; a span is both ends.
    """
    looks: dict[str, dict[str, Any]] = {}
    for at, (actor, colour) in enumerate(colours.items()):
        inside = "white" if at // len(_MARKERS) % 2 else colour
        looks[actor] = {"marker": _MARKERS[at % len(_MARKERS)], "markerfacecolor": inside}
        looks[actor] |= {"color": colour, "markersize": 3.6, "linewidth": 0}
    present = set(events["actor"])
    legend = {words.name(each): Line2D([], [], **looks[each]) for each in looks if each in present}
    lanes = {str(kind): own for kind, own in events.groupby("kind", sort=False)}
    told = [f"{kind.replace('_', ' ')}, {len(own)} times" for kind, own in lanes.items()]
    dated = record["month"] + "  " + record["title"] + np.where(record["holds"], "", "  (left out)")
    above = rows.Rows([*dated], tall=0.09)
    below = rows.Rows(told, [_told(own, words) for own in lanes.values()], tall=0.34)
    shared: Any = {"sharex": True, "height_ratios": (above.inches, below.inches)}
    height = above.inches + below.inches
    figure, (top, bottom) = style.frame_panels(
        2, 1, height, words, style.NOTES["timeline"], legend, **shared
    )
    above.write(top)
    below.write(bottom)
    first, last = _years(span)
    top.set(xlim=(first, last + 1 / 12), title="The record")
    bottom.set_title("One run")
    for year, at, holds in zip(
        _years(record["month"]), above.heights[:, 0], record["holds"], strict=True
    ):
        mark, ink = ("|", INK) if holds else ("x", "#8A8A8A")
        top.plot(year, at, mark, color=ink, markersize=5, markeredgewidth=1.3)
        bottom.axvline(year, color="#AAAAAA", linestyle=":", linewidth=0.7, zorder=0)
    for own, at in zip(lanes.values(), below.heights[:, 0], strict=True):
        bottom.axhline(at, color=style.TRACK, linewidth=0.5, zorder=0)
        stacked = own.groupby("month").cumcount()  # a month's events
        places = at + 0.045 * ((stacked + 1) // 2) * (-1) ** stacked
        for actor, year, place in zip(own["actor"], _years(own["month"]), places, strict=True):
            bottom.plot(year, place, **looks.get(actor, {"marker": "o", "color": INK}))
    bottom.xaxis.set_major_formatter(_date)
    return figure


def _told(events: pd.DataFrame, words: Words) -> str:
    """The events of a lane in words, where they are few."""
    if len(events) > _MOST_WRITTEN:
        return ""
    said = events["actor"] + " " + events["detail"]
    deeds = events["month"] + " " + said.map(lambda x: " ".join(map(words.name, x.split())))
    places = events["theatre"].map(words.name).groupby(deeds, sort=False).unique()
    return "; ".join(f"{deed}: {', '.join(where)}" for deed, where in places.items())

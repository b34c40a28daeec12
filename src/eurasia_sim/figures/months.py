"""Months of a folder's runs made again, and the events of its first run against the record."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, Page, Request, Values, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.inputs import capability_index
from eurasia_sim.simulation.replay import Replay, restored, same_as
from eurasia_sim.simulation.results_folder import RUN, ResultsFolder
from eurasia_sim.world.world import World

_MARKERS = "osD^vP*X<>hpd8"
_MOST_WRITTEN = 8  # events of a lane beside which their own words stand
_HOW_TO_READ = (
    "Top: what the record dates; in grey with a cross: left out by this scenario. Below: events of "
    "one run, the first of the ensemble, at its seed; other runs differ by chance. A mark's colour "
    "and shape are the actor's; lanes are kinds of event."
)


class Moment(NamedTuple):
    """One month of one run, or of means over runs."""

    label: str  # of the panel it is drawn in
    month: int
    values: Mapping[str, float]  # by column; NaN where no run is finite
    presence: Values  # (N, K, P)
    rulers: Sequence[str | None]  # by theatre


def scenarios_of(held: ResultsFolder) -> list[str]:
    """The scenarios that a folder of `run` holds.

    Raises:
        DataError: for any other folder.
    """
    if held.kind != RUN:
        said = "this picture needs a folder of `eurasia-sim run`"
        raise DataError([f"{held.folder} was written by {held.kind}: {said}"])
    return list(held.manifest["scenarios"])


def scenario_title(held: ResultsFolder, scenario: str) -> str:
    """A scenario's own title."""
    return str(held.manifest["scenarios"][scenario].get("title") or scenario)


def replay_runs(held: ResultsFolder, scenario: str, theory: str) -> tuple[Replay, str]:
    """Months of the folder's runs that it did not keep, and the caption of those runs."""
    found = held.again(scenario, theory)
    said = style.caption(found.runs, found.failed, held.seed, scenario, theory, held.judged)
    return found, f"{said} · means over runs at reference values"


def months_of(held: ResultsFolder, asked: Sequence[str], last: int, count: int) -> list[int]:
    """The months asked for, or `count` spread evenly to the last one.

    Raises:
        DataError: for a month outside the runs.
    """
    world = held.world
    known = [world.date(t) for t in range(last + 1)]
    if unknown := [month for month in asked if month not in known]:
        span = f"from {known[0]} to {known[-1]}"
        raise DataError([f"--month {month} is no month {span}" for month in unknown])
    if asked:
        return [world.month(month) for month in sorted(set(asked))]
    spread = np.linspace(0 if count > 1 else last, last, count).round().astype(int)
    return [int(t) for t in np.unique(spread)]


def moment_at(found: Replay, world: World, t: int, label: str) -> Moment:
    """One month of means over runs."""
    series = found.inputs.scenario.lever_series(world, capability_index(world, found.inputs.forms))
    values = {str(name): float(value) for name, value in found.means.iloc[t].items()}
    rulers = []
    for at, theatre in enumerate(world.theatres.values()):
        # Who rules in most runs: whom the scenario sets, else the challenger once it holds half
        # the land on average.
        challenger = theatre.challenger if values[f"control.{theatre.id}"] > 0.5 else None
        set_to = int(series.rule[t, at])
        ruler = list(world.actors)[set_to] if set_to >= 0 else challenger or theatre.ruler
        rulers.append(ruler)
    return Moment(label, t, values, series.presence[t], rulers)


def timeline_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """The events of a folder's first run against the dates of the record, a picture a scenario.

    Raises:
        DataError: for a folder without events, or of another version.
    """
    same_as(held.manifest, held.world)
    actors = {actor.id: (actor.name, actor.colour) for actor in held.world.actors.values()}
    for name in scenarios_of(held):
        content = io.BytesIO(held.files.content(f"events-{name}.csv"))
        events = pd.read_csv(content, keep_default_na=False)
        scenario = restored(held.manifest["scenarios"][name], held.world)
        record = _record(held.world, scenario.dropped, scenario.added)
        span = (held.world.date(0), held.world.date(scenario.months - 1))
        theory = held.manifest["theories"][0]
        said = style.caption(1, 0, held.seed, name, theory, held.judged)
        words = Words(f"{scenario_title(held, name)}: one run, month by month", said, held.names)
        says = f"{len(events)} events in lanes by kind, beneath {len(record)} dates of the record"
        arguments = {"events": events, "record": record, "actors": actors, "span": span}
        yield Page("timeline", (name,), events, words, says, arguments)


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
    kinds = list(dict.fromkeys(events["kind"]))
    marks = {actor: _MARKERS[at % len(_MARKERS)] for at, actor in enumerate(actors)}
    legend: dict[str, Artist] = {
        name: Line2D([], [], marker=marks[actor], color=colour, linewidth=0, markersize=4.5)
        for actor, (name, colour) in actors.items()
        if actor in set(events["actor"])
    }
    heights = (0.3 + 0.17 * len(record), 0.4 + 0.62 * max(len(kinds), 1))
    shared: Any = {"sharex": True, "height_ratios": heights}
    figure, (top, below) = style.frame_panels(
        2, 1, sum(heights), words, _HOW_TO_READ, legend, **shared
    )
    ends = _years(pd.Series(span))
    top.set_xlim(ends[0], ends[1] + 1 / 12)
    _dates(top, record)
    labels = []
    for at, kind in enumerate(kinds):
        own = events[events["kind"] == kind]
        _lane(below, own, -float(at), actors, marks, words)
        labels.append(f"{kind.replace('_', ' ')}\n{len(own)} times")
    style.label_rows(below, labels, fontsize=7)
    below.grid(visible=True, axis="y")
    for year in _years(record["month"]) if len(record) else ():
        below.axvline(year, color="#AAAAAA", linestyle=":", linewidth=0.7, zorder=0)
    return figure


def _years(months: pd.Series) -> np.ndarray:
    periods = pd.PeriodIndex(months.astype(str), freq="M")
    return np.asarray(periods.year + (periods.month - 0.5) / 12, dtype=float)


def _dates(panel: Axes, record: pd.DataFrame) -> None:
    """The dates of the record, a row each, written on the side that has room."""
    low, high = panel.get_xlim()
    for at, (row, year) in enumerate(
        zip(style.rows_of(record), _years(record["month"]), strict=True)
    ):
        sign, ink, more = ("|", INK, "") if row["holds"] else ("x", "#8A8A8A", "  (left out)")
        late = year > (low + high) / 2
        panel.plot(year, -at, sign, color=ink, markersize=6, markeredgewidth=1.2)
        panel.annotate(
            f"{row['month']}  {row['title']}{more}", (year, -at), xytext=(-6 if late else 6, 0),
            textcoords="offset points", va="center", ha="right" if late else "left", fontsize=6.5,
            color=ink,
        )  # fmt: skip
    panel.set_ylim(-max(len(record), 1) + 0.4, 0.6)
    panel.set_yticks([])
    panel.set_title("the record")
    panel.tick_params(axis="x", length=0)
    panel.spines["left"].set_visible(False)


def _lane(
    panel: Axes,
    events: pd.DataFrame,
    height: float,
    actors: Mapping[str, tuple[str, str]],
    marks: Mapping[str, str],
    words: Words,
) -> None:
    """One kind of event; a month's events stack, and a lane of few events has their own words."""
    seen: dict[float, int] = {}
    years = _years(events["month"])
    edge: Any = {"markeredgecolor": "white", "markeredgewidth": 0.4}
    for row, year in zip(style.rows_of(events), years, strict=True):
        stacked = seen[year] = seen.get(year, -1) + 1
        offset = 0.13 * ((stacked + 1) // 2) * (-1) ** stacked
        colour = actors[row["actor"]][1] if row["actor"] in actors else INK
        sign = marks.get(row["actor"], "o")
        panel.plot(year, height + offset, sign, color=colour, markersize=4.0, **edge)
    if len(events) <= _MOST_WRITTEN:
        _write(panel, events, years, height, words)


def _write(
    panel: Axes, events: pd.DataFrame, years: np.ndarray, height: float, words: Words
) -> None:
    """A lane's events in words beneath their marks; those too close to read share a line."""
    low, high = panel.get_xlim()
    groups: list[tuple[float, dict[str, list[str]]]] = []
    for row, year in sorted(
        zip(style.rows_of(events), years, strict=True), key=lambda pair: pair[1]
    ):
        if not groups or year - groups[-1][0] > 0.13 * (high - low):
            groups.append((year, {}))
        did = " ".join(words.name(word) for word in str(row["detail"]).split())
        said = f"{words.name(row['actor'])} {did}"
        groups[-1][1].setdefault(said, []).append(words.name(row["theatre"]))
    for year, of in groups:
        text = "; ".join(f"{said}: {', '.join(dict.fromkeys(where))}" for said, where in of.items())
        late = year > low + 0.75 * (high - low)
        panel.annotate(
            textwrap.fill(text, 44), (year, height), xytext=(4 if late else 1, -9),
            textcoords="offset points", ha="right" if late else "left", va="top", fontsize=5.5,
            color=INK, linespacing=1.0,
        )  # fmt: skip

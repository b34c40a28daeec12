"""Pictures of a world's actors and theatres: alignment, influence, the map, and what happened when."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.catalogue import DataError
from eurasia_sim.figures.held import RUN, Held
from eurasia_sim.figures.matrix import threat_matrix
from eurasia_sim.figures.mosaic import influence_mosaic
from eurasia_sim.figures.network import alignment_network
from eurasia_sim.figures.of_month import (
    Moment,
    at_home,
    flow_table,
    influence_columns,
    influence_table,
    leaning,
    map_key,
    node_table,
    patrons,
    threat_table,
    tie_table,
    tile_table,
)
from eurasia_sim.figures.picture import Picture, Request
from eurasia_sim.figures.style import caption
from eurasia_sim.figures.tiles import tile_map
from eurasia_sim.figures.timeline import event_timeline
from eurasia_sim.inputs import capability_index
from eurasia_sim.parameters import DOMAINS
from eurasia_sim.replay import Replay, restored, same_as
from eurasia_sim.study import RANGES
from eurasia_sim.world import World

_NETWORKS = 6
_MOST_GROUPS = 4
_MOST_MAPPED = 3
_HALF = 0.5


def _scenarios(held: Held) -> list[str]:
    if held.kind != RUN:
        raise DataError([f"{held.folder} was written by {held.kind}: this picture needs a folder of `eurasia-sim run`"])
    return list(held.manifest["scenarios"])


def _again(held: Held, scenario: str, theory: str) -> tuple[Replay, str]:
    """Months of the folder's runs that it did not keep, and the caption of those runs."""
    found = held.again(scenario, theory)
    said = caption(found.runs, found.failed, held.seed, scenario, theory, held.judged)
    return found, f"{said} · means over runs at reference values"


def _months(held: Held, request: Request, last: int, count: int) -> list[str]:
    """The months asked for, or some spread evenly from the parting (or the record's end) to the last, and the first.

    Raises:
        DataError: for a month outside the runs.
    """
    world = held.world
    known = [world.date(t) for t in range(last + 1)]
    unknown = [month for month in request.months if month not in known]
    if unknown:
        raise DataError([f"--month {month} is no month from {known[0]} to {known[-1]}" for month in unknown])
    if request.months:
        return sorted(set(request.months))
    spread = np.linspace(0 if count > 1 else last, last, count).round().astype(int)
    return [world.date(int(t)) for t in np.unique(spread)]


def networks(held: Held, request: Request) -> Iterator[Picture]:
    """Who leans toward whom at six months, a picture a scenario and theory."""
    world = held.world
    for scenario, theory, moments, said in _moments(held, request, _NETWORKS):
        ties = tie_table(world, moments)
        title = f"{_title(held, scenario)}: who leans toward whom"
        figure = alignment_network(ties, node_table(world, moments), title, said)
        says = (
            f"Circles of {len(world.actors)} actors at {len(moments)} months, lines where two lean toward each other."
        )
        yield Picture(f"network-{scenario}-{theory}", figure, ties, says)


def threats(held: Held, request: Request) -> Iterator[Picture]:
    """Who sees how much threat in whom in the last month, or the months asked for, a picture a scenario and theory."""
    names = {actor.id: actor.name for actor in held.world.actors.values()}
    for scenario, theory, moments, said in _moments(held, request, 1):
        seen = threat_table(held.world, moments)
        figure = threat_matrix(seen, names, f"{_title(held, scenario)}: who sees threat in whom", said)
        says = (
            f"A square of {len(names)} actors at {len(moments)} months, darker where one sees more threat in another."
        )
        yield Picture(f"threat-{scenario}-{theory}", figure, seen, says)


def _moments(held: Held, request: Request, count: int) -> Iterator[tuple[str, str, list[Moment], str]]:
    """Scenario, theory, months and caption of what a run's folder is drawn as month by month."""
    scenarios = _scenarios(held)
    for theory in held.manifest["theories"]:
        for scenario in scenarios:
            found, said = _again(held, scenario, theory)
            months = [held.world.month(date) for date in _months(held, request, found.inputs.months - 1, count)]
            yield scenario, theory, [_moment(found, held.world, t, held.world.date(t)) for t in months], said


def _title(held: Held, scenario: str) -> str:
    return str(held.manifest["scenarios"][scenario].get("title") or scenario)


def _moment(found: Replay, world: World, t: int, label: str) -> Moment:
    """One month of means over runs."""
    posture = found.inputs.scenario.posture(world, capability_index(world, found.inputs.forms))
    values = {str(name): float(value) for name, value in found.means.iloc[t].items()}
    rulers = []
    for at, theatre in enumerate(world.theatres.values()):
        # Who rules in most runs: whom the scenario sets, else the challenger once it holds half the land on average.
        challenger = theatre.challenger if values[f"control.{theatre.id}"] > _HALF else None
        set_to = int(posture.rule[t, at])
        rulers.append(list(world.actors)[set_to] if set_to >= 0 else challenger or theatre.ruler)
    return Moment(label, t, values, posture.presence[t], rulers)


def mosaics(held: Held, request: Request) -> Iterator[Picture]:
    """Who holds influence in every theatre and domain: means over all runs of a folder, scenario by scenario."""
    world = held.world
    columns = influence_columns(world)
    lacking = [name for name in columns if name not in held.columns]
    if lacking:
        raise DataError([f"{held.folder} does not keep {lacking[0]}: a mosaic needs every column of influence"])
    by = request.by or "scenario"
    if by not in held.columns:
        raise DataError([f"--by {by} is no column of the runs"])
    table = held.runs([*columns, by], set=RANGES)
    for theory, runs in table.groupby("theory", sort=False) if by != "theory" else [("all", table)]:
        groups = list(dict.fromkeys(runs[by].astype(str)))[:_MOST_GROUPS]
        means = runs.groupby(runs[by].astype(str), sort=False)[columns].mean()
        shares = {
            group: dict(zip(columns, map(float, row), strict=True))
            for group, row in zip(groups, means.loc[groups].to_numpy(), strict=True)
        }
        held_there = influence_table(world, shares, by)
        said = held.caption(runs[runs[by].astype(str).isin(groups)])
        title = f"{held.title}: who holds influence"
        figure = influence_mosaic(held_there, patrons(world), at_home(world), title, said, names=held.names, by=by)
        says = f"Shares of influence by patron in {len(world.theatres)} theatres and {len(DOMAINS)} domains."
        yield Picture(f"mosaic-{theory}", figure, held_there, says)


def maps(held: Held, request: Request) -> Iterator[Picture]:
    """The region's tiles before the scenarios part and at their end, a picture a theory."""
    world = held.world
    scenarios = _scenarios(held)
    shown = scenarios[:_MOST_MAPPED]
    for theory in held.manifest["theories"]:
        moments: list[Moment] = []
        said = ""
        for at, scenario in enumerate(shown):
            found, said = _again(held, scenario, theory)
            last = found.inputs.months - 1
            before = (restored(held.manifest["scenarios"][scenario], world).departs or world.month("2022-01")) - 1
            asked = [world.month(month) for month in _months(held, request, last, 2)] if request.months else None
            months = asked or ([min(before, last), last] if at == 0 else [last])
            moments += [_moment(found, world, t, f"{scenario}, {world.date(t)}") for t in months]
        table = tile_table(world, moments)
        said = said.replace(f"scenario {shown[-1]}", f"scenarios {', '.join(shown)}") + f"\n{map_key(world)}"
        figure = tile_map(
            table, flow_table(world, moments), leaning(world), f"{held.title}: the region", said,
            panels=[each.label for each in moments],
        )  # fmt: skip
        says = f"Maps of {len(world.theatres)} tiles with foreign influence, bases, institutions and flows of threat."
        yield Picture(f"map-{theory}", figure, table, says)


def timelines(held: Held, request: Request) -> Iterator[Picture]:
    """The events of a folder's first run against the dates of the record, a picture a scenario."""
    del request
    same_as(held.manifest, held.world)
    actors = {actor.id: (actor.name, actor.colour) for actor in held.world.actors.values()}
    for name in _scenarios(held):
        told = held.files.content(f"events-{name}.csv")
        events = pd.read_csv(io.BytesIO(told), keep_default_na=False)
        scenario = restored(held.manifest["scenarios"][name], held.world)
        record = _record(held.world, scenario.dropped, scenario.added)
        span = (held.world.date(0), held.world.date(scenario.months - 1))
        theory = held.manifest["theories"][0]
        said = caption(1, 0, held.seed, name, theory, held.judged)
        title = f"{_title(held, name)}: one run, month by month"
        figure = event_timeline(events, record, actors, span, title, said, names=held.names)
        says = f"{len(events)} events of one run in lanes by kind, beneath {len(record)} dates of the record."
        yield Picture(f"timeline-{name}", figure, events, says)


def _record(world: World, dropped: tuple[str, ...], added: tuple[Mapping[str, Any], ...]) -> pd.DataFrame:
    """Dated breaks of the record and of the scenario, and whether the scenario keeps them."""
    rows = [(event.month, event.title, event.id not in dropped) for event in world.events.values()]
    rows += [(int(event["date"]), str(event.get("title") or event["id"]), True) for event in added]
    rows.append((world.record_until - world.start, "the record ends; last values hold from here on", True))
    ordered = sorted(rows, key=lambda row: row[0])
    return pd.DataFrame(
        [{"month": world.date(month), "title": title, "holds": holds} for month, title, holds in ordered]
    )

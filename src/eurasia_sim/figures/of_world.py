"""Pictures of a world's actors and theatres: alignment, influence, the map, and what happened when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.catalogue import DataError
from eurasia_sim.figures.held import RUN, Held
from eurasia_sim.figures.mosaic import influence_mosaic
from eurasia_sim.figures.network import alignment_network, unlike_initials
from eurasia_sim.figures.picture import Picture, Request
from eurasia_sim.figures.style import caption, rows_of
from eurasia_sim.figures.tiles import tile_map
from eurasia_sim.figures.timeline import event_timeline
from eurasia_sim.inputs import capability_index
from eurasia_sim.parameters import DOMAINS, PRESENCE_KINDS
from eurasia_sim.replay import Replay, restored, same_as
from eurasia_sim.study import RANGES
from eurasia_sim.world import World

_NETWORKS = 6
_MOST_GROUPS = 4
_LEAST_PRESENCE = 0.005
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
    return [world.date(int(t)) for t in np.unique(np.linspace(0, last, count).round().astype(int))]


def networks(held: Held, request: Request) -> Iterator[Picture]:
    """Who leans toward whom at six months, a picture a scenario and theory."""
    world = held.world
    actors = list(world.actors)
    for theory in held.manifest["theories"] if held.kind == RUN else [""]:
        for scenario in _scenarios(held):
            found, said = _again(held, scenario, theory)
            months = _months(held, request, found.inputs.months - 1, _NETWORKS)
            means = found.means.loc[months]
            ties = pd.DataFrame(
                [
                    {"month": month, "first": a, "second": b, "alignment": means.loc[month, f"alignment.{a}.{b}"]}
                    for month in months
                    for a in actors
                    for b in actors
                    if a != b
                ]
            )
            nodes = pd.DataFrame(
                [
                    {"month": month, "actor": actor.id, "name": actor.name, "colour": actor.colour,
                     "power": means.loc[month, f"power.{actor.id}"]}
                    for month in months
                    for actor in world.actors.values()
                ]
            )  # fmt: skip
            figure = alignment_network(ties, nodes, f"{_title(held, scenario)}: who leans toward whom", said)
            says = f"Circles of {len(actors)} actors at {len(months)} months, lines where two lean toward each other."
            yield Picture(f"network-{scenario}-{theory}", figure, ties, says)


def _title(held: Held, scenario: str) -> str:
    return str(held.manifest["scenarios"][scenario].get("title") or scenario)


def _own(world: World) -> dict[str, list[str]]:
    """Who rules or contests each theatre."""
    return {
        theatre.id: [actor for actor in (theatre.ruler, theatre.challenger) if actor]
        for theatre in world.theatres.values()
    }


def mosaics(held: Held, request: Request) -> Iterator[Picture]:
    """Who holds influence in every theatre and domain: means over all runs of a folder, scenario by scenario."""
    world = held.world
    columns = [f"influence.{a}.{k}.{d}" for k in world.theatres for d in DOMAINS for a in world.actors]
    lacking = [name for name in columns if name not in held.columns]
    if lacking:
        raise DataError([f"{held.folder} does not keep {lacking[0]}: a mosaic needs every column of influence"])
    by = request.by or "scenario"
    if by not in held.columns:
        raise DataError([f"--by {by} is no column of the runs"])
    marks = unlike_initials({actor.id: actor.name for actor in world.actors.values()})
    shown = {actor.id: (actor.name, actor.colour, marks[actor.id]) for actor in world.actors.values()}
    table = held.runs([*columns, by], set=RANGES)
    for theory, runs in table.groupby("theory", sort=False) if by != "theory" else [("all", table)]:
        groups = list(dict.fromkeys(runs[by].astype(str)))[:_MOST_GROUPS]
        means = runs.groupby(runs[by].astype(str), sort=False)[columns].mean()
        held_there = pd.DataFrame(
            [
                {by: group, "theatre": k, "domain": d, "actor": a, "share": means.loc[group, f"influence.{a}.{k}.{d}"]}
                for group in groups
                for k in world.theatres
                for d in DOMAINS
                for a in world.actors
            ]
        )
        said = held.caption(runs[runs[by].astype(str).isin(groups)])
        figure = influence_mosaic(
            held_there, shown, _own(world), f"{held.title}: who holds influence", said, names=held.names, by=by
        )
        says = f"Shares of influence by patron in {len(world.theatres)} theatres and {len(DOMAINS)} domains."
        yield Picture(f"mosaic-{theory}", figure, held_there, says)


def maps(held: Held, request: Request) -> Iterator[Picture]:
    """The region's tiles before the scenarios part and at their end, a picture a theory."""
    world = held.world
    scenarios = _scenarios(held)
    for theory in held.manifest["theories"]:
        tiles: list[dict[str, Any]] = []
        flows: list[dict[str, Any]] = []
        panels, said = [], ""
        for at, scenario in enumerate(scenarios[:3]):
            found, said = _again(held, scenario, theory)
            last = found.inputs.months - 1
            before = (restored(held.manifest["scenarios"][scenario], world).departs or world.month("2022-01")) - 1
            asked = [world.month(month) for month in _months(held, request, last, 2)] if request.months else None
            for t in asked or ([min(before, last), last] if at == 0 else [last]):
                panels.append(f"{scenario}, {world.date(t)}")
                places = _places(found, world, t)
                tiles += [{"month": panels[-1], **row} for row in rows_of(places)]
                flows += [{"month": panels[-1], **row} for row in _threats(found, t, places)]
        table = pd.DataFrame(tiles)
        pair = world.pairs[0]
        lean = {key: _name(world, actor) for key, actor in zip(("first", "second"), pair, strict=True)}
        arrows = pd.DataFrame(flows, columns=["month", "source", "target", "threat"])
        said = said.replace(
            f"scenario {scenarios[min(2, len(scenarios) - 1)]}", f"scenarios {', '.join(scenarios[:3])}"
        )
        key = "; ".join(f"{_mark(name)} {venue.name}" for name, venue in world.institutions.items())
        said += f"\n{key}. Bases: 1 is one full permanent base; forces and counterterror in 100,000 troops."
        figure = tile_map(table, arrows, lean, f"{held.title}: the region", said, panels=panels)
        says = f"Maps of {len(world.theatres)} tiles with foreign influence, bases, institutions and flows of threat."
        yield Picture(f"map-{theory}", figure, table, says)


def _name(world: World, actor: str) -> tuple[str, str]:
    return world.actors[actor].name, world.actors[actor].colour


def _ruler(found: Replay, world: World, t: int, at: int, theatre: str) -> str | None:
    """Who rules in most runs: whom the scenario sets, else the challenger once it holds half the land on average."""
    posture = found.inputs.scenario.posture(world, capability_index(world, found.inputs.forms))
    if posture.rule[t, at] >= 0:
        return list(world.actors)[int(posture.rule[t, at])]
    place = world.theatres[theatre]
    held = found.means.iloc[t][f"control.{theatre}"]
    return place.challenger if place.challenger and held > _HALF else place.ruler


def _places(found: Replay, world: World, t: int) -> pd.DataFrame:
    """A row a theatre with a tile: shares of foreign influence, condition, bases, institutions, ruler."""
    means, rows = found.means.iloc[t], []
    posture = found.inputs.scenario.posture(world, capability_index(world, found.inputs.forms))
    marks = unlike_initials({actor.id: actor.name for actor in world.actors.values()})
    for at, theatre in enumerate(world.theatres.values()):
        if theatre.tile is None:
            continue
        foreign = {
            actor: float(np.mean([means[f"influence.{actor}.{theatre.id}.{d}"] for d in DOMAINS]))
            for actor in world.actors
            if actor not in (theatre.ruler, theatre.challenger)
        }
        total = sum(foreign.values())
        first, second = (foreign.get(actor, 0.0) / total if total else np.nan for actor in world.pairs[0])
        presence = posture.presence[t, :, at, :]
        kinds = [
            f"{kind} " + ", ".join(f"{marks[actor]} {presence[i, x]:.2g}" for i, actor in enumerate(world.actors)
                                   if presence[i, x] >= _LEAST_PRESENCE)
            for x, kind in enumerate(PRESENCE_KINDS)
            if (presence[:, x] >= _LEAST_PRESENCE).any()
        ]  # fmt: skip
        ruler = _ruler(found, world, t, at, theatre.id)
        rows.append(
            {
                "theatre": theatre.id, "name": theatre.name, "row": theatre.tile[0], "column": theatre.tile[1],
                "first": first, "second": second, "others": 1.0 - first - second,
                "state": f"stability {means[f'stability.{theatre.id}']:.2f}, "
                f"militants {means[f'militants.{theatre.id}']:.2f}",
                "bases": "; ".join(kinds), "institutions": _venues(world, ruler, t), "ruler": ruler,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _venues(world: World, ruler: str | None, t: int) -> str:
    """Marks of the institutions a theatre's ruler sits in."""
    seats = [
        _mark(name)
        for name, venue in world.institutions.items()
        if any(m.actor == ruler and m.since <= t and (m.until is None or t < m.until) for m in venue.members)
    ]
    return " · ".join(dict.fromkeys(seats))


def _mark(institution: str) -> str:
    """A short mark of an institution: its id, or the first letters of the id's words."""
    words = institution.split("_")
    return institution.upper() if len(words) == 1 else "".join(word[0] for word in words).upper()


def _threats(found: Replay, t: int, places: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """What the ruler of one tile fears from the ruler of another."""
    means = found.means.iloc[t]
    for one in rows_of(places):
        for other in rows_of(places):
            if one is not other and one["ruler"] and other["ruler"] and one["ruler"] != other["ruler"]:
                column = f"threat.{one['ruler']}.{other['ruler']}"
                if column in means:
                    yield {"source": other["theatre"], "target": one["theatre"], "threat": float(means[column])}


def timelines(held: Held, request: Request) -> Iterator[Picture]:
    """The events of a folder's first run against the dates of the record, a picture a scenario."""
    del request
    same_as(held.manifest, held.world)
    actors = {actor.id: (actor.name, actor.colour) for actor in held.world.actors.values()}
    for name in _scenarios(held):
        path = held.folder / f"events-{name}.csv"
        if not path.is_file():
            raise DataError([f"{path} is missing: run it again"])
        events = pd.read_csv(path, keep_default_na=False)
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

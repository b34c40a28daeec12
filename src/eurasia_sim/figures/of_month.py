"""What one month holds, as the tables that pictures of a world are drawn from: of a run, or of means over runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.figures.network import unlike_initials
from eurasia_sim.parameters import DOMAINS, PRESENCE_KINDS
from eurasia_sim.world import World

_LEAST_PRESENCE = 0.005
_ABREAST = 4  # tiles that no place is given for


class Moment(NamedTuple):
    """One month of one run, or of means over runs."""

    label: str  # of the panel it is drawn in
    month: int
    values: Mapping[str, float]  # by column; NaN where no run is finite
    presence: NDArray[np.float64]  # (N, K, P)
    rulers: Sequence[str | None]  # by theatre


def tie_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """Alignment of every actor toward every other: `month` (the label), `first`, `second`, `alignment`."""
    return _dyads(world, moments, "alignment")


def node_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """Actors as a network draws them: `month` (the label), `actor`, `name`, `colour`, `power`."""
    return pd.DataFrame(
        [
            {"month": each.label, "actor": actor.id, "name": actor.name, "colour": actor.colour,
             "power": each.values[f"power.{actor.id}"]}
            for each in moments
            for actor in world.actors.values()
        ]
    )  # fmt: skip


def threat_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """Threat that every actor sees in every other: `month` (the label), `first` (who sees it), `second`, `threat`."""
    return _dyads(world, moments, "threat")


def _dyads(world: World, moments: Sequence[Moment], measure: str) -> pd.DataFrame:
    """A measure of every ordered pair of two actors."""
    return pd.DataFrame(
        [
            {"month": each.label, "first": a, "second": b, measure: each.values[f"{measure}.{a}.{b}"]}
            for each in moments
            for a, b in permutations(world.actors, 2)
        ]
    )


def influence_columns(world: World) -> list[str]:
    """The columns that a mosaic needs."""
    return [f"influence.{a}.{k}.{d}" for k in world.theatres for d in DOMAINS for a in world.actors]


def influence_table(world: World, groups: Mapping[str, Mapping[str, float]], by: str) -> pd.DataFrame:
    """Shares of influence: the group under `by`, `theatre`, `domain`, `actor`, `share`."""
    return pd.DataFrame(
        [
            {by: group, "theatre": k, "domain": d, "actor": a, "share": values[f"influence.{a}.{k}.{d}"]}
            for group, values in groups.items()
            for k in world.theatres
            for d in DOMAINS
            for a in world.actors
        ]
    )


def patrons(world: World) -> dict[str, tuple[str, str, str]]:
    """Name, colour and mark of every actor, as a mosaic takes them."""
    marks = unlike_initials({actor.id: actor.name for actor in world.actors.values()})
    return {actor.id: (actor.name, actor.colour, marks[actor.id]) for actor in world.actors.values()}


def at_home(world: World) -> dict[str, list[str]]:
    """By theatre, who rules or contests it."""
    return {
        theatre.id: [actor for actor in (theatre.ruler, theatre.challenger) if actor]
        for theatre in world.theatres.values()
    }


def leaning(world: World) -> dict[str, tuple[str, str]]:
    """Name and colour of the two actors in focus, under `first` and `second`."""
    pair = world.pairs[0] if world.pairs else tuple(world.actors)[:2]
    chosen = [world.actors[actor] for actor in pair]
    return {key: (actor.name, actor.colour) for key, actor in zip(("first", "second"), chosen, strict=True)}


def tile_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """A row a theatre and moment, as `tiles.tile_map` takes them; `month` is the label."""
    places = _grid(world)
    marks = {actor: mark for actor, (_, _, mark) in patrons(world).items()}
    pair = world.pairs[0] if world.pairs else tuple(world.actors)[:2]
    rows = []
    for each in moments:
        for at, theatre in enumerate(world.theatres.values()):
            foreign = {
                actor: float(np.mean([each.values[f"influence.{actor}.{theatre.id}.{d}"] for d in DOMAINS]))
                for actor in world.actors
                if actor not in (theatre.ruler, theatre.challenger)
            }
            total = sum(foreign.values())
            first, second = (foreign.get(actor, 0.0) / total if total else np.nan for actor in pair)
            condition = (f"{kind} {each.values[f'{kind}.{theatre.id}']:.2f}" for kind in ("stability", "militants"))
            rows.append(
                {
                    "month": each.label, "theatre": theatre.id, "name": theatre.name, "row": places[theatre.id][0],
                    "column": places[theatre.id][1], "first": first, "second": second, "others": 1.0 - first - second,
                    "state": ", ".join(condition), "bases": _present(each.presence[:, at], marks),
                    "institutions": _venues(world, each.rulers[at], each.month), "ruler": each.rulers[at],
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _grid(world: World) -> dict[str, tuple[int, int]]:
    """Row and column of every theatre; those without a tile of their own stand in rows below."""
    placed = {name: theatre.tile for name, theatre in world.theatres.items() if theatre.tile is not None}
    below = 1 + max((row for row, _ in placed.values()), default=-1)
    loose = [name for name in world.theatres if name not in placed]
    return {**placed, **{name: (below + at // _ABREAST, at % _ABREAST) for at, name in enumerate(loose)}}


def _present(presence: NDArray[np.float64], marks: Mapping[str, str]) -> str:
    """Who is present in a theatre, kind by kind, in words; presence is (N, P)."""
    kinds = []
    for x, kind in enumerate(PRESENCE_KINDS):
        there = [f"{mark} {value:.2g}" for mark, value in zip(marks.values(), presence[:, x], strict=True)
                 if value >= _LEAST_PRESENCE]  # fmt: skip
        kinds += [f"{kind} {', '.join(there)}"] if there else []
    return "; ".join(kinds)


def _venues(world: World, ruler: str | None, t: int) -> str:
    """Marks of the institutions a theatre's ruler sits in."""
    seats = [
        institution_mark(name)
        for name, venue in world.institutions.items()
        if any(m.actor == ruler and m.since <= t and (m.until is None or t < m.until) for m in venue.members)
    ]
    return " · ".join(dict.fromkeys(seats))


def institution_mark(institution: str) -> str:
    """A short mark of an institution: its id, or the first letters of the id's words."""
    words = institution.split("_")
    return institution.upper() if len(words) == 1 else "".join(word[0] for word in words).upper()


def map_key(world: World) -> str:
    """What the marks and numbers on tiles stand for, for a caption."""
    key = "; ".join(f"{institution_mark(name)} {venue.name}" for name, venue in world.institutions.items())
    return (
        f"{key + '. ' if key else ''}Bases: 1 is one full permanent base; forces and counterterror in 100,000 troops."
    )


def flow_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """What the ruler of one theatre fears from the ruler of another: `month` (label), `source`, `target`, `threat`."""
    rows = [row for each in moments for row in _flows(world, each)]
    return pd.DataFrame(rows, columns=["month", "source", "target", "threat"])


def _flows(world: World, moment: Moment) -> Iterator[dict[str, Any]]:
    ruled = list(zip(world.theatres, moment.rulers, strict=True))
    for target, one in ruled:
        for source, other in ruled:
            if one and other and one != other:
                threat = float(moment.values[f"threat.{one}.{other}"])
                yield {"month": moment.label, "source": source, "target": target, "threat": threat}

"""The kernel's inputs as plain Python: what a run holds constant, and one month's levers, keyed by agents."""

from __future__ import annotations

from math import exp, isnan, log
from types import SimpleNamespace
from typing import Any

from benchmarks.given import Given
from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.kernel.arrays import LEVERS, coded_shapes

LEAST_SALIENCE = 1e-300  # of 3: keeps a logarithm finite


def rules_of(inputs: Given) -> SimpleNamespace:
    """The rules' numbers as attributes."""
    return SimpleNamespace(**{name: float(inputs.rules[name]) for name in inputs.rules.dtype.names})


def coded_of(inputs: Given) -> SimpleNamespace:
    """The coded draw as nested lists under its names."""
    fields, at = {}, 0
    for name, shape in coded_shapes(len(inputs.actors), len(inputs.theatres)).items():
        size = 1
        for length in shape:
            size *= length
        fields[name] = inputs.row[at : at + size].reshape(shape).tolist()
        at += size
    return SimpleNamespace(**fields)


def closeness(distance: float, border: float, p: SimpleNamespace) -> float:
    """How near two places are: what distance leaves, plus a shared border."""
    return exp(-distance / p.distance_decay) + p.contiguity * border


def nearness(raw: float, p: SimpleNamespace) -> float:
    """Closeness squeezed into [0, 1)."""
    return raw / (raw + p.closeness_half)


def utility_weight(salience: float, silence: float, p: SimpleNamespace) -> float:
    """Utility weight of an ordinal salience: (salience / 3) ** curve; silence counts as told."""
    level = silence if isnan(salience) else salience
    return exp(p.salience_curve * log(max(level / 3.0, LEAST_SALIENCE)))


def actor_traits(
    inputs: Given, coded: SimpleNamespace, i: int, p: SimpleNamespace
) -> dict[str, Any]:
    """What the world says of actor i: see `actor.Actor`."""
    place = inputs.geography
    theatres = range(len(inputs.theatres))
    near = [
        closeness(float(place.theatre_distance[i, k]), float(place.theatre_border[i, k]), p)
        for k in theatres
    ]
    at_home = nearness(closeness(0.0, 1.0, p), p)
    return {
        "own_power": coded.own_power[i],
        "offense": coded.offensive_capability[i],
        "susceptibility": coded.susceptibility[i],
        "skill": coded.skill[i],
        "weight": {
            c: utility_weight(s, p.silence, p)
            for c, s in zip(CONSTRUCTS, coded.salience[i], strict=True)
        },
        "closeness": near,
        "nearness": [nearness(raw, p) / at_home for raw in near],
        "transit": [exp(-float(place.border_distance[i, k]) / p.transit_decay) for k in theatres],
    }


def dyads(
    inputs: Given, coded: SimpleNamespace, i: int, p: SimpleNamespace
) -> tuple[list[float], ...]:
    """Actor i's nearness to each other without forces abroad, its affinity toward it, and its denial of it."""
    place = inputs.geography
    others = range(len(inputs.actors))
    reach = [
        closeness(float(place.distance[i, j]), float(place.border[i, j]), p) + coded.front[i][j]
        for j in others
    ]
    affinity = [p.silent_affinity if isnan(value) else value for value in coded.affinity[i]]
    denial = [utility_weight(value, p.silent_denial, p) for value in coded.denial[i]]
    affinity[i] = denial[i] = 0.0
    return reach, affinity, denial


def theatre_traits(
    inputs: Given, coded: SimpleNamespace, k: int, p: SimpleNamespace
) -> dict[str, Any]:
    """What the world says of theatre k: see `theatre.Theatre`."""
    people = float(inputs.geography.size[k])
    gate = [
        exp(-float(apart) / p.transit_decay) * p.buffer
        for apart in inputs.geography.theatre_separation[k]
    ]
    gate[k] /= p.buffer
    return {
        "size": exp(p.size_elasticity * log(people)) if people > 0.0 else 0.0,
        "opportunity": coded.opportunity[k],
        "gate": gate,
        "threat_source": coded.threat_source[k],
        "stability": coded.base_stability[k],
        "control": coded.initial_control[k],
        "militants": coded.initial_militants[k],
        "economy": coded.initial_economy[k],
    }


class Months:
    """The months of a lever series; of each, the levers keyed by actor, or listed over theatres."""

    def __init__(self, inputs: Given, actors: list[Any], theatres: list[Any]) -> None:
        self.levers = inputs.levers
        self.domains = inputs.geography.venue_domains.tolist()
        self.actors, self.theatres = actors, theatres
        self.membership: list[list[float]] | None = None  # of the last month that was read
        self.shared: dict[Any, dict[Any, list[float]]] = {}

    def keyed(self, rows: list[Any]) -> dict[Any, Any]:
        """One item an actor."""
        return dict(zip(self.actors, rows, strict=True))

    def at(self, t: int) -> SimpleNamespace:
        """Month t as attributes; posted: the theatres in which an actor has forces, with the three kinds."""
        month = self.levers.month(t)
        now = {field.name: getattr(month, field.name).tolist() for field in LEVERS.fields}
        keyed = self.keyed
        if now["membership"] != self.membership:
            self.membership, self.shared = now["membership"], self._venues_shared(now["membership"])
        return SimpleNamespace(
            goodwill=keyed([keyed(row) for row in now["goodwill"]]),
            pressed=keyed([keyed(list(column)) for column in zip(*now["pressure"], strict=True)]),
            revisionism=keyed(now["revisionism"]),
            posted=keyed(
                [
                    [
                        (theatre, kinds)
                        for theatre, kinds in zip(self.theatres, row, strict=True)
                        if any(kinds)
                    ]
                    for row in now["presence"]
                ]
            ),
            imposed=keyed([[share for cell in row for share in cell] for row in now["imposed"]]),
            jointness=[share for row in now["jointness"] for share in row],
            aid=keyed(now["aid"]),
            recognition=keyed(now["recognition"]),
            capability=keyed(now["capability"]),
            venues=self.shared,
            membership=[keyed(row) for row in now["membership"]],
            conduct=now["conduct"],
            surge=now["surge"],
            rule=now["rule"],
            stability=now["stability"],
            theatre_capability=now["theatre_capability"],
        )

    def _venues_shared(self, membership: list[list[float]]) -> dict[Any, dict[Any, list[float]]]:
        """Of every two actors, how many venues they share that serve each domain, observers counting half."""
        by_actor = [[members[i] for members in membership] for i in range(len(self.actors))]
        return self.keyed(
            [
                self.keyed(
                    [
                        [
                            sum(
                                a * b * serves[d]
                                for a, b, serves in zip(one, other, self.domains, strict=True)
                            )
                            for d in range(3)
                        ]
                        for other in by_actor
                    ]
                )
                for one in by_actor
            ]
        )

"""What a month's equations need, counted by hand from docs/odd.md: the work that no program could leave out.

A meeting of two is counted once, and a sum that both sides see alike once; what stays the same all run is made out
before. A flop is a sum, a difference, a product, a comparison or the smaller of two; a logistic is an exponential, a
division and a flop; a hyperbolic tangent an exponential, a division and three flops. A hash is one address of the
random numbers, which gives four words. The default forms are counted: threat as a product, shared danger as a geometric
mean, a contest by ratio.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks.given import Given
from eurasia_sim.parameters import DOMAINS, THREATS


class Counts(NamedTuple):
    """So many of each operation."""

    logs: float = 0.0
    exps: float = 0.0
    hashes: float = 0.0
    divisions: float = 0.0
    roots: float = 0.0
    flops: float = 0.0

    def times(self, often: float) -> Counts:
        """The same so many times."""
        return Counts(*(often * count for count in self))

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))


class Sizes(NamedTuple):
    """What the counts depend on: how much there is of everything in a world in one month."""

    actors: int
    theatres: int
    venues: int
    pairs: int  # focal ones, whose measures are read off
    counted: int  # theatres in all scopes together
    scopes: int
    posts: int  # places where an actor has forces or bases
    ruled: int  # theatres with a ruler
    contested: int  # theatres with a challenger
    conveners: int  # a venue and who convenes it
    seats: int  # a venue and who belongs to it
    hosts: int  # a convener and a theatre whose ruler belongs to the venue
    domains: int = len(DOMAINS)
    threats: int = len(THREATS)

    @property
    def meetings(self) -> int:
        """Pairs of actors."""
        return self.actors * (self.actors - 1) // 2

    @property
    def views(self) -> int:
        """What each actor sees in each other."""
        return self.actors * (self.actors - 1)

    @property
    def spots(self) -> int:
        """Actors by theatres."""
        return self.actors * self.theatres

    @property
    def cells(self) -> int:
        """Theatres by domains."""
        return self.theatres * self.domains

    @property
    def homes(self) -> int:
        """Who rules or contests a theatre."""
        return self.ruled + self.contested

    @property
    def guests(self) -> int:
        """Actors by theatres that have a ruler to let them in."""
        return self.actors * self.ruled


def sizes_of(inputs: Given, month: int) -> Sizes:
    """The sizes of a world in one month, its theatres ruled and contested as at the start."""
    n, k, v, pairs = inputs.sizes
    posture, place = inputs.posture, inputs.geography
    member, convenes = posture.membership[month] > 0.0, place.convenes > 0.0
    rulers = place.ruler[place.ruler >= 0]
    hosts = (convenes.sum(axis=1) * member[:, rulers].sum(axis=1)).sum()
    posts = (posture.presence[month] > 0.0).any(axis=2).sum()
    found = np.array([inputs.scopes.sum(), posts, len(rulers), (place.challenger >= 0).sum(), convenes.sum(),
                      member.sum(), hosts]).astype(int).tolist()  # fmt: skip
    return Sizes(n, k, v, pairs, found[0], len(inputs.scopes), *found[1:])


class Need(NamedTuple):
    """What an equation needs each time, and how often in a month."""

    mechanism: str
    what: str
    formula: str  # of how often; N actors, K theatres, D domains, V venues
    often: Callable[[Sizes], float]
    each: Callable[[Sizes], Counts]


def _always(**counts: float) -> Callable[[Sizes], Counts]:
    return lambda _: Counts(**counts)


# Each line: the mechanism, the equation, how often it is needed in words and as a function, what it needs each time.
NEEDS = (
    Need("perception", "power: own, territory's, theatres'", "N + ruled", lambda s: s.actors + s.ruled,
         _always(flops=1)),
    Need("perception", "reach of forces abroad, then added for all others", "posts", lambda s: s.posts,
         lambda s: Counts(flops=5 + 2 * (s.actors - 1))),
    Need("perception", "relative power, both ways", "N(N-1)/2", lambda s: s.meetings, _always(divisions=1, flops=2)),
    Need("perception", "proximity, intent, and threat as their product", "N(N-1)", lambda s: s.views,
         _always(exps=1, divisions=2, flops=2 + 6 + 1 + 7)),
    Need("perception", "hazard of a theatre by threat", "K", lambda s: s.theatres,
         lambda s: Counts(flops=1 + 6 * s.threats)),
    Need("perception", "spill-over", "N K", lambda s: s.spots, lambda s: Counts(flops=2 * s.threats)),
    Need("alignment", "square roots of dangers", "N (K + N-1)", lambda s: s.spots + s.views, _always(roots=1)),
    Need("alignment", "danger shared", "N(N-1)/2", lambda s: s.meetings,
         lambda s: Counts(flops=2 * s.theatres + 2 * (s.actors - 2))),
    Need("alignment", "shock of a pair", "N(N-1)/2", lambda s: s.meetings,
         _always(hashes=1, logs=1, divisions=1, flops=4)),
    Need("alignment", "what pulls both alike", "N(N-1)/2", lambda s: s.meetings, _always(flops=8)),
    Need("alignment", "pull, leaning, alignment", "N(N-1)", lambda s: s.views,
         _always(exps=1, divisions=1, flops=5 + 2 + 3)),
    Need("allocation", "weights on each other actor", "N(N-1)", lambda s: s.views, _always(flops=4)),
    Need("allocation", "rivals' influence, weighed twice, by cell", "N K D", lambda s: s.actors * s.cells,
         lambda s: Counts(flops=4 * (s.actors - 1) + 6)),
    Need("allocation", "motives at home", "ruled + contested", lambda s: s.homes,
         lambda s: Counts(divisions=1, flops=s.actors + 3 + s.domains * (s.actors + 1))),
    Need("allocation", "spill-over that others leave open", "N K", lambda s: s.spots, _always(divisions=1, flops=4)),
    Need("allocation", "need to contain it", "N K", lambda s: s.spots, lambda s: Counts(flops=2 * s.theatres - 1)),
    Need("allocation", "marginal utility", "N K", lambda s: s.spots, lambda s: Counts(flops=4 * s.domains + 5)),
    Need("allocation", "draws of an actor for a theatre", "N K", lambda s: s.spots, _always(hashes=1)),
    Need("allocation", "Gumbel variate and inclination", "N K D", lambda s: s.actors * s.cells,
         _always(logs=2, flops=2 + 1 + 5)),
    Need("allocation", "logit and effort", "N K D", lambda s: s.actors * s.cells, _always(exps=1, flops=4)),
    Need("allocation", "budget, and what is imposed on it", "N", lambda s: s.actors,
         _always(logs=1, exps=1, divisions=2, flops=4)),
    Need("allocation", "effort of forces abroad", "posts", lambda s: s.posts, _always(flops=7)),
    Need("cooperation", "square roots of needs", "N K", lambda s: s.spots, _always(roots=1)),
    Need("cooperation", "readiness of a pair", "N(N-1)/2", lambda s: s.meetings,
         lambda s: Counts(flops=3 + 2 * s.domains)),
    Need("cooperation", "need a pair has in common", "K N(N-1)/2", lambda s: s.theatres * s.meetings,
         _always(flops=1)),
    Need("cooperation", "joint effort of a pair by cell", "K D N(N-1)/2", lambda s: s.cells * s.meetings,
         _always(exps=1, divisions=2, flops=2 + 2 + 2 + 2 + 1 + 1 + 1 + 2 + 2)),
    Need("cooperation", "rivalry and partnership", "N(N-1)/2", lambda s: s.meetings, _always(divisions=1, flops=5)),
    Need("cooperation", "pull of a venue's convener", "conveners", lambda s: s.conveners,
         lambda s: Counts(flops=2 * s.actors)),
    Need("cooperation", "seat in a venue", "seats", lambda s: s.seats, _always(exps=1, flops=5)),
    Need("cooperation", "effort that goes to venues", "N", lambda s: s.actors,
         lambda s: Counts(divisions=1, flops=3 * s.theatres)),
    Need("cooperation", "what convening brings", "conveners by hosts", lambda s: s.hosts, _always(flops=1)),
    Need("contest", "threats that no patron covers", "N ruled", lambda s: s.guests, _always(flops=8)),
    Need("contest", "access of an actor to a theatre", "N ruled", lambda s: s.guests,
         lambda s: Counts(divisions=1, flops=7 + 6 * s.domains)),
    Need("contest", "strength and influence", "N K D", lambda s: s.actors * s.cells, _always(logs=1, exps=1, flops=8)),
    Need("contest", "strength of all in a cell", "K D", lambda s: s.cells, _always(divisions=1)),
    Need("regime", "forces and efforts in a contested theatre", "N contested", lambda s: s.actors * s.contested,
         _always(flops=9 + 7)),
    Need("regime", "control, militants, economy, stability", "contested", lambda s: s.contested,
         _always(hashes=1, logs=2, exps=1, divisions=2 + 1 + 1 + 1 + 1 + 1 + 1 + 1, flops=75)),
    Need("regime", "contagion elsewhere", "K - contested", lambda s: s.theatres - s.contested,
         lambda s: Counts(divisions=1, flops=s.theatres - 1 + 6)),
    Need("regime", "standing fades", "N", lambda s: s.actors, _always(flops=1)),
    Need("recognition", "step of the ladder", "N contested", lambda s: (s.actors - 1) * s.contested,
         lambda s: Counts(hashes=1, exps=1, divisions=2, flops=5 * (s.actors - 2) + 24)),
    Need("measures", "a focal pair over a scope", "pairs, by scopes", lambda s: s.pairs * s.scopes,
         lambda s: Counts(divisions=3 + 2 * s.domains, flops=10 + 2 * s.domains)),
    Need("measures", "a focal pair in a theatre of a scope", "pairs, by theatres of scopes",
         lambda s: s.pairs * s.counted, lambda s: Counts(flops=2 + 5 * s.domains)),
)  # fmt: skip


def needed(sizes: Sizes) -> dict[str, Counts]:
    """What each mechanism's equations need in a month."""
    found: dict[str, Counts] = {}
    for need in NEEDS:
        own = need.each(sizes).times(need.often(sizes))
        found[need.mechanism] = found.get(need.mechanism, Counts()).plus(own)
    return found

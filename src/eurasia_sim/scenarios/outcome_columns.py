"""What is read off a run: columns by name, whole groups of them, and how they are put together."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.world.world import World

Reduction = Literal["sum", "mean", "least", "greatest"]
Read = Literal["mean", "slope", "months_until"]
_GROUP = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Metric:
    """What is read off one run: columns put together month by month, then read over a window."""

    kind: Reduction  # how the columns, and those taken away, are put together
    columns: tuple[str, ...]
    less: tuple[str, ...]
    over: tuple[str, ...]  # summed; none divides by 1
    log: bool
    read: Read  # mean; slope a year; months until the level is reached, at most the window
    level: float

    @property
    def names(self) -> tuple[str, ...]:
        """Every column it needs."""
        return (*self.columns, *self.less, *self.over)

    @property
    def splits(self) -> bool:
        """Whether a difference in it has a co-location part and a joint-share part."""
        plain_column = len(self.names) == 1 and self.read == "mean" and not self.log
        return plain_column and self.columns[0].partition(".")[0] in ("competition", "cooperation")


def in_words(metric: Metric) -> str:
    """A metric as a reader would write it."""

    def listed(names: tuple[str, ...]) -> str:
        return (
            names[0]
            if len(names) == 1
            else f"{metric.kind} of {names[0]} … {names[-1]} ({len(names)})"
        )

    said = listed(metric.columns) + (f" less {listed(metric.less)}" if metric.less else "")
    if metric.over:
        said = f"({said}) over {metric.over[0]}" + (
            f" … {metric.over[-1]} ({len(metric.over)})" if metric.over[1:] else ""
        )
    said = f"log of {said}" if metric.log else said
    return said if metric.read == "mean" else f"{metric.read.replace('_', ' ')} of {said}"


@cache
def _columns(
    actors: tuple[str, ...],
    theatres: tuple[str, ...],
    pairs: tuple[str, ...],
    scopes: tuple[str, ...],
) -> frozenset[str]:
    ids = {"actor": actors, "theatre": theatres, "domain": DOMAINS, "pair": pairs, "scope": scopes}
    return frozenset(
        ".".join([name, *steps])
        for name, entry in measures().items()
        for steps in itertools.product(*(ids[kind] for kind in entry["of"]))
    )


def columns_of(world: World) -> frozenset[str]:
    """Every column that a run of a world can be read in, known without loading the compiled measures."""
    pairs = tuple(f"{a}-{b}" for a, b in world.pairs)
    return _columns(tuple(world.actors), tuple(world.theatres), pairs, (*world.regions, "all"))


def unfolded(pattern: str, world: World) -> list[str]:
    """The columns that a name stands for; {group} is each member of a region, theatres, actors, domains, or a list."""
    groups: Mapping[str, tuple[str, ...]] = {
        **{name: tuple(members) for name, members in world.regions.items()},
        "theatres": tuple(world.theatres),
        "actors": tuple(world.actors),
        "domains": DOMAINS,
    }
    found = _GROUP.search(pattern)
    if not found:
        return [pattern]
    members = groups.get(found[1]) or tuple(word.strip() for word in found[1].split(","))
    return [
        name
        for member in members
        for name in unfolded(pattern[: found.start()] + member + pattern[found.end() :], world)
    ]

"""What is read off a run: columns by name, groups of them, and how they are put together."""

import itertools
import re
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
    def is_linear(self) -> bool:
        """Whether it is what its columns add up to, less those taken away."""
        sums = self.kind in ("sum", "mean") and not self.over
        return sums and self.read == "mean" and not self.log

    @property
    def splits(self) -> bool:
        """Whether a difference in it has a co-location part and a joint-share part."""
        is_plain = len(self.names) == 1 and self.is_linear
        return is_plain and self.columns[0].partition(".")[0] in ("competition", "cooperation")


def in_words(metric: Metric) -> str:
    """A metric as a reader would write it."""

    def span(names: tuple[str, ...]) -> str:
        return f"{names[0]} … {names[-1]} ({len(names)})" if names[1:] else names[0]

    def part(names: tuple[str, ...]) -> str:
        return f"{metric.kind} of {span(names)}" if names[1:] else names[0]

    words = part(metric.columns) + (f" less {part(metric.less)}" if metric.less else "")
    words = f"({words}) over {span(metric.over)}" if metric.over else words
    words = f"log of {words}" if metric.log else words
    return words if metric.read == "mean" else f"{metric.read.replace('_', ' ')} of {words}"


@cache
def _columns(
    actors: tuple[str, ...],
    theatres: tuple[str, ...],
    pairs: tuple[str, ...],
    scopes: tuple[str, ...],
) -> frozenset[str]:
    ways = (*pairs, *("-".join(reversed(pair.split("-"))) for pair in pairs))
    ids = {
        "actor": actors, "theatre": theatres, "domain": DOMAINS, "scope": scopes,
        "pair": pairs, "direction": ways,
    }  # fmt: skip
    return frozenset(
        ".".join([name, *steps])
        for name, entry in measures().items()
        for axes in (entry["of"], entry.get("sum_of"))
        if axes
        for steps in itertools.product(*(ids[kind] for kind in axes))
    )


def columns_of(world: World) -> frozenset[str]:
    """Every column that a run of a world can be read in, without loading compiled outcomes."""
    pairs = tuple(f"{a}-{b}" for a, b in world.pairs)
    return _columns(tuple(world.actors), tuple(world.theatres), pairs, (*world.regions, "all"))


def unfolded(pattern: str, world: World) -> list[str]:
    """The columns that a name stands for.

    A {group} in it is each member of a region, theatres, actors, domains, or a list.
    """
    found = _GROUP.search(pattern)
    if not found:
        return [pattern]
    groups = {
        **world.regions,
        "theatres": world.theatres,
        "actors": world.actors,
        "domains": DOMAINS,
    }
    members = groups.get(found[1]) or [word.strip() for word in found[1].split(",")]
    before, after = pattern[: found.start()], pattern[found.end() :]
    return [name for each in members for name in unfolded(before + each + after, world)]

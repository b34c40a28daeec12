"""What is read off a run: columns by name, groups of them, and how they are put together."""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.scenarios.schema import measures, present_name
from eurasia_sim.world.world import World

Reduction = Literal["sum", "mean", "least", "greatest"]
Read = Literal["mean", "slope", "months_until"]


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

    def span(names: tuple[str, ...], what: str = "") -> str:
        return f"{what}{names[0]} … {names[-1]} ({len(names)})" if names[1:] else names[0]

    words = span(metric.columns, f"{metric.kind} of ")
    words += f" less {span(metric.less, f'{metric.kind} of ')}" if metric.less else ""
    words = f"({words}) over {span(metric.over)}" if metric.over else words
    words = f"log of {words}" if metric.log else words
    return words if metric.read == "mean" else f"{metric.read.replace('_', ' ')} of {words}"


def columns_of(world: World) -> frozenset[str]:
    """Every column that a run of a world can be read in, without loading compiled outcomes."""
    pairs, back = [f"{a}-{b}" for a, b in world.pairs], [f"{b}-{a}" for a, b in world.pairs]
    ids = {
        "actor": world.actors, "theatre": world.theatres, "domain": DOMAINS, "pair": pairs,
        "scope": (*world.regions, "all"), "direction": (*pairs, *back),
    }  # fmt: skip
    return frozenset(
        ".".join([name, *steps])
        for name, entry in measures().items()
        for axes in (entry["of"], entry.get("sum_of"))
        if axes
        for steps in product(*(ids[kind] for kind in axes))
    )


def unfolded(pattern: str, world: World) -> list[str]:
    """The columns that a name stands for.

    A {group} in it is each member of a region, theatres, actors, domains, or a list.
    """
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern]
    groups = {"theatres": world.theatres, "actors": world.actors, "domains": DOMAINS}
    members = {**world.regions, **groups}.get(found[1]) or re.split(r"\s*,\s*", found[1].strip())
    before, after = pattern[: found.start()], pattern[found.end() :]
    return [name for each in members for name in unfolded(before + each + after, world)]


def matching(option: str, patterns: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names that match any of the patterns (`*` and `?`), in the patterns' order.

    A pattern also stands for what goes on after it: `burden` for that of every actor.

    Raises DataError for a pattern that matches none, with suggestions.
    """
    found = {
        pattern: fnmatch.filter(names, pattern) or fnmatch.filter(names, f"{pattern}.*")
        for pattern in patterns
    }
    if wrong := [each for each, own in found.items() if not own]:
        raise DataError(
            f"{option} {each} is no measure{near(present_name(each), names)}" for each in wrong
        )
    return list(dict.fromkeys(name for own in found.values() for name in own))

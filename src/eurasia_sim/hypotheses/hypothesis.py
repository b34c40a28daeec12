"""Hypotheses: contrasts of scenarios, a reading, the sign expected, and the smallest effect."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.hypotheses.schema import Axis, Kind, Sign
from eurasia_sim.scenarios.outcome_columns import Metric
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, load_scenario
from eurasia_sim.world.levers import split_month
from eurasia_sim.world.world import World

Arm = tuple[str, tuple[tuple[str, float], ...]]  # a scenario's name and its settings


class Smallest(NamedTuple):
    """The smallest effect that matters: a share of the level, and never below a floor."""

    floor: float
    of_level: float = 0.0

    def at(self, level: Any) -> Any:
        """The smallest effect, in the reading's unit, at one or many levels."""
        return np.maximum(self.of_level * np.abs(level), self.floor)


@dataclass(frozen=True)
class Part:
    """One contrast: a reading of some arms less that of others, and the sign expected of it."""

    label: str
    plus: tuple[Arm, ...]
    less: tuple[Arm, ...]  # none: the reading itself is the effect
    metric: Metric
    window: tuple[int, int]  # first month and the month after the last
    sign: Sign
    smallest: Smallest
    because: str
    channels: bool = False
    given: tuple[float, float] | None = None  # it counts where the arms taken away read so

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Every arm it takes."""
        return (*self.plus, *self.less)


@dataclass(frozen=True)
class Hypothesis:
    """A claim about what differs between scenarios; all of its parts must hold, or any of them."""

    id: str
    says: str
    source: str  # documents and lines
    note: str
    join: Literal["all", "any"]
    parts: tuple[Part, ...]
    kind: Kind = "hypothesis"
    built_in: bool = False  # of a control: a number's range gives its sign
    needs: tuple[str, ...] = ()  # controls without which its measures answer nothing

    @property
    def is_control(self) -> bool:
        """Whether its sign is known beforehand, and so tells whether a measure answers at all."""
        return self.kind == "control"


@dataclass(frozen=True)
class ContrastMap:
    """One change, made in every cell of a grid of two other circumstances, and rival hypotheses."""

    id: str
    says: str
    scenario: str
    change: Axis  # every later level is compared with the first
    across: tuple[Axis, Axis]
    readings: Mapping[str, Part]  # by name; their arms are those of a cell
    rivals: Mapping[str, tuple[str, ...]]  # hypothesis -> names of the readings it expects to rise
    digest: str

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """Every later level of the change in every cell of the grid."""
        first, second = (axis.levels for axis in self.across)
        return product(list(self.change.levels)[1:], first, second)

    def part(self, reading: str, level: str, first: str, second: str) -> Part:
        """The effect of the change to a level on a reading in one cell."""

        def arm(*levels: str) -> Arm:
            settings: dict[str, float] = {}
            for axis, each in zip((self.change, *self.across), levels, strict=True):
                settings |= axis.levels[each]
            return self.scenario, tuple(sorted(settings.items()))

        plus, less = (arm(each, first, second) for each in (level, next(iter(self.change.levels))))
        return replace(self.readings[reading], plus=(plus,), less=(less,))


@dataclass(frozen=True)
class Family:
    """The hypotheses of one file with their digest, and maps of where rivals among them hold."""

    path: Path
    title: str
    digest: str
    hypotheses: tuple[Hypothesis, ...]
    maps: tuple[ContrastMap, ...] = ()
    weakest: tuple[str, ...] = ()

    def chosen(self, ids: list[str]) -> "Family":
        """The named hypotheses and the controls they need, in the file's order; all if none is.

        Raises DataError for an id that the file does not hold.
        """
        known = [hypothesis.id for hypothesis in self.hypotheses]
        if unknown := [name for name in ids if name not in known]:
            allowed = f"\n    allowed: {', '.join(known)}"
            raise DataError(
                f"unknown hypothesis '{name}'{near(name, known)}{allowed}" for name in unknown
            )
        needed = {name for each in self.hypotheses if each.id in ids for name in each.needs}
        kept = tuple(each for each in self.hypotheses if not ids or each.id in needed.union(ids))
        maps = tuple(each for each in self.maps if not ids or set(each.rivals) <= set(ids))
        return replace(self, hypotheses=kept, maps=maps)

    def parts(self) -> Iterator[Part]:
        """Every part of every hypothesis, in order."""
        for hypothesis in self.hypotheses:
            yield from hypothesis.parts


def arm_scenario(arm: Arm, world: World, scenario: Scenario | None = None) -> Scenario:
    """The scenario of an arm, loaded unless given, with settings applied from their months."""
    settings = [f"{path}={value!r}" for path, value in arm[1]]
    months = []
    with contextlib.suppress(DataError):  # a wrong month is a problem of its setting
        months = [world.month(month) for path, _ in arm[1] if (month := split_month(path)[1])]
    scenario = scenario or load_scenario(arm[0], world)
    return apply_settings(scenario, settings, world, min(months, default=None))


def arm_name(arm: Arm) -> str:
    """An arm in words: the scenario, and its settings."""
    settings = ", ".join(
        f"{split_month(path)[0].rsplit('.', 1)[-1]}={value:g}" for path, value in arm[1]
    )
    return f"{arm[0]} ({settings})" if settings else arm[0]

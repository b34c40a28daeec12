"""Actors, theatres, institutions, events and theories of a world, without their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who perceives and acts."""

    id: str
    name: str
    colour: str
    home: str | None  # the theatre that is its territory

    @property
    def territory(self) -> str:
        """Key of its territory in ties and capabilities."""
        return self.home or self.id


@dataclass(frozen=True, slots=True)
class Theatre:
    """Where influence is contested."""

    id: str
    name: str
    ruler: str | None
    challenger: str | None
    contender: str | None  # who came, or would come, to rule by force
    tile: tuple[int, int] | None  # row and column on the map of tiles


@dataclass(frozen=True, slots=True)
class Membership:
    """One spell of an actor in an institution, in months since the start of the record."""

    actor: str
    since: int
    until: int | None  # first month out
    observer: bool

    def holds(self, month: int) -> bool:
        """Whether the spell covers a month."""
        return self.since <= month and (self.until is None or month < self.until)


@dataclass(frozen=True, slots=True)
class Institution:
    """A venue for diplomatic and joint effort."""

    id: str
    name: str
    convenes: Mapping[str, float]
    domains: tuple[str, ...]
    members: tuple[Membership, ...]

    def rank(self, actor: str, month: int) -> float:
        """1 for a member in a month, 0.5 for an observer, else 0."""
        own = [each for each in self.members if each.actor == actor and each.holds(month)]
        return max((1.0 - each.observer / 2 for each in own), default=0.0)


@dataclass(frozen=True, slots=True)
class Event:
    """A discontinuity of the record that a scenario may undo."""

    id: str
    month: int  # since the start of the record
    title: str
    sets: Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Preset:
    """A theory, or one alternative of a form; keys of its numbers are the rules' flat names."""

    name: str
    says: str
    cite: tuple[str, ...]
    fix: Mapping[str, float]  # what it switches, and no draw moves
    values: Mapping[str, float]  # reference values of what it ranges, inside `ranges`
    ranges: Mapping[str, tuple[float, float]]
    index: str | None  # the index of capability it reads, where that is the alternative

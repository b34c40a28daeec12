"""What someone could decide: the levers, the steps of their paths, and the scale of each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from eurasia_sim.compute.dimensions import DOMAINS, FLAGS, PRESENCE_KINDS, THREATS
from eurasia_sim.files.data_yaml import DataError, packaged, read_page
from eurasia_sim.files.page import unplaced

FREE = "free"


@dataclass(frozen=True, slots=True)
class Lever:
    """One kind of decision; a path of it is its name and an id for each entry of `path`."""

    name: str
    meaning: str
    moves: str  # what the rules make of it
    path: tuple[str, ...]  # what each id names, by the keys of `choices`
    unit: str = ""
    bounds: tuple[float, float] | None = None  # none where the value is an actor
    free: bool = False  # whether it can be let go
    per: float = 1.0  # how many units the rules take for 1
    least: float = 0.0  # no value but 0 is smaller
    kinds: Mapping[str, Any] = field(default_factory=dict)  # what differs by the last id

    def at(self, last: str) -> "Lever":
        """The lever with unit and bounds as they are at the last id of a path."""
        return replace(self, **self.kinds[last], kinds={}) if last in self.kinds else self

    @property
    def rest(self) -> float | str:
        """The value of a lever that nobody moves."""
        return FREE if self.free else 0

    @property
    def allowed(self) -> str:
        """The values it takes, in words."""
        if self.kinds:
            return "; ".join(f"{kind} {self.at(kind).allowed}" for kind in self.kinds)
        values = "the id of an actor"
        if self.bounds is not None:
            low, high = self.bounds
            start = f"{low:g}, or {self.least:g}" if self.least else f"{low:g}"
            values = f"{start} to {high:.9g} ({self.unit})"
        return values + (f", or {FREE}" if self.free else "")

    def misread(self, value: Any) -> str:
        """What is wrong with a number that earlier files gave in larger units; empty for none."""
        if not isinstance(value, int | float) or not 0 < value < self.least:
            return ""
        return f"{value:g} is too few {self.unit}; what was {value:g} is {value * self.per:.9g} now"

    @property
    def pattern(self) -> str:
        """The form of its paths, as in `presence.<actor>.<theatre>.<presence kind>`."""
        return ".".join([self.name, *(f"<{kind}>" for kind in self.path)])


@cache
def levers() -> dict[str, Lever]:
    """Every lever by name."""
    page = read_page(packaged() / "levers.yaml").data
    return {
        name: Lever(name, **{**entry, "path": tuple(entry["path"])}) for name, entry in page.items()
    }


def split_month(path: str) -> tuple[str, str | None]:
    """A lever's or number's path, and the month YYYY-MM at its end if it has one."""
    head, _, last = path.rpartition(".")
    return (head, last) if head and last[:1].isdigit() else (path, None)


def choices(kind: str, world: Any) -> list[str]:
    """The ids that a step of a lever's path may take, in a world or what is read of one so far."""
    known: dict[str, Collection[str]] = {
        "actor": world.actors,
        "theatre": world.theatres,
        "institution": world.institutions,
        "actor or theatre": world.actors | world.theatres,
        "threat": THREATS,
        "domain": DOMAINS,
        "flag": FLAGS,
        "presence kind": PRESENCE_KINDS,
    }
    return list(known[kind])


def check_lever(path: str, world: Any) -> Lever:
    """The lever of a path, in a world or what is read of one so far, as it is at the path's end.

    Raises DataError when the path names no lever or an unknown id; with the nearest ones.
    """
    name, *ids = path.split(".")
    lever = levers().get(name)
    if lever is None:
        raise DataError([unplaced(f"unknown lever '{name}'", levers(), name)])
    if len(ids) != len(lever.path):
        right = f"{lever.pattern}{successors()['levers'].get(name, '')}"
        raise DataError([unplaced(f"'{path}' has {len(ids) + 1} steps", allowed=right)])
    for at in range(len(ids)):
        check_last(lever, ids[: at + 1], world)
    return lever.at(ids[-1])


def check_last(lever: Lever, ids: Sequence[str], world: Any) -> None:
    """Raise DataError where the last of the first ids of a lever's path is none of its kind."""
    kind, last = lever.path[len(ids) - 1], ids[-1]
    if last not in (known := choices(kind, world)):
        raise DataError([unplaced(f"unknown {kind} '{last}' in {lever.pattern}", known, last)])
    if kind == "actor" and last in ids[:-1]:
        raise DataError([f"{lever.name} is between two actors; '{last}' stands twice"])


def idle(world: Any, path: str, month: int | None, value: object) -> tuple[str, list[str]]:
    """Why no rule heeds a lever there, and what ids or months would be right; empty if one does."""
    name, *ids = path.split(".")
    theatres = world.theatres.values()
    contested = [theatre.id for theatre in theatres if theatre.challenger]
    came = [theatre.id for theatre in theatres if theatre.contender]
    armed = {each for k in theatres for each in (k.ruler, k.challenger) if each}
    if name in ("conduct", "ban") and ids[0] not in contested:
        return f"nobody contests {ids[0]}, so no rule heeds {path}", contested
    if name == "recognition" and ids[1] not in came:
        return f"nobody came to rule {ids[1]} by force, so no rule heeds {path}", came
    if name == "recognition" and value not in (0, 1, FREE):
        return f"a flag is up or down, not {value}", ["0", "1", FREE]
    if name == "arms" and ids[1] not in armed:
        return f"{ids[1]} neither rules nor contests a theatre", sorted(armed)
    if name in ("consent", "trade", "recognition") and world.actors[ids[0]].home == ids[1]:
        wrong = f"{ids[0]} is at home in {ids[1]}, and needs nobody's {name} there"
        return wrong, [actor for actor in world.actors if actor != ids[0]]
    if name == "membership" and value not in (0, FREE) and month is not None:
        spells = world.institutions[ids[0]].members
        if not any(each.holds(month) for each in spells):
            first = sorted(world.date(max(each.since, 0)) for each in spells)[:1]
            wrong = f"there is no {ids[0]} in {world.date(month)}: it has no member"
            return wrong, [f"a month such as {each}, its first" for each in first]
    return "", []


@cache
def successors() -> dict[str, dict[str, str]]:
    """By kind, what has left since the first file format, and what does its work now."""
    return dict(read_page(packaged() / "successors.yaml").data)


def present_path(path: str) -> str:
    """The path of the number that now does the work of one that has left; else the path itself."""
    is_skill = path.split(".")[2:3] == ["skill"]
    found = "rules.allocation.skill_cost" if is_skill else path
    return successors()["numbers"].get(found, found)

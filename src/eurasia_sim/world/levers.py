"""What someone could decide: the levers, the steps of their paths, and the scale of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from eurasia_sim.compute.dimensions import DOMAINS, FLAGS, PRESENCE_KINDS, THREATS
from eurasia_sim.files.data_yaml import packaged, read_page

FREE = "free"


@dataclass(frozen=True, slots=True)
class Lever:
    """One kind of decision; a path of it is its name and an id for each entry of `path`."""

    name: str
    meaning: str
    unit: str
    path: tuple[str, ...]  # what each id names, by the keys of `choices`
    bounds: tuple[float, float] | None  # none where the value is an actor
    free: bool  # whether it can be let go

    @property
    def allowed(self) -> str:
        """The values it takes, in words."""
        values = "the id of an actor"
        if self.bounds is not None:
            values = f"{self.bounds[0]:g} to {self.bounds[1]:g} ({self.unit})"
        return values + (f", or {FREE}" if self.free else "")

    @property
    def pattern(self) -> str:
        """The form of its paths, as in `presence.<actor>.<theatre>.<presence kind>`."""
        return ".".join([self.name, *(f"<{kind}>" for kind in self.path)])


@cache
def levers() -> dict[str, Lever]:
    """Every lever by name."""
    return {
        name: Lever(
            name=name,
            meaning=entry["meaning"],
            unit=entry["unit"],
            path=tuple(entry["path"]),
            bounds=(float(entry["bounds"][0]), float(entry["bounds"][1]))
            if "bounds" in entry
            else None,
            free=bool(entry.get("free", False)),
        )
        for name, entry in read_page(packaged() / "levers.yaml").data.items()
    }


def split_month(path: str) -> tuple[str, str | None]:
    """A lever's or number's path, and the month YYYY-MM at its end if it has one."""
    head, _, last = path.rpartition(".")
    return (head, last) if head and last[:1].isdigit() else (path, None)


def choices(kind: str, world: Any) -> list[str]:
    """The ids that a step of a lever's path may take, in a world or what is read of one so far."""
    actors, theatres = world.actors, world.theatres
    known: Mapping[str, Collection[str]] = {
        "actor": actors,
        "theatre": theatres,
        "institution": world.institutions,
        "actor or theatre": [*actors, *(theatre for theatre in theatres if theatre not in actors)],
        "threat": THREATS,
        "domain": DOMAINS,
        "flag": FLAGS,
        "presence kind": PRESENCE_KINDS,
    }
    return list(known[kind])


@cache
def successors() -> dict[str, dict[str, str]]:
    """By kind, what has left since the first file format, and what does its work now."""
    return dict(read_page(packaged() / "successors.yaml").data)


def present_path(path: str) -> str:
    """The path of the number that now does the work of one that has left; else the path itself."""
    is_skill = path.split(".")[2:3] == ["skill"]
    found = "rules.allocation.skill_cost" if is_skill else path
    return successors()["numbers"].get(found, found)

"""A world's files gathered into actors, theatres, institutions, events, theories and numbers; problems all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eurasia_sim.compute.dimensions import CONSTRUCTS, DOMAINS
from eurasia_sim.files.data_yaml import (
    DataError,
    Leaf,
    Number,
    Page,
    leaves,
    month_number,
    near,
    number,
)
from eurasia_sim.world.entities import Actor, Event, Institution, Membership, Theatre
from eurasia_sim.world.levers import FREE, Lever, choices, levers

# Axes of each table, as its file nests them.
TRAITS = {
    "susceptibility": ("actor", "threat"),
    "offensive_capability": ("actor",),
    "skill": ("actor", "domain"),
    "front": ("actor", "actor"),
    "own_power": ("actor",),
}
THEATRE_TABLES = {
    "population": ("theatre",),
    "opportunity": ("theatre",),
    "base_stability": ("theatre",),
    "threat_source": ("theatre", "threat"),
    "initial_control": ("theatre",),
    "initial_militants": ("theatre",),
    "initial_economy": ("theatre",),
    "initial_influence": ("actor", "theatre", "domain"),
    "initial_recognition": ("actor", "theatre"),
}
# Tables in which an entry that is not listed is nothing; in every other table it is missing.
_SPARSE = (
    "front",
    "own_power",
    "population",
    "initial_control",
    "initial_militants",
    "initial_influence",
    "initial_recognition",
)
TIES = ("capital_distance", "border_distance", "land_border")
_CODED_BLOCKS = {
    "interests": "How much this aim of its own weighs with the actor, from none stated to the bottom line.",
    "denial": "How much the actor wants this rival to have less presence or influence in the region.",
    "affinity": "How well disposed the actor is toward the other before anything is simulated.",
}


@dataclass
class Gathered:
    """What has been read so far, and everything found wrong."""

    actors: dict[str, Actor] = field(default_factory=dict)
    theatres: dict[str, Theatre] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    reading: str = ""  # the file that is being read

    def ids(self, axis: str) -> Collection[str]:
        """The ids that may stand on an axis of a table."""
        return choices(axis, self.actors, self.theatres)

    def add(self, page: Page, leaf: Leaf, path: str) -> Number | None:
        """Keep a leaf as the number at a path."""
        found = number(page, leaf, path, self.problems)
        if found and path in self.numbers:
            self.problems.append(
                f"{found.place}: {path} was given before, at {self.numbers[path].place}"
            )
        elif found:
            self.numbers[path] = found
        return found

    def known(
        self, page: Page, keys: Iterable[str], word: str, among: Collection[str], what: str
    ) -> bool:
        """Whether a word is a known id; an unknown one is a problem."""
        if word not in among:
            self.problems.append(
                f"{page.place(keys)}: {word!r} is no {what}{near(word, among)}; {_listed(among)}"
            )
        return word in among


def _listed(among: Collection[str]) -> str:
    return f"one of {', '.join(among)}" if among else "there are none"


def read_actors(page: Page, into: Gathered) -> None:
    """The actors, without their numbers."""
    for name, entry in page.data["actors"].items():
        into.actors[name] = Actor(name, str(entry["name"]), str(entry["colour"]), entry.get("home"))


def read_theatres(
    page: Page, into: Gathered
) -> tuple[dict[str, tuple[str, ...]], tuple[tuple[str, str], ...]]:
    """The theatres without their numbers; returns the regions and the pairs in focus."""
    for name, entry in page.data["theatres"].items():
        tile = tuple(entry["tile"]) if entry.get("tile") else None
        into.theatres[name] = Theatre(
            name, str(entry["name"]), entry.get("ruler"), entry.get("challenger"), tile
        )
        for role in ("ruler", "challenger"):
            if entry.get(role) is not None:
                into.known(page, ("theatres", name, role), entry[role], into.actors, "actor")
    regions = {name: tuple(inside) for name, inside in page.data.get("regions", {}).items()}
    for name, inside in regions.items():
        for theatre in inside:
            into.known(page, ("regions", name), theatre, into.theatres, "theatre")
    pairs = tuple((a, b) for a, b in page.data.get("focus", {}).get("pairs", []))
    for actor in (actor for pair in pairs for actor in pair):
        into.known(page, ("focus", "pairs"), actor, into.actors, "actor")
    return regions, pairs


def read_homes(page: Page, into: Gathered) -> None:
    """Check that every actor's home is a theatre; possible only once the theatres are known."""
    for actor in into.actors.values():
        if actor.home is not None:
            into.known(page, ("actors", actor.id, "home"), actor.home, into.theatres, "theatre")


def read_interests(page: Page, into: Gathered) -> None:
    """What the documents say of every actor; where they are silent the number is NaN and says so."""
    for name, entry in page.data["actors"].items():
        for block, meaning in _CODED_BLOCKS.items():
            header = {
                "meaning": meaning,
                "unit": "-3..3" if block == "affinity" else "0..3",
                "basis": "coded",
            }
            header["bounds"] = [-3, 3] if block == "affinity" else [0, 3]  # type: ignore[assignment]
            about = CONSTRUCTS if block == "interests" else tuple(into.actors)
            keys = ("actors", name, block)
            for leaf in leaves(page, keys, header) if entry.get(block) else ():
                if into.known(
                    page,
                    leaf.keys,
                    leaf.ids[0],
                    about,
                    "construct" if block == "interests" else "actor",
                ):
                    into.add(page, leaf, f"actors.{name}.{block}.{leaf.ids[0]}")
            for other in about:
                path = f"actors.{name}.{block}.{other}"
                if path not in into.numbers and other not in (name, "denial"):
                    nothing = float("nan")
                    silent = Number(
                        path,
                        meaning,
                        nothing,
                        header["unit"],
                        nothing,
                        nothing,
                        "silent",
                        (),
                        page.name,
                    )
                    into.numbers[path] = silent


def read_table(
    page: Page,
    keys: tuple[str, ...],
    axes: tuple[str, ...],
    prefix: tuple[str, str],
    into: Gathered,
) -> None:
    """A table of numbers, checked against the ids of its axes.

    Args:
        prefix: the group its paths begin with, and the axis whose id comes next (before the table's name).
    """
    table, found = keys[-1], set()
    node = page.data
    for key in keys:
        node = node.get(key, {})
    for leaf in leaves(page, keys) if node else ():
        if len(leaf.ids) != len(axes):
            wanted = " -> ".join(axes)
            into.problems.append(
                f"{page.place(leaf.keys)}: {'.'.join(leaf.ids)} in {table} must be {wanted}"
            )
            continue
        if all(
            into.known(page, leaf.keys, word, into.ids(axis), axis)
            for word, axis in zip(leaf.ids, axes, strict=True)
        ):
            at = axes.index(prefix[1])
            rest = [word for place, word in enumerate(leaf.ids) if place != at]
            into.add(page, leaf, ".".join((prefix[0], leaf.ids[at], table, *rest)))
            found.add(leaf.ids)
    if table not in _SPARSE:
        for words in _product([into.ids(axis) for axis in axes]):
            if words not in found:
                into.problems.append(
                    f"{page.place(keys)}: {table} lacks {'.'.join(words)}; every one must be given"
                )


def _product(axes: list[Collection[str]]) -> list[tuple[str, ...]]:
    words: list[tuple[str, ...]] = [()]
    for axis in axes:
        words = [(*before, word) for before in words for word in axis]
    return words


def read_ties(page: Page, into: Gathered) -> None:
    """Distances and borders of territories, each pair once."""
    lands = {actor.territory for actor in into.actors.values()} | set(into.theatres)
    for table in TIES:
        for leaf in leaves(page, (table,)):
            a, b = leaf.ids
            if all(into.known(page, leaf.keys, word, lands, "territory") for word in leaf.ids):
                if f"ties.{table}.{b}.{a}" in into.numbers:
                    into.problems.append(
                        f"{page.place(leaf.keys)}: {table} of {a} and {b} stands twice; give it once"
                    )
                into.add(page, leaf, f"ties.{table}.{a}.{b}")


def read_capabilities(page: Page, into: Gathered) -> None:
    """Yearly series of every territory, and their growth after the last year."""
    lands = {actor.territory for actor in into.actors.values()} | set(into.theatres)
    for table in page.data:
        for leaf in leaves(page, (table,)):
            if into.known(page, leaf.keys, leaf.ids[0], lands, "territory"):
                into.add(page, leaf, ".".join(("capabilities", table, *leaf.ids)))


def read_institutions(page: Page, into: Gathered, start: int) -> dict[str, Institution]:
    """The institutions with who convenes them and who belongs to them, when."""
    found = {}
    for name, entry in page.data.items():
        header = {
            "meaning": "Share of the convening done by the actor.",
            "unit": "share",
            "bounds": [0, 1],
        }
        header |= {
            key: entry[key] for key in ("basis", "source", "claims", "spread") if key in entry
        }
        convenes = {}
        for leaf in leaves(page, (name, "convenes"), header) if entry.get("convenes") else ():
            if into.known(page, leaf.keys, leaf.ids[0], into.actors, "actor"):
                share = into.add(page, leaf, f"institutions.{name}.convenes.{leaf.ids[0]}")
                convenes[leaf.ids[0]] = share.value if share else 0.0
        total = sum(convenes.values())
        if total > 1.0 + 1e-9:
            into.problems.append(
                f"{page.place((name, 'convenes'))}: shares sum to {total:g}; at most 1"
            )
        for domain in entry["domains"]:
            into.known(page, (name, "domains"), domain, DOMAINS, "domain")
        spells = []
        for actor, listed in entry["members"].items():
            if into.known(page, (name, "members", actor), actor, into.actors, "actor"):
                spells += [_spell(actor, spell, start) for spell in listed]
        found[name] = Institution(
            name, str(entry.get("name", name)), convenes, tuple(entry["domains"]), tuple(spells)
        )
    return found


def _spell(actor: str, spell: Mapping[str, Any], start: int) -> Membership:
    until = month_number(spell["until"]) - start if spell.get("until") else None
    return Membership(
        actor, month_number(spell["from"]) - start, until, spell.get("as", "member") == "observer"
    )


def read_record(
    page: Page, into: Gathered, start: int
) -> tuple[dict[str, dict[int, float | str]], dict[str, Event]]:
    """The dated levers by path, and the events by id."""
    record: dict[str, dict[int, float | str]] = {}
    for name in page.data.get("levers", {}):
        if not into.known(page, ("levers", name), name, levers(), "lever"):
            continue
        header = {"meaning": levers()[name].meaning, "unit": levers()[name].unit}
        for leaf in leaves(page, ("levers", name), header):
            *ids, date = leaf.ids
            path = ".".join((name, *ids))
            if _lever_value(page, leaf, path, f"record.{path}.{date}", into):
                record.setdefault(path, {})[_month(page, leaf, date, into) - start] = leaf.value
    events = {}
    for at, entry in enumerate(page.data.get("events", [])):
        sets = {}
        for path, value in entry["sets"].items():
            lever = levers().get(path.split(".")[0])
            header = {"meaning": lever.meaning, "unit": lever.unit} if lever else {}
            header |= {
                key: entry[key] for key in ("basis", "source", "claims", "spread") if key in entry
            }
            leaf = Leaf((path,), ("events", str(at), "sets", path), value, header)
            if _lever_value(page, leaf, path, f"record.events.{entry['id']}.{path}", into):
                sets[path] = value
        leaf = Leaf((), ("events", str(at), "date"), entry["date"], {})
        month = _month(page, leaf, str(entry["date"]), into) - start
        events[entry["id"]] = Event(entry["id"], month, str(entry["title"]), sets)
    return record, events


def _month(page: Page, leaf: Leaf, date: str, into: Gathered) -> int:
    try:
        return month_number(date)
    except DataError as error:
        into.problems += [f"{page.place(leaf.keys)}: {problem}" for problem in error.problems]
        return 0


def _lever_value(page: Page, leaf: Leaf, path: str, name: str, into: Gathered) -> bool:
    """Whether a step's path and value are right; a finite number is kept with its parent."""
    try:
        kind = check_lever(path, into.actors, into.theatres)
    except DataError as error:
        into.problems += [f"{page.place(leaf.keys)}: {problem}" for problem in error.problems]
        return False
    if leaf.value == FREE and kind.free:
        return True
    if kind.bounds is None:
        return into.known(page, leaf.keys, str(leaf.value), into.actors, "actor")
    leaf = Leaf(leaf.ids, leaf.keys, leaf.value, {"bounds": list(kind.bounds), **leaf.header})
    return into.add(page, leaf, name) is not None


def check_lever(path: str, actors: Collection[str], theatres: Collection[str]) -> Lever:
    """The lever a path belongs to.

    Raises:
        DataError: when the path names no lever, or an id that does not exist; with the nearest ones.
    """
    name, *ids = path.split(".")
    lever = levers().get(name)
    if lever is None:
        raise DataError([f"{name!r} is no lever{near(name, levers())}; {_listed(list(levers()))}"])
    if len(ids) != len(lever.path):
        raise DataError([f"{path} must have the form {lever.pattern}"])
    for word, axis in zip(ids, lever.path, strict=True):
        among = choices(axis, actors, theatres)
        if word not in among:
            raise DataError([f"{path}: {word!r} is no {axis}{near(word, among)}; {_listed(among)}"])
    return lever

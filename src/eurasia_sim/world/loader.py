"""Read a world's files into actors, theatres, institutions, events and numbers."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.files.checker import Trail
from eurasia_sim.files.data_yaml import (
    LARGEST,
    DataError,
    Leaf,
    Number,
    leaves,
    month_number,
    number,
)
from eurasia_sim.files.page import Page
from eurasia_sim.world.entities import Actor, Event, Institution, Membership, Theatre
from eurasia_sim.world.forms import CODED_BLOCKS, TABLES, Actors, Institutions, Record, Theatres
from eurasia_sim.world.levers import FREE, check_lever, choices, levers

_ABOVE_ZERO = 1e-12  # what is divided by
# Tables in which an entry that is not listed is nothing; in every other table it is missing.
_SPARSE = (
    "front", "own_power", "population", "initial_control", "initial_militants",
    "initial_narcotics", "initial_fighters", "initial_strength",
    "initial_influence", "initial_recognition",
)  # fmt: skip
# Bounds of tables that have a natural end and need not state it.
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "capital_distance": (0.0, LARGEST),
    "border_distance": (0.0, LARGEST),
    "land_border": (0.0, 1.0),
    "cinc": (0.0, 1.0),
    "gdp": (_ABOVE_ZERO, LARGEST),
    "population": (_ABOVE_ZERO, LARGEST),
    "growth_beyond": (-1.0, 1.0),
    "growth_beyond_gdp": (-1.0, 1.0),
}
_YEARS = tuple(map(str, range(1500, 2200)))
_YEARLY = ("cinc", "gdp", "population")
_PARENT = ("basis", "source", "claims", "spread")


@dataclass
class Gathered:
    """Everything read so far; what is wrong with it is in the pages."""

    actors: dict[str, Actor] = field(default_factory=dict)
    theatres: dict[str, Theatre] = field(default_factory=dict)
    institutions: dict[str, Institution] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)

    def ids(self, kind: str) -> Collection[str]:
        """The ids of a kind of thing."""
        if kind == "territory":
            return {actor.territory for actor in self.actors.values()} | set(self.theatres)
        own: dict[str, Collection[str]] = {"construct": CONSTRUCTS, "lever": levers()}
        own["year"] = _YEARS
        return own.get(kind) or choices(kind, self)

    def add(self, page: Page, leaf: Leaf, path: str) -> Number | None:
        """Keep a leaf as the number at a path."""
        found = number(page, leaf, path)
        if found and path in self.numbers:
            page.complain(leaf.keys, f"{path} was given before, at {self.numbers[path].place}")
        elif found:
            self.numbers[path] = found
        return found

    def known(
        self,
        page: Page,
        keys: Trail,
        word: str,
        kind: str,
        among: Collection[str] | None = None,
    ) -> bool:
        """Whether a word is an id of its kind, or among some words; if not, that is a problem."""
        among = self.ids(kind) if among is None else among
        if word not in among:
            page.complain(keys, f"unknown {kind} '{word}'", among, word)
        return word in among

    def leaves(
        self,
        page: Page,
        keys: tuple[str, ...],
        kinds: tuple[str, ...],
        header: Mapping[str, Any] = MappingProxyType({}),
    ) -> Iterator[Leaf]:
        """Leaves below an entry, if there is one, whose ids are known; others are problems.

        Args:
            kinds: what the ids of each level of nesting name.
        """
        node = page.data
        for key in keys:
            node = node.get(key) or {}
        for leaf in leaves(page, keys, header) if node else ():
            if len(leaf.ids) != len(kinds):
                wrong = f"{'.'.join(leaf.ids)} in {keys[-1]} must be {' -> '.join(kinds)}"
                page.complain(leaf.keys, wrong)
            elif all(map(partial(self.known, page, leaf.keys), leaf.ids, kinds)):
                yield leaf


def read_actors(form: Actors, into: Gathered) -> None:
    """Read the actors, without their numbers."""
    for name, entry in form.actors.items():
        into.actors[name] = Actor(name, entry.name, entry.colour, entry.home)


def read_theatres(
    page: Page, form: Theatres, into: Gathered
) -> tuple[dict[str, tuple[str, ...]], tuple[tuple[str, str], ...]]:
    """Read the theatres without their numbers; return the regions and the pairs in focus."""
    for name, entry in form.theatres.items():
        tile = (entry.tile[0], entry.tile[1]) if entry.tile else None
        roles = {"ruler": entry.ruler, "challenger": entry.challenger}
        roles["contender"] = entry.contender or entry.challenger
        into.theatres[name] = Theatre(name, entry.name, **roles, tile=tile)
        for role, actor in roles.items():
            if actor is not None:
                into.known(page, ("theatres", name, role), actor, "actor")
    for name, inside in form.regions.items():
        for theatre in inside:
            into.known(page, ("regions", name), theatre, "theatre")
    pairs = tuple((first, second) for first, second in form.focus.pairs)
    for at, pair in enumerate(pairs):
        keys = ("focus", "pairs", str(at))
        for actor in pair:
            into.known(page, keys, actor, "actor")
        if pair[0] == pair[1] or pair in pairs[:at] or pair[::-1] in pairs[:at]:
            wrong = f"{'-'.join(pair)} is one actor, or stands twice"
            page.complain(keys, wrong, allowed="two actors, once")
    return {name: tuple(inside) for name, inside in form.regions.items()}, pairs


def read_interests(page: Page, form: Actors, into: Gathered) -> None:
    """Read what the documents say of every actor; a number on which they are silent is NaN.

    An actor's home is checked here, since the theatres are known by now.
    """
    for name, entry in form.actors.items():
        if entry.home is not None:
            into.known(page, ("actors", name, "home"), entry.home, "theatre")
        for block, meaning in CODED_BLOCKS.items():
            low = -3 if block == "affinity" else 0
            unit = f"{low}..3"
            header = {"meaning": meaning, "unit": unit, "basis": "coded", "bounds": [low, 3]}
            kind = "construct" if block == "interests" else "actor"
            stem = f"actors.{name}.{block}"
            for leaf in into.leaves(page, ("actors", name, block), (kind,), header):
                into.add(page, leaf, f"{stem}.{leaf.ids[0]}")
            for other in into.ids(kind):
                path = f"{stem}.{other}"
                if path not in into.numbers and other not in (name, "denial"):
                    nan = float("nan")
                    silent = Number(path, meaning, nan, unit, nan, nan, "silent", (), page.name)
                    into.numbers[path] = silent


def read_tables(page: Page, group: str, into: Gathered) -> None:
    """Read the tables of actors or of theatres, checked against the ids of their axes."""
    for table, axes in TABLES.items():
        owner = "theatre" if "theatre" in axes else "actor"
        if group != f"{owner}s":
            continue
        keys = (table,) if owner == "theatre" else ("traits", table)
        at = axes.index(owner)
        found = set()
        for leaf in into.leaves(page, keys, axes):
            rest = [*leaf.ids[:at], *leaf.ids[at + 1 :]]
            into.add(page, leaf, ".".join((group, leaf.ids[at], table, *rest)))
            found.add(leaf.ids)
        for words in product(*map(into.ids, axes)) if table not in _SPARSE else ():
            if words not in found:
                page.complain(keys, f"{table} lacks {'.'.join(words)}; every one must be given")


def read_ties(page: Page, into: Gathered) -> None:
    """Read distances and borders of territories, each pair once."""
    for table in page.data:
        header = {"bounds": _BOUNDS[table]}
        for leaf in into.leaves(page, (table,), ("territory", "territory"), header):
            a, b = leaf.ids
            if f"ties.{table}.{b}.{a}" in into.numbers:
                page.complain(leaf.keys, f"{table} of {a} and {b} stands twice; give it once")
            into.add(page, leaf, f"ties.{table}.{a}.{b}")


def read_capabilities(page: Page, into: Gathered) -> None:
    """Read the yearly series of every territory, and their growth after the last year."""
    for table in page.data:
        kinds = ("territory", "year") if table in _YEARLY else ("territory",)
        for leaf in into.leaves(page, (table,), kinds, {"bounds": _BOUNDS[table]}):
            into.add(page, leaf, ".".join(("capabilities", table, *leaf.ids)))
    powers = {path.split(".")[2] for path in into.numbers if path.startswith("capabilities.cinc.")}
    for actor in into.actors.values():
        if actor.home is None and actor.id not in powers:
            wrong = f"cinc lacks {actor.id}; every actor without a home has power"
            page.complain(("cinc",), wrong)


def read_institutions(page: Page, form: Institutions, into: Gathered, start: int) -> None:
    """Read the institutions, who convenes them, and who belongs to them from when to when."""
    for name, entry in form.items():
        header = {key: page.data[name][key] for key in _PARENT if key in page.data[name]}
        header |= {"meaning": "Share of the convening done by the actor.", "unit": "share"}
        header["bounds"] = [0, 1]
        convenes = {}
        for leaf in into.leaves(page, (name, "convenes"), ("actor",), header):
            share = into.add(page, leaf, f"institutions.{name}.convenes.{leaf.ids[0]}")
            convenes[leaf.ids[0]] = share.value if share else 0.0
        total = sum(convenes.values())
        if total > 1.0 + 1e-9:
            page.complain((name, "convenes"), f"shares sum to {total:g}; at most 1")
        spells = [
            Membership(
                actor,
                month_number(spell.since) - start,
                None if spell.until is None else month_number(spell.until) - start,
                spell.role == "observer",
            )
            for actor, listed in entry.members.items()
            if into.known(page, (name, "members", actor), actor, "actor")
            for spell in listed
        ]
        title, domains = entry.name or name, tuple(entry.domains)
        into.institutions[name] = Institution(name, title, convenes, domains, tuple(spells))


def read_record(
    page: Page, form: Record, into: Gathered, start: int
) -> tuple[dict[str, dict[int, float | str]], dict[str, Event]]:
    """Read the dated levers by path, and the events by id."""
    record: dict[str, dict[int, float | str]] = {}
    for name in form.levers:
        if into.known(page, ("levers", name), name, "lever"):
            for leaf in leaves(page, ("levers", name)):
                path, date = ".".join((name, *leaf.ids[:-1])), "".join(leaf.ids[-1:])
                if _is_lever_value(page, leaf, path, f"record.{path}.{date}", into):
                    try:
                        month = month_number(date) - start
                    except DataError as error:
                        page.pass_on(leaf.keys, error.problems[0])
                    else:
                        record.setdefault(path, {})[month] = leaf.value
    events: dict[str, Event] = {}
    for at, entry in enumerate(form.events):
        keys, sets, name = ("events", str(at)), {}, entry.id
        if name in events:
            page.complain((*keys, "id"), f"the event {name} stands twice")
        for path, value in entry.sets.items():
            stated = page.data["events"][at]
            header = {key: stated[key] for key in _PARENT if key in stated}
            leaf = Leaf((path,), (*keys, "sets", path), value, header)
            if _is_lever_value(page, leaf, path, f"record.events.{name}.{path}", into):
                sets[path] = value
        events[name] = Event(name, month_number(entry.date) - start, entry.title, sets)
    return record, events


def _is_lever_value(page: Page, leaf: Leaf, path: str, name: str, into: Gathered) -> bool:
    """Whether a step's path and value are right; a finite number is kept with its parent."""
    try:
        lever = check_lever(path, into)
    except DataError as error:
        page.pass_on(leaf.keys, error.problems[0])
        return False
    if leaf.value == FREE and lever.free:
        return True
    if lever.bounds is None:
        return into.known(page, leaf.keys, str(leaf.value), "actor")
    if wrong := lever.misread(leaf.value):
        page.complain(leaf.keys, f"{path}: {wrong}")
    header = {key: getattr(lever, key) for key in ("meaning", "unit", "bounds")} | {**leaf.header}
    return into.add(page, Leaf(leaf.ids, leaf.keys, leaf.value, header), name) is not None

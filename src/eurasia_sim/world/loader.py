"""A world's files and the rules' read into actors, theatres, events, theories and numbers."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from fnmatch import translate
from functools import partial
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.files import data_yaml
from eurasia_sim.files.checker import Trail
from eurasia_sim.files.data_yaml import LARGEST, DataError, Leaf, Number, leaves, month_number
from eurasia_sim.files.integrity import digest_of_files
from eurasia_sim.files.page import Page
from eurasia_sim.world import forms
from eurasia_sim.world.forms import Actor, Event, Institution, Membership, Preset, Theatre
from eurasia_sim.world.levers import FREE, check_lever, choices, levers

FACTORS = "factors."  # begins the path of every factor
# Tables in which every entry must be given; in every other one that is not listed is nothing.
_WHOLE = (
    "susceptibility", "offensive_capability", "opportunity", "base_stability", "threat_source",
)  # fmt: skip
# Bounds of tables that have a natural end and need not state it; what is divided by is above 0.
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "capital_distance": (0.0, LARGEST),
    "border_distance": (0.0, LARGEST),
    "land_border": (0.0, 1.0),
    "cinc": (0.0, 1.0),
    "gdp": (1e-12, LARGEST),
    "population": (1e-12, LARGEST),
    "growth_beyond": (-1.0, 1.0),
    "growth_beyond_gdp": (-1.0, 1.0),
}
_YEARS = tuple(map(str, range(1500, 2200)))
_PARENT = ("basis", "source", "claims", "spread")
Header = data_yaml.Header
_NOTHING: Header = MappingProxyType({})


class Loader:
    """Reads all files in the order in which ids become known; a `World` takes over its attributes.

    Raises DataError with everything wrong with the files.
    """

    def __init__(self, folder: Path, rules: Path) -> None:
        paths = {name: folder / f"{name}.yaml" for name in forms.FORMS}
        needed = (*paths.values(), rules / "theories.yaml")
        if missing := [path for path in needed if not (path.exists() or path.is_symlink())]:
            raise DataError(f"{path.parent.name}/{path.name} is missing" for path in missing)
        if (factors := folder / "factors.yaml").exists():
            paths["factors"] = factors
        self.pages = {name: data_yaml.read_page(path) for name, path in paths.items()}
        self.rules = {path.stem: data_yaml.read_page(path) for path in sorted(rules.glob("*.yaml"))}
        every = (*self.pages.values(), *self.rules.values())
        presets = self.rules.pop("theories")
        self.files: dict[str, Any] = {"theories": presets.validated(forms.Theories)}
        self.files |= {name: self.pages[name].validated(form) for name, form in forms.FORMS.items()}
        for page in every:
            forms.check_heads(page, page.data)
        data_yaml.refuse(every)
        self.name, self.directory = folder.name, folder
        seen = [path for path in folder.glob("observations/*.*") if path.is_file()]
        self.digest = digest_of_files([*folder.glob("*.yaml"), *seen, *rules.glob("*.yaml")])
        self.actors: dict[str, Actor] = {}
        self.theatres: dict[str, Theatre] = {}
        self.institutions: dict[str, Institution] = {}
        self.numbers: dict[str, Number] = {}
        self.factors: dict[str, tuple[str, ...]] = {}  # by path, paths of the cells it moves
        for page in self.rules.values():
            self._read_rules(page)
        self._read_theories(presets)
        self._read_actors_and_theatres()
        self._read_interests()
        for table in sorted(forms.TABLES, key=lambda name: "theatre" in forms.TABLES[name]):
            self._read_table(table, forms.TABLES[table])
        self._read_ties()
        self._read_capabilities()
        if "factors" in self.pages:
            self._read_factors(self.pages["factors"])
        period = self.files["record"].period
        self.first = self.start = month_number(period.start)
        self.record_until = month_number(period.record_until)
        self.horizon, self.burn_in = month_number(period.horizon), period.burn_in
        self._read_institutions()
        self._read_record()
        data_yaml.refuse(every)

    def ids(self, kind: str) -> Collection[str]:
        """The ids of a kind of thing that are known so far."""
        if kind == "territory":
            return {actor.territory for actor in self.actors.values()} | set(self.theatres)
        own = {"construct": CONSTRUCTS, "lever": tuple(levers()), "year": _YEARS}
        return own.get(kind) or choices(kind, self)

    def _add(self, page: Page, leaf: Leaf, path: str) -> Number | None:
        """Keep a leaf as the number at a path."""
        found = data_yaml.number(page, leaf, path)
        if found and path in self.numbers:
            page.complain(leaf.keys, f"{path} was given before, at {self.numbers[path].place}")
        elif found:
            self.numbers[path] = found
        return found

    def _known(
        self, page: Page, keys: Trail, word: str, kind: str, among: Collection[str] | None = None
    ) -> bool:
        """Whether a word is an id of its kind, or among some words; complain if not."""
        among = self.ids(kind) if among is None else among
        if word not in among:
            page.complain(keys, f"unknown {kind} '{word}'", among, word)
        return word in among

    def _leaves(
        self, page: Page, keys: Trail, kinds: tuple[str, ...], header: Header = _NOTHING
    ) -> Iterator[Leaf]:
        """Leaves below an entry, if it is there, with an id of each kind in turn; complain else."""
        node = page.data
        for key in keys:
            node = node.get(key) or {}
        for leaf in leaves(page, keys, header) if node else ():
            if len(leaf.ids) != len(kinds):
                wrong = f"{'.'.join(leaf.ids)} in {keys[-1]} must be {' -> '.join(kinds)}"
                page.complain(leaf.keys, wrong)
            elif all(map(partial(self._known, page, leaf.keys), leaf.ids, kinds)):
                yield leaf

    def _numbers(
        self, page: Page, keys: Trail, kinds: tuple[str, ...], path: str, header: Header = _NOTHING
    ) -> dict[tuple[str, ...], Number | None]:
        """Keep the numbers of a table at a path in which {0}, {1} stand for ids; by their ids."""
        return {
            leaf.ids: self._add(page, leaf, path.format(*leaf.ids))
            for leaf in self._leaves(page, keys, kinds, header)
        }

    def _read_rules(self, page: Page) -> None:
        """Read the numbers of one mechanism; a flat name stands once in all mechanisms."""
        for leaf in leaves(page):
            name = ".".join(leaf.ids)
            if len(leaf.ids) != 1:
                page.complain(leaf.keys, f"{name} must be a name with meaning, value, unit, range")
            elif twin := next((path for path in self.numbers if path.endswith(f".{name}")), None):
                wrong = f"{name} is also {twin}; rules share one set of flat names"
                page.complain(leaf.keys, wrong)
            else:
                self._add(page, leaf, f"rules.{page.name.removesuffix('.yaml')}.{name}")

    def _read_theories(self, page: Page) -> None:
        stated = self.files["theories"]
        self.theories = self._presets(page, ("presets",), "theories", stated.presets)
        self.forms: dict[str, dict[str, Preset]] = {}
        self.default_forms: dict[str, str] = {}
        for factor, given in stated.forms.items():
            keys = ("forms", factor, "alternatives")
            rivals = self._presets(page, keys, f"forms.{factor}", given.alternatives)
            default = given.default or next(iter(rivals))
            kind = f"alternative of {factor}"
            self._known(page, ("forms", factor, "default"), default, kind, rivals)
            self.forms[factor], self.default_forms[factor] = rivals, default
        self.default_theory = stated.default or next(iter(self.theories))
        self.null_theory = stated.baseline
        for key in ("default", "baseline"):
            if (name := getattr(stated, key)) is not None:
                self._known(page, (key,), name, "preset", self.theories)

    def _presets(
        self, page: Page, keys: Trail, group: str, entries: Mapping[str, Preset]
    ) -> dict[str, Preset]:
        """Presets or alternatives; each number one fixes or ranges is kept under its own path."""
        names = {path.rsplit(".", 1)[1]: path for path in self.numbers if path.startswith("rules.")}
        found = {}
        for preset, entry in entries.items():
            source = [{"cite": cite, "says": entry.says} for cite in entry.cite]
            for name in sorted(entry.values.keys() - entry.ranges.keys()):
                wrong = f"{name} has a value but no range; give it one in ranges"
                page.complain((*keys, preset, "values"), wrong)
            stated = [(name, "fix", (value, value)) for name, value in entry.fix.items()]
            stated += [(name, "ranges", span) for name, span in entry.ranges.items()]
            kept: dict[str, dict[str, float]] = {"fix": {}, "ranges": {}}
            for name, part, (low, high) in stated:
                trail = (*keys, preset, part, name)
                if self._known(page, trail, name, "number of the rules", names):
                    rule = self.numbers[names[name]]
                    header = {"source": source or [{"note": entry.says}], "range": [low, high]}
                    rests = {"meaning": rule.meaning, "unit": rule.unit, "basis": "judgement"}
                    value = entry.values.get(name, min(max(rule.value, low), high))
                    leaf = Leaf((name,), trail, value, header | rests)
                    own = self._add(page, leaf, f"{group}.{preset}.{name}")
                    kept[part][name] = own.value if own else 0.0
            found[preset] = replace(entry, name=preset, fix=kept["fix"], values=kept["ranges"])
        return found

    def _read_actors_and_theatres(self) -> None:
        for name, actor in self.files["actors"].actors.items():
            self.actors[name] = replace(actor, id=name)
        page, form = self.pages["theatres"], self.files["theatres"]
        for name, theatre in form.theatres.items():
            contender = theatre.contender or theatre.challenger
            self.theatres[name] = replace(theatre, id=name, contender=contender)
            for role in ("ruler", "challenger", "contender"):
                if (actor := getattr(self.theatres[name], role)) is not None:
                    self._known(page, ("theatres", name, role), actor, "actor")
        self.regions = {name: tuple(inside) for name, inside in form.regions.items()}
        for name, inside in self.regions.items():
            for theatre in inside:
                self._known(page, ("regions", name), theatre, "theatre")
        self.pairs = tuple((first, second) for first, second in form.focus.pairs)
        for at, pair in enumerate(self.pairs):
            keys = ("focus", "pairs", str(at))
            for actor in pair:
                self._known(page, keys, actor, "actor")
            if pair[0] == pair[1] or {pair, pair[::-1]} & {*self.pairs[:at]}:
                wrong = f"{'-'.join(pair)} is one actor, or stands twice"
                page.complain(keys, wrong, allowed="two actors, once")

    def _read_interests(self) -> None:
        """Read what the documents say of every actor; where they are silent a number is NaN."""
        page = self.pages["actors"]
        for name, actor in self.actors.items():
            if actor.home is not None:
                self._known(page, ("actors", name, "home"), actor.home, "theatre")
            for block, meaning in forms.CODED_BLOCKS.items():
                low = -3 if block == "affinity" else 0
                unit, stem = f"{low}..3", f"actors.{name}.{block}."
                header = {"meaning": meaning, "unit": unit, "basis": "coded", "bounds": [low, 3]}
                kind = "construct" if block == "interests" else "actor"
                self._numbers(page, ("actors", name, block), (kind,), f"{stem}{{0}}", header)
                for other in self.ids(kind):
                    path, nan = stem + other, float("nan")
                    if path not in self.numbers and other not in (name, "denial"):
                        silent = Number(path, meaning, nan, unit, nan, nan, "silent", (), page.name)
                        self.numbers[path] = silent

    def _read_table(self, table: str, axes: tuple[str, ...]) -> None:
        owner = "theatre" if "theatre" in axes else "actor"
        page = self.pages[f"{owner}s"]
        keys = (table,) if owner == "theatre" else ("traits", table)
        steps = [f"{{{at}}}" for at in range(len(axes))]
        path = ".".join((f"{owner}s", steps.pop(axes.index(owner)), table, *steps))
        found = self._numbers(page, keys, axes, path)
        for words in product(*map(self.ids, axes)) if table in _WHOLE else ():
            if words not in found:
                page.complain(keys, f"{table} lacks {'.'.join(words)}; every one must be given")

    def _read_ties(self) -> None:
        page = self.pages["ties"]
        for table in page.data:
            header = {"bounds": _BOUNDS[table]}
            for leaf in self._leaves(page, (table,), ("territory", "territory"), header):
                a, b = leaf.ids
                if f"ties.{table}.{b}.{a}" in self.numbers:
                    page.complain(leaf.keys, f"{table} of {a} and {b} stands twice; give it once")
                self._add(page, leaf, f"ties.{table}.{a}.{b}")

    def _read_capabilities(self) -> None:
        page = self.pages["capabilities"]
        for table in page.data:
            is_yearly = table in ("cinc", "gdp", "population")
            kinds = ("territory", "year") if is_yearly else ("territory",)
            path = f"capabilities.{table}.{{0}}{'.{1}' * is_yearly}"
            self._numbers(page, (table,), kinds, path, {"bounds": _BOUNDS[table]})
        paths = [path.split(".") for path in self.numbers if path.startswith("capabilities.cinc.")]
        for actor in self.actors.values():
            if actor.home is None and actor.id not in [land for _, _, land, _ in paths]:
                wrong = f"cinc lacks {actor.id}; every actor without a home has power"
                page.complain(("cinc",), wrong)

    def _read_factors(self, page: Page) -> None:
        """Read which coded cells each factor moves; a cell belongs to the first that names it."""
        known = self.numbers
        free = [
            path
            for path in forms.coded_paths(self.actors, self.theatres)
            if path in known and known[path].is_uncertain
        ]
        for leaf in leaves(page):
            path, cells = FACTORS + ".".join(leaf.ids), list[str]()
            found = self._add(page, leaf, path)
            for pattern in leaf.header.get("moves") or ():
                moved = [*filter(re.compile(translate(str(pattern))).match, free)]
                if not moved:
                    wrong = "fits no coded number that has a range and that no factor before moves"
                    wrong = f"{path} moves {pattern!r}, which {wrong}"
                    page.complain(leaf.keys, wrong, free, pattern)
                cells += moved
                free = [cell for cell in free if cell not in moved]
            if not leaf.header.get("moves"):
                right = "moves: a list of paths, * for any part of one"
                page.complain(leaf.keys, f"{path} moves nothing", allowed=right)
            if found is not None and not -1.0 <= found.low <= found.high <= 1.0:
                page.complain(leaf.keys, f"the range of {path} must lie in [-1, 1]")
            self.factors[path] = tuple(cells)

    def _read_institutions(self) -> None:
        page = self.pages["institutions"]
        for name, entry in self.files["institutions"].items():
            header = {key: page.data[name][key] for key in _PARENT if key in page.data[name]}
            header |= {"meaning": "Share of the convening done by the actor.", "unit": "share"}
            header["bounds"] = [0, 1]
            path = f"institutions.{name}.convenes.{{0}}"
            shares = self._numbers(page, (name, "convenes"), ("actor",), path, header)
            convenes = {actor: share.value if share else 0.0 for (actor,), share in shares.items()}
            if (total := sum(convenes.values())) > 1.0 + 1e-9:
                page.complain((name, "convenes"), f"shares sum to {total:g}; at most 1")
            spells = []
            for actor, listed in entry.members.items():
                if self._known(page, (name, "members", actor), actor, "actor"):
                    for own in listed:
                        since, until = self._month(own.since), own.until and self._month(own.until)
                        spells.append(Membership(actor, since, until, own.role == "observer"))
            called, domains = entry.name or name, tuple(entry.domains)
            self.institutions[name] = Institution(name, called, convenes, domains, tuple(spells))

    def _month(self, date: str) -> int:
        return month_number(date) - self.start

    def _read_record(self) -> None:
        page, form = self.pages["record"], self.files["record"]
        self.record: dict[str, dict[int, float | str]] = {}
        self.events: dict[str, Event] = {}
        for name in form.levers:
            if self._known(page, ("levers", name), name, "lever"):
                for leaf in leaves(page, ("levers", name)):
                    path, date = ".".join((name, *leaf.ids[:-1])), "".join(leaf.ids[-1:])
                    month = self._step(page, leaf, path, date, f"record.{path}.{date}")
                    if month is not None:
                        self.record.setdefault(path, {})[month] = leaf.value
        for at, entry in enumerate(form.events):
            keys, sets, stated = ("events", str(at)), {}, page.data["events"][at]
            if entry.id in self.events:
                page.complain((*keys, "id"), f"the event {entry.id} stands twice")
            header = {key: stated[key] for key in _PARENT if key in stated}
            for path, value in entry.sets.items():
                leaf = Leaf((path,), (*keys, "sets", path), value, header)
                name = f"record.events.{entry.id}.{path}"
                if self._step(page, leaf, path, entry.date, name) is not None:
                    sets[path] = value
            self.events[entry.id] = Event(entry.id, self._month(entry.date), entry.title, sets)

    def _step(self, page: Page, leaf: Leaf, path: str, date: str, name: str) -> int | None:
        """The month of a step whose path, value and date are right, else none.

        A finite value is kept as the number of a name, with its parent.
        """
        try:
            lever = check_lever(path, self)
            if leaf.value == FREE and lever.free:
                is_right = True
            elif lever.bounds is None:
                is_right = self._known(page, leaf.keys, str(leaf.value), "actor")
            else:
                if wrong := lever.misread(leaf.value):
                    page.complain(leaf.keys, f"{path}: {wrong}")
                header = {"meaning": lever.meaning, "unit": lever.unit, "bounds": lever.bounds}
                leaf = leaf._replace(header=header | {**leaf.header})
                is_right = self._add(page, leaf, name) is not None
            return self._month(date) if is_right else None
        except DataError as error:
            page.pass_on(leaf.keys, error.problems[0])
            return None

"""Where a number comes from, who reads it, and whether evidence stands behind a measure."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from eurasia_sim.compute.dimensions import CONSTRUCTS, DOMAINS
from eurasia_sim.evidence.claims import Claim, Evidence, load_evidence
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.files.data_yaml import Number, packaged, read_page
from eurasia_sim.world.levers import FREE, levers
from eurasia_sim.world.world import OF_RULES, World

# Names under which the rules read a table, where they are not the table's own.
_CAPABILITY = ("capability", "theatre_capability")
_ARRAYS = {
    "interests": ("salience",),
    "population": ("size",),
    "fighting": ("pressure",),
    **dict.fromkeys(("cinc", "gdp", "growth", "means"), _CAPABILITY),
    **dict.fromkeys(("growth_beyond", "growth_beyond_gdp"), _CAPABILITY),
    "capital_distance": ("distance", "theatre_distance"),
    "border_distance": ("border_distance", "theatre_separation"),
    "land_border": ("border", "theatre_border"),
}
_MOST_CLAIMS = 8  # told to a person
_SCIENCE = ("kernel/initial.py", "kernel/month.py", "kernel/outcomes.py", "mechanisms/*.py")
_BRACES = re.compile(r"\{(\w+)\}")
# A passage named in the prose of a source: a document's name and its lines.
_PASSAGE = re.compile(r"\b([a-z]+\d{4}) L(\d+)(?:[-–](\d+))?")
_NOTHING = r"(?!)"
_BELOW = r"(\..+)?"
Ids = Mapping[str, Collection[str]]


def described(world: World, path: str) -> dict[str, Any]:
    """Everything known of one number, as plain values; its claims are the rules' or the world's."""
    evidence = load_evidence(None if path.startswith(OF_RULES) else world.directory)
    number, works, claims = world.number(path), read_bibliography(), evidence.by_id
    parts, drawn, source = path.split("."), "no", []
    if path in world.drawn:
        drawn = "over its range"
    elif path in world.moved_by:
        drawn = f"with others of its kind, by {world.moved_by[path]}"
    elif number.held:
        drawn = f"no; {number.held}"
    for item in (each for each in number.source if "claims" not in each):
        found = {key: value for key, value in item.items() if key != "lines"}
        if "document" in item:
            first, last = item["lines"][0], item["lines"][-1]
            section = evidence.section(item["document"], (first, last))
            lines = f"L{first}" if first == last else f"L{first}-{last}"
            found["locator"] = f"{item['document']}, {section}, {lines}"
        if (key := item.get("cite", item.get("document"))) in works:
            found["work"] = str(works[key])
        source.append(found)
    return {
        "path": path,
        "meaning": number.meaning,
        "value": None if number.is_silent else number.value,
        "range": None if number.is_silent else [number.low, number.high],
        "unit": number.unit,
        "drawn": drawn,
        "moves": list(world.factors.get(path, ())),
        "basis": number.basis,
        "file": number.place,
        "claims": [
            {"id": c.id, "locator": c.locator, "says": c.says or None, "level": c.level}
            for c in (claims[name] for name in number.claims() if name in claims)
        ],
        "source": source,
        "used_by": users(_names(parts), parts[-1] if "interests" in parts else ""),
    }


def _names(parts: list[str]) -> tuple[str, ...]:
    """Names under which the rules' source reads the number of a path."""
    if parts[0] in ("rules", "theories", "forms"):
        return (parts[-1],)
    of_event = parts[:2] == ["record", "events"]
    at = 3 if of_event else 1 if parts[0] in ("capabilities", "ties", "record", "factors") else 2
    table = parts[min(at, len(parts) - 1)]
    return _ARRAYS.get(table, (table,))


def users(names: Collection[str], construct: str = "") -> list[str]:
    """`module.function` of every rule whose source reads one of the names, sorted.

    Of a `construct` of interest, the utility weight counts as well, by the name of its column.
    """
    wanted = rf"\.({'|'.join(map(re.escape, names))})\b"
    if construct in CONSTRUCTS:
        wanted += rf"|\b{construct.upper()}\b"
    return sorted(name for name, source in functions().items() if re.search(wanted, source))


@cache
def functions() -> Mapping[str, str]:
    """Source of the rules' functions by `module.function`, without docstrings.

    `ast.parse` of Python 3.11 may fail beside other threads, so a server calls this before any.
    """
    root = packaged().parent
    return {
        f"{'.'.join(file.relative_to(root).with_suffix('').parts)}.{node.name}": "\n".join(
            map(ast.unparse, node.body[ast.get_docstring(node) is not None :])
        )
        for pattern in _SCIENCE
        for file in root.glob(pattern)
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("unpack_")
    }


def told(found: dict[str, Any]) -> Iterator[str]:
    """What `described` found, line by line as a person reads it."""
    yield found["path"]
    yield f"  {found['meaning']}"
    if found["value"] is None:
        yield f"  value     none: the documents are silent ({found['unit']})"
    else:
        low, high = found["range"]
        yield f"  value     {found['value']:g} ({found['unit']})"
        ends = f"{low:g} to {high:g}" if low < high else "none: every run has this value"
        yield f"  range     {ends}"
        yield f"  drawn     {found['drawn']}"
    for key in ("moves", "basis", "file", "used_by"):
        listed = [found[key]] if isinstance(found[key], str) else found[key]
        for at, each in enumerate(listed):
            yield f"  {'' if at else key.replace('_', ' '):<9} {each}"
    if found["claims"]:
        yield "  claims"
    for claim in found["claims"][:_MOST_CLAIMS]:
        level = "" if claim["level"] is None else f" [{claim['level']:g}]"
        yield f"    {claim['id']} {claim['locator']}{level}: {claim['says'] or 'second coding'}"
    if (more := len(found["claims"]) - _MOST_CLAIMS) > 0:
        yield f"    and {more} more, which --json shows"
    if found["source"]:
        yield "  rests on"
    for item in found["source"]:
        head = item.get("locator") or item.get("dataset") or item.get("cite") or "note"
        says = item.get("says") or item.get("note") or ""
        yield f"    {head}" + (f": {says}" if says else "")
        if "work" in item:
            yield f"      {item['work']}"


@dataclass(frozen=True)
class Ancestry:
    """The claim graph of one world: from sentences and datasets through numbers to measures."""

    world: World
    evidence: Evidence

    @cached_property
    def measures(self) -> Mapping[str, Mapping[str, Any]]:
        """The declared map: what enters each measure."""
        return dict(read_page(packaged() / "ancestry.yaml").data)

    @cached_property
    def axes(self) -> Mapping[str, list[str]]:
        """What the steps of a column's name after the first stand for, by measure."""
        measures = read_page(packaged() / "measures.yaml").data
        return {name: entry["of"] for name, entry in measures.items()}

    @cached_property
    def claims(self) -> Mapping[str, Claim]:
        """Every claim of either coding by id."""
        return self.evidence.by_id

    def inputs(self, column: str) -> list[Number]:
        """The numbers that enter a column directly."""
        wanted = _any_of(self._patterns(column.partition(".")[0], self._ids(column)))
        return [number for path, number in self.world.numbers.items() if wanted.fullmatch(path)]

    def ancestors(
        self, column: str, claims: Collection[str], source: Collection[Mapping[str, Any]]
    ) -> list[str]:
        """Every way in which claims or datasets stand behind a number of the column, in words.

        A number rests on its claims, on every sentence of the passages that its source names, and
        on its datasets. Two claims of one sentence are one witness: what has set an input cannot
        test it under another heading.
        """
        found = []
        for number in self.inputs(column):
            behind = [name for name in claims if self._rests_on(number, self.claims[name])]
            behind += sorted(_datasets(source) & _datasets(number.source))
            if behind:
                found.append(f"{number.path} rests on {', '.join(behind)}")
        return found

    def _rests_on(self, number: Number, claim: Claim) -> bool:
        """Whether a number rests on the sentence of a claim, or on a passage with its paragraph."""
        own = (self.claims[name] for name in number.claims() if name in self.claims)
        begins, ends = claim.lines
        return any(each.place[:3] == claim.place[:3] for each in own) or any(
            document == claim.document and first <= ends and begins <= last
            for document, first, last in _passages(number)
        )

    def impositions(self, column: str, span: tuple[int, int], *, of_change: bool) -> list[str]:
        """Every lever by which the record sets the quantity itself, in words.

        `span` is the first and last month that are read, since the start of the record. A change
        is set only by a step within it, a level by any value in force during it.
        """
        measure, ids, (first, last) = column.partition(".")[0], self._ids(column), span
        wanted = _any_of(_pattern(path, ids) for path in self._declared(measure, "imposed_by", ids))
        found = []
        for path, dated in self.world.record_steps().items():
            if wanted.fullmatch(path):
                months = [month for month in dated if first < month <= last]
                if not of_change:
                    before = [month for month in dated if month <= first][-1:]
                    nothing = FREE if levers()[path.partition(".")[0]].free else 0
                    months = [each for each in (*before, *months) if dated[each] != nothing]
                if months:
                    found.append(f"the record sets {path} in {self.world.date(max(months[0], 0))}")
        return found

    def _ids(self, column: str) -> Ids:
        """The ids that each name in braces stands for in a column."""
        world, (measure, *steps) = self.world, column.split(".")
        named: dict[str, list[str]] = {axis: [] for axis in ("actor", "theatre", "scope", "domain")}
        # A sum is named by its first axes alone.
        for axis, word in zip(self.axes[measure], steps, strict=False):
            if axis in ("pair", "direction"):
                named["actor"] += word.split("-")
            else:
                named.setdefault(axis, []).append(word)
        inside = [world.regions.get(scope, tuple(world.theatres)) for scope in named["scope"]]
        theatres = named["theatre"] or [*(*inside, world.theatres)[0]]
        everyone = named["actor"] or [*world.actors]
        is_dyad = self._is_dyad(measure)
        rivals = (world.theatres[theatre].challenger for theatre in theatres)
        return {
            "actor": everyone[:1] if is_dyad else everyone,
            "other": everyone[1:] if is_dyad else [*world.actors],
            "everyone": everyone,
            "land": {world.actors[actor].territory for actor in everyone},
            "venue": [
                name
                for name, venue in world.institutions.items()
                if {*everyone} <= {spell.actor for spell in venue.members}
            ],
            "theatre": theatres,
            "host": [actor.id for actor in world.actors.values() if actor.home in theatres],
            "contender": [rival for rival in rivals if rival is not None],
            "domain": named["domain"] or DOMAINS,
        }

    def _is_dyad(self, measure: str) -> bool:
        """Whether a measure is of one actor and another."""
        return self.axes[measure].count("actor") > 1

    def _declared(self, measure: str, key: str, ids: Ids) -> list[str]:
        """What the map declares for a measure under a key, in the domains at hand."""
        entry = self.measures[measure]
        inside = (entry.get("domains", {}).get(domain, {}) for domain in ids["domain"])
        return [path for part in (entry, *inside) for path in part.get(key, [])]

    def _patterns(self, measure: str, ids: Ids) -> Iterator[str]:
        """Regular expressions of the paths of all numbers that enter a measure."""
        for path in self._declared(measure, "numbers", ids):
            yield _pattern(path, ids) + _BELOW
        for path in self._declared(measure, "levers", ids):
            yield r"record\.(events\.[^.]+\.)?" + _pattern(path, ids) + _BELOW
        for other in self.measures[measure].get("like", []):
            own = ids if self._is_dyad(other) else {**ids, "actor": ids["everyone"]}
            yield from self._patterns(other, own)


def _any_of(patterns: Iterator[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or _NOTHING)


def _pattern(path: str, ids: Ids) -> str:
    """A path as a regular expression: ids in place of braces, any one step in place of a star."""
    pieces = _BRACES.split(path)  # text and names take turns
    for at, piece in enumerate(pieces):
        words = "|".join(map(re.escape, ids[piece])) if at % 2 else ""
        text = re.escape(piece).replace(r"\*", "[^.]+")
        pieces[at] = f"(?:{words or _NOTHING})" if at % 2 else text
    return "".join(pieces)


def _passages(number: Number) -> Iterator[tuple[str, int, int]]:
    """Document, first and last line of every passage that a source names, in its prose too."""
    for item in number.source:
        if "document" in item:
            yield str(item["document"]), int(item["lines"][0]), int(item["lines"][-1])
        prose = f"{item.get('note', '')} {item.get('says', '')}"
        for document, first, last in _PASSAGE.findall(prose):
            yield document, int(first), int(last or first)


def _datasets(source: Collection[Mapping[str, Any]]) -> set[str]:
    """Names and citation keys of the datasets that a source names."""
    datasets = [item for item in source if "dataset" in item]
    return {str(item[key]) for item in datasets for key in ("dataset", "cite") if key in item}

"""What a world holds, and the form of each of its files: keys, types and ranges.

Tables of numbers are nested as their ids are; what heads them may stand at any level.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model, model_validator

from eurasia_sim.compute.dimensions import CONSTRUCTS, DOMAINS, FLAGS, THREATS
from eurasia_sim.files.checker import Kept, Names, Strict
from eurasia_sim.files.data_yaml import BASES, LARGEST, DataError, month_number
from eurasia_sim.files.page import Page
from eurasia_sim.kernel.arrays import CODED

CODED_BLOCKS = {
    "interests": "How much this aim of its own weighs with the actor, "
    "from none stated to the bottom line.",
    "denial": "How much the actor wants this rival to have less presence or influence "
    "in the region.",
    "affinity": "How well disposed the actor is toward the other before anything is simulated.",
}
_AXES = {"i": "actor", "j": "actor", "k": "theatre", "h": "threat", "d": "domain", "b": "flag"}
# Axes of each table, as its file nests them.
TABLES = {"population": ("theatre",)} | {
    array.name: tuple(_AXES[axis] for axis in array.axes)
    for array in CODED.fields
    if array.name not in ("salience", *CODED_BLOCKS)
}

Table = dict[str, Any]
Finite = Annotated[int | float, Field(ge=-LARGEST, le=LARGEST)]
_TWO = Field(min_length=2, max_length=2)
Span = Annotated[list[Finite], _TWO]
Text = Annotated[str, Field(min_length=1)]
_Ways = Literal["relative", "absolute"]
_Spread = Annotated[dict[_Ways, Annotated[Finite, Field(ge=0)]], Field(min_length=1, max_length=1)]
_Real = Annotated[float, Field(strict=True, ge=-LARGEST, le=LARGEST)]
_Square = Annotated[int, Field(strict=True, ge=0, le=100)]


def _is_id(word: str) -> str:
    if not re.fullmatch(r"[^\W\d]\w*", word):
        raise ValueError("an id of letters, digits and _, beginning with a letter")
    return word


def _is_month(date: str) -> str:
    try:
        month_number(date)
    except DataError:
        raise ValueError("a month such as 2001-10") from None
    return date


def _is_no_key(word: str) -> str:
    raise ValueError(f"no {word!r}, for the key above is its id")


Id = Annotated[str, AfterValidator(_is_id)]
_Unsaid = Annotated[str, AfterValidator(_is_no_key)]  # in a file
Month = Annotated[str, AfterValidator(_is_month)]


def coded_paths(actors: Iterable[str], theatres: Iterable[str]) -> Iterator[str]:
    """Paths in the order of `kernel.arrays.CODED`, field by field and row by row."""
    ids = {"i": actors, "j": actors, "k": theatres, "c": CONSTRUCTS, "d": DOMAINS, "h": THREATS}
    ids["b"] = FLAGS
    for array in CODED.fields:
        owner = "k" if "k" in array.axes else "i"
        at, group = array.axes.index(owner), "theatres" if owner == "k" else "actors"
        table = "interests" if array.name == "salience" else array.name
        for words in product(*(ids[axis] for axis in array.axes)):
            yield ".".join((group, words[at], table, *words[:at], *words[at + 1 :]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor(Kept):
    """Who perceives and acts."""

    id: _Unsaid = ""
    name: Text
    colour: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
    iso3: str | None = None
    home: str | None = None  # the theatre that is its territory
    interests: Table | None = None
    denial: Table | None = None
    affinity: Table | None = None

    @property
    def territory(self) -> str:
        """Key of its territory in ties and capabilities."""
        return self.home or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Theatre(Kept):
    """Where influence is contested."""

    id: _Unsaid = ""
    name: Text
    ruler: str | None = None
    challenger: str | None = None
    contender: str | None = None  # who came, or would come, to rule by force
    tile: tuple[_Square, _Square] | None = None  # row and column on the map of tiles


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset(Kept):
    """A theory, or one alternative of a form; keys of its numbers are the rules' flat names."""

    name: _Unsaid = ""
    says: str
    cite: Names = ()
    fix: Mapping[str, _Real] = field(default_factory=dict)  # what it switches, and no draw moves
    values: Mapping[str, _Real] = field(default_factory=dict)  # of what it ranges, the reference
    ranges: Mapping[str, tuple[_Real, _Real]] = field(default_factory=dict)
    index: str | None = None  # the index of capability it reads, where that is the alternative


class Source(Strict):
    """One thing that a number rests on."""

    cite: Text | None = None
    claims: list[str] = Field([])
    dataset: Text | None = None
    document: Text | None = None
    lines: Annotated[list[int], Field(min_length=1, max_length=2)] | None = None
    note: str = ""
    says: str = ""

    @model_validator(mode="after")
    def _has_lines(self) -> "Source":
        if self.document is not None and self.lines is None:
            raise ValueError("a document with its lines")
        return self


class Head(Strict):
    """What may be said of a number, or of all the numbers below."""

    meaning: str | None = None
    unit: str | None = None
    basis: Literal[BASES] | None = None  # type: ignore[valid-type]
    source: list[Source] | Source | None = None
    claims: list[str] | None = None
    second: list[str] | None = None
    spread: Literal[0] | _Spread | None = None
    bounds: Span | None = None
    held: Text | None = None
    moves: list[Text] | None = None
    range: Span | None = None
    note: str | None = None
    otherwise: Any = None


class _Headed(Strict):
    """An entry that heads its own numbers; `check_heads` sees to what it says of them."""

    basis: Any = None
    source: Any = None
    claims: Any = None
    second: Any = None
    spread: Any = None
    note: Any = None


def check_heads(page: Page, node: Any, keys: tuple[str, ...] = ()) -> None:
    """Check what is said of numbers, wherever it stands at or below an entry of a page."""
    children: Any = enumerate(node) if isinstance(node, list) else ()
    if isinstance(node, Mapping):
        children = node.items()
        if head := {key: node[key] for key in Head.model_fields if key in node}:
            page.validated(Head, keys, head)
    for key, child in children:
        if key not in Head.model_fields:
            check_heads(page, child, (*keys, str(key)))


class _Focus(Strict):
    pairs: list[Annotated[list[str], _TWO]] = Field([])
    regions: list[str] = Field([])
    theatres: list[str] = Field([])


def _tables(name: str, free: Iterable[str], needed: Iterable[str] = ()) -> Any:
    """A form of tables, of which some may be left out."""
    fields: Any = dict.fromkeys(needed, (Table, ...)) | dict.fromkeys(free, (Table | None, None))
    return create_model(name, __base__=Strict, **fields)


_OF_THEATRES = [name for name, axes in TABLES.items() if "theatre" in axes]
_OF_ACTORS = [name for name in TABLES if name not in _OF_THEATRES]
_BORDERS = ("capital_distance", "border_distance", "land_border")
_BESIDE_CINC = ("gdp", "population", "growth_beyond", "growth_beyond_gdp")


class Actors(Strict):
    """actors.yaml."""

    actors: Annotated[dict[Id, Actor], Field(min_length=1)]
    traits: _tables("Traits", _OF_ACTORS)  # type: ignore[valid-type]


class Theatres(_tables("TheatreTables", _OF_THEATRES)):  # type: ignore[misc]
    """theatres.yaml."""

    theatres: Annotated[dict[Id, Theatre], Field(min_length=1)]
    regions: dict[Id, Annotated[list[str], Field(min_length=1)]] = Field({})
    focus: _Focus = _Focus()


class _Spell(Strict):
    since: Month = Field(alias="from")
    until: Month | None = None
    role: Literal["member", "observer"] = Field("member", alias="as")


class _Institution(_Headed):
    name: str = ""
    domains: list[Literal[DOMAINS]]  # type: ignore[valid-type]
    convenes: Table | None = None
    members: dict[str, list[_Spell]]


class _Period(Strict):
    start: Month
    record_until: Month
    horizon: Month
    burn_in: Annotated[int, Field(ge=0, le=1_200)]

    @model_validator(mode="after")
    def _is_in_order(self) -> "_Period":
        start, until, horizon = map(month_number, (self.start, self.record_until, self.horizon))
        if not start <= until <= horizon < start + 2_400:
            raise ValueError("start, then record_until, then horizon, within 2,400 months")
        return self


class _Event(_Headed):
    id: Id
    date: Month
    title: Text
    sets: Annotated[dict[str, Finite | str], Field(min_length=1)]


class Record(Strict):
    """record.yaml."""

    period: _Period
    levers: dict[str, Table] = Field({})
    events: list[_Event] = Field([])


class _Forms(Strict):
    alternatives: Annotated[dict[str, Preset], Field(min_length=1)]
    default: str | None = None


class Theories(Strict):
    """theories.yaml of the rules."""

    presets: Annotated[dict[str, Preset], Field(min_length=1)]
    forms: dict[str, _Forms] = Field({})
    default: str | None = None
    baseline: str | None = None


FORMS: Mapping[str, Any] = {
    "actors": Actors,
    "theatres": Theatres,
    "ties": _tables("Ties", (), _BORDERS),
    "capabilities": _tables("Capabilities", _BESIDE_CINC, ("cinc",)),
    "institutions": dict[Id, _Institution],
    "record": Record,
}

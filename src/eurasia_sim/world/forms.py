"""The form of each file of a world: its keys, and the types and ranges of what stands under them.

Tables of numbers are nested as their ids are; what heads them may stand at any level.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, create_model, model_validator

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.files.checker import Strict
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
    field.name: tuple(_AXES[axis] for axis in field.axes)
    for field in CODED.fields
    if field.name not in ("salience", *CODED_BLOCKS)
}
_MOST_MONTHS = 2_400  # of a record and what a run may reach beyond it
_MOST_BURNT = 1_200
_MOST_TILES = 100

Table = dict[str, Any]
Finite = Annotated[int | float, Field(ge=-LARGEST, le=LARGEST)]
Span = Annotated[list[Finite], Field(min_length=2, max_length=2)]
Text = Annotated[str, Field(min_length=1)]


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


Id = Annotated[str, AfterValidator(_is_id)]
Month = Annotated[str, AfterValidator(_is_month)]


class Source(Strict):
    """One thing that a number rests on."""

    cite: Text | None = None
    claims: list[str] = Field(default_factory=list)
    dataset: Text | None = None
    document: Text | None = None
    lines: Annotated[list[int], Field(min_length=1, max_length=2)] | None = None
    note: str = ""
    says: str = ""

    @model_validator(mode="after")
    def _has_lines(self) -> Source:
        if self.document is not None and self.lines is None:
            raise ValueError("a document with its lines")
        return self


class _Relative(Strict):
    relative: Annotated[Finite, Field(ge=0)]


class _Absolute(Strict):
    absolute: Annotated[Finite, Field(ge=0)]


class Head(Strict):
    """What may be said of a number, or of all the numbers below."""

    meaning: str | None = None
    unit: str | None = None
    basis: Literal[BASES] | None = None  # type: ignore[valid-type]
    source: list[Source] | Source | None = None
    claims: list[str] | None = None
    second: list[str] | None = None
    spread: Literal[0] | _Relative | _Absolute | None = None
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


def check_heads(page: Page) -> None:
    """Check, wherever it stands in a page, what is said of numbers."""
    for keys, head in _heads(page.data, ()):
        page.validated(Head, keys, head)


def _heads(node: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Table]]:
    children: Any = enumerate(node) if isinstance(node, list) else ()
    if isinstance(node, Mapping):
        children = node.items()
        if head := {key: node[key] for key in Head.model_fields if key in node}:
            yield keys, head
    for key, child in children:
        if key not in Head.model_fields:
            yield from _heads(child, (*keys, str(key)))


class _Actor(Strict):
    name: Text
    colour: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
    iso3: str | None = None
    home: str | None = None
    interests: Table | None = None
    denial: Table | None = None
    affinity: Table | None = None


class _Theatre(Strict):
    name: Text
    ruler: str | None = None
    challenger: str | None = None
    contender: str | None = None
    tile: (
        Annotated[
            list[Annotated[int, Field(ge=0, le=_MOST_TILES)]], Field(min_length=2, max_length=2)
        ]
        | None
    ) = None


class _Focus(Strict):
    pairs: list[Annotated[list[str], Field(min_length=2, max_length=2)]] = Field(
        default_factory=list
    )
    regions: list[str] = Field(default_factory=list)
    theatres: list[str] = Field(default_factory=list)


def _tables(name: str, *, of_theatres: bool) -> type[BaseModel]:
    """A form with all tables of actors, or of theatres."""
    fields: Any = {
        table: (Table | None, None)
        for table, axes in TABLES.items()
        if ("theatre" in axes) == of_theatres
    }
    return create_model(name, __base__=Strict, **fields)


class Actors(Strict):
    """actors.yaml."""

    actors: Annotated[dict[Id, _Actor], Field(min_length=1)]
    traits: _tables("Traits", of_theatres=False)  # type: ignore[valid-type]


class Theatres(_tables("TheatreTables", of_theatres=True)):  # type: ignore[misc]
    """theatres.yaml."""

    theatres: Annotated[dict[Id, _Theatre], Field(min_length=1)]
    regions: dict[Id, Annotated[list[str], Field(min_length=1)]] = Field(default_factory=dict)
    focus: _Focus = Field(default_factory=_Focus)


class Ties(Strict):
    """ties.yaml."""

    capital_distance: Table
    border_distance: Table
    land_border: Table


class Capabilities(Strict):
    """capabilities.yaml."""

    cinc: Table
    gdp: Table | None = None
    population: Table | None = None
    growth_beyond: Table | None = None
    growth_beyond_gdp: Table | None = None


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
    burn_in: Annotated[int, Field(ge=0, le=_MOST_BURNT)]

    @model_validator(mode="after")
    def _is_in_order(self) -> _Period:
        start, until, horizon = map(month_number, (self.start, self.record_until, self.horizon))
        if not start <= until <= horizon < start + _MOST_MONTHS:
            order = "start, then record_until, then horizon"
            raise ValueError(f"{order}, within {_MOST_MONTHS:,} months")
        return self


class _Event(_Headed):
    id: Id
    date: Month
    title: Text
    sets: Annotated[dict[str, Finite | str], Field(min_length=1)]


class Record(Strict):
    """record.yaml."""

    period: _Period
    levers: dict[str, Table] = Field(default_factory=dict)
    events: list[_Event] = Field(default_factory=list)


class _Preset(Strict):
    says: str
    cite: str | list[str] | None = None
    fix: dict[str, Finite] | None = None
    values: dict[str, Finite] | None = None
    ranges: dict[str, Span] | None = None
    index: str | None = None


class _Forms(Strict):
    alternatives: Annotated[dict[str, _Preset], Field(min_length=1)]
    default: str | None = None


class Theories(Strict):
    """theories.yaml of the rules."""

    presets: Annotated[dict[str, _Preset], Field(min_length=1)]
    forms: dict[str, _Forms] = Field(default_factory=dict)
    default: str | None = None
    baseline: str | None = None


Institutions = dict[Id, _Institution]
FORMS: Mapping[str, Any] = {
    "actors": Actors,
    "theatres": Theatres,
    "ties": Ties,
    "capabilities": Capabilities,
    "institutions": Institutions,
    "record": Record,
}

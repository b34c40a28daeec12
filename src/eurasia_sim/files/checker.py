"""The common checker of YAML files: a pydantic model, and complaints with their lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from eurasia_sim.files.data_yaml import Page, near
from eurasia_sim.files.user_yaml import Document, nearest, plain

FORMAT = 2  # of scenario and experiment files
MOST_HINTS = 50  # a file with more mistakes gets no more hints: comparing words takes time
_MOST_LISTED = 40  # known words that are all listed; without a hint, or where they are few
_FEW = 16
_LONGEST = 60  # characters of a value that are shown

_PYDANTIC = re.compile(
    "^(Input should be|Value error,|(String|List|Dictionary) should( have)?) | after validation"
)

Form = TypeVar("Form")
Trail = tuple[Any, ...]  # keys and indices from the root of a document to a value


class Strict(BaseModel):
    """Part of a file: no other keys than these, and no value made into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DocumentChecker:
    """Goes through one document; every complaint lands in its problems, and reading goes on."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.hints = 0

    def place(self, trail: Trail, *, of_key: bool) -> tuple[int, int]:
        """Line and column of a value or key."""
        return self.document.place(trail, of_key)

    def complain(
        self,
        trail: Trail,
        message: str,
        known: Collection[str] = (),
        word: object = "",
        *,
        allowed: str = "",
        of_key: bool = False,
    ) -> None:
        """Report a problem at a place, with the nearest of the known words."""
        suggestion = ""
        if known and self.hints < MOST_HINTS:
            self.hints += 1
            suggestion = nearest(word, known)
        if known and not allowed and (not suggestion or len(known) <= _FEW):
            allowed = ", ".join(known) if len(known) <= _MOST_LISTED else ""
        self.document.report(self.place(trail, of_key=of_key), message, suggestion, allowed)

    def shaped(self, model: type[BaseModel], what: str) -> dict[str, Any]:
        """The document as plain values, with None for what does not have the shape of a model.

        Every misfit is complained of. If the document has no problem, `model.model_validate`
        accepts the values.

        Args:
            what: the file in a message, such as "a scenario".
        """
        data = plain(self.document.root)
        if not isinstance(data, dict):
            if self.document.root:
                lines = f"is a list of `key: value` lines, beginning with `format: {FORMAT}`"
                self.complain((), f"{what} {lines}")
            return {}
        if data.get("format") == FORMAT - 1 and not isinstance(data["format"], bool):
            now = f"{FORMAT}, once nothing else is complained of: what left is named with what "
            wrong = f"format is {FORMAT - 1}, of an earlier version"
            self.complain(("format",), wrong, allowed=now + "does its work now")
            data["format"] = FORMAT
        try:
            model.model_validate(data)
        except ValidationError as error:
            for trail, message, known, allowed, of_key, is_value in misfits(model, data, error):
                word = trail[-1] if known else ""
                self.complain(trail, message, known, word, allowed=allowed, of_key=of_key)
                if is_value and trail:
                    _take_out(data, trail)
        return data


class Misfit(NamedTuple):
    """One thing in which values differ from a form."""

    trail: Trail
    message: str
    known: list[str]  # keys, of which an unknown one may be a slip
    allowed: str
    of_key: bool
    is_value: bool  # whether what is wrong is a value, rather than a key that is or is not there


def misfits(form: Any, data: Any, error: ValidationError) -> Iterator[Misfit]:
    """Every finding of pydantic once, in our words; nothing above what else is wrong."""
    values: dict[Trail, list[str]] = {}
    trails: list[Trail] = []
    for finding in error.errors(include_url=False):
        trail, last = _real(data, finding["loc"]), (finding["loc"] or ("",))[-1]
        if finding["type"] == "missing" and isinstance(last, int):
            values.setdefault(trail, []).append(f"a list of at least {last + 1}")
        elif finding["type"] == "missing":
            trails.append((*trail, last))
            yield Misfit(trail, f"the key '{last}' is missing", [], "", False, False)
        elif finding["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            trails.append(trail)
            known = list(_keys(form, trail[:-1]))
            yield Misfit(trail, f"unknown key '{last}'", known, "", True, False)
        else:
            right = _PYDANTIC.sub("", finding["msg"])
            values.setdefault(trail, []).append(right)
    above = {trail[:at] for trail in (*trails, *values) for at in range(len(trail))}
    for trail, right_ones in values.items():
        if trail not in above:  # else what is wrong below it has been said
            value: Any = data
            for step in trail:
                value = value[step]
            allowed = " or ".join(dict.fromkeys(right_ones))
            message = f"{'.'.join(map(str, trail)) or 'the file'} is {shown(value)}"
            yield Misfit(trail, message, [], allowed, False, True)


def validated(
    page: Page, form: type[Form], data: Any, keys: tuple[str, ...], problems: list[str]
) -> Form | None:
    """Data of a page in a form; none where it misfits, and how goes to `problems` with its place.

    Args:
        keys: where in the page the data stands.
    """
    found: Form | None = None
    try:
        found = _adapter(cast(Any, form)).validate_python(data)
    except ValidationError as error:
        for misfit in misfits(form, data, error):
            trail = (*keys, *map(str, misfit.trail))
            place, above = page.place(trail), trail[:-1] if misfit.of_key else trail
            within = f"{'.'.join(keys if misfit.is_value else above)}: ".removeprefix(": ")
            hint = near(trail[-1], misfit.known) if misfit.known else ""
            right = misfit.allowed or ", ".join(misfit.known)
            allowed = f"\n    allowed: {right}" if right else ""
            problems.append(f"{place}: {within}{misfit.message}{hint}{allowed}")
    return found


def reason_of(error: Exception) -> str:
    """Why values of a file that no person wrote have not its form, in a line."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return f"{where}: {_PYDANTIC.sub('', first['msg'])}".removeprefix(": ")
    return (str(error).splitlines() or [type(error).__name__])[0]


@cache
def _adapter(form: Any) -> TypeAdapter[Any]:
    return TypeAdapter(form)


def _real(data: Any, loc: Trail) -> Trail:
    """The steps of a finding that the data has; pydantic puts names of types between."""
    trail: list[Any] = []
    for step in loc:
        is_key = isinstance(data, dict) and step in data
        if is_key or (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            trail.append(step)
            data = data[step]
    return tuple(trail)


def _take_out(data: Any, trail: Trail) -> None:
    """Put None in place of a value in nested dicts and lists."""
    for step in trail[:-1]:
        data = data[step]
    data[trail[-1]] = None


def _keys(model: type[BaseModel], trail: Trail) -> Iterator[str]:
    """The keys that a part of a model may have."""
    kinds: list[Any] = [model]
    for step in trail:
        kinds = [inner for kind in kinds for inner in _parts(kind, step)]
    for kind in kinds:
        yield from _fields(kind)


def _fields(kind: Any) -> dict[str, Any]:
    """Types of the keys of a model or dataclass, if it is one."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {each.alias or name: each.annotation for name, each in kind.model_fields.items()}
    return get_type_hints(kind) if is_dataclass(kind) else {}


def _parts(kind: Any, step: Any) -> list[Any]:
    """The types below a step of a type; those of a union one by one."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    inner = [each for each in get_args(kind) if each is not ...]  # of list[item], dict[key, value]
    below = fields.get(step) if (fields := _fields(kind)) else (inner or [None])[-1]
    return list(get_args(below)) if get_origin(below) in (Union, UnionType) else [below]


def shown(value: object) -> str:
    """A value as a message shows it."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = repr(value) if isinstance(value, str) else text
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

"""Forms of files as pydantic knows them, and how data differ from them in our words."""

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

FORMAT = 2  # of scenario and experiment files
LARGEST_SEED = 2**63 - 1  # that is the root of all others, in files and on the command line
_LONGEST = 60  # characters of a value that are shown

_PYDANTIC = re.compile(
    "^(Input should be|Value error,|(String|List|Tuple|Dictionary) should( have)?) "
    "| after validation"
)
_TEXT = ("a valid string", "a text in quotes")

Trail = tuple[Any, ...]  # keys and indices from the root of a document to a value
# Trail, message, what a value may be, and for an unknown key the keys of which it may be a slip.
Misfit = tuple[Trail, str, str, list[str] | None]


def _present(value: Any) -> Any:
    if value == FORMAT - 1 and type(value) is int:
        raise ValueError(
            f"{FORMAT}, once nothing else is complained of: what left since is named with what "
            "does its work now"
        )
    return value


Format = Annotated[Literal[2], BeforeValidator(_present)]


class Strict(BaseModel):
    """Part of a file: no other keys than these, and no value made into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Kept:
    """Part of a file that a dataclass keeps: no other keys; its numbers say `strict` themselves."""

    __slots__ = ()
    __pydantic_config__ = ConfigDict(extra="forbid")


Names = Annotated[  # several, or one by itself
    tuple[str, ...], BeforeValidator(lambda names: [names] if isinstance(names, str) else names)
]


def misfits(form: Any, data: Any, error: ValidationError, keys: Trail = ()) -> Iterator[Misfit]:
    """Every finding of pydantic once, in our words; nothing above what else is wrong.

    `keys` lead to the data and are no part of the trails.
    """
    values: dict[Trail, list[str]] = {}
    trails: list[Trail] = []
    for finding in error.errors(include_url=False):
        kind, trail = finding["type"], _real(data, finding["loc"])
        last = (finding["loc"] or ("",))[-1]
        if kind == "missing" and not isinstance(last, int):
            trails.append((*trail, last))
            within = ".".join(map(str, (*keys, *trail)))
            wrong = f"the key '{last}' is missing" + f" in {within}" * bool(within)
            yield trail, wrong, "", None
        elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
            trails.append(trail)
            known = [key for each in _kinds(form, trail[:-1]) for key in _fields(each)]
            yield trail, f"unknown key '{last}'", "", known
        else:
            right = _PYDANTIC.sub("", finding["msg"]).replace(*_TEXT)
            if kind in ("model_type", "dataclass_type"):
                right = "lines of `key: value`"
            elif kind == "missing":
                right = f"a list of at least {int(last) + 1}"
            values.setdefault(trail, []).append(right)
    above = {trail[:at] for trail in (*trails, *values) for at in range(len(trail))}
    for trail, right_ones in values.items():
        if trail not in above:  # else what is wrong below it has been said
            value: Any = data
            for step in trail:
                value = value[step]
            allowed = " or ".join(dict.fromkeys(right_ones))
            fields = [_fields(each).get(trail[-1]) for each in _kinds(form, trail[:-1]) if trail]
            if meaning := next((each[1] for each in fields if each and each[1]), ""):
                allowed = f"{'write it' if value is None else allowed}: {meaning}"
            name = ".".join(map(str, (*keys, *trail))) or "the file"
            yield trail, f"{name} is {shown(value)}", allowed, None


def reason_of(error: Exception) -> str:
    """Why values of a file that no person wrote have not its form, in a line."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return f"{where}: {_PYDANTIC.sub('', first['msg'])}".removeprefix(": ")
    return (str(error).splitlines() or [type(error).__name__])[0]


@cache
def adapter(form: Any) -> TypeAdapter[Any]:
    """What validates a form, made once."""
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


def _kinds(form: Any, trail: Trail) -> list[Any]:
    """The types that a part of a form may have, those of a union one by one."""
    kinds = [form]
    for step in trail:
        below: list[Any] = []
        for each in kinds:
            kind = get_args(each)[0] if get_origin(each) is Annotated else each
            inner = [None, *(each for each in get_args(kind) if each is not ...)]
            under = _fields(kind).get(step, (inner[-1], ""))[0]  # of list[item], dict[key, value]
            below += get_args(under) if get_origin(under) in (Union, UnionType) else [under]
        kinds = below
    return kinds


def _fields(kind: Any) -> dict[str, tuple[Any, str | None]]:
    """Type and meaning of the keys of a model or dataclass, if it is one."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields.items()
        return {each.alias or name: (each.annotation, each.description) for name, each in fields}
    hints = get_type_hints(kind) if is_dataclass(kind) else {}
    return {name: (each, None) for name, each in hints.items()}


def shown(value: object) -> str:
    """A value as a message shows it."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value) if isinstance(value, str) else "empty" if value is None else str(value)
    text = text.lower() if isinstance(value, bool) else text
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

"""Forms of files as pydantic knows them, and how data differ from them in our words."""

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

FORMAT = 2  # of scenario and experiment files
_LONGEST = 60  # characters of a value that are shown

_PYDANTIC = re.compile(
    "^(Input should be|Value error,|(String|List|Dictionary) should( have)?) | after validation"
)
_TEXT = ("a valid string", "a text in quotes")

Trail = tuple[Any, ...]  # keys and indices from the root of a document to a value


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


class Misfit(NamedTuple):
    """One thing in which values differ from a form."""

    trail: Trail
    message: str
    allowed: str = ""  # of a value
    known: list[str] | None = None  # of an unknown key: the keys of which it may be a slip


def misfits(form: Any, data: Any, error: ValidationError, keys: Trail = ()) -> Iterator[Misfit]:
    """Every finding of pydantic once, in our words; nothing above what else is wrong.

    Args:
        keys: where the data stands; no part of the trails.
    """
    values: dict[Trail, list[str]] = {}
    trails: list[Trail] = []
    for finding in error.errors(include_url=False):
        kind, trail = finding["type"], _real(data, finding["loc"])
        last = (finding["loc"] or ("",))[-1]
        if kind == "missing" and isinstance(last, int):
            values.setdefault(trail, []).append(f"a list of at least {last + 1}")
        elif kind == "missing":
            trails.append((*trail, last))
            within = ".".join(map(str, (*keys, *trail)))
            yield Misfit(trail, f"the key '{last}' is missing" + f" in {within}" * bool(within))
        elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
            trails.append(trail)
            yield Misfit(trail, f"unknown key '{last}'", known=list(_keys(form, trail[:-1])))
        else:
            is_form = kind in ("model_type", "dataclass_type")
            right = "lines of `key: value`" if is_form else _PYDANTIC.sub("", finding["msg"])
            right = right.replace(*_TEXT)
            values.setdefault(trail, []).append(right)
    above = {trail[:at] for trail in (*trails, *values) for at in range(len(trail))}
    for trail, right_ones in values.items():
        if trail not in above:  # else what is wrong below it has been said
            value: Any = data
            for step in trail:
                value = value[step]
            name = ".".join(map(str, (*keys, *trail))) or "the file"
            allowed = " or ".join(dict.fromkeys(right_ones))
            if trail and (meaning := _meaning(form, trail)):
                allowed = f"{'write it' if value is None else allowed}: {meaning}"
            yield Misfit(trail, f"{name} is {shown(value)}", allowed)


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


def _meaning(form: Any, trail: Trail) -> str:
    """What is to be written for a key of a form, as its docstring has it; empty where none has."""
    fields = [getattr(kind, "model_fields", {}).get(trail[-1]) for kind in _kinds(form, trail[:-1])]
    return next((each.description for each in fields if each and each.description), "")


def _kinds(form: Any, trail: Trail) -> list[Any]:
    """The types that a part of a form may have."""
    kinds = [form]
    for step in trail:
        kinds = [inner for kind in kinds for inner in _parts(kind, step)]
    return kinds


def _keys(form: Any, trail: Trail) -> Iterator[str]:
    """The keys that a part of a form may have."""
    for kind in _kinds(form, trail):
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

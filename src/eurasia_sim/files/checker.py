"""The common checker of YAML files: a pydantic model, and complaints with their lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from eurasia_sim.files.user_yaml import Document, child_of, nearest, plain

MOST_HINTS = 50  # a file with more mistakes gets no more hints: comparing words takes time
_MOST_LISTED = 40  # known words that are all listed; without a hint, or where they are few
_FEW = 16
_LONGEST = 60  # characters of a value that are shown

Trail = tuple[Any, ...]  # keys and indices from the root of a document to a value


class Strict(BaseModel):
    """Part of a file: no other keys than these, and no value made into another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


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
                lines = "is a list of `key: value` lines, beginning with `format: 1`"
                self.complain((), f"{what} {lines}")
            return {}
        try:
            model.model_validate(data)
        except ValidationError as error:
            self._explain(model, data, error)
        return data

    def _explain(
        self, model: type[BaseModel], data: dict[str, Any], error: ValidationError
    ) -> None:
        """Complain of every finding of pydantic, and take misfits out of the values."""
        misfits: dict[Trail, list[str]] = {}
        trails: list[Trail] = []
        for finding in error.errors(include_url=False):
            trail, last = self._real(finding["loc"]), finding["loc"][-1]
            if finding["type"] == "missing":
                self.complain(trail, f"the key '{last}' is missing")
                trails.append((*trail, last))
            elif finding["type"] == "extra_forbidden":
                known = list(_keys(model, trail[:-1]))
                self.complain(trail, f"unknown key '{last}'", known, last, of_key=True)
                trails.append(trail)
            else:
                right = finding["msg"].removeprefix("Input should be ")
                misfits.setdefault(trail, []).append(right.removeprefix("String should "))
        above = {trail[:at] for trail in (*trails, *misfits) for at in range(len(trail))}
        for trail, right_ones in misfits.items():
            if trail not in above:  # else what is wrong below it has been said
                message = f"{'.'.join(map(str, trail))} is {shown(_take_out(data, trail))}"
                self.complain(trail, message, allowed=" or ".join(right_ones))

    def _real(self, loc: Trail) -> Trail:
        """The steps of a finding that the document has; pydantic puts names of types between."""
        trail: list[Any] = []
        node = self.document.root
        for step in loc:
            if node is not None and (child := child_of(node, step)) is not None:
                trail.append(step)
                node = child
        return tuple(trail)


def _take_out(data: Any, trail: Trail) -> Any:
    """Put None in place of a value in nested dicts and lists, and return the value."""
    for step in trail[:-1]:
        data = data[step]
    value, data[trail[-1]] = data[trail[-1]], None
    return value


def _keys(model: type[BaseModel], trail: Trail) -> Iterator[str]:
    """The keys that a part of a model may have."""
    kinds: list[Any] = [model]
    for step in trail:
        kinds = [inner for kind in kinds for inner in _parts(kind, step)]
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from kind.model_fields


def _parts(kind: Any, step: Any) -> list[Any]:
    """The types below a step of a type; those of a union one by one."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        below = kind.model_fields[step].annotation if step in kind.model_fields else None
    else:  # list[item] or dict[key, value]
        below = next(reversed(get_args(kind)), None)
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

"""A YAML file read within limits no file can pass, and everything wrong with it, with places."""

import math
import re
from collections.abc import Collection, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from eurasia_sim.files.checker import Trail, adapter, misfits
from eurasia_sim.files.ordinary import Unreadable, decoded, read_bytes
from eurasia_sim.files.text import REFUSED, alike, visible

# Limits of the reader, not of the model: a page a person wrote never reaches them.
LARGEST_FILE = 256 * 1024  # bytes
DEEPEST_NESTING = 12  # levels
MOST_EVENTS = 13_000  # the parser takes about 30 microseconds for each
MOST_VALUES = 20_000  # once every alias is unfolded
MOST_PROBLEMS = 100
STEP = "\x1f"  # between the steps of a path; no text of a file holds it
_MOST_HINTS = 50  # a file with more mistakes gets no more hints: comparing words takes time
_MOST_LISTED = 40  # known words that are all listed; beside a hint, where they are few
_FEW = 16
_MANY = 100  # words; comparing each of more letter by letter would be felt
_MOST_COMPARED = 500
_LONGEST_LINE = 120  # characters of an offending line that are shown

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}\Z")
_REAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_STARTS = (MappingStartEvent, SequenceStartEvent)
_EVENTS = (
    *(AliasEvent, ScalarEvent, DocumentStartEvent, MappingEndEvent, SequenceEndEvent),
    *_STARTS,
)

Form = TypeVar("Form")
Place = tuple[int, int]  # line and column, from 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where, what, and what would be right."""

    file: str  # empty where what is wrong stands in no file
    line: int  # from 1
    column: int  # from 1
    message: str
    source_line: str = ""
    suggestion: str = ""
    allowed: str = ""

    def __str__(self) -> str:
        hint = f" — did you mean {self.suggestion}?" if self.suggestion else ""
        place = f"{self.file}:{self.line}:{self.column}: " if self.file else ""
        source = f"\n    {self.source_line}" if self.source_line.strip() else ""
        allowed = f"\n    allowed: {self.allowed}" if self.allowed else ""
        return f"{place}{self.message}{hint}{source}{allowed}"


def unplaced(
    message: str, known: Collection[str] = (), word: object = "", *, allowed: str = ""
) -> Problem:
    """A problem that has no place yet, with the nearest of the known words."""
    suggestion = nearest(word, known) if known else ""
    if known and not allowed and (not suggestion or len(known) <= _FEW):
        allowed = ", ".join(known)
        if len(known) > _MOST_LISTED:
            allowed = f"one of {len(known)}, from {min(known)} to {max(known)}"
    return Problem("", 1, 1, message, suggestion=suggestion, allowed=allowed)


@dataclass(slots=True)
class Page:
    """A text, what was read from it, and what was wrong with it.

    Attributes:
        data: dicts, lists and scalars; None where nothing could be read.
        places: line and column of every value, then of its key, by the path of keys and indices.
    """

    name: str
    text: str = ""
    data: Any = None
    places: dict[str, tuple[int, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _lines: list[str] | None = None
    _hints: int = 0

    def place(self, trail: Iterable[Any], *, of_key: bool = False) -> Place:
        """Place of the value (or key) at a path, or of the nearest value above that exists."""
        path = "".join(f"{STEP}{step}" for step in trail)
        while path and path not in self.places:
            path = path.rpartition(STEP)[0]
        line, column, *key = self.places.get(path, (1, 1, 1, 1))
        return (key[0], key[1]) if of_key else (line, column)

    def where(self, trail: Iterable[Any]) -> str:
        """`file:line` of an entry, or of the nearest entry above it."""
        return f"{self.name}:{self.place(trail, of_key=True)[0]}"

    def source_line(self, line: int) -> str:
        """The text of a line (from 1), shortened, with codes for what cannot be seen."""
        if self._lines is None:
            self._lines = _LINE_BREAK.split(self.text)
        found = self._lines[line - 1] if 1 <= line <= len(self._lines) else ""
        return visible(found[:_LONGEST_LINE]).replace("\t", " ")

    def report(self, place: Place, message: str, suggestion: str = "", allowed: str = "") -> None:
        """Note a problem; after very many of them, only that there are more."""
        if len(self.problems) < MOST_PROBLEMS:
            line = self.source_line(place[0])
            self.problems.append(Problem(self.name, *place, message, line, suggestion, allowed))
        elif not self.is_full:
            more = "and more from here on that are not listed"
            self.problems.append(Problem(self.name, *place, more))

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
        """Note a problem at a value (or key), with the nearest of the known words."""
        self._hints += bool(known)
        known = known if self._hints <= _MOST_HINTS else ()
        self.pass_on(trail, unplaced(message, known, word, allowed=allowed), of_key=of_key)

    def pass_on(self, trail: Trail, problem: Problem, *, of_key: bool = False) -> None:
        """Note at a value (or key) what is wrong with what it names."""
        place = self.place(trail, of_key=of_key)
        self.report(place, problem.message, problem.suggestion, problem.allowed)

    def validated(self, form: type[Form], keys: Trail = (), data: Any = None) -> Form | None:
        """The data in a form; none where it misfits, which is complained of.

        A value that misfits is None from then on, so that the rest can be looked at.

        Args:
            keys: where the data stands.
            data: of the whole document by default.
        """
        data = self.data if data is None else data
        found: Form | None = None
        if data is None and self.problems:
            return None
        try:
            found = adapter(cast(Any, form)).validate_python(data)
        except ValidationError as error:
            for trail, message, right, known in [*misfits(form, data, error, keys)]:
                word, of_key = trail[-1] if known else "", known is not None
                place = (*keys, *trail)
                self.complain(place, message, known or (), word, allowed=right, of_key=of_key)
                if right and trail:
                    _take_out(data, trail)
        return found

    @property
    def is_full(self) -> bool:
        """Whether no further problem would be listed, so that none need be looked for."""
        return len(self.problems) > MOST_PROBLEMS

    def in_order(self) -> list[Problem]:
        """The problems in the order of their places."""
        return sorted(self.problems, key=lambda problem: (problem.line, problem.column))


def _take_out(data: Any, trail: Trail) -> None:
    """Put None in place of a value in nested dicts and lists."""
    for step in trail[:-1]:
        data = data[step]
    data[trail[-1]] = None


def nearest(word: object, known: Iterable[str]) -> str:
    """The known word most like this one, or nothing; of many dotted paths, one with most steps."""
    written, words = str(word)[:_LONGEST_LINE], list(known)
    if "." in written and len(words) > _MANY:
        steps = set(written.split("."))
        shared = [len(steps.intersection(path.split("."))) for path in words]
        most = max(shared)
        words = [path for path, count in zip(words, shared, strict=True) if count == most]
    return next(iter(alike(written, words[:_MOST_COMPARED], 1)), "")


def read_file(path: Path | str) -> Page:
    """The document in a file; whatever is wrong with the file or its YAML is in `problems`."""
    try:
        return parse(read_bytes(Path(path), LARGEST_FILE), str(path))
    except Unreadable as error:
        document = Page(str(path))
        document.report(error.place, error.wrong, allowed=error.allowed)
        return document


def parse(content: bytes, name: str, times: int = 1) -> Page:
    """The document in some bytes of YAML 1.2, without tags and of one document.

    Args:
        times: how many times as large it may be as a page that a person wrote.
    """
    document, most = Page(name), times * LARGEST_FILE
    if len(content) > most:
        size = f"the text has {len(content):,} bytes"
        document.report((1, 1), size, allowed=f"at most {most:,} bytes")
        return document
    try:
        document.text = decoded(content)
        _Composer(document, times).compose()
    except Unreadable as error:
        document.text = document.text or content.decode("utf-8", "replace")
        document.report(error.place, error.wrong, allowed=error.allowed)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        document.report(place, f"not valid YAML: {error.problem or error.context}")
    except Exception as error:  # noqa: BLE001 - odd text makes the parser stumble
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        document.report((1, 1), f"not valid YAML: {reason[:_LONGEST_LINE]}")
    if not document.places and not document.problems:
        document.report((1, 1), "the file is empty")
    return document


def scalar(text: str) -> Any:
    """The value of an unquoted word by the core schema of YAML 1.2; any other word is text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _REAL.match(text) else text


def _unseen(place: Place, character: str) -> Unreadable:
    """That a control character stands somewhere, or one that turns the text after it."""
    wrong = f"the text holds {visible(character)}, which cannot be seen"
    return Unreadable(wrong, "characters that can be seen", place)


class _Composer:
    """Makes data and places of the parser's events; the limit on nesting bounds the recursion."""

    def __init__(self, document: Page, times: int) -> None:
        if unseen := REFUSED.search(document.text):
            above = _LINE_BREAK.split(document.text[: unseen.start()])
            raise _unseen((len(above), len(above[-1]) + 1), unseen[0])
        self.document, self.times = document, times
        self.places: dict[str, tuple[int, ...]] = {}
        self.paths: list[str] = []  # of all values, each before those below it
        # Value and path of what was named, and where it begins and ends; none while it is open.
        self.anchors: dict[str, tuple[Any, str, int, int] | None] = {}
        self.events = enumerate(YAML(typ="safe", pure=True).parse(document.text))
        self.at: Place = (1, 1)  # of the last event

    def compose(self) -> None:
        """Put what the text says into the document."""
        documents, data = 0, None
        while (event := self._next()) is not None:
            if not isinstance(event, DocumentStartEvent):
                data = self._value(event, "", 0)
            elif documents:
                self._halt("a second document begins here", "one document a file")
            else:
                documents = 1
        self.document.data, self.document.places = data, self.places

    def _next(self) -> Any:
        """The next event that matters; none at the end."""
        for count, event in self.events:
            self.at = (event.start_mark.line + 1, event.start_mark.column + 1)
            if count > self.times * MOST_EVENTS:
                most = f"at most {self.times * MOST_EVENTS // 2:,}"
                self._halt("the file holds too many values", most)
            if isinstance(event, _EVENTS):
                return event
        return None

    def _halt(self, message: str, allowed: str) -> NoReturn:
        raise Unreadable(message, allowed, self.at)

    def _stand(self, path: str, place: Place, key: Place) -> None:
        self.places[path] = (*place, *key)
        self.paths.append(path)

    def _text(self, event: ScalarEvent) -> str:
        """The text of a scalar or key."""
        if unseen := REFUSED.search(event.value):  # written by its code
            raise _unseen(self.at, unseen[0])
        return str(event.value)

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            wrong = f"the tag {event.tag} is not allowed"
            self.document.report(self.at, wrong, allowed="plain data without tags")

    def _value(self, event: Any, path: str, depth: int, key: Place | None = None) -> Any:
        """What begins with an event; what is empty stands where its key does."""
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, path, key)
        self._check_tag(event)
        begins, place, is_scalar = len(self.paths), self.at, isinstance(event, ScalarEvent)
        is_empty = is_scalar and event.start_mark.index == event.end_mark.index
        self._stand(path, key if key and is_empty else place, key or place)
        value: Any
        if is_scalar:
            text = self._text(event)
            value = scalar(text) if event.implicit[0] else text
        elif depth >= DEEPEST_NESTING:
            self._halt("the nesting is too deep", f"at most {DEEPEST_NESTING} levels")
        else:
            self.anchors[event.anchor] = None
            fill = self._mapping if isinstance(event, MappingStartEvent) else self._list
            value = fill(path, depth + 1)
        self.anchors[event.anchor] = value, path, begins, len(self.paths)
        return value

    def _list(self, path: str, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            found.append(self._value(event, f"{path}{STEP}{len(found)}", depth))
        return found

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                self._halt("a key must be one word", "text as key")
            self._check_tag(event)
            name, place = self._text(event), self.at
            below = f"{path}{STEP}{name}"
            if name in found:
                twice = f"the key '{name}' stands twice (first in line {self.places[below][2]})"
                self.document.report(place, twice)
                below += "\0"  # no key of a text
            value = self._value(self._next(), below, depth, place)
            found.setdefault(name, value)
        return found

    def _alias(self, name: str, path: str, key: Place | None) -> Any:
        """What was named further up, with its places."""
        named = self.anchors.get(name)
        if named is None:
            is_open = name in self.anchors
            why = "stands inside what it repeats" if is_open else "repeats nothing that was named"
            self._halt(f"the alias *{name} {why}", "an alias of an &anchor further up")
        value, above, begins, ends = named
        if len(self.paths) + ends - begins > (most := self.times * MOST_VALUES):
            self._halt("the aliases unfold to too many values", f"at most {most:,}")
        for each in self.paths[begins:ends]:
            line, column, *own = self.places[each]
            self._stand(path + each[len(above) :], (line, column), (own[0], own[1]))
        self.places[path] = (*self.places[path][:2], *(key or self.at))
        return deepcopy(value)

"""A YAML file read within limits no file can pass, and everything wrong with it, with places."""

import math
import re
from collections.abc import Collection, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from pydantic import ValidationError
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError

from eurasia_sim.files.checker import Misfit, Trail, adapter, misfits
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
_EVENTS = events.NodeEvent | events.CollectionEndEvent | events.DocumentStartEvent
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
    """A text, what was read from it, and what was wrong with it."""

    name: str
    text: str = ""
    data: Any = None  # dicts, lists and scalars; None where nothing could be read
    # Line and column of every value, then of its key, by the path of keys and indices.
    places: dict[str, tuple[int, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left_out: set[Any] = field(default_factory=set)  # last steps to what misfits
    _around: set[tuple[int, ...]] = field(default_factory=set)  # places of what held it
    _lines: list[str] = field(default_factory=list)
    _hints: int = 0

    def place(self, trail: Iterable[Any], *, of_key: bool = False) -> Place:
        """Place of the value (or key) at a path, or of the nearest value above that exists."""
        line, column, *key = self._places(trail)
        return (key[0], key[1]) if of_key else (line, column)

    def _places(self, trail: Iterable[Any]) -> tuple[int, ...]:
        path = _path(trail)
        while path and path not in self.places:
            path = path.rpartition(STEP)[0]
        return tuple(self.places.get(path, (1, 1, 1, 1)))  # an index holds lists

    def report(self, place: Place, message: str, suggestion: str = "", allowed: str = "") -> None:
        """Note a problem with its line; after very many of them, only that there are more."""
        if len(self.problems) < MOST_PROBLEMS:
            self._lines = self._lines or _LINE_BREAK.split(self.text)
            line = "".join(self._lines[place[0] - 1 : place[0]])[:_LONGEST_LINE]
            shown = visible(line).replace("\t", " ")
            self.problems.append(Problem(self.name, *place, message, shown, suggestion, allowed))
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
        """Note at a value (or key) what is wrong with what it names.

        What held something that is left out may be wrong for that alone, and is not noted.
        """
        if self._places(trail) not in self._around:
            place = self.place(trail, of_key=of_key)
            self.report(place, problem.message, problem.suggestion, problem.allowed)

    def validated(self, form: type[Form], keys: Trail = (), data: Any = None) -> Form | None:
        """The data, by default the whole, that `keys` lead to, in a form; None where it misfits.

        What misfits is complained of, and left out of the whole, for the rest to be looked at.
        """
        data = self.data if data is None else data
        if data is None and self.problems:
            return None
        found, wrong = _tried(form, data, keys)
        for trail, message, right, known in wrong:
            word, place, of_key = trail[-1] if known else "", (*keys, *trail), known is not None
            self.complain(place, message, known or (), word, allowed=right, of_key=of_key)
        if wrong and data is self.data:
            self._leave_out({trail for trail, _, *right in wrong if trail and any(right)})
        return found

    def fitted(self, form: type[Form], **usual: Any) -> Form | None:
        """The data in a form, as `validated`; else what is left of it, None if that is too little.

        `usual` are values of keys at the top that may be missing.
        """
        found = self.validated(form)
        while found is None and isinstance(self.data, dict) and not self.is_full:
            found, wrong = _tried(form, usual | self.data)
            trails = {trail for trail, *_ in wrong}
            if not self.data.keys() >= {next(iter(trail), None) for trail in trails}:
                break
            self._leave_out(trails)
        return found

    def _leave_out(self, trails: Collection[Trail]) -> None:
        """Take entries out of the data, as if the text had never held them."""
        places: dict[str, tuple[int, ...]] = {}
        for trail in trails:
            self.left_out.add(trail[-1])
            own = range(min(len(trail) - 1, 1), len(trail))
            self._around |= {self._places(trail[:at]) for at in own}

        gone = set(map(_path, trails))

        def rest(value: Any, before: str, path: str) -> Any:
            """What is left of a value that stood at a path, and stands at another now."""
            if before in self.places:
                places[path] = self.places[before]
            if not isinstance(value, dict | list):
                return value
            entries = value.items() if isinstance(value, dict) else enumerate(value)
            own = {key: x for key, x in entries if f"{before}{STEP}{key}" not in gone}
            now = own if isinstance(value, dict) else range(len(own))  # a list closes its ranks
            left = {
                at: rest(x, f"{before}{STEP}{key}", f"{path}{STEP}{at}")
                for at, (key, x) in zip(now, own.items(), strict=True)
            }
            return left if isinstance(value, dict) else [*left.values()]

        self.data, self.places = rest(self.data, "", ""), places

    @property
    def is_full(self) -> bool:
        """Whether no further problem would be listed, so that none need be looked for."""
        return len(self.problems) > MOST_PROBLEMS

    def in_order(self) -> list[Problem]:
        """The problems in the order of their places."""
        return sorted(self.problems, key=lambda problem: (problem.line, problem.column))


def _path(trail: Iterable[Any]) -> str:
    return "".join(f"{STEP}{step}" for step in trail)


def _tried(form: type[Form], data: Any, keys: Trail = ()) -> tuple[Form | None, list[Misfit]]:
    """The data in a form, or None and how they misfit."""
    try:
        return cast("Form", adapter(cast(Any, form)).validate_python(data)), []
    except ValidationError as error:
        return None, [*misfits(form, data, error, keys)]


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

    It may be `times` as large as a page that a person wrote.
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


class _Composer:
    """Makes data and places of the parser's events; the limit on nesting bounds the recursion."""

    def __init__(self, document: Page, times: int) -> None:
        self.document, self.times = document, times
        self.places: dict[str, tuple[int, ...]] = {}
        self.at: Place = (1, 1)  # of the last event
        self.values = 0  # so far, once every alias is unfolded
        self.anchors: dict[str, tuple[Any, int]] = {}  # what was named, and its number of values

    def compose(self) -> None:
        """Put what the text says into the document."""
        text, documents, data = self.document.text, 0, None
        if unseen := REFUSED.search(text):
            above = _LINE_BREAK.split(text[: unseen.start()])
            self.at = (len(above), len(above[-1]) + 1)
            self._check_seen(unseen[0])
        self.events = enumerate(YAML(typ="safe", pure=True).parse(text))
        while (event := self._next()) is not None:
            if not isinstance(event, events.DocumentStartEvent):
                data = self._value(event, "")
            elif documents:
                self._halt("a second document begins here", "one document a file")
            else:
                documents = 1
        self.document.data, self.document.places = data, self.places

    def _next(self) -> Any:
        """The next event that matters; none at the end."""
        for count, event in self.events:
            self.at = (event.start_mark.line + 1, event.start_mark.column + 1)
            if count > (most := self.times * MOST_EVENTS):
                self._halt("the file holds too many values", f"at most {most // 2:,}")
            if isinstance(event, _EVENTS):
                if (tag := getattr(event, "tag", None)) is not None:
                    wrong = f"the tag {tag} is not allowed"
                    self.document.report(self.at, wrong, allowed="plain data without tags")
                if isinstance(event, events.ScalarEvent):
                    self._check_seen(event.value)  # it may be written by its code
                return event
        return None

    def _halt(self, message: str, allowed: str) -> NoReturn:
        raise Unreadable(message, allowed, self.at)

    def _check_seen(self, text: str) -> None:
        """Refuse a control character, or one that turns the text after it."""
        if unseen := REFUSED.search(text):
            wrong = f"the text holds {visible(unseen[0])}, which cannot be seen"
            self._halt(wrong, "characters that can be seen")

    def _value(self, event: Any, path: str, key: Place | None = None) -> Any:
        """What begins with an event; what is empty stands where its key does."""
        place, before = self.at, self.values
        self.values += 1
        value: Any
        if isinstance(event, events.AliasEvent):
            value = self._repeated(event.anchor)
        elif isinstance(event, events.ScalarEvent):
            value = scalar(event.value) if event.implicit[0] else str(event.value)
            if event.start_mark.index == event.end_mark.index:
                place = key or place
        elif path.count(STEP) >= DEEPEST_NESTING:
            self._halt("the nesting is too deep", f"at most {DEEPEST_NESTING} levels")
        else:
            fill = self._mapping if isinstance(event, events.MappingStartEvent) else self._list
            value = fill(path)
        self.places[path] = (*place, *(key or place))
        self.anchors[event.anchor] = value, self.values - before
        return value

    def _list(self, path: str) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._next(), events.SequenceEndEvent):
            found.append(self._value(event, f"{path}{STEP}{len(found)}"))
        return found

    def _mapping(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self._next(), events.MappingEndEvent):
            if not isinstance(event, events.ScalarEvent):
                self._halt("a key must be one word", "text as key")
            name, place = str(event.value), self.at
            below = f"{path}{STEP}{name}"
            if name in found:
                first = self.places[below][2]
                twice = f"the key '{name}' stands twice (first in line {first})"
                self.document.report(place, twice)
                below += "\0"  # no key of a text
            value = self._value(self._next(), below, place)
            found.setdefault(name, value)
        return found

    def _repeated(self, name: str) -> Any:
        """A copy of what was named further up; all of it stands where it is repeated."""
        if name not in self.anchors:
            wrong = f"the alias *{name} repeats nothing that was named and ended before"
            self._halt(wrong, "an alias of an &anchor further up")
        value, values = self.anchors[name]
        self.values += values
        if self.values > (most := self.times * MOST_VALUES):
            self._halt("the aliases unfold to too many values", f"at most {most:,}")
        return deepcopy(value)

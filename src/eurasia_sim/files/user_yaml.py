"""A person's YAML read into values that remember their place, within limits no file can pass."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

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

from eurasia_sim.files.ordinary import Unreadable, decoded, read_bytes
from eurasia_sim.files.text import REFUSED, alike, visible

# Limits of the reader, not of the model: a page a person wrote never reaches them.
LARGEST_FILE = 256 * 1024  # bytes
DEEPEST_NESTING = 12  # levels
MOST_EVENTS = 13_000  # the parser takes about 30 microseconds for each
MOST_VALUES = 20_000  # once every alias is unfolded
MOST_PROBLEMS = 100
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
_HALF = re.compile("[\ud800-\udfff]")  # what an escape leaves that names one half of a pair
_NODES = (AliasEvent, ScalarEvent, MappingStartEvent, SequenceStartEvent)
_EVENTS = (*_NODES, DocumentStartEvent, MappingEndEvent, SequenceEndEvent)

Place = tuple[int, int]  # line and column, from 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, what, and what would be right."""

    file: str
    line: int  # from 1
    column: int  # from 1
    message: str
    source_line: str = ""
    suggestion: str = ""
    allowed: str = ""

    def __str__(self) -> str:
        hint = f" — did you mean {self.suggestion}?" if self.suggestion else ""
        text = f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"
        if self.source_line.strip():
            text += f"\n    {self.source_line}"
        return text + (f"\n    allowed: {self.allowed}" if self.allowed else "")


class InputProblems(ValueError):
    """What a person handed in cannot be used; carries every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Node:
    """A value and its place; `content` is a scalar, a list of nodes, or a dict of nodes."""

    content: Any
    line: int
    column: int
    keys: dict[str, Place] = field(default_factory=dict)  # where each key of a mapping stands
    weight: int = 1  # values it stands for once aliases are unfolded


@dataclass(slots=True)
class Document:
    """A text, what was read from it, and what was wrong with it."""

    name: str
    text: str = ""
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    _lines: list[str] | None = None

    def source_line(self, line: int) -> str:
        """The text of a line (from 1), shortened, with codes for what cannot be seen."""
        if self._lines is None:
            self._lines = _LINE_BREAK.split(self.text)
        found = self._lines[line - 1] if 1 <= line <= len(self._lines) else ""
        return visible(found[:_LONGEST_LINE]).replace("\t", " ")

    def report(self, place: Place, message: str, suggestion: str = "", allowed: str = "") -> None:
        """Note a problem; after very many of them, only that there are more."""
        if self.is_full:
            return
        if len(self.problems) == MOST_PROBLEMS:
            more = "and more from here on that are not listed"
            self.problems.append(Problem(self.name, *place, more))
            return
        line = self.source_line(place[0])
        self.problems.append(Problem(self.name, *place, message, line, suggestion, allowed))

    def report_unseen(self, place: Place, character: str) -> None:
        """Note a control character, or one that turns the direction of the text after it."""
        wrong = f"the text holds {visible(character)}, which cannot be seen"
        self.report(place, wrong, allowed="characters that can be seen")

    @property
    def is_full(self) -> bool:
        """Whether no further problem would be listed, so that none need be looked for."""
        return len(self.problems) > MOST_PROBLEMS

    def in_order(self) -> list[Problem]:
        """The problems in the order of their places."""
        return sorted(self.problems, key=lambda problem: (problem.line, problem.column))

    def place(self, path: Iterable[Any], of_key: bool = False) -> Place:
        """Place of the value (or key) at a path, or of the nearest thing above that exists."""
        node, place = self.root, (1, 1)
        if node is None:
            return place
        place = (node.line, node.column)
        for step in path:
            child = child_of(node, step)
            if child is None:
                break
            place = node.keys[step] if of_key and node.keys else (child.line, child.column)
            node = child
        return place


def child_of(node: Node, step: object) -> Node | None:
    """The node below a mapping's key or a list's index; none where there is none."""
    found: Node | None = None
    if isinstance(node.content, dict):
        found = node.content.get(step)
    elif isinstance(node.content, list) and isinstance(step, int) and step < len(node.content):
        found = node.content[step]
    return found


def nearest(word: object, known: Iterable[str]) -> str:
    """The known word most like this one, or nothing; of many dotted paths, one with most steps."""
    written, words = str(word)[:_LONGEST_LINE], list(known)
    if "." in written and len(words) > _MANY:
        steps = set(written.split("."))
        shared = [len(steps.intersection(path.split("."))) for path in words]
        most = max(shared)
        words = [path for path, count in zip(words, shared, strict=True) if count == most]
    return next(iter(alike(written, words[:_MOST_COMPARED], 1)), "")


def read_file(path: Path | str) -> Document:
    """The document in a file; whatever is wrong with the file or its YAML is in `problems`."""
    path = Path(path)
    try:
        parsed = _parsed(read_bytes(path, LARGEST_FILE), str(path))
        return replace(parsed, problems=[*parsed.problems])
    except Unreadable as error:
        document = Document(str(path))
        document.report(error.place, error.wrong, allowed=error.allowed)
        return document


@lru_cache(maxsize=8)
def _parsed(data: bytes, name: str) -> Document:
    """The document in a file, which several readers look at and none changes."""
    return parse(data, name)


def parse(data: bytes, name: str, times: int = 1) -> Document:
    """The document in some bytes of YAML 1.2, without tags and of one document.

    Args:
        times: how many times as large it may be as a page that a person wrote.
    """
    document = Document(name)
    if len(data) > times * LARGEST_FILE:
        size, most = f"the text has {len(data):,} bytes", f"at most {times * LARGEST_FILE:,} bytes"
        document.report((1, 1), size, allowed=most)
        return document
    try:
        document.text = decoded(data)
        if unseen := REFUSED.search(document.text):
            above = _LINE_BREAK.split(document.text[: unseen.start()])
            document.report_unseen((len(above), len(above[-1]) + 1), unseen[0])
            return document
        document.root = _Composer(document, times).root()
    except Unreadable as error:
        document.text = data.decode("utf-8", "replace")
        document.report(error.place, error.wrong, allowed=error.allowed)
        return document
    except _Halt:
        return document
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        document.report(place, f"not valid YAML: {error.problem or error.context}")
    except Exception as error:  # noqa: BLE001 - odd text makes the parser stumble
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        document.report((1, 1), f"not valid YAML: {reason[:_LONGEST_LINE]}")
    if document.root is None and not document.problems:
        document.report((1, 1), "the file is empty")
    return document


def plain(node: Node | None) -> Any:
    """The value of a node as ordinary dicts, lists and scalars."""
    if node is None:
        return None
    if isinstance(node.content, dict):
        return {key: plain(child) for key, child in node.content.items()}
    if isinstance(node.content, list):
        return [plain(child) for child in node.content]
    return node.content


def scalar(text: str) -> Any:
    """The value of an unquoted word by the core schema of YAML 1.2; any other word is text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _REAL.match(text) else text


class _Halt(Exception):
    """Reading cannot go on; the reason is reported."""


class _Composer:
    """Makes the tree from the parser's events; the limit on nesting bounds the recursion."""

    def __init__(self, document: Document, times: int) -> None:
        self.document = document
        self.times = times
        self.anchors: dict[str, Node | None] = {}  # none while what is named is still open
        self.events = enumerate(YAML(typ="safe", pure=True).parse(document.text))
        self.place: Place = (1, 1)  # of the last event

    def root(self) -> Node | None:
        """The whole tree; none where the text holds no value."""
        found, documents = None, 0
        while (event := self._next()) is not None:
            if not isinstance(event, DocumentStartEvent):
                found = self._node(event, 0)
            elif documents:
                self._halt(self.place, "a second document begins here", "one document a file")
            else:
                documents = 1
        return found

    def _next(self) -> Any:
        """The next event that matters; none at the end."""
        for count, event in self.events:
            self.place = (event.start_mark.line + 1, event.start_mark.column + 1)
            if count > self.times * MOST_EVENTS:
                most = f"at most {self.times * MOST_EVENTS // 2:,}"
                self._halt(self.place, "the file holds too many values", most)
            if isinstance(event, _EVENTS):
                return event
        return None

    def _halt(self, place: Place, message: str, allowed: str) -> NoReturn:
        self.document.report(place, message, allowed=allowed)
        raise _Halt

    def _node(self, event: Any, depth: int, key: Place | None = None, is_key: bool = False) -> Node:
        """The node that begins with an event; what is empty stands where its key does."""
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor)
        if event.tag is not None:
            wrong = f"the tag {event.tag} is not allowed"
            self.document.report(self.place, wrong, allowed="plain data without tags")
        if isinstance(event, ScalarEvent):
            text = event.value
            if unseen := REFUSED.search(text):  # written by its code
                self.document.report_unseen(self.place, unseen[0])
            is_empty = event.start_mark.index == event.end_mark.index
            if not text.isascii() and _HALF.search(text):
                half = "a text with half a character, which no file can hold"
                self.document.report(self.place, half, allowed="whole characters")
                text = _HALF.sub("?", text)
            content = scalar(text) if event.implicit[0] and not is_key else text
            node = Node(content, *(key if key and is_empty else self.place))
        else:
            if depth >= DEEPEST_NESTING:
                most = f"at most {DEEPEST_NESTING} levels"
                self._halt(self.place, "the nesting is too deep", most)
            if event.anchor:
                self.anchors[event.anchor] = None
            is_mapping = isinstance(event, MappingStartEvent)
            node = Node({} if is_mapping else [], *self.place)
            (self._fill_mapping if is_mapping else self._fill_list)(node, depth + 1)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, name: str) -> Node:
        node = self.anchors.get(name)
        if node is None:
            is_open = name in self.anchors
            why = "stands inside what it repeats" if is_open else "repeats nothing that was named"
            wrong = f"the alias *{name} {why}"
            self._halt(self.place, wrong, "an alias of an &anchor further up")
        return node

    def _fill_list(self, node: Node, depth: int) -> None:
        while not isinstance(event := self._next(), SequenceEndEvent):
            child = self._node(event, depth)
            self._weigh(node, child)
            node.content.append(child)

    def _fill_mapping(self, node: Node, depth: int) -> None:
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._node(event, depth, is_key=True)
            place = (key.line, key.column)
            if isinstance(key.content, dict | list):
                self._halt(place, "a key must be one word", "text as key")
            child = self._node(self._next(), depth, place)
            self._weigh(node, child)
            name = str(key.content)  # an alias may bring a number
            if name in node.content:
                first = node.keys[name][0]
                wrong = f"the key '{name}' stands twice (first in line {first})"
                self.document.report(place, wrong)
            else:
                node.content[name], node.keys[name] = child, place

    def _weigh(self, parent: Node, child: Node) -> None:
        parent.weight += child.weight
        if parent.weight > self.times * MOST_VALUES:
            place, most = (parent.line, parent.column), f"at most {self.times * MOST_VALUES:,}"
            self._halt(place, "the aliases unfold to too many values", most)

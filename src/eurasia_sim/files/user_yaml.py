"""A person's YAML made into values that remember where they stood, within limits that no file can pass."""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

# Limits of the reader, not of the model: what a page a person wrote never reaches, and a hostile one soon does.
LARGEST_FILE = 256 * 1024  # bytes
DEEPEST_NESTING = 12  # levels
MOST_EVENTS = 15_000  # the parser takes about 25 microseconds for each
MOST_VALUES = 50_000  # once every alias is unfolded
MOST_PROBLEMS = 500
_MANY = 100  # words; comparing each of more letter by letter would be felt
_MOST_COMPARED = 500
_SHOWN = 120  # characters of an offending line

_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_TRUE = re.compile(r"(?:true|True|TRUE)\Z")
_FALSE = re.compile(r"(?:false|False|FALSE)\Z")
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}\Z")
_REAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)\Z")
_NOT_A_NUMBER = re.compile(r"\.(?:nan|NaN|NAN)\Z")
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


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
        lines = [f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"]
        if self.source_line.strip():
            lines.append(f"    {self.source_line}")
        if self.allowed:
            lines.append(f"    allowed: {self.allowed}")
        return "\n".join(lines)


class InputProblems(ValueError):
    """What a person handed in cannot be used; carries every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Node:
    """A value and its place; `content` is a scalar, a list of nodes, or a dict of nodes."""

    content: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(
        default_factory=dict
    )  # where each key of a mapping stands
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
        """The text of a line (from 1), shortened and without control characters."""
        if self._lines is None:
            self._lines = _LINE_BREAK.split(self.text)
        found = self._lines[line - 1] if 1 <= line <= len(self._lines) else ""
        return "".join(letter if letter.isprintable() else " " for letter in found[:_SHOWN])

    def report(
        self, place: tuple[int, int], message: str, suggestion: str = "", allowed: str = ""
    ) -> None:
        """Note a problem at a (line, column); a file with very many is given up on."""
        line, column = place
        if len(self.problems) >= MOST_PROBLEMS:
            if len(self.problems) == MOST_PROBLEMS:
                self.problems.append(
                    Problem(self.name, line, column, "and more from here on that are not listed")
                )
            return
        self.problems.append(
            Problem(self.name, line, column, message, self.source_line(line), suggestion, allowed)
        )

    def place(self, path: Iterable[Any], of_key: bool = False) -> tuple[int, int]:
        """Line and column of the value (or key) at a path, or of the nearest thing above it that exists."""
        node, place = self.root, (1, 1)
        if node is None:
            return place
        place = (node.line, node.column)
        for step in path:
            content = node.content
            if isinstance(content, dict) and step in content:
                child = content[step]
                place = node.keys[step] if of_key else (child.line, child.column)
            elif isinstance(content, list) and isinstance(step, int) and step < len(content):
                child = content[step]
                place = (child.line, child.column)
            else:
                break
            node = child
        return place


def nearest(word: object, known: Iterable[str]) -> str:
    """The known word most like this one, or nothing; of dotted paths, those that share most of their steps."""
    written, words = str(word)[:_SHOWN], list(known)
    if "." in written and len(words) > _MANY:
        steps = set(written.split("."))
        shared = [len(steps.intersection(path.split("."))) for path in words]
        most = max(shared)
        words = [path for path, count in zip(words, shared, strict=True) if count == most]
    found = difflib.get_close_matches(written, words[:_MOST_COMPARED], n=1, cutoff=0.6)
    return found[0] if found else ""


def read_file(path: Path | str) -> Document:
    """The document in a file; whatever is wrong with the file or its YAML is in `problems`."""
    path = Path(path)
    document = Document(str(path))
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            document.report((1, 1), "this is a folder; a file is expected")
        elif not stat.S_ISREG(status.st_mode):
            document.report((1, 1), "this is not an ordinary file")
        elif status.st_size > LARGEST_FILE:
            document.report(
                (1, 1),
                f"the file has {status.st_size:,} bytes",
                allowed=f"at most {LARGEST_FILE:,} bytes",
            )
        else:
            return parse(path.read_bytes(), document.name)
    except FileNotFoundError:
        document.report((1, 1), "no such file")
    except (OSError, ValueError) as error:
        document.report(
            (1, 1), f"the file cannot be read: {getattr(error, 'strerror', None) or error}"
        )
    return document


def parse(data: bytes, name: str) -> Document:
    """The document in some bytes of YAML 1.2, without tags and of one document."""
    document = Document(name)
    if len(data) > LARGEST_FILE:
        document.report(
            (1, 1), f"the text has {len(data):,} bytes", allowed=f"at most {LARGEST_FILE:,} bytes"
        )
        return document
    try:
        document.text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        document.text = data.decode("utf-8", "replace")
        document.report(
            (before.count(b"\n") + 1, column),
            "the file is not UTF-8 text",
            allowed="text saved as UTF-8",
        )
        return document
    _Builder(document).build()
    if document.root is None and not document.problems:
        document.report((1, 1), "the file is empty")
    return document


def plain(node: Node) -> Any:
    """The value of a node as ordinary dicts, lists and scalars."""
    if isinstance(node.content, dict):
        return {key: plain(child) for key, child in node.content.items()}
    if isinstance(node.content, list):
        return [plain(child) for child in node.content]
    return node.content


def scalar(text: str) -> Any:
    """The value of an unquoted word by the core schema of YAML 1.2; whatever is no number or truth value is text."""
    if _NULL.match(text):
        return None
    if _TRUE.match(text) or _FALSE.match(text):
        return _TRUE.match(text) is not None
    if _INTEGER.match(text):
        return int(text)
    if _REAL.match(text):
        return float(text)
    if infinite := _INFINITE.match(text):
        return float(f"{infinite[1]}inf")
    return float("nan") if _NOT_A_NUMBER.match(text) else text


class _Builder:
    """Makes the tree from the parser's events with a stack of its own: no depth of nesting can exhaust Python's."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: list[Node] = []
        self.waiting: list[
            tuple[str, tuple[int, int]] | None
        ] = []  # key of each open mapping whose value comes next
        self.anchors: dict[str, Node] = {}
        self.anchor_names: list[str | None] = []
        self.documents = 0

    def build(self) -> None:
        try:
            for count, event in enumerate(YAML(typ="rt", pure=True).parse(self.document.text)):
                if not self._take(event, count):
                    return
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            self.document.report(place, f"not valid YAML: {error.problem or error.context}")
        except Exception as error:  # noqa: BLE001 - a parser that stumbles over odd text is the text's fault, not a crash
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            self.document.report((1, 1), f"not valid YAML: {reason[:_SHOWN]}")

    def _take(self, event: Event, count: int) -> bool:
        """Grow the tree by one event; false when reading must stop."""
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        if count > MOST_EVENTS:
            return self._stop(
                place, "the file holds too many values", f"at most {MOST_EVENTS // 2:,}"
            )
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            return self.documents == 1 or self._stop(
                place, "a second document begins here", "one document a file"
            )
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            return self._close()
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, place)
        if not isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            return True
        if event.tag is not None:
            self.document.report(
                place, f"the tag {event.tag} is not allowed", allowed="plain data without tags"
            )
        if isinstance(event, ScalarEvent):
            is_key = (
                bool(self.open)
                and isinstance(self.open[-1].content, dict)
                and self.waiting[-1] is None
            )
            # The round-trip parser marks each fold of a folded text with a bell, to write it back as it was.
            text = event.value.replace("\a", "") if event.style == ">" else event.value
            waiting = self.waiting[-1] if self.waiting else None
            if waiting and event.start_mark.index == event.end_mark.index:
                place = waiting[1]  # nothing is written: its key is the place a reader must look at
            node = Node(scalar(text) if event.implicit[0] and not is_key else text, *place)
            if event.anchor:
                self.anchors[event.anchor] = node
            return self._add(node)
        if len(self.open) >= DEEPEST_NESTING:
            return self._stop(place, "the nesting is too deep", f"at most {DEEPEST_NESTING} levels")
        self.open.append(Node({} if isinstance(event, MappingStartEvent) else [], *place))
        self.anchor_names.append(event.anchor)
        self.waiting.append(None)
        return True

    def _stop(self, place: tuple[int, int], message: str, allowed: str) -> bool:
        self.document.report(place, message, allowed=allowed)
        self.document.root = None
        return False

    def _alias(self, name: str, place: tuple[int, int]) -> bool:
        if name in self.anchors:
            return self._add(self.anchors[name])
        reason = (
            "stands inside what it repeats"
            if name in self.anchor_names
            else "repeats nothing that was named"
        )
        return self._stop(place, f"the alias *{name} {reason}", "an alias of an &anchor further up")

    def _close(self) -> bool:
        node = self.open.pop()
        self.waiting.pop()
        anchor = self.anchor_names.pop()
        if anchor:
            self.anchors[anchor] = node
        return self._add(node)

    def _add(self, node: Node) -> bool:
        """Put a finished node where it belongs: root, item, key or value."""
        if not self.open:
            self.document.root = node
            return True
        parent, key = self.open[-1], self.waiting[-1]
        parent.weight += node.weight
        if parent.weight > MOST_VALUES:
            place = (parent.line, parent.column)
            return self._stop(
                place, "the aliases unfold to too many values", f"at most {MOST_VALUES:,}"
            )
        if isinstance(parent.content, list):
            parent.content.append(node)
        elif key is None:
            return self._key(node)
        else:
            self.waiting[-1] = None
            name, place = key
            if name in parent.content:
                first = parent.keys[name][0]
                self.document.report(
                    place, f"the key '{name}' stands twice (first in line {first})"
                )
            else:
                parent.content[name], parent.keys[name] = node, place
        return True

    def _key(self, node: Node) -> bool:
        place = (node.line, node.column)
        if isinstance(node.content, dict | list):
            return self._stop(place, "a key must be one word", "text as key")
        self.waiting[-1] = (str(node.content), place)  # an alias may bring a number
        return True

"""Data files read into plain values that remember their line, and every number in them with its parent."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

BASES = ("measured", "coded", "estimated", "judgement")
# Keys that say where a number comes from; everything below them inherits them.
INHERITED = ("meaning", "unit", "basis", "source", "claims", "spread", "bounds")
# Keys that say something of one entry alone.
_OWN = ("range", "note", "second", "otherwise")
# Keys of one entry in the list of a number's sources.
_OF_A_SOURCE = {"cite", "claims", "dataset", "document", "lines", "note", "says"}
# Keys that group entries without being part of their path.
_GROUPING = ("values", "steps")
_VALUE = ("value", "salience")
_INDEX_FORMAT = 1
DEFAULT_WORLD = "eurasia"


class DataError(ValueError):
    """Everything wrong with a set of data files, a line for each problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a parent: what it means, what it may be, and what it rests on."""

    path: str
    meaning: str
    value: float  # NaN where the documents are silent
    unit: str
    low: float
    high: float
    basis: str
    source: tuple[Mapping[str, Any], ...]
    place: str  # file:line

    @property
    def is_silent(self) -> bool:
        """Whether no document speaks of it."""
        return math.isnan(self.value)

    @property
    def is_uncertain(self) -> bool:
        """Whether it has a range; whether an ensemble draws it, `foundations.drawn_paths` says."""
        return self.low < self.high

    def claims(self) -> list[str]:
        """Ids of the claims it rests on."""
        return [claim for item in self.source for claim in item.get("claims", [])]

    def cites(self) -> list[str]:
        """Keys of the works it rests on."""
        return [item["cite"] for item in self.source if "cite" in item]


@dataclass(frozen=True, slots=True)
class Page:
    """One YAML file as plain mappings, lists and scalars, with the line on which each key or item stands."""

    name: str
    data: Any
    lines: dict[str, int]

    def place(self, keys: Iterable[str]) -> str:
        """`file:line` of an entry, or of the nearest entry above it."""
        trail = list(keys)
        while trail and "/".join(trail) not in self.lines:
            trail.pop()
        return f"{self.name}:{self.lines.get('/'.join(trail), 1)}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a file with everything it inherits."""

    ids: tuple[str, ...]
    keys: tuple[str, ...]
    value: Any
    header: Mapping[str, Any]


def packaged() -> Path:
    """Folder of the data that comes with the package."""
    return Path(str(files("eurasia_sim"))) / "data"


def packaged_worlds() -> dict[str, Path]:
    """Folder of every world that comes with the package, by name."""
    return {path.name: path for path in sorted((packaged() / "worlds").iterdir()) if path.is_dir()}


def world_folder(world: Path | str | None = None) -> Path:
    """Folder of a world: of a packaged one by its name, of any other by its path, of the default one for none.

    Raises:
        DataError: when neither a packaged world nor a folder goes by it.
    """
    known = packaged_worlds()
    asked = str(world or DEFAULT_WORLD)
    if asked in known:
        return known[asked]
    if not Path(asked).is_dir():
        names = ", ".join(known)
        raise DataError(
            [
                f"{asked} is no world{near(asked, known)}; name one of {names}, or a folder that holds one"
            ]
        )
    return Path(asked).resolve()


def near(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the closest known words, or nothing when none is close."""
    close = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f" — did you mean {' or '.join(close)}?" if close else ""


def month_number(text: str) -> int:
    """Months since year 0 of a date written YYYY-MM."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(text)):
        raise DataError([f"{text!r} is no month; write it as 2001-10"])
    year, month = str(text).split("-")
    return 12 * int(year) + int(month) - 1


def month_name(number: int) -> str:
    """The date YYYY-MM of a number of months since year 0."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def read_page(path: Path) -> Page:
    """One YAML file; parsed once for each content, then taken from an index in the user's cache folder."""
    raw = path.read_bytes()
    digest = hashlib.sha256(raw + bytes([_INDEX_FORMAT])).hexdigest()
    index = _index_of(path)
    try:
        kept = json.loads(index.read_text(encoding="utf-8"))
        if kept["digest"] == digest:
            return Page(path.name, kept["data"], kept["lines"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no index, or a damaged one: the file itself is the truth
    page = _parse(path, raw)
    _keep(index, {"digest": digest, "data": page.data, "lines": page.lines})
    return page


def read_pages(directory: Path) -> dict[str, Page]:
    """Every YAML file of a folder by its stem."""
    return {path.stem: read_page(path) for path in sorted(directory.glob("*.yaml"))}


def _index_of(path: Path) -> Path:
    from platformdirs import user_cache_dir

    key = hashlib.blake2b(str(path.resolve()).encode(), digest_size=8).hexdigest()
    return Path(user_cache_dir("eurasia-sim")) / "pages" / f"{path.stem}-{key}.json"


def _keep(index: Path, content: Mapping[str, Any]) -> None:
    """Write the index atomically; a folder that cannot be written only costs time."""
    try:
        index.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=index.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
        Path(name).replace(index)
    except OSError:
        pass


def _parse(path: Path, raw: bytes) -> Page:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    try:
        tree = YAML(typ="rt").load(raw.decode("utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DataError([f"{path.name}:{line}: {error.problem or error.context}"]) from error
    lines: dict[str, int] = {}
    return Page(path.name, _plain(tree, (), lines), lines)


def _plain(node: Any, keys: tuple[str, ...], lines: dict[str, int]) -> Any:
    """The node as Python's own types, writing down the line of everything below it."""
    if isinstance(node, Mapping):
        for key in node:
            lines["/".join((*keys, str(key)))] = node.lc.key(key)[0] + 1  # type: ignore[attr-defined]
        return {str(key): _plain(child, (*keys, str(key)), lines) for key, child in node.items()}
    if isinstance(node, list):
        for at in range(len(node)):
            lines["/".join((*keys, str(at)))] = node.lc.item(at)[0] + 1  # type: ignore[attr-defined]
        return [_plain(child, (*keys, str(at)), lines) for at, child in enumerate(node)]
    if node is None or isinstance(node, bool):
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return str(node)


def leaves(
    page: Page, keys: tuple[str, ...] = (), header: Mapping[str, Any] | None = None
) -> Iterator[Leaf]:
    """Every value at or below an entry of a file, with its ids and the header it inherits."""
    node = page.data
    for key in keys:
        node = node[key]
    yield from _leaves(node, (), keys, header or {})


def _leaves(
    node: Any, ids: tuple[str, ...], keys: tuple[str, ...], header: Mapping[str, Any]
) -> Iterator[Leaf]:
    if isinstance(node, Mapping):
        below = {key: value for key, value in header.items() if key not in _OWN}
        below |= {key: node[key] for key in (*INHERITED, *_OWN) if key in node}
        value = next((key for key in _VALUE if key in node), None)
        if value:
            yield Leaf(ids, keys, node[value], below)
            return
        for key, child in node.items():
            if key not in INHERITED and key not in _OWN:
                yield from _leaves(
                    child, ids if key in _GROUPING else (*ids, key), (*keys, key), below
                )
    elif isinstance(node, list):
        for at, child in enumerate(node):
            yield from _leaves(child, (*ids, str(at)), (*keys, str(at)), header)
    else:
        yield Leaf(ids, keys, node, header)


def number(page: Page, leaf: Leaf, path: str, problems: list[str]) -> Number | None:
    """The leaf as a number with its parent; what is wrong with it goes to `problems`.

    Args:
        path: the number's public name.
    """
    place, header = page.place(leaf.keys), leaf.header
    named = f"{place}: {path} = {leaf.value!r}"
    if (
        isinstance(leaf.value, bool)
        or not isinstance(leaf.value, int | float)
        or not math.isfinite(leaf.value)
    ):
        problems.append(f"{named} is no number; write a finite number")
        return None
    missing = [
        key for key in ("meaning", "unit", "basis") if not header.get(key) and header.get(key) != 0
    ]
    if not header.get("source") and not header.get("claims") and not header.get("second"):
        missing.append("source")
    if missing:
        problems.append(
            f"{named} has no {', no '.join(missing)}; give it here or in the head of its table"
            f" (basis is one of {', '.join(BASES)}; source is a list of cite, dataset, claims or note)"
        )
        return None
    if header["basis"] not in BASES:
        problems.append(
            f"{named} has basis {header['basis']!r}; it must be one of {', '.join(BASES)}"
        )
        return None
    sources = _sources(header, named, problems)
    value = float(leaf.value)
    low, high = _range(value, header, named, problems)
    if not low <= value <= high:
        problems.append(f"{named} lies outside its range [{low:g}, {high:g}]")
    return Number(
        path,
        str(header["meaning"]),
        value,
        str(header["unit"]),
        low,
        high,
        header["basis"],
        sources,
        place,
    )


def _sources(
    header: Mapping[str, Any], named: str, problems: list[str]
) -> tuple[Mapping[str, Any], ...]:
    listed = header.get("source") or []
    listed = [listed] if isinstance(listed, Mapping) else listed
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        problems.append(
            f"{named}: source must be a list of mappings such as {{cite: key, says: ...}}"
        )
        listed = []
    problems.extend(
        f"{named}: source has an unknown entry {key!r}; it may have {', '.join(sorted(_OF_A_SOURCE))}"
        " (a text with a comma is written between quotes)"
        for key in sorted({str(key) for item in listed for key in item} - _OF_A_SOURCE)
    )
    own = [
        {key: list(header[name])}
        for name, key in (("claims", "claims"), ("second", "claims"))
        if header.get(name)
    ]
    return (*own, *listed)


def _range(
    value: float, header: Mapping[str, Any], named: str, problems: list[str]
) -> tuple[float, float]:
    """Lowest and highest value, from the entry's own range or else its table's spread, within the bounds."""
    bounds = header.get("bounds") or [-math.inf, math.inf]
    if "range" in header:
        stated = header["range"]
        if not (
            isinstance(stated, list)
            and len(stated) == 2
            and all(isinstance(end, int | float) for end in stated)
        ):
            problems.append(f"{named}: range {stated!r} must be two numbers, [lowest, highest]")
            return value, value
        low, high = float(stated[0]), float(stated[1])
    else:
        spread = header.get("spread", 0) or 0
        if (
            isinstance(spread, Mapping)
            and len(spread) == 1
            and set(spread) <= {"relative", "absolute"}
        ):
            ((kind, size),) = spread.items()
            half = float(size) * (abs(value) if kind == "relative" else 1.0)
            low, high = value - half, value + half
        elif spread == 0:
            low = high = value
        else:
            problems.append(
                f"{named}: spread {spread!r} must be {{relative: share}}, {{absolute: amount}} or 0"
            )
            low = high = value
    if not bounds[0] <= value <= bounds[1]:
        problems.append(f"{named} lies outside its bounds [{bounds[0]}, {bounds[1]}]")
        return value, value
    return max(low, float(bounds[0])), min(high, float(bounds[1]))

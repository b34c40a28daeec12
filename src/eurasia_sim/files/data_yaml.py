"""Data files read into plain values with their lines, and every number in them with its parent."""

import contextlib
import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from eurasia_sim.files.checker import shown
from eurasia_sim.files.ordinary import Unreadable, decoded, read_bytes
from eurasia_sim.files.page import LARGEST_FILE, MOST_PROBLEMS, Page, Problem, parse, unplaced
from eurasia_sim.files.text import alike

BASES = ("measured", "coded", "estimated", "judgement")
Header = Mapping[str, Any]  # what a number's entry, and those above it, say of it
# Keys that say where a number comes from; everything below them inherits them.
_INHERITED = ("meaning", "unit", "basis", "source", "claims", "spread", "bounds", "held")
# Keys that say something of one entry alone.
_OWN = ("range", "note", "second", "otherwise", "moves")
# Keys that group entries without being part of their path.
_GROUPING = ("values", "steps")
_VALUE = ("value", "salience")
_INDEX_FORMAT = 5
_TIMES = 8  # as large as a page that a person wrote: claims of many documents make a long one
DEFAULT_WORLD = "eurasia"
LARGEST = 1e15  # of any number of a world: what is computed from such numbers stays finite


class DataError(ValueError):
    """An input that cannot be used, with every problem found; a text is one without a place."""

    def __init__(self, problems: Iterable[Problem | str]) -> None:
        every = [each if isinstance(each, Problem) else _of_text(each) for each in problems]
        if (more := len(every) - MOST_PROBLEMS) > 1:  # one more may be a page's own word of more
            every[MOST_PROBLEMS:] = [_of_text(f"and {more} more")]
        self.problems = every
        super().__init__("\n".join(map(str, self.problems)))


def _of_text(text: str) -> Problem:
    message, _, allowed = text.partition("\n    allowed: ")
    return unplaced(message, allowed=allowed)


def refuse(documents: Iterable[Page]) -> None:
    """Raise DataError with everything found wrong with some documents, if anything is."""
    if problems := [each for document in documents for each in document.in_order()]:
        raise DataError(problems)


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
    held: str = ""  # why no ensemble draws it over its range, if none does

    @property
    def is_silent(self) -> bool:
        """Whether no document speaks of it."""
        return math.isnan(self.value)

    @property
    def is_uncertain(self) -> bool:
        """Whether its range is to be drawn; whether an ensemble does, `World.drawn` says."""
        return self.low < self.high and not self.held

    def claims(self) -> list[str]:
        """Ids of the claims it rests on."""
        return [claim for item in self.source for claim in item.get("claims", [])]

    def cites(self) -> list[str]:
        """Keys of the works it rests on."""
        return [item["cite"] for item in self.source if "cite" in item]


def judgement_share(numbers: Iterable[Number]) -> float:
    """Share of the numbers whose basis is judgement, 0..1; NaN where there are none."""
    bases = [number.basis for number in numbers]
    return bases.count("judgement") / len(bases) if bases else math.nan


class Leaf(NamedTuple):
    """One value of a file with everything it inherits."""

    ids: tuple[str, ...]
    keys: tuple[str, ...]
    value: Any
    header: Header


def packaged() -> Path:
    """Folder of the data that comes with the package."""
    return Path(str(files("eurasia_sim"))) / "data"


def packaged_worlds() -> dict[str, Path]:
    """Folder of every world that comes with the package, by name."""
    return {path.name: path for path in sorted((packaged() / "worlds").iterdir()) if path.is_dir()}


def world_folder(world: Path | str | None = None) -> Path:
    """Folder of a packaged world by its name, of any other by its path; by default Eurasia's.

    Raises DataError when neither a packaged world nor a folder goes by it.
    """
    known, name = packaged_worlds(), str(world or DEFAULT_WORLD)
    if name not in known and not Path(name).is_dir():
        right = f"name one of {', '.join(known)}, or a folder that holds one"
        raise DataError([f"{name} is no world{near(name, known)}; {right}"])
    return known.get(name) or Path(name).resolve()


def stamps(paths: Iterable[Path]) -> tuple[tuple[Path, int, int], ...]:
    """Time of change and size of every file that is there, by its path; links are followed."""
    found = [(path, path.stat()) for path in sorted(paths) if path.exists()]
    return tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in found)


def near(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the closest known words, or nothing when none is close."""
    close = alike(word, known, 3)
    return f" — did you mean {' or '.join(close)}?" if close else ""


def month_number(text: str) -> int:
    """Months since year 0 of a date written YYYY-MM."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", str(text)):
        raise DataError([f"{text!r} is no month; write it as 2001-10"])
    year, month = map(int, str(text).split("-"))
    return 12 * year + month - 1


def month_name(number: int) -> str:
    """The date YYYY-MM of a number of months since year 0."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def read_page(path: Path) -> Page:
    """One YAML file of data; parsed once, then taken from an index in the user's cache folder.

    Raises DataError for a file that cannot be read, is too large, or is not valid YAML.
    """
    from platformdirs import user_cache_dir

    try:
        raw = read_bytes(path, _TIMES * LARGEST_FILE)
    except Unreadable as error:
        raise DataError([f"{path.parent.name}/{path.name}: {error}"]) from None
    digest = hashlib.sha256(raw + bytes([_INDEX_FORMAT])).hexdigest()
    key = hashlib.blake2b(os.fsencode(path.resolve()), digest_size=8).hexdigest()
    index = Path(user_cache_dir("eurasia-sim")) / "pages" / f"{path.stem}-{key}.json"
    # Without an index, or with a damaged one, the file itself is the truth.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(index.read_text(encoding="utf-8"))
        if kept["digest"] == digest:
            return Page(path.name, decoded(raw), kept["data"], kept["places"])
    document = parse(raw, path.name, _TIMES)
    refuse([document])
    with contextlib.suppress(OSError):  # a folder that cannot be written only costs time
        index.parent.mkdir(parents=True, exist_ok=True)
        part = index.with_suffix(f".{os.getpid()}.part")
        kept = {"digest": digest, "data": document.data, "places": document.places}
        part.write_text(json.dumps(kept))
        part.replace(index)
    return document


def leaves(
    page: Page, keys: tuple[str, ...] = (), header: Header = MappingProxyType({})
) -> Iterator[Leaf]:
    """Every value at or below an entry of a file, with its ids and the header it inherits."""
    node = page.data
    for key in keys:
        node = node[key]
    yield from _leaves(node, (), keys, header)


def _leaves(
    node: Any, ids: tuple[str, ...], keys: tuple[str, ...], header: Header
) -> Iterator[Leaf]:
    if isinstance(node, Mapping):
        below = {key: value for key, value in header.items() if key not in _OWN}
        below |= {key: node[key] for key in (*_INHERITED, *_OWN) if key in node}
        if value := next((key for key in _VALUE if key in node), None):
            yield Leaf(ids, keys, node[value], below)
            return
        for key, child in node.items():
            if key not in _INHERITED and key not in _OWN:
                inner = ids if key in _GROUPING else (*ids, key)
                yield from _leaves(child, inner, (*keys, key), below)
    elif isinstance(node, list):
        for at, child in enumerate(node):
            yield from _leaves(child, (*ids, str(at)), (*keys, str(at)), header)
    else:
        yield Leaf(ids, keys, node, header)


def number(page: Page, leaf: Leaf, path: str) -> Number | None:
    """The leaf as the number of a path, with its parent; what is wrong with it is complained of."""
    header, value = leaf.header, leaf.value
    name = f"{path} = {shown(value)}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(value) <= LARGEST:
        page.complain(leaf.keys, f"{name} is no number", allowed=f"up to {LARGEST:g}")
        return None
    missing = [key for key in ("meaning", "unit", "basis") if header.get(key) in (None, "", [], {})]
    if not any(header.get(key) for key in ("source", "claims", "second")):
        missing.append("source")
    if missing:
        right = f"given here or in the head of its table; basis is one of {', '.join(BASES)};"
        right += " source is a list of cite, dataset, claims or note"
        page.complain(leaf.keys, f"{name} has no {', no '.join(missing)}", allowed=right)
        return None
    listed = header.get("source") or []
    own = [{"claims": list(header[key])} for key in ("claims", "second") if header.get(key)]
    low, high = _range(value, header)
    least, most = header.get("bounds") or (-math.inf, math.inf)
    if not least <= value <= most:
        page.complain(leaf.keys, f"{name} lies outside its bounds [{least}, {most}]")
    elif not low <= value <= high:
        page.complain(leaf.keys, f"{name} lies outside its range [{low:g}, {high:g}]")
    return Number(
        path,
        meaning=str(header["meaning"]),
        value=float(value),
        unit=str(header["unit"]),
        low=max(low, float(least)),
        high=min(high, float(most)),
        basis=header["basis"],
        source=(*own, *([listed] if isinstance(listed, Mapping) else listed)),
        place=f"{page.name}:{page.place(leaf.keys, of_key=True)[0]}",
        held=str(header.get("held") or ""),
    )


def _range(value: float, header: Header) -> tuple[float, float]:
    """Ends of the entry's own range, else of its table's spread."""
    if header.get("range"):
        low, high = map(float, header["range"])
        return low, high
    ((kind, size),) = (header.get("spread") or {"absolute": 0.0}).items()
    half = float(size) * (abs(value) if kind == "relative" else 1.0)
    return value - half, value + half

"""The works that data and code cite, read from the BibTeX file beside them."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.files.ordinary import Unreadable, decoded, read_bytes


def _braced(depth: int) -> str:
    """A regular expression of text in braces, with braces in it so many deep."""
    inner = f"|{_braced(depth - 1)}" if depth else ""
    return rf"\{{(?:[^{{}}]{inner})*\}}"


_ENTRY = re.compile(r"^@(\w+)\s*\{\s*([^,\s]+)\s*,", re.MULTILINE)
_FIELD = re.compile(rf"\s*(\w+)\s*=\s*({_braced(5)}|\"[^\"]*\"|[^,}}\s]*)\s*,?")
_AND = re.compile(r"\s+and\s+(?![^{]*\})")  # inside braces it belongs to an institution's name
_LARGEST = 4 * 1024**2  # bytes
_PERSONS = ("author", "editor")
_PLACES = ("journal", "booktitle", "publisher", "institution", "howpublished")
# TeX's accents as Unicode's combining marks.
_ACCENTS = dict(zip("\"'`^~cv", "\u0308\u0301\u0300\u0302\u0303\u0327\u030c", strict=True))
_ACCENT = re.compile(r"\\([\"'`^~]|[cv](?=[\s{]))\s*\{?\\?([A-Za-z])\}?")


@dataclass(frozen=True, slots=True)
class Work:
    """One entry: its key, its kind, and its fields without TeX."""

    key: str
    kind: str
    fields: dict[str, str]

    def __str__(self) -> str:
        """Author, year, title, place and address, in one line."""

        def first(*names: str) -> str:
            return next((self.fields[name] for name in names if self.fields.get(name)), "")

        who, year = first(*_PERSONS, "organization"), first("year")
        numbers = ", ".join(filter(None, (first("volume"), first("pages"))))
        address = f"doi:{first('doi')}" if first("doi") else first("url")
        head = f"{who} ({year})" if who and year else who or year
        parts = (head, first("title"), f"{first(*_PLACES)} {numbers}".strip(), address)
        return ". ".join(filter(None, parts)) + "."


def read_bibliography(path: Path | None = None) -> dict[str, Work]:
    """Every work of a BibTeX file by its key; of the packaged file when none is given.

    Form: braced, quoted and bare fields; no string macros, no crossref, braces six deep at most.

    Raises DataError for a key given twice, or a file that cannot be read.
    """
    works: dict[str, Work] = {}
    problems = []
    try:
        text = decoded(read_bytes(path or packaged() / "references.bib", _LARGEST))
    except Unreadable as error:
        raise DataError([f"references.bib:{error.place[0]}: {error}"]) from None
    for entry in _ENTRY.finditer(text):
        kind, key = entry[1].lower(), entry[2]
        if key in works:
            line = text[: entry.start()].count("\n") + 1
            problems.append(f"references.bib:{line}: {key} is given twice")
        works[key] = Work(key, kind, dict(_fields(text, entry.end())))
    if problems:
        raise DataError(problems)
    return works


def _fields(text: str, at: int) -> Iterator[tuple[str, str]]:
    while found := _FIELD.match(text, at):
        at, name, value = found.end(), found[1].lower(), found[2]
        value = value[1:-1] if value[:1] in ("{", '"') else value
        yield name, "; ".join(map(_plain, _AND.split(value) if name in _PERSONS else [value]))


def _plain(value: str) -> str:
    """A field without TeX: no braces or commands, accents and dashes as Unicode, spaces folded."""
    value = _ACCENT.sub(lambda m: unicodedata.normalize("NFC", m[2] + _ACCENTS[m[1]]), value)
    value = re.sub(r"\\(?:url|emph|textit)\b", "", value)
    for tex, plain in (("---", "—"), ("--", "–"), ("\\&", "&"), ("~", " ")):
        value = value.replace(tex, plain)
    return " ".join(re.sub(r"[{}]", "", value).split())

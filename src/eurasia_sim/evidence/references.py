"""The works that data and code cite, read from the BibTeX file beside them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eurasia_sim.files.data_yaml import DataError, packaged

_ENTRY = re.compile(r"^@(\w+)\s*\{\s*([^,\s]+)\s*,", re.MULTILINE)
_PERSONS = ("author", "editor")
_FIELD = re.compile(r"\s*(\w+)\s*=\s*")
_BARE = re.compile(r"[^,}\s]+")
_AFTER_FIELD = re.compile(r"\s*,?")
# TeX's accents as Unicode's combining marks.
_ACCENTS = {
    '"': "\u0308",
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    "~": "\u0303",
    "c": "\u0327",
    "v": "\u030c",
}
_ACCENT = re.compile(r"\\([\"'`^~]|[cv](?=[\s{]))\s*\{?\\?([A-Za-z])\}?")


@dataclass(frozen=True, slots=True)
class Work:
    """One entry: its key, its kind, and its fields without TeX."""

    key: str
    kind: str
    fields: dict[str, str]

    def __str__(self) -> str:
        """Author, year, title, place and address, in one line."""
        get = self.fields.get
        who = get("author") or get("editor") or get("organization") or ""
        place = (
            get("journal")
            or get("booktitle")
            or get("publisher")
            or get("institution")
            or get("howpublished")
            or ""
        )
        numbers = ", ".join(part for part in (get("volume", ""), get("pages", "")) if part)
        address = f"doi:{get('doi')}" if get("doi") else get("url", "")
        head = f"{who} ({get('year')})" if who and get("year") else who or get("year", "")
        parts = (head, get("title", ""), f"{place} {numbers}".strip(), address)
        return ". ".join(part for part in parts if part) + "."


def read_bibliography(path: Path | None = None) -> dict[str, Work]:
    """Every work of a BibTeX file by its key; of the packaged file when none is given.

    Form: the part of BibTeX this file uses (braced, quoted and bare fields; no string macros, no crossref).

    Raises:
        DataError: for a key given twice.
    """
    text = (path or packaged() / "references.bib").read_text(encoding="utf-8")
    works: dict[str, Work] = {}
    problems = []
    for entry in _ENTRY.finditer(text):
        kind, key = entry[1].lower(), entry[2]
        if key in works:
            problems.append(
                f"references.bib:{text[: entry.start()].count(chr(10)) + 1}: {key} is given twice"
            )
        works[key] = Work(key, kind, dict(_fields(text, entry.end())))
    if problems:
        raise DataError(problems)
    return works


def _fields(text: str, at: int) -> Iterator[tuple[str, str]]:
    """Name and plain value of every field from a place in the text to the end of its entry."""
    while found := _FIELD.match(text, at):
        at = found.end()
        if text[at : at + 1] == "{":
            end = _closing(text, at)
            value, at = text[at + 1 : end], end + 1
        elif text[at : at + 1] == '"':
            end = text.index('"', at + 1)
            value, at = text[at + 1 : end], end + 1
        else:
            bare = _BARE.match(text, at)
            value, at = (bare[0], bare.end()) if bare else ("", at)
        name = found[1].lower()
        yield (
            name,
            "; ".join(_plain(person) for person in _people(value))
            if name in _PERSONS
            else _plain(value),
        )
        after = _AFTER_FIELD.match(text, at)
        at = after.end() if after else at


def _closing(text: str, at: int) -> int:
    """Place of the brace that closes the one at a place; the end of the text when none does."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place
    return len(text)


def _people(value: str) -> list[str]:
    """The names of a list joined by "and"; one inside braces belongs to the name of an institution."""
    names, depth = [""], 0
    for word in value.split():
        if word == "and" and depth == 0:
            names.append("")
        else:
            names[-1] += f" {word}"
            depth += word.count("{") - word.count("}")
    return names


def _plain(value: str) -> str:
    """A field without TeX: no braces or commands, letters with their accents, dashes as dashes, white space folded."""
    value = _ACCENT.sub(
        lambda mark: unicodedata.normalize("NFC", mark[2] + _ACCENTS[mark[1]]), value
    )
    value = re.sub(r"\\(?:url|emph|textit)\b", "", value)
    value = value.replace("---", "—").replace("--", "–").replace("\\&", "&").replace("~", " ")
    return " ".join(re.sub(r"[{}]", "", value).split())

"""Whether a file still holds what was written: digests, contents that carry their own, and the files of a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eurasia_sim.files.data_yaml import DataError

DIGEST = "digest"  # of a content by itself: the last of its keys
FILES = "files"  # of a manifest: by name, the digest and the rows of every file that belongs to it
MISSING, ALTERED = "is missing", "is not what was written"
_NONE = (FileNotFoundError, NotADirectoryError)
_UNREADABLE = (*_NONE, IsADirectoryError, PermissionError)
_MOST = 8  # files named in one message


@dataclass(frozen=True)
class Entry:
    """What is known of a file: SHA-256 of its bytes, and how many rows it has where it is a table."""

    sha256: str
    rows: int | None = None

    @classmethod
    def of(cls, said: Any) -> Entry | None:
        """An entry as a manifest or a log says it; none where that is no entry."""
        if not isinstance(said, Mapping) or not isinstance(said.get("sha256"), str):
            return None
        rows = said.get("rows")
        return cls(said["sha256"], rows if type(rows) is int else None)

    def plain(self) -> dict[str, Any]:
        """The entry as plain values."""
        return {"sha256": self.sha256, **({} if self.rows is None else {"rows": self.rows})}


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits; however large, little of it is held at once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values with a digest of all of them."""
    rest = {key: value for key, value in content.items() if key != DIGEST}
    return {
        **rest,
        DIGEST: digest_of(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()),
    }


def read_sealed(path: Path) -> dict[str, Any] | None:
    """What `sealed` gave and somebody wrote; none where there is no such file.

    Raises:
        DataError: where it is damaged, or carries no digest.
    """
    try:
        content = json.loads(path.read_bytes().decode("utf-8"))
    except _NONE:
        return None
    except (IsADirectoryError, PermissionError) as error:
        raise DataError([f"{path} cannot be read: {error.strerror}"]) from None
    except (ValueError, RecursionError):
        raise DataError([_damaged(path, "it is no JSON")]) from None
    if not isinstance(content, dict):
        raise DataError([_damaged(path, "it is no JSON object")])
    if DIGEST not in content:
        raise DataError([_damaged(path, "it carries no digest of its content")])
    if sealed(content) != content:
        raise DataError([_damaged(path, "its digest is that of another content")])
    return content


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log that can be read, each a JSON object; a broken line is left out."""
    try:
        content = path.read_bytes()
    except _NONE:
        return []
    found = []
    for line in content.split(b"\n"):
        try:
            entry = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def _damaged(path: Path, why: str) -> str:
    return f"{path} is damaged, or an earlier version wrote it: {why}"


@dataclass(frozen=True)
class Files:
    """The files that a folder says it holds, and how to mend it where it does not."""

    folder: Path
    entries: Mapping[str, Entry]
    mend: str  # what to do about a file that is damaged
    counted: frozenset[str] = field(default=frozenset())  # those whose rows are the folder's runs

    @classmethod
    def of(
        cls, folder: Path, manifest: Mapping[str, Any], mend: str, counted: Iterable[str] = ()
    ) -> Files:
        """The files that a manifest lists.

        Raises:
            DataError: where it lists none.
        """
        listed = manifest.get(FILES)
        found = (
            {str(name): Entry.of(said) for name, said in listed.items()}
            if isinstance(listed, Mapping)
            else {}
        )
        entries = {name: entry for name, entry in found.items() if entry is not None}
        if not isinstance(listed, Mapping) or len(entries) < len(found):
            raise DataError(
                [f"{folder}: its manifest lists no files with their digests\n    allowed: {mend}"]
            )
        return cls(
            folder,
            entries,
            mend,
            frozenset(name for name in entries if name.startswith(tuple(counted))),
        )

    def content(self, name: str) -> bytes:
        """Bytes of a file, as they were written.

        Raises:
            DataError: where they are not, or are not there, or the folder is not said to hold the file.
        """
        if name not in self.entries:
            raise DataError([f"{self.folder} holds no {name}\n    allowed: {self.mend}"])
        try:
            content = (self.folder / name).read_bytes()
            problem = "" if digest_of(content) == self.entries[name].sha256 else ALTERED
        except _UNREADABLE:
            content, problem = b"", MISSING
        if problem:
            others = self.wrong(self.counted) if name in self.counted else {}
            raise DataError([self.said({**others, name: problem})])
        return content

    def _problem(self, name: str) -> str:
        """What is wrong with a file; nothing where it is as it was written."""
        try:
            return "" if file_digest(self.folder / name) == self.entries[name].sha256 else ALTERED
        except _UNREADABLE:
            return MISSING

    def wrong(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """By name, what is wrong with those files that are not as they were written."""
        chosen = sorted(self.entries if names is None else names)
        return {name: problem for name in chosen if (problem := self._problem(name))}

    def said(self, wrong: Mapping[str, str]) -> str:
        """What is wrong, how many runs that costs, and how to mend it."""
        lost = sum(self.entries[name].rows or 0 for name in wrong if name in self.counted)
        total = sum(self.entries[name].rows or 0 for name in self.counted)
        count = f"{lost} of {total} runs are missing or damaged: " if lost else ""
        return f"{self.folder}: {count}{listed(wrong)}\n    allowed: {self.mend}"


def listed(wrong: Mapping[str, str]) -> str:
    """The first few files with what is wrong with each, and how many more there are."""
    shown = [f"{name} {what}" for name, what in list(wrong.items())[:_MOST]]
    more = len(wrong) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")

"""Whether files hold what was written: digests of contents, of files and of folders."""

import contextlib
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import Missing, Unreadable, decoded, opened, read_bytes

DIGEST = "digest"  # of a content by itself: the last of its keys
FILES = "files"  # of a manifest: by name, the digest and the rows of every file that belongs to it
MISSING, ALTERED = "is missing", "is not what was written"
_LARGEST = 256 * 1024**2  # bytes of what is read whole, beside tables
_MOST = 8  # files named in one message


@dataclass(frozen=True)
class Entry:
    """What is known of a file: SHA-256 of its bytes, and the rows of a table."""

    sha256: str
    rows: int | None = None

    @classmethod
    def of(cls, content: Any) -> "Entry | None":
        """An entry from the plain values of a manifest or a log; none where they are no entry."""
        if not isinstance(content, Mapping) or not isinstance(content.get("sha256"), str):
            return None
        rows = content.get("rows")
        return cls(content["sha256"], rows if type(rows) is int else None)

    def plain(self) -> dict[str, Any]:
        """The entry as plain values."""
        return {"sha256": self.sha256, **({} if self.rows is None else {"rows": self.rows})}


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits, read piece by piece."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_files(paths: Iterable[Path]) -> str:
    """SHA-256 of the files' names and bytes, in the order of their paths.

    Raises DataError for one that cannot be read.
    """
    total = hashlib.sha256()
    for path in sorted(paths):
        try:
            total.update(path.name.encode() + b"\0" + read_bytes(path) + b"\0")
        except Unreadable as error:
            raise DataError([f"{path.parent.name}/{path.name}: {error}"]) from None
    return total.hexdigest()


def finite(value: Any) -> Any:
    """The value with None for every number that is not finite."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values with a digest of all of them."""
    rest = {key: value for key, value in content.items() if key != DIGEST}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return {**rest, DIGEST: digest_of(text.encode())}


def read_sealed(path: Path, mend: str = "") -> dict[str, Any] | None:
    """The values of a file that `sealed` gave; none where there is no such file.

    Raises DataError, with how to mend it, where it is damaged, or carries no digest.
    """
    try:
        content = json.loads(decoded(read_bytes(path, _LARGEST)))
        if isinstance(content, dict) and sealed(content) == content:
            return content
        is_sealed = isinstance(content, dict) and DIGEST in content
        problem = "its digest is that of another content" if is_sealed else "it carries no digest"
    except Missing:
        return None
    except Unreadable as error:
        problem = error.wrong
    except (ValueError, RecursionError):
        problem = "it is no JSON"
    allowed = f"\n    allowed: {mend}" * bool(mend)
    raise DataError([f"{path} is damaged, or an earlier version wrote it: {problem}{allowed}"])


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log, each a JSON object; a broken line is left out."""
    found = []
    try:
        for line in read_bytes(path).split(b"\n"):
            with contextlib.suppress(ValueError, RecursionError):
                found.append(json.loads(line.decode("utf-8")))
    except Unreadable:
        return []
    return [entry for entry in found if isinstance(entry, dict)]


@dataclass(frozen=True)
class Files:
    """The files that a folder is to hold, and how to mend it where it does not."""

    folder: Path
    entries: Mapping[str, Entry]
    mend: str  # what to do about a file that is damaged
    counted: frozenset[str] = frozenset()  # those whose rows are the folder's runs

    @classmethod
    def of(
        cls, folder: Path, manifest: Mapping[str, Any], mend: str, counted: tuple[str, ...] = ()
    ) -> "Files":
        """The files that a manifest lists; names of those whose rows are runs begin as `counted`.

        Raises DataError where it lists none.
        """
        listing = manifest.get(FILES)
        found = listing if isinstance(listing, Mapping) else {"": None}
        entries = {str(name): entry for name, each in found.items() if (entry := Entry.of(each))}
        if len(entries) < len(found):
            wrong = "its manifest lists no files with their digests"
            raise DataError([f"{folder} is damaged: {wrong}\n    allowed: {mend}"])
        runs = frozenset(name for name in entries if name.startswith(counted))
        return cls(folder, entries, mend, runs)

    def content(self, name: str) -> bytes:
        """Bytes of a file, as they were written.

        Raises DataError where they are not, or not there, or the folder is to hold no such file.
        """
        if name not in self.entries:
            raise DataError([f"{self.folder} holds no {name}\n    allowed: {self.mend}"])
        problem = ALTERED
        try:
            content = read_bytes(self.folder / name)
            if digest_of(content) == self.entries[name].sha256:
                return content
        except Unreadable:
            problem = MISSING
        others = self.wrong(self.counted) if name in self.counted else {}
        raise DataError([self.message({**others, name: problem})])

    def wrong(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """By name, what is wrong with those files that are not as they were written."""
        found = {}
        for name in sorted(self.entries if names is None else names):
            try:
                if file_digest(self.folder / name) != self.entries[name].sha256:
                    found[name] = ALTERED
            except Unreadable:
                found[name] = MISSING
        return found

    def message(self, wrong: Mapping[str, str]) -> str:
        """What is wrong, how many runs that costs, and how to mend it."""
        lost = sum(self.entries[name].rows or 0 for name in self.counted.intersection(wrong))
        total = sum(self.entries[name].rows or 0 for name in self.counted)
        count = f"{lost} of {total} runs are missing or damaged: " if lost else ""
        return f"{self.folder}: {count}{listed(wrong)}\n    allowed: {self.mend}"


def listed(wrong: Mapping[str, str]) -> str:
    """The first few files with what is wrong with each, and how many more there are."""
    shown = [f"{name} {what}" for name, what in list(wrong.items())[:_MOST]]
    more = len(wrong) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")

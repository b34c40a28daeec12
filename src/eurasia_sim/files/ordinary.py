"""Bytes, text and rows of ordinary files, or why they cannot be had; nothing else is opened."""

import csv
import io
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FORMULA = "'*[=+@\\-\t\r]"  # how a cell begins that a spreadsheet would compute


class Unreadable(ValueError):
    """Why a file cannot be read, where, and what would be right."""

    def __init__(self, wrong: str, allowed: str = "", place: tuple[int, int] = (1, 1)) -> None:
        self.wrong, self.allowed, self.place = wrong, allowed, place
        super().__init__(wrong + (f"\n    allowed: {allowed}" if allowed else ""))


class Missing(Unreadable):
    """There is no such file."""


def opened(path: Path, most: int | None = None) -> io.BufferedReader:
    """A file, opened to read its bytes; no folder, pipe or device is waited for.

    Raises Unreadable where it is no ordinary file, has more than `most` bytes, or cannot be read.
    """
    try:
        status, allowed = path.stat(), ""
        if stat.S_ISDIR(status.st_mode):
            wrong = "this is a folder; a file is expected"
        elif not stat.S_ISREG(status.st_mode):
            wrong = "this is not an ordinary file"
        elif most is not None and status.st_size > most:
            wrong, allowed = f"the file has {status.st_size:,} bytes", f"at most {most:,} bytes"
        else:
            return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise Missing("this links to no file" if path.is_symlink() else "no such file") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Unreadable(f"the file cannot be read: {why}") from None
    raise Unreadable(wrong, allowed)


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """All bytes of a file; raises Unreadable as `opened` does."""
    with opened(path, most) as file:
        return file.read()


def decoded(data: bytes) -> str:
    """Bytes of UTF-8 as text, without a byte order mark; raises Unreadable where they are none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        *above, last = data[: error.start].split(b"\n")
        place = (len(above) + 1, len(last.decode("utf-8", "replace")) + 1)
        raise Unreadable("the file is not UTF-8 text", "text saved as UTF-8", place) from None


def table_rows(path: Path, most: int) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of every line with any, of a file of comma-separated values.

    Raises Unreadable where it is no ordinary file of UTF-8, is too large, or is no such table.
    """
    reader = csv.reader(io.StringIO(decoded(read_bytes(path, most)), newline=""), strict=True)
    try:
        yield from ((reader.line_num, cells) for cells in reader if cells)
    except csv.Error as error:
        raise Unreadable(f"this is no table: {error}", place=(reader.line_num, 1)) from None


def csv_bytes(table: Any) -> bytes:
    """A table of pandas as comma-separated values, in which a spreadsheet finds no formula.

    What looks like one gets an apostrophe before it, which `unguarded` takes off again.
    """
    guarded = table.rename(columns=_guarded)
    for at, dtype in enumerate(guarded.dtypes):
        if dtype.kind not in "biuf":
            before = list(guarded.iloc[:, at])
            after = [_guarded(value) for value in before]
            if any(new is not old for new, old in zip(after, before, strict=True)):
                guarded.isetitem(at, after)
    return bytes(guarded.to_csv(index=False, lineterminator="\n"), "utf-8")


def _guarded(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and re.match(_FORMULA, value) else value


def unguarded(table: Any) -> Any:
    """The cells of a table that `csv_bytes` wrote as they were before."""
    return table.replace(f"^'(?={_FORMULA})", "", regex=True)

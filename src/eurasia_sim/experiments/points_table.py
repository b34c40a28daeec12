"""A table of points, in CSV or parquet, beside the sweep file that names it."""

from __future__ import annotations

import csv
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eurasia_sim.experiments.schema import MOST_POINTS
from eurasia_sim.files.user_yaml import InputProblems, Problem, scalar

_SUFFIXES = (".csv", ".parquet")
LARGEST_TABLE = 1024**3  # bytes


@dataclass(frozen=True)
class Points:
    """The rows of a table: mappings of factor to value, and the line of the file that each stands in."""

    file: str
    rows: list[dict[str, Any]]
    lines: Sequence[int]  # of a parquet file, the number of the row, from 1

    def placed(self, problem: Problem, row: int, name: str) -> Problem:
        """A problem of one value, told of its place in the table; its column is that of the table, from 1."""
        column, line = list(self.rows[row]).index(name) + 1, self.lines[row]
        where = f"column '{name}'" if self.file.endswith(".csv") else f"row {line}, column '{name}'"
        return replace(
            problem, file=self.file, line=line, column=column, message=f"{where}: {problem.message}", source_line=""
        )


def read_points(folder: Path, name: str | None) -> Points:
    """The points in a table.

    Args:
        folder: where the sweep file lies; the table lies there or below.

    Raises:
        InputProblems: where there is no such table, or it cannot be read.
    """
    if not name or Path(name).suffix not in _SUFFIXES:
        raise _wrong(name, "a table design names its file", "file: POINTS.csv, or .parquet")
    try:
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise _wrong(name, f"'{name}' lies outside the experiment's folder", "a file beside the experiment")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _wrong(name, f"'{name}' is not an ordinary file", "a file beside the experiment")
        if status.st_size > LARGEST_TABLE:
            raise _wrong(name, "the table is too large", f"at most {LARGEST_TABLE:,} bytes")
        return _from_csv(path) if path.suffix == ".csv" else _from_parquet(path)
    except FileNotFoundError:
        raise _wrong(name, f"no such file '{name}' beside the experiment") from None
    except (OSError, ValueError, ArithmeticError, RuntimeError, csv.Error) as error:
        if isinstance(error, InputProblems):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise _wrong(name, f"{name!r} cannot be read: {reason}") from None


def _from_csv(path: Path) -> Points:
    rows, lines = [], []
    with path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, strict=True)
        head = [name.strip() for name in next(reader, [])]
        _check_head(path.name, head)
        for values in reader:
            if not values:
                continue  # a line without a letter
            if len(values) != len(head):
                message = f"line {reader.line_num} of {path.name} has {len(values)} values, its head has {len(head)}"
                raise _wrong(path.name, message, f"{len(head)} values in every line")
            rows.append(dict(zip(head, [scalar(value.strip()) for value in values], strict=True)))
            lines.append(reader.line_num)
            if len(rows) > MOST_POINTS:
                raise _wrong(path.name, f"{path.name} has too many rows", f"at most {MOST_POINTS:,}")
    return Points(str(path), rows, lines)


def _from_parquet(path: Path) -> Points:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        with pq.ParquetFile(path) as file:
            _check_head(path.name, list(file.schema_arrow.names))
            if file.metadata.num_rows > MOST_POINTS:
                raise _wrong(path.name, f"{path.name} has too many rows", f"at most {MOST_POINTS:,}")
            rows = list(file.read().to_pylist())
    except ArrowException as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return Points(str(path), rows, range(1, len(rows) + 1))


def _check_head(name: str, head: Sequence[str]) -> None:
    """Refuse a column that has no name, or a name that another has too."""
    for at, column in enumerate(head, start=1):
        if not column:
            raise _wrong(name, f"column {at} of {name} has no name", "a factor at the head of every column")
        if column in head[: at - 1]:
            first = head.index(column) + 1
            raise _wrong(name, f"columns {first} and {at} of {name} are both '{column}'", "each factor once")


def _wrong(name: str | None, message: str, allowed: str = "") -> InputProblems:
    return InputProblems([Problem(str(name), 1, 1, message, "", "", allowed)])

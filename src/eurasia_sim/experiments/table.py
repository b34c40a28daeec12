"""The points of a sweep in a table beside its file: comma-separated values, or parquet."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eurasia_sim.files.checker import reason_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import Missing, Unreadable, read_bytes, table_rows
from eurasia_sim.files.page import Problem, scalar

LARGEST_TABLE = 8 * 1024**2  # bytes
MOST_CELLS = 200_000  # of a table: read and checked within a second


@dataclass(frozen=True)
class Table:
    """The points of a table: mappings of factor to value, and the line that each is on."""

    file: str
    rows: list[dict[str, Any]]
    lines: Sequence[int]  # of a parquet file, the number of the row, from 1

    @property
    def unit(self) -> str:
        """What its lines are called."""
        return "line" if self.file.endswith(".csv") else "row"

    def placed(self, problem: Problem, row: int, name: str) -> Problem:
        """A problem of one value with its place in the table; columns count from 1."""
        column, line = list(self.rows[row]).index(name) + 1, self.lines[row]
        row_number = "" if self.unit == "line" else f"row {line}, "
        message = f"{row_number}column '{name}': {problem.message}"
        problem = replace(problem, message=message, source_line="")
        return replace(problem, file=self.file, line=line, column=column)


def read_table(folder: Path, name: str | None) -> Table:
    """The points in a table.

    Args:
        folder: where the sweep file lies; the table lies there or below.

    Raises:
        DataError: where there is no such table, or it cannot be read.
    """
    wrong, allowed = "", ""
    if not name or Path(name).suffix not in (".csv", ".parquet"):
        wrong, allowed = "a table design names its file", "file: POINTS.csv, or .parquet"
    else:
        try:
            path = folder / name
            if path.resolve().is_relative_to(folder.resolve()):
                return _from_csv(path) if path.suffix == ".csv" else _from_parquet(path)
            wrong = f"'{name}' lies outside the experiment's folder"
            allowed = "a file beside the experiment"
        except Missing:
            wrong = f"no such file '{name}' beside the experiment"
        except Unreadable as error:
            wrong, allowed = f"{name}:{error.place[0]}: {error.wrong}", error.allowed
        except (OSError, ValueError, ArithmeticError, RuntimeError) as error:
            wrong = f"{name!r} cannot be read: {reason_of(error)}"
    raise DataError([Problem(str(name), 1, 1, wrong, "", "", allowed)])


def _from_csv(path: Path) -> Table:
    rows: list[dict[str, Any]] = []
    lines = []
    table = table_rows(path, LARGEST_TABLE)
    head = [name.strip() for name in next(table, (1, []))[1]]
    _check(head)
    for line, values in table:
        if len(values) != len(head):
            wrong = f"it has {len(values)} values, its head has {len(head)}"
            raise Unreadable(wrong, f"{len(head)} values in every line", (line, 1))
        rows.append(dict(zip(head, [scalar(value.strip()) for value in values], strict=True)))
        lines.append(line)
        if len(rows) * len(head) > MOST_CELLS:
            _check(head, len(rows))
    return Table(str(path), rows, lines)


def _from_parquet(path: Path) -> Table:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        with pq.ParquetFile(io.BytesIO(read_bytes(path, LARGEST_TABLE))) as file:
            _check(list(file.schema_arrow.names), file.metadata.num_rows)
            rows = list(file.read().to_pylist())
    except ArrowException as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return Table(str(path), rows, range(1, len(rows) + 1))


def _check(head: Sequence[str], rows: int = 0) -> None:
    """Refuse columns of one name or of none, and more values than fit in memory."""
    if rows * len(head) > MOST_CELLS:
        wrong = f"it is too large: {len(head):,} columns of {rows:,} rows or more"
        raise Unreadable(wrong, f"at most {MOST_CELLS:,} values")
    if "" in head or len({*head}) < len(head):
        twice = [column for column in head if head.count(column) > 1]
        wrong = f"columns are both '{twice[0]}'" if twice else "a column has no name"
        raise Unreadable(wrong, "a factor at the head of every column, each once")

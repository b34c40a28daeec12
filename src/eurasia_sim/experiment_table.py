"""A table of points, in CSV or parquet, beside the sweep file that names it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from eurasia_sim.reading import InputProblems, Problem, scalar

_SUFFIXES = (".csv", ".parquet")
LARGEST_TABLE = 1024**3  # bytes


def read_points(folder: Path, name: str | None) -> list[dict[str, Any]]:
    """The rows of a table as mappings of factor to value.

    Args:
        folder: where the sweep file lies; the table lies there or below.

    Raises:
        InputProblems: where there is no such table, or it cannot be read.
    """
    if not name or Path(name).suffix not in _SUFFIXES:
        raise _wrong(name, "a table design names its file", "file: POINTS.csv, or .parquet")
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _wrong(name, f"'{name}' lies outside the experiment's folder", "a file beside the experiment")
    try:
        if path.stat().st_size > LARGEST_TABLE:
            raise _wrong(name, "the table is too large", f"at most {LARGEST_TABLE:,} bytes")
        return _from_csv(path) if path.suffix == ".csv" else _from_parquet(path)
    except FileNotFoundError:
        raise _wrong(name, f"no such file '{name}' beside the experiment") from None
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, InputProblems):
            raise
        raise _wrong(name, f"'{name}' cannot be read: {str(error).splitlines()[0]}") from None


def _from_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, strict=True))
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise _wrong(path.name, f"line {number} of {path.name} has another number of values than its head")
    return [{name: scalar(value.strip()) for name, value in row.items()} for row in rows]


def _from_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return list(pq.read_table(path).to_pylist())


def _wrong(name: str | None, message: str, allowed: str = "") -> InputProblems:
    return InputProblems([Problem(str(name), 1, 1, message, "", "", allowed)])

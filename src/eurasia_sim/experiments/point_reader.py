"""The points of a sweep file: its factors, or points written down in it or in a table."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eurasia_sim.experiments.factors import ALL, FactorReader, twin
from eurasia_sim.experiments.schema import (
    CROSSED,
    MOST_FACTORS,
    MOST_LEVELS,
    STATED,
    Factor,
    SweepFile,
)
from eurasia_sim.files.checker import Trail
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import Missing, Unreadable, read_bytes, table_rows
from eurasia_sim.files.user_yaml import InputProblems, Problem, scalar
from eurasia_sim.world.levers import levers

LARGEST_TABLE = 8 * 1024**2  # bytes
MOST_CELLS = 200_000  # of a table: read and checked within a second

Stated = tuple[tuple[float, ...], ...]  # points, a cell a factor
Target = tuple[
    str, int | None
]  # what a setting decides: a path, and a lever's month where it names one


@dataclass(frozen=True)
class Table:
    """The points of a table: mappings of factor to value, and the line that each is on."""

    file: str
    rows: list[dict[str, Any]]
    lines: Sequence[int]  # of a parquet file, the number of the row, from 1

    def placed(self, problem: Problem, row: int, name: str) -> Problem:
        """A problem of one value with its place in the table; columns count from 1."""
        column, line = list(self.rows[row]).index(name) + 1, self.lines[row]
        row_number = "" if self.file.endswith(".csv") else f"row {line}, "
        message = f"{row_number}column '{name}': {problem.message}"
        problem = replace(problem, file=self.file, line=line, column=column)
        return replace(problem, message=message, source_line="")


class PointReader(FactorReader):
    """Reads the factors and points of one sweep file; problems land in the document."""

    def points(self, file: SweepFile) -> tuple[tuple[Factor, ...], Stated]:
        """The factors, and the points where these are written down one by one."""
        kind = file.design.kind
        if kind not in STATED:
            return self._crossed_or_spread(file), ()
        if file.factors:
            message = f"the points of a {kind} say themselves what differs"
            self.complain(("factors",), message, allowed="no factors", of_key=True)
        if kind == "list":
            return self._stated(file.design.points, file, None)
        try:
            table = read_table(self.path.parent, file.design.file)
        except InputProblems as error:
            self.pass_on(("design", "file"), error)
            return (), ()
        return self._stated(table.rows, file, table)

    def _crossed_or_spread(self, file: SweepFile) -> tuple[Factor, ...]:
        self.apply_set(file)
        if not file.factors:
            allowed = "factors: {PATH: {low: ..., high: ...}}"
            self.complain((), "a sweep needs factors", allowed=allowed)
        if not self._fits(file):
            return ()
        found: list[tuple[Trail, str, Factor]] = []
        for name, given in file.factors.items():
            if len(found) > MOST_FACTORS:
                message = f"the factors up to here stand for {len(found):,} numbers"
                allowed = f"at most {MOST_FACTORS:,}"
                self.complain(("factors", name), message, allowed=allowed, of_key=True)
            if self.document.is_full or len(found) > MOST_FACTORS:
                return ()
            factors = self.factors_of(name, given, file)
            found += [(("factors", name), name, factor) for factor in factors]
        self._check_overlaps(found, file)
        return tuple(factor for *_, factor in found)

    def _stated(
        self, rows: Any, file: SweepFile, table: Table | None
    ) -> tuple[tuple[Factor, ...], Stated]:
        trail: Trail = ("design", "file" if table else "points")
        dicts = isinstance(rows, list) and rows and all(isinstance(r, dict) and r for r in rows)
        if not dicts:
            message = "the table holds no point" if table else "a list of points is needed"
            self.complain(trail, message, allowed="points, each a value of every factor")
            return (), ()
        names = list(rows[0])
        for at, row in enumerate(rows):
            if set(row) != set(names):
                where = trail if table else (*trail, at)
                message = f"point {at} names other factors than the first"
                self.complain(where, message, allowed=", ".join(names))
                return (), ()
        for at, row in enumerate(rows):
            self.load(trail if table else (*trail, at, "scenario"), row.get("scenario"))
        self.apply_set(file)
        found: list[tuple[Trail, str, Factor]] = []
        cells = []
        for name in names:

            def place(at: int, name: str = name) -> Trail:
                return trail if table else (*trail, at, name)

            column = [row[name] for row in rows]
            problems, before = self.document.problems, len(self.document.problems)
            if wrong := self.values(name, column, place):
                if table:
                    new = zip(problems[before:], wrong, strict=False)
                    problems[before:] = [table.placed(problem, row, name) for problem, row in new]
                continue
            column = [self.kept(name, value) for value in column]
            if any(isinstance(value, str) for value in column):
                index = {level: float(at) for at, level in enumerate(dict.fromkeys(column))}
                factor = Factor(name, levels=tuple(index))
                column = [index[value] for value in column]
            else:
                factor = Factor(name, min(column), max(column))
            found.append((place(0), name, factor))
            cells.append(column)
        self._check_overlaps(found, file)
        points = tuple(zip(*cells, strict=True))
        if len(found) == len(names) and (same := twin(points)) is not None:
            first, second = same if table is None else (table.lines[at] for at in same)
            what = "line" if table and table.file.endswith(".csv") else "row" if table else "point"
            again = f"{what} {second} is {what} {first} again"
            message = f"{again}: each run would be made twice and counted as two"
            self.complain(
                trail if table else (*trail, same[1]), message, allowed="every point once"
            )
        return tuple(factor for *_, factor in found), points

    def _check_overlaps(self, found: Sequence[tuple[Trail, str, Factor]], file: SweepFile) -> None:
        """Complain where two factors, or a factor and the file, decide one thing."""
        decided: dict[str, list[tuple[int | None, str]]] = {}
        for path in file.set:
            target, month = self._target(path)
            decided.setdefault(target, []).append((month, ""))
        reported: set[tuple[str, str]] = set()
        for trail, name, factor in found:
            for path in factor.paths:
                target, month = self._target(path)
                for other, whose in decided.get(target, ()):
                    overwritten = not whose and (other or 0) > (month or 0)
                    same = month == other or month is None or other is None
                    if (overwritten or same) and (name, whose) not in reported:
                        reported.add((name, whose))
                        self.report_clash(trail, name, path, whose)
                decided.setdefault(target, []).append((month, name))
            kind, _, form = name.partition(".")
            stated = {"theory": file.theory is not None, "seed": "seed" in file.model_fields_set}
            if stated.get(name, False) or (kind == "form" and form in file.forms):
                under = f"{kind}{'s' * bool(form)}"
                both = f"'{name}' is a factor and stands under {under}: too"
                message = f"{both}, which it would silently overwrite"
                self.complain(trail, message, allowed="one of the two", of_key=True)
        levels = next((factor.levels for _, name, factor in found if name == "scenario"), ())
        for at, name in enumerate(file.scenarios if levels else ()):
            if self.called.get(name) and self.called[name] not in levels:
                unused = f"'{name}' would never be run"
                message = f"{unused}: every point chooses its scenario, and none this one"
                self.complain(("scenarios", at), message, allowed=", ".join(map(str, levels)))

    def _target(self, path: str) -> Target:
        """What a path decides; of a lever with a month at its end, the lever and the month."""
        name, *ids = path.split(".")
        lever = levers().get(name)
        if path in self.world.numbers or lever is None or len(ids) != len(lever.path) + 1:
            return path, None
        try:
            return path.rpartition(".")[0], self.world.month(ids[-1])
        except DataError:
            return path, None  # whoever checks its values complains

    def _fits(self, file: SweepFile) -> bool:
        """Whether a grid or zip is small enough, before any level is made; else complain."""
        kind = file.design.kind
        if kind not in CROSSED:
            return True
        counts = {name: self._count(name, given) for name, given in file.factors.items()}
        points = max(counts.values(), default=0) if kind == "zip" else math.prod(counts.values())
        levels = sum(counts.values())
        if points <= self.most and levels <= MOST_LEVELS:
            return True
        large = next((name for name, count in counts.items() if count > MOST_LEVELS), None)
        trail: Trail = ("factors",) if large is None else ("factors", large, "steps")
        count = f"{points:,}" if points < 10**30 else "far too many"
        message, allowed = f"it has {count} points", f"at most {self.most:,} points"
        if points <= self.most:
            message, allowed = f"it has {levels:,} levels", f"at most {MOST_LEVELS:,} levels in all"
        self.complain(trail, f"this {kind} is too large: {message}", allowed=allowed)
        return False

    def _count(self, name: str, given: Any) -> int:
        """How many levels an entry stands for; 1 where it is wrong, of which others complain."""
        if given == ALL:
            return max(len(self.names_of(name)), 1)
        if isinstance(given, dict):
            levels, steps = given.get("levels"), given.get("steps")
            return steps if levels is None and type(steps) is int else _length(levels)
        return _length(given)


def _length(levels: object) -> int:
    return max(len(levels), 1) if isinstance(levels, list) else 1


def read_table(folder: Path, name: str | None) -> Table:
    """The points in a table.

    Args:
        folder: where the sweep file lies; the table lies there or below.

    Raises:
        InputProblems: where there is no such table, or it cannot be read.
    """
    if not name or Path(name).suffix not in (".csv", ".parquet"):
        raise _wrong(name, "a table design names its file", "file: POINTS.csv, or .parquet")
    beside = "a file beside the experiment"
    try:
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise _wrong(name, f"'{name}' lies outside the experiment's folder", beside)
        return _from_csv(path) if path.suffix == ".csv" else _from_parquet(path)
    except InputProblems:
        raise
    except Missing:
        raise _wrong(name, f"no such file '{name}' beside the experiment") from None
    except Unreadable as error:
        raise _wrong(name, f"{name}:{error.place[0]}: {error.wrong}", error.allowed) from None
    except (OSError, ValueError, ArithmeticError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise _wrong(name, f"{name!r} cannot be read: {reason}") from None


def _from_csv(path: Path) -> Table:
    rows: list[dict[str, Any]] = []
    lines = []
    table = table_rows(path, LARGEST_TABLE)
    head = [name.strip() for name in next(table, (1, []))[1]]
    _check_head(path.name, head)
    for line, values in table:
        if len(values) != len(head):
            count = f"line {line} of {path.name} has {len(values)} values"
            message = f"{count}, its head has {len(head)}"
            raise _wrong(path.name, message, f"{len(head)} values in every line")
        cells = [scalar(value.strip()) for value in values]
        rows.append(dict(zip(head, cells, strict=True)))
        lines.append(line)
        _check_rows(path.name, len(rows), len(head))
    return Table(str(path), rows, lines)


def _from_parquet(path: Path) -> Table:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        with pq.ParquetFile(io.BytesIO(read_bytes(path, LARGEST_TABLE))) as file:
            _check_head(path.name, list(file.schema_arrow.names))
            _check_rows(path.name, file.metadata.num_rows, file.metadata.num_columns)
            rows = list(file.read().to_pylist())
    except ArrowException as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return Table(str(path), rows, range(1, len(rows) + 1))


def _check_rows(name: str, rows: int, columns: int) -> None:
    """Refuse a table of too many values; a packed file says nothing of its size in memory."""
    if rows * columns > MOST_CELLS:
        message = f"{name} is too large: {columns:,} columns of {rows:,} rows or more"
        raise _wrong(name, message, f"at most {MOST_CELLS:,} values")


def _check_head(name: str, head: Sequence[str]) -> None:
    """Refuse a column that has no name, or a name that another has too."""
    for at, column in enumerate(head):
        if not column:
            message = f"column {at + 1} of {name} has no name"
            raise _wrong(name, message, "a factor at the head of every column")
        if (first := head.index(column)) < at:
            message = f"columns {first + 1} and {at + 1} of {name} are both '{column}'"
            raise _wrong(name, message, "each factor once")


def _wrong(name: str | None, message: str, allowed: str = "") -> InputProblems:
    return InputProblems([Problem(str(name), 1, 1, message, "", "", allowed)])

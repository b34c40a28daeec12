"""The points of a sweep file: its factors together, and points written down in it or in a table beside it."""

from __future__ import annotations

import csv
import math
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eurasia_sim.experiments.factors import ALL, FactorReader
from eurasia_sim.experiments.schema import CROSSED, MOST_POINTS, STATED, Factor, Points, SweepFile
from eurasia_sim.experiments.values import Target, clash, paths_of, target, twin
from eurasia_sim.files.checker import Trail
from eurasia_sim.files.user_yaml import InputProblems, Problem, scalar

_SUFFIXES = (".csv", ".parquet")
LARGEST_TABLE = 1024**3  # bytes


class PointReader(FactorReader):
    """Reads the factors and points of one sweep file; what is wrong lands in the document, and reading goes on."""

    def points(self, file: SweepFile) -> tuple[tuple[Factor, ...], tuple[tuple[float, ...], ...]]:
        """The factors, and the points where these are written down one by one."""
        if file.design.kind not in STATED:
            self.work_in(file)
            if not file.factors:
                self.complain((), "a sweep needs factors", allowed="factors: {PATH: {low: ..., high: ...}}")
            if not self._fits(file):
                return (), ()
            found = [
                (("factors", name), name, factor)
                for name, given in file.factors.items()
                for factor in self.factors_of(name, given, file)
            ]
            self._alone(found, file)
            return tuple(factor for *_, factor in found), ()
        if file.factors:
            message = f"the points of a {file.design.kind} say themselves what differs"
            self.complain(("factors",), message, allowed="no factors", of_key=True)
        if file.design.kind == "table":
            try:
                table = read_points(self.path.parent, file.design.file)
            except InputProblems as error:
                self.passed_on(("design", "file"), error)
                return (), ()
            return self._stated(table.rows, file, table)
        return self._stated(file.design.points, file, None)

    # --- points that are written down

    def _stated(
        self, rows: Any, file: SweepFile, table: Points | None
    ) -> tuple[tuple[Factor, ...], tuple[tuple[float, ...], ...]]:
        trail: Trail = ("design", "file" if table else "points")
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and row for row in rows):
            message = "the table holds no point" if table else "a list of points is needed"
            self.complain(trail, message, allowed="points, each a value of every factor")
            return (), ()
        names = list(rows[0])
        for at, row in enumerate(rows):
            if list(row) != names and set(row) != set(names):
                where = trail if table else (*trail, at)
                self.complain(where, f"point {at} names other factors than the first", allowed=", ".join(names))
                return (), ()
        for at, row in enumerate(rows):
            self.load(trail if table else (*trail, at, "scenario"), row.get("scenario"))
        self.work_in(file)
        found, cells = [], []
        for name in names:
            column = [row[name] for row in rows]

            def place(at: int, name: str = name) -> Trail:
                return trail if table else (*trail, at, name)

            if not self.values(name, column, place, table):
                continue
            column = [self.kept(name, value) for value in column]
            factor = _stated_factor(name, column)
            found.append((place(0), name, factor))
            cells.append([float(factor.levels.index(value)) for value in column] if factor.is_text else column)
        self._alone(found, file)
        points = tuple(zip(*cells, strict=True))
        if len(found) == len(names) and (same := twin(points)) is not None:
            first, second = same if table is None else (table.lines[at] for at in same)
            what = "point" if table is None else "line" if table.file.endswith(".csv") else "row"
            message = f"{what} {second} is {what} {first} again: each run would be made twice and counted as two"
            self.complain((*trail, same[1]) if table is None else trail, message, allowed="every point once")
        return tuple(factor for *_, factor in found), points

    # --- what each factor decides, alone

    def _alone(self, found: Sequence[tuple[Trail, str, Factor]], file: SweepFile) -> None:
        """Complain where two factors decide one thing, or a factor one that the file decides too."""
        decided: dict[str, list[tuple[Target, str]]] = {}
        for path in file.set:
            decided.setdefault((this := target(self.world, path))[0], []).append((this, ""))
        said: set[tuple[str, str]] = set()
        for trail, name, factor in found:
            for path in paths_of(factor):
                this = target(self.world, path)
                for other, whose in decided.get(this[0], ()):
                    overwritten = not whose and (other[1] or 0) > (this[1] or 0)
                    if (overwritten or clash(this, other)) and (name, whose) not in said:
                        said.add((name, whose))
                        self.say_clash(trail, name, path, whose)
                decided.setdefault(this[0], []).append((this, name))
            stated = {"theory": file.theory is not None, "seed": "seed" in file.model_fields_set}
            kind, _, form = name.partition(".")
            if stated.get(name, False) or (kind == "form" and form in file.forms):
                self.complain(trail, f"'{name}' is a factor and stands under {kind}{'s' * bool(form)}: too, which it "
                              "would silently overwrite", allowed="one of the two", of_key=True)  # fmt: skip
        levels = next((factor.levels for *_, factor in found if factor.name == "scenario"), ())
        for at, name in enumerate(file.scenarios if levels else ()):
            if self.called.get(name) and self.called[name] not in levels:
                message = f"'{name}' would never be run: every point chooses its scenario, and none this one"
                self.complain(("scenarios", at), message, allowed=", ".join(map(str, levels)))

    # --- how many

    def _fits(self, file: SweepFile) -> bool:
        """Whether a grid or zip has few enough points, known before any level is made; if not, say so."""
        if file.design.kind not in CROSSED:
            return True
        counts = {name: self._count(name, given) for name, given in file.factors.items()}
        points = math.prod(counts.values()) if file.design.kind == "grid" else max(counts.values(), default=0)
        if points <= MOST_POINTS:
            return True
        large = next((name for name, count in counts.items() if count > MOST_POINTS), None)
        trail: Trail = ("factors",) if large is None else ("factors", large, "steps")
        message = f"this {file.design.kind} is too large: it has {_big(points)} points"
        self.complain(trail, message, allowed=f"at most {MOST_POINTS:,} points")
        return False

    def _count(self, name: str, given: Any) -> int:
        """How many levels an entry stands for; 1 where it says none, for whoever reads it complains."""
        if given == ALL:
            return max(len(self.names_of(name)), 1)
        if isinstance(given, dict):
            levels, steps = given.get("levels"), given.get("steps")
            return steps if levels is None and type(steps) is int else _length(levels)
        return _length(given)


def _stated_factor(name: str, column: Sequence[Any]) -> Factor:
    """The factor of a column of checked values: with levels where any is a text, else any numbers."""
    if any(isinstance(value, str) for value in column):
        return Factor(name, levels=tuple(dict.fromkeys(column)))
    return Factor(name, min(column), max(column))


def _big(count: int) -> str:
    return f"{count:,}" if count < 10**30 else "far too many"


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


def _length(levels: object) -> int:
    return max(len(levels), 1) if isinstance(levels, list) else 1

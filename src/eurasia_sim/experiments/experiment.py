"""A sweep file checked against a world: everything wrong with it at once, else an experiment."""

import contextlib
import io
import math
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, cast

from eurasia_sim.experiments import schema
from eurasia_sim.experiments.factors import FactorReader, Refused, fault, twin
from eurasia_sim.experiments.schema import Experiment, Factor, SweepFile
from eurasia_sim.files.checker import FORMAT, Trail, reason_of, shown
from eurasia_sim.files.data_yaml import DataError, refuse
from eurasia_sim.files.ordinary import Unreadable, read_bytes, table_rows
from eurasia_sim.files.page import STEP, Page, Problem, nearest, read_file, scalar
from eurasia_sim.scenarios.outcome_columns import columns_of, unfolded
from eurasia_sim.scenarios.schema import measures, present_name
from eurasia_sim.world.levers import split_month
from eurasia_sim.world.world import World

Columns = dict[str, list[Any]]  # by factor, its value at every point
Entries = Mapping[str, Sequence[Factor]]  # by entry of the file, the factors that it stands for
Stated = tuple[tuple[float, ...], ...]  # points, a cell a factor

FOLDER = "experiments"  # where a name is looked up
LARGEST_TABLE = 8 * 1024**2  # bytes
MOST_CELLS = 100_000  # of a table: read and checked within a second


def names() -> dict[str, Path]:
    """Every experiment that a name can reach, with its file: here, packaged, or in a checkout."""
    package = Path(str(files("eurasia_sim")))
    folders = [package.parent.parent / FOLDER, package / "data" / FOLDER, Path.cwd() / FOLDER]
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))}


def located(name_or_path: str) -> Path:
    """The file of an experiment; raises DataError for an unknown name."""
    path, known = Path(name_or_path), names()
    if path.suffix in (".yaml", ".yml"):
        return path
    if name_or_path in known:
        return known[name_or_path]
    close, listed = nearest(name_or_path, known), ", ".join(known)
    message = f"unknown experiment '{name_or_path}'"
    raise DataError([Problem(name_or_path, 1, 1, message, "", close, listed)])


def load_experiment(path: Path | str, world: World) -> Experiment:
    """The sweep in a file, by path or name; DataError with everything wrong with it."""
    path = located(path) if isinstance(path, str) else path
    document = read_file(path)
    usual = {"format": FORMAT, "kind": "sweep", "title": path.stem, "design": {"kind": "grid"}}
    file = document.fitted(SweepFile, **usual)
    experiment = file and _Reader(document, file, path, world).experiment()
    refuse([document])
    return cast(Experiment, experiment)


def kind_of(path: Path | str) -> str | None:
    """What kind of experiment a file says it is; none if it says nothing or cannot be read."""
    data = read_file(path).data
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else None


def _check_size(head: Sequence[str], rows: int) -> None:
    if not all(head) or len({*head}) < len(head):
        raise Unreadable("a column has no name, or that of another", "a factor a column")
    if not 0 < rows * len(head) <= MOST_CELLS:
        raise Unreadable(f"the table has {rows:,} rows", f"1 to {MOST_CELLS:,} values")


def _of_parquet(path: Path) -> tuple[Sequence[int], Columns]:
    import pyarrow.parquet as pq  # here, for `check` answers sooner without it
    from pyarrow import ArrowException

    content = read_bytes(path, LARGEST_TABLE)
    try:
        with pq.ParquetFile(io.BytesIO(content)) as file:
            _check_size(file.schema_arrow.names, file.metadata.num_rows)
            table = file.read()
            return range(1, table.num_rows + 1), table.to_pydict()
    except Unreadable:
        raise
    except (ArrowException, OSError, ValueError, ArithmeticError, RuntimeError) as error:
        raise Unreadable(f"the table cannot be read: {reason_of(error)}") from None


def _of_text(path: Path) -> tuple[Sequence[int], Columns]:
    table = table_rows(path, LARGEST_TABLE)
    head = [name.strip() for name in next(table, (1, []))[1]]
    rows = [*islice(table, MOST_CELLS // max(len(head), 1) + 1)]
    _check_size(head, len(rows))
    for line, cells in rows:
        if len(cells) != len(head):
            wrong = f"it has {len(cells)} values, its head has {len(head)}"
            raise Unreadable(wrong, f"{len(head)} values in every line", (line, 1))
    lines, values = zip(*rows, strict=True)
    columns = ([scalar(cell.strip()) for cell in column] for column in zip(*values, strict=True))
    return lines, dict(zip(head, columns, strict=True))


class _Reader(FactorReader):
    """Goes through one sweep file; problems land in the document, and reading goes on."""

    def experiment(self) -> Experiment:
        """The experiment of a file that has the right shape."""
        self._choices()
        entries: Entries = {}
        stated: Stated = ()
        if "design" in self.document.data:
            with contextlib.suppress(Refused):
                is_stated = self.kind in schema.STATED
                entries, stated = self._stated() if is_stated else (self._laid(), ())
                self._check_overlaps(entries)
        if not self.called:
            self.complain((), "no scenario is named", allowed="scenarios: [NAME, ...]")
        factors = tuple(factor for own in entries.values() for factor in own)
        if "design" in self.document.data:
            self._design(factors)
            self._constraints(factors, self.file.factors.keys() - entries.keys())
        if (same := twin(scenario.digest for scenario in self.scenarios)) is not None:
            one, two = (self.scenarios[at].name for at in same)
            message = f"{one} and {two} come to the same: every run would be made twice"
            self.complain(("scenarios",), message, allowed="scenarios that differ beyond set:")
        columns, window = self._columns(self.file.measures), self._window(self.file.window)
        scenarios = tuple(self.scenarios)
        return Experiment(self.path, self.file, scenarios, factors, stated, columns, window)

    def _choices(self) -> None:
        """Check the theory, the forms and what is set; load scenarios named beside the points."""
        file = self.file
        for factor, name in file.forms.items():
            if wrong := self.unknown(f"form.{factor}", name):
                self.document.pass_on(("forms", factor), wrong)
        if file.theory is not None and (wrong := self.unknown("theory", file.theory)):
            self.document.pass_on(("theory",), wrong)
        else:
            self.theory = file.theory
        for path, value in list(file.set.items()):
            if not isinstance(value, str) and (wrong := fault(path, value)):
                self.document.pass_on(("set", path), wrong)
                del file.set[path]
        if (same := twin(file.scenarios)) is not None:
            message = f"the scenario '{file.scenarios[same[1]]}' stands twice"
            self.complain(("scenarios", same[1]), message, allowed="each scenario once")
        self.load(self.document, ("scenarios",), file.scenarios)
        entry = file.factors.get("scenario")
        levels = getattr(entry, "levels", entry)
        if isinstance(levels, list):
            self.load(self.document, self.levels_trail("scenario"), levels)

    def _laid(self) -> Entries:
        """The factors that the file's entries stand for; no point is written down."""
        self.apply_set()
        if not self.file.factors:
            allowed = "factors: {PATH: {low: ..., high: ...}}"
            self.complain((), "a sweep needs factors", allowed=allowed)
        entries = dict[str, list[Factor]]()
        count = levels = 0
        for name in self.file.factors:
            if self.document.is_full:
                raise Refused
            with contextlib.suppress(Refused):
                entries[name] = self.factors_of(name)
                count += len(entries[name])
                levels += sum(len(factor.levels) for factor in entries[name])
            if count > schema.MOST_FACTORS or levels > schema.MOST_LEVELS:
                message = f"the factors up to here have {count:,} numbers and {levels:,} levels"
                most = f"at most {schema.MOST_FACTORS:,} and {schema.MOST_LEVELS:,} in all"
                self.refuse(("factors", name), message, most)
        return entries

    def _stated(self) -> tuple[Entries, Stated]:
        """The factors and the points of a list in the file, or of a table beside it."""
        if self.file.factors:
            message = f"the points of a {self.kind} say themselves what differs"
            self.complain(("factors",), message, allowed="no factors", of_key=True)
        if self.kind == "list":
            return self._points_of(self.document, ("design", "points"), self._listed())
        name = self.file.design.file or ""
        path, folder = self.path.parent / name, self.path.parent.resolve()
        is_table = path.suffix in (".csv", ".parquet")
        if not is_table or not path.resolve().is_relative_to(folder):
            allowed = "file: POINTS.csv, or .parquet, in the experiment's folder"
            self.refuse(("design", "file"), f"the table of points is {shown(name)}", allowed)
        page = Page(str(path), problems=self.document.problems)
        try:
            lines, columns = (_of_parquet if path.suffix == ".parquet" else _of_text)(path)
        except Unreadable as error:
            page.report(error.place, error.wrong, allowed=error.allowed)
            raise Refused from None
        page.places = {f"{STEP}{at}": (line, 1, line, 1) for at, line in enumerate(lines)}
        return self._points_of(page, (), columns)

    def _listed(self) -> Columns:
        given, trail = self.file.design.points, ("design", "points")
        points = given if isinstance(given, list) else []
        rows = [row for row in points if isinstance(row, dict)]
        if not rows or len(rows) < len(points):
            self.refuse(trail, "a list of points is needed", "points, each a value of every factor")
        for at, row in enumerate(rows):
            if row.keys() != rows[0].keys():
                message = f"point {at} names other factors than the first"
                self.refuse((*trail, at), message, ", ".join(rows[0]))
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _points_of(self, page: Page, above: Trail, columns: Columns) -> tuple[Entries, Stated]:
        """The factors and points of columns whose rows stand on a page, below a place of it."""
        self.load(page, above, columns.get("scenario", ()), "scenario")
        self.apply_set()
        entries, cells = dict[str, list[Factor]](), []
        for name, column in columns.items():
            if page.is_full:
                raise Refused
            for at, wrong in (faults := self.faults(name, column)):
                page.pass_on((*above, at, name), wrong)
            if faults:
                continue
            values: list[Any] = [self.kept(name, value) for value in column]
            factor = Factor(name, levels=tuple(dict.fromkeys(values)))
            if factor.is_text:
                values = [float(factor.levels.index(value)) for value in values]
            else:
                factor = Factor(name, min(values), max(values))
            entries[name] = [factor]
            cells.append(values)
        points = tuple(zip(*cells, strict=True))
        if len(cells) == len(columns) and (same := twin(points)) is not None:
            unit = "row" if page.name.endswith(".parquet") else "line"
            first = f"the point of {unit} {page.place((same[0],))[0]}"
            first = f"point {same[0]}" if above else first
            message = f"this is {first} again: each run would be made twice and counted as two"
            page.complain((*above, same[1]), message, allowed="every point once")
        return entries, points

    def _check_overlaps(self, entries: Entries) -> None:
        """Complain where two entries, or an entry and the rest of the file, decide one thing."""
        file = self.file
        owners: dict[str, str] = {
            key: f"{key}:" for key in ("theory", "seed") if key in file.model_fields_set
        }
        owners |= {f"form.{name}": "forms:" for name in file.forms}
        owners |= dict.fromkeys(file.set, "set:")
        owned = [("", path, owner) for path, owner in owners.items()]
        for name, factors in entries.items():
            owned += [(name, path, f"'{name}'") for factor in factors for path in factor.paths]
        decided: dict[str, list[tuple[int | None, str]]] = {}
        clashes = dict[tuple[str, str], str]()
        for name, path, owner in owned:
            target, month = self._target(path)
            for other, whose in decided.setdefault(target, []):
                if name and (month == other or None in (month, other)):  # else two decisions
                    message = f"{whose} and {owner} both set {path}: one would overwrite the other"
                    clashes.setdefault((name, whose), message)
            decided[target].append((month, owner))
        for (name, _), message in clashes.items():
            self.complain(("factors", name), message, allowed="one of the two", of_key=True)
        levels = [level for each in entries.get("scenario", ()) for level in each.levels]
        for at, name in enumerate(file.scenarios if levels else ()):
            if self.called[name] not in levels:
                message = f"'{name}' would never be run: no point chooses it"
                self.complain(("scenarios", at), message, allowed=", ".join(map(str, levels)))

    def _target(self, path: str) -> tuple[str, int | None]:
        """What a path decides; of a lever with a month at its end, the lever and the month."""
        head, date = (path, None) if path in self.world.numbers else split_month(path)
        try:
            return head, None if date is None else self.world.month(date)
        except DataError:
            return path, None  # whoever checks its values complains

    def _design(self, factors: Sequence[Factor]) -> None:
        design, kind, sizes = self.file.design, self.kind, self.file.design.sizes
        own = schema.OWN_KEYS[kind]
        for key in sorted(design.model_fields_set - {"kind", *own}):
            message = f"{key} means nothing in a {kind} design"
            self.complain(("design", key), message, allowed=", ".join(("kind", *own)), of_key=True)
        lengths, most = [len(factor.levels) for factor in factors], schema.MOST_POINTS
        key = "trajectories" if kind == "morris" else "points"
        here, count = ("design", key), f"{key} is {shown(getattr(design, key))}"
        is_spread, rows = kind in schema.SPREAD, design.rows(len(factors))
        is_right = sizes and all(0 < size <= most for size in sizes)
        is_power = kind not in ("sobol", "saltelli") or [n.bit_count() for n in sizes] == [1]
        may_repeat = kind in schema.OWN_CHANCE and lengths and all(lengths)
        for is_wrong, trail, message, right in (
            (kind == "zip" and len({*lengths}) > 1, ("factors",), "levels differ in number",
             "as many levels of each factor in a zip"),
            (kind == "grid" and math.prod(lengths) > most, ("factors",), "this grid is too large",
             f"at most {most:,} points"),
            (is_spread and not is_right, here, count, f"a number from 1 to {most:,}"),
            (is_spread and is_right and not is_power, here, count,
             "2, 4, 8, 16, ...: a Sobol' sequence is balanced only at powers of two"),
            (is_spread and is_right and rows > most, here, f"{count}, which makes {rows:,} points",
             f"at most {most:,} points"),
            (kind == "morris" and design.levels % 2, ("design", "levels"),
             f"levels is {design.levels}", "an even number"),
            (self.file.chance == "common" and may_repeat, ("chance",),
             "points of levels alone may repeat, and under one luck they are the same runs",
             "chance: own, or kind: grid"),
        ):  # fmt: skip
            if is_wrong:
                self.complain(trail, message, allowed=right)

    def _constraints(self, factors: Sequence[Factor], unread: Collection[str]) -> None:
        numeric = [factor.name for factor in factors if not factor.is_text]
        known = {*numeric, *unread, *self.document.left_out}
        for at, given in enumerate(self.file.constraints):
            trail = ("constraints", at)
            if self.kind in schema.PATTERNED:
                wrong = f"{self.kind} needs every point of its pattern to compute an index"
                self.complain(trail, wrong, allowed="no constraints, or latin_hypercube or sobol")
            elif given.at_least is None and given.at_most is None:
                self.complain(trail, "a constraint needs at_least, at_most or both")
            for name in (name for name in given.sum if name not in known):
                wrong = f"'{name}' is no numeric factor"
                self.complain((*trail, "sum", name), wrong, numeric, name, of_key=True)

    def _columns(self, given: list[str]) -> tuple[str, ...]:
        """Names of the columns to keep: a measure's name stands for all of its columns."""
        known, found = sorted(columns_of(self.world)), list[str]()
        for pattern in dict.fromkeys(given):
            is_measure = pattern in measures()
            names = [name for name in known if is_measure and name.split(".")[0] == pattern]
            names = names or unfolded(pattern, self.world)
            if (wrong := next((name for name in names if name not in known), None)) is not None:
                trail, words = ("measures", given.index(pattern)), [*measures(), *known]
                message = f"unknown measure or column '{wrong}'"
                self.complain(trail, message, words, present_name(wrong))
            if self.document.is_full:
                break
            found += names
        return tuple(dict.fromkeys(found))

    def _window(self, given: list[str]) -> tuple[int, int]:
        """The months named; else from where the first scenario departs to the end."""
        self.end = min((scenario.months for scenario in self.scenarios), default=self.end)
        if given:
            return self.window(("window",), given)
        first = min((scenario.branch_month for scenario in self.scenarios), default=0)
        return (first if first < self.end else 0), self.end

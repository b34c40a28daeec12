"""A sweep file checked against a world: everything wrong with it at once, else an experiment."""

import contextlib
import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import cast

from eurasia_sim.experiments import schema
from eurasia_sim.experiments.factors import FactorReader, Refused, fault, twin
from eurasia_sim.experiments.schema import Experiment, Factor, SweepFile
from eurasia_sim.experiments.table import read_table
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.data_yaml import DataError, refuse
from eurasia_sim.files.page import Problem, nearest, read_file
from eurasia_sim.scenarios.outcome_columns import columns_of, unfolded
from eurasia_sim.scenarios.schema import measures, present_name
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

Stated = tuple[tuple[float, ...], ...]  # points, a cell a factor

FOLDER = "experiments"  # where a name is looked up


def names() -> dict[str, Path]:
    """Every experiment that a name can reach, with its file: here, packaged, or in a checkout."""
    package = Path(str(files("eurasia_sim")))
    folders = [package.parent.parent / FOLDER, package / "data" / FOLDER, Path.cwd() / FOLDER]
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))}


def located(name_or_path: str) -> Path:
    """The file of an experiment.

    Raises:
        DataError: when neither a file nor an experiment of that name is there.
    """
    path, known = Path(name_or_path), names()
    if path.suffix in (".yaml", ".yml"):
        return path
    if name_or_path in known:
        return known[name_or_path]
    close, listed = nearest(name_or_path, known), ", ".join(known)
    message = f"unknown experiment '{name_or_path}'"
    raise DataError([Problem(name_or_path, 1, 1, message, "", close, listed)])


def load_experiment(path: Path | str, world: World, most: int = schema.MOST_POINTS) -> Experiment:
    """The sweep in a file, or in the one that a text names, of at most so many points.

    Raises:
        DataError: with everything wrong with it.
    """
    path = located(path) if isinstance(path, str) else path
    document = read_file(path)
    file = document.validated(SweepFile)
    refuse([document])
    experiment = _Reader(document, path, world, most).experiment(cast(SweepFile, file))
    refuse([document])
    return experiment


def kind_of(path: Path | str) -> str | None:
    """What kind of experiment a file says it is; none if it says nothing or cannot be read."""
    data = read_file(path).data
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else None


class _Reader(FactorReader):
    """Goes through one sweep file; problems land in the document, and reading goes on."""

    def experiment(self, file: SweepFile) -> Experiment:
        """The experiment of a file that has the right shape."""
        self._choices(file)
        factors, stated = tuple[Factor, ...](), Stated()
        with contextlib.suppress(Refused):
            is_stated = file.design.kind in schema.STATED
            factors, stated = self._stated(file) if is_stated else (self._laid(file), ())
        if not self.called:
            self.complain((), "no scenario is named", allowed="scenarios: [NAME, ...]")
        self._design(file, factors)
        self._constraints(file, factors)
        scenarios = tuple(self.scenarios)
        if (same := twin(scenario.digest for scenario in scenarios)) is not None:
            one, two = (scenarios[at].name for at in same)
            message = f"{one} and {two} come to the same: every run would be made twice"
            self.complain(("scenarios",), message, allowed="scenarios that differ beyond set:")
        columns, window = self._columns(file.measures), self._window(file.window)
        return Experiment(self.path, file, scenarios, factors, stated, columns, window)

    def _choices(self, file: SweepFile) -> None:
        """Check the theory and the forms of all points; load scenarios named beside the points."""
        if file.theory is not None and self.known(("theory",), "theory", file.theory):
            self.theory = file.theory
        for factor, name in file.forms.items():
            self.known(("forms", factor), f"form.{factor}", name)
        for path, value in list(file.set.items()):
            if not isinstance(value, str) and (wrong := fault(path, value)) is not None:
                self.complain(("set", path), wrong[0], allowed=wrong[1])
                del file.set[path]
        if (same := twin(file.scenarios)) is not None:
            message = f"the scenario '{file.scenarios[same[1]]}' stands twice"
            self.complain(("scenarios", same[1]), message, allowed="each scenario once")
        for at, name in enumerate(file.scenarios):
            self.load(("scenarios", at), name)
        if (entry := file.factors.get("scenario")) is not None:
            trail: Trail = ("factors", "scenario", *(() if entry.is_short else ("levels",)))
            for at, name in enumerate(entry.levels or ()):
                self.load((*trail, at), name)

    def _laid(self, file: SweepFile) -> tuple[Factor, ...]:
        """The factors that entries of the file stand for; no point is written down."""
        self.apply_set(file)
        if not file.factors:
            allowed = "factors: {PATH: {low: ..., high: ...}}"
            self.complain((), "a sweep needs factors", allowed=allowed)
        kind, found, levels = file.design.kind, list[tuple[Trail, str, Factor]](), 0
        for name, entry in file.factors.items():
            trail: Trail = ("factors", name)
            levels += entry.steps or len(entry.levels or ())
            if self.document.is_full:
                raise Refused
            if len(found) > schema.MOST_FACTORS:
                message = f"the factors up to here stand for {len(found):,} numbers"
                self.refuse(trail, message, f"at most {schema.MOST_FACTORS:,}")
            if kind in schema.CROSSED and levels > schema.MOST_LEVELS:
                message = f"this {kind} is too large: it has {levels:,} levels or more"
                self.refuse(trail, message, f"at most {schema.MOST_LEVELS:,} levels in all")
            with contextlib.suppress(Refused):
                found += [(trail, name, each) for each in self.factors_of(name, entry, file)]
        self._check_overlaps(found, file)
        points = math.prod(len(factor.levels) for *_, factor in found)
        if kind == "grid" and points > self.most:
            count = f"{points:,}" if points < 10**30 else "far too many"
            message = f"this grid is too large: it has {count} points"
            self.refuse(("factors",), message, f"at most {self.most:,} points")
        return tuple(factor for *_, factor in found)

    def _stated(self, file: SweepFile) -> tuple[tuple[Factor, ...], Stated]:
        """The factors and the points of a list in the file, or of a table beside it."""
        kind, rows, table = file.design.kind, file.design.points, None
        if file.factors:
            message = f"the points of a {kind} say themselves what differs"
            self.complain(("factors",), message, allowed="no factors", of_key=True)
        if kind == "table":
            try:
                table = read_table(self.path.parent, file.design.file)
            except DataError as error:
                self.pass_on(("design", "file"), error)
                raise Refused from None
            rows = table.rows
        trail: Trail = ("design", "file" if table else "points")
        if (
            not isinstance(rows, list)
            or not rows
            or not all(isinstance(r, dict) and r for r in rows)
        ):
            message = "the table holds no point" if table else "a list of points is needed"
            self.refuse(trail, message, "points, each a value of every factor")
        names = list(rows[0])
        for at, row in enumerate(rows):
            if row.keys() != rows[0].keys():
                message = f"point {at} names other factors than the first"
                self.refuse((*trail, at), message, ", ".join(names))
            self.load((*trail, at, "scenario"), row.get("scenario"))
        self.apply_set(file)
        found, cells = list[tuple[Trail, str, Factor]](), []
        for name in names:
            column, before = [row[name] for row in rows], len(self.document.problems)
            places = [(*trail, at, name) for at in range(len(rows))]
            if wrong := self.values(name, column, places.__getitem__):
                if table:
                    new = zip(self.document.problems[before:], wrong, strict=False)
                    placed = [table.placed(problem, row, name) for problem, row in new]
                    self.document.problems[before:] = placed
                continue
            column = [self.kept(name, value) for value in column]
            if any(isinstance(value, str) for value in column):
                index = {level: float(at) for at, level in enumerate(dict.fromkeys(column))}
                factor = Factor(name, levels=tuple(index))
                column = [index[value] for value in column]
            else:
                factor = Factor(name, min(column), max(column))
            found.append((places[0], name, factor))
            cells.append(column)
        self._check_overlaps(found, file)
        points = tuple(zip(*cells, strict=True))
        if len(found) == len(names) and (same := twin(points)) is not None:
            first, second = [table.lines[at] for at in same] if table else same
            unit = table.unit if table else "point"
            message = f"{unit} {second} is {unit} {first} again"
            message = f"{message}: each run would be made twice and counted as two"
            self.complain((*trail, same[1]), message, allowed="every point once")
        return tuple(factor for *_, factor in found), points

    def _check_overlaps(self, found: Sequence[tuple[Trail, str, Factor]], file: SweepFile) -> None:
        """Complain where two factors, or a factor and the file, decide one thing."""
        decided: dict[str, list[tuple[int | None, str]]] = {}
        for path in file.set:
            target, month = self._target(path)
            decided.setdefault(target, []).append((month, ""))
        reported: set[tuple[str, str]] = set()
        under = {"theory": file.theory is not None, "seed": "seed" in file.model_fields_set}
        under |= {f"form.{form}": True for form in file.forms}
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
            if under.get(name):
                key = "forms" if name.startswith("form.") else name
                message = f"'{name}' is a factor and stands under {key}: too"
                self.complain(trail, message, allowed="one of the two", of_key=True)
        levels = next((factor.levels for _, name, factor in found if name == "scenario"), ())
        for at, name in enumerate(file.scenarios if levels else ()):
            if self.called.get(name) and self.called[name] not in levels:
                message = f"'{name}' would never be run: no point chooses it"
                self.complain(("scenarios", at), message, allowed=", ".join(map(str, levels)))

    def _target(self, path: str) -> tuple[str, int | None]:
        """What a path decides; of a lever with a month at its end, the lever and the month."""
        name, *ids = path.split(".")
        lever = levers().get(name)
        if path in self.world.numbers or lever is None or len(ids) != len(lever.path) + 1:
            return path, None
        try:
            return path.rpartition(".")[0], self.world.month(ids[-1])
        except DataError:
            return path, None  # whoever checks its values complains

    def _design(self, file: SweepFile, factors: Sequence[Factor]) -> None:
        """Check how many points there are, and that every key means something."""
        design, kind = file.design, file.design.kind
        own, sizes = schema.OWN_KEYS[kind], design.sizes
        for key in sorted(design.model_fields_set - {"kind", *own}):
            message = f"{key} means nothing in a {kind} design"
            self.complain(("design", key), message, allowed=", ".join(("kind", *own)), of_key=True)
        lengths = {factor.name: len(factor.levels) for factor in factors}
        if kind == "zip" and len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} {length}" for name, length in lengths.items())
            message = f"a zip needs as many levels of each factor, and has {found}"
            self.complain(("factors",), message)
        if kind not in schema.SPREAD:
            return
        is_common = kind in schema.OWN_CHANCE and file.chance == "common"
        if is_common and lengths and all(lengths.values()):
            message = "points of levels alone may repeat, and under one luck they are the same runs"
            self.complain(("chance",), message, allowed="chance: own, or kind: grid")
        key = "trajectories" if kind == "morris" else "points"
        trail, given = ("design", key), shown(getattr(design, key))
        if not sizes:
            message = f"{kind} needs to know how many {key}"
            self.complain(("design",), message, allowed=f"{key}: NUMBER")
        elif not all(type(size) is int and 0 < size <= self.most for size in sizes):
            allowed = f"whole numbers from 1 to {self.most:,}"
            self.complain(trail, f"{key} is {given}", allowed=allowed)
        elif kind in ("sobol", "saltelli") and (len(sizes) > 1 or sizes[0] & (sizes[0] - 1)):
            message = f"{sizes[0]} points: a Sobol' sequence is balanced only at powers of two"
            self.complain(trail, message, allowed="one of 2, 4, 8, 16, ...")
        elif (rows := design.rows(len(factors))) > self.most:
            message = f"{len(factors)} factors and {key} {given} make {rows:,} points"
            self.complain(trail, message, allowed=f"at most {self.most:,} points")
        if kind == "morris" and design.levels % 2:
            message = "morris needs an even number of levels"
            self.complain(("design", "levels"), message, allowed="4, 6, 8, ...")

    def _constraints(self, file: SweepFile, factors: Sequence[Factor]) -> None:
        """Check that constraints are of numeric factors, and that points may be left out."""
        numeric, kind = [factor.name for factor in factors if not factor.is_text], file.design.kind
        for at, given in enumerate(file.constraints):
            trail: Trail = ("constraints", at)
            if kind in schema.PATTERNED:
                message = f"{kind} needs every point of its pattern: an index could not be computed"
                self.complain(trail, message, allowed="no constraints, or latin_hypercube or sobol")
            elif given.at_least is None and given.at_most is None:
                self.complain(trail, "a constraint needs at_least, at_most or both")
            for name in (name for name in given.sum if name not in numeric):
                message = f"'{name}' is no numeric factor"
                self.complain((*trail, "sum", name), message, numeric, name, of_key=True)

    def _columns(self, given: list[str]) -> tuple[str, ...]:
        """Names of the columns to keep: a measure's name stands for all of its columns."""
        known, found = columns_of(self.world), []
        first = {pattern: given.index(pattern) for pattern in dict.fromkeys(given)}
        for pattern, at in first.items():
            if self.document.is_full:
                break
            names = unfolded(pattern, self.world)
            if pattern in measures():
                names = sorted(name for name in known if name.split(".")[0] == pattern)
            unknown = [name for name in names if name not in known]
            if unknown:
                words = [*measures(), *sorted(known)]
                message = f"unknown measure or column '{unknown[0]}'"
                self.complain(("measures", at), message, words, present_name(unknown[0]))
            found += names
        return tuple(dict.fromkeys(found))

    def _window(self, given: list[str]) -> tuple[int, int]:
        """The months named; else from where the first scenario departs to the end."""
        last = min((scenario.months for scenario in self.scenarios), default=self.world.months)
        if not given:
            first = min((scenario.branch_month for scenario in self.scenarios), default=0)
            return (first if first < last else 0), last
        found = [self.month(("window", at), date) for at, date in enumerate(given)]
        months = [month for month in found if month is not None]
        if len(months) == 2 and months[0] <= months[1] < last:
            return months[0], months[1] + 1
        if len(months) == len(found):
            message = "a window is its first and its last month, both within every scenario"
            self.complain(("window",), message)
        return 0, last

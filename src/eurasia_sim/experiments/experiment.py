"""A sweep file read and checked against a world: everything wrong with it at once, else an experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eurasia_sim.experiments.points import PointReader
from eurasia_sim.experiments.schema import (
    MOST_POINTS,
    OWN_KEYS,
    PATTERNED,
    SPREAD,
    Constraint,
    DesignEntry,
    Experiment,
    Factor,
    SweepFile,
    points_of,
    usual_chance,
)
from eurasia_sim.experiments.values import fault, overwriters, same_scenarios, twin
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.user_yaml import InputProblems, Problem, plain, read_file
from eurasia_sim.scenarios.outcome_columns import columns_of, unfolded
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.world.world import World


def check_experiment(path: Path | str, world: World) -> list[Problem]:
    """Everything wrong with a sweep file, in the order of its lines; never raises for what the file holds."""
    document = read_file(path)
    _Reader(document, Path(path), world).experiment()
    return sorted(document.problems, key=lambda problem: (problem.line, problem.column))


def load_experiment(path: Path | str, world: World) -> Experiment:
    """The sweep in a file.

    Raises:
        InputProblems: with everything wrong with it.
    """
    document = read_file(path)
    found = _Reader(document, Path(path), world).experiment()
    if found is None or document.problems:
        raise InputProblems(sorted(document.problems, key=lambda problem: (problem.line, problem.column)))
    return found


def kind_of(path: Path | str) -> str | None:
    """What kind of experiment a file says it is; none if it says nothing or cannot be read."""
    data = plain(read_file(path).root)
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else None


class _Reader(PointReader):
    """Goes through one sweep file; what is wrong lands in the document, and reading goes on."""

    def experiment(self) -> Experiment | None:
        """The experiment, or none where the file has not even the right shape."""
        before = len(self.document.problems)
        data = self.shaped(SweepFile, "an experiment")
        if not data or len(self.document.problems) > before:
            return None
        file = SweepFile.model_validate(data)
        self._chosen(file)
        self._scenarios(file)
        factors, stated = self.points(file)
        if not self.called:
            self.complain((), "no scenario is named", allowed="scenarios: [NAME, ...]")
        self._design(file.design, factors)
        self._told_apart(file, factors, stated)
        return Experiment(
            path=self.path,
            title=file.title,
            question=file.question,
            scenarios=tuple(self.scenarios),
            theory=self.theory,
            forms=self.forms,
            kind=file.design.kind,
            options=file.design.model_dump(exclude={"kind"}) | {"points": _count(file.design.points)},
            factors=factors,
            stated=stated,
            constraints=tuple(self._constraints(file, factors)),
            replications=file.replications,
            chance=file.chance or usual_chance(file.design.kind),
            columns=self._columns(file.measures),
            window=self._window(file.window),
            seed=file.seed,
        )

    # --- what is held

    def _chosen(self, file: SweepFile) -> None:
        if file.theory is not None and self.known(("theory",), "theory", file.theory):
            self.theory = file.theory
        for factor, name in file.forms.items():
            if self.known(("forms", factor), f"form.{factor}", name):
                self.forms[factor] = name

    def _scenarios(self, file: SweepFile) -> None:
        """Load every scenario that is named beside the points."""
        for path, value in list(file.set.items()):
            if not isinstance(value, str) and (wrong := fault(path, value)) is not None:
                self.complain(("set", path), wrong[0], allowed=wrong[1])
                del file.set[path]
        for at, name in enumerate(file.scenarios):
            if name in file.scenarios[:at]:
                self.complain(("scenarios", at), f"the scenario '{name}' stands twice", allowed="each scenario once")
            self.load(("scenarios", at), name)
        factor: Any = file.factors.get("scenario")
        trail: Trail = ("factors", "scenario")
        if isinstance(factor, dict):
            factor, trail = factor.get("levels"), (*trail, "levels")
        for at, name in enumerate(factor if isinstance(factor, list) else ()):
            self.load((*trail, at), name)

    def _told_apart(self, file: SweepFile, factors: Sequence[Factor], stated: Sequence[tuple[float, ...]]) -> None:
        """Complain of scenarios that come to the same runs at every point where both are run."""
        same = same_scenarios(self.world, self.scenarios, factors, self.theory, self.forms)
        at = next((at for at, factor in enumerate(factors) if factor.name == "scenario"), None)
        if at is not None and file.design.kind not in ("grid", *SPREAD):  # each point has one scenario and own values
            again, known = {two.name: one.name for one, two in same}, {known.name: known for known in self.scenarios}
            names = [str(name) for name in factors[at].levels]
            levels = [factor.levels for factor in factors if factor.name != "scenario"]
            rest: list[tuple[Any, ...]] = [cells[:at] + cells[at + 1 :] for cells in stated]
            rest = rest or list(zip(*levels, strict=False)) or [()] * len(names)
            chosen = [names[int(cells[at])] for cells in stated] or names
            found = twin(zip((again.get(name, name) for name in chosen), rest, strict=False))
            same = [(known[chosen[found[0]]], known[chosen[found[1]]])] if found else []
            same = [(one, two) for one, two in same if one is not two]  # of the same point it has been said
        for one, two in same:
            why = overwriters(self.world, (one, two), factors, self.theory, self.forms)
            at = next((at for at, name in enumerate(file.scenarios) if self.called[name] == two.name), None)
            trail: Trail = (
                ("scenarios", at) if at is not None else ("factors", "scenario") if file.factors else ("design",)
            )
            message = f"{one.name} and {two.name} come to the same: every run would be made twice and counted as two"
            if why:
                overwritten = f"{', '.join(why)} overwrite{'s' * (len(why) == 1)} all that {one.name} and {two.name}"
                message = f"{overwritten} differ in: at every point they would be the same runs"
            self.complain(trail, message, allowed="scenarios that differ in something else, or one of them")

    # --- how many, within which bounds, and what is read off

    def _design(self, design: DesignEntry, factors: Sequence[Factor]) -> None:
        own = OWN_KEYS[design.kind]
        for key in sorted(design.model_fields_set - {"kind", *own}):
            message = f"{key} means nothing in a {design.kind} design"
            self.complain(("design", key), message, allowed=", ".join(("kind", *own)), of_key=True)
        sizes = _sizes(design)
        if design.kind in SPREAD:
            key = "trajectories" if design.kind == "morris" else "points"
            good = all(isinstance(s, int) and not isinstance(s, bool) and 0 < s <= MOST_POINTS for s in sizes)
            if not sizes:
                self.complain(("design",), f"{design.kind} needs to know how many {key}", allowed=f"{key}: NUMBER")
            elif not good:
                allowed = f"whole numbers from 1 to {MOST_POINTS:,}"
                self.complain(("design", key), f"{key} is {shown(getattr(design, key))}", allowed=allowed)
            elif design.kind in ("sobol", "saltelli") and (len(sizes) > 1 or sizes[0] & (sizes[0] - 1)):
                message = f"{sizes[0]} points: a Sobol' sequence is balanced only at powers of two"
                self.complain(("design", key), message, allowed="one of 2, 4, 8, 16, ...")
            elif (rows := points_of(design.kind, sizes, len(factors), design.second_order)) > MOST_POINTS:
                message = f"{len(factors)} factors and {key} {shown(getattr(design, key))} make {rows:,} points"
                self.complain(("design", key), message, allowed=f"at most {MOST_POINTS:,} points")
            if design.kind == "morris" and design.levels % 2:
                self.complain(("design", "levels"), "morris needs an even number of levels", allowed="4, 6, 8, ...")
        if design.kind == "zip" and len({len(factor.levels) for factor in factors}) > 1:
            lengths = ", ".join(f"{factor.name} {len(factor.levels)}" for factor in factors)
            self.complain(("factors",), f"a zip needs as many levels of each factor, and has {lengths}")

    def _constraints(self, file: SweepFile, factors: Sequence[Factor]) -> Iterator[Constraint]:
        numeric = [factor.name for factor in factors if not factor.is_text]
        for at, given in enumerate(file.constraints):
            trail = ("constraints", at)
            if file.design.kind in PATTERNED:
                message = f"{file.design.kind} needs every point of its pattern: an index could not be computed"
                self.complain(trail, message, allowed="no constraints, or latin_hypercube or sobol")
            for name in given.sum:
                if name not in numeric:
                    self.complain((*trail, "sum", name), f"'{name}' is no numeric factor", numeric, name, of_key=True)
            if given.at_least is None and given.at_most is None:
                self.complain(trail, "a constraint needs at_least, at_most or both")
            low = -math.inf if given.at_least is None else float(given.at_least)
            high = math.inf if given.at_most is None else float(given.at_most)
            yield Constraint({name: float(weight) for name, weight in given.sum.items()}, low, high)

    def _columns(self, given: list[str]) -> tuple[str, ...]:
        """Names of the columns to keep, unfolded: a measure's name stands for all of its columns."""
        known, found = columns_of(self.world), []
        for at, pattern in enumerate(given):
            names = unfolded(pattern, self.world)
            if pattern in measures():
                names = sorted(name for name in known if name.split(".")[0] == pattern)
            unknown = [name for name in names if name not in known]
            if unknown:
                kinds = [*measures(), *sorted(known)]
                self.complain(("measures", at), f"unknown measure or column '{unknown[0]}'", kinds, unknown[0])
            found += names
        return tuple(dict.fromkeys(found))

    def _window(self, given: list[str]) -> tuple[int, int]:
        """The months named; else from where the first scenario departs to the end."""
        last = min((scenario.months for scenario in self.scenarios), default=self.world.months)
        if not given:
            first = min((scenario.branch_month for scenario in self.scenarios), default=0)
            return (first if first < last else 0), last
        months = [self.month(("window", at), date) for at, date in enumerate(given)]
        if len(months) != 2 or None in months or months[0] > months[1] or months[1] >= last:  # type: ignore[operator]
            if None not in months:
                self.complain(("window",), "a window is its first and its last month, both within every scenario")
            return 0, last
        return months[0], months[1] + 1  # type: ignore[operator, return-value]


def _sizes(design: DesignEntry) -> list[Any]:
    given = design.trajectories if design.kind == "morris" else design.points
    return given if isinstance(given, list) else [] if given is None else [given]


def _count(points: int | list[Any] | None) -> Any:
    """The option as a manifest keeps it: how many points; those written down stand in the design's own table."""
    return len(points) if isinstance(points, list) and points and isinstance(points[0], dict) else points

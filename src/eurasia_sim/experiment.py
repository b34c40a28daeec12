"""A sweep file read and checked against a world: everything wrong with it at once, else an experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eurasia_sim.experiment_factors import FactorReader
from eurasia_sim.experiment_form import (
    MOST_POINTS,
    PATTERNED,
    SPREAD,
    Constraint,
    ConstraintEntry,
    DesignEntry,
    Experiment,
    Factor,
    SweepFile,
    usual_chance,
)
from eurasia_sim.metrics import columns_of, unfolded
from eurasia_sim.reading import InputProblems, Problem, plain, read_file
from eurasia_sim.scenario import apply_settings, load_scenario
from eurasia_sim.scenario_check import Trail
from eurasia_sim.scenario_form import measures, shown, text
from eurasia_sim.world import World


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
    root = read_file(path).root
    data = plain(root) if root else None
    return text(data.get("kind")) if isinstance(data, dict) else None


class _Reader(FactorReader):
    """Goes through one sweep file; what is wrong lands in the document, and reading goes on."""

    def experiment(self) -> Experiment | None:
        """The experiment, or none where the file has not even the right shape."""
        data = plain(self.document.root) if self.document.root else None
        if not isinstance(data, dict):
            if self.document.root:
                self.complain((), "an experiment is a list of `key: value` lines, beginning with `format: 1`")
            return None
        try:
            file = SweepFile.model_validate(data)
        except ValidationError as error:
            for finding in error.errors(include_url=False):
                self._finding(finding["loc"], finding["type"], finding["msg"], finding.get("input"))
            return None
        self._chosen(file)
        self._scenarios(file)
        factors, stated = self.points(file)
        self._design(file.design, factors)
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

    def _finding(self, loc: Trail, kind: str, said: str, given: object) -> None:
        if kind == "extra_forbidden":
            known = list(SweepFile.model_fields)
            if loc[0] in ("design", "constraints"):
                known = list((DesignEntry if loc[0] == "design" else ConstraintEntry).model_fields)
            self.complain(loc, f"unknown key '{loc[-1]}'", known, loc[-1], of_key=True)
        elif kind == "missing":
            self.complain(loc[:-1], f"the key '{loc[-1]}' is missing")
        else:
            allowed = said.removeprefix("Input should be ").removeprefix("String should ")
            self.complain(loc, f"{'.'.join(map(str, loc))} is {shown(given)}", allowed=allowed)

    # --- what is held

    def _chosen(self, file: SweepFile) -> None:
        if file.theory is not None and self.known(("theory",), "theory", file.theory):
            self.theory = file.theory
        for factor, name in file.forms.items():
            if self.known(("forms", factor), f"form.{factor}", name):
                self.forms[factor] = name

    def _scenarios(self, file: SweepFile) -> None:
        """Load every scenario that is named, with what the file sets worked in."""
        factor = file.factors.get("scenario")
        named: list[tuple[Trail, Any]] = [(("scenarios", at), name) for at, name in enumerate(file.scenarios)]
        if isinstance(factor, list):
            named = [(("factors", "scenario", at), name) for at, name in enumerate(factor)]
        elif file.design.kind == "list" and isinstance(file.design.points, list):
            points = [p for p in file.design.points if isinstance(p, dict) and "scenario" in p]
            trail = ("design", "points", 0)
            named += [(trail, name) for name in dict.fromkeys(str(point["scenario"]) for point in points)]
        if not named and file.design.kind != "table":
            self.complain((), "no scenario is named", allowed="scenarios: [NAME, ...]")
        settings = [f"{path}={value}" for path, value in file.set.items()]
        for trail, name in named:
            try:
                scenario = load_scenario(str(name), self.world)
            except InputProblems as error:
                self.passed_on(trail, error)
                continue
            if scenario.name in [known.name for known in self.scenarios]:
                self.complain(trail, f"the scenario '{name}' stands twice")
                continue
            try:
                self.scenarios.append(apply_settings(scenario, settings, self.world))
            except InputProblems as error:
                at = error.problems[0].line - 1
                self.passed_on(("set", list(file.set)[at]), error)
                self.scenarios.append(scenario)

    # --- how many, within which bounds, and what is read off

    def _design(self, design: DesignEntry, factors: Sequence[Factor]) -> None:
        sizes = _sizes(design)
        if design.kind in SPREAD:
            key = "trajectories" if design.kind == "morris" else "points"
            if not sizes:
                self.complain(("design",), f"{design.kind} needs to know how many {key}", allowed=f"{key}: NUMBER")
            elif not all(isinstance(s, int) and not isinstance(s, bool) and 0 < s <= MOST_POINTS for s in sizes):
                self.complain(
                    ("design", key), f"{key} is {shown(getattr(design, key))}", allowed="whole numbers from 1"
                )
            elif design.kind in ("sobol", "saltelli") and (len(sizes) > 1 or sizes[0] & (sizes[0] - 1)):
                message = f"{sizes[0]} points: a Sobol' sequence is balanced only at powers of two"
                self.complain(("design", key), message, allowed="one of 2, 4, 8, 16, ...")
            if design.kind == "morris" and design.levels % 2:
                self.complain(("design", "levels"), "morris needs an even number of levels", allowed="4, 6, 8, ...")
        if design.kind == "zip" and len({len(factor.levels) for factor in factors}) > 1:
            lengths = ", ".join(f"{factor.name} {len(factor.levels)}" for factor in factors)
            self.complain(("factors",), f"a zip needs as many levels of each factor, and has {lengths}")
        if design.kind == "grid" and math.prod(len(factor.levels) or 1 for factor in factors) > MOST_POINTS:
            self.complain(("factors",), "this grid is too large", allowed=f"at most {MOST_POINTS:,} points")

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

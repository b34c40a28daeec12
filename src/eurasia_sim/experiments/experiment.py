"""A sweep file checked against a world: everything wrong with it at once, else an experiment."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from eurasia_sim.experiments.factors import fault, twin
from eurasia_sim.experiments.point_reader import PointReader
from eurasia_sim.experiments.schema import (
    MOST_POINTS,
    OWN_CHANCE,
    OWN_KEYS,
    PATTERNED,
    SPREAD,
    Constraint,
    DesignEntry,
    Experiment,
    Factor,
    SweepFile,
)
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.user_yaml import InputProblems, Problem, nearest, plain, read_file
from eurasia_sim.scenarios.lever_steps import build_lever_series
from eurasia_sim.scenarios.outcome_columns import columns_of, unfolded
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting
from eurasia_sim.scenarios.schema import measures, present_name
from eurasia_sim.world.world import World

FOLDER = "experiments"  # where a name is looked up


def names() -> dict[str, Path]:
    """Every experiment that a name can reach, with its file: here, packaged, or in a checkout."""
    package = Path(str(files("eurasia_sim")))
    folders = [package.parent.parent / FOLDER, package / "data" / FOLDER, Path.cwd() / FOLDER]
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))}


def located(name_or_path: str) -> Path:
    """The file of an experiment.

    Raises:
        InputProblems: when neither a file nor an experiment of that name is there.
    """
    path, known = Path(name_or_path), names()
    if path.suffix in (".yaml", ".yml"):
        return path
    if name_or_path in known:
        return known[name_or_path]
    close, listed = nearest(name_or_path, known), ", ".join(known)
    message = f"unknown experiment '{name_or_path}'"
    raise InputProblems([Problem(name_or_path, 1, 1, message, "", close, listed)])


def load_experiment(path: Path | str, world: World, most: int = MOST_POINTS) -> Experiment:
    """The sweep in a file, or in the one that a text names, of at most so many points.

    Raises:
        InputProblems: with everything wrong with it.
    """
    path = located(path) if isinstance(path, str) else path
    document = read_file(path)
    experiment = _Reader(document, path, world, most).experiment()
    if experiment is None or document.problems:
        raise InputProblems(document.in_order())
    return experiment


def kind_of(path: Path | str) -> str | None:
    """What kind of experiment a file says it is; none if it says nothing or cannot be read."""
    data = plain(read_file(path).root)
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else None


class _Reader(PointReader):
    """Goes through one sweep file; problems land in the document, and reading goes on."""

    def experiment(self) -> Experiment | None:
        """The experiment, or none where the file has not even the right shape."""
        before = len(self.document.problems)
        data = self.shaped(SweepFile, "an experiment")
        if not data or len(self.document.problems) > before:
            return None
        file = SweepFile.model_validate(data)
        self._fixed_choices(file)
        self._scenarios(file)
        factors, stated = self.points(file)
        if not self.called:
            self.complain((), "no scenario is named", allowed="scenarios: [NAME, ...]")
        design = file.design
        self._design(design, factors)
        self._check_twins(file, factors, stated)
        if design.kind == "list":  # the design's own table has its points
            design = design.model_copy(update={"points": len(stated)})
        return Experiment(
            path=self.path,
            title=file.title,
            question=file.question,
            scenarios=tuple(self.scenarios),
            theory=self.theory,
            forms=self.forms,
            design=design,
            factors=factors,
            stated=stated,
            constraints=tuple(self._constraints(file, factors)),
            replications=file.replications,
            chance=file.chance or ("own" if design.kind in OWN_CHANCE else "common"),
            columns=self._columns(file.measures),
            window=self._window(file.window),
            seed=file.seed,
        )

    def _fixed_choices(self, file: SweepFile) -> None:
        """Check the theory and the forms that hold at every point."""
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
                message = f"the scenario '{name}' stands twice"
                self.complain(("scenarios", at), message, allowed="each scenario once")
            self.load(("scenarios", at), name)
        factor: Any = file.factors.get("scenario")
        trail: Trail = ("factors", "scenario")
        if isinstance(factor, dict):
            factor, trail = factor.get("levels"), (*trail, "levels")
        for at, name in enumerate(factor if isinstance(factor, list) else ()):
            self.load((*trail, at), name)

    def _check_twins(
        self, file: SweepFile, factors: Sequence[Factor], stated: Sequence[tuple[float, ...]]
    ) -> None:
        """Complain of scenarios that come to the same runs at every point where both are run."""
        same = self._same(self.scenarios, factors, self.theory, self.forms)
        at = next((at for at, factor in enumerate(factors) if factor.name == "scenario"), None)
        if at is not None and file.design.kind not in ("grid", *SPREAD):
            # Each point has one scenario and values of its own.
            again = {two.name: one.name for one, two in same}
            known = {scenario.name: scenario for scenario in self.scenarios}
            names = [str(name) for name in factors[at].levels]
            levels = [factor.levels for factor in factors if factor.name != "scenario"]
            rest: list[tuple[Any, ...]] = [cells[:at] + cells[at + 1 :] for cells in stated]
            rest = rest or list(zip(*levels, strict=False)) or [()] * len(names)
            chosen = [names[int(cells[at])] for cells in stated] or names
            found = twin(zip((again.get(name, name) for name in chosen), rest, strict=False))
            same = [(known[chosen[found[0]]], known[chosen[found[1]]])] if found else []
        for one, two in same:
            if one is two:
                continue  # of the same point it has been said
            place = [at for at, name in enumerate(file.scenarios) if self.called[name] == two.name]
            trail: Trail = ("factors", "scenario") if file.factors else ("design",)
            message = f"{one.name} and {two.name} come to the same"
            if why := self._overwriters((one, two), factors):
                overwrite = f"{', '.join(why)} overwrite{'s' * (len(why) == 1)}"
                message = f"{overwrite} all that {one.name} and {two.name} differ in"
                message = f"{message}: at every point they would be the same runs"
            else:
                message = f"{message}: every run would be made twice and counted as two"
            allowed = "scenarios that differ in something else, or one of them"
            self.complain(("scenarios", place[0]) if place else trail, message, allowed=allowed)

    def _same(
        self,
        scenarios: Sequence[Scenario],
        factors: Sequence[Factor],
        theory: str | None,
        forms: Mapping[str, str],
    ) -> list[tuple[Scenario, Scenario]]:
        """Pairs of scenarios that come to the same runs at every point.

        Each is set to the lowest and to the highest that the factors go, and what the kernel would
        be given is compared.
        """
        since, world = earliest_parting(scenarios), self.world
        chosen = {factor.name for factor in factors}
        low: list[Hashable] = []
        ends: list[Callable[[int], Hashable]] = []
        for scenario in scenarios:
            own_theory = "" if "theory" in chosen else scenario.theory or world.default_theory
            own = {**world.default_forms, **scenario.forms, **forms}
            own = {f: "" if f"form.{f}" in chosen else name for f, name in own.items()}
            ends.append(partial(self._at_end, scenario, factors, own, since))
            low.append((theory or own_theory, tuple(own.items()), ends[-1](0)))
        times, first, found = Counter(low), dict[Hashable, Scenario](), []
        for scenario, key, at in zip(scenarios, low, ends, strict=True):
            if times[key] > 1:
                one = first.setdefault((key, at(1)), scenario)
                found += [] if one is scenario else [(one, scenario)]
        return found

    def _at_end(
        self,
        scenario: Scenario,
        factors: Sequence[Factor],
        forms: Mapping[str, str],
        since: int | None,
        end: int,
    ) -> Hashable:
        """Numbers and lever series of a scenario with all factors at their low (0) or high (1)."""
        world, numbers, settings = self.world, {}, []
        for factor in factors:
            if factor.is_choice:
                continue
            values: dict[str, float | str] = {p: ends[end] for p, ends in factor.moves.items()}
            if not values:
                spread = factor.levels or (factor.low, factor.high)
                values = {factor.name: spread[-end]}
            for path, own in values.items():
                if path in world.numbers:
                    numbers[path] = float(own)
                else:
                    settings.append(f"{path}={own}")
        try:
            scenario = apply_settings(scenario, settings, world, since)
        except InputProblems:
            return scenario.name  # its values were complained of
        indices = (world.forms[factor][name].index for factor, name in forms.items() if name)
        index = next((index for index in indices if index is not None), "cinc")
        fixed = {**scenario.fixed, **numbers}
        series = build_lever_series(world, scenario.steps, scenario.months, index, fixed)
        return scenario.months, tuple(sorted(fixed.items())), series.rows.tobytes()

    def _overwriters(self, pair: Sequence[Scenario], factors: Sequence[Factor]) -> list[str]:
        """Names of the factors that overwrite all that two scenarios differ in, if anything."""
        if self._same(pair, (), None, {}):
            return []
        held = {path for scenario in pair for path in scenario.fixed}

        def is_able(path: str) -> bool:
            return path in held or path not in self.world.numbers

        able = [factor for factor in factors if any(map(is_able, factor.paths))]
        others = [[other for other in factors if other is not factor] for factor in able]
        names = [
            factor.name
            for factor, rest in zip(able, others, strict=True)
            if not self._same(pair, rest, self.theory, self.forms)
        ]
        names = names or [f.name for f in able if f.name not in ("scenario", "seed")]
        return names or ["what the file sets"]

    def _design(self, design: DesignEntry, factors: Sequence[Factor]) -> None:
        """Check how many points there are, and that every key means something."""
        kind, own, sizes = design.kind, OWN_KEYS[design.kind], design.sizes
        for key in sorted(design.model_fields_set - {"kind", *own}):
            message = f"{key} means nothing in a {kind} design"
            self.complain(("design", key), message, allowed=", ".join(("kind", *own)), of_key=True)
        lengths = {factor.name: len(factor.levels) for factor in factors}
        if kind == "zip" and len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} {length}" for name, length in lengths.items())
            message = f"a zip needs as many levels of each factor, and has {found}"
            self.complain(("factors",), message)
        if kind not in SPREAD:
            return
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

    def _constraints(self, file: SweepFile, factors: Sequence[Factor]) -> Iterator[Constraint]:
        numeric = [factor.name for factor in factors if not factor.is_text]
        for at, given in enumerate(file.constraints):
            trail, kind = ("constraints", at), file.design.kind
            if kind in PATTERNED:
                message = f"{kind} needs every point of its pattern: an index could not be computed"
                self.complain(trail, message, allowed="no constraints, or latin_hypercube or sobol")
            for name in given.sum:
                if name not in numeric:
                    message = f"'{name}' is no numeric factor"
                    self.complain((*trail, "sum", name), message, numeric, name, of_key=True)
            if given.at_least is None and given.at_most is None:
                self.complain(trail, "a constraint needs at_least, at_most or both")
            low = -math.inf if given.at_least is None else float(given.at_least)
            high = math.inf if given.at_most is None else float(given.at_most)
            weights = {name: float(weight) for name, weight in given.sum.items()}
            yield Constraint(weights, low, high)

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
        if len(months) < len(found):
            return 0, last
        if len(months) != 2 or months[0] > months[1] or months[1] >= last:
            message = "a window is its first and its last month, both within every scenario"
            self.complain(("window",), message)
            return 0, last
        return months[0], months[1] + 1

"""Everything that the runs of a results folder show, section by section."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import compress, pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.analysis import sensitivity
from eurasia_sim.analysis.convergence import precision_row
from eurasia_sim.analysis.pairing import open_results
from eurasia_sim.analysis.robustness import payoffs, robustness
from eurasia_sim.analysis.scenario_discovery import box_table, discovered, is_number
from eurasia_sim.analysis.sensitivity import FACTOR, factor_columns, require_spread
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError, Number
from eurasia_sim.scenarios.outcome_columns import matching
from eurasia_sim.simulation import results
from eurasia_sim.simulation.results_folder import SWEEP, ResultsFolder
from eurasia_sim.simulation.run import RANGES, REFERENCE
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import load_world

_FIRST = 4  # measures that are looked at unless named
_MOST_FACTORS, _MOST_LEVELS = 2, 12  # of a table of means
_EVEN = ("latin_hypercube", "sobol")  # designs of independent points, whose mean has a meaning
_SECOND_UP_TO = 20  # factors beyond which second orders are too many to read
_UPPER = 0.75  # quantile above which something is sought by default
_Make = Callable[[str, str], pd.DataFrame]  # of a measure, in a scenario


@dataclass(frozen=True)
class Material:
    """The runs of a finished folder, and the design of a sweep or the draws of `run`."""

    runs: pd.DataFrame  # a row a run: scenario, theory, seed, status, measures; point and replicate
    points: pd.DataFrame  # a row a point: point, factors; of `run`, a draw: theory, draw, numbers
    design: Mapping[str, Any] | None  # a sweep's kind and factors; None for `run`
    measures: tuple[str, ...]
    numbers: Mapping[str, Number]  # the catalogue, by path

    @property
    def kind(self) -> str:
        """Kind of the design, in words."""
        return f"a {self.design['kind']} design" if self.design else "what `run` draws"

    @property
    def seeds_are_shared(self) -> bool:
        """Whether the r-th replicate of every point has one seed."""
        seeds = self.runs.groupby("replicate")["seed"]
        return bool((seeds.min() == seeds.max()).all())

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios; an empty one where the scenario is a factor of the design."""
        is_factor = f"{FACTOR}scenario" in self.points
        return [""] if is_factor else [*map(str, self.runs["scenario"].unique())]

    def of(self, scenario: str) -> pd.DataFrame:
        """Runs of a scenario; all of them for an empty name."""
        runs = self.runs
        return runs[runs["scenario"] == scenario].reset_index(drop=True) if scenario else runs

    def of_kind(self, kind: str, what: str) -> Mapping[str, Any]:
        """The design, which must be of one kind."""
        if self.design is None or self.design["kind"] != kind:
            raise DataError([f"{what} need a sweep by a {kind} design; this is {self.kind}"])
        return self.design

    def independent_points(self) -> pd.DataFrame:
        """Points of a design drawn independently; of Saltelli's, the ends of each block."""
        kind = self.design["kind"] if self.design else ""
        if kind == "morris":
            why = "the points of a morris design lie along paths, not evenly over the space"
            raise DataError([why])
        if kind != "saltelli":
            return self.points
        values = self.points[factor_columns(self.points)].to_numpy(object)
        size = len(self.points) // sensitivity.saltelli_blocks(values)[0]
        return self.points[(self.points["point"] % size).isin((0, size - 1))].reset_index(drop=True)


def material_of(folder: Path, patterns: Sequence[str]) -> Material:
    """A folder's runs with the measures asked for, and their design; DataError if it has none."""
    design: dict[str, Any] | None = None
    points, factors = pd.DataFrame(), list[str]()
    if (results.read_manifest(folder) or {}).get("kind") == SWEEP:
        held = ResultsFolder(folder, results.finished_manifest(folder, SWEEP))
        design, points = held.manifest["design"], results.read_table(held.files, results.DESIGN)
        factors = factor_columns(points)
        named = (factor["name"] for factor in held.manifest["design"].get("factors", ()))
        if lacking := ", ".join(name for name in named if name not in factors):
            wrong = {results.DESIGN: f"is damaged: it lacks {lacking}"}
            raise DataError([held.files.message(wrong)])
        order = ["point", "scenario", "replicate"]
        head = ["run_id", *order]
    else:
        held = open_results(folder)
        if results.DRAWS in held.files.entries:
            points = results.read_table(held.files, results.DRAWS)
        order = ["scenario", "theory", "set", "run"]
        head = ["run_id", "scenario", "set", "run", "draw"]
    measures = (held.shown or held.measures)[:_FIRST]
    if patterns:
        measures = matching("--measure", patterns, held.measures)
    columns = [*head, "theory", "seed", "status", *factors, *measures]
    runs = results.load_results(folder, columns)
    runs = runs.sort_values(order, kind="stable", ignore_index=True)
    try:  # the numbers of the world that was run; none where it is not at hand any more
        catalogue: Any = load_world(held.manifest.get("world")).numbers
    except (DataError, OSError):
        catalogue = {}
    return Material(runs, points, design, tuple(measures), catalogue)


@dataclass(frozen=True)
class Asked:
    """The questions of one analysis."""

    above: float | None = None  # seek results above it
    below: float | None = None  # or below it
    higher_is_better: bool | None = None
    threshold: float | None = None  # acceptable value
    options: tuple[str, ...] = ()  # factors that are decided
    precision: float | None = None  # half-width wanted
    seed: int = 1  # of the intervals


@dataclass(frozen=True)
class Section:
    """One table, or why there is none; notes say what was left out of it."""

    name: str
    title: str
    table: pd.DataFrame
    notes: tuple[str, ...]


def sections(material: Material, asked: Asked) -> list[Section]:
    """All sections for the measures: means, shares, indices, boxes, robustness, convergence."""
    sought = cache(partial(_discovery, material, asked))

    def of_discovery(at: int, measure: str, scenario: str) -> pd.DataFrame:
        if (table := sought(measure, scenario)[at]).empty:
            raise DataError(["no box holds what is sought more densely than the whole space"])
        return table

    whole, each = ("", [""]), ("scenario", material.scenarios)
    morris = partial(_morris, material, asked)
    of = "of", material.scenarios if material.design is None else ["all points"]
    makers: tuple[tuple[str, str, tuple[str, list[str]], _Make], ...] = (
        ("shares", "what the spread divides into", of, partial(_shares, material)),
        ("sobol", "Sobol' indices", each, partial(_sobol, material, asked)),
        ("morris", "Morris's effects over a factor's range", each, morris),
        ("boxes", "where it is so", each, partial(of_discovery, 0)),
        ("paths", "what boxes trade coverage for", each, partial(of_discovery, 1)),
        ("robustness", "what holds up", whole, partial(_robustness, material, asked)),
        ("convergence", "how well means are known", whole, partial(_convergence, material, asked)),
    )  # fmt: skip
    rest = (_section(material.measures, *maker) for maker in makers)
    return [means(material, material.measures), *rest]


def means(material: Material, measures: Sequence[str]) -> Section:
    """Means by the factors of a design with few levels, and where a difference turns its sign."""
    return _section(measures, "means", "means by factor", ("", [""]), partial(_means, material))


def _section(
    measures: Sequence[str], name: str, title: str, parts: tuple[str, list[str]], make: _Make
) -> Section:
    """One table over all measures and parts; the reason why one has none is a note."""
    tables, refused = [], dict[str, list[str]]()
    column, values = parts
    for measure, part in product(measures, values):
        head = {"measure": measure, **({column: part} if part else {})}
        try:
            table = make(measure, part)
        except DataError as error:
            for problem in error.problems:
                refused.setdefault(str(problem), []).append(", ".join(head.values()))
        else:
            tables.append(table.assign(**head)[[*head, *table.columns]])
    every = len(measures) * len(values)
    notes = [
        why if len(own) == every else f"{'; '.join(own)}: {why}" for why, own in refused.items()
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return Section(name, title, table, (*notes, *sensitivity.caveats(table)))


def _means(material: Material, measure: str, _: str) -> pd.DataFrame:
    """Means over one or two factors of few levels, by scenario, and of the first less the second.

    The sign of a difference turns between a level and the one before it, in its row.
    """
    factors = factor_columns(material.points) if material.design is not None else []
    levels = [material.points[name].nunique() for name in factors]
    if not 0 < len(factors) <= _MOST_FACTORS or max(levels) > _MOST_LEVELS:
        few = f"at most {_MOST_FACTORS} factors of at most {_MOST_LEVELS} levels"
        raise DataError([f"a table of means needs a design of {few}"])
    if material.runs[measure].isna().all():
        raise DataError(["every run failed"])
    runs = {name or "all runs": material.of(name) for name in material.scenarios}
    sides = {name: own.groupby(factors)[measure].mean() for name, own in runs.items()}
    if len(sides) > 1:
        first, second, *_others = sides
        sides[f"{first} less {second}"] = sides[first] - sides[second]
    short = ", across ".join(name.rpartition(".")[2] for name in factors)
    found = []
    for name, means_of in sides.items():
        wide = means_of.to_frame("mean").T
        if len(factors) > 1:
            wide = means_of.reset_index().pivot_table(measure, factors[0], factors[1], sort=False)
        names = [*map(_level, wide.columns)]
        rows = wide.set_axis(names, axis="columns").rename_axis(short).reset_index()
        between = [f"{low} to {high}" for low, high in pairwise(names)]
        signs = np.sign(wide.to_numpy(np.float64)) * (" less " in name)
        turns = [", ".join(compress(between, row[1:] * row[:-1] < 0)) for row in signs]
        rows.insert(0, "of", name)
        found.append(rows.assign(**{"sign turns": turns}))
    return pd.concat(found, ignore_index=True)


def _level(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _shares(material: Material, measure: str, of: str) -> pd.DataFrame:
    """Shares of factors with levels (of `run`, theory), parameters and chance in the variance."""
    if material.design is None:
        runs = material.of(of)
        points = runs[runs["set"] == RANGES].reset_index(drop=True)
        values = points[measure].to_numpy(np.float64)[None, :, None]
        require_spread(values)
        by_theory = runs[runs["set"] == REFERENCE].groupby("theory")[measure]
        chance, leveled = float(by_theory.var(ddof=1).mean()), ["theory"]
        if np.isnan(chance):
            raise DataError(["no two runs at reference finished, which would tell chance"])
    else:
        points, chance = material.independent_points(), None
        leveled = [name for name in factor_columns(points) if not is_number(points[name])]
        cells: Any = {"values": measure, "index": "point", "columns": "replicate", "dropna": False}
        wide = (material.of(name).pivot_table(**cells) for name in material.scenarios)
        values = np.stack([own.reindex(points["point"]).to_numpy(np.float64) for own in wide])
        require_spread(values.mean(axis=(0, 2) if len(values) == 1 else 2))
    factors = [name for name in leveled if _varies(points[name])]
    found = sensitivity.variance_shares(values, points, factors, chance)
    if np.isnan(list(found.values())).all():
        raise DataError(["no two points finished in every scenario"])
    shares = {name.removeprefix(FACTOR): share for name, share in found.items()}
    if chance is None and values.shape[2] < 2:  # one run a point cannot tell chance from parameters
        shares["parameters and chance"] = shares.pop("parameters")
        shares.pop("chance")
    without = ("scenario", "interplay") if len(values) == 1 else ()
    kept = {name: share for name, share in shares.items() if name not in without}
    return pd.DataFrame({"part": list(kept), "share": list(kept.values())})


def _varies(levels: pd.Series) -> bool:
    return len(levels.unique()) > 1


def _sobol(material: Material, asked: Asked, measure: str, scenario: str) -> pd.DataFrame:
    """Sobol' indices of the replicate mean, then the share of chance in a run and in that mean."""
    material.of_kind("saltelli", "Sobol' indices")
    points, runs = material.points, material.of(scenario)
    second = len(factor_columns(points)) <= _SECOND_UP_TO
    found = sensitivity.sobol_indices(runs, points, measure, second=second, seed=asked.seed)
    values, shared = sensitivity.responses(runs, points, measure), material.seeds_are_shared
    chance = sensitivity.share_of_chance(values, seeds_are_shared=shared)
    for key, of in (("run", "a single run"), ("mean", "the mean of a point")):
        if np.isfinite(chance[key]):
            row = {"order": "chance", "factor": f"chance in {of}", "other": ""}
            found.loc[len(found)] = {**row, "index": chance[key]}
    return found


def _morris(material: Material, asked: Asked, measure: str, scenario: str) -> pd.DataFrame:
    factors = material.of_kind("morris", "Morris's effects")["factors"]
    runs, points = material.of(scenario), material.points
    found = sensitivity.morris_effects(runs, points, factors, measure, seed=asked.seed)
    return found.sort_values("absolute", ascending=False, ignore_index=True)


def _discovery(material: Material, asked: Asked, measure: str, scenario: str) -> list[pd.DataFrame]:
    """Boxes of points' means beyond a level, which every row says, and what they trade."""
    points, values = _drawn(material, measure, scenario)
    finite = require_spread(values)
    if asked.below is not None:
        sought, holds = f"≤ {asked.below:g}", finite <= asked.below
    else:
        level = float(np.quantile(finite, _UPPER)) if asked.above is None else asked.above
        sought, holds = f"≥ {level:.4g}", finite >= level
    boxes, path = discovered(points[np.isfinite(values)].reset_index(drop=True), holds)
    tables = [box_table(boxes, material.numbers), path]
    for table in tables:
        table.insert(0, "sought", sought)
    return tables


def _drawn(material: Material, measure: str, scenario: str) -> tuple[pd.DataFrame, Floats]:
    """Points (theory and numbers) with the mean of each; of `run`, the draws."""
    runs = material.of(scenario)
    if material.design is not None:
        alone = material.independent_points()
        points = alone[factor_columns(alone)].rename(columns=lambda name: name.removeprefix(FACTOR))
        means_of = runs.groupby("point")[measure].agg(lambda values: values.mean(skipna=False))
        return points, np.asarray(means_of.reindex(alone["point"]), np.float64)
    if not len(material.points.columns):
        older = "the folder does not hold what was drawn (an older version wrote it): run again"
        raise DataError([older])
    keys = ["theory", "run", "draw"]
    joined = runs.loc[runs["set"] == RANGES, [*keys, measure]].merge(material.points, on=keys)
    others = ["draw", "run", measure, *([] if _varies(joined["theory"]) else ["theory"])]
    return joined.drop(columns=others), joined[measure].to_numpy(np.float64)


def _robustness(material: Material, asked: Asked, measure: str, _: str) -> pd.DataFrame:
    if asked.higher_is_better is None:
        how = "say --better higher, or --better lower"
        raise DataError([f"robustness needs to know which way is better: {how}"])
    runs, options, states = material.runs, ["scenario"], ["theory", "draw"]
    if material.design is None:
        runs = runs[runs["set"] == RANGES]
    else:
        options = _options(material, asked.options)
        states = [name for name in factor_columns(material.points) if name not in options]
        states += ["replicate"] if material.seeds_are_shared else []
    table = payoffs(runs, measure, options, states)
    return robustness(table, higher_is_better=asked.higher_is_better, threshold=asked.threshold)


def _options(material: Material, asked: Sequence[str]) -> list[str]:
    """The factors that are decided: those asked for, else the scenario and every lever."""
    factors = factor_columns(material.points)
    if asked:
        names = [FACTOR + name.removeprefix(FACTOR) for name in asked]
        there = ", ".join(factors).replace(FACTOR, "")
        if unknown := [name.removeprefix(FACTOR) for name in names if name not in factors]:
            raise DataError(f"--option {x} is no factor; there are {there}" for x in unknown)
        return names
    found = [name for name in factors if name.split(".")[1] in {"scenario", *levers()}]
    found = (["scenario"] if len(material.scenarios) > 1 else []) + found
    if not found:
        nothing = "the sweep has one scenario and no factor that is a lever"
        raise DataError([f"{nothing}: nothing was decided; say --option"])
    return found


def _convergence(material: Material, asked: Asked, measure: str, _: str) -> pd.DataFrame:
    values = material.runs
    if material.design is not None:
        if material.design["kind"] not in _EVEN:
            why = "are no independent draws, so their mean has no such interval"
            raise DataError([f"points of {material.kind} {why}"])
        values = values.groupby(["scenario", "point"])[measure].mean().reset_index()
        values = values.assign(theory="", set="points", run=values["point"])
    keys = ["scenario", "theory", "set"]
    rows = []
    for names, own in values.groupby(keys, sort=False):
        ordered = own.sort_values("run")[measure].to_numpy(np.float64)
        of = dict(zip(keys, map(str, names), strict=True))
        rows.append({**of, **precision_row(ordered, asked.precision)})
    return pd.DataFrame(rows)

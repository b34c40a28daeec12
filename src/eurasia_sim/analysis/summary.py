"""Everything that the runs of a results folder show, section by section."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import compress, pairwise, product
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.analysis import sensitivity
from eurasia_sim.analysis.convergence import precision_row
from eurasia_sim.analysis.robustness import payoffs, robustness
from eurasia_sim.analysis.scenario_discovery import Discovery, box_table, discovered, is_number
from eurasia_sim.analysis.sensitivity import FACTOR, factor_columns, require_spread, responses
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError, Number
from eurasia_sim.simulation.run import RANGES, REFERENCE
from eurasia_sim.world.levers import levers

_MOST_FACTORS, _MOST_LEVELS = 2, 12  # of a table of means
_EVEN = ("latin_hypercube", "sobol")  # designs of independent points, whose mean has a meaning
_SECOND_UP_TO = 20  # factors beyond which second orders are too many to read
_UPPER = 0.75  # quantile above which something is sought by default
_SCENARIO = f"{FACTOR}scenario"
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
        return [""] if _SCENARIO in self.points else [*map(str, self.runs["scenario"].unique())]

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
        """Points drawn independently; of a Saltelli design, the first and last of each block."""
        kind = self.design["kind"] if self.design else ""
        if kind == "morris":
            why = "the points of a morris design lie along paths, not evenly over the space"
            raise DataError([why])
        if kind != "saltelli":
            return self.points
        values = self.points[factor_columns(self.points)].to_numpy(object)
        size = len(self.points) // sensitivity.saltelli_blocks(values)[0]
        place = self.points["point"] % size
        return self.points[(place == 0) | (place == size - 1)].reset_index(drop=True)


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
    """All sections for the measures: shares, indices, boxes, robustness, convergence."""
    sought = cache(partial(_discovery, material, asked))

    def boxes(measure: str, scenario: str) -> pd.DataFrame:
        level, found = sought(measure, scenario)
        sparse = "no box holds what is sought more densely than the whole space"
        return _with_level(box_table(found.boxes, material.numbers), level, sparse)

    def paths(measure: str, scenario: str) -> pd.DataFrame:
        level, found = sought(measure, scenario)
        return _with_level(found.path, level, "no box was peeled")

    whole, each = ("", [""]), ("scenario", material.scenarios)
    of = "of", material.scenarios if material.design is None else ["all points"]
    sobol, morris = (partial(make, material, asked) for make in (_sobol, _morris))
    best, known = (partial(make, material, asked) for make in (_robustness, _convergence))
    makers: tuple[tuple[str, str, tuple[str, list[str]], _Make], ...] = (
        ("shares", "what the spread divides into", of, partial(_shares, material)),
        ("sobol", "Sobol' indices", each, sobol),
        ("morris", "Morris's effects over a factor's range", each, morris),
        ("boxes", "where it is so", each, boxes),
        ("paths", "what boxes trade coverage for", each, paths),
        ("robustness", "what holds up", whole, best),
        ("convergence", "how well means are known", whole, known),
    )
    rest = [
        _section(name, title, material.measures, parts, make) for name, title, parts, make in makers
    ]
    return [means(material, material.measures), *rest]


def means(material: Material, measures: Sequence[str]) -> Section:
    """Means by the factors of a design with few levels, and where a difference turns its sign."""
    return _section("means", "means by factor", measures, ("", [""]), partial(_means, material))


def _section(
    name: str, title: str, measures: Sequence[str], parts: tuple[str, list[str]], make: _Make
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
    sides = {
        scenario or "all runs": material.of(scenario).groupby(factors)[measure].mean()
        for scenario in material.scenarios
    }
    if len(sides) > 1:
        first, second, *_others = sides
        sides[f"{first} less {second}"] = sides[first] - sides[second]
    short = ", across ".join(name.rpartition(".")[2] for name in factors)
    found = []
    for name, means_of in sides.items():
        wide = means_of.to_frame("mean").T
        if len(factors) > 1:
            one, other = factors
            wide = means_of.reset_index().pivot_table(measure, one, other, sort=False)
        names, signs = [_level(each) for each in wide.columns], np.sign(wide.to_numpy(np.float64))
        between = [f"{low} to {high}" for low, high in pairwise(names)]
        turns = [", ".join(compress(between, row[1:] * row[:-1] < 0)) for row in signs]
        rows = wide.set_axis(names, axis="columns").rename_axis(short).reset_index()
        rows.insert(0, "of", name)
        found.append(rows.assign(**{"sign turns": turns if " less " in name else ""}))
    return pd.concat(found, ignore_index=True)


def _level(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _shares(material: Material, measure: str, of: str) -> pd.DataFrame:
    """Shares of theory (and of other factors), parameters and chance in the variance."""
    if material.design is not None:
        return _shares_of_points(material, measure)
    runs = material.of(of)
    spread = runs[runs["set"] == RANGES].reset_index(drop=True)
    chance = runs[runs["set"] == REFERENCE].groupby("theory")[measure].var(ddof=1).mean()
    values = spread[measure].to_numpy(np.float64)
    require_spread(values)
    if np.isnan(chance):
        raise DataError(["no two runs at reference finished, which would tell chance"])
    factors = _varied(spread, ["theory"])
    found = sensitivity.variance_shares(values[None, :, None], spread, factors, float(chance))
    return _share_rows(found, ("scenario", "interplay"))


def _share_rows(shares: Mapping[str, float], without: Sequence[str] = ()) -> pd.DataFrame:
    kept = {name: share for name, share in shares.items() if name not in without}
    return pd.DataFrame({"part": list(kept), "share": list(kept.values())})


def _varied(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """The columns with more than one level."""
    return [name for name in columns if len(table[name].unique()) > 1]


def _shares_of_points(material: Material, measure: str) -> pd.DataFrame:
    """Shares over a design's points: each factor with levels, and numbers as the parameters."""
    points = material.independent_points()
    arms = np.stack(
        [
            material.of(scenario)
            .pivot_table(measure, "point", "replicate", dropna=False)
            .reindex(points["point"])
            .to_numpy(np.float64)
            for scenario in material.scenarios
        ]
    )
    leveled = [name for name in factor_columns(points) if not is_number(points[name])]
    require_spread(arms.mean(axis=(0, 2)) if len(arms) == 1 else arms.mean(axis=2))
    found = sensitivity.variance_shares(arms, points, _varied(points, leveled))
    if np.isnan(list(found.values())).all():
        raise DataError(["no two points finished in every scenario"])
    shares = {name.removeprefix(FACTOR): share for name, share in found.items()}
    if arms.shape[2] < 2:  # one run a point cannot tell chance from parameters
        shares["parameters and chance"] = shares.pop("parameters")
        shares.pop("chance")
    return _share_rows(shares, ("scenario", "interplay") if len(arms) == 1 else ())


def _sobol(material: Material, asked: Asked, measure: str, scenario: str) -> pd.DataFrame:
    """Sobol' indices of the replicate mean, then the share of chance in a run and in that mean."""
    material.of_kind("saltelli", "Sobol' indices")
    points, runs = material.points, material.of(scenario)
    second = len(factor_columns(points)) <= _SECOND_UP_TO
    found = sensitivity.sobol_indices(runs, points, measure, second=second, seed=asked.seed)
    values, shared = responses(runs, points, measure), material.seeds_are_shared
    chance = sensitivity.share_of_chance(values, seeds_are_shared=shared)
    for key, of in (("run", "a single run"), ("mean", "the mean of a point")):
        if np.isfinite(chance[key]):
            row = {"order": "chance", "factor": f"chance in {of}", "other": ""}
            found.loc[len(found)] = {**row, "index": chance[key]}
    return found


def _morris(material: Material, asked: Asked, measure: str, scenario: str) -> pd.DataFrame:
    """Morris's effects, the strongest first."""
    factors = material.of_kind("morris", "Morris's effects")["factors"]
    given = material.of(scenario), material.points, factors, measure
    found = sensitivity.morris_effects(*given, seed=asked.seed)
    return found.sort_values("absolute", ascending=False, ignore_index=True)


def _discovery(
    material: Material, asked: Asked, measure: str, scenario: str
) -> tuple[str, Discovery]:
    """The level sought in words, and boxes of points' means beyond it."""
    points, values = _drawn(material, measure, scenario)
    require_spread(values)
    whole = np.isfinite(values)
    finite = values[whole]
    if asked.below is not None:
        sought, holds = f"≤ {asked.below:g}", finite <= asked.below
    else:
        level = float(np.quantile(finite, _UPPER)) if asked.above is None else asked.above
        sought, holds = f"≥ {level:.4g}", finite >= level
    return sought, discovered(points[whole].reset_index(drop=True), holds)


def _with_level(rows: pd.DataFrame, sought: str, otherwise: str) -> pd.DataFrame:
    """Rows of a discovery behind the level sought; a reason where there is none."""
    if not len(rows):
        raise DataError([otherwise])
    return rows.assign(sought=sought)[["sought", *rows.columns]]


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
    spread = runs.loc[runs["set"] == RANGES, [*keys, measure]]
    joined = spread.merge(material.points, on=keys)
    points = joined.drop(columns=["draw", "run", measure])
    points = points if _varied(points, ["theory"]) else points.drop(columns="theory")
    return points, joined[measure].to_numpy(np.float64)


def _robustness(material: Material, asked: Asked, measure: str, _: str) -> pd.DataFrame:
    """How options do across states of the world."""
    if asked.higher_is_better is None:
        how = "say --better higher, or --better lower"
        raise DataError([f"robustness needs to know which way is better: {how}"])
    if material.design is None:
        runs, options, states = material.runs, ["scenario"], ["theory", "draw"]
        runs = runs[runs["set"] == RANGES]
    else:
        runs, options = material.runs, _options(material, asked.options)
        states = [name for name in factor_columns(material.points) if name not in options]
        states += ["replicate"] if material.seeds_are_shared else []
    table = payoffs(runs, measure, options, states)
    return robustness(table, higher_is_better=asked.higher_is_better, threshold=asked.threshold)


def _options(material: Material, asked: Sequence[str]) -> list[str]:
    """The factors that are decided: those asked for, else the scenario and every lever."""
    factors = factor_columns(material.points)
    if asked:
        names = [name.removeprefix(FACTOR) for name in asked]
        known = [name.removeprefix(FACTOR) for name in factors]
        there = f"there are {', '.join(known)}"
        unknown = [f"--option {n} is no factor; {there}" for n in names if n not in known]
        if unknown:
            raise DataError(unknown)
        return [FACTOR + name for name in names]
    found = [name for name in factors if name.split(".")[1] in {"scenario", *levers()}]
    if len(material.scenarios) > 1:
        found.insert(0, "scenario")
    if not found:
        nothing = "the sweep has one scenario and no factor that is a lever"
        raise DataError([f"{nothing}: nothing was decided; say --option"])
    return found


def _convergence(material: Material, asked: Asked, measure: str, _: str) -> pd.DataFrame:
    """How well means of independent values are known, by scenario, theory and set."""
    if material.design is None:
        values = material.runs
    elif material.design["kind"] in _EVEN:
        values = material.runs.groupby(["scenario", "point"])[measure].mean().reset_index()
        values = values.assign(theory="", set="points", run=values["point"])
    else:
        why = "are no independent draws, so their mean has no such interval"
        raise DataError([f"points of {material.kind} {why}"])
    keys = ["scenario", "theory", "set"]
    rows = []
    for names, own in values.groupby(keys, sort=False):
        ordered = own.sort_values("run")[measure].to_numpy(np.float64)
        of = dict(zip(keys, map(str, names), strict=True))
        rows.append({**of, **precision_row(ordered, asked.precision)})
    return pd.DataFrame(rows)

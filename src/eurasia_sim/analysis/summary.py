"""Everything that the runs of a results folder show, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.analysis import sensitivity
from eurasia_sim.analysis.convergence import precision_row
from eurasia_sim.analysis.means import table_of_means
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
    def spread(self) -> pd.DataFrame:
        """Runs of `run` over the declared ranges."""
        return self.runs[self.runs["set"] == RANGES]

    def by_scenario(self) -> list[tuple[Mapping[str, str], pd.DataFrame]]:
        """A sweep's runs by scenario, which stands in a column where it is no factor."""
        if _SCENARIO in self.points:
            return [({}, self.runs)]
        groups = self.runs.groupby("scenario", sort=False)
        return [({"scenario": str(name)}, own.reset_index(drop=True)) for name, own in groups]

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


# Part of a section: columns that stand in front, and what makes the others or refuses them.
Part = tuple[Mapping[str, str], Callable[[], pd.DataFrame]]


def sections(material: Material, asked: Asked) -> list[Section]:
    """All sections for the measures: shares, indices, boxes, robustness, convergence."""
    found = cache(partial(_discoveries, material, asked))
    sparse = "no box holds what is sought more densely than the whole space"

    def limits(own: Discovery) -> pd.DataFrame:
        return box_table(own.boxes, material.numbers)

    makers: tuple[tuple[str, str, Callable[[str], Iterable[Part]]], ...] = (
        ("shares", "what the spread divides into", partial(_shares, material)),
        ("sobol", "Sobol' indices", partial(_sobol, material, asked)),
        ("morris", "Morris's effects over a factor's range", partial(_morris, material, asked)),
        ("boxes", "where it is so", lambda measure: _sought(found(measure), limits, sparse)),
        (
            "paths",
            "what boxes trade coverage for",
            lambda measure: _sought(found(measure), attrgetter("path"), "no box was peeled"),
        ),
        ("robustness", "what holds up", partial(_robustness, material, asked)),
        ("convergence", "how well means are known", partial(_convergence, material, asked)),
    )
    rest = [_section(name, title, material.measures, parts) for name, title, parts in makers]
    return [means(material, material.measures), *rest]


def means(material: Material, measures: Sequence[str]) -> Section:
    """Means by the factors of a design with few levels, and where a difference turns its sign."""
    return _section("means", "means by factor", measures, partial(_means, material))


def _section(
    name: str, title: str, measures: Sequence[str], parts: Callable[[str], Iterable[Part]]
) -> Section:
    """One table over all measures and scenarios; the reason why one has none is a note."""
    tables: list[pd.DataFrame] = []
    refused: dict[str, list[str]] = {}

    def of(measure: str) -> list[Part]:
        return list(parts(measure))

    def tried(what: Iterable[str], make: Callable[[], Any]) -> Any:
        try:
            return make()
        except DataError as error:
            for problem in error.problems:
                refused.setdefault(problem, []).append(", ".join(filter(None, what)))

    for measure in measures:
        for head, make in tried([measure], partial(of, measure)) or ():
            columns = {"measure": measure, **head}
            if (table := tried(columns.values(), make)) is not None:
                for at, (column, value) in enumerate(columns.items()):
                    table.insert(at, column, value)
                tables.append(table)
    every = len(tables) + len({each for own in refused.values() for each in own})
    notes = [
        why if len(own) == every else f"{'; '.join(own)}: {why}" for why, own in refused.items()
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return Section(name, title, table, (*notes, *sensitivity.caveats(table)))


def _means(material: Material, measure: str) -> Iterator[Part]:
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
        head.get("scenario", "all runs"): own.groupby(factors)[measure].mean()
        for head, own in material.by_scenario()
    }
    if len(sides) > 1:
        first, second, *_ = sides
        sides[f"{first} less {second}"] = sides[first] - sides[second]
    for name, values in sides.items():
        yield {"of": name}, partial(table_of_means, values, turns=" less " in name)


def _shares(material: Material, measure: str) -> Iterator[Part]:
    """Shares of theory (and of other factors), parameters and chance in the variance."""
    if material.design is not None:
        yield {"of": "all points"}, partial(_shares_of_points, material, measure)
        return
    for name, own in material.runs.groupby("scenario", sort=False):
        yield {"of": str(name)}, partial(_shares_of_draws, own, measure)


def _shares_of_draws(runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Shares in runs over ranges; runs at reference, by chance alone, give the part of chance."""
    spread = runs[runs["set"] == RANGES]
    chance = runs[runs["set"] == REFERENCE].groupby("theory")[measure].var(ddof=1).mean()
    values = spread[measure].to_numpy(np.float64)
    require_spread(values)
    if np.isnan(chance):
        raise DataError(["no two runs at reference finished, which would tell chance"])
    spread, factors = spread.reset_index(drop=True), _varied(spread, ["theory"])
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
            own.pivot_table(measure, "point", "replicate", dropna=False)
            .reindex(points["point"])
            .to_numpy(np.float64)
            for _, own in material.by_scenario()
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


def _design(material: Material, kind: str, what: str) -> Mapping[str, Any]:
    """The design, which must be of one kind."""
    if material.design is None or material.design["kind"] != kind:
        raise DataError([f"{what} need a sweep by a {kind} design; this is {material.kind}"])
    return material.design


def _sobol(material: Material, asked: Asked, measure: str) -> Iterator[Part]:
    """Sobol' indices of the replicate mean, then the share of chance in a run and in that mean."""
    _design(material, "saltelli", "Sobol' indices")
    points, shared = material.points, material.seeds_are_shared
    second = len(factor_columns(points)) <= _SECOND_UP_TO

    def indices(runs: pd.DataFrame) -> pd.DataFrame:
        found = sensitivity.sobol_indices(runs, points, measure, second=second, seed=asked.seed)
        chance = sensitivity.share_of_chance(
            responses(runs, points, measure), seeds_are_shared=shared
        )
        for key, of in (("run", "a single run"), ("mean", "the mean of a point")):
            if np.isfinite(chance[key]):
                row = {"order": "chance", "factor": f"chance in {of}", "other": ""}
                found.loc[len(found)] = {**row, "index": chance[key]}
        return found

    for head, runs in material.by_scenario():
        yield head, partial(indices, runs)


def _morris(material: Material, asked: Asked, measure: str) -> Iterator[Part]:
    """Morris's effects, the strongest first."""
    factors = _design(material, "morris", "Morris's effects")["factors"]

    def effects(runs: pd.DataFrame) -> pd.DataFrame:
        found = sensitivity.morris_effects(runs, material.points, factors, measure, seed=asked.seed)
        return found.sort_values("absolute", ascending=False, ignore_index=True)

    for head, runs in material.by_scenario():
        yield head, partial(effects, runs)


def _discoveries(material: Material, asked: Asked, measure: str) -> list[tuple[Any, Any]]:
    """By scenario, what gives the level sought in words, and boxes of points' means beyond it."""

    def discovery(points: pd.DataFrame, values: Floats) -> tuple[str, Discovery]:
        require_spread(values)
        whole = np.isfinite(values)
        finite = values[whole]
        if asked.below is not None:
            sought, holds = f"≤ {asked.below:g}", finite <= asked.below
        else:
            level = float(np.quantile(finite, _UPPER)) if asked.above is None else asked.above
            sought, holds = f"≥ {level:.4g}", finite >= level
        return sought, discovered(points[whole].reset_index(drop=True), holds)

    return [
        (head, cache(partial(discovery, points, values)))
        for head, points, values in _drawn(material, measure)
    ]


def _sought(
    found: Iterable[tuple[Any, Any]], table_of: Callable[[Discovery], pd.DataFrame], otherwise: str
) -> Iterator[Part]:
    """Tables of discoveries with the level sought; a reason where one has no row."""

    def table(discovery: Callable[[], tuple[str, Discovery]]) -> pd.DataFrame:
        sought, own = discovery()
        if not len(rows := table_of(own)):
            raise DataError([otherwise])
        return rows.assign(sought=sought)[["sought", *rows.columns]]

    for head, discovery in found:
        yield head, partial(table, discovery)


def _drawn(
    material: Material, measure: str
) -> Iterator[tuple[Mapping[str, str], pd.DataFrame, Floats]]:
    """By scenario, points (theory and numbers) with the mean of each; of `run`, the draws."""
    if material.design is not None:
        alone = material.independent_points()
        points = alone[factor_columns(alone)].rename(columns=lambda name: name.removeprefix(FACTOR))
        for head, own in material.by_scenario():
            means = own.groupby("point")[measure].agg(lambda values: values.mean(skipna=False))
            yield head, points, np.asarray(means.reindex(alone["point"]), np.float64)
        return
    if not len(material.points.columns):
        older = "the folder does not hold what was drawn (an older version wrote it): run again"
        raise DataError([older])
    for name, own in material.spread.groupby("scenario", sort=False):
        columns = ["draw", "theory", "run", measure]
        joined = own[columns].merge(material.points, on=["theory", "run", "draw"])
        points = joined.drop(columns=["draw", "run", measure])
        points = points if _varied(points, ["theory"]) else points.drop(columns="theory")
        yield {"scenario": str(name)}, points, joined[measure].to_numpy(np.float64)


def _robustness(material: Material, asked: Asked, measure: str) -> Iterator[Part]:
    if asked.higher_is_better is None:
        how = "say --better higher, or --better lower"
        raise DataError([f"robustness needs to know which way is better: {how}"])
    if material.design is None:
        runs, options, states = material.spread, ["scenario"], ["theory", "draw"]
    else:
        runs, options = material.runs, _options(material, asked.options)
        states = [name for name in factor_columns(material.points) if name not in options]
        states += ["replicate"] if material.seeds_are_shared else []
    table = payoffs(runs, measure, options, states)
    better, least = asked.higher_is_better, asked.threshold
    yield {}, partial(robustness, table, higher_is_better=better, threshold=least)


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
    if _SCENARIO not in factors and _varied(material.runs, ["scenario"]):
        found.insert(0, "scenario")
    if not found:
        nothing = "the sweep has one scenario and no factor that is a lever"
        raise DataError([f"{nothing}: nothing was decided; say --option"])
    return found


def _convergence(material: Material, asked: Asked, measure: str) -> Iterator[Part]:
    def row(values: Floats) -> pd.DataFrame:
        return pd.DataFrame([precision_row(values, asked.precision)])

    for of, values in _samples(material, measure):
        yield of, partial(row, values)


def _samples(material: Material, measure: str) -> Iterator[tuple[dict[str, str], Floats]]:
    """Independent values by scenario, theory and set, to take the mean of."""
    keys = ["scenario", "theory", "set"]
    if material.design is None:
        values = material.runs
    elif material.design["kind"] in _EVEN:
        values = material.runs.groupby(["scenario", "point"])[measure].mean().reset_index()
        values = values.assign(theory="", set="points", run=values["point"])
    else:
        why = "are no independent draws, so their mean has no such interval"
        raise DataError([f"points of {material.kind} {why}"])
    for names, own in values.groupby(keys, sort=False):
        of = dict(zip(keys, map(str, names), strict=True))
        yield of, own.sort_values("run")[measure].to_numpy(np.float64)

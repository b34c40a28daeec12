"""What the runs of a results folder say, section by section; where a section cannot be had, it says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.analysis.convergence import precision_row, widths
from eurasia_sim.analysis.robustness import payoffs, robustness
from eurasia_sim.analysis.scenario_discovery import Discovery, box_table, discovered, is_number
from eurasia_sim.analysis.sensitivity import (
    FACTOR,
    factor_columns,
    morris_effects,
    responses,
    saltelli_blocks,
    share_of_chance,
    sobol_indices,
    variance_shares,
)
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError, Number
from eurasia_sim.simulation.run import RANGES, REFERENCE
from eurasia_sim.world.levers import levers

# Designs whose points are drawn evenly over the space, so that a mean over them means something.
_EVEN = ("latin_hypercube", "sobol")
_SECOND_UP_TO = 20  # factors beyond which second orders are too many to read
_UPPER = 0.75  # quantile above which something is sought unless told otherwise


@dataclass(frozen=True)
class Material:
    """The runs of a finished folder, and the design they carried out: that of a sweep, or what `run` drew."""

    runs: pd.DataFrame  # a row a run: scenario, theory, seed, status, the measures; of a sweep also point and replicate
    points: (
        pd.DataFrame
    )  # a row a point: point and the factors' columns; of `run` a row a draw: theory, draw, numbers
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


@dataclass(frozen=True)
class Asked:
    """What a person wants to know."""

    above: float | None = None  # sought are results above it
    below: float | None = None  # or below it
    higher_is_better: bool | None = None
    threshold: float | None = None  # what will do
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
    """Everything that can be said of the measures: shares of the spread, indices, boxes, robustness, convergence."""
    discoveries = cache(lambda measure: _discoveries(material, measure, asked))
    return [
        _section("shares", "what the spread divides into", material, lambda measure: _shares(material, measure)),
        _section("sobol", "Sobol' indices", material, lambda measure: _sobol(material, measure, asked)),
        _section("morris", "Morris's effects over a factor's range", material,
                 lambda measure: _morris(material, measure, asked)),
        _section("boxes", "where it is so", material, lambda measure: _boxes(material, discoveries(measure))),
        _section("paths", "what boxes trade coverage for", material, lambda measure: _paths(discoveries(measure))),
        _section("robustness", "what holds up", material, lambda measure: _robustness(material, measure, asked)),
        _section("convergence", "how well means are known", material,
                 lambda measure: _convergence(material, measure, asked)),
        _section("widths", "half-width of the interval after so many runs", material,
                 lambda measure: _widths(material, measure)),
    ]  # fmt: skip


def _section(
    name: str, title: str, material: Material, make: Callable[[str], pd.DataFrame]
) -> Section:
    """One table over all measures; what refuses one of them is a note."""
    tables: list[pd.DataFrame] = []
    notes: dict[str, list[str]] = {}
    for measure in material.measures:
        try:
            table = make(measure)
        except DataError as error:
            for problem in error.problems:
                notes.setdefault(problem, []).append(measure)
        else:
            table.insert(0, "measure", measure)
            tables.append(table)
    everywhere = len(material.measures)
    said = tuple(
        why if len(own) == everywhere else f"{', '.join(own)}: {why}" for why, own in notes.items()
    )
    return Section(
        name, title, pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(), said
    )


def _shares(material: Material, measure: str) -> pd.DataFrame:
    """Shares of theory (and of other factors), parameters and chance in the variance, scenario by scenario."""
    if material.design is None:
        rows = [
            {"of": scenario, **_shares_of_draws(own, measure)}
            for scenario, own in material.runs.groupby("scenario", sort=False)
        ]
    else:
        rows = [{"of": "all points", **_shares_of_points(material, measure)}]
    return (
        pd.DataFrame(rows)
        .melt(["of"], var_name="part", value_name="share")
        .dropna(ignore_index=True)
    )


def _shares_of_draws(runs: pd.DataFrame, measure: str) -> dict[str, float]:
    """Shares in runs over ranges; runs by chance alone, at reference, tell the part of chance."""
    spread = runs[runs["set"] == RANGES]
    still = runs[runs["set"] == REFERENCE]
    chance = float(still.groupby("theory")[measure].var(ddof=1).mean())
    several = _several(spread, ["theory"])
    values = spread[measure].to_numpy(np.float64)[None, :, None]
    found = variance_shares(values, spread.reset_index(drop=True), several, chance)
    return {name: share for name, share in found.items() if name not in ("scenario", "interplay")}


def _several(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Those columns of levels that have more than one."""
    return [name for name in columns if len(table[name].unique()) > 1]


def _shares_of_points(material: Material, measure: str) -> dict[str, float]:
    """Shares over a design's points; what has levels is a factor of its own, numbers together are the parameters."""
    points = _alone(material)
    arms = [
        own.pivot_table(measure, "point", "replicate", dropna=False)
        .reindex(points["point"])
        .to_numpy(np.float64)
        for _, own in _by_scenario(material)
    ]
    leveled = _several(
        points, [name for name in factor_columns(points) if not is_number(points[name])]
    )
    found = variance_shares(np.stack(arms), points, leveled)
    if len(arms) == 1:
        del found["scenario"], found["interplay"]
    shares = {name.removeprefix(FACTOR): share for name, share in found.items()}
    if arms[0].shape[1] < 2:  # one run a point cannot tell luck from what was set
        shares["parameters and chance"] = shares.pop("parameters")
        shares.pop("chance")
    return shares


def _alone(material: Material) -> pd.DataFrame:
    """The points that were laid independently of each other; of a Saltelli design, the first and last of each block."""
    kind = material.design["kind"] if material.design else ""
    if kind == "morris":
        raise DataError(
            ["the points of a morris design lie along paths, not evenly over the space"]
        )
    if kind != "saltelli":
        return material.points
    count, _ = saltelli_blocks(material.points[factor_columns(material.points)].to_numpy(object))
    size = len(material.points) // count
    place = material.points["point"] % size
    return material.points[(place == 0) | (place == size - 1)].reset_index(drop=True)


def _by_scenario(material: Material) -> list[tuple[str, pd.DataFrame]]:
    """A sweep's runs, those of each scenario by themselves where every point was run in all of them."""
    if f"{FACTOR}scenario" in material.points:
        return [("", material.runs)]
    return [
        (str(name), own.reset_index(drop=True))
        for name, own in material.runs.groupby("scenario", sort=False)
    ]


def _each(material: Material, make: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """One table of all scenarios' own."""
    return pd.concat(
        [_told(scenario, make(own)) for scenario, own in _by_scenario(material)], ignore_index=True
    )


def _told(scenario: str, table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(scenario=scenario)[["scenario", *table.columns]] if scenario else table


def _design(material: Material, kind: str, what: str) -> Mapping[str, Any]:
    """The design, which must be of one kind."""
    if material.design is None or material.design["kind"] != kind:
        raise DataError([f"{what} need a sweep by a {kind} design; this is {material.kind}"])
    return material.design


def _sobol(material: Material, measure: str, asked: Asked) -> pd.DataFrame:
    """Sobol' indices of the replicate mean, with the share of chance in a run and in that mean as rows of their own."""
    _design(material, "saltelli", "Sobol' indices")
    points, shared = material.points, material.seeds_are_shared
    second = len(factor_columns(points)) <= _SECOND_UP_TO

    def make(runs: pd.DataFrame) -> pd.DataFrame:
        found = sobol_indices(runs, points, measure, second=second, seed=asked.seed)
        chance = share_of_chance(responses(runs, points, measure), seeds_are_shared=shared)
        rows = [
            {"order": "chance", "factor": f"chance in {of}", "other": "", "index": chance[key]}
            for key, of in (("run", "a single run"), ("mean", "the mean of a point"))
            if np.isfinite(chance[key])
        ]
        return pd.concat([found, pd.DataFrame(rows)], ignore_index=True) if rows else found

    return _each(material, make)


def _morris(material: Material, measure: str, asked: Asked) -> pd.DataFrame:
    """Morris's effects, the strongest first."""
    factors = _design(material, "morris", "Morris's effects")["factors"]

    def make(runs: pd.DataFrame) -> pd.DataFrame:
        found = morris_effects(runs, material.points, factors, measure, seed=asked.seed)
        return found.sort_values("absolute", ascending=False, ignore_index=True)

    return _each(material, make)


def _discoveries(
    material: Material, measure: str, asked: Asked
) -> list[tuple[str, str, Discovery]]:
    """Scenario, what is sought, and what was found where a point's mean is above (or below) it."""
    found = []
    for scenario, points, values in _drawn(material, measure):
        whole = np.isfinite(values)
        if not whole.any():
            raise DataError([f"{scenario}: every run failed"])
        sought, holds = _sought(values[whole], asked)
        found.append((scenario, sought, discovered(points[whole].reset_index(drop=True), holds)))
    return found


def _boxes(material: Material, found: list[tuple[str, str, Discovery]]) -> pd.DataFrame:
    """Boxes in which what is sought is denser; of several scenarios, the runs of each."""
    tables = [
        (scenario, sought, box_table(each.boxes, material.numbers))
        for scenario, sought, each in found
    ]
    return _with_heads(tables, "no box holds what is sought more densely than the whole space")


def _paths(found: list[tuple[str, str, Discovery]]) -> pd.DataFrame:
    """Coverage and density of every box along PRIM's paths."""
    return _with_heads(
        [(scenario, sought, each.path) for scenario, sought, each in found], "no box was peeled"
    )


def _with_heads(tables: list[tuple[str, str, pd.DataFrame]], otherwise: str) -> pd.DataFrame:
    """Tables under each other, each told of its scenario and of what is sought."""
    told = [_told(scenario, table.assign(sought=sought)[["sought", *table.columns]])
            for scenario, sought, table in tables if len(table)]  # fmt: skip
    if not told:
        raise DataError([otherwise])
    return pd.concat(told, ignore_index=True)


def _sought(values: Floats, asked: Asked) -> tuple[str, np.ndarray]:
    """What is sought, in words, and where it holds."""
    if asked.below is not None:
        return f"≤ {asked.below:g}", values <= asked.below
    level = float(np.quantile(values, _UPPER)) if asked.above is None else asked.above
    return f"≥ {level:.4g}", values >= level


def _drawn(material: Material, measure: str) -> list[tuple[str, pd.DataFrame, Floats]]:
    """Points (theory and numbers) and a value each: of a sweep all points, of `run` each scenario's draws."""
    if material.design is not None:
        alone = _alone(material)
        points = alone[factor_columns(alone)].rename(columns=lambda name: name.removeprefix(FACTOR))
        found = []
        for scenario, own in _by_scenario(material):
            means = own.groupby("point")[measure].agg(lambda values: values.mean(skipna=False))
            found.append((scenario, points, np.asarray(means.reindex(alone["point"]), np.float64)))
        return found
    if not len(material.points.columns):
        raise DataError(
            ["the folder does not hold what was drawn (an older version wrote it): run again"]
        )
    spread = material.runs[material.runs["set"] == RANGES]
    found = []
    for name, own in spread.groupby("scenario", sort=False):
        joined = own[["draw", "theory", "run", measure]].merge(
            material.points, on=["theory", "run", "draw"]
        )
        points = joined.drop(columns=["draw", "run", measure])
        points = points if _several(points, ["theory"]) else points.drop(columns="theory")
        found.append((str(name), points, joined[measure].to_numpy(np.float64)))
    return found


def _robustness(material: Material, measure: str, asked: Asked) -> pd.DataFrame:
    if asked.higher_is_better is None:
        raise DataError(
            ["robustness needs to know which way is better: say --better higher, or --better lower"]
        )
    if material.design is None:
        runs = material.runs[material.runs["set"] == RANGES]
        options, states = ["scenario"], ["theory", "draw"]
    else:
        runs = material.runs
        options = _options(material, asked.options)
        states = [name for name in factor_columns(material.points) if name not in options]
        states += ["replicate"] if material.seeds_are_shared else []
    table = payoffs(runs, measure, options, states)
    return robustness(table, higher_is_better=asked.higher_is_better, threshold=asked.threshold)


def _options(material: Material, asked: Sequence[str]) -> list[str]:
    """The factors that are decided: those asked for, else the scenario and whatever is a lever."""
    factors = factor_columns(material.points)
    if asked:
        wanted = [name if name.startswith(FACTOR) else FACTOR + name for name in asked]
        unknown = [name for name in wanted if name not in factors]
        if unknown:
            held = ", ".join(name.removeprefix(FACTOR) for name in factors)
            raise DataError(
                [
                    f"--option {name.removeprefix(FACTOR)} is no factor; there are {held}"
                    for name in unknown
                ]
            )
        return wanted
    found = [name for name in factors if name.split(".")[1] in {"scenario", *levers()}]
    if f"{FACTOR}scenario" not in factors and _several(material.runs, ["scenario"]):
        found.insert(0, "scenario")
    if not found:
        raise DataError(
            [
                "the sweep has one scenario and no factor that is a lever: nothing was decided; say --option"
            ]
        )
    return found


def _samples(material: Material, measure: str) -> list[tuple[dict[str, str], Floats]]:
    """Independent values whose mean is asked for, with what they are of."""
    if material.design is None:
        keys = ["scenario", "theory", "set"]
        return [
            (
                dict(zip(keys, map(str, names), strict=True)),
                own.sort_values("run")[measure].to_numpy(np.float64),
            )
            for names, own in material.runs.groupby(keys, sort=False)
        ]
    if material.design["kind"] not in _EVEN:
        raise DataError(
            [
                f"points of {material.kind} are no independent draws, so their mean has no such interval"
            ]
        )
    points = material.runs.groupby(["scenario", "point"])[measure].mean().reset_index()
    return [
        (
            {"scenario": str(scenario), "theory": "", "set": "points"},
            own[measure].to_numpy(np.float64),
        )
        for scenario, own in points.groupby("scenario", sort=False)
    ]


def _convergence(material: Material, measure: str, asked: Asked) -> pd.DataFrame:
    samples = _samples(material, measure)
    return pd.DataFrame(
        [{**of, **precision_row(values, asked.precision)} for of, values in samples]
    )


def _widths(material: Material, measure: str) -> pd.DataFrame:
    return pd.concat(
        [widths(values).assign(**of) for of, values in _samples(material, measure)],
        ignore_index=True,
    )

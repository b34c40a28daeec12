"""A sample of everything nobody knows: which theory, which forms, whose coding, and every number within its range."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Integers
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.coding import values_by_coder
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import Draws, drawn, ranges_of, run_seeds, values_of
from eurasia_sim.world.world import World

CODINGS = ("both", "first", "second")


@dataclass(frozen=True)
class Group:
    """The points of one theory and one choice of forms."""

    theory: str
    forms: Mapping[str, str]
    points: Integers  # (P,) numbers of the points in the sample
    draws: Draws  # (P * replicates,) all replicates of a point side by side


@dataclass(frozen=True)
class Sample:
    """Points spread over numbers and factors, each run a few times by chance."""

    groups: tuple[Group, ...]
    points: pd.DataFrame  # a row a point: theory, form.<factor>, coding, then numbers by path (NaN where held or silent)
    factors: tuple[str, ...]  # the first columns of `points`
    replicates: int


def space_sample(
    world: World,
    scenario: Scenario,
    theories: Sequence[str],
    points: int,
    replicates: int,
    seed: int,
) -> Sample:
    """Points for every theory, spread evenly over its ranges, with forms and codings in equal parts.

    Form: a Latin hypercube a theory; every combination of structural forms and codings gets as many points as any
    other (but for one), dealt at random. Coding `both` draws a coded number from its range; `first` and `second` hold
    it at what that coder made of it, silence included.

    Args:
        scenario: any; its levers do not matter, its fixed numbers are held.
        points: how many for each theory.
    """
    choices = [
        dict(zip(world.forms, names, strict=True))
        for names in itertools.product(*(world.forms[f] for f in world.forms))
    ]
    coders = (
        values_by_coder(load_evidence(world.directory))
        if (world.directory / "documents.yaml").is_file()
        else {}
    )
    codings = CODINGS if coders else CODINGS[:1]
    groups, tables = [], []
    for order, theory in enumerate(theories):
        generator = np.random.default_rng([seed, order])
        cells = generator.permutation(np.arange(points) % (len(choices) * len(codings)))
        for number, forms in enumerate(choices):
            own = np.flatnonzero(cells % len(choices) == number)
            if len(own):
                inputs = prepare(world, scenario, theory, forms)
                ranges = ranges_of(world, inputs)
                draws = drawn(world, inputs, ranges, len(own), int(generator.integers(2**32)))
                coding = [codings[c] for c in cells[own] // len(choices)]
                _as_coded(world, draws, coding, coders)
                groups.append((theory, forms, own + order * points, draws))
                tables.append(
                    _points(world, theory, forms, coding, own + order * points, draws, list(ranges))
                )
    seeds = run_seeds(seed, points * len(theories) * replicates).reshape(-1, replicates)
    table = pd.concat(tables).sort_index()
    factors = ("theory", *(f"form.{factor}" for factor in world.forms), "coding")
    return Sample(
        tuple(Group(t, f, at, _repeated(draws, seeds[at])) for t, f, at, draws in groups),
        table,
        factors,
        replicates,
    )


def _as_coded(
    world: World, draws: Draws, coding: Sequence[str], coders: Mapping[str, tuple[float, float]]
) -> None:
    """Hold coded numbers at one coder's values in the runs that follow that coder."""
    for which, coder in enumerate(CODINGS[1:]):
        runs = np.array([each == coder for each in coding])
        for path, values in coders.items():
            if path in world.coded_index:
                draws.rows[runs, world.coded_index[path]] = values[which]


def _points(
    world: World, theory: str, forms: Mapping[str, str], coding: Sequence[str], numbers: Integers, draws: Draws,
    paths: Sequence[str],
) -> pd.DataFrame:  # fmt: skip
    factors = {
        "theory": theory,
        **{f"form.{factor}": name for factor, name in forms.items()},
        "coding": coding,
    }
    values = {path: values_of(world, draws, path) for path in paths}
    return pd.DataFrame({**factors, **values}, index=numbers)


def _repeated(draws: Draws, seeds: np.ndarray) -> Draws:
    """Every point once a replicate, each with its own seed. seeds: (P, replicates)."""
    times = seeds.shape[1]
    return Draws(np.repeat(draws.rules, times), np.repeat(draws.rows, times, axis=0), seeds.ravel())

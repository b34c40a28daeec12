"""Inputs of a run, by name of a scenario or at random, and the compiled model set up with them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from eurasia_sim.compute.dimensions import DOMAINS, Geography, name_hash
from eurasia_sim.kernel.arrays import coded_shapes
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.kernel.outcomes import pair_columns
from eurasia_sim.kernel.workspace import Workspace, counts_of, facts_of
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.inputs import prepare, scopes_of
from eurasia_sim.world.world import World, load_world


class Given(NamedTuple):
    """All that decides a run but its seed, in the kernel's own form."""

    actors: tuple[str, ...]
    theatres: tuple[str, ...]
    geography: Geography
    row: np.ndarray  # one draw of every coded number, flat
    levers: LeverSeries
    rules: Any  # one record of the rules' numbers
    focus: np.ndarray  # (P, 2) pairs that measures are read off for
    scopes: np.ndarray  # (S, K) 1 where a scope counts a theatre
    scope_names: tuple[str, ...]
    burn_in: int  # months run under the first month's levers before month 0

    @property
    def months(self) -> int:
        """Months of the schedule, the burn-in not counted."""
        return len(self.levers)

    @property
    def columns(self) -> list[str]:
        """Names of the focal pairs' measures, which the kernel writes first, in its order."""
        pairs = [(self.actors[i], self.actors[j]) for i, j in self.focus]
        return pair_columns(pairs, list(self.scope_names), DOMAINS)


def begun(inputs: Given, seed: int, runs: int = 1) -> Workspace:
    """A block of runs of successive seeds before the first month of the burn-in."""
    rules = np.repeat(np.asarray(inputs.rules)[None], runs)
    workspace = Workspace(facts_of(inputs.geography, inputs.focus, inputs.scopes), rules)
    seeds = np.uint64(seed) + np.arange(runs, dtype=np.uint64)
    workspace.load(rules, np.tile(inputs.row, (runs, 1)), seeds)
    return workspace


@cache
def packaged_world() -> World:
    """The world that comes with the package, read once a process."""
    return load_world()


def scenario_inputs(scenario: str, theory: str | None = None) -> Given:
    """A packaged scenario under a theory or its own, every number at its reference."""
    world = packaged_world()
    inputs = prepare(world, load_scenario(scenario, world), theory)
    return Given(
        tuple(world.actors), tuple(world.theatres), inputs.geography, inputs.row, inputs.levers,
        inputs.rules[()], inputs.focus, inputs.scopes, tuple(scopes_of(world)), inputs.burn_in,
    )  # fmt: skip


def random_inputs(
    seed: int,
    size: tuple[int, int, int] = (13, 6, 10),
    months: int = 351,
    burn_in: int = 60,
    changes: Iterable[tuple[str, float]] = (),
) -> Given:
    """A world of random actors, theatres and venues in which every lever is used somewhere.

    Args:
        seed: of the world, not of a run.
        size: actors, theatres, venues.
        changes: of the rules' reference values.
    """
    actors, theatres, venues = size
    random = np.random.default_rng(seed)
    names = tuple(f"actor{i}" for i in range(actors))
    lands = tuple(f"theatre{k}" for k in range(theatres))
    ruler = np.arange(theatres) % actors
    challenger = np.full(theatres, -1)
    challenger[0] = actors - 1
    ruler[1:][-1:], challenger[1:][-1:] = -1, 0  # the last has a challenger and no ruler
    geography = Geography(
        random.uniform(0, 8000, (actors, actors)), _some(random, 0.2, (actors, actors)),
        random.uniform(0, 8000, (actors, theatres)), _some(random, 0.2, (actors, theatres)),
        random.uniform(0, 3000, (actors, theatres)), random.uniform(0, 1000, (theatres, theatres)),
        random.uniform(0.5, 4, theatres),
        _some(random, 0.8, (actors,)) * random.uniform(1, 9, actors), ruler, challenger, challenger,
        np.where(random.random((3, actors, 1)) < 0.6, random.normal(size=(3, 1, actors)), np.nan),
        random.dirichlet(np.ones(actors), venues), _some(random, 0.5, (venues, 3)),
        np.array([name_hash(name) for name in names]),
        np.array([name_hash(name) for name in lands]),
    )  # fmt: skip
    levers = _random_levers(random, size, months, geography)
    scopes = np.ones((2, theatres))
    scopes[1, 0] = 0.0
    rules = packaged_world().rules_record()
    for name, value in changes:
        rules[name] = value
    return Given(
        names, lands, geography, _random_row(random, actors, theatres), levers, rules[()],
        np.array([[0, 1], [2, 1]])[: actors - 1], scopes, ("all", "rest"), burn_in,
    )  # fmt: skip


def _some(random: np.random.Generator, share: float, shape: tuple[int, ...]) -> np.ndarray:
    """1 in a share of the places, else 0."""
    return (random.random(shape) < share) * 1.0


def _random_row(random: np.random.Generator, actors: int, theatres: int) -> np.ndarray:
    """Coded numbers of every field, some of them silent."""
    shapes = coded_shapes(actors, theatres)
    fields = {name: random.random(shape) for name, shape in shapes.items()}
    fields["salience"] = random.integers(0, 4, shapes["salience"]).astype(float)
    fields["denial"] = 1.0 * random.integers(0, 4, shapes["denial"])
    fields["denial"] *= _some(random, 0.3, shapes["denial"])
    fields["affinity"] = random.integers(-3, 4, shapes["affinity"]).astype(float)
    for name in ("salience", "denial", "affinity", "initial_fighters", "initial_strength"):
        fields[name][random.random(shapes[name]) < 0.2] = np.nan
    fields["own_power"] *= 0.02
    fields["initial_influence"] /= actors
    fields["initial_recognition"] = np.round(fields["initial_recognition"])
    return np.concatenate([fields[name].ravel() for name in shapes])


def _random_levers(
    random: np.random.Generator, size: tuple[int, int, int], months: int, geography: Geography
) -> LeverSeries:
    """Levers that stay for two years at a time; some are at rest, some impose an outcome."""
    n, k, v = size
    spells = np.arange(months) // 24

    def steps(share: float, scale: float, *shape: int) -> np.ndarray:
        shape = (spells[-1] + 1, *shape)
        return scale * (random.random(shape) * _some(random, share, shape))[spells]

    rule = np.full((months, k), -1.0)
    rule[months // 4 : months // 2, 0] = n - 1
    rule[months // 2 : 3 * months // 4, 0] = 0
    rule[3 * months // 4 :, 0] = n // 2  # neither first ruler nor challenger
    rule[months // 3 : months // 2, 1:] = n // 2  # with a challenger or a ruler, or without
    stability, recognition = steps(0.05, 1.0, k), np.ceil(steps(0.05, 2.0, n, k, 5))
    capability, consent = steps(0.9, 0.1, n), steps(0.2, 4.0, n, k)
    series = LeverSeries(counts_of(geography, 0, 0), months)
    return series.changed_to(
        geography.venue_domains, presence=steps(0.05, 0.3, n, k, 3), pressure=steps(0.3, 1.0, n, n),
        goodwill=steps(0.1, 3.0, n, n) - steps(0.1, 3.0, n, n), revisionism=steps(0.2, 1.0, n),
        conduct=steps(0.3, 1.0, k) - steps(0.3, 1.0, k), ban=steps(0.3, 1.0, k),
        surge=steps(0.2, 2.0, k, 3), aid=steps(0.2, 3.0, n, k), arms=steps(0.1, 2.0, n, n),
        sanctions=steps(0.2, 1.0, n, n), trade=steps(0.2, 1.0, n, k) - steps(0.2, 1.0, n, k),
        consent=np.where(consent > 0.0, np.floor(consent) / 2.0, np.nan),
        imposed=steps(0.02, 0.5, n, k, 3), jointness=steps(0.1, 1.0, k, 3), rule=rule,
        stability=np.where(stability > 0.0, stability, np.nan),
        recognition=np.where(recognition > 0.0, recognition - 1.0, np.nan), capability=capability,
        theatre_capability=steps(1.0, 0.005, k), membership=steps(0.4, 2.0, v, n).round() / 2,
    )  # fmt: skip

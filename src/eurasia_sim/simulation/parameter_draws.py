"""Who is drawn how: runs that differ by chance alone, and runs spread over everything uncertain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.scenarios.posterior import Posterior, check_fits
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.world.world import World

_WIDER = 3.0
_ROUNDING = 1e-9  # by which shares that are one together may miss it
SHARE = ".initial_influence."  # in the path of every share of influence


@dataclass(frozen=True)
class Draws:
    """The parameters of R runs: one rules record, one coded row and one seed each."""

    rules: NDArray[np.void]  # (R,)
    rows: Floats  # (R, M)
    seeds: NDArray[np.uint64]  # (R,)
    drawn: dict[str, Floats] = field(
        default_factory=dict
    )  # path -> (R,) what was drawn over that number's range

    def __len__(self) -> int:
        return len(self.seeds)

    def part(self, chosen: slice | Integers) -> Draws:
        """Some of the runs."""
        drawn = {path: values[chosen] for path, values in self.drawn.items()}
        return Draws(self.rules[chosen], self.rows[chosen], self.seeds[chosen], drawn)

    def names(self) -> list[str]:
        """16 hexadecimal digits a run: a hash of its seed and of what was drawn over ranges, not of what is held.

        Two runs of one name had the same luck in everything that was drawn, so their difference is due to what was
        decided: scenario, theory, a number that is set.
        """
        common = hashlib.sha256("\0".join(self.drawn).encode())
        values = np.array(list(self.drawn.values())).reshape(len(self.drawn), len(self)).T
        found = []
        for own_values, seed in zip(values, self.seeds, strict=True):
            own = common.copy()
            own.update(own_values.tobytes() + seed.tobytes())
            found.append(own.hexdigest()[:16])
        return found


def run_seeds(seed: int, n: int) -> NDArray[np.uint64]:
    """(n,) seeds of n runs from one root; the first of many are the same as of few."""
    return np.asarray(np.random.SeedSequence(seed).generate_state(n, np.uint64), np.uint64)


def reference_draws(inputs: Inputs, n: int, seed: int, first: int = 0) -> Draws:
    """n runs at reference values that differ by chance alone.

    Args:
        first: how many runs of the same root stand before them.
    """
    return Draws(
        np.repeat(inputs.rules[None], n),
        np.tile(inputs.row, (n, 1)),
        run_seeds(seed, first + n)[first:],
    )


def ranges_of(world: World, inputs: Inputs) -> dict[str, tuple[float, float]]:
    """What is uncertain, by path: the declared ranges or the theory's own, unless a scenario narrows or fixes them."""
    theory = world.theories[inputs.theory]
    held = set(theory.fix) | {n for f, a in inputs.forms.items() for n in world.forms[f][a].fix}
    found = {}
    for path, number in world.numbers.items():
        name = path.rsplit(".", 1)[1]
        is_rule = path.startswith("rules.")
        if (
            path in inputs.scenario.fixed
            or (is_rule and name in held)
            or not (is_rule or path in world.coded_index)
        ):
            continue
        low, high = (
            theory.ranges.get(name, (number.low, number.high))
            if is_rule
            else (number.low, number.high)
        )
        low, high = inputs.scenario.uncertain.get(path, (low, high))
        if high > low:
            found[path] = (low, high)
    return found


def range_draws(world: World, inputs: Inputs, n: int, seed: int, first: int = 0) -> Draws:
    """n runs spread evenly over everything uncertain (a Latin hypercube), each with its own seed.

    A scenario that names the posterior draws its numbers from there instead.

    Args:
        first: how many runs of the same root stand before them, in hypercubes of their own.

    Raises:
        DataError: where the posterior is missing, of another theory, or of other ranges.
    """
    if inputs.scenario.posterior is not None:
        return posterior_draws(world, inputs, inputs.scenario.posterior, first + n, seed).part(
            slice(first, None)
        )
    return drawn(world, inputs, ranges_of(world, inputs), n, seed, first)


def posterior_draws(world: World, inputs: Inputs, posterior: Posterior, n: int, seed: int) -> Draws:
    """n runs with the numbers of draws that a calibration kept, dealt out evenly, each run with its own seed.

    Raises:
        DataError: where the posterior is of another theory or of other ranges.
    """
    free = replace(inputs, scenario=replace(inputs.scenario, uncertain={}, fixed={}))
    every = ranges_of(world, free)
    check_fits(posterior, inputs.theory, every)
    design = drawn(world, inputs, every, posterior.draws, posterior.seed)
    generator = np.random.default_rng(seed)
    rounds = -(-n // len(posterior.kept))
    chosen = np.concatenate([generator.permutation(posterior.kept) for _ in range(rounds)])[:n]
    draws = reference_draws(inputs, n, seed)
    for path in ranges_of(world, inputs):
        put(world, draws, path, design.drawn[path][chosen])
        draws.drawn[path] = design.drawn[path][chosen]
    hold_shares(world, draws)
    return draws


def wide_draws(world: World, inputs: Inputs, n: int, seed: int) -> Draws:
    """n runs whose coefficients go deliberately far beyond what is declared; what holds there, the form itself forces.

    Form: a share may be anything from 0 to 1, and a monthly rate too; any other coefficient that cannot change its sign
    reaches from a third of its lowest to three times its highest value, and one that can, three times as far from the
    middle of its range. The world's own numbers stay within their ranges.
    """
    wide = {}
    for path, (low, high) in ranges_of(world, inputs).items():
        unit = world.numbers[path].unit
        if not path.startswith("rules."):
            wide[path] = (low, high)
        elif unit == "share" or unit.startswith("1/month"):
            wide[path] = (0.0, max(1.0, high))
        elif low >= 0.0:
            wide[path] = (low / _WIDER, high * _WIDER)
        else:
            middle, half = (low + high) / 2, (high - low) / 2
            wide[path] = (middle - _WIDER * half, middle + _WIDER * half)
    return drawn(world, inputs, wide, n, seed)


def drawn(
    world: World,
    inputs: Inputs,
    ranges: Mapping[str, tuple[float, float]],
    n: int,
    seed: int,
    first: int = 0,
) -> Draws:
    """n runs spread evenly over the given ranges by path, everything else at reference, each with its own seed."""
    draws = reference_draws(inputs, n, seed, first)
    if not ranges or n == 0:
        return draws
    root = [seed, first] if first else seed
    sample = qmc.LatinHypercube(len(ranges), rng=np.random.default_rng(root)).random(n)
    for at, (path, (low, high)) in enumerate(ranges.items()):
        values = draws.drawn[path] = low + (high - low) * sample[:, at]
        put(world, draws, path, values)
    hold_shares(world, draws)
    return draws


def put(world: World, draws: Draws, path: str, values: Floats | float) -> None:
    """Write a number, by its path, into every run's record or coded row."""
    if path in world.coded_index:
        draws.rows[:, world.coded_index[path]] = values
    else:
        draws.rules[path.rsplit(".", 1)[1]] = values


def values_of(world: World, draws: Draws, path: str) -> Floats:
    """(R,) the values of a number, by its path, in every run."""
    held = (
        draws.rows[:, world.coded_index[path]]
        if path in world.coded_index
        else draws.rules[path.rsplit(".", 1)[1]]
    )
    return np.asarray(held, np.float64)


def hold_shares(world: World, draws: Draws) -> None:
    """Scale drawn shares of influence down where a theatre and domain hold more than one together.

    What is kept of the draws is what the runs are given.
    """
    influence = world.coded(draws.rows).initial_influence
    together = influence.sum(axis=1, keepdims=True)
    influence /= np.where(together > 1.0 + _ROUNDING, together, 1.0)
    for path in draws.drawn:
        if SHARE in path:
            draws.drawn[path] = values_of(world, draws, path).copy()

"""The parameters of many runs: by chance alone, over ranges, or over everything uncertain."""

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import qmc

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.coding import values_by_coder
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.posterior import FILE, Posterior, members_within, read_posterior
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.world.world import World

CODINGS = ("both", "first", "second")
SHARE = ".initial_influence."  # in the path of every share of influence
# The rules' number that weighs what was observed at the start; at 0 the documents stand alone.
DOCUMENTS_ALONE = "opening_data"
_WIDER = 3.0
_ROUNDING = 1e-9  # by which shares that are one together may miss it
Ranges = Mapping[str, tuple[float, float]]  # by path


@dataclass(frozen=True)
class Draws:
    """The parameters of R runs: one rules record, one coded row and one seed each."""

    rules: NDArray[np.void]  # (R,)
    rows: Floats  # (R, M)
    seeds: NDArray[np.uint64]  # (R,)
    drawn: dict[str, Floats] = field(default_factory=dict)  # path -> (R,) drawn over its range
    fixed: frozenset[int] = frozenset()  # places on a row that no factor moves

    def __len__(self) -> int:
        return len(self.seeds)

    def part(self, chosen: slice | Integers) -> "Draws":
        """Some of the runs."""
        drawn = {path: values[chosen] for path, values in self.drawn.items()}
        return Draws(self.rules[chosen], self.rows[chosen], self.seeds[chosen], drawn, self.fixed)

    def inputs_of(self, r: int, inputs: Inputs) -> Inputs:
        """The inputs of one run, which holds its own numbers."""
        return replace(inputs, rules=self.rules[r : r + 1].reshape(()), row=self.rows[r])

    def names(self) -> list[str]:
        """16 hexadecimal digits a run: a hash of its seed and of what was drawn over ranges.

        Two runs of one name had the same luck in everything that was drawn, so their difference is
        due to what was decided: scenario, theory, a number that is set.
        """
        common = hashlib.sha256("\0".join(self.drawn).encode())
        values = np.array(list(self.drawn.values())).reshape(len(self.drawn), len(self)).T
        found = []
        for own_values, seed in zip(values, self.seeds, strict=True):
            own = common.copy()
            own.update(own_values.tobytes() + seed.tobytes())
            found.append(own.hexdigest()[:16])
        return found


def memory_of_draws(world: World, inputs: Inputs, n: int) -> int:
    """Bytes of n draws over ranges."""
    return n * (inputs.rules.nbytes + inputs.row.nbytes + 8 * len(ranges_of(world, inputs)))


def run_seeds(seed: int, n: int) -> NDArray[np.uint64]:
    """(n,) seeds of n runs from one root; the first of many are the same as of few."""
    return np.asarray(np.random.SeedSequence(seed).generate_state(n, np.uint64), np.uint64)


def draws_at(inputs: Inputs, seeds: NDArray[np.uint64]) -> Draws:
    """Runs at the numbers of the inputs, one a seed."""
    rules, rows = np.repeat(inputs.rules[None], len(seeds)), np.tile(inputs.row, (len(seeds), 1))
    return Draws(rules, rows, seeds, fixed=inputs.fixed)


def reference_draws(inputs: Inputs, n: int, seed: int, first: int = 0) -> Draws:
    """n runs at reference values that differ by chance alone, after the `first` of their root."""
    return draws_at(inputs, run_seeds(seed, first + n)[first:])


def ranges_of(world: World, inputs: Inputs) -> dict[str, tuple[float, float]]:
    """Ranges of what is uncertain, by path: the scenario's, else the theory's, else declared."""
    theory, scenario = world.theories[inputs.theory], inputs.scenario
    held = set(theory.fix).union(*(world.forms[f][a].fix for f, a in inputs.forms.items()))
    found = {}
    for path, number in world.numbers.items():
        name = path.rsplit(".", 1)[1]
        ends = (number.low, number.high) if path in world.drawn else (0.0, 0.0)
        if path.startswith("rules.") and name not in held:
            ends = theory.ranges.get(name, ends)
        elif path not in world.coded_index:
            continue
        low, high = scenario.uncertain.get(path, ends)
        if high > low and path not in scenario.fixed:
            found[path] = (low, high)
    return found


def range_draws(world: World, inputs: Inputs, n: int, seed: int, first: int = 0) -> Draws:
    """n runs spread evenly over everything uncertain (a Latin hypercube), each with its own seed.

    The `first` runs of the same root stand before them, in hypercubes of their own. A scenario that
    names the posterior draws its numbers from there instead; then DataError where it is of another
    theory, or the ranges cut off most of it.
    """
    if (posterior := inputs.scenario.posterior) is not None:
        return posterior_draws(world, inputs, posterior, n, seed, first)
    return drawn(world, inputs, ranges_of(world, inputs), n, seed, first)


def drawn(world: World, inputs: Inputs, ranges: Ranges, n: int, seed: int, first: int = 0) -> Draws:
    """n runs spread evenly over ranges, everything else at reference, each with a seed."""
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


def posterior_draws(
    world: World, inputs: Inputs, posterior: Posterior, n: int, seed: int, first: int = 0
) -> Draws:
    """n runs with the numbers of a fit's members, dealt out evenly; every other over its range.

    Members outside the ranges of the scenario are left out. DataError where the fit is of another
    theory or of other forms, or too few members are left.
    """
    ranges = ranges_of(world, inputs)
    if dict(inputs.forms) != dict(world.default_forms):
        named = ", ".join(f"{factor} {form}" for factor, form in inputs.forms.items())
        usual = "the posterior is one of the default forms"
        raise DataError([f"{usual}, not of {named}: draw from declared ranges"])
    kept = members_within(posterior, inputs.theory, ranges)
    draws = drawn(world, inputs, ranges, n, seed, first)
    generator = np.random.default_rng(seed)
    dealt = [generator.permutation(kept) for _ in range(-(-(first + n) // len(kept)))]
    chosen = np.concatenate(dealt)[first : first + n]
    for path in ranges.keys() & posterior.numbers:
        values = draws.drawn[path] = np.array(posterior.numbers[path])[chosen]
        put(world, draws, path, values)
    hold_shares(world, draws)
    return draws


def by_documents(world: World, draws: Draws) -> Draws | None:
    """The same runs started from the documents alone; none where they start so anyway."""
    path = world.rule_paths.get(DOCUMENTS_ALONE)
    if path is None or not draws.rules[DOCUMENTS_ALONE].any():
        return None
    rules = draws.rules.copy()
    rules[DOCUMENTS_ALONE] = 0.0
    return Draws(rules, draws.rows, draws.seeds, {**draws.drawn, path: np.zeros(len(draws))})


def fit_beside(world: World, inputs: Inputs) -> tuple[Posterior | None, str]:
    """The recorded fit to be shown beside the ranges; or none, and why where one is recorded."""
    is_usual = inputs.scenario.posterior is None and dict(inputs.forms) == dict(world.default_forms)
    knows_later = world.start != world.first  # years after a later start
    if not is_usual or knows_later or not (world.directory / FILE).is_file():
        return None, ""
    try:
        found = read_posterior(world)
        if found.theory != inputs.theory or not found.numbers:
            return None, ""
        members_within(found, inputs.theory, ranges_of(world, inputs))
    except DataError as error:
        return None, error.problems[0].message
    return found, ""


def wide_draws(world: World, inputs: Inputs, n: int, seed: int) -> Draws:
    """n runs whose coefficients go far beyond what is declared; what holds there, the form forces.

    Form: a share may be anything from 0 to 1, and a monthly rate too; any other coefficient that
    cannot change its sign reaches from a third of its lowest to three times its highest value, and
    one that can, three times as far from the middle of its range. The world's own numbers stay
    within their ranges.
    """
    wide = ranges_of(world, inputs)
    for path, (low, high) in wide.items():
        unit = world.numbers[path].unit
        if not path.startswith("rules."):
            continue
        if unit == "share" or unit.startswith("1/month"):
            wide[path] = (0.0, max(1.0, high))
        elif low >= 0.0:
            wide[path] = (low / _WIDER, high * _WIDER)
        else:
            middle, half = (low + high) / 2, (high - low) / 2
            wide[path] = (middle - _WIDER * half, middle + _WIDER * half)
    return drawn(world, inputs, wide, n, seed)


def put(world: World, draws: Draws, path: str, values: Floats | float) -> None:
    """Write a number, by its path, into every run's record or coded row."""
    if path in world.coded_index:
        world.put(draws.rows, path, values, draws.fixed)
    else:
        draws.rules[path.rsplit(".", 1)[1]] = values


def values_of(world: World, draws: Draws, path: str) -> Floats:
    """(R,) the values of a number, by its path, in every run."""
    if path in world.coded_index:
        return draws.rows[:, world.coded_index[path]]
    return np.asarray(draws.rules[path.rsplit(".", 1)[1]], np.float64)


def hold_shares(world: World, draws: Draws) -> None:
    """Scale shares of influence down to one together, in the runs and in what is kept of draws."""
    influence = world.coded(draws.rows).initial_influence
    together = influence.sum(axis=1, keepdims=True)
    influence /= np.where(together > 1.0 + _ROUNDING, together, 1.0)
    for path in draws.drawn:
        if SHARE in path:
            draws.drawn[path] = values_of(world, draws, path).copy()


class Group(NamedTuple):
    """The points of one theory and one choice of forms."""

    theory: str
    forms: Mapping[str, str]
    points: Integers  # (P,) numbers of the points in the sample
    draws: Draws  # (P * replicates,) all replicates of a point side by side


class Sample(NamedTuple):
    """Points spread over numbers and factors, each run a few times by chance."""

    groups: tuple[Group, ...]
    points: pd.DataFrame  # a row a point: the factors, then numbers by path (NaN: fixed or silent)
    factors: tuple[str, ...]  # theory, form.<factor>, coding
    replicates: int


def space_sample(
    world: World,
    scenario: Scenario,
    theories: Sequence[str],
    points: int,
    replicates: int,
    seed: int,
) -> Sample:
    """So many points for every theory, over its ranges, forms and codings in equal parts.

    Form: a Latin hypercube a theory; every combination of structural forms and codings gets as many
    points as any other (but for one), dealt at random. Coding `both` draws a coded number from its
    range; `first` and `second` hold it at what that coder made of it, silence included. Of the
    scenario only the fixed numbers matter.
    """
    names = itertools.product(*world.forms.values())
    choices = [dict(zip(world.forms, each, strict=True)) for each in names]
    has_documents = (world.directory / "documents.yaml").is_file()
    coders = values_by_coder(load_evidence(world.directory)) if has_documents else {}
    codings = CODINGS if coders else CODINGS[:1]
    seeds = run_seeds(seed, points * len(theories) * replicates).reshape(-1, replicates)
    groups, tables = [], []
    for order, theory in enumerate(theories):
        generator = np.random.default_rng([seed, order])
        cells = generator.permutation(np.arange(points) % (len(choices) * len(codings)))
        for number, forms in enumerate(choices):
            own = np.flatnonzero(cells % len(choices) == number)
            if not len(own):
                continue
            inputs, at = prepare(world, scenario, theory, forms), own + order * points
            ranges = ranges_of(world, inputs)
            draws = drawn(world, inputs, ranges, len(own), int(generator.integers(2**32)))
            coding = np.array(codings)[cells[own] // len(choices)]
            for which, coder in enumerate(CODINGS[1:]):
                for path in world.coded_index.keys() & coders:
                    place = world.coded_index[path]
                    draws.rows[coding == coder, place] = coders[path][which]
            factors = {f"form.{factor}": name for factor, name in forms.items()}
            values = {path: values_of(world, draws, path) for path in ranges}
            row = {"theory": theory, **factors, "coding": coding, **values}
            tables.append(pd.DataFrame(row, index=at))
            each = np.repeat(np.arange(len(own)), replicates)
            repeated = Draws(draws.rules[each], draws.rows[each], seeds[at].ravel())
            groups.append(Group(theory, forms, at, repeated))
    factor_names = ("theory", *(f"form.{factor}" for factor in world.forms), "coding")
    return Sample(tuple(groups), pd.concat(tables).sort_index(), factor_names, replicates)

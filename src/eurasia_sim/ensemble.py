"""Many runs: who is drawn how, run on which cores, and brought back as tables."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import qmc

from eurasia_sim import kernel
from eurasia_sim.measures import column_names
from eurasia_sim.parameters import DOMAINS, Floats, Geography, Integers, Posture, Schedule
from eurasia_sim.scenario import Scenario, load_scenario
from eurasia_sim.world import World, load_world

# A chunk is short enough for Ctrl-C to be answered between two of them.
_RUNS_A_CHUNK = 8
NO_COLUMNS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Inputs:
    """Everything the kernel is given for one scenario under one theory at reference values."""

    scenario: Scenario
    theory: str
    forms: Mapping[str, str]
    rules: NDArray[np.void]  # () record of the rules' numbers
    row: Floats  # (M,) coded numbers
    geography: Geography
    schedule: Schedule
    focus: Integers  # (P, 2)
    scopes: Floats  # (S, K)
    columns: tuple[str, ...]
    burn_in: int
    months: int
    state_size: int


@dataclass(frozen=True)
class Draws:
    """The parameters of R runs: one rules record, one coded row and one seed each."""

    rules: NDArray[np.void]  # (R,)
    rows: Floats  # (R, M)
    seeds: NDArray[np.uint64]  # (R,)

    def __len__(self) -> int:
        return len(self.seeds)

    def part(self, chosen: slice) -> Draws:
        """Some of the runs."""
        return Draws(self.rules[chosen], self.rows[chosen], self.seeds[chosen])


@dataclass
class Outcome:
    """What R runs of one scenario gave; a failed run is missing (NaN), with its status."""

    scenario: str
    means: Floats  # (R, C) every column's mean over the window
    trajectories: Floats  # (R, months, kept)
    statuses: Integers  # (R, 3)
    done: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))


def schedule_of(posture: Posture, geography: Geography) -> Schedule:
    """The posture as the kernel reads it, with the venues that each two actors share."""
    member = posture.membership
    venues = np.einsum("tvi,tvj,vd->tijd", member, member, geography.venue_domains)
    series = posture._replace(pressure=posture.pressure.transpose(0, 2, 1))
    return Schedule(*map(np.ascontiguousarray, (*series, venues.sum(axis=3), venues)))


def scopes_of(world: World) -> dict[str, tuple[str, ...]]:
    """Named sets of theatres over which pairs are measured: every region, then all theatres together."""
    return {**{name: tuple(members) for name, members in world.regions.items()}, "all": tuple(world.theatres)}


def stated_values(world: World, theory: str, forms: Mapping[str, str]) -> dict[str, float]:
    """Values by flat name that a theory and the structural forms set away from the rules' own."""
    stated: dict[str, float] = {}
    for factor, alternative in forms.items():
        stated |= world.forms[factor][alternative].fix
    return stated | world.theories[theory].values | world.theories[theory].fix


def prepare(
    world: World, scenario: Scenario, theory: str | None = None, forms: Mapping[str, str] | None = None
) -> Inputs:
    """The kernel's inputs for a scenario; the theory is the argument's, else the scenario's, else the world's default.

    Raises:
        DataError: for a value out of its range; KeyError: for an unknown theory or form.
    """
    theory = theory or scenario.theory or world.default_theory
    chosen = {**world.default_forms, **scenario.forms, **(forms or {})}
    index = next((i for f, a in chosen.items() if (i := world.forms[f][a].index) is not None), "cinc")
    rules = world.rules_record({path: v for path, v in scenario.fixed.items() if path.startswith("rules.")})
    for name, value in stated_values(world, theory, chosen).items():
        if world.rule_paths[name] not in scenario.fixed:
            rules[name] = value
    row = world.coded_row({path: v for path, v in scenario.fixed.items() if path in world.coded_index})
    geography = world.geography()
    order = {name: at for at, name in enumerate(world.actors)}
    focus = np.array([[order[a], order[b]] for a, b in world.pairs], dtype=np.int64).reshape(-1, 2)
    scopes = scopes_of(world)
    inside = np.array([[float(k in members) for k in world.theatres] for members in scopes.values()])
    return Inputs(
        scenario=scenario,
        theory=theory,
        forms=chosen,
        rules=rules,
        row=row,
        geography=geography,
        schedule=schedule_of(scenario.posture(world, index), geography),
        focus=focus,
        scopes=inside,
        columns=tuple(column_names(list(world.actors), list(world.theatres), DOMAINS, list(world.pairs), list(scopes))),
        burn_in=world.burn_in,
        months=scenario.months,
        state_size=int(
            kernel.state_size.py_func(len(order), len(world.theatres), len(world.institutions), len(focus))
        ),
    )


def run_seeds(seed: int, n: int) -> NDArray[np.uint64]:
    """(n,) seeds of n runs from one root; the first of many are the same as of few."""
    return np.random.SeedSequence(seed).generate_state(n, np.uint64)


def reference_draws(inputs: Inputs, n: int, seed: int) -> Draws:
    """n runs at reference values that differ by chance alone."""
    return Draws(np.repeat(inputs.rules[None], n), np.tile(inputs.row, (n, 1)), run_seeds(seed, n))


def ranges_of(world: World, inputs: Inputs) -> dict[str, tuple[float, float]]:
    """What is uncertain, by path: the declared ranges, the theory's own, as far as a scenario does not narrow or fix it."""
    theory = world.theories[inputs.theory]
    held = set(theory.fix) | {n for f, a in inputs.forms.items() for n in world.forms[f][a].fix}
    found = {}
    for path, number in world.numbers.items():
        name = path.rsplit(".", 1)[1]
        is_rule = path.startswith("rules.")
        if path in inputs.scenario.fixed or (is_rule and name in held) or not (is_rule or path in world.coded_index):
            continue
        low, high = theory.ranges.get(name, (number.low, number.high)) if is_rule else (number.low, number.high)
        low, high = inputs.scenario.uncertain.get(path, (low, high))
        if high > low:
            found[path] = (low, high)
    return found


def range_draws(world: World, inputs: Inputs, n: int, seed: int) -> Draws:
    """n runs spread evenly over everything uncertain (a Latin hypercube), each with its own seed."""
    ranges = ranges_of(world, inputs)
    draws = reference_draws(inputs, n, seed)
    if not ranges or n == 0:
        return draws
    sample = qmc.LatinHypercube(len(ranges), rng=np.random.default_rng(seed)).random(n)
    for at, (path, (low, high)) in enumerate(ranges.items()):
        values = low + (high - low) * sample[:, at]
        if path in world.coded_index:
            draws.rows[:, world.coded_index[path]] = values
        else:
            draws.rules[path.rsplit(".", 1)[1]] = values
    _hold_shares(world, draws.rows)
    return draws


def _hold_shares(world: World, rows: Floats) -> None:
    """Scale drawn shares of influence down where a theatre and domain hold more than one together."""
    for row in rows:
        influence = world.coded(row).initial_influence
        influence /= np.maximum(influence.sum(axis=0, keepdims=True), 1.0)


def _advance(
    inputs: Inputs, draws: Draws, memories: Floats, span: tuple[int, int], window: tuple[int, int], kept: Integers
) -> Outcome:
    """One call of the kernel: runs of one scenario over a span of months, continuing `memories` in place."""
    start, stop = span
    runs = len(draws)
    outcome = Outcome(
        inputs.scenario.name,
        np.full((runs, len(inputs.columns)), np.nan),
        np.full((runs, max(stop - max(start, 0), 0) if len(kept) else 0, len(kept)), np.nan),
        np.zeros((runs, 3), np.int64),
    )
    kernel.run_chunk(
        draws.rules, draws.rows, draws.seeds, memories, inputs.geography, inputs.schedule, inputs.focus, inputs.scopes,
        start, stop, inputs.burn_in, np.array(window, np.int64), kept,
        outcome.means, outcome.trajectories, outcome.statuses,
    )  # fmt: skip
    return outcome


def run_paired(
    family: Sequence[Inputs], draws: Draws, window: tuple[int, int] | None = None, kept: Integers = NO_COLUMNS
) -> list[Outcome]:
    """The same runs of several scenarios of one theory; the months they share are run once and branched.

    Args:
        window: first month and the month after the last over which columns are averaged; by default from the month in
            which the scenarios part (for one alone: from the start) to the end.
    """
    branch = branch_month(family)
    window = window or (branch if len(family) > 1 else 0, max(inputs.months for inputs in family))
    first = family[0]
    memories = np.zeros((len(draws), first.state_size))
    # Averages need one unbroken span, so a window that begins before the branch leaves nothing to share.
    shared = branch if len(family) > 1 and window[0] >= branch else -first.burn_in
    past = None
    if shared > -first.burn_in:
        past = _advance(first, draws, memories, (-first.burn_in, shared), window, kept)
    outcomes = []
    for inputs in family:
        outcome = _advance(inputs, draws, memories.copy(), (shared, inputs.months), window, kept)
        if past is not None:
            outcome.trajectories = np.concatenate([past.trajectories, outcome.trajectories], axis=1)
            broken = past.statuses[:, 0] != 0
            outcome.statuses[broken] = past.statuses[broken]
        failed = outcome.statuses[:, 0] != 0
        outcome.means[failed] = np.nan
        outcome.trajectories[failed] = np.nan
        outcomes.append(outcome)
    return outcomes


def branch_month(family: Sequence[Inputs]) -> int:
    """First month in which any two schedules differ; the last month's successor if none do."""
    months = min(inputs.months for inputs in family)
    first = family[0].schedule
    differs = np.zeros(months, bool)
    for other in family[1:]:
        for a, b in zip(first, other.schedule, strict=True):
            same = (a[:months] == b[:months]) | (np.isnan(a[:months]) & np.isnan(b[:months]))
            differs |= ~same.reshape(months, -1).all(axis=1)
    return int(np.argmax(differs)) if differs.any() else months


@dataclass
class Progress:
    """How far an ensemble has come, and whether someone asked it to stop."""

    total: int
    finished: int = 0
    stop: threading.Event = field(default_factory=threading.Event)


def run_ensemble_draws(
    family: Sequence[Inputs],
    draws: Draws,
    *,
    workers: int | None = None,
    window: tuple[int, int] | None = None,
    kept: Integers = NO_COLUMNS,
    report: Callable[[Progress], None] = lambda progress: None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """`run_paired` over a thread pool; the tables depend neither on the workers nor on the order they finish in.

    A KeyboardInterrupt stops after the chunks in flight; runs not done stay missing and are marked in `Outcome.done`.
    """
    n, months = len(draws), max(inputs.months for inputs in family)
    progress = progress or Progress(n)
    outcomes = [
        Outcome(
            inputs.scenario.name,
            np.full((n, len(inputs.columns)), np.nan),
            np.full((n, months if len(kept) else 0, len(kept)), np.nan),
            np.zeros((n, 3), np.int64),
            np.zeros(n, bool),
        )
        for inputs in family
    ]
    chunks = [slice(a, min(a + _RUNS_A_CHUNK, n)) for a in range(0, n, _RUNS_A_CHUNK)]

    def work(chunk: slice) -> tuple[slice, list[Outcome]] | None:
        return None if progress.stop.is_set() else (chunk, run_paired(family, draws.part(chunk), window, kept))

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        pending = {pool.submit(work, chunk) for chunk in chunks}
        try:
            while pending:
                finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in finished:
                    if (result := future.result()) is not None:
                        _put(outcomes, *result)
                        progress.finished += len(result[1][0].means)
                report(progress)
        except KeyboardInterrupt:
            progress.stop.set()
            for future in pending:
                future.cancel()
            for future in pending:
                if not future.cancelled() and (result := future.result()) is not None:
                    _put(outcomes, *result)
                    progress.finished += len(result[1][0].means)
    return outcomes


def _put(outcomes: list[Outcome], chunk: slice, parts: list[Outcome]) -> None:
    for whole, part in zip(outcomes, parts, strict=True):
        whole.means[chunk] = part.means
        whole.trajectories[chunk, : part.trajectories.shape[1]] = part.trajectories
        whole.statuses[chunk] = part.statuses
        whole.done[chunk] = True


@functools.cache
def _packaged() -> World:
    return load_world()


def run_ensemble(
    scenarios: Sequence[str | Scenario],
    n: int = 200,
    seed: int = 7,
    *,
    theory: str | None = None,
    settings: Sequence[str] = (),
    over_ranges: bool = False,
    workers: int | None = None,
    world: World | None = None,
) -> pd.DataFrame:
    """Paired runs of scenarios as one table: a row a run and scenario, a column a measure averaged over the window.

    Args:
        over_ranges: draw everything uncertain over its declared range; otherwise runs differ by chance alone.

    Returns:
        Columns `scenario`, `run`, `seed`, `status`, then the measures named by `measures.column_names`.
    """
    world = world or _packaged()
    resolved = [
        load_scenario(s, world, settings) if isinstance(s, str) else s for s in scenarios
    ]
    family = [prepare(world, scenario, theory) for scenario in resolved]
    draws = range_draws(world, family[0], n, seed) if over_ranges else reference_draws(family[0], n, seed)
    outcomes = run_ensemble_draws(family, draws, workers=workers)
    return pd.concat([table(inputs, draws, o) for inputs, o in zip(family, outcomes, strict=True)], ignore_index=True)


def table(inputs: Inputs, draws: Draws, outcome: Outcome) -> pd.DataFrame:
    """One scenario's runs as rows; runs that were not done are left out, failed ones stay with NaN."""
    head = pd.DataFrame(
        {
            "scenario": inputs.scenario.name,
            "theory": inputs.theory,
            "run": np.arange(len(draws)),
            "seed": draws.seeds,
            "status": [kernel.STATUS[s] for s in outcome.statuses[:, 0]],
            "failed_month": np.where(outcome.statuses[:, 0] > 0, outcome.statuses[:, 1], -1),
            "failed_phase": [kernel.PHASES[s] for s in outcome.statuses[:, 2]],
        }
    )
    whole = pd.concat([head, pd.DataFrame(outcome.means, columns=list(inputs.columns))], axis=1)
    return whole[outcome.done].reset_index(drop=True)


def simulate(scenario: str | Scenario, seed: int = 7, *, theory: str | None = None, world: World | None = None) -> pd.DataFrame:
    """One run month by month: a row a month from the start of the record, a column a measure."""
    world = world or _packaged()
    found = load_scenario(scenario, world) if isinstance(scenario, str) else scenario
    inputs = prepare(world, found, theory)
    everything = np.arange(len(inputs.columns))
    (outcome,) = run_paired([inputs], reference_draws(inputs, 1, seed), kept=everything)
    months = pd.period_range(world.date(0), periods=inputs.months, freq="M")
    return pd.DataFrame(outcome.trajectories[0], index=months, columns=list(inputs.columns))

"""Many runs: on which cores, and brought back as tables."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.kernel import month as kernel
from eurasia_sim.scenarios.scenario import Scenario, load_scenario
from eurasia_sim.simulation.advance import Outcome, advance
from eurasia_sim.simulation.family import check_family, load_family
from eurasia_sim.simulation.inputs import Inputs, branch_month, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.world.world import World, load_world

# A chunk is short enough for Ctrl-C to be answered between two of them.
_RUNS_A_CHUNK = RUNS
NO_COLUMNS = np.zeros(0, np.int64)
Result = TypeVar("Result")


def run_paired(
    family: Sequence[Inputs],
    draws: Draws,
    window: tuple[int, int] | None = None,
    kept: Integers = NO_COLUMNS,
    since: int = 0,
) -> list[Outcome]:
    """The same runs of several scenarios of one theory; the months they share are run once and branched.

    Args:
        window: first month and the month after the last over which columns are averaged; by default from the month in
            which the scenarios part (for one alone: from the start) to the end of the one that ends first.
        since: first month of which the kept columns are written down.
    """
    branch = branch_month(family)
    window = window or (branch if len(family) > 1 else 0, min(inputs.months for inputs in family))
    first = family[0]
    # Averages need one unbroken span, so a window that begins before the branch leaves nothing to share.
    shared = branch if len(family) > 1 and window[0] >= branch else -first.burn_in
    past, memories = None, None
    if shared > -first.burn_in:
        memories = np.zeros((len(draws), first.state_size))
        (past,) = advance(
            [first], draws, None, (-first.burn_in, shared), window, kept, since, memories
        )
    outcomes = _to_the_end(family, draws, memories, (shared, since), window, kept)
    for outcome in outcomes:
        if past is not None:
            outcome.trajectories = np.concatenate([past.trajectories, outcome.trajectories], axis=1)
            broken = past.statuses[:, 0] != 0
            outcome.statuses[broken] = past.statuses[broken]
        _blank(outcome)
    return outcomes


def _to_the_end(
    family: Sequence[Inputs],
    draws: Draws,
    memories: Floats | None,
    starts: tuple[int, int],
    window: tuple[int, int],
    kept: Integers,
) -> list[Outcome]:
    """Every scenario's runs from one past to its own end; those that end together fill blocks together.

    Args:
        starts: first month that is run, and first of which the kept columns are written down.
    """
    start, since = starts
    found: dict[int, Outcome] = {}
    for months in {inputs.months for inputs in family}:
        places = [at for at, inputs in enumerate(family) if inputs.months == months]
        members = [family[at] for at in places]
        found |= zip(
            places,
            advance(members, draws, memories, (start, months), window, kept, since),
            strict=True,
        )
    return [found[at] for at in range(len(family))]


def _blank(outcome: Outcome) -> None:
    """Take out what failed runs gave."""
    failed = outcome.statuses[:, 0] != 0
    outcome.means[failed] = np.nan
    outcome.trajectories[failed] = np.nan


def run_branched(
    family: Sequence[Inputs], partings: Sequence[int], draws: Draws, kept: Integers, since: int = 0
) -> list[Floats]:
    """The kept columns of several scenarios' runs, each branched from the first scenario in its own month.

    Args:
        partings: by scenario, the first month in which it differs from the first (`branch_month`).
        since: first month of which the columns are written down.

    Returns:
        By scenario, (R, months since `since`, kept); a failed run is NaN.
    """
    trunk = family[0]
    memories: Floats | None = None
    found = [np.full((len(draws), inputs.months - since, len(kept)), np.nan) for inputs in family]
    reached, broken = -trunk.burn_in, np.zeros(len(draws), bool)

    def take_on(
        at: int, start: int, stop: int, snapshots: Floats | None = None
    ) -> NDArray[np.bool_]:
        """Take one scenario's runs on, write what is kept, and say which failed."""
        nothing = (family[at].months, family[at].months)
        (outcome,) = advance(
            [family[at]], draws, memories, (start, stop), nothing, kept, since, snapshots
        )
        found[at][:, max(start, since) - since : max(stop, since) - since] = outcome.trajectories
        failed: NDArray[np.bool_] = outcome.statuses[:, 0] != 0
        return failed

    for at in sorted(range(1, len(family)), key=lambda at: partings[at]):
        if partings[at] > reached:
            after = np.zeros((len(draws), trunk.state_size))
            broken |= take_on(0, reached, partings[at], after)
            memories, reached = after, partings[at]
        shared = max(reached - since, 0)
        found[at][:, :shared] = found[0][:, :shared]
        found[at][broken | take_on(at, reached, family[at].months)] = np.nan
    broken |= take_on(0, reached, trunk.months)
    found[0][broken] = np.nan
    return found


def snapshots(inputs: Inputs, draws: Draws, month: int) -> Floats:
    """(R, Z) the memories of a scenario's runs before a month, to branch from."""
    memories = np.zeros((len(draws), inputs.state_size))
    advance(
        [inputs],
        draws,
        None,
        (-inputs.burn_in, month),
        (month, month),
        NO_COLUMNS,
        snapshots=memories,
    )
    return memories


def continued(
    inputs: Inputs,
    draws: Draws,
    memories: Floats,
    month: int,
    kept: Integers,
    window: tuple[int, int] | None = None,
) -> Outcome:
    """A scenario's runs taken on from snapshots before a month to its end.

    Args:
        memories: (R, Z), as `snapshots` gives for any scenario that is the same before the month; left as they are.
        window: first month and the month after the last over which columns are averaged; by default all that are run.
    """
    span = (month, inputs.months)
    (outcome,) = advance([inputs], draws, memories, span, window or span, kept)
    _blank(outcome)
    return outcome


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
    report: Callable[[Progress], None] = lambda _: None,
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

    def work(chunk: slice) -> list[Outcome]:
        return run_paired(family, draws.part(chunk), window, kept)

    in_chunks(work, functools.partial(_put, outcomes), progress, workers, report)
    return outcomes


def in_chunks(
    work: Callable[[slice], Result],
    take: Callable[[slice, Result], None],
    progress: Progress,
    workers: int | None = None,
    report: Callable[[Progress], None] = lambda _: None,
) -> None:
    """Work on every chunk of runs in a thread pool, and hand over what each gives in the order in which they finish.

    A KeyboardInterrupt stops after the chunks in flight, which are handed over too, and sets `progress.stop`.
    """
    chunks = [
        slice(a, min(a + _RUNS_A_CHUNK, progress.total))
        for a in range(0, progress.total, _RUNS_A_CHUNK)
    ]

    def unless_stopped(chunk: slice) -> tuple[slice, Result] | None:
        return None if progress.stop.is_set() else (chunk, work(chunk))

    def hand_over(future: Future[tuple[slice, Result] | None]) -> None:
        if (result := future.result()) is not None:
            take(*result)
            progress.finished += result[0].stop - result[0].start

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        pending = {pool.submit(unless_stopped, chunk) for chunk in chunks}
        try:
            while pending:
                finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in finished:
                    hand_over(future)
                report(progress)
        except KeyboardInterrupt:
            progress.stop.set()
            for future in [future for future in pending if not future.cancel()]:
                hand_over(future)


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
        Columns `scenario`, `theory`, `run`, `seed`, `draw` (runs of one draw pair), `status`, `failed_month`,
        `failed_phase`, then the measures named by `measures.column_names`.
    """
    world = world or _packaged()
    resolved = load_family(scenarios, world, settings)
    family = [prepare(world, scenario, theory) for scenario in resolved]
    check_family(world, family)
    draws = (
        range_draws(world, family[0], n, seed)
        if over_ranges
        else reference_draws(family[0], n, seed)
    )
    outcomes = run_ensemble_draws(family, draws, workers=workers)
    return pd.concat(
        [table(inputs, draws, o) for inputs, o in zip(family, outcomes, strict=True)],
        ignore_index=True,
    )


def table(inputs: Inputs, draws: Draws, outcome: Outcome) -> pd.DataFrame:
    """One scenario's runs as rows; runs that were not done are left out, failed ones stay with NaN."""
    head = pd.DataFrame(
        {
            "scenario": inputs.scenario.name,
            "theory": inputs.theory,
            "run": np.arange(len(draws)),
            "seed": draws.seeds,
            "draw": draws.names(),
            "status": [kernel.STATUS[s] for s in outcome.statuses[:, 0]],
            "failed_month": np.where(outcome.statuses[:, 0] > 0, outcome.statuses[:, 1], -1),
            "failed_phase": [kernel.PHASES[s] for s in outcome.statuses[:, 2]],
        }
    )
    whole = pd.concat([head, pd.DataFrame(outcome.means, columns=list(inputs.columns))], axis=1)
    return whole[outcome.done].reset_index(drop=True)


def simulate(
    scenario: str | Scenario,
    seed: int = 7,
    *,
    theory: str | None = None,
    world: World | None = None,
) -> pd.DataFrame:
    """One run month by month: a row a month from the start of the record, a column a measure."""
    world = world or _packaged()
    found = load_scenario(scenario, world) if isinstance(scenario, str) else scenario
    inputs = prepare(world, found, theory)
    everything = np.arange(len(inputs.columns))
    (outcome,) = run_paired([inputs], reference_draws(inputs, 1, seed), kept=everything)
    months = pd.period_range(world.date(0), periods=inputs.months, freq="M")
    return pd.DataFrame(outcome.trajectories[0], index=months, columns=list(inputs.columns))

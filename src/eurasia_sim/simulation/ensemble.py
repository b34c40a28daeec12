"""Many runs: put into blocks of eight, spread over cores, and brought back as tables."""

import builtins
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.kernel import month
from eurasia_sim.kernel.arrays import STATE
from eurasia_sim.kernel.workspace import Workspace, levers_of, months_kept, plan_of
from eurasia_sim.scenarios.scenario import Scenario, load_scenario
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.family import as_of, check_family, load_family
from eurasia_sim.simulation.inputs import Inputs, branch_month, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.world.world import World

NO_COLUMNS = np.zeros(0, np.int64)
Result = TypeVar("Result")
_HINT = "with NUMBA_DISABLE_JIT=1 before the command, a traceback leads to the line"
_THREAD = threading.local()  # holds each thread's own workspace


class Outcome(NamedTuple):
    """What R runs of one scenario gave; a failed run is missing (NaN), with its status."""

    means: Floats  # (R, C) every column's mean over the window
    trajectories: Floats  # (R, months, kept)
    statuses: Integers  # (R, 3)

    @classmethod
    def empty(cls, inputs: Inputs, runs: int, months: int, kept: int) -> "Outcome":
        """Room for the outcome of runs that are not done yet."""
        means = np.full((runs, len(inputs.columns)), np.nan)
        return cls(means, np.full((runs, months, kept), np.nan), np.zeros((runs, 3), np.int64))

    @classmethod
    def joined(cls, parts: "Iterable[Outcome]") -> "Outcome":
        """The outcome of runs of one scenario, one part of them after another."""
        return cls(*map(np.concatenate, zip(*parts, strict=True)))

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(R,) which runs ended in a number that is none."""
        return np.asarray(self.statuses[:, 0] != 0)

    def then(self, later: "Outcome") -> "Outcome":
        """These months and those that the same runs went on with; what failed is missing."""
        months = np.concatenate([self.trajectories, later.trajectories], axis=1)
        statuses = np.where(self.failed[:, None], self.statuses, later.statuses)
        found = Outcome(later.means, months, statuses)
        found.means[found.failed] = found.trajectories[found.failed] = np.nan
        return found


def told(statuses: Integers) -> dict[str, Any]:
    """Columns of a table: the status of every run (R, 3), and month and phase of a failure."""
    codes, months, phases = statuses.T
    return {
        "status": [month.STATUS[code] for code in codes],
        "failed_month": np.where(codes > 0, months, -1),
        "failed_phase": [month.PHASES[phase] for phase in phases],
    }


def advance(
    family: Sequence[Inputs],
    draws: Draws,
    memories: Floats | None,
    span: tuple[int, int],
    window: tuple[int, int],
    kept: Integers,
    since: int = 0,
    after: Floats | None = None,
) -> list[Outcome]:
    """Run a span of months of some scenarios of one theory, block by block.

    Args:
        memories: (R, Z) from which every scenario goes on; none: from the beginning.
        since: first month of which the kept columns are written down.
        after: (R, Z) of the last scenario's runs before month span[1], written.
    """
    plan, facts = plan_of(span, family[0].burn_in, window, kept, since), family[0].facts
    shape, months = (len(family), len(draws)), months_kept(plan)
    means = np.full((*shape, len(family[0].columns)), np.nan)
    trajectories = np.full((*shape, months, len(kept)), np.nan)
    statuses = np.zeros((*shape, 3), np.int64)
    workspace: Workspace | None = getattr(_THREAD, "workspace", None)
    # A new workspace takes a megabyte, so a thread keeps its own while it fits.
    names = draws.rules.dtype.names
    if workspace is None or workspace.facts is not facts or workspace.names != names:
        workspace = _THREAD.workspace = Workspace(facts, draws.rules)
    # Blocks cross scenarios; only the last one may have room left.
    cells, whole = np.indices(shape), len(draws) // RUNS * RUNS
    parts = [part.reshape(2, -1) for part in (cells[..., :whole], cells[..., whole:])]
    order = np.concatenate(parts, axis=1)
    for first in range(0, order.shape[1], RUNS):
        which, run = order[:, first : first + RUNS]
        past = None if memories is None else memories[run]
        workspace.load(draws.rules[run], draws.rows[run], draws.seeds[run], past)
        own = np.unique(which)
        levers = levers_of([family[s].levers for s in own], np.searchsorted(own, which), span)
        trajectory = np.full((months, len(kept), RUNS), np.nan)
        status = np.zeros((len(run), 3), np.int64)
        means[which, run] = workspace.advance(levers, plan, trajectory, status)
        trajectories[which, run] = trajectory[:, :, : len(run)].transpose(2, 0, 1)
        statuses[which, run] = status
        if after is not None:
            after[run] = workspace.memories()
    return [Outcome(*own) for own in zip(means, trajectories, statuses, strict=True)]


def run_paired(
    family: Sequence[Inputs],
    draws: Draws,
    window: tuple[int, int] | None = None,
    kept: Integers = NO_COLUMNS,
    since: int = 0,
    partings: Sequence[int] | None = None,
) -> list[Outcome]:
    """The same runs of scenarios of one theory; the months they share are run once and branched.

    Args:
        window: first month and the month after the last over which columns are averaged; by
            default from the month in which the scenarios part (for one alone: from the start) to
            the end of the one that ends first.
        since: first month of which the kept columns are written down.
        partings: by scenario, the month in which it parts from the first one, in place of one for
            all; then nothing is averaged.
    """
    trunk, reached, memories = family[0], -family[0].burn_in, None
    if partings is not None:
        window, partings = (0, 0), [max(partings[1:], default=reached), *partings[1:]]
    else:
        branch, is_alone = branch_month(family), len(family) == 1
        window = window or (0 if is_alone else branch, min(inputs.months for inputs in family))
        # Averages need one unbroken span: a window that begins before the branch shares no month.
        shares = not is_alone and window[0] >= branch
        partings = [branch if shares else reached] * len(family)
    past = Outcome.empty(trunk, len(draws), 0, len(kept))
    found: dict[int, Outcome] = {}
    for parting in sorted({*partings}):
        if parting > reached:
            after, span = np.zeros((len(draws), STATE.size(trunk.facts.counts))), (reached, parting)
            (more,) = advance([trunk], draws, memories, span, window, kept, since, after)
            past, memories, reached = past.then(more), after, parting
        own = [at for at, month in enumerate(partings) if month == parting]
        for months in {family[at].months for at in own}:  # those of one span share blocks
            places = [at for at in own if family[at].months == months]
            members, span = [family[at] for at in places], (reached, months)
            outcomes = advance(members, draws, memories, span, window, kept, since)
            found |= zip(places, map(past.then, outcomes), strict=True)
    return [found[at] for at in range(len(family))]


def stepped(world: World, inputs: Inputs, seed: int) -> Iterator[tuple[int, Workspace]]:
    """One run month by month from its burn-in on: the month just run, and the arrays as they stand.

    FloatingPointError names the mechanism that gave a number that is none, and the month.
    """
    workspace = Workspace(inputs.facts, inputs.rules)
    workspace.load(inputs.rules[None], inputs.row[None], np.array([seed], np.uint64))
    for t in range(-inputs.burn_in, inputs.months):
        live(world, inputs, workspace, t)
        yield t, workspace


def live(
    world: World,
    inputs: Inputs,
    workspace: Workspace,
    t: int,
    phases: tuple[int, int] = month.WHOLE,
) -> None:
    """Let a run live some phases of month t, or raise FloatingPointError as `stepped` does."""
    if phase := workspace.live(inputs.levers, t, phases)[0]:
        when = world.date(t) if t >= 0 else f"month {t} of the burn-in"
        what = f"{month.PHASES[phase]} gave a number that is none in {when}"
        raise FloatingPointError(f"{inputs.scenario.name}: {what}; {_HINT}")


def run_ensemble_draws(
    family: Sequence[Inputs],
    draws: Draws,
    *,
    workers: int | None = None,
    window: tuple[int, int] | None = None,
    kept: Integers = NO_COLUMNS,
    report: Callable[[int], None] = lambda _: None,
) -> list[Outcome]:
    """`run_paired` over a thread pool; tables depend neither on workers nor on their order."""

    def work(chunk: slice) -> list[Outcome]:
        return run_paired(family, draws.part(chunk), window, kept)

    parts = chunks_of(work, len(draws), workers, report)
    return [Outcome.joined(own) for own in zip(*parts, strict=True)]


def chunks_of(
    work: Callable[[slice], Result],
    total: int,
    workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> list[Result]:
    """The result of `work` for every chunk of eight runs, in the order of the runs.

    What `work` raises, or an interrupt, is raised once the few chunks in flight are done. `report`
    is called with the number of finished runs.
    """
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        starts = range(0, max(total, 1), RUNS)
        futures = [pool.submit(work, slice(start, min(start + RUNS, total))) for start in starts]
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            report(min(RUNS * done, total))
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)


def run_ensemble(
    scenarios: str | Sequence[str | Scenario],
    n: int = 200,
    seed: int = 7,
    *,
    theory: str | None = None,
    settings: Sequence[str] = (),
    over_ranges: bool = False,
    workers: int | None = None,
    world: World | None = None,
) -> pd.DataFrame:
    """Paired runs of scenarios as a table: a row a run, a column a measure's mean over the window.

    Args:
        over_ranges: draw everything uncertain over its declared range; otherwise runs differ by
            chance alone.

    Returns:
        Columns `scenario`, `theory`, `run`, `seed`, `draw` (runs of one draw pair), `status`,
        `failed_month`, `failed_phase`, then the measures named by `outcomes.column_names`. Its
        `attrs` hold `labels` of ids, and `units` and `meanings` of measures.
    """
    world = as_of(world, scenarios)
    resolved = load_family(scenarios, world, settings)
    family = [prepare(world, scenario, theory) for scenario in resolved]
    check_family(world, family)
    first = family[0]
    draws = range_draws(world, first, n, seed) if over_ranges else reference_draws(first, n, seed)
    is_watched = sys.stderr.isatty() or hasattr(builtins, "__IPYTHON__")
    with tqdm(total=n, desc="runs", disable=not is_watched) as bar:
        outcomes = run_ensemble_draws(
            family, draws, workers=workers, report=lambda finished: bar.update(finished - bar.n)
        )
    pairs = zip(family, outcomes, strict=True)
    runs = pd.concat([table(inputs, draws, each) for inputs, each in pairs], ignore_index=True)
    runs.attrs = {"labels": world.names | {each.name: each.title for each in resolved}}
    for key in ("unit", "meaning"):
        runs.attrs[f"{key}s"] = {name: str(entry[key]) for name, entry in measures().items()}
    return runs


def table(inputs: Inputs, draws: Draws, outcome: Outcome) -> pd.DataFrame:
    """One scenario's runs as rows; failed ones hold NaN."""
    head = {
        "scenario": inputs.scenario.name, "theory": inputs.theory, "run": np.arange(len(draws)),
        "seed": draws.seeds, "draw": draws.names(), **told(outcome.statuses),
    }  # fmt: skip
    means = pd.DataFrame(outcome.means, columns=list(inputs.columns))
    return pd.concat([pd.DataFrame(head), means], axis=1)


def simulate(
    scenario: str | Scenario,
    seed: int = 7,
    *,
    theory: str | None = None,
    world: World | None = None,
) -> pd.DataFrame:
    """One run month by month: a row a month from the start of the record, a column a measure."""
    world = as_of(world, [scenario])
    found = load_scenario(scenario, world) if isinstance(scenario, str) else scenario
    inputs = prepare(world, found, theory)
    everything = np.arange(len(inputs.columns))
    (outcome,) = run_paired([inputs], reference_draws(inputs, 1, seed), kept=everything)
    months = pd.period_range(world.date(0), periods=inputs.months, freq="M")
    return pd.DataFrame(outcome.trajectories[0], index=months, columns=list(inputs.columns))

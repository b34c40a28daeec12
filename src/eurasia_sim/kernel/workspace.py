"""Eight runs set up side by side: from a world's numbers to the arrays of compiled code.

Every array is checked here, where it is made, so that nothing a caller can pass leads compiled code
out of its bounds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute import block_types  # noqa: F401 - so that compiled code knows of blocks
from eurasia_sim.compute.blocks import RUNS, Block, Counts, Run
from eurasia_sim.compute.dimensions import Floats, Geography, Integers
from eurasia_sim.compute.random_streams import address
from eurasia_sim.kernel import month
from eurasia_sim.kernel.arrays import CODED, CONSTANTS, FACTS, LEVERS, REPORT, STATE, rules_table
from eurasia_sim.kernel.initial import derive
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.kernel.outcomes import column_count, observe


def facts_of(geography: Geography, focus: Integers, scopes: Floats) -> Run:
    """What no run draws and all share.

    ValueError for an array of another shape, and for a place of an actor that does not exist.
    """
    actors, theatres = geography.theatre_distance.shape
    columns = column_count(actors, theatres, len(focus), len(scopes))
    meetings, venues = actors * (actors - 1) // 2, len(geography.convenes)
    counts = Counts(actors, theatres, venues, len(focus), len(scopes), meetings, columns)
    facts: Run = Block(FACTS, counts, 1)[0]
    names, (first, second) = geography.name_hash, np.triu_indices(actors, 1)
    pairs = [np.minimum(names[first], names[second]), np.maximum(names[first], names[second])]
    cells = address.py_func(names[:, None], geography.theatre_hash[None, :])
    homes = geography.ruler, geography.challenger
    abroad = np.all([np.arange(actors)[:, None] != home for home in homes], axis=0)
    given = geography._asdict() | {
        "population": geography.size,
        "first_ruler": geography.ruler,
        "first_challenger": geography.challenger,
        "history_fades": np.where(abroad & (geography.wealth[:, None] > 0.0), 1.0, 0.0),
        "focus": np.reshape(focus, (len(focus), 2)),
        "scope": scopes,
        "cell_address": np.array(np.broadcast_arrays(*cells)),
        "pair_address": np.array(address.py_func(*pairs)),
    }
    for field in FACTS.fields:
        held, values = getattr(facts, field.name), given[field.name]
        if np.shape(values) != held.shape:
            raise ValueError(f"{field.name} is {held.shape}, not {np.shape(values)}")
        held[...] = values
        least = 0 if field.name == "focus" else -1
        if field.unit == "index" and not np.isin(held, np.arange(least, actors)).all():
            raise ValueError(f"{field.name}: a number that is the place of no actor")
    return facts


class Workspace:
    """The arrays of a block of up to eight runs; places that no run takes repeat the last one's.

    Args:
        facts: of `facts_of`. rules: records of the rules' numbers, for their names.
    """

    def __init__(self, facts: Run, rules: NDArray[np.void]) -> None:
        counts = facts.counts
        self.facts, self.names = facts, rules.dtype.names or ()
        self.state, self.constants = Block(STATE, counts), Block(CONSTANTS, counts)
        self.coded, self.month = Block(CODED, counts), Block(LEVERS, counts)
        self.p, self.report = Block(rules_table(self.names), counts), Block(REPORT, counts)
        self.blocks = month.Blocks(self.state, self.constants, self.month, facts, self.p)
        self.runs = 0

    def load(self, rules: Any, rows: Floats, seeds: Any, memories: Floats | None = None) -> None:
        """Set up some runs: at their beginning, or as snapshots left them.

        Args:
            rules: (R,) records. rows: (R, M) coded numbers, then any factors. seeds: (R,).
            memories: (R, Z) snapshots.

        ValueError for more runs than there is room for, and for arrays of other shapes or names.
        """
        self.runs = len(seeds)
        if not 1 <= self.runs <= RUNS or rules.dtype.names != self.names:
            problem = f"{self.runs} runs of a block of {RUNS}, or other rules than"
            raise ValueError(f"{problem} the workspace is for")
        each = np.minimum(np.arange(RUNS), self.runs - 1)
        self.p.memory[:] = np.asarray(rules).view(np.float64).reshape(self.runs, -1).T[:, each]
        self.coded.memory[:] = np.asarray(rows, np.float64)[:, : len(self.coded.memory)].T[:, each]
        derive(self.constants, self.coded, self.facts, self.p)
        self.state.memory[:] = 0.0 if memories is None else memories.T[:, each]
        self.state.array("seed")[:] = np.asarray(seeds, np.uint64)[each]
        if memories is None:
            month.initialise(self.coded, self.blocks)

    def memories(self) -> Floats:
        """(R, Z) a snapshot of each run."""
        return np.ascontiguousarray(self.state.memory[:, : self.runs].T)

    def observed(self) -> Floats:
        """(R, C) every column of the month last lived."""
        observe(self.state, self.constants, self.facts, self.report, self.report.columns)
        found: Floats = self.report.array("observed")[:, : self.runs].T
        return found

    def live(self, series: LeverSeries, t: int, phases: tuple[int, int] = month.WHOLE) -> Integers:
        """Let all runs live month t of a series, or some of its phases.

        Returns:
            (R,) index in PHASES of a run's first phase that is not finite, 0 if all are.
        """
        span, status = (t, t + 1), np.zeros((self.runs, 3), np.int64)
        levers = levers_of([series], np.zeros(1, np.int64), span)
        plan = plan_of(span, max(-t, 0), phases=phases)
        self.advance(levers, plan, np.zeros((0, 0, RUNS)), status)
        return status[:, 2]

    def advance(
        self, levers: month.Levers, plan: month.Plan, trajectory: Floats, status: Integers
    ) -> Floats:
        """Take the runs on; (R, C) means over the months counted, NaN where none is.

        Args:
            levers: of `levers_of`. trajectory: (months, kept, 8), written. status: (R, 3), written.

        ValueError for months beyond the levers', columns that do not exist, and arrays of other
        shapes.
        """
        known = min(plan.needed, self.report.columns)
        is_within = (
            levers.first <= max(plan.start, 0) <= plan.kept_start
            and -plan.burn_in <= plan.start
            and plan.stop <= levers.first + levers.rows.shape[1]
            and ((plan.kept >= 0) & (plan.kept < known)).all()
        )
        has_room = (
            trajectory.shape == (months_kept(plan), len(plan.kept), RUNS)
            and trajectory.dtype == np.float64
            and trajectory.flags.c_contiguous
            and status.shape == (self.runs, 3)
            and levers.rows.shape[2] == len(self.month.memory)
        )
        if not is_within or not has_room:
            raise ValueError(
                "months beyond the levers', columns that do not exist, or arrays of other shapes"
            )
        self.report.memory[:] = 0.0
        now = self.month.memory
        month.run(self.blocks, self.report, levers, plan, now, trajectory, status)
        counted = min(plan.stop, plan.window_stop) > max(plan.start, plan.window_start)
        means: Floats = self.report.array("mean")[:, : self.runs].T
        return means.copy() if counted else np.full_like(means, np.nan)


def levers_of(
    series: Sequence[LeverSeries], which: Integers, months: tuple[int, int]
) -> month.Levers:
    """The levers of a block, each run under one of some series, for a span of months.

    `which` (R,) is the place in `series` of each run. ValueError for a place that does not exist,
    and for series of different worlds.
    """
    is_known = np.isin(which, np.arange(len(series)))
    if not len(which) or not is_known.all() or len({each.counts for each in series}) > 1:
        raise ValueError("a run under none of these series, or series of different worlds")
    each = which[np.minimum(np.arange(RUNS), len(which) - 1)]
    if len(series) == 1:
        return month.Levers(series[0].rows[None], series[0].changes, series[0].starts, each, 0)
    first, stop = max(months[0], 0), months[1]
    rows = np.stack([one.rows[first:stop] for one in series])
    changes = np.any([one.changes[first:stop] for one in series], axis=0)
    for array in (rows, changes):
        array.flags.writeable = False  # as the arrays of one series: another type compiles anew
    return month.Levers(rows, changes, series[0].starts, each, first)


def months_kept(plan: month.Plan) -> int:
    """How many months' columns go to the trajectory."""
    return max(plan.stop - plan.kept_start, 0) if len(plan.kept) else 0


def plan_of(
    months: tuple[int, int],
    burn_in: int,
    window: tuple[int, int] = (0, 0),
    kept: Integers | None = None,
    since: int = 0,
    phases: tuple[int, int] = month.WHOLE,
) -> month.Plan:
    """Which months are run, averaged over a window, and kept month by month."""
    columns = np.zeros(0, np.int64) if kept is None else np.asarray(kept, np.int64)
    first, needed = max(months[0], since, 0), int(columns.max(initial=-1)) + 1
    return month.Plan(*phases, *months, burn_in, *window, columns, first, needed)

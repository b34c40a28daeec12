"""Eight runs set up side by side: from a world's numbers to the arrays of compiled code.

Every array is checked here, where it is made, so that nothing a caller can pass leads compiled code
out of its bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
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

_rules_table = cache(rules_table)


def counts_of(geography: Geography, pairs: int, scopes: int) -> Counts:
    """How many there are of everything in a world."""
    actors, theatres = geography.theatre_distance.shape
    counts = Counts(
        actors, theatres, len(geography.convenes), pairs, scopes, actors * (actors - 1) // 2, 0
    )
    return counts._replace(columns=column_count(counts))


def facts_of(geography: Geography, focus: Integers, scopes: Floats) -> Run:
    """What no run draws and all share.

    Raises:
        ValueError: for an array of another shape, and for a place of an actor that does not exist.
    """
    counts = counts_of(geography, len(focus), len(scopes))
    facts: Run = Block(FACTS, counts, 1)[0]
    names, theatres = geography.name_hash, geography.theatre_hash
    first, second = np.triu_indices(counts.actors, 1)
    pairs = [np.minimum(names[first], names[second]), np.maximum(names[first], names[second])]
    cells = address.py_func(names[:, None], theatres[None, :])
    homes = geography.ruler, geography.challenger
    abroad = [np.arange(counts.actors)[:, None] != home for home in homes]
    fades = np.where(np.all(abroad, axis=0) & (geography.wealth[:, None] > 0.0), 1.0, 0.0)
    own = geography._asdict()
    given = {field.name: own[field.name] for field in FACTS.fields if field.name in own} | {
        "population": geography.size,
        "first_ruler": geography.ruler,
        "first_challenger": geography.challenger,
        "history_fades": fades,
        "focus": np.reshape(focus, (len(focus), 2)),
        "scope": scopes,
        "cell_address": np.array(np.broadcast_arrays(*cells)),
        "pair_address": np.array(address.py_func(*pairs)),
    }
    for name, values in given.items():
        held = getattr(facts, name)
        if np.shape(values) != held.shape:
            raise ValueError(f"{name} is {held.shape}, not {np.shape(values)}")
        held[...] = values
    for name, least in (
        ("first_ruler", -1), ("first_challenger", -1), ("contender", -1), ("focus", 0)
    ):  # fmt: skip
        held = getattr(facts, name)
        if held.size and not (held.min() >= least and held.max() < counts.actors):
            raise ValueError(f"{name}: a number that is the place of no actor")
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
        self.p, self.report = Block(_rules_table(self.names), counts), Block(REPORT, counts)
        self.blocks = month.Blocks(self.state, self.constants, self.month, facts, self.p)
        self.runs = 0

    def load(self, rules: Any, rows: Floats, seeds: Any, memories: Floats | None = None) -> None:
        """Set up some runs: at their beginning, or as snapshots left them.

        Args:
            rules: (R,) records. rows: (R, M) coded numbers, then any factors. seeds: (R,).
            memories: (R, Z) snapshots.

        Raises:
            ValueError: for more runs than there is room for, and for arrays of other shapes or
            names.
        """
        self.runs = len(seeds)
        if not 1 <= self.runs <= RUNS or rules.dtype.names != self.names:
            raise ValueError(
                f"{self.runs} runs of a block of {RUNS}, or other rules than the workspace is for"
            )
        each = np.minimum(np.arange(RUNS), self.runs - 1)
        self.p.memory[:] = np.asarray(rules).view(np.float64).reshape(self.runs, -1).T[:, each]
        cells = len(self.coded.memory)
        self.coded.memory[:] = np.asarray(rows, np.float64)[:, :cells].T[:, each]
        derive(self.constants, self.coded, self.facts, self.p)
        if memories is None:
            self.state.memory[:] = 0.0
        else:
            self.state.memory[:] = memories.T[:, each]
        self.state.seed[:] = np.asarray(seeds, np.uint64)[each]
        if memories is None:
            month.initialise(self.coded, month.checked(self.blocks))

    def set_month(self, series: LeverSeries, t: int) -> None:
        """Give all runs one month of a series."""
        self.month.memory[:] = series.rows[t][:, None]

    def memories(self) -> Floats:
        """(R, Z) a snapshot of each run."""
        found: Floats = np.ascontiguousarray(self.state.memory[:, : self.runs].T)
        return found

    def observed(self) -> Floats:
        """(R, C) every column of the month last lived."""
        columns = self.report.counts.columns
        observe(self.state, self.constants, self.facts, self.report, columns)
        found: Floats = np.asarray(self.report.observed)[:, : self.runs].T
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

        Raises:
            ValueError: for months beyond the levers', columns that do not exist, and arrays of
            other shapes.
        """
        written = (months_kept(plan), len(plan.kept), RUNS)
        first, kept = max(plan.start, 0), plan.kept
        fits = (
            trajectory.shape == written
            and trajectory.dtype == np.float64
            and trajectory.flags.c_contiguous,
            status.shape == (self.runs, 3),
            plan.start >= -plan.burn_in and plan.kept_start >= first >= levers.first,
            plan.stop <= levers.first + levers.rows.shape[1]
            and levers.rows.shape[2] == len(self.month.memory),
            plan.needed <= self.report.counts.columns
            and (kept >= 0).all()
            and (kept < max(plan.needed, 1)).all(),
        )
        if not all(fits):
            raise ValueError(
                "months beyond the levers', columns that do not exist, or arrays of other shapes"
            )
        self.report.memory[:] = 0.0
        month.run(
            month.checked(self.blocks),
            self.report,
            levers,
            plan,
            self.month.memory,
            trajectory,
            status,
        )
        counted = min(plan.stop, plan.window_stop) > max(plan.start, plan.window_start)
        means: Floats = np.asarray(self.report.mean)[:, : self.runs].T
        return means.copy() if counted else np.full_like(means, np.nan)


def levers_of(
    series: Sequence[LeverSeries], which: Integers, months: tuple[int, int]
) -> month.Levers:
    """The levers of a block, each run under one of some series.

    Args:
        which: (R,) place in `series` of each run. months: the first that is run, and the one after
        the last.

    Raises:
        ValueError: for a place that does not exist, and for series of different worlds.
    """
    if (
        not len(which)
        or which.min() < 0
        or which.max() >= len(series)
        or len({each.counts for each in series}) > 1
    ):
        raise ValueError(
            "a run under a series that is not among these, or series of different worlds"
        )
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
    first = max(months[0], since, 0)
    needed = int(columns.max(initial=-1)) + 1
    return month.Plan(*phases, *months, burn_in, *window, columns, first, needed)

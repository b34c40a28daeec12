"""The month and the run: perceive and align, then choose, cooperate, contest, rule and recognise.

`PHASES` is the only schedule there is. A run is a pure function of (parameters, coded row, lever
series, seed). Eight runs of one scenario are worked out side by side in a block, and none can
change another. Everything that a run remembers lies in its state, so that a snapshot is a copy and
a branch starts from it.
"""

from typing import Any, NamedTuple

import numpy as np

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import DOMAIN_COUNT, FLAG_COUNT, LISTED
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import hyperbolic_tangent, where_known
from eurasia_sim.compute.vectors import in_some_run
from eurasia_sim.kernel.outcomes import observe
from eurasia_sim.mechanisms.alignment import align
from eurasia_sim.mechanisms.allocation import allocate
from eurasia_sim.mechanisms.contest import contest, grant_access
from eurasia_sim.mechanisms.cooperation import cooperate
from eurasia_sim.mechanisms.perception import perceive
from eurasia_sim.mechanisms.recognition import recognise
from eurasia_sim.mechanisms.regime import laxity, rule

STATUS = ("ok", "non-finite", "overflow")
PHASES = ("none", "perceive", "align", "allocate", "cooperate", "contest", "rule", "recognise")
# First phase of a month and the one after its last: once efforts are chosen, a policy may put
# others in their place.
WHOLE, CHOICE, REST = (1, 8), (1, 4), (4, 8)


class Blocks(NamedTuple):
    """What the rules of a month work on: `Block`s of the tables in `arrays`, of equal counts."""

    state: Any
    constants: Any
    month: Any
    facts: Any  # one run, for all share it
    p: Any  # the numbers of the rules


class Levers(NamedTuple):
    """The lever series of a block's runs."""

    rows: Any  # (S, T, W) series
    changes: Any  # (T, F) which fields differ in any series from the month before
    starts: Any  # (F + 1,) where fields begin on a row
    which: Any  # (8,) the series of each run
    first: int  # the month that the rows begin with


class Plan(NamedTuple):
    """Which months are run, in which phases, and what is read off them."""

    begin: int  # place in PHASES of the first phase
    end: int  # and of the one after the last; a month that ends earlier is looked at by nothing
    start: int  # counted from the schedule's first; in negative months the start settles
    stop: int  # the month after the last
    burn_in: int
    window_start: int  # `report.mean` averages from this month
    window_stop: int  # to before this one
    kept: Any  # (kept,) int64 columns whose monthly values go to the trajectory
    kept_start: int  # from this month on
    needed: int  # columns that must be written for the last of those kept to be among them


@compiled
def initialise(coded, blocks):
    """Write the state at the start: influence and regime as coded, leanings by affinity alone."""
    state, constants, _, facts, p = blocks
    for i in range(state.actors):
        for j in range(state.actors):
            state.leaning[i, j] = p.pull_relation * constants.affinity[i, j] / 3.0
            state.alignment[i, j] = hyperbolic_tangent(state.leaning[i, j])
        state.alignment[i, i] = 1.0
        for k in range(state.theatres):
            state.link[i, k] = 1.0
            state.recognition[i, k] = -coded.initial_recognition[i, k, LISTED]
            for b in range(FLAG_COUNT):
                state.flags[i, k, b] = coded.initial_recognition[i, k, b]
                state.recognition[i, k] += coded.initial_recognition[i, k, b]
            for d in range(DOMAIN_COUNT):
                state.influence[i, k, d] = coded.initial_influence[i, k, d]
    for k in range(state.theatres):
        state.militants[k], state.control[k] = coded.initial_militants[k], coded.initial_control[k]
        state.stability[k] = state.ruler_strength[k] = coded.base_stability[k]
        state.narcotics[k] = 1.0 - coded.base_stability[k]
        for r in range(state.block_runs):
            run, challenger = state[r], facts.first_challenger[k]
            run.ruler[k], run.challenger[k] = facts.first_ruler[k], challenger
            run.in_power[k] = 1.0 if run.ruler[k] == facts.contender[k] else 0.0
            run.restraint[k] = 1.0 - laxity(run.ruler[k], facts.contender[k], p[r])
            if challenger >= 0:
                # Each side is as strong as its part of the land lets it be.
                held = 1.0 - run.control[k] if run.ruler[k] >= 0 else 0.0
                strength = where_known(coded[r].initial_strength[k], run.ruler_strength[k] * held)
                run.ruler_strength[k] = run.stability[k] = strength
                run.fighters[k] = where_known(coded[r].initial_fighters[k], 0.5 * run.control[k])
                run.narcotics[k] = coded[r].initial_narcotics[k]
    grant_access(state, constants, facts, p)


@compiled
def apply_levers(levers, t, fresh, now):
    """Write month t's levers to `now` (W, 8): all where the month is `fresh`, else what changed."""
    at = max(t, 0) - levers.first
    for field in range(levers.starts.size - 1):
        if fresh or (t > 0 and levers.changes[at, field]):
            for place in range(levers.starts[field], levers.starts[field + 1]):
                for r in range(RUNS):
                    now[place, r] = levers.rows[levers.which[r], at, place]


@sequence
def run_mechanism(mechanism, blocks, t):
    """Let one mechanism, by its place in `PHASES`, do its part of month t.

    Before month 0 leanings and efforts settle, without chance, while all else stands as it opens.
    """
    state, constants, month, facts, p = blocks
    if mechanism == 1:
        perceive(state, constants, month, facts, p)
    elif mechanism == 2:
        align(state, constants, month, facts, t, p)
    elif mechanism == 3:
        allocate(state, constants, month, facts, t, p)
    elif mechanism == 4:
        cooperate(state, constants, month, facts, p)
    elif mechanism == 5:
        contest(state, constants, month, facts, t, p)
    elif mechanism == 6 and t >= 0:
        rule(state, constants, month, facts, t, p)
    elif t >= 0:
        recognise(state, constants, month, facts, t, p)


@inlined
def undefined(array):
    """0 where all of an array's numbers are finite, else NaN; of each run of a block's array."""
    total = 0.0
    for number in array.flat:
        total += number - number
    return total


@inlined
def undefined_results(state):
    """As `undefined`, of five arrays, one of which anything that goes wrong reaches in a month."""
    total = undefined(state.leaning) + undefined(state.effort) + undefined(state.influence)
    return total + undefined(state.stability) + undefined(state.standing)


@inlined
def failed_phase(run):
    """Index in PHASES of the first phase whose result is not finite in a run, 0 if all are."""
    if undefined_results(run) == 0.0:
        return 0
    if undefined(run.threat) + undefined(run.spillover) != 0.0:
        return 1
    if undefined(run.leaning) != 0.0:
        return 2
    if undefined(run.effort) != 0.0:
        return 3
    if undefined(run.influence) != 0.0:
        return 5
    return 6 if undefined(run.stability) != 0.0 else 7


@inlined
def note_failures(state, t, status):
    """Write down the runs that failed in month t; return whether all have failed by now.

    Args:
        status: (R, 3) int64 of the runs looked at: index in STATUS, month, index in PHASES.
    """
    if not in_some_run(where_known(undefined_results(state), 1.0)):
        return False
    for r in range(len(status)):
        if status[r, 0] == 0:
            phase = failed_phase(state[r])
            if phase > 0:
                status[r, 0], status[r, 1], status[r, 2] = 1, t, phase
    return np.all(status[:, 0])


@compiled
def run(blocks, report, levers, plan, now, trajectory, status):
    """Advance the runs of a block from `plan.start` to before `plan.stop`; write the report.

    Args:
        now: (W, 8) the numbers of `blocks.month`. trajectory: (months, kept, 8) row month -
        kept_start, written. status: (R, 3) of the R runs looked at, written.
    """
    state, constants, _, facts, _ = blocks
    counted_months = 0
    for t in range(plan.start, plan.stop):
        apply_levers(levers, t, t == plan.start, now)
        for mechanism in range(plan.begin, plan.end):
            run_mechanism(mechanism, blocks, t)
        if plan.end < len(PHASES):
            continue
        if note_failures(state, t, status):
            return
        counted = plan.window_start <= t < plan.window_stop
        is_kept = plan.kept.size > 0 and t >= plan.kept_start
        if counted or is_kept:
            observe(state, constants, facts, report, report.columns if counted else plan.needed)
        if counted:
            counted_months += 1
            for c in range(report.columns):
                report.mean[c] += report.observed[c]
        if is_kept:
            for c in range(plan.kept.size):
                for r in range(RUNS):
                    trajectory[t - plan.kept_start, c, r] = report[r].observed[plan.kept[c]]
    for c in range(report.columns):
        report.mean[c] /= max(counted_months, 1)

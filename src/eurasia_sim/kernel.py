"""The month and the run: perceive and align, then choose, cooperate, contest, rule and recognise.

`assess` then `act` make a month, the only schedule there is. A run is a pure function of (parameters, coded row,
posture, seed). Everything a run remembers lies in one flat row, so that a snapshot is a copy and a branch starts from
it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eurasia_sim.compilation import compiled, phase, whole
from eurasia_sim.derivation import derive, write_down
from eurasia_sim.layout import unpack_coded, unpack_constants, unpack_month, unpack_state
from eurasia_sim.mathematics import broken, copy, fill, hyperbolic_tangent
from eurasia_sim.measures import observe, up_to
from eurasia_sim.mechanisms.alignment import align
from eurasia_sim.mechanisms.allocation import allocate
from eurasia_sim.mechanisms.contest import contest, grant_access
from eurasia_sim.mechanisms.cooperation import cooperate
from eurasia_sim.mechanisms.perception import perceive
from eurasia_sim.mechanisms.recognition import recognise
from eurasia_sim.mechanisms.regime import rule

STATUS = ("ok", "non-finite", "overflow")
PHASES = ("none", "perceive", "align", "allocate", "cooperate", "contest", "rule", "recognise")


class Counts(NamedTuple):
    """How many there are of everything, by which flat rows are laid out."""

    actors: int
    theatres: int
    venues: int
    pairs: int
    scopes: int


class Report(NamedTuple):
    """What a run writes."""

    window: Any  # (C,) mean of every column over the window's months
    trajectory: Any  # (months, kept) chosen columns, month by month
    status: Any  # (3,) int64: index in STATUS, month, index in PHASES
    observed: Any  # (C,) scratch: the columns of one month


@compiled
def write_beginning(memory, fixed, row, geography, counts, p):
    """Write the state at the start: influence and regime as coded, leanings where affinity alone puts them."""
    fill(memory, 0.0)
    n, k, v, pairs, areas = counts
    state, constants = unpack_state(memory, n, k, v, pairs), unpack_constants(fixed, n, k, v, pairs, areas)
    coded = unpack_coded(row, n, k)
    for domain in range(state.influence.shape[2]):
        write_down(coded.initial_influence[:, :, domain], state.influence[:, :, domain])
    write_down(coded.initial_recognition, state.recognition)
    copy(coded.base_stability, state.stability)
    copy(coded.initial_militants, state.militants)
    copy(coded.initial_economy, state.economy)
    copy(coded.initial_control, state.control)
    fill(state.restraint, p.restraint_base)
    copy(geography.ruler, state.ruler)
    copy(geography.challenger, state.challenger)
    for i in range(state.power.size):
        for j in range(state.power.size):
            state.leaning[i, j] = p.alignment_affinity * constants.affinity[i, j] / 3.0
            state.alignment[i, j] = hyperbolic_tangent(state.leaning[i, j])
        state.alignment[i, i] = 1.0
    grant_access(state, constants, p)


@compiled
def turn(changes, since, t, now):
    """Bring the flat row of a month on to month t, from the month before `since`; from month 0 it need hold nothing.

    A month is many times as long as its changes, and to read all of it from far memory takes a tenth of its time.
    """
    for c in range(changes.first[since], changes.first[t + 1]):
        now[changes.places[c]] = changes.values[c]


@phase
def tables(memory, fixed, now, counts):
    """The state, the constants and the month as named views on their rows."""
    n, k, v, pairs, scopes = counts
    return (
        unpack_state(memory, n, k, v, pairs),
        unpack_constants(fixed, n, k, v, pairs, scopes),
        unpack_month(now, n, k, v),
    )


# Each mechanism is handed rows: the hundred arrays on them take longer to pass on than to find.
@compiled
def _perceive(memory, fixed, now, counts, p):
    state, constants, month = tables(memory, fixed, now, counts)
    perceive(state, constants, month, p)


@compiled
def _align(memory, fixed, now, counts, seed, number, p):
    state, constants, month = tables(memory, fixed, now, counts)
    align(state, constants, month, seed, number, p)


@compiled
def _allocate(memory, fixed, now, counts, seed, number, p):
    state, constants, month = tables(memory, fixed, now, counts)
    allocate(state, constants, month, seed, number, p)


@compiled
def _cooperate(memory, fixed, now, counts, p):
    state, constants, month = tables(memory, fixed, now, counts)
    cooperate(state, constants, month, p)


@compiled
def _contest(memory, fixed, now, counts, p):
    state, constants, _ = tables(memory, fixed, now, counts)
    contest(state, constants, p)


@compiled
def _rule(memory, fixed, now, counts, seed, number, p):
    state, constants, month = tables(memory, fixed, now, counts)
    rule(state, constants, month, seed, number, p)


@compiled
def _recognise(memory, fixed, now, counts, seed, number, p):
    state, constants, month = tables(memory, fixed, now, counts)
    recognise(state, constants, month, seed, number, p)


@phase
def work(mechanism, memory, fixed, now, counts, seed, number, p):
    """Let one mechanism, by its place in `PHASES`, do its part of a month.

    Args:
        memory: the state. fixed: the constants. now: the month. number: of the month, from the first of the burn-in.
    """
    if mechanism == 1:
        _perceive(memory, fixed, now, counts, p)
    elif mechanism == 2:
        _align(memory, fixed, now, counts, seed, number, p)
    elif mechanism == 3:
        _allocate(memory, fixed, now, counts, seed, number, p)
    elif mechanism == 4:
        _cooperate(memory, fixed, now, counts, p)
    elif mechanism == 5:
        _contest(memory, fixed, now, counts, p)
    elif mechanism == 6:
        _rule(memory, fixed, now, counts, seed, number, p)
    else:
        _recognise(memory, fixed, now, counts, seed, number, p)


# A month is the mechanisms in their order. Once efforts are chosen, a policy may put others in their place.
_CHOSEN = 4


def begin(state, row, geography, constants, p):
    """Write the state at the start, for a caller that is not compiled."""
    write_beginning(state.memory, constants.row, row, geography, counts_of(state, constants), p)


def assess(state, constants, month, seed, number, p):
    """First half of a month: perceive, align, and choose efforts. A policy may then replace an actor's efforts."""
    for mechanism in range(1, _CHOSEN):
        work(mechanism, state.memory, constants.row, month.row, counts_of(state, constants), seed, number, p)


def act(state, constants, month, seed, number, p):
    """Second half of a month: cooperate, contest, rule and recognise, for efforts given."""
    for mechanism in range(_CHOSEN, len(PHASES)):
        work(mechanism, state.memory, constants.row, month.row, counts_of(state, constants), seed, number, p)


def counts_of(state, constants):
    """The counts of a state's and its constants' arrays."""
    actors, theatres = state.spillover.shape
    return Counts(actors, theatres, len(state.gathered), len(constants.focus), len(constants.scopes))


@phase
def failed_phase(state):
    """Index in PHASES of the first phase whose result is not finite, 0 if all are."""
    # What goes wrong anywhere reaches one of these in the same month.
    lean, spent, held = broken(whole(state.leaning)), broken(whole(state.effort)), broken(whole(state.influence))
    stable = broken(state.stability)
    if not (lean or spent or held or stable or broken(state.standing)):
        return 0
    if broken(whole(state.threat)) or broken(whole(state.spillover)):
        return 1
    if lean:
        return 2
    if spent:
        return 3
    if held:
        return 5
    return 6 if stable else 7


@compiled
def run(memory, fixed, now, counts, changes, seed, p, start, stop, burn_in, window, kept, report):
    """Advance the state on `memory` from month `start` to before `stop`, writing the report.

    Args:
        fixed: the constants. changes: the schedule. now: (W,) scratch, the levers and series of the month as it comes.
        start: first month, counted from the schedule's first; negative months are burn-in under the first posture.
        window: (2,) int64 first month and the month after the last over which `report.window` averages.
        kept: (kept,) int64 columns whose monthly values go to `report.trajectory` (row = month - start).
    """
    row = report.observed
    n, k, v, pairs, areas = counts
    state, constants = unpack_state(memory, n, k, v, pairs), unpack_constants(fixed, n, k, v, pairs, areas)
    turn(changes, 0, max(start, 0), now)
    counted_months = 0
    for t in range(start, stop):
        if t > max(start, 0):
            turn(changes, t, t, now)
        number = np.uint64(t + burn_in)
        for mechanism in range(1, len(PHASES)):
            work(mechanism, memory, fixed, now, counts, seed, number, p)
        failed = failed_phase(state)
        if failed > 0:
            report.status[0], report.status[1], report.status[2] = 1, t, failed
            fill(report.window, np.nan)
            return
        counted = window[0] <= t < window[1]
        if counted or kept.size > 0:
            observe(state, constants, row, row.size if counted else up_to(kept))
        if counted:
            if counted_months == 0:
                fill(report.window, 0.0)
            counted_months += 1
            for c in range(row.size):
                report.window[c] += row[c]
        if kept.size > 0 and t >= 0:
            for c in range(kept.size):
                report.trajectory[t - max(start, 0), c] = row[kept[c]]
    if counted_months > 0:
        for c in range(row.size):
            report.window[c] /= counted_months
    report.status[0] = 0


@compiled
def run_chunk(
    rules, rows, seeds, memories, begins, fixed, memory, now, geography, changes, focus, scopes, start, stop, burn_in,
    window, kept, observed, means, trajectories, statuses,
):  # fmt: skip
    """Advance runs one after another, without the interpreter's lock; nothing raises.

    Args:
        rules: (R,) parameter records. rows: (R, M) coded rows. seeds: (R,) uint64.
        memories: (R, Z) flat states, written from the beginning where the run `begins`, else continued from the
            snapshots they hold; in both cases they end as snapshots before month `stop`.
        fixed: `constants_size` long, scratch. memory: (Z,) scratch, where all runs are worked out one after another, so
            that it stays near the processor; see `layout.aligned`. now: (W,) scratch, a month. observed: (C,) scratch.
        changes: the schedule.
        means: (R, C), trajectories: (R, months, kept), statuses: (R, 3) int64; written, pre-filled by the caller.
    """
    counts = Counts(
        geography.name_hash.size, geography.size.size, geography.convenes.shape[0], focus.shape[0], scopes.shape[0]
    )
    for r in range(rows.shape[0]):
        p = rules[r]
        derive(rows[r], fixed, geography, focus, scopes, p)
        if begins:
            write_beginning(memory, fixed, rows[r], geography, counts, p)
        else:
            copy(memories[r], memory)
        report = Report(means[r], trajectories[r], statuses[r], observed)
        run(memory, fixed, now, counts, changes, seeds[r], p, start, stop, burn_in, window, kept, report)
        copy(memory, memories[r])

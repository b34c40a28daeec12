"""The month and the run: perceive and align, then choose, cooperate, contest, rule and recognise.

`assess` then `act` make a month, the only schedule there is. A run is a pure function of (parameters, coded row,
posture, seed). Everything a run remembers lies in one flat row, so that a snapshot is a copy and a branch starts from
it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eurasia_sim.mathematics import compiled, exponential, logarithm
from eurasia_sim.measures import observe
from eurasia_sim.mechanisms.alignment import align
from eurasia_sim.mechanisms.allocation import allocate
from eurasia_sim.mechanisms.contest import contest, grant_access
from eurasia_sim.mechanisms.cooperation import cooperate
from eurasia_sim.mechanisms.perception import closeness, nearness, perceive
from eurasia_sim.mechanisms.recognition import recognise
from eurasia_sim.mechanisms.regime import rule
from eurasia_sim.parameters import Coded, Constants, Month, State

STATUS = ("ok", "non-finite", "overflow")
PHASES = ("none", "perceive", "align", "allocate", "contest", "rule", "recognise")


class Report(NamedTuple):
    """What a run writes."""

    window: Any  # (C,) mean of every column over the window's months
    trajectory: Any  # (months, kept) chosen columns, month by month
    status: Any  # (3,) int64: index in STATUS, month, index in PHASES


@compiled
def unpack_coded(row, actors, theatres):
    """The flat row of coded numbers as named views (see `Coded`)."""
    n, k = actors, theatres
    o = 0
    salience = row[o : o + n * 7].reshape((n, 7))
    o += n * 7
    denial = row[o : o + n * n].reshape((n, n))
    o += n * n
    affinity = row[o : o + n * n].reshape((n, n))
    o += n * n
    susceptibility = row[o : o + n * 3].reshape((n, 3))
    o += n * 3
    offensive_capability = row[o : o + n]
    o += n
    skill = row[o : o + n * 3].reshape((n, 3))
    o += n * 3
    front = row[o : o + n * n].reshape((n, n))
    o += n * n
    own_power = row[o : o + n]
    o += n
    opportunity, base_stability = row[o : o + k], row[o + k : o + 2 * k]
    o += 2 * k
    threat_source = row[o : o + k * 3].reshape((k, 3))
    o += k * 3
    control, militants, economy = row[o : o + k], row[o + k : o + 2 * k], row[o + 2 * k : o + 3 * k]
    o += 3 * k
    influence = row[o : o + n * k * 3].reshape((n, k, 3))
    o += n * k * 3
    recognition = row[o : o + n * k].reshape((n, k))
    return Coded(
        salience, denial, affinity, susceptibility, offensive_capability, skill, front, own_power, opportunity,
        base_stability, threat_source, control, militants, economy, influence, recognition,
    )  # fmt: skip


@compiled
def state_size(n, k, v, pairs):
    """Length of the flat row that holds a whole `State` of n actors, k theatres, v venues."""
    return 9 * n * n + 16 * n * k * 3 + 6 * n * k + 3 * n + n * v + 6 * k + 5 * k * 3 + pairs * k * 3 + 2 * k


@compiled
def unpack_state(row, n, k, v, pairs):
    """The flat row of a run's memory and scratch as named views (see `State`)."""
    squares = row[: 9 * n * n].reshape((9, n, n))
    o = 9 * n * n
    cells = row[o : o + 16 * n * k * 3].reshape((16, n, k, 3))
    o += 16 * n * k * 3
    spots = row[o : o + 6 * n * k].reshape((6, n, k))
    o += 6 * n * k
    lines = row[o : o + 3 * n].reshape((3, n))
    o += 3 * n
    attended = row[o : o + n * v].reshape((n, v))
    o += n * v
    lands = row[o : o + 6 * k].reshape((6, k))
    o += 6 * k
    tables = row[o : o + 2 * k * 3].reshape((2, k, 3))
    o += 2 * k * 3
    scratch = row[o : o + 3 * k * 3].reshape((3, k * 3))
    o += 3 * k * 3
    pair_joint = row[o : o + pairs * k * 3].reshape((pairs, k, 3))
    o += pairs * k * 3
    rulers = row[o : o + 2 * k].view(np.int64).reshape((2, k))
    return State(
        squares[0], squares[1], squares[2], squares[3], squares[4], squares[5], squares[6], squares[7], squares[8],
        cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8], cells[9], cells[10],
        cells[11], cells[12], cells[13], cells[14], cells[15],
        spots[0], spots[1], spots[2], spots[3], spots[4], spots[5], lines[0], lines[1], lines[2], attended,
        lands[0], lands[1], lands[2], lands[3], lands[4], lands[5], tables[0], tables[1], scratch, pair_joint,
        rulers[0], rulers[1],
    )  # fmt: skip


@compiled
def interest_weights(salience, p):
    """Utility weights of ordinal salience, in [0, 1]: (salience / 3) ** curve; silence counts as `silence`."""
    weights = np.empty(salience.shape)
    for i in range(salience.shape[0]):
        for c in range(salience.shape[1]):
            level = p.silence if np.isnan(salience[i, c]) else salience[i, c]
            weights[i, c] = exponential(p.salience_curve * logarithm(max(level / 3.0, 1e-12)))
    return weights


@compiled
def dyad_weights(denial, p):
    """Utility weights of ordinal denial (N, N), by the same curve; a silent dyad counts as `silent_denial`."""
    weights = np.empty(denial.shape)
    for i in range(denial.shape[0]):
        for j in range(denial.shape[1]):
            level = p.silent_denial if np.isnan(denial[i, j]) else denial[i, j]
            weights[i, j] = 0.0 if i == j else exponential(p.salience_curve * logarithm(max(level / 3.0, 1e-12)))
    return weights


@compiled
def derive(coded, geography, focus, scopes, p):
    """Everything that stays the same for all months of one run (see `Constants`)."""
    actors, theatres = geography.theatre_distance.shape
    near = np.empty((actors, actors))
    for i in range(actors):
        for j in range(actors):
            near[i, j] = closeness(geography.distance[i, j], geography.border[i, j], p)
    at_home = nearness(closeness(0.0, 1.0, p), p)
    near_theatre, nearness_theatre = np.empty((actors, theatres)), np.empty((actors, theatres))
    transit = np.empty((actors, theatres))
    for i in range(actors):
        for k in range(theatres):
            near_theatre[i, k] = closeness(geography.theatre_distance[i, k], geography.theatre_border[i, k], p)
            nearness_theatre[i, k] = nearness(near_theatre[i, k], p) / at_home
            transit[i, k] = exponential(-geography.border_distance[i, k] / p.transit_decay)
    gate, size, contested = np.empty((theatres, theatres)), np.empty(theatres), np.zeros(theatres)
    for k in range(theatres):
        for other in range(theatres):
            gate[k, other] = exponential(-geography.theatre_separation[k, other] / p.transit_decay)
            if other != k:
                gate[k, other] *= p.buffer
        people = geography.size[k]
        size[k] = exponential(p.size_elasticity * logarithm(people)) if people > 0.0 else 0.0
        contested[k] = 1.0 if geography.challenger[k] >= 0 else 0.0
    affinity = np.where(np.isnan(coded.affinity), p.silent_affinity, coded.affinity)
    for i in range(actors):
        affinity[i, i] = 0.0
    return Constants(
        coded.own_power, near, near_theatre, nearness_theatre, transit, gate, coded.front, affinity,
        dyad_weights(coded.denial, p), interest_weights(coded.salience, p), coded.offensive_capability,
        coded.susceptibility, coded.threat_source,
        np.array([p.militancy_terrorism, p.militancy_narcotics, p.militancy_refugees]), size, coded.opportunity,
        coded.skill, contested, geography.challenger.copy(), geography.convenes, geography.name_hash,
        geography.theatre_hash, focus, scopes,
    )  # fmt: skip


@compiled
def begin(state, coded, geography, constants, p):
    """Write the state at the start: influence and regime as coded, leanings where affinity alone puts them."""
    state.influence[:] = coded.initial_influence
    state.recognition[:] = coded.initial_recognition
    state.stability[:] = coded.base_stability
    state.militants[:] = coded.initial_militants
    state.economy[:] = coded.initial_economy
    state.control[:] = coded.initial_control
    state.restraint[:] = p.restraint_base
    state.ruler[:] = geography.ruler
    state.challenger[:] = geography.challenger
    state.leaning[:] = p.alignment_affinity * constants.affinity / 3.0
    state.alignment[:] = np.tanh(state.leaning)
    for i in range(state.power.size):
        state.alignment[i, i] = 1.0
    grant_access(state, constants, p)


@compiled
def month_of(schedule, t):
    """The levers and series of one month as views."""
    return Month(
        schedule.presence[t], schedule.pressed[t], schedule.goodwill[t], schedule.revisionism[t], schedule.conduct[t],
        schedule.surge[t], schedule.aid[t], schedule.imposed[t], schedule.jointness[t], schedule.rule[t],
        schedule.stability[t], schedule.recognition[t], schedule.capability[t], schedule.theatre_capability[t],
        schedule.membership[t], schedule.comembership[t], schedule.venues[t],
    )  # fmt: skip


@compiled
def assess(state, constants, month, seed, month_number, p):
    """First half of a month: perceive, align, and choose efforts. A policy may then replace an actor's efforts."""
    perceive(state, constants, month, p)
    align(state, constants, month, seed, month_number, p)
    allocate(state, constants, month, seed, month_number, p)


@compiled
def act(state, constants, month, seed, month_number, p):
    """Second half of a month: cooperate, contest, rule and recognise, for efforts given."""
    cooperate(state, constants, month, p)
    contest(state, constants, p)
    rule(state, constants, month, seed, month_number, p)
    recognise(state, constants, month, seed, month_number, p)


@compiled
def failed_phase(state):
    """Index in PHASES of the first phase whose result is not finite, 0 if all are."""
    if not np.isfinite(state.threat.sum() + state.spillover.sum()):
        return 1
    if not np.isfinite(state.leaning.sum()):
        return 2
    if not np.isfinite(state.effort.sum()):
        return 3
    if not np.isfinite(state.influence.sum()):
        return 4
    if not np.isfinite(state.stability.sum() + state.militants.sum() + state.control.sum()):
        return 5
    if not np.isfinite(state.standing.sum()):
        return 6
    return 0


@compiled
def run(state, constants, schedule, seed, p, start, stop, burn_in, window, kept, report):
    """Advance `state` from month `start` to before `stop`, writing the report.

    Args:
        start: first month, counted from the schedule's first; negative months are burn-in under the first posture.
        window: (2,) int64 first month and the month after the last over which `report.window` averages.
        kept: (kept,) int64 columns whose monthly values go to `report.trajectory` (row = month - start).
    """
    row = np.empty(report.window.size)
    months = 0
    for t in range(start, stop):
        month = month_of(schedule, max(t, 0))
        number = np.uint64(t + burn_in)
        assess(state, constants, month, seed, number, p)
        act(state, constants, month, seed, number, p)
        phase = failed_phase(state)
        if phase > 0:
            report.status[0], report.status[1], report.status[2] = 1, t, phase
            report.window[:] = np.nan
            return
        counted = window[0] <= t < window[1]
        if counted or kept.size > 0:
            observe(state, constants, row)
        if counted:
            if months == 0:
                report.window[:] = 0.0
            months += 1
            report.window[:] += row
        if kept.size > 0 and t >= 0:
            for c in range(kept.size):
                report.trajectory[t - max(start, 0), c] = row[kept[c]]
    if months > 0:
        report.window[:] /= months
    report.status[0] = 0


@compiled
def run_chunk(
    rules, rows, seeds, memories, geography, schedule, focus, scopes, start, stop, burn_in, window, kept,
    means, trajectories, statuses,
):  # fmt: skip
    """Advance runs one after another, without the interpreter's lock; nothing raises.

    Args:
        rules: (R,) parameter records. rows: (R, M) coded rows. seeds: (R,) uint64.
        memories: (R, Z) flat states: written from the beginning where `start` is the first month of the burn-in, else
            continued from the snapshots they hold; in both cases they end as snapshots before month `stop`.
        means: (R, C), trajectories: (R, months, kept), statuses: (R, 3) int64; written, pre-filled by the caller.
    """
    theatres = geography.size.size
    actors = geography.name_hash.size
    for r in range(rows.shape[0]):
        p = rules[r]
        coded = unpack_coded(rows[r], actors, theatres)
        constants = derive(coded, geography, focus, scopes, p)
        state = unpack_state(memories[r], actors, theatres, geography.convenes.shape[0], focus.shape[0])
        if start == -burn_in:
            memories[r] = 0.0
            begin(state, coded, geography, constants, p)
        report = Report(means[r], trajectories[r], statuses[r])
        run(state, constants, schedule, seeds[r], p, start, stop, burn_in, window, kept, report)

"""The month and the run: perceive and align, then choose, cooperate, contest, rule and recognise.

`assess` then `act` make a month, the only schedule there is. A run is a pure function of (parameters, coded row,
posture, seed). Everything a run remembers lies in one flat row, so that a snapshot is a copy and a branch starts from
it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eurasia_sim.compilation import compiled, flat, phase
from eurasia_sim.layout import constants_size, unpack_coded, unpack_constants, unpack_month, unpack_state
from eurasia_sim.mathematics import TINY, broken, copy, exponential, fill, hyperbolic_tangent, logarithm, pair_place
from eurasia_sim.measures import observe, up_to
from eurasia_sim.mechanisms.alignment import align
from eurasia_sim.mechanisms.allocation import allocate
from eurasia_sim.mechanisms.contest import contest, grant_access
from eurasia_sim.mechanisms.cooperation import cooperate
from eurasia_sim.mechanisms.perception import closeness, nearness, perceive
from eurasia_sim.mechanisms.recognition import recognise
from eurasia_sim.mechanisms.regime import rule
from eurasia_sim.streams import address

STATUS = ("ok", "non-finite", "overflow")
PHASES = ("none", "perceive", "align", "allocate", "contest", "rule", "recognise")


class Report(NamedTuple):
    """What a run writes."""

    window: Any  # (C,) mean of every column over the window's months
    trajectory: Any  # (months, kept) chosen columns, month by month
    status: Any  # (3,) int64: index in STATUS, month, index in PHASES
    observed: Any  # (C,) scratch: the columns of one month


@compiled
def cell_addresses(names, theatres, out):
    """Write where each actor's draws for each theatre are found: (3, N * K) counter words."""
    for i in range(names.size):
        for k in range(theatres.size):
            c = i * theatres.size + k
            out[0, c], out[1, c], out[2, c] = address(names[i], theatres[k])


@compiled
def pair_addresses(names, out):
    """Write where each pair's draws are found, whichever of the two is listed first: (3, pairs) counter words."""
    for i in range(names.size):
        for j in range(i + 1, names.size):
            c = pair_place(i, j, names.size)
            out[0, c], out[1, c], out[2, c] = address(min(names[i], names[j]), max(names[i], names[j]))


@compiled
def utility_weight(salience, silence, p):
    """Utility weight of an ordinal salience, in [0, 1]: (salience / 3) ** curve; NaN counts as `silence`."""
    level = silence if np.isnan(salience) else salience
    return exponential(p.salience_curve * logarithm(max(level / 3.0, TINY)))


@compiled
def derive_places(constants, geography, p):
    """Write what follows from where actors and theatres lie."""
    actors, theatres = geography.theatre_distance.shape
    for i in range(actors):
        for j in range(actors):
            constants.closeness[i, j] = closeness(geography.distance[i, j], geography.border[i, j], p)
    at_home = nearness(closeness(0.0, 1.0, p), p)
    for i in range(actors):
        for k in range(theatres):
            raw = closeness(geography.theatre_distance[i, k], geography.theatre_border[i, k], p)
            constants.closeness_theatre[i, k] = raw
            constants.nearness_theatre[i, k] = nearness(raw, p) / at_home
            constants.transit[i, k] = exponential(-geography.border_distance[i, k] / p.transit_decay)
    for k in range(theatres):
        for other in range(theatres):
            through = exponential(-geography.theatre_separation[k, other] / p.transit_decay)
            constants.gate[k, other] = through if other == k else p.buffer * through
        people = geography.size[k]
        constants.size[k] = exponential(p.size_elasticity * logarithm(people)) if people > 0.0 else 0.0
        constants.contested[k] = 1.0 if geography.challenger[k] >= 0 else 0.0


@compiled
def derive_interests(constants, coded, p):
    """Write utility weights and affinities, with silence filled by its declared assumption."""
    actors = coded.own_power.size
    for i in range(actors):
        for c in range(coded.salience.shape[1]):
            constants.weight[i, c] = utility_weight(coded.salience[i, c], p.silence, p)
        for j in range(actors):
            is_other = 1.0 if i != j else 0.0
            constants.denial[i, j] = is_other * utility_weight(coded.denial[i, j], p.silent_denial, p)
            stated = coded.affinity[i, j]
            constants.affinity[i, j] = is_other * (p.silent_affinity if np.isnan(stated) else stated)


@compiled
def derive(row, fixed, geography, focus, scopes, p):
    """Write to the row `fixed` all that stays the same for all months of one run (`Constants`).

    Args:
        row: the run's coded numbers. fixed: `constants_size` long.
    """
    n, k, v = geography.name_hash.size, geography.size.size, geography.convenes.shape[0]
    constants = unpack_constants(fixed, n, k, v, focus.shape[0], scopes.shape[0])
    coded = unpack_coded(row, n, k)
    derive_places(constants, geography, p)
    derive_interests(constants, coded, p)
    copy(flat(coded.own_power), flat(constants.own_power))
    copy(flat(coded.front), flat(constants.front))
    copy(flat(coded.offensive_capability), flat(constants.offensive_capability))
    copy(flat(coded.susceptibility), flat(constants.susceptibility))
    copy(flat(coded.threat_source), flat(constants.threat_source))
    constants.militancy[0] = p.militancy_terrorism
    constants.militancy[1] = p.militancy_narcotics
    constants.militancy[2] = p.militancy_refugees
    copy(flat(coded.opportunity), flat(constants.opportunity))
    copy(flat(coded.skill), flat(constants.skill))
    copy(flat(geography.challenger), flat(constants.contender))
    copy(flat(geography.convenes), flat(constants.convenes))
    copy(flat(coded.base_stability), flat(constants.base_stability))
    copy(flat(geography.name_hash), flat(constants.name_hash))
    copy(flat(geography.theatre_hash), flat(constants.theatre_hash))
    cell_addresses(geography.name_hash, geography.theatre_hash, constants.cell_address)
    pair_addresses(geography.name_hash, constants.pair_address)
    copy(flat(focus), flat(constants.focus))
    copy(flat(scopes), flat(constants.scopes))


def constants_of(row, geography, focus, scopes, p):
    """The constants of one run as named views on a row of their own, for callers that are not compiled."""
    counts = geography.name_hash.size, geography.size.size, geography.convenes.shape[0], focus.shape[0], scopes.shape[0]
    fixed = np.empty(constants_size(*counts))
    derive(row, fixed, geography, focus, scopes, p)
    return unpack_constants.py_func(fixed, *counts)


@compiled
def begin(state, row, geography, constants, p):
    """Write the state at the start: influence and regime as coded, leanings where affinity alone puts them."""
    fill(state.memory, 0.0)
    coded = unpack_coded(row, geography.name_hash.size, geography.size.size)
    copy(flat(coded.initial_influence), flat(state.influence))
    copy(flat(coded.initial_recognition), flat(state.recognition))
    copy(flat(coded.base_stability), flat(state.stability))
    copy(flat(coded.initial_militants), flat(state.militants))
    copy(flat(coded.initial_economy), flat(state.economy))
    copy(flat(coded.initial_control), flat(state.control))
    fill(state.restraint, p.restraint_base)
    copy(flat(geography.ruler), flat(state.ruler))
    copy(flat(geography.challenger), flat(state.challenger))
    for i in range(state.power.size):
        for j in range(state.power.size):
            state.leaning[i, j] = p.alignment_affinity * constants.affinity[i, j] / 3.0
            state.alignment[i, j] = hyperbolic_tangent(state.leaning[i, j])
        state.alignment[i, i] = 1.0
    grant_access(state, constants, p)


@compiled
def turn(changes, since, t, now):
    """Bring the flat row of a month on to month t, from the month before `since`; from month 0 it need hold nothing.

    A month is ten times as long as its changes, and reading all of it from far memory takes a tenth of a month's time.
    """
    for c in range(changes.first[since], changes.first[t + 1]):
        now[changes.places[c]] = changes.values[c]


@phase
def assess(state, constants, month, seed, number, p):
    """First half of a month: perceive, align, and choose efforts. A policy may then replace an actor's efforts."""
    perceive(state, constants, month, p)
    align(state, constants, month, seed, number, p)
    allocate(state, constants, month, seed, number, p)


@phase
def act(state, constants, month, seed, number, p):
    """Second half of a month: cooperate, contest, rule and recognise, for efforts given."""
    cooperate(state, constants, month, p)
    contest(state, constants, p)
    rule(state, constants, month, seed, number, p)
    recognise(state, constants, month, seed, number, p)


@compiled
def failed_phase(state):
    """Index in PHASES of the first phase whose result is not finite, 0 if all are."""
    # What goes wrong anywhere reaches one of these in the same month.
    leaning, effort, influence = flat(state.leaning), flat(state.effort), flat(state.influence)
    stability = state.stability
    if broken(leaning) + broken(effort) + broken(influence) + broken(stability) + broken(state.standing) == 0:
        return 0
    if broken(flat(state.threat)) + broken(flat(state.spillover)) > 0:
        return 1
    if broken(leaning) > 0:
        return 2
    if broken(effort) > 0:
        return 3
    if broken(influence) > 0:
        return 4
    return 5 if broken(stability) > 0 else 6


@compiled
def run(state, constants, changes, now, seed, p, start, stop, burn_in, window, kept, report):
    """Advance `state` from month `start` to before `stop`, writing the report.

    Args:
        changes: the schedule. now: (W,) scratch, the levers and series of the month as it comes.
        start: first month, counted from the schedule's first; negative months are burn-in under the first posture.
        window: (2,) int64 first month and the month after the last over which `report.window` averages.
        kept: (kept,) int64 columns whose monthly values go to `report.trajectory` (row = month - start).
    """
    row = report.observed
    n, k = state.spillover.shape
    month = unpack_month(now, n, k, constants.convenes.shape[0])
    turn(changes, 0, max(start, 0), now)
    counted_months = 0
    for t in range(start, stop):
        if t > max(start, 0):
            turn(changes, t, t, now)
        number = np.uint64(t + burn_in)
        assess(state, constants, month, seed, number, p)
        act(state, constants, month, seed, number, p)
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
    n, k, v = geography.name_hash.size, geography.size.size, geography.convenes.shape[0]
    for r in range(rows.shape[0]):
        p = rules[r]
        derive(rows[r], fixed, geography, focus, scopes, p)
        constants = unpack_constants(fixed, n, k, v, focus.shape[0], scopes.shape[0])
        state = unpack_state(memory, n, k, v, focus.shape[0])
        if begins:
            begin(state, rows[r], geography, constants, p)
        else:
            copy(memories[r], memory)
        report = Report(means[r], trajectories[r], statuses[r], observed)
        run(state, constants, changes, now, seeds[r], p, start, stop, burn_in, window, kept, report)
        copy(memory, memories[r])

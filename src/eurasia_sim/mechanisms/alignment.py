"""Whom actors lean toward: dangers from others bind, quarrels and mutual dangers part, venues tie.

Cites walt1985, keohane1984.
"""

import numpy as np

from eurasia_sim.compute.dimensions import POSITION, QUARREL, SETTLING, STANCE_COUNT, TIES
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import THIRD, choose, fused, greater, square_root, where_known
from eurasia_sim.compute.mathematics import hyperbolic_tangent as tanh
from eurasia_sim.compute.random_streams import draw_at, shock, uniform
from eurasia_sim.compute.vectors import in_some_run

STREAM = np.uint64(1)


@compiled
def fear_all(state, p):
    """Write the root of each danger's share in all that an actor fears, and in what is near.

    Form: dangers from states, and, weighed, from theatres; `fear_floor` is the fear at which shares
    of it sum to one half. A theatre to which one is a party counts as no outside danger. What one
    unit of danger has of the fears is `per_danger`, as a root.
    """
    for i in range(state.actors):
        everywhere, near = p.fear_floor, p.fear_floor
        for m in range(state.actors):
            everywhere += state.threat[i, m]
            near += state.regional[i, m]
        for k in range(state.theatres):
            spill, outside = state.spillover[i, k], 1.0 - state.party[i, k]
            weighed = p.weight_spillover * spill
            everywhere, near = everywhere + weighed, near + weighed
            state.foreign[i, k] = weighed * outside
            state.felt[i, k] = square_root(spill) * outside
        whole, nearby = 1.0 / square_root(everywhere), 1.0 / square_root(near)
        state.per_danger[i], state.per_danger_near[i] = whole, nearby
        for m in range(state.actors):
            state.feared[i, m] = square_root(state.threat[i, m]) * whole
            state.feared_near[i, m] = square_root(state.regional[i, m]) * nearby


@compiled
def share_fears(state, p):
    """Write the overlap of each two's fears, of all and of what is near (N, N), in [0, 1).

    Claim: threats that two powers share have bound them (aliyev2022 L402; walt1985 on balancing).
    Form: sum over third sources of the geometric mean of the shares that they have of each one's
    fears. What is near alone is `regional_overlap`, what two could meet jointly in the region.
    """
    whole, nearby = state.per_danger, state.per_danger_near
    for i in range(state.actors):
        for j in range(i + 1):
            common = near = lands = 0.0
            for m in range(state.actors):
                common = fused(state.feared[i, m], state.feared[j, m], common)
                near = fused(state.feared_near[i, m], state.feared_near[j, m], near)
            for k in range(state.theatres):
                lands = fused(state.felt[i, k], state.felt[j, k], lands)
            state.crisis[i, j] = state.crisis[j, i] = lands
            lands = p.weight_spillover * lands
            common += lands * whole[i] * whole[j]
            near += lands * nearby[i] * nearby[j]
            state.shared[i, j] = state.shared[j, i] = common
            state.regional_overlap[i, j] = state.regional_overlap[j, i] = near


@compiled
def fear_each_other(state):
    """Write the share of its fears that each actor has of each other (N, N), in [0, 1).

    Claim: a threat seen in the other drives apart (walt1985).
    Form: danger from the other, and from lands by how far it is a party to them and one is not.
    """
    for i in range(state.actors):
        share = state.per_danger[i] * state.per_danger[i]
        for j in range(state.actors):
            danger = state.threat[i, j]
            for k in range(state.theatres):
                danger = fused(state.foreign[i, k], state.party[j, k], danger)
            state.mutual[i, j] = danger * share


@compiled
def place_zeros(state, p):
    """Write the overlap of fears at which it neither binds nor parts (N,).

    Form: `common_zero`, the same for all; where `moving_zero` is 1, an actor's mean overlap with
    all others that have power, so that two can draw nearer only at the cost of others.
    """
    moves = in_some_run(p.moving_zero - 0.5)
    for i in range(state.actors):
        state.zero[i] = p.common_zero
        if moves:
            total = others = 0.0
            for j in range(state.actors):
                if j != i:
                    total += choose(state.power[j], state.shared[i, j], 0.0)
                    others += choose(state.power[j], 1.0, 0.0)
            mean = total / greater(others, 1.0)
            state.zero[i] = choose(p.moving_zero - 0.5, mean, state.zero[i])


@inlined
def common_position(overlap, zero, mutual, crisis, p):
    """How far dangers bring an actor to another's side.

    Claim: fear of a crisis next door consolidates an axis (warsaw2021 L16; no other says so).
    Form: overlap of fears beyond its zero, less fear of the other, and a crisis next door to both.
    """
    return p.pull_common * (overlap - zero) - p.pull_mutual * mutual + p.pull_crisis * crisis


@inlined
def quarrel(pressed, rivalry, relation, p):
    """What sets an actor against another; below 0 it is goodwill.

    Claim: relations with a third power decide how two align (aliyev2022 L406); where hosts balance
    one against the other, their interests may conflict (aliyev2022 L392).
    Form: pressure that the two send each other, whoever is stronger, and rivalry, less the
    standing relation.
    """
    return p.pull_quarrel * pressed + p.pull_rivalry * rivalry - p.pull_relation * relation


@inlined
def ties(venues, joint, p):
    """What two have built together: venues beyond the opening's, in logarithms, and joint work."""
    return p.pull_venues * venues + p.pull_joint * joint


@compiled
def pair_shocks(state, facts, t):
    """Write one shock a pair (M,), the same for both: a quarrel is one event for two."""
    shocks, address = state.shock, facts.pair_address
    for m in range(state.meetings):
        whom = address[0, m], address[1, m], address[2, m]
        shocks[m] = uniform(draw_at(state.seed, STREAM, np.uint64(t), *whom)[0])
    for m in range(state.meetings):
        shocks[m] = shock(shocks[m])


@inlined
def hold(stance, a, b, t, state, constants, p):
    """Add to one of the stances of a toward b what the opening had beyond its drivers; return it.

    Form: before month 0 that is opening_data * (observed - drivers), nothing where nothing was
    observed; it is kept from then on.
    """
    drivers = state.stance[stance, a, b]
    if t < 0:
        seen = where_known(constants.observed[stance, a, b], drivers)
        state.offset[stance, a, b] = p.opening_data * (seen - drivers)
    held = drivers + state.offset[stance, a, b]
    state.stance[stance, a, b] = held
    return held


@compiled
def lean(state, constants, month, t, p):
    """Write every stance, move every leaning toward their sum and by the pair's shock (N, N).

    Form: pull = common position - quarrel + ties; leaning += alignment_rate * (pull - leaning) +
    alignment_noise * shock; alignment = tanh(leaning). Before month 0 it goes half of its way,
    without shocks, so that it stands still where no driver moves.
    """
    venues, leaning, stance, m = month.comembership, state.leaning, state.stance, 0
    for i in range(state.actors):
        for j in range(i + 1, state.actors):
            pressed = 0.5 * (month.pressure[i, j] + month.pressure[j, i])
            for a, b in ((i, j), (j, i)):
                if t <= 0:
                    state.opening_venues[a, b] = venues[a, b]
                stance[POSITION, a, b] = common_position(
                    state.shared[a, b], state.zero[a], state.mutual[a, b], state.crisis[a, b], p
                )
                relation = THIRD * (constants.affinity[a, b] + month.goodwill[a, b])
                stance[QUARREL, a, b] = quarrel(pressed, state.rivalry[a, b], relation, p)
                more = venues[a, b] - state.opening_venues[a, b]
                stance[TIES, a, b] = ties(more, state.partnership[a, b], p)
                pull = 0.0
                for q in range(STANCE_COUNT):
                    held = hold(q, a, b, t, state, constants, p)
                    pull += -held if q == QUARREL else held
                if t < 0:
                    leaning[a, b] = fused(SETTLING, pull - leaning[a, b], leaning[a, b])
                else:
                    moved = p.alignment_rate * (pull - leaning[a, b])
                    leaning[a, b] += moved + p.alignment_noise * state.shock[m]
                state.alignment[a, b] = tanh(leaning[a, b])
            m += 1
        leaning[i, i], state.alignment[i, i] = 0.0, 1.0


@sequence
def align(state, constants, month, facts, t, p):
    """Relax every leaning toward its pull: what is feared, the pair's shock, the pull itself."""
    fear_all(state, p)
    share_fears(state, p)
    fear_each_other(state)
    place_zeros(state, p)
    if t >= 0 and in_some_run(p.alignment_noise):
        pair_shocks(state, facts, t)
    lean(state, constants, month, t, p)

"""Whom actors lean toward: common dangers bind, mutual ones part, habits and venues tie.

Cites walt1985, keohane1984.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compute.dimensions import SETTLING
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import (
    THIRD,
    choose,
    fused,
    hyperbolic_tangent,
    lesser,
    square_root,
    where_known,
)
from eurasia_sim.compute.random_streams import draw_at, shock, uniform
from eurasia_sim.compute.vectors import each_run, in_some_run

STREAM = np.uint64(1)


@compiled
def shared_danger(state, p):
    """Write each pair's common danger (N, N): the sum over sources of what both feel.

    Claim: threats that two powers share have bound them (aliyev2022 L402; walt1985 on balancing).
    Form: sum over actors and, weighed, over theatres of the geometric mean of the two's dangers.
    """
    shared, threat, spillover, feared = state.shared, state.threat, state.spillover, state.feared
    felt = state.felt
    for i in range(state.actors):
        for m in range(state.actors):
            feared[i, m] = square_root(threat[i, m])
        for k in range(state.theatres):
            felt[i, k] = square_root(p.shared_spillover * spillover[i, k])
    for i in range(state.actors):
        for j in range(i + 1):
            common = each_run(0.0)
            for m in range(state.actors):
                common = fused(feared[i, m], feared[j, m], common)
            for k in range(state.theatres):
                common = fused(felt[i, k], felt[j, k], common)
            shared[i, j], shared[j, i] = common, common


@compiled
def smaller_danger(state, p):
    """As `shared_danger`, where `minimum_shared` is 1.

    Form: sum over actors and, weighed, over theatres of the smaller of the two's dangers.
    """
    shared, threat, spillover = state.shared, state.threat, state.spillover
    for i in range(state.actors):
        for j in range(i + 1):
            common = each_run(0.0)
            for m in range(state.actors):
                common += lesser(threat[i, m], threat[j, m])
            for k in range(state.theatres):
                common += p.shared_spillover * lesser(spillover[i, k], spillover[j, k])
            common = choose(p.minimum_shared - 0.5, common, shared[i, j])
            shared[i, j], shared[j, i] = common, common


@inlined
def alignment_pull(affinity, shared, mutual, rivalry, membership, joint, p):
    """Where an actor's leaning toward another is drawn.

    Form: rises in affinity, shared danger, membership and joint work, falls in the threat it sees
    in the other and in their rivalry.
    """
    return (
        p.alignment_affinity * (affinity * THIRD)
        + p.alignment_shared * shared
        - p.alignment_mutual * mutual
        - p.alignment_rivalry * rivalry
        + p.alignment_membership * membership
        + p.alignment_joint * joint
    )


@compiled
def pair_shocks(state, facts, t):
    """Write one shock a pair (M,), the same for both: a quarrel is one event for two."""
    shocks, address = state.shock, facts.pair_address
    for m in range(state.meetings):
        words = draw_at(
            state.seed, STREAM, np.uint64(t), address[0, m], address[1, m], address[2, m]
        )
        shocks[m] = uniform(words[0])
    for m in range(state.meetings):
        shocks[m] = shock(shocks[m])


@compiled
def pull_all(state, constants, month, t, p):
    """Move every leaning toward its pull and by the pair's shock; write the alignments.

    Form: leaning += alignment_rate * (pull + offset - leaning) + alignment_noise * shock;
    alignment = tanh(leaning). Before month 0 it goes half of its way, without shocks, to pull +
    opening_data * (opening_spread * observed - pull), the pull where nothing was observed; the
    offset is what it then has beyond its pull, so that it stands still where no driver moves.
    """
    affinity, goodwill, membership = constants.affinity, month.goodwill, month.comembership
    shared, threat, rivalry, joint = state.shared, state.threat, state.rivalry, state.partnership
    leaning, alignment, shocks = state.leaning, state.alignment, state.shock
    observed, offset = constants.observed, state.offset
    m = 0
    for i in range(state.actors):
        for j in range(i + 1, state.actors):
            for a, b in ((i, j), (j, i)):
                liking, mutual = affinity[a, b] + goodwill[a, b], threat[a, b]
                pull = alignment_pull(
                    liking, shared[a, b], mutual, rivalry[a, b], membership[a, b], joint[a, b], p
                )
                if t < 0:
                    seen = where_known(p.opening_spread * observed[a, b], pull)
                    opens = fused(p.opening_data, seen - pull, pull)
                    leaning[a, b] = fused(SETTLING, opens - leaning[a, b], leaning[a, b])
                    offset[a, b] = leaning[a, b] - pull
                else:
                    leaning[a, b] += (
                        p.alignment_rate * (pull + offset[a, b] - leaning[a, b])
                        + p.alignment_noise * shocks[m]
                    )
                alignment[a, b] = hyperbolic_tangent(leaning[a, b])
            m += 1
        leaning[i, i], alignment[i, i] = 0.0, 1.0


@sequence
def align(state, constants, month, facts, t, p):
    """Relax every leaning toward its pull: shared danger, the pair's shock, the pull itself."""
    shared_danger(state, p)
    if in_some_run(p.minimum_shared - 0.5):
        smaller_danger(state, p)
    if t >= 0 and in_some_run(p.alignment_noise):
        pair_shocks(state, facts, t)
    pull_all(state, constants, month, t, p)

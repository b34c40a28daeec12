"""Whom actors lean toward: common dangers bind, mutual ones part, habits and venues tie.

Cites walt1985, keohane1984.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import phase, whole
from eurasia_sim.lanes import eights, spread
from eurasia_sim.mathematics import farthest, fused, hyperbolic_tangent, lesser, neighbour, square_root
from eurasia_sim.streams import draw_at, shock, uniform

STREAM = np.uint64(1)


@phase
def gather_dangers(threat, spillover, weight, out):
    """Write what each actor fears from others and, weighed, from theatres, (N, N + K)."""
    actors, theatres = spillover.shape
    for m in range(actors):
        for i in eights(actors):
            out[i, m] = threat[i, m]
    for k in range(theatres):
        for i in eights(actors):
            out[i, actors + k] = weight * spillover[i, k]


@phase
def shared_danger(danger, out, minimum_form):
    """Write how much danger each pair has in common: the sum over sources of what both feel.

    Claim: threats that two powers share have bound them (aliyev2022 L402; walt1985 on balancing).
    Form: sum over sources of the geometric mean of the two's dangers, or of the smaller (`minimum_form` 1).

    Args:
        danger: (N, M) >= 0, what actor i fears from source m; square roots are put in its place but for the minimum.
        out: (N, N).
    """
    actors, sources = danger.shape
    if minimum_form > 0.5:
        for j in range(actors):
            for i in eights(actors):
                common = spread(0.0)
                for m in range(sources):
                    common += lesser(danger[i, m], danger[j, m])
                out[i, j] = common
        return
    roots = whole(danger)
    for c in eights(roots.size):
        roots[c] = square_root(roots[c])
    # Two at a time: a step of so short a loop costs as much as two of its sums.
    for j in range(0, actors, 2):
        other = min(j + 1, actors - 1)
        for i in eights(actors):
            common, common_other = spread(0.0), spread(0.0)
            for m in range(sources):
                felt = danger[i, m]
                common, common_other = fused(felt, danger[j, m], common), fused(felt, danger[other, m], common_other)
            out[i, j], out[i, other] = common, common_other


@phase
def alignment_pull(affinity, shared, mutual, rivalry, membership, joint, p):
    """Where an actor's leaning toward another is drawn.

    Form: rises in affinity, shared danger, membership and joint work, falls in the threat it sees in the other and in
    their rivalry.
    """
    return (
        p.alignment_affinity * affinity / 3.0
        + p.alignment_shared * shared
        - p.alignment_mutual * mutual
        - p.alignment_rivalry * rivalry
        + p.alignment_membership * membership
        + p.alignment_joint * joint
    )


@phase
def pair_shocks(addresses, seed, month_number, luck, out):
    """Write one shock a pair (N, N), the same seen from both sides: a quarrel is one event for two.

    Args:
        addresses: (3 * M * width,) uint64, by distance and place. luck: (M * width,) scratch.
    """
    size = luck.size
    for c in range(size):
        words = draw_at(seed, STREAM, month_number, addresses[c], addresses[size + c], addresses[2 * size + c])
        luck[c] = uniform(words[0])
    for c in eights(size):
        luck[c] = shock(luck[c])
    actors = out.shape[0]
    for distance in range(1, farthest(actors) + 1):
        first = (distance - 1) * (size // farthest(actors))
        for i in range(actors):
            j = neighbour(i, distance, actors)
            out[i, j], out[j, i] = luck[first + i], luck[first + i]


@phase
def pull_all(state, constants, month, p):
    """Move every leaning toward its pull, and write the alignments."""
    affinity, goodwill, shared = whole(constants.affinity), whole(month.goodwill), whole(state.shared)
    threat, rivalry, membership = whole(state.threat), whole(state.rivalry), whole(month.comembership)
    joint, luck = whole(state.partnership), whole(state.shock)
    leaning, alignment = whole(state.leaning), whole(state.alignment)
    for c in eights(leaning.size):
        pull = alignment_pull(affinity[c] + goodwill[c], shared[c], threat[c], rivalry[c], membership[c], joint[c], p)
        leaning[c] += p.alignment_rate * (pull - leaning[c]) + p.alignment_noise * luck[c]
        alignment[c] = hyperbolic_tangent(leaning[c])


@phase
def align(state, constants, month, seed, month_number, p):
    """Relax every leaning toward its pull and write alignment = tanh(leaning), in [-1, 1]; 1 toward oneself.

    Form: leaning += alignment_rate * (pull - leaning) + alignment_noise * shock.
    """
    gather_dangers(state.threat, state.spillover, p.shared_spillover, state.danger)
    shared_danger(state.danger, state.shared, p.minimum_shared)
    if p.alignment_noise > 0.0:
        pair_shocks(constants.pair_address, seed, month_number, state.pair_luck, state.shock)
    pull_all(state, constants, month, p)
    for i in range(state.leaning.shape[0]):
        state.leaning[i, i] = 0.0
        state.alignment[i, i] = 1.0

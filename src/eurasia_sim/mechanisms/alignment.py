"""Whom actors lean toward: common dangers bind, mutual ones part, habits and venues tie.

Cites walt1985, keohane1984.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import compiled, flat, phase
from eurasia_sim.mathematics import copy, hyperbolic_tangents, neighbour, pairs_apart, sum_of_products, sum_of_smaller
from eurasia_sim.streams import draw_at, shock, uniform

STREAM = np.uint64(1)


@phase
def gather_dangers(threat, spillover, weight, out):
    """Write what each actor fears from others and, weighed, from theatres, as one row an actor; the padding stays 0."""
    actors, theatres = spillover.shape
    for i in range(actors):
        copy(threat[i], out[i, :actors])
        for k in range(theatres):
            out[i, actors + k] = weight * spillover[i, k]


@phase
def shared_danger(danger, out, minimum_form):
    """Write how much danger each pair has in common: the sum over sources of what both feel.

    Claim: threats that two powers share have bound them (aliyev2022 L402; walt1985 on balancing).
    Form: sum over sources of the geometric mean of the two's dangers, or of the smaller (`minimum_form` 1).

    Args:
        danger: (N, M) >= 0, what actor i fears from source m, M a multiple of four; square roots are put in its place.
        out: (N, N).
    """
    actors = danger.shape[0]
    if minimum_form > 0.5:
        for i in range(actors):
            for j in range(i, actors):
                out[i, j] = out[j, i] = sum_of_smaller(danger[i], danger[j])
        return
    roots = flat(danger)
    for c in range(roots.size):
        roots[c] = np.sqrt(roots[c])
    for i in range(actors):
        for j in range(i, actors):
            out[i, j] = out[j, i] = sum_of_products(danger[i], danger[j])


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
def pair_shocks(addresses, seed, month_number, flat, out):
    """Write one shock a pair (N, N), the same seen from both sides: a quarrel is one event for two.

    Args:
        addresses: (3, pairs) uint64, in the order of `pair_place`. flat: (pairs,) scratch.
    """
    for c in range(flat.size):
        words = draw_at(seed, STREAM, month_number, addresses[0, c], addresses[1, c], addresses[2, c])
        flat[c] = uniform(words[0])
    for c in range(flat.size):
        flat[c] = shock(flat[c])
    actors = out.shape[0]
    for distance in range(1, actors // 2 + 1):
        for i in range(pairs_apart(distance, actors)):
            j = neighbour(i, distance, actors)
            out[i, j], out[j, i] = flat[(distance - 1) * actors + i], flat[(distance - 1) * actors + i]


@phase
def pull_all(affinity, goodwill, shared, threat, rivalry, membership, joint, p, out):
    """Write the pull of every leaning, all arrays flat and of one length."""
    for c in range(out.size):
        out[c] = alignment_pull(affinity[c] + goodwill[c], shared[c], threat[c], rivalry[c], membership[c], joint[c], p)


@compiled
def align(state, constants, month, seed, month_number, p):
    """Relax every leaning toward its pull and write alignment = tanh(leaning), in [-1, 1]; 1 toward oneself.

    Form: leaning += alignment_rate * (pull - leaning) + alignment_noise * shock.
    """
    leaning, alignment = flat(state.leaning), flat(state.alignment)
    pull, luck = flat(state.scratch_actor), flat(state.shock)
    gather_dangers(state.threat, state.spillover, p.shared_spillover, state.danger)
    shared_danger(state.danger, state.shared, p.minimum_shared)
    if p.alignment_noise > 0.0:
        pair_shocks(constants.pair_address, seed, month_number, state.pair_luck, state.shock)
    pull_all(
        flat(constants.affinity), flat(month.goodwill), flat(state.shared), flat(state.threat), flat(state.rivalry),
        flat(month.comembership), flat(state.partnership), p, pull,
    )  # fmt: skip
    for c in range(leaning.size):
        leaning[c] += p.alignment_rate * (pull[c] - leaning[c]) + p.alignment_noise * luck[c]
    copy(leaning, alignment)
    hyperbolic_tangents(alignment)
    for i in range(state.leaning.shape[0]):
        state.leaning[i, i] = 0.0
        state.alignment[i, i] = 1.0

"""Whom actors lean toward: common dangers bind, mutual ones part, habits and venues tie (cites walt1985, keohane1984)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.mathematics import compiled, hyperbolic_tangent
from eurasia_sim.streams import draw, shock

STREAM = np.uint64(1)


@compiled
def shared_danger(danger, roots, out, minimum_form):  # type: ignore[no-untyped-def]
    """Write how much danger each pair has in common: the sum over sources of what both feel.

    Claim: threats that two powers share have bound them (aliyev2022 L402; walt1985 on balancing).
    Form: sum over sources of the geometric mean of the two's dangers, or of the smaller (`minimum_form` 1).

    Args:
        danger: (N, M) >= 0, what actor i fears from source m. roots: (N, M) scratch. out: (N, N), added to.
    """
    actors, sources = danger.shape
    if minimum_form > 0.5:
        for i in range(actors):
            for j in range(actors):
                total = 0.0
                for m in range(sources):
                    total += min(danger[i, m], danger[j, m])
                out[i, j] += total
        return
    for i in range(actors):
        for m in range(sources):
            roots[i, m] = np.sqrt(danger[i, m])
    for i in range(actors):
        for j in range(i, actors):
            total = 0.0
            for m in range(sources):
                total += roots[i, m] * roots[j, m]
            out[i, j] += total
            if j > i:
                out[j, i] += total


@compiled
def alignment_pull(affinity, shared, mutual, rivalry, membership, joint, p):  # type: ignore[no-untyped-def]
    """Where an actor's leaning toward another is drawn: rises in affinity, shared danger, membership and joint work,
    falls in the threat it sees in the other and in their rivalry."""
    return (
        p.alignment_affinity * affinity / 3.0
        + p.alignment_shared * shared
        - p.alignment_mutual * mutual
        - p.alignment_rivalry * rivalry
        + p.alignment_membership * membership
        + p.alignment_joint * joint
    )


@compiled
def pair_shocks(state, constants, seed, month_number):  # type: ignore[no-untyped-def]
    """Write one shock a pair (N, N), the same seen from both sides: a quarrel is one event for two."""
    actors = state.leaning.shape[0]
    names = constants.name_hash
    for i in range(actors):
        for j in range(i + 1, actors):
            word, _, _, _ = draw(seed, STREAM, month_number, min(names[i], names[j]), max(names[i], names[j]))
            state.shock[i, j] = shock(word)
            state.shock[j, i] = state.shock[i, j]


@compiled
def align(state, constants, month, seed, month_number, p):  # type: ignore[no-untyped-def]
    """Relax every leaning toward its pull and write alignment = tanh(leaning), in [-1, 1]; 1 toward oneself.

    Form: leaning += alignment_rate * (pull - leaning) + alignment_noise * shock.
    """
    actors = state.leaning.shape[0]
    state.shared[:] = 0.0
    shared_danger(state.spillover, state.roots_theatre, state.shared, p.minimum_shared)
    for i in range(actors):
        for j in range(actors):
            state.shared[i, j] *= p.shared_spillover
    shared_danger(state.threat, state.roots_actor, state.shared, p.minimum_shared)
    if p.alignment_noise > 0.0:
        pair_shocks(state, constants, seed, month_number)
    for i in range(actors):
        for j in range(actors):
            pull = alignment_pull(
                constants.affinity[i, j] + month.goodwill[i, j],
                state.shared[i, j],
                state.threat[i, j],
                state.rivalry[i, j],
                month.comembership[i, j, 0] + month.comembership[i, j, 1] + month.comembership[i, j, 2],
                state.partnership[i, j],
                p,
            )
            state.leaning[i, j] += p.alignment_rate * (pull - state.leaning[i, j]) + p.alignment_noise * state.shock[i, j]
            state.alignment[i, j] = hyperbolic_tangent(state.leaning[i, j])
        state.leaning[i, i] = 0.0
        state.alignment[i, i] = 1.0

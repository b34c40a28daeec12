"""Who threatens whom, and what spills over from where (cites walt1985, boulding1962)."""

from __future__ import annotations

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import (
    BASES,
    COUNTERTERROR,
    FORCES,
    NARCOTICS,
    THREAT_COUNT,
)  # fmt: skip
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import THIRD, TINY, choose, exponential, greater, logistic
from eurasia_sim.compute.vectors import each_run, in_some_run


@inlined
def closeness(distance, border, p):
    """How near two places are: strength left after the distance, plus a shared border.

    Claim: strength declines as one moves away from its home base (boulding1962); nearby states
    threaten more (walt1985).
    Form: exp(-distance / distance_decay) + contiguity * border; the exponential and the sum are
    ours.

    Args:
        distance: km, >= 0. border: 1 where the territories touch, else 0.
        p: `distance_decay` (km), `contiguity`.

    Returns:
        >= 0; 1 at no distance without a border.
    """
    return exponential(-distance / p.distance_decay) + p.contiguity * border


@inlined
def nearness(raw, p):
    """Closeness squeezed into [0, 1): one half at `closeness_half`."""
    return raw / (raw + p.closeness_half)


@inlined
def relative_power(own, other):
    """Share of the other in the two's power, in [0, 1]; 0 where it has none."""
    return other / greater(own + other, TINY)


@inlined
def intent_odds(enmity, pressure, revisionism, alignment, p):
    """Log-odds of aggressive intent perceived in another; its logistic is the intent.

    Claim: states seen as aggressive provoke balancing (walt1985, his fourth factor); he gives no
    scale.
    Form: a baseline, enmity (-affinity / 3), pressure and revisionism, less the habit of alignment.
    """
    return (
        p.intent_baseline
        + p.intent_enmity * enmity
        + p.intent_pressure * pressure
        + p.intent_revisionism * revisionism
        - p.intent_habit * alignment
    )


@inlined
def perceived_threat(power, proximity, offense, will, p):
    """Threat one actor sees in another, in [0, 1].

    Claim: threat grows with aggregate power, proximity, offensive capability and aggressive intent
    (walt1985, pp. 9-13); he prints no equation.
    Form: power times the product of 1 - w + w * factor, so that weight 0 ignores a factor and
    weight 1 lets its absence disarm the other.
    """
    return power * (
        (1.0 - p.weight_proximity + p.weight_proximity * proximity)
        * (1.0 - p.weight_offense + p.weight_offense * offense)
        * (1.0 - p.weight_intent + p.weight_intent * will)
    )


@inlined
def summed_threat(power, proximity, offense, will, p):
    """As `perceived_threat`, where `additive_threat` is 1.

    Form: power times the weighted mean of the three other factors.
    """
    weights = p.weight_proximity + p.weight_offense + p.weight_intent + 1e-12
    return (
        power
        * (p.weight_proximity * proximity + p.weight_offense * offense + p.weight_intent * will)
        / weights
    )


@compiled
def perceive_power(state, constants, month):
    """Write every actor's power: own means, its territory's, and of the theatres it rules."""
    for i in range(state.actors):
        state.power[i] = constants.own_power[i] + month.capability[i]
    for r in range(RUNS):
        run, capability = state[r], month[r].theatre_capability
        for k in range(state.theatres):
            if run.ruler[k] >= 0:
                run.power[run.ruler[k]] += capability[k]


@compiled
def perceive_projection(state, constants, month, p):
    """Write how much nearer its forces abroad bring each actor to each other (N, N), >= 0."""
    near, projected, presence = constants.closeness_theatre, state.projected, month.presence
    reach = state.reach
    for j in range(state.actors):
        for k in range(state.theatres):
            reach[j, k] = p.projection * (
                p.projection_bases * presence[j, k, BASES]
                + p.projection_forces * presence[j, k, FORCES]
                + p.projection_counterterror * presence[j, k, COUNTERTERROR]
            )
        for i in range(state.actors):
            nearer = each_run(0.0)
            for k in range(state.theatres):
                nearer += reach[j, k] * near[i, k]
            projected[i, j] = nearer


@compiled
def perceive_threat(state, constants, month, p):
    """Write the threat each actor sees in each other, in [0, 1]; nobody threatens itself."""
    power, offense, threat = state.power, constants.offensive_capability, state.threat
    alignment = state.alignment
    affinity, goodwill, pressure = constants.affinity, month.goodwill, month.pressure
    revisionism = month.revisionism
    near, projected, front = constants.closeness, state.projected, constants.front
    additive = in_some_run(p.additive_threat - 0.5)
    for i in range(state.actors):
        for j in range(state.actors):
            enmity = -(affinity[i, j] + goodwill[i, j]) * THIRD
            will = logistic(intent_odds(enmity, pressure[j, i], revisionism[j], alignment[i, j], p))
            proximity = nearness(near[i, j] + projected[i, j] + front[i, j], p)
            share = relative_power(power[i], power[j])
            threat[i, j] = perceived_threat(share, proximity, offense[j], will, p)
            if additive:
                other = summed_threat(share, proximity, offense[j], will, p)
                threat[i, j] = choose(p.additive_threat - 0.5, other, threat[i, j])
        threat[i, i] = 0.0


@compiled
def perceive_spillover(state, constants, month):
    """Write what spills over from each theatre to each actor (N, K), >= 0.

    Claim: terrorism, narcotics and refugees reach neighbours across borders, and those most whose
    own lands are susceptible (aliyev2022 L92, L168, L266).
    Form: source * (1 + surge) * a mix of militants and disorder (of narcotics: the crop), times
    susceptibility, times transit.
    """
    hazard, spillover, stability = state.hazard, state.spillover, state.stability
    militants = state.militants
    susceptibility, transit = constants.susceptibility, constants.transit
    militancy, narcotics = constants.militancy, state.narcotics
    source, surge = constants.threat_source, month.surge
    for k in range(state.theatres):
        for h in range(THREAT_COUNT):
            unruled = narcotics[k] if h == NARCOTICS else 1.0 - stability[k]
            unrest = militancy[h] * militants[k] + (1.0 - militancy[h]) * unruled
            hazard[k, h] = source[k, h] * (1.0 + surge[k, h]) * unrest
        for i in range(state.actors):
            load = each_run(0.0)
            for h in range(THREAT_COUNT):
                load += hazard[k, h] * susceptibility[i, h]
            spillover[i, k] = load * transit[i, k]


@sequence
def perceive(state, constants, month, p):
    """Write power, threat and spill-over as this month's actors see them."""
    perceive_power(state, constants, month)
    perceive_projection(state, constants, month, p)
    perceive_threat(state, constants, month, p)
    perceive_spillover(state, constants, month)

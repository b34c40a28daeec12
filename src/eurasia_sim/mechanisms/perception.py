"""Who threatens whom, and what spills over from where (cites walt1985, boulding1962)."""

from eurasia_sim.compute.dimensions import BASES, COUNTERTERROR, FORCES, NARCOTICS, THREAT_COUNT
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import TINY, choose, exponential, greater, lesser, logistic


@inlined
def closeness(distance, border, p):
    """How near two places are, >= 0: strength left after the distance, plus a shared border.

    Claim: strength declines as one moves away from its home base (boulding1962); nearby states
    threaten more (walt1985).
    Form: exp(-distance / distance_decay) + contiguity * border, in km and with 1 where territories
    touch, else 0; the exponential and the sum are ours.
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
def intent_odds(pressure, revisionism, alignment, p):
    """Log-odds of aggressive intent perceived in another; its logistic is the intent.

    Claim: states seen as aggressive provoke balancing (walt1985, his fourth factor); he gives no
    scale.
    Form: a baseline, pressure and revisionism, less the habit of alignment.
    """
    seen = p.intent_baseline + p.intent_pressure * pressure + p.intent_revisionism * revisionism
    return seen - p.intent_habit * alignment


@inlined
def perceived_danger(power, proximity, offense, will, p):
    """Danger one actor sees in another in one arena, in [0, 1].

    Claim: threat grows with aggregate power, proximity, offensive capability and aggressive intent
    (walt1985, pp. 9-13); he prints no equation.
    Form: the product of the four; of intent only the part `weight_intent`, so that at weight 0 it
    is ignored and at weight 1 good will disarms the other.
    """
    return power * proximity * offense * (1.0 - p.weight_intent + p.weight_intent * will)


@compiled
def perceive_power(state, constants, month):
    """Write every actor's power: own means, its territory's, and of the theatres it rules.

    Claim: none of an author on how much sanctions cost.
    Form: whoever is under sanctions loses, for each sender, the part of dealings that is forbidden
    times the sender's share of the world's power, with which it could have dealt.
    """
    for i in range(state.actors):
        state.power[i] = constants.own_power[i] + month.capability[i]
    for r in range(state.block_runs):
        run, capability = state[r], month[r].theatre_capability
        for k in range(state.theatres):
            if run.ruler[k] >= 0:
                run.power[run.ruler[k]] += capability[k]
    for i in range(state.actors):
        state.unhindered[i] = state.power[i]
    for i in range(state.actors):
        left = 1.0
        for j in range(state.actors):
            if j != i:
                left *= 1.0 - month.sanctions[j, i] * lesser(state.unhindered[j], 1.0)
        state.power[i] = state.unhindered[i] * left


@compiled
def perceive_projection(state, constants, month, p):
    """Write how much nearer its forces abroad bring each actor to each other (N, N), >= 0."""
    reach, presence = state.reach, month.presence
    for j in range(state.actors):
        for k in range(state.theatres):
            reach[j, k] = p.projection * (
                p.projection_bases * presence[j, k, BASES]
                + p.projection_forces * presence[j, k, FORCES]
                + p.projection_counterterror * presence[j, k, COUNTERTERROR]
            )
        for i in range(state.actors):
            nearer = 0.0
            for k in range(state.theatres):
                nearer += reach[j, k] * constants.closeness_theatre[i, k]
            state.projected[i, j] = nearer


@compiled
def perceive_threat(state, constants, month, p):
    """Write the danger each actor sees in each other, in its region and in all (N, N), >= 0.

    Claim: bases and forces in the region threaten by where they are (aliyev2022 L66, L336, L402);
    how a distant power treats two decides how they align (aliyev2022 L406).
    Form: regional danger, near by distance, borders and forces abroad; plus, weighed, the same on
    fronts elsewhere; plus, weighed, being pressed, whoever is stronger. Who has no power presses
    nobody, and nobody threatens itself.
    """
    power, offense, threat = state.power, constants.offensive_capability, state.threat
    for i in range(state.actors):
        for j in range(state.actors):
            pressed = choose(power[j], month.pressure[j, i], 0.0)
            odds = intent_odds(pressed, month.revisionism[j], state.alignment[i, j], p)
            will, share = logistic(odds), relative_power(power[i], power[j])
            here = nearness(constants.closeness[i, j] + state.projected[i, j], p)
            regional = perceived_danger(share, here, offense[j], will, p)
            elsewhere = perceived_danger(share, constants.front[i, j], offense[j], will, p)
            state.regional[i, j] = regional
            threat[i, j] = regional + p.weight_global * elsewhere + p.weight_pressure * pressed
        state.regional[i, i] = threat[i, i] = 0.0


@compiled
def perceive_spillover(state, constants, month):
    """Write what spills over from each theatre to each actor (N, K), >= 0.

    Claim: terrorism, narcotics and refugees reach neighbours across borders, and those most whose
    own lands are susceptible (aliyev2022 L92, L168, L266).
    Form: source * (1 + surge) * a mix of militants and disorder (of narcotics: the crop), times
    susceptibility, times transit.
    """
    hazard, militancy = state.hazard, constants.militancy
    for k in range(state.theatres):
        for h in range(THREAT_COUNT):
            unruled = state.narcotics[k] if h == NARCOTICS else 1.0 - state.stability[k]
            unrest = militancy[h] * state.militants[k] + (1.0 - militancy[h]) * unruled
            hazard[k, h] = constants.threat_source[k, h] * (1.0 + month.surge[k, h]) * unrest
        for i in range(state.actors):
            load = 0.0
            for h in range(THREAT_COUNT):
                load += hazard[k, h] * constants.susceptibility[i, h]
            state.spillover[i, k] = load * constants.transit[i, k]


@compiled
def perceive_parties(state, facts, month, p):
    """Write how far each actor is a party to each theatre's disorder (N, K), in [0, 1].

    Claim: a neighbour may be the ally of those who fight a land's ruler (aliyev2022 L218).
    Form: 1 for who rules, contests or dwells in it; else pressure on its ruler, by the pressure at
    which one is wholly a party, times the part of the land that its foes hold: who presses a ruler
    that nobody fights backs no side. That such a land is no outside danger to it is our reading.
    """
    for r in range(state.block_runs):
        run, pressure, per_pressure = state[r], month[r].pressure, 1.0 / p[r].party_pressure
        for k in range(state.theatres):
            ruler = run.ruler[k]
            for i in range(state.actors):
                pressed = min(pressure[i, ruler] * per_pressure, 1.0) if ruler >= 0 else 0.0
                backs = pressed * run.control[k]
                run.party[i, k] = backs if facts.theatre_distance[i, k] > 0.0 else 1.0
            for belligerent in (ruler, run.challenger[k]):
                if belligerent >= 0:
                    run.party[belligerent, k] = 1.0


@sequence
def perceive(state, constants, month, facts, p):
    """Write power, dangers, spill-over and who is a party to it, as this month's actors see it."""
    perceive_power(state, constants, month)
    perceive_projection(state, constants, month, p)
    perceive_threat(state, constants, month, p)
    perceive_spillover(state, constants, month)
    perceive_parties(state, facts, month, p)

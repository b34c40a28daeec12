"""How each actor deals with a ruler that came by force: flags that go up, and down again.

An actor lists the contender as an enemy, is in talks with it, keeps a mission in its capital,
exchanges envoys with it, recognises it. The level of recognition counts the last four.
"""

import numpy as np

from eurasia_sim.compute.dimensions import COMMERCE, ENVOY, FLAG_COUNT, LISTED, MISSION, TALKS
from eurasia_sim.compute.jit import compiled, inlined
from eurasia_sim.compute.mathematics import TINY, choose, clip, greater, logistic, where_known
from eurasia_sim.compute.random_streams import draw, uniform

STREAM = np.uint64(4)


@inlined
def prospect(fighters, strength):
    """How far a contender that does not rule will have to be dealt with, in [0, 1].

    Claim: talks opened as its return came near (aliyev2022 L206, L218).
    Form: its share of both sides' own strength, the forces beside the ruler apart.
    """
    both = fighters + strength
    return fighters / both if both > 0.0 else 0.0


@inlined
def drive(relation, awaited, trade, old_ties, conduct, p):
    """Log-odds by which an actor is drawn to deal with a contender, its partners apart.

    Claim: enmity holds back (wishnick2021 L49), an old ally deals (aliyev2022 L218), trade and
    conduct draw (opportunity2021 L5, L18), the fallen ruler's friends hesitate (aliyev2022 L218).
    Form: what one expects to have to deal with draws a friend by 1 + 2 r, and repels an enemy; r
    is the coded relation with goodwill, in [-1, 1]. `awaited` is its prospect, `trade` commerce's
    weight times opportunity and nearness, `old_ties` those to the other side, in [0, 1], 0 once it
    has ruled a month; `conduct` the restraint it rules with.
    """
    return (
        p.recognition_base
        + p.recognition_relation * relation
        + p.recognition_prospect * awaited * clip(1.0 + 2.0 * relation, -1.0, 1.0)
        + p.recognition_commerce * awaited * trade * clip(1.0 + relation, 0.0, 1.0)
        - p.recognition_old_ties * old_ties
        + p.recognition_conduct * conduct
    )


@inlined
def flag_step(flag, may, onward, back, chance, p):
    """A flag (0 or 1) a month on: up where it may go up, or down; `may` is 1 or 0.

    Form: moves where chance, in (0, 1), is below recognition_rate * L(log-odds of going up, or
    back), with L the logistic.
    """
    odds = choose(flag, back, onward)
    moved = choose(p.recognition_rate * logistic(odds) - chance, 1.0, 0.0)
    return choose(flag, 1.0 - moved, may * moved)


@inlined
def partners_flags(i, k, contender, state):
    """Write for each flag the share of i's partners, by power and alignment, that have it up.

    Claim: neither power leads; Russia follows the caution of others (wishnick2021 L53, L65).
    Form: the contender is nobody's partner in this.
    """
    partners, weight = state.partners, 0.0
    for b in range(FLAG_COUNT):
        partners[b] = 0.0
    for j in range(state.actors):
        if j not in (i, contender):
            tie = state.power[j] * greater(state.alignment[i, j], 0.0)
            weight += tie
            for b in range(FLAG_COUNT):
                partners[b] += tie * state.stood[j, k, b]
    for b in range(FLAG_COUNT):
        partners[b] = choose(weight, partners[b] / greater(weight, TINY), 0.0)


@inlined
def hostile_neighbours(k, contender, ruler, affinity):
    """Mean enmity of other theatres' rulers toward a contender, in [0, 1]; 0 without any."""
    enmity, hosts = 0.0, 0.0
    for other in range(ruler.size):
        if other != k and ruler[other] >= 0:
            enmity += max(-affinity[ruler[other], contender], 0.0) / 3.0
            hosts += 1.0
    return enmity / hosts if hosts > 0.0 else 0.0


@inlined
def face_contender(k, contender, state, constants):
    """Write how theatre k's contender stands, who has ties to its rival, and neighbours' enmity."""
    for r in range(state.block_runs):
        run, affinity = state[r], constants[r].affinity
        rules, ruled = run.ruler[k] == contender, run.in_power[k] > 0.0
        rival = run.challenger[k] if rules else run.ruler[k]
        run.hostility[k] = hostile_neighbours(k, contender, run.ruler, affinity)
        run.prospect[k] = 1.0 if rules else 0.0
        if not rules and run.challenger[k] == contender:
            run.prospect[k] = prospect(run.fighters[k], run.ruler_strength[k])
        has_rival = rival >= 0 and not (rules and ruled)
        for i in range(run.actors):
            run.old_ties[i] = max(affinity[i, rival], 0.0) / 3.0 if has_rival else 0.0
        run.took_over[k] = 1.0 if rules and not ruled else 0.0
        run.in_power[k] = 1.0 if rules else 0.0


@inlined
def conditions(b, i, k, state):
    """What flag b of i needs to have stood a month ago to go up, and now to stand, each 0 or 1.

    Claim: missions stayed where others fled (opportunity2021 L3).
    Form: talks need nothing; a mission goes up with talks and stands while the contender rules;
    envoys need talks and its rule; recognition needs envoys.
    """
    stood, flags, rules = state.stood, state.flags, state.in_power[k]
    if b == TALKS:
        return 1.0, 1.0
    if b == MISSION:
        return stood[i, k, TALKS], rules
    if b == ENVOY:
        return stood[i, k, TALKS], rules * flags[i, k, TALKS]
    return stood[i, k, ENVOY], flags[i, k, ENVOY]


@inlined
def take_steps(i, k, reasons, relation, words, state, month, p):
    """Move i's flags toward k's contender, if it has power, and count them; an imposed is as given.

    Claim: talks can be secret and with who is listed (wishnick2021 L45); it is too early to lift
    sanctions, or to recognise (wishnick2021 L51).
    Form: each flag is `recognition_step` harder than the one before. At a takeover a mission with
    the fallen stays by its log-odds and earlier talks. Only who dislikes the contender lists it;
    a listing comes as talks would to a friend and goes as recognition comes. One draw serves
    talks and listing, from its two ends.
    """
    stood, flags, imposed, level = state.stood, state.flags, month.recognition, 0.0
    for b in range(TALKS, FLAG_COUNT):
        odds = reasons + p.recognition_partners * state.partners[b]
        odds -= p.recognition_step * (b - TALKS)
        chance, (held, holds) = uniform(words[b - TALKS]), conditions(b, i, k, state)
        back = -odds - p.recognition_back
        flag = holds * flag_step(stood[i, k, b], held, odds, back, chance, p)
        if b == MISSION:
            kept = logistic(odds + p.recognition_inherit * stood[i, k, TALKS])
            flag = choose(state.took_over[k], choose(kept - chance, 1.0, 0.0), flag)
        flag = where_known(imposed[i, k, b], flag)
        flags[i, k, b] = choose(state.power[i], flag, stood[i, k, b])
        level += flags[i, k, b]
    state.recognition[i, k] = level
    listing, lifting = 2.0 * p.recognition_base - reasons, reasons - 3.0 * p.recognition_step
    was, chance = stood[i, k, LISTED], 1.0 - uniform(words[0])
    flag = choose(-relation, flag_step(was, 1.0, listing, lifting, chance, p), 0.0)
    flag = where_known(imposed[i, k, LISTED], flag)
    flags[i, k, LISTED] = choose(state.power[i], flag, was)


@compiled
def recognise(state, constants, month, facts, t, p):
    """Let each actor's flags toward each contender move, at its audience's price.

    Claim: China risks its name in Central Asia if it is far in front (wishnick2021 L53,
    untitled2021 L97-101). Form: imposed flags are taken as given; each by which one is ahead of
    one's partners costs audience_cost times the enmity of neighbours in standing.
    """
    for i in range(state.actors):  # all decide at once, seeing how others stood a month ago
        for k in range(state.theatres):
            for b in range(FLAG_COUNT):
                state.stood[i, k, b] = state.flags[i, k, b]
    for k in range(state.theatres):
        contender = facts.contender[k]
        if contender < 0:
            continue
        face_contender(k, contender, state, constants)
        conduct = state.in_power[k] * state.restraint[k]
        for i in range(state.actors):
            if i == contender:
                continue
            liked = constants.affinity[i, contender] + month.goodwill[i, contender]
            relation = clip(liked / 3.0, -1.0, 1.0)
            near = constants.nearness_theatre[i, k]
            trade = constants.weight[i, COMMERCE] * constants.opportunity[k] * near
            reasons = drive(relation, state.prospect[k], trade, state.old_ties[i], conduct, p)
            partners_flags(i, k, contender, state)
            lead = state.recognition[i, k]
            for b in range(TALKS, FLAG_COUNT):
                lead -= state.partners[b]
            keys = facts.name_hash[i], facts.theatre_hash[k]
            words = draw(state.seed, STREAM, np.uint64(t), *keys)
            take_steps(i, k, reasons, relation, words, state, month, p)
            price = p.audience_cost * greater(lead, 0.0) * state.hostility[k]
            state.standing[i] -= choose(state.power[i], price, 0.0)

"""How effort becomes influence: access granted by the host, and a stock of ties.

What an actor holds at the opening is history that fades; what it does beyond that adds to it.
"""

import numpy as np

from eurasia_sim.compute.dimensions import (
    AUTONOMY,
    DIPLOMATIC,
    DOMAIN_COUNT,
    ECONOMIC,
    MONTH,
    SECURITY,
)
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import (
    TINY,
    choose,
    exponential,
    greater,
    lesser,
    logarithm,
    logistic,
)
from eurasia_sim.compute.random_streams import draw_at, uniform
from eurasia_sim.compute.vectors import in_some_run

STREAM = np.uint64(0)


@inlined
def face_host(k, state):
    """Write how theatre k's host leans to each actor and fears each (N,); 0 without a host.

    Nobody is its own patron.
    """
    for r in range(state.block_runs):
        run = state[r]
        host = run.ruler[k]
        for j in range(state.actors):
            run.host_leaning[j] = run.alignment[host, j] if host >= 0 and j != host else 0.0
            run.host_threat[j] = run.threat[host, j] if host >= 0 else 0.0


@inlined
def uncovered_threats(k, state):
    """Write the part of each threat to theatre k's host that no patron covers, and the sum.

    Claim: small states look for other powers to balance with, more so as one of the patrons leaves
    (aliyev2022 L372-392).
    Form: threat * (1 - security influence of those the host leans toward, weighed by the leaning,
    the threatening one's own left out).
    """
    leaning, influence, uncovered = state.host_leaning, state.influence, state.uncovered
    covered = need = 0.0
    for j in range(state.actors):
        covered += greater(leaning[j], 0.0) * influence[j, k, SECURITY]
    for m in range(state.actors):
        own = greater(leaning[m], 0.0) * influence[m, k, SECURITY]
        uncovered[m, k] = greater(state.host_threat[m] * (1.0 - (covered - own)), 0.0)
        need += uncovered[m, k]
    state.demand[k] = need


@inlined
def host_access(leaning, share, hedging, balancing, known, p):
    """How far a host lets a patron in, in [0, 1].

    Claim: Central Asian states hedge between patrons (aliyev2022 L372-392).
    Form: (1 + alignment) / 2, less as the patron already holds much of the domain and the host
    cares for autonomy; what is still closed opens as the patron can balance threats other than
    itself, and as it has recognised the ruler.
    """
    opened = 0.5 * (1.0 + leaning) * (1.0 - hedging * share)
    reasons = p.access_balancing * balancing + p.access_recognition * known
    return 1.0 - (1.0 - opened) / (1.0 + reasons)


@inlined
def weigh_host(k, state, constants, facts, p):
    """Write for theatre k how much its host hedges, and what a flag opens."""
    for r in range(state.block_runs):
        host = state[r].ruler[k]
        autonomy = constants[r].weight[host, AUTONOMY] if host >= 0 else 0.0
        state[r].hedging[k] = min(p[r].access_hedging * autonomy, 1.0)
        state[r].by_force[k] = 0.25 if host >= 0 and host == facts.contender[k] else 0.0


@inlined
def open_homes(k, state):
    """Open theatre k to its ruler, to its challenger by control, to all where nobody rules."""
    for r in range(state.block_runs):
        run = state[r]
        host, challenger = run.ruler[k], run.challenger[k]
        for d in range(DOMAIN_COUNT):
            for i in range(state.actors):
                if host < 0 or i == host:
                    run.access[i, k, d] = 1.0
                elif i == challenger:
                    run.access[i, k, d] = run.control[k]


@compiled
def grant_access(state, constants, facts, p):
    """Write each actor's access (N, K, D) and each host's unmet demand (K,)."""
    for k in range(state.theatres):
        face_host(k, state)
        uncovered_threats(k, state)
        weigh_host(k, state, constants, facts, p)
        for i in range(state.actors):
            known = state.by_force[k] * state.recognition[i, k]
            balancing, leaning = state.demand[k] - state.uncovered[i, k], state.host_leaning[i]
            for d in range(DOMAIN_COUNT):
                share = state.influence[i, k, d]
                opened = host_access(leaning, share, state.hedging[k], balancing, known, p)
                state.access[i, k, d] = opened
        open_homes(k, state)


@compiled
def heed(state, month):
    """Let imposed consent stand for a host's own (N, K, D), and write what is left of trade (N, K).

    Claim: members of Russia's alliance agreed to admit no Western base (aliyev2022 L334); none of
    an author on trade links.
    Form: consent takes the place of access, and closes bases at 0 or opens them; not at home.
    Links are 1 + trade, less the larger part that host or actor forbids the other.
    """
    for r in range(state.block_runs):
        run, now = state[r], month[r]
        for k in range(state.theatres):
            host = run.ruler[k]
            for i in range(state.actors):
                cut = max(now.sanctions[i, host], now.sanctions[host, i]) if host >= 0 else 0.0
                run.link[i, k] = (1.0 + now.trade[i, k]) * (1.0 - cut)
                consent = now.consent[i, k]
                if host >= 0 and i not in (host, run.challenger[k]) and not np.isnan(consent):
                    run.shut[i, k] = 1.0 if consent == 0.0 else 0.0
                    for d in range(DOMAIN_COUNT):
                        run.access[i, k, d] = consent


@compiled
def refuse(state, facts, t, p):
    """Let hosts close a patron's bases, or let its forces in again (N, K).

    Claim: hosts close bases: in Central Asia American ones 2 in 17 years of a base, Russian ones
    none in 37 (allen2022).
    Form: chance of a month from the yearly hazard refusal_rate * L(drive - refusal_margin) where
    the patron has imposed effort, and back from refusal_rate * L(-drive - refusal_margin); drive =
    refusal_slope * (influence held - alignment of the host). Nobody is shut out at home.
    """
    shut, address = state.shut, facts.cell_address
    for k in range(state.theatres):
        face_host(k, state)
        for i in range(state.actors):
            whom = address[0, i, k], address[1, i, k], address[2, i, k]
            luck = uniform(draw_at(state.seed, STREAM, np.uint64(t), *whom)[0])
            drive = p.refusal_slope * (state.influence[i, k, SECURITY] - state.host_leaning[i])
            toward = choose(shut[i, k], -drive, drive)
            hazard = p.refusal_rate * MONTH * logistic(toward - p.refusal_margin)
            may = greater(state.posted[i, k, SECURITY], shut[i, k])
            turns = choose(may, choose(1.0 - exponential(-hazard) - luck, 1.0, 0.0), 0.0)
            shut[i, k] += turns * (1.0 - 2.0 * shut[i, k])
        for r in range(state.block_runs):
            run = state[r]
            for i in range(state.actors):
                if run.ruler[k] < 0 or i in (run.ruler[k], run.challenger[k]):
                    run.shut[i, k] = 0.0


@compiled
def gather_efforts(state, t, p):
    """Write what each actor brings (N, K, D): what is imposed on it, and what it works of its own.

    Form: work = effort less what is imposed + synergy * joint effort, and convening in diplomacy.
    What there is up to month 0 is kept as the opening's, and so are access and trade links.
    """
    effort, posted, work = state.effort, state.posted, state.work
    for i in range(state.actors):
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                imposed = state.budget[i] * state.committed[i, k, d]
                posted[i, k, d] = lesser(imposed, effort[i, k, d])
                own = effort[i, k, d] - posted[i, k, d]
                work[i, k, d] = own + p.synergy * state.joint[i, k, d]
            work[i, k, DIPLOMATIC] += state.convening_influence[i, k]
            if t <= 0:
                state.opening_link[i, k] = state.link[i, k]
                for d in range(DOMAIN_COUNT):
                    state.opening_work[i, k, d] = work[i, k, d]
                    state.opening_posted[i, k, d] = posted[i, k, d]
                    state.opening_access[i, k, d] = state.access[i, k, d]


@compiled
def add_deposits(state, p):
    """Move what efforts beyond, or short of, the opening's have added to ties (N, K, D).

    Form: by own work in proportion to the tie, toward return * ln((work + unit) / (the opening's +
    unit)); by what is imposed beside it, toward return * the part of all effort in the cell that is
    imposed beyond the opening, as a base stands where there was no tie to speak of.
    """
    work, opening, pace = state.work, state.opening_work, p.deposit_fading * MONTH
    for d in range(DOMAIN_COUNT):
        per_effort = p.return_economic if d == ECONOMIC else p.return_political
        for k in range(state.theatres):
            everyone = p.effort_unit
            for i in range(state.actors):
                everyone += state.effort[i, k, d]
            for i in range(state.actors):
                more = (work[i, k, d] + p.effort_unit) / (opening[i, k, d] + p.effort_unit)
                added = per_effort * logarithm(more) - state.deposit[i, k, d]
                state.deposit[i, k, d] += pace * added
                beyond = greater(state.posted[i, k, d] - state.opening_posted[i, k, d], 0.0)
                stands = per_effort * beyond / everyone - state.posted_strength[i, k, d]
                state.posted_strength[i, k, d] += pace * stands


@compiled
def age_ties(state, constants, facts, t, p):
    """Write the ties of month t without deposits (N, K, D), in `strength`.

    Claim: none of an author; so trade of Central Asia with China and Russia went after 2000
    (barbieri2009).
    Form: ln ties = ln of the opening's + (1 - exp(-e^fading * years)) * (pull - ln of the
    opening's), times one factor for all whose history fades, so that their sum stays.
    """
    strength, tie, pull = state.strength, constants.tie, constants.tie_pull
    for d in range(DOMAIN_COUNT):
        rate = p.fading_security if d == SECURITY else p.fading_diplomatic
        rate = p.fading_economic if d == ECONOMIC else rate
        gone = 1.0 - exponential(-exponential(rate) * (MONTH * t))
        for k in range(state.theatres):
            fading = TINY
            for i in range(state.actors):
                aged = exponential(tie[i, k, d] + gone * (pull[i, k, d] - tie[i, k, d]))
                strength[i, k, d] = aged
                fading += facts.history_fades[i, k] * aged
            factor = constants.fading_ties[k, d] / fading
            for i in range(state.actors):
                if facts.history_fades[i, k] > 0.0:
                    strength[i, k, d] *= factor


@inlined
def sum_influence(state, constants):
    """Write each actor's mean influence over domains, summed over theatres by size (N,)."""
    influence = state.influence
    for i in range(state.actors):
        total = 0.0
        for k in range(state.theatres):
            political = influence[i, k, SECURITY] + influence[i, k, ECONOMIC]
            own = political + influence[i, k, DIPLOMATIC]
            total += constants.size[k] / DOMAIN_COUNT * own
        state.regional_influence[i] = total


@compiled
def share_out(state, constants, p):
    """Write influence (N, K, D): shares of all strength; those of a cell sum to at most 1.

    Form: strength = (ties * exp(deposit) - entry, at least 0, + posted strength) * (access +
    access_floor) / (the opening's + access_floor), over that of all and the outsiders; in the
    economy ties count by trade links over the opening's. Bases a host has closed count nothing.
    """
    strength, floor = state.strength, p.access_floor
    for k in range(state.theatres):
        for d in range(DOMAIN_COUNT):
            everyone = constants.outsiders[k, d]
            for i in range(state.actors):
                tie = strength[i, k, d] * exponential(state.deposit[i, k, d])
                held = greater(tie - constants.tie_entry[i, k, d], 0.0)
                let_in = (state.access[i, k, d] + floor) / (state.opening_access[i, k, d] + floor)
                posted = state.posted_strength[i, k, d]
                if d == SECURITY:
                    posted *= 1.0 - state.shut[i, k]
                if d == ECONOMIC:
                    opening = state.opening_link[i, k]
                    held *= choose(opening, state.link[i, k] / greater(opening, TINY), 1.0)
                strength[i, k, d] = let_in * (held + posted)
                everyone += strength[i, k, d]
            state.total[k, d], share = everyone, 1.0 / greater(everyone, TINY)
            for i in range(state.actors):
                state.influence[i, k, d] = share * strength[i, k, d]


@sequence
def contest(state, constants, month, facts, t, p):
    """Turn effort into influence: what each brings, access, ties and deposits, shares.

    Before month 0 influence stands as it opens.
    """
    if t > 0 and in_some_run(p.refusal_rate):
        refuse(state, facts, t, p)
    grant_access(state, constants, facts, p)
    heed(state, month)
    gather_efforts(state, t, p)
    if t >= 0:
        add_deposits(state, p)
        age_ties(state, constants, facts, t, p)
        share_out(state, constants, p)
    sum_influence(state, constants)

"""What is read off a month: for pairs, actors and theatres, each with its formula, unit and bounds.

Competition and cooperation of a pair are parts of the same overlap, so they can rise together; both
are published with their parts: co-location (how much the two meet) and joint share (how much of
that they do together). `rivalry` holds the other measures of what competition may mean.
"""

from collections.abc import Sequence

from eurasia_sim.compute.dimensions import (
    AUTONOMY,
    COMMERCE,
    CONTAINMENT,
    DIPLOMATIC,
    DOMAIN_COUNT,
    DOMAINS,
    ECONOMIC,
    FLAG_COUNT,
    FLAGS,
    PRIMACY,
    SECURITY,
    STANCES,
    STANDING,
    SURVIVAL,
)
from eurasia_sim.compute.jit import compiled, inlined
from eurasia_sim.compute.mathematics import TINY, choose, greater, lesser, saturation
from eurasia_sim.kernel.rivalry import (
    DIRECTED_MEASURES,
    directed_measures,
    displacement,
    mark_rivalry,
    share_of,
)

PAIR_MEASURES = (
    "intensity", "colocation", "joint_share", "competition", "cooperation", "division_of_labour",
)  # fmt: skip
OF_PAIRS = (*PAIR_MEASURES, *DIRECTED_MEASURES, "displacement")
# All of a pair over a scope; the last three are displacement, a domain each.
PER_SCOPE = len(PAIR_MEASURES) + 2 * len(DIRECTED_MEASURES) + DOMAIN_COUNT
ACTOR_MEASURES = ("power", "effort", "benefit", "burden", "standing", "convening", "spillover")
THEATRE_MEASURES = (
    "stability", "militants", "control", "narcotics", "violence", "ruler_strength",
    "demand_for_balancer", "hedging", "contested_volume", "rule_by_force",
)  # fmt: skip


@inlined
def mark_homes(state, report):
    """Write who rules and who rules or contests each theatre (N, K), 1 or 0."""
    for r in range(state.block_runs):
        run, ruling, home = state[r], report[r].ruling, report[r].home
        for k in range(run.theatres):
            for i in range(run.actors):
                ruling[i, k] = 1.0 if i == run.ruler[k] else 0.0
                home[i, k] = 1.0 if i in (run.ruler[k], run.challenger[k]) else 0.0


@inlined
def overlaps(i, j, pair, scope, state, facts):
    """Sum overlap, joint and each effort over a scope; the most both put into one theatre."""
    effort = state.effort
    overlap = together = mine = theirs = met = 0.0
    for k in range(facts.theatres):
        if facts.scope[scope, k] > 0.0:
            here = there = 0.0
            for d in range(DOMAIN_COUNT):
                here += effort[i, k, d]
                there += effort[j, k, d]
                overlap += lesser(effort[i, k, d], effort[j, k, d])
                together += state.pair_joint[pair, k, d]
            mine, theirs, met = mine + here, theirs + there, greater(met, lesser(here, there))
    return overlap, together, mine, theirs, met


@inlined
def profile_agreement(i, j, scope, mine, theirs, state, facts):
    """Sum over domains of the smaller share that the two give it; mine, theirs: all they give."""
    agreement = 0.0
    for d in range(DOMAIN_COUNT):
        a = b = 0.0
        for k in range(facts.theatres):
            if facts.scope[scope, k] > 0.0:
                a += state.effort[i, k, d]
                b += state.effort[j, k, d]
        agreement += lesser(share_of(a, mine), share_of(b, theirs))
    return agreement


@inlined
def pair_measures(pair, scope, state, facts, out, column):
    """Write a pair's six measures over a scope: in [0, 1], symmetric, 0 where they never meet.

    With overlap = sum of min(effort_i, effort_j) and total = sum of effort_i + effort_j over the
    scope: intensity = 2 overlap / both budgets; colocation = 2 overlap / total; joint_share = joint
    / overlap; competition = 2 (overlap - joint) / total; cooperation = 2 joint / total;
    division_of_labour = 1 - sum over domains of min of the two domain profiles (0 where no theatre
    of the scope sees both at work: those who never meet divide no labour).
    """
    i, j = facts.focus[pair, 0], facts.focus[pair, 1]
    overlap, together, mine, theirs, met = overlaps(i, j, pair, scope, state, facts)
    agreement = profile_agreement(i, j, scope, mine, theirs, state, facts)
    total = mine + theirs
    out[column] = choose(met, share_of(2.0 * overlap, state.budget[i] + state.budget[j]), 0.0)
    out[column + 1] = choose(met, share_of(2.0 * overlap, total), 0.0)
    out[column + 2] = choose(met, share_of(together, overlap), 0.0)
    out[column + 3] = choose(met, share_of(2.0 * (overlap - together), total), 0.0)
    out[column + 4] = choose(met, share_of(2.0 * together, total), 0.0)
    out[column + 5] = choose(met, greater(1.0 - agreement, 0.0), 0.0)


@inlined
def benefit(i, state, constants, report):
    """Interest-weighted attainment of actor i, in [0, 1] but for the part of standing.

    Form: mean, weighed by the coded interests, of: own influence by theatre size (primacy); freedom
    from spill-over (containment); economic influence where opportunity and stability are
    (commerce); freedom from the influence, by theatre size, of those denied who have any power
    (denial, which weighs as much as its strongest dyad, so that one more neighbour changes nothing
    by being there); own share at home (autonomy); freedom from threat (survival); standing.
    """
    influence, w, held = state.influence, constants.weight, state.regional_influence
    size = trade = chance = spill = home = homes = 0.0
    for k in range(state.theatres):
        size += constants.size[k]
        trade += constants.opportunity[k] * state.stability[k] * influence[i, k, ECONOMIC]
        chance += constants.opportunity[k]
        spill += state.spillover[i, k]
        homes += report.ruling[i, k]
        for d in range(DOMAIN_COUNT):
            home += report.ruling[i, k] * influence[i, k, d] / DOMAIN_COUNT
    fear = intruders = denied = 0.0
    for j in range(state.actors):
        denial = choose(state.power[j], constants.denial[i, j], 0.0)
        denied, intruders = greater(denied, denial), intruders + denial * held[j]
        fear += state.threat[i, j]
    size, chance = greater(size, TINY), greater(chance, TINY)
    attained = (
        w[i, PRIMACY] * held[i] / size
        + w[i, CONTAINMENT] * (1.0 - saturation(spill))
        + w[i, COMMERCE] * trade / chance
    )
    attained += w[i, SURVIVAL] * (1.0 - saturation(fear)) + w[i, STANDING] * state.standing[i]
    attained += choose(denied, denied - intruders / size, 0.0)
    attained += choose(homes, w[i, AUTONOMY] * home / greater(homes, 1.0), 0.0)
    weights = w[i, PRIMACY] + w[i, CONTAINMENT] + w[i, COMMERCE] + w[i, SURVIVAL] + w[i, STANDING]
    weights = weights + denied + choose(homes, w[i, AUTONOMY], 0.0)
    return choose(weights, attained / greater(weights, TINY), 0.0)


@inlined
def burden(i, state, report):
    """Share of actor i's budget that goes to security in theatres it does not rule, in [0, 1]."""
    spent = 0.0
    for k in range(state.theatres):
        spent += (1.0 - report.ruling[i, k]) * state.effort[i, k, SECURITY]
    return share_of(spent, state.budget[i])


@inlined
def convening(i, state, facts):
    """Share of all effort spent in venues that goes to venues which actor i convenes, in [0, 1]."""
    own = everyone = 0.0
    for v in range(state.venues):
        own += facts.convenes[v, i] * state.venue_total[v]
        everyone += state.venue_total[v]
    return share_of(own, everyone)


@inlined
def hedging(k, state, report):
    """1 - Herfindahl index of the shares of foreign patrons in a host's influence, in [0, 1)."""
    influence, everyone, square = state.influence, 0.0, 0.0
    for j in range(state.actors):
        political = influence[j, k, SECURITY] + influence[j, k, ECONOMIC]
        foreign = (1.0 - report.home[j, k]) * (political + influence[j, k, DIPLOMATIC])
        everyone += foreign
        square += foreign * foreign
    return choose(everyone, 1.0 - square / greater(everyone * everyone, TINY), 0.0)


@inlined
def contested_volume(k, state, facts):
    """Overlap not done jointly in theatre k, summed over the focal pairs, in budget units."""
    contested = 0.0
    for pair in range(facts.pairs):
        i, j = facts.focus[pair, 0], facts.focus[pair, 1]
        for d in range(DOMAIN_COUNT):
            overlap = lesser(state.effort[i, k, d], state.effort[j, k, d])
            contested += overlap - state.pair_joint[pair, k, d]
    return contested


@compiled
def observe_pairs(state, constants, facts, report):
    """Write the measures of every focal pair over every scope; return the number of columns."""
    out, column, directed = report.observed, 0, len(DIRECTED_MEASURES)
    mark_rivalry(state, constants, facts, report)
    for pair in range(facts.pairs):
        for scope in range(facts.scopes):
            pair_measures(pair, scope, state, facts, out, column)
            column += len(PAIR_MEASURES)
            for end in range(2):
                directed_measures(pair, end, scope, state, constants, facts, report, column)
                column += directed
            for d in range(DOMAIN_COUNT):
                out[column] = displacement(pair, scope, d, state, constants, facts)
                column += 1
    return column


@compiled
def observe_actors(state, constants, facts, report, column):
    """Write the actor measures from a column on; return the column after the last."""
    out = report.observed
    for i in range(state.actors):
        effort = spill = 0.0
        for k in range(state.theatres):
            spill += state.spillover[i, k]
            for d in range(DOMAIN_COUNT):
                effort += state.effort[i, k, d]
        out[column] = state.power[i]
        out[column + 1] = effort
        out[column + 2] = benefit(i, state, constants, report)
        out[column + 3] = burden(i, state, report)
        out[column + 4] = state.standing[i]
        out[column + 5] = convening(i, state, facts)
        out[column + 6] = spill
        column += len(ACTOR_MEASURES)
    return column


@compiled
def observe_theatres(state, facts, report, column):
    """Write the theatre measures from a column on; return the column after the last."""
    out = report.observed
    for k in range(state.theatres):
        out[column] = state.stability[k]
        out[column + 1] = state.militants[k]
        out[column + 2] = state.control[k]
        out[column + 3] = state.narcotics[k]
        out[column + 4] = state.violence[k]
        out[column + 5] = state.ruler_strength[k]
        out[column + 6] = state.demand[k]
        out[column + 7] = hedging(k, state, report)
        out[column + 8] = contested_volume(k, state, facts)
        came = facts.contender[k]
        out[column + 9] = report.ruling[came, k] if came >= 0 else 0.0
        column += len(THEATRE_MEASURES)
    return column


@inlined
def copy_all(array, out, column):
    """Write an array's numbers, in order, from a column on; return the column after the last."""
    for number in array.flat:
        out[column] = number
        column += 1
    return column


@compiled
def observe(state, constants, facts, report, needed):
    """Write one month's columns in the order of `column_names`; past `needed` may be left."""
    out = report.observed
    column = observe_pairs(state, constants, facts, report)
    if needed <= column:
        return
    mark_homes(state, report)
    column = observe_actors(state, constants, facts, report, column)
    column = observe_theatres(state, facts, report, column)
    column = copy_all(state.alignment, out, column)
    column = copy_all(state.threat, out, column)
    column = copy_all(state.stance, out, column)
    column = copy_all(state.recognition, out, column)
    for b in range(FLAG_COUNT):
        for i in range(state.actors):
            for k in range(state.theatres):
                out[column] = state.flags[i, k, b]
                column += 1
    column = copy_all(state.uncovered, out, column)
    if needed > column:
        column = copy_all(state.influence, out, column)
        copy_all(state.effort, out, column)


def column_names(
    actors: Sequence[str], theatres: Sequence[str], domains: Sequence[str],
    pairs: Sequence[tuple[str, str]], scopes: Sequence[str],
) -> list[str]:  # fmt: skip
    """Names of the columns that `observe` writes, as `measure.whom.where`; those of pairs first."""
    names = []
    for a, b in pairs:
        for scope in scopes:
            names += [f"{measure}.{a}-{b}.{scope}" for measure in PAIR_MEASURES]
            for whom in (f"{a}-{b}", f"{b}-{a}"):
                names += [f"{measure}.{whom}.{scope}" for measure in DIRECTED_MEASURES]
            names += [f"displacement.{a}-{b}.{scope}.{d}" for d in domains]
    names += [f"{measure}.{a}" for a in actors for measure in ACTOR_MEASURES]
    names += [f"{measure}.{k}" for k in theatres for measure in THEATRE_MEASURES]
    others = [f"{a}.{b}" for a in actors for b in actors]
    places = [f"{a}.{k}" for a in actors for k in theatres]
    cells = [f"{place}.{d}" for place in places for d in domains]
    for measures, where in (
        (("alignment", "threat", *STANCES), others),
        (("recognition", *FLAGS, "uncovered_danger"), places),
        (("influence", "effort"), cells),
    ):
        names += [f"{measure}.{each}" for measure in measures for each in where]
    return names


def column_count(actors: int, theatres: int, pairs: int, scopes: int) -> int:
    """How many columns `observe` writes."""
    most = [str(number) for number in range(max(actors, theatres, scopes))]
    two = [("first", "second")] * pairs
    return len(column_names(most[:actors], most[:theatres], DOMAINS, two, most[:scopes]))

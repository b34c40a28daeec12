"""What one of a pair does because of the other, and what it has taken from it."""

from eurasia_sim.compute.dimensions import DOMAIN_COUNT
from eurasia_sim.compute.jit import inlined
from eurasia_sim.compute.mathematics import TINY, choose, exponential, greater, lesser, logarithm

DIRECTED_MEASURES = ("aim", "volume", "encroachment")  # of a pair, either way
LEAST = 1e-6  # of influence over a scope that a ratio is taken of


@inlined
def share_of(part, whole):
    """A part of a whole, 0 where there is no whole."""
    return choose(whole, part / greater(whole, TINY), 0.0)


@inlined
def mark_rivalry(state, constants, facts, report):
    """Write for each focal choice what is due to the other, and what was taken (F, E, K, D).

    Form: due = 1 - exp(-owed), the part of a choice's weight that would not be there without the
    other's influence; in [0, 1). Taken: gain since the opening in one's share of the two's
    influence, where the other held more of it then; at least 0.
    """
    opening, influence = constants.opening_influence, state.influence
    for pair in range(facts.pairs):
        for end in range(2):
            i, j = facts.focus[pair, end], facts.focus[pair, 1 - end]
            for k in range(facts.theatres):
                for d in range(DOMAIN_COUNT):
                    report.due[pair, end, k, d] = 1.0 - exponential(-state.owed[pair, end, k, d])
                    mine, theirs = opening[i, k, d], opening[j, k, d]
                    now = share_of(influence[i, k, d], influence[i, k, d] + influence[j, k, d])
                    gain = greater(now - share_of(mine, mine + theirs), 0.0)
                    report.taken[pair, end, k, d] = choose(theirs - mine, gain, 0.0)


@inlined
def directed_measures(pair, end, scope, state, constants, facts, report, column):
    """Write one's three measures toward the other of a pair over a scope; 0 without its influence.

    With the parts of `mark_rivalry`, `size` of a theatre, and means over theatres by size and over
    domains: aim = mean of what is due, in [0, 1): its weights are fixed, so that only the other's
    influence and one's own motives move it; volume = sum of what is due times effort of one's own
    choice, in budget units; encroachment = mean of what was taken, in [0, 1].
    """
    i, out = facts.focus[pair, end], report.observed
    aim, volume, taken, whole = 0.0, 0.0, 0.0, TINY
    for k in range(facts.theatres):
        if facts.scope[scope, k] > 0.0:
            size = constants.size[k]
            whole += DOMAIN_COUNT * size
            for d in range(DOMAIN_COUNT):
                due = report.due[pair, end, k, d]
                aim += size * due
                volume += due * (state.effort[i, k, d] - state.posted[i, k, d])
                taken += size * report.taken[pair, end, k, d]
    out[column] = aim / whole
    out[column + 1] = volume
    out[column + 2] = taken / whole


@inlined
def displacement(pair, scope, d, state, constants, facts):
    """Change since the opening of the log of the first's over the second's influence in a domain.

    Influence is summed over the scope by size of theatres; 0 where either holds less than `LEAST`,
    now or at the opening. The opening is the base since a run by itself departs from nothing; where
    two scenarios are compared, any base that they share leaves the same difference.
    """
    i, j, opening = facts.focus[pair, 0], facts.focus[pair, 1], constants.opening_influence
    mine = theirs = own = other = 0.0
    for k in range(facts.theatres):
        if facts.scope[scope, k] > 0.0:
            size = constants.size[k]
            mine += size * state.influence[i, k, d]
            theirs += size * state.influence[j, k, d]
            own += size * opening[i, k, d]
            other += size * opening[j, k, d]
    least = lesser(lesser(mine, theirs), lesser(own, other))
    ratio = greater(mine * other, TINY) / greater(theirs * own, TINY)  # 1 to the bit at first
    return choose(least - LEAST, logarithm(ratio), 0.0)

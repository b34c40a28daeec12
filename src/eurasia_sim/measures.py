"""What is read off a month: for pairs, actors and theatres, each with its formula, unit and bounds.

Competition and cooperation of a pair are parts of the same overlap, so they can rise together; both are published with
their parts: co-location (how much the two meet) and joint share (how much of that they do together).
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import compiled, phase
from eurasia_sim.mathematics import fill, saturation

PAIR_MEASURES = ("intensity", "colocation", "joint_share", "competition", "cooperation", "division_of_labour")
ACTOR_MEASURES = ("power", "effort", "benefit", "burden", "standing", "convening", "spillover")
THEATRE_MEASURES = (
    "stability",
    "militants",
    "control",
    "economy",
    "demand_for_balancer",
    "hedging",
    "contested_volume",
)


@phase
def pair_measures(first, second, joint, scope, budgets, out):
    """Write the six measures of a pair over a scope of theatres, each in [0, 1], symmetric, 0 where the two never meet.

    With overlap = sum of min(effort_i, effort_j) and total = sum of effort_i + effort_j over the scope:
    intensity = 2 overlap / both budgets; colocation = 2 overlap / total; joint_share = joint / overlap;
    competition = 2 (overlap - joint) / total; cooperation = 2 joint / total;
    division_of_labour = 1 - sum over domains of min of the two domain profiles (0 where no theatre of the scope sees
    both at work: those who never meet divide no labour).

    Args:
        first, second: (K, D) efforts. joint: (K, D). scope: (K,) 1 where counted. budgets: sum of both.
        out: (6,), in the order of PAIR_MEASURES.
    """
    theatres, domains = first.shape
    overlap, together, total, agreement = 0.0, 0.0, 0.0, 0.0
    mine, theirs, met = 0.0, 0.0, 0.0
    for k in range(theatres):
        here, there = 0.0, 0.0
        for d in range(domains):
            here += scope[k] * first[k, d]
            there += scope[k] * second[k, d]
            mine += scope[k] * first[k, d]
            theirs += scope[k] * second[k, d]
            overlap += scope[k] * min(first[k, d], second[k, d])
            together += scope[k] * joint[k, d]
        met = max(met, min(here, there))
    total = mine + theirs
    fill(out, 0.0)
    if met > 0.0:
        for d in range(domains):
            a, b = 0.0, 0.0
            for k in range(theatres):
                a += scope[k] * first[k, d]
                b += scope[k] * second[k, d]
            agreement += min(a / mine, b / theirs)
        out[0] = 2.0 * overlap / budgets
        out[1] = 2.0 * overlap / total
        out[2] = together / overlap if overlap > 0.0 else 0.0
        out[3] = 2.0 * (overlap - together) / total
        out[4] = 2.0 * together / total
        out[5] = max(1.0 - agreement, 0.0)


@phase
def benefit(i, state, constants):
    """Interest-weighted attainment of actor i, in [0, 1] but for standing, which may take it slightly out.

    Form: mean, weighed by the coded interests, of: own influence by theatre size (primacy); freedom from spill-over
    (containment); economic influence where opportunity and stability are (commerce); freedom from the influence, by
    theatre size, of those denied who have any power (denial, which weighs as much as its strongest dyad, so that one
    more neighbour changes nothing by being there); own share at home (autonomy); freedom from threat (survival);
    standing.
    """
    actors, theatres, domains = state.influence.shape
    size, trade, chance, home, homes, spill = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(theatres):
        size += constants.size[k]
        trade += constants.opportunity[k] * state.stability[k] * state.influence[i, k, 1]
        chance += constants.opportunity[k]
        spill += state.spillover[i, k]
        if state.ruler[k] == i:
            homes += 1.0
            for d in range(domains):
                home += state.influence[i, k, d] / domains
    fear, intruders, denied = 0.0, 0.0, 0.0
    for j in range(actors):
        fear += state.threat[i, j]
        if state.power[j] > 0.0:
            denied = max(denied, constants.denial[i, j])
            intruders += constants.denial[i, j] * state.held[j]
    intruders /= max(size, 1e-300)
    w = constants.weight
    attained = w[i, 0] * state.held[i] / max(size, 1e-300) + w[i, 1] * (1.0 - saturation(spill))
    attained += w[i, 2] * trade / max(chance, 1e-300) + w[i, 5] * (1.0 - saturation(fear)) + w[i, 6] * state.standing[i]
    weights = w[i, 0] + w[i, 1] + w[i, 2] + w[i, 5] + w[i, 6]
    if denied > 0.0:
        attained += denied - intruders
        weights += denied
    if homes > 0.0:
        attained += w[i, 4] * home / homes
        weights += w[i, 4]
    return attained / weights if weights > 0.0 else 0.0


@phase
def burden(i, state):
    """Share of actor i's budget that goes to security in theatres it does not rule, in [0, 1]."""
    spent = 0.0
    for k in range(state.ruler.size):
        if state.ruler[k] != i:
            spent += state.effort[i, k, 0]
    return spent / state.budget[i] if state.budget[i] > 0.0 else 0.0


@phase
def convening(i, state, constants):
    """Share of all effort spent in venues that goes to venues which actor i convenes, in [0, 1]."""
    own, everyone = 0.0, 0.0
    for v in range(state.gathered.size):
        own += constants.convenes[v, i] * state.gathered[v]
        everyone += state.gathered[v]
    return own / everyone if everyone > 0.0 else 0.0


@phase
def hedging(k, state):
    """How evenly a host's foreign influence is spread over patrons: 1 - Herfindahl index of their shares, in [0, 1)."""
    actors, _, domains = state.influence.shape
    everyone, square = 0.0, 0.0
    for j in range(actors):
        if j != state.ruler[k] and j != state.challenger[k]:
            held = 0.0
            for d in range(domains):
                held += state.influence[j, k, d]
            everyone += held
            square += held * held
    return 1.0 - square / (everyone * everyone) if everyone > 0.0 else 0.0


@phase
def observe_pairs(state, constants, out):
    """Write the pair measures of every focal pair over every scope; return how many columns were written."""
    column = 0
    for pair in range(constants.focus.shape[0]):
        i, j = constants.focus[pair, 0], constants.focus[pair, 1]
        for scope in range(constants.scopes.shape[0]):
            pair_measures(
                state.effort[i],
                state.effort[j],
                state.pair_joint[pair],
                constants.scopes[scope],
                state.budget[i] + state.budget[j],
                out[column : column + 6],
            )
            column += 6
    return column


@phase
def observe_actors(state, constants, out):
    """Write the actor measures, actor by actor; return how many columns were written."""
    actors, theatres, domains = state.effort.shape
    column = 0
    for i in range(actors):
        effort, spill = 0.0, 0.0
        for k in range(theatres):
            spill += state.spillover[i, k]
            for d in range(domains):
                effort += state.effort[i, k, d]
        out[column] = state.power[i]
        out[column + 1] = effort
        out[column + 2] = benefit(i, state, constants)
        out[column + 3] = burden(i, state)
        out[column + 4] = state.standing[i]
        out[column + 5] = convening(i, state, constants)
        out[column + 6] = spill
        column += 7
    return column


@phase
def observe_theatres(state, constants, out):
    """Write the theatre measures, theatre by theatre; return how many columns were written.

    contested_volume of a theatre: over the focal pairs, the sum of overlap not done jointly, in budget units.
    """
    _, theatres, domains = state.effort.shape
    column = 0
    for k in range(theatres):
        contested = 0.0
        for pair in range(constants.focus.shape[0]):
            i, j = constants.focus[pair, 0], constants.focus[pair, 1]
            for d in range(domains):
                contested += min(state.effort[i, k, d], state.effort[j, k, d]) - state.pair_joint[pair, k, d]
        out[column] = state.stability[k]
        out[column + 1] = state.militants[k]
        out[column + 2] = state.control[k]
        out[column + 3] = state.economy[k]
        out[column + 4] = state.demand[k]
        out[column + 5] = hedging(k, state)
        out[column + 6] = contested
        column += 7
    return column


@phase
def listed(table, out):
    """Write a table row by row; return how many numbers were written."""
    column = 0
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            out[column] = table[i, j]
            column += 1
    return column


@compiled
def up_to(columns):
    """How many columns must be written for the last of those named to be among them."""
    needed = 0
    for column in columns:
        needed = max(needed, column + 1)
    return needed


@phase
def observe(state, constants, out, needed):
    """Write one month's row of the columns named by `column_names`, in that order; those past `needed` may be left."""
    column = observe_pairs(state, constants, out)
    if needed <= column:
        return
    column += observe_actors(state, constants, out[column:])
    column += observe_theatres(state, constants, out[column:])
    for table in (state.alignment, state.threat, state.recognition):
        column += listed(table, out[column:])
    if needed <= column:
        return
    for cells in (state.influence, state.effort):
        for i in range(cells.shape[0]):
            column += listed(cells[i], out[column:])


def column_names(
    actors: list[str], theatres: list[str], domains: tuple[str, ...], pairs: list[tuple[str, str]], scopes: list[str]
) -> list[str]:
    """Names of the columns that `observe` writes, as `measure.whom.where`."""
    names = [f"{m}.{a}-{b}.{s}" for a, b in pairs for s in scopes for m in PAIR_MEASURES]
    names += [f"{m}.{a}" for a in actors for m in ACTOR_MEASURES]
    names += [f"{m}.{k}" for k in theatres for m in THEATRE_MEASURES]
    names += [f"alignment.{a}.{b}" for a in actors for b in actors]
    names += [f"threat.{a}.{b}" for a in actors for b in actors]
    names += [f"recognition.{a}.{k}" for a in actors for k in theatres]
    names += [f"influence.{a}.{k}.{d}" for a in actors for k in theatres for d in domains]
    names += [f"level.{a}.{k}.{d}" for a in actors for k in theatres for d in domains]
    return names


def lean(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Log-ratio of two influences: 0 when equal, positive toward the first; -inf or inf where one has none."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(first) - np.log(second))

"""What follows from one draw of a world's numbers and stays the same for all months of a run."""

import numpy as np

from eurasia_sim.compute.dimensions import (
    CONSTRUCT_COUNT,
    DOMAIN_COUNT,
    ECONOMIC,
    QUARREL,
    STANCE_COUNT,
    TIES,
)
from eurasia_sim.compute.jit import compiled, inlined
from eurasia_sim.compute.mathematics import TINY, exponential, greater, logarithm, where_known
from eurasia_sim.mechanisms.perception import closeness, nearness

# What is used as it is coded.
_AS_CODED = {
    "own_power": "own_power", "offensive_capability": "offensive_capability",
    "susceptibility": "susceptibility", "threat_source": "threat_source",
    "opportunity": "opportunity", "base_stability": "base_stability",
    "opening_influence": "initial_influence",
}  # fmt: skip


@inlined
def utility_weight(salience, silence, p):
    """Utility weight in [0, 1] of a salience: (salience / 3) ** curve; NaN is `silence`."""
    level = where_known(salience, silence)
    return exponential(p.salience_curve * logarithm(greater(level / 3.0, TINY)))


@inlined
def derive_places(constants, coded, facts, p):
    """Write what follows from where actors and theatres lie; fronts are squeezed into [0, 1)."""
    for i in range(facts.actors):
        for j in range(facts.actors):
            constants.closeness[i, j] = closeness(facts.distance[i, j], facts.border[i, j], p)
            constants.front[i, j] = nearness(coded.front[i, j], p)
    at_home = nearness(closeness(0.0, 1.0, p), p)
    for i in range(facts.actors):
        for k in range(facts.theatres):
            raw = closeness(facts.theatre_distance[i, k], facts.theatre_border[i, k], p)
            constants.closeness_theatre[i, k] = raw
            constants.nearness_theatre[i, k] = nearness(raw, p) / at_home
            constants.transit[i, k] = exponential(-facts.border_distance[i, k] / p.transit_decay)
    for k in range(facts.theatres):
        for other in range(facts.theatres):
            through = exponential(-facts.theatre_separation[k, other] / p.transit_decay)
            constants.gate[k, other] = through if other == k else p.buffer * through
        people = facts.population[k]
        size = exponential(p.size_elasticity * logarithm(max(people, TINY)))
        constants.size[k] = size if people > 0.0 else 0.0
        constants.contested[k] = 1.0 if facts.contender[k] >= 0 else 0.0


@inlined
def derive_interests(constants, coded, p):
    """Write utility weights and affinities, with silence filled by its declared assumption."""
    for i in range(coded.actors):
        for c in range(CONSTRUCT_COUNT):
            constants.weight[i, c] = utility_weight(coded.salience[i, c], p.silence, p)
        for j in range(coded.actors):
            is_other = 1.0 if i != j else 0.0
            liking, denial = coded.affinity[i, j], coded.denial[i, j]
            constants.affinity[i, j] = is_other * where_known(liking, p.silent_affinity)
            constants.denial[i, j] = is_other * utility_weight(denial, p.silent_denial, p)
    constants.militancy[0] = p.militancy_terrorism
    constants.militancy[1] = p.militancy_narcotics
    constants.militancy[2] = p.militancy_refugees


@inlined
def derive_opening(constants, facts, p):
    """Write the leaning that was observed in each stance at the opening, NaN where it was not.

    Form: deviations from the mean of all, by the leaning of one deviation in all stances together;
    how much of it each of those observed has is a convention.
    """
    for i in range(facts.actors):
        for j in range(facts.actors):
            weights = 0.0
            for q in range(STANCE_COUNT):
                if not np.isnan(facts.observed[q, i, j]):
                    weights += opening_weight(q, p)
            for q in range(STANCE_COUNT):
                seen = p.opening_spread * opening_weight(q, p) * facts.observed[q, i, j]
                constants.observed[q, i, j] = seen / greater(weights, TINY)


@inlined
def opening_weight(stance, p):
    """Weight of a stance in the observed opening, beside that of the common position."""
    if stance == QUARREL:
        return p.opening_quarrel
    return p.opening_ties if stance == TIES else 1.0


@inlined
def derive_ties(constants, coded, facts, p):
    """Write the ties of the opening, and what they go to as the history in them fades.

    Form: gravity in the economy, size ** gravity_size / (distance + gravity_near) **
    gravity_distance; in security and diplomacy the actor's own mean over the theatres abroad, by
    population. Who has output and is coded as nothing has a tie at its floor, worth nothing yet.
    """
    for i in range(facts.actors):
        size = p.gravity_size * logarithm(max(facts.wealth[i], TINY))
        for d in range(DOMAIN_COUNT):
            people, mean = 0.0, 0.0
            for k in range(facts.theatres):
                share = coded.initial_influence[i, k, d]
                held = greater(share, p.tie_floor) if facts.wealth[i] > 0.0 else share
                tie = logarithm(greater(held, TINY))
                constants.tie[i, k, d] = tie
                constants.tie_entry[i, k, d] = greater(exponential(tie) - share, 0.0)
                weight = facts.history_fades[i, k] * facts.population[k]
                people, mean = people + weight, mean + weight * tie
            for k in range(facts.theatres):
                stays = constants.tie[i, k, d]
                far = logarithm(facts.border_distance[i, k] + p.gravity_near)
                regional = mean / people if people > 0.0 else stays
                pull = size - p.gravity_distance * far if d == ECONOMIC else regional
                constants.tie_pull[i, k, d] = pull if facts.history_fades[i, k] > 0.0 else stays
    for k in range(facts.theatres):
        for d in range(DOMAIN_COUNT):
            fading, free = 0.0, 1.0
            for i in range(facts.actors):
                fading += facts.history_fades[i, k] * exponential(constants.tie[i, k, d])
                free -= coded.initial_influence[i, k, d]
            constants.fading_ties[k, d] = fading
            constants.outsiders[k, d] = greater(free, 0.0)


@compiled
def derive_constants(constants, coded, facts, p):
    """Write what has to be worked out."""
    derive_places(constants, coded, facts, p)
    derive_interests(constants, coded, p)
    derive_opening(constants, facts, p)
    derive_ties(constants, coded, facts, p)


def derive(constants, coded, facts, p):
    """Write all that stays the same for all months of the runs of a block."""
    for name, given in _AS_CODED.items():
        constants.array(name)[:] = coded.array(given)
    derive_constants(constants, coded, facts, p)

"""What follows from one draw of a world's numbers and stays the same for all months of a run."""

from __future__ import annotations

import numpy as np

from eurasia_sim.compute.dimensions import CONSTRUCT_COUNT, DOMAIN_COUNT, THREAT_COUNT
from eurasia_sim.compute.jit import compiled, inlined
from eurasia_sim.compute.mathematics import (
    TINY,
    choose,
    exponential,
    greater,
    logarithm,
    where_known,
)
from eurasia_sim.compute.vectors import each_run
from eurasia_sim.mechanisms.perception import closeness, nearness


@inlined
def utility_weight(salience, silence, p):
    """Utility weight in [0, 1] of a salience: (salience / 3) ** curve; NaN is `silence`."""
    level = where_known(salience, silence)
    return exponential(p.salience_curve * logarithm(greater(level / 3.0, TINY)))


@inlined
def derive_places(constants, facts, p):
    """Write what follows from where actors and theatres lie."""
    for i in range(facts.actors):
        for j in range(facts.actors):
            constants.closeness[i, j] = closeness(facts.distance[i, j], facts.border[i, j], p)
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
        constants.size[k] = choose(people + each_run(0.0), size, 0.0)
        constants.contested[k] = 1.0 if facts.contender[k] >= 0 else 0.0


@inlined
def derive_interests(constants, coded, p):
    """Write utility weights and affinities, with silence filled by its declared assumption."""
    for i in range(coded.actors):
        for c in range(CONSTRUCT_COUNT):
            constants.weight[i, c] = utility_weight(coded.salience[i, c], p.silence, p)
        for j in range(coded.actors):
            is_other = 1.0 if i != j else 0.0
            constants.denial[i, j] = is_other * utility_weight(
                coded.denial[i, j], p.silent_denial, p
            )
            constants.affinity[i, j] = is_other * where_known(
                coded.affinity[i, j], p.silent_affinity
            )


@inlined
def derive_opening(constants, facts, p):
    """Write how near two stood at the opening, over the parts that were observed.

    Form: the weighted mean of what their common dangers, quarrels and ties show, each in
    deviations from the mean of all; the weights are a convention.
    """
    for i in range(facts.actors):
        for j in range(facts.actors):
            total, weights = each_run(0.0), each_run(0.0)
            if not np.isnan(facts.observed_common[i, j]):
                total, weights = total + facts.observed_common[i, j], weights + 1.0
            if not np.isnan(facts.observed_quarrel[i, j]):
                total += p.opening_quarrel * facts.observed_quarrel[i, j]
                weights += p.opening_quarrel
            if not np.isnan(facts.observed_ties[i, j]):
                total += p.opening_ties * facts.observed_ties[i, j]
                weights += p.opening_ties
            constants.observed[i, j] = choose(weights, total / greater(weights, TINY), np.nan)


@inlined
def take_over(constants, coded, p):
    """Write what is used as it is coded."""
    for i in range(coded.actors):
        constants.own_power[i] = coded.own_power[i]
        constants.offensive_capability[i] = coded.offensive_capability[i]
        for j in range(coded.actors):
            constants.front[i, j] = coded.front[i, j]
        for h in range(THREAT_COUNT):
            constants.susceptibility[i, h] = coded.susceptibility[i, h]
        for d in range(DOMAIN_COUNT):
            constants.skill[i, d] = coded.skill[i, d]
    for k in range(coded.theatres):
        constants.opportunity[k] = coded.opportunity[k]
        constants.base_stability[k] = coded.base_stability[k]
        for h in range(THREAT_COUNT):
            constants.threat_source[k, h] = coded.threat_source[k, h]
    constants.militancy[0] = p.militancy_terrorism
    constants.militancy[1] = p.militancy_narcotics
    constants.militancy[2] = p.militancy_refugees


@compiled
def derive(constants, coded, facts, p):
    """Write all that stays the same for all months of the runs of a block."""
    derive_places(constants, facts, p)
    derive_interests(constants, coded, p)
    derive_opening(constants, facts, p)
    take_over(constants, coded, p)

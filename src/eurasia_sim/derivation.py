"""What follows from one draw of a world's numbers and stays the same for all months of a run."""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import compiled, shaped
from eurasia_sim.layout import aligned, constants_size, unpack_coded, unpack_constants, width
from eurasia_sim.mathematics import TINY, copy, exponential, farthest, fill, logarithm, neighbour
from eurasia_sim.mechanisms.perception import closeness, nearness
from eurasia_sim.streams import address


@compiled
def write_down(table, out):
    """Copy a table of two axes, however either lies."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = table[i, j]


@compiled
def cell_addresses(names, theatres, out):
    """Write where each actor's draws for each theatre are found: the counter's three words, each (K * width,)."""
    across = width(names.size)
    words = shaped(out, (3, theatres.size * across))
    for i in range(names.size):
        for k in range(theatres.size):
            c = k * across + i
            words[0, c], words[1, c], words[2, c] = address(names[i], theatres[k])


@compiled
def pair_addresses(names, out):
    """Write where each pair's draws are found, whichever of the two is listed first: three words, each (M * width,)."""
    actors = names.size
    across = width(actors)
    words = shaped(out, (3, farthest(actors) * across))
    for distance in range(1, farthest(actors) + 1):
        for i in range(actors):
            j = neighbour(i, distance, actors)
            c = (distance - 1) * across + i
            words[0, c], words[1, c], words[2, c] = address(min(names[i], names[j]), max(names[i], names[j]))


@compiled
def utility_weight(salience, silence, p):
    """Utility weight of an ordinal salience, in [0, 1]: (salience / 3) ** curve; NaN counts as `silence`."""
    level = silence if np.isnan(salience) else salience
    return exponential(p.salience_curve * logarithm(max(level / 3.0, TINY)))


@compiled
def derive_places(constants, geography, p):
    """Write what follows from where actors and theatres lie."""
    actors, theatres = geography.theatre_distance.shape
    for i in range(actors):
        for j in range(actors):
            constants.closeness[i, j] = closeness(geography.distance[i, j], geography.border[i, j], p)
    at_home = nearness(closeness(0.0, 1.0, p), p)
    for i in range(actors):
        for k in range(theatres):
            raw = closeness(geography.theatre_distance[i, k], geography.theatre_border[i, k], p)
            constants.closeness_theatre[i, k] = raw
            constants.nearness_theatre[i, k] = nearness(raw, p) / at_home
            constants.transit[i, k] = exponential(-geography.border_distance[i, k] / p.transit_decay)
    for k in range(theatres):
        for other in range(theatres):
            through = exponential(-geography.theatre_separation[k, other] / p.transit_decay)
            constants.gate[k, other] = through if other == k else p.buffer * through
        people = geography.size[k]
        constants.size[k] = exponential(p.size_elasticity * logarithm(people)) if people > 0.0 else 0.0
        constants.contested[k] = 1.0 if geography.challenger[k] >= 0 else 0.0


@compiled
def derive_interests(constants, coded, p):
    """Write utility weights and affinities, with silence filled by its declared assumption."""
    actors = coded.own_power.size
    for i in range(actors):
        for c in range(coded.salience.shape[1]):
            constants.weight[i, c] = utility_weight(coded.salience[i, c], p.silence, p)
        for j in range(actors):
            is_other = 1.0 if i != j else 0.0
            constants.denial[i, j] = is_other * utility_weight(coded.denial[i, j], p.silent_denial, p)
            stated = coded.affinity[i, j]
            constants.affinity[i, j] = is_other * (p.silent_affinity if np.isnan(stated) else stated)


@compiled
def derive(row, fixed, geography, focus, scopes, p):
    """Write to the row `fixed` all that stays the same for all months of one run (`Constants`).

    Args:
        row: the run's coded numbers. fixed: `constants_size` long.
    """
    n, k, v = geography.name_hash.size, geography.size.size, geography.convenes.shape[0]
    fill(fixed, 0.0)
    constants = unpack_constants(fixed, n, k, v, focus.shape[0], scopes.shape[0])
    coded = unpack_coded(row, n, k)
    derive_places(constants, geography, p)
    derive_interests(constants, coded, p)
    copy(coded.own_power, constants.own_power)
    write_down(coded.front, constants.front)
    copy(coded.offensive_capability, constants.offensive_capability)
    write_down(coded.susceptibility, constants.susceptibility)
    write_down(coded.threat_source, constants.threat_source)
    constants.militancy[0] = p.militancy_terrorism
    constants.militancy[1] = p.militancy_narcotics
    constants.militancy[2] = p.militancy_refugees
    copy(coded.opportunity, constants.opportunity)
    write_down(coded.skill, constants.skill)
    copy(geography.challenger, constants.contender)
    write_down(geography.convenes, constants.convenes)
    copy(coded.base_stability, constants.base_stability)
    copy(geography.name_hash, constants.name_hash)
    copy(geography.theatre_hash, constants.theatre_hash)
    cell_addresses(geography.name_hash, geography.theatre_hash, constants.cell_address)
    pair_addresses(geography.name_hash, constants.pair_address)
    write_down(focus, constants.focus)
    write_down(scopes, constants.scopes)


def constants_of(row, geography, focus, scopes, p):
    """The constants of one run as named views on a row of their own, for callers that are not compiled."""
    counts = geography.name_hash.size, geography.size.size, geography.convenes.shape[0], focus.shape[0], scopes.shape[0]
    fixed = aligned(constants_size(*counts))
    derive(row, fixed, geography, focus, scopes, p)
    return unpack_constants.py_func(fixed, *counts)

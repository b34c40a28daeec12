"""What a run is given: the arrays of one world, one draw of its uncertain numbers, and the posture month by month."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

DOMAINS = ("security", "economic", "diplomatic")
# A loop over so many is written out by the compiler, as it knows the number.
DOMAIN_COUNT = len(DOMAINS)
THREATS = ("terrorism", "narcotics", "refugees")
PRESENCE_KINDS = ("bases", "forces", "counterterror")
CONSTRUCTS = ("primacy", "containment", "commerce", "denial", "autonomy", "survival", "standing")


class Geography(NamedTuple):
    """Facts of place, population and convening that no run draws; N actors, K theatres, V institutions."""

    distance: Floats  # (N, N) km between capitals
    border: Floats  # (N, N) 1 where the two territories touch
    theatre_distance: Floats  # (N, K) km from an actor's capital to the theatre's
    theatre_border: Floats  # (N, K) 1 where the actor's territory touches or is the theatre
    border_distance: Floats  # (N, K) km, the least between the actor's territory and the theatre
    theatre_separation: Floats  # (K, K) km, the least between two theatres
    size: Floats  # (K,) population in tens of millions; an empty theatre has none
    ruler: Integers  # (K,) first ruler, -1 for none
    challenger: Integers  # (K,) who contests the rule, -1 for none
    convenes: Floats  # (V, N) share of an institution's convening
    venue_domains: Floats  # (V, D) 1 where an institution serves a domain
    name_hash: Hashes  # (N,) key of an actor's own random stream
    theatre_hash: Hashes  # (K,) the same for a theatre


class Coded(NamedTuple):
    """One run's draw of every uncertain number of the world."""

    salience: Floats  # (N, C) 0..3, NaN where the documents are silent
    denial: Floats  # (N, N) 0..3, NaN where silent
    affinity: Floats  # (N, N) -3..3, NaN where silent
    susceptibility: Floats  # (N, H) 0..1
    offensive_capability: Floats  # (N,) 0..1
    skill: Floats  # (N, D) 0..1, how well an actor's means suit a domain
    front: Floats  # (N, N) >= 0, nearness of j to i on a front outside the region
    own_power: Floats  # (N,) share of power that no territory gives
    opportunity: Floats  # (K,) 0..1, what commerce could gain there
    base_stability: Floats  # (K,) 0..1
    threat_source: Floats  # (K, H) 0..1
    initial_control: Floats  # (K,) 0..1, the challenger's share of the land
    initial_militants: Floats  # (K,) 0..1
    initial_economy: Floats  # (K,) 0..1
    initial_influence: Floats  # (N, K, D) shares, at most 1 a theatre and domain
    initial_recognition: Floats  # (N, K) ladder level 0..4


class Posture(NamedTuple):
    """The dated levers and series of one scenario; the first axis is months (T)."""

    presence: Floats  # (T, N, K, X) 100,000 troops; bases: 1 is one full permanent base
    pressure: Floats  # (T, N, N) 0..1, i presses j
    goodwill: Floats  # (T, N, N) -6..6, added to the affinity of i toward j
    revisionism: Floats  # (T, N) 0..1
    conduct: Floats  # (T, K) -1..1, the ruler's moderation beyond its own
    surge: Floats  # (T, K, H) >= 0, extra threat as a multiple of the source
    aid: Floats  # (T, N, K) billion US dollars a year
    imposed: Floats  # (T, N, K, D) share of a budget the scenario commits there
    jointness: Floats  # (T, K, D) least share of an overlap done jointly
    rule: Floats  # (T, K) index of the imposed ruler, -1 where rule is free
    stability: Floats  # (T, K) imposed stability, NaN where free
    recognition: Floats  # (T, N, K) imposed ladder level, NaN where free
    capability: Floats  # (T, N) share of power from territory that is no theatre
    theatre_capability: Floats  # (T, K) share of power that goes with ruling a theatre
    membership: Floats  # (T, V, N) 1 member, 0.5 observer


class Changes(NamedTuple):
    """A schedule told by what changes from month to month, a small part of what a month is."""

    first: Integers  # (T + 1,) where each month's changes begin in the two others; all of month 0 is a change
    places: Integers  # (C,) on the flat row of a month
    values: Floats  # (C,)


class Schedule(NamedTuple):
    """A posture as the kernel reads it: the same arrays, pressure seen from who bears it, and who shares venues."""

    presence: Floats
    pressed: Floats  # (T, N, N) pressure that j puts on i
    goodwill: Floats
    revisionism: Floats
    conduct: Floats
    surge: Floats
    aid: Floats
    imposed: Floats
    jointness: Floats
    rule: Floats
    stability: Floats
    recognition: Floats
    capability: Floats
    theatre_capability: Floats
    membership: Floats  # (T, N, V)
    comembership: Floats  # (T, N, N) institutions shared, each counting once a domain, observers half
    venues: Floats  # (T, N, N, D) institutions shared that serve a domain
    meetings: Floats  # (T, width, D, M) the same by place and distance along the circle (`mathematics.neighbour`)
    rows: Floats  # (T, W) all of these month by month, one flat row each
    changes: Changes  # the same rows


class Month(NamedTuple):
    """One month of a schedule; the fields are those of `Schedule` without the first axis, laid out as `State`."""

    presence: Floats
    pressed: Floats
    goodwill: Floats
    revisionism: Floats
    conduct: Floats
    surge: Floats
    aid: Floats
    imposed: Floats
    jointness: Floats
    rule: Floats
    stability: Floats
    recognition: Floats
    capability: Floats
    theatre_capability: Floats
    membership: Floats
    comembership: Floats
    venues: Floats
    meetings: Floats
    row: Floats  # the flat row on which all of these lie


class Constants(NamedTuple):
    """What stays the same for all months of one run."""

    own_power: Floats  # (N,)
    closeness: Floats  # (N, N) >= 0
    closeness_theatre: Floats  # (N, K) >= 0
    nearness_theatre: Floats  # (N, K) [0, 1], 1 at home
    transit: Floats  # (N, K) share of a spill-over that arrives
    gate: Floats  # (K, K) how far effort in row's theatre meets spill-over from column's
    front: Floats  # (N, N)
    affinity: Floats  # (N, N) -3..3, silence filled
    denial: Floats  # (N, N) utility weights
    weight: Floats  # (N, C) utility weights
    offensive_capability: Floats  # (N,)
    susceptibility: Floats  # (N, H)
    threat_source: Floats  # (K, H)
    militancy: Floats  # (H,) share of a threat that follows militants rather than disorder
    size: Floats  # (K,)
    opportunity: Floats  # (K,)
    skill: Floats  # (N, D)
    contested: Floats  # (K,) 1 where there was a challenger
    contender: Integers  # (K,) who first challenged the rule, -1 for none
    convenes: Floats  # (V, N)
    base_stability: Floats  # (K,)
    theatre_hash: Hashes  # (K,)
    name_hash: Hashes  # (N,)
    cell_address: Hashes  # (3 * K * width,) where an actor's draws for a theatre are found: a word's places in a row
    pair_address: Hashes  # (3 * M * width,) where a pair's draws are found, by its distance and place
    focus: Integers  # (P, 2) pairs that measures are read off for
    scopes: Floats  # (S, K) 1 where a scope counts a theatre
    row: Floats  # the flat row on which all of these lie


class State(NamedTuple):
    """Everything a run remembers and scribbles, as views on one flat row.

    A first axis of actors lies in one piece with room for `width`; C is room for a circle of actors gone round again, M
    the longest distance along it (`mathematics.farthest`).
    """

    leaning: Floats  # (N, N) alignment before squeezing
    alignment: Floats  # (N, N) [-1, 1], 1 toward oneself
    threat: Floats  # (N, N) [0, 1]
    rivalry: Floats  # (N, N) contested overlap over both budgets, last month
    partnership: Floats  # (N, N) joint overlap over both budgets, last month
    projected: Floats  # (N, N) nearness by forces abroad
    shared: Floats  # (N, N) common danger
    shock: Floats  # (N, N)
    pushed: Floats  # (N, N) scratch: what displacing each other one is worth
    resisted: Floats  # (N, N) scratch: what keeping each other one out is worth
    guarded: Floats  # (N, N) scratch: what being safe from each other one is worth
    inclination: Floats  # (N, K, D) log choice weights
    effort: Floats  # (N, K, D) in budget units
    joint: Floats  # (N, K, D) largest joint effort with any partner
    influence: Floats  # (N, K, D) shares
    utility: Floats  # (N, K, D)
    common: Floats  # (N, K, D) containment's part of utility
    luck: Floats  # (N, K, D) this month's draws
    imposed: Floats  # (N, K, D) shares of budget
    weighed: Floats  # (N, K, D) scratch: choice weights
    access: Floats  # (N, K, D) [0, 1]
    strength: Floats  # (N, K, D) >= 0
    spillover: Floats  # (N, K) >= 0
    open_spillover: Floats  # (N, K) not carried by others
    containment: Floats  # (N, K) need
    recognition: Floats  # (N, K) ladder level 0..4
    scratch_theatre: Floats  # (N, K)
    summoned: Floats  # (N, K) diplomatic effort that convening brings
    power: Floats  # (N,)
    budget: Floats  # (N,)
    standing: Floats  # (N,)
    attended: Floats  # (N, V) effort in venues
    gathered: Floats  # (V,) effort of all in a venue
    stability: Floats  # (K,) [0, 1]
    militants: Floats  # (K,) [0, 1]
    economy: Floats  # (K,) [0, 1]
    control: Floats  # (K,) challenger's
    restraint: Floats  # (K,) ruler's
    demand: Floats  # (K,) for a balancer
    hazard: Floats  # (K, H)
    total: Floats  # (K, D) strength of all
    danger: Floats  # (N, N + K) scratch: what is feared from actors and theatres
    effort_circle: Floats  # (C, K, D) scratch: efforts round the circle of actors, the first again after the last
    danger_circle: Floats  # (C, K, D) scratch: square roots of `common`, likewise
    budget_circle: Floats  # (C,) scratch: budgets round the circle
    joint_first: Floats  # (width, K, D) scratch: largest joint effort with those further along the circle
    joint_second: Floats  # (C, K, D) scratch: largest joint effort with those before, round the circle
    ready: Floats  # (width, D, M) scratch: log-odds of acting jointly, by place and distance of a meeting
    together: Floats  # (width, K, D, M) scratch: what two do together
    rival: Floats  # (width, M) scratch: rivalry of two who meet
    partner: Floats  # (width, M) scratch: partnership of two who meet
    pair_luck: Floats  # (M * width,) scratch: a draw for each meeting
    committed: Floats  # (N,) scratch: share of a budget that the scenario commits
    uncovered: Floats  # (N,) scratch: threats to a host that no patron covers
    host_leaning: Floats  # (N,) scratch: alignment of a host with each
    host_threat: Floats  # (N,) scratch: threat that a host sees in each
    spent: Floats  # (N,) scratch: effort that goes to venues, over their pull
    held: Floats  # (N,) influence over all theatres, by their size
    pair_joint: Floats  # (P, K, D) joint effort of the focal pairs
    ruler: Integers  # (K,)
    challenger: Integers  # (K,)
    memory: Floats  # the flat row on which all of these lie


def coded_shapes(actors: int, theatres: int) -> dict[str, tuple[int, ...]]:
    """Shape of every field of `Coded`, in the order in which one flat row holds them."""
    n, k, d, h, c = actors, theatres, len(DOMAINS), len(THREATS), len(CONSTRUCTS)
    return {
        "salience": (n, c), "denial": (n, n), "affinity": (n, n), "susceptibility": (n, h),
        "offensive_capability": (n,), "skill": (n, d), "front": (n, n), "own_power": (n,),
        "opportunity": (k,), "base_stability": (k,), "threat_source": (k, h), "initial_control": (k,),
        "initial_militants": (k,), "initial_economy": (k,), "initial_influence": (n, k, d),
        "initial_recognition": (n, k),
    }  # fmt: skip

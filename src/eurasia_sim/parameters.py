"""What a run is given: the arrays of one world, one draw of its uncertain numbers, and the posture month by month."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

DOMAINS = ("security", "economic", "diplomatic")
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

"""Domains, threats, presence kinds and interests in their order, and the facts of a place."""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

DOMAINS = ("security", "economic", "diplomatic")
SECURITY, ECONOMIC, DIPLOMATIC = range(3)
DOMAIN_COUNT = len(DOMAINS)
THREATS = ("terrorism", "narcotics", "refugees")
TERRORISM, NARCOTICS, REFUGEES = range(3)
THREAT_COUNT = len(THREATS)
PRESENCE_KINDS = ("bases", "forces", "counterterror")
BASES, FORCES, COUNTERTERROR = range(3)
CONSTRUCTS = ("primacy", "containment", "commerce", "denial", "autonomy", "survival", "standing")
PRIMACY, CONTAINMENT, COMMERCE, DENIAL, AUTONOMY, SURVIVAL, STANDING = range(7)
CONSTRUCT_COUNT = len(CONSTRUCTS)
# How one deals with a ruler by force; the level of recognition counts all but the first.
FLAGS = ("listed", "talks", "mission", "envoy", "recognised")
LISTED, TALKS, MISSION, ENVOY, RECOGNISED = range(5)
FLAG_COUNT = len(FLAGS)
# What two lean by, each seen in series of its own; a quarrel parts, the others bind.
STANCES = ("common_position", "quarrel", "ties")
POSITION, QUARREL, TIES = range(3)
STANCE_COUNT = len(STANCES)
MONTH = 1.0 / 12.0  # of a year
# How much of their way leanings and inclinations go at each pass before month 0.
SETTLING = 0.5


def name_hash(name: str) -> np.uint64:
    """64-bit key of a name, by which its random numbers are found: the same on every machine."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


class Geography(NamedTuple):
    """Facts that no run draws; N actors, K theatres, V institutions, D domains."""

    distance: Floats  # (N, N) km between capitals
    border: Floats  # (N, N) 1 where the two territories touch
    theatre_distance: Floats  # (N, K) km from an actor's capital to the theatre's
    theatre_border: Floats  # (N, K) 1 where the actor's territory touches or is the theatre
    border_distance: Floats  # (N, K) km, the least between the actor's territory and the theatre
    theatre_separation: Floats  # (K, K) km, the least between two theatres
    size: Floats  # (K,) population in tens of millions; an empty theatre has none
    wealth: Floats  # (N,) yearly output, mean of the five years up to the opening; 0 for none
    ruler: Integers  # (K,) first ruler, -1 for none
    challenger: Integers  # (K,) who contests the rule, -1 for none
    contender: Integers  # (K,) who came, or would come, to rule by force, -1 for none
    observed: Floats  # (3, N, N) how two stood by each of `STANCES`, in deviations; NaN: unknown
    convenes: Floats  # (V, N) share of an institution's convening
    venue_domains: Floats  # (V, D) 1 where an institution serves a domain
    name_hash: Hashes  # (N,) key of an actor's own random stream
    theatre_hash: Hashes  # (K,) the same for a theatre

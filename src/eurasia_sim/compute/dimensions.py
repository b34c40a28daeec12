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
THREAT_COUNT = len(THREATS)
PRESENCE_KINDS = ("bases", "forces", "counterterror")
CONSTRUCTS = ("primacy", "containment", "commerce", "denial", "autonomy", "survival", "standing")
CONSTRUCT_COUNT = len(CONSTRUCTS)


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

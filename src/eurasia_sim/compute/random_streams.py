"""Random numbers by address: seed, mechanism, month, and hashed names of whom they concern.

Counter-based (Philox4x32-10 of Salmon et al. 2011, cite salmon2011): a draw depends on its address
alone, so that no order, batch or worker can change it, and a new actor or a mechanism switched off
moves no draw of another.
"""

import numpy as np

from eurasia_sim.compute.jit import inlined
from eurasia_sim.compute.mathematics import logarithm, number_of

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_ROUNDS = 10
_UNIT = 1.0 / 4294967296.0
_EULER_GAMMA = 0.5772156649015329
# The standard deviation of the standard logistic distribution is pi over the square root of three.
_LOGISTIC_DEVIATION = np.pi / np.sqrt(3.0)


@inlined
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four 32-bit words from a 128-bit counter and a 64-bit key, in uint64."""
    for _ in range(_ROUNDS):
        product_0 = _MULTIPLIER_0 * c0
        product_1 = _MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> _SHIFT) ^ c1 ^ k0,
            product_1 & _LOW,
            (product_0 >> _SHIFT) ^ c3 ^ k1,
            product_0 & _LOW,
        )
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@inlined
def address(first, second):
    """Three counter words for two uint64 name hashes, in order: whom or what a draw concerns."""
    return (
        first & _LOW,
        second & _LOW,
        ((first >> _SHIFT) * np.uint64(3) + (second >> _SHIFT)) & _LOW,
    )


@inlined
def draw_at(seed, mechanism, month, c0, c1, c2):
    """Four 32-bit words for one decision at an `address`, all in uint64.

    The seed is of a run or of eight, a mechanism below 16, the month counted from the record's.
    """
    each = seed & np.uint64(0)  # as many counters as there are seeds
    when = ((month << np.uint64(4)) | mechanism) + each
    return philox(c0 + each, c1 + each, c2 + each, when, seed & _LOW,
                  seed >> _SHIFT)  # fmt: skip


@inlined
def draw(seed, mechanism, month, first, second):
    """Four 32-bit words for one decision about two named things (see `draw_at`, `address`)."""
    c0, c1, c2 = address(first, second)
    return draw_at(seed, mechanism, month, c0, c1, c2)


@inlined
def uniform(word):
    """A number in the open interval (0, 1) from a 32-bit word."""
    return (number_of(word) + 0.5) * _UNIT


@inlined
def gumbel(u):
    """Gumbel variate less its mean, from a uniform: a utility's unobserved part (mcfadden1974)."""
    return -logarithm(-logarithm(u)) - _EULER_GAMMA


@inlined
def shock(u):
    """Symmetric variate of mean 0 and standard deviation 1 (logistic), from a uniform."""
    return logarithm(u / (1.0 - u)) / _LOGISTIC_DEVIATION

"""Random numbers by address in plain Python integers: Philox4x32-10 (cites salmon2011)."""

import math

LOW = 0xFFFFFFFF
EULER_GAMMA = 0.5772156649015329
LOGISTIC_DEVIATION = math.pi / math.sqrt(3.0)

Words = tuple[int, int, int, int]
Keys = list[tuple[int, int]]


def round_keys(key_0: int, key_1: int) -> Keys:
    """The keys of the ten rounds, each bumped from the one before by Weyl's two constants."""
    return [((key_0 + i * 0x9E3779B9) & LOW, (key_1 + i * 0xBB67AE85) & LOW) for i in range(10)]


def philox(c0: int, c1: int, c2: int, c3: int, keys: Keys) -> Words:
    """Four 32-bit words from a 128-bit counter and the keys of the ten rounds."""
    for k0, k1 in keys:
        high, low = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (low >> 32) ^ c1 ^ k0, low & LOW, (high >> 32) ^ c3 ^ k1, high & LOW
    return c0, c1, c2, c3


def words(keys: Keys, mechanism: int, month: int, first: int, second: int) -> Words:
    """Four 32-bit words for one decision, by a seed's keys and the hashes of whom it concerns."""
    high = ((first >> 32) * 3 + (second >> 32)) & LOW
    return philox(first & LOW, second & LOW, high, (month << 4) | mechanism, keys)


def uniform(word: int) -> float:
    """A number in the open interval (0, 1) from a 32-bit word."""
    return (word + 0.5) / 4294967296.0


def gumbel(word: int) -> float:
    """Standard Gumbel variate less its mean."""
    return -math.log(-math.log((word + 0.5) / 4294967296.0)) - EULER_GAMMA


def shock(word: int) -> float:
    """Symmetric variate of mean 0 and standard deviation 1 (logistic)."""
    u = uniform(word)
    return math.log(u / (1.0 - u)) / LOGISTIC_DEVIATION

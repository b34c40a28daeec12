"""Random numbers by address in plain Python integers: Philox4x32-10 (cites salmon2011), as streams.py compiles it."""

from __future__ import annotations

import math
import random

LOW = 0xFFFFFFFF
ROUNDS = 10
EULER_GAMMA = 0.5772156649015329
LOGISTIC_DEVIATION = math.pi / math.sqrt(3.0)

Words = tuple[int, int, int, int]


def round_keys(key_0: int, key_1: int) -> list[tuple[int, int]]:
    """The key of each round: the first, bumped by Weyl's two constants from one round to the next."""
    keys = []
    for _ in range(ROUNDS):
        keys.append((key_0, key_1))
        key_0, key_1 = (key_0 + 0x9E3779B9) & LOW, (key_1 + 0xBB67AE85) & LOW
    return keys


def philox(c0: int, c1: int, c2: int, c3: int, keys: list[tuple[int, int]]) -> Words:
    """Four 32-bit words from a 128-bit counter and the keys of the ten rounds."""
    for k0, k1 in keys:
        high, low = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (low >> 32) ^ c1 ^ k0, low & LOW, (high >> 32) ^ c3 ^ k1, high & LOW
    return c0, c1, c2, c3


class AddressedChance:
    """Draws found by seed, mechanism, month and the hashes of whom they concern; order changes nothing."""

    def __init__(self, seed: int) -> None:
        self.keys = round_keys(seed & LOW, seed >> 32)

    def words(self, mechanism: int, month: int, first: int, second: int) -> Words:
        """Four 32-bit words for one decision."""
        return philox(
            first & LOW,
            second & LOW,
            ((first >> 32) * 3 + (second >> 32)) & LOW,
            (month << 4) | mechanism,
            self.keys,
        )


class SequentialChance:
    """Draws one after the other from Mesa's own generator, as most Mesa models take them: cheaper, and not paired."""

    def __init__(self, generator: random.Random) -> None:
        self.bits = generator.getrandbits

    def words(self, mechanism: int, month: int, first: int, second: int) -> Words:  # noqa: ARG002 - the signature of what it replaces
        """Four 32-bit words, whatever the address."""
        word = self.bits(128)
        return word & LOW, (word >> 32) & LOW, (word >> 64) & LOW, word >> 96


def uniform(word: int) -> float:
    """A number in the open interval (0, 1) from a 32-bit word."""
    return (word + 0.5) / 4294967296.0


def gumbel(word: int) -> float:
    """Standard Gumbel variate less its mean."""
    return -math.log(-math.log((word + 0.5) / 4294967296.0)) - EULER_GAMMA


def shock(word: int) -> float:
    """Symmetric variate of mean 0 and standard deviation 1 (logistic)."""
    u = (word + 0.5) / 4294967296.0
    return math.log(u / (1.0 - u)) / LOGISTIC_DEVIATION

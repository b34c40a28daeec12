"""The functions every mechanism shares: exponentials and logarithms that vectorise, sums, and the order of pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from eurasia_sim.compilation import compiled, instruction, phase, shaped

# Adding this rounds a float64 to an integer held in its low bits: conversion without a conversion instruction.
_ROUND = 6755399441055744.0
_ROUND_BITS = 0x4338000000000000
# The least number that a logarithm or a quotient is given in place of zero.
TINY = 1e-300
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_TWO_52 = 4503599627370496.0
_TWO_52_BITS = 0x4330000000000000
_EXPONENT = 0x7FF0000000000000
_MANTISSA = 0x000FFFFFFFFFFFFF
_SQUARE_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


def _bitcast(source: types.Type, target: types.Type) -> Any:
    """A function that reads the 64 bits of a `source` as a `target`."""

    def bitcast(context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return instruction(bitcast, lambda value: np.array(value, str(source)).view(str(target))[()])


_float_from_bits = _bitcast(types.int64, types.float64)
_bits_from_float = _bitcast(types.float64, types.int64)


def _fused(context: Any, a: Any, b: Any, c: Any) -> Any:
    """A product and a sum rounded once, in the form that numba asks of an intrinsic."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


_fma = instruction(_fused, lambda a, b, c: a * b + c)


def _chosen(name: str, as_written: Callable[[float, float], float]) -> Any:
    """A call of the processor's own choice between two numbers, in the form that numba asks of an intrinsic.

    Python's min and max become a branch, and a branch around a store costs as much as ten stores.
    """

    def choose(context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            number = context.get_value_type(types.float64)
            function = builder.module.declare_intrinsic(f"llvm.{name}", [number], ir.FunctionType(number, [number] * 2))
            return builder.call(function, arguments)

        return types.float64(types.float64, types.float64), generate

    return instruction(choose, as_written)


_lesser, _greater = _chosen("minnum", np.fmin), _chosen("maxnum", np.fmax)


@compiled
def lesser(a: float, b: float) -> float:
    """The smaller of two numbers; the other where one is NaN."""
    chosen: float = _lesser(a, b)
    return chosen


@compiled
def greater(a: float, b: float) -> float:
    """The larger of two numbers; the other where one is NaN."""
    chosen: float = _greater(a, b)
    return chosen


# Both series are summed by pairs and pairs of pairs (Estrin 1960), so that no term waits for all before it.
@compiled
def exponential(x: float) -> float:
    """e to the x, within 4e-16 of it; x is held to [-700, 700], so the result is always finite."""
    x = min(max(x, -700.0), 700.0)
    shifted = _fma(x, _LOG2_E, _ROUND)
    whole = shifted - _ROUND
    r = _fma(-whole, _LN2_LOW, _fma(-whole, _LN2_HIGH, x))
    r2 = r * r
    r4 = r2 * r2
    low = _fma(r4, _fma(r2, _fma(r, 1.0 / 5040.0, 1.0 / 720.0), _fma(r, 1.0 / 120.0, 1.0 / 24.0)),
               _fma(r2, _fma(r, 1.0 / 6.0, 0.5), r))  # fmt: skip
    high = _fma(r4, 1.0 / 479001600.0, _fma(r2, _fma(r, 1.0 / 39916800.0, 1.0 / 3628800.0),
                                            _fma(r, 1.0 / 362880.0, 1.0 / 40320.0)))  # fmt: skip
    p = 1.0 + _fma(r4 * r4, high, low)
    # A power of two is put in by adding it to the exponent's bits.
    result: float = _float_from_bits(_bits_from_float(p) + (_bits_from_float(shifted) << np.int64(52)))
    return result


@compiled
def logarithm(x: float) -> float:
    """Natural logarithm of x, within 4e-16 of it relative to max(1, |result|); x must be a positive normal number."""
    bits = _bits_from_float(x) - np.int64(_SQUARE_ROOT_HALF_BITS)
    exponent: float = _float_from_bits((bits >> np.int64(52)) + np.int64(_ROUND_BITS)) - _ROUND
    mantissa: float = _float_from_bits((bits & np.int64(_MANTISSA)) + np.int64(_SQUARE_ROOT_HALF_BITS))
    s = (mantissa - 1.0) / (mantissa + 1.0)
    q = s * s
    q2 = q * q
    q4 = q2 * q2
    low = _fma(q4, _fma(q2, _fma(q, 1.0 / 15.0, 1.0 / 13.0), _fma(q, 1.0 / 11.0, 1.0 / 9.0)),
               _fma(q2, _fma(q, 1.0 / 7.0, 1.0 / 5.0), _fma(q, 1.0 / 3.0, 1.0)))  # fmt: skip
    p = _fma(q4 * q4, _fma(q, 1.0 / 19.0, 1.0 / 17.0), low)
    result: float = _fma(exponent, _LN2_HIGH, _fma(2.0 * s, p, exponent * _LN2_LOW))
    return result


@compiled
def logistic(x: float) -> float:
    """1 / (1 + e^-x): any number squeezed into (0, 1), rising."""
    return 1.0 / (1.0 + exponential(-x))


@compiled
def hyperbolic_tangent(x: float) -> float:
    """Any number squeezed into (-1, 1), rising and odd."""
    return 1.0 - 2.0 / (exponential(2.0 * x) + 1.0)


@compiled
def saturation(x: float) -> float:
    """x / (1 + x): a quantity of zero or more squeezed into [0, 1), rising."""
    return x / (1.0 + x)


@compiled
def number_of(word):
    """The float64 equal to a whole number below 2 ** 32 that is held in a uint64."""
    # The number is put among the low bits of 2 ** 52, where it counts in ones.
    return _float_from_bits(np.int64(word) | np.int64(_TWO_52_BITS)) - _TWO_52


@compiled
def broken(row):
    """How many numbers of a flat array are infinite or NaN."""
    count = np.int64(0)
    for c in range(row.size):
        exponent = _bits_from_float(row[c]) & np.int64(_EXPONENT)
        count += np.int64(exponent == np.int64(_EXPONENT))
    return count


# A processor looks a few hundred instructions ahead: steps of a loop with one long function overlap, and a loop with
# two such functions waits for the first at every step.
@compiled
def exponentials(row):
    """Put e to the x in place of every number of a flat array; see `exponential`."""
    for c in range(row.size):
        row[c] = exponential(row[c])


@compiled
def logarithms(row):
    """Put its natural logarithm in place of every number of a flat array; see `logarithm`."""
    for c in range(row.size):
        row[c] = logarithm(row[c])


@compiled
def logistics(row):
    """Put 1 / (1 + e^-x) in place of every number of a flat array; see `logistic`."""
    for c in range(row.size):
        row[c] = exponential(-row[c])
    for c in range(row.size):
        row[c] = 1.0 / (1.0 + row[c])


@compiled
def hyperbolic_tangents(row):
    """Put its hyperbolic tangent in place of every number of a flat array; see `hyperbolic_tangent`."""
    for c in range(row.size):
        row[c] = exponential(2.0 * row[c])
    for c in range(row.size):
        row[c] = 1.0 - 2.0 / (row[c] + 1.0)


# A loop says in one line of machine code what slices and broadcasting say in a thousand.
@compiled
def fill(row, value):
    """Set every element of a flat array."""
    for c in range(row.size):
        row[c] = value


@compiled
def copy(source, target):
    """Copy one flat array onto another of the same length."""
    for c in range(target.size):
        target[c] = source[c]


# One sum waits for each addition; four sums side by side do not, and they are the same four on any processor.
@phase
def sum_of_products(one, other):
    """Sum of the products of two flat arrays of the same length, a multiple of four."""
    a, b = shaped(one, (one.size // 4, 4)), shaped(other, (other.size // 4, 4))
    first = second = third = fourth = 0.0
    for c in range(a.shape[0]):
        first = _fma(a[c, 0], b[c, 0], first)
        second = _fma(a[c, 1], b[c, 1], second)
        third = _fma(a[c, 2], b[c, 2], third)
        fourth = _fma(a[c, 3], b[c, 3], fourth)
    return (first + second) + (third + fourth)


@phase
def sum_of_smaller(one, other):
    """Sum of the smaller of each two numbers of two flat arrays of the same length, a multiple of four."""
    a, b = shaped(one, (one.size // 4, 4)), shaped(other, (other.size // 4, 4))
    first = second = third = fourth = 0.0
    for c in range(a.shape[0]):
        first += min(a[c, 0], b[c, 0])
        second += min(a[c, 1], b[c, 1])
        third += min(a[c, 2], b[c, 2])
        fourth += min(a[c, 3], b[c, 3])
    return (first + second) + (third + fourth)


# Pairs of actors have an order of their own: by distance along a circle in which the actors stand, then by who comes
# first. All pairs at one distance then lie in two long rows of the same array, one a shift of the other.
@compiled
def pairs_apart(distance, actors):
    """How many pairs stand a distance apart, at most half the circle; in an even one, opposites meet once."""
    return actors if 2 * distance < actors else actors // 2


@compiled
def neighbour(place, distance, actors):
    """Who stands a distance further along the circle."""
    other = place + distance
    return other if other < actors else other - actors


@compiled
def pair_place(one, other, actors):
    """Where a pair stands in the order of pairs, whichever of the two is named first."""
    first, second = min(one, other), max(one, other)
    distance = second - first
    if 2 * distance <= actors:
        return (distance - 1) * actors + first
    return (actors - distance - 1) * actors + second

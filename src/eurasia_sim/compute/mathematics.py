"""The functions every mechanism shares: of one number, or of eight runs' at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.jit import inlined, instruction
from eurasia_sim.compute.vectors import BITS, NUMBERS, WORDS, Vector, spread_over, vector_among

# Adding this rounds a float64 to an integer held in its low bits: conversion without a conversion
# instruction.
_ROUND = 6755399441055744.0
_ROUND_BITS = 0x4338000000000000
# The least number that a logarithm or a quotient is given in place of zero.
TINY = 1e-300
THIRD = 1.0 / 3.0
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_TWO_52 = 4503599627370496.0
_TWO_52_BITS = 0x4330000000000000
_MANTISSA = 0x000FFFFFFFFFFFFF
_SQUARE_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD

_EIGHT: dict[Any, Any] = {types.float64: NUMBERS, types.int64: BITS, types.uint64: WORDS}


def _bitcast(source: types.Type, target: types.Type) -> Any:
    """A function that reads the 64 bits of each `source` as a `target`."""

    def bitcast(context: Any, value: Any) -> Any:
        is_vector = isinstance(value, Vector)
        given, found = (_EIGHT[source], _EIGHT[target]) if is_vector else (source, target)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(found))

        return found(given), generate

    return instruction(bitcast, lambda value: np.array(value, str(source)).view(str(target))[()])


_float_from_bits = _bitcast(types.int64, types.float64)
_float_from_word = _bitcast(types.uint64, types.float64)
_bits_from_float = _bitcast(types.float64, types.int64)


def _each(build: Callable[..., Any], as_written: Callable[..., Any], numbers: int) -> Any:
    """A function of so many numbers that is a few instructions, of one or of eight at a time.

    Args:
        build: from the compiler's builder and the values, all one number or all eight, what the
        function gives.
    """

    def typed(context: Any, *kinds: Any) -> Any:
        found = vector_among(kinds) or types.float64

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            if found == NUMBERS:
                values = [
                    spread_over(context, builder, *each, NUMBERS)
                    for each in zip(arguments, kinds, strict=True)
                ]
            else:
                values = [
                    context.cast(builder, *each, types.float64)
                    for each in zip(arguments, kinds, strict=True)
                ]
            return build(builder, *values)

        return found(*kinds), generate

    # numba counts an intrinsic's arguments, so each number of them is spelled out.
    def of_one(context: Any, a: Any) -> Any:
        return typed(context, a)

    def of_two(context: Any, a: Any, b: Any) -> Any:
        return typed(context, a, b)

    def of_three(context: Any, a: Any, b: Any, c: Any) -> Any:
        return typed(context, a, b, c)

    return instruction((of_one, of_two, of_three)[numbers - 1], as_written)


def _called(name: str) -> Callable[..., Any]:
    """A call of one of the compiler's own functions of float64."""

    def build(builder: Any, *values: Any) -> Any:
        kind = values[0].type
        suffix = f"v{RUNS}f64" if isinstance(kind, ir.VectorType) else "f64"
        declared = ir.FunctionType(kind, [kind] * len(values))
        full = f"llvm.{name}.{suffix}"
        function = builder.module.globals.get(full) or ir.Function(builder.module, declared, full)
        return builder.call(function, values)

    return build


def _smaller(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", a, b), a, b)


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _clipped(builder: Any, x: Any, low: Any, high: Any) -> Any:
    above = builder.select(builder.fcmp_ordered(">", low, x), low, x)
    return builder.select(builder.fcmp_ordered("<", high, above), high, above)


def _chosen(builder: Any, test: Any, value: Any, other: Any) -> Any:
    none = ir.Constant(test.type, [0.0] * RUNS if isinstance(test.type, ir.VectorType) else 0.0)
    return builder.select(builder.fcmp_ordered(">", test, none), value, other)


def _known(builder: Any, value: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered("==", value, value), value, other)


def _where(test: Any, value: Any, other: Any) -> Any:
    found: Any = np.where(test, value, other)
    return found[()]


# A product and a sum, rounded once.
fused = _each(_called("fma"), lambda a, b, c: a * b + c, 3)
square_root = _each(_called("sqrt"), np.sqrt, 1)
# The smaller and the larger of two numbers: one instruction, where Python's min and max become a
# branch.
lesser = _each(_smaller, lambda a, b: _where(a < b, a, b), 2)
greater = _each(_larger, lambda a, b: _where(a > b, a, b), 2)
# A number held between two others; NaN stays.
clip = _each(_clipped, np.clip, 3)
# The second number where the first is above zero, else the third.
choose = _each(_chosen, lambda test, value, other: _where(test > 0.0, value, other), 3)
# The first number, or the second where the first is NaN.
where_known = _each(_known, lambda value, other: _where(np.isnan(value), other, value), 2)


# Both series are summed by pairs and pairs of pairs (Estrin 1960), so that no term waits for all
# before it.
@inlined
def exponential(x):
    """e to the x, within 4e-16 of it; x is clipped to [-700, 700], so the result is finite."""
    x = clip(x, -700.0, 700.0)
    shifted = fused(x, _LOG2_E, _ROUND)
    power = shifted - _ROUND
    r = fused(-power, _LN2_LOW, fused(-power, _LN2_HIGH, x))
    r2 = r * r
    r4 = r2 * r2
    middle = fused(r2, fused(r, 1.0 / 5040.0, 1.0 / 720.0), fused(r, 1.0 / 120.0, 1.0 / 24.0))
    low = fused(r4, middle,
                fused(r2, fused(r, 1.0 / 6.0, 0.5), r))  # fmt: skip
    high = fused(r4, 1.0 / 479001600.0, fused(r2, fused(r, 1.0 / 39916800.0, 1.0 / 3628800.0),
                                              fused(r, 1.0 / 362880.0, 1.0 / 40320.0)))  # fmt: skip
    p = 1.0 + fused(r4 * r4, high, low)
    # A power of two is put in by adding it to the exponent's bits.
    return _float_from_bits(_bits_from_float(p) + (_bits_from_float(shifted) << np.int64(52)))


@inlined
def logarithm(x):
    """Natural logarithm of a positive normal x, within 4e-16 relative to max(1, |result|)."""
    bits = _bits_from_float(x) - np.int64(_SQUARE_ROOT_HALF_BITS)
    exponent = _float_from_bits((bits >> np.int64(52)) + np.int64(_ROUND_BITS)) - _ROUND
    mantissa = _float_from_bits((bits & np.int64(_MANTISSA)) + np.int64(_SQUARE_ROOT_HALF_BITS))
    s = (mantissa - 1.0) / (mantissa + 1.0)
    q = s * s
    q2 = q * q
    q4 = q2 * q2
    low = fused(q4, fused(q2, fused(q, 1.0 / 15.0, 1.0 / 13.0), fused(q, 1.0 / 11.0, 1.0 / 9.0)),
                fused(q2, fused(q, 1.0 / 7.0, 1.0 / 5.0), fused(q, 1.0 / 3.0, 1.0)))  # fmt: skip
    p = fused(q4 * q4, fused(q, 1.0 / 19.0, 1.0 / 17.0), low)
    return fused(exponent, _LN2_HIGH, fused(2.0 * s, p, exponent * _LN2_LOW))


@inlined
def logistic(x):
    """1 / (1 + e^-x): any number squeezed into (0, 1), rising."""
    return 1.0 / (1.0 + exponential(-x))


@inlined
def hyperbolic_tangent(x):
    """Any number squeezed into (-1, 1), rising and odd."""
    return 1.0 - 2.0 / (exponential(2.0 * x) + 1.0)


@inlined
def saturation(x):
    """x / (1 + x): a quantity of zero or more squeezed into [0, 1), rising."""
    return x / (1.0 + x)


@inlined
def number_of(word):
    """The float64 equal to a whole number below 2 ** 32 that is held in a uint64."""
    # The number is put among the low bits of 2 ** 52, where it counts in ones.
    return _float_from_word(word | np.uint64(_TWO_52_BITS)) - _TWO_52

"""The functions every mechanism shares: of one number, or of eight runs' at a time."""

import inspect
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.jit import inlined, instruction
from eurasia_sim.compute.vectors import NUMBERS, Vector

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


def _bitcast(source, target):
    """A function that reads the 64 bits of each `source` as a `target`."""

    def bitcast(context, value):
        is_vector = isinstance(value, Vector)
        given, found = (Vector(source), Vector(target)) if is_vector else (source, target)

        def generate(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], context.get_value_type(found))

        return found(given), generate

    return instruction(bitcast, lambda value: np.array(value, str(source)).view(str(target))[()])


_float_from_bits = _bitcast(types.int64, types.float64)
_float_from_word = _bitcast(types.uint64, types.float64)
_bits_from_float = _bitcast(types.float64, types.int64)


def _each(build, numbers, as_written):
    """A function of so many numbers that is a few instructions, of one or of eight at a time.

    Args:
        build: from the compiler's builder and the values, all one number or all eight, what the
        function gives.
    """

    def typed(context, *kinds):
        found = NUMBERS if NUMBERS in kinds else types.float64

        def generate(context, builder, signature, arguments):
            return build(builder, *arguments)

        return found(*[found] * len(kinds)), generate

    names, kind = ("context", *"abc"[:numbers]), inspect.Parameter.POSITIONAL_ONLY
    counted: Any = typed  # numba looks at its signature for how many arguments there are
    counted.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return instruction(counted, as_written)


def _called(name):
    """A call of one of the compiler's own functions of float64."""

    def build(builder, *values):
        kind = values[0].type
        declared = ir.FunctionType(kind, [kind] * len(values))
        full = f"llvm.{name}." + (f"v{RUNS}f64" if isinstance(kind, ir.VectorType) else "f64")
        function = builder.module.globals.get(full) or ir.Function(builder.module, declared, full)
        return builder.call(function, values)

    return build


def _smaller(builder, a, b):
    return builder.select(builder.fcmp_ordered("<", a, b), a, b)


def _larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _clipped(builder, x, low, high):
    above = _larger(builder, low, x)
    return _smaller(builder, high, above)


def _chosen(builder, test, value, other):
    none = ir.Constant(test.type, [0.0] * RUNS if isinstance(test.type, ir.VectorType) else 0.0)
    return builder.select(builder.fcmp_ordered(">", test, none), value, other)


def _known(builder, value, other):
    return builder.select(builder.fcmp_ordered("==", value, value), value, other)


def _where(test, value, other):
    return np.where(test, value, other)[()]


# A product and a sum, rounded once.
fused = _each(_called("fma"), 3, lambda a, b, c: a * b + c)
square_root = _each(_called("sqrt"), 1, np.sqrt)
# The smaller and the larger of two numbers: one instruction, where Python's min and max become a
# branch.
lesser = _each(_smaller, 2, lambda a, b: _where(a < b, a, b))
greater = _each(_larger, 2, lambda a, b: _where(a > b, a, b))
# A number held between two others; NaN stays.
clip = _each(_clipped, 3, np.clip)
# The second number where the first is above zero, else the third.
choose = _each(_chosen, 3, lambda test, value, other: _where(test > 0.0, value, other))
# The first number, or the second where the first is NaN.
where_known = _each(_known, 2, lambda value, other: _where(np.isnan(value), other, value))


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

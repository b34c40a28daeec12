"""The functions every mechanism shares: exponentials and logarithms that vectorise, and the compiler's own settings."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import llvmlite.binding as llvm
import numba
import numpy as np
import platformdirs
from llvmlite import ir
from numba import types
from numba.core.cgutils import unpack_tuple
from numba.extending import intrinsic, lower_builtin, type_callable
from numba.np.arrayobj import make_array, populate_array

Parameters = ParamSpec("Parameters")
Result_co = TypeVar("Result_co", covariant=True)

_COMPILED_SOURCES = (
    "mathematics.py",
    "streams.py",
    "parameters.py",
    "layout.py",
    "measures.py",
    "kernel.py",
    "mechanisms/*.py",
)


@functools.cache
def model_version() -> str:
    """First 12 hexadecimal digits of the digest of every source that is compiled: two equal versions, one model."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for pattern in _COMPILED_SOURCES:
        for source in sorted(here.glob(pattern)):
            digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def cache_folder() -> Path:
    """Where machine code is kept; a new model version has a new folder, so no edit can meet stale code."""
    return Path(platformdirs.user_cache_dir("eurasia-sim")) / f"compiled-{model_version()}"


class Compiled(Protocol[Parameters, Result_co]):
    """A compiled function: called like the one it was made from, which it keeps."""

    @property
    def py_func(self) -> Callable[Parameters, Result_co]:
        """The function as written, for one call that is not worth compiling for."""

    def __call__(self, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result_co:
        """What the function gives, as machine code."""


def compiled(function: Callable[Parameters, Result_co]) -> Compiled[Parameters, Result_co]:
    """The function compiled without the interpreter's lock, IEEE arithmetic kept, its machine code cached.

    Compiled code counts no references: it borrows what its caller keeps alive, allocates nothing, and so gives a caller
    that is not compiled no array either.
    """
    return _compiled(function)


def phase(function: Callable[Parameters, Result_co]) -> Compiled[Parameters, Result_co]:
    """As `compiled`, for a part of a larger function: its machine code is put in place rather than called.

    Hundreds of words say where the arrays of a world lie, and handing them on costs more than many a part does.
    What is put in place at every level would be compiled as often, so the functions that make a month are only called.
    """
    return _compiled(function, forceinline=True)


def _compiled(function: Callable[Parameters, Result_co], **options: bool) -> Compiled[Parameters, Result_co]:
    settings: Any = numba.config  # filled from the environment at import, so its names are not declared
    previous = settings.CACHE_DIR
    settings.CACHE_DIR = str(cache_folder())
    known: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False, **options}
    try:
        decorated: Compiled[Parameters, Result_co] = numba.njit(**known)(function)
    finally:
        settings.CACHE_DIR = previous
    return decorated


def _bitcast(source: types.Type, target: types.Type) -> Callable[[Any], Any]:
    """A compiled function that reads the 64 bits of a `source` as a `target`; numba alone can call it."""

    def bitcast(context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return cast("Callable[[Any], Any]", intrinsic(bitcast))


_float_from_bits = _bitcast(types.int64, types.float64)
_bits_from_float = _bitcast(types.float64, types.int64)


def flat(array: Any) -> Any:
    """All elements of a contiguous array as one row; a view."""
    return array.reshape(-1)


def shaped(row: Any, shape: Any) -> Any:
    """A flat row in the shape given; a view."""
    return row.reshape(shape)


# Compiled, both are a pointer and a shape; numba's own reshaping is a call that works out strides.
@type_callable(flat)
def _flat_type(_: Any) -> Any:
    return lambda array: types.Array(array.dtype, 1, "C")


@type_callable(shaped)
def _shaped_type(_: Any) -> Any:
    return lambda row, shape: types.Array(row.dtype, len(shape), "C")


@lower_builtin(flat, types.Array)
def _flat_view(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    source = make_array(signature.args[0])(context, builder, arguments[0])
    return _view(context, builder, signature.return_type, source.data, [source.nitems])


@lower_builtin(shaped, types.Array, types.BaseTuple)
def _shaped_view(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    source = make_array(signature.args[0])(context, builder, arguments[0])
    lengths = [
        context.cast(builder, length, kind, types.intp)
        for length, kind in zip(unpack_tuple(builder, arguments[1]), signature.args[1].types, strict=True)
    ]
    return _view(context, builder, signature.return_type, source.data, lengths)


def _view(context: Any, builder: Any, kind: Any, data: Any, lengths: list[Any]) -> Any:
    """An array of consecutive elements that owns nothing."""
    size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    strides = [size]
    for length in lengths[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    view = make_array(kind)(context, builder)
    populate_array(view, data=data, shape=lengths, strides=strides, itemsize=size, meminfo=None)
    return view._getvalue()  # noqa: SLF001 - so numba's own lowerings end


# A loop over many rows is taken four steps at a time only if none that it writes overlaps one that it reads, which is
# compared before each loop; left to itself, the compiler gives up beyond eight comparisons.
llvm.set_option("", "-runtime-memory-check-threshold=64")

# Adding this rounds a float64 to an integer held in its low bits: conversion without a conversion instruction.
_ROUND = 6755399441055744.0
_ROUND_BITS = 0x4338000000000000
# The least number that a logarithm or a quotient is given in place of zero.
TINY = 1e-300
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_MANTISSA = 0x000FFFFFFFFFFFFF
_SQUARE_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


def _fused(context: Any, a: Any, b: Any, c: Any) -> Any:
    """A product and a sum rounded once, in the form that numba asks of an intrinsic."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


_fma: Any = intrinsic(_fused)


def _chosen(name: str) -> Any:
    """A call of the processor's own choice between two numbers, in the form that numba asks of an intrinsic.

    Python's min and max become a branch, and a branch around a store costs as much as ten stores.
    """

    def choose(context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            number = context.get_value_type(types.float64)
            function = builder.module.declare_intrinsic(f"llvm.{name}", [number], ir.FunctionType(number, [number] * 2))
            return builder.call(function, arguments)

        return types.float64(types.float64, types.float64), generate

    return intrinsic(choose)


_lesser, _greater = _chosen("minnum"), _chosen("maxnum")


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
    p: float = 1.0 + _fma(r4 * r4, high, low)
    power: float = _float_from_bits(
        (_bits_from_float(shifted) - np.int64(_ROUND_BITS) + np.int64(1023)) << np.int64(52)
    )
    return p * power


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

"""The functions every mechanism shares: exponentials and logarithms that vectorise, and the compiler's own settings."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numba
import numpy as np
import platformdirs
from numba import types
from numba.extending import intrinsic

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
    """The function compiled without the interpreter's lock, IEEE arithmetic kept, its machine code cached."""
    return _compiled(function, is_part=False)


def phase(function: Callable[Parameters, Result_co]) -> Compiled[Parameters, Result_co]:
    """As `compiled`, for a part of a larger function: its machine code is put in place rather than called.

    Some eight hundred words say where the arrays of a world lie, and handing them on costs more than many a part does.
    What is put in place at every level would be compiled as often, so the functions that make a month are only called.
    """
    return _compiled(function, is_part=True)


def _compiled(function: Callable[Parameters, Result_co], *, is_part: bool) -> Compiled[Parameters, Result_co]:
    settings: Any = numba.config  # filled from the environment at import, so its names are not declared
    previous = settings.CACHE_DIR
    settings.CACHE_DIR = str(cache_folder())
    try:
        decorated: Compiled[Parameters, Result_co] = numba.njit(
            cache=True, nogil=True, error_model="numpy", forceinline=is_part
        )(function)
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


def _typed_pointer(context: Any, address: Any) -> Any:
    """An address as a pointer, in the form that numba asks of an intrinsic."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.uintp), generate


_pointer: Any = intrinsic(_typed_pointer)
_carray: Any = vars(numba)["carray"]  # offered by numba without being declared


@compiled
def borrowed(row):
    """The same float64 row without its owner's reference count, which every view would otherwise raise and lower.

    The caller keeps the owner alive.
    """
    return _carray(_pointer(row.ctypes.data), row.shape, np.float64)


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


@compiled
def exponential(x: float) -> float:
    """e to the x, within 4e-16 of it; x is held to [-700, 700], so the result is always finite."""
    x = min(max(x, -700.0), 700.0)
    shifted = x * _LOG2_E + _ROUND
    whole = shifted - _ROUND
    r = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
    p = 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
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
    p = 1.0 / 21.0
    p = p * q + 1.0 / 19.0
    p = p * q + 1.0 / 17.0
    p = p * q + 1.0 / 15.0
    p = p * q + 1.0 / 13.0
    p = p * q + 1.0 / 11.0
    p = p * q + 1.0 / 9.0
    p = p * q + 1.0 / 7.0
    p = p * q + 1.0 / 5.0
    p = p * q + 1.0 / 3.0
    p = p * q + 1.0
    return exponent * _LN2_HIGH + (2.0 * s * p + exponent * _LN2_LOW)


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

"""How functions become machine code: the compiler's settings, where the code is kept, and the model's version."""

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
from numba import types
from numba.core.cgutils import unpack_tuple
from numba.extending import intrinsic, lower_builtin, type_callable, typeof_impl
from numba.np.arrayobj import make_array, populate_array

# A loop over many rows is taken four steps at a time only if none that it writes overlaps one that it reads, which is
# compared before each loop; left to itself, the compiler gives up beyond eight comparisons.
llvm.set_option("", "-runtime-memory-check-threshold=64")
# Loops are a dozen steps long, and a month is more machine code than a processor keeps near: to write a loop out some
# times over costs more than its ends do.
llvm.set_option("", "-unroll-runtime=false")

Parameters = ParamSpec("Parameters")
Result_co = TypeVar("Result_co", covariant=True)

_COMPILED_SOURCES = (
    "compilation.py",
    "lanes.py",
    "mathematics.py",
    "streams.py",
    "parameters.py",
    "layout.py",
    "measures.py",
    "derivation.py",
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


# With NUMBA_DISABLE_JIT=1 every rule runs as it is written, slowly, and what goes wrong has a traceback to its line.
AS_WRITTEN = bool(cast("Any", numba.config).DISABLE_JIT)


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


def generator(function: Callable[Parameters, Result_co]) -> Compiled[Parameters, Result_co]:
    """As `compiled`, for a function that yields: one read back from a cache could not be called by what is new."""
    return _compiled(function, cache=False)


def _compiled(function: Callable[Parameters, Result_co], **options: bool) -> Compiled[Parameters, Result_co]:
    if AS_WRITTEN:
        written: Any = function
        written.py_func = function
        return cast("Compiled[Parameters, Result_co]", written)
    settings: Any = numba.config
    previous = settings.CACHE_DIR
    settings.CACHE_DIR = str(cache_folder())
    known: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False, **options}
    try:
        decorated: Compiled[Parameters, Result_co] = numba.njit(**known)(function)
    finally:
        settings.CACHE_DIR = previous
    return decorated


def instruction(typed: Callable[..., Any], as_written: Callable[..., Any]) -> Any:
    """A function that is one instruction where it is compiled, and another function where nothing is."""
    return as_written if AS_WRITTEN else intrinsic(typed)


def flat(array: Any) -> Any:
    """All elements of a contiguous array as one row; a view."""
    return array.reshape(-1)


def shaped(row: Any, shape: Any) -> Any:
    """A flat row in the shape given; a view."""
    return row.reshape(shape)


def lined(row: Any, at: Any, width: Any, shape: Any) -> Any:
    """A table on a flat row from a place on, its first axis in one piece with room for `width` places; a view."""
    strides = [8, 8 * width]
    for length in shape[1:-1]:
        strides.append(strides[-1] * length)
    return np.lib.stride_tricks.as_strided(row[at:], shape, strides[: len(shape)])


def whole(table: Any) -> Any:
    """The flat row on which a `lined` table lies, with what is left empty; a view."""
    return np.lib.stride_tricks.as_strided(table, (table.shape[-1] * table.strides[-1] // 8,), (8,))


# Compiled, all are a pointer, a shape and strides; numba's own reshaping is a call that works out strides.
@type_callable(flat)
def _flat_type(_: Any) -> Any:
    return lambda array: types.Array(array.dtype, 1, "C")


@type_callable(shaped)
def _shaped_type(_: Any) -> Any:
    return lambda row, shape: types.Array(row.dtype, len(shape), "C")


@type_callable(lined)
def _lined_type(_: Any) -> Any:
    return lambda row, at, width, shape: types.Array(row.dtype, len(shape), "A")  # noqa: ARG005 - as `lined` names them


@type_callable(whole)
def _whole_type(_: Any) -> Any:
    return lambda table: types.Array(table.dtype, 1, "C")


@lower_builtin(flat, types.Array)
def _flat_view(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    source = make_array(signature.args[0])(context, builder, arguments[0])
    return _view(context, builder, signature.return_type, source.data, [source.nitems])


@lower_builtin(shaped, types.Array, types.BaseTuple)
def _shaped_view(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    source = make_array(signature.args[0])(context, builder, arguments[0])
    lengths = _lengths(context, builder, signature.args[1], arguments[1])
    return _view(context, builder, signature.return_type, source.data, lengths)


@lower_builtin(lined, types.Array, types.Integer, types.Integer, types.BaseTuple)
def _lined_view(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    source = make_array(signature.args[0])(context, builder, arguments[0])
    at, width = (context.cast(builder, arguments[n], signature.args[n], types.intp) for n in (1, 2))
    lengths = _lengths(context, builder, signature.args[3], arguments[3])
    strides = [context.get_constant(types.intp, 8)]
    for length in [width, *lengths[1:-1]]:
        strides.append(builder.mul(strides[-1], length))
    start = builder.gep(source.data, [at])
    return _view(context, builder, signature.return_type, start, lengths, strides[: len(lengths)])


@lower_builtin(whole, types.Array)
def _whole_view(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    source = make_array(signature.args[0])(context, builder, arguments[0])
    last = signature.args[0].ndim - 1
    size = builder.mul(builder.extract_value(source.shape, last), builder.extract_value(source.strides, last))
    length = builder.udiv(size, context.get_constant(types.intp, 8))
    return _view(context, builder, signature.return_type, source.data, [length])


def _lengths(context: Any, builder: Any, kind: Any, shape: Any) -> list[Any]:
    """A shape's lengths as whole numbers of one kind."""
    return [
        context.cast(builder, length, each, types.intp)
        for length, each in zip(unpack_tuple(builder, shape), kind.types, strict=True)
    ]


def _view(context: Any, builder: Any, kind: Any, data: Any, lengths: list[Any], strides: Any = None) -> Any:
    """An array that owns nothing; its elements are consecutive where no strides are given."""
    size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    if strides is None:
        strides = [size]
        for length in lengths[:0:-1]:
            strides.insert(0, builder.mul(strides[0], length))
    view = make_array(kind)(context, builder)
    populate_array(view, data=data, shape=lengths, strides=strides, itemsize=size, meminfo=None)
    return view._getvalue()  # noqa: SLF001 - so numba's own lowerings end


def tables(kind: type) -> None:
    """Let a named tuple of arrays have one type for numba whatever its counts: of two axes or more, any strides.

    NumPy calls a table of one column consecutive, and what is compiled for one world would not serve the next.
    """

    @typeof_impl.register(kind)
    def _(held: Any, _: Any) -> Any:
        return types.NamedTuple(
            [types.Array(numba.from_dtype(each.dtype), each.ndim, "A" if each.ndim > 1 else "C") for each in held], kind
        )

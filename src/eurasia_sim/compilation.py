"""How functions become machine code: the compiler's settings, where the code is kept, and the model's version."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import llvmlite.binding as llvm
import numba
import platformdirs
from numba import types
from numba.core.cgutils import unpack_tuple
from numba.extending import intrinsic, lower_builtin, type_callable
from numba.np.arrayobj import make_array, populate_array

# A loop over many rows is taken four steps at a time only if none that it writes overlaps one that it reads, which is
# compared before each loop; left to itself, the compiler gives up beyond eight comparisons.
llvm.set_option("", "-runtime-memory-check-threshold=64")

Parameters = ParamSpec("Parameters")
Result_co = TypeVar("Result_co", covariant=True)

_COMPILED_SOURCES = (
    "compilation.py",
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


# With NUMBA_DISABLE_JIT=1 every rule runs as it is written, slowly, and what goes wrong has a traceback to its line.
_AS_WRITTEN = bool(cast("Any", numba.config).DISABLE_JIT)


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
    if _AS_WRITTEN:
        plain: Any = function
        plain.py_func = function
        return cast("Compiled[Parameters, Result_co]", plain)
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
    return as_written if _AS_WRITTEN else intrinsic(typed)


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

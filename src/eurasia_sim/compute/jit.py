"""Compile functions to machine code: settings, where the code is kept, the model's version."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numba
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic

from eurasia_sim.compute.machine_code import keep, model_version

__all__ = [
    "AS_WRITTEN",
    "Compiled",
    "compiled",
    "inlined",
    "instruction",
    "model_version",
    "sequence",
]

Parameters = ParamSpec("Parameters")
Result_co = TypeVar("Result_co", covariant=True)

# With NUMBA_DISABLE_JIT=1 every rule runs as it is written, slowly, and what goes wrong has a
# traceback to its line.
AS_WRITTEN = bool(cast("Any", numba.config).DISABLE_JIT)


class Compiled(Protocol[Parameters, Result_co]):
    """A compiled function: called like the one it was made from, which it keeps."""

    @property
    def py_func(self) -> Callable[Parameters, Result_co]:
        """The function as written, for one call that is not worth compiling for."""

    def __call__(self, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result_co:
        """What the function gives, as machine code."""


class _Formula(CPUDispatcher):
    """A function that compiled code inlines; a call from Python compiles it alone."""

    @functools.cached_property
    def _alone(self) -> Compiled[..., Any]:
        return compiled(self.py_func)

    def __call__(self, *args: Any) -> Any:
        return self._alone(*args)


def compiled(function: Callable[Parameters, Result_co]) -> Compiled[Parameters, Result_co]:
    """Compile a function without the interpreter's lock, with IEEE arithmetic, and cache it.

    Compiled code counts no references: it borrows what its caller keeps alive, allocates nothing,
    and so gives a caller that is not compiled no array either.
    """
    return _compiled(function)


def inlined(function: Callable[Parameters, Result_co]) -> Compiled[Parameters, Result_co]:
    """As `compiled`, for a formula or a part of a rule: inlined where it is called.

    It has code of its own only once Python calls it, which saves a tenth of a first run.
    """
    formula: Any = _compiled(function, forceinline=True, no_cpython_wrapper=True)
    if not AS_WRITTEN:
        formula.__class__ = _Formula
    return cast("Compiled[Parameters, Result_co]", formula)


def sequence(function: Callable[Parameters, Result_co]) -> Compiled[Parameters, Result_co]:
    """As `compiled`, for a sequence of calls: compiled with its caller, not alone."""
    return _compiled(function, inline="always")


def _compiled(
    function: Callable[Parameters, Result_co], **options: bool | str
) -> Compiled[Parameters, Result_co]:
    if AS_WRITTEN:
        written: Any = function
        written.py_func = function
        return cast("Compiled[Parameters, Result_co]", written)
    known: dict[str, Any] = {
        "nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True, **options,
    }  # fmt: skip
    decorated: Compiled[Parameters, Result_co] = numba.njit(**known)(function)
    if "forceinline" not in options:
        keep(decorated)
    return decorated


def instruction(typed: Callable[..., Any], as_written: Callable[..., Any]) -> Any:
    """One instruction in compiled code; `as_written` where nothing is compiled."""
    return as_written if AS_WRITTEN else intrinsic(typed)

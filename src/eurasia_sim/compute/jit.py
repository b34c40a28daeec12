"""Compile functions to machine code: settings, where the code is kept, the model's version."""

import functools
from collections.abc import Callable
from typing import Any, cast

import numba
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic

from eurasia_sim.compute.machine_code import keep, model_version

__all__ = ["AS_WRITTEN", "compiled", "inlined", "instruction", "model_version", "sequence"]

# With NUMBA_DISABLE_JIT=1 every rule runs as it is written, slowly, and what goes wrong has a
# traceback to its line.
AS_WRITTEN = bool(cast("Any", numba.config).DISABLE_JIT)


class _Formula(CPUDispatcher):
    """A function that compiled code inlines; a call from Python compiles it alone."""

    @functools.cached_property
    def _alone(self):
        return compiled(self.py_func)

    def __call__(self, *args):
        return self._alone(*args)


def compiled(function):
    """Compile a function without the interpreter's lock, with IEEE arithmetic, and cache it.

    Compiled code counts no references: it borrows what its caller keeps alive, allocates nothing,
    and so gives a caller that is not compiled no array either. `py_func` is the function as
    written, for one call that is not worth compiling for.
    """
    decorated = _compiled(function)
    if not AS_WRITTEN:
        keep(decorated)
    return decorated


def inlined(function):
    """As `compiled`, for a formula or a part of a rule: inlined where it is called.

    It has code of its own only once Python calls it, which saves a tenth of a first run.
    """
    formula = _compiled(function, forceinline=True, no_cpython_wrapper=True)
    if not AS_WRITTEN:
        formula.__class__ = _Formula
    return formula


def sequence(function):
    """As `compiled`, for a sequence of calls: compiled with its caller, not alone."""
    return _compiled(function, inline="always")


def _compiled(function, **options: Any):
    if AS_WRITTEN:
        function.py_func = function
        return function
    options |= {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}
    return numba.njit(**options)(function)


def instruction(typed: Callable[..., Any], as_written: Callable[..., Any]) -> Any:
    """One instruction in compiled code; `as_written` where nothing is compiled."""
    return as_written if AS_WRITTEN else intrinsic(typed)

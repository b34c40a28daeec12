"""Eight numbers at a time, one a run, written as if they were one number.

A rule reads `threat[i, j]` and gets the eight runs' numbers, which add, multiply and go through
functions as one does. Nothing here works across the eight, so no run can change another's, whatever
the processor's registers. Where nothing is compiled, the eight numbers are a NumPy array.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.jit import instruction


class Vector(types.Type):
    """The type of eight numbers."""

    def __init__(self, dtype: types.Type) -> None:
        super().__init__(f"Vector({dtype})")
        self.dtype = dtype


NUMBERS, BITS, WORDS = Vector(types.float64), Vector(types.int64), Vector(types.uint64)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        element = ir.DoubleType() if kind.dtype == types.float64 else ir.IntType(64)
        super().__init__(manager, kind, ir.VectorType(element, RUNS))


def spread_over(context: Any, builder: Any, value: Any, kind: Any, vector: Vector) -> Any:
    """A value as eight: itself if it is eight already, else the one number eight times."""
    if isinstance(kind, Vector):
        return value
    one = context.cast(builder, value, kind, vector.dtype)
    empty = ir.Constant(ir.VectorType(one.type, RUNS), ir.Undefined)
    first = builder.insert_element(empty, one, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(
        first, empty, ir.Constant(ir.VectorType(ir.IntType(32), RUNS), [0] * RUNS)
    )


def vector_among(kinds: Any) -> Vector | None:
    """The vector type among some types of numbers; none without a vector or with another thing."""
    found = [kind for kind in kinds if isinstance(kind, Vector)]
    rest = [kind for kind in kinds if not isinstance(kind, Vector)]
    if not found or not all(isinstance(kind, types.Number) for kind in rest):
        return None
    return found[0]


def _binary(function: Any, build: dict[Any, str]) -> None:
    """Let an operator of two numbers work on eights, or on eights and one number."""

    class Template(AbstractTemplate):
        key = function

        def generic(self, args: Any, _: Any) -> Any:
            vector = vector_among(args) if len(args) == 2 else None
            return (
                signature(vector, *args) if vector is not None and vector.dtype in build else None
            )

    infer_global(function)(Template)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = sig.return_type
        pair = [
            spread_over(context, builder, arg, kind, vector)
            for arg, kind in zip(args, sig.args, strict=True)
        ]
        return getattr(builder, build[vector.dtype])(*pair)

    for kinds in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(function, *kinds)(lower)


_F, _I, _U = types.float64, types.int64, types.uint64
for _both, _build in (
    ((operator.add, operator.iadd), {_F: "fadd", _I: "add", _U: "add"}),
    ((operator.sub, operator.isub), {_F: "fsub", _I: "sub"}),
    ((operator.mul, operator.imul), {_F: "fmul", _U: "mul"}),
    ((operator.truediv, operator.itruediv), {_F: "fdiv"}),
    ((operator.and_,), {_I: "and_", _U: "and_"}),
    ((operator.or_,), {_U: "or_"}),
    ((operator.xor,), {_U: "xor"}),
    ((operator.lshift,), {_I: "shl"}),
    ((operator.rshift,), {_I: "ashr", _U: "lshr"}),
):
    for _operator in _both:
        _binary(_operator, _build)


@infer_global(operator.neg)
class _Negative(AbstractTemplate):
    def generic(self, args: Any, _: Any) -> Any:
        return signature(args[0], args[0]) if args == (NUMBERS,) else None


@lower_builtin(operator.neg, Vector)
def _negate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


def _each_run(context: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return spread_over(context, builder, args[0], value, NUMBERS)

    return NUMBERS(value), generate


# One number for all eight runs: what a sum begins with.
each_run = instruction(_each_run, lambda value: np.full(RUNS, value, np.float64))


def _some(context: Any, test: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if test != NUMBERS:
            return builder.fcmp_ordered(">", args[0], ir.Constant(args[0].type, 0.0))
        above = builder.fcmp_ordered(">", args[0], ir.Constant(args[0].type, [0.0] * RUNS))
        bits = builder.bitcast(above, ir.IntType(RUNS))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(RUNS), 0))

    return types.boolean(test), generate


# Whether a number is above zero in any run: for leaving out what no run needs, never for a result.
in_some_run = instruction(_some, lambda test: bool(np.any(np.asarray(test) > 0.0)))

"""Eight numbers at a time, one a run, written as if they were one number.

A rule reads `threat[i, j]` and gets the eight runs' numbers, which add, multiply and go through
functions as one does; one number beside them counts for all eight. Nothing here works across the
eight, so no run can change another's, whatever the processor's registers. Where nothing is
compiled, the eight numbers are a NumPy array.
"""

import operator

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typeconv.castgraph import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, lower_cast, models, register_model

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.jit import instruction


class Vector(types.Type):
    """The type of eight numbers."""

    def __init__(self, dtype: types.Type) -> None:
        super().__init__(f"Vector({dtype})")
        self.dtype = dtype

    def can_convert_from(self, _, other):
        """One number becomes eight that are equal."""
        return Conversion.safe if isinstance(other, types.Number) else None


NUMBERS = Vector(types.float64)
_EACH = {
    types.float64: ir.DoubleType(), types.int64: ir.IntType(64), types.uint64: ir.IntType(64),
}  # fmt: skip


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.VectorType(_EACH[kind.dtype], RUNS))


@lower_cast(types.Number, Vector)
def _spread(context, builder, kind, vector, value):
    one = context.cast(builder, value, kind, vector.dtype)
    empty = ir.Constant(ir.VectorType(one.type, RUNS), ir.Undefined)
    first = builder.insert_element(empty, one, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), RUNS), [0] * RUNS)
    return builder.shuffle_vector(first, empty, zeros)


def _on_eights(function, build):
    """Let an operator work on eights, or on eights and one number.

    Args:
        build: by the kind of number, the name of the instruction.
    """

    class Template(AbstractTemplate):
        key = function

        def generic(self, args, _):
            vector = next((kind for kind in args if isinstance(kind, Vector)), None)
            is_known = vector is not None and vector.dtype in build
            return signature(vector, *[vector] * len(args)) if is_known else None

    infer_global(function)(Template)

    def lower(context, builder, sig, args):
        return getattr(builder, build[sig.return_type.dtype])(*args)

    arguments = 1 if function is operator.neg else 2
    lower_builtin(function, *[Vector] * arguments)(lower)


_F, _I, _U = types.float64, types.int64, types.uint64
for _both, _build in (
    ((operator.add, operator.iadd), {_F: "fadd", _I: "add", _U: "add"}),
    ((operator.sub, operator.isub), {_F: "fsub", _I: "sub"}),
    ((operator.mul, operator.imul), {_F: "fmul", _U: "mul"}),
    ((operator.truediv, operator.itruediv), {_F: "fdiv"}),
    ((operator.neg,), {_F: "fneg"}),
    ((operator.and_,), {_I: "and_", _U: "and_"}),
    ((operator.or_,), {_U: "or_"}),
    ((operator.xor,), {_U: "xor"}),
    ((operator.lshift,), {_I: "shl"}),
    ((operator.rshift,), {_I: "ashr", _U: "lshr"}),
):
    for _operator in _both:
        _on_eights(_operator, _build)


def _some(context, test):
    def generate(context, builder, sig, args):
        zeros = ir.Constant(args[0].type, [0.0] * RUNS)
        bits = builder.bitcast(builder.fcmp_ordered(">", args[0], zeros), ir.IntType(RUNS))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(RUNS), 0))

    return types.boolean(NUMBERS), generate


# Whether a number is above zero in any run: for leaving out what no run needs, never for a result.
in_some_run = instruction(_some, lambda test: bool(np.any(np.asarray(test) > 0.0)))

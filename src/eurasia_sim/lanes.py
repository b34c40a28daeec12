"""Eight numbers at a time: what a processor does side by side, written as if it were one number.

`for i in eights(actors)` goes along an axis eight places at a step, and `effort[i, k, d]` is then eight numbers, which
add, multiply and go through functions as one does. The axis lies in one piece and has room up to a whole step; see
`layout.width`. Every processor takes the same steps in the same order, whatever its registers.
Where nothing is compiled, `i` is a slice and the numbers are a piece of an array.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, overload, register_model
from numba.np.arrayobj import make_array

from eurasia_sim.compilation import generator, instruction

LANES = 8


class Eight(types.Type):
    """The type of an index that stands for eight places."""


class Lanes(types.Type):
    """The type of eight numbers."""

    def __init__(self, dtype: types.Type) -> None:
        super().__init__(f"Lanes({dtype})")
        self.dtype = dtype


EIGHT = Eight("Eight")
NUMBERS, WORDS = Lanes(types.float64), Lanes(types.int64)


@register_model(Eight)
class _EightModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.IntType(64))


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.VectorType(_element(kind), LANES))


def _element(kind: Any) -> Any:
    return ir.DoubleType() if kind.dtype == types.float64 else ir.IntType(64)


def spread_over(context: Any, builder: Any, value: Any, kind: Any, lanes: Lanes) -> Any:
    """A value as eight: itself if it is eight already, else the one number eight times."""
    if isinstance(kind, Lanes):
        return value
    one = context.cast(builder, value, kind, lanes.dtype)
    empty = ir.Constant(ir.VectorType(one.type, LANES), ir.Undefined)
    first = builder.insert_element(empty, one, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def lanes_among(kinds: Any) -> Lanes | None:
    """The eight numbers' type among some types of numbers; none where there is another thing, or no eight."""
    found = [kind for kind in kinds if isinstance(kind, Lanes)]
    rest = [kind for kind in kinds if not isinstance(kind, Lanes)]
    if not found or not all(isinstance(kind, types.Number) for kind in rest):
        return None
    return found[0]


def _binary(function: Any, build: dict[Any, str]) -> None:
    """Let an operator of two numbers work on eights, or on eights and one number."""

    class Template(AbstractTemplate):
        key = function

        def generic(self, args: Any, _: Any) -> Any:
            lanes = lanes_among(args) if len(args) == 2 else None
            return signature(lanes, *args) if lanes is not None and lanes.dtype in build else None

    infer_global(function)(Template)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = sig.return_type
        pair = [spread_over(context, builder, arg, kind, lanes) for arg, kind in zip(args, sig.args, strict=True)]
        return getattr(builder, build[lanes.dtype])(*pair)

    for kinds in ((Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(function, *kinds)(lower)


for _both, _build in (
    ((operator.add, operator.iadd), {types.float64: "fadd", types.int64: "add"}),
    ((operator.sub, operator.isub), {types.float64: "fsub", types.int64: "sub"}),
    ((operator.mul, operator.imul), {types.float64: "fmul"}),
    ((operator.truediv, operator.itruediv), {types.float64: "fdiv"}),
    ((operator.and_,), {types.int64: "and_"}),
    ((operator.lshift,), {types.int64: "shl"}),
    ((operator.rshift,), {types.int64: "ashr"}),
):
    for _operator in _both:
        _binary(_operator, _build)


@infer_global(operator.neg)
class _Negative(AbstractTemplate):
    def generic(self, args: Any, _: Any) -> Any:
        return signature(args[0], args[0]) if args == (NUMBERS,) else None


@lower_builtin(operator.neg, Lanes)
def _negate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


def _kinds(index: Any) -> list[Any]:
    """The types of an index's parts."""
    return list(index.types) if isinstance(index, types.UniTuple | types.Tuple) else [index]


def _address(context: Any, builder: Any, array_kind: Any, array: Any, index_kind: Any, index: Any) -> Any:
    """Where eight numbers of an array begin, as a pointer to them."""
    held = make_array(array_kind)(context, builder, array)
    kinds = _kinds(index_kind)
    single = isinstance(index_kind, Eight)
    values = [index] if single else [builder.extract_value(index, at) for at in range(len(kinds))]
    offset = context.get_constant(types.intp, 0)
    strides = [builder.extract_value(held.strides, at) for at in range(array_kind.ndim)]
    for kind, value, stride in zip(kinds, values, strides, strict=True):
        place = value if isinstance(kind, Eight) else context.cast(builder, value, kind, types.intp)
        offset = builder.add(offset, builder.mul(place, stride))
    start = builder.gep(builder.bitcast(held.data, ir.IntType(8).as_pointer()), [offset])
    return builder.bitcast(start, ir.VectorType(ir.DoubleType(), LANES).as_pointer())


def _is_place_of_eight(array: Any, index: Any) -> bool:
    """Whether an index takes eight numbers of an array."""
    kinds = _kinds(index)
    return (
        isinstance(array, types.Array)
        and array.dtype == types.float64
        and len(kinds) == array.ndim
        and sum(isinstance(kind, Eight) for kind in kinds) == 1
        and all(isinstance(kind, Eight | types.Integer) for kind in kinds)
    )


def _taken(context: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, array, args[0], index, args[1]), align=8)

    return NUMBERS(array, index), generate


def _put(context: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        eight = spread_over(context, builder, args[2], value, NUMBERS)
        builder.store(eight, _address(context, builder, array, args[0], index, args[1]), align=8)

    return types.void(array, index, value), generate


_take_eight: Any = intrinsic(_taken)
_put_eight: Any = intrinsic(_put)


# numba reads the names of what an overload gives, which an intrinsic hides: hence functions that only call one.
@overload(operator.getitem)
def _getitem(array, index):
    def take(array, index):
        return _take_eight(array, index)

    return take if _is_place_of_eight(array, index) else None


@overload(operator.setitem)
def _setitem(array, index, value):
    def put(array, index, value):
        return _put_eight(array, index, value)

    return put if _is_place_of_eight(array, index) else None


def _eight(context: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.cast(builder, args[0], at, types.int64)

    return EIGHT(at), generate


eight = instruction(_eight, lambda at: slice(int(at), int(at) + LANES))


@generator
def eights(size):
    """Steps of eight along so many places."""
    for at in range(0, size, LANES):
        yield eight(at)


def _spread(context: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return spread_over(context, builder, args[0], value, NUMBERS)

    return NUMBERS(value), generate


spread = instruction(_spread, lambda value: value)


def _sum(context: Any, row: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        half, width = args[0], LANES // 2
        while width:
            mask = ir.VectorType(ir.IntType(32), width)
            low, high = ir.Constant(mask, list(range(width))), ir.Constant(mask, list(range(width, 2 * width)))
            half = builder.fadd(builder.shuffle_vector(half, half, low), builder.shuffle_vector(half, half, high))
            width //= 2
        return builder.extract_element(half, ir.Constant(ir.IntType(32), 0))

    return types.float64(row), generate


def _sum_as_written(row: Any) -> float:
    whole = np.full(LANES, row) if np.ndim(row) == 0 else _all_eight_as_written(row)
    while len(whole) > 1:
        whole = whole[: len(whole) // 2] + whole[len(whole) // 2 :]
    return float(whole[0])


total = instruction(_sum, _sum_as_written)


def _all_eight(context: Any, row: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0]

    return NUMBERS(row), generate


def _all_eight_as_written(row: Any) -> Any:
    whole = np.zeros(LANES)
    whole[: len(row)] = row
    return whole


# Eight numbers for a longer axis, of fewer at the end of a shorter one.
all_eight = instruction(_all_eight, _all_eight_as_written)

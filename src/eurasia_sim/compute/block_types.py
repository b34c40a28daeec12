"""The compiled type of a block: its buffer and counts, and from them every array.

`state.threat` is found when a rule names it: nothing is unpacked, and a block is passed on as seven
words.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.cgutils import create_struct_proxy
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.extending import (
    NativeValue,
    box,
    lower_builtin,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import make_array, populate_array

from eurasia_sim.compute.blocks import AXES, RUNS, Block, Counts, Field, Run, Table
from eurasia_sim.compute.vectors import NUMBERS, WORDS, Vector, spread_over


class BlockType(types.Type):
    """The type of a block of a table."""

    def __init__(self, table: Table) -> None:
        super().__init__(
            f"Block({table.name}: {' '.join(f'{f.name}:{f.axes}:{f.unit}' for f in table.fields)})"
        )
        self.table = table


class RunType(types.Type):
    """The type of one run of a block, the runs of which lie `stride` apart."""

    def __init__(self, table: Table, stride: int) -> None:
        super().__init__(f"Run({stride}, {BlockType(table).name})")
        self.table, self.stride = table, stride


class EightsType(types.Type):
    """The type of an array of eights."""

    def __init__(self, axes: str) -> None:
        super().__init__(f"Eights({axes})")
        self.axes = axes
        self.ndim = len(axes)


typeof_impl.register(Block)(lambda block, _: BlockType(block.table))
typeof_impl.register(Run)(lambda run, _: RunType(run.table, run.stride))


@register_model(BlockType)
@register_model(RunType)
class _BlockModel(models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        members = [
            ("data", types.CPointer(types.float64)),
            *((name, types.intp) for name in Counts._fields),
        ]
        super().__init__(manager, kind, members)


@register_model(EightsType)
class _EightsModel(models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        members = [
            ("data", types.CPointer(types.float64)),
            ("shape", types.UniTuple(types.intp, kind.ndim)),
        ]
        super().__init__(manager, kind, members)


@unbox(BlockType)
@unbox(RunType)
def _unbox(kind: Any, held: Any, c: Any) -> Any:
    words_kind = types.Array(types.int64, 1, "C")
    words = c.pyapi.object_getattr_string(held, "words")
    array = make_array(words_kind)(c.context, c.builder, c.unbox(words_kind, words).value)
    block = create_struct_proxy(kind)(c.context, c.builder)
    for at, name in enumerate(("data", *Counts._fields)):
        word = c.builder.load(c.builder.gep(array.data, [ir.Constant(ir.IntType(64), at)]))
        setattr(
            block, name, c.builder.inttoptr(word, ir.DoubleType().as_pointer()) if at == 0 else word
        )
    c.pyapi.decref(words)  # the block holds it as long as the call lasts
    return NativeValue(block._getvalue())  # noqa: SLF001 - so numba's own lowerings end


def _type_of(kind: Any, field: Field) -> Any:
    """The type of one array of a block, or of one of its runs; none where rules read no such."""
    dtype: Any = field.dtype
    if isinstance(kind, RunType):
        one = {np.int64: types.int64, np.uint64: types.uint64}.get(dtype, types.float64)
        return types.Array(one, len(field.axes), "A") if field.axes else one
    if not field.axes:
        return {np.float64: NUMBERS, np.uint64: WORDS}.get(dtype)
    return EightsType(field.axes) if dtype is np.float64 else None


class _Attributes(AttributeTemplate):
    def generic_resolve(self, kind: Any, name: str) -> Any:  # type: ignore[override]
        if name in Counts._fields:
            return types.intp
        field = kind.table.of.get(name)
        return None if field is None else _type_of(kind, field)


for _kind in (BlockType, RunType):
    infer_getattr(type(f"{_kind.__name__}Attributes", (_Attributes,), {"key": _kind}))


def _place(builder: Any, block: Any, table: Table, name: str, stride: int) -> tuple[Any, list[Any]]:
    """Where a field begins, and its shape."""

    def word(value: int) -> Any:
        return ir.Constant(ir.IntType(64), value)

    offset = word(0)
    for names, times in table.before[name].items():
        product = word(times * stride)
        for count in names:
            product = builder.mul(product, getattr(block, count))
        offset = builder.add(offset, product)
    lengths = [AXES[letter] for letter in table.of[name].axes]
    shape = [
        getattr(block, length) if isinstance(length, str) else word(length) for length in lengths
    ]
    return builder.gep(block.data, [offset]), shape


@lower_getattr_generic(BlockType)
def _field_of_block(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    block = create_struct_proxy(kind)(context, builder, value=value)
    if name in Counts._fields:
        return getattr(block, name)
    start, shape = _place(builder, block, kind.table, name, RUNS)
    axes = kind.table.of[name].axes
    if not axes:
        eight = context.get_value_type(_type_of(kind, kind.table.of[name]))
        return builder.load(builder.bitcast(start, eight.as_pointer()), align=8)
    found = create_struct_proxy(EightsType(axes))(context, builder)
    found.data = start
    found.shape = context.make_tuple(builder, types.UniTuple(types.intp, len(shape)), shape)
    return found._getvalue()  # noqa: SLF001 - as above


@lower_getattr_generic(RunType)
def _field_of_run(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    run = create_struct_proxy(kind)(context, builder, value=value)
    if name in Counts._fields:
        return getattr(run, name)
    start, shape = _place(builder, run, kind.table, name, kind.stride)
    array_kind = _type_of(kind, kind.table.of[name])
    if not shape:
        return builder.load(builder.bitcast(start, context.get_value_type(array_kind).as_pointer()))
    strides = [ir.Constant(ir.IntType(64), 8 * kind.stride)]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    view = make_array(array_kind)(context, builder)
    pointer = builder.bitcast(start, context.get_data_type(array_kind.dtype).as_pointer())
    eight = context.get_constant(types.intp, 8)
    populate_array(view, data=pointer, shape=shape, strides=strides, itemsize=eight,
                   meminfo=None)  # fmt: skip
    return view._getvalue()  # noqa: SLF001 - as above


def _eight() -> Any:
    return ir.VectorType(ir.DoubleType(), RUNS)


def _parts(index: Any) -> Any:
    """The types of an index's parts."""
    return getattr(index, "types", (index,))


def _is_full(array: EightsType, index: Any) -> bool:
    """Whether an index takes eight numbers of an array."""
    kinds = _parts(index)
    return len(kinds) == array.ndim and all(isinstance(kind, types.Integer) for kind in kinds)


def _eight_at(
    context: Any, builder: Any, kind: Any, array: Any, index_kind: Any, index: Any
) -> Any:
    """Where eight numbers of an array lie, as a pointer to them."""
    is_plain = isinstance(kind, types.Array)
    held = (make_array(kind) if is_plain else create_struct_proxy(kind))(
        context, builder, value=array
    )
    kinds = _parts(index_kind)
    if isinstance(index_kind, types.BaseTuple):
        values = [builder.extract_value(index, at) for at in range(len(kinds))]
    else:
        values = [index]
    place = ir.Constant(ir.IntType(64), 0)
    for axis, (each, value) in enumerate(zip(kinds, values, strict=True)):
        length = builder.extract_value(held.shape, axis)
        place = builder.add(
            builder.mul(place, length), context.cast(builder, value, each, types.intp)
        )
    start = builder.gep(held.data, [builder.mul(place, ir.Constant(ir.IntType(64), RUNS))])
    return builder.bitcast(start, _eight().as_pointer())


@infer_global(operator.getitem)
class _Read(AbstractTemplate):
    def generic(self, args: Any, _: Any) -> Any:
        held, index = args
        if isinstance(held, EightsType) and _is_full(held, index):
            return signature(NUMBERS, held, index)
        if isinstance(held, BlockType) and isinstance(index, types.Integer):
            return signature(RunType(held.table, RUNS), held, types.intp)
        return None


@infer_global(operator.setitem)
class _Write(AbstractTemplate):
    def generic(self, args: Any, _: Any) -> Any:
        held, index, value = args
        if (
            isinstance(held, EightsType)
            and _is_full(held, index)
            and (value == NUMBERS or value in types.number_domain)
        ):
            return signature(types.none, held, index, value)
        if (
            isinstance(held, types.Array)
            and value == NUMBERS
            and (held.layout, held.dtype) == ("C", types.float64)
        ):
            kinds = _parts(index)
            return (
                signature(types.none, held, index, value) if len(kinds) == held.ndim - 1 else None
            )
        return None


@lower_builtin(operator.getitem, EightsType, types.Any)
def _read(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(
        _eight_at(context, builder, sig.args[0], args[0], sig.args[1], args[1]), align=8
    )


@lower_builtin(operator.setitem, types.Array, types.Any, Vector)
@lower_builtin(operator.setitem, EightsType, types.Any, types.Any)
def _write(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    eight = spread_over(context, builder, args[2], sig.args[2], NUMBERS)
    builder.store(
        eight, _eight_at(context, builder, sig.args[0], args[0], sig.args[1], args[1]), align=8
    )
    return context.get_dummy_value()


@lower_builtin(operator.getitem, BlockType, types.intp)
def _run_of(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    block = create_struct_proxy(sig.args[0])(context, builder, value=args[0])
    run = create_struct_proxy(sig.return_type)(context, builder)
    for name in Counts._fields:
        setattr(run, name, getattr(block, name))
    run.data = builder.gep(block.data, [args[1]])
    return run._getvalue()  # noqa: SLF001 - as above


@box(Vector)
def _box(kind: Any, value: Any, c: Any) -> Any:
    """A tuple of eight numbers, for who calls a part of a rule from Python."""
    found, is_float = c.pyapi.tuple_new(RUNS), kind == NUMBERS
    made = c.pyapi.float_from_double if is_float else c.pyapi.long_from_ulonglong
    for r in range(RUNS):
        number = c.builder.extract_element(value, ir.Constant(ir.IntType(32), r))
        c.pyapi.tuple_setitem(found, r, made(number))
    return found

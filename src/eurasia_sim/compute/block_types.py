"""The compiled type of a block: its buffer and counts, and from them every array.

`state.threat` is found when a rule names it: nothing is unpacked, and a block is passed on as nine
words. An array is numba's own, of `Vector`s in a block and of plain numbers in one run of it.
"""

import operator
from typing import Any

import numpy as np
from numba import types
from numba.core.cgutils import intp_t
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.extending import (
    NativeValue,
    lower_builtin,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import make_array, populate_array

from eurasia_sim.compute.blocks import AXES, RUNS, Block, Counts, Run, Table
from eurasia_sim.compute.vectors import Vector

_NUMBERS: dict[Any, Any] = {
    np.float64: types.float64,
    np.int64: types.int64,
    np.uint64: types.uint64,
}
_WORDS = types.Array(types.int64, 1, "C")


class BlockType(types.Type):
    """The type of a block of a table, or of one run of a block, whose runs lie `stride` apart."""

    def __init__(self, table: Table, stride: int, *, is_run: bool) -> None:
        fields = " ".join(f"{field.name}:{field.axes}:{field.unit}" for field in table.fields)
        super().__init__(f"Block({is_run}, {stride}, {table.name}: {fields})")
        self.table, self.stride, self.is_run = table, stride, is_run

    def type_of(self, name: str) -> types.Type | None:
        """The type of what goes by a name; none where nothing does."""
        if name in Counts._fields:
            return types.intp
        if name not in self.table.of:
            return None
        field = self.table.of[name]
        number = _NUMBERS[field.dtype]
        if self.is_run:
            return types.Array(number, len(field.axes), "A") if field.axes else number
        eight = Vector(number)
        return types.Array(eight, len(field.axes), "C", aligned=False) if field.axes else eight


typeof_impl.register(Block)(lambda block, _: BlockType(block.table, RUNS, is_run=False))
typeof_impl.register(Run)(lambda run, _: BlockType(run.table, run.stride, is_run=True))


@register_model(BlockType)
class _BlockModel(models.StructModel):
    """The words of a block (`Block.words`): where its buffer begins, and its counts."""

    def __init__(self, manager, kind):
        counts = [(name, types.intp) for name in Counts._fields]
        super().__init__(manager, kind, [("data", types.CPointer(types.float64)), *counts])


@unbox(BlockType)
def _unbox(kind, held, c):
    words = c.pyapi.object_getattr_string(held, "words")
    array = make_array(_WORDS)(c.context, c.builder, c.unbox(_WORDS, words).value)
    c.pyapi.decref(words)  # the block holds it as long as the call lasts
    block = c.builder.bitcast(array.data, c.context.get_value_type(kind).as_pointer())
    return NativeValue(c.builder.load(block))


@infer_getattr
class _Attributes(AttributeTemplate):
    key = BlockType

    def generic_resolve(self, kind, name):  # type: ignore[override]
        return kind.type_of(name)


@lower_getattr_generic(BlockType)
def _attribute(context, builder, kind, block, name):
    """A count, or the array or number of a field, found by what lies before it."""
    data, *counts = (builder.extract_value(block, at) for at in range(1 + len(Counts._fields)))
    count = dict(zip(Counts._fields, counts, strict=True))
    if name in count:
        return count[name]
    offset = intp_t(0)
    for counted, times in kind.table.before[name].items():
        product = intp_t(times * kind.stride)
        for each in counted:
            product = builder.mul(product, count[each])
        offset = builder.add(offset, product)
    found, start = kind.type_of(name), builder.gep(data, [offset])
    if not isinstance(found, types.Array):
        number = context.get_data_type(found)
        return builder.load(builder.bitcast(start, number.as_pointer()), align=8)
    start = builder.bitcast(start, context.get_data_type(found.dtype).as_pointer())
    lengths = [AXES[letter] for letter in kind.table.of[name].axes]
    shape = [count[each] if isinstance(each, str) else intp_t(each) for each in lengths]
    size = intp_t(8 if kind.is_run else 8 * RUNS)
    strides = [intp_t(8 * kind.stride)]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    view = make_array(found)(context, builder)
    populate_array(view, data=start, shape=shape, strides=strides, itemsize=size, meminfo=None)
    return view._getvalue()  # noqa: SLF001 - so numba's own lowerings end


@infer_global(operator.getitem)
class _OneRun(AbstractTemplate):
    def generic(self, args, _):
        block, index = args
        if not isinstance(block, BlockType) or not isinstance(index, types.Integer):
            return None
        return signature(BlockType(block.table, block.stride, is_run=True), block, types.intp)


@lower_builtin(operator.getitem, BlockType, types.intp)
def _one_run(context, builder, sig, args):
    block, r = args
    data = builder.gep(builder.extract_value(block, 0), [r])
    return builder.insert_value(block, data, 0)

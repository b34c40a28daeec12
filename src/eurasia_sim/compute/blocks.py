"""Named arrays of eight runs on one buffer, made from a table of fields.

`Block` is what compiled code and tests are handed: `state.threat[i, j]` is eight numbers, one a
run. `state[r]` is one run of them, whose arrays have no axis of runs: `state[r].threat[i, j]` is a
number. Places on the buffer follow from the table and from how many there are of everything, once,
here, for both compiled code and Python.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np

RUNS = 8  # in a block
_LINE = 64  # bytes that a processor fetches at once


class Counts(NamedTuple):
    """How many there are of everything that differs from world to world."""

    actors: int
    theatres: int
    venues: int
    pairs: int  # in focus
    scopes: int
    meetings: int  # pairs of actors
    columns: int  # of measures
    block_runs: int = RUNS  # read, not known: so no loop over runs is unrolled eight times


# What an axis counts, by its letter.
AXES: Mapping[str, str | int] = {
    "i": "actors", "j": "actors", "k": "theatres", "l": "theatres", "v": "venues", "f": "pairs",
    "s": "scopes", "m": "meetings", "n": "columns",
    "b": 5, "c": 7, "d": 3, "e": 2, "h": 3, "q": 3, "w": 3, "x": 3,
}  # fmt: skip
_DTYPES = {"index": np.int64, "hash": np.uint64}


class Field(NamedTuple):
    """One array: a row of a table."""

    name: str
    axes: str  # a letter of AXES each
    unit: str
    meaning: str

    @property
    def dtype(self) -> type:
        """An index and a hash are whole numbers; all else is float64."""
        return _DTYPES.get(self.unit, np.float64)

    def shape(self, counts: Counts) -> tuple[int, ...]:
        """How long each axis is."""
        lengths = (AXES[letter] for letter in self.axes)
        return tuple(
            getattr(counts, length) if isinstance(length, str) else length for length in lengths
        )


class Table:
    """Fields in the order in which they lie on a buffer."""

    def __init__(self, name: str, fields: tuple[Field, ...]) -> None:
        self.name, self.fields = name, fields
        self.of = {field.name: field for field in fields}
        # What lies before each field: products of counts, and how many of each.
        self.before: dict[str, Counter[tuple[str, ...]]] = {}
        so_far: Counter[tuple[str, ...]] = Counter()
        for field in fields:
            self.before[field.name] = so_far.copy()
            lengths = [AXES[letter] for letter in field.axes]
            counted = tuple(sorted(length for length in lengths if isinstance(length, str)))
            so_far[counted] += prod(length for length in lengths if isinstance(length, int))

    def size(self, counts: Counts) -> int:
        """Numbers of one run."""
        return sum(prod(field.shape(counts)) for field in self.fields)

    def places(self, counts: Counts) -> dict[str, tuple[slice, tuple[int, ...]]]:
        """Each field's part of one run's numbers, and its shape."""
        found, first = {}, 0
        for field in self.fields:
            shape = field.shape(counts)
            found[field.name] = slice(first, first + prod(shape)), shape
            first += prod(shape)
        return found


class _Eights(np.ndarray):
    """An array of eights as written: what is read stays what it was, as it does in a register."""

    def __getitem__(self, at: Any) -> Any:
        found, parts = np.asarray(self)[at], at if isinstance(at, tuple) else (at,)
        is_eight = found.ndim == 1 and all(isinstance(part, int | np.integer) for part in parts)
        return found.copy() if is_eight else found

    def __setitem__(self, at: Any, value: Any) -> None:
        np.asarray(self)[at] = value

    @property
    def flat(self) -> Any:
        """Eight after eight."""
        return iter(np.asarray(self).reshape(-1, self.shape[-1]).copy())


class Block:
    """The named arrays of a table for eight runs.

    Args:
        counts: how many there are of everything. runs: 8, or 1 for what all runs share.
        buffer: (numbers of a run, runs) float64 in one piece; zeros by default. ValueError for one
        of another size or kind, and for counts of another block.
    """

    def __init__(self, table: Table, counts: Counts, runs: int = RUNS, buffer: Any = None) -> None:
        shape = (table.size(counts), runs)
        self.memory = _aligned(shape) if buffer is None else buffer
        found = (self.memory.shape, self.memory.dtype, self.memory.flags.c_contiguous)
        if found != (shape, np.float64, True) or counts.block_runs != RUNS:
            raise ValueError(f"a buffer for {table.name} is {shape} float64 in one piece, a block "
                             f"{RUNS} runs; not {found}, {counts.block_runs}")  # fmt: skip
        self.table, self.counts, self.runs = table, counts, runs
        self.words = np.array([self.memory.ctypes.data, *counts], np.int64)
        self._places = table.places(counts)

    def array(self, name: str) -> Any:
        """One array with its axis of runs, as a view."""
        place, shape = self._places[name]
        return self.memory[place].view(self.table.of[name].dtype).reshape(*shape, self.runs)

    def __getattr__(self, name: str) -> Any:
        if name in Counts._fields:
            return getattr(self.counts, name)
        if name.startswith("_") or name not in self._places:
            raise AttributeError(name)
        found = self.array(name)
        return found.view(_Eights) if found.ndim > 1 else found.copy()

    def __getitem__(self, r: int) -> "Run":
        if not 0 <= r < self.runs:
            raise IndexError(r)
        return Run(self, r)


def _aligned(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Zeros that begin where a line of the processor's nearest memory does."""
    size = prod(shape)
    room = np.zeros(size + _LINE // 8)
    skipped = -room.ctypes.data % _LINE // 8
    return room[skipped : skipped + size].reshape(shape)


class Run:
    """One run of a block: arrays without an axis of runs, as views."""

    def __init__(self, block: Block, r: int) -> None:
        self.table, self.counts, self.stride = block.table, block.counts, block.runs
        self._block, self._r = block, r
        self.words = block.words.copy()
        self.words[0] += 8 * r

    def __getattr__(self, name: str) -> Any:
        if name in Counts._fields:
            return getattr(self.counts, name)
        if name.startswith("_") or name not in self.table.of:
            raise AttributeError(name)
        found = self._block.array(name)[..., self._r]
        return found if found.ndim else found[()]

    def items(self) -> Iterator[tuple[str, Any]]:
        """Every array by its name."""
        return ((name, getattr(self, name)) for name in self.table.of)

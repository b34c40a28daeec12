"""Rows and their views are the same numbers: nothing overlaps, nothing is left out, every name finds its own."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, worlds

from eurasia_sim import kernel, layout
from eurasia_sim.lanes import LANES
from eurasia_sim.parameters import Coded, Constants, Month, State, coded_shapes

counts = st.tuples(st.integers(2, 7), st.integers(1, 5), st.integers(0, 4), st.integers(0, 3))


def numbered(size: int) -> np.ndarray:
    return np.arange(size, dtype=np.float64)


def cells(views: Iterable[np.ndarray]) -> np.ndarray:
    """What the views hold, read as the row's own numbers, sorted."""
    return np.sort(np.concatenate([np.ascontiguousarray(view).view(np.float64).ravel() for view in views]))


@given(counts)
def test_a_states_views_share_out_its_row(given_):
    row = numbered(layout.state_size(*given_))
    state = layout.unpack_state.py_func(row, *given_)
    assert isinstance(state, State)
    held = cells(state[:-1])
    assert (np.diff(held) > 0).all()  # every place once at most; what is left over pads rows to whole blocks
    assert np.isin(held, row).all()
    assert np.shares_memory(state.memory, row)


@given(counts, st.integers(1, 3))
def test_constants_views_share_out_their_row(given_, scopes):
    row = numbered(layout.constants_size(*given_, scopes))
    constants = layout.unpack_constants.py_func(row, *given_, scopes)
    assert isinstance(constants, Constants)
    held = cells(constants[:-1])
    assert (np.diff(held) > 0).all()
    assert np.isin(held, row).all()
    assert len(row) - len(held) < 8 * (4 * given_[0] + 3 * given_[1] + 15)  # room for whole steps of eight, and no more


@given(st.integers(2, 7), st.integers(1, 5))
def test_coded_views_are_the_shapes_in_their_order(n, k):
    shapes = coded_shapes(n, k)
    row = numbered(sum(int(np.prod(shape)) for shape in shapes.values()))
    coded = layout.unpack_coded.py_func(row, n, k)
    assert coded._fields == tuple(shapes) == Coded._fields
    assert [view.shape for view in coded] == list(shapes.values())
    assert np.array_equal(np.concatenate([view.ravel() for view in coded]), row)


@given(worlds(months=2))
def test_a_months_views_are_the_schedules_series(world: RandomWorld):
    for t in range(world.months):
        month = world.month(t)
        assert isinstance(month, Month)
        for name in Month._fields[:-1]:
            np.testing.assert_array_equal(getattr(month, name), getattr(world.schedule, name)[t], err_msg=name)
        places = layout.unpack_month.py_func(
            numbered(month.row.size), len(world.actors), len(world.theatres), world.venues
        )
        assert (np.diff(cells(places[:-1])) > 0).all()


@given(st.integers(1, 400))
def test_padding_fills_whole_steps_and_no_more(size):
    assert size <= layout.padded(size) < size + LANES
    assert layout.padded(size) % LANES == 0


@given(worlds(months=4), st.integers(0, 3), st.integers(0, 3))
def test_a_month_reached_by_changes_is_the_schedules_row(world: RandomWorld, start, later):
    changes, now = world.schedule.changes, np.full(world.schedule.rows.shape[1], np.pi)
    kernel.turn(changes, 0, start, now)
    assert now.tobytes() == world.schedule.rows[start].tobytes()
    for t in range(start + 1, min(start + later, world.months - 1) + 1):
        kernel.turn(changes, t, t, now)
        assert now.tobytes() == world.schedule.rows[t].tobytes()

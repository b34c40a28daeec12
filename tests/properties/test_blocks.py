"""Blocks and their arrays are the same numbers: nothing overlaps, nothing is left out, every name finds its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, plain, rules, worlds

from eurasia_sim.compute.blocks import RUNS, Block, Counts, Table
from eurasia_sim.compute.jit import compiled
from eurasia_sim.kernel import month
from eurasia_sim.kernel.arrays import CODED, CONSTANTS, FACTS, LEVERS, REPORT, STATE, Coded, coded_of, coded_shapes
from eurasia_sim.kernel.workspace import Workspace, facts_of, levers_of, plan_of

TABLES = (FACTS, CODED, CONSTANTS, LEVERS, STATE, REPORT)
counts = st.builds(Counts, *(st.integers(low, 7) for low in (2, 1, 0, 0, 1, 1, 1)))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@given(counts)
def test_the_arrays_of_a_block_share_out_its_buffer(table: Table, given_: Counts):
    buffer = np.arange(float(table.size(given_) * RUNS)).reshape(-1, RUNS)
    block = Block(table, given_, buffer=buffer)
    held = np.concatenate([block.array(field.name).view(np.float64).ravel() for field in table.fields])
    assert np.array_equal(held, buffer.ravel())
    assert all(field.name not in Counts._fields for field in table.fields)


@given(counts, st.integers(0, RUNS - 1))
def test_a_run_of_a_block_is_its_place_on_the_last_axis(given_: Counts, r: int):
    block = Block(STATE, given_)
    block.memory[:] = np.arange(float(block.memory.size)).reshape(block.memory.shape)
    for name, array in block[r].items():
        assert np.array_equal(array, block.array(name)[..., r])


@compiled
def first_of_each(state, r, out):
    out[0] = state[r].threat[1, 0]
    out[1] = state[r].effort[1, 0, 2]
    out[2] = state[r].pair_joint[0, 0, 1]
    out[3] = state[r].ruler[0]


@given(counts.filter(lambda each: each.pairs > 0), st.integers(0, RUNS - 1))
def test_compiled_code_finds_the_same_places(given_: Counts, r: int):
    block, out = Block(STATE, given_), np.zeros(4)
    block.memory[:] = np.arange(float(block.memory.size)).reshape(block.memory.shape)
    block.ruler[:] = 3
    first_of_each(block, r, out)
    run = block[r]
    assert out.tolist() == [run.threat[1, 0], run.effort[1, 0, 2], run.pair_joint[0, 0, 1], 3]


@given(st.integers(2, 7), st.integers(1, 5))
def test_coded_views_are_the_shapes_in_their_order(n, k):
    shapes = coded_shapes(n, k)
    row = np.arange(float(sum(int(np.prod(shape)) for shape in shapes.values())))
    coded = coded_of(row, n, k)
    assert coded._fields == tuple(shapes) == Coded._fields
    assert [view.shape for view in coded] == list(shapes.values())
    assert np.array_equal(np.concatenate([view.ravel() for view in coded]), row)


@given(worlds(months=4), st.integers(0, 3))
def test_a_month_reached_by_changes_is_the_series_row(world: RandomWorld, start: int):
    levers, now = (
        levers_of([world.levers], np.zeros(1, np.int64), (0, 4)),
        np.full((world.levers.rows.shape[1], 8), np.pi),
    )
    for t in range(start, world.months):
        month.apply_levers(levers, t, t == start, now)
        for r in range(RUNS):
            assert now[:, r].tobytes() == world.levers.rows[t].tobytes()


def test_a_buffer_of_another_size_is_refused():
    given_ = plain(rules()).counts
    for buffer in (np.zeros((STATE.size(given_) - 1, RUNS)), np.zeros((STATE.size(given_), RUNS), np.float32)):
        with pytest.raises(ValueError, match="a buffer for state"):
            Block(STATE, given_, buffer=buffer)


def test_blocks_of_different_sizes_are_refused():
    small, large = plain(rules()).workspace(), plain(rules(), n=5).workspace()
    with pytest.raises(ValueError, match="different sizes"):
        month.decide(large.blocks._replace(state=small.state), 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ruler": np.array([2])}, {"challenger": np.array([-2])}, {"distance": np.zeros((2, 1))},
        {"convenes": np.zeros((0, 3))},
    ],
)  # fmt: skip
def test_facts_that_lead_out_of_an_array_are_refused(wrong):
    world = plain(rules())
    with pytest.raises(ValueError, match=r"is|place"):
        facts_of(world.geography._replace(**wrong), world.focus, world.scopes)
    with pytest.raises(ValueError, match="focus"):
        facts_of(world.geography, np.array([[0, 2]]), world.scopes)


def test_a_ruler_that_is_no_actor_is_refused():
    with pytest.raises(ValueError, match="ruler"):
        _ = plain(rules()).with_posture(rule=np.array([[2.0]])).levers


def test_a_workspace_refuses_what_does_not_fit():
    world = plain(rules(), months=3)
    workspace, one = world.workspace(), np.zeros(1, np.int64)
    levers, status = levers_of([world.levers], one, (0, 3)), np.zeros((1, 3), np.int64)
    columns = len(world.columns)
    for span, kept in (((0, 4), []), ((0, 3), [columns]), ((0, 3), [-1])):
        plan = plan_of(span, 0, kept=np.array(kept, np.int64))
        with pytest.raises(ValueError, match="months beyond"):
            workspace.advance(levers, plan, np.zeros((span[1], len(kept), RUNS)), status)
    with pytest.raises(ValueError, match="months beyond"):
        workspace.advance(levers, plan_of((0, 3), 0), np.zeros((2, 0, RUNS)), status)
    rules_ = np.full(9, world.p, dtype=world.p.dtype)
    with pytest.raises(ValueError, match="9 runs"):
        workspace.load(rules_, np.tile(world.row, (9, 1)), np.arange(9, dtype=np.uint64))
    with pytest.raises(ValueError, match="series"):
        levers_of([world.levers], np.array([1]), (0, 3))
    assert isinstance(workspace, Workspace)

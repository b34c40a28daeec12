"""Blocks and their arrays are the same numbers: every name finds its own, and none overlap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import worlds
from tests.worlds import plain

from eurasia_sim.compute.blocks import RUNS, Block, Counts, Table
from eurasia_sim.compute.jit import compiled
from eurasia_sim.kernel import arrays, month
from eurasia_sim.kernel.workspace import facts_of, levers_of, plan_of

STATE = arrays.STATE
TABLES = (arrays.FACTS, arrays.CODED, arrays.CONSTANTS, arrays.LEVERS, STATE, arrays.REPORT)
sizes = st.builds(
    Counts, *(st.integers(low, 7) for low in (2, 1, 0, 1, 1, 1, 1)), block_runs=st.just(RUNS)
)
ONE = np.zeros(1, np.int64)


def numbered(table: Table, counts: Counts) -> Block:
    """A block each of whose numbers is its place on the buffer."""
    buffer = np.arange(float(table.size(counts) * RUNS)).reshape(-1, RUNS)
    return Block(table, counts, buffer=buffer)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@given(sizes)
def test_the_arrays_of_a_block_share_out_its_buffer(table, counts):
    block = numbered(table, counts)
    parts = [block.array(field.name).view(np.float64).ravel() for field in table.fields]
    assert np.array_equal(np.concatenate(parts), block.memory.ravel())
    assert all(field.name not in Counts._fields for field in table.fields)


@compiled
def first_of_each(state, r, out):
    out[0] = state[r].threat[1, 0]
    out[1] = state[r].effort[1, 0, 2]
    out[2] = state[r].pair_joint[0, 0, 1]
    out[3] = state[r].ruler[0]


@given(sizes, st.integers(0, RUNS - 1))
def test_a_run_of_a_block_is_its_place_on_the_last_axis_in_compiled_code_too(counts, r):
    block, out = numbered(STATE, counts), np.zeros(4)
    block.array("ruler")[:] = 3
    run = block[r]
    for name, array in run.items():
        assert np.array_equal(array, block.array(name)[..., r])
    first_of_each(block, r, out)
    assert out.tolist() == [run.threat[1, 0], run.effort[1, 0, 2], run.pair_joint[0, 0, 1], 3]


@given(st.integers(2, 7), st.integers(1, 5))
def test_coded_views_are_the_shapes_in_their_order(n, k):
    counts = Counts(n, k, 0, 0, 0, 0, 0)
    row = np.arange(float(arrays.CODED.size(counts)))
    coded = arrays.coded_of(row, n, k)
    assert coded._fields == tuple(arrays.CODED.of)
    assert [view.shape for view in coded] == [f.shape(counts) for f in arrays.CODED.fields]
    assert np.array_equal(np.concatenate([view.ravel() for view in coded]), row)


@given(worlds(months=4), st.integers(0, 3))
def test_a_month_reached_by_changes_is_the_series_row(world, start):
    levers, rows = levers_of([world.levers], ONE, (0, 4)), world.levers.rows
    now = np.full((rows.shape[1], RUNS), np.pi)
    for t in range(start, world.months):
        month.apply_levers(levers, t, t == start, now)
        assert now.tobytes() == np.repeat(rows[t][:, None], RUNS, axis=1).tobytes()


def test_buffers_and_blocks_of_another_size_are_refused():
    counts = plain().facts.counts
    for size, kind in ((STATE.size(counts) - 1, np.float64), (STATE.size(counts), np.float32)):
        with pytest.raises(ValueError, match="a buffer for state"):
            Block(STATE, counts, buffer=np.zeros((size, RUNS), kind))
    with pytest.raises(ValueError, match=r"a block 8 runs; not .* 9"):
        Block(STATE, counts._replace(block_runs=RUNS + 1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"ruler": np.array([2])}, {"challenger": np.array([-2])}, {"distance": np.zeros((2, 1))},
        {"convenes": np.zeros((0, 3))}, {"focus": np.array([[0, 2]])},
    ],
)  # fmt: skip
def test_facts_that_lead_out_of_an_array_are_refused(wrong):
    world = plain()
    focus = wrong.pop("focus", world.focus)
    with pytest.raises(ValueError, match=r"is \(|place of no actor"):
        facts_of(world.geography._replace(**wrong), focus, world.scopes)


def test_a_ruler_that_is_no_actor_is_refused():
    with pytest.raises(ValueError, match="ruler"):
        _ = plain().having(rule=2.0).levers


def test_a_workspace_refuses_what_does_not_fit():
    world = plain(months=3)
    workspace, levers = world.workspace(), levers_of([world.levers], ONE, (0, 3))
    status = np.zeros((1, 3), np.int64)
    for months, kept, written in (
        (4, [], 4),
        (3, [len(world.columns)], 3),
        (3, [-1], 3),
        (3, [], 2),
    ):
        plan = plan_of((0, months), 0, kept=np.array(kept, np.int64))
        with pytest.raises(ValueError, match="months beyond"):
            workspace.advance(levers, plan, np.zeros((written, len(kept), RUNS)), status)
    nine = np.full(9, world.p, dtype=world.p.dtype), np.tile(world.row, (9, 1))
    with pytest.raises(ValueError, match="9 runs"):
        workspace.load(*nine, np.arange(9, dtype=np.uint64))
    with pytest.raises(ValueError, match="series"):
        levers_of([world.levers], np.array([1]), (0, 3))

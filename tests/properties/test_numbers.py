"""What the rules are computed with: blocks of arrays, small functions, chance by its address."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from benchmarks import chance as written
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.random_worlds import worlds
from tests.worlds import plain

from eurasia_sim.compute import mathematics as ours
from eurasia_sim.compute import random_streams as streams
from eurasia_sim.compute.blocks import RUNS, Block, Counts, Table
from eurasia_sim.compute.dimensions import name_hash
from eurasia_sim.compute.jit import compiled
from eurasia_sim.kernel import arrays, month
from eurasia_sim.kernel.arrays import STATE
from eurasia_sim.kernel.workspace import facts_of, levers_of, plan_of

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


WORLD, COUNTS = plain(months=3), plain().facts.counts


def facts(focus=WORLD.focus, **wrong: object) -> object:
    return facts_of(WORLD.geography._replace(**wrong), focus, WORLD.scopes)


def advance(months: int, kept: list[int], written: int) -> None:
    plan = plan_of((0, months), 0, kept=np.array(kept, np.int64))
    trajectory, status = np.zeros((written, len(kept), RUNS)), np.zeros((1, 3), np.int64)
    WORLD.workspace().advance(levers_of([WORLD.levers], ONE, (0, 3)), plan, trajectory, status)


def load(runs: int) -> None:
    rules, rows = np.full(runs, WORLD.p, dtype=WORLD.p.dtype), np.tile(WORLD.row, (runs, 1))
    WORLD.workspace().load(rules, rows, np.arange(runs, dtype=np.uint64))


def block(buffer_size: int, kind: type, runs: int = RUNS) -> Block:
    buffer = np.zeros((buffer_size, RUNS), kind)
    return Block(STATE, COUNTS._replace(block_runs=runs), buffer=buffer)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("a buffer for state", lambda: block(STATE.size(COUNTS) - 1, np.float64)),
        ("a buffer for state", lambda: block(STATE.size(COUNTS), np.float32)),
        ("a block 8 runs; not .* 9", lambda: block(STATE.size(COUNTS), np.float64, RUNS + 1)),
        ("place of no actor", lambda: facts(ruler=np.array([2]))),
        ("place of no actor", lambda: facts(challenger=np.array([-2]))),
        ("place of no actor", lambda: facts(focus=np.array([[0, 2]]))),
        (r"distance is \(", lambda: facts(distance=np.zeros((2, 1)))),
        (r"convenes is \(", lambda: facts(convenes=np.zeros((0, 3)))),
        ("ruler", lambda: WORLD.having(rule=2.0).levers),
        ("months beyond", lambda: advance(4, [], 4)),
        ("months beyond", lambda: advance(3, [len(WORLD.columns)], 3)),
        ("months beyond", lambda: advance(3, [-1], 3)),
        ("months beyond", lambda: advance(3, [], 2)),
        ("9 runs", lambda: load(9)),
        ("series", lambda: levers_of([WORLD.levers], np.array([1]), (0, 3))),
    ],
)
def test_what_does_not_fit_or_leads_out_of_an_array_is_refused(said, refused):
    with pytest.raises(ValueError, match=said):
        refused()


PROMISED = 4e-16


@given(st.floats(-700, 700), st.floats(min_value=2.3e-308, max_value=1e308), st.floats(0.5, 2))
def test_the_exponential_and_the_logarithm_are_as_exact_as_promised(x, y, near_one):
    with localcontext(prec=60):
        assert abs(Decimal(ours.exponential(x)) / Decimal(x).exp() - 1) <= Decimal(PROMISED)
        exact = Decimal(y).ln()
        assert abs(Decimal(ours.logarithm(y)) - exact) <= Decimal(PROMISED) * max(1, abs(exact))
    sign = math.copysign(1, ours.logarithm(near_one))
    assert sign == math.copysign(1, math.log(near_one)) or near_one == 1
    undone = ours.logarithm(ours.exponential(0.85 * x))
    assert math.isclose(undone, 0.85 * x, rel_tol=1e-14, abs_tol=1e-15)


@given(st.floats(allow_nan=False), st.floats(-700, 700), st.floats(-700, 700))
def test_the_exponential_is_always_a_number_and_rises(any_number, x, y):
    assert 0 < ours.exponential(any_number) < math.inf
    assume(y - x > 1e-12 * max(1, abs(x)))
    assert ours.exponential(x) < ours.exponential(y)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e12))
def test_squeezed_numbers_stay_inside(x, full):
    assert 0 <= ours.logistic(x) <= 1
    assert math.isclose(ours.logistic(x) + ours.logistic(-x), 1, abs_tol=1e-15)
    assert -1 <= ours.hyperbolic_tangent(x) <= 1
    assert math.isclose(ours.hyperbolic_tangent(x), math.tanh(x), abs_tol=1e-15)
    assert 0 <= ours.saturation(full) < 1
    assert ours.saturation(full) <= ours.saturation(2 * full)
    assert math.isclose(ours.saturation(full), full / (1 + full), rel_tol=1e-15)


# Known answers of philox4x32-10 as published with the Random123 library (kat_vectors).
@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0,) * 4, (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2,
         (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
         (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ],
)  # fmt: skip
def test_philox_gives_its_published_answers_compiled_and_plain(counter, key, answer):
    words = streams.philox(*map(np.uint64, (*counter, *key)))
    assert tuple(map(int, words)) == answer
    assert written.philox(*counter, written.round_keys(*key)) == answer


def words(months, seed=3, mechanism=2, first=5, second=6) -> np.ndarray:
    """(months, 4) words of one address over months."""
    addresses = ((seed, mechanism, month, first, second) for month in range(months))
    return np.array([streams.draw(*map(np.uint64, address)) for address in addresses])


def test_draws_are_spread_as_they_are_said_to_be_and_months_are_uncorrelated():
    for end in map(streams.uniform, map(np.uint64, (0, 0xFFFFFFFF))):
        assert 0 < end < 1
        assert np.isfinite([streams.gumbel(end), streams.shock(end)]).all()
    drawn = words(2500)
    uniforms = np.array([streams.uniform(word) for word in drawn.ravel()])
    counts, expected = np.histogram(uniforms, bins=20, range=(0, 1))[0], len(uniforms) / 20
    # Chi-square with 19 degrees of freedom exceeds 43.8 once in a thousand.
    assert ((counts - expected) ** 2 / expected).sum() < 43.8
    for variate, deviation in ((streams.gumbel, np.pi / np.sqrt(6)), (streams.shock, 1)):
        variates = np.array([variate(u) for u in uniforms])
        assert abs(variates.mean()) < 4 * variates.std() / 100
        assert variates.std() == pytest.approx(deviation, rel=0.03)
    monthly = drawn[:, 0] / 2**32
    assert abs(np.corrcoef(monthly[1:], monthly[:-1])[0, 1]) < 4 / np.sqrt(len(monthly))


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 4}, {"seed": 3 + 2**32}, {"mechanism": 3}, {"first": 7}, {"second": 5},
        {"first": 6, "second": 5},
    ],
)  # fmt: skip
def test_any_part_of_an_address_gives_draws_of_its_own(other):
    one, two = words(2000).ravel() / 2**32, words(2000, **other).ravel() / 2**32
    assert not (one == two).any()
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(len(one))


@given(st.text(), st.text())
def test_two_names_share_no_draws(one, other):
    assert (name_hash(one) == name_hash(other)) == (one == other)

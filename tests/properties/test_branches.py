"""Runs that share a past are the same run until they part, however they are cut, chunked or branched."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, random_posture, run, same_bytes, seeds, snapshots, worlds

from eurasia_sim import kernel, layout
from eurasia_sim.parameters import Posture

MONTHS = 8


def parted(world: RandomWorld, month: int, turn: int) -> RandomWorld:
    """The world under a posture that is its own until a month and another from then on."""
    other = random_posture(np.random.default_rng(turn), world.geography, world.months, 1.0)
    pairs = zip(world.posture, other, strict=True)
    return world.with_posture(**Posture(*(np.concatenate([a[:month], b[month:]]) for a, b in pairs))._asdict())


@given(worlds(months=MONTHS), seeds, st.integers(0, MONTHS), st.integers(0, 2**32 - 1))
def test_two_postures_give_the_same_bits_until_the_month_they_differ(world, seed, month, turn):
    other = parted(world, month, turn)
    for first, second in zip(snapshots(world, seed)[:month], snapshots(other, seed)[:month], strict=True):
        assert first.tobytes() == second.tobytes()


@given(worlds(months=MONTHS), seeds, st.integers(1, MONTHS - 1), st.integers(0, 2**32 - 1))
def test_a_branch_from_a_snapshot_is_the_straight_run(world, seed, month, turn):
    other = parted(world, month, turn)
    straight = snapshots(other, seed)
    shared = snapshots(world, seed, month)[-1]
    branched = snapshots(other, seed, memory=shared, start=month)
    for first, second in zip(straight[month:], branched, strict=True):
        assert first.tobytes() == second.tobytes()


@given(worlds(months=MONTHS), seeds)
def test_a_snapshot_is_left_as_it_was(world, seed):
    shared = snapshots(world, seed, 3)[-1]
    before = shared.tobytes()
    snapshots(world, seed, memory=shared, start=3)
    assert shared.tobytes() == before


@given(worlds(months=MONTHS), seeds)
def test_the_compiled_run_is_the_months_one_by_one(world, seed):
    memory = world.memory()
    columns = len(world.columns)
    report = kernel.Report(np.full(columns, np.nan), np.zeros((0, 0)), np.zeros(3, np.int64), np.empty(columns))
    kernel.run(
        memory, world.constants().row, np.empty(world.schedule.rows.shape[1]),
        kernel.Counts(*world.counts, len(world.scopes)), world.schedule.changes, np.uint64(seed), world.p,
        0, MONTHS, 0, np.array([0, MONTHS], np.int64), np.zeros(0, np.int64), report,
    )  # fmt: skip
    assert same_bytes(world.view(memory), world.view(snapshots(world, seed)[-1]))


def chunk(world: RandomWorld, run_seeds: list[int], memories: np.ndarray, span: tuple[int, int]) -> np.ndarray:
    """Trajectories (R, months, C) of runs that differ in their seed, from one call of the kernel."""
    runs, columns = len(run_seeds), len(world.columns)
    found = np.full((runs, span[1] - span[0], columns), np.nan)
    fixed = np.full(layout.constants_size(*world.counts, len(world.scopes)), np.nan)
    kernel.run_chunk(
        np.full(runs, world.p, dtype=world.p.dtype), np.tile(world.row, (runs, 1)),
        np.array(run_seeds, dtype=np.uint64), memories, span[0] == 0, fixed, world.memory(),
        np.empty(world.schedule.rows.shape[1]), world.geography, world.schedule.changes, world.focus,
        world.scopes, span[0], span[1], 0, np.array(span, np.int64), np.arange(columns),
        np.empty(columns), np.full((runs, columns), np.nan), found, np.zeros((runs, 3), np.int64),
    )  # fmt: skip
    return found


@given(worlds(months=MONTHS), st.lists(seeds, min_size=1, max_size=5))
def test_a_run_is_the_same_alone_and_in_a_chunk(world, run_seeds):
    size = len(world.memory())
    together = chunk(world, run_seeds, np.zeros((len(run_seeds), size)), (0, MONTHS))
    for at, seed in enumerate(run_seeds):
        assert together[at].tobytes() == run(world, seed).trajectory.tobytes()


@given(worlds(months=MONTHS), seeds, st.integers(1, MONTHS - 1))
def test_a_chunk_goes_on_from_the_snapshots_it_is_given(world, seed, month):
    memories = np.zeros((1, len(world.memory())))
    past = chunk(world, [seed], memories, (0, month))
    future = chunk(world, [seed], memories, (month, MONTHS))
    whole = run(world, seed).trajectory
    assert np.concatenate([past[0], future[0]]).tobytes() == whole.tobytes()


@given(worlds(months=MONTHS), seeds)
def test_what_lay_in_a_memory_before_the_first_month_does_not_matter(world, seed):
    clean, used = np.zeros((1, len(world.memory()))), np.full((1, len(world.memory())), 7.0)
    first, second = chunk(world, [seed], clean, (0, MONTHS)), chunk(world, [seed], used, (0, MONTHS))
    assert first.tobytes() == second.tobytes()

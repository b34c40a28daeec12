"""Runs that share a past are the same run until they part, however they are cut, chunked or branched."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import (
    Posture,
    RandomWorld,
    random_posture,
    run,
    run_block,
    seeds,
    snapshots,
    worlds,
)

from eurasia_sim.kernel.workspace import Workspace, levers_of, plan_of

MONTHS = 8


def parted(world: RandomWorld, month: int, turn: int) -> RandomWorld:
    """The world under a posture that is its own until a month and another from then on."""
    other = random_posture(np.random.default_rng(turn), world.geography, world.months, 1.0)
    pairs = zip(world.posture, other, strict=True)
    return world.with_posture(
        **Posture(*(np.concatenate([a[:month], b[month:]]) for a, b in pairs))._asdict()
    )


@given(worlds(months=MONTHS), seeds, st.integers(0, MONTHS), st.integers(0, 2**32 - 1))
def test_two_postures_give_the_same_bits_until_the_month_they_differ(world, seed, month, turn):
    other = parted(world, month, turn)
    for first, second in zip(
        snapshots(world, seed)[:month], snapshots(other, seed)[:month], strict=True
    ):
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
    *_, memories = run_block(world, [seed], (0, MONTHS))
    assert memories[0].tobytes() == snapshots(world, seed)[-1].tobytes()


@given(worlds(months=MONTHS), st.lists(seeds, min_size=2, max_size=8), st.integers(0, 7))
def test_a_run_is_the_same_alone_and_in_any_place_of_a_block(world, run_seeds, turn):
    turned = run_seeds[turn % len(run_seeds) :] + run_seeds[: turn % len(run_seeds)]
    together, others = (run_block(world, given_, (0, MONTHS)) for given_ in (run_seeds, turned))
    for at, seed in enumerate(run_seeds):
        alone, place = run_block(world, [seed], (0, MONTHS)), turned.index(seed)
        for one, all_, other in zip(alone, together, others, strict=True):
            assert one[0].tobytes() == all_[at].tobytes() == other[place].tobytes()


@given(worlds(months=MONTHS), seeds, st.integers(1, MONTHS - 1))
def test_a_block_goes_on_from_the_snapshots_it_is_given(world, seed, month):
    _, past, _, memories = run_block(world, [seed], (0, month))
    _, future, _, _ = run_block(world, [seed], (month, MONTHS), memories)
    whole = run(world, seed).trajectory
    assert np.concatenate([past[0], future[0]]).tobytes() == whole.tobytes()


@given(worlds(months=MONTHS), st.lists(seeds, min_size=8, max_size=8), st.integers(0, 7))
def test_a_run_that_fails_disturbs_none_beside_it(world, run_seeds, at):
    sound = run_block(world, run_seeds, (0, MONTHS))
    rules = np.full(8, world.p, dtype=world.p.dtype)
    rules["alignment_rate"][at] = np.nan
    means, trajectories, statuses, memories = run_block(world, run_seeds, (0, MONTHS), p=rules)
    assert statuses[at, 0] == 1
    for r in set(range(8)) - {at}:
        for found, whole in zip((means, trajectories, statuses, memories), sound, strict=True):
            assert found[r].tobytes() == whole[r].tobytes()


@given(worlds(months=MONTHS), seeds, st.integers(0, 2**32 - 1))
def test_runs_of_a_block_may_each_have_levers_of_their_own(world, seed, turn):
    other = parted(world, 3, turn)
    rules, series = np.full(2, world.p, dtype=world.p.dtype), [world.levers, other.levers]
    workspace = Workspace(world.facts, rules)
    workspace.load(rules, np.tile(world.row, (2, 1)), np.array([seed, seed], np.uint64))
    plan = plan_of((0, MONTHS), 0, (0, MONTHS))
    nothing = np.zeros((0, 0, 8))
    means = workspace.advance(
        levers_of(series, np.array([0, 1]), (0, MONTHS)), plan, nothing, np.zeros((2, 3), np.int64)
    )
    for mean, alone in zip(means, (world, other), strict=True):
        assert mean.tobytes() == run(alone, seed).window.tobytes()

"""Runs that share a past are the same run until they part, however they are cut or branched."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import random_levers, seeds, worlds
from tests.worlds import RandomWorld, run_block, snapshots

from eurasia_sim.kernel.workspace import Workspace, levers_of, plan_of

MONTHS = 5
months = st.integers(1, MONTHS - 1)
turns = st.integers(0, 2**32 - 1)


def parted(world: RandomWorld, month: int, turn: int) -> RandomWorld:
    """The world under levers that are its own until a month and others from then on."""
    others = random_levers(np.random.default_rng(turn), world.arrays, world.months, 1.0)
    return world.having(
        **{name: np.r_[world.arrays[name][:month], other[month:]] for name, other in others.items()}
    )


@given(worlds(months=MONTHS), seeds, months, turns)
def test_a_branch_from_a_snapshot_is_the_straight_run_and_leaves_the_snapshot(
    world, seed, month, turn
):
    """Two schedules give the same bits until the month they differ."""
    other = parted(world, month, turn)
    straight, own = snapshots(other, seed), snapshots(world, seed, month)
    before = np.array(own).tobytes()
    branched = snapshots(other, seed, memory=own[-1], start=month)
    assert np.array([*own, *branched]).tobytes() == np.array(straight).tobytes()
    assert np.array(own).tobytes() == before


@given(worlds(months=MONTHS), seeds, months)
def test_a_compiled_run_is_its_months_one_by_one_and_its_parts_one_after_the_other(
    world, seed, month
):
    _, whole, _, last = run_block(world, [seed])
    assert last[0].tobytes() == snapshots(world, seed)[-1].tobytes()
    _, past, _, memories = run_block(world, [seed], (0, month))
    _, future, _, _ = run_block(world, [seed], (month, MONTHS), memories)
    assert np.concatenate([past[0], future[0]]).tobytes() == whole[0].tobytes()


@given(worlds(months=MONTHS), st.lists(seeds, min_size=2, max_size=8), st.integers(0, 7))
def test_a_run_is_the_same_alone_and_in_any_place_of_a_block(world, run_seeds, turn):
    turned = run_seeds[turn % len(run_seeds) :] + run_seeds[: turn % len(run_seeds)]
    together, others = run_block(world, run_seeds), run_block(world, turned)
    for at, seed in enumerate(run_seeds):
        alone, place = run_block(world, [seed]), turned.index(seed)
        for one, all_, other in zip(alone, together, others, strict=True):
            assert one[0].tobytes() == all_[at].tobytes() == other[place].tobytes()


@given(worlds(months=MONTHS), st.lists(seeds, min_size=8, max_size=8), st.integers(0, 7))
def test_a_run_that_fails_disturbs_none_beside_it(world, run_seeds, at):
    rules = np.full(8, world.p, dtype=world.p.dtype)
    rules["alignment_rate"][at] = np.nan
    sound, found = run_block(world, run_seeds), run_block(world, run_seeds, p=rules)
    assert found[2][at, 0] == 1
    for one, other in zip(sound, found, strict=True):
        assert np.delete(one, at, axis=0).tobytes() == np.delete(other, at, axis=0).tobytes()


@given(worlds(months=MONTHS), seeds, turns)
def test_runs_of_a_block_may_each_have_levers_of_their_own(world, seed, turn):
    each, span = [world, parted(world, 3, turn)], (0, MONTHS)
    rules = np.full(2, world.p, dtype=world.p.dtype)
    workspace = Workspace(world.facts, rules)
    workspace.load(rules, np.tile(world.row, (2, 1)), np.array([seed, seed], np.uint64))
    levers = levers_of([one.levers for one in each], np.arange(2), span)
    nothing, status = np.zeros((0, 0, 8)), np.zeros((2, 3), np.int64)
    means = workspace.advance(levers, plan_of(span, 0, span), nothing, status)
    for mean, alone in zip(means, each, strict=True):
        assert mean.tobytes() == run_block(alone, [seed])[0][0].tobytes()

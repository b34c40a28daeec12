"""Ties open as they are coded, and the history in them fades among those abroad alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import seeds, worlds
from tests.worlds import begun, call, simulate

from eurasia_sim.mechanisms import contest

months = st.integers(0, 1200)


@given(worlds(months=1), seeds)
def test_influence_at_month_0_is_what_is_coded(world, seed):
    state = simulate(world, seed)[0]
    np.testing.assert_allclose(
        state.influence, world.arrays["initial_influence"], rtol=0, atol=1e-12
    )


@given(worlds(months=1), months)
def test_fading_leaves_homes_and_the_sum_of_those_abroad(world, t):
    state, fades = begun(world), world.facts.history_fades[:, :, None]
    coded = world.arrays["initial_influence"]
    held = np.where(fades > 0.0, np.maximum(coded, world.p["tie_floor"]), coded)
    call(contest.age_ties, state, number=t)
    assert np.isfinite(state.strength).all()
    sums = [(fades * each).sum(axis=0) for each in (state.strength, held)]
    np.testing.assert_allclose(*sums, rtol=1e-9, atol=1e-15)
    at_home = np.broadcast_to((fades == 0.0) & (coded > world.p["tie_floor"]), coded.shape)
    np.testing.assert_allclose(state.strength[at_home], coded[at_home], rtol=1e-12)


@given(worlds(months=8), seeds)
def test_shares_of_a_cell_and_its_outsiders_are_one_together(world, seed):
    outsiders = 1.0 - world.arrays["initial_influence"].sum(axis=0)
    for state in simulate(world, seed):
        left = np.where(state.total > 0.0, np.maximum(outsiders, 0.0) / state.total, 0.0)
        whole = state.influence.sum(axis=0) + left
        np.testing.assert_allclose(whole[state.total > 1e-9], 1.0, rtol=1e-9)

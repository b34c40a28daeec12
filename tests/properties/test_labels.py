"""Who is listed where does not matter, nor who has nothing to say, nor where nothing is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import (
    RandomWorld,
    assert_close,
    observed,
    outcome,
    relabelled,
    seeds,
    simulate,
    widened,
    worlds,
)

EXACT = 1e-12
# Sums in another order differ in their last bits, which six months of noise may carry a little further.
CARRIED = 1e-10


def check_relabelling(world: RandomWorld, seed: int, turn: int, tolerance: float) -> None:
    order = np.random.default_rng(turn).permutation(len(world.actors))
    other = relabelled(world, order)
    back = np.append(order, -1)
    for first, second in zip(simulate(world, seed), simulate(other, seed), strict=True):
        mapped = outcome(second, order=order)
        mapped["ruler"], mapped["challenger"] = back[second.ruler], back[second.challenger]
        assert_close(outcome(first), mapped, tolerance)
        assert_close(observed(world, first), observed(other, second), tolerance)


@given(worlds(noise=False), st.integers(0, 2**32 - 1))
def test_relabelling_actors_permutes_what_happens(world, turn):
    check_relabelling(world, 0, turn, EXACT)


@given(worlds(noise=True), seeds, st.integers(0, 2**32 - 1))
def test_relabelling_actors_permutes_what_chance_does_too(world, seed, turn):
    check_relabelling(world, seed, turn, CARRIED)


@given(worlds(noise=True), seeds, st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_one_without_capability_and_interests_changes_nobodys_outcome(world, seed, at, turn):
    at = min(at, len(world.actors))
    rng = np.random.default_rng(turn)

    def between(low: float, high: float):
        return lambda shape: rng.uniform(low, high, shape)

    stranger = {
        "distance": between(0, 9000), "border": 1.0, "theatre_distance": between(0, 9000), "theatre_border": 1.0,
        "border_distance": between(0, 4000), "denial": np.nan, "affinity": between(-3, 3),
        "susceptibility": between(0, 1), "offensive_capability": 1.0, "skill": between(0, 1), "front": between(0, 2),
        "pressure": between(0, 1), "goodwill": between(-6, 6), "revisionism": 1.0, "imposed": between(0, 0.3),
        "recognition": np.nan, "initial_recognition": 3.0, "membership": 1.0,
    }  # fmt: skip
    wider = widened(world, "ij", at, "stranger", stranger)
    for first, second in zip(simulate(world, seed), simulate(wider, seed), strict=True):
        left = outcome(second, without=("ij", at))
        for role in ("ruler", "challenger"):
            left[role] = left[role] - (left[role] > at)
        assert_close(outcome(first), left, EXACT)
        assert_close(observed(world, first), observed(wider, second), EXACT)
        assert not second.effort[at].any()
        assert not second.influence[at].any()


@given(worlds(noise=True), seeds, st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_an_empty_theatre_changes_nothing_elsewhere(world, seed, at, turn):
    at = min(at, len(world.theatres))
    rng = np.random.default_rng(turn)

    def between(low: float, high: float):
        return lambda shape: rng.uniform(low, high, shape)

    empty = {
        "theatre_distance": between(0, 9000), "theatre_border": 1.0, "border_distance": between(0, 4000),
        "theatre_separation": between(0, 2000), "ruler": -1, "challenger": -1, "base_stability": 0.1,
        "initial_control": 0.5, "initial_militants": 1.0, "initial_economy": 0.5, "initial_recognition": 2.0,
        "conduct": 0.5, "surge": 3.0, "jointness": 0.5, "rule": -1.0, "stability": np.nan, "recognition": np.nan,
    }  # fmt: skip
    wider = widened(world, "kl", at, "nowhere", empty)
    for first, second in zip(simulate(world, seed), simulate(wider, seed), strict=True):
        assert_close(outcome(first), outcome(second, without=("kl", at)), EXACT)
        before = {
            name: value for name, value in observed(world, first).items() if ".scope" not in name
        }
        assert_close(before, observed(wider, second), EXACT)
        assert not second.effort[:, at].any()
        assert not second.spillover[:, at].any()

"""Who is listed where does not matter, nor who has nothing to say, nor where nothing is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import outcome, seeds, worlds
from tests.worlds import AXES, RandomWorld, observed, simulate

from eurasia_sim.compute.dimensions import name_hash

EXACT = 1e-12
# Sums in another order differ in their last bits, which months of noise may carry a little further.
CARRIED = 1e-10
turns = st.integers(0, 2**32 - 1)


def _along(world: RandomWorld, letters: str, change: Callable[..., Any]) -> dict[str, Any]:
    """A world's arrays, changed by (name, array, axis) along every axis of some letters."""
    arrays = dict(world.arrays)
    for name, axes in AXES.items():
        for axis, letter in enumerate(axes):
            if letter in letters:
                arrays[name] = np.ascontiguousarray(change(name, arrays[name], axis))
    return arrays


def relabelled(world: RandomWorld, order: Any) -> RandomWorld:
    """The same world with its actors in another order; place a holds who stood at order[a]."""
    place = np.append(np.argsort(order), -1)  # where an index went; -1 stays
    arrays = _along(world, "ij", lambda _, array, axis: np.take(array, order, axis=axis))
    for name in ("ruler", "challenger", "contender", "rule"):
        arrays[name] = place[arrays[name].astype(np.int64)].astype(arrays[name].dtype)
    actors = tuple(world.actors[a] for a in order)
    return replace(world, actors=actors, focus=place[world.focus], arrays=arrays)


def widened(
    world: RandomWorld, letters: str, at: int, name: str, given: Mapping[str, Any]
) -> RandomWorld:
    """The world with one more actor (letters "ij") or theatre ("kl") at a place.

    Args:
        given: what its entries are, by array: a number, or a function of a shape; 0 elsewhere.
    """

    def grown(field: str, array: Any, axis: int) -> Any:
        content = given.get(field, 0.0)
        if callable(content):
            content = content(array.shape[:axis] + array.shape[axis + 1 :])
        return np.insert(array, at, content, axis=axis)

    arrays = _along(world, letters, grown)
    if letters == "kl":
        arrays["theatre_hash"][at] = name_hash(name)
        names, scopes = world.theatres, np.insert(world.scopes, at, 1.0, axis=1)
        return replace(
            world, arrays=arrays, scopes=scopes, theatres=(*names[:at], name, *names[at:])
        )
    arrays["name_hash"][at] = name_hash(name)
    for field in ("ruler", "challenger", "contender", "rule"):
        arrays[field] = arrays[field] + (arrays[field] >= at)
    names, focus = world.actors, world.focus + (world.focus >= at)
    return replace(world, arrays=arrays, focus=focus, actors=(*names[:at], name, *names[at:]))


def assert_close(first: Mapping[str, Any], second: Mapping[str, Any], tolerance: float) -> None:
    """Every array, or number, of the first is that of the second."""
    flat = [np.concatenate([np.ravel(each[name]) for name in first]) for each in (first, second)]
    np.testing.assert_allclose(*flat, rtol=tolerance, atol=tolerance, err_msg=f"of {list(first)}")


@pytest.mark.parametrize(("noise", "tolerance"), [(False, EXACT), (True, CARRIED)])
@given(st.data(), seeds, turns)
def test_relabelling_actors_permutes_what_happens_and_what_chance_does(
    noise, tolerance, data, seed, turn
):
    world = data.draw(worlds(noise=noise))
    order = np.random.default_rng(turn).permutation(len(world.actors))
    back = np.append(order, -1)
    for first, second in zip(
        simulate(world, seed), simulate(relabelled(world, order), seed), strict=True
    ):
        mapped = outcome(second, order=order)
        mapped["ruler"], mapped["challenger"] = back[second.ruler], back[second.challenger]
        assert_close(outcome(first), mapped, tolerance)
        assert_close(observed(first), observed(second), tolerance)


def between(turn: int, **ends: tuple[float, float]) -> dict[str, object]:
    """Random entries between two ends, by array."""
    rng = np.random.default_rng(turn)
    return {
        name: lambda shape, low=low, high=high: rng.uniform(low, high, shape)
        for name, (low, high) in ends.items()
    }


@given(worlds(noise=True, months=4), seeds, st.integers(0, 7), turns)
def test_one_without_capability_and_interests_changes_nobodys_outcome(world, seed, at, turn):
    at = min(at, len(world.actors))
    stranger = {
        "border": 1.0, "theatre_border": 1.0, "denial": np.nan, "offensive_capability": 1.0,
        "revisionism": 1.0, "recognition": np.nan, "initial_recognition": 1.0, "membership": 1.0,
        "consent": np.nan,
        **between(
            turn, distance=(0, 9000), theatre_distance=(0, 9000), border_distance=(0, 4000),
            affinity=(-3, 3), susceptibility=(0, 1), front=(0, 2), pressure=(0, 1),
            goodwill=(-6, 6), imposed=(0, 0.3),
        ),
    }  # fmt: skip
    wider = widened(world, "ij", at, "stranger", stranger)
    for first, second in zip(simulate(world, seed), simulate(wider, seed), strict=True):
        left = outcome(second, without=("ij", at))
        for role in ("ruler", "challenger"):
            left[role] = left[role] - (left[role] > at)
        assert_close(outcome(first), left, EXACT)
        assert_close(observed(first), observed(second), EXACT)
        assert not second.effort[at].any()
        assert not second.influence[at].any()


@given(worlds(noise=True, months=4), seeds, st.integers(0, 4), turns)
def test_an_empty_theatre_changes_nothing_elsewhere(world, seed, at, turn):
    at = min(at, len(world.theatres))
    empty = {
        "theatre_border": 1.0, "ruler": -1, "challenger": -1, "contender": -1,
        "base_stability": 0.1,
        "initial_control": 0.5, "initial_militants": 1.0, "initial_narcotics": 0.5,
        "initial_recognition": 1.0, "conduct": 0.5, "surge": 3.0, "jointness": 0.5, "rule": -1.0,
        "stability": np.nan, "recognition": np.nan, "consent": np.nan,
        **between(
            turn, theatre_distance=(0, 9000), border_distance=(0, 4000),
            theatre_separation=(0, 2000),
        ),
    }  # fmt: skip
    wider = widened(world, "kl", at, "nowhere", empty)
    for first, second in zip(simulate(world, seed), simulate(wider, seed), strict=True):
        assert_close(outcome(first), outcome(second, without=("kl", at)), EXACT)
        before = {name: value for name, value in observed(first).items() if ".scope" not in name}
        assert_close(before, observed(second), EXACT)
        assert not second.effort[:, at].any()
        assert not second.spillover[:, at].any()

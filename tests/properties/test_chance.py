"""Chance is found by its address: the same draws for the same names, whatever else is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import changed, outcome, same_bytes, seeds, simulate, worlds

from eurasia_sim.compute import random_streams
from eurasia_sim.world.geography import name_hash as geography_hash

# Known answers of philox4x32-10 as published with the Random123 library (kat_vectors).
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_its_published_answers(counter, key, answer):
    assert tuple(int(word) for word in random_streams.philox(*map(np.uint64, (*counter, *key)))) == answer


def words(seed: int = 3, mechanism: int = 2, months: int = 200, first: int = 5, second: int = 6) -> np.ndarray:
    """(months, 4) words of one address over months."""
    u = np.uint64
    return np.array([random_streams.draw(u(seed), u(mechanism), u(m), u(first), u(second)) for m in range(months)])


def gumbels(words: Iterable[np.uint64]) -> np.ndarray:
    """Gumbel variates from words."""
    return np.array([random_streams.gumbel(random_streams.uniform(word)) for word in words])


def test_a_uniform_lies_strictly_between_its_ends():
    assert random_streams.uniform(np.uint64(0)) > 0
    assert random_streams.uniform(np.uint64(0xFFFFFFFF)) < 1
    for word in (np.uint64(0), np.uint64(0xFFFFFFFF)):
        assert np.isfinite([*gumbels([word]), random_streams.shock(random_streams.uniform(word))]).all()


def test_uniforms_fill_their_range_evenly():
    uniforms = np.array([random_streams.uniform(word) for word in words(months=2500).ravel()])
    counts = np.histogram(uniforms, bins=20, range=(0, 1))[0]
    expected = len(uniforms) / 20
    # Chi-square with 19 degrees of freedom exceeds 43.8 once in a thousand.
    assert ((counts - expected) ** 2 / expected).sum() < 43.8


def test_gumbels_and_shocks_have_the_mean_and_spread_they_say():
    flat = words(months=2500).ravel()
    luck = gumbels(flat)
    shocks = np.array([random_streams.shock(random_streams.uniform(word)) for word in flat])
    assert abs(luck.mean()) < 4 * luck.std() / 100
    assert luck.std() == pytest.approx(np.pi / np.sqrt(6), rel=0.03)
    assert abs(shocks.mean()) < 0.04
    assert shocks.std() == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize(
    "other",
    [{"seed": 4}, {"seed": 3 + 2**32}, {"mechanism": 3}, {"first": 7}, {"second": 5}, {"first": 6, "second": 5}],
)
def test_any_part_of_an_address_gives_draws_of_its_own(other):
    one, two = words(months=2000).ravel() / 2**32, words(months=2000, **other).ravel() / 2**32
    assert not (one == two).any()
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(len(one))


def test_successive_months_are_uncorrelated():
    uniforms = words(months=8000)[:, 0] / 2**32
    assert abs(np.corrcoef(uniforms[1:], uniforms[:-1])[0, 1]) < 4 / np.sqrt(len(uniforms))


@given(st.text(), st.text())
def test_two_names_share_no_draws(one, other):
    assert (random_streams.name_hash(one) == random_streams.name_hash(other)) == (one == other)
    assert int(random_streams.name_hash(one)) == int(geography_hash(one))


@given(worlds(), seeds)
def test_the_same_inputs_and_seed_give_the_same_bytes(world, seed):
    for first, second in zip(simulate(world, seed), simulate(world, seed), strict=True):
        assert same_bytes(first, second)


@given(worlds(noise=False), seeds, seeds)
def test_without_noise_no_seed_matters(world, seed, other):
    for first, second in zip(simulate(world, seed), simulate(world, other), strict=True):
        for name, array in outcome(first).items():
            assert array.tobytes() == outcome(second)[name].tobytes(), name


@given(worlds(noise=True, theory="balance_of_threat"), seeds)
def test_noise_moves_what_it_is_said_to_move(world, seed):
    other = seed ^ 1
    first, second = simulate(world, seed)[0], simulate(world, other)[0]
    off_diagonal = ~np.eye(len(world.actors), dtype=bool)
    assert (first.leaning != second.leaning)[off_diagonal].all()
    assert (first.inclination != second.inclination).any()


@given(worlds(noise=True), seeds, st.sampled_from(["alignment_noise", "utility_noise"]))
def test_switching_one_noise_off_moves_no_draw_of_another(world, seed, name):
    p = world.p.copy()
    p[name] = 0.0
    with_it, without = simulate(world, seed)[0], simulate(replace(world, p=p), seed)[0]
    if name == "alignment_noise":
        assert with_it.noise.tobytes() == without.noise.tobytes()
    else:
        assert with_it.shock.tobytes() == without.shock.tobytes()


@given(worlds(noise=True), seeds)
def test_a_quarrel_is_one_event_for_two(world, seed):
    world = replace(world, p=changed(world.p, alignment_rate=0.0))
    before = world.view(world.memory()).leaning
    for state in simulate(world, seed, months=2):
        moved = state.leaning - before
        np.testing.assert_allclose(moved, moved.T, rtol=0, atol=1e-14)
        assert len(state.shock) == len(world.actors) * (len(world.actors) - 1) // 2
        before = state.leaning

"""Chance is found by its address: the same draws for the same names, whatever else is there."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks import chance as plain
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import outcome, seeds, worlds
from tests.worlds import changed, simulate, snapshots

from eurasia_sim.compute import random_streams
from eurasia_sim.compute.dimensions import name_hash

# Known answers of philox4x32-10 as published with the Random123 library (kat_vectors).
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_its_published_answers_compiled_and_plain(counter, key, answer):
    words = random_streams.philox(*map(np.uint64, (*counter, *key)))
    assert tuple(map(int, words)) == plain.philox(*counter, plain.round_keys(*key)) == answer


def words(months, seed=3, mechanism=2, first=5, second=6) -> np.ndarray:
    """(months, 4) words of one address over months."""
    addresses = ((seed, mechanism, month, first, second) for month in range(months))
    return np.array([random_streams.draw(*map(np.uint64, address)) for address in addresses])


def test_a_uniform_lies_strictly_between_its_ends():
    for word in map(np.uint64, (0, 0xFFFFFFFF)):
        uniform = random_streams.uniform(word)
        assert 0 < uniform < 1
        assert np.isfinite([random_streams.gumbel(uniform), random_streams.shock(uniform)]).all()


def test_draws_are_spread_as_they_are_said_to_be_and_months_are_uncorrelated():
    drawn = words(2500)
    uniforms = np.array([random_streams.uniform(word) for word in drawn.ravel()])
    counts, expected = np.histogram(uniforms, bins=20, range=(0, 1))[0], len(uniforms) / 20
    # Chi-square with 19 degrees of freedom exceeds 43.8 once in a thousand.
    assert ((counts - expected) ** 2 / expected).sum() < 43.8
    gumbels, shocks = (
        np.array([variate(u) for u in uniforms])
        for variate in (random_streams.gumbel, random_streams.shock)
    )
    assert abs(gumbels.mean()) < 4 * gumbels.std() / 100
    assert gumbels.std() == pytest.approx(np.pi / np.sqrt(6), rel=0.03)
    assert abs(shocks.mean()) < 0.04
    assert shocks.std() == pytest.approx(1, rel=0.03)
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


@given(worlds(months=3), seeds)
def test_the_same_inputs_and_seed_give_the_same_bytes(world, seed):
    first, second = (np.array(snapshots(world, seed)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@given(worlds(noise=False, months=3), seeds, seeds)
def test_without_noise_no_seed_matters(world, seed, other):
    for first, second in zip(simulate(world, seed), simulate(world, other), strict=True):
        for name, array in outcome(first).items():
            assert array.tobytes() == outcome(second)[name].tobytes(), name


@given(worlds(noise=True, theory="balance_of_threat", months=1), seeds)
def test_noise_moves_what_it_is_said_to_and_switched_off_no_draw_of_another(world, seed):
    (whole,), (second,) = simulate(world, seed), simulate(world, seed ^ 1)
    off_diagonal = ~np.eye(len(world.actors), dtype=bool)
    assert (whole.leaning != second.leaning)[off_diagonal].all()
    assert (whole.inclination != second.inclination).any()
    for name, drawn in (("alignment_noise", "noise"), ("utility_noise", "shock")):
        without = simulate(replace(world, p=changed(world.p, **{name: 0.0})), seed)[0]
        assert getattr(whole, drawn).tobytes() == getattr(without, drawn).tobytes()


@given(worlds(noise=True, months=2), seeds)
def test_a_quarrel_is_one_event_for_two(world, seed):
    world = replace(world, p=changed(world.p, alignment_rate=0.0))
    before, n = world.view(world.memory()).leaning, len(world.actors)
    for state in simulate(world, seed):
        moved = state.leaning - before
        np.testing.assert_allclose(moved, moved.T, rtol=0, atol=1e-14)
        assert len(state.shock) == n * (n - 1) // 2
        before = state.leaning

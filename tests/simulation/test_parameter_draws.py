"""Draws stay within their ranges, pair by name, and spread evenly over all that is uncertain."""

import numpy as np
import pytest

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.coding import values_by_coder
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.simulation import parameter_draws
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import CODINGS, range_draws, ranges_of, reference_draws

POINTS, REPLICATES = 96, 2


@pytest.mark.parametrize("theory", ["offensive_realism", "inertia", "neoliberal_institutionalism"])
def test_draws_stay_within_the_ranges_the_theory_owns(world, theory):
    inputs = prepare(world, load_scenario("us_exit", world), theory)
    draws, ranges = range_draws(world, inputs, 40, seed=3), ranges_of(world, inputs)
    preset = world.theories[theory]
    for name, value in preset.fix.items():
        assert set(draws.rules[name]) == {value}
    for path, (low, high) in ranges.items():
        name = path.rsplit(".", 1)[1]
        if path.startswith("rules."):
            assert low <= draws.rules[name].min() < draws.rules[name].max() <= high
            assert (low, high) == preset.ranges.get(name, (low, high))
    # What is kept of a draw is what the run is given, and shares are scaled where they exceed one.
    assert list(draws.drawn) == list(ranges)
    for path, values in draws.drawn.items():
        held = parameter_draws.values_of(world, draws, path)
        np.testing.assert_array_equal(values, held, err_msg=path)
    shares = world.coded(draws.rows).initial_influence.sum(axis=1)
    assert 1.0 - 1e-12 < shares.max() <= 1.0 + 1e-12


def test_runs_of_one_draw_share_seed_and_drawn_numbers_and_nothing_else(world):
    settings = ["rules.perception.distance_decay=2000"]
    scenarios = (("us_exit", ()), ("us_stays", ()), ("us_exit", settings))
    first, second, other = (prepare(world, load_scenario(x, world, y)) for x, y in scenarios)
    chance, spread = reference_draws(first, 5, seed=3), range_draws(world, first, 5, seed=3)
    assert chance.names() == reference_draws(other, 5, seed=3).names()  # what is set is no draw
    seeds = parameter_draws.run_seeds
    assert list(seeds(3, 5)) == list(seeds(3, 9)[:5]) == list(chance.seeds)
    assert len({*seeds(3, 1000)}) == 1000
    assert chance.names() == reference_draws(first, 9, seed=3).names()[:5]
    assert len({*chance.names(), *reference_draws(first, 5, seed=4).names()}) == 10
    assert spread.names() == range_draws(world, second, 5, seed=3).names()
    assert spread.part(np.array([4, 1])).names() == [spread.names()[4], spread.names()[1]]
    elsewhere = [range_draws(world, other, 5, seed=3), range_draws(world, first, 6, seed=3)]
    for draws in (chance, *elsewhere):
        assert not {*spread.names()} & {*draws.names()}


def sampled(world, seed):
    theories = list(world.theories)[:2]
    known = as_recorded(world)
    return parameter_draws.space_sample(world, known, theories, POINTS, REPLICATES, seed)


@pytest.fixture(scope="module")
def sample(world):
    return sampled(world, 3)


def test_theories_forms_and_codings_get_equal_parts_and_replicates_differ_by_seed(world, sample):
    assert (sample.points["theory"].value_counts() == POINTS).all()
    for factor in (name for name in sample.factors if name.startswith("form.")):
        assert set(sample.points[factor].value_counts()) == {POINTS}
    assert set(sample.points["coding"].value_counts()) == {2 * POINTS // len(CODINGS)}
    assert sampled(world, 3).points.equals(sample.points)
    assert not sampled(world, 4).points.equals(sample.points)
    for group in sample.groups:
        assert len(group.draws) == REPLICATES * len(group.points)
        for numbers in (group.draws.rules, group.draws.rows):
            assert numbers[::2].tobytes() == numbers[1::2].tobytes()
    seeds = np.concatenate([group.draws.seeds for group in sample.groups])
    assert len(set(seeds.tolist())) == len(seeds)


def test_numbers_are_within_their_theory_s_ranges_or_what_a_coder_made_of_the_texts(world, sample):
    for theory, points in sample.points.groupby("theory"):
        own = points[points["coding"] == "both"]
        ranges = ranges_of(world, prepare(world, as_recorded(world), str(theory)))
        for path, (low, high) in ranges.items():
            # Shares of influence, of theatres, are scaled where they exceed one.
            if path in own and not path.startswith("theatres."):
                assert own[path].dropna().between(low - 1e-12, high + 1e-12).all(), path
    coders = values_by_coder(load_evidence(world.directory))
    pairs = ((path, each) for path, each in coders.items() if path in world.coded_index)
    path = next(path for path, (one, other) in pairs if one != other)
    for group in sample.groups:
        coding = sample.points.loc[group.points, "coding"].repeat(REPLICATES).to_numpy()
        values = parameter_draws.values_of(world, group.draws, path)
        for which, coder in enumerate(CODINGS[1:]):
            np.testing.assert_array_equal(values[coding == coder], coders[path][which])

"""The sample of everything uncertain: spread evenly over theories, forms, codings and ranges."""

import numpy as np
import pytest

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.coding import values_by_coder
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import (
    CODINGS,
    Sample,
    ranges_of,
    space_sample,
    values_of,
)
from eurasia_sim.world.world import World

POINTS, REPLICATES = 96, 2


def made(world: World, seed: int) -> Sample:
    theories = list(world.theories)[:2]
    return space_sample(world, as_recorded(world), theories, POINTS, REPLICATES, seed)


@pytest.fixture(scope="module")
def sample(world: World) -> Sample:
    return made(world, 3)


def test_every_theory_form_and_coding_gets_its_equal_part_as_the_seed_decides(
    world: World, sample: Sample
) -> None:
    assert (sample.points["theory"].value_counts() == POINTS).all()
    for factor in (name for name in sample.factors if name.startswith("form.")):
        assert set(sample.points[factor].value_counts()) == {POINTS}
    assert set(sample.points["coding"].value_counts()) == {2 * POINTS // len(CODINGS)}
    assert made(world, 3).points.equals(sample.points)
    assert not made(world, 4).points.equals(sample.points)


def test_replicates_of_a_point_differ_by_their_seed_alone(sample: Sample) -> None:
    for group in sample.groups:
        rules, rows = group.draws.rules, group.draws.rows
        assert len(group.draws) == REPLICATES * len(group.points)
        assert rules[::2].tobytes() == rules[1::2].tobytes()
        assert rows[::2].tobytes() == rows[1::2].tobytes()
    seeds = np.concatenate([group.draws.seeds for group in sample.groups])
    assert len(set(seeds.tolist())) == len(seeds)


def test_numbers_stay_within_their_theory_s_ranges_or_are_what_a_coder_made_of_the_texts(
    world: World, sample: Sample
) -> None:
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
        values = values_of(world, group.draws, path)
        for which, coder in enumerate(CODINGS[1:]):
            np.testing.assert_array_equal(values[coding == coder], coders[path][which])

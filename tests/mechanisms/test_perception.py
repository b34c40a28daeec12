"""Threat and spill-over by hand, and what Walt and the offensive realists say of them."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, after, logistic, plain, rules

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import perception

WEIGHTS = {"weight_proximity": 0.8, "weight_offense": 0.5, "weight_intent": 1}
ALONE = {"weight_proximity": 1, "weight_offense": 1, "weight_intent": 1}
CLOSENESS = {"distance_decay": 2000, "contiguity": 0.4}
INTENT = {
    "intent_baseline": -1, "intent_enmity": 1.5, "intent_pressure": 2, "intent_revisionism": 3,
    "intent_habit": 0.5,
}  # fmt: skip
BY_HAND = [
    (perception.closeness, (1000.0, 0.0), CLOSENESS, exp(-0.5)),
    (perception.closeness, (1000.0, 1.0), CLOSENESS, exp(-0.5) + 0.4),
    (perception.closeness, (0.0, 0.0), CLOSENESS, 1),
    (perception.nearness, (0.3,), {"closeness_half": 0.3}, 0.5),
    (perception.nearness, (0.9,), {"closeness_half": 0.3}, 0.75),
    (perception.nearness, (0.0,), {"closeness_half": 0.3}, 0),
    (perception.intent_odds, (0.4, 0.1, 0.2, 0.6), INTENT, -1 + 0.6 + 2 * 0.1 + 3 * 0.2 - 0.3),
    (
        perception.perceived_threat, (0.75, 0.25, 0.6, 0.9), WEIGHTS,
        0.75 * (0.2 + 0.8 * 0.25) * (0.5 + 0.5 * 0.6) * 0.9,
    ),
    (
        perception.summed_threat, (0.75, 0.25, 0.6, 0.9), WEIGHTS,
        0.75 * (0.8 * 0.25 + 0.5 * 0.6 + 1 * 0.9) / (0.8 + 0.5 + 1),
    ),
    # What disarms a product only weakens a sum.
    (perception.perceived_threat, (0.9, 0.5, 0.0, 0.5), ALONE, 0),
    (perception.summed_threat, (0.9, 0.5, 0.0, 0.5), ALONE, 0.9 / 3),
    (perception.summed_threat, (0.0, 0.5, 0.5, 0.5), ALONE, 0),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "arguments", "numbers", "by_hand"), BY_HAND)
def test_a_formula_by_hand(formula, arguments, numbers, by_hand):
    assert formula(*arguments, rules(**numbers)) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("own", "other", "share"), [(1.0, 3.0, 0.75), (0.0, 2.0, 1), (2.0, 0.0, 0), (0.0, 0.0, 0)]
)
def test_relative_power_is_the_others_share_of_the_two(own, other, share):
    assert perception.relative_power(own, other) == share


@pytest.mark.parametrize("form", [perception.perceived_threat, perception.summed_threat])
@given(
    st.lists(st.floats(0.01, 0.9), min_size=4, max_size=4),
    st.floats(1.01, 1.1),
    st.integers(0, 3),
)
def test_threat_rises_with_each_of_walts_factors(form, factors, more, which):
    before = form(*factors, rules())
    factors[which] *= more
    assert form(*factors, rules()) > before


@given(st.floats(0, 10000), st.floats(1, 10000), st.floats(0, 1))
def test_closeness_falls_with_distance(distance, further, border):
    p = rules()
    near, far = (perception.closeness(d, border, p) for d in (distance, distance + further))
    assert far < near


def perceived(world: RandomWorld) -> Run:
    """The state after one look around, from the beginning."""
    return after(perception.perceive, world)


def two_powers() -> RandomWorld:
    """Two lands 1500 km apart, the second three times as strong and half armed for attack."""
    return plain(distance_decay=3000).having(
        distance={(0, 1): 1500, (1, 0): 1500}, offensive_capability=[1.0, 0.5], own_power=[0.1, 0.3]
    )


def test_the_threat_between_two_powers_by_hand():
    world = two_powers()
    near = exp(-0.5) / (exp(-0.5) + world.p["closeness_half"])
    will = logistic(world.p["intent_baseline"])
    state = perceived(world)
    for i, j, power, offense in ((0, 1, 0.75, 0.5), (1, 0, 0.25, 1.0)):
        by_hand = power
        for weight, factor in (("proximity", near), ("offense", offense), ("intent", will)):
            by_hand *= 1 - world.p[f"weight_{weight}"] * (1 - factor)
        assert state.threat[i, j] == pytest.approx(by_hand)
        assert state.threat[i, i] == 0


def test_power_is_what_is_owned_and_what_is_ruled():
    world = plain(3, 2).having(
        ruler=[1, 1], own_power=[0.01, 0.02, 0.03], capability=[0.1, 0.2, 0.3],
        theatre_capability=[0.004, 0.005],
    )  # fmt: skip
    np.testing.assert_allclose(perceived(world).power, [0.11, 0.22 + 0.009, 0.33])


def test_forces_abroad_bring_their_owner_nearer_to_those_around():
    kinds = {"projection_bases": 1, "projection_forces": 0.8, "projection_counterterror": 0.1}
    world = plain(distance_decay=1000, projection=0.5, **kinds)
    world = world.having(theatre_distance={(0, 0): 500.0}, presence={(0, 1, 0): 2.0})
    by_hand = 0.5 * 2 * (1 + 0.8 + 0.1) * exp(-0.5)
    np.testing.assert_allclose(perceived(world).projected, [[0, by_hand], [0, 0]], atol=1e-12)


def test_spillover_by_hand():
    militancy = {"terrorism": 0.8, "narcotics": 0.5, "refugees": 0.25}
    numbers = {f"militancy_{threat}": share for threat, share in militancy.items()}
    world = plain(transit_decay=500, **numbers).having(
        border_distance=[[0.0], [500.0]], susceptibility=[[1.0, 0.5, 0.2], [0.4, 0.0, 1.0]],
        threat_source=[[0.9, 0.6, 0.3]], base_stability=0.3, initial_militants=0.5,
        surge=[1.0, 0.0, 0.0],
    )  # fmt: skip
    terrorism = 0.9 * 2 * (0.8 * 0.5 + 0.2 * 0.7)
    narcotics = 0.6 * (0.5 * 0.5 + 0.5 * 0.7)
    refugees = 0.3 * (0.25 * 0.5 + 0.75 * 0.7)
    state = perceived(world)
    np.testing.assert_allclose(state.hazard, [[terrorism, narcotics, refugees]])
    here = terrorism + 0.5 * narcotics + 0.2 * refugees
    there = (0.4 * terrorism + refugees) * exp(-1)
    np.testing.assert_allclose(state.spillover, [[here], [there]])


@pytest.mark.parametrize(
    "cause", [{"front": {(0, 1): 0.7}}, {"pressure": {(0, 1, 0): 1.0}}], ids=["front", "pressure"]
)
def test_a_front_abroad_and_pressure_threaten_whom_they_are_turned_on(cause):
    before, found = perceived(two_powers()).threat, perceived(two_powers().having(**cause)).threat
    assert found[0, 1] > before[0, 1]
    assert found[1, 0] == before[1, 0]


def test_intent_matters_to_walt_and_not_to_an_offensive_realist():
    """The second power as an enemy that presses and would overturn the order."""
    ill_will = {"affinity": {(0, 1): -3.0}, "pressure": {(0, 1, 0): 1.0}, "revisionism": [0.0, 1.0]}
    walt, realist = two_powers(), replace(two_powers(), p=rules("offensive_realism"))
    (calm, hostile), (same, still) = (
        [perceived(which).threat[0, 1] for which in (world, world.having(**ill_will))]
        for world in (walt, realist)
    )
    assert hostile > 1.2 * calm
    assert still == same > 0

"""Threat and spill-over by hand, and what Walt and the offensive realists say of them."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, call, plain, put, rules

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import perception

share = st.floats(0.01, 0.9)


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def perceived(world: RandomWorld) -> Run:
    """The state after one look around, from the beginning."""
    state = world.view(world.memory())
    call(perception.perceive, state)
    return state


def test_closeness_fades_by_e_over_the_decay_and_a_border_adds():
    p = rules(distance_decay=2000, contiguity=0.4)
    assert perception.closeness(1000.0, 0.0, p) == pytest.approx(exp(-0.5))
    assert perception.closeness(1000.0, 1.0, p) == pytest.approx(exp(-0.5) + 0.4)
    assert perception.closeness(0.0, 0.0, p) == 1


def test_nearness_is_half_at_the_half():
    p = rules(closeness_half=0.3)
    assert perception.nearness(0.3, p) == 0.5
    assert perception.nearness(0.9, p) == pytest.approx(0.75)
    assert perception.nearness(0.0, p) == 0


def test_relative_power_is_the_others_share_of_the_two():
    assert perception.relative_power(1.0, 3.0) == 0.75
    assert perception.relative_power(0.0, 2.0) == 1
    assert perception.relative_power(2.0, 0.0) == 0
    assert perception.relative_power(0.0, 0.0) == 0


def test_intent_by_hand():
    p = rules(
        intent_baseline=-1,
        intent_enmity=1.5,
        intent_pressure=2,
        intent_revisionism=3,
        intent_habit=0.5,
    )
    log_odds = -1 + 1.5 * 0.4 + 2 * 0.1 + 3 * 0.2 - 0.5 * 0.6
    assert perception.intent_odds(0.4, 0.1, 0.2, 0.6, p) == pytest.approx(log_odds)


def test_threat_by_hand():
    p = rules(weight_proximity=0.8, weight_offense=0.5, weight_intent=1)
    by_hand = 0.75 * (0.2 + 0.8 * 0.25) * (0.5 + 0.5 * 0.6) * 0.9
    assert perception.perceived_threat(0.75, 0.25, 0.6, 0.9, p) == pytest.approx(by_hand)


def test_additive_threat_by_hand():
    p = rules(weight_proximity=0.8, weight_offense=0.5, weight_intent=1)
    by_hand = 0.75 * (0.8 * 0.25 + 0.5 * 0.6 + 1 * 0.9) / (0.8 + 0.5 + 1)
    assert perception.summed_threat(0.75, 0.25, 0.6, 0.9, p) == pytest.approx(by_hand)


@given(
    share,
    share,
    share,
    share,
    st.floats(1.01, 1.1),
    st.integers(0, 3),
    st.sampled_from([perception.perceived_threat, perception.summed_threat]),
)
def test_threat_rises_with_each_of_walts_factors(
    power, proximity, offense, will, more, which, form
):
    factors, p = [power, proximity, offense, will], rules()
    before = form(*factors, p)
    factors[which] *= more
    assert form(*factors, p) > before


@given(st.floats(0, 10000), st.floats(1, 10000), st.floats(0, 1))
def test_closeness_falls_with_distance(distance, further, border):
    p = rules()
    assert perception.closeness(distance + further, border, p) < perception.closeness(
        distance, border, p
    )


def test_what_disarms_a_product_only_weakens_a_sum():
    full = {"weight_proximity": 1, "weight_offense": 1, "weight_intent": 1}
    assert perception.perceived_threat(0.9, 0.5, 0.0, 0.5, rules(**full)) == 0
    assert perception.summed_threat(0.9, 0.5, 0.0, 0.5, rules(**full)) > 0
    assert perception.summed_threat(0.0, 0.5, 0.5, 0.5, rules(**full)) == 0


def two_powers(**numbers: float) -> RandomWorld:
    """Two lands 1500 km apart, the second three times as strong and half armed for attack."""
    world = plain(rules(distance_decay=3000, **numbers))
    return world.with_geography(distance=np.array([[0.0, 1500.0], [1500.0, 0.0]])).with_coded(
        offensive_capability=np.array([1.0, 0.5]), own_power=np.array([0.1, 0.3])
    )


def test_the_threat_between_two_powers_by_hand():
    p = rules(distance_decay=3000)
    near = exp(-0.5) / (exp(-0.5) + p["closeness_half"])
    will = logistic(p["intent_baseline"])
    state = perceived(two_powers())
    for i, j, power, offense in ((0, 1, 0.75, 0.5), (1, 0, 0.25, 1.0)):
        by_hand = power
        for weight, factor in (("proximity", near), ("offense", offense), ("intent", will)):
            by_hand *= 1 - p[f"weight_{weight}"] * (1 - factor)
        assert state.threat[i, j] == pytest.approx(by_hand)
        assert state.threat[i, i] == 0


def test_power_is_what_is_owned_and_what_is_ruled():
    world = plain(rules(), n=3, k=2).with_geography(ruler=np.array([1, 1]))
    world = world.with_coded(own_power=np.array([0.01, 0.02, 0.03])).with_posture(
        capability=np.array([[0.1, 0.2, 0.3]]), theatre_capability=np.array([[0.004, 0.005]])
    )
    np.testing.assert_allclose(perceived(world).power, [0.11, 0.22 + 0.009, 0.33])


def test_forces_abroad_bring_their_owner_nearer_to_those_around():
    p = rules(
        distance_decay=1000,
        projection=0.5,
        projection_bases=1,
        projection_forces=0.8,
        projection_counterterror=0.1,
    )
    world = plain(p).with_geography(theatre_distance=np.array([[500.0], [1e9]]))
    world = world.with_posture(presence=put(world.posture.presence, ((0, 1, 0), 2.0)))
    by_hand = 0.5 * 2 * (1 + 0.8 + 0.1) * exp(-0.5)
    np.testing.assert_allclose(perceived(world).projected, [[0, by_hand], [0, 0]], atol=1e-12)


def test_a_front_outside_the_region_counts_as_nearness():
    near = two_powers()
    front = near.with_coded(front=np.array([[0.0, 0.7], [0.0, 0.0]]))
    assert perceived(front).threat[0, 1] > perceived(near).threat[0, 1]
    assert perceived(front).threat[1, 0] == perceived(near).threat[1, 0]


def test_spillover_by_hand():
    p = rules(
        transit_decay=500, militancy_terrorism=0.8, militancy_narcotics=0.5, militancy_refugees=0.25
    )
    world = plain(p).with_geography(border_distance=np.array([[0.0], [500.0]]))
    world = world.with_coded(
        susceptibility=np.array([[1.0, 0.5, 0.2], [0.4, 0.0, 1.0]]),
        threat_source=np.array([[0.9, 0.6, 0.3]]),
        base_stability=np.array([0.3]),
        initial_militants=np.array([0.5]),
    ).with_posture(surge=np.array([[[1.0, 0.0, 0.0]]]))
    terrorism = 0.9 * 2 * (0.8 * 0.5 + 0.2 * 0.7)
    narcotics = 0.6 * (0.5 * 0.5 + 0.5 * 0.7)
    refugees = 0.3 * (0.25 * 0.5 + 0.75 * 0.7)
    state = perceived(world)
    np.testing.assert_allclose(state.hazard, [[terrorism, narcotics, refugees]])
    here = terrorism + 0.5 * narcotics + 0.2 * refugees
    there = (0.4 * terrorism + refugees) * exp(-1)
    np.testing.assert_allclose(state.spillover, [[here], [there]])


def hostile(world: RandomWorld) -> RandomWorld:
    """The same world with the second power an enemy that presses and would overturn the order."""
    return world.with_coded(affinity=np.array([[np.nan, -3.0], [0.0, np.nan]])).with_posture(
        pressure=np.array([[[0.0, 0.0], [1.0, 0.0]]]), revisionism=np.array([[0.0, 1.0]])
    )


def test_intent_matters_to_walt():
    world = two_powers()
    assert perceived(hostile(world)).threat[0, 1] > 1.2 * perceived(world).threat[0, 1]


def test_intent_does_not_matter_to_an_offensive_realist():
    world = replace(two_powers(), p=rules("offensive_realism"))
    assert perceived(hostile(world)).threat[0, 1] == perceived(world).threat[0, 1] > 0


def test_pressure_threatens_whom_it_is_put_on():
    world = two_powers()
    pressed = world.with_posture(pressure=np.array([[[0.0, 0.0], [1.0, 0.0]]]))
    assert perceived(pressed).threat[0, 1] > perceived(world).threat[0, 1]
    assert perceived(pressed).threat[1, 0] == perceived(world).threat[1, 0]

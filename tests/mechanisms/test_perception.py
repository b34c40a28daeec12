"""Threat and spill-over by hand, and what Walt and the offensive realists say of them."""

from math import exp

import numpy as np
import pytest
from scipy.special import expit
from tests.worlds import RandomWorld, after, plain

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import perception


def perceived(world: RandomWorld) -> Run:
    """The state after one look around, from the beginning."""
    return after(perception.perceive, world)


def two_powers() -> RandomWorld:
    """Two lands 1500 km apart, the second three times as strong and half armed for attack."""
    return plain(distance_decay=3000).having(
        distance={(0, 1): 1500, (1, 0): 1500}, offensive_capability=[1.0, 0.5], own_power=[0.1, 0.3]
    )


def test_danger_by_arena_by_hand():
    """Near by, on a front elsewhere, and in being pressed, which the weaker can do as well."""
    world = two_powers().having(front={(0, 1): 0.3}, pressure={(0, 0, 1): 0.4, (0, 1, 0): 0.2})
    p = world.p
    near, front = (raw / (raw + p["closeness_half"]) for raw in (exp(-0.5), 0.3))
    state = perceived(world)
    for i, j, power, offense, pressed in ((0, 1, 0.75, 0.5, 0.2), (1, 0, 0.25, 1.0, 0.4)):
        will = expit(p["intent_baseline"] + p["intent_pressure"] * pressed)
        danger = power * offense * (1 - p["weight_intent"] * (1 - will))
        elsewhere = p["weight_global"] * danger * front * (i == 0)
        whole = danger * near + elsewhere + p["weight_pressure"] * pressed
        assert state.regional[i, j] == pytest.approx(danger * near)
        assert state.threat[i, j] == pytest.approx(whole)
        assert state.threat[i, i] == state.regional[i, i] == 0


def test_who_has_no_power_presses_nobody():
    pressed = two_powers().having(own_power={1: 0.0}, pressure={(0, 1, 0): 1.0})
    assert perceived(pressed).threat[0, 1] == 0


def test_who_rules_contests_dwells_or_presses_the_ruler_is_a_party():
    world = plain(6, party_pressure=0.4).having(
        ruler=[0], challenger=[1], theatre_distance={(2, 0): 0.0},
        pressure={(0, 3, 0): 0.1, (0, 4, 0): 0.9, (0, 5, 1): 0.9}, initial_control={0: 0.5},
    )  # fmt: skip
    np.testing.assert_allclose(perceived(world).party[:, 0], [1, 1, 1, 0.125, 0.5, 0])
    unfought = world.having(initial_control={0: 0.0})
    np.testing.assert_allclose(perceived(unfought).party[:, 0], [1, 1, 1, 0, 0, 0])
    unruled = world.having(ruler=[-1], challenger=[-1])
    np.testing.assert_allclose(perceived(unruled).party[:, 0], [0, 0, 1, 0, 0, 0])


def test_power_is_what_is_owned_and_what_is_ruled():
    world = plain(3, 2).having(
        ruler=[1, 1], own_power=[0.01, 0.02, 0.03], capability=[0.1, 0.2, 0.3],
        theatre_capability=[0.004, 0.005],
    )  # fmt: skip
    np.testing.assert_allclose(perceived(world).power, [0.11, 0.22 + 0.009, 0.33])
    # Sanctions cost what the sender weighs, and who is under them itself weighs no less.
    world = world.having(sanctions={(0, 0, 1): 0.5, (0, 2, 1): 1.0, (0, 1, 0): 1.0})
    by_hand = [0.11 * (1 - 0.229), 0.229 * (1 - 0.5 * 0.11) * (1 - 0.33), 0.33]
    np.testing.assert_allclose(perceived(world).power, by_hand)


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

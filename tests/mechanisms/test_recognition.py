"""The ladder of recognition by hand: who steps when, and what it costs."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, call, plain, rules

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import recognition

ALWAYS = {"recognition_rate": 1, "recognition_base": 50}


def partners_level(contender: int, power: object, leaning: object, levels: object) -> float:
    """The level of the first actor's partners toward a contender."""
    world = plain(rules(), n=len(power))
    state = world.view(world.memory())
    state.power[:], state.alignment[0], state.stood[:, 0] = power, leaning, levels
    return call(recognition.partners_level, state, 0, 0, contender)


def test_partners_are_weighed_by_power_and_by_leaning():
    power, leaning, levels = (
        [9.0, 2.0, 1.0, 5.0, 7.0],
        np.array([1.0, 0.5, 0.25, -0.5, 0.9]),
        [4, 3, 1, 4.0, 2.0],
    )
    by_hand = (2 * 0.5 * 3 + 1 * 0.25 * 1) / (2 * 0.5 + 1 * 0.25)
    assert partners_level(4, power, leaning, levels) == pytest.approx(by_hand)
    assert partners_level(4, power, -np.abs(leaning), levels) == 0


def test_whom_it_is_about_is_nobodys_partner():
    leaning, levels = [1.0, 0.5, 0.8], [0.0, 3.0, 1.0]
    assert partners_level(2, [1.0, 1.0, 1.0], leaning, levels) == pytest.approx(3)
    assert partners_level(1, [1.0, 1.0, 1.0], leaning, levels) == pytest.approx(1)
    assert partners_level(1, [1.0, 1.0, 0.0], leaning, levels) == 0


def test_the_hazard_of_a_step_by_hand():
    p = rules(
        recognition_rate=0.08, recognition_base=-2, recognition_need=1, recognition_commerce=1.5,
        recognition_partners=0.8, recognition_conduct=1.2, recognition_audience=2, recognition_step=0.5,
    )  # fmt: skip
    log_odds = -2 + 1 * 0.3 + 1.5 * 0.2 - 0.8 * -1.5 + 1.2 * 0.4 - 2 * 0.25 - 0.5 * 2
    assert recognition.step_hazard(0.3, 0.2, -1.5, 0.4, 0.25, 2.0, p) == pytest.approx(
        0.08 / (1 + exp(-log_odds))
    )


@pytest.mark.parametrize(("what", "sign"), [(0, 1), (1, 1), (2, -1), (3, 1), (4, -1), (5, -1)])
@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_interest_and_conduct_draw_while_a_lead_an_audience_and_each_step_hold_back(
    what, sign, reasons
):
    p = rules()
    before = recognition.step_hazard(*reasons, p)
    reasons[what] += 0.5
    assert sign * (recognition.step_hazard(*reasons, p) - before) > 0


def test_hostile_neighbours_are_the_rulers_of_other_lands():
    ruler, affinity = np.array([3, 1, -1, 2]), np.zeros((4, 4))
    affinity[1, 0], affinity[2, 0], affinity[3, 0] = -3.0, 1.5, -3.0
    assert recognition.hostile_neighbours(0, 0, ruler, affinity) == pytest.approx(0.5)
    assert recognition.hostile_neighbours(0, 0, np.array([3]), affinity) == 0


def lands(**numbers: float) -> RandomWorld:
    """Four actors; the first rules a land that the second contends for, the third its neighbour; all have power."""
    world = plain(rules(**numbers), n=4, k=2).with_geography(
        ruler=np.array([0, 2]), challenger=np.array([1, -1])
    )
    return world.with_coded(salience=np.zeros((4, 7)), affinity=np.zeros((4, 4)))


def recognised(world: RandomWorld, **fields: object) -> Run:
    """The state after a month's recognising, from the beginning but for some fields."""
    state = world.view(world.memory())
    state.power[:] = 1.0
    for name, value in fields.items():
        getattr(state, name)[:] = value
    call(recognition.recognise, state)
    return state


def test_a_contender_that_does_not_rule_finds_contact_and_no_more():
    world = lands(**ALWAYS)
    assert recognised(world).recognition[:, 0].tolist() == [1, 0, 1, 1]
    assert recognised(world, recognition=1.0).recognition[:, 0].tolist() == [1, 1, 1, 1]


def test_a_contender_that_rules_is_recognised_step_by_step_to_the_top():
    world = lands(**ALWAYS)
    levels = np.array([[3.0, 0], [0, 0], [4.0, 0], [1.0, 0]])
    state = recognised(world, recognition=levels, ruler=[1, 2], challenger=[0, -1])
    assert state.recognition[:, 0].tolist() == [4, 0, 4, 2]


def test_nobody_steps_toward_where_nobody_ever_contended():
    assert not recognised(lands(**ALWAYS)).recognition[:, 1].any()


def test_nobody_steps_without_power_or_without_a_chance():
    assert not recognised(lands(**ALWAYS), power=0.0).recognition.any()
    assert not recognised(lands(recognition_rate=0)).recognition.any()


def test_an_imposed_level_is_taken_as_given():
    levels = np.full((1, 4, 2), np.nan)
    levels[0, 2, 0], levels[0, 3, 0] = 3.0, 0.0
    state = recognised(lands(**ALWAYS).with_posture(recognition=levels))
    assert state.recognition[:, 0].tolist() == [1, 0, 3, 0]


def test_all_decide_at_once():
    """Were the first to step seen by the second in the same month, the order of a list would decide."""
    p = {"recognition_rate": 1, "recognition_base": -25, "recognition_partners": 50}
    world = lands(**p)
    levels = np.array([[0.0, 0], [0, 0], [0, 0], [1.0, 0]])
    alignment = np.eye(4)
    alignment[0, 3] = alignment[2, 0] = (
        1.0  # the first follows the last, the third follows the first
    )
    state = recognised(world, recognition=levels, alignment=alignment)
    assert state.recognition[:, 0].tolist() == [1, 0, 0, 1]


def test_being_ahead_of_partners_among_hostile_neighbours_costs_standing():
    world = lands(recognition_rate=0, audience_cost=0.01)
    hostile = np.zeros((4, 4))
    hostile[2, 1] = -1.5
    levels = np.array([[0.0, 0], [0, 0], [1.0, 0], [3.0, 0]])
    alignment = np.eye(4)
    alignment[3, 2] = 0.5
    state = recognised(world.with_coded(affinity=hostile), recognition=levels, alignment=alignment)
    # The last is two steps ahead of its one partner, the third one ahead of none; the neighbour is half hostile.
    np.testing.assert_allclose(state.standing, [0, 0, -0.01 * 1 * 0.5, -0.01 * 2 * 0.5])
    assert not recognised(world, recognition=levels, alignment=alignment).standing.any()

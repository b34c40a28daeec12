"""The ladder of recognition by hand: who steps when, and what it costs."""

import numpy as np
import pytest
from tests.worlds import RandomWorld, after, begun, call, plain

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import recognition

ALWAYS = {"recognition_rate": 1, "recognition_base": 50}
FIVE = [9.0, 2.0, 1.0, 5.0, 7.0], np.array([1.0, 0.5, 0.25, -0.5, 0.9]), [4, 3, 1, 4.0, 2.0]
THREE = [1.0, 0.5, 0.8], [0.0, 3.0, 1.0]


@pytest.mark.parametrize(
    ("contender", "power", "leaning", "levels", "by_hand"),
    [
        # Partners are weighed by power and by leaning; whom it is about is nobody's partner.
        (4, *FIVE, (2 * 0.5 * 3 + 1 * 0.25 * 1) / (2 * 0.5 + 1 * 0.25)),
        (4, FIVE[0], -np.abs(FIVE[1]), FIVE[2], 0),
        (2, [1.0, 1.0, 1.0], *THREE, 3),
        (1, [1.0, 1.0, 1.0], *THREE, 1),
        (1, [1.0, 1.0, 0.0], *THREE, 0),
    ],
)
def test_the_level_of_partners_by_hand(contender, power, leaning, levels, by_hand):
    toward = {"alignment": {0: leaning}, "stood": {(..., 0): levels}}
    state = begun(plain(len(power)), power=power, **toward)
    assert call(recognition.partners_level, state, 0, 0, contender) == pytest.approx(by_hand)


def test_hostile_neighbours_are_the_rulers_of_other_lands():
    affinity = np.zeros((4, 4))
    affinity[1:, 0] = -3.0, 1.5, -3.0
    for ruler, by_hand in (([3, 1, -1, 2], 0.5), ([3], 0)):
        found = recognition.hostile_neighbours(0, 0, np.array(ruler), affinity)
        assert found == pytest.approx(by_hand)


def lands(**numbers: float) -> RandomWorld:
    """Four actors: the first rules a land that the second contests, the third its neighbour."""
    return plain(4, 2, **numbers).having(ruler=[0, 2], challenger=[1, -1])


def recognised(world: RandomWorld, **fields: object) -> Run:
    """The state after a month's recognising, where all have power unless said otherwise."""
    return after(recognition.recognise, world, **{"power": 1.0, **fields})


@pytest.mark.parametrize(
    ("fields", "levels"),
    [
        # A contender that does not rule finds contact and no more.
        ({}, [1, 0, 1, 1]),
        ({"recognition": 1.0}, [1, 1, 1, 1]),
        # One that rules is recognised step by step to the top.
        (
            {"recognition": {(..., 0): [3, 0, 4, 1]}, "ruler": [1, 2], "challenger": [0, -1]},
            [4, 0, 4, 2],
        ),
        ({"power": 0.0}, [0, 0, 0, 0]),
    ],
)
def test_steps_by_hand_where_no_chance_holds_back(fields, levels):
    assert recognised(lands(**ALWAYS), **fields).recognition[:, 0].tolist() == levels


def test_nobody_steps_toward_where_nobody_ever_contended_nor_without_a_chance():
    assert not recognised(lands(**ALWAYS)).recognition[:, 1].any()
    assert not recognised(lands(recognition_rate=0)).recognition.any()


def test_an_imposed_level_is_taken_as_given():
    imposed = lands(**ALWAYS).having(recognition={(0, 2, 0): 3.0, (0, 3, 0): 0.0})
    assert recognised(imposed).recognition[:, 0].tolist() == [1, 0, 3, 0]


def test_all_decide_at_once():
    """The first follows the last, the third the first; else the order of a list would decide."""
    world = lands(recognition_rate=1, recognition_base=-25, recognition_partners=50)
    alignment = np.eye(4)
    alignment[0, 3] = alignment[2, 0] = 1.0
    state = recognised(world, recognition={(3, 0): 1.0}, alignment=alignment)
    assert state.recognition[:, 0].tolist() == [1, 0, 0, 1]


def test_being_ahead_of_partners_among_hostile_neighbours_costs_standing():
    world = lands(recognition_rate=0, audience_cost=0.01)
    alignment = np.eye(4)
    alignment[3, 2] = 0.5
    fields = {"recognition": {(2, 0): 1.0, (3, 0): 3.0}, "alignment": alignment}
    state = recognised(world.having(affinity={(2, 1): -1.5}), **fields)
    # The last is two steps ahead of its one partner, the third one of none; half are hostile.
    np.testing.assert_allclose(state.standing, [0, 0, -0.01 * 1 * 0.5, -0.01 * 2 * 0.5])
    assert not recognised(world, **fields).standing.any()

"""Dealing with a ruler by force, by hand: which flags go up and down, and what it costs."""

import numpy as np
import pytest
from tests.worlds import RandomWorld, after, begun, call, plain

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import recognition

ALWAYS = {"recognition_rate": 1, "recognition_base": 50}
NEVER = {"recognition_rate": 1, "recognition_base": -50, "recognition_step": 0}
FIVE = [9.0, 2.0, 1.0, 5.0, 7.0], np.array([1.0, 0.5, 0.25, -0.5, 0.9]), [1, 1, 0.5, 1, 0.0]
THREE = [1.0, 0.5, 0.8], [0.0, 1.0, 0.5]
NO_MORE = {"ruler": [1, 2], "challenger": [0, -1], "in_power": {0: 1.0}}


@pytest.mark.parametrize(
    ("contender", "power", "leaning", "up", "by_hand"),
    [
        # Partners are weighed by power and by leaning; whom it is about is nobody's partner.
        (4, *FIVE, (2 * 0.5 * 1 + 1 * 0.25 * 0.5) / (2 * 0.5 + 1 * 0.25)),
        (4, FIVE[0], -np.abs(FIVE[1]), FIVE[2], 0),
        (2, [1.0, 1.0, 1.0], *THREE, 1),
        (1, [1.0, 1.0, 1.0], *THREE, 0.5),
        (1, [1.0, 1.0, 0.0], *THREE, 0),
    ],
)
def test_the_share_of_partners_by_hand(contender, power, leaning, up, by_hand):
    toward = {"alignment": {0: leaning}, "stood": {(..., 0, 3): up}}
    state = begun(plain(len(power)), power=power, **toward)
    call(recognition.partners_flags, state, 0, 0, contender)
    np.testing.assert_allclose(state.partners, [0, 0, 0, by_hand, 0])


def test_hostile_neighbours_are_the_rulers_of_other_lands():
    affinity = np.zeros((4, 4))
    affinity[1:, 0] = -3.0, 1.5, -3.0
    for ruler, by_hand in (([3, 1, -1, 2], 0.5), ([3], 0)):
        found = recognition.hostile_neighbours(0, 0, np.array(ruler), affinity)
        assert found == pytest.approx(by_hand)


def lands(**numbers: float) -> RandomWorld:
    """Four actors: the first rules a land that the second contests, the third its neighbour."""
    return plain(4, 2, **numbers).having(ruler=[0, 2], challenger=[1, -1], contender=[1, -1])


def dealt(world: RandomWorld, up: str = "", **fields: object) -> list[str]:
    """Flags that each of the four has up after a month, by their first letters, as some are now."""
    flags = {(..., 0, "ltmer".index(letter)): 1.0 for letter in up}
    state = recognised(world, flags=flags, **fields)
    return ["".join(np.array([*"ltmer"])[row > 0]) for row in state.flags[:, 0]]


def recognised(world: RandomWorld, **fields: object) -> Run:
    """The state after a month's recognising, where all have power unless said otherwise."""
    return after(recognition.recognise, world, **{"power": 1.0, **fields})


@pytest.mark.parametrize(
    ("up", "numbers", "fields", "flags"),
    [
        # A contender that does not rule finds talks and no more.
        ("", ALWAYS, {}, "t"),
        ("t", ALWAYS, {}, "t"),
        # Toward one that rules each goes up a month after what it needs.
        ("", ALWAYS, NO_MORE, "t"),
        ("t", ALWAYS, NO_MORE, "tme"),
        ("te", ALWAYS, NO_MORE, "tmer"),
        # All go down where nothing holds them; what needs envoys falls with them, these with talks.
        ("tmer", NEVER, NO_MORE, ""),
        ("tmer", ALWAYS, {}, "t"),
        ("tmer", {"recognition_rate": 0}, NO_MORE, "tmer"),
        # The month it takes the capital, missions with the fallen stay or go.
        ("", ALWAYS, {**NO_MORE, "in_power": 0.0}, "tm"),
        ("t", {**NEVER, "recognition_inherit": 99}, {**NO_MORE, "in_power": 0.0}, "m"),
        ("", {**NEVER, "recognition_inherit": 99}, {**NO_MORE, "in_power": 0.0}, ""),
    ],
)
def test_flags_by_hand_where_chance_decides_nothing(up, numbers, fields, flags):
    found = dealt(lands(**numbers), up, **fields)
    assert [found[0], *found[2:]] == [flags] * 3


def test_who_has_no_power_or_sees_no_contender_moves_nothing():
    assert dealt(lands(**ALWAYS), power=0.0) == [""] * 4
    assert not recognised(lands(**ALWAYS)).flags[:, 1].any()
    assert not recognised(lands(recognition_rate=0)).flags.any()


def test_who_dislikes_it_lists_it_until_it_would_recognise_it():
    for liked, there, base, now in ((-1, "", 0, "l"), (1, "", 0, "t"), (-1, "l", 99, "t")):
        numbers = {**ALWAYS, "recognition_base": base, "recognition_relation": 150}
        assert dealt(lands(**numbers).having(affinity={(3, 1): liked}), there)[3] == now


def test_imposed_flags_are_taken_as_given():
    imposed = lands(**ALWAYS).having(recognition={(0, 2, 0, 4): 1.0, (0, 3, 0, 1): 0.0})
    assert dealt(imposed)[2:] == ["tr", ""]
    assert recognised(imposed).recognition[:, 0].tolist() == [1, 0, 2, 0]


def test_all_decide_at_once():
    """The first follows the last, the third the first; else the order of a list would decide."""
    world = lands(recognition_rate=1, recognition_base=-25, recognition_partners=50)
    alignment = np.eye(4)
    alignment[0, 3] = alignment[2, 0] = 1.0
    state = recognised(world, flags={(3, 0, 1): 1.0}, alignment=alignment)
    assert state.flags[:, 0, 1].tolist() == [1, 0, 0, 0]


def test_being_ahead_of_partners_among_hostile_neighbours_costs_standing():
    world = lands(recognition_rate=0, audience_cost=0.01)
    alignment = np.eye(4)
    alignment[3, 2] = 0.5
    up = {(2, 0, 1): 1.0, **{(3, 0, b): 1.0 for b in (1, 2, 3)}}
    fields = {"flags": up, "recognition": {(2, 0): 1.0, (3, 0): 3.0}, "alignment": alignment}
    state = recognised(world.having(affinity={(2, 1): -1.5}), **fields)
    # The last is two flags ahead of its one partner, the third one of none; half are hostile.
    np.testing.assert_allclose(state.standing, [0, 0, -0.01 * 1 * 0.5, -0.01 * 2 * 0.5])
    assert not recognised(world, **fields).standing.any()

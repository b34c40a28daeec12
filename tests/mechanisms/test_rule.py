"""Control, rule and order of a contested land, and who deals with its contender, by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, after, begun, call, expect, plain

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import recognition, regime
from eurasia_sim.mechanisms.recognition import recognise
from eurasia_sim.mechanisms.regime import rule

WAR = {
    "organisation": 0.6, "feasible_shelter": 0.5, "feasible_rents": 0.4, "provocation": 0.1,
    "forces_strength": 3, "aid_half": 2, "control_pace": 1.2, "deaths_scale": 30000,
    "deaths_half": 10000, "crop_order": 0.6, "desertion": 0, "war_noise": 0,
    "control_threshold": 0.75, "control_remnant": 0.05, "shelter_pressure": 0.2, "laxity": 0.1,
    "laxity_by_force": 0.6, "restraint_aid": 0.2, "restraint_recognition": 0.4,
    "restraint_rate": 1.2, "militants_base": 0.5, "militants_rate": 1.2, "suppression": 4,
    "militants_guard": 5, "surge_breeding": 0.5, "effort_forces": 0.2, "standing_decay": 0.1,
}  # fmt: skip


def contested(**numbers: float) -> RandomWorld:
    """Three actors and one land, ruled by the first and challenged by the second."""
    return plain(3, **{**WAR, **numbers}).having(ruler=0, challenger=1, base_stability=0.3)


# The third presses the ruler by half of what gives all shelter, and has three times its power.
SHELTERED = contested().having(
    theatre_border={(2, 0): 1}, pressure={(0, 2, 0): 0.1}, theatre_capability=0.01
)
AT_WAR = {"power": [0.01, 0, 0.03], "fighters": 0.2, "control": 0.3, "ruler_strength": 0.5}
SHELTER = 0.5 * 0.03 / 0.04


def roles(ruler: int, challenger: int, control: float) -> dict[str, Any]:
    """Who rules the first land, who contests it, and how much of it."""
    return {"ruler": {0: ruler}, "challenger": {0: challenger}, "control": {0: control}}


def test_forces_stand_by_whom_the_ruler_leans_to_more_than_its_challenger_does():
    presence = [[[0, 0.1, 0]], [[0, 0.7, 0]], [[1.0, 0.5, 0.0]], [[0.0, 0.1, 0.2]]]
    alignment = {0: [1, 0.9, 0.4, -0.2], 1: [0.9, 1, 0.1, 0.6]}
    world = plain(4).having(ruler=0, challenger=1, presence=presence)
    # Bases hold no ground, the parties' own troops are not foreign, and the last stands apart.
    for ruler, by_hand in ((0, 0.5 * (0.5 + 0.4 - 0.1)), (-1, 0)):
        state = begun(world, alignment=alignment, ruler=ruler)
        assert call(regime.beside_ruler, state, 0) == pytest.approx(by_hand)


def test_shelter_is_the_most_that_one_neighbour_gives():
    world = plain(4, shelter_pressure=0.2).having(
        ruler=0, challenger=1, theatre_border={(..., 0): [1, 1, 1, 0]},
        pressure={(..., 0): [0, 1, 0.05, 1]}, theatre_capability=0.01,
    )  # fmt: skip
    # The parties give none, the mighty one has no border, and the neighbour presses by a quarter.
    for power, by_hand in ((0.03, 0.25 * 0.03 / 0.04), (0.0, 0)):
        state = begun(world, power=[0.5, 0.5, power, 9.0])
        assert call(regime.shelter, state, 0) == pytest.approx(by_hand)


def test_a_month_of_war_by_hand():
    world = SHELTERED.having(
        size=3.0, aid={(0, 2, 0): 2.0}, presence={(0, 2, 0, 1): 0.1}, ban={(0, 0): 0.5},
        surge={(0, 0, 0): 1.0},
    )  # fmt: skip
    state = after(
        rule, world, **AT_WAR, narcotics=0.7, restraint=0.8, militants=0.4,
        alignment=[[1, 0, 0.5], [0, 1, 0], [0, 0, 1]], standing=[0, 0, 1.0],
        effort=[[[0.5, 0, 0]], [[0.5, 0, 0]], [[0.12, 0, 0]]],
    )  # fmt: skip
    beside = 3 * 0.1  # half of one, and half of one for the leaning
    room = 0.5 * SHELTER * (1 + 0.4 * 0.7) + 0.1 * beside
    fighters = 0.2 + 0.6 / 12 * 0.2 * (1 - 0.2 / room)
    odds = fighters**2 / (fighters**2 + (0.5 + beside) ** 2)
    control = 0.3 + 1.2 / 12 * (odds - 0.3)
    strength = 0.5 + 0.6 / 12 * ((1 - control) * (0.3 + 0.7 * 2 / 4) - 0.5)
    deaths = 30000 * np.sqrt(fighters * strength) * 4 * control * (1 - control)
    war = deaths / (deaths + 10000)
    order = strength * (1 - war)
    narcotics = 0.7 + ((1 - 0.5 * (1 - control)) * (1 - 0.6 * order) - 0.7) / 12
    restraint = 0.8 + 0.1 * (1 - 0.1 * (1 - 0.2 * 2 / 3) - 0.8)
    loose = (1 - restraint) * (1 - control) + 0.6 * control
    bred = loose * (0.5 + 0.5 * war) * 1.5 / (1 + 4 * 0.1 + 5 * (0.12 - 0.2 * 0.1))
    expect(
        state, fighters=fighters, ruler_strength=strength, stability=order,
        violence=np.log(1 + deaths), narcotics=narcotics, restraint=restraint,
        militants=0.4 + 0.1 * (bred - 0.4), standing={2: 0.9}, **roles(0, 1, control),
    )  # fmt: skip


@pytest.mark.parametrize(("arms", "shelter"), [(0.5, SHELTER), (4.0, 4 / 6)])
def test_arms_to_the_ruler_count_as_aid_and_to_the_challenger_as_shelter_where_it_is_less(
    arms, shelter
):
    world = SHELTERED.having(arms={(0, 2): [2.0, arms, 9.0]})
    state = after(rule, world, **AT_WAR, narcotics=0.0)
    funded = (1 - state.control[0]) * (0.3 + 0.7 * 2 / 4)
    expect(state, ruler_strength=0.5 + 0.05 * (funded - 0.5))
    expect(state, fighters=0.2 + 0.05 * 0.2 * (1 - 0.2 / (0.5 * shelter)))


@pytest.mark.parametrize(("strength", "control"), [(0.3, 1.0), (0.7, 0.5)])
def test_a_ruler_alone_holds_its_land_only_against_fewer_than_half_its_strength(strength, control):
    """By algebra: steady, c(1 - c) = (m / X) ** 2; fighters beyond X / 2 take all."""
    world = contested(control_threshold=1.1).having(base_stability=strength)
    state, fighters = begun(world, control=0.05, ruler_strength=strength), 0.2
    for _ in range(12 * 60):
        state.fighters[0] = fighters
        call(rule, state)
    held = state.control[0]
    steady = pytest.approx((0.95 * fighters / strength) ** 2, rel=1e-3)
    assert held > 0.9 if control == 1.0 else held * (1 - held) == steady


@given(*[st.floats(0, 2)] * 2, st.floats(0, 1))
def test_deaths_need_two_sides_and_disputed_land(fighters, strength, control):
    p = contested().p
    found = regime.violence(fighters, strength, control, p)
    assert 0 <= found <= regime.violence(fighters, strength, 0.5, p)
    assert regime.violence(0.0, strength, control, p) == 0
    assert regime.violence(fighters, strength, 0.0, p) == 0


def test_a_loser_is_deserted_at_its_rate():
    world = contested(desertion=2.0).having(rule=-1.0)
    fields = {"fighters": 1.0, "ruler_strength": 0.2, "control": 0.1}
    states = [after(rule, world, seed=seed, **fields) for seed in range(1, 1501)]
    won = [state for state in states if state.ruler[0] == 1]
    odds = regime.contest_odds(1.0 - 0.6 / 12, 0.2)
    chance = 1 - np.exp(-2 / 12 * (2 * odds - 1))
    assert len(won) / len(states) == pytest.approx(chance, abs=0.03)
    expect(won[0], ruler_strength=1.0 - 0.6 / 12)
    assert won[0].fighters[0] < 0.05


@pytest.mark.parametrize(
    ("power", "by_hand"), [([9.0, 3.0, 1.0], (3 * 2 + 1 * 4) / (4 * 4)), ([1.0, 0.0, 0.0], 0)]
)
def test_esteem_is_recognition_by_the_powers_but_the_recognised(power, by_hand):
    recognised = np.array([[4.0], [2.0], [4.0]])
    assert regime.esteem(0, 0, np.array(power), recognised) == pytest.approx(by_hand)


THIRD_LOST, GONE = 0.3 * 0.6, {"power": [0.006, 0.001, 0.003], "control": 0.0, "fighters": 0.0}
KNOWN = {**GONE, "recognition": [[0.0], [0.0], [4.0]], "restraint": 0.4}
STILL = {"militants": 0.2, "fighters": 0.3, "control": 0.1, "restraint": 0.6}
UNFOUGHT = plain(3, **WAR, stability_rate=2.4).having(ruler=0, base_stability=0.7)
FALLING = {"control": 0.5, "ruler_strength": 0.3, "fighters": 0.9}
# A claim: a world, what a month of rule begins with, and what is there after it.
RULED: dict[str, tuple[RandomWorld, dict[str, Any], dict[str, Any]]] = {
    "a quiet land has no violence and keeps its own order": (
        contested(), {**GONE, "ruler_strength": 0.3}, {"violence": 0, "stability": 0.3}),
    "where nobody rules neither aid nor forces stand against a challenger": (
        contested().having(ruler=-1, presence={(0, 2, 0, 1): 1.0}, aid=5.0),
        {"control": 0.3, "fighters": 0.3, "ruler_strength": 0.0},
        {"ruler_strength": 0, "control": 0.3 + 0.1 * (1 - 0.3)}),
    "recognition buys no restraint of who rules otherwise": (
        contested(), KNOWN, {"restraint": 0.4 + 0.1 * (1 - 0.1 - 0.4)}),
    "recognition buys restraint of a ruler by force": (
        contested(), {**KNOWN, "ruler": 1, "challenger": 0},
        {"restraint": 0.4 + 0.1 * (1 - 0.6 * (1 - 0.4 * 0.003 * 4 / (0.009 * 4)) - 0.4)}),
    "who holds more than the threshold comes to rule": (
        contested(), {**FALLING, "control": 0.9}, {"ruler": 1}),
    "who holds less does not": (
        contested(), {**FALLING, "control": 0.6, "fighters": 0.0}, {"ruler": 0}),
    "who is put in has at least the land's own order": (
        contested().having(rule=1.0), {**FALLING, "control": 0.1, "fighters": 0.0},
        {"ruler": 1, "ruler_strength": 0.3}),
    "who is kept in rule is kept at the threshold": (
        contested().having(rule=0.0), {**FALLING, "control": 0.95}, {"ruler": 0, "control": 0.75}),
    "a third can be imposed, and the fallen contends": (
        contested().having(rule=2.0), {"control": 0.5}, roles(2, 0, 0.05)),
    "a third can be imposed on a land that nobody challenges": (
        UNFOUGHT.having(rule=2.0), {"control": 0.5}, roles(2, 0, 0.05)),
    "a third can be imposed on a land that nobody rules": (
        UNFOUGHT.having(rule=2.0, ruler=-1), {"control": 0.5}, roles(2, -1, 0.05)),
    "in a land that nobody challenges only order and its crop move": (
        UNFOUGHT, {**STILL, "stability": 0.4},
        {**STILL, "stability": 0.4 + 0.2 * 0.3, "narcotics": 1 - (0.4 + 0.2 * 0.3)}),
    # What a land's own disorder sends its ruler is no contagion, nor what reaches no ruler.
    "disorder is caught from other lands": (
        plain(k=3, stability_contagion=0.4, stability_rate=1.2).having(
            ruler=[0, 1, -1], base_stability=[0.8, 0.6, 0.5]),
        {"spillover": [[9.0, 0.5, 0.75], [0.3, 9.0, 0.0]], "stability": 0.0},
        {"stability": [
            0.1 * 0.8 * (1 - 0.4 * 1.25 / 2.25), 0.1 * 0.6 * (1 - 0.4 * 0.3 / 1.3), 0.1 * 0.5]}),
    "stability can be imposed on a contested land": (
        contested().having(stability=0.77), {}, {"stability": 0.77}),
    "stability can be imposed on nobody's": (
        plain().having(stability=0.77), {}, {"stability": 0.77}),
}  # fmt: skip


@pytest.mark.parametrize("claim", RULED)
def test_a_month_of_rule_by_hand(claim):
    world, fields, by_hand = RULED[claim]
    expect(after(rule, world, **fields), **by_hand)


@pytest.mark.parametrize(
    ("ruler", "fields", "standing"),
    [
        # Neither ruler is its own patron; the third stood behind the fallen as it leaned to it.
        (0, {"influence": {(..., 0, 0): [0.4, 0.1, 0.3]},
             "alignment": [[1, 0.2, 0.6], [0.2, 1, -0.8], [0.6, -0.8, 1]]},
         [0.25 * 0.4 * THIRD_LOST, 0.25 * 1.8 * THIRD_LOST, -THIRD_LOST]),
        # Whom the fallen leaned away from loses nothing by its fall.
        (0, {"influence": 0.2, "alignment": [[1, 0, -0.4], [0, 1, 0], [0.9, 0, 1]]}, 0),
        # Nobody loses where nobody fell.
        (-1, {"influence": 0.3, "alignment": 0.5}, 0),
    ],
)  # fmt: skip
def test_a_change_of_rule_costs_the_fallens_patrons_and_lifts_their_rivals(ruler, fields, standing):
    world = contested(standing_gain=0.5).having(ruler=ruler)
    state = begun(world, power=[0.1, 0.2, 0.3], **fields)
    call(regime.change_rule, state, 0, 1)
    expect(state, standing=standing, **roles(1, ruler, 0.05))


def test_a_contested_land_takes_no_contagion():
    calm, beset = (after(rule, contested(), spillover=spill).stability[0] for spill in (0.0, 3.0))
    assert calm == beset


@given(st.floats(0, 5), st.floats(0.01, 5), st.floats(0.001, 0.6))
def test_more_that_arrives_never_steadies_and_never_takes_more_than_the_whole(before, more, share):
    world = plain(k=2, stability_contagion=share, stability_rate=12.0)
    world = world.having(ruler=[0, 1], base_stability=0.8)
    less, beset = (
        after(rule, world, spillover={(0, 1): arriving}).stability[0]
        for arriving in (before, before + more)
    )
    assert 0.8 * (1 - share) <= beset < less <= 0.8 + 1e-12


ALWAYS = {"recognition_rate": 1, "recognition_base": 50}
NEVER = {"recognition_rate": 1, "recognition_base": -50, "recognition_step": 0}
INHERITS = {**NEVER, "recognition_inherit": 99}
NO_MORE = {"ruler": [1, 2], "challenger": [0, -1], "in_power": {0: 1.0}}
TAKES_OVER = {**NO_MORE, "in_power": 0.0}
FIVE = [9.0, 2.0, 1.0, 5.0, 7.0], np.array([1.0, 0.5, 0.25, -0.5, 0.9]), [1, 1, 0.5, 1, 0.0]
THREE = [1.0, 0.5, 0.8], [0.0, 1.0, 0.5]


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
    expect(state, partners=[0, 0, 0, by_hand, 0])


@pytest.mark.parametrize(("ruler", "by_hand"), [([3, 1, -1, 2], 0.5), ([3], 0)])
def test_hostile_neighbours_are_the_rulers_of_other_lands(ruler, by_hand):
    affinity = np.zeros((4, 4))
    affinity[1:, 0] = -3.0, 1.5, -3.0
    found = recognition.hostile_neighbours(0, 0, np.array(ruler), affinity)
    assert found == pytest.approx(by_hand)


def lands(**numbers: float) -> RandomWorld:
    """Four actors: the first rules a land that the second contests, the third its neighbour."""
    return plain(4, 2, **numbers).having(ruler=[0, 2], challenger=[1, -1], contender=[1, -1])


def recognised(world: RandomWorld, **fields: Any) -> Run:
    """The state after a month's recognising, where all have power unless said otherwise."""
    return after(recognise, world, **{"power": 1.0, **fields})


def dealt(world: RandomWorld, up: str = "", **fields: Any) -> list[str]:
    """Flags that each of the four has up after a month, by their first letters, as some are now."""
    flags = {(..., 0, "ltmer".index(letter)): 1.0 for letter in up}
    rows = recognised(world, flags=flags, **fields).flags[:, 0]
    return ["".join(np.array([*"ltmer"])[row > 0]) for row in rows]


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
        ("", ALWAYS, TAKES_OVER, "tm"),
        ("t", INHERITS, TAKES_OVER, "m"),
        ("", INHERITS, TAKES_OVER, ""),
        # Who has no power, or sees no contender, moves nothing.
        ("", ALWAYS, {"power": 0.0}, ""),
        ("", {"recognition_rate": 0}, {}, ""),
    ],
)
def test_flags_by_hand_where_chance_decides_nothing(up, numbers, fields, flags):
    found = dealt(lands(**numbers), up, **fields)
    assert [found[0], *found[2:]] == [flags] * 3
    assert not recognised(lands(**numbers), **fields).flags[:, 1].any()


@pytest.mark.parametrize(
    ("liked", "up", "base", "now"), [(-1, "", 0, "l"), (1, "", 0, "t"), (-1, "l", 99, "t")]
)
def test_who_dislikes_it_lists_it_until_it_would_recognise_it(liked, up, base, now):
    numbers = {**ALWAYS, "recognition_base": base, "recognition_relation": 150}
    assert dealt(lands(**numbers).having(affinity={(3, 1): liked}), up)[3] == now


def test_imposed_flags_are_taken_as_given():
    imposed = lands(**ALWAYS).having(recognition={(0, 2, 0, 4): 1.0, (0, 3, 0, 1): 0.0})
    assert dealt(imposed)[2:] == ["tr", ""]
    expect(recognised(imposed), recognition={(..., 0): [1, 0, 2, 0]})


def test_all_decide_at_once():
    """The first follows the last, the third the first; else the order of a list would decide."""
    world = lands(recognition_rate=1, recognition_base=-25, recognition_partners=50)
    alignment = {(0, 3): 1.0, (2, 0): 1.0}
    state = recognised(world, flags={(3, 0, 1): 1.0}, alignment=alignment)
    expect(state, flags={(..., 0, 1): [1, 0, 0, 0]})


def test_being_ahead_of_partners_among_hostile_neighbours_costs_standing():
    world = lands(recognition_rate=0, audience_cost=0.01)
    up = {(2, 0, 1): 1.0, (3, 0): [0, 1, 1, 1, 0]}
    fields = {"flags": up, "recognition": {(2, 0): 1.0, (3, 0): 3.0}, "alignment": {(3, 2): 0.5}}
    # The last is two flags ahead of its one partner, the third one of none; half are hostile.
    hostile = recognised(world.having(affinity={(2, 1): -1.5}), **fields)
    expect(hostile, standing=[0, 0, -0.01 * 1 * 0.5, -0.01 * 2 * 0.5])
    expect(recognised(world, **fields), standing=0)

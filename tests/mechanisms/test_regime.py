"""Control, rule, conduct and stability of a contested land, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, after, begun, call, plain

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import regime


def contested(**numbers: float) -> RandomWorld:
    """Three actors and one land, ruled by the first and challenged by the second."""
    return plain(3, **numbers).having(ruler=0, challenger=1, contender=1)


def ruled(world: RandomWorld, **fields: object) -> Run:
    """The state after one month's rule, from the beginning but for some fields."""
    return after(regime.rule, world, **fields)


def leaning_to_the_third(leaning: float) -> np.ndarray:
    """Alignments of three of whom the first leans to the last."""
    alignment = np.eye(3)
    alignment[0, 2] = leaning
    return alignment


def roles(state: Run) -> tuple[int, int, float]:
    """Who rules the first land, who contests it, and how much of it."""
    return state.ruler[0], state.challenger[0], state.control[0]


def test_forces_stand_by_whom_the_ruler_leans_to_more_than_its_challenger_does():
    presence = [[[0, 0.1, 0]], [[0, 0.7, 0]], [[1.0, 0.5, 0.0]], [[0.0, 0.1, 0.2]]]
    world = plain(4).having(ruler=0, challenger=1, presence=presence)
    alignment = {0: [1, 0.9, 0.4, -0.2], 1: [0.9, 1, 0.1, 0.6]}
    state = begun(world, alignment=alignment)
    # Bases hold no ground, the parties' own troops are not foreign, and the last stands apart.
    assert call(regime.beside_ruler, state, 0) == pytest.approx(0.5 * (0.5 + 0.4 - 0.1))
    state.ruler[0] = -1
    assert call(regime.beside_ruler, state, 0) == 0


def test_shelter_is_the_most_that_one_neighbour_gives():
    world = plain(4, shelter_pressure=0.2).having(
        ruler=0, challenger=1, theatre_border={(..., 0): [1, 1, 1, 0]},
        pressure={(..., 0): [0, 1, 0.05, 1]}, theatre_capability=0.01,
    )  # fmt: skip
    state = begun(world, power=[0.5, 0.5, 0.03, 9.0])
    # The parties give none, the mighty one has no border, and the neighbour presses by a quarter.
    assert call(regime.shelter, state, 0) == pytest.approx(0.25 * 0.03 / 0.04)
    state.power[2] = 0.0
    assert call(regime.shelter, state, 0) == 0


WAR = {
    "organisation": 0.6, "feasible_shelter": 0.5, "feasible_rents": 0.4, "provocation": 0.1,
    "forces_strength": 3, "aid_half": 2, "control_pace": 1.2, "deaths_scale": 30000,
    "deaths_half": 10000,
    "crop_order": 0.6, "desertion": 0, "war_noise": 0, "control_threshold": 0.75,
    "control_remnant": 0.05, "shelter_pressure": 0.2, "laxity": 0.1, "laxity_by_force": 0.6,
    "restraint_aid": 0.2, "restraint_recognition": 0.4, "restraint_rate": 1.2,
    "militants_base": 0.5, "militants_rate": 1.2, "suppression": 4, "militants_guard": 5,
    "surge_breeding": 0.5, "effort_forces": 0.2, "standing_decay": 0.1,
}  # fmt: skip


def test_a_month_of_war_by_hand():
    world = contested(**WAR).having(
        base_stability=0.3, size=3.0, aid={(0, 2, 0): 2.0}, presence={(0, 2, 0, 1): 0.1},
        ban={(0, 0): 0.5}, surge={(0, 0, 0): 1.0}, theatre_border={(2, 0): 1},
        pressure={(0, 2, 0): 0.1}, theatre_capability={(0, 0): 0.01},
    )  # fmt: skip
    state = ruled(
        world, power=[0.01, 0, 0.03], fighters=0.2, control=0.3, ruler_strength=0.5, narcotics=0.7,
        restraint=0.8, militants=0.4, alignment=leaning_to_the_third(0.5), standing=[0, 0, 1.0],
        effort=[[[0.5, 0, 0]], [[0.5, 0, 0]], [[0.12, 0, 0]]],
    )  # fmt: skip
    beside = 3 * 0.1  # half of one, and half of one for the leaning
    room = 0.5 * (0.5 * 0.03 / 0.04) * (1 + 0.4 * 0.7) + 0.1 * beside
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
    by_hand = {
        "fighters": fighters, "control": control, "ruler_strength": strength, "stability": order,
        "violence": np.log(1 + deaths), "narcotics": narcotics, "restraint": restraint,
        "militants": 0.4 + 0.1 * (bred - 0.4),
    }  # fmt: skip
    assert {name: getattr(state, name)[0] for name in by_hand} == pytest.approx(by_hand)
    assert roles(state)[:2] == (0, 1)
    assert state.standing[2] == pytest.approx(0.9)


def test_arms_to_the_ruler_count_as_aid_and_to_the_challenger_as_shelter_where_it_is_less():
    war = {"power": [0.01, 0, 0.03], "fighters": 0.2, "control": 0.3, "ruler_strength": 0.5}
    world = contested(**WAR).having(
        base_stability=0.3, theatre_border={(2, 0): 1}, pressure={(0, 2, 0): 0.1},
        theatre_capability={(0, 0): 0.01},
    )  # fmt: skip
    for arms, sheltered in ((0.5, 0.5 * 0.03 / 0.04), (4.0, 4 / 6)):
        state = ruled(world.having(arms={(0, 2): [2.0, arms, 9.0]}), **war, narcotics=0.0)
        room = 0.5 * sheltered
        assert state.fighters[0] == pytest.approx(0.2 + 0.05 * 0.2 * (1 - 0.2 / room))
        funded = (1 - state.control[0]) * (0.3 + 0.7 * 2 / 4)
        assert state.ruler_strength[0] == pytest.approx(0.5 + 0.05 * (funded - 0.5))


@pytest.mark.parametrize(("strength", "control"), [(0.3, 1.0), (0.7, 0.5)])
def test_a_ruler_alone_holds_its_land_only_against_fewer_than_half_its_strength(strength, control):
    """By algebra: steady, c(1 - c) = (m / X) ** 2; fighters beyond X / 2 take all."""
    world = contested(**{**WAR, "control_threshold": 1.1}).having(base_stability=strength)
    state, fighters = begun(world, control=0.05, ruler_strength=strength), 0.2
    for _ in range(12 * 60):
        state.fighters[0] = fighters
        call(regime.rule, state)
    if control == 1.0:
        assert state.control[0] > 0.9
    else:
        assert state.control[0] * (1 - state.control[0]) == pytest.approx(
            (0.95 * fighters / strength) ** 2, rel=1e-3
        )


def test_a_quiet_theatre_has_no_violence_and_keeps_its_own_order():
    world = contested(**WAR).having(base_stability=0.6)
    state = begun(world, control=0.0, fighters=0.0, ruler_strength=0.6)
    for _ in range(120):
        call(regime.rule, state)
    assert state.violence[0] == 0.0
    assert state.stability[0] == pytest.approx(0.6)


@given(*[st.floats(0, 2)] * 2, st.floats(0, 1))
def test_deaths_need_two_sides_and_disputed_land(fighters, strength, control):
    p = begun(contested(**WAR)).world.p
    found = regime.violence(fighters, strength, control, p)
    assert 0 <= found <= regime.violence(fighters, strength, 0.5, p)
    assert regime.violence(0.0, strength, control, p) == 0
    assert regime.violence(fighters, strength, 0.0, p) == 0


@given(*[st.floats(0, 1)] * 4)
def test_more_support_never_helps_the_challenger(fighters, strength, beside, more):
    less = regime.contest_odds(fighters, strength + beside + more)
    assert 0 <= less <= regime.contest_odds(fighters, strength + beside) <= 1


def test_a_loser_is_deserted_at_its_rate():
    world = contested(**{**WAR, "desertion": 2.0}).having(rule=-1.0, base_stability=0.3)
    fields = {"fighters": 1.0, "ruler_strength": 0.2, "control": 0.1}
    draws = [begun(world, **fields) for _ in range(1500)]
    for seed, state in enumerate(draws):
        call(regime.rule, state, seed=seed + 1)
    fallen = np.mean([state.ruler[0] == 1 for state in draws])
    odds = regime.contest_odds(1.0 - 0.6 / 12, 0.2)
    assert fallen == pytest.approx(1 - np.exp(-2 / 12 * (2 * odds - 1)), abs=0.03)
    won = next(state for state in draws if state.ruler[0] == 1)
    assert won.ruler_strength[0] == pytest.approx(1.0 - 0.6 / 12)
    assert won.fighters[0] < 0.05


@pytest.mark.parametrize(
    ("power", "by_hand"), [([9.0, 3.0, 1.0], (3 * 2 + 1 * 4) / (4 * 4)), ([1.0, 0.0, 0.0], 0)]
)
def test_esteem_is_recognition_by_the_powers_but_the_recognised(power, by_hand):
    recognition = np.array([[4.0], [2.0], [4.0]])
    assert regime.esteem(0, 0, np.array(power), recognition) == pytest.approx(by_hand)


@pytest.mark.parametrize(("ruler", "esteem"), [(0, 0.0), (1, 0.003 * 4 / (0.009 * 4))])
def test_recognition_buys_restraint_of_a_ruler_by_force_alone(ruler, esteem):
    state = ruled(
        contested(**WAR), power=[0.006, 0.001, 0.003], recognition=[[0.0], [0.0], [4.0]],
        restraint=0.4, ruler=ruler, challenger=1 - ruler, fighters=0.0, control=0.0,
    )  # fmt: skip
    lax = 0.6 if ruler == 1 else 0.1
    target = 1 - lax * (1 - 0.4 * esteem)
    assert state.restraint[0] == pytest.approx(0.4 + 0.1 * (target - 0.4))


THIRD_LOST = 0.3 * 0.6


@pytest.mark.parametrize(
    ("ruler", "fields", "found", "standing"),
    [
        # Neither ruler is its own patron; the third stood behind the fallen as it leaned to it.
        (
            0,
            {
                "power": [0.1, 0.2, 0.3], "influence": {(..., 0, 0): [0.4, 0.1, 0.3]},
                "alignment": [[1, 0.2, 0.6], [0.2, 1, -0.8], [0.6, -0.8, 1]],
            },
            (1, 0, 0.06),
            [0.25 * 0.4 * THIRD_LOST, 0.25 * 1.8 * THIRD_LOST, -THIRD_LOST],
        ),
        # Whom the fallen leaned away from loses nothing by its fall.
        (
            0,
            {"power": 1.0, "influence": 0.2, "alignment": [[1, 0, -0.4], [0, 1, 0], [0.9, 0, 1]]},
            (1, 0, 0.06),
            [0, 0, 0],
        ),
        # Nobody loses where nobody fell.
        (-1, {"power": 1.0, "influence": 0.3, "alignment": 0.5}, (1, -1, 0.06), [0, 0, 0]),
    ],
)  # fmt: skip
def test_a_change_of_rule_costs_the_fallens_patrons_and_lifts_their_rivals(
    ruler, fields, found, standing
):
    state = begun(contested(control_remnant=0.06, standing_gain=0.5).having(ruler=ruler), **fields)
    call(regime.change_rule, state, 0, 1)
    assert roles(state) == found
    np.testing.assert_allclose(state.standing, standing)


@pytest.mark.parametrize(
    ("rule", "fields", "ruler"),
    [
        (-1.0, {"control": 0.9, "fighters": 0.9}, 1),
        (-1.0, {"control": 0.6, "fighters": 0.0}, 0),
        (1.0, {"control": 0.1, "fighters": 0.0}, 1),
        (0.0, {"control": 0.95, "fighters": 0.9}, 0),
    ],
)
def test_rule_changes_past_the_threshold_or_as_it_is_imposed(rule, fields, ruler):
    world = contested(**WAR).having(rule=rule, base_stability=0.3)
    state = ruled(world, ruler_strength=0.3, **fields)
    assert state.ruler[0] == ruler
    if rule == 0.0:  # who is kept in rule is kept at the threshold
        assert state.control[0] == pytest.approx(0.75)
    if rule == 1.0:  # who is put in has at least the land's own order
        assert state.ruler_strength[0] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("world", "fallen"),
    [
        (contested(control_remnant=0.06), 0),
        (plain(3, control_remnant=0.06).having(ruler=0), 0),
        (plain(3, control_remnant=0.06), -1),
    ],
    ids=["challenged", "unchallenged", "nobody's"],
)
def test_a_third_can_be_imposed_and_the_fallen_contends_from_then_on(world, fallen):
    assert roles(ruled(world.having(rule=2.0), control=0.5)) == (2, fallen, 0.06)


def test_in_a_land_that_nobody_challenges_only_order_and_its_crop_move():
    still = {"militants": 0.2, "fighters": 0.3, "control": 0.1, "restraint": 0.6}
    world = plain(stability_rate=2.4).having(ruler=0, base_stability=0.7)
    state = ruled(world, stability=0.4, **still)
    assert {name: getattr(state, name)[0] for name in still} == still
    assert state.stability[0] == pytest.approx(0.4 + 0.2 * (0.7 - 0.4))
    assert state.narcotics[0] == 1 - state.stability[0]


def neighbours(**numbers: float) -> RandomWorld:
    """Three unchallenged lands: the first two actors rule one each, and nobody the last."""
    return plain(k=3, **numbers).having(ruler=[0, 1, -1], base_stability=[0.8, 0.6, 0.5])


def test_contagion_by_hand():
    world = neighbours(stability_contagion=0.4, stability_rate=1.2)
    spillover = [[9.0, 0.5, 0.75], [0.3, 9.0, 0.0]]
    before = np.array([0.2, 0.6, 0.5])
    state = ruled(world, spillover=spillover, stability=before)
    # What a land's own disorder sends its ruler is no contagion, nor what reaches no ruler.
    tends = np.array([0.8 * (1 - 0.4 * 1.25 / 2.25), 0.6 * (1 - 0.4 * 0.3 / 1.3), 0.5])
    np.testing.assert_allclose(state.stability, before + 0.1 * (tends - before))


def test_a_contested_land_takes_no_contagion():
    land = contested().having(base_stability=0.5)
    calm, beset = (ruled(land, spillover=spill).stability[0] for spill in (0.0, 3.0))
    assert calm == beset


@given(st.floats(0, 5), st.floats(0.01, 5), st.floats(0.001, 0.6))
def test_more_that_arrives_never_steadies_and_never_takes_more_than_the_whole(before, more, share):
    world = neighbours(stability_contagion=share, stability_rate=12.0)
    less, beset = (
        ruled(world, spillover={(0, 1): arriving}).stability[0]
        for arriving in (before, before + more)
    )
    assert 0.8 * (1 - share) <= beset < less <= 0.8 + 1e-12


@pytest.mark.parametrize("world", [contested(), plain()], ids=["contested", "nobody's"])
def test_stability_can_be_imposed_anywhere(world):
    assert ruled(world.having(stability=0.77)).stability[0] == 0.77


def test_a_land_without_ruler_has_nobodys_forces_against_a_challenger():
    world = contested(**WAR).having(ruler=-1, presence={(0, 2, 0, 1): 1.0})
    state = ruled(world.having(base_stability=0.6, aid=5.0), control=0.3, fighters=0.3)
    assert state.control[0] > 0.3
    assert state.ruler_strength[0] == 0

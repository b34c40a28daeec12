"""Control, rule, conduct and stability of a contested land, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, after, begun, call, changed, plain

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import regime

FORCES = {"suppression_bases": 0.3, "suppression_forces": 4, "suppression_counterterror": 6}


def contested(**numbers: float) -> RandomWorld:
    """Three actors and one land, ruled by the first and challenged by the second."""
    return plain(3, **numbers).having(ruler=0, challenger=1)


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


def test_suppression_by_hand():
    presence = [[[0, 0.1, 0]], [[0, 0.7, 0]], [[1.0, 0.5, 0.0]], [[0.0, 0.1, 0.2]]]
    world = plain(4, **FORCES).having(ruler=0, challenger=1, presence=presence)
    own, friends, foes = 4 * 0.1, 0.3 + 4 * 0.5, 4 * 0.1 + 6 * 0.2
    state = begun(world, alignment={0: [1, 0.9, 0.6, -0.2]})
    found = call(regime.suppression, state, 0)
    # The challenger's own press nobody; whom the ruler leans away from stands by nobody.
    np.testing.assert_allclose(found, [own + friends + foes, own + 0.6 * friends])
    state.ruler[0] = -1
    np.testing.assert_allclose(call(regime.suppression, state, 0), [own + friends + foes, 0])


@pytest.mark.parametrize(("leaning", "beside"), [(0.6, 0.6), (0.0, 0.0), (-0.8, 0.0)])
def test_forces_stand_by_the_ruler_as_far_as_it_leans_to_their_owner(leaning, beside):
    world = contested(control_rate=1, control_hold=0.1, suppression_power=0.01, **FORCES)
    fields = {"power": [0.003, 0.001, 0], "control": 0.4}
    there = world.having(presence={(0, 2, 0, 1): 0.5})
    state = ruled(there, alignment=leaning_to_the_third(leaning), **fields)
    share = 0.001 / (0.004 + 0.01 * 4 * 0.5 * beside)
    assert state.control[0] == pytest.approx(0.4 + (share - 0.1) * 0.24)


def test_unloved_forces_press_militants_all_the_same():
    world = contested(militants_rate=1, **FORCES)
    fields = {"militants": 0.5, "stability": 0.3, "alignment": leaning_to_the_third(-0.8)}
    control = []
    for forces in (0.0, 0.1):
        state = ruled(world.having(presence={(0, 2, 0, 2): forces}), restraint=0.2, **fields)
        by_hand = regime.militants_target(state.restraint[0], 0.3, 6 * forces, 0.0, world.p)
        assert state.militants[0] == pytest.approx(by_hand)
        control.append(state.control[0])
    assert control[0] == control[1]


@pytest.mark.parametrize(
    ("power", "by_hand"), [([9.0, 3.0, 1.0], (3 * 2 + 1 * 4) / (4 * 4)), ([1.0, 0.0, 0.0], 0)]
)
def test_esteem_is_recognition_by_the_powers_but_the_recognised(power, by_hand):
    recognition = np.array([[4.0], [2.0], [4.0]])
    assert regime.esteem(0, 0, np.array(power), recognition) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("ruler", "challenger", "esteem"), [(0, 1, 0.0), (1, 0, 0.003 * 4 / (0.009 * 4))]
)
def test_a_month_of_rule_by_hand(ruler, challenger, esteem):
    """Recognition is of the first challenger, and counts for whoever rules only once it does."""
    world = contested(
        control_rate=1, control_hold=0.1, militants_rate=0.1, economy_rate=0.2, stability_rate=0.3,
        restraint_rate=0.5, restraint_base=0.3, restraint_aid=0.2, restraint_recognition=0.4,
        economy_aid=0.5, economy_trade=2, militants_effort=5, standing_decay=0.1,
        control_threshold=0.7,
    ).having(aid={(0, 2, 0): 2.0})  # fmt: skip
    state = ruled(
        world, power=[0.006, 0.001, 0.003], control=0.4, stability=0.3, militants=0.5, economy=0.2,
        restraint=0.4, effort=[[[0.5, 0.5, 0.5]], [[0.3, 0.3, 0.3]], [[0.1, 0.2, 0.0]]],
        recognition=[[0.0], [0.0], [4.0]], standing=[0.0, 0.0, 1.0], ruler=ruler,
        challenger=challenger,
    )  # fmt: skip
    control = 0.4 + ((6 / 7 if challenger == 0 else 1 / 7) - 0.1) * 0.24
    restraint = 0.4 + 0.5 * (0.3 + 0.2 * 2 / 3 + 0.4 * esteem - 0.4)
    militants = 0.5 + 0.1 * (regime.militants_target(restraint, 0.3, 0.0, 0.1, world.p) - 0.5)
    live = 0.5 * 2 + 2 * 0.2
    economy = 0.2 + 0.2 * (live / (1 + live) - 0.2)
    target = regime.stability_target(control, economy, 0.1, esteem, militants, 0.0, world.p)
    by_hand = {
        "control": control, "restraint": restraint, "militants": militants, "economy": economy,
        "stability": 0.3 + 0.3 * (target - 0.3),
    }  # fmt: skip
    assert {name: getattr(state, name)[0] for name in by_hand} == pytest.approx(by_hand)
    assert state.standing[2] == pytest.approx(0.9)


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
        (-1.0, {"control": 0.9, "power": [0.001, 0.001, 0]}, 1),
        (-1.0, {"control": 0.6, "power": [0.01, 0.0001, 0]}, 0),
        (1.0, {"control": 0.1}, 1),
        (0.0, {"control": 0.95, "power": [0.001, 0.001, 0]}, 0),
    ],
)
def test_rule_changes_past_the_threshold_or_as_it_is_imposed(rule, fields, ruler):
    state = ruled(contested(control_threshold=0.7).having(rule=rule), **fields)
    assert state.ruler[0] == ruler
    if rule == 0.0:  # who is kept in rule is kept at the threshold
        assert state.control[0] == pytest.approx(0.7)


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


def test_in_a_land_that_nobody_challenges_only_stability_moves():
    still = {"militants": 0.2, "economy": 0.3, "control": 0.1, "restraint": 0.6}
    world = plain(stability_rate=0.2).having(ruler=0, base_stability=0.7)
    state = ruled(world, stability=0.4, **still)
    assert {name: getattr(state, name)[0] for name in still} == still
    assert state.stability[0] == pytest.approx(0.4 + 0.2 * (0.7 - 0.4))


def neighbours(**numbers: float) -> RandomWorld:
    """Three unchallenged lands: the first two actors rule one each, and nobody the last."""
    return plain(k=3, **numbers).having(ruler=[0, 1, -1], base_stability=[0.8, 0.6, 0.5])


def test_contagion_by_hand():
    world = neighbours(stability_contagion=0.4, stability_rate=0.1)
    spillover = [[9.0, 0.5, 0.75], [0.3, 9.0, 0.0]]
    before = np.array([0.2, 0.6, 0.5])
    state = ruled(world, spillover=spillover, stability=before)
    # What a land's own disorder sends its ruler is no contagion, nor what reaches no ruler.
    tends = np.array([0.8 * (1 - 0.4 * 1.25 / 2.25), 0.6 * (1 - 0.4 * 0.3 / 1.3), 0.5])
    np.testing.assert_allclose([call(regime.contagion, state, k) for k in range(3)], tends)
    np.testing.assert_allclose(state.stability, before + 0.1 * (tends - before))


def test_a_contested_land_takes_no_contagion():
    land = contested().having(base_stability=0.5)
    calm, beset = (ruled(land, spillover=spill, stability=0.4).stability[0] for spill in (0.0, 3.0))
    assert calm == beset


@given(st.floats(0, 5), st.floats(0.01, 5), st.floats(0.001, 0.6))
def test_more_that_arrives_never_steadies_and_never_takes_more_than_the_whole(before, more, share):
    state = begun(neighbours(stability_contagion=share), spillover={(0, 1): before})
    less = call(regime.contagion, state, 0)
    state.spillover[0, 1] = before + more
    beset = call(regime.contagion, state, 0)
    assert 0.8 * (1 - share) <= beset < less <= 0.8
    none = changed(state.world.p, stability_contagion=0.0)
    assert call(regime.contagion, state, 0, p=none) == 0.8


@pytest.mark.parametrize("world", [contested(), plain()], ids=["contested", "nobody's"])
def test_stability_can_be_imposed_anywhere(world):
    assert ruled(world.having(stability=0.77)).stability[0] == 0.77


def test_a_land_without_ruler_has_nobodys_power_against_a_challenger():
    world = contested().having(ruler=-1)
    strong, weak = (
        ruled(world, power=[0, 0.001, last], control=0.3).control[0] for last in (9.0, 0.0)
    )
    assert strong == weak > 0.3

"""Control, rule, conduct and stability of a contested land, by hand."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, call, changed, plain, put, quiet, rules

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import regime


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


FORCES = {"suppression_bases": 0.3, "suppression_forces": 4, "suppression_counterterror": 6}


def contested(**numbers: float) -> RandomWorld:
    """Three actors and one land, ruled by the first and challenged by the second."""
    return plain(quiet(rules(**numbers)), n=3).with_geography(
        ruler=np.array([0]), challenger=np.array([1])
    )


def ruled(world: RandomWorld, **fields: object) -> Run:
    """The state after one month's rule, from the beginning but for some fields."""
    state = world.view(world.memory())
    for name, value in fields.items():
        getattr(state, name)[:] = value
    call(regime.rule, state)
    return state


def test_suppression_by_hand():
    world = plain(rules(**FORCES), n=4).with_geography(
        ruler=np.array([0]), challenger=np.array([1])
    )
    presence = np.zeros((1, 4, 1, 3))
    presence[0, :, 0] = [[0, 0.1, 0], [0, 0.7, 0], [1.0, 0.5, 0.0], [0.0, 0.1, 0.2]]
    world = world.with_posture(presence=presence)
    own, friends, foes = 4 * 0.1, 0.3 + 4 * 0.5, 4 * 0.1 + 6 * 0.2
    state = world.view(world.memory())
    state.alignment[0] = [1, 0.9, 0.6, -0.2]
    found = call(regime.suppression, state, 0)
    # The challenger's own press nobody; those whom the ruler leans away from press militants and stand by nobody.
    np.testing.assert_allclose(found, [own + friends + foes, own + 0.6 * friends])
    state.ruler[0] = -1
    np.testing.assert_allclose(call(regime.suppression, state, 0), [own + friends + foes, 0])


def test_forces_weigh_by_kind():
    assert regime.forces_weight(np.array([2.0, 0.6, 0.2]), rules(**FORCES)) == pytest.approx(
        0.6 + 4 * 0.6 + 6 * 0.2
    )


def test_forces_stand_by_the_ruler_as_far_as_it_leans_to_their_owner():
    p = quiet(rules(control_rate=1, control_hold=0.1, suppression_power=0.01, **FORCES))
    world = replace(contested(), p=p).with_posture(
        presence=put(np.zeros((1, 3, 1, 3)), ((0, 2, 0, 1), 0.5))
    )
    for leaning, beside in ((0.6, 0.6), (0.0, 0.0), (-0.8, 0.0)):
        alignment = np.eye(3)
        alignment[0, 2] = leaning
        state = ruled(world, power=[0.003, 0.001, 0], control=0.4, alignment=alignment)
        share = 0.001 / (0.004 + 0.01 * 4 * 0.5 * beside)
        assert state.control[0] == pytest.approx(0.4 + (share - 0.1) * 0.24), leaning


def test_unloved_forces_press_militants_all_the_same():
    world = contested(militants_rate=1, **FORCES)
    there = world.with_posture(presence=put(np.zeros((1, 3, 1, 3)), ((0, 2, 0, 2), 0.1)))
    alignment = np.eye(3)
    alignment[0, 2] = -0.8
    fields = {
        "militants": 0.5,
        "stability": 0.3,
        "restraint": 0.2,
        "effort": 0.0,
        "alignment": alignment,
    }
    before, after = ruled(world, **fields), ruled(there, **fields)
    assert after.control[0] == before.control[0]
    p = world.p
    assert before.militants[0] == pytest.approx(
        regime.militants_target(before.restraint[0], 0.3, 0.0, 0.0, p)
    )
    assert after.militants[0] == pytest.approx(
        regime.militants_target(before.restraint[0], 0.3, 6 * 0.1, 0.0, p)
    )


def test_control_grows_with_the_challengers_surplus():
    p = rules(control_rate=1.5, control_hold=0.1, control_margin=0.05)
    share = 0.002 / (0.002 + 0.003 + 0.005)
    by_hand = 0.4 + 1.5 * (share - 0.1) * 0.4 * 0.6
    assert regime.control_step(0.4, 0.002, 0.003, 0.005, 0.0, p) == pytest.approx(by_hand)
    assert regime.control_step(0.4, 0.001, 0.009, 0.0, 0.0, p) == pytest.approx(0.4)
    assert regime.control_step(0.4, 0.001, 0.02, 0.0, 0.0, p) < 0.4


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(-40, 40))
def test_control_keeps_its_margins(control, challenger, ruler, held_down, luck):
    p = rules(control_margin=0.05, regime_noise=0.25)
    assert 0.05 <= regime.control_step(control, challenger, ruler, held_down, luck, p) <= 0.95


@given(st.floats(0.1, 0.9), st.floats(0.001, 0.01), st.floats(0.001, 0.01), st.floats(0.001, 0.05))
def test_foreign_forces_brake_a_challenger(control, challenger, ruler, forces):
    p = rules()
    without = regime.control_step(control, challenger, ruler, 0.0, 0.0, p)
    assert regime.control_step(control, challenger, ruler, forces, 0.0, p) <= without


def test_esteem_is_recognition_by_the_powers_but_the_recognised():
    power, recognition = np.array([9.0, 3.0, 1.0]), np.array([[4.0], [2.0], [4.0]])
    assert regime.esteem(0, 0, power, recognition) == pytest.approx((3 * 2 + 1 * 4) / (4 * 4))
    assert regime.esteem(0, 0, np.array([1.0, 0.0, 0.0]), recognition) == 0


def test_restraint_by_hand():
    p = rules(restraint_base=0.3, restraint_aid=0.2, restraint_recognition=0.4, restraint_rate=0.1)
    target = 0.3 + 0.2 * 3 / 4 + 0.4 * 0.5 - 0.1
    assert regime.restraint_step(0.6, 3.0, 0.5, -0.1, p) == pytest.approx(
        0.6 + 0.1 * (target - 0.6)
    )
    assert regime.restraint_step(0.6, 3.0, 0.5, 1.0, p) == pytest.approx(0.6 + 0.1 * 0.4)


@pytest.mark.parametrize("what", [0, 1, 2])
def test_aid_recognition_and_moderation_buy_restraint(what):
    paid = [1.0, 0.2, 0.0]
    before = regime.restraint_step(0.3, *paid, rules())
    paid[what] += 0.3
    assert regime.restraint_step(0.3, *paid, rules()) > before


def test_where_militants_tend_by_hand():
    p = rules(militants_base=0.2, militants_disorder=0.8, militants_effort=5)
    by_hand = 0.6 * (0.2 + 0.8 * 0.7) / (1 + 0.5 + 5 * 0.1)
    assert regime.militants_target(0.4, 0.3, 0.5, 0.1, p) == pytest.approx(by_hand)
    assert (
        regime.militants_target(
            0.0, 0.0, 0.0, 0.0, rules(militants_base=0.4, militants_disorder=1.2)
        )
        == 1
    )


def test_where_stability_tends_by_hand():
    p = rules(
        stability_base=-0.3, stability_dispute=2, stability_economy=1.5, stability_guard=1, stability_recognition=0.8,
        stability_militants=2.5,
    )  # fmt: skip
    log_odds = -0.3 - 2 * 4 * 0.2 * 0.8 + 1.5 * 0.4 + 0.25 / 1.25 + 0.8 * 0.5 - 2.5 * 0.3
    assert regime.stability_target(0.2, 0.4, 0.25, 0.5, 0.3, 0.0, p) == pytest.approx(
        logistic(log_odds)
    )


@pytest.mark.parametrize(("what", "sign"), [(1, 1), (2, 1), (3, 1), (4, -1)])
def test_stability_moves_as_it_is_said_to(what, sign):
    given_ = [0.2, 0.4, 0.25, 0.5, 0.3, 0.0]
    before = regime.stability_target(*given_, rules())
    given_[what] += 0.1
    assert sign * (regime.stability_target(*given_, rules()) - before) > 0


def test_rule_is_least_stable_when_the_land_is_halved():
    low, half, high = (
        regime.stability_target(control, 0.4, 0.2, 0.5, 0.3, 0.0, rules())
        for control in (0.1, 0.5, 0.9)
    )
    assert half < low == pytest.approx(high)


@pytest.mark.parametrize(("roles", "esteem"), [((0, 1), 0.0), ((1, 0), 0.003 * 4 / (0.009 * 4))])
def test_a_month_of_rule_by_hand(roles, esteem):
    """With the first ruler in power nobody's recognition of its challenger counts; with the challenger, it does."""
    p = quiet(
        rules(
            control_rate=1, control_hold=0.1, militants_rate=0.1, economy_rate=0.2, stability_rate=0.3,
            restraint_rate=0.5, restraint_base=0.3, restraint_aid=0.2, restraint_recognition=0.4, economy_aid=0.5,
            economy_trade=2, militants_effort=5, standing_decay=0.1, control_threshold=0.7,
        )
    )  # fmt: skip
    world = contested().with_posture(aid=put(np.zeros((1, 3, 1)), ((0, 2, 0), 2.0)))
    world = replace(world, p=p)
    effort = np.zeros((3, 1, 3))
    effort[:, 0] = [[0.5, 0.5, 0.5], [0.3, 0.3, 0.3], [0.1, 0.2, 0.0]]
    recognition = np.array([[0.0], [0.0], [4.0]])
    state = ruled(
        world, power=[0.006, 0.001, 0.003], control=0.4, stability=0.3, militants=0.5, economy=0.2, restraint=0.4,
        effort=effort, recognition=recognition, standing=[0.0, 0.0, 1.0], ruler=roles[0], challenger=roles[1],
    )  # fmt: skip
    control = 0.4 + ((6 / 7 if roles[1] == 0 else 1 / 7) - 0.1) * 0.24
    restraint = 0.4 + 0.5 * (0.3 + 0.2 * 2 / 3 + 0.4 * esteem - 0.4)
    militants = 0.5 + 0.1 * (regime.militants_target(restraint, 0.3, 0.0, 0.1, p) - 0.5)
    live = 0.5 * 2 + 2 * 0.2
    economy = 0.2 + 0.2 * (live / (1 + live) - 0.2)
    stability = 0.3 + 0.3 * (
        regime.stability_target(control, economy, 0.1, esteem, militants, 0.0, p) - 0.3
    )
    for name, value in {
        "control": control, "restraint": restraint, "militants": militants, "economy": economy, "stability": stability,
    }.items():  # fmt: skip
        assert getattr(state, name)[0] == pytest.approx(value), name
    assert state.standing[2] == pytest.approx(0.9)


def test_a_change_of_rule_costs_the_fallens_patrons_and_lifts_their_rivals():
    world = contested(control_remnant=0.06, standing_gain=0.5)
    state = world.view(world.memory())
    state.power[:] = [0.1, 0.2, 0.3]
    state.influence[:, 0, 0] = [0.4, 0.1, 0.3]
    state.alignment[:] = [[1, 0.2, 0.6], [0.2, 1, -0.8], [0.6, -0.8, 1]]
    call(regime.change_rule, state, 0, 1)
    assert (state.ruler[0], state.challenger[0], state.control[0]) == (1, 0, 0.06)
    # Neither ruler is its own patron; the third stood behind the fallen as far as that leaned to it.
    lost = 0.3 * 0.6
    np.testing.assert_allclose(state.standing, [0.25 * 0.4 * lost, 0.25 * 1.8 * lost, -lost])


def test_whom_the_fallen_leaned_away_from_loses_nothing_by_the_fall():
    world = contested(standing_gain=0.5)
    state = world.view(world.memory())
    state.power[:], state.influence[:] = 1.0, 0.2
    state.alignment[:] = [[1, 0, -0.4], [0, 1, 0], [0.9, 0, 1]]
    call(regime.change_rule, state, 0, 1)
    assert not state.standing.any()


def test_nobody_loses_standing_where_nobody_fell():
    world = contested(standing_gain=0.5, control_remnant=0.06).with_geography(ruler=np.array([-1]))
    state = world.view(world.memory())
    state.power[:], state.influence[:], state.alignment[:] = 1.0, 0.3, 0.5
    call(regime.change_rule, state, 0, 1)
    assert (state.ruler[0], state.challenger[0], state.control[0]) == (1, -1, 0.06)
    assert not state.standing.any()


def test_rule_changes_when_control_passes_the_threshold():
    fallen = ruled(contested(control_threshold=0.7), control=0.9, power=[0.001, 0.001, 0])
    assert fallen.ruler[0] == 1
    standing = ruled(contested(control_threshold=0.7), control=0.6, power=[0.01, 0.0001, 0])
    assert standing.ruler[0] == 0


def test_an_imposed_ruler_rules_and_stays():
    world = contested(control_threshold=0.7)
    imposed = ruled(world.with_posture(rule=np.array([[1.0]])), control=0.1)
    assert imposed.ruler[0] == 1
    held = ruled(world.with_posture(rule=np.array([[0.0]])), control=0.95, power=[0.001, 0.001, 0])
    assert held.ruler[0] == 0
    assert held.control[0] == pytest.approx(0.7)


def test_a_third_can_be_imposed_and_the_fallen_contends_from_then_on():
    third = contested(control_remnant=0.06).with_posture(rule=np.array([[2.0]]))
    state = ruled(third, control=0.5)
    assert (state.ruler[0], state.challenger[0], state.control[0]) == (2, 0, 0.06)


def test_a_ruler_can_be_imposed_where_nobody_challenges():
    world = plain(quiet(rules(control_remnant=0.06)), n=3)
    for fallen in (0, -1):
        land = world.with_geography(ruler=np.array([fallen])).with_posture(rule=np.array([[2.0]]))
        state = ruled(land)
        assert (state.ruler[0], state.challenger[0], state.control[0]) == (2, fallen, 0.06)


def test_in_a_land_that_nobody_challenges_only_stability_moves():
    world = plain(rules(stability_rate=0.2)).with_geography(ruler=np.array([0]))
    world = world.with_coded(base_stability=np.array([0.7]))
    state = ruled(world, stability=0.4, militants=0.2, economy=0.3, control=0.1, restraint=0.6)
    for name, value in {"militants": 0.2, "economy": 0.3, "control": 0.1, "restraint": 0.6}.items():
        assert getattr(state, name)[0] == value
    assert state.stability[0] == pytest.approx(0.4 + 0.2 * (0.7 - 0.4))


def neighbours(**numbers: float) -> RandomWorld:
    """Three lands, of which the first two actors rule one each and nobody the last; nobody challenges."""
    return (
        plain(quiet(rules(**numbers)), k=3)
        .with_geography(ruler=np.array([0, 1, -1]))
        .with_coded(base_stability=np.array([0.8, 0.6, 0.5]))
    )


def test_contagion_by_hand():
    p = {"stability_contagion": 0.4, "stability_rate": 0.1}
    spillover = np.array([[9.0, 0.5, 0.75], [0.3, 9.0, 0.0]])
    world = neighbours(**p)
    state = ruled(world, spillover=spillover, stability=[0.2, 0.6, 0.5])
    # What a land's own disorder sends its ruler is no contagion; where nobody rules, nobody receives any.
    tends = [0.8 * (1 - 0.4 * 1.25 / 2.25), 0.6 * (1 - 0.4 * 0.3 / 1.3), 0.5]
    found = [call(regime.contagion, state, k) for k in range(3)]
    np.testing.assert_allclose(found, tends)
    np.testing.assert_allclose(
        state.stability, [0.2 + 0.1 * (tends[0] - 0.2), 0.6 + 0.1 * (tends[1] - 0.6), 0.5]
    )


def test_a_contested_land_takes_no_contagion():
    land = contested().with_coded(base_stability=np.array([0.5]))
    calm, beset = (ruled(land, spillover=spill, stability=0.4).stability[0] for spill in (0.0, 3.0))
    assert calm == beset


@given(st.floats(0, 5), st.floats(0.01, 5), st.floats(0.001, 0.6))
def test_more_that_arrives_never_steadies_and_never_takes_more_than_the_whole(before, more, share):
    world = neighbours(stability_contagion=share)
    state = world.view(world.memory())
    state.spillover[0, 1] = before
    less = call(regime.contagion, state, 0)
    state.spillover[0, 1] = before + more
    beset = call(regime.contagion, state, 0)
    assert 0.8 * (1 - share) <= beset < less <= 0.8
    assert call(regime.contagion, state, 0, p=changed(world.p, stability_contagion=0.0)) == 0.8


def test_stability_can_be_imposed_anywhere():
    for world in (contested(), plain(rules())):
        assert ruled(world.with_posture(stability=np.array([[0.77]]))).stability[0] == 0.77


def test_a_land_without_ruler_has_nobodys_power_against_a_challenger():
    world = contested().with_geography(ruler=np.array([-1]))
    strong, weak = (
        ruled(world, power=[0, 0.001, last], control=0.3).control[0] for last in (9.0, 0.0)
    )
    assert strong == weak > 0.3

"""Access and the contest for influence by hand, in both forms."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.worlds import RandomWorld, call, declared, plain, rules

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import contest


def begun(world: RandomWorld, **fields: object) -> tuple[Run, Run]:
    state = world.view(world.memory())
    for name, value in fields.items():
        getattr(state, name)[:] = value
    return state, world.constants()


def weighed(strength: Callable[..., float], p: np.void, *efforts: float) -> np.ndarray:
    """What efforts weigh under one form of success."""
    return np.array([strength(effort, p) for effort in efforts])


def test_strength_by_ratio_is_a_power_of_effort():
    np.testing.assert_allclose(weighed(contest.ratio_strength, rules(decisiveness=0.5), 0.25, 0.04), [0.5, 0.2])
    np.testing.assert_allclose(weighed(contest.ratio_strength, rules(decisiveness=1.5), 0.25), 0.125)


def test_strength_by_difference_is_an_exponential_of_effort():
    found = weighed(contest.difference_strength, rules(difference_scale=20), 0.1)
    np.testing.assert_allclose(found, exp(2) - 1)


@given(st.floats(0.01, 5))
def test_no_effort_has_no_strength_at_all(decisiveness):
    assert weighed(contest.ratio_strength, rules(decisiveness=decisiveness), 0.0) == 0
    assert weighed(contest.difference_strength, rules(), 0.0) == 0


@given(st.floats(0.001, 1), st.floats(0.001, 0.5))
def test_strength_rises_with_effort(effort, more):
    for strengths in (contest.ratio_strength, contest.difference_strength):
        less, greater = weighed(strengths, rules(), effort, effort + more)
        assert greater > less


@given(st.floats(0.05, 0.1), st.floats(0.2, 0.3), st.floats(1.5, 3))
def test_doubling_all_efforts_leaves_ratios_and_moves_differences(weak, strong, more):
    def odds(strengths: Callable[..., None], scale: float) -> float:
        less, greater = weighed(strengths, rules(), weak * scale, strong * scale)
        return greater / less

    assert odds(contest.ratio_strength, more) == pytest.approx(odds(contest.ratio_strength, 1))
    assert odds(contest.difference_strength, more) > odds(contest.difference_strength, 1)


def uncovered(leaning: object, threat: object, cover: object, host: int = 0) -> tuple[float, np.ndarray]:
    """The demand of a host for a balancer, and what of each threat to it is uncovered."""
    n = len(leaning)
    world = plain(rules(), n=n).with_geography(ruler=np.array([host]))
    state, _ = begun(world, influence=0.0)
    state.alignment[host], state.threat[host], state.influence[:, 0, 0] = leaning, threat, cover
    call(contest.face_host, state, 0)
    call(contest.uncovered_threats, state, 0)
    return float(state.demand[0]), np.array(state.uncovered)


def test_demand_for_a_balancer_by_hand():
    # The second covers 0.2 against the third; nobody covers against the second, whom the host leans to most.
    by_hand = [0.0, 0.2 * 1.0, 0.6 * (1 - 0.5 * 0.4)]
    need, out = uncovered([1.0, 0.5, -0.4], [0.0, 0.2, 0.6], [0.3, 0.4, 0.2])
    assert need == pytest.approx(sum(by_hand))
    np.testing.assert_allclose(out, by_hand)


def test_each_threat_is_covered_by_all_but_its_own_source():
    need, out = uncovered([1.0, 0.5, 0.8, -1.0], [0.0, 0.1, 0.2, 0.4], [0.9, 0.2, 0.5, 0.3])
    by_hand = [0.0, 0.1 * (1 - 0.8 * 0.5), 0.2 * (1 - 0.5 * 0.2), 0.4 * (1 - 0.8 * 0.5 - 0.5 * 0.2)]
    np.testing.assert_allclose(out, by_hand)
    assert need == pytest.approx(sum(by_hand))


@given(hnp.arrays(np.float64, (3, 5), elements=st.floats(0, 1)), st.integers(0, 4))
def test_what_is_left_uncovered_is_never_more_than_the_threat_nor_less_than_nothing(drawn, host):
    leaning, threat, cover = 2 * drawn[0] - 1, drawn[1], drawn[2]
    need, out = uncovered(leaning, threat, cover, host)
    assert (out >= 0).all()
    assert (out <= threat * (1 + 1e-12)).all()
    assert need == pytest.approx(out.sum())


def test_demand_rises_as_a_patron_leaves():
    here, gone = (uncovered([1.0, 0.5, -0.4], [0.0, 0.2, 0.6], [0.0, held, 0.2])[0] for held in (0.4, 0.0))
    assert gone > here


def test_access_by_hand():
    p = rules(access_balancing=0.5, access_recognition=0.3)
    opened = 0.5 * 1.4 * (1 - 0.6 * 0.25)
    by_hand = 1 - (1 - opened) / (1 + 0.5 * 0.2 + 0.3 * 0.75)
    assert contest.host_access(0.4, 0.25, 0.6, 0.2, 0.75, p) == pytest.approx(by_hand)
    assert contest.host_access(0.4, 0.25, 0.6, 0.0, 0.0, p) == pytest.approx(opened)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1e6), st.floats(0, 1))
def test_access_lies_between_closed_and_open(leaning, share, hedging, balancing, known):
    for name in ("access_balancing", "access_recognition"):
        for end in declared().ranges[name]:
            assert 0 <= contest.host_access(leaning, share, hedging, balancing, known, rules(**{name: end})) <= 1


@pytest.mark.parametrize(
    ("what", "sign"), [("leaning", 1), ("share", -1), ("hedging", -1), ("balancing", 1), ("known", 1)]
)
def test_access_moves_as_it_is_said_to(what, sign):
    given_ = {"leaning": 0.1, "share": 0.3, "hedging": 0.5, "balancing": 0.2, "known": 0.5}
    p = rules()
    before = contest.host_access(*given_.values(), p)
    after = contest.host_access(*{**given_, what: given_[what] + 0.1}.values(), p)
    assert sign * (after - before) > 0


def test_who_rules_is_at_home_and_who_challenges_where_it_holds_the_land():
    world = plain(rules(access_hedging=0, access_balancing=0), n=3).with_geography(
        ruler=np.array([0]), challenger=np.array([1])
    )
    state, _ = begun(world, control=0.3, alignment=np.array([[1, 0, 0.2], [0, 1, 0], [0, 0, 1]]), threat=0.0)
    call(contest.grant_access, state)
    np.testing.assert_allclose(state.access[:, 0, 0], [1, 0.3, 0.6])


def test_a_land_without_ruler_is_open_to_all():
    world = plain(rules())
    state, _ = begun(world, demand=0.7)
    call(contest.grant_access, state)
    assert (state.access == 1).all()
    assert (state.demand == 0).all()


def test_a_patron_is_no_balancer_against_itself():
    world = plain(rules(access_hedging=0, access_balancing=1), n=3).with_geography(ruler=np.array([0]))
    threat = np.zeros((3, 3))
    threat[0] = [0, 0.5, 0.1]
    state, _ = begun(world, alignment=np.eye(3), threat=threat, influence=0.0)
    call(contest.grant_access, state)
    assert state.demand[0] == pytest.approx(0.6)
    np.testing.assert_allclose(state.access[1:, 0, 0], [1 - 0.5 / (1 + 0.1), 1 - 0.5 / (1 + 0.5)])


def test_a_patron_balances_what_others_leave_uncovered():
    world = plain(rules(access_hedging=0, access_balancing=2), n=4).with_geography(ruler=np.array([0]))
    threat, alignment, influence = np.zeros((4, 4)), np.eye(4), np.zeros((4, 1, 3))
    threat[0], alignment[0] = [0, 0.5, 0.1, 0.4], [1, -0.5, 0.6, 0]
    influence[2, 0, 0] = 0.5
    state, _ = begun(world, alignment=alignment, threat=threat, influence=influence)
    call(contest.grant_access, state)
    left = [0.5 * (1 - 0.6 * 0.5), 0.1, 0.4 * (1 - 0.6 * 0.5)]
    opened = [0.5 * 0.5, 0.5 * 1.6, 0.5]
    assert state.demand[0] == pytest.approx(sum(left))
    by_hand = [1 - (1 - door) / (1 + 2 * (sum(left) - own)) for door, own in zip(opened, left, strict=True)]
    np.testing.assert_allclose(state.access[1:, 0, 1], by_hand)


def test_recognition_opens_the_doors_of_whom_it_recognises_and_nobody_elses():
    world = plain(rules(access_hedging=0, access_balancing=0, access_recognition=0.4), n=3).with_geography(
        ruler=np.array([0]), challenger=np.array([1])
    )
    state, _ = begun(world, alignment=np.eye(3), threat=0.0, recognition=3.0)
    call(contest.grant_access, state)
    assert state.access[2, 0, 0] == pytest.approx(0.5)
    state.ruler[0], state.challenger[0] = 1, 0
    call(contest.grant_access, state)
    assert state.access[2, 0, 0] == pytest.approx(1 - 0.5 / (1 + 0.4 * 0.75))
    state.ruler[0], state.challenger[0] = 0, -1
    call(contest.grant_access, state)
    assert state.access[2, 0, 0] == pytest.approx(0.5)


EFFORT = np.array([[[0.04, 0.09, 0.0]], [[0.16, 0.0, 0.01]]])
INFLUENCE = np.array([[[0.5, 0.0, 0.0]], [[0.25, 1.0, 0.0]]])


def fought(forms: dict[str, str], **numbers: float) -> Run:
    world = plain(rules(forms=forms, synergy=0.5, influence_rate=0.1, unclaimed=0.1, **numbers))
    state, _ = begun(world, effort=EFFORT, influence=INFLUENCE)
    state.joint[0, 0, 1] = 0.02
    state.convening_influence[1, 0] = 0.03
    call(contest.contest, state)
    return state


def test_a_contest_of_ratios_by_hand():
    state = fought({}, decisiveness=0.5)
    security, economic, diplomatic = (0.2, 0.4), sqrt(0.1), 0.2
    np.testing.assert_allclose(
        state.influence[:, 0],
        [
            [0.9 * 0.5 + 0.1 * security[0] / 0.7, 0.1 * economic / (0.1 + economic), 0],
            [0.9 * 0.25 + 0.1 * security[1] / 0.7, 0.9, 0.1 * diplomatic / 0.3],
        ],
    )


def test_a_contest_of_differences_by_hand():
    state = fought({"contest": "difference"}, difference_scale=10)
    one, two = exp(0.4) - 1, exp(1.6) - 1
    total = 0.1 + one + two
    np.testing.assert_allclose(
        state.influence[:, 0, 0], [0.9 * 0.5 + 0.1 * one / total, 0.9 * 0.25 + 0.1 * two / total]
    )


def test_influence_fades_where_nothing_is_done():
    world = plain(rules(influence_rate=0.05))
    state, _ = begun(world, influence=0.2)
    call(contest.contest, state)
    np.testing.assert_allclose(state.influence, 0.2 * 0.95)
    assert log(0.5) / log(0.95) == pytest.approx(13.5, abs=0.1)  # months to the half

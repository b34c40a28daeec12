"""Access and the contest for influence by hand, in both forms."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.worlds import after, begun, call, plain

from eurasia_sim.mechanisms import contest


def uncovered(
    leaning: object, threat: object, cover: object, host: int = 0
) -> tuple[float, np.ndarray]:
    """The demand of a host for a balancer, and what of each threat to it is uncovered."""
    state = begun(
        plain(len(leaning)).having(ruler=host),
        alignment={host: leaning}, threat={host: threat},
        influence={(..., 0, 0): cover},
    )  # fmt: skip
    call(contest.face_host, state, 0)
    call(contest.uncovered_threats, state, 0)
    return float(state.demand[0]), np.array(state.uncovered)


@pytest.mark.parametrize(
    ("leaning", "threat", "cover", "by_hand"),
    [
        # The second covers 0.2 against the third; nobody covers against the second.
        ([1, 0.5, -0.4], [0, 0.2, 0.6], [0.3, 0.4, 0.2], [0, 0.2 * 1, 0.6 * (1 - 0.5 * 0.4)]),
        # Each threat is covered by all but its own source.
        (
            [1, 0.5, 0.8, -1], [0, 0.1, 0.2, 0.4], [0.9, 0.2, 0.5, 0.3],
            [0, 0.1 * (1 - 0.8 * 0.5), 0.2 * (1 - 0.5 * 0.2), 0.4 * (1 - 0.8 * 0.5 - 0.5 * 0.2)],
        ),
    ],
)  # fmt: skip
def test_demand_for_a_balancer_by_hand(leaning, threat, cover, by_hand):
    demand, found = uncovered(leaning, threat, cover)
    assert demand == pytest.approx(sum(by_hand))
    np.testing.assert_allclose(found, by_hand)


@given(hnp.arrays(np.float64, (3, 5), elements=st.floats(0, 1)), st.integers(0, 4))
def test_what_is_uncovered_is_between_nothing_and_the_threat_and_rises_as_patrons_leave(
    drawn, host
):
    leaning, threat, cover = 2 * drawn[0] - 1, drawn[1], drawn[2]
    demand, found = uncovered(leaning, threat, cover, host)
    assert (found >= 0).all()
    assert (found <= threat * (1 + 1e-12)).all()
    assert demand == pytest.approx(found.sum())
    assert uncovered(leaning, threat, 0.5 * cover, host)[0] >= demand - 1e-12


HOST, CONTEST = {"ruler": 0}, {"ruler": 0, "challenger": 1}
CALM = {"alignment": np.eye(3), "threat": 0.0, "recognition": 3.0}
KNOWN = {"access_balancing": 0, "access_recognition": 0.4}
LEFT = np.array([0.5 * (1 - 0.6 * 0.5), 0.1, 0.4 * (1 - 0.6 * 0.5)])
DOORS = np.array([0.5 * 0.5, 0.5 * 1.6, 0.5])
GRANTED = {
    "who rules is at home, and who challenges where it has the land": (
        {"access_balancing": 0}, CONTEST,
        {"control": 0.3, "alignment": [[1, 0, 0.2], [0, 1, 0], [0, 0, 1]], "threat": 0.0},
        [1, 0.3, 0.6], 0,
    ),
    "a land without ruler is open to all": ({}, {}, {"demand": 0.7}, [1, 1], 0),
    "a patron is no balancer against itself": (
        {"access_balancing": 1}, HOST, {"alignment": np.eye(3), "threat": {0: [0, 0.5, 0.1]}},
        [1, 1 - 0.5 / (1 + 0.1), 1 - 0.5 / (1 + 0.5)], 0.6,
    ),
    "a patron balances what others leave uncovered": (
        {"access_balancing": 2}, HOST,
        {
            "alignment": [[1, -0.5, 0.6, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
            "threat": {0: [0, 0.5, 0.1, 0.4]}, "influence": {(2, 0, 0): 0.5},
        },
        [1, *(1 - (1 - DOORS) / (1 + 2 * (sum(LEFT) - LEFT)))], sum(LEFT),
    ),
    # Who contended at first is whom all recognise, whoever rules now.
    "recognition opens no door of another": (KNOWN, CONTEST, CALM, [..., 0.5], 0),
    "recognition opens the doors of whom it recognises": (
        KNOWN, CONTEST, {**CALM, "ruler": 1, "challenger": 0}, [..., 1 - 0.5 / (1 + 0.4 * 0.75)], 0,
    ),
    "the fallen's recognition opens none": (
        KNOWN, CONTEST, {**CALM, "challenger": -1}, [..., 0.5], 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GRANTED)
def test_what_hosts_that_do_not_hedge_grant(case):
    numbers, roles, fields, access, demand = GRANTED[case]
    n = 3 if access[0] is ... else len(access)
    state = after(
        contest.grant_access, plain(n, access_hedging=0, **numbers).having(**roles), **fields
    )
    by_hand = access[1:] if access[0] is ... else access
    for domain in range(3):
        np.testing.assert_allclose(state.access[-len(by_hand) :, 0, domain], by_hand)
    assert state.demand[0] == pytest.approx(demand)


ROOTS = 0.1 + 0.2 + 0.4
ONE, TWO = exp(0.4) - 1, exp(1.6) - 1
EXPONENTIALS = 0.1 + ONE + TWO


@pytest.mark.parametrize(
    ("form", "numbers", "by_hand"),
    [
        (
            "ratio", {"decisiveness": 0.5},
            {
                0: [0.45 + 0.1 * 0.2 / ROOTS, 0.225 + 0.1 * 0.4 / ROOTS],
                1: [0.1 * sqrt(0.1) / (0.1 + sqrt(0.1)), 0.9],
                2: [0, 0.1 * 0.2 / 0.3],
            },
        ),
        (
            "difference", {"difference_scale": 10},
            {0: [0.45 + 0.1 * ONE / EXPONENTIALS, 0.225 + 0.1 * TWO / EXPONENTIALS]},
        ),
    ],
)  # fmt: skip
def test_a_contest_by_hand(form, numbers, by_hand):
    forms = {} if form == "ratio" else {"contest": form}
    state = after(
        contest.contest,
        plain(forms=forms, synergy=0.5, influence_rate=0.1, unclaimed=0.1, **numbers),
        effort=[[[0.04, 0.09, 0.0]], [[0.16, 0.0, 0.01]]],
        influence=[[[0.5, 0.0, 0.0]], [[0.25, 1.0, 0.0]]],
        joint={(0, 0, 1): 0.02}, convening_influence={(1, 0): 0.03},
    )  # fmt: skip
    for domain, shares in by_hand.items():
        np.testing.assert_allclose(state.influence[:, 0, domain], shares)


def test_influence_fades_where_nothing_is_done():
    state = after(contest.contest, plain(influence_rate=0.05), influence=0.2)
    np.testing.assert_allclose(state.influence, 0.2 * 0.95)
    assert log(0.5) / log(0.95) == pytest.approx(13.5, abs=0.1)  # months to the half

"""Access and the contest for influence by hand, in both forms."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.worlds import after, begun, call, plain

from eurasia_sim.compute.blocks import Run
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
def test_what_is_uncovered_is_never_more_than_the_threat_nor_less_than_nothing(drawn, host):
    leaning, threat, cover = 2 * drawn[0] - 1, drawn[1], drawn[2]
    demand, found = uncovered(leaning, threat, cover, host)
    assert (found >= 0).all()
    assert (found <= threat * (1 + 1e-12)).all()
    assert demand == pytest.approx(found.sum())


def test_demand_rises_as_a_patron_leaves():
    here, gone = (
        uncovered([1.0, 0.5, -0.4], [0.0, 0.2, 0.6], [0.0, influence, 0.2])[0]
        for influence in (0.4, 0.0)
    )
    assert gone > here


def granted(n: int, numbers: dict[str, float], roles: dict[str, int], **fields: object) -> Run:
    """The state when hosts that do not hedge have granted access."""
    world = plain(n, access_hedging=0, **numbers).having(**roles)
    return after(contest.grant_access, world, **fields)


def test_who_rules_is_at_home_and_who_challenges_where_it_has_the_land():
    alignment = [[1, 0, 0.2], [0, 1, 0], [0, 0, 1]]
    fields = {"control": 0.3, "alignment": alignment, "threat": 0.0}
    state = granted(3, {"access_balancing": 0}, {"ruler": 0, "challenger": 1}, **fields)
    np.testing.assert_allclose(state.access[:, 0, 0], [1, 0.3, 0.6])


def test_a_land_without_ruler_is_open_to_all():
    state = granted(2, {}, {}, demand=0.7)
    assert (state.access == 1).all()
    assert (state.demand == 0).all()


def test_a_patron_is_no_balancer_against_itself():
    fields = {"alignment": np.eye(3), "threat": {0: [0, 0.5, 0.1]}, "influence": 0.0}
    state = granted(3, {"access_balancing": 1}, {"ruler": 0}, **fields)
    assert state.demand[0] == pytest.approx(0.6)
    np.testing.assert_allclose(state.access[1:, 0, 0], [1 - 0.5 / 1.1, 1 - 0.5 / 1.5])


def test_a_patron_balances_what_others_leave_uncovered():
    alignment = np.eye(4)
    alignment[0] = 1, -0.5, 0.6, 0
    fields = {"threat": {0: [0, 0.5, 0.1, 0.4]}, "influence": {(2, 0, 0): 0.5}}
    state = granted(4, {"access_balancing": 2}, {"ruler": 0}, alignment=alignment, **fields)
    left = [0.5 * (1 - 0.6 * 0.5), 0.1, 0.4 * (1 - 0.6 * 0.5)]
    opened = [0.5 * 0.5, 0.5 * 1.6, 0.5]
    assert state.demand[0] == pytest.approx(sum(left))
    by_hand = [
        1 - (1 - door) / (1 + 2 * (sum(left) - own)) for door, own in zip(opened, left, strict=True)
    ]
    np.testing.assert_allclose(state.access[1:, 0, 1], by_hand)


@pytest.mark.parametrize(
    ("roles", "by_hand"),
    [((0, 1), 0.5), ((1, 0), 1 - 0.5 / (1 + 0.4 * 0.75)), ((0, -1), 0.5)],
)
def test_recognition_opens_the_doors_of_whom_it_recognises_and_nobody_elses(roles, by_hand):
    """Who contended at first is whom all recognise, whoever rules now."""
    state = granted(
        3, {"access_balancing": 0, "access_recognition": 0.4}, {"ruler": 0, "challenger": 1},
        alignment=np.eye(3), threat=0.0, recognition=3.0, ruler=roles[0], challenger=roles[1],
    )  # fmt: skip
    assert state.access[2, 0, 0] == pytest.approx(by_hand)


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
        joint={(0, 0, 1): 0.02}, summoned={(1, 0): 0.03},
    )  # fmt: skip
    for domain, shares in by_hand.items():
        np.testing.assert_allclose(state.influence[:, 0, domain], shares)


def test_influence_fades_where_nothing_is_done():
    state = after(contest.contest, plain(influence_rate=0.05), influence=0.2)
    np.testing.assert_allclose(state.influence, 0.2 * 0.95)
    assert log(0.5) / log(0.95) == pytest.approx(13.5, abs=0.1)  # months to the half

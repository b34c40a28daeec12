"""Access, ties and the shares that they give, by hand."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.worlds import RandomWorld, _fill, after, begun, call, plain

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
    return float(state.demand[0]), np.array(state.uncovered)[:, 0]


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


OPENING = {
    "effort": [[[0.04, 0.01, 0.02]], [[0.01, 0.02, 0.0]], [[0.0, 0.0, 0.01]]],
    "joint": {(0, 0, 1): 0.005}, "convening_influence": {(1, 0): 0.03}, "budget": 1.0,
}  # fmt: skip
SHARES = [[[0.5, 0.1, 0.2]], [[0.25, 0.2, 0.1]], [[0.05, 0.0, 0.3]]]
TIES = {
    "fading_security": log(0.1), "fading_economic": log(0.2), "fading_diplomatic": log(0.05),
    "gravity_size": 0.5,
    "gravity_distance": 2, "gravity_near": 300, "tie_floor": 0.01, "return_economic": 0.4,
    "return_political": 0.5, "deposit_fading": 0.6, "effort_unit": 0.002, "access_floor": 0.2,
    "synergy": 0.5, "access_hedging": 0, "access_balancing": 0,
}  # fmt: skip


def tied(k: int = 1, **numbers: float) -> RandomWorld:
    """A land at home to the first of three, beside which the second has output 16 and the third 1.

    The second land, if any, is at home to the same, with other shares and people.
    """
    shares = np.concatenate([SHARES, [[[0, 0, 0]], [[0.1, 0.4, 0.3]], [[0.2, 0.1, 0]]]], axis=1)
    return plain(3, k, **{**TIES, **numbers}).having(
        wealth=[4.0, 16.0, 1.0], ruler=0, size=[2.0, 6.0][:k],
        initial_influence=shares[:, :k],
        border_distance=np.array([[0.0] * k, [700.0] * k, [200.0] * k]),
    )  # fmt: skip


def lived(world: RandomWorld, months: list[tuple[int, dict]], **numbers: float) -> Run:
    """The state after some months of the contest alone, in each of which some arrays are set."""
    state = begun(world, **OPENING)
    for number, fields in months:
        for name, values in fields.items():
            _fill(getattr(state, name), values)
        call(contest.contest, state, number=number)
    return state


def test_openings_stand_at_month_0_and_settling_moves_none():
    for months in ([0], [-2, -1, 0]):
        state = lived(tied(), [(t, {}) for t in months])
        np.testing.assert_allclose(state.influence, SHARES, rtol=0, atol=1e-15)


@pytest.mark.parametrize("k", [1, 2])
def test_history_fades_by_hand_and_only_abroad(k):
    """Gravity in the economy, the actor's own mean elsewhere; who is abroad keeps the sum."""
    state = lived(tied(k), [(0, {}), (60, {})])
    for d, rate in enumerate((0.1, 0.2, 0.05)):
        kept = exp(-rate * 5)
        ties = np.maximum([[SHARES[1][0][d], 0.1 + 0.3 * (d == 1) + 0.2 * (d == 2)],
                           [SHARES[2][0][d], [0.2, 0.1, 0.0][d]]], 0.01)[:, :k]  # fmt: skip
        people = np.array([2.0, 6.0])[:k]
        means = np.exp((np.log(ties) * people).sum(axis=1) / people.sum())[:, None] + 0 * ties
        gravity = np.array([[16**0.5 / 1000**2], [1 / 500**2]]) + 0 * ties
        aged = ties**kept * (gravity if d == 1 else means) ** (1 - kept)
        aged *= ties.sum(axis=0) / aged.sum(axis=0)
        coded = np.array(tied(k).arrays["initial_influence"])[:, :, d]
        strength = np.maximum(aged - (ties - coded[1:]), 0)
        np.testing.assert_allclose(state.strength[1:, :, d], strength, rtol=1e-12)
        np.testing.assert_allclose(
            state.strength[0, :, d], coded[0], rtol=1e-12
        )  # at home it stays
        everyone = 1 - coded.sum(axis=0) + coded[0] + strength.sum(axis=0)
        np.testing.assert_allclose(state.influence[1:, :, d], strength / everyone, rtol=1e-12)


def test_deposits_posts_and_access_by_hand():
    later = {
        "effort": {(0, 0): [0.04, 0.03, 0.02], (1, 0): [0.06, 0.02, 0.0]},
        "committed": {(1, 0, 0): 0.05}, "alignment": {(0, 1): 0.6, (0, 2): -1.0},
    }  # fmt: skip
    still = {f"fading_{kind}": -99.0 for kind in ("security", "economic", "diplomatic")}
    state = lived(tied(**still), [(0, {"alignment": {(0, 1): 0.2, (0, 2): 0.0}}), (1, later)])
    pace, joint, unit = 0.6 / 12, 0.5 * 0.005, 0.002
    more = (0.03 + joint + unit) / (0.01 + joint + unit)
    np.testing.assert_allclose(state.deposit[0, 0, 1], pace * 0.4 * log(more))
    np.testing.assert_allclose(state.deposit[1, 0], 0, atol=1e-15)  # of its own it did as before
    posted = pace * 0.5 * 0.05 / (0.04 + 0.06 + unit)
    np.testing.assert_allclose(state.posted_strength[1, 0], [posted, 0, 0])
    opened = np.array([1, (0.8 + 0.2) / (0.6 + 0.2), 0.2 / (0.5 + 0.2)])
    held = np.array(SHARES)[:, 0].copy()
    held[0, 1] *= more ** (pace * 0.4)
    held[1, 0] += posted
    strength = held * opened[:, None]
    outsiders = 1 - np.array(SHARES)[:, 0].sum(axis=0)
    by_hand = strength / (strength.sum(axis=0) + outsiders)
    np.testing.assert_allclose(state.influence[:, 0], by_hand, rtol=1e-12)


def test_a_host_without_effort_or_drivers_keeps_what_it_is_coded_with():
    for number in (1, 120, 360):
        state = lived(tied(2), [(0, {"effort": 0.0}), (number, {})])
        np.testing.assert_allclose(state.influence[0], tied(2).arrays["initial_influence"][0])


def test_consent_trade_and_sanctions_by_hand():
    """Consent takes the place of access but at home; what either side forbids is cut from trade."""
    world = plain(4).having(
        ruler=0, challenger=3, consent={(0, 1): 0.0, (0, 2): 0.25, (0, 3): 0.0},
        trade={(0, 1): 0.5, (0, 2): -0.2}, sanctions={(0, 0, 1): 0.4, (0, 1, 0): 0.1, (0, 2, 3): 1},
    )  # fmt: skip
    state = begun(world, access=0.7, shut={(2, 0): 1.0})
    call(contest.heed, state)
    np.testing.assert_allclose(state.access[:, 0, 1], [0.7, 0.0, 0.25, 0.7])
    np.testing.assert_array_equal(state.shut[:, 0], [0, 1, 0, 0])
    np.testing.assert_allclose(state.link[:, 0], [1, 1.5 * 0.6, 0.8, 1])


@pytest.mark.parametrize(
    ("opened", "by", "left"),
    [(1.0, -0.5, 0.5), (0.5, -0.5, 1.0), (0.5, -1.0, 0.0), (0.5, 0.0, 2.0), (0.0, 0.0, 1.0)],
)
def test_economic_ties_count_by_links_over_those_of_the_opening(opened, by, left):
    """What is coded is what the links of the opening have left."""
    linked = lived(tied(), [(0, {}), (1, {})])
    cut = lived(tied().having(trade={(0, 1): opened - 1.0}), [(0, {})])
    cut.world = tied().having(trade={(0, 1): by})
    call(contest.contest, cut, number=1)
    np.testing.assert_allclose(cut.strength[1, 0], linked.strength[1, 0] * [1, left, 1])


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1), st.integers(0, 2))
def test_more_that_is_posted_never_lowers_its_owners_share(least, more, returns, domain):
    def share(posted: float) -> float:
        world = tied(return_political=returns, return_economic=returns)
        there = {"effort": {(1, 0, domain): 0.02 + posted}, "committed": {(1, 0, domain): posted}}
        return float(lived(world, [(0, {}), (1, there), (2, {})]).influence[1, 0, domain])

    assert share(least + more) >= share(least) - 1e-12


def test_a_host_closes_bases_and_lets_them_in_again_and_only_those():
    """Bases that are closed count nothing; ties do not end, and nobody is closed out at home."""
    post = {"effort": {(1, 0, 0): 0.06}, "committed": {(1, 0, 0): 0.05, (0, 0, 0): 0.04}}
    numbers = {"refusal_rate": 12.0, "refusal_slope": 0.0, "refusal_margin": 0.0}
    months = [(0, {}), *[(t, post if t == 1 else {}) for t in range(1, 100)]]
    state, seen = begun(tied(**numbers), **OPENING), []
    for number, fields in months:
        for name, values in fields.items():
            _fill(getattr(state, name), values)
        call(contest.contest, state, number=number)
        seen.append(state.shut[:, 0].copy())
        tie, rest = state.strength[1, 0, 0], state.posted_strength[1, 0, 0]
        assert (tie - rest * (1 - state.shut[1, 0])) == pytest.approx(0.25)
    shut = np.array(seen)
    assert not shut[:, [0, 2]].any()  # the host, and one who posts nothing
    turns = np.abs(np.diff(shut[2:, 1])).mean()
    assert turns == pytest.approx(
        1 - exp(-0.5), abs=0.15
    )  # both ways by half a hazard of 12 a year
    assert 0.3 < shut[2:, 1].mean() < 0.7


@pytest.mark.parametrize(("shut", "leaning", "held", "margin"), [(0, -1, 1, 0), (1, 1, 0, 0)])
def test_hosts_close_to_those_who_hold_much_and_open_to_those_they_lean_to(
    shut, leaning, held, margin
):
    """At a steep slope the drive decides alone, and a wide margin keeps things as they are."""
    for wide, turned in ((margin, 1), (1e3, 0)):
        numbers = {"refusal_rate": 1e4, "refusal_slope": 100.0, "refusal_margin": wide}
        world = tied(**numbers)
        state = begun(
            world, shut={(1, 0): shut}, posted={(1, 0, 0): 0.1}, alignment={(0, 1): leaning}
        )
        state.influence[1, 0, 0] = held
        call(contest.refuse, state, number=1)
        assert state.shut[1, 0] == abs(shut - turned)

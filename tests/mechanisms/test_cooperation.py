"""What two do together rather than alone, and where they meet, by hand; and what each author says of it."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, call, plain, quiet, rules, seeds, snapshots, worlds

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import cooperation


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def begun(world: RandomWorld, **fields: object) -> tuple[Run, Run]:
    """State and constants at the beginning, with some fields of the state set."""
    state = world.view(world.memory())
    for name, value in fields.items():
        getattr(state, name)[:] = value
    return state, world.constants()


def interests(n: int, **levels: float) -> np.ndarray:
    """(n, 7) saliences, 0 but for those given."""
    order = ("primacy", "containment", "commerce", "denial", "autonomy", "survival", "standing")
    return np.tile([levels.get(name, 0.0) for name in order], (n, 1))


def test_willingness_by_hand():
    p = rules(joint_trust=2, joint_venues=0.2, joint_reluctance=1, joint_gain=1, joint_danger=3, relative_gains=0.5)
    ready = cooperation.readiness(0.4, 2.0, p)
    assert ready == pytest.approx(2 * 0.4 + 0.2 * 2 - 1)
    gain = 1 + 3 * 0.2
    by_hand = ready + gain * (0.3 - 0.5 * (1 - 2 * 0.3))
    assert cooperation.joint_odds(ready, 0.2, 0.3, p) == pytest.approx(by_hand)


@given(st.floats(-3, 3), st.floats(0, 2), st.floats(0.01, 0.49), st.floats(0, 0.9), st.floats(0.01, 0.1))
def test_with_unequal_gains_willingness_falls_with_griecos_k(ready, pooled, own_share, k, more):
    little, much = (
        cooperation.joint_odds(ready, pooled, own_share, rules(relative_gains=value)) for value in (k, k + more)
    )
    assert much < little


@given(st.floats(-3, 3), st.floats(0, 2), st.floats(0, 1))
def test_with_equal_gains_griecos_k_does_not_matter(ready, pooled, k):
    with_k, without = (cooperation.joint_odds(ready, pooled, 0.5, rules(relative_gains=value)) for value in (k, 0.0))
    assert with_k == pytest.approx(without, rel=1e-12, abs=1e-12)


def two_who_meet(
    p: np.void, mine: list[float], theirs: list[float], common: list[list[float]], least: list[float]
) -> Run:
    """The state after two have met in one theatre, whose alignment is nought."""
    world = plain(p).with_posture(jointness=np.array([[least]]))
    state, _ = begun(world, budget=1.0)
    state.alignment[:] = 0
    state.effort[:, 0], state.common[:, 0] = [mine, theirs], common
    call(cooperation.join, state)
    return state


def test_what_is_done_jointly_by_hand():
    p = rules(joint_gain=1, joint_danger=2, relative_gains=0.5, joint_reluctance=1)
    common = [[0.25, 0.0, 0.0], [0.16, 0.49, 0.0]]
    state = two_who_meet(p, [0.1, 0.1, 0.2], [0.3, 0.1, 0.3], common, [0.0, 0.0, 0.5])
    gain = 1 + 2 * 0.5 * 0.4
    # The half that the scenario has done jointly is more than the two would do.
    by_hand = [0.1 * logistic(-1 + gain * (0.25 - 0.5 * 0.5)), 0.1 * logistic(-1 + 0.5), 0.2 * 0.5]
    np.testing.assert_allclose(state.pair_joint[0, 0], by_hand)
    assert state.partnership[0, 1] == pytest.approx(sum(by_hand))
    assert state.rivalry[0, 1] == pytest.approx(0.1 + 0.1 + 0.2 - sum(by_hand))


def test_nothing_is_done_jointly_where_nobody_is():
    state = two_who_meet(rules(), [0.0] * 3, [0.0] * 3, [[1.0] * 3] * 2, [1.0] * 3)
    assert not state.pair_joint.any()
    assert state.partnership[0, 1] == state.rivalry[0, 1] == 0


def test_whom_two_meet_by_hand():
    p = rules(joint_trust=2, joint_venues=0.2, joint_reluctance=1)
    world = plain(p, n=3, venues=1).with_geography(venue_domains=np.array([[0.0, 1.0, 0.0]]))
    world = replace(world, focus=np.array([[0, 1], [1, 2], [2, 0]]))
    world = world.with_posture(membership=np.array([[[0.0, 0.5, 1.0]]]))
    alignment = np.array([[1, 0.2, 0], [0.4, 1, -0.6], [0, 0.2, 1]])
    state, _ = begun(world, alignment=alignment, budget=1.0)
    state.effort[:, 0] = [[0.3, 0.0, 0.1], [0.1, 0.2, 0.1], [0.2, 0.5, 0.0]]
    state.common[:, 0, 0] = [0.25, 0.16, 0.04]
    call(cooperation.join, state)
    first, second, third = 2 * 0.3 - 1, 2 * -0.2 - 1, -1
    ready = [[first] * 3, [second, second + 0.2 * 0.5, second], [third] * 3]
    smaller = [[0.1, 0, 0.1], [0.1, 0.2, 0], [0.2, 0, 0]]
    danger = np.sqrt(state.common[:, 0])
    for meeting in range(3):
        mine, theirs = state.effort[meeting, 0], state.effort[(meeting + 1) % 3, 0]
        pooled = danger[meeting] * danger[(meeting + 1) % 3]
        by_hand = [
            less * logistic(cooperation.joint_odds(odds, shared, less / max(both, 1e-9), p))
            for odds, shared, less, both in zip(ready[meeting], pooled, smaller[meeting], mine + theirs, strict=True)
        ]
        np.testing.assert_allclose(state.pair_joint[meeting, 0], by_hand)


def test_what_is_shared_out_by_hand():
    world = plain(quiet(rules(joint_trust=0, joint_venues=0)), n=3)
    world = replace(world, focus=np.array([[0, 1], [1, 2], [2, 0]]))
    state, _ = begun(world, budget=[0.5, 0.3, 0.2])
    state.common[:] = 0
    state.effort[:, 0] = [[0.1, 0.2, 0.1], [0.2, 0.3, 0.1], [0.1, 0.0, 0.3]]
    call(cooperation.join, state)
    together = np.array(state.pair_joint[:, 0])
    assert (together[:, [0]] > 0).all()
    largest = [np.maximum(together[i], together[i - 1]) for i in range(3)]
    np.testing.assert_allclose(state.joint[:, 0], largest)
    for meeting, overlap, both in ((0, 0.1 + 0.2 + 0.1, 0.8), (1, 0.1 + 0.1, 0.5), (2, 0.1 + 0.1, 0.7)):
        i, j, shared = meeting, (meeting + 1) % 3, together[meeting].sum()
        assert state.partnership[i, j] == state.partnership[j, i] == pytest.approx(2 * shared / both)
        assert state.rivalry[i, j] == state.rivalry[j, i] == pytest.approx(2 * (overlap - shared) / both)
    assert not np.diag(state.rivalry).any()


def test_a_focal_pairs_joint_effort_is_its_own_whichever_is_named_first():
    world = replace(plain(rules(), n=4, k=2), focus=np.array([[i, j] for i in range(4) for j in range(4) if i != j]))
    state, _ = begun(world, budget=1.0, common=0.0)
    state.effort[:] = 0.02 * np.arange(1, 25).reshape(4, 2, 3) % 0.17
    call(cooperation.join, state)
    for pair, (i, j) in enumerate(world.focus):
        mine, theirs = state.effort[i].ravel(), state.effort[j].ravel()
        less = np.minimum(mine, theirs)
        by_hand = [
            size * logistic(cooperation.joint_odds(-world.p["joint_reluctance"], 0.0, size / both, world.p))
            for size, both in zip(less, mine + theirs, strict=True)
        ]
        np.testing.assert_allclose(state.pair_joint[pair].ravel(), by_hand)


def joined(world: RandomWorld, memory: np.ndarray, p: np.void, month: int) -> Run:
    """The state after cooperating under some numbers, for efforts as they stand."""
    state = world.view(memory.copy())
    call(cooperation.cooperate, state, p=p, t=month)
    return state


def test_rivalry_and_partnership_by_hand():
    world = plain(rules(), n=3)
    state, _ = begun(world, budget=[0.5, 0.3, 0.2], common=0.0)
    state.effort[0, 0], state.effort[1, 0], state.effort[2, 0] = [0.2, 0.1, 0.0], [0.1, 0.1, 0.0], [0.0, 0.0, 0.1]
    call(cooperation.join, state)
    security = logistic(cooperation.joint_odds(-world.p["joint_reluctance"], 0.0, 1 / 3, world.p)) * 0.1
    economic = logistic(cooperation.joint_odds(-world.p["joint_reluctance"], 0.0, 0.5, world.p)) * 0.1
    np.testing.assert_allclose(state.pair_joint[0, 0], [security, economic, 0])
    assert state.partnership[0, 1] == pytest.approx(2 * (security + economic) / 0.8)
    assert state.rivalry[1, 0] == pytest.approx(2 * (0.2 - security - economic) / 0.8)
    assert state.rivalry[0, 2] == state.partnership[0, 2] == 0
    np.testing.assert_allclose(state.joint[0, 0], [security, economic, 0])


def test_jointness_can_be_imposed():
    world = plain(rules()).with_posture(jointness=np.ones((1, 1, 3)))
    state, _ = begun(world, budget=[1.0, 1.0], effort=0.1, common=0.0)
    call(cooperation.join, state)
    np.testing.assert_allclose(state.pair_joint[0], 0.1)
    assert state.rivalry[0, 1] == 0


@given(worlds(), seeds)
def test_an_offensive_realist_does_less_jointly_than_an_institutionalist(world, seed):
    """Mearsheimer against Keohane: for the same efforts, relative gains and unheeded venues leave less to share."""
    memory = snapshots(world, seed)[-1]
    realist, institutionalist = (
        joined(world, memory, quiet(rules(theory)), world.months - 1).pair_joint
        for theory in ("offensive_realism", "neoliberal_institutionalism")
    )
    assert (realist <= institutionalist * (1 + 1e-12)).all()
    efforts = [world.view(memory).effort[list(pair)] for pair in world.focus]
    smaller, larger = np.array([part.min(axis=0) for part in efforts]), np.array([part.max(axis=0) for part in efforts])
    free = world.posture.jointness[-1] == 0
    telling = (smaller > 1e-9) & (smaller < 0.99 * larger) & free
    assert (realist < institutionalist)[telling].all()


def test_shared_venues_raise_the_joint_share_most_for_an_institutionalist():
    """Keohane: institutions ease cooperation; realists grant them less."""

    def raised(theory: str) -> float:
        p = rules(theory)
        without, with_venue = (
            logistic(cooperation.joint_odds(cooperation.readiness(0.1, venues, p), 0.0, 0.5, p))
            for venues in (0.0, 1.0)
        )
        return with_venue - without

    assert raised("neoliberal_institutionalism") > 1.5 * raised("balance_of_threat") > 0


def test_membership_of_a_venue_that_serves_a_domain_raises_what_is_done_jointly_there():
    world = plain(rules(), venues=1).with_geography(venue_domains=np.array([[1.0, 0.0, 0.0]]))
    members = world.with_posture(membership=np.ones((1, 1, 2)))
    found = []
    for which in (world, members):
        state, _ = begun(which, budget=[1.0, 1.0], effort=0.1)
        call(cooperation.cooperate, state)
        found.append(state.pair_joint[0, 0])
    assert found[1][0] > found[0][0]
    np.testing.assert_array_equal(found[1][1:], found[0][1:])


def test_convening_by_hand():
    p = rules(venue_pull=2, venue_influence=0.1, salience_curve=1)
    world = (
        plain(p, venues=2)
        .with_geography(convenes=np.array([[0.75, 0.0], [0.0, 1.0]]), ruler=np.array([1]))
        .with_coded(salience=interests(2, primacy=1.5))
    )
    world = world.with_posture(membership=np.array([[[1.0, 0.5], [1.0, 0.0]]]))
    state, _ = begun(world, alignment=np.array([[1.0, 0.4], [-0.2, 1.0]]))
    state.effort[0, 0, 2], state.joint[0, 0] = 0.1, [0.05, 0.02, 0.9]
    state.effort[1, 0, 2] = 0.3
    call(cooperation.choose_venues, state)
    call(cooperation.convene, state)
    own, others = exp(2 * 0.75 * 0.5), exp(2 * 0.4)
    spent = 0.1 + 0.05 + 0.02
    first = spent * own / (own + others)
    np.testing.assert_allclose(state.venue_effort, [[first, spent - first], [0.3, 0.0]])
    # Only the first venue has the host among its members.
    np.testing.assert_allclose(state.convening_influence, [[0.1 * 0.75 * (first + 0.3)], [0.0]])

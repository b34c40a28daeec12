"""What two do together rather than alone, where they meet, and what each author says of it."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given
from scipy.special import expit
from tests.random_worlds import seeds, worlds
from tests.worlds import after, call, interests, plain, quiet, rules, snapshots

from eurasia_sim.mechanisms import cooperation

RING = np.array([[0, 1], [1, 2], [2, 0]])


def by_reluctance(less: object, both: object, p: np.void) -> list[float]:
    """What two do jointly of their smaller efforts, by reluctance and gains alone."""
    return [
        size * expit(cooperation.joint_odds(-p["joint_reluctance"], 0.0, size / whole, p))
        for size, whole in zip(less, both, strict=True)
    ]


def test_what_is_done_jointly_by_hand():
    gains = {"joint_gain": 1, "joint_danger": 2, "relative_gains": 0.5, "joint_reluctance": 1}
    state = after(
        cooperation.join,
        plain(**gains).having(jointness=[0.0, 0.0, 0.5]),
        budget=1.0, alignment=0.0, effort=[[[0.1, 0.1, 0.2]], [[0.3, 0.1, 0.3]]],
        common=[[[0.25, 0.0, 0.0]], [[0.16, 0.49, 0.0]]],
    )  # fmt: skip
    gain = 1 + 2 * 0.5 * 0.4
    # The half that the scenario has done jointly is more than the two would do.
    odds = -1 + gain * (0.25 - 0.5 * 0.5), -1 + 0.5
    by_hand = [0.1 * expit(odds[0]), 0.1 * expit(odds[1]), 0.2 * 0.5]
    np.testing.assert_allclose(state.pair_joint[0, 0], by_hand)
    assert state.partnership[0, 1] == pytest.approx(sum(by_hand))
    assert state.rivalry[0, 1] == pytest.approx(0.1 + 0.1 + 0.2 - sum(by_hand))


@pytest.mark.parametrize("effort", [0.0, 0.1])
def test_all_that_overlaps_can_be_imposed_to_be_joint_and_nothing_else(effort):
    world = plain().having(jointness=1.0)
    state = after(cooperation.join, world, budget=1.0, effort=effort, common=1.0)
    np.testing.assert_allclose(state.pair_joint[0], effort)
    assert state.rivalry[0, 1] == 0
    assert state.partnership[0, 1] == pytest.approx(3 * effort)


def test_whom_two_meet_by_hand():
    world = plain(3, venues=1, joint_trust=2, joint_venues=0.2, joint_reluctance=1)
    world = replace(world, focus=RING).having(
        venue_domains=[[0.0, 1.0, 0.0]], membership=[0.0, 0.5, 1.0]
    )
    efforts = np.array([[0.3, 0.0, 0.1], [0.1, 0.2, 0.1], [0.2, 0.5, 0.0]])
    common = np.zeros((3, 3))
    common[:, 0] = 0.25, 0.16, 0.04
    state = after(
        cooperation.join, world, budget=1.0, effort=efforts[:, None], common=common[:, None],
        alignment=[[1, 0.2, 0], [0.4, 1, -0.6], [0, 0.2, 1]],
    )  # fmt: skip
    first, second, third = 2 * 0.3 - 1, 2 * -0.2 - 1, -1
    ready = [[first] * 3, [second, second + 0.2 * 0.5, second], [third] * 3]
    smaller = [[0.1, 0, 0.1], [0.1, 0.2, 0], [0.2, 0, 0]]
    for meeting, (i, j) in enumerate(RING):
        pooled, both = np.sqrt(common[i] * common[j]), np.maximum(efforts[i] + efforts[j], 1e-9)
        by_hand = [
            less * expit(cooperation.joint_odds(odds, shared, less / whole, world.p))
            for odds, shared, less, whole in zip(
                ready[meeting], pooled, smaller[meeting], both, strict=True
            )
        ]
        np.testing.assert_allclose(state.pair_joint[meeting, 0], by_hand)


def test_what_is_shared_out_by_hand():
    world = replace(plain(3, joint_trust=0, joint_venues=0), focus=RING)
    efforts = [[[0.1, 0.2, 0.1]], [[0.2, 0.3, 0.1]], [[0.1, 0.0, 0.3]]]
    state = after(cooperation.join, world, budget=[0.5, 0.3, 0.2], common=0.0, effort=efforts)
    together = np.array(state.pair_joint[:, 0])
    assert (together[:, [0]] > 0).all()
    largest = [np.maximum(together[i], together[i - 1]) for i in range(3)]
    np.testing.assert_allclose(state.joint[:, 0], largest)
    for (i, j), overlap, both, shared in zip(
        RING, (0.1 + 0.2 + 0.1, 0.1 + 0.1, 0.1 + 0.1), (0.8, 0.5, 0.7), together.sum(axis=1),
        strict=True,
    ):  # fmt: skip
        assert (
            state.partnership[i, j] == state.partnership[j, i] == pytest.approx(2 * shared / both)
        )
        rivalry = pytest.approx(2 * (overlap - shared) / both)
        assert state.rivalry[i, j] == state.rivalry[j, i] == rivalry
    assert not np.diag(state.rivalry).any()


def test_a_focal_pairs_joint_effort_is_its_own_whichever_is_named_first():
    pairs = np.array([[i, j] for i in range(4) for j in range(4) if i != j])
    world = replace(plain(4, 2), focus=pairs)
    efforts = 0.02 * np.arange(1, 25).reshape(4, 2, 3) % 0.17
    state = after(cooperation.join, world, budget=1.0, common=0.0, effort=efforts)
    for pair, (i, j) in enumerate(pairs):
        mine, theirs = efforts[i].ravel(), efforts[j].ravel()
        by_hand = by_reluctance(np.minimum(mine, theirs), mine + theirs, world.p)
        np.testing.assert_allclose(state.pair_joint[pair].ravel(), by_hand)


@given(worlds(months=3), seeds)
def test_an_offensive_realist_does_less_jointly_than_an_institutionalist(world, seed):
    """Mearsheimer against Keohane: relative gains and unheeded venues leave less to share."""
    memory = snapshots(world, seed)[-1]
    joint = []
    for theory in ("offensive_realism", "neoliberal_institutionalism"):
        state = world.view(memory)
        call(cooperation.cooperate, state, p=quiet(rules(theory)), t=world.months - 1)
        joint.append(state.pair_joint)
    realist, institutionalist = joint
    assert (realist <= institutionalist * (1 + 1e-12)).all()
    efforts = world.view(memory).effort[world.focus]
    smaller, larger = efforts.min(axis=1), efforts.max(axis=1)
    free = world.arrays["jointness"][-1] == 0
    unequal = (smaller > 1e-9) & (smaller < 0.99 * larger) & free
    assert (realist < institutionalist)[unequal].all()


def test_convening_by_hand():
    world = plain(venues=2, venue_pull=2, venue_influence=0.1, salience_curve=1)
    world = world.having(
        convenes=[[0.75, 0.0], [0.0, 1.0]], ruler=1, salience=interests(primacy=1.5),
        membership=[[1.0, 0.5], [1.0, 0.0]],
    )  # fmt: skip
    state = after(
        cooperation.choose_venues, world, alignment=[[1.0, 0.4], [-0.2, 1.0]],
        joint={(0, 0): [0.05, 0.02, 0.9]}, effort={(0, 0, 2): 0.1, (1, 0, 2): 0.3},
    )  # fmt: skip
    call(cooperation.convene, state)
    own, others = exp(2 * 0.75 * 0.5), exp(2 * 0.4)
    spent = 0.1 + 0.05 + 0.02
    first = spent * own / (own + others)
    np.testing.assert_allclose(state.venue_effort, [[first, spent - first], [0.3, 0.0]])
    # Only the first venue has the host among its members.
    np.testing.assert_allclose(state.convening_influence, [[0.1 * 0.75 * (first + 0.3)], [0.0]])

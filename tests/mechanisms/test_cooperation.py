"""What two do together rather than alone, where they meet, and what each author says of it."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given
from scipy.special import expit, logit
from tests.random_worlds import seeds, worlds
from tests.worlds import after, call, interests, plain, quiet, rules, snapshots

from eurasia_sim.mechanisms import cooperation

RING = np.array([[0, 1], [1, 2], [2, 0]])


def by_level(
    less: object, both: object, trust: float, p: np.void, overlap: float = 0.0
) -> list[float]:
    """What two do jointly of their smaller efforts, by level, relation, need and evenness."""
    odds = logit(p["joint_level"]) + p["joint_relation"] * (trust - 0.5)
    odds += p["joint_overlap"] * (overlap - 0.5)
    return [
        size * expit(odds - p["relative_gains"] * (1 - 2 * size / whole))
        for size, whole in zip(less, both, strict=True)
    ]


def test_what_is_done_jointly_by_hand():
    numbers = {"joint_level": 0.3, "joint_relation": 2, "relative_gains": 0.8, "joint_overlap": -1}
    state = after(
        cooperation.join,
        plain(**numbers).having(jointness=[0.0, 0.0, 0.6]),
        budget=1.0, alignment=0.4, effort=[[[0.1, 0.1, 0.2]], [[0.3, 0.1, 0.3]]],
        regional_overlap=0.3,
    )  # fmt: skip
    # The part that the scenario has done jointly is more than the two would do.
    odds = np.log(0.3 / 0.7) + 2 * (0.4 - 0.5) - (0.3 - 0.5)
    by_hand = [0.1 * expit(odds - 0.8 * 0.5), 0.1 * expit(odds), 0.2 * 0.6]
    np.testing.assert_allclose(state.pair_joint[0, 0], by_hand)
    assert state.partnership[0, 1] == pytest.approx(sum(by_hand))
    assert state.rivalry[0, 1] == pytest.approx(0.1 + 0.1 + 0.2 - sum(by_hand))


@pytest.mark.parametrize("effort", [0.0, 0.1])
def test_all_that_overlaps_can_be_imposed_to_be_joint_and_nothing_else(effort):
    world = plain().having(jointness=1.0)
    state = after(cooperation.join, world, budget=1.0, effort=effort)
    np.testing.assert_allclose(state.pair_joint[0], effort)
    assert state.rivalry[0, 1] == 0
    assert state.partnership[0, 1] == pytest.approx(3 * effort)


def test_whom_two_meet_by_hand():
    world = replace(plain(3, joint_level=0.4, joint_relation=2), focus=RING)
    efforts = np.array([[0.3, 0.0, 0.1], [0.1, 0.2, 0.1], [0.2, 0.5, 0.0]])
    state = after(
        cooperation.join, world, budget=1.0, effort=efforts[:, None],
        alignment=[[1, 0.2, 0], [0.4, 1, -0.6], [0, 0.2, 1]],
    )  # fmt: skip
    smaller = [[0.1, 0, 0.1], [0.1, 0.2, 0], [0.2, 0, 0]]
    for meeting, ((i, j), trust) in enumerate(zip(RING, (0.3, -0.2, 0), strict=True)):
        both = np.maximum(efforts[i] + efforts[j], 1e-9)
        by_hand = by_level(smaller[meeting], both, trust, world.p)
        np.testing.assert_allclose(state.pair_joint[meeting, 0], by_hand)


def test_what_is_shared_out_by_hand():
    world = replace(plain(3), focus=RING)
    efforts = [[[0.1, 0.2, 0.1]], [[0.2, 0.3, 0.1]], [[0.1, 0.0, 0.3]]]
    state = after(cooperation.join, world, budget=[0.5, 0.3, 0.2], effort=efforts)
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
    state = after(cooperation.join, world, budget=1.0, effort=efforts, alignment=0.1)
    for pair, (i, j) in enumerate(pairs):
        mine, theirs = efforts[i].ravel(), efforts[j].ravel()
        by_hand = by_level(np.minimum(mine, theirs), mine + theirs, 0.1, world.p)
        np.testing.assert_allclose(state.pair_joint[pair].ravel(), by_hand)


@given(worlds(months=3), seeds)
def test_an_offensive_realist_does_less_jointly_than_an_institutionalist(world, seed):
    """Mearsheimer against Keohane: relative gains and less use of venues leave less to share."""
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

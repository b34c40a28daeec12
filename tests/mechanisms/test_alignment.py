"""Leanings by hand, and what binds and parts."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt, tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.worlds import RandomWorld, call, changed, plain, quiet, rules, seeds, simulate, worlds

from eurasia_sim.compute import random_streams
from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import alignment

dangers = arrays(np.float64, (4, 3), elements=st.floats(0, 1))


def common(danger: np.ndarray, minimum: float) -> np.ndarray:
    """What is shared by as many as there are rows, who fear what the columns say from as many others."""
    n, sources = danger.shape
    state = (world := plain(rules(minimum_shared=minimum), n=n + sources)).view(world.memory())
    state.threat[:n, n:] = danger
    call(alignment.shared_danger, state)
    if minimum:
        call(alignment.smaller_danger, state)
    return np.array(state.shared[:n, :n])


def test_shared_danger_by_hand():
    danger = np.array([[0.4, 0.0, 0.9], [0.1, 0.5, 0.4]])
    np.testing.assert_allclose(common(danger, 0.0)[0, 1], sqrt(0.04) + sqrt(0.36))
    np.testing.assert_allclose(common(danger, 1.0)[0, 1], 0.1 + 0.4)


def test_what_is_feared_from_theatres_counts_by_its_weight():
    for minimum, by_hand in ((0.0, sqrt(0.2 * 0.45)), (1.0, 0.2)):
        state = aligned(three(shared_spillover=0.5, minimum_shared=minimum), spillover=[[0.4], [0.9], [0.0]])
        assert state.shared[0, 1] == pytest.approx(by_hand)


@given(dangers)
def test_the_smaller_danger_is_never_more_than_the_geometric_mean(danger):
    assert (common(danger, 1.0) <= common(danger, 0.0) + 1e-12).all()


def test_a_danger_that_one_fears_little_binds_less_by_the_smaller():
    """Two who fear alike are bound alike by either form; what one fears ten times as much binds less by the smaller."""
    alike, unlike = np.array([[0.3], [0.3]]), np.array([[0.9], [0.1]])
    assert common(alike, 1.0)[0, 1] == pytest.approx(common(alike, 0.0)[0, 1])
    assert common(unlike, 1.0)[0, 1] == pytest.approx(0.1)
    assert common(unlike, 0.0)[0, 1] == pytest.approx(0.3)


PULL = {
    "alignment_affinity": 1, "alignment_shared": 0.5, "alignment_mutual": 2, "alignment_rivalry": 3,
    "alignment_membership": 0.1, "alignment_joint": 0.7,
}  # fmt: skip


def test_the_pull_by_hand():
    by_hand = 1 * 1.5 / 3 + 0.5 * 0.8 - 2 * 0.1 - 3 * 0.05 + 0.1 * 4 + 0.7 * 0.2
    assert alignment.alignment_pull(1.5, 0.8, 0.1, 0.05, 4.0, 0.2, rules(**PULL)) == pytest.approx(by_hand)


def three(theory: str = "balance_of_threat", **numbers: float) -> RandomWorld:
    return plain(quiet(rules(theory, **numbers)), n=3)


def aligned(world: RandomWorld, **fields: object) -> Run:
    """The state after a month's align, from the beginning but for some fields."""
    state = world.view(world.memory())
    for name, value in fields.items():
        getattr(state, name)[:] = value
    call(alignment.align, state)
    return state


def test_a_month_of_aligning_by_hand():
    world = three(alignment_rate=0.1, shared_spillover=0.5, **PULL).with_coded(
        affinity=np.array([[np.nan, 1.5, 0], [0, np.nan, 0], [0, 0, np.nan]])
    )
    threat = np.zeros((3, 3))
    threat[0, 1], threat[0, 2], threat[1, 2] = 0.1, 0.16, 0.25
    spillover = np.array([[0.4], [0.9], [0.0]])
    state = aligned(world, threat=threat, spillover=spillover)
    shared = sqrt(0.16 * 0.25) + 0.5 * sqrt(0.4 * 0.9)
    assert state.shared[0, 1] == pytest.approx(shared)
    first = 1 * 1.5 / 3
    pull = 0.5 + 0.5 * shared - 2 * 0.1
    assert state.leaning[0, 1] == pytest.approx(first + 0.1 * (pull - first))
    assert state.alignment[0, 1] == pytest.approx(tanh(first + 0.1 * (pull - first)))
    assert state.leaning[1, 0] == pytest.approx(0.1 * 0.5 * shared)
    assert state.alignment[0, 0] == 1


def test_a_shock_is_drawn_at_the_address_of_its_pair():
    names = np.array([2**40 + 5, 3, 2**33 + 1], dtype=np.uint64)
    world = three().with_geography(name_hash=names)
    state, drawn = world.view(world.memory()), {}
    call(alignment.pair_shocks, state, seed=4, number=9)
    for m, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        words = random_streams.draw(np.uint64(4), alignment.STREAM, np.uint64(9), *sorted((names[i], names[j])))
        drawn[i, j] = random_streams.shock(random_streams.uniform(words[0]))
        assert state.shock[m] == drawn[i, j]
    noisy = replace(world, p=changed(world.p, alignment_rate=0.0, alignment_noise=0.1))
    after = noisy.view(noisy.memory())
    call(alignment.align, after, seed=4, number=9)
    for (i, j), shock in drawn.items():
        assert after.leaning[i, j] == after.leaning[j, i] == 0.1 * shock


def test_goodwill_adds_to_affinity():
    world = three(alignment_rate=1, alignment_affinity=1)
    goodwill = np.zeros((1, 3, 3))
    goodwill[0, 0, 1] = 2.0
    state = aligned(world.with_posture(goodwill=goodwill))
    assert state.leaning[0, 1] == pytest.approx(2 / 3)
    assert state.leaning[1, 0] == 0


def test_nobody_is_bound_by_the_threat_of_one_of_the_two():
    threat = np.zeros((3, 3))
    threat[0, 1] = threat[1, 0] = 0.5
    assert aligned(three(), threat=threat).shared[0, 1] == 0


@pytest.mark.parametrize(("field", "sign"), [("partnership", 1), ("rivalry", -1)])
def test_joint_work_draws_together_and_rivalry_parts(field, sign):
    before, after = aligned(three()), aligned(three(), **{field: 0.3})
    assert sign * (after.leaning[0, 1] - before.leaning[0, 1]) > 0


def test_cooperation_deepens_itself_more_for_an_institutionalist():
    """Keohane: what is done together ties more than a balancer of threats would have it."""

    def gain(theory: str) -> float:
        alone, together = aligned(three(theory)), aligned(three(theory), partnership=0.2)
        return float(together.leaning[0, 1] - alone.leaning[0, 1])

    assert gain("neoliberal_institutionalism") > 2 * gain("balance_of_threat") > 0


def test_a_shared_venue_ties():
    world = replace(plain(quiet(rules()), n=3, venues=1), p=quiet(rules(alignment_rate=1, alignment_membership=0.1)))
    world = world.with_geography(venue_domains=np.array([[1.0, 0.0, 1.0]]))
    state = aligned(world.with_posture(membership=np.array([[[1.0, 0.5, 0.0]]])))
    assert state.leaning[0, 1] == pytest.approx(0.1 * 2 * 0.5)
    assert state.leaning[0, 2] == 0


@given(worlds(theory="inertia", noise=False), seeds)
def test_under_inertia_alignment_answers_nothing(world, seed):
    first = world.view(world.memory()).leaning
    for state in simulate(world, seed):
        assert np.array_equal(state.leaning, first)

"""Leanings by hand, and what binds and parts."""

from math import sqrt, tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.worlds import after, begun, call, plain

from eurasia_sim.compute import random_streams
from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import alignment


def common(danger: object, minimum: float) -> np.ndarray:
    """What is shared by as many as there are rows, who fear of as many others what columns say."""
    n, sources = np.shape(danger)
    threat = np.pad(danger, ((0, sources), (n, 0)))
    state = begun(plain(n + sources, minimum_shared=minimum), threat=threat)
    call(alignment.shared_danger, state)
    if minimum:
        call(alignment.smaller_danger, state)
    return np.array(state.shared[:n, :n])


@pytest.mark.parametrize(
    ("danger", "root", "smaller"),
    [
        ([[0.4, 0.0, 0.9], [0.1, 0.5, 0.4]], sqrt(0.04) + sqrt(0.36), 0.1 + 0.4),
        ([[0.3], [0.3]], 0.3, 0.3),  # two who fear alike are bound alike by either form
        ([[0.9], [0.1]], 0.3, 0.1),
    ],
)
def test_shared_danger_by_hand(danger, root, smaller):
    assert common(danger, 0.0)[0, 1] == pytest.approx(root)
    assert common(danger, 1.0)[0, 1] == pytest.approx(smaller)


@given(arrays(np.float64, (4, 3), elements=st.floats(0, 1)))
def test_the_smaller_danger_is_never_more_than_the_geometric_mean(danger):
    assert (common(danger, 1.0) <= common(danger, 0.0) + 1e-12).all()


def aligned(n: int = 3, theory: str = "balance_of_threat", **fields: object) -> Run:
    """The state after a month's align in a world of a theory, from the beginning but for fields."""
    return after(alignment.align, plain(n, theory=theory), **fields)


@pytest.mark.parametrize(("minimum", "by_hand"), [(0.0, sqrt(0.2 * 0.45)), (1.0, 0.2)])
def test_what_is_feared_from_theatres_counts_by_its_weight(minimum, by_hand):
    world = plain(3, shared_spillover=0.5, minimum_shared=minimum)
    state = after(alignment.align, world, spillover=[[0.4], [0.9], [0.0]])
    assert state.shared[0, 1] == pytest.approx(by_hand)


def test_a_month_of_aligning_by_hand():
    pulls = {"alignment_affinity": 1, "alignment_shared": 0.5, "alignment_mutual": 2}
    world = plain(3, alignment_rate=0.1, shared_spillover=0.5, **pulls)
    world = world.having(affinity={(0, 1): 1.5})
    threat = {(0, 1): 0.1, (0, 2): 0.16, (1, 2): 0.25}
    state = after(alignment.align, world, threat=threat, spillover=[[0.4], [0.9], [0.0]])
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
    world = plain(3, alignment_rate=0.0, alignment_noise=0.1).having(name_hash=names)
    state = begun(world)
    call(alignment.align, state, seed=4, number=9)
    for m, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        address = np.uint64(4), alignment.STREAM, np.uint64(9), *sorted((names[i], names[j]))
        shock = random_streams.shock(random_streams.uniform(random_streams.draw(*address)[0]))
        assert state.shock[m] == shock
        assert state.leaning[i, j] == state.leaning[j, i] == 0.1 * shock


def test_goodwill_adds_to_affinity():
    world = plain(3, alignment_rate=1, alignment_affinity=1).having(goodwill={(0, 0, 1): 2.0})
    state = after(alignment.align, world)
    assert state.leaning[0, 1] == pytest.approx(2 / 3)
    assert state.leaning[1, 0] == 0


def test_nobody_is_bound_by_the_threat_of_one_of_the_two():
    assert aligned(threat={(0, 1): 0.5, (1, 0): 0.5}).shared[0, 1] == 0


@pytest.mark.parametrize(("field", "sign"), [("partnership", 1), ("rivalry", -1)])
def test_joint_work_draws_together_and_rivalry_parts(field, sign):
    moved = aligned(**{field: 0.3}).leaning[0, 1] - aligned().leaning[0, 1]
    assert sign * moved > 0


def test_cooperation_deepens_itself_more_for_an_institutionalist():
    """Keohane: what is done together ties more than a balancer of threats would have it."""
    institutionalist, balancer = (
        aligned(theory=theory, partnership=0.2).leaning[0, 1] - aligned(theory=theory).leaning[0, 1]
        for theory in ("neoliberal_institutionalism", "balance_of_threat")
    )
    assert institutionalist > 2 * balancer > 0


def test_a_shared_venue_ties():
    world = plain(3, venues=1, alignment_rate=1, alignment_membership=0.1)
    members = world.having(venue_domains=[[1, 0, 1]], membership=[1.0, 0.5, 0.0])
    state = after(alignment.align, members)
    assert state.leaning[0, 1] == pytest.approx(0.1 * 2 * 0.5)
    assert state.leaning[0, 2] == 0

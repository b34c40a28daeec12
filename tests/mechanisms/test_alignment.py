"""Leanings by hand, and what binds and parts."""

from math import log, sqrt, tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import after, begun, call, plain

from eurasia_sim.compute import random_streams
from eurasia_sim.compute.dimensions import POSITION, QUARREL, TIES
from eurasia_sim.mechanisms import alignment

FLOOR = 0.3


def test_fears_shared_and_mutual_by_hand():
    """Two fear a third and the land next door, to which the second is half a party."""
    world = plain(3, fear_floor=FLOOR, weight_spillover=0.5)
    fields = {
        "threat": {(0, 1): 0.1, (0, 2): 0.36, (1, 2): 0.16},
        "regional": {(0, 2): 0.25, (1, 2): 0.16},
        "spillover": [[0.4], [0.9], [0.0]], "party": [[0.0], [0.5], [0.0]],
    }  # fmt: skip
    state = after(alignment.align, world, **fields)
    land = sqrt(0.4 * 0.9) * 0.5
    fear = FLOOR + 0.46 + 0.5 * 0.4, FLOOR + 0.16 + 0.5 * 0.9
    near = FLOOR + 0.25 + 0.5 * 0.4, FLOOR + 0.16 + 0.5 * 0.9
    by_hand = {
        "crisis": land,
        "shared": (sqrt(0.36 * 0.16) + 0.5 * land) / sqrt(fear[0] * fear[1]),
        "regional_overlap": (sqrt(0.25 * 0.16) + 0.5 * land) / sqrt(near[0] * near[1]),
    }
    for name, value in by_hand.items():
        assert getattr(state, name)[0, 1] == getattr(state, name)[1, 0] == pytest.approx(value)
    assert state.mutual[0, 1] == pytest.approx((0.1 + 0.5 * 0.4 * 0.5) / fear[0])
    assert state.mutual[1, 0] == 0


@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_two_who_fear_one_third_alone_fear_alike_as_the_floor_vanishes(mine, theirs):
    world = plain(3, fear_floor=1e-9)
    state = after(alignment.align, world, threat={(0, 2): mine, (1, 2): theirs})
    assert state.shared[0, 1] == pytest.approx(1, abs=1e-6)


def test_a_floor_makes_the_amount_of_fear_count():
    def overlap(floor: float, fear: float) -> float:
        world = plain(3, fear_floor=floor)
        return after(alignment.align, world, threat={(0, 2): fear, (1, 2): fear}).shared[0, 1]

    assert overlap(0.5, 0.5) == pytest.approx(0.5)
    assert overlap(0.5, 1.0) > 1.3 * overlap(0.5, 0.5)
    assert overlap(0.01, 1.0) < 1.02 * overlap(0.01, 0.5)


def test_a_month_of_aligning_by_hand():
    pulls = {"common": 0.5, "mutual": 2, "crisis": 0, "quarrel": 3, "relation": 1.2}
    world = plain(
        3, alignment_rate=0.1, common_zero=0.4, **{f"pull_{name}": v for name, v in pulls.items()}
    ).having(affinity={(0, 1): 1.5}, pressure={(0, 0, 1): 0.1})
    state = after(alignment.align, world, threat={(0, 1): 0.1, (0, 2): 0.16, (1, 2): 0.25})
    position = 0.5 * (state.shared[0, 1] - 0.4) - 2 * state.mutual[0, 1]
    quarrel = 3 * 0.05 - 1.2 * 0.5
    first = 1.2 * 1.5 / 3
    assert state.stance[POSITION, 0, 1] == pytest.approx(position)
    assert state.stance[QUARREL, 0, 1] == pytest.approx(quarrel)
    assert state.stance[TIES, 0, 1] == 0
    leaning = first + 0.1 * (position - quarrel - first)
    assert state.leaning[0, 1] == pytest.approx(leaning)
    assert state.alignment[0, 1] == pytest.approx(tanh(leaning))
    assert state.alignment[0, 0] == 1


def test_a_moving_zero_is_the_mean_overlap_with_all_who_have_power():
    threat = {(0, 3): 0.3, (1, 3): 0.3, (2, 3): 0.1, (0, 1): 0.2}
    power = [0.1, 0.2, 0.3, 0.0]
    fixed, moving = (
        after(alignment.align, plain(4, forms={"zero": form}), threat=threat, power=power)
        for form in ("fixed", "moving")
    )
    assert (fixed.zero == plain().p["common_zero"]).all()
    shared = fixed.shared
    assert moving.zero[0] == pytest.approx((shared[0, 1] + shared[0, 2]) / 2)
    assert moving.zero[3] == pytest.approx(shared[3, :3].mean())


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
    world = plain(3, pull_relation=1).having(goodwill={(0, 0, 1): 2.0})
    state = after(alignment.align, world)
    assert state.stance[QUARREL, 0, 1] == pytest.approx(-2 / 3)
    assert state.stance[QUARREL, 1, 0] == 0


def test_pressure_parts_both_whoever_is_stronger():
    calm = after(alignment.align, plain(3))
    for one, other in ((0, 1), (1, 0)):
        pressed = plain(3).having(pressure={(0, one, other): 0.5}, own_power=[0.1, 0.9, 0.1])
        leanings = after(alignment.align, pressed).leaning
        assert leanings[0, 1] == leanings[1, 0] < calm.leaning[0, 1]


@pytest.mark.parametrize("crisis", [0.0, 0.6])
def test_a_crisis_next_door_to_both_binds_only_where_it_is_said_to(crisis):
    """Warsaw's claim, and the other documents' silence: the ends of the number's range."""
    world = plain(3, pull_crisis=crisis, pull_common=0)
    calm, troubled = (
        after(alignment.align, world, spillover=spill).stance[POSITION, 0, 1]
        for spill in (0.0, [[0.4], [0.9], [0.0]])
    )
    assert troubled - calm == pytest.approx(crisis * sqrt(0.4 * 0.9))


@pytest.mark.parametrize("theory", ["neoliberal_institutionalism", "balance_of_threat"])
def test_a_venue_beyond_those_of_the_opening_ties_and_most_for_an_institutionalist(theory):
    members = plain(3, venues=1, months=2, theory=theory).having(
        venue_domains=[[1, 0, 1]], membership={1: [1.0, 0.5, 0.0]}
    )
    state = begun(members)
    call(alignment.align, state, t=0, number=0)
    call(alignment.align, state, t=1, number=1)
    by_hand = members.p["pull_venues"] * log(1 + 2 * 0.5)
    assert state.stance[TIES, 0, 1] == pytest.approx(by_hand)
    assert state.stance[TIES, 0, 2] == 0
    assert members.p["pull_venues"] == (0.4 if theory == "neoliberal_institutionalism" else 0.1)

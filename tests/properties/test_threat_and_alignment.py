"""Threat follows each of Walt's factors, and alignment follows threats shared and mutual, in any world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, call, changed, seeds, snapshots, worlds

from eurasia_sim.mechanisms.alignment import align
from eurasia_sim.mechanisms.perception import perceive

MONTHS = 3
ROUNDING = 1e-15
more = st.floats(0.01, 1)


def threats(world: RandomWorld, memory: np.ndarray) -> np.ndarray:
    """(N, N) threat as perceived in the last month, from one state of the world."""
    state = world.view(memory.copy())
    call(perceive, state, t=MONTHS - 1)
    return state.threat.copy()


def raised(array: np.ndarray, at: object, by: float) -> np.ndarray:
    copy = array.copy()
    copy[at] += by
    return copy


def more_power(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    return world.with_posture(capability=raised(world.posture.capability, (slice(None), j), by))


def shorter_distance(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    distance = world.geography.distance.copy()
    distance[i, j] *= 1 - by
    return world.with_geography(distance=distance)


def common_border(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    border = world.geography.border.copy()
    border[i, j] = 1.0
    return world.with_geography(border=border)


def nearer_front(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    return world.with_coded(front=raised(world.coded.front, (i, j), by))


def more_forces(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    return world.with_posture(presence=raised(world.posture.presence, (slice(None), j), by))


def more_offense(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    return world.with_coded(offensive_capability=raised(world.coded.offensive_capability, j, by))


def more_pressure(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    return world.with_posture(pressure=raised(world.posture.pressure, (slice(None), j, i), by))


def more_revisionism(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    return world.with_posture(revisionism=raised(world.posture.revisionism, (slice(None), j), by))


def less_goodwill(world: RandomWorld, i: int, j: int, by: float) -> RandomWorld:
    return world.with_posture(goodwill=raised(world.posture.goodwill, (slice(None), i, j), -by))


FACTORS = [
    more_power, shorter_distance, common_border, nearer_front, more_forces, more_offense, more_pressure,
    more_revisionism, less_goodwill,
]  # fmt: skip


@pytest.mark.parametrize("factor", FACTORS)
@given(worlds(months=MONTHS), seeds, more, st.data())
def test_threat_rises_with_every_factor(factor, world, seed, by, data):
    n = len(world.actors)
    i = data.draw(st.integers(0, n - 1))
    j = data.draw(st.integers(0, n - 1).filter(lambda j: j != i))
    memory = snapshots(world, seed, MONTHS - 1)[-1]
    assert threats(factor(world, i, j, by), memory)[i, j] >= threats(world, memory)[i, j] - ROUNDING


@given(worlds(months=MONTHS), seeds, more, st.data())
def test_threat_rises_as_a_habit_of_alignment_is_lost(world, seed, by, data):
    n = len(world.actors)
    i = data.draw(st.integers(0, n - 1))
    j = data.draw(st.integers(0, n - 1).filter(lambda j: j != i))
    memory = snapshots(world, seed, MONTHS - 1)[-1]
    colder = memory.copy()
    world.within(colder).alignment[i, j] -= by
    assert threats(world, colder)[i, j] >= threats(world, memory)[i, j] - ROUNDING


@given(worlds(months=MONTHS), seeds, more, st.data())
def test_ones_own_power_calms(world, seed, by, data):
    i = data.draw(st.integers(0, len(world.actors) - 1))
    memory = snapshots(world, seed, MONTHS - 1)[-1]
    assert (
        threats(more_power(world, i, i, by), memory)[i] <= threats(world, memory)[i] + ROUNDING
    ).all()


@given(worlds(months=MONTHS), seeds, st.data())
def test_a_harmless_giant_threatens_no_one(world, seed, data):
    j = data.draw(st.integers(0, len(world.actors) - 1))
    harmless = world.coded.offensive_capability.copy()
    harmless[j] = 0.0
    giant = more_power(world.with_coded(offensive_capability=harmless), j, j, 100.0)
    giant = replace(giant, p=changed(world.p, weight_offense=1.0, additive_threat=0.0))
    assert not threats(giant, snapshots(giant, seed, MONTHS - 1)[-1])[:, j].any()


@given(worlds(months=MONTHS), seeds)
def test_a_dwarf_without_power_threatens_no_one(world, seed):
    nothing = np.zeros_like(world.posture.capability)
    world = world.with_coded(own_power=np.zeros(len(world.actors))).with_posture(
        capability=nothing, theatre_capability=np.zeros_like(world.posture.theatre_capability)
    )
    assert not threats(world, snapshots(world, seed, MONTHS - 1)[-1]).any()


def leanings(world: RandomWorld, memory: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Leanings and alignments a month on from one state of the world."""
    state = world.view(memory.copy())
    call(align, state, t=MONTHS - 1, seed=seed, number=MONTHS - 1)
    return state.leaning.copy(), state.alignment.copy()


@given(worlds(months=MONTHS, least_actors=3), seeds, more, st.data())
def test_more_shared_threat_never_lowers_alignment(world, seed, by, data):
    i, j, source = data.draw(st.permutations(range(len(world.actors))))[:3]
    memory = snapshots(world, seed, MONTHS - 1)[-1]
    endangered = memory.copy()
    for who in (i, j):
        world.within(endangered).threat[who, source] += by
    before, after = leanings(world, memory, seed), leanings(world, endangered, seed)
    for which in (0, 1):
        assert after[which][i, j] >= before[which][i, j] - ROUNDING
        assert after[which][j, i] >= before[which][j, i] - ROUNDING


@given(worlds(months=MONTHS), seeds, more, st.data())
def test_more_shared_spillover_never_lowers_alignment(world, seed, by, data):
    i, j = data.draw(st.permutations(range(len(world.actors))))[:2]
    memory = snapshots(world, seed, MONTHS - 1)[-1]
    endangered = memory.copy()
    for who in (i, j):
        world.within(endangered).spillover[who, 0] += by
    before, after = leanings(world, memory, seed), leanings(world, endangered, seed)
    assert after[0][i, j] >= before[0][i, j] - ROUNDING
    assert after[1][i, j] >= before[1][i, j] - ROUNDING


@given(worlds(months=MONTHS), seeds, more, st.data())
def test_more_mutual_threat_never_raises_alignment(world, seed, by, data):
    i, j = data.draw(st.permutations(range(len(world.actors))))[:2]
    memory = snapshots(world, seed, MONTHS - 1)[-1]
    hostile = memory.copy()
    world.within(hostile).threat[i, j] += by
    world.within(hostile).threat[j, i] += by
    before, after = leanings(world, memory, seed), leanings(world, hostile, seed)
    for which in (0, 1):
        assert after[which][i, j] <= before[which][i, j] + ROUNDING
        assert after[which][j, i] <= before[which][j, i] + ROUNDING


@given(worlds(theory="inertia", noise=False), seeds)
def test_under_inertia_no_threat_moves_a_leaning(world, seed):
    assume(world.p["alignment_rate"] == 0)
    start = world.view(world.memory()).leaning
    state = world.view(snapshots(world, seed)[-1])
    off_diagonal = ~np.eye(len(world.actors), dtype=bool)
    assert np.array_equal(state.leaning[off_diagonal], start[off_diagonal])

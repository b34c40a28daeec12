"""Threat follows each of Walt's factors, and alignment follows threats shared and mutual."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import seeds, worlds
from tests.worlds import RandomWorld, call, changed, quiet, rules, snapshots

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms.alignment import align
from eurasia_sim.mechanisms.perception import perceive

MONTHS = 2
LAST = MONTHS - 1
ROUNDING = 1e-15
more = st.floats(0.01, 1)
# Walt's factors of the threat that i sees in j: an array, where it is raised, and which way.
FACTORS = {
    "capability": (lambda i, j: np.s_[:, j], 1), "distance": (lambda i, j: (i, j), -1),
    "border": (lambda i, j: (i, j), 1), "front": (lambda i, j: (i, j), 1),
    "presence": (lambda i, j: np.s_[:, j], 1), "offensive_capability": (lambda i, j: j, 1),
    "pressure": (lambda i, j: np.s_[:, j, i], 1), "revisionism": (lambda i, j: np.s_[:, j], 1),
}  # fmt: skip


@st.composite
def moments(
    draw: st.DrawFn, least_actors: int = 2, noise: bool | None = None
) -> tuple[RandomWorld, np.ndarray, list[int]]:
    """A world, the state before its last month, and its actors in any order."""
    world = draw(worlds(months=MONTHS, least_actors=least_actors, noise=noise))
    order = draw(st.permutations(range(len(world.actors))))
    return world, snapshots(world, draw(seeds), LAST)[-1], order


def raised(world: RandomWorld, name: str, at: object, by: float) -> RandomWorld:
    """The world with some entries of an array higher by so much, a distance by its share."""
    array = world.arrays[name].copy()
    array[at] += by * array[at] if name == "distance" else by
    return world.having(**{name: np.minimum(array, 1.0) if name == "border" else array})


def later(rule: Any, world: RandomWorld, memory: np.ndarray, p: Any = None, **fields: Any) -> Run:
    """A state after a rule's last month, entries of some fields, by place, higher by a number."""
    state = world.view(memory)
    for name, changes in fields.items():
        for place, by in changes.items():
            getattr(state, name)[place] += by
    call(rule, state, p=p, t=LAST, number=LAST)
    return state


@given(moments(), more)
def test_threat_rises_with_every_factor_and_as_a_habit_of_alignment_is_lost(moment, by):
    """One's own power calms."""
    world, memory, (i, j, *_) = moment
    before = later(perceive, world, memory).threat
    for name, (place, sign) in FACTORS.items():
        other = raised(world, name, place(i, j), sign * by)
        assert later(perceive, other, memory).threat[i, j] >= before[i, j] - ROUNDING, name
    colder = later(perceive, world, memory, alignment={(i, j): -by}).threat
    assert colder[i, j] >= before[i, j] - ROUNDING
    stronger = raised(world, "capability", np.s_[:, i], by)
    assert (later(perceive, stronger, memory).threat[i] <= before[i] + ROUNDING).all()


@given(moments())
def test_a_harmless_giant_and_dwarfs_without_power_threaten_no_one(moment):
    world, memory, (j, *_) = moment
    giant = raised(world, "capability", np.s_[:, j], 100.0).having(
        offensive_capability={j: 0.0}, pressure={(LAST, j): 0.0}
    )
    assert not later(perceive, giant, memory).threat[:, j].any()
    dwarfs = world.having(own_power=0.0, capability=0.0, theatre_capability=0.0)
    assert not later(perceive, dwarfs, memory).threat.any()


@given(moments(least_actors=3), more)
def test_overlap_of_third_fears_moves_a_leaning_by_its_sign_and_mutual_fear_never_binds(moment, by):
    world, memory, (i, j, source, *_) = moment
    two, third = ([i, j], [j, i]), {(i, source): by, (j, source): by}

    def moved(threat: dict, **numbers: float) -> np.ndarray:
        """(2, 2) overlaps and leanings of the two a month on, less those without more threat."""
        p = changed(world.p, moving_zero=0.0, pull_crisis=0.0, **numbers)
        states = (later(align, world, memory, p=p, threat=added) for added in ({}, threat))
        before, after = ([state.shared[two], state.leaning[two]] for state in states)
        return np.subtract(after, before)

    for sign in (-1.0, 0.0, 1.0):
        overlap, leaning = moved(third, pull_common=sign, pull_mutual=0.0)
        expected = sign * world.p["alignment_rate"] * overlap
        np.testing.assert_allclose(leaning, expected, atol=1e-12)
    assert (moved({(i, j): by, (j, i): by}, pull_common=0.0)[1] <= ROUNDING).all()


@given(moments())
def test_two_at_open_war_lean_apart_whatever_they_fear_and_build_together(moment):
    """By the reference values, where their standing relation was not good."""
    world, memory, (i, j, *_) = moment
    war = world.having(
        pressure={(LAST, i, j): 1.0, (LAST, j, i): 1.0}, goodwill=0.0,
        affinity=np.minimum(world.arrays["affinity"], 0.0),
    )  # fmt: skip
    war = replace(war, p=quiet(rules(alignment_rate=1.0)))
    state = later(perceive, war, memory)
    call(align, state, t=LAST, number=LAST)
    assert (state.alignment[[i, j], [j, i]] < 0).all()


@given(moments(), more)
def test_pressure_parts_two_and_no_others(moment, by):
    """But through what is feared, which is switched off here."""
    world, memory, (i, j, *_) = moment
    p = changed(world.p, pull_common=0.0, pull_mutual=0.0, pull_crisis=0.0)
    before, after = (
        later(align, each, memory, p=p).leaning
        for each in (world, raised(world, "pressure", np.s_[:, i, j], by))
    )
    both = np.zeros_like(before)
    both[[i, j], [j, i]] = -0.5 * by * p["alignment_rate"] * p["pull_quarrel"]
    np.testing.assert_allclose(after - before, both, atol=1e-12)


@given(moments(noise=False))
def test_a_leaning_goes_to_its_pull_and_stands_there_while_no_driver_moves(moment):
    world, memory, _ = moment
    p = changed(world.p, alignment_rate=1.0)
    state = later(align, world, memory, p=p)
    before, (position, quarrel, ties) = state.leaning.copy(), state.stance
    np.testing.assert_allclose(before, position - quarrel + ties, atol=1e-12)
    call(align, state, p=p, t=LAST, number=2)
    np.testing.assert_allclose(state.leaning, before, atol=1e-14)

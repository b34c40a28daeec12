"""Threat follows each of Walt's factors, and alignment follows threats shared and mutual."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import seeds, worlds
from tests.worlds import RandomWorld, call, changed, quiet, rules, snapshots

from eurasia_sim.mechanisms.alignment import align
from eurasia_sim.mechanisms.perception import perceive

MONTHS = 2
ROUNDING = 1e-15
more = st.floats(0.01, 1)
# Walt's factors of the threat that i sees in j: an array, where it is raised, and which way.
FACTORS = {
    "capability": (lambda i, j: np.s_[:, j], 1), "distance": (lambda i, j: (i, j), -1),
    "border": (lambda i, j: (i, j), 1), "front": (lambda i, j: (i, j), 1),
    "presence": (lambda i, j: np.s_[:, j], 1), "offensive_capability": (lambda i, j: j, 1),
    "pressure": (lambda i, j: np.s_[:, j, i], 1), "revisionism": (lambda i, j: np.s_[:, j], 1),
}  # fmt: skip


def raised(world: RandomWorld, name: str, at: object, by: float) -> RandomWorld:
    """The world with some entries of an array higher by so much, a distance by its share."""
    array = world.arrays[name].copy()
    array[at] += by * array[at] if name == "distance" else by
    return world.having(**{name: np.minimum(array, 1.0) if name == "border" else array})


def last_memory(world: RandomWorld, seed: int) -> np.ndarray:
    """The state before the last month."""
    return snapshots(world, seed, MONTHS - 1)[-1]


def threats(world: RandomWorld, memory: np.ndarray, **fields: object) -> np.ndarray:
    """(N, N) threat perceived in the last month, from a state with entries of fields changed."""
    state = shifted(world, memory, fields)
    call(perceive, state, t=MONTHS - 1)
    return state.threat


def shifted(world: RandomWorld, memory: np.ndarray, fields: dict[str, object]) -> object:
    """A state in which entries of some fields, by place, are higher by a number."""
    state = world.view(memory)
    for name, changes in fields.items():
        for place, by in changes.items():
            getattr(state, name)[place] += by
    return state


@given(worlds(months=MONTHS), seeds, more, st.data())
def test_threat_rises_with_every_factor_and_as_a_habit_of_alignment_is_lost(world, seed, by, data):
    """One's own power calms."""
    i, j = data.draw(st.permutations(range(len(world.actors))))[:2]
    memory = last_memory(world, seed)
    before = threats(world, memory)
    for name, (place, sign) in FACTORS.items():
        other = raised(world, name, place(i, j), sign * by)
        assert threats(other, memory)[i, j] >= before[i, j] - ROUNDING, name
    colder = threats(world, memory, alignment={(i, j): -by})
    assert colder[i, j] >= before[i, j] - ROUNDING
    stronger = threats(raised(world, "capability", np.s_[:, i], by), memory)
    assert (stronger[i] <= before[i] + ROUNDING).all()


@given(worlds(months=MONTHS), seeds, st.data())
def test_a_harmless_giant_and_dwarfs_without_power_threaten_no_one(world, seed, data):
    j = data.draw(st.integers(0, len(world.actors) - 1))
    giant = raised(world, "capability", np.s_[:, j], 100.0).having(offensive_capability={j: 0.0})
    giant = giant.having(pressure=dict.fromkeys([(t, j) for t in range(MONTHS)], 0.0))
    assert not threats(giant, last_memory(giant, seed))[:, j].any()
    dwarfs = world.having(own_power=0.0, capability=0.0, theatre_capability=0.0)
    assert not threats(dwarfs, last_memory(dwarfs, seed)).any()


@given(worlds(months=MONTHS, least_actors=3), seeds, more, st.data())
def test_overlap_of_third_fears_moves_a_leaning_by_its_sign_and_mutual_fear_never_binds(
    world, seed, by, data
):
    i, j, source = data.draw(st.permutations(range(len(world.actors))))[:3]
    fixed = replace(world, p=changed(world.p, moving_zero=0.0, pull_crisis=0.0))
    memory = last_memory(fixed, seed)

    def moved(p: object, **fields: object) -> np.ndarray:
        """(2, 2) overlaps and leanings of the two a month on, less those without fields."""
        found = []
        for added in ({}, fields):
            state = shifted(fixed, memory, added)
            call(align, state, p=p, t=MONTHS - 1, seed=seed, number=MONTHS - 1)
            found.append([array[[i, j], [j, i]] for array in (state.shared, state.leaning)])
        return np.subtract(*found[::-1])

    third = {"threat": {(i, source): by, (j, source): by}}
    for sign in (-1.0, 0.0, 1.0):
        p = changed(fixed.p, pull_common=sign, pull_mutual=0.0)
        overlap, leaning = moved(p, **third)
        expected = sign * p["alignment_rate"] * overlap
        np.testing.assert_allclose(leaning, expected, atol=1e-12)
    parted = moved(changed(fixed.p, pull_common=0.0), threat={(i, j): by, (j, i): by})[1]
    assert (parted <= ROUNDING).all()


@given(worlds(months=MONTHS), seeds, st.data())
def test_two_at_open_war_lean_apart_whatever_they_fear_and_build_together(world, seed, data):
    """By the reference values, where their standing relation was not good."""
    i, j = data.draw(st.permutations(range(len(world.actors))))[:2]
    month = MONTHS - 1
    war = world.having(
        pressure={(month, i, j): 1.0, (month, j, i): 1.0}, goodwill=0.0,
        affinity=np.minimum(world.arrays["affinity"], 0.0),
    )  # fmt: skip
    war = replace(war, p=quiet(rules(alignment_rate=1.0)))
    state = war.view(last_memory(war, seed))
    for rule in (perceive, align):
        call(rule, state, t=month, number=month)
    assert (state.alignment[[i, j], [j, i]] < 0).all()


@given(worlds(months=MONTHS), seeds, more, st.data())
def test_pressure_parts_two_and_no_others(world, seed, by, data):
    """But through what is feared, which is switched off here."""
    i, j = data.draw(st.permutations(range(len(world.actors))))[:2]
    deaf = replace(world, p=changed(world.p, pull_common=0.0, pull_mutual=0.0, pull_crisis=0.0))
    memory = last_memory(deaf, seed)
    found = []
    for which in (deaf, raised(deaf, "pressure", np.s_[:, i, j], by)):
        state = which.view(memory)
        call(align, state, t=MONTHS - 1, seed=seed, number=MONTHS - 1)
        found.append(state.leaning)
    apart = found[1] - found[0]
    both = np.zeros_like(apart)
    both[[i, j], [j, i]] = -0.5 * by * deaf.p["alignment_rate"] * deaf.p["pull_quarrel"]
    np.testing.assert_allclose(apart, both, atol=1e-12)


@given(worlds(months=MONTHS, noise=False), seeds)
def test_a_leaning_goes_to_its_pull_and_stands_there_while_no_driver_moves(world, seed):
    state, p = world.view(last_memory(world, seed)), changed(world.p, alignment_rate=1.0)
    call(align, state, p=p, t=MONTHS - 1, number=1)
    position, quarrel, ties = state.stance
    before = state.leaning.copy()
    np.testing.assert_allclose(before, position - quarrel + ties, atol=1e-12)
    call(align, state, p=p, t=MONTHS - 1, number=2)
    np.testing.assert_allclose(state.leaning, before, atol=1e-14)

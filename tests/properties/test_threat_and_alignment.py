"""Threat follows each of Walt's factors, and alignment follows threats shared and mutual."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import seeds, worlds
from tests.worlds import RandomWorld, call, changed, snapshots

from eurasia_sim.mechanisms.alignment import align
from eurasia_sim.mechanisms.perception import perceive

MONTHS = 2
ROUNDING = 1e-15
more = st.floats(0.01, 1)
# Walt's factors of the threat that i sees in j: an array, where it is raised, and which way.
FACTORS = {
    "capability": (lambda i, j: np.s_[:, j], 1),
    "distance": (lambda i, j: (i, j), -1),
    "border": (lambda i, j: (i, j), 1),
    "front": (lambda i, j: (i, j), 1),
    "presence": (lambda i, j: np.s_[:, j], 1),
    "offensive_capability": (lambda i, j: j, 1),
    "pressure": (lambda i, j: np.s_[:, j, i], 1),
    "revisionism": (lambda i, j: np.s_[:, j], 1),
    "goodwill": (lambda i, j: np.s_[:, i, j], -1),
}


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
    giant = replace(giant, p=changed(world.p, weight_offense=1.0, additive_threat=0.0))
    assert not threats(giant, last_memory(giant, seed))[:, j].any()
    dwarfs = world.having(own_power=0.0, capability=0.0, theatre_capability=0.0)
    assert not threats(dwarfs, last_memory(dwarfs, seed)).any()


@given(worlds(months=MONTHS, least_actors=3), seeds, more, st.data())
def test_shared_danger_never_parts_and_mutual_threat_never_binds(world, seed, by, data):
    i, j, source = data.draw(st.permutations(range(len(world.actors))))[:3]
    memory = last_memory(world, seed)

    def leanings(**fields: object) -> np.ndarray:
        """(2, 2) leanings and alignments of the two a month on."""
        state = shifted(world, memory, fields)
        call(align, state, t=MONTHS - 1, seed=seed, number=MONTHS - 1)
        return np.array([array[[i, j], [j, i]] for array in (state.leaning, state.alignment)])

    before = leanings()
    for binding in (
        {"threat": {(i, source): by, (j, source): by}},
        {"spillover": {(i, 0): by, (j, 0): by}},
    ):
        assert (leanings(**binding) >= before - ROUNDING).all(), binding
    assert (leanings(threat={(i, j): by, (j, i): by}) <= before + ROUNDING).all()

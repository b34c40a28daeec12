"""What one owes to another's influence, in random worlds."""

from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import seeds, worlds
from tests.worlds import RandomWorld, call, observed, simulate

from eurasia_sim.mechanisms import allocation


@given(worlds(months=3), seeds, st.floats(0, 1))
def test_no_third_partys_influence_moves_an_aim(world: RandomWorld, seed: int, held: float):
    before = simulate(world, seed)[-1]
    i, j = world.focus[0]
    state, other = (world.view(before._block.memory[:, 0].copy()) for _ in range(2))
    third = [a for a in range(len(world.actors)) if a not in (i, j)]
    other.influence[third] = held * (1.0 - other.influence[[i, j]].sum(axis=0))
    for each in (state, other):
        call(allocation.allocate, each)
    one, two = world.actors[i], world.actors[j]
    own = [f"aim.{whom}.scope0" for whom in (f"{one}-{two}", f"{two}-{one}")]
    row, moved = observed(state), observed(other)
    assert [row[name] for name in own] == [moved[name] for name in own]


@given(worlds(months=2), seeds)
def test_who_holds_nothing_is_aimed_at_by_nobody(world: RandomWorld, seed: int):
    state = simulate(world, seed)[-1]
    i, j = world.focus[0]
    state.owed[:], state.influence[j] = 0.0, 0.0
    call(allocation.allocate, state)
    row, whom = observed(state), f"{world.actors[i]}-{world.actors[j]}.scope0"
    assert row[f"aim.{whom}"] == row[f"volume.{whom}"] == 0.0

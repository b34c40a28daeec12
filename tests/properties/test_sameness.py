"""What makes no difference: how runs are cut or laid out, who is listed first, who is nobody."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import outcome, random_levers, seeds, worlds
from tests.worlds import AXES, RandomWorld, changed, observed, run_block, simulate, snapshots

from eurasia_sim.compute.dimensions import name_hash
from eurasia_sim.kernel.workspace import Workspace, levers_of, plan_of

MONTHS = 5
months, turns = st.integers(1, MONTHS - 1), st.integers(0, 2**32 - 1)
EXACT = 1e-12
# Sums in another order differ in their last bits, which months of noise may carry a little further.
CARRIED = 1e-10


def parted(world: RandomWorld, month: int, turn: int) -> RandomWorld:
    """The world under levers that are its own until a month and others from then on."""
    others = random_levers(np.random.default_rng(turn), world.arrays, world.months, 1.0)
    return world.having(
        **{name: np.r_[world.arrays[name][:month], other[month:]] for name, other in others.items()}
    )


@given(worlds(months=MONTHS), st.lists(seeds, min_size=2, max_size=8), months, turns)
def test_a_run_is_the_same_however_it_is_cut_branched_or_laid_out(world, run_seeds, month, turn):
    seed, other, size = run_seeds[0], parted(world, month, turn), len(run_seeds)
    # Two schedules give the same bits until the month they differ, and a branch leaves its past.
    own = snapshots(world, seed, month)
    before = np.array(own).tobytes()
    branched = snapshots(other, seed, memory=own[-1], start=month)
    assert np.array([*own, *branched]).tobytes() == np.array(snapshots(other, seed)).tobytes()
    assert np.array(own).tobytes() == before
    # A compiled run is its months one by one, and its parts one after the other.
    alone = run_block(world, [seed])
    assert alone[3][0].tobytes() == snapshots(world, seed)[-1].tobytes()
    _, past, _, memories = run_block(world, [seed], (0, month))
    _, future, _, _ = run_block(world, [seed], (month, MONTHS), memories)
    assert np.concatenate([past[0], future[0]]).tobytes() == alone[1][0].tobytes()
    # In any place of a block it is what it is alone, and one that fails disturbs none beside it.
    at = turn % size
    turned, rules = run_seeds[at:] + run_seeds[:at], np.full(size, world.p, dtype=world.p.dtype)
    rules["alignment_rate"][at] = np.nan
    blocks = (run_block(world, run_seeds), run_block(world, turned))
    failing = run_block(world, run_seeds, p=rules)
    assert failing[2][at, 0] == 1
    for one, together, elsewhere, beside in zip(alone, *blocks, failing, strict=True):
        assert one[0].tobytes() == together[0].tobytes() == elsewhere[-at % size].tobytes()
        assert np.roll(together, -at, axis=0).tobytes() == elsewhere.tobytes()
        assert np.delete(together, at, 0).tobytes() == np.delete(beside, at, 0).tobytes()
    # Runs of a block may each have levers of their own.
    levers = levers_of([world.levers, other.levers], np.arange(2), (0, MONTHS))
    workspace = Workspace(world.facts, rules)
    workspace.load(np.repeat(world.p, 2), np.tile(world.row, (2, 1)), np.uint64([seed, seed]))
    plan, status = plan_of((0, MONTHS), 0, (0, MONTHS)), np.zeros((2, 3), np.int64)
    means = workspace.advance(levers, plan, np.zeros((0, 0, 8)), status)
    assert means[0].tobytes() == alone[0][0].tobytes()
    assert means[1].tobytes() == run_block(other, [seed])[0][0].tobytes()


@given(worlds(noise=False, months=3), seeds, seeds)
def test_without_noise_no_seed_matters(world, seed, other):
    for first, second in zip(simulate(world, seed), simulate(world, other), strict=True):
        for name, array in outcome(first).items():
            assert array.tobytes() == outcome(second)[name].tobytes(), name


@given(worlds(noise=True, theory="balance_of_threat", months=1), seeds)
def test_noise_moves_what_it_is_said_to_and_switched_off_no_draw_of_another(world, seed):
    (whole,), (second,) = simulate(world, seed), simulate(world, seed ^ 1)
    off_diagonal = ~np.eye(len(world.actors), dtype=bool)
    assert (whole.leaning != second.leaning)[off_diagonal].all()
    assert (whole.inclination != second.inclination).any()
    for name, drawn in (("alignment_noise", "noise"), ("utility_noise", "shock")):
        without = simulate(replace(world, p=changed(world.p, **{name: 0.0})), seed)[0]
        assert getattr(whole, drawn).tobytes() == getattr(without, drawn).tobytes()


@given(worlds(noise=True, months=2), seeds)
def test_a_quarrel_is_one_event_for_two(world, seed):
    world = replace(world, p=changed(world.p, alignment_rate=0.0))
    before, n = world.view(world.memory()).leaning, len(world.actors)
    for state in simulate(world, seed):
        moved = state.leaning - before
        np.testing.assert_allclose(moved, moved.T, rtol=0, atol=1e-14)
        assert len(state.shock) == n * (n - 1) // 2
        before = state.leaning


def _along(world: RandomWorld, letters: str, change: Callable[..., Any]) -> dict[str, Any]:
    """A world's arrays, changed by (name, array, axis) along every axis of some letters."""
    arrays = dict(world.arrays)
    for name, axes in AXES.items():
        for axis, letter in enumerate(axes):
            if letter in letters:
                arrays[name] = np.ascontiguousarray(change(name, arrays[name], axis))
    return arrays


def relabelled(world: RandomWorld, order: Any) -> RandomWorld:
    """The same world with its actors in another order; place a holds who stood at order[a]."""
    place = np.append(np.argsort(order), -1)  # where an index went; -1 stays
    arrays = _along(world, "ij", lambda _, array, axis: np.take(array, order, axis=axis))
    for name in ("ruler", "challenger", "contender", "rule"):
        arrays[name] = place[arrays[name].astype(np.int64)].astype(arrays[name].dtype)
    actors = tuple(world.actors[a] for a in order)
    return replace(world, actors=actors, focus=place[world.focus], arrays=arrays)


def widened(
    world: RandomWorld, letters: str, at: int, name: str, given: Mapping[str, Any]
) -> RandomWorld:
    """The world with one more actor (letters "ij") or theatre ("kl") at a place.

    Args:
        given: what its entries are, by array: a number, or a function of a shape; 0 elsewhere.
    """

    def grown(field: str, array: Any, axis: int) -> Any:
        content = given.get(field, 0.0)
        if callable(content):
            content = content(array.shape[:axis] + array.shape[axis + 1 :])
        return np.insert(array, at, content, axis=axis)

    kind, key = ("actors", "name_hash") if letters == "ij" else ("theatres", "theatre_hash")
    arrays, names = _along(world, letters, grown), getattr(world, kind)
    arrays[key][at] = name_hash(name)
    longer: dict[str, Any] = {"arrays": arrays, kind: (*names[:at], name, *names[at:])}
    if kind == "theatres":
        return replace(world, scopes=np.insert(world.scopes, at, 1.0, axis=1), **longer)
    for field in ("ruler", "challenger", "contender", "rule"):
        arrays[field] = arrays[field] + (arrays[field] >= at)
    return replace(world, focus=world.focus + (world.focus >= at), **longer)


def assert_close(first: Mapping[str, Any], second: Mapping[str, Any], tolerance: float) -> None:
    """Every array, or number, of the first is that of the second."""
    flat = [np.concatenate([np.ravel(each[name]) for name in first]) for each in (first, second)]
    np.testing.assert_allclose(*flat, rtol=tolerance, atol=tolerance, err_msg=f"of {list(first)}")


@pytest.mark.parametrize(("noise", "tolerance"), [(False, EXACT), (True, CARRIED)])
@given(st.data(), seeds, turns)
def test_relabelling_actors_permutes_what_happens_and_what_chance_does(
    noise, tolerance, data, seed, turn
):
    world = data.draw(worlds(noise=noise))
    order = np.random.default_rng(turn).permutation(len(world.actors))
    back = np.append(order, -1)
    for first, second in zip(
        simulate(world, seed), simulate(relabelled(world, order), seed), strict=True
    ):
        mapped = outcome(second, order=order)
        mapped["ruler"], mapped["challenger"] = back[second.ruler], back[second.challenger]
        assert_close(outcome(first), mapped, tolerance)
        assert_close(observed(first), observed(second), tolerance)


# Who or what is added: the letters of its axes, what it has, and between which ends what is random.
ADDED = {
    "stranger": ("ij", {
        "border": 1.0, "theatre_border": 1.0, "denial": np.nan, "offensive_capability": 1.0,
        "revisionism": 1.0, "recognition": np.nan, "initial_recognition": 1.0, "membership": 1.0,
        "consent": np.nan,
    }, {
        "distance": (0, 9000), "theatre_distance": (0, 9000), "border_distance": (0, 4000),
        "affinity": (-3, 3), "susceptibility": (0, 1), "front": (0, 2), "pressure": (0, 1),
        "goodwill": (-6, 6), "imposed": (0, 0.3),
    }),
    "nowhere": ("kl", {
        "theatre_border": 1.0, "ruler": -1, "challenger": -1, "contender": -1, "surge": 3.0,
        "base_stability": 0.1, "initial_control": 0.5, "initial_militants": 1.0, "conduct": 0.5,
        "initial_narcotics": 0.5, "initial_recognition": 1.0, "jointness": 0.5, "rule": -1.0,
        "stability": np.nan, "recognition": np.nan, "consent": np.nan,
    }, {
        "theatre_distance": (0, 9000), "border_distance": (0, 4000),
        "theatre_separation": (0, 2000),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDED)
@given(worlds(noise=True, months=4), seeds, st.integers(0, 7), turns)
def test_one_without_capability_and_interests_or_an_empty_theatre_changes_nobodys_outcome(
    name, world, seed, at, turn
):
    letters, has, ends = ADDED[name]
    is_actor, rng = letters == "ij", np.random.default_rng(turn)
    at = min(at, len(world.actors if is_actor else world.theatres))
    drawn = {
        field: lambda shape, span=span: rng.uniform(*span, shape) for field, span in ends.items()
    }
    wider = widened(world, letters, at, name, has | drawn)
    for first, second in zip(simulate(world, seed), simulate(wider, seed), strict=True):
        left, own = outcome(second, without=(letters, at)), np.s_[at] if is_actor else np.s_[:, at]
        for role in ("ruler", "challenger") if is_actor else ():
            left[role] = left[role] - (left[role] > at)
        assert_close(outcome(first), left, EXACT)
        # A scope has the new theatre as well.
        same = {each: x for each, x in observed(first).items() if is_actor or ".scope" not in each}
        assert_close(same, observed(second), EXACT)
        assert not second.effort[own].any()
        assert not (second.influence if is_actor else second.spillover)[own].any()

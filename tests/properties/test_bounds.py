"""Nothing leaves its bounds, whatever world, theory, form and number within its declared range."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import seeds, worlds
from tests.worlds import RandomWorld, begun, call, observed, run_block, simulate

from eurasia_sim.compute.blocks import Run
from eurasia_sim.kernel.outcomes import PAIR_MEASURES
from eurasia_sim.mechanisms import allocation, contest

ROUNDING = 1e-12
WHOLE = 1 + ROUNDING
NEVER_NEGATIVE = (
    "threat", "regional", "rivalry", "partnership", "shared", "regional_overlap", "mutual",
    "crisis", "party", "effort", "joint", "influence", "spillover",
    "open_spillover", "containment", "recognition", "power", "budget", "venue_effort", "stability",
    "militants", "fighters", "ruler_strength", "violence", "narcotics", "control", "restraint",
    "demand", "hazard", "access", "strength",
    "common", "convening_influence", "pair_joint",
)  # fmt: skip
SHARES = (
    "regional", "shared", "regional_overlap", "mutual", "party", "access", "stability",
    "militants", "narcotics", "control", "restraint",
)  # fmt: skip
SYMMETRIC = ("rivalry", "partnership", "shared", "regional_overlap", "crisis")


def pair_rows(row: dict[str, float], world: RandomWorld) -> list[dict[str, float]]:
    """The undirected measures of every focal pair over every scope."""
    pairs = [f"{world.actors[i]}-{world.actors[j]}" for i, j in world.focus]
    whom = [f"{pair}.scope{scope}" for pair in pairs for scope in range(len(world.scopes))]
    return [{measure: row[f"{measure}.{each}"] for measure in PAIR_MEASURES} for each in whom]


def check_state(state: Run) -> None:
    for name in NEVER_NEGATIVE:
        assert (getattr(state, name) >= 0).all(), name
    for name in SHARES:
        assert (getattr(state, name) <= 1).all(), name
    assert (state.effort.sum(axis=(1, 2)) <= state.budget * WHOLE).all()
    assert (state.influence.sum(axis=0) <= WHOLE).all()
    assert (state.recognition <= 4).all()
    assert (np.abs(state.alignment) <= 1).all()
    assert (np.diag(state.alignment) == 1).all()
    assert (np.diag(state.threat) == 0).all()
    for name in SYMMETRIC:
        array = getattr(state, name)
        assert np.array_equal(array, array.T), name
        assert np.isfinite(array).all()
        assert name == "crisis" or (array <= WHOLE).all()
    overlap = np.minimum(*np.moveaxis(state.effort[state.world.focus], 1, 0))
    assert (state.pair_joint <= overlap * WHOLE).all()
    assert (state.joint <= state.effort * WHOLE).all()
    # No host needs more balancing than it is threatened.
    threatened = np.where(state.ruler >= 0, state.threat.sum(axis=1).max(), 0.0)
    assert (state.demand <= threatened * WHOLE).all()
    # Shares of a cell and of its outsiders are one together.
    outsiders = 1.0 - state.world.arrays["initial_influence"].sum(axis=0)
    left = np.where(state.total > 0.0, np.maximum(outsiders, 0.0) / state.total, 0.0)
    whole = state.influence.sum(axis=0) + left
    np.testing.assert_allclose(whole[state.total > 1e-9], 1.0, rtol=1e-9)


def check_measures(state: Run, row: dict[str, float], back: dict[str, float]) -> None:
    """Competition and cooperation are the two parts of colocation."""
    for pair in pair_rows(row, state.world):
        assert all(0 <= value <= WHOLE for value in pair.values()), pair
        parts = pair["competition"] + pair["cooperation"], pair["cooperation"]
        wholes = pair["colocation"], pair["colocation"] * pair["joint_share"]
        np.testing.assert_allclose(parts, wholes, rtol=1e-12, atol=1e-15)
    for name, value in row.items():
        measure, *whom = name.split(".")
        if measure in ("burden", "convening", "hedging", "aim", "encroachment"):
            assert 0 <= value <= WHOLE, name
        if measure == "effort":
            assert 0 <= value <= row[f"effort.{whom[0]}"] + ROUNDING, name
        if measure == "benefit":
            share = abs(state.standing[state.world.actors.index(whom[0])])
            assert -share - ROUNDING <= value <= WHOLE + share, name
        if measure in ("contested_volume", "volume"):
            assert value >= -ROUNDING, name
        if measure in ("aim", "encroachment"):
            assert value == back[name], name
            assert value < 1 or state.owed.max() > 30, name  # beyond, 1 is the nearest number


@given(worlds(), seeds)
def test_states_and_measures_keep_to_their_bounds_and_name_a_pair_either_way(world, seed):
    """And are all numbers; a mean is that of its months."""
    means, monthly, status, _ = run_block(world, [seed], window=(2, 5))
    assert status[0, 0] == 0
    assert np.isfinite(monthly).all()
    np.testing.assert_allclose(means[0], monthly[0, 2:5].mean(axis=0), rtol=1e-12, atol=1e-15)
    turned = replace(world, focus=np.ascontiguousarray(world.focus[:, ::-1]))
    months = zip(world.arrays["rule"], simulate(world, seed), simulate(turned, seed), strict=True)
    for month, (imposed, state, other) in enumerate(months):
        check_state(state)
        assert np.array_equal(state.ruler[imposed >= 0], imposed[imposed >= 0])
        assert ((state.ruler != state.challenger) | (state.ruler < 0)).all()
        coded = world.arrays["initial_influence"]
        assert month > 0 or np.allclose(state.influence, coded, rtol=0, atol=1e-12)
        row, back = observed(state), observed(other)
        check_measures(state, row, back)
        assert state.pair_joint.tobytes() == other.pair_joint.tobytes()
        assert pair_rows(row, world) == pair_rows(back, turned)
        gained = [[x for name, x in each.items() if name[:4] == "disp"] for each in (row, back)]
        np.testing.assert_allclose(gained[0], np.negative(gained[1]), atol=1e-9)


@given(worlds(months=2), seeds)
def test_those_who_never_meet_score_nothing(world, seed):
    state = simulate(world, seed)[-1]
    whole = state.effort.copy()
    for i, j in world.focus:
        state.effort[:] = whole
        state.effort[i, ::2] = 0.0  # one works in every other theatre, the other in those between
        state.effort[j, 1::2] = 0.0
        pair = f"{world.actors[i]}-{world.actors[j]}.scope0"
        row = observed(state)
        assert not any(row[f"{measure}.{pair}"] for measure in PAIR_MEASURES)


@given(worlds(), seeds)
def test_no_flag_skips_its_condition_unless_imposed(world, seed):
    world = world.having(recognition=np.nan, initial_recognition=0.0)
    contender = world.arrays["contender"]
    for before, after in pairwise(simulate(world, seed)):
        _, talks, mission, envoy, known = np.moveaxis(after.flags, -1, 0)
        talked, envoys = before.flags[:, :, 1], before.flags[:, :, 3]
        rules = (after.ruler == contender) & (contender >= 0)
        stayed = rules & (before.ruler != contender)  # missions with the fallen
        can = after.power[:, None] > 0
        assert np.array_equal(after.recognition, talks + mission + envoy + known)
        assert (mission[can & ~rules] == 0).all()
        assert (can * mission <= np.maximum(before.flags[:, :, 2], talked + stayed)).all()
        assert (can * envoy <= rules * talks).all()
        assert (can * envoy <= np.maximum(envoys, talked)).all()
        assert (can * known <= np.minimum(envoy, np.maximum(before.flags[:, :, 4], envoys))).all()


@given(worlds(months=1), st.integers(0, 1200))
def test_fading_leaves_homes_and_the_sum_of_those_abroad(world, t):
    state, fades = begun(world), world.facts.history_fades[:, :, None]
    coded = world.arrays["initial_influence"]
    held = np.where(fades > 0.0, np.maximum(coded, world.p["tie_floor"]), coded)
    call(contest.age_ties, state, number=t)
    assert np.isfinite(state.strength).all()
    sums = [(fades * each).sum(axis=0) for each in (state.strength, held)]
    np.testing.assert_allclose(*sums, rtol=1e-9, atol=1e-15)
    at_home = np.broadcast_to((fades == 0.0) & (coded > world.p["tie_floor"]), coded.shape)
    np.testing.assert_allclose(state.strength[at_home], coded[at_home], rtol=1e-12)


@given(worlds(months=3), seeds, st.floats(0, 1))
def test_an_aim_is_moved_by_no_third_partys_influence_and_is_nothing_at_who_holds_none(
    world, seed, held
):
    before = simulate(world, seed)[-1]
    i, j = world.focus[0]
    state, other, empty = (world.view(before._block.memory[:, 0].copy()) for _ in range(3))
    third = [a for a in range(len(world.actors)) if a not in (i, j)]
    other.influence[third] = held * (1.0 - other.influence[[i, j]].sum(axis=0))
    empty.owed[:], empty.influence[j] = 0.0, 0.0
    for each in (state, other, empty):
        call(allocation.allocate, each)
    one, two = world.actors[i], world.actors[j]
    row, moved, none = observed(state), observed(other), observed(empty)
    for whom in (f"{one}-{two}.scope0", f"{two}-{one}.scope0"):
        assert row[f"aim.{whom}"] == moved[f"aim.{whom}"]
    assert none[f"aim.{one}-{two}.scope0"] == none[f"volume.{one}-{two}.scope0"] == 0.0

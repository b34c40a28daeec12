"""Nothing leaves its bounds, whatever world, theory, form and number within its declared range."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from tests.random_worlds import seeds, worlds
from tests.worlds import RandomWorld, observed, run_block, simulate

from eurasia_sim.compute.blocks import Run
from eurasia_sim.kernel.outcomes import PAIR_MEASURES

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


@given(worlds(), seeds)
def test_every_number_is_one_and_a_mean_is_that_of_its_months(world, seed):
    means, monthly, status, _ = run_block(world, [seed], window=(2, 5))
    assert status[0, 0] == 0
    assert np.isfinite(monthly).all()
    np.testing.assert_allclose(means[0], monthly[0, 2:5].mean(axis=0), rtol=1e-12, atol=1e-15)


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


@given(worlds(), seeds)
def test_a_state_keeps_to_its_bounds_and_whoever_is_imposed_rules(world, seed):
    for imposed, state in zip(world.arrays["rule"], simulate(world, seed), strict=True):
        check_state(state)
        assert np.array_equal(state.ruler[imposed >= 0], imposed[imposed >= 0])
        assert ((state.ruler != state.challenger) | (state.ruler < 0)).all()


@given(worlds(), seeds)
def test_measures_keep_to_their_bounds_and_name_a_pair_either_way(world, seed):
    """Competition and cooperation are the two parts of colocation."""
    turned = replace(world, focus=np.ascontiguousarray(world.focus[:, ::-1]))
    for state, other in zip(simulate(world, seed), simulate(turned, seed), strict=True):
        row, back = observed(state), observed(other)
        pairs = pair_rows(row, world)
        assert state.pair_joint.tobytes() == other.pair_joint.tobytes()
        assert pairs == pair_rows(back, turned)
        gained = [[x for name, x in each.items() if name[:4] == "disp"] for each in (row, back)]
        np.testing.assert_allclose(gained[0], np.negative(gained[1]), atol=1e-9)
        for pair in pairs:
            assert all(0 <= value <= WHOLE for value in pair.values()), pair
            parts = pair["competition"] + pair["cooperation"], pair["cooperation"]
            wholes = pair["colocation"], pair["colocation"] * pair["joint_share"]
            np.testing.assert_allclose(parts, wholes, rtol=1e-12, atol=1e-15)
        for name, value in row.items():
            measure, *whom = name.split(".")
            if measure in ("burden", "convening", "hedging"):
                assert 0 <= value <= WHOLE, name
            if measure == "effort":
                assert 0 <= value <= row[f"effort.{whom[0]}"] + ROUNDING, name
            if measure == "benefit":
                share = abs(state.standing[world.actors.index(whom[0])])
                assert -share - ROUNDING <= value <= WHOLE + share, name
            if measure in ("contested_volume", "volume"):
                assert value >= -ROUNDING, name
            if measure in ("aim", "encroachment"):
                assert 0 <= value <= WHOLE, name
                assert value == back[name], name
                assert value < 1 or state.owed.max() > 30, name  # beyond, 1 is the nearest number


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

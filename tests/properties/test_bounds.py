"""Nothing leaves its bounds, whatever world, theory, form and number within its declared range."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from tests.worlds import RandomWorld, observed, run, seeds, simulate, worlds

from eurasia_sim.compute.blocks import Run
from eurasia_sim.kernel.outcomes import PAIR_MEASURES

ROUNDING = 1e-12


def every_pair(world: RandomWorld) -> list[tuple[int, int]]:
    n = len(world.actors)
    return [(i, j) for i in range(n) for j in range(n) if i != j]


def pair_row(world: RandomWorld, state: Run, pair: int, scope: int) -> dict[str, float]:
    """The measures of a focal pair over a scope."""
    i, j = world.focus[pair]
    row, whom = observed(world, state), f"{world.actors[i]}-{world.actors[j]}.scope{scope}"
    return {measure: row[f"{measure}.{whom}"] for measure in PAIR_MEASURES}


@given(worlds(), seeds)
def test_no_valid_input_gives_a_number_that_is_none(world, seed):
    report = run(world, seed)
    assert report.status[0] == 0
    assert np.isfinite(report.trajectory).all()
    assert np.isfinite(report.window).all()


@given(worlds(), seeds)
def test_the_mean_over_a_window_is_the_mean_of_its_months(world, seed):
    report = run(world, seed, window=(2, 5))
    np.testing.assert_allclose(report.window, report.trajectory[2:5].mean(axis=0), rtol=1e-12, atol=1e-15)


@given(worlds(), seeds)
def test_nobody_spends_more_than_its_budget(world, seed):
    for state in simulate(world, seed):
        assert (state.effort.sum(axis=(1, 2)) <= state.budget * (1 + ROUNDING)).all()


@given(worlds(), seeds)
def test_influence_over_a_theatre_and_domain_is_shared_and_never_more_than_whole(world, seed):
    for state in simulate(world, seed):
        assert (state.influence >= 0).all()
        assert (state.influence.sum(axis=0) <= 1 + ROUNDING).all()


@given(worlds(), seeds)
def test_nothing_that_counts_is_negative(world, seed):
    names = (
        "threat", "rivalry", "partnership", "shared", "effort", "joint", "influence", "spillover", "open_spillover",
        "containment", "recognition", "power", "budget", "venue_effort", "stability", "militants", "economy", "control",
        "restraint", "demand", "hazard", "access", "strength", "common", "convening_influence", "pair_joint",
    )  # fmt: skip
    for state in simulate(world, seed):
        for name in names:
            assert (getattr(state, name) >= 0).all(), name


@given(worlds(), seeds)
def test_shares_and_scales_keep_to_their_ends(world, seed):
    for state in simulate(world, seed):
        for name in ("threat", "access", "stability", "militants", "economy", "control", "restraint"):
            assert (getattr(state, name) <= 1).all(), name
        assert (state.recognition <= 4).all()
        assert (np.abs(state.alignment) <= 1).all()
        assert (np.diag(state.alignment) == 1).all()


@given(worlds(), seeds)
def test_nobody_threatens_itself(world, seed):
    for state in simulate(world, seed):
        assert (np.diag(state.threat) == 0).all()


@given(worlds(), seeds)
def test_what_two_do_together_is_at_most_where_they_overlap(world, seed):
    for state in simulate(world, seed):
        for pair, (i, j) in enumerate(world.focus):
            overlap = np.minimum(state.effort[i], state.effort[j])
            assert (state.pair_joint[pair] <= overlap * (1 + ROUNDING)).all()
        assert (state.joint <= state.effort * (1 + ROUNDING)).all()


@given(worlds(), seeds)
def test_pair_measures_lie_between_nothing_and_all(world, seed):
    for state in simulate(world, seed):
        row = observed(world, state)
        for name, value in row.items():
            if name.split(".")[0] in PAIR_MEASURES:
                assert 0 <= value <= 1 + ROUNDING, name


@given(worlds(), seeds)
def test_pair_measures_are_the_same_from_both_sides(world, seed):
    turned = run_turned(world)
    for first, second in zip(simulate(world, seed), simulate(turned, seed), strict=True):
        assert first.pair_joint.tobytes() == second.pair_joint.tobytes()
        for pair in range(len(world.focus)):
            for scope in range(len(world.scopes)):
                assert pair_row(world, first, pair, scope) == pair_row(turned, second, pair, scope)


def run_turned(world: RandomWorld) -> RandomWorld:
    """The same world with every focal pair named the other way round."""
    return replace(world, focus=np.ascontiguousarray(world.focus[:, ::-1]))


@given(worlds(), seeds)
def test_rivalry_and_partnership_are_the_same_from_both_sides(world, seed):
    for state in simulate(world, seed):
        for name in ("rivalry", "partnership", "shared"):
            array = getattr(state, name)
            assert np.array_equal(array, array.T), name
            assert np.isfinite(array).all()
        for name in ("rivalry", "partnership"):
            assert (getattr(state, name) <= 1 + ROUNDING).all()


@given(worlds(months=2), seeds)
def test_those_who_never_meet_score_nothing(world, seed):
    world = replace(world, focus=np.array(every_pair(world)))
    state = simulate(world, seed)[-1]
    whole = state.effort.copy()
    for pair, (i, j) in enumerate(world.focus):
        state.effort[:] = whole
        state.effort[i, ::2] = 0.0  # one works in every other theatre, the other in those between
        state.effort[j, 1::2] = 0.0
        assert not any(pair_row(world, state, pair, 0).values())


@given(worlds(), seeds)
def test_competition_and_cooperation_are_the_two_parts_of_colocation(world, seed):
    for state in simulate(world, seed):
        for pair in range(len(world.focus)):
            for scope in range(len(world.scopes)):
                row = pair_row(world, state, pair, scope)
                parts = row["competition"] + row["cooperation"]
                np.testing.assert_allclose(parts, row["colocation"], rtol=1e-12, atol=1e-15)
                np.testing.assert_allclose(
                    row["cooperation"], row["colocation"] * row["joint_share"], rtol=1e-12, atol=1e-15
                )


@given(worlds(), seeds)
def test_actor_and_theatre_measures_keep_to_their_bounds(world, seed):
    states = simulate(world, seed)
    for state in states:
        row = observed(world, state)
        for name, value in row.items():
            measure, *whom = name.split(".")
            if measure in ("burden", "convening", "hedging"):
                assert 0 <= value <= 1 + ROUNDING, name
            if measure == "effort":
                assert 0 <= value <= row[f"effort.{whom[0]}"] + ROUNDING, name
            if measure == "benefit":
                share = abs(state.standing[world.actors.index(whom[0])])
                assert -share - ROUNDING <= value <= 1 + share + ROUNDING, name
            if measure == "contested_volume":
                assert value >= -ROUNDING, name


@given(worlds(), seeds)
def test_whoever_is_imposed_rules(world, seed):
    for t, state in enumerate(simulate(world, seed)):
        imposed = world.posture.rule[t]
        assert np.array_equal(state.ruler[imposed >= 0], imposed[imposed >= 0])
        assert ((state.ruler != state.challenger) | (state.ruler < 0)).all()


@given(worlds(), seeds)
def test_no_host_needs_more_balancing_than_it_is_threatened(world, seed):
    for state in simulate(world, seed):
        for k, host in enumerate(state.ruler):
            threatened = state.threat.sum(axis=1).max() if host >= 0 else 0.0
            assert state.demand[k] <= threatened * (1 + ROUNDING)


@given(worlds(), seeds)
def test_recognition_climbs_by_single_steps_unless_imposed(world, seed):
    world = world.with_posture(recognition=np.full_like(world.posture.recognition, np.nan))
    for before, after in pairwise(simulate(world, seed)):
        assert np.isin(after.recognition - before.recognition, (0.0, 1.0)).all()

"""What is read off a month, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.worlds import RandomWorld, call, observed, plain, rules

from eurasia_sim.compute.blocks import Run
from eurasia_sim.kernel import outcomes
from eurasia_sim.mechanisms import contest


def begun(world: RandomWorld, **fields: object) -> tuple[Run, Run]:
    state = world.view(world.memory())
    for name, value in fields.items():
        getattr(state, name)[:] = value
    return state, world.constants()


def of(state: Run, column: str) -> float:
    """One measure of a state."""
    return observed(state.world, state)[column]


def pair(first: list, second: list, joint: list, scope: list, budgets: float) -> dict[str, float]:
    world = replace(plain(rules(), k=len(scope)), scopes=np.array([scope], float))
    state, _ = begun(world, budget=budgets / 2)
    state.effort[:], state.pair_joint[0] = [first, second], joint
    found = observed(world, state)
    return {
        measure: found[f"{measure}.{world.actors[0]}-{world.actors[1]}.scope0"] for measure in outcomes.PAIR_MEASURES
    }


def test_pair_measures_by_hand():
    found = pair([[3, 1, 0], [9, 9, 9]], [[1, 2, 1], [9, 9, 9]], [[0.5, 0.5, 0], [9, 9, 9]], [1, 0], 16)
    assert found == pytest.approx(
        {
            "intensity": 2 * 2 / 16, "colocation": 2 * 2 / 8, "joint_share": 0.5, "competition": 2 * 1 / 8,
            "cooperation": 2 * 1 / 8, "division_of_labour": 1 - (0.25 + 0.25),
        }
    )  # fmt: skip


def test_two_who_do_the_same_are_wholly_together_and_divide_nothing():
    found = pair([[1, 2, 3]], [[1, 2, 3]], [[1, 2, 3]], [1], 12)
    assert found == pytest.approx(
        {"intensity": 1, "colocation": 1, "joint_share": 1, "competition": 0, "cooperation": 1, "division_of_labour": 0}
    )


def test_two_in_one_place_who_do_different_things_divide_all_labour():
    found = pair([[2, 0, 0]], [[0, 1, 1]], [[0, 0, 0]], [1], 4)
    assert found["division_of_labour"] == 1
    assert found["colocation"] == 0


def test_two_in_different_places_measure_nothing():
    assert set(pair([[2, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 1]], [[0] * 3] * 2, [1, 1], 4).values()) == {0}


def benefit_world() -> RandomWorld:
    """Three actors, two lands of one and three parts; the first actor rules the small one and denies the others."""
    world = plain(rules(salience_curve=1, size_elasticity=1), n=3, k=2).with_geography(
        size=np.array([1.0, 3.0]), ruler=np.array([0, -1])
    )
    denial = np.array([[np.nan, 3.0, 1.5], [0, np.nan, 0], [0, 0, np.nan]])
    return world.with_coded(
        salience=np.array([[3.0, 1.5, 3.0, 0, 1.5, 3.0, 1.5]] * 3),
        denial=denial,
        opportunity=np.array([0.5, 1.0]),
        base_stability=np.array([0.4, 0.8]),
    )


def benefit(state: Run) -> float:
    """The first actor's."""
    call(contest.sum_influence, state)
    return observed(state.world, state)["benefit.actor0"]


def test_benefit_by_hand():
    state, _ = begun(benefit_world(), power=1.0)
    state.influence[0, 0], state.influence[0, 1] = [0.6, 0.3, 0.3], [0.1, 0.2, 0.0]
    state.influence[1, 1], state.influence[2, 1] = 0.4, 0.2
    state.spillover[0] = [0.5, 0.5]
    state.threat[0] = [0, 0.75, 0.25]
    state.standing[0] = -0.2
    held = (1 * 0.4 + 3 * 0.1) / 4
    trade = (0.5 * 0.4 * 0.3 + 1.0 * 0.8 * 0.2) / 1.5
    free = 1 - (1 * 0.75 * 0.4 + 0.5 * 0.75 * 0.2)
    by_hand = 1 * held + 0.5 * 0.5 + 1 * trade + 1 * free + 0.5 * 0.4 + 1 * 0.5 + 0.5 * -0.2
    assert benefit(state) == pytest.approx(by_hand / (1 + 0.5 + 1 + 1 + 0.5 + 1 + 0.5))


def test_a_denied_stranger_without_power_gives_no_benefit_by_its_absence():
    world = benefit_world()
    of_all, _ = begun(world, power=1.0, influence=0.2)
    of_one, _ = begun(world, power=[1.0, 0.0, 1.0], influence=0.2)
    assert benefit(of_one) != benefit(of_all)
    only = world.with_coded(denial=np.array([[np.nan, 0, 1.5], [0, np.nan, 0], [0, 0, np.nan]]))
    alone, _ = begun(only, power=1.0, influence=0.2)
    assert benefit(of_one) == pytest.approx(benefit(alone))


def test_burden_is_security_abroad_over_the_budget():
    state, _ = begun(benefit_world(), budget=0.5)
    state.effort[0] = [[0.2, 0.1, 0], [0.05, 0.1, 0]]
    assert of(state, "burden.actor0") == pytest.approx(0.1)
    state.budget[:] = 0
    assert of(state, "burden.actor0") == 0


def test_convening_is_the_share_of_what_is_spent_in_ones_own_venues():
    world = plain(rules(), venues=2).with_geography(convenes=np.array([[0.5, 0.25], [0.0, 1.0]]))
    state, _ = begun(world)
    assert of(state, "convening.actor0") == 0
    state.venue_total[:] = [0.4, 0.6]
    assert of(state, "convening.actor0") == pytest.approx(0.5 * 0.4 / 1.0)
    assert of(state, "convening.actor1") == pytest.approx((0.25 * 0.4 + 0.6) / 1.0)


def test_hedging_is_how_evenly_patrons_hold_a_host():
    world = plain(rules(), n=4).with_geography(ruler=np.array([0]), challenger=np.array([1]))
    state, _ = begun(world)
    assert of(state, "hedging.theatre0") == 0
    state.influence[:, 0, 0] = [0.5, 0.3, 0.1, 0.1]
    assert of(state, "hedging.theatre0") == pytest.approx(0.5)
    state.influence[3] = 0
    assert of(state, "hedging.theatre0") == pytest.approx(0)


def test_every_column_is_written_in_the_order_of_its_name():
    world = benefit_world()
    state, _ = begun(world, budget=1.0)
    for at, name in enumerate(("alignment", "threat", "recognition", "influence", "effort", "power", "stability")):
        array = getattr(state, name)
        array[:] = (at + 1) + np.arange(array.size).reshape(array.shape) / 1000
    row = observed(world, state)
    a, k = world.actors, world.theatres
    assert row[f"alignment.{a[1]}.{a[2]}"] == state.alignment[1, 2]
    assert row[f"threat.{a[2]}.{a[0]}"] == state.threat[2, 0]
    assert row[f"recognition.{a[1]}.{k[1]}"] == state.recognition[1, 1]
    assert row[f"influence.{a[2]}.{k[0]}.diplomatic"] == state.influence[2, 0, 2]
    assert row[f"effort.{a[0]}.{k[1]}.economic"] == state.effort[0, 1, 1]
    assert row[f"effort.{a[1]}"] == pytest.approx(state.effort[1].sum())
    assert row[f"power.{a[1]}"] == state.power[1]
    assert row[f"stability.{k[1]}"] == state.stability[1]
    assert np.isfinite(list(row.values())).all()


def test_the_columns_that_are_needed_are_written_whatever_is_left():
    world = benefit_world()
    state, _ = begun(world, budget=1.0, effort=0.01, influence=0.2)
    whole = np.array(list(observed(world, state).values()))
    workspace = world.workspace()
    for needed in range(1, whole.size + 1):
        workspace.report.memory[:] = np.nan
        outcomes.observe(state._block, workspace.constants, world.facts, workspace.report, needed)
        row = np.array(workspace.report[0].observed)
        assert row[:needed].tobytes() == whole[:needed].tobytes()
        assert np.isnan(row[needed:]).sum() == np.isnan(row).sum()


def test_a_lean_is_a_log_ratio():
    assert outcomes.lean(np.array([0.4]), np.array([0.1]))[0] == pytest.approx(np.log(4))
    assert outcomes.lean(np.array([0.0]), np.array([0.1]))[0] == -np.inf

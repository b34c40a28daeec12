"""Where budgets go, by hand; and what each author says of it."""

from __future__ import annotations

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import RandomWorld, build, call, changed, plain, put, quiet, rules, seeds, simulate, worlds

from eurasia_sim.compute.blocks import Run
from eurasia_sim.mechanisms import allocation

FIRST, LATER = 0, 1


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def begun(world: RandomWorld, **fields: object) -> tuple[Run, Run]:
    """State and constants at the beginning, with some fields of the state set."""
    state = world.view(world.memory())
    for name, value in fields.items():
        getattr(state, name)[:] = value
    return state, world.constants()


def interests(n: int, **levels: float) -> np.ndarray:
    """(n, 7) saliences, 0 but for those given."""
    order = ("primacy", "containment", "commerce", "denial", "autonomy", "survival", "standing")
    return np.tile([levels.get(name, 0.0) for name in order], (n, 1))


def free_of_cost(**numbers: float) -> np.void:
    return quiet(rules(distance_cost=0, skill_cost=0, **numbers))


def test_a_budget_grows_with_power_by_its_elasticity():
    assert allocation.budget(0.25, rules(budget_elasticity=0.5)) == pytest.approx(0.5)
    assert allocation.budget(0.0, rules()) == 0


def test_the_need_to_contain_by_hand():
    p = rules(burden_sharing=2, buffer=0.5, transit_decay=700)
    world = plain(p, k=2).with_geography(theatre_separation=np.array([[0.0, 700.0], [700.0, 0.0]]))
    state, _ = begun(world, spillover=np.array([[0.6, 0.0], [0.3, 0.2]]))
    state.effort[1, 0, 0] = 0.25
    call(allocation.containment_need, state)
    left = 0.6 / (1 + 2 * 0.25)  # the first is relieved of what the second carries, the second of nothing
    passed_on = 0.5 * exp(-1)
    np.testing.assert_allclose(
        state.containment, [[left, passed_on * left], [0.3 + passed_on * 0.2, passed_on * 0.3 + 0.2]]
    )


def rival_world(**numbers: float) -> RandomWorld:
    """One theatre at the first actor's door, in which the second holds influence."""
    world = plain(free_of_cost(salience_curve=1, contiguity=0.5, closeness_half=0.5, distance_decay=3000, **numbers))
    influence = np.zeros((2, 1, 3))
    influence[1, 0], influence[0, 0] = [0.4, 0.2, 0.1], [0.3, 0.5, 0.0]
    return world.with_geography(theatre_distance=np.array([[0.0], [1e9]]), theatre_border=np.ones((2, 1))).with_coded(
        initial_influence=influence,
        salience=interests(2, primacy=3, survival=1.5),
        denial=np.array([[np.nan, 3.0], [0.0, np.nan]]),
    )


def test_rivals_influence_pulls_by_primacy_denial_and_in_security_survival():
    world = rival_world(motive_primacy=1, motive_denial=0.5, motive_survival=2, sufficiency=0.4)
    state, _ = begun(world, alignment=np.array([[1.0, 0.2], [0.2, 1.0]]), threat=[[0, 0.25], [0, 0]])
    state.access[0, 0] = [1.0, 0.5, 0.25]
    call(allocation.rival_motives, state)
    apart = 0.5 * (1 - 0.2)
    security = 0.4 * (apart * (1 - 0.4 * 0.3) + 0.5 + 2 * 0.5 * 0.25)
    economic = 0.5 * 0.2 * (apart * (1 - 0.4 * 0.5) + 0.5)
    diplomatic = 0.25 * 0.1 * (apart + 0.5)
    # Nearness counts from home: it is one where there is neither distance nor lack of a border.
    np.testing.assert_allclose(state.utility[0, 0], [security, economic, diplomatic])


def test_at_home_the_largest_patron_and_peril_move():
    p = free_of_cost(motive_home_survival=2, motive_autonomy=1.5, salience_curve=1)
    world = plain(p, n=3).with_geography(ruler=np.array([0]), challenger=np.array([1]))
    world = world.with_coded(salience=interests(3, autonomy=3, survival=1.5), skill=np.ones((3, 3)))
    influence = np.zeros((3, 1, 3))
    influence[:, 0, 0] = [0.5, 0.1, 0.3]
    threat = np.zeros((3, 3))
    threat[0] = [0.0, 0.3, 0.2]
    state, _ = begun(world, influence=influence, threat=threat, control=0.2, militants=0.4, utility=0.0)
    call(allocation.home_motives, state)
    of_ruler = 2 * 0.5 * (0.5 / 1.5 + 0.4 + 0.2)
    of_challenger = 2 * 0.5 * (0.0 + 0.4 + 0.8)
    np.testing.assert_allclose(state.utility[0, 0], [of_ruler + 1.5 * 0.3, 0, 0])
    np.testing.assert_allclose(state.utility[1, 0], [of_challenger + 1.5 * 0.5, 0, 0])
    assert not state.utility[2].any()


def test_utility_by_hand_where_nobody_rivals():
    p = rules(
        motive_containment=1.5, motive_commerce=2, motive_standing=0.3, salience_curve=1, distance_cost=0.7,
        skill_cost=0.9, containment_security=1, containment_economic=0.3, containment_diplomatic=0.5,
        size_elasticity=0.5, closeness_half=0.5, contiguity=0.5, distance_decay=1000,
    )  # fmt: skip
    world = plain(p).with_geography(theatre_distance=np.array([[500.0], [1e9]]), size=np.array([4.0]))
    world = world.with_coded(
        salience=interests(2, containment=3, commerce=1.5, standing=3),
        skill=np.array([[0.8, 0.4, 0.2], [0, 0, 0]]),
        opportunity=np.array([0.6]),
        base_stability=np.array([0.3]),
    )
    state, _ = begun(world, spillover=np.array([[0.2], [0.0]]), threat=0.0, effort=0.0)
    state.access[0, 0] = let_in = [0.9, 0.6, 0.3]
    call(allocation.marginal_utility, state)
    reach = exp(-0.5)
    near = (reach / (reach + 0.5)) / (1.5 / (1.5 + 0.5))
    need, trade, stage = 1.5 * 0.2, 2 * 0.5 * 0.6 * 0.3 * near, 0.3 * 0.7 * sqrt(4.0)
    cost = [0.7 * (1 - near) + 0.9 * (1 - skill) for skill in (0.8, 0.4, 0.2)]
    by_hand = [
        let_in[0] * need - cost[0],
        let_in[1] * (0.3 * need + trade) - cost[1],
        let_in[2] * 0.5 * need + stage - cost[2],
    ]
    np.testing.assert_allclose(state.utility[0, 0], by_hand)
    np.testing.assert_allclose(state.common[0, 0], [need, 0.3 * need, 0.5 * need])


def test_rulers_are_spared_the_cost_of_skill():
    p = quiet(rules(skill_cost=1, distance_cost=0))
    world = plain(p).with_coded(salience=interests(2))
    at_home = world.with_geography(ruler=np.array([0]))
    for which, cost in ((world, 1.0), (at_home, 0.0)):
        state, _ = begun(which)
        call(allocation.marginal_utility, state)
        np.testing.assert_allclose(state.utility[0], -cost, atol=1e-9)


def test_an_inclination_moves_by_habit_and_starts_at_its_utility():
    p = quiet(rules(habit=0.75, temperature=0.5))
    state, _ = begun(plain(p), utility=0.6, inclination=2.0)
    call(allocation.incline, state, number=LATER)
    np.testing.assert_allclose(state.inclination, 0.75 * 2 + 0.25 * 0.6 / 0.5)
    call(allocation.incline, state, number=FIRST)
    np.testing.assert_allclose(state.inclination, 0.6 / 0.5)


def test_noise_in_choice_is_scaled_and_drawn_by_name():
    p = changed(quiet(rules(habit=1)), utility_noise=0.1)
    state, _ = begun(plain(p), utility=0.6, inclination=2.0)
    call(allocation.incline, state, number=LATER)
    np.testing.assert_allclose(state.inclination, 2 + 0.1 * state.noise)
    assert len(np.unique(state.noise)) == state.noise.size


def test_what_is_imposed_by_hand():
    p = rules(effort_bases=0.01, effort_forces=0.2, effort_counterterror=0.1, effort_aid=0.004)
    scripted, presence = np.array([[[0.0, 0.05, 0.1]], [[0.0, 0.0, 0.3]]]), np.array([[[2.0, 0.5, 0.1]], [[0.0] * 3]])
    world = plain(p).with_posture(imposed=scripted[None], presence=presence[None], aid=np.array([[[10.0], [5.0]]]))
    state, _ = begun(world, budget=[0.5, 0.0])
    left = [call(allocation.impose, state, i) for i in range(2)]
    np.testing.assert_allclose(state.committed[0], [[(0.02 + 0.1 + 0.01) / 0.5, 0.05 + 0.04 / 0.5, 0.1]])
    np.testing.assert_allclose(state.committed[1], [[0.0, 0.0, 0.3]])  # who has no means gives no aid
    np.testing.assert_allclose(left, 1 - state.committed.sum(axis=(1, 2)))


def test_more_cannot_be_imposed_than_there_is():
    world = plain(rules()).with_posture(imposed=np.array([[[[1.0, 2.0, 1.0]], [[0.0] * 3]]]))
    state, _ = begun(world, budget=[0.5, 0.5])
    assert call(allocation.impose, state, 0) == 0
    np.testing.assert_allclose(state.committed[0], [[0.25, 0.5, 0.25]])


def test_spending_by_hand():
    p = rules(reserve=3, size_elasticity=1, budget_elasticity=0.5)
    world = (
        plain(p, k=2)
        .with_geography(size=np.array([2.0, 0.0]))
        .with_posture(imposed=put(plain(p, k=2).posture.imposed, ((0, 0, 0, 2), 0.4)))
    )
    state, _ = begun(world, power=[0.25, 0.0])
    state.inclination[0, 0] = [0.0, 1.0, -1.0]
    call(allocation.spend, state)
    weights = [2.0, 2 * exp(1), 2 * exp(-1)]
    shares = [0.6 * weight / (3 + sum(weights)) for weight in weights]
    shares[2] += 0.4
    np.testing.assert_allclose(state.effort[0, 0], [0.5 * part for part in shares])
    assert not state.effort[0, 1].any()
    assert not state.effort[1].any()


def test_enough_influence_sates_a_defensive_realist_and_never_an_offensive_one():
    """Waltz: states seek enough power; Mearsheimer: as much as they can get."""

    def wish(theory: str, held: float) -> float:
        world = rival_world()
        p = quiet(rules(theory))
        world = replace(world, p=p).with_coded(salience=interests(2, primacy=3), denial=np.zeros((2, 2)))
        influence = np.zeros((2, 1, 3))
        influence[1], influence[0] = 0.2, held
        state, _ = begun(world, influence=influence, threat=0.0)
        call(allocation.rival_motives, state)
        return float(state.utility[0, 0, 1])

    assert wish("defensive_realism", 0.8) == pytest.approx(0.2 * wish("defensive_realism", 0.0))
    assert wish("balance_of_threat", 0.8) == pytest.approx(0.6 * wish("balance_of_threat", 0.0))
    assert wish("offensive_realism", 0.8) == wish("offensive_realism", 0.0) > 0


@given(worlds(theory="inertia", noise=False), seeds, st.integers(0, 2**32 - 1))
def test_under_inertia_no_inclination_answers_threat_or_posture(world, seed, turn):
    states = simulate(world, seed)
    for state in states[1:]:
        assert np.array_equal(state.inclination, states[0].inclination)
    rng = np.random.default_rng(turn)
    later = np.arange(world.months)[:, None, None] >= 1
    n = len(world.actors)
    pressed = world.with_posture(
        pressure=np.where(later, rng.random((n, n)), world.posture.pressure),
        surge=world.posture.surge + np.where(later, rng.random(), 0.0),
    )
    for state, other in zip(states, simulate(pressed, seed), strict=True):
        assert np.array_equal(state.inclination, other.inclination)
        assert np.array_equal(state.leaning, other.leaning)


def test_outside_inertia_inclinations_answer():
    world = build(5, 3, 2, 6, "balance_of_threat", {}, "reference", 0.0, 0.0, 0.3, noisy=False, seed=1)
    states = simulate(world)
    assert (states[-1].inclination != states[0].inclination).all()

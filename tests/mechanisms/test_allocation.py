"""Where budgets go, by hand; and what each author says of it."""

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.random_worlds import build, seeds, worlds
from tests.worlds import RandomWorld, after, begun, call, interests, plain, quiet, rules, simulate

from eurasia_sim.compute.jit import compiled
from eurasia_sim.mechanisms import allocation

SETTLING, LATER = -1, 1
FREE_OF_COST = {"distance_cost": 0, "cell_cost": 0, "salience_curve": 1}


def test_the_need_to_contain_by_hand():
    world = plain(k=2, burden_sharing=2, buffer=0.5, transit_decay=700)
    world = world.having(theatre_separation=[[0.0, 700.0], [700.0, 0.0]])
    fields = {"spillover": [[0.6, 0.0], [0.3, 0.2]], "effort": {(1, 0, 0): 0.25}}
    state = after(allocation.containment_need, world, **fields)
    left = 0.6 / (1 + 2 * 0.25)  # the first is relieved of what the second carries
    passed_on = 0.5 * exp(-1)
    by_hand = [[left, passed_on * left], [0.3 + passed_on * 0.2, passed_on * 0.3 + 0.2]]
    np.testing.assert_allclose(state.containment, by_hand)


def rival_world(**numbers: float) -> RandomWorld:
    """One theatre at the first actor's door, in which the second has influence."""
    numbers = {"contiguity": 0.5, "closeness_half": 0.5, "distance_decay": 3000, **numbers}
    return plain(**FREE_OF_COST, **numbers).having(
        theatre_distance={(0, 0): 0.0}, theatre_border=1.0, denial={(0, 1): 3.0},
        initial_influence=[[[0.3, 0.5, 0.0]], [[0.4, 0.2, 0.1]]],
        salience=interests(primacy=3, survival=1.5),
    )  # fmt: skip


def test_rivals_influence_pulls_by_primacy_denial_and_in_security_survival():
    motives = {"motive_primacy": 1, "motive_denial": 0.5, "motive_survival": 2}
    state = after(
        allocation.rival_motives,
        rival_world(**motives, sufficiency=0.4, denial_relation=0.8, denial_power=0.3),
        alignment=[[1.0, 0.2], [0.2, 1.0]], threat={(0, 1): 0.25},
        access={(0, 0): [1.0, 0.5, 0.25]}, power=[0.1, 0.3], opening_power=[0.2, 0.15],
    )  # fmt: skip
    apart, denied = 0.5 * (1 - 0.2), 0.5 * exp(-0.8 * 0.2) * 4**0.3  # its power over mine: 4 times
    security = 0.4 * (apart * (1 - 0.4 * 0.3) + denied + 2 * 0.5 * 0.25)
    economic = 0.5 * 0.2 * (apart * (1 - 0.4 * 0.5) + denied)
    diplomatic = 0.25 * 0.1 * (apart + denied)
    # Nearness counts from home: it is one where there is neither distance nor lack of a border.
    np.testing.assert_allclose(state.utility[0, 0], [security, economic, diplomatic])


@pytest.mark.parametrize(("month", "habit"), [(LATER, 0.75), (SETTLING, 0.5)])
def test_what_is_owed_to_another_is_its_part_of_the_pull_and_moves_as_an_inclination(month, habit):
    world = rival_world(habit=0.75, temperature=0.5, sufficiency=0.4, motive_denial=0.5)
    access = {(0, 0): [1.0, 0.5, 0.25]}
    state = begun(world, access=access, owed={(0, 0): 0.2}, threat={(0, 1): 0.25})
    pulled = begun(world, access=access, threat={(0, 1): 0.25})
    call(allocation.owe, state, number=month)
    call(allocation.rival_motives, pulled)  # there is no other rival
    by_hand = habit * 0.2 + (1 - habit) * pulled.utility[0, 0] / 0.5
    np.testing.assert_allclose(state.owed[0, 0, 0], by_hand)
    assert (pulled.utility[0, 0] > 0).all()


def test_at_home_the_largest_patron_and_peril_move():
    world = plain(3, **FREE_OF_COST, motive_home_survival=2, motive_autonomy=1.5).having(
        ruler=0, challenger=1, salience=interests(autonomy=3, survival=1.5)
    )
    influence = {(..., 0, 0): [0.5, 0.1, 0.3]}
    fields = {"influence": influence, "threat": {0: [0.0, 0.3, 0.2]}, "control": 0.2}
    state = after(allocation.home_motives, world, **fields, militants=0.4)
    of_ruler = 2 * 0.5 * (0.5 / 1.5 + 0.4 + 0.2)
    of_challenger = 2 * 0.5 * (0.0 + 0.4 + 0.8)
    np.testing.assert_allclose(state.utility[0, 0], [of_ruler + 1.5 * 0.3, 0, 0])
    np.testing.assert_allclose(state.utility[1, 0], [of_challenger + 1.5 * 0.5, 0, 0])
    assert not state.utility[2].any()


def test_utility_by_hand_where_nobody_rivals():
    world = plain(
        motive_containment=1.5, motive_commerce=2, motive_standing=0.3, salience_curve=1,
        distance_cost=0.7, cell_cost=0.3, containment_security=1, containment_economic=0.3,
        containment_diplomatic=0.5, size_elasticity=0.5, closeness_half=0.5, contiguity=0.5,
        distance_decay=1000,
    ).having(
        theatre_distance={(0, 0): 500.0}, size=4.0, opportunity=0.6, base_stability=0.3,
        salience=interests(containment=3, commerce=1.5, standing=3),
    )  # fmt: skip
    let_in = [0.9, 0.6, 0.3]
    fields = {"spillover": [[0.2], [0.0]], "access": {(0, 0): let_in}}
    state = after(allocation.marginal_utility, world, **fields)
    reach = exp(-0.5)
    near = (reach / (reach + 0.5)) / (1.5 / (1.5 + 0.5))
    need, trade, stage = 1.5 * 0.2, 2 * 0.5 * 0.6 * 0.3 * near, 0.3 * 0.7 * sqrt(4.0)
    cost = 0.7 * (1 - near) + 0.3
    by_hand = [
        let_in[0] * need - cost,
        let_in[1] * (0.3 * need + trade) - cost,
        let_in[2] * 0.5 * need + stage - cost,
    ]
    np.testing.assert_allclose(state.utility[0, 0], by_hand)
    np.testing.assert_allclose(state.common[0, 0], [need, 0.3 * need, 0.5 * need])


@pytest.mark.parametrize(
    ("month", "by_hand"),
    [(LATER, 0.75 * 2 + 0.25 * 0.6 / 0.5), (SETTLING, 0.5 * 2 + 0.5 * 0.6 / 0.5)],
)
def test_an_inclination_moves_by_habit_and_settles_by_half(month, by_hand):
    state = begun(plain(habit=0.75, temperature=0.5), utility=0.6, inclination=2.0)
    call(allocation.incline, state, number=month)
    np.testing.assert_allclose(state.inclination, by_hand)


def test_noise_in_choice_is_scaled_and_drawn_by_name():
    state = begun(plain(habit=1, utility_noise=0.1), utility=0.6, inclination=2.0)
    call(allocation.incline, state, number=LATER)
    np.testing.assert_allclose(state.inclination, 2 + 0.1 * state.noise)
    assert len(np.unique(state.noise)) == state.noise.size


@compiled
def impose_all(state, month, p):
    """Impose on every actor; what is left of each budget is put where nothing here looks."""
    for i in range(state.actors):
        state.zero[i] = allocation.impose(i, state, month, p)


def test_what_is_imposed_by_hand():
    efforts = {"bases": 0.01, "forces": 0.2, "aid": 0.004}
    world = plain(**{f"effort_{kind}": effort for kind, effort in efforts.items()}).having(
        imposed=[[[0.0, 0.05, 0.1]], [[0.0, 0.0, 0.3]]], presence={(0, 0, 0): [2.0, 0.5, 0.1]},
        aid=[[10.0], [5.0]],
    )  # fmt: skip
    state = after(impose_all, world, budget=[0.5, 0.0], armed=[[5.0], [5.0]])
    by_hand = [(0.02 + 0.1 + 0.02 + 0.02) / 0.5, 0.05 + 0.04 / 0.5, 0.1]
    np.testing.assert_allclose(state.committed[0], [by_hand])
    np.testing.assert_allclose(state.committed[1], [[0.0, 0.0, 0.3]])  # no means, so no aid
    np.testing.assert_allclose(state.zero, 1 - state.committed.sum(axis=(1, 2)))


def test_arms_go_where_their_receiver_rules_or_contests():
    world = plain(4, 2).having(ruler=[1, 2], challenger=[2, -1], arms={(0, 0): [0, 1, 4, 16]})
    state = begun(world)
    call(allocation.deliver, state)
    np.testing.assert_array_equal(state.armed, [[5, 4], [0, 0], [0, 0], [0, 0]])


def test_more_cannot_be_imposed_than_there_is():
    state = after(impose_all, plain().having(imposed={(0, 0): [[1.0, 2.0, 1.0]]}), budget=0.5)
    assert state.zero[0] == 0
    np.testing.assert_allclose(state.committed[0], [[0.25, 0.5, 0.25]])


def test_spending_by_hand():
    world = plain(k=2, reserve=3, size_elasticity=1, budget_elasticity=0.5)
    world = world.having(size=[2.0, 0.0], imposed={(0, 0, 0, 2): 0.4})
    inclination = {(0, 0): [0.0, 1.0, -1.0]}
    state = after(allocation.spend, world, power=[0.25, 0.0], inclination=inclination)
    weights = [2.0, 2 * exp(1), 2 * exp(-1)]
    shares = [0.6 * weight / (3 + sum(weights)) for weight in weights]
    shares[2] += 0.4
    np.testing.assert_allclose(state.effort[0, 0], [0.5 * part for part in shares])
    assert not state.effort[0, 1].any()
    assert not state.effort[1].any()


def test_enough_influence_sates_a_defensive_realist_and_never_an_offensive_one():
    """Waltz: states seek enough power; Mearsheimer: as much as they can get."""

    def wish(theory: str, influence: float) -> float:
        world = replace(rival_world(), p=quiet(rules(theory)))
        world = world.having(salience=interests(primacy=3), denial=0.0)
        fields = {"influence": {0: influence, 1: 0.2}, "threat": 0.0}
        return float(after(allocation.rival_motives, world, **fields).utility[0, 0, 1])

    for theory, left in (("defensive_realism", 0.2), ("balance_of_threat", 0.6)):
        assert wish(theory, 0.8) == pytest.approx(left * wish(theory, 0.0))
    assert wish("offensive_realism", 0.8) == wish("offensive_realism", 0.0) > 0


@given(worlds(theory="inertia", noise=False), seeds, st.integers(0, 2**32 - 1))
def test_under_inertia_no_inclination_stance_or_leaning_answers_threat_or_levers(world, seed, turn):
    world = world.having(goodwill=0.0)  # a lever that is part of the standing relation
    first, leaning = simulate(world, seed, months=1)[0], begun(world).leaning
    rng = np.random.default_rng(turn)
    later = np.arange(world.months) >= 1
    pressure, surge = world.arrays["pressure"].copy(), world.arrays["surge"].copy()
    pressure[later], surge[later] = rng.random(pressure.shape[1:]), surge[later] + rng.random()
    for which in (world, world.having(pressure=pressure, surge=surge)):
        for state in simulate(which, seed):
            assert np.array_equal(state.inclination, first.inclination)
            assert np.array_equal(state.leaning, leaning)
            assert np.array_equal(state.stance, first.stance)


def test_outside_inertia_inclinations_answer():
    shares = {"silence": 0.0, "empty": 0.0, "active": 0.3, "noisy": False}
    first, *_, last = simulate(
        build(5, 3, 2, 6, "balance_of_threat", {}, "reference", **shares, seed=1)
    )
    assert (last.inclination != first.inclination).all()

"""What is read off a month, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from tests.worlds import RandomWorld, begun, call, interests, observed, plain

from eurasia_sim.compute.blocks import Run
from eurasia_sim.kernel import outcomes
from eurasia_sim.mechanisms import contest


@pytest.mark.parametrize(
    ("first", "second", "joint", "budgets", "by_hand"),
    [
        # The second land is out of scope.
        (
            [[3, 1, 0], [9, 9, 9]], [[1, 2, 1], [9, 9, 9]], [[0.5, 0.5, 0], [9, 9, 9]], 16,
            (2 * 2 / 16, 2 * 2 / 8, 0.5, 2 * 1 / 8, 2 * 1 / 8, 1 - (0.25 + 0.25)),
        ),
        # Two who do the same are wholly together and divide nothing.
        ([[1, 2, 3]], [[1, 2, 3]], [[1, 2, 3]], 12, (1, 1, 1, 0, 1, 0)),
        # Two in one place who do different things divide all labour.
        ([[2, 0, 0]], [[0, 1, 1]], [[0, 0, 0]], 4, (0, 0, 0, 0, 0, 1)),
        # Two in different places measure nothing; both lands are in scope.
        ([[2, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 1]], [[0, 0, 0]] * 2, 4, (0,) * 6),
    ],
)  # fmt: skip
def test_pair_measures_by_hand(first, second, joint, budgets, by_hand):
    names = "intensity colocation joint_share competition cooperation division_of_labour"
    scope = [1.0] + [float(budgets == 4)] * (len(first) - 1)
    world = replace(plain(k=len(first)), scopes=np.array([scope]))
    state = begun(world, budget=budgets / 2, effort=[first, second], pair_joint={0: joint})
    row = observed(state)
    found = {measure: row[f"{measure}.actor0-actor1.scope0"] for measure in outcomes.PAIR_MEASURES}
    assert found == pytest.approx(dict(zip(names.split(), by_hand, strict=True)))


def test_directed_measures_by_hand():
    """Lands of one part and four; the third is out of the first scope."""
    world = plain(2, 3, size_elasticity=0.5).having(
        size=[1.0, 4.0, 9.0],
        initial_influence={(0, ..., 1): [0.4, 0.1, 0.4], (1, ..., 1): [0.2, 0.3, 0.2]},
    )
    world = replace(world, scopes=np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]))
    owed = {(0, 0, 0): [np.log(2), np.log(4), 0], (0, 0, 1): [0, np.log(2), 0], (0, 1, 2): 9.0}
    state = begun(
        world, owed=owed, effort={(0, 0): [0.4, 0.2, 0.7], (0, 1): [0, 0.3, 0]},
        posted={(0, 0): [0.1, 0, 0]},
        influence={(0, ..., 1): [0.3, 0.1, 0.1], (1, ..., 1): [0.3, 0.3, 0.3]},
    )  # fmt: skip
    row = observed(state)
    opening = observed(begun(world))
    assert not any(x for name, x in opening.items() if name[:5] in ("displ", "encro"))
    parts = 3 * (1 + 2)  # domains times sizes
    assert row["aim.actor0-actor1.scope0"] == pytest.approx((0.5 + 0.75 + 2 * 0.5) / parts)
    assert row["volume.actor0-actor1.scope0"] == pytest.approx(0.3 * 0.5 + 0.2 * 0.75 + 0.3 * 0.5)
    assert row["aim.actor1-actor0.scope0"] == row["volume.actor1-actor0.scope0"] == 0
    # The second's share of the two goes from a third to a half, in the last land to three quarters.
    assert row["encroachment.actor1-actor0.scope0"] == pytest.approx((1 / 2 - 1 / 3) / parts)
    whole = (1 / 2 - 1 / 3) + 3 * (3 / 4 - 1 / 3)
    assert row["encroachment.actor1-actor0.scope1"] == pytest.approx(whole / 3 / (1 + 2 + 3))
    assert row["encroachment.actor0-actor1.scope0"] == 0
    moved = np.log((0.3 + 2 * 0.1) / (0.3 + 2 * 0.3)) - np.log((0.4 + 2 * 0.1) / (0.2 + 2 * 0.3))
    assert row["displacement.actor0-actor1.scope0.economic"] == pytest.approx(moved)
    assert row["displacement.actor0-actor1.scope0.security"] == 0


def benefit_world() -> RandomWorld:
    """Lands of one part and three; the first of three actors rules the small, denies the others."""
    saliences = {"primacy": 3.0, "containment": 1.5, "commerce": 3.0, "autonomy": 1.5}
    return plain(3, 2, salience_curve=1, size_elasticity=1).having(
        size=[1.0, 3.0], ruler=[0, -1], opportunity=[0.5, 1.0], base_stability=[0.4, 0.8],
        salience=interests(**saliences, survival=3.0, standing=1.5),
        denial={(0, 1): 3.0, (0, 2): 1.5},
    )  # fmt: skip


def benefit(state: Run) -> float:
    """The first actor's."""
    call(contest.sum_influence, state)
    return observed(state)["benefit.actor0"]


def test_benefit_by_hand():
    state = begun(
        benefit_world(), power=1.0, spillover={0: 0.5}, threat={0: [0, 0.75, 0.25]},
        standing={0: -0.2},
        influence={
            (0, 0): [0.6, 0.3, 0.3], (0, 1): [0.1, 0.2, 0.0], (1, 1): 0.4, (2, 1): 0.2,
        },
    )  # fmt: skip
    weight = (1 * 0.4 + 3 * 0.1) / 4
    trade = (0.5 * 0.4 * 0.3 + 1.0 * 0.8 * 0.2) / 1.5
    free = 1 - (1 * 0.75 * 0.4 + 0.5 * 0.75 * 0.2)
    by_hand = weight + 0.5 * 0.5 + trade + free + 0.5 * 0.4 + 1 * 0.5 + 0.5 * -0.2
    assert benefit(state) == pytest.approx(by_hand / (1 + 0.5 + 1 + 1 + 0.5 + 1 + 0.5))


def test_a_denied_stranger_without_power_gives_no_benefit_by_its_absence():
    world, fields = benefit_world(), {"power": [1.0, 0.0, 1.0], "influence": 0.2}
    of_one = benefit(begun(world, **fields))
    assert benefit(begun(world, influence=0.2, power=1.0)) != of_one
    undenied = world.having(denial={(0, 1): 0.0})
    assert benefit(begun(undenied, influence=0.2, power=1.0)) == pytest.approx(of_one)


CONVENES = {"convenes": [[0.5, 0.25], [0.0, 1.0]]}
HOST = {"ruler": 0, "challenger": 1}


@pytest.mark.parametrize(
    ("column", "world", "fields", "by_hand"),
    [
        # Security abroad over the budget.
        (
            "burden.actor0", benefit_world(),
            {"budget": 0.5, "effort": {0: [[0.2, 0.1, 0], [0.05, 0.1, 0]]}}, 0.05 / 0.5,
        ),
        ("burden.actor0", benefit_world(), {"budget": 0.0, "effort": 0.2}, 0),
        # The share of what is spent in one's own venues.
        ("convening.actor0", plain(venues=2).having(**CONVENES), {}, 0),
        (
            "convening.actor0", plain(venues=2).having(**CONVENES), {"venue_total": [0.4, 0.6]},
            0.5 * 0.4 / 1.0,
        ),
        (
            "convening.actor1", plain(venues=2).having(**CONVENES), {"venue_total": [0.4, 0.6]},
            (0.25 * 0.4 + 0.6) / 1.0,
        ),
        # How evenly patrons share a host.
        ("hedging.theatre0", plain(4).having(**HOST), {}, 0),
        (
            "hedging.theatre0", plain(4).having(**HOST),
            {"influence": {(..., 0, 0): [0.5, 0.3, 0.1, 0.1]}}, 0.5,
        ),
        (
            "hedging.theatre0", plain(4).having(**HOST),
            {"influence": {(..., 0, 0): [0.5, 0.3, 0.1, 0]}}, 0,
        ),
    ],
)  # fmt: skip
def test_a_measure_by_hand(column, world, fields, by_hand):
    assert observed(begun(world, **fields))[column] == pytest.approx(by_hand)


def test_every_column_is_written_in_the_order_of_its_name():
    state = begun(benefit_world(), budget=1.0)
    names = ("alignment", "threat", "recognition", "influence", "effort", "power", "stability")
    for at, name in enumerate(names):
        array = getattr(state, name)
        array[:] = (at + 1) + np.arange(array.size).reshape(array.shape) / 1000
    row = observed(state)
    by_hand = {
        "alignment.actor1.actor2": state.alignment[1, 2],
        "threat.actor2.actor0": state.threat[2, 0],
        "recognition.actor1.theatre1": state.recognition[1, 1],
        "influence.actor2.theatre0.diplomatic": state.influence[2, 0, 2],
        "effort.actor0.theatre1.economic": state.effort[0, 1, 1],
        "effort.actor1": pytest.approx(state.effort[1].sum()),
        "power.actor1": state.power[1],
        "stability.theatre1": state.stability[1],
    }
    assert {name: row[name] for name in by_hand} == by_hand
    assert np.isfinite(list(row.values())).all()


def test_the_columns_that_are_needed_are_written_whatever_is_left():
    world = benefit_world()
    state = begun(world, budget=1.0, effort=0.01, influence=0.2)
    whole = np.array(list(observed(state).values()))
    workspace = world.workspace()
    for needed in range(1, whole.size + 1):
        workspace.report.memory[:] = np.nan
        outcomes.observe(state._block, workspace.constants, world.facts, workspace.report, needed)
        row = np.array(workspace.report[0].observed)
        assert row[:needed].tobytes() == whole[:needed].tobytes()
        assert np.isnan(row[needed:]).sum() == np.isnan(row).sum()

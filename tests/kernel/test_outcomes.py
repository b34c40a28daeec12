"""What is read off a month, by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.worlds import RandomWorld, begun, call, interests, observed, plain

from eurasia_sim.kernel import outcomes
from eurasia_sim.mechanisms import contest


def read(world: RandomWorld, **fields: Any) -> dict[str, float]:
    """Every measure of the beginning, with some of its arrays set."""
    state = begun(world, **fields)
    call(contest.sum_influence, state)
    return observed(state)


@pytest.mark.parametrize(
    ("first", "second", "joint", "budgets", "scope", "by_hand"),
    [
        # The second land is out of scope.
        ([[3, 1, 0], [9, 9, 9]], [[1, 2, 1], [9, 9, 9]], [[0.5, 0.5, 0], [9, 9, 9]], 16, [1, 0],
         (2 * 2 / 16, 2 * 2 / 8, 0.5, 2 * 1 / 8, 2 * 1 / 8, 1 - (0.25 + 0.25))),
        # Two who do the same are wholly together and divide nothing.
        ([[1, 2, 3]], [[1, 2, 3]], [[1, 2, 3]], 12, [1], (1, 1, 1, 0, 1, 0)),
        # Two in one place who do different things divide all labour.
        ([[2, 0, 0]], [[0, 1, 1]], [[0, 0, 0]], 4, [1], (0, 0, 0, 0, 0, 1)),
        # Two in different places measure nothing; both lands are in scope.
        ([[2, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 1]], [[0, 0, 0]] * 2, 4, [1, 1], (0,) * 6),
    ],
)  # fmt: skip
def test_pair_measures_by_hand(first, second, joint, budgets, scope, by_hand):
    """Intensity, colocation, joint share, competition, cooperation, division of labour."""
    world = replace(plain(k=len(scope)), scopes=np.array([scope], float))
    row = read(world, budget=budgets / 2, effort=[first, second], pair_joint={0: joint})
    found = [row[f"{measure}.actor0-actor1.scope0"] for measure in outcomes.PAIR_MEASURES]
    assert found == pytest.approx([*by_hand])


def test_directed_measures_by_hand():
    """Lands of one part and four; the third is out of the first scope."""
    world = plain(2, 3, size_elasticity=0.5).having(
        size=[1.0, 4.0, 9.0],
        initial_influence={(0, ..., 1): [0.4, 0.1, 0.4], (1, ..., 1): [0.2, 0.3, 0.2]},
    )
    world = replace(world, scopes=np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]))
    owed = {(0, 0, 0): [np.log(2), np.log(4), 0], (0, 0, 1): [0, np.log(2), 0], (0, 1, 2): 9.0}
    row = read(
        world, owed=owed, effort={(0, 0): [0.4, 0.2, 0.7], (0, 1): [0, 0.3, 0]},
        posted={(0, 0): [0.1, 0, 0]},
        influence={(0, ..., 1): [0.3, 0.1, 0.1], (1, ..., 1): [0.3, 0.3, 0.3]},
    )  # fmt: skip
    assert not any(x for name, x in read(world).items() if name[:5] in ("displ", "encro"))
    parts = 3 * (1 + 2)  # domains times sizes
    # The second's share of the two goes from a third to a half, in the last land to three quarters.
    whole = (1 / 2 - 1 / 3) + 3 * (3 / 4 - 1 / 3)
    moved = np.log((0.3 + 2 * 0.1) / (0.3 + 2 * 0.3)) - np.log((0.4 + 2 * 0.1) / (0.2 + 2 * 0.3))
    by_hand = {
        "aim.actor0-actor1.scope0": (0.5 + 0.75 + 2 * 0.5) / parts,
        "volume.actor0-actor1.scope0": 0.3 * 0.5 + 0.2 * 0.75 + 0.3 * 0.5,
        "aim.actor1-actor0.scope0": 0, "volume.actor1-actor0.scope0": 0,
        "encroachment.actor1-actor0.scope0": (1 / 2 - 1 / 3) / parts,
        "encroachment.actor1-actor0.scope1": whole / 3 / (1 + 2 + 3),
        "encroachment.actor0-actor1.scope0": 0,
        "displacement.actor0-actor1.scope0.economic": moved,
        "displacement.actor0-actor1.scope0.security": 0,
    }  # fmt: skip
    assert {name: row[name] for name in by_hand} == pytest.approx(by_hand)


# Lands of one part and three; the first of three actors rules the small, denies the others.
WANTED = plain(3, 2, salience_curve=1, size_elasticity=1).having(
    size=[1.0, 3.0], ruler=[0, -1], opportunity=[0.5, 1.0], base_stability=[0.4, 0.8],
    salience=interests(
        primacy=3.0, containment=1.5, commerce=3.0, autonomy=1.5, survival=3.0, standing=1.5
    ),
    denial={(0, 1): 3.0, (0, 2): 1.5},
)  # fmt: skip


def test_benefit_by_hand():
    row = read(
        WANTED, power=1.0, spillover={0: 0.5}, threat={0: [0, 0.75, 0.25]}, standing={0: -0.2},
        influence={
            (0, 0): [0.6, 0.3, 0.3], (0, 1): [0.1, 0.2, 0.0], (1, 1): 0.4, (2, 1): 0.2,
        },
    )  # fmt: skip
    weight = (1 * 0.4 + 3 * 0.1) / 4
    trade = (0.5 * 0.4 * 0.3 + 1.0 * 0.8 * 0.2) / 1.5
    free = 1 - (1 * 0.75 * 0.4 + 0.5 * 0.75 * 0.2)
    by_hand = weight + 0.5 * 0.5 + trade + free + 0.5 * 0.4 + 1 * 0.5 + 0.5 * -0.2
    assert row["benefit.actor0"] == pytest.approx(by_hand / (1 + 0.5 + 1 + 1 + 0.5 + 1 + 0.5))


def test_a_denied_stranger_without_power_gives_no_benefit_by_its_absence():
    undenied = WANTED.having(denial={(0, 1): 0.0})
    powerless, powerful, other = (
        read(world, power=[1.0, power, 1.0], influence=0.2)["benefit.actor0"]
        for world, power in ((WANTED, 0.0), (WANTED, 1.0), (undenied, 1.0))
    )
    assert powerful != powerless == pytest.approx(other)


CONVENED = plain(venues=2).having(convenes=[[0.5, 0.25], [0.0, 1.0]])
HOST, SPENT = plain(4).having(ruler=0, challenger=1), {"venue_total": [0.4, 0.6]}


@pytest.mark.parametrize(
    ("column", "world", "fields", "by_hand"),
    [
        # Security abroad over the budget.
        ("burden.actor0", WANTED,
         {"budget": 0.5, "effort": {0: [[0.2, 0.1, 0], [0.05, 0.1, 0]]}}, 0.05 / 0.5),
        ("burden.actor0", WANTED, {"budget": 0.0, "effort": 0.2}, 0),
        # The share of what is spent in one's own venues.
        ("convening.actor0", CONVENED, {}, 0),
        ("convening.actor0", CONVENED, SPENT, 0.5 * 0.4 / 1.0),
        ("convening.actor1", CONVENED, SPENT, (0.25 * 0.4 + 0.6) / 1.0),
        # How evenly patrons share a host.
        ("hedging.theatre0", HOST, {}, 0),
        ("hedging.theatre0", HOST, {"influence": {(..., 0, 0): [0.5, 0.3, 0.1, 0.1]}}, 0.5),
        ("hedging.theatre0", HOST, {"influence": {(..., 0, 0): [0.5, 0.3, 0.1, 0]}}, 0),
    ],
)  # fmt: skip
def test_a_measure_by_hand(column, world, fields, by_hand):
    assert read(world, **fields)[column] == pytest.approx(by_hand)


def test_every_column_is_written_in_the_order_of_its_name():
    state = begun(WANTED, budget=1.0)
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
    state, workspace = begun(WANTED, budget=1.0, effort=0.01, influence=0.2), WANTED.workspace()
    whole = np.array(list(observed(state).values()))
    for needed in range(1, whole.size + 1):
        workspace.report.memory[:] = np.nan
        outcomes.observe(state._block, workspace.constants, WANTED.facts, workspace.report, needed)
        row = np.array(workspace.report[0].observed)
        assert row[:needed].tobytes() == whole[:needed].tobytes()
        assert np.isnan(row[needed:]).sum() == np.isnan(row).sum()

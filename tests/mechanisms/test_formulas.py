"""The rules' formulas by hand, and which way each moves what it is of, as their authors say."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from tests.worlds import rules

from eurasia_sim.mechanisms import (
    alignment,
    allocation,
    contest,
    cooperation,
    perception,
    recognition,
    regime,
)


def numbers(stem: str, **values: float) -> dict[str, float]:
    """Numbers of the rules whose names begin alike."""
    return {f"{stem}_{name}": value for name, value in values.items()}


CLOSENESS = {"distance_decay": 2000, "contiguity": 0.4}
INTENT = numbers("intent", baseline=-1, pressure=2, revisionism=3, habit=0.5)
PULL = numbers("pull", common=0.5, mutual=2, crisis=0.3, quarrel=3) | numbers(
    "pull", rivalry=4, relation=1, venues=0.1, joint=0.7
)
JOINT = numbers("joint", level=0.6, relation=2, overlap=-1.5) | {"relative_gains": 0.8}
DENIAL = numbers("denial", relation=0.5, power=0.3)
ACCESS = numbers("access", balancing=0.5, recognition=0.3)
OPENED = 0.5 * 1.4 * (1 - 0.6 * 0.25)
RESTRAINT = numbers("restraint", aid=0.2, recognition=0.4, rate=1.2)
BOUGHT = 0.2 * 3 / 4 + 0.4 * 0.5
MILITANTS = numbers("militants", base=0.2, guard=5) | {"suppression": 4, "surge_breeding": 0.5}
WAR = {"organisation": 1.2, "control_remnant": 0.1, "control_pace": 2.4, "aid_half": 3.0}
ROOM = {"feasible_shelter": 0.5, "feasible_rents": 0.4, "provocation": 0.05}
DEALING = numbers("recognition", base=-2, relation=3, prospect=1.5, commerce=0.8) | numbers(
    "recognition", old_ties=2, conduct=1.2
)
KEPT = {"recognition_rate": 0.08}
BY_HAND = [
    (perception.closeness, (1000.0, 0.0), CLOSENESS, exp(-0.5)),
    (perception.closeness, (1000.0, 1.0), CLOSENESS, exp(-0.5) + 0.4),
    (perception.closeness, (0.0, 0.0), CLOSENESS, 1),
    (perception.nearness, (0.3,), {"closeness_half": 0.3}, 0.5),
    (perception.nearness, (0.9,), {"closeness_half": 0.3}, 0.75),
    (perception.nearness, (0.0,), {"closeness_half": 0.3}, 0),
    *(
        (perception.relative_power, powers, None, share)  # the other's share of the two
        for *powers, share in ((1.0, 3.0, 0.75), (0.0, 2.0, 1), (2.0, 0.0, 0), (0.0, 0.0, 0))
    ),
    (perception.intent_odds, (0.1, 0.2, 0.6), INTENT, -1 + 2 * 0.1 + 3 * 0.2 - 0.5 * 0.6),
    (
        perception.perceived_danger, (0.75, 0.25, 0.6, 0.9), {"weight_intent": 0.5},
        0.75 * 0.25 * 0.6 * (0.5 + 0.5 * 0.9),
    ),
    (perception.perceived_danger, (0.9, 0.5, 0.5, 0.0), {"weight_intent": 1}, 0),
    (
        alignment.common_position, (0.8, 0.5, 0.1, 0.4), PULL,
        0.5 * (0.8 - 0.5) - 2 * 0.1 + 0.3 * 0.4,
    ),
    (alignment.quarrel, (0.2, 0.05, -0.5), PULL, 3 * 0.2 + 4 * 0.05 + 0.5),
    (alignment.ties, (1.5, 0.2), PULL, 0.1 * 1.5 + 0.7 * 0.2),
    (
        allocation.budget, (0.25, 0.5), {"budget_elasticity": 0.5, "pressure_effort": 0.2},
        0.5 * exp(0.1),
    ),
    (allocation.budget, (0.25, 0.5), {"budget_elasticity": 0.5, "pressure_effort": 0}, 0.5),
    (allocation.budget, (0.0, 0.5), {}, 0),
    (allocation.relation_factor, (-0.4, 0.7), DENIAL, exp(0.5 * 0.4 + 0.3 * 0.7)),
    # Draws below 0 leave the wish to deny a constant.
    (allocation.relation_factor, (-0.4, 0.7), numbers("denial", relation=-0.2, power=-0.2), 1),
    (cooperation.readiness, (0.4, 0.7), JOINT, log(0.6 / 0.4) - 2 * 0.1 - 1.5 * 0.2),
    (cooperation.joint_odds, (0.2, 0.3), JOINT, 0.2 - 0.8 * (1 - 2 * 0.3)),
    (contest.host_access, (0.4, 0.25, 0.6, 0.0, 0.0), ACCESS, OPENED),
    (
        contest.host_access, (0.4, 0.25, 0.6, 0.2, 0.75), ACCESS,
        1 - (1 - OPENED) / (1 + 0.5 * 0.2 + 0.3 * 0.75),
    ),
    (regime.room, (0.8, 0.5, 2.0), ROOM, 0.5 * 0.8 * 1.2 + 0.05 * 2),
    (regime.fighters_step, (0.2, 0.4, 0.0), WAR, 0.2 + 0.1 * 0.2 * 0.5),
    (regime.fighters_step, (0.2, 0.4, 0.1), WAR, 0.2 + 0.1 * 0.2 * 0.5 + 0.1 * 0.2),
    (regime.fighters_step, (0.001, 0.4, 0.0), WAR, 0.1 * 0.4),
    (regime.fighters_step, (0.2, 0.0, 0.0), WAR, 0.2 * 0.9),
    (regime.control_step, (0.4, 0.8, 0.0), WAR, 0.4 + 0.2 * 0.4),
    (regime.control_step, (0.4, 0.4, 0.5), WAR, 0.4 + 0.5 * 0.4 * 0.6),
    (regime.control_step, (0.9, 1.0, 9.0), WAR, 1),
    (
        regime.strength_step, (0.5, 0.2, 0.3, 6.0), WAR,
        0.5 + 0.1 * (0.8 * (0.3 + 0.7 * 2 / 3) - 0.5),
    ),
    (regime.violence, (0.4, 0.9, 0.25), {"deaths_scale": 20}, 20 * 0.6 * 0.75),
    (
        regime.restraint_step, (0.6, 0.5, 3.0, 0.5, -0.1), RESTRAINT,
        0.6 + 0.1 * (1 - 0.5 * (1 - BOUGHT) - 0.1 - 0.6),
    ),
    (regime.restraint_step, (0.6, 0.5, 3.0, 0.5, 1.0), RESTRAINT, 0.6 + 0.1 * 0.4),
    (
        regime.militants_target, (0.5, 0.25, 1.0, 0.1, 0.2), MILITANTS,
        0.5 * (0.2 + 0.8 * 0.25) * 1.5 / (1 + 4 * 0.1 + 5 * 0.2),
    ),
    (regime.militants_target, (1.0, 1.0, 9.0, 0.0, 0.0), MILITANTS, 1),
    (
        recognition.drive, (-0.25, 0.6, 0.5, 0.4, 0.7), DEALING,
        -2 - 3 * 0.25 + 1.5 * 0.6 * 0.5 + 0.8 * 0.6 * 0.5 * 0.75 - 2 * 0.4 + 1.2 * 0.7,
    ),
    # An enemy is repelled by what draws a friend, and trade does not count.
    (recognition.drive, (-1.0, 0.6, 0.5, 0.0, 0.0), DEALING, -2 - 3 - 1.5 * 0.6),
    (recognition.prospect, (0.3, 0.1), None, 0.75),
    (recognition.prospect, (0.0, 0.0), None, 0),
    *(
        (recognition.flag_step, (flag, may, 1.0, -2.0, chance), KEPT, up)
        for flag, may, chance, up in (
            (0.0, 1.0, 0.08 * expit(1) - 1e-6, 1), (0.0, 1.0, 0.08 * expit(1) + 1e-6, 0),
            (1.0, 0.0, 0.08 * expit(-2) - 1e-6, 0), (1.0, 0.0, 0.08 * expit(-2) + 1e-6, 1),
            (0.0, 0.0, 0.0, 0),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "arguments", "numbers", "by_hand"), BY_HAND)
def test_a_formula_by_hand(formula, arguments, numbers, by_hand):
    found = formula(*arguments, *(() if numbers is None else (rules(**numbers),)))
    assert found == pytest.approx(by_hand)


# How large each argument gets, and which way more of it moves what the formula gives.
STATICS = [
    (perception.closeness, (10000, 1), "-+"),
    (perception.intent_odds, (1, 1, 1), "++-"),
    (perception.perceived_danger, (1, 1, 1, 1), "++++"),
    (alignment.quarrel, (1, 1, 1), "++-"),  # pressure and rivalry part, the relation binds
    (alignment.ties, (1, 1), "++"),
    (allocation.budget, (1, 1), "+ "),  # pressure moves no budget at reference
    (allocation.relation_factor, (1, 1), "-+"),  # a relation binds, power gained unsettles
    (cooperation.readiness, (1, 1), "++"),
    (cooperation.joint_odds, (1, 0.5), "++"),
    (contest.host_access, (1, 1, 1, 1, 1), "+--++"),  # leaning, share, hedging, balancing, known
    (regime.restraint_step, (1, 1, 1, 0.3, 0.01), " -+++"),  # aid, recognition, moderation buy it
    (regime.room, (1, 1, 1), "+++"),
    (regime.strength_step, (1, 1, 1, 9), " -++"),
    (regime.militants_target, (0.5, 0.5, 0.5, 1, 1), "+++--"),
    # Relation, prospect, trade and conduct draw who is no enemy; ties to the fallen hold back.
    (recognition.drive, (0.4, 1, 1, 1, 1), "+++-+"),
]


@pytest.mark.parametrize(("formula", "scale", "signs"), STATICS)
@given(st.lists(st.floats(0.05, 0.9), min_size=6, max_size=6), st.floats(0.01, 0.1))
def test_a_formula_moves_with_each_argument_as_its_author_says(formula, scale, signs, shares, more):
    def value(*raised: int) -> float:
        moved = [share + more * (at in raised) for at, share in enumerate(shares)]
        return formula(*(part * size for part, size in zip(moved, scale, strict=False)), rules())

    for at, sign in enumerate(signs):
        if sign != " ":
            assert (value(at) > value()) == (sign == "+"), at


@given(st.floats(-3, 3), st.floats(0.01, 0.49), st.floats(0, 1.9), st.floats(0.01, 0.1))
def test_griecos_k_lowers_willingness_where_gains_are_unequal_and_only_there(
    ready, own_share, k, more
):
    for share, unequal in ((own_share, True), (0.5, False)):
        little, much = (
            cooperation.joint_odds(ready, share, rules(relative_gains=value))
            for value in (k, k + more)
        )
        assert much < little if unequal else much == pytest.approx(little, rel=1e-12, abs=1e-12)

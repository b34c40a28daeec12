"""The rules' formulas by hand, which way each moves what it is of, and how theories differ.

The protocol's table of theories names these tests; each row of CLAIMS is one claim of one author.
"""

from collections.abc import Iterator
from math import exp, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from tests.worlds import declared, rules

from eurasia_sim.mechanisms import allocation, contest, perception, recognition, regime
from eurasia_sim.mechanisms.alignment import common_position, quarrel, ties
from eurasia_sim.mechanisms.cooperation import joint_odds, readiness

INTENT = {
    "intent_baseline": -1, "intent_pressure": 2, "intent_revisionism": 3, "intent_habit": 0.5,
}  # fmt: skip
PULL = {
    "pull_common": 0.5, "pull_mutual": 2, "pull_crisis": 0.3, "pull_quarrel": 3,
    "pull_rivalry": 4, "pull_relation": 1, "pull_venues": 0.1, "pull_joint": 0.7,
}  # fmt: skip
JOINT = {"joint_level": 0.6, "joint_relation": 2, "joint_overlap": -1.5, "relative_gains": 0.8}
ACCESS, OPENED = {"access_balancing": 0.5, "access_recognition": 0.3}, 0.5 * 1.4 * (1 - 0.6 * 0.25)
WAR = {"organisation": 1.2, "control_remnant": 0.1, "control_pace": 2.4, "aid_half": 3}
ROOM = {"feasible_shelter": 0.5, "feasible_rents": 0.4, "provocation": 0.05}
RESTRAINT = {"restraint_aid": 0.2, "restraint_recognition": 0.4, "restraint_rate": 1.2}
BOUGHT = 0.2 * 3 / 4 + 0.4 * 0.5
MILITANTS = {"militants_base": 0.2, "militants_guard": 5, "suppression": 4, "surge_breeding": 0.5}
DEALING = {
    "recognition_base": -2, "recognition_relation": 3, "recognition_prospect": 1.5,
    "recognition_commerce": 0.8, "recognition_old_ties": 2, "recognition_conduct": 1.2,
}  # fmt: skip
DRAWN = -2 - 3 * 0.25 + 1.5 * 0.6 * 0.5 + 0.8 * 0.6 * 0.5 * 0.75 - 2 * 0.4 + 1.2 * 0.7
COMES, GOES = 0.08 * expit(1), 0.08 * expit(-2)
# A formula; which way more of each argument moves what it gives; then by hand, by some numbers
# (None: it goes by none), what it gives of what it is given.
FORMULAS: list[tuple[Any, str, dict[str, float] | None, dict[tuple[float, ...], float]]] = [
    (perception.closeness, "-+", {"distance_decay": 2000, "contiguity": 0.4},
     {(1000, 0): exp(-0.5), (1000, 1): exp(-0.5) + 0.4, (0, 0): 1}),
    (perception.nearness, "+", {"closeness_half": 0.3}, {(0.3,): 0.5, (0.9,): 0.75, (0,): 0}),
    # The other's share of the two.
    (perception.relative_power, "-+", None, {(1, 3): 0.75, (0, 2): 1, (2, 0): 0, (0, 0): 0}),
    (perception.intent_odds, "++-", INTENT, {(0.1, 0.2, 0.6): -1 + 2 * 0.1 + 3 * 0.2 - 0.5 * 0.6}),
    (perception.perceived_danger, "++++", {"weight_intent": 0.5},
     {(0.75, 0.25, 0.6, 0.9): 0.75 * 0.25 * 0.6 * (0.5 + 0.5 * 0.9)}),
    (perception.perceived_danger, "", {"weight_intent": 1}, {(0.9, 0.5, 0.5, 0): 0}),
    (common_position, "", PULL, {(0.8, 0.5, 0.1, 0.4): 0.5 * (0.8 - 0.5) - 2 * 0.1 + 0.3 * 0.4}),
    # Pressure and rivalry part, the relation binds.
    (quarrel, "++-", PULL, {(0.2, 0.05, -0.5): 3 * 0.2 + 4 * 0.05 + 0.5}),
    (ties, "++", PULL, {(1.5, 0.2): 0.1 * 1.5 + 0.7 * 0.2}),
    # Pressure moves no budget at reference.
    (allocation.budget, "+", {"budget_elasticity": 0.5, "pressure_effort": 0.2},
     {(0.25, 0.5): 0.5 * exp(0.1)}),
    (allocation.budget, "", {"budget_elasticity": 0.5, "pressure_effort": 0},
     {(0.25, 0.5): 0.5, (0, 0.5): 0}),
    # A relation binds, power gained unsettles; draws below 0 leave the wish to deny a constant.
    (allocation.relation_factor, "-+", {"denial_relation": 0.5, "denial_power": 0.3},
     {(-0.4, 0.7): exp(0.5 * 0.4 + 0.3 * 0.7)}),
    (allocation.relation_factor, "", {"denial_relation": -0.2, "denial_power": -0.2},
     {(-0.4, 0.7): 1}),
    (readiness, "++", JOINT, {(0.4, 0.7): log(0.6 / 0.4) - 2 * 0.1 - 1.5 * 0.2}),
    (joint_odds, "++", JOINT, {(0.2, 0.3): 0.2 - 0.8 * (1 - 2 * 0.3)}),
    # Of leaning, share, hedging, balancing and being known.
    (contest.host_access, "+--++", ACCESS,
     {(0.4, 0.25, 0.6, 0, 0): OPENED,
      (0.4, 0.25, 0.6, 0.2, 0.75): 1 - (1 - OPENED) / (1 + 0.5 * 0.2 + 0.3 * 0.75)}),
    (regime.room, "+++", ROOM, {(0.8, 0.5, 2): 0.5 * 0.8 * 1.2 + 0.05 * 2}),
    (regime.fighters_step, "", WAR,
     {(0.2, 0.4, 0): 0.2 + 0.1 * 0.2 * 0.5, (0.2, 0.4, 0.1): 0.2 + 0.1 * 0.2 * (0.5 + 1),
      (0.001, 0.4, 0): 0.1 * 0.4, (0.2, 0, 0): 0.2 * 0.9}),
    # More support never helps the challenger.
    (regime.contest_odds, "+-", None, {(0.3, 0.4): 0.09 / 0.25, (0.3, 0): 1, (0, 0): 0}),
    (regime.control_step, "", WAR,
     {(0.4, 0.8, 0): 0.4 + 0.2 * 0.4, (0.4, 0.4, 0.5): 0.4 + 0.5 * 0.4 * 0.6, (0.9, 1, 9): 1}),
    (regime.strength_step, " -++", WAR,
     {(0.5, 0.2, 0.3, 6): 0.5 + 0.1 * (0.8 * (0.3 + 0.7 * 2 / 3) - 0.5)}),
    (regime.violence, "", {"deaths_scale": 20}, {(0.4, 0.9, 0.25): 20 * 0.6 * 0.75}),
    # Aid, recognition and moderation buy restraint.
    (regime.restraint_step, " -+++", RESTRAINT,
     {(0.6, 0.5, 3, 0.5, -0.1): 0.6 + 0.1 * (1 - 0.5 * (1 - BOUGHT) - 0.1 - 0.6),
      (0.6, 0.5, 3, 0.5, 1): 0.6 + 0.1 * 0.4}),
    (regime.militants_target, "+++--", MILITANTS,
     {(0.5, 0.25, 1, 0.1, 0.2): 0.5 * (0.2 + 0.8 * 0.25) * 1.5 / (1 + 4 * 0.1 + 5 * 0.2),
      (1, 1, 9, 0, 0): 1}),
    # Relation, prospect, trade and conduct draw who is no enemy; ties to the fallen hold back.
    # An enemy is repelled by what draws a friend, and trade does not count.
    (recognition.drive, "+++-+", DEALING,
     {(-0.25, 0.6, 0.5, 0.4, 0.7): DRAWN, (-1, 0.6, 0.5, 0, 0): -2 - 3 - 1.5 * 0.6}),
    (recognition.prospect, "+-", None, {(0.3, 0.1): 0.75, (0, 0): 0}),
    # A flag, whether it may go up, log-odds of going up and back, and chance.
    (recognition.flag_step, "", {"recognition_rate": 0.08},
     {(0, 1, 1, -2, COMES - 1e-6): 1, (0, 1, 1, -2, COMES + 1e-6): 0, (0, 0, 1, -2, 0): 0,
      (1, 0, 1, -2, GOES - 1e-6): 0, (1, 0, 1, -2, GOES + 1e-6): 1}),
]  # fmt: skip
# How large each argument gets, where that is not 1.
SCALES = {
    perception.closeness: (10000, 1), joint_odds: (1, 0.5), regime.strength_step: (1, 1, 1, 9),
    regime.restraint_step: (1, 1, 1, 0.3, 0.01), recognition.drive: (0.4, 1, 1, 1, 1),
    regime.militants_target: (0.5, 0.5, 0.5, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize(("formula", "signs", "numbers", "sums"), FORMULAS)
def test_a_formula_by_hand(formula, signs, numbers, sums):
    p = () if numbers is None else (rules(**numbers),)
    assert [formula(*map(float, each), *p) for each in sums] == pytest.approx([*sums.values()])


@pytest.mark.parametrize(("formula", "signs", "numbers"), [row[:3] for row in FORMULAS if row[1]])
@given(st.lists(st.floats(0.05, 0.9), min_size=6, max_size=6), st.floats(0.01, 0.1))
def test_a_formula_moves_with_each_argument_as_its_author_says(
    formula, signs, numbers, shares, more
):
    arguments = formula.py_func.__code__.co_argcount - (numbers is not None)
    scale, p = SCALES.get(formula, (1,) * arguments), [rules()] * (numbers is not None)

    def value(*raised: int) -> float:
        moved = [share + more * (at in raised) for at, share in enumerate(shares)]
        return formula(*(part * size for part, size in zip(moved, scale, strict=False)), *p)

    for at, sign in enumerate(signs):
        assert sign == " " or (value(at) > value()) == (sign == "+"), at


@given(st.floats(-3, 3), st.floats(0.01, 0.49), st.floats(0, 1.9), st.floats(0.01, 0.1))
def test_griecos_k_lowers_willingness_where_gains_are_unequal_and_only_there(
    ready, own_share, k, more
):
    little, much = (rules(relative_gains=value) for value in (k, k + more))
    assert joint_odds(ready, own_share, much) < joint_odds(ready, own_share, little)
    assert joint_odds(ready, 0.5, much) == joint_odds(ready, 0.5, little) == ready


REALIST, DEFENSIVE = "offensive_realism", "defensive_realism"
WALT, KEOHANE, NULL = "balance_of_threat", "neoliberal_institutionalism", "inertia"
# A formula, and what it is asked before and after a change.
CHANGES = {
    # The wish to keep another out: its power doubles; a good relation turns bad.
    "power": (allocation.relation_factor, (0.0, 0.0), (0.0, 0.7)),
    "relation": (allocation.relation_factor, (0.5, 0.0), (-0.5, 0.0)),
    # Danger seen in another, from the best to the worst intent.
    "intent": (perception.perceived_danger, (0.5, 0.5, 0.5, 0.0), (0.5, 0.5, 0.5, 1.0)),
    # Odds of joint work, from unequal shares to equal ones.
    "equality": (joint_odds, (0.0, 0.1), (0.0, 0.5)),
    # What two lean to each other: more venues, joint work, fears in common, fear of each other.
    "venues": (ties, (0.0, 0.0), (1.0, 0.0)),
    "joint work": (ties, (0.0, 0.0), (0.0, 1.0)),
    "common danger": (common_position, (0.0, 0.5, 0.0, 0.0), (1.0, 0.5, 0.0, 0.0)),
    "mutual danger": (common_position, (0.5, 0.5, 0.0, 0.0), (0.5, 0.5, 1.0, 0.0)),
}
# A theory, what is changed, the least and the most that it brings.
CLAIMS = [
    # Mearsheimer: power gained is answered, whatever the relation; intentions cannot be known.
    (REALIST, "power", 0.3, 1.1),
    (REALIST, "relation", 0.0, 0.0),
    (REALIST, "intent", 0.0, 0.0),
    (REALIST, "equality", 0.9, 1.7),
    (REALIST, "common danger", -0.7, 0.2),
    # Waltz: who is secure answers threat, not power as such; relative gains matter little.
    (DEFENSIVE, "power", 0.0, 0.0),
    (DEFENSIVE, "relation", 0.2, 1.3),
    (DEFENSIVE, "equality", 0.0, 0.4),
    (DEFENSIVE, "common danger", 0.1, 1.3),
    # Walt: threat is intent too, and a threat seen in the other parts.
    (WALT, "intent", 0.05, 0.2),
    (WALT, "mutual danger", -3.5, 0.0),
    # Keohane: gains are absolute; venues and joint work deepen themselves.
    (KEOHANE, "equality", 0.0, 0.0),
    (KEOHANE, "venues", 0.15, 0.9),
    (KEOHANE, "joint work", 0.7, 2.6),
    # Wildavsky, the null: no wish to keep another out answers to anything.
    (NULL, "power", 0.0, 0.0),
    (NULL, "relation", 0.0, 0.0),
]


def corners(theory: str) -> Iterator[Any]:
    """The numbers of a theory: its own values, then each of its ranges at either end."""
    yield rules(theory)
    for name, ends in declared().theories[theory].ranges.items():
        yield from (rules(theory, **{name: end}) for end in ends)


def brought(change: str, p: Any) -> float:
    formula, before, after = CHANGES[change]
    return float(formula(*after, p) - formula(*before, p))


@pytest.mark.parametrize(("theory", "change", "least", "most"), CLAIMS)
def test_a_theory_answers_as_its_author_says_wherever_its_ranges_reach(theory, change, least, most):
    found = [brought(change, p) for p in corners(theory)]
    assert least <= min(found) <= max(found) <= most


@pytest.mark.parametrize(
    ("change", "most", "least"),
    [
        ("power", REALIST, DEFENSIVE), ("relation", DEFENSIVE, REALIST),
        ("equality", REALIST, DEFENSIVE), ("equality", DEFENSIVE, KEOHANE),
        ("joint work", KEOHANE, REALIST), ("joint work", KEOHANE, WALT), ("venues", KEOHANE, WALT),
    ],
)  # fmt: skip
def test_two_theories_that_disagree_are_told_apart(change, most, least):
    """At their own values; where a preset shares a declared range, ends may meet."""
    assert brought(change, rules(most)) > brought(change, rules(least))


def test_a_defensive_realist_is_after_safety_and_an_offensive_one_after_more():
    """Waltz against Mearsheimer: which of the two motives weighs more, over both presets."""
    assert min(p["motive_survival"] / p["motive_primacy"] for p in corners(DEFENSIVE)) > 1.5
    assert min(p["motive_primacy"] / p["motive_survival"] for p in corners(REALIST)) > 1

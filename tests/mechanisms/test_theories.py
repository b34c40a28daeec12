"""What each author says, as a comparative static that holds over the whole of his preset's ranges.

The protocol's table of theories names these tests; each row is one claim of one author.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.worlds import declared, rules

from eurasia_sim.mechanisms import alignment, allocation, cooperation, perception

REALIST, DEFENSIVE = "offensive_realism", "defensive_realism"
WALT, KEOHANE, NULL = "balance_of_threat", "neoliberal_institutionalism", "inertia"
# A formula, and what it is asked before and after a change.
CHANGES = {
    # The wish to keep another out: its power doubles; a good relation turns bad.
    "power": (allocation.relation_factor, (0.0, 0.0), (0.0, 0.7)),
    "quarrel": (allocation.relation_factor, (0.5, 0.0), (-0.5, 0.0)),
    # Danger seen in another, from the best to the worst intent.
    "intent": (perception.perceived_danger, (0.5, 0.5, 0.5, 0.0), (0.5, 0.5, 0.5, 1.0)),
    # Odds of joint work, from unequal shares to equal ones.
    "equality": (cooperation.joint_odds, (0.0, 0.1), (0.0, 0.5)),
    # What two lean to each other: more venues, joint work, fears in common, fear of each other.
    "venues": (alignment.ties, (0.0, 0.0), (1.0, 0.0)),
    "joint work": (alignment.ties, (0.0, 0.0), (0.0, 1.0)),
    "common danger": (alignment.common_position, (0.0, 0.5, 0.0, 0.0), (1.0, 0.5, 0.0, 0.0)),
    "mutual danger": (alignment.common_position, (0.5, 0.5, 0.0, 0.0), (0.5, 0.5, 1.0, 0.0)),
}
# theory, what is changed, the least and the most that it brings
CLAIMS = [
    # Mearsheimer: power gained is answered, whatever the relation; intentions cannot be known.
    (REALIST, "power", 0.3, 1.1),
    (REALIST, "quarrel", 0.0, 0.0),
    (REALIST, "intent", 0.0, 0.0),
    (REALIST, "equality", 0.9, 1.7),
    (REALIST, "common danger", -0.7, 0.2),
    # Waltz: who is secure answers threat, not power as such; relative gains matter little.
    (DEFENSIVE, "power", 0.0, 0.0),
    (DEFENSIVE, "quarrel", 0.2, 1.3),
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
    (NULL, "quarrel", 0.0, 0.0),
]


def corners(theory: str) -> Iterator[Any]:
    """The numbers of a theory: its own values, then each of its ranges at either end."""
    yield rules(theory)
    for name, ends in declared().theories[theory].ranges.items():
        for end in ends:
            yield rules(theory, **{name: end})


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
        ("power", REALIST, DEFENSIVE), ("quarrel", DEFENSIVE, REALIST),
        ("equality", REALIST, DEFENSIVE), ("equality", DEFENSIVE, KEOHANE),
        ("joint work", KEOHANE, REALIST), ("joint work", KEOHANE, WALT), ("venues", KEOHANE, WALT),
    ],
)  # fmt: skip
def test_two_theories_that_disagree_are_told_apart(change, most, least):
    """At their own values; where a preset shares a declared range, ends may meet."""
    assert brought(change, rules(most)) > brought(change, rules(least))


def test_a_defensive_realist_is_after_safety_and_an_offensive_one_after_more():
    """Waltz against Mearsheimer: which of the two motives weighs more, over both presets."""
    safety = [p["motive_survival"] / p["motive_primacy"] for p in corners(DEFENSIVE)]
    greed = [p["motive_primacy"] / p["motive_survival"] for p in corners(REALIST)]
    assert min(safety) > 1.5
    assert min(greed) > 1

"""The words of a verdict, each from layers made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.hypotheses.hypothesis import Hypothesis, Part
from eurasia_sim.hypotheses.verdicts import (
    CONDITIONAL,
    CONTRADICTED,
    ENTAILED,
    REPORTED,
    SUPPORTED,
    UNDETERMINED,
    Estimate,
    Layers,
    Verdict,
    holds,
    judge,
    mirrors,
    wilson,
)
from eurasia_sim.scenarios.outcome_columns import Metric

NULL = "null"
RISES = np.full(100, 0.5)


def part(sign: Any = "+", smallest: float = 0.1) -> Part:
    metric = Metric("sum", ("x",), (), (), False, "mean", 0.0)
    return Part("", (), (), metric, (0, 1), sign, smallest, "")


def between(low: float, high: float, n: int = 10) -> Estimate:
    return Estimate((low + high) / 2, low, high, 1.0, np.nan, np.nan, np.nan, np.nan, n, 0)


SURE, STILL, FALLS = between(0.2, 0.3), between(-0.01, 0.01), between(-0.3, -0.2)


def layers(
    sign: Any = "+", reference: Estimate = SURE, rival: Estimate = SURE, effects: Any = RISES,
    forced: float = 0.5, null: Estimate = STILL,
) -> Layers:  # fmt: skip
    names = {"default": reference, "rival": rival, NULL: null}
    rivals = {("theory", name): own for name, own in names.items()}
    return Layers(part(sign), reference, rivals, np.asarray(effects), np.zeros(3), forced)


OPPOSED = layers(reference=FALLS, rival=FALLS, effects=-RISES)


def judged(points: pd.DataFrame, *found: Layers, join: Any = "all") -> Verdict:
    hypothesis = Hypothesis("X", "", "", "", join, tuple(each.part for each in found))
    return judge(hypothesis, found, points, NULL)


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (layers(), SUPPORTED),
        (layers(null=between(-0.9, -0.8)), SUPPORTED),  # the null need not agree
        (layers(effects=np.repeat([0.5, 0.0], [80, 20])), SUPPORTED),  # four fifths are enough
        (layers(effects=np.repeat([0.5, 0.0], [79, 21])), UNDETERMINED),
        (layers(reference=between(0.05, 0.3)), UNDETERMINED),  # reaches below the smallest effect
        (layers(rival=between(0.05, 0.3)), UNDETERMINED),  # one theory is not sure
        (layers(reference=between(0.2, 0.3, n=0)), UNDETERMINED),  # no run finished
        (OPPOSED, CONTRADICTED),
        (layers(reference=FALLS, effects=-RISES), UNDETERMINED),  # a theory says the opposite
        (layers(forced=0.99), ENTAILED),  # wide coefficients never break it
        (layers(forced=0.989), SUPPORTED),
        # Only a bare sign can be entailed.
        (layers("0", STILL, STILL, np.zeros(100), forced=1.0), SUPPORTED),
        (layers("?"), REPORTED),
    ],
)
def test_the_word_on_a_part(found: Layers, word: str) -> None:
    assert found.word(NULL) == word


def test_signs_that_expect_no_effect_or_no_rise_hold_up_to_the_smallest_effect() -> None:
    across = between(-0.3, 0.3)
    assert not across.holds(part("0"))
    assert not across.mirrors(part("0"))
    assert SURE.mirrors(part("0"))
    assert between(-0.09, 0.09).holds(part("0"))
    assert layers(effects=np.repeat([0.5, np.nan], [50, 50])).share == 1.0  # no failed point counts
    effects = np.array([-1.0, 0.0, 0.09, 0.11])
    assert holds("not +", 0.1, effects).tolist() == [True, True, True, False]
    assert mirrors("not +", 0.1, effects).tolist() == [False, False, False, True]
    assert holds("not -", 0.1, effects).tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("found", "join", "word"),
    [
        ((layers(), layers()), "all", SUPPORTED),
        ((layers(), OPPOSED), "all", CONTRADICTED),
        ((layers(), OPPOSED), "any", SUPPORTED),
        ((OPPOSED, OPPOSED), "any", CONTRADICTED),
        ((layers(forced=1.0), layers()), "all", SUPPORTED),  # what is entailed is no evidence
        ((layers(forced=1.0), layers("?")), "all", ENTAILED),
        ((layers("?"),), "all", REPORTED),
    ],
)
def test_parts_joined_stand_or_fall_together(found: Any, join: Any, word: str) -> None:
    assert judged(pd.DataFrame({"x": np.arange(100.0)}), *found, join=join).word == word


def test_what_holds_in_a_region_alone_is_conditional() -> None:
    effects = np.where(np.arange(100) < 40, 0.5, 0.0)
    rng = np.random.default_rng(1)
    points = pd.DataFrame({"cause": np.arange(100.0), "noise": rng.random(100)})
    found = judged(points, layers(effects=effects))
    assert (found.word, found.share) == (CONDITIONAL, 0.4)
    assert any(limit.startswith("cause ≤") for limit in found.region.limits)
    assert found.region.density >= 0.8


def test_chance_alone_draws_no_region() -> None:
    rng = np.random.default_rng(2)
    points = pd.DataFrame(rng.random((400, 6)), columns=list("abcdef"))
    effects = np.where(rng.random(400) < 0.4, 0.5, 0.0)
    assert judged(points, layers(effects=effects)).word == UNDETERMINED


def test_wilson_gives_the_published_interval() -> None:
    low, high = wilson(0.8, 10)  # Agresti and Coull 1998: 8 of 10
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=5e-4)
    assert wilson(0.5, 0) == (0.0, 1.0)
    assert wilson(0.0, 100)[0] == 0.0

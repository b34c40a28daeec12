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
    holds,
    judge,
    mirrors,
    wilson,
)
from eurasia_sim.scenarios.outcome_columns import Metric

NULL = "null"
RISES = np.full(100, 0.5)


def part(sign: Any = "+", smallest: float = 0.1) -> Part:
    return Part(
        "", (), (), Metric("sum", ("x",), (), (), False, "mean", 0.0), (0, 1), sign, smallest, ""
    )


def between(low: float, high: float, n: int = 10) -> Estimate:
    return Estimate((low + high) / 2, low, high, 1.0, np.nan, np.nan, np.nan, np.nan, n, 0)


def layers(
    sign: Any = "+", reference: Estimate | None = None, rival: Estimate | None = None, effects: Any = RISES,
    forced: float = 0.5, null: Estimate | None = None,
) -> Layers:  # fmt: skip
    reference = reference or between(0.2, 0.3)
    theories = {
        "default": reference,
        "rival": rival or between(0.2, 0.3),
        NULL: null or between(-0.01, 0.01),
    }
    return Layers(part(sign), reference, theories, {}, np.asarray(effects), np.zeros(3), forced)


def verdict(*found: Layers, join: Any = "all") -> str:
    hypothesis = Hypothesis("X", "", "", "", join, tuple(each.part for each in found))
    return judge(hypothesis, found, pd.DataFrame({"x": np.arange(100.0)}), NULL).word


def test_what_holds_at_reference_in_the_space_and_in_every_theory_is_supported() -> None:
    assert layers().word(NULL) == SUPPORTED


def test_the_null_need_not_agree() -> None:
    assert layers(null=between(-0.9, -0.8)).word(NULL) == SUPPORTED


@pytest.mark.parametrize(
    "found",
    [
        layers(reference=between(0.05, 0.3)),  # the interval reaches below the smallest effect
        layers(rival=between(0.05, 0.3)),  # one theory is not sure
        layers(effects=np.repeat([0.5, 0.0], [79, 21])),  # 79 % of the space
        layers(reference=between(0.2, 0.3, n=0)),  # no run finished
    ],
)
def test_one_missing_layer_leaves_it_undetermined(found: Layers) -> None:
    assert found.word(NULL) == UNDETERMINED


def test_four_fifths_of_the_space_are_enough() -> None:
    assert layers(effects=np.repeat([0.5, 0.0], [80, 20])).word(NULL) == SUPPORTED


def test_the_mirror_of_all_layers_is_contradicted() -> None:
    falls = between(-0.3, -0.2)
    assert layers(reference=falls, rival=falls, effects=-RISES).word(NULL) == CONTRADICTED
    assert (
        layers(reference=falls, effects=-RISES).word(NULL) == UNDETERMINED
    )  # a theory still says the opposite


def test_a_sign_that_wide_coefficients_never_break_is_entailed_whatever_else_holds() -> None:
    assert layers(forced=0.99).word(NULL) == ENTAILED
    assert layers(forced=0.989).word(NULL) == SUPPORTED


def test_only_a_bare_sign_can_be_entailed() -> None:
    still = between(-0.01, 0.01)
    assert layers("0", still, still, np.zeros(100), forced=1.0).word(NULL) == SUPPORTED


def test_no_sign_no_word() -> None:
    assert layers("?").word(NULL) == REPORTED


def test_no_effect_means_within_the_smallest_effect_and_its_mirror_beyond_it_on_one_side() -> None:
    across = between(-0.3, 0.3)
    assert not across.holds(part("0"))
    assert not across.mirrors(part("0"))
    assert between(0.2, 0.3).mirrors(part("0"))
    assert between(-0.09, 0.09).holds(part("0"))


def test_not_plus_holds_up_to_the_smallest_effect() -> None:
    effects = np.array([-1.0, 0.0, 0.09, 0.11])
    assert holds("not +", 0.1, effects).tolist() == [True, True, True, False]
    assert mirrors("not +", 0.1, effects).tolist() == [False, False, False, True]
    assert holds("not -", 0.1, effects).tolist() == [False, True, True, True]


def test_parts_joined_by_and_stand_or_fall_together() -> None:
    falls = between(-0.3, -0.2)
    opposed = layers(reference=falls, rival=falls, effects=-RISES)
    assert verdict(layers(), layers()) == SUPPORTED
    assert verdict(layers(), opposed) == CONTRADICTED
    assert verdict(layers(), opposed, join="any") == SUPPORTED
    assert verdict(opposed, opposed, join="any") == CONTRADICTED


def test_what_is_entailed_is_no_evidence_and_leaves_the_rest_to_decide() -> None:
    assert verdict(layers(forced=1.0), layers()) == SUPPORTED
    assert verdict(layers(forced=1.0), layers("?")) == ENTAILED
    assert verdict(layers("?")) == REPORTED


def test_what_holds_in_a_region_alone_is_conditional() -> None:
    effects = np.where(np.arange(100) < 40, 0.5, 0.0)
    hypothesis = Hypothesis("X", "", "", "", "all", (part(),))
    rng = np.random.default_rng(1)
    points = pd.DataFrame({"cause": np.arange(100.0), "noise": rng.random(100)})
    found = judge(hypothesis, [layers(effects=effects)], points, NULL)
    assert found.word == CONDITIONAL
    assert found.share == 0.4
    assert found.region is not None
    assert any(limit.startswith("cause ≤") for limit in found.region.limits)
    assert found.region.density >= 0.8


def test_chance_alone_draws_no_region() -> None:
    rng = np.random.default_rng(2)
    points = pd.DataFrame(rng.random((400, 6)), columns=list("abcdef"))
    effects = np.where(rng.random(400) < 0.4, 0.5, 0.0)
    hypothesis = Hypothesis("X", "", "", "", "all", (part(),))
    assert judge(hypothesis, [layers(effects=effects)], points, NULL).word == UNDETERMINED


def test_failed_points_count_nowhere() -> None:
    effects = np.repeat([0.5, np.nan], [50, 50])
    assert layers(effects=effects).share == 1.0


def test_wilson_gives_the_published_interval() -> None:
    low, high = wilson(0.8, 10)  # Agresti and Coull 1998: 8 of 10
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=5e-4)
    assert wilson(0.5, 0) == (0.0, 1.0)
    assert wilson(0.0, 100)[0] == 0.0

"""Mediated shares of an effect, and tipping points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.hypotheses.arms import Plan, effect, read_runs
from eurasia_sim.hypotheses.hypothesis import Part
from eurasia_sim.hypotheses.mediation import OUTPUTS, _shares, is_mediated, mediated_shares
from eurasia_sim.hypotheses.tipping_points import correlations, in_words
from eurasia_sim.scenarios.outcome_columns import Metric
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.world.world import load_world


def part(column: str) -> Part:
    metric = Metric("sum", (column,), (), (), False, "mean", 0.0)
    world = load_world()
    window = (world.month("2023-01"), world.month("2024-01"))
    return Part("", (("us_exit", ()),), (("us_stays", ()),), metric, window, "+", 0.01, "")


def test_an_effect_on_what_a_mechanism_hands_over_goes_when_that_mechanism_is_held() -> None:
    world = load_world()
    asked, other = part("alignment.russia.china"), part("competition.russia-china.central_asia")
    plan, theory = Plan.of(world, [asked]), world.default_theory
    draws = reference_draws(plan.inputs(asked.plus[0], theory, {}), 2, 5)
    assert abs(effect(plan, asked, read_runs(plan, theory, {}, draws))).min() > 0
    shares, beside = mediated_shares(plan, [asked, other], theory, draws)
    assert [beside] == mediated_shares(plan, [other], theory, draws)  # whatever else is read
    assert list(shares) == list(OUTPUTS)
    assert shares["alignment"] == pytest.approx(1.0, abs=1e-12)
    assert any(abs(share - 1.0) > 1e-6 for share in shares.values())  # not all of it elsewhere


def test_shares_are_of_the_free_effect_and_failed_runs_count_nowhere() -> None:
    held = [[2.0, np.nan, 4.0]] + [[1.0, 7.0, 2.0]] * len(OUTPUTS)
    assert set(_shares(np.array(held)).values()) == {0.5}
    assert np.isnan(list(_shares(np.zeros((1 + len(OUTPUTS), 2))).values())).all()


def test_only_two_arms_of_the_same_numbers_can_be_laid_side_by_side() -> None:
    asked = part("alignment.russia.china")
    fixed = ("us_exit", (("rules.cooperation.relative_gains", 0.8),))
    assert is_mediated(asked)
    assert not is_mediated(replace(asked, less=()))
    assert not is_mediated(replace(asked, plus=(fixed,)))


def test_a_tipping_point_is_told_in_words() -> None:
    assert in_words({}, 0.0, 52) == "none found in 52"
    found = in_words({"rules.a.decay": 1500.0, "rules.b.k": 0.25}, 0.5, 52)
    assert found == "a.decay = 1.5e+03, b.k = 0.25 (50% of the way)"
    many = in_words({f"rules.a.n{at}": 1.0 for at in range(5)}, 1.0, 52)
    assert many.endswith("and 2 more (100% of the way)")


def test_the_number_that_goes_closest_with_an_effect_is_tried_first() -> None:
    rising = np.arange(1.0, 6.0)
    points = pd.DataFrame({"weak": [1.0, 3.0, 2.0, 4.0, 5.0], "falls": rising[::-1], "same": 1.0})
    found = correlations(points, rising, ["weak", "falls", "same"])
    assert list(found) == ["falls", "weak"]
    assert found["falls"] == pytest.approx(-1.0)

"""Through what an effect travels, and what would reverse it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.hypotheses import mediation
from eurasia_sim.hypotheses.arms import Plan, effect, read_runs
from eurasia_sim.hypotheses.hypothesis import Part
from eurasia_sim.hypotheses.mediation import _shares, is_mediated as can_travel, mediated_shares as travelled
from eurasia_sim.hypotheses.tipping_points import in_words, correlations as _pulls
from eurasia_sim.scenarios.outcome_columns import Metric
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.world.world import World, load_world


def part(world: World, column: str, plus: str = "us_exit", less: str = "us_stays") -> Part:
    metric = Metric("sum", (column,), (), (), False, "mean", 0.0)
    window = (world.month("2023-01"), world.month("2024-01"))
    return Part("", ((plus, ()),), ((less, ()),), metric, window, "+", 0.01, "")


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def test_an_effect_on_what_a_mechanism_hands_over_goes_when_that_mechanism_is_held(
    world: World,
) -> None:
    asked = part(world, "alignment.russia.china")
    plan = Plan.of(world, [asked])
    theory = world.default_theory
    draws = reference_draws(plan.inputs(asked.plus[0], theory, {}), 2, 5)
    assert abs(effect(plan, asked, read_runs(plan, theory, {}, draws))).min() > 0
    other = part(world, "competition.russia-china.central_asia")
    shares, beside = travelled(plan, [asked, other], theory, draws)
    assert [beside] == travelled(
        plan, [other], theory, draws
    )  # whatever else is read off the same runs
    assert list(shares) == list(mediation.OUTPUTS)
    assert shares["alignment"] == pytest.approx(1.0, abs=1e-12)
    assert any(
        abs(share - 1.0) > 1e-6 for share in shares.values()
    )  # the others do not hold it all


def test_shares_are_of_the_free_effect_and_failed_runs_count_nowhere() -> None:
    held = [[2.0, np.nan, 4.0]] + [[1.0, 7.0, 2.0]] * len(mediation.OUTPUTS)
    assert set(_shares(np.array(held)).values()) == {0.5}
    assert all(
        np.isnan(share) for share in _shares(np.zeros((1 + len(mediation.OUTPUTS), 2))).values()
    )


def test_only_two_arms_of_the_same_numbers_can_be_laid_side_by_side(world: World) -> None:
    asked = part(world, "alignment.russia.china")
    assert can_travel(asked)
    assert not can_travel(Part("", asked.plus, (), asked.metric, asked.window, "+", 0.01, ""))
    fixed = (("us_exit", (("rules.cooperation.relative_gains", 0.8),)),)
    assert not can_travel(Part("", fixed, asked.less, asked.metric, asked.window, "+", 0.01, ""))


def test_a_reversal_is_told_in_words() -> None:
    assert in_words({}, float("nan"), 52) == "none found in 52"
    found = Reversal({"rules.a.decay": 1500.0, "rules.b.k": 0.25}, 0.5, 52)
    assert found.words == "a.decay = 1.5e+03, b.k = 0.25 (50% of the way)"
    many = Reversal({f"rules.a.n{at}": 1.0 for at in range(5)}, 1.0, 52)
    assert many.words.endswith("and 2 more (100% of the way)")


def test_the_number_that_goes_closest_with_an_effect_is_tried_first() -> None:
    points = pd.DataFrame(
        {"weak": [1.0, 3.0, 2.0, 4.0, 5.0], "falls": [5.0, 4.0, 3.0, 2.0, 1.0], "same": 1.0}
    )
    pulls = _pulls(
        points, pd.Series([1.0, 2.0, 3.0, 4.0, 5.0]).to_numpy(), ["weak", "falls", "same"]
    )
    assert list(pulls) == ["falls", "weak"]
    assert pulls["falls"] == pytest.approx(-1.0)

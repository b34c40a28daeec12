"""Readings of a run, and effects: sums done by hand."""

import math

import numpy as np
import pytest

from eurasia_sim.hypotheses.arms import Plan, effect, read
from eurasia_sim.hypotheses.hypothesis import Part, Smallest
from eurasia_sim.scenarios.outcome_columns import Metric

MONTHS = {
    "a": np.array([[1.0, 2.0, 3.0, 4.0]]),
    "b": np.array([[3.0, 2.0, 1.0, 0.0]]),
    "c": np.array([[2.0, 2.0, 4.0, 4.0]]),
    "none": np.zeros((1, 4)),
}


def metric(kind: str, *columns: str, **changed: object) -> Metric:
    given = {"less": (), "over": (), "log": False, "read": "mean", "level": 0.0, **changed}
    return Metric(kind=kind, columns=columns, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (metric("sum", "a", "b"), 4.0),
        (metric("mean", "a", "b"), 2.0),
        (metric("least", "a", "b"), (1 + 2 + 1 + 0) / 4),
        (metric("greatest", "a", "b"), (3 + 2 + 3 + 4) / 4),
        (metric("sum", "a", less=("b",)), (-2 + 0 + 2 + 4) / 4),
        (metric("sum", "a", over=("c",)), (0.5 + 1 + 0.75 + 1) / 4),
        (metric("sum", "a", over=("none",)), 0.0),  # nothing of nothing is none of it
        (metric("sum", "c", log=True), (2 * math.log(2) + 2 * math.log(4)) / 4),
        (metric("sum", "a", read="slope"), 12.0),  # one a month is twelve a year
        (metric("sum", "b", read="slope"), -12.0),
        (metric("sum", "a", read="months_until", level=3.0), 2.0),
        (metric("sum", "a", read="months_until", level=9.0), 4.0),  # never: all of the window
    ],
)
def test_a_metric_reads_what_a_sum_by_hand_gives(asked: Metric, answer: float) -> None:
    assert read(asked, (0, 4), 0, MONTHS) == pytest.approx([answer])


def test_a_window_leaves_other_months_out_and_a_failed_run_reads_as_missing() -> None:
    assert read(metric("sum", "a"), (12, 14), 10, MONTHS) == pytest.approx([3.5])
    broken = {"a": np.full((1, 4), np.nan)}
    for how in ("mean", "slope", "months_until"):
        assert np.isnan(read(metric("sum", "a", read=how, level=1.0), (0, 4), 0, broken)).all()


def test_an_effect_is_what_some_arms_give_less_what_others_give() -> None:
    asked = metric("sum", "a")
    one, two, three, four = (("one", ()), ("two", ()), ("three", ()), ("four", ()))
    part = Part("", (one, two), (three, four), asked, (0, 4), "+", Smallest(0.1), "")
    plan = Plan(None, (four, three, two, one), ((asked, (0, 4)),))  # type: ignore[arg-type]
    values = np.array([[4.0], [3.0], [20.0], [10.0]])[:, :, None]
    assert effect(plan, part, values) == pytest.approx([10 + 20 - 3 - 4])

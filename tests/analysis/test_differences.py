"""Paired differences: by hand, exact in their parts, and refused where nothing pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from eurasia_sim.analysis.differences import (
    gap_interval,
    mean_interval,
    paired_difference,
    parts,
    quantile_shifts,
    unpaired_difference,
)

PAIR = "a-b.everywhere"


def frame(met: list[float], joint: list[float], seeds: list[int] | None = None) -> pd.DataFrame:
    c, j = np.array(met), np.array(joint)
    return pd.DataFrame(
        {
            "run": range(len(met)),
            "seed": seeds or range(len(met)),
            f"colocation.{PAIR}": c,
            f"competition.{PAIR}": c * (1 - j),
            f"cooperation.{PAIR}": c * j,
        }
    )


def test_parts_by_hand() -> None:
    first, second = frame([0.6], [0.5]), frame([0.4], [0.25])
    meeting, joining = parts(first, second, f"competition.{PAIR}")
    assert meeting[0] == pytest.approx(0.2 * (1 - 0.375))  # more meeting, at the middle joint share
    assert joining[0] == pytest.approx(-0.25 * 0.5)  # more of it joint, at the middle meeting


shares = st.lists(st.floats(0, 1), min_size=3, max_size=3)


@given(shares, shares, shares, shares)
def test_parts_add_up_to_the_difference(
    c1: list[float], j1: list[float], c2: list[float], j2: list[float]
) -> None:
    first, second = frame(c1, j1), frame(c2, j2)
    for kind in ("competition", "cooperation"):
        meeting, joining = parts(first, second, f"{kind}.{PAIR}")
        change = first[f"{kind}.{PAIR}"] - second[f"{kind}.{PAIR}"]
        assert np.allclose(meeting + joining, change, atol=1e-12)


def test_a_difference_by_hand() -> None:
    first, second = frame([0.5, 0.7, 0.6], [0, 0, 0]), frame([0.4, 0.5, 0.7], [0, 0, 0])
    found = paired_difference(first, second, f"competition.{PAIR}")
    assert found.mean == pytest.approx((0.1 + 0.2 - 0.1) / 3)
    assert (found.positive, found.negative, found.n) == (
        pytest.approx(2 / 3),
        pytest.approx(1 / 3),
        3,
    )
    assert found.low <= found.mean <= found.high
    assert found.effect_size == pytest.approx(found.mean / np.std([0.1, 0.2, -0.1]))


def test_failed_runs_take_no_part() -> None:
    first, second = frame([0.5, 0.7, 0.6], [0, 0, 0]), frame([0.4, 0.5, 0.5], [0, 0, 0])
    first.loc[1, f"competition.{PAIR}"] = np.nan
    found = paired_difference(first, second, f"competition.{PAIR}")
    assert found.n == 2
    assert found.mean == pytest.approx(0.1)


def test_runs_with_other_seeds_do_not_pair() -> None:
    with pytest.raises(ValueError, match="pairing needs equal seeds"):
        paired_difference(frame([0.5], [0]), frame([0.5], [0], seeds=[9]), f"competition.{PAIR}")


def test_what_does_not_vary_has_an_interval_of_no_width() -> None:
    assert mean_interval(np.full(5, 0.25)) == (0.25, 0.25)
    low, high = mean_interval(np.array([0.0, 1.0, 0.5, 0.2]))
    assert low < 0.425 < high
    assert (low, high) == mean_interval(np.array([0.0, 1.0, 0.5, 0.2]))


def measured(first: list[float], second: list[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    return tuple(
        pd.DataFrame({"run": range(len(v)), "seed": range(len(v)), "m": np.array(v)})
        for v in (first, second)
    )


def test_a_difference_without_pairs_by_hand() -> None:
    found = unpaired_difference(*measured([1.0, 2.0, 3.0], [2.0, 0.0]), "m")
    assert found.mean == pytest.approx(2 - 1)
    assert (found.positive, found.negative, found.n) == (
        pytest.approx(4 / 6),
        pytest.approx(1 / 6),
        2,
    )
    assert found.superiority == pytest.approx((4 + 0.5) / 6)  # one tie in six combinations
    assert found.effect_size == pytest.approx(1 / np.sqrt((1 + 2) / 2))
    assert found.low < 1 < found.high
    assert np.isnan([found.correlation, found.variance_gain, found.joint_part]).all()


def test_superiority_of_pairs_counts_a_tie_half() -> None:
    assert (
        paired_difference(*measured([1.0, 2.0, 3.0, 9.0], [0.0, 2.0, 4.0, 5.0]), "m").superiority
        == 0.625
    )


def test_superiority_without_pairs_is_that_of_the_rank_test() -> None:
    rng = np.random.default_rng(5)
    one, two = rng.integers(0, 6, 40) / 2, rng.integers(0, 7, 31) / 2
    found = unpaired_difference(*measured(list(one), list(two)), "m")
    assert found.superiority == pytest.approx(mannwhitneyu(one, two).statistic / (40 * 31))


def test_quantile_shifts_by_hand() -> None:
    values = np.arange(101.0)
    assert quantile_shifts(values, values - 2) == pytest.approx((2, 2, 2, 2, 2))
    assert quantile_shifts(2 * values, values) == pytest.approx((5, 25, 50, 75, 95))
    assert np.isnan(quantile_shifts(values, values[:0])).all()


numbers = st.lists(st.integers(-4, 4).map(lambda k: k / 4), min_size=0, max_size=9)


@given(numbers, numbers)
def test_the_sides_change_places_and_only_the_sign_changes(
    one: list[float], two: list[float]
) -> None:
    both = min(len(one), len(two))
    for given_, difference in (
        (measured(one, two), unpaired_difference),
        (measured(one[:both], two[:both]), paired_difference),
    ):
        there, back = difference(*given_, "m"), difference(*given_[::-1], "m")
        assert there.mean == pytest.approx(-back.mean, nan_ok=True)
        assert (there.positive, there.n) == (pytest.approx(back.negative, nan_ok=True), back.n)
        assert there.effect_size == pytest.approx(-back.effect_size, nan_ok=True)
        if there.n:
            assert there.superiority + back.superiority == pytest.approx(1)
            assert 0 <= there.superiority <= 1
    shifts, back_shifts = (
        quantile_shifts(np.array(one), np.array(two)),
        quantile_shifts(np.array(two), np.array(one)),
    )
    assert shifts == pytest.approx([-shift for shift in back_shifts], nan_ok=True)


def test_where_every_run_failed_there_is_no_number() -> None:
    nothing = [np.nan, np.nan]
    for difference in (paired_difference, unpaired_difference):
        found = difference(*measured(nothing, [1.0, 2.0]), "m")
        assert found.n == 0
        assert np.isnan(
            [found.mean, found.low, found.high, found.superiority, found.effect_size]
        ).all()


def test_an_interval_does_not_depend_on_how_many_values_are_held_at_once(monkeypatch) -> None:
    values = np.random.default_rng(2).normal(size=50)
    whole = mean_interval(values)
    monkeypatch.setattr("eurasia_sim.analysis.differences._VALUES_AT_ONCE", 500)
    assert mean_interval(values) == whole


def test_the_interval_of_a_gap_without_pairs() -> None:
    assert gap_interval(np.full(3, 2.0), np.full(4, 0.5)) == (1.5, 1.5)
    assert np.isnan(gap_interval(np.ones(1), np.ones(5))).all()
    one, two = np.random.default_rng(2).normal(size=(2, 200))
    low, high = gap_interval(one, two)
    half = 1.96 * np.sqrt(one.var(ddof=1) / 200 + two.var(ddof=1) / 200)
    assert (low, high) == pytest.approx(
        (one.mean() - two.mean() - half, one.mean() - two.mean() + half), abs=0.02
    )

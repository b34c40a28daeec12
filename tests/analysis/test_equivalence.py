"""What a difference amounts to: by hand, as two one-sided tests say, and never both different and equivalent."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind

from eurasia_sim.analysis.differences import paired_difference
from eurasia_sim.analysis.differences import (
    DIFFERENT,
    EQUIVALENT,
    INCONCLUSIVE,
    SMALL_SHARE,
    compared,
    judged,
    paired_precision,
    unpaired_precision,
)


def measured(*sides: list[float]) -> list[pd.DataFrame]:
    return [
        pd.DataFrame({"run": range(len(v)), "seed": range(len(v)), "m": np.array(v)}) for v in sides
    ]


def two_sides(seed: int, shift: float, n: int = 30) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    second = rng.normal(size=n)
    return list(second + shift + rng.normal(scale=0.3, size=n)), list(second)


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.02, 0.3])
def test_the_p_value_is_that_of_two_one_sided_tests(shift: float) -> None:
    one, two = two_sides(3, shift)
    change = np.subtract(one, two)
    paired = max(
        ttest_1samp(change, -0.1, alternative="greater").pvalue,
        ttest_1samp(change, 0.1, alternative="less").pvalue,
    )
    assert compared(*measured(one, two), "m", 0.1, are_paired=True).judgement.p == pytest.approx(
        paired
    )
    fewer = two[:17]
    apart = max(
        ttest_ind(np.add(one, 0.1), fewer, equal_var=False, alternative="greater").pvalue,
        ttest_ind(np.subtract(one, 0.1), fewer, equal_var=False, alternative="less").pvalue,
    )
    assert compared(*measured(one, fewer), "m", 0.1, are_paired=False).judgement.p == pytest.approx(
        apart
    )


def test_a_large_shift_is_different_a_tiny_one_equivalent_and_one_between_takes_more_runs() -> None:
    words = [
        compared(*measured(*two_sides(3, shift)), "m", 0.2, are_paired=True).judgement.word
        for shift in (0.8, 0.01, 0.22, -0.8)
    ]
    assert words == [DIFFERENT, EQUIVALENT, INCONCLUSIVE, DIFFERENT]


def test_the_default_smallest_effect_is_a_share_of_the_runs_own_spread() -> None:
    found = compared(*measured([1.0, 3.0], [2.0, 6.0]), "m", are_paired=True)
    assert found.judgement.smallest == pytest.approx(SMALL_SHARE * math.sqrt((2 + 8) / 2))


def test_the_runs_still_needed_by_hand() -> None:
    # Differences 0, 2, 1, 1: mean 1, variance 2/3. To clear 0.5: (1.96 / 0.5)^2 2/3 + 1.96^2 / 2 = 12.17, 4 are there.
    above = compared(
        *measured([0.0, 2.0, 1.0, 1.0], [0.0] * 4), "m", 0.5, are_paired=True
    ).judgement
    assert (above.word, above.more) == (INCONCLUSIVE, 13 - 4)
    assert str(above) == "inconclusive: about 9 more runs"
    # To stay within 1.5 at 5 % a side: (1.645 / 0.5)^2 2/3 + 1.645^2 / 2 = 8.57.
    within = compared(
        *measured([0.0, 2.0, 1.0, 1.0], [0.0] * 4), "m", 1.5, are_paired=True
    ).judgement
    assert (within.word, within.more) == (INCONCLUSIVE, 9 - 4)
    edge = compared(*measured([0.0, 2.0, 1.0, 1.0], [0.0] * 4), "m", 1.0, are_paired=True).judgement
    assert edge.more == math.inf
    assert "over a million more runs" in str(edge)


def test_with_as_many_runs_as_are_asked_for_the_same_spread_tells() -> None:
    few = compared(
        *measured([0.0, 2.0, 1.0, 1.0] * 2, [0.0] * 8), "m", 0.6, are_paired=True
    ).judgement
    assert few.word == INCONCLUSIVE
    times = math.ceil((8 + few.more) / 4)
    assert compared(*measured([0.0, 2.0, 1.0, 1.0] * times, [0.0] * 4 * times), "m", 0.6, are_paired=True
                    ).judgement.word == DIFFERENT  # fmt: skip


def test_a_handful_of_runs_all_on_one_side_is_not_yet_different() -> None:
    found = compared(*measured([0.1, 0.9, 0.2, 1.4], [0.0] * 4), "m", 0.0, are_paired=True)
    assert found.difference.low > 0  # the percentile interval alone would say so
    assert found.judgement.word == INCONCLUSIVE


def test_what_does_not_vary_is_judged_as_it_stands() -> None:
    same, moved = (
        measured([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
        measured([1.5, 1.5, 1.5], [1.0, 1.0, 1.0]),
    )
    assert compared(*same, "m", are_paired=True).judgement.word == EQUIVALENT
    assert compared(*moved, "m", are_paired=True).judgement.word == DIFFERENT
    assert compared(*moved, "m", 0.6, are_paired=False).judgement.word == EQUIVALENT


def test_one_run_tells_nothing() -> None:
    for are_paired in (True, False):
        judgement = compared(*measured([1.0], [0.0]), "m", 0.1, are_paired=are_paired).judgement
        assert str(judgement) == "inconclusive: too few runs"


def test_failed_runs_take_no_part_in_any_number() -> None:
    with_failed = compared(
        *measured([1.0, np.nan, 2.0, 4.0], [0.0, 9.0, 1.5, np.nan]), "m", 0.1, are_paired=True
    )
    without = compared(*measured([1.0, 2.0], [0.0, 1.5]), "m", 0.1, are_paired=True)
    assert with_failed == replace(without, difference=with_failed.difference)
    assert with_failed.difference.n == 2
    apart = compared(*measured([1.0, np.nan, 2.0], [0.0, 1.5]), "m", 0.1, are_paired=False)
    assert apart.shifts == without.shifts


values = st.lists(st.floats(-1, 1), min_size=2, max_size=12)


@given(values, values, st.floats(0, 0.5), st.booleans())
def test_the_verdict_does_not_care_which_side_is_named_first(
    one: list[float], two: list[float], smallest: float, are_paired: bool
) -> None:
    if are_paired:
        one, two = one[: len(two)], two[: len(one)]
    there = compared(*measured(one, two), "m", smallest, are_paired=are_paired)
    back = compared(*measured(two, one), "m", smallest, are_paired=are_paired)
    assert there.judgement.p == pytest.approx(back.judgement.p, abs=1e-9)
    assert there.shifts == pytest.approx([-shift for shift in back.shifts])
    if are_paired:
        assert there.judgement.word == back.judgement.word
        assert (there.difference.low, there.difference.high) == pytest.approx(
            (-back.difference.high, -back.difference.low), abs=1e-12
        )


@given(values, st.floats(0.001, 0.5))
def test_a_larger_smallest_effect_never_turns_equivalent_into_different(
    change: list[float], smallest: float
) -> None:
    first, second = measured(change, [0.0] * len(change))
    found, precision = paired_difference(first, second, "m"), paired_precision(np.array(change))
    near, far = judged(found, precision, smallest), judged(found, precision, 2 * smallest)
    assert far.p <= near.p
    assert (near.word, far.word) not in {
        (EQUIVALENT, DIFFERENT),
        (EQUIVALENT, INCONCLUSIVE),
        (INCONCLUSIVE, DIFFERENT),
    }


def test_precision_without_pairs_is_welchs() -> None:
    one, two = np.array([1.0, 2.0, 4.0]), np.array([0.0, 5.0])
    test = ttest_ind(one, two, equal_var=False)
    found = unpaired_precision(one, two)
    assert found.freedom == pytest.approx(test.df)
    assert (one.mean() - two.mean()) / found.error == pytest.approx(test.statistic)

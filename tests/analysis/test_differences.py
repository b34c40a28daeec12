"""Differences by hand, exact in their parts, and never both different and equivalent."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, ttest_1samp, ttest_ind

from eurasia_sim.analysis.contrast import difference_summary, says, tidy
from eurasia_sim.analysis.differences import (
    DIFFERENT,
    EQUIVALENT,
    INCONCLUSIVE,
    PARTS,
    SMALL_SHARE,
    Compared,
    Difference,
    compared,
    gap_interval,
    judged,
    mean_interval,
    paired_difference,
    paired_precision,
    parts,
    quantile_shifts,
)

PAIR = "a-b.everywhere"
shares = st.lists(st.floats(0, 1), min_size=3, max_size=3)
numbers = st.lists(st.integers(-4, 4).map(lambda k: k / 4), min_size=0, max_size=9)
values = st.lists(st.floats(-1, 1), min_size=2, max_size=12)


def overlap(met: list[float], joint: list[float]) -> pd.DataFrame:
    c, j = np.array(met), np.array(joint)
    names = [f"{kind}.{PAIR}" for kind in ("colocation", "competition", "cooperation")]
    table = dict(zip(names, (c, c * (1 - j), c * j), strict=True))
    return pd.DataFrame({"run": range(len(met)), "seed": range(len(met)), **table})


def measured(*sides: Any) -> list[pd.DataFrame]:
    return [
        pd.DataFrame({"run": range(len(v)), "seed": range(len(v)), "m": np.array(v)}) for v in sides
    ]


def pairs(one: Any, two: Any, smallest: float | None = None) -> Compared:
    return compared(*measured(one, two), "m", smallest, are_paired=True)


def sides(one: Any, two: Any, smallest: float | None = None) -> Compared:
    return compared(*measured(one, two), "m", smallest, are_paired=False)


def paired(one: Any, two: Any) -> Difference:
    return pairs(one, two).difference


def apart(one: Any, two: Any) -> Difference:
    return sides(one, two).difference


BOTH = (paired, apart)


def shifted(shift: float, n: int = 30) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(3)
    second = rng.normal(size=n)
    return list(second + shift + rng.normal(scale=0.3, size=n)), list(second)


@given(shares, shares, shares, shares)
def test_parts_add_up_to_the_difference(
    c1: list[float], j1: list[float], c2: list[float], j2: list[float]
) -> None:
    first, second = overlap(c1, j1), overlap(c2, j2)
    both = [[own[f"{x}.{PAIR}"].to_numpy() for own in (first, second)] for x in PARTS]
    for kind in ("competition", "cooperation"):
        change = first[f"{kind}.{PAIR}"] - second[f"{kind}.{PAIR}"]
        assert np.allclose(sum(parts(kind, *both)), change, atol=1e-12)
    met, together = np.array([[0.6], [0.4]]), np.array([[0.3], [0.1]])
    meeting, joining = parts("competition", met, together)
    assert meeting[0] == pytest.approx(0.2 * (1 - 0.375))  # more meeting, at the middle joint share
    assert joining[0] == pytest.approx(-0.25 * 0.5)  # more of it joint, at the middle meeting


def test_a_paired_difference_by_hand_without_the_failed_run() -> None:
    first, second = overlap([0.5, 0.7, 0.9, 0.6], [0] * 4), overlap([0.4, 0.5, 0.1, 0.7], [0] * 4)
    first.loc[2, f"competition.{PAIR}"] = np.nan
    found = paired_difference(first, second, f"competition.{PAIR}")
    assert (found.mean, found.n) == (pytest.approx((0.1 + 0.2 - 0.1) / 3), 3)
    assert (found.positive, found.negative) == pytest.approx((2 / 3, 1 / 3))
    assert found.low <= found.mean <= found.high
    assert found.effect_size == pytest.approx(found.mean / np.std([0.1, 0.2, -0.1]))
    with pytest.raises(ValueError, match="pairing needs equal seeds"):
        paired_difference(first, second.assign(seed=9), f"competition.{PAIR}")


def test_a_tidy_row_says_who_and_where() -> None:
    of = {"aim.a-b.land": "aim a-b land", "influence.a.land.security": "influence a land.security",
          "power.a": "power a "}  # fmt: skip
    runs = pd.DataFrame({"scenario": ["x"], "draw": [0], **dict.fromkeys(of, 0.5)})
    found = tidy(runs)[["measure", "who", "where"]].to_numpy().tolist()
    assert [" ".join(row) for row in found] == [*of.values()]


def test_a_difference_without_pairs_by_hand() -> None:
    found = apart([1.0, 2.0, 3.0], [2.0, 0.0])
    assert (found.mean, found.n) == (pytest.approx(2 - 1), 2)
    assert (found.positive, found.negative) == pytest.approx((4 / 6, 1 / 6))
    assert found.superiority == pytest.approx((4 + 0.5) / 6)  # one tie in six combinations
    assert found.effect_size == pytest.approx(1 / np.sqrt((1 + 2) / 2))
    assert found.low < 1 < found.high
    assert np.isnan([found.correlation, found.variance_gain]).all()


def test_superiority_counts_a_tie_half_and_without_pairs_is_that_of_the_rank_test() -> None:
    tied = paired([1.0, 2.0, 3.0, 9.0], [0.0, 2.0, 4.0, 5.0])
    assert tied.superiority == 0.625
    rng = np.random.default_rng(5)
    one, two = rng.integers(0, 6, 40) / 2, rng.integers(0, 7, 31) / 2
    found = apart(one, two)
    assert found.superiority == pytest.approx(mannwhitneyu(one, two).statistic / (40 * 31))


def test_quantile_shifts_by_hand() -> None:
    every = np.arange(101.0)
    assert quantile_shifts(every, every - 2) == pytest.approx((2, 2, 2, 2, 2))
    assert quantile_shifts(2 * every, every) == pytest.approx((5, 25, 50, 75, 95))
    assert np.isnan(quantile_shifts(every, every[:0])).all()


@given(numbers, numbers)
def test_the_sides_change_places_and_only_the_sign_changes(
    one: list[float], two: list[float]
) -> None:
    both = min(len(one), len(two))
    for difference, given_ in zip(BOTH, ((one[:both], two[:both]), (one, two)), strict=True):
        there, back = difference(*given_), difference(*given_[::-1])
        assert there.mean == pytest.approx(-back.mean, nan_ok=True)
        assert (there.positive, there.n) == (pytest.approx(back.negative, nan_ok=True), back.n)
        assert there.effect_size == pytest.approx(-back.effect_size, nan_ok=True)
        if there.n:
            assert there.superiority + back.superiority == pytest.approx(1)
            assert 0 <= there.superiority <= 1


@pytest.mark.parametrize("difference", BOTH)
def test_where_every_run_failed_there_is_no_number(difference: Any) -> None:
    found = difference([np.nan, np.nan], [1.0, 2.0])
    assert found.n == 0
    assert np.isnan([found.mean, found.low, found.high, found.superiority, found.effect_size]).all()


def test_an_interval_repeats_itself_however_many_values_are_in_memory(monkeypatch) -> None:
    assert mean_interval(np.full(5, 0.25)) == (0.25, 0.25)
    assert np.isnan(mean_interval(np.array([0.25]))).all()  # one run says nothing of its luck
    every = np.random.default_rng(2).normal(size=50)
    low, high = mean_interval(every)
    assert low < every.mean() < high
    monkeypatch.setattr("eurasia_sim.analysis.differences._VALUES_AT_ONCE", 500)
    assert mean_interval(every) == (low, high)


def test_the_interval_of_a_handful_is_students() -> None:
    by_hand = 12.7062 * math.sqrt(0.02 / 2)  # of two values, one degree of freedom
    assert mean_interval(np.array([0.5, 0.7])) == pytest.approx((0.6 - by_hand, 0.6 + by_hand))
    draws = np.random.default_rng(3).exponential(size=(2000, 5))
    covered = [low <= 1 <= high for low, high in map(mean_interval, draws)]
    assert np.mean(covered) > 0.85
    one, two = np.array([0.5, 0.7]), np.array([0.1, 0.2, 0.4])
    welch = ttest_ind(one, two, equal_var=False).confidence_interval()
    assert gap_interval(one, two) == pytest.approx((welch.low, welch.high))  # with its precision
    assert gap_interval(np.full(3, 2.0), np.full(4, 0.5)) == (1.5, 1.5)
    assert np.isnan(gap_interval(np.ones(1), np.ones(5))).all()
    one, two = np.random.default_rng(2).normal(size=(2, 200))
    middle = one.mean() - two.mean()
    half = 1.96 * np.sqrt(one.var(ddof=1) / 200 + two.var(ddof=1) / 200)
    assert gap_interval(one, two) == pytest.approx((middle - half, middle + half), abs=0.02)


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.02, 0.3])
def test_the_p_value_is_that_of_two_one_sided_tests(shift: float) -> None:
    one, two = shifted(shift)
    change, fewer = np.subtract(one, two), two[:17]
    tests = [
        (pairs(one, two, 0.1), ttest_1samp(change, -0.1, alternative="greater"),
         ttest_1samp(change, 0.1, alternative="less")),
        (sides(one, fewer, 0.1),
         ttest_ind(np.add(one, 0.1), fewer, equal_var=False, alternative="greater"),
         ttest_ind(np.subtract(one, 0.1), fewer, equal_var=False, alternative="less")),
    ]  # fmt: skip
    for found, above, below in tests:
        assert found.judgement.p == pytest.approx(max(above.pvalue, below.pvalue))


def test_a_large_shift_is_different_a_tiny_one_equivalent_and_one_between_takes_more_runs() -> None:
    words = [pairs(*shifted(shift), 0.2).judgement.word for shift in (0.8, 0.01, 0.22, -0.8)]
    assert words == [DIFFERENT, EQUIVALENT, INCONCLUSIVE, DIFFERENT]


def test_the_default_smallest_effect_is_a_share_of_the_runs_own_spread() -> None:
    found = pairs([1.0, 3.0] * 5, [2.0, 6.0] * 5)
    assert found.judgement.smallest == pytest.approx(SMALL_SHARE * math.sqrt((10 + 40) / 9 / 2))
    for compare in (pairs, sides):  # so few tell of no spread, so of no verdict
        few = compare([1.0, 3.0] * 4, [9.0, 9.5] * 4).judgement
        assert math.isnan(few.smallest)
        assert str(few) == "inconclusive: too few runs"


def test_the_runs_still_needed_by_hand() -> None:
    change = [0.0, 2.0, 1.0, 1.0]
    # Mean 1, variance 2/3. To clear 0.5: (1.96 / 0.5)^2 2/3 + 1.96^2 / 2 = 12.17, 4 are there.
    above = pairs(change, [0.0] * 4, 0.5).judgement
    assert (above.word, above.more) == (INCONCLUSIVE, 13 - 4)
    assert str(above) == "inconclusive: about 9 more runs"
    # To stay within 1.5 at 5 % a side: (1.645 / 0.5)^2 2/3 + 1.645^2 / 2 = 8.57.
    within = pairs(change, [0.0] * 4, 1.5).judgement
    assert (within.word, within.more) == (INCONCLUSIVE, 9 - 4)
    edge = pairs(change, [0.0] * 4, 1.0).judgement
    assert edge.more == math.inf
    assert "over a million more runs" in str(edge)
    few = pairs(change * 2, [0.0] * 8, 0.6).judgement
    assert few.word == INCONCLUSIVE
    times = math.ceil((8 + few.more) / 4)  # with as many runs as that, the same spread tells
    assert pairs(change * times, [0.0] * 4 * times, 0.6).judgement.word == DIFFERENT


def test_a_handful_of_runs_all_on_one_side_is_not_yet_different() -> None:
    found = pairs([0.1, 0.9, 0.2, 1.4], [0.0] * 4, 0.0)
    assert found.difference.low < 0 < found.difference.mean
    assert found.judgement.word == INCONCLUSIVE
    for compare in (pairs, sides):
        assert str(compare([1.0], [0.0], 0.1).judgement) == "inconclusive: too few runs"


def test_what_does_not_vary_is_judged_as_it_stands() -> None:
    same, moved = ([1.0] * 3, [1.0] * 3), ([1.5] * 3, [1.0] * 3)
    assert pairs(*same).judgement.word == EQUIVALENT
    assert pairs(*moved).judgement.word == DIFFERENT
    assert sides(*moved, 0.6).judgement.word == EQUIVALENT


def test_failed_runs_take_no_part_in_any_number() -> None:
    with_failed = pairs([1.0, np.nan, 2.0, 4.0], [0.0, 9.0, 1.5, np.nan], 0.1)
    without = pairs([1.0, 2.0], [0.0, 1.5], 0.1)
    assert with_failed == replace(without, difference=with_failed.difference)
    assert with_failed.difference.n == 2
    assert sides([1.0, np.nan, 2.0], [0.0, 1.5], 0.1).shifts == without.shifts


@given(values, values, st.floats(0, 0.5), st.booleans())
def test_the_verdict_does_not_care_which_side_is_named_first(
    one: list[float], two: list[float], smallest: float, are_paired: bool
) -> None:
    if are_paired:
        one, two = one[: len(two)], two[: len(one)]
    compare = pairs if are_paired else sides
    there, back = compare(one, two, smallest), compare(two, one, smallest)
    assert there.judgement.p == pytest.approx(back.judgement.p, abs=1e-9)
    assert there.shifts == pytest.approx([-shift for shift in back.shifts])
    if are_paired:
        assert there.judgement.word == back.judgement.word
        ends = (-back.difference.high, -back.difference.low)
        assert (there.difference.low, there.difference.high) == pytest.approx(ends, abs=1e-12)


@given(values, st.floats(0.001, 0.5))
def test_a_larger_smallest_effect_never_turns_equivalent_into_different(
    change: list[float], smallest: float
) -> None:
    found = paired(change, [0.0] * len(change))
    precision = paired_precision(np.array(change))
    near, far = judged(found, precision, smallest), judged(found, precision, 2 * smallest)
    assert far.p <= near.p
    order = [DIFFERENT, INCONCLUSIVE, EQUIVALENT]
    assert order.index(near.word) <= order.index(far.word)


def test_a_contrast_by_hand_says_its_sign_and_how_much_more_the_unknown_moves_it() -> None:
    levels, gaps = np.arange(1.0, 6.0), np.array([0.1, 0.1, 0.1, 0.1, -0.1])
    one, two = measured(levels + gaps, levels)
    runs = pd.concat([one.assign(scenario="a"), two.assign(scenario="b")])
    row = difference_summary(runs, "a", "b", ["m"]).iloc[0].to_dict()
    found = [row[name] for name in ("mean", "above", "below", "level")]
    assert found == pytest.approx([0.06, 0.8, 0.2, 3.0])
    assert row["times"] == pytest.approx(math.sqrt(2.5) / 0.1)  # s of 1 … 5 over r.m.s. of 0.1
    assert says(row, "M", "here").endswith("falls in 20 %, too few draws to settle the sign.")
    assert "so the sign is settled" in says(row | {"pairs": 50}, "M", "here")
    turned = says(row | {"above": 0.4, "below": 0.6}, "M", "here")
    assert ("falls in 60 %" in turned, "not settled" in turned) == (True, True)
    assert "is the same in all 5 draws" in says(row | {"above": 0.0, "below": 0.0}, "M", "here")
    assert "no pair" in says(row | {"pairs": 0}, "M", "here")

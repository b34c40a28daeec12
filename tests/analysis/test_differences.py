"""Differences by hand, exact in their parts, and never both different and equivalent."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, ttest_1samp, ttest_ind

from eurasia_sim.analysis import differences
from eurasia_sim.analysis.differences import DIFFERENT, EQUIVALENT, INCONCLUSIVE, SMALL_SHARE

NAMES = [f"{kind}.a-b.all" for kind in ("colocation", "competition", "cooperation")]
NUMBERS = ("mean", "low", "high", "superiority", "effect_size", "correlation", "variance_gain")
SHIFTS = [f"shift_{at}" for at in (5, 25, 50, 75, 95)]
shares = st.lists(st.floats(0, 1), min_size=3, max_size=3)
values = st.lists(st.integers(-4, 4).map(lambda k: k / 4), max_size=9)


def measured(*sides: Any) -> list[pd.DataFrame]:
    return [pd.DataFrame({"run": range(len(v)), "seed": 1, "m": np.array(v)}) for v in sides]


def row(one: Any, two: Any, smallest: float | None = None, are_paired: bool = True) -> Any:
    return differences.compared(*measured(one, two), "m", smallest, are_paired=are_paired)


def numbers(found: dict[str, Any], *names: str) -> list[float]:
    return [found[name] for name in names]


def shifted(shift: float, n: int = 30) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(3)
    second = rng.normal(size=n)
    return list(second + shift + rng.normal(scale=0.3, size=n)), list(second)


@given(shares, shares, shares, shares)
def test_parts_add_up_to_the_difference(c1: Any, j1: Any, c2: Any, j2: Any) -> None:
    met, joint = np.array([c1, c2]), np.array([j1, j2])
    wholes = {"competition": met * (1 - joint), "cooperation": met * joint}
    for kind, (first, second) in wholes.items():
        parts = differences.parts(kind, [*met], [*wholes["cooperation"]])
        assert np.allclose(sum(parts), first - second, atol=1e-12)
    meeting, joining = differences.parts("competition", [*np.array([[0.6], [0.4]])],
                                         [*np.array([[0.3], [0.1]])])  # fmt: skip
    assert meeting[0] == pytest.approx(0.2 * (1 - 0.375))  # more meeting, at the middle joint share
    assert joining[0] == pytest.approx(-0.25 * 0.5)  # more of it joint, at the middle meeting


def test_a_paired_difference_by_hand_without_the_failed_run() -> None:
    first, second = measured([0.5, 0.7, np.nan, 0.6], [0.4, 0.5, 0.1, 0.7])
    found = differences.paired_difference(first, second, "m")
    assert (found.mean, found.n) == (pytest.approx((0.1 + 0.2 - 0.1) / 3), 3)
    assert (found.positive, found.negative) == pytest.approx((2 / 3, 1 / 3))
    assert found.low <= found.mean <= found.high
    assert found.effect_size == pytest.approx(found.mean / np.std([0.1, 0.2, -0.1]))
    with pytest.raises(ValueError, match="pairing needs equal seeds"):
        differences.paired_difference(first, second.assign(seed=9), "m")


def test_a_tidy_row_says_who_and_where() -> None:
    of = {"aim.a-b.land": "aim a-b land", "influence.a.land.security": "influence a land.security",
          "power.a": "power a "}  # fmt: skip
    runs = pd.DataFrame({"scenario": ["x"], "draw": [0], **dict.fromkeys(of, 0.5)})
    found = differences.tidy(runs)[["measure", "who", "where"]].to_numpy().tolist()
    assert [" ".join(each) for each in found] == [*of.values()]


def test_a_difference_without_pairs_by_hand_and_by_ranks() -> None:
    found = row([1.0, 2.0, 3.0], [2.0, 0.0], are_paired=False)
    by_hand = {"mean": 1, "n": 2, "positive": 4 / 6, "negative": 1 / 6,
               "superiority": (4 + 0.5) / 6,  # one tie in six combinations
               "effect_size": 1 / np.sqrt((1 + 2) / 2)}  # fmt: skip
    assert {name: found[name] for name in by_hand} == pytest.approx(by_hand)
    assert found["low"] < 1 < found["high"]
    assert np.isnan(numbers(found, "correlation", "variance_gain")).all()
    assert row([1.0, 2.0, 3.0, 9.0], [0.0, 2.0, 4.0, 5.0])["superiority"] == 0.625  # in pairs
    rng = np.random.default_rng(5)
    one, two = rng.integers(0, 6, 40) / 2, rng.integers(0, 7, 31) / 2
    by_ranks = mannwhitneyu(one, two).statistic / (40 * 31)
    assert row(one, two, are_paired=False)["superiority"] == pytest.approx(by_ranks)
    every = np.arange(101.0)
    assert numbers(row(every, every - 2), *SHIFTS) == pytest.approx([2] * 5)
    assert numbers(row(2 * every, every), *SHIFTS) == pytest.approx([5, 25, 50, 75, 95])


@given(values, values, st.floats(0, 0.5), st.booleans())
def test_the_sides_change_places_and_only_the_sign_changes(
    one: list[float], two: list[float], smallest: float, are_paired: bool
) -> None:
    if are_paired:
        one, two = one[: len(two)], two[: len(one)]
    there, back = row(one, two, smallest, are_paired), row(two, one, smallest, are_paired)
    for name in ("mean", "effect_size", *SHIFTS):
        assert there[name] == pytest.approx(-back[name], nan_ok=True)
    assert there["positive"] == pytest.approx(back["negative"], nan_ok=True)
    assert there["equivalence_p"] == pytest.approx(back["equivalence_p"], abs=1e-9, nan_ok=True)
    if there["n"]:
        assert there["superiority"] + back["superiority"] == pytest.approx(1)
        assert 0 <= there["superiority"] <= 1
    if are_paired:
        assert there["verdict"] == back["verdict"]
        assert there["low"] == pytest.approx(-back["high"], abs=1e-12, nan_ok=True)


def test_an_interval_repeats_itself_however_many_values_are_in_memory(monkeypatch) -> None:
    assert differences.mean_interval(np.full(5, 0.25)) == (0.25, 0.25)
    assert np.isnan(differences.mean_interval(np.array([0.25]))).all()  # nothing of its luck
    every = np.random.default_rng(2).normal(size=50)
    low, high = differences.mean_interval(every)
    assert low < every.mean() < high
    monkeypatch.setattr(differences, "_VALUES_AT_ONCE", 500)
    assert differences.mean_interval(every) == (low, high)


def test_the_interval_of_a_handful_is_students() -> None:
    by_hand = 12.7062 * math.sqrt(0.02 / 2)  # of two values, one degree of freedom
    found = differences.mean_interval(np.array([0.5, 0.7]))
    assert found == pytest.approx((0.6 - by_hand, 0.6 + by_hand))
    draws = np.random.default_rng(3).exponential(size=(2000, 5))
    covered = [low <= 1 <= high for low, high in map(differences.mean_interval, draws)]
    assert np.mean(covered) > 0.85


def test_the_interval_without_pairs_is_that_of_welch() -> None:
    def ends(one: Any, two: Any) -> Any:
        return numbers(row(one, two, are_paired=False), "low", "high")

    one, two = np.array([0.5, 0.7]), np.array([0.1, 0.2, 0.4])
    welch = ttest_ind(one, two, equal_var=False).confidence_interval()
    assert ends(one, two) == pytest.approx([welch.low, welch.high])
    assert ends(np.full(3, 2.0), np.full(4, 0.5)) == [1.5, 1.5]
    assert np.isnan(ends(np.ones(1), np.ones(5))).all()
    one, two = np.random.default_rng(2).normal(size=(2, 200))
    half = 1.96 * np.sqrt(one.var(ddof=1) / 200 + two.var(ddof=1) / 200)
    middle = one.mean() - two.mean()
    assert ends(one, two) == pytest.approx([middle - half, middle + half], abs=0.02)


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.02, 0.3])
def test_the_p_value_is_that_of_two_one_sided_tests(shift: float) -> None:
    one, two = shifted(shift)
    change, fewer = np.subtract(one, two), two[:17]
    welch = {"equal_var": False}
    tests = [
        (row(one, two, 0.1), ttest_1samp(change, -0.1, alternative="greater"),
         ttest_1samp(change, 0.1, alternative="less")),
        (row(one, fewer, 0.1, are_paired=False),
         ttest_ind(np.add(one, 0.1), fewer, alternative="greater", **welch),
         ttest_ind(np.subtract(one, 0.1), fewer, alternative="less", **welch)),
    ]  # fmt: skip
    for found, above, below in tests:
        assert found["equivalence_p"] == pytest.approx(max(above.pvalue, below.pvalue))


SAME, MOVED = ([1.0] * 3, [1.0] * 3), ([1.5] * 3, [1.0] * 3)  # what does not vary


@pytest.mark.parametrize(
    ("sides", "smallest", "word"),
    [
        (shifted(0.8), 0.2, DIFFERENT),
        (shifted(0.01), 0.2, EQUIVALENT),
        (shifted(0.22), 0.2, INCONCLUSIVE),
        (shifted(-0.8), 0.2, DIFFERENT),
        (SAME, None, EQUIVALENT),
        (MOVED, None, DIFFERENT),
        (MOVED, 0.6, EQUIVALENT),
        (([0.1, 0.9, 0.2, 1.4], [0.0] * 4), 0.0, INCONCLUSIVE),  # a handful all on one side
        (([1.0], [0.0]), 0.1, INCONCLUSIVE),
    ],
)
def test_the_verdict_on_a_difference(sides: Any, smallest: float | None, word: str) -> None:
    assert row(*sides, smallest)["verdict"] == word


def test_the_default_smallest_effect_is_a_share_of_the_runs_own_spread() -> None:
    found = row([1.0, 3.0] * 5, [2.0, 6.0] * 5)
    assert found["smallest"] == pytest.approx(SMALL_SHARE * math.sqrt((10 + 40) / 9 / 2))
    for are_paired in (True, False):  # so few tell of no spread, so of no verdict
        few = row([1.0, 3.0] * 4, [9.0, 9.5] * 4, are_paired=are_paired)
        assert math.isnan(few["smallest"])
        assert differences.verdict_in_words(few) == "inconclusive: too few runs"


def test_the_runs_still_needed_by_hand() -> None:
    change = [0.0, 2.0, 1.0, 1.0]
    # Mean 1, variance 2/3. To clear 0.5: (1.96 / 0.5)^2 2/3 + 1.96^2 / 2 = 12.17, 4 are there.
    above = row(change, [0.0] * 4, 0.5)
    assert numbers(above, "verdict", "more_runs") == [INCONCLUSIVE, 13 - 4]
    assert differences.verdict_in_words(above) == "inconclusive: about 9 more runs"
    # To stay within 1.5 at 5 % a side: (1.645 / 0.5)^2 2/3 + 1.645^2 / 2 = 8.57.
    assert numbers(row(change, [0.0] * 4, 1.5), "verdict", "more_runs") == [INCONCLUSIVE, 9 - 4]
    edge = row(change, [0.0] * 4, 1.0)
    assert edge["more_runs"] == math.inf
    assert "over a million more runs" in differences.verdict_in_words(edge)
    few = row(change * 2, [0.0] * 8, 0.6)
    assert few["verdict"] == INCONCLUSIVE
    times = math.ceil((8 + few["more_runs"]) / 4)  # with so many runs the same spread tells
    assert row(change * times, [0.0] * 4 * times, 0.6)["verdict"] == DIFFERENT


@pytest.mark.parametrize("are_paired", [True, False])
def test_failed_runs_take_no_part_in_any_number(are_paired: bool) -> None:
    lost = row([1.0, np.nan, 2.0], [0.0, 9.0, 1.5], 0.1, are_paired)
    kept = row([1.0, 2.0], [0.0, 1.5] if are_paired else [0.0, 9.0, 1.5], 0.1, are_paired)
    assert pd.Series(lost).equals(pd.Series(kept))
    none = row([np.nan, np.nan], [1.0, 2.0], are_paired=are_paired)
    assert none["n"] == 0
    assert np.isnan(numbers(none, *NUMBERS, *SHIFTS)).all()


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=12), st.floats(0.001, 0.5))
def test_a_larger_smallest_effect_never_turns_equivalent_into_different(
    change: list[float], smallest: float
) -> None:
    near, far = (row(change, [0.0] * len(change), times * smallest) for times in (1, 2))
    assert far["equivalence_p"] <= near["equivalence_p"]
    order = [DIFFERENT, INCONCLUSIVE, EQUIVALENT]
    assert order.index(near["verdict"]) <= order.index(far["verdict"])


def test_a_contrast_by_hand_says_its_sign_and_how_much_more_the_unknown_moves_it() -> None:
    levels, gaps = np.arange(1.0, 6.0), np.array([0.1, 0.1, 0.1, 0.1, -0.1])
    one, two = measured(levels + gaps, levels)
    runs = pd.concat([one.assign(scenario="a"), two.assign(scenario="b")])
    found = differences.difference_summary(runs, "a", "b", ["m"]).iloc[0].to_dict()
    by_hand = [0.06, 0.8, 0.2, 3.0, math.sqrt(2.5) / 0.1]  # s of 1 … 5 over r.m.s. of 0.1
    assert numbers(found, "mean", "above", "below", "level", "times") == pytest.approx(by_hand)
    few = "rises in 80 % of 5 draws here and falls in 20 %, too few draws to settle the sign."
    for changed, said in (
        ({}, few),
        ({"pairs": 50}, "so the sign is settled"),
        ({"above": 0.4, "below": 0.6}, "and rises in 40 %, so the sign is not settled"),
        ({"above": 0.0, "below": 0.0}, "is the same in all 5 draws"),
        ({"pairs": 0}, "no pair"),
    ):
        assert said in differences.says(found | changed, "M", "here")

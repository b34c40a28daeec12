"""Differences by hand, exact in their parts, how well they are known, and what may be said."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, t, ttest_1samp, ttest_ind

from eurasia_sim.analysis import convergence, differences, headline
from eurasia_sim.analysis.convergence import StoppingRule, half_width, wanted_half_width
from eurasia_sim.analysis.differences import DIFFERENT, EQUIVALENT, INCONCLUSIVE
from eurasia_sim.analysis.headline import DEPENDS, FALLS, HARDLY, NOTHING, OPEN, RISES, UNSETTLED
from eurasia_sim.files.data_yaml import DataError, read_page

NUMBERS = ("mean", "low", "high", "superiority", "effect_size", "correlation", "variance_gain")
SHIFTS = [f"shift_{at}" for at in (5, 25, 50, 75, 95)]
shares = st.lists(st.floats(0, 1), min_size=3, max_size=3)
values = st.lists(st.integers(-4, 4).map(lambda k: k / 4), max_size=9)


def measured(*sides):
    return [pd.DataFrame({"run": range(len(v)), "seed": 1, "m": np.array(v)}) for v in sides]


def row(one, two, smallest=None, are_paired=True):
    return differences.compared(*measured(one, two), "m", smallest, are_paired=are_paired)


def numbers(found, *names):
    return [found[name] for name in names]


def shifted(shift, n=30):
    rng = np.random.default_rng(3)
    second = rng.normal(size=n)
    return list(second + shift + rng.normal(scale=0.3, size=n)), list(second)


@given(shares, shares, shares, shares)
def test_parts_add_up_to_the_difference(c1, j1, c2, j2):
    met, joint = np.array([c1, c2]), np.array([j1, j2])
    wholes = {"competition": met * (1 - joint), "cooperation": met * joint}
    for kind, (first, second) in wholes.items():
        parts = differences.parts(kind, [*met], [*wholes["cooperation"]])
        assert np.allclose(sum(parts), first - second, atol=1e-12)
    meeting, joining = differences.parts("competition", [*np.array([[0.6], [0.4]])],
                                         [*np.array([[0.3], [0.1]])])  # fmt: skip
    assert meeting[0] == pytest.approx(0.2 * (1 - 0.375))  # more meeting, at the middle joint share
    assert joining[0] == pytest.approx(-0.25 * 0.5)  # more of it joint, at the middle meeting


def test_a_paired_difference_by_hand_without_the_failed_run():
    first, second = measured([0.5, 0.7, np.nan, 0.6], [0.4, 0.5, 0.1, 0.7])
    found = differences.paired_difference(first, second, "m")
    assert (found.mean, found.n) == (pytest.approx((0.1 + 0.2 - 0.1) / 3), 3)
    assert (found.positive, found.negative) == pytest.approx((2 / 3, 1 / 3))
    assert found.low <= found.mean <= found.high
    assert found.effect_size == pytest.approx(found.mean / np.std([0.1, 0.2, -0.1]))
    with pytest.raises(ValueError, match="pairing needs equal seeds"):
        differences.paired_difference(first, second.assign(seed=9), "m")


def test_a_tidy_row_says_who_and_where():
    of = {"aim.a-b.land": "aim a-b land", "influence.a.land.security": "influence a land.security",
          "power.a": "power a "}  # fmt: skip
    runs = pd.DataFrame({"scenario": ["x"], "draw": [0], **dict.fromkeys(of, 0.5)})
    found = differences.tidy(runs)[["measure", "who", "where"]].to_numpy().tolist()
    assert [" ".join(each) for each in found] == [*of.values()]


def test_a_difference_without_pairs_by_hand_and_by_ranks():
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
def test_the_sides_change_places_and_only_the_sign_changes(one, two, smallest, are_paired):
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


def test_an_interval_is_students_of_a_handful_and_else_repeats_itself(monkeypatch):
    by_hand = 12.7062 * math.sqrt(0.02 / 2)  # of two values, one degree of freedom
    found = differences.mean_interval(np.array([0.5, 0.7]))
    assert found == pytest.approx((0.6 - by_hand, 0.6 + by_hand))
    draws = np.random.default_rng(3).exponential(size=(2000, 5))
    covered = [low <= 1 <= high for low, high in map(differences.mean_interval, draws)]
    assert np.mean(covered) > 0.85
    assert differences.mean_interval(np.full(5, 0.25)) == (0.25, 0.25)
    assert np.isnan(differences.mean_interval(np.array([0.25]))).all()  # nothing of its luck
    every = np.random.default_rng(2).normal(size=50)
    low, high = differences.mean_interval(every)
    assert low < every.mean() < high
    monkeypatch.setattr(differences, "_VALUES_AT_ONCE", 500)  # however many are in memory
    assert differences.mean_interval(every) == (low, high)


def test_the_interval_without_pairs_is_that_of_welch():
    def ends(one, two):
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
def test_the_p_value_is_that_of_two_one_sided_tests(shift):
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
def test_the_verdict_on_a_difference(sides, smallest, word):
    assert row(*sides, smallest)["verdict"] == word


def test_the_default_smallest_effect_is_a_share_of_the_runs_own_spread():
    found = row([1.0, 3.0] * 5, [2.0, 6.0] * 5)
    share = differences.SMALL_SHARE
    assert found["smallest"] == pytest.approx(share * math.sqrt((10 + 40) / 9 / 2))
    for are_paired in (True, False):  # so few tell of no spread, so of no verdict
        few = row([1.0, 3.0] * 4, [9.0, 9.5] * 4, are_paired=are_paired)
        assert math.isnan(few["smallest"])
        assert differences.verdict_in_words(few) == "inconclusive: too few runs"


def test_the_runs_still_needed_by_hand():
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
def test_failed_runs_take_no_part_in_any_number(are_paired):
    lost = row([1.0, np.nan, 2.0], [0.0, 9.0, 1.5], 0.1, are_paired)
    kept = row([1.0, 2.0], [0.0, 1.5] if are_paired else [0.0, 9.0, 1.5], 0.1, are_paired)
    assert pd.Series(lost).equals(pd.Series(kept))
    none = row([np.nan, np.nan], [1.0, 2.0], are_paired=are_paired)
    assert none["n"] == 0
    assert np.isnan(numbers(none, *NUMBERS, *SHIFTS)).all()


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=12), st.floats(0.001, 0.5))
def test_a_larger_smallest_effect_never_turns_equivalent_into_different(change, smallest):
    near, far = (row(change, [0.0] * len(change), times * smallest) for times in (1, 2))
    assert far["equivalence_p"] <= near["equivalence_p"]
    order = [DIFFERENT, INCONCLUSIVE, EQUIVALENT]
    assert order.index(near["verdict"]) <= order.index(far["verdict"])


def test_a_contrast_by_hand_says_its_sign_and_how_much_more_the_unknown_moves_it():
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


# --- how well a mean is known


def test_the_half_width_is_students_by_hand_and_covers_the_mean_in_95_percent():
    by_hand = 3.182446 * math.sqrt(5 / 3) / 2
    assert half_width(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(by_hand, rel=1e-6)
    assert half_width(np.array([1.0, np.nan, 2.0])) == half_width(np.array([1.0, 2.0]))
    assert math.isnan(half_width(np.array([1.0])))
    assert half_width(np.full(5, 2.0)) == 0.0
    samples = np.random.default_rng(1).normal(3.0, 2.0, (4000, 12))
    covered = np.mean([abs(own.mean() - 3.0) <= half_width(own) for own in samples])
    assert covered == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize(
    ("deviation", "precision"), [(1.0, 0.05), (0.3, 0.2), (2.0, 5.0), (1e-3, 1e-4)]
)
def test_the_runs_needed_are_enough_and_one_fewer_are_not(deviation, precision):
    n = convergence.runs_needed(deviation, precision)
    width = [t.ppf(0.975, k - 1) * deviation / math.sqrt(k) for k in (n, max(n - 1, 2))]
    assert width[0] <= precision
    assert n == 2 or width[1] > precision


def test_a_rule_is_read_and_another_text_refused():
    assert wanted_half_width("half-width=0.5") == 0.5
    for wrong in ("half-width", "w=1", *(f"half-width={x}" for x in ("", 0, -1, "nan", "inf"))):
        with pytest.raises(DataError, match=r"write half-width=0\.002"):
            wanted_half_width(wrong)


def test_a_rule_waits_for_what_is_known_least_of_means_or_of_paired_differences():
    rows = [
        {"scenario": s, "theory": "one", "set": "ranges", "run": r, "m": 10.0 * r + (s == "stay"),
         "failed": np.nan}
        for s in ("stay", "leave") for r in (2, 0, 1)
    ]  # fmt: skip
    runs, of_ten = pd.DataFrame(rows), half_width(np.array([1.0, 11.0, 21.0]))
    for scenarios, measures, wanted, met, widest, half in (
        (("stay", "leave"), ("m",), 0.1, True, "m of stay less leave, one, ranges", 0.0),
        (("stay",), ("m",), 30.0, True, "m of stay, one, ranges", of_ten),
        (("stay",), ("m",), 20.0, False, "m of stay, one, ranges", of_ten),
        (("stay",), ("failed", "m"), 1e9, False, "failed of stay, one, ranges", math.nan),
    ):
        for most, goes_on in ((5, False), (6, not met)):
            rule = StoppingRule(wanted, scenarios, measures, 3, most)
            own = runs[runs["scenario"].isin(scenarios)]
            found = rule.verdict(own)
            assert (found["met"], found["widest"], found["runs"]) == (met, widest, 3)
            assert found["half_width"] == pytest.approx(half, nan_ok=True)
            assert rule.goes_on(own) == goes_on
    assert str(rule) == "half-width=1e+09"


# --- a sentence on competition says only what its measures agree on

PAIR = "red-blue.all"
FAMILY = (
    f"aim.{PAIR}", "aim.blue-red.all", f"volume.{PAIR}", "volume.blue-red.all",
    f"encroachment.{PAIR}", "encroachment.blue-red.all", f"competition.{PAIR}",
    f"colocation.{PAIR}", f"joint_share.{PAIR}",
)  # fmt: skip
ALIKE = [RISES] * 8 + [FALLS]  # less joint work is more competition


def test_the_smallest_effects_by_hand_are_those_of_the_hypotheses(repository):
    for measure, level, by_hand in (
        ("aim", 0.5, 0.05), ("competition", 0.05, 0.01), ("volume", 0.001, 0.0005),
        ("volume", 0.02, 0.002), ("displacement", -3.0, 0.05),
    ):  # fmt: skip
        found = headline.smallest_effect(f"{measure}.{PAIR}", np.array([level]))
        assert found == pytest.approx(by_hand)
    told = read_page(repository / "experiments" / "hypotheses.yaml").data["smallest"]
    assert headline.rule()["of_level"] == told["of_level"]
    for kind in ("floor", "absolute"):
        assert headline.rule()[kind].items() <= told[kind].items()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ([0.02] * 5 + [0.001] * 3 + [-0.02] * 2, RISES),  # eight of ten above, five beyond
        ([0.02] * 4 + [0.001] * 4 + [-0.02] * 2, OPEN),
        ([0.02] * 7 + [-0.02] * 3, OPEN),
        ([-0.02] * 9 + [0.02], FALLS),
        ([0.001] * 8 + [0.02] * 2, HARDLY),
    ],
)
def test_how_one_measure_moves(changes, word):
    other = np.full(10, 0.02)
    assert headline.moved(f"competition.{PAIR}", other + changes, other) == word


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (ALIKE, RISES),
        ([FALLS] * 8 + [RISES], FALLS),
        ([RISES] * 5 + [OPEN] * 2 + [HARDLY] * 2, RISES),
        ([RISES] * 4 + [OPEN] * 5, DEPENDS),
        ([RISES] * 8 + [RISES], DEPENDS),
        ([HARDLY] * 9, HARDLY),
        ([NOTHING] * 9, NOTHING),
        ([RISES] * 4 + [NOTHING] * 2 + [OPEN] * 3, RISES),
        ([OPEN] * 3 + [HARDLY] * 6, UNSETTLED),
    ],
)
def test_what_a_family_says_together(words, said):
    assert headline.agreed(dict(zip(FAMILY, words, strict=True))) == said


def test_a_headline_leaves_out_failed_runs_and_tells_the_split():
    level = pd.DataFrame(dict.fromkeys(FAMILY, [0.2] * 6))
    higher = level + 0.1
    higher.loc[5, FAMILY[0]] = np.nan
    (row,) = headline.headlines(higher, level)
    assert (row["draws"], row["word"]) == (5, DEPENDS)
    text = headline.in_words(row, "from a to b", "by chance", lambda column: column)
    ways = "rises by aim, encroachment, its own measure and falls by more joint_share"
    split = "Rises: aim; encroachment; competition; joint_share."
    opening = f"From a to b, competition.{PAIR}, {DEPENDS}: {ways}."
    assert text.startswith(f"{opening} It rests on 5 draws by chance. {split} ")
    assert text.endswith(" Not measurable: volume; colocation.")
    # Where one falls and none rises, nothing depends on what is meant.
    row |= {"word": DEPENDS, "members": dict.fromkeys(FAMILY, OPEN) | {FAMILY[0]: FALLS}}
    text = headline.in_words(row, "from a to b", "", lambda column: column)
    assert f", competition.{PAIR}, falls by aim alone. " in text
    assert "Falls: aim.red-blue. Open: aim.blue-red; volume; " in text
    assert headline.headlines(level, level)[0]["word"] == HARDLY
    assert headline.moved(FAMILY[0], np.zeros(5), np.zeros(5)) == NOTHING
    assert headline.headlines(level.drop(columns=FAMILY[0]), level) == []

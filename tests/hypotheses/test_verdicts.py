"""The words of a verdict, each from layers made by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from eurasia_sim.analysis.scenario_discovery import deciding_sign
from eurasia_sim.hypotheses import verdicts
from eurasia_sim.hypotheses.arms import Plan, channels
from eurasia_sim.hypotheses.hypothesis import Hypothesis, Part, Smallest
from eurasia_sim.hypotheses.verdicts import Estimate, Layers, Spread, estimate, holds, mirrors
from eurasia_sim.scenarios.outcome_columns import Metric

(
    NOT_MEASURABLE, ENTAILED, SUPPORTED, CONTRADICTED, NEGLIGIBLE, OPPOSED, HINGES, UNDETERMINED,
    REPORTED,
) = verdicts.WORDS  # fmt: skip
NULL = "null"
RISES = np.full(100, 0.5)
NONE = np.empty((0, 1000))


def part(sign: Any = "+", **changed: Any) -> Part:
    metric = Metric("sum", ("x",), (), (), False, "mean", 0.0)
    return Part("", (), (), metric, (0, 1), sign, Smallest(0.1), "", **changed)


def contrast(**changed: Any) -> tuple[Plan, Part]:
    asked = replace(part(), plus=(("one", ()),), less=(("two", ()),), **changed)
    return Plan.of(None, [asked]), asked  # type: ignore[arg-type]


def spread(sign: Any, effects: Any, channels: Any = ()) -> Spread:
    own = np.asarray(effects, float)
    adds = np.asarray(channels, float).reshape(-1, len(own)) if len(channels) else NONE
    return Spread(part(sign), own, np.full(len(own), 0.1), adds[:, : len(own)])


def between(low: float, high: float, n: int = 10) -> Estimate:
    middle = (low + high) / 2
    return Estimate(0.1, middle, low, high, 1.0, np.nan, np.nan, np.nan, np.nan, n, 10 - n)


SURE, STILL, FALLS = between(0.2, 0.3), between(-0.01, 0.01), between(-0.3, -0.2)


def layers(
    sign: Any = "+", reference: Estimate = SURE, rival: Estimate = SURE, effects: Any = RISES,
    forced: float = 0.5, null: Estimate = STILL, channels: Any = (), fit: Any = (),
) -> Layers:  # fmt: skip
    names = {"default": reference, "rival": rival, NULL: null}
    rivals = {("theory", name): own for name, own in names.items()}
    space = spread(sign, effects, channels)
    return Layers(part(sign), reference, rivals, space, np.zeros(3), forced, spread(sign, fit))


FALLING = layers(reference=FALLS, rival=FALLS, effects=-RISES)


def opposing(one: float, other: float, count: int) -> Layers:
    channels = np.repeat([[one, 0.5], [other, 0.0]], [count, 100 - count], axis=1)
    return layers(effects=channels.sum(axis=0), reference=STILL, channels=channels)


def judged(points: pd.DataFrame, *found: Layers, join: Any = "all", failed: Any = ()) -> Any:
    hypothesis = Hypothesis("X", "", "", "", join, tuple(each.part for each in found))
    words = [each.word(NULL) for each in found]
    return verdicts.judge(hypothesis, words, [each.space for each in found], points, failed)


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
        (layers(rival=replace(STILL, n=1, failed=0)), SUPPORTED),  # one run counts: no interval
        (FALLING, CONTRADICTED),
        (layers(reference=FALLS, effects=-RISES), UNDETERMINED),  # a theory says the opposite
        (layers(forced=0.99), ENTAILED),  # wide coefficients never break it
        (layers(forced=0.989), SUPPORTED),
        # Only a bare sign can be entailed.
        (layers("0", STILL, STILL, np.zeros(100), forced=1.0), SUPPORTED),
        (layers("?"), REPORTED),
        (layers(effects=np.repeat([0.05, 0.5], [80, 20])), NEGLIGIBLE),
        (layers(effects=np.repeat([0.05, 0.5], [79, 21])), UNDETERMINED),
        (layers(effects=np.zeros(100), forced=1.0), ENTAILED),  # before negligible
        # 0.5 less 0.4: a tenth is left of 0.9, so less than half of it.
        (opposing(0.5, -0.4, 50), OPPOSED),
        (opposing(0.5, -0.4, 49), UNDETERMINED),
        (opposing(0.5, -0.1, 100), UNDETERMINED),  # 0.4 of 0.6 is left
        (opposing(0.5, -0.09, 50), UNDETERMINED),  # one channel is within the smallest effect
        (opposing(0.15, -0.14, 80), NEGLIGIBLE),  # before opposing channels
    ],
)
def test_the_word_on_a_part(found: Layers, word: str) -> None:
    assert found.word(NULL) == word


def test_signs_that_expect_no_effect_or_no_rise_hold_up_to_the_smallest_effect() -> None:
    none, across = part("0"), between(-0.3, 0.3)
    assert (across.holds(none), across.mirrors(none)) == (False, False)
    assert SURE.mirrors(none)
    assert between(-0.09, 0.09).holds(none)
    assert spread("+", [0.5, np.nan]).shares()["share"] == 1.0  # no failed point counts
    effects = np.array([-1.0, 0.0, 0.09, 0.11])
    assert holds("not +", 0.1, effects).tolist() == [True, True, True, False]
    assert mirrors("not +", 0.1, effects).tolist() == [False, False, False, True]
    assert holds("not -", 0.1, effects).tolist() == [False, True, True, True]


LITTLE = layers(effects=np.zeros(100), reference=STILL, rival=STILL)
HALF = layers(effects=np.tile([0.0, 0.5], 50), reference=STILL)


@pytest.mark.parametrize(
    ("found", "join", "word"),
    [
        ((layers(), layers()), "all", SUPPORTED),
        ((layers(), FALLING), "all", CONTRADICTED),
        ((layers(), FALLING), "any", SUPPORTED),
        ((FALLING, FALLING), "any", CONTRADICTED),
        ((layers(forced=1.0), layers()), "all", SUPPORTED),  # what is entailed is no evidence
        ((layers(forced=1.0), layers("?")), "all", ENTAILED),
        ((layers("?"),), "all", REPORTED),
        ((LITTLE, LITTLE), "all", NEGLIGIBLE),
        ((layers(), LITTLE), "all", NEGLIGIBLE),  # all that keeps it from being supported
        ((FALLING, LITTLE), "all", CONTRADICTED),
        ((FALLING, LITTLE), "any", NEGLIGIBLE),
        ((LITTLE, HALF), "all", UNDETERMINED),
        ((opposing(0.5, -0.4, 60), layers()), "all", OPPOSED),
        ((opposing(0.5, -0.4, 60), LITTLE), "all", UNDETERMINED),
    ],
)
def test_parts_joined_stand_or_fall_together(found: Any, join: Any, word: str) -> None:
    assert judged(pd.DataFrame({"x": np.arange(100.0)}), *found, join=join).word == word


def test_without_its_control_nothing_is_measurable_and_under_the_fit_words_mean_the_same() -> None:
    for found in (layers(), layers("?"), layers(forced=1.0), FALLING):
        assert judged(pd.DataFrame(), found, failed=["control"]).word == NOT_MEASURABLE
    # A control counts though its form forces it.
    assert layers(forced=1.0).word(NULL, may_be_forced=True) == SUPPORTED
    words = ((), ""), (RISES, SUPPORTED), (-RISES, CONTRADICTED), (0 * RISES, NEGLIGIBLE)
    for effects, word in words:
        assert layers(reference=STILL, rival=FALLS, fit=effects).fit_word(UNDETERMINED) == word
    assert layers(fit=RISES).fit_word(ENTAILED) == ENTAILED


def test_what_holds_in_a_region_alone_hinges_on_it_and_chance_alone_draws_none() -> None:
    rng = np.random.default_rng(2)
    points = pd.DataFrame(rng.random((400, 6)), columns=list("abcdef"))
    effects = np.where(rng.random(400) < 0.4, 0.5, 0.0)
    assert judged(points, layers(effects=effects)).word == UNDETERMINED
    effects = np.where(np.arange(100) < 40, 0.5, 0.0)
    points = pd.DataFrame({"cause": np.arange(100.0), "noise": rng.random(100), "same": "x"})
    found = judged(points, layers(effects=effects))
    assert (found.word, found.share) == (HINGES, 0.4)
    assert "cause ≤" in " ".join(found.region.limits)
    assert found.region.density >= 0.8
    fit = pd.DataFrame({"cause": [1.0, 2.0, 99.0, 98.0], "noise": 0.5})
    assert found.region.left(fit) == 0.5  # of what the record leaves, half lies there
    assert np.isnan(found.region.left(pd.DataFrame()))


def test_what_one_sign_decides_hinges_on_it_whatever_its_share() -> None:
    rng = np.random.default_rng(3)
    number = rng.uniform(-1.0, 1.0, 400)
    points = pd.DataFrame({"open": number, "noise": rng.random(400)})
    for every, decides in ((50, True), (6, False)):  # wrong in 4 and in 33 of 100 held back
        is_above = (number > 0) ^ (np.arange(400) % every == 1)
        assert (deciding_sign(points, is_above, 0.95) is not None) == decides
    found: Any = deciding_sign(points, number < 0, 0.95)
    assert (found.limits, found.density, found.coverage) == (("open < 0",), 1.0, 1.0)
    assert found.left(pd.DataFrame({"open": [-0.5, 0.5, 0.7, 0.9]})) == 0.25
    assert deciding_sign(points.abs(), number < 0, 0.95) is None  # no number crosses zero


def test_the_smallest_effect_is_a_share_of_the_level_with_a_floor() -> None:
    tenth = Smallest(0.01, 0.1)
    assert tenth.at(np.array([0.02, 0.5, -2.0])) == pytest.approx([0.01, 0.05, 0.2])
    plan, asked = contrast(smallest=tenth)
    values = np.array([[0.05, 0.56], [0.03, 0.5]])[:, :, None]
    # +0.02 at a level of 0.03 is beyond the floor; +0.06 at 0.5 beyond a tenth of it.
    assert Spread.of(plan, asked, values[:, :, None]).holds.tolist() == [True, True]
    values[0, 1] = 0.54
    assert Spread.of(plan, asked, values[:, :, None]).holds.tolist() == [True, False]
    assert estimate(plan, asked, values).smallest == pytest.approx(0.1 * (0.03 + 0.5) / 2)


def test_an_effect_counts_only_where_the_arms_taken_away_read_as_given() -> None:
    plan, asked = contrast(given=(0.0, 0.5))
    values = np.array([[1.0, 1.0, np.nan], [0.0, 1.0, 0.0]])[:, :, None]
    found = Spread.of(plan, asked, values[:, :, None]).effects
    assert np.isnan(found).tolist() == [False, True, True]
    known = estimate(plan, asked, values)
    assert (known.n, known.failed, known.mean) == (1, 1, 1.0)  # one failed, one does not count


def test_a_difference_of_columns_adds_up_from_its_two_sides() -> None:
    metric = Metric("sum", ("gain",), ("cost",), (), False, "mean", 0.0)
    plan, asked = contrast(channels=True, metric=metric)
    values = np.array([[[0.1, 0.9, 0.8]], [[0.0, 0.5, 0.5]]])  # (arms, R, readings)
    assert channels(plan, asked, values) == pytest.approx(np.array([[0.4], [-0.3]]))
    assert Spread.of(plan, asked, values[:, :, None]).shares()["opposed"] == 1.0


@given(
    arrays.arrays(float, st.integers(1, 30), elements=st.floats(-2, 2)),
    st.sampled_from(["+", "-", "0", "not +", "not -"]),
)
def test_every_spread_has_one_word_and_its_mirror_the_opposite(effects: Any, sign: Any) -> None:
    found = spread(sign, effects)
    assert found.word() in verdicts.WORDS
    turned = {"+": "-", "-": "+", "not +": "not -", "not -": "not +"}
    if sign in turned:
        assert spread(turned[sign], -effects).word() == found.word()
    if sign in "+-":  # nothing is both: the three shares are of different draws
        shares = found.shares()
        assert sum(shares[x] for x in ("share", "mirrored", "negligible")) <= 1.0 + 1e-12


def test_wilson_gives_the_published_interval() -> None:
    low, high = verdicts.wilson(0.8, 10)  # Agresti and Coull 1998: 8 of 10
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=5e-4)
    assert verdicts.wilson(0.5, 0) == (0.0, 1.0)
    assert verdicts.wilson(0.0, 100)[0] == 0.0

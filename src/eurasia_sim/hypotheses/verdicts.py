"""From runs to words: what becomes of a hypothesis at reference, over everything uncertain, and under each theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.analysis.differences import mean_interval, parts
from eurasia_sim.analysis.scenario_discovery import Region, region
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.hypotheses.arms import Plan, effect, readings_of
from eurasia_sim.hypotheses.hypothesis import Hypothesis, Part
from eurasia_sim.hypotheses.schema import Sign

SUPPORTED, CONTRADICTED, CONDITIONAL = "supported", "contradicted", "conditional"
ENTAILED, UNDETERMINED, REPORTED = "entailed", "undetermined", "reported"
# The words are defined by these shares; a verdict names them.
SHARE_OF_SPACE = 0.8
DENSITY, COVERAGE = 0.8, 0.3
FORCED = 0.99
_NORMAL_95 = 1.96


def holds(sign: Sign, smallest: float, x: Floats) -> NDArray[np.bool_]:
    """Whether effects are as a sign says: beyond the smallest effect, within it, or not beyond it on one side."""
    passes: dict[Sign, NDArray[np.bool_]] = {
        "+": x > smallest,
        "-": x < -smallest,
        "0": np.abs(x) < smallest,
        "not +": x < smallest,
        "not -": x > -smallest,
        "?": np.zeros(x.shape, bool),
    }
    return passes[sign]


def mirrors(sign: Sign, smallest: float, x: Floats) -> NDArray[np.bool_]:
    """Whether effects are the very opposite of what a sign says."""
    passes: dict[Sign, NDArray[np.bool_]] = {
        "+": x < -smallest,
        "-": x > smallest,
        "0": np.abs(x) > smallest,
        "not +": x > smallest,
        "not -": x < -smallest,
        "?": np.zeros(x.shape, bool),
    }
    return passes[sign]


@dataclass(frozen=True)
class Estimate:
    """A part's effect over runs that differ by chance alone."""

    mean: float
    low: float  # of the 95 % bootstrap interval
    high: float
    size: float  # mean in standard deviations of the paired differences; NaN where nothing varies
    colocation_part: float  # NaN but for competition and cooperation
    joint_part: float
    correlation: float  # of what is added with what is taken away; NaN where either does not vary or nothing is taken
    variance_gain: float  # variance without pairing over that with it
    n: int
    failed: int

    def is_wholly(self, test: Sequence[bool] | NDArray[np.bool_]) -> bool:
        """Whether both ends of the interval pass, and there are runs at all."""
        return self.n > 0 and all(bool(each) for each in test)

    def holds(self, part: Part) -> bool:
        """Whether the whole interval is as the part expects."""
        return self.is_wholly(holds(part.sign, part.smallest, np.array([self.low, self.high])))

    def mirrors(self, part: Part) -> bool:
        """Whether the whole interval is the opposite."""
        ends = np.array([self.low, self.high])
        if part.sign == "0":  # both ends beyond the smallest effect, on one side
            return self.n > 0 and (self.low > part.smallest or self.high < -part.smallest)
        return self.is_wholly(mirrors(part.sign, part.smallest, ends))


def estimate(plan: Plan, part: Part, values: Floats) -> Estimate:
    """The effect of a part with its interval, its parts, and what pairing gained.

    Args:
        values: (arms, R, readings) from `effects.read_runs`.
    """
    change = effect(plan, part, values)
    whole = np.isfinite(change)
    low, high = mean_interval(change[whole])
    column = plan.readings.index(readings_of(part)[0])
    added = np.sum([values[plan.arms.index(arm), whole, column] for arm in part.plus], axis=0)
    taken = (
        np.sum([values[plan.arms.index(arm), whole, column] for arm in part.less], axis=0)
        if part.less
        else None
    )
    moves = whole.sum() > 1 and np.ptp(change[whole]) > 0
    varies = taken is not None and moves and np.ptp(added) > 0 and np.ptp(taken) > 0
    meeting, joining = _split(plan, part, values[:, whole])
    return Estimate(
        mean=float(change[whole].mean()) if whole.any() else float("nan"),
        low=low,
        high=high,
        size=float(change[whole].mean() / change[whole].std()) if moves else float("nan"),
        colocation_part=meeting,
        joint_part=joining,
        correlation=float(np.corrcoef(added, taken)[0, 1]) if varies else float("nan"),
        variance_gain=float((added.var() + taken.var()) / change[whole].var())
        if varies and taken is not None
        else np.nan,
        n=int(whole.sum()),
        failed=int((~whole).sum()),
    )


def _split(plan: Plan, part: Part, values: Floats) -> tuple[float, float]:
    """Mean co-location part and joint-share part of a difference in competition or cooperation; NaN for other parts."""
    if not part.metric.splits or len(part.plus) != 1 or len(part.less) != 1 or not values.shape[1]:
        return float("nan"), float("nan")
    own = readings_of(part)[1:]
    tables = [
        pd.DataFrame({metric.columns[0]: values[plan.arms.index(arm), :, plan.readings.index((metric, window))]
                      for metric, window in own})
        for arm in part.arms
    ]  # fmt: skip
    meeting, joining = parts(tables[0], tables[1], part.metric.columns[0])
    return float(meeting.mean()), float(joining.mean())


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share seen in n cases (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    z = _NORMAL_95
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


@dataclass(frozen=True)
class Layers:
    """The three layers of one part, and whether its form forces it."""

    part: Part
    reference: Estimate  # default theory and forms
    theories: Mapping[str, Estimate]  # each at its own reference, the null included
    forms: Mapping[str, Estimate]  # factor.alternative, under the default theory
    effects: Floats  # (P,) over the sample's points that count, mean of the replicates
    null: Floats  # the same over the null theory's points
    forced: float  # share of the wide draws in which the bare sign is as expected

    @property
    def share(self) -> float:
        """Share of the space in which the part holds beyond its smallest effect."""
        return _share(holds(self.part.sign, self.part.smallest, self.effects), self.effects)

    @property
    def mirrored(self) -> float:
        """Share of the space in which its opposite holds."""
        return _share(mirrors(self.part.sign, self.part.smallest, self.effects), self.effects)

    def word(self, null: str | None) -> str:
        """What becomes of the part, before any search for a region."""
        if self.part.sign == "?":
            return REPORTED
        rivals = [found for theory, found in self.theories.items() if theory != null]
        if self.part.sign in ("+", "-") and self.forced >= FORCED:
            return ENTAILED
        if (
            self.reference.holds(self.part)
            and self.share >= SHARE_OF_SPACE
            and all(r.holds(self.part) for r in rivals)
        ):
            return SUPPORTED
        opposed = self.reference.mirrors(self.part) and self.mirrored >= SHARE_OF_SPACE
        if opposed and all(r.mirrors(self.part) for r in rivals):
            return CONTRADICTED
        return UNDETERMINED


def _share(passes: NDArray[np.bool_], effects: Floats) -> float:
    whole = np.isfinite(effects)
    return float(passes[whole].mean()) if whole.any() else float("nan")


@dataclass(frozen=True)
class Verdict:
    """What becomes of a hypothesis."""

    hypothesis: Hypothesis
    word: str
    layers: tuple[Layers, ...]
    words: tuple[str, ...]  # of the parts
    share: float  # of the space in which the whole hypothesis holds
    points: int  # of the space that were run without failure
    region: Region | None


def judge(
    hypothesis: Hypothesis, layers: Sequence[Layers], points: pd.DataFrame, null: str | None
) -> Verdict:
    """The verdict on a hypothesis from the layers of its parts.

    Form: parts joined by `all` must all be supported, and one contradicted part contradicts; joined by `any` it is the
    other way round. Parts that the form forces are no evidence and leave the count; with no other left, the hypothesis
    is entailed. What is neither is conditional where a region of the space holds it.

    Args:
        points: (P, columns) factors and numbers of the points that count, in the order of the layers' effects.
    """
    words = tuple(each.word(null) for each in layers)
    counted = [
        each for each, word in zip(layers, words, strict=True) if word not in (REPORTED, ENTAILED)
    ]
    if not counted:
        word = ENTAILED if ENTAILED in words else REPORTED
        return Verdict(hypothesis, word, tuple(layers), words, float("nan"), 0, None)
    passes = np.array([holds(each.part.sign, each.part.smallest, each.effects) for each in counted])
    whole = np.all([np.isfinite(each.effects) for each in counted], axis=0)
    together = np.asarray(passes.all(axis=0) if hypothesis.join == "all" else passes.any(axis=0))
    said = [word for word in words if word not in (REPORTED, ENTAILED)]
    every, some = (all, any) if hypothesis.join == "all" else (any, all)
    word, found = UNDETERMINED, None
    if every(each == SUPPORTED for each in said):
        word = SUPPORTED
    elif some(each == CONTRADICTED for each in said):
        word = CONTRADICTED
    else:
        found = region(points[whole].reset_index(drop=True), together[whole], DENSITY, COVERAGE)
        word = CONDITIONAL if found else UNDETERMINED
    share = float(together[whole].mean()) if whole.any() else float("nan")
    return Verdict(hypothesis, word, tuple(layers), words, share, int(whole.sum()), found)

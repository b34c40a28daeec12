"""Verdicts: what runs at reference, over the space, and under each theory make of a hypothesis."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.analysis.differences import change
from eurasia_sim.analysis.scenario_discovery import Region, deciding_sign, region
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.hypotheses import hypothesis as limits
from eurasia_sim.hypotheses.arms import Plan, arm_sums, channels, effect, levels
from eurasia_sim.hypotheses.hypothesis import Hypothesis, Part, Sign

NOT_MEASURABLE, ENTAILED = "not measurable", "entailed"
SUPPORTED, CONTRADICTED, NEGLIGIBLE = "supported", "contradicted", "negligible"
OPPOSED, HINGES, UNDETERMINED = "opposing channels", "hinges on", "undetermined"
REPORTED = "reported"  # where no sign is expected
WORDS = (  # each goes before the next
    NOT_MEASURABLE, ENTAILED, SUPPORTED, CONTRADICTED, NEGLIGIBLE, OPPOSED, HINGES, UNDETERMINED,
    REPORTED,
)  # fmt: skip
_NORMAL_95 = 1.96
_NAN = float("nan")
Flags = NDArray[np.bool_]
Rival = tuple[str, str]  # "theory" or "form", and its name
_OPPOSITE: dict[Sign, Sign] = {"+": "-", "-": "+", "not +": "+", "not -": "-", "?": "?"}


def holds(sign: Sign, smallest: float | Floats, x: Floats) -> Flags:
    """Whether effects are as a sign says, given the smallest effect that matters."""
    passes: dict[Sign, Flags] = {
        "+": x > smallest,
        "-": x < -smallest,
        "0": np.abs(x) < smallest,
        "not +": x < smallest,
        "not -": x > -smallest,
        "?": np.zeros(x.shape, bool),
    }
    return passes[sign]


def mirrors(sign: Sign, smallest: float | Floats, x: Floats) -> Flags:
    """Whether effects are the opposite of what a sign says."""
    return np.abs(x) > smallest if sign == "0" else holds(_OPPOSITE[sign], smallest, x)


def share(passes: Flags) -> float:
    """Share of what passes; NaN of nothing."""
    return float(passes.mean()) if len(passes) else _NAN


def wilson(part: float, n: int) -> tuple[float, float]:
    """95 % interval of a share seen in n cases (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    z = _NORMAL_95
    middle = (part + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(part * (1 - part) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


@dataclass(frozen=True)
class Estimate:
    """A part's effect over runs that differ by chance alone."""

    smallest: float  # effect that matters, at the level of these runs
    mean: float
    low: float  # of the 95 % interval
    high: float
    size: float  # mean in standard deviations of the paired differences; NaN where nothing varies
    colocation_part: float  # NaN but for competition and cooperation
    joint_part: float
    correlation: float  # of the two sums of arms; NaN where one does not vary or nothing is taken
    variance_gain: float  # variance without pairing over that with it
    n: int
    failed: int

    def holds(self, part: Part) -> bool:
        """Whether the whole interval is as the part expects."""
        return self.n > 0 and bool(holds(part.sign, self.smallest, self._ends).all())

    def mirrors(self, part: Part) -> bool:
        """Whether the whole interval is the opposite, of no effect on one side."""
        on_one_side = self.n > 0 and self._ends.prod() > 0
        return on_one_side and bool(mirrors(part.sign, self.smallest, self._ends).all())

    @property
    def _ends(self) -> Floats:
        return np.array([self.low, self.high])


def estimate(plan: Plan, part: Part, values: Floats) -> Estimate:
    """The effect of a part with its interval, its parts, and the gain of pairing.

    `values` are (arms, R, readings).
    """
    added, taken = arm_sums(plan, part, values)
    failed = int((~np.isfinite(added - taken)).sum())
    whole = np.isfinite(effect(plan, part, values))
    added, taken, values = added[whole], taken[whole], values[:, whole]
    each, found = added - taken, change("", added, taken)
    moves = found.n > 1 and np.ptp(each) > 0
    varies = moves and np.isfinite(found.correlation)
    split = channels(plan, part, values).mean(axis=1) if found.n and part.metric.splits else []
    colocation, joint = map(float, split) if len(split) else (_NAN, _NAN)
    level = levels(plan, part, values).mean() if found.n else 0.0
    return Estimate(
        float(part.smallest.at(level)), found.mean, found.low, found.high,
        found.effect_size if moves else _NAN, colocation, joint,
        found.correlation if varies else _NAN,
        float((added.var() + taken.var()) / each.var()) if varies else _NAN,
        found.n, failed,
    )  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """One part's effects over many draws; a draw that failed or does not count is NaN."""

    part: Part
    effects: Floats  # (P,)
    smallest: Floats  # (P,) effect that matters at the level of each draw
    channels: Floats  # (C, P) what each effect adds up from; none where it is not declared

    @classmethod
    def of(cls, plan: Plan, part: Part, values: Floats) -> "Spread":
        """Over points, each the mean of its replicates: (arms, P, replicates, readings)."""
        effects, level, adds = (
            np.mean([reads(plan, part, own) for own in np.moveaxis(values, 2, 0)], axis=0)
            for reads in (effect, levels, channels)
        )
        return cls(part, effects, part.smallest.at(level), adds if part.channels else adds[:0])

    def only(self, chosen: Flags) -> "Spread":
        """Over some of the draws."""
        own = self.effects[chosen], self.smallest[chosen], self.channels[:, chosen]
        return Spread(self.part, *own)

    @property
    def holds(self) -> Flags:
        """(P,) whether a draw is as the part expects, beyond its smallest effect."""
        return holds(self.part.sign, self.smallest, self.effects)

    @property
    def opposite(self) -> Flags:
        """(P,) whether a draw is the opposite."""
        return mirrors(self.part.sign, self.smallest, self.effects)

    def shares(self) -> dict[str, float]:
        """Shares of the draws that count.

        Returns:
            share: in which the part holds; mirrored: its opposite does; negligible: the effect is
            within the smallest; opposed: channels beyond it leave less than half of their sum.
        """
        sizes, x = np.abs(self.channels), np.abs(self.effects)
        beyond = (sizes > self.smallest).all(axis=0) & (len(sizes) > 1)
        flags = {
            "share": self.holds, "mirrored": self.opposite, "negligible": x < self.smallest,
            "opposed": beyond & (x < limits.CANCELLED * sizes.sum(axis=0)),
        }  # fmt: skip
        return {name: share(passes[np.isfinite(x)]) for name, passes in flags.items()}

    def word(self, estimates: Sequence[Estimate] = ()) -> str:
        """The word on the part; the estimates must be as sure as the space."""
        shares, part = self.shares(), self.part
        if shares["share"] >= limits.SHARE_OF_SPACE and all(x.holds(part) for x in estimates):
            return SUPPORTED
        if shares["mirrored"] >= limits.SHARE_OF_SPACE and all(x.mirrors(part) for x in estimates):
            return CONTRADICTED
        if shares["negligible"] >= limits.SHARE_OF_SPACE:
            return NEGLIGIBLE
        return OPPOSED if shares["opposed"] >= limits.OPPOSING else UNDETERMINED


@dataclass(frozen=True)
class Layers:
    """The layers of one part, and whether its form forces it."""

    part: Part
    reference: Estimate  # default theory and forms
    rivals: Mapping[Rival, Estimate]  # theories at their own reference, the null's too; forms
    space: Spread  # the sample's points that count
    null: Floats  # effects over the null theory's points
    forced: float  # share of the wide draws in which the bare sign is as expected
    fit: Spread  # over the members of the fit to the record; of no draw where there is none

    def word(self, null: str | None, *, may_be_forced: bool = False) -> str:
        """The word on the part over the declared ranges, before any search."""
        if self.part.sign == "?":
            return REPORTED
        if self.part.sign in ("+", "-") and self.forced >= limits.FORCED and not may_be_forced:
            return ENTAILED
        own = [x for (kind, name), x in self.rivals.items() if kind == "theory" and name != null]
        # Where fewer than two runs count there is no interval, so nobody speaks.
        return self.space.word([x for x in (self.reference, *own) if x.n > 1 or x.failed])

    def fit_word(self, word: str) -> str:
        """The word under the fit, given that over the ranges; empty where there is no fit."""
        if not len(self.fit.effects):
            return ""
        return word if word in (REPORTED, ENTAILED) else self.fit.word()


@dataclass(frozen=True)
class Verdict:
    """The verdict on a hypothesis over one space of draws."""

    word: str  # empty where nothing was drawn
    share: float = _NAN  # of the space in which the whole hypothesis holds
    points: int = 0  # of the space that were run without failure
    region: Region | None = None  # what it hinges on


def judge(
    hypothesis: Hypothesis, words: Sequence[str], spreads: Sequence[Spread], points: pd.DataFrame,
    failed: Collection[str] = (),
) -> Verdict:  # fmt: skip
    """The verdict on a hypothesis from the words and draws of its parts.

    Form: parts joined by `all` must all be supported, and one contradicted part contradicts; joined
    by `any` it is the other way round. Parts that the form forces are no evidence and do not count;
    with no other left, the hypothesis is entailed. It is negligible, or its channels oppose each
    other, where that is the word of every part that keeps it from being supported (or, by `any`,
    contradicted). Otherwise it hinges on a region of the space, or on one number's sign, where one
    is found; else it is undetermined. Where a control failed, nothing is measurable.

    Args:
        words: of the parts. points: (P, columns) of the draws, in the order of their effects.
    """
    counted = {at: word for at, word in enumerate(words) if word not in (REPORTED, ENTAILED)}
    if not all(words):
        return Verdict("")
    if failed or not counted:
        word = NOT_MEASURABLE if failed else ENTAILED if ENTAILED in words else REPORTED
        return Verdict(word)
    own, said = [spreads[at] for at in counted], set(counted.values())
    whole = np.all([np.isfinite(each.effects) for each in own], axis=0)
    joined, of_all, of_one = np.all, SUPPORTED, CONTRADICTED  # words that all, or one, must have
    if hypothesis.join == "any":
        joined, of_all, of_one = np.any, CONTRADICTED, SUPPORTED
    together = np.asarray(joined([each.holds for each in own], axis=0))[whole]
    found, points = None, points[whole].reset_index(drop=True)
    if said == {of_all} or of_one in said:
        word = of_one if of_one in said else of_all
    elif said - {of_all} in ({NEGLIGIBLE}, {OPPOSED}):
        (word,) = said - {of_all}
    else:
        found = region(points, together, limits.DENSITY, limits.COVERAGE, limits.NUMBERS)
        found = found or deciding_sign(points, together, limits.ONE_SIGN)
        word = HINGES if found else UNDETERMINED
    return Verdict(word, share(together), int(whole.sum()), found)


def share_of_sign(part: Part, effects: Floats) -> float:
    """Share of draws in which an effect's bare sign is as expected; NaN where no sign is."""
    if part.sign not in ("+", "-"):
        return _NAN
    return share(holds(part.sign, 0.0, effects[np.isfinite(effects)]))

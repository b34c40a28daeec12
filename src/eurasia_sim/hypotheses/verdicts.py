"""Verdicts: what runs at reference, over the space, and under each theory make of a hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.analysis.differences import change, parts
from eurasia_sim.analysis.scenario_discovery import Region, region
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.hypotheses.arms import Plan, arm_sums, readings_of
from eurasia_sim.hypotheses.hypothesis import Hypothesis, Part
from eurasia_sim.hypotheses.schema import Sign

SUPPORTED, CONTRADICTED, CONDITIONAL = "supported", "contradicted", "conditional"
ENTAILED, UNDETERMINED, REPORTED = "entailed", "undetermined", "reported"
# Shares that define the words.
SHARE_OF_SPACE = 0.8
DENSITY, COVERAGE = 0.8, 0.3
FORCED = 0.99
_NORMAL_95 = 1.96
_NAN = float("nan")
Flags = NDArray[np.bool_]
Rival = tuple[str, str]  # "theory" or "form", and its name
_OPPOSITE: dict[Sign, Sign] = {"+": "-", "-": "+", "not +": "+", "not -": "-", "?": "?"}


def holds(sign: Sign, smallest: float, x: Floats) -> Flags:
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


def mirrors(sign: Sign, smallest: float, x: Floats) -> Flags:
    """Whether effects are the opposite of what a sign says."""
    if sign == "0":
        return np.abs(x) > smallest
    return holds(_OPPOSITE[sign], smallest, x)


def share(passes: Flags) -> float:
    """Share of what passes; NaN of nothing."""
    return float(passes.mean()) if len(passes) else _NAN


@dataclass(frozen=True)
class Estimate:
    """A part's effect over runs that differ by chance alone."""

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
        return self.n > 0 and bool(holds(part.sign, part.smallest, self._ends).all())

    def mirrors(self, part: Part) -> bool:
        """Whether the whole interval is the opposite, of no effect on one side."""
        signs: tuple[Sign, ...] = ("+", "-") if part.sign == "0" else (_OPPOSITE[part.sign],)
        beyond = (holds(sign, part.smallest, self._ends).all() for sign in signs)
        return self.n > 0 and any(beyond)

    @property
    def _ends(self) -> Floats:
        return np.array([self.low, self.high])


def estimate(plan: Plan, part: Part, values: Floats) -> Estimate:
    """The effect of a part with its interval, its parts, and the gain of pairing.

    Args:
        values: (arms, R, readings) from `arms.read_runs`.
    """
    added, taken = arm_sums(plan, part, values)
    whole = np.isfinite(added - taken)
    added, taken = added[whole], taken[whole]
    each, found = added - taken, change("", added, taken)
    moves = found.n > 1 and np.ptp(each) > 0
    varies = moves and np.isfinite(found.correlation)
    colocation, joint = _split(plan, part, values[:, whole])
    return Estimate(
        mean=found.mean,
        low=found.low,
        high=found.high,
        size=found.effect_size if moves else _NAN,
        colocation_part=colocation,
        joint_part=joint,
        correlation=found.correlation if varies else _NAN,
        variance_gain=float((added.var() + taken.var()) / each.var()) if varies else _NAN,
        n=found.n,
        failed=int((~whole).sum()),
    )


def _split(plan: Plan, part: Part, values: Floats) -> tuple[float, float]:
    """Mean co-location and joint-share part of a difference; NaN where a part has none."""
    if not part.metric.splits or len(part.plus) != 1 or len(part.less) != 1 or not values.shape[1]:
        return _NAN, _NAN
    arms = [plan.arms.index(arm) for arm in part.arms]
    both = ([*values[arms, :, plan.readings.index(x)]] for x in readings_of(part)[1:])
    kind = part.metric.columns[0].partition(".")[0]
    colocation, joint = (float(found.mean()) for found in parts(kind, *both))
    return colocation, joint


def wilson(part: float, n: int) -> tuple[float, float]:
    """95 % interval of a share seen in n cases (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    z = _NORMAL_95
    middle = (part + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(part * (1 - part) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


@dataclass(frozen=True)
class Layers:
    """The three layers of one part, and whether its form forces it."""

    part: Part
    reference: Estimate  # default theory and forms
    rivals: Mapping[Rival, Estimate]  # theories at their own reference, the null's too; forms
    effects: Floats  # (P,) over the sample's points that count, mean of the replicates
    null: Floats  # the same over the null theory's points
    forced: float  # share of the wide draws in which the bare sign is as expected

    @property
    def share(self) -> float:
        """Share of the space in which the part holds beyond its smallest effect."""
        return share(holds(self.part.sign, self.part.smallest, self._finite))

    @property
    def mirrored(self) -> float:
        """Share of the space in which its opposite holds."""
        return share(mirrors(self.part.sign, self.part.smallest, self._finite))

    @property
    def _finite(self) -> Floats:
        return self.effects[np.isfinite(self.effects)]

    def word(self, null: str | None) -> str:
        """The word on the part, before any search for a region."""
        part = self.part
        if part.sign == "?":
            return REPORTED
        if part.sign in ("+", "-") and self.forced >= FORCED:
            return ENTAILED
        estimates = [self.reference]
        estimates += [
            found
            for (kind, name), found in self.rivals.items()
            if kind == "theory" and name != null
        ]
        if self.share >= SHARE_OF_SPACE and all(each.holds(part) for each in estimates):
            return SUPPORTED
        if self.mirrored >= SHARE_OF_SPACE and all(each.mirrors(part) for each in estimates):
            return CONTRADICTED
        return UNDETERMINED


@dataclass(frozen=True)
class Verdict:
    """The verdict on a hypothesis."""

    hypothesis: Hypothesis
    word: str
    words: tuple[str, ...]  # of the parts
    share: float  # of the space in which the whole hypothesis holds
    points: int  # of the space that were run without failure
    region: Region | None


def judge(
    hypothesis: Hypothesis, layers: Sequence[Layers], points: pd.DataFrame, null: str | None
) -> Verdict:
    """The verdict on a hypothesis from the layers of its parts.

    Form: parts joined by `all` must all be supported, and one contradicted part contradicts; joined
    by `any` it is the other way round. Parts that the form forces are no evidence and do not count;
    with no other left, the hypothesis is entailed. Otherwise it is conditional where a region of
    the space holds it, else undetermined.

    Args:
        points: (P, columns) factors and numbers of the points that count, in the order of the
            layers' effects.
    """
    words = tuple(each.word(null) for each in layers)
    counted = {at: word for at, word in enumerate(words) if word not in (REPORTED, ENTAILED)}
    if not counted:
        word = ENTAILED if ENTAILED in words else REPORTED
        return Verdict(hypothesis, word, words, _NAN, 0, None)
    own = [layers[at] for at in counted]
    passes = np.array([holds(each.part.sign, each.part.smallest, each.effects) for each in own])
    whole = np.all([np.isfinite(each.effects) for each in own], axis=0)
    every, some, joined = (all, any, np.all) if hypothesis.join == "all" else (any, all, np.any)
    together = np.asarray(joined(passes, axis=0))[whole]
    found = None
    if every(word == SUPPORTED for word in counted.values()):
        word = SUPPORTED
    elif some(word == CONTRADICTED for word in counted.values()):
        word = CONTRADICTED
    else:
        found = region(points[whole].reset_index(drop=True), together, DENSITY, COVERAGE)
        word = CONDITIONAL if found else UNDETERMINED
    return Verdict(hypothesis, word, words, share(together), int(whole.sum()), found)


def fit_row(part: Part, effects: Floats) -> dict[str, float]:
    """Mean effect under the fit to the record, and share of its members in which the part holds."""
    whole = effects[np.isfinite(effects)]
    mean = float(whole.mean()) if len(whole) else _NAN
    return {"fit_mean": mean, "fit_share": share(holds(part.sign, part.smallest, whole))}


def share_of_sign(part: Part, effects: Floats) -> float:
    """Share of draws in which an effect's bare sign is as expected; NaN where no sign is."""
    if part.sign not in ("+", "-"):
        return _NAN
    whole = effects[np.isfinite(effects)]
    return share(whole > 0 if part.sign == "+" else whole < 0)


def rival_rows(name: str, found: Layers) -> list[dict[str, Any]]:
    """A part under every theory and every other form, a row each."""
    return [
        {"hypothesis": name, "part": found.part.label, "kind": kind, "under": under,
         **asdict(own), "holds": own.holds(found.part), "mirrors": own.mirrors(found.part)}
        for (kind, under), own in found.rivals.items()
    ]  # fmt: skip

"""How far two coders agree: Krippendorff's alpha of the values, and of which passages count."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.evidence.claims import DYADS, SCALED, Claim, Evidence
from eurasia_sim.evidence.coding import BLOCKS, paired_values

_COVERAGE = 0.95  # of the interval of an alpha


@dataclass(frozen=True, slots=True)
class Reliability:
    """Alpha over the units both coders valued."""

    alpha: float  # NaN where the values do not vary
    pairable: int  # units that both valued
    first_only: int
    second_only: int


@dataclass(frozen=True, slots=True)
class Passages:
    """Agreement on where there is something to code."""

    alpha: float  # nominal, over every coded paragraph and family
    jaccard: float  # marked by both, of those marked by either
    both: int
    first_only: int
    second_only: int
    universe: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """The two codings compared, for one round of the second."""

    round: str
    overall: Reliability
    low: float  # ends of the percentile bootstrap interval of the overall alpha
    high: float
    constructs: dict[str, Reliability]
    passages: Passages


def krippendorff_alpha(values: Floats, *, is_ordinal: bool = True) -> float:
    """Krippendorff's alpha of (coders, units), NaN where a coder gave no value.

    Claim: Krippendorff 2011, "Computing Krippendorff's alpha-reliability": one minus observed over
    expected disagreement, from the coincidences of values within units that at least two valued.

    1 is perfect agreement, 0 chance; NaN when fewer than two different values are paired.
    """
    coincidences = _coincidences(values)
    return _alpha(coincidences.sum(axis=0), is_ordinal=is_ordinal)


def _coincidences(values: Floats) -> Floats:
    """(units, L, L) meetings of each two of the values that occur, over a unit's size less 1."""
    levels = np.unique(values[~np.isnan(values)])
    counts = (values[:, :, None] == levels).sum(axis=0).astype(np.float64)
    sizes = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(levels))
    return np.asarray(pairs / np.maximum(sizes - 1.0, 1.0)[:, None, None])


def _alpha(coincidences: Floats, *, is_ordinal: bool) -> float:
    """Alpha of (L, L) coincidences; an ordinal difference is the ranks between two values."""
    totals = coincidences.sum(axis=1)
    ranks = np.cumsum(totals) - totals / 2.0  # each end counted half
    distance = np.subtract.outer(ranks, ranks) ** 2 if is_ordinal else 1.0 - np.eye(len(totals))
    expected = float(totals @ distance @ totals)
    if expected == 0.0:
        return math.nan
    observed = float(np.sum(coincidences * distance))
    return 1.0 - (float(totals.sum()) - 1.0) * observed / expected


def bootstrap_interval(values: Floats, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of the ordinal alpha over resampled units; NaN if it has none."""
    generator = np.random.default_rng(seed)
    coincidences = _coincidences(values)
    units, alphas = len(coincidences), np.array([])
    if units:
        times = generator.multinomial(units, np.full(units, 1.0 / units), size=draws)
        drawn = np.tensordot(times.astype(np.float64), coincidences, axes=1)
        alphas = np.array([_alpha(each, is_ordinal=True) for each in drawn])
        alphas = alphas[~np.isnan(alphas)]
    if alphas.size == 0:
        return math.nan, math.nan
    low, high = np.quantile(alphas, [(1.0 - _COVERAGE) / 2.0, (1.0 + _COVERAGE) / 2.0])
    return float(low), float(high)


def agreement(evidence: Evidence, draws: int = 2000) -> list[Agreement]:
    """The first coding against each round of the second, as both stood then; last, as they are now.

    A unit is an actor's construct or an ordered pair's denial or affinity; its value is what steps
    1 and 2 of the codebook make of one coder's claims. Units of all kinds are pooled for the
    overall alpha, by the order of values.
    """
    compared = []
    for at, each in enumerate(evidence.rounds):
        later = [one for one in evidence.rounds[at + 1 :] if one.replaces is None]
        anew = {construct for one in later for construct in one.constructs}
        before = {claim.place for claim in each.superseded}
        sentences = None if each.replaces is None else {claim.place for claim in each.claims}
        first = [
            claim
            for claim in evidence.claims
            if claim.construct in each.constructs and claim.construct not in anew
            if claim.place not in before and (sentences is None or claim.place in sentences)
        ]
        compared.append((each.name, (*first, *each.superseded), each.claims))
    if len(compared) > 1:
        compared.append(("as coded now", evidence.claims, evidence.second))
    return [_compared(evidence, *each, draws) for each in compared]


def _compared(
    evidence: Evidence, name: str, first: Iterable[Claim], second: Iterable[Claim], draws: int
) -> Agreement:
    paired = paired_values(first, second, evidence)
    matrix = np.array([*paired.values()]).reshape(-1, 2).T
    kinds = np.array([other if block == BLOCKS[0] else block for block, _, other in paired])
    both = matrix[:, ~np.isnan(matrix).any(axis=0)]
    return Agreement(
        name,
        _reliability(matrix),
        *bootstrap_interval(both, draws),
        {kind: _reliability(matrix[:, kinds == kind]) for kind in SCALED if kind in kinds},
        _passages(evidence, first, second),
    )


def _reliability(matrix: Floats) -> Reliability:
    first, second = ~np.isnan(matrix)
    counts = (first & second, first & ~second, ~first & second)
    return Reliability(krippendorff_alpha(matrix), *(int(each.sum()) for each in counts))


def _passages(evidence: Evidence, first: Iterable[Claim], second: Iterable[Claim]) -> Passages:
    """Which paragraphs each coder found to speak of interests, of denial and of affinity.

    Paragraphs that the first coder excused and the second left alone are no part of the universe:
    agreement that a heading holds no interest would flatter.
    """
    marked = [
        {
            (
                claim.document,
                claim.lines,
                claim.construct if claim.construct in DYADS else BLOCKS[0],
            )
            for claim in claims
            if claim.construct in SCALED
        }
        for claims in (first, second)
    ]
    texts = {(document, lines) for document, lines, _ in marked[1]}
    for name, document in evidence.documents.items():
        texts |= {(name, each.lines) for each in document.paragraphs if not each.nothing}
    universe = sorted((*text, family) for text in texts for family in BLOCKS)
    matrix = np.array([[float(passage in marks) for passage in universe] for marks in marked])
    both, either = marked[0] & marked[1], marked[0] | marked[1]
    return Passages(
        alpha=krippendorff_alpha(matrix, is_ordinal=False),
        jaccard=len(both) / len(either) if either else math.nan,
        both=len(both),
        first_only=len(marked[0] - marked[1]),
        second_only=len(marked[1] - marked[0]),
        universe=len(universe),
    )

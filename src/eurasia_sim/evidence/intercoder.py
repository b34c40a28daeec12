"""How far two coders agree: Krippendorff's alpha of the values, and of which passages count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.evidence.claims import DYADS, SCALED, Claim, Evidence
from eurasia_sim.evidence.coding import BLOCKS, Unit, values_by_unit

Passage = tuple[str, tuple[int, int], str]  # document, lines of the paragraph, family of constructs


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


def krippendorff_alpha(values: Floats, metric: str = "ordinal") -> float:
    """Krippendorff's alpha of a reliability matrix.

    Claim: Krippendorff 2011, "Computing Krippendorff's alpha-reliability": one minus observed over expected
    disagreement, from the coincidences of values within units that at least two coders valued.

    Args:
        values: (coders, units), NaN where a coder gave none.
        metric: nominal, ordinal or interval.

    Returns:
        1 for perfect agreement, 0 for chance; NaN when fewer than two different values are paired.
    """
    levels, coincidences = _coincidences(values)
    return _alpha(levels, coincidences.sum(axis=0), metric)


def _coincidences(values: Floats) -> tuple[Floats, Floats]:
    """(L,) the values that occur, and (units, L, L) how often each two meet in a unit, over its size less 1."""
    levels = np.unique(values[~np.isnan(values)])
    counts = (values[:, :, None] == levels).sum(axis=0).astype(np.float64)
    sizes = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(levels))
    return levels, pairs / np.maximum(sizes - 1.0, 1.0)[:, None, None]


def _alpha(levels: Floats, coincidences: Floats, metric: str) -> float:
    """Alpha of (L, L) coincidences."""
    totals = coincidences.sum(axis=1)
    distance = _squared_distance(levels, totals, metric)
    expected = float(totals @ distance @ totals)
    if expected == 0.0:
        return math.nan
    observed = float(np.sum(coincidences * distance))
    return 1.0 - (float(totals.sum()) - 1.0) * observed / expected


def _squared_distance(levels: Floats, totals: Floats, metric: str) -> Floats:
    """(L, L) squared difference of every two values under a metric."""
    if metric == "nominal":
        return 1.0 - np.eye(len(levels))
    if metric == "interval":
        return np.asarray(np.subtract.outer(levels, levels) ** 2)
    if metric == "ordinal":
        # The ranks between two values, each end counted half.
        middle = np.cumsum(totals) - totals / 2.0
        return np.asarray(np.subtract.outer(middle, middle) ** 2)
    raise ValueError(f"{metric!r} is no metric; one of nominal, ordinal, interval")


def bootstrap_interval(
    values: Floats, draws: int = 2000, seed: int = 0, coverage: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of the ordinal alpha over units drawn again with replacement; NaN if alpha never exists."""
    generator = np.random.default_rng(seed)
    levels, coincidences = _coincidences(values)
    units = len(coincidences)
    if units == 0:
        return math.nan, math.nan
    times = generator.multinomial(units, np.full(units, 1.0 / units), size=draws)
    drawn = np.tensordot(times.astype(np.float64), coincidences, axes=1)
    alphas = np.array([_alpha(levels, each, "ordinal") for each in drawn])
    alphas = alphas[~np.isnan(alphas)]
    if alphas.size == 0:
        return math.nan, math.nan
    low, high = np.quantile(alphas, [(1.0 - coverage) / 2.0, (1.0 + coverage) / 2.0])
    return float(low), float(high)


def agreement(evidence: Evidence, draws: int = 2000, seed: int = 0) -> list[Agreement]:
    """The first coding against every round of the second, as both stood then; last, both as they stand now.

    A unit is an actor's construct or an ordered pair's denial or affinity; its value is what steps 1 and 2 of the
    codebook make of one coder's claims. Units of all kinds are pooled for the overall alpha, by the order of values.
    """
    compared = []
    for turn in evidence.rounds:
        recoded = {claim.construct for claim in turn.superseded}
        first = [
            c
            for c in evidence.claims
            if c.construct in turn.constructs and c.construct not in recoded
        ]
        compared.append(
            _compared(evidence, turn.name, [*first, *turn.superseded], turn.claims, draws, seed)
        )
    if len(evidence.rounds) > 1:
        compared.append(
            _compared(evidence, "as coded now", evidence.claims, evidence.second, draws, seed)
        )
    return compared


def _compared(
    evidence: Evidence,
    name: str,
    first: Sequence[Claim],
    second: Sequence[Claim],
    draws: int,
    seed: int,
) -> Agreement:
    codings = [
        {unit: found[0] for unit, found in values_by_unit(claims, evidence).items()}
        for claims in (first, second)
    ]
    units = sorted({*codings[0], *codings[1]})
    matrix = np.array(
        [[coding.get(unit, math.nan) for unit in units] for coding in codings]
    ).reshape(2, len(units))
    names = [_construct(unit) for unit in units]
    constructs = {
        construct: _reliability(
            matrix[:, [at for at, each in enumerate(names) if each == construct]]
        )
        for construct in SCALED
        if construct in names
    }
    paired = matrix[:, ~np.isnan(matrix).any(axis=0)]
    low, high = bootstrap_interval(paired, draws, seed)
    return Agreement(
        name, _reliability(matrix), low, high, constructs, _passages(evidence, first, second)
    )


def _construct(unit: Unit) -> str:
    return unit[2] if unit[0] == BLOCKS[0] else unit[0]


def _reliability(matrix: Floats) -> Reliability:
    spoken = ~np.isnan(matrix)
    both, first, second = (
        (spoken[0] & spoken[1]),
        (spoken[0] & ~spoken[1]),
        (~spoken[0] & spoken[1]),
    )
    return Reliability(
        krippendorff_alpha(matrix), int(both.sum()), int(first.sum()), int(second.sum())
    )


def _passages(evidence: Evidence, first: Sequence[Claim], second: Sequence[Claim]) -> Passages:
    """Which paragraphs each coder found to speak of interests, of denial and of affinity.

    Paragraphs that the first coder excused and the second left alone are no part of the universe: agreement that a
    heading holds no interest would flatter.
    """
    marked = [_marks(first), _marks(second)]
    texts = {
        (name, paragraph.lines)
        for name, document in evidence.documents.items()
        for paragraph in document.paragraphs
        if not paragraph.nothing
    } | {(document, lines) for document, lines, _ in marked[1]}
    universe = sorted((*text, family) for text in texts for family in BLOCKS)
    matrix = np.array([[float(passage in marks) for passage in universe] for marks in marked])
    both, either = marked[0] & marked[1], marked[0] | marked[1]
    return Passages(
        alpha=krippendorff_alpha(matrix, "nominal"),
        jaccard=len(both) / len(either) if either else math.nan,
        both=len(both),
        first_only=len(marked[0] - marked[1]),
        second_only=len(marked[1] - marked[0]),
        universe=len(universe),
    )


def _marks(claims: Iterable[Claim]) -> set[Passage]:
    return {
        (claim.document, claim.lines, claim.construct if claim.construct in DYADS else BLOCKS[0])
        for claim in claims
        if claim.construct in SCALED
    }

"""How far two coders agree: Krippendorff's alpha of the values, and of which passages count."""

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

    Claim: Krippendorff 2011, "Computing Krippendorff's alpha-reliability": one minus observed over
    expected disagreement, from the coincidences of values within units that at least two valued.

    Args:
        values: (coders, units), NaN where a coder gave none.
        metric: nominal, ordinal or interval.

    Returns:
        1 for perfect agreement, 0 for chance; NaN when fewer than two different values are paired.
    """
    levels, coincidences = _coincidences(values)
    return _alpha(levels, coincidences.sum(axis=0), metric)


def _coincidences(values: Floats) -> tuple[Floats, Floats]:
    """(L,) values that occur, and (units, L, L) meetings of each two over a unit's size less 1."""
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
    if metric not in ("ordinal", "interval"):
        raise ValueError(f"{metric!r} is no metric; one of nominal, ordinal, interval")
    # An ordinal difference is the ranks between two values, each end counted half.
    scale = levels if metric == "interval" else np.cumsum(totals) - totals / 2.0
    return np.asarray(np.subtract.outer(scale, scale) ** 2)


def bootstrap_interval(
    values: Floats, draws: int = 2000, seed: int = 0, coverage: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of the ordinal alpha over resampled units; NaN if alpha never exists."""
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
    """The first coding against each round of the second, as both stood then; last, as they are now.

    A unit is an actor's construct or an ordered pair's denial or affinity; its value is what steps
    1 and 2 of the codebook make of one coder's claims. Units of all kinds are pooled for the
    overall alpha, by the order of values.
    """
    pairs: list[tuple[str, Sequence[Claim], Sequence[Claim]]] = []
    for at, each in enumerate(evidence.rounds):
        anew = {
            construct
            for later in evidence.rounds[at + 1 :]
            if later.replaces is None
            for construct in later.constructs
        }
        before = {claim.place for claim in each.superseded}
        sentences = None if each.replaces is None else {claim.place for claim in each.claims}
        kept = [
            claim
            for claim in evidence.claims
            if claim.construct in each.constructs and claim.construct not in anew
            if claim.place not in before and (sentences is None or claim.place in sentences)
        ]
        pairs.append((each.name, [*kept, *each.superseded], each.claims))
    if len(pairs) > 1:
        pairs.append(("as coded now", evidence.claims, evidence.second))
    compared = []
    for name, first, second in pairs:
        units, matrix = _matrix(evidence, first, second)
        kinds = np.array([unit[2] if unit[0] == BLOCKS[0] else unit[0] for unit in units])
        constructs = {
            construct: _reliability(matrix[:, kinds == construct])
            for construct in SCALED
            if construct in kinds
        }
        paired = matrix[:, ~np.isnan(matrix).any(axis=0)]
        low, high = bootstrap_interval(paired, draws, seed)
        passages = _passages(evidence, first, second)
        compared.append(Agreement(name, _reliability(matrix), low, high, constructs, passages))
    return compared


def _matrix(
    evidence: Evidence, first: Iterable[Claim], second: Iterable[Claim]
) -> tuple[list[Unit], Floats]:
    """The units of either coding, and (2, units) their values, NaN where a coder found none."""
    codings = [values_by_unit(claims, evidence) for claims in (first, second)]
    units = sorted({*codings[0], *codings[1]})
    silent = (math.nan,)
    values = [[coding.get(unit, silent)[0] for unit in units] for coding in codings]
    return units, np.array(values).reshape(2, len(units))


def _reliability(matrix: Floats) -> Reliability:
    first, second = ~np.isnan(matrix)
    return Reliability(
        alpha=krippendorff_alpha(matrix),
        pairable=int((first & second).sum()),
        first_only=int((first & ~second).sum()),
        second_only=int((~first & second).sum()),
    )


def _passages(evidence: Evidence, first: Iterable[Claim], second: Iterable[Claim]) -> Passages:
    """Which paragraphs each coder found to speak of interests, of denial and of affinity.

    Paragraphs that the first coder excused and the second left alone are no part of the universe:
    agreement that a heading holds no interest would flatter.
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

"""From claims to numbers, step by step as the codebook has it, and how far two coders agree."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.evidence.claims import DYADS, SCALED, Claim, Evidence

# A unit of coding: interests, denial or affinity; the actor; the construct or the other actor.
Unit = tuple[str, str, str]
BLOCKS = ("interests", "denial", "affinity")
_BOTTOM_LINE = 3.0
_COVERAGE = 0.95  # of the interval of an alpha


def claims_by_unit(claims: Iterable[Claim]) -> dict[Unit, list[Claim]]:
    """The claims that carry a level, under every actor or ordered pair they are about."""
    found: dict[Unit, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.construct in SCALED and claim.level is not None:
            is_dyad = claim.construct in DYADS and claim.toward is not None
            block, other = (claim.construct, claim.toward) if is_dyad else (BLOCKS[0], None)
            for actor in claim.about:
                if actor != other:
                    found[block, actor, other or claim.construct].append(claim)
    return dict(found)


def values_by_document(unit: Unit, claims: Iterable[Claim]) -> dict[str, float]:
    """Step 1: what each document says of a unit.

    Form: the highest level; of an affinity the level furthest from zero, and where a document has
    levels of both signs, the mean of the furthest on either side.
    """
    levels: dict[str, list[float]] = defaultdict(list)
    for claim in claims:
        levels[claim.document].append(float(claim.level or 0.0))
    found = {}
    for document, stated in levels.items():
        low, high = min(stated), max(stated)
        furthest = fmean([low, high]) if low < 0 < high else max(stated, key=abs)
        found[document] = furthest if unit[0] == "affinity" else high
    return found


def across_documents(
    block: str, values: Mapping[str, float], dependent: Mapping[str, str | None]
) -> tuple[float, float, float]:
    """Step 2: value, lowest and highest of what documents say, for a block of `BLOCKS`.

    Form: the median; of interests and denial the bottom line, where any document states one. The
    documents of one `dependent` group are one witness, who speaks with their highest value.
    """
    witnesses: dict[str, float] = {}
    for document, value in values.items():
        witness = dependent.get(document) or document
        witnesses[witness] = max(value, witnesses.get(witness, value))
    stated = list(witnesses.values())
    is_bottom_line = block != "affinity" and max(stated) == _BOTTOM_LINE
    return _BOTTOM_LINE if is_bottom_line else median(stated), min(stated), max(stated)


def values_by_unit(
    claims: Iterable[Claim], evidence: Evidence
) -> dict[Unit, tuple[float, float, float]]:
    """Steps 1 and 2 for one coding: value, lowest and highest of every unit it speaks of."""
    dependent = {name: document.dependent for name, document in evidence.documents.items()}
    return {
        unit: across_documents(unit[0], values_by_document(unit, stated), dependent)
        for unit, stated in claims_by_unit(claims).items()
    }


def _paired_values(
    first: Iterable[Claim], second: Iterable[Claim], evidence: Evidence
) -> dict[Unit, tuple[float, float]]:
    """Both coders' values of every unit that either speaks of, in order; NaN where silent."""
    codings = [values_by_unit(claims, evidence) for claims in (first, second)]
    silent = (math.nan,)
    return {
        unit: (codings[0].get(unit, silent)[0], codings[1].get(unit, silent)[0])
        for unit in sorted({*codings[0], *codings[1]})
    }


def values_by_coder(evidence: Evidence) -> dict[str, tuple[float, float]]:
    """The first and the second coder's value of each coded number by its path; NaN if silent."""
    paired = _paired_values(evidence.claims, evidence.second, evidence).items()
    return {f"actors.{actor}.{block}.{other}": both for (block, actor, other), both in paired}


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
    return _alpha(_coincidences(values).sum(axis=0), is_ordinal=is_ordinal)


def _coincidences(values: Floats) -> Floats:
    """(units, L, L) meetings of each two of the values that occur, over a unit's size less 1."""
    levels = np.unique(values[~np.isnan(values)])
    counts = (values[:, :, None] == levels).sum(axis=0).astype(np.float64)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(levels))
    return np.asarray(pairs / np.maximum(counts.sum(axis=1) - 1.0, 1.0)[:, None, None])


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
    if not (units := len(coincidences)):
        return math.nan, math.nan
    times = generator.multinomial(units, np.full(units, 1.0 / units), size=draws)
    drawn = np.tensordot(times.astype(np.float64), coincidences, axes=1)
    alphas = np.array([_alpha(each, is_ordinal=True) for each in drawn])
    if np.isnan(alphas).all():
        return math.nan, math.nan
    low, high = np.nanquantile(alphas, [(1.0 - _COVERAGE) / 2.0, (1.0 + _COVERAGE) / 2.0])
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
    paired = _paired_values(first, second, evidence)
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
    family = {construct: construct if construct in DYADS else BLOCKS[0] for construct in SCALED}
    marked = [
        {(x.document, x.lines, family[x.construct]) for x in claims if x.construct in family}
        for claims in (first, second)
    ]
    texts = {(document, lines) for document, lines, _ in marked[1]}
    for name, document in evidence.documents.items():
        texts |= {(name, each.lines) for each in document.paragraphs if not each.nothing}
    universe = sorted((*text, block) for text in texts for block in BLOCKS)
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

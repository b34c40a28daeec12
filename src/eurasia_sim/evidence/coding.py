"""From claims to numbers: the codebook's rule, step by step."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import fmean, median

from eurasia_sim.evidence.claims import DYADS, SCALED, Claim, Evidence

# A unit of coding: interests, denial or affinity; the actor; the construct or the other actor.
Unit = tuple[str, str, str]
BLOCKS = ("interests", "denial", "affinity")
BOTTOM_LINE = 3.0


def claims_by_unit(claims: Iterable[Claim]) -> dict[Unit, list[Claim]]:
    """The claims that carry a level, under every actor or ordered pair they are about."""
    found: dict[Unit, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.construct not in SCALED or claim.level is None:
            continue
        for actor in claim.about:
            unit = ("interests", actor, claim.construct)
            if claim.construct in DYADS and claim.toward is not None:
                unit = (claim.construct, actor, claim.toward)
            if unit[1] != unit[2]:
                found[unit].append(claim)
    return dict(found)


def values_by_document(unit: Unit, claims: Iterable[Claim]) -> dict[str, float]:
    """Step 1: what each document says of a unit.

    Form: the highest level; of an affinity the level furthest from zero, and where a document has
    levels of both signs, the mean of the furthest on either side.
    """
    levels: dict[str, list[float]] = defaultdict(list)
    for claim in claims:
        levels[claim.document].append(float(claim.level or 0.0))
    strongest = _strongest_affinity if unit[0] == "affinity" else max
    return {document: strongest(stated) for document, stated in levels.items()}


def _strongest_affinity(levels: list[float]) -> float:
    low, high = min(levels), max(levels)
    return fmean([low, high]) if low < 0 < high else max(levels, key=abs)


def across_documents(
    block: str, values: Mapping[str, float], dependent: Mapping[str, str | None]
) -> tuple[float, float, float]:
    """Step 2: value, lowest and highest of the documents.

    Form: the median; of interests and denial the bottom line, where any document states one.

    Args:
        block: of `BLOCKS`.
        values: what each document says.
        dependent: the group of each document, None for an independent one; a group is one witness
            and speaks with its highest value.
    """
    witnesses: dict[str, float] = {}
    for document, value in values.items():
        witness = dependent.get(document) or document
        witnesses[witness] = max(value, witnesses.get(witness, value))
    stated = list(witnesses.values())
    is_bottom_line = block != "affinity" and max(stated) == BOTTOM_LINE
    return BOTTOM_LINE if is_bottom_line else median(stated), min(stated), max(stated)


def values_by_unit(
    claims: Iterable[Claim], evidence: Evidence
) -> dict[Unit, tuple[float, float, float]]:
    """Steps 1 and 2 for one coding: value, lowest and highest of every unit it speaks of."""
    dependent = {name: document.dependent for name, document in evidence.documents.items()}
    return {
        unit: across_documents(unit[0], values_by_document(unit, stated), dependent)
        for unit, stated in claims_by_unit(claims).items()
    }


def values_by_coder(evidence: Evidence) -> dict[str, tuple[float, float]]:
    """The first and the second coder's value of each coded number by its path; NaN if silent."""
    first, second = (
        values_by_unit(coding, evidence) for coding in (evidence.claims, evidence.second)
    )
    silent = (math.nan,)
    return {
        ".".join(("actors", unit[1], unit[0], unit[2])): (
            first.get(unit, silent)[0],
            second.get(unit, silent)[0],
        )
        for unit in sorted({*first, *second})
    }

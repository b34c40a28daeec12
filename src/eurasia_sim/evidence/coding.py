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


def paired_values(
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
    paired = paired_values(evidence.claims, evidence.second, evidence).items()
    return {f"actors.{actor}.{block}.{other}": both for (block, actor, other), both in paired}

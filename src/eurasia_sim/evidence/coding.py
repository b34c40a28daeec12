"""From claims to numbers: the codebook's rule, step by step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from eurasia_sim.evidence.claims import DYADS, SCALED, Claim, Evidence

# A unit of coding: interests, denial or affinity; the actor; the construct or the other actor.
Unit = tuple[str, str, str]
BLOCKS = ("interests", "denial", "affinity")


@dataclass(frozen=True, slots=True)
class CodedNumber:
    """What two codings make of one unit, with the ids of every claim behind it."""

    value: float
    low: float
    high: float
    claims: tuple[str, ...]
    second: tuple[str, ...]


def claims_by_unit(claims: Iterable[Claim]) -> dict[Unit, list[Claim]]:
    """The claims that carry a level, under every actor or ordered pair they are about."""
    found: dict[Unit, list[Claim]] = {}
    for claim in claims:
        if claim.construct not in SCALED or claim.level is None:
            continue
        for actor in claim.about:
            if claim.construct in DYADS and claim.toward is not None:
                unit = (claim.construct, actor, claim.toward)
            else:
                unit = ("interests", actor, claim.construct)
            if unit[1] != unit[2]:
                found.setdefault(unit, []).append(claim)
    return found


def values_by_document(unit: Unit, claims: Iterable[Claim]) -> dict[str, float]:
    """Step 1: what each document says of a unit.

    Form: the highest level; of an affinity the level furthest from zero, and where a document has levels of both
    signs, the mean of the furthest on either side.
    """
    levels: dict[str, list[float]] = {}
    for claim in claims:
        levels.setdefault(claim.document, []).append(float(claim.level or 0.0))
    if unit[0] != "affinity":
        return {document: max(stated) for document, stated in levels.items()}
    return {
        document: fmean([min(stated), max(stated)])
        if min(stated) < 0 < max(stated)
        else max(stated, key=abs)
        for document, stated in levels.items()
    }


def across_documents(
    values: Mapping[str, float], dependent: Mapping[str, str | None]
) -> tuple[float, float, float]:
    """Step 2: median, lowest and highest of the documents, of which a dependent group is one witness.

    Args:
        values: what each document says.
        dependent: the group of each document, None for an independent one; a group speaks with its higher value.
    """
    witnesses: dict[str, float] = {}
    for document, value in values.items():
        witness = dependent.get(document) or document
        witnesses[witness] = max(value, witnesses.get(witness, value))
    spoken = list(witnesses.values())
    return median(spoken), min(spoken), max(spoken)


def values_by_unit(
    claims: Iterable[Claim], evidence: Evidence
) -> dict[Unit, tuple[float, float, float]]:
    """Steps 1 and 2 for one coding: value, lowest and highest of every unit it speaks of."""
    dependent = {name: document.dependent for name, document in evidence.documents.items()}
    return {
        unit: across_documents(values_by_document(unit, stated), dependent)
        for unit, stated in claims_by_unit(claims).items()
    }


def salience_from_claims(
    evidence: Evidence, silence: Mapping[str, float]
) -> dict[Unit, CodedNumber]:
    """Steps 1 to 5: every unit of which at least one coder found a claim; the others stay silent.

    Claim: docs/codebook.md, "From claims to a number".

    Args:
        silence: what is assumed of a silent unit, by block (interests, denial, affinity).

    Returns:
        The number of each unit. The first coder's value stands; the second coder's widens the range, and stands
        itself, with a range that reaches to silence, where the first coder found nothing.
    """
    first, second = claims_by_unit(evidence.claims), claims_by_unit(evidence.second)
    first_values, second_values = (
        values_by_unit(evidence.claims, evidence),
        values_by_unit(evidence.second, evidence),
    )
    found = {}
    for unit in sorted({*first, *second}):
        if unit in first_values:
            value, low, high = first_values[unit]
            other = second_values[unit][0] if unit in second_values else value
        else:
            value = low = high = second_values[unit][0]
            other = silence[unit[0]]
        ids = (
            tuple(dict.fromkeys(claim.id for claim in coding.get(unit, [])))
            for coding in (first, second)
        )
        found[unit] = CodedNumber(value, min(low, other), max(high, other), *ids)
    return found


def values_by_coder(evidence: Evidence) -> dict[str, tuple[float, float]]:
    """What the first and the second coder make of each coded number, by its path; NaN where a coder found nothing."""
    codings = [values_by_unit(claims, evidence) for claims in (evidence.claims, evidence.second)]
    silent = (math.nan,)
    return {
        f"actors.{actor}.{block}.{other}": (
            codings[0].get((block, actor, other), silent)[0],
            codings[1].get((block, actor, other), silent)[0],
        )
        for block, actor, other in sorted({*codings[0], *codings[1]})
    }


def blocks_of(
    actor: str, coded: Mapping[Unit, CodedNumber], order: Mapping[str, Iterable[str]]
) -> dict[str, Any]:
    """The interests, denial and affinity of one actor as actors.yaml holds them.

    Args:
        order: by block, the constructs or actors in the order in which they are to stand.
    """
    blocks: dict[str, Any] = {}
    for block in BLOCKS:
        for other in order[block]:
            number = coded.get((block, actor, other))
            if number is None:
                continue
            key = "value" if block == "affinity" else "salience"
            entry: dict[str, Any] = {
                key: plain(number.value),
                "range": [plain(number.low), plain(number.high)],
            }
            entry |= {"claims": list(number.claims)} if number.claims else {}
            entry |= {"second": list(number.second)} if number.second else {}
            blocks.setdefault(block, {})[other] = entry
    return blocks


def plain(value: float) -> float | int:
    """A whole number as an integer, any other as it is."""
    return int(value) if value == int(value) else value

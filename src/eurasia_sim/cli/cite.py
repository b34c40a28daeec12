"""`cite`: the works a scenario rests on."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from eurasia_sim.bibliography import Work, read_bibliography
from eurasia_sim.catalogue import packaged
from eurasia_sim.cli import WorldName
from eurasia_sim.evidence import load_evidence
from eurasia_sim.world import World, load_world

if TYPE_CHECKING:
    from eurasia_sim.scenario import Scenario

_CODE = ("streams.py", "mathematics.py", "measures.py", "kernel.py", "posture.py", "mechanisms/*.py")


def cite(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Name or file of a scenario.")],
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the works that a scenario rests on: documents, theory, data, and what the rules' own text cites.

    Example: eurasia-sim cite us_exit
    """
    from eurasia_sim.scenario import load_scenario

    given = load_world(world)
    works = read_bibliography()
    found = rests_on(given, load_scenario(scenario, given), works)
    if as_json:
        rows = [
            {"part": part, "key": key, "numbers": count, "work": str(works[key]) if key in works else None}
            for part, counts in found.items()
            for key, count in counts.items()
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for part, counts in found.items():
        typer.echo(f"{part}:")
        for key, count in sorted(counts.items()):
            many = f" [{count} number{'s' * (count > 1)}]" if count else ""
            typer.echo(f"  {key}: {works.get(key, 'not in references.bib')}{many}")


def rests_on(world: World, scenario: Scenario, works: dict[str, Work]) -> dict[str, Counter[str]]:
    """Keys of the works by part, each with how many numbers rest on it.

    A theory or form that the scenario does not choose, and an event that it drops, count for nothing.
    """
    theory = scenario.theory or world.default_theory
    forms = {**world.default_forms, **scenario.forms}
    left_out = tuple(f"record.events.{name}." for name in scenario.dropped)
    documents = {claim.id: claim.document for claim in load_evidence(world.directory).claims}
    parts: dict[str, Counter[str]] = {
        "documents": Counter(),
        "theory": Counter(),
        "data": Counter(),
        "rules": Counter(),
    }
    for path, number in world.numbers.items():
        if path.startswith(("theories.", "forms.", *left_out)):
            continue
        spoken = {documents[claim] for claim in number.claims() if claim in documents}
        spoken |= {item["document"] for item in number.source if "document" in item}
        parts["documents"].update(spoken)
        parts["rules" if path.startswith("rules.") else "data"].update(set(number.cites()))
    chosen = [world.theories[theory], *(world.forms[factor][name] for factor, name in forms.items())]
    for preset in chosen:
        for key in preset.cite:
            parts["theory"][key] += len(preset.fix) + len(preset.ranges)
    for key in _cited_by_code(works) - set(documents.values()):
        parts["rules"].setdefault(key, 0)
    return {part: counts for part, counts in parts.items() if counts}


def _cited_by_code(works: dict[str, Work]) -> set[str]:
    """Keys that the docstrings of the rules name; read as text, nothing is imported."""
    root = packaged().parent
    files = (file for pattern in _CODE for file in root.glob(pattern))
    words = {word for file in files for word in re.findall(r"\b[a-z]+\d{4}[a-z]?\b", file.read_text(encoding="utf-8"))}
    return words & set(works)

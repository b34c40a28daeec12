"""`cite`: the works a scenario rests on."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from eurasia_sim.bibliography import read_bibliography
from eurasia_sim.cli import WorldName
from eurasia_sim.world import load_world


def cite(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Name or file of a scenario.")],
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the works that a scenario rests on: documents, theory, data, and what the rules' own text cites.

    Example: eurasia-sim cite us_exit
    """
    from eurasia_sim.foundations import works_of
    from eurasia_sim.scenario import load_scenario

    given = load_world(world)
    works = read_bibliography()
    found = works_of(given, load_scenario(scenario, given), works)
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

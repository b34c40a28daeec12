"""`schema`: the JSON Schema of a scenario file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from eurasia_sim.cli import WorldName
from eurasia_sim.scenario_schema import scenario_schema
from eurasia_sim.world import load_world


def schema(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file instead of the screen.")] = None,
    world: WorldName = None,
) -> None:
    """Print the JSON Schema (2020-12) of a scenario file, with this world's ids, for editors.

    Example: eurasia-sim schema --out scenarios/scenario.schema.json
    """
    text = json.dumps(scenario_schema(load_world(world)), indent=1)
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")
        typer.echo(f"wrote {out}")

"""`new`: a scenario file to fill in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from eurasia_sim.catalogue import month_name
from eurasia_sim.cli import BAD_INPUT, FAILED_WORK, WorldName
from eurasia_sim.scenario import Scenario, load_scenario
from eurasia_sim.scenario_check import is_drawn
from eurasia_sim.scenario_library import find
from eurasia_sim.scenario_schema import FILE_NAME, HEADER, scenario_schema
from eurasia_sim.scenario_text import changed, lines_of
from eurasia_sim.world import World, load_world

_SCAFFOLD = """\
{header}
# Write down here what you assume and why.
format: 1
title: {title}
question: What changes if ...?
{extends}departs: "{departs}"   # first month that may differ; nothing changes earlier
{copied}
# What someone decides otherwise, from a month on. `eurasia-sim list levers` shows every lever. For example:
#   levers:
#     pressure:
#       {first}:
#         {second}: {{"{departs}": 0.2}}

# What is not to happen. `eurasia-sim list events` shows what the record holds. For example:
#   events:
#     drop: [{event}]

# What nobody knows, narrowed. `eurasia-sim list numbers` shows every number with its range. For example:
#   uncertain:
#     {number}: [{low:g}, {high:g}]

expect: Say what you expect before the first run, so that you can be surprised.
"""


def new(
    name: Annotated[str, typer.Argument(help="Name of the scenario; the file is NAME.yaml in this folder.")],
    source: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="Scenario to start from.")],
    world: WorldName = None,
) -> None:
    """Begin a scenario file that starts from another, with a schema beside it for the editor.

    Example: eurasia-sim new half_force --from us_stays
    """
    name = name.removesuffix(".yaml")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        typer.echo(f"'{name}' cannot name a scenario\n    allowed: letters, digits, _ and -", err=True)
        raise typer.Exit(BAD_INPUT)
    given = load_world(world)
    base = load_scenario(source, given)
    path, schema = Path(f"{name}.yaml"), Path(FILE_NAME)
    taken = path if path.exists() else find(name, world=given.directory)
    if taken:
        typer.echo(f"there is a scenario '{name}' already, in {taken}: choose another name", err=True)
        raise typer.Exit(FAILED_WORK)
    path.write_text(_scaffold(name, base, given), encoding="utf-8")
    schema.write_text(json.dumps(scenario_schema(given), indent=1) + "\n", encoding="utf-8")
    option = f" --world {world}" if world else ""
    typer.echo(f"wrote {path}, and {schema} for editors; then: eurasia-sim check {path}{option}")


def _scaffold(name: str, base: Scenario, world: World) -> str:
    """The text of the file; `extends` goes one scenario up, so what a base that extends another says is copied."""
    departs = base.departs if base.departs is not None else base.months - 1
    first, second = list(world.actors)[:2]
    number = next(n for n in world.numbers.values() if n.is_uncertain and is_drawn(world, n.path))
    return _SCAFFOLD.format(
        header=HEADER,
        title=name.replace("_", " ").replace("-", " ").capitalize(),
        extends="" if base.extends else f"extends: {base.name}\n",
        departs=month_name(base.start + departs),
        copied=f"\n# Copied from {base.name} and {base.extends}.\n{lines_of(changed(base, world))}"
        if base.extends
        else "",
        first=first,
        second=second,
        event=next(iter(world.events), "event_id"),
        number=number.path,
        low=number.low,
        high=number.high,
    )

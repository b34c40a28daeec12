"""`explain`: where a number comes from."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated

import typer

from eurasia_sim.catalogue import near
from eurasia_sim.cli import BAD_INPUT, WorldName
from eurasia_sim.evidence import load_evidence
from eurasia_sim.explanation import described, told
from eurasia_sim.foundations import drawn_paths
from eurasia_sim.world import OF_RULES, World, load_world


def explain(
    path: Annotated[str | None, typer.Argument(help="Path of a number, or the beginning of one.")] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Count all numbers by what they rest on.")] = False,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a number means, what it may be, what it rests on and where it is used.

    Example: eurasia-sim explain rules.perception.distance_decay
    """
    if summary == (path is not None):
        typer.echo("give either the path of a number or --summary", err=True)
        raise typer.Exit(BAD_INPUT)
    given = load_world(world)
    if path is None:
        _show_summary(given, as_json)
    elif path in given.numbers:
        found = described(given, path, load_evidence(None if path.startswith(OF_RULES) else given.directory))
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(told(found)))
    else:
        _show_group(given, path, as_json)


def _show_group(world: World, path: str, as_json: bool) -> None:
    """The numbers below a path, or below the same path in the record; the nearest paths when there are none."""
    beginnings = (f"{path}.", f"record.{path}.")
    inside = [number for name, number in world.numbers.items() if name.startswith(beginnings)]
    if not inside:
        typer.echo(f"{path} names no number{near(path, world.numbers)}", err=True)
        raise typer.Exit(BAD_INPUT)
    if as_json:
        rows = [
            {"path": each.path, "value": None if each.is_silent else each.value, "basis": each.basis} for each in inside
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    width = max(len(number.path) for number in inside)
    for number in inside:
        value = "silent" if number.is_silent else f"{number.value:g}"
        ends = f"{number.low:g} to {number.high:g}" if number.is_uncertain else ""
        typer.echo(f"{number.path:<{width}}  {value:>9}  {ends:<16}  {number.basis}".rstrip())


def _show_summary(world: World, as_json: bool) -> None:
    """How many numbers of each group rest on what."""
    counts = Counter((number.path.split(".")[0], number.basis) for number in world.numbers.values())
    groups = list(dict.fromkeys(group for group, _ in counts))
    bases = [basis for basis, _ in Counter(number.basis for number in world.numbers.values()).most_common()]
    drawn = len(drawn_paths(world))
    if as_json:
        table = {group: {basis: counts[group, basis] for basis in bases} for group in groups}
        found = {"numbers": len(world.numbers), "drawn": drawn, "by_group": table}
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(f"{'':<14}" + "".join(f"{basis:>11}" for basis in [*bases, "all"]))
    for group in groups:
        row = [counts[group, basis] for basis in bases]
        typer.echo(f"{group:<14}" + "".join(f"{count:>11}" for count in [*row, sum(row)]))
    totals = [sum(counts[group, basis] for group in groups) for basis in bases]
    typer.echo(f"{'all':<14}" + "".join(f"{count:>11}" for count in [*totals, sum(totals)]))
    typer.echo(f"An ensemble over the declared ranges draws {drawn} of them; the others are the same in every run.")

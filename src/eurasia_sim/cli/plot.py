"""`plot`: pictures of a results folder, each as svg and png with the numbers behind it as csv."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eurasia_sim.cli import WorldName

if TYPE_CHECKING:
    from eurasia_sim.figures.held import Held


def plot(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder of run, sweep, test or validate.")],
    kind: Annotated[
        list[str] | None, typer.Option(help="Kind of picture, repeatable; by default those that suit the folder.")
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="A measure, wildcards * and ? allowed; repeatable; four a picture.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Column whose values are compared; by default the scenario.")] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filter", help="Which runs: column=value, or !=, <, <=, >, >=; repeatable.")
    ] = None,
    across: Annotated[str | None, typer.Option(help="Factor along the horizontal axis of a surface.")] = None,
    up: Annotated[str | None, typer.Option(help="Factor along its vertical axis.")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Value of interest of a cumulative picture, in the measure's unit.")
    ] = None,
    month: Annotated[list[str] | None, typer.Option(help="YYYY-MM, for networks and maps; repeatable.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where pictures go; by default RESULTS/figures.")] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the files as JSON.")] = False,
) -> None:
    """Draw what a results folder holds, with the numbers behind each picture beside it.

    Kinds: distribution, ridgeline, cumulative, fan, difference, convergence (runs); surface, tornado (sweeps);
    network, threat, mosaic, map, timeline (runs); forest, shares (tests); indices, effects, box (analysed sweeps);
    patterns (validations).

    Example: eurasia-sim plot results/us_exit-us_stays-balance_of_threat-0c5c2f --kind cumulative --measure "comp*"
    """
    from eurasia_sim.figures.gallery import draw
    from eurasia_sim.figures.style import Request

    held = opened(results, world, filters or [])
    if held.kind in ("run", "sweep") and measure:
        held.chosen(measure)
    request = Request(tuple(measure or ()), by, across, up, threshold, tuple(month or ()))
    rows = []
    for picture, files in draw(held, kind or [], request, out or results / "figures"):
        rows.append({"says": picture.says, "files": [str(path) for path in files]})
        if not as_json:
            typer.echo(f"{files[0]} (and .svg, .csv): {picture.says}")
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))


def opened(results: Path, world: Path | None, filters: list[str]) -> Held:
    """A results folder with the world its manifest names, or the one given.

    Raises:
        DataError: where the folder is none, or its world is not at hand.
    """
    from eurasia_sim.catalogue import DataError, packaged_worlds
    from eurasia_sim.figures.held import open_held
    from eurasia_sim.store import read_manifest
    from eurasia_sim.world import load_world

    named = str((read_manifest(results) or {}).get("world", ""))
    if world is None and named and named not in packaged_worlds():
        raise DataError([f"{results} was made in the world {named}, which is not packaged: give its folder by --world"])
    return open_held(results, load_world(world or named or None), filters)

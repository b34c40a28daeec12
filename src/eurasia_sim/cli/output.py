"""What a person looks at: `plot` pictures and `report` a page of a results folder, `dashboard` the live page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eurasia_sim.cli import FAILED_WORK, WorldName

if TYPE_CHECKING:
    from eurasia_sim.simulation.results_folder import ResultsFolder
    from eurasia_sim.world.world import World

_LOOPBACK = "127.0.0.1"
_PORT = 8765


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


def opened(results: Path, world: Path | None, filters: list[str]) -> ResultsFolder:
    """A results folder with the world its manifest names, or the one given.

    Raises:
        DataError: where the folder is none, or its world is not at hand.
    """
    from eurasia_sim.simulation.results import read_manifest
    from eurasia_sim.simulation.results_folder import open_results

    return open_results(results, world_of(results, read_manifest(results) or {}, world), filters)


def world_of(results: Path, manifest: Mapping[str, Any], world: Path | None) -> World:
    """The world that a results folder was made in, or the one given.

    Raises:
        DataError: where its world is not at hand.
    """
    from eurasia_sim.files.data_yaml import DataError, packaged_worlds
    from eurasia_sim.world.world import load_world

    named = str(manifest.get("world", ""))
    if world is None and named and named not in packaged_worlds():
        raise DataError([f"{results} was made in the world {named}, which is not packaged: give its folder by --world"])
    return load_world(world or named or None)


def report(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder of run, sweep, test or validate.")],
    compare_to: Annotated[
        Path | None, typer.Option("--compare-to", metavar="OTHER", help="Another folder of the same kind.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A folder of validate, whose score and misses are shown.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the page goes; by default RESULTS/report.html.")
    ] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file and its size as JSON.")] = False,
) -> None:
    """Write one HTML page that needs no network: question, design, effects, pictures, limits, and how to repeat it.

    Example: eurasia-sim report results/us_exit-us_stays-balance_of_threat-0c5c2f --out report.html
    """
    from eurasia_sim.reports.report import report_page
    from eurasia_sim.simulation.results import write_whole

    held = opened(results, world, [])
    other = None if compare_to is None else opened(compare_to, world, [])
    text = report_page(held, other, validation)
    place = out or results / "report.html"
    write_whole(place, lambda aside: aside.write_text(text, encoding="utf-8"))
    size = len(text.encode())
    if as_json:
        typer.echo(json.dumps({"file": str(place), "bytes": size}))
    else:
        typer.echo(f"written: {place} ({size / 1e6:.1f} MB)")


def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on; by default this machine's own alone.")] = _LOOPBACK,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = _PORT,
    world: WorldName = None,
) -> None:
    """Serve the live page: edit a scenario, play it month by month, compare ensembles, follow numbers to their claims.

    Example: eurasia-sim dashboard --port 8765
    """
    if find_spec("solara") is None or find_spec("uvicorn") is None:
        typer.echo('the live page needs its extra: pip install ".[live]" in the clone', err=True)
        raise typer.Exit(FAILED_WORK)
    from eurasia_sim.cli.options import compile_once
    from eurasia_sim.dashboard import served
    from eurasia_sim.dashboard.server import serve
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import reference_draws

    served.show(None if world is None else str(world))
    inputs = prepare(served.world(), served.scenarios()[served.first_scenario()])
    compile_once(inputs, reference_draws(inputs, 1, 0))
    typer.echo(f"open http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C ends it)")
    serve(host, port)

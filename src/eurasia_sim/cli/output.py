"""`plot` and `report` of a results folder, and `dashboard`, the live page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.files.data_yaml import DataError

if TYPE_CHECKING:
    from eurasia_sim.figures.style import Request
    from eurasia_sim.simulation.results_folder import ResultsFolder
    from eurasia_sim.world.world import World


def plot(
    results: options.Results,
    kind: Annotated[list[str] | None, Option(help="Repeatable; else all that suit.")] = None,
    measure: options.Measures = None,
    filters: Annotated[
        list[str] | None,
        Option("--filter", help="Which runs: column=value, or !=, <, <=, >, >=; repeatable."),
    ] = None,
    across: Annotated[str | None, Option(help="Horizontal factor of a heat map.")] = None,
    up: Annotated[str | None, Option(help="Vertical factor of a heat map.")] = None,
    threshold: Annotated[
        float | None, Option(help="Of a distribution, in the measure's unit.")
    ] = None,
    month: Annotated[
        list[str] | None, Option(help="YYYY-MM, of maps and heat maps; repeatable.")
    ] = None,
    out: Annotated[Path | None, Option(help="Folder; by default RESULTS/figures.")] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Draw a results folder, four measures a picture, with the numbers behind each beside it.

    Kinds: difference (runs, tests); distribution, heatmap (runs and sweeps); fan, timeline,
    leanings, map (runs); tornado (sweeps); indices, box (analysed sweeps); skill (validations);
    posterior (fits).

    Example: eurasia-sim plot results/us_exit-us_stays-balance_of_threat-0c5c2f --kind difference
    """
    from eurasia_sim.figures.style import Request

    found = open_results(results, world, filters or [])
    if found.kind in ("run", "sweep") and measure:
        found.chosen(measure)
    request = Request(tuple(measure or ()), across, up, threshold, tuple(month or ()))
    drawn = drawings(found, kind or [], request, out or results / "figures", quiet=bool(kind))
    rows = []
    for says, files in drawn:
        rows.append({"says": says, "files": [str(path) for path in files]})
        if not as_json:
            terminal.show(f"{files[0]} (and .svg, .csv): {says}")
    if as_json:
        terminal.print_json(rows)


def drawings(
    found: ResultsFolder, kinds: Sequence[str], request: Request, folder: Path, *, quiet: bool
) -> Iterator[tuple[str, Sequence[Path]]]:
    """Draw figures; give what each says and its files, and last tell what no font has.

    Args:
        quiet: raise what cannot be drawn; else tell why, and go on.
    """
    from eurasia_sim.figures.fonts import lacking_words
    from eurasia_sim.figures.gallery import draw

    lacking = set[str]()
    for picture, files in draw(found, kinds, request, folder, None if quiet else terminal.tell):
        lacking |= {*picture.lacking}
        yield picture.says, files
    if boxes := lacking_words(lacking):
        terminal.tell(boxes)


def finish(
    folder: Path, manifest: dict[str, Any], files: Sequence[str], kind: str, world: World,
    kinds: Sequence[str],
) -> None:  # fmt: skip
    """Draw the usual pictures of some kinds, as `plot` does, then finish the manifest."""
    from eurasia_sim.figures import gallery
    from eurasia_sim.figures.style import Request
    from eurasia_sim.simulation.results import write_manifest
    from eurasia_sim.simulation.results_folder import ResultsFolder

    write_manifest(folder, {**manifest, "finished": False}, files)
    found = ResultsFolder(folder, kind, manifest, world)
    usual = [each for each in gallery.usual_kinds(found, ()) if each in kinds]
    drawn = list(drawings(found, usual, Request(), folder / "figures", quiet=False))
    figures = [str(path.relative_to(folder)) for _, paths in drawn for path in paths]
    write_manifest(folder, {**manifest, "figures": figures}, [*files, *figures])


def open_results(results: Path, world: Path | None, filters: Sequence[str] = ()) -> ResultsFolder:
    """A results folder with the world its manifest names, or the one given.

    Raises:
        DataError: for no results folder, or a world that is not at hand.
    """
    from eurasia_sim.simulation.results import read_manifest
    from eurasia_sim.simulation.results_folder import open_results, world_of

    return open_results(results, world_of(results, read_manifest(results) or {}, world), filters)


def trust_line(results: Path, world: Path | None = None) -> str:
    """How far to trust a folder's results; nothing where its world is not at hand."""
    from eurasia_sim.reports.answer import trust

    try:
        found = open_results(results, world)
    except (DataError, OSError):
        return ""
    theory = found.manifest.get("theory") or found.world.default_theory
    return f"Trust: {trust(found.world, (found.manifest.get('theories') or [theory])[0])}"


def report(
    results: options.Results,
    out: Annotated[Path | None, Option(help="File; by default RESULTS/report.html.")] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Write one offline HTML page: question, design, effects, pictures, limits, the command.

    Example: eurasia-sim report results/us_exit-us_stays-balance_of_threat-0c5c2f --out report.html
    """
    from eurasia_sim.reports.report import report_page
    from eurasia_sim.simulation.results import write_bytes

    found = open_results(results, world)
    page = report_page(found).encode()
    file = out or results / "report.html"
    write_bytes(file, page)
    if as_json:
        terminal.print_json({"file": str(file), "bytes": len(page)})
    else:
        terminal.show(f"written: {file} ({len(page) / 1e6:.1f} MB)")


def dashboard(
    host: Annotated[str, Option(help="Address; by default this machine's own.")] = "127.0.0.1",
    port: Annotated[int, Option(min=1, max=65535, help="Port to listen on.")] = 8765,
    world: options.WorldName = None,
) -> None:
    """Serve the live page: edit a scenario, play it, compare ensembles, trace numbers to claims.

    Example: eurasia-sim dashboard --port 8765
    """
    if find_spec("solara") is None or find_spec("uvicorn") is None:
        terminal.tell('the live page needs its extra: pip install ".[live]" in the clone')
        raise typer.Exit(FAILED_WORK)
    from eurasia_sim.dashboard import shared
    from eurasia_sim.dashboard.server import serve
    from eurasia_sim.simulation.inputs import prepare

    shared.choose_world(None if world is None else str(world))
    options.compile_once(prepare(shared.world(), shared.scenarios()[shared.first_scenario()]))
    terminal.show(f"open http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C ends it)")
    serve(host, port)

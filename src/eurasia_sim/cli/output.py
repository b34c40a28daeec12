"""Results folders finished, drawn and reported; `dashboard`, the live page."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from typer import Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.figures import gallery
from eurasia_sim.figures.style import Request, lacking_words
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import listed
from eurasia_sim.reports.blocks import Line
from eurasia_sim.reports.outcomes import trust
from eurasia_sim.reports.report import report_page
from eurasia_sim.simulation import results
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.results_folder import ResultsFolder, open_results
from eurasia_sim.world.world import World


def plot(
    folder: options.Results,
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
    month: Annotated[list[str] | None, Option(help="YYYY-MM, of maps; repeatable.")] = None,
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
    held = open_results(folder, world, filters or [])
    if held.kind in ("run", "sweep") and measure:
        held.chosen(measure)
    request = Request(tuple(measure or ()), across, up, threshold, tuple(month or ()))
    drawn = _drawings(held, kind or [], request, out or folder / "figures", is_asked=bool(kind))
    rows = []
    for says, files in drawn:  # each is told as soon as it is drawn
        rows.append({"says": says, "files": [str(path) for path in files]})
        terminal.say("" if as_json else Line(f"{files[0]} (and .svg, .csv): {says}"))
    terminal.answer(rows, (), as_json=as_json)


def _drawings(
    held: ResultsFolder, kinds: Sequence[str], request: Request, into: Path, *, is_asked: bool
) -> Iterator[tuple[str, Sequence[Path]]]:
    """Draw figures; give what each says and its files, and last tell what no font has.

    A kind that cannot be drawn is told, or refused where it is asked for by name.
    """
    lacking = set[str]()
    for picture in gallery.pictures(held, kinds, request, None if is_asked else terminal.tell):
        lacking |= {*picture.lacking}
        yield picture.says, gallery.save(picture, into)
    if boxes := lacking_words(lacking):
        terminal.tell(boxes)


def found_again(folder: Path) -> bool:
    """Whether a folder is there, finished and whole; one that is damaged is to be made again."""
    manifest, wrong = results.found(folder)
    if wrong:
        terminal.tell(f"{folder}: {listed(wrong)}; it is made again")
        (folder / results.MANIFEST).unlink(missing_ok=True)
    return manifest is not None and not wrong


def finish(
    folder: Path, content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], world: World,
    files: Sequence[str] = (), kinds: Sequence[str] = (),
) -> None:  # fmt: skip
    """Write tables, draw the usual pictures of some kinds, then write the manifest.

    Args:
        files: names of those that belong to the folder and are written already.
    """
    for name, table in tables.items():
        results.write_table(folder / f"{name}.parquet", table)
    files = [*files, *(f"{name}.parquet" for name in tables)]
    figures: list[str] = []
    if kinds:
        results.write_manifest(folder, {**content, "finished": False}, files)
        held = ResultsFolder(folder, content, world)
        usual = [kind for kind in gallery.usual_kinds(held, ()) if kind in kinds]
        drawn = _drawings(held, usual, Request(), folder / "figures", is_asked=False)
        figures = [str(path.relative_to(folder)) for _, paths in drawn for path in paths]
    results.write_manifest(folder, {**content, "figures": figures}, [*files, *figures])


def trust_line(folder: Path, world: Path | None = None) -> str:
    """How far to trust a folder's results; nothing where its world is not at hand."""
    try:
        held = open_results(folder, world)
    except (DataError, OSError):
        return ""
    named = held.manifest.get("theories") or [held.manifest.get("theory")]
    return f"Trust: {trust(held.world, named[0] or held.world.default_theory)}"


def report(
    folder: options.Results,
    out: Annotated[Path | None, Option(help="File; by default RESULTS/report.html.")] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Write one offline HTML page: question, design, effects, pictures, limits, the command.

    Example: eurasia-sim report results/us_exit-us_stays-balance_of_threat-0c5c2f --out report.html
    """
    page = report_page(open_results(folder, world)).encode()
    file = out or folder / "report.html"
    results.write_bytes(file, page)
    told = Line(f"written: {file} ({len(page) / 1e6:.1f} MB)")
    terminal.answer({"file": str(file), "bytes": len(page)}, [told], as_json=as_json)


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

    shared.choose_world(None if world is None else str(world))
    options.compile_once(prepare(shared.world(), shared.scenarios()[shared.first_scenario()]))
    terminal.show(f"open http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C ends it)")
    serve(host, port)

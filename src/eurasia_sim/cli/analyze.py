"""`analyze`: what the runs of a results folder say."""

from __future__ import annotations

import json
import math
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from eurasia_sim.analysis import Material, Section

DESIGN = "design.parquet"  # of a sweep: a row a point, in the design's own order
_FIRST = 4  # measures looked at unless named
# Columns that a table on the terminal has no room for, since its words say the same; the file has them.
_HIDDEN = {"boxes": ("parameter", "low", "high", "mass")}
_ROWS, _LEAST_ROWS = 24, 8  # of a table on the terminal, shared by the measures; the file holds all


def analyze(
    results: Annotated[Path, typer.Argument(help="A folder that `run` or `sweep` has finished.")],
    measure: Annotated[list[str] | None, typer.Option(help="A measure, wildcards * and ? allowed; repeatable.")] = None,
    above: Annotated[float | None, typer.Option(help="Seek where a measure is at least this.")] = None,
    below: Annotated[float | None, typer.Option(help="Seek where a measure is at most this.")] = None,
    better: Annotated[Literal["higher", "lower"] | None, typer.Option(help="Which way is better.")] = None,
    threshold: Annotated[float | None, typer.Option(help="What will do, for the domain criterion.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="A factor of a sweep that is decided; repeatable.")] = None,
    half_width: Annotated[float | None, typer.Option(help="Half-width of the interval that is wanted.")] = None,
    seed: Annotated[int, typer.Option(min=1, max=2**32 - 1, help="Of the intervals.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder of the tables; by default beside the results.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what runs depend on, where what is sought holds, which option holds up, and how well means are known.

    Example: eurasia-sim analyze results/us_exit-us_stays-1fb36c --measure "competition.*" --better lower
    """
    from eurasia_sim.analysis import Asked, sections
    from eurasia_sim.catalogue import DataError
    from eurasia_sim.store import TABLES, write_manifest, write_table, write_whole

    if above is not None and below is not None:
        raise DataError(["--above and --below are two questions: ask one"])
    given = {"--above": above, "--below": below, "--threshold": threshold, "--half-width": half_width}
    wrong = [
        f"{name} {value} is no finite number" for name, value in given.items() if value and not math.isfinite(value)
    ]
    if half_width is not None and half_width <= 0:
        wrong.append(f"--half-width {half_width:g} must be above 0")
    if wrong:
        raise DataError(wrong)
    material = material_of(results, measure or ())
    asked = Asked(above, below, None if better is None else better == "higher", threshold, tuple(option or ()),
                  half_width, seed)  # fmt: skip
    found = sections(material, asked)
    folder = out or results / "analysis"
    (folder / TABLES).unlink(missing_ok=True)
    for section in found:
        for ending in ("parquet", "csv"):  # what another question left would be taken for the answer to this one
            (folder / f"{section.name}.{ending}").unlink(missing_ok=True)
        if len(section.table):
            write_table(folder / f"{section.name}.parquet", section.table)
            write_whole(folder / f"{section.name}.csv", partial(section.table.to_csv, index=False))
    names = [f"{section.name}.{ending}" for section in found if len(section.table) for ending in ("parquet", "csv")]
    command = shlex.join(["eurasia-sim", *sys.argv[1:]])
    write_manifest(folder, {"finished": True, "command": command}, names, to=TABLES)
    if as_json:
        typer.echo(json.dumps(_as_json(material, found, folder), indent=2, ensure_ascii=False))
    else:
        _print(material, found, folder)


def material_of(folder: Path, patterns: list[str] | tuple[str, ...]) -> Material:
    """The runs of a finished folder with the measures asked for, and the design they carried out.

    Raises:
        DataError: where the folder is none, is not finished, or holds no such measure.
    """
    from eurasia_sim.store import finished_manifest, read_manifest

    manifest = read_manifest(folder) or {}
    if manifest.get("kind") == "sweep":
        return _of_sweep(folder, manifest, patterns)
    return _of_run(folder, finished_manifest(folder), patterns)


def _of_sweep(folder: Path, manifest: dict[str, Any], patterns: list[str] | tuple[str, ...]) -> Material:
    from eurasia_sim.analysis import Material
    from eurasia_sim.catalogue import DataError
    from eurasia_sim.sensitivity import factor_columns
    from eurasia_sim.store import MANIFEST, files_of, load_results, read_table, result_columns

    if not manifest.get("finished"):
        raise DataError([f"{folder / MANIFEST} is not whole: the sweep is not finished; go on with it by --resume"])
    points = read_table(files_of(folder), DESIGN)
    factors = factor_columns(points)
    held = [name for name in result_columns(folder) if "." in name and name not in factors]
    measures = _chosen(held, patterns, manifest.get("measures", ()))
    head = ["run_id", "point", "replicate", "scenario", "theory", "seed", "status"]
    runs = load_results(folder, [*head, *factors, *measures])
    runs = runs.sort_values(["point", "scenario", "replicate"], kind="stable", ignore_index=True)
    return Material(runs, points, manifest["design"], tuple(measures), _catalogue(manifest))


def _of_run(folder: Path, manifest: dict[str, Any], patterns: list[str] | tuple[str, ...]) -> Material:
    import pandas as pd

    from eurasia_sim.analysis import Material
    from eurasia_sim.pairing import open_results
    from eurasia_sim.store import DRAWS, files_of, load_results, read_table

    results = open_results(folder)
    measures = _chosen(results.measures, patterns, results.shown)
    head = ["run_id", "scenario", "theory", "set", "run", "seed", "draw", "status"]
    runs = load_results(folder, [*head, *measures]).sort_values(["scenario", "theory", "set", "run"], ignore_index=True)
    files = files_of(folder)
    points = read_table(files, DRAWS) if DRAWS in files.entries else pd.DataFrame()
    return Material(runs, points, None, tuple(measures), _catalogue(manifest))


def _chosen(held: list[str], patterns: list[str] | tuple[str, ...], shown: list[str] | tuple[str, ...]) -> list[str]:
    """Measures that match a pattern; without one the first few that are shown, or held."""
    from eurasia_sim.pairing import matching

    return matching("--measure", patterns, held) if patterns else list(shown or held)[:_FIRST]


def _catalogue(manifest: dict[str, Any]) -> Any:
    """Every number of the world that was run, for its words; none where that world is not at hand any more."""
    from eurasia_sim.catalogue import DataError
    from eurasia_sim.world import load_world

    try:
        return load_world(manifest.get("world")).numbers
    except (DataError, OSError):
        return {}


def _as_json(material: Material, found: list[Section], folder: Path) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        """JSON knows no number that is none or without end."""
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {
        "folder": str(folder),
        "of": material.kind,
        "runs": len(material.runs),
        "failed": int((material.runs["status"] != "ok").sum()),
        "measures": list(material.measures),
        "sections": {
            section.name: {
                "title": section.title,
                "notes": list(section.notes),
                "rows": [
                    {str(name): plain(value) for name, value in row.items()}
                    for row in section.table.astype(object).to_dict("records")
                ],
            }
            for section in found
        },
    }


def _print(material: Material, found: list[Section], folder: Path) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    failed = int((material.runs["status"] != "ok").sum())
    typer.echo(
        f"{len(material.runs)} runs of {material.kind}, {failed} failed; measures: {', '.join(material.measures)}"
    )
    for section in found:
        if section.name in ("widths", "paths"):  # tables for figures; the rows that count stand in others
            continue
        typer.echo()
        for measure in dict.fromkeys(section.table["measure"]) if len(section.table) else ():
            _show(console, section, measure, max(_ROWS // len(material.measures), _LEAST_ROWS))
        if not len(section.table):
            typer.echo(f"{section.title}: not to be had")
        for note in section.notes:
            typer.echo(f"  {note}")
    typer.echo(f"\ntables: {folder}")


def _show(console: Console, section: Section, measure: str, rows: int) -> None:
    """A section on one measure, for the terminal: the first so many rows; what is the same in all stands above."""
    from rich.markup import escape
    from rich.table import Table

    own = section.table[section.table["measure"] == measure].rename(columns=str).drop(columns="measure")
    own = own.drop(columns=[name for name in _HIDDEN.get(section.name, ()) if name in own])
    shown = own.head(rows)
    kept = [name for name in map(str, shown) if not (shown[name].isna() | (shown[name].astype(str) == "")).all()]
    same = [name for name in kept if len(shown) > 1 and len(shown[name].unique()) == 1]
    title = f"{section.title}: {measure}"
    if same:
        title += "\n" + "; ".join(f"{name.replace('_', ' ')} {_cell(shown[name].iloc[0])}" for name in same)
    if len(own) > rows:
        title += f"\nthe first {rows} of {len(own)} rows"
    typer.echo(title)
    table = Table()
    columns = [name for name in kept if name not in same]
    for name in columns:
        is_number = shown[name].dtype.kind in "fiu"
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left", overflow="fold",
                         no_wrap=is_number)  # fmt: skip
    for row in shown[columns].to_dict("records"):
        table.add_row(*(escape(_cell(value)) for value in row.values()))
    console.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.3g}"
    return str(value)

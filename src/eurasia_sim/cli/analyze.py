"""`analyze`: what the runs of a results folder say, and which two blocs the actors of a scenario form."""

from __future__ import annotations

import json
import math
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from eurasia_sim.cli import BAD_INPUT, FAILED_WORK, WorldName
from eurasia_sim.cli.options import MOST_RUNS, refuse

if TYPE_CHECKING:
    from rich.console import Console

    from eurasia_sim.analysis.summary import Asked, Material, Section
    from eurasia_sim.scenarios.scenario import Scenario
    from eurasia_sim.world.world import World

# Columns that a table on the terminal has no room for, since its words say the same; the file has them.
_HIDDEN = {"boxes": ("parameter", "low", "high", "mass")}
_ROWS, _LEAST_ROWS = 24, 8  # of a table on the terminal, shared by the measures; the file holds all
_MOST_PAIRS = 15  # of mean alignments on the terminal; more are for whoever reads JSON
_ANALYSIS_SEED, _BLOCS_SEED, _BLOCS_RUNS = 1, 7, 200
_OF_ANALYSIS = ("measure", "above", "below", "better", "threshold", "option", "half_width", "out")
_OF_BLOCS = ("month", "n", "theory", "settings", "workers", "world")


def analyze(
    context: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULTS",
            help="A folder that `run` or `sweep` has finished; scenarios with --blocs.",
        ),
    ],
    measure: Annotated[
        list[str] | None, typer.Option(help="A measure, wildcards * and ? allowed; repeatable.")
    ] = None,
    above: Annotated[
        float | None, typer.Option(help="Seek where a measure is at least this.")
    ] = None,
    below: Annotated[
        float | None, typer.Option(help="Seek where a measure is at most this.")
    ] = None,
    better: Annotated[
        Literal["higher", "lower"] | None, typer.Option(help="Which way is better.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="What will do, for the domain criterion.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="A factor of a sweep that is decided; repeatable.")
    ] = None,
    half_width: Annotated[
        float | None, typer.Option(help="Half-width of the interval that is wanted.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**63 - 1, help="Of the intervals (1), or with --blocs of the runs (7)."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the tables; by default beside the results.")
    ] = None,
    blocs: Annotated[
        bool,
        typer.Option(
            "--blocs", help="Run scenarios and sort their actors into two blocs, run by run."
        ),
    ] = False,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Of the blocs; by default the last.")
    ] = None,
    n: Annotated[
        int, typer.Option("-n", "--runs", min=1, max=MOST_RUNS, help="Runs a theory.")
    ] = _BLOCS_RUNS,
    theory: Annotated[
        list[str] | None, typer.Option(help="A theory preset, several, or 'all'.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="path=value, as in a scenario file.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads; by default all cores.")
    ] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what runs depend on, where what is sought holds, which option holds up, and how well means are known.

    With --blocs: sort the actors of a scenario into the two blocs that frustrate their leanings least, run by run
    over the declared ranges; --month, --runs, --theory, --set, --workers and --world belong to it.

    Example: eurasia-sim analyze results/us_exit-us_stays-1fb36c --measure "competition.*" --better lower

    Example: eurasia-sim analyze record --blocs --world europe_1914 --theory all
    """
    if blocs:
        refuse(context, _OF_ANALYSIS, "not with --blocs")
        root = _BLOCS_SEED if seed is None else seed
        _show_blocs(
            [_blocs_of(name, month, n, root, theory, settings, workers, world) for name in names],
            as_json,
        )
        return
    refuse(context, _OF_BLOCS, "only with --blocs")
    if len(names) > 1:
        typer.echo("give one results folder; only --blocs takes several names", err=True)
        raise typer.Exit(BAD_INPUT)
    asked = _asked(
        above,
        below,
        better,
        threshold,
        option,
        half_width,
        _ANALYSIS_SEED if seed is None else seed,
    )
    _analyze_results(Path(names[0]), measure or [], asked, out, as_json)


def _asked(
    above: float | None,
    below: float | None,
    better: str | None,
    threshold: float | None,
    option: list[str] | None,
    half_width: float | None,
    seed: int,
) -> Asked:
    """The questions that the options ask.

    Raises:
        DataError: where they are none.
    """
    from eurasia_sim.analysis.summary import Asked
    from eurasia_sim.files.data_yaml import DataError

    if above is not None and below is not None:
        raise DataError(["--above and --below are two questions: ask one"])
    given = {
        "--above": above,
        "--below": below,
        "--threshold": threshold,
        "--half-width": half_width,
    }
    wrong = [
        f"{name} {value} is no finite number"
        for name, value in given.items()
        if value and not math.isfinite(value)
    ]
    if half_width is not None and half_width <= 0:
        wrong.append(f"--half-width {half_width:g} must be above 0")
    if not 1 <= seed < 2**32:
        wrong.append(f"--seed {seed} must be from 1 to {2**32 - 1}, except with --blocs")
    if wrong:
        raise DataError(wrong)
    higher = None if better is None else better == "higher"
    return Asked(above, below, higher, threshold, tuple(option or ()), half_width, seed)


def _analyze_results(
    results: Path, measure: list[str], asked: Asked, out: Path | None, as_json: bool
) -> None:
    """Write and show every section that a results folder has material for."""
    from eurasia_sim.analysis.summary import sections
    from eurasia_sim.experiments.analysis_folder import material_of
    from eurasia_sim.simulation.results import TABLES, write_manifest, write_table, write_whole

    material = material_of(results, measure)
    found = sections(material, asked)
    folder = out or results / "analysis"
    (folder / TABLES).unlink(missing_ok=True)
    for section in found:
        for ending in (
            "parquet",
            "csv",
        ):  # what another question left would be taken for the answer to this one
            (folder / f"{section.name}.{ending}").unlink(missing_ok=True)
        if len(section.table):
            write_table(folder / f"{section.name}.parquet", section.table)
            write_whole(folder / f"{section.name}.csv", partial(section.table.to_csv, index=False))
    names = [
        f"{section.name}.{ending}"
        for section in found
        if len(section.table)
        for ending in ("parquet", "csv")
    ]
    command = shlex.join(["eurasia-sim", *sys.argv[1:]])
    write_manifest(folder, {"finished": True, "command": command}, names, to=TABLES)
    if as_json:
        typer.echo(json.dumps(_as_json(material, found, folder), indent=2, ensure_ascii=False))
    else:
        _print(material, found, folder)


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
        if section.name in (
            "widths",
            "paths",
        ):  # tables for figures; the rows that count stand in others
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

    own = (
        section.table[section.table["measure"] == measure]
        .rename(columns=str)
        .drop(columns="measure")
    )
    own = own.drop(columns=[name for name in _HIDDEN.get(section.name, ()) if name in own])
    shown = own.head(rows)
    kept = [
        name
        for name in map(str, shown)
        if not (shown[name].isna() | (shown[name].astype(str) == "")).all()
    ]
    same = [name for name in kept if len(shown) > 1 and len(shown[name].unique()) == 1]
    title = f"{section.title}: {measure}"
    if same:
        title += "\n" + "; ".join(
            f"{name.replace('_', ' ')} {_cell(shown[name].iloc[0])}" for name in same
        )
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


def _blocs_of(
    name: str, month: str | None, n: int, seed: int, theory: list[str] | None, settings: list[str] | None,
    workers: int | None, world: Path | None,
) -> dict[str, Any]:  # fmt: skip
    """How the runs of a scenario divide, by theory, beside line-ups of history and baselines."""
    from eurasia_sim.analysis.blocs import compared_blocs
    from eurasia_sim.cli.options import chosen_theories, compile_once
    from eurasia_sim.scenarios.scenario import load_scenario
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import range_draws
    from eurasia_sim.world.world import load_world

    given = load_world(world)
    scenario = load_scenario(name, given, settings or ())
    theories = chosen_theories(theory, given, [scenario.theory])
    at = _place(month, scenario, given)
    inputs = prepare(given, scenario, theories[0])
    compile_once(inputs, range_draws(given, inputs, 1, seed))
    return compared_blocs(given, scenario, theories, at, n, seed, workers)


def _place(month: str | None, scenario: Scenario, world: World) -> int:
    """Months since the start of the record of the month asked for, else of the scenario's last."""
    from eurasia_sim.files.data_yaml import DataError

    at = scenario.months - 1 if month is None else world.month(month)
    if not 0 <= at < scenario.months:
        period = f"{world.date(0)} to {world.date(scenario.months - 1)}"
        raise DataError([f"--month {month} lies outside {scenario.name}; one of {period}"])
    return at


def _show_blocs(results: list[dict[str, Any]], as_json: bool) -> None:
    """Print how runs divide, one JSON value or a list of several; exit 1 where a run failed."""
    if as_json:
        typer.echo(
            json.dumps(results if len(results) > 1 else results[0], indent=2, ensure_ascii=False)
        )
    else:
        for result in results:
            _print_blocs(result)
    if any(each["failed"] for result in results for each in result["theories"].values()):
        raise typer.Exit(FAILED_WORK)


def _print_blocs(result: dict[str, Any]) -> None:
    from rich.console import Console

    from eurasia_sim.cli.tables import bloc_leanings, bloc_lineups, bloc_splits

    console = Console(width=None if sys.stdout.isatty() else 140)
    head = f"blocs of {result['scenario']} in {result['world']}, {result['month']}"
    console.print(
        f"{head}; {result['runs']} runs a theory over the declared ranges, seed {result['seed']}"
    )
    console.print(bloc_splits(result))
    if len(next(iter(result["theories"].values()))["alignment"]) <= _MOST_PAIRS:
        console.print(bloc_leanings(result))
    if result["lineups"]:
        console.print(bloc_lineups(result))
        for name, says in result["lineups"].items():
            console.print(f"{name}: {says}", highlight=False)

"""`analyze`: the statistics of a results folder, or the two blocs that a scenario's actors form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.world.world import load_world

if TYPE_CHECKING:
    from eurasia_sim.analysis.summary import Asked, Section

_HIDDEN = {"boxes": ("parameter", "low", "high", "mass")}  # columns that its words repeat
_RULE = r"^rules\.\w+\.(\w+)$"  # a number's name is its last word
_FOR_FIGURES = ("paths",)  # sections whose rows that count stand in others
_ROWS, _LEAST_ROWS = 24, 8  # of a table on the terminal, shared by the measures; the file has all
_MOST_PAIRS = 15  # of mean alignments on the terminal; JSON has all
_OF_ANALYSIS = ("measure", "above", "below", "better", "threshold", "option", "half_width", "out")
_OF_BLOCS = ("month", "n", "theory", "settings", "workers", "world")


def analyze(
    context: typer.Context,
    names: Annotated[list[str], Argument(metavar="RESULTS", help="A folder; else scenarios.")],
    measure: options.Measures = None,
    above: Annotated[float | None, options.number("Seek results of at least this.")] = None,
    below: Annotated[float | None, options.number("Seek results of at most this.")] = None,
    better: Annotated[Literal["higher", "lower"] | None, Option(help="The better way.")] = None,
    threshold: Annotated[float | None, options.number("What will do, as a criterion.")] = None,
    option: Annotated[list[str] | None, Option(help="A factor of choice; repeatable.")] = None,
    half_width: Annotated[float | None, options.number("Precision wanted.", positive=True)] = None,
    seed: options.NoSeed = None,
    out: Annotated[Path | None, Option(help="Folder of the tables; else in the results.")] = None,
    blocs: Annotated[bool, Option("--blocs", help="Run scenarios; sort actors in blocs.")] = False,
    month: Annotated[str | None, Option(metavar="YYYY-MM", help="Of blocs; else last.")] = None,
    n: Annotated[int, options.count("Runs a theory, of blocs.")] = 200,
    theory: options.Theories = None,
    settings: options.Settings = None,
    workers: options.Workers = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Sensitivity, scenario discovery, robustness and convergence of a results folder.

    With --blocs: sort the actors of a scenario into the two blocs that frustrate their leanings
    least, run by run over the declared ranges; --month, --runs, --theory, --set, --workers and
    --world belong to it.

    Example: eurasia-sim analyze results/us_exit-us_stays-1fb36c --measure "competition.*"

    Example: eurasia-sim analyze record --blocs --world europe_1914 --theory all
    """
    from eurasia_sim.analysis.summary import Asked

    if blocs:
        options.refuse(context, _OF_ANALYSIS, "not with --blocs")
        root = 7 if seed is None else seed
        found = [
            _blocs_of(each, month, n, root, theory, settings, workers, world) for each in names
        ]
        if as_json:
            terminal.print_json(found if len(found) > 1 else found[0])
        else:
            for result in found:
                _show_blocs(result)
        if any(each["failed"] for result in found for each in result["theories"].values()):
            raise typer.Exit(FAILED_WORK)
        return
    options.refuse(context, _OF_BLOCS, "only with --blocs")
    if len(names) > 1:
        raise DataError(["give one results folder; only --blocs takes several names"])
    if above is not None and below is not None:
        raise DataError(["--above and --below are two questions: ask one"])
    root = 1 if seed is None else seed
    if not 1 <= root < 2**32:
        raise DataError([f"--seed {root} must be from 1 to {2**32 - 1}, except with --blocs"])
    higher = None if better is None else better == "higher"
    asked = Asked(above, below, higher, threshold, tuple(option or ()), half_width, root)
    _analyze_results(Path(names[0]), measure or [], asked, out, as_json)


def _analyze_results(
    results: Path, measure: list[str], asked: Asked, out: Path | None, as_json: bool
) -> None:
    """Write and show every section that a results folder has material for."""
    from eurasia_sim.analysis.summary import sections
    from eurasia_sim.experiments.analysis_folder import material_of
    from eurasia_sim.files.ordinary import csv_bytes
    from eurasia_sim.simulation.results import TABLES, write_bytes, write_manifest, write_table

    material = material_of(results, measure)
    found = sections(material, asked)
    folder = out or results / "analysis"
    (folder / TABLES).unlink(missing_ok=True)
    names = []
    for section in found:
        table, csv = (folder / f"{section.name}.{ending}" for ending in ("parquet", "csv"))
        for path in (table, csv):  # what another question left is no answer to this one
            path.unlink(missing_ok=True)
        if len(section.table):
            write_table(table, section.table)
            write_bytes(csv, csv_bytes(section.table))
            names += [table.name, csv.name]
    content = {"finished": True, "command": options.command_line()}
    write_manifest(folder, content, names, to=TABLES)
    failed = int((material.runs["status"] != "ok").sum())
    if as_json:
        plain = {
            section.name: {
                "title": section.title,
                "notes": list(section.notes),
                "rows": section.table.rename(columns=str).astype(object).to_dict("records"),
            }
            for section in found
        }
        head = {"folder": str(folder), "of": material.kind, "runs": len(material.runs)}
        measures = {"failed": failed, "measures": list(material.measures)}
        terminal.print_json({**head, **measures, "sections": plain})
        return
    most = max(_ROWS // len(material.measures), _LEAST_ROWS)
    for section in sorted(found, key=lambda each: not len(each.table)):
        if section.name not in _FOR_FIGURES:
            show_section(section, most)
    runs = f"{len(material.runs)} runs of {material.kind}, {failed} failed"
    terminal.say(f"\n{runs}; measures: {', '.join(material.measures)}")
    terminal.show(f"tables: {folder}")


def show_section(section: Section, most: int) -> None:
    """Print so many rows for every measure; what is the same in all stands in the title."""
    if not len(section.table):
        terminal.show(f"\n{section.title}: not to be had")
    hidden = ["measure", *_HIDDEN.get(section.name, ())]
    every = section.table.rename(columns=str)
    for measure in dict.fromkeys(every.get("measure", ())):
        rows = every[every["measure"] == measure].drop(columns=hidden, errors="ignore")
        shown = rows.head(most)
        shown = shown.loc[:, ~(shown.isna() | (shown.astype(str) == "")).all()].replace(
            {"factor": _RULE, "other": _RULE}, r"\1", regex=True
        )
        same = shown.columns[(shown.nunique(dropna=False) == 1) & (len(shown) > 1)]
        values = [f"{name.replace('_', ' ')} {_cell(shown[name].iloc[0])}" for name in same]
        cut = [f"the first {most} of {len(rows)} rows"] if len(rows) > most else []
        title = f"\n{section.title}: {options.label(measure)}\n{'; '.join([*values, *cut])}"
        shown = shown.drop(columns=same)
        templates = {"f": "{%s:.3g}", "i": "{%s:d}", "u": "{%s:d}"}
        columns = {
            name.replace("_", "\n"): templates.get(column.dtype.kind, "{%s}") % f"column{at}"
            for at, (name, column) in enumerate(shown.items())
        }
        cells = shown.set_axis([f"column{at}" for at in range(len(columns))], axis=1)
        terminal.show_table(title.rstrip(), cells.to_dict("records"), columns)
    terminal.say(*(f"  {note}" for note in section.notes))


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _blocs_of(
    name: str, month: str | None, n: int, seed: int, theory: list[str] | None,
    settings: list[str] | None, workers: int | None, world_name: Path | None,
) -> dict[str, Any]:  # fmt: skip
    """How the runs of a scenario divide, by theory, beside line-ups of history and baselines."""
    from eurasia_sim.analysis.blocs import compared_blocs
    from eurasia_sim.simulation.inputs import prepare

    world = load_world(world_name)
    scenario = load_scenario(name, world, settings or ())
    theories = options.chosen_theories(theory, world, [scenario.theory])
    at = scenario.months - 1 if month is None else world.month(month)
    if not 0 <= at < scenario.months:
        period = f"{world.date(0)} to {world.date(scenario.months - 1)}"
        raise DataError([f"--month {month} lies outside {scenario.name}; one of {period}"])
    options.compile_once(prepare(world, scenario, theories[0]))
    return compared_blocs(world, scenario, theories, at, n, seed, workers)


def _show_blocs(result: dict[str, Any]) -> None:
    """Print the divisions that runs show, leanings of pairs, and how often a line-up holds."""
    from eurasia_sim.analysis.blocs import AFFINITIES

    theories, lineups = result["theories"], result["lineups"]
    head = "blocs of {scenario} in {world}, {month}; {runs} runs a theory over the declared ranges"
    terminal.say(f"{head.format_map(result)}, seed {result['seed']}; most frequent first")
    held = []
    for theory, every in theories.items():
        for name, own in ((theory, every), (f"{theory}, {AFFINITIES}", every[AFFINITIES])):
            terminal.show(name)
            for each in own["splits"]:
                sides = " | ".join(", ".join(side) for side in each["sides"])
                terminal.say(f"  {each['share']:.1%} {sides}")
            if lineups:
                cells = (
                    f"{x['share']:.1%} ({x['adjusted_rand']:.2f})" for x in own["lineups"].values()
                )
                held.append([name, *cells])
        if every["failed"]:
            count = f"{every['failed']} of {every['runs']} runs failed and count nowhere"
            terminal.show(f"{theory}: {count}")
    pairs = next(iter(theories.values()))["alignment"]
    if len(pairs) <= _MOST_PAIRS:
        rows = [
            {"pair": pair} | {theory: own["alignment"][pair] for theory, own in theories.items()}
            for pair in pairs
        ]
        columns = {theory.replace("_", "\n"): f"{{{theory}:+.2f}}" for theory in theories}
        terminal.show_table("\nmean alignment of the two", rows, {"pair": "{pair}", **columns})
    if lineups:
        held += [
            [name, *(f"{share:.1%}" for share in shares.values())]
            for name, shares in result["baselines"].items()
        ]
        rows = [{f"column{at}": cell for at, cell in enumerate(row)} for row in held]
        columns = {name: f"{{column{at}}}" for at, name in enumerate(["", *lineups])}
        title = "\nshare of runs that hold a line-up (mean adjusted Rand index), then of baselines"
        terminal.show_table(title, rows, columns)
        terminal.say(*(f"{name}: {meaning}" for name, meaning in lineups.items()))

"""`analyze`: the statistics of a results folder, or the two blocs that a scenario's actors form."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer
from typer import Argument, Option

from eurasia_sim.analysis.blocs import AFFINITIES, compared_blocs
from eurasia_sim.analysis.summary import Asked, Material, Section, material_of, sections
from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.options import SHORT
from eurasia_sim.cli.output import trust_line
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import csv_bytes
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.results import TABLES, write_bytes, write_manifest, write_table
from eurasia_sim.world.world import load_world

_HIDDEN = {"boxes": ("parameter", "low", "high", "mass")}  # columns that its words repeat
_FOR_FIGURES = "paths"  # a section whose rows that count stand in another
_ROWS, _LEAST_ROWS = 24, 8  # of a table on the terminal, shared by the measures; the file has all
_NAMED = 3  # factors or limits that a sentence names
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
    every: Annotated[bool, Option("--all", help="Print the tables of every measure.")] = False,
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
    if blocs:
        options.refuse(context, _OF_ANALYSIS, "not with --blocs")
        root = 7 if seed is None else seed
        of = (month, n, root, theory, settings, workers, world)
        found = [_blocs_of(name, *of) for name in names]
        if as_json:
            terminal.print_json(found if len(found) > 1 else found[0])
        for result in () if as_json else found:
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
    results = Path(names[0])
    material, folder = material_of(results, measure or []), out or results / "analysis"
    told = sections(material, asked)
    _write(told, folder)
    _show(results, material, told, folder, every=every, as_json=as_json)


def _write(found: list[Section], folder: Path) -> None:
    """Write the tables of an analysis, and their manifest."""
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


def _show(
    results: Path, material: Material, found: list[Section], folder: Path, *,
    every: bool, as_json: bool,
) -> None:  # fmt: skip
    """Print what the sections say of the first measure, or every table, then what comes next."""
    failed = int((material.runs["status"] != "ok").sum())
    if as_json:
        told = {
            each.name: {
                "title": each.title, "notes": list(each.notes),
                "rows": each.table.rename(columns=str).astype(object).to_dict("records"),
            } for each in found
        }  # fmt: skip
        head = {"folder": str(folder), "of": material.kind, "runs": len(material.runs)}
        counts = {"failed": failed, "measures": list(material.measures)}
        terminal.print_json({**head, **counts, "sections": told})
        return
    first, *others = material.measures
    shown = [each for each in found if each.name != _FOR_FIGURES]
    said = [sentence(each, first) for each in shown]
    why = () if any(said) else shown[1].notes
    more = f"Also: {'; '.join(map(options.label, others))}." if others else ""
    runs = f"{len(material.runs)} runs of {material.kind}, {failed} failed"
    terminal.say(f"{options.label(first)}: {runs}.", *said, *why)
    if every:
        most = max(_ROWS // len(material.measures), _LEAST_ROWS)
        for section in sorted(shown, key=lambda each: not len(each.table)):
            show_section(section, material.measures, most)
    elif len(shown[0].table):
        show_section(shown[0], [first], _LEAST_ROWS)
    terminal.say(f"{more} Every table and reason: --all".strip(), trust_line(results))
    terminal.show(f"Next: eurasia-sim plot {results}", f"tables: {folder}")


def sentence(section: Section, measure: str) -> str:
    """What a section says of a measure, in its first scenario; nothing where it has no row."""
    table = section.table
    rows = table[table["measure"] == measure].replace(SHORT, regex=True) if len(table) else table
    if rows.empty:
        return ""
    scope = next((name for name in ("of", "scenario") if name in rows), "measure")
    first = rows.iloc[-1 if section.name == "means" else 0]
    rows = rows[rows[scope] == first[scope]]
    said = ""
    match section.name:
        case "means":
            turns = ", ".join(filter(None, rows["sign turns"]))
            said = f"the sign turns between {turns}." if turns else ""
        case "shares":
            divided = zip(rows["part"], rows["share"], strict=True)
            parts = ", ".join(f"{part} {share:.0%}" for part, share in divided)
            said = f"its spread divides into {parts}."
        case "sobol":
            total = rows[rows["order"] == "total"].sort_values("index", ascending=False)
            said = f"shares in its spread, alone and with others: {_ranked(total, 'index', '.0%')}."
        case "morris":
            said = f"moved most by {_ranked(rows, 'absolute', '.3g')}."
        case "boxes":
            limits = " and ".join(rows.loc[rows["box"] == first["box"], "limit"].head(_NAMED))
            inside = f"where {limits} it is so in {first['density']:.0%} of draws"
            said = f"{first['sought']} in {first['base']:.0%} of all draws; {inside}."
        case "robustness":
            best = (
                f"{x.option} by {x.best.replace('_', ' ')}" for x in rows.itertuples() if x.best
            )
            said = f"Best: {'; '.join(best)}."
        case "convergence" if first["n"] > 1:
            said = f"mean known to within ± {first['half_width']:.2g} (95 %)."
    return f"{first[scope]}: {said}" if said and scope != "measure" else said


def _ranked(rows: Any, column: str, form: str) -> str:
    """The first factors of a table with their numbers."""
    pairs = zip(rows["factor"].head(_NAMED), rows[column].head(_NAMED), strict=True)
    return ", ".join(f"{name} {value:{form}}" for name, value in pairs)


def show_section(section: Section, measures: Sequence[str], most: int) -> None:
    """Print so many rows for every measure; what is the same in all stands in the title."""
    if not len(section.table):
        terminal.show(f"\n{section.title}: not to be had")
    for measure in measures if len(section.table) else ():
        rows = section.table[section.table["measure"] == measure].rename(columns=str)
        hidden = ["measure", *_HIDDEN.get(section.name, ())]
        shown = rows.head(most).drop(columns=hidden, errors="ignore").replace(SHORT, regex=True)
        shown = shown.loc[:, ~(shown.isna() | (shown.astype(str) == "")).all()]
        same = shown.columns[(shown.astype(str) == shown.astype(str).iloc[0]).all()]
        same = same[: len(same) * (len(shown) > 1)]
        told = [f"{name.replace('_', ' ')} {_cell(shown[name].iloc[0])}" for name in same]
        cut = [f"the first {most} of {len(rows)} rows"] if len(rows) > most else []
        title = f"\n{section.title}: {options.label(measure)}\n{'; '.join([*told, *cut])}"
        terminal.show_frame(title.rstrip(), shown.drop(columns=same))
    terminal.say(*(f"  {note}" for note in section.notes))


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _blocs_of(
    name: str, month: str | None, n: int, seed: int, theory: list[str] | None,
    settings: list[str] | None, workers: int | None, world_name: Path | None,
) -> dict[str, Any]:  # fmt: skip
    """How the runs of a scenario divide, by theory, beside line-ups of history and baselines."""
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
    """Print the divisions that runs show, and how often a line-up holds; JSON has leanings too."""
    theories, lineups, rows = result["theories"], result["lineups"], []
    head = "blocs of {scenario} in {world}, {month}; {runs} runs a theory over the declared ranges"
    terminal.say(f"{head.format_map(result)}, seed {result['seed']}; most frequent first")
    for theory, every in theories.items():
        for name, own in ((theory, every), (f"{theory}, {AFFINITIES}", every[AFFINITIES])):
            splits = ((x["share"], " | ".join(map(", ".join, x["sides"]))) for x in own["splits"])
            terminal.say(name, *(f"  {share:.1%} {sides}" for share, sides in splits))
            form = "{share:.1%} ({adjusted_rand:.2f})".format_map
            rows.append({"": name, **{x: form(each) for x, each in own["lineups"].items()}})
        if every["failed"]:
            count = f"{every['failed']} of {every['runs']} runs failed and count nowhere"
            terminal.show(f"{theory}: {count}")
    if lineups:
        for name, shares in result["baselines"].items():
            rows.append({"": name, **{x: f"{share:.1%}" for x, share in shares.items()}})
        title = "\nshare of runs that hold a line-up (mean adjusted Rand index), then of baselines"
        terminal.show_frame(title, pd.DataFrame(rows))
        terminal.say(*(f"{name}: {meaning}" for name, meaning in lineups.items()))

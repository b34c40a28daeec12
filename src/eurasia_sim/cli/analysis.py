"""`analyze`: statistics of a results folder, or blocs of actors; `compare`: two results."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer
from typer import Argument, Option

from eurasia_sim.analysis import differences, pairing
from eurasia_sim.analysis.blocs import AFFINITIES, compared_blocs
from eurasia_sim.analysis.headline import in_words
from eurasia_sim.analysis.summary import Asked, Material, Section, material_of, sections
from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import trust_line
from eurasia_sim.figures.style import readable
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import csv_bytes
from eurasia_sim.reports.blocks import Blocks, Line, number, table
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import results
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.run import RANGES, REFERENCE, SETS
from eurasia_sim.world.world import load_world

_HIDDEN = {"boxes": ("parameter", "low", "high", "mass")}  # columns that its words repeat
_FOR_FIGURES = "paths"  # a section whose rows that count stand in another
_ROWS, _LEAST_ROWS = 24, 8  # of a table on the terminal, shared by the measures; the file has all
_NAMED = 3  # factors or limits that a sentence names
_FEW = 2  # measures and settings of a comparison that are shown; the rest by --all
_OF_ANALYSIS = ("measure", "above", "below", "better", "threshold", "option", "half_width", "out")
_OF_BLOCS = ("month", "n", "theory", "settings", "workers", "world")
_PLAIN = {"scenario.departs": "leaves the record in", "scenario.events.drop": "events left out"}


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
        place, found = load_world(world), []
        for scenario in [load_scenario(name, place, settings or ()) for name in names]:
            asked = options.chosen_theories(theory, place, [scenario.theory])
            root, months = 7 if seed is None else seed, scenario.months
            at = options.month("--month", month, place, months) if month else months - 1
            options.compile_once(prepare(place, scenario, asked[0]))
            found.append(compared_blocs(place, scenario, asked, at, n, root, workers))
        blocks = chain.from_iterable(map(_blocs, found))
        terminal.answer(found if len(found) > 1 else found[0], blocks, as_json=as_json)
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
    asked_for = Asked(above, below, higher, threshold, tuple(option or ()), half_width, root)
    _analyze(Path(names[0]), measure or [], asked_for, out, every=every, as_json=as_json)


def _analyze(
    folder: Path, measures: list[str], asked: Asked, out: Path | None, *,
    every: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write the tables of an analysis with their manifest, and print what they say."""
    material, out = material_of(folder, measures), out or folder / "analysis"
    found = sections(material, asked)
    (out / results.TABLES).unlink(missing_ok=True)
    names = []
    for section in found:
        parquet, csv = (out / f"{section.name}.{ending}" for ending in ("parquet", "csv"))
        for path in (parquet, csv):  # what another question left is no answer to this one
            path.unlink(missing_ok=True)
        if len(section.table):
            results.write_table(parquet, section.table)
            results.write_bytes(csv, csv_bytes(section.table))
            names += [parquet.name, csv.name]
    content = {"finished": True, "command": options.command_line()}
    results.write_manifest(out, content, names, to=results.TABLES)
    failed = int((material.runs["status"] != "ok").sum())
    tables = {
        each.name: {
            "title": each.title, "notes": list(each.notes),
            "rows": each.table.rename(columns=str).astype(object).to_dict("records"),
        } for each in found
    }  # fmt: skip
    plain = {
        "folder": str(out), "of": material.kind, "runs": len(material.runs), "failed": failed,
        "measures": list(material.measures), "sections": tables,
    }  # fmt: skip
    told = _told(material, found, failed, every=every)
    ends = (trust_line(folder), Line(f"Next: eurasia-sim plot {folder}"), Line(f"tables: {out}"))
    terminal.answer(plain, chain(told, ends), as_json=as_json)


def _told(material: Material, found: list[Section], failed: int, *, every: bool) -> Blocks:
    """What the sections say of the first measure, and its means; or every table."""
    first, *others = material.measures
    means, *rest = (each for each in found if each.name != _FOR_FIGURES)
    said = list(filter(None, (sentence(each, first) for each in (means, *rest))))
    yield f"{readable(first)}: {len(material.runs)} runs of {material.kind}, {failed} failed."
    yield from said or rest[0].notes
    most = max(_ROWS // len(material.measures), _LEAST_ROWS)
    if every:
        for section in sorted((means, *rest), key=lambda each: not len(each.table)):
            yield from section_blocks(section, material.measures, most)
    elif len(means.table):
        yield from section_blocks(means, [first], _LEAST_ROWS)
    more = f"Also: {'; '.join(map(readable, others))}." if others else ""
    yield f"{more} Every table and reason: --all".strip()


def sentence(section: Section, measure: str) -> str:
    """What a section says of a measure, in its first scenario; nothing where it has no row."""
    rows = section.table
    if len(rows):
        rows = rows[rows["measure"] == measure].replace(options.SHORT, regex=True)
    if rows.empty:
        return ""
    scope = next((name for name in ("of", "scenario") if name in rows), "measure")
    first = rows.iloc[-1 if section.name == "means" else 0]
    rows, said = rows[rows[scope] == first[scope]], ""
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
            marked = rows[rows["best"] != ""].itertuples()
            best = (f"{each.option} by {each.best.replace('_', ' ')}" for each in marked)
            said = f"Best: {'; '.join(best)}."
        case "convergence" if first["n"] > 1:
            said = f"mean known to within ± {first['half_width']:.2g} (95 %)."
    return f"{first[scope]}: {said}" if said and scope != "measure" else said


def _ranked(rows: pd.DataFrame, column: str, form: str) -> str:
    pairs = rows[["factor", column]].head(_NAMED).itertuples(index=False)
    return ", ".join(f"{name} {value:{form}}" for name, value in pairs)


def section_blocks(section: Section, measures: Sequence[str], most: int) -> Blocks:
    """So many rows for every measure, then the notes; what all rows share stands in the title."""
    if not len(section.table):
        yield f"\n{section.title}: not to be had"
    for measure in measures if len(section.table) else ():
        rows = section.table[section.table["measure"] == measure].rename(columns=str)
        hidden = ["measure", *_HIDDEN.get(section.name, ())]
        shown = rows.head(most).drop(columns=hidden, errors="ignore")
        shown = shown.replace(options.SHORT, regex=True)
        shown = shown.loc[:, ~(shown.isna() | (shown.astype(str) == "")).all()]
        same = shown.columns[(shown.astype(str) == shown.astype(str).iloc[0]).all()]
        same = same[: len(same) * (len(shown) > 1)]
        told = [f"{name.replace('_', ' ')} {number(shown[name].iloc[0])}" for name in same]
        cut = [f"the first {most} of {len(rows)} rows"] if len(rows) > most else []
        title = f"\n{section.title}: {readable(measure)}\n{'; '.join([*told, *cut])}"
        yield table(title.rstrip(), shown.drop(columns=same))
    yield from (f"  {note}" for note in section.notes)


def _blocs(result: dict[str, Any]) -> Blocks:
    """The divisions that runs show, and how often a line-up holds; JSON has leanings too."""
    rows = []
    head = "blocs of {scenario} in {world}, {month}; {runs} runs a theory over the declared ranges"
    yield f"{head.format_map(result)}, seed {result['seed']}; most frequent first"
    for theory, every in result["theories"].items():
        for name, own in ((theory, every), (f"{theory}, {AFFINITIES}", every[AFFINITIES])):
            yield name
            for split in own["splits"]:
                yield f"  {split['share']:.1%} {' | '.join(map(', '.join, split['sides']))}"
            form = "{share:.1%} ({adjusted_rand:.2f})".format_map
            rows.append({"": name, **{x: form(each) for x, each in own["lineups"].items()}})
        if every["failed"]:
            yield f"{theory}: {every['failed']} of {every['runs']} runs failed and count nowhere"
    if result["lineups"]:
        for name, shares in result["baselines"].items():
            rows.append({"": name, **{x: f"{share:.1%}" for x, share in shares.items()}})
        title = "\nshare of runs that hold a line-up (mean adjusted Rand index), then of baselines"
        yield table(title, pd.DataFrame(rows))
        yield from (f"{name}: {meaning}" for name, meaning in result["lineups"].items())


def compare(
    a: Annotated[Path, Argument(metavar="A", help="A results folder.")],
    b: Annotated[Path | None, Argument(metavar="[B]", help="Another; else A itself.")] = None,
    scenarios: Annotated[tuple[str, str] | None, Option(help="Of A and B; else all.")] = None,
    theory: Annotated[list[str] | None, Option(help="Given twice, A's and B's.")] = None,
    kind: Annotated[
        Literal["reference", "ranges"] | None, Option("--set-of-draws", help="One set; else both.")
    ] = None,
    measure: options.Measures = None,
    smallest: Annotated[
        float | None, options.number("Smallest effect that matters.", least=0)
    ] = None,
    force: Annotated[bool, Option("--force", help="Compare model versions that differ.")] = False,
    out: Annotated[Path | None, Option(metavar="FILE.parquet", help="Table of numbers.")] = None,
    every: Annotated[bool, Option("--all", help="Print every measure and setting.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Compare two results: their settings, whether runs pair, and the differences A less B.

    Example: eurasia-sim compare results/us_exit-1fb36c results/us_exit-bc9c66
    """
    if out is not None and out.suffix != ".parquet":
        raise DataError([f"--out {out} must end in .parquet"])
    first = pairing.open_results(a)
    second = None if b is None or b.resolve() == a.resolve() else pairing.open_results(b)
    sides = pairing.sides(first, second, scenarios, theory or ())
    notes = pairing.warnings(*sides[0], force=force)
    for at, letter in enumerate("AB" if second is not None and scenarios is None else ""):
        mine, theirs = (sides[0][x].results.manifest["scenarios"] for x in (at, 1 - at))
        if alone := sorted(mine.keys() - theirs.keys() - {pair[at].scenario for pair in sides}):
            which = f"only in {letter} and left out: {', '.join(alone)}"
            notes.append(f"{which} (--scenarios X Y compares two by name)")
    measures = pairing.chosen_measures(first, second or first, measure or ())
    kinds = [kind] if kind else [REFERENCE, RANGES]
    found = [x for both in sides for x in pairing.compare_sides(*both, measures, kinds, smallest)]
    rows = [{**each.head, **each.counts, **row} for each in found for row in each.measures]
    if out is not None:
        results.write_table(out, pd.DataFrame(rows))
    share, few = differences.SMALL_SHARE, differences.FEWEST
    basis = f"{share:g} standard deviations of the runs, of {few} a side or more"
    told = {
        "a": str(first.folder), "b": str((second or first).folder),
        "headlines": [{**each.head, **row} for each in found for row in each.headlines],
        "configuration": [
            {"scenario_a": one.scenario, "scenario_b": two.scenario, "path": path, "a": x, "b": y}
            for one, two in sides for path, (x, y) in pairing.differing(one, two).items()
        ],
        "warnings": notes, "smallest": basis if smallest is None else f"{smallest:g}, as given",
        "pairing": [
            {**each.head, "valid": each.counts["paired"], "why": each.why} for each in found
        ],
        "measures": rows,
    }  # fmt: skip
    terminal.answer(told, _compared(found, told, every=every), as_json=as_json)


def _compared(found: list[pairing.Comparison], told: dict[str, Any], *, every: bool) -> Blocks:
    """How many measures differ, those that differ most, and what was set differently."""
    kinds = list(dict.fromkeys(each.head["set"] for each in found))
    lead = RANGES if RANGES in kinds else REFERENCE
    found = sorted(found, key=lambda each: each.head["set"] != lead)
    leading = [each for each in found if each.head["set"] == lead]
    for kind in kinds if every else [lead]:
        own = [each for each in found if each.head["set"] == kind]
        counts = []
        for each in own:
            words = Counter(row["verdict"] for row in each.measures)
            counted = ", ".join(f"{count} {word}" for word, count in words.most_common())
            counts.append(f"{_names(each.head)}: {counted}")
        yield f"Of {len(own[0].measures)} measures {SETS[kind]}: {'; '.join(counts)}."
        for each in own if every else own[:1]:
            said = [in_words(row, _way(each.head), "", readable) for row in each.headlines]
            yield from said if every else [text.partition(". ")[0] + "." for text in said[:1]]
    settings = [
        f"{row['scenario_a']}: " * (row["scenario_a"] == row["scenario_b"] and len(leading) > 1)
        + _PLAIN.get(path, path.removeprefix("scenario.").removeprefix("levers."))
        + f" (A {_setting(row['a'])}; B {_setting(row['b'])})"
        for row in told["configuration"]
        if (path := row["path"]) != "scenario.name"
    ]
    shown = ", ".join(settings if every else settings[:_FEW]) or "nothing"
    yield f"What matters is {told['smallest']}."
    yield from (f"Careful: {note}." for note in told["warnings"])
    yield f"Set differently: {shown}" + ", …" * (len(settings) > _FEW and not every)
    for each in found if every else leading[:1]:
        yield from _differing(each, every=every)
    yield "" if every else f"Every measure, setting and set of draws ({len(kinds)}): --all"
    yield trust_line(Path(told["a"]))
    folders = dict.fromkeys((told["a"], told["b"]))
    yield from (Line(f"{x}: {folder}") for x, folder in zip("AB", folders, strict=False))


def _differing(each: pairing.Comparison, *, every: bool) -> Blocks:
    """The measures of a comparison, those that differ most first; or the first few."""
    order = sorted(each.measures, key=lambda row: -abs(row["effect_size"]))
    order.sort(key=lambda row: row["verdict"] != differences.DIFFERENT)
    rows = [
        {"A less B": readable(row["measure"]), "mean": row["mean"], "low": row["low"],
         "high": row["high"], "A above B": row["superiority"],
         "verdict": differences.verdict_in_words(row)}
        for row in order
    ]  # fmt: skip
    runs = "A {runs_a} runs ({failed_a} failed), B {runs_b} runs ({failed_b} failed)"
    why = f"{each.why}; {runs.format_map(each.counts)}"
    if every:
        title = f"\n{_names(each.head)}, {SETS[each.head['set']]}\n{why}"
        yield table(title, rows)
    else:
        cells = ({**row, "mean": number(row["mean"], "+")} for row in rows[:_FEW])
        most = map("{A less B} {mean} ({verdict})".format_map, cells)
        yield f"Most apart, A less B: {'; '.join(most)}."
        yield why


def _names(head: dict[str, str]) -> str:
    both = [(head[f"{x}_a"], head[f"{x}_b"]) for x in ("scenario", "theory")]
    names = [a if a == b else f"{a} (A) and {b} (B)" for a, b in both]
    return ", ".join(names).replace("_", " ")


def _way(head: dict[str, str]) -> str:
    """From what to what: scenarios, else theories, that differ."""
    both = [(head[f"{x}_b"], head[f"{x}_a"]) for x in ("scenario", "theory")]
    return "from {} to {}".format(*next((way for way in both if way[0] != way[1]), ("B", "A")))


def _setting(value: Any) -> str:
    """A setting in words; a dash for none."""
    listed = value if isinstance(value, list) else [value] * (value is not None)
    return ", ".join(map(str, listed)) or "–"

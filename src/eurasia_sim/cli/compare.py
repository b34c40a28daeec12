"""`compare`: what was set differently in two results, and what their runs differ by."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from typer import Argument, Option

from eurasia_sim.analysis import pairing
from eurasia_sim.analysis.differences import DIFFERENT, FEWEST, SMALL_SHARE, verdict_in_words
from eurasia_sim.analysis.pairing import Comparison, Side
from eurasia_sim.cli import options, terminal
from eurasia_sim.cli.output import trust_line
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import write_table
from eurasia_sim.simulation.run import RANGES, REFERENCE, SETS

_FEW = 2  # measures and settings that are shown; the rest by --all
_PLAIN = {"scenario.departs": "leaves the record in", "scenario.events.drop": "events left out"}


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
    if second is not None and scenarios is None:
        notes += _left_out(sides)
    measures = pairing.chosen_measures(first, second or first, measure or ())
    kinds = [kind] if kind else [REFERENCE, RANGES]
    found = [x for both in sides for x in pairing.compare_sides(*both, measures, kinds, smallest)]
    rows = [{**each.head, **each.counts, **row} for each in found for row in each.measures]
    if out is not None:
        write_table(out, pd.DataFrame(rows))
    basis = f"{SMALL_SHARE:g} standard deviations of the runs, of {FEWEST} a side or more"
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
    if as_json:
        terminal.print_json(told)
    else:
        _show(found, told, every=every)


def _left_out(sides: list[tuple[Side, Side]]) -> list[str]:
    """Which scenarios that one of two folders alone has are compared with nothing."""
    notes = []
    for at, letter in enumerate("AB"):
        mine, theirs = (sides[0][x].results.manifest["scenarios"] for x in (at, 1 - at))
        if alone := sorted(mine.keys() - theirs.keys() - {pair[at].scenario for pair in sides}):
            which = f"only in {letter} and left out: {', '.join(alone)}"
            notes.append(f"{which} (--scenarios X Y compares two by name)")
    return notes


def _show(found: list[Comparison], told: dict[str, Any], *, every: bool) -> None:
    """Print how many measures differ, those that differ most, what was set, how far to trust it."""
    kinds = list(dict.fromkeys(each.head["set"] for each in found))
    lead = RANGES if RANGES in kinds else REFERENCE
    found = sorted(found, key=lambda each: each.head["set"] != lead)
    leading = [each for each in found if each.head["set"] == lead]
    for kind in kinds if every else [lead]:
        own = [each for each in found if each.head["set"] == kind]
        counts = "; ".join(f"{_names(each.head)}: {_counted(each)}" for each in own)
        lines = [f"Of {len(own[0].measures)} measures {SETS[kind]}: {counts}."]
        for each in own if every else own[:1]:
            said = [options.headline(row, _way(each.head), "") for row in each.headlines]
            lines += said if every else [text.partition(". ")[0] + "." for text in said[:1]]
        terminal.say(*lines)
    settings = [
        f"{row['scenario_a']}: " * (row["scenario_a"] == row["scenario_b"] and len(leading) > 1)
        + _PLAIN.get(path, path.removeprefix("scenario.").removeprefix("levers."))
        + f" (A {_word(row['a'])}; B {_word(row['b'])})"
        for row in told["configuration"]
        if (path := row["path"]) != "scenario.name"
    ]
    shown = ", ".join(settings if every else settings[:_FEW]) or "nothing"
    terminal.say(
        f"What matters is {told['smallest']}.",
        *(f"Careful: {note}." for note in told["warnings"]),
        f"Set differently: {shown}" + ", …" * (len(settings) > _FEW and not every),
    )
    for each in found if every else leading[:1]:
        _show_measures(each, every=every)
    more = "" if every else f"Every measure, setting and set of draws ({len(kinds)}): --all"
    terminal.say(more, trust_line(Path(told["a"])))
    folders = dict.fromkeys((told["a"], told["b"]))
    terminal.show(*(f"{x}: {folder}" for x, folder in zip("AB", folders, strict=False)))


def _show_measures(each: Comparison, *, every: bool) -> None:
    """Print the measures of a comparison, those that differ most first; or the first few."""
    order = sorted(each.measures, key=lambda row: -abs(row["effect_size"]))
    order.sort(key=lambda row: row["verdict"] != DIFFERENT)
    rows = [
        {"A less B": options.label(row["measure"]), "mean": row["mean"], "low": row["low"],
         "high": row["high"], "A above B": row["superiority"], "verdict": verdict_in_words(row)}
        for row in order
    ]  # fmt: skip
    runs = "A {runs_a} runs ({failed_a} failed), B {runs_b} runs ({failed_b} failed)"
    why = f"{each.why}; {runs.format_map(each.counts)}"
    if every:
        title = f"\n{_names(each.head)}, {SETS[each.head['set']]}\n{why}"
        terminal.show_frame(title, pd.DataFrame(rows))
    else:
        cells = ({**row, "mean": f"{row['mean']:+.2g}".replace("+nan", "–")} for row in rows[:_FEW])
        most = map("{A less B} {mean} ({verdict})".format_map, cells)
        terminal.say(f"Most apart, A less B: {'; '.join(most)}.", why)


def _counted(each: Comparison) -> str:
    """How many measures have which verdict."""
    words = Counter(row["verdict"] for row in each.measures)
    return ", ".join(f"{count} {word}" for word, count in words.most_common())


def _names(head: dict[str, str]) -> str:
    """The two sides of a comparison."""
    both = [(head[f"{x}_a"], head[f"{x}_b"]) for x in ("scenario", "theory")]
    names = [a if a == b else f"{a} (A) and {b} (B)" for a, b in both]
    return ", ".join(names).replace("_", " ")


def _way(head: dict[str, str]) -> str:
    """From what to what: scenarios, else theories, that differ."""
    both = [(head[f"{x}_b"], head[f"{x}_a"]) for x in ("scenario", "theory")]
    return "from {} to {}".format(*next((way for way in both if way[0] != way[1]), ("B", "A")))


def _word(value: Any) -> str:
    """A setting in words; a dash for none."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "–" if value is None else text or "–"

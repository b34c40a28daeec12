"""`compare`: what was set differently in two results, and what their runs differ by."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from eurasia_sim.cli import options, terminal
from eurasia_sim.cli.output import trust_line
from eurasia_sim.files.data_yaml import DataError

if TYPE_CHECKING:
    from eurasia_sim.analysis.pairing import Comparison, Side

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
    from eurasia_sim.analysis import pairing
    from eurasia_sim.simulation.results import write_table
    from eurasia_sim.simulation.run import RANGES, REFERENCE

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
    compared = (pairing.compare_sides(*both, measures, kinds, smallest) for both in sides)
    found = list(chain.from_iterable(compared))
    rows = [row for comparison in found for row in comparison.rows()]
    if out is not None:
        import pandas as pd

        write_table(out, pd.DataFrame(rows))
    if as_json:
        settings = [
            {"scenario_a": one.scenario, "scenario_b": two.scenario, "path": path,
             "a": mine, "b": other}
            for one, two in sides for path, (mine, other) in pairing.differing(one, two).items()
        ]  # fmt: skip
        pairs = [
            {**each.head, "valid": each.pairing.is_valid, "why": each.pairing.why} for each in found
        ]
        told = [{**each.head, **row} for each in found for row in each.headlines]
        folders = {x: str(side.results.folder) for x, side in zip("ab", sides[0], strict=True)}
        content = {
            "headlines": told, "configuration": settings, "warnings": notes,
            "smallest": _basis(smallest),
        }  # fmt: skip
        terminal.print_json({**folders, **content, "pairing": pairs, "measures": rows})
    else:
        _show(sides, found, notes, smallest, every=every)


def _left_out(sides: list[tuple[Side, Side]]) -> list[str]:
    """Which scenarios that one of two folders alone has are compared with nothing."""
    notes = []
    for at, letter in enumerate("AB"):
        mine, theirs = (sides[0][x].results.manifest["scenarios"] for x in (at, 1 - at))
        if alone := sorted(mine.keys() - theirs.keys() - {pair[at].scenario for pair in sides}):
            which = f"only in {letter} and left out: {', '.join(alone)}"
            notes.append(f"{which} (--scenarios X Y compares two by name)")
    return notes


def _basis(smallest: float | None) -> str:
    from eurasia_sim.analysis.differences import FEWEST, SMALL_SHARE

    if smallest is not None:
        return f"{smallest:g}, as given"
    return f"{SMALL_SHARE:g} standard deviations of the runs, of {FEWEST} a side or more"


def _show(
    sides: list[tuple[Side, Side]], found: list[Comparison], notes: list[str],
    smallest: float | None, *, every: bool,
) -> None:  # fmt: skip
    """Print how many measures differ, those that differ most, what was set, how far to trust it."""
    import pandas as pd

    from eurasia_sim.analysis.pairing import differing
    from eurasia_sim.simulation.run import RANGES, REFERENCE, SETS

    folders = dict.fromkeys(side.results.folder for side in sides[0])
    kinds = dict.fromkeys(each.kind for each in found)
    lead = RANGES if RANGES in kinds else REFERENCE
    found = sorted(found, key=lambda each: each.kind != lead)
    told: list[str] = []
    for kind in kinds if every else [lead]:
        own = [each for each in found if each.kind == kind]
        counts = "; ".join(f"{_names(each)}: {_counted(each)}" for each in own)
        told.append(f"Of {len(own[0].measures)} measures {SETS[kind]}: {counts}.")
        for each in own if every else own[:1]:
            a, b = each.first, each.second
            ways = [(b.scenario, a.scenario), (b.theory, a.theory), ("B", "A")]
            way = "from {} to {}".format(*next(way for way in ways if len({*way}) > 1))
            said = [options.headline(row, way, "") for row in each.headlines]
            told += said if every else [text.partition(". ")[0] + "." for text in said[:1]]
    terminal.say(*told)
    settings = [
        f"{f'{a.scenario}: ' if a.scenario == b.scenario and len(sides) > 1 else ''}"
        f"{_PLAIN.get(path, path.removeprefix('scenario.').removeprefix('levers.'))}"
        f" (A {_word(mine)}; B {_word(other)})"
        for a, b in sides
        for path, (mine, other) in differing(a, b).items()
        if path != "scenario.name"
    ]
    shown = ", ".join(settings if every else settings[:_FEW]) or "nothing"
    terminal.say(
        f"What matters is {_basis(smallest)}.",
        *(f"Careful: {note}." for note in notes),
        f"Set differently: {shown}" + ", …" * (len(settings) > _FEW and not every),
    )
    for each in found if every else found[:1]:
        sides_of = zip("AB", each.runs, each.failed, strict=True)
        runs = ", ".join(f"{x} {count} runs ({failed} failed)" for x, count, failed in sides_of)
        rows = [
            {"A less B": options.label(one.difference.measure), "mean": one.difference.mean,
             "low": one.difference.low, "high": one.difference.high,
             "A above B": one.difference.superiority, "verdict": str(one.judgement)}
            for one in sorted(each.measures, key=lambda one: -abs(one.difference.effect_size))
        ]  # fmt: skip
        rows.sort(key=lambda row: not str(row["verdict"]).startswith("different"))
        why = f"{each.pairing.why}; {runs}"
        if every:
            terminal.show_frame(f"\n{_names(each)}, {SETS[each.kind]}\n{why}", pd.DataFrame(rows))
        else:
            cells = ({**row, "mean": f"{row['mean']:+.2g}".replace("+nan", "–")} for row in rows)
            most = map("{A less B} {mean} ({verdict})".format_map, cells)
            terminal.say(f"Most apart, A less B: {'; '.join(islice(most, _FEW))}.", why)
    more = "" if every else f"Every measure, setting and set of draws ({len(kinds)}): --all"
    terminal.say(more, trust_line(next(iter(folders))))
    terminal.show(*(f"{x}: {folder}" for x, folder in zip("AB", folders, strict=False)))


def _counted(each: Comparison) -> str:
    """How many measures have which verdict."""
    words = Counter(one.judgement.word for one in each.measures)
    return ", ".join(f"{count} {word}" for word, count in words.most_common())


def _names(each: Comparison) -> str:
    """The two sides of a comparison."""
    a, b = each.first, each.second
    return f"{_both(a.scenario, b.scenario)}, {_both(a.theory, b.theory)}".replace("_", " ")


def _word(value: Any) -> str:
    """A setting in words; a dash for none."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "–" if value is None else text or "–"


def _both(a: str, b: str) -> str:
    return a if a == b else f"{a} (A) and {b} (B)"

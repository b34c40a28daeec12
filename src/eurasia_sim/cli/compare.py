"""`compare`: what was set differently in two results, and what their runs differ by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from eurasia_sim.cli import options, terminal
from eurasia_sim.files.data_yaml import DataError

if TYPE_CHECKING:
    from eurasia_sim.analysis.pairing import Comparison, Side

_DIFFERENCES = {
    "A less B": "{label}", "mean": "{mean:+.4f}", "95 % interval": "{low:+.4f} … {high:+.4f}",
    "A above B": "{superiority:.0%}", "verdict": "{verdict}",
}  # fmt: skip


def compare(
    a: Annotated[Path, Argument(metavar="A", help="A results folder.")],
    b: Annotated[Path | None, Argument(metavar="[B]", help="Another; else A itself.")] = None,
    scenarios: Annotated[tuple[str, str] | None, Option(help="Of A and B; else all.")] = None,
    theory: Annotated[list[str] | None, Option(help="Given twice, A's and B's.")] = None,
    kind: Annotated[
        Literal["reference", "ranges"] | None, Option("--set-of-draws", help="One set; else both.")
    ] = None,
    measure: options.Measures = None,
    smallest: Annotated[float | None, options.number("Smallest effect that matters.")] = None,
    force: Annotated[bool, Option("--force", help="Compare model versions that differ.")] = False,
    out: Annotated[Path | None, Option(metavar="FILE.parquet", help="Table of numbers.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Compare two results: their settings, whether runs pair, and the differences A less B.

    Example: eurasia-sim compare results/us_exit-1fb36c results/us_exit-bc9c66
    """
    from eurasia_sim.analysis import pairing
    from eurasia_sim.simulation.results import write_table
    from eurasia_sim.simulation.run import RANGES, REFERENCE

    if smallest is not None and smallest < 0:
        raise DataError([f"--smallest {smallest:g} is below 0"])
    if out is not None and out.suffix != ".parquet":
        raise DataError([f"--out {out} must end in .parquet"])
    first = pairing.open_results(a)
    second = None if b is None or b.resolve() == a.resolve() else pairing.open_results(b)
    sides = pairing.sides(first, second, scenarios, theory or ())
    notes = pairing.warnings(*sides[0], force=force)
    if second is not None:
        notes += _left_out(sides)
    measures = pairing.chosen_measures(first, second or first, measure or ())
    kinds = [kind] if kind else [REFERENCE, RANGES]
    found = [
        each for both in sides for each in pairing.compare_sides(*both, measures, kinds, smallest)
    ]
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
        _show(sides, found, notes, smallest)


def _left_out(sides: list[tuple[Side, Side]]) -> list[str]:
    """Which scenarios of two folders are compared with nothing."""
    notes = []
    for letter, own in zip("AB", zip(*sides, strict=True), strict=True):
        compared = {side.scenario for side in own}
        alone = [name for name in own[0].results.manifest["scenarios"] if name not in compared]
        if alone:
            hint = "(--scenarios X Y compares two by name)"
            notes.append(f"only in {letter} and left out: {', '.join(alone)} {hint}")
    return notes


def _basis(smallest: float | None) -> str:
    from eurasia_sim.analysis.differences import FEWEST, SMALL_SHARE

    if smallest is not None:
        return f"{smallest:g}, as given"
    return f"{SMALL_SHARE:g} standard deviations of the runs, known from {FEWEST} runs a side on"


def _show(
    sides: list[tuple[Side, Side]],
    found: list[Comparison],
    notes: list[str],
    smallest: float | None,
) -> None:
    """Print how many measures differ, what was set differently, and every measure."""
    from eurasia_sim.analysis.differences import DIFFERENT
    from eurasia_sim.analysis.pairing import differing
    from eurasia_sim.simulation.run import SETS

    terminal.show(*(f"{x}: {side.results.folder}" for x, side in zip("AB", sides[0], strict=True)))
    titles = []
    for each in found:
        a, b = each.first, each.second
        names = f"{_both(a.scenario, b.scenario)}, {_both(a.theory, b.theory)}"
        titles.append(f"{names}, {SETS[each.kind]}")
        ways = [(b.scenario, a.scenario), (b.theory, a.theory), ("B", "A")]
        one, other = next(way for way in ways if len({*way}) > 1)
        told = [options.headline(row, f"from {one} to {other}", "") for row in each.headlines]
        terminal.say(*told)
        apart = sum(one.judgement.word == DIFFERENT for one in each.measures)
        terminal.say(f"{titles[-1]}: {apart} of {len(each.measures)} measures differ")
    terminal.say(
        f"smallest effect that matters: {_basis(smallest)}", *(f"note: {note}" for note in notes)
    )
    settings = {
        (f"{a.scenario}: " if a.scenario == b.scenario and len(sides) > 1 else "") + path: values
        for a, b in sides
        for path, values in differing(a, b).items()
    }
    terminal.show("set differently:" if settings else "nothing was set differently")
    for path, (mine, other) in settings.items():
        terminal.say(f"  {path}", f"    A {_word(mine)}; B {_word(other)}")
    for title, each in zip(titles, found, strict=True):
        runs = "; ".join(
            f"{x}: {count} runs, {failed} failed"
            for x, count, failed in zip("AB", each.runs, each.failed, strict=True)
        )
        rows = [
            {**row, "label": options.label(row["measure"]), "verdict": str(one.judgement)}
            for row, one in zip(each.rows(), each.measures, strict=True)
        ]
        terminal.show_table(f"\n{title}\n{each.pairing.why}\n{runs}", rows, _DIFFERENCES)


def _word(value: Any) -> str:
    """A setting in words; a dash for none."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "–" if value is None else text or "–"


def _both(a: str, b: str) -> str:
    return a if a == b else f"{a} (A) and {b} (B)"

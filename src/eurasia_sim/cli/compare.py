"""`compare`: two results, what was set differently, and what the runs differ by."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from eurasia_sim.cli.tables import SETS, figure

if TYPE_CHECKING:
    from rich.table import Table

    from eurasia_sim.analysis.pairing import Comparison, Side


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="A results folder.")],
    b: Annotated[
        Path | None, typer.Argument(metavar="[B]", help="Another; without it, scenarios of A.")
    ] = None,
    scenarios: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="X Y", help="A scenario of A and one of B; by default by name."),
    ] = None,
    theory: Annotated[
        list[str] | None, typer.Option(help="A theory; given twice, A's and B's.")
    ] = None,
    kind: Annotated[
        Literal["reference", "ranges"] | None,
        typer.Option("--set-of-draws", help="One set; by default both."),
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="A measure, wildcards * and ? allowed; repeatable.")
    ] = None,
    smallest: Annotated[
        float | None,
        typer.Option(min=0, help="Smallest effect that matters, in the measure's unit."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compare results of different model versions.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.parquet", help="Write the numbers as a table.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two results: what was set differently, whether runs pair, and by how much each measure differs, A less B.

    Example: eurasia-sim compare results/us_exit-1fb36c results/us_exit-bc9c66 --measure "competition.*"
    """
    from eurasia_sim.analysis.pairing import (
        chosen_measures,
        compare_sides,
        open_results,
        sides,
        warnings,
    )
    from eurasia_sim.files.data_yaml import DataError
    from eurasia_sim.simulation.results import write_table
    from eurasia_sim.simulation.run import RANGES, REFERENCE

    if smallest is not None and not math.isfinite(smallest):
        raise DataError(
            [f"--smallest {smallest} is no finite number; give the least difference that matters"]
        )
    if out is not None and out.suffix != ".parquet":
        raise DataError([f"--out {out} must end in .parquet"])
    first = open_results(a)
    second = None if b is None or b.resolve() == a.resolve() else open_results(b)
    matched = sides(first, second, scenarios, theory or ())
    notes = warnings(*matched[0], force=force) + _left_out(matched)
    measures = chosen_measures(first, second or first, measure or ())
    kinds = [kind] if kind else [REFERENCE, RANGES]
    found = [each for both in matched for each in compare_sides(*both, measures, kinds, smallest)]
    if out is not None:
        import pandas as pd

        write_table(out, pd.DataFrame([row for comparison in found for row in comparison.rows()]))
    if as_json:
        typer.echo(
            json.dumps(_as_json(matched, found, notes, smallest), indent=2, ensure_ascii=False)
        )
    else:
        _print(matched, found, notes, smallest)


def _left_out(matched: list[tuple[Side, Side]]) -> list[str]:
    """Which scenarios of two folders are compared with nothing."""
    notes: list[str] = []
    if matched[0][0].results.folder == matched[0][1].results.folder:
        return notes
    for letter, sides in zip("AB", zip(*matched, strict=True), strict=True):
        told = {side.scenario for side in sides}
        if alone := [name for name in sides[0].results.manifest["scenarios"] if name not in told]:
            notes.append(
                f"only in {letter} and left out: {', '.join(alone)} (--scenarios X Y compares two by name)"
            )
    return notes


def _basis(smallest: float | None) -> str:
    from eurasia_sim.analysis.equivalence import SMALL_SHARE

    return (
        f"{smallest:g}, as given"
        if smallest is not None
        else f"{SMALL_SHARE:g} standard deviations of the runs"
    )


def _as_json(
    matched: list[tuple[Side, Side]],
    found: list[Comparison],
    notes: list[str],
    smallest: float | None,
) -> dict[str, Any]:
    from eurasia_sim.analysis.pairing import differing

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        """JSON knows no number that is none or without end."""
        return {
            k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()
        }

    return {
        "a": str(matched[0][0].results.folder),
        "b": str(matched[0][1].results.folder),
        "configuration": [
            {"scenario_a": a.scenario, "scenario_b": b.scenario, "path": path, "a": mine, "b": theirs}
            for a, b in matched
            for path, (mine, theirs) in differing(a, b).items()
        ],
        "warnings": notes,
        "smallest": _basis(smallest),
        "pairing": [
            {"scenario_a": each.first.scenario, "scenario_b": each.second.scenario, "theory_a": each.first.theory,
             "theory_b": each.second.theory, "set": each.kind, "valid": each.pairing.is_valid, "why": each.pairing.why}
            for each in found
        ],
        "measures": [plain(row) for each in found for row in each.rows()],
    }  # fmt: skip


def _print(
    matched: list[tuple[Side, Side]],
    found: list[Comparison],
    notes: list[str],
    smallest: float | None,
) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    for letter, side in zip("AB", matched[0], strict=True):
        typer.echo(f"{letter}: {side.results.folder}")
    console.print(_settings_table(matched))
    for note in notes:
        typer.echo(f"note: {note}")
    typer.echo(f"smallest effect that matters: {_basis(smallest)}")
    for each in found:
        console.print(_difference_table(each))
        console.print(_shift_table(each))


def _settings_table(matched: list[tuple[Side, Side]]) -> Table | str:
    """What was set differently, once for all that is compared."""
    from rich.table import Table

    from eurasia_sim.analysis.pairing import differing

    rows = {}
    for a, b in matched:
        own = (
            f"scenario {a.scenario}"
            if a.scenario == b.scenario and len(matched) > 1
            else "scenario"
        )
        for path, values in differing(a, b).items():
            rows[path.replace("scenario", own, 1) if path.startswith("scenario.") else path] = (
                values
            )
    if not rows:
        return "nothing was set differently"
    table = Table("path", "A", "B", title="set differently", title_justify="left")
    for path, values in rows.items():
        table.add_row(
            _plain(path), *("–" if value is None else _plain(value) or "–" for value in values)
        )
    return table


def _plain(value: Any) -> str:
    """A value as itself: no part of it is read as markup."""
    from rich.markup import escape

    return escape(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _named(each: Comparison) -> str:
    a, b = each.first, each.second
    scenario = a.scenario if a.scenario == b.scenario else f"{a.scenario} (A) and {b.scenario} (B)"
    theory = a.theory if a.theory == b.theory else f"{a.theory} (A) and {b.theory} (B)"
    return f"{scenario}, {theory}, {SETS[each.kind]}"


def _difference_table(each: Comparison) -> Table:
    from rich.table import Table

    (runs_a, runs_b), (failed_a, failed_b) = each.runs, each.failed
    counted = f"A: {runs_a} runs, {failed_a} failed; B: {runs_b} runs, {failed_b} failed"
    table = Table(title=f"{_named(each)}\n{each.pairing.why}\n{counted}", title_justify="left")
    table.add_column("A less B", no_wrap=True)
    for name in ("mean", "95 % interval", "effect size", "A above B", "equivalence p"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for one in each.measures:
        gap, judgement = one.difference, one.judgement
        table.add_row(
            gap.measure, figure(gap.mean, 5), f"{figure(gap.low, 5)} … {figure(gap.high, 5)}",
            figure(gap.effect_size, 2), figure(gap.superiority, 2), figure(judgement.p, 3), str(judgement),
        )  # fmt: skip
    return table


def _shift_table(each: Comparison) -> Table:
    from rich.table import Table

    from eurasia_sim.analysis.differences import QUANTILES

    table = Table(title="quantiles of A less those of B", title_justify="left")
    table.add_column("measure", no_wrap=True)
    for name in (*(f"{100 * at:.0f} %" for at in QUANTILES), "smallest effect"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in each.measures:
        table.add_row(
            one.difference.measure, *(figure(v, 5) for v in (*one.shifts, one.judgement.smallest))
        )
    return table

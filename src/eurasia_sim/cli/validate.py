"""What is documented: `validate` scores runs by it beside two baselines, `calibrate` fits to half of it."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eurasia_sim.cli import FAILED_WORK, WorldName
from eurasia_sim.cli.options import MOST_RUNS, RunCounter, checked_out, chosen_theories, compile_once
from eurasia_sim.files.data_yaml import DataError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from eurasia_sim.scenarios.scenario import Scenario
    from eurasia_sim.validation.calibration import Calibration
    from eurasia_sim.validation.scores import Validation
    from eurasia_sim.world.world import World

_PATTERNS, _NUMBERS = "patterns.parquet", "numbers.parquet"
_SHOWN = 12  # numbers of a fit on the terminal
_MOST_MONTHS = 1200  # after the start of the record


def validate(
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Name or file of a scenario; the record if none.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="Run to this month, beyond or before.")] = None,
    n: Annotated[int, typer.Option("-n", "--runs", min=1, max=MOST_RUNS, help="Runs a side.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Root of all seeds.")] = 7,
    theory: Annotated[list[str] | None, typer.Option(help="A theory preset, several, or 'all'.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="path=value, as in a scenario file.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads; by default all cores.")] = None,
    out: Annotated[Path, typer.Option(help="Where the results folder goes.")] = Path("results"),
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score runs by the documented patterns they pass, beside a theory that sees nothing and a world that stands still.

    Example: eurasia-sim validate --until 2025-12 --theory all
    """
    from eurasia_sim.compute.jit import model_version
    from eurasia_sim.scenarios.scenario import apply_settings, as_recorded, load_scenario
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.family import content_digest
    from eurasia_sim.validation.patterns import load_patterns
    from eurasia_sim.world.world import load_world

    given = load_world(world)
    load_patterns(given)  # a world without any is refused before anything is compiled
    asked = load_scenario(scenario, given) if scenario else as_recorded(given)
    question = _until(apply_settings(asked, settings or (), given), until, given)
    theories = chosen_theories(theory, given, [question.theory])
    found = _validated(given, question, theories, n, seed, workers)
    identity = [given.digest, content_digest([question]), *theories, str(n), str(seed), model_version()]
    folder = out / results.folder_name(f"validate-{question.name}", identity)
    _write(folder, given, question, found, n, seed)
    if as_json:
        typer.echo(json.dumps(_plain(given, question, found, n, seed, folder), indent=2, ensure_ascii=False))
    else:
        _print(given, question, found, n, seed, folder)
    if any(failed for result in found.values() for failed in result.failed.values()):
        raise typer.Exit(FAILED_WORK)


def _until(scenario: Scenario, until: str | None, world: World) -> Scenario:
    """The scenario run to the month asked for."""
    from eurasia_sim.validation.scores import extended

    if until is None:
        return scenario
    last = world.month(until)
    if not 0 <= last < _MOST_MONTHS:
        period = f"{world.date(0)} to {world.date(_MOST_MONTHS - 1)}"
        raise DataError([f"--until {until} lies outside what can be run; one of {period}"])
    return extended(scenario, last)


def _validated(
    world: World, scenario: Scenario, theories: tuple[str, ...], n: int, seed: int, workers: int | None
) -> dict[str, Validation]:
    """By theory, how its runs compare with the patterns."""
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import reference_draws
    from eurasia_sim.validation.scores import validate as validated

    inputs = prepare(world, scenario, theories[0])
    compile_once(inputs, reference_draws(inputs, 1, 0))
    found = {}
    with RunCounter(n) as counter:
        try:
            for name in theories:

                def tell(side: str, done: int, of: int, name: str = name) -> None:
                    counter.stage(f"{name}, {side}", done, of)

                found[name] = validated(world, scenario, name, n, seed, workers=workers, report=tell)
        except KeyboardInterrupt:
            typer.echo("\nstopped: nothing was kept.", err=True)
            raise typer.Exit(FAILED_WORK) from None
    return found


def _write(folder: Path, world: World, scenario: Scenario, found: dict[str, Validation], n: int, seed: int) -> None:
    """One table of all theories, and how to repeat it."""
    import pandas as pd

    from eurasia_sim.compute.jit import model_version
    from eurasia_sim.simulation import results

    tables = [result.table.assign(theory=name) for name, result in found.items()]
    results.write_table(folder / _PATTERNS, pd.concat(tables, ignore_index=True))
    content = {
        "finished": True,
        "command": shlex.join(["eurasia-sim", *sys.argv[1:]]),
        "world": world.name,
        "scenario": scenario.resolved(),
        "theories": list(found),
        "runs_a_side": n,
        "seed": seed,
        "scores": {name: result.scores for name, result in found.items()},
        "failed": {name: sum(result.failed.values()) for name, result in found.items()},
        "digests": {"world": world.digest, "scenario": scenario.digest, "model": model_version()},
        "commit": checked_out(),
    }
    results.write_manifest(folder, content, [_PATTERNS])


def _plain(
    world: World, scenario: Scenario, found: dict[str, Validation], n: int, seed: int, folder: Path
) -> dict[str, Any]:
    """Everything for whoever reads JSON; what is not known is null."""
    from eurasia_sim.cli.tables import finite

    theories = {
        name: {
            "scores": finite(result.scores),
            "patterns": json.loads(result.table.to_json(orient="records")),
            "failed": result.failed,
            "out_of_reach": list(result.out_of_reach),
        }
        for name, result in found.items()
    }
    last = world.date(scenario.months - 1)
    head = {"scenario": scenario.name, "world": world.name, "until": last, "runs": n, "seed": seed}
    return {**head, "folder": str(folder), "theories": theories}


def _print(world: World, scenario: Scenario, found: dict[str, Validation], n: int, seed: int, folder: Path) -> None:
    from rich.console import Console

    from eurasia_sim.cli.tables import score_table

    console = Console(width=None if sys.stdout.isatty() else 160)
    last = world.date(scenario.months - 1)
    console.print(f"{scenario.name} in {world.name} to {last}; {n} runs a side, seed {seed}", highlight=False)
    for name, result in found.items():
        counted, circular = result.table["counted"], result.table["circular"] != ""
        console.print(score_table(result.scores, f"{name}: score of the patterns that count"))
        _group(console, result.table[counted], f"{name}: patterns that count, misses first")
        _group(console, result.table[~counted & ~circular], f"{name}: passed by both baselines, so not counted")
        _group(console, result.table[circular], f"{name}: circular, so not counted", why=True)
        failures = ", ".join(f"{side} {count}" for side, count in result.failed.items() if count)
        if failures:
            console.print(f"runs that failed and count nowhere: {failures}")
        if result.out_of_reach:
            console.print(f"{len(result.out_of_reach)} patterns end after {last} and were not looked at.")
    console.print(f"written: {folder}", highlight=False)


def _group(console: Console, table: pd.DataFrame, title: str, *, why: bool = False) -> None:
    """One group of patterns, if it has any."""
    from eurasia_sim.cli.tables import pattern_rows

    if len(table):
        console.print(pattern_rows(table, title, why=why))


def calibrate(
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Name or file of a scenario; the record if none.")
    ] = None,
    n: Annotated[int, typer.Option("-n", "--runs", min=2, max=MOST_RUNS, help="Draws to choose from.")] = 4000,
    keep: Annotated[int, typer.Option(min=2, max=MOST_RUNS, help="How many of them are kept.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**62, help="Root of all seeds.")] = 7,
    theory: Annotated[str | None, typer.Option(help="A theory preset; by default the scenario's.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads; by default all cores.")] = None,
    out: Annotated[Path, typer.Option(help="Where the results folder goes.")] = Path("results"),
    record: Annotated[Path | None, typer.Option(help="Also record the posterior in this world's folder.")] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Keep the draws that miss the training half least; show what that narrows, and what it gains on the other half.

    A scenario of a world with a record may say `uncertain: posterior` to draw from it.

    Example: eurasia-sim calibrate -n 4000 --keep 200 --record my_world/
    """
    from eurasia_sim.compute.jit import model_version
    from eurasia_sim.scenarios import posterior as records
    from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
    from eurasia_sim.simulation import results
    from eurasia_sim.world.world import load_world

    if keep >= n:
        raise DataError([f"--keep {keep} of -n {n} draws narrows nothing: keep fewer"])
    given = load_world(world)
    question = load_scenario(scenario, given) if scenario else as_recorded(given)
    (name,) = chosen_theories([theory] if theory else None, given, [question.theory])
    found = _calibrated(given, question, name, n, keep, seed, workers)
    digests = {"world": given.digest, "scenario": question.digest, "model": model_version()}
    head = {
        "command": shlex.join(["eurasia-sim", *sys.argv[1:]]),
        "world": given.name,
        "digests": digests,
    }
    folder = out / results.folder_name(f"calibrate-{question.name}", [found.posterior.digest, *digests.values()])
    results.write_table(folder / _NUMBERS, found.numbers)
    said = records.plain(found.posterior, head)
    results.write_json(folder / records.FILE, said)
    content = {"finished": True, "commit": checked_out(), **head, **_plain_fit(found)}
    results.write_manifest(folder, content, [_NUMBERS, records.FILE])
    if record is not None:
        results.write_json(records.record_path(record), said)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), **_plain_fit(found)}, indent=2, ensure_ascii=False))
    else:
        _print_fit(given, found, folder)
    if found.failed:
        raise typer.Exit(FAILED_WORK)


def _calibrated(
    world: World, scenario: Scenario, theory: str, n: int, keep: int, seed: int, workers: int | None
) -> Calibration:
    """The fit, with its progress shown."""
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import reference_draws
    from eurasia_sim.validation.calibration import calibrate as fitted

    inputs = prepare(world, scenario, theory)
    compile_once(inputs, reference_draws(inputs, 1, 0))
    with RunCounter(n) as counter:
        try:
            return fitted(world, scenario, theory, n, keep, seed, workers=workers, report=counter.stage)
        except KeyboardInterrupt:
            typer.echo("\nstopped: a fit is whole or not there, so nothing was kept.", err=True)
            raise typer.Exit(FAILED_WORK) from None


def _plain_fit(found: Calibration) -> dict[str, Any]:
    """Everything for whoever reads JSON; what is not known is null."""
    from eurasia_sim.cli.tables import finite

    return {
        "theory": found.posterior.theory,
        "draws": found.posterior.draws,
        "kept": len(found.posterior.kept),
        "seed": found.posterior.seed,
        "failed": found.failed,
        "fitted_to": list(found.patterns),
        "distance": found.distance,
        "kept_distance": found.kept_distance,
        "moved": _moved(found),
        "before": finite(found.before.scores),
        "after": finite(found.after.scores),
        "numbers": json.loads(found.numbers.to_json(orient="records")),
    }


def _moved(found: Calibration) -> int:
    """How many numbers moved beyond what chance would move."""
    from eurasia_sim.validation.calibration import FALSE_DISCOVERIES

    return int((found.numbers["q"] <= FALSE_DISCOVERIES).sum())


def _print_fit(world: World, found: Calibration, folder: Path) -> None:
    from rich.console import Console

    from eurasia_sim.cli.tables import contraction_table, fit_table
    from eurasia_sim.validation.calibration import FALSE_DISCOVERIES

    fit = found.posterior
    console = Console(width=None if sys.stdout.isatty() else 160)
    said = (
        f"{fit.scenario} in {world.name} under {fit.theory}: {len(fit.kept)} of {fit.draws} draws kept, seed {fit.seed}"
    )
    console.print(said, highlight=False)
    missed = f"{found.distance:.2f} standard deviations in sum, those kept {found.kept_distance:.2f}"
    console.print(f"Fitted to {len(found.patterns)} patterns of the training half; a draw misses them by {missed}.")
    console.print(fit_table(found.before.scores, found.after.scores, len(fit.kept)))
    console.print(contraction_table(found.numbers.head(_SHOWN), f"numbers that moved most, of {len(found.numbers)}"))
    narrowed = found.numbers["contraction"]
    console.print(
        f"{_moved(found)} of {len(found.numbers)} numbers moved at a false discovery rate of {FALSE_DISCOVERIES:.0%}; "
        f"the middle contraction is {narrowed.median():.1%}, the largest {narrowed.max():.1%}."
    )
    if found.failed:
        console.print(f"{found.failed} runs failed and could not be kept.")
    console.print(f"written: {folder}", highlight=False)

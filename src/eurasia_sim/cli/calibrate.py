"""`calibrate`: a seeded, recorded fit to the training half of what is documented, with the other half beside it."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eurasia_sim.catalogue import DataError
from eurasia_sim.cli import FAILED_WORK, WorldName
from eurasia_sim.cli.running import MOST_RUNS, RunCounter, checked_out, chosen_theories, compile_once

if TYPE_CHECKING:
    from eurasia_sim.calibration import Calibration
    from eurasia_sim.scenario import Scenario
    from eurasia_sim.world import World

_NUMBERS = "numbers.parquet"
_SHOWN = 12


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
    from eurasia_sim import posterior as records
    from eurasia_sim import store
    from eurasia_sim.compilation import model_version
    from eurasia_sim.scenario import as_recorded, load_scenario
    from eurasia_sim.world import load_world

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
    folder = out / store.folder_name(f"calibrate-{question.name}", [found.posterior.digest, *digests.values()])
    store.write_table(folder / _NUMBERS, found.numbers)
    said = records.plain(found.posterior, head)
    store.write_json(folder / records.FILE, said)
    content = {"finished": True, "commit": checked_out(), **head, **_plain(found)}
    store.write_manifest(folder, content, [_NUMBERS, records.FILE])
    if record is not None:
        store.write_json(records.record_path(record), said)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), **_plain(found)}, indent=2, ensure_ascii=False))
    else:
        _print(given, found, folder)
    if found.failed:
        raise typer.Exit(FAILED_WORK)


def _calibrated(
    world: World, scenario: Scenario, theory: str, n: int, keep: int, seed: int, workers: int | None
) -> Calibration:
    """The fit, with its progress shown."""
    from eurasia_sim.calibration import calibrate as fitted
    from eurasia_sim.design import reference_draws
    from eurasia_sim.inputs import prepare

    inputs = prepare(world, scenario, theory)
    compile_once(inputs, reference_draws(inputs, 1, 0))
    with RunCounter(n) as counter:
        try:
            return fitted(world, scenario, theory, n, keep, seed, workers=workers, report=counter.stage)
        except KeyboardInterrupt:
            typer.echo("\nstopped: a fit is whole or not there, so nothing was kept.", err=True)
            raise typer.Exit(FAILED_WORK) from None


def _plain(found: Calibration) -> dict[str, Any]:
    """Everything for whoever reads JSON; what is not known is null."""
    from eurasia_sim.cli.score_tables import finite

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
    from eurasia_sim.calibration import FALSE_DISCOVERIES

    return int((found.numbers["q"] <= FALSE_DISCOVERIES).sum())


def _print(world: World, found: Calibration, folder: Path) -> None:
    from rich.console import Console

    from eurasia_sim.calibration import FALSE_DISCOVERIES
    from eurasia_sim.cli.score_tables import contraction_table, fit_table

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

"""`test`: the hypotheses of a file against runs, theory by theory, with what would reverse each."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eurasia_sim.cli import FAILED_WORK, WorldName
from eurasia_sim.cli.options import MOST_RUNS, RunCounter, checked_out, compile_once

if TYPE_CHECKING:
    from eurasia_sim.hypotheses.evaluation import Effort, Evaluation
    from eurasia_sim.hypotheses.hypothesis import Family
    from eurasia_sim.world.world import World

_FILE = "hypotheses"


def put_to_the_test(
    hypotheses: Annotated[list[str] | None, typer.Argument(help="Ids of hypotheses; all of the file if none.")] = None,
    file: Annotated[str, typer.Option("--file", help="Name or path of a file of hypotheses.")] = _FILE,
    n: Annotated[int, typer.Option("-n", "--runs", min=2, max=MOST_RUNS, help="Runs an arm at reference.")] = 200,
    samples: Annotated[int, typer.Option(min=16, max=MOST_RUNS, help="Points of the space, a theory.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Root of all seeds.")] = 7,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads; by default all cores.")] = None,
    out: Annotated[Path, typer.Option(help="Where the results folder goes.")] = Path("results"),
    findings: Annotated[Path | None, typer.Option(help="Also write the findings page here.")] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
) -> None:
    """Test hypotheses in three layers: at reference, over everything uncertain, and under every theory and form.

    Example: eurasia-sim test H2 H12 --samples 400
    """
    from eurasia_sim.experiments.schema import located
    from eurasia_sim.hypotheses.evaluation import Effort
    from eurasia_sim.hypotheses.loader import load_hypotheses
    from eurasia_sim.world.world import load_world

    given = load_world(world)
    family = load_hypotheses(located(file), given).chosen(hypotheses or [])
    effort = Effort.of(n, samples, seed)
    folder, result, reused = _tested(given, family, effort, workers, out)
    if as_json:
        verdicts = json.loads(result.verdicts.to_json(orient="records"))  # what is not known becomes null
        typer.echo(json.dumps({"folder": str(folder), "verdicts": verdicts}, indent=2, ensure_ascii=False))
    else:
        _print(result, folder, reused=reused)
    if findings is not None:
        _write_pages(findings, given, family, result, effort)


def _tested(
    world: World, family: Family, effort: Effort, workers: int | None, out: Path
) -> tuple[Path, Evaluation, bool]:
    """The results folder, what it holds, and whether it was there before."""
    from eurasia_sim.compute.jit import model_version
    from eurasia_sim.files.integrity import listed
    from eurasia_sim.hypotheses.evaluation import evaluate
    from eurasia_sim.hypotheses.hypothesis import arm_scenario
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.family import content_digest

    began = time.time()
    scenarios = {arm: arm_scenario(arm, world) for part in family.parts() for arm in part.arms}
    identity = [family.digest, *(h.id for h in family.hypotheses), *(each.digest for each in family.maps)]
    identity += [repr(effort), world.digest, model_version(), content_digest(scenarios.values())]
    folder = out / results.folder_name(f"test-{family.path.stem}", identity)
    manifest, wrong = results.found(folder)
    if manifest is not None and not wrong:
        return folder, read_tables(folder), True
    if wrong:
        typer.echo(f"{folder}: {listed(wrong)}; the test is made again", err=True)
    _compile(world, next(iter(scenarios.values())))
    with RunCounter(effort.runs) as counter:
        try:
            result = evaluate(world, family, effort, workers, counter.stage)
        except KeyboardInterrupt:
            typer.echo("\nstopped: a test is whole or not there, so nothing was kept.", err=True)
            raise typer.Exit(FAILED_WORK) from None
    names = write_tables(folder, result)
    content = {
        "finished": True,
        "command": shlex.join(["eurasia-sim", *sys.argv[1:]]),
        "title": family.title,
        "hypotheses": family.digest,
        "world": world.name,
        "effort": vars(effort),
        "digests": {"world": world.digest, "model": model_version()},
        "commit": checked_out(),
        "seconds": round(time.time() - began, 1),
    }
    results.write_manifest(folder, content, names)
    return folder, result, False


def _write_pages(path: Path, world: World, family: Family, result: Evaluation, effort: Effort) -> None:
    """The findings page, and beside it a page for every map of rivals."""
    from eurasia_sim.reports.findings import findings_page
    from eurasia_sim.reports.scope_map import map_page, map_path
    from eurasia_sim.simulation import results

    command = shlex.join(["eurasia-sim", *sys.argv[1:]])
    pages = {path: findings_page(world, family, result, effort, command, path)}
    for contrast in family.maps:
        pages[map_path(path, contrast)] = map_page(world, contrast, result.maps, effort, command, path)
    for place, text in pages.items():

        def write(aside: Path, text: str = text) -> None:
            aside.write_text(text, encoding="utf-8")

        results.write_whole(place, write)
        typer.echo(f"findings: {place}", err=True)


def write_tables(folder: Path, result: Evaluation) -> list[str]:
    """Write every table of an evaluation, a parquet file each; return their names."""
    from eurasia_sim.simulation import results

    for name, table in vars(result).items():
        results.write_table(folder / f"{name}.parquet", table)
    return [f"{name}.parquet" for name in vars(result)]


def read_tables(folder: Path) -> Evaluation:
    """The evaluation that a folder holds."""
    from dataclasses import fields

    from eurasia_sim.hypotheses.evaluation import Evaluation
    from eurasia_sim.simulation import results

    files = results.files_of(folder)
    return Evaluation(**{each.name: results.read_table(files, f"{each.name}.parquet") for each in fields(Evaluation)})


def _compile(world: Any, scenario: Any) -> None:
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import reference_draws

    inputs = prepare(world, scenario)
    compile_once(inputs, reference_draws(inputs, 1, 0))


def _print(result: Evaluation, folder: Path, *, reused: bool) -> None:
    from rich.console import Console

    from eurasia_sim.cli.tables import part_table, precision, verdict_table

    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(part_table(result))
    console.print(verdict_table(result))
    console.print(precision(result))
    console.print(f"{'found again, unchanged' if reused else 'written'}: {folder}")

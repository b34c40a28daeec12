"""`test`: the hypotheses of a file against runs, theory by theory, with what would reverse each."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal

if TYPE_CHECKING:
    from eurasia_sim.hypotheses.evaluation import Effort, Evaluation
    from eurasia_sim.hypotheses.hypothesis import Family
    from eurasia_sim.world.world import World

_PARTS = {
    "": "{hypothesis}", "part": "{part}", "expected": "{sign} {smallest:g}",
    "effect [95 %]": "{mean:+.4f} [{low:+.4f}, {high:+.4f}]",
    "co-location + joint share": "{colocation_part:+.4f} {joint_part:+.4f}",
    "holds": "{share_of_space:.0%}", "mirror": "{mirrored:.0%}", "null": "{null_mean:+.4f}",
    "word": "{word}",
}  # fmt: skip
_VERDICTS = {
    "": "{hypothesis}", "says": "{says}", "verdict": "{verdict}", "share of space": "{space}",
    "where": "{where}", "source": "{source}",
}  # fmt: skip
_SPACE = "{share_of_space:.0%} [{share_low:.0%}, {share_high:.0%}]"
_WHERE = "{region} (density {density:.0%}, coverage {coverage:.0%} on held-out draws)"


def evaluate_hypotheses(
    hypotheses: Annotated[list[str] | None, Argument(help="Ids; all of the file if none.")] = None,
    file: Annotated[str, Option(help="Name or path of a file of hypotheses.")] = "hypotheses",
    n: Annotated[int, options.count("Runs an arm at reference.", least=2)] = 200,
    samples: Annotated[int, Option(min=16, max=100_000, help="Points of space a theory.")] = 200,
    seed: options.Seed = 7,
    workers: options.Workers = None,
    out: options.Out = Path("results"),
    findings: Annotated[Path | None, Option(help="Also write the findings page here.")] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Test hypotheses at reference, over everything uncertain, and under every theory and form.

    Example: eurasia-sim test H2 H12 --samples 400
    """
    from eurasia_sim.experiments.experiment import located
    from eurasia_sim.hypotheses.evaluation import Effort
    from eurasia_sim.hypotheses.loader import load_hypotheses
    from eurasia_sim.world.world import load_world

    place = load_world(world)
    family = load_hypotheses(located(file), place).chosen(hypotheses or [])
    effort = Effort.of(n, samples, seed)
    folder, result, reused = _evaluate(place, family, effort, workers, out)
    if as_json:
        verdicts = result.verdicts.astype(object).to_dict("records")
        terminal.print_json({"folder": str(folder), "verdicts": verdicts})
    else:
        _show(result)
        terminal.show_folder(folder, reused=reused)
    if findings is not None:
        _write_pages(findings, place, family, result, effort)
    if not result.parts["n"].all():
        raise typer.Exit(FAILED_WORK)


def _evaluate(
    world: World, family: Family, effort: Effort, workers: int | None, out: Path
) -> tuple[Path, Evaluation, bool]:
    """The results folder, its tables, and whether it was there before."""
    from eurasia_sim.compute.jit import model_version
    from eurasia_sim.files.integrity import listed
    from eurasia_sim.hypotheses.evaluation import Evaluation, check_size, evaluate
    from eurasia_sim.hypotheses.hypothesis import arm_scenario
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.family import content_digest
    from eurasia_sim.simulation.inputs import prepare

    began = time.time()
    scenarios = {arm: arm_scenario(arm, world) for part in family.parts() for arm in part.arms}
    ids = [*(each.id for each in family.hypotheses), *(each.digest for each in family.maps)]
    identity = [family.digest, *ids, repr(effort), world.digest, model_version()]
    identity.append(content_digest(scenarios.values()))
    folder = out / results.folder_name(f"test-{family.path.stem}", identity)
    manifest, wrong = results.found(folder)
    if manifest is not None and not wrong:
        files, names = results.files_of(folder), [each.name for each in fields(Evaluation)]
        tables = {name: results.read_table(files, f"{name}.parquet") for name in names}
        return folder, Evaluation(**tables), True
    if wrong:
        terminal.tell(f"{folder}: {listed(wrong)}; the test is made again")
    check_size(world, family, effort)
    options.compile_once(prepare(world, next(iter(scenarios.values()))))
    nothing = "a test is whole or not there, so nothing was kept."
    with terminal.RunCounter(effort.runs, nothing) as counter:
        result = evaluate(world, family, effort, workers, counter.stage)
    content = {
        **options.origin(world),
        "title": family.title,
        "hypotheses": family.digest,
        "effort": vars(effort),
        "seconds": round(time.time() - began, 1),
    }
    results.write_manifest(folder, content, write_tables(folder, result))
    return folder, result, False


def write_tables(folder: Path, result: Evaluation) -> list[str]:
    """Write every table of an evaluation, a parquet file each; return their names."""
    from eurasia_sim.simulation import results

    for name, table in vars(result).items():
        results.write_table(folder / f"{name}.parquet", table)
    return [f"{name}.parquet" for name in vars(result)]


def _write_pages(
    path: Path, world: World, family: Family, result: Evaluation, effort: Effort
) -> None:
    """The findings page, and beside it a page for every map of rivals."""
    from eurasia_sim.reports.findings import findings_page
    from eurasia_sim.reports.scope_map import map_page, map_path
    from eurasia_sim.simulation.results import write_bytes

    command = options.command_line()
    pages = {path: findings_page(world, family, result, effort, command, path)}
    for rivals in family.maps:
        page = map_page(world, rivals, result.maps, effort, command, path)
        pages[map_path(path, rivals)] = page
    for file, text in pages.items():
        write_bytes(file, text.encode())
        terminal.tell(f"findings: {file}")


def _show(result: Evaluation) -> None:
    """Print a row a part, a row a hypothesis, and how well the shares are known."""
    parts, verdicts = (frame.to_dict("records") for frame in (result.parts, result.verdicts))
    title = "Parts: first arms less second, at reference and over everything uncertain"
    terminal.show_table(title, parts, _PARTS)
    for row in verdicts:
        row["space"] = _SPACE.format_map(row) if row["points"] else ""
        row["where"] = _WHERE.format_map(row) if row["region"] else ""
    terminal.show_table("Verdicts", verdicts, _VERDICTS)
    if counted := [row for row in verdicts if row["points"]]:
        half = max(row["share_high"] - row["share_low"] for row in counted) / 2
        terminal.show(
            f"{max(row['points'] for row in counted)} points of the space count; a share is known "
            f"to within ±{half:.1%} (95 %). Hash of the hypotheses: {counted[0]['digest']}."
        )
    failed = f"at most {result.parts['failed'].max()} runs of a part failed at reference"
    without = int((result.parts["n"] == 0).sum())
    terminal.show(failed + f"; {without} parts have no run, so no effect" * (without > 0))

"""`test`: hypotheses against runs, at reference, over the space, theory by theory."""

import time
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import finish, found_again, trust_line
from eurasia_sim.compute.jit import model_version
from eurasia_sim.experiments.experiment import located
from eurasia_sim.hypotheses.arms import Effort, check_size
from eurasia_sim.hypotheses.evaluation import Evaluation, evaluate
from eurasia_sim.hypotheses.hypothesis import Family, arm_scenario
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.reports.blocks import Blocks, table
from eurasia_sim.reports.findings import findings_pages
from eurasia_sim.simulation import results
from eurasia_sim.simulation.family import content_digest
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import fit_beside
from eurasia_sim.world.world import World, load_world

_TOLD = 3  # hypotheses in sentences; the rest by --all
# Columns of a table on the terminal, and their headings where these are not their names.
_PARTS = {
    "hypothesis": "", "part": "part", "sign": "expected", "smallest": "beyond", "mean": "mean",
    "share_of_space": "holds", "fit_share": "of fit", "word": "word",
}  # fmt: skip


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
    every: Annotated[bool, Option("--all", help="Print every verdict and part.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Test hypotheses at reference, over everything uncertain, and under every theory and form.

    Example: eurasia-sim test H2 H12 --samples 400
    """
    place = load_world(world)
    family = load_hypotheses(located(file), place).chosen(hypotheses or [])
    effort = Effort.of(n, samples, seed)
    folder, result, reused = _evaluate(place, family, effort, workers, out)
    verdicts = result.verdicts.astype(object).to_dict("records")
    ends = (trust_line(folder, world), *terminal.ending(folder, "report", reused=reused))
    told = (*_verdicts(result, every=every), *ends)
    terminal.answer({"folder": str(folder), "verdicts": verdicts}, told, as_json=as_json)
    if findings is not None:
        given = (effort, options.command_line(), findings)
        for path, text in findings_pages(place, family, result, *given).items():
            results.write_bytes(path, text.encode())
            terminal.tell(f"findings: {path}")
    if not result.parts["n"].all():
        raise typer.Exit(FAILED_WORK)


def _evaluate(
    world: World, family: Family, effort: Effort, workers: int | None, out: Path
) -> tuple[Path, Evaluation, bool]:
    """The results folder, its tables, and whether it was there before."""
    began = time.time()
    scenarios = {arm: arm_scenario(arm, world) for part in family.parts() for arm in part.arms}
    first = prepare(world, next(iter(scenarios.values())), world.default_theory)
    fit, _ = fit_beside(world, first)
    ids = [*(each.id for each in family.hypotheses), *(each.digest for each in family.maps)]
    identity = [family.digest, *ids, repr(effort), world.digest, model_version()]
    identity += [content_digest(scenarios.values()), fit.digest if fit else ""]
    folder = out / results.folder_name(f"test-{family.path.stem}", identity)
    if found_again(folder):
        files, names = results.files_of(folder), [each.name for each in fields(Evaluation)]
        tables = {name: results.read_table(files, f"{name}.parquet") for name in names}
        return folder, Evaluation(**tables), True
    check_size(world, family, effort)
    options.compile_once(first)
    nothing = "a test is whole or not there, so nothing was kept."
    with terminal.RunCounter(effort.runs, nothing) as counter:
        result = evaluate(world, family, effort, workers, counter.stage)
    content = {
        **options.origin(world), "title": family.title, "hypotheses": family.digest,
        "effort": vars(effort), "seconds": round(time.time() - began, 1),
    }  # fmt: skip
    finish(folder, content, vars(result), world)
    return folder, result, False


def _verdicts(result: Evaluation, *, every: bool) -> Blocks:
    """The verdicts in words, what they hinge on, how well shares are known; or every part."""
    verdicts, parts = result.verdicts, result.parts
    named = verdicts.groupby("verdict", sort=False)["hypothesis"].agg(", ".join)
    yield "; ".join(f"{word}: {names}" for word, names in named.items()) + "."
    rows = verdicts.to_dict("records")
    for row in rows if every else rows[:_TOLD]:
        if every or len(rows) <= _TOLD:
            yield "{hypothesis}: {says}".format_map(row)
        text = "{hypothesis}: {verdict}"
        text += " (its control failed: {failed})" * bool(row["failed"])
        share = "; it holds in {share_of_space:.0%} [{share_low:.0%}, {share_high:.0%}] of draws"
        text += share * bool(row["points"])
        text += "; under the fit to the record {fit_verdict}" * bool(row["fit_verdict"])
        hinge = ". It hinges on {region}, where {left_by_ranges:.0%} of the ranges lie"
        yield (text + hinge * bool(row["region"])).format_map(row) + "."
    if every:
        title = (
            "\nParts: the first arms less the second at reference values, beyond the smallest "
            "effect that matters; shares of draws in which that holds"
        )
        yield table(title, parts[[*_PARTS]].rename(columns=_PARTS))
    lost, without = parts["failed"].max(), int((parts["n"] == 0).sum())
    failed = f"At most {lost} runs of a part failed at reference" * bool(lost)
    failed += f"; {without} parts have no run, so no effect" * bool(without)
    yield f"{verdicts['points'].max()} draws of everything uncertain count. {failed}"
    yield "" if every else "Every verdict and part: --all"

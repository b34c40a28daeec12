"""`sweep`: run the points of an experiment, resume, extend, run in shards and merge them."""

import os
import re
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal
from typer import Argument, Option

from eurasia_sim.analysis.summary import material_of, means
from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.analysis import section_blocks, sentence
from eurasia_sim.cli.output import trust_line
from eurasia_sim.experiments import batch
from eurasia_sim.experiments import sweep as sweeps
from eurasia_sim.experiments.executors import Work
from eurasia_sim.figures.style import readable
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.reports.blocks import Blocks, Line, number
from eurasia_sim.scenarios.schema import names
from eurasia_sim.world.world import load_world

# Parameters that say how to run, which --merge does not.
_OF_RUNS = ("dry_run", "resume", "extend", "workers", "scheduler", "shard", "on_error", "rerun")


def sweep(
    context: typer.Context,
    experiment: Annotated[str, Argument(help="Name or path of a sweep file.")],
    shards: Annotated[list[Path] | None, Argument(metavar="[FOLDER...]", help="Shards.")] = None,
    merge: Annotated[bool, Option("--merge", help="Make of its shards the whole sweep.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Estimate; run a few runs only.")] = False,
    resume: Annotated[bool, Option("--resume", help="Go on with an unfinished folder.")] = False,
    extend: Annotated[bool, Option("--extend", help="Take over a smaller sweep's points.")] = False,
    workers: options.Workers = None,
    scheduler: Annotated[str | None, Option(help="Dask: local:N, or tcp://HOST:PORT.")] = None,
    shard: Annotated[str, Option(help="i/n: every n-th part, from the i-th.")] = "1/1",
    on_error: Annotated[str, Option(help="continue, stop, or max=N failed runs.")] = "continue",
    keep: Annotated[
        batch.Keep, Option(help="Of a run: means alone, monthly values too, or events too.")
    ] = "measures",
    chunk: Annotated[int, Option(min=1, max=1_000_000, help="Runs in one part, a unit.")] = 128,
    rerun: Annotated[str | None, Option(help="Run POINT:REPLICATE:SCENARIO again.")] = None,
    out: options.Out = Path("results"),
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Run an experiment at every point of its design; a killed sweep goes on with --resume.

    Example: eurasia-sim sweep relative_gains --dry-run

    Example: eurasia-sim sweep relative_gains --merge results/relative_gains-*.shard-*
    """
    if merge:
        options.refuse(context, _OF_RUNS, "not with --merge")
        if not shards:
            raise DataError(["--merge needs the results folders of the shards"])
    else:
        options.refuse(context, ["shards"], "only with --merge")
    place = load_world(world)
    options.refuse_others([experiment], names(world=place.directory), "a scenario", "run")
    work = Work(workers, scheduler, None, _most_failures(on_error))
    prepared = sweeps.prepare_sweep(
        experiment, place, keep=keep, shard=_shard(shard), runs_a_chunk=chunk,
        command=options.command_line(), dry=dry_run,
    )  # fmt: skip
    if rerun is not None:
        batch.rerun(prepared.setup, prepared.design, rerun)
        terminal.show(f"{rerun}: nothing failed")
        return
    if dry_run:
        _compile(prepared)
        _show_estimate(prepared, out, work, as_json=as_json)
        return
    if merge:
        end = sweeps.merge(prepared, out, shards or [])
    else:
        sweeps.check_size(prepared, work)
        _compile(prepared)
        end = _execute(prepared, out, work, resume=resume, extend=extend)
    terminal.answer(vars(end) | {"folder": str(end.folder)}, _told(end), as_json=as_json)
    if end.failed:
        raise typer.Exit(FAILED_WORK)


def _compile(prepared: sweeps.Sweep) -> None:
    point = batch.points_of(prepared.setup, 0, prepared.design.cells[0])[0]
    options.compile_once(prepared.setup.inputs(point.scenarios[0], point))


def _execute(prepared: sweeps.Sweep, out: Path, work: Work, **how: bool) -> sweeps.Ended:
    """Run the sweep; Ctrl-C ends the program at once, with all that is finished on disk."""
    try:
        with terminal.RunCounter(prepared.runs) as counter:
            return sweeps.carry_out(prepared, out, work, report=counter, **how)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C finds us leaving
        terminal.stop(f"what is finished is in {out / prepared.plan.folder}; --resume goes on.")
        sys.stdout.flush()
        sys.stderr.flush()
        # Every file is whole or not there; a thread in its last runs is not worth a wait.
        os._exit(FAILED_WORK)


def _shard(given: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", given)
    if not found or int(found[1]) > int(found[2]):
        raise DataError([f"--shard {given}\n    allowed: i/n, with i from 1 to n, such as 2/8"])
    return int(found[1]), int(found[2])


def _most_failures(on_error: str) -> int | None:
    found = re.fullmatch(r"continue|stop|max=(\d{1,9})", on_error)
    if not found:
        raise DataError([f"--on-error {on_error}\n    allowed: continue, stop, or max=N"])
    return None if on_error == "continue" else int(found[1] or 0)


def _show_estimate(prepared: sweeps.Sweep, out: Path, work: Work, *, as_json: bool) -> None:
    """Print counts, time, memory and disk; refuse what does not fit."""
    found = sweeps.estimate(prepared, out, work)
    folder = None if prepared.is_partial else str(out / prepared.plan.folder)
    left = f" ({found['left_out']:,} more break a constraint)" if found["left_out"] else ""
    constrained = bool(prepared.setup.experiment.file.constraints)
    few = f"estimated from a few points{', before constraints' * constrained}"
    where = f"the folder would be {folder}" if folder else few
    time = timedelta(seconds=round(found["seconds"]))
    lines = [
        f"{found['points']:,} points{left}, {found['runs']:,} runs in {found['parts']:,} parts",
        f"about {time} (h:mm:ss) with {found['workers']} workers on this machine",
        f"about {decimal(found['memory'])} of memory, however many runs",
        *(
            f"about {decimal(total)} of disk for {kind.replace('parts', 'measures')}"
            f" ({decimal(found['disk_a_run'][kind])} a run)"
            for kind, total in found["disk"].items()
        ),
        f"{decimal(found['disk_free'])} of disk are free; {where}",
    ]
    terminal.answer({"folder": folder, **found}, map(Line, lines), as_json=as_json)
    if found["too_large"]:
        path = prepared.setup.experiment.path
        raise DataError([f"{path}: it would take {each}" for each in found["too_large"]])


def _told(end: sweeps.Ended) -> Blocks:
    """Where the first measure lies and, of a design with few cells, its means; then the folder."""
    if end.complete:
        material = material_of(end.folder, [])
        measure = material.measures[0]
        values, found = material.runs[measure].dropna(), means(material, [measure])
        mean, low, high = map(number, (values.mean(), *values.quantile([0.05, 0.95])))
        spread = f"mean {mean}, 90 % of {len(values)} runs from {low} to {high}."
        yield f"{readable(measure)}: {spread}" if len(values) else "Every run failed."
        yield sentence(found, measure)
        if len(found.table):
            yield from section_blocks(found, [measure], len(found.table))
        yield trust_line(end.folder)
    failed = f", {end.failed:,} failed (see failures.parquet)" if end.failed else ""
    what = f" ({end.runs:,} runs{failed})"
    yield from terminal.ending(end.folder, "analyze", what, reused=end.reused)

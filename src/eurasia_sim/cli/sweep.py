"""`sweep`: run the points of an experiment, resume, extend, run in shards and merge them."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import trust_line
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.search import names
from eurasia_sim.world.world import load_world

if TYPE_CHECKING:
    from eurasia_sim.experiments.executors import Work
    from eurasia_sim.experiments.sweep import Ended, Sweep

_SHARD = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})\Z")
_MOST = re.compile(r"max=(\d{1,9})\Z")
# Parameters that say how to run, which --merge does not.
_OF_RUNS = ("dry_run", "resume", "extend", "workers", "scheduler", "shard", "on_error", "rerun")


def sweep(
    context: typer.Context,
    experiment: Annotated[str, Argument(help="Name or path of a sweep file.")],
    shards: Annotated[
        list[Path] | None, Argument(metavar="[FOLDER...]", help="Shards, with --merge.")
    ] = None,
    merge: Annotated[bool, Option("--merge", help="Make of its shards the whole sweep.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Estimate; run a few runs only.")] = False,
    resume: Annotated[bool, Option("--resume", help="Go on with an unfinished folder.")] = False,
    extend: Annotated[bool, Option("--extend", help="Take over a smaller sweep's points.")] = False,
    workers: options.Workers = None,
    scheduler: Annotated[str | None, Option(help="Dask: local:N, or tcp://HOST:PORT.")] = None,
    shard: Annotated[str, Option(help="i/n: every n-th part, from the i-th.")] = "1/1",
    on_error: Annotated[str, Option(help="continue, stop, or max=N failed runs.")] = "continue",
    keep: Annotated[
        Literal["measures", "trajectories", "events"],
        Option(help="Kept of a run: means alone, monthly values too, or its events too."),
    ] = "measures",
    chunk: Annotated[
        int, Option(min=1, max=1_000_000, help="Runs in one part: the unit of work.")
    ] = 128,
    rerun: Annotated[str | None, Option(help="Run POINT:REPLICATE:SCENARIO again.")] = None,
    out: options.Out = Path("results"),
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Run an experiment at every point of its design; a killed sweep goes on with --resume.

    Example: eurasia-sim sweep relative_gains --dry-run

    Example: eurasia-sim sweep relative_gains --merge results/relative_gains-*.shard-*
    """
    from eurasia_sim.experiments import sweep as sweeps
    from eurasia_sim.experiments.batch import rerun as run_again
    from eurasia_sim.experiments.executors import Work

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
    if merge:
        _show_end(sweeps.merge(prepared, out, shards or []), as_json=as_json)
    elif rerun is not None:
        run_again(prepared.setup, prepared.design, rerun)
        terminal.show(f"{rerun}: nothing failed")
    elif dry_run:
        _compile(prepared)
        _show_estimate(prepared, out, work, as_json=as_json)
    else:
        end = _execute(prepared, out, work, resume=resume, extend=extend)
        _show_end(end, as_json=as_json)


def _execute(prepared: Sweep, out: Path, work: Work, *, resume: bool, extend: bool) -> Ended:
    """Run the sweep; Ctrl-C ends the program at once, with all that is finished on disk."""
    from eurasia_sim.experiments.sweep import carry_out, check_size

    check_size(prepared, work)
    _compile(prepared)
    try:
        with terminal.RunCounter(prepared.runs) as counter:
            return carry_out(prepared, out, work, resume=resume, extend=extend, report=counter)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C finds us leaving
        terminal.stop(f"what is finished is in {out / prepared.plan.folder}; --resume goes on.")
        sys.stdout.flush()
        sys.stderr.flush()
        # Every file is whole or not there; a thread in its last runs is not worth a wait.
        os._exit(FAILED_WORK)


def _shard(given: str) -> tuple[int, int]:
    if not (found := _SHARD.match(given)) or int(found[1]) > int(found[2]):
        raise DataError([f"--shard {given}\n    allowed: i/n, with i from 1 to n, such as 2/8"])
    return int(found[1]), int(found[2])


def _most_failures(on_error: str) -> int | None:
    if found := _MOST.match(on_error):
        return int(found[1])
    if on_error not in ("continue", "stop"):
        raise DataError([f"--on-error {on_error}\n    allowed: continue, stop, or max=N"])
    return None if on_error == "continue" else 0


def _compile(prepared: Sweep) -> None:
    from eurasia_sim.experiments.point import points_of

    point = points_of(prepared.setup, 0, prepared.design.cells[0])[0]
    options.compile_once(prepared.setup.inputs(point.scenarios[0], point))


def _show_estimate(prepared: Sweep, out: Path, work: Work, *, as_json: bool) -> None:
    """Print counts, time, memory and disk; refuse what does not fit."""
    from eurasia_sim.experiments.sweep import estimate

    found = estimate(prepared, out, work)
    folder = out / prepared.plan.folder
    if as_json:
        terminal.print_json({"folder": None if prepared.is_partial else str(folder), **found})
    else:
        _show_needs(prepared, found, folder)
    if found["too_large"]:
        path = prepared.setup.experiment.path
        raise DataError([f"{path}: it would take {each}" for each in found["too_large"]])


def _show_needs(prepared: Sweep, found: dict[str, Any], folder: Path) -> None:
    from datetime import timedelta

    from rich.filesize import decimal

    left = f" ({found['left_out']:,} more break a constraint)" if found["left_out"] else ""
    time = timedelta(seconds=round(found["seconds"]))
    terminal.show(
        f"{found['points']:,} points{left}, {found['runs']:,} runs in {found['parts']:,} parts",
        f"about {time} (h:mm:ss) with {found['workers']} workers on this machine",
        f"about {decimal(int(found['memory']))} of memory, however many runs",
    )
    for kind, total in found["disk"].items():
        name, own = "measures" if kind == "parts" else kind, int(found["disk_a_run"][kind])
        terminal.show(f"about {decimal(int(total))} of disk for {name} ({decimal(own)} a run)")
    where = f"the folder would be {folder}"
    if prepared.is_partial:
        constrained = bool(prepared.setup.experiment.file.constraints)
        where = f"estimated from a few points{', before constraints' * constrained}"
    terminal.show(f"{decimal(int(found['disk_free']))} of disk are free; {where}")


def _show_found(folder: Path) -> None:
    """Print where the first measure lies and, of a design with few cells, its means."""
    from eurasia_sim.analysis.summary import means
    from eurasia_sim.cli.analyze import sentence, show_section
    from eurasia_sim.experiments.analysis_folder import material_of

    try:
        material = material_of(folder, [])
    except DataError:  # a shard, or an unfinished sweep
        return
    measure = material.measures[0]
    values = material.runs[measure].dropna()
    found = means(material, [measure])
    low, high = values.quantile([0.05, 0.95])
    spread = f"mean {values.mean():.3g}, 90 % of {len(values)} runs from {low:.3g} to {high:.3g}."
    terminal.say(f"{options.label(measure)}: {spread}" if len(values) else "Every run failed.",
                 sentence(found, measure))  # fmt: skip
    if len(found.table):
        show_section(found, [measure], len(found.table))
    terminal.say(trust_line(folder))


def _show_end(end: Ended, *, as_json: bool) -> None:
    """Print what was done; exit 1 where a run failed."""
    if as_json:
        terminal.print_json(vars(end) | {"folder": str(end.folder)})
    else:
        failed = f", {end.failed:,} failed (see failures.parquet)" if end.failed else ""
        _show_found(end.folder)
        what = f" ({end.runs:,} runs{failed})"
        terminal.show_folder(end.folder, "analyze", what, reused=end.reused)
    if end.failed:
        raise typer.Exit(FAILED_WORK)

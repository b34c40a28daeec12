"""`sweep`: run the points of an experiment, resume, extend, run in shards and merge them."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from eurasia_sim.cli import BAD_INPUT, FAILED_WORK, WorldName
from eurasia_sim.cli.options import RunCounter, compile_once, refuse

if TYPE_CHECKING:
    from eurasia_sim.experiments.executors import Work
    from eurasia_sim.experiments.sweep import Ended, Sweep

_SHARD = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})\Z")
_MOST = re.compile(r"max=(\d{1,9})\Z")
_ON_ERROR = {"continue": None, "stop": 0}
_KILO = 1000
# Parameters that say how to run, which --merge does not.
_OF_RUNS = ("dry_run", "resume", "extend", "workers", "scheduler", "shard", "on_error", "rerun")

ExperimentName = Annotated[
    str, typer.Argument(help="Name or path of a sweep file, as in experiments/.")
]
KeepWhat = Annotated[
    Literal["measures", "trajectories", "events"],
    typer.Option(
        help="What is kept of a run: means alone, monthly values too, or its dated events too."
    ),
]
ChunkSize = Annotated[
    int, typer.Option("--chunk", min=1, help="Runs in one part: the unit of work, and of loss.")
]


def sweep(
    context: typer.Context,
    experiment: ExperimentName,
    shards: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER...]", help="With --merge: results folders of the shards."),
    ] = None,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="Run nothing: make of its shards the folder of the whole sweep."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would take, and run a few runs only.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an unfinished folder.")
    ] = False,
    extend: Annotated[
        bool, typer.Option("--extend", help="Take over the points of an earlier, smaller sweep.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads; by default all cores.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask: local:N for N processes here, or tcp://HOST:PORT.")
    ] = None,
    shard: Annotated[
        str, typer.Option(help="i/n: every n-th part, from the i-th; see --merge.")
    ] = "1/1",
    on_error: Annotated[
        str, typer.Option(help="After a failed run: continue, stop, or max=N.")
    ] = "continue",
    keep: KeepWhat = "measures",
    chunk: ChunkSize = 128,
    rerun: Annotated[
        str | None, typer.Option(help="POINT:REPLICATE:SCENARIO: live this run, with traceback.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the results folder goes.")] = Path("results"),
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run an experiment at every point of its design, part by part; a killed sweep goes on with --resume.

    Example: eurasia-sim sweep relative_gains --dry-run

    Example: eurasia-sim sweep relative_gains --merge results/relative_gains-*.shard-*
    """
    from eurasia_sim.experiments.executors import Work
    from eurasia_sim.experiments.sweep import merge as merged
    from eurasia_sim.experiments.sweep import prepare_sweep
    from eurasia_sim.world.world import load_world

    _check_merge(context, shards, merge=merge)
    work = Work(workers, scheduler, None, _most_failures(on_error))
    command = shlex.join(["eurasia-sim", *sys.argv[1:]])
    prepared = prepare_sweep(
        experiment,
        load_world(world),
        keep=keep,
        shard=_shard(shard),
        runs_a_chunk=chunk,
        command=command,
    )
    if merge:
        _tell(merged(prepared, out, shards or []), as_json=as_json)
        return
    if rerun is not None:
        from eurasia_sim.experiments.batch import rerun as live

        live(prepared.setup, prepared.design, rerun)
        typer.echo(f"{rerun}: nothing failed")
        return
    _compile(prepared)
    if dry_run:
        _say_what_it_takes(prepared, out, work, as_json=as_json)
        return
    _tell(_carried_out(prepared, out, work, resume=resume, extend=extend), as_json=as_json)


def _carried_out(prepared: Sweep, out: Path, work: Work, *, resume: bool, extend: bool) -> Ended:
    """The sweep done; an interrupt ends the program here and now, with all that is finished on disk."""
    from eurasia_sim.experiments.sweep import Progress, carry_out

    total = sum(map(prepared.plan.runs_of, prepared.plan.numbers))
    try:
        with RunCounter(total) as counter:

            def report(progress: Progress) -> None:
                counter(progress.finished, progress.failed, progress.before)

            return carry_out(prepared, out, work, resume=resume, extend=extend, report=report)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C finds us leaving
        typer.echo(
            f"\nstopped: what is finished is in {out / prepared.plan.folder}; --resume goes on.",
            err=True,
        )
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(
            FAILED_WORK
        )  # every file is whole or not there; a thread in its last runs is not worth a wait


def _check_merge(context: typer.Context, shards: Sequence[Path] | None, *, merge: bool) -> None:
    """End with exit code 2 where --merge and the other parameters do not fit."""
    if not merge:
        refuse(context, ["shards"], "only with --merge")
        return
    refuse(context, _OF_RUNS, "not with --merge")
    if not shards:
        typer.echo("--merge needs the results folders of the shards", err=True)
        raise typer.Exit(BAD_INPUT)


def _shard(given: str) -> tuple[int, int]:
    from eurasia_sim.files.data_yaml import DataError

    found = _SHARD.match(given)
    if not found or int(found[1]) > int(found[2]):
        raise DataError([f"--shard {given}\n    allowed: i/n, with i from 1 to n, such as 2/8"])
    return int(found[1]), int(found[2])


def _most_failures(on_error: str) -> int | None:
    from eurasia_sim.files.data_yaml import DataError

    if (found := _MOST.match(on_error)) is not None:
        return int(found[1])
    if on_error not in _ON_ERROR:
        raise DataError([f"--on-error {on_error}\n    allowed: continue, stop, or max=N"])
    return _ON_ERROR[on_error]


def _compile(prepared: Sweep) -> None:
    from eurasia_sim.experiments.point import point_of
    from eurasia_sim.simulation.parameter_draws import reference_draws

    point = point_of(prepared.setup, 0, prepared.design.cells[0])
    inputs = prepared.setup.inputs(point.scenarios[0], point)
    compile_once(inputs, reference_draws(inputs, 1, 0))


def _say_what_it_takes(prepared: Sweep, out: Path, work: Work, *, as_json: bool) -> None:
    """Print counts and estimates."""
    from eurasia_sim.experiments.sweep import estimate

    found = estimate(prepared, out, work)
    if as_json:
        typer.echo(json.dumps({"folder": str(out / prepared.plan.folder), **found}, indent=2))
        return
    left = f" ({found['left_out']:,} more break a constraint)" if found["left_out"] else ""
    typer.echo(
        f"{found['points']:,} points{left}, {found['runs']:,} runs in {found['parts']:,} parts"
    )
    typer.echo(
        f"about {_duration(found['seconds'])} with {found['workers']} workers on this machine"
    )
    typer.echo(f"about {_size(found['memory'])} of memory, however many runs")
    for kind, total in found["disk"].items():
        name = "measures" if kind == "parts" else kind
        typer.echo(
            f"about {_size(total)} of disk for {name} ({_size(found['disk_a_run'][kind])} a run)"
        )
    typer.echo(
        f"{_size(found['disk_free'])} of disk are free; the folder would be {out / prepared.plan.folder}"
    )


def _tell(ended: Ended, *, as_json: bool) -> None:
    """Print how it ended; leave with 1 where a run failed."""
    if as_json:
        said: dict[str, Any] = {
            "folder": str(ended.folder), "runs": ended.runs, "failed": ended.failed, "complete": ended.complete,
            "reused": ended.reused,
        }  # fmt: skip
        typer.echo(json.dumps(said, indent=2))
    else:
        how = "found again, unchanged" if ended.reused else "written"
        failed = f", {ended.failed:,} failed (see failures.parquet)" if ended.failed else ""
        typer.echo(f"{how}: {ended.folder} ({ended.runs:,} runs{failed})")
    if ended.failed:
        raise typer.Exit(FAILED_WORK)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def _size(count: float) -> str:
    """Bytes in the unit that reads best."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < _KILO:
            return f"{count:.0f} {unit}"
        count /= _KILO
    return f"{count:.1f} TB"

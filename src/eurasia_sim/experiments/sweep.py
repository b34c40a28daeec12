"""A sweep from its file to its folder: planned, run part by part, finished, or merged."""

import platform
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eurasia_sim.compute.jit import model_version
from eurasia_sim.experiments import folder as folders
from eurasia_sim.experiments.batch import Chunk, Finished, Keep, Setup, work
from eurasia_sim.experiments.design import Design, lay_out, memory_of
from eurasia_sim.experiments.executors import Work, dispatch
from eurasia_sim.experiments.experiment import load_experiment
from eurasia_sim.experiments.folder import Folder, Plan, read_plan
from eurasia_sim.experiments.schema import Experiment
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.memory import PROCESS, memory_free, require_memory
from eurasia_sim.scenarios.outcome_columns import columns_of
from eurasia_sim.simulation import results
from eurasia_sim.world.world import World, load_world

Report = Callable[[int, int, int], None]  # runs that are finished, that failed, and at the start

_PACKAGES = ("eurasia-sim", "numba", "numpy", "pandas", "pyarrow", "scipy", "SALib")
_TOLD = {"title", "question", "seed", "replications", "theory"}  # of the file, in a manifest
_TRIED = 64  # runs, about, that a dry run makes
_LARGE = 2_000_000  # cells of a design that a dry run does not lay out
_SAMPLE = 100  # points of such a design that it looks at
_COLUMNS_BESIDE = 60  # about so many columns of a part are no measures


@dataclass(frozen=True)
class Sweep:
    """An experiment laid out and planned."""

    setup: Setup
    design: Design
    plan: Plan
    command: str = ""
    is_partial: bool = False  # its design has only some of the plan's points

    @property
    def runs(self) -> int:
        """Runs of the chunks that are this sweep's own: all, or those of its shard."""
        return sum(map(self.plan.runs_of, self.plan.numbers))

    def memory(self, workers: int) -> int:
        """Bytes that it takes, with a part for every worker."""
        plan, experiment = self.plan, self.setup.experiment
        columns = len(experiment.columns or columns_of(self.setup.world)) + _COLUMNS_BESIDE
        in_part = min(plan.points_a_chunk, plan.points) * experiment.runs_a_point
        own = memory_of(plan.points, len(experiment.factors))
        return PROCESS + own + 3 * workers * in_part * columns * 8


@dataclass(frozen=True)
class Ended:
    """How a sweep ended."""

    folder: Path
    runs: int
    failed: int
    complete: bool  # false where too many failed, or for a shard
    reused: bool = False  # an identical finished folder was found


def prepare_sweep(
    experiment: Experiment | str | Path,
    world: World | None = None,
    *,
    keep: Keep = "measures",
    shard: tuple[int, int] = (1, 1),
    runs_a_chunk: int = folders.RUNS_A_CHUNK,
    command: str = "",
    dry: bool = False,
) -> Sweep:
    """An experiment (or the name or path of one) laid out and planned.

    DataError with everything wrong with the file, or where constraints leave no point. `dry` is for
    `estimate` alone: of a large design it lays out a few points, without constraints.
    """
    world = world or load_world()
    if not isinstance(experiment, Experiment):
        experiment = load_experiment(str(experiment), world)
    points, setup = experiment.points, Setup(world, experiment, keep)
    is_partial = dry and points * len(experiment.factors) > _LARGE
    design = lay_out(experiment, _SAMPLE if is_partial else None)
    plan = folders.plan_of(setup, design, runs_a_chunk, shard)
    if is_partial:
        plan = replace(plan, points=points, runs=points * experiment.runs_a_point)
    return Sweep(setup, design, plan, command, is_partial)


def carry_out(
    sweep: Sweep,
    out: Path,
    how: Work,
    *,
    resume: bool = False,
    extend: bool = False,
    report: Report = lambda *_: None,
) -> Ended:
    """Run what the sweep's folder does not hold yet; it is finished by its manifest, written last.

    Raises DataError where another process writes the folder, or an unfinished one is there and
    `resume` was not asked for; KeyboardInterrupt with every finished chunk written.
    """
    plan, heal = sweep.plan, resume or extend
    check_size(sweep, how)
    folder = Folder(out / plan.folder, plan)
    before = folders.earlier(out, plan, sweep.design) if extend else None
    with folders.one_writer(folder.path):
        if (manifest := folder.finished(heal=heal)) is not None:
            runs, failed = int(manifest["runs"]), int(manifest["failed"])
            return Ended(folder.path, runs, failed, complete=True, reused=True)
        missing, parts = folder.missing(), len(plan.numbers)
        if 0 < len(missing) < parts and not heal:
            there = f"{parts - len(missing)} of {parts} parts are in {folder.path}"
            damaged = f"; {found}" if (found := folder.damaged(missing)) else ""
            allowed = "--resume to go on from there, or another --out"
            raise DataError([f"{there}{damaged}\n    allowed: {allowed}"])
        folder.begin(sweep.design)
        if before is not None:
            folder.adopt(Folder(before, read_plan(before)))
            missing = folder.missing()
        folder.log({"event": "begin", "missing": len(missing), "command": sweep.command})
        began = time.time()
        all_done = not missing or _run(sweep, folder, missing, how, report)
        if all_done and plan.shard[1] == 1:
            return finish(sweep, folder, time.time() - began)
        return Ended(folder.path, sweep.runs, folder.failures(sweep.setup), complete=False)


def _run(sweep: Sweep, folder: Folder, missing: Sequence[int], how: Work, report: Report) -> bool:
    """Have the missing chunks run and written; false if too many runs failed."""
    before = sweep.runs - sum(map(sweep.plan.runs_of, missing))
    counts = {"finished": before, "failed": 0}

    def take(chunk: Finished) -> None:
        notes = {"failed": chunk.failed, "seconds": round(chunk.seconds, 3)}
        folder.write(chunk.number, chunk.runs, chunk.tables, **notes)
        counts["finished"] += chunk.runs
        counts["failed"] += chunk.failed

    def is_over() -> bool:
        report(counts["finished"], counts["failed"], before)
        return how.most_failures is not None and counts["failed"] > how.most_failures

    chunks = (sweep.plan.chunk(sweep.design, number) for number in missing)
    with how.started(sweep.setup) as workers:
        dispatch(sweep.setup, chunks, workers, take, folder.log, is_over)
    return not is_over()


def finish(sweep: Sweep, folder: Folder, seconds: float) -> Ended:
    """Write failures and, last, the manifest of a whole sweep; DataError if a part is not there."""
    experiment, world, plan = sweep.setup.experiment, sweep.setup.world, sweep.plan
    parts = (folder.path / results.part_name(results.PARTS, number) for number in plan.numbers)
    if lost := sum(not part.exists() for part in parts):
        message = f"{folder.path}: {lost} of {plan.chunks} parts are missing"
        raise DataError([f"{message}; --resume makes them"])
    failed = folder.failures(sweep.setup)
    first, last = experiment.window[0], experiment.window[1] - 1
    options = experiment.file.design.model_dump(exclude={"kind"})
    if experiment.kind == "list":  # the design's own table has its points
        options["points"] = experiment.points
    manifest = {
        "kind": "sweep",
        "finished": True,
        "name": experiment.name,
        **experiment.file.model_dump(include=_TOLD),
        "command": sweep.command,
        "world": world.name,
        "chance": experiment.chance,
        "runs": plan.runs,
        "failed": failed,
        "forms": {**world.default_forms, **experiment.file.forms},
        "window": [world.date(first), world.date(last)],
        "measures": list(experiment.columns),
        "keep": plan.keep,
        "design": {
            "kind": experiment.kind,
            "points": plan.points,
            "left_out": sweep.design.left_out,
            "factors": [factor.described() for factor in experiment.factors],
            "options": options,
        },
        "scenarios": {scenario.name: scenario.resolved() for scenario in experiment.scenarios},
        "digests": {
            "world": world.digest,
            "model": model_version(),
            "design": sweep.design.digest,
            "sweep": plan.identity,
            "scenarios": {scenario.name: scenario.digest for scenario in experiment.scenarios},
        },
        "versions": {"python": platform.python_version(), **{n: version(n) for n in _PACKAGES}},
        "seconds": round(seconds, 1),
    }
    beside = [results.DESIGN, folders.PLAN, *([folders.FAILURES] if failed else [])]
    results.write_manifest(folder.path, manifest, beside, folder.entries)
    folder.log({"event": "finished", "runs": plan.runs, "failed": failed})
    return Ended(folder.path, plan.runs, failed, complete=True)


def run_sweep(
    experiment: Experiment | str | Path,
    out: Path | str = "results",
    *,
    world: World | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    keep: Keep = "measures",
    resume: bool = True,
) -> Path:
    """Carry out a sweep and return its results folder, for `load_results`.

    DataError with everything wrong with the file.

    Args:
        experiment: name or path of a sweep file, or one loaded.
        executor: any `concurrent.futures.Executor`; by default threads of this process.
        resume: go on with an unfinished folder of the same sweep.
    """
    prepared = prepare_sweep(experiment, world, keep=keep)
    return carry_out(prepared, Path(out), Work(workers, executor=executor), resume=resume).folder


def merge(sweep: Sweep, out: Path, shards: Sequence[Path]) -> Ended:
    """Make the folder of an unsharded sweep of its shards; DataError for another's, or a gap."""
    plan = sweep.plan
    for shard in shards:
        if read_plan(shard).identity != plan.identity:
            other = "other points, scenarios, world or model version"
            raise DataError([f"{shard} belongs to another sweep: {other}"])
    folder = Folder(out / plan.folder, plan)
    with folders.one_writer(folder.path):
        folder.begin(sweep.design)
        for shard in shards:
            folder.adopt(Folder(shard, plan))
        if missing := folder.missing():
            shown = ", ".join(map(str, missing[:8])) + (", ..." if len(missing) > 8 else "")
            message = f"{len(missing)} of {plan.chunks} parts are in none of the folders: {shown}"
            for shard in shards:
                if damaged := Folder(shard, plan).damaged(missing):
                    message += f"\n    {shard}: {damaged}; --resume of that shard makes it again"
            raise DataError([message])
        return finish(sweep, folder, 0.0)


def estimate(sweep: Sweep, out: Path, how: Work) -> dict[str, Any]:
    """Seconds, and bytes of memory and disk, by a few runs; `too_large` says what does not fit."""
    plan, workers, experiment = sweep.plan, how.count, sweep.setup.experiment
    family = experiment.runs_a_point // experiment.file.replications
    replications = min(experiment.file.replications, max(1, _TRIED // family))
    count = min(max(1, _TRIED // (family * replications)), plan.points_a_chunk)
    file = experiment.file.model_copy(update={"replications": replications})
    setup = replace(sweep.setup, experiment=replace(experiment, file=file))
    tried = work(setup, Chunk(0, 0, sweep.design.cells[:count]))
    each = {kind: len(content) // tried.runs for kind, content in tried.tables.items()}
    there = next(each for each in (out.absolute(), *out.absolute().parents) if each.exists())
    found: dict[str, Any] = {
        "points": plan.points,
        "left_out": sweep.design.left_out,
        "runs": plan.runs,
        "parts": plan.chunks,
        "seconds": tried.seconds / tried.runs * plan.runs / workers,
        "memory": sweep.memory(workers),
        "disk": {kind: size * plan.runs for kind, size in each.items()},
        "disk_a_run": each,
        "disk_free": shutil.disk_usage(there).free,
        "workers": workers,
    }
    limits = (
        ("bytes of memory", found["memory"], memory_free()),
        ("bytes of disk", sum(found["disk"].values()), found["disk_free"]),
    )
    large = [
        f"{need:,} {what}, and at most {most:,} fit" for what, need, most in limits if need > most
    ]
    return {**found, "too_large": large}


def check_size(sweep: Sweep, how: Work) -> None:
    """Refuse parts that memory does not hold, one for every worker (DataError)."""
    what = f"{sweep.setup.experiment.path}: {how.count} workers with a part each"
    require_memory(sweep.memory(how.count), what, "a smaller --chunk, or fewer --workers")

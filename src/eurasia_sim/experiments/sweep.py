"""A sweep carried out: planned, run by whoever works on it, written part by part, finished, and merged from shards."""

from __future__ import annotations

import platform
import shlex
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from eurasia_sim.compute.jit import model_version
from eurasia_sim.experiments.batch import Chunk, Finished, work
from eurasia_sim.experiments.design import Design, lay_out
from eurasia_sim.experiments.executors import Dispatch, Work
from eurasia_sim.experiments.experiment import load_experiment
from eurasia_sim.experiments.folder import (
    DESIGN,
    FAILURES,
    PLAN,
    RUNS_A_CHUNK,
    Folder,
    Plan,
    disk_free,
    earlier,
    one_writer,
    plan_of,
    read_plan,
)  # fmt: skip
from eurasia_sim.experiments.point import Keep, Setup, point_of
from eurasia_sim.experiments.schema import Experiment, located
from eurasia_sim.files.data_yaml import DEFAULT_WORLD, DataError
from eurasia_sim.files.integrity import listed
from eurasia_sim.simulation import results
from eurasia_sim.world.world import World, load_world

_PACKAGES = ("eurasia-sim", "numba", "numpy", "pandas", "pyarrow", "scipy", "SALib")
_STEPS = (8, 24)  # runs: two sizes part what a file costs from what a run costs
_PROCESS = 200_000_000  # bytes that the program takes before it holds any run
_COLUMNS_BESIDE = 60  # about so many columns of a part are no measures


@dataclass(frozen=True)
class Sweep:
    """An experiment laid out and planned."""

    setup: Setup
    design: Design
    plan: Plan
    command: str = ""

    @property
    def repro(self) -> dict[str, Any]:
        """How a failed run is told: the command that shows why it failed, and the names of months."""
        experiment, world = self.setup.experiment, self.setup.world
        where = "" if world.name == DEFAULT_WORLD else f" --world {shlex.quote(str(world.directory))}"
        command = f"NUMBA_DISABLE_JIT=1 eurasia-sim sweep {shlex.quote(str(experiment.path))}{where} --rerun {{run}}"
        return {"command": command, "date": world.date}


@dataclass
class Progress:
    """How far a sweep has come."""

    total: int
    finished: int = 0
    failed: int = 0
    before: int = 0  # runs that were there at the start


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
    runs_a_chunk: int = RUNS_A_CHUNK,
    command: str = "",
) -> Sweep:
    """An experiment (or the name or path of one) laid out and planned.

    Raises:
        InputProblems: with everything wrong with the file; DataError: where constraints leave no point.
    """
    world = world or load_world()
    if not isinstance(experiment, Experiment):
        experiment = load_experiment(located(str(experiment)), world)
    setup, design = Setup(world, experiment, keep), lay_out(experiment)
    return Sweep(setup, design, plan_of(setup, design, runs_a_chunk, shard), command)


def carry_out(
    prepared: Sweep,
    out: Path,
    how: Work,
    *,
    resume: bool = False,
    extend: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Ended:
    """Run what the sweep's folder does not hold yet; it is finished by its manifest, written last.

    Raises:
        DataError: where another process writes the folder, or an unfinished one is there and `resume` was not said.
        KeyboardInterrupt: with every finished chunk written.
    """
    plan = prepared.plan
    path = out / plan.folder
    heal = resume or extend
    if (found := _finished(path, heal=heal)) is not None:
        return found
    before = earlier(out, plan, prepared.design) if extend else None
    with one_writer(path):
        if (found := _finished(path, heal=heal)) is not None:  # whoever held it has just finished
            return found
        folder = Folder(path, plan)
        missing = folder.missing()
        if 0 < len(missing) < len(plan.numbers) and not heal:
            there = f"{len(plan.numbers) - len(missing)} of {len(plan.numbers)} parts are in {path}"
            damaged = "".join(f"; {listed(own)}" for own in [folder.damaged(missing)] if own)
            raise DataError([f"{there}{damaged}\n    allowed: --resume to go on from there, or another --out"])
        folder.begin(prepared.design)
        if before is not None and folder.adopt(Folder(before, read_plan(before))):
            missing = folder.missing()
        folder.log({"event": "begin", "missing": len(missing), "command": prepared.command})
        began = time.time()
        all_done = _work_off(prepared, folder, missing, how, report)
        if not all_done or plan.shard[1] > 1:
            failed = folder.failures([factor.column for factor in prepared.design.factors], prepared.repro)
            return Ended(path, sum(map(plan.runs_of, plan.numbers)), failed, complete=False)
        return finish(prepared, folder, time.time() - began)


def _finished(path: Path, *, heal: bool) -> Ended | None:
    """The sweep that a folder holds, whole; none where there is none, or it is to be healed.

    Raises:
        DataError: where one was finished, is damaged, and is not to be healed.
    """
    manifest, wrong = results.found(path)
    if wrong and not heal:
        what = listed(wrong) if manifest is None else results.files_of(path).message(wrong).partition("\n")[0]
        where = f"{path}: {what}" if manifest is None else what
        raise DataError([f"{where}\n    allowed: --resume to make again what is damaged, or another --out"])
    if manifest is None or wrong:
        return None
    return Ended(path, int(manifest["runs"]), int(manifest["failed"]), complete=True, reused=True)


def _work_off(
    prepared: Sweep, folder: Folder, missing: Sequence[int], how: Work, report: Callable[[Progress], None]
) -> bool:
    """Have the missing chunks done and written; whether all were."""
    plan = prepared.plan
    total = sum(map(plan.runs_of, plan.numbers))
    there = total - sum(map(plan.runs_of, missing))
    progress = Progress(total, there, before=there)
    if not missing:
        return True

    def take(finished: Finished) -> None:
        folder.write(finished)
        progress.finished += finished.runs
        progress.failed += finished.failed
        report(progress)

    workers = how.start(prepared.setup)
    try:
        dispatch = Dispatch(prepared.setup, workers, take, folder.log, how.most_failures)
        chunks = (plan.chunk(prepared.design, number) for number in missing)
        return dispatch.run(chunks, partial(report, progress))
    finally:
        workers.close()


def finish(prepared: Sweep, folder: Folder, seconds: float) -> Ended:
    """Write what is told of a whole sweep: its failures, and its manifest last.

    Raises:
        DataError: where a part is not there.
    """
    experiment, world, plan = prepared.setup.experiment, prepared.setup.world, prepared.plan
    if missing := folder.missing():
        raise DataError([f"{folder.path}: {len(missing)} of {plan.chunks} parts are missing; --resume makes them"])
    failed = folder.failures([factor.column for factor in prepared.design.factors], prepared.repro)
    versions = {name: found for name in _PACKAGES if (found := _version(name)) is not None}
    beside = [DESIGN, PLAN, *([FAILURES] if failed else [])]
    results.write_manifest(
        folder.path,
        {
            "kind": "sweep",
            "finished": True,
            "name": experiment.name,
            "title": experiment.title,
            "question": experiment.question,
            "command": prepared.command,
            "world": world.name,
            "seed": experiment.seed,
            "replications": experiment.replications,
            "chance": experiment.chance,
            "runs": plan.runs,
            "failed": failed,
            "theory": experiment.theory,
            "forms": {**world.default_forms, **experiment.forms},
            "window": [world.date(experiment.window[0]), world.date(experiment.window[1] - 1)],
            "measures": list(experiment.columns),
            "keep": plan.keep,
            "design": {
                "kind": experiment.kind,
                "points": plan.points,
                "left_out": prepared.design.left_out,
                "factors": [factor.described() for factor in prepared.design.factors],
                "options": dict(experiment.options),
            },
            "scenarios": {scenario.name: scenario.resolved() for scenario in experiment.scenarios},
            "digests": {
                "world": world.digest,
                "model": model_version(),
                "design": prepared.design.digest,
                "sweep": plan.identity,
                "scenarios": {scenario.name: scenario.digest for scenario in experiment.scenarios},
            },
            "versions": {"python": platform.python_version(), **versions},
            "seconds": round(seconds, 1),
        },
        beside,
        folder.entries,
    )
    folder.log({"event": "finished", "runs": plan.runs, "failed": failed})
    return Ended(folder.path, plan.runs, failed, complete=True)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


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

    Args:
        experiment: name or path of a sweep file, or one loaded.
        executor: any `concurrent.futures.Executor`; by default threads of this process.
        resume: go on with an unfinished folder of the same sweep.

    Raises:
        InputProblems: with everything wrong with the file.
    """
    prepared = prepare_sweep(experiment, world, keep=keep)
    return carry_out(prepared, Path(out), Work(workers=workers, executor=executor), resume=resume).folder


def merge(prepared: Sweep, out: Path, shards: Sequence[Path]) -> Ended:
    """Put the folders of a sweep's shards together into the folder an unsharded sweep would have written.

    Raises:
        DataError: where a folder belongs to another sweep, or chunks are missing from all.
    """
    path = out / prepared.plan.folder
    for shard in shards:
        if read_plan(shard).identity != prepared.plan.identity:
            raise DataError([f"{shard} belongs to another sweep: other points, scenarios, world or model version"])
    with one_writer(path):
        folder = Folder(path, prepared.plan)
        folder.begin(prepared.design)
        for shard in shards:
            folder.adopt(Folder(shard, prepared.plan))
        if missing := folder.missing():
            shown = ", ".join(map(str, missing[:8])) + (", ..." if len(missing) > 8 else "")
            damaged = [f"\n    {shard}: {listed(own)}; --resume of that shard makes it again"
                       for shard in shards if (own := Folder(shard, prepared.plan).damaged(missing))]  # fmt: skip
            said = f"{len(missing)} of {prepared.plan.chunks} parts are in none of the folders: {shown}"
            raise DataError([said + "".join(damaged)])
        return finish(prepared, folder, 0.0)


def estimate(prepared: Sweep, out: Path, how: Work) -> dict[str, Any]:
    """What a sweep will take, from running a few of its runs: seconds, bytes of memory and of disk."""
    plan, experiment = prepared.plan, prepared.setup.experiment
    per_point = experiment.runs_a_point
    sizes, seconds, runs = [], 0.0, 0
    for wanted in _STEPS:
        points = min(max(1, wanted // per_point), plan.points, plan.points_a_chunk)
        found = work(prepared.setup, Chunk(0, 0, prepared.design.cells[:points]))
        seconds, runs = found.seconds, found.runs
        sizes.append((found.runs, {kind: len(content) for kind, content in found.tables.items()}))
    (few, small), (many, large) = sizes
    each = {k: (large[k] - small[k]) / (many - few) if many > few else large[k] / many for k in large}
    head = {kind: max(large[kind] - each[kind] * many, 0) for kind in large}
    workers = how.count
    columns = len(experiment.columns)
    if not columns:
        point = point_of(prepared.setup, 0, prepared.design.cells[0])
        columns = len(prepared.setup.inputs(experiment.scenarios[0].name, point).columns)
    chunk_bytes = plan.points_a_chunk * per_point * (columns + _COLUMNS_BESIDE) * 8
    return {
        "points": plan.points,
        "left_out": prepared.design.left_out,
        "runs": plan.runs,
        "parts": plan.chunks,
        "seconds": seconds / runs * plan.runs / workers,
        "memory": int(_PROCESS + prepared.design.cells.nbytes * 2 + 3 * workers * chunk_bytes),
        "disk": {kind: int(each[kind] * plan.runs + head[kind] * plan.chunks) for kind in each},
        "disk_a_run": {kind: int(each[kind]) for kind in each},
        "disk_free": disk_free(out),
        "workers": workers,
    }

"""Workers may die in mid-sweep: no run is lost or made twice, and no process outlives its parent."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.sweeping import contents, grid

from eurasia_sim.experiments import executors
from eurasia_sim.experiments.batch import Chunk, Finished, work
from eurasia_sim.experiments.executors import Dispatch
from eurasia_sim.experiments.folder import Folder
from eurasia_sim.experiments.point import Setup
from eurasia_sim.experiments.sweep import Sweep, Work, carry_out, finish
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import load_results
from eurasia_sim.world.world import World, load_world

pytestmark = pytest.mark.slow  # real folders, made by the product


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep as threads of this process do it."""
    folder = tmp_path_factory.mktemp("whole")
    return carry_out(grid(folder, world), folder / "out", Work(workers=1)).folder


def the_sweep(whole: Path, world: World) -> Sweep:
    """The same sweep again, of the same files."""
    return grid(whole.parent.parent, world)


# What a worker does is looked up by name in the process that does it, so these are sent instead of the real thing.


def deadly(payload: bytes, chunk: Chunk) -> Finished:
    """The process dies of part 3, each time."""
    if chunk.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(executors._setup_from(payload), chunk)


def deadly_once(payload: bytes, chunk: Chunk) -> Finished:
    """The process dies of part 3, the first time."""
    mark = Path(os.environ["SWEEP_MARK"])
    if chunk.number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return work(executors._setup_from(payload), chunk)


def the_log(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for line in (folder / "status.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def assert_every_part_once(folder: Path, parts: int) -> None:
    done = [entry["chunk"] for entry in the_log(folder) if "runs" in entry and "chunk" in entry]
    assert sorted(done) == list(range(parts))


def dask_processes(parent: int) -> list[psutil.Process]:
    """The worker processes below a process."""
    return [
        child
        for child in psutil.Process(parent).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


def test_local_processes_give_the_same_bytes_and_end(
    world: World, whole: Path, tmp_path: Path
) -> None:
    before = set(psutil.Process().children(recursive=True))
    ended = carry_out(the_sweep(whole, world), tmp_path, Work(scheduler="local:2"))
    assert contents(ended.folder) == contents(whole)
    left = {
        child
        for child in psutil.Process().children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    }
    assert left <= before


def test_a_local_process_that_is_killed_in_mid_sweep_costs_nothing(
    world: World, tmp_path: Path
) -> None:
    prepared = grid(tmp_path, world, steps=40)
    whole = carry_out(prepared, tmp_path / "whole", Work(workers=1)).folder
    parts = tmp_path / "out" / whole.name / "parts"
    seen: list[int] = []

    def kill_one() -> None:
        while len(list(parts.glob("0*.parquet"))) < 4:
            time.sleep(0.002)
        dask_processes(os.getpid())[0].kill()
        seen.append(len(list(parts.glob("0*.parquet"))))

    killer = threading.Thread(target=kill_one)
    killer.start()
    ended = carry_out(prepared, tmp_path / "out", Work(scheduler="local:2"))
    killer.join()
    assert seen[0] < prepared.plan.chunks  # it died in mid-sweep
    assert ended.failed == 0
    assert contents(ended.folder) == contents(whole)
    assert_every_part_once(ended.folder, prepared.plan.chunks)


def test_a_part_whose_worker_dies_once_is_run_again_and_nothing_is_lost(
    world: World, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEP_MARK", str(tmp_path / "mark"))
    monkeypatch.setattr(executors, "work_on", deadly_once)
    ended = carry_out(the_sweep(whole, world), tmp_path / "out", Work(scheduler="local:2"))
    assert (tmp_path / "mark").exists()
    assert ended.failed == 0
    assert contents(ended.folder) == contents(whole)


def test_a_part_that_kills_its_workers_is_aborted_after_one_more_try_and_alone(
    world: World, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "work_on", deadly)
    ended = carry_out(the_sweep(whole, world), tmp_path, Work(scheduler="local:2"))
    runs = load_results(ended.folder)
    assert ended.failed == 2
    assert list(runs.loc[runs["status"] != "ok", "point"]) == [3, 3]
    assert set(runs["status"]) == {"ok", "aborted"}
    assert [
        entry["chunk"] for entry in the_log(ended.folder) if entry.get("event") == "aborted"
    ] == [3]
    well = load_results(whole)
    assert runs[runs["status"] == "ok"].equals(well[well["point"] != 3])


def test_an_executor_that_breaks_ends_the_sweep_and_resume_completes_it(
    world: World, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = the_sweep(whole, world)
    monkeypatch.setattr(executors, "work_on", deadly)
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(DataError, match=r"finished parts are kept\n.*--resume"),
    ):
        carry_out(prepared, tmp_path, Work(executor=pool, workers=1))
    folder = tmp_path / whole.name
    kept = {path.name: path.stat().st_mtime_ns for path in (folder / "parts").glob("0*.parquet")}
    assert len(kept) == 3  # those before the deadly one
    ended = carry_out(prepared, tmp_path, Work(workers=1), resume=True)
    assert all((folder / "parts" / name).stat().st_mtime_ns == time for name, time in kept.items())
    assert contents(ended.folder) == contents(whole)


class Scripted:
    """Workers that answer at once, and count what they have in hand."""

    def __init__(self, setup: Setup, killed: dict[int, int]) -> None:
        self.setup, self.in_flight, self.killed = setup, 3, killed
        self.given: list[tuple[int, int]] = []
        self.dispatch: Dispatch | None = None

    def submit(self, chunk: Chunk) -> Future[Finished]:
        assert self.dispatch is not None
        self.given.append((chunk.number, len(self.dispatch.pending)))
        future: Future[Finished] = Future()
        if self.killed.get(chunk.number, 0):
            self.killed[chunk.number] -= 1
            future.set_exception(type("KilledWorker", (Exception,), {})("died"))
        else:
            future.set_result(work(self.setup, chunk))
        return future

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_work_in_flight_is_bounded_and_a_part_that_a_worker_died_of_comes_last_and_alone(
    world: World, whole: Path
) -> None:
    sweep, taken = the_sweep(whole, world), []
    workers = Scripted(sweep.setup, {1: 1, 2: 2})
    workers.dispatch = Dispatch(sweep.setup, workers, taken.append, lambda _: None)
    assert workers.dispatch.run(
        sweep.plan.chunk(sweep.design, number) for number in sweep.plan.numbers
    )
    assert sorted(finished.number for finished in taken) == list(sweep.plan.numbers)
    assert [finished.number for finished in taken if finished.failed] == [2]
    assert max(others for _, others in workers.given) < workers.in_flight
    assert sorted(workers.given[-2:]) == [(1, 0), (2, 0)]


def test_a_sweep_with_a_part_missing_is_not_finished(
    world: World, whole: Path, tmp_path: Path
) -> None:
    prepared = the_sweep(whole, world)
    folder = Folder(tmp_path / prepared.plan.folder, prepared.plan)
    folder.begin(prepared.design)
    with pytest.raises(
        DataError, match=f"{prepared.plan.chunks} of {prepared.plan.chunks} parts are missing"
    ):
        finish(prepared, folder, 0.0)


LONG = """
import sys
from pathlib import Path
from tests.sweeping import grid
from eurasia_sim.experiments.sweep import Work, carry_out
from eurasia_sim.world.world import load_world
if __name__ == "__main__":
    place = Path(sys.argv[1])
    carry_out(grid(place, load_world(), steps=2000), place / "out", Work(scheduler="local:2"))
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_a_parent_that_is_ended(
    tmp_path: Path, repository: Path, end: signal.Signals
) -> None:
    script = tmp_path / "long.py"
    script.write_text(LONG, encoding="utf-8")
    paths = os.pathsep.join(filter(None, (str(repository), os.environ.get("PYTHONPATH"))))
    command, environment = (
        [sys.executable, str(script), str(tmp_path)],
        {**os.environ, "PYTHONPATH": paths},
    )
    parent = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("out/*/parts/0*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    children = psutil.Process(parent.pid).children(recursive=True)
    assert len(dask_processes(parent.pid)) == 2
    parent.send_signal(end)
    assert parent.wait(timeout=60) != 0
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
    assert list(tmp_path.glob("out/*/parts/0*.parquet"))
    assert not list(tmp_path.glob("out/*/manifest.json"))


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A real Dask scheduler and two real worker processes, each started by Dask's own command."""
    pytest.importorskip("distributed")
    address = tmp_path / "scheduler.json"
    python = [sys.executable, "-m", "distributed.cli"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    started = [
        subprocess.Popen(
            [*python[:2], "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
             "--scheduler-file", str(address)], **quiet)
    ]  # fmt: skip
    worker = [*python[:2], "distributed.cli.dask_worker", "--scheduler-file", str(address), "--nthreads", "1",
              "--no-dashboard", "--no-nanny"]  # fmt: skip
    started += [subprocess.Popen(worker, **quiet) for _ in range(2)]
    try:
        deadline = time.monotonic() + 120
        while not address.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield json.loads(address.read_text())["address"], started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_cluster_that_loses_a_worker_in_mid_sweep_loses_no_run(
    world: World, tmp_path: Path, scheduler: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = scheduler
    prepared = grid(tmp_path, world, steps=20)
    whole = carry_out(prepared, tmp_path / "whole", Work(workers=1)).folder
    parts = tmp_path / "out" / whole.name / "parts"
    seen: list[int] = []

    def kill_one() -> None:
        while len(list(parts.glob("0*.parquet"))) < 4:
            time.sleep(0.005)
        workers[0].kill()
        seen.append(len(list(parts.glob("0*.parquet"))))

    killer = threading.Thread(target=kill_one)
    killer.start()
    ended = carry_out(prepared, tmp_path / "out", Work(scheduler=address))
    killer.join()
    assert seen[0] < prepared.plan.chunks  # it died in mid-sweep
    assert workers[0].wait() == -signal.SIGKILL
    assert ended.failed == 0
    assert contents(ended.folder) == contents(whole)
    assert_every_part_once(ended.folder, prepared.plan.chunks)


@pytest.mark.parametrize("given", ["local:none", "tcp://127.0.0.1:1"])
def test_a_scheduler_that_cannot_be_had_is_said(
    world: World, whole: Path, tmp_path: Path, given: str
) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(DataError, match="--scheduler"):
        carry_out(the_sweep(whole, world), tmp_path, Work(scheduler=given))


def test_a_client_that_is_slow_to_go_leaves_no_cluster_of_ours_behind() -> None:
    asked: list[str] = []

    class Slow:
        def __init__(self, name: str) -> None:
            self.name = name

        def shutdown(self, wait: bool) -> None:
            asked.append(self.name)

        def close(self, timeout: float) -> None:
            asked.append(self.name)
            raise TimeoutError

    crew = executors.Cluster.__new__(executors.Cluster)
    crew.executor, crew.client, crew.cluster = (
        Slow(name) for name in ("executor", "client", "cluster")
    )  # type: ignore[assignment]
    crew.close()
    assert asked == ["executor", "client", "cluster"]

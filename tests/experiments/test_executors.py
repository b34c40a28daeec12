"""Whoever works on a sweep may die of it, hang, or be a cluster: nothing is lost or double, the bytes are the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from tests.sweeping import contents, grid

from eurasia_sim.experiments import executors as workforce
from eurasia_sim.experiments.batch import Chunk, Finished, work
from eurasia_sim.experiments.dispatch import Dispatch, Rules
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
    return work(workforce._setup_from(payload), chunk)


def deadly_once(payload: bytes, chunk: Chunk) -> Finished:
    """The process dies of part 3, the first time."""
    mark = Path(os.environ["SWEEP_MARK"])
    if chunk.number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return work(workforce._setup_from(payload), chunk)


def endless(payload: bytes, chunk: Chunk) -> Finished:
    """Part 5 takes for ever."""
    if chunk.number == 5:
        time.sleep(3600)
    return work(workforce._setup_from(payload), chunk)


def test_processes_give_the_same_bytes(world: World, whole: Path, tmp_path: Path) -> None:
    ended = carry_out(the_sweep(whole, world), tmp_path, Work(workers=2, isolate=True))
    assert contents(ended.folder) == contents(whole)


def test_a_part_whose_worker_dies_once_is_done_again_and_nothing_is_lost(
    world: World, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEP_MARK", str(tmp_path / "mark"))
    monkeypatch.setattr(workforce, "work_on", deadly_once)
    ended = carry_out(the_sweep(whole, world), tmp_path / "out", Work(workers=2, isolate=True))
    assert (tmp_path / "mark").exists()
    assert ended.failed == 0
    assert contents(ended.folder) == contents(whole)


def test_a_part_that_kills_its_workers_is_aborted_after_one_more_try_and_alone(
    world: World, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workforce, "work_on", deadly)
    ended = carry_out(the_sweep(whole, world), tmp_path, Work(workers=2, isolate=True))
    runs = load_results(ended.folder)
    assert ended.failed == 2
    assert list(runs.loc[runs["status"] != "ok", "point"]) == [3, 3]
    assert set(runs["status"]) == {"ok", "aborted"}
    log = [json.loads(line) for line in (ended.folder / "status.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["chunk"] for entry in log if entry.get("event") == "aborted"] == [3]
    well = load_results(whole)
    assert runs[runs["status"] == "ok"].equals(well[well["point"] != 3])


class Doomed:
    """A crew that takes one part, dies of it unseen, and refuses the next; its successor does all that it is given."""

    def __init__(self, setup: Setup) -> None:
        self.setup, self.in_flight, self.dead, self.hand = setup, 2, False, []

    def submit(self, chunk: Chunk) -> Future[Finished]:
        if self.dead:
            raise BrokenProcessPool("a process died")
        future: Future[Finished] = Future()
        if self.hand is None:
            future.set_result(work(self.setup, chunk))
        else:
            self.hand.append(chunk.number)
            self.dead = True
        return future

    def ready_since(self) -> float | None:
        return None

    def renew(self) -> bool:
        self.dead, self.hand = False, None
        return True

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_what_a_dead_crew_had_in_hand_is_done_again_when_the_next_part_finds_it_dead(world: World, whole: Path) -> None:
    sweep, taken = the_sweep(whole, world), []
    crew = Doomed(sweep.setup)
    dispatch = Dispatch(sweep.setup, crew, Rules(), taken.append, lambda _: None)
    assert dispatch.through((sweep.plan.chunk(sweep.design, number) for number in sweep.plan.numbers), lambda: None)
    assert sorted(finished.number for finished in taken) == list(sweep.plan.numbers)


def test_a_sweep_with_a_part_missing_is_not_finished(world: World, whole: Path, tmp_path: Path) -> None:
    prepared = the_sweep(whole, world)
    folder = Folder(tmp_path / prepared.plan.folder, prepared.plan)
    folder.begin(prepared.design)
    with pytest.raises(DataError, match=f"{prepared.plan.chunks} of {prepared.plan.chunks} parts are missing"):
        finish(prepared, folder, 0.0)


def test_a_part_that_takes_too_long_is_given_up_and_the_rest_goes_on(
    world: World, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workforce, "work_on", endless)
    how = Work(workers=2, isolate=True, rules=Rules(timeout=20))
    runs = load_results(carry_out(the_sweep(whole, world), tmp_path, how).folder)
    assert list(runs.loc[runs["status"] == "timeout", "point"]) == [5, 5]
    assert (runs["status"] != "ok").sum() == 2


def test_a_time_limit_needs_processes(world: World, whole: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--timeout needs --isolate"):
        carry_out(the_sweep(whole, world), tmp_path, Work(rules=Rules(timeout=20)))


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
    log = [json.loads(line) for line in (ended.folder / "status.jsonl").read_text(encoding="utf-8").splitlines()]
    done = [entry["chunk"] for entry in log if "runs" in entry and "chunk" in entry]
    assert sorted(done) == list(range(prepared.plan.chunks))  # nothing double


@pytest.mark.parametrize("given", ["local:none", "tcp://127.0.0.1:1"])
def test_a_scheduler_that_cannot_be_had_is_said(world: World, whole: Path, tmp_path: Path, given: str) -> None:
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

    crew = workforce.Cluster.__new__(workforce.Cluster)
    crew.executor, crew.client, crew.cluster = (Slow(name) for name in ("executor", "client", "cluster"))  # type: ignore[assignment]
    crew.close()
    assert asked == ["executor", "client", "cluster"]

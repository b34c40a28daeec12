"""Workers may die in mid-sweep: no run is lost or made twice, and none outlives its parent."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest
from tests.sweeping import contents, grid

from eurasia_sim.experiments import executors
from eurasia_sim.experiments.batch import work
from eurasia_sim.experiments.executors import Work, dispatch
from eurasia_sim.experiments.sweep import carry_out
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import load_results

LOCAL = Work(scheduler="local:2")

# What a worker does is looked up by name in the process that does it, so this is sent instead.


def deadly(payload, chunk):
    """The process dies of part 3: each time, or, where a mark is to be left, the first time."""
    mark = Path(os.environ.get("SWEEP_MARK", "nowhere"))
    if chunk.number == 3 and not mark.exists():
        if "SWEEP_MARK" in os.environ:
            mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return work(executors._setup_from(payload), chunk)


def deaf(payload, chunk):
    """Part 1 never gives another thread of its process a turn."""
    if chunk.number == 1:
        Path(os.environ["SWEEP_MARK"]).touch()
        re.match("(a+)+b", "a" * 80)
    return work(executors._setup_from(payload), chunk)


def log_of(folder: Path) -> list[dict]:
    lines = (folder / "status.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def dask_processes(parent: int) -> list[psutil.Process]:
    """The worker processes below a process."""
    children = psutil.Process(parent).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@pytest.fixture
def scheduler():
    """The address of a scheduler with two worker processes that somebody else started."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["ours", "another"])
def test_a_worker_that_is_killed_in_mid_sweep_costs_nothing(world, tmp_path, request, whose):
    how = LOCAL if whose == "ours" else Work(scheduler=request.getfixturevalue("scheduler"))
    before, sweep = set(dask_processes(os.getpid())), grid(tmp_path, world, steps=40)
    whole = carry_out(sweep, tmp_path / "whole", Work(workers=1)).folder
    parts = tmp_path / "out" / whole.name / "parts"
    seen: list[int] = []

    def kill_one() -> None:
        while len(list(parts.glob("0*.parquet"))) < 4:
            time.sleep(0.002)
        dask_processes(os.getpid())[0].kill()
        seen.append(len(list(parts.glob("0*.parquet"))))

    killer = threading.Thread(target=kill_one)
    killer.start()
    ended = carry_out(sweep, tmp_path / "out", how)
    killer.join()
    assert seen[0] < sweep.plan.chunks  # it died in mid-sweep
    assert ended.failed == 0
    assert contents(ended.folder) == contents(whole)
    done = [entry["chunk"] for entry in log_of(ended.folder) if {"runs", "chunk"} <= entry.keys()]
    assert sorted(done) == list(range(sweep.plan.chunks))  # every part once
    assert whose == "another" or set(dask_processes(os.getpid())) <= before


@pytest.mark.slow
@pytest.mark.parametrize("times", ["once", "always"])
def test_a_part_whose_worker_dies_is_run_again_alone_and_then_aborted(
    sweep, whole, tmp_path, monkeypatch, times
) -> None:
    if times == "once":
        monkeypatch.setenv("SWEEP_MARK", str(tmp_path / "mark"))
    monkeypatch.setattr(executors, "work_on", deadly)
    ended = carry_out(sweep, tmp_path / "out", LOCAL)
    if times == "once":
        assert (tmp_path / "mark").exists()
        assert contents(ended.folder) == contents(whole)
        return
    runs, well = load_results(ended.folder), load_results(whole)
    assert ended.failed == 2
    assert list(runs.loc[runs["status"] == "aborted", "point"]) == [3, 3]
    log = log_of(ended.folder)
    assert [entry["chunk"] for entry in log if entry.get("event") == "aborted"] == [3]
    assert runs[runs["status"] == "ok"].equals(well[well["point"] != 3])


@pytest.mark.slow
def test_an_executor_that_breaks_ends_the_sweep_and_resume_completes_it(
    sweep, whole, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(executors, "work_on", deadly)
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(DataError, match=r"finished parts are kept\n.*--resume"),
    ):
        carry_out(sweep, tmp_path, Work(executor=pool, workers=1))
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / whole.name).glob("parts/0*")}
    assert len(kept) == 3  # those before the deadly one
    ended = carry_out(sweep, tmp_path, Work(workers=1), resume=True)
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    assert contents(ended.folder) == contents(whole)


def test_work_in_flight_is_bounded_and_a_part_that_a_worker_died_of_comes_last_and_alone(
    sweep,
) -> None:
    taken, given, killed = [], [], {1: 1, 2: 2}

    def submit(chunk) -> Future:
        """A worker that answers at once, or dies of a chunk."""
        given.append((chunk.number, len(given) - len(taken)))
        future: Future = Future()
        if killed.get(chunk.number, 0):
            killed[chunk.number] -= 1
            future.set_exception(type("KilledWorker", (Exception,), {})("died"))
        else:
            future.set_result(work(sweep.setup, chunk))
        return future

    numbers, workers, dead = sweep.plan.numbers, 2, 2
    chunks = (sweep.plan.chunk(sweep.design, number) for number in numbers)
    dispatch(sweep.setup, chunks, (submit, workers), taken.append, lambda _: None)
    assert sorted(finished.number for finished in taken) == list(numbers)
    assert [finished.number for finished in taken if finished.failed] == [2]
    assert max(others for _, others in given) < 2 * workers + dead
    assert sorted(number for number, _ in given[-2:]) == [1, 2]
    assert {others for _, others in given[-2:]} == {dead}  # that is, none in hand


LONG = """
import sys
from pathlib import Path
from tests.experiments import test_executors
from tests.sweeping import grid
from eurasia_sim.experiments import executors
from eurasia_sim.experiments.sweep import carry_out
from eurasia_sim.world.world import load_world
if __name__ == "__main__":
    place = Path(sys.argv[1])
    executors.work_on = getattr(test_executors, sys.argv[2], executors.work_on)
    carry_out(grid(place, load_world(), steps=2000), place / "out", test_executors.LOCAL)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("end", "part"), [(signal.SIGTERM, "usual"), (signal.SIGKILL, "deaf")])
def test_no_process_outlives_a_parent_that_is_ended(
    tmp_path: Path, repository: Path, end: signal.Signals, part: str
) -> None:
    script, mark = tmp_path / "long.py", tmp_path / "mark"
    script.write_text(LONG, encoding="utf-8")
    paths = os.pathsep.join(filter(None, (str(repository), os.environ.get("PYTHONPATH"))))
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), part],
        env={**os.environ, "PYTHONPATH": paths, "SWEEP_MARK": str(mark)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 300  # a busy machine takes a minute
    is_deaf = part == "deaf"
    while not list(tmp_path.glob("out/*/parts/0*.parquet")) or (is_deaf and not mark.exists()):
        assert parent.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    children = psutil.Process(parent.pid).children(recursive=True)
    assert len(dask_processes(parent.pid)) == 2
    parent.send_signal(end)
    assert parent.wait(timeout=60) != 0
    _, alive = psutil.wait_procs(children, timeout=60)
    for process in alive:
        process.kill()
    assert alive == []
    assert not list(tmp_path.glob("out/*/manifest.json"))


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_said(sweep, tmp_path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(DataError, match="--scheduler"):
        carry_out(sweep, tmp_path, Work(scheduler="tcp://127.0.0.1:1"))


def test_a_client_that_is_slow_to_go_leaves_no_cluster_of_ours_behind(sweep, monkeypatch) -> None:
    distributed = pytest.importorskip("distributed")
    client, cluster = (Mock(**{"close.side_effect": TimeoutError}) for _ in range(2))
    client.nthreads.return_value = {"a": 1, "b": 1}
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: client)
    monkeypatch.setattr(distributed, "LocalCluster", lambda **_: cluster)
    with LOCAL.started(sweep.setup) as (_, count):
        assert count == 2
    assert client.close.called
    assert cluster.close.called
    assert client.get_executor.return_value.shutdown.called

"""Workers, sweeps and writes may fail at any moment: no run is lost, and none is made twice."""

import contextlib
import errno
import json
import multiprocessing
import os
import random
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

LOCAL, KILLS = Work(scheduler="local:2"), 10

# What a worker does is looked up by name in the process that does it, so this is sent instead.


def deadly(payload, chunk):
    """The process dies of part 3."""
    if chunk.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(executors._setup_from(payload), chunk)


def deaf(payload, chunk):
    """Part 1 never gives another thread of its process a turn."""
    if chunk.number == 1:
        Path(os.environ["SWEEP_MARK"]).touch()
        re.match("(a+)+b", "a" * 80)
    return work(executors._setup_from(payload), chunk)


def log_of(folder):
    lines = (folder / "status.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def dask_processes(parent):
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
    parts, seen = tmp_path / "out" / whole.name / "parts", []

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
def test_an_executor_that_breaks_ends_the_sweep_and_resume_completes_it(
    sweep, whole, tmp_path, monkeypatch
):
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


def test_work_in_flight_is_bounded_and_a_part_that_a_worker_died_of_comes_last_and_alone(sweep):
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
def test_no_process_outlives_a_parent_that_is_ended(tmp_path, repository, end, part):
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
def test_a_scheduler_that_does_not_answer_is_said(sweep, tmp_path):
    pytest.importorskip("distributed")
    with pytest.raises(DataError, match="--scheduler"):
        carry_out(sweep, tmp_path, Work(scheduler="tcp://127.0.0.1:1"))


def test_a_client_that_is_slow_to_go_leaves_no_cluster_of_ours_behind(sweep, monkeypatch):
    distributed = pytest.importorskip("distributed")
    client, cluster = (Mock(**{"close.side_effect": TimeoutError}) for _ in range(2))
    client.nthreads.return_value = {"a": 1, "b": 1}
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: client)
    monkeypatch.setattr(distributed, "LocalCluster", lambda **_: cluster)
    with LOCAL.started(sweep.setup) as (_, count):
        assert count == 2
    shut = client.get_executor.return_value.shutdown
    assert all(each.called for each in (client.close, cluster.close, shut))


def carried_on(sweep, out):
    return carry_out(sweep, out, Work(workers=2), resume=True).folder


def parts_there(folder, whole):
    """How many parts of a sweep are there, all as in the whole one."""
    there = sorted(folder.glob("parts/0*.parquet"))
    assert all(path.read_bytes() == (whole / "parts" / path.name).read_bytes() for path in there)
    return len(there)


@pytest.mark.slow
def test_a_sweep_killed_again_and_again_goes_on_to_the_same_bytes(world, tmp_path):
    sweep, out, moments = grid(tmp_path, world, steps=200), tmp_path / "killed", random.Random(11)
    whole = carried_on(sweep, tmp_path / "whole")
    forks = multiprocessing.get_context("forkserver")  # children of a server that has no threads
    forks.set_forkserver_preload(["eurasia_sim.experiments.sweep"])
    left = [0]
    while len(left) <= KILLS:
        child = forks.Process(target=carried_on, args=(sweep, out))
        child.start()
        deadline = time.monotonic() + 60
        while len(list(out.glob("*/parts/*"))) <= left[-1] and time.monotonic() < deadline:
            time.sleep(0.001)  # until it writes
        child.join(moments.uniform(0, 0.1))
        assert child.is_alive()
        child.kill()
        child.join()
        left.append(parts_there(out / whole.name, whole))
        assert left[-1] >= left[-2]  # what was there stays there
    assert len(set(left)) > 3  # the moments were different ones
    assert carried_on(sweep, out) == out / whole.name
    assert contents(out / whole.name) == contents(whole)
    assert not list(out.glob("**/.*.part"))


def failing(monkeypatch, target, name, n):
    """Let the n-th call of a function of the operating system fail; the calls so far."""
    calls, real = list[str](), getattr(target, name)

    def call(*given, **options):
        mode = options.get("mode", given[1] if len(given) > 1 else "r")
        if name != "open" or set("awx+") & set(mode):  # a reader loses nothing
            calls.append(name)
            if len(calls) == n:
                raise OSError(errno.ENOSPC, "No space left on device")
        return real(*given, **options)

    monkeypatch.setattr(target, name, call)
    return calls


@pytest.mark.slow
@pytest.mark.parametrize(("target", "name"), [(os, "fsync"), (Path, "replace"), (Path, "open")])
def test_whichever_write_fails_the_sweep_goes_on_to_the_same_bytes(
    world, tmp_path, monkeypatch, target, name
):
    sweep, failed = grid(tmp_path, world, steps=2), 0
    with monkeypatch.context() as patch:
        counted = failing(patch, target, name, n=-1)
        whole = carried_on(sweep, tmp_path / "whole")
    for n in range(1, len(counted) + 1):
        out = tmp_path / f"{n}"
        with monkeypatch.context() as patch:
            failing(patch, target, name, n)
            with contextlib.suppress(OSError):
                carried_on(sweep, out)
                failed -= 1
            failed += 1
        parts_there(out / whole.name, whole)
        carried_on(sweep, out)
        assert contents(out / whole.name) == contents(whole)
    # Two looks whether a finished sweep is there; nothing else hides a failure.
    assert failed >= len(counted) - 2
    assert len(counted) >= 4

"""A sweep killed at any moment, or with a write failed, goes on to the same bytes."""

import contextlib
import errno
import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest
from tests.sweeping import contents, grid

from eurasia_sim.experiments.executors import Work
from eurasia_sim.experiments.sweep import Sweep, carry_out
from eurasia_sim.simulation import results

pytestmark = pytest.mark.slow  # real folders, made by the product
KILLS = 10


def carried_on(sweep: Sweep, out: Path) -> Path:
    return carry_out(sweep, out, Work(workers=2), resume=True).folder


def parts_there(folder: Path, whole: Path) -> int:
    """How many parts of a sweep are there, all as in the whole one."""
    there = sorted(folder.glob("parts/0*.parquet"))
    assert all(path.read_bytes() == (whole / "parts" / path.name).read_bytes() for path in there)
    return len(there)


def test_a_sweep_killed_again_and_again_goes_on_to_the_same_bytes(world, tmp_path: Path) -> None:
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


def failing(monkeypatch: pytest.MonkeyPatch, target: object, name: str, n: int) -> list[str]:
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


@pytest.mark.parametrize(
    ("target", "name"), [(os, "fsync"), (Path, "replace"), (Path, "open"), (results, "write_bytes")]
)
def test_whichever_write_fails_the_sweep_goes_on_to_the_same_bytes(
    world, tmp_path, monkeypatch, target, name
) -> None:
    sweep = grid(tmp_path, world, steps=2)
    with monkeypatch.context() as patch:
        counted = failing(patch, target, name, n=-1)
        whole = carried_on(sweep, tmp_path / "whole")
    failed = 0
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

"""A sweep killed at any moment, or with a write failed, goes on to the same bytes."""

import contextlib
import errno
import multiprocessing
import os
import random
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.sweeping import contents, grid

from eurasia_sim.experiments.sweep import Sweep, Work, carry_out
from eurasia_sim.simulation import results
from eurasia_sim.world.world import World

pytestmark = pytest.mark.slow  # real folders, made by the product

KILLS = 30
KEPT = 50  # parts of two hundred


def carried_on(prepared: Sweep, out: Path) -> Path:
    return carry_out(prepared, out, Work(workers=2), resume=True).folder


def assert_parts_are_those_of(whole: Path, parts: Iterable[Path]) -> None:
    for path in parts:
        assert path.read_bytes() == (whole / "parts" / path.name).read_bytes()


@pytest.fixture(scope="module")
def forks() -> multiprocessing.context.ForkServerContext:
    """Children that need not import everything again, of a server that has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["eurasia_sim.experiments.sweep"])
    return context


def test_a_sweep_killed_at_thirty_moments_goes_on_to_the_same_bytes(
    world: World, tmp_path: Path, forks
) -> None:
    prepared = grid(tmp_path, world, steps=100)
    whole = carried_on(prepared, tmp_path / "whole")
    moments = random.Random(11)
    killed, left, out = 0, [], tmp_path / "killed"
    parts = out / whole.name / "parts"
    while killed < KILLS:
        child = forks.Process(target=carried_on, args=(prepared, out))
        child.start()
        before = len(list(parts.glob("0*.parquet")))
        deadline = time.monotonic() + 60
        while len(list(parts.glob("*"))) <= before and child.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.001)  # until it writes
        child.join(moments.uniform(0, 0.1))
        if child.is_alive():
            child.kill()
            child.join()
            killed += 1
            now = sorted(parts.glob("0*.parquet"))
            assert len(now) >= before  # what was there stays there
            left.append(len(now))
        there = sorted(parts.glob("0*.parquet"))
        assert_parts_are_those_of(whole, there)
        if len(there) > KEPT:  # so that there is always more work than a moment's
            for path in moments.sample(there, len(there) - 5):
                path.unlink()
    assert len(set(left)) > 3  # the moments were different ones
    assert carried_on(prepared, out) == out / whole.name
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
    prepared = grid(tmp_path, world, steps=2)
    with monkeypatch.context() as patch:
        counted = failing(patch, target, name, n=-1)
        whole = carried_on(prepared, tmp_path / "whole")
    expected, failed = contents(whole), 0
    for n in range(1, len(counted) + 1):
        out = tmp_path / f"{n}"
        with monkeypatch.context() as patch:
            failing(patch, target, name, n)
            with contextlib.suppress(OSError):
                carried_on(prepared, out)
                failed -= 1
            failed += 1
        assert_parts_are_those_of(whole, (out / whole.name / "parts").glob("0*.parquet"))
        carried_on(prepared, out)
        assert contents(out / whole.name) == expected
    # Two looks whether a finished sweep is there; nothing else hides a failure.
    assert failed >= len(counted) - 2
    assert len(counted) >= 4

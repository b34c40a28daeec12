"""One experiment by our sweep, by ema_workbench and by Mesa's runner, side by side: `python -m benchmarks.peers`.

The two others drive the same scenario over the Mesa face. Each has a process of its own and the same cores; the time is
that from a world that is read to results in hand, the memory that of the process and all that it starts.
"""

from __future__ import annotations

import argparse
import os
from typing import NamedTuple

from benchmarks import peer_ways
from benchmarks.alone import Alone, alone
from benchmarks.measured import Row, Section, machine, show

MEGABYTE = 1e6
WAYS = {
    "our sweep": peer_ways.by_sweep,
    "ema_workbench, MultiprocessingEvaluator": peer_ways.by_workbench,
    "Mesa's batch_run": peer_ways.by_batch_run,
}
OWN = "our sweep"


class Size(NamedTuple):
    """How much is done."""

    points: int = 1_000  # of our sweep
    peer_points: int = 20  # of the others, which take a hundred times as long
    replications: int = 10
    turns: int = 1
    cores: int = os.cpu_count() or 1
    scenario: str = "us_exit"


def compare(size: Size) -> Section:
    """Time every way, turn by turn, and watch its memory."""
    found: dict[tuple[str, int], list[Alone]] = {}
    for _ in range(size.turns):
        for name, way in WAYS.items():
            for points in sorted(
                {size.peer_points, size.points} if name == OWN else {size.peer_points}
            ):
                given = {
                    "scenario": size.scenario,
                    "replications": size.replications,
                    "cores": size.cores,
                }
                found.setdefault((name, points), []).append(alone(way, points=points, **given))
    rows = []
    for (name, points), turns in found.items():
        runs, seconds = points * size.replications, tuple(turn.result for turn in turns)
        rows += [
            Row(f"{name}, {runs:,} runs", seconds, "s"),
            Row(f"{name}, {runs:,} runs: rate", tuple(runs / each for each in seconds), "runs/s"),
            Row(
                f"{name}, {runs:,} runs: memory",
                tuple(turn.peak_of_all / MEGABYTE for turn in turns),
                "MB",
            ),
        ]
    about = (
        f"{size.scenario} over everything uncertain, {size.replications} replications a point, {size.cores} cores "
        f"each, from a world that is read to results. The others are given {size.peer_points:,} points of the "
        f"{size.points:,}, for they take long; every row says how many runs were made, and none is extrapolated. "
        "batch_run keeps each run's last month, ema_workbench means over the window; our sweep also writes to disk. "
        "Memory is the most seen of a process and its children together."
    )
    return Section("Beside other tools", about, tuple(rows))


def asked() -> Size:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=(__doc__ or "").split("\n")[0]
    )
    usual = Size()
    for name in ("points", "peer_points", "replications", "turns", "cores"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(usual, name))
    return Size(**vars(parser.parse_args()))


if __name__ == "__main__":
    size = asked()
    print(machine(size.cores))
    show(compare(size))

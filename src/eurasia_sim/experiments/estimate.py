"""What a sweep will take, measured on a few of its own runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eurasia_sim.experiments.batch import Chunk, work
from eurasia_sim.experiments.executors import Work
from eurasia_sim.experiments.folder import disk_free
from eurasia_sim.experiments.point import point_of
from eurasia_sim.experiments.sweep import Sweep

_STEPS = (8, 24)  # runs: two sizes part what a file costs from what a run costs
_PROCESS = 200_000_000  # bytes that the program takes before it holds any run
_COLUMNS_BESIDE = 60  # about so many columns of a part are no measures


def estimate(prepared: Sweep, out: Path, how: Work) -> dict[str, Any]:
    """What a sweep will take, from running a few of its runs: seconds, bytes of memory and of disk."""
    plan, per_point = prepared.plan, prepared.setup.experiment.runs_a_point
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
    columns = (
        len(prepared.setup.experiment.columns)
        or prepared.setup.inputs(
            prepared.setup.experiment.scenarios[0].name, point_of(prepared.setup, 0, prepared.design.cells[0])
        ).columns.__len__()
    )
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

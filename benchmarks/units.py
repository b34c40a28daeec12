"""What one run, one part and one point cost, and what that makes of a thousand million runs, on paper."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import psutil

from benchmarks.measured import Row, Section
from benchmarks.timed import REPLICATIONS, scratch, timed_sweep
from eurasia_sim.experiments.batch import Chunk, Finished
from eurasia_sim.experiments.executors import Cluster
from eurasia_sim.experiments.folder import RUNS_A_CHUNK, Folder
from eurasia_sim.experiments.point import Setup
from eurasia_sim.experiments.sweep import Work, carry_out
from eurasia_sim.simulation.results import PARTS

RUNS_ON_PAPER = 10**9
PARTS_TIMED = 40
TASKS_TIMED = 1_000
POINTS_TIMED = 4_000
DAY, HOUR = 86_400.0, 3_600.0


class Units(NamedTuple):
    """Measured costs, in seconds and bytes."""

    kernel: float  # s of a core a run, in the kernel
    around: float  # s of a core a run, around it: draws, tables, compression
    write: float  # s a part, in the one process that writes a folder, its sync to disk included
    look: float  # s a part, when a folder is finished and its failures are looked for
    adopt: float  # s a part, when shards are merged
    hand: float | None  # s a part, to hand it to a Dask worker and back; none if not measured
    lay: float  # s a point, to lay the design out
    disk: float  # bytes a run
    memory: float  # bytes a point, for the design's table

    @property
    def run(self) -> float:
        """Seconds of a core that a run takes in all."""
        return self.kernel + self.around


def unit_costs(kernel: float, around: float, cores: int, *, dask: bool = True) -> Units:
    """Measure what is not given.

    Args:
        kernel, around: seconds of a core a run, in the kernel and beyond it.
    """
    with scratch() as folder:
        prepared = timed_sweep(
            folder, PARTS_TIMED * (RUNS_A_CHUNK // REPLICATIONS) * REPLICATIONS, short=True
        )
        plan, setup = prepared.plan, prepared.setup
        whole = Folder(carry_out(prepared, folder, Work(workers=cores)).folder, plan)
        bytes_written = sum(whole.part(number).stat().st_size for number in plan.numbers)
        columns = [factor.column for factor in prepared.design.factors]
        look = _seconds(lambda: whole.failures(columns, prepared.repro)) / plan.chunks
        adopt = _seconds(lambda: Folder(folder / "merged", plan).adopt(whole)) / plan.chunks
        written = Folder(folder / "written", plan)
        written.begin(prepared.design)
        finished = [
            Finished(number, plan.runs_of(number), 0, 0.0, {PARTS: whole.part(number).read_bytes()})
            for number in plan.numbers
        ]
        write = _seconds(lambda: [written.write(each) for each in finished]) / plan.chunks
        hand = _handing(setup, plan.chunk(prepared.design, 0), cores) if dask else None
        lay = _seconds(lambda: timed_sweep(folder, POINTS_TIMED * REPLICATIONS)) / POINTS_TIMED
        memory = prepared.design.cells.nbytes / len(prepared.design)
    around = max(around - write / RUNS_A_CHUNK, 0.0)
    return Units(kernel, around, write, look, adopt, hand, lay, bytes_written / plan.runs, memory)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _handing(setup: Setup, chunk: Chunk, cores: int) -> float:
    """Seconds that Dask takes to hand a part to a worker and bring an answer back, as many in hand as a sweep has."""
    crew = Cluster(setup, f"local:{cores}")
    try:
        began = 0.0
        for size in (crew.in_flight, TASKS_TIMED):  # the first few load what they need
            began = time.perf_counter()
            list(crew.executor.map(nothing, [crew.payload] * size, [chunk] * size))
        return (time.perf_counter() - began) / TASKS_TIMED
    finally:
        crew.close()


def nothing(payload: bytes, chunk: Chunk) -> int:
    """What a worker does with a part when only its way there and back is timed."""
    return len(payload) + chunk.number


def on_paper(units: Units) -> Section:
    """What the measured costs make of very many runs; nothing in it was run."""
    parts, points = RUNS_ON_PAPER / RUNS_A_CHUNK, RUNS_ON_PAPER / REPLICATIONS
    days = RUNS_ON_PAPER * units.run / DAY
    memory = float(psutil.virtual_memory().total)
    limits = {
        "one process that writes a folder": DAY / units.write * RUNS_A_CHUNK,
        "one process that merges and finishes": DAY / (units.adopt + units.look) * RUNS_A_CHUNK,
    }
    if units.hand is not None:
        limits["Dask's scheduler"] = DAY / units.hand * RUNS_A_CHUNK
    first = min(limits, key=limits.__getitem__)
    table = memory / units.memory * REPLICATIONS
    rows = (
        Row("a run in the kernel", (units.kernel * 1e3,), "ms of a core"),
        Row("a run around the kernel", (units.around * 1e3,), "ms of a core"),
        Row("writing a part", (units.write * 1e3,), "ms"),
        Row("looking through a part at the end", (units.look * 1e3,), "ms"),
        Row("merging a part of a shard", (units.adopt * 1e3,), "ms"),
        *(
            [Row("handing a part to a Dask worker", (units.hand * 1e3,), "ms")]
            if units.hand is not None
            else []
        ),
        Row("laying out a point", (units.lay * 1e6,), "us"),
        Row("a run on disk", (units.disk,), "bytes"),
        Row("a point of the design in memory", (units.memory,), "bytes"),
        *(
            Row(f"most by {name}", (runs,), "runs a day")
            for name, runs in sorted(limits.items(), key=lambda x: x[1])
        ),
        Row(f"most whose design fits {memory / 1e9:.0f} GB of memory", (table,), "runs a sweep"),
    )
    cores = limits[first] * units.run / DAY
    hours = parts * units.write / HOUR, parts * (units.adopt + units.look) / HOUR
    notes = (
        f"{RUNS_ON_PAPER:,} runs would take {days:,.0f} days of one core: a day on {days:,.0f} cores like these.",
        f"They would be {parts:,.0f} parts and {RUNS_ON_PAPER * units.disk / 1e12:.1f} TB on disk.",
        f"One writer would spend {hours[0]:,.0f} h on them, merging and finishing {hours[1]:,.0f} h.",
        f"The design's {points:,.0f} points would hold {points * units.memory / 1e9:,.0f} GB in every process.",
        f"What stops first in one sweep: the design's table, beyond {table:,.0f} runs for each {memory / 1e9:.0f} GB.",
        f"What stops more cores first: {first}, at {limits[first]:,.0f} runs a day; {cores:,.0f} cores make them.",
    )
    about = (
        f"Measured costs of one run, part (of {RUNS_A_CHUNK} runs at most) and point (of {REPLICATIONS} replications), "
        f"and sums over them. No such number of runs was made."
    )
    return Section("A thousand million runs, on paper", about, rows, (), notes)

"""The folder of a sweep: what is planned, which chunks are there, one writer at a time, and when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from eurasia_sim import store
from eurasia_sim.catalogue import DataError
from eurasia_sim.machine_code import model_version
from eurasia_sim.sampling import Design
from eurasia_sim.sweep_chunk import OK, Chunk, Finished
from eurasia_sim.sweep_point import Setup

PLAN, DESIGN, FAILURES, LOCK = "plan.json", "design.parquet", "failures.parquet", "sweep.lock"
RUNS_A_CHUNK = 128
# What says that a run failed, and how; the factors are added to it.
_TELLING = ["run_id", "point", "replicate", "scenario", "theory", "seed", "status", "failed_month", "failed_phase"]
_NO_EXTENSION = """this design does not begin with the points of {folder}, so it does not extend it
    allowed: more points of a sobol or saltelli design; another block of a latin_hypercube or morris design, as in
    points: [500, 500]; more entries at the end of a list, table or zip; more levels at the end of a grid's
    first factor"""


@dataclass(frozen=True)
class Plan:
    """What a folder is for; two plans of one identity give the same bytes."""

    name: str
    identity: str  # of everything that decides what the parts hold
    family: str  # of what decides a run at a given point
    points: int
    runs: int
    points_a_chunk: int
    keep: str
    shard: tuple[int, int] = (1, 1)  # which, of how many

    @property
    def chunks(self) -> int:
        """How many chunks the whole sweep has."""
        return -(-self.points // self.points_a_chunk)

    @property
    def numbers(self) -> range:
        """Numbers of the chunks that this folder is for."""
        return range(self.shard[0] - 1, self.chunks, self.shard[1])

    @property
    def folder(self) -> str:
        """Name of its folder."""
        shard = f".shard-{self.shard[0]}-of-{self.shard[1]}" if self.shard[1] > 1 else ""
        return f"{self.name}-{self.identity[:12]}{shard}"

    def chunk(self, design: Design, number: int) -> Chunk:
        """A chunk's points."""
        first = number * self.points_a_chunk
        return Chunk(number, first, design.cells[first : first + self.points_a_chunk])

    def runs_of(self, number: int) -> int:
        """How many runs a chunk has."""
        first = number * self.points_a_chunk
        return (min(first + self.points_a_chunk, self.points) - first) * (self.runs // self.points)


def plan_of(setup: Setup, design: Design, runs_a_chunk: int, shard: tuple[int, int] = (1, 1)) -> Plan:
    """The plan of an experiment's sweep."""
    experiment = setup.experiment
    size = max(1, runs_a_chunk // experiment.runs_a_point)
    family = hashlib.sha256(
        "\0".join([experiment.family, setup.world.digest, model_version(), setup.keep, str(size)]).encode()
    ).hexdigest()
    identity = hashlib.sha256(f"{family}\0{design.digest}".encode()).hexdigest()
    runs = len(design) * experiment.runs_a_point
    return Plan(experiment.name, identity, family, len(design), runs, size, setup.keep, shard)


def read_plan(folder: Path) -> Plan:
    """The plan in a folder.

    Raises:
        DataError: where there is none that can be read.
    """
    try:
        content = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        return Plan(**{**content, "shard": tuple(content["shard"])})
    except (OSError, ValueError, TypeError, KeyError):
        raise DataError([f"{folder} is no folder of a sweep: it has no {PLAN} that can be read"]) from None


@contextlib.contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Hold a folder alone; the hold ends with its process, however that ends.

    Raises:
        DataError: where another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        message = f"{folder} is being written by another sweep: wait for it, or choose another --out"
        raise DataError([message]) from None
    try:
        for aside in folder.glob("**/.*.part"):  # what a killed writer left
            aside.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


class Folder:
    """A sweep's folder, held by one writer."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path, self.plan = path, plan

    def begin(self, design: Design) -> None:
        """Write down what is planned."""
        store.write_table(self.path / DESIGN, design.table())
        store.write_json(self.path / PLAN, asdict(self.plan))

    def part(self, number: int, kind: str = store.PARTS) -> Path:
        """File of a chunk's table."""
        return self.path / kind / f"{number:08d}.parquet"

    def holds(self, number: int) -> bool:
        """Whether a chunk is there, whole."""
        try:
            return bool(pq.read_metadata(self.part(number)).num_rows == self.plan.runs_of(number))
        except (OSError, pa.ArrowException):
            return False

    def missing(self) -> list[int]:
        """Numbers of the chunks that are not there."""
        return [number for number in self.plan.numbers if not self.holds(number)]

    def write(self, finished: Finished) -> None:
        """Write a chunk's tables; its part last, for it says that the chunk is there."""
        for kind, content in sorted(finished.tables.items(), key=lambda table: table[0] == store.PARTS):
            store.write_whole(self.part(finished.number, kind), partial(_write_bytes, content))
        self.log({"chunk": finished.number, "runs": finished.runs, "failed": finished.failed,
                  "seconds": round(finished.seconds, 3)})  # fmt: skip

    def log(self, entry: Mapping[str, Any]) -> None:
        """Add a line to the log."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry})
        with (self.path / store.STATUS_LOG).open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    def adopt(self, other: Folder) -> int:
        """Take over the chunks that another folder of the same runs holds; how many those were."""
        taken = 0
        for number in self.plan.numbers:
            same = number < other.plan.chunks and other.plan.runs_of(number) == self.plan.runs_of(number)
            if same and not self.holds(number) and other.holds(number):
                kinds = [self.plan.keep] if self.plan.keep != "measures" else []
                for kind in (*kinds, store.PARTS):
                    if other.part(number, kind).exists():
                        store.write_whole(self.part(number, kind), partial(shutil.copyfile, other.part(number, kind)))
                taken += 1
        return taken

    def failures(self, factors: Sequence[str], repro: Mapping[str, Any]) -> int:
        """Write the table of failed runs in the parts that are there, and how many; no table where none failed.

        Args:
            repro: `command`, with {run}, and `date`, which names a month.
        """
        path, count = self.path / FAILURES, 0
        path.unlink(missing_ok=True)

        def write(aside: Path) -> None:
            nonlocal count
            writer = None
            for part in [self.part(number) for number in self.plan.numbers if self.part(number).exists()]:
                failed = _failed(part, [*_TELLING, *factors])
                if len(failed):
                    count += len(failed)
                    table = pa.Table.from_pandas(_told(failed, repro), preserve_index=False)
                    writer = writer or pq.ParquetWriter(aside, table.schema, compression="zstd")
                    writer.write_table(table)
            if writer:
                writer.close()
            else:
                pq.write_table(pa.table({}), aside)

        store.write_whole(path, write)
        if not count:
            path.unlink()
        return count


def _failed(part: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The failed runs of a part; where none failed, no more than that is read."""
    with pq.ParquetFile(part) as file:
        if file.read(columns=["status"])["status"].unique().to_pylist() == [OK]:
            return pd.DataFrame()
    return pd.read_parquet(part, columns=list(columns), filters=[("status", "!=", OK)])


def _told(failed: pd.DataFrame, repro: Mapping[str, Any]) -> pd.DataFrame:
    """Failed runs as a reader wants them: dates for months, the mechanism, and the command that shows why."""
    months = failed.pop("failed_month")
    failed.insert(7, "month", [repro["date"](month) if month >= 0 else None for month in months])
    failed = failed.rename(columns={"failed_phase": "mechanism"})
    runs = zip(failed["point"], failed["replicate"], failed["scenario"], strict=True)
    failed["repro"] = [repro["command"].format(run=f"{point}:{replicate}:{name}") for point, replicate, name in runs]
    return failed.astype({"month": "str", "repro": "str"})


def _write_bytes(content: bytes, path: Path) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def earlier(out: Path, plan: Plan, design: Design) -> Path | None:
    """The finished folder of the same experiment whose points are the first of this design; the largest of them.

    Raises:
        DataError: where there are finished ones, and this design begins with the points of none.
    """
    table, others = design.table(), []
    largest, found = 0, None
    for path in sorted(out.glob(f"{plan.name}-*")):
        manifest = store.read_manifest(path) or {}
        if not manifest.get("finished") or not (path / PLAN).exists():
            continue
        other = read_plan(path)
        if other.family == plan.family and other.identity != plan.identity and other.shard == (1, 1):
            others.append(path)
            before = pd.read_parquet(path / DESIGN)
            if len(before) <= len(table) and before.equals(table.iloc[: len(before)]) and len(before) > largest:
                largest, found = len(before), path
    if others and found is None:
        raise DataError([_NO_EXTENSION.format(folder=others[-1])])
    return found


def disk_free(folder: Path) -> int:
    """Bytes free where a folder lies or will lie."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free

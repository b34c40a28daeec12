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
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from eurasia_sim.compute.jit import model_version
from eurasia_sim.experiments.batch import OK, Chunk, Finished
from eurasia_sim.experiments.design import Design
from eurasia_sim.experiments.point import Setup
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import ALTERED, DIGEST, FILES, Entry, digest_of, read_sealed
from eurasia_sim.simulation import results
from eurasia_sim.simulation.family import content_digest

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
    identity: str  # of everything that decides what the folder says
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
    said = [content_digest(experiment.scenarios), experiment.title, experiment.question]
    identity = hashlib.sha256("\0".join([family, design.digest, *said]).encode()).hexdigest()
    runs = len(design) * experiment.runs_a_point
    return Plan(experiment.name, identity, family, len(design), runs, size, setup.keep, shard)


def read_plan(folder: Path) -> Plan:
    """The plan in a folder.

    Raises:
        DataError: where there is none, or it is damaged.
    """
    content = read_sealed(folder / PLAN)
    if content is None:
        raise DataError([f"{folder} is no folder of a sweep: it has no {PLAN}"])
    try:
        return Plan(**{**{key: content[key] for key in content if key != DIGEST}, "shard": tuple(content["shard"])})
    except (TypeError, KeyError):
        raise DataError([f"{folder / PLAN} is of another version; the sweep's command writes it again"]) from None


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
        self.entries: dict[str, Entry] = {}  # of the tables that were seen whole, or written, by name

    @cached_property
    def logged(self) -> dict[int, dict[str, Entry]]:
        """By chunk and kind, the tables that were written: as the log has them, or the manifest where it has not."""
        try:
            listed = results.files_of(self.path).entries if (self.path / results.MANIFEST).exists() else {}
        except DataError:
            listed = {}
        chunks: dict[int, dict[str, Entry]] = {}
        for number in self.plan.numbers:
            own = {kind: listed[name] for kind in self._kinds() if (name := results.part_name(kind, number)) in listed}
            if results.PARTS in own:
                chunks[number] = own
        return chunks | results.read_log(self.path)

    def _kinds(self) -> tuple[str, ...]:
        """Kinds of tables that a chunk may have; its part last, for it says that the chunk is there."""
        return (results.PARTS,) if self.plan.keep == "measures" else (self.plan.keep, results.PARTS)

    def begin(self, design: Design) -> None:
        """Write down what is planned."""
        results.write_table(self.path / DESIGN, design.table())
        results.write_sealed(self.path / PLAN, asdict(self.plan))

    def part(self, number: int, kind: str = results.PARTS) -> Path:
        """File of a chunk's table."""
        return self.path / results.part_name(kind, number)

    def tables(self, number: int) -> dict[str, bytes] | None:
        """A chunk's tables by kind, as they were written; none where one is missing or another than was planned."""
        logged, found = self.logged.get(number, {}), {}
        if results.PARTS not in logged or logged[results.PARTS].rows != self.plan.runs_of(number):
            return None
        for kind, entry in logged.items():
            try:
                content = self.part(number, kind).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
            if kind not in self._kinds() or digest_of(content) != entry.sha256:
                return None
            found[kind] = content
        return found

    def holds(self, number: int) -> bool:
        """Whether a chunk is there, whole; its tables are read the first time only."""
        if results.part_name(results.PARTS, number) in self.entries:
            return all(self.part(number, kind).exists() for kind in self.logged[number])
        if self.tables(number) is None:
            return False
        self._know(number, self.logged[number])
        return True

    def _know(self, number: int, own: dict[str, Entry]) -> None:
        self.logged[number] = own
        self.entries |= {results.part_name(kind, number): entry for kind, entry in own.items()}

    def missing(self) -> list[int]:
        """Numbers of the chunks that are not there, whole."""
        return [number for number in self.plan.numbers if not self.holds(number)]

    def damaged(self, missing: Sequence[int]) -> dict[str, str]:
        """Of chunks that are not there, whole: by name, the parts that are not as they were written."""
        return {results.part_name(results.PARTS, n): ALTERED for n in missing if self.part(n).exists()}

    def write(self, finished: Finished) -> None:
        """Write a chunk's tables and log them."""
        self._put(finished.number, finished.tables, {"failed": finished.failed, "seconds": round(finished.seconds, 3)})

    def _put(self, number: int, tables: Mapping[str, bytes], notes: Mapping[str, Any]) -> None:
        """Write a chunk's tables, its part last, and then log them: what is not in the log is not there."""
        runs = self.plan.runs_of(number)
        rows = {results.PARTS: runs}
        own = {k: Entry(digest_of(tables[k]), rows.get(k)) for k in self._kinds() if k in tables}
        for kind in own:
            results.write_bytes(self.part(number, kind), tables[kind])
        files = {kind: entry.plain() for kind, entry in own.items()}
        self.log({"chunk": number, "runs": runs, **notes, FILES: files})
        self._know(number, own)

    def log(self, entry: Mapping[str, Any]) -> None:
        """Add a line to the log, after one that a full disk may have cut."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry}).encode() + b"\n"
        with (self.path / results.STATUS_LOG).open("a+b") as log:
            if log.tell():
                log.seek(-1, os.SEEK_END)
                line = line if log.read(1) == b"\n" else b"\n" + line
            log.write(line)

    def adopt(self, other: Folder) -> int:
        """Take over the chunks that another folder of the same runs holds, whole; how many those were."""
        taken = 0
        for number in self.plan.numbers:
            same = number < other.plan.chunks and other.plan.runs_of(number) == self.plan.runs_of(number)
            if same and not self.holds(number) and (tables := other.tables(number)) is not None:
                self._put(number, tables, {"from": other.path.name})
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
            for part in [self.part(number) for number in self.plan.numbers if self.holds(number)]:
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

        results.write_whole(path, write)
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


def earlier(out: Path, plan: Plan, design: Design) -> Path | None:
    """The finished folder of the same experiment whose points are the first of this design; the largest of them.

    Raises:
        DataError: where there are finished ones, and this design begins with the points of none or all are damaged.
    """
    table, others, damaged = design.table(), [], []
    largest, found = 0, None
    for path in sorted(out.glob(f"{plan.name}-*")):
        if path.name == plan.folder or not (path / results.MANIFEST).exists() or not (path / PLAN).exists():
            continue
        try:
            other, before = read_plan(path), results.read_table(results.files_of(path), DESIGN)
        except DataError as error:
            damaged += error.problems
            continue
        if other.family == plan.family and other.shard == (1, 1):
            others.append(path)
            if len(before) <= len(table) and before.equals(table.iloc[: len(before)]) and len(before) > largest:
                largest, found = len(before), path
    if others and found is None:
        raise DataError([_NO_EXTENSION.format(folder=others[-1])])
    if damaged and found is None:
        raise DataError(damaged)
    return found


def disk_free(folder: Path) -> int:
    """Bytes free where a folder lies or will lie."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free

"""The folder of a sweep: plan, parts, failures, one writer."""

import contextlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from eurasia_sim.compute.jit import model_version
from eurasia_sim.experiments.batch import OK, Chunk, Setup
from eurasia_sim.experiments.design import Design
from eurasia_sim.files import integrity
from eurasia_sim.files.checker import reason_of
from eurasia_sim.files.data_yaml import DEFAULT_WORLD, DataError
from eurasia_sim.files.text import file_name_from
from eurasia_sim.simulation import results
from eurasia_sim.simulation.family import content_digest
from eurasia_sim.simulation.results import DESIGN, PARTS, part_name

PLAN, FAILURES, LOCK = "plan.json", "failures.parquet", "sweep.lock"
RUNS_A_CHUNK = 128
# What says that a run failed, and how; the factors are added to it.
_FAILURE = ["run_id", "point", "replicate", "scenario", "theory", "seed", "status"]
_FAILURE += ["failed_month", "failed_phase"]
_NO_EXTENSION = """this design does not begin with the points of {folder}, so it does not extend it
    allowed: more points of a sobol or saltelli design; another block of a latin_hypercube or
    morris design, as in points: [500, 500]; more at the end of a list or table, of the levels of
    a zip, or of those of a grid's first factor"""


def _is_shard(shard: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= shard[0] <= shard[1]:
        raise ValueError("the first of two numbers from 1 to the second")
    return shard


@dataclass(frozen=True)
class Plan:
    """What a folder is for; two plans of one identity give the same bytes."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    name: str
    identity: str  # of everything that decides what the folder says
    family: str  # of what decides a run at a given point
    points: Annotated[int, Field(ge=1)]
    runs: Annotated[int, Field(ge=1)]
    points_a_chunk: Annotated[int, Field(ge=1)]
    keep: str
    shard: Annotated[tuple[int, int], AfterValidator(_is_shard)] = (1, 1)  # which, of how many

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
        return f"{file_name_from(self.name)}-{self.identity[:12]}{shard}"

    def chunk(self, design: Design, number: int) -> Chunk:
        """A chunk's points."""
        first = number * self.points_a_chunk
        return Chunk(number, first, design.cells[first : first + self.points_a_chunk])

    def runs_of(self, number: int) -> int:
        """How many runs a chunk has."""
        first = number * self.points_a_chunk
        return (min(first + self.points_a_chunk, self.points) - first) * (self.runs // self.points)


def plan_of(setup: Setup, design: Design, runs_a_chunk: int, shard: tuple[int, int]) -> Plan:
    """The plan of an experiment's sweep."""
    experiment, points = setup.experiment, len(design.cells)
    size = max(1, runs_a_chunk // experiment.runs_a_point)

    def digest(*words: str) -> str:
        return integrity.digest_of("\0".join(words).encode())

    family = digest(experiment.family, setup.world.digest, model_version(), setup.keep, str(size))
    words = content_digest(experiment.scenarios), experiment.file.title, experiment.file.question
    identity = digest(family, design.digest, *words)
    runs = points * experiment.runs_a_point
    return Plan(experiment.name, identity, family, points, runs, size, setup.keep, shard)


def read_plan(folder: Path) -> Plan:
    """The plan in a folder; raises DataError where there is none, or it is damaged."""
    content = integrity.read_sealed(folder / PLAN)
    if content is None:
        raise DataError([f"{folder} is no folder of a sweep: it has no {PLAN}"])
    content.pop(integrity.DIGEST)
    try:
        return TypeAdapter(Plan).validate_python(content)
    except ValidationError as error:
        what = f"{folder / PLAN} is damaged, or of another version ({reason_of(error)})"
        raise DataError([f"{what}; the sweep's command writes it again"]) from None


@contextlib.contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Hold a folder alone, until its process ends; DataError where another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=0):
            for aside in folder.glob("**/.*.part"):  # what a killed writer left
                aside.unlink(missing_ok=True)
            yield
    except Timeout:
        allowed = "wait for it, or choose another --out"
        raise DataError([f"{folder} is being written by another sweep: {allowed}"]) from None


class Folder(results.Parts):
    """A sweep's folder, held by one writer: a part a chunk."""

    def __init__(self, path: Path, plan: Plan) -> None:
        super().__init__(path, *([] if plan.keep == "measures" else [plan.keep]))
        self.plan = plan

    def finished(self, *, heal: bool) -> dict[str, Any] | None:
        """The manifest of a whole sweep, if it is one; damage is to be healed, or a DataError."""
        manifest, wrong = results.found(self.path)
        if wrong and not heal:
            what = f"{self.path}: {integrity.listed(wrong)}"
            if manifest is not None:
                what = results.files_of(self.path).message(wrong).partition("\n")[0]
            allowed = "--resume to make again what is damaged, or another --out"
            raise DataError([f"{what}\n    allowed: {allowed}"])
        return None if wrong else manifest

    def begin(self, design: Design) -> None:
        """Write down what is planned."""
        results.write_table(self.path / DESIGN, design.table())
        results.write_sealed(self.path / PLAN, asdict(self.plan))

    def missing(self) -> list[int]:
        """Numbers of the chunks that are not there, whole and as planned."""
        runs_of = self.plan.runs_of
        return [number for number in self.plan.numbers if not self.holds(number, runs_of(number))]

    def damaged(self, missing: Sequence[int]) -> str:
        """Of chunks that are not there, whole: the parts that are not as they were written."""
        names = (part_name(PARTS, number) for number in missing)
        there = [name for name in names if (self.path / name).exists()]
        return integrity.listed(dict.fromkeys(there, integrity.ALTERED))

    def adopt(self, other: "Folder") -> None:
        """Take over the chunks that another folder of the same runs holds."""
        for number in self.missing():
            runs = self.plan.runs_of(number)
            is_same = number < other.plan.chunks and other.plan.runs_of(number) == runs
            if is_same and other.holds(number, runs):
                names = {kind: part_name(kind, number) for kind in self.kinds}
                own = {kind: name for kind, name in names.items() if name in other.entries}
                tables = {kind: other.known.content(name) for kind, name in own.items()}
                self.write(number, runs, tables, **{"from": other.path.name})

    def failures(self, setup: Setup) -> int:
        """Write the table of failed runs in the parts that are there, and how many; none, no table.

        A row says what failed, in which mechanism and month, and the command that shows why.
        """
        path, world = self.path / FAILURES, setup.world
        command = f"NUMBA_DISABLE_JIT=1 eurasia-sim sweep {shlex.quote(str(setup.experiment.path))}"
        if world.name != DEFAULT_WORLD:
            command += f" --world {shlex.quote(str(world.directory))}"
        columns = [*_FAILURE, *(factor.column for factor in setup.experiment.factors)]
        path.unlink(missing_ok=True)
        aside = path.with_name(f".{path.name}.part")  # `one_writer` drops what a killed one leaves
        with contextlib.ExitStack() as stack:
            writer = None
            for name in sorted(name for name in self.entries if name.startswith(f"{PARTS}/")):
                part = self.path / name
                if pq.read_table(part, columns=["status"])["status"].unique().to_pylist() == [OK]:
                    continue
                failed = pd.read_parquet(part, columns=columns, filters=[("status", "!=", OK)])
                months = [world.date(t) if t >= 0 else None for t in failed.pop("failed_month")]
                failed.insert(7, "month", pd.Series(months, dtype="str"))
                failed = failed.rename(columns={"failed_phase": "mechanism"})
                runs = zip(failed["point"], failed["replicate"], failed["scenario"], strict=True)
                failed["repro"] = [f"{command} --rerun {p}:{r}:{name}" for p, r, name in runs]
                table = pa.Table.from_pandas(failed.astype({"repro": "str"}), preserve_index=False)
                writer = writer or stack.enter_context(
                    pq.ParquetWriter(aside, table.schema, compression="zstd")
                )
                writer.write_table(table)
        if writer is None:
            return 0
        aside.replace(path)
        return int(pq.read_metadata(path).num_rows)


def earlier(out: Path, plan: Plan, design: Design) -> Path | None:
    """The finished folder of the same experiment with the most points that this design begins with.

    DataError where finished ones are there, all of them damaged or of other points.
    """
    table, others = design.table(), list[str]()
    largest, found = 0, None
    for path in sorted(out.glob(f"{plan.name}-*")):
        finished = (path / results.MANIFEST).exists() and (path / PLAN).exists()
        if path.name == plan.folder or not finished:
            continue
        try:
            other, before = read_plan(path), results.read_table(results.files_of(path), DESIGN)
        except DataError as error:
            others += map(str, error.problems)
            continue
        if other.family == plan.family and other.shard == (1, 1):
            others.append(_NO_EXTENSION.format(folder=path))
            if largest < len(before) <= len(table) and before.equals(table.iloc[: len(before)]):
                largest, found = len(before), path
    if found is None and others:
        raise DataError(others)
    return found

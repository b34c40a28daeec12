"""Results on disk: names of runs and files, files that are whole or not there, and tables read."""

import contextlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.compute.jit import model_version
from eurasia_sim.files import integrity
from eurasia_sim.files.checker import reason_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import FILES, Entry, Files
from eurasia_sim.files.text import file_name_from
from eurasia_sim.scenarios.manifest import RUN, kind_of, lacks, misfit
from eurasia_sim.scenarios.schema import present_name
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws
from eurasia_sim.world.world import World

MANIFEST, STATUS_LOG = "manifest.json", "status.jsonl"
RUNS, TRAJECTORIES = "runs.parquet", "trajectories.parquet"
DRAWS = "draws.parquet"  # what the runs of `run` drew over ranges, a row a draw
DESIGN = "design.parquet"  # the points of a sweep, a row a point
PARTS, MONTHLY = "parts", "trajectories"  # folders of runs and of their months, part by part
TABLES = "tables.json"  # what `analyze` puts beside runs, as a manifest has it
_KINDS = {PARTS, MONTHLY, "events"}
_LARGE = 1_000_000  # bytes of a table from which on threads read it faster than one
_MEND = "the command that wrote the folder makes it anew, a sweep with --resume"
Filters = list[tuple[str, str, Any]]


# --- names


def run_ids(inputs: Inputs, draws: Draws, world_digest: str) -> list[str]:
    """16 digits a run: a hash of world, scenario, numbers, theory, forms, seed and the model."""
    forms, version = repr(sorted(inputs.forms.items())), model_version()
    parts = (world_digest, inputs.scenario.digest, inputs.theory, forms, version)
    common = b"".join(part.encode() + b"\0" for part in parts)
    runs = zip(draws.rules, draws.rows, draws.seeds, strict=True)
    own = (rules.tobytes() + row.tobytes() + seed.tobytes() for rules, row, seed in runs)
    return [integrity.digest_of(common + each)[:16] for each in own]


def folder_name(name: str, ids: Iterable[str]) -> str:
    """Name of a results folder: readable, and unique to the runs it holds."""
    digest = integrity.digest_of("".join(sorted(ids)).encode())
    return f"{file_name_from(name)}-{digest[:12]}"


def events_file(scenario: str) -> str:
    """Name of the table of a scenario's events."""
    return f"events-{file_name_from(scenario)}.csv"


def part_name(kind: str, number: int) -> str:
    """Name of a part's table."""
    return f"{kind}/{number:08d}.parquet"


# --- written


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that it is all there or not at all: aside, synced, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def table_bytes(columns: pd.DataFrame | Mapping[Any, Any]) -> bytes:
    """A table as parquet (zstd); the same table gives the same bytes, and NaN is a missing value.

    Texts repeat and numbers hardly do, so a dictionary is kept of texts alone.
    """
    table = pa.table({str(name): pa.array(columns[name], from_pandas=True) for name in columns})
    texts = [field.name for field in table.schema if not pa.types.is_primitive(field.type)]
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", use_dictionary=texts)
    return buffer.getvalue()


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as parquet (zstd)."""
    write_bytes(path, table_bytes(table))


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain values as JSON that carries a digest of its content; null is no finite number."""

    def plain(value: Any) -> Any:
        return value.item() if isinstance(value, np.generic) else str(value)

    values = integrity.finite(json.loads(json.dumps(content, default=plain)))
    text = json.dumps(integrity.sealed(values), indent=2, ensure_ascii=False) + "\n"
    write_bytes(path, text.encode())


def write_manifest(
    folder: Path,
    content: Mapping[str, Any],
    names: Iterable[str],
    known: Mapping[str, Entry] = MappingProxyType({}),
    *,
    to: str = MANIFEST,
) -> None:
    """Write the manifest of a folder whose files are all there, with the digest of each.

    Args:
        names: the files that belong to the folder.
        known: entries of those whose bytes are known already.
    """
    entries = dict(known)
    for name in {*names}.difference(known):
        path = folder / name
        rows = pq.read_metadata(path).num_rows if path.suffix == ".parquet" else None
        entries[name] = Entry(integrity.file_digest(path), rows)
    listing = {name: entries[name].plain() for name in sorted(entries)}
    write_sealed(folder / to, {**content, FILES: listing})


def trajectory_table(
    world: World, inputs: Inputs, ids: list[str], names: Sequence[str], values: Floats
) -> pd.DataFrame:
    """Monthly values (runs, months, columns) as a table, a row a run and month."""
    runs, length, _ = values.shape
    months = np.tile([world.date(t) for t in range(length)], runs)
    head = {"run_id": np.repeat(ids, length), "scenario": inputs.scenario.name, "month": months}
    columns = {name: values[:, :, c].ravel() for c, name in enumerate(names)}
    return pd.DataFrame({**head, **columns})


class Parts:
    """A folder's tables in numbered parts: one that is not there, whole as logged, is to be made.

    `beside` are kinds of tables that a part may have beside its runs.
    """

    def __init__(self, path: Path, *beside: str) -> None:
        self.path = path
        self.kinds = (*beside, PARTS)  # the runs last, for they say that the part is there
        self.entries: dict[str, Entry] = {}  # tables of parts seen whole, or written, by name

    @cached_property
    def known(self) -> Files:
        """Tables that were written: as the manifest has them, else the log."""
        try:
            return files_of(self.path)
        except DataError:
            return Files(self.path, read_log(self.path), "")

    def holds(self, number: int, runs: int) -> bool:
        """Whether a part of so many runs is there, whole; it is read the first time only."""
        part = part_name(PARTS, number)
        if part not in self.entries and part in self.known.entries:
            names = (part_name(kind, number) for kind in self.kinds)
            own = {name: e for name in names if (e := self.known.entries.get(name))}
            if own[part].rows == runs and not self.known.wrong(own):
                self.entries |= own
        return part in self.entries

    def write(self, number: int, runs: int, tables: Mapping[str, bytes], **notes: Any) -> None:
        """Write a part's tables, and then log them: what is not logged is not there."""
        own = {}
        for kind in (kind for kind in self.kinds if kind in tables):
            rows = runs if kind == PARTS else None
            own[kind] = Entry(integrity.digest_of(tables[kind]), rows)
            write_bytes(self.path / part_name(kind, number), tables[kind])
        files = {kind: entry.plain() for kind, entry in own.items()}
        self.log({"chunk": number, "runs": runs, **notes, FILES: files})
        self.entries |= {part_name(kind, number): entry for kind, entry in own.items()}

    def log(self, entry: Mapping[str, Any]) -> None:
        """Add a line to the log, after one that a full disk may have cut."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": now, **entry}).encode() + b"\n"
        with (self.path / STATUS_LOG).open("a+b") as log:
            if log.tell():
                log.seek(-1, os.SEEK_END)
                line = line if log.read(1) == b"\n" else b"\n" + line
            log.write(line)

    def table(self, kind: str, number: int) -> pd.DataFrame:
        """A part's table of one kind."""
        return read_table(Files(self.path, self.entries, _MEND), part_name(kind, number))


# --- manifests and logs


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder, None without one; DataError if it is damaged or of another form."""
    content = integrity.read_sealed(folder / MANIFEST, _MEND)
    if content is not None and (wrong := misfit(content)):
        raise DataError([f"{folder / MANIFEST} is damaged: {wrong}\n    allowed: {_MEND}"])
    return content


def found(folder: Path) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The manifest of a finished folder, if it is one, and what is wrong with its files."""
    try:
        manifest = read_manifest(folder)
        if manifest is None or not manifest.get("finished"):
            return None, {}
        return manifest, _files(folder, manifest).wrong()
    except DataError as error:
        problem = str(error.problems[0]).partition("\n")[0]
        return None, {MANIFEST: problem.removeprefix(f"{folder / MANIFEST} ")}


def finished_manifest(folder: Path, kind: str = RUN) -> dict[str, Any]:
    """The manifest of a finished folder of a kind, or, if that is empty, of any.

    DataError where the folder is none, of another kind, not finished, or its manifest damaged.
    """
    verb = "run" if kind == RUN else "run` or `eurasia-sim sweep"
    right = f"name one that `eurasia-sim {verb}` wrote"
    if not folder.is_dir():
        raise DataError([f"{folder} is no folder; {right}"])
    manifest = read_manifest(folder)
    if manifest is None:
        what = f"is no results folder: it has no {MANIFEST}; {right}"
        if (folder / PARTS).is_dir():
            what = "is not finished: the command that began it goes on from there"
        raise DataError([f"{folder} {what}"])
    is_finished, own = manifest.get("finished"), kind_of(manifest)
    command = str(manifest.get("command", ""))
    is_other = own != kind or (command and not command.startswith(f"eurasia-sim {kind} "))
    if kind and is_other and is_finished:
        raise DataError([f"{folder} holds no runs of scenarios: `{command}` wrote it; {right}"])
    if what := lacks(manifest, own) if is_finished else "it lacks its end":
        again = "run its command again, which makes it anew"
        raise DataError([f"{folder / MANIFEST} is not whole: {what}\n    allowed: {again}"])
    return manifest


def tables_of(folder: Path) -> Files:
    """The tables that `analyze` has put into a folder; none where it has not been there."""
    mend = "analyze the runs again: eurasia-sim analyze"
    listing = integrity.read_sealed(folder / TABLES, mend)
    return Files(folder, {}, mend) if listing is None else Files.of(folder, listing, mend)


def files_of(folder: Path) -> Files:
    """The files that a folder holds: of its manifest (DataError if damaged), else those logged."""
    manifest = read_manifest(folder)
    if manifest is not None:
        return _files(folder, manifest)
    there = {name: each for name, each in read_log(folder).items() if (folder / name).exists()}
    runs = frozenset(name for name in there if name.startswith(f"{PARTS}/"))
    return Files(folder, there, _MEND, runs)


def _files(folder: Path, manifest: Mapping[str, Any]) -> Files:
    """The files of a manifest, with the command that makes the folder whole again."""
    command = str(manifest.get("command") or "")
    mend = "run its command again, which makes it anew"
    if manifest.get("kind") == "sweep" and " --merge" not in command:
        mend = "run its command again with --resume, which makes again what is damaged"
        if command.startswith("eurasia-sim sweep") and " --resume" not in command:
            command += " --resume"
    mend += f": {command}" if command else ""
    return Files.of(folder, manifest, mend, (RUNS, f"{PARTS}/"))


def read_log(folder: Path) -> dict[str, Entry]:
    """By name, the tables that were logged; a part's last line counts."""
    parts: dict[int, dict[str, Entry]] = {}
    for line in integrity.read_lines(folder / STATUS_LOG):
        number, listing = line.get("chunk"), line.get(FILES)
        if type(number) is int and number >= 0 and isinstance(listing, dict):
            read = {part_name(kind, number): Entry.of(each) for kind, each in listing.items()}
            own = {name: entry for name, entry in read.items() if entry}
            if PARTS in listing and listing.keys() <= _KINDS and len(own) == len(read):
                parts[number] = own
    return {name: entry for own in parts.values() for name, entry in own.items()}


# --- tables read


def load_results(
    folder: Path | str, columns: list[str] | None = None, filters: Filters | None = None
) -> pd.DataFrame:
    """The runs of a results folder as a table, all columns or those named.

    Filters say which runs, such as `[("scenario", "==", "mine"), ("set", "==", "ranges")]`. The
    runs of a sweep come by point, scenario and replicate, as its design lays them; of an unfinished
    folder, those that are there. A failed run is NaN. DataError where the folder holds no results,
    or a file is damaged or missing.
    """
    return _read(files_of(Path(folder)), (RUNS, PARTS), columns, filters)


def load_trajectories(folder: Path | str) -> pd.DataFrame:
    """The monthly values kept in a results folder, a row a run and month."""
    return _read(files_of(Path(folder)), (TRAJECTORIES, MONTHLY))


def result_columns(folder: Path) -> list[str]:
    """Names of the columns of a results folder's runs; DataError as `load_results`."""
    files = files_of(folder)
    name = _names(files, RUNS, PARTS)[0]
    with _as_tables(files, name):
        schema = pq.read_schema(pa.BufferReader(files.content(name)))
    return [present_name(name) for name in schema.names]


def read_table(files: Files, name: str) -> pd.DataFrame:
    """A table that a folder holds beside its runs; DataError where it is not, or is damaged."""
    with _as_tables(files, name):
        table: pd.DataFrame = _table(files.content(name), None, None).to_pandas()
    return table


@contextlib.contextmanager
def _as_tables(files: Files, *names: str) -> Iterator[None]:
    """Refuse files that are what was written, and yet no such tables as a reader needs."""
    try:
        yield
    except DataError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        wrong = f"is damaged: {reason_of(error)}"
        raise DataError([files.message(dict.fromkeys(names, wrong))]) from None


def _names(files: Files, whole: str, parts: str) -> list[str]:
    """Files of a table: the whole one that a run writes, else its parts in their order."""
    if whole in files.entries:
        return [whole]
    names = sorted(name for name in files.entries if name.startswith(f"{parts}/"))
    if not names:
        none = f"neither {whole} nor {parts}/*.parquet that a log or a manifest knows"
        why = "it is no results folder, or is not finished"
        raise DataError([f"{files.folder} holds {none}: {why}"])
    return names


def _table(content: bytes, columns: list[str] | None, filters: Filters | None) -> pa.Table:
    source = pa.BufferReader(content)
    stored = {present_name(name): name for name in pq.read_schema(source).names}
    asked = None if columns is None else [stored.get(name, name) for name in columns]
    threads = len(content) > _LARGE
    table = pq.read_table(source, columns=asked, filters=filters, use_threads=threads)
    table.validate(full=True)  # of text, which pandas would read only when it is asked for
    # A name is read with all that begin with it and a dot.
    table = table if asked is None else table.select(asked)
    return table.rename_columns([present_name(name) for name in table.column_names])


def _read(
    files: Files,
    names: tuple[str, str],
    columns: list[str] | None = None,
    filters: Filters | None = None,
) -> pd.DataFrame:
    tables = []
    for name in (found := _names(files, *names)):
        with _as_tables(files, name):
            tables.append(_table(files.content(name), columns, filters))
    with _as_tables(files, *found):
        table: pd.DataFrame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
    return table

"""Results on disk: what a run is called, and files that are whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pyarrow import ArrowException

from eurasia_sim.catalogue import DataError
from eurasia_sim.design import Draws
from eurasia_sim.inputs import Inputs
from eurasia_sim.machine_code import model_version

MANIFEST = "manifest.json"
RUNS = "runs.parquet"
TRAJECTORIES = "trajectories.parquet"
DRAWS = "draws.parquet"  # what the runs of `run` drew over ranges, a row a draw
STATUS_LOG = "status.jsonl"
PARTS = "parts"  # a sweep's runs, part by part; what an interrupted call of `run` leaves
MONTHLY = "trajectories"  # a sweep's monthly values, part by part
_MANIFEST_KEYS = {
    "scenarios": dict, "theories": list, "forms": dict, "digests": dict, "versions": dict, "window": list,
    "summary": dict, "seed": int, "runs_a_scenario": int,
}  # fmt: skip


def run_ids(inputs: Inputs, draws: Draws, world_digest: str) -> list[str]:
    """16 hexadecimal digits a run: a hash of world, scenario, parameters, theory, forms, seed and model version."""
    common = hashlib.sha256()
    forms = repr(sorted(inputs.forms.items()))
    for part in (world_digest, inputs.scenario.digest, inputs.theory, forms, model_version()):
        common.update(part.encode() + b"\0")
    found = []
    for r in range(len(draws)):
        own = common.copy()
        own.update(draws.rules[r].tobytes() + draws.rows[r].tobytes() + draws.seeds[r].tobytes())
        found.append(own.hexdigest()[:16])
    return found


def folder_name(name: str, ids: Iterable[str]) -> str:
    """Name of a results folder: readable, and unique to the runs it holds."""
    digest = hashlib.sha256()
    for run_id in sorted(ids):
        digest.update(run_id.encode())
    return f"{name}-{digest.hexdigest()[:12]}"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that it is either all there or not at all: aside, synced to disk, then renamed into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(aside)
        with aside.open("rb") as handle:
            os.fsync(handle.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as parquet (zstd); the same table gives the same bytes."""
    write_whole(path, lambda aside: table.to_parquet(aside, compression="zstd", index=False))


def write_json(path: Path, content: Any) -> None:
    """Write plain values as readable JSON."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=_plain) + "\n"
    write_whole(path, lambda aside: aside.write_text(text, encoding="utf-8"))


def write_status(path: Path, table: pd.DataFrame) -> None:
    """Write one JSON line a run: its id, scenario, theory, set, seed and status, and month and phase of a failure."""
    columns = ["run_id", "scenario", "theory", "set", "run", "seed", "status", "failed_month", "failed_phase"]
    lines = "".join(json.dumps(row, default=_plain) + "\n" for row in table[columns].to_dict("records"))
    write_whole(path, lambda aside: aside.write_text(lines, encoding="utf-8"))


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a results folder, or None where there is none that can be read."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def finished_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a results folder that `run` has finished.

    Raises:
        DataError: where the folder is none, is not finished, or its manifest is damaged.
    """
    if not folder.is_dir():
        raise DataError([f"{folder} is no folder; name one that `eurasia-sim run` has written"])
    if not (folder / MANIFEST).is_file():
        if (folder / PARTS).is_dir():
            raise DataError([f"{folder} is not finished: the command that began it goes on from there"])
        raise DataError([f"{folder} is no results folder: it has no {MANIFEST}; name one that `eurasia-sim run` wrote"])
    manifest = read_manifest(folder)
    if manifest is None:
        raise DataError([f"{folder / MANIFEST} is damaged: it is no JSON object; run the scenarios again"])
    command = str(manifest.get("command", ""))
    if manifest.get("finished") and command and not command.startswith("eurasia-sim run "):
        raise DataError(
            [f"{folder} holds no runs of scenarios: `{command}` wrote it; name one that `eurasia-sim run` wrote"]
        )
    lacks = [key for key, kind in _MANIFEST_KEYS.items() if not isinstance(manifest.get(key), kind)]
    if lacks or not manifest.get("finished"):
        raise DataError([f"{folder / MANIFEST} is not whole: it lacks {', '.join(lacks) or 'its end'}; run it again"])
    return manifest


def result_columns(folder: Path) -> list[str]:
    """Names of the columns of a results folder's runs.

    Raises:
        DataError: where the file cannot be read.
    """
    first = (_tables(folder, RUNS, PARTS) or [folder / RUNS])[0]
    try:
        return [str(name) for name in pq.read_schema(first).names]
    except (OSError, ArrowException) as error:
        raise DataError([f"{first} cannot be read ({str(error).splitlines()[0]}); run it again"]) from error


def _tables(folder: Path, whole: str, parts: str) -> list[Path]:
    """Files of a table: the whole one that a run writes, else the parts of a sweep in their order."""
    return [folder / whole] if (folder / whole).exists() else sorted((folder / parts).glob("[0-9]*.parquet"))


def _read(
    folder: Path, whole: str, parts: str, columns: list[str] | None, filters: list[tuple[str, str, Any]] | None
) -> pd.DataFrame:
    found = _tables(folder, whole, parts)
    if not found:
        raise DataError([f"{folder} holds neither {whole} nor {parts}/*.parquet: it is no results folder"])
    table: pd.DataFrame = pq.read_table(found, columns=columns, filters=filters).to_pandas()
    return table


def load_results(
    folder: Path | str, columns: list[str] | None = None, filters: list[tuple[str, str, Any]] | None = None
) -> pd.DataFrame:
    """The runs of a results folder as a table, all columns or the named ones.

    The runs of a sweep come by point, scenario and replicate, as its design lays them; of an unfinished sweep, those
    that are there. A failed run is NaN.

    Args:
        filters: which runs, such as `[("scenario", "==", "mine"), ("set", "==", "ranges")]`; what they leave out is
            not read into memory.

    Raises:
        DataError: where the folder holds no results.
    """
    return _read(Path(folder), RUNS, PARTS, columns, filters)


def load_trajectories(folder: Path | str) -> pd.DataFrame:
    """The monthly values kept in a results folder, a row a run and month; a sweep keeps them where it was asked to."""
    return _read(Path(folder), TRAJECTORIES, MONTHLY, None, None)


def trajectory_table(
    ids: list[str], scenario: str, months: list[str], names: list[str], values: np.ndarray
) -> pd.DataFrame:
    """Monthly values (runs, months, columns) as a table: run_id, scenario, month, then a column a measure."""
    runs, length, _ = values.shape
    return pd.DataFrame(
        {
            "run_id": np.repeat(ids, length),
            "scenario": scenario,
            "month": np.tile(months[:length], runs),
            **{name: values[:, :, c].ravel() for c, name in enumerate(names)},
        }
    )


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return str(value)

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

from eurasia_sim.design import Draws
from eurasia_sim.inputs import Inputs
from eurasia_sim.mathematics import model_version

MANIFEST = "manifest.json"
RUNS = "runs.parquet"
TRAJECTORIES = "trajectories.parquet"
STATUS_LOG = "status.jsonl"


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


def load_results(folder: Path | str, columns: list[str] | None = None) -> pd.DataFrame:
    """The runs of a results folder as a table, all columns or the named ones."""
    return pd.read_parquet(Path(folder) / RUNS, columns=columns)


def load_trajectories(folder: Path | str) -> pd.DataFrame:
    """The monthly values kept in a results folder, a row a run and month."""
    return pd.read_parquet(Path(folder) / TRAJECTORIES)


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

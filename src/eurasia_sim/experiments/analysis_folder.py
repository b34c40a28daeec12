"""What an analysis reads of a finished results folder: runs, measures, and their design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from eurasia_sim.analysis.pairing import matching, open_results
from eurasia_sim.analysis.sensitivity import factor_columns
from eurasia_sim.analysis.summary import Material
from eurasia_sim.experiments.folder import DESIGN
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.manifest import SWEEP, lacks
from eurasia_sim.simulation.results import (
    DRAWS,
    MANIFEST,
    files_of,
    finished_manifest,
    load_results,
    read_manifest,
    read_table,
    result_columns,
)
from eurasia_sim.world.world import load_world

_FIRST = 4  # measures looked at unless named


def material_of(folder: Path, patterns: list[str] | tuple[str, ...]) -> Material:
    """The runs of a finished folder with the measures asked for, and the design they carried out.

    Raises:
        DataError: where the folder is none, is not finished, or holds no such measure.
    """
    manifest = read_manifest(folder) or {}
    if manifest.get("kind") == "sweep":
        return _of_sweep(folder, manifest, patterns)
    return _of_run(folder, finished_manifest(folder), patterns)


def _of_sweep(
    folder: Path, manifest: dict[str, Any], patterns: list[str] | tuple[str, ...]
) -> Material:
    if not manifest.get("finished"):
        unfinished = f"{folder / MANIFEST} is not whole: the sweep is not finished"
        raise DataError([f"{unfinished}; go on with it by --resume"])
    if what := lacks(manifest, SWEEP):
        raise DataError([f"{folder / MANIFEST} is damaged: {what}; go on with it by --resume"])
    files = files_of(folder)
    points = read_table(files, DESIGN)
    factors = factor_columns(points)
    named = [factor["name"] for factor in manifest["design"].get("factors", ())]
    if lacking := [name for name in named if name not in factors]:
        raise DataError([files.message({DESIGN: f"is damaged: it lacks {', '.join(lacking)}"})])
    held = [name for name in result_columns(folder) if "." in name and name not in factors]
    measures = _chosen(held, patterns, manifest.get("measures", ()))
    head = ["run_id", "point", "replicate", "scenario", "theory", "seed", "status"]
    runs = load_results(folder, [*head, *factors, *measures])
    runs = runs.sort_values(["point", "scenario", "replicate"], kind="stable", ignore_index=True)
    return Material(runs, points, manifest["design"], tuple(measures), _catalogue(manifest))


def _of_run(
    folder: Path, manifest: dict[str, Any], patterns: list[str] | tuple[str, ...]
) -> Material:
    results = open_results(folder)
    measures = _chosen(results.measures, patterns, results.shown)
    head = ["run_id", "scenario", "theory", "set", "run", "seed", "draw", "status"]
    runs = load_results(folder, [*head, *measures]).sort_values(
        ["scenario", "theory", "set", "run"], ignore_index=True
    )
    files = files_of(folder)
    points = read_table(files, DRAWS) if DRAWS in files.entries else pd.DataFrame()
    return Material(runs, points, None, tuple(measures), _catalogue(manifest))


def _chosen(
    held: list[str], patterns: list[str] | tuple[str, ...], shown: list[str] | tuple[str, ...]
) -> list[str]:
    """Measures that match a pattern; without one the first few that are shown, or held."""
    return matching("--measure", patterns, held) if patterns else list(shown or held)[:_FIRST]


def _catalogue(manifest: dict[str, Any]) -> Any:
    """The numbers of the world that was run; none where that world is not at hand any more."""
    try:
        return load_world(manifest.get("world")).numbers
    except (DataError, OSError):
        return {}

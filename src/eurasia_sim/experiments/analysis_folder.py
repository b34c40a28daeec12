"""What an analysis reads of a finished results folder: runs, measures, and their design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eurasia_sim.analysis.pairing import matching, open_results
from eurasia_sim.analysis.sensitivity import factor_columns
from eurasia_sim.analysis.summary import Material
from eurasia_sim.experiments.folder import DESIGN
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.manifest import SWEEP
from eurasia_sim.simulation.results import (
    DRAWS,
    files_of,
    finished_manifest,
    load_results,
    read_manifest,
    read_table,
    result_columns,
)
from eurasia_sim.world.world import load_world

_FIRST = 4  # measures looked at unless named


def material_of(folder: Path, patterns: Sequence[str]) -> Material:
    """The runs of a finished folder with the measures asked for, and the design they carried out.

    Raises:
        DataError: where the folder is none, is not finished, or holds no such measure.
    """
    design: dict[str, Any] | None = None
    manifest: Mapping[str, Any]
    points, factors = pd.DataFrame(), list[str]()
    if (read_manifest(folder) or {}).get("kind") == SWEEP:
        manifest, files = finished_manifest(folder, SWEEP), files_of(folder)
        design, points = manifest["design"], read_table(files, DESIGN)
        factors = factor_columns(points)
        named = [factor["name"] for factor in manifest["design"].get("factors", ())]
        if lacking := [name for name in named if name not in factors]:
            raise DataError([files.message({DESIGN: f"is damaged: it lacks {', '.join(lacking)}"})])
        held = [name for name in result_columns(folder) if "." in name and name not in factors]
        head, shown = ["run_id", "point", "replicate", "scenario"], manifest.get("measures", ())
        order = ["point", "scenario", "replicate"]
    else:
        results = open_results(folder)
        manifest, held, shown = results.manifest, results.measures, results.shown
        files = files_of(folder)
        points = read_table(files, DRAWS) if DRAWS in files.entries else points
        head = ["run_id", "scenario", "set", "run", "draw"]
        order = ["scenario", "theory", "set", "run"]
    measures = matching("--measure", patterns, held) if patterns else list(shown or held)[:_FIRST]
    columns = [*head, "theory", "seed", "status", *factors, *measures]
    runs = load_results(folder, columns).sort_values(order, kind="stable", ignore_index=True)
    try:  # the numbers of the world that was run; none where it is not at hand any more
        catalogue: Any = load_world(manifest.get("world")).numbers
    except (DataError, OSError):
        catalogue = {}
    return Material(runs, points, design, tuple(measures), catalogue)

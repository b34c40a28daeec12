"""What an analysis reads of a finished results folder: runs, measures, and their design."""

from collections.abc import Sequence
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
    finished_manifest,
    load_results,
    read_manifest,
    read_table,
)
from eurasia_sim.simulation.results_folder import Results
from eurasia_sim.world.world import load_world

_FIRST = 4  # measures looked at unless named


def material_of(folder: Path, patterns: Sequence[str]) -> Material:
    """The runs of a finished folder with the measures asked for, and the design they carried out.

    Raises DataError where the folder is none, is not finished, or holds no such measure.
    """
    design: dict[str, Any] | None = None
    points, factors = pd.DataFrame(), list[str]()
    if (read_manifest(folder) or {}).get("kind") == SWEEP:
        results = Results(folder, SWEEP, finished_manifest(folder, SWEEP))
        design, points = results.manifest["design"], read_table(results.files, DESIGN)
        factors = factor_columns(points)
        named = (factor["name"] for factor in results.manifest["design"].get("factors", ()))
        if lacking := ", ".join(name for name in named if name not in factors):
            raise DataError([results.files.message({DESIGN: f"is damaged: it lacks {lacking}"})])
        order = ["point", "scenario", "replicate"]
        head = ["run_id", *order]
    else:
        results = open_results(folder)
        if DRAWS in results.files.entries:
            points = read_table(results.files, DRAWS)
        order = ["scenario", "theory", "set", "run"]
        head = ["run_id", "scenario", "set", "run", "draw"]
    measures = (results.shown or results.measures)[:_FIRST]
    if patterns:
        measures = matching("--measure", patterns, results.measures)
    columns = [*head, "theory", "seed", "status", *factors, *measures]
    runs = load_results(folder, columns).sort_values(order, kind="stable", ignore_index=True)
    try:  # the numbers of the world that was run; none where it is not at hand any more
        catalogue: Any = load_world(results.manifest.get("world")).numbers
    except (DataError, OSError):
        catalogue = {}
    return Material(runs, points, design, tuple(measures), catalogue)

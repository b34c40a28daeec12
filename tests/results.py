"""Small results folders of every kind, made by the product's own parts, for what reads them."""

from pathlib import Path

import numpy as np
import pandas as pd
from tests.command import done, only

from eurasia_sim.cli.options import origin
from eurasia_sim.cli.output import finish
from eurasia_sim.experiments.experiment import located
from eurasia_sim.hypotheses.arms import Effort
from eurasia_sim.hypotheses.evaluation import evaluate
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_ensemble_draws, table
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import range_draws, values_of
from eurasia_sim.simulation.results import MANIFEST, load_results, write_manifest
from eurasia_sim.world.world import load_world

FACTORS = (
    "rules.cooperation.relative_gains",
    "rules.perception.distance_decay",
    "rules.alignment.pull_relation",
)


def unchanging(folder: Path) -> dict[str, bytes]:
    """Every file that carries no times, by its path within the folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def run_folder(into: Path, *more: str) -> Path:
    """What `run` writes for two paired scenarios, 12 runs each and set."""
    done("run", "us_exit", "us_stays", "-n", "12", *more, "--out", into)
    return only(into)


def tested_folder(into: Path) -> Path:
    """What `test` writes for two hypotheses, with the least effort that gives every table."""
    world = load_world()
    family = load_hypotheses(located("hypotheses"), world).chosen(["H1", "H2"])
    effort = Effort(runs=4, runs_a_theory=2, points=16, replicates=2, wide=4)
    said = {"command": "eurasia-sim test H1 H2", "title": family.title, "effort": vars(effort)}
    manifest = {**origin(world), **said, "hypotheses": family.digest}
    finish(into, manifest, vars(evaluate(world, family, effort)), world)
    return into


def swept_folder(into: Path, runs: int = 60) -> Path:
    """A sweep of three numbers as one writes it: parts, a design, a manifest; two runs failed."""
    world = load_world()
    inputs = prepare(world, load_scenario("us_exit", world))
    draws = range_draws(world, inputs, runs, 7)
    (outcome,) = run_ensemble_draws([inputs], draws)
    rows = table(inputs, draws, outcome)
    rows.loc[:1, "status"] = "overflow"
    rows.loc[:1, list(inputs.columns)] = np.nan
    measures = [name for name in inputs.columns if name.endswith(".central_asia")][:4]
    ids = {"run_id": [f"{r:016x}" for r in range(runs)], "point": np.arange(runs), "replicate": 0}
    factors = {
        f"x.{path.removeprefix('rules.')}": values_of(world, draws, path) for path in FACTORS
    }
    head, kept = ["scenario", "theory", "seed", "draw", "status"], rows[measures]
    found = pd.DataFrame(ids).join(rows[head]).assign(**factors).join(kept)
    (into / "parts").mkdir(parents=True)
    names = ["parts/a.parquet", "parts/b.parquet"]
    for name, part in zip(names, (found[: runs // 2], found[runs // 2 :]), strict=True):
        part.to_parquet(into / name, compression="zstd", index=False)
    ranges = [{"name": name, "low": 0.0, "high": 1.0} for name in factors]
    manifest = {
        **origin(world), "kind": "sweep", "title": "Three numbers", "seed": 7, "replications": 1,
        "scenarios": {"us_exit": inputs.scenario.resolved()}, "measures": measures,
        "command": "eurasia-sim sweep three", "versions": {},
        "design": {"kind": "latin_hypercube", "points": runs, "factors": ranges, "options": {}},
    }  # fmt: skip
    write_manifest(into, manifest, names)
    return into


_SWEPT = """format: 2
kind: sweep
title: Three factors by a {kind} design
question: Which factor decides?
scenarios: [us_exit]
design: {{kind: {kind}{points}}}
factors:
  rules.cooperation.relative_gains: {{low: 0.2, high: 0.8{steps}}}
  rules.alignment.pull_relation: {{low: 0.2, high: 1.2{steps}}}
  pressure.united_states.china: {{low: 0, high: 1{steps}}}
replications: {replications}
measures: [competition.russia-china.central_asia]
seed: 7
"""
_DESIGNS = {
    "grid": ("", ", steps: 2", 2), "saltelli": (", points: 4", "", 1),
    "morris": (", trajectories: 4, levels: 4", "", 1),
    "latin_hypercube": (", points: 120", "", 1),
}  # fmt: skip


def real_folders(into: Path) -> dict[str, Path]:
    """Small sweeps of every kind of design, analysed, a validation and a fit: all by the verbs."""
    found = {}
    for kind, (points, steps, replications) in _DESIGNS.items():
        file = into / f"{kind}.yaml"
        text = _SWEPT.format(kind=kind, points=points, steps=steps, replications=replications)
        file.write_text(text, encoding="utf-8")
        done("sweep", file, "--out", into / kind)
        found[kind] = only(into / kind)
        values = load_results(found[kind])["competition.russia-china.central_asia"]
        high = f"{values.quantile(0.7):.4f}"  # a box is of runs above it
        above = ("--above", high) if kind == "latin_hypercube" else ()
        done("analyze", found[kind], *above)
    done("validate", "-n", "4", "--out", into / "validation")
    done("calibrate", "-n", "150", "--out", into / "fit")
    return {**found, "validation": only(into / "validation"), "fit": only(into / "fit")}

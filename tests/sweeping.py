"""Small sweeps for tests: few months, few points, and a world in which a run can fail."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from eurasia_sim.experiments.experiment import load_experiment
from eurasia_sim.experiments.sweep import Sweep, prepare_sweep
from eurasia_sim.world.world import World

# A coefficient that may be anything in a world made for failing: large, its product is no number.
FRAGILE = "rules.alignment.pull_relation"
SCENARIO = """format: 2
title: A few months
departs: "2001-12"
horizon: "2002-03"
levers: {pressure: {united_states: {russia: 0.3}}}
"""
# Scenarios that a text names in braces: one of a few months, and others that differ in one thing.
SCENARIOS = {
    "scenario": ("few_months", SCENARIO),
    "second": ("second", SCENARIO.replace("0.3", "0.7")),
    "other": ("other", f"{SCENARIO}theory: offensive_realism\n"),
    "held": ("held", f"{SCENARIO}uncertain: {{rules.cooperation.relative_gains: [0.7, 0.7]}}\n"),
}
GRID = """format: 2
kind: sweep
title: A try
scenarios: [{scenario}]
design: {{kind: grid}}
factors:
  rules.allocation.habit: {{low: 0.7, high: 0.95, steps: {steps}}}
  pressure.united_states.china: [0.1, 0.9]
replications: 2
measures: [competition.russia-china.central_asia, alignment.russia.china]
"""


def written(folder: Path, text: str, name: str = "tried") -> Path:
    """A sweep file, in a folder with the scenarios that it names in braces."""
    folder.mkdir(parents=True, exist_ok=True)
    for word, (stem, content) in SCENARIOS.items():
        if (braced := f"{{{word}}}") in text:
            (folder / f"{stem}.yaml").write_text(content, encoding="utf-8")
            text = text.replace(braced, str(folder / f"{stem}.yaml"))
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def prepared(folder: Path, world: World, text: str, **options: Any) -> Sweep:
    """A sweep of a file with this text after its head."""
    file = written(folder, f"format: 2\nkind: sweep\ntitle: A try\n{text}")
    return prepare_sweep(load_experiment(file, world), world, **options)


def grid(
    folder: Path, world: World, steps: int = 4, runs_a_chunk: int = 2, **options: Any
) -> Sweep:
    """A grid of 2 * steps points and twice as many runs."""
    file = written(folder, GRID.format(scenario="{scenario}", steps=steps))
    return prepare_sweep(load_experiment(file, world), world, runs_a_chunk=runs_a_chunk, **options)


def failing(folder: Path, world: World) -> Sweep:
    """A sweep in which the runs of the second of three points fail, by a range of no one's."""
    text = (
        "scenarios: [{scenario}]\ndesign: {kind: grid}\n"
        f"factors: {{{FRAGILE}: [2.0, 1e308, 3.0]}}\nreplications: 2\nmeasures: [alignment]\n"
    )
    number = replace(world.numbers[FRAGILE], low=0.0, high=1e308)
    fragile = replace(world, numbers={**world.numbers, FRAGILE: number})
    return prepared(folder, fragile, text, runs_a_chunk=2)


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every file of a results folder that carries no times and is no lock."""
    timed = ("manifest.json", "status.jsonl", "sweep.lock", "plan.json")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in timed
    }

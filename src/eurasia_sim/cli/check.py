"""`check`: everything wrong with scenario and experiment files."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from eurasia_sim.catalogue import DataError
from eurasia_sim.cli import BAD_INPUT, WorldName
from eurasia_sim.experiment import check_experiment, kind_of, load_experiment
from eurasia_sim.experiment_form import SPREAD
from eurasia_sim.experiment_library import names as experiments
from eurasia_sim.hypotheses import load_hypotheses
from eurasia_sim.reading import InputProblems, Problem, nearest
from eurasia_sim.scenario import check_file
from eurasia_sim.scenario_library import locate, names
from eurasia_sim.world import World, load_world


def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Scenario or experiment files, or names of either.")
    ],
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Say everything that is wrong with scenario and experiment files, at once; exit 2 if anything is.

    Example: eurasia-sim check scenarios/us_exit.yaml my_scenario.yaml
    """
    given = load_world(world)
    found = {file: _problems(file, given) for file in files}
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problems in found.values() for problem in problems], indent=2))
    else:
        for file, problems in found.items():
            for problem in problems:
                typer.echo(str(problem))
            count = len(problems)
            typer.echo(f"{file}: {count} problem{'s' * (count > 1)}" if count else f"{file}: nothing wrong")
    if any(found.values()):
        raise typer.Exit(BAD_INPUT)


def _problems(file: str, world: World) -> list[Problem]:
    path = locate(file, world.directory)
    if path is None and Path(file).exists():
        path = Path(file)
    path = path or experiments().get(file)
    if path is None:
        known = {**names(world=world.directory), **experiments()}
        said = "no such file, scenario or experiment"
        return [Problem(file, 1, 1, said, "", nearest(file, known), ", ".join(known))]
    kind = kind_of(path)
    if kind == "sweep":
        return check_experiment(path, world) or _repeats(path, world)
    if kind == "hypotheses":
        try:
            load_hypotheses(path, world)
        except InputProblems as error:
            return error.problems
        return []
    return check_file(path, world)


def _repeats(path: Path, world: World) -> list[Problem]:
    """What is wrong with the points of a good sweep file that draws among levels: these alone can repeat a point."""
    from eurasia_sim.sampling import lay_out

    experiment = load_experiment(path, world)
    if experiment.kind not in SPREAD or not all(factor.levels for factor in experiment.factors):
        return []
    try:
        lay_out(experiment)
    except DataError as error:
        told = [problem.removeprefix(f"{path}: ").partition("\n    allowed: ") for problem in error.problems]
        return [Problem(str(path), 1, 1, message, "", "", allowed) for message, _, allowed in told]
    return []

"""For whoever writes a scenario: `check` files or print their schema, begin a `new` one, `list` what it may name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from eurasia_sim.cli import BAD_INPUT, FAILED_WORK, WorldName
from eurasia_sim.cli.options import refuse
from eurasia_sim.experiments.experiment import check_experiment, kind_of, load_experiment
from eurasia_sim.experiments.experiment import names as experiments
from eurasia_sim.experiments.schema import SPREAD
from eurasia_sim.files.data_yaml import DEFAULT_WORLD, DataError, month_name, packaged_worlds
from eurasia_sim.files.user_yaml import InputProblems, Problem, nearest, plain, read_file
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.scenarios.json_schema import FILE_NAME, scenario_schema
from eurasia_sim.scenarios.scenario import check_file, load_scenario
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.scenarios.search import find, locate, names
from eurasia_sim.scenarios.writer import scaffold
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World, load_world


def check(
    context: typer.Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE...", help="Scenario or experiment files, or names of either.")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a scenario file, with this world's ids.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the schema to a file instead of the screen.")
    ] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Say everything that is wrong with scenario and experiment files, at once; exit 2 if anything is.

    With --schema: print the JSON Schema (2020-12) by which an editor completes and checks a scenario file.

    Example: eurasia-sim check scenarios/us_exit.yaml my_scenario.yaml

    Example: eurasia-sim check --schema --out scenarios/scenario.schema.json
    """
    if schema:
        refuse(context, ["files", "as_json"], "not with --schema")
        _write_schema(load_world(world), out)
        return
    refuse(context, ["out"], "only with --schema")
    if not files:
        typer.echo("Missing argument 'FILE...': name files to check, or ask for --schema", err=True)
        raise typer.Exit(BAD_INPUT)
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
    from eurasia_sim.experiments.design import lay_out

    experiment = load_experiment(path, world)
    if experiment.kind not in SPREAD or not all(factor.levels for factor in experiment.factors):
        return []
    try:
        lay_out(experiment)
    except DataError as error:
        told = [problem.removeprefix(f"{path}: ").partition("\n    allowed: ") for problem in error.problems]
        return [Problem(str(path), 1, 1, message, "", "", allowed) for message, _, allowed in told]
    return []


def _schema_text(world: World) -> str:
    return json.dumps(scenario_schema(world), indent=1)


def _write_schema(world: World, out: Path | None) -> None:
    """Print the JSON Schema of a scenario file, or write it to a file."""
    if out is None:
        typer.echo(_schema_text(world))
    else:
        out.write_text(_schema_text(world) + "\n", encoding="utf-8")
        typer.echo(f"wrote {out}")


def new(
    name: Annotated[str, typer.Argument(help="Name of the scenario; the file is NAME.yaml in this folder.")],
    source: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="Scenario to start from.")],
    world: WorldName = None,
) -> None:
    """Begin a scenario file that starts from another, with a schema beside it for the editor.

    Example: eurasia-sim new half_force --from us_stays
    """
    name = name.removesuffix(".yaml")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        typer.echo(f"'{name}' cannot name a scenario\n    allowed: letters, digits, _ and -", err=True)
        raise typer.Exit(BAD_INPUT)
    given = load_world(world)
    base = load_scenario(source, given)
    path, schema = Path(f"{name}.yaml"), Path(FILE_NAME)
    taken = path if path.exists() else find(name, world=given.directory)
    if taken:
        typer.echo(f"there is a scenario '{name}' already, in {taken}: choose another name", err=True)
        raise typer.Exit(FAILED_WORK)
    path.write_text(scaffold(name, base, given), encoding="utf-8")
    schema.write_text(_schema_text(given) + "\n", encoding="utf-8")
    option = f" --world {world}" if world else ""
    typer.echo(f"wrote {path}, and {schema} for editors; then: eurasia-sim check {path}{option}")


Rows = list[dict[str, Any]]  # each with "id" and "says", and more for whoever reads JSON


def _worlds(world: World) -> Rows:  # noqa: ARG001 - every lister is given the world
    rows = []
    for name, folder in packaged_worlds().items():
        each = load_world(folder)
        span = f"{each.date(0)} to {month_name(each.record_until)}"
        says = f"record of {span}, {len(each.actors)} actors, {len(each.theatres)} theatres"
        rows.append({"id": name, "says": says + (" (default)" if name == DEFAULT_WORLD else "")})
    return rows


def _scenarios(world: World) -> Rows:
    rows = []
    for name, path in names(world=world.directory).items():
        root = read_file(path).root
        data = plain(root) if root else {}
        data = data if isinstance(data, dict) else {}
        says = data.get("title") or "(cannot be read; see `eurasia-sim check`)"
        rows.append({"id": name, "says": says, "extends": data.get("extends"), "departs": data.get("departs")})
    return rows


def _theories(world: World) -> Rows:
    default = world.default_theory
    return [
        {"id": name, "says": preset.says + (" (default)" if name == default else ""), "cite": list(preset.cite)}
        for name, preset in world.theories.items()
    ]


def _forms(world: World) -> Rows:
    return [
        {"id": f"{factor}.{name}", "says": form.says, "cite": list(form.cite)}
        for factor, alternatives in world.forms.items()
        for name, form in alternatives.items()
    ]


def _actors(world: World) -> Rows:
    return [{"id": actor.id, "says": actor.name, "home": actor.home} for actor in world.actors.values()]


def _theatres(world: World) -> Rows:
    return [
        {"id": theatre.id, "says": theatre.name, "ruler": theatre.ruler, "challenger": theatre.challenger}
        for theatre in world.theatres.values()
    ]


def _institutions(world: World) -> Rows:
    return [
        {"id": venue.id, "says": venue.name, "convenes": dict(venue.convenes), "domains": list(venue.domains)}
        for venue in world.institutions.values()
    ]


def _levers(world: World) -> Rows:  # noqa: ARG001 - every lister is given the world
    return [
        {"id": lever.pattern, "says": lever.meaning, "allowed": lever.allowed, "unit": lever.unit}
        for lever in levers().values()
    ]


def _events(world: World) -> Rows:
    return [
        {"id": event.id, "says": f"{world.date(event.month)} {event.title}", "sets": dict(event.sets)}
        for event in world.events.values()
    ]


def _measures(world: World) -> Rows:  # noqa: ARG001 - every lister is given the world
    return [
        {"id": name, "says": f"{entry['meaning']} [{entry['unit']}; of {' and '.join(entry['of'])}]", "of": entry["of"]}
        for name, entry in measures().items()
    ]


def _numbers(world: World) -> Rows:
    return [
        {
            "id": path,
            "says": number.meaning,
            "value": None if number.is_silent else number.value,
            "range": None if number.is_silent else [number.low, number.high],
            "unit": number.unit,
            "basis": number.basis,
        }
        for path, number in sorted(world.numbers.items())
    ]


LISTERS: dict[str, Callable[[World], Rows]] = {
    "worlds": _worlds,
    "scenarios": _scenarios,
    "theories": _theories,
    "forms": _forms,
    "actors": _actors,
    "theatres": _theatres,
    "institutions": _institutions,
    "levers": _levers,
    "events": _events,
    "measures": _measures,
    "numbers": _numbers,
}


def show(
    kinds: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KIND...]", help=f"Any of {', '.join(LISTERS)}; all but numbers if none is named."),
    ] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """List worlds, scenarios, theories, actors, theatres, institutions, levers and measures.

    Example: eurasia-sim list levers measures
    """
    wanted = kinds or [kind for kind in LISTERS if kind != "numbers"]
    for kind in wanted:
        if kind not in LISTERS:
            close = nearest(kind, LISTERS)
            hint = f" — did you mean {close}?" if close else ""
            typer.echo(f"there is no list of '{kind}'{hint}\n    allowed: {', '.join(LISTERS)}", err=True)
            raise typer.Exit(BAD_INPUT)
    given = load_world(world)
    found = {kind: LISTERS[kind](given) for kind in wanted}
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for kind, rows in found.items():
        typer.echo(f"{kind}:")
        width = max((len(row["id"]) for row in rows), default=0)
        for row in rows:
            typer.echo(f"  {row['id']:<{width}}  {row['says']}")

"""`list`: what there is to choose from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from eurasia_sim.catalogue import DEFAULT_WORLD, month_name, packaged_worlds
from eurasia_sim.cli import BAD_INPUT, WorldName
from eurasia_sim.levers import levers
from eurasia_sim.reading import nearest, plain, read_file
from eurasia_sim.scenario_form import measures
from eurasia_sim.scenario_library import names
from eurasia_sim.world import World, load_world

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

"""JSON Schema (2020-12) of a scenario file with the ids of one world, for editors that check."""

from typing import Any

from eurasia_sim.scenarios.checks import is_drawn
from eurasia_sim.scenarios.schema import POSTERIOR, ScenarioFile, measures
from eurasia_sim.world.levers import FREE, Lever, choices, levers
from eurasia_sim.world.world import World

FILE_NAME = "scenario.schema.json"
HEADER = f"# yaml-language-server: $schema={FILE_NAME}"
_MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


def scenario_schema(world: World) -> dict[str, Any]:
    """The schema: what `check` holds as far as a schema can say it."""
    schema = ScenarioFile.model_json_schema()
    month = {"type": "string", "pattern": _MONTH}
    forms = {factor: {"enum": list(names)} for factor, names in world.forms.items()}
    known: dict[str, dict[str, Any]] = {
        "departs": month,
        "horizon": month,
        "extends": {"type": "string"},
        "theory": {"enum": list(world.theories)},
        "measures": {"type": "array", "items": {"enum": list(measures())}, "uniqueItems": True},
        "forms": _closed(forms),
        "levers": _closed({name: _lever(lever, world) for name, lever in levers().items()}),
        "uncertain": _uncertain(world),
    }
    properties, definitions = schema["properties"], schema["$defs"]
    for key, part in known.items():
        properties[key] = {"description": properties[key]["description"], **part}
    definitions["EventChanges"]["properties"]["drop"]["items"] = {"enum": list(world.events)}
    for entry in ("EventEntry", "RecordEntry"):
        definitions[entry]["properties"]["date"]["pattern"] = _MONTH
    for name, lever in levers().items():
        kinds = {f"{name}_{kind}": lever.at(kind) for kind in lever.kinds} or {name: lever}
        definitions |= {kind: _value(each, world) for kind, each in kinds.items()}
    version, title = "https://json-schema.org/draft/2020-12/schema", "A scenario of eurasia-sim"
    return {"$schema": version, **schema, "title": title}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _lever(lever: Lever, world: World) -> dict[str, Any]:
    """The nested ids of a lever, and below them its value or dated values."""
    schema, above = _dated(lever.name), lever.path
    if lever.kinds:
        schema = _closed({kind: _dated(f"{lever.name}_{kind}") for kind in lever.kinds})
        above = lever.path[:-1]
    for kind in reversed(above):
        ids = {"enum": choices(kind, world)}
        schema = {"type": "object", "propertyNames": ids, "additionalProperties": schema}
    return {**schema, "description": f"{lever.meaning} Allowed: {lever.allowed}."}


def _dated(name: str) -> dict[str, Any]:
    """A value of a lever, or dated values."""
    value = {"$ref": f"#/$defs/{name}"}
    dated = {"type": "object", "patternProperties": {_MONTH: value}, "additionalProperties": False}
    return {"anyOf": [value, {**dated, "minProperties": 1}]}


def _value(lever: Lever, world: World) -> dict[str, Any]:
    free = [FREE] if lever.free else []
    if lever.bounds is None:
        return {"enum": [*world.actors, *free]}
    number = {"type": "number", "minimum": lever.bounds[0], "maximum": lever.bounds[1]}
    if lever.least:
        return {"anyOf": [{"const": 0}, {**number, "minimum": lever.least}]}
    return {"anyOf": [number, {"enum": free}]} if free else number


def _uncertain(world: World) -> dict[str, Any]:
    paths = sorted(
        path
        for path, number in world.numbers.items()
        if is_drawn(world, path) and not number.is_silent
    )
    ends = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    ranges = {"type": "object", "propertyNames": {"enum": paths}, "additionalProperties": ends}
    return {"anyOf": [ranges, {"const": POSTERIOR}]}

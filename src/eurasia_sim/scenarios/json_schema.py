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
    numbers = world.numbers.items()
    paths = [path for path, each in numbers if is_drawn(world, path) and not each.is_silent]
    ends = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    ranges = {"type": "object", "propertyNames": {"enum": sorted(paths)}}
    known: dict[str, dict[str, Any]] = {
        "departs": month,
        "horizon": month,
        "extends": {"type": "string"},
        "theory": {"enum": list(world.theories)},
        "measures": {"type": "array", "items": {"enum": list(measures())}, "uniqueItems": True},
        "forms": _closed({factor: {"enum": list(each)} for factor, each in world.forms.items()}),
        "levers": _closed({name: _lever(lever, world) for name, lever in levers().items()}),
        "uncertain": {"anyOf": [{**ranges, "additionalProperties": ends}, {"const": POSTERIOR}]},
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

    def dated(name: str) -> dict[str, Any]:
        value = {"$ref": f"#/$defs/{name}"}
        months = {"type": "object", "patternProperties": {_MONTH: value}}
        return {"anyOf": [value, {**months, "additionalProperties": False, "minProperties": 1}]}

    schema, above = dated(lever.name), lever.path
    if lever.kinds:
        schema = _closed({kind: dated(f"{lever.name}_{kind}") for kind in lever.kinds})
        above = lever.path[:-1]
    for kind in reversed(above):
        ids = {"enum": choices(kind, world)}
        schema = {"type": "object", "propertyNames": ids, "additionalProperties": schema}
    return {**schema, "description": f"{lever.meaning} Allowed: {lever.allowed}."}


def _value(lever: Lever, world: World) -> dict[str, Any]:
    free = [FREE] if lever.free else []
    if lever.bounds is None:
        return {"enum": [*world.actors, *free]}
    number = {"type": "number", "minimum": lever.bounds[0], "maximum": lever.bounds[1]}
    if lever.least:
        return {"anyOf": [{"const": 0}, {**number, "minimum": lever.least}]}
    return {"anyOf": [number, {"enum": free}]} if free else number

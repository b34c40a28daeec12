"""A scenario file: its form, its JSON Schema for editors, and where one is found by its name."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from eurasia_sim.files.checker import Format, Strict
from eurasia_sim.files.data_yaml import packaged, read_page
from eurasia_sim.world.levers import FREE, Lever, choices, levers, successors
from eurasia_sim.world.world import World

Value = float | str  # a number, an actor's id, or "free"
Steps = dict[int, Value]  # month since the start of the record -> value from then on
POSTERIOR = "posterior"  # what `uncertain` names to draw from a calibration
FOLDER = "scenarios"
FILE_NAME = "scenario.schema.json"
HEADER = f"# yaml-language-server: $schema={FILE_NAME}"
_MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
SUFFIXES = (".yaml", ".yml")
# Numbers that an ensemble draws, beside the coded row.
_DRAWN = ("rules.", "capabilities.growth_beyond")


class _Described(Strict):
    model_config = ConfigDict(use_attribute_docstrings=True)


class EventEntry(_Described):
    """Something that happens at a month and sets levers from then on."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Name of the event, new to the record."""
    date: str
    """Month in which it happens, YYYY-MM."""
    title: str = ""
    """What happens, in a few words."""
    sets: dict[str, Any]
    """Lever path -> value from that month on."""


class RecordEntry(_Described):
    """What is known of a lever after the world's record ends."""

    date: str
    """Month from which it holds, YYYY-MM."""
    lever: str
    """Path of the lever."""
    value: Any
    """Its value from then on."""
    source: str = Field(min_length=1)
    """Who says so, and where."""


class EventChanges(_Described):
    """Events of the record that do not happen here, and others that do."""

    add: list[EventEntry] = Field(default_factory=list)
    """Events that the record does not know."""
    drop: list[str] = Field(default_factory=list)
    """Ids of events of the record that do not happen."""


class ScenarioFile(_Described):
    """One question put to the world: where it leaves the record, and what is decided otherwise."""

    format: Format
    """Version of this file format."""
    title: str = Field(min_length=1)
    """One line for tables and figures."""
    question: str = Field(default="", min_length=1)
    """What one wants to know."""
    extends: str | None = None
    """Scenario it starts from; that one may not extend another."""
    departs: str | None = None
    """First month, YYYY-MM, in which it may differ from the record."""
    horizon: str | None = None
    """Last month, YYYY-MM; the world's own if not given."""
    record: list[RecordEntry] = Field(default_factory=list)
    """What happened after the world's record ends; what is decided otherwise lies over it."""
    levers: dict[str, Any] = Field(default_factory=dict)
    """What is decided otherwise, from a month on."""
    events: EventChanges = Field(default_factory=EventChanges)
    """Discontinuities taken out or put in."""
    uncertain: dict[str, Any] | Literal["posterior"] = Field(default_factory=dict)
    """Number path -> narrower range [low, high]; or posterior, what was calibrated."""
    theory: str | None = None
    """Theory preset; the world's default if not given."""
    forms: dict[str, str] = Field(default_factory=dict)
    """Form factor -> structural alternative."""
    measures: list[str] = Field(default_factory=list)
    """What is read off; all measures if not given."""
    expect: str = Field(default="", min_length=1)
    """What one expects, written before the first run."""


@cache
def measures() -> dict[str, dict[str, Any]]:
    """What can be read off a run, by name; known without loading the compiled outcomes."""
    return dict(read_page(packaged() / "measures.yaml").data)


def present_name(column: str) -> str:
    """The present name of a measure or column, where it has left under another."""
    head, dot, rest = column.partition(".")
    return successors()["measures"].get(head, head) + dot + rest


def is_drawn(world: World, path: str) -> bool:
    """Whether an ensemble draws the number, so that a scenario can narrow or fix it."""
    return path in world.coded_index or path.startswith(_DRAWN)


def names(beside: Path | None = None, world: Path | None = None) -> dict[str, Path]:
    """Every scenario that a name can reach, with its file; the first folder counts.

    Args:
        beside: folder of the scenario that names another. world: the world's folder; one with
            scenarios of its own knows no others.
    """
    shipped = packaged() / FOLDER
    if not shipped.is_dir():  # in a checkout, at the top of the repository
        shipped = packaged().parents[2] / FOLDER
    folders = [Path.cwd() / FOLDER, shipped]
    if world and (world / FOLDER).is_dir():
        folders = [world / FOLDER]
    found: dict[str, Path] = {}
    for folder in [beside, *folders] if beside else folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix in SUFFIXES and _NAME.match(path.stem) and path.is_file():
                found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def locate(name_or_path: str | Path, world: Path | None = None) -> Path | None:
    """The file meant by a name, none if no folder holds it; a path is taken as it stands."""
    text = str(name_or_path)
    is_path = isinstance(name_or_path, Path) or Path(text).suffix in SUFFIXES
    return Path(text) if is_path or not _NAME.match(text) else names(world=world).get(text)


def scenario_schema(world: World) -> dict[str, Any]:
    """JSON Schema (2020-12) of a file with the ids of a world: `check`, as far as it can say it."""
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
        "levers": _closed({name: _nested(lever, world) for name, lever in levers().items()}),
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


def _nested(lever: Lever, world: World) -> dict[str, Any]:
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

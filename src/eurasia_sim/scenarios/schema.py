"""The form of a scenario file: its keys and their types."""

from functools import cache
from typing import Any, Literal

from pydantic import ConfigDict, Field

from eurasia_sim.files.checker import Format, Strict
from eurasia_sim.files.data_yaml import packaged, read_page
from eurasia_sim.world.levers import successors

Value = float | str  # a number, an actor's id, or "free"
Steps = dict[int, Value]  # month since the start of the record -> value from then on
POSTERIOR = "posterior"  # what `uncertain` names to draw from a calibration


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

"""The form of a scenario file: its keys and their types, and what a checked file says."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from eurasia_sim.files.data_yaml import packaged, read_page
from eurasia_sim.scenarios.posterior import Posterior

Value = float | str  # a number, an actor's id, or "free"
POSTERIOR = "posterior"  # what `uncertain` names to draw from a calibration
Steps = dict[int, Value]  # month since the start of the record -> value from then on


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class EventEntry(_Strict):
    """Something that happens at a month and sets levers from then on."""

    id: str = Field(
        description="Name of the event, new to the record.", pattern=r"^[a-z][a-z0-9_]*$"
    )
    date: str = Field(description="Month in which it happens, YYYY-MM.")
    title: str = Field(default="", description="What happens, in a few words.")
    sets: dict[str, Any] = Field(description="Lever path -> value from that month on.")


class EventChanges(_Strict):
    """Events of the record that do not happen here, and others that do."""

    add: list[EventEntry] = Field(
        default_factory=list, description="Events that the record does not know."
    )
    drop: list[str] = Field(
        default_factory=list, description="Ids of events of the record that do not happen."
    )


class ScenarioFile(_Strict):
    """One question put to the world: where it leaves the record, and what is decided otherwise."""

    format: Literal[1] = Field(description="Version of this file format.")
    title: str = Field(description="One line for tables and figures.", min_length=1)
    question: str = Field(default="", description="What one wants to know.")
    extends: str | None = Field(
        default=None, description="Scenario it starts from; that one may not extend another."
    )
    departs: str | None = Field(
        default=None, description="First month, YYYY-MM, in which it may differ from the record."
    )
    horizon: str | None = Field(
        default=None, description="Last month, YYYY-MM; the world's own if not given."
    )
    levers: dict[str, Any] = Field(
        default_factory=dict, description="What is decided otherwise, from a month on."
    )
    events: EventChanges = Field(
        default_factory=EventChanges, description="Discontinuities taken out or put in."
    )
    uncertain: dict[str, Any] | Literal["posterior"] = Field(
        default_factory=dict,
        description="Number path -> narrower range [low, high]; or posterior, what was calibrated.",
    )
    theory: str | None = Field(
        default=None, description="Theory preset; the world's default if not given."
    )
    forms: dict[str, str] = Field(
        default_factory=dict, description="Form factor -> structural alternative."
    )
    measures: list[str] = Field(
        default_factory=list, description="What is read off; all measures if not given."
    )
    expect: str = Field(default="", description="What one expects, written before the first run.")


@dataclass(slots=True)
class Draft:
    """What a scenario file says once it is checked, without its parent."""

    extends: str | None = None
    departs: int | None = None  # months since the start of the record
    horizon: int | None = None  # the same
    levers: dict[str, Steps] = field(default_factory=dict)
    added: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    uncertain: dict[str, tuple[float, float]] = field(default_factory=dict)
    posterior: Posterior | None = None  # where numbers are drawn from one, not from ranges
    theory: str | None = None
    forms: dict[str, str] = field(default_factory=dict)
    measures: list[str] = field(default_factory=list)
    title: str = ""
    question: str = ""
    expect: str = ""


@cache
def measures() -> dict[str, dict[str, Any]]:
    """What can be read off a run, by name; known here without loading the compiled measures themselves."""
    return dict(read_page(packaged() / "measures.yaml").data)


def settled(value: Any) -> Value:
    """A lever's checked value as it is kept: a number as a float, so that 1 and 1.0 are one scenario."""
    return value if isinstance(value, str) else float(value)


def items(value: object) -> list[Any]:
    """A list as it is; anything else holds nothing."""
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Text as it is; anything else is none."""
    return value if isinstance(value, str) else None


def shown(value: object) -> str:
    """A value as a message shows it."""
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    shown = (
        repr(value)
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    return shown if len(shown) <= 60 else shown[:57] + "..."

"""The form of a results folder's manifest: what any reader of the folder may rely on."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eurasia_sim.files.checker import reason_of
from eurasia_sim.world.forms import Month

KINDS = RUN, SWEEP, TEST, VALIDATION, FIT = ("run", "sweep", "test", "validation", "fit")
# What readers of each kind cannot do without.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    RUN: (
        "scenarios", "theories", "forms", "window", "seed", "runs_a_scenario", "digests",
        "versions", "summary",
    ),
    SWEEP: ("design",),
    TEST: ("effort",),
    VALIDATION: ("scenario", "runs_a_side", "seed"),
    FIT: ("theory", "until", "held_out"),
}  # fmt: skip
_Count = Annotated[int, Field(ge=0)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Ends = Annotated[list[_Number], Field(min_length=2, max_length=2)]


class _Part(BaseModel):
    """A part of a manifest; later versions may write more."""

    model_config = ConfigDict(extra="ignore", strict=True)


class _Added(_Part):
    id: str
    date: Month
    title: str
    sets: dict[str, _Number | str]


class _Events(_Part):
    drop: list[str]
    add: list[_Added]


class _Row(_Part):
    date: Month
    lever: str
    value: _Number | str
    source: str


class _Scenario(_Part):
    """A scenario as `Scenario.resolved` writes it."""

    name: str
    title: str
    question: str
    expect: str
    extends: str | None
    settings: list[str]
    departs: Month | None
    horizon: Month
    levers: dict[str, dict[Month, _Number | str]]
    record: list[_Row] = []
    events: _Events
    uncertain: dict[str, _Ends] | Literal["posterior"]
    posterior: str = ""
    fixed: dict[str, _Number]
    theory: str | None
    forms: dict[str, str]
    measures: list[str]


class _Factor(_Part):
    name: str
    low: _Number = 0
    high: _Number = 0
    levels: list[_Number | str] = []
    moves: dict[str, _Ends] = {}


class _Design(_Part):
    kind: str
    points: _Count = 0
    factors: list[_Factor] = []
    options: dict[str, Any] = {}


class _Outcome(_Part):
    measure: str


class _Summary(_Part):
    outcomes: list[_Outcome] = []
    differences: list[_Outcome] = []


class Manifest(_Part):
    """Everything that a manifest of any kind may say."""

    finished: bool = False
    kind: str = RUN
    command: str = ""
    world: str = ""
    title: str = ""
    question: str = ""
    commit: str | None = None
    seed: _Count = 0
    replications: _Count = 1
    runs: _Count = 0
    runs_a_scenario: _Count = 0
    runs_a_side: _Count = 0
    failed: _Count | dict[str, int] = 0
    scenario: _Scenario | str = ""
    scenarios: dict[str, _Scenario] = {}
    theory: str | None = None
    theories: list[str] = []
    forms: dict[str, str] = {}
    window: Annotated[list[Month], Field(min_length=2, max_length=2)] | None = None
    measures: list[str] = []
    design: _Design | None = None
    effort: dict[str, _Count] = {}
    digests: dict[str, Any] = {}
    versions: dict[str, str] = {}
    summary: _Summary = _Summary()


def kind_of(manifest: Mapping[str, Any]) -> str:
    """Which verb's folder a manifest is of."""
    usual = TEST if "effort" in manifest else VALIDATION if "scores" in manifest else RUN
    return str(manifest.get("kind") or usual)


def misfit(manifest: Mapping[str, Any]) -> str:
    """How a manifest differs from its form; empty where it fits."""
    try:
        Manifest.model_validate(manifest)
    except ValidationError as error:
        return reason_of(error)
    return ""


def lacks(manifest: Mapping[str, Any], kind: str) -> str:
    """What a finished manifest of a kind should have and does not; empty where it has all."""
    missing = [key for key in _NEEDED.get(kind, ()) if key not in manifest]
    return f"it lacks {', '.join(missing)}" if missing else ""

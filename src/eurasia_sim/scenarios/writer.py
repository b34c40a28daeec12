"""A scenario written as the text of a scenario file."""

from __future__ import annotations

import json
from typing import Any

from eurasia_sim.files.data_yaml import month_name
from eurasia_sim.scenarios.checks import is_drawn
from eurasia_sim.scenarios.json_schema import HEADER
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.world.world import World

_SCAFFOLD = """\
{header}
# Write down here what you assume and why.
format: 1
title: {title}
question: What changes if ...?
{extends}departs: "{departs}"   # first month that may differ; nothing changes earlier
{copied}
# What someone decides otherwise, from a month on. `eurasia-sim list levers` shows every lever. For example:
#   levers:
#     pressure:
#       {first}:
#         {second}: {{"{departs}": 0.2}}

# What is not to happen. `eurasia-sim list events` shows what the record holds. For example:
#   events:
#     drop: [{event}]

# What nobody knows, narrowed. `eurasia-sim list numbers` shows every number with its range. For example:
#   uncertain:
#     {number}: [{low:g}, {high:g}]

expect: Say what you expect before the first run, so that you can be surprised.
"""


def changed(scenario: Scenario, world: World) -> dict[str, Any]:
    """Everything that a scenario, its parent and its settings change, as the keys of a file that extends none."""
    said = scenario.resolved()
    levers: dict[str, Any] = {}
    for path, dated in said["levers"].items():
        below = levers
        for word in path.split("."):
            below = below.setdefault(word, {})
        below.update(dated)
    events = {
        "drop": [name for name in said["events"]["drop"] if name in world.events],
        "add": [_surviving(event, said["levers"]) for event in said["events"]["add"]],
    }
    content = {
        "levers": levers,
        "events": {key: value for key, value in events.items() if value},
        "uncertain": said["uncertain"]
        | {path: [value, value] for path, value in said["fixed"].items()},
        **{key: said[key] for key in ("theory", "forms", "measures")},
    }
    return {key: value for key, value in content.items() if value}


def _surviving(event: dict[str, Any], levers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An added event with those of its settings that no later layer has replaced."""
    sets = {
        path: value
        for path, value in event["sets"].items()
        if levers.get(path, {}).get(event["date"]) == value
    }
    return {**event, "sets": sets}


def file_text(scenario: Scenario, world: World, theory: str | None = None) -> str:
    """A scenario file, whole in itself, that resolves to the same posture and numbers.

    Args:
        theory: preset to name in the file; by default the scenario's own.
    """
    content = changed(scenario, world)
    if theory is not None:
        content["theory"] = theory
    months = [month for steps in scenario.changes.values() for month in steps]
    departs = min(months, default=None) if scenario.departs is None else scenario.departs
    head = {
        "format": 1,
        "title": scenario.title,
        "question": scenario.question,
        "expect": scenario.expect,
        "departs": None if departs is None else month_name(scenario.start + departs),
        "horizon": month_name(scenario.start + scenario.months - 1),
    }
    return f"{HEADER}\n{lines_of({key: value for key, value in head.items() if value} | content)}"


def lines_of(content: dict[str, Any]) -> str:
    """Keys and values as lines of YAML."""
    return "".join(_block(key, value, "") for key, value in content.items())


def _block(key: str, value: Any, indent: str) -> str:
    """Nested mappings line by line; everything else in the notation of JSON, which YAML reads."""
    if isinstance(value, dict):
        inner = "".join(_block(name, child, indent + "  ") for name, child in value.items())
        return f"{indent}{_word(key)}:\n{inner}"
    return f"{indent}{_word(key)}: {json.dumps(value, ensure_ascii=False)}\n"


def _word(key: str) -> str:
    return json.dumps(key) if key[:1].isdigit() else key


def scaffold(name: str, base: Scenario, world: World) -> str:
    """The text of a file that starts from a scenario; it copies what a base that extends another says."""
    departs = base.departs if base.departs is not None else base.months - 1
    first, second = list(world.actors)[:2]
    number = next(n for n in world.numbers.values() if n.is_uncertain and is_drawn(world, n.path))
    return _SCAFFOLD.format(
        header=HEADER,
        title=name.replace("_", " ").replace("-", " ").capitalize(),
        extends="" if base.extends else f"extends: {base.name}\n",
        departs=month_name(base.start + departs),
        copied=f"\n# Copied from {base.name} and {base.extends}.\n{lines_of(changed(base, world))}"
        if base.extends
        else "",
        first=first,
        second=second,
        event=next(iter(world.events), "event_id"),
        number=number.path,
        low=number.low,
        high=number.high,
    )

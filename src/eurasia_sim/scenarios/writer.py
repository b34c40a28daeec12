"""A scenario written as the text of a scenario file."""

from __future__ import annotations

import json
import re
from typing import Any

from eurasia_sim.files.checker import FORMAT
from eurasia_sim.files.data_yaml import month_name, packaged
from eurasia_sim.files.user_yaml import scalar
from eurasia_sim.scenarios.checks import is_drawn
from eurasia_sim.scenarios.json_schema import HEADER
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.world.world import World


def changed(scenario: Scenario, world: World) -> dict[str, Any]:
    """What a scenario, its parent and its settings change, as keys of a file that extends none."""
    resolved = scenario.resolved()
    levers: dict[str, Any] = {}
    for path, dated in resolved["levers"].items():
        below = levers
        for word in path.split("."):
            below = below.setdefault(word, {})
        below.update(dated)

    def is_last(event: dict[str, Any], path: str, value: Any) -> bool:
        """Whether no later layer has replaced what an event sets."""
        steps: dict[str, Any] = resolved["levers"].get(path, {})
        return bool(steps.get(event["date"]) == value)

    added = [
        {**event, "sets": {p: v for p, v in event["sets"].items() if is_last(event, p, v)}}
        for event in resolved["events"]["add"]
    ]
    events = {
        "drop": [name for name in resolved["events"]["drop"] if name in world.events],
        "add": added,
    }
    fixed = {path: [value, value] for path, value in resolved["fixed"].items()}
    content = {
        "levers": levers,
        "events": {key: value for key, value in events.items() if value},
        "uncertain": resolved["uncertain"] | fixed,
        **{key: resolved[key] for key in ("theory", "forms", "measures")},
    }
    return {key: value for key, value in content.items() if value}


def file_text(scenario: Scenario, world: World, theory: str | None = None) -> str:
    """A scenario file, whole in itself, that resolves to the same lever series and numbers.

    Args:
        theory: preset to name in the file; by default the scenario's own.
    """
    content = changed(scenario, world)
    if theory is not None:
        content["theory"] = theory
    months = [month for steps in scenario.changes.values() for month in steps]
    departs = min(months, default=None) if scenario.departs is None else scenario.departs
    head = {
        "format": FORMAT,
        "title": scenario.title,
        "question": scenario.question,
        "expect": scenario.expect,
        "departs": None if departs is None else month_name(scenario.start + departs),
        "horizon": month_name(scenario.start + scenario.months - 1),
    }
    return f"{HEADER}\n{_lines({key: value for key, value in head.items() if value} | content)}"


def _lines(content: dict[str, Any], indent: str = "") -> str:
    """Nested mappings line by line; everything else in the notation of JSON, which YAML reads."""
    text = ""
    for key, value in content.items():
        word = json.dumps(key) if key[:1].isdigit() else key
        if isinstance(value, dict):
            text += f"{indent}{word}:\n{_lines(value, indent + '  ')}"
        else:
            text += f"{indent}{word}: {json.dumps(value, ensure_ascii=False)}\n"
    return text


def _word(text: str) -> str:
    """A text as a value of YAML: as it is where it is read so, else quoted."""
    is_plain = re.fullmatch(r"\w[\w ]*", text) and scalar(text) == text
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def scaffold(name: str, base: Scenario, world: World, *, named: bool = True) -> str:
    """The text of a file that starts from a scenario.

    Args:
        named: whether its name leads to it; if not, or if it extends another, it is copied.
    """
    departs = base.departs if base.departs is not None else base.months - 1
    first, second = list(world.actors)[:2]
    numbers = world.numbers.values()
    number = next(n for n in numbers if n.is_uncertain and is_drawn(world, n.path))
    extends, copied = f"extends: {_word(base.name)}\n", ""
    if base.extends or not named:
        source = f"# Copied from {' and '.join(filter(None, (base.name, base.extends)))}."
        extends, copied = "", f"\n{source}\n{_lines(changed(base, world))}"
    scaffold = (packaged() / "new_scenario.txt").read_text("utf-8")
    return scaffold.format(
        header=HEADER,
        format=FORMAT,
        title=_word(name.replace("_", " ").replace("-", " ").capitalize()),
        extends=extends,
        departs=month_name(base.start + departs),
        copied=copied,
        first=first,
        second=second,
        event=next(iter(world.events), "event_id"),
        number=number.path,
        low=number.low,
        high=number.high,
    )

"""A scenario written as the text of a scenario file."""

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from eurasia_sim.files.checker import FORMAT
from eurasia_sim.files.data_yaml import month_name, packaged
from eurasia_sim.files.page import scalar
from eurasia_sim.scenarios.checks import is_drawn
from eurasia_sim.scenarios.json_schema import HEADER
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.world.levers import FREE, check_lever, choices, levers
from eurasia_sim.world.world import World

_EXAMPLE = "# `eurasia-sim new NAME --from SCENARIO --lever LEVER` writes what it holds now.\n"


def changed(scenario: Scenario, world: World) -> dict[str, Any]:
    """What a scenario, its parent and its settings change, as keys of a file that extends none."""
    resolved = scenario.resolved()

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
        "record": resolved.get("record"),
        "levers": _nested(resolved["levers"], {}),
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


def _lines(
    content: dict[str, Any],
    notes: Mapping[str, str] = MappingProxyType({}),
    trail: tuple[str, ...] = (),
) -> str:
    """Nested mappings line by line, a note behind a path; the rest as JSON, which YAML reads."""
    text, indent = "", "  " * len(trail)
    for key, value in content.items():
        word = json.dumps(key) if key[:1].isdigit() else key
        if isinstance(value, dict):
            below = (*trail, key)
            note = notes.get(".".join(below), "")
            text += f"{indent}{word}:{note}\n{_lines(value, notes, below)}"
        else:
            text += f"{indent}{word}: {json.dumps(value, ensure_ascii=False)}\n"
    return text


def _word(text: str) -> str:
    """A text as a value of YAML: as it is where it is read so, else quoted."""
    is_plain = re.fullmatch(r"\w[\w ]*", text) and scalar(text) == text
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _nested(levers: Mapping[str, Mapping[str, Any]], below: dict[str, Any]) -> dict[str, Any]:
    """Dated values by lever path put into nested mappings, in place."""
    for path, dated in levers.items():
        node = below
        for word in path.split("."):
            node = node.setdefault(word, {})
        node.clear()
        node.update(dated)
    return below


def values_held(base: Scenario, world: World, path: str, departs: int) -> dict[str, Any]:
    """What a scenario holds of a lever from a month on, by date."""
    name, *ids = path.split(".")
    steps = base.steps.get(path, {})
    now = max((at for at in steps if at <= departs), default=None)
    value = check_lever(path, world).rest if now is None else steps[now]
    if name == "membership" and value == FREE:
        value = world.institutions[ids[0]].rank(ids[1], departs)
    later = {at: given for at, given in steps.items() if at > departs}
    return {world.date(at): given for at, given in {departs: value, **later}.items()}


def _picked(world: World, given: str) -> list[str]:
    """The lever paths that a path, or all but its last step, stands for."""
    name, *ids = given.split(".")
    last = levers()[name].path[-1] if name in levers() else ""
    if (
        last in ("presence kind", "threat", "domain", "flag")
        and len(ids) == len(levers()[name].path) - 1
    ):
        return [f"{given}.{word}" for word in choices(last, world)]
    return [given]


def scaffold(
    name: str, base: Scenario, world: World, picks: Iterable[str] = (), *, named: bool = True
) -> str:
    """The text of a file that starts from a scenario.

    Args:
        picks: levers to write with what they hold when the scenario departs.
        named: whether its name leads to it; if not, or if it extends another, it is copied.

    Raises:
        DataError: where a pick names no lever.
    """
    departs = base.departs if base.departs is not None else base.months - 1
    paths = [path for given in picks for path in _picked(world, given)]
    held = {path: values_held(base, world, path, departs) for path in paths}
    notes = {f"levers.{path}": f"   # {check_lever(path, world).allowed}" for path in paths}
    numbers = world.numbers.values()
    number = next(n for n in numbers if n.is_uncertain and is_drawn(world, n.path))
    extends, copied, decided = f"extends: {_word(base.name)}\n", "", {}
    if base.extends or not named:
        source = f"# Copied from {' and '.join(filter(None, (base.name, base.extends)))}."
        content = changed(base, world)
        decided = content.pop("levers", {})
        extends, copied = "", f"\n{source}\n{_lines(content)}"
    block = _lines({"levers": _nested(held, decided)}, notes) if held or decided else _EXAMPLE
    scaffold = (packaged() / "new_scenario.txt").read_text("utf-8")
    return scaffold.format(
        header=HEADER,
        format=FORMAT,
        title=_word(name.replace("_", " ").replace("-", " ").capitalize()),
        extends=extends,
        departs=month_name(base.start + departs),
        copied=copied,
        levers=block,
        event=next(iter(world.events), "event_id"),
        number=number.path,
        low=number.low,
        high=number.high,
    )

"""A scenario written as the text of a scenario file."""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from eurasia_sim.files.checker import FORMAT
from eurasia_sim.files.data_yaml import DataError, month_name, packaged
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.scenarios.schema import HEADER, POSTERIOR, is_drawn
from eurasia_sim.world.levers import FREE, check_lever, choices, levers
from eurasia_sim.world.world import World

_EXAMPLE = "# `eurasia-sim new NAME --from SCENARIO --lever LEVER` writes what it holds now.\n"
_DEPARTING = "{}; write the first month in which yours may differ"
_SPREAD = ("presence kind", "threat", "domain", "flag")  # steps that a pick may leave out


def file_text(scenario: Scenario, world: World, theory: str | None = None) -> str:
    """A scenario file, whole in itself, that resolves to the same lever series and numbers.

    Args:
        theory: preset to name in the file; by default the scenario's own.
    """
    months = [month for steps in scenario.changes.values() for month in steps]
    departs = min(months, default=None) if scenario.departs is None else scenario.departs
    content = {
        "format": FORMAT,
        "title": scenario.title,
        "question": scenario.question,
        "expect": scenario.expect,
        "departs": None if departs is None else month_name(scenario.start + departs),
        "horizon": month_name(scenario.start + scenario.months - 1),
        **_changed(scenario, world),
    }
    content |= {"theory": theory} if theory is not None else {}
    return f"{HEADER}\n{_lines({key: value for key, value in content.items() if value})}"


def _changed(scenario: Scenario, world: World) -> dict[str, Any]:
    """What a scenario, its parent and its settings change, as keys of a file that extends none."""
    resolved = scenario.resolved()
    levers, events = resolved["levers"], resolved["events"]
    for event in events["add"]:  # what a later layer has replaced is left out
        date, sets = event["date"], event["sets"]
        event["sets"] = {p: v for p, v in sets.items() if levers.get(p, {}).get(date) == v}
    events["drop"] = [name for name in events["drop"] if name in world.events]
    fixed = {path: [value, value] for path, value in resolved["fixed"].items()}
    if scenario.posterior and (narrowed := [*scenario.uncertain, *fixed]):
        wrong = f"one file cannot draw from the posterior and narrow {', '.join(narrowed)}"
        raise DataError([wrong])
    content = {
        "record": resolved.get("record"),
        "levers": _nested(levers, {}),
        "events": {key: events[key] for key in ("drop", "add") if events[key]},
        "uncertain": POSTERIOR if scenario.posterior else resolved["uncertain"] | fixed,
        **{key: resolved[key] for key in ("theory", "forms", "measures")},
    }
    return {key: value for key, value in content.items() if value}


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


def scaffold(
    name: str, base: Scenario, world: World, picks: Iterable[str] = (), *, named: bool = True
) -> str:
    """The text of a file that starts from a scenario.

    Raises DataError where a pick names no lever.

    Args:
        picks: levers, or all but the last step of one, to write with what they hold when the
            scenario departs.
        named: whether its name leads to it; if not, or if it extends another, it is copied.
    """
    departs, when = base.departs, f"as in {base.name}"
    if departs is None:
        departs, when = base.months - 1, f"the end of {base.name}, which departs nowhere"
    held, notes = {}, {}
    for pick in picks:
        kind, *ids = pick.split(".")
        steps = levers()[kind].path if kind in levers() else ()
        spread = len(ids) + 1 == len(steps) and steps[-1] in _SPREAD
        for path in [f"{pick}.{word}" for word in choices(steps[-1], world)] if spread else [pick]:
            notes[f"levers.{path}"] = f"   # {check_lever(path, world).allowed}"
            held[path] = values_held(base, world, path, departs)
    numbers = world.numbers.values()
    number = next(n for n in numbers if n.is_uncertain and is_drawn(world, n.path))
    extends, copied, decided = f"extends: {json.dumps(base.name)}\n", "", {}
    if base.extends or not named:
        source = f"# Copied from {' and '.join(filter(None, (base.name, base.extends)))}."
        content = _changed(base, world)
        decided = content.pop("levers", {})
        extends, copied = "", f"\n{source}\n{_lines(content)}"
    form = (packaged() / "new_scenario.txt").read_text("utf-8")
    return form.format(
        header=HEADER,
        format=FORMAT,
        title=json.dumps(name.replace("_", " ").replace("-", " ").capitalize()),
        extends=extends,
        departs=month_name(base.start + departs),
        departing=_DEPARTING.format(when),
        copied=copied,
        levers=_lines({"levers": _nested(held, decided)}, notes) if held or decided else _EXAMPLE,
        event=next(iter(world.events), "event_id"),
        number=number.path,
        low=number.low,
        high=number.high,
    )

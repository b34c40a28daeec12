"""The rules' numbers, and the theories and rival forms that set some of them their own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eurasia_sim.files.data_yaml import Leaf, Page, leaves
from eurasia_sim.world.entities import Preset
from eurasia_sim.world.loader import Gathered

Forms = dict[str, dict[str, Preset]]


def read_rules(page: Page, into: Gathered) -> None:
    """The numbers of one mechanism; a flat name stands once in all of them."""
    mechanism = page.name.removesuffix(".yaml")
    for leaf in leaves(page):
        name = ".".join(leaf.ids)
        if len(leaf.ids) != 1:
            into.problems.append(
                f"{page.place(leaf.keys)}: {name} must be a name with meaning, value, unit, range"
            )
        elif twin := next((path for path in into.numbers if path.endswith(f".{name}")), None):
            into.problems.append(
                f"{page.place(leaf.keys)}: {name} is also {twin}; rules share one set of flat names"
            )
        else:
            into.add(page, leaf, f"rules.{mechanism}.{name}")


def read_theories(page: Page, into: Gathered) -> tuple[dict[str, Preset], Forms, dict[str, str]]:
    """The theory presets by name, the rival forms by factor and name, and each factor's default."""
    names = {path.rsplit(".", 1)[1]: path for path in into.numbers if path.startswith("rules.")}
    presets = {
        name: _preset(page, ("presets", name), ("theories", name), names, into)
        for name in page.data["presets"]
    }
    forms: Forms = {}
    defaults: dict[str, str] = {}
    for factor, entry in page.data.get("forms", {}).items():
        keys = ("forms", factor, "alternatives")
        rivals = {
            name: _preset(page, (*keys, name), ("forms", factor, name), names, into)
            for name in entry["alternatives"]
        }
        default = entry.get("default", next(iter(rivals)))
        into.known(page, ("forms", factor, "default"), default, rivals, f"alternative of {factor}")
        forms[factor], defaults[factor] = rivals, default
    return presets, forms, defaults


def _preset(
    page: Page,
    keys: tuple[str, ...],
    group: tuple[str, ...],
    names: Mapping[str, str],
    into: Gathered,
) -> Preset:
    """One preset or alternative; every number it fixes or ranges is kept under its own path."""
    entry = page.data
    for key in keys:
        entry = entry[key]
    for key in entry:
        into.known(
            page,
            (*keys, key),
            key,
            ("says", "cite", "fix", "values", "ranges", "index"),
            "key of a preset",
        )
    cited = entry.get("cite") or []
    cites = (cited,) if isinstance(cited, str) else tuple(cited)
    source: list[dict[str, Any]] = [{"cite": cite, "says": str(entry["says"])} for cite in cites]
    fix, values, ranges = (dict(entry.get(part) or {}) for part in ("fix", "values", "ranges"))
    into.problems += [
        f"{page.place((*keys, 'values'))}: {name} has a value but no range; give it one in ranges"
        for name in values
        if name not in ranges
    ]
    stated = {name: ("fix", [value, value]) for name, value in fix.items()}
    stated |= {name: ("ranges", ends) for name, ends in ranges.items()}
    kept = {}
    for name, (part, ends) in stated.items():
        if into.known(page, (*keys, part, name), name, names, "number of the rules"):
            rule = into.numbers[names[name]]
            value = values.get(name, min(max(rule.value, ends[0]), ends[1]))
            header = {
                "meaning": rule.meaning,
                "unit": rule.unit,
                "basis": "judgement",
                "range": ends,
            }
            header["source"] = source or [{"note": str(entry["says"])}]
            found = into.add(
                page, Leaf((name,), (*keys, part, name), value, header), ".".join((*group, name))
            )
            kept[name] = found.value if found else 0.0
    return Preset(
        keys[-1],
        str(entry["says"]),
        cites,
        {name: kept[name] for name in fix if name in kept},
        {name: kept[name] for name in ranges if name in kept},
        {name: (float(ends[0]), float(ends[1])) for name, ends in ranges.items()},
        entry.get("index"),
    )

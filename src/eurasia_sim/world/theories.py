"""The rules' numbers, and the theories and rival forms that set some of them."""

from typing import Any

from eurasia_sim.files.data_yaml import Leaf, leaves
from eurasia_sim.files.page import Page
from eurasia_sim.world.entities import Preset
from eurasia_sim.world.forms import Theories
from eurasia_sim.world.loader import Gathered

Forms = dict[str, dict[str, Preset]]


def read_rules(page: Page, into: Gathered) -> None:
    """Read the numbers of one mechanism; a flat name stands once in all mechanisms."""
    mechanism = page.name.removesuffix(".yaml")
    for leaf in leaves(page):
        name = ".".join(leaf.ids)
        if len(leaf.ids) != 1:
            page.complain(leaf.keys, f"{name} must be a name with meaning, value, unit, range")
        elif twin := next((path for path in into.numbers if path.endswith(f".{name}")), None):
            wrong = f"{name} is also {twin}; rules share one set of flat names"
            page.complain(leaf.keys, wrong)
        else:
            into.add(page, leaf, f"rules.{mechanism}.{name}")


def read_theories(
    page: Page, form: Theories, into: Gathered
) -> tuple[dict[str, Preset], Forms, dict[str, str]]:
    """Read theories by name, rival forms by factor and name, and each factor's default."""
    presets = {
        name: _preset(page, ("presets", name), entry, into) for name, entry in form.presets.items()
    }
    forms: Forms = {}
    defaults: dict[str, str] = {}
    for factor, given in form.forms.items():
        keys = ("forms", factor, "alternatives")
        rivals = {
            name: _preset(page, (*keys, name), entry, into)
            for name, entry in given.alternatives.items()
        }
        default = given.default or next(iter(rivals))
        into.known(page, ("forms", factor, "default"), default, f"alternative of {factor}", rivals)
        forms[factor], defaults[factor] = rivals, default
    return presets, forms, defaults


def _preset(page: Page, keys: tuple[str, ...], entry: Any, into: Gathered) -> Preset:
    """One preset or alternative; each number it fixes or ranges is kept under a path of its own."""
    group = ("theories", keys[-1]) if keys[0] == "presets" else ("forms", keys[1], keys[-1])
    names = {path.rsplit(".", 1)[1]: path for path in into.numbers if path.startswith("rules.")}
    says, cited = entry.says, entry.cite or []
    cites = (cited,) if isinstance(cited, str) else tuple(cited)
    source: list[dict[str, Any]] = [{"cite": cite, "says": says} for cite in cites]
    fix, values, ranges = entry.fix or {}, entry.values or {}, entry.ranges or {}
    for name in values:
        if name not in ranges:
            wrong = f"{name} has a value but no range; give it one in ranges"
            page.complain((*keys, "values"), wrong)
    stated = {name: ("fix", [value, value]) for name, value in fix.items()}
    stated |= {name: ("ranges", ends) for name, ends in ranges.items()}
    kept = {}
    for name, (part, ends) in stated.items():
        trail = (*keys, part, name)
        if into.known(page, trail, name, "number of the rules", names):
            rule = into.numbers[names[name]]
            value = values.get(name, min(max(rule.value, ends[0]), ends[1]))
            header = {
                "meaning": rule.meaning,
                "unit": rule.unit,
                "basis": "judgement",
                "range": ends,
            }
            header["source"] = source or [{"note": says}]
            found = into.add(page, Leaf((name,), trail, value, header), ".".join((*group, name)))
            kept[name] = found.value if found else 0.0
    return Preset(
        name=keys[-1],
        says=says,
        cite=cites,
        fix={name: kept[name] for name in fix if name in kept},
        values={name: kept[name] for name in ranges if name in kept},
        ranges={name: (float(ends[0]), float(ends[1])) for name, ends in ranges.items()},
        index=entry.index,
    )

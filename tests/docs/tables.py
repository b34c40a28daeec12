"""Tables of the protocol, glossary and README: `python -m tests.docs.tables` writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eurasia_sim.compute.blocks import Field
from eurasia_sim.files.data_yaml import DEFAULT_WORLD, Number, packaged, read_page
from eurasia_sim.kernel.arrays import CODED, CONSTANTS, FACTS, LEVERS, STATE
from eurasia_sim.reports.markdown import table
from eurasia_sim.world.entities import Preset
from eurasia_sim.world.factors import FACTORS
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import OF_RULES, World, load_world

HOUSE = Path(__file__).resolve().parents[2]
PAGE = HOUSE / "docs" / "odd.md"
README = HOUSE / "README.md"
GLOSSARY = HOUSE / "docs" / "glossary.md"
FINDINGS = HOUSE / "docs" / "findings.md"
MARKED = re.compile(r"(<!-- table: ([\w.]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def sources(source: Iterable[Mapping[str, Any]]) -> str:
    """Sources of a number in a few words: works, passages, datasets and notes."""
    found = []
    for item in source:
        if "document" in item:
            lines = "–".join(str(line) for line in dict.fromkeys(item.get("lines", [])))
            found.append(f"`{item['document']}`" + (f" L{lines}" if lines else ""))
        elif "cite" in item:
            found.append(f"`{item['cite']}`")
        else:
            found.append(str(item.get("dataset") or item.get("note") or "claims"))
    return "; ".join(dict.fromkeys(found))


def of_rules(numbers: Iterable[Number]) -> str:
    """The numbers of one mechanism: one a row, with its reference value, range and parents."""
    rows = (
        (
            f"`{n.path.rsplit('.', 1)[1]}`",
            n.meaning,
            f"{n.value:g}",
            span(n.low, n.high) + (" (held)" if n.held else ""),
            n.unit,
            sources(n.source),
        )
        for n in numbers
    )
    return table(("name", "meaning", "value", "range", "unit", "source"), rows)


def span(low: float, high: float) -> str:
    """A range, or a dash where nothing is drawn."""
    return f"{low:g} to {high:g}" if low < high else "–"


def of_presets(presets: Mapping[str, Preset]) -> str:
    """Theories, or alternatives of a form: what each fixes, and the ranges that it owns."""

    def settings(preset: Preset) -> str:
        fixed = [f"`{name}` = {value:g}" for name, value in preset.fix.items()]
        ranged = [
            f"`{name}` {preset.values[name]:g} ({span(*ends)})"
            if name in preset.values
            else f"`{name}` {span(*ends)}"
            for name, ends in preset.ranges.items()
        ]
        index = [f"index `{preset.index}`"] if preset.index else []
        return ", ".join([*fixed, *ranged, *index]) or "–"

    rows = (
        (f"`{p.name}`", p.says, settings(p), ", ".join(f"`{c}`" for c in p.cite))
        for p in presets.values()
    )
    return table(("name", "says", "sets", "cites"), rows)


def of_levers() -> str:
    """What a scenario can decide."""
    rows = ((f"`{lever.pattern}`", lever.meaning, lever.allowed) for lever in levers().values())
    return table(("lever", "meaning", "values"), rows)


def of_fields(fields: Iterable[Field]) -> str:
    """The arrays of one table."""
    rows = (
        (f"`{field.name}`", field.meaning, field.unit, ", ".join(field.axes) or "–")
        for field in fields
    )
    return table(("term", "meaning", "unit", "axes"), rows)


def of_measures() -> str:
    """What is read off a run."""
    page = read_page(packaged() / "measures.yaml").data
    rows = (
        (f"`{name}`", entry["meaning"], entry["unit"], ", ".join(entry["of"]))
        for name, entry in page.items()
    )
    return table(("measure", "meaning", "unit", "of"), rows)


def of_world(world: World) -> str:
    """The kinds of number that a world brings: how many, how many drawn, and by their basis."""
    kinds: dict[tuple[str, str, str], list[Number]] = {}
    for path, number in world.numbers.items():
        if not path.startswith((*OF_RULES, FACTORS)):
            kinds.setdefault((path.split(".")[0], number.meaning, number.unit), []).append(number)
    rows = []
    for (part, meaning, unit), numbers in kinds.items():
        bases = Counter("silent" if n.is_silent else n.basis for n in numbers)
        drawn = sum(n.path in world.drawn for n in numbers)
        moved = sum(n.path in world.moved_by for n in numbers)
        counted = ", ".join(f"{count} {basis}" for basis, count in bases.most_common())
        rows.append((part, meaning, unit, len(numbers), moved, drawn, counted))
    return table(("part", "what", "unit", "numbers", "moved", "drawn", "basis"), rows)


def of_factors(world: World) -> str:
    """The factors: what each says of the numbers that it moves, and how many these are."""
    rows = (
        (f"`{path}`", world.numbers[path].meaning, len(cells))
        for path, cells in world.factors.items()
    )
    return table(("factor", "says", "numbers moved"), rows)


def of_findings(page: str) -> str:
    """Verdicts of the hypotheses: rows of the findings' own table, without sources."""
    lines = re.findall(r"^\| [CHP]\d+r? \| .* \| \*\*.*$", page, re.MULTILINE)
    head = re.search(r"^\|( +\| says \| verdict \| .*) \|$", page, re.MULTILINE)[1].split(" | ")
    shown = 6 if "under the fit" in head else 4
    return table(head[:shown], (line.strip("| ").split(" | ")[:shown] for line in lines))


def tables() -> dict[str, str]:
    """Every table by the name in its marker."""
    world = load_world(DEFAULT_WORLD)
    mechanisms: dict[str, list[Number]] = {}
    for path, number in world.numbers.items():
        if path.startswith("rules."):
            mechanisms.setdefault(path.rsplit(".", 1)[0], []).append(number)
    forms = {f"forms.{factor}": of_presets(rivals) for factor, rivals in world.forms.items()}
    found = {name: of_rules(numbers) for name, numbers in mechanisms.items()} | forms
    found |= {
        f"fields.{each.name}": of_fields(each.fields)
        for each in (FACTS, CODED, CONSTANTS, LEVERS, STATE)
    }
    return found | {
        "theories": of_presets(world.theories),
        "levers": of_levers(),
        "measures": of_measures(),
        "world": of_world(world),
        "factors": of_factors(world),
        "findings": of_findings(FINDINGS.read_text(encoding="utf-8")),
    }


def current(text: str) -> str:
    """The page with every marked table as the data has it now."""
    made = tables()
    return MARKED.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[4]}", text)


if __name__ == "__main__":
    for page in (PAGE, README, GLOSSARY):
        page.write_text(current(page.read_text(encoding="utf-8")), encoding="utf-8")

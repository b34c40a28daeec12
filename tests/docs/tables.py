"""Tables of the protocol, glossary and README: `python -m tests.docs.tables` writes them."""

import contextlib
import io
import json
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eurasia_sim.compute.blocks import Field
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DEFAULT_WORLD, Number, packaged, read_page
from eurasia_sim.kernel.arrays import CODED, CONSTANTS, FACTS, LEVERS, STATE
from eurasia_sim.reports.answer import SKILL
from eurasia_sim.world.forms import Preset
from eurasia_sim.world.levers import levers
from eurasia_sim.world.loader import FACTORS
from eurasia_sim.world.world import OF_RULES, World, load_world

HOUSE = Path(__file__).resolve().parents[2]
PAGE = HOUSE / "docs" / "odd.md"
README = HOUSE / "README.md"
GLOSSARY = HOUSE / "docs" / "glossary.md"
SHOWN = [HOUSE / "docs" / "how-to" / name for name in ("mesa.md", "ema-workbench.md")]
FINDINGS = HOUSE / "docs" / "findings.md"
VALIDATION = HOUSE / "docs" / "validation.md"
TRUST = packaged() / "worlds" / DEFAULT_WORLD / SKILL
# An observed item of the page on validation: its skill now, and with one left out.
_ITEM = re.compile(r"^\| `\w+` \|[^|]+\|[^|]+\| \*\*(\S+)\*\* \| (\S+)", re.MULTILINE)
EXAMPLE = re.compile(r"(```python\n(.+?)```\n```text\n).*?(```\n)", re.DOTALL)
MARKED = re.compile(r"(<!-- table: ([\w.]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; a bar inside a cell is kept from ending it."""

    def line(cells: Iterable[object]) -> str:
        words = (re.sub(r"(?<!\\)\|", r"\|", " ".join(str(cell).split())) for cell in cells)
        return f"| {' | '.join(words)} |"

    head = list(head)
    return "\n".join([line(head), "|" + "---|" * len(head), *(line(row) for row in rows)])


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
    """The hypotheses by their verdict, in the order of the findings' own table, in one line."""
    found: dict[str, list[str]] = {}
    row = re.compile(r"^\| ([CHP]\d+r?) \| [^|]* \| \*\*([^*|]+)\*\*", re.MULTILINE)
    for name, word in row.findall(page):
        found.setdefault(word, []).append(name)
    rows = sorted(found.items(), key=lambda each: len(each[1]))
    return "; ".join(f"**{word}**: {', '.join(names)}" for word, names in rows) + "."


def of_trust(world: World) -> str:
    """How far to trust the model: its skill, its documents, its numbers, and its record."""
    known = of_skill(VALIDATION.read_text(encoding="utf-8"))
    documents = load_evidence(world.directory).documents.values()
    unsigned = sum(bool(re.search("[Uu]nsigned|names no author", d.citation)) for d in documents)
    once = sum(document.dependent is not None for document in documents)
    bases = Counter(number.basis for number in world.numbers.values())
    judged = bases["judgement"] / bases.total()
    better = f"{known['better']} of {known['items']} observed series, on {known['whoever']}"
    skill = f"Three years ahead it beats the best free forecast on {better} whoever is left out"
    counted = f"{len(documents)} documents, {unsigned} of them unsigned, {once} that count as one"
    judgement = f"{100 * judged:.0f} % of the numbers are judgements with a range that is varied"
    ends = f"It ends in {world.date(world.record_until - world.start)}; then the last values hold."
    rows = (
        ("**Skill**", f"{skill} ([validation](docs/validation.md))."),
        ("**Hindsight**", "Who coded and built it knew later years, so its skill is at most this."),
        ("**Sources**", f"{counted} ([ethics](docs/ethics.md)). {judgement}; equations are ours."),
        ("**Record**", f"{ends} A share of draws is no probability."),
    )
    return table(("", ""), rows)


def of_skill(page: str) -> dict[str, Any]:
    """What the page on validation measured of every observed item, counted."""
    found = _ITEM.findall(page)
    better = [least for skill, least in found if float(skill.replace("−", "-")) > 0]
    whoever = [least for least in better if re.fullmatch(r"\d+", least) and int(least) > 0]
    theory = load_world(DEFAULT_WORLD).default_theory
    counted = {"items": len(found), "better": len(better), "whoever": len(whoever)}
    return {"theory": theory, **counted}


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
        "trust": of_trust(world),
    }


def current(text: str) -> str:
    """The page with every marked table as the data has it now."""
    made = tables()
    return MARKED.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[4]}", text)


def exampled(page: str) -> str:
    """The page with what its examples in Python print now."""

    def run(found: re.Match[str]) -> str:
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            with contextlib.redirect_stdout(printed), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what a library finds not installed
                exec(found[2], {})  # noqa: S102 - our own page
            if "savefig" in found[2]:
                assert (Path(folder) / "difference.png").stat().st_size > 10_000
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        return "\n".join([found[1].rstrip("\n"), *lines, found[3]])

    return EXAMPLE.sub(run, page)


if __name__ == "__main__":
    TRUST.write_text(json.dumps(of_skill(VALIDATION.read_text(encoding="utf-8"))) + "\n", "utf-8")
    for page in (PAGE, README, GLOSSARY, *SHOWN):
        page.write_text(exampled(current(page.read_text(encoding="utf-8"))), encoding="utf-8")

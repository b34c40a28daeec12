"""Tables of the protocol, glossary and README: `python -m tests.docs.tables` writes them."""

import contextlib
import io
import json
import re
import tempfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DEFAULT_WORLD, Number, packaged, read_page
from eurasia_sim.kernel.arrays import CODED, CONSTANTS, FACTS, LEVERS, STATE
from eurasia_sim.reports.outcomes import SKILL_FILE
from eurasia_sim.world.forms import Preset
from eurasia_sim.world.levers import levers
from eurasia_sim.world.loader import FACTORS
from eurasia_sim.world.world import OF_RULES, World, load_world

HOUSE = Path(__file__).resolve().parents[2]
DOCS, README = HOUSE / "docs", HOUSE / "README.md"
PAGES = (DOCS / "odd.md", README, DOCS / "glossary.md")
SHOWN = [DOCS / "how-to" / name for name in ("mesa.md", "ema-workbench.md")]
VALIDATION = DOCS / "validation.md"
TRUST = packaged() / "worlds" / DEFAULT_WORLD / SKILL_FILE
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


def named(names: Iterable[str]) -> str:
    """Names in code font, one after another."""
    return ", ".join(f"`{name}`" for name in names)


def span(low: float, high: float) -> str:
    """A range, or a dash where nothing is drawn."""
    return f"{low:g} to {high:g}" if low < high else "–"


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
        (named([n.path.rpartition(".")[2]]), n.meaning, f"{n.value:g}",
         span(n.low, n.high) + " (held)" * bool(n.held), n.unit, sources(n.source))
        for n in numbers
    )  # fmt: skip
    return table(("name", "meaning", "value", "range", "unit", "source"), rows)


def of_presets(presets: Mapping[str, Preset]) -> str:
    """Theories, or alternatives of a form: what each fixes, and the ranges that it owns."""
    rows = []
    for preset in presets.values():
        sets = [f"`{name}` = {value:g}" for name, value in preset.fix.items()]
        for name, ends in preset.ranges.items():
            own = f" {preset.values[name]:g} ({span(*ends)})"
            sets.append(f"`{name}`" + (own if name in preset.values else f" {span(*ends)}"))
        sets += [f"index `{preset.index}`"] if preset.index else []
        rows.append((named([preset.name]), preset.says, ", ".join(sets) or "–", named(preset.cite)))
    return table(("name", "says", "sets", "cites"), rows)


def of_world(world: World) -> str:
    """The kinds of number that a world brings: how many, how many drawn, and by their basis."""
    kinds = defaultdict[tuple[str, str, str], list[Number]](list)
    for path, number in world.numbers.items():
        if not path.startswith((*OF_RULES, FACTORS)):
            kinds[path.partition(".")[0], number.meaning, number.unit].append(number)
    rows = []
    for kind, numbers in kinds.items():
        bases = Counter("silent" if n.is_silent else n.basis for n in numbers)
        drawn, moved = (
            sum(n.path in own for n in numbers) for own in (world.drawn, world.moved_by)
        )
        counted = ", ".join(f"{count} {basis}" for basis, count in bases.most_common())
        rows.append((*kind, len(numbers), moved, drawn, counted))
    return table(("part", "what", "unit", "numbers", "moved", "drawn", "basis"), rows)


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
    world, mechanisms = load_world(DEFAULT_WORLD), defaultdict[str, list[Number]](list)
    for path, number in world.numbers.items():
        if path.startswith("rules."):
            mechanisms[path.rpartition(".")[0]].append(number)
    measures = read_page(packaged() / "measures.yaml").data
    found = {name: of_rules(numbers) for name, numbers in mechanisms.items()}
    found |= {f"forms.{factor}": of_presets(rivals) for factor, rivals in world.forms.items()}
    for each in (FACTS, CODED, CONSTANTS, LEVERS, STATE):
        rows = ((f"`{x.name}`", x.meaning, x.unit, ", ".join(x.axes) or "–") for x in each.fields)
        found[f"fields.{each.name}"] = table(("term", "meaning", "unit", "axes"), rows)
    return found | {
        "theories": of_presets(world.theories),
        "levers": table(
            ("lever", "meaning", "values"),
            ((f"`{each.pattern}`", each.meaning, each.allowed) for each in levers().values()),
        ),
        "measures": table(
            ("measure", "meaning", "unit", "of"),
            ((f"`{name}`", each["meaning"], each["unit"], ", ".join(each["of"]))
             for name, each in measures.items()),
        ),
        "factors": table(
            ("factor", "says", "numbers moved"),
            ((f"`{path}`", world.numbers[path].meaning, len(cells))
             for path, cells in world.factors.items()),
        ),
        "world": of_world(world),
        "findings": of_findings((DOCS / "findings.md").read_text(encoding="utf-8")),
        "trust": of_trust(world),
    }  # fmt: skip


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
    for page in (*PAGES, *SHOWN):
        page.write_text(exampled(current(page.read_text(encoding="utf-8"))), encoding="utf-8")

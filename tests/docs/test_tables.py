"""The protocol, glossary, README and screen say what the data and the code say now."""

import json
import re

import pytest
from tests.docs import screen, tables

from eurasia_sim.compute import dimensions
from eurasia_sim.kernel import outcomes

ELEMENTS = (
    "Purpose and patterns", "Entities, state variables and scales",
    "Process overview and scheduling", "Design concepts", "Initialization", "Input data",
    "Submodels",
)  # fmt: skip
CONCEPTS = (
    "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction",
    "Sensing", "Interaction", "Stochasticity", "Collectives", "Observation",
)  # fmt: skip
HAND_WRITTEN = re.compile(
    r"^\| term \| meaning \| standard term \| source \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE
)
LINK_OR_DECISION = re.compile(r"\[[^\]]+\]\((\w+\.md)\)|decision (\d{4})")
WORK_AND_LINES = re.compile(r"`(\w+)`(?:,? L\d+(?:–\d+)?)*")


@pytest.fixture(scope="module")
def page() -> str:
    return tables.PAGES[0].read_text(encoding="utf-8")


def test_every_table_stands_once_and_is_what_the_data_gives():
    texts = [each.read_text(encoding="utf-8") for each in tables.PAGES]
    marked = [name for text in texts for _, name, _, _ in tables.MARKED.findall(text)]
    assert sorted(marked) == sorted(tables.tables())
    for text in texts:
        assert tables.current(text) == text, "run: python -m tests.docs.tables"


def test_the_packaged_skill_is_what_the_page_on_validation_counts():
    found = tables.of_skill(tables.VALIDATION.read_text(encoding="utf-8"))
    kept = json.loads(tables.TRUST.read_text(encoding="utf-8"))
    assert kept == found, "run: python -m tests.docs.tables"
    cells = ("**−3** | −5 to 1", "**2** | 1 to 4", "**2** | −1 to 4", "**9** | n = 1")
    rows = "".join(f"| `a` | – | 1 | {cell} |\n" for cell in cells)
    assert tables.of_skill(rows) == found | {"items": 4, "better": 3, "whoever": 1}


def test_the_seven_elements_and_eleven_concepts_stand_in_their_order(page):
    assert re.findall(r"^## \d\. (.+)$", page, re.MULTILINE) == list(ELEMENTS)
    assert re.findall(r"^### 4\.\d+ (.+)$", page, re.MULTILINE) == list(CONCEPTS)


def test_every_phase_measure_dimension_and_parameter_of_an_equation_is_described(page, package):
    """What the code takes from `p` and what the equations say are the same names."""
    files = [*package.glob("mechanisms/*.py"), package / "kernel" / "month.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    equations = "\n".join(re.findall(r"^```text\n(.+?)^```", page, re.DOTALL | re.MULTILINE))
    lost = set(re.findall(r"\bp\.(\w+)", code)) - set(re.findall(r"\w+", equations))
    assert not lost, sorted(lost)
    described = {name.lower() for name in re.findall(r"^### 7\.\d+ (\w+)", page, re.MULTILINE)}
    assert {path.stem for path in files} - {"__init__", "month"} <= described
    named = (*outcomes.PAIR_MEASURES, *outcomes.ACTOR_MEASURES, *outcomes.THEATRE_MEASURES)
    formulas = page.split("### 7.9")[1]
    assert [name for name in named if not re.search(rf"^{name}\b", formulas, re.MULTILINE)] == []
    for kind in ("DOMAINS", "THREATS", "PRESENCE_KINDS", "CONSTRUCTS"):
        assert [x for x in getattr(dimensions, kind) if f"`{x}`" not in page] == []


def test_every_term_of_the_glossary_has_a_standard_term_and_a_source_that_exists(
    repository, package
):
    docs, works = repository / "docs", (package / "data/references.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"^@\w+\{(\w+),", works, re.MULTILINE))
    written = "".join(HAND_WRITTEN.findall((docs / "glossary.md").read_text(encoding="utf-8")))
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in written.splitlines()]
    assert len(rows) > 100
    for term, meaning, standard, source in rows:
        assert all((meaning, standard)), term
        if found := LINK_OR_DECISION.fullmatch(source):
            assert [*docs.glob(found[1] or f"decisions/{found[2]}-*.md")], term
        elif source != "here":
            assert set(WORK_AND_LINES.findall(source)) <= known, term
            assert WORK_AND_LINES.sub("", source).strip(", ") == "", term


def test_few_numbers_are_drawn_and_each_of_them_moves_a_measure(world):
    assert len(world.drawn) <= screen.MOST
    moves = screen.listed()
    assert sorted(moves) == sorted(screen.candidates(world)), "run: python -m tests.docs.screen"
    for path, moved in moves.items():
        if path in world.drawn:
            assert moved >= screen.LEAST, f"{path}: hold it, with a reason"
        elif moved >= screen.LEAST:
            why = world.numbers[path].held
            assert why.startswith(screen.TIED), f"{path}: draw it, or say what stands for it"


@pytest.mark.slow
def test_the_screen_is_what_the_rules_give(world):
    assert screen.PAGE.read_text(encoding="utf-8") == screen.page_of(screen.screen(world))

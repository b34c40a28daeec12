"""The protocol and the README say what the data and the code say now."""

import json
import re

import pytest
from tests.docs import tables as made
from tests.docs.tables import GLOSSARY, MARKED, PAGE, README, current, tables

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


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_every_table_is_what_the_data_gives(page):
    for text in (page, *(each.read_text(encoding="utf-8") for each in (README, GLOSSARY))):
        assert current(text) == text, "run: python -m tests.docs.tables"


def test_the_packaged_skill_is_what_the_page_on_validation_counts():
    found = made.of_skill(made.VALIDATION.read_text(encoding="utf-8"))
    assert json.loads(made.TRUST.read_text(encoding="utf-8")) == found, (
        "run: python -m tests.docs.tables"
    )
    cells = ("**−3** | −5 to 1", "**2** | 1 to 4", "**2** | −1 to 4", "**9** | n = 1")
    rows = "".join(f"| `a` | – | 1 | {cell} |\n" for cell in cells)
    assert made.of_skill(rows) == found | {"items": 4, "better": 3, "whoever": 1}


def test_every_table_stands_on_a_page_once(page):
    texts = (page, *(each.read_text(encoding="utf-8") for each in (README, GLOSSARY)))
    marked = [found for text in texts for found in MARKED.findall(text)]
    assert sorted(name for _, name, _, _ in marked) == sorted(tables())


def test_the_seven_elements_and_eleven_concepts_stand_in_their_order(page):
    assert re.findall(r"^## \d\. (.+)$", page, re.MULTILINE) == list(ELEMENTS)
    assert re.findall(r"^### 4\.\d+ (.+)$", page, re.MULTILINE) == list(CONCEPTS)


def test_every_phase_and_every_measure_is_described(page, package):
    mechanisms = {path.stem for path in package.glob("mechanisms/*.py")} - {"__init__"}
    described = {name.lower() for name in re.findall(r"^### 7\.\d+ (\w+)", page, re.MULTILINE)}
    assert mechanisms <= described
    named = (*outcomes.PAIR_MEASURES, *outcomes.ACTOR_MEASURES, *outcomes.THEATRE_MEASURES)
    formulas = page.split("### 7.9")[1]
    assert [name for name in named if not re.search(rf"^{name}\b", formulas, re.MULTILINE)] == []


def test_every_parameter_that_a_mechanism_reads_stands_in_an_equation(page, package):
    """What the code takes from `p` and what the equations say are the same names."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in package.glob("mechanisms/*.py"))
    code += (package / "kernel" / "month.py").read_text(encoding="utf-8")
    equations = "\n".join(re.findall(r"^```text\n(.+?)^```", page, re.DOTALL | re.MULTILINE))
    lost = set(re.findall(r"\bp\.(\w+)", code)) - set(re.findall(r"\w+", equations))
    assert not lost, sorted(lost)


def test_dimensions_are_those_of_the_code(page):
    kinds = (
        dimensions.DOMAINS,
        dimensions.THREATS,
        dimensions.PRESENCE_KINDS,
        dimensions.CONSTRUCTS,
    )
    assert [name for names in kinds for name in names if f"`{name}`" not in page] == []

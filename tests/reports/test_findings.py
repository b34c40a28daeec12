"""The findings page, from tables made by hand."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.hypotheses.test_evaluation import MAP

from eurasia_sim.hypotheses.arms import Effort
from eurasia_sim.hypotheses.evaluation import Evaluation
from eurasia_sim.hypotheses.hypothesis import Family
from eurasia_sim.reports import findings
from eurasia_sim.world.world import World

COMMAND = "eurasia-sim test --findings docs/findings.md"
NAN = float("nan")
VERDICT = {
    "source": "paper L3", "note": "", "kind": "hypothesis", "failed": "", "fit_failed": "",
    "fit_verdict": "negligible", "share_of_space": 0.9, "share_low": 0.85, "share_high": 0.93,
    "points": 800, "region": "", "density": 0.85, "coverage": 0.4, "digest": "abc",
    "left_by_fit": NAN, "left_by_ranges": NAN, "members": 200, "fit_share": 0.1, "fit_region": "",
    "fit_density": NAN, "fit_coverage": NAN, "fit_left_by_fit": NAN, "fit_left_by_ranges": NAN,
}  # fmt: skip
UNKNOWN = {"share_of_space": NAN, "share_low": 0.0, "share_high": 1.0, "points": 0, "members": 0}
PART = {
    "plus": "left", "less": "right", "sign": "+", "smallest": 0.01, "because": "", "mean": 0.02,
    "low": 0.015, "high": 0.025, "size": 1.5, "colocation_part": 0.03, "joint_part": -0.01,
    "correlation": 0.8, "variance_gain": 5.0, "n": 200, "failed": 2, "share_of_space": 0.9,
    "share_low": 0.85, "share_high": 0.93, "mirrored": 0.02, "null_mean": 0.0, "forced": 0.5,
    "negligible": 0.05, "opposed": NAN, "fit_mean": 0.01, "fit_share": 0.55,
    "fit_word": "undetermined", "word": "supported",
}  # fmt: skip
RIVAL = {"kind": "theory", "mean": 0.02, "low": 0.015, "high": 0.025, "mirrors": False}


def verdict(name: str, word: str, **changed: object) -> dict[str, object]:
    own = {"hypothesis": name, "says": f"{name} says | so.", "built_in": name == "K"}
    return {**VERDICT, **own, "verdict": word, **changed}


def named(name: str, row: dict[str, Any], **changed: object) -> dict[str, object]:
    return {"hypothesis": name, "part": f"part of {name}", **row, **changed}


@pytest.fixture(scope="module")
def result(world: World) -> Evaluation:
    hinges = {"region": "x ≥ 3", "left_by_fit": 0.75, "left_by_ranges": 0.5}
    verdicts = [
        verdict("A", "supported"), verdict("B", "entailed", **UNKNOWN),
        verdict("C", "hinges on", **hinges), verdict("P", "supported", kind="placebo"),
        verdict("K", "supported", kind="control"),
    ]  # fmt: skip
    parts = [
        named("A", PART, forced=0.0), named("B", PART, word="entailed", forced=1.0),
        named("C", PART, word="undetermined", forced=0.0),
        named("P", PART, sign="0", mean=0.0, low=-0.001, high=0.001),
        named("K", PART, sign="-", forced=1.0),
    ]  # fmt: skip
    rivals = [
        named(name, RIVAL, under=under, holds=name != "C" or under != world.null_theory)
        for name in "ABCPK"
        for under in (world.default_theory, world.null_theory)
    ]
    shares = {"reading": "x", "scenarios": 2, "scenario": 0.25, "theory": 0.5, "chance": 0.25}
    tables = {"verdicts": verdicts, "parts": parts, "theories": rivals, "shares": [shares]}
    names = ("verdicts", "parts", "theories", "points", "shares", "maps")
    return Evaluation(**{name: pd.DataFrame(tables.get(name, ())) for name in names})


def pages_of(world: World, result: Evaluation, *maps: Any) -> list[str]:
    """The findings, then the page of every map."""
    file, place = Path("hypotheses.yaml"), Path("docs/findings.md")
    family = Family(file, "What is argued", "abc123", (), maps, ("Here. *Really*.",))
    pages = findings.findings_pages(world, family, result, Effort(mapped=60), COMMAND, place)
    beside = [place.with_name(f"findings-{each.id}.md") for each in maps]
    assert list(pages) == [place, *beside]
    return list(pages.values())


def section(page: str, title: str) -> str:
    return page.partition(f"## {title}\n")[2].partition("\n## ")[0]


TOLD: dict[str, tuple[str, ...]] = {  # by section
    "In one sentence each": (
        "**A** (A says \\| so) is **supported**: it holds in 90 % of the space; under the fit",
        "; under the fit negligible, in 10 % of it.",
        "**C** (C says \\| so) **hinges on** x ≥ 3: it holds in 90 % of the space; 75 % of the fit",
    ),
    "Where the model is weakest": ("1. Here. \\*Really\\*.",),
    "Verdicts": (
        "| A | A says \\| so. | **supported** | negligible |",
        "| B | B says \\| so. | **entailed** | negligible |",
        "| C | C says \\| so. | **hinges on** | negligible |",
        "x ≥ 3 (density 85 %, coverage 40 % on held-out draws; 75 % of the fit to the record",
        "At most 2 of 200 runs", "known to within ±4.0 percentage points",
    ),
    "What is entailed": ("**B**, part of B: expected +, found in 100 %",),
    "Controls": ("Every control came out", "| K (built in) | part of K |"),
    # The placebo expects no sign, and C's null does not hold.
    "Baselines": ("Every placebo came out null", "A, part of A; B, part of B; K, part of K."),
    "What the spread is made of": ("| x | 2 | 25 % | 50 % | 25 % |",),
    "Every hypothesis": (
        "+0.0300, -0.0100", "+0.0200 [+0.0150, +0.0250]", "(null)", "+0.0100, holds in 55 %",
        "and in 10 % of the fit",
    ),
}  # fmt: skip


def test_the_page_says_how_it_was_made_and_every_finding(world: World, result: Evaluation) -> None:
    (page,) = pages_of(world, result)
    assert page.startswith("# Findings: What is argued\n")
    assert COMMAND in page
    assert "Hash of the hypotheses `abc123`" in page
    for title, said in TOLD.items():
        assert not [text for text in said if text not in section(page, title)], title
    assert section(page, "Verdicts").count("paper L3") == 5
    assert page.index("## In one sentence each") < page.index("## Verdicts")


def test_what_goes_wrong_is_named(world: World, result: Evaluation) -> None:
    lost = verdict("A", "not measurable", failed="K", fit_verdict="", **UNKNOWN)
    words = ["supported", "entailed", "hinges on", "contradicted", "supported"]
    rows = pd.DataFrame([lost, verdict("K", "undetermined", kind="control")])
    for changed, title, said in (
        (
            {"parts": result.parts[result.parts["word"] != "entailed"]},
            "What is entailed",
            "Nothing",
        ),
        ({"verdicts": rows}, "Controls", "**Did not come out: K.** Without it not measurable: A."),
        (
            {"verdicts": rows},
            "In one sentence each",
            "(A says \\| so) is **not measurable (K)**.\n",
        ),
        ({"verdicts": result.verdicts.assign(verdict=words)}, "Baselines", "**Not null: P.**"),
    ):
        assert said in section(pages_of(world, replace(result, **changed))[0], title)


def test_the_page_of_a_map_shows_every_cell(world: World, result: Evaluation) -> None:
    rows = []
    for at, (level, first, second) in enumerate(MAP.cells()):
        for theory in ("all", *(name for name in world.theories if name != world.null_theory)):
            place = {"map": "ground", "level": level, "first": first, "second": second}
            place |= {"theory": theory, "n": 240}
            reading = {"kind": "reading", "mean": 0.1 * at, "low": 0, "high": 1, "holds": 0.4}
            rows += [{**place, **reading, "mirrored": 0.1, "name": n} for n in MAP.readings]
            held = {"kind": "rival", "holds": at / 100, "mirrored": 0.2}
            rows += [{**place, **held, "name": name} for name in MAP.rivals]
    page, of_map = pages_of(world, replace(result, maps=pd.DataFrame(rows)), MAP)
    assert "[Where?](findings-ground.md)" in section(page, "Verdicts")
    for said in (
        "## presence: there → gone", "same 240 points",
        "- **one**: from 4 % to 7 % of points; most at threat low, pressure more.",
        "| one | high | 4 % (opposite 20 %) | 5 % (opposite 20 %) |",
        "| a | low | +0.6000 (40 % up, 10 % down) | +0.7000 (40 % up, 10 % down) |",
    ):  # fmt: skip
        assert said in of_map
    assert of_map.count("\n| one | ") == 2 * 2


@pytest.mark.parametrize(
    "words",
    [
        "a *b* _c_ `d` [e](f) <g> &amp; # h | i ~j~ \\k", "# a", "- a", "1. a", "> a", "+ a",
        "=a", "under_score stays", "two\n\nlines", "![x](y)", "<script>alert(1)</script>",
    ],
)  # fmt: skip
def test_a_persons_words_are_no_markup_of_a_page(words):
    markdown = pytest.importorskip("markdown")
    plain = findings.plain(words)
    for page in (plain, f"| h |\n|---|\n| {plain} |"):
        shown = markdown.markdown(page, extensions=["tables"])
        body = shown.partition("<tbody>")[2] or shown
        assert not set(re.findall(r"<(\w+)", body)) - {"p", "tr", "td", "tbody"}
        assert " ".join(words.split()) in unescape(re.sub(r"<[^>]+>", "", body))

"""The findings page, from tables made by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.hypotheses.test_scope_map import MAP

from eurasia_sim.hypotheses.effort import Effort
from eurasia_sim.hypotheses.evaluation import Evaluation
from eurasia_sim.hypotheses.hypothesis import Family
from eurasia_sim.reports.findings import findings_page
from eurasia_sim.reports.markdown import number, percent, plain, table
from eurasia_sim.reports.scope_map import map_page, map_path
from eurasia_sim.world.world import World

COMMAND = "eurasia-sim test --findings docs/findings.md"
NAN = float("nan")


def verdict(name: str, word: str, region: str = "") -> dict[str, object]:
    known = word not in ("entailed", "reported")
    low, share, high, points = (0.85, 0.9, 0.93, 800) if known else (0.0, NAN, 1.0, 0)
    return {
        "hypothesis": name, "says": f"{name} says | so.", "source": "paper L3", "note": "",
        "verdict": word, "share_of_space": share, "share_low": low, "share_high": high,
        "points": points, "region": region, "density": 0.85, "coverage": 0.4, "digest": "abc",
    }  # fmt: skip


def part(name: str, word: str, sign: str = "+", **changed: object) -> dict[str, object]:
    return {
        "hypothesis": name, "part": f"part of {name}", "plus": "left", "less": "right",
        "sign": sign, "smallest": 0.01, "because": "", "word": word, "mean": 0.02, "low": 0.015,
        "high": 0.025, "size": 1.5, "colocation_part": 0.03, "joint_part": -0.01,
        "correlation": 0.8, "variance_gain": 5.0, "n": 200, "failed": 2, "share_of_space": 0.9,
        "share_low": 0.85, "share_high": 0.93, "mirrored": 0.02, "null_mean": 0.0, "forced": 0.5,
        "reversal": "none found in 52", "through_perception": 0.75, "through_contest": NAN,
        **changed,
    }  # fmt: skip


def rival(name: str, under: str, *, holds: bool) -> dict[str, object]:
    return {
        "hypothesis": name, "part": f"part of {name}", "kind": "theory", "under": under,
        "mean": 0.02, "low": 0.015, "high": 0.025, "holds": holds, "mirrors": False,
    }  # fmt: skip


@pytest.fixture(scope="module")
def result(world: World) -> Evaluation:
    theories = [world.default_theory, world.null_theory]
    words = {"A": "supported", "B": "entailed", "C": "undetermined"}
    given = (("A", "supported"), ("B", "entailed"), ("C", "conditional", "x ≥ 3"))
    parts = [part(name, word, forced=float(name == "B")) for name, word in words.items()]
    shares = {"reading": "x", "scenarios": 2, "scenario": 0.25, "theory": 0.5, "chance": 0.25}
    rivals = [
        rival(name, under, holds=name != "C" or under != world.null_theory)
        for name in "ABCP"
        for under in theories
    ]
    placebo = part("P", "supported", sign="0", mean=0.0, low=-0.001, high=0.001)
    return Evaluation(
        verdicts=pd.DataFrame([verdict(*each) for each in (*given, ("P", "supported"))]),
        parts=pd.DataFrame([*parts, placebo]),
        theories=pd.DataFrame(rivals),
        points=pd.DataFrame(),
        shares=pd.DataFrame([shares]),
        maps=pd.DataFrame(),
    )


def page_of(world: World, result: Evaluation, *maps: object) -> str:
    path: Any = Path("hypotheses.yaml")
    family = Family(path, "What is argued", "abc123", (), maps)
    return findings_page(world, family, result, Effort(), COMMAND, Path("docs/findings.md"))


def section(page: str, title: str) -> str:
    return page.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_the_page_says_how_it_was_made_and_every_verdict(world: World, result: Evaluation) -> None:
    page = page_of(world, result)
    assert page.startswith("# Findings: What is argued\n")
    for text in (
        COMMAND, "Hash of the hypotheses `abc123`", "At most 2 of 200 runs",
        "known to within ±4.0 percentage points",
    ):  # fmt: skip
        assert text in page
    verdicts = section(page, "Verdicts")
    for name, word in {"A": "supported", "B": "entailed", "C": "conditional"}.items():
        assert f"| {name} | {name} says \\| so. | **{word}** |" in verdicts
    assert "x ≥ 3 (density 85 %, coverage 40 % on held-out draws)" in verdicts
    assert verdicts.count("paper L3") == 4
    assert "| x | 2 | 25 % | 50 % | 25 % |" in section(page, "What the spread is made of")
    one = page.partition("### A: supported")[2].partition("### B")[0]
    for text in (
        "- part of A: none found in 52", "| part of A | 75 % | – |", "+0.0300, -0.0100",
        "+0.0200 [+0.0150, +0.0250]", f"{world.null_theory} (null)",
    ):  # fmt: skip
        assert text in one


def test_whatever_is_entailed_is_named(world: World, result: Evaluation) -> None:
    forced = section(page_of(world, result), "What is entailed")
    assert "**B**, part of B: expected +, found in 100 %" in forced
    free = replace(result, parts=result.parts[result.parts["word"] != "entailed"])
    assert section(page_of(world, free), "What is entailed").strip().startswith("Nothing")


def test_a_placebo_that_moves_is_called_a_fault(world: World, result: Evaluation) -> None:
    assert "Every placebo came out null" in section(page_of(world, result), "Baselines")
    moved = result.verdicts.assign(verdict=["supported", "entailed", "conditional", "contradicted"])
    assert "**Not null: P.**" in section(
        page_of(world, replace(result, verdicts=moved)), "Baselines"
    )


def test_what_the_null_shows_as_well_is_named(world: World, result: Evaluation) -> None:
    said = section(page_of(world, result), "Baselines")
    assert (
        "A, part of A; B, part of B." in said
    )  # the placebo expects no sign, and C's null does not hold


def test_the_page_of_a_map_stands_beside_and_is_linked(world: World, result: Evaluation) -> None:
    assert map_path(Path("docs/findings.md"), MAP) == Path("docs/findings-ground.md")
    assert "[Where?](findings-ground.md)" in page_of(world, result, MAP)


def test_the_page_of_a_map_shows_every_cell(world: World) -> None:
    rows = []
    for at, (level, first, second) in enumerate(MAP.cells()):
        for theory in ("all", *(name for name in world.theories if name != world.null_theory)):
            place = {
                "map": "ground",
                "level": level,
                "first": first,
                "second": second,
                "theory": theory,
                "n": 240,
            }
            reading = {"kind": "reading", "mean": 0.1 * at, "low": 0, "high": 1, "holds": 0.4}
            rows += [{**place, **reading, "mirrored": 0.1, "name": n} for n in MAP.readings]
            held = {"kind": "rival", "holds": at / 100, "mirrored": 0.2}
            rows += [{**place, **held, "name": name} for name in MAP.rivals]
    page = map_page(
        world, MAP, pd.DataFrame(rows), Effort(mapped=60), COMMAND, Path("docs/findings.md")
    )
    assert "## presence: there → gone" in page
    assert "- **one**: from 4 % to 7 % of points; most at threat low, pressure more." in page
    assert "| one | high | 4 % (opposite 20 %) | 5 % (opposite 20 %) |" in page
    assert "| a | low | +0.6000 (40 % up, 10 % down) | +0.7000 (40 % up, 10 % down) |" in page
    assert page.count("\n| one | ") == 2 * 2
    assert "same 240 points" in page


def test_a_cell_cannot_break_its_table() -> None:
    assert table(("a", "b"), [("1|2", "x\n y")]) == "| a | b |\n|---|---|\n| 1\\|2 | x y |"
    assert (number(NAN), percent(NAN), number(-0.5, 1), percent(0.126)) == (
        "–",
        "–",
        "-0.5",
        "13 %",
    )


@pytest.mark.parametrize(
    "words",
    [
        "a *b* _c_ `d` [e](f) <g> &amp; # h | i ~j~ \\k", "# a", "- a", "1. a", "> a", "+ a",
        "=a", "under_score stays", "two\n\nlines", "![x](y)", "<script>alert(1)</script>",
    ],
)  # fmt: skip
def test_a_persons_words_are_no_markup_of_a_page(words):
    markdown = pytest.importorskip("markdown")
    pages = (plain(words), table(["h"], [[plain(words)]]))
    for page in pages:
        shown = markdown.markdown(page, extensions=["tables"])
        body = shown.partition("<tbody>")[2] or shown
        assert not set(re.findall(r"<(\w+)", body)) - {"p", "tr", "td", "tbody"}
        assert " ".join(words.split()) in unescape(re.sub(r"<[^>]+>", "", body))

"""The findings page, from tables made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tests.hypotheses.test_scope_map import MAP

from eurasia_sim.hypotheses.evaluation import Effort, Evaluation
from eurasia_sim.hypotheses.hypothesis import Family
from eurasia_sim.reports.findings import findings_page
from eurasia_sim.reports.markdown import number, percent, table
from eurasia_sim.reports.scope_map import map_page, map_path
from eurasia_sim.world.world import World, load_world

COMMAND = "eurasia-sim test --findings docs/findings.md"
NAN = float("nan")


def verdict(name: str, word: str, region: str = "") -> dict[str, object]:
    known = {"share_of_space": 0.9, "share_low": 0.85, "share_high": 0.93, "points": 800}
    nothing = {"share_of_space": NAN, "share_low": 0.0, "share_high": 1.0, "points": 0}
    return {"hypothesis": name, "says": f"{name} says | so.", "source": "paper L3", "note": "", "verdict": word,
            **(nothing if word in ("entailed", "reported") else known), "region": region, "density": 0.85,
            "coverage": 0.4, "digest": "abc"}  # fmt: skip


def part(name: str, word: str, sign: str = "+", **changed: object) -> dict[str, object]:
    return {"hypothesis": name, "part": f"part of {name}", "plus": "left", "less": "right", "sign": sign,
            "smallest": 0.01, "because": "", "word": word, "mean": 0.02, "low": 0.015, "high": 0.025, "size": 1.5,
            "colocation_part": 0.03, "joint_part": -0.01, "correlation": 0.8, "variance_gain": 5.0, "n": 200,
            "failed": 2, "share_of_space": 0.9, "share_low": 0.85, "share_high": 0.93, "mirrored": 0.02,
            "null_mean": 0.0, "forced": 0.5, "reversal": "none found in 52", "through_perception": 0.75,
            "through_contest": NAN, **changed}  # fmt: skip


def rival(name: str, under: str, *, holds: bool) -> dict[str, object]:
    return {"hypothesis": name, "part": f"part of {name}", "kind": "theory", "under": under, "mean": 0.02,
            "low": 0.015, "high": 0.025, "holds": holds, "mirrors": False}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


@pytest.fixture
def result(world: World) -> Evaluation:
    theories = [world.default_theory, world.null_theory]
    words = {"A": "supported", "B": "entailed", "C": "undetermined"}
    return Evaluation(
        verdicts=pd.DataFrame([verdict(*each) for each in (("A", "supported"), ("B", "entailed"),
                                                           ("C", "conditional", "x ≥ 3"), ("P", "supported"))]),
        parts=pd.DataFrame([*(part(name, word, forced=float(name == "B")) for name, word in words.items()),
                            part("P", "supported", sign="0", mean=0.0, low=-0.001, high=0.001)]),
        theories=pd.DataFrame([rival(name, under, holds=name != "C" or under != world.null_theory)
                               for name in "ABCP" for under in theories]),
        points=pd.DataFrame(),
        shares=pd.DataFrame([{"reading": "x", "scenarios": 2, "scenario": 0.25, "theory": 0.5, "chance": 0.25}]),
        maps=pd.DataFrame(),
    )  # fmt: skip


def page_of(world: World, result: Evaluation, *maps: object) -> str:
    family = Family(Path("hypotheses.yaml"), "What is argued", "abc123", (), maps)  # type: ignore[arg-type]
    return findings_page(world, family, result, Effort(), COMMAND, Path("docs/findings.md"))


def section(page: str, title: str) -> str:
    return page.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_the_page_says_how_it_was_made_and_what_was_hashed(
    world: World, result: Evaluation
) -> None:
    page = page_of(world, result)
    assert page.startswith("# Findings: What is argued\n")
    assert COMMAND in page
    assert "Hash of the hypotheses `abc123`" in page
    assert "known to within ±4.0 percentage points" in page
    assert "At most 2 of 200 runs" in page


def test_every_hypothesis_has_its_verdict_and_its_source(world: World, result: Evaluation) -> None:
    said = section(page_of(world, result), "Verdicts")
    for name, word in {"A": "supported", "B": "entailed", "C": "conditional"}.items():
        assert f"| {name} | {name} says \\| so. | **{word}** |" in said
    assert "x ≥ 3 (density 85 %, coverage 40 % on held-out draws)" in said
    assert said.count("paper L3") == 4


def test_whatever_is_entailed_is_named(world: World, result: Evaluation) -> None:
    assert "**B**, part of B: expected +, found in 100 %" in section(
        page_of(world, result), "What is entailed"
    )
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


def test_each_hypothesis_shows_reversal_and_path(world: World, result: Evaluation) -> None:
    said = page_of(world, result).partition("### A: supported")[2].partition("### B")[0]
    assert "- part of A: none found in 52" in said
    assert "| part of A | 75 % | – |" in said
    assert "+0.0200 [+0.0150, +0.0250]" in said
    assert "+0.0300, -0.0100" in said
    assert f"{world.null_theory} (null)" in said


def test_variance_shares_are_shown(world: World, result: Evaluation) -> None:
    assert "| x | 2 | 25 % | 50 % | 25 % |" in section(
        page_of(world, result), "What the spread is made of"
    )


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
            rows += [
                {
                    **place,
                    "kind": "reading",
                    "name": name,
                    "mean": 0.1 * at,
                    "low": 0,
                    "high": 1,
                    "holds": 0.4,
                    "mirrored": 0.1,
                }
                for name in MAP.readings
            ]
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

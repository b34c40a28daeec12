import hashlib
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eurasia_sim.evidence import claims, coding
from eurasia_sim.evidence.claims import Claim, Evidence, Round, load_evidence, verify
from eurasia_sim.evidence.intercoder import agreement, bootstrap_interval, krippendorff_alpha
from eurasia_sim.files.data_yaml import read_page

GROUPS = {"one": None, "two": None, "twin": "pair", "other_twin": "pair"}
TEXT = "A heading\n\nGulls circle the harbour. Boats wait for the tide.\n"


def claim(level: float, **changed: Any) -> Claim:
    given = {
        "id": "c001", "document": "one", "section": "opening", "lines": (1, 1), "sentence": 1,
        "says": "says", "about": ("north",), "construct": "commerce", "direction": "+",
    }  # fmt: skip
    return Claim(level=level, **(given | changed))


def evidence(first: list[Claim], second: list[Claim] | None = None) -> Evidence:
    texts = ((1, ""), (2, ""), (3, "x"))
    paragraphs = tuple(claims.Paragraph((line, line), "opening", why) for line, why in texts)
    documents = {
        name: claims.Document("", "", "", "", group, paragraphs) for name, group in GROUPS.items()
    }
    rounds = (Round("independent", tuple(second)),) if second is not None else ()
    return Evidence(documents=documents, claims=tuple(first), rounds=rounds)


@pytest.mark.parametrize(
    ("block", "levels", "value"),
    [
        ("interests", [1, 3], 3),  # a bottom line is not diluted
        ("affinity", [1, 2], 2),
        ("affinity", [-1, -3, 0], -3),  # furthest from zero
        ("affinity", [2, 2, -1], 0.5),  # mean of opposite extremes
        ("affinity", [-3, 1, 0], -1),
        ("affinity", [0, 0], 0),
    ],
)
def test_what_one_document_says(block: str, levels: list[float], value: float) -> None:
    stated = [claim(level, construct="affinity", toward="south") for level in levels]
    stated += [claim(2, document="two")]
    assert coding.values_by_document((block, "north", "south"), stated) == {"one": value, "two": 2}


@pytest.mark.parametrize(
    ("block", "stated", "value"),
    [
        ("interests", {"one": 1, "two": 2}, (1.5, 1, 2)),
        ("interests", {"one": 1, "twin": 1, "other_twin": 2}, (1.5, 1, 2)),  # twins are one witness
        ("interests", {"one": 1, "two": 1, "twin": 3}, (3, 1, 3)),  # the bottom line
        ("denial", {"one": 0, "two": 3}, (3, 0, 3)),
        ("affinity", {"one": 1, "two": 3}, (2, 1, 3)),
    ],
)
def test_across_documents_the_median_counts_unless_one_states_the_bottom_line(
    block: str, stated: dict[str, float], value: tuple[float, float, float]
) -> None:
    assert coding.across_documents(block, stated, GROUPS) == value


def test_nobody_has_a_dyad_with_himself() -> None:
    assert coding.claims_by_unit([claim(1, construct="denial", toward="north")]) == {}


# Krippendorff 2011, section D: four observers, twelve units, values missing; section A: two
# observers, ten units, two values.
FOUR = [
    "1 2 3 3 2 1 4 1 2 nan nan nan",
    "1 2 3 3 2 2 4 1 2 5 nan 3",
    "nan 3 3 3 2 3 4 2 2 5 1 nan",
    "1 2 3 3 2 4 4 1 2 5 1 nan",
]
TWO = ["0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"]


@pytest.mark.parametrize(
    ("rows", "is_ordinal", "alpha"),
    [
        (FOUR, False, 0.743),
        (FOUR, True, 0.815),
        (TWO, False, 0.095),
        (["1 2 3", "1 2 3"], True, 1.0),  # perfect agreement
        (["2 2", "2 2"], True, math.nan),  # no variation
    ],
)
def test_alpha_agrees_with_the_published_examples(rows, is_ordinal, alpha) -> None:
    values = np.array([row.split() for row in rows], dtype=float)
    found = krippendorff_alpha(values, is_ordinal=is_ordinal)
    assert found == pytest.approx(alpha, abs=5e-4, nan_ok=True)


def test_the_interval_holds_the_estimate_and_repeats() -> None:
    values = np.array([[1.0, 2, 3, 3, 2, 1, 0, 0], [1, 2, 3, 2, 2, 1, 1, 0]])
    low, high = bootstrap_interval(values)
    assert low < krippendorff_alpha(values) < high <= 1
    assert (low, high) == bootstrap_interval(values)
    assert bootstrap_interval(values, seed=1) != (low, high)


def test_agreement_counts_units_and_passages_by_hand() -> None:
    first = [
        claim(2),
        claim(3, construct="primacy"),
        claim(1, construct="denial", toward="south", lines=(2, 2)),
    ]
    second = [claim(2), claim(2, construct="primacy"), claim(2, construct="autonomy", lines=(2, 2))]
    (found,) = agreement(evidence(first, second))
    whole = found.overall
    assert (whole.pairable, whole.first_only, whole.second_only) == (2, 1, 1)
    assert found.constructs["denial"].first_only == 1
    assert (found.passages.both, found.passages.first_only, found.passages.second_only) == (1, 1, 1)
    assert found.passages.jaccard == pytest.approx(1 / 3)
    assert found.passages.universe == 4 * 2 * 3


def test_a_later_round_replaces_what_it_coded_and_the_earlier_is_still_reported() -> None:
    base = evidence([claim(2, id="c1"), claim(1, id="c2", construct="primacy")], [])
    coded = claim(2, id="s1"), claim(3, id="s2", construct="primacy")
    early = Round("early", coded, superseded=(claim(3, id="x1", construct="primacy"),))
    late = Round("late", (claim(1, id="s3", construct="primacy"),), constructs=("primacy",))
    both = replace(base, rounds=(early, late))
    assert [each.id for each in both.second] == ["s1", "s3"]
    then, since, now = (each.overall for each in agreement(both))
    assert (then.pairable, since.pairable, now.pairable) == (2, 1, 2)
    assert [then.alpha, now.alpha] == pytest.approx([1.0, 1.0])  # 2 and 3 then, 2 and 1 now


def test_a_round_of_single_sentences_replaces_these_alone() -> None:
    other = claim(1, id="c4", construct="primacy")
    base = evidence([claim(1, id="c3"), claim(2, id="c2", lines=(2, 2)), other], [])
    coded = claim(3, id="s1"), claim(2, id="s2", lines=(2, 2)), replace(other, id="s4")
    early = Round("early", coded, superseded=(claim(3, id="x1"),))
    late = Round("late", (claim(2, id="s3"),), replaces=("s1",))
    both = replace(base, rounds=(early, late))
    assert [each.id for each in both.second] == ["s2", "s4", "s3"]
    then, since, now = (each.overall for each in agreement(both))
    assert (then.pairable, since.pairable, now.pairable) == (2, 1, 2)
    # 3 and 3 then; 1 and 2 in the sentence coded anew; 2 and 2, the highest, now.
    assert [then.alpha, since.alpha, now.alpha] == pytest.approx([1.0, 0.0, 1.0])


def write_evidence(
    folder: Path, *, claims: str, paragraph: str = "section: opening, nothing: heading"
) -> tuple[Path, Path]:
    texts, world = folder / "texts", folder / "world"
    texts.mkdir()
    world.mkdir()
    (texts / "paper.txt").write_text(TEXT, encoding="utf-8")
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    (world / "documents.yaml").write_text(
        f'paper:\n  citation: A Paper\n  file: paper.txt\n  sha256: "{digest}"\n  thesis: Calm.\n'
        f"  dependent: null\n  paragraphs:\n    - {{lines: [1, 1], {paragraph}}}\n"
        "    - {lines: [3, 3], section: opening}\n"
    )
    (world / "claims.yaml").write_text(claims)
    return texts, world


def one_claim(**changed: str) -> str:
    mark = claims.fingerprint(claims.sentences(TEXT.split("\n")[2])[1])
    entry = {
        "id": "c001", "document": "paper", "section": "opening", "lines": "[3, 3]", "sentence": "2",
        "fingerprint": f'"{mark}"', "says": "ships bide their time", "about": "[north]",
        "construct": "commerce", "direction": '"+"', "level": "1", **changed,
    }  # fmt: skip
    return "- {" + ", ".join(f"{key}: {value}" for key, value in entry.items()) + "}\n"


def test_evidence_that_matches_its_text_has_no_problem_and_a_changed_or_lost_text_is_noticed(
    tmp_path: Path,
) -> None:
    texts, world = write_evidence(tmp_path, claims=one_claim())
    assert verify(texts, world) == []
    (texts / "paper.txt").write_text(TEXT + "\nA line nobody coded.\n")
    found = verify(texts, world)
    assert any("SHA-256" in problem for problem in found)
    assert "paper, L5: stands in 0 paragraphs; it must stand in one" in found
    (texts / "paper.txt").unlink()
    (found,) = verify(texts, world)
    assert found.startswith("paper: paper.txt is not in ")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sentence": "1"}, "has fingerprint"), ({"sentence": "9"}, "has 2 sentences"),
        ({"lines": "[2, 3]"}, "no paragraph of paper"),
        ({"document": "papper"}, "did you mean paper"),
        ({"section": "Elsewhere"}, "stands under 'opening'"),
        ({"construct": "comerce"}, "did you mean commerce"),
        ({"construct": "denial"}, "needs toward"), ({"construct": "event"}, "has no level"),
        ({"level": "4"}, "whole number from 0 to 3"),
        ({"level": "1.5"}, "whole number from 0 to 3"), ({"direction": "up"}, "must be + or -"),
        ({"about": "[]"}, "it is about nobody"), ({"says": '""'}, "it says nothing"),
        ({"says": "gulls circle the harbour boats wait for the tide"}, "takes 9 words in a row"),
    ],
)  # fmt: skip
def test_a_claim_that_is_wrong_is_named(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    found = "\n".join(verify(*write_evidence(tmp_path, claims=one_claim(**changed))))
    assert said in found
    assert "c001" in found


@pytest.mark.parametrize(
    ("paragraph", "said"),
    [
        ("section: opening", "has no claim and no reason why (nothing: ...)"),
        ("nothing: x", "has no section; give its heading as printed"),
        ("section: Elsewhere, nothing: x", "section 'Elsewhere' is no heading of the text"),
    ],
)
def test_a_paragraph_has_a_section_and_claims_or_a_reason(
    tmp_path: Path, paragraph: str, said: str
) -> None:
    found = verify(*write_evidence(tmp_path, claims=one_claim() * 2, paragraph=paragraph))
    assert found[0].startswith(f"paper, L1: {said}")
    assert found[1:] == ["c001 (paper, opening, L3 (2)): its id must be its own"] * 2


def test_the_packaged_actors_are_what_the_rule_makes_of_the_claims(world) -> None:
    """Steps 3 to 5: a second coder widens a range; what he alone found reaches to silence."""
    coded = load_evidence()
    codings = coded.claims, coded.second
    first, second = (coding.values_by_unit(each, coded) for each in codings)
    names = {"interests": "silence", "denial": "silent_denial", "affinity": "silent_affinity"}
    made = {}
    for unit in {*first, *second}:
        silence = world.numbers[f"rules.allocation.{names[unit[0]]}"].value
        value, low, high = first.get(unit) or (second[unit][0],) * 3
        other = second.get(unit, first[unit])[0] if unit in first else silence
        ids = [
            tuple(dict.fromkeys(c.id for c in coding.claims_by_unit(x).get(unit, ())))
            for x in codings
        ]
        made[unit] = value, [min(low, other), max(high, other)], *ids
    stated = {}
    for actor, entry in read_page(world.directory / "actors.yaml").data["actors"].items():
        for block in coding.BLOCKS:
            for other, held in entry.get(block, {}).items():
                value = held["value" if block == "affinity" else "salience"]
                ids = tuple(held.get("claims", ())), tuple(held.get("second", ()))
                stated[block, actor, other] = value, held["range"], *ids
    assert stated == made


def test_the_packaged_coding_agrees_well_enough_to_draw_from() -> None:
    found = agreement(load_evidence(), draws=200)[-1]
    assert found.overall.pairable > 50
    assert 0.667 < found.overall.alpha <= 1  # Krippendorff's least for tentative conclusions


@pytest.mark.sources
def test_every_packaged_claim_stands_in_its_text(sources: Path) -> None:
    assert verify(sources) == []

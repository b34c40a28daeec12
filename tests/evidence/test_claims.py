from __future__ import annotations

import hashlib
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.evidence.claims import (
    Claim,
    Document,
    Evidence,
    Paragraph,
    Round,
    fingerprint,
    load_evidence,
    sentences,
    verify,
)
from eurasia_sim.evidence.coding import (
    across_documents,
    blocks_of,
    salience_from_claims,
    values_by_document,
)
from eurasia_sim.evidence.intercoder import agreement, bootstrap_interval, krippendorff_alpha
from eurasia_sim.files.data_yaml import packaged, read_page

SOURCES = Path(
    os.environ.get("EURASIA_SIM_SOURCES", Path(__file__).parents[3] / "shared" / "sources")
)
TEXT = "A heading\n\nGulls circle the harbour. Boats wait for the tide.\n"


def claim(
    level: float,
    *,
    document: str = "one",
    construct: str = "commerce",
    about: str = "north",
    toward: str | None = None,
    name: str = "c001",
    lines: tuple[int, int] = (1, 1),
) -> Claim:
    return Claim(
        name,
        document,
        "opening",
        lines,
        1,
        "",
        "says",
        (about,),
        construct,
        toward,
        "+",
        level,
        None,
    )


def evidence(first: list[Claim], second: list[Claim] | None = None) -> Evidence:
    paragraphs = (
        Paragraph((1, 1), "opening", ""),
        Paragraph((2, 2), "opening", ""),
        Paragraph((3, 3), "opening", "x"),
    )
    groups = {"one": None, "two": None, "twin": "pair", "other_twin": "pair"}
    documents = {
        name: Document(name, "", "", "", "", group, paragraphs) for name, group in groups.items()
    }
    rounds = (Round("independent", tuple(second)),) if second is not None else ()
    return Evidence(documents, tuple(first), rounds, {})


SILENCE = {"interests": 0.5, "denial": 0.0, "affinity": 0.0}


def test_within_a_document_a_bottom_line_is_not_diluted() -> None:
    stated = [claim(1), claim(3), claim(2, document="two")]
    assert values_by_document(("interests", "north", "commerce"), stated) == {"one": 3, "two": 2}


@pytest.mark.parametrize(
    ("levels", "value"),
    [([1, 2], 2), ([-1, -3, 0], -3), ([2, 2, -1], 0.5), ([-3, 1, 0], -1), ([0, 0], 0)],
)
def test_an_affinity_is_the_furthest_from_zero_or_the_mean_of_opposite_extremes(
    levels: list[float], value: float
) -> None:
    stated = [claim(level, construct="affinity", toward="south") for level in levels]
    assert values_by_document(("affinity", "north", "south"), stated) == {"one": value}


def test_across_documents_the_median_counts_and_twins_are_one_witness() -> None:
    groups = {"one": None, "two": None, "twin": "pair", "other_twin": "pair"}
    assert across_documents({"one": 1, "two": 2}, groups) == (1.5, 1, 2)
    assert across_documents({"one": 1, "twin": 1, "other_twin": 3}, groups) == (2, 1, 3)


def test_a_second_coder_widens_the_range_and_moves_no_value() -> None:
    unit = ("interests", "north", "commerce")
    number = salience_from_claims(evidence([claim(2)], [claim(3, name="s001")]), SILENCE)[unit]
    assert (number.value, number.low, number.high) == (2, 2, 3)
    assert (number.claims, number.second) == (("c001",), ("s001",))


def test_what_only_the_second_coder_found_reaches_down_to_silence() -> None:
    found = salience_from_claims(evidence([], [claim(2, name="s001")]), SILENCE)
    number = found[("interests", "north", "commerce")]
    assert (number.value, number.low, number.high, number.claims) == (2, 0.5, 2, ())


def test_what_neither_found_is_silent_and_nobody_has_a_dyad_with_himself() -> None:
    found = salience_from_claims(
        evidence([claim(1, construct="denial", toward="north")], []), SILENCE
    )
    assert found == {}


def test_a_block_names_both_coders_claims() -> None:
    found = salience_from_claims(evidence([claim(2)], [claim(3, name="s001")]), SILENCE)
    order = {"interests": CONSTRUCTS, "denial": ["south"], "affinity": ["south"]}
    assert blocks_of("north", found, order) == {
        "interests": {
            "commerce": {"salience": 2, "range": [2, 3], "claims": ["c001"], "second": ["s001"]}
        }
    }


def test_alpha_agrees_with_the_published_example() -> None:
    # Krippendorff 2011, section D: four observers, twelve units, values missing.
    x = math.nan
    values = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, x, x, x],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, x, 3],
            [x, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, x],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, x],
        ]
    )
    assert krippendorff_alpha(values, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(values, "ordinal") == pytest.approx(0.815, abs=5e-4)
    assert krippendorff_alpha(values, "interval") == pytest.approx(0.849, abs=5e-4)


def test_alpha_agrees_with_the_published_binary_example() -> None:
    # Krippendorff 2011, section A: two observers, ten units, two values.
    values = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], dtype=float)
    assert krippendorff_alpha(values, "nominal") == pytest.approx(0.095, abs=5e-4)


def test_alpha_is_one_for_perfect_agreement_and_undefined_without_variation() -> None:
    assert krippendorff_alpha(np.array([[1.0, 2, 3], [1, 2, 3]])) == 1
    assert math.isnan(krippendorff_alpha(np.array([[2.0, 2], [2, 2]])))


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
    assert (found.overall.pairable, found.overall.first_only, found.overall.second_only) == (
        2,
        1,
        1,
    )
    assert found.constructs["denial"].first_only == 1
    assert (found.passages.both, found.passages.first_only, found.passages.second_only) == (1, 1, 1)
    assert found.passages.jaccard == pytest.approx(1 / 3)
    assert found.passages.universe == 4 * 2 * 3


def test_a_later_round_replaces_what_it_coded_and_the_earlier_is_still_reported() -> None:
    base = evidence([claim(2, name="c1"), claim(1, name="c2", construct="primacy")], [])
    early = Round("early", (claim(2, name="s1"), claim(3, name="s2", construct="primacy")), superseded=(
        claim(3, name="x1", construct="primacy"),))  # fmt: skip
    late = Round("late", (claim(1, name="s3", construct="primacy"),), constructs=("primacy",))
    both = replace(base, rounds=(early, late))
    assert [each.id for each in both.second] == ["s1", "s3"]
    then, since, now = agreement(both)
    assert (then.overall.pairable, since.overall.pairable, now.overall.pairable) == (2, 1, 2)
    assert then.overall.alpha == pytest.approx(1.0)  # both said 2 and 3 in the early round
    assert now.overall.alpha == pytest.approx(1.0)  # and 2 and 1 now


def write_evidence(
    folder: Path, *, claims: str, nothing: str = ', nothing: "heading"'
) -> tuple[Path, Path]:
    texts, world = folder / "texts", folder / "world"
    texts.mkdir()
    world.mkdir()
    (texts / "paper.txt").write_text(TEXT, encoding="utf-8")
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    (world / "documents.yaml").write_text(
        f'paper:\n  citation: A Paper\n  file: paper.txt\n  sha256: "{digest}"\n  thesis: Calm.\n  dependent: null\n'
        f"  paragraphs:\n    - {{lines: [1, 1], section: opening{nothing}}}\n"
        "    - {lines: [3, 3], section: opening}\n"
    )
    (world / "claims.yaml").write_text(claims)
    return texts, world


def one_claim(**changed: str) -> str:
    mark = fingerprint(sentences(TEXT.split("\n")[2])[1])
    entry = {
        "id": "c001", "document": "paper", "section": "opening", "lines": "[3, 3]", "sentence": "2",
        "fingerprint": f'"{mark}"', "says": "ships bide their time", "about": "[north]", "construct": "commerce",
        "direction": '"+"', "level": "1", **changed,
    }  # fmt: skip
    return "- {" + ", ".join(f"{key}: {value}" for key, value in entry.items()) + "}\n"


@pytest.fixture(autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def test_evidence_that_matches_its_text_has_no_problem(tmp_path: Path) -> None:
    assert verify(*write_evidence(tmp_path, claims=one_claim())) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sentence": "1"}, "has fingerprint"),
        ({"sentence": "9"}, "has 2 sentences"),
        ({"lines": "[2, 3]"}, "no paragraph of paper"),
        ({"document": "papper"}, "did you mean paper"),
        ({"section": "Elsewhere"}, "stands under 'opening'"),
        ({"construct": "comerce"}, "did you mean commerce"),
        ({"construct": "denial"}, "needs toward"),
        ({"construct": "event"}, "has no level"),
        ({"level": "4"}, "whole number from 0 to 3"),
        ({"direction": "up"}, "must be + or -"),
    ],
)
def test_a_claim_that_is_wrong_is_named(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    found = "\n".join(verify(*write_evidence(tmp_path, claims=one_claim(**changed))))
    assert said in found
    assert "c001" in found


def test_a_paragraph_without_claims_needs_a_reason(tmp_path: Path) -> None:
    found = verify(*write_evidence(tmp_path, claims=one_claim(), nothing=""))
    assert found == ["paper, L1: has no claim and no reason why (nothing: ...)"]


def test_a_changed_text_is_noticed(tmp_path: Path) -> None:
    texts, world = write_evidence(tmp_path, claims=one_claim())
    (texts / "paper.txt").write_text(TEXT + "\nA line nobody coded.\n")
    found = verify(texts, world)
    assert any("SHA-256" in problem for problem in found)
    assert "paper, L5: stands in 0 paragraphs; it must stand in one" in found


def test_nine_words_of_the_author_in_a_row_are_noticed(tmp_path: Path) -> None:
    copied = one_claim(says="gulls circle the harbour boats wait for the tide")
    assert any(
        "paraphrase" in problem for problem in verify(*write_evidence(tmp_path, claims=copied))
    )


def test_the_packaged_actors_are_what_the_rule_makes_of_the_claims() -> None:
    folder = packaged() / "worlds" / "eurasia"
    actors = read_page(folder / "actors.yaml").data["actors"]
    assumed = read_page(packaged() / "rules" / "allocation.yaml").data
    names = {"interests": "silence", "denial": "silent_denial", "affinity": "silent_affinity"}
    silence = {block: assumed[name]["value"] for block, name in names.items()}
    coded = salience_from_claims(load_evidence(), silence)
    assert {unit[1] for unit in coded} <= set(actors)
    order = {"interests": CONSTRUCTS, "denial": actors, "affinity": actors}
    for actor, entry in actors.items():
        stated = {block: entry[block] for block in order if block in entry}
        assert stated == blocks_of(actor, coded, order), actor


def test_the_packaged_coding_agrees_well_enough_to_draw_from() -> None:
    found = agreement(load_evidence(), draws=200)[-1]
    assert found.overall.pairable > 50
    assert (
        0.667 < found.overall.alpha <= 1
    )  # the least Krippendorff allows for tentative conclusions


@pytest.mark.sources
def test_every_packaged_claim_stands_in_its_text() -> None:
    if not SOURCES.is_dir():
        pytest.skip("the original documents are not here")
    assert verify(SOURCES) == []

"""Claims beside their texts, the codebook's rule by hand, two coders' agreement, references."""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eurasia_sim.evidence import claims, coding
from eurasia_sim.evidence.claims import Claim, Evidence, Round, load_evidence, verify
from eurasia_sim.evidence.coding import agreement, bootstrap_interval, krippendorff_alpha
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.files.data_yaml import DataError, read_page
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.scenarios.sources import works_of, works_of_all
from eurasia_sim.simulation.results_folder import scenarios_of

GROUPS = {"one": None, "two": None, "twin": "pair", "other_twin": "pair"}
TEXT = "A heading\n\nGulls circle the harbour. Boats wait for the tide.\n"


def claim(level: float, **changed: Any) -> Claim:
    given = {
        "id": "c001", "document": "one", "section": "opening", "lines": (1, 1), "sentence": 1,
        "says": "says", "about": ("north",), "construct": "commerce", "direction": "+",
    }  # fmt: skip
    return Claim(level=level, **(given | changed))


def evidence(first: list[Claim], *rounds: Round) -> Evidence:
    texts = ((1, ""), (2, ""), (3, "x"))
    paragraphs = tuple(claims.Paragraph((line, line), "opening", why) for line, why in texts)
    documents = {
        name: claims.Document("", "", "", "", group, paragraphs) for name, group in GROUPS.items()
    }
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
def test_what_one_document_says(block, levels, value):
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
def test_across_documents_the_median_counts_unless_one_states_the_bottom_line(block, stated, value):
    assert coding.across_documents(block, stated, GROUPS) == value
    itself = [claim(1, construct="denial", toward="north")]
    assert coding.claims_by_unit(itself) == {}  # nobody has a dyad with himself


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
def test_alpha_agrees_with_the_published_examples_and_its_interval_holds_it(
    rows, is_ordinal, alpha
):
    values = np.array([row.split() for row in rows], dtype=float)
    found = krippendorff_alpha(values, is_ordinal=is_ordinal)
    assert found == pytest.approx(alpha, abs=5e-4, nan_ok=True)
    values = np.array([[1.0, 2, 3, 3, 2, 1, 0, 0], [1, 2, 3, 2, 2, 1, 1, 0]])
    low, high = bootstrap_interval(values)
    assert low < krippendorff_alpha(values) < high <= 1
    assert (low, high) == bootstrap_interval(values) != bootstrap_interval(values, seed=1)


def test_agreement_counts_units_and_passages_by_hand():
    denial = claim(1, construct="denial", toward="south", lines=(2, 2))
    second = claim(2), claim(2, construct="primacy"), claim(2, construct="autonomy", lines=(2, 2))
    first = [claim(2), claim(3, construct="primacy"), denial]
    (found,) = agreement(evidence(first, Round("independent", second)))
    whole, seen = found.overall, found.passages
    assert (whole.pairable, whole.first_only, whole.second_only) == (2, 1, 1)
    assert found.constructs["denial"].first_only == 1
    assert (seen.both, seen.first_only, seen.second_only, seen.universe) == (1, 1, 1, 4 * 2 * 3)
    assert seen.jaccard == pytest.approx(1 / 3)


PRIMACY = {"construct": "primacy"}
SECOND_TEXT = {"lines": (2, 2)}
ROUNDS = {
    "of a construct": (
        [claim(2, id="c1"), claim(1, id="c2", **PRIMACY)],
        Round("early", (claim(2, id="s1"), claim(3, id="s2", **PRIMACY)),
              superseded=(claim(3, id="x1", **PRIMACY),)),
        Round("late", (claim(1, id="s3", **PRIMACY),), constructs=("primacy",)),
        ["s1", "s3"], [1.0, math.nan, 1.0],  # 2 and 3 then, 2 and 1 now
    ),
    "of single sentences": (
        [claim(1, id="c3"), claim(2, id="c2", **SECOND_TEXT), claim(1, id="c4", **PRIMACY)],
        Round("early", (claim(3, id="s1"), claim(2, id="s2", **SECOND_TEXT),
                        claim(1, id="s4", **PRIMACY)), superseded=(claim(3, id="x1"),)),
        Round("late", (claim(2, id="s3"),), replaces=("s1",)),
        # 3 and 3 then; 1 and 2 in the sentence coded anew; 2 and 2, the highest, now.
        ["s2", "s4", "s3"], [1.0, 0.0, 1.0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ROUNDS)
def test_a_later_round_replaces_what_it_coded_and_the_earlier_is_still_reported(kind):
    first, early, late, standing, alphas = ROUNDS[kind]
    both = evidence(first, early, late)
    assert [each.id for each in both.second] == standing
    found = [each.overall for each in agreement(both)]
    assert [each.pairable for each in found] == [2, 1, 2]
    assert [each.alpha for each in found] == pytest.approx(alphas, nan_ok=True)


def write_evidence(folder: Path, claims: str, paragraph: str = "") -> tuple[Path, Path]:
    texts, world = folder / "texts", folder / "world"
    texts.mkdir()
    world.mkdir()
    (texts / "paper.txt").write_text(TEXT, encoding="utf-8")
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    first = paragraph or "section: opening, nothing: heading"
    (world / "documents.yaml").write_text(
        f'paper:\n  citation: A Paper\n  file: paper.txt\n  sha256: "{digest}"\n  thesis: Calm.\n'
        f"  dependent: null\n  paragraphs:\n    - {{lines: [1, 1], {first}}}\n"
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
    tmp_path,
):
    texts, world = write_evidence(tmp_path, one_claim())
    assert verify(texts, world) == []
    (texts / "paper.txt").write_text(TEXT + "\nA line nobody coded.\n")
    found = verify(texts, world)
    assert any("SHA-256" in problem for problem in found)
    assert "paper, L5: stands in 0 paragraphs; it must stand in one" in found
    (texts / "paper.txt").unlink()
    (found,) = verify(texts, world)
    assert found.startswith("paper: paper.txt is not in ")


WRONG = [
    ({"sentence": "1"}, "has fingerprint"), ({"sentence": "9"}, "has 2 sentences"),
    ({"lines": "[2, 3]"}, "no paragraph of paper"), ({"document": "papper"}, "did you mean paper"),
    ({"section": "Elsewhere"}, "stands under 'opening'"),
    ({"construct": "comerce"}, "did you mean commerce"), ({"construct": "denial"}, "needs toward"),
    ({"construct": "event"}, "has no level"), ({"level": "4"}, "whole number from 0 to 3"),
    ({"level": "1.5"}, "whole number from 0 to 3"), ({"direction": "up"}, "must be + or -"),
    ({"about": "[]"}, "it is about nobody"), ({"says": '""'}, "it says nothing"),
    ({"says": "gulls circle the harbour boats wait for the tide"}, "takes 9 words in a row"),
    ("section: opening", "paper, L1: has no claim and no reason why (nothing: ...)"),
    ("nothing: x", "paper, L1: has no section; give its heading as printed"),
    ("section: Elsewhere, nothing: x", "paper, L1: section 'Elsewhere' is no heading of the text"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_a_claim_or_a_paragraph_that_is_wrong_is_named(tmp_path, wrong, said):
    if isinstance(wrong, dict):
        found = "\n".join(verify(*write_evidence(tmp_path, one_claim(**wrong))))
        assert "c001" in found
        assert said in found
    else:
        first, *more = verify(*write_evidence(tmp_path, one_claim() * 2, wrong))
        assert first.startswith(said)
        assert more == ["c001 (paper, opening, L3 (2)): its id must be its own"] * 2


def test_the_packaged_actors_are_what_the_rule_makes_of_the_claims(world):
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
    now = agreement(coded, draws=200)[-1].overall
    assert now.pairable > 50
    assert 0.667 < now.alpha <= 1  # Krippendorff's least for tentative conclusions


@pytest.mark.sources
def test_every_packaged_claim_stands_in_its_text(sources):
    assert verify(sources) == []


ENTRIES = r"""
% a remark
@article{first2001,
  author  = {Doe, Jane and R\"uegger, Max},
  title   = {On {Great} Powers},
  journal = "Journal of Things",
  volume  = 3,
  pages   = {1--9},
  year    = 2001
}

@misc{second2002, author = {{Office of This and That}}, title = {A {B {C}}},
  howpublished = {\url{https://example.org/a}}}
"""


def test_fields_lose_their_tex_and_a_key_given_twice_or_a_file_that_is_no_text_is_placed(tmp_path):
    (path := tmp_path / "works.bib").write_text(ENTRIES, encoding="utf-8")
    first, second = read_bibliography(path).values()
    assert (
        str(first) == "Doe, Jane; Rüegger, Max (2001). On Great Powers. Journal of Things 3, 1–9."
    )
    assert (first.key, second.key, second.kind) == ("first2001", "second2002", "misc")
    plain = ["Office of This and That", "A B C", "https://example.org/a"]
    assert list(second.fields.values()) == plain
    for more, said in (
        (b"@misc{second2002, title = {again}}", "second2002 is given twice"),
        (b"\n\xff", "references.bib:15: the file is not UTF-8"),
    ):
        path.write_bytes(ENTRIES.encode() + more)
        with pytest.raises(DataError, match=said):
            read_bibliography(path)


def test_a_sweep_rests_on_the_works_of_every_theory_and_form_it_has_run(world):
    works, theories, zeros = read_bibliography(), [*world.theories][:2], [*world.forms["zero"]]
    factors = [{"name": "theory", "levels": theories}, {"name": "form.zero", "levels": zeros}]
    scenarios = {"us_exit": load_scenario("us_exit", world).resolved()}
    manifest = {"scenarios": scenarios, "theory": None, "design": {"factors": factors}}
    found = list(scenarios_of(manifest, world))
    assert {each.theory for each in found} == set(theories)
    assert {each.forms["zero"] for each in found if "zero" in each.forms} == set(zeros)
    together = works_of_all(works_of(world, each, works) for each in found)
    for each in found:
        for part, counts in works_of(world, each, works).items():
            assert counts.keys() <= together[part].keys()

from pathlib import Path

import pytest

from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.scenarios.sources import works_of, works_of_all
from eurasia_sim.simulation.results_folder import scenarios_of
from eurasia_sim.world.world import World

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


def test_fields_lose_their_tex_and_keep_their_letters(tmp_path: Path) -> None:
    (path := tmp_path / "works.bib").write_text(ENTRIES, encoding="utf-8")
    first, second = read_bibliography(path).values()
    assert first.fields["author"] == "Doe, Jane; Rüegger, Max"
    assert (
        str(first) == f"{first.fields['author']} (2001). On Great Powers. Journal of Things 3, 1–9."
    )
    assert (first.key, second.key, second.kind) == ("first2001", "second2002", "misc")
    assert list(second.fields.values()) == [
        "Office of This and That", "A B C", "https://example.org/a",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (b"@misc{second2002, title = {again}}", "second2002 is given twice"),
        (b"\n\xff", "references.bib:15: the file is not UTF-8"),
    ],
)
def test_a_key_given_twice_and_a_file_that_is_no_text_are_placed(
    tmp_path: Path, more: bytes, said: str
) -> None:
    (path := tmp_path / "works.bib").write_bytes(ENTRIES.encode() + more)
    with pytest.raises(DataError, match=said):
        read_bibliography(path)


def test_a_sweep_rests_on_the_works_of_every_theory_and_form_it_has_run(world: World) -> None:
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

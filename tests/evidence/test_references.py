from pathlib import Path

import pytest

from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.scenarios.sources import works_of, works_of_all
from eurasia_sim.simulation.replay import scenarios_of
from eurasia_sim.world.world import load_world

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


def written(folder: Path, text: str) -> Path:
    path = folder / "works.bib"
    path.write_text(text, encoding="utf-8")
    return path


def test_fields_lose_their_tex_and_keep_their_letters(tmp_path: Path) -> None:
    works = read_bibliography(written(tmp_path, ENTRIES))
    assert list(works) == ["first2001", "second2002"]
    assert works["first2001"].fields["author"] == "Doe, Jane; Rüegger, Max"
    assert (
        str(works["first2001"])
        == "Doe, Jane; Rüegger, Max (2001). On Great Powers. Journal of Things 3, 1–9."
    )
    assert works["second2002"].fields["author"] == "Office of This and That"
    assert works["second2002"].fields["title"] == "A B C"
    assert works["second2002"].fields["howpublished"] == "https://example.org/a"


def test_a_key_given_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="second2002 is given twice"):
        read_bibliography(written(tmp_path, ENTRIES + "@misc{second2002, title = {again}}"))


def test_a_file_that_is_no_text_is_placed(tmp_path: Path) -> None:
    path = written(tmp_path, ENTRIES)
    path.write_bytes(path.read_bytes() + b"\n\xff")
    with pytest.raises(DataError, match=r"references\.bib:15: the file is not UTF-8"):
        read_bibliography(path)


def test_a_sweep_rests_on_the_works_of_every_theory_and_form_it_has_run() -> None:
    world, works = load_world(), read_bibliography()
    theories = list(world.theories)[:2]
    factors = [
        {"name": "theory", "levels": theories},
        {"name": "form.zero", "levels": list(world.forms["zero"])},
    ]
    scenario = load_scenario("us_exit", world)
    manifest = {
        "scenarios": {"us_exit": scenario.resolved()},
        "theory": None,
        "design": {"factors": factors},
    }
    found = list(scenarios_of(manifest, world))
    assert {each.theory for each in found} == set(theories)
    assert {each.forms["zero"] for each in found if "zero" in each.forms} == set(
        world.forms["zero"]
    )
    together = works_of_all(works_of(world, each, works) for each in found)
    for each in found:
        for part, counts in works_of(world, each, works).items():
            assert counts.keys() <= together[part].keys()

"""The tutorial is lived through, block by block, in an empty folder."""

import json
import re

import pytest
from tests.docs.lived import blocks, live
from tests.docs.tables import EXAMPLE, README, exampled

# What a reader is told to see, by a word of the command that shows it.
SHOWN = {
    "run us_exit us_stays": "written: results/us_exit-us_stays",
    "explain actors.china.interests.containment": "aliyev2022",
    "report results": "report.html",
    "check half_force.yaml": "nothing wrong",
    "sweep force.yaml": "24 runs",
    "groupby": "0.8",
    "test --file mine.yaml": "M1",
    "evidence verify texts": "1 claims in 1 documents",
    "explain actors.britain.affinity.france": "n001 note1899",
    "python add_actor.py": "written: results/my_world-record",
    "python test_saturated.py": "holds: test_more_fear_in_common_never_parts",
    "list forms": "saturated",
}


@pytest.mark.slow
def test_every_block_of_the_tutorial_works_in_its_order(repository, tmp_path):
    seen = set()
    for block, done in live(repository / "docs" / "tutorial.md", tmp_path):
        assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
        for words, shown in SHOWN.items():
            if words in block.text:
                assert shown in done.stdout, f"{block.text}\n{done.stdout}\n{done.stderr}"
                seen.add(words)
    assert seen == set(SHOWN)


def test_what_is_not_run_here_is_the_beginning_of_the_readmes_command(repository):
    (elsewhere,) = (
        block for block in blocks(repository / "docs" / "tutorial.md") if block.note == "elsewhere"
    )
    readme = (repository / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"<!-- command: run -->\n```sh\n(.+?)\n```", readme)
    assert command.startswith(elsewhere.text.strip())


def test_every_block_of_the_tutorial_is_run_or_written(repository):
    for block in blocks(repository / "docs" / "tutorial.md"):
        assert block.note in ("file", "elsewhere") or block.language in ("sh", "python"), block.text


def test_every_cell_of_the_notebook_works_in_its_order_and_shows_progress(
    repository, monkeypatch, capsys
):
    monkeypatch.setattr("builtins.__IPYTHON__", True, raising=False)
    names: dict[str, object] = {}
    text = (repository / "docs" / "notebook.ipynb").read_text("utf-8")
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102 - our own page
    assert len(names["table"]) > 1000
    assert "200/200" in capsys.readouterr().err


def test_the_readmes_example_prints_what_stands_beneath_it():
    readme = README.read_text(encoding="utf-8")
    assert len(EXAMPLE.findall(readme)) == 1
    assert exampled(readme) == readme, "run: python -m tests.docs.tables"

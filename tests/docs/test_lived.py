"""Pages lived through: every block is run in its order, in one folder, as a reader would."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import starmap
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML
from tests.docs.tables import EXAMPLE, README, exampled

BLOCK = re.compile(
    r"(?:<!-- (file|says|elsewhere): (.+?) -->\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
_LONGEST = 300


class Block(NamedTuple):
    """One block of a page, with the note above it."""

    note: str  # file, says or elsewhere
    about: str  # the file it goes to, what its output must hold, or what runs it instead
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [*starmap(Block, BLOCK.findall(page.read_text(encoding="utf-8")))]


def reader(folder: Path) -> dict[str, str]:
    """The environment of an installed package: `eurasia-sim` and `python` are on the path."""
    place = folder / ".bin"
    place.mkdir()
    python = shlex.quote(sys.executable)
    for name, words in (
        ("eurasia-sim", f'{python} -c "from eurasia_sim.cli import main; main()"'),
        ("python", python),
    ):
        (place / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        (place / name).chmod(0o755)
    path = f"{place}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "MPLBACKEND": "Agg", "COLUMNS": "160"}


def live(page: Path, folder: Path) -> Iterator[tuple[Block, subprocess.CompletedProcess[str]]]:
    """Run every block of shell or Python and write every file; yield each run."""
    environment = reader(folder)
    for block in blocks(page):
        if block.note == "file":
            target = folder / block.about
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.note != "elsewhere" and block.language in ("sh", "python"):
            shell = ["bash", "-euo", "pipefail", "-c"]
            words = shell if block.language == "sh" else [sys.executable, "-c"]
            yield block, subprocess.run(
                [*words, block.text], cwd=folder, env=environment, text=True, capture_output=True,
                check=False, timeout=_LONGEST,
            )  # fmt: skip


# Pages that are lived through, each with what a reader is told to see, by a word of the command.
SHOWN: dict[str, dict[str, str]] = {
    "tutorial": {
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
    },
    "how-to/another-theory": {}, "how-to/cluster": {}, "how-to/own-record": {},
    "how-to/play-an-actor": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def docs(repository):
    return repository / "docs"


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWN)
def test_every_block_of_a_page_works_in_its_order(page, docs, tmp_path):
    if page.endswith("cluster"):
        pytest.importorskip("distributed")
    seen = set()
    for block, done in live(docs / f"{page}.md", tmp_path):
        happened = f"{block.text}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, happened
        own = {words: shown for words, shown in SHOWN[page].items() if words in block.text}
        assert all(shown in done.stdout for shown in own.values()), happened
        seen |= own.keys()
    assert seen == SHOWN[page].keys()


def test_every_block_of_the_tutorial_is_run_or_written_or_is_the_readmes_command(docs):
    parts = blocks(docs / "tutorial.md")
    for block in parts:
        assert block.note in ("file", "elsewhere") or block.language in ("sh", "python"), block.text
    (elsewhere,) = (block for block in parts if block.note == "elsewhere")
    readme = README.read_text(encoding="utf-8")
    (command,) = re.findall(r"<!-- command: run -->\n```sh\n(.+?)\n```", readme)
    assert command.startswith(elsewhere.text.strip())


def test_every_cell_of_the_notebook_works_in_its_order_and_shows_progress(
    docs, monkeypatch, capsys
):
    monkeypatch.setattr("builtins.__IPYTHON__", True, raising=False)
    names: dict[str, object] = {}
    for cell in json.loads((docs / "notebook.ipynb").read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102 - our own page
    assert len(names["table"]) > 1000
    assert "200/200" in capsys.readouterr().err


def test_the_readmes_example_prints_what_stands_beneath_it():
    readme = README.read_text(encoding="utf-8")
    assert len(EXAMPLE.findall(readme)) == 1
    assert exampled(readme) == readme, "run: python -m tests.docs.tables"


def test_the_preset_on_the_page_names_numbers_that_there_are(docs, world):
    (text,) = (x.text for x in blocks(docs / "how-to/another-theory.md") if x.language == "yaml")
    preset = YAML(typ="safe").load(text)["presets"]["my_theory"]
    flat = {path.rpartition(".")[2] for path in world.numbers if path.startswith("rules.")}
    assert {*preset["fix"], *preset["values"], *preset["ranges"]} <= flat
    assert set(preset["values"]) <= set(preset["ranges"])


def test_the_columns_that_the_lines_in_r_name_stand_in_a_sweep(docs, small_sweep):
    (text,) = (x.text for x in blocks(docs / "how-to/read-results.md") if x.language == "r")
    columns = set(pq.read_schema(next((small_sweep / "parts").glob("*.parquet"))).names)
    named = {name for name in re.findall(r"`([^`]+)`", text) if not name.startswith("x.")}
    assert {*named, "status", "scenario"} <= columns
    assert any(name.startswith("x.") for name in columns)
    assert '"command"' in (small_sweep / "manifest.json").read_text(encoding="utf-8")

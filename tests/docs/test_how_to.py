"""The pages that show how to do one thing are run as they stand."""

import pytest
from tests.docs.lived import blocks, live

RUN = ("another-theory", "cluster", "own-record", "play-an-actor")


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_every_command_of_the_page_works(name, repository, tmp_path):
    if name == "cluster":
        pytest.importorskip("distributed")
    for block, done in live(repository / "docs" / "how-to" / f"{name}.md", tmp_path):
        assert done.returncode == 0, f"{block.text}\n{done.stdout}{done.stderr}"


def test_the_preset_on_the_page_names_numbers_that_there_are(repository):
    from ruamel.yaml import YAML

    from eurasia_sim.files.data_yaml import DEFAULT_WORLD
    from eurasia_sim.world.world import load_world

    (shown,) = (
        b.text for b in blocks(repository / "docs/how-to/another-theory.md") if b.language == "yaml"
    )
    preset = YAML(typ="safe").load(shown)["presets"]["my_theory"]
    flat = {
        path.rsplit(".", 1)[1]
        for path in load_world(DEFAULT_WORLD).numbers
        if path.startswith("rules.")
    }
    assert {*preset["fix"], *preset["values"], *preset["ranges"]} <= flat
    assert set(preset["values"]) <= set(preset["ranges"])


def test_the_columns_that_the_lines_in_r_name_stand_in_a_sweep(repository, tmp_path):
    import re

    import pyarrow.parquet as pq
    from tests.sweeping import grid

    from eurasia_sim.experiments.sweep import Work, carry_out
    from eurasia_sim.world.world import load_world

    (shown,) = (
        b.text for b in blocks(repository / "docs/how-to/read-results.md") if b.language == "r"
    )
    done = carry_out(grid(tmp_path, load_world(), steps=2), tmp_path / "out", Work(workers=1))
    columns = set(pq.read_schema(next((done.folder / "parts").glob("*.parquet"))).names)
    named = {name for name in re.findall(r"`([^`]+)`", shown) if not name.startswith("x.")}
    assert {*named, "status", "scenario"} <= columns
    assert any(name.startswith("x.") for name in columns)
    assert '"command"' in (done.folder / "manifest.json").read_text(encoding="utf-8")

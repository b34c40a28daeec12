"""Results written part by part, read back as the page on reading them shows, refused if damaged."""

import json
import shutil
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from tests.docs.test_lived import blocks
from tests.results import unchanging

from eurasia_sim.experiments.folder import read_plan
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import FILES, Entry, Files, digest_of, sealed
from eurasia_sim.scenarios.manifest import misfit
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import results, run
from eurasia_sim.simulation.results import MANIFEST, Parts, load_results, write_manifest
from eurasia_sim.simulation.results_folder import open_results, scenarios_of

COLUMN = "competition.russia-china.central_asia"
PLAN = "plan.json"


def test_an_interrupt_keeps_its_parts_and_a_broken_one_is_run_again(world, tmp_path):
    scenarios = tuple(load_scenario(name, world) for name in ("us_exit", "us_stays"))
    study = run.Study(world, scenarios, (world.default_theory,), 3, seed=4)
    whole = run.carry_out(study, tmp_path / "whole", 1, lambda _: None)
    assert len(whole) == 4 * 2 * 3  # sets of draws, scenarios, runs
    write, cut, written = Parts.write, tmp_path / "cut", []

    def once_more(*given):
        write(*given)
        written.append(given)
        if len(written) == 3:
            raise KeyboardInterrupt

    with mock.patch.object(Parts, "write", once_more), pytest.raises(KeyboardInterrupt):
        run.carry_out(study, cut, 2, lambda _: None)
    parts = sorted((cut / "parts").iterdir())
    assert [len(parts), len(load_results(cut))] == [3, 3 * 2 * 3]
    content = bytearray(parts[0].read_bytes())
    content[len(content) // 2] ^= 4
    parts[0].write_bytes(content)
    (cut / "trajectories" / parts[1].name).write_bytes(b"PAR1")
    written.clear()
    with mock.patch.object(Parts, "write", lambda *own: (written.append(own[1]), write(*own))):
        run.carry_out(study, cut, 2, lambda _: None)
    assert written == [0, 1, 3]  # the one whole part of both scenarios is not run again
    assert unchanging(cut) == unchanging(tmp_path / "whole")


def run_example(number, folder, repository):
    found = blocks(repository / "docs" / "how-to" / "read-results.md")
    text = [block.text for block in found if block.language == "python"][number]
    seen = {"folder": folder}
    exec(compile(text, "example", "exec"), seen)  # noqa: S102 - the page's own lines
    return seen


def test_pandas_and_duckdb_read_a_sweep_as_the_page_says(small_sweep, repository, capsys):
    runs = run_example(0, small_sweep, repository)["runs"]
    assert list(runs.columns) == ["point", "scenario", COLUMN]
    assert len(runs) == 8
    assert "few_months" in capsys.readouterr().out
    pytest.importorskip("duckdb")
    found = run_example(1, small_sweep, repository)["found"]
    whole = load_results(small_sweep).groupby("point")[COLUMN].mean()
    assert list(found["runs"]) == [2, 2, 2, 2]
    assert list(found["competition"]) == pytest.approx(list(whole))


def test_effort_by_place_is_read_under_its_present_name(tmp_path):
    name, old = "effort.north.middle.security", "level.north.middle.security"
    table = {"scenario": ["a", "b"], "effort.north": [0.5, 0.7], old: [0.1, 0.2]}
    pd.DataFrame(table).to_parquet(tmp_path / "runs.parquet")
    write_manifest(tmp_path, {"finished": True}, ["runs.parquet"])
    assert results.result_columns(tmp_path) == ["scenario", "effort.north", name]
    assert load_results(tmp_path, [name])[name].tolist() == [0.1, 0.2]
    assert load_results(tmp_path, ["effort.north"])["effort.north"].tolist() == [0.5, 0.7]
    kept = load_results(tmp_path, [name], [("scenario", "==", "b")])
    assert kept.to_dict("list") == {name: [0.2]}


@pytest.fixture
def folder(small_sweep, tmp_path):
    """A small sweep, to be damaged."""
    return Path(shutil.copytree(small_sweep, tmp_path / "copy"))


def change(file, **values):
    """Give other values to a sealed file, or none, and the digest that fits them."""
    content = json.loads(file.read_text(encoding="utf-8")) | values
    whole = {key: value for key, value in content.items() if value is not None}
    file.write_text(json.dumps(sealed(whole)), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        (MANIFEST, {"scenarios": 7}, "is damaged: scenarios: a valid dictionary"),
        (MANIFEST, {"design": {"kind": "grid", "factors": 7}}, "design.factors: a valid list"),
        (MANIFEST, {"window": ["2001-13", "2002-01"]}, "window.0: a month such as 2001-10"),
        (MANIFEST, {FILES: []}, "is damaged: its manifest lists no files"),
        (MANIFEST, {"design": None}, "is not whole: it lacks design"),
        (MANIFEST, {"kind": None, "scenarios": None, "design": None}, "it lacks scenarios, theo"),
        (MANIFEST, {"theory": "lost"}, "few_months was run under lost, which eurasia does not"),
        *((PLAN, own, "damaged, or of another") for own in ({"points": 0}, {"shard": [3, 1]})),
        (PLAN, {"more": 1}, "plan.json is damaged, or of another version"),
    ],
)
def test_a_sealed_file_of_another_form_is_damaged(folder, world, name, values, said):
    def read(held):
        return held.runs([]), read_plan(folder), [*scenarios_of(held.manifest, world)]

    change(folder / name, **values)
    with pytest.raises(DataError) as caught:
        read(open_results(folder, world))
    assert said in str(caught.value)


def test_a_level_may_be_any_finite_number():
    factor = {"name": "x.seed", "levels": [2**53 - 1, 1e308, "a"], "low": -1e308, "high": 0}
    assert not misfit({"design": {"kind": "grid", "factors": [factor]}})


def test_text_that_is_not_utf8_is_damage_where_its_table_is_read(tmp_path):
    content = pd.DataFrame({"theory": ["balance_of_threat"]}).to_parquet(compression=None)
    (tmp_path / "a.parquet").write_bytes(content := content.replace(b"balance", b"bal\x8fnce"))
    files = Files(tmp_path, {"a.parquet": Entry(digest_of(content))}, "")
    with pytest.raises(DataError, match=r"a\.parquet is damaged: .*UTF8"):
        results.read_table(files, "a.parquet")


def test_a_folder_that_another_verb_wrote_is_told_by_its_command(tmp_path):
    write_manifest(tmp_path, {"finished": True, "command": "eurasia-sim test H2"}, [])
    wrong = "`eurasia-sim test H2` wrote it; name one that `eurasia-sim run` wrote"
    with pytest.raises(DataError, match=wrong):
        results.finished_manifest(tmp_path)

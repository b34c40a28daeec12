"""A manifest, a plan and tables that carry the right digest and are none: refused in words."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from eurasia_sim.experiments.folder import material_of, read_plan
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import FILES, Entry, Files, digest_of, sealed
from eurasia_sim.scenarios.manifest import misfit
from eurasia_sim.simulation.results import MANIFEST, read_manifest, read_table, table_bytes
from eurasia_sim.simulation.results_folder import open_results, scenarios_of
from eurasia_sim.world.world import World


@pytest.fixture
def folder(small_sweep: Path, tmp_path: Path) -> Path:
    """A small sweep, to be damaged."""
    return Path(shutil.copytree(small_sweep, tmp_path / "copy"))


def change(file: Path, **values: Any) -> None:
    """Give other values to a sealed file, or none, and the digest that fits them."""
    content = json.loads(file.read_text(encoding="utf-8")) | values
    whole = {key: value for key, value in content.items() if value is not None}
    file.write_text(json.dumps(sealed(whole)), encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"scenarios": 7}, "is damaged: scenarios: a valid dictionary"),
        ({"design": {"kind": "grid", "factors": 7}}, "design.factors: a valid list"),
        ({"window": ["2001-13", "2002-01"]}, "window.0: a month such as 2001-10"),
        ({FILES: []}, "is damaged: its manifest lists no files"),
        ({"design": None}, "is not whole: it lacks design"),
        ({"kind": None, "scenarios": None, "design": None}, "it lacks scenarios, theories"),
    ],
)
def test_a_manifest_of_another_form_is_damaged(
    folder: Path, world: World, values: dict[str, Any], said: str
) -> None:
    change(folder / MANIFEST, **values)
    with pytest.raises(DataError) as caught:
        open_results(folder, world).runs([])
    assert said in str(caught.value)
    assert "allowed: " in str(caught.value)


def test_a_level_may_be_any_finite_number() -> None:
    factor = {"name": "x.seed", "levels": [2**53 - 1, 1e308, "a"], "low": -1e308, "high": 0}
    assert not misfit({"design": {"kind": "grid", "factors": [factor]}})


def test_a_theory_that_the_world_has_lost_is_named(folder: Path, world: World) -> None:
    change(folder / MANIFEST, theory="lost")
    with pytest.raises(DataError, match="few_months was run under lost, which eurasia does not"):
        list(scenarios_of(read_manifest(folder) or {}, world))


@pytest.mark.parametrize("values", [{"points": 0}, {"shard": [3, 1]}, {"more": 1}])
def test_a_plan_of_another_form_is_damaged(folder: Path, values: dict[str, Any]) -> None:
    change(folder / "plan.json", **values)
    with pytest.raises(DataError, match=r"plan\.json is damaged, or of another version"):
        read_plan(folder)


@pytest.mark.parametrize("name", ["parts/00000001.parquet", "design.parquet"])
@pytest.mark.parametrize("is_table", [False, True])
def test_a_table_with_the_right_digest_that_is_none_is_damaged(
    folder: Path, name: str, is_table: bool
) -> None:
    content = table_bytes(pd.DataFrame({"point": ["x"]})) if is_table else b"PAR1 and no more PAR1"
    (folder / name).write_bytes(content)
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))[FILES]
    files[name]["sha256"] = digest_of(content)
    change(folder / MANIFEST, **{FILES: files})
    with pytest.raises(DataError, match=name if is_table else rf"{name} is damaged"):
        material_of(folder, [])


def test_text_that_is_not_utf8_is_damage_where_its_table_is_read(tmp_path: Path) -> None:
    content = pd.DataFrame({"theory": ["balance_of_threat"]}).to_parquet(compression=None)
    content = content.replace(b"balance", b"bal\x8fnce")
    (tmp_path / "a.parquet").write_bytes(content)
    files = Files(tmp_path, {"a.parquet": Entry(digest_of(content))}, "")
    with pytest.raises(DataError, match=r"a\.parquet is damaged: .*UTF8"):
        read_table(files, "a.parquet")


@pytest.mark.parametrize("name", [MANIFEST, "plan.json", "parts/00000001.parquet"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(folder: Path, world: World, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(DataError, match=r"not an ordinary file|missing"):
        read_plan(folder) if name == "plan.json" else open_results(folder, world).runs([])

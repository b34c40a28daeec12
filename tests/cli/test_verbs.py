"""The light verbs: what they print, what they do not load, and worlds other than the first."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.command import call, done, run_without_pictures

from eurasia_sim.cli import VERBS
from eurasia_sim.files.data_yaml import world_folder
from eurasia_sim.kernel.outcomes import column_names
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.results import MANIFEST
from eurasia_sim.world.world import World

HEAVY = ("numba", "mesa", "pandas", "matplotlib", "scipy", "pyarrow")
LIGHT = (
    "--help", "check us_exit", "check --help", "list", "list scenarios", "check --schema",
    "explain rules.perception.distance_decay", "explain us_exit --cite", "explain --summary",
    "list claims", "new --help",
)  # fmt: skip
OTHER = "europe_1914"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_names_every_verb_and_each_helps_with_an_example() -> None:
    text = done("--help")
    assert [verb for verb in VERBS if f"  {verb} " not in text] == []
    assert "..." not in text.partition("Commands")[2]  # no line of a verb is cut
    assert "Example: eurasia-sim" in text
    examples = {verb: f"Example: eurasia-sim {verb}" in done(verb, "--help") for verb in VERBS}
    assert [verb for verb, found in examples.items() if not found] == []


def test_light_verbs_load_nothing_heavy() -> None:
    code = f"""
import sys
from eurasia_sim.cli import main
for words in {LIGHT!r}:
    sys.argv = ["eurasia-sim", *words.split()]
    try:
        main()
    except SystemExit as end:
        assert not end.code, words
    assert not set({HEAVY!r}) & set(sys.modules), words
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_check_prints_place_hint_line_and_what_is_allowed(here: Path) -> None:
    sound = "us_exit: nothing wrong\nus_stays: nothing wrong\n"
    assert done("check", "us_exit", "us_stays") == sound
    line = "levers: {revisionism: {rusia: 7}}"
    (here / "bad.yaml").write_text(f'format: 2\ntitle: x\ndeparts: "2021-05"\n{line}\n')
    answer = call("check", "bad.yaml")
    assert answer.returncode == 2
    assert answer.stdout.startswith("bad.yaml:4:24: unknown actor 'rusia'")
    assert "did you mean russia?" in answer.stdout
    assert f"    {line}\n    allowed: russia, china" in answer.stdout
    assert answer.stdout.endswith("bad.yaml: 1 problem\n")
    (here / "bad.yaml").write_text("format: 2\n")
    answer = call("check", "bad.yaml", ".", "--json")
    places = [(problem["file"], problem["line"]) for problem in json.loads(answer.stdout)]
    assert (answer.returncode, places) == (2, [("bad.yaml", 1), (".", 1)])
    schema = json.loads(done("check", "--schema"))
    assert schema["$schema"].endswith("2020-12/schema")
    done("check", "--schema", "--out", "s.json")
    assert json.loads((here / "s.json").read_text()) == schema


def test_list_shows_every_kind_and_answers_in_json() -> None:
    text = done("list")
    for word in (
        "scenarios:", "us_exit", "theories:", "inertia", "actors:", "levers:", "events:",
        "pressure.<actor>.<actor>", "measures:", "competition", "institutions:",
    ):  # fmt: skip
        assert word in text
    found = json.loads(done("list", "numbers", "theatres", "--json"))
    assert set(found) == {"numbers", "theatres"}
    ranges = [(row["value"], row["range"]) for row in found["numbers"] if row["range"]]
    assert all(low <= value <= high for value, (low, high) in ranges)
    columns = column_names(["a", "b"], ["k"], ("d",), [("a", "b")], ["s"])
    assert list(measures()) == list(dict.fromkeys(column.split(".")[0] for column in columns))


@pytest.mark.parametrize(
    ("base", "picked"),
    [
        ("us_exit", ""), ("record", "presence.china.tajikistan"),
        ("afghan_stable", "membership.eaeu.kazakhstan"), ("no_ukraine_war", ""),
    ],
)  # fmt: skip
def test_new_writes_a_sound_file_that_says_what_its_base_says(
    here: Path, world: World, base: str, picked: str
) -> None:
    words = ("new", "mine", "--from", base, *(("--lever", picked) if picked else ()))
    done(*words)
    refused = call("check", "mine.yaml")
    assert (refused.returncode, refused.stdout.count(" is empty")) == (2, 2)
    assert "write it: What one expects, written before the first run." in refused.stdout
    text = re.sub("(question|expect): .*", r"\1: something", (here / "mine.yaml").read_text())
    (here / "mine.yaml").write_text(text)
    assert done("check", "mine.yaml") == "mine.yaml: nothing wrong\n"
    mine, theirs = (load_scenario(each, world) for each in ("mine.yaml", base))
    np.testing.assert_array_equal(mine.lever_series(world).rows, theirs.lever_series(world).rows)
    assert json.loads((here / "scenario.schema.json").read_text())["title"]
    assert ("forces:   # 0, or 11 to 1000000 (troops)\n" in text) == picked.startswith("presence")
    assert call(*words).returncode == 1


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("list worlds", OTHER), ("list scenarios", "no_naval_race"),
        ("check record", "nothing wrong"), ("explain actors.britain.affinity.russia", "taylor1954"),
        ("explain rules.alignment.pull_common", "L402"), ("explain record --cite", "taylor1954"),
        ("list claims", "claims:"), ("explain --evidence agreement", "no second coding"),
        ("explain --evidence verify .", "no coded documents"),
        ("check --schema", "austria_hungary"),
        ("new half_a_fleet --from no_naval_race", f"check half_a_fleet.yaml --world {OTHER}"),
    ],
)  # fmt: skip
def test_every_verb_reads_another_world(here: Path, words: str, part: str) -> None:
    text = done(*words.split(), "--world", OTHER)
    assert part in text
    assert "us_exit" not in text


def test_a_run_carries_its_world_and_a_broken_one_says_where(here: Path) -> None:
    shutil.copytree(world_folder(OTHER), here / "mine")
    world = ("--world", "mine")
    folder = run_without_pictures(here / "out", "record", "no_naval_race", "-n", "2", *world)
    assert folder.name.startswith("mine-record-no_naval_race-")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert (manifest["world"], manifest["failed"]) == ("mine", 0)
    assert "--world mine" in manifest["command"]
    cited, alone = (
        json.loads(done("explain", name, "--cite", "--json", *world)) for name in (folder, "record")
    )
    assert {row["key"] for row in alone} <= {row["key"] for row in cited}
    (here / "mine" / "ties.yaml").write_text("capital_distance: [\n")
    answer = call("explain", "--summary", *world)
    assert answer.returncode == 2
    assert "ties.yaml:" in answer.stderr

"""The light verbs `check`, `list`, `explain`, `new`: what they print, and what they do not load."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.command import call, done, run_without_pictures

from eurasia_sim.cli import VERBS
from eurasia_sim.files.data_yaml import world_folder
from eurasia_sim.kernel.outcomes import column_names
from eurasia_sim.reports.blocks import number
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.results import MANIFEST
from eurasia_sim.world.world import World

HEAVY = ("numba", "mesa", "pandas", "matplotlib", "scipy", "pyarrow")
LIGHT = (
    "--help", "check us_exit", "check --help", "list", "list claims", "check --schema",
    "explain rules.perception.distance_decay", "explain us_exit --cite", "explain --summary",
    "explain --evidence verify .", "new --help", "new mine --from us_exit",
)  # fmt: skip
OTHER = "europe_1914"
AGREEMENT = "--evidence agreement"
TOLD: list[tuple[str, tuple[str, ...]]] = [
    ("explain rules.perception.distance_decay",
     ("range     1500 to 6000", "mechanisms.perception", "Boulding, Kenneth")),
    ("explain actors.india.interests.autonomy", ("the documents are silent",)),
    ("explain actors.china", ("actors.china.susceptibility.terrorism",)),
    ("explain presence.united_states.afghanistan",
     ("record.presence.united_states.afghanistan.forces.2010-06",)),
    ("explain competition", ("Overlap that is not done jointly", "of: pair, scope", "unit: share")),
    ("explain competition.russia-china.central_asia", ("beside all effort of the two.",)),
    ("explain growth.russia", ("at rest: 0", "exp(-0.4)", "-0.5 to 0.5 (per year)")),
    ("explain presence", ("forces 0, or 11 to 1000000", "moves: what others fear")),
    ("explain us_exit", ("one of the scenarios", "The United States leaves",
                         "leaves the record in: 2023-01", "levers: none")),
    ("explain balance_of_threat", ("one of the theories", "cite: walt1985")),
    ("explain tajikistan", ("one of the actors", "one of the theatres", "theatres.tajikistan")),
    (f"explain {Path(__file__).parents[2] / 'scenarios' / 'us_stays.yaml'}",
     ("us_stays (one of the scenarios)", "forces 4500 from 2021-05")),
    ("explain us_stays", ("presence.united_states.afghanistan.forces 4500 from 2021-05",)),
    ("explain eaeu", ("one of the institutions", "record: russia, kazakhstan, kyrgyzstan")),
    ("explain takeover_of_kabul c001 H1",
     ("rule.afghanistan taliban", "warsaw2021", "us_exit less")),
    (f"explain {AGREEMENT}", ("Jaccard", "all", "supported")),
    ("check us_exit us_stays", ("us_exit: nothing wrong us_stays: nothing wrong",)),
    ("list", ("scenarios:", "us_exit", "theories:", "inertia", "actors:", "levers:", "events:",
              "pressure.<actor>.<actor>", "measures:", "competition", "institutions:")),
    (f"list worlds --world {OTHER}", (OTHER,)),
    (f"list scenarios --world {OTHER}", ("no_naval_race",)),
    (f"check record --world {OTHER}", ("nothing wrong",)),
    (f"explain actors.britain.affinity.russia --world {OTHER}", ("taylor1954",)),
    (f"explain rules.alignment.pull_common --world {OTHER}", ("L402",)),
    (f"explain record --cite --world {OTHER}", ("taylor1954",)),
    (f"explain {AGREEMENT} --world {OTHER}", ("no second coding",)),
    (f"explain --evidence verify . --world {OTHER}", ("no coded documents",)),
    (f"check --schema --world {OTHER}", ("austria_hungary",)),
    (f"new half_a_fleet --from no_naval_race --world {OTHER}",
     (f"check half_a_fleet.yaml --world {OTHER}",)),
]  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*words: object) -> Any:
    return json.loads(done(*words, "--json"))


def test_help_names_every_verb_and_each_helps_with_an_example() -> None:
    text = done("--help")
    assert [verb for verb in VERBS if f"  {verb} " not in text] == []
    assert "..." not in text.partition("Commands")[2]  # no line of a verb is cut
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
        assert not end.code or "verify" in words, words
    assert not set({HEAVY!r}) & set(sys.modules), words
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(("words", "parts"), TOLD)
def test_what_is_asked_for_is_told_of_the_world_that_is_asked(words, parts) -> None:
    text = " ".join(done(*words.split()).split())
    assert [part for part in parts if " ".join(part.split()) not in text] == []
    assert OTHER not in words or "us_exit" not in text


@pytest.mark.parametrize(
    ("label", "name"),
    [("aim of rivalry, China → Russia, Central Asia", "aim"), ("joint share", "joint_share"),
     ("The United States leaves", "us_exit"), ("Taliban", "taliban"), ("central_asia",) * 2,
     ("balance of threat", "balance_of_threat")],
)  # fmt: skip
def test_what_a_screen_calls_a_thing_explains_it(label: str, name: str) -> None:
    assert said("explain", label)["id"] == name


def test_an_interest_is_traced_to_its_claims_and_to_the_mechanisms_that_weigh_it() -> None:
    contained, free = (f"actors.china.interests.{name}" for name in ("containment", "autonomy"))
    found = said("explain", contained, free)
    assert list(found) == [contained, free]
    assert found[contained]["basis"] == "coded"
    claims = found[contained]["claims"]
    assert {claim["locator"].split(",")[0][-4:] for claim in claims} <= {"2021", "2022"}
    assert {claim["id"][0] for claim in claims} == {"c", "s"}  # of both coders
    used = set(found[free]["used_by"])
    assert {"mechanisms.allocation.home_motive", "mechanisms.contest.weigh_host"} <= used
    assert "mechanisms.allocation.rival_motives" not in used  # which weighs primacy and survival
    last_words = {row["path"].rpartition(".")[2] for row in said("explain", "containment")}
    assert last_words == {"containment"}


def test_the_summary_counts_every_number_once() -> None:
    found, text = said("explain", "--summary"), done("explain", "--summary")
    counted = sum(count for group in found["by_group"].values() for count in group.values())
    assert counted == found["numbers"] > found["drawn"] > 0
    drawn = f"{number(counted)} An ensemble over the declared ranges draws {found['drawn']} of them"
    assert " ".join(drawn.split()) in " ".join(text.split())


def test_evidence_is_listed_with_its_place_and_compared_with_its_texts(tmp_path: Path) -> None:
    (found,) = said("list", "claims").values()
    one = next(claim for claim in found if "quad" in claim["about"])
    assert one["says"].startswith(f"{', '.join(one['about'])}: {one['construct']}")
    assert f"({one['document']}, " in one["says"]
    assert f"{one['id']} {one['says']}" in " ".join(done("list", "claims").split())
    *_, last = said("explain", *AGREEMENT.split())
    assert last["low"] < last["overall"]["alpha"] < last["high"]
    assert call("explain", "--evidence", "verify", tmp_path).returncode == 1  # no texts are there


def test_scenarios_and_numbers_cite_their_works_and_a_measure_none_of_its_own() -> None:
    rows = said("explain", "us_exit", "us_stays", "--cite")
    assert {row["name"] for row in rows} == {"us_exit", "us_stays"}
    assert {"documents", "theory", "data", "rules"} == {row["part"] for row in rows}
    assert all(row["work"] for row in rows)
    assert "walt1985" in {row["key"] for row in rows if row["part"] == "theory"}
    (row,) = said("explain", "rules.perception.distance_decay", "--cite")
    assert (row["part"], row["key"], row["numbers"]) == ("rules", "boulding1962", 1)
    below = said("explain", "rules.perception", "--cite")
    assert row["key"] in {each["key"] for each in below}
    answer = call("explain", "benefit.russia", "--cite")
    assert answer.returncode == 2
    assert "a measure is read off a run" in answer.stderr


def test_check_prints_place_hint_line_and_what_is_allowed(here: Path) -> None:
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


def test_list_answers_in_json_with_what_there_is() -> None:
    found = said("list", "numbers", "theatres")
    assert set(found) == {"numbers", "theatres"}
    ranges = [(row["value"], row["range"]) for row in found["numbers"] if row["range"]]
    assert all(low <= value <= high for value, (low, high) in ranges)
    columns = column_names(["a", "b"], ["k"], ("d",), [("a", "b")], ["s"])
    assert list(measures()) == list(dict.fromkeys(column.split(".")[0] for column in columns))


@pytest.mark.parametrize(
    ("base", "picked"),
    [("us_exit", ""), ("record", "presence.china.tajikistan"),
     ("afghan_stable", "membership.eaeu.kazakhstan")],
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
    departs = "departs nowhere" if base == "record" else f"as in {base}"
    assert re.search(rf'\ndeparts: "\d{{4}}-\d\d"   # .*{departs}; write the first month', text)


def test_a_run_carries_its_world_and_a_broken_one_says_where(here: Path) -> None:
    shutil.copytree(world_folder(OTHER), here / "mine")
    world = ("--world", "mine")
    folder = run_without_pictures(here / "out", "record", "no_naval_race", "-n", "2", *world)
    assert folder.name.startswith("mine-record-no_naval_race-")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert (manifest["world"], manifest["failed"]) == ("mine", 0)
    assert "--world mine" in manifest["command"]
    cited, alone = (said("explain", name, "--cite", *world) for name in (folder, "record"))
    assert {row["key"] for row in alone} <= {row["key"] for row in cited}
    (here / "mine" / "ties.yaml").write_text("capital_distance: [\n")
    answer = call("explain", "--summary", *world)
    assert answer.returncode == 2
    assert "ties.yaml:" in answer.stderr

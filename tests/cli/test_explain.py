from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.small_world import write_small_world
from typer.testing import CliRunner

from eurasia_sim.cli import app, main
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.explanation import users

HEAVY = ("numba", "mesa", "pandas", "matplotlib")


def answer(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_rule_is_explained_with_its_work_and_its_user() -> None:
    said = answer("explain", "rules.perception.distance_decay")
    assert "range     1500 to 6000" in said
    assert "mechanisms.perception" in said
    assert "Boulding, Kenneth" in said


def test_an_interest_is_explained_with_its_claims_and_where_they_stand() -> None:
    found = json.loads(answer("explain", "actors.china.interests.containment", "--json"))
    assert found["basis"] == "coded"
    assert all(
        claim["locator"].split(",")[0].endswith(("2021", "2022")) for claim in found["claims"]
    )
    assert any(claim["id"].startswith("c") and claim["says"] for claim in found["claims"])
    assert any(claim["id"].startswith("s") for claim in found["claims"])
    assert found["used_by"]


def test_silence_is_explained_as_silence() -> None:
    assert "the documents are silent" in answer("explain", "actors.india.interests.autonomy")
    found = json.loads(answer("explain", "actors.india.interests.autonomy", "--json"))
    assert found["value"] is None


def test_the_beginning_of_a_path_lists_what_is_below_it() -> None:
    assert "actors.china.susceptibility.terrorism" in answer("explain", "actors.china")
    assert "record.presence.united_states.afghanistan.forces.2010-06" in answer(
        "explain", "presence.united_states.afghanistan"
    )


def test_the_summary_counts_every_number_once() -> None:
    found = json.loads(answer("explain", "--summary", "--json"))
    counted = sum(count for group in found["by_group"].values() for count in group.values())
    assert counted == found["numbers"]
    assert 0 < found["drawn"] < counted
    assert "measured" in answer("explain", "--summary")


def test_an_unknown_path_ends_with_two_and_the_nearest() -> None:
    done = CliRunner().invoke(app, ["explain", "rules.perception.distanc_decay"])
    assert done.exit_code == 2
    assert "did you mean rules.perception.distance_decay" in done.output


@pytest.mark.parametrize("words", [[], ["actors.china", "--summary"]])
def test_it_wants_one_question(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["explain", *words]).exit_code == 2


def test_a_broken_world_ends_with_two_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world, _ = write_small_world(tmp_path)
    (world / "ties.yaml").write_text("capital_distance: [\n")
    with pytest.raises(DataError):
        CliRunner().invoke(
            app, ["explain", "--summary", "--world", str(world)], catch_exceptions=False
        )
    monkeypatch.setattr(sys, "argv", ["eurasia-sim", "explain", "--summary", "--world", str(world)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "ties.yaml:" in capsys.readouterr().err


def test_users_are_found_in_the_text_of_the_rules() -> None:
    assert "mechanisms.perception.closeness" in set(users(["distance_decay"]))
    assert set(users(["no_such_name"])) == set()


def test_evidence_is_listed_by_whom_it_is_about() -> None:
    found = json.loads(answer("explain", "--evidence", "list", "--about", "quad", "--json"))
    assert found
    assert all("quad" in claim["about"] or claim["toward"] == "quad" for claim in found)
    assert f"{len(found)} claims" in answer("explain", "--evidence", "list", "--about", "quad")
    assert (
        CliRunner().invoke(app, ["explain", "--evidence", "list", "--about", "quadd"]).exit_code
        == 2
    )


def test_agreement_is_shown_with_its_interval() -> None:
    *_, found = json.loads(answer("explain", "--evidence", "agreement", "--draws", "200", "--json"))
    assert found["low"] < found["overall"]["alpha"] < found["high"]
    assert "Jaccard" in answer("explain", "--evidence", "agreement", "--draws", "200")


def test_verifying_against_no_folder_is_bad_input_and_against_an_empty_one_failed_work(
    tmp_path: Path,
) -> None:
    assert (
        CliRunner()
        .invoke(app, ["explain", "--evidence", "verify", str(tmp_path / "nowhere")])
        .exit_code
        == 2
    )
    assert (
        CliRunner().invoke(app, ["explain", "--evidence", "verify", str(tmp_path)]).exit_code == 1
    )


def test_a_scenario_cites_the_documents_and_its_own_theory() -> None:
    rows = json.loads(answer("explain", "us_exit", "--cite", "--json"))
    assert {"documents", "theory", "data", "rules"} == {row["part"] for row in rows}
    assert all(row["work"] for row in rows)
    assert "walt1985" in {row["key"] for row in rows if row["part"] == "theory"}


def test_a_number_cites_its_own_works_and_a_group_those_of_all_below_it() -> None:
    (row,) = json.loads(answer("explain", "rules.perception.distance_decay", "--cite", "--json"))
    assert (row["part"], row["key"], row["numbers"]) == ("rules", "boulding1962", 1)
    group = json.loads(answer("explain", "rules.perception", "--cite", "--json"))
    assert row["key"] in {each["key"] for each in group}


def test_several_names_are_told_apart() -> None:
    numbers = ("rules.perception.distance_decay", "actors.china.interests.containment")
    assert list(json.loads(answer("explain", *numbers, "--json"))) == list(numbers)
    rows = json.loads(answer("explain", "us_exit", "us_stays", "--cite", "--json"))
    assert {row["name"] for row in rows} == {"us_exit", "us_stays"}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["explain", "--summary"],
        ["explain", "--evidence", "list", "--about", "quad"],
        ["explain", "us_exit", "--cite"],
    ],
)
def test_light_verbs_load_nothing_heavy(words: list[str]) -> None:
    code = (
        f"import sys; sys.argv = ['eurasia-sim', *{words!r}]\n"
        "from eurasia_sim.cli import main\n"
        "try:\n    main()\nexcept SystemExit as left:\n    assert not left.code\n"
        f"print('loaded', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("loaded []")


def test_an_interest_is_traced_to_the_mechanisms_that_weigh_it() -> None:
    found = json.loads(answer("explain", "actors.china.interests.autonomy", "--json"))["used_by"]
    assert {"mechanisms.allocation.home_motive", "mechanisms.contest.weigh_host"} <= set(found)
    assert "mechanisms.allocation.rival_motives" not in found  # which weighs primacy and survival

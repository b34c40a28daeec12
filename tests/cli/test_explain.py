"""`explain` traces numbers to claims and works, and reports on the evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.command import call, done

from eurasia_sim.world.explanation import users


def told(*words: object) -> Any:
    return json.loads(done("explain", *words, "--json"))


def test_a_rule_is_explained_with_its_work_and_its_user() -> None:
    text = done("explain", "rules.perception.distance_decay")
    for part in ("range     1500 to 6000", "mechanisms.perception", "Boulding, Kenneth"):
        assert part in text


def test_an_interest_is_explained_with_its_claims_and_where_they_stand() -> None:
    found = told("actors.china.interests.containment")
    assert found["basis"] == "coded"
    years = {claim["locator"].split(",")[0][-4:] for claim in found["claims"]}
    assert years <= {"2021", "2022"}
    assert any(claim["id"].startswith("c") and claim["says"] for claim in found["claims"])
    assert any(claim["id"].startswith("s") for claim in found["claims"])
    assert found["used_by"]


def test_an_interest_is_traced_to_the_mechanisms_that_weigh_it() -> None:
    found = told("actors.china.interests.autonomy")["used_by"]
    assert {"mechanisms.allocation.home_motive", "mechanisms.contest.weigh_host"} <= set(found)
    assert "mechanisms.allocation.rival_motives" not in found  # which weighs primacy and survival
    assert "mechanisms.perception.closeness" in set(users(["distance_decay"]))
    assert set(users(["no_such_name"])) == set()


def test_silence_is_explained_as_silence() -> None:
    assert "the documents are silent" in done("explain", "actors.india.interests.autonomy")
    assert told("actors.india.interests.autonomy")["value"] is None


def test_the_beginning_of_a_path_lists_what_is_below_it() -> None:
    assert "actors.china.susceptibility.terrorism" in done("explain", "actors.china")
    path = "presence.united_states.afghanistan"
    assert f"record.{path}.forces.2010-06" in done("explain", path)


def test_the_summary_counts_every_number_once() -> None:
    found = told("--summary")
    counted = sum(count for group in found["by_group"].values() for count in group.values())
    assert counted == found["numbers"]
    assert 0 < found["drawn"] < counted
    assert f"{counted}\nAn ensemble" in done("explain", "--summary")


def test_evidence_is_listed_by_whom_it_is_about() -> None:
    found = told("--evidence", "list", "--about", "quad")
    assert found
    assert all("quad" in claim["about"] or claim["toward"] == "quad" for claim in found)
    assert f"{len(found)} claims" in done("explain", "--evidence", "list", "--about", "quad")


def test_agreement_is_shown_with_its_interval() -> None:
    *_, found = told("--evidence", "agreement", "--draws", "200")
    assert found["low"] < found["overall"]["alpha"] < found["high"]
    assert "Jaccard" in done("explain", "--evidence", "agreement", "--draws", "200")


def test_texts_that_are_not_there_fail_the_verification(tmp_path: Path) -> None:
    assert call("explain", "--evidence", "verify", tmp_path).returncode == 1


def test_a_scenario_cites_the_documents_and_its_own_theory() -> None:
    rows = told("us_exit", "--cite")
    assert {"documents", "theory", "data", "rules"} == {row["part"] for row in rows}
    assert all(row["work"] for row in rows)
    assert "walt1985" in {row["key"] for row in rows if row["part"] == "theory"}


def test_a_number_cites_its_own_works_and_a_group_those_of_all_below_it() -> None:
    (row,) = told("rules.perception.distance_decay", "--cite")
    assert (row["part"], row["key"], row["numbers"]) == ("rules", "boulding1962", 1)
    assert row["key"] in {each["key"] for each in told("rules.perception", "--cite")}


def test_several_names_are_told_apart() -> None:
    numbers = ("rules.perception.distance_decay", "actors.china.interests.containment")
    assert list(told(*numbers)) == list(numbers)
    rows = told("us_exit", "us_stays", "--cite")
    assert {row["name"] for row in rows} == {"us_exit", "us_stays"}


def test_a_measure_is_explained_by_its_name_or_a_column_and_cites_nothing_of_its_own() -> None:
    for name in ("competition", "competition.russia-china.central_asia"):
        said = done("explain", name)
        assert "Overlap that is not done jointly beside all effort of the two." in said
        assert "share, of pair and scope" in said
    assert json.loads(done("explain", "burden", "--json"))["unit"] == "share"
    answer = call("explain", "benefit.russia", "--cite")
    assert answer.returncode == 2
    assert "a measure is read off a run" in answer.stderr

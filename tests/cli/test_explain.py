"""`explain` traces numbers to claims and works, and reports on the evidence."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.command import call, done

from eurasia_sim.world.provenance import users

AGREEMENT = ("--evidence", "agreement")
NAMES = [
    ("rules.perception.distance_decay",
     ("range     1500 to 6000", "mechanisms.perception", "Boulding, Kenneth")),
    ("actors.india.interests.autonomy", ("the documents are silent",)),
    ("actors.china", ("actors.china.susceptibility.terrorism",)),
    ("presence.united_states.afghanistan",
     ("record.presence.united_states.afghanistan.forces.2010-06",)),
    ("competition", ("Overlap that is not done jointly", "of: pair, scope", "unit: share")),
    ("competition.russia-china.central_asia", ("beside all effort of the two.",)),
    ("growth.russia", ("at rest: 0", "exp(-0.4)", "-0.5 to 0.5 (per year)")),
    ("presence", ("forces 0, or 11 to 1000000", "moves: what others fear")),
    ("us_exit", ("one of the scenarios", "The United States leaves",
                 "leaves the record in: 2023-01", "levers: none")),
    ("balance_of_threat", ("one of the theories", "cite: walt1985")),
    ("tajikistan", ("one of the actors", "one of the theatres", "theatres.tajikistan")),
    ("us_stays", ("presence.united_states.afghanistan.forces 4500 from 2021-05",)),
    ("eaeu", ("one of the institutions", "record: russia, kazakhstan, kyrgyzstan")),
    ("takeover_of_kabul c001 H1", ("rule.afghanistan taliban", "warsaw2021", "us_exit less")),
    (" ".join(AGREEMENT), ("Jaccard", "all", "supported")),
]  # fmt: skip


def told(*words: object) -> Any:
    return json.loads(done("explain", *words, "--json"))


@pytest.mark.parametrize(("words", "parts"), NAMES)
def test_a_name_is_told_in_words(words: str, parts: tuple[str, ...]) -> None:
    text = done("explain", *words.split())
    assert [part for part in parts if part not in text] == []


@pytest.mark.parametrize(
    ("label", "name"),
    [("aim of rivalry, China → Russia, Central Asia", "aim"), ("joint share", "joint_share"),
     ("The United States leaves", "us_exit"), ("Taliban", "taliban"), ("central_asia",) * 2,
     ("balance of threat", "balance_of_threat")],
)  # fmt: skip
def test_what_a_screen_calls_a_thing_explains_it(label: str, name: str) -> None:
    assert told(label)["id"] == name


def test_an_interest_is_traced_to_its_claims_and_to_the_mechanisms_that_weigh_it() -> None:
    contained, free = (f"actors.china.interests.{name}" for name in ("containment", "autonomy"))
    found = told(contained, free)
    assert list(found) == [contained, free]
    assert found[contained]["basis"] == "coded"
    claims = found[contained]["claims"]
    assert {claim["locator"].split(",")[0][-4:] for claim in claims} <= {"2021", "2022"}
    assert any(claim["id"].startswith("c") and claim["says"] for claim in claims)
    assert any(claim["id"].startswith("s") for claim in claims)
    used = set(found[free]["used_by"])
    assert {"mechanisms.allocation.home_motive", "mechanisms.contest.weigh_host"} <= used
    assert "mechanisms.allocation.rival_motives" not in used  # which weighs primacy and survival
    assert "mechanisms.perception.closeness" in set(users(["distance_decay"]))
    assert set(users(["no_such_name"])) == set()
    assert told("actors.india.interests.autonomy")["value"] is None
    last_words = {row["path"].rpartition(".")[2] for row in told("containment")}
    assert last_words == {"containment"}


def test_the_summary_counts_every_number_once() -> None:
    found = told("--summary")
    counted = sum(count for group in found["by_group"].values() for count in group.values())
    assert counted == found["numbers"]
    assert 0 < found["drawn"] < counted
    text = done("explain", "--summary")
    assert f"{counted} \nAn ensemble over the declared ranges draws {found['drawn']}" in text


def test_evidence_is_listed_with_its_place_compared_and_verified(tmp_path: Path) -> None:
    (found,) = json.loads(done("list", "claims", "--json")).values()
    one = next(claim for claim in found if "quad" in claim["about"])
    assert one["says"].startswith(f"{', '.join(one['about'])}: {one['construct']}")
    assert f"({one['document']}, " in one["says"]
    assert f"{one['id']} {one['says']}" in " ".join(done("list", "claims").split())
    *_, last = told(*AGREEMENT)
    assert last["low"] < last["overall"]["alpha"] < last["high"]
    assert call("explain", "--evidence", "verify", tmp_path).returncode == 1  # no texts are there


def test_scenarios_and_numbers_cite_their_works_and_a_measure_none_of_its_own() -> None:
    rows = told("us_exit", "us_stays", "--cite")
    assert {row["name"] for row in rows} == {"us_exit", "us_stays"}
    assert {"documents", "theory", "data", "rules"} == {row["part"] for row in rows}
    assert all(row["work"] for row in rows)
    assert "walt1985" in {row["key"] for row in rows if row["part"] == "theory"}
    (row,) = told("rules.perception.distance_decay", "--cite")
    assert (row["part"], row["key"], row["numbers"]) == ("rules", "boulding1962", 1)
    assert row["key"] in {each["key"] for each in told("rules.perception", "--cite")}
    assert told("burden")["unit"] == "share"
    answer = call("explain", "benefit.russia", "--cite")
    assert answer.returncode == 2
    assert "a measure is read off a run" in answer.stderr

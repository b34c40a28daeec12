from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.small_world import ACTORS, RECORD, RULES, THEATRES, TIES, write_small_world

from eurasia_sim.files.data_yaml import BASES, DataError, month_name, month_number, packaged, read_page
from eurasia_sim.scenarios.lever_steps import build_lever_series, capability_shares
from eurasia_sim.world.geography import name_hash
from eurasia_sim.world.world import World, load_world


@pytest.fixture(autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def small(tmp_path: Path) -> World:
    return load_world(*write_small_world(tmp_path))


def problems(tmp_path: Path, **changed: str) -> str:
    with pytest.raises(DataError) as caught:
        load_world(*write_small_world(tmp_path, **changed))
    return str(caught.value)


def test_months_are_counted_and_named() -> None:
    assert month_number("2001-10") == 2001 * 12 + 9
    assert month_name(month_number("2021-08")) == "2021-08"
    with pytest.raises(DataError, match="write it as 2001-10"):
        month_number("2001-13")


def test_a_number_inherits_what_its_table_says_and_overrides_what_it_says_itself(small: World) -> None:
    plain = small.number("actors.north.susceptibility.terrorism")
    assert (plain.value, plain.low, plain.high) == (0.9, pytest.approx(0.7), 1.0)
    assert (plain.meaning, plain.unit, plain.basis) == ("harm", "share", "judgement")
    own = small.number("actors.south.susceptibility.terrorism")
    assert (own.low, own.high, own.claims()) == (0.3, 0.9, ["c002"])
    relative = small.number("actors.north.skill.security")
    assert (relative.low, relative.high) == (pytest.approx(0.4), pytest.approx(1.2))
    assert plain.place.startswith("actors.yaml:")


def test_silence_is_kept_apart_from_zero(small: World) -> None:
    coded = small.coded(small.coded_row())
    assert coded.salience[0, 1] == 3
    assert math.isnan(coded.salience[1, 1])
    assert coded.denial[0, 1] == 1
    assert math.isnan(coded.denial[1, 0])
    assert coded.affinity[0, 1] == -1
    assert math.isnan(coded.affinity[1, 0])
    assert small.number("actors.south.interests.commerce").is_silent
    assert small.number("actors.south.interests.commerce").basis == "silent"


def test_the_flat_row_holds_every_array_in_order(small: World) -> None:
    row = small.coded_row({"theatres.middle.opportunity": 0.55})
    coded = small.coded(row)
    assert row.dtype == np.float64
    assert row.size == sum(field.size for field in coded) == len(small.coded_paths)
    assert len(set(small.coded_paths)) == len(small.coded_paths)
    assert coded.opportunity.tolist() == [0.55]
    assert coded.own_power.tolist() == [0, 0, 0.001]
    assert coded.initial_influence[0, 0].tolist() == [0.6, 0.1, 0.2]
    assert coded.initial_influence[1, 0].tolist() == [0.4, 0, 0]
    assert coded.threat_source[0].tolist() == [0.7, 0.6, 0.5]
    assert coded.skill[1].tolist() == [0.1, 0.2, 0.3]
    assert coded.initial_control.tolist() == [0.25]
    assert coded.initial_economy.tolist() == [0.15]


def test_bounds_enclose_the_reference_row(small: World) -> None:
    row, (low, high) = small.coded_row(), small.coded_bounds()
    spoken = ~np.isnan(row)
    assert (low[spoken] <= row[spoken]).all()
    assert (row[spoken] <= high[spoken]).all()
    assert np.isnan(low[~spoken]).all()


def test_an_override_stays_within_its_range(small: World) -> None:
    with pytest.raises(DataError, match=r"outside its range \[0.4, 0.6\]"):
        small.coded_row({"theatres.middle.opportunity": 0.9})
    with pytest.raises(DataError, match=r"did you mean theatres\.middle\.opportunity"):
        small.coded_row({"theatres.middle.oportunity": 0.5})
    with pytest.raises(DataError, match="silent"):
        small.coded_row({"actors.south.interests.commerce": 1.0})


def test_rules_make_one_record_of_flat_names(small: World) -> None:
    record = small.rules_record({"rules.perception.distance_decay": 2500})
    assert record["distance_decay"] == 2500
    assert record["silence"] == 0.5
    assert small.rules_dtype.names == ("silence", "distance_decay")


def test_theories_own_their_values(small: World) -> None:
    assert small.default_theory == "near"
    assert small.theories["near"].fix == {"distance_decay": 2000}
    assert small.theories["far"].ranges == {"distance_decay": (4000, 6000)}
    assert small.theories["far"].values == {"distance_decay": 4000}
    assert small.forms["reach"]["short"].cite == ("walt1985",)
    assert small.default_forms == {"reach": "short"}
    assert small.number("theories.far.distance_decay").low == 4000


def test_geography_by_hand(small: World) -> None:
    place = small.geography()
    assert place.distance.tolist() == [[0, 4000, 1000], [4000, 0, 3000], [1000, 3000, 0]]
    assert place.border.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert place.theatre_distance.tolist() == [[1000], [3000], [0]]
    assert place.theatre_border.tolist() == [[1], [0], [1]]
    assert place.border_distance.tolist() == [[0], [700], [0]]
    assert place.theatre_separation.tolist() == [[0]]
    assert place.size.tolist() == [3.0]
    assert (place.ruler.tolist(), place.challenger.tolist()) == ([1], [2])
    assert place.convenes.tolist() == [[0.75, 0, 0]]
    assert place.venue_domains.tolist() == [[1, 0, 0]]


def test_a_name_has_the_streams_own_hash() -> None:
    streams = pytest.importorskip("eurasia_sim.compute.random_streams")
    assert name_hash("north") == int(streams.name_hash("north"))


def test_a_lever_holds_its_last_step_and_an_event_overrides_it(small: World) -> None:
    posture = build_lever_series(small, small.record_steps(), months=13)
    assert posture.presence[:, 0, 0, 1].tolist() == [0, *[0.2] * 7, 0.5, 0.5, 0, 0, 0]
    assert posture.pressure[9:11, 0, 1].tolist() == [0, 0.4]
    assert posture.rule[:, 0].tolist() == [-1, -1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1]
    assert np.isnan(posture.stability).all()
    assert np.isnan(posture.recognition).all()
    without = build_lever_series(small, small.record_steps(drop=["exit"]), months=13)
    assert without.presence[12, 0, 0, 1] == 0.5
    assert without.pressure.max() == 0


def test_membership_has_a_beginning_and_an_end(small: World) -> None:
    posture = build_lever_series(small, {}, months=6)
    assert posture.membership[:, 0, 0].tolist() == [1] * 6
    assert posture.membership[:, 0, 1].tolist() == [0, 0, 0.5, 0.5, 0, 0]


def test_power_is_interpolated_between_the_middles_of_years_and_grows_beyond(small: World) -> None:
    posture = build_lever_series(small, {}, months=27)
    # From July 2001 (0.10) to July 2002 (0.22) is 0.01 a month; October 2001 is three months on.
    assert posture.capability[0, 0] == pytest.approx(0.13)
    assert posture.capability[9, 0] == pytest.approx(0.22)
    assert posture.capability[21, 0] == pytest.approx(0.22 * math.exp(0.1))
    assert posture.capability[:, 2].max() == 0
    assert posture.theatre_capability[0, 0] == pytest.approx(0.01)


def test_the_growth_lever_compounds_from_its_month(small: World) -> None:
    posture = build_lever_series(small, {"growth.south": {6: 0.24}}, months=20)
    assert posture.capability[6, 1] == pytest.approx(0.05)
    assert posture.capability[18, 1] == pytest.approx(0.05 * math.exp(0.24))


def test_output_times_output_a_head_keeps_the_total_of_the_other_index(small: World) -> None:
    shares = capability_shares(small, 6, "gdp_product")
    cinc = capability_shares(small, 6)
    assert sum(shares.values()) == pytest.approx(sum(cinc.values()))
    # 100*100/50 = 200, 100*100/100 = 100, 10*10/10 = 10.
    assert shares["north"] / shares["south"] == pytest.approx(np.full(6, 2.0))
    assert shares["south"] / shares["middle"] == pytest.approx(np.full(6, 10.0))


def test_an_unknown_lever_is_named_with_the_nearest(small: World) -> None:
    with pytest.raises(DataError, match="did you mean presence"):
        build_lever_series(small, {"presense.north.middle.forces": {0: 1}}, months=2)
    with pytest.raises(DataError, match="no theatre"):
        build_lever_series(small, {"presence.north.muddle.forces": {0: 1}}, months=2)


def test_a_number_without_a_parent_is_an_error_that_says_where(tmp_path: Path) -> None:
    broken = RULES.replace("  basis: judgement\n", "").replace(
        "  source: [{cite: boulding1962, says: strength falls with distance}]\n", ""
    )
    message = problems(tmp_path, perception=broken)
    assert "perception.yaml:1: rules.perception.distance_decay = 3000 has no basis, no source" in message
    assert "basis is one of measured, coded, estimated, judgement" in message


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("perception", RULES.replace("value: 3000", "value: 9000"), "outside its range [1500, 6000]"),
        ("perception", RULES.replace("value: 3000", "value: many"), "is no number"),
        ("perception", RULES.replace("basis: judgement", "basis: guess"), "must be one of"),
        ("perception", RULES.replace("says: strength falls", "says: strength, and power, falls"), "'and power'"),
        ("actors", ACTORS.replace("home: middle", "home: midle"), "did you mean middle"),
        ("actors", ACTORS.replace("containment:", "containmnt:"), "did you mean containment"),
        ("actors", ACTORS.replace("claims: [c001]", "claims: [c999]"), "claim c999"),
        ("actors", ACTORS.replace("north: {terrorism: 0.9, ", "north: {"), "susceptibility lacks north.terrorism"),
        ("theatres", THEATRES.replace("{security: 0.4}", "{security: 0.5}"), "sum to 1.1; at most 1"),
        ("theatres", THEATRES.replace("ruler: south", "ruler: sooth"), "did you mean south"),
        ("theatres", THEATRES.replace("unit: million people", "unit: heads"), "has unit 'heads'"),
        ("ties", TIES.replace(", middle: 1000", ""), "capital_distance of middle and north is missing"),
        ("ties", TIES.replace("south: {middle: 3000}", "south: {middle: 3000, north: 1}"), "stands twice"),
        ("record", RECORD.replace("presence:", "presense:"), "did you mean presence"),
        ("record", RECORD.replace('"2001-11"', '"2001-21"'), "is no month"),
        ("record", RECORD.replace("pressure.north.south: 0.4", "pressure.north.south: 4"), "outside its bounds"),
        ("record", RECORD.replace('"2001-12": south', '"2001-12": nobody'), "is no actor"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_would_be_right(tmp_path: Path, name: str, text: str, said: str) -> None:
    assert said in problems(tmp_path, **{name: text})


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    message = problems(
        tmp_path,
        perception=RULES.replace("basis: judgement", "basis: guess"),
        actors=ACTORS.replace("home: middle", "home: midle"),
        theatres=THEATRES.replace("challenger: band", "challenger: bands"),
    )
    assert len(message.splitlines()) >= 3


def test_a_key_given_twice_is_an_error_with_its_line(tmp_path: Path) -> None:
    assert "perception.yaml:" in problems(tmp_path, perception=RULES + RULES)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    world, rules = write_small_world(tmp_path)
    (world / "ties.yaml").unlink()
    with pytest.raises(DataError, match=r"small/ties\.yaml is missing"):
        load_world(world, rules)


def test_an_entry_of_another_form_names_its_file(tmp_path: Path) -> None:
    assert "actors.yaml: an entry is missing" in problems(
        tmp_path, actors=ACTORS.replace('    colour: "#111111"\n', "")
    )
    assert "record.yaml: " in problems(tmp_path, record=RECORD.replace("burn_in: 12", "burning: 12"))


def test_the_index_is_used_only_while_the_file_is_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "page.yaml"
    file.write_text("a: 1\n")
    assert read_page(file).data == {"a": 1}
    assert list((tmp_path / "cache").rglob("*.json"))
    file.write_text("a: 2\n")
    assert read_page(file).data == {"a": 2}
    for index in (tmp_path / "cache").rglob("*.json"):
        index.write_text("{damaged")
    assert read_page(file).data == {"a": 2}


def test_without_a_cache_folder_files_are_read_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is wanted")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    file = tmp_path / "page.yaml"
    file.write_text("a: [1, 2]\n")
    assert read_page(file).data == {"a": [1, 2]}


def test_loading_needs_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    world, rules = write_small_world(tmp_path)
    code = (
        "import sys; from pathlib import Path; from eurasia_sim.world.world import load_world; "
        f"load_world(Path({str(world)!r}), Path({str(rules)!r})); "
        "print([m for m in ('numba', 'mesa', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_number_of_the_packaged_world_has_a_parent() -> None:
    if not (packaged() / "worlds" / "eurasia" / "record.yaml").exists():
        pytest.skip("the packaged world is not there")
    for number in load_world().numbers.values():
        if number.is_silent:
            continue
        assert number.basis in BASES, number.path
        assert number.source, number.path
        assert number.meaning, number.path
        assert number.unit, number.path
        assert number.low <= number.value <= number.high, number.path

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.small_world import ACTORS, CAPABILITIES, RULES, THEATRES, problems, write_small_world

from eurasia_sim.files.data_yaml import DataError, month_name, month_number, read_page
from eurasia_sim.scenarios.lever_steps import build_lever_series, capability_shares
from eurasia_sim.world.levers import successors
from eurasia_sim.world.world import World, load_world


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return load_world(*write_small_world(tmp_path_factory.mktemp("world")))


def test_months_are_counted_and_named() -> None:
    assert month_number("2001-10") == 2001 * 12 + 9
    assert month_name(month_number("2021-08")) == "2021-08"
    with pytest.raises(DataError, match="write it as 2001-10"):
        month_number("2001-13")


def test_a_number_inherits_what_its_table_says_and_overrides_what_it_says_itself(
    small: World,
) -> None:
    plain = small.number("actors.north.susceptibility.terrorism")
    assert (plain.value, plain.low, plain.high) == (0.9, pytest.approx(0.7), 1.0)
    assert (plain.meaning, plain.unit, plain.basis) == ("harm", "share", "judgement")
    own = small.number("actors.south.susceptibility.terrorism")
    assert (own.low, own.high, own.claims()) == (0.3, 0.9, ["c002"])
    relative = small.number("theatres.middle.initial_influence.north.economic")
    assert (relative.low, relative.high) == (pytest.approx(0.05), pytest.approx(0.15))
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
    assert coded.initial_control.tolist() == [0.25]
    assert coded.initial_narcotics.tolist() == [0.15]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("theatres.middle.opportunity", 0.9, r"outside its range \[0.4, 0.6\]"),
        ("theatres.middle.oportunity", 0.5, r"did you mean theatres\.middle\.opportunity"),
        ("actors.south.interests.commerce", 1.0, "silent"),
    ],
)
def test_an_override_stays_within_its_range(
    small: World, path: str, value: float, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        small.coded_row({path: value})


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


def test_wealth_is_the_mean_of_the_five_years_up_to_the_opening(tmp_path: Path) -> None:
    table = "meaning: output, unit: billion, basis: measured, source: [{dataset: wb}]"
    years = "north: {1996: 50, 1999: 80, 2001: 100}, south: {2001: 30, 2002: 90}"
    power_only = CAPABILITIES.split("gdp:")[0]
    output = f"{power_only}gdp:\n  {{{table}, values: {{{years}}}}}\n"
    known = write_small_world(tmp_path, capabilities=output)
    wealth = load_world(*known).geography().wealth
    assert wealth.tolist() == pytest.approx([(60 + 70 + 80 + 90 + 100) / 5, 30, 0])
    power = write_small_world(tmp_path, capabilities=power_only)
    assert load_world(*power).geography().wealth.tolist() == pytest.approx([0.1, 0.05, 0.01])


@pytest.mark.parametrize(
    ("left", "now"),
    [
        ("rules.contest.influence_rate", "rules.contest.deposit_fading"),
        ("rules.regime.control_rate", "rules.regime.control_pace"),
        ("rules.allocation.skill_cost", "rules.allocation.cell_cost"),
        ("actors.russia.skill.economic", "rules.allocation.cell_cost"),
    ],
)
def test_a_number_that_has_left_is_named_with_what_does_its_work(left: str, now: str) -> None:
    with pytest.raises(DataError, match=f"{left} names no number — did you mean {now}"):
        load_world().number(left)


def test_what_does_the_work_of_a_number_that_has_left_is_a_number_and_the_left_is_none() -> None:
    numbers = load_world().numbers
    for left, now in successors()["numbers"].items():
        assert now in numbers, left
        assert left not in numbers


def test_a_lever_holds_its_last_step_and_an_event_overrides_it(small: World) -> None:
    series = build_lever_series(small, small.record_steps(), months=13)
    assert series.presence[:, 0, 0, 1].tolist() == [0, *[0.2] * 7, 0.5, 0.5, 0, 0, 0]
    assert series.pressure[9:11, 0, 1].tolist() == [0, 0.4]
    assert series.rule[:, 0].tolist() == [-1, -1, *[1] * 5, *[-1] * 6]
    assert np.isnan(series.stability).all()
    assert np.isnan(series.recognition).all()
    assert series.membership[:6, 0, 0].tolist() == [1] * 6
    assert series.membership[:6, 0, 1].tolist() == [0, 0, 0.5, 0.5, 0, 0]
    without = build_lever_series(small, small.record_steps(drop=["exit"]), months=13)
    assert without.presence[12, 0, 0, 1] == 0.5
    assert without.pressure.max() == 0


def test_power_is_interpolated_between_the_middles_of_years_and_grows_beyond(small: World) -> None:
    series = build_lever_series(small, {"growth.south": {6: 0.24}}, months=27)
    # From July 2001 (0.10) to July 2002 (0.22) is 0.01 a month; October 2001 is three months on.
    assert series.capability[0, 0] == pytest.approx(0.13)
    assert series.capability[9, 0] == pytest.approx(0.22)
    assert series.capability[21, 0] == pytest.approx(0.22 * math.exp(0.1))
    assert series.capability[:, 2].max() == 0
    assert series.theatre_capability[0, 0] == pytest.approx(0.01)
    # The lever of growth compounds from its month on.
    assert series.capability[6, 1] == pytest.approx(0.05)
    assert series.capability[18, 1] == pytest.approx(0.05 * math.exp(0.24))


def test_output_times_output_a_head_keeps_the_total_of_the_other_index(small: World) -> None:
    shares = capability_shares(small, 6, "gdp_product")
    cinc = capability_shares(small, 6)
    assert sum(shares.values()) == pytest.approx(sum(cinc.values()))
    # 100*100/50 = 200, 100*100/100 = 100, 10*10/10 = 10.
    assert shares["north"] / shares["south"] == pytest.approx(np.full(6, 2.0))
    assert shares["south"] / shares["middle"] == pytest.approx(np.full(6, 10.0))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("presense.north.middle.forces", "did you mean presence"),
        ("presence.north.middle", "allowed: presence.<actor>.<theatre>"),
        ("presence.north.muddle.forces", "unknown theatre 'muddle'.* did you mean middle"),
    ],
)
def test_an_unknown_lever_is_named_with_the_nearest(small: World, path: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        build_lever_series(small, {path: {0: 1}}, months=2)
    with pytest.raises(DataError, match="did you mean exit"):
        small.record_steps(drop=["exist"])


def test_a_number_without_a_parent_is_an_error_that_says_where(tmp_path: Path) -> None:
    broken = RULES.replace("  basis: judgement\n", "").replace(
        "  source: [{cite: boulding1962, says: strength falls with distance}]\n", ""
    )
    message = problems(tmp_path, perception=broken)
    said = "perception.yaml:2:3: rules.perception.distance_decay = 3000 has no basis, no source"
    assert said in message
    assert "basis is one of measured, coded, estimated, judgement" in message


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    message = problems(
        tmp_path,
        perception=RULES.replace("value: 3000", "value: 9000"),
        actors=ACTORS.replace("home: middle", "home: midle"),
        theatres=THEATRES.replace("challenger: band", "challenger: bands"),
    )
    assert len(message.splitlines()) >= 3


def test_a_passage_that_is_not_there_is_named(tmp_path: Path) -> None:
    for document, said in (("papr", "'papr', which documents.yaml"), ("paper", "paper, L7, which")):
        source = f"source: [{{document: {document}, lines: [7, 7]}}]"
        assert said in problems(tmp_path, theatres=THEATRES.replace("source: [{note: x}]", source))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    world, rules = write_small_world(tmp_path)
    (world / "ties.yaml").unlink()
    with pytest.raises(DataError, match=r"small/ties\.yaml is missing"):
        load_world(world, rules)


def test_the_index_is_used_only_while_the_file_is_unchanged_and_need_not_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))  # a file where a folder is wanted
    assert read_page(file).data == {"a": 2}


def test_loading_needs_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    world, rules = write_small_world(tmp_path)
    code = (
        "import sys; from pathlib import Path; from eurasia_sim.world.world import load_world; "
        f"load_world(Path({str(world)!r}), Path({str(rules)!r})); "
        "print([m for m in ('numba', 'mesa', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

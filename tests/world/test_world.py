"""What a world's files become, by hand, and what is said of files of another form."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.small_world import CAPABILITIES, TEXTS, problems, write_small_world

from eurasia_sim.files.data_yaml import DataError, month_name, month_number, read_page
from eurasia_sim.scenarios.lever_steps import build_lever_series, capability_shares
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import range_draws, ranges_of, values_of
from eurasia_sim.world.levers import successors
from eurasia_sim.world.world import World, load_world

FACTOR = "factors.susceptibility.russia"
CELL = "actors.russia.susceptibility.narcotics"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return load_world(*write_small_world(tmp_path_factory.mktemp("world")))


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
    assert month_name(month_number("2021-08")) == "2021-08"
    with pytest.raises(DataError, match="write it as 2001-10"):
        month_number("2001-13")


def test_the_flat_row_holds_every_array_in_order_and_keeps_silence_apart_from_zero(
    small: World,
) -> None:
    row = small.coded_row({"theatres.middle.opportunity": 0.55})
    coded = small.coded(row)
    assert row.dtype == np.float64
    assert row.size == sum(field.size for field in coded) == len(small.coded_paths)
    assert len(set(small.coded_paths)) == len(small.coded_paths)
    nan = math.nan
    for name, expected in {
        "opportunity": [0.55], "own_power": [0, 0, 0.001], "initial_control": [0.25],
        "initial_narcotics": [0.15], "denial": [[nan, 1, nan], [nan] * 3, [nan] * 3],
        "affinity": [[nan, -1, nan], [nan] * 3, [nan] * 3],
        "threat_source": [[0.7, 0.6, 0.5]],
        "initial_influence": [[[0.6, 0.1, 0.2]], [[0.4, 0, 0]], [[0, 0, 0]]],
    }.items():  # fmt: skip
        where = ~np.eye(3, dtype=bool) if name in ("denial", "affinity") else ...
        np.testing.assert_array_equal(getattr(coded, name)[where], np.array(expected)[where])
    assert (coded.salience[0, 1], math.isnan(coded.salience[1, 1])) == (3, True)
    silent = small.number("actors.south.interests.commerce")
    assert (silent.is_silent, silent.basis) == (True, "silent")


def test_rules_make_one_record_of_flat_names_and_theories_own_their_values(small: World) -> None:
    record = small.rules_record({"rules.perception.distance_decay": 2500})
    assert (record["distance_decay"], record["silence"]) == (2500, 0.5)
    assert small.rules_dtype.names == ("silence", "distance_decay")
    near, far = small.theories["near"], small.theories["far"]
    assert (small.default_theory, small.default_forms) == ("near", {"reach": "short"})
    assert near.fix == {"distance_decay": 2000}
    assert (far.ranges, far.values) == ({"distance_decay": (4000, 6000)}, {"distance_decay": 4000})
    assert small.forms["reach"]["short"].cite == ("walt1985",)
    assert small.number("theories.far.distance_decay").low == 4000


def test_geography_by_hand(small: World) -> None:
    place = small.geography()
    for name, expected in {
        "distance": [[0, 4000, 1000], [4000, 0, 3000], [1000, 3000, 0]],
        "border": [[0, 0, 1], [0, 0, 0], [1, 0, 0]],
        "theatre_distance": [[1000], [3000], [0]], "theatre_border": [[1], [0], [1]],
        "border_distance": [[0], [700], [0]], "theatre_separation": [[0]], "size": [3.0],
        "ruler": [1], "challenger": [2], "convenes": [[0.75, 0, 0]], "venue_domains": [[1, 0, 0]],
    }.items():  # fmt: skip
        assert getattr(place, name).tolist() == expected, name


def test_wealth_is_the_mean_of_the_five_years_up_to_the_opening(tmp_path: Path) -> None:
    table = "meaning: output, unit: billion, basis: measured, source: [{dataset: wb}]"
    years = "north: {1996: 50, 1999: 80, 2001: 100}, south: {2001: 30, 2002: 90}"
    power_only = CAPABILITIES.split("gdp:")[0]
    output = f"{power_only}gdp:\n  {{{table}, values: {{{years}}}}}\n"
    known = write_small_world(tmp_path, capabilities=output)
    file = known[0] / "capabilities.yaml"
    file.symlink_to(file.rename(tmp_path / "kept.yaml"))  # what it leads to is written below
    assert load_world(*known) is load_world(*known)
    wealth = load_world(*known).geography().wealth
    assert wealth.tolist() == pytest.approx([(60 + 70 + 80 + 90 + 100) / 5, 30, 0])
    file.write_text(power_only, encoding="utf-8")
    assert load_world(*known).geography().wealth.tolist() == pytest.approx([0.1, 0.05, 0.01])


def test_a_number_that_has_left_is_named_with_what_does_its_work(world: World) -> None:
    by_kind = {"actors.russia.skill.economic": "rules.allocation.cell_cost"}
    for left, now in (successors()["numbers"] | by_kind).items():
        assert now in world.numbers, left
        with pytest.raises(DataError, match=f"{left} names no number — did you mean {now}"):
            world.number(left)


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
    with pytest.raises(DataError, match="did you mean exit"):
        small.record_steps(drop=["exist"])


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


NO_OVERRIDE = {
    ("theatres.middle.opportunity", 0.9): r"outside its range \[0.4, 0.6\]",
    ("theatres.middle.oportunity", 0.5): r"did you mean theatres\.middle\.opportunity",
    ("actors.south.interests.commerce", 1.0): "silent",
}
NO_LEVER = {
    "presense.north.middle.forces": "did you mean presence",
    "presence.north.middle": "allowed: presence.<actor>.<theatre>",
    "presence.north.muddle.forces": "unknown theatre 'muddle'.* did you mean middle",
}


def test_a_number_out_of_its_range_and_an_unknown_lever_are_refused_with_the_nearest(
    small: World,
) -> None:
    for (path, value), said in NO_OVERRIDE.items():
        with pytest.raises(DataError, match=said):
            small.coded_row({path: value})
    for path, said in NO_LEVER.items():
        with pytest.raises(DataError, match=said):
            build_lever_series(small, {path: {0: 1}}, months=2)


def test_the_index_is_used_only_while_the_file_is_unchanged_and_need_not_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "page.yaml"
    for value in (1, 2):
        file.write_text(f"a: {value}\n")
        assert read_page(file).data == {"a": value}
    (index,) = (tmp_path / "cache").rglob("*.json")
    index.write_text("{damaged")
    assert read_page(file).data == {"a": 2}
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))  # a file where a folder is wanted
    assert read_page(file).data == {"a": 2}


@pytest.mark.parametrize("factor", [-1.0, -0.25, 0.0, 0.5, 1.0])
def test_a_cell_goes_toward_an_end_of_its_own_range_as_far_as_its_factor(world, factor):
    row = world.coded_row({FACTOR: factor})
    moved = world.factors[FACTOR]
    assert len(moved) == 3
    for cell in moved:
        number = world.numbers[cell]
        end = number.high if factor > 0 else number.low
        by_hand = number.value + abs(factor) * (end - number.value)
        assert row[world.coded_index[cell]] == pytest.approx(by_hand)
    rest = [at for path, at in world.coded_index.items() if path not in (*moved, FACTOR)]
    np.testing.assert_array_equal(row[rest], world.coded_row()[rest])


def test_a_cell_that_is_fixed_or_narrowed_leaves_its_factor(world):
    low = world.numbers[CELL].low
    row = world.coded_row({FACTOR: 0.5, CELL: low})
    assert row[world.coded_index[CELL]] == low
    other = "actors.russia.susceptibility.terrorism"
    scenario = replace(as_recorded(world), fixed={CELL: low}, uncertain={other: (0.55, 0.65)})
    inputs = prepare(world, scenario)
    draws = range_draws(world, inputs, 20, seed=1)
    assert set(values_of(world, draws, CELL)) == {low}
    np.testing.assert_array_equal(values_of(world, draws, other), draws.drawn[other])
    assert np.ptp(values_of(world, draws, "actors.russia.susceptibility.refugees")) > 0.1


def test_an_ensemble_draws_factors_and_no_cell_that_one_moves(world):
    ranges = ranges_of(world, prepare(world, as_recorded(world)))
    held = {path for path in world.rule_paths.values() if world.numbers[path].held}
    assert ranges.keys() == world.drawn
    assert held
    assert not ranges.keys() & (world.moved_by.keys() | held)
    assert ranges[FACTOR] == (-1, 1)


# Of each: a file's text and what is put in it, and what is said with its line.
WRONG = [
    ("perception", "value: 3000", "value: 9000", "outside its range [1500, 6000]"),
    ("perception", "value: 3000", "value: many", "is no number"),
    ("perception", "  basis: judgement\n", "",
     "perception.yaml:2:3: rules.perception.distance_decay = 3000 has no basis\n"),
    ("perception", TEXTS["perception"].splitlines()[-1], "", "= 3000 has no source"),
    ("perception", "basis: judgement", "basis: guess", "allowed: 'measured'"),
    ("perception", "strength falls", "strength, and power, falls", "'and power'"),
    ("perception", "distance_decay:", "a:\n distance_decay:", "must be a name with meaning"),
    ("perception", "distance_decay:", "silence:", "is also rules.allocation.silence"),
    ("theories", "{says: only", "{sais: x, says: only", "unknown key 'sais' — did you mean says?"),
    ("theories", "fix: {distance", "fix: {distanc", "unknown number of the rules 'distanc_decay'"),
    ("theories", "fix: {distance", "values: {distance", "has a value but no range"),
    ("actors", "home: middle", "home: midle", "did you mean middle"),
    ("actors", "containment:", "containmnt:", "did you mean containment"),
    ("actors", "claims: [c001]", "claims: [c999]", "claim c999"),
    ("actors", "north: {terrorism: 0.9, ", "north: {", "lacks north.terrorism"),
    ("actors", "band: 0.001", "band: {north: 0}", "in own_power must be actor"),
    ("actors", '    colour: "#111111"\n', "",
     "actors.yaml:3:5: the key 'colour' is missing in actors.north"),
    ("theatres", "{security: 0.4}", "{security: 0.5}", "sum to 1.1; at most 1"),
    ("theatres", "ruler: south", "ruler: sooth", "did you mean south"),
    ("theatres", "heart: [middle]", "heart: [mid]", "unknown theatre 'mid'"),
    ("theatres", "[[north, south]]", "[[north, soth]]", "unknown actor 'soth'"),
    ("theatres", "source: [{note: x}]", "source: [{document: papr, lines: [7, 7]}]",
     "document 'papr', which documents.yaml does not hold — did you mean paper?"),
    ("theatres", "source: [{note: x}]", "source: [{document: paper, lines: [7, 7]}]",
     "paper, L7, which is no line of a paragraph there"),
    ("theatres", "unit: million people", "unit: heads", "has unit 'heads'"),
    ("ties", ", middle: 1000", "", "capital_distance of middle and north is missing"),
    ("ties", "{middle: 3000}", "{middle: 3000, north: 1}", "stands twice"),
    ("ties", "land_border", "border", "the key 'land_border' is missing"),
    ("institutions", "north: 0.75", "north: 0.75, south: 0.5", "sum to 1.25"),
    ("institutions", "[security]", "[safety]", "club.domains.0 is 'safety'"),
    ("record", "presence:", "presense:", "did you mean presence"),
    ("record", '"2001-11"', '"2001-21"', "is no month"),
    ("record", "north.south: 0.4", "north.south: 4", "outside its bounds"),
    ("record", '"2001-12": south', '"2001-12": nobody', "unknown actor 'nobody'"),
    ("record", "burn_in: 12", "burning: 12", "unknown key 'burning' — did you mean burn_in?"),
    ("actors", "actors:", "actors: [x]\nother:", "actors.yaml:1:9: actors is a list"),
    ("actors", "name: South", "name: [x]", "actors.yaml:13:17: actors.south.name is a list"),
    ("actors", "  south: {name", "  so.uth: {name", "allowed: an id of letters"),
    ("actors", "bounds: [0, 1]", "bounds: [0]", "susceptibility.bounds is a list"),
    ("actors", "spread: {absolute: 0.2}", "spread: {absolute: x}", "spread.absolute is 'x'"),
    ("actors", "north: 1, south: 0.5", "north: 1e400, south: 0.5",
    "north.offensive_capability = inf"),
    ("actors", "traits:", "traits: {}\nother:", "unknown key 'other'"),
    ("theatres", "tile: [0, 0]", "tile: [0, 1e9]", "theatres.middle.tile.1 is 1000000000.0"),
    ("theatres", "tile: [0, 0]", "tile: ['0', yes]", "theatres.middle.tile.0 is '0'"),
    ("theatres", "[[north, south]]", "[[north, north]]",
     "north-north is one actor, or stands twice"),
    ("ties", "south: 4000", "south: -4000", "outside its bounds [0"),
    ("ties", "values: {south: {middle: 700}}", "values: [700]",
    "0 in border_distance must be territory -> territory"),
    ("institutions", '"2001-01"', '"2001-13"', "allowed: a month such as 2001-10"),
    ("institutions", "as: member", "as: guest", "club.members.north.0.as is 'guest'"),
    ("record", '"2003-12"', '"9999-12"', "start, then record_until, then horizon"),
    ("record", "  presence:\n", "  presence:\n    value: 3\n", "allowed: presence.<actor>"),
    ("capabilities", "2001: 0.10", "0.10", "unknown year '0.10'"),
    ("capabilities", "    north: {2001: 0.10, 2002: 0.22}\n", "", "cinc lacks north"),
    ("capabilities", "{2001: 50, 2002: 50}", "{2001: 0, 2002: 50}", "outside its bounds [1e-12"),
    ("claims", "sentence: 1", "sentence: '1'", "claims.yaml:1:74: 0.sentence is '1'"),
    ("claims", "level: 3", "level: true", "0.level is true"),
    ("claims", "level: 3", "levle: 3", "unknown key 'levle' — did you mean level?"),
    ("documents", "  thesis: none\n", "", "documents.yaml:2:3: the key 'thesis' is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "said"), WRONG)
def test_what_is_wrong_is_said_with_what_would_be_right(
    tmp_path: Path, name: str, old: str, new: str, said: str
) -> None:
    assert old in TEXTS[name]
    assert said in problems(tmp_path, **{name: TEXTS[name].replace(old, new)})


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    wrong = (
        ("perception", "value: 3000", "value: 9000"),
        ("actors", "home: middle", "home: midle"),
        ("theatres", "challenger: band", "challenger: bands"),
    )
    changed = {name: TEXTS[name].replace(old, new) for name, old, new in wrong}
    message = problems(tmp_path, **changed)
    assert all(new.split()[1] in message for *_, new in wrong)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("a: 1".encode("utf-16"), "ties.yaml:1:1: the file is not UTF-8 text"),
        (b"#" * 3_000_000, "the file has 3,000,000 bytes"),
        ("/dev/zero", "small/ties.yaml: this is not an ordinary file"),
        ("nowhere", "small/ties.yaml: this links to no file"),
        ("", "small/ties.yaml is missing"),
    ],
)
def test_only_ordinary_files_of_a_world_are_opened(
    tmp_path: Path, made: bytes | str, said: str
) -> None:
    world, rules = write_small_world(tmp_path)
    (file := world / "ties.yaml").unlink()
    if isinstance(made, bytes):
        file.write_bytes(made)
    elif made:
        file.symlink_to(made)
    with pytest.raises(DataError) as caught:
        load_world(world, rules)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("size", "moves", "said"),
    [
        (1, "moves: [actors.*.susceptibilty.*]", "'actors.*.susceptibilty.*', which fits no coded"),
        (1, "", "factors.harm moves nothing"),
        (2, "moves: [actors.*.susceptibility.*]", "must lie in [-1, 1]"),
    ],
)
def test_a_faulty_factor_is_named_with_its_place(
    tmp_path: Path, size: int, moves: str, said: str
) -> None:
    head = f"unit: x\nbasis: judgement\nspread: {{absolute: {size}}}\nsource: [{{note: x}}]\n"
    told = problems(tmp_path, factors=f"{head}harm: {{meaning: x, value: 0, {moves}}}\n")
    assert told.startswith("factors.yaml:5:")
    assert said in told

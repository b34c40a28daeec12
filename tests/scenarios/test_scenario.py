"""A scenario is the record, its parent's decisions and its own, each from its own first month."""

import json

import jsonschema
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.page import read_file
from eurasia_sim.scenarios.json_schema import scenario_schema
from eurasia_sim.scenarios.scenario import apply_settings, load_scenario
from eurasia_sim.scenarios.search import find, locate, names
from eurasia_sim.simulation.family import conditions, load_family
from eurasia_sim.simulation.replay import restored

PLACES = "china.tajikistan", "united_states.afghanistan", "china.tajikstan"
FORCES = "presence.united_states.afghanistan.forces"
DECAY = "rules.perception.distance_decay"
CHINA = "revisionism.china"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(name: str, text: str) -> str:
        content = f"format: 2\ntitle: {name}\n{text}"
        (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
        return f"{name}.yaml"

    return written


def problems(world, scenario: str, *settings: str) -> list[str]:
    with pytest.raises(DataError) as caught:
        load_scenario(scenario, world, settings)
    return [str(problem) for problem in caught.value.problems]


def test_the_record_never_departs_and_the_exit_holds_it_to_the_horizon(world):
    record, leaving = load_scenario("record", world), load_scenario("us_exit", world)
    assert record.departs is None
    assert record.branch_month == record.months == world.record_until - world.start + 1
    assert record.steps == leaving.steps == world.record_steps()
    assert not record.changes
    assert leaving.months == world.months
    assert not set(world.events) & set(leaving.dropped)


def test_staying_holds_the_forces_of_2020_and_frees_the_rule(world):
    staying, leaving = load_scenario("us_stays", world), load_scenario("us_exit", world)
    part = world.month("2021-05")
    assert staying.branch_month == part
    assert staying.steps[FORCES][part] == world.record[FORCES][world.month("2020-12")]
    assert max(staying.steps[FORCES]) == part
    assert staying.steps["rule.afghanistan"][part] == "free"
    assert "invasion_of_ukraine" not in staying.dropped
    one, other = (scenario.lever_series(world).presence for scenario in (leaving, staying))
    assert (one[:part] == other[:part]).all()
    assert (one[part:] != other[part:]).any()


def test_without_the_war_nothing_differs_before_it(world):
    peace, leaving = load_scenario("no_ukraine_war", world), load_scenario("us_exit", world)
    month = peace.branch_month
    assert month == world.event_dates()["invasion_of_ukraine"]
    one, other = (scenario.lever_series(world).revisionism for scenario in (peace, leaving))
    assert one[:month].tolist() == other[:month].tolist()
    assert one[month:].sum() < other[month:].sum()


def test_turmoil_and_stability_differ_only_where_they_say(world):
    worse, better = load_scenario("afghan_turmoil", world), load_scenario("afghan_stable", world)
    differing = {path for path in worse.steps if worse.steps[path] != better.steps[path]}
    assert {path.split(".")[0] for path in differing} == {"stability", "conduct", "surge"}
    assert worse.departs == better.departs == world.month("2021-09")


def test_a_childs_value_replaces_its_parents_from_its_own_first_month(write, world):
    dated = '{"2020-01": 0.5, "2022-01": 0.6, "2024-01": 0.7}'
    write("parent", f'departs: "2020-01"\nlevers: {{revisionism: {{china: {dated}}}}}\n')
    own = 'departs: "2021-01"\nlevers: {revisionism: {china: {"2023-01": 0.1}}}\n'
    child = load_scenario(write("child", f"extends: parent\n{own}"), world)
    first = world.month("2020-01")
    steps = {month: value for month, value in child.steps[CHINA].items() if month >= first}
    dates = {world.date(month): value for month, value in steps.items()}
    assert dates == {"2020-01": 0.5, "2022-01": 0.6, "2023-01": 0.1}
    assert child.departs == first  # its parent has left the record by then


def test_a_bare_value_holds_from_the_departure_on(write, world):
    path = write("bare", 'departs: "2025-03"\nlevers: {revisionism: {china: 1}}\n')
    assert load_scenario(path, world).changes == {CHINA: {world.month("2025-03"): 1.0}}


def test_an_added_event_sets_its_levers_and_a_child_can_drop_it(write, world):
    event = '{id: pact, date: "2025-01", sets: {revisionism.china: 1}}'
    parent = write("parent", f'departs: "2024-01"\nevents: {{add: [{event}]}}\n')
    child = write("child", "extends: parent\nevents: {drop: [pact]}\n")
    month = world.month("2025-01")
    assert load_scenario(parent, world).steps[CHINA][month] == 1.0
    assert month not in load_scenario(child, world).steps[CHINA]


def test_a_child_inherits_what_it_does_not_say(write, world):
    lines = [
        'departs: "2024-01"', 'horizon: "2026-12"', "theory: inertia",
        "forms: {capability: gdp_product}", f"uncertain: {{{DECAY}: [2000, 3000]}}",
        "measures: [competition]",
    ]  # fmt: skip
    write("parent", "\n".join(lines))
    child = load_scenario(write("child", "extends: parent\nforms: {zero: moving}\n"), world)
    assert child.months == world.month("2026-12") + 1
    assert (child.theory, child.measures) == ("inertia", ("competition",))
    assert child.forms == {"capability": "gdp_product", "zero": "moving"}
    assert child.uncertain == {DECAY: (2000.0, 3000.0)}


def test_a_setting_is_what_the_file_could_have_said_and_may_name_its_month(write, world):
    levers = "levers: {presence: {united_states: {afghanistan: {forces: 10000}}}}"
    stated = write("stated", f"extends: us_stays\n{levers}\n")
    by_setting = load_scenario("us_stays", world, [f"{FORCES}=10000"])
    assert by_setting.steps == load_scenario(stated, world).steps
    settings = (f"{CHINA}.2024-01=0.5", f"{CHINA}.2025-01=1")
    dated = load_scenario("us_exit", world, settings)
    assert dated.changes[CHINA] == {world.month("2024-01"): 0.5, world.month("2025-01"): 1.0}
    assert dated.settings == settings
    unset = load_scenario("us_exit", world)
    assert apply_settings(unset, (), world) is unset


def test_a_number_is_fixed_within_its_range(world):
    assert load_scenario("us_exit", world, [f"{DECAY}=2000"]).fixed == {DECAY: 2000.0}
    (found,) = problems(world, "us_exit", f"{DECAY}=20")
    assert found.startswith(f"--set:1:{len(DECAY) + 2}: ")
    assert "allowed: 1500 to 6000" in found


def test_a_record_goes_on_below_what_is_decided_and_is_part_of_the_run(write, world):
    """Rows after the record: read by line, under every scenario, and the same when made again."""
    row = '{date: "%s", lever: %s, value: %s, source: "%s"}'
    base, force, troops = (f"presence.{each}.forces" for each in PLACES)
    rows = [row % ("2023-07", base, 500, "a paper of 2024"), row % ("2024-01", force, 900, "a")]
    later = write("later", f"record: [{', '.join(rows)}]\n")
    (leaving, staying) = load_family(["us_exit", "us_stays"], world, (), later)
    (alone,) = load_family(["us_exit"], world)
    assert leaving.steps[base] == {261: 500.0}
    assert leaving.steps[force][world.month("2024-01")] == 900
    assert 267 not in staying.steps[force]
    assert alone.digest != leaving.digest
    assert restored(leaving.resolved(), world) == leaving
    assert [line.split()[1] for line in conditions([leaving], world)] == [base, force]
    child = load_scenario(write("child", f"extends: later\nrecord: [{rows[1]}]\n"), world)
    assert [each["lever"] for each in child.record] == [base, force, force]
    faults = [
        row % ("2022-12", base, 500, "a"), row % ("2024-01", base, 0.5, "a"),
        row % ("2024-01", base, 500, ""), row % ("2024-01", f"{base}.2024-01", 500, "a"),
        rows[1], rows[1], row % ("2024-01", troops, 500, "a"),
    ]  # fmt: skip
    found = problems(world, write("bad", "record:\n" + "".join(f"  - {each}\n" for each in faults)))
    assert [each.split(":")[1] for each in found] == ["4", "5", "6", "7", "9", "10"]
    said = "own record, which ends in 2022-12", "is 50000 now", "source", "under date", "twice", ""
    assert all(word in each for word, each in zip(said, found, strict=True)), found


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("nothing", "path=value"), ("=1", "path=value"), (f"{DECAY}=", "path=value"),
        ("rules.perception.distance_decy=2000", f"did you mean {DECAY}"),
        (f"{DECAY}=far", "'far', not a number"), (f"{DECAY}=.nan", "not a finite number"),
        ("presence.unted_states.afghanistan.forces=1", "did you mean united_states"),
        ("presence.united_states=1", "presence.<actor>.<theatre>.<presence kind>"),
        (f"{FORCES}.2019-01=2500", "before 2021-05"),
        (f"{FORCES}.2099-01=2500", "outside the period"),
        (f"{FORCES}=0.025", "what was 0.025 is 2500 now"),
        ("rule.afghanistan=nobody", "unknown actor 'nobody'"),
        ("theatres.afghanistan.population=3", "fact that no run varies"),
        ("title=x", "unknown parameter or lever"), ("\n", "path=value"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_what_would_be_right(world, setting, message):
    (found,) = problems(world, "us_stays", setting)
    assert found.startswith("--set:1:")
    assert message in found


def test_all_wrong_settings_are_said_at_once_each_with_its_place(world):
    found = problems(world, "us_exit", "a=1", f"{DECAY}=2000", "b=2")
    assert [message.split(":")[1] for message in found] == ["1", "3"]


def test_a_path_is_set_once(world):
    lever = "pressure.united_states.china"
    for one, two in (
        (f"{DECAY}=2000", f"{DECAY}=1500"),
        (f"{lever}=0.1", f"{lever}=0.2"),
        (f"{lever}.2023-01=0.1", f"{lever}.2023-01=0.1"),
    ):
        (found,) = problems(world, "us_exit", one, two)
        assert found.startswith("--set:2:")
        assert "is set twice" in found
    load_scenario("us_exit", world, [f"{lever}.2023-01=0.1", f"{lever}.2024-01=0.2"])


def test_a_lever_of_a_scenario_that_never_departs_needs_its_month(world):
    dated = load_scenario("record", world, [f"{CHINA}.2020-01=1"])
    assert dict(dated.changes) == {CHINA: {world.month("2020-01"): 1.0}}
    assert "a lever needs its month" in problems(world, "record", f"{CHINA}=1")[0]


def test_the_digest_knows_what_matters_and_nothing_else(write, world):
    start = 'departs: "2024-01"\n'
    reordered = "expect: much\nlevers: {revisionism: {russia: 0.50, china: 1.0}}\n"
    one = write("one", start + "levers: {revisionism: {china: 1, russia: 0.5}}\n")
    other = write("other", reordered + start)
    third = write("third", start + "levers: {revisionism: {china: 0.9, russia: 0.5}}\n")
    digests = [load_scenario(path, world).digest for path in (one, other, third)]
    assert digests[0] == digests[1] != digests[2]
    assert load_scenario(one, world, [f"{DECAY}=2000"]).digest != digests[0]


def test_scenarios_of_the_package_are_told_apart(world):
    digests = []
    for name in names():
        scenario = load_scenario(name, world, [f"{DECAY}=2000"])
        assert json.loads(json.dumps(scenario.resolved())) == scenario.resolved()
        digests.append(scenario.digest)
    assert len(set(digests)) == len(digests)


def test_a_name_is_looked_up_here_first_and_an_unknown_one_answered(tmp_path, monkeypatch, world):
    with pytest.raises(DataError, match="did you mean us_exit"):
        load_scenario("us_exti", world)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "us_exit.yaml").write_text("format: 2\ntitle: Mine\n")
    monkeypatch.chdir(tmp_path)
    assert load_scenario("us_exit", world).title == "Mine"
    assert load_scenario("us_stays", world).title != "Mine"
    assert find("../scenarios/us_exit") is None
    assert locate("elsewhere.yaml").name == "elsewhere.yaml"


def test_the_schema_beside_the_scenarios_is_this_worlds_and_named_by_each(repository, world):
    folder = repository / "scenarios"
    kept = json.loads((folder / "scenario.schema.json").read_text(encoding="utf-8"))
    command = "run: eurasia-sim check --schema --out scenarios/scenario.schema.json"
    assert kept == scenario_schema(world), command
    header = "# yaml-language-server: $schema=scenario.schema.json\n"
    assert all(path.read_text("utf-8").startswith(header) for path in folder.glob("*.yaml"))


def test_the_schema_accepts_what_check_accepts_and_refuses_what_it_refuses(repository, world):
    validator = jsonschema.Draft202012Validator(scenario_schema(world))
    validator.check_schema(validator.schema)
    wrong_parts = (
        {"levers": {"conduct": {"nowhere": 1}}},
        {"levers": {"revisionism": {"russia": 9}}},
        {"theory": "none"},
        {"title": 1},
        {"expect": ""},
        {"more": 1},
        {"uncertain": {"nothing": [0, 1]}},
    )
    for path in (repository / "scenarios").glob("*.yaml"):
        data = read_file(path).data
        assert not [error.message for error in validator.iter_errors(data)], path.name
    for wrong in wrong_parts:
        assert list(validator.iter_errors({**data, **wrong})), wrong

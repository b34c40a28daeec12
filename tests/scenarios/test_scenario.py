"""A scenario is the record, its parent's decisions and its own, each from its own first month."""

import json

import jsonschema
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.page import read_file
from eurasia_sim.scenarios.scenario import check_file, load_scenario
from eurasia_sim.scenarios.schema import locate, names, scenario_schema
from eurasia_sim.scenarios.writer import file_text
from eurasia_sim.simulation.family import conditions, load_family
from eurasia_sim.simulation.results_folder import restored

PLACES = "china.tajikistan", "united_states.afghanistan", "china.tajikstan"
FORCES = "presence.united_states.afghanistan.forces"
DECAY, CHINA = "rules.perception.distance_decay", "revisionism.china"


@pytest.fixture
def load(tmp_path, monkeypatch, world):
    """Writes a scenario file and loads it."""
    monkeypatch.chdir(tmp_path)

    def loaded(name, text, *settings):
        (tmp_path / f"{name}.yaml").write_text(f"format: 2\ntitle: {name}\n{text}")
        return load_scenario(f"{name}.yaml", world, settings)

    return loaded


def test_the_record_never_departs_and_what_departs_differs_from_its_month_on_alone(world):
    record, leaving, staying, peace = (
        load_scenario(name, world) for name in ("record", "us_exit", "us_stays", "no_ukraine_war")
    )
    assert record.departs is None
    assert record.branch_month == record.months == world.record_until - world.start + 1
    assert record.steps == leaving.steps == world.record_steps()
    assert not record.changes
    assert leaving.months == world.months
    # Staying holds the forces of 2020 and frees the rule.
    part = world.month("2021-05")
    assert staying.steps[FORCES][part] == world.record[FORCES][world.month("2020-12")]
    assert max(staying.steps[FORCES]) == part
    assert staying.steps["rule.afghanistan"][part] == "free"
    assert peace.branch_month == world.events["invasion_of_ukraine"].month
    for scenario, lever in ((staying, "presence"), (peace, "revisionism")):
        month = scenario.branch_month
        one, other = (getattr(each.lever_series(world), lever) for each in (leaving, scenario))
        assert (one[:month] == other[:month]).all()
        assert one[month:].sum() != other[month:].sum()


def test_a_childs_value_replaces_its_parents_from_its_own_first_month(load, world):
    dated = '{"2020-01": 0.5, "2022-01": 0.6, "2024-01": 0.7}'
    parent = load("parent", f'departs: "2020-01"\nlevers: {{revisionism: {{china: {dated}}}}}\n')
    own = 'departs: "2021-01"\nlevers: {revisionism: {china: {"2023-01": 0.1}}}\n'
    child = load("child", f"extends: parent\n{own}")
    dates = {world.date(at): value for at, value in child.changes[CHINA].items()}
    assert dates == {"2020-01": 0.5, "2022-01": 0.6, "2023-01": 0.1}
    assert child.steps[CHINA].items() >= child.changes[CHINA].items()
    assert child.departs == parent.departs  # which has left the record by then


def test_a_child_inherits_what_it_does_not_say_and_can_drop_an_added_event(load, world):
    event = '{id: pact, date: "2025-01", sets: {revisionism.china: 1}}'
    parent = load("parent", f'departs: "2024-01"\nhorizon: "2026-12"\nevents: {{add: [{event}]}}\n'
        f"forms: {{capability: gdp_product}}\nuncertain: {{{DECAY}: [2000, 3000]}}\n"
        "theory: inertia\nmeasures: [competition]\n")  # fmt: skip
    child = load("child", "extends: parent\nforms: {zero: moving}\nevents: {drop: [pact]}\n")
    month = world.month("2025-01")
    assert parent.steps[CHINA][month] == 1.0
    assert month not in child.steps[CHINA]
    assert child.months == world.month("2026-12") + 1
    assert (child.theory, child.measures) == ("inertia", ("competition",))
    assert child.forms == {"capability": "gdp_product", "zero": "moving"}
    assert child.uncertain == {DECAY: (2000.0, 3000.0)}


def test_a_setting_is_what_the_file_could_have_said_and_may_name_its_month(load, world):
    levers = "levers: {presence: {united_states: {afghanistan: {forces: 10000}}}}"
    stated = load("stated", f"extends: us_stays\n{levers}\n")
    assert load_scenario("us_stays", world, [f"{FORCES}=10000"]).steps == stated.steps
    settings = (f"{CHINA}.2024-01=0.5", f"{CHINA}.2025-01=1")
    dated = load_scenario("us_exit", world, settings)
    assert dated.changes[CHINA] == {world.month("2024-01"): 0.5, world.month("2025-01"): 1.0}
    assert dated.settings == settings
    assert load_scenario("us_exit", world, [f"{DECAY}=2000"]).fixed == {DECAY: 2000.0}
    recorded = load_scenario("record", world, [f"{CHINA}.2020-01=1"])
    assert dict(recorded.changes) == {CHINA: {world.month("2020-01"): 1.0}}


def test_a_record_goes_on_below_what_is_decided_and_is_part_of_the_run(load, world):
    """Rows after the record: read by line, under every scenario, and the same when made again."""
    row = '{date: "%s", lever: %s, value: %s, source: "%s"}'
    base, force, troops = (f"presence.{each}.forces" for each in PLACES)
    rows = [row % ("2023-07", base, 500, "a paper of 2024"), row % ("2024-01", force, 900, "a")]
    load("later", f"record: [{', '.join(rows)}]\n")
    leaving, staying = load_family(["us_exit", "us_stays"], world, (), "later.yaml")
    (alone,) = load_family(["us_exit"], world)
    assert leaving.steps[base] == {261: 500.0}
    assert leaving.steps[force][world.month("2024-01")] == 900
    assert 267 not in staying.steps[force]
    assert alone.digest != leaving.digest
    assert restored(leaving.resolved(), world) == leaving
    assert [line.split()[1] for line in conditions([leaving], world)] == [base, force]
    child = load("child", f"extends: later\nrecord: [{rows[1]}]\n")
    assert [each["lever"] for each in child.record] == [base, force, force]
    faults = {
        row % ("2022-12", base, 500, "a"): "2023-01 to 2030-12",
        row % ("2024-01", base, 0.5, "a"): "is 50000 now",
        row % ("2024-01", base, 500, ""): "source",
        row % ("2024-01", f"{base}.2024-01", 500, "a"): "has 5 steps",
        row % ("2024-01", troops, 500, "a"): "did you mean tajikistan",
        rows[1]: "",
        rows[1] + " ": "stands twice",
    }
    with pytest.raises(DataError) as caught:
        load("bad", "record:\n" + "".join(f"  - {each}\n" for each in faults))
    found = list(map(str, caught.value.problems))
    assert [each.split(":")[1] for each in found] == ["4", "5", "6", "7", "8", "10"]
    said = zip(filter(None, faults.values()), found, strict=True)
    assert [pair for pair in said if pair[0] not in pair[1]] == []


def test_the_digest_knows_what_matters_and_nothing_else(load):
    start, levers = 'departs: "2024-01"\n', "levers: {revisionism: {%s}}\n"
    one = load("one", start + levers % "china: 1, russia: 0.5")
    reordered = load("other", "expect: much\n" + levers % "russia: 0.50, china: 1.0" + start)
    third = load("third", start + levers % "china: 0.9, russia: 0.5")
    fixed = load("one", start + levers % "china: 1, russia: 0.5", f"{DECAY}=2000")
    assert one.digest == reordered.digest
    assert len({one.digest, third.digest, fixed.digest}) == 3


def test_a_name_is_looked_up_here_first(tmp_path, monkeypatch, world):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "us_exit.yaml").write_text("format: 2\ntitle: Mine\n")
    monkeypatch.chdir(tmp_path)
    assert load_scenario("us_exit", world).title == "Mine"
    assert load_scenario("us_stays", world).title != "Mine"
    assert "../scenarios/us_exit" not in names()
    assert locate("elsewhere.yaml").name == "elsewhere.yaml"


_WRITTEN = ("steps", "departs", "months", "measures", "forms", "uncertain", "fixed")


@pytest.mark.parametrize("name", sorted(names()))
def test_a_scenario_written_whole_in_itself_moves_the_same_levers(name, world, tmp_path):
    dated = [f"{CHINA}.2020-03=0.4"] if name == "record" else []
    scenario = load_scenario(name, world, [f"{DECAY}=2000", *dated])
    assert json.loads(json.dumps(scenario.resolved())) == scenario.resolved()
    file, theory = tmp_path / f"{name}.yaml", world.default_theory if dated else scenario.theory
    file.write_text(file_text(scenario, world, theory), encoding="utf-8")
    assert check_file(file, world) == []
    found = load_scenario(file, world)
    assert (found.extends, found.theory) == (None, theory)
    for field in _WRITTEN:
        assert getattr(found, field) == getattr(scenario, field), field


def test_the_schema_beside_the_scenarios_is_this_worlds_and_refuses_what_check_does(
    repository, world
):
    folder = repository / "scenarios"
    kept = json.loads((folder / "scenario.schema.json").read_text(encoding="utf-8"))
    command = "run: eurasia-sim check --schema --out scenarios/scenario.schema.json"
    assert kept == scenario_schema(world), command
    validator = jsonschema.Draft202012Validator(kept)
    validator.check_schema(kept)
    header = "# yaml-language-server: $schema=scenario.schema.json\n"
    for path in folder.glob("*.yaml"):
        data = read_file(path).data
        assert path.read_text("utf-8").startswith(header)
        assert not [error.message for error in validator.iter_errors(data)], path.name
    wrong_parts = (
        {"levers": {"conduct": {"nowhere": 1}}}, {"levers": {"revisionism": {"russia": 9}}},
        {"theory": "none"}, {"title": 1}, {"expect": ""}, {"more": 1},
        {"uncertain": {"nothing": [0, 1]}},
    )  # fmt: skip
    for wrong in wrong_parts:
        assert list(validator.iter_errors({**data, **wrong})), wrong

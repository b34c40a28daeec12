"""A scenario is the record, its parent's decisions and its own, each from its own first month on."""

from __future__ import annotations

import json

import pytest

from eurasia_sim.files.user_yaml import InputProblems
from eurasia_sim.scenarios.json_schema import scenario_schema
from eurasia_sim.scenarios.scenario import apply_settings, load_scenario
from eurasia_sim.scenarios.search import find, locate, names
from eurasia_sim.world.world import World, load_world

FORCES = "presence.united_states.afghanistan.forces"
DECAY = "rules.perception.distance_decay"


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(name: str, text: str) -> str:
        (tmp_path / f"{name}.yaml").write_text(
            f"format: 1\ntitle: {name}\n{text}", encoding="utf-8"
        )
        return f"{name}.yaml"

    return written


def problems(*settings: str, scenario: str, world: World) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        load_scenario(scenario, world, settings)
    return [str(problem) for problem in caught.value.problems]


def test_the_record_never_departs_and_is_the_worlds_own(world):
    record = load_scenario("record", world)
    assert record.departs is None
    assert record.branch_month == record.months == world.record_until - world.start + 1
    assert record.steps == world.record_steps()
    assert not record.changes


def test_the_exit_is_the_record_held_to_the_horizon(world):
    leaving = load_scenario("us_exit", world)
    assert leaving.steps == world.record_steps()
    assert leaving.months == world.months
    assert set(world.events) - set(leaving.dropped) == set(world.events)


def test_staying_holds_the_forces_of_2020_and_frees_the_rule(world):
    staying = load_scenario("us_stays", world)
    forces = world.record[FORCES]
    assert staying.branch_month == world.month("2021-05")
    assert staying.steps[FORCES][world.month("2021-05")] == forces[world.month("2020-12")]
    assert max(staying.steps[FORCES]) == world.month("2021-05")
    assert staying.steps["rule.afghanistan"][world.month("2021-05")] == "free"
    assert "invasion_of_ukraine" not in staying.dropped


def test_scenarios_share_the_posture_until_they_part(world):
    leaving, staying = (
        load_scenario(name, world).lever_series(world) for name in ("us_exit", "us_stays")
    )
    part = world.month("2021-05")
    assert (leaving.presence[:part] == staying.presence[:part]).all()
    assert (leaving.presence[part:] != staying.presence[part:]).any()


def test_without_the_war_nothing_differs_before_it(world):
    peace, leaving = load_scenario("no_ukraine_war", world), load_scenario("us_exit", world)
    assert peace.branch_month == world.event_dates()["invasion_of_ukraine"]
    month = peace.branch_month
    assert (
        peace.lever_series(world).revisionism[:month].tolist()
        == leaving.lever_series(world).revisionism[:month].tolist()
    )
    assert (
        peace.lever_series(world).revisionism[month:].sum()
        < leaving.lever_series(world).revisionism[month:].sum()
    )


def test_turmoil_and_stability_differ_only_where_they_say(world):
    worse, better = load_scenario("afghan_turmoil", world), load_scenario("afghan_stable", world)
    differing = {path for path in worse.steps if worse.steps[path] != better.steps[path]}
    assert {path.split(".")[0] for path in differing} == {"stability", "conduct", "surge"}
    assert worse.departs == better.departs == world.month("2021-09")


def test_a_childs_value_replaces_its_parents_from_its_own_first_month(write, world):
    write(
        "parent",
        'departs: "2020-01"\nlevers: {revisionism: {china: {"2020-01": 0.5, "2022-01": 0.6, "2024-01": 0.7}}}\n',
    )
    child = write(
        "child",
        'extends: parent\ndeparts: "2021-01"\nlevers: {revisionism: {china: {"2023-01": 0.1}}}\n',
    )
    steps = load_scenario(child, world).steps["revisionism.china"]
    after = {
        world.date(month): value
        for month, value in steps.items()
        if month >= world.month("2020-01")
    }
    assert after == {"2020-01": 0.5, "2022-01": 0.6, "2023-01": 0.1}
    assert load_scenario(child, world).departs == world.month(
        "2020-01"
    )  # its parent has left the record by then


def test_a_bare_value_holds_from_the_departure_on(write, world):
    path = write("bare", 'departs: "2025-03"\nlevers: {revisionism: {china: 1}}\n')
    assert load_scenario(path, world).changes == {
        "revisionism.china": {world.month("2025-03"): 1.0}
    }


def test_an_added_event_sets_its_levers_and_a_child_can_drop_it(write, world):
    write(
        "parent",
        'departs: "2024-01"\nevents: {add: [{id: pact, date: "2025-01", sets: {revisionism.china: 1}}]}\n',
    )
    child = write("child", "extends: parent\nevents: {drop: [pact]}\n")
    assert (
        load_scenario("parent.yaml", world).steps["revisionism.china"][world.month("2025-01")]
        == 1.0
    )
    assert world.month("2025-01") not in load_scenario(child, world).steps["revisionism.china"]


def test_a_child_inherits_what_it_does_not_say(write, world):
    write("parent", f'departs: "2024-01"\nhorizon: "2026-12"\ntheory: inertia\nforms: {{contest: difference}}\n'
                    f"uncertain: {{{DECAY}: [2000, 3000]}}\nmeasures: [competition]\n")  # fmt: skip
    child = load_scenario(write("child", "extends: parent\nforms: {threat: additive}\n"), world)
    assert child.months == world.month("2026-12") + 1
    assert (child.theory, child.measures) == ("inertia", ("competition",))
    assert child.forms == {"contest": "difference", "threat": "additive"}
    assert child.uncertain == {DECAY: (2000.0, 3000.0)}


def test_a_setting_is_what_the_file_could_have_said(write, world):
    said = write(
        "said",
        "extends: us_stays\nlevers: {presence: {united_states: {afghanistan: {forces: 0.1}}}}\n",
    )
    assert (
        load_scenario("us_stays", world, [f"{FORCES}=0.1"]).steps
        == load_scenario(said, world).steps
    )


def test_a_setting_may_name_its_month(world):
    scenario = load_scenario(
        "us_exit", world, ["revisionism.china.2024-01=0.5", "revisionism.china.2025-01=1"]
    )
    assert scenario.changes["revisionism.china"] == {
        world.month("2024-01"): 0.5,
        world.month("2025-01"): 1.0,
    }
    assert scenario.settings == ("revisionism.china.2024-01=0.5", "revisionism.china.2025-01=1")


def test_a_number_is_fixed_within_its_range(world):
    assert load_scenario("us_exit", world, [f"{DECAY}=2000"]).fixed == {DECAY: 2000.0}
    found = problems(f"{DECAY}=20", scenario="us_exit", world=world)
    assert found[0].startswith(f"--set:1:{len(DECAY) + 2}: ")
    assert "allowed: 1500 to 6000" in found[0]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("nothing", "path=value"),
        ("=1", "path=value"),
        (f"{DECAY}=", "path=value"),
        ("rules.perception.distance_decy=2000", f"did you mean {DECAY}"),
        (f"{DECAY}=far", "'far', not a number"),
        (f"{DECAY}=.nan", "not a finite number"),
        ("presence.unted_states.afghanistan.forces=1", "did you mean united_states"),
        ("presence.united_states=1", "presence.<actor>.<theatre>.<presence kind>"),
        (f"{FORCES}.2019-01=0.1", "before the scenario departs"),
        (f"{FORCES}.2099-01=0.1", "outside the period"),
        (f"{FORCES}=2500", "0 to 10"),
        ("rule.afghanistan=nobody", "unknown actor 'nobody'"),
        ("theatres.afghanistan.population=3", "fact that no run varies"),
        ("title=x", "unknown parameter or lever"),
        ("\n", "path=value"),
    ],
)
def test_a_wrong_setting_is_told_what_would_be_right(world, setting, said):
    (found,) = problems(setting, scenario="us_stays", world=world)
    assert found.startswith("--set:1:")
    assert said in found


def test_all_wrong_settings_are_said_at_once_each_with_its_place(world):
    found = problems("a=1", f"{DECAY}=2000", "b=2", scenario="us_exit", world=world)
    assert [message.split(":")[1] for message in found] == ["1", "3"]


def test_a_path_is_set_once(world):
    lever = "pressure.united_states.china"
    for twice in (
        (f"{DECAY}=2000", f"{DECAY}=1500"),
        (f"{lever}=0.1", f"{lever}=0.2"),
        (f"{lever}=0.1",) * 2,
    ):
        (found,) = problems(*twice, scenario="us_exit", world=world)
        assert found.startswith("--set:2:")
        assert "is set twice" in found
    (dated,) = problems(
        f"{lever}.2023-01=0.1", f"{lever}.2023-01=0.2", scenario="us_exit", world=world
    )
    assert "is set twice" in dated
    load_scenario("us_exit", world, [f"{lever}.2023-01=0.1", f"{lever}.2024-01=0.2"])


def test_a_lever_of_a_scenario_that_never_departs_needs_its_month(world):
    assert "2001-10" not in str(
        load_scenario("record", world, ["revisionism.china.2020-01=1"]).changes
    )
    assert (
        "month must be named" in problems("revisionism.china=1", scenario="record", world=world)[0]
    )


def test_no_settings_change_nothing(world):
    scenario = load_scenario("us_exit", world)
    assert apply_settings(scenario, (), world) is scenario


def test_the_digest_knows_what_matters_and_nothing_else(write, world):
    one = write("one", 'departs: "2024-01"\nlevers: {revisionism: {china: 1, russia: 0.5}}\n')
    other = write(
        "other",
        'expect: much\nlevers: {revisionism: {russia: 0.50, china: 1.0}}\ndeparts: "2024-01"\n',
    )
    third = write("third", 'departs: "2024-01"\nlevers: {revisionism: {china: 0.9, russia: 0.5}}\n')
    digests = [load_scenario(path, world).digest for path in (one, other, third)]
    assert digests[0] == digests[1] != digests[2]
    assert load_scenario(one, world, [f"{DECAY}=2000"]).digest != digests[0]


def test_every_scenario_that_comes_with_the_package_has_a_digest_of_its_own(world):
    digests = {name: load_scenario(name, world).digest for name in names()}
    assert len(set(digests.values())) == len(digests)


def test_the_resolved_scenario_is_plain_enough_for_json(world):
    for name in names():
        scenario = load_scenario(name, world, [f"{DECAY}=2000"])
        assert json.loads(json.dumps(scenario.resolved())) == scenario.resolved()


def test_every_scenario_says_beforehand_what_is_expected(world):
    for name in names():
        scenario = load_scenario(name, world)
        assert len(scenario.expect.split()) > 10, name
        assert scenario.question, name


def test_an_unknown_name_is_answered_with_the_known_ones(world):
    with pytest.raises(InputProblems, match="did you mean us_exit"):
        load_scenario("us_exti", world)


def test_a_scenario_here_comes_before_the_packaged_one_of_its_name(tmp_path, monkeypatch, world):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "us_exit.yaml").write_text(
        "format: 1\ntitle: Mine\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert load_scenario("us_exit", world).title == "Mine"
    assert load_scenario("us_stays", world).title != "Mine"
    assert find("../scenarios/us_exit") is None
    assert locate("elsewhere.yaml").name == "elsewhere.yaml"


def test_the_schema_beside_the_scenarios_is_this_worlds(repository, world):
    kept = json.loads(
        (repository / "scenarios" / "scenario.schema.json").read_text(encoding="utf-8")
    )
    assert kept == scenario_schema(world), (
        "run: eurasia-sim check --schema --out scenarios/scenario.schema.json"
    )


def test_every_scenario_begins_with_the_schema_for_editors(repository):
    for path in (repository / "scenarios").glob("*.yaml"):
        assert path.read_text(encoding="utf-8").startswith(
            "# yaml-language-server: $schema=scenario.schema.json\n"
        )


def test_the_schema_accepts_what_check_accepts_and_refuses_what_it_refuses(repository, world):
    jsonschema = pytest.importorskip("jsonschema")
    from eurasia_sim.files.user_yaml import plain, read_file

    validator = jsonschema.Draft202012Validator(scenario_schema(world))
    validator.check_schema(validator.schema)
    for path in (repository / "scenarios").glob("*.yaml"):
        data = plain(read_file(path).root)
        assert not [error.message for error in validator.iter_errors(data)], path.name
        for wrong in ({"levers": {"conduct": {"nowhere": 1}}}, {"levers": {"revisionism": {"russia": 9}}},
                      {"theory": "none"}, {"title": 1}, {"more": 1}, {"uncertain": {"nothing": [0, 1]}}):  # fmt: skip
            assert list(validator.iter_errors({**data, **wrong})), wrong

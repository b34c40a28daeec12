"""A sweep file says everything that is wrong with it at once, and where; a good one becomes an experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

from eurasia_sim.experiments.experiment import check_experiment, load_experiment
from eurasia_sim.experiments.experiment import located, names
from eurasia_sim.files.user_yaml import InputProblems
from eurasia_sim.world.world import World, load_world

HEAD = "format: 1\nkind: sweep\ntitle: A try\n"
HABIT = "rules.allocation.habit"


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def written(folder: Path, text: str, name: str = "tried.yaml") -> Path:
    file = folder / name
    file.write_text(HEAD + text, encoding="utf-8")
    return file


def test_every_ready_experiment_is_a_good_one(repository: Path, world: World) -> None:
    files = sorted((repository / "experiments").glob("*.yaml"))
    sweeps = [file for file in files if "kind: sweep" in file.read_text(encoding="utf-8")]
    assert len(sweeps) >= 5
    assert {str(file): check_experiment(file, world) for file in sweeps} == {
        str(file): [] for file in sweeps
    }


def test_an_experiment_is_found_by_name_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert located("relative_gains").is_file()
    assert "all_uncertainties" in names()
    with pytest.raises(InputProblems, match="did you mean relative_gains"):
        located("relative_gain")


def test_all_mistakes_are_said_at_once_each_with_its_line_and_what_was_meant(
    tmp_path: Path, world: World
) -> None:
    file = written(
        tmp_path,
        "scenarios: [us_exi]\n"
        "theory: balance_of_thraet\n"
        "design: {kind: sobol, points: 100}\n"
        "factors:\n"
        "  rules.allocation.habbit: {low: 0.1, high: 0.2}\n"
        "  form.thret: [additive]\n"
        "  theory: [realism]\n"
        "  seed: [-1]\n"
        "measures: [competitoin]\n"
        'window: ["2031-01", "2024-01"]\n',
    )
    problems = check_experiment(file, world)
    said = {problem.line: str(problem) for problem in problems}
    assert "did you mean us_exit" in said[4]
    assert "did you mean balance_of_threat" in said[5]
    assert "powers of two" in said[6]
    assert "did you mean form.threat" in said[9]
    assert "unknown theory" in said[10]
    assert "the seed is -1" in said[11]
    assert "did you mean competition" in said[12]
    assert "outside the period" in said[13]
    assert all(f"{file}:{problem.line}:" in str(problem) for problem in problems)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "scenarios: [us_exit]\ndesign: {kind: grid}\nfactors: {%s: {low: 0, high: 5, steps: 3}}\n",
            "out of range",
        ),
        (
            "scenarios: [us_exit]\ndesign: {kind: grid}\nfactors: {%s: {low: 0.7, high: 0.9}}\n",
            "needs levels",
        ),
        ("scenarios: [us_exit]\ndesign: {kind: grid}\nfactors: {%s: [0.8, 0.8]}\n", "stands twice"),
        (
            "scenarios: [us_exit]\ndesign: {kind: morris, trajectories: 4}\nfactors: {%s: [0.8, 0.9]}\n",
            "has levels",
        ),
        (
            "scenarios: [us_exit]\ndesign: {kind: latin_hypercube}\nfactors: {%s: declared}\n",
            "how many points",
        ),
        (
            "design: {kind: latin_hypercube, points: 4}\nfactors: {%s: declared}\n",
            "no scenario is named",
        ),
        (
            "scenarios: [us_exit]\ndesign: {kind: table, file: ../points.csv}\n",
            "outside the experiment's folder",
        ),
        ("scenarios: [us_exit]\ndesign: {kind: table, file: none.csv}\n", "no such file"),
        ("scenarios: [us_exit]\ndesign: {kind: grid}\nfactors: {}\n", "needs factors"),
        ("scenarios: [us_exit]\ndesign: {kind: gird}\nfactors: {%s: [0.8]}\n", "gird"),
        (
            "scenarios: [us_exit]\ndesign: {kind: grid}\nfactors: {%s: [0.8]}\nreplication: 3\n",
            "mean replications",
        ),
        (
            """scenarios: [us_exit]
design: {kind: saltelli, points: 4}
factors: {%s: declared}
constraints: [{sum: {%s: 1}, at_most: 1}]
""",
            "an index could not be computed",
        ),
        (
            """scenarios: [us_exit]
design: {kind: grid}
factors: {both: {levels: [0, 1], moves: {aid.chyna.tajikistan: [0, 1]}}}
""",
            "did you mean china",
        ),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, world: World, text: str, said: str) -> None:
    found = check_experiment(written(tmp_path, text.replace("%s", HABIT)), world)
    assert said in "\n".join(map(str, found))


def test_a_theory_holds_what_is_declared_but_not_what_the_file_names_itself(
    tmp_path: Path, world: World
) -> None:
    file = written(
        tmp_path,
        "scenarios: [us_exit]\ntheory: defensive_realism\ndesign: {kind: latin_hypercube, points: 4}\n"
        'factors: {"rules.*": declared}\n',
    )
    spans = {
        factor.name: (factor.low, factor.high) for factor in load_experiment(file, world).factors
    }
    assert spans["rules.cooperation.relative_gains"] == (0.0, 0.4)  # the theory's own range
    assert not [name for name in spans if name.endswith(".sufficiency")]  # fixed by the theory
    assert not [name for name in spans if name.endswith(".additive_threat")]  # a form decides


def test_a_lever_can_be_free_or_an_actor_in_a_list(tmp_path: Path, world: World) -> None:
    file = written(
        tmp_path,
        "scenarios: [us_exit]\ndesign:\n  kind: list\n  points:\n"
        "    - {rule.afghanistan: free, seed: 3}\n    - {rule.afghanistan: taliban, seed: 4}\n",
    )
    found = load_experiment(file, world)
    assert [factor.levels for factor in found.factors if factor.is_text] == [("free", "taliban")]
    assert found.stated == ((0.0, 3.0), (1.0, 4.0))


def test_a_table_is_checked_like_a_list(tmp_path: Path, world: World) -> None:
    (tmp_path / "points.csv").write_text(
        f"scenario,{HABIT}\nus_exit,0.8\nus_stays,0.99999\n", encoding="utf-8"
    )
    file = written(tmp_path, "design: {kind: table, file: points.csv}\n")
    assert "out of range" in str(check_experiment(file, world)[0])
    (tmp_path / "points.csv").write_text(
        f"scenario,{HABIT}\nus_exit,0.8\nus_stays,0.9\n", encoding="utf-8"
    )
    found = load_experiment(file, world)
    assert [scenario.name for scenario in found.scenarios] == ["us_exit", "us_stays"]
    assert found.scenario_is_factor


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("design: {kind: grid, levels: 6}\nfactors: {HABIT: [0.7, 0.8]}", "levels means nothing in a grid design", 5),
        ("design: {kind: sobol, points: 8, trajectories: 4}\nfactors: {HABIT: declared}",
         "trajectories means nothing in a sobol design", 5),
        ("design: {kind: morris, trajectories: 4, second_order: false}\nfactors: {HABIT: declared}",
         "second_order means nothing in a morris design", 5),
        ("design: {kind: sobol, points: 8}\nfactors: {HABIT: {low: 0.7, high: 0.8, steps: 4}}",
         "steps means nothing in a sobol design", 6),
        ("design: {kind: grid}\nfactors: {HABIT: {levels: [0.7, 0.8], steps: 4}}",
         "steps means nothing beside levels", 6),
    ],
)  # fmt: skip
def test_an_option_that_would_be_passed_over_is_refused(
    tmp_path: Path, world: World, text: str, said: str, line: int
) -> None:
    file = written(tmp_path, "scenarios: [us_exit]\n" + text.replace("HABIT", HABIT) + "\n")
    found = check_experiment(file, world)
    assert [(problem.line, said in problem.message) for problem in found] == [(line, True)], [
        str(p) for p in found
    ]


def test_scenarios_that_narrow_a_factor_differently_or_draw_from_the_posterior_are_refused(
    tmp_path: Path, world: World
) -> None:
    number = world.numbers[HABIT]
    middle = (number.low + number.high) / 2
    for name, ends in (("low", [number.low, middle]), ("high", [middle, number.high])):
        text = f"format: 1\ntitle: {name}\nextends: us_{'exit' if name == 'low' else 'stays'}\n"
        (tmp_path / f"{name}.yaml").write_text(
            f"{text}uncertain: {{{HABIT}: {ends}}}\n", encoding="utf-8"
        )
    named = f"scenarios: [{tmp_path}/low.yaml, {tmp_path}/high.yaml]\n"
    file = written(
        tmp_path, f"{named}design: {{kind: sobol, points: 4}}\nfactors: {{{HABIT}: declared}}\n"
    )
    assert any(
        "narrow rules.allocation.habit differently" in p.message
        for p in check_experiment(file, world)
    )
    (tmp_path / "fit.yaml").write_text(
        "format: 1\ntitle: fit\nextends: us_exit\nuncertain: posterior\n", encoding="utf-8"
    )
    named = f"scenarios: [{tmp_path}/fit.yaml]\n"
    file = written(
        tmp_path, f"{named}design: {{kind: sobol, points: 4}}\nfactors: {{{HABIT}: declared}}\n"
    )
    assert any(
        "draws its numbers from the posterior" in p.message for p in check_experiment(file, world)
    )

"""A sweep file is told everything that is wrong with it at once, and where; a good one is read."""

import time

import pytest

from eurasia_sim.cli.scenario import problems_of
from eurasia_sim.experiments.experiment import load_experiment, located, names
from eurasia_sim.files.data_yaml import DataError

WORDS = {
    "GAINS": "rules.cooperation.relative_gains",
    "HABIT": "rules.allocation.habit",
    "PRESSURE": "pressure.united_states.china",
}
GAINS, HABIT, PRESSURE = WORDS.values()
US = "scenarios: [us_exit]\n"
GRID, SOBOL = "design: {kind: grid}\n", "design: {kind: sobol, points: 4}\n"
TABLE = "design: {kind: table, file: points.csv}\n"


def full(text: str) -> str:
    for short, word in WORDS.items():
        text = text.replace(short, word)
    return text


def pace() -> float:
    """Seconds that a million small steps of Python take here and now: a seventh of our second."""
    began = time.process_time()
    sum(int(str(number)) for number in range(1_000_000))
    return time.process_time() - began


@pytest.fixture
def problems(tmp_path, world):
    """Everything wrong with a sweep, told within a second of work."""

    def told(text: str, head: str = US) -> str:
        file = tmp_path / "tried.yaml"
        file.write_text(full(f"format: 2\nkind: sweep\ntitle: A try\n{head}{text}\n"))
        began = time.process_time()
        found = "\n".join(map(str, problems_of(str(file), world)))
        assert (spent := time.process_time() - began) < 1.0 or spent < 7 * pace()
        return found

    return told


@pytest.fixture
def loaded(problems, tmp_path, world):
    """A sweep with which nothing is wrong."""

    def load(text: str, head: str = US):
        assert not problems(text, head)
        return load_experiment(tmp_path / "tried.yaml", world)

    return load


def test_every_ready_experiment_is_good_and_found_by_name_from_anywhere(
    repository, world, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sweeps = [name for name in names() if name != "hypotheses"]
    assert len(sweeps) >= 5
    assert all(located(name).parent == repository / "experiments" for name in sweeps)
    assert not [problem for name in sweeps for problem in problems_of(name, world)]
    with pytest.raises(DataError, match="did you mean relative_gains"):
        located("relative_gain")


def test_all_mistakes_are_said_at_once_with_their_lines_and_what_was_meant(problems, tmp_path):
    text = """theory: balance_of_thraet
design: {kind: sobol, points: 100}
factors:
  rules.allocation.habbit: {low: 0.1, high: 0.2}
  form.zeros: [moving]
  theory: [realism]
  seed: [-1]
measures: [competitoin]
window: ["2031-01", "2024-01"]"""
    found = problems(text, "scenarios: [us_exi]\n")
    for line, said in (
        (4, "did you mean us_exit"), (5, "did you mean balance_of_threat"), (6, "powers of two"),
        (9, "did you mean form.zero"), (10, "unknown theory"), (11, "seed is -1"),
        (12, "did you mean competition"), (13, "outside the period"),
    ):  # fmt: skip
        own = found.partition(f"{tmp_path / 'tried.yaml'}:{line}:")[2]
        assert said in own.partition("tried.yaml:")[0], found


# What stands after the head, with one scenario, and what is said of it.
MISTAKES = [
    (f"{GRID}factors: {{}}", "needs factors"),
    (f"{GRID}factors: {{HABIT: [0.8]}}\nreplication: 3", "mean replications"),
    (f"{GRID}factors: {{both: {{levels: [0, 1], moves: {{aid.chyna.tajikistan: [0, 1]}}}}}}",
     "mean china"),
    ("design: {kind: gird}\nfactors: {HABIT: [0.8]}", "gird"),
    ("design: {kind: latin_hypercube}\nfactors: {HABIT: declared}", "points is empty"),
    ("design: {kind: morris, trajectories: 4, levels: 5}\nfactors: {HABIT: declared}", "an even"),
    ("design: {kind: zip}\nfactors: {HABIT: [0.8, 0.9], GAINS: [0.3]}", "as many levels"),
    # What a design has no use for.
    (f"{GRID}factors: {{HABIT: {{low: 0.7, high: 0.9}}}}", "allowed: levels or low high steps"),
    (f"{GRID}factors: {{HABIT: {{levels: [0.7, 0.8], steps: 4}}}}", "HABIT has levels steps"),
    (f"{GRID}factors: {{HABIT: declared}}", "allowed: [VALUE, ...] or {low"),
    (f"{SOBOL}factors: {{HABIT: {{low: 0.7, high: 0.8, steps: 4}}}}", "in a sobol design"),
    ("design: {kind: morris, trajectories: 4}\nfactors: {HABIT: [0.8, 0.9]}", "has levels in a mo"),
    ("design: {kind: latin_hypercube, points: 4}\nfactors: {seed: {low: 1, high: 9}}",
     "seed has low high in a latin_hypercube"),
    ("design: {kind: grid, levels: 6}\nfactors: {HABIT: [0.7, 0.8]}",
     "5:22: levels means nothing in a grid"),
    ("design: {kind: sobol, points: 8, trajectories: 4}\nfactors: {HABIT: declared}",
     "trajectories means nothing in a sobol design"),
    # Two that decide one thing.
    (f"{GRID}factors: {{x: {{levels: [0, 1], moves: {{GAINS: [0.3, 0.4]}}}}, GAINS: [0.5]}}",
     "'x' and 'GAINS' both set GAINS"),
    (f"{GRID}factors: {{PRESSURE: [0.1], PRESSURE.2025-01: [0.3]}}", "both set PRESSURE.2025-01"),
    (f"{SOBOL}factors: {{'rules.*': declared, GAINS: declared}}", "'rules.*' and 'GAINS' both set"),
    (f"set: {{GAINS: 0.3}}\n{GRID}factors: {{GAINS: [0.4]}}", "set: and 'GAINS' both"),
    (f"set: {{PRESSURE: 0.3}}\n{GRID}factors: {{PRESSURE.2025-01: [0.4]}}", "set: and 'PRESSURE"),
    (f"set: {{GAINS: 0.3}}\n{SOBOL}factors: {{GAINS: declared}}", "stands under set: too"),
    (f"set: {{GAINS: [0.3]}}\n{GRID}factors: {{HABIT: [0.8]}}", "GAINS is a list"),
    (f"theory: balance_of_threat\n{GRID}factors: {{theory: all}}", "theory: and 'theory' both"),
    (f"forms: {{zero: moving}}\n{GRID}factors: {{form.zero: all}}", "forms: and 'form.zero' both"),
    (f"seed: 3\n{GRID}factors: {{seed: [1, 2]}}", "seed: and 'seed' both"),
    # Points that are too many.
    ("design: {kind: saltelli, points: 1099511627776}\nfactors: {HABIT: declared}", "points is 10"),
    ("design: {kind: saltelli, points: 549755813888}\nfactors: {'*': declared}", "which makes"),
]  # fmt: skip

# Factors of a grid that cannot be run once and as written.
VALUES = [
    ("HABIT: {low: 0, high: 5, steps: 3}", "out of range"),
    ("HABIT: {low: 0.9, high: 0.7, steps: 3}", "low 0.9 is not below high 0.7"),
    ("seed: [1, 1.0]", "tried.yaml:6:21: a level of seed stands twice: 1 and 1.0"),
    ("seed: [7, 7.5]", "6:21: seed is 7.5"),
    ("seed: {low: 1, high: 10, steps: 3}", "no whole numbers"),
    (f"seed: [{2**53 + 1}, 3]", f"seed is {2**53 + 1}"),
    (f"GAINS: [0.3, {10**299}]", "beyond which digits are lost"),
    ("GAINS: [0.3, 0.30]", "stands twice: 0.3 and 0.3"),
    ("GAINS: [0.3, null]", "GAINS is empty"),
    ("GAINS: [0.3, .nan]", "GAINS is nan"),
    ("GAINS: [0.3, {a: 1}]", "GAINS is a mapping"),
    ("GAINS: [0.3, '0.3']", "a number without quotes"),
    ("theory: [null, balance_of_threat]", "theory is empty"),
    ("rule.afghanistan: [free, ' free']", "without space around it"),
    ("' GAINS': [0.3, 0.4]", "space around its name"),
    ("GAINS: {low: 0.3, high: 0.4, steps: 100000}, HABIT: {low: 0.8, high: 0.9, steps: 100000}",
     "2 numbers and 200,000 levels"),
    ("GAINS: all", "is 'all', not a number"),
    ("x: {levels: [0, .nan], moves: {PRESSURE: [0.1, 0.2]}}", "two numbers"),
    ("x: {levels: [0, 1], moves: {PRESSURE: [0.1, .nan]}}", "PRESSURE is nan"),
    ("x: {levels: [0, 1], moves: {PRESSURE: [0.1, 0.1]}}", "moves nothing"),
    ("x: {levels: [0, 1], moves: {seed: [1, 2]}}", "allowed: numbers and levers"),
]  # fmt: skip


def entries(names, value: str) -> str:
    return "factors: {" + ", ".join(f'"{name}": {value}' for name in names) + "}"


# Files of any size are told within a second too.
LARGE = [
    (SOBOL + entries((f"GAINS{n}" for n in range(1700)), "[1, 2]"), "mean GAINS"),
    (SOBOL + entries((f"r{n}*" for n in range(2500)), "declared"), "'r0*' is no number"),
    (SOBOL + entries(("*" * n for n in range(1, 300)), "declared"), "the factors up to here"),
    (SOBOL + "factors: {HABIT: declared}\nmeasures: [" + ", ".join(map(str, range(6000))) + "]",
     "measures.0 is 0"),
    ("chance: common\ndesign: {kind: sobol, points: 1048576}\nfactors: {GAINS: [0.3, 0.4]}",
     "points of levels alone may repeat"),
    ("design: {kind: zip}\nfactors: {GAINS: {low: 0.3, high: 0.4, steps: 9000000}}",
     "steps is 9000000"),
    (GRID + "factors: {HABIT: [" + ", ".join(map(str, range(13100))) + "]}", "too many values"),
    (f"{GRID}factors: {{scenario: [{', '.join(f'us_exi{n}' for n in range(5000))}]}}",
     "unknown scenario 'us_exi0' — did you mean us_exit?"),
]  # fmt: skip
CASES = [*MISTAKES, *((f"{GRID}factors: {{{text}}}", said) for text, said in VALUES), *LARGE]


@pytest.mark.parametrize(("text", "said"), CASES)
def test_each_mistake_is_named(problems, text, said) -> None:
    found = problems(text)
    assert full(said) in found
    assert "means nothing" not in said or found.count("tried.yaml:") == 1


def test_a_sweep_without_a_scenario_is_told_so(problems) -> None:
    assert "no scenario is named" in problems(f"{SOBOL}factors: {{HABIT: declared}}", head="")


SEEDS = "seed\n" + "\n".join(map(str, range(150)))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (f"{SEEDS}\n7.5\n", "points.csv:152:1: seed is 7.5"),
        (f"{SEEDS}\n7\n", "points.csv:152:1: this is the point of line 9 again"),
        ("seed\n1\nnan\n", "points.csv:3:1: seed is 'nan'"),
        ("GAINS,HABIT\n0.3,0.8\n\n0.4,0.8\n0.30,8e-1\n", "5:1: this is the point of line 2 again"),
        ("GAINS, GAINS\n0.3,0.4\n", "points.csv:1:1: a column has no name, or that of another"),
        ("GAINS,\n0.3,0.4\n", "points.csv:1:1: a column has no name, or that of another"),
        ("GAINS,HABIT\n0.3,0.8\n0.4,\n", "points.csv:3:1: HABIT is empty"),
        ("GAINS,HABIT\n0.3,0.8\n0.4\n", "points.csv:3:1: it has 1 values, its head has 2"),
        ("GAINS\n0.3\n77\n0.4\n", "points.csv:3:1: GAINS is 77"),
        ("scenario,HABIT\nus_exit,0.8\nus_stays,0.99999\n", "points.csv:3:1: HABIT is 0.99999"),
        ("scenario\nus_stays\n", "'us_exit' would never be run"),
        ("seed\n", "the table has 0 rows"),
        ("\n" * 8_000_000, "the table has 0 rows"),
        ("seed\n" + "7\n" * 4_000_000, "allowed: 1 to 100,000 values"),
        ("seed\n" + "\n".join(map(str, range(100_000))), ""),
        ("growth.russia\n" + "\n".join(str(n / 1e7) for n in range(100_000)), ""),
    ],
)
def test_a_table_of_any_size_is_told_line_by_line_within_a_second(
    problems, tmp_path, rows, said
) -> None:
    (tmp_path / "points.csv").write_text(full(rows), encoding="utf-8")
    found = problems(f"{TABLE}measures: [alignment]")
    assert full(said) in found
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("file", "said"),
    [("../points.csv", "in the experiment's folder"), ("none.csv", "none.csv:1:1: no such file"),
     ("points.txt", "file: POINTS.csv"), ('"a\\0b.csv"', "cannot be seen")],
)  # fmt: skip
def test_a_table_that_cannot_be_had_is_said(problems, file, said) -> None:
    assert said in problems(f"design: {{kind: table, file: {file}}}")


def test_a_table_has_scenarios_actors_and_free_levers_and_holds_what_the_file_sets(
    loaded, tmp_path
) -> None:
    rows = "scenario,rule.afghanistan,seed\nus_exit,free,3\nus_stays,taliban,4\n"
    (tmp_path / "points.csv").write_text(rows, encoding="utf-8")
    found = loaded(f"set: {{GAINS: 0.3}}\n{TABLE}")
    assert [scenario.name for scenario in found.scenarios] == ["us_exit", "us_stays"]
    assert [scenario.fixed[GAINS] for scenario in found.scenarios] == [0.3, 0.3]
    assert found.runs_a_point == 1
    assert [factor.levels for factor in found.factors][1:] == [("free", "taliban"), ()]
    assert found.stated == ((0.0, 0.0, 3.0), (1.0, 1.0, 4.0))


def test_a_theory_holds_what_is_declared_but_not_what_the_file_names_itself(loaded) -> None:
    design = "theory: defensive_realism\ndesign: {kind: latin_hypercube, points: 4}\n"
    factors = loaded(f"{design}factors: {{'rules.*': declared}}").factors
    spans = {factor.name: (factor.low, factor.high) for factor in factors}
    assert spans[GAINS] == (0.0, 0.4)  # the theory's own range
    assert not [name for name in spans if name.endswith(".sufficiency")]  # fixed by the theory
    assert not [name for name in spans if name.endswith(".moving_zero")]  # a form decides


def test_two_dates_of_a_lever_are_two_decisions(problems) -> None:
    assert not problems(f"{GRID}factors: {{PRESSURE.2024-01: [0.1, 0.2], PRESSURE.2025-01: [0.3]}}")


@pytest.fixture
def variants(tmp_path, world):
    """Scenarios of one parent that differ from it, or from each other, in one thing each."""
    low, high = world.numbers[HABIT].low, world.numbers[HABIT].high
    changes = {
        "copy": "",
        "weak": "levers: {pressure: {united_states: {china: 0.3}}}\n",
        "strong": "levers: {pressure: {united_states: {china: 0.9}}}\n",
        "offensive": "theory: offensive_realism\n",
        "narrow": f"uncertain: {{{HABIT}: [{low}, {(low + high) / 2}]}}\n",
        "fitted": "uncertain: posterior\n",
    }
    for name, change in changes.items():
        text = f"format: 2\ntitle: One\nextends: us_exit\n{change}"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return {name: f'"{tmp_path / name}.yaml"' for name in changes} | {"us_exit": "us_exit"}


LEVELS = f"{GRID}factors: {{HABIT: [0.8, 0.9]}}"


@pytest.mark.parametrize(
    ("scenarios", "text", "said"),
    [
        ("us_exit copy", LEVELS, "us_exit and copy come to the same"),
        ("weak strong", f"set: {{PRESSURE: 0.1}}\n{LEVELS}", "weak and strong come to the same"),
        ("us_exit narrow", f"{SOBOL}factors: {{HABIT: declared}}", "narrow HABIT differently"),
        ("us_exit fitted", LEVELS, "fitted draws numbers from the"),
        ("us_exit us_exit", LEVELS, "the scenario 'us_exit' stands twice"),
        ("weak strong", LEVELS, ""),
        ("us_exit offensive", LEVELS, ""),
    ],
)
def test_incomparable_scenarios_are_told(problems, variants, scenarios, text, said) -> None:
    paths = ", ".join(variants[name] for name in scenarios.split())
    found = problems(text, f"scenarios: [{paths}]\n")
    assert full(said) in found
    assert bool(said) == bool(found)


def test_a_scenario_named_by_its_file_is_a_level_like_any_other(loaded, variants) -> None:
    factors = f"scenario: [us_exit, {variants['weak']}], GAINS: [0.3, 0.4]"
    found = loaded(f"{GRID}factors: {{{factors}}}", head="")
    assert [factor.levels for factor in found.factors] == [("us_exit", "weak"), (0.3, 0.4)]

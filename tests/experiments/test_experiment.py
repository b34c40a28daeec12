"""A sweep file is told everything that is wrong with it at once, and where; a good one is read."""

import time

import pyarrow as pa
import pyarrow.parquet as pq
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
SALTELLI = "design: {kind: saltelli, points: 4}\n"


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


def full(text: str) -> str:
    for short, word in WORDS.items():
        text = text.replace(short, word)
    return text


def test_every_ready_experiment_is_a_good_one(repository, world) -> None:
    files = sorted((repository / "experiments").glob("*.yaml"))
    sweeps = [file for file in files if "kind: sweep" in file.read_text(encoding="utf-8")]
    assert len(sweeps) >= 5
    assert not [problem for file in sweeps for problem in problems_of(str(file), world)]


def test_an_experiment_is_found_by_name_from_anywhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert located("relative_gains").is_file()
    assert "all_uncertainties" in names()
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
        (9, "did you mean form.zero"), (10, "unknown theory"), (11, "the seed is -1"),
        (12, "did you mean competition"), (13, "outside the period"),
    ):  # fmt: skip
        own = found.partition(f"{tmp_path / 'tried.yaml'}:{line}:")[2]
        assert said in own.partition("tried.yaml:")[0], found


# What stands after the head, with one scenario, and what is said of it.
MISTAKES = [
    (f"{GRID}factors: {{HABIT: {{low: 0, high: 5, steps: 3}}}}", "out of range"),
    (f"{GRID}factors: {{HABIT: {{low: 0.7, high: 0.9}}}}", "needs levels"),
    (f"{GRID}factors: {{HABIT: [0.8, 0.8]}}", "stands twice"),
    (f"{GRID}factors: {{}}", "needs factors"),
    (f"{GRID}factors: {{HABIT: [0.8]}}\nreplication: 3", "mean replications"),
    (f"{GRID}factors: {{both: {{levels: [0, 1], moves: {{aid.chyna.tajikistan: [0, 1]}}}}}}",
     "mean china"),
    ("design: {kind: morris, trajectories: 4}\nfactors: {HABIT: [0.8, 0.9]}", "has levels"),
    ("design: {kind: latin_hypercube}\nfactors: {HABIT: declared}", "how many points"),
    ("design: {kind: table, file: ../points.csv}", "outside the experiment's folder"),
    ("design: {kind: table, file: none.csv}", "no such file"),
    ('design: {kind: table, file: "a\\0b.csv"}', "cannot be seen"),
    ("design: {kind: gird}\nfactors: {HABIT: [0.8]}", "gird"),
    (f"constraints: [{{sum: {{HABIT: 1}}, at_most: 1}}]\n{SALTELLI}factors: {{HABIT: declared}}",
     "an index could not be computed"),
    # An option that would be passed over.
    ("design: {kind: grid, levels: 6}\nfactors: {HABIT: [0.7, 0.8]}",
     "5:22: levels means nothing in a grid"),
    ("design: {kind: sobol, points: 8, trajectories: 4}\nfactors: {HABIT: declared}",
     "trajectories means nothing in a sobol design"),
    ("design: {kind: morris, trajectories: 4, second_order: false}\nfactors: {HABIT: declared}",
     "second_order means nothing in a morris design"),
    (f"{SOBOL}factors: {{HABIT: {{low: 0.7, high: 0.8, steps: 4}}}}",
     "steps means nothing in a sobol design"),
    (f"{GRID}factors: {{HABIT: {{levels: [0.7, 0.8], steps: 4}}}}",
     "steps means nothing beside levels"),
    # Two that decide one thing.
    (f"{GRID}factors: {{x: {{levels: [0, 1], moves: {{GAINS: [0.3, 0.4]}}}}, GAINS: [0.5]}}",
     "'x' and 'GAINS'"),
    (f"{GRID}factors: {{PRESSURE: [0.1], PRESSURE.2025-01: [0.3]}}", "both set PRESSURE.2025-01"),
    (f"{SOBOL}factors: {{'rules.*': declared, GAINS: declared}}", "'rules.*' and 'GAINS' both set"),
    (f"{SOBOL}factors: {{'rules.*': declared, '*': declared}}", "'rules.*' and '*' both set"),
    (f"set: {{GAINS: 0.3}}\n{GRID}factors: {{GAINS: [0.4]}}", "stands under set: too"),
    (f"set: {{PRESSURE: 0.3}}\n{GRID}factors: {{PRESSURE.2025-01: [0.4]}}",
     "stands under set: too"),
    (f"set: {{GAINS: 0.3}}\n{SOBOL}factors: {{GAINS: declared}}", "stands under set: too"),
    (f"set: {{GAINS: [0.3]}}\n{GRID}factors: {{HABIT: [0.8]}}", "is a list, not a number"),
    (f"theory: balance_of_threat\n{GRID}factors: {{theory: all}}", "stands under theory: too"),
    (f"forms: {{zero: moving}}\n{GRID}factors: {{form.zero: all}}",
     "stands under forms: too"),
    (f"seed: 3\n{GRID}factors: {{seed: [1, 2]}}", "stands under seed: too"),
    # Points that are too many, or repeated.
    ("design: {kind: latin_hypercube, points: 4}\nfactors: {seed: {low: 1, high: 9}}",
     "is a whole number"),
    ("design: {kind: saltelli, points: 1048576}\nfactors: {'*': declared}",
     "factors and points 1048576 make"),
    ("design: {kind: list, points: [{GAINS: 0.3}, {GAINS: 0.4}, {GAINS: 0.30}]}",
     "point 2 is point 0 again"),
    ("design: {kind: list, points: [{GAINS: [1, 2]}]}", "is a list, not a number"),
    ("design: {kind: list, points: [{seed: 1}, {seed: .nan}]}", "the seed is nan"),
    ("design: {kind: list, points: [{scenario: us_stays}]}", "'us_exit' would never be run"),
]  # fmt: skip


# Factors of a grid that cannot be run once and as written.
VALUES = [
    ("seed: [1, 1.0]", "tried.yaml:6:21: a level of seed stands twice: 1 and 1.0"),
    ("seed: [7, 7.5]", "6:21: the seed is 7.5"),
    ("seed: {low: 1, high: 10, steps: 3}", "no whole numbers"),
    (f"seed: [{2**53 + 1}, 3]", f"the seed is {2**53 + 1}"),
    (f"GAINS: [0.3, {10**299}]", "cannot be kept to its last digit"),
    ("GAINS: [0.3, 0.30]", "stands twice: 0.3 and 0.3"),
    ("GAINS: [0.3, null]", "is empty, not a number"),
    ("GAINS: [0.3, true]", "is true, not a number"),
    ("GAINS: [0.3, .nan]", "is nan, not a finite number"),
    ("GAINS: [0.3, -.inf]", "is -inf, not a finite number"),
    ("GAINS: [0.3, {a: 1}]", "is a mapping, not a number"),
    ("GAINS: [0.3, '0.3']", "is the text '0.3', which reads as a number"),
    ("theory: [null, balance_of_threat]", "theory is empty, not a name"),
    ("rule.afghanistan: [free, ' free']", "space around it"),
    ("' GAINS': [0.3, 0.4]", "space around its name"),
    ("'': [1]", "a setting is path=value"),
    ("GAINS: {low: 0.3, high: 0.30000000000000004, steps: 9}", "stands twice"),
    ("GAINS: {low: 0.2, high: 0.8, steps: 1000000000}",
     "steps is 1000000000"),
    ("GAINS: {low: 0.3, high: 0.4, steps: 100000}, HABIT: {low: 0.8, high: 0.9, steps: 100000}",
     "too large"),
    ("GAINS: all", "is 'all', which is for a theory or form"),
    ("x: {levels: [0, .nan], moves: {PRESSURE: [0.1, 0.2]}}", "needs two numbers"),
    ("x: {levels: [0, 1], moves: {PRESSURE: [0.1, .nan]}}", "is nan, not a finite number"),
    ("x: {levels: [0, 1], moves: {PRESSURE: [0.1, 0.1]}}", "moves nothing"),
    ("x: {levels: [0, 1], moves: {seed: [1, 2]}}", "'seed' cannot be moved"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"), [*MISTAKES, *((f"{GRID}factors: {{{text}}}", said) for text, said in VALUES)]
)
def test_each_mistake_is_named(problems, text, said) -> None:
    found = problems(text)
    assert full(said) in found
    assert "means nothing" not in said or found.count("tried.yaml:") == 1


def test_a_sweep_without_a_scenario_is_told_so(problems) -> None:
    assert "no scenario is named" in problems(f"{SOBOL}factors: {{HABIT: declared}}", head="")


def entries(names, value: str) -> str:
    return "factors: {" + ", ".join(f'"{name}": {value}' for name in names) + "}"


ZIP = "design: {kind: zip}\n"
LHS = "design: {kind: latin_hypercube, points: 10000000}\n"
LARGE = [
    (SOBOL + entries((f"GAINS{n}" for n in range(1700)), "[1, 2]"), "mean GAINS"),
    (SOBOL + entries((f"r{n}*" for n in range(2500)), "declared"), "'r0*' is no number"),
    (SOBOL + entries(("*" * n for n in range(1, 300)), "declared"), "the factors up to here"),
    (SOBOL + "factors: {HABIT: declared}\nmeasures: [" + ", ".join(map(str, range(6000))) + "]",
     "measures.0 is 0"),
    (LHS + "factors: {GAINS: [0.3, 0.4]}\nchance: common", "points of levels alone may repeat"),
    (ZIP + "factors: {GAINS: {low: 0.3, high: 0.4, steps: 9000000}}", "steps is 9000000"),
    (GRID + "factors: {HABIT: [" + ", ".join(map(str, range(13100))) + "]}", "too many values"),
    (f"{GRID}factors: {{scenario: [{', '.join(f'us_exi{n}' for n in range(5000))}]}}",
     "unknown scenario 'us_exi0' — did you mean us_exit?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), LARGE)
def test_a_file_of_any_size_is_told_within_a_second(problems, text, said) -> None:
    assert full(said) in problems(text)


LEVER = "growth.russia"
LINES = {
    "good": "seed\n" + "\n".join(map(str, range(200_000))),
    "levers": f"{LEVER}\n" + "\n".join(str(n / 1e7) for n in range(200_000)),
    "blank": "\n" * 8_000_000,
    "many": "seed\n" + "7\n" * 4_000_000,
}


@pytest.mark.parametrize("name", LINES)
def test_a_table_of_any_size_is_told_within_a_second(problems, tmp_path, name) -> None:
    (tmp_path / "points.csv").write_text(LINES[name])
    found = problems("design: {kind: table, file: points.csv}\nmeasures: [alignment]")
    assert bool(found) == (name in ("blank", "many"))


def test_a_table_of_too_many_values_is_refused_before_it_is_read(problems, tmp_path) -> None:
    columns = [pa.nulls(1_000_001, pa.int8()) for _ in range(2)]  # a few kilobytes of file
    pq.write_table(pa.table(columns, names=["seed", "x"]), tmp_path / "points.parquet")
    found = problems("design: {kind: table, file: points.parquet}")
    assert "2 columns of 1,000,001 rows" in found
    assert "allowed: at most 200,000 values" in found


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("seed\n" + "\n".join(map(str, range(150))) + "\n7.5\n",
         "points.csv:152:1: column 'seed': the seed is 7.5"),
        ("seed\n" + "\n".join(map(str, range(150))) + "\n7\n", "line 152 is line 9 again"),
        ("GAINS,HABIT\n0.3,0.8\n\n0.4,0.8\n0.30,8e-1\n", "line 5 is line 2 again"),
        ("GAINS, GAINS\n0.3,0.4\n", "points.csv:1: columns are both"),
        ("GAINS,\n0.3,0.4\n", "points.csv:1: a column has no name"),
        ("GAINS,HABIT\n0.3,0.8\n0.4,\n", "points.csv:3:2: column 'HABIT': HABIT is empty"),
        ("GAINS,HABIT\n0.3,0.8\n0.4\n", "points.csv:3: it has 1 values, its head has 2"),
        ("GAINS\n0.3\n77\n0.4\n", "points.csv:3:1: column 'GAINS': GAINS is 77"),
        ("scenario,HABIT\nus_exit,0.8\nus_stays,0.99999\n",
         "points.csv:3:2: column 'HABIT': HABIT is 0.99999"),
        ("", "holds no point"),
    ],
)  # fmt: skip
def test_a_table_is_read_line_by_line(problems, tmp_path, rows, said) -> None:
    (tmp_path / "points.csv").write_text(full(rows), encoding="utf-8")
    assert full(said) in problems("design: {kind: table, file: points.csv}")


@pytest.mark.parametrize(
    ("columns", "names", "said"),
    [
        ([[[0.3], [0.4]]], [GAINS],
         f"points.parquet:1:1: row 1, column '{GAINS}': {GAINS} is a list"),
        ([[0.3, float("nan")]], [GAINS], "points.parquet:2:1: row 2"),
        ([[0.3, None]], [GAINS], "is empty"),
        ([["0.3", "0.4"]], [GAINS], "reads as a number"),
        ([[b"x", b"y"]], [GAINS], "is a bytes, not a number"),
        ([[0.3], [0.4]], [GAINS, GAINS], "are both"),
        ([[0.3, 0.4, 0.3]], [GAINS], "row 3 is row 1 again"),
    ],
)  # fmt: skip
def test_a_parquet_file_is_read_row_by_row(problems, tmp_path, columns, names, said) -> None:
    table = pa.Table.from_arrays([pa.array(own) for own in columns], names=names)
    pq.write_table(table, tmp_path / "points.parquet")
    assert said in problems("design: {kind: table, file: points.parquet}")


def test_scenarios_of_a_table_are_levels_and_hold_what_the_file_sets(loaded, tmp_path) -> None:
    rows = full("scenario,HABIT\nus_exit,0.8\nus_stays,0.9\n")
    (tmp_path / "points.csv").write_text(rows, encoding="utf-8")
    found = loaded("set: {GAINS: 0.3}\ndesign: {kind: table, file: points.csv}")
    assert [scenario.name for scenario in found.scenarios] == ["us_exit", "us_stays"]
    assert [scenario.fixed[GAINS] for scenario in found.scenarios] == [0.3, 0.3]
    assert found.runs_a_point == 1


def test_a_theory_holds_what_is_declared_but_not_what_the_file_names_itself(loaded) -> None:
    design = "theory: defensive_realism\ndesign: {kind: latin_hypercube, points: 4}\n"
    factors = loaded(f"{design}factors: {{'rules.*': declared}}").factors
    spans = {factor.name: (factor.low, factor.high) for factor in factors}
    assert spans[GAINS] == (0.0, 0.4)  # the theory's own range
    assert not [name for name in spans if name.endswith(".sufficiency")]  # fixed by the theory
    assert not [name for name in spans if name.endswith(".moving_zero")]  # a form decides


def test_a_lever_can_be_free_or_an_actor_in_a_list(loaded) -> None:
    points = "[{rule.afghanistan: free, seed: 3}, {rule.afghanistan: taliban, seed: 4}]"
    found = loaded(f"design: {{kind: list, points: {points}}}")
    assert [factor.levels for factor in found.factors if factor.is_text] == [("free", "taliban")]
    assert found.stated == ((0.0, 3.0), (1.0, 4.0))


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


@pytest.mark.parametrize(
    ("scenarios", "factors", "said"),
    [
        ("us_exit copy", "factors: {HABIT: [0.8, 0.9]}", "us_exit and copy come to the same"),
        ("weak strong", "set: {PRESSURE: 0.1}\nfactors: {HABIT: [0.8, 0.9]}",
         "weak and strong come to the same"),
        ("us_exit narrow", "factors: {HABIT: declared}", "the scenarios narrow HABIT differently"),
        ("us_exit fitted", "factors: {HABIT: [0.8, 0.9]}", "fitted draws numbers from the"),
        ("weak strong", "factors: {HABIT: [0.8, 0.9]}", ""),
        ("us_exit offensive", "factors: {HABIT: [0.8, 0.9]}", ""),
    ],
)  # fmt: skip
def test_incomparable_scenarios_are_told(problems, variants, scenarios, factors, said) -> None:
    paths = ", ".join(variants[name] for name in scenarios.split())
    found = problems(f"{GRID}{factors}", f"scenarios: [{paths}]\n")
    assert full(said) in found
    assert bool(said) == bool(found)


def test_a_scenario_named_by_its_file_is_a_level_like_any_other(loaded, variants) -> None:
    factors = f"scenario: [us_exit, {variants['weak']}], GAINS: [0.3, 0.4]"
    found = loaded(f"{GRID}factors: {{{factors}}}", head="")
    assert [factor.levels for factor in found.factors] == [("us_exit", "weak"), (0.3, 0.4)]

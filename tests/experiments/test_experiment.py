"""A sweep file is told everything that is wrong with it at once, and where; a good one is read."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eurasia_sim.cli.scenario import problems_of
from eurasia_sim.experiments.experiment import load_experiment, located, names
from eurasia_sim.files.data_yaml import DataError

# What stands for a design with the key of its factors, or for a path.
WORDS = {
    "GRID": "design: {kind: grid}\nfactors:",
    "ZIP": "design: {kind: zip}\nfactors:",
    "SOBOL": "design: {kind: sobol, points: 4}\nfactors:",
    "LIST": "design: {kind: list, points:",
    "MORRIS": "design: {kind: morris, trajectories: 4}\nfactors:",
    "GAINS": "rules.cooperation.relative_gains",
    "HABIT": "rules.allocation.habit",
    "PRESSURE": "pressure.united_states.china",
}
GAINS, HABIT = WORDS["GAINS"], WORDS["HABIT"]
TABLE = "design: {kind: table, file: points.csv}\nmeasures: [alignment]"


def full(text):
    for short, word in WORDS.items():
        text = text.replace(short, word)
    return text


@pytest.fixture
def problems(tmp_path, world):
    """Everything wrong with a sweep."""

    def told(text, scenarios="us_exit"):
        head = f"format: 2\nkind: sweep\ntitle: A try\nscenarios: [{scenarios}]\n"
        (tmp_path / "tried.yaml").write_text(full(f"{head}{text}\n"))
        return "\n".join(map(str, problems_of(str(tmp_path / "tried.yaml"), world)))

    return told


@pytest.fixture
def loaded(problems, tmp_path, world):
    """A sweep with which nothing is wrong."""

    def load(text, scenarios="us_exit"):
        assert not problems(text, scenarios)
        return load_experiment(tmp_path / "tried.yaml", world)

    return load


def test_every_ready_experiment_is_good_and_found_by_name_from_anywhere(
    repository, world, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    written = {path.stem: path.read_text("utf-8") for path in repository.glob("experiments/*.yaml")}
    assert {name: located(name).read_text("utf-8") for name in names()} == written
    sweeps = [name for name, text in written.items() if "kind: sweep" in text]
    assert len(sweeps) >= 5
    assert not [problem for name in sweeps for problem in problems_of(name, world)]
    with pytest.raises(DataError, match="did you mean relative_gains"):
        located("relative_gain")


def test_all_mistakes_are_said_at_once_with_their_lines_and_what_was_meant(problems, tmp_path):
    text = """theory: balance_of_thraet
design: {kind: sobol, points: 100}
factors:
  rules.allocation.habit: {low: x, high: 0.2}
  form.zeros: [moving]
  theory: [realism]
  seed: [-1]
measures: [7, competitoin]
window: ["2024-01", "2023-01"]
windo: 1
constraints: [{sum: {rules.allocation.habit: 1, rule: 1}, at_most: 2}]"""
    found = problems(text, "us_exi, 3, us_exit")
    for line, said in (
        (4, "did you mean us_exit"), (5, "did you mean balance_of_threat"), (6, "powers of two"),
        (8, "low is 'x'"), (9, "did you mean form.zero"), (10, "unknown theory"),
        (11, "seed is -1"), ("12:12", "measures.0 is 7"), ("12:15", "did you mean competition"),
        ("13:21", "allowed: 2024-01 to 2030-12"), (14, "did you mean window"), (15, "'rule' is no"),
    ):  # fmt: skip
        own = found.partition(f"{tmp_path / 'tried.yaml'}:{line}:")[2]
        assert said in own.partition("tried.yaml:")[0], found
    assert found.count("tried.yaml:") == 13
    wrong_kind = problems("design: {kind: gird}\nfactors: {HABIT: [9]}\ntheory: realism")
    told = [word in wrong_kind for word in ("gird", "unknown theory", "factor")]
    assert told == [True, True, False]


# What stands after the head, with one scenario, and what is said of it.
MISTAKES = [
    ("GRID {}", "needs factors"),
    ("GRID {HABIT: [0.8]}\nreplication: 3", "mean replications"),
    ("GRID {x: {levels: [0, 1], moves: {aid.chyna.tajikistan: [0, 1]}}}", "mean china"),
    ("design: {kind: latin_hypercube}\nfactors: {HABIT: declared}", "points is empty"),
    ("design: {kind: morris, trajectories: 4, levels: 5}\nfactors: {HABIT: declared}", "an even"),
    ("ZIP {HABIT: [0.8, 0.9], GAINS: [0.3]}", "as many levels"),
    # What a design has no use for.
    ("GRID {HABIT: {low: 0.7, high: 0.9}}", "allowed: levels or low high steps"),
    ("GRID {HABIT: {levels: [0.7, 0.8], steps: 4}}", "HABIT has levels steps"),
    ("GRID {HABIT: declared}", "allowed: [VALUE, ...] or {low"),
    ("SOBOL {seed: {low: 1, high: 9}}", "seed has low high in a sobol"),
    ("MORRIS {HABIT: [0.8, 0.9]}", "has levels in a morris"),
    ("design: {kind: grid, levels: 6}\nfactors: {HABIT: [0.8]}", "5:22: levels means nothing in a"),
    # Two that decide one thing.
    ("GRID {x: {levels: [0, 1], moves: {GAINS: [0.3, 0.4]}}, GAINS: [0.5]}", "'x' and 'GAINS' bo"),
    ("GRID {PRESSURE: [0.1], PRESSURE.2025-01: [0.3]}", "both set PRESSURE.2025-01"),
    ("SOBOL {'rules.*': declared, GAINS: declared}", "'rules.*' and 'GAINS' both set"),
    ("set: {GAINS: 0.3}\nGRID {GAINS: [0.4]}", "set: and 'GAINS' both"),
    ("set: {PRESSURE: 0.3}\nGRID {PRESSURE.2025-01: [0.4]}", "set: and 'PRESSURE"),
    ("set: {GAINS: 0.3}\nSOBOL {GAINS: declared}", "stands under set: too"),
    ("set: {GAINS: [0.3]}\nGRID {HABIT: [0.8]}", "GAINS is a list"),
    ("theory: balance_of_threat\nGRID {theory: all}", "theory: and 'theory' both"),
    ("forms: {zero: moving}\nGRID {form.zero: all}", "forms: and 'form.zero' both"),
    ("seed: 3\nGRID {seed: [1, 2]}", "seed: and 'seed' both"),
    # Values that cannot be run once and as written.
    ("GRID {HABIT: {low: 0, high: 5, steps: 3}}", "out of range"),
    ("GRID {HABIT: {low: 0.9, high: 0.7, steps: 3}}", "low 0.9 is not below high 0.7"),
    ("GRID {seed: [1, 1.0]}", "tried.yaml:6:21: a level of seed stands twice: 1 and 1.0"),
    ("GRID {seed: [7, 7.5]}", "6:21: seed is 7.5"),
    ("GRID {seed: {low: 1, high: 10, steps: 3}}", "no whole numbers"),
    (f"GRID {{seed: [{2**53 + 1}, 3]}}", f"seed is {2**53 + 1}"),
    (f"GRID {{GAINS: [0.3, {10**299}]}}", "beyond which digits are lost"),
    ("GRID {GAINS: [0.3, null]}", "GAINS is empty"),
    ("GRID {GAINS: [0.3, .nan]}", "GAINS is nan"),
    ("GRID {GAINS: [0.3, '0.3']}", "a number without quotes"),
    ("GRID {theory: [null, balance_of_threat]}", "theory is empty"),
    ("GRID {rule.afghanistan: [free, ' free']}", "without space around it"),
    ("GRID {' GAINS': [0.3, 0.4]}", "space around its name"),
    ("GRID {GAINS: all}", "is 'all', not a number"),
    ("GRID {x: {levels: [0, .nan], moves: {PRESSURE: [0.1, 0.2]}}}", "two numbers"),
    ("GRID {x: {levels: [0, 1], moves: {PRESSURE: [0.1, .nan]}}}", "PRESSURE is nan"),
    ("GRID {x: {levels: [0, 1], moves: {PRESSURE: [0.1, 0.1]}}}", "moves nothing"),
    ("GRID {x: {levels: [0, 1], moves: {seed: [1, 2]}}}", "allowed: numbers and levers"),
    # Points that are written down, and points that are left out.
    ("LIST [{GAINS: 0.3}, 4]}", "a list of points is needed"),
    ("LIST [{}]}", "design.points.0 is a mapping"),
    ("LIST [{GAINS: 0.3}, {HABIT: 0.8}]}", "point 1 names other factors than the first"),
    ("LIST [{GAINS: 0.3}, {GAINS: 0.4}, {GAINS: 0.30}]}", "this is point 0 again"),
    ("LIST\n  [{GAINS: 0.3},\n   {GAINS: [1, 2]}]}", "tried.yaml:7:39: GAINS is a list"),
    ("LIST [{scenario: us_stays}]}", "'us_exit' would never be run"),
    ("LIST [{GAINS: 0.3}]}\nfactors: {HABIT: [0.8]}", "points of a list say themselves"),
    ("design: {kind: sobol, points: [4, {GAINS: 1}]}\nfactors: {HABIT: declared}", "points is a"),
    ("constraints: [{sum: {HABIT: 1}, at_most: 1}]\nMORRIS {HABIT: declared}", "every point of it"),
    ("constraints: [{sum: {HABIT: 1}}]\nGRID {HABIT: [0.8]}", "needs at_least, at_most or both"),
    ("constraints: [{sum: {theory: 1}, at_most: 1}]\nGRID {theory: all}", "no numeric factor"),
    # Files that would come to very many points, factors or values.
    ("design: {kind: saltelli, points: 1099511627776}\nfactors: {HABIT: declared}", "points is 10"),
    ("design: {kind: saltelli, points: 549755813888}\nfactors: {'*': declared}", "which makes"),
    ("chance: common\nSOBOL {GAINS: [0.3, 0.4]}", "points of levels alone may repeat"),
    ("ZIP {GAINS: {low: 0.3, high: 0.4, steps: 9000000}}", "steps is 9000000"),
    ("GRID {GAINS: {low: 0.3, high: 0.4, steps: 100000}, HABIT: [0.8]}", "2 numbers and 100,001 l"),
    ("SOBOL {" + ", ".join(f"GAINS{n}: [1, 2]" for n in range(1700)) + "}", "mean GAINS"),
    ("SOBOL {" + ", ".join(f"'r{n}*': declared" for n in range(2500)) + "}", "'r0*' is no number"),
    ("SOBOL {" + ", ".join(f"'{'*' * n}': declared" for n in range(1, 300)) + "}", "up to here"),
    ("SOBOL {HABIT: declared}\nmeasures: " + str([*range(6000)]), "measures.0 is 0"),
    ("GRID {HABIT: " + str([*range(13100)]) + "}", "too many values"),
    ("GRID {scenario: " + str([f"us_exi{n}" for n in range(5000)]) + "}", "you mean us_exit?"),
    # Tables that cannot be had.
    ("design: {kind: table, file: ../points.csv}", "in the experiment's folder"),
    ("design: {kind: table, file: none.csv}", "none.csv:1:1: no such file"),
    ("design: {kind: table, file: points.txt}", "file: POINTS.csv, or .parquet"),
    ('design: {kind: table, file: "a\\0b.csv"}', "cannot be seen"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_each_mistake_is_named(problems, text, said):
    assert full(said) in problems(text)


SEEDS = "seed\n" + "\n".join(map(str, range(150)))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (f"{SEEDS}\n7.5\n", "points.csv:152:1: seed is 7.5"),
        (f"{SEEDS}\n7\n", "points.csv:152:1: this is the point of line 9 again"),
        ("seed\n1\nnan\n", "points.csv:3:1: seed is 'nan'"),
        ("GAINS,HABIT\n0.3,0.8\n\n0.4,0.8\n0.30,8e-1\n", "5:1: this is the point of line 2 again"),
        ("GAINS, GAINS\n0.3,0.4\n", "points.csv:1:1: a column has no name, or that of another"),
        ("GAINS,HABIT\n0.3,0.8\n0.4,\n", "points.csv:3:1: HABIT is empty"),
        ("GAINS,HABIT\n0.3,0.8\n0.4\n", "points.csv:3:1: it has 1 values, its head has 2"),
        ("GAINS\n0.3\n77\n0.4\n", "points.csv:3:1: GAINS is 77"),
        ("scenario,HABIT\nus_exit,0.8\nus_stays,0.99999\n", "points.csv:3:1: HABIT is 0.99999"),
        ("seed\n", "the table has 0 rows"),
        ("\n" * 8_000_000, "the table has 0 rows"),
        ("seed\n" + "7\n" * 4_000_000, "allowed: 1 to 100,000 values"),
        ("seed\n" + "\n".join(map(str, range(100_000))), ""),
        ("growth.russia\n" + "\n".join(str(n / 1e7) for n in range(100_000)), ""),
        # In parquet, by column; the large one is a few kilobytes, refused before it unfolds.
        ([("GAINS", [[0.3], [0.4]])], "points.parquet:1:1: GAINS is a list"),
        ([("GAINS", [0.3, float("nan")])], "points.parquet:2:1: GAINS is nan"),
        ([("GAINS", [b"x", b"y"])], "GAINS is b'x'"),
        ([("GAINS", [0.3, 0.4, 0.3])], "points.parquet:3:1: this is the point of row 1 again"),
        ([("seed", pa.nulls(1_000_001)), ("x", pa.nulls(1_000_001))], "has 1,000,001 rows"),
        ([("seed", list(range(100_000)))], ""),
        ([("scenario", ["us_exit", "us_exit"]), ("GAINS", [0.3, 0.4])], ""),
    ],
)
def test_a_table_of_any_size_is_told_row_by_row(problems, tmp_path, rows, said):
    text = TABLE
    if isinstance(rows, str):
        (tmp_path / "points.csv").write_text(full(rows), encoding="utf-8")
    else:
        heads, values = zip(*rows, strict=True)
        table = pa.Table.from_arrays([*map(pa.array, values)], names=[*map(full, heads)])
        pq.write_table(table, tmp_path / "points.parquet")
        text = TABLE.replace("csv", "parquet")
    found = problems(text)
    assert full(said) in found
    assert bool(found) == bool(said)


@pytest.mark.parametrize("design", ["csv", "parquet", "list"])
def test_points_have_scenarios_actors_and_free_levers_and_hold_what_the_file_sets(
    loaded, tmp_path, design
):
    heads = ("scenario", "rule.afghanistan", "seed")
    rows = pd.DataFrame([("us_exit", "free", 3), ("us_stays", "taliban", 4)], columns=heads)
    rows.to_csv(tmp_path / "points.csv", index=False)
    rows.to_parquet(tmp_path / "points.parquet")
    listed = f"LIST {rows.to_dict('records')}}}\nmeasures: [alignment]"
    text = listed if design == "list" else TABLE.replace("csv", design)
    found = loaded(f"set: {{GAINS: 0.3}}\n{text}")
    assert [scenario.name for scenario in found.scenarios] == ["us_exit", "us_stays"]
    assert [scenario.fixed[GAINS] for scenario in found.scenarios] == [0.3, 0.3]
    assert found.runs_a_point == 1
    assert [factor.levels for factor in found.factors][1:] == [("free", "taliban"), ()]
    assert found.stated == ((0.0, 0.0, 3.0), (1.0, 1.0, 4.0))


def test_a_theory_holds_what_is_declared_but_not_what_the_file_names_itself(loaded):
    factors = loaded("theory: defensive_realism\nSOBOL {'rules.*': declared}").factors
    spans = {factor.name: (factor.low, factor.high) for factor in factors}
    assert spans[GAINS] == (0.0, 0.4)  # the theory's own range
    assert not [name for name in spans if name.endswith(".sufficiency")]  # fixed by the theory
    assert not [name for name in spans if name.endswith(".moving_zero")]  # a form decides


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


LEVELS = "GRID {HABIT: [0.8, 0.9]}"


@pytest.mark.parametrize(
    ("scenarios", "text", "said"),
    [
        ("", "SOBOL {HABIT: declared}", "no scenario is named"),
        ("us_exit copy", LEVELS, "us_exit and copy come to the same"),
        ("weak strong", f"set: {{PRESSURE: 0.1}}\n{LEVELS}", "weak and strong come to the same"),
        ("us_exit narrow", "SOBOL {HABIT: declared}", "narrow HABIT differently"),
        ("us_exit fitted", LEVELS, "fitted draws numbers from the"),
        ("us_exit us_exit", LEVELS, "the scenario 'us_exit' stands twice"),
        ("weak strong", LEVELS, ""),
        ("us_exit offensive", LEVELS, ""),
        ("us_exit", "GRID {PRESSURE.2024-01: [0.1, 0.2], PRESSURE.2025-01: [0.3]}", ""),
    ],
)
def test_incomparable_scenarios_are_told(problems, variants, scenarios, text, said):
    found = problems(text, ", ".join(variants[name] for name in scenarios.split()))
    assert full(said) in found
    assert bool(said) == bool(found)


def test_a_scenario_named_by_its_file_is_a_level_like_any_other(loaded, variants):
    found = loaded(f"GRID {{scenario: [us_exit, {variants['weak']}], GAINS: [0.3, 0.4]}}", "")
    assert [factor.levels for factor in found.factors] == [("us_exit", "weak"), (0.3, 0.4)]

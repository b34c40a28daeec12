"""A sweep runs each value as it is written and none of them twice; what cannot be so is said before any work."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eurasia_sim.experiments.experiment import check_experiment, load_experiment
from eurasia_sim.world.world import World, load_world

HEAD = "format: 1\nkind: sweep\ntitle: A try\n"
ONE = "scenarios: [us_exit]\ndesign: {kind: grid}\n"
GAINS, HABIT, PRESSURE = (
    "rules.cooperation.relative_gains",
    "rules.allocation.habit",
    "pressure.united_states.china",
)
GRID, SOBOL = "design: {kind: grid}\n", "design: {kind: sobol, points: 4}\n"
OTHER = f"{HABIT}: [0.8, 0.9]"


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def said(folder: Path, world: World, text: str) -> str:
    """Everything wrong with a sweep, told within a second."""
    file = folder / "tried.yaml"
    short = text.replace("GAINS", GAINS).replace("HABIT", HABIT).replace("PRESSURE", PRESSURE)
    file.write_text(HEAD + short, encoding="utf-8")
    began = time.monotonic()
    found = "\n".join(map(str, check_experiment(file, world)))
    assert time.monotonic() - began < 1.0
    return found


@pytest.mark.parametrize(
    ("factors", "wrong"),
    [
        ("{seed: [1, 1.0]}", "tried.yaml:6:21: a level of seed stands twice: 1 and 1.0"),
        ("{seed: [7, 7.5]}", "6:21: the seed is 7.5"),
        ("{seed: {low: 1, high: 10, steps: 3}}", "no whole numbers"),
        (f"{{seed: [{2**53 + 1}, 3]}}", f"the seed is {2**53 + 1}"),
        (f"{{GAINS: [0.3, {10**299}]}}", "cannot be kept to its last digit"),
        ("{GAINS: [0.3, 0.30]}", "stands twice: 0.3 and 0.3"),
        ("{GAINS: [0.3, null]}", "is empty, not a number"),
        ("{GAINS: [0.3, true]}", "is true, not a number"),
        ("{GAINS: [0.3, .nan]}", "is nan, not a finite number"),
        ("{GAINS: [0.3, -.inf]}", "is -inf, not a finite number"),
        ("{GAINS: [0.3, [1]]}", "is a list, not a number"),
        ("{GAINS: [0.3, {a: 1}]}", "is a mapping, not a number"),
        ("{GAINS: [0.3, '0.3']}", "is the text '0.3', which reads as a number"),
        ("{theory: [null, balance_of_threat]}", "theory is empty, not a name"),
        ("{rule.afghanistan: [free, ' free']}", "space around it"),
        ("{' GAINS': [0.3, 0.4]}", "space around its name"),
        ("{'': [1]}", "a setting is path=value"),
        ("{GAINS: {low: 0.3, high: 0.30000000000000004, steps: 9}}", "stands twice"),
        (
            "{GAINS: {low: 0.2, high: 0.8, steps: 1000000000}}",
            "this grid is too large: it has 1,000,000,000 points",
        ),
        (
            "{GAINS: {low: 0.3, high: 0.4, steps: 100000}, HABIT: {low: 0.8, high: 0.9, steps: 100000}}",
            "too large",
        ),
        ("{x: {levels: [0, .nan], moves: {PRESSURE: [0.1, 0.2]}}}", "needs two numbers"),
        ("{x: {levels: [0, 1], moves: {PRESSURE: [0.1, .nan]}}}", "is nan, not a finite number"),
        ("{x: {levels: [0, 1], moves: {PRESSURE: [0.1, 0.1]}}}", "moves nothing"),
        ("{x: {levels: [0, 1], moves: {seed: [1, 2]}}}", "'seed' cannot be moved"),
    ],
)
def test_a_value_that_cannot_be_run_once_and_as_written_is_an_error(
    tmp_path: Path, world: World, factors: str, wrong: str
) -> None:
    assert wrong in said(tmp_path, world, f"{ONE}factors: {factors}\n")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"{GRID}factors: {{x: {{levels: [0, 1], moves: {{GAINS: [0.3, 0.4]}}}}, GAINS: [0.5]}}", "'x' and 'GAINS'"),
        ("design: {kind: grid}\nfactors: {PRESSURE: [0.1], PRESSURE.2025-01: [0.3]}", "both set PRESSURE.2025-01"),
        (f"{SOBOL}factors: {{'rules.*': declared, GAINS: declared}}", "'rules.*' and 'GAINS' both set"),
        (f"{SOBOL}factors: {{'rules.*': declared, '*': declared}}", "'rules.*' and '*' both set"),
        ("set: {GAINS: 0.3}\ndesign: {kind: grid}\nfactors: {GAINS: [0.4]}", "stands under set: too"),
        ("set: {PRESSURE: 0.3}\ndesign: {kind: grid}\nfactors: {PRESSURE.2025-01: [0.4]}", "stands under set: too"),
        ("set: {GAINS: 0.3}\ndesign: {kind: sobol, points: 4}\nfactors: {GAINS: declared}", "stands under set: too"),
        ("set: {GAINS: [0.3]}\ndesign: {kind: grid}\nfactors: {HABIT: [0.8]}", "is a list, not a number"),
        ("theory: balance_of_threat\ndesign: {kind: grid}\nfactors: {theory: all}", "stands under theory: too"),
        ("forms: {threat: additive}\ndesign: {kind: grid}\nfactors: {form.threat: all}", "stands under forms: too"),
        ("seed: 3\ndesign: {kind: grid}\nfactors: {seed: [1, 2]}", "stands under seed: too"),
        ("design: {kind: latin_hypercube, points: 4}\nfactors: {seed: {low: 1, high: 9}}", "a seed is a whole number"),
        ("design: {kind: saltelli, points: 1048576}\nfactors: {'*': declared}", "889,192,448 points"),
        ("design: {kind: list, points: [{GAINS: 0.3}, {GAINS: 0.4}, {GAINS: 0.30}]}", "point 2 is point 0 again"),
        ("design: {kind: list, points: [{GAINS: [1, 2]}]}", "is a list, not a number"),
        ("design: {kind: list, points: [{seed: 1}, {seed: .nan}]}", "the seed is nan"),
        ("design: {kind: list, points: [{scenario: us_stays}]}", "'us_exit' would never be run"),
        ('design: {kind: table, file: "a\\0b.csv"}', "cannot be read"),
    ],
)  # fmt: skip
def test_nothing_is_decided_twice_and_no_point_is_repeated(
    tmp_path: Path, world: World, text: str, wrong: str
) -> None:
    wrong = wrong.replace("GAINS", GAINS).replace("PRESSURE", PRESSURE)
    assert wrong in said(tmp_path, world, f"scenarios: [us_exit]\n{text}\n")


def test_two_dates_of_a_lever_are_two_decisions(tmp_path: Path, world: World) -> None:
    assert not said(
        tmp_path,
        world,
        f"{ONE}factors: {{PRESSURE.2024-01: [0.1, 0.2], PRESSURE.2025-01: [0.3]}}\n",
    )


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (
            "seed\n" + "\n".join(map(str, range(150))) + "\n7.5\n",
            "points.csv:152:1: column 'seed': the seed is 7.5",
        ),
        ("seed\n" + "\n".join(map(str, range(150))) + "\n7\n", "line 152 is line 9 again"),
        (f"{GAINS},{HABIT}\n0.3,0.8\n\n0.4,0.8\n0.30,8e-1\n", "line 5 is line 2 again"),
        (f"{GAINS}, {GAINS}\n0.3,0.4\n", "columns 1 and 2 of points.csv are both"),
        (f"{GAINS},\n0.3,0.4\n", "column 2 of points.csv has no name"),
        (
            f"{GAINS},{HABIT}\n0.3,0.8\n0.4,\n",
            f"points.csv:3:2: column '{HABIT}': {HABIT} is empty",
        ),
        (f"{GAINS},{HABIT}\n0.3,0.8\n0.4\n", "line 3 of points.csv has 1 values, its head has 2"),
        (f"{GAINS}\n0.3\n77\n0.4\n", f"points.csv:3:1: column '{GAINS}': {GAINS} is 77"),
        ("", "holds no point"),
    ],
)
def test_a_table_is_read_line_by_line(tmp_path: Path, world: World, rows: str, wrong: str) -> None:
    (tmp_path / "points.csv").write_text(rows, encoding="utf-8")
    assert wrong in said(
        tmp_path, world, "scenarios: [us_exit]\ndesign: {kind: table, file: points.csv}\n"
    )


@pytest.mark.parametrize(
    ("columns", "names", "wrong"),
    [
        (
            [[[0.3], [0.4]]],
            [GAINS],
            f"points.parquet:1:1: row 1, column '{GAINS}': {GAINS} is a list",
        ),
        ([[0.3, float("nan")]], [GAINS], "points.parquet:2:1: row 2"),
        ([[0.3, None]], [GAINS], "is empty"),
        ([[True, False]], [GAINS], "is true, not a number"),
        ([["0.3", "0.4"]], [GAINS], "reads as a number"),
        ([[b"x", b"y"]], [GAINS], "is a bytes, not a number"),
        ([[0.3], [0.4]], [GAINS, GAINS], "are both"),
        ([[0.3, 0.4, 0.3]], [GAINS], "row 3 is row 1 again"),
    ],
)
def test_a_parquet_file_is_read_row_by_row(
    tmp_path: Path, world: World, columns: list[list[object]], names: list[str], wrong: str
) -> None:
    pq.write_table(
        pa.Table.from_arrays([pa.array(own) for own in columns], names=names),
        tmp_path / "points.parquet",
    )
    assert wrong in said(
        tmp_path, world, "scenarios: [us_exit]\ndesign: {kind: table, file: points.parquet}\n"
    )


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """Scenarios of one parent that differ from it, or from each other, in one thing each."""
    changes = {
        "copy": "",
        "weak": "levers: {pressure: {united_states: {china: 0.3}}}\n",
        "strong": "levers: {pressure: {united_states: {china: 0.9}}}\n",
        "offensive": "theory: offensive_realism\n",
        "fixed": f"uncertain: {{{GAINS}: [0.3, 0.3]}}\n",
    }
    for name, change in changes.items():
        text = f"format: 1\ntitle: One\nextends: us_exit\n{change}"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "rest", "wrong"),
    [
        ("us_exit, copy", OTHER, "us_exit and copy come to the same"),
        (
            "weak, strong",
            f"{PRESSURE}: [0.1, 0.2]",
            f"{PRESSURE} overwrites all that weak and strong differ in",
        ),
        (
            "weak, strong",
            f"x: {{levels: [0, 1], moves: {{{PRESSURE}: [0.1, 0.2]}}}}",
            "x overwrites all that weak",
        ),
        (
            "us_exit, offensive",
            "theory: all",
            "theory overwrites all that us_exit and offensive differ in",
        ),
        (
            "us_exit, fixed",
            f"{GAINS}: [0.4, 0.5]",
            f"{GAINS} overwrites all that us_exit and fixed differ in",
        ),
        ("weak, strong", OTHER, ""),
        ("weak, strong", f"{PRESSURE}.2026-01: [0.1, 0.2]", ""),
        ("us_exit, offensive", OTHER, ""),
    ],
)
def test_scenarios_that_come_to_the_same_runs_are_told(
    scenarios: Path, world: World, names: str, rest: str, wrong: str
) -> None:
    paths = ", ".join(
        name if name == "us_exit" else f'"{scenarios / name}.yaml"' for name in names.split(", ")
    )
    found = said(
        scenarios, world, f"scenarios: [{paths}]\ndesign: {{kind: grid}}\nfactors: {{{rest}}}\n"
    )
    assert wrong in found
    assert bool(wrong) == bool(found)


def test_one_scenario_by_two_names_in_a_list_repeats_a_point(scenarios: Path, world: World) -> None:
    copy = f'"{scenarios / "copy"}.yaml"'
    points = f"[{{scenario: us_exit, GAINS: 0.3}}, {{scenario: {copy}, GAINS: SECOND}}]"
    text = f"design: {{kind: list, points: {points}}}\n"
    assert "us_exit and copy come to the same" in said(
        scenarios, world, text.replace("SECOND", "0.3")
    )
    assert not said(scenarios, world, text.replace("SECOND", "0.4"))


def test_a_scenario_named_by_its_file_is_a_level_like_any_other(
    scenarios: Path, world: World
) -> None:
    text = f'design: {{kind: grid}}\nfactors: {{scenario: [us_exit, "{scenarios / "weak"}.yaml"], GAINS: [0.3, 0.4]}}\n'
    assert not said(scenarios, world, text)
    found = load_experiment(scenarios / "tried.yaml", world)
    assert [factor.levels for factor in found.factors] == [("us_exit", "weak"), (0.3, 0.4)]


def test_what_a_file_sets_holds_in_scenarios_that_a_table_names(
    tmp_path: Path, world: World
) -> None:
    (tmp_path / "points.csv").write_text(
        f"scenario,{HABIT}\nus_exit,0.8\nus_stays,0.9\n", encoding="utf-8"
    )
    assert not said(
        tmp_path, world, f"set: {{{GAINS}: 0.3}}\ndesign: {{kind: table, file: points.csv}}\n"
    )
    found = load_experiment(tmp_path / "tried.yaml", world)
    assert [scenario.fixed[GAINS] for scenario in found.scenarios] == [0.3, 0.3]

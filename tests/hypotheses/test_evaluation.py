"""Readings of a run, effects and maps of rivals by hand, and files of hypotheses read."""

import math

import numpy as np
import pytest

from eurasia_sim.cli.scenario import problems_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.hypotheses.arms import Plan, effect, read
from eurasia_sim.hypotheses.evaluation import EVERY, cell_rows, map_table
from eurasia_sim.hypotheses.hypothesis import Axis, ContrastMap, Part, Smallest
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.hypotheses.verdicts import Spread
from eurasia_sim.scenarios.outcome_columns import Metric

MONTHS = {
    "a": np.array([[1.0, 2.0, 3.0, 4.0]]),
    "b": np.array([[3.0, 2.0, 1.0, 0.0]]),
    "c": np.array([[2.0, 2.0, 4.0, 4.0]]),
    "none": np.zeros((1, 4)),
}


def metric(kind: str, *columns: str, **changed: object) -> Metric:
    given = {"less": (), "over": (), "log": False, "read": "mean", "level": 0.0, **changed}
    return Metric(kind=kind, columns=columns, **given)


def part(name: str, plus=(), less=()) -> Part:
    return Part("", plus, less, metric("sum", name), (0, 4), "+", Smallest(0.1), "")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (metric("sum", "a", "b"), 4.0),
        (metric("mean", "a", "b"), 2.0),
        (metric("least", "a", "b"), (1 + 2 + 1 + 0) / 4),
        (metric("greatest", "a", "b"), (3 + 2 + 3 + 4) / 4),
        (metric("sum", "a", less=("b",)), (-2 + 0 + 2 + 4) / 4),
        (metric("sum", "a", over=("c",)), (0.5 + 1 + 0.75 + 1) / 4),
        (metric("sum", "a", over=("none",)), 0.0),  # nothing of nothing is none of it
        (metric("sum", "c", log=True), (2 * math.log(2) + 2 * math.log(4)) / 4),
        (metric("sum", "a", read="slope"), 12.0),  # one a month is twelve a year
        (metric("sum", "b", read="slope"), -12.0),
        (metric("sum", "a", read="months_until", level=3.0), 2.0),
        (metric("sum", "a", read="months_until", level=9.0), 4.0),  # never: all of the window
    ],
)
def test_a_metric_reads_what_a_sum_by_hand_gives(asked, answer):
    assert read(asked, (0, 4), 0, MONTHS) == pytest.approx([answer])


def test_a_window_leaves_other_months_out_and_a_failed_run_reads_as_missing():
    assert read(metric("sum", "a"), (12, 14), 10, MONTHS) == pytest.approx([3.5])
    broken = {"a": np.full((1, 4), np.nan)}
    for how in ("mean", "slope", "months_until"):
        assert np.isnan(read(metric("sum", "a", read=how, level=1.0), (0, 4), 0, broken)).all()


def test_an_effect_is_what_some_arms_give_less_what_others_give():
    one, two, three, four = (("one", ()), ("two", ()), ("three", ()), ("four", ()))
    asked = part("a", (one, two), (three, four))
    plan = Plan(None, (four, three, two, one), ((asked.metric, asked.window),))
    values = np.array([[4.0], [3.0], [20.0], [10.0]])[:, :, None]
    assert effect(plan, asked, values) == pytest.approx([10 + 20 - 3 - 4])


MAP = ContrastMap(
    "ground", "Where?", "base",
    Axis(label="presence", levels={"there": {"p": 1.0}, "half": {"p": 0.5}, "gone": {"p": 0.0}}),
    (Axis(label="threat", levels={"high": {"t": 1.0}, "low": {"t": 0.0}}),
     Axis(label="pressure", levels={"as it is": {}, "more": {"q": 1.0}})),
    {"a": part("a"), "b": part("b")}, {"one": ("a",), "other": ("a", "b")}, "0",
)  # fmt: skip


def test_a_map_sets_every_later_level_beside_the_first_in_every_cell():
    assert len(set(MAP.cells())) == len(list(MAP.cells())) == 2 * 2 * 2
    found = MAP.part("a", "gone", "low", "more")
    assert found.plus == (("base", (("p", 0.0), ("q", 1.0), ("t", 0.0))),)
    assert found.less == (("base", (("p", 1.0), ("q", 1.0), ("t", 0.0))),)
    assert MAP.part("a", "half", "high", "as it is").plus == (("base", (("p", 0.5), ("t", 1.0))),)


def test_a_rival_holds_where_all_of_its_readings_do():
    given = {"a": [0.2, 0.2, -0.2, 0.0, np.nan], "b": [0.2, -0.2, -0.2, 0.2, 0.2]}
    changes = {
        name: Spread(part(name), np.array(own), np.full(5, 0.1), np.empty((0, 5)))
        for name, own in given.items()
    }
    rows = {row["name"]: row for row in cell_rows(MAP, changes)}
    assert all(row["n"] == 4 for row in rows.values())  # the failed run counts nowhere
    assert rows["a"]["mean"] == pytest.approx(0.05)
    shares = {"a": (0.5, 0.25), "one": (0.5, 0.25), "other": (0.25, 0.25)}
    assert {k: (rows[k]["holds"], rows[k]["mirrored"]) for k in shares} == shares
    assert rows["one and other"]["holds"] == 0.25


@pytest.fixture(scope="module")
def packaged(repository, world):
    return load_hypotheses(repository / "experiments" / "hypotheses.yaml", world)


@pytest.fixture
def changed(packaged, tmp_path, world):
    """The packaged family with one text in place of another."""

    def loaded(before: str, after: str):
        text = packaged.path.read_text(encoding="utf-8")
        assert before in text
        (tmp_path / "changed.yaml").write_text(text.replace(before, after), encoding="utf-8")
        return load_hypotheses(tmp_path / "changed.yaml", world)

    return loaded


RIVAL = "      H2: [aim of Russia, aim of China]"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (RIVAL, RIVAL.replace("H2", "H99"), "unknown hypothesis 'H99'"),
        (RIVAL, RIVAL.replace("aim of C", "C"), "unknown reading 'China'"),
        ("states.afghanistan.forces: 45", "states.atlantis.forces: 45", "atlantis"),
        ("united_states.china: 0.95", "united_states.china: 95", "95"),
    ],
)  # fmt: skip
def test_a_map_that_cannot_be_run_is_refused_with_its_line(changed, before, after, said):
    with pytest.raises(DataError) as told:
        changed(before, after)
    assert any(said in problem.message and problem.line > 400 for problem in told.value.problems)


def test_maps_leave_the_hash_of_the_hypotheses_alone_and_run_only_with_both_rivals(
    packaged, changed
):
    found = changed("afghanistan.forces: 2250", "afghanistan.forces: 2000")
    assert found.digest == packaged.digest
    assert found.maps[0].digest != packaged.maps[0].digest
    assert changed("of_level: 0.1", "of_level: 0.2").digest != packaged.digest
    (contrast,) = packaged.maps
    assert packaged.chosen(list(contrast.rivals)).maps == (contrast,)
    assert packaged.chosen(list(contrast.rivals)[:1]).maps == ()


@pytest.mark.slow
def test_a_map_of_the_packaged_world_has_every_cell_under_every_theory_but_the_null(
    packaged, world
):
    (contrast,) = packaged.maps
    table = map_table(world, contrast, 2, seed=5)
    theories = [EVERY, *(theory for theory in world.theories if theory != world.null_theory)]
    names = len(contrast.readings) + len(contrast.rivals) + 1
    assert len(table) == len(list(contrast.cells())) * len(theories) * names
    together = table[table["theory"] == EVERY]
    assert (together["n"] == 2 * (len(theories) - 1)).all()
    assert together["holds"].between(0, 1).all()
    assert table.equals(map_table(world, contrast, 2, seed=5, workers=1))


FAULTY = """format: 2
kind: hypotheses
title: t
window: ['2022-01', '2031-12']
hypotheses:
  H1:
    needs: [C1, C2]
    says: s
    all:
      - {plus: [us_exi], metric: {mean: [nothing]}}
      - {plus: [us_exi], metric: {mean: [nothing]}, sign: '+', window: ['2023-01', '2022-01']}
  C1: {kind: control}
"""


def test_all_that_is_wrong_with_a_file_is_said_at_once_and_stands_at_its_entry(world, tmp_path):
    (file := tmp_path / "faulty.yaml").write_text(FAULTY)
    found = {(each.line, each.column): str(each) for each in problems_of(str(file), world)}
    told = {
        (4, 21): "2031-12 lies outside", (7, 17): "unknown control 'C2'",
        (10, 9): "'sign' is missing", (11, 17): "mean us_exit", (11, 42): "unknown column",
        (11, 84): "allowed: 2023-01 to 2030-12", (12, 7): "'says' is missing",
    }  # fmt: skip
    assert list(found) == list(told)
    assert all(word in found[place] for place, word in told.items())


ARMS = {
    "us_exi%d": (5000, "unknown scenario 'us_exi0' — did you mean us_exit?"),
    "us_exit": (5000, ""),
    "{scenario: us_exit, set: {growth.russia: 0.001%d}}": (800, ""),
}


@pytest.mark.parametrize("arm", ARMS)
def test_hypotheses_of_any_size_are_told(world, tmp_path, arm):
    many, said = ARMS[arm]
    arms = ", ".join(arm.replace("%d", str(n)) for n in range(many))
    head = "format: 2\nkind: hypotheses\ntitle: t\nwindow: ['2022-01', '2025-12']\n"
    one = "metric: {mean: [alignment.russia.china]}, sign: '+', smallest: 0.1, because: b"
    (file := tmp_path / "many.yaml").write_text(
        f"{head}hypotheses: {{H: {{says: s, all: [{{plus: [{arms}], {one}}}]}}}}\n"
    )
    found = "\n".join(map(str, problems_of(str(file), world)))
    assert said in found
    assert bool(found) == bool(said)

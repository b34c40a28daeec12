"""Which runs pass which patterns, by hand; and what counts, and scores."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.validation.patterns import (
    FILE,
    HALVES,
    Pattern,
    circularity,
    halves,
    load_patterns,
)
from eurasia_sim.validation.scores import (
    BASELINES,
    brier_score,
    extended,
    margin,
    pass_matrix,
    passed,
    pattern_table,
    quantity,
    scores,
    standing_still,
    within_reach,
)
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World, load_world

ONE = Pattern(
    "one", "", "order", "training", (), (), "", ("a",), (), ((0, 3),), 0.0, 0.0, True, "x:1"
)
RISE, FALL, FLAT = [0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]
FAILED, HIGH = [np.nan] * 4, [2.0] * 4


def pattern(kind: Any, *windows: tuple[int, int], **changed: Any) -> Pattern:
    return replace(ONE, kind=kind, windows=windows, **changed)


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


ORDER, BAND = pattern("order", (0, 3)), pattern("band", (0, 3), low=1.0, high=1.5)
SIGN = pattern("sign", (0, 1), (2, 3))
UP = pattern("window", (2, 3), low=2.0, high=2.0)
DOWN = pattern("window", (1, 2), low=1.0, high=1.0, rises=False)


@pytest.mark.parametrize(
    ("asked", "passing", "failing"),
    [
        (ORDER, [[0.1] * 4], [[-0.1] * 4, [0.0] * 4, FAILED]),
        (SIGN, [RISE], [FALL, FLAT, FAILED]),
        (replace(SIGN, rises=False), [FALL], [RISE, FLAT]),
        (BAND, [RISE, FLAT], [HIGH, FAILED]),
        (UP, [RISE], [HIGH, [0, 2, 2, 2], FAILED]),
        (DOWN, [FALL], [RISE, [3, 3, 3, 1]]),
    ],
)
def test_a_run_passes_as_a_look_at_it_says(asked: Pattern, passing: Any, failing: Any) -> None:
    answer = [True] * len(passing) + [False] * len(failing)
    assert passed(asked, np.array([*passing, *failing], float)).tolist() == answer


@pytest.mark.parametrize(
    ("asked", "values", "answer"),
    [
        (pattern("order", (0, 1)), [0.1, 0.3, 9.0, 9.0], 0.2),
        (SIGN, RISE, 2.0),
        (replace(SIGN, rises=False), RISE, -2.0),
        (replace(BAND, high=1.6), RISE, 0.1),
        (replace(BAND, low=2.0, high=3.0), RISE, -0.5),
        (UP, RISE, 1.0),  # reaches 3 inside, is 1 short of 2 before
        (replace(UP, low=0.5, high=0.5), RISE, -0.5),  # was there before
        (pattern("window", (0, 3), low=5.0, high=5.0), RISE, -2.0),  # never gets there
    ],
)
def test_a_margin_says_by_how_much(asked: Pattern, values: list[float], answer: float) -> None:
    assert margin(asked, np.array([values])) == pytest.approx([answer])


def test_what_a_pattern_reads_is_a_mean_less_a_mean() -> None:
    months = {name: np.array([[value]]) for name, value in {"a": 1.0, "b": 3.0, "c": 10.0}.items()}
    found = quantity(replace(ONE, of=("a", "b"), less=("c",)), months)
    assert found == pytest.approx(np.array([[-8.0]]))


def test_a_world_that_stands_still_shows_no_change() -> None:
    months = {"a": np.array([RISE, FALL])}
    assert pass_matrix([SIGN, ORDER], standing_still(months)).tolist() == [
        [False, False],
        [False, True],
    ]


def test_a_pattern_counts_where_it_is_no_circle_and_a_baseline_fails_it(world: World) -> None:
    asked = [replace(ONE, id=name) for name in ("plain", "circle", "easy")]
    circular = {"plain": [], "circle": ["it rests on itself"], "easy": []}
    fails = (np.array([0.9, 0.0, 0.9]), np.array([0.4, 0.0, 0.6]))
    shares = {"model": np.full(3, 0.7), **dict(zip(BASELINES, fails, strict=True))}
    assert pattern_table(asked, circular, shares, world)["counted"].tolist() == [True, False, False]


def test_a_score_is_a_mean_and_a_brier_score_a_squared_miss() -> None:
    sides = {side: [0.5, 1.0, 0.0] for side in ("model", "reference", "null", "unchanged")}
    table = pd.DataFrame({"half": [*HALVES, HALVES[1]], "counted": [True, True, False], **sides})
    every, training, held_back = scores(table)
    assert (every["patterns"], every["score"]["model"], every["brier"]["null"]) == (2, 0.75, 0.125)
    assert (training["score"]["model"], held_back["score"]["model"]) == (0.5, 1.0)
    assert brier_score(np.array([0.0, 1.0, 0.5])) == pytest.approx(1.25 / 3)
    assert np.isnan(brier_score(np.array([])))


def test_halves_divide_every_kind_evenly_and_nothing_added_moves_them() -> None:
    kinds = {f"p{at}": ("sign", "order")[at % 2] for at in range(12)}
    found = halves(kinds)
    for kind in ("sign", "order"):
        own = [found[name] for name in kinds if kinds[name] == kind]
        assert own.count(HALVES[0]) == own.count(HALVES[1]) == 3
    more = halves({**kinds, "p12": "sign", "p13": "band"})
    assert {name: more[name] for name in kinds} == found


def test_a_scenario_goes_on_to_a_later_month_and_meets_more_patterns(world: World) -> None:
    record = as_recorded(world)
    longer = extended(record, world.month("2025-12"))
    assert (longer.months, longer.steps) == (world.month("2025-12") + 1, record.steps)
    every = load_patterns(world)
    assert within_reach(every, record.months) == every
    assert 0 < len(within_reach(every, world.month("2010-12") + 1)) < len(every)


def test_the_record_as_a_file_and_as_the_world_holds_it_are_one_scenario(world: World) -> None:
    assert as_recorded(world).digest == load_scenario("record", world).digest


def test_twenty_five_patterns_are_no_circles_and_one_behind_its_own_measure_is(
    world: World,
) -> None:
    ancestry = Ancestry(world, load_evidence(world.directory))
    free = [pattern for pattern in load_patterns(world) if not circularity(pattern, ancestry)]
    assert len(free) >= 25
    assert {pattern.half for pattern in free} == set(HALVES)
    number = "actors.russia.affinity.taliban"
    claim = next(iter(world.numbers[number].claims()))
    own = replace(ONE, claims=(claim,), of=("alignment.russia.taliban",))
    other = replace(ONE, claims=(claim,), of=("stability.kazakhstan",))
    assert any(number in why for why in circularity(own, ancestry))
    assert not any("affinity" in why for why in circularity(other, ancestry))


PATTERN = """
risen:
  says: It rose.
  claims: [{claim}]
  half: {half}
  sign:
    of: [stability.kazakhstan]
    direction: rises
    earlier: [2001-10, 2005-12]
    later: [2016-01, 2020-12]
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("says: It rose.", "says: 3", "risen.says is 3"),
        (
            "sign:",
            "band: {{of: [x], within: [0, 1], during: [2001-10, 2002-10]}}\n  sign:",
            "it has 2",
        ),
        ("claims:", "note: x # ", "risen rests on nothing; give claims"),
        ("claims: [", "claims: [nothing_such, ", "nothing_such, which claims.yaml does not hold"),
        ("2001-10", "1066-10", "is upside down or outside"),
        ("2001-10", "2001-13", "2001-13"),
        ("2016-01", "2004-01", "must begin after the earlier one has ended"),
        ("stability.kazakhstan", "stabilty.kazakhstan", "did you mean stability.kazakhstan"),
        ("half: ", "half: x #", "risen.half is 'x'"),
        ("half: {half}", "half: {other}", "by the rule it is"),
    ],
)
def test_a_wrong_pattern_says_its_line_and_what_would_be_right(
    world: World, tmp_path: Path, before: str, after: str, said: str
) -> None:
    for path in world.directory.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / FILE).unlink()
    claim = load_evidence(world.directory).claims[0].id
    (half,) = halves({"risen": "sign"}).values()
    other = HALVES[half == HALVES[0]]
    text = PATTERN.replace(before, after)
    text = text.format(claim=claim, half=half, other=other)
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"{FILE}:\d+: .*{re.escape(said)}"):
        load_patterns(replace(world, directory=tmp_path))

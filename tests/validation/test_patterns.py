"""Which runs pass which patterns, by hand; and what counts."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.filter import opening_series
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.validation.patterns import (
    BASELINES,
    FILE,
    SIDES,
    Pattern,
    Validation,
    circularity,
    load_patterns,
    pass_shares,
    pattern_table,
)
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World

ONE = Pattern("one", "", "order", (), (), ("a",), (), ((0, 3),), 0.0, 0.0, True)
RISE, FALL, FLAT = [0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]
FAILED, HIGH = [np.nan] * 4, [2.0] * 4


def pattern(kind: str, *windows: tuple[int, int], **changed: Any) -> Pattern:
    return replace(ONE, kind=kind, windows=windows, **changed)


BAND = pattern("band", (0, 3), low=1.0, high=1.5)
SIGN = pattern("sign", (0, 1), (2, 3))
UP = pattern("window", (2, 3), low=2.0, high=2.0)


@pytest.mark.parametrize(
    ("asked", "passing", "failing"),
    [
        (ONE, [[0.1] * 4], [[-0.1] * 4, [0.0] * 4, FAILED]),
        (pattern("order", (0, 1)), [[0.1, 0.3, -9, -9]], [[-0.1, 0.0, 9, 9]]),
        (SIGN, [RISE], [FALL, FLAT, FAILED]),
        (replace(SIGN, rises=False), [FALL], [RISE, FLAT]),
        (BAND, [RISE, FLAT], [HIGH, FAILED]),
        (replace(BAND, low=1.6, high=3.0), [HIGH], [RISE]),
        (UP, [RISE], [HIGH, [0, 2, 2, 2], FAILED]),
        (replace(UP, low=0.5, high=0.5), [[0, 0, 1, 1]], [RISE]),  # was there before
        (pattern("window", (1, 2), low=1.0, high=1.0, rises=False), [FALL], [RISE, [3, 3, 3, 1]]),
        (replace(ONE, of=("a", "b"), less=("c",)), [HIGH], [FLAT]),  # (a + 3) / 2 > 2.25
    ],
)
def test_a_run_passes_as_a_look_at_it_says(asked: Pattern, passing: Any, failing: Any) -> None:
    values = np.array([*passing, *failing], float)
    months = {"a": values, "b": np.full(values.shape, 3.0), "c": np.full(values.shape, 2.25)}
    assert asked.passed(months).tolist() == [True] * len(passing) + [False] * len(failing)


def test_a_world_that_stands_still_shows_no_change(world: World) -> None:
    inputs = prepare(world, as_recorded(world))
    asked = [
        replace(each, of=("stability.afghanistan",), windows=((0, 11), (180, 200)))
        for each in (SIGN, replace(SIGN, rises=False))
    ]
    own, still, failed = pass_shares(asked, inputs, reference_draws(inputs, 3, 7))
    assert (own.sum(), still.tolist(), failed) == (pytest.approx(1.0), [0.0, 0.0], 0)


def test_a_pattern_counts_where_it_is_no_circle_and_a_baseline_fails_it(world: World) -> None:
    asked = [replace(ONE, id=name) for name in ("plain", "circle", "easy", "hard")]
    circular = {"plain": [], "circle": ["it rests on itself"], "easy": [], "hard": []}
    fails = (np.array([0.9, 0.0, 0.9, 0.2]), np.array([0.4, 0.0, 0.6, 0.2]))
    shares = {"model": np.array([0.7, 0, 0, 0.4]), **dict(zip(BASELINES, fails, strict=True))}
    table = pattern_table(asked, circular, shares, world)
    assert table["counted"].tolist() == [True, False, False, True]
    scores = Validation(table, {}, (), table).scores
    assert list(scores) == ["patterns", *SIDES]
    assert (scores["patterns"], scores["model"], scores["null"]) == pytest.approx((2, 0.55, 0.55))


def test_the_record_as_a_file_and_as_the_world_holds_it_are_one_scenario(world: World) -> None:
    assert as_recorded(world).digest == load_scenario("record", world).digest


def test_twenty_five_patterns_are_no_circles_and_one_behind_its_own_measure_is(
    world: World,
) -> None:
    given = Ancestry(world, load_evidence(world.directory)), opening_series(world)
    free = [pattern for pattern in load_patterns(world) if not circularity(pattern, *given)]
    assert len(free) >= 25
    number = "actors.russia.affinity.taliban"
    claim = next(iter(world.numbers[number].claims()))
    own = replace(ONE, claims=(claim,), of=("alignment.russia.taliban",))
    other = replace(ONE, claims=(claim,), of=("stability.kazakhstan",))
    assert any(number in why for why in circularity(own, *given))
    assert not any("affinity" in why for why in circularity(other, *given))
    level = replace(ONE, source=({"cite": "bailey2017"},), of=("alignment.russia.china",))
    assert any("opens from" in why for why in circularity(level, *given))
    assert not circularity(replace(level, kind="sign"), *given)


PATTERN = """
risen:
  says: It rose.
  claims: [{claim}]
  sign:
    of: [stability.kazakhstan]
    direction: rises
    earlier: ["2001-10", "2005-12"]
    later: ["2016-01", "2020-12"]
"""
BAND_TOO = 'band: {{of: [x], within: [0, 1], during: ["2001-10", "2002-10"]}}\n  sign:'
UPSIDE_DOWN = 'band: {{of: [x], within: [1, 0], during: ["2001-10", "2002-10"]}}\n  sign:'


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("says: It rose.", "says: 3", "risen.says is 3"),
        ("sign:", BAND_TOO, "an entry with one test: order, sign, band or window"),
        ("sign:", UPSIDE_DOWN, "risen.band.within is a list"),
        ("claims:", "note: x # ", "an entry with claims, or a source"),
        ("claims: [", "claims: [nothing_such, ", "nothing_such, which claims.yaml does not hold"),
        ("2001-10", "1066-10", "risen is of months outside 2001-10 to"),
        ("2001-10", "2007-10", "the lower or earlier end first"),
        ("2001-10", "2001-13", "risen.sign.earlier.0 is '2001-13'"),
        ("2016-01", "2004-01", "must begin after the earlier one has ended"),
        ("stability.kazakhstan", "stabilty.kazakhstan", "did you mean stability.kazakhstan"),
    ],
)
def test_a_wrong_pattern_says_its_line_and_what_would_be_right(
    world: World, tmp_path: Path, before: str, after: str, said: str
) -> None:
    for path in world.directory.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / FILE).unlink()
    claim = load_evidence(world.directory).claims[0].id
    text = PATTERN.replace(before, after).format(claim=claim)
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"(?s){FILE}:\d+:\d+: .*{re.escape(said)}"):
        load_patterns(replace(world, directory=tmp_path))

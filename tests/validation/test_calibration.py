"""A fit whose answer is known, and a posterior that can be drawn again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import InputProblems
from eurasia_sim.scenarios.posterior import (
    FILE,
    Posterior,
    check_fits,
    digest_of_ranges,
    plain,
    read_posterior,
)
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import Draws, posterior_draws, range_draws, ranges_of
from eurasia_sim.validation.calibration import (
    FALSE_DISCOVERIES,
    contractions,
    nearest_draws,
    shortfalls,
)
from eurasia_sim.world.world import World, load_world


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


@pytest.fixture(scope="module")
def inputs(world: World) -> Inputs:
    return prepare(world, as_recorded(world))


def posterior_of(world: World, inputs: Inputs, *kept: int) -> Posterior:
    return Posterior("x", inputs.theory, 40, 3, kept, digest_of_ranges(ranges_of(world, inputs)))


def test_a_pattern_passed_is_no_shortfall_and_a_missed_one_counts_in_standard_deviations() -> None:
    margins = np.array([[1.0, -4.0], [-1.0, -4.0]])  # the first column spreads by 1, the second not
    assert shortfalls(margins).tolist() == [[0.0, 4.0], [1.0, 4.0]]


def test_the_draws_that_miss_least_are_kept_closest_first_and_failed_ones_never() -> None:
    margins = np.array([[-3.0], [np.nan], [-1.0], [5.0], [-2.0]])
    assert nearest_draws(margins, 3).tolist() == [3, 2, 4]
    with pytest.raises(DataError, match="only 4 of 5 runs finished"):
        nearest_draws(margins, 5)


def test_a_number_that_decides_contracts_and_one_that_does_not_stays() -> None:
    rng = np.random.default_rng(5)
    drawn = {"cause": rng.random(2000), **{f"idle{at}": rng.random(2000) for at in range(30)}}
    kept = nearest_draws((drawn["cause"] - 0.9)[:, None], 200)  # passes above 0.9
    nothing = np.zeros(2000)
    draws = Draws(nothing.view(np.void), nothing[:, None], nothing.astype(np.uint64), drawn)
    found = contractions(draws, kept, dict.fromkeys(drawn, (0.0, 1.0))).set_index("number")
    assert found.index[0] == "cause"
    assert found.loc["cause", "contraction"] > 0.85  # a tenth of the range is left
    assert found.loc["cause", "shift"] == pytest.approx((0.95 - 0.5) * np.sqrt(12), abs=0.1)
    assert (found["q"] <= FALSE_DISCOVERIES).sum() == 1
    assert found.drop("cause")["contraction"].abs().max() < 0.15


def test_a_posterior_draws_what_was_kept_and_nothing_else(world: World, inputs: Inputs) -> None:
    posterior = posterior_of(world, inputs, 4, 17)
    design = range_draws(world, inputs, 40, 3)
    draws = posterior_draws(world, inputs, posterior, 7, 11)
    for path, values in draws.drawn.items():
        assert set(values) == set(design.drawn[path][[4, 17]])
    dealt = Counter(row.tobytes() for row in draws.rows)
    assert sorted(dealt.values()) == [3, 4]
    assert set(dealt) == {row.tobytes() for row in design.rows[[4, 17]]}
    assert len(set(draws.seeds.tolist())) == 7


def test_a_number_that_a_setting_fixes_stays_fixed_under_a_posterior(
    world: World, inputs: Inputs
) -> None:
    path = next(path for path in ranges_of(world, inputs) if path.startswith("rules."))
    value, posterior = world.numbers[path].value, posterior_of(world, inputs, 1, 2)
    fixed = replace(as_recorded(world), posterior=posterior, fixed={path: value})
    draws = range_draws(world, prepare(world, fixed), 4, 1)
    assert path not in draws.drawn
    assert set(draws.rules[path.rsplit(".", 1)[1]]) == {value}


def test_a_posterior_of_another_theory_or_of_other_ranges_is_refused(
    world: World, inputs: Inputs
) -> None:
    posterior, null = posterior_of(world, inputs, 1), world.null_theory
    other = prepare(world, as_recorded(world), null)
    for given, own, said in (
        (other, posterior, "run it with that theory"),
        (inputs, replace(posterior, ranges="0"), "other ranges"),
    ):
        with pytest.raises(DataError, match=said):
            posterior_draws(world, given, own, 2, 1)
    check_fits(read_posterior(world), world.default_theory, ranges_of(world, inputs))


def test_a_scenario_may_name_the_posterior(world: World, inputs: Inputs, tmp_path: Path) -> None:
    posterior = posterior_of(world, inputs, 5)
    (tmp_path / FILE).write_text(json.dumps(plain(posterior, {})))
    own = replace(world, directory=tmp_path)
    assert read_posterior(own) == posterior
    question = tmp_path / "fitted.yaml"
    question.write_text(
        'format: 1\ntitle: x\nextends: us_exit\ndeparts: "2023-01"\nuncertain: posterior\n'
    )
    (tmp_path / "us_exit.yaml").write_text('format: 1\ntitle: x\ndeparts: "2023-01"\n')
    found = load_scenario(question, own)
    assert found.posterior == posterior
    assert found.digest != replace(found, posterior=None).digest
    assert found.digest != replace(found, posterior=replace(posterior, kept=(6,))).digest
    assert found.resolved()["uncertain"] == "posterior"


def fitted(kept: int) -> str:
    given = {"scenario": "x", "theory": "y", "draws": 3, "seed": 1, "kept": [kept], "ranges": "z"}
    return json.dumps(given)


_RECORD = json.dumps(
    {"scenario": "x", "theory": "y", "draws": 9, "seed": 1, "kept": [0], "ranges": "", "digest": ""}
)


@pytest.mark.parametrize(
    ("word", "content", "said"),
    [
        ("posterior", None, "has no posterior.json"),
        ("posterior", "{", "damaged"),
        ("posterior", '{"scenario": "x"}', "damaged"),
        ("posterior", "[1]", "damaged"),
        ("posterior", _RECORD.replace("9", "1e400"), "damaged: draws"),
        ("posterior", _RECORD.replace("[0]", "[]"), "damaged: kept"),
        ("posterior", _RECORD.replace("[0]", "[99]"), "kept must be numbers from 0 to 8"),
        ("posterior", fitted(3), "numbers from 0 to 2"),
        ("posterior", fitted(2), "its digest is another"),
        ("prior", None, "prior"),  # no other word for what is uncertain
    ],
)
def test_a_scenario_that_names_no_good_posterior_is_told_so(
    world: World, tmp_path: Path, word: str, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content)
    question = tmp_path / "fitted.yaml"
    question.write_text(f'format: 1\ntitle: x\ndeparts: "2023-01"\nuncertain: {word}\n')
    with pytest.raises(InputProblems) as told:
        load_scenario(question, replace(world, directory=tmp_path))
    assert all(problem.line == 4 for problem in told.value.problems)
    assert any(said in problem.message for problem in told.value.problems)

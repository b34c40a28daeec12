"""Paired runs in growing numbers have the bits of the plain ensemble."""

import threading
from itertools import islice

import numpy as np
import pytest

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.paired_runs import BATCHES, answers, parting_month
from eurasia_sim.dashboard.session import Question
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import range_draws


@pytest.mark.parametrize("at", [0, -1])
def test_answers_grow_with_the_bits_of_the_plain_ensemble_until_they_are_told_to_stop(at):
    world, stop = shared.world(), threading.Event()
    family = [prepare(world, shared.scenarios()[name]) for name in ("us_exit", "us_stays")]
    columns, draws = family[0].columns, range_draws(world, family[0], sum(BATCHES), 7)
    growing = answers(world, family, draws, columns[at], stop)
    first, second = next(growing), next(growing)
    done, parting = BATCHES[0] + BATCHES[1], parting_month(family)
    assert (len(first.months), len(second.months), sum(BATCHES)) == (BATCHES[0], done, 200)
    window, kept = (parting, family[0].months), np.array([at % len(columns)])
    plain = run_paired(family, draws.part(slice(0, done)), window, kept, since=parting - 12)
    one, other = (outcome.trajectories[:, :, 0] for outcome in plain)
    assert second.months.to_numpy().tobytes() == (one - other).tobytes()
    assert list(second.months)[12] == second.parting == world.date(parting)
    assert not second.months.iloc[:, :12].any(axis=None)
    assert at or second.months.iloc[:, 12:].any(axis=None)
    for side, outcome in zip(second.sides.values(), plain, strict=True):
        assert np.array_equal(side.to_numpy(), outcome.means)
    assert second.means[: BATCHES[0]].tobytes() == first.means.tobytes()
    assert second.failed == {"us_exit": 0, "us_stays": 0}
    stop.set()
    assert list(growing) == []


@pytest.mark.browser  # whose environment has the page's libraries
def test_an_answer_comes_in_numbers_before_its_figure_is_drawn():
    answered = pytest.importorskip("eurasia_sim.dashboard.comparison").answered
    asked = Question("us_exit"), "us_stays", "alignment.russia.china"
    (first, before, _), (again, figure, count) = islice(answered(*asked, threading.Event()), 2)
    assert (before, again, count) == (None, first, BATCHES[0])
    assert f"{count} runs" in figure.says


def test_a_scenario_alone_parts_where_it_leaves_the_record():
    world, scenario = shared.world(), shared.scenarios()["us_stays"]
    assert parting_month([prepare(world, scenario)]) == scenario.departs

"""Paired runs in growing numbers have the bits of the plain ensemble."""

import threading
from itertools import islice

import numpy as np
import pytest

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.paired_runs import BATCHES, answers, family_of, parting_month
from eurasia_sim.dashboard.session import Question
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import range_draws


@pytest.mark.parametrize("at", [0, -1])
def test_answers_grow_with_the_bits_of_the_plain_ensemble_until_they_are_told_to_stop(at):
    world, stop, asked = shared.world(), threading.Event(), (Question("us_exit"), "us_stays")
    family = family_of(*asked)
    columns = family[0].columns
    growing = answers(*asked, columns[at], stop, over_ranges=True)
    first, drawn, second = islice(growing, 3)
    done, parting = BATCHES[0] + BATCHES[1], parting_month(family)
    assert (len(first.months), len(second.months), sum(BATCHES)) == (BATCHES[0], done, 200)
    assert first.figure is None
    assert f"{BATCHES[0]} runs" in drawn.figure.says == second.figure.says
    window, kept = (parting, family[0].months), np.array([at % len(columns)])
    draws = range_draws(world, family[0], sum(BATCHES), 7).part(slice(0, done))
    plain = run_paired(family, draws, window, kept, since=parting - 12)
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


def test_a_scenario_alone_parts_where_it_leaves_the_record():
    world, scenario = shared.world(), shared.scenarios()["us_stays"]
    assert parting_month([prepare(world, scenario)]) == scenario.departs

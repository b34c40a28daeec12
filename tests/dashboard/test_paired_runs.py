"""Paired runs in growing numbers have the bits of the plain ensemble."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from eurasia_sim.dashboard import paired_runs, shared
from eurasia_sim.dashboard.paired_runs import answers, draw, parting_month
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare


@pytest.mark.parametrize("at", [0, -1])
def test_answers_grow_with_the_bits_of_the_plain_ensemble_until_they_are_told_to_stop(at):
    world, stop = shared.world(), threading.Event()
    family = [prepare(world, shared.scenarios()[name]) for name in ("us_exit", "us_stays")]
    at, draws = at % len(family[0].columns), draw(world, family[0], 7, over_ranges=True)
    growing = answers(family, draws, family[0].columns[at], stop)
    first, second = next(growing), next(growing)
    assert (first.done, second.done) == (paired_runs.BATCHES[0], sum(paired_runs.BATCHES[:2]))
    assert (second.total, sum(paired_runs.BATCHES)) == (200, 200)
    part, window = draws.part(slice(0, second.done)), (second.parting, family[0].months)
    plain = run_paired(family, part, window, np.array([at]), since=second.first)
    for name, outcome in zip(second.names, plain, strict=True):
        assert second.trajectories[name].tobytes() == outcome.trajectories[:, :, 0].tobytes()
        assert second.means[name].tobytes() == outcome.means[:, at].tobytes()
        assert second.means[name][: first.done].tobytes() == first.means[name].tobytes()
    assert second.failed == {"us_exit": 0, "us_stays": 0}
    assert second.parting - second.first == 12
    one, other = second.trajectories.values()
    assert np.array_equal(one[:, :12], other[:, :12])
    assert at or not np.array_equal(one[:, 12:], other[:, 12:])
    stop.set()
    assert list(growing) == []


def test_a_scenario_alone_parts_where_it_leaves_the_record():
    world, scenario = shared.world(), shared.scenarios()["us_stays"]
    assert parting_month([prepare(world, scenario)]) == scenario.departs

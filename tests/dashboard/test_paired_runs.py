"""Paired runs in growing numbers have the bits of the plain ensemble, and a past runs once."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from eurasia_sim.dashboard import paired_runs, shared
from eurasia_sim.dashboard.paired_runs import Pasts, answers, draw, parting_month
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare


@pytest.fixture(scope="module")
def family():
    return [prepare(shared.world(), shared.scenarios()[name]) for name in ("us_exit", "us_stays")]


@pytest.fixture(scope="module")
def draws(family):
    return draw(shared.world(), family[0], 7, over_ranges=True)


def test_a_first_answer_has_the_bits_of_the_plain_ensemble(family, draws):
    for at in (0, len(family[0].columns) - 1):
        answer = next(answers(family, draws, family[0].columns[at], Pasts(), threading.Event()))
        window = (answer.parting, family[0].months)
        plain = run_paired(
            family, draws.part(slice(0, answer.done)), window, np.array([at]), since=answer.first
        )
        for own, outcome in enumerate(plain):
            name = answer.names[own]
            assert answer.trajectories[name].tobytes() == outcome.trajectories[:, :, 0].tobytes()
            assert answer.means[name].tobytes() == outcome.means[:, at].tobytes()
        assert answer.failed == {"us_exit": 0, "us_stays": 0}
        assert answer.names == ("us_exit", "us_stays")


def test_the_scenarios_are_alike_before_they_part_and_differ_after(family, draws):
    answer = next(answers(family, draws, family[0].columns[0], Pasts(), threading.Event()))
    one, other = answer.trajectories.values()
    shared = answer.parting - answer.first
    assert shared == 12
    assert np.array_equal(one[:, :shared], other[:, :shared])
    assert not np.array_equal(one[:, shared:], other[:, shared:])


def test_a_changed_future_does_not_relive_the_past(family, draws, monkeypatch):
    pasts, lived = Pasts(), []
    plain = paired_runs.snapshots
    monkeypatch.setattr(paired_runs, "snapshots", lambda *given: lived.append(1) or plain(*given))
    for _ in range(2):
        before = len(lived)
        next(answers(family, draws, family[0].columns[0], pasts, threading.Event()))
    assert before > 0
    assert len(lived) == before
    other = draw(shared.world(), family[0], 8, over_ranges=True)
    next(answers(family, other, family[0].columns[0], pasts, threading.Event()))
    assert len(lived) == 2 * before
    next(
        answers(family, draws, family[0].columns[0], pasts, threading.Event())
    )  # the first is not forgotten for it
    assert len(lived) == 2 * before


def test_only_the_latest_pasts_are_kept():
    pasts = Pasts()
    first = pasts.of("0", 2, 3)
    for key in range(1, 6):
        pasts.of(str(key), 2, 3)
    assert pasts.of("0", 2, 3) is first
    pasts.of("6", 2, 3)
    assert pasts.of("0", 2, 3) is first
    for key in range(7, 13):
        pasts.of(str(key), 2, 3)
    assert pasts.of("0", 2, 3) is not first


def test_answers_grow_until_they_are_told_to_stop(family, draws):
    stop = threading.Event()
    growing = answers(family, draws, family[0].columns[0], Pasts(), stop)
    first, second = next(growing), next(growing)
    assert (first.done, second.done) == (paired_runs.BATCHES[0], sum(paired_runs.BATCHES[:2]))
    assert (first.total, sum(paired_runs.BATCHES)) == (200, 200)
    assert second.means["us_exit"][: first.done].tobytes() == first.means["us_exit"].tobytes()
    stop.set()
    assert list(growing) == []


def test_a_scenario_alone_parts_where_it_leaves_the_record():
    world, scenario = shared.world(), shared.scenarios()["us_stays"]
    assert parting_month([prepare(world, scenario)]) == scenario.departs

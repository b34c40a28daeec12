"""Paired runs in growing numbers from snapshots: the same numbers as the plain ensemble's, and a past lived once."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from eurasia_sim.dashboard import contrast, served
from eurasia_sim.dashboard.contrast import Pasts, answers, draw, parting_month
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare


@pytest.fixture(scope="module")
def family():
    return [prepare(served.world(), served.scenarios()[name]) for name in ("us_exit", "us_stays")]


@pytest.fixture(scope="module")
def draws(family):
    return draw(served.world(), family[0], 7, over_ranges=True)


def test_a_first_answer_has_the_bits_of_the_plain_ensemble(family, draws):
    for at in (0, len(family[0].columns) - 1):
        answer = next(answers(family, draws, family[0].columns[at], Pasts(), threading.Event()))
        window = (answer.parting, family[0].months)
        plain = run_paired(
            family, draws.part(slice(0, answer.done)), window, np.array([at]), since=answer.first
        )
        for own, outcome in enumerate(plain):
            assert answer.trajectories[own].tobytes() == outcome.trajectories[:, :, 0].tobytes()
            assert answer.means[own].tobytes() == outcome.means[:, at].tobytes()
        assert answer.statuses == ((answer.done, 0),) * 2
        assert answer.names == ("us_exit", "us_stays")


def test_the_scenarios_are_alike_before_they_part_and_differ_after(family, draws):
    answer = next(answers(family, draws, family[0].columns[0], Pasts(), threading.Event()))
    one, other = answer.trajectories
    shared = answer.parting - answer.first
    assert shared == 12
    assert np.array_equal(one[:, :shared], other[:, :shared])
    assert not np.array_equal(one[:, shared:], other[:, shared:])


def test_a_changed_future_does_not_relive_the_past(family, draws, monkeypatch):
    pasts, lived = Pasts(), []
    plain = contrast.snapshots
    monkeypatch.setattr(contrast, "snapshots", lambda *given: lived.append(1) or plain(*given))
    for _ in range(2):
        before = len(lived)
        next(answers(family, draws, family[0].columns[0], pasts, threading.Event()))
    assert before > 0
    assert len(lived) == before
    other = draw(served.world(), family[0], 8, over_ranges=True)
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
    assert (first.done, second.done) == (contrast.BATCHES[0], sum(contrast.BATCHES[:2]))
    assert (first.total, sum(contrast.BATCHES)) == (200, 200)
    assert second.means[0][: first.done].tobytes() == first.means[0].tobytes()
    stop.set()
    assert list(growing) == []


def test_a_scenario_alone_parts_where_it_leaves_the_record():
    world, scenario = served.world(), served.scenarios()["us_stays"]
    assert parting_month([prepare(world, scenario)]) == scenario.departs

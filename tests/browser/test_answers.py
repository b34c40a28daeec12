"""Answers of paired runs as they come in, with the page's libraries but no browser."""

from __future__ import annotations

import threading

import pytest

from eurasia_sim.dashboard import paired_runs
from eurasia_sim.dashboard.session import Question

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]


@pytest.mark.browser
def test_every_answer_is_shown_in_numbers_and_then_drawn(monkeypatch):
    from eurasia_sim.dashboard import comparison

    monkeypatch.setattr(paired_runs, "BATCHES", (4, 4))
    question, column = Question("us_exit"), "competition.russia-china.central_asia"
    shown = list(comparison.answered(question, "us_stays", column, threading.Event()))
    assert [(each.answer.done, each.drawn) for each in shown] == [(4, 0), (4, 4), (8, 4), (8, 8)]
    assert shown[1].figure is not None
    assert shown[1].figure.says.startswith(
        "competition, Russia–China, Central Asia: 4 runs of us_exit and of us_stays"
    )
    assert shown[-1].figure.png != shown[1].figure.png

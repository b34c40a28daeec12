from __future__ import annotations

import pandas as pd
import pytest
from tests.figures.conftest import words

from eurasia_sim.figures.months import event_timeline
from eurasia_sim.figures.style import Words

WORDS = Words("T", "n")


def test_a_timeline_stacks_a_months_events_and_marks_what_a_scenario_leaves_out():
    events = pd.DataFrame(
        {"month": ["2002-01"] * 9, "kind": "deal", "actor": "a", "theatre": "t", "detail": "d"}
    )
    record = pd.DataFrame({"month": ["2001-06"], "title": ["A break"], "holds": [False]})
    figure = event_timeline(events, record, {"a": ("A", "#112233")}, ("2001-01", "2003-12"), WORDS)
    assert words(figure) == ["2001-06  A break  (left out)"]
    heights = {
        line.get_ydata()[0] for line in figure.axes[1].get_lines() if len(line.get_ydata()) == 1
    }
    assert len(heights) == 9
    with pytest.raises(ValueError, match="neither"):
        event_timeline(events.iloc[:0], record.iloc[:0], {}, ("2001-01", "2003-12"), WORDS)

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from eurasia_sim.figures.actors import alignment_network, unlike_initials
from eurasia_sim.figures.gallery import pictures
from eurasia_sim.figures.style import Request, Words
from eurasia_sim.simulation.results_folder import open_results

WORDS = Words("T", "n")


def test_actors_keep_their_colours_and_marks_are_unlike(ran, ensembles):
    held = open_results(ran, ensembles.world)
    actors = {actor.id: actor for actor in ensembles.world.actors.values()}
    marks = unlike_initials({actor.id: actor.name for actor in actors.values()})
    assert len(set(marks.values())) == len(actors)
    (mosaic,) = pictures(held, ["mosaic"], Request())
    by_name = {actor.name: to_rgb(actor.colour) for actor in actors.values()}
    handles = mosaic.figure.legends[0]
    for patch, text in zip(handles.get_patches(), handles.get_texts(), strict=True):
        if text.get_text() in by_name:
            assert patch.get_facecolor()[:3] == pytest.approx(by_name[text.get_text()])
    (line, *_) = pictures(held, ["timeline"], Request())
    for handle, text in zip(line.figure.legends[0].get_lines(), line.figure.legends[0].get_texts(), strict=True):
        assert to_rgb(handle.get_color()) == pytest.approx(by_name[text.get_text()])


def test_missing_ties_are_said():
    ties = pd.DataFrame(
        [{"month": "2001-01", "first": a, "second": b, "alignment": np.nan} for a in "abc" for b in "abc" if a != b]
    )
    nodes = pd.DataFrame(
        [{"month": "2001-01", "actor": a, "name": a, "colour": "#123456", "power": 0.1} for a in "abc"]
    )
    assert "3 ties without a number" in alignment_network(ties, nodes, WORDS).axes[0].get_title(loc="left")

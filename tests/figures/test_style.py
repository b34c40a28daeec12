from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from eurasia_sim.figures.gallery import render, save, settle
from eurasia_sim.figures.rows import label_rows, write_beside
from eurasia_sim.figures.style import (
    Words,
    break_lines,
    caption,
    frame_panels,
    legible,
    looks,
    pages_of,
    readable,
    swatch,
    use_style,
)


def drawn():
    with use_style():
        figure, (panel,) = frame_panels(
            1, 1, 2.0, Words("A line", caption({"calm": 3}, {}, 7, "inertia"))
        )
        panel.plot([0, 1, 2], [0, 1, 0])
    return figure


DATA = pd.DataFrame({"x": [0, 1, 2], "y": [0.0, 0.1 + 0.2, np.nan]})


def test_the_same_input_gives_the_same_bytes_whatever_a_person_sets(tmp_path):
    plain = save(drawn(), tmp_path / "one" / "half.force", DATA)
    own = {"lines.linewidth": 9, "svg.hashsalt": "other", "font.size": 20, "savefig.dpi": 40}
    with mpl.rc_context(own):
        again = save(drawn(), tmp_path / "two" / "half.force", DATA)
    names = [f"half.force.{kind}" for kind in ("png", "svg", "csv")]
    assert [path.name for path in plain] == names
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in again]
    png, svg = (path.read_bytes() for path in plain[:2])
    assert b"tEXt" not in png  # no file says when or by what it was drawn
    assert b"dc:date" not in svg
    assert b"Matplotlib v" not in svg
    assert int.from_bytes(png[16:20], "big") == 1200  # as wide as a page shows


def test_a_figure_that_cannot_be_drawn_leaves_the_old_files_and_no_half_of_new_ones(tmp_path):
    paths = save(drawn(), tmp_path / "line", DATA)
    before = [path.read_bytes() for path in paths]
    figure = drawn()
    figure.axes[0].text(0, 0, "$\\unknown$", parse_math=True)
    with pytest.raises(ValueError, match="unknown"):
        save(figure, tmp_path / "line", DATA)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert [path.read_bytes() for path in paths] == before


def test_drawing_needs_no_screen_and_no_global_figures():
    code = "import sys, eurasia_sim.figures.gallery;print('matplotlib.pyplot' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"


def test_the_columns_names_become_words():
    assert (
        readable("competition.russia-china.central_asia")
        == "competition, Russia–China, Central Asia"
    )
    assert readable("joint_share.a-b.all") == "joint share, A–B, all theatres"
    assert readable("aim.a-b.all") == "aim of rivalry, A → B, all theatres"
    assert readable("influence.united_states.land_of_the_two.security") == (
        "influence, United States, Land of the Two, security"
    )
    assert readable("power.usa", {"usa": "USA"}) == "power, USA"


def test_labels_break_at_commas_then_spaces_then_underscores():
    assert break_lines("competition, Red–Blue, Far Lands", 22) == "competition, Red–Blue\nFar Lands"
    assert break_lines("a_scenario_with_a_long_name", 14) == "a_scenario_\nwith_a_long_\nname"


def test_groups_differ_in_marker_colour_and_their_neighbours_in_grey():
    six = looks("abcdef")
    assert len({look.colour for look in six.values()}) == 6
    assert len({look.marker for look in six.values()}) == 6
    grey = [float(np.dot(to_rgb(look.colour), (0.2126, 0.7152, 0.0722))) for look in six.values()]
    assert min(abs(np.diff(grey))) > 0.08
    with pytest.raises(ValueError, match="at most 6"):
        looks("abcdefg")


def test_the_caption_says_what_the_runs_were():
    said = caption({"exit": 200, "stay": 200}, {"exit": 0, "stay": 3}, 7, "inertia")
    said_of = "200 runs each · 3 of stay failed · seed 7 · scenarios exit, stay · theory inertia"
    assert said == said_of
    unequal = caption({"exit": 8, "stay": 5}, {}, 7, "inertia")
    assert unequal.startswith("8 of exit and 5 of stay runs · 0 failed")
    assert unequal.endswith("theory inertia")


def test_a_layout_that_differs_in_its_last_bits_gives_the_same_bytes():
    from matplotlib.transforms import Bbox

    def drawn(nudge: float) -> bytes:
        figure, panels = frame_panels(1, 2, 2.0, Words("T", "n"))
        for panel in panels:
            panel.plot([0, 1], [0, 1])
        engine = figure.get_layout_engine()
        plain = engine.execute

        def nudged(of):
            plain(of)
            for panel in of.axes:
                box = panel.get_position(original=True)
                panel._set_position(Bbox(box.get_points() + nudge))

        engine.execute = nudged
        settle(figure)
        return render(figure, "svg")

    assert drawn(0.0) == drawn(1e-13)


def test_ink_stands_out_on_any_colour(ensembles):
    for actor in ensembles.world.actors.values():
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in to_rgb(actor.colour)
        ]
        ground = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
        ink = 1.0 if legible(actor.colour) == "white" else 0.006
        high, low = max(ground, ink), min(ground, ink)
        assert (high + 0.05) / (low + 0.05) >= 4.5, actor.name


@pytest.mark.parametrize(
    "text", ["$x^{$", "a $b$ and $\\frac$ c", "[red]<b>&amp;", "100 % of {this}\\n"]
)
def test_a_persons_own_text_is_drawn_as_it_is(text, tmp_path):
    words = Words(text, text, text, {"a": text, "theatre": text})
    with use_style():
        figure, (panel,) = frame_panels(1, 1, 2.0, words, text, {words.name("a"): swatch()})
        label_rows(panel, [readable("share.theatre", words.names)])
        write_beside(panel, 0.0, text)
    save(figure, tmp_path / "own", DATA)
    assert figure.texts[0].get_text() == text
    assert figure.legends[0].get_texts()[0].get_text() == text


def test_pages_hold_every_item_once_and_the_first_has_no_number():
    assert list(pages_of("abcdefghi")) == [("", "abcd"), ("2", "efgh"), ("3", "i")]
    assert list(pages_of([])) == []

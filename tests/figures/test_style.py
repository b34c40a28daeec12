import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox

from eurasia_sim.figures import style
from eurasia_sim.figures.gallery import render, save, settle
from eurasia_sim.figures.rows import Rows
from eurasia_sim.figures.style import LOOKS, Words, caption, frame_panels, use_style

DATA = pd.DataFrame({"x": [0, 1, 2], "y": [0.0, 0.1 + 0.2, np.nan]})


def drawn():
    with use_style():
        words = Words("A line", caption({"calm": (3, 0)}, 7, "inertia"))
        figure, (panel,) = frame_panels(1, 1, 2.0, words)
        panel.plot([0, 1, 2], [0, 1, 0])
    return figure


def luminance(colour) -> float:
    """Relative luminance as the web's contrast ratio takes it."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def test_the_same_input_gives_the_same_bytes_whatever_a_person_sets_and_no_global_figure(tmp_path):
    plain = save(drawn(), tmp_path / "one" / "half.force", DATA)
    own = {"lines.linewidth": 9, "svg.hashsalt": "other", "font.size": 20, "savefig.dpi": 40}
    with mpl.rc_context(own):
        again = save(drawn(), tmp_path / "two" / "half.force", DATA)
    assert [path.name for path in plain] == [f"half.force.{kind}" for kind in ("png", "svg", "csv")]
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in again]
    png, svg = (path.read_bytes() for path in plain[:2])
    assert b"tEXt" not in png  # no file says when or by what it was drawn
    assert b"dc:date" not in svg
    assert b"Matplotlib v" not in svg
    assert int.from_bytes(png[16:20], "big") == 1200  # as wide as a page shows
    assert not Gcf.figs


def test_letters_are_seven_dots_high_on_a_screen_of_four_hundred():
    sizes = [mpl.rcParams[name] for name in ("font.size", "xtick.labelsize")]
    width = drawn().get_figwidth()
    assert all(size / 72 / width * 400 >= 7 for size in (*sizes, 6.5))  # 6.5 is the least used


def test_a_figure_that_cannot_be_drawn_leaves_the_old_files_and_no_half_of_new_ones(tmp_path):
    paths = save(drawn(), tmp_path / "line", DATA)
    before = [path.read_bytes() for path in paths]
    figure = drawn()
    figure.axes[0].text(0, 0, "$\\unknown$", parse_math=True)
    with pytest.raises(ValueError, match="unknown"):
        save(figure, tmp_path / "line", DATA)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert [path.read_bytes() for path in paths] == before


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("competition.russia-china.central_asia", "competition, Russia–China, Central Asia"),
        ("joint_share.a-b.all", "joint share, A–B, all theatres"),
        ("aim.a-b.all", "aim of rivalry, A → B, all theatres"),
        ("influence.usa.far_lands.security", "influence, USA, Far Lands, security"),
    ],
)
def test_the_columns_names_become_words(column, words):
    assert style.readable(column, {"usa": "USA"}) == words


def test_nothing_has_no_sign_and_pages_hold_every_item_once_the_first_without_a_number():
    assert [style.signed(each, 1) for each in (-0.04, 0.06, -1.0)] == ["0.0", "+0.1", "−1.0"]
    assert list(style.pages_of("abcdefghi")) == [("", "abcd"), ("2", "efgh"), ("3", "i")]
    assert list(style.pages_of([])) == []


def test_groups_differ_in_marker_colour_and_their_neighbours_in_grey():
    assert len({look.colour for look in LOOKS}) == len({look.marker for look in LOOKS}) == 6
    grey = [float(np.dot(to_rgb(look.colour), (0.2126, 0.7152, 0.0722))) for look in LOOKS]
    assert min(abs(np.diff(grey))) > 0.08


def test_the_caption_says_what_the_runs_were():
    said = "200 runs each · 3 of stay failed · seed 7 · scenarios exit, stay · theory inertia"
    assert caption({"exit": (200, 0), "stay": (200, 3)}, 7, "inertia") == said
    unequal = caption({"exit": (8, 0), "stay": (5, 0)}, 7, "inertia")
    assert unequal.startswith("8 of exit and 5 of stay runs · 0 failed")


def test_a_layout_that_differs_in_its_last_bits_gives_the_same_bytes():
    def nudged_by(nudge: float) -> bytes:
        figure = drawn()
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

    assert nudged_by(0.0) == nudged_by(1e-13)


def test_ink_stands_out_on_any_colour(world):
    for actor in world.actors.values():
        low, high = sorted(luminance(each) for each in (actor.colour, style.legible(actor.colour)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, actor.name


@pytest.mark.parametrize(
    "text", ["$x^{$", "a $b$ and $\\frac$ c", "[red]<b>&amp;", "100 % of {this}\\n"]
)
def test_a_persons_own_text_is_drawn_as_it_is(text, tmp_path):
    words = Words(text, text, text, {"a": text, "theatre": text})
    figure, (panel,) = frame_panels(1, 1, 2.0, words, text, {words.name("a"): Patch()})
    Rows([style.readable("share.theatre", words.names)], [text]).write(panel)
    save(figure, tmp_path / "own", DATA)
    assert figure.texts[0].get_text() == text
    assert figure.legends[0].get_texts()[0].get_text() == text

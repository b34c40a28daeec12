"""One look, the same bytes, words as they are, and fonts for letters that our own lacks."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.colors import to_rgb
from matplotlib.font_manager import fontManager
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from tests.figures.conftest import faults

from eurasia_sim.figures import style
from eurasia_sim.figures.gallery import plot, render, save, settle
from eurasia_sim.figures.rows import Rows
from eurasia_sim.figures.style import LOOKS, Picture, Words, caption, fit_fonts, frame_panels

DATA = pd.DataFrame({"x": [0, 1, 2], "y": [0.0, 0.1 + 0.2, np.nan]})
GREY = (0.2126, 0.7152, 0.0722)
HAS, HAS_NOT = "\u1d15", "\u6587"  # of the serif font beside our own, which has neither
HOSTILE = (
    "$x^{$ [b] <i>&amp; %s {a} \\frac \u4e2d\u6587 \u0639\u0631\u0628\u064a\n'\" " + "long " * 90
)


def drawn(text="A line"):
    """A figure with a text in its title, its legend, in rows and on a panel."""
    with style.use_style():
        words = Words(text, text, text, {"a": text})
        figure, (panel,) = frame_panels(1, 1, 2.0, words, text, {words.name("a"): Patch()})
        panel.plot([0, 1, 2], [0, 1, 0])
        Rows([text], [text]).write(panel)
        panel.text(0.5, -0.5, text)
    return figure


def named(figure) -> Picture:
    return Picture((), figure, DATA, "", "half.force")


def test_the_same_input_gives_the_same_bytes_whatever_a_person_sets_and_no_global_figure(tmp_path):
    plain = save(named(drawn()), tmp_path / "one")
    own = {"lines.linewidth": 9, "svg.hashsalt": "other", "font.size": 20, "savefig.dpi": 40}
    with mpl.rc_context(own):
        again = save(named(drawn()), tmp_path / "two")
    assert [path.name for path in plain] == [f"half.force.{kind}" for kind in ("png", "svg", "csv")]
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in again]
    png, svg = (path.read_bytes() for path in plain[:2])
    assert b"tEXt" not in png  # no file says when or by what it was drawn
    assert b"dc:date" not in svg
    assert b"Matplotlib v" not in svg
    assert int.from_bytes(png[16:20], "big") == 1200  # as wide as a page shows
    assert not Gcf.figs
    # Letters are seven dots high on a screen of 400; 6.5 is the least size used.
    sizes = [mpl.rcParams["font.size"], mpl.rcParams["xtick.labelsize"], 6.5]
    assert min(sizes) / 72 / drawn().get_figwidth() * 400 >= 7


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


def test_a_figure_that_cannot_be_drawn_leaves_the_old_files_and_no_half_of_new_ones(tmp_path):
    paths = save(named(drawn()), tmp_path)
    before = [path.read_bytes() for path in paths]
    figure = drawn()
    figure.axes[0].text(0, 0, "$\\unknown$", parse_math=True)
    with pytest.raises(ValueError, match="unknown"):
        save(named(figure), tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert [path.read_bytes() for path in paths] == before


@pytest.mark.parametrize(
    "text", ["$x^{$", "a $b$ and $\\frac$ c", "[red]<b>&amp;", "100 % of {this}\\n"]
)
def test_a_persons_own_text_is_drawn_as_it_is(text):
    figure = drawn(text)
    render(figure, "svg")
    assert figure.texts[0].get_text() == figure.legends[0].get_texts()[0].get_text() == text


def test_columns_numbers_and_counts_of_runs_become_words():
    columns = {
        "competition.russia-china.central_asia": "competition, Russia–China, Central Asia",
        "joint_share.a-b.all": "joint share, A–B, all theatres",
        "aim.a-b.all": "aim of rivalry, A → B, all theatres",
        "influence.usa.far_lands.security": "influence, USA, Far Lands, security",
    }
    assert {each: style.readable(each, {"usa": "USA"}) for each in columns} == columns
    assert [style.signed(each, 1) for each in (-0.04, 0.06, -1.0)] == ["0.0", "+0.1", "−1.0"]
    said = "200 runs each · 3 of stay failed · seed 7 · scenarios exit, stay · theory inertia"
    assert caption({"exit": (200, 0), "stay": (200, 3)}, 7, "inertia") == said
    unequal = caption({"exit": (8, 0), "stay": (5, 0)}, 7, "inertia")
    assert unequal.startswith("8 of exit and 5 of stay runs · 0 failed")


def test_groups_differ_in_marker_and_grey_and_ink_stands_out_on_the_colour_of_any_actor(world):
    assert len({look.colour for look in LOOKS}) == len({look.marker for look in LOOKS}) == 6
    assert min(abs(np.diff([np.dot(to_rgb(look.colour), GREY) for look in LOOKS]))) > 0.08
    for actor in world.actors.values():
        parts = np.array([to_rgb(each) for each in (actor.colour, style.legible(actor.colour))])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        low, high = sorted(linear @ GREY)  # the web's relative luminance
        assert (high + 0.05) / (low + 0.05) >= 4.5, actor.name


@pytest.fixture
def two_fonts(monkeypatch):
    """A machine on which matplotlib's own two fonts are all there are."""
    own = [each for each in fontManager.ttflist if each.name in ("DejaVu Sans", "DejaVu Serif")]
    monkeypatch.setattr(fontManager, "ttflist", own)


def test_a_font_of_the_machine_draws_what_our_own_lacks_and_what_none_has_is_said_alone(
    two_fonts, recwarn, caplog
):
    figure = drawn(f"a {HAS}")
    assert fit_fonts(figure) == ""
    having = [each for each in figure.findobj(Text) if HAS in each.get_text()]
    assert len(having) > 4
    assert all(each.get_fontfamily() == ["DejaVu Sans", "DejaVu Serif"] for each in having)
    svg = render(figure, "svg")
    assert b"DejaVuSerif" in svg
    assert b"LastResort" not in svg
    figure = drawn("Земля \u0639\u0631\u0628\u064a \u05e2 é ± −")  # which our own has
    assert fit_fonts(figure) == ""
    assert b"DejaVuSerif" not in render(figure, "svg")
    figure = drawn(f"{HAS}{HAS_NOT} a")
    assert fit_fonts(figure) == HAS_NOT
    for kind in ("png", "svg"):
        render(figure, kind)
    assert not [*recwarn.list, *caplog.records]
    assert f"no font on this machine has {HAS_NOT}:" in style.lacking_words([HAS_NOT, HAS_NOT])
    assert style.lacking_words(["", ""]) == ""


def test_a_world_whose_every_name_is_hostile_is_drawn_within_the_page(two_fonts, ran, world):
    groups = {"actors": world.actors, "theatres": world.theatres, "events": world.events}
    hostile = {}
    for group, own in groups.items():
        key = "title" if group == "events" else "name"
        hostile[group] = {name: replace(each, **{key: HOSTILE}) for name, each in own.items()}
    found = plot(ran, ["difference", "map", "timeline"], world=replace(world, **hostile))
    assert len(found) == 4
    for picture in found:
        assert {*"\u4e2d\u6587"} == {*picture.lacking}
        assert not faults(picture.figure), picture.stem

"""Letters that the figures' own font lacks: another font of the machine has them, or it is said."""

from dataclasses import replace

import pytest
from matplotlib.font_manager import fontManager
from matplotlib.text import Text
from tests.figures.conftest import faults

from eurasia_sim.figures.fonts import fit_fonts, lacking_words
from eurasia_sim.figures.gallery import plot, render
from eurasia_sim.figures.rows import Rows
from eurasia_sim.figures.style import Words, frame_panels

HAS, HAS_NOT = "\u1d15", "\u6587"  # of the serif font beside our own, which has neither
HOSTILE = (
    "$x^{$ [b] <i>&amp; %s {a} \\frac \u4e2d\u6587 \u0639\u0631\u0628\u064a\n'\" " + "long " * 90
)


@pytest.fixture(autouse=True)
def two_fonts(monkeypatch):
    """A machine on which matplotlib's own two fonts are all there are."""
    own = [each for each in fontManager.ttflist if each.name in ("DejaVu Sans", "DejaVu Serif")]
    monkeypatch.setattr(fontManager, "ttflist", own)


def drawn(text):
    """A figure with a text in its title, in its legend, on an axis and inside."""
    figure, (panel,) = frame_panels(1, 1, 2.0, Words(text, text))
    panel.plot([0, 1], [0, 1], label=text)
    panel.legend()
    Rows([text]).write(panel)
    panel.text(0.5, -0.5, text)
    return figure


def test_a_font_of_the_machine_draws_what_our_own_lacks_wherever_it_stands():
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


def test_what_no_font_has_is_returned_and_warned_of_nowhere(recwarn, caplog):
    figure = drawn(f"{HAS}{HAS_NOT} a\x07")
    lacking = fit_fonts(figure)
    assert lacking == f"\x07{HAS_NOT}"
    for kind in ("png", "svg"):
        render(figure, kind)
    assert not [*recwarn.list, *caplog.records]
    said = lacking_words([lacking, HAS_NOT])
    assert said.startswith(f"no font on this machine has \x07 {HAS_NOT}")
    assert lacking_words(["", ""]) == ""


def test_a_world_whose_every_name_is_hostile_is_drawn_within_the_page(ran, world):
    named = {
        group: {name: replace(each, name=HOSTILE) for name, each in getattr(world, group).items()}
        for group in ("actors", "theatres")
    }
    events = {name: replace(each, title=HOSTILE) for name, each in world.events.items()}
    hostile = replace(world, **named, events=events)
    found = plot(ran, ["difference", "map", "timeline"], world=hostile)
    assert len(found) == 4
    for picture in found:
        assert {*"\u4e2d\u6587"} == {*picture.lacking}
        assert not faults(picture.figure), picture.stem

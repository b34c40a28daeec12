"""Letters that the figures' own font lacks: another font of the machine has them, or it is said."""

from dataclasses import replace

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import fontManager
from matplotlib.text import Text
from tests.figures.conftest import faults

from eurasia_sim.figures.fonts import fit_fonts, lacking_words
from eurasia_sim.figures.gallery import plot, render
from eurasia_sim.figures.rows import Rows
from eurasia_sim.figures.style import Words, frame_panels, use_style

HAS, HAS_NOT = "\u4e2d", "\u6587"  # of the font made here; our own has neither


@pytest.fixture
def font(tmp_path, monkeypatch):
    """A font on the machine with one letter, which our own font lacks: a full square."""
    pen = TTGlyphPen(None)
    for way, place in (("moveTo", (0, 0)), ("lineTo", (0, 900)), ("lineTo", (900, 900))):
        getattr(pen, way)(place)
    pen.closePath()
    shape = pen.glyph()
    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder([".notdef", "square"])
    made.setupCharacterMap({ord(HAS): "square"})
    made.setupGlyf({".notdef": shape, "square": shape})
    made.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 0)})
    made.setupHorizontalHeader(ascent=900, descent=-100)
    made.setupNameTable({"familyName": "One Square", "styleName": "Regular", "psName": "OneSquare"})
    made.setupOS2(sTypoAscender=900, usWinAscent=900, usWinDescent=100)
    made.setupPost()
    made.save(tmp_path / "square.ttf")
    monkeypatch.setattr(fontManager, "ttflist", list(fontManager.ttflist))
    fontManager.addfont(tmp_path / "square.ttf")


def drawn(text):
    """A figure with a text in its title, in its legend, on an axis and inside."""
    with use_style():
        figure, (panel,) = frame_panels(1, 1, 2.0, Words(text, text))
        panel.plot([0, 1], [0, 1], label=text)
        panel.legend()
        Rows([text]).write(panel)
        panel.text(0.5, -0.5, text)
    return figure


def test_a_font_of_the_machine_draws_what_our_own_lacks_wherever_it_stands(font):
    figure = drawn(f"a {HAS}")
    assert fit_fonts(figure) == ""
    written = figure.findobj(Text)
    having = [text.get_fontfamily() for text in written if HAS in text.get_text()]
    assert len(having) > 4
    assert all(family == ["DejaVu Sans", "One Square"] for family in having)
    svg = render(figure, "svg")
    assert b"OneSquare" in svg
    assert b"LastResort" not in svg


def test_what_no_font_has_is_returned_and_warned_of_nowhere(font, recwarn, caplog):
    figure = drawn(f"{HAS}{HAS_NOT} a\x07")
    lacking = fit_fonts(figure)
    assert lacking == f"\x07{HAS_NOT}"
    for kind in ("png", "svg"):
        render(figure, kind)
    assert not [*recwarn.list, *caplog.records]
    assert lacking_words([lacking, HAS_NOT]).startswith(
        f"no font on this machine has \x07 {HAS_NOT}"
    )
    assert lacking_words(["", ""]) == ""


def test_plain_letters_keep_to_our_own_font(font):
    figure = drawn("Земля \u0639\u0631\u0628\u064a \u05e2 é ± −")
    assert fit_fonts(figure) == ""
    assert b"OneSquare" not in render(figure, "svg")


HOSTILE = (
    "$x^{$ [b] <i>&amp; %s {a} \\frac \u4e2d\u6587 \u0639\u0631\u0628\u064a\n'\" " + "long " * 90
)


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
        render(picture.figure, "png")
        assert not faults(picture.figure), picture.stem

"""Marks of a drawing as text of SVG: quick enough for one a month, and sharp at any size."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from eurasia_sim.figures.style import INK

_FAMILY = "DejaVu Sans, Verdana, Arial, sans-serif"
_DARK = 0.55


def drawing(width: float, height: float, said: str, marks: Iterable[str]) -> str:
    """A whole drawing; `said` is what a reader who cannot see it is told."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(said)}" style="width:100%;max-width:{width:g}px;height:auto;font-family:{_FAMILY}">'
        f"{''.join(marks)}</svg>"
    )


def text(
    x: float, y: float, words: str, size: float = 12, colour: str = INK, anchor: str = "start", weight: str = "normal"
) -> str:
    """Words whose baseline starts, centres or ends at a point."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def box(
    x: float, y: float, width: float, height: float, fill: str, said: str = "", edge: str = "none", round_: float = 0
) -> str:
    """A rectangle; `said` shows when one points at it."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" rx="{round_:g}" '
        f'fill="{fill}" stroke="{edge}">{_title(said)}</rect>'
    )


def disc(x: float, y: float, radius: float, fill: str, said: str = "") -> str:
    """A disc."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" stroke="white" stroke-width="1.5">'
        f"{_title(said)}</circle>"
    )


def line(
    ends: tuple[float, float, float, float], colour: str, width: float, said: str = "", *, dashed: bool = False,
    arrow: bool = False,
) -> str:  # fmt: skip
    """A line from (x, y) to (x, y), with a head if it is an arrow (see `ARROW`)."""
    x0, y0, x1, y1 = ends
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    head = ' marker-end="url(#head)"' if arrow else ""
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" '
        f'stroke-width="{width:.2f}" stroke-opacity="0.8"{dash}{head}>{_title(said)}</line>'
    )


def arrow_head(colour: str) -> str:
    """What `line` ends arrows with; once a drawing."""
    return (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker></defs>'
    )


def _title(said: str) -> str:
    return f"<title>{escape(said)}</title>" if said else ""


def channels(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of `#rrggbb`, each 0..1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def pale(colour: str, strength: float) -> str:
    """A colour over white; strength 0 is white, 1 the colour itself."""
    mixed = (1 - strength + strength * part for part in channels(colour))
    return "#" + "".join(f"{round(255 * min(max(part, 0), 1)):02x}" for part in mixed)


def legible(colour: str) -> str:
    """White on dark colours, ink on light ones."""
    red, green, blue = channels(colour)
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < _DARK else INK

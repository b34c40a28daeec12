"""Text on the page."""

from __future__ import annotations

from typing import Any

import solara

from eurasia_sim.files.text import visible


def words(tag: str, text: str, *classes: str, style: str = "") -> Any:
    """An element of text that the browser never reads as markup."""
    return solara.v.Html(tag=tag, children=[visible(text)], class_=" ".join(classes), style_=style)

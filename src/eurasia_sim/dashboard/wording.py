"""Words on the page; whatever is in them, they stay words."""

from __future__ import annotations

from typing import Any

import solara


def words(tag: str, said: str, *classes: str, style: str = "") -> Any:
    """An element that holds text, which the browser shows as it stands and never reads as markup."""
    return solara.v.Html(tag=tag, children=[said], class_=" ".join(classes), style_=style)

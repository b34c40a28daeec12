"""Tables of pattern scores for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from eurasia_sim.cli.verdict_tables import share
from eurasia_sim.validation import MODEL, NULL, REFERENCE, SIDES, UNCHANGED

if TYPE_CHECKING:
    import pandas as pd

_TITLES = {MODEL: "over the ranges", REFERENCE: "at reference", NULL: "null theory", UNCHANGED: "no change"}


def score_table(scores: Sequence[Mapping[str, Any]], title: str) -> Table:
    """Mean pass probability and Brier score of all patterns that count, and of either half."""
    table = Table(title=title, title_justify="left")
    for name in ("", "patterns", *(f"{_TITLES[side]} (Brier)" for side in SIDES)):
        table.add_column(name, justify="left" if not name else "right")
    for row in scores:
        cells = [f"{share(row['score'][side])} ({row['brier'][side]:.3f})" for side in SIDES]
        table.add_row(row["half"].replace("_", " "), str(row["patterns"]), *cells)
    return table


def pattern_rows(patterns: pd.DataFrame, title: str, *, why: bool = False) -> Table:
    """A row a pattern, those that fewest runs pass first.

    Args:
        why: add the first reason why a pattern is circular.
    """
    table = Table(title=title, title_justify="left")
    for name in ("pattern", "says", "kind", "half", *(_TITLES[side] for side in SIDES), *(["why"] if why else [])):
        table.add_column(name, overflow="fold", justify="right" if name in _TITLES.values() else "left")
    for row in patterns.sort_values(MODEL, kind="stable").to_dict("records"):
        shown = [row["pattern"], row["says"], row["kind"], row["half"].replace("_", " ")]
        table.add_row(*shown, *(share(row[side]) for side in SIDES), *([_first(row["circular"])] if why else []))
    return table


def _first(reasons: str) -> str:
    """The first of several reasons, and how many more there are."""
    first, *more = reasons.split("; ")
    return f"{first} (and {len(more)} more)" if more else first

"""Tables of pattern scores for the terminal."""

from __future__ import annotations

import math
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


def fit_table(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], n: int) -> Table:
    """Scores of fresh runs before and after a fit, half by half, with the baselines."""
    table = Table(
        title=f"score of {n} fresh runs a side (Brier); the held-back half took no part", title_justify="left"
    )
    for name in ("", "patterns", "before the fit", "after the fit", _TITLES[NULL], _TITLES[UNCHANGED]):
        table.add_column(name, justify="left" if not name else "right")
    for old, new in zip(before, after, strict=True):
        sides = ((old, MODEL), (new, MODEL), (old, NULL), (old, UNCHANGED))
        cells = [f"{share(row['score'][side])} ({row['brier'][side]:.3f})" for row, side in sides]
        table.add_row(old["half"].replace("_", " "), str(old["patterns"]), *cells)
    return table


def contraction_table(numbers: pd.DataFrame, title: str) -> Table:
    """A row a number: what its range became."""
    table = Table(title=title, title_justify="left")
    for name in ("number", "declared range", "mean, before to after", "contraction", "shift in sd", "p", "q"):
        table.add_column(name, overflow="fold", justify="left" if name == "number" else "right")
    for row in numbers.to_dict("records"):
        table.add_row(
            row["number"], f"{row['low']:.3g} to {row['high']:.3g}", f"{row['prior_mean']:.3g} to {row['mean']:.3g}",
            f"{row['contraction']:.1%}", f"{row['shift']:+.2f}", f"{row['p']:.2g}", f"{row['q']:.2g}",
        )  # fmt: skip
    return table


def finite(value: Any) -> Any:
    """The same with null for what is no number."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value

"""A picture: a figure with the table behind it and what it shows in words; and what someone asks to see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure


class Picture(NamedTuple):
    """A figure, the table behind it, the stem of their files, and a sentence for who cannot see it."""

    stem: str
    figure: Figure
    data: pd.DataFrame
    says: str


@dataclass(frozen=True)
class Request:
    """What to draw of a folder."""

    measures: tuple[str, ...] = ()  # names or wildcards; those the folder puts first if none
    by: str | None = None  # column whose values are the groups; the scenario, or a factor, if none
    across: str | None = None  # factor of the horizontal axis of a surface
    up: str | None = None  # and of its vertical one
    threshold: float | None = None  # value of interest of a cumulative distribution
    months: tuple[str, ...] = field(default=())  # of networks and maps

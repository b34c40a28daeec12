"""Means by the levels of one or two factors, and where a difference turns its sign."""

from __future__ import annotations

from itertools import compress, pairwise
from typing import Any

import numpy as np
import pandas as pd


def table_of_means(values: pd.Series, *, turns: bool) -> pd.DataFrame:
    """A row a level of the first factor, or one row; the levels of the last factor across."""
    index = list(values.index.names)
    if len(index) > 1:
        wide = values.reset_index().pivot_table(values.name, index[0], index[1], sort=False)
    else:
        wide = values.to_frame("mean").T
    names, signs = [_level(each) for each in wide.columns], np.sign(wide.to_numpy(np.float64))
    between = [f"{low} to {high}" for low, high in pairwise(names)]
    turned = [
        ", ".join(compress(between, row[1:] * row[:-1] < 0)) if turns else "" for row in signs
    ]
    found = wide.set_axis(names, axis="columns").rename_axis(columns=None).reset_index()
    short = ", across ".join(str(name).rpartition(".")[2] for name in index)
    return found.rename(columns={index[0]: short, "index": short}).assign(**{"sign turns": turned})


def _level(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""How the spread of a result divides: by scenario, theory, form, coding of the documents, numbers, and chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eurasia_sim.parameters import Floats


def variance_shares(values: Floats, points: pd.DataFrame, factors: Sequence[str]) -> dict[str, float]:
    """Shares of the variance of a reading over scenarios, points of a sample, and replicates; they add up to 1.

    Form: the law of total variance (Saltelli et al. 2008, main effects). Scenario and each factor get what the means of
    their levels vary by; numbers get what points vary by beyond the factors, in every scenario alike; interplay is what
    scenarios do differently at different points; chance is what replicates of one point and scenario vary by. Each is
    freed of what the next finer layer adds to it by sampling, and none goes below 0.

    Args:
        values: (scenarios, P, replicates); points with a failed run are left out.
        points: (P, columns), factors among them. factors: columns whose levels are compared.

    Returns:
        scenario, the factors, parameters, interplay, chance; NaN where nothing varies.
    """
    whole = np.flatnonzero(np.isfinite(values).all(axis=(0, 2)))
    values, points = values[:, whole], points.iloc[whole]
    arms, count, replicates = values.shape
    names = ["scenario", *factors, "parameters", "interplay", "chance"]
    if count < 2 or np.ptp(values) == 0.0:
        return dict.fromkeys(names, float("nan"))
    chance = float(values.var(axis=2, ddof=1).mean()) if replicates > 1 else 0.0
    cells = values.mean(axis=2)  # (arms, P)
    middle = cells.mean(axis=0)  # (P,)
    apart = cells - middle - cells.mean(axis=1, keepdims=True) + cells.mean()
    crossed = float((apart**2).sum() / max((arms - 1) * (count - 1), 1)) if arms > 1 else 0.0
    found = {"scenario": 0.0}
    if arms > 1:
        found["scenario"] = float(cells.mean(axis=1).var(ddof=1)) - crossed / count
        found["scenario"] *= (arms - 1) / arms
    between = float(middle.var(ddof=1)) - chance / (replicates * arms)
    for factor in factors:
        found[factor] = _between_levels(middle, points[factor])
    found["parameters"] = between - sum(max(found[factor], 0.0) for factor in factors)
    found["interplay"] = (crossed - chance / replicates) * (arms - 1) / max(arms, 1)
    found["chance"] = chance
    kept = {name: max(value, 0.0) for name, value in found.items()}
    total = sum(kept.values())
    return {name: kept[name] / total for name in names}


def _between_levels(values: Floats, levels: pd.Series) -> float:
    """Variance of the means of a factor's levels, freed of what the spread within levels adds to it."""
    groups = [values[(levels == level).to_numpy()] for level in levels.unique()]
    if len(groups) < 2:
        return 0.0
    count = len(values)
    between = sum(len(group) * (group.mean() - values.mean()) ** 2 for group in groups) / (len(groups) - 1)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / max(count - len(groups), 1)
    return float((between - within) * (len(groups) - 1) / count)

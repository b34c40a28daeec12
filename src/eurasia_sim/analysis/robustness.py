"""How well options do where nobody knows which state of the world holds: four answers, since they disagree.

Claim: McPhail et al. 2018 compare such metrics: what each looks at (the worst, the regret, the share of states that
will do) is an attitude to risk, so one alone hides a choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eurasia_sim.files.data_yaml import DataError

_MOST_REGRET = 0.9  # quantile of the milder regret
_NAMED = 5


def payoffs(
    runs: pd.DataFrame, measure: str, options: Sequence[str], states: Sequence[str]
) -> pd.DataFrame:
    """A measure by state of the world (rows) and option (columns), where every option was run in every state.

    Args:
        runs: a row a run. options: columns that say what was decided. states: columns that say what held.

    Returns:
        Means of the runs of a state and option; NaN where one of them failed.

    Raises:
        DataError: where there is but one option, or options were not run in the same states.
    """
    option = _named(runs, options)
    if option.nunique() < 2:
        raise DataError(
            [f"there is but one option, {option.iloc[0]}" if len(option) else "there are no runs"]
        )
    state = (
        runs.groupby(list(states), dropna=False, sort=True).ngroup()
        if states
        else pd.Series(0, runs.index)
    )
    values = pd.DataFrame(
        {"option": option, "state": state, "value": runs[measure], "failed": runs[measure].isna()}
    )
    held = values.pivot_table(
        "failed", "state", "option", aggfunc="size", fill_value=0, dropna=False
    )
    table = values.pivot_table(
        "value", "state", "option", aggfunc="mean", dropna=False
    ).reindex_like(held)
    failed = values.pivot_table(
        "failed", "state", "option", aggfunc="max", dropna=False
    ).reindex_like(held)
    table = table.mask(failed == 1)
    alone = int((held == 0).any(axis=1).sum())
    if alone:
        shown = ", ".join(map(str, table.columns[:_NAMED]))
        raise DataError(
            [
                f"{alone} of {len(table)} states lack an option ({shown}): regret needs every option in the same states"
            ]
        )
    order = list(dict.fromkeys(option))
    return table[order]


def _named(runs: pd.DataFrame, options: Sequence[str]) -> pd.Series:
    """Each run's option in one text."""
    if len(options) == 1:
        return runs[options[0]].astype(str)
    parts = [name.removeprefix("x.") + " = " + runs[name].astype(str) for name in options]
    found = parts[0]
    for part in parts[1:]:
        found = found + ", " + part
    return found


def robustness(
    values: pd.DataFrame, *, higher_is_better: bool, threshold: float | None = None
) -> pd.DataFrame:
    """Every option by four metrics over states of the world, with the best of each marked.

    Form: worst is the worst state (maximin, Wald 1950); regret is what a state would have given more under its best
    option, and most_regret its greatest (minimax regret, Savage 1951), regret_90 the quantile below which 90 % of
    states lie; domain is the share of states at least as good as the threshold (Starr 1963).

    Args:
        values: (states, options) as `payoffs` gives; a state in which any option failed is left out.
        threshold: what will do, in the measure's unit; by default the median of all values.

    Returns:
        A row an option: mean, worst, most_regret, regret_90, domain, threshold, states, left_out, and best, the names
        of the metrics by which no option does better.

    Raises:
        DataError: where no state is whole.
    """
    whole = values.dropna()
    if not len(whole):
        raise DataError([f"in each of {len(values)} states some option failed"])
    sign = 1.0 if higher_is_better else -1.0
    good = sign * whole
    enough = float(np.median(whole.to_numpy())) if threshold is None else threshold
    regret = (-good).add(good.max(axis=1), axis=0)
    table = pd.DataFrame(
        {
            "option": whole.columns,
            "mean": whole.mean().to_numpy(),
            "worst": sign * good.min().to_numpy(),
            "most_regret": regret.max().to_numpy(),
            "regret_90": regret.quantile(_MOST_REGRET).to_numpy(),
            "domain": (good >= sign * enough).mean().to_numpy(),
            "threshold": enough,
            "states": len(whole),
            "left_out": len(values) - len(whole),
        }
    )
    marks = {"mean": sign, "worst": sign, "most_regret": -1.0, "regret_90": -1.0, "domain": 1.0}
    best = {name: own * table[name] == (own * table[name]).max() for name, own in marks.items()}
    table["best"] = [
        ", ".join(name for name in marks if best[name].iloc[at]) for at in range(len(table))
    ]
    return table

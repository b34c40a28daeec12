"""How well options do across states of the world, by four metrics that may disagree.

Claim: McPhail et al. 2018 compare such metrics: each (the worst state, the regret, the share of
acceptable states) is an attitude to risk, so one alone hides a choice.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eurasia_sim.files.data_yaml import DataError

_MOST_REGRET = 0.9  # quantile of the milder regret
_NAMED = 5


def payoffs(
    runs: pd.DataFrame, measure: str, options: Sequence[str], states: Sequence[str]
) -> pd.DataFrame:
    """A measure by state of the world (rows) and option (columns).

    Args:
        runs: a row a run. options: columns of decisions. states: columns of circumstances.

    Returns:
        Means of the runs of a state and option; NaN where one of them failed.

    Raises:
        DataError: where there is but one option, or options were not run in the same states.
    """
    option = runs[options[0]].astype(str)
    if len(options) > 1:  # in one text
        named = [f"{name.removeprefix('x.')} = " + runs[name].astype(str) for name in options]
        option = named[0].str.cat(pd.concat(named[1:], axis=1), sep=", ")
    if option.nunique() < 2:
        why = f"there is but one option, {option.iloc[0]}" if len(option) else "there are no runs"
        raise DataError([why])
    state = pd.Series(0, runs.index)
    if states:
        state = runs.groupby(list(states), dropna=False, sort=True).ngroup()
    cells = runs[measure].groupby([state, option.rename("option")]).agg(["mean", "count", "size"])
    names = cells.index.unique("option").sort_values()
    options_a_state = cells.groupby(level=0).size()
    alone = int((options_a_state < len(names)).sum())
    if alone:
        lacking = f"{alone} of {len(options_a_state)} states lack an option"
        shown = ", ".join(map(str, names[:_NAMED]))
        raise DataError([f"{lacking} ({shown}): regret needs every option in the same states"])
    means = cells["mean"].where(cells["count"] == cells["size"])
    columns = dict(zip(names, means.to_numpy().reshape(-1, len(names)).T, strict=True))
    return pd.DataFrame({name: columns[name] for name in dict.fromkeys(option)})


def robustness(
    values: pd.DataFrame, *, higher_is_better: bool, threshold: float | None = None
) -> pd.DataFrame:
    """Every option by its mean and four metrics over states, with the best of each marked.

    Form: worst is the worst state (maximin, Wald 1950); regret is what the best option of a state
    would have given more, most_regret its maximum (minimax regret, Savage 1951), regret_90 its 90 %
    quantile over states; domain is the share of states at least as good as the threshold (Starr
    1963).

    Args:
        values: (states, options) of `payoffs`; a state in which any option failed is left out.
        threshold: acceptable value, in the measure's unit; by default the median of all values.

    Returns:
        A row an option: mean, worst, most_regret, regret_90, domain, threshold, states, left_out,
        and best, the names of the metrics by which no option does better.

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
            "mean": np.ascontiguousarray(whole.to_numpy()).mean(axis=0),  # in the order of states
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
    signed = table[list(marks)] * pd.Series(marks)
    best = signed == signed.max()
    table["best"] = [", ".join(best.columns[row]) for row in best.to_numpy()]
    return table

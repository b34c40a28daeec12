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
    """Means of a measure's runs by state of the world (rows) and option (columns).

    Options and states are columns of the runs; a mean is NaN where one of its runs failed. Raises
    DataError where there is but one option, or options were not run in the same states.
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
    keys = [state.rename("state"), option.rename("option")]
    cells = runs[measure].groupby(keys).agg(["mean", "count", "size"]).reset_index()
    options_a_state = cells.groupby("state").size()
    if alone := int((options_a_state < option.nunique()).sum()):
        lacking = f"{alone} of {len(options_a_state)} states lack an option"
        shown = ", ".join(sorted(option.unique())[:_NAMED])
        raise DataError([f"{lacking} ({shown}): regret needs every option in the same states"])
    cells["mean"] = cells["mean"].where(cells["count"] == cells["size"])
    table = cells.pivot_table("mean", "state", "option", dropna=False)
    return table[list(dict.fromkeys(option))].rename_axis(columns=None)


def robustness(
    values: pd.DataFrame, *, higher_is_better: bool, threshold: float | None = None
) -> pd.DataFrame:
    """Every option by its mean and four metrics over states, with the best of each marked.

    Form: worst is the worst state (maximin, Wald 1950); regret is what the best option of a state
    would have given more, most_regret its maximum (minimax regret, Savage 1951), regret_90 its 90 %
    quantile over states; domain is the share of states at least as good as the threshold (Starr
    1963; by default the median of all values); best names the metrics by which no option does
    better. A state in which any option failed is left out; raises DataError where none is whole.
    """
    whole = values.dropna()
    if not len(whole):
        raise DataError([f"in each of {len(values)} states some option failed"])
    sign = 1.0 if higher_is_better else -1.0
    good = sign * whole
    enough = float(np.median(whole.to_numpy())) if threshold is None else threshold
    regret = (-good).add(good.max(axis=1), axis=0)
    metrics = {
        "mean": np.ascontiguousarray(whole.to_numpy()).mean(axis=0),  # in the order of states
        "worst": sign * good.min().to_numpy(),
        "most_regret": regret.max().to_numpy(),
        "regret_90": regret.quantile(_MOST_REGRET).to_numpy(),
        "domain": (good >= sign * enough).mean().to_numpy(),
    }
    better = {"mean": sign, "worst": sign, "most_regret": -1.0, "regret_90": -1.0, "domain": 1.0}
    signed = pd.DataFrame(metrics) * pd.Series(better)
    best = signed == signed.max()
    return pd.DataFrame({"option": whole.columns, **metrics}).assign(
        threshold=enough, states=len(whole), left_out=len(values) - len(whole),
        best=[", ".join(best.columns[row]) for row in best.to_numpy()],
    )  # fmt: skip

"""Metrics of robustness by sums a person can do, and tables that would compare what cannot be."""

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.analysis.robustness import payoffs, robustness
from eurasia_sim.files.data_yaml import DataError

# Three states of the world (rows) and three options: bold is best where it goes well.
VALUES = pd.DataFrame(
    {"bold": [9.0, 5.0, 0.0], "middling": [6.0, 4.0, 2.0], "safe": [3.0, 3.0, 3.0]}
)
OPTION, STATE = ["x.option"], ["x.decay"]


def test_each_metric_is_the_sum_by_hand_and_the_metrics_disagree():
    found = robustness(VALUES, higher_is_better=True, threshold=4.0).set_index("option")
    for name, values in {
        "worst": [0.0, 2.0, 3.0],
        "most_regret": [3.0, 3.0, 6.0],
        "regret_90": [2.4, 2.6, 5.2],
        "domain": [2 / 3, 2 / 3, 0.0],
        "mean": [14 / 3, 4.0, 3.0],
    }.items():
        assert found[name].tolist() == pytest.approx(values), name
    best = ["mean, most_regret, regret_90, domain", "most_regret, domain", "worst"]
    assert found["best"].tolist() == best
    down = robustness(-VALUES, higher_is_better=False, threshold=-4.0).set_index("option")
    np.testing.assert_allclose(down["worst"], -found["worst"])  # all else turned around, the same
    assert down["best"].tolist() == best
    for name in ("most_regret", "regret_90", "domain"):
        np.testing.assert_allclose(down[name], found[name])
    assert set(robustness(VALUES, higher_is_better=True)["threshold"]) == {3.0}  # the median


def test_a_state_in_which_an_option_failed_is_left_out_and_counted():
    broken = VALUES.copy()
    broken.loc[2, "bold"] = np.nan
    found = robustness(broken, higher_is_better=True, threshold=4.0)
    assert found["worst"].tolist() == [5.0, 4.0, 3.0]
    assert (set(found["states"]), set(found["left_out"])) == ({2}, {1})
    with pytest.raises(DataError, match="in each of 3 states some option failed"):
        robustness(VALUES * np.nan, higher_is_better=True)


def test_runs_are_put_by_state_and_option_in_any_order():
    rows = [
        (option, state, r, float(worth + 10 * state + r))
        for option, worth in (("out", 1), ("in", 2))
        for state in (0, 1, 2)
        for r in (0, 1)
    ]
    runs = pd.DataFrame(rows, columns=[*OPTION, *STATE, "replicate", "y"])
    mixed = runs.sample(frac=1, random_state=1).sort_values("x.option")
    table = payoffs(mixed, "y", OPTION, STATE)
    assert table["out"].tolist() == [1.5, 11.5, 21.5]
    assert table["in"].tolist() == [2.5, 12.5, 22.5]
    assert len(payoffs(runs, "y", OPTION, [*STATE, "replicate"])) == 6
    both = payoffs(runs.assign(**{"x.other": 5}), "y", [*OPTION, "x.other"], STATE)
    assert list(both) == ["option = out, other = 5", "option = in, other = 5"]
    broken = runs.assign(y=runs["y"].where(runs.index > 0))  # not the mean of the rest
    assert np.isnan(payoffs(broken, "y", OPTION, STATE)["out"].iloc[0])
    with pytest.raises(DataError, match="1 of 3 states lack an option"):
        payoffs(runs.drop(index=[0, 1]), "y", OPTION, STATE)
    with pytest.raises(DataError, match="but one option, out"):
        payoffs(runs.iloc[:6], "y", OPTION, STATE)

"""Four metrics of robustness by sums a person can do, and tables that would compare what cannot be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.analysis.robustness import payoffs, robustness
from eurasia_sim.files.data_yaml import DataError

# Three states of the world (rows) and three options: bold is best where it goes well, safe never moves.
VALUES = pd.DataFrame(
    {"bold": [9.0, 5.0, 0.0], "middling": [6.0, 4.0, 2.0], "safe": [3.0, 3.0, 3.0]}
)


def test_each_metric_is_the_sum_by_hand():
    found = robustness(VALUES, higher_is_better=True, threshold=4.0).set_index("option")
    assert found["worst"].to_dict() == {"bold": 0.0, "middling": 2.0, "safe": 3.0}
    assert found["most_regret"].to_dict() == {"bold": 3.0, "middling": 3.0, "safe": 6.0}
    assert found["regret_90"].to_dict() == pytest.approx(
        {"bold": 2.4, "middling": 2.6, "safe": 5.2}
    )
    assert found["domain"].to_dict() == pytest.approx(
        {"bold": 2 / 3, "middling": 2 / 3, "safe": 0.0}
    )
    assert found["mean"].to_dict() == pytest.approx({"bold": 14 / 3, "middling": 4.0, "safe": 3.0})


def test_the_metrics_disagree_and_say_so():
    best = robustness(VALUES, higher_is_better=True, threshold=4.0).set_index("option")["best"]
    assert best["safe"] == "worst"
    assert best["bold"] == "mean, most_regret, regret_90, domain"
    assert best["middling"] == "most_regret, domain"


def test_where_lower_is_better_everything_turns_around():
    up = robustness(VALUES, higher_is_better=True, threshold=4.0)
    down = robustness(-VALUES, higher_is_better=False, threshold=-4.0)
    np.testing.assert_allclose(down["worst"], -up["worst"])
    for name in ("most_regret", "regret_90", "domain"):
        np.testing.assert_allclose(down[name], up[name])
    assert down["best"].tolist() == up["best"].tolist()


def test_the_threshold_is_the_median_unless_given():
    assert set(robustness(VALUES, higher_is_better=True)["threshold"]) == {3.0}


def test_a_state_in_which_an_option_failed_is_left_out_and_counted():
    broken = VALUES.copy()
    broken.loc[2, "bold"] = np.nan
    found = robustness(broken, higher_is_better=True, threshold=4.0).set_index("option")
    assert found["worst"].to_dict() == {"bold": 5.0, "middling": 4.0, "safe": 3.0}
    assert set(found["states"]) == {2}
    assert set(found["left_out"]) == {1}
    with pytest.raises(DataError, match="in each of 3 states some option failed"):
        robustness(VALUES * np.nan, higher_is_better=True)


def runs() -> pd.DataFrame:
    """Two options in three states, two runs each."""
    rows = [
        {"x.posture": option, "x.decay": state, "replicate": r, "y": float(worth + 10 * state + r)}
        for option, worth in (("out", 1), ("in", 2))
        for state in (0, 1, 2)
        for r in (0, 1)
    ]
    return pd.DataFrame(rows)


def test_runs_are_put_by_state_and_option_in_any_order():
    table = payoffs(
        runs().sample(frac=1, random_state=1).sort_values("x.posture"),
        "y",
        ["x.posture"],
        ["x.decay"],
    )
    assert table["out"].tolist() == [1.5, 11.5, 21.5]
    assert table["in"].tolist() == [2.5, 12.5, 22.5]
    assert len(payoffs(runs(), "y", ["x.posture"], ["x.decay", "replicate"])) == 6


def test_several_decisions_together_are_one_option():
    both = runs().assign(**{"x.other": 5})
    assert list(payoffs(both, "y", ["x.posture", "x.other"], ["x.decay"])) == [
        "posture = out, other = 5", "posture = in, other = 5",
    ]  # fmt: skip


def test_a_failed_run_makes_its_state_missing_and_not_the_mean_of_the_rest():
    broken = runs()
    broken.loc[0, "y"] = np.nan
    assert np.isnan(payoffs(broken, "y", ["x.posture"], ["x.decay"])["out"].iloc[0])


def test_options_that_were_not_run_in_the_same_states_have_no_regret():
    with pytest.raises(DataError, match="1 of 3 states lack an option"):
        payoffs(runs().drop(index=[0, 1]), "y", ["x.posture"], ["x.decay"])
    with pytest.raises(DataError, match="but one option, out"):
        payoffs(runs().iloc[:6], "y", ["x.posture"], ["x.decay"])

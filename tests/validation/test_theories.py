"""Weights of models whose best mixture is known, and groups of theories that are one."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from eurasia_sim.validation.theories import APART, one_theory, stacking_weights, weighed


def test_a_mixture_gets_the_weights_it_was_drawn_with() -> None:
    rng = np.random.default_rng(1)
    first = rng.random(20_000) < 0.3
    values = np.where(first, rng.normal(-3, 1, 20_000), rng.normal(3, 1, 20_000))
    models = np.column_stack([norm.logpdf(values, mean) for mean in (-3, 3, 40)])
    assert stacking_weights(models) == pytest.approx([0.3, 0.7, 0.0], abs=0.02)


def test_equal_models_share_and_only_targets_of_all_count() -> None:
    rows = pd.DataFrame(
        {"item": "x", "origin": 2008, "unit": [0, 1], "declared": [-1.0, -2.0], "fitted": -1.0}
    )
    found = weighed({"one": rows, "two": rows.assign(fitted=-9.0).iloc[:1]})
    assert found["targets"].tolist() == [1, 1]
    assert found["declared"].tolist() == [-1, -1]
    assert found["weight_declared"].tolist() == pytest.approx([0.5, 0.5])
    assert found["weight_fitted"].tolist() == pytest.approx([1, 0], abs=1e-3)


def test_theories_are_one_where_a_chain_of_pairs_cannot_be_told_apart() -> None:
    areas = {("a", "b"): APART, ("a", "c"): 0.55, ("a", "d"): 0.9,
             ("b", "c"): 0.9, ("b", "d"): 0.69, ("c", "d"): 0.9}  # fmt: skip
    assert one_theory("abcd", areas) == [["a", "c"], ["b", "d"]]
    (every,) = one_theory("abcd", {**areas, ("b", "c"): 0.5})
    assert sorted(every) == [*"abcd"]

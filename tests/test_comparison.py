"""Paired differences: by hand, exact in their parts, and refused where nothing pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eurasia_sim.comparison import mean_interval, paired_difference, parts

PAIR = "a-b.everywhere"


def frame(met: list[float], joint: list[float], seeds: list[int] | None = None) -> pd.DataFrame:
    c, j = np.array(met), np.array(joint)
    return pd.DataFrame(
        {
            "run": range(len(met)),
            "seed": seeds or range(len(met)),
            f"colocation.{PAIR}": c,
            f"competition.{PAIR}": c * (1 - j),
            f"cooperation.{PAIR}": c * j,
        }
    )


def test_parts_by_hand() -> None:
    first, second = frame([0.6], [0.5]), frame([0.4], [0.25])
    meeting, joining = parts(first, second, f"competition.{PAIR}")
    assert meeting[0] == pytest.approx(0.2 * (1 - 0.375))  # more meeting, at the middle joint share
    assert joining[0] == pytest.approx(-0.25 * 0.5)  # more of it joint, at the middle meeting


shares = st.lists(st.floats(0, 1), min_size=3, max_size=3)


@given(shares, shares, shares, shares)
def test_parts_add_up_to_the_difference(c1: list[float], j1: list[float], c2: list[float], j2: list[float]) -> None:
    first, second = frame(c1, j1), frame(c2, j2)
    for kind in ("competition", "cooperation"):
        meeting, joining = parts(first, second, f"{kind}.{PAIR}")
        change = first[f"{kind}.{PAIR}"] - second[f"{kind}.{PAIR}"]
        assert np.allclose(meeting + joining, change, atol=1e-12)


def test_a_difference_by_hand() -> None:
    first, second = frame([0.5, 0.7, 0.6], [0, 0, 0]), frame([0.4, 0.5, 0.7], [0, 0, 0])
    found = paired_difference(first, second, f"competition.{PAIR}")
    assert found.mean == pytest.approx((0.1 + 0.2 - 0.1) / 3)
    assert (found.positive, found.negative, found.n) == (pytest.approx(2 / 3), pytest.approx(1 / 3), 3)
    assert found.low <= found.mean <= found.high
    assert found.effect_size == pytest.approx(found.mean / np.std([0.1, 0.2, -0.1]))


def test_failed_runs_take_no_part() -> None:
    first, second = frame([0.5, 0.7, 0.6], [0, 0, 0]), frame([0.4, 0.5, 0.5], [0, 0, 0])
    first.loc[1, f"competition.{PAIR}"] = np.nan
    found = paired_difference(first, second, f"competition.{PAIR}")
    assert found.n == 2
    assert found.mean == pytest.approx(0.1)


def test_runs_with_other_seeds_do_not_pair() -> None:
    with pytest.raises(ValueError, match="pairing needs equal seeds"):
        paired_difference(frame([0.5], [0]), frame([0.5], [0], seeds=[9]), f"competition.{PAIR}")


def test_what_does_not_vary_has_an_interval_of_no_width() -> None:
    assert mean_interval(np.full(5, 0.25)) == (0.25, 0.25)
    low, high = mean_interval(np.array([0.0, 1.0, 0.5, 0.2]))
    assert low < 0.425 < high
    assert (low, high) == mean_interval(np.array([0.0, 1.0, 0.5, 0.2]))

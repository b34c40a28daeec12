"""Joint work as plain loops over runs, without a vector type: the simplest alternative.

It says what `mechanisms.cooperation.join` says, one number at a time with the runs innermost, and
leaves it to the compiler to take several at once. `benchmarks.kernel_speed` prices both.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numba
import numpy as np

from eurasia_sim.compute.mathematics import TINY, _bits_from_float, _float_from_bits
from eurasia_sim.kernel.workspace import Workspace

NUMBERS = (
    "joint_trust", "joint_venues", "joint_reluctance", "joint_gain", "joint_danger",
    "relative_gains",
)  # fmt: skip
READ = ("effort", "common", "alignment", "budget")
WRITTEN = ("danger", "joint", "rivalry", "partnership")


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def exponential(x):
    """As `mathematics.exponential`, in ordinary sums and products."""
    x = max(x, -700.0)
    x = min(x, 700.0)
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    power = shifted - 6755399441055744.0
    r = (x - power * 0.6931471803691238) - power * 1.9082149292705877e-10
    r2 = r * r
    r4 = r2 * r2
    low = r4 * (r2 * (r * (1 / 5040.0) + 1 / 720.0) + (r * (1 / 120.0) + 1 / 24.0)) + (
        r2 * (r * (1 / 6.0) + 0.5) + r
    )
    high = r4 * (1 / 479001600.0) + (
        r2 * (r * (1 / 39916800.0) + 1 / 3628800.0) + (r * (1 / 362880.0) + 1 / 40320.0)
    )
    bits = _bits_from_float(1.0 + (r4 * r4 * high + low)) + (
        _bits_from_float(shifted) << np.int64(52)
    )
    return _float_from_bits(bits)


@numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})
def join(read, written, venues, least, p, room, times):
    """What every two do jointly, so many times on end; arrays as `STATE` names them, runs last.

    Args:
        read, written: arrays by `READ` and `WRITTEN`.
        venues: (N, N, D, R).
        least: (K, D, R).
        p: (6, R) `NUMBERS`.
        room: (4, R) scratch.
    """
    effort, common, alignment, budget = read
    danger, joint, rivalry, partnership = written
    actors, theatres, domains, runs = effort.shape
    trust, overlap, joined, ready = room[0], room[1], room[2], room[3]
    for _ in range(times):
        for i in range(actors):
            for k in range(theatres):
                for d in range(domains):
                    for r in range(runs):
                        danger[i, k, d, r] = sqrt(common[i, k, d, r])
                        joint[i, k, d, r] = 0.0
        for i in range(actors):
            for j in range(i + 1, actors):
                for r in range(runs):
                    trust[r] = 0.5 * (alignment[i, j, r] + alignment[j, i, r])
                    overlap[r] = 0.0
                    joined[r] = 0.0
                for d in range(domains):
                    for r in range(runs):
                        ready[r] = p[0, r] * trust[r] + p[1, r] * venues[i, j, d, r] - p[2, r]
                    for k in range(theatres):
                        for r in range(runs):
                            one, other = effort[i, k, d, r], effort[j, k, d, r]
                            less = min(other, one)
                            own = less / (one + other + TINY)
                            gain = p[3, r] + p[4, r] * (danger[i, k, d, r] * danger[j, k, d, r])
                            odds = ready[r] + gain * (own - p[5, r] * (1.0 - 2.0 * own))
                            willing = 1.0 / (1.0 + exponential(-odds))
                            done = (max(least[k, d, r], willing)) * less
                            joint[i, k, d, r] = max(done, joint[i, k, d, r])
                            joint[j, k, d, r] = max(done, joint[j, k, d, r])
                            overlap[r] += less
                            joined[r] += done
                for r in range(runs):
                    share = 2.0 / (budget[i, r] + budget[j, r] + TINY)
                    rivalry[i, j, r] = rivalry[j, i, r] = share * (overlap[r] - joined[r])
                    partnership[i, j, r] = partnership[j, i, r] = share * joined[r]


class PlainJoin:
    """The plain form on copies of a block's arrays."""

    def __init__(self, workspace: Workspace) -> None:
        state, month = workspace.state, workspace.month
        zeros = {name: np.zeros_like(np.asarray(getattr(state, name))) for name in WRITTEN}
        self.written = zeros
        self.given: list[Any] = [tuple(np.array(getattr(state, name)) for name in READ)]
        self.given += [tuple(zeros.values())]
        self.given += [np.array(month.common_venues), np.array(month.jointness)]
        numbers = np.array([getattr(workspace.p, name) for name in NUMBERS])
        self.given += [numbers, np.zeros((4, state.runs))]

    def __call__(self, times: int) -> None:
        """Work it out so many times."""
        join(*self.given, times)

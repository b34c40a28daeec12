"""The costliest mechanism with all runs at once: joint or alone, in NumPy with a leading run axis.

This is the usual way to make such a model fast without a compiler; `benchmarks.speed` races it with the kernel's own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# Runs taken together: enough that a call of NumPy is small beside its work, few enough to stay near the processor.
BLOCK = 480
TINY = 1e-300


class Joined(NamedTuple):
    """What `join` returns, each with a leading run axis R."""

    joint: np.ndarray  # (R, N, C) largest joint effort of each actor in each cell
    rivalry: np.ndarray  # (R, N, N) contested overlap over both budgets
    partnership: np.ndarray  # (R, N, N) joint overlap over both budgets


def join(
    effort: np.ndarray,
    common: np.ndarray,
    alignment: np.ndarray,
    budget: np.ndarray,
    venues: np.ndarray,
    least: np.ndarray,
    rules: Any,
) -> Joined:
    """What every two actors do together, for all runs: the equations of `eurasia_sim.mechanisms.cooperation.join`.

    Args:
        effort, common: (R, N, C) efforts and common danger by cell, C = theatres * domains, domains fastest.
        alignment: (R, N, N). budget: (R, N). venues: (N, N, D) venues shared, of all runs the same month's.
        least: (C,) imposed least joint share. rules: (R,) records.
    """
    runs, actors, cells = effort.shape
    out = Joined(np.zeros_like(effort), *(np.zeros((runs, actors, actors)) for _ in range(2)))
    by_cell = np.tile(venues, cells // venues.shape[-1])
    for start in range(0, runs, BLOCK):
        part = slice(start, start + BLOCK)
        block = Joined(*(array[part] for array in out))
        _join_block(effort[part], common[part], alignment[part], budget[part], by_cell, least, rules[part], block)
    return out


def _join_block(
    effort: np.ndarray,
    common: np.ndarray,
    alignment: np.ndarray,
    budget: np.ndarray,
    venues: np.ndarray,
    least: np.ndarray,
    rules: Any,
    out: Joined,
) -> None:
    """Write one block of runs, each actor in turn with all that come after it."""
    roots = np.sqrt(common)
    trust = 0.5 * (alignment + alignment.transpose(0, 2, 1))
    ease = rules["joint_trust"][:, None, None] * trust - rules["joint_reluctance"][:, None, None]
    of_venues, gain, danger, relative = (
        rules[name][:, None, None] for name in ("joint_venues", "joint_gain", "joint_danger", "relative_gains")
    )
    slope = 1.0 + 2.0 * relative
    for i in range(effort.shape[1] - 1):
        rest = slice(i + 1, None)
        mine, theirs = effort[:, i, None], effort[:, rest]
        smaller = np.minimum(mine, theirs)
        worth = mine + theirs
        worth += TINY
        np.divide(smaller, worth, out=worth)
        worth *= slope
        worth -= relative
        volume = roots[:, rest] * roots[:, i, None]
        volume *= danger
        volume += gain
        volume *= worth
        volume += of_venues * venues[i, rest]
        volume += ease[:, i, rest, None]
        np.negative(volume, out=volume)
        np.exp(volume, out=volume)
        volume += 1.0
        np.reciprocal(volume, out=volume)
        np.maximum(volume, least, out=volume)
        volume *= smaller
        np.maximum(out.joint[:, i], volume.max(axis=1), out=out.joint[:, i])
        np.maximum(out.joint[:, rest], volume, out=out.joint[:, rest])
        both = budget[:, i, None] + budget[:, rest] + TINY
        overlap, together = (np.einsum("rjc->rj", cells) for cells in (smaller, volume))
        out.rivalry[:, i, rest] = out.rivalry[:, rest, i] = 2.0 * (overlap - together) / both
        out.partnership[:, i, rest] = out.partnership[:, rest, i] = 2.0 * together / both

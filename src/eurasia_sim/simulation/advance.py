"""A span of months of many runs: put into blocks of eight, worked out, and handed back run by run."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.blocks import RUNS, Run
from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.kernel.workspace import Workspace, levers_of, months_kept, plan_of
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws


@dataclass
class Outcome:
    """What R runs of one scenario gave; a failed run is missing (NaN), with its status."""

    scenario: str
    means: Floats  # (R, C) every column's mean over the window
    trajectories: Floats  # (R, months, kept)
    statuses: Integers  # (R, 3)
    done: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))


def advance(
    family: Sequence[Inputs],
    draws: Draws,
    memories: Floats | None,
    span: tuple[int, int],
    window: tuple[int, int],
    kept: Integers,
    since: int = 0,
    snapshots: Floats | None = None,
) -> list[Outcome]:
    """A span of months of the runs of some scenarios of one theory, block by block.

    Args:
        memories: (R, Z) from which every scenario goes on; from the beginning if there are none.
        since: first month of which the kept columns are written down.
        snapshots: (R, Z) of the last scenario's runs before month span[1], written.
    """
    plan, runs = plan_of(span, family[0].burn_in, window, kept, since), len(draws)
    months = months_kept(plan)
    outcomes = [
        Outcome(
            inputs.scenario.name,
            np.full((runs, len(inputs.columns)), np.nan),
            np.full((runs, months, len(kept)), np.nan),
            np.zeros((runs, 3), np.int64),
        )
        for inputs in family
    ]
    workspace = _workspace(family[0].facts, draws.rules)
    for which, run in _shares(len(family), runs):
        workspace.load(
            draws.rules[run],
            draws.rows[run],
            draws.seeds[run],
            None if memories is None else memories[run],
        )
        own = np.unique(which)
        levers = levers_of([family[s].levers for s in own], np.searchsorted(own, which), span)
        trajectory, status = (
            np.full((months, len(kept), RUNS), np.nan),
            np.zeros((len(run), 3), np.int64),
        )
        means = workspace.advance(levers, plan, trajectory, status)
        for s in own:
            mine = which == s
            outcomes[s].means[run[mine]] = means[mine]
            outcomes[s].trajectories[run[mine]] = trajectory[:, :, : len(run)].transpose(2, 0, 1)[
                mine
            ]
            outcomes[s].statuses[run[mine]] = status[mine]
        if snapshots is not None:
            snapshots[run] = workspace.memories()
    return outcomes


_OWN = threading.local()


def _workspace(facts: Run, rules: NDArray[np.void]) -> Workspace:
    """A thread's own workspace, made anew where facts or rules are others: a new one takes a megabyte each time."""
    kept: Workspace | None = getattr(_OWN, "workspace", None)
    if kept is None or kept.facts is not facts or kept.names != rules.dtype.names:
        kept = _OWN.workspace = Workspace(facts, rules)
    return kept


def _shares(scenarios: int, runs: int) -> Iterator[tuple[Integers, Integers]]:
    """Blocks of runs: of each run its scenario and its number; only the last block of all may have room left."""
    whole = runs // RUNS * RUNS
    for s in range(scenarios):
        for first in range(0, whole, RUNS):
            yield np.full(RUNS, s), np.arange(first, first + RUNS)
    left = scenarios * (runs - whole)
    for first in range(0, left, RUNS):
        which, run = np.divmod(np.arange(first, min(first + RUNS, left)), runs - whole)
        yield which, whole + run

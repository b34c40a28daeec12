"""Paired runs of two scenarios in growing numbers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.analysis.headline import headlines
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.simulation.ensemble import Outcome, chunks_of, run_paired
from eurasia_sim.simulation.inputs import Inputs, branch_month
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.world.world import World

# Pairs: a few for a first look, 200 in all. A batch is drawn, which takes as long as forty pairs.
BATCHES = (16, 64, 120)
_YEAR = 12


@dataclass(frozen=True)
class Answer:
    """What all runs done so far say of one measure, by scenario."""

    trajectories: Mapping[str, Floats]  # each (R, months from `first`); a failed run is NaN
    means: Mapping[str, Floats]  # each (R,), over the months from the parting on
    failed: Mapping[str, int]
    headlines: Sequence[Mapping[str, Any]]  # of two scenarios
    first: int  # month of the first value of a trajectory
    parting: int
    seconds: float  # of computing, without drawing
    done: int
    total: int

    @property
    def names(self) -> tuple[str, ...]:
        """The scenarios, the first less the second."""
        return tuple(self.means)


def parting_month(family: Sequence[Inputs]) -> int:
    """The month in which scenarios part; of one alone, or two alike, when it leaves the record."""
    own = min(inputs.scenario.branch_month for inputs in family)
    found = branch_month(family) if len(family) > 1 else own
    months = min(inputs.months for inputs in family)
    return max(min(found, own if found >= months else found, months - 1), 0)


def draw(world: World, inputs: Inputs, seed: int, *, over_ranges: bool) -> Draws:
    """All runs of an answer."""
    n = sum(BATCHES)
    return range_draws(world, inputs, n, seed) if over_ranges else reference_draws(inputs, n, seed)


def answers(
    family: Sequence[Inputs], draws: Draws, column: str, stop: threading.Event
) -> Iterator[Answer]:
    """An answer after each batch of paired runs; ends early when asked to stop.

    Args:
        family: the scenario and, if there is one, the second; under one theory.
        column: the measure wanted, from a year before the parting on.
    """
    parting = parting_month(family)
    first = max(parting - _YEAR, 0)
    window = parting, min(inputs.months for inputs in family)
    place = family[0].columns.index(column)
    found: list[list[Outcome]] = []
    seconds, done = 0.0, 0

    def work(chunk: slice, before: int) -> list[Outcome]:
        if stop.is_set():
            raise CancelledError
        part = draws.part(slice(before + chunk.start, before + chunk.stop))
        return run_paired(family, part, window, np.array([place]), since=first)

    for size in BATCHES:
        began, before = time.perf_counter(), done
        done = min(before + size, len(draws))
        try:
            found += chunks_of(partial(work, before=before), done - before)
        except CancelledError:
            return
        whole = [Outcome.joined(parts) for parts in zip(*found, strict=True)]
        sides = [pd.DataFrame(each.means, columns=family[0].columns) for each in whole]
        told = headlines(*sides) if len(sides) == 2 else ()
        named = dict(zip((inputs.scenario.name for inputs in family), whole, strict=True))
        seconds += time.perf_counter() - began
        yield Answer(
            trajectories={name: each.trajectories[:, :, 0] for name, each in named.items()},
            means={name: each.means[:, place] for name, each in named.items()},
            headlines=told,
            failed={name: int(each.failed.sum()) for name, each in named.items()},
            first=first, parting=parting, seconds=seconds, done=done, total=len(draws),
        )  # fmt: skip

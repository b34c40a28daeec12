"""Paired runs of two scenarios in growing numbers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.analysis.headline import headlines
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.simulation.ensemble import Outcome, Progress, in_chunks, run_paired
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
    found: list[tuple[slice, list[Outcome]]] = []
    seconds, done = 0.0, 0
    for size in BATCHES:
        began, before = time.perf_counter(), done
        done = min(before + size, len(draws))

        def work(chunk: slice, before: int = before) -> list[Outcome]:
            part = draws.part(slice(before + chunk.start, before + chunk.stop))
            return run_paired(family, part, window, np.array([place]), since=first)

        def take(chunk: slice, parts: list[Outcome], before: int = before) -> None:
            found.append((slice(before + chunk.start, before + chunk.stop), parts))

        in_chunks(work, take, Progress(done - before, stop=stop))
        if stop.is_set():
            return
        found.sort(key=lambda each: each[0].start)
        whole = {
            inputs.scenario.name: [parts[at] for _, parts in found]
            for at, inputs in enumerate(family)
        }
        sides = [
            pd.DataFrame(np.concatenate([part.means for part in parts]), columns=family[0].columns)
            for parts in whole.values()
        ]
        told = headlines(*sides) if len(sides) == 2 else ()
        seconds += time.perf_counter() - began
        yield Answer(
            trajectories={
                name: np.concatenate([part.trajectories[:, :, 0] for part in parts])
                for name, parts in whole.items()
            },
            means={
                name: side[column].to_numpy() for name, side in zip(whole, sides, strict=True)
            },
            headlines=told,
            failed={name: sum(int(x.failed.sum()) for x in parts) for name, parts in whole.items()},
            first=first, parting=parting, seconds=seconds, done=done, total=len(draws),
        )  # fmt: skip

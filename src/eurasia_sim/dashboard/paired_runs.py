"""Paired runs of two scenarios in growing numbers, branched from snapshots where they part."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.simulation.ensemble import Outcome, Progress, continued, in_chunks, snapshots
from eurasia_sim.simulation.inputs import Inputs, branch_month
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.world.world import World

# Pairs: a few for a first look, 200 in all. A batch is drawn, which takes as long as forty pairs.
BATCHES = (16, 64, 120)
_YEAR = 12
_MOST_PASTS = 6  # 17 MB each in the packaged world


@dataclass(frozen=True)
class Past:
    """Runs as they stand before a month; what is ready is only ever written with the same bits."""

    memories: Floats  # (R, Z)
    ready: NDArray[np.bool_]  # (R,) which have been run up to the month


class Pasts:
    """Runs before their month of parting: the latest few, for all visitors.

    A digest of all that decides a past finds it: visitors get the bits of runs of their own.
    """

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._kept: OrderedDict[str, Past] = OrderedDict()

    def of(self, key: str, runs: int, size: int) -> Past:
        """The past of a digest: R runs of Z numbers, none ready where it is new."""
        with self._busy:
            if key not in self._kept:
                self._kept[key] = Past(np.zeros((runs, size)), np.zeros(runs, bool))
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_PASTS:
                self._kept.popitem(last=False)
            return self._kept[key]


@dataclass(frozen=True)
class Answer:
    """What all runs done so far say of one measure, by scenario."""

    trajectories: Mapping[str, Floats]  # each (R, months from `first`); a failed run is NaN
    means: Mapping[str, Floats]  # each (R,), over the months from the parting on
    failed: Mapping[str, int]
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


def _key(inputs: Inputs, draws: Draws, month: int) -> str:
    """Digest of what decides the runs before a month."""
    total = hashlib.sha256(f"{month} {inputs.burn_in} ".encode())
    for part in (inputs.levers.rows[:month], draws.rules, draws.rows, draws.seeds):
        total.update(np.ascontiguousarray(part).tobytes())
    return total.hexdigest()


def answers(
    family: Sequence[Inputs], draws: Draws, column: str, pasts: Pasts, stop: threading.Event
) -> Iterator[Answer]:
    """An answer after each batch of paired runs; ends early when asked to stop.

    Args:
        family: the scenario and, if there is one, the second; under one theory.
        column: the measure wanted, from a year before the parting on.
        pasts: used where this family has the same past, and filled.
    """
    parting, runs = parting_month(family), len(draws)
    first = max(parting - _YEAR, 0)
    began = time.perf_counter()
    past = pasts.of(_key(family[0], draws, first), runs, family[0].state_size)
    place = np.array([family[0].columns.index(column)], np.int64)
    outcomes = [
        Outcome(
            inputs.scenario.name, np.zeros((runs, 0)),
            np.full((runs, inputs.months - first, 1), np.nan), np.zeros((runs, 3), np.int64),
        )
        for inputs in family
    ]  # fmt: skip
    seconds, done = 0.0, 0
    for size in BATCHES:
        before, done = done, min(done + size, runs)

        def work(chunk: slice, before: int = before) -> list[Outcome]:
            own = slice(before + chunk.start, before + chunk.stop)
            part = draws.part(own)
            if not past.ready[own].all():
                past.memories[own] = snapshots(family[0], part, first)
                past.ready[own] = True
            # No window: a month is measured up to the one column, which saves a third of the time.
            return [
                continued(each, part, past.memories[own], first, place, (each.months, each.months))
                for each in family
            ]

        def take(chunk: slice, found: list[Outcome], before: int = before) -> None:
            own = slice(before + chunk.start, before + chunk.stop)
            for whole, part in zip(outcomes, found, strict=True):
                whole.trajectories[own], whole.statuses[own] = part.trajectories, part.statuses

        in_chunks(work, take, Progress(done - before, stop=stop))
        if stop.is_set():
            return
        seconds += time.perf_counter() - began
        paths = {each.scenario: each.trajectories[:done, :, 0] for each in outcomes}
        yield Answer(
            trajectories=paths,
            means={name: _means(path[:, parting - first :]) for name, path in paths.items()},
            failed={
                each.scenario: int((each.statuses[:done, 0] != 0).sum()) for each in outcomes
            },
            first=first, parting=parting, seconds=seconds, done=done, total=runs,
        )  # fmt: skip
        began = time.perf_counter()


def _means(months: Floats) -> Floats:
    """(R,) mean of every run's months, added one after another as the kernel adds them."""
    found: Floats = np.cumsum(months, axis=1)[:, -1] / months.shape[1]
    return found

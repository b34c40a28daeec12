"""Two scenarios' paired runs in growing numbers, branched from snapshots at the month in which they part."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.simulation.ensemble import Outcome, Progress, continued, in_chunks, snapshots
from eurasia_sim.simulation.inputs import Inputs, branch_month
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.world.world import World

# Pairs: a few for a first look, 200 in all. Each batch is drawn, which takes as long as forty pairs.
BATCHES = (16, 64, 120)
_YEAR = 12
_MOST_PASTS = 6  # 17 MB each in the packaged world


@dataclass(frozen=True)
class Past:
    """Runs as they stand before a month; what is ready is never written otherwise than it was."""

    memories: Floats  # (R, Z)
    ready: NDArray[np.bool_]  # (R,) which have been lived up to the month


class Pasts:
    """Runs before their month of parting, kept so that nobody relives a past: the latest few, for all visitors.

    A past is found by a digest of all that decides it, so that whoever asks gets the bits of a run of his own.
    """

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._kept: OrderedDict[str, Past] = OrderedDict()

    def of(self, key: str, runs: int, size: int) -> Past:
        """The past of a digest: R runs of Z numbers, none of them lived yet where it is new."""
        with self._busy:
            if key not in self._kept:
                self._kept[key] = Past(np.zeros((runs, size)), np.zeros(runs, bool))
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_PASTS:
                self._kept.popitem(last=False)
            return self._kept[key]


@dataclass(frozen=True)
class Answer:
    """What is known of one measure so far, by scenario, of all runs done."""

    names: tuple[str, ...]
    trajectories: tuple[Floats, ...]  # each (R, months from `first`); a failed run is NaN
    means: tuple[Floats, ...]  # each (R,), over the months from the parting on
    statuses: tuple[tuple[int, int], ...]  # runs, failed
    first: int  # month of the first value of a trajectory
    parting: int
    seconds: float  # of computing, without what was drawn in between
    done: int
    total: int

    def by_name(self, values: Sequence[Floats]) -> dict[str, Floats]:
        """Trajectories or means by the name of their scenario."""
        return dict(zip(self.names, values, strict=True))


def parting_month(family: Sequence[Inputs]) -> int:
    """The month in which the scenarios part; for one alone, or two that never do, when it leaves the record."""
    own = min(inputs.scenario.branch_month for inputs in family)
    found = branch_month(family) if len(family) > 1 else own
    months = min(inputs.months for inputs in family)
    return max(min(found, own if found >= months else found, months - 1), 0)


def draw(world: World, inputs: Inputs, seed: int, *, over_ranges: bool) -> Draws:
    """All runs that an answer may come to hold."""
    n = sum(BATCHES)
    return range_draws(world, inputs, n, seed) if over_ranges else reference_draws(inputs, n, seed)


def _key(inputs: Inputs, draws: Draws, month: int) -> str:
    """What decides the runs before a month, as a digest."""
    total = hashlib.sha256(f"{month} {inputs.burn_in} ".encode())
    for part in (inputs.levers.rows[:month], draws.rules, draws.rows, draws.seeds):
        total.update(np.ascontiguousarray(part).tobytes())
    return total.hexdigest()


def answers(
    family: Sequence[Inputs], draws: Draws, column: str, pasts: Pasts, stop: threading.Event
) -> Iterator[Answer]:
    """Better and better answers, one after each batch of paired runs; ends early when asked to stop.

    Args:
        family: the scenario and, if there is one, the second; under one theory.
        column: the measure wanted, from a year before the parting on.
        pasts: those lived already, used where this family has the same, and filled.
    """
    parting = parting_month(family)
    first = max(parting - _YEAR, 0)
    began = time.perf_counter()
    past = pasts.of(_key(family[0], draws, first), len(draws), family[0].state_size)
    place = np.array([family[0].columns.index(column)], np.int64)
    parts: list[list[Outcome]] = []
    seconds, done = 0.0, 0
    for size in BATCHES:
        batch = slice(done, min(done + size, len(draws)))
        parts.append(_batch(family, draws, place, past, first, batch, stop))
        if stop.is_set():
            return
        done = batch.stop
        seconds += time.perf_counter() - began
        yield _joined(family, parts, first, parting, seconds, done, len(draws))
        began = time.perf_counter()


def _batch(
    family: Sequence[Inputs],
    draws: Draws,
    place: Integers,
    past: Past,
    first: int,
    batch: slice,
    stop: threading.Event,
) -> list[Outcome]:
    """One batch of paired runs over all cores, month by month from `first`; a past is lived only where none is kept."""
    runs = batch.stop - batch.start
    outcomes = [
        Outcome(
            inputs.scenario.name,
            np.zeros((runs, 0)),
            np.full((runs, inputs.months - first, 1), np.nan),
            np.zeros((runs, 3), np.int64),
        )
        for inputs in family
    ]

    def work(chunk: slice) -> list[Outcome]:
        own = slice(batch.start + chunk.start, batch.start + chunk.stop)
        part = draws.part(own)
        if not past.ready[own].all():
            past.memories[own] = snapshots(family[0], part, first)
            past.ready[own] = True
        # No window: a month is measured up to the one column alone, which saves a third of the time.
        return [
            continued(inputs, part, past.memories[own], first, place, (inputs.months, inputs.months))
            for inputs in family
        ]

    def take(chunk: slice, found: list[Outcome]) -> None:
        for whole, part in zip(outcomes, found, strict=True):
            whole.trajectories[chunk], whole.statuses[chunk] = part.trajectories, part.statuses

    in_chunks(work, take, Progress(runs, stop=stop))
    return outcomes


def _joined(
    family: Sequence[Inputs],
    parts: list[list[Outcome]],
    first: int,
    parting: int,
    seconds: float,
    done: int,
    total: int,
) -> Answer:
    by_scenario = list(zip(*parts, strict=True))
    statuses = [np.concatenate([part.statuses for part in own]) for own in by_scenario]
    trajectories = [np.concatenate([part.trajectories[:, :, 0] for part in own]) for own in by_scenario]
    return Answer(
        names=tuple(inputs.scenario.name for inputs in family),
        trajectories=tuple(trajectories),
        means=tuple(_means(months[:, parting - first :]) for months in trajectories),
        statuses=tuple((len(own), int((own[:, 0] != 0).sum())) for own in statuses),
        first=first,
        parting=parting,
        seconds=seconds,
        done=done,
        total=total,
    )


def _means(months: Floats) -> Floats:
    """(R,) the mean of every run's months, added one after another as the kernel adds them, to the same bits."""
    found: Floats = np.cumsum(months, axis=1)[:, -1] / months.shape[1]
    return found

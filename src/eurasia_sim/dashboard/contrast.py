"""Two scenarios' paired runs in growing numbers, branched from snapshots at the month in which they part."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.design import Draws, range_draws, reference_draws
from eurasia_sim.ensemble import Outcome, Progress, branch_month, continued, in_chunks, snapshots
from eurasia_sim.inputs import Inputs
from eurasia_sim.parameters import Floats
from eurasia_sim.world import World

BATCHES = (16, 24, 60, 100, 200)  # 16 pairs for a first look, 400 in all
_YEAR = 12


class Snapshots:
    """The runs of one visitor before the month of parting, kept so that a changed future need not relive the past."""

    def __init__(self) -> None:
        self.busy = threading.Lock()  # held for a batch: an answer no longer wanted may still be at work
        self.key = ""
        self.memories: Floats = np.zeros((0, 0))
        self.ready: NDArray[np.bool_] = np.zeros(0, bool)  # which runs have been lived up to the month

    def turn_to(self, key: str, runs: int, size: int) -> None:
        """Forget what is kept unless it is of the same past."""
        if self.key != key:
            self.key, self.ready, self.memories = key, np.zeros(runs, bool), np.zeros((runs, size))


@dataclass(frozen=True)
class Answer:
    """What is known so far: by scenario, the trajectories and the means after the parting of all runs done."""

    names: tuple[str, ...]
    columns: tuple[str, ...]  # that trajectories hold
    trajectories: tuple[Floats, ...]  # each (R, months from `first`, columns); a failed run is NaN
    means: tuple[Floats, ...]  # each (R, C)
    statuses: tuple[tuple[int, int], ...]  # by scenario: runs, failed
    every: tuple[str, ...]  # the columns of `means`
    first: int  # month of the first value of a trajectory
    parting: int
    seconds: float  # of computing, without what was drawn in between
    done: int
    total: int

    def column(self, name: str) -> dict[str, Floats]:
        """(R, months) trajectories of one column by scenario."""
        at = self.columns.index(name)
        return {own: runs[:, :, at] for own, runs in zip(self.names, self.trajectories, strict=True)}

    def table(self, seeds: Floats) -> pd.DataFrame:
        """The means as `ensemble.table` has them: a row a run and scenario."""
        parts = [
            pd.DataFrame(means, columns=list(self.every)).assign(scenario=name, run=np.arange(len(means)), seed=seeds)
            for name, means in zip(self.names, self.means, strict=True)
        ]
        return pd.concat(parts, ignore_index=True)


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
    for part in (inputs.schedule.rows[:month], draws.rules, draws.rows, draws.seeds):
        total.update(np.ascontiguousarray(part).tobytes())
    return total.hexdigest()


def answers(
    family: Sequence[Inputs],
    draws: Draws,
    columns: Sequence[str],
    kept: Snapshots,
    stop: threading.Event,
) -> Iterator[Answer]:
    """Better and better answers, one after each batch of paired runs; ends early when asked to stop.

    Args:
        family: the scenario and, if there is one, the second; under one theory.
        columns: whose trajectories are wanted, from a year before the parting on.
        kept: snapshots of the visitor's last question, used where the past is the same, and filled.
    """
    parting = parting_month(family)
    first = max(parting - _YEAR, 0)
    key = _key(family[0], draws, first)
    places = np.array([family[0].columns.index(name) for name in columns], np.int64)
    parts: list[list[Outcome]] = []
    seconds, done = 0.0, 0
    for size in BATCHES:
        began = time.perf_counter()
        batch = slice(done, min(done + size, len(draws)))
        with kept.busy:
            kept.turn_to(key, len(draws), family[0].state_size)
            found = _batch(family, draws, places, kept, (first, parting), batch, stop)
        if stop.is_set():
            return
        parts.append(found)
        done = batch.stop
        seconds += time.perf_counter() - began
        yield _joined(family, columns, parts, first, parting, seconds, done, len(draws))


def _batch(
    family: Sequence[Inputs],
    draws: Draws,
    places: np.ndarray,
    kept: Snapshots,
    since: tuple[int, int],
    batch: slice,
    stop: threading.Event,
) -> list[Outcome]:
    """One batch of paired runs, over all cores; the past is lived only by runs that have none kept.

    Args:
        since: month of the snapshots, and of the parting, from which on columns are averaged.
    """
    first, parting = since
    runs = batch.stop - batch.start
    outcomes = [
        Outcome(
            inputs.scenario.name,
            np.full((runs, len(inputs.columns)), np.nan),
            np.full((runs, inputs.months - first, len(places)), np.nan),
            np.zeros((runs, 3), np.int64),
        )
        for inputs in family
    ]
    progress = Progress(runs, stop=stop)

    def work(chunk: slice) -> list[Outcome]:
        own = slice(batch.start + chunk.start, batch.start + chunk.stop)
        part = draws.part(own)
        if not kept.ready[own].all():
            kept.memories[own] = snapshots(family[0], part, first)
            kept.ready[own] = True
        return [
            continued(inputs, part, kept.memories[own], first, places, (parting, inputs.months)) for inputs in family
        ]

    def take(chunk: slice, found: list[Outcome]) -> None:
        for whole, part in zip(outcomes, found, strict=True):
            whole.means[chunk], whole.trajectories[chunk] = part.means, part.trajectories
            whole.statuses[chunk] = part.statuses

    in_chunks(work, take, progress)
    return outcomes


def _joined(
    family: Sequence[Inputs],
    columns: Sequence[str],
    parts: list[list[Outcome]],
    first: int,
    parting: int,
    seconds: float,
    done: int,
    total: int,
) -> Answer:
    by_scenario = list(zip(*parts, strict=True))
    statuses = [np.concatenate([part.statuses for part in own]) for own in by_scenario]
    return Answer(
        names=tuple(inputs.scenario.name for inputs in family),
        columns=tuple(columns),
        trajectories=tuple(np.concatenate([part.trajectories for part in own]) for own in by_scenario),
        means=tuple(np.concatenate([part.means for part in own]) for own in by_scenario),
        statuses=tuple((len(own), int((own[:, 0] != 0).sum())) for own in statuses),
        every=family[0].columns,
        first=first,
        parting=parting,
        seconds=seconds,
        done=done,
        total=total,
    )

"""Paired runs of two scenarios in growing numbers."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.simulation.ensemble import Outcome, run_ensemble_draws
from eurasia_sim.simulation.inputs import Inputs, branch_month
from eurasia_sim.simulation.parameter_draws import Draws
from eurasia_sim.world.world import World

# Pairs: a few for a first look, 200 in all. A batch is drawn, which takes as long as forty pairs.
BATCHES = (16, 64, 120)
_YEAR = 12


@dataclass(frozen=True)
class Answer:
    """What all runs done so far say of one measure: the first scenario's, less a second's."""

    sides: Mapping[str, pd.DataFrame]  # scenario → a row a run, a column a measure: means
    months: pd.DataFrame  # of the measure: a row a run, a column a month; NaN where a run failed
    means: Floats  # (R,) of the measure, from the parting on
    failed: Mapping[str, int]
    parting: str  # month in which the scenarios part
    seconds: float  # of computing, without drawing


def parting_month(family: Sequence[Inputs]) -> int:
    """The month in which scenarios part; of one alone, or two alike, when it leaves the record."""
    own = min(inputs.scenario.branch_month for inputs in family)
    found = branch_month(family) if len(family) > 1 else own
    months = min(inputs.months for inputs in family)
    return max(min(found, own if found >= months else found, months - 1), 0)


def answers(
    world: World, family: Sequence[Inputs], draws: Draws, column: str, stop: threading.Event
) -> Iterator[Answer]:
    """An answer after each batch of paired runs; ends early when asked to stop.

    Args:
        family: the scenario and, if there is one, the second; under one theory.
        column: the measure wanted, from a year before the parting on.
    """
    parting, last = parting_month(family), min(inputs.months for inputs in family)
    columns, shown = family[0].columns, slice(max(parting - _YEAR, 0), last)
    dates = [world.date(t) for t in range(last)][shown]
    names = [inputs.scenario.name for inputs in family]
    batches: list[list[Outcome]] = []
    seconds, done = 0.0, 0

    def go_on(_: int) -> None:
        if stop.is_set():
            raise CancelledError

    for size in BATCHES:
        began, part = time.perf_counter(), draws.part(slice(done, done + size))
        kept = np.array([columns.index(column)])
        try:
            batches.append(
                run_ensemble_draws(family, part, window=(parting, last), kept=kept, report=go_on)
            )
        except CancelledError:
            return
        done += size
        whole = [Outcome.joined(own) for own in zip(*batches, strict=True)]
        sides = [pd.DataFrame(each.means, columns=columns) for each in whole]
        months = _less(*(each.trajectories[:, shown, 0] for each in whole))
        means = _less(*(side[column].to_numpy() for side in sides))
        failed = [int(each.failed.sum()) for each in whole]
        seconds += time.perf_counter() - began
        yield Answer(
            sides=dict(zip(names, sides, strict=True)),
            months=pd.DataFrame(months, columns=dates), means=means,
            failed=dict(zip(names, failed, strict=True)),
            parting=world.date(parting), seconds=seconds,
        )  # fmt: skip


def _less(first: Floats, second: Floats | None = None) -> Floats:
    return first if second is None else first - second

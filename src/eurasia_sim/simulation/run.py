"""A run plan executed: which runs it takes, those already done, and the tables they give."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Integers
from eurasia_sim.files.data_yaml import DEFAULT_WORLD
from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation import parameter_draws, results
from eurasia_sim.simulation.ensemble import run_ensemble_draws, table
from eurasia_sim.simulation.family import check_family
from eurasia_sim.simulation.inputs import Inputs, branch_month, prepare
from eurasia_sim.simulation.parameter_draws import Draws
from eurasia_sim.world.world import World

REFERENCE, RANGES, FITTED = "reference", "ranges", "posterior"
DOCUMENTS = "documents"  # the ranges again, from the start that the documents alone give
SETS = {  # in words, the set that leads first
    RANGES: "over the declared ranges", FITTED: "under the fit to the record",
    DOCUMENTS: "from the documents' start", REFERENCE: "by chance alone, at reference values",
}  # fmt: skip
# Files that `carry_out` writes.
WRITTEN = (results.RUNS, results.TRAJECTORIES, results.DRAWS, results.STATUS_LOG)
_STATUS = ["run_id", "scenario", "theory", "set", "run", "seed"]
_STATUS += ["status", "failed_month", "failed_phase"]
# Few enough that an interrupt loses little, many enough that a part is no small file.
_RUNS_A_PART = 32
_COPIES = 3  # of the tables of all runs that are held while they are put together
_TEXT_A_MONTH = 60  # bytes of a row of the trajectories that are no measure
# What is shown of focal pairs unless a scenario names its own measures.
_PAIR_KINDS = ("competition", "cooperation", "colocation", "joint_share", "aim")


class Batch(NamedTuple):
    """Paired runs of all scenarios under one theory, over one set of draws."""

    theory: str
    kind: str
    family: tuple[Inputs, ...]
    draws: Draws
    ids: list[list[str]]  # a scenario's run ids in the order of the draws
    first: int  # number of its first run


@dataclass(frozen=True)
class Study:
    """Scenarios under theories: n runs at reference, over the ranges by either start, of a fit."""

    world: World
    scenarios: tuple[Scenario, ...]
    theories: tuple[str, ...]
    n: int
    seed: int

    @property
    def name(self) -> str:
        """Readable part of the results folder's name; it says which world, unless the default."""
        world = [] if self.world.name == DEFAULT_WORLD else [self.world.name]
        return "-".join([*world, *(each.name for each in self.scenarios), *self.theories])[:80]

    def inputs(self, theory: str) -> tuple[Inputs, ...]:
        """Every scenario's inputs; DataError where scenarios do not pair, or do not differ."""
        family = tuple(prepare(self.world, each, theory) for each in self.scenarios)
        check_family(self.world, family)
        return family

    def batches(self, first: int = 0) -> Iterator[Batch]:
        """Every family of n paired runs, theory by theory, after the `first` runs of the study."""
        for theory in self.theories:
            family, size = self.inputs(theory), (self.n, self.seed, first)
            sets = {
                REFERENCE: parameter_draws.reference_draws(family[0], *size),
                RANGES: parameter_draws.range_draws(self.world, family[0], *size),
            }
            alone = parameter_draws.by_documents(self.world, sets[RANGES])
            if alone is not None:
                sets[DOCUMENTS] = alone
            fit, _ = parameter_draws.fit_beside(self.world, family[0])
            if fit is not None:
                sets[FITTED] = parameter_draws.posterior_draws(self.world, family[0], fit, *size)
            for kind, draws in sets.items():
                ids = [results.run_ids(inputs, draws, self.world.digest) for inputs in family]
                yield Batch(theory, kind, family, draws, ids, first)

    def require_memory(self, runs: int) -> None:
        """DataError where memory does not hold the tables of so many runs of a scenario and set."""
        inputs = prepare(self.world, self.scenarios[0], self.theories[0])
        month = 8 * len(self.shown(inputs.columns)) + _TEXT_A_MONTH
        row = 8 * len(inputs.columns) + inputs.months * month
        every = 3 * runs * len(self.scenarios) * len(self.theories)
        drawn = parameter_draws.memory_of_draws(self.world, inputs, runs)
        what = f"{every:,} runs, {runs:,} of each scenario, theory and set,"
        allowed = "a smaller -n (or --most), fewer theories, or a sweep"
        bytes_needed = PROCESS + 3 * len(self.theories) * drawn + _COPIES * every * row
        require_memory(bytes_needed, what, allowed)

    @cached_property
    def named(self) -> tuple[str, ...]:
        """Kinds of measures that the scenarios name."""
        return tuple(dict.fromkeys(name for each in self.scenarios for name in each.measures))

    def shown(self, columns: Sequence[str]) -> list[str]:
        """Columns to show: the scenarios' own measures of focal pairs, or the usual ones."""
        world, kinds = self.world, self.named
        ways = [f"{a}-{b}" for one in world.pairs for a, b in (one, one[::-1])]
        focal = dict.fromkeys(actor for pair in world.pairs for actor in pair)
        of_pairs, of_actors = kinds or _PAIR_KINDS, kinds or ("benefit", "burden")
        names = [f"{k}.{way}.{s}" for way in ways for s in world.regions for k in of_pairs]
        names += [f"{kind}.{actor}" for kind in of_actors for actor in focal]
        names += [f"{kind}.{theatre}" for kind in kinds for theatre in world.theatres]
        if not kinds or "alignment" in kinds:
            names += [f"alignment.{a}.{b}" for a, b in world.pairs]
        present = set(columns)
        return list(dict.fromkeys(name for name in names if name in present))

    def window(self) -> tuple[str, str]:
        """First and last month over which columns are averaged."""
        family = self.inputs(self.theories[0])
        first = branch_month(family) if len(family) > 1 else 0
        last = min(inputs.months for inputs in family) - 1
        return self.world.date(first), self.world.date(last)


def carry_out(
    study: Study,
    folder: Path,
    workers: int | None,
    report: Callable[[int], None],
    goes_on: Callable[[pd.DataFrame], bool] = lambda _: False,
) -> pd.DataFrame:
    """Run what the folder does not hold yet, part by part; write all tables, and return the runs.

    An interrupt loses the part that is running, of at most 32 runs of each scenario. `report` is
    called with the number of runs (over all scenarios) that are finished; `goes_on` with all runs
    so far, sorted: it answers whether n more of each are to follow.
    """
    parts, batches = results.Parts(folder, results.MONTHLY), list[Batch]()
    tables: list[dict[str, pd.DataFrame]] = []
    number, finished, is_over = 0, 0, False
    while not is_over:
        for batch in study.batches(batches[-1].first + study.n if batches else 0):
            batches.append(batch)
            for begin in range(0, study.n, _RUNS_A_PART):
                numbers = np.arange(begin, min(begin + _RUNS_A_PART, study.n))
                count = len(numbers) * len(batch.family)
                if parts.holds(number, count):
                    part = {kind: parts.table(kind, number) for kind in parts.kinds}
                else:
                    part = _run_part(study, batch, numbers, workers, finished, report)
                    content = {kind: results.table_bytes(own) for kind, own in part.items()}
                    parts.write(number, count, content)
                tables.append(part)
                number, finished = number + 1, finished + count
        runs = _sorted((part[results.PARTS] for part in tables), "run_id")
        is_over = not goes_on(runs)
    months = _sorted((part[results.MONTHLY] for part in tables), "run_id", "month")
    results.write_table(folder / results.TRAJECTORIES, months)
    # What was drawn over ranges, a row a draw; NaN where a theory holds a number.
    drawn = []
    for each in (batch for batch in batches if batch.kind == RANGES):
        head = {"theory": each.theory, "run": each.first + np.arange(len(each.draws))}
        drawn.append(pd.DataFrame({**head, "draw": each.draws.names(), **each.draws.drawn}))
    results.write_table(folder / results.DRAWS, pd.concat(drawn, ignore_index=True))
    results.write_table(folder / results.RUNS, runs)
    # Last, for until then the log says which parts are there.
    status = "".join(json.dumps(row) + "\n" for row in runs[_STATUS].to_dict("records"))
    results.write_bytes(folder / results.STATUS_LOG, status.encode())
    for kind in parts.kinds:
        shutil.rmtree(folder / kind, ignore_errors=True)
    return runs


def _sorted(tables: Iterable[pd.DataFrame], *by: str) -> pd.DataFrame:
    return pd.concat(tables).sort_values([*by], kind="stable", ignore_index=True)


def _run_part(
    study: Study, batch: Batch, numbers: Integers, workers: int | None, finished: int,
    report: Callable[[int], None],
) -> dict[str, pd.DataFrame]:  # fmt: skip
    columns, family = batch.family[0].columns, batch.family
    shown, draws = study.shown(columns), batch.draws.part(numbers)
    kept = np.array([columns.index(name) for name in shown], np.int64)

    def tell(done: int) -> None:
        report(finished + len(family) * done)

    outcomes = run_ensemble_draws(family, draws, workers=workers, kept=kept, report=tell)
    runs, months = [], []
    for inputs, ids, outcome in zip(family, batch.ids, outcomes, strict=True):
        own = [ids[r] for r in numbers]
        rows = table(inputs, draws, outcome)
        rows.insert(0, "run_id", own)
        rows.insert(3, "set", batch.kind)
        rows["run"] = batch.first + numbers
        runs.append(rows)
        values = outcome.trajectories
        months.append(results.trajectory_table(study.world, inputs, own, shown, values))
    found = {results.PARTS: runs, results.MONTHLY: months}
    return {kind: pd.concat(own) for kind, own in found.items()}

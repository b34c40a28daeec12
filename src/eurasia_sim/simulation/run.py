"""A run plan executed: which runs it takes, those already done, and the tables they give."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Integers
from eurasia_sim.files.data_yaml import DEFAULT_WORLD
from eurasia_sim.files.integrity import digest_of
from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation import results
from eurasia_sim.simulation.ensemble import run_ensemble_draws, table
from eurasia_sim.simulation.family import check_family
from eurasia_sim.simulation.inputs import Inputs, branch_month, prepare
from eurasia_sim.simulation.parameter_draws import (
    Draws,
    by_documents,
    fit_beside,
    memory_of_draws,
    posterior_draws,
    range_draws,
    reference_draws,
)
from eurasia_sim.world.world import World

REFERENCE, RANGES, FITTED = "reference", "ranges", "posterior"
DOCUMENTS = "documents"  # the ranges again, from the start that the documents alone give
SETS = {  # in words, the set that leads first
    RANGES: "over the declared ranges", FITTED: "under the fit to the record",
    DOCUMENTS: "from the documents' start", REFERENCE: "by chance alone, at reference values",
}  # fmt: skip
# Files that `run` writes, beside pictures and events.
WRITTEN = (results.RUNS, results.TRAJECTORIES, results.DRAWS, results.STATUS_LOG)
_RUNS, _MONTHS = ".runs.parquet", ".months.parquet"
# Few enough that an interrupt loses little, many enough that a part is no small file.
_RUNS_A_PART = 32
_COPIES = 3  # of the tables of all runs that are held while they are put together
_TEXT_A_MONTH = 60  # bytes of a row of the trajectories that are no measure
# What is shown of focal pairs unless a scenario names its own measures.
_PAIR_KINDS = ("competition", "cooperation", "colocation", "joint_share", "aim")


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

    def batches(self, first: int = 0) -> Iterator[Batch]:
        """Every family of n paired runs, theory by theory.

        Args:
            first: how many runs of the study stand before them.

        Raises:
            DataError: where scenarios do not pair, or do not differ.
        """
        for theory in self.theories:
            family = tuple(prepare(self.world, each, theory) for each in self.scenarios)
            check_family(self.world, family)
            size = self.n, self.seed, first
            sets = {
                REFERENCE: reference_draws(family[0], *size),
                RANGES: range_draws(self.world, family[0], *size),
            }
            if (alone := by_documents(self.world, sets[RANGES])) is not None:
                sets[DOCUMENTS] = alone
            posterior, _ = fit_beside(self.world, family[0])
            if posterior is not None:
                sets[FITTED] = posterior_draws(self.world, family[0], posterior, *size)
            for kind, draws in sets.items():
                ids = [results.run_ids(inputs, draws, self.world.digest) for inputs in family]
                yield Batch(theory, kind, family, draws, ids, first)

    def require_memory(self, runs: int) -> None:
        """Refuse so many runs of each scenario and set where memory does not hold their tables.

        Raises:
            DataError: with what they take, and what is free.
        """
        inputs = prepare(self.world, self.scenarios[0], self.theories[0])
        month = 8 * len(self.shown(inputs.columns)) + _TEXT_A_MONTH
        row = 8 * len(inputs.columns) + inputs.months * month
        every = 3 * runs * len(self.scenarios) * len(self.theories)
        draws = 3 * len(self.theories) * memory_of_draws(self.world, inputs, runs)
        need = PROCESS + draws + _COPIES * every * row
        what = f"{every:,} runs, {runs:,} of each scenario, theory and set,"
        require_memory(need, what, "a smaller -n (or --most), fewer theories, or a sweep")

    def left_out(self, shown: Sequence[str]) -> list[str]:
        """Measures that a scenario names and of which no column is shown."""
        kinds = {name.split(".")[0] for name in shown}
        named = dict.fromkeys(measure for each in self.scenarios for measure in each.measures)
        return [measure for measure in named if measure not in kinds]

    def shown(self, columns: Sequence[str]) -> list[str]:
        """Columns to show: the scenarios' own measures of focal pairs, or the usual ones."""
        kinds = [measure for scenario in self.scenarios for measure in scenario.measures]
        ways = [f"{a}-{b}" for one in self.world.pairs for a, b in (one, one[::-1])]
        focal = dict.fromkeys(actor for pair in self.world.pairs for actor in pair)
        of_pairs, of_actors = kinds or _PAIR_KINDS, kinds or ("benefit", "burden")
        named = [f"{k}.{way}.{s}" for way in ways for s in self.world.regions for k in of_pairs]
        named += [f"{kind}.{actor}" for kind in of_actors for actor in focal]
        named += [f"{kind}.{theatre}" for kind in kinds for theatre in self.world.theatres]
        if not kinds or "alignment" in kinds:
            named += [f"alignment.{a}.{b}" for a, b in self.world.pairs]
        present = set(columns)
        return list(dict.fromkeys(name for name in named if name in present))


@dataclass(frozen=True)
class Batch:
    """Paired runs of all scenarios under one theory, over one set of draws."""

    theory: str
    kind: str
    family: tuple[Inputs, ...]
    draws: Draws
    ids: list[list[str]]  # a scenario's run ids in the order of the draws
    first: int = 0  # number of its first run


class Tables(NamedTuple):
    """What a study, or a part of it, has given."""

    runs: pd.DataFrame
    trajectories: pd.DataFrame


def carry_out(
    study: Study,
    batches: Sequence[Batch],
    folder: Path,
    workers: int | None,
    report: Callable[[int], None],
    more: Callable[[pd.DataFrame], Sequence[Batch]] = lambda _: (),
) -> Tables:
    """Run what the folder does not yet hold, part by part.

    An interrupt loses the part that is running, of at most 32 runs of each scenario.

    Args:
        report: called with the number of runs (over all scenarios) that are finished.
        more: given the runs of all batches so far, sorted, whenever these are finished; answers
            with those that are to follow, or with none.
    """
    parts = read_parts(folder)
    known = {run_id for part in parts for run_id in part.runs["run_id"]}
    wanted: set[str] = set()
    waiting = list(batches)
    while waiting:
        batch = waiting.pop(0)
        wanted.update(run_id for ids in batch.ids for run_id in ids)
        by_run = enumerate(zip(*batch.ids, strict=True))
        missing = np.array([r for r, ids in by_run if not known.issuperset(ids)], int)
        for first in range(0, len(missing), _RUNS_A_PART):
            finished, each = sum(len(part.runs) for part in parts), len(batch.ids)
            tell = partial(lambda before, each, runs: report(before + each * runs), finished, each)
            numbers = missing[first : first + _RUNS_A_PART]
            parts.append(_run_part(study, batch, numbers, workers, tell))
            _write_part(folder, parts[-1])
        if not waiting:
            runs = _sorted([each.runs for each in parts], ["run_id"])
            # A part may hold other runs, which an earlier call has begun.
            own = runs[runs["run_id"].isin(wanted)]
            waiting = list(more(own.reset_index(drop=True)))
    months = _sorted([part.trajectories for part in parts], ["run_id", "month"])
    return Tables(_sorted([part.runs for part in parts], ["run_id"]), months)


def _run_part(
    study: Study,
    batch: Batch,
    numbers: Integers,
    workers: int | None,
    tell: Callable[[int], None],
) -> Tables:
    """Some of a batch's runs, of every scenario."""
    columns = batch.family[0].columns
    shown = study.shown(columns)
    kept = np.array([columns.index(name) for name in shown], np.int64)
    draws, family = batch.draws.part(numbers), batch.family
    outcomes = run_ensemble_draws(family, draws, workers=workers, kept=kept, report=tell)
    runs, trajectories = [], []
    for inputs, ids, outcome in zip(family, batch.ids, outcomes, strict=True):
        own = [ids[r] for r in numbers]
        rows = table(inputs, draws, outcome)
        rows.insert(0, "run_id", own)
        rows.insert(3, "set", batch.kind)
        rows["run"] = batch.first + numbers
        runs.append(rows)
        values = outcome.trajectories
        trajectories.append(results.trajectory_table(study.world, inputs, own, shown, values))
    return Tables(*(pd.concat(own, ignore_index=True) for own in (runs, trajectories)))


def _sorted(tables: list[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True).sort_values(by, kind="stable", ignore_index=True)


def read_parts(folder: Path) -> list[Tables]:
    """The parts that interrupted calls left; one that is not as it was written is left out."""
    found = []
    for path in sorted((folder / results.PARTS).glob(f"*{_RUNS}")):
        name = path.name.removesuffix(_RUNS)
        with contextlib.suppress(OSError):
            contents = path.read_bytes(), path.with_name(name + _MONTHS).read_bytes()
            if _part_name(*contents) == name:
                runs, months = (pd.read_parquet(io.BytesIO(each)) for each in contents)
                found.append(Tables(runs, months))
    return found


def _part_name(runs: bytes, months: bytes) -> str:
    """Name of a part: a digest of both its tables."""
    return digest_of(digest_of(runs).encode() + digest_of(months).encode())


def _write_part(folder: Path, part: Tables) -> None:
    """Write a part's months and then its runs: a part without runs is not there."""
    runs, months = results.table_bytes(part.runs), results.table_bytes(part.trajectories)
    name = _part_name(runs, months)
    for ending, content in ((_MONTHS, months), (_RUNS, runs)):
        results.write_bytes(folder / results.PARTS / f"{name}{ending}", content)


def keep(folder: Path, tables: Tables) -> None:
    """Write the tables of a complete study, and drop the parts they are made of."""
    results.write_table(folder / results.TRAJECTORIES, tables.trajectories)
    results.write_status(folder / results.STATUS_LOG, tables.runs)
    results.write_table(folder / results.RUNS, tables.runs)
    shutil.rmtree(folder / results.PARTS, ignore_errors=True)


def drawn_table(study: Study, runs: pd.DataFrame, batches: Sequence[Batch]) -> pd.DataFrame:
    """What the runs drew over ranges, a row a draw; NaN where a theory holds a number.

    Args:
        runs: of the whole study.
        batches: of its first n runs.
    """
    firsts = range(study.n, int(runs["run"].max()) + 1, study.n)
    tables = []
    for batch in (*batches, *(batch for first in firsts for batch in study.batches(first))):
        if batch.kind == RANGES:
            draws, run = batch.draws, batch.first + np.arange(len(batch.draws))
            head = {"theory": batch.theory, "run": run, "draw": draws.names()}
            tables.append(pd.DataFrame({**head, **draws.drawn}))
    return pd.concat(tables, ignore_index=True)


def window_of(batches: Sequence[Batch], world: World) -> tuple[str, str]:
    """First and last month over which a batch's columns are averaged."""
    family = batches[0].family
    first = branch_month(family) if len(family) > 1 else 0
    return world.date(first), world.date(min(inputs.months for inputs in family) - 1)

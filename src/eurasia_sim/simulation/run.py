"""One question carried out: which runs it takes, those already done, and the tables they give."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Integers
from eurasia_sim.files.data_yaml import DEFAULT_WORLD
from eurasia_sim.files.integrity import digest_of
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation import results as store
from eurasia_sim.simulation.advance import Outcome
from eurasia_sim.simulation.ensemble import Progress, run_ensemble_draws, table
from eurasia_sim.simulation.family import check_family, said_by
from eurasia_sim.simulation.inputs import Inputs, branch_month, prepare, scopes_of
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.world.world import World

REFERENCE, RANGES = "reference", "ranges"
_RUNS, _MONTHS = ".runs.parquet", ".months.parquet"
WRITTEN = (
    store.RUNS,
    store.TRAJECTORIES,
    store.DRAWS,
    store.STATUS_LOG,
)  # by `run`, beside pictures and events
NOTHING = pd.DataFrame()
# Few enough that an interrupt has little left to write, many enough that a part is no small file.
_RUNS_A_PART = 32
# What is shown of focal pairs unless a scenario names its own measures.
_PAIR_KINDS = ("competition", "cooperation", "colocation", "joint_share", "intensity")


@dataclass(frozen=True)
class Study:
    """Scenarios under theories: n runs by chance alone at reference values, and n over the declared ranges."""

    world: World
    scenarios: tuple[Scenario, ...]
    theories: tuple[str, ...]
    n: int
    seed: int

    @property
    def name(self) -> str:
        """Readable part of the results folder's name; it says which world, unless it is the default one."""
        world = [] if self.world.name == DEFAULT_WORLD else [self.world.name]
        return "-".join([*world, *(scenario.name for scenario in self.scenarios), *self.theories])[
            :80
        ]

    @property
    def said(self) -> str:
        """SHA-256 of what its folder says beyond its runs: the scenarios' words, and what is shown of them."""
        return said_by(self.scenarios)

    def batches(self, first: int = 0) -> Iterator[Batch]:
        """Every family of n paired runs, theory by theory.

        Args:
            first: how many runs of the study stand before them.

        Raises:
            DataError: where scenarios do not pair, or do not differ.
        """
        for theory in self.theories:
            family = tuple(prepare(self.world, scenario, theory) for scenario in self.scenarios)
            check_family(self.world, family)
            for kind, draw in ((REFERENCE, reference_draws(family[0], self.n, self.seed, first)),
                               (RANGES, range_draws(self.world, family[0], self.n, self.seed, first))):  # fmt: skip
                ids = [store.run_ids(inputs, draw, self.world.digest) for inputs in family]
                yield Batch(theory, kind, family, draw, ids, first)

    def left_out(self, shown: Sequence[str]) -> list[str]:
        """Measures that a scenario names and of which no column is shown."""
        kinds = {name.split(".")[0] for name in shown}
        return [
            m
            for m in dict.fromkeys(m for s in self.scenarios for m in s.measures)
            if m not in kinds
        ]

    def shown(self, columns: Sequence[str]) -> list[str]:
        """Columns to show: the scenarios' own measures of focal pairs, actors and regions, or the usual ones."""
        kinds = [m for scenario in self.scenarios for m in scenario.measures]
        pairs = [f"{a}-{b}" for a, b in self.world.pairs]
        focal = dict.fromkeys(actor for pair in self.world.pairs for actor in pair)
        regions = [scope for scope in scopes_of(self.world) if scope in self.world.regions]
        named = [
            f"{kind}.{pair}.{scope}"
            for pair in pairs
            for scope in regions
            for kind in (kinds or _PAIR_KINDS)
        ]
        named += [f"{kind}.{actor}" for kind in (kinds or ("benefit", "burden")) for actor in focal]
        named += [f"{kind}.{theatre}" for kind in kinds for theatre in self.world.theatres]
        if not kinds or "alignment" in kinds:
            named += [f"alignment.{a}.{b}" for a, b in self.world.pairs]
        present = set(columns)
        return list(dict.fromkeys(name for name in named if name in present))


@dataclass(frozen=True)
class Batch:
    """Paired runs of all scenarios under one theory, at reference or over the ranges."""

    theory: str
    kind: str
    family: tuple[Inputs, ...]
    draws: Draws
    ids: list[list[str]]  # a scenario's run ids in the order of the draws
    first: int = 0  # number of its first run

    def drawn(self) -> pd.DataFrame:
        """What was drawn over ranges, a row a draw: theory, run, draw, then a column a number by its path."""
        head = {
            "theory": self.theory,
            "run": self.first + np.arange(len(self.draws)),
            "draw": self.draws.names(),
        }
        return pd.DataFrame({**head, **self.draws.drawn})


@dataclass(frozen=True)
class Tables:
    """What a study has given so far."""

    runs: pd.DataFrame
    trajectories: pd.DataFrame
    complete: bool


def nothing_more(_: pd.DataFrame) -> Sequence[Batch]:
    """No further batches, whatever the runs say."""
    return ()


def carry_out(
    study: Study, batches: Sequence[Batch], folder: Path, workers: int | None, report: Callable[[int], None],
    more: Callable[[pd.DataFrame], Sequence[Batch]] = nothing_more,
) -> Tables:  # fmt: skip
    """Run what the folder does not yet hold, writing it part by part; an interrupt loses no finished run.

    Args:
        report: told how many runs (over all scenarios) are finished.
        more: given the runs of all batches so far, sorted, whenever these are finished; answers with those that are to
            follow, or with none.
    """
    parts = _parts(folder)
    known = {run_id for part in parts for run_id in part.runs["run_id"]}
    asked: set[str] = set()
    finished, complete, waiting = len(known), True, list(batches)
    while waiting and complete:
        batch = waiting.pop(0)
        asked.update(run_id for ids in batch.ids for run_id in ids)
        missing = np.array(
            [r for r in range(len(batch.draws)) if any(ids[r] not in known for ids in batch.ids)],
            int,
        )
        for first in range(0, len(missing), _RUNS_A_PART):
            before = finished

            def tell(
                progress: Progress, before: int = before, scenarios: int = len(batch.family)
            ) -> None:
                report(before + progress.finished * scenarios)

            part = _part(study, batch, missing[first : first + _RUNS_A_PART], workers, tell)
            if len(part.runs):
                _write_part(folder, part)
                parts.append(part)
                finished += len(part.runs)
            if not part.complete:
                complete = False
                break
        if complete and not waiting:
            waiting = list(more(_asked_for(parts, asked)))
    if not complete:  # all is written; who interrupted should not wait for tables that nobody reads
        written = pd.concat([NOTHING, *(part.runs[["run_id"]] for part in parts)])
        return Tables(written, NOTHING, complete=False)
    return Tables(
        _sorted([part.runs for part in parts], ["run_id"]),
        _sorted([part.trajectories for part in parts], ["run_id", "month"]),
        complete=True,
    )


def _asked_for(parts: Sequence[Tables], ids: set[str]) -> pd.DataFrame:
    """The runs of these ids, sorted; a part may hold others, which an earlier call has begun."""
    runs = _sorted([part.runs for part in parts], ["run_id"])
    return runs[runs["run_id"].isin(ids)].reset_index(drop=True)


def _part(
    study: Study,
    batch: Batch,
    numbers: Integers,
    workers: int | None,
    tell: Callable[[Progress], None],
) -> Tables:
    """Some of a batch's runs, of every scenario."""
    shown = study.shown(batch.family[0].columns)
    kept = np.array([batch.family[0].columns.index(name) for name in shown], np.int64)
    draws, progress = batch.draws.part(numbers), Progress(len(numbers))
    outcomes = run_ensemble_draws(
        batch.family, draws, workers=workers, kept=kept, report=tell, progress=progress
    )
    found = [
        _rows(study, batch, inputs, [ids[r] for r in numbers], numbers, outcome, shown)
        for inputs, ids, outcome in zip(batch.family, batch.ids, outcomes, strict=True)
    ]
    runs, paths = (pd.concat(tables, ignore_index=True) for tables in zip(*found, strict=True))
    # An interrupt may find every run of a part finished; it ends the study all the same.
    return Tables(runs, paths, complete=not progress.stop.is_set())


def _rows(
    study: Study,
    batch: Batch,
    inputs: Inputs,
    ids: list[str],
    numbers: Integers,
    outcome: Outcome,
    shown: list[str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table and monthly table of one scenario's finished runs, under their ids."""
    rows = table(inputs, batch.draws.part(numbers), outcome)
    done = np.flatnonzero(outcome.done)
    rows.insert(0, "run_id", [ids[r] for r in done])
    rows.insert(3, "set", batch.kind)
    rows["run"] = batch.first + numbers[done]
    months = [study.world.date(t) for t in range(inputs.months)]
    values = outcome.trajectories[done][:, : inputs.months]
    path = store.trajectory_table(
        [ids[r] for r in done], inputs.scenario.name, months, shown, values
    )
    return rows, path


def _sorted(tables: list[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame()
    return pd.concat(tables, ignore_index=True).sort_values(by, kind="stable", ignore_index=True)


def _parts(folder: Path) -> list[Tables]:
    """The parts that earlier, interrupted calls left in the folder; one that is not as it was written is done again."""
    found = []
    for path in sorted((folder / store.PARTS).glob(f"*{_RUNS}")):
        name = path.name.removesuffix(_RUNS)
        with contextlib.suppress(OSError):
            runs, months = path.read_bytes(), path.with_name(name + _MONTHS).read_bytes()
            if _name(runs, months) == name:
                found.append(
                    Tables(
                        pd.read_parquet(io.BytesIO(runs)),
                        pd.read_parquet(io.BytesIO(months)),
                        complete=True,
                    )
                )
    return found


def _name(runs: bytes, months: bytes) -> str:
    """Name of a part: a digest of both its tables."""
    return digest_of(digest_of(runs).encode() + digest_of(months).encode())


def _write_part(folder: Path, part: Tables) -> None:
    """Write a part's months and then its runs, named by what they hold: a part without runs is not there."""
    runs, months = store.table_bytes(part.runs), store.table_bytes(part.trajectories)
    name = _name(runs, months)
    for ending, content in ((_MONTHS, months), (_RUNS, runs)):
        store.write_bytes(folder / store.PARTS / f"{name}{ending}", content)


def keep(folder: Path, tables: Tables) -> None:
    """Write the whole tables of a complete study, sorted by run, and drop the parts they are made of."""
    store.write_table(folder / store.TRAJECTORIES, tables.trajectories)
    store.write_status(folder / store.STATUS_LOG, tables.runs)
    store.write_table(folder / store.RUNS, tables.runs)
    shutil.rmtree(folder / store.PARTS, ignore_errors=True)


def drawn_table(study: Study, runs: pd.DataFrame, batches: Sequence[Batch]) -> pd.DataFrame:
    """What the runs drew over ranges: theory, run, draw, then a column a number, NaN where a theory holds it.

    Args:
        runs: of the whole study. batches: of its first n runs.
    """
    firsts = range(study.n, int(runs["run"].max()) + 1, study.n)
    blocks = [*batches, *(batch for first in firsts for batch in study.batches(first))]
    return pd.concat([batch.drawn() for batch in blocks if batch.kind == RANGES], ignore_index=True)


def window_of(batches: Sequence[Batch], world: World) -> tuple[str, str]:
    """First and last month over which a batch's columns are averaged: as far as every scenario goes."""
    family = batches[0].family
    first = branch_month(family) if len(family) > 1 else 0
    return world.date(first), world.date(min(inputs.months for inputs in family) - 1)

"""What a results folder holds, ready to be drawn: its runs, its words, and what every caption must say."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from eurasia_sim.figures.style import caption_of, judgement_share
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.files.integrity import Files
from eurasia_sim.scenarios.schema import measures as measure_notes
from eurasia_sim.simulation.replay import Replay, replay
from eurasia_sim.simulation.results import (
    PARTS,
    TABLES,
    files_of,
    load_results,
    read_manifest,
    read_table,
    result_columns,
    tables_of,
)
from eurasia_sim.world.world import World

RUN, SWEEP, TEST, VALIDATION = "run", "sweep", "test", "validation"
PATTERNS = "patterns.parquet"
ANALYSIS = "analysis"  # where `analyze` puts its tables, beside the runs
_HEAD = ("run_id", "point", "replicate", "scenario", "theory", "set", "run", "seed", "draw", "status")
_COMPARES: Mapping[str, Callable[[Any, Any], Any]] = {
    "!=": operator.ne, "<=": operator.le, ">=": operator.ge, "=": operator.eq, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_FILTER = re.compile(r"(?P<column>[^<>=!]+?)\s*(?P<how>!=|<=|>=|=|<|>)\s*(?P<value>.+)")


@dataclass(frozen=True)
class Held:
    """A finished results folder of `run`, `sweep`, `test` or `validate`, and the world it was made in."""

    folder: Path
    kind: str  # run, sweep, test or validation
    manifest: Mapping[str, Any]
    world: World
    filters: tuple[str, ...] = ()
    _replays: dict[tuple[str, str], Replay] = field(default_factory=dict)

    def again(self, scenario: str, theory: str) -> Replay:
        """Months of its runs that it did not keep; the runs are made again once."""
        if (scenario, theory) not in self._replays:
            self._replays[scenario, theory] = replay(self.manifest, self.world, scenario, theory)
        return self._replays[scenario, theory]

    @cached_property
    def files(self) -> Files:
        """The files it holds, with their digests."""
        return files_of(self.folder)

    @cached_property
    def columns(self) -> list[str]:
        """Columns of its runs.

        Raises:
            DataError: where there are none, or they are damaged.
        """
        if not self.files.counted:
            raise DataError([f"{self.folder} holds no runs; name a folder that `eurasia-sim run` or `sweep` wrote"])
        return result_columns(self.folder)

    @property
    def factors(self) -> list[str]:
        """Columns of a sweep's design."""
        return [name for name in self.columns if name.startswith("x.")]

    @property
    def measures(self) -> list[str]:
        """Columns that a run is measured by."""
        known = measure_notes()
        return [name for name in self.columns if name.split(".")[0] in known and "." in name]

    @property
    def shown(self) -> list[str]:
        """Measures that the folder itself puts first."""
        if self.kind == RUN:
            rows = self.manifest.get("summary", {}).get("outcomes", ())
            return list(dict.fromkeys(row["measure"] for row in rows))
        named = self.manifest.get("measures") or ()
        return [name for pattern in named for name in self.measures if fnmatchcase(name, pattern)] or self.measures[:4]

    def chosen(self, patterns: Sequence[str]) -> list[str]:
        """The measures that names or wildcards stand for; those the folder puts first where none is given.

        Raises:
            DataError: for a name that no measure goes by.
        """
        found: list[str] = []
        for pattern in patterns:
            alike = [name for name in self.measures if fnmatchcase(name, pattern)]
            if not alike:
                raise DataError([f"--measure {pattern} is no measure of {self.folder}{near(pattern, self.measures)}"])
            found += alike
        return list(dict.fromkeys(found)) or self.shown

    def runs(self, columns: Sequence[str], **where: str) -> pd.DataFrame:
        """The runs with some columns beside their heads, sorted, after the filters; nothing else is read into memory.

        Args:
            where: values that columns of text must have, such as `set="ranges"`; a filter of the person's own on the
                same column goes before it.

        Raises:
            DataError: for a filter that names no column or cannot be compared, or leaves no run; for damaged runs.
        """
        asked = [_parsed(words, self.columns) for words in self.filters]
        taken = {column for column, _, _ in asked}
        needed = [name for name in self.columns if name in {*_HEAD, *columns, *taken}]
        table = load_results(self.folder, needed)
        for column, value in where.items():
            if column in table and column not in taken:
                table = table[table[column] == value]
        for (column, how, value), words in zip(asked, self.filters, strict=True):
            table = table[_COMPARES[how](table[column], _typed(value, table[column], words))]
        if table.empty:
            raise DataError([f"--filter {' --filter '.join(self.filters)} leaves no run of {self.folder}"])
        if "run" not in table:
            table["run"] = range(len(table))
        keys = [name for name in ("scenario", "theory", "set", "point", "replicate", "run") if name in table]
        order = {name: at for at, name in enumerate(self.manifest.get("scenarios", ()))}
        table = table.sort_values(keys, key=lambda c: c.map(order) if c.name == "scenario" and order else c)
        return table.reset_index(drop=True)

    def table(self, name: str) -> pd.DataFrame | None:
        """A table beside the runs, of the folder or of those that `analyze` puts there; none where it is in neither.

        Raises:
            DataError: where it is damaged.
        """
        files = self._with(name)
        return None if files is None else read_table(files, f"{name}.parquet")

    def has(self, name: str) -> bool:
        """Whether there is a table of this name beside the runs."""
        return self._with(name) is not None

    def _with(self, name: str) -> Files | None:
        """The files among which a table is."""
        beside = tables_of(self.folder / ANALYSIS)
        found = next((files for files in (self.files, beside) if f"{name}.parquet" in files.entries), None)
        if found is None and (beside.folder / f"{name}.parquet").is_file():
            raise DataError([f"{beside.folder / TABLES} does not list {name}.parquet\n    allowed: {beside.mend}"])
        return found

    @property
    def seed(self) -> int:
        """Root of all its seeds."""
        found = self.manifest.get("seed", self.manifest.get("effort", {}).get("seed", 0))
        return int(found)

    @cached_property
    def judged(self) -> float:
        """Share of the world's numbers that rest on judgement."""
        return judgement_share(self.world.numbers.values())

    def caption(self, table: pd.DataFrame) -> str:
        """What a figure of these runs must say of them."""
        said = caption_of(table, self.seed, self.judged)
        return said + (f" · only {' and '.join(self.filters)}" if self.filters else "")

    @cached_property
    def names(self) -> dict[str, str]:
        """How actors, theatres and scenarios are written out."""
        world = self.world
        return {
            **{actor.id: actor.name for actor in world.actors.values()},
            **{theatre.id: theatre.name for theatre in world.theatres.values()},
            **{name: name for name in self.manifest.get("scenarios", ())},
        }

    def units(self, measures: Sequence[str]) -> dict[str, str]:
        """Unit of every measure."""
        notes = measure_notes()
        return {name: str(notes.get(name.split(".")[0], {}).get("unit", "")) for name in measures}

    @property
    def title(self) -> str:
        """What the folder is about, in a line."""
        scenarios = self.manifest.get("scenarios", {})
        if self.kind == VALIDATION:
            scenario = self.manifest["scenario"]
            return f"{scenario.get('title') or scenario['name']}: against what is documented"
        if self.kind == TEST or not isinstance(scenarios, Mapping):
            return str(self.manifest.get("title", self.folder.name))
        titles = [entry.get("title") or name for name, entry in list(scenarios.items())[:2]]
        return " and ".join(titles) + (f" and {len(scenarios) - 2} more" if len(scenarios) > 2 else "")


def open_held(folder: Path, world: World, filters: Sequence[str] = ()) -> Held:
    """A finished results folder.

    Raises:
        DataError: where it is none, is not finished, or its manifest is damaged.
    """
    if not folder.is_dir():
        raise DataError([f"{folder} is no folder"])
    manifest = read_manifest(folder)
    if manifest is None:
        began = (folder / PARTS).is_dir()
        more = "it is not finished: the command that began it goes on from there" if began else "it has no manifest"
        raise DataError([f"{folder} is no finished results folder: {more}"])
    if not manifest.get("finished"):
        raise DataError([f"{folder / 'manifest.json'} is not finished; run its command again"])
    made_in = manifest.get("digests", {}).get("world", world.digest)
    if made_in != world.digest:
        other = f"{folder} was made in another {world.name} ({str(made_in)[:12]}, here {world.digest[:12]})"
        raise DataError([f"{other}: name the folder of its world by --world, or run its command again"])
    told = VALIDATION if (folder / PATTERNS).is_file() and "scores" in manifest else RUN
    kind = str(manifest.get("kind") or (TEST if "effort" in manifest else told))
    return Held(folder, kind, manifest, world, tuple(filters))


def _parsed(words: str, columns: Sequence[str]) -> tuple[str, str, str]:
    """Column, comparison and value of a filter."""
    found = _FILTER.fullmatch(words.strip())
    if found is None:
        raise DataError([f"--filter {words} is no comparison; write column=value, or !=, <, <=, >, >= for ="])
    column = found["column"].strip()
    column = f"x.{column}" if column not in columns and f"x.{column}" in columns else column
    if column not in columns:
        raise DataError([f"--filter {words}: {column} is no column of the runs{near(column, columns)}"])
    return column, found["how"], found["value"].strip()


def _typed(value: str, column: pd.Series, words: str) -> Any:
    """A filter's value as what its column holds."""
    if not pd.api.types.is_numeric_dtype(column):
        known = [str(level) for level in column.unique()]
        if "=" in words and value not in known:
            raise DataError(
                [f"--filter {words}: no run has it; {column.name} is one of {', '.join(sorted(known)[:12])}"]
            )
        return value
    try:
        return float(value)
    except ValueError:
        raise DataError([f"--filter {words}: {column.name} holds numbers, and {value!r} is none"]) from None

"""A finished results folder, opened: its runs, its tables, its words, and its runs made again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.compute.jit import model_version
from eurasia_sim.files.data_yaml import DataError, judgement_share, near, packaged_worlds
from eurasia_sim.files.integrity import Files
from eurasia_sim.scenarios.manifest import KINDS, kind_of
from eurasia_sim.scenarios.outcome_columns import matching
from eurasia_sim.scenarios.posterior import read_posterior
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.scenarios.schema import POSTERIOR, measures
from eurasia_sim.simulation import results
from eurasia_sim.simulation.ensemble import run_ensemble_draws
from eurasia_sim.simulation.family import starting
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.world.world import World, load_world

RUN, SWEEP, TEST, VALIDATION, FIT = KINDS
SKILL = "skill"  # table of a validation
ANALYSIS = "analysis"  # where `analyze` puts its tables, beside the runs
_HEAD = {
    *("run_id", "point", "replicate", "scenario", "theory"),
    *("set", "run", "seed", "draw", "status"),
}
_ORDER = ("scenario", "theory", "set", "point", "replicate", "run")
_COMPARES = {"!=": "ne", "<=": "le", ">=": "ge", "=": "eq", "<": "lt", ">": "gt"}
_FILTER = re.compile(rf"(?P<column>[^<>=!]+?)\s*(?P<how>{'|'.join(_COMPARES)})\s*(?P<value>.+)")

_MOST_RUNS = 32  # that are made again
_AS_WRITTEN = ("name", "title", "question", "expect", "extends", "theory", "forms", "fixed")


class Replay(NamedTuple):
    """Month by month, the mean of every column over a scenario's finite runs at reference."""

    inputs: Inputs
    means: pd.DataFrame  # a row a month YYYY-MM, a column a measure; NaN where no run is finite
    runs: int
    failed: int


@dataclass(frozen=True)
class ResultsFolder:
    """A finished folder of `run`, `sweep`, `test` or `validate`, and which runs are asked for."""

    folder: Path
    manifest: Mapping[str, Any]
    place: World | Path | None = None  # of its world, where that is not packaged
    filters: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Of `run`, `sweep`, `test`, `validation` or `fit`."""
        return kind_of(self.manifest)

    @cached_property
    def world(self) -> World:
        """The world it was made in; DataError where that is not at hand."""
        return world_of(self.folder, self.manifest, self.place)

    @cached_property
    def files(self) -> Files:
        """The files it holds, with their digests."""
        return results.files_of(self.folder)

    @cached_property
    def columns(self) -> list[str]:
        """Columns of its runs; DataError where there are none, or they are damaged."""
        if not self.files.counted:
            right = "name a folder that `eurasia-sim run` or `sweep` wrote"
            raise DataError([f"{self.folder} holds no runs; {right}"])
        return results.result_columns(self.folder)

    @property
    def factors(self) -> list[str]:
        """Columns of a sweep's design."""
        return [name for name in self.columns if name.startswith("x.")]

    @property
    def measures(self) -> list[str]:
        """Columns that a run is measured by."""
        known = measures()
        return [name for name in self.columns if name.split(".")[0] in known and "." in name]

    @property
    def shown(self) -> list[str]:
        """Measures that the folder itself puts first."""
        if self.kind == RUN:
            rows = self.manifest.get("summary", {}).get("outcomes", ())
            return list(dict.fromkeys(row["measure"] for row in rows))
        patterns, known = self.manifest.get("measures") or (), self.measures
        found = [name for pattern in patterns for name in known if fnmatchcase(name, pattern)]
        return found or known[:4]

    def again(self, scenario: str, theory: str) -> Replay:
        """Months that `run` did not keep: the first runs at reference, made again.

        DataError where another version of the model or the world wrote the folder.
        """
        manifest, world = self.manifest, self.world
        same_as(manifest, world)
        content = manifest["scenarios"][scenario]
        inputs = prepare(world, restored(content, world), theory, manifest["forms"])
        count = min(int(manifest["runs_a_scenario"]), _MOST_RUNS)
        draws = reference_draws(inputs, count, int(manifest["seed"]))
        (outcome,) = run_ensemble_draws([inputs], draws, kept=np.arange(len(inputs.columns)))
        whole = outcome.trajectories[~outcome.failed]
        missing = np.full(outcome.trajectories.shape[1:], np.nan)
        months = pd.Index([world.date(t) for t in range(inputs.months)], name="month")
        means = whole.mean(axis=0) if len(whole) else missing
        table = pd.DataFrame(means, index=months, columns=list(inputs.columns))
        return Replay(inputs, table, count, count - len(whole))

    def chosen(self, patterns: Sequence[str]) -> list[str]:
        """The measures that patterns stand for (DataError if none); without any, those shown."""
        return matching("--measure", patterns, self.measures) or self.shown

    def runs(self, columns: Sequence[str], **where: str) -> pd.DataFrame:
        """The runs with some columns beside their heads, sorted and filtered.

        `where` gives values of columns of text, as `set="ranges"`, that no filter is about.
        DataError for a filter that cannot be compared or leaves no run, and for damaged runs.
        """
        filters = {text: _parsed(text, self.columns) for text in self.filters}
        filtered = {column for column, _, _ in filters.values()}
        needed = [name for name in self.columns if name in {*_HEAD, *columns, *filtered}]
        table = results.load_results(self.folder, needed)
        for column, value in where.items():
            if column in table and column not in filtered:
                table = table[table[column] == value]
        for text, (column, how, value) in filters.items():
            compare = getattr(table[column], _COMPARES[how])
            table = table[compare(_typed(value, table[column], text))]
        if table.empty:
            texts = " --filter ".join(self.filters)
            raise DataError([f"--filter {texts} leaves no run of {self.folder}"])
        if "run" not in table:
            table["run"] = range(len(table))
        keys, order = [name for name in _ORDER if name in table], self.manifest.get("scenarios", ())
        place = {name: at for at, name in enumerate(order)}
        return table.sort_values(
            keys, key=lambda own: own.map(place) if place and own.name == "scenario" else own,
            ignore_index=True,
        )  # fmt: skip

    def table(self, name: str) -> pd.DataFrame | None:
        """A table beside the runs, or of `analyze`, if there is one; DataError if it is damaged."""
        files = self._files_with(name)
        return None if files is None else results.read_table(files, f"{name}.parquet")

    def has(self, name: str) -> bool:
        """Whether there is a table of this name beside the runs."""
        return self._files_with(name) is not None

    def _files_with(self, name: str) -> Files | None:
        file, beside = f"{name}.parquet", results.tables_of(self.folder / ANALYSIS)
        found = next((files for files in (self.files, beside) if file in files.entries), None)
        if found is None and (beside.folder / file).is_file():
            wrong = f"{beside.folder / results.TABLES} does not list {file}"
            raise DataError([f"{wrong}\n    allowed: {beside.mend}"])
        return found

    @property
    def seed(self) -> int:
        """Root of all its seeds."""
        return int(self.manifest.get("seed", self.manifest.get("effort", {}).get("seed", 0)))

    @cached_property
    def judged(self) -> float:
        """Share of the world's numbers that rest on judgement."""
        return judgement_share(self.world.numbers.values())

    @cached_property
    def names(self) -> dict[str, str]:
        """How actors, theatres and scenarios are written out."""
        scenarios = {name: name for name in self.manifest.get("scenarios", ())}
        return self.world.names | scenarios

    @property
    def title(self) -> str:
        """The folder's subject in a line."""
        scenarios = self.manifest.get("scenarios", {})
        if self.kind == VALIDATION:
            scenario = self.manifest["scenario"]
            return f"{scenario.get('title') or scenario['name']}: against what is documented"
        if self.kind in (TEST, FIT) or not isinstance(scenarios, Mapping):
            return str(self.manifest.get("title", self.folder.name))
        titles = [entry.get("title") or name for name, entry in list(scenarios.items())[:2]]
        more = len(scenarios) - 2
        return " and ".join(titles) + (f" and {more} more" if more > 0 else "")


def world_of(folder: Path, manifest: Mapping[str, Any], world: World | Path | None) -> World:
    """The world that a folder was made in, or the one given; DataError if it is not at hand."""
    name, since = str(manifest.get("world", "")), manifest.get("from")
    if world is None and name and name not in packaged_worlds():
        unknown = f"{folder} was made in the world {name}, which is not packaged"
        raise DataError([f"{unknown}: give its folder by --world"])
    found = world if isinstance(world, World) else load_world(world or name or None)
    return starting(found, since) if since else found


def open_results(
    folder: Path, world: World | Path | None = None, filters: Sequence[str] = ()
) -> ResultsFolder:
    """A finished results folder with the world its manifest names, or the one given.

    DataError where it is none, is not finished or damaged, or was made in another world.
    """
    manifest = results.finished_manifest(folder, kind="")
    held = ResultsFolder(folder, manifest, world, tuple(filters))
    here = held.world.digest
    if (made_in := manifest.get("digests", {}).get("world", here)) != here:
        digests = f"{str(made_in)[:12]}, here {here[:12]}"
        right = "name the folder of its world by --world, or run its command again"
        raise DataError([f"{folder} was made in another {held.world.name} ({digests}): {right}"])
    return held


def _parsed(text: str, columns: Sequence[str]) -> tuple[str, str, str]:
    found = _FILTER.fullmatch(text.strip())
    if found is None:
        right = "write column=value, or !=, <, <=, >, >= for ="
        raise DataError([f"--filter {text} is no comparison; {right}"])
    column = found["column"].strip()
    column = f"x.{column}" if column not in columns and f"x.{column}" in columns else column
    if column not in columns:
        wrong = f"{column} is no column of the runs{near(column, columns)}"
        raise DataError([f"--filter {text}: {wrong}"])
    return column, found["how"], found["value"].strip()


def _typed(value: str, column: pd.Series, text: str) -> Any:
    """A filter's value as what its column holds."""
    if pd.api.types.is_numeric_dtype(column):
        try:
            return float(value)
        except ValueError:
            wrong = f"{column.name} holds numbers, and {value!r} is none"
            raise DataError([f"--filter {text}: {wrong}"]) from None
    known = [str(level) for level in column.unique()]
    if "=" in text and value not in known:
        right = f"{column.name} is one of {', '.join(sorted(known)[:12])}"
        raise DataError([f"--filter {text}: no run has it; {right}"])
    return value


# --- made again


def restored(content: Mapping[str, Any], world: World) -> Scenario:
    """The scenario that `Scenario.resolved` wrote to a manifest; its digest is the original's.

    KeyError where an entry is missing; DataError where it drops an event that the world does not
    hold, or drew from another posterior.
    """
    posterior = read_posterior(world) if "posterior" in content else None
    if posterior and posterior.digest != content["posterior"]:
        raise DataError([f"{content['name']} drew from another posterior than {world.name} has"])
    ranges = {} if content["uncertain"] == POSTERIOR else content["uncertain"]
    steps, departs = content["levers"].items(), content["departs"]

    def dated(rows: Any) -> tuple[dict[str, Any], ...]:
        return tuple({**row, "date": world.month(row["date"])} for row in rows)

    return Scenario(
        **{key: content[key] for key in _AS_WRITTEN},
        start=world.start,
        departs=None if departs is None else world.month(departs),
        months=world.month(content["horizon"]) + 1,
        steps={},
        changes={path: {world.month(m): v for m, v in own.items()} for path, own in steps},
        dropped=tuple(content["events"]["drop"]),
        added=dated(content["events"]["add"]),
        uncertain={path: (low, high) for path, (low, high) in ranges.items()},
        posterior=posterior,
        measures=tuple(content["measures"]),
        settings=tuple(content["settings"]),
    ).with_record(dated(content.get("record", ())), world)


def scenarios_of(manifest: Mapping[str, Any], world: World) -> Iterator[Scenario]:
    """Every scenario of a manifest, under every theory and form that it was run under.

    DataError where it drew from another posterior than the world records.
    """
    single = manifest.get("scenario")
    entries = [single] if isinstance(single, dict) else manifest.get("scenarios", {}).values()
    design = manifest.get("design", {}).get("factors", ())
    factors = {factor["name"]: factor.get("levels", ()) for factor in design}
    theories = factors.get("theory") or manifest.get("theories") or (manifest.get("theory"),)
    for scenario in (restored(entry, world) for entry in entries):
        forms = {**scenario.forms, **manifest.get("forms", {})}
        for theory in theories:
            chosen = replace(scenario, theory=theory or scenario.theory, forms=forms)
            named = [(chosen.theory or world.default_theory, world.theories)]
            named += [(name, world.forms.get(factor, {})) for factor, name in forms.items()]
            if unknown := [name for name, known in named if name not in known]:
                what = f"{scenario.name} was run under {', '.join(unknown)}"
                raise DataError([f"{what}, which {world.name} does not hold now"])
            yield chosen
            for name, levels in factors.items():
                if name.startswith("form."):
                    factor = name.removeprefix("form.")
                    for level in levels:
                        yield replace(chosen, forms={**forms, factor: str(level)})


def same_as(manifest: Mapping[str, Any], world: World) -> None:
    """DataError where this version of the model or world would not make its runs again."""
    digests = manifest["digests"]
    for what, mine in (("world", world.digest), ("model", model_version())):
        if digests.get(what) != mine:
            versions = f"{str(digests.get(what))[:12]}, now {mine[:12]}"
            problem = f"the folder was written under another version of the {what} ({versions})"
            again = f"run it again: {manifest.get('command')}"
            raise DataError([f"{problem}, so its runs cannot be made again; {again}"])

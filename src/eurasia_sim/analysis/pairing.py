"""Two results beside each other: what was set differently, which runs pair, and what they differ by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pandas as pd

from eurasia_sim.analysis.equivalence import Compared, compared
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.simulation.results import RUNS, finished_manifest, load_results, result_columns

_HEAD = ["run_id", "set", "run", "seed", "draw", "status"]
_PROSE = ("format", "title", "question", "expect", "extends")
# What decides which numbers are drawn for a run of one seed.
_OF_THE_DRAW = (
    "runs",
    "theory",
    "forms",
    "world",
    "scenario.uncertain",
    "scenario.posterior",
    "scenario.fixed",
    "scenario.forms",
)


@dataclass(frozen=True)
class Results:
    """A finished results folder: what it says of itself, and the columns of its runs."""

    folder: Path
    manifest: Mapping[str, Any]
    columns: tuple[str, ...]

    @property
    def measures(self) -> list[str]:
        """Columns that a run is measured by."""
        return [name for name in self.columns if "." in name]

    @property
    def shown(self) -> list[str]:
        """Measures that its own summary shows."""
        return list(
            dict.fromkeys(row["measure"] for row in self.manifest["summary"].get("outcomes", ()))
        )


@dataclass(frozen=True)
class Side:
    """The runs of one scenario under one theory in a results folder."""

    results: Results
    scenario: str
    theory: str

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that decides its runs, by dotted path."""
        manifest = self.results.manifest
        scenario = {
            key: value
            for key, value in manifest["scenarios"][self.scenario].items()
            if key not in _PROSE
        }
        return _flat(
            {
                "theory": self.theory,
                "forms": manifest["forms"],
                "runs": manifest["runs_a_scenario"],
                "seed": manifest["seed"],
                "window": " to ".join(manifest["window"]),
                "world": manifest["digests"].get("world"),
                "model": manifest["digests"].get("model"),
                "versions": manifest["versions"],
                "scenario": scenario,
            }
        )


@dataclass(frozen=True)
class Pairing:
    """Runs of two sides, in equal order where they pair."""

    first: pd.DataFrame
    second: pd.DataFrame
    is_valid: bool
    why: str


@dataclass(frozen=True)
class Comparison:
    """Two sides over one set of draws: how their runs pair, and every measure."""

    first: Side
    second: Side
    kind: str
    pairing: Pairing
    runs: tuple[int, int]
    failed: tuple[int, int]
    measures: tuple[Compared, ...]

    def rows(self) -> list[dict[str, Any]]:
        """A flat row a measure, that says what was compared."""
        a, b = self.first, self.second
        head = {
            "scenario_a": a.scenario, "scenario_b": b.scenario, "theory_a": a.theory, "theory_b": b.theory,
            "set": self.kind, "paired": self.pairing.is_valid,
            "runs_a": self.runs[0], "runs_b": self.runs[1], "failed_a": self.failed[0], "failed_b": self.failed[1],
        }  # fmt: skip
        return [{**head, **each.row()} for each in self.measures]


def open_results(folder: Path) -> Results:
    """A results folder that `run` has finished.

    Raises:
        DataError: where it is none, is unfinished or damaged, or was written before runs recorded their draw.
    """
    manifest = finished_manifest(folder)
    columns = result_columns(folder)
    lacks = [name for name in (*_HEAD, "scenario", "theory") if name not in columns]
    if lacks:
        again = manifest.get("command", "eurasia-sim run")
        older = f"{folder / RUNS} has no column {', '.join(lacks)}: an older version wrote it"
        raise DataError([f"{older}; run again, into another --out: {again}"])
    return Results(folder, manifest, tuple(columns))


def sides(
    first: Results,
    second: Results | None,
    scenarios: tuple[str, str] | None,
    theories: Sequence[str],
) -> list[tuple[Side, Side]]:
    """What is compared with what: by name, unless two names are given, or there is but one on either side.

    Args:
        second: None for two scenarios or two theories of the one folder.
        theories: none, one for both sides, or one for each.

    Raises:
        DataError: for a name that a folder does not hold, or where the choice is left open.
    """
    other = second or first
    if len(theories) > 2:
        raise DataError(["--theory is given at most twice: once for both, or once for each"])
    asked = (theories[0], theories[-1]) if theories else None
    crossed = second is None and (asked is None or asked[0] == asked[1])
    held = [list(results.manifest["scenarios"]) for results in (first, other)]
    if crossed and scenarios is None:
        if len(held[0]) != 2:
            named = f"{first.folder} holds {', '.join(held[0])}: name another folder"
            raise DataError(
                [
                    f"{named}, or two scenarios with --scenarios X Y, or two theories, --theory X --theory Y"
                ]
            )
        scenarios = (held[0][0], held[0][1])
    both, theory = (first, other), (first.manifest["theories"], other.manifest["theories"])
    return [
        (Side(first, mine, my_theory), Side(other, theirs, their_theory))
        for mine, theirs in _matched(
            "scenario", "--scenarios X Y", both, (held[0], held[1]), scenarios
        )
        for my_theory, their_theory in _matched(
            "theory", "--theory X --theory Y", both, theory, asked
        )
    ]


def _matched(
    kind: str, option: str, both: tuple[Results, Results], held: tuple[list[str], list[str]],
    asked: tuple[str, str] | None,
) -> list[tuple[str, str]]:  # fmt: skip
    if asked:
        unknown = [
            f"{results.folder} holds no {kind} {name}{near(name, names)}; it holds {', '.join(names)}"
            for results, names, name in zip(both, held, asked, strict=True)
            if name not in names
        ]
        if unknown:
            raise DataError(dict.fromkeys(unknown))
        return [asked]
    shared = [(name, name) for name in held[0] if name in held[1]]
    if shared:
        return shared
    if len(held[0]) == len(held[1]) == 1:
        return [(held[0][0], held[1][0])]
    a, b = (", ".join(names) for names in held)
    raise DataError([f"no {kind} stands in both: A holds {a}, B holds {b}; choose with {option}"])


def warnings(first: Side, second: Side, *, force: bool = False) -> list[str]:
    """What a reader must know before comparing: other model, other window.

    Raises:
        DataError: where two versions of the model gave the results, unless forced.
    """
    found = []
    changed = differing(first, second)
    if "model" in changed:
        versions = "A is of model version {}, B of {}".format(*changed["model"])
        if not force:
            why = "what differs may be the rules themselves; run one of them again, or say --force"
            raise DataError([f"{versions}: {why}"])
        found.append(f"{versions}: what differs may be the rules themselves")
    if "window" in changed:
        a, b = changed["window"]
        found.append(
            f"A averages over {a}, B over {b}: what differs may be the window alone; run both in one command"
        )
    return found


def differing(first: Side, second: Side) -> dict[str, tuple[Any, Any]]:
    """What was set differently, by dotted path; None where a side has nothing there."""
    mine, theirs = first.settings, second.settings
    both = {path: (mine.get(path), theirs.get(path)) for path in {**mine, **theirs}}
    return {path: (a, b) for path, (a, b) in both.items() if a != b}


def _flat(content: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A nested mapping as dotted paths; an empty mapping says nothing."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= (
            _flat(value, f"{above}{key}.")
            if isinstance(value, Mapping)
            else {f"{above}{key}": value}
        )
    return found


def chosen_measures(first: Results, second: Results, patterns: Sequence[str]) -> list[str]:
    """Measures to compare: those that match a pattern (`*` and `?`), else those that either summary shows.

    Raises:
        DataError: for a pattern that no measure of both matches, with suggestions.
    """
    theirs = set(second.measures)
    both = [name for name in first.measures if name in theirs]
    if not patterns:
        shown = [name for name in dict.fromkeys([*first.shown, *second.shown]) if name in both]
        if not shown:
            raise DataError(
                ["no measure that either summary shows stands in both: choose with --measure"]
            )
        return shown
    problems, found = [], []
    for pattern in patterns:
        matching = [name for name in both if fnmatchcase(name, pattern)]
        found += matching
        if not matching:
            alone = [
                r.folder
                for r in (first, second)
                if any(fnmatchcase(name, pattern) for name in r.measures)
            ]
            where = f" but in {alone[0]} alone" if alone else near(pattern, both)
            problems.append(f"--measure {pattern} is no measure of these results{where}")
    if problems:
        raise DataError(problems)
    return list(dict.fromkeys(found))


def matching(option: str, patterns: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names that match any of the patterns (`*` and `?`), in the patterns' order.

    Raises:
        DataError: for a pattern that matches none, with suggestions.
    """
    found = {
        pattern: [name for name in names if fnmatchcase(name, pattern)] for pattern in patterns
    }
    problems = [
        f"{option} {each} is no measure{near(each, names)}"
        for each, own in found.items()
        if not own
    ]
    if problems:
        raise DataError(problems)
    return list(dict.fromkeys(name for own in found.values() for name in own))


def runs_of(side: Side, measures: Sequence[str]) -> pd.DataFrame:
    """A side's runs in their order, with the measures and what paired differences are split by."""
    needed = list(measures)
    for measure in measures:
        kind, _, whom = measure.partition(".")
        if kind in ("competition", "cooperation"):
            needed += [f"colocation.{whom}", f"cooperation.{whom}"]
    only: list[tuple[str, str, Any]] = [
        ("scenario", "==", side.scenario),
        ("theory", "==", side.theory),
    ]
    found = load_results(side.results.folder, [*_HEAD, *dict.fromkeys(needed)], only)
    return found.sort_values(["set", "run"], ignore_index=True)


def paired_runs(
    first: pd.DataFrame, second: pd.DataFrame, changed: Mapping[str, tuple[Any, Any]]
) -> Pairing:
    """The runs that share a draw, side by side; all runs, with the reason, where none does.

    Args:
        changed: what was set differently, as `differing` gives.
    """
    common = first.loc[first["draw"].isin(second["draw"]), "draw"]
    if len(common):
        sorted_ = [
            side.set_index("draw", drop=False).loc[common].reset_index(drop=True)
            for side in (first, second)
        ]
        alone = [len(side) - len(common) for side in (first, second)]
        rest = (
            f"; {alone[0]} of A and {alone[1]} of B have no partner and are left out"
            if any(alone)
            else ""
        )
        return Pairing(
            sorted_[0], sorted_[1], True, f"paired run by run: equal seeds and equal draws{rest}"
        )
    if not set(first["seed"]) & set(second["seed"]):
        return Pairing(first, second, False, "not paired: no run of A has the seed of a run of B")
    causes = [path for path in changed if path.startswith(_OF_THE_DRAW)]
    why = f", for these were set differently: {', '.join(causes)}" if causes else ""
    return Pairing(
        first,
        second,
        False,
        f"not paired: the seeds are equal, the numbers drawn over ranges are not{why}",
    )


def compare_sides(
    first: Side,
    second: Side,
    measures: Sequence[str],
    kinds: Sequence[str],
    smallest: float | None = None,
) -> list[Comparison]:
    """Two sides compared, set of draws by set of draws; a failed run is missing from every number, and counted."""
    tables = [runs_of(side, measures) for side in (first, second)]
    changed = differing(first, second)
    found = []
    for kind in kinds:
        own = [table[table["set"] == kind] for table in tables]
        runs, failed = (
            [len(table) for table in own],
            [int((table["status"] != "ok").sum()) for table in own],
        )
        pairing = paired_runs(own[0], own[1], changed)
        one, two, is_valid = pairing.first, pairing.second, pairing.is_valid
        each = tuple(
            compared(one, two, measure, smallest, are_paired=is_valid) for measure in measures
        )
        found.append(
            Comparison(
                first, second, kind, pairing, (runs[0], runs[1]), (failed[0], failed[1]), each
            )
        )
    return found

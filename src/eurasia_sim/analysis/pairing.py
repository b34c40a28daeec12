"""Two results folders beside each other: what was set differently, which runs pair, differences."""

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from eurasia_sim.analysis.differences import Compared, compared
from eurasia_sim.analysis.headline import families, headlines
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.simulation.results import RUNS, finished_manifest, load_results
from eurasia_sim.simulation.results_folder import RUN, Results

_HEAD = ["run_id", "set", "run", "seed", "draw", "status"]
_COPIES = 3  # of the values that are held while two sides are compared
_PROSE = ("format", "title", "question", "expect", "extends")
# Settings that decide which numbers are drawn for a run of one seed.
_OF_THE_DRAW = (
    "runs", "theory", "forms", "world",
    "scenario.uncertain", "scenario.posterior", "scenario.fixed", "scenario.forms",
)  # fmt: skip


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
        scenario, digests = manifest["scenarios"][self.scenario], manifest["digests"]
        content = {
            "theory": self.theory, "forms": manifest["forms"],
            "runs": manifest["runs_a_scenario"], "seed": manifest["seed"],
            "window": " to ".join(manifest["window"]),
            "world": digests.get("world"), "model": digests.get("model"),
            "versions": manifest["versions"],
            "scenario": {key: scenario[key] for key in scenario if key not in _PROSE},
        }  # fmt: skip
        # As the one part of a whole: plain values of the whole would come before nested ones.
        (flat,) = pd.json_normalize({"": content}).to_dict("records")
        return {str(path): value for path, value in flat.items()}


class Pairing(NamedTuple):
    """Runs of two sides, in equal order where they pair, and why they pair or do not."""

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
    headlines: tuple[dict[str, Any], ...]  # none where runs do not pair

    @property
    def head(self) -> dict[str, str]:
        """What is compared, as the first cells of a row."""
        a, b = self.first, self.second
        return {
            "scenario_a": a.scenario, "scenario_b": b.scenario, "theory_a": a.theory,
            "theory_b": b.theory, "set": self.kind,
        }  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """A flat row a measure, with the names of the two sides."""
        counts = {
            "paired": self.pairing.is_valid, "runs_a": self.runs[0], "runs_b": self.runs[1],
            "failed_a": self.failed[0], "failed_b": self.failed[1],
        }  # fmt: skip
        return [{**self.head, **counts, **each.row()} for each in self.measures]


def open_results(folder: Path) -> Results:
    """A results folder that `run` has finished.

    Raises:
        DataError: where it is none, is unfinished or damaged, or its runs lack needed columns.
    """
    found = Results(folder, RUN, finished_manifest(folder))
    if lacks := [name for name in (*_HEAD, "scenario", "theory") if name not in found.columns]:
        again = found.manifest.get("command", "eurasia-sim run")
        older = f"{folder / RUNS} has no column {', '.join(lacks)}: an older version wrote it"
        raise DataError([f"{older}; run again, into another --out: {again}"])
    return found


def sides(
    first: Results,
    second: Results | None,
    scenarios: tuple[str, str] | None,
    theories: Sequence[str],
) -> list[tuple[Side, Side]]:
    """The pairs of sides to compare: those named, else equal names, else the only one of each.

    Where those of equal names are the same runs, the one that each alone has is compared.

    Args:
        second: None for two scenarios or two theories of the one folder.
        theories: none, one for both sides, or one for each.

    Raises:
        DataError: for a name that a folder does not hold, or where the choice is left open.
    """
    other = second or first
    if second is not None and scenarios is None:
        scenarios = _own_of_each(first, second)
    if len(theories) > 2:
        raise DataError(["--theory is given at most twice: once for both, or once for each"])
    wanted = (theories[0], theories[-1]) if theories else None
    if second is None and scenarios is None and (wanted is None or wanted[0] == wanted[1]):
        held = list(first.manifest["scenarios"])
        if len(held) != 2:
            named = f"{first.folder} holds {', '.join(held)}: name another folder"
            ways = "or two scenarios with --scenarios X Y, or two theories, --theory X --theory Y"
            raise DataError([f"{named}, {ways}"])
        scenarios = held[0], held[1]
    both = first, other
    return [
        (Side(first, mine, my_theory), Side(other, theirs, their_theory))
        for mine, theirs in _matched("scenario", "--scenarios X Y", both, scenarios)
        for my_theory, their_theory in _matched("theory", "--theory X --theory Y", both, wanted)
    ]


def _own_of_each(first: Results, second: Results) -> tuple[str, str] | None:
    """The one scenario that each folder alone has, where all that both have are the same runs."""
    one, two = (own.manifest["scenarios"] for own in (first, second))
    mine, theirs = sorted(one.keys() - two.keys()), sorted(two.keys() - one.keys())
    known = (own.manifest for own in (first, second))
    a, b = ([x["seed"], x["versions"], *map(x["digests"].get, ("world", "model"))] for x in known)
    same = [a == b, *(one[name] == two[name] for name in one.keys() & two.keys())]
    return (mine[0], theirs[0]) if all(same) and len(mine) == len(theirs) == 1 else None


_KEYS = {"scenario": "scenarios", "theory": "theories"}  # of a manifest


def _matched(
    kind: str, option: str, both: tuple[Results, Results], wanted: tuple[str, str] | None
) -> list[tuple[str, str]]:
    """Pairs of names, one of each folder."""
    one, two = (list(own.manifest[_KEYS[kind]]) for own in both)
    if wanted:
        unknown = [
            f"{own.folder} holds no {kind} {name}{near(name, names)}; it holds {', '.join(names)}"
            for own, names, name in zip(both, (one, two), wanted, strict=True)
            if name not in names
        ]
        if unknown:
            raise DataError(dict.fromkeys(unknown))
        return [wanted]
    shared = [(name, name) for name in one if name in two]
    if not shared and (len(one) > 1 or len(two) > 1):
        hold = f"A holds {', '.join(one)}, B holds {', '.join(two)}; choose with {option}"
        raise DataError([f"no {kind} stands in both: {hold}"])
    return shared or [(one[0], two[0])]


def warnings(first: Side, second: Side, *, force: bool = False) -> list[str]:
    """Warnings before comparing: another model version, another window.

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
        windows = "A averages over {}, B over {}".format(*changed["window"])
        found.append(f"{windows}: what differs may be the window alone; run both in one command")
    return found


def differing(first: Side, second: Side) -> dict[str, tuple[Any, Any]]:
    """Settings that differ, by dotted path; None where a side has none."""
    mine, theirs = first.settings, second.settings
    both = {path: (mine.get(path), theirs.get(path)) for path in {**mine, **theirs}}
    return {path: (a, b) for path, (a, b) in both.items() if a != b}


def chosen_measures(first: Results, second: Results, patterns: Sequence[str]) -> list[str]:
    """Measures to compare: those that match a pattern (`*` and `?`), else those either shows.

    Raises:
        DataError: for a pattern that no measure of both matches, with suggestions.
    """
    theirs = set(second.measures)
    both = [name for name in first.measures if name in theirs]
    if patterns:

        def hint(pattern: str) -> str:
            alone = [own.folder for own in (first, second) if fnmatch.filter(own.measures, pattern)]
            where = f" but in {alone[0]} alone" if alone else near(pattern, both)
            return f" of these results{where}"

        return matching("--measure", patterns, both, hint)
    shown = [name for name in dict.fromkeys([*first.shown, *second.shown]) if name in both]
    if not shown:
        why = "no measure that either summary shows stands in both: choose with --measure"
        raise DataError([why])
    return shown


def matching(
    option: str,
    patterns: Sequence[str],
    names: Sequence[str],
    hint: Callable[[str], str] | None = None,
) -> list[str]:
    """The names that match any of the patterns (`*` and `?`), in the patterns' order.

    Args:
        hint: end of the complaint about a pattern; by default the nearest name.

    Raises:
        DataError: for a pattern that matches none, with suggestions.
    """
    found = {pattern: fnmatch.filter(names, pattern) for pattern in patterns}
    if wrong := [each for each, own in found.items() if not own]:
        hint = hint or (lambda each: near(each, names))
        raise DataError(f"{option} {each} is no measure{hint(each)}" for each in wrong)
    return list(dict.fromkeys(name for own in found.values() for name in own))


def _runs_of(side: Side, measures: Sequence[str]) -> pd.DataFrame:
    """A side's runs in order, with the measures, and the families of those of competition."""
    told = families(side.results.columns).items()
    own = [
        name
        for whom, names in told
        if f"competition.{'.'.join(whom)}" in measures
        for name in names
    ]
    needed = [*measures, *own]
    only = [("scenario", "==", side.scenario), ("theory", "==", side.theory)]
    found = load_results(side.results.folder, [*_HEAD, *dict.fromkeys(needed)], only)
    return found.sort_values(["set", "run"], ignore_index=True)


def paired_runs(
    first: pd.DataFrame, second: pd.DataFrame, changed: Mapping[str, tuple[Any, Any]]
) -> Pairing:
    """The runs that share a draw, in equal order; all runs, with the reason, where none does.

    Args:
        changed: settings that differ, as `differing` gives.
    """
    common = first.loc[first["draw"].isin(second["draw"]), "draw"]
    if len(common):
        one, two = (
            side.set_index("draw", drop=False).loc[common].reset_index(drop=True)
            for side in (first, second)
        )
        a, b = len(first) - len(common), len(second) - len(common)
        rest = f"; {a} of A and {b} of B have no partner and are left out" if a or b else ""
        return Pairing(one, two, True, f"paired run by run: equal seeds and equal draws{rest}")
    why = "not paired: no run of A has the seed of a run of B"
    if set(first["seed"]) & set(second["seed"]):
        causes = ", ".join(path for path in changed if path.startswith(_OF_THE_DRAW))
        because = f", for these were set differently: {causes}" if causes else ""
        why = f"not paired: the seeds are equal, the numbers drawn over ranges are not{because}"
    return Pairing(first, second, False, why)


def compare_sides(
    first: Side,
    second: Side,
    measures: Sequence[str],
    kinds: Sequence[str],
    smallest: float | None = None,
) -> list[Comparison]:
    """Two sides compared by set of draws; a failed run counts in `failed` and in no number."""
    count = 2 * sum(side.settings["runs"] for side in (first, second))
    cells = count * (2 * len(measures) + len(_HEAD))
    require_memory(PROCESS + 8 * _COPIES * cells, f"{cells:,} values of runs", "fewer --measure")
    tables = [_runs_of(side, measures) for side in (first, second)]
    changed = differing(first, second)
    found = []
    for kind in kinds:
        a, b = (table[table["set"] == kind] for table in tables)
        failed = int((a["status"] != "ok").sum()), int((b["status"] != "ok").sum())
        runs = paired_runs(a, b, changed)
        each = tuple(
            compared(runs.first, runs.second, measure, smallest, are_paired=runs.is_valid)
            for measure in measures
        )
        told = headlines(runs.first, runs.second) if runs.is_valid else ()
        counts = (len(a), len(b)), failed
        found.append(Comparison(first, second, kind, runs, *counts, each, tuple(told)))
    return found

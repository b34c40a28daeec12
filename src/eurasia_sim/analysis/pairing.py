"""Two results folders beside each other: what was set differently, which runs pair, differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from eurasia_sim.analysis.differences import compared
from eurasia_sim.analysis.headline import families, headlines
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.scenarios.outcome_columns import matching
from eurasia_sim.simulation.results import RUNS, finished_manifest, load_results
from eurasia_sim.simulation.results_folder import ResultsFolder

_HEAD = ["run_id", "set", "run", "seed", "draw", "status"]
_COPIES = 3  # of the values that are held while two sides are compared
_PROSE = ("format", "title", "question", "expect", "extends")
# Settings that decide which numbers are drawn for a run of one seed.
_OF_THE_DRAW = (
    "runs", "theory", "forms", "world",
    "scenario.uncertain", "scenario.posterior", "scenario.fixed", "scenario.forms",
)  # fmt: skip
# What may differ beside the settings of scenarios, by dotted path, in words.
_SUSPECT = {
    "model": "A is of model version {}, B of {}: what differs may be the rules themselves",
    "window": "A averages over {}, B over {}: what differs may be the window alone; run both in "
    "one command",
}
_KEYS = {"scenario": "scenarios", "theory": "theories"}  # of a manifest
_OPTIONS = {"scenario": "--scenarios X Y", "theory": "--theory X --theory Y"}


@dataclass(frozen=True)
class Side:
    """The runs of one scenario under one theory in a results folder."""

    results: ResultsFolder
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

    def runs(self, columns: Sequence[str]) -> pd.DataFrame:
        """Its runs in order, with the columns asked for."""
        only = [("scenario", "==", self.scenario), ("theory", "==", self.theory)]
        found = load_results(self.results.folder, [*_HEAD, *columns], only)
        return found.sort_values(["set", "run"], ignore_index=True)


@dataclass(frozen=True)
class Comparison:
    """Two sides over one set of draws: how their runs pair, and every measure."""

    head: dict[str, str]  # scenario_a, scenario_b, theory_a, theory_b, set
    counts: dict[str, Any]  # paired, runs_a, runs_b, failed_a, failed_b
    why: str  # runs pair, or do not
    measures: list[dict[str, Any]]  # rows of `differences.compared`
    headlines: list[dict[str, Any]]  # none where runs do not pair


def open_results(folder: Path) -> ResultsFolder:
    """A folder that `run` has finished; DataError where it is none, damaged, or lacks a column."""
    found = ResultsFolder(folder, finished_manifest(folder))
    if lacks := [name for name in (*_HEAD, "scenario", "theory") if name not in found.columns]:
        again = found.manifest.get("command", "eurasia-sim run")
        older = f"{folder / RUNS} has no column {', '.join(lacks)}: an older version wrote it"
        raise DataError([f"{older}; run again, into another --out: {again}"])
    return found


def sides(
    first: ResultsFolder, second: ResultsFolder | None, scenarios: tuple[str, str] | None,
    theories: Sequence[str],
) -> list[tuple[Side, Side]]:  # fmt: skip
    """The pairs of sides to compare: those named, else equal names, else the only one of each.

    Where those of equal names are the same runs, the one that each alone has is compared. Without
    a second folder two scenarios, or two theories, of the first are. Raises DataError for a name
    that a folder does not hold, or where the choice is left open.
    """
    if len(theories) > 2:
        raise DataError(["--theory is given at most twice: once for both, or once for each"])
    if scenarios is None and second is not None:
        scenarios = _own_of_each(first.manifest, second.manifest)
    elif scenarios is None and len({*theories}) < 2:
        known = list(first.manifest["scenarios"])
        if len(known) != 2:
            named = f"{first.folder} holds {', '.join(known)}: name another folder"
            ways = f"or two scenarios with {_OPTIONS['scenario']}, or two theories"
            raise DataError([f"{named}, {ways}, {_OPTIONS['theory']}"])
        scenarios = known[0], known[1]
    wanted, other = (theories[0], theories[-1]) if theories else None, second or first
    chosen = _matched("scenario", first, other, scenarios)
    pairs = product(chosen, _matched("theory", first, other, wanted))
    return [(Side(first, a, mine), Side(other, b, theirs)) for (a, b), (mine, theirs) in pairs]


def _own_of_each(one: Mapping[str, Any], two: Mapping[str, Any]) -> tuple[str, str] | None:
    """The one scenario that each folder alone has, where all that both have are the same runs."""
    mine, theirs = one["scenarios"], two["scenarios"]
    alone = [*(mine.keys() - theirs.keys()), *(theirs.keys() - mine.keys())]
    is_one_of_each = len(alone) == 2 and len(mine) == len(theirs)
    same = [one[key] == two[key] for key in ("seed", "versions")]
    same += [one["digests"].get(key) == two["digests"].get(key) for key in ("world", "model")]
    same += [mine[name] == theirs[name] for name in mine.keys() & theirs.keys()]
    return (alone[0], alone[1]) if is_one_of_each and all(same) else None


def _matched(
    kind: str, first: ResultsFolder, second: ResultsFolder, wanted: tuple[str, str] | None
) -> list[tuple[str, str]]:
    one, two = (list(own.manifest[_KEYS[kind]]) for own in (first, second))
    if wanted:
        unknown = [
            f"{own.folder} holds no {kind} {name}{near(name, names)}; it holds {', '.join(names)}"
            for own, names, name in zip((first, second), (one, two), wanted, strict=True)
            if name not in names
        ]
        if unknown:
            raise DataError(dict.fromkeys(unknown))
        return [wanted]
    shared = [(name, name) for name in one if name in two]
    if not shared and (len(one) > 1 or len(two) > 1):
        hold = f"A holds {', '.join(one)}, B holds {', '.join(two)}; choose with {_OPTIONS[kind]}"
        raise DataError([f"no {kind} stands in both: {hold}"])
    return shared or [(one[0], two[0])]


def warnings(first: Side, second: Side, *, force: bool = False) -> list[str]:
    """What warns before comparing, windows and models; DataError for two models, unless forced."""
    changed = differing(first, second)
    told = _SUSPECT.items()
    found = {path: said.format(*changed[path]) for path, said in told if path in changed}
    if "model" in found and not force:
        raise DataError([f"{found['model']}; run one of them again, or say --force"])
    return list(found.values())


def differing(first: Side, second: Side) -> dict[str, tuple[Any, Any]]:
    """Settings that differ, by dotted path; None where a side has none."""
    mine, theirs = first.settings, second.settings
    both = {path: (mine.get(path), theirs.get(path)) for path in {**mine, **theirs}}
    return {path: (a, b) for path, (a, b) in both.items() if a != b}


def chosen_measures(
    first: ResultsFolder, second: ResultsFolder, patterns: Sequence[str]
) -> list[str]:
    """Measures of both that match a pattern (DataError for none), else those either side shows."""
    both = [name for name in first.measures if name in {*second.measures}]
    if patterns:
        return matching("--measure", patterns, both)
    if shown := [name for name in dict.fromkeys([*first.shown, *second.shown]) if name in both]:
        return shown
    raise DataError(["no measure that either summary shows stands in both: choose with --measure"])


def paired_runs(
    first: pd.DataFrame, second: pd.DataFrame, changed: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, bool, str]:
    """The runs that share a draw, in equal order, or all runs where none does; whether, and why.

    `changed` are the settings that differ.
    """
    common = first.loc[first["draw"].isin(second["draw"]), "draw"]
    if len(common):
        a, b = len(first) - len(common), len(second) - len(common)
        rest = f"; {a} of A and {b} of B have no partner and are left out" if a or b else ""
        by_draw = (side.set_index("draw", drop=False) for side in (first, second))
        one, two = (side.loc[common].reset_index(drop=True) for side in by_draw)
        return one, two, True, f"paired run by run: equal seeds and equal draws{rest}"
    why = "not paired: no run of A has the seed of a run of B"
    if set(first["seed"]) & set(second["seed"]):
        causes = ", ".join(path for path in changed if path.startswith(_OF_THE_DRAW))
        because = f", for these were set differently: {causes}" if causes else ""
        why = f"not paired: the seeds are equal, the numbers drawn over ranges are not{because}"
    return first, second, False, why


def compare_sides(
    first: Side, second: Side, measures: Sequence[str], kinds: Sequence[str],
    smallest: float | None = None,
) -> list[Comparison]:  # fmt: skip
    """Two sides compared by set of draws; a failed run counts in `counts` and in no number."""
    count = sum(side.results.manifest["runs_a_scenario"] for side in (first, second))
    cells = 2 * count * (2 * len(measures) + len(_HEAD))
    require_memory(PROCESS + 8 * _COPIES * cells, f"{cells:,} values of runs", "fewer --measure")
    tables = []
    for side in (first, second):
        known = families(side.results.columns).items()
        own = [x for whom, x in known if f"competition.{'.'.join(whom)}" in measures]
        tables.append(side.runs(list(dict.fromkeys([*measures, *(y for x in own for y in x)]))))
    found = []
    for kind in kinds:
        a, b = (table[table["set"] == kind] for table in tables)
        one, two, are_paired, why = paired_runs(a, b, differing(first, second))
        head = {
            "scenario_a": first.scenario, "scenario_b": second.scenario,
            "theory_a": first.theory, "theory_b": second.theory, "set": kind,
        }  # fmt: skip
        counts = {"paired": are_paired, "runs_a": len(a), "runs_b": len(b)}
        failed = {"failed_a": a, "failed_b": b}
        counts |= {key: int((runs["status"] != "ok").sum()) for key, runs in failed.items()}
        rows = [compared(one, two, name, smallest, are_paired=are_paired) for name in measures]
        words = headlines(one, two) if are_paired else []
        found.append(Comparison(head, counts, why, rows, words))
    return found

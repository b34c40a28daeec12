"""Results beside each other: what was set differently, which runs pair, and every fault named."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.analysis.pairing import (
    Side,
    chosen_measures,
    compare_sides,
    differing,
    open_results,
    paired_runs,
    sides,
    warnings,
)
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import MANIFEST, RUNS, load_results, write_manifest
from eurasia_sim.simulation.results_folder import Results

PAIR = "a-b.everywhere"
Write = Callable[..., Path]
_SCENARIO: dict[str, Any] = {
    "question": "", "expect": "", "extends": None, "settings": [], "departs": None,
    "horizon": "2030-12", "levers": {}, "events": {"drop": [], "add": []}, "uncertain": {},
    "fixed": {}, "theory": None, "forms": {}, "measures": [],
}  # fmt: skip


def manifest_of(
    scenarios: dict[str, dict[str, Any]] | None = None, **changes: Any
) -> dict[str, Any]:
    given = (scenarios or {"x": {}}).items()
    named = {name: {**_SCENARIO, "name": name, "title": name, **own} for name, own in given}
    return {
        "finished": True, "command": "eurasia-sim run x", "seed": 7, "runs_a_scenario": 3,
        "theories": ["one"], "forms": {"threat": "product"}, "window": ["2021-05", "2030-12"],
        "digests": {"world": "w", "model": "m", "scenarios": {name: name for name in named}},
        "scenarios": named, "versions": {"numpy": "2.0"},
        "summary": {"outcomes": [{"measure": f"competition.{PAIR}"}]}, **changes,
    }  # fmt: skip


def runs_table(manifest: dict[str, Any], shift: float = 0.0, draw: str = "d") -> pd.DataFrame:
    tables = []
    for theory in manifest["theories"]:
        for at, scenario in enumerate(manifest["scenarios"]):
            for kind in ("reference", "ranges"):
                run, seed = np.arange(manifest["runs_a_scenario"]), manifest["seed"]
                met, drawn = 0.5 + 0.01 * run * (at + 1) + shift, draw if kind == "ranges" else ""
                tables.append(
                    pd.DataFrame(
                        {"run_id": [f"{theory}{scenario}{kind}{r}" for r in run], "run": run,
                         "scenario": scenario, "theory": theory, "set": kind, "status": "ok",
                         "seed": 100 * seed + run, "draw": [f"{drawn}{seed}-{r}" for r in run],
                         f"colocation.{PAIR}": met, f"competition.{PAIR}": met / 2,
                         f"cooperation.{PAIR}": met / 2, "benefit.a": met**2}
                    )
                )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, manifest: dict[str, Any] | None = None, **of_the_runs: Any) -> Path:
        folder, manifest = tmp_path / name, manifest or manifest_of()
        folder.mkdir()
        runs_table(manifest, **of_the_runs).to_parquet(folder / RUNS)
        write_manifest(folder, manifest, [RUNS])
        return folder

    return written


@pytest.fixture
def opened(write: Write) -> Callable[..., Results]:
    return lambda *given, **of_the_runs: open_results(write(*given, **of_the_runs))


def rewrite(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(load_results(folder)).to_parquet(folder / RUNS)
    write_manifest(folder, manifest_of(), [RUNS])


def test_only_what_was_set_differently_is_told(opened) -> None:
    aid = {"aid.a": {"2020-01": 1.0}}
    levers = {"levers": {"pressure.a.b": {"2021-05": 0.5}, **aid}}
    other = {"levers": {"pressure.a.b": {"2021-05": 0.7}, **aid}, "fixed": {"r.x": 2}}
    a, versions = opened("a", manifest_of({"x": levers})), {"numpy": "2.0", "scipy": "1.17"}
    forms = {"threat": "sum"}
    b = opened("b", manifest_of({"x": other}, seed=8, versions=versions, forms=forms))
    ((first, second),) = sides(a, b, None, ())
    assert list(differing(first, second).items()) == [  # in the order of a side's settings
        ("forms.threat", ("product", "sum")),
        ("seed", (7, 8)),
        ("scenario.levers.pressure.a.b.2021-05", (0.5, 0.7)),
        ("versions.scipy", (None, "1.17")),
        ("scenario.fixed.r.x", (None, 2)),
    ]
    assert differing(first, first) == {}


def test_sides_are_matched_by_name_by_wish_or_because_there_is_but_one(opened) -> None:
    two = opened("two", manifest_of({"x": {}, "y": {}}, theories=["one", "other"]))
    more = opened("more", manifest_of({"y": {}, "x": {}, "z": {}}))
    lone = opened("lone", manifest_of({"w": {}}, theories=["third"]))
    single = opened("single", manifest_of({"v": {}}))

    def names(found: list[tuple[Side, Side]]) -> list[str]:
        return [f"{a.scenario} {a.theory} {b.scenario} {b.theory}" for a, b in found]

    assert names(sides(two, more, None, ())) == ["x one x one", "y one y one"]
    assert names(sides(two, more, ("x", "z"), ("other", "one"))) == ["x other z one"]
    assert names(sides(single, lone, None, ())) == ["v one w third"]
    assert names(sides(two, None, None, ["one"])) == ["x one y one"]
    assert names(sides(two, None, None, ["one", "other"])) == ["x one x other", "y one y other"]
    # What stands in both and is the same runs would tell nothing: the one of each is compared.
    mine, yours = (opened(name, manifest_of({"x": {}, name: {}})) for name in ("p", "q"))
    assert names(sides(mine, yours, None, ())) == ["p one q one"]
    later = opened("later", manifest_of({"x": {}, "q": {}}, seed=8))
    assert names(sides(mine, later, None, ())) == ["x one x one"]
    for wrong, said in (
        ((two, lone, None, ()), "no scenario stands in both: A holds x, y, B holds w; choose with"),
        ((more, None, None, ()), "holds y, x, z: name another folder"),
        ((single, None, None, ()), "holds v: name another folder"),
        ((two, more, ("x", "xx"), ()), "holds no scenario xx"),
        ((two, more, None, ["oen"]), "holds no theory oen — did you mean one"),
        ((two, more, None, ["one"] * 3), "at most twice"),
    ):
        with pytest.raises(DataError, match=said):
            sides(*wrong)


def test_runs_pair_by_draw_whatever_their_number() -> None:
    few, many = (
        runs_table(manifest_of(runs_a_scenario=count)).query("set == 'reference'")
        for count in (3, 5)
    )
    pairing = paired_runs(few, many, {})
    assert pairing.is_valid
    assert list(pairing.first["draw"]) == list(pairing.second["draw"]) == ["7-0", "7-1", "7-2"]
    assert pairing.why.endswith("0 of A and 2 of B have no partner and are left out")


def test_equal_seeds_with_other_draws_are_no_pairs_and_the_cause_is_told(opened) -> None:
    fixed = {"fixed": {"rules.k": 0.5}, "levers": {"aid.a": {"2020-01": 1.0}}}
    a, b = opened("a"), opened("b", manifest_of({"x": fixed}), draw="e", shift=0.1)
    ((first, second),) = sides(a, b, None, ())
    kinds = ["reference", "ranges"]
    reference, ranges = compare_sides(first, second, [f"competition.{PAIR}"], kinds)
    assert (reference.pairing.is_valid, ranges.pairing.is_valid) == (True, False)
    assert ranges.pairing.why.endswith("set differently: scenario.fixed.rules.k")
    by_pairs, apart = reference.measures[0].difference, ranges.measures[0].difference
    assert by_pairs.mean == pytest.approx(-0.05) == pytest.approx(apart.mean)
    assert by_pairs.positive == 0
    assert np.isnan(apart.correlation)
    ((_, third),) = sides(a, opened("c", manifest_of(seed=8)), None, ())
    for each in compare_sides(first, third, ["benefit.a"], kinds):
        assert each.pairing.why == "not paired: no run of A has the seed of a run of B"


def test_a_failed_run_is_counted_and_its_pair_is_missing(write: Write) -> None:
    def fail(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[1, "status"] = "non-finite"
        table.loc[1, [name for name in table.columns if "." in name]] = np.nan
        return table

    a, b = write("a"), write("b", shift=0.1)
    rewrite(a, fail)
    ((first, second),) = sides(open_results(a), open_results(b), None, ())
    (found,) = compare_sides(first, second, ["benefit.a"], ["reference"])
    assert (found.runs, found.failed, found.measures[0].difference.n) == ((3, 3), (1, 0), 2)
    (row,) = found.rows()
    assert (row["failed_a"], row["n"], row["measure"]) == (1, 2, "benefit.a")
    assert row["mean"] == pytest.approx(np.mean([0.5**2 - 0.6**2, 0.52**2 - 0.62**2]))
    assert row["shift_50"] == pytest.approx((0.5**2 + 0.52**2) / 2 - (0.6**2 + 0.62**2) / 2)


def test_other_models_are_refused_unless_forced_and_other_windows_told(opened) -> None:
    digests, window = {"world": "w", "model": "n"}, ["2001-10", "2030-12"]
    a, b = opened("a"), opened("b", manifest_of(digests=digests, window=window))
    ((first, second),) = sides(a, b, None, ())
    with pytest.raises(DataError, match=r"A is of model version m, B of n.*--force"):
        warnings(first, second)
    model, window = warnings(first, second, force=True)
    assert "model version m, B of n" in model
    assert "A averages over 2021-05 to 2030-12, B over 2001-10 to 2030-12" in window
    assert warnings(first, first) == []


def test_measures_are_those_shown_or_asked_for(opened, write: Write) -> None:
    a, path = opened("a"), write("b")
    rewrite(path, lambda table: table.drop(columns="benefit.a"))
    b = open_results(path)
    assert chosen_measures(a, b, ()) == [f"competition.{PAIR}"]
    kinds = [f"{kind}.{PAIR}" for kind in ("colocation", "competition", "cooperation")]
    assert chosen_measures(a, a, ("co*", "benefit.?")) == [*kinds, "benefit.a"]
    for pattern, said in (
        (f"competiton.{PAIR}", f"did you mean competition.{PAIR}"),
        ("benefit.*", r"benefit\.\* is no measure of these results but in .*a alone"),
    ):
        with pytest.raises(DataError, match=said):
            chosen_measures(a, b, (pattern,))
    hidden = open_results(write("c", manifest_of(summary={})))
    with pytest.raises(DataError, match="choose with --measure"):
        chosen_measures(hidden, hidden, ())


def lacking(folder: Path) -> None:
    parts = {name: own for name, own in manifest_of().items() if name != "digests"}
    write_manifest(folder, parts, [RUNS])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (shutil.rmtree, "is no folder"),
        (lambda folder: [(folder / MANIFEST).unlink(), (folder / "parts").mkdir()], "not finished"),
        (lambda folder: (folder / MANIFEST).write_text("{"), "damaged"),
        (lambda folder: (folder / MANIFEST).write_text("{}"), "or an earlier version wrote it"),
        (lacking, "not whole: it lacks digests"),
        (lambda folder: write_manifest(folder, manifest_of(finished=False), [RUNS]),
         "not whole: it lacks its end"),
        (lambda folder: rewrite(folder, lambda table: table.drop(columns="draw")),
         "has no column draw: an older version wrote it; run again, into another --out: eurasia"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_compared_says_why(
    write: Write, spoil: Callable[[Path], Any], said: str
) -> None:
    folder = write("spoiled")
    wanted = [("scenario", "==", "x"), ("set", "==", "ranges")]
    found = load_results(folder, ["run", "benefit.a"], wanted)  # of the runs asked for alone
    assert (list(found.columns), len(found)) == (["run", "benefit.a"], 3)
    spoil(folder)
    with pytest.raises(DataError, match=re.escape(said)):
        open_results(folder)

"""Results beside each other: what was set differently, which runs pair and why not, and every fault named."""

from __future__ import annotations

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

PAIR = "a-b.everywhere"
Write = Callable[..., Path]


def manifest_of(scenarios: dict[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "finished": True,
        "command": "eurasia-sim run x",
        "seed": 7,
        "runs_a_scenario": 3,
        "theories": ["one"],
        "forms": {"threat": "product"},
        "window": ["2021-05", "2030-12"],
        "scenarios": {
            name: {"name": name, "title": name, **content} for name, content in scenarios.items()
        },
        "digests": {"world": "w", "model": "m"},
        "versions": {"numpy": "2.0"},
        "summary": {"outcomes": [{"measure": f"competition.{PAIR}"}]},
        **changes,
    }


def runs_table(manifest: dict[str, Any], shift: float = 0.0, draw: str = "d") -> pd.DataFrame:
    tables = []
    for theory in manifest["theories"]:
        for at, scenario in enumerate(manifest["scenarios"]):
            for kind in ("reference", "ranges"):
                run = np.arange(manifest["runs_a_scenario"])
                met = 0.5 + 0.01 * run * (at + 1) + shift
                tables.append(
                    pd.DataFrame(
                        {
                            "run_id": [f"{theory}{scenario}{kind}{r}" for r in run], "scenario": scenario,
                            "theory": theory, "set": kind, "run": run, "seed": 100 * manifest["seed"] + run,
                            "draw": [f"{draw if kind == 'ranges' else ''}{manifest['seed']}-{r}" for r in run],
                            "status": "ok", f"colocation.{PAIR}": met, f"competition.{PAIR}": met / 2,
                            f"cooperation.{PAIR}": met / 2, "benefit.a": met**2,
                        }
                    )
                )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, manifest: dict[str, Any], **of_the_runs: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        runs_table(manifest, **of_the_runs).to_parquet(folder / RUNS)
        write_manifest(folder, manifest, [RUNS])
        return folder

    return written


def test_only_what_was_set_differently_is_told(write: Write) -> None:
    levers = {
        "levers": {"pressure.a.b": {"2021-05": 0.5}, "aid.a": {"2020-01": 1.0}},
        "fixed": {},
        "events": [],
    }
    other = {
        "levers": {"pressure.a.b": {"2021-05": 0.7}, "aid.a": {"2020-01": 1.0}},
        "fixed": {"r.x": 2},
        "events": [],
    }
    a = open_results(write("a", manifest_of({"x": levers})))
    b = open_results(
        write("b", manifest_of({"x": other}, seed=8, versions={"numpy": "2.0", "scipy": "1.17"}))
    )
    ((first, second),) = sides(a, b, None, ())
    assert differing(first, second) == {
        "seed": (7, 8),
        "scenario.levers.pressure.a.b.2021-05": (0.5, 0.7),
        "scenario.fixed.r.x": (None, 2),
        "versions.scipy": (None, "1.17"),
    }
    assert differing(first, first) == {}


def test_sides_are_matched_by_name_by_wish_or_because_there_is_but_one(write: Write) -> None:
    two = open_results(write("two", manifest_of({"x": {}, "y": {}}, theories=["one", "other"])))
    more = open_results(write("more", manifest_of({"y": {}, "x": {}, "z": {}})))
    alone = open_results(write("alone", manifest_of({"w": {}}, theories=["third"])))
    single = open_results(write("single", manifest_of({"v": {}})))

    def names(found: list[tuple[Side, Side]]) -> list[tuple[str, ...]]:
        return [(a.scenario, a.theory, b.scenario, b.theory) for a, b in found]

    assert names(sides(two, more, None, ())) == [("x", "one", "x", "one"), ("y", "one", "y", "one")]
    assert names(sides(two, more, ("x", "z"), ("other", "one"))) == [("x", "other", "z", "one")]
    assert names(sides(single, alone, None, ())) == [("v", "one", "w", "third")]
    assert names(sides(two, None, None, ["one"])) == [("x", "one", "y", "one")]
    assert names(sides(two, None, None, ["one", "other"])) == [
        ("x", "one", "x", "other"),
        ("y", "one", "y", "other"),
    ]
    for wrong, said in (
        (
            (two, alone, None, ()),
            "no scenario stands in both: A holds x, y, B holds w; choose with --scenarios X Y",
        ),
        ((more, None, None, ()), "holds y, x, z: name another folder"),
        ((single, None, None, ()), "holds v: name another folder"),
        ((two, more, ("x", "xx"), ()), "holds no scenario xx"),
        ((two, more, None, ["oen"]), "holds no theory oen — did you mean one"),
        ((two, more, None, ["one"] * 3), "at most twice"),
    ):
        with pytest.raises(DataError, match=said.replace("(", r"\(")):
            sides(*wrong)


def test_runs_pair_by_draw_whatever_their_number(write: Write) -> None:
    few = manifest_of({"x": {}}, runs_a_scenario=3)
    many = manifest_of({"x": {}}, runs_a_scenario=5)
    pairing = paired_runs(
        runs_table(few).query("set == 'reference'"),
        runs_table(many).query("set == 'reference'"),
        {},
    )
    assert pairing.is_valid
    assert list(pairing.first["draw"]) == list(pairing.second["draw"]) == ["7-0", "7-1", "7-2"]
    assert pairing.why.endswith("0 of A and 2 of B have no partner and are left out")


def test_equal_seeds_with_other_draws_are_no_pairs_and_the_cause_is_told(write: Write) -> None:
    fixed = manifest_of({"x": {"fixed": {"rules.k": 0.5}, "levers": {"aid.a": {"2020-01": 1.0}}}})
    a = open_results(write("a", manifest_of({"x": {}})))
    b = open_results(write("b", fixed, draw="e", shift=0.1))
    ((first, second),) = sides(a, b, None, ())
    reference, ranges = compare_sides(
        first, second, [f"competition.{PAIR}"], ["reference", "ranges"]
    )
    assert reference.pairing.is_valid
    assert not ranges.pairing.is_valid
    assert ranges.pairing.why.endswith("set differently: scenario.fixed.rules.k")
    by_pairs, apart = reference.measures[0], ranges.measures[0]
    assert by_pairs.difference.mean == pytest.approx(-0.05)
    assert by_pairs.difference.positive == 0
    assert apart.difference.mean == pytest.approx(-0.05)
    assert np.isnan(apart.difference.correlation)
    other = open_results(write("c", manifest_of({"x": {}}, seed=8)))
    ((_, third),) = sides(a, other, None, ())
    for each in compare_sides(first, third, ["benefit.a"], ["reference", "ranges"]):
        assert each.pairing.why == "not paired: no run of A has the seed of a run of B"


def test_a_failed_run_is_counted_and_its_pair_is_missing(write: Write) -> None:
    a, b = write("a", manifest_of({"x": {}})), write("b", manifest_of({"x": {}}), shift=0.1)
    table = load_results(a)
    table.loc[1, "status"] = "non-finite"
    table.loc[1, [name for name in table.columns if "." in name]] = np.nan
    table.to_parquet(a / RUNS)
    write_manifest(a, manifest_of({"x": {}}), [RUNS])
    ((first, second),) = sides(open_results(a), open_results(b), None, ())
    (found,) = compare_sides(first, second, ["benefit.a"], ["reference"])
    assert (found.runs, found.failed) == ((3, 3), (1, 0))
    assert found.measures[0].difference.n == 2
    (row,) = found.rows()
    assert (row["failed_a"], row["n"], row["measure"]) == (1, 2, "benefit.a")
    assert row["mean"] == pytest.approx(np.mean([0.5**2 - 0.6**2, 0.52**2 - 0.62**2]))
    assert row["shift_50"] == pytest.approx((0.5**2 + 0.52**2) / 2 - (0.6**2 + 0.62**2) / 2)


def test_other_models_are_refused_unless_forced_and_other_windows_told(write: Write) -> None:
    a = open_results(write("a", manifest_of({"x": {}})))
    b = open_results(
        write(
            "b",
            manifest_of(
                {"x": {}}, digests={"world": "w", "model": "n"}, window=["2001-10", "2030-12"]
            ),
        )
    )
    ((first, second),) = sides(a, b, None, ())
    with pytest.raises(DataError, match=r"A is of model version m, B of n.*--force"):
        warnings(first, second)
    model, window = warnings(first, second, force=True)
    assert "model version m, B of n" in model
    assert "A averages over 2021-05 to 2030-12, B over 2001-10 to 2030-12" in window
    assert warnings(first, first) == []


def test_measures_are_those_shown_or_asked_for(write: Write) -> None:
    a = open_results(write("a", manifest_of({"x": {}})))
    path = write("b", manifest_of({"x": {}}))
    load_results(path).drop(columns="benefit.a").to_parquet(path / RUNS)
    write_manifest(path, manifest_of({"x": {}}), [RUNS])
    b = open_results(path)
    assert chosen_measures(a, b, ()) == [f"competition.{PAIR}"]
    assert chosen_measures(a, a, ("co*", "benefit.?")) == [
        f"colocation.{PAIR}",
        f"competition.{PAIR}",
        f"cooperation.{PAIR}",
        "benefit.a",
    ]
    with pytest.raises(DataError, match=f"did you mean competition.{PAIR}"):
        chosen_measures(a, b, (f"competiton.{PAIR}",))
    with pytest.raises(
        DataError, match=r"benefit\.\* is no measure of these results but in .*a alone"
    ):
        chosen_measures(a, b, ("benefit.*",))


def test_a_folder_that_cannot_be_compared_says_why(write: Write, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut" / "parts").mkdir(parents=True)
    damaged = write("damaged", manifest_of({"x": {}}))
    (damaged / MANIFEST).write_text("{")
    partial = write("partial", {k: v for k, v in manifest_of({"x": {}}).items() if k != "digests"})
    ended = write("ended", manifest_of({"x": {}}, finished=False))
    old = write("old", manifest_of({"x": {}}))
    load_results(old).drop(columns="draw").to_parquet(old / RUNS)
    write_manifest(old, manifest_of({"x": {}}), [RUNS])
    lost = write("lost", manifest_of({"x": {}}))
    (lost / RUNS).unlink()
    torn = write("torn", manifest_of({"x": {}}))
    (torn / RUNS).write_bytes(b"PAR1 half a file")
    for folder, said in (
        (tmp_path / "none", "is no folder"),
        (tmp_path / "empty", "no results folder: it has no manifest.json"),
        (tmp_path / "cut", "not finished"),
        (damaged, "damaged"),
        (partial, "not whole: it lacks digests"),
        (ended, "not whole: it lacks its end"),
        (
            old,
            "has no column draw: an older version wrote it; run again, into another --out: eurasia-sim run x",
        ),
        (lost, "6 of 6 runs are missing or damaged: runs.parquet is missing"),
        (torn, "6 of 6 runs are missing or damaged: runs.parquet is not what was written"),
    ):
        with pytest.raises(DataError, match=said):
            open_results(folder)


def test_only_the_runs_asked_for_are_read(write: Write) -> None:
    folder = write("a", manifest_of({"x": {}, "y": {}}))
    found = load_results(
        folder, ["run", "benefit.a"], [("scenario", "==", "y"), ("set", "==", "ranges")]
    )
    assert list(found.columns) == ["run", "benefit.a"]
    assert len(found) == 3

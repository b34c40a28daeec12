"""Results beside each other: what was set differently, which runs pair, and every fault named."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.analysis import pairing
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import RUNS, write_manifest
from eurasia_sim.simulation.results_folder import Results

PAIR = "a-b.everywhere"
KINDS = ["reference", "ranges"]
_SCENARIO: dict[str, Any] = {
    "question": "", "expect": "", "extends": None, "settings": [], "departs": None,
    "horizon": "2030-12", "levers": {}, "events": {"drop": [], "add": []}, "uncertain": {},
    "fixed": {}, "theory": None, "forms": {}, "measures": [],
}  # fmt: skip


def manifest_of(scenarios: dict[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
    named = {x: {**_SCENARIO, "name": x, "title": x, **own} for x, own in scenarios.items()}
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
            for kind in KINDS:
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
def opened(tmp_path: Path) -> Callable[..., Results]:
    """Opens what `run` leaves of scenarios, its table changed and its manifest otherwise."""

    def written(
        name: str, scenarios: dict[str, dict[str, Any]] | None = None, *, shift: float = 0.0,
        draw: str = "d", change: Any = lambda table: table, **otherwise: Any,
    ) -> Results:  # fmt: skip
        into, manifest = tmp_path / name, manifest_of(scenarios or {"x": {}}, **otherwise)
        into.mkdir()
        change(runs_table(manifest, shift, draw)).to_parquet(into / RUNS)
        write_manifest(into, manifest, [RUNS])
        return pairing.open_results(into)

    return written


def only(first: Results, second: Results) -> tuple[pairing.Side, pairing.Side]:
    (found,) = pairing.sides(first, second, None, ())
    return found


def test_only_what_was_set_differently_is_told(opened) -> None:
    aid = {"aid.a": {"2020-01": 1.0}}
    levers = {"levers": {"pressure.a.b": {"2021-05": 0.5}, **aid}}
    other = {"levers": {"pressure.a.b": {"2021-05": 0.7}, **aid}, "fixed": {"r.x": 2}}
    versions = {"numpy": "2.0", "scipy": "1.17"}
    b = opened("b", {"x": other}, seed=8, versions=versions, forms={"threat": "sum"})
    first, second = only(opened("a", {"x": levers}), b)
    assert list(pairing.differing(first, second).items()) == [  # in the order of a side's settings
        ("forms.threat", ("product", "sum")),
        ("seed", (7, 8)),
        ("scenario.levers.pressure.a.b.2021-05", (0.5, 0.7)),
        ("versions.scipy", (None, "1.17")),
        ("scenario.fixed.r.x", (None, 2)),
    ]
    assert pairing.differing(first, first) == {}


def test_sides_are_matched_by_name_by_wish_or_because_there_is_but_one(opened) -> None:
    two = opened("two", {"x": {}, "y": {}}, theories=["one", "other"])
    more = opened("more", {"y": {}, "x": {}, "z": {}})
    lone, single = opened("lone", {"w": {}}, theories=["third"]), opened("single", {"v": {}})
    p, q = (opened(name, {"x": {}, name: {}}) for name in "pq")
    later = opened("later", {"x": {}, "q": {}}, seed=8)
    for given, expected in (
        ((two, more, None, ()), ["x one x one", "y one y one"]),
        ((two, more, ("x", "z"), ("other", "one")), ["x other z one"]),
        ((single, lone, None, ()), ["v one w third"]),
        ((two, None, None, ["one"]), ["x one y one"]),
        ((two, None, None, ["one", "other"]), ["x one x other", "y one y other"]),
        # What stands in both and is the same runs would tell nothing: the one of each is compared.
        ((p, q, None, ()), ["p one q one"]),
        ((p, later, None, ()), ["x one x one"]),
    ):
        found = pairing.sides(*given)
        assert [f"{a.scenario} {a.theory} {b.scenario} {b.theory}" for a, b in found] == expected
    for given, said in (
        ((two, lone, None, ()), "no scenario stands in both: A holds x, y, B holds w; choose with"),
        ((more, None, None, ()), "holds y, x, z: name another folder"),
        ((single, None, None, ()), "holds v: name another folder"),
        ((two, more, ("x", "xx"), ()), "holds no scenario xx"),
        ((two, more, None, ["oen"]), "holds no theory oen — did you mean one"),
        ((two, more, None, ["one"] * 3), "at most twice"),
    ):
        with pytest.raises(DataError, match=said):
            pairing.sides(*given)


def test_runs_pair_by_draw_whatever_their_number() -> None:
    few, many = (
        runs_table(manifest_of({"x": {}}, runs_a_scenario=count)).query("set == 'reference'")
        for count in (3, 5)
    )
    first, second, are_paired, why = pairing.paired_runs(few, many, {})
    assert are_paired
    assert list(first["draw"]) == list(second["draw"]) == ["7-0", "7-1", "7-2"]
    assert why.endswith("0 of A and 2 of B have no partner and are left out")


def test_equal_seeds_with_other_draws_are_no_pairs_and_the_cause_is_told(opened) -> None:
    fixed = {"fixed": {"rules.k": 0.5}, "levers": {"aid.a": {"2020-01": 1.0}}}
    a = opened("a")
    both = only(a, opened("b", {"x": fixed}, draw="e", shift=0.1))
    reference, ranges = pairing.compare_sides(*both, [f"competition.{PAIR}"], KINDS)
    assert (reference.counts["paired"], ranges.counts["paired"]) == (True, False)
    assert ranges.why.endswith("set differently: scenario.fixed.rules.k")
    by_pairs, apart = reference.measures[0], ranges.measures[0]
    assert by_pairs["mean"] == pytest.approx(-0.05) == pytest.approx(apart["mean"])
    assert by_pairs["positive"] == 0
    assert np.isnan(apart["correlation"])
    both = only(a, opened("c", seed=8))
    for each in pairing.compare_sides(*both, ["benefit.a"], KINDS):
        assert each.why == "not paired: no run of A has the seed of a run of B"


def test_a_failed_run_is_counted_and_its_pair_is_missing(opened) -> None:
    def fail(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[1, "status"] = "non-finite"
        table.loc[1, [name for name in table.columns if "." in name]] = np.nan
        return table

    both = only(opened("a", change=fail), opened("b", shift=0.1))
    (found,) = pairing.compare_sides(*both, ["benefit.a"], ["reference"])
    counts = {"runs_a": 3, "runs_b": 3, "failed_a": 1, "failed_b": 0, "paired": True}
    assert found.counts == counts
    (row,) = found.measures
    assert (row["n"], row["measure"]) == (2, "benefit.a")
    assert row["mean"] == pytest.approx(np.mean([0.5**2 - 0.6**2, 0.52**2 - 0.62**2]))
    assert row["shift_50"] == pytest.approx((0.5**2 + 0.52**2) / 2 - (0.6**2 + 0.62**2) / 2)


def test_other_models_are_refused_unless_forced_and_other_windows_told(opened) -> None:
    digests, window = {"world": "w", "model": "n"}, ["2001-10", "2030-12"]
    first, second = only(opened("a"), opened("b", digests=digests, window=window))
    with pytest.raises(DataError, match=r"A is of model version m, B of n.*--force"):
        pairing.warnings(first, second)
    model, window = pairing.warnings(first, second, force=True)
    assert "model version m, B of n" in model
    assert "A averages over 2021-05 to 2030-12, B over 2001-10 to 2030-12" in window
    assert pairing.warnings(first, first) == []


def test_measures_are_those_shown_or_asked_for(opened) -> None:
    a, b = opened("a"), opened("b", change=lambda table: table.drop(columns="benefit.a"))
    hidden = opened("c", summary={})
    assert pairing.chosen_measures(a, b, ()) == [f"competition.{PAIR}"]
    kinds = [f"{kind}.{PAIR}" for kind in ("colocation", "competition", "cooperation")]
    for pattern in ("benefit.?", "benefit"):  # a name stands for what goes on after it
        assert pairing.chosen_measures(a, a, ("co*", pattern)) == [*kinds, "benefit.a"]
    for own, patterns, said in (
        (a, (f"competiton.{PAIR}",), f"did you mean competition.{PAIR}"),
        (a, ("benefit.*",), r"--measure benefit\.\* is no measure"),
        (hidden, (), "choose with --measure"),
    ):
        with pytest.raises(DataError, match=said):
            pairing.chosen_measures(own, hidden if own is hidden else b, patterns)


def test_a_folder_that_cannot_be_compared_says_why(opened, tmp_path: Path) -> None:
    said = "has no column draw: an older version wrote it; run again, into another --out: eurasia"
    with pytest.raises(DataError, match=re.escape(said)):
        opened("old", change=lambda table: table.drop(columns="draw"))
    with pytest.raises(DataError, match="not whole: it lacks its end"):
        opened("early", finished=False)
    with pytest.raises(DataError, match="is no folder"):
        pairing.open_results(tmp_path / "none")

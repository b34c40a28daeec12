"""Results beside each other: what was set differently, which runs pair, and every fault named."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.analysis import pairing
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import RUNS, write_manifest
from eurasia_sim.simulation.results_folder import ResultsFolder

PAIR = "a-b.everywhere"
KINDS = ["reference", "ranges"]
_SCENARIO = {
    "question": "", "expect": "", "extends": None, "settings": [], "departs": None,
    "horizon": "2030-12", "levers": {}, "events": {"drop": [], "add": []}, "uncertain": {},
    "fixed": {}, "theory": None, "forms": {}, "measures": [],
}  # fmt: skip


def held(name, scenarios=None, **changes):
    """What `run` leaves of scenarios, as its manifest has it, changed in some of its entries."""
    scenarios = scenarios or {"x": {}}
    named = {x: {**_SCENARIO, "name": x, "title": x, **own} for x, own in scenarios.items()}
    manifest = {
        "finished": True, "command": "eurasia-sim run x", "seed": 7, "runs_a_scenario": 3,
        "theories": ["one"], "forms": {"threat": "product"}, "window": ["2021-05", "2030-12"],
        "digests": {"world": "w", "model": "m", "scenarios": {name: name for name in named}},
        "scenarios": named, "versions": {"numpy": "2.0"},
        "summary": {"outcomes": [{"measure": f"competition.{PAIR}"}]}, **changes,
    }  # fmt: skip
    return ResultsFolder(Path(name), manifest)


def runs_table(manifest, shift=0.0, draw="d"):
    """Its runs of one scenario under one theory."""
    tables = []
    for kind in KINDS:
        run, seed = np.arange(manifest["runs_a_scenario"]), manifest["seed"]
        met, drawn = 0.5 + 0.01 * run + shift, draw if kind == "ranges" else ""
        columns = {
            "run_id": [f"{kind}{r}" for r in run], "run": run, "scenario": "x", "theory": "one",
            "set": kind, "status": "ok", "seed": 100 * seed + run,
            "draw": [f"{drawn}{seed}-{r}" for r in run], f"colocation.{PAIR}": met,
            f"competition.{PAIR}": met / 2, f"cooperation.{PAIR}": met / 2, "benefit.a": met**2,
        }  # fmt: skip
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def opened(tmp_path):
    """Opens what `run` leaves, its table changed and its manifest otherwise."""

    def written(name, scenarios=None, *, change=lambda table: table, shift=0.0, draw="d", **other):
        into, manifest = tmp_path / name, held(name, scenarios, **other).manifest
        into.mkdir()
        change(runs_table(manifest, shift, draw)).to_parquet(into / RUNS)
        write_manifest(into, manifest, [RUNS])
        return pairing.open_results(into)

    return written


def only(first, second):
    (found,) = pairing.sides(first, second, None, ())
    return found


def test_only_what_was_set_differently_is_told():
    aid = {"aid.a": {"2020-01": 1.0}}
    levers = {"levers": {"pressure.a.b": {"2021-05": 0.5}, **aid}}
    other = {"levers": {"pressure.a.b": {"2021-05": 0.7}, **aid}, "fixed": {"r.x": 2}}
    versions = {"numpy": "2.0", "scipy": "1.17"}
    b = held("b", {"x": other}, seed=8, versions=versions, forms={"threat": "sum"})
    first, second = only(held("a", {"x": levers}), b)
    assert list(pairing.differing(first, second).items()) == [  # in the order of a side's settings
        ("forms.threat", ("product", "sum")),
        ("seed", (7, 8)),
        ("scenario.levers.pressure.a.b.2021-05", (0.5, 0.7)),
        ("versions.scipy", (None, "1.17")),
        ("scenario.fixed.r.x", (None, 2)),
    ]
    assert pairing.differing(first, first) == {}


TWO = held("two", {"x": {}, "y": {}}, theories=["one", "other"])
MORE, SINGLE = held("more", {"y": {}, "x": {}, "z": {}}), held("single", {"v": {}})
LONE = held("lone", {"w": {}}, theories=["third"])
P, Q = (held(name, {"x": {}, name: {}}) for name in "pq")


@pytest.mark.parametrize(
    ("first", "second", "scenarios", "theories", "expected"),
    [
        (TWO, MORE, None, (), ["x one x one", "y one y one"]),
        (TWO, MORE, ("x", "z"), ("other", "one"), ["x other z one"]),
        (SINGLE, LONE, None, (), ["v one w third"]),
        (TWO, None, None, ["one"], ["x one y one"]),
        (TWO, None, None, ["one", "other"], ["x one x other", "y one y other"]),
        # What stands in both and is the same runs would tell nothing: the one of each is compared.
        (P, Q, None, (), ["p one q one"]),
        (P, held("later", {"x": {}, "q": {}}, seed=8), None, (), ["x one x one"]),
        (TWO, LONE, None, (), "no scenario stands in both: A holds x, y, B holds w; choose with"),
        (MORE, None, None, (), "holds y, x, z: name another folder"),
        (SINGLE, None, None, (), "holds v: name another folder"),
        (TWO, MORE, ("x", "xx"), (), "holds no scenario xx"),
        (TWO, MORE, None, ["oen"], "holds no theory oen — did you mean one"),
        (TWO, MORE, None, ["one"] * 3, "at most twice"),
    ],
)
def test_sides_are_matched_by_name_by_wish_or_because_there_is_but_one(
    first, second, scenarios, theories, expected
):
    if isinstance(expected, str):
        with pytest.raises(DataError, match=expected):
            pairing.sides(first, second, scenarios, theories)
        return
    found = pairing.sides(first, second, scenarios, theories)
    assert [f"{a.scenario} {a.theory} {b.scenario} {b.theory}" for a, b in found] == expected


def test_runs_pair_by_draw_whatever_their_number():
    tables = (runs_table(held("a", runs_a_scenario=count).manifest)[:count] for count in (3, 5))
    first, second, are_paired, why = pairing.paired_runs(*tables, {})
    assert are_paired
    assert list(first["draw"]) == list(second["draw"]) == ["7-0", "7-1", "7-2"]
    assert why.endswith("0 of A and 2 of B have no partner and are left out")


def test_equal_seeds_with_other_draws_are_no_pairs_and_the_cause_is_told(opened):
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


def test_a_failed_run_is_counted_and_its_pair_is_missing(opened):
    def fail(table):
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


def test_other_models_are_refused_unless_forced_and_other_windows_told():
    digests, window = {"world": "w", "model": "n"}, ["2001-10", "2030-12"]
    first, second = only(held("a"), held("b", digests=digests, window=window))
    with pytest.raises(DataError, match=r"A is of model version m, B of n.*--force"):
        pairing.warnings(first, second)
    model, window = pairing.warnings(first, second, force=True)
    assert "model version m, B of n" in model
    assert "A averages over 2021-05 to 2030-12, B over 2001-10 to 2030-12" in window
    assert pairing.warnings(first, first) == []


def test_measures_are_those_shown_or_asked_for_and_columns_are_needed(opened):
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
    said = "has no column draw: an older version wrote it; run again, into another --out: eurasia"
    with pytest.raises(DataError, match=re.escape(said)):
        opened("old", change=lambda table: table.drop(columns="draw"))
    with pytest.raises(DataError, match="not whole: it lacks its end"):
        opened("early", finished=False)

"""`analyze`, `compare`, `validate`, `calibrate` and `test` on small results of the real model."""

import json
from itertools import chain
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pandas as pd
import pytest
from benchmarks.fit_coverage import coverage
from tests.command import call, done, only, run_without_pictures
from tests.results import unchanging

from eurasia_sim.files.data_yaml import DEFAULT_WORLD, packaged
from eurasia_sim.scenarios.posterior import FILE
from eurasia_sim.simulation.results import MANIFEST
from eurasia_sim.validation.calibration import APART

slow = pytest.mark.slow  # real folders, made by the product
MEASURE = "competition.russia-china.central_asia"
PRESSED = ("us_exit", "us_stays", "-n", "12", "--set", "pressure.united_states.russia=0.1")


def opening(text: str, most: int) -> str:
    """An answer in one line, which is of so many lines at most; the last two name folders."""
    lines = text.splitlines()
    assert len(lines) <= most
    assert max(map(len, lines[:-2])) <= 80
    return " ".join(text.split())


def missing(text: str, *parts: str) -> list[str]:
    return [part for part in parts if part not in " ".join(text.split())]


def test_a_run_is_analysed_with_tables_and_reasons(ran: Path, tmp_path: Path) -> None:
    words = ("analyze", ran, "--measure", MEASURE, "--better", "lower", "--out", tmp_path / "a")
    said = opening(done(*words), 12)
    assert said.startswith("competition, Russia–China, Central Asia: 96 runs")
    assert "us_exit: its spread divides into parameters" in said
    assert not missing(
        done(*words, "--all"), "what the spread divides into", "what holds up",
        "how well means are known",
        "Sobol' indices need a sweep by a saltelli design; this is what `run` draws",
    )  # fmt: skip
    files = unchanging(tmp_path / "a")
    assert {"shares.csv", "robustness.parquet", "convergence.csv"} <= set(files)
    done(*words, "--all")
    assert unchanging(tmp_path / "a") == files
    found = json.loads(done(*words, "--json"))
    assert (found["of"], found["measures"]) == ("what `run` draws", [MEASURE])
    rows = {name: len(each["rows"]) for name, each in found["sections"].items()}
    for name in ("shares", "convergence"):
        table = pd.read_parquet(tmp_path / "a" / f"{name}.parquet")
        assert rows[name] == len(table) == len(pd.read_csv(tmp_path / "a" / f"{name}.csv")) > 0


def test_two_results_that_differ_by_a_lever_pair_run_by_run(ran: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.parquet"
    words = ("compare", ran, run_without_pictures(tmp_path, *PRESSED))
    said = opening(done(*words), 17)
    assert said.startswith("Of 11 measures over the declared ranges: us exit, balance of")
    text = " ".join(done(*words, "--all").split())
    assert not missing(
        text, "us_exit: pressure.united_states.russia.2021-05 (A –; B 0.1)",
        "What matters is 0.2 standard deviations of the runs",
    )  # fmt: skip
    assert "not paired" not in text
    assert "left out" not in done(*words, "--scenarios", "us_exit", "us_stays")
    assert text.count("A 12 runs (0 failed), B 12 runs (0 failed)") == 4
    asked = ("--measure", MEASURE, "--smallest", "0.001", "--out", table)
    found = json.loads(done("compare", ran, *asked, "--json"))  # both scenarios of one folder
    assert [
        (row["set"], row["n"], row["smallest"], row["paired"]) for row in found["measures"]
    ] == [(kind, 12, 0.001, True) for kind in ("reference", "ranges")]
    assert list(pd.read_parquet(table)["mean"]) == [row["mean"] for row in found["measures"]]
    (rule,) = (row for row in found["configuration"] if "rule" in row["path"])
    expected = ("scenario.levers.rule.afghanistan.2021-05", None, "free")
    assert (rule["path"], rule["a"], rule["b"]) == expected


@slow
def test_validate_opens_with_skill_in_words_and_keeps_the_tables(tmp_path: Path) -> None:
    said = opening(done("validate", "-n", "8", "--until", "2025-12", "--out", tmp_path), 15)
    table = pd.read_parquet(only(tmp_path) / "skill.parquet")
    kept = "method == 'model' and horizon == 3 and target == 'level' and dyads == 'all'"
    level = table.query(kept).sort_values("skill")
    best, worst = level.iloc[-1], level.iloc[0]
    assert not missing(
        said, f"on {(level['skill'] > 0).sum()} of {len(level)} items",
        f"saves): {best['item'].replace('_', ' ')} {best['skill']:.0%}",
        f"adds): {worst['item'].replace('_', ' ')} {-worst['skill']:.0%}",
        "Hindsight", "without the hegemon's dyads", "Patterns, a check by eye: of",
    )  # fmt: skip
    assert table["crps"].notna().all()
    same = table.groupby(["item", "horizon", "target", "dyads"])["cases"].nunique()
    assert (same == 1).all()  # every method on the same cells
    traded = table.loc[table["method"] == "gravity", "item"]
    assert set(traded) == {"trade_ratio", "trade_partners"}
    manifest = json.loads((only(tmp_path) / MANIFEST).read_text())
    assert manifest["scenario"]["horizon"] == "2025-12"


@slow
def test_validate_shows_the_rest_when_asked(tmp_path: Path) -> None:
    text = done("validate", "-n", "8", "--item", "trade_r*", "--out", tmp_path)
    table = text[text.rindex("\ntrade_ratio, dyads") :]  # below the answer
    of_all = "disputes, dyads: without the hegemon; level"
    assert not missing(
        table, "model on filter, drivers known", "null theory", "gravity", "best free"
    )
    assert of_all not in text
    text = done("validate", "-n", "8", "--all", "--out", tmp_path)
    assert max(map(len, text.splitlines()[:-2])) <= 80
    assert not missing(text, "recognition", "ranges", "reference", "null", "no change")
    at = [*map(text.index, (of_all, "patterns that count, misses", "circular, so not counted"))]
    assert at == sorted(at)


@slow
@pytest.mark.parametrize(
    ("lacks", "said", "unsaid", "table"),
    [
        ("observations", "no observations, so there is no skill: patterns alone", "left out",
         "patterns.parquet"),
        ("patterns.yaml", "whoever is left out", "Patterns", "skill.parquet"),
    ],
)  # fmt: skip
def test_a_world_without_observations_or_patterns_shows_the_other_alone(
    tmp_path: Path, lacks: str, said: str, unsaid: str, table: str
) -> None:
    source = packaged() / "worlds" / DEFAULT_WORLD
    world = ("--world", copytree(source, tmp_path / "bare", ignore=ignore_patterns(lacks)))
    text = done("validate", "-n", "8", *world, "--out", tmp_path / "out")
    assert missing(text, said, unsaid) == [unsaid]
    folder = only(tmp_path / "out")
    assert [path.name for path in folder.glob("*.parquet")] == [table]
    if lacks == "observations":
        refused = call("validate", *world, "--item", "votes*")
        assert refused.returncode == 2
        assert "--item votes* is no observed item of bare; one of none" in refused.stderr
        return
    assert "skill-" in done("plot", folder, *world)
    done("report", folder, *world)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Skill by observed item" in page
    assert "Patterns passed" not in page


@slow
def test_validate_says_in_json_what_it_says_in_tables(tmp_path: Path) -> None:
    words = ("--until", "2012-12", "--theory", "inertia", "--json", "--out", tmp_path)
    found = json.loads(done("validate", "-n", "4", *words))
    own = found["theories"]["inertia"]
    assert found["until"] == "2012-12"
    assert own["out_of_reach"]
    assert {row["pattern"] for row in own["patterns"]}.isdisjoint(own["out_of_reach"])
    # The theory is the null itself.
    assert all(row["model"] == row["null"] for row in own["patterns"])
    counted = [row["model"] for row in own["patterns"] if row["counted"]]
    assert own["scores"]["patterns"] == len(counted)
    assert own["scores"]["model"] == pytest.approx(sum(counted) / len(counted))
    cell = ["item", "dyads", "horizon", "target"]
    crps = pd.DataFrame(own["skill"]).set_index([*cell, "method"])["crps"]
    for (*place, method), value in crps.items():
        if method.startswith("model"):
            assert value == crps[*place, f"null theory{method[5:]}"]


@slow
def test_a_fit_is_recorded_shown_on_a_screen_and_drawn(tmp_path: Path) -> None:
    record = tmp_path / FILE
    words = ("calibrate", "-n", "120", "--seed", "5", "--out", tmp_path / "one")
    said = opening(done(*words, "--record", record), 25)
    assert not missing(
        said, "speaks of", "says nothing about", "with hindsight", "than the declared ranges"
    )
    folder = only(tmp_path / "one")
    numbers = pd.read_parquet(folder / "numbers.parquet")
    assert (numbers.loc[~numbers["moved"], ["left", "shift"]] == [1, 0]).all(axis=None)
    content: dict[str, Any] = json.loads(record.read_text())
    assert content["numbers"].keys() == {*numbers.loc[numbers["moved"], "number"]}
    assert {len(each.split()) for each in content["numbers"].values()} == {120}
    figures = sorted((folder / "figures").iterdir())
    assert [path.suffix for path in figures] == [".csv", ".png", ".svg"]
    again = json.loads(done(*words[:-1], tmp_path / "two", "--workers", "1", "--json"))
    assert again["held_out"] == content["held_out"]
    assert json.loads((only(tmp_path / "two") / FILE).read_text())["numbers"] == content["numbers"]


@slow
def test_theories_are_weighed_and_told_apart_or_not(tmp_path: Path) -> None:
    words = ("calibrate", "-n", "100", "--theory", "balance_of_threat", "--theory", "inertia")
    found = json.loads(done(*words, "--out", tmp_path, "--json"))
    rows = {row["theory"]: row for row in found["theories"]}
    assert sum(row["weight_declared"] for row in rows.values()) == pytest.approx(1)
    assert [(row["one"], row["other"]) for row in found["pairs"]] == [tuple(rows)]
    assert sorted(chain(*found["one_theory"])) == sorted(rows)
    assert (len(found["one_theory"]) < len(rows)) == (found["pairs"][0]["area"] < APART)


@slow
def test_the_fit_finds_truths_that_are_known_and_what_60_showed_is_kept() -> None:
    found = coverage(3, 200)
    assert found["moved"]["count"] > 5
    assert found["moved"]["held_90"] > 0.6  # of few
    assert 0.4 < found["not_moved"]["mean_rank"] < 0.6
    kept = json.loads((packaged() / "worlds" / "eurasia" / "posterior_coverage.json").read_text())
    assert kept["truths"] >= 50
    assert 0.82 <= kept["moved"]["held_90"] <= 0.97
    assert kept["not_moved"]["mean_rank"] == pytest.approx(0.5, abs=0.02)


@slow
def test_test_writes_its_tables_and_pages_and_finds_them_again(tmp_path: Path) -> None:
    page, out = tmp_path / "pages" / "findings.md", tmp_path / "results"
    words = ("test", "H2", "H12", "P2", "-n", "3", "--samples", "16", "--out", out)
    text, ids = done(*words, "--findings", page), ["H2", "H12", "P2", "C4", "C9"]
    opening(text, 15)
    assert not missing(text.splitlines()[0], *ids)  # the controls that they need are run with them
    names = ["findings-ground-or-axis.md", "findings.md"]
    assert sorted(path.name for path in page.parent.iterdir()) == names
    assert not missing(page.read_text(), *(f"### {name}: " for name in ids[:3]), names[0])
    verdicts = json.loads(done(*words, "--json"))["verdicts"]
    assert [row["hypothesis"] for row in verdicts] == ids
    before = {path.name: path.read_bytes() for path in only(out).iterdir()}
    assert "found again, unchanged" in done(*words)
    assert {path.name: path.read_bytes() for path in only(out).iterdir()} == before

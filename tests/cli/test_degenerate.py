"""Results of next to nothing: each verb shows what it can, names the rest, and makes up nothing."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from tests.command import call, done, only, without_pictures
from tests.results import failing
from tests.sweeping import SCENARIO

from eurasia_sim.figures.gallery import usual_kinds
from eurasia_sim.hypotheses.arms import Effort
from eurasia_sim.simulation.ensemble import run_ensemble
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.world.world import load_world

FILES = {
    "few_months": SCENARIO, "twin": SCENARIO.replace("0.3", "0.6"),
    "one_month": SCENARIO.replace("2002-03", "2001-12"),
}  # fmt: skip
GAINS, PULL = "rules.cooperation.relative_gains", "rules.alignment.pull_relation"
RANGES = f"{GAINS}: {{low: 0.2, high: 0.8}}, {PULL}: {{low: 0.5, high: 1.2}}"
FLAT = "rules.contest.refusal_slope: [2, 3]"  # at reference no host refuses anything
SWEEP = """format: 2
kind: sweep
title: Next to nothing
scenarios: {scenarios}
measures: [competition.russia-china.central_asia]
design: {{kind: {design}}}
factors: {{{factors}}}
replications: {replications}
"""
ONE = "one finished run tells nothing of a spread"
FAILED = "every run failed"
FEW = "inconclusive: too few"


class Case(NamedTuple):
    """Words of `run`, or a sweep's design, factors and replications; what readers must say."""

    scenarios: str
    given: int | tuple[str, str, int]
    fails: str = ""  # which runs: every, of twin, some of twin
    analyze: str = ""
    plot: str = ""
    compare: str = ""  # only where there are two scenarios


CASES = {
    "one run": Case("few_months", 1, "", ONE),
    "one month": Case("one_month", 2, "", "n 2"),
    "two pairs": Case("few_months twin", 2, "", "are needed", "", FEW),
    "all failed": Case("few_months twin", 4, "every", FAILED, f"no difference: {FAILED}", FEW),
    "one side": Case("few_months twin", 4, "of twin", f"twin: {FAILED}", "no run of both", FEW),
    "some failed": Case("few_months twin", 4, "some of twin", f"twin: {ONE}", "", FEW),
    "one point": Case("few_months", ("grid", f"{GAINS}: [0.5]", 1), "", ONE, "no factor varies"),
    "flat": Case("few_months", ("grid", FLAT, 3), "", "same at every point"),
    "two saltelli": Case("few_months", ("saltelli, points: 2", RANGES, 1), "", "where no share"),
    "one morris": Case("few_months", ("morris, trajectories: 1", RANGES, 1), "", "no interval"),
    "two cells": Case("few_months twin", ("latin_hypercube, points: 2", RANGES, 2), "", "n 2"),
    "lhs failed": Case(
        "few_months", ("latin_hypercube, points: 2", RANGES, 1), "every", FAILED, FAILED
    ),
    "morris failed": Case(
        "few_months", ("morris, trajectories: 2", RANGES, 1), "every", "", FAILED
    ),
    "one side of a sweep": Case(
        "few_months twin", ("saltelli, points: 4", RANGES, 2), "of twin",
        "no two points finished in every scenario",
    ),
}  # fmt: skip
_NO_NUMBER = re.compile(r"\b(nan|inf|infinity|none)\b|∞", re.IGNORECASE)
_KINDS = ("distribution", "difference", "tornado", "indices")


@pytest.fixture(scope="module", autouse=True)
def compiled() -> Iterator[None]:
    """Compile the model before any test looks whether a verb does, and read the world once."""
    run_ensemble(["us_exit"], n=1)
    with mock.patch("eurasia_sim.world.world.load_world", cache(load_world)):
        yield


# Which runs of a scenario fail, by their seeds.
FAILS: dict[str, Callable[[str, np.ndarray], Any]] = {
    "": lambda _, seeds: seeds < 0,
    "every": lambda _, seeds: seeds >= 0,
    "of twin": lambda name, seeds: (seeds >= 0) & (name == "twin"),
    "some of twin": lambda name, seeds: (seeds % 2 == 0) & (name == "twin"),
}


def made(words: tuple[object, ...], out: Path, fails: str) -> Path:
    """The folder that a verb writes; it exits 1 where runs failed, and says how many."""
    with failing(FAILS[fails]), without_pictures():
        answer = call(*words, "--out", out)
    assert answer.returncode == (1 if fails else 0), answer.stderr
    assert "compiling" not in answer.stderr  # it is kept since the first verb of these tests
    check_text(answer.stdout)
    return only(out)


def check_text(text: str) -> str:
    """The text in one line; it has no number that is none, and no section without its reason."""
    assert not _NO_NUMBER.search(text), text
    lines = [line for line in text.splitlines() if line]
    for line, after in pairwise([*lines, ""]):
        assert not line.endswith(": not to be had") or after.startswith("  "), text
    return " ".join(text.split())


def check_folder(folder: Path) -> None:
    """What was written is strict JSON, and no table holds an infinite number."""
    for path in folder.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    for path in folder.rglob("analysis/*.parquet"):
        numbers = pd.read_parquet(path).select_dtypes("number")
        assert not np.isinf(numbers.to_numpy(np.float64)).any(), path


@contextlib.contextmanager
def drawing_little() -> Iterator[None]:
    """Draw the kinds that few runs may lack, and spare the rendering."""

    def few(held: ResultsFolder, measures: Sequence[str]) -> list[str]:
        return [kind for kind in usual_kinds(held, measures) if kind in _KINDS]

    little = partial(mock.patch.multiple, usual_kinds=few, render=lambda *_: b"")
    with little("eurasia_sim.figures.gallery"), little("eurasia_sim.reports.report"):
        yield


@pytest.mark.parametrize("name", CASES)
def test_results_of_next_to_nothing_are_read_by_every_verb(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    for stem, text in FILES.items():
        (tmp_path / f"{stem}.yaml").write_text(f"{text}measures: [alignment]\n", encoding="utf-8")
    files = [str(tmp_path / f"{each}.yaml") for each in case.scenarios.split()]
    words: tuple[object, ...] = ("run", *files, "-n", case.given)
    if isinstance(case.given, tuple):
        words = ("sweep", tmp_path / "tried.yaml")
        asked = dict(zip(("design", "factors", "replications"), case.given, strict=True))
        words[1].write_text(SWEEP.format(scenarios=files, **asked), encoding="utf-8")
    folder, out = made(words, tmp_path / "out", case.fails), tmp_path / "read"
    check_text(done("analyze", folder, "--better", "higher"))
    assert case.analyze in check_text(done("analyze", folder, "--better", "higher", "--all"))
    with drawing_little():
        pictures = call("plot", folder, "--out", out)
        done("report", folder, "--out", out / "page.html")
    assert pictures.returncode == 0
    assert case.plot in pictures.stderr
    page = (out / "page.html").read_text(encoding="utf-8")
    text = re.sub("<style.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r"∞|>\s*(nan|inf)\b", text)
    assert all(reason in text for reason in pictures.stderr.splitlines())
    check_folder(folder)
    if words[0] == "run":
        answer = call("compare", folder)
        assert answer.returncode == (0 if case.compare else 2)
        said = check_text(answer.stdout)
        assert case.compare in said
        assert not re.search("different|equivalent", said.replace("Set differently", ""))
    if name == "one point":  # what is asked for by name is refused, and costs no other figure else
        alone = call("plot", folder, "--kind", "tornado", "--out", out)
        assert (alone.returncode, alone.stderr) == (2, "--kind tornado: no factor varies\n")


def test_a_test_of_nothing_but_failures_says_so(tmp_path: Path) -> None:
    effort = Effort(runs=2, runs_a_theory=2, points=2, replicates=1, wide=2)
    with failing(FAILS["every"]), mock.patch.object(Effort, "of", return_value=effort):
        answer = call("test", "H2", "--out", tmp_path)
    assert answer.returncode == 1
    said = check_text(answer.stdout)
    assert "At most 2 runs of a part failed at reference; 8 parts have no run" in said
    pictures = call("plot", only(tmp_path), "--out", tmp_path / "read")
    assert (pictures.returncode, pictures.stdout) == (0, "")
    assert f"no difference: {FAILED}" in pictures.stderr
    done("report", only(tmp_path), "--out", tmp_path / "page.html")


@pytest.mark.parametrize(("n", "fails"), [(1, ""), (2, "every")])
def test_a_validation_of_next_to_nothing_is_read(tmp_path: Path, n: int, fails: str) -> None:
    folder = made(("validate", "-n", n, "--until", "2002-12"), tmp_path / "out", fails)
    pictures = call("plot", folder, "--out", tmp_path / "read")
    assert (pictures.returncode, bool(pictures.stdout)) == (0, not fails)
    assert ("no skill: there is nothing to draw" in pictures.stderr) == bool(fails)
    done("report", folder, "--out", tmp_path / "page.html")
    check_folder(folder)

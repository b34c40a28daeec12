"""`run` and `sweep`: folders that are whole, the same bytes again, interrupts that lose nothing."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import psutil
import pytest
from tests.command import PROGRAM, call, done, only, run_without_pictures, without_pictures
from tests.results import unchanging
from tests.sweeping import GRID, contents, written

from eurasia_sim.simulation import results, run
from eurasia_sim.simulation.ensemble import run_ensemble
from eurasia_sim.simulation.results import load_results

MEASURE = "competition.russia-china.central_asia"
LONG = GRID.format(scenario="us_exit", steps=40).replace("replications: 2", "replications: 20")


def manifest_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / results.MANIFEST).read_text(encoding="utf-8"))


def interrupt(words: tuple[str, ...], out: Path, parts: int) -> str:
    """Call `run` and press Ctrl-C once it has written some parts; what it says."""
    write, kept = results.Parts.write, []

    def pressed(*given) -> None:
        write(*given)
        kept.append(given)
        if len(kept) == parts:
            signal.raise_signal(signal.SIGINT)

    with mock.patch.object(results.Parts, "write", pressed):
        answer = call("run", *words, "--out", out)
    assert answer.returncode == 1, answer.stderr
    assert not (only(out) / results.MANIFEST).exists()
    return answer.stderr


def test_a_paired_run_writes_everything_and_the_same_bytes_for_any_workers(
    ran: Path, tmp_path: Path
) -> None:
    words = ("run", "us_exit", "us_stays", "-n", "12", "--out", tmp_path)
    text = done(*words, "--workers", "1")
    *lines, _, _ = text.splitlines()  # the last two name the folder
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 13
    assert "…" not in text
    for said in (
        "what changes between Russia and China in Central Asia? Competition, Russia–",
        "draws over the declared ranges and", "By the measure of that name it",
        f"Next: eurasia-sim report {only(tmp_path)}",
    ):  # fmt: skip
        assert said in " ".join(text.split())
    assert only(tmp_path).name == ran.name
    files, manifest, runs = unchanging(ran), manifest_of(ran), load_results(ran)
    assert unchanging(only(tmp_path)) == files
    drawn = {f"figures/{x}-balance_of_threat.{kind}" for x in ("fan", "distribution")
             for kind in ("png", "svg", "csv")}  # fmt: skip
    assert {*run.WRITTEN, "events-us_exit.csv", *drawn} <= set(files)
    assert (manifest["finished"], manifest["seed"], manifest["failed"]) == (True, 7, 0)
    assert "run us_exit us_stays -n 12" in manifest["command"]
    assert len(runs) == 12 * 2 * 4  # scenarios; reference, ranges, documents, fit
    assert runs["run_id"].is_unique
    before = manifest_of(only(tmp_path))
    again = " ".join(done(*words, "--all").split())
    assert "found again, unchanged" in again
    assert "balance of threat), by chance alone" in again
    assert manifest_of(only(tmp_path)) == before


def test_the_word_on_competition_is_said_of_no_other_measure(tmp_path: Path) -> None:
    with without_pictures():
        said = done("run", "chinese_base", "us_exit", "-n", "2", "--out", tmp_path)
        many = ("us_exit", "us_stays", "afghan_stable", "-n", "3", "--theory", "all")
        assert len(done("run", *many, "--out", tmp_path).splitlines()) <= 15
    assert ["Joint share, Russia–China" in said, "measure of that name" in said] == [True, False]


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(tmp_path: Path) -> None:
    words = ("us_exit", "us_stays", "-n", "9", "--seed", "3", "--workers", "2")
    message = interrupt(words, tmp_path / "cut", parts=1)
    kept = f"{2 * 9} runs are kept in {only(tmp_path / 'cut')}; the same command goes on"
    assert kept in message
    cut, whole = (run_without_pictures(tmp_path / out, *words) for out in ("cut", "whole"))
    assert unchanging(cut) == unchanging(whole)


def test_an_edited_scenario_is_not_found_again(repository: Path, tmp_path: Path) -> None:
    text = (repository / "scenarios" / "us_stays.yaml").read_text(encoding="utf-8")
    path = tmp_path / "us_stays.yaml"
    path.write_text(re.sub("title: .*", "title: Another", text), encoding="utf-8")
    edited = run_without_pictures(tmp_path / "edited", path, "-n", "3")
    assert manifest_of(edited)["scenarios"]["us_stays"]["title"] == "Another"
    assert edited.name != run_without_pictures(tmp_path / "first", "us_stays", "-n", "3").name


def test_settings_narrowed_numbers_and_measures_left_out_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "narrow.yaml"
    uncertain = "uncertain: {rules.cooperation.relative_gains: [0.3, 0.4]}"
    lines = f"title: narrow\nextends: us_stays\n{uncertain}\nmeasures: [threat, alignment]"
    path.write_text(f"format: 2\n{lines}\n", encoding="utf-8")
    with without_pictures():
        out = ("--set", "growth.russia=-0.1", "--out", tmp_path / "out")
        text = done("run", path, "-n", "2", *out)
    for said in (
        "set: growth.russia = -0.1 from 2021-05",
        "narrowed: rules.cooperation.relative_gains 0.3 to 0.4 (declared ",
        "Not shown, for nobody and nowhere in focus has it: threat",
    ):
        assert said in text
    resolved = manifest_of(only(tmp_path / "out"))["scenarios"]["narrow"]
    assert resolved["settings"] == ["growth.russia.2021-05=-0.1"]
    assert resolved["levers"]["growth.russia"] == {"2021-05": -0.1}


def test_a_rule_that_is_not_met_ends_at_most_with_1(tmp_path: Path) -> None:
    words = ("run", "us_exit", "-n", "2", "--until", "half-width=1e-9", "--most", "5")
    with without_pictures():
        answer = call(*words, "--out", tmp_path)
    assert answer.returncode == 1
    assert "is not met, and --most is reached after 4 runs" in answer.stdout
    assert len(load_results(only(tmp_path))) == 4 * 4


@pytest.mark.slow
def test_a_rule_stops_after_the_same_run_for_any_workers_and_interrupts(tmp_path: Path) -> None:
    pair = ("us_exit", "us_stays", "-n", "16")
    plain = load_results(run_without_pictures(tmp_path / "plain", *pair))
    words = (*pair, "--until", "half-width=0.005", "--watch", MEASURE)
    interrupt((*words, "--workers", "3"), tmp_path / "cut", parts=6)
    cut = run_without_pictures(tmp_path / "cut", *words, "--workers", "3")
    whole = run_without_pictures(tmp_path / "whole", *words, "--workers", "1")
    assert cut.name == whole.name
    assert unchanging(cut) == unchanging(whole)
    end, runs = manifest_of(whole)["until"], load_results(whole)
    assert (end["met"], end["half_width"] <= 0.005, end["runs"] % 16) == (True, True, 0)
    assert end["runs"] > 16
    assert len(runs) == len(set(runs["run_id"])) == end["runs"] * 2 * 4
    assert len(pd.read_parquet(whole / results.DRAWS)) == end["runs"]
    first = runs[runs["run"] < 16].sort_values("run_id", ignore_index=True)
    pd.testing.assert_frame_equal(first, plain.sort_values("run_id", ignore_index=True))
    assert "half-width=0.005 is met" in done("run", *words, "--out", tmp_path / "whole")


def test_a_sweep_is_checked_tried_in_shards_and_merged(tmp_path: Path) -> None:
    small = written(tmp_path, GRID.format(scenario="{scenario}", steps=3))
    done("check", small)
    none = tmp_path / "none"
    text = done("sweep", small, "--dry-run", "--keep", "trajectories", "--out", none)
    assert "6 points, 12 runs" in text
    assert "of disk for trajectories" in text
    assert not none.exists()

    def swept(*words: object) -> dict:
        return json.loads(done("sweep", small, *words, "--chunk", 4, "--json"))

    whole = swept("--out", tmp_path / "whole")
    assert (whole["runs"], whole["failed"], whole["complete"]) == (12, 0, True)
    shards = [
        swept("--shard", shard, "--out", tmp_path / "shards")["folder"] for shard in ("1/2", "2/2")
    ]
    merged = swept("--merge", *shards, "--out", tmp_path / "merged")
    assert contents(Path(merged["folder"])) == contents(Path(whole["folder"]))


def test_points_that_break_a_constraint_are_counted_and_never_run(tmp_path: Path) -> None:
    text = GRID.format(scenario="{scenario}", steps=3).partition("factors:")[0]
    text = text.replace("{kind: grid}", "{kind: list, points: [{seed: 1}, {seed: 2}, {seed: 3}]}")
    file = written(tmp_path, f"{text}constraints: [{{sum: {{seed: 1}}, at_most: 2}}]\n")
    assert "2 points (1 more break a constraint), 2 runs" in done("sweep", file, "--dry-run")
    folder = Path(json.loads(done("sweep", file, "--json", "--out", tmp_path))["folder"])
    design = manifest_of(folder)["design"]
    assert (design["points"], design["left_out"], design["options"]["points"]) == (2, 1, 3)
    assert manifest_of(folder)["runs"] == len(load_results(folder)) == 2


@pytest.mark.slow  # how a process ends
@pytest.mark.parametrize("words", [("--workers", "2"), ("--scheduler", "local:2")])
def test_interrupts_end_a_sweep_with_its_processes_and_resume_goes_on(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    run_ensemble(["us_exit"], n=1)  # compiled once, so that the children do not
    long, out = written(tmp_path, LONG), tmp_path / "out"
    given = ("sweep", str(long), "--chunk", "20", "--out", str(out))
    child = subprocess.Popen(
        [*PROGRAM, *given, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while not list(out.glob("*/parts/0*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = psutil.Process(child.pid).children(recursive=True)
    is_local = "local:2" in words
    assert len(workers) >= (2 if is_local else 0)
    os.killpg(child.pid, signal.SIGINT)  # a terminal sends it to every process
    time.sleep(0.05)
    if not is_local:
        child.send_signal(signal.SIGINT)
    message = child.communicate(timeout=60)[1]
    assert child.returncode == 1, message
    assert "--resume goes on" in message
    assert "Traceback" not in message
    assert psutil.wait_procs(workers, timeout=30)[1] == []
    assert not (only(out) / results.MANIFEST).exists()
    refused = call(*given)
    assert refused.returncode == 2
    assert "--resume to go on" in refused.stderr
    if is_local:
        assert json.loads(done(*given, "--resume", "--json"))["complete"]

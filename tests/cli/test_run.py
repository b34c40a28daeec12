"""`run`: a folder that is whole, the same bytes again, and an interrupt that loses nothing."""

import json
import re
import signal
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from tests.command import call, done, only, run_without_pictures, without_pictures
from tests.results import unchanging

from eurasia_sim.simulation.results import (
    DRAWS,
    MANIFEST,
    RUNS,
    STATUS_LOG,
    TRAJECTORIES,
    Parts,
    load_results,
)

MEASURE = "competition.russia-china.central_asia"


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def interrupt(words: tuple[str, ...], out: Path, parts: int) -> str:
    """Call `run` and press Ctrl-C once it has written some parts; what it says."""
    write, written = Parts.write, []

    def pressed(*given) -> None:
        write(*given)
        written.append(given)
        if len(written) == parts:
            signal.raise_signal(signal.SIGINT)

    with mock.patch.object(Parts, "write", pressed):
        answer = call("run", *words, "--out", out)
    assert answer.returncode == 1, answer.stderr
    assert not (only(out) / MANIFEST).exists()
    return answer.stderr


def test_the_word_on_competition_is_said_of_no_other_measure(tmp_path: Path) -> None:
    with without_pictures():
        said = done("run", "chinese_base", "us_exit", "-n", "2", "--out", tmp_path)
    assert ["Joint share, Russia–China" in said, "measure of that name" in said] == [True, False]


def test_a_paired_run_writes_everything_and_the_same_bytes_for_any_workers(
    ran: Path, tmp_path: Path
) -> None:
    text = done("run", "us_exit", "us_stays", "-n", "12", "--workers", "1", "--out", tmp_path)
    *lines, _, _ = text.splitlines()  # the last two name the folder
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 13
    assert "…" not in text
    said = " ".join(text.split())
    assert "what changes between Russia and China in Central Asia? Competition, Russia–" in said
    assert "draws over the declared ranges and" in said
    assert "By the measure of that name it" in said
    assert f"Next: eurasia-sim report {only(tmp_path)}" in text
    assert only(tmp_path).name == ran.name
    contents = unchanging(ran)
    assert unchanging(only(tmp_path)) == contents
    fan = ("figures/fan-balance_of_threat.png", "figures/distribution-balance_of_threat.svg")
    assert {RUNS, TRAJECTORIES, STATUS_LOG, "events-us_exit.csv", *fan} <= set(contents)
    manifest = manifest_of(ran)
    assert (manifest["finished"], manifest["seed"], manifest["failed"]) == (True, 7, 0)
    assert "run us_exit us_stays -n 12" in manifest["command"]
    runs = load_results(ran)
    assert len(runs) == 12 * 2 * 4  # scenarios; reference, ranges, documents, fit
    assert runs["run_id"].is_unique
    before = (only(tmp_path) / MANIFEST).read_bytes()
    again = done("run", "us_exit", "us_stays", "-n", "12", "--out", tmp_path, "--all")
    assert "found again, unchanged" in again
    assert "balance of threat), by chance alone" in " ".join(again.split())
    assert (only(tmp_path) / MANIFEST).read_bytes() == before


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(tmp_path: Path) -> None:
    words = ("us_exit", "us_stays", "-n", "9", "--seed", "3", "--workers", "2")
    message = interrupt(words, tmp_path / "cut", parts=1)
    kept = f"{2 * 9} runs are kept in {only(tmp_path / 'cut')}; the same command goes on"
    assert kept in message
    cut = run_without_pictures(tmp_path / "cut", *words)
    whole = run_without_pictures(tmp_path / "whole", *words)
    assert unchanging(cut) == unchanging(whole)


def test_two_scenarios_of_one_name_are_refused_and_an_edited_one_is_not_found_again(
    repository: Path, tmp_path: Path
) -> None:
    text = (repository / "scenarios" / "us_stays.yaml").read_text(encoding="utf-8")
    path = tmp_path / "us_stays.yaml"
    path.write_text(re.sub("title: .*", "title: Another", text), encoding="utf-8")
    refused = call("run", path, "us_stays", "-n", "3", "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert "us_stays stands twice\n    allowed: another name" in refused.stderr
    folder, edited = (
        run_without_pictures(tmp_path / out, scenario, "-n", "3")
        for out, scenario in (("first", "us_stays"), ("again", path))
    )
    assert manifest_of(edited)["scenarios"]["us_stays"]["title"] == "Another"
    assert folder.name != edited.name


def test_settings_narrowed_numbers_and_measures_left_out_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "narrow.yaml"
    uncertain = "uncertain: {rules.cooperation.relative_gains: [0.3, 0.4]}"
    lines = f"title: narrow\nextends: us_stays\n{uncertain}\nmeasures: [threat, alignment]"
    path.write_text(f"format: 2\n{lines}\n", encoding="utf-8")
    words = (path, "-n", "2", "--set", "growth.russia=-0.1")
    with without_pictures():
        text = done("run", *words, "--out", tmp_path / "out")
    assert "set: growth.russia = -0.1 from 2021-05" in text
    assert "narrowed: rules.cooperation.relative_gains 0.3 to 0.4 (declared " in text
    assert "Not shown, for nobody and nowhere in focus has it: threat" in text
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
    assert end["met"]
    assert end["half_width"] <= 0.005
    assert end["runs"] % 16 == 0
    assert end["runs"] > 16
    assert len(runs) == len(set(runs["run_id"])) == end["runs"] * 2 * 4
    assert len(pd.read_parquet(whole / DRAWS)) == end["runs"]
    first = runs[runs["run"] < 16].sort_values("run_id", ignore_index=True)
    pd.testing.assert_frame_equal(first, plain.sort_values("run_id", ignore_index=True))
    assert "half-width=0.005 is met" in done("run", *words, "--out", tmp_path / "whole")

"""`run` as a person meets it: a folder that is whole, the same bytes again, and an interrupt that loses nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from eurasia_sim.simulation.ensemble import run_ensemble
from eurasia_sim.simulation.results import MANIFEST, RUNS, STATUS_LOG, TRAJECTORIES, load_results

COMMAND = [sys.executable, "-c", "from eurasia_sim.cli import main; main()"]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """The kernel's machine code is made once, so that no test below waits for it in a child."""
    run_ensemble(["us_exit"], n=1)


def call(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "run", *words, "--out", str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that carries no times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def test_a_paired_run_writes_everything_and_the_same_bytes_for_any_workers(tmp_path: Path) -> None:
    done = [
        call(
            "us_exit",
            "us_stays",
            "-n",
            "12",
            "--seed",
            "7",
            "--workers",
            str(k),
            folder=tmp_path / f"w{k}",
        )
        for k in (1, 3)
    ]
    assert [each.returncode for each in done] == [0, 0], done[0].stderr
    assert "competition.russia-china.central_asia" in done[0].stdout
    one, other = only(tmp_path / "w1"), only(tmp_path / "w3")
    assert one.name == other.name
    assert contents(one) == contents(other)
    names = set(contents(one))
    assert {RUNS, TRAJECTORIES, STATUS_LOG, "events-us_exit.csv"} <= names
    assert {
        "figures/fan-balance_of_threat.png",
        "figures/distribution-balance_of_threat.svg",
    } <= names
    manifest = json.loads((one / MANIFEST).read_text())
    assert manifest["finished"]
    assert manifest["seed"] == 7
    assert manifest["failed"] == 0
    assert "run us_exit us_stays -n 12" in manifest["command"]
    runs = load_results(one)
    assert len(runs) == 12 * 2 * 2  # scenarios, and reference beside ranges
    assert runs["run_id"].is_unique


def test_an_identical_finished_run_is_found_again(tmp_path: Path) -> None:
    first = call("us_exit", "-n", "4", folder=tmp_path)
    before = (only(tmp_path) / MANIFEST).read_bytes()
    second = call("us_exit", "-n", "4", folder=tmp_path)
    assert "found again" in second.stdout
    assert first.returncode == second.returncode == 0
    assert (only(tmp_path) / MANIFEST).read_bytes() == before


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(tmp_path: Path) -> None:
    words = ("us_exit", "us_stays", "-n", "600", "--seed", "3", "--workers", "2")
    child = subprocess.Popen(
        [*COMMAND, "run", *words, "--out", str(tmp_path / "cut")],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    _until_a_part_is_written(child, tmp_path / "cut")
    began = time.time()
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    took = time.time() - began
    assert child.returncode == 1, said
    assert "goes on from there" in said
    assert took < 10  # the kernel answers within a chunk; writing what is finished takes the rest
    kept = pd.concat(
        map(pd.read_parquet, (only(tmp_path / "cut") / "parts").glob("*.runs.parquet"))
    )
    assert 0 < len(kept) < 600 * 2 * 2
    assert call(*words, folder=tmp_path / "cut").returncode == 0
    assert call(*words, folder=tmp_path / "whole").returncode == 0
    assert contents(only(tmp_path / "cut")) == contents(only(tmp_path / "whole"))


def _until_a_part_is_written(child: subprocess.Popen[str], out: Path) -> None:
    """Wait until a child has written the first of its finished runs."""
    for _ in range(6000):
        if any(out.glob("*/parts/*.runs.parquet")):
            return
        if child.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"the child never got to its runs: {child.communicate()[1]}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no_such",), "no_such"),
        (("us_exit", "--theory", "balance_of_thread"), "balance_of_threat"),
        (("us_exit", "--set", "rules.perception.distance_decay=9"), "1500"),
        (("us_exit", "--set", "presence.united_states.afganistan.forces=0.1"), "afghanistan"),
    ],
)
def test_bad_input_is_exit_2_without_a_traceback(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = call(*words, folder=tmp_path / "none")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_setting_changes_the_runs_and_is_in_the_manifest(tmp_path: Path) -> None:
    done = call(
        "us_exit",
        "-n",
        "2",
        "--set",
        "pressure.united_states.russia=0.1",
        "--json",
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["folder"]
    manifest = json.loads((only(tmp_path) / MANIFEST).read_text())
    assert manifest["scenarios"]["us_exit"]["settings"] == [
        "pressure.united_states.russia.2023-01=0.1"
    ]


def edited(folder: Path, **changes: str) -> Path:
    """A copy of the packaged us_stays with some lines put in place of others."""
    text = (Path(__file__).parents[2] / "scenarios" / "us_stays.yaml").read_text(encoding="utf-8")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    path = folder / "us_stays.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_two_scenarios_of_one_file_name_share_no_row_figure_or_event(tmp_path: Path) -> None:
    more = edited(tmp_path, forces=("0.045}", "0.9}"))
    done = call(str(more), "us_stays", "-n", "3", "--json", folder=tmp_path / "out")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    folder = Path(said["folder"])
    runs = load_results(folder)
    names = list(dict.fromkeys(runs["scenario"]))
    assert len(names) == 2
    assert all(name.startswith("us_stays-") for name in names)
    assert (runs.groupby(["scenario", "set"]).size() == 3).all()
    assert any(row["mean"] != 0.0 for row in said["summary"]["differences"])
    assert {row["n"] for row in said["summary"]["outcomes"]} == {3}
    assert {f"events-{name}.csv" for name in names} <= {path.name for path in folder.iterdir()}
    manifest = json.loads((folder / MANIFEST).read_text())
    assert [manifest["scenarios"][name]["title"] for name in names] == [
        "The United States stays"
    ] * 2
    assert len(set(manifest["digests"]["scenarios"].values())) == 2


def test_an_edited_title_or_question_is_not_found_again_with_the_old_one(tmp_path: Path) -> None:
    folders = []
    for at, title in enumerate(["The United States stays", "Another title"]):
        (tmp_path / str(at)).mkdir()
        path = edited(
            tmp_path / str(at), title=("title: The United States stays", f"title: {title}")
        )
        done = call(str(path), "-n", "2", "--json", folder=tmp_path / "out")
        assert done.returncode == 0, done.stderr
        folders.append(json.loads(done.stdout)["folder"])
    titles = [
        json.loads((Path(f) / MANIFEST).read_text())["scenarios"]["us_stays"]["title"]
        for f in folders
    ]
    assert titles == ["The United States stays", "Another title"]


def test_what_comes_to_the_same_runs_is_refused(tmp_path: Path) -> None:
    copy = edited(tmp_path, title=("title: The United States stays", "title: A copy")).rename(
        tmp_path / "copy.yaml"
    )
    for words, said in (
        (("us_exit", "us_exit"), "us_exit stands twice"),
        ((str(copy), "us_stays"), "come to the same runs"),
        (("us_exit", "record"), "come to the same runs"),
    ):
        done = call(*words, "-n", "2", folder=tmp_path / "none")
        assert done.returncode == 2
        assert said in done.stderr
        assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "line",
    ["uncertain: {rules.cooperation.relative_gains: [0.3, 0.4]}", "forms: {threat: additive}"],
)
def test_scenarios_with_other_numbers_or_forms_are_not_run_as_a_pair(
    tmp_path: Path, line: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"format: 1\ntitle: own\nextends: us_stays\n{line}\n", encoding="utf-8")
    done = call("us_exit", str(path), "-n", "2", folder=tmp_path / "none")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "their runs do not pair" in done.stderr


def test_a_setting_starts_in_one_month_in_all_and_the_screen_says_which(tmp_path: Path) -> None:
    done = call("us_exit", "us_stays", "-n", "2", "--set", "growth.russia=-0.1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "set: growth.russia = -0.1 from 2021-05" in done.stdout
    scenarios = json.loads((only(tmp_path) / MANIFEST).read_text())["scenarios"]
    assert [entry["levers"]["growth.russia"] for entry in scenarios.values()] == [
        {"2021-05": -0.1}
    ] * 2


def test_narrowed_and_left_out_are_said(tmp_path: Path) -> None:
    path = tmp_path / "narrow.yaml"
    content = (
        "uncertain: {rules.cooperation.relative_gains: [0.3, 0.4]}\nmeasures: [threat, alignment]"
    )
    path.write_text(f"format: 1\ntitle: narrow\nextends: us_stays\n{content}\n", encoding="utf-8")
    done = call(str(path), "-n", "2", folder=tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "narrowed: rules.cooperation.relative_gains 0.3 to 0.4 (declared " in done.stdout
    assert "not shown" in done.stdout
    assert "threat" in done.stdout

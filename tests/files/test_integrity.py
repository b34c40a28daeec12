"""What is missing or altered in a finished folder is named, refused and healed."""

import contextlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests import sweeping
from tests.sweeping import contents, grid

from eurasia_sim.experiments.folder import Folder, read_plan
from eurasia_sim.experiments.sweep import Sweep, Work, carry_out, merge
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import read_sealed, sealed
from eurasia_sim.scenarios.posterior import FILE, read_posterior
from eurasia_sim.simulation import results
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.world.world import World, load_world

FLIPS = 200
PART = "parts/00000001.parquet"
SOBOL = """
scenarios: [{scenario}]
design: {kind: sobol, points: %d}
factors: {rules.allocation.habit: declared}
measures: [alignment]
"""
swept = partial(carry_out, how=Work(workers=1))
Harm = Callable[[Path], object]


@pytest.fixture(scope="module")
def prepared(world: World, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return grid(tmp_path_factory.mktemp("asked"), world, steps=2, keep="trajectories")


@pytest.fixture(scope="module")
def whole(prepared: Sweep, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(prepared, tmp_path_factory.mktemp("whole")).folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A finished sweep of four parts with two runs each, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def foreign(folder: Path) -> None:
    """A part that can be read and has as many rows, in which one number is another."""
    table = pd.read_parquet(folder / PART)
    table.iloc[0, -1] += 1e-9
    table.to_parquet(folder / PART, compression="zstd", index=False)


def swapped(folder: Path) -> None:
    one, other = folder / PART, folder / PART.replace("1", "2")
    one.rename(folder / "aside")
    other.rename(one)
    (folder / "aside").rename(other)


def a_folder(folder: Path) -> None:
    (folder / PART).unlink()
    (folder / PART).mkdir()


def holds(name: str, content: bytes) -> Harm:
    return lambda folder: (folder / name).write_bytes(content)


def lacks(name: str) -> Harm:
    return lambda folder: (folder / name).unlink()


# What is done to a folder, the file that is named, if any is, and the runs that are lost.
HARMS = [
    (holds(PART, b"PAR1"), PART, 2), (a_folder, PART, 2), (swapped, PART, 4), (foreign, PART, 2),
    (lacks("design.parquet"), "", 0), (holds("design.parquet", b""), "design.parquet", 0),
    (holds("plan.json", b"[" * 100_000), "plan.json", 0),
    (holds("plan.json", b"7"), "plan.json", 0),
    (holds("trajectories/00000001.parquet", b"7"), "trajectories/00000001.parquet", 0),
    (lacks("manifest.json"), "", 0), (holds("manifest.json", b"\xff\xfe"), "manifest.json", 0),
    (holds("manifest.json", b'{"finished": true}'), "manifest.json", 0),
]  # fmt: skip


@pytest.mark.parametrize(("harm", "name", "lost"), HARMS)
def test_what_is_harmed_is_named_refused_and_healed_to_the_same_bytes(
    world: World, prepared: Sweep, whole: Path, folder: Path, harm: Harm, name: str, lost: int
) -> None:
    harm(folder)
    if name:
        problem = f"{lost} of 8 runs are missing or damaged: {name} is " if lost else name
        with pytest.raises(DataError, match=rf"{problem}(\n|.)*{'--resume' * bool(lost)}"):
            swept(prepared, folder.parent)
    readers = results.load_results, lambda at: open_results(at, world).runs(["point"])
    for read in readers if lost else ():
        with pytest.raises(DataError, match=problem):
            read(folder)
    with contextlib.suppress(OSError):
        (folder / PART).rmdir()  # a folder in a file's place is the person's to remove
    seen = []
    report = lambda finished, _, before: seen.append((before, finished))  # noqa: E731
    ended = swept(prepared, folder.parent, resume=True, report=report)
    assert (ended.complete, ended.reused) == (True, False)
    if lost:  # only what is damaged is run again
        assert [seen[0], seen[-1]] == [(8 - lost, 8 - lost), (8 - lost, 8)]
    assert contents(folder) == contents(whole)
    assert read_plan(folder) == prepared.plan
    assert swept(prepared, folder.parent).reused


def flipped(content: bytes) -> Iterator[bytes]:
    """The content with one bit of it turned over, so many times."""
    chance = random.Random(1)
    for _ in range(FLIPS):
        at, bit = chance.randrange(len(content)), chance.randrange(8)
        yield content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]


# A file, its reader, and the least part of the flips at which the reader refuses it by name.
READERS: list[tuple[str, Callable[[Path], Any], float]] = [
    (PART, results.load_results, 1.0),
    ("trajectories/00000002.parquet", results.load_trajectories, 1.0),
    ("design.parquet", lambda at: results.read_table(results.files_of(at), "design.parquet"), 1.0),
    ("manifest.json", results.read_manifest, 0.95),  # the rest are blanks that became others
    ("plan.json", read_plan, 0.95),
    (FILE, lambda at: read_posterior(replace(load_world(), directory=at)), 0.5),
]


@pytest.mark.parametrize(("name", "read", "least"), READERS)
def test_a_flipped_bit_is_seen_and_never_read_as_another_value(
    folder: Path, world: World, name: str, read: Callable[[Path], Any], least: float
) -> None:
    shutil.copy(world.directory / FILE, folder)
    said, noticed = read(folder), 0
    for other in flipped((folder / name).read_bytes()):
        (folder / name).write_bytes(other)
        try:
            assert read(folder) == said
        except DataError as error:
            noticed += (folder / name).name in str(error)
    assert noticed >= least * FLIPS


def test_a_flipped_bit_of_the_log_costs_a_part_or_nothing(
    prepared: Sweep, whole: Path, folder: Path
) -> None:
    (folder / "manifest.json").unlink()
    first, noticed = results.load_results(whole), 0
    for content in flipped((whole / "status.jsonl").read_bytes()):
        (folder / "status.jsonl").write_bytes(content)
        missing = Folder(folder, prepared.plan).missing()
        noticed += bool(missing)
        with contextlib.suppress(DataError):
            found = results.load_results(folder)
            assert found.equals(first[first["run_id"].isin(found["run_id"])].reset_index(drop=True))
            assert len(found) == len(first) or missing
    assert noticed > FLIPS / 4
    swept(prepared, folder.parent, resume=True)
    assert contents(folder) == contents(whole)


def test_a_line_of_the_log_that_is_cut_or_names_an_unknown_kind_costs_its_part_alone(
    prepared: Sweep, whole: Path, folder: Path
) -> None:
    manifest, log = folder / "manifest.json", folder / "status.jsonl"
    manifest.unlink()
    text = log.read_text()
    log.write_text(text.replace('"trajectories"', '"trajectorigs"', 1))
    assert len(Folder(folder, prepared.plan).missing()) == 1
    again = next(line for line in map(json.loads, text.splitlines()) if "files" in line)
    del again["files"]["trajectories"]  # a chunk's last line counts, whatever those before it name
    log.write_text(f"{text}{json.dumps(again)}\n")
    assert len(results.read_log(folder)) == 4 + 3
    log.write_text(text[:-30])
    (folder / PART).unlink()
    swept(prepared, folder.parent, resume=True)  # goes on in a line of its own
    manifest.unlink()
    assert not Folder(folder, prepared.plan).missing()
    assert contents(folder) == contents(whole)


def test_an_unfinished_sweep_gives_what_it_has_logged_and_nothing_that_is_damaged(
    folder: Path, whole: Path
) -> None:
    (folder / "manifest.json").unlink()
    (folder / PART).unlink()
    assert len(results.load_results(folder)) == 6
    shutil.copy(whole / "parts/00000002.parquet", folder / PART)
    problem = f"2 of 8 runs are missing or damaged: {PART} is not what was written"
    with pytest.raises(DataError, match=problem):
        results.load_results(folder)
    (folder / "status.jsonl").unlink()
    with pytest.raises(DataError, match="is no results folder, or is not finished"):
        results.load_results(folder)


def test_a_damaged_shard_is_not_merged_and_is_named(world: World, tmp_path: Path) -> None:
    parts = [grid(tmp_path, world, steps=2, shard=(i, 2)) for i in (1, 2)]
    shards = [swept(each, tmp_path / "shards").folder for each in parts]
    asked = grid(tmp_path, world, steps=2)
    foreign(shards[1])
    missing = f"1 of 4 parts are in none of the folders: 1\n.*-2-of-2: {PART} is not what"
    with pytest.raises(DataError, match=missing):
        merge(asked, tmp_path / "merged", shards)
    damaged = f"1 of 2 parts are in .*; {PART} is not what was written\n.*--resume"
    with pytest.raises(DataError, match=damaged):
        swept(parts[1], tmp_path / "shards")
    swept(parts[1], tmp_path / "shards", resume=True)
    merged = merge(asked, tmp_path / "merged", shards).folder
    assert contents(merged) == contents(swept(asked, tmp_path / "alone").folder)
    foreign(merged)
    assert merge(asked, tmp_path / "merged", shards).complete
    assert swept(asked, tmp_path / "merged").reused


def test_what_is_taken_over_from_an_earlier_sweep_is_checked(world: World, tmp_path: Path) -> None:
    small, large = (
        sweeping.prepared(tmp_path, world, SOBOL % points, runs_a_chunk=2) for points in (4, 8)
    )
    before, done = swept(small, tmp_path / "out").folder, set()
    foreign(before)
    report = lambda finished, failed, before: done.add(before)  # noqa: E731
    ended = swept(large, tmp_path / "out", extend=True, report=report)
    assert done == {2}  # the damaged part is run again
    assert contents(ended.folder) == contents(swept(large, tmp_path / "fresh").folder)
    shutil.rmtree(ended.folder)
    (before / "design.parquet").write_bytes((before / PART).read_bytes())
    with pytest.raises(DataError, match=r"design\.parquet is not what was written"):
        swept(large, tmp_path / "out", extend=True)


def test_what_is_sealed_is_read_back_and_nothing_else(tmp_path: Path) -> None:
    path, given = tmp_path / "s.json", {"a": 0.1 + 0.2, "text": "Ω", "deep": {"1": [None, 2]}}
    results.write_sealed(path, {**given, "none": float("nan")})
    read = read_sealed(path) or {}
    assert read == sealed({**given, "none": None})
    assert read_sealed(tmp_path / "none.json") is None
    fewer = {key: value for key, value in read.items() if key != "a"}
    for wrong in ({**read, "a": 0.3}, {**read, "more": 1}, fewer):
        path.write_text(json.dumps(wrong))
        with pytest.raises(DataError, match="its digest is that of another content"):
            read_sealed(path)
    for listing in (None, [], *({"runs.parquet": each} for each in (7, {"sha256": 7}, []))):
        text = json.dumps(sealed({"finished": True, "files": listing}))
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(DataError, match="lists no files with their digests"):
            results.load_results(tmp_path)

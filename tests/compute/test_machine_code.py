"""Machine code that is kept: damaged, unwritable, somebody else's or nowhere, a run goes on and one line says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

# A function as the rules are, small enough to compile at once: twice, so that what is kept is read.
PROGRAM = """

from eurasia_sim.compute.mathematics import saturation
assert saturation(1.0) == 0.5
kept = saturation._cache._cache_file if hasattr(saturation._cache, "_cache_file") else None
print(sum(saturation.stats.cache_hits.values()), kept._cache_path if kept else "nowhere")
"""
ROOT = hasattr(os, "getuid") and os.getuid() == 0
# What root may do to files that are not open to it, and how to do without.
POWERS = "-dac_override,-dac_read_search,-fowner"
POWERLESS = ["setpriv", f"--bounding-set={POWERS}", f"--inh-caps={POWERS}"]


def told(home: Path, room: Path, prefix: Sequence[str] = ()) -> tuple[int, str, list[str]]:
    """How often kept code was found, where it is kept, and what was said."""
    room.mkdir(exist_ok=True)
    environment = {**os.environ, "XDG_CACHE_HOME": str(home), "TMPDIR": str(room), "NUMBA_DISABLE_JIT": "0"}
    command = [*prefix, sys.executable, "-c", PROGRAM]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    hits, where = ended.stdout.split()
    return int(hits), where, ended.stderr.splitlines()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for caches, in which the function above is kept."""
    found = tmp_path / "home"
    hits, where, said = told(found, tmp_path / "room")
    assert (hits, said) == (0, [])
    assert Path(where).is_relative_to(found / "eurasia-sim")
    return found


def files(home: Path, ending: str) -> list[Path]:
    return sorted(home.rglob(f"mathematics.saturation*.{ending}"))


def test_what_is_kept_is_found(home: Path, tmp_path: Path) -> None:
    hits, _, said = told(home, tmp_path / "room")
    assert (hits, said) == (1, [])
    assert not [path for path in (tmp_path / "room").rglob("*") if path.is_file()]


def test_nothing_is_written_beside_the_sources(home: Path, package: Path) -> None:
    assert not list(package.rglob("*.nbi"))
    assert not list(package.rglob("*.nbc"))


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _turned(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [_emptied, _cut, _turned])
def test_what_is_damaged_is_made_again(home: Path, tmp_path: Path, ending: str, damage: Callable[[Path], None]) -> None:
    for path in files(home, ending):
        damage(path)
    hits, where, said = told(home, tmp_path / "room")
    assert hits == 0
    assert len(said) == 1
    assert "damaged" in said[0]
    assert Path(where).is_relative_to(home)
    assert told(home, tmp_path / "room")[::2] == (1, [])


def test_an_object_that_is_missing_is_made_again(home: Path, tmp_path: Path) -> None:
    for path in files(home, "nbc"):
        path.unlink()
    assert told(home, tmp_path / "room")[::2] == (0, [])
    assert told(home, tmp_path / "room")[::2] == (1, [])


@pytest.mark.skipif(ROOT and not shutil.which("setpriv"), reason="root is refused nowhere")
@pytest.mark.parametrize("part", ["", "eurasia-sim"])
def test_where_nothing_can_be_written_a_temporary_folder_serves(home: Path, tmp_path: Path, part: str) -> None:
    for path in [*home.rglob("*"), home]:
        if path.is_dir():
            path.chmod(0o500)
    try:
        _check_temporary_serves(home, tmp_path, POWERLESS if ROOT else ())
    finally:
        for path in [home, *home.rglob("*")]:
            if path.is_dir():
                path.chmod(0o700)


def _check_temporary_serves(home: Path, tmp_path: Path, prefix: Sequence[str] = ()) -> None:
    for hits in (0, 1):
        found, where, said = told(home, tmp_path / "room", prefix)
        assert found == hits
        assert len(said) == 1
        assert "cannot be kept" in said[0]
        assert Path(where).is_relative_to(tmp_path / "room")


def test_a_folder_that_cannot_be_made_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, where a folder should be")
    _check_temporary_serves(tmp_path / "home", tmp_path)


def test_a_folder_that_anybody_may_write_to_is_not_trusted(home: Path, tmp_path: Path) -> None:
    for path in (home / "eurasia-sim").iterdir():
        if path.name.startswith("compiled-"):
            path.chmod(0o777)
    _check_temporary_serves(home, tmp_path)


@pytest.mark.skipif(not ROOT, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_not_trusted(home: Path, tmp_path: Path) -> None:
    for path in [home / "eurasia-sim", *(home / "eurasia-sim").rglob("*")]:
        os.chown(path, 12345, 12345)
    _check_temporary_serves(home, tmp_path)


def test_without_any_folder_every_process_compiles(tmp_path: Path) -> None:
    home, room = tmp_path / "home", tmp_path / "room"
    home.write_text("no folder")
    room.mkdir()
    uid = os.getuid() if hasattr(os, "getuid") else 0
    (room / f"eurasia-sim-{uid}").write_text("no folder either")
    for _ in range(2):
        hits, where, said = told(home, room)
        assert (hits, where) == (0, "nowhere")
        assert len(said) == 1
        assert "compiles anew" in said[0]

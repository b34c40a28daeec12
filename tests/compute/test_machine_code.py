"""Machine code that is kept: damaged, unwritable, another's or nowhere, and a run goes on."""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eurasia_sim.compute import machine_code
from eurasia_sim.compute.jit import compiled
from eurasia_sim.compute.mathematics import saturation

Start = Callable[[], tuple[int, str, list[str]]]


@pytest.fixture
def start(tmp_path: Path, monkeypatch, capsys) -> Iterator[Start]:
    """Compile a function as a new process would, with caches in `home` and scratch in `room`.

    Gives how often kept code was found, where it is kept, and what was said.
    """
    (tmp_path / "room").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "room"))

    def forget() -> None:
        machine_code.cache_folder.cache_clear()
        machine_code._say.cache_clear()

    def started() -> tuple[int, str, list[str]]:
        forget()
        function = compiled(saturation.py_func)
        assert function(1.0) == 0.5
        where = getattr(function._cache, "_cache_path", "nowhere")
        return sum(function.stats.cache_hits.values()), where, capsys.readouterr().err.splitlines()

    yield started
    forget()


@pytest.fixture
def home(start: Start, tmp_path: Path) -> Path:
    """A folder for caches, in which the function is kept."""
    hits, where, said = start()
    assert (hits, said) == (0, [])
    assert Path(where).is_relative_to(tmp_path / "home" / "eurasia-sim")
    return tmp_path / "home"


def test_what_is_kept_is_found_and_lies_nowhere_else(home, start, tmp_path, package):
    assert start()[::2] == (1, [])
    assert not [path for path in (tmp_path / "room").rglob("*") if path.is_file()]
    assert not [*package.rglob("*.nbi"), *package.rglob("*.nbc")]


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["emptied", "cut", "turned", "missing"])
def test_what_is_damaged_or_missing_is_made_again(home, start, ending, damage):
    files = [*home.rglob(f"mathematics.saturation*.{ending}")]
    assert files
    for path in files:
        content = path.read_bytes()
        path.unlink()
        half = len(content) // 2
        turned = content[:half] + bytes([content[half] ^ 0xFF]) + content[half + 1 :]
        damaged = {"emptied": b"", "cut": content[:half], "turned": turned}
        if damage in damaged:
            path.write_bytes(damaged[damage])
    hits, where, said = start()
    assert hits == 0
    assert ["damaged" in line for line in said] == [True] * (damage != "missing")
    assert Path(where).is_relative_to(home)
    assert start()[::2] == (1, [])


def _open_to_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in home.glob("eurasia-sim/compiled-*"):
        path.chmod(0o777)


def _anothers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every file is whose owner is not who runs this; only root could give one away."""
    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        found = [*real(path)]
        found[4] += path.is_relative_to(home)
        return os.stat_result(found)

    monkeypatch.setattr(Path, "lstat", lstat)


def _read_only(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a disk is that nobody may write to; root would pass over the rights of a folder."""
    real = tempfile.TemporaryFile

    def open_in(dir: object) -> object:  # noqa: A002 - the name it has
        if Path(str(dir)).is_relative_to(home):
            raise PermissionError(30, "Read-only file system", str(dir))
        return real(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", open_in)


def _no_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.rename(home.with_name("elsewhere"))
    home.write_text("a file, where a folder should be")


@pytest.mark.parametrize("spoil", [_read_only, _anothers, _open_to_all, _no_folder])
def test_where_nothing_can_be_kept_or_trusted_a_temporary_folder_serves(
    home, start, tmp_path, monkeypatch, spoil
):
    spoil(home, monkeypatch)
    for expected in (0, 1):
        hits, where, said = start()
        assert (hits, ["cannot be kept" in line for line in said]) == (expected, [True])
        assert Path(where).is_relative_to(tmp_path / "room")


def test_without_any_folder_every_process_compiles(start, tmp_path):
    (tmp_path / "home").write_text("no folder")
    (tmp_path / "room" / f"eurasia-sim-{machine_code._USER}").write_text("no folder either")
    for _ in range(2):
        hits, where, said = start()
        assert (hits, where) == (0, "nowhere")
        assert ["compiles anew" in line for line in said] == [True]


DIGEST = """import hashlib
from eurasia_sim import simulate
print(hashlib.sha256(simulate("us_exit", seed=11).to_numpy().tobytes()).hexdigest())"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names such a processor")
def test_a_processor_of_2009_without_fused_instructions_gives_the_same_bytes():
    old, command = {"NUMBA_CPU_NAME": "x86-64-v2", "NUMBA_CPU_FEATURES": ""}, ["-c", DIGEST]
    one, other = (
        subprocess.check_output([sys.executable, *command], env=os.environ | given)
        for given in ({}, old)
    )
    assert one == other != b""

"""Machine code that is kept: damaged, unwritable, another's or nowhere, and a run goes on."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eurasia_sim.compute import machine_code
from eurasia_sim.compute.jit import compiled
from eurasia_sim.compute.mathematics import saturation

# Root may write anywhere, so a process of root's without those powers runs what they would spoil.
POWERS = "-dac_override,-dac_read_search,-fowner"
POWERLESS = ["setpriv", f"--bounding-set={POWERS}", f"--inh-caps={POWERS}"]
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0
ROOT = IS_ROOT and not os.environ.get("EURASIA_SIM_POWERLESS")
USER = os.getuid() if hasattr(os, "getuid") else 0
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
        file = getattr(function._cache, "_cache_file", None)
        hits = sum(function.stats.cache_hits.values())
        said = capsys.readouterr().err.splitlines()
        return hits, file._cache_path if file else "nowhere", said

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
    hits, _, said = start()
    assert (hits, said) == (1, [])
    assert not [path for path in (tmp_path / "room").rglob("*") if path.is_file()]
    assert not [*package.rglob("*.nbi"), *package.rglob("*.nbc")]


def _turned(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize(
    "damaged",
    [lambda _: b"", lambda content: content[: len(content) // 2], _turned, None],
    ids=["emptied", "cut", "turned", "missing"],
)
def test_what_is_damaged_or_missing_is_made_again(home, start, ending, damaged):
    for path in home.rglob(f"mathematics.saturation*.{ending}"):
        if damaged:
            path.write_bytes(damaged(path.read_bytes()))
        else:
            path.unlink()
    hits, where, said = start()
    assert hits == 0
    assert ["damaged" in line for line in said] == [True] * bool(damaged)
    assert Path(where).is_relative_to(home)
    assert start()[::2] == (1, [])


def _read_only(home: Path) -> None:
    for path in [*home.rglob("*"), home]:
        if path.is_dir():
            path.chmod(0o500)


def _open_to_all(home: Path) -> None:
    for path in home.glob("eurasia-sim/compiled-*"):
        path.chmod(0o777)


def _given_away(home: Path) -> None:
    for path in [home / "eurasia-sim", *(home / "eurasia-sim").rglob("*")]:
        os.chown(path, 12345, 12345)


def _no_folder(home: Path) -> None:
    home.rename(home.with_name("elsewhere"))
    home.write_text("a file, where a folder should be")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_read_only, marks=pytest.mark.skipif(ROOT, reason="root may write anywhere")),
        pytest.param(_given_away, marks=pytest.mark.skipif(not ROOT, reason="only root can")),
        _open_to_all,
        _no_folder,
    ],
)
def test_where_nothing_can_be_kept_or_trusted_a_temporary_folder_serves(
    home, start, tmp_path, spoil
):
    spoil(home)
    try:
        for expected in (0, 1):
            hits, where, said = start()
            assert hits == expected
            assert ["cannot be kept" in line for line in said] == [True]
            assert Path(where).is_relative_to(tmp_path / "room")
    finally:
        for path in [home, *home.rglob("*")]:
            if path.is_dir():
                path.chmod(0o700)


def test_without_any_folder_every_process_compiles(start, tmp_path):
    (tmp_path / "home").write_text("no folder")
    (tmp_path / "room" / f"eurasia-sim-{USER}").write_text("no folder either")
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
    old = {"NUMBA_CPU_NAME": "x86-64-v2", "NUMBA_CPU_FEATURES": ""}
    one, other = (
        subprocess.run(
            [sys.executable, "-c", DIGEST], env={**os.environ, **given}, check=True,
            capture_output=True,
        ).stdout
        for given in ({}, old)
    )  # fmt: skip
    assert one == other != b""


@pytest.mark.slow
@pytest.mark.skipif(not ROOT or not shutil.which("setpriv"), reason="root and setpriv are needed")
def test_what_root_cannot_test_passes_without_its_powers(tmp_path):
    environment = {**os.environ, "EURASIA_SIM_POWERLESS": "1"}
    # Its own folder: pytest clears the others, and without powers it cannot.
    command = [*POWERLESS, sys.executable, "-m", "pytest", __file__, "-q", "-k", "read_only"]
    command.append(f"--basetemp={tmp_path / 'base'}")
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout

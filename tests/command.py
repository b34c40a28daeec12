"""The command line within this process: what a verb prints, and how it ends."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from eurasia_sim.cli import main

# The command line as a process of its own, for tests of how a process ends or what it loads.
PROGRAM = [sys.executable, "-m", "eurasia_sim"]


def call(*words: object) -> subprocess.CompletedProcess[str]:
    """Call a verb; nothing it meets may end it with a traceback."""
    command = ["eurasia-sim", *map(str, words)]
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", command),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return subprocess.CompletedProcess(
        command, int(ended.value.code or 0), out.getvalue(), err.getvalue()
    )


def done(*words: object) -> str:
    """What a verb prints that must end well."""
    answer = call(*words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def without_pictures() -> Any:
    """Verbs called within draw no pictures, which take most of their time."""
    return mock.patch("eurasia_sim.figures.gallery.usual_kinds", return_value=[])


def run_without_pictures(out: Path, *words: object) -> Path:
    """The folder that `run` writes, without its pictures."""
    with without_pictures():
        done("run", *words, "--out", out)
    return only(out)


def only(folder: Path) -> Path:
    """The one folder inside another."""
    (found,) = (each for each in folder.iterdir() if each.is_dir())
    return found

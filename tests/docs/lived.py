"""A page lived through: every block of it is run in its order, in one folder, as a reader would."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"(?:<!-- (file|says|elsewhere): (.+?) -->\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
_LONGEST = 300


@dataclass(frozen=True)
class Block:
    """One block of a page: its language and text, and the note above it."""

    language: str
    text: str
    note: str  # file, says or elsewhere
    about: str  # the file it goes to, what its output must hold, or what runs it instead


def blocks(page: Path) -> list[Block]:
    return [
        Block(language, text, note, about)
        for note, about, language, text in BLOCK.findall(page.read_text(encoding="utf-8"))
    ]


def reader(folder: Path) -> dict[str, str]:
    """The environment of an installed package: `eurasia-sim` and `python` are on the path."""
    place = folder / ".bin"
    place.mkdir()
    python = shlex.quote(sys.executable)
    for name, words in (
        ("eurasia-sim", f'{python} -c "from eurasia_sim.cli import main; main()"'),
        ("python", python),
    ):
        (place / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        (place / name).chmod(0o755)
    path = f"{place}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "MPLBACKEND": "Agg", "COLUMNS": "160"}


def live(page: Path, folder: Path) -> Iterator[tuple[Block, subprocess.CompletedProcess[str]]]:
    """Run every block of shell or Python and write every file; yield each run."""
    environment = reader(folder)
    for block in blocks(page):
        if block.note == "file":
            target = folder / block.about
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.note != "elsewhere" and block.language in ("sh", "python"):
            shell = ["bash", "-euo", "pipefail", "-c"]
            words = shell if block.language == "sh" else [sys.executable, "-c"]
            yield block, subprocess.run(
                [*words, block.text], cwd=folder, env=environment, text=True, capture_output=True,
                check=False, timeout=_LONGEST,
            )  # fmt: skip

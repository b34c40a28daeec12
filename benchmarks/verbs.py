"""How long a light verb takes, from the start of Python to its answer: `python -m benchmarks.verbs`."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.measured import Row, Section, show

VERBS = (
    ("--help",),
    ("check", "us_exit"),
    ("list", "scenarios"),
    ("explain", "--summary"),
    ("explain", "us_exit", "--cite"),
)
TURNS = 5


def seconds(words: tuple[str, ...]) -> float:
    """Seconds by the clock of one call in a process of its own."""
    command = [sys.executable, "-c", "from eurasia_sim.cli import main; main()", *words]
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began


def light_verbs() -> Section:
    """Every light verb, after a first call that indexes what later ones read."""
    rows = []
    for words in VERBS:
        seconds(words)
        rows.append(Row(" ".join(words), tuple(seconds(words) for _ in range(TURNS)), "s"))
    return Section("Light verbs", "Verbs that run nothing, a process each.", tuple(rows))


if __name__ == "__main__":
    show(light_verbs())

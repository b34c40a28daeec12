"""A function called in a process of its own, its memory and that of all it starts watched from outside."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
LOOKS_A_SECOND = 5


class Alone(NamedTuple):
    """What a function gave in a process of its own, and the memory that took."""

    result: Any
    peak: float  # bytes, the most that the process itself held at any moment
    peak_of_all: (
        float  # bytes, the most seen of it and its children together, shared pages counted once
    )


def alone(function: Callable[..., Any], **given: Any) -> Alone:
    """Call a module's function, with arguments and a result that JSON can carry, in a fresh process.

    Raises:
        RuntimeError: where the process fails.
    """
    with tempfile.TemporaryDirectory(prefix="alone-") as folder:
        answer = Path(folder) / "answer.json"
        name = f"{function.__module__}:{function.__qualname__}"
        command = [sys.executable, "-m", "benchmarks.alone", name, json.dumps(given), str(answer)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), *sys.path])),
        }
        most = 0.0
        with (
            (Path(folder) / "errors.txt").open("w+", encoding="utf-8") as errors,
            psutil.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=errors
            ) as process,
        ):
            while process.poll() is None:
                most = max(most, _held(process))
                time.sleep(1 / LOOKS_A_SECOND)
            if process.returncode != 0:
                errors.seek(0)
                raise RuntimeError(f"{name} failed: {errors.read()}")
        result, peak = json.loads(answer.read_text(encoding="utf-8"))
        return Alone(result, peak, max(most, peak))


def _held(process: psutil.Process) -> float:
    """Bytes that a process and all that it has started hold now."""
    total = 0.0
    for each in [process, *_children(process)]:
        try:
            memory = each.memory_full_info()
            total += getattr(memory, "pss", memory.rss)
        except psutil.Error:  # it has ended meanwhile
            continue
    return total


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def peak_memory() -> float:
    """Bytes, the most that this process has held so far.

    Linux's count by `getrusage` begins with what the process held that started this one, so there its own is read.
    """
    own = Path("/proc/self/status")
    if own.exists():
        (line,) = [
            line
            for line in own.read_text(encoding="utf-8").splitlines()
            if line.startswith("VmHWM")
        ]
        return float(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def main() -> None:
    """Call what the command line names and write what it gives, with the peak of memory."""
    name, given, answer = sys.argv[1:]
    module, _, function = name.partition(":")
    result = getattr(importlib.import_module(module), function)(**json.loads(given))
    Path(answer).write_text(json.dumps([result, peak_memory()]), encoding="utf-8")


if __name__ == "__main__":
    main()

"""A function called in a process of its own, with the most memory that it took."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def fresh(
    function: Callable[..., Any], environment: Mapping[str, str] | None = None, **given: Any
) -> tuple[Any, float]:
    """Result of a module's function in a fresh process, and the peak of its memory in bytes.

    Arguments and result must be such that JSON can carry them.

    Raises:
        RuntimeError: where the process fails.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    path = os.pathsep.join(filter(None, [str(ROOT), *sys.path]))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fresh", name, json.dumps(given)],
        env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed: {done.stderr}")
    result, peak = json.loads(done.stdout.splitlines()[-1])
    return result, peak


def peak_memory() -> float:
    """Bytes, the most that this process has held so far.

    Linux's count by `getrusage` includes what the parent held, so there its own count is read.
    """
    own = Path("/proc/self/status")
    if own.exists():
        (line,) = [row for row in own.read_text("utf-8").splitlines() if row.startswith("VmHWM")]
        return float(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    result = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    print(json.dumps([result, peak_memory()]))

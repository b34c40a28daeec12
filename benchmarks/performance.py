"""All benchmarks in one run, and the page that they make: `python -m benchmarks.performance`.

Writes docs/performance.md; no figure on it is typed by hand. What a benchmark needs is imported
where it is used, for every process of a cluster loads this file.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measured import Section, bars, machine, page

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = """# Performance
<!-- written by `python -m benchmarks.performance`; edit the benchmarks, not the page -->

Every figure below was measured in one run of one program, on the machine named, and is written by
it: `python -m benchmarks.performance`. Ratios are of turns that alternate; a median comes with the
least and the most. Other work on a machine slows whatever runs at that moment, so compare ratios
rather than times, and run it yourself; `--part` measures one part alone and writes nothing.
"""
TRY = "**A try with a few runs: its figures say that the program works, and nothing else.**"


def measurements(cores: int, turns: int, *, quick: bool) -> dict[str, Callable[[], Section]]:
    """Every benchmark by name.

    Args:
        turns: of the sweeps, which take most of the time.
        quick: a few runs of everything.
    """
    from benchmarks.kernel_speed import race
    from benchmarks.sweeps import memory, overheads

    if quick:
        return {
            "kernel": lambda: race(cores, turns=1, kernel_runs=8, reference_runs=2),
            "sweep": lambda: overheads(cores, turns=1, runs=80, dask=False),
            "memory": lambda: memory(cores, few=200, many=400),
        }
    return {
        "kernel": lambda: race(cores),
        "sweep": lambda: overheads(cores, turns),
        "memory": lambda: memory(cores),
    }


def main() -> None:
    """Measure, print, and write the page."""
    about = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.performance", description=about)
    parser.add_argument("--part", choices=("kernel", "sweep", "memory"), help="this part alone")
    parser.add_argument("--quick", action="store_true", help="few runs, to see that it works")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--turns", type=int, default=3, help="of the sweeps")
    parser.add_argument("--out", type=Path, default=PAGE)
    asked = parser.parse_args()
    on, began, when = machine(asked.cores), time.monotonic(), datetime.now(UTC)
    print(on)
    sections: list[Section] = []
    for name, measure in measurements(asked.cores, asked.turns, quick=asked.quick).items():
        if asked.part in (None, name):
            sections.append(measure())
            print("", *page(sections[-1]), sep="\n")
    summary = [TRY] if asked.quick else list(bars(sections))
    print("", *summary, sep="\n")
    if asked.part is None:
        minutes = (time.monotonic() - began) / 60
        lines = [HEAD, f"{when:%Y-%m-%d}: {on}; {minutes:.0f} minutes in all.", "", *summary]
        for section in sections:
            lines += ["", *page(section)]
        asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

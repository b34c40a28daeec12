"""All benchmarks in one run, and the page that they make: `python -m benchmarks.performance`.

Writes docs/performance.md; no figure on it is typed by hand. What a benchmark needs is imported where it is used, for
every process of a cluster loads this file.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measured import Bar, Section, machine, page, show, told

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = """# Performance
<!-- written by `python -m benchmarks.performance`; edit the benchmarks, not the page -->

Every figure below was measured in one run of one program, on the machine named, and is written by it:
`python -m benchmarks.performance`. Ratios are of turns that alternate; a median comes with the least and the most.
Other work on a machine slows whatever runs at that moment, so compare ratios rather than times, and run it yourself.
Each part also runs alone: `python -m benchmarks.speed`, `.scaling`, `.peers`, `.verbs`.
"""


def sections(*, quick: bool, cores: int, turns: int) -> Iterator[Section]:
    """Every benchmark in turn, as it is done."""
    from benchmarks.peers import Size, compare
    from benchmarks.scaling import Effort, scale
    from benchmarks.speed import Race, race
    from benchmarks.verbs import light_verbs

    small_race = Race(cores=cores, repeats=1, kernel_runs=8, reference_runs=2)
    small_effort = Effort(runs=80, turns=1, many=400, few=200, fitted=160, cores=cores, dask=False)
    yield race(small_race if quick else Race(cores=cores))
    yield from scale(small_effort if quick else Effort(turns=turns, cores=cores))
    yield compare(Size(2, 1, cores=cores) if quick else Size(cores=cores))
    yield light_verbs()


def write(
    to: Path,
    *,
    quick: bool,
    cores: int,
    turns: int,
    report: Callable[[Section], None] = lambda _: None,
) -> None:
    """Measure everything and write the page.

    Args:
        quick: a few runs of everything. turns: of the largest sweeps, which take most of the time.
    """
    on, began, when = machine(cores), time.monotonic(), datetime.now(UTC)
    found, bars = [], []
    for section in sections(quick=quick, cores=cores, turns=turns):
        found.append(section._replace(bars=()) if quick else section)  # so few runs decide nothing
        bars += section.bars
        report(section)
    lines = [
        HEAD,
        f"{when:%Y-%m-%d}: {' '.join(on.split())}; {(time.monotonic() - began) / 60:.0f} minutes in all.",
        "",
    ]
    if quick:
        lines += [
            "**A try with a few runs: its figures say that the program works, and nothing else.**"
        ]
    else:
        lines += ["| what is asked | found | asked | |", "|---|---:|---:|---|", *map(_row, bars)]
    for section in found:
        lines += ["", *page(section)]
    to.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    for bar in bars:
        print(told(bar))


def _row(bar: Bar) -> str:
    """A bar as a row of a table."""
    met = "met" if bar.is_met else "not met"
    return f"| {bar.name} | {bar.found:.3g} {bar.unit} | {bar.asked} | {met} |"


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.performance", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--quick", action="store_true", help="a few runs of everything, to see that it works"
    )
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--turns", type=int, default=3, help="of the largest sweeps")
    parser.add_argument("--out", type=Path, default=PAGE)
    asked = parser.parse_args()
    write(asked.out, quick=asked.quick, cores=asked.cores, turns=asked.turns, report=show)


if __name__ == "__main__":
    main()

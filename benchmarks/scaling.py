"""What a sweep costs beyond the kernel, and how cost and memory grow: `python -m benchmarks.scaling`.

A sweep is timed from its file to its manifest by the function that the command line calls; Python's own start and the
compiling are left out. Turns of what is compared alternate, so that a machine's moods fall on all. What has Mesa to be
loaded is imported where it is used, for every process of a cluster loads this file.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.alone import alone
from benchmarks.measured import Bar, Row, Section, exponent, machine, show
from benchmarks.timed import (
    MEASURES,
    REPLICATIONS,
    Bare,
    Spent,
    scratch,
    swept,
    swept_short,
    timed_sweep,
)
from benchmarks.units import on_paper, unit_costs

MOST_OVER_KERNEL, MOST_OVER_POOL, MOST_GROWTH = 1.15, 1.25, 60.0
MOST_LINEAR, MOST_OF_ACTORS = 1.1, 3.0  # exponents
MEGABYTE = 1e6
SIZES = (6, 12, 24, 48)  # actors
OTHERS = (6, 10)  # theatres and venues of the random worlds
TURNS_OF_A_FIT = 3


class Effort(NamedTuple):
    """How much is done."""

    runs: int = 10_000
    turns: int = 3
    many: int = 100_000  # runs whose memory is compared with that of `few`
    few: int = 1_000
    fitted: int = 4_000  # the most runs of a fit
    cores: int = os.cpu_count() or 1
    dask: bool = True


def overheads(effort: Effort) -> tuple[Section, dict[str, list[Spent]]]:
    """A sweep beside the bare kernel and beside Dask, for the same runs on the same cores."""
    with scratch() as folder:
        bare = Bare.of(timed_sweep(folder, effort.runs))
    ways: dict[str, Callable[[], Spent]] = {
        "kernel": lambda: bare.spent(effort.cores),
        "sweep": lambda: swept(effort.runs, effort.cores),
    }
    if effort.dask:
        ways["dask"] = lambda: swept(effort.runs, effort.cores, f"local:{effort.cores}")
    Bare(bare.calls[: effort.cores], bare.window).spent(effort.cores)  # loads the machine code
    found: dict[str, list[Spent]] = {name: [] for name in ways}
    for _ in range(effort.turns):
        for name, way in ways.items():
            found[name].append(way())
    names = {
        "kernel": "bare kernel",
        "sweep": "sweep, storage included",
        "dask": f"sweep by Dask, local:{effort.cores}",
    }
    rows = [
        Row(names[name], tuple(each.seconds for each in spent), "s")
        for name, spent in found.items()
    ]
    over = _ratios("sweep over bare kernel", found["sweep"], found["kernel"])
    bars = [Bar(over[0].name, over[0].median, MOST_OVER_KERNEL)]
    if effort.dask:
        dask = _ratios("Dask over the pool of threads", found["dask"], found["sweep"])
        over += dask
        bars.append(Bar(dask[0].name, dask[0].median, MOST_OVER_POOL))
    about = (
        f"{effort.runs:,} full runs of us_exit: {effort.runs // REPLICATIONS:,} points over everything uncertain, "
        f"{REPLICATIONS} replications each, {len(MEASURES)} measures kept; {effort.turns} turns, interleaved. "
        f"The bare kernel makes the same runs, made out beforehand, and keeps nothing."
    )
    return Section("Sweep over kernel", about, (*rows, *over), tuple(bars)), found


def _ratios(name: str, above: list[Spent], below: list[Spent]) -> list[Row]:
    """Ratios turn by turn, by the clock and by processor time, which other work on the machine disturbs less."""
    pairs = list(zip(above, below, strict=True))
    return [
        Row(name, tuple(a.seconds / b.seconds for a, b in pairs), "by the clock"),
        Row(
            f"{name}, by processor time",
            tuple(a.processor / b.processor for a, b in pairs),
            "of processor time",
        ),
    ]


def memory(effort: Effort) -> Section:
    """The most memory that a sweep of many runs takes, beside one of few."""
    sizes = (effort.few, effort.many)
    found = {runs: alone(swept_short, runs=runs, cores=effort.cores) for runs in sizes}
    rows = [Row(f"{runs:,} runs", (found[runs].peak / MEGABYTE,), "MB") for runs in sizes]
    growth = (found[effort.many].peak - found[effort.few].peak) / MEGABYTE
    about = (
        "Largest resident memory of a fresh process that carries out the sweep above, its runs cut to the burn-in and "
        "a few months: memory depends on how many runs there are, not on how long they are."
    )
    return Section(
        "Memory", about, tuple(rows), (Bar("growth of memory", growth, MOST_GROWTH, "MB"),)
    )


def growth(effort: Effort) -> Section:
    """The powers by which cost grows in runs, months and actors."""
    from benchmarks.opponents import KernelRaces
    from benchmarks.reference import named_inputs

    inputs = named_inputs("us_exit")
    race = KernelRaces(inputs, 8 * effort.cores, 1)
    spans = [inputs.months // 8, inputs.months // 4, inputs.months // 2, inputs.months]
    months = [span + inputs.burn_in for span in spans]
    by_month = [_least(lambda span=span: race.advance(slice(0, 8), span)) for span in spans]  # type: ignore[misc]
    runs = [effort.fitted >> halvings for halvings in (3, 2, 1, 0)]
    by_run = [_least(lambda size=size: swept_short(size, effort.cores)) for size in runs]  # type: ignore[misc]
    by_actor = [_month_of(size) for size in SIZES]
    local = np.diff(np.log(by_actor)) / np.diff(np.log(SIZES))
    rows = (
        *(
            Row(f"{size:,} runs, cut short, swept", (cost,), "s")
            for size, cost in zip(runs, by_run, strict=True)
        ),
        *(
            Row(f"{size:,} months, 8 runs", (cost,), "s")
            for size, cost in zip(months, by_month, strict=True)
        ),
        *(
            Row(f"{size} actors, a month", (cost * 1e6,), "us")
            for size, cost in zip(SIZES, by_actor, strict=True)
        ),
    )
    bars = (
        Bar("exponent in runs", exponent(runs, by_run), MOST_LINEAR),
        Bar("exponent in months", exponent(months, by_month), MOST_LINEAR),
        Bar("exponent in actors", exponent(SIZES, by_actor), MOST_OF_ACTORS),
    )
    about = (
        f"Slope of the logarithm of cost, in processor time, over that of size, the least of {TURNS_OF_A_FIT} turns "
        f"each; actors in random worlds of {OTHERS[0]} theatres and {OTHERS[1]} venues, kernel alone, one core."
    )
    steps = ", ".join(
        f"{power:.2f} from {a} to {b}"
        for power, a, b in zip(local, SIZES[:-1], SIZES[1:], strict=True)
    )
    return Section("Growth", about, rows, bars, (f"exponent in actors, step by step: {steps}",))


def _least(work: Callable[[], object]) -> float:
    """Processor seconds of some work, the least of a few turns: what else the machine does only adds."""
    times = []
    for _ in range(TURNS_OF_A_FIT):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def _month_of(actors: int, months: int = 240) -> float:
    """Processor seconds of a month of one run in a random world of so many actors."""
    from benchmarks.given import random_inputs
    from benchmarks.opponents import KernelRaces

    inputs = random_inputs(0, (actors, *OTHERS), months=months, burn_in=0)
    race = KernelRaces(inputs, 2, 1)
    race.advance(slice(0, 2), months)
    return _least(lambda: race.advance(slice(0, 2), months)) / (2 * months)


def scale(effort: Effort) -> Iterator[Section]:
    """Measure everything, a section at a time."""
    over, found = overheads(effort)
    yield over
    yield memory(effort)
    yield growth(effort)
    kernel, sweep = (
        min(spent.processor for spent in found[name]) / effort.runs for name in ("kernel", "sweep")
    )
    yield on_paper(unit_costs(kernel, max(sweep - kernel, 0.0), effort.cores, dask=effort.dask))


def asked() -> Effort:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description=(__doc__ or "").partition("\n")[0]
    )
    usual = Effort()
    for name in ("runs", "turns", "many", "few", "fitted", "cores"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    parser.add_argument("--no-dask", dest="dask", action="store_false")
    return Effort(**vars(parser.parse_args()))


if __name__ == "__main__":
    effort = asked()
    print(machine(effort.cores))
    for section in scale(effort):
        show(section)

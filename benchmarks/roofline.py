"""How near the kernel comes to what this machine could do: `python -m benchmarks.roofline`.

The ideal is the time that the operations which the equations need (`benchmarks.operations`) would take one after
another at the rates that this machine reaches in flat loops over arrays in its nearest memory, on one core. The clock
is that of the thread, which stands still while others have its core.
"""

from __future__ import annotations

import argparse
import time
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measured import Bar, Row, Section, machine, show
from benchmarks.operations import NEEDS, Counts, needed, sizes_of
from benchmarks.opponents import KernelRaces
from benchmarks.reference import named_inputs
from eurasia_sim.compilation import compiled
from eurasia_sim.mathematics import exponential, logarithm
from eurasia_sim.streams import philox

ELEMENTS = 512  # three arrays of them, 12 kB, fit the nearest memory of any processor
ROUNDS = 1_000
RUNS, TURNS = 1, 60


@compiled
def logs(x, out, rounds):
    """Logarithms of `x`, over and over."""
    for _ in range(rounds):
        for c in range(out.size):
            out[c] = logarithm(x[c])


@compiled
def exps(x, out, rounds):
    """Exponentials of `x`, over and over."""
    for _ in range(rounds):
        for c in range(out.size):
            out[c] = exponential(x[c])


@compiled
def hashes(out, rounds):
    """Addresses of random numbers, of which one of the four words is kept."""
    for r in range(rounds):
        for c in range(out.size):
            out[c] = philox(np.uint64(c), np.uint64(r), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4))[0]


@compiled
def divisions(x, y, out, rounds):
    """Quotients of `x` and `y`, over and over."""
    for _ in range(rounds):
        for c in range(out.size):
            out[c] = x[c] / y[c]


@compiled
def roots(x, out, rounds):
    """Square roots of `x`, over and over."""
    for _ in range(rounds):
        for c in range(out.size):
            out[c] = np.sqrt(x[c])


@compiled
def flops(x, y, out, rounds):
    """A product and a sum each, over and over."""
    for _ in range(rounds):
        for c in range(out.size):
            out[c] += x[c] * y[c]


# With how many rows each loop reads, and how many operations it makes of an element.
LOOPS: dict[str, tuple[Any, int, int]] = {
    "logs": (logs, 1, 1), "exps": (exps, 1, 1), "hashes": (hashes, 0, 1), "divisions": (divisions, 2, 1),
    "roots": (roots, 1, 1), "flops": (flops, 2, 2),
}  # fmt: skip


class Roofline(NamedTuple):
    """Ideal and measured times of a month, and what they were found from."""

    rates: dict[str, list[float]]  # ns an operation, turn by turn
    months: list[float]  # us a month of one run, turn by turn
    needs: dict[str, Counts]
    pair_months: list[float]  # ns a month and pair of actors

    @property
    def ideal(self) -> float:
        """Microseconds that a month would take at the fastest rates seen."""
        return sum(self.of(counts) for counts in self.needs.values())

    def of(self, counts: Counts) -> float:
        """Microseconds that some operations would take at the fastest rates seen."""
        return sum(count * min(self.rates[name]) for name, count in counts._asdict().items()) / 1e3

    @property
    def share(self) -> float:
        """The ideal time over the measured, in percent."""
        return 100.0 * self.ideal / min(self.months)


def rate(name: str) -> float:
    """Nanoseconds that one operation of a flat loop takes."""
    loop, rows, per_element = LOOPS[name]
    random = np.random.default_rng(0)
    given = [random.uniform(0.5, 2.0, ELEMENTS) for _ in range(rows)]
    out = np.zeros(ELEMENTS, np.float64 if rows else np.uint64)
    loop(*given, out, 1)
    began = time.thread_time()
    loop(*given, out, ROUNDS)
    return (time.thread_time() - began) / (ROUNDS * ELEMENTS * per_element) * 1e9


def measure(scenario: str, runs: int = RUNS, turns: int = TURNS) -> Roofline:
    """Rates and months, turn by turn on one core, so that a machine's moods fall on both.

    Args:
        runs: of the kernel a turn. turns: many and short, so that some are left alone by whatever else there is to do.
    """
    inputs = named_inputs(scenario)
    race = KernelRaces(inputs, runs, 1)
    race.advance(slice(0, runs), inputs.months)
    months = (inputs.months + inputs.burn_in) * runs
    sizes = sizes_of(inputs, inputs.months // 2)
    rates: dict[str, list[float]] = {name: [] for name in LOOPS}
    found = []
    for _ in range(turns):
        for name in LOOPS:
            rates[name].append(rate(name))
        began = time.thread_time()
        race.advance(slice(0, runs), inputs.months)
        found.append((time.thread_time() - began) / months * 1e6)
    return Roofline(rates, found, needed(sizes), [spent * 1e3 / sizes.meetings for spent in found])


def section(found: Roofline, scenario: str) -> Section:
    """What was found, as rows."""
    rates = [Row(f"rate: {name}", tuple(values), "ns each") for name, values in found.rates.items()]
    rows = (
        *rates,
        Row("a month of one run", tuple(found.months), "us"),
        Row("a month and pair of actors", tuple(found.pair_months), "ns"),
        Row("ideal month", (found.ideal,), "us"),
    )
    total = Counts()
    parts = []
    for name, counts in found.needs.items():
        total = total.plus(counts)
        parts.append(f"{name}: {_listed(counts)}; ideal {found.of(counts):.2f} us")
    about = (
        f"A month of {scenario} on one core, over the burn-in and the record, the focal pairs' measures read off every "
        "month; the ideal is the operations that the equations need at the fastest rates seen, the least month."
    )
    notes = (*parts, f"in all: {_listed(total)}", f"roofline: {found.share:.0f} %")
    return Section("Roofline", about, rows, (Bar("share of the roofline", found.share, unit="%", least=35.0),), notes)


def _listed(counts: Counts) -> str:
    return ", ".join(f"{count:,.0f} {name}" for name, count in counts._asdict().items() if count)


def show_needs(scenario: str) -> None:
    """Print the table of what is counted, line by line."""
    inputs = named_inputs(scenario)
    sizes = sizes_of(inputs, inputs.months // 2)
    print(f"\n{'mechanism':<13}{'equation':<52}{'how often':<30}{'times':>6}  needs each time")
    for need in NEEDS:
        each, often = _listed(need.each(sizes)), need.often(sizes)
        print(f"{need.mechanism:<13}{need.what:<52}{need.formula:<30}{often:>6,.0f}  {each}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.roofline", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--scenario", default="us_exit", help='a packaged scenario, or "random" for a random world')
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of the kernel a turn")
    parser.add_argument("--turns", type=int, default=TURNS)
    asked = parser.parse_args()
    print(machine(1))
    show_needs(asked.scenario)
    show(section(measure(asked.scenario, asked.runs, asked.turns), asked.scenario))


if __name__ == "__main__":
    main()

"""How fast the kernel is, beside a plain Mesa model and plain loops over runs: `python -m benchmarks.speed`.

All are timed in one run of this program, on the same number of cores, turn by turn, so that a machine's moods fall on
all. Compiling, reading the world and starting processes are left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from typing import NamedTuple

from llvmlite.binding import get_host_cpu_features

from benchmarks.measured import Bar, Row, Section, machine, show
from benchmarks.opponents import KernelRaces, join_times, mechanism_times, reference_rates
from benchmarks.reference import named_inputs

# The least ratio, by whether the processor has registers of eight numbers.
LEAST_RATIO = {True: 450.0, False: 300.0}
MOST_COMPILING = 30.0


class Race(NamedTuple):
    """What races, and how long."""

    scenario: str = "us_exit"
    theory: str | None = None
    cores: int = os.cpu_count() or 1
    repeats: int = 5
    kernel_runs: int = 96
    reference_runs: int = 8


def race(asked: Race) -> Section:
    """Time all opponents turn by turn."""
    inputs = named_inputs(asked.scenario, asked.theory)
    months, actors = inputs.months + inputs.burn_in, len(inputs.actors)
    kernel = KernelRaces(inputs, asked.kernel_runs, asked.cores)
    kernel.rate()
    names = ("kernel", "addressed", "sequential", "started", "own", "plain")
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(asked.repeats):
        found["kernel"].append(kernel.rate())
        for chance in ("addressed", "sequential"):
            at_work, whole = reference_rates(
                asked.scenario, asked.theory, asked.reference_runs, asked.cores, chance
            )
            found[chance].append(at_work)
            if chance == "addressed":
                found["started"].append(whole)
        for name, spent in zip(
            ("own", "plain"), join_times(inputs, inputs.months // 2), strict=True
        ):
            found[name].append(spent)
    times = mechanism_times(inputs, inputs.months // 2)
    pair_months = months * actors * (actors - 1) // 2
    first = Row("first run, with all that it compiles", (compiling(),), "s of processor time")
    ratios = Row("kernel over plain Mesa", _over(found["kernel"], found["addressed"]), "times")
    rows = (
        Row(f"compiled kernel, {asked.cores} threads", tuple(found["kernel"]), "runs/s"),
        Row("a core's time for a month and pair of actors", tuple(
            asked.cores / rate / pair_months * 1e9 for rate in found["kernel"]
        ), "ns"),
        Row("plain Mesa model under batch_run, the kernel's draws", tuple(found["addressed"]), "runs/s"),
        Row("the same with the start of its processes", tuple(found["started"]), "runs/s"),
        Row("the same with draws from Mesa's own generator", tuple(found["sequential"]), "runs/s"),
        Row("join, compiled, a run and month", tuple(found["own"]), "us"),
        Row("join, as plain loops over runs, a run and month", tuple(found["plain"]), "us"),
        ratios,
        Row("join, plain loops over the kernel's own", _over(found["plain"], found["own"]), "times"),
        first,
    )  # fmt: skip
    about = (
        f"{asked.scenario}: {actors} actors, {len(inputs.theatres)} theatres, {len(inputs.geography.convenes)} venues, "
        f"{months} months a run; {asked.repeats} repeats, interleaved, {asked.cores} cores for every opponent."
    )
    notes = (
        "one month of one run, us: "
        + ", ".join(f"{name} {spent:.1f}" for name, spent in times.items()),
        f"costliest mechanism: {max(times, key=lambda name: times[name])}",
        f"ratio of each repeat: {', '.join(f'{ratio:.1f}' for ratio in ratios.values)}",
        f"ratio: {ratios.median:.1f}",
    )
    bars = (
        Bar(
            "kernel over plain Mesa",
            ratios.median,
            unit="times",
            least=LEAST_RATIO[wide_registers()],
        ),
        Bar("first run, with all that it compiles", first.median, MOST_COMPILING, "s"),
    )
    return Section("Kernel", about, rows, bars, notes)


def wide_registers() -> bool:
    """Whether code is made for registers of eight numbers."""
    features = os.environ.get("NUMBA_CPU_FEATURES")
    return (
        ("+avx512f" in features.split(","))
        if features
        else bool(get_host_cpu_features().get("avx512f"))
    )


def compiling() -> float:
    """Seconds of processor time of a first run in a process that finds no machine code kept."""
    program = (
        "import time\nfrom eurasia_sim import simulate\nfrom eurasia_sim.world.world import load_world\n"
        "world = load_world()\nbegan = time.process_time()\nsimulate('us_exit', world=world)\n"
        "print(time.process_time() - began)"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        command = [sys.executable, "-c", program]
        told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(told.stdout)


def _over(above: list[float], below: list[float]) -> tuple[float, ...]:
    """Ratios repeat by repeat."""
    return tuple(a / b for a, b in zip(above, below, strict=True))


def options() -> Race:
    """What the command line asks for."""
    usual = Race()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--scenario",
        default=usual.scenario,
        help='a packaged scenario, or "random" for a random world',
    )
    parser.add_argument("--theory", default=None, help="a preset; the scenario's own by default")
    parser.add_argument("--cores", type=int, default=usual.cores, help="cores for every opponent")
    parser.add_argument("--repeats", type=int, default=usual.repeats, help="turns of each opponent")
    parser.add_argument(
        "--kernel-runs", type=int, default=usual.kernel_runs, help="runs of the kernel a turn"
    )
    parser.add_argument(
        "--reference-runs",
        type=int,
        default=usual.reference_runs,
        help="runs of the plain model a turn",
    )
    return Race(**vars(parser.parse_args()))


if __name__ == "__main__":
    asked = options()
    print(machine(asked.cores))
    show(race(asked))

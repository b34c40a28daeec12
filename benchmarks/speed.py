"""How fast the kernel is, beside a plain Mesa model and a batched NumPy mechanism: `python -m benchmarks.speed`.

All are timed in one run of this program, on the same number of cores, turn by turn, so that a machine's moods fall on
all. Compiling, reading the world and starting processes are left out.
"""

from __future__ import annotations

import argparse
import os
from typing import NamedTuple

from benchmarks.measured import Bar, Row, Section, machine, show
from benchmarks.opponents import (
    KernelRaces,
    batched_join,
    kernel_join,
    mechanism_times,
    reference_rates,
    snapshot,
)
from benchmarks.reference import named_inputs


class Race(NamedTuple):
    """What races, and how long."""

    scenario: str = "us_exit"
    theory: str | None = None
    cores: int = os.cpu_count() or 1
    repeats: int = 5
    kernel_runs: int = 96
    reference_runs: int = 8
    batched_runs: int = 960


def race(asked: Race) -> Section:
    """Time all opponents turn by turn."""
    inputs = named_inputs(asked.scenario, asked.theory)
    months, actors = inputs.months + inputs.burn_in, len(inputs.actors)
    kernel = KernelRaces(inputs, asked.kernel_runs, asked.cores)
    kernel.rate()
    shot = snapshot(inputs, asked.batched_runs, asked.cores, inputs.months // 2)
    kernel_join(shot, asked.cores), batched_join(shot, asked.cores)
    found: dict[str, list[float]] = {
        name: [] for name in ("kernel", "addressed", "sequential", "started", "own", "numpy")
    }
    for _ in range(asked.repeats):
        found["kernel"].append(kernel.rate())
        for chance in ("addressed", "sequential"):
            at_work, whole = reference_rates(asked.scenario, asked.theory, asked.reference_runs, asked.cores, chance)
            found[chance].append(at_work)
            if chance == "addressed":
                found["started"].append(whole)
        for name, timed in (("own", kernel_join), ("numpy", batched_join)):
            found[name].append(timed(shot, asked.cores) / asked.batched_runs * 1e6)
    times = mechanism_times(inputs, inputs.months // 2)
    pair_months = months * actors * (actors - 1) // 2
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
        Row("join, NumPy batched over runs, a run and month", tuple(found["numpy"]), "us"),
        ratios,
        Row("join, compiled over NumPy", _over(found["numpy"], found["own"]), "times"),
    )  # fmt: skip
    about = (
        f"{asked.scenario}: {actors} actors, {len(inputs.theatres)} theatres, {len(inputs.geography.convenes)} venues, "
        f"{months} months a run; {asked.repeats} repeats, interleaved, {asked.cores} cores for every opponent."
    )
    notes = (
        "one month of one run, us: " + ", ".join(f"{name} {spent:.1f}" for name, spent in times.items()),
        f"costliest mechanism: {max(times, key=lambda name: times[name])}",
        f"ratio of each repeat: {', '.join(f'{ratio:.1f}' for ratio in ratios.values)}",
        f"ratio: {ratios.median:.1f}",
    )
    return Section(
        "Kernel", about, rows, (Bar("kernel over plain Mesa", ratios.median, unit="times", least=300.0),), notes
    )


def _over(above: list[float], below: list[float]) -> tuple[float, ...]:
    """Ratios repeat by repeat."""
    return tuple(a / b for a, b in zip(above, below, strict=True))


def options() -> Race:
    """What the command line asks for."""
    usual = Race()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--scenario", default=usual.scenario, help='a packaged scenario, or "random" for a random world'
    )
    parser.add_argument("--theory", default=None, help="a preset; the scenario's own by default")
    parser.add_argument("--cores", type=int, default=usual.cores, help="cores for every opponent")
    parser.add_argument("--repeats", type=int, default=usual.repeats, help="turns of each opponent")
    parser.add_argument("--kernel-runs", type=int, default=usual.kernel_runs, help="runs of the kernel a turn")
    parser.add_argument(
        "--reference-runs", type=int, default=usual.reference_runs, help="runs of the plain model a turn"
    )
    parser.add_argument("--batched-runs", type=int, default=usual.batched_runs, help="runs of the batched one a turn")
    return Race(**vars(parser.parse_args()))


if __name__ == "__main__":
    asked = options()
    print(machine(asked.cores))
    show(race(asked))

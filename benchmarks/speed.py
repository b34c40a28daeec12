"""How fast the kernel is, beside a plain Mesa model and a batched NumPy mechanism: `python -m benchmarks.speed`.

All are timed in one run of this program, on the same number of cores, turn by turn, so that a machine's moods fall on
all. Compiling, reading the world and starting processes are left out.
"""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.opponents import (
    KernelRaces,
    batched_join,
    kernel_join,
    mechanism_times,
    reference_rates,
    snapshot,
)
from benchmarks.reference import named_inputs
from eurasia_sim.compilation import model_version


def machine(cores: int) -> str:
    """The processor, the cores used of those there, and the versions that decide speed."""
    processor = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        models = [line for line in described.read_text().splitlines() if line.startswith("model name")]
        processor = models[0].partition(":")[2].strip() if models else processor
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "mesa"))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{processor}, {cores} of {os.cpu_count()} cores, load {load} before the start; {platform.system()};\n"
        f"{python}, {libraries}; model {model_version()}"
    )


def line(name: str, values: list[float], unit: str) -> str:
    """One row of the table: median, least and most."""
    return f"{name:<58}{median(values):>10.4g}{min(values):>10.4g}{max(values):>10.4g}  {unit}"


def race(options: argparse.Namespace) -> None:
    """Time all opponents turn by turn and print the table."""
    inputs = named_inputs(options.scenario, options.theory)
    months = inputs.months + inputs.burn_in
    print(machine(options.cores))
    print(
        f"{options.scenario}: {len(inputs.actors)} actors, {len(inputs.theatres)} theatres, "
        f"{len(inputs.geography.convenes)} venues, {months} months a run; {options.repeats} repeats, interleaved"
    )
    kernel = KernelRaces(inputs, options.kernel_runs, options.cores)
    kernel.rate()
    shot = snapshot(inputs, options.batched_runs, options.cores, inputs.months // 2)
    kernel_join(shot, options.cores), batched_join(shot, options.cores)
    found: dict[str, list[float]] = {
        name: [] for name in ("kernel", "addressed", "sequential", "started", "own", "numpy")
    }
    for _ in range(options.repeats):
        found["kernel"].append(kernel.rate())
        for chance in ("addressed", "sequential"):
            at_work, whole = reference_rates(
                options.scenario, options.theory, options.reference_runs, options.cores, chance
            )
            found[chance].append(at_work)
            if chance == "addressed":
                found["started"].append(whole)
        for name, timed in (("own", kernel_join), ("numpy", batched_join)):
            found[name].append(timed(shot, options.cores) / options.batched_runs * 1e6)
    show(found, options)
    times = mechanism_times(inputs, inputs.months // 2)
    print("\none month of one run, us: " + ", ".join(f"{name} {spent:.1f}" for name, spent in times.items()))
    print(f"costliest mechanism: {max(times, key=lambda name: times[name])}")
    ratios = [a / b for a, b in zip(found["kernel"], found["addressed"], strict=True)]
    print(f"ratio of each repeat: {', '.join(f'{ratio:.1f}' for ratio in ratios)}")
    print(f"ratio: {median(ratios):.1f}")


def show(found: dict[str, list[float]], options: argparse.Namespace) -> None:
    """Print the table of what was measured."""
    print(f"\n{'':<58}{'median':>10}{'least':>10}{'most':>10}")
    print(line(f"compiled kernel, {options.cores} threads", found["kernel"], "runs/s"))
    print(line("plain Mesa model under batch_run, the kernel's draws", found["addressed"], "runs/s"))
    print(line("  the same with the start of its processes", found["started"], "runs/s"))
    print(line("  the same with draws from Mesa's own generator", found["sequential"], "runs/s"))
    print(line("join, compiled, a run and month", found["own"], "us"))
    print(line("join, NumPy batched over runs, a run and month", found["numpy"], "us"))


def options() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scenario", default="us_exit", help='a packaged scenario, or "random" for a random world')
    parser.add_argument("--theory", default=None, help="a preset; the scenario's own by default")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="cores for every opponent")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each opponent")
    parser.add_argument("--kernel-runs", type=int, default=96, help="runs of the kernel a turn")
    parser.add_argument("--reference-runs", type=int, default=8, help="runs of the plain model a turn")
    parser.add_argument("--batched-runs", type=int, default=960, help="runs of the batched mechanism a turn")
    return parser.parse_args()


if __name__ == "__main__":
    race(options())

"""All benchmarks in one run, and the page that they make: `python -m benchmarks.performance`.

Writes docs/performance.md; no figure on it is typed by hand. Turns of what is compared alternate,
so that a machine's moods fall on all. Reading the world and starting processes are left out.
"""

import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple
from unittest import mock

import numpy as np
import typer
from llvmlite.binding import get_host_cpu_features
from mesa.batchrunner import batch_run

from benchmarks.reference import ReferenceModel, named_inputs, packaged_world, pair_columns
from eurasia_sim import simulate
from eurasia_sim.cli.scenario import problems_of
from eurasia_sim.compute.jit import model_version
from eurasia_sim.experiments.sweep import Work, carry_out, prepare_sweep
from eurasia_sim.simulation.ensemble import run_ensemble_draws
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws, run_seeds

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = """# Performance
<!-- written by `python -m benchmarks.performance`; edit the benchmarks, not the page -->

Every figure below was measured in one run of one program, on the machine named, and is written by
it: `python -m benchmarks.performance`. Ratios are of turns that alternate; a median comes with the
least and the most. Other work on a machine slows whatever runs at that moment, so compare ratios
rather than times, and run it yourself; `--part` measures one part alone and writes nothing.
"""
TRY = "**A try with a few runs: its figures say that the program works, and nothing else.**"
Part = Literal["kernel", "sweep", "memory", "answers"]
LIBRARIES = ("numpy", "numba", "mesa", "pyarrow", "distributed")
SCENARIO, REPLICATIONS, SEED = "us_exit", 10, 7
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi,+bmi2"}
SHORT = {
    "format": 2, "title": "A few months", "departs": "2001-12", "horizon": "2002-03",
    "levers": {"pressure": {"united_states": {"russia": 0.3}}},
}  # fmt: skip
OF_PAIR = ("joint_share", "cooperation", "competition", "colocation")
MEASURES = [f"{measure}.russia-china.central_asia" for measure in OF_PAIR]
MEASURES += ["alignment.russia.china", "benefit.russia", "burden.russia", "stability.afghanistan"]


class Row(NamedTuple):
    """A quantity measured so many times, and the least or the most that its median may be."""

    name: str
    values: list[float]
    unit: str
    least: float = -np.inf
    most: float = np.inf


class Section(NamedTuple):
    """What one benchmark found, and what was done in a sentence or two."""

    title: str
    about: str
    rows: list[Row]


def page(section: Section) -> Iterator[str]:
    """A section as lines of Markdown."""
    yield from (f"## {section.title}", section.about, "")
    yield from ("| | median | least | most | unit |", "|---|---:|---:|---:|---|")
    for name, values, unit, *_ in section.rows:
        found = " | ".join(f"{end:.4g}" for end in (median(values), min(values), max(values)))
        yield f"| {name} | {found} | {unit} |"


def bars(sections: list[Section]) -> Iterator[str]:
    """The quantities that have a bar, as lines of Markdown."""
    yield from ("| what is asked | found | asked | |", "|---|---:|---:|---|")
    for name, values, unit, least, most in (row for each in sections for row in each.rows):
        asked = f"at most {most:g}" if np.isfinite(most) else f"at least {least:g}"
        if "inf" not in asked:
            verdict = "met" if least <= median(values) <= most else "not met"
            yield f"| {name} | {median(values):.3g} {unit} | {asked} | {verdict} |"


def machine(cores: int) -> str:
    """The processor, the cores used of those there, the load, and the versions that matter."""
    described = Path("/proc/cpuinfo")
    told = described.read_text("utf-8") if described.exists() else ""
    models = re.findall(r"^model name\s*: (.+)$", told, re.MULTILINE)
    processor = (models or [platform.processor() or platform.machine()])[0]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    libraries = f"{platform.python_implementation()} {platform.python_version()}, {libraries}"
    used = f"{cores} of {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start"
    return f"{processor}, {used}; {platform.system()}; {libraries}; model {model_version()}"


def fresh(work: Callable[..., Any], environment: Mapping[str, str], *given: Any) -> Any:
    """What a function gives in a process of its own, under other variables of the environment."""
    one = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with mock.patch.dict(os.environ, environment), one as pool:
        return pool.submit(work, *given).result()


def kernel_rate(runs: int, cores: int) -> float:
    """Runs a second of the kernel, its machine code loaded; pairs' measures are kept by month."""
    inputs = named_inputs(SCENARIO)
    kept = np.arange(len(pair_columns(inputs)))
    draws = reference_draws(inputs, runs, SEED)
    run_ensemble_draws([inputs], draws.part(slice(0, 8 * cores)), workers=cores, kept=kept)
    began = time.perf_counter()
    (outcome,) = run_ensemble_draws([inputs], draws, workers=cores, kept=kept)
    if outcome.failed.any():
        raise ArithmeticError(f"a run of the kernel failed: {outcome.statuses}")
    return runs / (time.perf_counter() - began)


def plain_rate(seeds: list[int]) -> float:
    """Runs a second of the plain Mesa model under `batch_run` in one process, its world read."""
    named_inputs(SCENARIO)
    began, given = time.perf_counter(), {"scenario": SCENARIO, "seed": seeds}
    # More steps than any run has: the model itself says when it is over.
    batch_run(ReferenceModel, given, max_steps=10**6, display_progress=False)
    return len(seeds) / (time.perf_counter() - began)


def reference_rate(runs: int, cores: int) -> float:
    """The sum of what as many processes make in a second, each of its part of the runs."""
    seeds = run_seeds(SEED, runs).tolist()
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        return sum(pool.map(plain_rate, (seeds[part::cores] for part in range(cores))))


def first_run() -> float:
    """Seconds of processor time of a first run."""
    world, began = packaged_world(), time.process_time()
    simulate(SCENARIO, world=world)
    return time.process_time() - began


def in_turns(ways: Mapping[str, Callable[[], float]], turns: int) -> dict[str, list[float]]:
    """What each of some ways finds, turn by turn."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, way in ways.items():
            found[name].append(way())
    return found


def ratio(name: str, above: list[float], below: list[float], **bar: float) -> Row:
    """One way over another, turn by turn."""
    return Row(name, [a / b for a, b in zip(above, below, strict=True)], "times", **bar)


def kernel(cores: int, turns: int = 5, runs: int = 96, reference_runs: int = 8) -> Section:
    """The kernel beside a plain Mesa model; on AVX2, where the machine has more, as well."""
    is_wide = turns > 1 and bool(get_host_cpu_features().get("avx512f"))  # a try has one turn
    ways = {"kernel over plain Mesa": lambda: kernel_rate(runs, cores)}
    if is_wide:
        narrow = partial(fresh, kernel_rate, AVX2, runs, cores)
        ways["kernel over plain Mesa, code for AVX2"] = narrow
    found = in_turns({**ways, "plain": lambda: reference_rate(reference_runs, cores)}, turns)
    plain, least = found.pop("plain"), (450.0, 300.0) if is_wide else (300.0,)
    with tempfile.TemporaryDirectory() as folder:
        compiling = fresh(first_run, {"XDG_CACHE_HOME": folder} if turns > 1 else {})
    rows = [
        *(ratio(*way, plain, least=bar) for way, bar in zip(found.items(), least, strict=True)),
        Row("first run, with all that it compiles", [compiling], "s", most=30.0),
        Row(f"compiled kernel, {cores} threads", found["kernel over plain Mesa"], "runs/s"),
        Row("plain Mesa model under batch_run", plain, "runs/s"),
    ]
    inputs = named_inputs(SCENARIO)
    facts, months = inputs.facts, inputs.months + inputs.burn_in
    about = (
        f"{SCENARIO}: {facts.actors} actors, {facts.theatres} theatres, {facts.venues} venues, "
        f"{months} months a run; {turns} turns, interleaved, {cores} cores for every opponent. "
        "A first run's seconds are processor time."
    )
    return Section("Kernel", about, rows)


def swept(runs: int, cores: int, scheduler: str | None = None, *, short: bool = False) -> float:
    """Seconds that a sweep takes from its file to its manifest; of a few months, if it is short."""
    with tempfile.TemporaryDirectory(prefix="timed-") as name:
        folder = Path(name)
        few_months, file = folder / "few_months.yaml", folder / "timed.yaml"
        few_months.write_text(json.dumps(SHORT), encoding="utf-8")  # which is YAML, too
        experiment = {
            "format": 2, "kind": "sweep", "title": "Everything uncertain, timed", "seed": SEED,
            "scenarios": [str(few_months) if short else SCENARIO], "factors": {"*": "declared"},
            "design": {"kind": "latin_hypercube", "points": runs // REPLICATIONS},
            "replications": REPLICATIONS, "measures": MEASURES,
            "window": ["2002-01", "2002-03"] if short else ["2024-01", "2030-12"],
        }  # fmt: skip
        file.write_text(json.dumps(experiment), encoding="utf-8")
        began = time.perf_counter()
        prepared = prepare_sweep(file)
        ended = carry_out(prepared, folder, Work(workers=cores, scheduler=scheduler))
        if ended.failed or not ended.complete or ended.runs != runs:
            raise ArithmeticError(f"{ended.failed} of {ended.runs} runs failed")
        return time.perf_counter() - began


def bare(draws: Draws, cores: int) -> float:
    """Seconds that the kernel takes for as many runs, drawn beforehand."""
    world, began = packaged_world(), time.perf_counter()
    window = world.month("2024-01"), world.month("2030-12") + 1
    run_ensemble_draws([named_inputs(SCENARIO)], draws, workers=cores, window=window)
    return time.perf_counter() - began


def sweep(cores: int, turns: int = 3, runs: int = 10_000) -> Section:
    """A sweep beside the bare kernel and beside Dask, for as many runs on the same cores."""
    draws = range_draws(packaged_world(), named_inputs(SCENARIO), runs, SEED)
    ways = {
        "bare kernel": lambda: bare(draws, cores),
        "sweep, storage included": lambda: swept(runs, cores),
        f"sweep by Dask, local:{cores}": lambda: swept(runs, cores, f"local:{cores}"),
    }
    bare(draws.part(slice(0, 8 * cores)), cores)  # loads the machine code
    found = in_turns(ways, turns)
    alone, whole, by_dask = found.values()
    rows = [
        ratio("sweep over bare kernel", whole, alone, most=1.15),
        ratio("Dask over the pool of threads", by_dask, whole, most=1.25),
        *(Row(*seconds, "s") for seconds in found.items()),
    ]
    about = (
        f"{runs:,} runs of {SCENARIO}: {runs // REPLICATIONS:,} points over everything uncertain, "
        f"{REPLICATIONS} replications each, 8 measures kept; {turns} turns, interleaved. The bare "
        "kernel makes as many runs over the same ranges, drawn beforehand, and keeps their means."
    )
    return Section("Sweep over kernel", about, rows)


def peak(runs: int, cores: int) -> float:
    """The most bytes that this process has held, by Linux's count, once a short sweep is over."""
    swept(runs, cores, short=True)
    own = Path("/proc/self/status").read_text("utf-8")
    return float(own.partition("VmHWM:")[2].split()[0]) * 1024


def memory(cores: int, few: int = 1_000, many: int = 100_000) -> Section:
    """The most memory that a sweep of many runs takes, beside one of few."""
    least, most = (fresh(peak, {}, runs, cores) / 1e6 for runs in (few, many))
    rows = [Row("growth of memory", [most - least], "MB", most=60.0)]
    rows += [Row(f"{few:,} runs", [least], "MB"), Row(f"{many:,} runs", [most], "MB")]
    about = "Largest resident memory of a fresh process that carries out the sweep above, its runs "
    return Section("Memory", f"{about}cut to the burn-in and a few months.", rows)


def answers(cores: int, turns: int = 5, points: int = 100_000) -> Section:
    """How soon `check` answers, for what is long or full of mistakes, and how soon a sweep ends."""
    files = {
        "check of a sweep, table of points": "scenarios: [us_exit]\nmeasures: [alignment]\n"
        "design: {kind: table, file: points.csv}\nkind: sweep\n",
        "check of a scenario, 6,000 unknown actors": "levers:\n  revisionism:\n"
        + "".join(f"    russian{n}: 1\n" for n in range(6000)),
    }

    def answered(text: str) -> float:
        file = Path(name, "long.yaml")
        file.write_text(f"format: 2\ntitle: A long file\n{text}", encoding="utf-8")
        began = time.process_time()
        found = problems_of(str(file), packaged_world())
        if bool(found) != ("russian" in text):
            raise ArithmeticError(f"{len(found)} problems of {text[:40]}")
        return time.process_time() - began

    with tempfile.TemporaryDirectory(prefix="timed-") as name:
        values = "\n".join(str(n / 1e7) for n in range(points))
        Path(name, "points.csv").write_text(f"growth.russia\n{values}", encoding="utf-8")
        ways = {what: partial(answered, text) for what, text in files.items()}
        rows = [Row(*found, "s", most=1.0) for found in in_turns(ways, turns).items()]
        ends = [interrupted(name, cores)]
    rows.append(Row("end of a sweep, from Ctrl-C on", ends, "s", most=0.5))
    about = (
        f"The table has {points:,} points. Seconds of `check` are processor time, its world read. "
        "The sweep ends by the clock, its finished parts kept."
    )
    return Section("Answers", about, rows)


def interrupted(folder: str, cores: int) -> float:
    """Seconds from Ctrl-C to the end of a sweep's process, sent once it has written a part."""
    words = ["sweep", "all_uncertainties", "--workers", str(cores), "--out", folder]
    child = subprocess.Popen([sys.executable, "-m", "eurasia_sim", *words], stderr=subprocess.PIPE)
    while child.poll() is None and not list(Path(folder).glob("*/parts/0*.parquet")):
        time.sleep(0.02)
    began = time.perf_counter()
    child.send_signal(signal.SIGINT)
    words = child.communicate()[1]
    if child.returncode != 1:
        raise ArithmeticError(f"the sweep did not end by Ctrl-C: {words!r}")
    return time.perf_counter() - began


# Name -> what measures it, and what makes it a try with few runs.
PARTS: dict[Part, tuple[Callable[..., Section], dict[str, Any]]] = {
    "kernel": (kernel, {"turns": 1, "runs": 8, "reference_runs": 2}),
    "sweep": (sweep, {"turns": 1, "runs": 80}),
    "memory": (memory, {"few": 200, "many": 400}),
    "answers": (answers, {"turns": 1, "points": 100}),
}


def main(
    part: Part | None = None, quick: bool = False, cores: int = os.cpu_count() or 1,
    out: Path = PAGE,
) -> None:  # fmt: skip
    """Measure, print, and write the page: all, or one part and no page; `quick` is a try."""
    began, on = time.monotonic(), machine(cores)
    print(on)
    sections = []
    for measure, few in PARTS.values() if part is None else [PARTS[part]]:
        sections.append(measure(cores, **(few if quick else {})))
        print("", *page(sections[-1]), sep="\n")
    summary = [TRY] if quick else list(bars(sections))
    print("", *summary, sep="\n")
    if part is None:
        minutes = (time.monotonic() - began) / 60
        when = f"{datetime.now(UTC):%Y-%m-%d}: {on}; {minutes:.0f} minutes in all."
        lines = [HEAD, when, "", *summary]
        lines += [line for section in sections for line in ("", *page(section))]
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)

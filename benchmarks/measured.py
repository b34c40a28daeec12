"""Measurements as data: a spread over turns, a row of a table, a bar, and what they were taken on."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from eurasia_sim.compute.jit import model_version

LIBRARIES = ("numpy", "numba", "mesa", "pyarrow", "distributed", "ema_workbench")


class Row(NamedTuple):
    """A quantity measured so many times."""

    name: str
    values: tuple[float, ...]
    unit: str

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)


class Bar(NamedTuple):
    """What is asked of a quantity, and what was found."""

    name: str
    found: float
    most: float = math.inf
    unit: str = ""
    least: float = -math.inf

    @property
    def is_met(self) -> bool:
        """Whether what was found lies where it should."""
        return self.least <= self.found <= self.most

    @property
    def asked(self) -> str:
        """Where it should lie."""
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"at least {self.least:g}{unit}"
            if self.most == math.inf
            else f"at most {self.most:g}{unit}"
        )


class Section(NamedTuple):
    """What one benchmark found."""

    title: str
    about: str  # what was done, in a sentence or two
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...] = ()
    notes: tuple[str, ...] = ()


def show(section: Section) -> None:
    """Print a section as plain text."""
    print(f"\n{section.title}\n{section.about}")
    width = max((len(row.name) for row in section.rows), default=0) + 2
    if section.rows:
        print(f"{'':<{width}}{'median':>10}{'least':>10}{'most':>10}")
    for row in section.rows:
        print(
            f"{row.name:<{width}}{row.median:>10.4g}{min(row.values):>10.4g}{max(row.values):>10.4g}  {row.unit}"
        )
    for note in section.notes:
        print(note)
    for bar in section.bars:
        print(told(bar))


def told(bar: Bar) -> str:
    """A bar and whether it is met, in a line."""
    unit = f" {bar.unit}" if bar.unit else ""
    return f"{bar.name}: {bar.found:.3g}{unit}, {bar.asked}: {'met' if bar.is_met else 'not met'}"


def page(section: Section) -> Iterable[str]:
    """A section as lines of Markdown."""
    yield from (f"## {section.title}", section.about, "")
    if section.rows:
        yield from ("| | median | least | most | unit |", "|---|---:|---:|---:|---|")
    for row in section.rows:
        yield f"| {row.name} | {row.median:.4g} | {min(row.values):.4g} | {max(row.values):.4g} | {row.unit} |"
    yield from (
        "",
        *(f"- {note}" for note in section.notes),
        *(f"- **{told(bar)}**" for bar in section.bars),
        "",
    )


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The power of a size that a cost goes by: the slope of a line through their logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def machine(cores: int) -> str:
    """The processor, the cores used of those there, the load, and the versions that decide speed."""
    processor = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        models = [
            line for line in described.read_text().splitlines() if line.startswith("model name")
        ]
        processor = models[0].partition(":")[2].strip() if models else processor
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{processor}, {cores} of {os.cpu_count()} cores, load {load} before the start; {platform.system()};\n"
        f"{python}, {libraries}; model {model_version()}"
    )

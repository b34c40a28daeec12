"""Measurements as data: a quantity over turns, the bar it should meet, and the machine."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

from eurasia_sim.compute.jit import model_version

LIBRARIES = ("numpy", "numba", "mesa", "pyarrow", "distributed")


class Row(NamedTuple):
    """A quantity measured so many times, and where its median should lie."""

    name: str
    values: tuple[float, ...]
    unit: str = ""
    least: float = -math.inf
    most: float = math.inf

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)

    @property
    def bar(self) -> str:
        """Where the median should lie; empty where anywhere will do."""
        ends = {"at least": self.least, "at most": self.most}
        return " and ".join(f"{word} {end:g}" for word, end in ends.items() if math.isfinite(end))

    @property
    def is_met(self) -> bool:
        """Whether the median lies where it should."""
        return self.least <= self.median <= self.most


class Section(NamedTuple):
    """What one benchmark found."""

    title: str
    about: str  # what was done, in a sentence or two
    rows: tuple[Row, ...]


def page(section: Section) -> Iterator[str]:
    """A section as lines of Markdown."""
    yield from (f"## {section.title}", section.about, "")
    yield from ("| | median | least | most | unit |", "|---|---:|---:|---:|---|")
    for row in section.rows:
        ends = f"{min(row.values):.4g} | {max(row.values):.4g}"
        yield f"| {row.name} | {row.median:.4g} | {ends} | {row.unit} |"


def bars(sections: list[Section]) -> Iterator[str]:
    """The quantities that have a bar, as lines of Markdown."""
    yield from ("| what is asked | found | asked | |", "|---|---:|---:|---|")
    for row in (row for section in sections for row in section.rows if row.bar):
        found, verdict = f"{row.median:.3g} {row.unit}".rstrip(), "met" if row.is_met else "not met"
        yield f"| {row.name} | {found} | {row.bar} | {verdict} |"


def machine(cores: int) -> str:
    """The processor, the cores used of those there, the load, and the versions that matter."""
    processor = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        lines = described.read_text(encoding="utf-8").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        processor = next(iter(models), processor)
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{processor}, {cores} of {os.cpu_count()} cores, load {load} before the start; "
        f"{platform.system()}; {python}, {libraries}; model {model_version()}"
    )

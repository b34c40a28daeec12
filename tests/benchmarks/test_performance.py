"""The benchmarks work at a small size, what they find is data, and the page of it is written whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.alone import alone
from benchmarks.measured import Bar, Row, Section, exponent, page
from benchmarks.timed import Bare, scratch, swept_short, timed_sweep

from eurasia_sim.experiments.sweep import Work, carry_out
from eurasia_sim.simulation.results import load_results


def test_an_exponent_is_the_slope_of_the_logarithms():
    assert exponent([1, 10, 100], [3.0, 300.0, 30_000.0]) == pytest.approx(2.0)


def test_a_section_is_told_whole():
    section = Section(
        "A title",
        "About it.",
        (Row("speed", (3.0, 1.0, 2.0), "runs/s"),),
        (Bar("cost", 2.0, 1.5),),
        ("so",),
    )
    lines = list(page(section))
    assert "| speed | 2 | 1 | 3 | runs/s |" in lines
    assert "- **cost: 2, at most 1.5: not met**" in lines
    assert "- so" in lines


def test_the_bare_kernel_makes_the_runs_of_the_sweep():
    with scratch() as folder:
        prepared = timed_sweep(folder, 20, short=True)
        bare = Bare.of(prepared)
        runs = load_results(carry_out(prepared, folder, Work(workers=1)).folder)
    made = np.concatenate([draws.seeds for _, draws in bare.calls])
    np.testing.assert_array_equal(made, runs["seed"])
    habits = np.concatenate([draws.rules["habit"] for _, draws in bare.calls])
    np.testing.assert_array_equal(habits, runs["x.rules.allocation.habit"])
    assert bare.spent(1).processor > 0.0


@pytest.mark.slow
def test_memory_is_that_of_the_process_watched():
    found = alone(swept_short, runs=20, cores=1)
    assert found.result > 0.0
    assert 5e7 < found.peak <= found.peak_of_all < 2e9
    with pytest.raises(RuntimeError, match="swept_short failed"):
        alone(swept_short, runs=0, cores=1)


@pytest.mark.slow
def test_the_page_is_written(repository: Path, tmp_path: Path):
    written = tmp_path / "performance.md"
    command = [sys.executable, "-m", "benchmarks.performance", "--quick", "--out", str(written)]
    done = subprocess.run(
        command, cwd=repository, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr
    assert "ratio: " in done.stdout
    text = written.read_text(encoding="utf-8")
    titles = ("Kernel", "Sweep over kernel", "Memory", "Growth", "on paper", "Beside other tools")
    assert all(title in text for title in titles)
    assert "sweep over bare kernel" in text
    assert "A try" in text
    assert "met" not in [cell.strip() for cell in text.split("|")]

"""The benchmarks work at a small size, what they find is data, and the page of it is whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.fresh import fresh
from benchmarks.given import begun, random_inputs
from benchmarks.measured import Row, Section, bars, page
from benchmarks.plain import PlainJoin
from benchmarks.sweeps import Bare, timed_sweep

from eurasia_sim.experiments.sweep import Work, carry_out
from eurasia_sim.kernel import month
from eurasia_sim.simulation.results import load_results


def test_a_section_is_written_whole_and_its_bars_as_a_table():
    rows = (Row("speed", (3.0, 1.0, 2.0), "runs/s", least=2.0), Row("cost", (2.0,), most=1.5))
    section = Section("A title", "About it.", (*rows, Row("size", (1.0,), "MB")))
    assert "| speed | 2 | 1 | 3 | runs/s |" in list(page(section))
    assert list(bars([section]))[2:] == [
        "| speed | 2 runs/s | at least 2 | met |",
        "| cost | 2 | at most 1.5 | not met |",
    ]


def test_the_bare_kernel_makes_the_runs_of_the_sweep(tmp_path: Path):
    prepared = timed_sweep(tmp_path, 20, short=True)
    bare = Bare.of(prepared)
    runs = load_results(carry_out(prepared, tmp_path, Work(workers=1)).folder)
    made = np.concatenate([draws.seeds for _, draws in bare.calls])
    np.testing.assert_array_equal(made, runs["seed"])
    habits = np.concatenate([draws.rules["habit"] for _, draws in bare.calls])
    np.testing.assert_array_equal(habits, runs["x.rules.allocation.habit"])
    assert bare.spent(1).processor > 0.0


def test_plain_joint_work_is_the_kernels():
    inputs = random_inputs(0, months=30, burn_in=2)
    workspace = begun(inputs, 3, 8)
    workspace.set_month(inputs.levers, 24)
    for number in range(3):
        month.decide(workspace.blocks, number)
        plain = PlainJoin(workspace)
        plain(1)
        month.resolve(workspace.blocks, number)
        for name in ("joint", "rivalry", "partnership"):
            own = np.asarray(getattr(workspace.state, name))
            np.testing.assert_allclose(plain.written[name], own, rtol=0, atol=1e-12, err_msg=name)


def test_a_fresh_process_has_its_own_environment_and_says_why_it_failed():
    result, peak = fresh(os.getenv, {"GREETING": "hello"}, key="GREETING")
    assert result == "hello"
    assert 1e6 < peak < 2e9
    with pytest.raises(RuntimeError, match=r"getenv failed: [\s\S]*TypeError"):
        fresh(os.getenv, word="GREETING")


@pytest.mark.slow
def test_the_page_is_written(repository: Path, tmp_path: Path):
    written = tmp_path / "performance.md"
    command = [sys.executable, "-m", "benchmarks.performance", "--quick", "--out", str(written)]
    subprocess.run(command, cwd=repository, check=True, timeout=900)
    text = written.read_text(encoding="utf-8")
    assert all(f"## {title}\n" in text for title in ("Kernel", "Sweep over kernel", "Memory"))
    assert "| sweep over bare kernel | " in text
    assert "A try" in text
    assert "met" not in [cell.strip() for cell in text.split("|")]

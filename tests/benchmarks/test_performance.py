"""The benchmarks work at a small size, what they find is data, and the page of it is whole."""

import os
import subprocess
import sys

import pytest
from benchmarks.performance import Row, Section, bars, fresh, page


def test_a_section_is_written_whole_and_its_bars_as_a_table():
    rows = [Row("speed", [3.0, 1.0, 2.0], "runs/s", least=2.0), Row("cost", [2.0], "s", most=1.5)]
    section = Section("A title", "About it.", [*rows, Row("size", [1.0], "MB")])
    assert "| speed | 2 | 1 | 3 | runs/s |" in list(page(section))
    assert list(bars([section]))[2:] == [
        "| speed | 2 runs/s | at least 2 | met |",
        "| cost | 2 s | at most 1.5 | not met |",
    ]


def test_a_fresh_process_has_its_own_environment_and_raises_what_failed():
    assert fresh(os.getenv, {"GREETING": "hello"}, "GREETING") == "hello"
    assert "GREETING" not in os.environ
    assert fresh(os.getpid, {}) != os.getpid()
    with pytest.raises(TypeError):
        fresh(os.getenv, {}, 3)


@pytest.mark.slow
def test_the_page_is_written(repository, tmp_path):
    written = tmp_path / "performance.md"
    command = [sys.executable, "-m", "benchmarks.performance", "--quick", "--out", str(written)]
    subprocess.run(command, cwd=repository, check=True, timeout=900)
    text = written.read_text(encoding="utf-8")
    assert all(
        f"## {title}\n" in text for title in ("Kernel", "Sweep over kernel", "Memory", "Answers")
    )
    assert "| sweep over bare kernel | " in text
    assert "A try" in text
    assert "met" not in [cell.strip() for cell in text.split("|")]

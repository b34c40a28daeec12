"""The same bytes from machine code for a processor with small registers and no fused sums."""

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib
from eurasia_sim import simulate
print(hashlib.sha256(simulate("us_exit", seed=11).to_numpy().tobytes()).hexdigest())
"""


def digest(**environment: str) -> str:
    given = {**os.environ, **environment}
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=given, check=True, capture_output=True, text=True
    )
    return told.stdout


@pytest.mark.slow
@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="names a processor of that family"
)
def test_a_processor_of_2009_gives_the_same_bytes():
    assert digest(NUMBA_CPU_NAME="x86-64-v2", NUMBA_CPU_FEATURES="") == digest()

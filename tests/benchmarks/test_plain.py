"""Joint work as plain loops over runs is what the kernel's own gives, and runs are shared out whole."""

from __future__ import annotations

import numpy as np
from benchmarks.given import begun, random_inputs
from benchmarks.opponents import shares
from benchmarks.plain import PlainJoin

from eurasia_sim.kernel import month


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


def test_chunks_hold_every_run_once():
    assert [list(range(10))[part] for part in shares(10, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]

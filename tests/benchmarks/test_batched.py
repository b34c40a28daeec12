"""The NumPy mechanism batched over runs gives what the kernel's own gives run by run."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import batched
from benchmarks.given import random_inputs
from benchmarks.opponents import join_runs, shares, snapshot

from eurasia_sim import layout


@pytest.mark.parametrize("world", [0, 1])
def test_batched_joint_work_is_the_kernels(world, monkeypatch):
    monkeypatch.setattr(batched, "BLOCK", 5)
    inputs = random_inputs(world, months=30, burn_in=2)
    shot = snapshot(inputs, 13, 1, 24)
    random = np.random.default_rng(world)
    for name in ("relative_gains", "joint_trust", "joint_reluctance", "joint_gain", "joint_danger", "joint_venues"):
        shot.rules[name] = random.random(len(shot.rules))
    found = batched.join(**shot.stacked, venues=shot.month.venues, least=shot.month.jointness.ravel(), rules=shot.rules)
    scopes = len(shot.constants.scopes)
    join_runs(shot.memories, shot.rules, *shot.sizes, scopes, shot.constants.row, shot.month.row, 1)
    for r, row in enumerate(shot.memories):
        state = layout.unpack_state.py_func(row, *shot.sizes)
        np.testing.assert_allclose(found.joint[r], state.joint.reshape(found.joint[r].shape), rtol=0, atol=1e-10)
        np.testing.assert_allclose(found.rivalry[r], state.rivalry, rtol=0, atol=1e-10)
        np.testing.assert_allclose(found.partnership[r], state.partnership, rtol=0, atol=1e-10)


def test_chunks_hold_every_run_once():
    assert [list(range(10))[part] for part in shares(10, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]

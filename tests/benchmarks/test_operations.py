"""What the roofline counts is what the equations say: by hand on a world of two, and by the plain model's own calls."""

from __future__ import annotations

import math
from collections import Counter
from types import SimpleNamespace

import pytest
from benchmarks import actor, chance, reference, theatre
from benchmarks.operations import Counts, Sizes, needed, sizes_of
from benchmarks.reference import ReferenceModel, named_inputs

# Two actors meet in one theatre that the first rules and nobody contests, and both belong to the one venue it convenes.
TWO = Sizes(actors=2, theatres=1, venues=1, pairs=1, counted=1, scopes=1, posts=0, ruled=1, contested=0, conveners=1,
            seats=2, hosts=1)  # fmt: skip


def test_two_actors_in_one_theatre_by_hand():
    found = needed(TWO)
    # Each sees the other's intent; two quotients each, and one of the two powers, whose rest the other is.
    assert (found["perception"].exps, found["perception"].divisions) == (2, 2 * 2 + 1)
    # Each fears the other and what spills over: four roots. One quarrel, one hash. Two hyperbolic tangents.
    assert found["alignment"][:5] == Counts(logs=1, exps=2, hashes=1, divisions=1 + 2, roots=4)[:5]
    # Six cells, two logarithms each, and a budget each; two addresses, a word a domain.
    assert (found["allocation"].logs, found["allocation"].exps, found["allocation"].hashes) == (6 * 2 + 2, 6 + 2, 2)
    # One pair in three cells, and two seats; share and willingness are quotients, as are its budgets and each's seats.
    assert (found["cooperation"].exps, found["cooperation"].divisions) == (3 + 2, 3 * 2 + 1 + 2)
    # Each strength in each cell is a power; a sum a cell and an access an actor are divided by.
    assert found["contest"][:4] == Counts(logs=6, exps=6, divisions=3 + 2)[:4]
    assert found["recognition"] == Counts()


def test_meetings_are_counted_once():
    assert TWO.meetings == 1
    assert TWO.views == 2
    more = TWO._replace(actors=4)
    assert needed(more)["cooperation"].exps - needed(TWO)["cooperation"].exps == 3 * (6 - 1)


@pytest.fixture
def calls(monkeypatch):
    """How often the plain model has called each function of mathematics, and asked for an address."""
    found: Counter[str] = Counter()

    def watched(name, function):
        def call(*given):
            found[name] += 1
            return function(*given)

        return call

    for module in (actor, reference, theatre):
        for name in ("exp", "log", "sqrt", "tanh"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, watched(name, getattr(module, name)))
    monkeypatch.setattr(chance, "math", SimpleNamespace(log=watched("log", math.log)))
    monkeypatch.setattr(chance, "philox", watched("hash", chance.philox))
    return found


def test_the_plain_model_calls_as_often_as_is_counted(calls):
    inputs = named_inputs("us_exit")
    month = inputs.months // 2
    model = ReferenceModel.from_world(inputs, seed=7, t=month)
    model.month = model.levers.at(month)
    counts = needed(sizes_of(inputs, month))
    done = {}
    for phase in ("perceive", "align", "allocate", "cooperate"):
        calls.clear()
        getattr(model, phase)()
        done[phase] = Counter(calls)
    assert done["perceive"]["exp"] == counts["perception"].exps
    assert done["align"]["tanh"] == counts["alignment"].exps
    assert done["align"]["log"] == done["align"]["hash"] == counts["alignment"].logs == counts["alignment"].hashes
    # The plain model takes the root of what an actor fears of itself too, which is nothing.
    assert done["align"]["sqrt"] == counts["alignment"].roots + len(inputs.actors)
    assert done["allocate"]["hash"] == counts["allocation"].hashes
    assert done["allocate"]["exp"] == counts["allocation"].exps
    assert done["allocate"]["log"] == counts["allocation"].logs
    calls.clear()
    model.convene()
    assert done["cooperate"]["exp"] + calls["exp"] == counts["cooperation"].exps

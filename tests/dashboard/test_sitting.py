"""A run lived month by month, its events, and an actor decided for by hand."""

from __future__ import annotations

import pytest

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.sitting import Sitting
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.mesa_model import PolicyError
from eurasia_sim.simulation.parameter_draws import run_seeds


def sat(name: str = "us_stays") -> Sitting:
    return Sitting(served.world(), served.scenarios()[name], None, 7)


def test_a_run_begins_in_the_month_before_it_leaves_the_record():
    sitting = sat()
    assert sitting.model.month == sitting.model.scenario.departs
    assert not sitting.has_departed
    sitting.live()
    assert sitting.has_departed


def test_it_lives_to_the_end_and_no_further():
    sitting = sat()
    left = sitting.model.inputs.months - sitting.model.month
    assert sitting.live(10_000) == left
    assert sitting.is_over
    assert sitting.live() == 0


def test_its_events_are_those_of_the_event_log():
    sitting = sat()
    sitting.live(10_000)
    world, scenario = served.world(), served.scenarios()["us_stays"]
    told, status = event_log(world, prepare(world, scenario), int(run_seeds(7, 1)[0]))
    assert status == "ok"
    assert [tuple(event) for event in sitting.events] == list(told.itertuples(index=False, name=None))


def test_shares_by_hand_are_what_is_spent_until_the_rule_decides_again():
    sitting = sat()
    actor, place = next(iter(served.world().actors)), (next(iter(served.world().theatres)), "economic")
    sitting.decide(actor, {place: 0.5})
    sitting.live()
    spent = sitting.model.actor(actor).shares()
    assert spent[place] == pytest.approx(0.5)
    assert sum(spent.values()) == pytest.approx(0.5)
    sitting.decide(actor, None)
    sitting.live()
    assert sitting.model.actor(actor).shares()[place] != pytest.approx(0.5)


def test_what_cannot_be_spent_is_refused_before_a_month_is_lived():
    sitting = sat()
    actor, theatre = next(iter(served.world().actors)), next(iter(served.world().theatres))
    with pytest.raises(PolicyError, match="together they are at most 1"):
        sitting.decide(actor, {(theatre, "economic"): 0.7, (theatre, "security"): 0.7})
    with pytest.raises(DataError, match="is no actor"):
        sitting.decide("nobody", {})
    assert sitting.by_hand == {}
    assert sitting.model.policies == {}


def test_two_sittings_share_nothing():
    one, other = sat(), sat()
    before = other.model.row.tobytes()
    one.live(5)
    assert other.model.row.tobytes() == before
    other.live(5)
    assert other.model.row.tobytes() == one.model.row.tobytes()

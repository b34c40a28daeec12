"""A visitor's question names what is offered, and a run is played as the model runs."""

import pytest

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.session import Question, Session, complaints
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.mesa_model import PolicyError
from eurasia_sim.simulation.parameter_draws import run_seeds


def test_a_visitor_meets_first_the_scenario_that_most_others_start_from():
    parents = [scenario.extends for scenario in shared.scenarios().values()]
    assert parents.count(shared.first_scenario()) == max(map(parents.count, shared.scenarios()))


def test_two_names_of_one_title_are_told_apart():
    known = {"a": "One", "b": "One", "c": "Two"}
    assert shared.apart(known) == {"a": "One (a)", "b": "One (b)", "c": "Two"}


@pytest.mark.parametrize("name", ["us_exitt", "../us_exit", "/etc/passwd", "us_exit.yaml", ""])
def test_everything_that_is_wrong_is_said_at_once_and_a_path_is_no_scenario(name):
    settings = tuple(f"a{at}=1" for at in range(61))
    with pytest.raises(DataError) as caught:
        Question(name, "realisme", settings, seed=-1).resolved()
    reasons = ("is no scenario", "is no theory", "seed -1 is out of range", "settings are too many")
    assert [reason for reason in reasons if reason not in complaints(caught.value)] == []


def test_a_later_setting_of_a_path_takes_the_place_of_the_earlier():
    question = Question("us_exit").with_setting("a.b", "1").with_setting("c", "2")
    question = question.with_setting("a.b", "3")
    assert question.settings == ("c=2", "a.b=3")
    assert question.without("c=2").settings == ("a.b=3",)


def test_adjustable_numbers_may_take_both_ends_of_their_range():
    numbers, question = list(shared.adjustable().values()), Question(shared.first_scenario())
    assert len(numbers) > 100
    ends = {}
    for number in numbers[:: len(numbers) // 40]:
        ends[number.path] = number.high if len(ends) % 2 else number.low
        question = question.with_setting(number.path, f"{ends[number.path]:.17g}")
    fixed = question.resolved().fixed
    assert {path: fixed[path] for path in ends} == ends


@pytest.fixture
def session():
    return Session(shared.scenarios()["us_stays"], None, 7)


def test_a_run_goes_from_the_month_of_departure_to_the_end_with_the_events_of_the_log(session):
    scenario = shared.scenarios()["us_stays"]
    assert session.model.month == scenario.departs
    assert session.advance() == 1
    left = session.model.inputs.months - session.model.month
    assert session.advance(10_000) == left
    assert session.is_over
    assert session.advance() == 0
    inputs = prepare(shared.world(), scenario)
    events, status = event_log(shared.world(), inputs, int(run_seeds(7, 1)[0]))
    assert status == "ok"
    expected = list(events.itertuples(index=False, name=None))
    assert [tuple(event) for event in session.events] == expected


def test_shares_by_hand_are_spent_until_the_rule_decides_again_and_at_most_the_whole(
    session,
):
    actor, theatre = next(iter(session.world.actors)), next(iter(session.world.theatres))
    place = (theatre, "economic")
    with pytest.raises(PolicyError, match="together they are at most 1"):
        session.decide(actor, {place: 0.7, (theatre, "security"): 0.7})
    with pytest.raises(DataError, match="is no actor"):
        session.decide("nobody", {})
    assert session.by_hand == session.model.policies == {}
    session.decide(actor, {place: 0.5})
    session.advance()
    spent = session.model.actor(actor).shares()
    assert (spent[place], sum(spent.values())) == pytest.approx((0.5, 0.5))
    session.decide(actor, None)
    session.advance()
    assert session.model.actor(actor).shares()[place] != pytest.approx(0.5)


def test_two_sessions_share_nothing(session):
    other = Session(shared.scenarios()["us_stays"], None, 7)
    before = other.model.row.tobytes()
    session.advance(5)
    assert other.model.row.tobytes() == before
    other.advance(5)
    assert other.model.row.tobytes() == session.model.row.tobytes()

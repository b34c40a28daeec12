"""What a visitor may ask: names that are offered, values within their bounds, and never a path."""

from __future__ import annotations

import pytest

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.question import Question, adjustable, complaints, resolved
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import InputProblems


def asked(question: Question):
    return resolved(served.world(), served.scenarios(), question)


def test_a_visitor_meets_first_the_scenario_that_most_others_start_from():
    parents = [scenario.extends for scenario in served.scenarios().values()]
    assert parents.count(served.first_scenario()) == max(
        parents.count(name) for name in served.scenarios()
    )


@pytest.mark.parametrize(
    "name", ["scenarios/us_exit.yaml", "../us_exit", "/etc/passwd", "us_exit.yaml", ""]
)
def test_a_path_is_no_scenario(name):
    with pytest.raises(DataError, match="is no scenario"):
        asked(Question(name))


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(DataError) as caught:
        asked(Question("us_exitt", "realisme", seed=-1))
    said = complaints(caught.value)
    assert [part in said for part in ("us_exit", "is no theory", "seed -1 is out of range")] == [
        True
    ] * 3


def test_a_later_setting_of_a_path_takes_the_place_of_the_earlier():
    question = (
        Question("us_exit").with_setting("a.b", "1").with_setting("c", "2").with_setting("a.b", "3")
    )
    assert question.settings == ("c=2", "a.b=3")
    assert question.without("c=2").settings == ("a.b=3",)


def test_every_adjustable_number_may_take_both_ends_of_its_range():
    world, first = served.world(), served.first_scenario()
    numbers = adjustable(world)
    assert len(numbers) > 100
    for number in numbers[:: len(numbers) // 20]:
        for value in (number.low, number.high):
            assert (
                asked(Question(first).with_setting(number.path, f"{value:.17g}")).fixed[number.path]
                == value
            )
    beyond = Question(first).with_setting(numbers[0].path, f"{numbers[0].high * 2 + 1:.17g}")
    with pytest.raises(InputProblems, match="out of range"):
        asked(beyond)


def test_too_many_settings_are_refused():
    question = Question(served.first_scenario(), settings=tuple(f"a{at}=1" for at in range(61)))
    with pytest.raises(DataError, match="too many"):
        asked(question)

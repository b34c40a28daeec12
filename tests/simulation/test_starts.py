"""A later start: the world as it stood at a month of the record, from what was known then."""

from dataclasses import replace

import numpy as np
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.filter import opening
from eurasia_sim.observations.loader import load_observations
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.simulation import family as starts
from eurasia_sim.simulation.ensemble import simulate, stepped
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import by_documents, fit_beside, range_draws
from eurasia_sim.world.world import load_world

START = "2012-01"


@pytest.fixture(scope="module")
def later(world):
    return starts.starting(world, START)


def settled(world):
    """Every array of a run of the record when it has settled at month 0, and the power it knows."""
    inputs = prepare(world, as_recorded(world))
    workspace = next(workspace for t, workspace in stepped(world, inputs, 7) if t == -1)
    return {name: np.array(values) for name, values in workspace.state[0].items()}


def test_what_was_lived_and_recorded_stands_at_the_start(world, later):
    state, coded = settled(later), later.coded(later.coded_row())
    np.testing.assert_allclose(state["influence"], coded.initial_influence, atol=1e-12)
    k = list(world.theatres).index("afghanistan")
    roles = [later.theatres["afghanistan"].ruler, later.theatres["afghanistan"].challenger]
    assert roles == ["afghan_republic", "taliban"]
    for stock in ("fighters", "strength", "control", "militants", "narcotics"):
        lived = state["ruler_strength" if stock == "strength" else stock][k]
        assert lived == later.numbers[f"theatres.afghanistan.initial_{stock}"].value
    # The crop went as its area did: from .03 at 8,000 hectares to the mean of 2009 to 2011.
    assert state["narcotics"][k] == pytest.approx(0.03 * (123 * 123 * 131) ** (1 / 3) / 8)
    trade = load_observations(world)["trade_ratio"].until(2011)
    values = trade.values[next(at for at, unit in enumerate(trade.units) if "kazakhstan" in unit)]
    change = np.nanmean(values[-3:]) - values[np.isfinite(values)][0]
    paths = [f"theatres.kazakhstan.initial_influence.{i}.economic" for i in ("china", "russia")]
    now, then = (np.log([of.numbers[path].value for path in paths]) for of in (later, world))
    assert (now[0] - now[1]) - (then[0] - then[1]) == pytest.approx(change)


def test_nothing_dated_after_the_start_enters_it(world, later, monkeypatch):
    at, told = later.start - world.start, load_observations(world).items()
    own, seen = settled(later), opening(later)
    hindsight = {x: replace(own, values=own.values + 9.0 * (own.years >= 2012)) for x, own in told}
    for module in ("simulation.family", "observations.filter"):
        monkeypatch.setattr(f"eurasia_sim.{module}.load_observations", lambda _: hindsight)
    numbers = dict(world.numbers)
    for path, number in world.numbers.items():
        group, table, *rest = path.split(".")
        if group == "capabilities" and (table.startswith("growth") or int(rest[1]) >= 2012):
            numbers[path] = replace(number, value=3.0 * number.value)
    record = {
        path: {m: v if m <= at or isinstance(v, str) else 0.3 for m, v in dated.items()}
        for path, dated in world.record.items()
    }
    venues = {}
    for name, each in world.institutions.items():
        venues[name] = replace(each, members=tuple(s for s in each.members if s.since <= at))
    known = {"numbers": numbers, "record": record, "events": {}, "institutions": venues}
    found = starts.starting(replace(world, **known, digest="other"), START)
    np.testing.assert_array_equal(found.coded_row(), later.coded_row())
    np.testing.assert_array_equal(opening(found), seen)
    for name, values in settled(found).items():
        np.testing.assert_array_equal(values, own[name], err_msg=name)
    # And what is dated before it does enter.
    earlier = replace(world, record={**world.record, "aid.china.afghanistan": {0: 50.0}}, digest="")
    moved = starts.starting(earlier, START).coded_row()
    assert not np.array_equal(moved, later.coded_row(), equal_nan=True)


def test_a_scenario_that_starts_later_has_the_same_levers_month_by_month(world, later):
    whole = load_scenario("us_exit", world)
    cut, shift = whole.starting(START), later.start - world.start
    for key in ("departs", "horizon"):
        assert cut.resolved()[key] == whole.resolved()[key]
    before, after = whole.lever_series(world), cut.lever_series(later)
    for name in ("presence", "pressure", "aid", "rule", "membership", "recognition"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name)[shift:])
    since = 6  # from the next middle of a year on, power goes by the same figures
    known = before.capability[shift + since :]
    np.testing.assert_allclose(after.capability[since:], known, rtol=1e-12)
    loaded = load_scenario("us_exit", later).lever_series(later)
    assert loaded.rows.tobytes() == after.rows.tobytes()


@pytest.mark.parametrize(
    ("name", "scenario", "start"),
    [(None, "us_exit", START), ("europe_1914", "record", "1908-01")],  # any world with a record
)
def test_a_run_lives_from_the_month_it_starts_in(name, scenario, start):
    world = load_world(name)
    lived = simulate(load_scenario(scenario, world).starting(start), world=world)
    assert str(lived.index[0]) == starts.starting(world, start).date(0) == start
    assert lived.notna().all(axis=None)


def test_a_start_that_cannot_be_is_refused(world):
    both = [load_scenario("us_exit", world).starting(each) for each in (START, "2013-01")]
    for ask, said in (
        (lambda: starts.starting(world, "2025-01"), "2025-01 is no month of the record"),
        (lambda: load_scenario("us_stays", world).starting("2022-06"), "us_stays cannot start in"),
        (lambda: starts.as_of(world, both), "the scenarios start in 2012-01 and 2013-01"),
        (lambda: prepare(world, both[0]), "starts in 2012-01"),
    ):
        with pytest.raises(DataError, match=said):
            ask()


def test_the_documents_alone_are_another_start_of_the_same_draws(later):
    inputs = prepare(later, as_recorded(later))
    assert fit_beside(later, inputs)[0] is None  # a fit knows later years
    draws = range_draws(later, inputs, 4, 7)
    alone = by_documents(later, draws)
    assert not alone.rules["opening_data"].any()
    others = [name for name in draws.rules.dtype.names if name != "opening_data"]
    assert alone.rules[others].tolist() == draws.rules[others].tolist()
    np.testing.assert_array_equal(alone.rows, draws.rows)
    assert by_documents(later, alone) is None

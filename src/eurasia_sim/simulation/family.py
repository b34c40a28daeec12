"""Scenarios side by side: names, one month for a setting, equal numbers, and a common start."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError, Number, month_name, month_number
from eurasia_sim.kernel.workspace import Workspace, levers_of, plan_of
from eurasia_sim.observations.filter import last_value, recent_mean
from eurasia_sim.observations.loader import Series, load_observations
from eurasia_sim.scenarios.lever_steps import MIDDLE_OF_YEAR, MONTHS
from eurasia_sim.scenarios.scenario import (
    Scenario,
    apply_settings,
    as_recorded,
    earliest_parting,
    load_scenario,
    packaged_world,
)
from eurasia_sim.simulation.inputs import Inputs, branch_month, prepare
from eurasia_sim.simulation.parameter_draws import ranges_of, reference_draws
from eurasia_sim.world.levers import split_month
from eurasia_sim.world.world import World

_MOST_LISTED = 6


def load_family(
    scenarios: str | Path | Iterable[str | Path | Scenario],
    world: World,
    settings: Iterable[str] = (),
    record: str | Path | None = None,
) -> tuple[Scenario, ...]:
    """Scenarios for one contrast, in the order given, with settings worked in.

    All share the `record` that a scenario file says goes on after the world's own. A lever set
    without a month starts in the earliest month in which any of the scenarios leaves the record,
    so that a contrast never shows when a setting began. DataError with everything wrong with a
    file or the settings, or where two scenarios have one name.
    """
    given = [scenarios] if isinstance(scenarios, str | Path) else scenarios
    loaded = [each if isinstance(each, Scenario) else load_scenario(each, world) for each in given]
    if record is not None:
        rows = load_scenario(record, world).record
        if not rows:
            raise DataError([f"{record} has no record\n    allowed: a scenario file with record:"])
        loaded = [each.with_record(rows, world) for each in loaded]
    names = [each.name for each in loaded]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        right = "another name for one of the files: its runs go by it"
        raise DataError([f"{', '.join(twice)} stands twice\n    allowed: {right}"])
    since = earliest_parting(loaded)
    return tuple(apply_settings(each, settings, world, since) for each in loaded)


def content_digest(scenarios: Iterable[Scenario]) -> str:
    """SHA-256 of everything that scenarios say, their names, titles and questions included."""
    content = json.dumps([scenario.resolved() for scenario in scenarios], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def check_family(world: World, family: Sequence[Inputs]) -> None:
    """Refuse, with a DataError that names why, scenarios whose runs do not pair, or do not differ.

    Paired runs are given the same numbers and forms; a scenario with others would not get its own.
    """
    names, problems = [inputs.scenario.name for inputs in family], []
    for inputs in family[1:]:
        if found := _other_numbers(world, family[0], inputs):
            more = len(found) - _MOST_LISTED
            differing = ", ".join(found[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
            problems.append(
                f"{names[0]} and {inputs.scenario.name} say otherwise about {differing}:"
                " their runs do not pair\n    allowed: the same numbers and forms in all;"
                " or a run for each, and `eurasia-sim compare A B`"
            )
    if problems:
        raise DataError(problems)
    for one, other in combinations(family, 2):
        last = min(one.months, other.months)
        if branch_month([one, other]) == last:
            pair = f"{one.scenario.name} and {other.scenario.name} come to the same runs"
            why = f"no lever, event or number differs in any month to {world.date(last - 1)}"
            raise DataError([f"{pair}: {why}, so every difference would be 0"])


def _other_numbers(world: World, first: Inputs, second: Inputs) -> list[str]:
    """Forms and numbers that two scenarios of one theory do not hold or draw alike."""
    one, two = first.scenario.posterior, second.scenario.posterior
    found = [f"form {key}" for key, name in first.forms.items() if second.forms.get(key) != name]
    if (one.digest if one else "") != (two.digest if two else ""):
        found.append("posterior" if one and two else "uncertain: posterior")
    ranges, others = ranges_of(world, first), ranges_of(world, second)
    found += [path for path in {**ranges, **others} if ranges.get(path) != others.get(path)]
    places = first.fixed ^ second.fixed  # cells that a factor moves in one alone
    found += [path for path, at in world.coded_index.items() if at in places and path not in found]
    if not found:  # fixed at another value, where it is not drawn
        names = first.rules.dtype.names or ()
        found += [world.rule_paths[key] for key in names if first.rules[key] != second.rules[key]]
        same = (first.row == second.row) | (np.isnan(first.row) & np.isnan(second.row))
        found += [path for path, at in world.coded_index.items() if not same[at]]
    return found


def conditions(scenarios: Sequence[Scenario], world: World) -> list[str]:
    """What scenarios set, narrow or fix beyond what their names tell, a line each."""
    lines, set_by_hand = [], set()
    for setting in dict.fromkeys(each for scenario in scenarios for each in scenario.settings):
        path, _, value = setting.partition("=")
        head, month = split_month(path)
        set_by_hand.add(head)
        lines.append(f"set: {head} = {value.strip()}" + (f" from {month}" if month else ""))
    for scenario in scenarios:
        for row in scenario.record:
            of = f"from {world.date(row['date'])}, by {row['source']}"
            lines.append(f"record: {row['lever']} = {row['value']} {of}")
        if scenario.posterior is not None:
            lines.append(f"{scenario.name}: numbers are drawn from the fit to the record")
        fixed = scenario.fixed.items()
        held = {path: f"fixed at {value:g}" for path, value in fixed if path not in set_by_hand}
        held |= {path: f"{low:g} to {high:g}" for path, (low, high) in scenario.uncertain.items()}
        for path, what in held.items():
            number = world.numbers[path]
            lines.append(f"narrowed: {path} {what} (declared {number.low:g} to {number.high:g})")
    return list(dict.fromkeys(lines))


# --- a later start

_SEED = 7  # of the runs whose mean path is taken
# Coded stocks of the opening, and the state that a later start takes them from.
_STOCKS = {
    "initial_influence": "influence", "initial_control": "control",
    "initial_militants": "militants", "initial_narcotics": "narcotics",
    "initial_fighters": "fighters", "initial_strength": "ruler_strength",
    "initial_recognition": "flags",
}  # fmt: skip
# Those that only a war has, and what stands for them in a theatre without a challenger.
_OF_WAR = {"initial_narcotics": 0.0, "initial_fighters": np.nan, "initial_strength": np.nan}
_UNSTATED = 0.4  # half-width, relative to its value, of the range of a stock that had none
_moved: dict[tuple[str, str, int], World] = {}


def starting(world: World, month: str | int) -> World:
    """The world as it stood at a month of its record, which is month 0 of every run in it.

    Form: ruler, challenger and stocks stand as runs of the record at reference values leave them,
    a mean of eight; a stock that was observed goes from what was coded by the change observed. The
    drivers are those of the record, power the last figure known. Nothing dated after the month
    enters, which is YYYY-MM, or months since year 0; DataError outside the record.
    """
    at = month_number(month) if isinstance(month, str) else month
    if at == world.start:
        return world
    if not world.start < at <= world.record_until:
        ends = f"{month_name(world.start)} to {month_name(world.record_until)}"
        raise DataError([f"{month_name(at)} is no month of the record\n    allowed: {ends}"])
    key = (str(world.directory), world.digest, at)
    if key not in _moved:
        _moved[key] = _moved_to(world, at)
    return _moved[key]


def as_of(world: World | None, scenarios: Iterable[Any]) -> World:
    """The world (by default the packaged one) where scenarios start; DataError for two starts."""
    world = world or packaged_world()
    starts = {each.start for each in scenarios if isinstance(each, Scenario)} or {world.start}
    if len(starts) > 1:
        months = " and ".join(map(month_name, sorted(starts)))
        raise DataError([f"the scenarios start in {months}\n    allowed: one start for all"])
    return starting(world, starts.pop())


def _moved_to(world: World, at: int) -> World:
    shift = at - world.start
    state, roles = _lived(_known(world, at), shift)
    row, paths = world.coded_row(), world.coded_paths
    views = world.coded(row)
    for name, values in state.items():
        getattr(views, name)[...] = values
    calm = [challenger is None for _, challenger in roles]
    for name, unstated in _OF_WAR.items():
        getattr(views, name)[calm] = unstated
    for path, value in _observed(world, at, dict(zip(paths, row, strict=True))):
        row[world.coded_index[path]] = value
    numbers = dict(world.numbers)
    for path, value in zip(paths, row.tolist(), strict=True):
        is_stock = not _STOCKS.keys().isdisjoint(path.split(".")[2:3])
        if is_stock and (value > 0.0 or path in numbers):
            numbers[path] = _stock(numbers.get(path), path, value, month_name(at))
    theatres = dict(world.theatres)
    for name, (ruler, challenger) in zip(world.theatres, roles, strict=True):
        theatres[name] = replace(theatres[name], ruler=ruler, challenger=challenger)

    def earlier(spell: Any) -> Any:
        until = None if spell.until is None else spell.until - shift
        return replace(spell, since=spell.since - shift, until=until)

    venues, dated, events = world.institutions.items(), world.record.items(), world.events.items()
    return replace(
        world,
        start=at,
        numbers=numbers,
        theatres=theatres,
        institutions={k: replace(v, members=tuple(map(earlier, v.members))) for k, v in venues},
        record={path: {m - shift: v for m, v in steps.items()} for path, steps in dated},
        events={name: replace(event, month=event.month - shift) for name, event in events},
        digest=hashlib.sha256(f"{world.digest} from {month_name(at)}".encode()).hexdigest(),
    )


def _known(world: World, at: int) -> World:
    """The world without the figures of power that a month does not know."""
    last = (at - MIDDLE_OF_YEAR) // MONTHS

    def is_known(path: str) -> bool:
        group, table, *rest = path.split(".")
        is_figure = group == "capabilities" and len(rest) == 2
        return int(rest[1]) <= last if is_figure else not table.startswith("growth_beyond")

    return replace(world, numbers={p: n for p, n in world.numbers.items() if is_known(p)})


def _lived(world: World, months: int) -> tuple[dict[str, Floats], list[tuple[Any, Any]]]:
    """The mean stocks after some months of eight runs of the record, and who rules and contests.

    Where runs differ in who rules a theatre, those count whose roles are the most common.
    """
    inputs = prepare(world, replace(as_recorded(world), months=months))
    draws = reference_draws(inputs, RUNS, _SEED)
    workspace = Workspace(inputs.facts, draws.rules)
    workspace.load(draws.rules, draws.rows, draws.seeds)
    span, status = (-inputs.burn_in, months), np.zeros((RUNS, 3), np.int64)
    levers = levers_of([inputs.levers], np.zeros(RUNS, np.int64), span)
    workspace.advance(levers, plan_of(span, inputs.burn_in), np.zeros((0, 0, RUNS)), status)
    state, actors = workspace.state, [*world.actors, None]
    roles, counted = [], np.ones((len(world.theatres), RUNS), bool)
    for k in range(len(world.theatres)):
        both = [(int(state[r].ruler[k]), int(state[r].challenger[k])) for r in range(RUNS)]
        usual = max(sorted(set(both)), key=both.count)
        counted[k] = [each == usual for each in both]
        roles.append((actors[usual[0]], actors[usual[1]]))
    found = {}
    for coded, name in _STOCKS.items():
        runs = np.stack([np.array(getattr(state[r], name)) for r in range(RUNS)], axis=-1)
        kept = counted[:, None, :] if runs.ndim == 4 else counted
        mean = np.where(kept, runs, 0.0).sum(axis=-1) / kept.sum(axis=-1)
        found[coded] = np.floor(mean + 0.5) if name == "flags" else mean
    return found, roles


def _observed(world: World, at: int, row: dict[str, float]) -> Iterator[tuple[str, float]]:
    """Stocks that were observed, in logarithms: what was coded, by the change observed since.

    The change is that of the last three years' mean from the first value, up to the last whole year
    before the month. Of a ratio of two, the sum stays as it was lived.
    """
    for series in load_observations(world).values():
        past = series.until(at // MONTHS - 1)
        if series.item.link.transform != "log" or series.item.use == "input":
            continue
        for unit, path in _stocks_of(series):
            first = last_value(past.values[[unit], ::-1])
            change = float(series.item.link.sign * (recent_mean(past.values[[unit]]) - first)[0])
            coded = [world.numbers[each].value if each in world.numbers else 0.0 for each in path]
            if not np.isfinite(change) or min(coded) <= 0.0:
                continue
            if len(path) == 1:
                yield path[0], min(coded[0] * np.exp(change), 1.0)
            else:
                ratio, both = coded[0] / coded[1] * np.exp(change), row[path[0]] + row[path[1]]
                yield path[0], both * ratio / (1.0 + ratio)
                yield path[1], both / (1.0 + ratio)


def _stocks_of(series: Series) -> Iterator[tuple[int, list[str]]]:
    """Number of each unit that observes a stock of the opening, with the stock's path or paths."""
    for at, unit in enumerate(series.units):
        steps = [column.split(".") for column in series.columns(unit)]
        if steps and all(step[0] == "influence" for step in steps):
            yield at, [f"theatres.{k}.initial_influence.{i}.{d}" for _, i, k, d in steps]
        elif [step[0] for step in steps] == ["narcotics"]:
            yield at, [f"theatres.{steps[0][1]}.initial_narcotics"]


def _stock(before: Number | None, path: str, value: float, date: str) -> Number:
    """The number of a stock at a later start, its range as wide, by its value, as it was coded."""
    low, high = 1.0 - _UNSTATED, 1.0 + _UNSTATED
    if before is not None and before.value > 0.0:
        low, high = before.low / before.value, before.high / before.value
    name, is_step = path.split(".")[2], "recognition" in path
    return Number(
        path=path,
        meaning=before.meaning if before else f"{name.replace('_', ' ').capitalize()}.",
        value=value,
        unit=before.unit if before else "share",
        low=value if is_step else value * low,
        high=value if is_step else min(value * high, max(value, 1.0)),
        basis="estimated",
        source=({"note": f"as runs of the record, and what was observed, have it in {date}"},),
        place=before.place if before else "theatres.yaml",
    )

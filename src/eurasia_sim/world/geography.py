"""Fixed facts of place, population and convening as arrays."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from eurasia_sim.compute.dimensions import DOMAINS, Floats, Geography, Integers, name_hash
from eurasia_sim.files.data_yaml import DataError, Number
from eurasia_sim.world.entities import Actor, Institution, Theatre

_YEARS_OF_OUTPUT = 5
# Units of people, and how many of each make ten million.
_TEN_MILLION = {"people": 1e7, "thousand people": 1e4, "million people": 10, "tens of millions": 1}


def geography_of(
    actors: Mapping[str, Actor],
    theatres: Mapping[str, Theatre],
    institutions: Mapping[str, Institution],
    numbers: Mapping[str, Number],
    start: int,
) -> Geography:
    """The fixed facts of a world; ids come in the order of the mappings.

    `start` is the first month of the record in months since year 0. Raises DataError for every
    distance that is missing, and for an unknown unit of people.
    """
    lands, places = [actor.territory for actor in actors.values()], list(theatres)
    order = {name: at for at, name in enumerate(actors)}
    venues, problems = list(institutions.values()), list[str]()
    ties: dict[tuple[str, str, str], float] = {}  # given once and read both ways
    for number in numbers.values():
        if number.path.startswith("ties."):
            _, table, one, other = number.path.split(".")
            ties[table, one, other] = ties[table, other, one] = number.value

    def touching(a: str, b: str) -> bool:
        return a == b or bool(ties.get(("land_border", a, b)))

    def distance(a: str, b: str, table: str = "capital_distance") -> float:
        """Kilometres; a territory is no distance from itself, or from a border that it shares."""
        value = 0.0 if a == b else ties.get((table, a, b))
        if value is None and (table == "capital_distance" or not touching(a, b)):
            first, second = sorted((a, b))
            wrong = f"{table} of {first} and {second} is missing; give it once, in km"
            problems.append(f"ties.yaml: {wrong}")
        return value or 0.0

    def order_of(role: str) -> Integers:
        ids = [getattr(theatre, role) for theatre in theatres.values()]
        return np.array([order.get(name, -1) for name in ids], dtype=np.int64)

    apart = partial(distance, table="border_distance")
    found = Geography(
        distance=_table(lands, lands, distance),
        border=_table(lands, lands, touching) * (1.0 - np.eye(len(lands))),
        theatre_distance=_table(lands, places, distance),
        theatre_border=_table(lands, places, touching),
        border_distance=_table(lands, places, apart),
        theatre_separation=_table(places, places, apart),
        size=np.array([_people(numbers.get(f"theatres.{k}.population"), problems) for k in places]),
        wealth=_wealth(lands, numbers, start),
        ruler=order_of("ruler"),
        challenger=order_of("challenger"),
        contender=order_of("contender"),
        observed=np.full((3, len(lands), len(lands)), np.nan),
        convenes=_table(venues, list(actors), lambda venue, name: venue.convenes.get(name, 0.0)),
        venue_domains=_table(venues, DOMAINS, lambda venue, domain: domain in venue.domains),
        name_hash=np.array([*map(name_hash, actors)], np.uint64),
        theatre_hash=np.array([*map(name_hash, theatres)], np.uint64),
    )
    if problems:
        raise DataError(dict.fromkeys(problems))
    return found


def _people(population: Number | None, problems: list[str]) -> float:
    """Tens of millions; an empty theatre has none."""
    if population is None:
        return 0.0
    if population.unit not in _TEN_MILLION:
        wrong = f"{population.path} has unit {population.unit!r}; use one of"
        problems.append(f"{population.place}: {wrong} {', '.join(_TEN_MILLION)}")
    return population.value / _TEN_MILLION.get(population.unit, 1.0)


def _wealth(lands: Iterable[str], numbers: Mapping[str, Number], start: int) -> Floats:
    """Mean yearly output of the five years up to the opening; power where a world has no output.

    Years between figures are interpolated, those before the first and after the last hold them.
    """
    known: dict[str, dict[str, dict[int, float]]] = {}
    for number in numbers.values():
        match number.path.split("."):
            case ["capabilities", table, land, year]:
                known.setdefault(table, {}).setdefault(land, {})[int(year)] = number.value
    output = known.get("gdp") or known.get("cinc", {})
    years = start // 12 - np.arange(_YEARS_OF_OUTPUT)
    each = [dict(sorted(output.get(land, {0: 0.0}).items())) for land in lands]
    return np.array([np.interp(years, list(own), list(own.values())).mean() for own in each])


def _table(rows: Sequence[Any], columns: Sequence[Any], value: Callable[..., float]) -> Floats:
    cells = [[value(row, column) for column in columns] for row in rows]
    return np.array(cells, dtype=np.float64).reshape(len(rows), len(columns))

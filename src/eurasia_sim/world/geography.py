"""Fixed facts of place, population and convening as arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from eurasia_sim.compute.dimensions import DOMAINS, Floats, Geography, Hashes
from eurasia_sim.files.data_yaml import DataError, Number
from eurasia_sim.world.entities import Actor, Institution, Theatre

# How many of a unit of people make ten million.
_TEN_MILLION = {
    "people": 1e7,
    "thousand people": 1e4,
    "million people": 10.0,
    "tens of millions": 1.0,
}


def geography_of(
    actors: Mapping[str, Actor],
    theatres: Mapping[str, Theatre],
    institutions: Mapping[str, Institution],
    numbers: Mapping[str, Number],
) -> Geography:
    """The fixed facts of a world; ids come in the order of the mappings.

    Raises:
        DataError: for every pair of territories whose distance is missing, and for a unit of people nobody knows.
    """
    lands, places = [actor.territory for actor in actors.values()], list(theatres)
    order = {name: at for at, name in enumerate(actors)}
    ties, venues, ids = _Ties(numbers), list(institutions.values()), list(actors)
    problems: list[str] = []
    found = Geography(
        distance=ties.distances("capital_distance", lands, lands, problems),
        border=ties.touching(lands, lands) * (1.0 - np.eye(len(lands))),
        theatre_distance=ties.distances("capital_distance", lands, places, problems),
        theatre_border=ties.touching(lands, places),
        border_distance=ties.distances("border_distance", lands, places, problems),
        theatre_separation=ties.distances("border_distance", places, places, problems),
        size=np.array(
            [_size(numbers.get(f"theatres.{place}.population"), problems) for place in places]
        ),
        ruler=np.array([order.get(t.ruler or "", -1) for t in theatres.values()], dtype=np.int64),
        challenger=np.array(
            [order.get(t.challenger or "", -1) for t in theatres.values()], dtype=np.int64
        ),
        convenes=_filled(len(venues), len(ids), lambda v, i: venues[v].convenes.get(ids[i], 0.0)),
        venue_domains=_filled(
            len(venues), len(DOMAINS), lambda v, d: float(DOMAINS[d] in venues[v].domains)
        ),
        name_hash=_hashes(actors),
        theatre_hash=_hashes(theatres),
    )
    if problems:
        raise DataError(dict.fromkeys(problems))
    return found


def name_hash(name: str) -> int:
    """64-bit key of a name; the random streams' own rule, written again because theirs loads the compiler."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


class _Ties:
    """Symmetric facts of two territories, given once and read both ways."""

    def __init__(self, numbers: Mapping[str, Number]) -> None:
        self.numbers = numbers

    def between(self, table: str, a: str, b: str) -> float | None:
        """The tie, 0 of a territory with itself, None where the table is silent."""
        if a == b:
            return 0.0
        found = self.numbers.get(f"ties.{table}.{a}.{b}") or self.numbers.get(
            f"ties.{table}.{b}.{a}"
        )
        return found.value if found else None

    def distances(
        self, table: str, rows: list[str], columns: list[str], problems: list[str]
    ) -> Floats:
        """Kilometres; territories that touch are no distance apart."""

        def distance(i: int, j: int) -> float:
            value = self.between(table, rows[i], columns[j])
            if (
                value is None
                and table == "border_distance"
                and self.between("land_border", rows[i], columns[j])
            ):
                return 0.0
            if value is None:
                first, second = sorted((rows[i], columns[j]))
                problems.append(
                    f"ties.yaml: {table} of {first} and {second} is missing; give it once, in km"
                )
            return value or 0.0

        return _filled(len(rows), len(columns), distance)

    def touching(self, rows: list[str], columns: list[str]) -> Floats:
        """1 where two territories touch or are one."""

        def touches(i: int, j: int) -> float:
            return float(
                rows[i] == columns[j] or bool(self.between("land_border", rows[i], columns[j]))
            )

        return _filled(len(rows), len(columns), touches)


def _size(population: Number | None, problems: list[str]) -> float:
    """Tens of millions of people; an empty theatre has none."""
    if population is None:
        return 0.0
    if population.unit not in _TEN_MILLION:
        known = ", ".join(_TEN_MILLION)
        problems.append(
            f"{population.place}: {population.path} has unit {population.unit!r}; use one of {known}"
        )
    return population.value / _TEN_MILLION.get(population.unit, 1.0)


def _filled(rows: int, columns: int, value: Callable[[int, int], float]) -> Floats:
    cells = [[value(i, j) for j in range(columns)] for i in range(rows)]
    return np.array(cells, dtype=np.float64).reshape(rows, columns)


def _hashes(names: Iterable[str]) -> Hashes:
    return np.array([name_hash(name) for name in names], dtype=np.uint64)

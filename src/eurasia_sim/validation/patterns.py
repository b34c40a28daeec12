"""Documented patterns: facts of the record as tests by eye, beside two naive baselines.

Pattern-oriented modelling (grimm2005): many weak patterns at once filter a model better than one
strong one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

from eurasia_sim.compute.dimensions import STANCES, Floats
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.checker import Strict
from eurasia_sim.files.data_yaml import DataError, read_page, refuse
from eurasia_sim.observations.filter import opening_series
from eurasia_sim.observations.loader import Series
from eurasia_sim.scenarios.outcome_columns import columns_of, unfolded
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.scenarios.schema import present_name
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.validation.measured import Report, finished, read_runs
from eurasia_sim.validation.recognition import fact_scores, load_cases
from eurasia_sim.world.forms import Finite, Month, Span, Text
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World

FILE = "patterns.yaml"
MODEL, REFERENCE, NULL, UNCHANGED = "model", "reference", "null", "unchanged"
# The theory over its ranges and at reference values, the null theory, and no change at all.
SIDES = (MODEL, REFERENCE, NULL, UNCHANGED)
BASELINES = (NULL, UNCHANGED)
_HALF_OF_RUNS = 0.5


def _in_order(ends: list[Any]) -> list[Any]:
    if ends[0] > ends[1]:
        raise ValueError("the lower or earlier end first")
    return ends


_Ends = Annotated[Span, AfterValidator(_in_order)]
_Dates = Annotated[list[Month], Field(min_length=2, max_length=2), AfterValidator(_in_order)]
_Columns = Annotated[list[str], Field(min_length=1)]
_Direction = Literal["rises", "falls"]


class _Order(Strict):
    of: _Columns = Field(alias="higher")
    less: _Columns = Field(alias="lower")
    during: _Dates


class _Quantity(Strict):
    of: _Columns
    less: list[str] = Field(default_factory=list)


class _Sign(_Quantity):
    direction: _Direction
    earlier: _Dates
    later: _Dates

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.earlier[1] >= self.later[0]:
            raise ValueError("a later window must begin after the earlier one has ended")
        return self


class _Band(_Quantity):
    within: _Ends
    during: _Dates


class _Window(_Quantity):
    direction: _Direction
    past: Finite
    between: _Dates


class _Dataset(Strict):
    dataset: Text
    cite: str = ""
    file: Text
    says: Text


class _Entry(Strict):
    says: Text
    claims: list[str] = Field(default_factory=list)
    source: list[_Dataset] = Field(default_factory=list)
    note: str = ""
    order: _Order | None = None
    sign: _Sign | None = None
    band: _Band | None = None
    window: _Window | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not (self.claims or self.source):
            raise ValueError("an entry with claims, or a source with dataset, file and says")
        if [self.order, self.sign, self.band, self.window].count(None) != 3:
            raise ValueError("an entry with one test: order, sign, band or window")
        return self


_File = Annotated[dict[str, _Entry], Field(min_length=1)]


@dataclass(frozen=True)
class Pattern:
    """One documented pattern of a quantity: the mean of some columns less the mean of others."""

    id: str
    says: str
    kind: str  # order, sign, band or window
    claims: tuple[str, ...]
    source: tuple[Mapping[str, str], ...]  # datasets, each with the file and the fact taken from it
    of: tuple[str, ...]
    less: tuple[str, ...]
    windows: tuple[tuple[int, int], ...]  # months, first and last; sign: earlier, later; else one
    low: float  # band: its lower end; window: the threshold
    high: float
    rises: bool  # sign and window: the way it goes

    @classmethod
    def of_entry(cls, name: str, entry: _Entry, world: World) -> Self:
        """The pattern that an entry of the file says."""
        tests = {kind: getattr(entry, kind) for kind in ("order", "sign", "band", "window")}
        ((kind, test),) = ((kind, each.model_dump()) for kind, each in tests.items() if each)
        sides = ([unfolded(name, world) for name in test[key]] for key in ("of", "less"))
        of, less = (tuple(chain.from_iterable(columns)) for columns in sides)
        dates = [test[key] for key in ("earlier", "later", "during", "between") if key in test]
        windows = tuple((world.month(first), world.month(last)) for first, last in dates)
        low, high = test.get("within") or [test.get("past", 0.0)] * 2
        source = tuple(each.model_dump(exclude_defaults=True) for each in entry.source)
        rises = test.get("direction") != "falls"
        head = name, entry.says, kind, tuple(entry.claims), source
        return cls(*head, of, less, windows, float(low), float(high), rises)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it reads."""
        return self.of + self.less

    @property
    def span(self) -> tuple[int, int]:
        """First and last month of its windows."""
        return min(first for first, _ in self.windows), max(last for _, last in self.windows)

    def passed(self, months: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """(R,) which runs pass; NaN passes none, and equal values show no order or change.

        Form: order, mean over the window above 0; sign, mean of the later window above (below) that
        of the earlier; band, mean over the window within its ends; window, the first month after
        the first in which the threshold is reached from the other side lies in the window. `months`
        are by column (R, T) from the start of the record.
        """
        values = np.mean([months[column] for column in self.of], axis=0)
        if self.less:
            values = values - np.mean([months[column] for column in self.less], axis=0)
        if self.kind == "window":
            beyond = values >= self.low if self.rises else values <= self.low
            crossing = beyond[:, 1:] & ~beyond[:, :-1] & np.isfinite(values[:, :-1])
            month = np.where(crossing.any(axis=1), crossing.argmax(axis=1) + 1, -1)
            ((first, last),) = self.windows
            return np.asarray((first <= month) & (month <= last))
        if self.kind == "sign":  # from the first month, so that it is exactly 0 in what never moves
            values = values - values[:, :1]
        mean, *later = (values[:, first : last + 1].mean(axis=1) for first, last in self.windows)
        if self.kind == "band":
            return np.asarray((self.low <= mean) & (mean <= self.high))
        gap = later[0] - mean if later else mean
        return np.asarray(gap > 0 if self.rises else gap < 0)


def load_patterns(world: World) -> tuple[Pattern, ...]:
    """The patterns of a world, in the order of its file.

    Raises DataError with everything wrong with the file, each as file:line and what would be right;
    or that it is not there.
    """
    path = world.directory / FILE
    if not path.exists():
        lacks = f"the world {world.name} has no {FILE}"
        raise DataError([f"{lacks}: nothing documented to hold its runs against"])
    page, known = read_page(path), columns_of(world)
    claims, found = {claim.id for claim in load_evidence(world.directory).claims}, list[Pattern]()
    for name, entry in (page.validated(_File) or {}).items():
        pattern = Pattern.of_entry(name, entry, world)
        found.append(pattern)
        for claim in {*pattern.claims} - claims:
            said = f"{name} rests on {claim}, which claims.yaml does not hold"
            page.complain((name, "claims"), said, claims, claim)
        for column in [each for each in pattern.columns if each not in known][:1]:
            said = f"{name}: {column} is no column of a run"
            page.complain((name, pattern.kind), said, known, present_name(column))
        first, last = pattern.span
        if first < 0 or last >= world.months:
            ends = f"{world.date(0)} to {world.date(world.months - 1)}"
            page.complain((name, pattern.kind), f"{name} is of months outside {ends}")
    refuse([page])
    return tuple(found)


def within_reach(every: Sequence[Pattern], scenario: Scenario, world: World) -> list[Pattern]:
    """The patterns that end before a scenario does; DataError where none does."""
    found = [each for each in every if each.span[1] < scenario.months]
    if not found:
        end = f"{scenario.name} ends in {world.date(scenario.months - 1)}"
        raise DataError([f"{end}, before the first pattern has: name a later month"])
    return found


def circularity(pattern: Pattern, ancestry: Ancestry, opening: Sequence[Series]) -> list[str]:
    """Why a pattern cannot test the model, in words; empty where it can.

    Its sources stand behind a number that enters its quantity, or the record itself imposes it; or
    it reads the level of a leaning that opens from the very series.
    """
    is_change = pattern.kind in ("sign", "window")
    cited = {source["cite"] for source in pattern.source if source.get("cite")}
    sources = [each.item.source for each in opening if not is_change]
    opens = [source.dataset for source in sources if source.cite in cited]
    found: list[str] = []
    for column in pattern.columns:
        found += ancestry.ancestors(column, pattern.claims, pattern.source)
        found += ancestry.impositions(column, pattern.span, of_change=is_change)
        if column.partition(".")[0] in (*STANCES, "alignment"):
            found += [f"{column} opens from {dataset}" for dataset in opens]
    return list(dict.fromkeys(found))


def pass_shares(
    patterns: Sequence[Pattern], inputs: Inputs, draws: Draws, workers: int | None = None,
    report: Report = lambda _: None,
) -> tuple[Floats, Floats, int]:  # fmt: skip
    """(P,) share of the finished runs that pass, (P,) that would unchanged, and failed runs."""
    names = list(dict.fromkeys(name for each in patterns for name in each.columns))

    def read(months: list[Floats]) -> Floats:
        paths = finished(months[0]).transpose(2, 0, 1)
        still = np.broadcast_to(paths[:, :, :1], paths.shape)
        sides = [dict(zip(names, each, strict=True)) for each in (paths, still)]
        return np.array([[each.passed(side) for side in sides] for each in patterns]).T

    found = read_runs([inputs], draws, names, read, workers, report)  # (R, 2, P)
    own, unmoved = found.mean(axis=0) if len(found) else np.full(found.shape[1:], np.nan)
    return own, unmoved, len(draws) - len(found)


def pattern_table(
    patterns: Sequence[Pattern], circular: Mapping[str, Sequence[str]],
    shares: Mapping[str, Floats], world: World,
) -> pd.DataFrame:  # fmt: skip
    """A row a pattern: what it rests on, the share of runs that pass it, and whether it counts.

    A pattern counts where it is not circular, by the reasons of its id, and more than half of a
    baseline's runs fail it. Shares are (P,) by side of `SIDES`; one that was not run is NaN.
    """
    rows = pd.DataFrame(
        {
            "pattern": each.id, "says": each.says, "kind": each.kind,
            "first": world.date(each.span[0]), "last": world.date(each.span[1]),
            "rests_on": ", ".join((*each.claims, *(item["dataset"] for item in each.source))),
            "circular": "; ".join(circular[each.id]),
        }
        for each in patterns
    ).assign(**{side: shares.get(side, np.nan) for side in SIDES})  # fmt: skip
    fails = (rows[[*BASELINES]] < _HALF_OF_RUNS).any(axis=1)
    return rows.assign(counted=(rows["circular"] == "") & fails)


@dataclass(frozen=True)
class Validation:
    """How the runs of a scenario under one theory pass documented patterns."""

    table: pd.DataFrame  # of `pattern_table`
    failed: dict[str, int]  # runs that failed, by side
    out_of_reach: tuple[str, ...]  # patterns that end after the scenario does
    recognition: pd.DataFrame  # of `fact_scores`; empty where no fact tells of it

    @property
    def scores(self) -> dict[str, Any]:
        """Number of patterns that count, and by side the mean share of runs that pass them."""
        counted = self.table[self.table["counted"]]
        return {"patterns": len(counted), **{side: float(counted[side].mean()) for side in SIDES}}


def validate(
    world: World, scenario: Scenario, theory: str, n: int, seed: int, *,
    workers: int | None = None, report: Callable[[str, int, int], None] = lambda *_: None,
) -> Validation:  # fmt: skip
    """Hold n runs over the declared ranges, n at reference and n of the null theory to patterns.

    `report` is called with the side, how many runs it has, and how many of them are done. Raises
    DataError where the world has no patterns, or the scenario ends before any of them.
    """
    every, cases = load_patterns(world), load_cases(world, scenario.months)
    patterns = within_reach(every, scenario, world)
    ancestry, opening = Ancestry(world, load_evidence(world.directory)), opening_series(world)
    circular = {each.id: circularity(each, ancestry, opening) for each in patterns}
    own = prepare(world, scenario, theory)
    null = prepare(world, replace(scenario, posterior=None), world.null_theory)
    sides = {
        MODEL: (own, range_draws(world, own, n, seed)),
        REFERENCE: (own, reference_draws(own, n, seed)),
        NULL: (null, range_draws(world, null, n, seed)),
    }
    shares, failed = {}, {}
    for side, (inputs, draws) in sides.items():
        tell = partial(report, side, n)
        shares[side], still, failed[side] = pass_shares(patterns, inputs, draws, workers, tell)
        if side == MODEL:
            shares[UNCHANGED] = still
    table = pattern_table(patterns, circular, shares, world)
    missing = tuple(each.id for each in every if each not in patterns)
    dealt = fact_scores(cases, *sides[MODEL], workers) if cases else pd.DataFrame()
    return Validation(table, failed, missing, dealt)

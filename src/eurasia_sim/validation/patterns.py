"""Documented patterns: facts of the record as tests by eye, beside two naive baselines.

Pattern-oriented modelling (grimm2005): many weak patterns at once filter a model better than one
strong one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from eurasia_sim.compute.dimensions import STANCES, Floats
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.checker import Strict
from eurasia_sim.files.data_yaml import DataError, near, read_page, refuse
from eurasia_sim.observations.opening import opening_series
from eurasia_sim.scenarios.outcome_columns import columns_of, unfolded
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.scenarios.schema import present_name
from eurasia_sim.simulation.ensemble import chunks_of, run_paired
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.validation.recognition import fact_scores, load_cases
from eurasia_sim.world.forms import Finite, Span, Text
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World

FILE = "patterns.yaml"
MODEL, REFERENCE, NULL, UNCHANGED = "model", "reference", "null", "unchanged"
# The theory over its ranges and at reference values, the null theory, and no change at all.
SIDES = (MODEL, REFERENCE, NULL, UNCHANGED)
BASELINES = (NULL, UNCHANGED)
Flags = NDArray[np.bool_]
Months = tuple[int, int]  # first and last month since the start of the record
_HALF_OF_RUNS = 0.5
_Columns = Annotated[list[str], Field(min_length=1)]
_Dates = Annotated[list[str], Field(min_length=2, max_length=2)]


class _Order(Strict):
    higher: _Columns
    lower: _Columns
    during: _Dates


class _Quantity(Strict):
    of: _Columns
    less: list[str] = Field(default_factory=list)


class _Change(_Quantity):
    direction: Literal["rises", "falls"]


class _Sign(_Change):
    earlier: _Dates
    later: _Dates


class _Band(_Quantity):
    within: Span
    during: _Dates


class _Window(_Change):
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


_File = Annotated[dict[str, _Entry], Field(min_length=1)]
_KINDS = ("order", "sign", "band", "window")
_DATES = ("earlier", "later", "during", "between")


@dataclass(frozen=True)
class Pattern:
    """One documented pattern of a quantity: the mean of some columns less the mean of others."""

    id: str
    says: str
    kind: str  # of `_KINDS`
    claims: tuple[str, ...]
    source: tuple[Mapping[str, str], ...]  # datasets, each with the file and the fact taken from it
    of: tuple[str, ...]
    less: tuple[str, ...]
    windows: tuple[Months, ...]  # sign: earlier and later; else one
    low: float  # band: its lower end; window: the threshold
    high: float
    rises: bool  # sign and window: the way it goes

    @property
    def span(self) -> Months:
        """First and last month of its windows."""
        return min(first for first, _ in self.windows), max(last for _, last in self.windows)

    def passed(self, months: Mapping[str, Floats]) -> Flags:
        """(R,) which runs pass; NaN passes none, and equal values show no order or change.

        Form: order, mean over the window above 0; sign, mean of the later window above (below) that
        of the earlier; band, mean over the window within its ends; window, the first month after
        the first in which the threshold is reached from the other side lies in the window.

        Args:
            months: by column, (R, T) values month by month from the start of the record.
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

    Raises:
        DataError: with everything wrong with the file, each as file:line and what would be right;
            or that it is not there.
    """
    path, found = world.directory / FILE, list[Pattern]()
    if not path.exists():
        lacks = f"the world {world.name} has no {FILE}"
        raise DataError([f"{lacks}: nothing documented to hold its runs against"])
    page, claims = read_page(path), {claim.id for claim in load_evidence(world.directory).claims}

    def complain(message: str, *keys: str) -> None:
        page.complain(keys, message)

    for name, given in (page.validated(_File) or {}).items():
        kinds = [kind for kind in _KINDS if getattr(given, kind) is not None]
        if not given.claims and not given.source:
            right = "give claims, or a source with dataset, file and says"
            complain(f"{name} rests on nothing; {right}", name)
        for claim in [each for each in given.claims if each not in claims]:
            missing = f"{name} rests on {claim}, which claims.yaml does not hold"
            complain(missing, name, "claims")
        if len(kinds) == 1:
            found.append(_pattern(name, given, kinds[0], world, complain))
        else:
            one = f"must have one test of {', '.join(_KINDS)}"
            complain(f"{name} {one}; it has {len(kinds)}", name)
    refuse([page])
    return tuple(found)


def _pattern(
    name: str, given: _Entry, kind: str, world: World, complain: Callable[..., None]
) -> Pattern:
    """The pattern of one entry; what is wrong with its columns, dates and ends is complained of."""
    known = columns_of(world)

    def window(dates: list[str], *keys: str) -> Months:
        try:
            first, last = map(world.month, dates)
        except DataError as error:
            complain(f"{'.'.join(keys)}: {error}", *keys)
            return 0, 0
        if not 0 <= first <= last < world.months:
            ends = f"{world.date(0)} to {world.date(world.months - 1)}"
            complain(f"{'.'.join(keys)} = {dates} is upside down or outside {ends}", *keys)
        return first, last

    def columns(names: list[str], *keys: str) -> tuple[str, ...]:
        found = tuple(column for name in names for column in unfolded(name, world))
        for column in [column for column in found if column not in known][:1]:
            hint = near(present_name(column), sorted(known))
            complain(f"{column} is no column of a run{hint}", *keys)
        return found

    test = getattr(given, kind).model_dump()
    of, less = ("higher", "lower") if kind == "order" else ("of", "less")
    low, high = test.get("within") or [test.get("past", 0.0)] * 2
    if low > high:
        ends = f"[{low:g}, {high:g}] is upside down; give the lower end first"
        complain(f"{name}: {ends}", name, kind, "within")
    windows = tuple(window(test[key], name, kind, key) for key in _DATES if key in test)
    if kind == "sign" and windows[0][1] >= windows[1][0]:
        order = "the later window must begin after the earlier one has ended"
        complain(f"{name}: {order}", name, kind, "later")
    return Pattern(
        id=name, says=given.says, kind=kind, claims=tuple(given.claims),
        source=tuple(each.model_dump(exclude_defaults=True) for each in given.source),
        of=columns(test[of], name, kind, of), less=columns(test[less], name, kind, less),
        windows=windows, low=float(low), high=float(high),
        rises=test.get("direction") != "falls",
    )  # fmt: skip


def circularity(pattern: Pattern, ancestry: Ancestry) -> list[str]:
    """Why a pattern cannot test the model, in words; empty where it can.

    Its sources stand behind a number that enters its quantity, or the record itself imposes it; or
    it reads the level of a leaning that opens from the very series.
    """
    columns, is_change = (*pattern.of, *pattern.less), pattern.kind in ("sign", "window")
    cited = {source["cite"] for source in pattern.source if source.get("cite")}
    leanings = {name for name in columns if name.partition(".")[0] in (*STANCES, "alignment")}
    opens = []
    if cited and leanings and not is_change:  # else no series need be read
        items = [each.item for each in opening_series(ancestry.world)]
        opens = [item.source.dataset for item in items if item.source.cite in cited]
    found: dict[str, None] = {}
    for column in columns:
        found |= dict.fromkeys(ancestry.ancestors(column, pattern.claims, pattern.source))
        imposed = ancestry.impositions(column, pattern.span, of_change=is_change)
        found |= dict.fromkeys(imposed)
        if column in leanings:
            found |= {f"{column} opens from {dataset}": None for dataset in opens}
    return list(found)


def pass_shares(
    patterns: Sequence[Pattern],
    inputs: Inputs,
    draws: Draws,
    workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> tuple[Floats, Floats, int]:
    """(P,) share of the finished runs that pass, (P,) that would unchanged, and failed runs."""
    names = list(dict.fromkeys(name for each in patterns for name in (*each.of, *each.less)))
    kept = np.array([inputs.columns.index(name) for name in names], np.int64)

    def work(chunk: slice) -> Flags:
        (outcome,) = run_paired([inputs], draws.part(chunk), (0, 1), kept)
        paths = outcome.trajectories[~outcome.failed].transpose(2, 0, 1)
        still = np.broadcast_to(paths[:, :, :1], paths.shape)
        own, unmoved = (dict(zip(names, each, strict=True)) for each in (paths, still))
        return np.array([[each.passed(own), each.passed(unmoved)] for each in patterns])

    found = np.concatenate(chunks_of(work, len(draws), workers, report), axis=2)  # (P, 2, R)
    finished = found.shape[2]
    shares = found.mean(axis=2) if finished else np.full(found.shape[:2], np.nan)
    return shares[:, 0], shares[:, 1], len(draws) - finished


def pattern_table(
    patterns: Sequence[Pattern],
    circular: Mapping[str, Sequence[str]],
    shares: Mapping[str, Floats],
    world: World,
) -> pd.DataFrame:
    """A row a pattern: what it rests on, the share of runs that pass it, and whether it counts.

    A pattern counts where it is not circular and more than half of a baseline's runs fail it.

    Args:
        circular: reasons by pattern id, from `circularity`.
        shares: (P,) by side of `SIDES`; NaN for a side that was not run.
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
    world: World,
    scenario: Scenario,
    theory: str,
    n: int,
    seed: int,
    *,
    workers: int | None = None,
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> Validation:
    """Hold n runs over the declared ranges, n at reference and n of the null theory to patterns.

    Args:
        report: called with the side, how many runs it has, and how many of them are done.

    Raises:
        DataError: where the world has no patterns, or the scenario ends before any of them.
        KeyboardInterrupt: when interrupted; nothing is kept.
    """
    every, cases = load_patterns(world), load_cases(world, scenario.months)
    patterns = [pattern for pattern in every if pattern.span[1] < scenario.months]
    if not patterns:
        end = f"{scenario.name} ends in {world.date(scenario.months - 1)}"
        raise DataError([f"{end}, before the first pattern has: name a later month"])
    ancestry = Ancestry(world, load_evidence(world.directory))
    circular = {pattern.id: circularity(pattern, ancestry) for pattern in patterns}
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

"""Worlds of any size, to be filled in by hand or at random, and their rules, states and runs."""

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from eurasia_sim.compute.blocks import RUNS, Block, Run
from eurasia_sim.compute.dimensions import CONSTRUCTS, DOMAINS, Geography
from eurasia_sim.kernel.arrays import CODED, FACTS, LEVERS, STATE
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.kernel.outcomes import column_names
from eurasia_sim.kernel.workspace import Workspace, facts_of, levers_of, plan_of
from eurasia_sim.world.world import load_world

LEVER_NAMES = [field.name for field in LEVERS.fields if field.name != "comembership"]
# What each axis of a world's array counts, as in `month.arrays`; t counts months.
AXES: Mapping[str, str] = {
    **{field.name: field.axes for field in FACTS.fields if field.name in Geography._fields},
    "size": "k", "ruler": "k", "challenger": "k", "venue_domains": "vd",
    **{field.name: field.axes for field in CODED.fields},
    **{name: f"t{LEVERS.of[name].axes}" for name in LEVER_NAMES},
}  # fmt: skip
FAR = 1e9  # km; nothing is left of any strength at such a distance
NOISES = (
    "alignment_noise", "utility_noise", "war_noise", "desertion", "recognition_rate",
    "refusal_rate",
)  # fmt: skip


@functools.cache
def declared() -> SimpleNamespace:
    """The packaged rules: reference values, ranges, theories and forms."""
    world = load_world()
    numbers = {name: world.numbers[path] for name, path in world.rule_paths.items()}
    values = {name: number.value for name, number in numbers.items()}
    ranges = {name: (number.low, number.high) for name, number in numbers.items()}
    return SimpleNamespace(values=values, ranges=ranges, theories=world.theories, forms=world.forms)


def record(values: Mapping[str, float]) -> Any:
    """A full set of the rules' numbers as the kernel takes them."""
    dtype = [(name, np.float64) for name in values]
    return np.array([tuple(values.values())], dtype=dtype)[0]


def rules(
    theory: str = "balance_of_threat", forms: Mapping[str, str] | None = None, **numbers: float
) -> Any:
    """Reference values under a theory and some forms, with some numbers changed."""
    known = declared()
    preset, stated = known.theories[theory], {}
    for factor, alternative in (forms or {}).items():
        stated |= known.forms[factor][alternative].fix
    assert set(numbers) <= set(known.values)
    return record({**known.values, **stated, **preset.values, **preset.fix, **numbers})


def changed(p: Any, **numbers: float) -> Any:
    """The same numbers but for some."""
    copy = p.copy()
    for name, value in numbers.items():
        copy[name] = value
    return copy


def quiet(p: Any) -> Any:
    """The same numbers without shocks, and without flags that a draw would decide."""
    return changed(p, **dict.fromkeys(NOISES, 0.0), recognition_base=99.0)


def interests(**levels: float) -> list[float]:
    """Saliences of an actor, 0 but for those given."""
    assert set(levels) <= set(CONSTRUCTS)
    return [levels.get(name, 0.0) for name in CONSTRUCTS]


def _fill(array: Any, values: Any) -> Any:
    """Set an array in place: all of it, or the entries whose places a dictionary names."""
    for place, value in values.items() if isinstance(values, dict) else [(..., values)]:
        array[place] = value
    return array


@dataclass(frozen=True, repr=False)
class RandomWorld:
    """Everything the kernel is given, with the names that keyed it."""

    recipe: str  # what a failing example shows: the call that makes the same world again
    actors: tuple[str, ...]
    theatres: tuple[str, ...]
    arrays: Mapping[str, Any]  # of AXES
    p: Any
    focus: Any
    scopes: Any
    burn_in: int = 0

    def __repr__(self) -> str:
        return self.recipe

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # for hypothesis
        printer.text(self.recipe)

    def having(self, **fields: Any) -> "RandomWorld":
        """The same world with other arrays, broadcast; a dictionary sets only some places.

        Who contests at the beginning is also who would come to rule by force, if not said.
        """
        if "challenger" in fields:
            fields.setdefault("contender", fields["challenger"])
        filled = {name: _fill(self.arrays[name].copy(), values) for name, values in fields.items()}
        return replace(self, arrays={**self.arrays, **filled})

    @property
    def rules(self) -> Any:
        """The rules' numbers, by the name that a scenario's inputs have for them."""
        return self.p

    @functools.cached_property
    def facts(self) -> Run:
        return facts_of(self.geography, self.focus, self.scopes)

    @property
    def geography(self) -> Geography:
        return Geography(**{name: self.arrays[name] for name in Geography._fields})

    @functools.cached_property
    def row(self) -> Any:
        """The coded numbers, flat."""
        return np.concatenate([np.ravel(self.arrays[field.name]) for field in CODED.fields])

    @functools.cached_property
    def levers(self) -> LeverSeries:
        levers = {name: self.arrays[name] for name in LEVER_NAMES}
        series = LeverSeries(self.facts.counts, self.months)
        return series.changed_to(self.arrays["venue_domains"], **levers)

    @property
    def months(self) -> int:
        return len(self.arrays["rule"])

    @functools.cached_property
    def columns(self) -> list[str]:
        pairs = [(self.actors[i], self.actors[j]) for i, j in self.focus]
        scopes = [f"scope{s}" for s in range(len(self.scopes))]
        return column_names(list(self.actors), list(self.theatres), DOMAINS, pairs, scopes)

    def workspace(self, seed: int = 1, memory: Any = None, p: Any = None) -> Workspace:
        """A block of this one run, at its beginning or as a snapshot left it."""
        numbers = np.array(self.p if p is None else p).reshape(1)
        workspace = Workspace(self.facts, numbers)
        memories = None if memory is None else memory[None]
        workspace.load(numbers, self.row[None], np.array([seed], np.uint64), memories)
        return workspace

    def memory(self) -> Any:
        """The state before the first month, flat."""
        return self.workspace().memories()[0]

    def view(self, memory: Any) -> Run:
        """A copy of a flat state as named arrays, for `call` to work on."""
        buffer = np.repeat(memory[:, None], RUNS, axis=1)
        state: Run = Block(STATE, self.facts.counts, buffer=buffer)[0]
        state.world = self  # type: ignore[attr-defined]
        return state


def begun(world: RandomWorld, **fields: Any) -> Run:
    """The state at the beginning, with some of its arrays set as by `having`."""
    return fill(world.view(world.memory()), **fields)


def fill(state: Run, **fields: Any) -> Run:
    """Set some arrays of a state as by `having`; return it."""
    for name, values in fields.items():
        _fill(getattr(state, name), values)
    return state


def expect(state: Run, **by_hand: Any) -> None:
    """Arrays of a state, or their entries at the places that a dictionary names, are as given."""
    for name, values in by_hand.items():
        whole = getattr(state, name)
        for place, value in values.items() if isinstance(values, dict) else [(..., values)]:
            at = f"{name}[{place}]"
            np.testing.assert_allclose(whole[place], value, rtol=1e-9, atol=1e-15, err_msg=at)


def call(
    rule: Any, state: Run, *places: Any, p: Any = None, t: int = 0, number: int = 0, seed: int = 1
) -> Any:
    """Let a rule, or a part of one, work on a run's state, which it changes; return what it gives.

    Args:
        places: what it is asked beside the arrays, such as whose turn it is.
        t: the month whose levers hold. number: the month that chance is found by.
    """
    world: RandomWorld = state.world  # type: ignore[attr-defined]
    workspace = world.workspace(p=p)
    workspace.month.memory[:] = world.levers.rows[t][:, None]
    state._block.array("seed")[:] = np.uint64(seed)
    given = {
        "state": state._block, "constants": workspace.constants, "month": workspace.month,
        "facts": world.facts, "p": workspace.p, "t": number,
    }  # fmt: skip
    names = list(inspect.signature(rule.py_func).parameters)
    if "run" in names:
        given = {name: one[0] if isinstance(one, Block) else one for name, one in given.items()}
        given["run"] = state
    left = iter(places)
    return rule(*[given[name] if name in given else next(left) for name in names])


def after(rule: Any, world: RandomWorld, *, number: int = 0, seed: int = 1, **fields: Any) -> Run:
    """The state when a rule has worked on the beginning, some arrays of which are set."""
    state = begun(world, **fields)
    call(rule, state, number=number, seed=seed)
    return state


def snapshots(
    world: RandomWorld, seed: int = 1, months: int | None = None, memory: Any = None, start: int = 0
) -> list[Any]:
    """The flat state after every month from `start`, where `memory` is the state before it."""
    workspace = world.workspace(seed, memory)
    found = []
    for t in range(start, world.months if months is None else months):
        workspace.live(world.levers, t)
        found.append(workspace.memories()[0])
    return found


def simulate(world: RandomWorld, seed: int = 1, months: int | None = None) -> list[Run]:
    """The state after every month from the first, each a copy."""
    return [world.view(memory) for memory in snapshots(world, seed, months)]


def observed(state: Run) -> dict[str, float]:
    """Every measure of a state by its column's name."""
    workspace = state.world.workspace()  # type: ignore[attr-defined]
    workspace.state.memory[:] = state._block.memory
    columns = state.world.columns  # type: ignore[attr-defined]
    return dict(zip(columns, workspace.observed()[0].tolist(), strict=True))


def run_block(
    world: RandomWorld, run_seeds: list[int], span: tuple[int, int] | None = None,
    memories: Any = None, window: tuple[int, int] | None = None, p: Any = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """Up to eight compiled runs of some months, all by default.

    Returns:
        (R, C) means over the window, (R, months, C) columns, (R, 3) statuses and (R, Z) snapshots.
    """
    span, runs, columns = span or (0, world.months), len(run_seeds), len(world.columns)
    numbers = np.full(runs, world.p, dtype=world.p.dtype) if p is None else p
    workspace = Workspace(world.facts, numbers)
    workspace.load(numbers, np.tile(world.row, (runs, 1)), np.array(run_seeds, np.uint64), memories)
    trajectory = np.full((span[1] - span[0], columns, RUNS), np.nan)
    status = np.zeros((runs, 3), np.int64)
    plan = plan_of(span, 0, window or span, np.arange(columns))
    levers = levers_of([world.levers], np.zeros(runs, np.int64), span)
    means = workspace.advance(levers, plan, trajectory, status)
    monthly = np.ascontiguousarray(trajectory.transpose(2, 0, 1)[:runs])
    return means, monthly, status, workspace.memories()


def shapes_of(n: int, k: int, venues: int, months: int) -> dict[str, tuple[int, ...]]:
    """Shape of every array of a world."""
    lengths = {
        "i": n, "j": n, "k": k, "l": k, "v": venues, "c": len(CONSTRUCTS), "t": months, "b": 5,
    }  # fmt: skip
    return {name: tuple(lengths.get(axis, 3) for axis in axes) for name, axes in AXES.items()}


def plain(
    n: int = 2, k: int = 1, venues: int = 0, *, months: int = 1,
    theory: str = "balance_of_threat", forms: Mapping[str, str] | None = None, **numbers: float,
) -> RandomWorld:  # fmt: skip
    """A world without chance in which nothing is near, wanted or done, to be filled in by hand."""
    arrays = {name: np.zeros(shape) for name, shape in shapes_of(n, k, venues, months).items()}
    for name in ("distance", "theatre_distance", "border_distance", "theatre_separation"):
        arrays[name][:] = FAR
    for name in ("distance", "theatre_separation"):
        np.fill_diagonal(arrays[name], 0.0)
    for name, count in (("name_hash", n), ("theatre_hash", k)):
        arrays[name] = np.arange(1, count + 1, dtype=np.uint64)
    for name in ("ruler", "challenger", "contender"):
        arrays[name] = np.full(k, -1, dtype=np.int64)
    arrays["rule"][:] = -1.0
    for name in (
        "stability", "recognition", "consent", "observed", "initial_fighters", "initial_strength",
    ):  # fmt: skip
        arrays[name][:] = np.nan
    return RandomWorld(
        "plain", tuple(f"actor{i}" for i in range(n)),
        tuple(f"theatre{place}" for place in range(k)), arrays,
        rules(theory, forms, **{**dict.fromkeys(NOISES, 0.0), **numbers}),
        np.array([[0, 1]], dtype=np.int64), np.ones((1, k)),
    )  # fmt: skip

"""Random worlds of other sizes, with other names, that hypothesis can search; and runs of them, month by month."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from eurasia_sim.compute.blocks import RUNS, Block, Counts, Run
from eurasia_sim.compute.dimensions import DOMAINS, Geography
from eurasia_sim.compute.random_streams import name_hash
from eurasia_sim.files.data_yaml import packaged, read_pages
from eurasia_sim.kernel import month
from eurasia_sim.kernel.arrays import STATE, coded_of, coded_shapes
from eurasia_sim.kernel.lever_series import LeverSeries, Month
from eurasia_sim.kernel.outcomes import column_names
from eurasia_sim.kernel.workspace import Workspace, facts_of, levers_of, plan_of
from eurasia_sim.world.entities import Preset
from eurasia_sim.world.loader import Gathered
from eurasia_sim.world.theories import read_rules, read_theories

# What each axis of an array counts: i and j actors, k and l theatres, v institutions, the rest as it comes.
AXES: Mapping[str, str] = {
    # geography
    "distance": "ij", "border": "ij", "theatre_distance": "ik", "theatre_border": "ik", "border_distance": "ik",
    "theatre_separation": "kl", "size": "k", "ruler": "k", "challenger": "k", "convenes": "vi", "venue_domains": "vd",
    "name_hash": "i", "theatre_hash": "k",
    # coded
    "salience": "ic", "denial": "ij", "affinity": "ij", "susceptibility": "ih", "offensive_capability": "i",
    "skill": "id", "front": "ij", "own_power": "i", "opportunity": "k", "base_stability": "k", "threat_source": "kh",
    "initial_control": "k", "initial_militants": "k", "initial_economy": "k", "initial_influence": "ikd",
    "initial_recognition": "ik",
}  # fmt: skip
POSTURE_AXES: Mapping[str, str] = {
    "presence": "tikx", "pressure": "tij", "goodwill": "tij", "revisionism": "ti", "conduct": "tk", "surge": "tkh",
    "aid": "tik", "imposed": "tikd", "jointness": "tkd", "rule": "tk", "stability": "tk", "recognition": "tik",
    "capability": "ti", "theatre_capability": "tk", "membership": "tvi",
}  # fmt: skip
# What a run leaves behind that a reader may look at; the rest of the state is scratch.
OUTCOME_AXES: Mapping[str, str] = {
    "leaning": "ij", "alignment": "ij", "threat": "ij", "rivalry": "ij", "partnership": "ij", "shared": "ij",
    "inclination": "ikd", "effort": "ikd", "joint": "ikd", "influence": "ikd", "spillover": "ik", "recognition": "ik",
    "power": "i", "budget": "i", "standing": "i", "venue_effort": "iv", "stability": "k", "militants": "k",
    "economy": "k", "control": "k", "restraint": "k", "demand": "k", "ruler": "k", "challenger": "k",
}  # fmt: skip
Posture = NamedTuple("Posture", [(name, Any) for name in POSTURE_AXES])  # type: ignore[misc]
FAR = 1e9  # km; nothing is left of any strength at such a distance
NOISES = ("alignment_noise", "utility_noise", "regime_noise", "recognition_rate")
_SYLLABLES = ("bor", "du", "fen", "gal", "hu", "jor", "lim", "mo", "nar", "os", "pel", "qua", "ru", "sil", "tor", "vex")


class Rules(NamedTuple):
    """The rules' numbers as the package declares them."""

    values: dict[str, float]
    ranges: dict[str, tuple[float, float]]
    theories: dict[str, Preset]
    forms: dict[str, dict[str, Preset]]


@functools.cache
def declared() -> Rules:
    """Reference values, ranges, theories and forms of the packaged rules, without any world."""
    into = Gathered()
    pages = read_pages(packaged() / "rules")
    for name, page in pages.items():
        if name != "theories":
            read_rules(page, into)
    theories, forms, _ = read_theories(pages["theories"], into)
    assert not into.problems
    numbers = {path.rsplit(".", 1)[1]: number for path, number in into.numbers.items() if path.startswith("rules.")}
    return Rules(
        {name: number.value for name, number in numbers.items()},
        {name: (number.low, number.high) for name, number in numbers.items()},
        theories,
        forms,
    )


def record(values: Mapping[str, float]) -> Any:
    """A full set of the rules' numbers as the kernel takes them."""
    found = np.zeros(1, dtype=[(name, np.float64) for name in values])
    for name, value in values.items():
        found[name] = value
    return found[0]


def rules(theory: str = "balance_of_threat", forms: Mapping[str, str] | None = None, **changed: float) -> Any:
    """Reference values under a theory and some forms, with some numbers changed."""
    known = declared()
    stated: dict[str, float] = {}
    for factor, alternative in (forms or {}).items():
        stated |= known.forms[factor][alternative].fix
    preset = known.theories[theory]
    assert set(changed) <= set(known.values)
    return record({**known.values, **stated, **preset.values, **preset.fix, **changed})


def changed(p: Any, **values: float) -> Any:
    """The same numbers but for some."""
    copy = p.copy()
    for name, value in values.items():
        copy[name] = value
    return copy


def quiet(p: Any) -> Any:
    """The same numbers without any chance: no shocks, and no step up a ladder that a draw would decide."""
    return changed(p, **dict.fromkeys(NOISES, 0.0))


@dataclass(frozen=True, repr=False)
class RandomWorld:
    """Everything the kernel is given, with the names that keyed it."""

    recipe: str  # what a failing example shows: the arguments of `build` make the same world again
    actors: tuple[str, ...]
    theatres: tuple[str, ...]
    geography: Geography
    row: Any
    posture: Posture
    p: Any
    focus: Any
    scopes: Any

    def __repr__(self) -> str:
        return self.recipe

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # hypothesis prints an example by this
        printer.text(self.recipe)

    @functools.cached_property
    def facts(self) -> Run:
        return facts_of(self.geography, self.focus, self.scopes)

    @property
    def counts(self) -> Counts:
        return self.facts.counts

    @functools.cached_property
    def levers(self) -> LeverSeries:
        series = LeverSeries(self.counts, self.months)
        return series.changed_to(self.geography.venue_domains, **self.posture._asdict())

    @property
    def months(self) -> int:
        return len(self.posture.rule)

    @property
    def venues(self) -> int:
        return len(self.geography.convenes)

    @property
    def coded(self) -> Any:
        return coded_of(self.row, len(self.actors), len(self.theatres))

    @property
    def columns(self) -> list[str]:
        pairs = [(self.actors[i], self.actors[j]) for i, j in self.focus]
        scopes = [f"scope{s}" for s in range(len(self.scopes))]
        return column_names(list(self.actors), list(self.theatres), DOMAINS, pairs, scopes)

    def workspace(self, seed: int = 1, memory: Any = None, p: Any = None) -> Workspace:
        """A block of this one run, at its beginning or as a snapshot left it."""
        rules = np.array(self.p if p is None else p).reshape(1)
        workspace = Workspace(self.facts, rules)
        seeds = np.array([seed], np.uint64)
        workspace.load(rules, self.row[None], seeds, None if memory is None else memory[None])
        return workspace

    def constants(self, p: Any = None) -> Run:
        return self.workspace(p=p).constants[0]

    def month(self, t: int) -> Month:
        """The levers and series of one month."""
        return self.levers.month(t)

    def memory(self) -> Any:
        """The state before the first month, flat."""
        return self.workspace().memories()[0]

    def view(self, memory: Any) -> Run:
        """A copy of a flat state as named arrays, for `call` to work on."""
        state: Run = Block(STATE, self.counts, buffer=np.repeat(memory[:, None], RUNS, axis=1))[0]
        state.world = self  # type: ignore[attr-defined]
        return state

    def within(self, memory: Any) -> Run:
        """The named arrays of a flat state, to change it."""
        return Block(STATE, self.counts, 1, memory[:, None])[0]

    def call(
        self, rule: Any, state: Run, *places: Any, constants: Run | None = None, p: Any = None, t: int = 0,
        number: int = 0, seed: int = 1,
    ) -> Any:  # fmt: skip
        """Let a rule, or a part of one, work on a run's state, which it changes; return what it gives for that run.

        Args:
            places: what it is asked beside the arrays, such as whose turn it is. t: the month whose levers hold.
        """
        workspace = self.workspace(p=p)
        workspace.set_month(self.levers, t)
        state._block.seed[:] = np.uint64(seed)
        given = {
            "state": state._block, "constants": constants._block if constants else workspace.constants,
            "month": workspace.month, "facts": self.facts, "p": workspace.p, "month_number": np.uint64(number),
        }  # fmt: skip
        names = list(inspect.signature(rule.py_func).parameters)
        if "run" in names:
            given = {name: held[0] if isinstance(held, Block) else held for name, held in given.items()}
            given["run"] = state
        left = iter(places)
        found = rule(*[given[name] if name in given else next(left) for name in names])
        return found[0] if isinstance(found, tuple | np.ndarray) and len(found) == RUNS else found

    def with_coded(self, **fields: Any) -> RandomWorld:
        """The same world with some coded arrays replaced."""
        arrays = {**self.coded._asdict(), **fields}
        return replace(self, row=np.concatenate([np.ravel(array) for array in arrays.values()]).astype(np.float64))

    def with_posture(self, **fields: Any) -> RandomWorld:
        """The same world with some series of the posture replaced."""
        return replace(self, posture=self.posture._replace(**fields))

    def with_geography(self, **fields: Any) -> RandomWorld:
        """The same world with some facts of place replaced."""
        return replace(self, geography=self.geography._replace(**fields))


def call(rule: Any, state: Run, *places: Any, **given: Any) -> Any:
    """Let a rule work on a state that `RandomWorld.view` gave; see `RandomWorld.call`."""
    return state.world.call(rule, state, *places, **given)


def snapshots(
    world: RandomWorld, seed: int = 1, months: int | None = None, memory: Any = None, start: int = 0
) -> list[Any]:
    """The flat state after every month from `start`, each a copy; from the beginning, or on from a flat state."""
    workspace = world.workspace(seed, memory)
    found = []
    for t in range(start, world.months if months is None else months):
        workspace.set_month(world.levers, t)
        month.decide(workspace.blocks, t)
        month.resolve(workspace.blocks, t)
        found.append(workspace.memories()[0])
    return found


def simulate(world: RandomWorld, seed: int = 1, months: int | None = None) -> list[Run]:
    """The state after every month from the first, each a copy."""
    return [world.view(memory) for memory in snapshots(world, seed, months)]


def observed(world: RandomWorld, state: Run) -> dict[str, float]:
    """Every measure of a state by its column's name."""
    workspace = world.workspace()
    workspace.state.memory[:] = state._block.memory
    return dict(zip(world.columns, workspace.observed()[0].tolist(), strict=True))


def same_bytes(first: Run, second: Run) -> bool:
    """Whether two states hold the same bits, scratch included."""
    pairs = zip(first.items(), second.items(), strict=True)
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for (_, a), (_, b) in pairs)


def relabelled(world: RandomWorld, order: Any) -> RandomWorld:
    """The same world with its actors listed in another order; place a holds who stood at order[a]."""
    place = np.append(np.argsort(order), -1)  # where an index went; -1 stays

    def moved(fields: Any, axes: Mapping[str, str]) -> dict[str, Any]:
        arrays = {}
        for name, array in fields._asdict().items():
            arrays[name] = array
            for axis, letter in enumerate(axes[name]):
                if letter in "ij":
                    arrays[name] = np.ascontiguousarray(np.take(arrays[name], order, axis=axis))
        return arrays

    geography, posture = moved(world.geography, AXES), moved(world.posture, POSTURE_AXES)
    for name in ("ruler", "challenger"):
        geography[name] = place[geography[name]]
    posture["rule"] = place[posture["rule"].astype(np.int64)].astype(np.float64)
    return replace(
        world,
        actors=tuple(world.actors[a] for a in order),
        geography=Geography(**geography),
        posture=Posture(**posture),
        focus=place[world.focus],
    ).with_coded(**moved(world.coded, AXES))


def widened(world: RandomWorld, letters: str, at: int, name: str, given: Mapping[str, Any]) -> RandomWorld:
    """The world with one more actor (letters "ij") or theatre ("kl") at a place.

    Args:
        given: what its entries hold, by array: a number, or a function of a shape; 0 where nothing is given.
    """

    def grown(fields: Any, axes: Mapping[str, str]) -> dict[str, Any]:
        arrays = {}
        for field, array in fields._asdict().items():
            content, arrays[field] = given.get(field, 0.0), array
            for axis, letter in enumerate(axes[field]):
                if letter in letters:
                    before = arrays[field]
                    shape = (*before.shape[:axis], *before.shape[axis + 1 :])
                    entries = content(shape) if callable(content) else content
                    arrays[field] = np.ascontiguousarray(np.insert(before, at, entries, axis=axis))
        return arrays

    geography, posture = grown(world.geography, AXES), grown(world.posture, POSTURE_AXES)
    names, key, focus = world.actors, "name_hash", world.focus
    if "k" in letters:
        names, key = world.theatres, "theatre_hash"
    else:
        focus = focus + (focus >= at)
        for field in ("ruler", "challenger"):
            geography[field] = geography[field] + (geography[field] >= at)
        posture["rule"] = posture["rule"] + (posture["rule"] >= at)
    geography[key][at] = name_hash(name)
    names = (*names[:at], name, *names[at:])
    return replace(
        world,
        **(
            {"theatres": names, "scopes": np.insert(world.scopes, at, 1.0, axis=1)}
            if "k" in letters
            else {"actors": names}
        ),
        geography=Geography(**geography),
        posture=Posture(**posture),
        row=np.concatenate([np.ravel(array) for array in grown(world.coded, AXES).values()]),
        focus=focus,
    )


def outcome(state: Run, without: tuple[str, int] | None = None, order: Any = None) -> dict[str, Any]:
    """What a reader may look at, with one entry of some letters left out, or actors put back in order."""
    found = {}
    for name, axes in OUTCOME_AXES.items():
        array = getattr(state, name)
        for axis, letter in enumerate(axes):
            if without is not None and letter in without[0]:
                array = np.delete(array, without[1], axis=axis)
            if order is not None and letter in "ij":
                array = np.take(array, np.argsort(order), axis=axis)
        found[name] = array
    return found


def assert_close(first: Mapping[str, Any], second: Mapping[str, Any], tolerance: float) -> None:
    """Every array, or number, of the first is that of the second."""
    assert set(first) <= set(second)
    for name, array in first.items():
        np.testing.assert_allclose(array, second[name], rtol=tolerance, atol=tolerance, err_msg=name)


class Report(NamedTuple):
    """What a run writes."""

    window: Any  # (C,) mean of every column over the window's months
    trajectory: Any  # (months, C)
    status: Any  # (3,)


def run_block(
    world: RandomWorld, run_seeds: list[int], span: tuple[int, int], memories: Any = None,
    window: tuple[int, int] | None = None, p: Any = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """Means (R, C), trajectories (R, months, C), statuses (R, 3) and snapshots (R, Z) of up to eight compiled runs."""
    runs, columns = len(run_seeds), len(world.columns)
    rules = np.full(runs, world.p, dtype=world.p.dtype) if p is None else p
    workspace = Workspace(world.facts, rules)
    workspace.load(rules, np.tile(world.row, (runs, 1)), np.array(run_seeds, np.uint64), memories)
    trajectory, status = np.full((span[1] - span[0], columns, RUNS), np.nan), np.zeros((runs, 3), np.int64)
    plan = plan_of(span, 0, window or span, np.arange(columns))
    means = workspace.advance(levers_of([world.levers], np.zeros(runs, np.int64), span), plan, trajectory, status)
    return means, np.ascontiguousarray(trajectory.transpose(2, 0, 1)[:runs]), status, workspace.memories()


def run(world: RandomWorld, seed: int = 1, window: tuple[int, int] | None = None) -> Report:
    """Means over the window, every column month by month, and the status, from the compiled run."""
    means, trajectories, statuses, _ = run_block(world, [seed], (0, world.months), window=window)
    return Report(means[0], trajectories[0], statuses[0])


def _names(rng: np.random.Generator, count: int, stem: str) -> tuple[str, ...]:
    words: list[str] = []
    while len(words) < count:
        word = "".join(rng.choice(_SYLLABLES, 3)) + stem
        if word not in words:
            words.append(word)
    return tuple(words)


def _geography(rng: np.random.Generator, actors: tuple[str, ...], theatres: tuple[str, ...], venues: int) -> Geography:
    n, k = len(actors), len(theatres)
    span = rng.choice([500.0, 3000.0, 10000.0])
    capitals, lands = rng.uniform(0.0, span, (n, 2)), rng.uniform(0.0, span, (k, 2))
    owner = rng.integers(-1, n, k)
    for place in range(k):
        if owner[place] >= 0:
            lands[place] = capitals[owner[place]]
    apart = np.linalg.norm(capitals[:, None] - capitals[None], axis=2)
    reach = np.linalg.norm(capitals[:, None] - lands[None], axis=2)
    between = np.linalg.norm(lands[:, None] - lands[None], axis=2)
    touching = np.triu(rng.random((n, n)) < 0.3, 1)
    touches = (rng.random((n, k)) < 0.3) | (reach == 0.0)
    ruler = np.where(rng.random(k) < 0.85, rng.integers(0, n, k), -1)
    challenger = np.where(rng.random(k) < 0.5, rng.integers(0, n, k), -1)
    challenger[challenger == ruler] = -1
    return Geography(
        distance=apart,
        border=(touching | touching.T).astype(np.float64),
        theatre_distance=reach,
        theatre_border=touches.astype(np.float64),
        border_distance=np.where(touches, 0.0, 0.5 * reach),
        theatre_separation=0.5 * between,
        size=np.where(rng.random(k) < 0.9, rng.uniform(0.05, 8.0, k), 0.0),
        ruler=ruler.astype(np.int64),
        challenger=challenger.astype(np.int64),
        convenes=(rng.dirichlet(np.ones(n), venues) * rng.choice([0.5, 1.0])).reshape(venues, n),
        venue_domains=(rng.random((venues, 3)) < 0.5).astype(np.float64),
        name_hash=np.array([name_hash(name) for name in actors], dtype=np.uint64),
        theatre_hash=np.array([name_hash(name) for name in theatres], dtype=np.uint64),
    )


def _row(rng: np.random.Generator, n: int, k: int, silence: float, empty: float) -> Any:
    shapes = coded_shapes(n, k)
    fields = {name: rng.random(shape) for name, shape in shapes.items()}
    for name, low in (("salience", 0), ("denial", 0), ("affinity", -3)):
        levels = rng.integers(low, 4, shapes[name]).astype(np.float64)
        fields[name] = np.where(rng.random(shapes[name]) < silence, np.nan, levels)
    for name in ("susceptibility", "offensive_capability", "front", "opportunity", "threat_source"):
        fields[name] *= rng.random(shapes[name]) >= empty
    fields["own_power"] = rng.choice([0.0, 0.001, 0.1], n)
    fields["initial_influence"] = np.moveaxis(rng.dirichlet(np.ones(n + 1), (k, 3))[..., :n], 2, 0)
    fields["initial_influence"] *= rng.random((n, k, 3)) >= empty
    fields["initial_recognition"] = rng.integers(0, 5, (n, k)).astype(np.float64)
    return np.concatenate([np.ravel(fields[name]) for name in shapes])


def random_posture(rng: np.random.Generator, geography: Geography, months: int, active: float) -> Posture:
    n, k = geography.theatre_distance.shape
    venues = len(geography.convenes)

    def levers(low: float, high: float, *shape: int) -> Any:
        """Values that hold from a random month on, or nothing."""
        value = np.where(rng.random(shape) < active, rng.uniform(low, high, shape), 0.0)
        since = rng.integers(0, months, shape)
        later = np.arange(months).reshape(-1, *[1] * len(shape)) >= since
        return np.where(later, value, 0.0)

    rule = np.full((months, k), -1.0)
    for place in range(k):
        if rng.random() < 0.3 * active:
            rule[rng.integers(0, months) :, place] = rng.choice(
                [geography.ruler[place], geography.challenger[place], rng.integers(0, n)]
            )
    stability, recognition = levers(0.0, 1.0, k), np.round(levers(0.0, 4.0, n, k))
    return Posture(
        presence=levers(0.0, 1.5, n, k, 3),
        pressure=levers(0.0, 1.0, n, n),
        goodwill=levers(-6.0, 6.0, n, n),
        revisionism=levers(0.0, 1.0, n),
        conduct=levers(-1.0, 1.0, k),
        surge=levers(0.0, 5.0, k, 3),
        aid=levers(0.0, 20.0, n, k),
        imposed=levers(0.0, 0.5, n, k, 3),
        jointness=levers(0.0, 1.0, k, 3),
        rule=rule,
        stability=np.where(rng.random(k) < 0.2 * active, stability, np.nan),
        recognition=np.where(rng.random((n, k)) < 0.2 * active, recognition, np.nan),
        capability=np.tile(rng.choice([0.0, 1e-4, 0.01, 0.2], n), (months, 1)),
        theatre_capability=np.tile(rng.choice([0.0, 0.001, 0.05], k), (months, 1)),
        membership=np.tile(rng.choice([0.0, 0.5, 1.0], (venues, n)), (months, 1, 1)).reshape(months, venues, n),
    )


def _drawn_rules(rng: np.random.Generator, theory: str, forms: Mapping[str, str], how: str) -> Any:
    """Numbers inside the declared ranges, or each at one of its ends, as the theory and the forms allow."""
    known = declared()
    preset = known.theories[theory]
    values = {}
    for name, span in known.ranges.items():
        low, high = preset.ranges.get(name, span)
        share = rng.random() if how == "inside" else float(rng.integers(0, 2))
        values[name] = low + (high - low) * share if how != "reference" else preset.values.get(name, known.values[name])
    for factor, alternative in forms.items():
        values |= known.forms[factor][alternative].fix
    return record(values | preset.fix)


def plain(p: Any, n: int = 2, k: int = 1, venues: int = 0, months: int = 1) -> RandomWorld:
    """A world in which nothing is near, wanted, held or done, for a test to fill in by hand."""
    posture = {name: np.zeros((months, *shape)) for name, shape in _posture_shapes(n, k, venues).items()}
    for name, free in (("rule", -1.0), ("stability", np.nan), ("recognition", np.nan)):
        posture[name][:] = free
    sizes = {"i": n, "j": n, "k": k, "l": k, "v": venues, "d": 3}
    geography = {name: np.zeros([sizes[letter] for letter in AXES[name]]) for name in Geography._fields}
    for name in ("distance", "theatre_distance", "border_distance", "theatre_separation"):
        geography[name][:] = FAR
    for name in ("distance", "theatre_separation"):
        np.fill_diagonal(geography[name], 0.0)
    for name in ("ruler", "challenger"):
        geography[name] = np.full(k, -1, dtype=np.int64)
    for name, count in (("name_hash", n), ("theatre_hash", k)):
        geography[name] = np.arange(1, count + 1, dtype=np.uint64)
    return RandomWorld(
        "plain",
        tuple(f"actor{i}" for i in range(n)),
        tuple(f"theatre{place}" for place in range(k)),
        Geography(**geography),
        np.zeros(sum(int(np.prod(shape)) for shape in coded_shapes(n, k).values())),
        Posture(**posture),
        p,
        np.array([[0, 1]], dtype=np.int64),
        np.ones((1, k)),
    )


def _posture_shapes(n: int, k: int, venues: int) -> dict[str, tuple[int, ...]]:
    sizes = {"i": n, "j": n, "k": k, "l": k, "v": venues, "d": 3, "x": 3, "h": 3}
    return {name: tuple(sizes[letter] for letter in axes[1:]) for name, axes in POSTURE_AXES.items()}


def put(array: Any, *values: tuple[Any, float]) -> Any:
    """A copy of an array with some entries set."""
    copy = array.copy()
    for place, value in values:
        copy[place] = value
    return copy


def build(
    n: int, k: int, venues: int, months: int, theory: str, forms: Mapping[str, str], how: str, silence: float,
    empty: float, active: float, noisy: bool, seed: int,
) -> RandomWorld:  # fmt: skip
    """One world of n actors, k theatres and some institutions.

    Args:
        how: "inside" draws the rules' numbers inside their ranges, "ends" at their ends, "reference" leaves them.
        silence, empty, active: shares of what no document says, of what is nought, and of levers that are used.
    """
    given = (n, k, venues, months, theory, dict(forms), how, silence, empty, active, noisy, seed)
    recipe = f"build{given}"
    rng = np.random.default_rng(seed)
    actors, theatres = _names(rng, n, "ia"), _names(rng, k, "land")
    geography = _geography(rng, actors, theatres, venues)
    p = _drawn_rules(rng, theory, forms, how)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    return RandomWorld(
        recipe,
        actors,
        theatres,
        geography,
        _row(rng, n, k, silence, empty),
        random_posture(rng, geography, months, active),
        p if noisy else quiet(p),
        np.array(pairs[:4], dtype=np.int64),
        np.concatenate([np.ones((1, k)), np.eye(k)]),
    )


@st.composite
def worlds(
    draw: st.DrawFn, *, months: int = 6, noise: bool | None = None, theory: str | None = None, least_actors: int = 2
) -> RandomWorld:
    """Worlds of 2 to 7 actors, 1 to 4 theatres and 0 to 4 institutions, under any theory, forms and allowed numbers."""
    known = declared()
    return build(
        draw(st.integers(least_actors, 7)),
        draw(st.integers(1, 4)),
        draw(st.integers(0, 4)),
        months,
        theory or draw(st.sampled_from(sorted(known.theories))),
        {factor: draw(st.sampled_from(sorted(rivals))) for factor, rivals in known.forms.items()},
        draw(st.sampled_from(["inside", "ends", "reference"])),
        draw(st.sampled_from([0.0, 0.5, 1.0])),
        draw(st.sampled_from([0.0, 0.5, 1.0])),
        draw(st.sampled_from([0.0, 0.3, 1.0])),
        draw(st.booleans()) if noise is None else noise,
        draw(st.integers(0, 2**32 - 1)),
    )


seeds = st.integers(0, 2**64 - 1)

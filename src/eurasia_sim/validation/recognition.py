"""Dated facts of recognition, held to runs: who deals with a ruler by force first, and how far.

They are scored and never fitted. What one knows for nothing stands beside: the coded relation,
which orders actors and gives no chance, and a coin.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.stats import kendalltau

from eurasia_sim.compute.dimensions import ENVOY, FLAGS, LISTED, MISSION, RECOGNISED, TALKS, Floats
from eurasia_sim.files.checker import Strict
from eurasia_sim.files.data_yaml import read_page, refuse
from eurasia_sim.observations.loader import FOLDER
from eurasia_sim.simulation.ensemble import chunks_of, run_paired
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws
from eurasia_sim.world.world import World

FILE = "facts.yaml"
RUNS, RELATION, COIN = "runs", "relation alone", "coin"
# Facts whose sentence also gave the coded relation are told apart.
KINDS = ("all", "independent", "circular")
_NEEDS = {MISSION: {TALKS}, ENVOY: {TALKS}, RECOGNISED: {TALKS, ENVOY}}
_LEAST_ACTORS = 3  # that an order needs


class Fact(Strict):
    """One dated fact with its place in a document; all but recognition is there to be read."""

    says: str
    kind: Literal[
        "recognition", "base", "exercise", "meeting", "visit", "statement", "presence", "aid",
        "war", "takeover",
    ]  # fmt: skip
    step: Literal[FLAGS] | None = None  # type: ignore[valid-type]  # of recognition
    reached: bool | None = None  # whether the step was taken, by the document
    actors: list[str]
    toward: list[str] = Field(default_factory=list)  # actors or theatres
    date: str = Field(pattern=r"^\d{4}(-(0[1-9]|1[0-2]))?$")
    document: str
    line: int
    sentence: int = Field(ge=1)
    circular: list[str]  # numbers and events of the world that rest on the same sentence


class Case(NamedTuple):
    """What a document says of one actor's flag in one month."""

    actor: str
    theatre: str
    flag: int  # place in `FLAGS`
    month: int  # a year alone is its last month
    up: bool
    liked: float  # the coded relation to the contender, 0 where silent
    circular: bool  # it rests on the same sentence

    @property
    def column(self) -> str:
        """The measure of the flag."""
        return f"{FLAGS[self.flag]}.{self.actor}.{self.theatre}"


def load_cases(world: World, months: int) -> list[Case]:
    """The facts of recognition before a month, one an actor; none where a world has no facts.

    Raises:
        DataError: for a fact of another form, an unknown step, actor or contender.
    """
    path = world.directory / FOLDER / FILE
    if not path.exists():
        return []
    page = read_page(path)
    facts = page.validated(dict[str, Fact]) or {}
    lands = {theatre.contender: name for name, theatre in world.theatres.items()}
    found = []
    for name, fact in facts.items():
        if fact.kind != "recognition":
            continue
        for key, words, known in (
            ("step", [fact.step], FLAGS), ("actors", fact.actors, world.actors),
            ("toward", fact.toward or ["nobody"], [land for land in lands if land]),
        ):  # fmt: skip
            if wrong := [str(word) for word in words if word not in known]:
                allowed = ", ".join(filter(None, known))
                said = f"{name}.{key}: {', '.join(wrong)}; one of {allowed}"
                page.complain((name, key), said)
        if fact.reached is None:
            page.complain((name,), f"{name} says not whether it was reached")
        if page.problems:
            continue
        month = world.month(fact.date if len(fact.date) > 4 else f"{fact.date}-12")
        for actor in fact.actors if month < months else ():
            own = f"actors.{actor}.affinity.{fact.toward[0]}"
            coded = world.numbers.get(own)  # silence reads as neither liked nor disliked
            liked = float(np.nan_to_num(coded.value)) if coded else 0.0
            step = FLAGS.index(str(fact.step)), month, bool(fact.reached)
            found.append(Case(actor, lands[fact.toward[0]], *step, liked, own in fact.circular))
    refuse([page])
    return found


def fact_scores(
    cases: Sequence[Case], inputs: Inputs, draws: Draws, workers: int | None = None
) -> pd.DataFrame:
    """Scores of runs, of the coded relation alone and of a coin, by which of the facts count.

    Form: Kendall's tau-b with the order of first talks and with the flags up at the end, the area
    under the curve of missions kept, and the mean log of the chance of what came, half a run added
    to either side.

    Returns:
        Columns `facts`, `method`, `cases`, `first_talks`, `level`, `missions`, `log_score`.
    """
    names = dict.fromkeys(each.column for each in cases)
    for kind in ("talks", "recognition"):
        names |= dict.fromkeys(f"{kind}.{each.actor}.{each.theatre}" for each in cases)
    kept = np.array([inputs.columns.index(name) for name in names], np.int64)

    def work(chunk: slice) -> Floats:
        (outcome,) = run_paired([inputs], draws.part(chunk), (0, 1), kept)
        return np.asarray(outcome.trajectories[~outcome.failed])

    runs = np.concatenate(chunks_of(work, len(draws), workers))
    paths = dict(zip(names, np.moveaxis(runs, 2, 0), strict=True))
    rows = []
    for kind in KINDS:
        own = [each for each in cases if kind == KINDS[0] or each.circular == (kind == KINDS[2])]
        if own:
            said, liked = expected(own, paths), {each.actor: each.liked for each in own}
            ranks = {name: (told, said[name]) for name, told in documented(own).items()}
            came = np.array([(paths[e.column][:, e.month] == e.up).sum() for e in own])
            logs = {RUNS: np.log((came + 0.5) / (len(runs) + 1.0)).mean(), COIN: np.log(0.5)}
            for method in (RUNS, RELATION, COIN):
                found = {
                    name: agreement(told, {RUNS: by, RELATION: liked}.get(method, {}), name)
                    for name, (told, by) in ranks.items()
                }
                row = {"facts": kind, "method": method, "cases": len(own), **found}
                rows.append({**row, "log_score": logs.get(method, np.nan)})
    return pd.DataFrame(rows)


def documented(cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    """By score and actor, what the documents say; of two facts of one flag the later counts.

    A flag that is up implies those that it needs. First talks count backward from their month. Of
    whom nothing but a mission is told, no level is.
    """
    talks, last = dict[str, float](), dict[tuple[str, int], bool]()
    for each in sorted(cases, key=lambda each: each.month):
        last[each.actor, each.flag] = each.up
        if each.flag == TALKS:
            began = -float(each.month) if each.up else -np.inf
            talks[each.actor] = max(began, talks.get(each.actor, -np.inf))
    up: dict[str, set[int]] = {a: set() for a, flag in last if flag not in {LISTED, MISSION}}
    for (actor, flag), stands in last.items():
        if stands and flag != LISTED and actor in up:
            up[actor] |= {flag, *_NEEDS.get(flag, ())}
    missions = {actor: float(stands) for (actor, flag), stands in last.items() if flag == MISSION}
    level = {actor: float(len(flags)) for actor, flags in up.items()}
    return {"first_talks": talks, "level": level, "missions": missions}


def expected(cases: Sequence[Case], paths: Mapping[str, Floats]) -> dict[str, dict[str, float]]:
    """The same by runs, each column's path (R, T): their means, never begun as the last month."""
    found: dict[str, dict[str, float]] = {"first_talks": {}, "level": {}, "missions": {}}
    for each in cases:
        place = f"{each.actor}.{each.theatre}"
        talks, level = paths[f"talks.{place}"], paths[f"recognition.{place}"]
        begun = np.where(talks.any(axis=1), talks.argmax(axis=1), talks.shape[1])
        found["first_talks"][each.actor] = -float(begun.mean())
        found["level"][each.actor] = float(level[:, -1].mean())
        if each.flag == MISSION:
            found["missions"][each.actor] = float(paths[each.column][:, each.month].mean())
    return found


def agreement(told: Mapping[str, float], said: Mapping[str, float], score: str) -> float:
    """Tau-b of two orders of actors, or of missions the area under the curve; NaN for too few."""
    pairs = [(value, said.get(actor, 0.0)) for actor, value in told.items()]
    if len(pairs) < _LEAST_ACTORS or len({value for value, _ in pairs}) == 1:
        return np.nan
    if score == "missions":
        stayed, left = ([by for up, by in pairs if up == each] for each in (1.0, 0.0))
        return float(np.mean([0.5 * (1.0 + np.sign(a - b)) for a in stayed for b in left]))
    if len({by for _, by in pairs}) == 1:
        return 0.0
    return float(kendalltau(*zip(*pairs, strict=True)).statistic)

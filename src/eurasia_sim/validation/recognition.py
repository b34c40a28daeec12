"""Dated facts of recognition, held to runs: who deals with a ruler by force first, and how far.

They are scored and never fitted. What one knows for nothing stands beside: the coded relation,
which orders actors and gives no chance, and a coin.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator
from scipy.stats import kendalltau, mannwhitneyu

from eurasia_sim.compute.dimensions import ENVOY, FLAGS, LISTED, MISSION, RECOGNISED, TALKS, Floats
from eurasia_sim.files.checker import Strict
from eurasia_sim.files.data_yaml import read_page, refuse
from eurasia_sim.observations.loader import FOLDER
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws
from eurasia_sim.validation.measured import finished, read_runs
from eurasia_sim.world.world import World

FILE = "facts.yaml"
RUNS, RELATION, COIN = "runs", "relation alone", "coin"
_NEEDS = {MISSION: {TALKS}, ENVOY: {TALKS}, RECOGNISED: {TALKS, ENVOY}}
_LEAST_ACTORS = 3  # that an order needs
Scores = dict[str, dict[str, float]]  # first_talks, level, missions -> by actor


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

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        whole = self.step is not None and self.reached is not None and self.toward
        if self.kind == "recognition" and not whole:
            raise ValueError("a fact of recognition with its step, reached and toward")
        return self


class Case(NamedTuple):
    """What a document says of one actor's flag in one month."""

    actor: str
    theatre: str
    flag: int  # place in `FLAGS`
    month: int  # a year alone is its last month
    up: bool
    liked: float  # the coded relation to the contender, 0 where silent
    circular: bool  # it rests on the same sentence

    def column(self, measure: str = "") -> str:
        """A measure of the actor and the theatre, by default that of the flag."""
        return f"{measure or FLAGS[self.flag]}.{self.actor}.{self.theatre}"


def load_cases(world: World, months: int) -> list[Case]:
    """The facts of recognition before a month, one an actor; none where a world has no facts.

    Raises DataError for a fact of another form, an unknown step, actor or contender.
    """
    path = world.directory / FOLDER / FILE
    if not path.exists():
        return []
    page, found = read_page(path), list[Case]()
    lands = {each.contender: name for name, each in world.theatres.items() if each.contender}
    for name, fact in (page.validated(dict[str, Fact]) or {}).items():
        if fact.kind != "recognition":
            continue
        named = [("actors", each, world.actors) for each in fact.actors]
        for key, word, known in (*named, ("toward", fact.toward[0], lands)):
            if word not in known:
                page.complain((name, key), f"{name}.{key} is {word}", known, word)
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
    to either side. Facts whose sentence also gave the coded relation are told apart as circular.
    Columns `facts`, `method`, `cases`, `first_talks`, `level`, `missions`, `log_score`.
    """
    read_of = ("", "talks", "recognition")
    columns = list(dict.fromkeys(each.column(name) for name in read_of for each in cases))
    runs = read_runs([inputs], draws, columns, lambda months: finished(months[0]), workers)
    paths = dict(zip(columns, np.moveaxis(runs, 2, 0), strict=True))
    apart = ([each for each in cases if each.circular == circular] for circular in (False, True))
    parts, rows = zip(("all", "independent", "circular"), (cases, *apart), strict=True), []
    for kind, own in parts:
        if not own:
            continue
        told, liked = documented(own), {each.actor: each.liked for each in own}
        came = np.array([(paths[e.column()][:, e.month] == e.up).sum() for e in own])
        log_runs = np.log((came + 0.5) / (len(runs) + 1.0)).mean()
        for method, said, log_score in (
            (RUNS, expected(own, paths), log_runs),
            (RELATION, dict.fromkeys(told, liked), np.nan),
            (COIN, {}, np.log(0.5)),
        ):
            found = {name: agreement(each, said.get(name, {}), name) for name, each in told.items()}
            head = {"facts": kind, "method": method, "cases": len(own)}
            rows.append({**head, **found, "log_score": log_score})
    return pd.DataFrame(rows)


def documented(cases: Sequence[Case]) -> Scores:
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


def expected(cases: Sequence[Case], paths: Mapping[str, Floats]) -> Scores:
    """The same by runs, each column's path (R, T): their means, never begun as the last month."""
    found: Scores = {"first_talks": {}, "level": {}, "missions": {}}
    for each in cases:
        talks, level = paths[each.column("talks")], paths[each.column("recognition")]
        begun = np.where(talks.any(axis=1), talks.argmax(axis=1), talks.shape[1])
        found["first_talks"][each.actor] = -float(begun.mean())
        found["level"][each.actor] = float(level[:, -1].mean())
        if each.flag == MISSION:
            found["missions"][each.actor] = float(paths[each.column()][:, each.month].mean())
    return found


def agreement(told: Mapping[str, float], said: Mapping[str, float], score: str) -> float:
    """Tau-b of two orders of actors, or of missions the area under the curve; NaN for too few."""
    ours = np.array([*told.values()])
    theirs = np.array([said.get(actor, 0.0) for actor in told])
    if len(ours) < _LEAST_ACTORS or len({*ours}) == 1:
        return np.nan
    if score == "missions":
        stayed, left = theirs[ours == 1], theirs[ours == 0]
        return float(mannwhitneyu(stayed, left).statistic / (len(stayed) * len(left)))
    return 0.0 if len({*theirs}) == 1 else float(kendalltau(ours, theirs).statistic)

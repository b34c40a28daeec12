"""Dated facts of the documents: reported beside a run and never fitted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from eurasia_sim.files.data_yaml import DataError, near, read_page
from eurasia_sim.observations.loader import FOLDER, Strict, unknown, validated
from eurasia_sim.world.world import World

FILE = "facts.yaml"
Kind = Literal[
    "recognition",
    "base",
    "exercise",
    "meeting",
    "visit",
    "statement",
    "presence",
    "aid",
    "war",
    "takeover",
]
Step = Literal["listed", "talks", "mission", "envoy", "recognised"]
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")


class Fact(Strict):
    """One dated fact with its place in a document."""

    id: str
    says: Annotated[str, Field(min_length=1)]
    kind: Kind
    step: Step | None = None  # of recognition
    reached: bool | None = None  # whether the step was taken, by the document
    actors: Annotated[list[str], Field(min_length=1)]
    toward: list[str] = Field(default_factory=list)  # actors or theatres
    date: str  # YYYY or YYYY-MM
    document: str
    line: int
    sentence: Annotated[int, Field(ge=1)]
    circular: list[str]  # numbers and events of the world that rest on the same sentence

    @property
    def tests(self) -> bool:
        """Whether nothing that the world was given rests on it."""
        return not self.circular


def load_facts(world: World) -> tuple[Fact, ...]:
    """Facts of a world in the order of its file; empty where it has none.

    Raises:
        DataError: with everything wrong, each as file:line, key, value and what would be right.
    """
    path = world.directory / FOLDER / FILE
    if not path.is_file():
        return ()
    page = read_page(path)
    documents = read_page(world.directory / "documents.yaml").data
    problems: list[str] = []
    facts = []
    for name, data in dict(page.data or {}).items():
        fact = validated(
            page, Fact, {"id": name, **data} if isinstance(data, dict) else data, (name,), problems
        )
        if fact:
            facts.append(fact)
            wrong = _wrong(fact, world, documents)
            problems += [f"{page.place([name, key])}: {name}.{key}: {what}" for key, what in wrong]
    if problems:
        raise DataError(problems)
    return tuple(facts)


def _wrong(entry: Fact, world: World, documents: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Key and fault of everything in an entry that names what is not there."""
    if not _DATE.fullmatch(entry.date):
        yield "date", f"{entry.date!r} is no date; write 2021 or 2021-08"
    for name in entry.actors:
        if name not in world.actors:
            yield "actors", unknown(name, "actor", world.actors)
    for name in entry.toward:
        if name not in world.actors and name not in world.theatres:
            yield "toward", unknown(name, "actor or theatre", [*world.actors, *world.theatres])
    if (entry.kind == "recognition") != (entry.step is not None) or (entry.step is None) != (
        entry.reached is None
    ):
        yield (
            "step",
            "a fact of recognition, and no other, has a step and says whether it was reached",
        )
    if entry.document not in documents:
        yield "document", unknown(entry.document, "document", documents)
    else:
        held = [each["lines"] for each in documents[entry.document]["paragraphs"]]
        if not any(first == entry.line for first, _ in held):
            yield "line", f"L{entry.line} begins no paragraph of {entry.document}"
    for path in entry.circular:
        known = path in world.numbers or path in world.events
        if not known and not any(number.startswith(f"{path}.") for number in world.numbers):
            yield (
                "circular",
                f"{path} is no number or event{near(path, [*world.numbers, *world.events])}",
            )

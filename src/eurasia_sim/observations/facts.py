"""Dated facts of the documents: reported beside a run and never fitted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from eurasia_sim.evidence.claims import Document, load_evidence
from eurasia_sim.files.checker import Strict, validated
from eurasia_sim.files.data_yaml import DataError, near, read_page
from eurasia_sim.observations.loader import FOLDER, unknown
from eurasia_sim.world.forms import Text
from eurasia_sim.world.world import World

FILE = "facts.yaml"
Kind = Literal[
    "recognition", "base", "exercise", "meeting", "visit", "statement", "presence", "aid", "war",
    "takeover",
]  # fmt: skip
Step = Literal["listed", "talks", "mission", "envoy", "recognised"]
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")


class Fact(Strict):
    """One dated fact with its place in a document."""

    id: str = ""
    says: Text
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
    if not path.exists():
        return ()
    page, problems = read_page(path), list[str]()
    found = validated(page, dict[str, Fact], page.data, (), problems) or {}
    facts = tuple(fact.model_copy(update={"id": name}) for name, fact in found.items())
    documents = load_evidence(world.directory).documents
    for fact in facts:
        for key, what in _wrong_keys(fact, world, documents):
            problems.append(f"{page.place([fact.id, key])}: {fact.id}.{key}: {what}")
    if problems:
        raise DataError(problems)
    return facts


def _wrong_keys(
    fact: Fact, world: World, documents: Mapping[str, Document]
) -> Iterator[tuple[str, str]]:
    """Key and fault of everything in an entry that names what does not exist."""
    if not _DATE.fullmatch(fact.date):
        yield "date", f"{fact.date!r} is no date; write 2021 or 2021-08"
    for key, names, kind, known in (
        ("actors", fact.actors, "actor", [*world.actors]),
        ("toward", fact.toward, "actor or theatre", [*world.actors, *world.theatres]),
        ("document", [fact.document], "document", [*documents]),
    ):
        yield from ((key, unknown(name, kind, known)) for name in names if name not in known)
    if {fact.step is None, fact.reached is None} != {fact.kind != "recognition"}:
        rule = "has a step and says whether it was reached"
        yield "step", f"a fact of recognition, and no other, {rule}"
    if fact.document in documents:
        paragraphs = documents[fact.document].paragraphs
        if fact.line not in (paragraph.lines[0] for paragraph in paragraphs):
            yield "line", f"L{fact.line} begins no paragraph of {fact.document}"
    known = [*world.numbers, *world.events]
    for path in fact.circular:
        if path not in known and not any(name.startswith(f"{path}.") for name in world.numbers):
            yield "circular", f"{path} is no number or event{near(path, known)}"

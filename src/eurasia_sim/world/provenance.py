"""Which numbers enter a measure directly, and whether what a pattern rests on stands behind one of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.evidence.claims import Claim, Evidence
from eurasia_sim.files.data_yaml import Number, packaged, read_page
from eurasia_sim.world.levers import FREE, levers
from eurasia_sim.world.world import World

_BRACES = re.compile(r"\{(\w+)\}")
# A passage named in the prose of a source: a document's name and its lines.
_PASSAGE = re.compile(r"\b([a-z]+\d{4}) L(\d+)(?:[-–](\d+))?")
_NOTHING = r"(?!)"
_BELOW = r"(\..+)?"

Ids = Mapping[str, tuple[str, ...]]
Sentence = tuple[str, tuple[int, int], int]  # document, lines of its paragraph, number within it


@dataclass(frozen=True)
class Ancestry:
    """The claim graph of one world: from sentences and datasets through numbers to measures."""

    world: World
    evidence: Evidence

    @cached_property
    def measures(self) -> Mapping[str, Mapping[str, Any]]:
        """The declared map: what enters each measure."""
        return dict(read_page(packaged() / "ancestry.yaml").data)

    @cached_property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        """What the steps of a column's name after the first stand for, by measure."""
        return {name: tuple(entry["of"]) for name, entry in read_page(packaged() / "measures.yaml").data.items()}

    @cached_property
    def claims(self) -> Mapping[str, Claim]:
        """Every claim of either coding by id."""
        turns = [claim for turn in self.evidence.rounds for claim in (*turn.claims, *turn.superseded)]
        return {claim.id: claim for claim in (*turns, *self.evidence.claims)}

    def inputs(self, column: str) -> list[Number]:
        """The numbers that enter a column directly."""
        patterns = list(self._patterns(column.partition(".")[0], self._ids(column)))
        wanted = re.compile("|".join(patterns) or _NOTHING)
        return [number for path, number in self.world.numbers.items() if wanted.fullmatch(path)]

    def ancestors(self, column: str, claims: Collection[str], source: Collection[Mapping[str, Any]]) -> list[str]:
        """Every way in which claims or datasets stand behind a number that enters the column, in words.

        A number rests on its claims, on every sentence of the passages that its source names, and on its datasets. Two
        claims of one sentence are one witness: what has set an input cannot test it under another heading.
        """
        found = []
        for number in self.inputs(column):
            coded = {_sentence(self.claims[claim]) for claim in number.claims() if claim in self.claims}
            passages = list(_passages(number))
            behind = [
                claim
                for claim in claims
                if (at := _sentence(self.claims[claim])) in coded or any(_holds(passage, at) for passage in passages)
            ]
            behind += sorted(_datasets(source) & _datasets(number.source))
            if behind:
                found.append(f"{number.path} rests on {', '.join(behind)}")
        return found

    def impositions(self, column: str, span: tuple[int, int], *, of_change: bool) -> list[str]:
        """Every lever by which the record puts the quantity itself in place, in words.

        Args:
            span: first and last month (since the start of the record) that are read.
            of_change: whether a change is read, which only a step within the span can impose; a level is imposed by any
                value that holds in it.
        """
        measure, ids, (first, last) = column.partition(".")[0], self._ids(column), span
        declared = self._declared(measure, "imposed_by", ids)
        wanted = re.compile("|".join(_filled(path, ids) for path in declared) or _NOTHING)
        found = []
        for path, dated in self.world.record_steps().items():
            if wanted.fullmatch(path):
                before = max((month for month in dated if month <= first), default=None)
                steps = [month for month in dated if first < month <= last]
                held = [] if before is None or of_change else [before]
                acting = [month for month in (*held, *steps) if of_change or _binds(path, dated[month])]
                found += [f"the record sets {path} in {self.world.date(max(acting[0], 0))}"] if acting else []
        return found

    def _ids(self, column: str) -> Ids:
        """The ids that each name in braces stands for in a column."""
        world, (measure, *steps) = self.world, column.split(".")
        named = list(zip(self.axes[measure], steps, strict=False))  # a sum is named by its first axes
        actors = [word for axis, word in named if axis == "actor"]
        actors += [actor for axis, word in named if axis == "pair" for actor in word.split("-")]
        places = [world.regions.get(word, tuple(world.theatres)) for axis, word in named if axis == "scope"]
        theatres = tuple(word for axis, word in named if axis == "theatre") or (places or [tuple(world.theatres)])[0]
        everyone = tuple(actors) or tuple(world.actors)
        is_dyad = self.axes[measure].count("actor") == len(("one", "other"))
        members = {name: {spell.actor for spell in venue.members} for name, venue in world.institutions.items()}
        return {
            "actor": everyone[:1] if is_dyad else everyone,
            "other": everyone[1:] if is_dyad else tuple(world.actors),
            "everyone": everyone,
            "land": tuple(dict.fromkeys(world.actors[actor].territory for actor in everyone)),
            "venue": tuple(name for name, inside in members.items() if set(everyone) <= inside),
            "theatre": theatres,
            "host": tuple(actor.id for actor in world.actors.values() if actor.home in theatres),
            "contender": tuple(rival for k in theatres if (rival := world.theatres[k].challenger) is not None),
            "domain": tuple(word for axis, word in named if axis == "domain") or DOMAINS,
        }

    def _declared(self, measure: str, key: str, ids: Ids) -> list[str]:
        """What the map declares for a measure under a key, in the domains at hand."""
        entry = self.measures[measure]
        inside = (entry.get("domains", {}).get(domain, {}) for domain in ids["domain"])
        return [path for part in (entry, *inside) for path in part.get(key, [])]

    def _patterns(self, measure: str, ids: Ids) -> Iterator[str]:
        """Regular expressions of the paths of all numbers that enter a measure."""
        for path in self._declared(measure, "numbers", ids):
            yield _filled(path, ids) + _BELOW
        for path in self._declared(measure, "levers", ids):
            yield r"record\.(events\.[^.]+\.)?" + _filled(path, ids) + _BELOW
        for other in self.measures[measure].get("like", []):
            is_dyad = self.axes[other].count("actor") == len(("one", "other"))
            yield from self._patterns(other, ids if is_dyad else {**ids, "actor": ids["everyone"]})


def _filled(path: str, ids: Ids) -> str:
    """A path as a regular expression: ids in place of braces, any one step in place of a star."""
    pieces = [re.escape(piece).replace(r"\*", "[^.]+") for piece in _BRACES.split(path)[::2]]
    filled = [f"(?:{'|'.join(map(re.escape, ids[name])) or _NOTHING})" for name in _BRACES.findall(path)]
    return "".join(piece + fill for piece, fill in zip(pieces, [*filled, ""], strict=True))


def _sentence(claim: Claim) -> Sentence:
    return claim.document, claim.lines, claim.sentence


def _passages(number: Number) -> Iterator[tuple[str, int, int]]:
    """Document, first and last line of every passage that a number's source names, in its prose too."""
    for item in number.source:
        if "document" in item:
            yield str(item["document"]), int(item["lines"][0]), int(item["lines"][-1])
        for document, first, last in _PASSAGE.findall(f"{item.get('note', '')} {item.get('says', '')}"):
            yield document, int(first), int(last or first)


def _holds(passage: tuple[str, int, int], sentence: Sentence) -> bool:
    """Whether a passage takes in the paragraph of a sentence, or part of it."""
    (document, first, last), (own, (begins, ends), _) = passage, sentence
    return document == own and first <= ends and begins <= last


def _datasets(source: Collection[Mapping[str, Any]]) -> set[str]:
    """Names and citation keys of the datasets that a source names."""
    return {str(item[key]) for item in source if "dataset" in item for key in ("dataset", "cite") if key in item}


def _binds(path: str, value: float | str) -> bool:
    """Whether a lever's value puts something in place: one that can be let go binds unless free, others unless 0."""
    return value != FREE if levers()[path.partition(".")[0]].free else value != 0

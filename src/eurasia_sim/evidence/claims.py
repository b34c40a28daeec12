"""The documents, their claims, and the check of every claim against the text it was read from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.files.data_yaml import near, read_page, world_folder

DYADS = ("denial", "affinity")
SCALED = (*CONSTRUCTS, "affinity")
LOCATED = ("tie", "event", "source", "capability", "mechanism", "hypothesis")
# A run of this many words that also stands in a document is the author's wording, not ours.
_COPIED_WORDS = 9

# A full stop after one of these closes an abbreviation, not a sentence.
_ABBREVIATION = re.compile(
    r"(?:\b(?:U\.S|U\.N|Gen|Sept|Oct|Nov|Dec|Jan|Feb|Dr|Ph\.D|Mr|Mrs|St|no|vs|et al|ed|op)|\b[A-Z])\.$"
)
# A sentence ends at . ! or ? with its closing quotes and note marks, before white space and a new beginning.
_SENTENCE_END = re.compile(r"""[.!?][”"’'*)\]]*[⁰¹²³⁴-⁹]*(?=\s+[“"‘'*(\[]*[A-Z0-9])""")


def fold(text: str) -> str:
    """The text with every run of white space made one space, and none at its ends."""
    return " ".join(text.split())


def fingerprint(text: str) -> str:
    """First 12 hexadecimal digits of the SHA-256 of the folded text in UTF-8."""
    return hashlib.sha256(fold(text).encode()).hexdigest()[:12]


def sentences(text: str) -> list[str]:
    """The folded text cut into sentences.

    Form: a fixed rule of our own rather than a library's, because a sentence's number and fingerprint are part of
    the evidence and must not move when a dependency does.
    """
    folded, cuts = fold(text), [0]
    for end in _SENTENCE_END.finditer(folded):
        if not _ABBREVIATION.search(folded[: end.start() + 1]):
            cuts.append(end.end())  # noqa: PERF401 - a comprehension would hide the rule
    return [
        piece.strip() for piece in map(lambda a, b: folded[a:b], cuts, [*cuts[1:], len(folded)])
    ]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of printed lines, first and last included; `nothing` says why none of it can be coded."""

    lines: tuple[int, int]
    section: str
    nothing: str


@dataclass(frozen=True, slots=True)
class Document:
    """One of the texts a world rests on; documents of one `dependent` group count as one witness."""

    id: str
    citation: str
    file: str
    sha256: str
    thesis: str
    dependent: str | None
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What one sentence says about one construct of one or more actors, in our own words."""

    id: str
    document: str
    section: str
    lines: tuple[int, int]
    sentence: int  # from 1, within its paragraph
    fingerprint: str
    says: str
    about: tuple[str, ...]
    construct: str
    toward: str | None
    direction: str
    level: float | None
    date: str | None

    @property
    def locator(self) -> str:
        """Where it stands: document, section, lines and sentence."""
        first, last = self.lines
        lines = f"L{first}" if first == last else f"L{first}-{last}"
        return ", ".join(
            part for part in (self.document, self.section, f"{lines} ({self.sentence})") if part
        )


@dataclass(frozen=True, slots=True)
class Round:
    """One coding by a second person from the codebook and the texts; its claims have places and levels, no wording."""

    name: str
    claims: tuple[Claim, ...]
    constructs: tuple[str, ...] = SCALED  # what was coded in this round
    superseded: tuple[
        Claim, ...
    ] = ()  # the first coder's claims of then, where a later round replaced them


@dataclass(frozen=True, slots=True)
class Evidence:
    """The documents of a world and what two coders found in them."""

    documents: Mapping[str, Document]
    claims: tuple[Claim, ...]
    rounds: tuple[Round, ...]
    coders: Mapping[str, str]
    support: Mapping[str, Any] = field(
        default_factory=dict
    )  # how claims were judged against their sentences

    @property
    def second(self) -> tuple[Claim, ...]:
        """The second coding as it stands: of every construct the claims of the last round that coded it."""
        last = {construct: turn.name for turn in self.rounds for construct in turn.constructs}
        return tuple(
            c for turn in self.rounds for c in turn.claims if last.get(c.construct) == turn.name
        )

    def section(self, document: str, lines: tuple[int, int]) -> str:
        """Heading under which some lines stand; empty if no paragraph holds them."""
        if document not in self.documents:
            return ""
        held = (
            each
            for each in self.documents[document].paragraphs
            if each.lines[0] <= lines[0] <= each.lines[1]
        )
        return next((paragraph.section for paragraph in held), "")


def load_evidence(directory: Path | str | None = None) -> Evidence:
    """Documents and both codings of a world (a folder or a packaged name); a world without documents holds none."""
    folder = world_folder(directory)
    documents = {
        name: _document(name, entry) for name, entry in _held(folder / "documents.yaml", {}).items()
    }
    claims = tuple(_claim(entry) for entry in _held(folder / "claims.yaml", []))
    second = _held(folder / "second_coding.yaml", {})
    rounds = tuple(
        Round(
            turn["name"],
            tuple(_claim(entry) for entry in turn["claims"]),
            tuple(turn.get("constructs", SCALED)),
            tuple(_claim(entry) for entry in turn.get("superseded", [])),
        )
        for turn in second.get("rounds", [])
    )
    return Evidence(documents, claims, rounds, second.get("coders", {}), second.get("support", {}))


def _held(path: Path, nothing: Any) -> Any:
    """What a file of the evidence holds; nothing where the world has no such file."""
    return read_page(path).data if path.exists() else nothing


def _document(name: str, entry: Mapping[str, Any]) -> Document:
    paragraphs = tuple(
        Paragraph(
            (each["lines"][0], each["lines"][-1]),
            str(each.get("section") or ""),
            str(each.get("nothing") or ""),
        )
        for each in entry["paragraphs"]
    )
    citation, file, sha256, thesis = (
        str(entry[key]) for key in ("citation", "file", "sha256", "thesis")
    )
    return Document(name, citation, file, sha256, thesis, entry.get("dependent"), paragraphs)


def _claim(entry: Mapping[str, Any]) -> Claim:
    level = entry.get("level")
    about = entry["about"]
    return Claim(
        id=str(entry.get("id", "")),
        document=str(entry["document"]),
        section=str(entry.get("section", "")),
        lines=(int(entry["lines"][0]), int(entry["lines"][-1])),
        sentence=int(entry["sentence"]),
        fingerprint=str(entry.get("fingerprint", "")),
        says=str(entry.get("says", "")),
        about=(about,) if isinstance(about, str) else tuple(about),
        construct=str(entry["construct"]),
        toward=entry.get("toward"),
        direction=str(entry.get("direction", "")),
        level=None if level is None else float(level),
        date=entry.get("date"),
    )


def verify(texts: Path, directory: Path | None = None) -> list[str]:
    """Everything in which the evidence and the original texts disagree; empty when all is well.

    Args:
        texts: folder of the original texts, which travel with nothing.
        directory: folder of the world.
    """
    evidence = load_evidence(directory)
    problems: list[str] = []
    originals: dict[str, list[str]] = {}
    for document in evidence.documents.values():
        path = texts / document.file
        if not path.is_file():
            problems.append(f"{document.id}: {document.file} is not in {texts}")
            continue
        raw = path.read_bytes()
        found = hashlib.sha256(raw).hexdigest()
        if found != document.sha256:
            problems.append(
                f"{document.id}: {document.file} has SHA-256 {found}, documents.yaml says {document.sha256}"
            )
        originals[document.id] = raw.decode("utf-8").split("\n")
        problems += _cover(document, originals[document.id], evidence.claims)
    seen: set[str] = set()
    for claim in evidence.claims:
        problems += _misplaced(claim, evidence.documents, originals, seen)
    for turn in evidence.rounds:
        for claim in (*turn.claims, *turn.superseded):
            problems += _misplaced(claim, evidence.documents, originals, seen, is_second=True)
    return problems + list(_copied(evidence, originals))


def _cover(document: Document, lines: list[str], claims: Iterable[Claim]) -> Iterator[str]:
    """Whether every printed line belongs to one paragraph, and every paragraph is coded or excused."""
    holders: dict[int, int] = {}
    for paragraph in document.paragraphs:
        for line in range(paragraph.lines[0], paragraph.lines[1] + 1):
            holders[line] = holders.get(line, 0) + 1
    for at, text in enumerate(lines, start=1):
        if text.strip() and holders.get(at, 0) != 1:
            yield f"{document.id}, L{at}: stands in {holders.get(at, 0)} paragraphs; it must stand in one"
    coded = {claim.lines for claim in claims if claim.document == document.id}
    whole = fold("\n".join(lines))
    for paragraph in document.paragraphs:
        place = f"{document.id}, L{paragraph.lines[0]}"
        if not paragraph.section:
            yield f"{place}: has no section; give its heading as printed (its first words and … if long), or opening"
        elif (
            paragraph.section != "opening"
            and fold(paragraph.section).removesuffix(" …") not in whole
        ):
            yield f"{place}: section {paragraph.section!r} is no heading of the text"
        if paragraph.lines in coded and paragraph.nothing:
            yield f"{place}: has claims, and a reason why it has none"
        if paragraph.lines not in coded and not paragraph.nothing:
            yield f"{place}: has no claim and no reason why (nothing: ...)"


def _misplaced(
    claim: Claim,
    documents: Mapping[str, Document],
    originals: Mapping[str, list[str]],
    seen: set[str],
    is_second: bool = False,
) -> Iterator[str]:
    """What is wrong with one claim's place, sentence or coding."""
    name = f"{claim.id} ({claim.locator})"
    if not claim.id or claim.id in seen:
        yield f"{name}: its id must be its own"
    seen.add(claim.id)
    yield from (f"{name}: {what}" for what in _miscoded(claim, is_second))
    if claim.document not in documents:
        yield f"{name}: no such document{near(claim.document, documents)}"
        return
    home = next(
        (each for each in documents[claim.document].paragraphs if each.lines == claim.lines), None
    )
    if home is None:
        yield f"{name}: its lines are no paragraph of {claim.document}"
        return
    if not is_second and claim.section != home.section:
        yield f"{name}: its paragraph stands under {home.section!r}"
    if claim.document in originals:
        first, last = claim.lines
        printed = sentences("\n".join(originals[claim.document][first - 1 : last]))
        if not 1 <= claim.sentence <= len(printed):
            yield f"{name}: the paragraph has {len(printed)} sentences"
        elif not is_second and fingerprint(printed[claim.sentence - 1]) != claim.fingerprint:
            yield f"{name}: the sentence there has fingerprint {fingerprint(printed[claim.sentence - 1])}"


def _miscoded(claim: Claim, is_second: bool) -> Iterator[str]:
    """What the codebook does not allow."""
    if claim.construct not in (*SCALED, *LOCATED):
        yield f"construct {claim.construct!r} is not in the codebook{near(claim.construct, (*SCALED, *LOCATED))}"
    if (claim.construct in DYADS) != (claim.toward is not None):
        yield f"{claim.construct} {'needs' if claim.construct in DYADS else 'has no'} toward"
    if (claim.construct in SCALED) != (claim.level is not None):
        yield f"{claim.construct} {'needs a' if claim.construct in SCALED else 'has no'} level"
    lowest = -3 if claim.construct == "affinity" else 0
    if claim.level is not None and not (
        lowest <= claim.level <= 3 and claim.level == round(claim.level)
    ):
        yield f"level {claim.level:g} must be a whole number from {lowest} to 3"
    if not claim.about:
        yield "it is about nobody"
    if not is_second and claim.direction not in ("+", "-"):
        yield f"direction {claim.direction!r} must be + or -"
    if not is_second and not claim.says:
        yield "it says nothing"


def _copied(evidence: Evidence, originals: Mapping[str, list[str]]) -> Iterator[str]:
    """Runs of the author's words in what should be ours; a document's title may be named."""
    grams = {run for lines in originals.values() for run in _runs("\n".join(lines))}
    for document in evidence.documents.values():
        grams -= set(_runs(document.citation))
    own = [(claim.id, claim.says) for claim in evidence.claims]
    for document in evidence.documents.values():
        own.append((document.id, document.thesis))
        own += [
            (f"{document.id}, L{each.lines[0]}", f"{each.section}. {each.nothing}")
            for each in document.paragraphs
        ]
    for name, text in own:
        hit = next((run for run in _runs(text) if run in grams), None)
        if hit:
            yield f"{name}: takes {_COPIED_WORDS} words in a row from a document ({' '.join(hit)}); paraphrase"


def _runs(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [tuple(words[at : at + _COPIED_WORDS]) for at in range(len(words) - _COPIED_WORDS + 1)]

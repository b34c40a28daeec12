"""The documents, their claims, and the check of every claim against the text it was read from."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.files.data_yaml import near, read_page, refuse, world_folder
from eurasia_sim.files.page import Page

DYADS = ("denial", "affinity")
SCALED = (*CONSTRUCTS, "affinity")
LOCATED = ("tie", "event", "source", "capability", "mechanism", "hypothesis")
# A run of this many words that also stands in a document is the author's wording, not ours.
_COPIED_WORDS = 9

# A full stop after one of these closes an abbreviation, not a sentence.
_ABBREVIATION = re.compile(
    r"\b(?:U\.S|U\.N|Gen|Sept|Oct|Nov|Dec|Jan|Feb|Dr|Ph\.D|Mr|Mrs|St|no|vs|et al|ed|op|[A-Z])\.$"
)
# A sentence ends at . ! or ? with its closing quotes and note marks, before white space and a
# new beginning.
_SENTENCE_END = re.compile(r"""[.!?][”"’'*)\]]*[⁰¹²³⁴-⁹]*(?=\s+[“"‘'*(\[]*[A-Z0-9])""")

_Form = TypeVar("_Form")
_MOST_LINES = 1_000_000
_FORBID = ConfigDict(extra="forbid")  # an unknown key is an error
_Line = Annotated[int, Field(ge=1, le=_MOST_LINES)]
_Lines = Annotated[
    tuple[_Line, _Line],
    BeforeValidator(
        lambda lines: (lines[0], lines[-1]) if lines and type(lines) is list else lines
    ),
]
_Text = Annotated[str, BeforeValidator(lambda text: text or "")]
_Names = Annotated[
    tuple[str, ...], BeforeValidator(lambda names: [names] if isinstance(names, str) else names)
]


def fold(text: str) -> str:
    """The text with every run of white space made one space, and none at its ends."""
    return " ".join(text.split())


def fingerprint(text: str) -> str:
    """First 12 hexadecimal digits of the SHA-256 of the folded text in UTF-8."""
    return hashlib.sha256(fold(text).encode()).hexdigest()[:12]


def sentences(text: str) -> list[str]:
    """The folded text cut into sentences.

    Form: a fixed rule of our own rather than a library's, because a sentence's number and
    fingerprint are part of the evidence and must not move when a dependency does.
    """
    folded = fold(text)
    ends = [
        found.end()
        for found in _SENTENCE_END.finditer(folded)
        if not _ABBREVIATION.search(folded[: found.start() + 1])
    ]
    spans = zip([0, *ends], [*ends, len(folded)], strict=True)
    return [folded[begin:end].strip() for begin, end in spans]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of printed lines, first and last included; `nothing` says why none of it is coded."""

    __pydantic_config__ = _FORBID

    lines: _Lines
    section: _Text = ""
    nothing: _Text = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One of the texts a world rests on; a `dependent` group of documents is one witness."""

    __pydantic_config__ = _FORBID
    citation: str
    file: str
    sha256: str
    thesis: str
    dependent: str | None
    paragraphs: tuple[Paragraph, ...]
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one sentence says about one construct of one or more actors, in our own words."""

    __pydantic_config__ = _FORBID
    id: str = ""
    document: str
    section: str = ""
    lines: _Lines
    sentence: _Line  # from 1, within its paragraph
    fingerprint: str = ""
    says: str = ""
    about: _Names
    construct: str
    toward: str | None = None
    direction: str = ""
    level: Annotated[float, Field(allow_inf_nan=False)] | None = None
    date: str | None = None

    @property
    def place(self) -> tuple[str, _Lines, int, str]:
        """The sentence and the construct coded in it."""
        return self.document, self.lines, self.sentence, self.construct

    @property
    def locator(self) -> str:
        """Where it stands: document, section, lines and sentence."""
        first, last = self.lines
        lines = f"L{first}" if first == last else f"L{first}-{last}"
        return ", ".join(filter(None, (self.document, self.section, f"{lines} ({self.sentence})")))


@dataclass(frozen=True, slots=True)
class Round:
    """One coding by a second person; its claims have places and levels, no wording."""

    __pydantic_config__ = _FORBID
    name: str
    claims: tuple[Claim, ...]
    constructs: tuple[str, ...] = SCALED  # what was coded in this round
    superseded: tuple[Claim, ...] = ()  # the first coder's claims that a later round replaced
    replaces: tuple[str, ...] | None = None  # the second coder's, of single sentences; else all


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one claim fared beside its sentence."""

    claim: str
    verdict: Literal["supported", "overstated", "unsupported"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Claims drawn at random and held against their sentences by a reader."""

    name: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """What readers of samples were asked, and what they found."""

    __pydantic_config__ = _FORBID
    question: str = ""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class SecondCoding:
    """Who coded, what a second coder found, and how claims fared beside their sentences."""

    __pydantic_config__ = _FORBID
    rounds: tuple[Round, ...] = ()
    coders: dict[str, str] = field(default_factory=dict)
    support: Support = field(default_factory=Support)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The documents of a world and what two coders found in them."""

    documents: Mapping[str, Document]
    claims: tuple[Claim, ...]
    rounds: tuple[Round, ...] = ()
    coders: Mapping[str, str] = field(default_factory=dict)
    support: Support = field(default_factory=Support)

    @property
    def second(self) -> tuple[Claim, ...]:
        """The second coding as it stands: each round replaces what it coded anew."""
        standing: dict[str, Claim] = {}
        for each in self.rounds:
            replaced = each.replaces
            if replaced is None:
                replaced = tuple(
                    name for name, claim in standing.items() if claim.construct in each.constructs
                )
            standing = {name: claim for name, claim in standing.items() if name not in replaced}
            standing |= {claim.id: claim for claim in each.claims}
        return tuple(standing.values())

    def section(self, document: str, lines: tuple[int, int]) -> str:
        """Heading under which some lines stand; empty if no paragraph holds them."""
        paragraphs = self.documents[document].paragraphs if document in self.documents else ()
        inside = (each for each in paragraphs if each.lines[0] <= lines[0] <= each.lines[1])
        return next((paragraph.section for paragraph in inside), "")


def load_evidence(directory: Path | str | None = None) -> Evidence:
    """Documents and both codings of a world (a folder or a packaged name); empty if it has none.

    Raises:
        DataError: with everything wrong with the form of their files, each with its place.
    """
    folder, pages = world_folder(directory), list[Page]()

    def read(name: str, form: type[_Form]) -> _Form | None:
        path = folder / f"{name}.yaml"
        if not (path.exists() or path.is_symlink()):
            return None
        pages.append(read_page(path))
        return pages[-1].validated(form)

    documents = read("documents", dict[str, Document]) or {}
    claims = read("claims", tuple[Claim, ...]) or ()
    second = read("second_coding", SecondCoding) or SecondCoding()
    refuse(pages)
    named = {name: replace(each, id=name) for name, each in documents.items()}
    return Evidence(named, claims, second.rounds, second.coders, second.support)


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
            stated = f"documents.yaml says {document.sha256}"
            problems.append(f"{document.id}: {document.file} has SHA-256 {found}, {stated}")
        originals[document.id] = raw.decode("utf-8").split("\n")
        problems += _uncovered(document, originals[document.id], evidence.claims)
    second = [claim for each in evidence.rounds for claim in (*each.claims, *each.superseded)]
    ids = Counter(claim.id for claim in (*evidence.claims, *second))
    for coding, is_second in ((evidence.claims, False), (second, True)):
        for claim in coding:
            wrong = [] if claim.id and ids[claim.id] == 1 else ["its id must be its own"]
            wrong += _miscoded(claim, is_second)
            wrong += _misplaced(claim, evidence.documents, originals, is_second)
            problems += [f"{claim.id} ({claim.locator}): {what}" for what in wrong]
    return problems + list(_copied(evidence, originals))


def _uncovered(document: Document, lines: list[str], claims: Iterable[Claim]) -> Iterator[str]:
    """Printed lines outside any one paragraph, and paragraphs neither coded nor excused."""
    holders = Counter(
        line for each in document.paragraphs for line in range(each.lines[0], each.lines[1] + 1)
    )
    for at, text in enumerate(lines, start=1):
        if text.strip() and holders[at] != 1:
            yield f"{document.id}, L{at}: stands in {holders[at]} paragraphs; it must stand in one"
    coded = {claim.lines for claim in claims if claim.document == document.id}
    whole = fold("\n".join(lines))
    for each in document.paragraphs:
        place, section = f"{document.id}, L{each.lines[0]}", each.section
        if not section:
            form = "its first words and … if long"
            yield f"{place}: has no section; give its heading as printed ({form}), or opening"
        elif section != "opening" and fold(section).removesuffix(" …") not in whole:
            yield f"{place}: section {section!r} is no heading of the text"
        if each.lines in coded and each.nothing:
            yield f"{place}: has claims, and a reason why it has none"
        if each.lines not in coded and not each.nothing:
            yield f"{place}: has no claim and no reason why (nothing: ...)"


def _misplaced(
    claim: Claim,
    documents: Mapping[str, Document],
    originals: Mapping[str, list[str]],
    is_second: bool,
) -> Iterator[str]:
    """What is wrong with one claim's place and sentence."""
    if claim.document not in documents:
        yield f"no such document{near(claim.document, documents)}"
        return
    paragraphs = {each.lines: each for each in documents[claim.document].paragraphs}
    if claim.lines not in paragraphs:
        yield f"its lines are no paragraph of {claim.document}"
        return
    section = paragraphs[claim.lines].section
    if not is_second and claim.section != section:
        yield f"its paragraph stands under {section!r}"
    if claim.document in originals:
        first, last = claim.lines
        printed = sentences("\n".join(originals[claim.document][first - 1 : last]))
        if not 1 <= claim.sentence <= len(printed):
            yield f"the paragraph has {len(printed)} sentences"
        elif not is_second and fingerprint(printed[claim.sentence - 1]) != claim.fingerprint:
            found = fingerprint(printed[claim.sentence - 1])
            yield f"the sentence there has fingerprint {found}"


def _miscoded(claim: Claim, is_second: bool) -> Iterator[str]:
    """What the codebook does not allow."""
    known = (*SCALED, *LOCATED)
    if claim.construct not in known:
        yield f"construct {claim.construct!r} is not in the codebook{near(claim.construct, known)}"
    if (claim.construct in DYADS) != (claim.toward is not None):
        yield f"{claim.construct} {'needs' if claim.construct in DYADS else 'has no'} toward"
    if (claim.construct in SCALED) != (claim.level is not None):
        yield f"{claim.construct} {'needs a' if claim.construct in SCALED else 'has no'} level"
    lowest = -3 if claim.construct == "affinity" else 0
    if claim.level is not None and claim.level not in range(lowest, 4):
        yield f"level {claim.level:g} must be a whole number from {lowest} to 3"
    if not claim.about:
        yield "it is about nobody"
    if not is_second and claim.direction not in ("+", "-"):
        yield f"direction {claim.direction!r} must be + or -"
    if not is_second and not claim.says:
        yield "it says nothing"


def _copied(evidence: Evidence, originals: Mapping[str, list[str]]) -> Iterator[str]:
    """Runs of the author's words in what should be ours; a document's title may be named."""
    copied = {run for lines in originals.values() for run in _runs("\n".join(lines))}
    ours = [(claim.id, claim.says) for claim in evidence.claims]
    for document in evidence.documents.values():
        copied -= set(_runs(document.citation))
        ours.append((document.id, document.thesis))
        ours += [
            (f"{document.id}, L{each.lines[0]}", f"{each.section}. {each.nothing}")
            for each in document.paragraphs
        ]
    for name, text in ours:
        hit = next((run for run in _runs(text) if run in copied), None)
        if hit:
            words = f"{_COPIED_WORDS} words in a row from a document ({' '.join(hit)})"
            yield f"{name}: takes {words}; paraphrase"


def _runs(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    starts = range(len(words) - _COPIED_WORDS + 1)
    return [tuple(words[at : at + _COPIED_WORDS]) for at in starts]

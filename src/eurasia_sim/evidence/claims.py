"""The documents, their claims, and the check of every claim against the text it was read from."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.files.checker import Kept, Names
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
# A sentence ends at . ! or ? with its closing quotes and note marks, before a new beginning.
_SENTENCE_END = re.compile(r"""[.!?][”"’'*)\]]*[⁰¹²³⁴-⁹]*(?=\s+[“"‘'*(\[]*[A-Z0-9])""")


def _ends(lines: Any) -> Any:
    return (lines[0], lines[-1]) if lines and type(lines) is list else lines


_Line = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
_Lines = Annotated[tuple[_Line, _Line], BeforeValidator(_ends)]
_Text = Annotated[str, BeforeValidator(lambda text: text or "")]


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
class Paragraph(Kept):
    """A run of printed lines, first and last included; `nothing` says why none of it is coded."""

    lines: _Lines
    section: _Text = ""
    nothing: _Text = ""


@dataclass(frozen=True, slots=True)
class Document(Kept):
    """One of the texts a world rests on; a `dependent` group of documents is one witness."""

    citation: str
    file: str
    sha256: str
    thesis: str
    dependent: str | None
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Kept):
    """What one sentence says about one construct of one or more actors, in our own words."""

    id: str = ""
    document: str
    section: str = ""
    lines: _Lines
    sentence: _Line  # from 1, within its paragraph
    fingerprint: str = ""
    says: str = ""
    about: Names
    construct: str
    toward: str | None = None
    direction: str = ""
    level: Annotated[float, Field(strict=True, allow_inf_nan=False)] | None = None
    date: str | None = None

    @property
    def place(self) -> tuple[str, tuple[int, int], int, str]:
        """The sentence and the construct coded in it."""
        return self.document, self.lines, self.sentence, self.construct

    @property
    def locator(self) -> str:
        """Where it stands: document, section, lines and sentence."""
        first, last = self.lines
        lines = f"L{first}" if first == last else f"L{first}-{last}"
        return ", ".join(filter(None, (self.document, self.section, f"{lines} ({self.sentence})")))


@dataclass(frozen=True, slots=True)
class Round(Kept):
    """One coding by a second person; its claims have places and levels, no wording."""

    name: str
    claims: tuple[Claim, ...]
    constructs: tuple[str, ...] = SCALED  # what was coded in this round
    superseded: tuple[Claim, ...] = ()  # the first coder's claims that a later round replaced
    replaces: tuple[str, ...] | None = None  # the second coder's, of single sentences; else all


@dataclass(frozen=True, slots=True)
class Verdict(Kept):
    """How one claim fared beside its sentence."""

    claim: str
    verdict: Literal["supported", "overstated", "unsupported"]


@dataclass(frozen=True, slots=True)
class Sample(Kept):
    """Claims drawn at random and held against their sentences by a reader."""

    name: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Support(Kept):
    """What readers of samples were asked, and what they found."""

    question: str = ""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class SecondCoding(Kept):
    """Who coded, what a second coder found, and how claims fared beside their sentences."""

    rounds: tuple[Round, ...] = ()
    coders: dict[str, str] = field(default_factory=dict)
    support: Support = field(default_factory=Support)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(SecondCoding):
    """The documents of a world and what two coders found in them."""

    documents: Mapping[str, Document] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()

    @property
    def second(self) -> tuple[Claim, ...]:
        """The second coding as it stands: each round replaces what it coded anew."""
        standing: list[Claim] = []
        for each in self.rounds:
            if each.replaces is None:
                kept = [claim for claim in standing if claim.construct not in each.constructs]
            else:
                kept = [claim for claim in standing if claim.id not in each.replaces]
            standing = [*kept, *each.claims]
        return tuple(standing)

    @property
    def seconds(self) -> list[Claim]:
        """All that the second coder ever coded, and what rounds replaced."""
        return [claim for each in self.rounds for claim in (*each.claims, *each.superseded)]

    @property
    def by_id(self) -> dict[str, Claim]:
        """Every claim of either coding, with those that a later round replaced."""
        return {claim.id: claim for claim in (*self.seconds, *self.claims)}

    def section(self, document: str, lines: tuple[int, int]) -> str:
        """Heading under which some lines stand; empty if no paragraph holds them."""
        paragraphs = self.documents[document].paragraphs if document in self.documents else ()
        inside = (x.section for x in paragraphs if x.lines[0] <= lines[0] <= x.lines[1])
        return next(inside, "")


def load_evidence(directory: Path | str | None = None) -> Evidence:
    """Documents and both codings of a world (a folder or a packaged name); empty if it has none.

    Raises DataError with everything wrong with the form of their files, each with its place.
    """
    folder, pages, found = world_folder(directory), list[Page](), dict[str, Any]()
    forms = {"documents": dict[str, Document], "claims": tuple[Claim, ...]}
    for name, form in (forms | {"second_coding": SecondCoding}).items():
        path = folder / f"{name}.yaml"
        if path.exists() or path.is_symlink():
            pages.append(read_page(path))
            found[name] = pages[-1].validated(form)
    refuse(pages)
    second = found.pop("second_coding", None) or SecondCoding()
    return Evidence(**{each.name: getattr(second, each.name) for each in fields(second)}, **found)


def verify(texts: Path, directory: Path | None = None) -> list[str]:
    """Everything in which the evidence of a world and the original texts in a folder disagree."""
    evidence = load_evidence(directory)
    problems: list[str] = []
    originals: dict[str, list[str]] = {}
    for name, document in evidence.documents.items():
        path = texts / document.file
        if not path.is_file():
            problems.append(f"{name}: {document.file} is not in {texts}")
            continue
        raw = path.read_bytes()
        if (digest := hashlib.sha256(raw).hexdigest()) != document.sha256:
            stated = f"documents.yaml says {document.sha256}"
            problems.append(f"{name}: {document.file} has SHA-256 {digest}, {stated}")
        originals[name] = raw.decode("utf-8").split("\n")
        problems += _uncovered(name, evidence, originals[name])
    ids = Counter(claim.id for claim in (*evidence.claims, *evidence.seconds))
    for coding, is_second in ((evidence.claims, False), (evidence.seconds, True)):
        for claim in coding:
            wrong = [] if claim.id and ids[claim.id] == 1 else ["its id must be its own"]
            wrong += _miscoded(claim, is_second)
            wrong += _misplaced(claim, evidence, originals, is_second)
            problems += [f"{claim.id} ({claim.locator}): {what}" for what in wrong]
    return problems + list(_copied(evidence, originals))


def _uncovered(name: str, evidence: Evidence, lines: list[str]) -> Iterator[str]:
    paragraphs = evidence.documents[name].paragraphs
    holders = Counter(line for x in paragraphs for line in range(x.lines[0], x.lines[1] + 1))
    for at, text in enumerate(lines, start=1):
        if text.strip() and holders[at] != 1:
            yield f"{name}, L{at}: stands in {holders[at]} paragraphs; it must stand in one"
    coded = {claim.lines for claim in evidence.claims if claim.document == name}
    whole = fold("\n".join(lines))
    for each in paragraphs:
        place, section = f"{name}, L{each.lines[0]}", each.section
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
    claim: Claim, evidence: Evidence, originals: Mapping[str, list[str]], is_second: bool
) -> Iterator[str]:
    if claim.document not in evidence.documents:
        yield f"no such document{near(claim.document, evidence.documents)}"
        return
    sections = {each.lines: each.section for each in evidence.documents[claim.document].paragraphs}
    if claim.lines not in sections:
        yield f"its lines are no paragraph of {claim.document}"
        return
    if not is_second and claim.section != sections[claim.lines]:
        yield f"its paragraph stands under {sections[claim.lines]!r}"
    if claim.document in originals:
        first, last = claim.lines
        printed = sentences("\n".join(originals[claim.document][first - 1 : last]))
        mark = fingerprint("".join(printed[claim.sentence - 1 : claim.sentence]))
        if not 1 <= claim.sentence <= len(printed):
            yield f"the paragraph has {len(printed)} sentences"
        elif not is_second and mark != claim.fingerprint:
            yield f"the sentence there has fingerprint {mark}"


def _miscoded(claim: Claim, is_second: bool) -> Iterator[str]:
    known, construct, level = (*SCALED, *LOCATED), claim.construct, claim.level
    if construct not in known:
        yield f"construct {construct!r} is not in the codebook{near(construct, known)}"
    if (construct in DYADS) != (claim.toward is not None):
        yield f"{construct} {'needs' if construct in DYADS else 'has no'} toward"
    if (construct in SCALED) != (level is not None):
        yield f"{construct} {'needs a' if construct in SCALED else 'has no'} level"
    lowest = -3 if construct == "affinity" else 0
    if level is not None and level not in range(lowest, 4):
        yield f"level {level:g} must be a whole number from {lowest} to 3"
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
    for name, document in evidence.documents.items():
        copied -= set(_runs(document.citation))
        ours.append((name, document.thesis))
        ours += [
            (f"{name}, L{each.lines[0]}", f"{each.section}. {each.nothing}")
            for each in document.paragraphs
        ]
    for name, text in ours:
        if hit := next((run for run in _runs(text) if run in copied), None):
            words = f"{_COPIED_WORDS} words in a row from a document ({' '.join(hit)})"
            yield f"{name}: takes {words}; paraphrase"


def _runs(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    starts = range(len(words) - _COPIED_WORDS + 1)
    return [tuple(words[at : at + _COPIED_WORDS]) for at in starts]

"""The documents, their claims, and the check of every claim against the text it was read from."""

from __future__ import annotations

import hashlib
import re

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
            cuts.append(end.end())
    return [piece.strip() for piece in map(lambda a, b: folded[a:b], cuts, [*cuts[1:], len(folded)])]

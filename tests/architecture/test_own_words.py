"""What we write is our own: no run of nine words stands in one of the documents too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RUN = 9
WRITTEN = {".py", ".md", ".yaml", ".yml", ".toml", ".bib", ".cff", ".html", ".j2", ".txt"}
# A title is how a work is named, and every citation of it repeats it.
TITLE = re.compile(
    r"""^\s*(?:-\s*)?title\s*[=:]\s*[{"']*(.+?)[}"',]*\s*$""", re.MULTILINE | re.IGNORECASE
)


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of nine words in a text."""
    words = words_of(text)
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def titles(package: Path) -> list[str]:
    """Titles of the cited works and of the documents."""
    files = [package / "data" / "references.bib", *package.glob("data/worlds/*/documents.yaml")]
    return [
        title
        for file in files
        if file.exists()
        for title in TITLE.findall(file.read_text(encoding="utf-8"))
    ]


@pytest.mark.sources
def test_no_run_of_nine_words_stands_in_a_document_too(product_files, repository, package, sources):
    theirs = set().union(
        *(runs(text.read_text(encoding="utf-8")) for text in sorted(sources.glob("*.txt")))
    )
    theirs -= set().union(*map(runs, titles(package)), set())
    shared = []
    for path in product_files:
        if path.suffix in WRITTEN:
            both = sorted(runs(path.read_text(encoding="utf-8")) & theirs)
            shared += [f"{path.relative_to(repository)}: {' '.join(run)}" for run in both]
    assert not shared, "\n".join(shared)


def test_the_rule_itself_sees_a_run_across_lines_and_signs():
    theirs = runs("One, two; three\nfour five (six) seven eight nine ten.")
    assert runs("one two three four five six seven eight nine") & theirs
    assert not runs("one two three four five six seven eight and nine") & theirs

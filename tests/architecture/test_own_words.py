"""What we write is our own: no run of nine words stands in one of the documents too."""

import re

import pytest

RUN = 9
WRITTEN = {
    ".py", ".md", ".yaml", ".yml", ".toml", ".bib", ".cff", ".html", ".j2", ".txt",
}  # fmt: skip
# A title is how a work is named, and every citation of it repeats it.
TITLE = re.compile(
    r"""^\s*(?:-\s*)?title\s*[=:]\s*[{"']*(.+?)[}"',]*\s*$""", re.MULTILINE | re.IGNORECASE
)


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of nine words in a text."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


@pytest.mark.sources
def test_no_run_of_nine_words_stands_in_a_document_too(product_files, repository, package, sources):
    titled = [package / "data" / "references.bib", *package.glob("data/worlds/*/documents.yaml")]
    titles = [title for file in titled for title in TITLE.findall(file.read_text("utf-8"))]
    theirs = set().union(*(runs(file.read_text("utf-8")) for file in sources.glob("*.txt")))
    theirs -= set().union(*map(runs, titles))
    shared = [
        f"{path.relative_to(repository)}: {' '.join(run)}"
        for path in product_files
        if path.suffix in WRITTEN
        for run in sorted(runs(path.read_text(encoding="utf-8")) & theirs)
    ]
    assert not shared, "\n".join(shared)


def test_the_rule_itself_sees_a_run_across_lines_and_signs():
    theirs = runs("One, two; three\nfour five (six) seven eight nine ten.")
    assert runs("one two three four five six seven eight nine") & theirs
    assert not runs("one two three four five six seven eight and nine") & theirs

"""Every term of the glossary names a source that exists."""

import re

HAND_WRITTEN = re.compile(
    r"^\| term \| meaning \| standard term \| source \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE
)
LINK_OR_DECISION = re.compile(r"\[[^\]]+\]\((\w+\.md)\)|decision (\d{4})")
WORK_AND_LINES = re.compile(r"`(\w+)`(?:,? L\d+(?:–\d+)?)*")


def test_every_term_has_a_standard_term_and_a_source_that_exists(repository, package):
    docs = repository / "docs"
    works = set(
        re.findall(
            r"^@\w+\{(\w+),",
            (package / "data/references.bib").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    tables = HAND_WRITTEN.findall((docs / "glossary.md").read_text(encoding="utf-8"))
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")]
        for table in tables
        for row in table.splitlines()
    ]
    assert len(rows) > 100
    for term, meaning, standard, source in rows:
        assert all((meaning, standard)), term
        if source == "here":
            continue
        if found := LINK_OR_DECISION.fullmatch(source):
            assert [*docs.glob(found[1] or f"decisions/{found[2]}-*.md")], term
        else:
            assert set(WORK_AND_LINES.findall(source)) <= works, term
            assert WORK_AND_LINES.sub("", source).strip(", ") == "", term

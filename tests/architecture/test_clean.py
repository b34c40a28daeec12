"""No machine, registry, lock, stray number, id, long function or sentence of another's is here."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

TEXT = {
    ".py", ".md", ".yaml", ".yml", ".toml", ".cfg", ".cff", ".bib", ".sh", ".txt", ".j2", ".html",
    ".mplstyle", "",
}  # fmt: skip
# Built from halves, so that this file passes its own test.
HOMES = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers", "mn" + "t"))
REGISTRIES = (
    "pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.", "debian" + r"\.org", "index" + "-url",
    "conda-" + "forge",
)  # fmt: skip
FOREIGN = {
    "machine path": re.compile(rf"(?<![\w./~$}}>-])(?:/(?:{HOMES})/|[A-Z]:\\\\?(?:{HOMES})\b)"),
    "registry": re.compile("|".join(REGISTRIES)),
}
LOCK_FILES = (
    "uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "pylock.toml", "requirements*.txt",
    "package-lock.json",
)  # fmt: skip
# Numbers a mechanism may hold: identities, halves and doubles, the ends of the scales that the
# codebook (3) and recognition (4, and one flag as a share) define, months in a year. An index is
# a place, not a number; and anything smaller than TINY only keeps a division from failing.
PLAIN = {0, 0.25, 0.5, 1, 2, 3, 4, 12}
TINY = 1e-9
LONGEST_FUNCTION = 60
RUN = 9
# A title is how a work is named, and every citation of it repeats it.
TITLE = re.compile(
    r"""^\s*(?:-\s*)?title\s*[=:]\s*[{"']*(.+?)[}"',]*\s*$""", re.MULTILINE | re.IGNORECASE
)


@pytest.fixture(scope="module")
def written(product_files, repository) -> dict[Path, str]:
    """Text of every file of the checkout that a person reads, by its path from the top."""
    files = [path for path in product_files if path.suffix in TEXT]
    return {path.relative_to(repository): path.read_text(encoding="utf-8") for path in files}


@pytest.mark.parametrize("kind", FOREIGN)
def test_no_file_knows_the_machine_it_was_written_on(written, repository, kind):
    found = [
        f"{path}:{text[: match.start()].count(chr(10)) + 1}: {match[0]}"
        for path, text in written.items()
        for match in FOREIGN[kind].finditer(text)
    ]
    assert not found, "\n".join(found)
    assert not [path for pattern in LOCK_FILES for path in repository.glob(pattern)]


def empirical(path: Path, tree: ast.AST) -> list[str]:
    """Place and value of every number that is more than plain arithmetic."""
    slices = [node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    places = {part for index in slices for part in ast.walk(index)}
    return [
        f"{path.name}:{node.lineno}: {node.value}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if node not in places and node.value not in PLAIN and not 0 < abs(node.value) <= TINY
    ]


def long_functions(path: Path, tree: ast.AST) -> list[str]:
    """Place, name and length of every function that no screen holds."""
    return [
        f"{path}:{node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]


@pytest.mark.parametrize(
    ("pattern", "faults"),
    [("mechanisms/*.py", empirical), ("**/*.py", long_functions)],
    ids=["numbers that belong in data/rules/", "functions that no screen holds"],
)
def test_no_code_has(package, pattern, faults):
    files = sorted(package.glob(pattern))
    assert files
    found = [fault for path in files for fault in faults(path, ast.parse(path.read_text("utf-8")))]
    assert not found, "\n".join(found)


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of nine words in a text."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


@pytest.mark.sources
def test_no_run_of_nine_words_stands_in_a_document_too(written, package, sources):
    titled = [package / "data" / "references.bib", *package.glob("data/worlds/*/documents.yaml")]
    titles = [title for file in titled for title in TITLE.findall(file.read_text("utf-8"))]
    theirs = set().union(*(runs(file.read_text("utf-8")) for file in sources.glob("*.txt")))
    theirs -= set().union(*map(runs, titles))
    shared = [
        f"{path}: {' '.join(run)}"
        for path, text in written.items()
        for run in sorted(runs(text) & theirs)
    ]
    assert not shared, "\n".join(shared)


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def entities(package: Path, _: Path) -> set[str]:
    """Ids of the actors, theatres and institutions of every world."""
    kinds = ("actors", "theatres", "institutions")
    files = {
        path: path.stem for kind in kinds for path in package.glob(f"data/worlds/*/{kind}.yaml")
    }
    pages = [read(path).get(kind, read(path)) for path, kind in files.items()]
    return {id_ for page in pages for id_, value in page.items() if "name" in value}


def questions(package: Path, repository: Path) -> set[str]:
    """Ids of scenarios (one plain word is a word like any other), hypotheses and patterns."""
    files = [*repository.glob("scenarios/*.yaml"), *package.glob("data/worlds/*/scenarios/*.yaml")]
    groups = [
        {path.stem for path in files if "_" in path.stem},
        set(read(repository / "experiments" / "hypotheses.yaml")["hypotheses"]),
        {id_ for path in package.glob("data/worlds/*/patterns.yaml") for id_ in read(path)},
    ]
    assert min(map(len, groups)) >= 20
    return set().union(*groups)


def words(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every name and string of a file, docstrings but for examples included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield line, node.value
        for field in ("id", "attr", "arg", "name", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield line, value.lower()


def naming(ids: set[str], letters: str) -> re.Pattern[str]:
    """Matches an id as a word of its own, where words are made of some letters."""
    longest_first = sorted(map(re.escape, ids), key=len, reverse=True)
    return re.compile(rf"(?<![{letters}])({'|'.join(longest_first)})(?![{letters}])")


# Where an id may be part of a longer name, an underscore ends a word as a dot or a space does.
@pytest.mark.parametrize(("named", "letters"), [(entities, "a-z0-9"), (questions, "A-Za-z0-9_")])
def test_no_code_names_an_entity_or_a_question(package, repository, named, letters):
    ids = named(package, repository)
    assert len(ids) >= 20
    pattern = naming(ids, letters)
    example = re.compile(r"(?m)^ *Example:.*$") if named is questions else re.compile(r"(?!)")
    found = [
        f"{path.relative_to(package)}:{line}: {match[1]}"
        for path in sorted(package.rglob("*.py"))
        for line, text in words(path)
        if (match := pattern.search(example.sub("", text)))
    ]
    assert not found, "\n".join(found)


def test_the_rules_themselves_see_what_they_look_for():
    path, registry = FOREIGN.values()
    assert path.search("see /" + "wo" + "rk/notes")
    assert not path.search("https://example.com/" + "wo" + "rk/notes")
    assert registry.search("https://pypi" + ".org/simple")
    tree = ast.parse("x = 0.37 * y[6] / 2.0 + 1e-12")
    assert empirical(Path("a.py"), tree) == ["a.py:1: 0.37"]
    assert long_functions(Path(), ast.parse("def f():\n" + 60 * "  pass\n"))
    assert not long_functions(Path(), ast.parse("def f():\n" + 59 * "  pass\n"))
    theirs = runs("One, two; three\nfour five (six) seven eight nine ten.")
    assert runs("one two three four five six seven eight nine") & theirs
    pattern = naming({"atlantis"}, "a-z0-9")
    assert pattern.search("weight_of_atlantis_in_trade")
    assert not pattern.search("atlantiser")

"""The checkout is clean: of one machine's paths, of registries, of numbers that belong in the data, of large rooms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TEXT = {
    ".py",
    ".md",
    ".yaml",
    ".yml",
    ".toml",
    ".cfg",
    ".cff",
    ".bib",
    ".sh",
    ".txt",
    ".j2",
    ".html",
    ".mplstyle",
    "",
}
# Built from halves, so that this file passes its own test.
HOMES = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers", "mn" + "t"))
MACHINE_PATH = re.compile(rf"(?<![\w./~$}}>-])(?:/(?:{HOMES})/|[A-Z]:\\\\?(?:{HOMES})\b)")
REGISTRY = re.compile(
    "|".join(
        (
            "pypi" + r"\.org",
            "python" + "hosted",
            "npm" + r"js\.",
            "debian" + r"\.org",
            "index" + "-url",
            "conda-" + "forge",
        )
    )
)
LOCK_FILES = (
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "pdm.lock",
    "pylock.toml",
    "requirements*.txt",
    "package-lock.json",
)

# Numbers a mechanism may hold: identities, halves and doubles, the ends of the scales that the codebook (3) and the
# ladder (4, and a step of it as a share) define, months in a year. An index is a place, not a number; and anything
# smaller than TINY only keeps a division from failing.
PLAIN = {0, 0.25, 0.5, 1, 2, 3, 4, 12}
TINY = 1e-9

LONGEST_FUNCTION = 60
LONGEST_FILE = 400


def texts(files: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in files:
        if path.suffix in TEXT:
            yield path, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["machine path", "registry"])
def test_no_file_knows_the_machine_it_was_written_on(product_files, repository, pattern):
    found = [
        f"{path.relative_to(repository)}:{text[: match.start()].count(chr(10)) + 1}: {match.group()}"
        for path, text in texts(product_files)
        for match in pattern.finditer(text)
    ]
    assert not found, "\n".join(found)


def test_no_lock_file_stands_in_the_checkout(repository):
    assert not [path for pattern in LOCK_FILES for path in repository.glob(pattern)]


def empirical(tree: ast.AST) -> list[tuple[int, float]]:
    """Line and value of every number that is more than plain arithmetic."""
    places = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        for part in ast.walk(node.slice)
    }
    numbers = [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and type(node.value) in (int, float)
        and id(node) not in places
    ]
    return [
        (line, value)
        for line, value in numbers
        if value not in PLAIN and not 0 < abs(value) <= TINY
    ]


def test_no_mechanism_holds_a_number_that_belongs_in_the_data(package):
    files = sorted(package.glob("mechanisms/*.py"))
    assert files
    found = [
        f"{path.relative_to(package)}:{line}: {value}"
        for path in files
        for line, value in empirical(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "give it a name, a range and a parent in data/rules/:\n" + "\n".join(found)


def test_a_function_fits_a_screen_and_a_file_a_sitting(package):
    large = []
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > LONGEST_FILE:
            large.append(f"{path.relative_to(package)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    large.append(
                        f"{path.relative_to(package)}:{node.lineno}: {node.name} has {length} lines"
                    )
    assert not large, "\n".join(large)


def test_the_rules_themselves_see_what_they_look_for():
    assert MACHINE_PATH.search("see /" + "wo" + "rk/notes")
    assert not MACHINE_PATH.search("https://example.com/" + "wo" + "rk/notes")
    assert REGISTRY.search("https://pypi" + ".org/simple")
    assert empirical(ast.parse("x = 0.37 * y[6] / 2.0 + 1e-12")) == [(1, 0.37)]

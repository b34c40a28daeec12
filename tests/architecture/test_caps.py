"""The house stays small: packages, files, lines, and the whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

FILES_OF_A_PACKAGE = 12
LINES_OF_A_FILE = 400
COLUMNS = 100
LINES = {"src": 22_000, "benchmarks": 1_500, "tests": 10_500}


def python_files(repository: Path, top: str) -> Iterator[tuple[str, list[str]]]:
    """Path and lines of every file of Python below a top folder."""
    for path in sorted((repository / top).rglob("*.py")):
        yield path.relative_to(repository).as_posix(), path.read_text("utf-8").splitlines()


@pytest.mark.parametrize("top", LINES)
def test_all_lines_together_keep_to_their_number_and_each_to_its_width(repository, top):
    files = dict(python_files(repository, top))
    assert sum(map(len, files.values())) <= LINES[top]
    wide = [
        f"{path}:{number}: {len(line)} columns"
        for path, lines in files.items()
        for number, line in enumerate(lines, 1)
        if len(line) > COLUMNS
    ]
    assert not wide, "\n".join(wide)


def test_a_file_fits_a_sitting_and_a_package_a_page(repository):
    files = {path: len(lines) for top in LINES for path, lines in python_files(repository, top)}
    long = [f"{path}: {count} lines" for path, count in files.items() if count > LINES_OF_A_FILE]
    packages = [path.rpartition("/")[0] for path in files if path.startswith("src/")]
    full = [
        f"{package}: {packages.count(package)} files"
        for package in sorted(set(packages))
        if packages.count(package) > FILES_OF_A_PACKAGE
    ]
    assert not [*long, *full], "\n".join([*long, *full])

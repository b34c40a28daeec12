"""Another world is another folder of data, and so is an argument: no code names an id of either."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

FILES = {"actors.yaml": "actors", "theatres.yaml": "theatres", "institutions.yaml": "institutions"}


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def entities(package: Path) -> set[str]:
    """Ids of the actors, theatres and institutions of every world."""
    pages = [
        read(path).get(key, read(path))
        for name, key in FILES.items()
        for path in package.glob(f"data/worlds/*/{name}")
    ]
    return {id_ for page in pages for id_, value in page.items() if "name" in value}


@pytest.fixture(scope="module")
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
@pytest.mark.parametrize(("kind", "letters"), [("entities", "a-z0-9"), ("questions", "A-Za-z0-9_")])
def test_no_code_names_an_entity_or_a_question(package, request, kind, letters):
    ids = request.getfixturevalue(kind)
    assert len(ids) >= 20
    pattern = naming(ids, letters)
    example = re.compile(r"(?m)^ *Example:.*$") if kind == "questions" else re.compile(r"(?!)")
    named = [
        f"{path.relative_to(package)}:{line}: {match[1]}"
        for path in sorted(package.rglob("*.py"))
        for line, text in words(path)
        if (match := pattern.search(example.sub("", text)))
    ]
    assert not named, "\n".join(named)


def test_the_rule_itself_sees_an_id_inside_a_longer_name():
    pattern = naming({"atlantis"}, "a-z0-9")
    assert pattern.search("weight_of_atlantis_in_trade")
    assert pattern.search("actors.atlantis.interests")
    assert not pattern.search("atlantiser")

"""Another world is another folder of data, and so is an argument: no id of either is named in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

FILES = {"actors.yaml": "actors", "theatres.yaml": "theatres", "institutions.yaml": "institutions"}


def ids_of(world: Path) -> set[str]:
    """Ids of the actors, theatres and institutions of one world."""
    found: set[str] = set()
    for name, key in FILES.items():
        tree = YAML(typ="safe").load((world / name).read_text(encoding="utf-8"))
        entries = tree.get(key, tree)
        found |= {
            entry for entry, value in entries.items() if isinstance(value, dict) and "name" in value
        }
    return found


def words(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every name and string of a file, docstrings included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield line, node.value
        for field in ("id", "attr", "arg", "name", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield line, value.lower()


def naming(ids: set[str]) -> re.Pattern[str]:
    """Matches an id as a word of its own; an underscore or a dot ends a word as a space does."""
    return re.compile(
        rf"(?<![a-z0-9])({'|'.join(sorted(map(re.escape, ids), key=len, reverse=True))})(?![a-z0-9])"
    )


@pytest.fixture(scope="module")
def ids(package: Path) -> set[str]:
    worlds = sorted(folder for folder in (package / "data" / "worlds").iterdir() if folder.is_dir())
    return set().union(*(ids_of(world) for world in worlds))


def test_the_worlds_name_actors_theatres_and_institutions(ids):
    assert len(ids) >= 20


def test_no_code_names_an_actor_a_theatre_or_an_institution(package, ids):
    pattern = naming(ids)
    named = [
        f"{path.relative_to(package)}:{line}: {match.group(1)}"
        for path in sorted(package.rglob("*.py"))
        for line, text in words(path)
        if (match := pattern.search(text))
    ]
    assert not named, "\n".join(named)


def test_no_code_names_a_hypothesis_a_pattern_or_a_scenario(package, repository):
    def keys(path: Path, under: str | None = None) -> set[str]:
        tree = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return set(tree[under] if under else tree)

    files = [
        *(repository / "scenarios").glob("*.yaml"),
        *package.glob("data/worlds/*/scenarios/*.yaml"),
    ]
    questions = {
        path.stem for path in files if "_" in path.stem
    }  # one plain word is a word like any other
    tested = keys(repository / "experiments" / "hypotheses.yaml", "hypotheses")
    documented = set().union(*(keys(path) for path in package.glob("data/worlds/*/patterns.yaml")))
    assert min(len(questions), len(tested), len(documented)) >= 20
    ids = sorted(questions | tested | documented, key=len, reverse=True)
    exactly = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(ids)})(?![A-Za-z0-9_])")
    named = [
        f"{path.relative_to(package)}:{line}: {match.group(1)}"
        for path in sorted(package.rglob("*.py"))
        for line, text in words(path)
        if (match := exactly.search(re.sub(r"(?m)^ *Example:.*$", "", text)))
    ]
    assert not named, "\n".join(named)


def test_the_rule_itself_sees_an_id_inside_a_longer_name():
    pattern = naming({"atlantis"})
    assert pattern.search("weight_of_atlantis_in_trade")
    assert pattern.search("actors.atlantis.interests")
    assert not pattern.search("atlantiser")

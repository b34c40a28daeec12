"""What the pages name stands where they say: paths, cited works, terms; and the README's commands are whole."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXTENSIONS = "py|yaml|md|toml|bib|cff|mplstyle"
LOOKS_LIKE_A_PATH = re.compile(rf"[\w.*-]+(?:/[\w.*-]+)*(?:/|\.(?:{EXTENSIONS}))|\.?\w+/[\w./*-]+")
# Written by a run or by a person, so no checkout holds them.
MADE_LATER = (
    "results/",
    "parts/",
    "trajectories/",
    "events/",
    ".venv/",
    "NAME.yaml",
    "half_force.yaml",
)
CITED = re.compile(r"\b[a-z]{3,}(?:19|20)\d\d[a-z]?\b")
COMMAND = re.compile(r"<!-- command: (\w+) -->\n```sh\n(.+?)\n```\n<!-- end -->", re.DOTALL)
SCENARIO = re.compile(r"<!-- scenario: (\w+) -->\n```yaml\n(.+?)```\n<!-- end -->", re.DOTALL)


@pytest.fixture(scope="module")
def pages(repository: Path) -> dict[Path, str]:
    """Text of the pages a person reads, by path."""
    paths = [
        repository / "README.md",
        repository / "CONTRIBUTING.md",
        *sorted((repository / "docs").rglob("*.md")),
    ]
    return {path: path.read_text(encoding="utf-8") for path in paths}


def named_paths(text: str) -> Iterator[str]:
    """Whatever a page names in code font, or links to, that looks like a path of the checkout."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for name in re.findall(r"`([^`\n]+)`", prose):
        if LOOKS_LIKE_A_PATH.fullmatch(name) and not name.startswith(MADE_LATER):
            yield name
    yield from (link for link in re.findall(r"\]\(([^)#\s]+)\)", prose) if "://" not in link)


def stands(name: str, page: Path, repository: Path) -> bool:
    """Whether a name leads somewhere from the top, from the package, from the page's folder, or as a bare file name."""
    folders = [repository, repository / "src" / "eurasia_sim", page.parent]
    if "/" not in name:
        folders += [
            place
            for top in ("src", "tests", "scenarios", "benchmarks")
            for place in (repository / top).glob("**")
        ]
    return any(next(folder.glob(name.rstrip("/")), None) for folder in folders if folder.is_dir())


def test_every_path_that_a_page_names_stands(pages, repository):
    lost = [
        f"{page.relative_to(repository)}: {name}"
        for page, text in pages.items()
        for name in named_paths(text)
        if not stands(name, page, repository)
    ]
    assert not lost, "\n".join(lost)


def docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


@pytest.fixture(scope="module")
def works(package: Path) -> set[str]:
    """Keys of the bibliography and of the documents."""
    keys = set(
        re.findall(
            r"^@\w+\{([^,\s]+),",
            (package / "data" / "references.bib").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    for file in package.glob("data/worlds/*/documents.yaml"):
        keys |= set(CITED.findall(file.read_text(encoding="utf-8")))
    return keys


def test_every_work_that_the_data_cites_stands_in_the_bibliography(package, works):
    lost = [
        f"{path.relative_to(package)}: {key}"
        for path in sorted((package / "data").rglob("*.yaml"))
        for key in re.findall(r"\bcite:\s*[\"']?([\w-]+)", path.read_text(encoding="utf-8"))
        if key not in works
    ]
    assert not lost, "\n".join(sorted(set(lost)))


def test_every_work_that_a_docstring_cites_stands_in_the_bibliography(package, works):
    lost = {
        f"{path.relative_to(package)}: {key}"
        for path in sorted(package.rglob("*.py"))
        for text in docstrings(path)
        for key in CITED.findall(text)
        if key not in works
    }
    assert not lost, "\n".join(sorted(lost))


@pytest.fixture(scope="module")
def glossary(repository: Path) -> set[str]:
    """Names in code font in the first column of the glossary."""
    return set(
        re.findall(
            r"^\| `(\w+)`",
            (repository / "docs" / "glossary.md").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )


def test_every_name_of_the_glossary_stands_in_the_code_or_the_data(package, glossary):
    files = [*package.rglob("*.py"), *package.rglob("*.yaml")]
    used = set().union(*(re.findall(r"\w+", path.read_text(encoding="utf-8")) for path in files))
    assert glossary - used == set()


def test_every_lever_trait_construct_and_mechanism_stands_in_the_glossary(package, glossary):
    from eurasia_sim.compute import dimensions as parameters
    from eurasia_sim.kernel import arrays as fields

    tables = (fields.FACTS, fields.CODED, fields.CONSTANTS, fields.LEVERS, fields.STATE)
    named = {field.name for table in tables for field in table.fields}
    names = {
        *parameters.DOMAINS,
        *parameters.THREATS,
        *parameters.PRESENCE_KINDS,
        *parameters.CONSTRUCTS,
    }
    mechanisms = {path.stem for path in package.glob("mechanisms/*.py")} - {"__init__"}
    assert (named | names | mechanisms) - glossary == set()


def test_the_readme_has_its_two_commands(pages, repository):
    commands = dict(COMMAND.findall(pages[repository / "README.md"]))
    assert sorted(commands) == ["run", "test"]
    assert all("\n" not in command and "pip install" in command for command in commands.values())


def test_the_scenario_in_the_readme_is_a_good_one(pages, repository, tmp_path):
    ((name, text),) = SCENARIO.findall(pages[repository / "README.md"])
    file = tmp_path / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    program = [sys.executable, "-c", "from eurasia_sim.cli import main; main()", "check", str(file)]
    answer = subprocess.run(program, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_rule_itself_sees_a_path():
    text = "See `src/lost.py`, `results/x`, `kernel.run`, `[i, j]` and [here](docs/lost.md).\n```\n`tests/none.py`\n```\n"
    assert list(named_paths(text)) == ["src/lost.py", "docs/lost.md"]

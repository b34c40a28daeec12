"""What the pages name stands where they say: paths, works, terms, and the README's commands."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

EXTENSIONS = "py|yaml|md|toml|bib|cff|mplstyle"
LOOKS_LIKE_A_PATH = re.compile(rf"[\w.*-]+(?:/[\w.*-]+)*(?:/|\.(?:{EXTENSIONS}))|\.?\w+/[\w./*-]+")
# Written by a run or by a person, so no checkout holds them.
MADE_LATER = (
    "results/", "parts/", "trajectories/", "events/", ".venv/", "NAME.yaml", "half_force.yaml",
)  # fmt: skip
CITED = re.compile(r"\b[a-z]{3,}(?:19|20)\d\d[a-z]?\b")
COMMAND = re.compile(r"<!-- command: (\w+) -->\n```sh\n(.+?)\n```\n<!-- end -->", re.DOTALL)
SCENARIO = re.compile(r"<!-- scenario: (\w+) -->\n```yaml\n(.+?)```\n<!-- end -->", re.DOTALL)


@pytest.fixture(scope="module")
def pages(repository: Path) -> dict[Path, str]:
    """Text of the pages a person reads, by path."""
    tops = [repository / "README.md", repository / "CONTRIBUTING.md"]
    paths = [*tops, *sorted((repository / "docs").rglob("*.md"))]
    return {path: path.read_text(encoding="utf-8") for path in paths}


def named_paths(text: str) -> Iterator[str]:
    """What a page names in code font, or links to, that looks like a path of the checkout."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for name in re.findall(r"`([^`\n]+)`", prose):
        if LOOKS_LIKE_A_PATH.fullmatch(name) and not name.startswith(MADE_LATER):
            yield name
    yield from (link for link in re.findall(r"\]\(([^)#\s]+)\)", prose) if "://" not in link)


def test_every_path_that_a_page_names_stands(pages, repository, product_files):
    """A name leads from the top, the package or the page's folder, or is a bare file name."""
    names = {part for path in product_files for part in path.relative_to(repository).parts}

    def stands(name: str, page: Path) -> bool:
        folders = [repository, repository / "src" / "eurasia_sim", page.parent]
        found = any(next(folder.glob(name.rstrip("/")), None) for folder in folders)
        return found or ("/" not in name and any(Path(one).match(name) for one in names))

    lost = [
        f"{page.relative_to(repository)}: {name}"
        for page, text in pages.items()
        for name in named_paths(text)
        if not stands(name, page)
    ]
    assert not lost, "\n".join(lost)


def test_every_work_that_the_data_or_a_docstring_cites_stands_in_the_bibliography(package):
    bibliography = (package / "data" / "references.bib").read_text(encoding="utf-8")
    works = set(re.findall(r"^@\w+\{([^,\s]+),", bibliography, re.MULTILINE))
    for file in package.glob("data/worlds/*/documents.yaml"):
        works |= set(CITED.findall(file.read_text(encoding="utf-8")))
    cite = re.compile(r"\bcite:\s*[\"']?([\w-]+)")
    cited = {
        path: cite.findall(path.read_text("utf-8")) for path in package.rglob("data/**/*.yaml")
    }
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for path in package.rglob("*.py"):
        nodes = [x for x in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(x, kinds)]
        cited[path] = CITED.findall("\n".join(ast.get_docstring(x) or "" for x in nodes))
    assert sum(map(len, cited.values())) > 100
    lost = {f"{path.name}: {key}" for path, keys in cited.items() for key in set(keys) - works}
    assert not lost, "\n".join(sorted(lost))


def test_the_glossary_names_every_term_of_the_code_and_nothing_else(package, pages, repository):
    """Every lever, trait, construct and mechanism, and each array of a run."""
    from eurasia_sim.compute import dimensions
    from eurasia_sim.kernel import arrays

    page = pages[repository / "docs" / "glossary.md"]
    glossary = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    files = [*package.rglob("*.py"), *package.rglob("*.yaml")]
    used = set().union(*(re.findall(r"\w+", path.read_text("utf-8")) for path in files))
    assert glossary - used == set()
    tables = (arrays.FACTS, arrays.CODED, arrays.CONSTANTS, arrays.LEVERS, arrays.STATE)
    names = {field.name for table in tables for field in table.fields}
    for terms in ("DOMAINS", "THREATS", "PRESENCE_KINDS", "CONSTRUCTS"):
        names |= set(getattr(dimensions, terms))
    names |= {path.stem for path in package.glob("mechanisms/*.py")} - {"__init__"}
    assert names - glossary == set()


def test_the_readme_has_its_two_commands_and_a_good_scenario(pages, repository, tmp_path):
    from eurasia_sim.scenarios.scenario import load_scenario
    from eurasia_sim.world.world import load_world

    readme = pages[repository / "README.md"]
    commands = dict(COMMAND.findall(readme))
    assert sorted(commands) == ["run", "test"]
    assert all("\n" not in each and "pip install" in each for each in commands.values())
    ((name, text),) = SCENARIO.findall(readme)
    (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    load_scenario(tmp_path / f"{name}.yaml", load_world())


def test_the_rule_itself_sees_a_path():
    named = "See `src/lost.py`, `results/x`, `kernel.run`, `[i, j]` and [here](docs/lost.md).\n"
    text = f"{named}```\n`tests/none.py`\n```\n"
    assert list(named_paths(text)) == ["src/lost.py", "docs/lost.md"]

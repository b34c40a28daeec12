"""What every test may ask for: the repository, its documents, results, and hypothesis's effort."""

import importlib.util
import os
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.results import ran, real, small_sweep, swept, tested  # noqa: F401 - fixtures

from eurasia_sim.world.world import World, load_world

ROOT = Path(__file__).resolve().parent.parent

# What builds, tools and runs leave behind is no part of the product.
_LEFT_BEHIND = {"results", "build", "dist", "__pycache__", "node_modules"}

# The first example compiles a mechanism, which no deadline should count. Examples are the same on
# every machine, so a stranger's first run passes as ours did; `search` looks for new ones.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("portable", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("thorough", settings.get_profile("portable"), max_examples=500)
settings.register_profile("search", max_examples=500, print_blob=True, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "portable"))
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a background job would ignore


@pytest.fixture(scope="session")
def repository() -> Path:
    """Top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def package() -> Path:
    """Folder of the package's source in the checkout."""
    return ROOT / "src" / "eurasia_sim"


@pytest.fixture(scope="session")
def product_files() -> list[Path]:
    """Every file of the checkout that someone wrote, sorted."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in _LEFT_BEHIND and (name == ".ci" or not name.startswith("."))
        ]
        written = [name for name in names if not name.startswith(".") or name == ".gitignore"]
        found += [Path(folder) / name for name in written]
    return sorted(found)


def _at_hand(variable: str, usual: str, files: str) -> Path:
    """A folder of files that travel with nothing; the test is skipped where they are not there."""
    named = os.environ.get(variable)
    folder = Path(named) if named else ROOT.parent / "shared" / usual
    if not any(folder.glob(files)):
        if named:
            pytest.fail(f"{variable} names {folder}, which holds no {files}")
        pytest.skip(f"{files} are not at hand: name their folder in {variable}")
    return folder


@pytest.fixture(scope="session")
def sources() -> Path:
    """Folder of the original documents."""
    return _at_hand("EURASIA_SIM_SOURCES", "sources", "*.txt")


@pytest.fixture(scope="session")
def datasets() -> Path:
    """Folder of the datasets."""
    return _at_hand("EURASIA_SIM_DATA", "data", "*.csv")


@pytest.fixture(scope="session")
def world() -> World:
    """The packaged world."""
    return load_world()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; a test is skipped without, unless browser tests are what is asked."""
    paths = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    needed = {"a Chromium browser": next(filter(None, paths), None)}
    needed |= {name: importlib.util.find_spec(name) for name in ("playwright", "solara")}
    for what, found in needed.items():
        if not found:
            refuse = pytest.fail if os.environ.get("CI_BROWSER") == "1" else pytest.skip
            refuse(f"{what} is not installed")
    return str(needed["a Chromium browser"])

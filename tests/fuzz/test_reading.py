"""Files of every kind made wrong at random: what reads them says so, and never ends in a traceback.

The same files are made on every machine. EURASIA_SIM_FUZZ says how many of each kind instead.
"""

import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.command import done, run_without_pictures
from tests.fuzz.mutations import wrong_of, yaml_text

from eurasia_sim.analysis.blocs import read_roster
from eurasia_sim.analysis.summary import material_of
from eurasia_sim.cli.scenario import LISTERS, problems_of
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.coding import agreement
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.experiments.folder import Folder, read_plan
from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.files.integrity import FILES, digest_of, sealed
from eurasia_sim.files.page import parse
from eurasia_sim.observations.loader import load_observations
from eurasia_sim.scenarios.posterior import read_posterior
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import results
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.results_folder import open_results, scenarios_of
from eurasia_sim.validation.patterns import load_patterns
from eurasia_sim.world.world import World, load_world

ROOT = Path(__file__).parents[2]
WORLDS = packaged() / "worlds"
FEW, MANY = 3, 36  # files of each of 32 kinds: MANY takes two minutes of one processor
_SHORT = 40  # entries of a list, or columns, that are kept: more would only take longer to read


@dataclass(frozen=True)
class Made:
    """Valid folders: of `run`, of `sweep`, of `test`; and the packaged world."""

    run: Path
    sweep: Path
    tested: Path
    world: World


@dataclass(frozen=True)
class Kind:
    """Valid contents of a kind of file, wrong ones, and what reads them where the file lies."""

    name: str
    file: Path
    work: Callable[[], object]
    valid: tuple[bytes, ...]
    wrong: st.SearchStrategy[bytes]

    def read(self, content: bytes) -> None:
        self.file.write_bytes(content)
        if self.name.startswith("results") and self.file.suffix == ".parquet":
            _seal(self.file)
        self.work()

    def fails(self, content: bytes) -> str:
        """How the reading of a content fails but by words about it; empty where it does not."""
        try:
            self.read(content)
        except DataError as error:
            return "" if "".join(map(str, error.problems)).strip() else "says nothing"
        except Exception as error:  # noqa: BLE001 - whatever it is, a user must not see it
            return f"{type(error).__name__}: {error}"
        return ""


def kind(name: str, file: Path, work: Callable[[], object], *contents: bytes) -> Kind:
    """A kind of file by its suffix; its valid contents are what lies there unless given."""
    valid = contents or (file.read_bytes(),)
    is_sealed = name.startswith("results")
    wrong = [wrong_of(file.suffix, content, is_sealed=is_sealed) for content in valid]
    return Kind(name, file, work, valid, st.one_of(*wrong))


def _seal(file: Path) -> None:
    """Give the manifest of a folder the digest of a table in it, so that readers go on."""
    folder = next(above for above in file.parents if (above / results.MANIFEST).exists())
    manifest = json.loads((folder / results.MANIFEST).read_text(encoding="utf-8"))
    name = file.relative_to(folder).as_posix()
    manifest[FILES][name]["sha256"] = digest_of(file.read_bytes())
    (folder / results.MANIFEST).write_text(json.dumps(sealed(manifest)), encoding="utf-8")


def _world_files(into: Path, _: Made) -> Iterator[Kind]:
    """The files of the small packaged world, read as a whole and made ready for a run."""

    def prepared(folder: Path) -> None:
        world = load_world(folder)
        read_roster(world)
        prepare(world, load_scenario("record", world))
        for group in ("actors", "theatres", "institutions", "events", "numbers"):
            LISTERS[group](world)

    for path in sorted((WORLDS / "europe_1914").glob("*.yaml")):
        folder = Path(shutil.copytree(path.parent, into / f"world {path.stem}"))
        yield kind(f"world: {path.stem}", folder / path.name, lambda at=folder: prepared(at))


def _evidence(into: Path, _: Made) -> Iterator[Kind]:
    """Documents, claims and the second coding, cut short."""
    source = WORLDS / "eurasia"
    head, *claims = (source / "claims.yaml").read_text(encoding="utf-8").split("\n- {")
    second = parse((source / "second_coding.yaml").read_bytes(), "", 8).data
    for each in second["rounds"]:
        each |= {key: each[key][:_SHORT] for key in ("claims", "superseded") if key in each}
    short = {
        "documents.yaml": (source / "documents.yaml").read_bytes(),
        "claims.yaml": "\n- {".join([head, *claims[:_SHORT]]).encode(),
        "second_coding.yaml": yaml_text(second).encode(),
    }
    for name in short:
        folder = into / f"evidence {name}"
        folder.mkdir()
        for other, content in short.items():
            (folder / other).write_bytes(content)
        work = lambda at=folder: agreement(load_evidence(at), 10)  # noqa: E731
        yield kind(f"evidence: {name}", folder / name, work)


def _beside_a_world(into: Path, made: Made) -> Iterator[Kind]:
    """Patterns, observations, the posterior and the references of the packaged world."""
    readers: Mapping[str, Callable[[World], object]] = {
        "patterns.yaml": load_patterns,
        "observations/observations.yaml": load_observations,
        "observations/students.csv": load_observations,
        "posterior.json": read_posterior,
    }
    for name, reader in readers.items():
        folder = Path(shutil.copytree(made.world.directory, into / name.replace("/", " ")))
        there = replace(made.world, directory=folder)
        yield kind(name, folder / name, lambda read=reader, there=there: read(there))
    file = into / "references.bib"
    file.write_bytes((packaged() / file.name).read_bytes()[:20_000].rpartition(b"\n@")[0])
    yield kind(file.name, file, lambda: [str(each) for each in read_bibliography(file).values()])


def _questions(into: Path, made: Made) -> Iterator[Kind]:
    """Scenarios, experiments, hypotheses and tables of points, as `check` reads them."""
    scenarios = ("us_stays", "csto_buffer_zone", "presence_threat")
    experiments = sorted((ROOT / "experiments").glob("*.yaml"))
    files = {
        "scenario": [ROOT / "scenarios" / f"{name}.yaml" for name in scenarios],
        "experiment": [path for path in experiments if path.stem != "hypotheses"],
        "hypotheses": [path for path in experiments if path.stem == "hypotheses"],
    }

    def check(file: Path) -> None:
        if problems := problems_of(str(file), made.world):
            raise DataError(problems)

    text = (
        b"rules.perception.distance_decay,scenario,pressure.united_states.china,seed\n"
        b"2000.0,us_exit,0.0,1\n3000.5,us_stays,0.5,2\n4000.0,us_exit,1.0,3\n"
    )
    rows, head = pd.read_csv(io.BytesIO(text)), "format: 2\nkind: sweep\ntitle: t\n"
    listed = f"design: {{kind: list, points: {rows.to_dict('records')}}}\n"
    listed += "constraints: [{sum: {seed: 1, pressure.united_states.china: 2}, at_most: 4}]\n"
    for name, paths in files.items():
        file = into / f"{name}.yaml"
        contents = [path.read_bytes() for path in paths]
        contents += [f"{head}{listed}".encode()] * (name == "experiment")
        yield kind(name, file, lambda file=file: check(file), *contents)
    for suffix, content in (("csv", text), ("parquet", results.table_bytes(rows))):
        sweep, points = into / f"{suffix}.yaml", into / f"points.{suffix}"
        design = f"design: {{kind: table, file: {points.name}}}\n"
        sweep.write_text(f"{head}{design}", encoding="utf-8")
        yield kind(f"table: {suffix}", points, lambda sweep=sweep: check(sweep), content)


def _results(into: Path, made: Made) -> Iterator[Kind]:
    """Files of results folders, with digests that are made to fit, so that readers go on."""
    files = [
        ("run", "manifest.json"), ("sweep", "manifest.json"), ("tested", "manifest.json"),
        ("sweep", "plan.json"), ("sweep", "status.jsonl"), ("sweep", "analysis/tables.json"),
        ("sweep", "design.parquet"), ("sweep", "parts/00000001.parquet"), ("run", "runs.parquet"),
        ("run", "draws.parquet"),
    ]  # fmt: skip
    for of, name in files:
        label = f"results: {of}/{name}"
        folder = Path(shutil.copytree(getattr(made, of), into / label.replace("/", " ")))
        work = lambda at=folder: _look_into(at, made.world)  # noqa: E731
        if name.endswith(".parquet"):
            table = pd.read_parquet(folder / name).iloc[:, :_SHORT]
            yield kind(label, folder / name, work, results.table_bytes(table))
        else:
            yield kind(label, folder / name, work)


def _look_into(folder: Path, world: World) -> None:
    """Read everything that verbs read of a results folder before they compute."""
    held = open_results(folder, world)
    _ = held.title, held.seed, held.names
    if held.kind in ("run", "sweep"):
        _ = held.factors, held.runs(held.shown)
        with mock.patch("eurasia_sim.analysis.summary.load_world", return_value=world):
            material_of(folder, [])
        results.load_results(folder)
    list(scenarios_of(held.manifest, world))
    for name in ("convergence", "shares", "indices", "parts", "verdicts", "design", "draws"):
        held.table(name)
    results.read_log(folder)
    if held.kind == "sweep":
        Folder(folder, read_plan(folder)).finished(heal=False)


# Kinds that are tried together, each by its name.
GROUPS: Mapping[str, Callable[[Path, Made], Iterator[Kind]]] = {
    "questions": _questions,
    "worlds": _world_files,
    "evidence": _evidence,
    "beside a world": _beside_a_world,
    "results": _results,
}


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, small_sweep: Path, tested: Path, world: World
) -> Made:
    """Results folders as verbs write them, and the packaged world."""
    folder = tmp_path_factory.mktemp("made")
    run = run_without_pictures(folder / "run", "us_exit", "us_stays", "-n", "2")
    sweep = Path(shutil.copytree(small_sweep, folder / "sweep"))
    done("analyze", sweep)
    return Made(run, sweep, tested, world)


def tried(kind: Kind, count: int) -> dict[str, bytes]:
    """By how it fails, a file that fails, of so many."""
    failures: dict[str, bytes] = {}
    every = {"database": None, "suppress_health_check": list(HealthCheck)}

    @settings(max_examples=count, phases=[Phase.generate], **every)
    @given(kind.wrong)
    def read(content: bytes) -> None:
        if why := kind.fails(content):
            failures[why] = content

    read()
    return failures


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("group", GROUPS)
def test_a_file_made_wrong_is_refused_in_words(
    group: str, count: int, made: Made, tmp_path: Path
) -> None:
    shown = []
    for kind in GROUPS[group](tmp_path, made):
        for content in kind.valid:
            kind.read(content)
        failures = tried(kind, int(os.environ.get("EURASIA_SIM_FUZZ", count)))
        shown += [f"{kind.name}: {why}\n    {content[:300]!r}" for why, content in failures.items()]
    assert not shown, "\n".join(shown)

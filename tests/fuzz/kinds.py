"""Every kind of file that the product reads: the valid ones, and the way to whatever reads it."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
from hypothesis import strategies as st
from tests.fuzz.mutations import (
    RAW,
    RAW_JSON,
    damaged,
    damaged_table,
    json_text,
    mutated,
    yaml_text,
)

from eurasia_sim.analysis.blocs import read_roster
from eurasia_sim.cli import BAD_INPUT, FAILED_WORK
from eurasia_sim.cli.scenario import LISTERS, problems_of
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.intercoder import agreement
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.experiments.analysis_folder import material_of
from eurasia_sim.experiments.folder import Folder, read_plan
from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.files.integrity import FILES, digest_of, sealed
from eurasia_sim.files.page import parse
from eurasia_sim.observations.loader import load_observations
from eurasia_sim.scenarios.posterior import read_posterior
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import results
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.replay import scenarios_of
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.validation.patterns import load_patterns
from eurasia_sim.world.world import World, load_world

ROOT = Path(__file__).parents[2]
WORLDS = packaged() / "worlds"
_SHORT = 40  # entries of a list, or columns, that are kept: more would only take longer to read


@dataclass(frozen=True)
class Made:
    """Valid folders: of `run`, of `sweep`, of `test`; and the packaged world."""

    run: Path
    sweep: Path
    tested: Path
    world: World


Read = Callable[[bytes], int]  # the exit code that a file's content leads to


@dataclass(frozen=True)
class Kind:
    """Valid contents of a kind of file, wrong ones, and what reads them."""

    valid: tuple[bytes, ...]
    wrong: st.SearchStrategy[bytes]
    read: Read


def ended(work: Callable[[], object]) -> int:
    """The exit code of some work within a verb."""
    try:
        work()
    except DataError as error:
        return BAD_INPUT if "".join(map(str, error.problems)).strip() else FAILED_WORK
    return 0


def _yaml(*files: Path | bytes) -> tuple[tuple[bytes, ...], st.SearchStrategy[bytes]]:
    contents = tuple(each if isinstance(each, bytes) else each.read_bytes() for each in files)
    trees = [parse(content, "valid", 8).data for content in contents]
    wrong = [mutated(tree, RAW).map(yaml_text) for tree in trees]
    texts = [each.map(lambda text: text.encode("utf-8", "surrogatepass")) for each in wrong]
    return contents, st.one_of(*texts, *texts, *map(damaged, contents))


def _json(
    content: bytes, seal: Callable[[Any], Any] = lambda tree: tree
) -> tuple[tuple[bytes, ...], st.SearchStrategy[bytes]]:
    tree = json.loads(content)

    def written(changed: Any, is_sealed: bool) -> bytes:
        whole = seal(changed) if is_sealed and isinstance(changed, dict) else changed
        return json_text(whole).encode()

    wrong = st.builds(written, mutated(tree, RAW_JSON), st.booleans())
    kept = st.builds(written, mutated(tree, []), st.just(True))
    return (content,), wrong | kept | damaged(content)


def _short(path: Path) -> bytes:
    """The first entries of a long list."""
    head, *entries = path.read_text(encoding="utf-8").split("\n- {")
    return "\n- {".join([head, *entries[:_SHORT]]).encode()


def _in_folder(folder: Path, name: str, work: Callable[[], int]) -> Read:
    """Put a content in place of a file of a folder, and do the work."""

    def read(content: bytes) -> int:
        (folder / name).write_bytes(content)
        return work()

    return read


def _world_files(into: Path, _: Made) -> Iterator[tuple[str, Kind]]:
    """The files of the small packaged world, read as a whole and made ready for a run."""
    for path in sorted((WORLDS / "europe_1914").glob("*.yaml")):
        folder = Path(shutil.copytree(path.parent, into / f"world {path.stem}"))

        def work(folder: Path = folder) -> int:
            def prepared() -> None:
                world = load_world(folder)
                read_roster(world)
                prepare(world, load_scenario("record", world))
                for kind in ("actors", "theatres", "institutions", "events", "numbers"):
                    LISTERS[kind](world)

            return ended(prepared)

        valid, wrong = _yaml(path)
        yield f"world: {path.stem}", Kind(valid, wrong, _in_folder(folder, path.name, work))


def _evidence(into: Path, _: Made) -> Iterator[tuple[str, Kind]]:
    """Documents, claims and the second coding, cut short; then what tests a world's runs."""
    source = WORLDS / "eurasia"
    short = {"documents.yaml": (source / "documents.yaml").read_bytes()}
    short |= {"claims.yaml": _short(source / "claims.yaml")}
    second = parse((source / "second_coding.yaml").read_bytes(), "", 8).data
    for each in second["rounds"]:
        each |= {key: each[key][:_SHORT] for key in ("claims", "superseded") if key in each}
    short["second_coding.yaml"] = yaml_text(second).encode()
    for name in short:
        folder = into / f"evidence {name}"
        folder.mkdir()
        for other, content in short.items():
            (folder / other).write_bytes(content)

        def work(folder: Path = folder) -> int:
            return ended(lambda: agreement(load_evidence(folder), 10))

        yield f"evidence: {name}", Kind(*_yaml(short[name]), _in_folder(folder, name, work))


def _beside_a_world(into: Path, made: Made) -> Iterator[tuple[str, Kind]]:
    """Patterns, observations and the posterior of the packaged world."""
    readers: Mapping[str, Callable[[World], object]] = {
        "patterns.yaml": load_patterns,
        "observations/observations.yaml": load_observations,
        "observations/students.csv": load_observations,
        "posterior.json": read_posterior,
    }
    for name, reader in readers.items():
        folder = Path(shutil.copytree(made.world.directory, into / name.replace("/", " ")))
        there = replace(made.world, directory=folder)
        content = (folder / name).read_bytes()
        if name.endswith(".csv"):
            table = damaged_table(content.decode())
            found: Any = ((content,), table | table | damaged(content))
        else:
            found = _json(content) if name.endswith(".json") else _yaml(content)

        def work(there: World = there, reader: Callable[[World], object] = reader) -> int:
            return ended(lambda: reader(there))

        yield name, Kind(*found, _in_folder(folder, name, work))
    bibliography = packaged() / "references.bib"
    bib = bibliography.read_bytes()[:20_000].rpartition(b"\n@")[0]
    file = into / "references.bib"

    def read(content: bytes) -> int:
        file.write_bytes(content)
        return ended(lambda: [str(work) for work in read_bibliography(file).values()])

    yield "references.bib", Kind((bib,), damaged(bib), read)


def _questions(into: Path, made: Made) -> Iterator[tuple[str, Kind]]:
    """Scenarios, experiments, hypotheses and tables of points, as `check` reads them."""
    scenarios = [
        ROOT / "scenarios" / f"{name}.yaml"
        for name in ("us_stays", "csto_buffer_zone", "presence_threat")
    ]
    experiments = [
        path for path in sorted((ROOT / "experiments").glob("*.yaml")) if path.stem != "hypotheses"
    ]
    kinds = {
        "scenario": scenarios,
        "experiment": experiments,
        "hypotheses": [ROOT / "experiments/hypotheses.yaml"],
    }
    for name, paths in kinds.items():
        file = into / f"{name}.yaml"

        def work(file: Path = file) -> int:
            return BAD_INPUT if problems_of(str(file), made.world) else 0

        yield name, Kind(*_yaml(*paths), _in_folder(into, file.name, work))
    rows = pd.DataFrame(
        {"rules.perception.distance_decay": [2000.0, 3000.5, 4000.0], "scenario": ["us_exit",
        "us_stays", "us_exit"],
         "pressure.united_states.china": [0.0, 0.5, 1.0], "seed": [1, 2, 3]}
    )  # fmt: skip
    for suffix in ("csv", "parquet"):
        (into / f"{suffix}.yaml").write_text(
            f"format: 2\nkind: sweep\ntitle: t\ndesign: {{kind: table, file: points.{suffix}}}\n",
            encoding="utf-8",
        )
        if suffix == "csv":
            content = rows.to_csv(index=False).encode()
            wrong = damaged_table(content.decode()) | damaged(content)
        else:
            content = results.table_bytes(rows)
            wrong = _frames(rows) | damaged(content)

        def work(suffix: str = suffix) -> int:
            return BAD_INPUT if problems_of(str(into / f"{suffix}.yaml"), made.world) else 0

        yield (
            f"table: {suffix}",
            Kind((content,), wrong, _in_folder(into, f"points.{suffix}", work)),
        )


@st.composite
def _frames(draw: st.DrawFn, table: pd.DataFrame) -> bytes:
    """A table of parquet with a column of another type, name or length, or with none."""
    table = table.copy()
    name = draw(st.sampled_from(list(table)))
    how = draw(st.sampled_from(["type", "type", "drop", "rename", "rows", "again"]))
    if how == "type":
        kinds: list[list[Any]] = [
            [None], [[1.0]], [{"a": 1}], [b"x"], [pd.Timestamp(0)], [True], ["text"],
            [float("nan")], [float("inf")],
            [-1], [2**62], [0.1], [pd.Timedelta(1)], [""],
        ]  # fmt: skip
        table[name] = pd.Series(draw(st.sampled_from(kinds)) * len(table), table.index)
    elif how == "drop":
        del table[name]
    elif how == "rename":
        table = table.rename(
            columns={name: draw(st.sampled_from(["", "nobody", f"{name}.x", "x.y"]))}
        )
    elif how == "rows":
        table = table.iloc[: draw(st.integers(0, len(table) - 1))]
    else:
        table = pd.concat([table, table])
    return results.table_bytes(table)


def _results(into: Path, made: Made) -> Iterator[tuple[str, Kind]]:
    """Files of results folders, with digests that are made to fit, so that readers go on."""
    files = [
        (made.run, "manifest.json"), (made.sweep, "manifest.json"), (made.tested, "manifest.json"),
        (made.sweep, "plan.json"), (made.sweep, "status.jsonl"),
        (made.sweep, "analysis/tables.json"), (made.sweep, "design.parquet"),
        (made.sweep, "parts/00000001.parquet"), (made.run, "runs.parquet"),
        (made.run, "draws.parquet"),
    ]  # fmt: skip
    for source, name in files:
        label = f"results: {source.parent.name}/{name}"
        folder = Path(shutil.copytree(source, into / label.replace("/", " ")))
        content = (folder / name).read_bytes()
        if name.endswith(".json"):
            found: Any = _json(content, sealed)
        elif name.endswith(".jsonl"):
            found = ((content,), damaged(content))
        else:
            table = pd.read_parquet(folder / name).iloc[:, :_SHORT]
            content, frames = results.table_bytes(table), _frames(table)
            found = ((content,), frames | frames | damaged(content))

        def work(folder: Path = folder) -> int:
            return ended(lambda: _look_into(folder, made.world))

        def read(content: bytes, folder: Path = folder, name: str = name, work: Any = work) -> int:
            (folder / name).write_bytes(content)
            if name.endswith((".parquet", "plan.json")):
                manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
                manifest[FILES][name]["sha256"] = digest_of(content)
                (folder / "manifest.json").write_text(
                    json.dumps(sealed(manifest)), encoding="utf-8"
                )
            return work()

        yield label, Kind(*found, read)


def _look_into(folder: Path, world: World) -> None:
    """Read everything that verbs read of a results folder before they compute."""
    held = open_results(folder, world)
    _ = held.title, held.seed, held.names
    if held.kind in ("run", "sweep"):
        _ = held.factors, held.runs(held.shown)
        with mock.patch("eurasia_sim.experiments.analysis_folder.load_world", return_value=world):
            material_of(folder, [])
        results.load_results(folder)
    list(scenarios_of(held.manifest, world))
    for name in ("convergence", "shares", "indices", "parts", "verdicts", "design", "draws"):
        held.table(name)
    results.read_log(folder)
    if held.kind == "sweep":
        Folder(folder, read_plan(folder)).finished(heal=False)


# Kinds that are tried together, each by its name.
GROUPS: Mapping[str, Callable[[Path, Made], Iterator[tuple[str, Kind]]]] = {
    "questions": _questions,
    "worlds": _world_files,
    "evidence": _evidence,
    "beside a world": _beside_a_world,
    "results": _results,
}

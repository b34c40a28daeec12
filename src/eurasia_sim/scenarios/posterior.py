"""What a calibration kept, recorded so that it can be drawn again: runs of a seeded design."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import DIGEST
from eurasia_sim.world.world import World

FILE = (
    "posterior.json"  # beside the world's own files; no part of its digest, as it follows from them
)
_AGAIN = "make it anew: eurasia-sim calibrate --record FILE"


@dataclass(frozen=True)
class Posterior:
    """The draws of a Latin hypercube that came closest to what is documented."""

    scenario: str
    theory: str
    draws: int  # of the whole design
    seed: int
    kept: tuple[int, ...]  # numbers of the draws kept, the closest first
    ranges: str  # digest of the ranges that were drawn from

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def digest_of_ranges(ranges: Mapping[str, tuple[float, float]]) -> str:
    """12 hexadecimal digits that change with any range or with their order."""
    listed = json.dumps([[path, *ends] for path, ends in ranges.items()])
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def read_posterior(world: World) -> Posterior:
    """The posterior recorded in a world's folder.

    Raises:
        DataError: where there is none, or it is damaged.
    """
    path = world.directory / FILE
    if not path.is_file():
        none = f"the world {world.name} has no {FILE}, so nothing can be drawn from a posterior"
        raise DataError([f"{none}; {_AGAIN}"])
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = Posterior(
            scenario=str(content["scenario"]),
            theory=str(content["theory"]),
            draws=int(content["draws"]),
            seed=int(content["seed"]),
            kept=tuple(int(each) for each in content["kept"]),
            ranges=str(content["ranges"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError([f"{FILE}: it is damaged ({error}); {_AGAIN}"]) from error
    wrong = ""
    if not found.kept or not all(0 <= each < found.draws for each in found.kept):
        wrong = f"kept must be numbers from 0 to {found.draws - 1}, at least one"
    elif content.get(DIGEST) != found.digest:
        wrong = "it is damaged, or an earlier version wrote it: its digest is another"
    if wrong:
        raise DataError([f"{FILE}: {wrong}; {_AGAIN}"])
    return found


def check_fits(
    posterior: Posterior, theory: str, ranges: Mapping[str, tuple[float, float]]
) -> None:
    """See that a posterior belongs to a theory, and to the ranges as they are now.

    Raises:
        DataError: where it does not.
    """
    if theory != posterior.theory:
        wrong = f"the posterior is one of {posterior.theory}, not of {theory}"
        raise DataError([f"{wrong}: run it with that theory"])
    if digest_of_ranges(ranges) != posterior.ranges:
        raise DataError(
            [f"{FILE} was fitted to other ranges than the world declares now; {_AGAIN}"]
        )


def plain(posterior: Posterior, notes: Mapping[str, Any]) -> dict[str, Any]:
    """The record as plain values with their digest, and notes for whoever opens the file."""
    return {**notes, **asdict(posterior), "kept": list(posterior.kept), DIGEST: posterior.digest}


def record_path(path: Path) -> Path:
    """Where a record goes: into a world's folder, or to a file."""
    return path / FILE if path.is_dir() else path

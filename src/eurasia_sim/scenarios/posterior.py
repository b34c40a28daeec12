"""What a calibration kept, recorded so that it can be drawn again: runs of a seeded design."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from eurasia_sim.files.checker import reason_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import DIGEST
from eurasia_sim.files.ordinary import Missing, decoded, read_bytes
from eurasia_sim.world.world import World

FILE = (
    "posterior.json"  # beside the world's own files; no part of its digest, as it follows from them
)
_LARGEST = 4 * 1024**2  # bytes
_MOST_DRAWS = 1_000_000
_AGAIN = "make it anew: eurasia-sim calibrate --record FILE"


@dataclass(frozen=True)
class Posterior:
    """The draws of a Latin hypercube that came closest to what is documented."""

    scenario: str
    theory: str
    draws: Annotated[int, Field(ge=1, le=_MOST_DRAWS)]  # of the whole design
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    kept: Annotated[tuple[int, ...], Field(min_length=1)]  # of the draws, the closest first
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
    try:
        content = json.loads(decoded(read_bytes(path, _LARGEST)))
        names = Posterior.__dataclass_fields__
        own = {name: content[name] for name in names if name in content}
        found = TypeAdapter(Posterior).validate_python(own)
    except Missing:
        none = f"the world {world.name} has no {FILE}, so nothing can be drawn from a posterior"
        raise DataError([f"{none}; {_AGAIN}"]) from None
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError([f"{FILE} is damaged: {reason_of(error)}; {_AGAIN}"]) from None
    wrong = ""
    if not all(0 <= each < found.draws for each in found.kept):
        wrong = f"kept must be numbers from 0 to {found.draws - 1}"
    elif content.get(DIGEST) != found.digest:
        wrong = "its digest is another, or an earlier version wrote it"
    if wrong:
        raise DataError([f"{FILE} is damaged: {wrong}; {_AGAIN}"])
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

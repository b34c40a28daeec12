"""What the record leaves of the numbers it says something about, kept so it can be drawn again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.integrity import DIGEST, read_sealed
from eurasia_sim.world.world import World

# Beside the world's own files; no part of its digest, as it follows from them.
FILE = "posterior.json"
FORMAT = 2
LEAST_MEMBERS = 100  # fewer say too little of a spread
BEYOND_CHANCE = 2.0  # standard errors of what a fit gains out of sample


@dataclass(frozen=True)
class Posterior:
    """The members of a fit: values of the numbers that it moved; every other keeps its range."""

    theory: str
    until: int  # last year of the record that was fitted
    numbers: Mapping[str, tuple[float, ...]]  # path -> a value a member
    beats_ranges: bool  # out of sample, and beyond chance
    digest: str  # of the whole file

    @property
    def members(self) -> int:
        """How many members there are."""
        return len(next(iter(self.numbers.values()), ()))


def read_posterior(world: World) -> Posterior:
    """The posterior recorded in a world's folder.

    Raises DataError where there is none, or it is damaged, or of another format, world or model.
    """
    from eurasia_sim.compute.jit import model_version  # which loads the compiler

    def refused(wrong: str) -> DataError:
        return DataError([f"{FILE}: {wrong}; make it anew: eurasia-sim calibrate --record FOLDER"])

    content = read_sealed(world.directory / FILE)
    if content is None:
        raise refused(f"{world.name} has none, so nothing can be drawn from a posterior")
    if content.get("format") != FORMAT:
        wrong = f"format is {content.get('format', 1)}, this version reads {FORMAT}"
        raise refused(wrong)
    try:
        digests, held = content["digests"], content["held_out"]
        fitted = {what: str(digests[what]) for what in ("world", "model")}
        found = Posterior(
            theory=str(content["theory"]),
            until=int(content["until"]),
            numbers={
                path: tuple(map(float, text.split())) for path, text in content["numbers"].items()
            },
            beats_ranges=bool(held["gain"] > BEYOND_CHANCE * held["error"]),
            digest=content[DIGEST],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise refused(f"an entry is missing or of another kind ({error})") from error
    for what, now in (("world", world.digest), ("model", model_version())):
        if fitted[what] != now:
            versions = f"{fitted[what][:12]}, now {now[:12]}"
            raise refused(f"it was fitted in another version of the {what} ({versions})")
    if strange := [path for path in found.numbers if path not in world.numbers]:
        raise refused(f"{', '.join(strange)} is no number of the world")
    return found


def members_within(
    posterior: Posterior, theory: str, ranges: Mapping[str, tuple[float, float]]
) -> list[int]:
    """Members whose values lie in the ranges of a scenario.

    Raises DataError where it is a fit of another theory, or too few members are left.
    """
    if theory != posterior.theory:
        wrong = f"the posterior is one of {posterior.theory}, not of {theory}"
        raise DataError([f"{wrong}: run it with that theory"])
    cuts = {path: ends for path, ends in ranges.items() if path in posterior.numbers}
    kept = [
        member
        for member in range(posterior.members)
        if all(low <= posterior.numbers[path][member] <= high for path, (low, high) in cuts.items())
    ]
    if len(kept) < LEAST_MEMBERS:
        narrow = f"the ranges of {', '.join(cuts)} leave {len(kept)} of {posterior.members}"
        least = f"at least {LEAST_MEMBERS} are needed: widen them"
        raise DataError([f"{narrow} members of the posterior, and {least}"])
    return kept


def text_of(values: Iterable[float]) -> str:
    """Values to six significant digits, as the file holds them."""
    return " ".join(f"{value:.6g}" for value in values)

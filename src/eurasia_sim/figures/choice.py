"""Which pictures suit a folder and a measure, and drawing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from eurasia_sim.catalogue import DataError, near
from eurasia_sim.figures import of_runs, of_tests, of_world
from eurasia_sim.figures.held import RUN, SWEEP, TEST, VALIDATION, Held
from eurasia_sim.figures.picture import Picture, Request
from eurasia_sim.figures.style import save
from eurasia_sim.scenario_form import measures as measure_notes

KINDS: Mapping[str, Callable[[Held, Request], Iterator[Picture]]] = {
    "distribution": of_runs.distributions,
    "ridgeline": of_runs.ridges,
    "cumulative": of_runs.cumulatives,
    "fan": of_runs.fans,
    "difference": of_runs.differences,
    "convergence": of_runs.convergences,
    "surface": of_runs.surfaces,
    "tornado": of_runs.tornadoes,
    "network": of_world.networks,
    "threat": of_world.threats,
    "mosaic": of_world.mosaics,
    "map": of_world.maps,
    "timeline": of_world.timelines,
    "forest": of_tests.forests,
    "shares": of_tests.shares,
    "indices": of_tests.indices,
    "effects": of_tests.effects,
    "box": of_tests.boxes,
    "patterns": of_tests.patterns,
}
# What a folder is drawn as when nobody says otherwise.
_OF_FOLDER = {
    RUN: ("distribution", "fan", "difference", "convergence", "network", "mosaic", "map", "timeline"),
    SWEEP: ("distribution", "surface", "tornado", "convergence"),
    TEST: ("forest", "shares"),
    VALIDATION: ("patterns",),
}
# And what a measure is drawn as, by what it is of.
_OF_MEASURE = {
    ("actor", "actor"): ("network",),
    ("actor", "theatre"): ("cumulative",),
    ("actor", "theatre", "domain"): ("mosaic",),
}
# What an option of a picture is for; given for others alone, it would be passed over in silence.
_OF_OPTION = {
    "across": ("--across", ("surface",)),
    "up": ("--up", ("surface",)),
    "threshold": ("--threshold", ("cumulative",)),
    "months": ("--month", ("network", "threat", "map")),
}
_BESIDE = {"indices": "sobol", "effects": "morris", "shares": "shares", "box": "boxes"}


def usual_kinds(held: Held, measures: Sequence[str]) -> list[str]:
    """The kinds that suit a folder, or the measures named, if any are."""
    if not measures:
        kinds = [kind for kind in _OF_FOLDER[held.kind] if kind != "difference" or _is_paired(held)]
        kinds += [kind for kind, table in _BESIDE.items() if held.has(table) and kind not in kinds]
        return [kind for kind in kinds if kind != "surface" or len(held.factors) > 1]
    notes = measure_notes()
    found: list[str] = []
    for measure in measures:
        name = measure.split(".")[0]
        if name in notes:
            spread = ("distribution", "fan") if held.kind == RUN and measure in held.shown else ("distribution",)
            found += ("threat",) if name == "threat" else _OF_MEASURE.get(tuple(notes[name].get("of", ())), spread)
    return list(dict.fromkeys(found)) or ["distribution"]


def _is_paired(held: Held) -> bool:
    return held.kind == RUN and len(held.manifest["scenarios"]) > 1


def pictures(held: Held, kinds: Sequence[str], request: Request) -> Iterator[Picture]:
    """Every picture of some kinds, each drawn when it is asked for.

    Raises:
        DataError: for an unknown kind, or one that the folder cannot be drawn as.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise DataError([f"--kind {kind} is no kind of picture{near(kind, KINDS)}; one of {', '.join(KINDS)}"])
    chosen = kinds or usual_kinds(held, request.measures)
    for option, (named, used) in _OF_OPTION.items():
        if getattr(request, option) not in (None, ()) and not set(used) & set(chosen):
            raise DataError([f"{named} is for {' and '.join(used)}, not for {', '.join(chosen)}: name one by --kind"])
    for kind in chosen:
        try:
            yield from KINDS[kind](held, request)
        except ValueError as error:
            if isinstance(error, DataError):
                raise
            raise DataError([f"--kind {kind}: {error}"]) from error


def draw(held: Held, kinds: Sequence[str], request: Request, out: Path) -> Iterator[tuple[Picture, tuple[Path, ...]]]:
    """Draw and save pictures as svg, png and csv; give each with its three files."""
    for picture in pictures(held, kinds, request):
        yield picture, save(picture.figure, out / picture.stem, picture.data)

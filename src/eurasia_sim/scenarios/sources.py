"""What a scenario rests on: works, claims of the documents, and the basis of its numbers."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from eurasia_sim.evidence.claims import Claim, load_evidence
from eurasia_sim.evidence.references import Work
from eurasia_sim.files.data_yaml import BASES, Number, packaged
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.world.world import World

# Code whose docstrings name the works of the rules.
_CODE = (
    "compute/random_streams.py", "compute/mathematics.py", "kernel/*.py",
    "scenarios/lever_steps.py", "mechanisms/*.py",
)  # fmt: skip


def works_of(
    world: World, scenario: Scenario, works: Mapping[str, Work]
) -> dict[str, Counter[str]]:
    """Keys of the works by part, each with how many numbers rest on it.

    A theory or form that the scenario does not choose, and an event that it drops, count for
    nothing.
    """
    forms = {**world.default_forms, **scenario.forms}
    chosen = [world.forms[factor][name] for factor, name in forms.items()]
    parts = works_of_numbers(world, numbers_of(world, scenario.dropped))
    for preset in (world.theories[scenario.theory or world.default_theory], *chosen):
        for key in preset.cite:
            parts["theory"][key] += len(preset.fix) + len(preset.ranges)
    # Code is read as text; nothing is imported.
    files = (file for pattern in _CODE for file in packaged().parent.glob(pattern))
    code = " ".join(file.read_text(encoding="utf-8") for file in files)
    cited = works.keys() & re.findall(r"\b[a-z]+\d{4}[a-z]?\b", code)
    for key in cited - {claim.document for claim in load_evidence(world.directory).claims}:
        parts["rules"].setdefault(key, 0)
    return {part: counts for part, counts in parts.items() if counts}


def works_of_numbers(world: World, numbers: Iterable[Number]) -> dict[str, Counter[str]]:
    """Keys of the works by part, each with how many of these numbers rest on it."""
    documents = {claim.id: claim.document for claim in load_evidence(world.directory).claims}
    parts: dict[str, Counter[str]] = {
        name: Counter() for name in ("documents", "theory", "data", "rules")
    }
    for number in numbers:
        group = number.path.split(".")[0]
        part = {"rules": "rules", "theories": "theory", "forms": "theory"}.get(group, "data")
        spoken = {documents[claim] for claim in number.claims() if claim in documents}
        spoken |= {item["document"] for item in number.source if "document" in item}
        parts["documents"].update(spoken)
        parts[part].update(set(number.cites()))
    return parts


def works_of_all(found: Iterable[Mapping[str, Counter[str]]]) -> dict[str, Counter[str]]:
    """The works of several scenarios together; a number that several read counts once."""
    parts: dict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        for part, counts in each.items():
            for key, count in counts.items():  # `|` would drop the keys that no number rests on
                parts[part][key] = max(parts[part][key], count)
    return parts


def numbers_of(world: World, dropped: tuple[str, ...] = ()) -> Iterator[Number]:
    """Every number that a run reads, whatever the theory; those of dropped events left out."""
    left_out = ("theories.", "forms.", *(f"record.events.{name}." for name in dropped))
    return (number for path, number in world.numbers.items() if not path.startswith(left_out))


def bases_of(world: World) -> dict[str, tuple[int, int]]:
    """By basis, how many numbers of a world rest on it, and how many of these are drawn."""
    every = Counter(number.basis for number in world.numbers.values())
    own = Counter(world.numbers[path].basis for path in world.drawn)
    return {basis: (every[basis], own[basis]) for basis in dict.fromkeys((*BASES, *every))}


def claims_of(world: World, numbers: Iterable[Number]) -> list[tuple[Claim, int]]:
    """Every claim that a number rests on, in the order of the documents, with how many do."""
    counts = Counter(claim for number in numbers for claim in dict.fromkeys(number.claims()))
    claims = load_evidence(world.directory).claims
    return [(claim, counts[claim.id]) for claim in claims if counts[claim.id]]

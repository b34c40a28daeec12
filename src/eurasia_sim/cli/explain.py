"""`explain`: where numbers come from, what works anything rests on, how the evidence stands."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.scenario import LISTERS, scenario_rows
from eurasia_sim.evidence import claims
from eurasia_sim.evidence.coding import agreement
from eurasia_sim.evidence.references import Work, read_bibliography
from eurasia_sim.files.data_yaml import DataError, Number, near
from eurasia_sim.files.text import alike
from eurasia_sim.reports.blocks import Block, Blocks, Line, table
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.scenarios.schema import SUFFIXES, measures, names, present_name
from eurasia_sim.scenarios.sources import works_of, works_of_all, works_of_numbers
from eurasia_sim.scenarios.writer import values_held
from eurasia_sim.world.levers import check_lever, choices, levers
from eurasia_sim.world.provenance import described, told
from eurasia_sim.world.world import World, load_world

Answer = tuple[Any, Iterable[Block]]  # plain values for JSON, and the same in words
_HEAD = ("id", "says", "kind", "label", "departs")  # of a row; said elsewhere or in other words
_SUPPORT = ("supported", "overstated", "unsupported")


def explain(
    context: typer.Context,
    names: Annotated[
        list[str] | None, Argument(metavar="NAME...", help="Whatever `list` shows, or a path.")
    ] = None,
    summary: Annotated[bool, Option("--summary", help="Count all numbers by basis.")] = False,
    cite: Annotated[bool, Option("--cite", help="Works of numbers or scenarios.")] = False,
    evidence: Annotated[
        Literal["verify", "agreement"] | None,
        Option(help="Compare claims with the texts in folder NAME, or the two codings."),
    ] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Say of whatever has a name what it is, what it rests on, and what it is now.

    Exit code 1: a text differs from what the claims say of it.

    Example: eurasia-sim explain rules.perception.distance_decay us_exit

    Example: eurasia-sim explain us_exit --cite

    Example: eurasia-sim explain --evidence verify my_texts/
    """
    given = names or []
    if evidence is not None:
        options.refuse(context, ("summary", "cite"), "not with --evidence")
        if len(given) != (evidence == "verify"):
            one = "one NAME, the folder of the original texts"
            takes = one if evidence == "verify" else "no NAME"
            raise DataError([f"--evidence {evidence} takes {takes}"])
    elif summary == bool(given) or (summary and cite):
        raise DataError(["give either names, or --summary, or --evidence"])
    if evidence == "verify":
        found = _verified(Path(given[0]), world)
    elif evidence == "agreement":
        found = _agreement(claims.load_evidence(world))
    elif cite:
        found = _cited(given, world)
    else:
        place = load_world(world)
        found = _explained(given, place) if given else _summary(place)
    terminal.answer(*found, as_json=as_json)
    if evidence == "verify" and found[0]["problems"]:
        raise typer.Exit(FAILED_WORK)


def _explained(names: list[str], world: World) -> Answer:
    """Everything known of each thing that goes by a name, and a line for every number below it."""
    found = {name: _named(world, name) for name in dict.fromkeys(names)}
    plain = {name: each[0] if len(each) == 1 else each for name, each in found.items()}
    every = chain.from_iterable(_told(rows, world) for rows in found.values())
    return plain if len(plain) > 1 else next(iter(plain.values())), every


def _told(rows: list[dict[str, Any]], world: World) -> Blocks:
    """What is known of things of one name, a line each; what is empty is left out."""
    width = max(len(row.get("path", "")) for row in rows)
    for row in rows:
        if "used_by" in row:
            yield from map(Line, told(row))
        elif "path" in row:
            number = world.numbers[row["path"]]
            value = "silent" if number.is_silent else f"{number.value:g}"
            ends = f"{number.low:g} to {number.high:g}" if number.is_uncertain else ""
            line = f"{number.path:<{width}}  {value:>9}  {ends:<16}  {number.basis}"
            yield Line(line.rstrip())
        else:
            yield f"{row['id']} (one of the {row['kind']})"
            yield str(row["says"])
            for key, value in row.items():
                if key not in _HEAD and value not in (None, "", [], {}, ()):
                    listed = value if isinstance(value, list | tuple) else [value]
                    if isinstance(value, Mapping):
                        listed = [f"{name} {each}" for name, each in value.items()]
                    yield f"- {key.replace('_', ' ')}: {', '.join(map(str, listed))}"


def _named(world: World, name: str) -> list[dict[str, Any]]:
    """All that goes by a name or a label: a number, whatever `list` shows, numbers below a path.

    Raises DataError where nothing does; with the nearest names.
    """
    if name in world.numbers:
        return [described(world, name)]
    if (path := Path(name)).suffix in SUFFIXES:
        more = _more(world, "scenarios", name)
        return [{"kind": "scenarios", **row, **more} for row in scenario_rows({path.stem: path})]
    kinds = {kind: list_of(world) for kind, list_of in LISTERS.items() if kind != "numbers"}
    labels = {
        str(label).lower(): row["id"]
        for rows in kinds.values()
        for row in rows
        for label in (row["says"], row.get("label"), row["id"].replace("_", " "), row["id"])
    }
    short = name.partition(",")[0].lower()  # of a label such as "burden, Russia"
    name = name if name in labels.values() else labels.get(name.lower(), labels.get(short, name))
    head = present_name(name).partition(".")[0]
    found = [
        {"kind": kind, **row, **_more(world, kind, name)}
        for kind, rows in kinds.items()
        for row in rows
        if row["id"] in ((name, head) if kind == "measures" else (name,))
        or (kind == "levers" and row["id"].startswith(f"{head}.") and _is_path(world, name))
    ]
    below = [
        {"path": each.path, "value": None if each.is_silent else each.value, "basis": each.basis}
        for each in (_numbers_at(world, name) if "." in name or not found else ())
    ]
    if not found and not below:
        if lever := levers().get(head):
            rest = [choices(kind, world)[0] for kind in lever.path[name.count(".") :]]
            check_lever(".".join([name, *rest]), world)  # says which id is unknown
        called = [row["label"] for row in kinds["measures"]]
        known = [*(each.partition(".<")[0] for each in labels.values()), *called, *world.numbers]
        raise DataError([f"nothing goes by the name {name}{_meant(name, known)}"])
    return [*found, *below]


def _more(world: World, kind: str, name: str) -> dict[str, Any]:
    """What is known of a scenario or a lever beyond its row of `list`."""
    if kind == "scenarios":
        said = load_scenario(name, world).resolved()
        steps = {
            path: " then ".join(
                f"{value if isinstance(value, str) else f'{value:.9g}'} from {date}"
                for date, value in dated.items()
            )
            for path, dated in said["levers"].items()
        }
        return {
            "leaves_the_record_in": said["departs"],
            "levers": steps or "none; the last values of the record hold",
            "events_that_do_not_happen": said["events"]["drop"],
            "events_besides": [event["id"] for event in said["events"]["add"]],
            "numbers_narrowed": said["uncertain"],
            "numbers_fixed": said["fixed"],
        }
    if kind != "levers" or name.count(".") < len(levers()[name.partition(".")[0]].path):
        return {}
    last = world.record_until - world.start  # with every event of the record
    (value,) = values_held(as_recorded(world), world, name, last).values()
    return {"when_the_record_ends": value, "the_record": ""}


def _is_path(world: World, name: str) -> bool:
    """Whether a lever's name is followed by nothing but ids that may stand there."""
    lever, *ids = name.split(".")
    path = levers()[lever].path
    pairs = zip(ids, path, strict=False)
    return len(ids) <= len(path) and all(word in choices(kind, world) for word, kind in pairs)


def _meant(name: str, known: Collection[str]) -> str:
    """What may be meant by a path: its longest known part, and what goes on there."""
    words, ends = name.split("."), {path.rpartition(".")[2] for path in known}
    for at in reversed(range(1, len(words))):
        stem = "".join(f"{word}." for word in words[:at])
        inside = [path.removeprefix(stem) for path in known if path.startswith(stem)]
        if here := dict.fromkeys(path.partition(".")[0] for path in inside):
            close = [stem + word for word in alike(words[at], here, 3)]
            hint = f" — did you mean {' or '.join(close)}?" if close else near(words[at], ends)
            return f"{hint}\n    allowed: {stem[:-1]}, then {', '.join(here)}"
    return near(name, {*known, *ends}) or "; `eurasia-sim list` shows what there is"


def _numbers_at(world: World, path: str) -> list[Number]:
    """The numbers at or below a path or the same path in the record; else those it ends."""
    beginnings, every = (f"{path}.", f"record.{path}."), world.numbers.items()
    below = [each for name, each in every if name == path or name.startswith(beginnings)]
    return below or [each for name, each in every if name.endswith(f".{path}")]


def _summary(world: World) -> Answer:
    every = Counter(number.basis for number in world.numbers.values())
    groups = {path.partition(".")[0]: dict.fromkeys(dict(every.most_common()), 0)
              for path in world.numbers}  # fmt: skip
    for path, number in world.numbers.items():
        groups[path.partition(".")[0]][number.basis] += 1
    total, drawn = every.total(), len(world.drawn)
    rows = [{"": name, **of, "all": sum(of.values())} for name, of in groups.items()]
    rows.append({"": "all", **dict(every.most_common()), "all": total})
    same = f"An ensemble over the declared ranges draws {drawn} of them; the others are the same"
    told: list[Block] = [table(f"{total} numbers by basis", rows), f"{same} in every run."]
    return {"numbers": total, "drawn": drawn, "by_group": groups}, told


def _cited(names: list[str], world: Path | None) -> Answer:
    """The works that scenarios, results or numbers rest on, each with how many numbers do."""
    works = read_bibliography()
    rows = [
        {"name": name, "part": part, "key": key, "numbers": count,
         "work": str(works[key]) if key in works else None}
        for name in dict.fromkeys(names)
        for part, counts in _works_of(name, world, works).items()
        for key, count in sorted(counts.items())
    ]  # fmt: skip
    lines = []
    for (name, part), own in groupby(rows, key=itemgetter("name", "part")):
        lines.append(f"{part}:" if len({*names}) == 1 else f"{name}, {part}:")
        for row in own:
            many = f" [{row['numbers']} number{'s' * (row['numbers'] != 1)}]"
            work = row["work"] or "not in references.bib"
            lines.append(f"  {row['key']}: {work}{many * bool(row['numbers'])}")
    return rows, map(Line, lines)


def _works_of(name: str, world: Path | None, works: Mapping[str, Work]) -> dict[str, Counter[str]]:
    """Works of a results folder; else of a scenario; else of all numbers at or below a path."""
    folder = Path(name)
    if folder.is_dir():
        from eurasia_sim.simulation import results, results_folder

        manifest = results.read_manifest(folder) or {}
        place = results_folder.world_of(folder, manifest, world)
        scenarios = list(results_folder.scenarios_of(manifest, place))
        if not scenarios:
            hint = "give a folder of run, sweep or validate"
            raise DataError([f"{folder / results.MANIFEST} names no scenario; {hint}"])
        return works_of_all(works_of(place, each, works) for each in scenarios)
    place = load_world(world)
    if name not in names(world=place.directory):
        if numbers := _numbers_at(place, name):
            found = works_of_numbers(place, numbers)
            return {part: counts for part, counts in found.items() if counts}
        if present_name(name).partition(".")[0] in measures():
            rests = "a measure is read off a run and rests on all that the run does"
            raise DataError([f"{name}: {rests}; cite the scenario, or rules"])
    return works_of(place, load_scenario(name, place), works)


def _verified(texts: Path, world: Path | None) -> Answer:
    """Every paragraph, sentence and fingerprint of the claims checked against the texts."""
    if not texts.is_dir():
        raise DataError([f"{texts} is no folder; give the one that holds the original texts"])
    problems, evidence = claims.verify(texts, world), claims.load_evidence(world)
    verdict = f"{len(problems)} problems" if problems else "every one stands in its text"
    if not evidence.documents:
        verdict = "this world has no coded documents"
    many = f"{len(evidence.claims)} claims in {len(evidence.documents)} documents"
    plain = {"claims": len(evidence.claims), "problems": problems}
    return plain, map(Line, [*problems, f"{many}: {verdict}"])


def _agreement(evidence: claims.Evidence) -> Answer:
    """Krippendorff's alpha of the two codings with its interval, by construct and by passage."""
    compared = agreement(evidence)
    said: list[Block] = [f"{role}: {who}" for role, who in evidence.coders.items()]
    said += [] if compared else ["there is no second coding to compare with"]
    for each in compared:
        of = f"round {each.round}: ordinal alpha"
        title = f"{of} {each.overall.alpha:.3f} [{each.low:.3f}, {each.high:.3f}]"
        rows = [
            (name, part.alpha, part.pairable, part.first_only, part.second_only)
            for name, part in {"all": each.overall, **each.constructs}.items()
        ]
        columns = ("", "alpha", "both", "only first", "only second")
        seen = each.passages
        alone = f"{seen.first_only} by the first alone, {seen.second_only} by the second alone"
        marked = f"{seen.both} marked by both, {alone}, of {seen.universe}"
        said += [
            table(title, rows, columns),
            f"  passages: alpha {seen.alpha:.3f}, Jaccard {seen.jaccard:.3f} ({marked})",
        ]
    for sample in evidence.support.samples:
        verdicts = Counter[str](each.verdict for each in sample.verdicts)
        counts = ", ".join(f"{verdicts[word]} {word}" for word in _SUPPORT)
        of = f"of {len(sample.verdicts)} claims drawn at random"
        said.append(f"support, {sample.name}: {of} {counts}")
    return [asdict(each) for each in compared], said

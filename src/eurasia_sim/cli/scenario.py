"""`check` input files or print their schema, begin a `new` scenario, `list` what it may name."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from eurasia_sim.cli import BAD_INPUT, FAILED_WORK, options, terminal
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.experiments.experiment import kind_of, load_experiment
from eurasia_sim.experiments.experiment import names as experiments
from eurasia_sim.files.data_yaml import DEFAULT_WORLD, DataError, month_name, near, packaged_worlds
from eurasia_sim.files.page import Problem, nearest, read_file
from eurasia_sim.files.text import file_name_from, wrapped
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.reports.blocks import Blocks, Line
from eurasia_sim.scenarios.scenario import check_file, load_scenario
from eurasia_sim.scenarios.schema import FILE_NAME, locate, measures, names, scenario_schema
from eurasia_sim.scenarios.writer import scaffold
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World, load_world


def check(
    context: typer.Context,
    files: Annotated[
        list[str] | None, Argument(metavar="FILE...", help="Scenarios or experiments, or names.")
    ] = None,
    schema: Annotated[bool, Option("--schema", help="Print the JSON Schema.")] = False,
    out: Annotated[Path | None, Option(metavar="FILE", help="Write the schema here.")] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Name every mistake in scenario and experiment files at once; exit 2 if there is any.

    With --schema: print the JSON Schema (2020-12) of a scenario file, with this world's ids, by
    which an editor completes and checks it.

    Example: eurasia-sim check scenarios/us_exit.yaml my_scenario.yaml

    Example: eurasia-sim check --schema --out scenarios/scenario.schema.json
    """
    if schema:
        options.refuse(context, ["files", "as_json"], "not with --schema")
        text = json.dumps(scenario_schema(load_world(world)), indent=1)
        if out is not None:
            out.write_text(text + "\n", encoding="utf-8")
        terminal.show(text if out is None else f"wrote {out}")
        return
    options.refuse(context, ["out"], "only with --schema")
    if not files:
        raise DataError(["Missing argument 'FILE...': name files to check, or ask for --schema"])
    place = load_world(world)
    every, lines = [], list[Line]()
    for file in files:
        problems = problems_of(file, place)
        many = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
        lines += map(Line, map(str, problems))
        lines.append(Line(f"{file}: {many if problems else 'nothing wrong'}"))
        every += problems
    terminal.answer(list(map(asdict, every)), lines, as_json=as_json)
    if every:
        raise typer.Exit(BAD_INPUT)


def problems_of(file: str, world: World) -> list[Problem]:
    """Everything wrong with a scenario, sweep or hypotheses file, by path or name."""
    path = locate(file, world.directory) or (Path(file) if Path(file).exists() else None)
    path = path or experiments().get(file)
    if path is None:
        known = {**names(world=world.directory), **experiments()}
        reason = "no such file, scenario or experiment"
        return [Problem(file, 1, 1, reason, "", nearest(file, known), ", ".join(known))]
    loaders = {"sweep": load_experiment, "hypotheses": load_hypotheses}
    try:
        if (kind := kind_of(path)) not in loaders:
            return check_file(path, world)
        loaders[kind](path, world)
    except DataError as error:
        return error.problems
    return []


def new(
    name: Annotated[str, Argument(help="Name of the scenario; the file is NAME.yaml here.")],
    source: Annotated[str, Option("--from", metavar="SCENARIO", help="Scenario to start from.")],
    lever: Annotated[
        list[str] | None,
        Option(help="presence.ACTOR.THEATRE or another to write as it is; repeatable."),
    ] = None,
    world: options.WorldName = None,
) -> None:
    """Begin a scenario file that starts from another, with a schema beside it for the editor.

    Example: eurasia-sim new half_force --from us_stays
    """
    name = name.removesuffix(".yaml")
    small = name.lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", small) or file_name_from(small) != small:
        raise DataError([f"'{name}' cannot name a scenario\n    allowed: letters, digits, _ and -"])
    place = load_world(world)
    base = load_scenario(source, place)
    path, schema = Path(f"{name}.yaml"), Path(FILE_NAME)
    if taken := path if path.exists() else names(world=place.directory).get(name):
        terminal.tell(f"there is a scenario '{name}' already, in {taken}: choose another name")
        raise typer.Exit(FAILED_WORK)
    meant = locate(source, place.directory)
    reached = names(Path.cwd(), place.directory).get(base.name)
    named = meant is not None and reached is not None and meant.resolve() == reached.resolve()
    path.write_text(scaffold(name, base, place, lever or (), named=named), encoding="utf-8")
    schema.write_text(json.dumps(scenario_schema(place), indent=1) + "\n", encoding="utf-8")
    option = f" --world {world}" if world else ""
    terminal.say(
        f"wrote {path}, and {schema} for editors. Write its question and what you expect, then:",
        f"eurasia-sim check {path}{option}",
    )


Rows = list[dict[str, Any]]  # each with "id" and "says", and more for JSON
_BESIDE = 30  # letters of a name that leave room for text beside it
_UNREAD = "(cannot be read; see `eurasia-sim check`)"


def _worlds(_: World) -> Rows:
    rows = []
    for name, folder in packaged_worlds().items():
        world = load_world(folder)
        span = f"{world.date(0)} to {month_name(world.record_until)}"
        says = f"record of {span}, {len(world.actors)} actors, {len(world.theatres)} theatres"
        rows.append({"id": name, "says": says + " (default)" * (name == DEFAULT_WORLD)})
    return rows


def _pages(files: dict[str, Path]) -> list[tuple[str, Path, dict[str, Any]]]:
    """Name, file and content of each file; empty where it cannot be read."""
    pages = [(name, path, read_file(path).data) for name, path in files.items()]
    return [(name, path, page if isinstance(page, dict) else {}) for name, path, page in pages]


def scenario_rows(files: dict[str, Path]) -> Rows:
    """What `list` shows of scenario files, by name."""
    kept = ("question", "extends", "departs", "expect")
    return [
        {"id": name, "says": page.get("title") or _UNREAD, **{key: page.get(key) for key in kept},
         "levers": list(page.get("levers") or ()), "file": str(path)}
        for name, path, page in _pages(files)
    ]  # fmt: skip


def _hypotheses(_: World) -> Rows:
    def contrast(part: dict[str, Any]) -> str:
        plus, less = (", ".join(map(str, part.get(key, ()))) for key in ("plus", "less"))
        return f"{part.get('label', '')} ({part.get('sign')}): {plus} less {less or 'nothing'}"

    return [
        {"id": name, "says": entry["says"], "note": entry.get("note"), "file": str(path),
         "contrasts": [contrast(each) for key in ("all", "any") for each in entry.get(key) or ()]}
        for _, path, page in _pages(experiments())
        for name, entry in (page.get("hypotheses") or {}).items()
    ]  # fmt: skip


def _claims(world: World) -> Rows:
    rows = []
    for claim in load_evidence(world.directory).claims:
        toward = f" toward {claim.toward}" if claim.toward else ""
        level = "" if claim.level is None else f" {claim.level:{'+' if toward else ''}g}"
        what = f"{', '.join(claim.about)}: {claim.construct}{toward}{level}"
        rows.append({**asdict(claim), "says": f"{what}; {claim.says} ({claim.locator})"})
    return rows


LISTERS: dict[str, Callable[[World], Rows]] = {
    "worlds": _worlds,
    "scenarios": lambda world: scenario_rows(names(world=world.directory)),
    "theories": lambda world: [
        {"id": name, "says": preset.says + " (default)" * (name == world.default_theory),
         "fixes": dict(preset.fix), "cite": list(preset.cite)}
        for name, preset in world.theories.items()
    ],
    "forms": lambda world: [
        {"id": f"{factor}.{name}", "says": form.says, "cite": list(form.cite)}
        for factor, alternatives in world.forms.items() for name, form in alternatives.items()
    ],
    "actors": lambda world: [
        {"id": each.id, "says": each.name, "home": each.home,
         "more": f"eurasia-sim explain actors.{each.id}"} for each in world.actors.values()
    ],
    "theatres": lambda world: [
        {"id": each.id, "says": each.name, "ruler": each.ruler, "challenger": each.challenger,
         "more": f"eurasia-sim explain theatres.{each.id}"} for each in world.theatres.values()
    ],
    "regions": lambda world: [
        {"id": name, "says": name.replace("_", " ").title(), "theatres": list(inside)}
        for name, inside in world.regions.items()
    ],
    "institutions": lambda world: [
        {"id": each.id, "says": each.name, "convenes": dict(each.convenes),
         "domains": list(each.domains),
         "members_at_the_end_of_the_record": list(dict.fromkeys(
             m.actor for m in each.members if m.holds(world.record_until - world.start)))}
        for each in world.institutions.values()
    ],
    "levers": lambda _: [
        {"id": each.pattern, "says": each.meaning, "allowed": each.allowed, "unit": each.unit,
         "at_rest": each.rest, "moves": each.moves,
         "the_record": f"eurasia-sim explain {each.name}.ID, for an id of the path"}
        for each in levers().values()
    ],
    "events": lambda world: [
        {"id": each.id, "says": f"{world.date(each.month)} {each.title}", "sets": dict(each.sets)}
        for each in world.events.values()
    ],
    "measures": lambda _: [
        {"id": name, "label": each.get("label", name.replace("_", " ")), "of": each["of"],
         "unit": each["unit"],
         "says": f"{each['meaning']} [{each['unit']}; of {' and '.join(each['of'])}]"}
        for name, each in measures().items()
    ],
    "experiments": lambda _: [
        {"id": name, "says": page.get("title") or _UNREAD, "question": page.get("question"),
         "file": str(path)} for name, path, page in _pages(experiments())
    ],
    "hypotheses": _hypotheses,
    "numbers": lambda world: [
        {"id": path, "says": each.meaning, "value": None if each.is_silent else each.value,
         "range": None if each.is_silent else [each.low, each.high],
         "unit": each.unit, "basis": each.basis} for path, each in sorted(world.numbers.items())
    ],
    "claims": _claims,
}  # fmt: skip


def show(
    kinds: Annotated[
        list[str] | None,
        Argument(
            metavar="[KIND...]", help=f"Any of {', '.join(LISTERS)}; else all but the last two."
        ),
    ] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """List worlds, scenarios, theories, actors, theatres, institutions, levers and measures.

    Example: eurasia-sim list levers measures
    """
    wanted = kinds or [kind for kind in LISTERS if kind not in ("numbers", "claims")]
    for kind in wanted:
        if kind not in LISTERS:
            allowed = f"    allowed: {', '.join(LISTERS)}"
            raise DataError([f"there is no list of '{kind}'{near(kind, LISTERS)}\n{allowed}"])
    place = load_world(world)
    found = {kind: LISTERS[kind](place) for kind in wanted}
    terminal.answer(found, _entries(found), as_json=as_json)


def _entries(found: dict[str, Rows]) -> Blocks:
    """Every name with what it says beside it or, where the longest name is wide, beneath it."""
    more = " Moves {moves}. [{allowed}; at rest {at_rest}]"
    for kind, rows in found.items():
        yield f"{kind}:"
        width = max((len(row["id"]) for row in rows), default=0)
        for row in rows:
            says = row["says"] + (more * ("moves" in row)).format_map(row)
            head, indent = f"  {row['id']:<{width}}  ", width + 4
            if width > _BESIDE:
                yield Line(f"  {row['id']}")
                head, indent = " " * 6, 6
            first, *rest = wrapped(says, max(terminal.WIDTH - indent, _BESIDE)) or [""]
            yield from map(Line, [head + first, *(" " * indent + line for line in rest)])

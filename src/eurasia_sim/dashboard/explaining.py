"""Numbers of the month, the numbers that enter them, and the claims behind those."""

from __future__ import annotations

from collections.abc import Callable

import solara

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.sitting import Sitting
from eurasia_sim.dashboard.wording import words
from eurasia_sim.figures.style import readable
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.world.explanation import described, told

_MOST = 48  # numbers beside one another; the rest are found by narrowing
_KEY = ("competition", "cooperation", "joint_share")
_BOTH_WAYS = ("alignment", "threat")


def names() -> dict[str, str]:
    """How actors and theatres are written out."""
    world = served.world()
    return {
        each.id: each.name for group in (world.actors, world.theatres) for each in group.values()
    }


def key_columns(columns: tuple[str, ...]) -> list[str]:
    """What is always in view of the first pair in focus: over the first scope its contest, and how the two stand."""
    pairs = served.world().pairs
    if not pairs:
        return [name for name in columns if name.startswith("power.")][:6]
    one, other = pairs[0]
    found = [
        next(name for name in columns if name.startswith(f"{measure}.{one}-{other}."))
        for measure in _KEY
    ]  # the first is over the first region
    return found + [
        f"{measure}.{a}.{b}" for measure in _BOTH_WAYS for a, b in ((one, other), (other, one))
    ]


@solara.component
def KeyNumbers(sitting: Sitting, show: Callable[[str], None], lived: int) -> None:  # noqa: ARG001 - to draw anew
    """The numbers always in view; a click tells what they rest on."""
    now = sitting.model.measures
    with solara.Row(gap="6px", style="flex-wrap:wrap", classes=["key-numbers"]):
        for name in key_columns(sitting.model.inputs.columns):
            Figure(name, now[name], show)


@solara.component
def Figure(name: str, value: float, show: Callable[[str], None]) -> None:
    """One number with its name, to be clicked."""
    solara.Button(
        f"{readable(name, names())}: {value:.3f}",
        on_click=lambda: show(name),
        outlined=True,
        x_small=True,
    )


@solara.component
def Explaining(sitting: Sitting, column: solara.Reactive[str], lived: int) -> None:  # noqa: ARG001 - to draw anew
    """A measure's numbers, what enters the one that is chosen, and where each of those comes from."""
    columns, now = sitting.model.inputs.columns, sitting.model.measures
    chosen = column.value if column.value in columns else key_columns(columns)[0]
    measure, *ids = chosen.split(".")
    of = solara.use_reactive("")
    every = [name for name in columns if name.split(".")[0] == measure]
    heads = list(dict.fromkeys(name.split(".")[1] for name in every))
    head = of.value if of.value in heads else ids[0]
    with solara.Columns([1, 1]):
        with solara.Column(gap="6px"):
            kinds = list(dict.fromkeys(name.split(".")[0] for name in columns))
            first = {
                kind: next(name for name in columns if name.split(".")[0] == kind) for kind in kinds
            }
            solara.Select(
                "Measure",
                kinds,
                measure,
                lambda kind: column.set(first[kind]),
                dense=True,
                classes=["measure"],
            )
            words("p", f"{measures()[measure]['meaning']} ({measures()[measure]['unit']})", "quiet")
            solara.Select("Of", heads, head, of.set, dense=True, classes=["of"])
            with solara.Row(gap="6px", style="flex-wrap:wrap"):
                for name in [name for name in every if name.split(".")[1] == head][:_MOST]:
                    Figure(name, now[name], column.set)
        with solara.Column(gap="6px"):
            Parents(chosen, now[chosen])


@solara.component
def Parents(column: str, value: float) -> None:
    """The numbers that enter a measure directly, and the origin of the one that is chosen."""
    inputs = solara.use_memo(
        lambda: {n.path: n for n in served.ancestry().inputs(column)}, [column]
    )
    path = solara.use_reactive("")
    own = (
        path.value
        if path.value in inputs
        else next((p for p, n in inputs.items() if n.claims()), None)
    )
    own = own or next(iter(inputs), None)
    judged = sum(number.basis == "judgement" for number in inputs.values())
    words("h3", f"{readable(column, names())}: {value:.4f}", "chosen")
    if own is None:
        words("p", "It follows from other measures alone.", "quiet")
        return
    said = f"{len(inputs)} numbers enter it directly, {judged} of them on judgement; the rules connect them."
    words("p", said, "quiet")
    solara.Select(
        "Number that enters it", list(inputs), own, path.set, dense=True, classes=["parent"]
    )
    Origin(own)


@solara.component
def Origin(path: str) -> None:
    """What `explain` says of a number: its range, its basis, its claims and works."""
    lines = solara.use_memo(
        lambda: list(told(described(served.world(), path, served.evidence(path)))), [path]
    )
    words("pre", "\n".join(lines), "claim")

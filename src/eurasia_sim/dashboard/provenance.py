"""The numbers of the month, the numbers that enter them, and the claims behind those."""

from collections.abc import Callable

import solara

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.session import Session
from eurasia_sim.dashboard.shared import words
from eurasia_sim.figures.style import readable
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.world.explanation import described, told

_MOST = 48  # numbers beside one another; the rest are found by narrowing
_KEY = ("competition", "cooperation", "joint_share")
_BOTH_WAYS = ("alignment", "threat")


def key_columns(columns: tuple[str, ...]) -> list[str]:
    """The columns always in view, of the first pair in focus over the first scope."""
    pairs = shared.world().pairs
    if not pairs:
        return [name for name in columns if name.startswith("power.")][:6]
    one, other = pairs[0]
    beginnings = [f"{measure}.{one}-{other}." for measure in _KEY]
    found = [next(name for name in columns if name.startswith(each)) for each in beginnings]
    ways = ((one, other), (other, one))
    return found + [f"{measure}.{a}.{b}" for measure in _BOTH_WAYS for a, b in ways]


@solara.component
def KeyNumbers(session: Session, show: Callable[[str], None], _version: int) -> None:
    """The numbers always in view; a click shows what they rest on."""
    now = session.model.measures
    with solara.Row(gap="6px", style="flex-wrap:wrap", classes=["key-numbers"]):
        for name in key_columns(session.model.inputs.columns):
            NumberButton(name, now[name], show)


@solara.component
def NumberButton(name: str, value: float, show: Callable[[str], None]) -> None:
    """One number with its name, to be clicked."""
    label = f"{readable(name, shared.world().names)}: {value:.3f}"
    solara.Button(label, on_click=lambda: show(name), outlined=True, x_small=True)


@solara.component
def Provenance(session: Session, column: solara.Reactive[str], _version: int) -> None:
    """A measure's numbers, what enters the chosen one, and where each of those comes from."""
    columns, now = session.model.inputs.columns, session.model.measures
    chosen = column.value if column.value in columns else key_columns(columns)[0]
    measure, *ids = chosen.split(".")
    names = shared.world().names
    of = solara.use_reactive("")
    first: dict[str, str] = {}
    heads: dict[str, list[str]] = {}
    for name in columns:
        kind, head = name.split(".")[:2]
        first.setdefault(kind, name)
        if kind == measure:
            heads.setdefault(head, []).append(name)
    head = of.value if of.value in heads else ids[0]

    def choose(kind: str) -> None:
        column.set(first[kind])

    with solara.ColumnsResponsive(12, medium=6):
        with solara.Column(gap="6px"):
            shared.select(
                "Measure", {name: readable(name) for name in first}, measure, choose, "measure"
            )
            words("p", f"{measures()[measure]['meaning']} ({measures()[measure]['unit']})", "quiet")
            whose = {each: readable(f"{measure}.{each}", names).split(", ", 1)[1] for each in heads}
            shared.select("Of", whose, head, of.set, "of")
            with solara.Row(gap="6px", style="flex-wrap:wrap"):
                for name in heads[head][:_MOST]:
                    NumberButton(name, now[name], column.set)
        with solara.Column(gap="6px"):
            Parents(chosen, now[chosen])


@solara.component
def Parents(column: str, value: float) -> None:
    """The numbers that enter a measure directly, and the origin of the chosen one."""
    found = solara.use_memo(lambda: list(shared.ancestry().inputs(column)), [column])
    path = solara.use_reactive("")
    words("h3", f"{readable(column, shared.world().names)}: {value:.4f}", "chosen")
    if not found:
        words("p", "It follows from other measures alone.", "quiet")
        return
    judged = sum(number.basis == "judgement" for number in found)
    counts = f"{len(found)} numbers enter it directly, {judged} of them on judgement"
    words("p", f"{counts}; the rules connect them.", "quiet")
    paths = [number.path for number in found]
    coded = [number.path for number in found if number.claims()]
    own = path.value if path.value in paths else (coded or paths)[0]
    solara.Select("Number that enters it", paths, own, path.set, dense=True, classes=["parent"])
    Origin(own)


@solara.component
def Origin(path: str) -> None:
    """What `explain` says of a number: its range, its basis, its claims and works."""

    def text() -> str:
        return "\n".join(told(described(shared.world(), path, shared.evidence(path))))

    words("pre", solara.use_memo(text, [path]), "claim")

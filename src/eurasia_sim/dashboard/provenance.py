"""The numbers of the month, the numbers that enter them, and the claims behind those."""

from functools import partial

import solara

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.paired_runs import key_columns
from eurasia_sim.dashboard.visit import Visit, select, words
from eurasia_sim.figures.style import readable
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.world.provenance import described, told


@solara.component
def KeyNumbers(visit: Visit) -> None:
    """The numbers always in view; a click shows what they rest on."""
    model, names = visit.session.model, shared.world().names
    with solara.Row(gap="6px", style="flex-wrap:wrap", classes=["key-numbers"]):
        for name in key_columns(model.inputs.columns):
            label = f"{readable(name, names)}: {model.measures[name]:.3f}"
            trace = partial(visit.trace, name)
            solara.Button(label, on_click=trace, outlined=True, x_small=True)


@solara.component
def Provenance(visit: Visit) -> None:
    """A number of the month, what enters it, and where each of those comes from."""
    model, names, wanted = visit.session.model, shared.world().names, visit.column.value
    columns = model.inputs.columns
    chosen = wanted if wanted in columns else key_columns(columns)[0]
    measure = chosen.split(".")[0]
    first = {name.split(".")[0]: name for name in reversed(columns)}
    own = {name: readable(name, names) for name in columns if name.startswith(f"{measure}.")}
    with solara.ColumnsResponsive(12, medium=6):
        with solara.Column(gap="6px"):
            kinds = {kind: readable(kind) for kind in reversed(first)}
            select("Measure", kinds, measure, lambda kind: visit.column.set(first[kind]))
            words("p", f"{measures()[measure]['meaning']} ({measures()[measure]['unit']})", "quiet")
            select("Of", own, chosen, visit.column.set)
        with solara.Column(gap="6px"):
            Parents(chosen, model.measures[chosen])


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

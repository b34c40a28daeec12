"""The ensemble: the second scenario, the measure, and the answer as it grows."""

from functools import partial

import solara

from eurasia_sim.analysis.headline import headlines, in_words
from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.paired_runs import (
    ALONE,
    BATCHES,
    CHANGED,
    Answer,
    answers,
    difference,
    key_columns,
    titled,
)
from eurasia_sim.dashboard.session import complaints
from eurasia_sim.dashboard.visit import Visit, select, words
from eurasia_sim.figures.style import readable
from eurasia_sim.simulation.inputs import prepare


@solara.component
def Comparison(visit: Visit) -> None:
    """What is compared, and the answer by batches."""
    question, world = visit.question.value, shared.world()
    columns = solara.use_memo(
        lambda: prepare(world, shared.scenarios()[question.scenario]).columns, [question.scenario]
    )
    choices = [ALONE, *([CHANGED] if question.settings else []), *shared.scenarios()]
    other = visit.second.value if visit.second.value in choices else ALONE
    chosen = visit.measured.value if visit.measured.value in columns else key_columns(columns)[0]
    wide = visit.over_ranges.value
    compute = partial(answers, question, other, chosen, over_ranges=wide)
    asked = [question, other, chosen, wide]
    result = solara.use_thread(compute, dependencies=asked, intrusive_cancel=False)
    with solara.ColumnsResponsive(12, medium=6):
        others = {name: shared.titles().get(name, name) for name in choices}
        select("Against", others, other, visit.second.set)
        labels = {name: readable(name, world.names) for name in columns}
        select("Measure", labels, chosen, visit.measured.set)
    solara.Switch(label="over everything uncertain, not chance alone", value=visit.over_ranges)
    if result.error is not None:
        solara.Error(complaints(result.error), classes=["problem"])
        return
    solara.ProgressLinear(result.state == solara.ResultState.RUNNING)
    if result.value is not None:
        AnswerView(result.value)


@solara.component
def AnswerView(answer: Answer) -> None:
    """An answer in words, its figure, and its numbers."""
    names, done = shared.world().names, len(answer.months)
    if len(answer.sides) > 1:
        one, other = map(titled, answer.sides)
        for row in headlines(*answer.sides.values()):
            sides = f"from “{other}” to “{one}”"
            words("p", in_words(row, sides, "", lambda name: readable(name, names)), "told")
        words("p", difference(answer), "difference")
    words("p", f"{done} of {sum(BATCHES)} paired runs", "answered", "quiet")
    if answer.figure is not None:
        solara.HTML("div", unsafe_innerHTML=answer.figure.element(), classes=["figure"])
    rows = [("", "runs", "failed", "mean", "90 % of runs")]
    for name, runs in answer.sides.items():
        low, high = runs[answer.column].quantile([0.05, 0.95])
        mean, span = f"{runs[answer.column].mean():.4f}", f"{low:.4f} to {high:.4f}"
        rows.append((titled(name), str(len(runs)), str(answer.failed[name]), mean, span))
    with solara.v.SimpleTable(dense=True, class_="found"), solara.v.Html(tag="tbody"):
        for cells in rows:
            with solara.v.Html(tag="tr"):
                for cell in cells:
                    words("td", cell)

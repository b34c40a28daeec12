"""The question as a scenario file that `check` accepts."""

from __future__ import annotations

import solara

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.question import Question, resolved
from eurasia_sim.dashboard.wording import words
from eurasia_sim.scenarios.writer import file_text


@solara.component
def Exporting(question: Question) -> None:
    """The file as it would be written, and the button that hands it over."""
    scenario = resolved(served.world(), served.scenarios(), question)
    text = file_text(scenario, served.world(), question.theory)
    name = f"{question.scenario}_edited.yaml"
    solara.FileDownload(text, name, label="Save the scenario file")
    words("p", f"Then: eurasia-sim check {name}. What was decided by hand is not in it.", "quiet")
    words("pre", text, "claim", "export")

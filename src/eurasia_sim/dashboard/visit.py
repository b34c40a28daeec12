"""What one visitor asks and looks at, and the plain elements that every part of the page uses."""

from collections.abc import Callable, Mapping
from typing import Any

import solara

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.paired_runs import ALONE
from eurasia_sim.dashboard.session import Question, Session, complaints
from eurasia_sim.dashboard.views import VIEWS
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.text import visible

TABS = ("Answer", *VIEWS, "Events", "Numbers", "By hand", "Export")


class Visit:
    """One visitor's state; a part of the page that reads a value is drawn anew when it is set."""

    def __init__(self) -> None:
        self.question = solara.Reactive(Question(shared.first_scenario()))
        self.problem = solara.Reactive("")  # what is wrong with the last input
        self.tab = solara.Reactive(0)
        self.column = solara.Reactive("")  # the measure whose parents are shown
        self.second = solara.Reactive(shared.second_scenario() or ALONE)
        self.measured = solara.Reactive("")  # the measure that is compared
        self.over_ranges = solara.Reactive(default_value=True)
        self.playing = solara.Reactive(default_value=False)
        self.restarts = solara.Reactive(0)
        self.version = solara.Reactive(0)  # of the run
        self._run = solara.Reactive(None)

    @property
    def session(self) -> Any:
        """The run in view, which changes in place; none before the first has begun."""
        self.version.get()
        return self._run.get()

    def begin(self) -> None:
        """Begin the run of the question; the one in view stays until it is ready."""
        asked = self.question.peek()
        session = Session(asked.resolved(), asked.theory, asked.seed)
        if asked == self.question.peek():  # which may have changed meanwhile
            self._run.set(session)

    def ask(self, wanted: Question) -> None:
        """Take a question if nothing is wrong with it, or say what is."""
        try:
            wanted.resolved()
        except DataError as error:
            self.problem.set(complaints(error))
        else:
            self.problem.set("")
            self.question.set(wanted)

    def change(self, work: Callable[[], object]) -> None:
        """Change the run, or say why it cannot be, and draw it anew."""
        try:
            work()
            self.problem.set("")
        except (ValueError, FloatingPointError) as error:
            self.problem.set(complaints(error))
            self.playing.set(False)
        self.version.set(self.version.peek() + 1)

    def trace(self, column: str) -> None:
        """Show what a measure rests on."""
        self.column.set(column)
        self.tab.set(TABS.index("Numbers"))


def words(tag: str, text: str, *classes: str, style: str = "") -> Any:
    """An element of text that the browser never reads as markup."""
    names = " ".join(classes)
    return solara.v.Html(tag=tag, children=[visible(text)], class_=names, style_=style)


def select(label: str, known: list[str] | Mapping[str, str], chosen: str | None, take: Any) -> None:
    """A list of titles, of which one is chosen; `take` is given its name.

    Args:
        known: ids, each shown by the name that it has in the world; or titles by name.
    """
    if isinstance(known, list):
        names = shared.world().names
        known = {k: names.get(k, k if "." in k else k.replace("_", " ")) for k in known}
    titles = shared.apart(known)
    keys = {title: key for key, title in titles.items()}
    shown, classes = titles[chosen] if chosen else None, [label.lower()]
    solara.Select(label, [*keys], shown, lambda t: take(keys[t]), dense=True, classes=classes)

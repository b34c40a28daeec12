"""An actor decided for by hand: shares of its budget by theatre and domain."""

from functools import partial

import solara

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.session import Session
from eurasia_sim.dashboard.shared import words
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.mesa_model import PolicyError

_WHOLE = 100  # per cent


@solara.component
def ActorControl(
    session: Session, problem: solara.Reactive[str], version: solara.Reactive[int]
) -> None:
    """Sliders over theatres and domains, and who decides from the next month on."""
    version.get()  # whatever changes the run draws this anew
    world = session.world
    actor, edited = solara.use_reactive(next(iter(world.actors))), solara.use_reactive({})
    own = actor.value
    by_hand = own in session.by_hand
    base = session.by_hand.get(own) or session.model.actor(own).shares()
    percents = {place: round(_WHOLE * share) for place, share in base.items()}
    percents |= edited.value.get(own, {})

    def decide(shares: dict[tuple[str, str], float] | None) -> None:
        try:
            session.decide(own, shares)
            problem.set("")
        except (PolicyError, DataError) as error:
            problem.set(str(error))
        edited.set({**edited.value, own: {}})
        version.set(version.value + 1)

    take_over = partial(decide, {place: percent / _WHOLE for place, percent in percents.items()})
    give_back = partial(decide, None)
    with solara.Row(gap="12px", style="align-items:center;flex-wrap:wrap"):
        names = {name: each.name for name, each in world.actors.items()}
        shared.select("Actor", names, own, actor.set, "actor")
        who = "you decide for it" if by_hand else "its rule decides"
        spent = f"{sum(percents.values())} % of its budget is spent"
        words("span", f"{names[own]}: {who}; {spent}", "total")
    with solara.Row(gap="8px"):
        solara.Button("Decide by hand", on_click=take_over, color="primary", small=True)
        solara.Button("Leave it to its rule", on_click=give_back, disabled=not by_hand, small=True)
    words("p", "Per cent of the budget by theatre and domain; it holds until changed.", "quiet")
    with (
        solara.Column(classes=["shares"]),
        solara.GridFixed(columns=len(DOMAINS) + 1, row_gap="0px", column_gap="16px"),
    ):
        for word in ("", *DOMAINS):
            words("b", word)
        for name, theatre in world.theatres.items():
            words("span", theatre.name)
            for place in ((name, domain) for domain in DOMAINS):

                def take(percent: int, place: tuple[str, str] = place) -> None:
                    edited.set({**edited.value, own: {**edited.value.get(own, {}), place: percent}})

                percent = percents[place]
                solara.SliderInt(f"{percent}", percent, 0, _WHOLE, on_value=take, thumb_label=False)

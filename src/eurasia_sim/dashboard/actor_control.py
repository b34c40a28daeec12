"""An actor decided for by hand: shares of its budget by theatre and domain."""

from functools import partial

import solara

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.dashboard.visit import Visit, select, words

_WHOLE = 100  # per cent


@solara.component
def ActorControl(visit: Visit) -> None:
    """Sliders over theatres and domains, and who decides from the next month on."""
    session = visit.session
    world, by_hand = session.world, session.by_hand
    actor, edited = solara.use_reactive(next(iter(world.actors))), solara.use_reactive({})
    own = actor.value
    base = by_hand.get(own) or session.model.actor(own).shares()
    percents = {place: round(_WHOLE * share) for place, share in base.items()}
    percents |= edited.value.get(own, {})

    def decide(*, by_visitor: bool) -> None:
        shares = {place: percent / _WHOLE for place, percent in percents.items()}
        visit.change(lambda: session.decide(own, shares if by_visitor else None))
        edited.set({**edited.value, own: {}})

    button = partial(solara.Button, small=True)
    with solara.Row(gap="12px", style="align-items:center;flex-wrap:wrap"):
        select("Actor", [*world.actors], own, actor.set)
        who = "you decide for it" if own in by_hand else "its rule decides"
        spent = f"{sum(percents.values())} % of its budget is spent"
        words("span", f"{world.actors[own].name}: {who}; {spent}", "total")
    with solara.Row(gap="8px"):
        take_over, give_back = (partial(decide, by_visitor=each) for each in (True, False))
        button("Decide by hand", on_click=take_over, color="primary")
        button("Leave it to its rule", on_click=give_back, disabled=own not in by_hand)
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

"""An actor decided for by hand: shares of its budget by theatre and domain, in place of what its rule chooses."""

from __future__ import annotations

import solara

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.dashboard.sitting import Sitting
from eurasia_sim.dashboard.wording import words
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.mesa_model import PolicyError

_WHOLE = 100


@solara.component
def Deciding(sitting: Sitting, problem: solara.Reactive[str], lived: solara.Reactive[int]) -> None:
    """Sliders over theatres and domains, and who decides from the next month on."""
    world = sitting.world
    actor = solara.use_reactive(next(iter(world.actors)))
    own = actor.value if actor.value in world.actors else next(iter(world.actors))
    edited = solara.use_reactive({})
    by_hand = own in sitting.by_hand
    base = sitting.by_hand.get(own) or sitting.model.actor(own).shares()
    percents = {place: round(_WHOLE * share) for place, share in base.items()} | edited.value.get(own, {})
    total = sum(percents.values())

    def move(place: tuple[str, str], percent: int) -> None:
        edited.set({**edited.value, own: {**edited.value.get(own, {}), place: percent}})

    def decide(shares: dict[tuple[str, str], float] | None) -> None:
        try:
            sitting.decide(own, shares)
            problem.set("")
        except (PolicyError, DataError) as error:
            problem.set(str(error))
        edited.set({**edited.value, own: {}})
        lived.set(lived.value + 1)

    with solara.Row(gap="12px", style="align-items:center;flex-wrap:wrap"):
        solara.Select(
            "Actor", list(world.actors), own, actor.set, dense=True, style="max-width:220px", classes=["hand"]
        )
        who = "you decide for it" if by_hand else "its rule decides"
        words("span", f"{world.actors[own].name}: {who}; {total} % of its budget is spent", "total")
    with solara.Row(gap="8px"):
        solara.Button(
            "Decide by hand", on_click=lambda: decide({place: share / _WHOLE for place, share in percents.items()}),
            color="primary", small=True,
        )  # fmt: skip
        solara.Button("Leave it to its rule", on_click=lambda: decide(None), disabled=not by_hand, small=True)
    words("p", "Per cent of the budget by theatre and domain; it holds until changed.", "quiet")
    with (
        solara.Column(classes=["shares"]),
        solara.GridFixed(columns=len(DOMAINS) + 1, row_gap="0px", column_gap="16px"),
    ):
        for word in ("", *DOMAINS):
            words("b", word)
        for name, theatre in world.theatres.items():
            words("span", theatre.name)
            for domain in DOMAINS:
                Share(percents[name, domain], lambda percent, place=(name, domain): move(place, percent))


@solara.component
def Share(percent: int, on_value: object) -> None:
    """One share, 0 to 100 per cent."""
    solara.SliderInt(f"{percent}", percent, 0, _WHOLE, on_value=on_value, thumb_label=False)

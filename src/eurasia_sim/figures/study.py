"""The figures of one study: distributions, fans and paired differences of what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from eurasia_sim.figures.difference import difference_summary, differences_of, paired_difference
from eurasia_sim.figures.distribution import distribution_data, outcome_distribution
from eurasia_sim.figures.fan import fan_bands, fan_chart
from eurasia_sim.figures.of_runs import monthly_values
from eurasia_sim.figures.style import caption_of, judgement_share, save
from eurasia_sim.inputs import branch_month
from eurasia_sim.scenario_form import measures as measure_notes
from eurasia_sim.study import REFERENCE, Batch, Study, Tables

PANELS = 4
_OVER = {REFERENCE: "reference values, chance alone", "ranges": "declared ranges"}


def draw_study(study: Study, batches: Sequence[Batch], tables: Tables, folder: Path) -> list[str]:
    """Draw and save every figure of a study; return their files, relative to the results folder.

    For each theory: the distribution of the first shown measures over the declared ranges, their fans at reference
    values, and, where there are several scenarios, the paired differences of the first from the second.
    """
    written: list[Path] = []
    judged = judgement_share(study.world.numbers.values())
    names = _names(study)
    for theory in study.theories:
        own = [batch for batch in batches if batch.theory == theory]
        shown = study.shown(own[0].family[0].columns)
        units = {measure: str(measure_notes().get(measure.split(".")[0], {}).get("unit", "")) for measure in shown}
        # One order of scenarios in every figure, so that each keeps its colour.
        order = {scenario.name: at for at, scenario in enumerate(study.scenarios)}
        runs = tables.runs[tables.runs["theory"] == theory]
        runs = runs.sort_values(["scenario", "run"], key=lambda c: c.map(order) if c.name == "scenario" else c)
        ends = runs[runs["set"] != REFERENCE]
        caption = caption_of(ends, study.seed, judged)
        title = " and ".join(scenario.title for scenario in study.scenarios[:2])

        def put(kind: str, figure: Figure, data: pd.DataFrame, theory: str = theory) -> None:
            written.extend(save(figure, folder / f"{kind}-{theory}", data))

        wording: dict[str, Any] = {"names": names, "units": units}
        first = shown[:PANELS]
        put(
            "distribution",
            outcome_distribution(ends, first, f"{title}: over the declared ranges", caption, **wording),
            distribution_data(ends, first),
        )
        middle = runs[runs["set"] == REFERENCE]
        paths = monthly_values(middle, tables.trajectories, first)
        months = pd.period_range(study.world.date(0), periods=max(i.months for i in own[0].family), freq="M")
        parting = branch_month(own[0].family) if len(study.scenarios) > 1 else None
        said = caption_of(middle, study.seed, judged)
        fan = fan_chart(paths, months, f"{title}: at reference values", said, parting=parting, **wording)
        put("fan", fan, fan_bands(paths, months))
        if len(study.scenarios) > 1:
            one, other = (scenario.name for scenario in study.scenarios[:2])
            gaps = pd.concat(
                [differences_of(runs[runs["set"] == b.kind], one, other, shown, _OVER[b.kind]) for b in own],
                ignore_index=True,
            )
            heading = f"{names.get(one, one)} less {names.get(other, other)}"
            put("difference", paired_difference(gaps, heading, caption, **wording), difference_summary(gaps))
    return [str(path.relative_to(folder.parent)) for path in written]


def _names(study: Study) -> Mapping[str, str]:
    """How actors, theatres and scenarios are written out."""
    world = study.world
    return {
        **{actor.id: actor.name for actor in world.actors.values()},
        **{theatre.id: theatre.name for theatre in world.theatres.values()},
        **{scenario.name: scenario.name for scenario in study.scenarios},
    }

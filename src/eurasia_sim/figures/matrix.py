"""Who sees how much threat in whom: every actor against every other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from eurasia_sim.figures.style import INK, framed, legible, rows_of, styled

_COLOURS = "YlOrRd"
_LEAST_WRITTEN = 0.05
_HOW_TO_READ = (
    "Row: who sees the threat; column: in whom. The darker, the more; 0 is none. Numbers below {least:g} are not "
    "written; all are in the table. White: no number."
)


def threat_matrix(threats: pd.DataFrame, names: dict[str, str], title: str, caption: str) -> Figure:
    """A square of actors a month, each cell what its row sees in its column.

    Args:
        threats: columns `month` (the panel's label), `first` (who sees it), `second`, `threat` (0 and above; NaN where
            no run is finite).
        names: how actors are written out, in their order.

    Raises:
        ValueError: where there is no threat to draw.
    """
    if threats.empty:
        raise ValueError("there is no threat to draw")
    months, actors = list(dict.fromkeys(threats["month"])), list(names)
    most = float(np.nanmax([1.0, *threats["threat"]]))
    with styled():
        note = f"{caption}\n{_HOW_TO_READ.format(least=_LEAST_WRITTEN)}"
        figure, panels = framed(len(months), 1, (1.1 + 0.27 * len(actors)) * len(months), title, note)
        for panel, month in zip(panels, months, strict=True):
            own = threats[threats["month"] == month]
            square = own.pivot_table(index="first", columns="second", values="threat", dropna=False)
            values = square.reindex(index=actors, columns=actors).to_numpy(dtype=float)
            shown = panel.pcolormesh(
                np.ma.masked_invalid(values), cmap=_COLOURS, vmin=0.0, vmax=most, edgecolors="white", linewidth=0.6
            )
            place = {actor: at + 0.5 for at, actor in enumerate(actors)}
            for row in rows_of(own[own["threat"] >= _LEAST_WRITTEN]):
                ink = legible(shown.to_rgba(row["threat"])[:3])
                panel.text(
                    place[row["second"]], place[row["first"]], f"{row['threat']:.2f}", ha="center", va="center",
                    fontsize=6.0, color=ink,
                )  # fmt: skip
            panel.set_yticks(list(place.values()), list(names.values()), fontsize=6.5)
            panel.set_xticks(
                list(place.values()), list(names.values()), fontsize=6.5, rotation=30, ha="left", rotation_mode="anchor"
            )
            panel.xaxis.tick_top()
            panel.invert_yaxis()
            panel.tick_params(length=0)
            panel.grid(visible=False)
            panel.spines[:].set_visible(False)
            panel.set_xlabel(str(month), color=INK, fontsize=8, weight="bold")
    return figure

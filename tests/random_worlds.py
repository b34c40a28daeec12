"""Random worlds that hypothesis can search, and what a reader may look at in their runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.worlds import RandomWorld, declared, quiet, record, shapes_of

from eurasia_sim.compute.blocks import Run
from eurasia_sim.compute.dimensions import name_hash
from eurasia_sim.kernel.arrays import CODED, STATE

# What a run leaves behind that a reader may look at; the rest of the state is scratch.
OUTCOMES = (
    "leaning", "stance", "offset", "alignment", "threat", "regional", "rivalry", "partnership",
    "shared", "regional_overlap", "mutual", "party", "inclination",
    "effort", "joint", "influence", "spillover", "flags", "power", "budget", "standing",
    "venue_effort", "stability", "militants", "fighters", "ruler_strength", "violence",
    "narcotics", "control", "restraint", "demand", "ruler", "challenger",
)  # fmt: skip
# Ends of what a random lever may be.
LEVER_RANGES = {
    "presence": (0, 1.5), "pressure": (0, 1), "goodwill": (-6, 6), "revisionism": (0, 1),
    "conduct": (-1, 1), "ban": (0, 1), "surge": (0, 5), "aid": (0, 20),
    "arms": (0, 20), "sanctions": (0, 1), "trade": (-1, 1), "consent": (0, 1),
    "imposed": (0, 0.5), "jointness": (0, 1),
    "stability": (0, 1), "recognition": (0, 1),
}  # fmt: skip
seeds = st.integers(0, 2**64 - 1)


def outcome(
    state: Run, without: tuple[str, int] | None = None, order: Any = None
) -> dict[str, Any]:
    """What a reader may look at, one entry of some letters left out, or actors back in order."""
    found = {}
    for name in OUTCOMES:
        array = getattr(state, name)
        for axis, letter in enumerate(STATE.of[name].axes):
            if without is not None and letter in without[0]:
                array = np.delete(array, without[1], axis=axis)
            if order is not None and letter in "ij":
                array = np.take(array, np.argsort(order), axis=axis)
        found[name] = array
    return found


def _geography(
    rng: np.random.Generator, actors: tuple[str, ...], theatres: tuple[str, ...], venues: int
) -> dict[str, Any]:
    n, k = len(actors), len(theatres)
    span = rng.choice([500.0, 3000.0, 10000.0])
    capitals, lands = rng.uniform(0.0, span, (n, 2)), rng.uniform(0.0, span, (k, 2))
    owner = rng.integers(-1, n, k)
    lands[owner >= 0] = capitals[owner[owner >= 0]]
    reach = np.linalg.norm(capitals[:, None] - lands, axis=2)
    touching = np.triu(rng.random((n, n)) < 0.3, 1)
    touches = (rng.random((n, k)) < 0.3) | (reach == 0.0)
    ruler = np.where(rng.random(k) < 0.85, rng.integers(0, n, k), -1)
    challenger = np.where(rng.random(k) < 0.5, rng.integers(0, n, k), -1)
    challenger = np.where(challenger == ruler, -1, challenger)
    return {
        "distance": np.linalg.norm(capitals[:, None] - capitals, axis=2),
        "border": (touching | touching.T).astype(np.float64), "theatre_distance": reach,
        "theatre_border": touches.astype(np.float64),
        "border_distance": np.where(touches, 0.0, 0.5 * reach),
        "theatre_separation": 0.5 * np.linalg.norm(lands[:, None] - lands, axis=2),
        "wealth": np.where(rng.random(n) < 0.9, rng.uniform(0.1, 9000.0, n), 0.0),
        "size": np.where(rng.random(k) < 0.9, rng.uniform(0.05, 8.0, k), 0.0), "ruler": ruler,
        "challenger": challenger, "contender": np.where(rng.random(k) < 0.8, challenger, ruler),
        "observed": np.where(rng.random((3, n, n)) < 0.6, rng.normal(size=(3, n, n)), np.nan),
        "convenes": rng.dirichlet(np.ones(n), venues).reshape(venues, n) * rng.choice([0.5, 1.0]),
        "venue_domains": (rng.random((venues, 3)) < 0.5).astype(np.float64),
        "name_hash": np.array([name_hash(name) for name in actors], dtype=np.uint64),
        "theatre_hash": np.array([name_hash(name) for name in theatres], dtype=np.uint64),
    }  # fmt: skip


def _coded(
    rng: np.random.Generator, shapes: Mapping[str, Any], silence: float, empty: float
) -> dict[str, Any]:
    fields = {field.name: rng.random(shapes[field.name]) for field in CODED.fields}
    n, k, _ = shapes["initial_influence"]
    fields["own_power"] = rng.choice([0.0, 0.001, 0.1], n)
    fields["initial_influence"] = np.moveaxis(rng.dirichlet(np.ones(n + 1), (k, 3))[..., :n], 2, 0)
    fields["initial_recognition"] = 1.0 * rng.integers(0, 2, shapes["initial_recognition"])
    for name, low in (("salience", 0), ("denial", 0), ("affinity", -3)):
        levels = rng.integers(low, 4, shapes[name]).astype(np.float64)
        fields[name] = np.where(rng.random(shapes[name]) < silence, np.nan, levels)
    for name in (
        "susceptibility", "offensive_capability", "front", "opportunity", "threat_source",
        "initial_influence",
    ):  # fmt: skip
        fields[name] = fields[name] * (rng.random(shapes[name]) >= empty)
    return fields


def random_levers(
    rng: np.random.Generator, geography: Mapping[str, Any], months: int, active: float
) -> dict[str, Any]:
    """Levers of which each is used from a random month on, or not at all."""
    (n, k), venues = geography["theatre_distance"].shape, len(geography["convenes"])
    shapes = shapes_of(n, k, venues, months)
    found = {}
    for name, (low, high) in LEVER_RANGES.items():
        shape = shapes[name][1:]
        value = np.where(rng.random(shape) < active, rng.uniform(low, high, shape), 0.0)
        month = np.arange(months).reshape(-1, *[1] * len(shape))
        found[name] = np.where(month >= rng.integers(0, months, shape), value, 0.0)
    for name in ("stability", "recognition", "consent"):
        imposed = rng.random(shapes[name][1:]) < 0.2 * active
        found[name] = np.where(imposed, found[name], np.nan)
    found["recognition"] = np.round(found["recognition"])
    found["rule"] = np.full((months, k), -1.0)
    for place in np.flatnonzero(rng.random(k) < 0.3 * active):
        rivals = [geography["ruler"][place], geography["challenger"][place], rng.integers(0, n)]
        found["rule"][rng.integers(0, months) :, place] = rng.choice(rivals)
    for name, levels in (
        ("capability", [0.0, 1e-4, 0.01, 0.2]), ("theatre_capability", [0.0, 0.001, 0.05]),
        ("membership", [0.0, 0.5, 1.0]),
    ):  # fmt: skip
        found[name] = np.repeat(rng.choice(levels, (1, *shapes[name][1:])), months, axis=0)
    return found


def _drawn_rules(rng: np.random.Generator, theory: str, forms: Mapping[str, str], how: str) -> Any:
    """Numbers inside the declared ranges, or each at an end, as the theory and forms allow."""
    known = declared()
    preset = known.theories[theory]
    values = {**known.values, **preset.values}
    if how != "reference":
        shares = rng.random(len(values)) if how == "inside" else rng.integers(0, 2, len(values))
        for share, (name, span) in zip(shares, known.ranges.items(), strict=True):
            low, high = preset.ranges.get(name, span)
            values[name] = low + (high - low) * share
    for factor, alternative in forms.items():
        values |= known.forms[factor][alternative].fix
    return record(values | preset.fix)


def build(
    n: int, k: int, venues: int, months: int, theory: str, forms: Mapping[str, str], how: str,
    silence: float, empty: float, active: float, noisy: bool, seed: int,
) -> RandomWorld:  # fmt: skip
    """One world of n actors, k theatres and some institutions.

    Args:
        how: "inside" draws numbers inside their ranges, "ends" at an end, "reference" draws none.
        silence, empty, active: shares of what no document says, of what is 0, of levers in use.
    """
    given = (n, k, venues, months, theory, dict(forms), how, silence, empty, active, noisy, seed)
    rng = np.random.default_rng(seed)
    actors, theatres = (
        tuple(f"{stem}{number}" for number in rng.choice(10**6, count, replace=False))
        for stem, count in (("actor", n), ("theatre", k))
    )
    geography = _geography(rng, actors, theatres, venues)
    p = _drawn_rules(rng, theory, forms, how)
    coded = _coded(rng, shapes_of(n, k, venues, months), silence, empty)
    return RandomWorld(
        f"build{given}", actors, theatres,
        geography | coded | random_levers(rng, geography, months, active), p if noisy else quiet(p),
        np.array([(i, j) for i in range(n) for j in range(i + 1, n)][:4], dtype=np.int64),
        np.concatenate([np.ones((1, k)), np.eye(k)]),
    )  # fmt: skip


@st.composite
def worlds(
    draw: st.DrawFn, *, months: int = 6, noise: bool | None = None, theory: str | None = None,
    least_actors: int = 2,
) -> RandomWorld:  # fmt: skip
    """Worlds of 2 to 7 actors, 1 to 4 theatres and 0 to 4 institutions, by any allowed rules."""
    known = declared()
    return build(
        draw(st.integers(least_actors, 7)),
        draw(st.integers(1, 4)),
        draw(st.integers(0, 4)),
        months,
        theory or draw(st.sampled_from(sorted(known.theories))),
        {name: draw(st.sampled_from(sorted(rivals))) for name, rivals in known.forms.items()},
        draw(st.sampled_from(["inside", "ends", "reference"])),
        *(
            draw(st.sampled_from(shares))
            for shares in ([0.0, 0.5, 1.0], [0.0, 0.5, 1.0], [0.0, 0.3, 1.0])
        ),
        draw(st.booleans()) if noise is None else noise,
        draw(st.integers(0, 2**32 - 1)),
    )

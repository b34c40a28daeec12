"""What may be said in one sentence of more or less competition between two actors.

The word has several meanings, so that a sentence says *rises* or *falls* only where the family of
measures agrees, by the rule in `data/headline.yaml`; else how they part.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import packaged, read_page
from eurasia_sim.files.integrity import digest_of
from eurasia_sim.scenarios.schema import measures

RISES, FALLS, HARDLY, OPEN = "rises", "falls", "hardly changes", "open"
NOTHING, UNFIT = "nothing to measure", "not measurable"
DEPENDS, UNSETTLED = "depends on what is meant by it", "goes no clear way by any of its measures"


@cache
def rule() -> Mapping[str, Any]:
    """The rule with its thresholds, and a digest of its file."""
    file = packaged() / "headline.yaml"
    return {**read_page(file).data, "digest": digest_of(file.read_bytes())[:12]}


def _is_directed(kind: str) -> bool:
    return bool(measures()[kind]["of"][0] == "direction")


def families(columns: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """Columns of the whole families among some, by pair and scope."""
    found, present = {}, set(columns)
    for pair, scope in (x.split(".")[1:] for x in columns if x.startswith("competition.")):
        both = pair, "-".join(reversed(pair.split("-")))
        own = [
            f"{kind}.{whom}.{scope}"
            for kind in rule()["members"]
            for whom in both[: 1 + _is_directed(kind)]
        ]
        if present.issuperset(own):
            found[pair, scope] = own
    return found


def smallest_effect(column: str, level: Floats) -> Floats:
    """(R,) the smallest effect that matters of a measure, beside what it is compared with (R,)."""
    told, unit = rule(), measures()[column.partition(".")[0]]["unit"]
    if unit in told["absolute"]:
        return np.full(level.shape, float(told["absolute"][unit]))
    return np.asarray(np.maximum(told["of_level"] * np.abs(level), told["floor"].get(unit, 0.0)))


def moved(column: str, first: Floats, second: Floats) -> str:
    """How a measure moves from the second to the first, draw by draw: see `data/headline.yaml`."""
    if column.partition(".")[0] in rule()["not_measurable"]:
        return UNFIT
    if not (first.any() or second.any()):
        return NOTHING
    change, least = first - second, smallest_effect(column, second)
    for word, way in ((RISES, change), (FALLS, -change)):
        if (way > 0).mean() >= rule()["settled"] and (way > least).mean() >= 0.5:
            return word
    return HARDLY if (np.abs(change) <= least).mean() >= rule()["settled"] else OPEN


def _said_of_competition(words: Mapping[str, str]) -> dict[str, str]:
    """What each member with a say says of competition, by what it does itself."""
    turned, weights = {RISES: FALLS, FALLS: RISES}, rule()["members"]
    return {
        column: turned.get(word, word) if weights[column.partition(".")[0]] < 0 else word
        for column, word in words.items()
        if word not in (NOTHING, UNFIT)
    }


def agreed(words: Mapping[str, str]) -> str:
    """What a family says together of competition, by what each member does."""
    said = [*_said_of_competition(words).values()]
    for word, other in ((RISES, FALLS), (FALLS, RISES)):
        if said and other not in said and 2 * said.count(word) >= len(said):
            return word
    if set(said) <= {HARDLY}:
        return HARDLY if said else NOTHING
    return DEPENDS if {RISES, FALLS} & set(said) else UNSETTLED


def verb(row: Mapping[str, Any], label: Callable[[str], str]) -> str:
    """What competition does, of a row of `headlines`; where members part, by which it does what."""
    if row["word"] != DEPENDS:
        return str(row["word"])
    said, weights, ways = _said_of_competition(row["members"]), rule()["members"], list[str]()
    for word, turned in ((RISES, "less"), (FALLS, "more")):
        kinds = dict.fromkeys(name.partition(".")[0] for name, own in said.items() if own == word)
        called = {kind: label(kind) for kind in kinds} | {"competition": "its own measure"}
        names = (f"{turned} " * (weights[kind] < 0) + called[kind] for kind in kinds)
        ways += [f"{word} by {', '.join(names)}"] if kinds else []
    return f"{DEPENDS}: {' and '.join(ways)}" if len(ways) > 1 else f"{ways[0]} alone"


def headlines(first: pd.DataFrame, second: pd.DataFrame) -> list[dict[str, Any]]:
    """What finished runs say, the first less the second in order, by pair and scope of a family."""
    found = []
    for (pair, scope), columns in families(list(first.columns)).items():
        whole = np.isfinite(first[columns].to_numpy() + second[columns].to_numpy()).all(axis=1)
        if whole.any():
            one, two = first.loc[whole], second.loc[whole]
            words = {
                name: moved(name, one[name].to_numpy(), two[name].to_numpy()) for name in columns
            }
            row = {"pair": pair, "scope": scope, "draws": int(whole.sum()), "word": agreed(words)}
            found.append({**row, "members": words, "rule": rule()["digest"]})
    return found


def in_words(row: Mapping[str, Any], sides: str, drawn: str, label: Callable[[str], str]) -> str:
    """A row of `headlines` in short sentences: what competition does, then which member does what.

    `sides` says what is compared ("from this to that"), `drawn` how, `label` a column in words.
    """
    members, split = pd.Series(row["members"]), list[str]()
    for word in (RISES, FALLS, OPEN, HARDLY, NOTHING, UNFIT):
        names = []
        for column in members.index[members == word]:
            kind, whom, _ = column.split(".")
            both_ways = members[members.index.str.startswith(f"{kind}.")]
            names.append(label(kind if (both_ways == word).all() else f"{kind}.{whom}"))
        split += [f"{word.capitalize()}: {'; '.join(dict.fromkeys(names))}."] if names else []
    whom = label(f"competition.{row['pair']}.{row['scope']}")
    answer = f"{sides[0].upper()}{sides[1:]}, {whom}, {verb(row, label)}."
    return " ".join([answer, f"It rests on {row['draws']} draws {drawn}".rstrip() + ".", *split])

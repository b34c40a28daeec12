"""A sentence on competition says only what its measures agree on."""

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.analysis import headline
from eurasia_sim.analysis.headline import DEPENDS, FALLS, HARDLY, NOTHING, OPEN, RISES, UNSETTLED
from eurasia_sim.files.data_yaml import read_page

PAIR = "red-blue.all"
FAMILY = (
    f"aim.{PAIR}", "aim.blue-red.all", f"volume.{PAIR}", "volume.blue-red.all",
    f"encroachment.{PAIR}", "encroachment.blue-red.all", f"competition.{PAIR}",
    f"colocation.{PAIR}", f"joint_share.{PAIR}",
)  # fmt: skip
ALIKE = [RISES] * 8 + [FALLS]  # less joint work is more competition


@pytest.mark.parametrize(
    ("measure", "level", "by_hand"),
    [("aim", 0.5, 0.05), ("competition", 0.05, 0.01), ("volume", 0.001, 0.0005),
     ("volume", 0.02, 0.002), ("displacement", -3.0, 0.05)],
)  # fmt: skip
def test_the_smallest_effect_by_hand(measure, level, by_hand):
    found = headline.smallest_effect(f"{measure}.{PAIR}", np.array([level]))
    assert found == pytest.approx(by_hand)


def test_the_smallest_effects_are_those_of_the_hypotheses(repository):
    told = read_page(repository / "experiments" / "hypotheses.yaml").data["smallest"]
    assert headline.rule()["of_level"] == told["of_level"]
    for kind in ("floor", "absolute"):
        assert headline.rule()[kind].items() <= told[kind].items()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ([0.02] * 5 + [0.001] * 3 + [-0.02] * 2, RISES),  # eight of ten above, five beyond
        ([0.02] * 4 + [0.001] * 4 + [-0.02] * 2, OPEN),
        ([0.02] * 7 + [-0.02] * 3, OPEN),
        ([-0.02] * 9 + [0.02], FALLS),
        ([0.001] * 8 + [0.02] * 2, HARDLY),
    ],
)
def test_how_one_measure_moves(changes, word):
    other = np.full(10, 0.02)
    assert headline.moved(f"competition.{PAIR}", other + changes, other) == word


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (ALIKE, RISES),
        ([FALLS] * 8 + [RISES], FALLS),
        ([RISES] * 5 + [OPEN] * 2 + [HARDLY] * 2, RISES),
        ([RISES] * 4 + [OPEN] * 5, DEPENDS),
        ([RISES] * 8 + [RISES], DEPENDS),
        ([HARDLY] * 9, HARDLY),
        ([NOTHING] * 9, NOTHING),
        ([RISES] * 4 + [NOTHING] * 2 + [OPEN] * 3, RISES),
        ([OPEN] * 3 + [HARDLY] * 6, UNSETTLED),
    ],
)
def test_what_a_family_says_together(words, said):
    assert headline.agreed(dict(zip(FAMILY, words, strict=True))) == said


def test_a_headline_leaves_out_failed_runs_and_tells_the_split():
    level = pd.DataFrame(dict.fromkeys(FAMILY, [0.2] * 6))
    higher = level + 0.1
    higher.loc[5, FAMILY[0]] = np.nan
    (row,) = headline.headlines(higher, level)
    assert (row["draws"], row["word"]) == (5, DEPENDS)
    text = headline.in_words(row, "from a to b", "by chance", lambda column: column)
    assert text.startswith(f"competition.{PAIR}: from a to b it {DEPENDS} (5 draws by chance). ")
    assert "Rises: aim.red-blue; aim.blue-red; encroachment.red-blue" in text
    assert text.endswith("Not measurable: volume.red-blue; volume.blue-red; colocation.")
    assert headline.headlines(level, level)[0]["word"] == HARDLY
    assert headline.moved(FAMILY[0], np.zeros(5), np.zeros(5)) == NOTHING
    assert headline.headlines(level.drop(columns=FAMILY[0]), level) == []

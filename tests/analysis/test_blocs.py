"""The best split by hand, agreement with line-ups, and the verb that sorts runs."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.command import call, done

from eurasia_sim.analysis import blocs
from eurasia_sim.analysis.blocs import FILE, Lineup, Roster, best_split, division, read_roster
from eurasia_sim.files.data_yaml import DataError, world_folder
from eurasia_sim.world.world import load_world

OLD = Lineup(says="says", sides=[["a", "b"], ["c", "d"]])
FOUR = Roster(members=[*"abcd"], lineups={"old": OLD})
ONES, ALL = np.ones(4), [["a", "b", "c", "d"]]


def leanings(**pairs):
    """(4, 4) the same both ways; a pair that is not named is indifferent."""
    found = np.eye(4)
    for pair, value in pairs.items():
        i, j = "abcd".index(pair[0]), "abcd".index(pair[1])
        found[i, j] = found[j, i] = value
    return found


# d likes a by 0.5 and dislikes b by as much; whichever is the larger decides.
TORN = leanings(ad=0.5, bd=-0.5, ab=0.9)
ONE_SIDED = np.eye(4)
ONE_SIDED[0, 1] = -0.9


@pytest.mark.parametrize(
    ("leaning", "size", "parted"),
    [
        # Two friendships and enmity across: energy 0.8 + 0.6 is saved by no other split.
        (leanings(ab=0.8, cd=0.6, ac=-0.5, bd=-0.5), ONES, [["a", "b"], ["c", "d"]]),
        (leanings(ab=0.1, ac=0.1, ad=0.1, bc=0.1, bd=0.1, cd=0.1), ONES, ALL),  # all are friends
        # a's friends b and c are enemies. Apart from a, b frustrates 0.4; with c, 0.5: b goes.
        (leanings(ab=0.4, ac=0.6, bc=-0.5), ONES, [["a", "c", "d"], ["b"]]),
        (leanings(ab=0.4, ac=0.6, bc=-0.3), ONES, ALL),  # 0.3 is less than 0.4, and all stay
        (TORN, np.array([3.0, 1.0, 1.0, 1.0]), ALL),
        (TORN, np.array([1.0, 3.0, 1.0, 1.0]), [["a", "b", "c"], ["d"]]),
        (ONE_SIDED, ONES, [["a", "c", "d"], ["b"]]),  # a one-sided leaning counts half
        (leanings(ab=-0.45), ONES, [["a", "c", "d"], ["b"]]),
    ],
)
def test_the_best_split_by_hand(leaning, size, parted):
    assert FOUR.sides(FOUR.splits()[best_split(leaning, size, FOUR.splits())]) == parted


def test_division_counts_runs_and_line_ups():
    splits = [list(row) for row in FOUR.splits()]
    old, other = splits.index([False, False, True, True]), splits.index([False, True, False, True])
    divided = division(np.array([old, old, other, -1, 0]), FOUR)
    assert divided["splits"][0] == {"sides": [["a", "b"], ["c", "d"]], "share": 0.5}
    assert divided["failed"] == 1
    assert best_split(np.full((4, 4), np.nan), ONES, FOUR.splits()) == -1
    assert division(np.array([-1, -1]), FOUR)["splits"] == []
    assert divided["lineups"]["old"]["share"] == 0.5
    assert divided["lineups"]["old"]["adjusted_rand"] == pytest.approx((1 + 1 - 0.5 + 0) / 4)


def test_baselines_by_hand():
    left_out = Lineup(says="d may stand anywhere", sides=[["a", "b"], ["c"]])
    found = blocs.baselines(Roster(members=FOUR.members, lineups={"old": OLD, "three": left_out}))
    assert found["chance"] == {"old": 1 / 8, "three": 2 / 8}
    assert found["three lasts"] == {"old": 0.5, "three": 1.0}
    assert found["old lasts"]["three"] == 1.0


def test_mean_leanings_leave_failed_runs_out():
    runs = np.stack([leanings(ab=0.2), leanings(ab=0.4), np.full((4, 4), np.nan)])
    found = blocs.mean_leanings(runs, FOUR)
    assert (len(found), found["a-b"]) == (6, pytest.approx(0.3))
    assert np.isnan(list(blocs.mean_leanings(runs[2:], FOUR).values())).all()


SIX = "[britain, france, germany, austria_hungary, russia, italy]"
SIDES = "[[britain, france, russia], [germany, austria_hungary]]"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (SIX, "[britan, france]", "did you mean britain"),
        (SIX, "[britain]", "2 to 16"),
        (SIX, "[italy, italy]", "each once"),
        (SIDES, "[[britain], [serbia]]", "'serbia' is no member"),
        (SIDES, "[[britain]]", "at least 2 items"),
        ("lineups:", "lineups: [x]\nother:", "lineups is a list"),
    ],
)
def test_a_wrong_roster_says_what_would_be_right(tmp_path, before, after, said):
    europe = Path(shutil.copytree(world_folder("europe_1914"), tmp_path / "europe"))
    text = (europe / FILE).read_text(encoding="utf-8")
    assert before in text
    (europe / FILE).write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_roster(load_world(europe))
    (europe / FILE).unlink()  # without one, all actors are sorted
    world = load_world(europe)
    assert read_roster(world) == Roster(members=[*world.actors])


def told(*words):
    return json.loads(done("analyze", *words, "--blocs", "--json"))


def test_the_verb_sorts_runs_and_repeats_itself():
    words = ["record", "--world", "europe_1914", "-n", "9", "--month", "1900-01"]
    once, again = (told(*words, "--theory", "inertia", "--workers", n) for n in "12")
    assert once == again
    (found,) = once["theories"].values()
    assert sum(each["share"] for each in found["splits"]) <= 1 + 1e-12
    assert set(found["lineups"]) == set(once["lineups"])
    assert (found["failed"], once["month"]) == (0, "1900-01")
    for month in ("1920-01", "1914-13"):
        assert call("analyze", *words[:3], "--blocs", "--month", month).returncode == 2
    several = told("us_exit", "us_stays", "-n", "2")  # of a world without line-ups: a list
    assert [each["scenario"] for each in several] == ["us_exit", "us_stays"]
    assert several[0]["lineups"] == {}
    assert several[0]["theories"]["balance_of_threat"]["splits"]


@pytest.mark.slow
def test_the_page_says_what_the_command_gives(repository):
    page = (repository / "docs" / "worlds.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d+(?:\.\d)?) % \| (\d+(?:\.\d)?) % \|", page, re.MULTILINE)
    found = told("record", "--world", "europe_1914", "-n", "200", "--theory", "all")["theories"]
    assert {theory for theory, *_ in rows} == set(found)
    for theory, *shares in rows:
        held = found[theory]["lineups"]
        for name, share in zip(("war_of_1914", "alliances_of_1900"), shares, strict=True):
            # A change in the last bits may tip a run; more would be another result.
            assert abs(held[name]["share"] - float(share) / 100) < 0.02, (theory, name)

"""Every fact that a pattern takes from a dataset, derived again from the figures, where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from eurasia_sim.validation.patterns import load_patterns
from eurasia_sim.world.world import load_world

FIVE = ("KAZ", "KGZ", "TJK", "TKM", "UZB")
EARLY, LATE = (2001, 2005), (2016, 2020)
Years = tuple[int, int]


class Figures:
    """The datasets as tables, read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / name)

    def distance(self, one: str, others: tuple[str, ...], years: Years) -> float:
        """Mean over others of the mean distance of ideal points."""
        votes = self.table("unga_dyads_2001_2020.csv")
        votes = votes[votes["year"].between(*years)]
        means = [
            votes[votes["iso1"].isin([one, other]) & votes["iso2"].isin([one, other])][
                "idealpoint_distance"
            ].mean()
            for other in others
        ]
        return sum(means) / len(means)

    def exercises(self, one: str, others: tuple[str, ...], years: Years) -> int:
        met = self.table("mme_v7_dyad_year_1992_2010.csv")
        met = met[met["year"].between(*years)]
        both = (met["iso1"].eq(one) & met["iso2"].isin(others)) | (
            met["iso2"].eq(one) & met["iso1"].isin(others)
        )
        return int(met[both]["n_exercises"].sum())

    def arms(self, recipient: str, supplier: str, years: Years) -> float:
        """Share of the recipient's arms that came from the supplier."""
        sold = self.table("sipri_arms_tiv_2001_2020.csv")
        sold = sold[sold["year"].between(*years) & (sold["recipient_iso3"] == recipient)]
        return sold[sold["supplier"] == supplier]["tiv_musd"].sum() / sold["tiv_musd"].sum()

    def share(self, supplier: str, period: str) -> float:
        shares = self.table("ca_arms_supplier_shares.csv").set_index(
            ["recipient", "supplier", "period"]
        )["share"]
        return float(shares["CA5", supplier, period])

    def deaths(self, years: Years) -> float:
        """Deaths a year in Afghanistan."""
        killed = self.table("ucdp_state_based_deaths_2001_2020.csv")
        return killed[
            killed["country_name"].str.contains("Afghan") & killed["year"].between(*years)
        ]["best"].mean()

    def loans(self, states: tuple[str, ...], years: Years) -> float:
        """Chinese official finance committed, billion dollars."""
        lent = self.table("aiddata_gcdf3_2001_2020.csv")
        lent = lent[lent["year"].between(*years) & lent["iso3"].isin(states)]
        return lent[["oda_amt", "oof_amt", "vof_amt"]].sum().sum() / 1e9

    def trade(self, partner: str, year: int) -> float:
        traded = self.table("ca_trade_cow_2001_2014.csv")
        return traded[(traded["partner"] == partner) & (traded["year"] == year)]["total_musd"].sum()

    def refugees(self, hosts: tuple[str, ...], year: int) -> float:
        counted = self.table("unhcr_afghan_refugees_2001_2020.csv")
        return (
            counted[counted["coa_iso"].isin(hosts) & (counted["year"] == year)]["refugees"].sum()
            / 1e6
        )

    def output(self, years: Years) -> list[float]:
        made = self.table("wb_gdp_current_usd_2001_2022.csv")
        return list(
            made[(made["iso3"] == "AFG") & made["year"].between(*years)]["gdp_current_usd"] / 1e9
        )


def apart(figures: Figures, one: str, others: tuple[str, ...]) -> tuple[float, float]:
    return round(figures.distance(one, others, EARLY), 2), round(
        figures.distance(one, others, LATE), 2
    )


def nearer(figures: Figures, one: str, others: tuple[str, ...]) -> bool:
    early, late = apart(figures, one, others)
    return late < early


FACTS: dict[str, Callable[[Figures], bool]] = {
    "csto_members_part_from_russia": lambda f: (
        [apart(f, "RUS", (i,)) for i in ("KAZ", "KGZ", "TJK")]
        == [(0.14, 0.61), (0.25, 0.80), (0.25, 0.72)]
    ),
    "central_asia_nears_china": lambda f: (
        apart(f, "CHN", FIVE) == (0.71, 0.20) and all(nearer(f, "CHN", (i,)) for i in FIVE)
    ),
    "russia_and_china_near_each_other": lambda f: apart(f, "RUS", ("CHN",)) == (0.91, 0.57),
    "central_asia_parts_from_united_states": lambda f: (
        apart(f, "USA", FIVE) == (2.94, 3.24)
        and [i for i in FIVE if nearer(f, "USA", (i,))] == ["TKM"]
    ),
    "russia_and_pakistan_near_each_other": lambda f: apart(f, "RUS", ("PAK",)) == (0.75, 0.35),
    "republic_nears_its_northern_neighbours": lambda f: apart(f, "AFG", FIVE) == (0.76, 0.23),
    "turkmenistan_leans_least_to_russia": lambda f: (
        round(f.distance("RUS", ("TKM",), (2003, 2020)), 2) == 0.94
        and max(f.distance("RUS", (i,), (2003, 2020)) for i in FIVE if i != "TKM") <= 0.5
    ),
    "kazakhstan_leans_more_to_united_states_than_turkmenistan": lambda f: (
        (
            round(f.distance("USA", ("KAZ",), (2001, 2020)), 2),
            round(f.distance("USA", ("TKM",), (2001, 2020)), 2),
        )
        == (2.95, 3.48)
        and (f.exercises("USA", ("KAZ",), (2001, 2010)), f.exercises("USA", ("TKM",), (2001, 2010)))
        == (27, 1)
    ),
    "russia_and_china_begin_to_exercise": lambda f: (
        f.exercises("RUS", ("CHN",), (2001, 2004)) == 0
        and f.exercises("RUS", ("CHN",), (2007, 2010)) == 8
    ),
    "uzbekistan_breaks_with_united_states": lambda f: (
        (f.exercises("USA", ("UZB",), (2001, 2004)), f.exercises("USA", ("UZB",), (2005, 2010)))
        == (10, 0)
        and round(f.distance("USA", ("UZB",), (2002, 2004)), 1) == 2.5
        and round(f.distance("USA", ("UZB",), (2006, 2010)), 1) == 3.1
    ),
    "china_begins_to_exercise_in_central_asia": lambda f: (
        (f.exercises("CHN", FIVE, (2001, 2005)), f.exercises("CHN", FIVE, (2006, 2010))) == (2, 12)
    ),
    "russia_exercises_more_than_china_in_central_asia": lambda f: (
        (f.exercises("RUS", FIVE, (2006, 2010)), f.exercises("CHN", FIVE, (2006, 2010))) == (75, 12)
    ),
    "russia_exercises_more_than_united_states_in_central_asia": lambda f: (
        (f.exercises("RUS", FIVE, (2006, 2010)), f.exercises("USA", FIVE, (2006, 2010))) == (75, 30)
    ),
    "united_states_exercises_more_than_china_in_central_asia": lambda f: (
        (f.exercises("USA", FIVE, (2006, 2010)), f.exercises("CHN", FIVE, (2006, 2010))) == (30, 12)
    ),
    "india_turns_to_united_states": lambda f: (
        round(f.arms("IND", "United States", EARLY), 3) == 0.001
        and round(f.arms("IND", "United States", LATE), 2) == 0.11
    ),
    "pakistan_leans_on_china": lambda f: (
        (round(f.arms("PAK", "China", EARLY), 2), round(f.arms("PAK", "China", LATE), 2))
        == (0.39, 0.72)
        and (round(f.loans(("PAK",), EARLY), 1), round(f.loans(("PAK",), LATE))) == (2.7, 55)
    ),
    "republic_turns_from_russian_to_american_arms": lambda f: (
        [
            round(f.arms("AFG", who, when), 2)
            for when in (EARLY, LATE)
            for who in ("Russia", "United States")
        ]
        == [0.72, 0.28, 0.0, 0.90]
    ),
    "insurgency_returns": lambda f: (
        round(f.deaths((2003, 2004)), -2) == 700 and round(f.deaths((2007, 2010)), -2) == 6400
    ),
    "insurgency_spreads_as_foreign_forces_go": lambda f: (
        round(f.deaths((2007, 2010)), -2) == 6400 and round(f.deaths((2017, 2020)), -2) == 23800
    ),
    "russia_sells_most_arms": lambda f: (
        (round(f.share("Russia", "2016-2020"), 2), round(f.share("China", "2016-2020"), 2))
        == (0.61, 0.18)
    ),
    "china_enters_the_arms_market": lambda f: (
        [f.share("China", period) for period in ("2001-2005", "2006-2010")] == [0, 0]
        and round(f.share("China", "2016-2020"), 2) == 0.18
    ),
    "china_overtakes_russia_in_trade": lambda f: (
        all(f.trade("CHN", year) < f.trade("RUS", year) for year in range(2001, 2009))
        and all(f.trade("CHN", year) > f.trade("RUS", year) for year in range(2009, 2015))
    ),
    "china_lends_to_central_asia": lambda f: (
        round(f.loans(FIVE, EARLY), 1) == 3.9
        and all(f.loans(FIVE, years) >= 20 for years in ((2006, 2010), (2011, 2015), (2016, 2020)))
    ),
    "refugees_return": lambda f: (
        (round(f.refugees(("PAK", "IRN"), 2001), 1), round(f.refugees(("PAK", "IRN"), 2005), 1))
        == (3.7, 2.0)
    ),
    "afghan_economy_grows_with_aid": lambda f: (
        min(f.output((2001, 2003))) >= 2.8
        and max(f.output((2001, 2003))) <= 4.55
        and min(f.output((2011, 2014))) > 17.5
    ),
    "afghan_economy_collapses": lambda f: (
        [round(each, 1) for each in (*f.output((2020, 2020)), *f.output((2022, 2022)))]
        == [20.0, 14.5]
    ),
}


@pytest.fixture(scope="module")
def figures(repository: Path) -> Figures:
    named = os.environ.get("EURASIA_SIM_DATA")
    folder = Path(named) if named else repository.parent / "shared" / "data"
    if not any(folder.glob("*.csv")):
        if named:
            pytest.fail(f"EURASIA_SIM_DATA names {folder}, which holds no .csv file")
        pytest.skip(
            "the datasets are not at hand: put them in a folder and name it in EURASIA_SIM_DATA"
        )
    return Figures(folder)


def test_every_pattern_that_rests_on_a_dataset_has_its_fact_here() -> None:
    assert {pattern.id for pattern in load_patterns(load_world()) if pattern.source} == set(FACTS)


@pytest.mark.sources
@pytest.mark.parametrize("pattern", FACTS)
def test_the_dataset_says_what_the_pattern_says(figures: Figures, pattern: str) -> None:
    assert FACTS[pattern](figures)


@pytest.mark.sources
def test_the_named_files_are_there(figures: Figures) -> None:
    named = {item["file"] for pattern in load_patterns(load_world()) for item in pattern.source}
    assert [name for name in sorted(named) if not (figures.folder / name).is_file()] == []

"""Every fact that a pattern takes from a dataset, derived again where the datasets are at hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from eurasia_sim.validation.patterns import load_patterns
from eurasia_sim.world.world import load_world

FIVE = ("KAZ", "KGZ", "TJK", "TKM", "UZB")
EARLY, LATE = (2001, 2005), (2016, 2020)
MET = {"RUS": 75, "CHN": 12, "USA": 30}  # exercises with the five, 2006-10
Years = tuple[int, int]


class Figures:
    """The datasets as numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def table(self, name: str, years: Years | None = None) -> pd.DataFrame:
        table = pd.read_csv(self.folder / name)
        return table[table["year"].between(*years)] if years else table

    def distance(self, one: str, others: tuple[str, ...], years: Years, digits: int = 2) -> float:
        """Mean over others of the mean distance of ideal points."""
        votes = self.table("unga_dyads_2001_2020.csv", years)
        both = votes[["iso1", "iso2"]]
        pairs = [both.isin([one, each]).all(axis=1) for each in others]
        means = [votes[pair]["idealpoint_distance"].mean() for pair in pairs]
        return round(sum(means) / len(means), digits)

    def apart(self, one: str, *others: str) -> tuple[float, float]:
        return self.distance(one, others, EARLY), self.distance(one, others, LATE)

    def nearer(self, one: str, *others: str) -> bool:
        early, late = self.apart(one, *others)
        return late < early

    def exercises(self, one: str, others: tuple[str, ...], *periods: Years) -> list[int]:
        every = self.table("mme_v7_dyad_year_1992_2010.csv")
        there = every["iso1"].eq(one) & every["iso2"].isin(others)
        met = every[there | (every["iso2"].eq(one) & every["iso1"].isin(others))]
        return [int(met[met["year"].between(*x)]["n_exercises"].sum()) for x in periods]

    def met(self) -> dict[str, int]:
        return {each: self.exercises(each, FIVE, (2006, 2010))[0] for each in MET}

    def arms(self, recipient: str, supplier: str, digits: int = 2) -> list[float]:
        """Share of the recipient's arms that came from the supplier, early and late."""
        sales = [self.table("sipri_arms_tiv_2001_2020.csv", years) for years in (EARLY, LATE)]
        sold = [each[each["recipient_iso3"] == recipient] for each in sales]
        own = [each[each["supplier"] == supplier]["tiv_musd"].sum() for each in sold]
        return [round(x / y["tiv_musd"].sum(), digits) for x, y in zip(own, sold, strict=True)]

    def share(self, supplier: str, period: str, digits: int = 2) -> float:
        shares = self.table("ca_arms_supplier_shares.csv")
        keys = shares.set_index(["recipient", "supplier", "period"])["share"]
        return round(float(keys["CA5", supplier, period]), digits)

    def deaths(self, years: Years) -> float:
        """Deaths a year in Afghanistan, in hundreds."""
        killed = self.table("ucdp_state_based_deaths_2001_2020.csv", years)
        return round(killed[killed["country_name"].str.contains("Afghan")]["best"].mean(), -2)

    def loans(self, states: tuple[str, ...], years: Years) -> float:
        """Chinese official finance committed, billion dollars."""
        lent = self.table("aiddata_gcdf3_2001_2020.csv", years)
        lent = lent[lent["iso3"].isin(states)]
        return lent[["oda_amt", "oof_amt", "vof_amt"]].sum().sum() / 1e9

    def china_trades_more(self, year: int) -> bool:
        traded = self.table("ca_trade_cow_2001_2014.csv", (year, year))
        totals = traded.groupby("partner")["total_musd"].sum()
        return totals["CHN"] > totals["RUS"]

    def refugees(self, year: int) -> float:
        """Afghans in Pakistan and Iran, millions."""
        counted = self.table("unhcr_afghan_refugees_2001_2020.csv", (year, year))
        there = counted["coa_iso"].isin(("PAK", "IRN"))
        return round(counted[there]["refugees"].sum() / 1e6, 1)

    def output(self, *years: int) -> pd.Series:
        made = self.table("wb_gdp_current_usd_2001_2022.csv", (years[0], years[-1]))
        return made[made["iso3"] == "AFG"]["gdp_current_usd"] / 1e9


FACTS: dict[str, Callable[[Figures], bool]] = {
    "csto_members_part_from_russia": lambda f: (
        [f.apart("RUS", each) for each in ("KAZ", "KGZ", "TJK")]
        == [(0.14, 0.61), (0.25, 0.80), (0.25, 0.72)]
    ),
    "central_asia_nears_china": lambda f: (
        f.apart("CHN", *FIVE) == (0.71, 0.20) and all(f.nearer("CHN", each) for each in FIVE)
    ),
    "russia_and_china_near_each_other": lambda f: f.apart("RUS", "CHN") == (0.91, 0.57),
    "central_asia_parts_from_united_states": lambda f: (
        f.apart("USA", *FIVE) == (2.94, 3.24)
        and [each for each in FIVE if f.nearer("USA", each)] == ["TKM"]
    ),
    "russia_and_pakistan_near_each_other": lambda f: f.apart("RUS", "PAK") == (0.75, 0.35),
    "republic_nears_its_northern_neighbours": lambda f: f.apart("AFG", *FIVE) == (0.76, 0.23),
    "turkmenistan_leans_least_to_russia": lambda f: (
        f.distance("RUS", ("TKM",), (2003, 2020)) == 0.94
        and all(f.distance("RUS", (i,), (2003, 2020), 9) <= 0.5 for i in FIVE if i != "TKM")
    ),
    "kazakhstan_leans_more_to_united_states_than_turkmenistan": lambda f: (
        [f.distance("USA", (each,), (2001, 2020)) for each in ("KAZ", "TKM")] == [2.95, 3.48]
        and [f.exercises("USA", (each,), (2001, 2010)) for each in ("KAZ", "TKM")] == [[27], [1]]
    ),
    "russia_and_china_begin_to_exercise": lambda f: (
        f.exercises("RUS", ("CHN",), (2001, 2004), (2007, 2010)) == [0, 8]
    ),
    "uzbekistan_breaks_with_united_states": lambda f: (
        f.exercises("USA", ("UZB",), (2001, 2004), (2005, 2010)) == [10, 0]
        and f.distance("USA", ("UZB",), (2002, 2004), 1) == 2.5
        and f.distance("USA", ("UZB",), (2006, 2010), 1) == 3.1
    ),
    "china_begins_to_exercise_in_central_asia": lambda f: (
        f.exercises("CHN", FIVE, (2001, 2005), (2006, 2010)) == [2, 12]
    ),
    "russia_exercises_more_than_china_in_central_asia": lambda f: f.met() == MET,
    "russia_exercises_more_than_united_states_in_central_asia": lambda f: f.met() == MET,
    "united_states_exercises_more_than_china_in_central_asia": lambda f: f.met() == MET,
    "india_turns_to_united_states": lambda f: (
        f.arms("IND", "United States", 3)[0] == 0.001 and f.arms("IND", "United States")[1] == 0.11
    ),
    "pakistan_leans_on_china": lambda f: (
        f.arms("PAK", "China") == [0.39, 0.72]
        and (round(f.loans(("PAK",), EARLY), 1), round(f.loans(("PAK",), LATE))) == (2.7, 55)
    ),
    "republic_turns_from_russian_to_american_arms": lambda f: (
        [f.arms("AFG", who) for who in ("Russia", "United States")] == [[0.72, 0.0], [0.28, 0.90]]
    ),
    "insurgency_returns": lambda f: (
        [f.deaths(years) for years in ((2003, 2004), (2007, 2010))] == [700, 6400]
    ),
    "insurgency_spreads_as_foreign_forces_go": lambda f: (
        [f.deaths(years) for years in ((2007, 2010), (2017, 2020))] == [6400, 23800]
    ),
    "russia_sells_most_arms": lambda f: (
        [f.share(each, "2016-2020") for each in ("Russia", "China")] == [0.61, 0.18]
    ),
    "china_enters_the_arms_market": lambda f: (
        [f.share("China", each, 15) for each in ("2001-2005", "2006-2010")] == [0, 0]
        and f.share("China", "2016-2020") == 0.18
    ),
    "china_overtakes_russia_in_trade": lambda f: (
        [f.china_trades_more(year) for year in range(2001, 2015)] == [False] * 8 + [True] * 6
    ),
    "china_lends_to_central_asia": lambda f: (
        round(f.loans(FIVE, EARLY), 1) == 3.9
        and all(f.loans(FIVE, years) >= 20 for years in ((2006, 2010), (2011, 2015), LATE))
    ),
    "refugees_return": lambda f: (f.refugees(2001), f.refugees(2005)) == (3.7, 2.0),
    "afghan_economy_grows_with_aid": lambda f: (
        f.output(2001, 2003).between(2.8, 4.55).all() and f.output(2011, 2014).min() > 17.5
    ),
    "afghan_economy_collapses": lambda f: (
        [f.output(year).round(1).tolist() for year in (2020, 2022)] == [[20.0], [14.5]]
    ),
}


@pytest.fixture(scope="module")
def resting() -> dict[str, Any]:
    return {each.id: each.source for each in load_patterns(load_world()) if each.source}


def test_every_pattern_that_rests_on_a_dataset_has_its_fact_here(resting: dict[str, Any]) -> None:
    assert set(resting) == set(FACTS)


@pytest.mark.sources
@pytest.mark.parametrize("pattern", FACTS)
def test_the_dataset_says_what_the_pattern_says(
    datasets: Path, resting: dict[str, Any], pattern: str
) -> None:
    assert all((datasets / item["file"]).is_file() for item in resting[pattern])
    assert FACTS[pattern](Figures(datasets))

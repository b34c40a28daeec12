"""Every fact that a pattern takes from a dataset, derived again where the datasets are at hand."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from eurasia_sim.validation.patterns import load_patterns
from eurasia_sim.world.world import load_world

FIVE = ("KAZ", "KGZ", "TJK", "TKM", "UZB")
EARLY, LATE = (2001, 2005), (2016, 2020)
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

    def nearer(self, one: str) -> list[str]:
        """Those of the five that come to vote more like it."""
        found = {each: self.apart(one, each) for each in FIVE}
        return [each for each, (early, late) in found.items() if late < early]

    def far(self, one: str, years: Years) -> list[str]:
        """Those of the five that vote at a distance above a half."""
        return [each for each in FIVE if self.distance(one, (each,), years, 9) > 0.5]

    def exercises(self, one: str, others: tuple[str, ...], *periods: Years) -> list[int]:
        every = self.table("mme_v7_dyad_year_1992_2010.csv")
        there = every["iso1"].eq(one) & every["iso2"].isin(others)
        met = every[there | (every["iso2"].eq(one) & every["iso1"].isin(others))]
        return [int(met[met["year"].between(*x)]["n_exercises"].sum()) for x in periods]

    def met(self) -> dict[str, int]:
        """Exercises with the five, 2006-10."""
        return {x: self.exercises(x, FIVE, (2006, 2010))[0] for x in ("RUS", "CHN", "USA")}

    def arms(self, recipient: str, supplier: str, digits: int = 2) -> list[float]:
        """Share of the recipient's arms that came from the supplier, early and late."""
        sales = [self.table("sipri_arms_tiv_2001_2020.csv", years) for years in (EARLY, LATE)]
        sold = [each[each["recipient_iso3"] == recipient] for each in sales]
        own = [each[each["supplier"] == supplier]["tiv_musd"].sum() for each in sold]
        return [round(x / y["tiv_musd"].sum(), digits) for x, y in zip(own, sold, strict=True)]

    def share(self, supplier: str, *periods: str) -> list[float]:
        shares = self.table("ca_arms_supplier_shares.csv")
        keys = shares.set_index(["recipient", "supplier", "period"])["share"]
        return [round(float(keys["CA5", supplier, period]), 2) for period in periods]

    def deaths(self, *periods: Years) -> list[float]:
        """Deaths a year in Afghanistan, in hundreds."""
        tables = [self.table("ucdp_state_based_deaths_2001_2020.csv", years) for years in periods]
        there = [each[each["country_name"].str.contains("Afghan")]["best"] for each in tables]
        return [round(each.mean(), -2) for each in there]

    def loans(self, states: tuple[str, ...], years: Years, digits: int = 1) -> float:
        """Chinese official finance committed, billion dollars."""
        lent = self.table("aiddata_gcdf3_2001_2020.csv", years)
        lent = lent[lent["iso3"].isin(states)][["oda_amt", "oof_amt", "vof_amt"]]
        return round(lent.sum().sum() / 1e9, digits)

    def least_lent(self) -> bool:
        return min(self.loans(FIVE, years, 9) for years in ((2006, 2010), (2011, 2015), LATE)) >= 20

    def years_in_which_china_trades_more(self) -> list[int]:
        traded = self.table("ca_trade_cow_2001_2014.csv")
        totals = traded.pivot_table("total_musd", "year", "partner", "sum")
        return totals.index[totals["CHN"] > totals["RUS"]].tolist()

    def refugees(self, year: int) -> float:
        """Afghans in Pakistan and Iran, millions."""
        counted = self.table("unhcr_afghan_refugees_2001_2020.csv", (year, year))
        there = counted["coa_iso"].isin(("PAK", "IRN"))
        return round(counted[there]["refugees"].sum() / 1e6, 1)

    def output(self, *years: int) -> list[float]:
        made = self.table("wb_gdp_current_usd_2001_2022.csv").query("iso3 == 'AFG'")
        return made.set_index("year")["gdp_current_usd"].div(1e9).round(1)[[*years]].tolist()


MET: tuple[Any, ...] = ("met", (), {"RUS": 75, "CHN": 12, "USA": 30})
FACTS: dict[str, list[tuple[Any, ...]]] = {
    "csto_members_part_from_russia": [
        ("apart", ("RUS", "KAZ"), (0.14, 0.61)), ("apart", ("RUS", "KGZ"), (0.25, 0.80)),
        ("apart", ("RUS", "TJK"), (0.25, 0.72))],
    "central_asia_nears_china": [
        ("apart", ("CHN", *FIVE), (0.71, 0.20)), ("nearer", ("CHN",), [*FIVE])],
    "russia_and_china_near_each_other": [("apart", ("RUS", "CHN"), (0.91, 0.57))],
    "central_asia_parts_from_united_states": [
        ("apart", ("USA", *FIVE), (2.94, 3.24)), ("nearer", ("USA",), ["TKM"])],
    "russia_and_pakistan_near_each_other": [("apart", ("RUS", "PAK"), (0.75, 0.35))],
    "republic_nears_its_northern_neighbours": [("apart", ("AFG", *FIVE), (0.76, 0.23))],
    "turkmenistan_leans_least_to_russia": [
        ("distance", ("RUS", ("TKM",), (2003, 2020)), 0.94),
        ("far", ("RUS", (2003, 2020)), ["TKM"])],
    "kazakhstan_leans_more_to_united_states_than_turkmenistan": [
        ("distance", ("USA", ("KAZ",), (2001, 2020)), 2.95),
        ("distance", ("USA", ("TKM",), (2001, 2020)), 3.48),
        ("exercises", ("USA", ("KAZ",), (2001, 2010)), [27]),
        ("exercises", ("USA", ("TKM",), (2001, 2010)), [1])],
    "russia_and_china_begin_to_exercise": [
        ("exercises", ("RUS", ("CHN",), (2001, 2004), (2007, 2010)), [0, 8])],
    "uzbekistan_breaks_with_united_states": [
        ("exercises", ("USA", ("UZB",), (2001, 2004), (2005, 2010)), [10, 0]),
        ("distance", ("USA", ("UZB",), (2002, 2004), 1), 2.5),
        ("distance", ("USA", ("UZB",), (2006, 2010), 1), 3.1)],
    "china_begins_to_exercise_in_central_asia": [
        ("exercises", ("CHN", FIVE, (2001, 2005), (2006, 2010)), [2, 12])],
    "russia_exercises_more_than_china_in_central_asia": [MET],
    "russia_exercises_more_than_united_states_in_central_asia": [MET],
    "united_states_exercises_more_than_china_in_central_asia": [MET],
    "india_turns_to_united_states": [("arms", ("IND", "United States", 3), [0.001, 0.106])],
    "pakistan_leans_on_china": [
        ("arms", ("PAK", "China"), [0.39, 0.72]), ("loans", (("PAK",), EARLY), 2.7),
        ("loans", (("PAK",), LATE, 0), 55)],
    "republic_turns_from_russian_to_american_arms": [
        ("arms", ("AFG", "Russia"), [0.72, 0.0]), ("arms", ("AFG", "United States"), [0.28, 0.90])],
    "insurgency_returns": [("deaths", ((2003, 2004), (2007, 2010)), [700, 6400])],
    "insurgency_spreads_as_foreign_forces_go": [
        ("deaths", ((2007, 2010), (2017, 2020)), [6400, 23800])],
    "russia_sells_most_arms": [
        ("share", ("Russia", "2016-2020"), [0.61]), ("share", ("China", "2016-2020"), [0.18])],
    "china_enters_the_arms_market": [
        ("share", ("China", "2001-2005", "2006-2010", "2016-2020"), [0, 0, 0.18])],
    "china_overtakes_russia_in_trade": [
        ("years_in_which_china_trades_more", (), [*range(2009, 2015)])],
    "china_lends_to_central_asia": [("loans", (FIVE, EARLY), 3.9), ("least_lent", (), True)],
    "refugees_return": [("refugees", (2001,), 3.7), ("refugees", (2005,), 2.0)],
    "afghan_economy_grows_with_aid": [
        ("output", (2001, 2003), [2.8, 4.5]), ("output", (2011, 2014), [17.8, 20.5])],
    "afghan_economy_collapses": [("output", (2020, 2022), [20.0, 14.5])],
}  # fmt: skip


@pytest.fixture(scope="module")
def resting() -> dict[str, Any]:
    return {each.id: each.source for each in load_patterns(load_world()) if each.source}


def test_every_pattern_that_rests_on_a_dataset_has_its_fact_here(resting):
    assert set(resting) == set(FACTS)


@pytest.mark.sources
@pytest.mark.parametrize("pattern", FACTS)
def test_the_dataset_says_what_the_pattern_says(datasets, resting, pattern):
    assert all((datasets / item["file"]).is_file() for item in resting[pattern])
    for name, given, wanted in FACTS[pattern]:
        assert getattr(Figures(datasets), name)(*given) == wanted, name

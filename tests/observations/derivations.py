"""How every shipped series of the `eurasia` world follows from the providers' tables."""

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

FIVE = {
    "KAZ": "kazakhstan", "KGZ": "kyrgyzstan", "TJK": "tajikistan", "TKM": "turkmenistan",
    "UZB": "uzbekistan",
}  # fmt: skip
STATES = {
    "RUS": "russia", "CHN": "china", "USA": "united_states", "IND": "india", "PAK": "pakistan",
    "IRN": "iran", **FIVE, "AFG": "afghan_republic",
}  # fmt: skip
PLACES = FIVE | {"AFG": "afghanistan"}
# First full year in which the republic ruled the land that the sources call Afghanistan.
RULED_FROM = 2002
NORMAL_90 = 1.645  # standard errors from the middle of a 90 % interval to its end
IDS = dict.fromkeys(("state", "partner", "actor", "rival"), STATES) | {"theatre": PLACES}
DYAD = ["year", "state", "partner"]


def derived(name: str, folder: Path) -> pd.DataFrame:
    """A series as the providers' tables give it: the world's ids, sorted, as a file holds it."""
    table = SERIES[name](folder)
    axes = [column for column in IDS if column in table]
    for axis in axes:
        table = table.assign(**{axis: table[axis].map(IDS[axis])})
    kept = [column for column in ("value", "n", "error") if column in table]
    table = table[["year", *axes, *kept]].dropna(subset=[*axes, "value"])
    return table.sort_values(["year", *axes]).reset_index(drop=True)


def observed(folder: Path, name: str) -> pd.DataFrame:
    table = pd.read_csv(folder / "observed" / f"{name}.csv")
    return table if "year" in table else table.assign(year=table["month"].str[:4].astype(int))


def dyads(table: pd.DataFrame, a: str = "country_a", b: str = "country_b") -> pd.DataFrame:
    """Rows with `state` and `partner` in the actors' order, less the land before the republic."""
    order = {code: at for at, code in enumerate(STATES)}
    table = table[table[a].isin(order) & table[b].isin(order) & (table[a] != table[b])]
    swap = table[a].map(order) > table[b].map(order)
    table = table.assign(
        state=table[a].where(~swap, table[b]), partner=table[b].where(~swap, table[a])
    )
    return table[~((table["partner"] == "AFG") & (table["year"] < RULED_FROM))]


def every_dyad(counts: pd.Series, last: int) -> pd.DataFrame:
    """Counts from 2000 on, and zero where a source that lists all cases lists none."""
    pairs = itertools.combinations(STATES, 2)
    rows = [(year, *pair) for year, pair in itertools.product(range(2000, last + 1), [*pairs])]
    rows = [row for row in rows if row[2] != "AFG" or row[0] >= RULED_FROM]
    table = counts.rename("value").reset_index()
    return pd.DataFrame(rows, columns=DYAD).merge(table, how="left", on=DYAD).fillna({"value": 0})


def votes_distance(folder: Path) -> pd.DataFrame:
    points = observed(folder, "votes_ideal_points_country_year").set_index(["country", "year"])
    se = (points["q95all"] - points["q5all"]) / (2 * NORMAL_90)
    table = dyads(observed(folder, "votes_ideal_distance_dyad_year"))
    ends = [se.reindex(pd.MultiIndex.from_frame(table[[who, "year"]])) for who in DYAD[1:]]
    error = np.round(np.hypot(ends[0].to_numpy(), ends[1].to_numpy()), 4)
    table = table.assign(value=table["ideal_distance_all"].round(4), error=error)
    return table[table["year"] <= 2020].dropna(subset=["error"])


def votes_agreement(folder: Path) -> pd.DataFrame:
    table = dyads(observed(folder, "votes_agreement_dyad_year")).query("year <= 2019")
    return table.assign(value=table["similarity"], n=table["votes"])  # 2020 has a single vote


def events_icews(folder: Path) -> pd.DataFrame:
    table = dyads(observed(folder, "events_icews_directed_dyad_year"), "source", "target")
    table["value"] = table["verbal_coop"] + table["material_coop"]
    table["n"] = table["value"] + table["verbal_conf"] + table["material_conf"]
    return table.groupby(DYAD, as_index=False)[["value", "n"]].sum()


def events_gdelt(folder: Path) -> pd.DataFrame:
    by = dyads(observed(folder, "events_gdelt_dyad_month")).groupby(DYAD)["per_mille_of_world_abs"]
    error = (by.std() / np.sqrt(by.size())).round(5)
    return pd.DataFrame({"value": by.mean().round(5), "error": error}).reset_index()


def disputes(folder: Path) -> pd.DataFrame:
    by = dyads(observed(folder, "disputes_mid5_directed_dyad_year"), "a", "b").groupby(DYAD)
    return every_dyad(by[["hiact1", "hiact2"]].max().max(axis=1), 2014)  # the gravest act


def alliances(folder: Path) -> pd.DataFrame:
    by = dyads(observed(folder, "alliances_atop_directed_dyad_year")).groupby(DYAD)
    return every_dyad(by.max().filter(like="atop_").sum(axis=1), 2018)


def shared_organisations(folder: Path) -> pd.DataFrame:
    by = dyads(observed(folder, "joint_igos_dyad_year")).groupby(DYAD)["dyadigos"]
    return by.max().rename("value").reset_index()


def exercises(folder: Path) -> pd.DataFrame:
    by = dyads(observed(folder, "exercises_mme7_dyad_month")).groupby(DYAD)
    return every_dyad(by["mme_id"].nunique(), 2010)


def joint_exercises(folder: Path) -> pd.DataFrame:
    """Exercises of China with any of the five (n), and those that had Russia too (value)."""
    table = observed(folder, "exercises_mme7_dyad_month")
    long = table.melt(["mme_id", "year"], ["country_a", "country_b"], value_name="who")
    who = long.groupby(["mme_id", "year"])["who"].agg(set)
    who = who[who.map(lambda present: "CHN" in present and bool(present & set(FIVE)))]
    joint = who.map(lambda present: "RUS" in present).groupby("year")
    return joint.agg(value="sum", n="size").reset_index().assign(state="RUS", partner="CHN")


def arms_suppliers(folder: Path) -> pd.DataFrame:
    """Share of a supplier in what a recipient got in three years that end in the year."""
    table = pd.read_csv(folder / "sipri_arms_tiv_2001_2020.csv")
    suppliers = {"Russia": "RUS", "China": "CHN", "United States": "USA"}
    rows = []
    for place, year in itertools.product(PLACES, range(2003, 2021)):
        own = table[(table["recipient_iso3"] == place) & table["year"].between(year - 2, year)]
        got = own.groupby("supplier")["tiv_musd"].sum()
        for name, code in suppliers.items() if got.sum() > 0 else ():
            rows.append((year, code, place, round(got.get(name, 0.0) / got.sum(), 3)))
    return pd.DataFrame(rows, columns=["year", "actor", "theatre", "value"])


def trade_ratio(folder: Path) -> pd.DataFrame:
    """Trade of each of the five with China over that with Russia."""
    table = observed(folder, "trade_reporter_partner_year")
    total = table.groupby(["reporter", "partner", "year"])["usd_million"].agg(["sum", "size"])
    total = total[total["size"] == 2]["sum"]
    cow = pd.read_csv(folder / "ca_trade_cow_2001_2014.csv")
    cow = cow[~cow["flag"].astype(str).str.startswith("suspect")]
    cow = cow.set_index(["partner", "ca_state", "year"])["total_musd"]
    rows = []
    for state, year in itertools.product(FIVE, range(2001, 2019)):
        china = total.get(("CHN", state, year), np.nan)
        russia = (cow if year <= 2010 else total).get(("RUS", state, year), np.nan)
        rows.append((year, "CHN", "RUS", state, round(china / russia, 3)))
    frame = pd.DataFrame(rows, columns=["year", "actor", "rival", "theatre", "value"])
    return frame[frame["value"] > 0]


def trade_partners(folder: Path) -> pd.DataFrame:
    """Trade of each of the five with a partner, as a share of that with the seven listed."""
    table = pd.read_csv(folder / "ca_trade_cow_2001_2014.csv").dropna(subset=["total_musd"])
    table = table[~((table["partner"] == "AFG") & (table["year"] < RULED_FROM))]
    whole = table.groupby(["ca_state", "year"])["total_musd"].transform("sum")
    share = (table["total_musd"] / whole).round(4)
    return table.rename(columns={"ca_state": "theatre", "partner": "actor"}).assign(value=share)


def visits_president(folder: Path) -> pd.DataFrame:
    counts = observed(folder, "visits_us_president").groupby(["visitor", "host", "year"]).size()
    pairs = itertools.product(range(2001, 2021), PLACES)
    rows = [(year, "USA", host, counts.get(("USA", host, year), 0)) for year, host in pairs]
    return pd.DataFrame(rows, columns=["year", "actor", "theatre", "value"])


def public_diplomacy(folder: Path, column: str) -> pd.DataFrame:
    table = observed(folder, "public_diplomacy_china_year")
    return table.rename(columns={"partner": "theatre", column: "value"}).assign(actor="CHN")


def deaths(folder: Path) -> pd.DataFrame:
    # The one land with a challenger; elsewhere a year has a handful or none.
    table = observed(folder, "deaths_ucdp_country_month").query("country == 'AFG'")
    by = table.groupby("year")["deaths_best_all_types"]
    return by.sum().rename("value").reset_index().assign(theatre="AFG")


def refugees(folder: Path) -> pd.DataFrame:
    table = observed(folder, "refugees_origin_asylum_year")
    table = table.query("origin == 'AFG' and asylum != 'AFG'")
    return table.rename(columns={"origin": "theatre", "asylum": "actor", "refugees": "value"})


def opium(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "opium_afghanistan_2001_2020.csv")
    return table.assign(theatre="AFG", value=table["hectares"])


def troops(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "us_troops_host_year_2001_2020.csv").assign(actor="USA")
    return table.rename(columns={"iso3": "theatre", "troops_flynn_original": "value"})


SERIES: dict[str, Callable[[Path], pd.DataFrame]] = {
    each.__name__: each
    for each in (
        votes_distance, votes_agreement, events_icews, events_gdelt, disputes, alliances,
        shared_organisations, exercises, joint_exercises, arms_suppliers, trade_ratio,
        trade_partners, visits_president, deaths, refugees, opium, troops,
    )
} | {
    "visits_elite": partial(public_diplomacy, column="total_elite_visits"),
    "students": partial(public_diplomacy, column="inbound_students_to_china"),
}  # fmt: skip

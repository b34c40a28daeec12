"""How every shipped series of the `eurasia` world follows from the providers' tables, where these are at hand."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd

STATES = {
    "RUS": "russia",
    "CHN": "china",
    "USA": "united_states",
    "IND": "india",
    "PAK": "pakistan",
    "IRN": "iran",
    "KAZ": "kazakhstan",
    "KGZ": "kyrgyzstan",
    "TJK": "tajikistan",
    "TKM": "turkmenistan",
    "UZB": "uzbekistan",
    "AFG": "afghan_republic",
}
PLACES = {code: STATES[code] for code in ("KAZ", "KGZ", "TJK", "TKM", "UZB")} | {
    "AFG": "afghanistan"
}
FIVE = ("KAZ", "KGZ", "TJK", "TKM", "UZB")
RULED_FROM = (
    2002  # first full year in which the republic ruled the land that the sources call Afghanistan
)
NORMAL_90 = 1.645  # standard errors from the middle of a 90 % interval to its end
PAIRS = list(itertools.combinations(STATES, 2))


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name)


def dyads(table: pd.DataFrame, a: str, b: str) -> pd.DataFrame:
    """Rows of a table with `state` and `partner` in the order of the actors, without the land before the republic."""
    order = {code: at for at, code in enumerate(STATES)}
    table = table[table[a].isin(order) & table[b].isin(order) & (table[a] != table[b])].copy()
    swap = table[a].map(order) > table[b].map(order)
    table["state"] = table[a].where(~swap, table[b])
    table["partner"] = table[b].where(~swap, table[a])
    return table[~((table["partner"] == "AFG") & (table["year"] < RULED_FROM))]


def named(table: pd.DataFrame, columns: dict[str, dict[str, str]], kept: list[str]) -> pd.DataFrame:
    """The table with ids of the world in place of codes, sorted, in the order in which a file holds it."""
    for column, ids in columns.items():
        table = table.assign(**{column: table[column].map(ids)})
    keys = ["year", *columns]
    return table[[*keys, *kept]].sort_values(keys).reset_index(drop=True)


def every_dyad(table: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """A count of zero for every dyad and year in which a source that lists all cases lists none."""
    years = range(first, last + 1)
    rows = [(y, a, b) for y in years for a, b in PAIRS if b != "AFG" or y >= RULED_FROM]
    frame = pd.DataFrame(rows, columns=["year", "state", "partner"])
    return frame.merge(table, how="left", on=["year", "state", "partner"]).fillna({"value": 0})


BOTH = {"state": STATES, "partner": STATES}
OF_PLACE = {"actor": STATES, "theatre": PLACES}


def votes_distance(folder: Path) -> pd.DataFrame:
    points = read(folder, "observed/votes_ideal_points_country_year.csv")
    points["se"] = (points["q95all"] - points["q5all"]) / (2 * NORMAL_90)
    se = points.set_index(["country", "year"])["se"]
    table = dyads(
        read(folder, "observed/votes_ideal_distance_dyad_year.csv"), "country_a", "country_b"
    )
    known = [
        np.hypot(se.get((a, y), np.nan), se.get((b, y), np.nan))
        for a, b, y in zip(table["state"], table["partner"], table["year"], strict=True)
    ]
    table = table.assign(value=table["ideal_distance_all"].round(4), error=np.round(known, 4))
    return named(
        table[table["year"] <= 2020].dropna(subset=["value", "error"]), BOTH, ["value", "error"]
    )


def votes_agreement(folder: Path) -> pd.DataFrame:
    table = dyads(read(folder, "observed/votes_agreement_dyad_year.csv"), "country_a", "country_b")
    table = table[table["year"] <= 2019]  # a single vote of 2020 is in the list
    table = table.assign(value=table["similarity"], n=table["votes"]).dropna(subset=["value"])
    return named(table, BOTH, ["value", "n"])


def events_icews(folder: Path) -> pd.DataFrame:
    table = dyads(read(folder, "observed/events_icews_directed_dyad_year.csv"), "source", "target")
    table["value"] = table["verbal_coop"] + table["material_coop"]
    table["n"] = table["value"] + table["verbal_conf"] + table["material_conf"]
    table = table.groupby(["year", "state", "partner"], as_index=False)[["value", "n"]].sum()
    return named(table, BOTH, ["value", "n"])


def events_gdelt(folder: Path) -> pd.DataFrame:
    table = read(folder, "observed/events_gdelt_dyad_month.csv")
    table["year"] = table["month"].str[:4].astype(int)
    table = dyads(table, "country_a", "country_b")
    by = table.groupby(["year", "state", "partner"])["per_mille_of_world_abs"]
    year = by.mean().round(5).rename("value").reset_index()
    year["error"] = (by.std() / np.sqrt(by.size())).round(5).to_numpy()
    return named(year, BOTH, ["value", "error"])


def disputes(folder: Path) -> pd.DataFrame:
    table = dyads(read(folder, "observed/disputes_mid5_directed_dyad_year.csv"), "a", "b")
    table["value"] = table[["hiact1", "hiact2"]].max(axis=1)
    table = table.groupby(["year", "state", "partner"], as_index=False)["value"].max()
    return named(every_dyad(table, 2000, 2014).astype({"value": int}), BOTH, ["value"])


def alliances(folder: Path) -> pd.DataFrame:
    table = dyads(
        read(folder, "observed/alliances_atop_directed_dyad_year.csv"), "country_a", "country_b"
    )
    kinds = [name for name in table.columns if name.startswith("atop_")]
    table = table.groupby(["year", "state", "partner"], as_index=False)[kinds].max()
    table["value"] = table[kinds].sum(axis=1)
    table = every_dyad(table[["year", "state", "partner", "value"]], 2000, 2018)
    return named(table.astype({"value": int}), BOTH, ["value"])


def shared_organisations(folder: Path) -> pd.DataFrame:
    table = dyads(read(folder, "observed/joint_igos_dyad_year.csv"), "country_a", "country_b")
    table = table.groupby(["year", "state", "partner"], as_index=False)["dyadigos"].max()
    table = table.assign(value=table["dyadigos"]).dropna(subset=["value"]).astype({"value": int})
    return named(table, BOTH, ["value"])


def exercises(folder: Path) -> pd.DataFrame:
    table = dyads(read(folder, "observed/exercises_mme7_dyad_month.csv"), "country_a", "country_b")
    table = (
        table.groupby(["year", "state", "partner"])["mme_id"]
        .nunique()
        .rename("value")
        .reset_index()
    )
    return named(every_dyad(table, 2000, 2010).astype({"value": int}), BOTH, ["value"])


def joint_exercises(folder: Path) -> pd.DataFrame:
    """Exercises of China with any of the five (n), and how many of these had Russia too (value): events, not dyads."""
    table = read(folder, "observed/exercises_mme7_dyad_month.csv")
    both = pd.concat(
        [
            table[["mme_id", "year", c]].set_axis(["id", "year", "who"], axis=1)
            for c in ("country_a", "country_b")
        ]
    )
    who = both.groupby(["id", "year"])["who"].agg(set).reset_index()
    who = who[who["who"].map(lambda held: "CHN" in held and bool(held & set(FIVE)))]
    joint = who["who"].map(lambda held: "RUS" in held)
    counted = who.assign(joint=joint).groupby("year")["joint"].agg(["sum", "size"]).reset_index()
    counted = counted.rename(columns={"sum": "value", "size": "n"}).assign(
        state="RUS", partner="CHN"
    )
    return named(counted.astype({"value": int}), BOTH, ["value", "n"])


def arms_suppliers(folder: Path) -> pd.DataFrame:
    """Share of a supplier in what a recipient got in three years that end in the year."""
    table = read(folder, "sipri_arms_tiv_2001_2020.csv").rename(
        columns={"recipient_iso3": "theatre"}
    )
    names = {"Russia": "RUS", "China": "CHN", "United States": "USA"}
    rows = []
    for place, year in itertools.product(PLACES, range(2003, 2021)):
        got = table[(table["theatre"] == place) & table["year"].between(year - 2, year)]
        total = got["tiv_musd"].sum()
        if total > 0:
            for name, code in names.items():
                share = got[got["supplier"] == name]["tiv_musd"].sum() / total
                rows.append((year, code, place, round(share, 3)))
    return named(
        pd.DataFrame(rows, columns=["year", "actor", "theatre", "value"]), OF_PLACE, ["value"]
    )


def trade_ratio(folder: Path) -> pd.DataFrame:
    """Trade of each of the five with China over that with Russia."""
    table = read(folder, "observed/trade_reporter_partner_year.csv")
    total = table.groupby(["reporter", "partner", "year"])["usd_million"].agg(["sum", "size"])
    total = total[total["size"] == 2]["sum"]
    cow = read(folder, "ca_trade_cow_2001_2014.csv").set_index(["partner", "ca_state", "year"])
    rows = []
    for state, year in itertools.product(FIVE, range(2001, 2019)):
        china = total.get(("CHN", state, year), np.nan)
        if year <= 2010:
            held = cow.loc[("RUS", state, year)] if ("RUS", state, year) in cow.index else None
            suspect = held is not None and str(held["flag"]).startswith("suspect")
            russia = np.nan if held is None or suspect else float(held["total_musd"])
        else:
            russia = total.get(("RUS", state, year), np.nan)
        rows.append((year, "CHN", "RUS", state, china / russia))
    frame = pd.DataFrame(rows, columns=["year", "actor", "rival", "theatre", "value"]).dropna()
    columns = {"actor": STATES, "rival": STATES, "theatre": PLACES}
    return named(frame[frame["value"] > 0].round({"value": 3}), columns, ["value"])


def trade_partners(folder: Path) -> pd.DataFrame:
    """Trade of each of the five with a partner, as a share of its trade with the seven partners listed."""
    table = read(folder, "ca_trade_cow_2001_2014.csv")
    table["theatre"], table["actor"] = table["ca_state"], table["partner"]
    table = table[~((table["actor"] == "AFG") & (table["year"] < RULED_FROM))].dropna(
        subset=["total_musd"]
    )
    whole = table.groupby(["theatre", "year"])["total_musd"].transform("sum")
    table = table.assign(value=(table["total_musd"] / whole).round(4))
    return named(table, OF_PLACE, ["value"])


def visits_president(folder: Path) -> pd.DataFrame:
    table = read(folder, "observed/visits_us_president.csv")
    counts = table.groupby(["year", "visitor", "host"]).size()
    rows = [
        (year, host, counts.get((year, "USA", host), 0))
        for year in range(2001, 2021)
        for host in PLACES
    ]
    frame = pd.DataFrame(rows, columns=["year", "theatre", "value"]).assign(actor="USA")
    return named(frame, OF_PLACE, ["value"])


def public_diplomacy(folder: Path, column: str) -> pd.DataFrame:
    table = read(folder, "observed/public_diplomacy_china_year.csv")
    table = table[table["partner"].isin(list(PLACES))].dropna(subset=[column])
    table = table.assign(value=table[column].astype(int), theatre=table["partner"], actor="CHN")
    return named(table, OF_PLACE, ["value"])


def visits_elite(folder: Path) -> pd.DataFrame:
    return public_diplomacy(folder, "total_elite_visits")


def students(folder: Path) -> pd.DataFrame:
    return public_diplomacy(folder, "inbound_students_to_china")


def deaths(folder: Path) -> pd.DataFrame:
    table = read(folder, "observed/deaths_ucdp_country_month.csv")
    table["year"] = table["month"].str[:4].astype(int)
    table = table[
        table["country"].eq("AFG")
    ]  # the one land with a challenger; elsewhere a year has a handful or none
    table = (
        table.groupby(["year", "country"])["deaths_best_all_types"]
        .sum()
        .rename("value")
        .reset_index()
    )
    return named(
        table.rename(columns={"country": "theatre"}).astype({"value": int}),
        {"theatre": PLACES},
        ["value"],
    )


def refugees(folder: Path) -> pd.DataFrame:
    table = read(folder, "observed/refugees_origin_asylum_year.csv")
    hosts = {code: name for code, name in STATES.items() if code != "AFG"}
    table = table[table["origin"].eq("AFG") & table["asylum"].isin(list(hosts))].dropna(
        subset=["refugees"]
    )
    table = table.assign(
        theatre=table["origin"], actor=table["asylum"], value=table["refugees"].astype(int)
    )
    return named(table, {"theatre": PLACES, "actor": STATES}, ["value"])


def opium(folder: Path) -> pd.DataFrame:
    table = read(folder, "opium_afghanistan_2001_2020.csv").assign(theatre="AFG")
    return named(table.assign(value=table["hectares"]), {"theatre": PLACES}, ["value"])


def troops(folder: Path) -> pd.DataFrame:
    table = read(folder, "us_troops_host_year_2001_2020.csv").assign(actor="USA")
    table = table[table["iso3"].isin(list(PLACES))].dropna(subset=["troops_flynn_original"])
    table = table.assign(theatre=table["iso3"], value=table["troops_flynn_original"].astype(int))
    return named(table, OF_PLACE, ["value"])


SERIES = {
    each.__name__: each
    for each in (
        votes_distance,
        votes_agreement,
        events_icews,
        events_gdelt,
        disputes,
        alliances,
        shared_organisations,
        exercises,
        joint_exercises,
        arms_suppliers,
        trade_ratio,
        trade_partners,
        visits_president,
        visits_elite,
        students,
        deaths,
        refugees,
        opium,
        troops,
    )
}

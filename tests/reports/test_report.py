"""The report: one page that stands alone and says everything a referee asks for."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.reports.blocks import interval_of, number, share
from eurasia_sim.reports.report import MOST_BYTES, report_page
from eurasia_sim.simulation.results import write_manifest
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.world.world import World

pytestmark = pytest.mark.slow  # real folders, made by the product

VOID = {"meta", "img", "link"}


@pytest.fixture(scope="module")
def pages(ran: Path, tested: Path, swept: Path, world: World) -> dict[str, str]:
    folders = {"run": ran, "test": tested, "sweep": swept}
    return {name: report_page(open_results(folder, world)) for name, folder in folders.items()}


@pytest.fixture
def copied(ran, tmp_path):
    """A folder of a run that may be spoilt, and its manifest."""
    folder = shutil.copytree(ran, tmp_path / "copied")
    return folder, json.loads((folder / "manifest.json").read_text())


def section(page: str, key: str) -> str:
    return page.partition(f'id="{key}"')[2].partition("</section>")[0]


@pytest.mark.parametrize("kind", ["run", "test", "sweep"])
def test_the_page_is_whole_ordered_labelled_and_fetches_nothing(pages, kind):
    page = pages[kind]
    opened = re.findall(r"<(\w+)([^<>]*)>", page)
    closed = Counter(re.findall(r"</(\w+)>", page))
    assert Counter(tag for tag, _ in opened if tag not in VOID) == closed

    def given(tag: str, name: str) -> list[str]:
        """An attribute of every element of a tag, or of any tag, that has it."""
        texts = (text for found, text in opened if tag in (found, ""))
        return [each for text in texts for each in re.findall(rf'\b{name}="([^"]*)"', text)]

    levels = [int(tag[1]) for tag, _ in opened if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert max(np.diff(levels)) <= 1
    ids, labels = given("", "id"), given("", "aria-label")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in given("a", "href")} <= set(ids)
    assert len(labels) == len(set(labels)) > closed["table"] == closed["caption"] > 3
    assert len(given("img", "alt")) == page.count("<img")
    assert min(map(len, given("img", "alt"))) > 20
    assert given("html", "lang") == ["en"]
    assert set(given("th", "scope")) == {"col", "row"}
    assert not {"script", "link", "iframe"} & closed.keys()
    assert all(source.startswith("data:image/") for source in given("", "src"))
    assert not re.search(r"url\(|@import", page.split("</style>")[0])
    assert len(page.encode()) < MOST_BYTES


def test_a_runs_page_says_all_that_a_referee_asks_for(pages, ran, world):
    page, manifest = pages["run"], open_results(ran, world).manifest
    assert re.findall(r'<h2 id="[\w-]+">([^<]+)</h2>', page) == [
        "Answer", "Effect sizes", "Distributions and pictures", "Limits", "Question", "Design",
        "Exclusions", "Claims and figures the runs rest on", "Seeds and versions",
        "Commands that reproduce it",
    ]  # fmt: skip
    gap = manifest["summary"]["differences"][0]
    cells = f"{number(gap['mean'], '+')}</td>", f"{interval_of(gap, '+')}</td>"
    for said in (
        manifest["scenarios"]["us_exit"]["question"], manifest["digests"]["model"],
        manifest["command"].split(" --out")[0],
        "The United States leaves, against: The United States stays", "no probabilities of events",
        "rest on judgement", "514 claims", *cells,
    ):  # fmt: skip
        assert said in page
    opening = section(page, "answer")
    assert "rises in" in opening or "falls in" in opening
    assert "How far to trust it: beats the best free forecast on" in opening
    assert opening.count("<img") == 1


def test_a_tests_page_gives_verdicts_and_shares(pages, tested):
    assert all(f'id="{each}"' in pages["test"] for each in ("verdicts", "variance", "limits"))
    for row in pd.read_parquet(tested / "verdicts.parquet").to_dict("records"):
        assert row["verdict"] in section(pages["test"], "verdicts")
        assert row["says"] in pages["test"].replace("&#39;", "'")


def test_failed_runs_are_counted_and_the_same_folder_gives_the_same_page(pages, ran, world):
    exclusions = section(pages["sweep"], "exclusions")
    assert "the first of 2 failed runs" in exclusions
    assert "non-finite" in exclusions
    assert report_page(open_results(ran, world)) == pages["run"]


def test_what_a_manifest_says_is_text_and_never_markup(copied, world):
    folder, manifest = copied
    hostile = json.dumps(manifest).replace("The United States leaves", "<script>alert(1)</script>")
    (folder / "manifest.json").write_text(hostile)
    with pytest.raises(DataError, match="its digest is that of another content"):
        open_results(folder, world)
    write_manifest(folder, json.loads(hostile), manifest["files"])
    page = report_page(open_results(folder, world))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_validation_shows_the_misses_first(copied, world):
    folder, manifest = copied
    table = pd.DataFrame(
        {
            "pattern": ["p1", "p2", "p3"], "says": ["one", "two", "three"], "kind": "sign",
            "model": [0.9, 0.1, 0.3], "reference": 1.0, "null": [0.2, 0.2, 0.2],
            "unchanged": 0.0, "counted": [True, True, True], "theory": "balance_of_threat",
        }
    )  # fmt: skip
    table.to_parquet(folder / "patterns.parquet")
    write_manifest(folder, manifest, [*manifest["files"], "patterns.parquet"])
    found = section(report_page(open_results(folder, world)), "validation")
    assert found.index("two</td>") < found.index("three</td>")
    assert "The misses: 2 patterns" in found


def test_numbers_are_written_alike():
    written = {
        -0.001234: "−0.00123", 0.00002: "0.0000200", 34198.6639: "34\N{THIN SPACE}199",
        0.01234: "0.0123", float("nan"): "–", None: "–", 12345: "12\N{THIN SPACE}345", 12.0: "12.0",
        float("inf"): "∞", -1e-12: "0.00", 2**60: f"{2**60:,}".replace(",", "\N{THIN SPACE}"),
    }  # fmt: skip
    assert {value: number(value) for value in written} == written
    assert [number(value, "+") for value in (0.5, 0.0, -0.5)] == ["+0.500", "0.00", "−0.500"]
    assert (share(0.274), share(-0.001)) == tuple(f"{x}\N{NARROW NO-BREAK SPACE}%" for x in (27, 0))
    assert interval_of({"low": -1.0, "high": np.float64(2.0)}) == "−1.00 to 2.00"


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["run", "test"])
def test_an_accessibility_checker_finds_nothing_offline_on_wide_and_narrow_screens(
    pages, kind, tmp_path, chromium
):
    sync_api = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    path = tmp_path / "report.html"
    path.write_text(pages[kind], encoding="utf-8")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        asked: list[str] = []
        for width in (1280, 380):
            context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
            page = context.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            found = axe.Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            loaded = "[...document.images].every(each => each.complete && each.naturalWidth > 0)"
            assert page.evaluate(loaded)
        assert not [url for url in asked if not url.startswith(("file:", "data:"))]
        browser.close()

"""The report: one page that stands alone and says everything a referee asks for."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.command import call

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.reports.parts import interval_of, number, share
from eurasia_sim.reports.report import MOST_BYTES, report_page
from eurasia_sim.simulation.results import write_manifest
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.world.world import World, load_world

pytestmark = pytest.mark.slow  # real folders, made by the product

VOID = {"meta", "img", "br", "link", "input", "hr"}


@pytest.fixture(scope="module")
def pages(ran: Path, tested: Path, swept: Path, world: World) -> dict[str, str]:
    return {name: report_page(open_results(folder, world)) for name, folder in
            (("run", ran), ("test", tested), ("sweep", swept))}  # fmt: skip


class Outline(HTMLParser):
    """What a screen reader goes by: every element with its attributes, and unclosed tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open += [] if tag in VOID else [tag]
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def all(self, tag: str, name: str = "") -> list[str]:
        """An attribute of every element of a tag, or of any tag."""
        return [given.get(name, "") for found, given in self.elements if tag in (found, "")]


@pytest.mark.parametrize("kind", ["run", "test", "sweep"])
def test_the_page_is_whole_ordered_labelled_and_fetches_nothing(pages, kind):
    outline = Outline(pages[kind])
    assert (outline.wrong, outline.open, outline.all("html", "lang")) == ([], [], ["en"])
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert max(np.diff(levels)) <= 1
    ids, labels = (list(filter(None, outline.all("", name))) for name in ("id", "aria-label"))
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in outline.all("a", "href")} <= set(ids)
    assert len(labels) == len(set(labels)) > len(outline.all("table"))
    assert min(map(len, outline.all("img", "alt"))) > 20
    assert len(outline.all("table")) == len(outline.all("caption")) > 3
    assert set(outline.all("th", "scope")) == {"col", "row"}
    assert not [tag for tag, _ in outline.elements if tag in ("script", "link", "iframe")]
    assert all(source.startswith("data:image/") for source in filter(None, outline.all("", "src")))
    assert not re.search(r"url\(|@import", pages[kind].split("</style>")[0])
    assert len(pages[kind].encode()) < MOST_BYTES


def headings(page: str) -> list[str]:
    return re.findall(r'<h2 id="[\w-]+">([^<]+)</h2>', page)


def test_a_runs_page_says_all_that_a_referee_asks_for(pages, ran):
    assert headings(pages["run"]) == [
        "Answer", "Effect sizes", "Distributions and pictures", "Limits", "Question", "Design",
        "Exclusions", "Claims and figures the runs rest on", "Seeds and versions",
        "Commands that reproduce it",
    ]  # fmt: skip
    manifest = open_results(ran, load_world()).manifest
    for said in (
        manifest["scenarios"]["us_exit"]["question"], manifest["digests"]["model"],
        manifest["command"].split(" --out")[0],
        "The United States leaves, against: The United States stays", "no probabilities of events",
        "rest on judgement", "514 claims",
    ):  # fmt: skip
        assert said in pages["run"]
    opening = pages["run"].split('id="effects"')[0]
    assert "rises in" in opening or "falls in" in opening
    assert "How far to trust it: beats the best free forecast on" in opening
    assert opening.count("<img") == 1
    gap = manifest["summary"]["differences"][0]
    assert f"{gap['mean']:+.4f}</td>".replace("-", "−") in pages["run"]
    ends = f"{gap['low']:+.4f} to {gap['high']:+.4f}</td>"
    assert ends.replace("-", "−") in pages["run"]


def test_a_tests_page_gives_verdicts_shares_and_reversals(pages, tested):
    expected = {"Verdicts", "Variance shares", "Limits"}
    assert expected <= set(headings(pages["test"]))
    verdicts = pd.read_parquet(tested / "verdicts.parquet")
    for row in verdicts.to_dict("records"):
        assert row["verdict"] in pages["test"]
        assert row["says"] in pages["test"].replace("&#39;", "'")


def test_failed_runs_are_counted_and_the_same_folder_gives_the_same_page(pages, ran, world):
    exclusions = pages["sweep"].split('id="exclusions"')[1].split("</section>")[0]
    assert "the first of 2 failed runs" in exclusions
    assert "overflow" in exclusions
    assert report_page(open_results(ran, world)) == pages["run"]


def test_what_a_manifest_says_is_text_and_never_markup(ran, world, tmp_path):
    folder = tmp_path / "hostile"
    shutil.copytree(ran, folder)
    manifest = folder / "manifest.json"
    hostile = "<script>alert(1)</script>"
    text = manifest.read_text().replace("The United States leaves", hostile)
    manifest.write_text(text)
    with pytest.raises(DataError, match="its digest is that of another content"):
        open_results(folder, world)
    write_manifest(folder, json.loads(text), json.loads(text)["files"])
    page = report_page(open_results(folder, world))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_validation_shows_the_misses_first(ran, world, tmp_path):
    folder = tmp_path / "validated"
    shutil.copytree(ran, folder)
    table = pd.DataFrame(
        {
            "pattern": ["p1", "p2", "p3"], "says": ["one", "two", "three"], "kind": "sign",
            "model": [0.9, 0.1, 0.3], "reference": 1.0, "null": [0.2, 0.2, 0.2],
            "unchanged": 0.0, "counted": [True, True, True], "theory": "balance_of_threat",
        }
    )  # fmt: skip
    table.to_parquet(folder / "patterns.parquet")
    manifest = json.loads((folder / "manifest.json").read_text())
    write_manifest(folder, manifest, [*manifest["files"], "patterns.parquet"])
    page = report_page(open_results(folder, world))
    section = page.split('id="validation"')[1].split("</section>")[0]
    assert section.index("two</td>") < section.index("three</td>")
    assert "The misses: 2 patterns" in section


def test_numbers_are_written_alike():
    written = {
        -0.001234: "−0.00123", 0.00002: "0.0000200", 34198.6639: "34\N{THIN SPACE}198.7",
        0.01234: "0.0123", float("nan"): "–", None: "–", 12345: "12\N{THIN SPACE}345",
        float("inf"): "∞",
    }  # fmt: skip
    assert {value: number(value) for value in written} == written
    assert share(0.274) == "27\N{NARROW NO-BREAK SPACE}%"
    assert interval_of({"low": -1.0, "high": np.float64(2.0)}) == "−1.0000 to 2.0000"


def test_the_verbs_write_what_they_say_and_refuse_with_exit_2(ran, tmp_path):
    done = call("report", str(ran), "--out", str(tmp_path / "page.html"))
    assert done.returncode == 0, done.stderr
    assert "MB)" in done.stdout
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")
    at_most = ("--threshold", "0.2", "--out", str(tmp_path), "--json")
    drawn = call("plot", str(ran), "--kind", "distribution", *at_most)
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "distribution-balance_of_threat-us_exit.svg").is_file()
    for words, complaint in (
        (("report", str(tmp_path)), "it has no manifest"),
        (("plot", str(ran), "--kind", "fann"), "did you mean"),
        (("plot", str(ran), "--filter", "scenario=x"), "no run has it"),
    ):
        refused = call(*words)
        assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
        assert complaint in refused.stderr


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
            page.evaluate(
                "document.querySelectorAll('details').forEach(each => { each.open = true })"
            )
            found = axe.Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert page.evaluate(
                "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
            )
        assert not [url for url in asked if not url.startswith(("file:", "data:"))]
        browser.close()

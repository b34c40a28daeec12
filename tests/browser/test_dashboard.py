"""The live page as a visitor meets it, and Mesa's own page with the model, in a real browser."""

import re
import sys
import time

import pandas as pd
import psutil
import pytest
from tests.browser.conftest import PATIENCE, served
from tests.command import done
from tests.docs.test_lived import blocks

from eurasia_sim.dashboard.answers import VIEWS

pytestmark = pytest.mark.browser

# Whether nothing reaches over either side of the window, but for the bar that runs there and back.
_WITHIN = """() => [...document.querySelectorAll('.page *:not(.v-progress-linear *), .editor *')]
.map(each => each.getBoundingClientRect())
.every(box => box.width === 0 || (box.right <= innerWidth + 1 && box.left >= -1))"""
THUMB = "div[contains(@class,'v-slider__thumb-container')]"


def holds(page, selector: str, text: str) -> None:
    """Wait until an element says exactly this."""
    script = "([at, text]) => document.querySelector(at)?.innerText === text"
    page.wait_for_function(script, arg=[selector, text])


def view(page, name: str) -> None:
    page.click(f".v-tab:text-is('{name}')")


def choose(page, field: str, word: str) -> None:
    """Pick a word from a list that shows more of itself as one scrolls."""
    page.click(f"{field} .v-select__slot")
    menu = page.locator(".menuable__content__active")
    entry = menu.locator(f".v-list-item__title:text-is('{word}')")
    for _ in range(40):
        if entry.count():
            break
        menu.evaluate("it => { it.scrollTop = it.scrollHeight; }")
        page.wait_for_timeout(100)
    entry.first.click()


def slide(page, button: str) -> str:
    """Put the slider before a button to its end; what its label says once the server answered."""
    slider, label = (
        page.locator(button).locator(f"xpath=preceding::{what}[1]") for what in (THUMB, "label")
    )
    label.filter(has_text=re.compile(r"\d")).wait_for()
    page.wait_for_timeout(600)  # until it has unfolded
    was = label.inner_text()
    slider.press("End")
    for _ in range(600):
        if label.inner_text() != was:
            break
        page.wait_for_timeout(100)
    return label.inner_text()


def unfold(page, title: str) -> None:
    page.click(f".v-expansion-panel-header:has-text('{title}')")


def set_number(page) -> str:
    """Set the first uncertain number to the end of its range; the setting that shows."""
    unfold(page, "What nobody knows")
    slide(page, ".set-number")
    page.click(".set-number")
    page.wait_for_selector(".setting")
    return page.inner_text(".setting")


def after(date: str, months: int) -> str:
    return str(pd.Period(date, "M") + months)


def drawn_anew(page, was: str | None = None) -> str:
    """The picture in view, once it is another than it was."""
    script = "was => ![undefined, was].includes(document.querySelector('.picture img')?.src)"
    page.wait_for_function(script, arg=was)
    return page.get_attribute(".picture img", "src")


def is_drawn(page, selector: str) -> bool:
    """Whether a picture has arrived whole in the browser."""
    page.wait_for_selector(selector)
    page.wait_for_function("at => document.querySelector(at)?.complete === true", arg=selector)
    return page.evaluate("at => document.querySelector(at).naturalWidth", selector) > 600


def test_months_pass_by_hand_and_by_themselves_to_the_end(visit):
    page = visit()
    start = page.inner_text(".month")
    view(page, "Leanings")
    drawn = drawn_anew(page)
    page.click("text=Step a month")
    holds(page, ".month", after(start, 1))
    assert drawn_anew(page, drawn) != drawn
    assert after(start, 1) in page.get_attribute(".picture img", "alt")
    page.click("text=A year on")
    holds(page, ".month", after(start, 13))
    page.click("text=Start over")
    holds(page, ".month", start)
    page.wait_for_function("was => document.querySelector('.picture img')?.src === was", arg=drawn)
    page.click("button:has-text('Play')")
    later = "date => document.querySelector('.month').innerText >= date"
    page.wait_for_function(later, arg=after(start, 3))
    page.click("button:has-text('Pause')")
    page.wait_for_selector("button:has-text('Play')")
    page.wait_for_timeout(600)
    stopped = page.inner_text(".month")
    page.wait_for_timeout(1200)
    assert page.inner_text(".month") == stopped
    page.click("text=To the end")
    holds(page, ".month", "2030-12")
    page.wait_for_selector("text=the scenario is over")
    assert page.locator("button:has-text('Step a month')").is_disabled()


def test_sliders_reach_their_ends_and_what_they_set_is_exported(visit, keep, tmp_path):
    page = visit()
    view(page, "Leanings")
    before = drawn_anew(page)
    unfold(page, "Decide otherwise")
    choose(page, ".lever", "pressure")
    page.wait_for_selector("text=0 to 1 (share")
    page.wait_for_selector("label:text-is('0')")  # of the slider of this lever
    assert slide(page, ".set-lever") == "1"
    keep(page, "lever")
    page.click(".set-lever")
    page.wait_for_selector(".setting")
    assert re.fullmatch(r"pressure\.\w+\.\w+\.\d{4}-\d\d=1", page.inner_text(".setting"))
    page.click("text=undo")
    page.wait_for_selector("text=Nothing is set otherwise")
    path, _, value = set_number(page).partition("=")
    highest = float(re.search(r"declared range \S+ to (\S+)", page.inner_text("body")).group(1))
    assert float(value) == pytest.approx(highest)
    unfold(page, "Where it comes from")
    page.wait_for_selector(".claim:has-text('rests on')")
    keep(page, "number")
    moved = drawn_anew(page, before)
    choose(page, ".theory", "offensive realism")
    page.wait_for_selector(".picture img[alt*='offensive_realism']")
    assert drawn_anew(page, moved) not in (before, moved)
    view(page, "Export")
    page.wait_for_selector(".export")
    keep(page, "export")
    with page.expect_download() as waiting:
        page.click("text=Save the scenario file")
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    written = set(re.findall(r"\w+", file.read_text()))
    assert {path.rpartition(".")[2], "offensive_realism"} <= written
    assert "nothing wrong" in done("check", file)


def test_a_number_leads_to_the_claims_behind_it(visit, keep):
    page = visit()
    page.click(".key-numbers button >> nth=3")
    page.wait_for_selector(".chosen")
    assert page.inner_text(".chosen").startswith("alignment")
    page.wait_for_selector(".claim:has-text('claims')")
    said = page.inner_text(".claim >> nth=-1")
    assert said.split() == done("explain", said.splitlines()[0]).split()
    assert re.search(r"\bc\d{3,} ", said)
    keep(page, "numbers")


def test_a_month_is_played_by_hand(visit, keep):
    page = visit()
    view(page, "By hand")
    page.wait_for_selector(".total:has-text('its rule decides')")
    thumbs = page.locator(".shares .v-slider__thumb-container")

    def spend(*whole: int) -> None:
        for at in range(thumbs.count()):
            thumbs.nth(at).press("End" if at in whole else "Home")
        page.wait_for_selector(f".total:has-text('; {100 * len(whole)} % of its budget')")

    spend(0, 1)
    page.click("button:has-text('Decide by hand')")
    page.wait_for_selector(".problem:has-text('together they are at most 1')")
    assert "its rule decides" in page.inner_text(".total")
    spend(0)
    name = page.inner_text(".total").partition(":")[0]
    for actor in ("China", name):  # what was moved waits for its actor
        choose(page, ".actor", actor)
        page.wait_for_selector(f".total:has-text('{actor}')")
    page.click("button:has-text('Decide by hand')")
    page.wait_for_selector(".total:has-text('you decide for it; 100 %')")
    start = page.inner_text(".month")
    page.click("text=Step a month")
    holds(page, ".month", after(start, 1))
    keep(page, "by hand")
    view(page, "Numbers")
    choose(page, ".measure", "burden")
    choose(page, ".of", f"burden, {name}")
    page.wait_for_selector(f".chosen:has-text('burden, {name}: 1.000')")
    view(page, "By hand")
    page.click("button:has-text('Leave it to its rule')")
    page.wait_for_selector(".total:has-text('its rule decides')")


def test_the_ensemble_pairs_and_refines_for_each_visitor_alone(visit, keep):
    page = visit()
    page.wait_for_selector(".difference:has-text('against: The United States stays')")
    assert is_drawn(page, ".figure img[alt*='us_stays']")  # the first answer, or a later one
    assert "of 200 paired runs" in page.inner_text(".answered")
    assert is_drawn(page, ".figure img[alt*='200 runs']")
    assert page.inner_text(".answered").startswith("200 of 200")
    assert page.inner_text(".answered").endswith(" paired runs, 0 failed")
    heading, lead = (page.inner_text(f".found tr >> nth={at}") for at in (0, 1))
    assert heading.split() == ["measure", "change", "rises", "in", "90", "%", "of", "draws"]
    assert lead.startswith("competition, Russia–China, Central Asia")
    keep(page, "answer")
    one, start, said = visit(), page.inner_text(".month"), page.inner_text(".difference")
    set_number(one)
    one.wait_for_selector(".difference:has-text('as set here')")
    one.click("text=Step a month")
    holds(one, ".month", after(start, 1))
    assert one.inner_text(".difference") != page.inner_text(".difference") == said
    assert page.inner_text(".month") == start
    assert page.locator(".setting").count() == 0


def test_bad_values_are_refused_in_words(visit):
    page = visit()
    start = page.inner_text(".month")
    unfold(page, "Decide otherwise")
    choose(page, ".lever", "ban")
    page.wait_for_selector("text=Part of the crop")  # whose list of theatres is there now
    choose(page, ".theatre", "Kazakhstan")
    page.click(".set-lever")
    page.wait_for_selector(".problem:has-text('nobody contests kazakhstan')")
    for word, refusal in (
        ("-3", ".seed:has-text('a seed is a whole number of 0 or more')"),
        ("9" * 30, ".problem:has-text('99 is out of range')"),
    ):
        for _ in range(60):  # of fifty words that are typed at once the page loses one
            page.fill(".seed input", word)
            page.press(".seed input", "Enter")
            page.wait_for_timeout(600)
            if page.locator(refusal).count():
                break
        assert page.locator(refusal).is_visible()
    assert page.inner_text(".month") == start
    assert page.locator(".setting").count() == 0


def test_every_view_of_a_month_is_drawn_and_whole_on_a_narrow_screen(visit, keep):
    page = visit()
    month = page.inner_text(".month")
    for width in (1400, 400):
        page.set_viewport_size({"width": width, "height": 1000})
        for name in ("Answer", *VIEWS, "Events", "Numbers", "By hand", "Export"):
            view(page, name)  # which nothing covers
            if name in VIEWS:
                assert is_drawn(page, f".picture img[alt^='{VIEWS[name][0]} in {month}']")
            page.wait_for_function(_WITHIN)  # once what slides in has come to rest
            keep(page, f"{name} {'wide' if width > 400 else 'narrow'}")
    unfold(page, "What nobody knows")
    page.wait_for_selector(".set-number")
    page.wait_for_function(_WITHIN)


def test_visits_that_have_ended_give_their_memory_back(browser, address):
    (server,) = (each for each in psutil.Process().children() if "dashboard" in each.cmdline())

    def visit(count: int) -> None:
        for number in range(count):
            context = browser.new_context()
            page = context.new_page()
            page.goto(address)
            page.wait_for_selector(".answered", timeout=120_000)
            if number % 2:  # a browser that is cut off does not say that it leaves
                page.evaluate("navigator.sendBeacon = () => true")
            context.close()

    visit(10)
    before = server.memory_info().rss
    visit(50)
    end = time.monotonic() + 60
    while (grown := server.memory_info().rss - before) > 50_000_000:
        assert time.monotonic() < end, f"50 visits left {grown / 1e6:.0f} MB behind"
        time.sleep(1)


def test_mesas_page_plays_the_model_and_draws_its_curves(browser, keep, repository, tmp_path):
    for needed in ("altair", "networkx"):
        pytest.importorskip(needed)
    (app,) = (b for b in blocks(repository / "docs/how-to/mesa.md") if b.note == "file")
    (tmp_path / app.about).write_text(app.text)
    words = (sys.executable, "-m", "solara", "run", app.about, "--no-open")
    with served(*words, folder=tmp_path) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.click("button:has-text('▶')")
        page.wait_for_function("() => /Step: [1-9]\\d/.test(document.body.innerText)")
        assert page.locator("img").count() >= 2
        page.click("button:has-text('Reset')")
        page.wait_for_selector("text=Step: 0")
        assert not re.search("Traceback|Error", page.inner_text("body"))
        keep(page, "mesa")

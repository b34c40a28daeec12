"""How long a visitor of the live page waits for paired runs: `python -m benchmarks.live [--page]`.

Without `--page` the answer is asked of the page's own code, as a visitor's thread asks it. With it, a served page is
visited in a real Chromium, and time runs from the click to the figure that stands in the browser. Every question is
new (a seed of its own), so that no past is kept from the one before; "a future changed" asks again with a past kept.
Compiling and the start of server and browser are left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measured import Row, Section, machine, show
from eurasia_sim.dashboard import comparing, served
from eurasia_sim.dashboard.contrast import BATCHES, Pasts
from eurasia_sim.dashboard.explaining import key_columns
from eurasia_sim.dashboard.question import Question
from eurasia_sim.simulation.inputs import prepare

FIRST, ALL = BATCHES[0], sum(BATCHES)
PATIENCE = 600  # seconds


def asked(
    question: Question, second: str, column: str, pasts: Pasts, *, over_ranges: bool
) -> dict[int, float]:
    """Seconds from asking to the figure of so many pairs, for each number of pairs that is drawn."""
    began, found = time.perf_counter(), {}
    for shown in comparing.answered(
        question, second, column, pasts, threading.Event(), over_ranges=over_ranges
    ):
        if shown.drawn == shown.answer.done:
            found[shown.drawn] = time.perf_counter() - began
    return found


def of_the_code(options: argparse.Namespace) -> dict[str, list[dict[int, float]]]:
    """Times of the page's own code: with a past never lived before, and with one kept."""
    column = key_columns(prepare(served.world(), served.scenarios()[options.scenario]).columns)[0]
    comparing.warm()
    found: dict[str, list[dict[int, float]]] = {
        "chance alone": [],
        "over the ranges": [],
        "a future changed": [],
    }
    for turn in range(options.repeats):
        question, pasts = Question(options.scenario, seed=1000 + turn), Pasts()
        for name, over_ranges in (
            ("chance alone", False),
            ("over the ranges", True),
            ("a future changed", True),
        ):
            found[name].append(
                asked(question, options.second, column, pasts, over_ranges=over_ranges)
            )
    return found


@contextmanager
def served_page() -> Iterator[str]:
    """Address of a page served for this visit."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-c",
        "from eurasia_sim.cli import main; main()",
        "dashboard",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                try:
                    with urllib.request.urlopen(address, timeout=30):
                        break
                except OSError:
                    time.sleep(0.5)
            yield address
        finally:
            server.terminate()


def of_the_page(options: argparse.Namespace) -> dict[str, list[dict[int, float]]]:
    """Times in a real browser, from a click on the second scenario, or from a new seed, to figures that stand there."""
    from playwright.sync_api import sync_playwright

    browser_file = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    found: dict[str, list[dict[int, float]]] = {"a first visit": [], "another seed": []}
    with served_page() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_file, args=["--no-sandbox", "--disable-gpu"]
        )
        for turn in range(options.repeats):
            page = browser.new_page()
            page.set_default_timeout(1000 * PATIENCE)
            page.goto(address)
            page.wait_for_selector(".picture img")
            page.click(".v-tab:text-is('Ensemble')")
            page.wait_for_selector(f".of-{ALL}")
            page.click(".second .v-select__slot")
            entry = page.locator(
                f".menuable__content__active .v-list-item__title:text-is('{options.second}')"
            )
            while not entry.count():
                page.locator(".menuable__content__active").evaluate(
                    "it => { it.scrollTop = it.scrollHeight; }"
                )
            found["a first visit"].append(_seen(page, lambda entry=entry: entry.first.click()))
            page.fill(".seed input", str(1000 + turn))
            found["another seed"].append(
                _seen(page, lambda page=page: page.press(".seed input", "Enter"))
            )
            page.close()
        browser.close()
    return found


def _seen(page: object, ask: object) -> dict[int, float]:
    """Seconds from asking until the figures of the first and of all pairs have loaded."""
    loaded = "runs => document.querySelector(`.of-${runs} img`)?.complete === true"
    began, found = time.perf_counter(), {}
    ask()
    for runs in (FIRST, ALL):
        page.wait_for_function(loaded, arg=runs)
        found[runs] = time.perf_counter() - began
    return found


def main() -> None:
    """Measure, and print medians with the least and the most."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.live", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--page", action="store_true", help="in a browser, from the click to the figure"
    )
    parser.add_argument("--scenario", default=served.first_scenario())
    parser.add_argument("--second", default="us_stays")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    print(machine(os.cpu_count() or 1))
    found = (of_the_page if options.page else of_the_code)(options)
    said = {FIRST: f"first answer drawn ({FIRST} pairs)", ALL: f"{ALL} pairs drawn"}
    rows = tuple(
        Row(f"{name}: {said[runs]}", tuple(each[runs] for each in times), "s")
        for name, times in found.items()
        for runs in (FIRST, ALL)
    )
    show(
        Section(
            "The live answer",
            f"{options.scenario} against {options.second}, asked again and again.",
            rows,
        )
    )


if __name__ == "__main__":
    main()

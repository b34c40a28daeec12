"""Mesa's own page plays the model, as the page on Mesa shows it."""

import re
import sys

import pytest
from tests.browser.conftest import PATIENCE, served
from tests.docs.lived import blocks

pytestmark = pytest.mark.browser


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

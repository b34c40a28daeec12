"""A served page and a real headless Chromium to visit it with."""

import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.command import PROGRAM

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
PATIENCE = 120_000  # milliseconds; a machine may be busy
_COMPILING = 600  # seconds


@contextmanager
def served(*words: str, folder: Path) -> Iterator[str]:
    """The address of a page that a command serves while it is needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log, address = folder / "log", f"http://127.0.0.1:{port}"
    command, end = [*words, "--port", str(port)], time.monotonic() + _COMPILING
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, cwd=folder, stdout=stream, stderr=stream) as server,
    ):
        try:
            while not _answers(address):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.5)
            yield address
            said = log.read_text(errors="replace")  # before its end, which cuts connections off
        finally:
            server.terminate()
            server.wait(timeout=30)
    assert "Traceback" not in said, said


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=30):  # noqa: S310 - our own address
            return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def address(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the verb serves the page."""
    with served(*PROGRAM, "dashboard", folder=tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture(scope="module")  # playwright allows itself one loop: other tests start their own
def browser(chromium: str):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture
def visit(browser, address: str) -> Iterator[Callable[[], object]]:
    """Opens the page as one more visitor, who meets no error and no address but the server's."""
    contexts, errors, asked = [], [], set()

    def begin():
        size = {"width": 1400, "height": 1000}
        contexts.append(browser.new_context(viewport=size, accept_downloads=True))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.add(request.url))
        page.goto(address)
        page.wait_for_selector(".month")
        page.wait_for_selector(".answered")
        return page

    yield begin
    for context in contexts:
        context.close()
    assert errors == []
    assert {urlsplit(url).netloc for url in asked} <= {"", urlsplit(address).netloc}


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[object, str], None]:
    """Keeps a picture of the page, in EURASIA_SIM_SCREENSHOTS if that is set, to be looked at."""
    folder = Path(os.environ.get("EURASIA_SIM_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page, name: str) -> None:
        size = page.viewport_size
        page.set_viewport_size({**size, "height": 1900})  # the page scrolls inside itself
        page.wait_for_timeout(800)  # what slides in has come to rest
        file = folder / f"{re.sub(r'[^a-z]+', '_', name.lower())}.png"
        page.screenshot(path=file)
        page.set_viewport_size(size)
        assert file.stat().st_size > 20_000

    return keep

"""The server answers its own page only, and says in words why it cannot serve."""

from __future__ import annotations

import asyncio
import socket

import pytest
from typer.testing import CliRunner

from eurasia_sim.cli import app
from eurasia_sim.dashboard.server import OwnPageOnly, _listening


def answered(headers: dict[str, str], kind: str = "http", host: str = "127.0.0.1") -> object:
    """Status of the answer, or the code a socket is closed with; `served` from the page itself."""
    sent: list[dict] = []

    async def page(scope, receive, send):
        sent.append({"status": "served"})

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": kind,
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }
    asyncio.run(OwnPageOnly(page, host)(scope, receive, send))
    return sent[0].get("status", sent[0].get("code"))


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("name", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "localhost"])
def test_its_own_page_is_answered(kind, name):
    assert answered({"host": name, "origin": f"http://{name}"}, kind) == "served"
    assert answered({"host": name}, kind) == "served"


@pytest.mark.parametrize(("kind", "refusal"), [("http", 403), ("websocket", 1008)])
def test_another_sites_page_is_refused(kind, refusal):
    assert (
        answered({"host": "127.0.0.1:8765", "origin": "http://elsewhere.example"}, kind) == refusal
    )
    assert (
        answered(
            {"host": "elsewhere.example:8765", "origin": "http://elsewhere.example:8765"}, kind
        )
        == refusal
    )
    assert answered({}, kind) == refusal


def test_on_an_open_address_any_name_of_the_host_will_do_but_no_foreign_origin():
    assert (
        answered({"host": "sim.example:80", "origin": "http://sim.example:80"}, host="sim.example")
        == "served"
    )
    assert (
        answered(
            {"host": "sim.example:80", "origin": "http://elsewhere.example"}, host="sim.example"
        )
        == 403
    )


def test_an_address_in_use_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="cannot listen on"):
            _listening("127.0.0.1", taken.getsockname()[1])


def test_help_shows_an_example_and_the_default_is_loopback():
    said = CliRunner().invoke(app, ["dashboard", "--help"]).output
    assert "eurasia-sim dashboard --port" in said
    assert "127.0.0.1" in said

"""The server answers its own page only, and says in words why it cannot serve."""

from __future__ import annotations

import asyncio
import socket

import pytest
from typer.testing import CliRunner

from eurasia_sim.cli import app
from eurasia_sim.dashboard.server import OwnPageOnly, _listening

LOCAL = ("127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "::ffff:127.0.0.1", "localhost")


def answered(
    headers: dict[str, str], kind: str = "http", host: str = "127.0.0.1", bound: str = ""
) -> object:
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
    asyncio.run(OwnPageOnly(page, host, bound)(scope, receive, send))
    return sent[0].get("status", sent[0].get("code"))


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("host", LOCAL)
@pytest.mark.parametrize(
    "name", ["127.0.0.1:8765", "127.0.0.2:8765", "localhost:8765", "[::1]:8765", "localhost"]
)
def test_its_own_page_is_answered(kind, host, name):
    assert answered({"host": name, "origin": f"http://{name}"}, kind, host) == "served"
    assert answered({"host": name}, kind, host) == "served"


@pytest.mark.parametrize(("kind", "refusal"), [("http", 403), ("websocket", 1008)])
@pytest.mark.parametrize("host", LOCAL)
def test_another_sites_page_is_refused_on_any_address_of_this_machine_alone(kind, refusal, host):
    own, other = "127.0.0.1:8765", "elsewhere.example:8765"
    assert answered({"host": own, "origin": f"http://{other}"}, kind, host) == refusal
    assert answered({"host": other, "origin": f"http://{other}"}, kind, host) == refusal
    assert answered({"host": "127.0.0.1.elsewhere.example"}, kind, host) == refusal
    assert answered({}, kind, host) == refusal


def test_a_name_that_stands_for_this_machine_alone_is_answered_and_no_other_name():
    named = {"host": "desk", "bound": "127.0.1.1"}
    assert answered({"host": "desk:8765", "origin": "http://desk:8765"}, **named) == "served"
    assert answered({"host": "elsewhere.example:8765"}, **named) == 403


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

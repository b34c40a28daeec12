"""The server answers its own page only, and says in words why it cannot serve."""

import asyncio

import pytest
from tests.command import done

from eurasia_sim.dashboard.server import OwnPageOnly, listening

HOSTS = ("127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "::ffff:127.0.0.1", "localhost")
NAMES = ("127.0.0.1:8765", "127.0.0.2:8765", "localhost:8765", "[::1]:8765", "localhost")
OWN, OTHER = "127.0.0.1:8765", "elsewhere.example:8765"
FOREIGN = ((OWN, f"http://{OTHER}"), (OTHER, f"http://{OTHER}"), ("", ""),
           ("127.0.0.1.elsewhere.example", ""))  # fmt: skip
REFUSED = {"http": 403, "websocket": 1008}


def answered(name: str, origin: str, host: str, kind: str = "http", bound: str = "") -> object:
    """Status of the answer, or the code a socket is closed with; `served` from the page itself."""
    sent: list[dict] = []

    async def page(scope, receive, send):
        sent.append({"status": "served"})

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    headers = {b"host": name.encode(), b"origin": origin.encode()}
    scope = {"type": kind, "headers": [(key, value) for key, value in headers.items() if value]}
    asyncio.run(OwnPageOnly(page, host, bound)(scope, receive, send))
    return sent[0].get("status", sent[0].get("code"))


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("host", HOSTS)
def test_on_this_machine_its_own_page_is_answered_and_another_sites_refused(kind, host):
    own = [(name, origin) for name in NAMES for origin in (f"http://{name}", "")]
    assert {answered(name, origin, host, kind) for name, origin in own} == {"served"}
    assert {answered(name, origin, host, kind) for name, origin in FOREIGN} == {REFUSED[kind]}


@pytest.mark.parametrize(
    ("host", "bound", "name", "origin", "answer"),
    [
        ("desk", "127.0.1.1", "desk:8765", "http://desk:8765", "served"),
        ("desk", "127.0.1.1", OTHER, "", 403),
        ("sim.example", "", "sim.example:80", "http://sim.example:80", "served"),
        ("sim.example", "", "sim.example:80", "http://elsewhere.example", 403),
    ],
)
def test_a_name_is_answered_if_it_is_the_servers_and_the_origin_its_own(
    host, bound, name, origin, answer
):
    assert answered(name, origin, host, bound=bound) == answer


def test_an_address_in_use_is_said_and_the_default_one_is_loopback():
    wrong = pytest.raises(OSError, match=r"cannot listen on 127\.0\.0\.1")
    with listening("127.0.0.1", 0) as taken, wrong:
        listening("127.0.0.1", taken.getsockname()[1])
    assert "127.0.0.1" in done("dashboard", "--help")

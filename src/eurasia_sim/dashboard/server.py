"""The server behind the page: Solara's own, on loopback by default, for its own page only."""

import ctypes
import gc
import ipaddress
import logging
import os
import socket
import sys
import threading
import time
import warnings
from typing import Any

from eurasia_sim.dashboard.answers import warm
from eurasia_sim.world.provenance import functions

_LOOK = 2  # seconds between two looks for visitors who left
_MOST_LEFT = 3  # of them that are kept, about 10 MB each, for an hour


def serve(host: str, port: int) -> None:
    """Serve the page until interrupted; raises OSError where the address cannot be had."""
    # Solara reads these on import: it reports nothing to its makers and fetches nothing elsewhere.
    os.environ |= {
        "SOLARA_APP": "eurasia_sim.dashboard.page", "SOLARA_THEME_SHOW_BANNER": "False",
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    }  # fmt: skip
    os.environ.setdefault("SOLARA_KERNEL_CULL_TIMEOUT", "1h")  # then a visitor is forgotten
    logging.getLogger("solara").setLevel(logging.ERROR)
    # It matters inside another site's page only.
    warnings.filterwarnings("ignore", message="Cookies with samesite")
    import uvicorn
    from solara.server.starlette import app

    # Solara gives every visitor Matplotlib settings of their own, which breaks style files; ours
    # are the same for all, and figures take turns (see `answers`).
    vars(sys.modules["solara.server.patch"])["patch_matplotlib"] = lambda: None
    functions()  # parsed now, for no thread can once others run
    with listening(host, port) as listener:  # before anything is served, so that it is in use
        for work in (warm, _forget):
            threading.Thread(target=work, daemon=True).start()
        guarded = OwnPageOnly(app, host, listener.getsockname()[0])
        config = uvicorn.Config(
            guarded, log_level="error", access_log=False, timeout_graceful_shutdown=1
        )
        uvicorn.Server(config).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; an error says which."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from None


def _forget() -> None:
    """Close what visitors had who left without a word, but for the last few, who may return."""
    from solara.server.kernel_context import PageStatus, contexts

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    seen: set[str] = set()
    while True:
        time.sleep(_LOOK)
        if seen - set(contexts):  # what a page held refers to itself, and is in many small pieces
            gc.collect()
            if trim is not None:
                trim(0)
        seen = set(contexts)
        found = [each for each in list(contexts.values()) if each.page_status]
        left = [each for each in found if PageStatus.CONNECTED not in each.page_status.values()]
        for each in left[:-_MOST_LEFT]:
            each.close(reason="cull")


def is_loopback(host: str) -> bool:
    """Whether an address, or the name `localhost`, is this machine to itself alone."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class OwnPageOnly:
    """Refuses what another site's page asks: a foreign origin, on loopback a foreign host too.

    A browser sends any page's requests to this machine: one elsewhere could drive the model.
    """

    def __init__(self, app: Any, host: str, bound: str = "") -> None:
        self.app, self.host = app, host
        self.is_local = is_loopback(bound or host)  # a name may stand for a loopback address

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket") or self._is_own(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            body = b"this page answers to its own address only"
            await send({"type": "http.response.body", "body": body})

    def _is_own(self, scope: Any) -> bool:
        headers = {key: value.decode("latin-1") for key, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        name = (host if host.endswith("]") else host.rsplit(":", 1)[0]).strip("[]")
        if self.is_local and name != self.host and not is_loopback(name):
            return False
        return origin is None or origin.split("://", 1)[-1] == host

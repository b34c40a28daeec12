"""The server behind the page: Solara's own, on loopback unless asked otherwise, answering its own page only."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from typing import Any

_PAGE = "eurasia_sim.dashboard.page"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def serve(host: str, port: int) -> None:
    """Serve the page until interrupted.

    Raises:
        OSError: where the address cannot be had.
    """
    # Solara reads these when it is imported: nothing is reported to its makers, and nothing is fetched from elsewhere.
    os.environ.update(
        SOLARA_APP=_PAGE, SOLARA_TELEMETRY_MIXPANEL_ENABLE="False", SOLARA_THEME_SHOW_BANNER="False"
    )
    os.environ.setdefault(
        "SOLARA_KERNEL_CULL_TIMEOUT", "1h"
    )  # who has left without a word is forgotten
    logging.getLogger("solara").setLevel(logging.ERROR)
    warnings.filterwarnings(
        "ignore", message="Cookies with samesite"
    )  # it matters inside another site's page only
    import uvicorn
    from solara.server.starlette import app

    # Solara gives every visitor settings of the drawing library of their own, which breaks its style files; ours are
    # the same for all, and figures take turns (see `comparing`).
    setattr(sys.modules["solara.server.patch"], "patch_matplotlib", _left_alone)  # noqa: B010 - a module has no such type

    from eurasia_sim.dashboard.comparing import warm

    threading.Thread(target=warm, daemon=True).start()
    with _listening(host, port) as socket:
        config = uvicorn.Config(
            OwnPageOnly(app, host), log_level="error", access_log=False, timeout_graceful_shutdown=1
        )
        uvicorn.Server(config).run(sockets=[socket])


def _left_alone() -> None:
    """Patches nothing."""


def _listening(host: str, port: int) -> Any:
    """A socket bound to the address, so that one in use is said before anything is served."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from None
    return found


class OwnPageOnly:
    """Refuses what another site's page asks: a foreign origin anywhere, and on loopback a foreign name for the host.

    A browser sends any page's requests to this machine; without this, a page elsewhere could drive the model here.
    """

    def __init__(self, app: Any, host: str) -> None:
        self.app = app
        self.names = _LOOPBACK if host in _LOOPBACK else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket") or self._is_own(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send(
                {
                    "type": "http.response.start",
                    "status": 403,
                    "headers": [(b"content-type", b"text/plain")],
                }
            )
            await send(
                {"type": "http.response.body", "body": b"this page answers to its own address only"}
            )

    def _is_own(self, scope: Any) -> bool:
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        host, origin = headers.get("host", ""), headers.get("origin")
        name = host.rsplit(":", 1)[0].strip("[]") if not host.endswith("]") else host.strip("[]")
        if self.names is not None and name not in self.names:
            return False
        return origin is None or origin.split("://", 1)[-1] == host

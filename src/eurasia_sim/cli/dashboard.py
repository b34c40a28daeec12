"""`dashboard`: the live page."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from eurasia_sim.cli import FAILED_WORK, WorldName

_LOOPBACK = "127.0.0.1"
_PORT = 8765


def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on; by default this machine's own alone.")] = _LOOPBACK,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = _PORT,
    world: WorldName = None,
) -> None:
    """Serve the live page: edit a scenario, play it month by month, compare ensembles, follow numbers to their claims.

    Example: eurasia-sim dashboard --port 8765
    """
    if find_spec("solara") is None or find_spec("uvicorn") is None:
        typer.echo('the live page needs its extra: pip install ".[live]" in the clone', err=True)
        raise typer.Exit(FAILED_WORK)
    from eurasia_sim.cli.running import compile_once
    from eurasia_sim.dashboard import served
    from eurasia_sim.dashboard.server import serve
    from eurasia_sim.design import reference_draws
    from eurasia_sim.inputs import prepare

    served.show(None if world is None else str(world))
    inputs = prepare(served.world(), served.scenarios()[served.first_scenario()])
    compile_once(inputs, reference_draws(inputs, 1, 0))
    typer.echo(f"open http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C ends it)")
    serve(host, port)

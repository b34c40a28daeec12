"""Agent-based simulation of how named actors perceive, align, allocate and contest.

The names below load their module when first used, so that `import eurasia_sim` costs little.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eurasia_sim.analysis.differences import paired, tidy
    from eurasia_sim.experiments.sweep import run_sweep
    from eurasia_sim.figures.gallery import plot
    from eurasia_sim.hypotheses.evaluation import test_hypotheses
    from eurasia_sim.scenarios.scenario import load_scenario
    from eurasia_sim.simulation.ensemble import run_ensemble, simulate
    from eurasia_sim.simulation.mesa_model import EurasiaModel
    from eurasia_sim.simulation.results import load_results
    from eurasia_sim.world.world import load_world

    __version__: str

__all__ = [
    "EurasiaModel",
    "__version__",
    "load_results",
    "load_scenario",
    "load_world",
    "paired",
    "plot",
    "run_ensemble",
    "run_sweep",
    "simulate",
    "test_hypotheses",
    "tidy",
]

_HOME = {
    "EurasiaModel": "simulation.mesa_model",
    "load_results": "simulation.results",
    "load_scenario": "scenarios.scenario",
    "load_world": "world.world",
    "paired": "analysis.differences",
    "plot": "figures.gallery",
    "run_ensemble": "simulation.ensemble",
    "run_sweep": "experiments.sweep",
    "simulate": "simulation.ensemble",
    "test_hypotheses": "hypotheses.evaluation",
    "tidy": "analysis.differences",
}


def __getattr__(name: str) -> Any:
    """A public name, loaded on first use (PEP 562)."""
    if name == "__version__":
        return version("eurasia-sim")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    """The public names, whether loaded yet or not."""
    return sorted({*globals(), *__all__})

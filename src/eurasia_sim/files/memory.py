"""Memory that is free, and the refusal of what would not fit before any of it is made."""

from pathlib import Path

from eurasia_sim.files.data_yaml import DataError

PROCESS = 200_000_000  # bytes that the program takes before it holds any run


def memory_free() -> int:
    """Bytes of memory that are free on this machine; where it does not say, as good as endless."""
    try:
        known = Path("/proc/meminfo").read_text(encoding="ascii")
        return int(known.partition("MemAvailable:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return 2**63


def require_memory(need: int, what: str, allowed: str) -> None:
    """Raise DataError for `what` (a plural) that takes more bytes than are free; `allowed` fits."""
    if need > (free := memory_free()):
        takes = f"{what} take about {need / 1e9:,.1f} GB of memory"
        raise DataError([f"{takes}, and {free / 1e9:,.1f} GB are free\n    allowed: {allowed}"])

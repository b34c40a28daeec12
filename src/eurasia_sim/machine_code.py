"""Where machine code is kept between processes, and the model's version, by which it is found."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import platformdirs

_COMPILED_SOURCES = (
    "blocks.py", "block_types.py", "compilation.py", "vectors.py", "mathematics.py", "streams.py", "fields.py",
    "measures.py", "derivation.py", "kernel.py", "mechanisms/*.py",
)  # fmt: skip


@functools.cache
def model_version() -> str:
    """First 12 hexadecimal digits of the digest of every source that is compiled: two equal versions, one model."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for pattern in _COMPILED_SOURCES:
        for source in sorted(here.glob(pattern)):
            digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def cache_folder() -> Path | None:
    return Path(platformdirs.user_cache_dir("eurasia-sim")) / f"compiled-{model_version()}"

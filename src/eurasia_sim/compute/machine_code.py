"""Where machine code is kept between processes, and the model's version, by which it is found.

Kept code is sealed with a digest and belongs to the person who runs it. What is damaged is made
again; where nothing can be kept, a temporary folder serves, or none; either is said once, and
neither stops a run.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import platformdirs
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    UserProvidedCacheLocator,
)

_COMPILED_SOURCES = ("compute/*.py", "kernel/*.py", "mechanisms/*.py")
_SEAL = hashlib.sha256().digest_size


@functools.cache
def model_version() -> str:
    """First 12 hexadecimal digits of the digest of every compiled source file."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for pattern in _COMPILED_SOURCES:
        for source in sorted(package.glob(pattern)):
            digest.update(
                source.relative_to(package).as_posix().encode() + b"\0" + source.read_bytes()
            )
    return digest.hexdigest()[:12]


@functools.cache
def cache_folder() -> Path | None:
    """The folder that keeps this model version's machine code; none where none can be written."""
    name = f"compiled-{model_version()}"
    usual = Path(platformdirs.user_cache_dir("eurasia-sim")) / name
    temporary = (
        Path(tempfile.gettempdir())
        / f"eurasia-sim-{os.getuid() if hasattr(os, 'getuid') else 0}"
        / name
    )
    for folder in (usual, temporary):
        problem = _problem(folder)
        if problem is None:
            if folder == temporary:
                _say(
                    f"compiled code cannot be kept in {usual}, so it is kept in {temporary.parent}"
                )
            return folder
    _say(f"compiled code cannot be kept in {usual}, so every process compiles anew")
    return None


def _problem(folder: Path) -> str | None:
    """Why nothing can be kept in a folder; none if it can."""
    try:
        if not folder.is_absolute():
            return "no home"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in (folder.parent, folder):
            found = each.lstat()
            shared = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
            if (
                not stat.S_ISDIR(found.st_mode)
                or shared
                or (hasattr(os, "getuid") and found.st_uid != os.getuid())
            ):
                return "another's"
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return str(error)
    return None


@functools.cache
def _say(line: str) -> None:
    """Say a line once a process."""
    print(f"eurasia-sim: {line}", file=sys.stderr)  # noqa: T201 - there is no log


class _SealedFile(IndexDataCacheFile):
    """Numba's files of one function, each with a digest; a damaged file counts as missing."""

    def _dump(self, held: Any) -> bytes:
        data: bytes = super()._dump(held)
        return data + hashlib.sha256(data).digest()

    def _load_index(self) -> dict[Any, str]:
        try:
            stream = io.BytesIO(Path(self._index_path).read_bytes())
            version = pickle.load(stream)  # noqa: S301 - in a folder of the person's own
            stamp, overloads = _opened(stream.read())
        except FileNotFoundError:
            return {}
        except Exception:  # noqa: BLE001 - whatever a damaged file may lead to
            _damaged()
            return {}
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}

    def _load_data(self, name: str) -> Any:
        path = Path(self._data_path(name))
        try:
            return _opened(path.read_bytes())
        except FileNotFoundError:
            raise
        except Exception as error:
            _damaged()
            raise OSError(
                f"{path} is damaged"
            ) from error  # which numba takes for a file that is not there


def _damaged() -> None:
    _say("compiled code that was kept is damaged, so it is made again")


def _opened(data: bytes) -> Any:
    """What was sealed.

    Raises:
        ValueError: where it is damaged.
    """
    body, seal = data[:-_SEAL], data[-_SEAL:]
    if hashlib.sha256(body).digest() != seal:
        raise ValueError("damaged")
    return pickle.loads(body)  # noqa: S301 - sealed, and in a folder of the person's own


class _Implementation(CompileResultCacheImpl):
    _locator_classes: Any = (UserProvidedCacheLocator,)  # never beside the sources


class _Kept(FunctionCache):
    """Numba's cache of one function in our folder, which it leaves for no other."""

    _impl_class = _Implementation

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        # The folder is the model version's own; another install of the same sources is no change.
        own = function.__module__.startswith("eurasia_sim.")
        stamp = model_version() if own else self._impl.locator.get_source_stamp()
        self._cache_file = _SealedFile(self._cache_path, self._impl.filename_base, stamp)

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep what was compiled, if that can be."""
        try:
            super().save_overload(signature, data)
        except OSError as error:
            _say(
                f"compiled code cannot be kept ({error.strerror}), so it is compiled anew next time"
            )


def keep(dispatcher: Any) -> None:
    """Let a compiled function's machine code be kept and found again, where that can be."""
    folder = cache_folder()
    if folder is None:
        return
    settings: Any = numba.config
    previous = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder)
    try:
        kept = _Kept(dispatcher.py_func)
    except (OSError, RuntimeError):
        return
    finally:
        settings.CACHE_DIR = previous
    if Path(kept.cache_path).is_relative_to(folder):
        dispatcher._cache = kept  # noqa: SLF001 - as numba's own `enable_caching` does


def is_kept(name: str) -> bool:
    """Whether machine code of a function, as `module.function`, lies in the folder."""
    folder = cache_folder()
    return folder is not None and any(folder.rglob(f"{name}-*.nbc"))

"""Where machine code is kept between processes, and the model's version, by which it is found.

Kept code is sealed with a digest and belongs to the person who runs it. What is damaged is made
again; where nothing can be kept, a temporary folder serves, or none; either is said once, and
neither stops a run.
"""

import contextlib
import functools
import hashlib
import io
import os
import stat
import sys
import tempfile
from pathlib import Path

import platformdirs
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    _CacheLocator,
    _SourceFileBackedLocatorMixin,
)

_COMPILED_SOURCES = ("compute/*.py", "kernel/*.py", "mechanisms/*.py")
_SEAL = hashlib.sha256().digest_size
_USER = os.getuid() if hasattr(os, "getuid") else 0  # as `stat` has it where nobody is known


@functools.cache
def model_version() -> str:
    """First 12 hexadecimal digits of the digest of every compiled source file."""
    digest, package = hashlib.sha256(), Path(__file__).parents[1]
    for source in (each for pattern in _COMPILED_SOURCES for each in sorted(package.glob(pattern))):
        name = source.relative_to(package).as_posix()
        digest.update(name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def cache_folder() -> Path | None:
    """The folder that keeps this model version's machine code; none where none can be written."""
    usual = Path(platformdirs.user_cache_dir("eurasia-sim")) / f"compiled-{model_version()}"
    if _serves(usual):
        return usual
    temporary = Path(tempfile.gettempdir()) / f"eurasia-sim-{_USER}" / usual.name
    if _serves(temporary):
        _say(f"compiled code cannot be kept in {usual}, so it is kept in {temporary.parent}")
        return temporary
    _say(f"compiled code cannot be kept in {usual}, so every process compiles anew")
    return None


def _serves(folder: Path) -> bool:
    """Whether a folder, made if need be, is this person's alone to write to, and can be."""
    try:
        if not folder.is_absolute():  # nobody's home is known
            return False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for found in (folder.parent.lstat(), folder.lstat()):
            is_shared = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
            if not stat.S_ISDIR(found.st_mode) or is_shared or found.st_uid != _USER:
                return False
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


@functools.cache
def _say(line: str) -> None:
    """Say a line once a process."""
    print(f"eurasia-sim: {line}", file=sys.stderr)  # noqa: T201 - there is no log


class _SealedFile(IndexDataCacheFile):
    """Numba's files of one function, each ending with its digest; a damaged one is not there."""

    @contextlib.contextmanager
    def _open_for_write(self, filepath):
        content = io.BytesIO()
        yield content
        with super()._open_for_write(filepath) as file:
            file.write(content.getvalue() + hashlib.sha256(content.getbuffer()).digest())

    def _load_index(self):
        return super()._load_index() if _is_whole(Path(self._index_path)) else {}

    def _load_data(self, name):
        is_whole = _is_whole(Path(self._data_path(name)))
        return super()._load_data(name) if is_whole else None  # as if it had never been kept


def _is_whole(path: Path) -> bool:
    """Whether a file is there and ends with the digest of the rest; say it if it is damaged."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    except OSError:
        content = b""
    is_whole = hashlib.sha256(content[:-_SEAL]).digest() == content[-_SEAL:]
    if not is_whole:
        _say("compiled code that was kept is damaged, so it is made again")
    return is_whole


class _Locator(_SourceFileBackedLocatorMixin, _CacheLocator):
    """The folder of the model's version, whatever installation the sources are of."""

    def __init__(self, function, file):
        self._py_file, self._lineno = file, function.__code__.co_firstlineno
        self._is_own = function.__module__.startswith("eurasia_sim.")

    def get_cache_path(self):
        return str(cache_folder())

    def get_source_stamp(self):
        return model_version() if self._is_own else super().get_source_stamp()


class _Implementation(CompileResultCacheImpl):
    """Numba's, but for its search for a folder, which might end beside the sources."""

    def __init__(self, function):
        self._locator = _Locator(function, function.__code__.co_filename)
        name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
        self._filename_base = self.get_filename_base(name, getattr(sys, "abiflags", ""))


class _Kept(FunctionCache):
    """Numba's cache of one function in our folder, which it leaves for no other."""

    _impl_class = _Implementation

    def __init__(self, function):
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _SealedFile(self._cache_path, self._impl.filename_base, stamp)

    def save_overload(self, signature, data):
        """Keep what was compiled, if that can be."""
        try:
            super().save_overload(signature, data)
        except OSError as error:
            why = error.strerror
            _say(f"compiled code cannot be kept ({why}), so it is compiled anew next time")


def keep(dispatcher):
    """Let a compiled function's machine code be kept and found again, where that can be."""
    if cache_folder() is not None:
        dispatcher._cache = _Kept(dispatcher.py_func)  # noqa: SLF001 - as numba's `enable_caching`


def is_kept(name: str) -> bool:
    """Whether machine code of a function, as `module.function`, lies in the folder."""
    folder = cache_folder()
    return folder is not None and any(folder.glob(f"{name}-*.nbc"))

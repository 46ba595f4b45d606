"""Where the native library is looked for, and what is said when it is not found.

In this order; the first that fits is used:

1. the file that the environment variable ``POSLATCH_LIBRARY`` names, and then nothing else,
2. the folder of this package, where the wheel has it,
3. wherever the system looks for libraries.
"""

import ctypes
import os
import sys
import threading
from typing import List, Optional, Tuple

from poslatch import _binary
from poslatch._native import SIGNATURES, declare, words
from poslatch.constants import ABI_MAJOR, ABI_MINOR, Category, Status
from poslatch.errors import LibraryLoadError, closed_error

VARIABLE = "POSLATCH_LIBRARY"

_ABI_MINOR_BITS = 16


class _Unfit(Exception):  # noqa: N818 - never seen by anybody
    """A file is there and will not do; its text says why."""


class _Loaded:
    """The one library of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.library: Optional[ctypes.CDLL] = None
        self.path = ""
        self.process = 0


_loaded = _Loaded()


def native() -> ctypes.CDLL:
    """The library, loaded and checked at the first call.

    Raises:
        LibraryLoadError: It was not found, or does not fit.
        UsageError: This process was forked from one that had it loaded already.
    """
    if _loaded.library is None:
        with _loaded.lock:
            if _loaded.library is None:
                _loaded.library, _loaded.path = _find()
                _loaded.process = os.getpid()
    if _loaded.process != os.getpid():
        raise closed_error(
            f"the library was loaded by process {_loaded.process}, of which this one is a fork",
            'Start the process afresh (multiprocessing: the start method "spawn"), or use poslatch after the fork.',
        )
    return _loaded.library


def path() -> str:
    """The file that was loaded, or the name with which the system found it."""
    native()
    return _loaded.path


def is_loaded_here() -> bool:
    """Whether this very process has the library, so that it may be called."""
    return _loaded.library is not None and _loaded.process == os.getpid()


def file_name() -> str:
    """What the library is called on this system."""
    if sys.platform == "win32":
        return "poslatch.dll"
    return "libposlatch.dylib" if sys.platform == "darwin" else "libposlatch.so"


def _find() -> Tuple[ctypes.CDLL, str]:
    named = os.environ.get(VARIABLE)
    if named:
        try:
            # Absolute, since a bare name would be looked for elsewhere.
            file = os.path.abspath(named)
            return _load(file), file
        except _Unfit as unfit:
            raise _not_found([f"{named} (named by {VARIABLE}): {unfit}"]) from None
    faults: List[str] = []
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), file_name())
    # On Windows, a bare name is not looked for in the folders of PATH; elsewhere it is left to the loader.
    for place, what in (
        (beside, "in the package, where the wheel has it"),
        (file_name(), "wherever the system looks for libraries"),
    ):
        try:
            return _load(place), place
        except _Unfit as unfit:
            faults.append(f"{place} ({what}): {unfit}")
    raise _not_found(faults)


def _load(path: str) -> ctypes.CDLL:
    """Loads one candidate and asks it whether it fits.

    Raises:
        _Unfit: It is not there, or will not do.
    """
    is_file = os.path.isabs(path)
    if is_file and not os.path.exists(path):
        raise _Unfit("not there")
    if is_file and _binary.is_cut_short(path):
        raise _Unfit(f"{_binary.describe(path)}, cut short: copy or install it again")
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        kind = f"{_binary.describe(path)}; " if is_file else ""
        raise _Unfit(f"{kind}{error}") from None
    try:
        check = declare(library, "poslatch_abi_check")
        version = declare(library, "poslatch_abi_version")
        version_string = declare(library, "poslatch_version_string")
    except AttributeError:
        raise _Unfit("a library, but not poslatch: it has no poslatch_abi_check") from None
    # Before anything else is touched: functions may be missing, or mean something else.
    if check(ABI_MAJOR, ABI_MINOR) != Status.OK:
        found = version()
        major, minor = found >> _ABI_MINOR_BITS, found & ((1 << _ABI_MINOR_BITS) - 1)
        raise _Unfit(
            f"{words(version_string())} has ABI {major}.{minor}, and this package needs "
            f"{ABI_MAJOR}.{ABI_MINOR} or a later {ABI_MAJOR}.x"
        )
    for name in SIGNATURES:
        try:
            declare(library, name)
        except AttributeError:
            raise _Unfit(f"it says that it fits, but has no {name}") from None
    return library


def _not_found(faults: List[str]) -> LibraryLoadError:
    searched = "; ".join(faults)
    return LibraryLoadError(
        f"cannot load the poslatch library into this {_binary.process()}. Searched: {searched}",
        status=Status.FILE,
        category=Category.USAGE,
        advice=f"Install the poslatch wheel for this platform, or name the library's file in {VARIABLE}.",
    )

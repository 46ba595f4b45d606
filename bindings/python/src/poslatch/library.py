"""Facts about the native library: for the log's first line and for a support desk."""

from typing import Tuple

from poslatch import _loader
from poslatch._arguments import number
from poslatch._native import words

_ABI_MINOR_BITS = 16


def version() -> str:
    """The library's version and crypto provider, such as ``"poslatch 0.1.0 (ring)"``.

    Raises:
        LibraryLoadError: It was not found, or does not fit.
    """
    return words(_loader.native().poslatch_version_string())


def abi_version() -> Tuple[int, int]:
    """The library's ABI version, major and minor. A library that does not fit is not loaded at all."""
    number: int = _loader.native().poslatch_abi_version()
    return number >> _ABI_MINOR_BITS, number & ((1 << _ABI_MINOR_BITS) - 1)


def path() -> str:
    """The file that is used, or the name with which the system found it."""
    return _loader.path()


def status_name(status: int) -> str:
    """The name of a status such as ``"WRONG_DEVICE"``; ``"UNKNOWN"`` for a number that the library does not know."""
    return words(_loader.native().poslatch_status_name(number("status", status)))

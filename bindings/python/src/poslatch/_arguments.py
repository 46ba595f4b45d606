"""What goes in, turned into what C takes: UTF-8, milliseconds, secrets that are wiped."""

import ctypes
import math
import operator
import os
from typing import Any, Optional, Union

from poslatch.constants import RequestState
from poslatch.errors import argument_error

PathArgument = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
SecretArgument = Union[str, bytes, bytearray, memoryview]
PemArgument = Union[str, bytes, bytearray, memoryview]

_MS_MAX = 2**32 - 1


def text(name: str, value: str, state: RequestState = RequestState.NONE) -> bytes:
    """Text as UTF-8.

    Raises:
        TypeError: It is no text.
        UsageError: It holds a NUL, behind which C would not see the rest, or what UTF-8 cannot say.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    return _without_nul(name, _encoded(name, value, state), state)


def optional_text(name: str, value: Optional[str]) -> Optional[bytes]:
    """The same where None means "none"."""
    return None if value is None else text(name, value)


def path(name: str, value: PathArgument) -> bytes:
    """A file name as UTF-8, whatever the locale is: the library reads no locale."""
    raw = os.fspath(value)
    encoded = raw if isinstance(raw, bytes) else _encoded(name, raw, RequestState.NONE)
    return _without_nul(name, encoded, RequestState.NONE)


def pem(name: str, value: PemArgument) -> bytes:
    """PEM text, which may hold anything: its size goes with it."""
    if isinstance(value, str):
        return _encoded(name, value, RequestState.NONE)
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{name} must be str or bytes, not {type(value).__name__}")
    return bytes(value)


class Secret:
    """A passphrase, a setup code or a key on its way in: a copy of ours, wiped when the call is over.

    What it was copied from is the caller's. A ``bytearray`` can be wiped after the call; ``str`` and ``bytes`` are
    immutable, and stay in memory until the interpreter uses it for something else.
    """

    def __init__(
        self,
        name: str,
        value: Optional[SecretArgument],
        *,
        sized: bool = False,
        state: RequestState = RequestState.NONE,
    ) -> None:
        """Copies it. `sized` is for what goes with its size, and may hold NUL."""
        self._copy: Any = None
        self.size = 0
        if value is None:
            return
        if isinstance(value, str):
            raw = bytearray(_encoded(name, value, state))
        elif isinstance(value, (bytes, bytearray, memoryview)):
            raw = bytearray(value)
        else:
            raise TypeError(f"{name} must be str or bytes, not {type(value).__name__}")
        try:
            if not sized and 0 in raw:
                raise argument_error(name, "it holds a NUL", state)
            self.size = len(raw)
            # One more, which stays NUL.
            self._copy = (ctypes.c_char * (self.size + 1))()
            if raw:
                ctypes.memmove(self._copy, (ctypes.c_char * self.size).from_buffer(raw), self.size)
        finally:
            wipe(raw)

    def __enter__(self) -> Any:
        """What a ``char *`` parameter takes; None for none."""
        return self._copy

    def __exit__(self, *_: object) -> None:
        if self._copy is not None:
            ctypes.memset(self._copy, 0, len(self._copy))


def wipe(secret: bytearray) -> None:
    """Overwrites it with zeros, in place."""
    if secret:
        ctypes.memset((ctypes.c_char * len(secret)).from_buffer(secret), 0, len(secret))


def milliseconds(name: str, seconds: Optional[float], state: RequestState = RequestState.NONE) -> int:
    """Seconds as C's milliseconds, at least one; 0, which is C's word for the default, for None.

    Raises:
        UsageError: It is not a positive number, or more than C can take.
    """
    if seconds is None:
        return 0
    if not seconds > 0:  # NaN is not, either
        raise argument_error(name, f"it has to be more than 0 s, and is {seconds}; None is the default", state)
    if math.isinf(seconds) or seconds * 1000 > _MS_MAX:
        raise argument_error(name, f"it is more than {_MS_MAX // 1000} s", state)
    return max(1, round(seconds * 1000))


def number(name: str, value: int) -> int:
    """A whole number of 32 bits, with a sign or without.

    Raises:
        TypeError: It is no whole number. ctypes would raise an error of its own.
        UsageError: It does not fit; ctypes would cut it.
    """
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be int, not {type(value).__name__}") from None
    if not -(2**31) <= whole < 2**32:
        raise argument_error(name, f"it is {whole}, which nothing here can be")
    return whole


def _encoded(name: str, value: str, state: RequestState) -> bytes:
    """UTF-8, also of what Python could not read: bytes of the command line in a locale without them."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise argument_error(name, "it holds half of a character, which UTF-8 cannot say", state) from None


def _without_nul(name: str, value: bytes, state: RequestState) -> bytes:
    if b"\0" in value:
        raise argument_error(name, "it holds a NUL", state)
    return value

"""What the three kinds of objects have in common: ``close``, ``with``, and the garbage collector."""

import warnings
import weakref
from types import TracebackType
from typing import Any, Optional, Type, TypeVar

from poslatch._handle import Handle

_Self = TypeVar("_Self", bound="Owner")


class Owner:
    """Owns one native object."""

    _handle: Handle

    def _own(self, handle: Handle, *, warn: bool = False) -> None:
        """Takes it over. An object that nobody refers to any more is closed; with `warn`, not in silence."""
        self._handle = handle
        # The last reference to the owner is gone by then, so no call can be running on it.
        finalizer = weakref.finalize(self, _forgotten, handle, f"unclosed {type(self).__name__}" if warn else None)
        # What lives at the end of the program is closed with the other handles, and waited for.
        finalizer.atexit = False

    def close(self) -> None:
        """Frees what the object holds. Calls that run on it return first. As often as you like, from any thread."""
        self._handle.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed here. Everything but ``close`` then raises a UsageError with the status ``CLOSED``."""
        return self._handle.closed

    def __enter__(self: _Self) -> _Self:
        """The object itself."""
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        """Closes it."""
        self.close()

    def __copy__(self) -> Any:
        """Refused: two owners of one native object."""
        raise TypeError(f"a {type(self).__name__} cannot be copied")

    def __reduce__(self) -> Any:
        """Refused: the native object does not travel."""
        raise TypeError(f"a {type(self).__name__} cannot be pickled or copied")


def _forgotten(handle: Handle, complaint: Optional[str]) -> None:
    if complaint is not None and handle.is_ours and not handle.closed:
        warnings.warn(complaint, ResourceWarning, stacklevel=2)
    handle.abandon()

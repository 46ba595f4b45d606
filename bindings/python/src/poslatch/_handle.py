"""The guard of one native object: it is freed once, when nobody is in a call on it any more.

Three things meet here that Python does not promise by itself: ``close()`` while other threads are in calls, the
garbage collector, and children of ``fork()``.
"""

import atexit
import os
import threading
import time
from collections import deque
from typing import Callable, Deque, List, Optional, Set

from poslatch.errors import closed_error

# How long the end of the program waits for calls to return that it has just ended. The library promises 200 ms; a
# machine may be busy.
_EXIT_PATIENCE_S = 5.0
_EXIT_STEP_S = 0.005

_live: Set["Handle"] = set()
_postponed: Deque["Handle"] = deque()


class _InLog(threading.local):
    """Whether this thread is in a log callback."""

    depth = 0


in_log = _InLog()


class Handle:
    """A native object and the number of calls that run on it.

    Used with ``with`` around each call: it gives the pointer, and keeps it alive until the call has returned.
    """

    __slots__ = (
        "__weakref__",
        "_closed",
        "_free",
        "_lock",
        "_pointer",
        "_process",
        "_users",
        "_wake",
        "_what",
    )

    def __init__(
        self,
        what: str,
        pointer: int,
        free: Callable[[int], object],
        wake: Optional[Callable[[int], object]] = None,
    ) -> None:
        """Takes over the object. `wake` makes the calls that run on it return; from any thread."""
        self._what = what
        self._pointer: Optional[int] = pointer
        self._free = free
        self._wake = wake
        self._users = 0
        self._closed = False
        # Reentrant, because a signal handler that closes the object runs on a thread that may hold it.
        self._lock = threading.RLock()
        self._process = os.getpid()
        _live.add(self)

    def __enter__(self) -> int:
        """Enters a call.

        Raises:
            UsageError: The object was closed, or belongs to the process that this one was forked from.
        """
        self._must_be_ours()
        with self._lock:
            # Counted before it is looked at: a signal handler that closes in between must find a user.
            self._users += 1
            pointer = None if self._closed else self._pointer
        if pointer is None:
            self._leave()
            raise closed_error(f"the {self._what} was closed", f"Make a new {self._what}.")
        return pointer

    def __exit__(self, *_: object) -> None:
        """Leaves it; the last one out frees a closed object."""
        self._leave()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def is_ours(self) -> bool:
        """Whether it belongs to this process, and not to the one that this one was forked from."""
        return self._process == os.getpid()

    def close(self) -> None:
        """Ends the calls that run and frees the object when the last one has left. Any number of times."""
        if not self.is_ours:
            # A child of fork() has the parent's memory and its sockets. Whatever it did, the parent would suffer.
            return
        with self._lock:
            self._users += 1
            self._closed = True
            pointer = self._pointer
        try:
            if pointer is not None and self._wake is not None:
                self._wake(pointer)
        finally:
            self._leave()

    def abandon(self) -> None:
        """Closes on behalf of the garbage collector, which may come on any thread at any time.

        In a log callback it is put off: freeing a connection waits for the connection's thread, and that one may
        be waiting to log.
        """
        if in_log.depth and self.is_ours:
            _postponed.append(self)
        else:
            self.close()

    def _must_be_ours(self) -> None:
        while _postponed and not in_log.depth:
            try:
                _postponed.popleft().close()
            except IndexError:  # another thread was faster
                break
        if not self.is_ours:
            raise closed_error(
                f"the {self._what} belongs to process {self._process}, of which this one is a fork",
                f'Make a new {self._what} in a process that was started afresh; multiprocessing calls that "spawn".',
            )

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users > 0 or not self._closed:
                return
            pointer, self._pointer = self._pointer, None
        if pointer is not None:
            self._free(pointer)
            _live.discard(self)

    @property
    def freed(self) -> bool:
        """Whether nothing native is left."""
        return self._pointer is None


# Called when every object is closed at the end of the program.
at_exit: List[Callable[[], object]] = []


def _end() -> None:
    """Closes everything before the interpreter goes.

    A native thread that called back into an interpreter which is no more would take the process down with it. So
    calls on daemon threads are ended, and waited for.
    """
    ours = [handle for handle in list(_live) if handle.is_ours]
    for handle in ours:
        handle.close()
    deadline = time.monotonic() + _EXIT_PATIENCE_S
    while any(not handle.freed for handle in ours) and time.monotonic() < deadline:
        time.sleep(_EXIT_STEP_S)
    for action in at_exit:
        action()


atexit.register(_end)

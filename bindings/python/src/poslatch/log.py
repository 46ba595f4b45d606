"""The library's log records, for :mod:`logging` or whatever else keeps them."""

import logging
import threading
from typing import Any, Callable, Dict, Optional, Union

from poslatch import _handle, _loader
from poslatch._arguments import number
from poslatch._native import OnLog, Outputs, words
from poslatch.constants import LogLevel

TRACE = 5
"""The level of :mod:`logging` for what is below DEBUG."""

LogTarget = Union[str, logging.Logger, Callable[[LogLevel, str], object]]

_LEVELS: Dict[int, int] = {
    LogLevel.ERROR: logging.ERROR,
    LogLevel.WARN: logging.WARNING,
    LogLevel.INFO: logging.INFO,
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.TRACE: TRACE,
}


class _Set:
    """What is set now. The callback is kept alive here for as long as the library may call it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.callback: Any = None


_set = _Set()


def log_to(target: LogTarget = "poslatch", *, level: Optional[LogLevel] = None) -> None:
    """Sends the library's log records to :mod:`logging`, in place of the former target.

    The library is silent until then. ``poslatch.log_to()`` is all that a program with :mod:`logging` needs. Records
    hold facts: addresses, names, types and sizes of messages, times; no keys, no setup codes, no passphrases, no
    content of messages. With ``WARN`` there is one that calls for action: "identity file ... can be read by other
    users".

    Records are made on any thread, also while the call that is logged waits. A handler must not wait for a thread
    that may be calling this package. What the target raises goes to :func:`sys.unraisablehook`.

    Args:
        target: A logger or its name, or a function that is called with level and message.
        level: Records of this level and above. Default: for a logger, the level that it has now; else ``DEBUG``.

    Raises:
        UsageError: Called from within a target (``BUSY``).
        LibraryLoadError: The library was not found, or does not fit.
    """
    if isinstance(target, str):
        target = logging.getLogger(target)
    if isinstance(target, logging.Logger):
        wanted = _level_of(target) if level is None else level
        _switch(wanted, _into(target))
    elif callable(target):
        _switch(LogLevel.DEBUG if level is None else level, target)
    else:
        raise TypeError(f"target must be a logger, its name or a function, not {type(target).__name__}")


def log_off() -> None:
    """Makes the library silent again.

    When this returns, the former target is not running and will not be called again; so do not hold a lock here that
    it takes.

    Raises:
        UsageError: Called from within a target (``BUSY``).
    """
    _switch(LogLevel.OFF, None)


def _into(logger: logging.Logger) -> Callable[[LogLevel, str], object]:
    def tell(level: LogLevel, message: str) -> None:
        # Not as a format: a message may hold a per cent sign.
        logger.log(_LEVELS.get(level, logging.DEBUG), "%s", message)

    return tell


def _level_of(logger: logging.Logger) -> LogLevel:
    """The most talkative level that the logger would not drop."""
    lowest = logger.getEffectiveLevel()
    kept = [LogLevel(level) for level, number in _LEVELS.items() if number >= lowest]
    return max(kept, default=LogLevel.OFF)


def _switch(wanted: LogLevel, target: Optional[Callable[[LogLevel, str], object]]) -> None:
    library = _loader.native()
    level = number("level", wanted)
    callback = OnLog() if target is None else OnLog(_guarded(target))
    if _handle.in_log.depth:
        # The library refuses. Not under the lock, which is held by whoever waits for this very target to return.
        with Outputs(library) as out:
            out.check(library.poslatch_log_set(level, callback, None, out.error))
        return
    # One at a time, so that the callback that is kept is the one that is set.
    with _set.lock, Outputs(library) as out:
        out.check(library.poslatch_log_set(level, callback, None, out.error))
        _set.callback = callback


def _guarded(target: Callable[[LogLevel, str], object]) -> Callable[[Any, int, bytes], None]:
    def on_log(_user: Any, level: int, message: bytes) -> None:
        _handle.in_log.depth += 1
        try:
            target(LogLevel(level), words(message))
        finally:
            _handle.in_log.depth -= 1

    return on_log


def _end() -> None:
    """No record may reach an interpreter that is no more."""
    if _set.callback is not None and _loader.is_loaded_here():
        log_off()


_handle.at_exit.append(_end)

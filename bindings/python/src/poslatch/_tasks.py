"""Blocking calls for asyncio: each on a thread of its own, and cancelled without losing what is in doubt.

Not on the loop's default executor: that has few threads, and a payment holds one for minutes.
"""

import asyncio
import contextvars
import functools
import threading
import time
from typing import Any, Callable, Optional, Tuple, TypeVar

from poslatch.errors import PoslatchError

_Result = TypeVar("_Result")

# What came of a call, as the result of a future: an exception that is set on one must not be a StopIteration, and
# whoever waited for it would wait for ever.
_End = Tuple[Any, Optional[BaseException]]

# A call that had not reached the library when it was woken has to be woken again.
_WAKE_AGAIN_S = 0.05


async def run(
    call: Callable[[], _Result],
    *,
    wake: Optional[Callable[[], object]] = None,
    drop: Optional[Callable[[_Result], object]] = None,
) -> _Result:
    """Runs a blocking call and awaits its end, whatever happens meanwhile.

    Args:
        call: The call.
        wake: Makes it return soon, when the task is cancelled. Called again until it has.
        drop: What to do with the result of a call that succeeded although the task was cancelled.

    Raises:
        asyncio.CancelledError: The task was cancelled, and nothing is in doubt.
        PoslatchError: What the call raised; also of a cancelled task if a request is in doubt.
    """
    loop = asyncio.get_running_loop()
    end: asyncio.Future[_End] = loop.create_future()
    _start(call, loop, end, drop)
    cancelled = False
    while not end.done():
        try:
            # Unlike `await end`, this leaves the future alone when the task is cancelled.
            await asyncio.wait([end], timeout=_WAKE_AGAIN_S if cancelled and wake is not None else None)
        except asyncio.CancelledError:
            cancelled = True
        if cancelled and wake is not None and not end.done():
            wake()
    failure: Optional[BaseException]
    result: _Result
    result, failure = end.result()
    try:
        if failure is not None and (not cancelled or not isinstance(failure, PoslatchError) or failure.in_doubt):
            raise failure
        if not cancelled:
            return result
        if failure is None and drop is not None:
            drop(result)
        raise asyncio.CancelledError
    finally:
        # What failed holds this frame, and must not be held by it.
        end = failure = None  # type: ignore[assignment]


def _start(
    call: Callable[[], _Result],
    loop: asyncio.AbstractEventLoop,
    end: "asyncio.Future[_End]",
    drop: Optional[Callable[[_Result], object]],
) -> None:
    context = contextvars.copy_context()
    # An exception holds the frames below which it was raised, `body` among them. If that one held the future which is
    # to hold the exception, only the collector would get them. So it takes the future out of here, and lets go of it.
    ends = [end]

    def tell(settle: Callable[[], None]) -> bool:
        try:
            loop.call_soon_threadsafe(settle)
        except RuntimeError:
            # The loop was closed without waiting for its tasks.
            return False
        return True

    def body() -> None:
        future = ends.pop()
        try:
            result = context.run(call)
        except BaseException as failure:  # noqa: BLE001 - it comes out where the call is awaited
            tell(functools.partial(future.set_result, (None, failure)))
        else:
            if not tell(functools.partial(future.set_result, (result, None))) and drop is not None:
                drop(result)
        del future

    # A daemon, so that a loop that was left in a hurry does not hold up the end of the program. At that end the
    # connection is closed and the call waited for.
    threading.Thread(target=body, name="poslatch-call", daemon=True).start()


class Clock:
    """A time that runs out."""

    def __init__(self, seconds: float) -> None:
        """Begins now."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then; 0 afterwards."""
        return max(0.0, self._end - time.monotonic())

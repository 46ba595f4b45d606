"""An open connection to one device, and the story of an exchange."""

import asyncio
import contextlib
import ctypes
import inspect
import threading
from collections import deque
from typing import Any, Callable, Deque, Optional, Tuple

from poslatch import _tasks
from poslatch._arguments import milliseconds, text
from poslatch._handle import Handle
from poslatch._loader import native
from poslatch._native import OnStatus, Outputs, words
from poslatch._owner import Owner
from poslatch.constants import (
    SILENCE_DEFAULT_MS,
    ConnectionState,
    MessageKind,
    RecoveryOutcome,
    RequestState,
    Status,
)
from poslatch.errors import NetworkError, PoslatchError, UsageError
from poslatch.message import Message, Recovery, Request, encode

StatusCallback = Callable[[Message], object]

# A cancelled `receive_async` returns this much later at the most: native receive cannot be woken without closing.
_RECEIVE_STEP_S = 0.25


class Connection(Owner):
    """An open connection. Any number of threads may use it; one exchange at a time.

    Comes from :meth:`Device.open_mtls`. A till keeps one for as long as it runs: it pings, notices a device that
    is gone, and connects again before the next request by itself. Close it, or use it with ``with``; one that is
    forgotten is closed by the garbage collector, with a ResourceWarning.

    :meth:`close` may be called while other threads are in calls: they return, and the connection is freed when the
    last one has left.
    """

    def __init__(self, pointer: int) -> None:
        """Takes over a native connection. Not for programs."""
        library = native()
        self._unclaimed: Optional[str] = None
        # Messages that were received when nobody was there to take them: text and kind.
        self._returned: Deque[Tuple[str, int]] = deque()
        handle = Handle("connection", pointer, library.poslatch_connection_free, library.poslatch_connection_close)
        self._own(handle, warn=True)
        # Constants of a connection, so they outlive its end.
        self._server_name = words(library.poslatch_connection_server_name(pointer))
        self._tls_version = words(library.poslatch_connection_tls_version(pointer))

    def exchange(
        self,
        request: Request,
        *,
        silence: Optional[float] = None,
        on_status: Optional[StatusCallback] = None,
    ) -> Message:
        """Sends one request and waits for its final reply: the message of the matching type, or an ErrorResponse.

        Store the request's merchantReferenceCode before you call. If the error is :attr:`~PoslatchError.in_doubt`,
        the payment may have gone through: do not repeat it, but ask with :meth:`recover`. Nothing is ever sent
        twice by itself. What the device or the network has dropped since the last exchange is opened again first.

        Another thread may meanwhile :meth:`send` a CancelRequest, or :meth:`close`. Ctrl-C is seen when the call
        returns; a reply that came by then waits in :meth:`take_unclaimed_reply`.

        Args:
            request: A mapping with a string "type", or the JSON text itself. Amounts are strings, or ``Decimal``,
                which is written as a string; a float is refused.
            silence: Seconds that the device may say nothing at all; each message starts them anew. Default: 180.
            on_status: Called for each message that does not end the exchange, on this thread. It may ``send`` and
                ``close``. If it raises, it is not called again; the exchange goes on to its end, since a payment
                is not abandoned by an accident, and then that very exception comes out. (A PoslatchError, of a call
                of the callback's own, comes out as the ``__cause__`` of a RuntimeError: its request state does not
                speak of this request.) The connection stays usable, and the reply waits in
                :meth:`take_unclaimed_reply`. If the exchange itself fails, that is
                what is raised, with the callback's exception as its ``__context__``. Over https there are no
                status messages.

        Returns:
            The device's reply; an ErrorResponse is one too. Whether the payment was approved stands in
            ``reply["processingDetails"]["status"]``, never in the message texts.

        Raises:
            UsageError: The request will not do, the connection is busy (``BUSY``) or closed (``CLOSED``); nothing
                was sent.
            PoslatchError: Of any category. Its ``request_state`` says whether anything was sent.
        """
        return self._exchange(request, silence, None if on_status is None else _Told(on_status))

    def _exchange(self, request: Request, silence: Optional[float], told: "Optional[_Told]") -> Message:
        content = encode(request)
        silence_ms = milliseconds("silence", silence, RequestState.NOT_SENT)
        library = native()
        reply: Optional[str] = None
        thrown: Optional[BaseException] = None
        failure: Optional[PoslatchError] = None
        try:
            with self._handle as connection, Outputs(library) as out:
                self._unclaimed = None
                callback = OnStatus() if told is None else OnStatus(told)
                try:
                    status = library.poslatch_connection_exchange(
                        connection, content, len(content), silence_ms, callback, None, out.result, out.error
                    )
                finally:
                    # Also when Ctrl-C came during the call: it is raised here.
                    reply = out.text()
                failure = out.failure(status)
            if told is not None:
                thrown, told.thrown = told.thrown, None
            if failure is not None:
                try:
                    raise failure
                finally:
                    # That it is in doubt matters more than what the callback stumbled over, which goes along. Not
                    # before it is raised: within an `except` of the caller, Python would put that one there.
                    if thrown is not None:
                        failure.__context__ = thrown
            if isinstance(thrown, PoslatchError):
                raise _own(thrown) from thrown
            if thrown is not None:
                raise thrown
            message = Message(reply or "")
            reply = None
            return message
        finally:
            if reply is not None:
                self._unclaimed = reply
            # The exceptions hold this frame, and it holds them: without this, only the collector would get them.
            told = thrown = failure = None

    def take_unclaimed_reply(self) -> Optional[Message]:
        """The reply of the last exchange if an exception kept it from being returned; once, then None.

        That is the exception of a status callback, Ctrl-C, or the cancellation of a task. Of a :meth:`recover` that
        had found the end it is the reply too: the request stands in no journal any more. Gone when the next exchange
        starts.
        """
        reply, self._unclaimed = self._unclaimed, None
        return None if reply is None else Message(reply)

    def send(self, message: Request) -> None:
        """Sends one message and does not wait for an answer. Needs wss.

        A CancelRequest while an exchange runs, or any message for a till that takes the answers with
        :meth:`receive`. A CancelRequest blocks only as long as the device does not take the bytes, at most 10 s;
        any other message may connect again first, like an exchange. From any thread.

        Args:
            message: As the request of :meth:`exchange`.

        Raises:
            UsageError: An exchange runs and the message is no CancelRequest (``BUSY``); the connection is https.
            PoslatchError: As for :meth:`exchange`.
        """
        content = encode(message)
        library = native()
        with self._handle as connection, Outputs(library) as out:
            out.check(library.poslatch_connection_send(connection, content, len(content), out.error))

    def receive(self, timeout: Optional[float] = None) -> Message:
        """Waits for a message that belongs to no exchange. Needs wss.

        At most 64 of them are kept; then the oldest goes. A time-out loses nothing: call again. From any thread.

        Args:
            timeout: Seconds to wait; 0 takes what is there. Default: 180.

        Returns:
            The message; its ``kind`` says what it is.

        Raises:
            NetworkError: None came (``RESPONSE_TIMEOUT``), or the connection is lost (``PEER_CLOSED``,
                ``PEER_SILENT``, ...) until an exchange has connected again.
            UsageError: The connection was closed, or is https.
        """
        timeout_ms = 1 if timeout == 0 else milliseconds("timeout", timeout)
        library = native()
        kind = ctypes.c_int32()
        with self._handle as connection, Outputs(library) as out:
            # Tried and not asked for, since another thread may be faster.
            with contextlib.suppress(IndexError):
                kept, known = self._returned.popleft()
                return Message(kept, MessageKind(known))
            received: Optional[str] = None
            try:
                try:
                    status = library.poslatch_connection_receive(
                        connection, timeout_ms, ctypes.byref(kind), out.result, out.error
                    )
                finally:
                    received = out.text()
                out.check(status)
                message = Message(received or "", MessageKind(kind.value))
                received = None
                return message
            finally:
                # An exception came in between, Ctrl-C most likely: the next call gets it.
                if received is not None:
                    self._returned.append((received, kind.value))

    def recover(self, reference: str, *, patience: Optional[float] = None) -> Recovery:
        """Finds out how a request has ended whose reply was lost, by its merchantReferenceCode.

        Asks the device again and again (TransactionLookupRequest), connecting anew where need be, until it tells
        an end or the patience is over; a look-up that has begun gets 2 s more. Sends nothing but look-ups. It is
        an exchange: no other can run meanwhile; :meth:`close` ends it.

        A device that knows nothing of a request shortly after the loss may still be at work on it, so "not found" is
        believed only when it still stands after `patience`.

        Args:
            reference: The request's merchantReferenceCode.
            patience: Seconds to ask. Default: 60.

        Raises:
            PoslatchError: The device did not answer. The request looked for is then still in doubt.
        """
        library = native()
        outcome = ctypes.c_int32()
        name = text("reference", reference)
        patience_ms = milliseconds("patience", patience)
        reply: Optional[str] = None
        with self._handle as connection, Outputs(library) as out:
            try:
                try:
                    status = library.poslatch_connection_recover(
                        connection, name, patience_ms, ctypes.byref(outcome), out.result, out.error
                    )
                finally:
                    reply = out.text()
                out.check(status)
                recovery = Recovery(RecoveryOutcome(outcome.value), Message(reply or "{}"))
                reply = None
                return recovery
            finally:
                # An exception came in between, Ctrl-C most likely. The journal has forgotten the request.
                if reply is not None and outcome.value == RecoveryOutcome.FINAL:
                    self._unclaimed = reply

    async def exchange_async(
        self,
        request: Request,
        *,
        silence: Optional[float] = None,
        on_status: Optional[StatusCallback] = None,
    ) -> Message:
        """As :meth:`exchange`, on a thread of its own, for asyncio. `on_status` is called in the event loop.

        A task that is cancelled (``asyncio.wait_for`` does it too) closes the connection, and waits for the
        exchange to end. Then, if the request had been sent and its reply did not come, the PoslatchError *in
        doubt* is raised and not ``CancelledError``: it must not get lost. If the reply came after all,
        ``CancelledError`` is raised, and the reply waits in :meth:`take_unclaimed_reply`. If nothing had been
        sent, it is ``CancelledError`` alone.

        To end a payment in good order, :meth:`send_async` a CancelRequest, and go on waiting.
        """
        told = _ToldInLoop(on_status, asyncio.get_running_loop()) if on_status is not None else None
        try:
            try:
                reply: Message = await _tasks.run(
                    lambda: self._exchange(request, silence, told), wake=self.close, drop=self._keep
                )
            except (PoslatchError, asyncio.CancelledError) as failure:
                if told is not None and told.thrown is not None:
                    failure.__context__ = told.thrown
                raise
            if told is not None and told.thrown is not None:
                self._keep(reply)
                if isinstance(told.thrown, PoslatchError):
                    raise _own(told.thrown) from told.thrown
                raise told.thrown
            return reply
        finally:
            # What was thrown holds this frame.
            told = None

    def _keep(self, reply: Message) -> None:
        self._unclaimed = reply.json

    async def send_async(self, message: Request) -> None:
        """As :meth:`send`, on a thread of its own, for asyncio.

        A task that is cancelled waits for its end. ``CancelledError`` then says nothing about the message: it may have
        been sent.
        """
        await _tasks.run(lambda: self.send(message))

    async def receive_async(self, timeout: Optional[float] = None) -> Message:
        """As :meth:`receive`, on a thread of its own, for asyncio.

        A task that is cancelled leaves the connection open, and loses no message.
        """
        if timeout != 0:
            milliseconds("timeout", timeout)
        stop = threading.Event()
        whole = SILENCE_DEFAULT_MS / 1000 if timeout is None else timeout
        return await _tasks.run(lambda: self._receive_in_steps(whole, stop), wake=stop.set, drop=self._give_back)

    def _give_back(self, message: Message) -> None:
        self._returned.append((message.json, int(message.kind or 0)))

    def _receive_in_steps(self, timeout: float, stop: threading.Event) -> Message:
        clock = _tasks.Clock(timeout)
        while True:
            try:
                return self.receive(min(_RECEIVE_STEP_S, clock.left()))
            except NetworkError as failure:
                if failure.status != Status.RESPONSE_TIMEOUT or stop.is_set() or clock.left() <= 0:
                    raise

    async def recover_async(self, reference: str, *, patience: Optional[float] = None) -> Recovery:
        """As :meth:`recover`, on a thread of its own, for asyncio.

        A task that is cancelled closes the connection. What is raised then is the PoslatchError that says that the
        request looked for is still in doubt; or, if the end had just been found, ``CancelledError``, and the reply
        waits in :meth:`take_unclaimed_reply`.
        """

        def keep(recovery: Recovery) -> None:
            if recovery.is_final:
                self._keep(recovery.reply)

        return await _tasks.run(lambda: self.recover(reference, patience=patience), wake=self.close, drop=keep)

    @property
    def state(self) -> ConnectionState:
        """What is known about the connection, without asking the device. ``CLOSED`` after :meth:`close`."""
        try:
            with self._handle as connection:
                return ConnectionState(native().poslatch_connection_state(connection))
        except UsageError:
            # Closed: before, or by another thread just now.
            return ConnectionState.CLOSED

    @property
    def server_name(self) -> str:
        """The verified name of the device, in lower case; empty if its certificate holds none."""
        return self._server_name

    @property
    def tls_version(self) -> str:
        """``"TLSv1.3"`` or ``"TLSv1.2"``."""
        return self._tls_version

    def __repr__(self) -> str:
        """With whom, and how it stands."""
        return f"<Connection to {self._server_name!r}, {self.state.name.lower()}>"


class _Told:
    """The status callback as C calls it: nothing that it raises may go through the frames of C."""

    def __init__(self, on_status: StatusCallback) -> None:
        if inspect.iscoroutinefunction(on_status):
            raise TypeError("on_status must be a plain function: nobody would await a coroutine")
        self._on_status = on_status
        self.thrown: Optional[BaseException] = None
        # Apart from what was thrown, which is taken out before the last message has got its turn in the event loop.
        self._over = False

    def __call__(self, _user: Any, json: int, size: int) -> None:
        try:
            if not self._over:
                self.tell(Message(ctypes.string_at(json, size).decode("utf-8")))
        except BaseException as thrown:  # noqa: BLE001 - Ctrl-C too comes out of the exchange, not into C
            self._over = True
            self.thrown = thrown

    def tell(self, message: Message) -> None:
        """Hands one message over."""
        self._on_status(message)


class _ToldInLoop(_Told):
    """The same for asyncio: the callback runs in the event loop, and the exchange does not wait for it."""

    def __init__(self, on_status: StatusCallback, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(on_status)
        self._loop = loop

    def tell(self, message: Message) -> None:
        self._loop.call_soon_threadsafe(self._in_loop, message)

    def _in_loop(self, message: Message) -> None:
        try:
            if not self._over:
                self._on_status(message)
        except BaseException as thrown:
            self._over = True
            self.thrown = thrown
            if not isinstance(thrown, Exception):
                raise


def _own(failure: PoslatchError) -> RuntimeError:
    """What comes out in place of a failed call of the status callback's own.

    By itself it would look like the failure of the exchange, and its "not sent" like that of a payment that was made.
    """
    return RuntimeError(
        "the status callback has failed, not the exchange: take_unclaimed_reply() has its reply. "
        f"The callback's own call: {failure}"
    )

"""The twins for asyncio: on threads of their own, and cancelled without losing what is in doubt."""

import asyncio
import contextlib
import gc
import sys
import threading
import time
from pathlib import Path
from typing import Any, Awaitable, Callable, List

import pytest

import poslatch
from helpers import CANCEL, payment, status_of
from poslatch import ConnectionState, Status
from poslatch.connection import _ToldInLoop
from simulator import PATIENCE_S, Simulator


class TornReceiptError(Exception):
    """What a till's callback stumbles over."""


async def in_thread(call: Callable[[], Any]) -> None:
    """Waits for something that only blocks."""
    await asyncio.get_running_loop().run_in_executor(None, call)


async def cancelled_once(task: "asyncio.Task[Any]", ready: Awaitable[None]) -> None:
    """Cancels a task when something has happened, and waits for its end."""
    await ready
    task.cancel()
    await asyncio.wait_for(asyncio.wait([task]), PATIENCE_S)


def wait_for_calls() -> None:
    """Blocks, and with it the event loop, until every call has ended: what came of it waits for the loop."""
    for thread in threading.enumerate():
        if thread.name == "poslatch-call":
            thread.join(PATIENCE_S)


def test_payment_with_status_messages_in_the_event_loop(simulator: Simulator, identity: poslatch.Identity) -> None:
    statuses: List[str] = []
    threads: List[threading.Thread] = []

    def on_status(message: poslatch.Message) -> None:
        statuses.append(message.type)
        threads.append(threading.current_thread())

    async def pay() -> poslatch.Message:
        with simulator.device() as device, await device.open_mtls_async(identity) as connection:
            return await connection.exchange_async(payment(), on_status=on_status)

    assert status_of(asyncio.run(pay())) == "APPROVED"
    assert statuses == ["TransactionStatusResponse"] * 2
    assert set(threads) == {threading.main_thread()}


def test_pairing_and_everything_else_has_a_twin(tmp_path: Path) -> None:
    async def story(simulator: Simulator) -> None:
        with simulator.device() as device, await device.pair_async("1001", simulator.setup_code()) as identity:
            with await device.open_mtls_async(identity) as connection:
                request = payment()
                await connection.send_async(request)
                while (await connection.receive_async(30)).kind != poslatch.MessageKind.REPLY:
                    pass
                recovery = await connection.recover_async(request["merchantReferenceCode"])
                assert recovery.is_final
            with await device.open_tls_async() as plain:
                assert plain.server_name == simulator.device_name

    with Simulator(str(tmp_path)) as simulator:
        asyncio.run(story(simulator))


def test_loop_goes_on_while_a_payment_waits(held: poslatch.Connection) -> None:
    async def pay() -> poslatch.Message:
        shown = asyncio.Event()
        task = asyncio.ensure_future(held.exchange_async(payment(), on_status=lambda _: shown.set()))
        await asyncio.wait_for(shown.wait(), PATIENCE_S)
        await held.send_async(CANCEL)
        return await task

    assert status_of(asyncio.run(pay())) == "ABORTED"


def test_cancelled_payment_is_in_doubt(holding: Simulator, held: poslatch.Connection) -> None:
    async def pay() -> None:
        task = asyncio.ensure_future(held.exchange_async(payment()))
        await cancelled_once(task, in_thread(holding.wait_for_request))
        await task

    with pytest.raises(poslatch.CallCancelledError) as raised:
        asyncio.run(pay())
    assert raised.value.in_doubt
    assert held.state == ConnectionState.CLOSED


def test_wait_for_that_runs_out_leaves_the_payment_in_doubt(holding: Simulator, held: poslatch.Connection) -> None:
    """The time-out of asyncio must not hide that the customer may have paid."""

    async def pay() -> None:
        # Long enough for the request to be sent on a busy machine.
        await asyncio.wait_for(held.exchange_async(payment()), 2)

    if sys.version_info < (3, 9):
        # That version drops what a cancelled call raises; the README says how to live with it.
        _raises(asyncio.TimeoutError, pay)
    else:
        with pytest.raises(poslatch.CallCancelledError) as raised:
            asyncio.run(pay())
        assert raised.value.in_doubt
    holding.wait_for_request()


def test_cancelled_twice_is_still_in_doubt(holding: Simulator, held: poslatch.Connection) -> None:
    async def pay() -> None:
        task = asyncio.ensure_future(held.exchange_async(payment()))
        await in_thread(holding.wait_for_request)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await task

    with pytest.raises(poslatch.CallCancelledError) as raised:
        asyncio.run(pay())
    assert raised.value.in_doubt


def test_payment_that_was_cancelled_before_it_began_is_a_plain_cancellation(
    holding: Simulator, held: poslatch.Connection
) -> None:
    async def pay() -> None:
        held.close()
        task = asyncio.ensure_future(held.exchange_async(payment()))
        await asyncio.sleep(0)
        task.cancel()
        await task

    # Closed, the connection sends nothing; what comes out is no doubt.
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(pay())
    assert holding.count("PaymentRequest") == 0


def test_reply_that_came_all_the_same_is_kept(connection: poslatch.Connection) -> None:
    """The task is cancelled after the reply has come and before the loop has seen it."""

    async def pay() -> None:
        task = asyncio.ensure_future(connection.exchange_async(payment()))
        await asyncio.sleep(0)
        # As in a till that draws its screen.
        wait_for_calls()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(pay())
    kept = connection.take_unclaimed_reply()
    assert kept is not None
    assert status_of(kept) == "APPROVED"


def test_exception_of_the_callback_comes_out_and_the_reply_is_kept(connection: poslatch.Connection) -> None:
    stumble = TornReceiptError("no paper")
    calls: List[poslatch.Message] = []

    def on_status(message: poslatch.Message) -> None:
        calls.append(message)
        raise stumble

    with pytest.raises(TornReceiptError) as raised:
        asyncio.run(connection.exchange_async(payment(), on_status=on_status))
    assert raised.value is stumble
    assert len(calls) == 1
    kept = connection.take_unclaimed_reply()
    assert kept is not None
    assert status_of(kept) == "APPROVED"
    assert status_of(connection.exchange(payment())) == "APPROVED"


def test_callback_that_raised_is_not_called_for_what_still_waits_in_the_loop() -> None:
    """The exchange has ended meanwhile, and taken out what was thrown."""
    calls: List[poslatch.Message] = []

    def on_status(message: poslatch.Message) -> None:
        calls.append(message)
        raise TornReceiptError

    loop = asyncio.new_event_loop()
    told = _ToldInLoop(on_status, loop)
    loop.close()
    told._in_loop(poslatch.Message("{}"))
    assert isinstance(told.thrown, TornReceiptError)
    told.thrown = None
    told._in_loop(poslatch.Message("{}"))
    assert len(calls) == 1


def test_stop_iteration_of_the_callback_does_not_hang_the_payment(held: poslatch.Connection) -> None:
    """No future takes a StopIteration, such as that of a ``next`` too many."""

    def on_status(_: poslatch.Message) -> None:
        held.send(CANCEL)
        next(iter(()))

    # By hand: `asyncio.run` would wait for a payment that hangs.
    loop = asyncio.new_event_loop()
    task = loop.create_task(held.exchange_async(payment(), on_status=on_status))
    loop.run_until_complete(asyncio.wait([task], timeout=PATIENCE_S))
    loop.close()
    assert task.done()
    # Out of a coroutine, Python makes of it what it makes of every StopIteration there.
    failure = task.exception()
    assert isinstance(failure, RuntimeError)
    assert isinstance(failure.__cause__, StopIteration)
    kept = held.take_unclaimed_reply()
    assert kept is not None
    assert status_of(kept) == "ABORTED"


def test_doubt_matters_more_than_what_the_callback_stumbled_over(held: poslatch.Connection) -> None:
    stumble = TornReceiptError("no paper")

    def on_status(_: poslatch.Message) -> None:
        held.close()
        raise stumble

    with pytest.raises(poslatch.CallCancelledError) as raised:
        asyncio.run(held.exchange_async(payment(), on_status=on_status))
    assert raised.value.in_doubt
    assert raised.value.__context__ is stumble


@pytest.mark.parametrize("what", ["pair", "open_mtls", "open_tls"])
def test_cancelled_opening_ends_at_once(stalling: Simulator, identity: poslatch.Identity, what: str) -> None:
    async def open_and_cancel() -> None:
        with stalling.device(connect_timeout=PATIENCE_S) as device:
            calls = {
                "pair": lambda: device.pair_async("1001", "AAAAAAAA"),
                "open_mtls": lambda: device.open_mtls_async(identity),
                "open_tls": device.open_tls_async,
            }
            call: Callable[[], Awaitable[Any]] = calls[what]
            await asyncio.wait_for(call(), 0.2)

    loop_time = _seconds(lambda: _raises(asyncio.TimeoutError, open_and_cancel))
    assert loop_time < PATIENCE_S / 2


def test_pairing_that_was_cancelled_after_the_code_was_sent_says_so(tmp_path: Path) -> None:
    async def pair(simulator: Simulator) -> None:
        with simulator.device() as device:
            task = asyncio.ensure_future(device.pair_async("1001", simulator.setup_code()))
            await cancelled_once(task, in_thread(lambda: simulator.wait(lambda event: event["event"] == "paired")))
            await task

    with Simulator(str(tmp_path), "pairing_reply=never") as simulator:
        with pytest.raises(poslatch.CallCancelledError, match="the setup code was sent") as raised:
            asyncio.run(pair(simulator))
    assert raised.value.in_doubt


def test_cancelled_receive_leaves_the_connection_open_and_loses_nothing(connection: poslatch.Connection) -> None:
    async def receive() -> List[poslatch.Message]:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(connection.receive_async(), 0.1)
        connection.send(payment())
        received = [await connection.receive_async(30) for _ in range(3)]
        with pytest.raises(poslatch.NetworkError) as nothing:
            await connection.receive_async(0.3)
        assert nothing.value.status == Status.RESPONSE_TIMEOUT
        return received

    received = asyncio.run(receive())
    assert [message.type for message in received][-1] == "PaymentResponse"
    assert connection.state == ConnectionState.OPEN
    assert status_of(connection.exchange(payment())) == "APPROVED"


def test_message_that_a_cancelled_receive_had_got_is_for_the_next_one(connection: poslatch.Connection) -> None:
    async def receive() -> poslatch.Message:
        task = asyncio.ensure_future(connection.receive_async(30))
        await asyncio.sleep(0)
        connection.send({"type": "TransactionLookupRequest", "idType": "TRANSACTION_ID", "id": "0" * 32})
        wait_for_calls()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return connection.receive(30)

    assert asyncio.run(receive()).kind == poslatch.MessageKind.REPLY


def test_end_that_a_cancelled_recovery_had_found_is_kept(connection: poslatch.Connection) -> None:
    """The journal has struck the request out by then."""

    async def recover(reference: str) -> None:
        task = asyncio.ensure_future(connection.recover_async(reference))
        await asyncio.sleep(0)
        wait_for_calls()
        task.cancel()
        await task

    request = payment()
    connection.exchange(request)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(recover(request["merchantReferenceCode"]))
    kept = connection.take_unclaimed_reply()
    assert kept is not None
    assert status_of(kept) == "APPROVED"


def test_cancelled_recovery_says_that_the_request_is_in_doubt(tmp_path: Path) -> None:
    async def recover(connection: poslatch.Connection, simulator: Simulator) -> None:
        task = asyncio.ensure_future(connection.recover_async("lost", patience=PATIENCE_S))
        await cancelled_once(task, in_thread(lambda: simulator.wait_for_request("TransactionLookupRequest")))
        await task

    with Simulator(str(tmp_path), "exchange=no_reply") as simulator, simulator.pair() as identity:
        with simulator.device() as device, device.open_mtls(identity) as connection:
            with pytest.raises(poslatch.PoslatchError) as raised:
                asyncio.run(recover(connection, simulator))
    assert raised.value.in_doubt


if sys.version_info >= (3, 11):

    def test_timeout_block_lets_the_doubt_through(held: poslatch.Connection) -> None:
        async def pay() -> None:
            async with asyncio.timeout(None) as limit:
                await held.exchange_async(payment(), on_status=lambda _: limit.reschedule(0))

        with pytest.raises(poslatch.CallCancelledError) as raised:
            asyncio.run(pay())
        assert raised.value.in_doubt


def test_hundred_receives_at_once_need_no_executor(connection: poslatch.Connection) -> None:
    """The default executor has few threads; a till with many devices would wait for them."""

    async def receive() -> None:
        tasks = [asyncio.ensure_future(connection.receive_async(1)) for _ in range(100)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [getattr(result, "status", result) for result in results] == [Status.RESPONSE_TIMEOUT] * 100

    assert _seconds(lambda: asyncio.run(receive())) < PATIENCE_S / 2


def test_reply_for_a_loop_that_was_closed_is_kept(connection: poslatch.Connection) -> None:
    """A program that drives its loop by hand, and closes it without a look at its tasks."""
    loop = asyncio.new_event_loop()
    pay = connection.exchange_async(payment())
    task = loop.create_task(pay)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    wait_for_calls()
    # Python would complain of a task that was never finished.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    del task
    kept = connection.take_unclaimed_reply()
    assert kept is not None
    assert status_of(kept) == "APPROVED"
    pay.close()


def test_coroutine_function_is_no_callback(connection: poslatch.Connection) -> None:
    async def on_status(message: poslatch.Message) -> None:
        raise AssertionError(message)

    with pytest.raises(TypeError, match="plain function"):
        connection.exchange(payment(), on_status=on_status)
    with pytest.raises(TypeError, match="plain function"):
        asyncio.run(connection.exchange_async(payment(), on_status=on_status))


def test_failed_call_leaves_no_garbage_that_keeps_the_connection(connection: poslatch.Connection) -> None:
    """Exceptions hold the frames that they came through; what those hold must not wait for the collector."""

    def stumble(_: poslatch.Message) -> None:
        raise TornReceiptError

    async def fail() -> int:
        async_calls: List[Callable[[], Awaitable[Any]]] = [
            lambda: connection.receive_async(0.001),
            lambda: connection.exchange_async("[]"),
            lambda: connection.exchange_async(payment(), on_status=stumble),
        ]
        calls: List[Callable[[], Any]] = [
            lambda: connection.receive(0),
            lambda: connection.exchange("[]"),
            lambda: connection.exchange(payment(), on_status=stumble),
        ]
        before = sys.getrefcount(connection)
        for _ in range(10):
            for call in calls:
                with contextlib.suppress(poslatch.PoslatchError, TornReceiptError):
                    call()
            for async_call in async_calls:
                with contextlib.suppress(poslatch.PoslatchError, TornReceiptError):
                    await async_call()
        wait_for_calls()
        return sys.getrefcount(connection) - before

    gc.collect()
    gc.disable()
    try:
        # One of sixty may still be on its way out of its frame.
        assert asyncio.run(fail()) < 10
    finally:
        gc.enable()


def test_loop_that_is_left_in_a_hurry_ends_the_payment(holding: Simulator, held: poslatch.Connection) -> None:
    """asyncio.run cancels what still runs, and waits for it."""
    tasks: List[asyncio.Task[Any]] = []

    async def leave() -> None:
        tasks.append(asyncio.ensure_future(held.exchange_async(payment())))
        await in_thread(holding.wait_for_request)

    messages: List[str] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: messages.append(context["message"]))
        await leave()

    asyncio.run(main())
    (task,) = tasks
    failure = task.exception()
    assert isinstance(failure, poslatch.CallCancelledError)
    assert failure.in_doubt
    # Nobody awaited it, so asyncio reports it.
    assert len(messages) == 1


def _raises(expected: Any, story: Callable[[], Any]) -> None:
    with pytest.raises(expected):
        asyncio.run(story())


def _seconds(action: Callable[[], Any]) -> float:
    begin = time.monotonic()
    action()
    return time.monotonic() - begin

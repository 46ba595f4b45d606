"""Payments: what goes in, what comes out, and what is known when it fails."""

import json
import os
import signal
import threading
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

import poslatch
from helpers import CANCEL, Call, interrupted, payment, status_of
from poslatch import ConnectionState, MessageKind, RecoveryOutcome, RequestState, Status
from simulator import Simulator


class TornReceiptError(Exception):
    """What a till's callback stumbles over."""


def test_mapping_goes_in_and_mapping_comes_out(connection: poslatch.Connection) -> None:
    request = payment("12.50")
    statuses: List[poslatch.Message] = []
    reply = connection.exchange(request, on_status=statuses.append)
    assert reply.type == "PaymentResponse"
    assert status_of(reply) == "APPROVED"
    assert reply["transactionDetails"]["merchantReferenceCode"] == request["merchantReferenceCode"]
    # The amount is the text that was sent, with its zero.
    assert reply["transactionDetails"]["amountDetails"]["amount"] == "12.50"
    assert [status.type for status in statuses] == ["TransactionStatusResponse"] * 2
    assert isinstance(reply, dict)
    assert json.loads(reply.json)["type"] == "PaymentResponse"
    assert connection.take_unclaimed_reply() is None


def shown(event: Dict[str, Any]) -> Tuple[str, str]:
    """Which payment is on the device's screen, and what it asks for."""
    return event["display"]["reference"], event["display"]["step"]


def test_customer_of_a_scenario_enters_a_pin_or_thinks_better_of_it(
    tmp_path: Path, simulator: Simulator, identity: poslatch.Identity
) -> None:
    scenario = """
        [[payment]]
        reference = "held-*"
        hold = true

        [[payment]]
        above = "50.00"
        effect = "pin"
    """
    with Simulator(str(tmp_path), state=simulator.state, scenario=scenario) as shop:
        with shop.device() as device, device.open_mtls(identity) as connection:
            statuses: List[poslatch.Message] = []
            reply = connection.exchange(payment("50.01"), on_status=statuses.append)
            assert reply["processingDetails"]["verificationMethod"] == "PIN"
            assert [status["message"] for status in statuses] == ["Present card", "Enter PIN", "Processing"]

            held = payment("50.01", reference="held-1")
            paying = Call(partial(connection.exchange, held))
            shop.wait(lambda event: event["event"] == "display" and shown(event) == ("held-1", "card"))
            assert shop.press("display/cancel") == {"cancelled": True}
            assert status_of(paying.result()) == "ABORTED"
            assert shop.press("display/cancel") == {"cancelled": False}
            assert shop.press("display/dismiss") == {}


def test_reply_with_nulls_and_fields_of_tomorrow_is_read(
    tmp_path: Path, simulator: Simulator, identity: poslatch.Identity
) -> None:
    scenario = "[switches]\nnull_for_absent = true\nunknown_fields = true"
    with Simulator(str(tmp_path), state=simulator.state, scenario=scenario) as shop:
        with shop.device() as device, device.open_mtls(identity) as connection:
            reply = connection.exchange(payment())
            assert status_of(reply) == "APPROVED"
            assert reply["tipAdjustStatus"] is None
            assert reply["fieldOfTomorrow"]["values"] == [1, None, "x"]


def test_json_text_goes_in_as_it_is(connection: poslatch.Connection) -> None:
    assert status_of(connection.exchange(json.dumps(payment()))) == "APPROVED"
    assert status_of(connection.exchange(json.dumps(payment()).encode())) == "APPROVED"


def test_decimal_is_written_as_the_string_that_the_device_wants(connection: poslatch.Connection) -> None:
    reply = connection.exchange(payment(Decimal("10.10")))
    assert reply["transactionDetails"]["amountDetails"]["amount"] == "10.10"


@pytest.mark.parametrize("value", [1.1, float("nan"), [0.5], {"deep": (2.0,)}])
def test_float_is_refused_before_anything_is_sent(connection: poslatch.Connection, value: Any) -> None:
    with pytest.raises(poslatch.UsageError, match="float") as refused:
        connection.exchange({**payment(), "amountDetails": value})
    assert refused.value.status == Status.ARGUMENT
    assert refused.value.request_state == RequestState.NOT_SENT


def test_numbers_of_a_reply_keep_every_digit() -> None:
    digits = "0.1234567890123456789012345678901234567890"
    message = poslatch.Message(f'{{"type":"X","fraction":{digits},"whole":{"9" * 30},"endless":{"9" * 5000}}}')
    assert message["fraction"] == Decimal(digits)
    assert message["whole"] == int("9" * 30)
    assert message["endless"] == Decimal("9" * 5000)
    tiny = "1e-9999999999999999999999"
    assert poslatch.Message(f'{{"tiny":{tiny}}}')["tiny"] == tiny
    assert message.kind is None


def test_request_that_is_no_device_message_is_not_sent(connection: poslatch.Connection) -> None:
    for request in ("[]", "{}", b"\xff", {"amount": "1.00"}, '{"type":"a\ud800"}'):
        with pytest.raises(poslatch.UsageError) as refused:
            connection.exchange(request)
        assert refused.value.request_state == RequestState.NOT_SENT
    wrong: List[Any] = [1, None, [payment()], {"type": "PaymentRequest", "when": object()}]
    for request in wrong:
        with pytest.raises(TypeError):
            connection.exchange(request)


def test_ten_megabytes_are_refused(connection: poslatch.Connection) -> None:
    with pytest.raises(poslatch.UsageError) as refused:
        connection.exchange({**payment(), "padding": "x" * 10_000_000})
    assert refused.value.status == Status.REQUEST_TOO_LARGE
    assert status_of(connection.exchange(payment())) == "APPROVED"


@pytest.mark.parametrize("silence", [0, -1, float("nan"), float("inf"), 1e9])
def test_silence_that_makes_no_sense_is_refused(connection: poslatch.Connection, silence: float) -> None:
    with pytest.raises(poslatch.UsageError, match="silence") as refused:
        connection.exchange(payment(), silence=silence)
    assert refused.value.request_state == RequestState.NOT_SENT


def test_exception_of_the_callback_comes_out_and_the_reply_is_kept(connection: poslatch.Connection) -> None:
    calls: List[poslatch.Message] = []
    stumble = TornReceiptError("no paper")

    def on_status(message: poslatch.Message) -> None:
        calls.append(message)
        raise stumble

    request = payment()
    with pytest.raises(TornReceiptError) as raised:
        connection.exchange(request, on_status=on_status)
    assert raised.value is stumble
    assert len(calls) == 1
    kept = connection.take_unclaimed_reply()
    assert kept is not None
    assert kept["transactionDetails"]["merchantReferenceCode"] == request["merchantReferenceCode"]
    assert connection.take_unclaimed_reply() is None
    assert connection.state == ConnectionState.OPEN
    assert status_of(connection.exchange(payment())) == "APPROVED"


def test_reply_that_nobody_took_is_gone_with_the_next_exchange(connection: poslatch.Connection) -> None:
    def on_status(_: poslatch.Message) -> None:
        raise TornReceiptError

    with pytest.raises(TornReceiptError):
        connection.exchange(payment(), on_status=on_status)
    connection.exchange(payment())
    assert connection.take_unclaimed_reply() is None


def test_doubt_matters_more_than_what_the_callback_stumbled_over(held: poslatch.Connection) -> None:
    stumble = TornReceiptError("no paper")

    def on_status(_: poslatch.Message) -> None:
        held.close()
        raise stumble

    with pytest.raises(poslatch.CallCancelledError) as raised:
        held.exchange(payment(), on_status=on_status)
    assert raised.value.in_doubt
    assert raised.value.__context__ is stumble
    assert held.take_unclaimed_reply() is None


def test_what_the_callback_stumbled_over_goes_along_also_when_the_caller_is_handling_something(
    held: poslatch.Connection,
) -> None:
    stumble = TornReceiptError("no paper")

    def on_status(_: poslatch.Message) -> None:
        held.close()
        raise stumble

    try:
        int("no number")
    except ValueError:
        with pytest.raises(poslatch.CallCancelledError) as raised:
            held.exchange(payment(), on_status=on_status)
    assert raised.value.__context__ is stumble


def test_callback_may_close_the_connection(held: poslatch.Connection) -> None:
    with pytest.raises(poslatch.CallCancelledError) as raised:
        held.exchange(payment(), on_status=lambda _: held.close())
    assert raised.value.in_doubt
    assert held.state == ConnectionState.CLOSED


def test_callback_may_cancel_the_payment(held: poslatch.Connection) -> None:
    reply = held.exchange(payment(), on_status=lambda _: held.send(CANCEL))
    assert status_of(reply) == "ABORTED"


def test_callback_may_not_begin_another_exchange(held: poslatch.Connection) -> None:
    found: List[poslatch.PoslatchError] = []

    def on_status(_: poslatch.Message) -> None:
        try:
            held.exchange(payment())
        except poslatch.PoslatchError as error:
            found.append(error)
        held.send(CANCEL)

    assert status_of(held.exchange(payment(), on_status=on_status)) == "ABORTED"
    assert [(error.status, error.request_state) for error in found] == [(Status.BUSY, RequestState.NOT_SENT)]


def test_callback_on_another_connection_may_fail_inside_another_exchange(
    simulator: Simulator, identity: poslatch.Identity, held: poslatch.Connection
) -> None:
    """An exchange within the callback of another one: each keeps its own failure."""

    def on_status(_: poslatch.Message) -> None:
        with simulator.device() as device, device.open_mtls(identity) as inner:
            assert status_of(inner.exchange(payment(), on_status=lambda _: None)) == "APPROVED"
            with pytest.raises(poslatch.UsageError):
                inner.exchange("[]")
        held.close()
        raise TornReceiptError("after the inner payment")

    call = Call(lambda: held.exchange(payment(), on_status=on_status))
    with pytest.raises(poslatch.CallCancelledError) as raised:
        call.result()
    assert raised.value.in_doubt
    assert isinstance(raised.value.__context__, TornReceiptError)


def test_close_from_another_thread_leaves_the_payment_in_doubt(holding: Simulator, held: poslatch.Connection) -> None:
    started = threading.Event()
    call = Call(lambda: held.exchange(payment(), on_status=lambda _: started.set()))
    assert started.wait(60)
    held.close()
    with pytest.raises(poslatch.CallCancelledError) as raised:
        call.result()
    assert raised.value.in_doubt
    assert "recover" in raised.value.advice or "Look it up" in raised.value.advice


def test_second_exchange_is_refused_while_one_runs(held: poslatch.Connection) -> None:
    started = threading.Event()
    call = Call(lambda: held.exchange(payment(), on_status=lambda _: started.set()))
    assert started.wait(60)
    with pytest.raises(poslatch.UsageError) as refused:
        held.exchange(payment())
    assert refused.value.status == Status.BUSY
    held.send(CANCEL)
    assert status_of(call.result()) == "ABORTED"


def test_lost_reply_is_recovered_by_its_reference(folder: str) -> None:
    place = os.path.join(folder, "no-reply")
    os.mkdir(place)
    journal = os.path.join(folder, "journal")
    with Simulator(place, "exchange=no_reply") as simulator, simulator.pair() as identity:
        with simulator.device(journal=journal) as device, device.open_mtls(identity) as connection:
            request = payment()
            reference = request["merchantReferenceCode"]
            with pytest.raises(poslatch.NetworkError) as raised:
                connection.exchange(request, silence=0.3)
            assert raised.value.in_doubt
            pending = device.journal_pending()
            assert [(entry["reference"], entry["type"]) for entry in pending] == [(reference, "PaymentRequest")]
            # A look-up is an exchange too, so this device does not answer it either.
            with pytest.raises(poslatch.PoslatchError) as lost:
                connection.recover(reference, patience=0.2)
            assert lost.value.in_doubt
            device.journal_forget(reference)
            assert device.journal_pending() == []


def test_recovery_tells_how_a_payment_ended(connection: poslatch.Connection) -> None:
    request = payment()
    connection.exchange(request)
    recovery = connection.recover(request["merchantReferenceCode"], patience=5)
    assert recovery.outcome == RecoveryOutcome.FINAL
    assert recovery.is_final
    assert status_of(recovery.reply) == "APPROVED"
    unknown = connection.recover("never-paid", patience=0.1)
    assert unknown.outcome == RecoveryOutcome.UNKNOWN
    assert not unknown.is_final


def test_reply_of_a_sent_message_is_received(connection: poslatch.Connection) -> None:
    connection.send(payment())
    kinds: List[MessageKind] = []
    while MessageKind.REPLY not in kinds:
        message = connection.receive(30)
        assert message.kind is not None
        kinds.append(message.kind)
    assert kinds == [MessageKind.STATUS, MessageKind.STATUS, MessageKind.REPLY]
    with pytest.raises(poslatch.NetworkError) as nothing:
        connection.receive(0)
    assert nothing.value.status == Status.RESPONSE_TIMEOUT


def test_connection_knows_its_device(simulator: Simulator, connection: poslatch.Connection) -> None:
    assert connection.server_name == simulator.device_name
    assert connection.tls_version == "TLSv1.3"
    assert connection.state == ConnectionState.OPEN
    assert repr(connection) == f"<Connection to '{simulator.device_name}', open>"


def test_payment_over_https_has_no_status_messages(simulator: Simulator, identity: poslatch.Identity) -> None:
    statuses: List[poslatch.Message] = []
    with simulator.device("https") as device, device.open_mtls(identity) as connection:
        reply = connection.exchange(payment("66.66"), on_status=statuses.append)
        assert status_of(reply) == "DECLINED"
        with pytest.raises(poslatch.UsageError):
            connection.send(CANCEL)
    assert statuses == []


def test_eight_threads_with_a_connection_each_share_device_and_identity(
    simulator: Simulator, identity: poslatch.Identity, connection: poslatch.Connection
) -> None:
    # Look-ups, since a device takes one payment at a time.
    references = [str(payment()["merchantReferenceCode"]) for _ in range(8)]
    for reference in references:
        assert status_of(connection.exchange(payment(reference=reference))) == "APPROVED"
    with simulator.device() as device:

        def till(reference: str) -> int:
            request = {"type": "TransactionLookupRequest", "idType": "MERCHANT_REFERENCE_CODE", "id": reference}
            found = 0
            for _ in range(5):
                with device.open_mtls(identity) as own:
                    for _ in range(10):
                        reply = own.exchange(request, on_status=lambda _: None)
                        found += reply["transactionDetails"]["merchantReferenceCode"] == reference
            return found

        calls = [Call(partial(till, reference)) for reference in references]
        assert [call.result() for call in calls] == [50] * 8


def test_eight_threads_on_one_connection_get_a_reply_or_are_told_that_it_is_busy(
    connection: poslatch.Connection,
) -> None:
    def till() -> Dict[str, int]:
        counts = {"paid": 0, "busy": 0, "other": 0}
        while counts["paid"] < 2:
            try:
                connection.exchange(payment())
                counts["paid"] += 1
            except poslatch.UsageError as error:
                counts["busy"] += error.status == Status.BUSY
                counts["other"] += error.status != Status.BUSY
                threading.Event().wait(0.005)
        return counts

    counts = [call.result() for call in [Call(till) for _ in range(8)]]
    assert all((count["paid"], count["other"]) == (2, 0) for count in counts)


def test_ctrl_c_while_the_library_waits_keeps_the_reply(holding: Simulator, held: poslatch.Connection) -> None:
    """Python sees the signal when the call returns; the reply must not fall between the two."""

    def interrupt_then_cancel() -> None:
        holding.wait_for_request()
        os.kill(os.getpid(), signal.SIGINT)
        held.send(CANCEL)

    other = Call(interrupt_then_cancel)
    with pytest.raises(KeyboardInterrupt):
        held.exchange(payment())
    other.result()
    kept = held.take_unclaimed_reply()
    assert kept is not None
    assert status_of(kept) == "ABORTED"


def test_ctrl_c_during_a_recovery_keeps_the_end_that_was_found(
    connection: poslatch.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal has struck the request out by then."""
    request = payment()
    connection.exchange(request)
    interrupted(monkeypatch, "poslatch_connection_recover")
    with pytest.raises(KeyboardInterrupt):
        connection.recover(request["merchantReferenceCode"])
    kept = connection.take_unclaimed_reply()
    assert kept is not None
    assert status_of(kept) == "APPROVED"


def test_ctrl_c_in_a_callback_keeps_the_reply(connection: poslatch.Connection) -> None:
    statuses: List[poslatch.Message] = []

    def on_status(message: poslatch.Message) -> None:
        statuses.append(message)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        connection.exchange(payment(), on_status=on_status)
    assert len(statuses) == 1
    kept = connection.take_unclaimed_reply()
    assert kept is not None
    assert status_of(kept) == "APPROVED"
    assert status_of(connection.exchange(payment())) == "APPROVED"

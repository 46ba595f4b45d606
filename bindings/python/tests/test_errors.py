"""Exceptions: what they carry, and what they say to somebody who did not catch them."""

import copy
import pickle
import traceback

import pytest

import poslatch
from poslatch import Category, RequestState, Status, errors


def test_every_category_has_its_class() -> None:
    classes = {errors.error_class(category) for category in Category}
    assert len(classes) == len(Category)
    assert all(issubclass(kind, poslatch.PoslatchError) for kind in classes)
    assert poslatch.PoslatchError not in classes


def test_text_is_message_and_advice() -> None:
    with pytest.raises(poslatch.UsageError) as raised:
        poslatch.Device("http://192.168.1.20/")
    error = raised.value
    assert error.message in str(error)
    assert error.advice in str(error)
    assert error.advice
    shown = "".join(traceback.format_exception(type(error), error, None))
    assert shown == f"poslatch.errors.UsageError: {error.message}\n{error.advice}\n"
    assert repr(error) == f"<UsageError ARGUMENT (-1): {error.message}>"


def test_numbers_of_a_newer_library_break_nothing() -> None:
    assert errors.error_class(42) is poslatch.PoslatchError
    error = poslatch.PoslatchError("new", status=-7777, category=42, request_state=9)
    assert (error.status, error.category, error.request_state) == (-7777, 42, 9)
    assert error.status.name == "UNKNOWN"
    assert "-7777" in repr(error)
    assert not error.in_doubt
    assert error.status == Status(-7777)
    assert error.status not in list(Status)


def test_number_that_is_none_is_still_refused() -> None:
    with pytest.raises(ValueError, match="many"):
        Status("many")  # type: ignore[arg-type]


def test_error_travels_between_processes() -> None:
    error = poslatch.NetworkError(
        "lost",
        status=Status.PEER_CLOSED,
        category=Category.NETWORK,
        advice="Ask.",
        request_state=RequestState.IN_DOUBT,
        http_status=1,
        os_code=104,
    )
    travelled = pickle.loads(pickle.dumps(error))
    assert type(travelled) is poslatch.NetworkError
    assert vars(travelled) == vars(error)
    assert str(travelled) == str(error)
    assert travelled.in_doubt


def test_message_travels_between_processes() -> None:
    message = poslatch.Message('{"type":"X","n":1.50}', poslatch.MessageKind.OTHER)
    message["changed"] = True
    for travelled in (pickle.loads(pickle.dumps(message)), copy.copy(message), copy.deepcopy(message)):
        assert travelled == message
        assert type(travelled) is poslatch.Message
        assert (travelled.json, travelled.kind, travelled.type) == (message.json, message.kind, "X")


def test_operating_system_and_http_have_their_say() -> None:
    with pytest.raises(poslatch.UsageError) as raised:
        poslatch.Identity.load("/nowhere/till.pem")
    assert raised.value.status == Status.FILE
    assert raised.value.os_code == 2
    assert raised.value.http_status == 0

"""The device's messages: JSON in, JSON out, without losing a digit."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Dict, Mapping, Optional, Union

from poslatch.constants import MessageKind, RecoveryOutcome, RequestState
from poslatch.errors import argument_error

Request = Union[Mapping[str, Any], str, bytes]
"""A message to the device: a mapping, or the JSON text itself."""

# Python refuses to make an int of more digits than this, since 3.11.
_INT_DIGITS_MAX = 4300


class Message(Dict[str, Any]):
    """A message of the device: a dict of what it says, and the text as it came.

    Amounts are strings in the device's protocol ("12.50") and stay strings. A number with a fraction becomes a
    :class:`decimal.Decimal`, never a float, so nothing is rounded.

    Attributes:
        json: The JSON text, exactly as the device sent it.
        kind: What :meth:`poslatch.Connection.receive` says that it is. None for a message of an exchange: there its
            place says it.
    """

    def __init__(self, text: str, kind: Optional[MessageKind] = None) -> None:
        """Reads the JSON text of one object."""
        super().__init__(json.loads(text, parse_float=_fraction, parse_int=_whole))
        self.json = text
        self.kind = kind

    @property
    def type(self) -> str:
        """The member "type", such as ``PaymentResponse``."""
        return str(self.get("type", ""))

    def __reduce__(self) -> Any:
        """Travels between processes, and is copied, with what was changed in it."""
        return _rebuilt, (dict(self), self.json, self.kind)


class Recovery:
    """What the device knows of a request whose reply was lost.

    Attributes:
        outcome: Whether the request has ended, is still running, or is not known.
        reply: The device's last answer. When the outcome is ``FINAL``, how the request ended stands in its
            ``processingDetails.status``.
    """

    __slots__ = ("outcome", "reply")

    def __init__(self, outcome: RecoveryOutcome, reply: Message) -> None:
        """Made by :meth:`poslatch.Connection.recover`."""
        self.outcome = outcome
        self.reply = reply

    @property
    def is_final(self) -> bool:
        """Whether the request has ended."""
        return self.outcome == RecoveryOutcome.FINAL

    def __repr__(self) -> str:
        """The outcome; the reply is for those who ask."""
        return f"<Recovery {self.outcome.name}>"


def encode(request: Request) -> bytes:
    """The request as the JSON text that goes to the device.

    Raises:
        TypeError: It is no mapping or text, or holds something that JSON has not.
        UsageError: It holds a float, or what UTF-8 cannot say.
    """
    if isinstance(request, bytes):
        return request
    if isinstance(request, Mapping):
        _refuse_floats(request, "request")
        request = json.dumps(request, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_other)
    if not isinstance(request, str):
        raise TypeError(f"request must be a mapping, str or bytes, not {type(request).__name__}")
    try:
        return request.encode("utf-8")
    except UnicodeEncodeError:
        fault = "it holds half of a character, which UTF-8 cannot say"
        raise argument_error("request", fault, RequestState.NOT_SENT) from None


def _refuse_floats(value: Any, place: str) -> None:
    """A float cannot hold 0.10; by the time it is noticed, the money is wrong."""
    if isinstance(value, float):
        fault = f'{place} is a float, which cannot hold an amount exactly; write "1.00", or a decimal.Decimal'
        raise argument_error("request", fault, RequestState.NOT_SENT)
    if isinstance(value, Mapping):
        for name, member in value.items():
            _refuse_floats(member, f"{place}[{name!r}]")
    elif isinstance(value, (list, tuple)):
        for index, member in enumerate(value):
            _refuse_floats(member, f"{place}[{index}]")


def _other(value: Any) -> Any:
    """What json does not know: a Decimal as the string that the device's amounts are; a mapping that is no dict."""
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be part of a message")


def _whole(digits: str) -> Any:
    return int(digits) if len(digits) < _INT_DIGITS_MAX else _fraction(digits)


def _fraction(digits: str) -> Any:
    """A Decimal; for an exponent that none can hold, the digits themselves: no reply may be lost over a number."""
    try:
        return Decimal(digits)
    except InvalidOperation:
        return digits


def _rebuilt(members: Dict[str, Any], text: str, kind: Optional[MessageKind]) -> Message:
    message = Message.__new__(Message)
    message.update(members)
    message.json, message.kind = text, kind
    return message

"""What is raised: one base, and one class for each category of failure."""

from typing import Any, Dict, Tuple, Type

from poslatch.constants import Category, RequestState, Status


class PoslatchError(Exception):
    """A call of the library failed.

    Catch the class of a category (:class:`NetworkError`, :class:`TrustError`, ...), show `message` and
    `advice`, log `status.name`. Ask :attr:`in_doubt` after a failed exchange. Holds no secret.

    The text of the exception is message and advice, so that one which nobody catches still says what to do.

    Attributes:
        status: What failed. A status that this package does not know yet is named ``UNKNOWN``; its number is
            there all the same.
        category: What to branch on.
        message: What happened, with the facts: a lower-case fragment without full stop.
        advice: What to do now, in whole sentences for the person at the till.
        request_state: What is known about the request that the call carried.
        http_status: The HTTP status that the device answered with, where that is what failed; else 0.
        os_code: The operating system's error number, where there is one; else 0.
    """

    def __init__(  # noqa: PLR0913 - named, not placed
        self,
        message: str,
        *,
        status: int = Status.INTERNAL,
        category: int = Category.INTERNAL,
        advice: str = "",
        request_state: int = RequestState.NONE,
        http_status: int = 0,
        os_code: int = 0,
    ) -> None:
        """Made by the package; public so that a test can raise one."""
        super().__init__(message)
        self.message = message
        self.status = Status(status)
        self.category = Category(category)
        self.advice = advice
        self.request_state = RequestState(request_state)
        self.http_status = http_status
        self.os_code = os_code

    @property
    def in_doubt(self) -> bool:
        """Whether the request may have reached the device.

        Then it must never be repeated: ask with :meth:`poslatch.Connection.recover`.
        """
        return self.request_state == RequestState.IN_DOUBT

    def __str__(self) -> str:
        """Message and advice, each on a line."""
        return f"{self.message}\n{self.advice}" if self.advice else self.message

    def __repr__(self) -> str:
        """The facts that a log wants."""
        return f"<{type(self).__name__} {self.status.name} ({int(self.status)}): {self.message}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        """Travels between processes with all its facts."""
        facts = {
            "status": int(self.status),
            "category": int(self.category),
            "advice": self.advice,
            "request_state": int(self.request_state),
            "http_status": self.http_status,
            "os_code": self.os_code,
        }
        return _rebuilt, (type(self), self.message, facts)


class UsageError(PoslatchError):
    """The call or its input is at fault. Mend the program or the setting."""


class NetworkError(PoslatchError):
    """The network or the device's power is at fault. May pass by itself."""


class TrustError(PoslatchError):
    """Who is who is in question. Do not retry; fetch a person."""


class DeviceError(PoslatchError):
    """The device said no, or said something that cannot be used."""


class CallCancelledError(PoslatchError):
    """Another thread interrupted the call or closed the connection.

    Not the ``CancelledError`` of asyncio: that one is raised by the ``_async`` methods when a task is
    cancelled and nothing is in doubt.
    """


class InternalError(PoslatchError):
    """A fault of the library itself. Report it to its makers."""


class LibraryLoadError(UsageError):
    """The native library was not found, or what was found cannot be used.

    The message names the process and every place that was searched, with what was wrong there.
    """


_CLASSES: Dict[int, Type[PoslatchError]] = {
    Category.USAGE: UsageError,
    Category.NETWORK: NetworkError,
    Category.TRUST: TrustError,
    Category.DEVICE: DeviceError,
    Category.CANCELLED: CallCancelledError,
    Category.INTERNAL: InternalError,
}


def error_class(category: int) -> Type[PoslatchError]:
    """The class for a category; the base for one that this package does not know."""
    return _CLASSES.get(category, PoslatchError)


def argument_error(name: str, fault: str, request_state: int = RequestState.NONE) -> UsageError:
    """An argument that is not worth a native call, in the words in which the library says so."""
    return UsageError(
        f'argument "{name}": {fault}',
        status=Status.ARGUMENT,
        category=Category.USAGE,
        advice="Correct the argument; the documentation of the function says what it takes.",
        request_state=request_state,
    )


def closed_error(fault: str, advice: str) -> UsageError:
    """Something was asked of an object that is no more."""
    return UsageError(
        fault,
        status=Status.CLOSED,
        category=Category.USAGE,
        advice=advice,
        request_state=RequestState.NOT_SENT,
    )


def _rebuilt(kind: Type[PoslatchError], message: str, facts: Dict[str, Any]) -> PoslatchError:
    return kind(message, **facts)

"""What several tests say alike."""

import itertools
import os
import subprocess
import sys
import threading
from typing import Any, Callable, Dict, List, Optional, Sequence

import pytest

import poslatch
from poslatch import _loader

_numbers = itertools.count(1)

CANCEL = {"type": "CancelRequest"}


def payment(amount: Any = "1.00", reference: Optional[str] = None) -> Dict[str, Any]:
    """A request to pay, each with a reference of its own."""
    return {
        "type": "PaymentRequest",
        "merchantReferenceCode": reference or f"test-{os.getpid()}-{next(_numbers)}",
        "amountDetails": {"amount": amount, "currency": "USD"},
    }


def status_of(reply: poslatch.Message) -> str:
    status = reply["processingDetails"]["status"]
    assert isinstance(status, str)
    return status


class Call(threading.Thread):
    """A call on a thread of its own, and what came of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self._result: Any = None
        self._failure: Optional[BaseException] = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as failure:
            self._failure = failure

    def result(self) -> Any:
        """Waits for its end, and returns or raises what it did."""
        self.join(60)
        assert not self.is_alive(), "the call did not return"
        if self._failure is not None:
            raise self._failure
        return self._result


def interrupted(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Ctrl-C while a call is in the library: it is raised when the call has returned, before the next step."""
    library = _loader.native()
    function = getattr(library, name)

    def call(*arguments: Any) -> int:
        function(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(library, name, call)


def python(
    program: str, *arguments: str, env: Optional[Dict[str, str]] = None, options: Sequence[str] = ("-X", "dev")
) -> "subprocess.CompletedProcess[str]":
    """Runs a program in a process of its own with this very package; its end is part of the test."""
    source = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src")
    variables = {**os.environ, "PYTHONPATH": source, "PYTHONIOENCODING": "utf-8", **(env or {})}
    command: List[str] = [sys.executable, *options, "-c", program, *arguments]
    return subprocess.run(
        command,
        env=variables,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )

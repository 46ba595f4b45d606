"""A running simulator program: on a free port of the loopback, read line by line, gone with its owner."""

import json
import os
import shutil
import subprocess
import threading
import urllib.request
from types import TracebackType
from typing import Any, Callable, Dict, List, Optional, Type

import pytest

import poslatch

SERIAL = "1850000123"

# A failure net for a loaded machine; nothing here takes as long when it works.
PATIENCE_S = 60.0

Event = Dict[str, Any]


def named(variable: str) -> str:
    """The file that the environment names; the suite of `cargo xtask test python` does."""
    value = os.environ.get(variable)
    if not value or not os.path.isfile(value):
        raise pytest.UsageError(
            f"{variable} has to name a file, and is {value!r}: run `cargo xtask test python`, which builds and names it"
        )
    return value


class Simulator:
    """A simulated device in a process of its own, behaving as its scenario and its switches say."""

    def __init__(
        self, folder: str, *switches: str, state: Optional[str] = None, scenario: Optional[str] = None
    ) -> None:
        """Starts it, and waits until it listens. With the `state` of another one it is the same device.

        The scenario is the text of a file such as `simulator/scenarios/default.toml`.
        """
        self.root_ca_file = os.path.join(folder, "root-ca.pem")
        self.state = os.path.join(folder, "state")
        if state is not None:
            shutil.copytree(state, self.state)
        command = [named("POSLATCH_SIMULATOR"), "--json", "--until-eof", "--listen", "127.0.0.1:0"]
        command += ["--serial", SERIAL, "--root-ca-out", self.root_ca_file, "--state", self.state]
        for switch in switches:
            command += ["--set", switch]
        if scenario is not None:
            file = os.path.join(folder, "scenario.toml")
            with open(file, "w", encoding="utf-8") as written:
                written.write(scenario)
            command += ["--scenario", file]
        self._events: List[Event] = []
        self._news = threading.Condition()
        self._ended = False
        self._pairings = 0
        self._program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        ready = self.wait(lambda event: event["event"] == "ready")
        self.address: str = ready["address"]
        self.device_name: str = ready["deviceName"]
        self._screen_url: str = ready["screenUrl"]

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.stop()

    def url(self, scheme: str = "wss") -> str:
        return f"{scheme}://{self.address}/"

    def device(self, scheme: str = "wss", **settings: Any) -> poslatch.Device:
        """The device as a till describes it."""
        return poslatch.Device(self.url(scheme), root_ca_file=self.root_ca_file, **settings)

    def setup_code(self) -> str:
        """The code on the screen, which is a new one after each pairing."""
        with self._news:
            self._wait_for(lambda: len(self._codes()) > self._pairings)
            return self._codes()[-1]

    def pair(self, pos_id: str = "1001") -> poslatch.Identity:
        with self.device() as device:
            identity = device.pair(pos_id, self.setup_code())
        self._pairings += 1
        return identity

    def wait(self, fits: Callable[[Event], bool]) -> Event:
        """The first event of the whole run that fits, waited for if need be."""
        with self._news:
            self._wait_for(lambda: any(fits(event) for event in self._events))
            return next(event for event in self._events if fits(event))

    def wait_for_request(self, kind: str = "PaymentRequest", number: int = 1) -> None:
        """Waits until the device has got so many of these."""
        with self._news:
            self._wait_for(lambda: self._count(kind) >= number)

    def count(self, kind: str) -> int:
        with self._news:
            return self._count(kind)

    def press(self, path: str) -> Any:
        """What a person does on its screen, by the control API: `display/cancel`. Returns the answer."""
        request = urllib.request.Request(
            f"{self._screen_url}api/{path}", data=b"{}", headers={"Content-Type": "application/json"}
        )
        # Never by way of a proxy that the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """Ends it in good order, with the end of its input."""
        stdin, stdout = self._program.stdin, self._program.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.close()
        try:
            self._program.wait(PATIENCE_S)
        finally:
            self._program.kill()
            self._program.wait()
            self._reader.join(PATIENCE_S)
            stdout.close()

    def _codes(self) -> List[str]:
        return [event["code"] for event in self._events if event["event"] == "code"]

    def _count(self, kind: str) -> int:
        return sum(
            event["event"] == "message" and event["direction"] == "in" and event["type"] == kind
            for event in self._events
        )

    def _wait_for(self, there: Callable[[], bool]) -> None:
        if not self._news.wait_for(lambda: self._ended or there(), PATIENCE_S) or not there():
            raise AssertionError(f"the simulator did not report what was waited for, but {self._events}")

    def _read(self) -> None:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            with self._news:
                self._events.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

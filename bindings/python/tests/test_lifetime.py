"""Who frees what, and when: close, with, threads, the garbage collector, fork, the end of the program."""

import copy
import gc
import os
import pickle
import signal
import threading
import weakref
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest

import poslatch
from helpers import CANCEL, Call, interrupted, payment, python, status_of
from poslatch import ConnectionState, RequestState, Status, _handle, _loader
from simulator import PATIENCE_S, Simulator


def refused_as_closed(call: Callable[[], Any]) -> None:
    with pytest.raises(poslatch.UsageError, match="was closed") as refused:
        call()
    assert refused.value.status == Status.CLOSED
    assert refused.value.category == poslatch.Category.USAGE
    assert refused.value.request_state == RequestState.NOT_SENT


def test_with_closes_whatever_happens(simulator: Simulator, identity: poslatch.Identity) -> None:
    with pytest.raises(ZeroDivisionError), simulator.device() as device, device.open_mtls(identity) as connection:
        raise ZeroDivisionError
    assert device.closed
    assert connection.closed
    assert connection.state == ConnectionState.CLOSED


def test_closed_twice_is_closed_once(simulator: Simulator, identity: poslatch.Identity) -> None:
    device = simulator.device()
    connection = device.open_mtls(identity)
    for thing in (connection, device, poslatch.Identity.from_pem(identity.export_pem())):
        thing.close()
        thing.close()
        with thing:
            pass
        assert thing.closed
        assert "closed" in repr(thing)


def test_closed_connection_can_be_asked_nothing(simulator: Simulator, identity: poslatch.Identity) -> None:
    with simulator.device() as device:
        connection = device.open_mtls(identity)
        connection.close()
    refused_as_closed(lambda: connection.exchange(payment()))
    refused_as_closed(lambda: connection.send(CANCEL))
    refused_as_closed(lambda: connection.receive(0))
    refused_as_closed(lambda: connection.recover("x"))
    assert connection.state == ConnectionState.CLOSED
    # Facts stay: a log wants them after the end.
    assert connection.server_name == simulator.device_name


def test_closed_device_and_identity_can_be_asked_nothing(simulator: Simulator, identity: poslatch.Identity) -> None:
    device = simulator.device()
    device.close()
    refused_as_closed(lambda: device.pair("1", "AAAAAAAA"))
    refused_as_closed(lambda: device.open_mtls(identity))
    refused_as_closed(device.open_tls)
    refused_as_closed(device.probe)
    refused_as_closed(device.interrupt)
    refused_as_closed(device.journal_pending)
    till = poslatch.Identity.from_pem(identity.export_pem())
    till.close()
    refused_as_closed(lambda: till.pos_id)
    refused_as_closed(lambda: till.not_after)
    refused_as_closed(till.export_pem)
    with simulator.device() as other:
        refused_as_closed(lambda: other.open_mtls(till))
        refused_as_closed(lambda: other.probe(till))


def test_connection_outlives_device_and_identity(simulator: Simulator, identity: poslatch.Identity) -> None:
    device, till = simulator.device(), poslatch.Identity.from_pem(identity.export_pem())
    with device.open_mtls(till) as connection:
        device.close()
        till.close()
        assert status_of(connection.exchange(payment())) == "APPROVED"


@pytest.mark.parametrize("how", ["close", "interrupt"])
def test_call_on_a_device_ends_when_another_thread_says_so(stalling: Simulator, how: str) -> None:
    device = stalling.device(connect_timeout=PATIENCE_S)
    call = Call(device.open_tls)
    # It has to be in the library to be interrupted; until then nothing happens, and it is said again.
    while call.is_alive():
        getattr(device, how)()
        call.join(0.05)
    with pytest.raises((poslatch.CallCancelledError, poslatch.UsageError)):
        call.result()
    device.close()


def test_closed_while_eight_threads_are_in_calls(held: poslatch.Connection) -> None:
    started = threading.Event()
    calls = [Call(lambda: held.exchange(payment(), on_status=lambda _: started.set()))]
    assert started.wait(PATIENCE_S)
    calls += [Call(lambda: held.receive(PATIENCE_S)) for _ in range(7)]
    Call(held.close).result()
    outcomes = []
    for call in calls:
        with pytest.raises(poslatch.PoslatchError) as raised:
            call.result()
        outcomes.append(raised.value)
    assert outcomes[0].in_doubt
    assert {outcome.status for outcome in outcomes[1:]} == {Status.CLOSED}
    assert held._handle.freed


def test_freed_only_when_the_last_call_has_left() -> None:
    events: List[str] = []
    inside, leave = threading.Event(), threading.Event()
    handle = _handle.Handle(
        "thing", 7, lambda pointer: events.append(f"free {pointer}"), lambda _: events.append("wake")
    )

    def call() -> None:
        with handle as pointer:
            assert pointer == 7
            inside.set()
            leave.wait(PATIENCE_S)
            events.append("left")

    running = Call(call)
    assert inside.wait(PATIENCE_S)
    handle.close()
    handle.close()
    assert events == ["wake", "wake"]
    leave.set()
    running.result()
    assert events == ["wake", "wake", "left", "free 7"]
    handle.close()
    assert events[-1] == "free 7"
    refused_as_closed(handle.__enter__)


def test_signal_handler_may_close_while_its_own_thread_enters_a_call() -> None:
    """The handler runs between two steps of the very code that it interrupts."""
    freed: List[int] = []

    class Interrupted(_handle.Handle):
        __slots__ = ()

        def _must_be_ours(self) -> None:
            with self._lock:
                self.close()

    handle = Interrupted("thing", 7, freed.append)
    refused_as_closed(handle.__enter__)
    assert freed == [7]


def test_forgotten_objects_are_closed_by_the_collector(simulator: Simulator, identity: poslatch.Identity) -> None:
    handles = []
    for _ in range(20):
        device = simulator.device()
        connection = device.open_mtls(poslatch.Identity.from_pem(identity.export_pem()))
        # A cycle, which only the collector takes apart.
        circle: Dict[str, Any] = {"device": device, "connection": connection}
        circle["itself"] = circle
        handles += [device._handle, connection._handle]
        with pytest.warns(ResourceWarning, match="unclosed Connection"):
            del device, connection, circle
            gc.collect()
    assert all(handle.freed for handle in handles)


def test_connection_that_only_a_running_call_knows_lives_until_its_end(
    holding: Simulator, identity: poslatch.Identity
) -> None:
    with holding.device() as device:
        connection = device.open_mtls(identity)
        alive = weakref.ref(connection)
        handle = connection._handle
        done: List[poslatch.Message] = []

        def exchange(mine: poslatch.Connection) -> None:
            done.append(mine.exchange(payment(), on_status=lambda _: mine.send(CANCEL)))

        with pytest.warns(ResourceWarning, match="unclosed Connection"):
            thread = threading.Thread(target=exchange, args=(connection,))
            thread.start()
            del connection
            for _ in range(10):
                gc.collect()
            thread.join(PATIENCE_S)
            gc.collect()
    assert status_of(done[0]) == "ABORTED"
    assert alive() is None
    assert handle.freed


def test_garbage_of_a_log_target_waits_until_the_record_is_written(
    simulator: Simulator, identity: poslatch.Identity
) -> None:
    """Freeing a connection joins its thread, which may be waiting to log."""
    with simulator.device() as device:
        forgotten = [device.open_mtls(identity)]
        handle = forgotten[0]._handle
        seen: List[bool] = []

        def target(_level: poslatch.LogLevel, _message: str) -> None:
            if forgotten:
                forgotten.clear()
                gc.collect()
                seen.append(handle.freed)

        with pytest.warns(ResourceWarning, match="unclosed Connection"):
            poslatch.log_to(target)
            device.open_mtls(identity).close()
            poslatch.log_off()
        assert seen == [False]
        device.open_mtls(identity).close()
        assert handle.freed


@pytest.mark.parametrize("what", ["device_new", "pair", "open_mtls", "open_tls", "identity_load", "identity_from_pem"])
def test_ctrl_c_while_an_object_is_made_leaves_none_behind(
    simulator: Simulator,
    identity: poslatch.Identity,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    """A connection would stay open, and a private key in memory, with nobody who could close them."""
    identity.save(tmp_path / "till.pem")
    pem = identity.export_pem()
    with simulator.device() as device:
        calls: Dict[str, Tuple[str, Callable[[], Any]]] = {
            "device_new": ("device", simulator.device),
            "pair": ("identity", lambda: device.pair("1002", simulator.setup_code())),
            "open_mtls": ("connection", lambda: device.open_mtls(identity)),
            "open_tls": ("connection", device.open_tls),
            "identity_load": ("identity", lambda: poslatch.Identity.load(tmp_path / "till.pem")),
            "identity_from_pem": ("identity", lambda: poslatch.Identity.from_pem(pem)),
        }
        kind, call = calls[what]
        library = _loader.native()
        free = getattr(library, f"poslatch_{kind}_free")
        freed: List[int] = []

        def count(pointer: int) -> None:
            freed.append(pointer)
            free(pointer)

        with monkeypatch.context() as patch:
            interrupted(patch, f"poslatch_{what}")
            patch.setattr(library, f"poslatch_{kind}_free", count)
            with pytest.raises(KeyboardInterrupt):
                call()
        simulator._pairings += what == "pair"
        assert len(freed) == 1


def test_objects_can_be_neither_copied_nor_pickled(identity: poslatch.Identity) -> None:
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be"):
            attempt(identity)


FORKED = """
import gc, json, os, sys
import poslatch

url, root_ca_file, identity_file = sys.argv[1:]
device = poslatch.Device(url, root_ca_file=root_ca_file)
identity = poslatch.Identity.load(identity_file)
connection = device.open_mtls(identity)
request = {"type": "PaymentRequest", "merchantReferenceCode": "before-fork",
           "amountDetails": {"amount": "1.00", "currency": "USD"}}
poslatch.log_to(lambda level, message: None)
print(connection.exchange(request)["type"], flush=True)
child = os.fork()
if child == 0:
    # Everything that would hurt the parent: use, close, collect, end.
    faults = []
    for call in (lambda: connection.exchange(request), lambda: identity.pos_id, device.open_tls,
                 lambda: poslatch.Device(url), poslatch.library.version):
        try:
            call()
            faults.append("it worked")
        except poslatch.UsageError as error:
            if error.status != poslatch.Status.CLOSED or "fork" not in str(error):
                faults.append(repr(error))
    connection.close()
    device.close()
    del connection, identity, device
    gc.collect()
    print("child", faults, flush=True)
    sys.exit(0)
_, status = os.waitpid(child, 0)
print("child ended with", status, flush=True)
request["merchantReferenceCode"] = "after-fork"
print(connection.exchange(request)["type"], connection.state.name, flush=True)
connection.close()
"""


def test_child_of_a_fork_cannot_hurt_the_parent(
    simulator: Simulator, identity: poslatch.Identity, tmp_path: Path
) -> None:
    file = str(tmp_path / "till.pem")
    identity.save(file)
    # Without -X dev: a fork of Python 3.8 under it crashes at its end by itself. From 3.12 on, a fork of a process
    # with threads is a DeprecationWarning.
    options = ["-W", "error", "-W", "ignore::DeprecationWarning"]
    ended = python(FORKED, simulator.url(), simulator.root_ca_file, file, options=options)
    assert ended.stdout.splitlines() == [
        "PaymentResponse",
        "child []",
        "child ended with 0",
        "PaymentResponse OPEN",
    ], ended.stderr
    assert ended.returncode == 0
    assert ended.stderr == ""


LEFT_RUNNING = """
import atexit, sys, threading
# What was registered first runs last: after the package has ended the call, its thread gets the time to tell of it.
atexit.register(lambda: thread.join(60))
import poslatch

url, root_ca_file, identity_file = sys.argv[1:]
device = poslatch.Device(url, root_ca_file=root_ca_file)
connection = device.open_mtls(poslatch.Identity.load(identity_file))
poslatch.log_to(lambda level, message: None, level=poslatch.LogLevel.TRACE)
shown = threading.Event()

def pay():
    try:
        connection.exchange({"type": "PaymentRequest", "merchantReferenceCode": "left",
                             "amountDetails": {"amount": "1.00", "currency": "USD"}},
                            on_status=lambda message: shown.set())
    except poslatch.PoslatchError as error:
        print(error.request_state.name, flush=True)

thread = threading.Thread(target=pay, daemon=True)
thread.start()
shown.wait(60)
print("end", flush=True)
"""


def test_end_of_the_program_ends_calls_on_daemon_threads(
    holding: Simulator, identity: poslatch.Identity, tmp_path: Path
) -> None:
    """A native call that came back into an interpreter that is no more would crash the process."""
    file = str(tmp_path / "till.pem")
    identity.save(file)
    ended = python(LEFT_RUNNING, holding.url(), holding.root_ca_file, file)
    assert (ended.returncode, ended.stdout.splitlines()) == (0, ["end", "IN_DOUBT"]), ended.stderr
    assert ended.stderr == ""


def test_signal_handler_may_close_the_connection(holding: Simulator, held: poslatch.Connection) -> None:
    """SIGTERM of a service manager; the handler runs on the main thread, here while another one pays."""
    former = signal.signal(signal.SIGTERM, lambda *_: held.close())
    try:
        call = Call(lambda: held.exchange(payment()))
        holding.wait_for_request()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(poslatch.CallCancelledError) as raised:
            call.result()
    finally:
        signal.signal(signal.SIGTERM, former)
    assert raised.value.in_doubt


def test_thousand_objects_leave_nothing(simulator: Simulator, identity: poslatch.Identity) -> None:
    text = identity.export_pem()
    before = len(_handle._live)
    for _ in range(500):
        with simulator.device(), poslatch.Identity.from_pem(text):
            pass
    assert len(_handle._live) == before

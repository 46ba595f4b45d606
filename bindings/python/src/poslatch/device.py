"""A payment device as the till's settings describe it, and the calls that begin with one."""

import contextlib
import json
from typing import Any, Callable, Dict, List, Optional

from poslatch import _tasks
from poslatch._arguments import (
    PathArgument,
    PemArgument,
    Secret,
    SecretArgument,
    milliseconds,
    number,
    optional_text,
    path,
    pem,
    text,
)
from poslatch._handle import Handle
from poslatch._loader import native
from poslatch._native import OnProgress, Outputs
from poslatch._owner import Owner
from poslatch.connection import Connection
from poslatch.constants import PING_DEFAULT_MS, PINGS_MISSED_DEFAULT, IdentityCheck, RequestState, Timeout
from poslatch.errors import UsageError, argument_error
from poslatch.identity import Identity

ProgressCallback = Callable[[int, int], object]


class Device(Owner):
    """Where a payment device is, who it has to be, and whom to trust. Holds no connection.

    Cannot be changed once it is made, so any number of threads may use it::

        device = Device("wss://192.168.1.20:8443/", root_ca_file="root-ca.pem", serial="1850000123")
    """

    def __init__(  # noqa: PLR0913 - named, not placed
        self,
        url: str,
        *,
        root_ca_file: Optional[PathArgument] = None,
        root_ca_pem: Optional[PemArgument] = None,
        serial: Optional[str] = None,
        identity_check: Optional[IdentityCheck] = None,
        identity_check_name: Optional[str] = None,
        connect_timeout: Optional[float] = None,
        pairing_timeout: Optional[float] = None,
        exchange_timeout: Optional[float] = None,
        ping_interval: Optional[float] = None,
        pings_missed_max: Optional[int] = None,
        journal: Optional[PathArgument] = None,
    ) -> None:
        """Describes a device. Times are seconds, as everywhere in this package; None is the default.

        Args:
            url: ``https://`` or ``wss://``, then an address or a name, and the port that the device shows under
                Generate Code > Details (8443 if left out). With wss a payment's status messages arrive while it
                runs, and it can be cancelled; https has neither.
            root_ca_file: The Root CA chain that the merchant downloaded: PEM, or the JSON object with
                "certificateChain". A chain is needed before anything can be opened.
            root_ca_pem: The same from memory.
            serial: Expects exactly the device with this serial number, or this whole DNS name. After pairing it is
                not needed: the identity remembers its device.
            identity_check: How the device has to prove that it is the right one when no identity remembers it.
                Default: ``IdentityCheck.DOMAIN``. There is no check that accepts anything.
            identity_check_name: For ``NAME`` the serial number or DNS name; for ``DOMAIN`` the domain under which
                devices are named, if it is not the vendor's.
            connect_timeout: Resolving, connecting, TLS and WebSocket together. Default: 10.
            pairing_timeout: The device's reply to a pairing request. Default: 30.
            exchange_timeout: A whole exchange, however much the device says meanwhile. Default: none.
            ping_interval: Quiet time on a wss connection before a ping, and between pings; 0 sends none. Default: 10.
            pings_missed_max: Pings that may stay unanswered before the device is taken to be gone. Default: 2.
            journal: A file in which each request with a merchantReferenceCode is written down before it is sent, and
                struck out at its final reply: see :meth:`journal_pending`. Its folder must exist.

        Raises:
            UsageError: The URL has another form, the chain cannot serve as one (``ROOT_CA_UNUSABLE``), a file
                cannot be read (``FILE``), or another argument will not do.
            LibraryLoadError: The native library was not found, or does not fit.
        """
        library = native()
        self._url = url
        with Outputs(library, library.poslatch_device_free) as out:
            out.check(library.poslatch_device_new(text("url", url), out.result, out.error))
            # Owned at once, so that it is freed if a setting is refused.
            self._own(Handle("device", out.object(), library.poslatch_device_free, library.poslatch_device_interrupt))
        if root_ca_file is not None:
            self._set(library.poslatch_device_set_root_ca_file, path("root_ca_file", root_ca_file))
        if root_ca_pem is not None:
            chain = pem("root_ca_pem", root_ca_pem)
            self._set(library.poslatch_device_set_root_ca_pem, chain, len(chain))
        if serial is not None:
            self._set(library.poslatch_device_set_serial, text("serial", serial))
        if identity_check is not None:
            name = optional_text("identity_check_name", identity_check_name)
            self._set(library.poslatch_device_set_identity_check, number("identity_check", identity_check), name)
        elif identity_check_name is not None:
            raise argument_error("identity_check_name", "it says nothing without identity_check")
        for which, name_of, seconds in (
            (Timeout.CONNECT, "connect_timeout", connect_timeout),
            (Timeout.PAIRING, "pairing_timeout", pairing_timeout),
            (Timeout.EXCHANGE, "exchange_timeout", exchange_timeout),
        ):
            if seconds is not None:
                self._set(library.poslatch_device_set_timeout_ms, which, milliseconds(name_of, seconds))
        if ping_interval is not None or pings_missed_max is not None:
            self._set_keep_alive(ping_interval, pings_missed_max)
        if journal is not None:
            self._set(library.poslatch_device_set_journal, path("journal", journal))

    def _set_keep_alive(self, ping_interval: Optional[float], pings_missed_max: Optional[int]) -> None:
        missed = PINGS_MISSED_DEFAULT if pings_missed_max is None else number("pings_missed_max", pings_missed_max)
        if missed < 0:
            raise argument_error("pings_missed_max", f"it is {missed}, and has to be at least 1")
        if ping_interval is None:
            interval = PING_DEFAULT_MS
        elif ping_interval == 0:
            interval = 0
        else:
            interval = milliseconds("ping_interval", ping_interval)
        self._set(native().poslatch_device_set_keep_alive, interval, missed)

    def _set(self, setter: Callable[..., int], *values: Any) -> None:
        with self._handle as device, Outputs(native()) as out:
            out.check(setter(device, *values, out.error))

    @property
    def url(self) -> str:
        """Where the device is, as it was given."""
        return self._url

    def pair(self, pos_id: str, setup_code: SecretArgument) -> Identity:
        """Pairs the till with the device. Done once; keep the identity with :meth:`Identity.save`.

        The code is sent only after the device has proven who it is. The device shows a new code every 300 s, so have
        everything else ready before it is asked for. Blocks for at most the connect and the pairing time-out
        together; :meth:`interrupt` ends it earlier.

        Args:
            pos_id: Your name for this till, unique in the shop. Digits are safest, since some versions of the app
                accept nothing else.
            setup_code: The eight characters on the device's screen; spaces around them are ignored.

        Raises:
            UsageError: The code has another form (``CODE_MALFORMED``); nothing was dialled.
            TrustError: The device is not the right one (``WRONG_DEVICE``, ``UNKNOWN_ISSUER``, ...); nothing was sent.
            DeviceError: The device refused (``PAIRING_REJECTED``), or its reply was lost (``PAIRING_REPLY_LOST``):
                take the code as spent and ask for a new one.
            NetworkError: The device cannot be reached.
            CallCancelledError: The call was interrupted.
        """
        library = native()
        state = RequestState.NOT_SENT
        name = text("pos_id", pos_id, state)
        secret = Secret("setup_code", setup_code, state=state)
        outputs = Outputs(library, library.poslatch_identity_free)
        with self._handle as device, outputs as out, secret as code:
            out.check(library.poslatch_pair(device, name, code, out.result, out.error))
            return Identity(out.object())

    def find(
        self,
        identity: Optional[Identity] = None,
        *,
        subnets: Optional[str] = None,
        on_progress: Optional[ProgressCallback] = None,
    ) -> str:
        """Finds the device again whose address has changed, and returns its URL, ready for a device of its own.

        Asks every address that it could have for its certificate; the device is who proves to be it. Nothing but
        the TLS handshake is sent to anybody. Blocks for 4.4 s where nobody of 254 addresses answers;
        :meth:`interrupt` ends it earlier.

        Args:
            identity: What was paired with the device. Without one, the ``serial`` says who is looked for.
            subnets: Subnets and single addresses, such as ``"192.168.1.0/24,192.168.2.17"``, at most 4096 addresses.
                Default: this machine's own /24, if it is a private one.
            on_progress: Called with the number of addresses tried, and that of all, on this thread. What it raises
                ends the search and comes out of this method.

        Raises:
            NetworkError: Nobody has proven to be the device (``DEVICE_NOT_FOUND``); the advice names other devices
                that answered.
            UsageError: Neither identity nor serial, or the subnets will not do.
            CallCancelledError: The call was interrupted.
        """
        if identity is not None and not isinstance(identity, Identity):
            raise TypeError(f"identity must be an Identity, not {type(identity).__name__}")
        library = native()
        names = optional_text("subnets", subnets)
        told = None if on_progress is None else _Told(on_progress)
        callback = OnProgress() if told is None else OnProgress(told)
        known = contextlib.nullcontext() if identity is None else identity._handle  # noqa: SLF001
        with self._handle as device, known as till, Outputs(library) as out:
            status = library.poslatch_find_device(device, till, names, callback, None, out.result, out.error)
            if told is not None and told.thrown is not None:
                thrown, told.thrown = told.thrown, None
                raise thrown
            out.check(status)
            return out.text() or ""

    def open_mtls(self, identity: Identity) -> Connection:
        """Opens a mutual-TLS connection: both sides prove who they are.

        Success means that the device has accepted the till. It has to be the device that the identity was paired
        with, whatever its address now. Blocks for at most the connect time-out; :meth:`interrupt` ends it earlier.

        Raises:
            NetworkError: Try again later.
            TrustError: The device is another one (``WRONG_DEVICE``), or does not accept the till
                (``TILL_CERTIFICATE_REJECTED``), ...: do not try again by yourself.
            CallCancelledError: The call was interrupted.
        """
        if not isinstance(identity, Identity):
            raise TypeError(f"identity must be an Identity, not {type(identity).__name__}")
        library = native()
        outputs = Outputs(library, library.poslatch_connection_free)
        with self._handle as device, identity._handle as till, outputs as out:  # noqa: SLF001
            out.check(library.poslatch_open_mtls(device, till, out.result, out.error))
            return Connection(out.object())

    def open_tls(self) -> Connection:
        """Opens a connection without a till certificate, for a device whose Security setting is TLS.

        The device is verified exactly as otherwise. A device set to mTLS lets such a connection do nothing but
        pair. As :meth:`open_mtls` in all other respects.
        """
        library = native()
        with self._handle as device, Outputs(library, library.poslatch_connection_free) as out:
            out.check(library.poslatch_open_tls(device, out.result, out.error))
            return Connection(out.object())

    def probe(self, identity: Optional[Identity] = None) -> Dict[str, Any]:
        """Looks at everything between this till and the device, for a support desk.

        The network, TLS, certificates (also untrusted ones), the device's name, the clocks, whether it accepts the
        till. Sends no payment, no pairing request and no code, and nothing to a server that has not passed. Blocks
        for at most three connect time-outs and 4 s; :meth:`interrupt` ends it earlier. Not while a payment is on its
        way.

        Args:
            identity: As which till; None as one that wants to pair.

        Returns:
            A dictionary with ``verdict`` (``ok``, ``warning`` or ``failed``), ``cause``, ``screen`` (for people) and
            ``steps``; docs/probe.md lists all. What device and network do is told there, not raised.

        Raises:
            CallCancelledError: The call was interrupted.
        """
        report: Dict[str, Any] = json.loads(self.probe_json(identity))
        return report

    def probe_json(self, identity: Optional[Identity] = None) -> str:
        """The same as the JSON text that the library gives."""
        if identity is not None and not isinstance(identity, Identity):
            raise TypeError(f"identity must be an Identity, not {type(identity).__name__}")
        library = native()
        till = contextlib.nullcontext() if identity is None else identity._handle  # noqa: SLF001
        with self._handle as device, till as shown, Outputs(library) as out:
            out.check(library.poslatch_probe(device, shown, out.result, out.error))
            return out.text() or "{}"

    async def pair_async(self, pos_id: str, setup_code: SecretArgument) -> Identity:
        """As :meth:`pair`, on a thread of its own, for asyncio.

        A task that is cancelled interrupts the device (all calls that run on it), waits for the call to end, and
        raises ``asyncio.CancelledError``; if the code may have reached the device, the PoslatchError that says so.
        A pairing that had just succeeded is given up then: pair again, with a new code.
        """
        return await _tasks.run(lambda: self.pair(pos_id, setup_code), wake=self._wake, drop=Identity.close)

    async def find_async(
        self,
        identity: Optional[Identity] = None,
        *,
        subnets: Optional[str] = None,
        on_progress: Optional[ProgressCallback] = None,
    ) -> str:
        """As :meth:`find`, on a thread of its own, where `on_progress` is called; cancelled as :meth:`pair_async`."""
        return await _tasks.run(lambda: self.find(identity, subnets=subnets, on_progress=on_progress), wake=self._wake)

    async def open_mtls_async(self, identity: Identity) -> Connection:
        """As :meth:`open_mtls`, on a thread of its own, for asyncio.

        A task that is cancelled interrupts the device (all calls that run on it), waits for the call to end, and
        raises ``asyncio.CancelledError``. A connection that had just opened is closed then.
        """
        return await _tasks.run(lambda: self.open_mtls(identity), wake=self._wake, drop=Connection.close)

    async def open_tls_async(self) -> Connection:
        """As :meth:`open_tls`, and cancelled as :meth:`open_mtls_async`."""
        return await _tasks.run(self.open_tls, wake=self._wake, drop=Connection.close)

    async def probe_async(self, identity: Optional[Identity] = None) -> Dict[str, Any]:
        """As :meth:`probe`, and cancelled as :meth:`open_mtls_async`."""
        return await _tasks.run(lambda: self.probe(identity), wake=self._wake)

    def interrupt(self) -> None:
        """Makes the calls of pair, open, probe and find that run on this device now raise CallCancelledError.

        Within 200 ms. Later calls and open connections are not touched. From any thread, as often as you like.
        """
        with self._handle as device:
            native().poslatch_device_interrupt(device)

    def _wake(self) -> None:
        # Closed by another thread, it has been interrupted.
        with contextlib.suppress(UsageError):
            self.interrupt()

    def journal_pending(self) -> List[Dict[str, str]]:
        """What stands in the journal: the requests whose end the till does not know, the oldest first.

        Ask about each with :meth:`Connection.recover` when the till starts. While exchanges run, theirs are among
        them.

        Returns:
            Dictionaries with ``reference``, ``type``, ``device`` and ``time`` (UTC, as 2026-11-24T16:28:13Z).

        Raises:
            UsageError: No journal was set, or it cannot be read (``FILE``).
        """
        pending: List[Dict[str, str]] = json.loads(self.journal_pending_json())
        return pending

    def journal_pending_json(self) -> str:
        """The same as the JSON text that the library gives."""
        library = native()
        with self._handle as device, Outputs(library) as out:
            out.check(library.poslatch_device_journal_pending(device, out.result, out.error))
            return out.text() or "[]"

    def journal_forget(self, reference: str) -> None:
        """Strikes every request with this reference out of the journal: the till knows how it ended.

        One that :meth:`Connection.recover` finds final is struck out already.

        Args:
            reference: A merchantReferenceCode. One that does not stand there is no error.

        Raises:
            UsageError: No journal was set, or it cannot be written (``FILE``).
        """
        self._set(native().poslatch_device_journal_forget, text("reference", reference))

    def __repr__(self) -> str:
        """Where it is."""
        return f"<Device {self._url!r}{', closed' if self.closed else ''}>"


class _Told:
    """The progress callback as C calls it: nothing that it raises may go through the frames of C."""

    def __init__(self, on_progress: ProgressCallback) -> None:
        self._on_progress = on_progress
        self.thrown: Optional[BaseException] = None

    def __call__(self, _user: Any, tried: int, total: int) -> int:
        try:
            self._on_progress(tried, total)
        except BaseException as thrown:  # noqa: BLE001 - Ctrl-C too comes out of the search, not into C
            self.thrown = thrown
            return 1
        return 0

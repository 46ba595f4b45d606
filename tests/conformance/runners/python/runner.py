"""The conformance runner of Python: a till without a will of its own.

Reads commands from standard input and answers on standard output, as tests/conformance/README.md says. Uses the
public API of the package only. Run it with the package on PYTHONPATH and the library in POSLATCH_LIBRARY.
"""

import gc
import inspect
import sys
import threading
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import quote, unquote_to_bytes

import poslatch

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class ThrownByCallback(Exception):
    """What the status callback throws: the language's own exception, as a till's would be."""


def said(text: str) -> str:
    """One value of an answer."""
    return quote(text.encode("utf-8", "surrogateescape"), safe="-._~")


def answer(word: str, **values: Any) -> str:
    """One answer; a value that is None is absent."""
    return " ".join([word, *(f"{key}={said(str(value))}" for key, value in values.items() if value is not None)])


def ok(**values: Any) -> str:
    return answer("ok", **values)


def error(failure: poslatch.PoslatchError, **values: Any) -> str:
    return answer(
        "error",
        status=int(failure.status),
        category=int(failure.category),
        request=int(failure.request_state),
        http=failure.http_status,
        os=failure.os_code,
        message=failure.message,
        advice=failure.advice,
        **values,
    )


def seconds(ms: Optional[str]) -> Optional[float]:
    """Milliseconds of a command as the API's seconds; 0 is C's word for the default, which is None here."""
    return None if ms is None or int(ms) == 0 else int(ms) / 1000


def since_epoch(moment: datetime) -> int:
    return int((moment - EPOCH).total_seconds())


class Till:
    """The objects that the director has named, and the verbs."""

    def __init__(self) -> None:
        self.objects: Dict[str, Any] = {}
        self.threads: Dict[str, Tuple[threading.Thread, List[str]]] = {}
        self.records: List[str] = []

    def obey(self, line: str) -> str:
        """Carries out one command and tells what came of it."""
        verb, _, rest = line.partition(" ")
        if verb == "start":
            return self.start(rest)
        method: Optional[Callable[..., str]] = getattr(self, f"verb_{verb}", None)
        if method is None:
            return answer("error", status=-1, category=1, request=0, http=0, os=0, message="unknown verb", advice="")
        pairs = (word.split("=", 1) for word in rest.split(" ") if word)
        values = {key: unquote_to_bytes(value).decode("utf-8", "surrogateescape") for key, value in pairs}
        # `as` is a word of Python.
        if "as" in values:
            values["as_"] = values.pop("as")
        try:
            inspect.signature(method).bind(**values)
        except TypeError as unknown:
            return answer("error", status=-1, category=1, request=0, http=0, os=0, message=str(unknown), advice="")
        try:
            return method(**values)
        except poslatch.PoslatchError as failure:
            return error(failure)

    def start(self, rest: str) -> str:
        first, _, command = rest.partition(" ")
        name = first.partition("=")[2]
        result: List[str] = []
        thread = threading.Thread(target=lambda: result.append(self.obey(command)), name=name, daemon=True)
        self.threads[name] = (thread, result)
        thread.start()
        return ok()

    def verb_join(self, thread: str) -> str:
        runs, result = self.threads.pop(thread)
        runs.join()
        return result[0]

    def keep(self, name: str, made: Any) -> None:
        former = self.objects.pop(name, None)
        if former is not None:
            former.close()
        self.objects[name] = made

    def close_everything(self) -> None:
        for made in self.objects.values():
            made.close()
        for thread, _ in self.threads.values():
            thread.join()

    def verb_hello(self) -> str:
        return ok(language="python", library=poslatch.library.version())

    def verb_status_name(self, status: str) -> str:
        return ok(name=poslatch.library.status_name(int(status)))

    def verb_log(self, level: str) -> str:
        if int(level) == 0:
            poslatch.log_off()
        else:
            poslatch.log_to(lambda _, message: self.records.append(message), level=poslatch.LogLevel(int(level)))
        return ok()

    def verb_log_take(self) -> str:
        records, self.records = self.records, []
        return ok(text="".join(f"{record}\n" for record in records))

    def verb_device(
        self,
        as_: str,
        url: str,
        root_ca_file: Optional[str] = None,
        root_ca_pem: Optional[str] = None,
        serial: Optional[str] = None,
        check: Optional[str] = None,
        check_name: Optional[str] = None,
        connect_ms: Optional[str] = None,
        pairing_ms: Optional[str] = None,
        exchange_ms: Optional[str] = None,
        ping_ms: Optional[str] = None,
        missed_max: Optional[str] = None,
        journal: Optional[str] = None,
    ) -> str:
        device = poslatch.Device(
            url,
            root_ca_file=root_ca_file,
            root_ca_pem=root_ca_pem,
            serial=serial,
            identity_check=None if check is None else poslatch.IdentityCheck(int(check)),
            identity_check_name=check_name,
            connect_timeout=seconds(connect_ms),
            pairing_timeout=seconds(pairing_ms),
            exchange_timeout=seconds(exchange_ms),
            # 0 sends no pings, here and in C.
            ping_interval=None if ping_ms is None else int(ping_ms) / 1000,
            pings_missed_max=None if missed_max is None else int(missed_max),
            journal=journal,
        )
        self.keep(as_, device)
        return ok()

    def verb_interrupt(self, device: str) -> str:
        self.objects[device].interrupt()
        return ok()

    def verb_journal_pending(self, device: str) -> str:
        return ok(json=self.objects[device].journal_pending_json())

    def verb_journal_forget(self, device: str, reference: str) -> str:
        self.objects[device].journal_forget(reference)
        return ok()

    def verb_pair(self, device: str, pos_id: str, setup_code: str, as_: str) -> str:
        self.keep(as_, self.objects[device].pair(pos_id, setup_code))
        return ok()

    def verb_open_mtls(self, device: str, identity: str, as_: str) -> str:
        self.keep(as_, self.objects[device].open_mtls(self.objects[identity]))
        return ok()

    def verb_probe(self, device: str, identity: Optional[str] = None) -> str:
        return ok(json=self.objects[device].probe_json(None if identity is None else self.objects[identity]))

    def verb_open_tls(self, device: str, as_: str) -> str:
        self.keep(as_, self.objects[device].open_tls())
        return ok()

    def verb_identity(self, identity: str) -> str:
        till: poslatch.Identity = self.objects[identity]
        return ok(
            pos_id=till.pos_id,
            device_name=till.device_name,
            serial=till.serial,
            issuer=till.issuer,
            not_before=since_epoch(till.not_before),
            not_after=since_epoch(till.not_after),
            earliest_expiry=since_epoch(till.earliest_expiry),
            fingerprint=till.fingerprint,
        )

    def verb_needs_renewal(self, identity: str, days: str) -> str:
        return ok(value=int(self.objects[identity].needs_renewal(int(days))))

    def verb_cert_chain(self, identity: str) -> str:
        return ok(pem=self.objects[identity].cert_chain)

    def verb_save(self, identity: str, path: str, passphrase: Optional[str] = None) -> str:
        self.objects[identity].save(path, passphrase)
        return ok()

    def verb_load(self, path: str, as_: str, passphrase: Optional[str] = None) -> str:
        self.keep(as_, poslatch.Identity.load(path, passphrase))
        return ok()

    def verb_export_pem(self, identity: str, passphrase: Optional[str] = None) -> str:
        return ok(pem=self.objects[identity].export_pem(passphrase).decode("utf-8"))

    def verb_from_pem(self, pem: str, as_: str, passphrase: Optional[str] = None) -> str:
        self.keep(as_, poslatch.Identity.from_pem(pem, passphrase))
        return ok()

    def verb_export_pkcs12(self, identity: str, passphrase: str) -> str:
        return ok(size=len(self.objects[identity].export_pkcs12(passphrase)))

    def verb_save_root_ca(self, pem: str, path: str) -> str:
        poslatch.root_ca.save(pem, path)
        return ok()

    def verb_fetch_root_ca(
        self,
        base_url: str,
        merchant_id: str,
        key_id: str,
        shared_secret: str,
        auth: str = "1",
        web_root_pem: Optional[str] = None,
        timeout_ms: Optional[str] = None,
    ) -> str:
        chain = poslatch.root_ca.fetch(
            base_url,
            merchant_id,
            key_id,
            shared_secret,
            auth=poslatch.CloudAuth(int(auth)),
            web_root_pem=web_root_pem,
            timeout=seconds(timeout_ms),
        )
        return ok(pem=chain)

    def verb_exchange(
        self,
        connection: str,
        json: str,
        silence_ms: Optional[str] = None,
        on_status: Optional[str] = None,
        text: str = "",
        message: str = "",
    ) -> str:
        target: poslatch.Connection = self.objects[connection]
        statuses: List[str] = []

        def collect(status: poslatch.Message) -> None:
            statuses.append(status.json)
            if len(statuses) > 1:
                return
            if on_status == "throw":
                raise ThrownByCallback(text)
            if on_status == "close":
                target.close()
            elif on_status == "send":
                target.send(message)
            elif on_status == "exchange":
                target.exchange(message)

        def told() -> str:
            return "".join(f"{status}\n" for status in statuses)

        try:
            reply = target.exchange(json, silence=seconds(silence_ms), on_status=collect)
        except (ThrownByCallback, RuntimeError) as thrown:
            return answer("thrown", text=str(thrown), statuses=told())
        except poslatch.PoslatchError as failure:
            return error(failure, statuses=told())
        return ok(reply=reply.json, statuses=told())

    def verb_unclaimed_reply(self, connection: str) -> str:
        reply = self.objects[connection].take_unclaimed_reply()
        return ok(reply=None if reply is None else reply.json)

    def verb_send(self, connection: str, json: str) -> str:
        self.objects[connection].send(json)
        return ok()

    def verb_receive(self, connection: str, timeout_ms: str) -> str:
        message = self.objects[connection].receive(seconds(timeout_ms))
        return ok(kind=int(message.kind), message=message.json)

    def verb_recover(self, connection: str, reference: str, patience_ms: Optional[str] = None) -> str:
        recovery = self.objects[connection].recover(reference, patience=seconds(patience_ms))
        return ok(outcome=int(recovery.outcome), reply=recovery.reply.json)

    def verb_connection(self, connection: str) -> str:
        target: poslatch.Connection = self.objects[connection]
        return ok(state=int(target.state), server_name=target.server_name, tls_version=target.tls_version)

    def verb_close(self, connection: str) -> str:
        self.objects[connection].close()
        return ok()

    def verb_release(self, object: str) -> str:
        self.objects[object].close()
        return ok()

    def verb_abandon(self, object: str) -> str:
        self.objects.pop(object, None)
        return ok()

    def verb_collect(self) -> str:
        gc.collect()
        return ok()


def main() -> None:
    """One command per line; exactly one answer per command."""
    till = Till()
    for line in sys.stdin.buffer:
        reply = till.obey(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
        sys.stdout.buffer.write(reply.encode("utf-8", "surrogateescape") + b"\n")
        sys.stdout.buffer.flush()
    till.close_everything()


if __name__ == "__main__":
    main()

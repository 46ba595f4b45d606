"""Devices, identities and the Root CA chain: settings in, facts out, secrets wiped."""

import ctypes
import gc
import logging
import os
import re
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List

import pytest

import poslatch
from helpers import payment, python, status_of
from poslatch import IdentityCheck, LogLevel, Status, _arguments
from simulator import SERIAL, Simulator

# Two bytes, three bytes, four bytes of UTF-8.
NON_ASCII = "Käse-日本-\N{CREDIT CARD}"


def refused(status: Status, action: Any) -> poslatch.PoslatchError:
    with pytest.raises(poslatch.PoslatchError) as raised:
        action()
    assert raised.value.status == status
    return raised.value


def test_every_setting_is_taken(simulator: Simulator, identity: poslatch.Identity, tmp_path: Path) -> None:
    with open(simulator.root_ca_file, "rb") as file:
        chain = file.read()
    for pem in (chain, bytearray(chain), memoryview(chain), chain.decode()):
        with poslatch.Device(
            simulator.url(),
            root_ca_pem=pem,
            serial=SERIAL,
            identity_check=IdentityCheck.NAME,
            identity_check_name=simulator.device_name,
            connect_timeout=20,
            pairing_timeout=20.5,
            exchange_timeout=60,
            ping_interval=5,
            pings_missed_max=3,
            journal=tmp_path / "journal",
        ) as device, device.open_mtls(identity) as connection:
            assert status_of(connection.exchange(payment())) == "APPROVED"
            assert device.journal_pending() == []
            assert repr(device) == f"<Device '{simulator.url()}'>"
    with simulator.device(ping_interval=0) as device, device.open_mtls(identity) as connection:
        assert status_of(connection.exchange(payment())) == "APPROVED"


@pytest.mark.parametrize(
    "settings",
    [
        {"serial": "not a host"},
        {"identity_check": IdentityCheck.NAME},
        {"identity_check": 99},
        # ctypes would make 1 of it.
        {"identity_check": 2**32 + 1},
        {"identity_check_name": "x"},
        {"connect_timeout": 0},
        {"connect_timeout": 100_000},
        {"pairing_timeout": -1},
        {"exchange_timeout": float("nan")},
        {"ping_interval": -1},
        {"pings_missed_max": 0},
        {"pings_missed_max": -1},
        {"pings_missed_max": 2**32},
        {"serial": "1850\x00000123"},
        {"journal": "with\x00nul"},
        {"serial": "half\ud83d"},
    ],
)
def test_setting_that_makes_no_sense_is_an_argument_error(simulator: Simulator, settings: Dict[str, Any]) -> None:
    error = refused(Status.ARGUMENT, lambda: simulator.device(**settings))
    assert isinstance(error, poslatch.UsageError)
    gc.collect()


def test_wrong_types_are_type_errors(simulator: Simulator, identity: poslatch.Identity) -> None:
    for call in (
        lambda: poslatch.Device(8443),  # type: ignore[arg-type]
        lambda: poslatch.Device(simulator.url(), root_ca_pem=1),  # type: ignore[arg-type]
        lambda: poslatch.Device(simulator.url(), simulator.root_ca_file),  # type: ignore[misc]
        lambda: poslatch.Identity.load(None),  # type: ignore[arg-type]
        lambda: identity.export_pem(12),  # type: ignore[arg-type]
        lambda: simulator.device().open_mtls(None),  # type: ignore[arg-type]
        lambda: simulator.device(identity_check="NAME"),
        lambda: simulator.device(pings_missed_max=2.5),
        lambda: simulator.device(connect_timeout="10"),
        lambda: identity.needs_renewal(1.5),  # type: ignore[arg-type]
        lambda: poslatch.library.status_name("OK"),  # type: ignore[arg-type]
        lambda: poslatch.log_to(print, level="INFO"),  # type: ignore[arg-type]
        lambda: poslatch.log_to(7),  # type: ignore[arg-type]
        lambda: poslatch.root_ca.fetch("https://127.0.0.1:1/", "shop", "key", "a", auth="JWT"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError):
            call()


def test_pairing_errors_have_their_categories(simulator: Simulator, tmp_path: Path) -> None:
    with simulator.device() as device:
        malformed = refused(Status.CODE_MALFORMED, lambda: device.pair("1001", "8QW1YS1"))
        assert malformed.request_state == poslatch.RequestState.NOT_SENT
        refused(Status.ARGUMENT, lambda: device.pair("10\x0001", "AAAAAAAA"))
        refused(Status.ARGUMENT, lambda: device.pair("1001", b"AAAA\0AAA"))
        wrong = "AAAAAAAA" if simulator.setup_code() != "AAAAAAAA" else "BBBBBBBB"
        assert isinstance(refused(Status.PAIRING_REJECTED, lambda: device.pair("1001", wrong)), poslatch.DeviceError)
    with simulator.device(serial="1850000999") as other:
        assert isinstance(refused(Status.WRONG_DEVICE, lambda: other.pair("1001", "AAAAAAAA")), poslatch.TrustError)
    with Simulator(str(tmp_path)) as foreign, poslatch.Device(
        simulator.url(), root_ca_file=foreign.root_ca_file
    ) as device:
        assert isinstance(refused(Status.UNKNOWN_ISSUER, device.open_tls), poslatch.TrustError)
        url = foreign.url()
    with poslatch.Device(url, root_ca_file=simulator.root_ca_file) as device:
        assert isinstance(refused(Status.REFUSED, device.open_tls), poslatch.NetworkError)


def test_identity_tells_its_facts(simulator: Simulator, identity: poslatch.Identity) -> None:
    assert identity.pos_id == "1001"
    assert identity.device_name == simulator.device_name
    assert identity.serial == SERIAL
    assert identity.issuer
    assert re.fullmatch("[0-9a-f]{64}", identity.fingerprint)
    now = datetime.now(timezone.utc)
    assert identity.not_before <= now < identity.earliest_expiry <= identity.not_after
    assert identity.not_after.utcoffset() == timedelta(0)
    days = (identity.earliest_expiry - now).days
    assert not identity.needs_renewal()
    assert not identity.needs_renewal(days - 1)
    assert identity.needs_renewal(days + 1)
    refused(Status.ARGUMENT, lambda: identity.needs_renewal(-1))
    assert identity.cert_chain.count("-----BEGIN CERTIFICATE-----") >= 2
    assert "PRIVATE" not in identity.cert_chain
    assert "1001" in repr(identity)


def test_identity_goes_out_and_comes_back(identity: poslatch.Identity, tmp_path: Path) -> None:
    file = tmp_path / f"{NON_ASCII}.pem"
    identity.save(file)
    assert os.stat(str(file)).st_mode & 0o077 == 0
    for path in (file, str(file), os.fsencode(str(file))):
        with poslatch.Identity.load(path) as loaded:
            assert loaded.fingerprint == identity.fingerprint
    exported = identity.export_pem()
    for pem in (exported, bytes(exported), exported.decode(), memoryview(exported)):
        with poslatch.Identity.from_pem(pem) as read:
            assert read.fingerprint == identity.fingerprint
    refused(Status.ARGUMENT, lambda: identity.save(file, "two\0parts"))
    refused(Status.ARGUMENT, lambda: identity.export_pkcs12(""))
    refused(Status.FILE, lambda: poslatch.Identity.load(tmp_path / "nothing.pem"))
    refused(Status.IDENTITY_UNUSABLE, lambda: poslatch.Identity.from_pem("rubbish"))


def test_passphrase_is_the_same_as_text_and_as_bytes_of_any_kind(identity: poslatch.Identity, tmp_path: Path) -> None:
    """Each kind once: the library makes a key of it with 600,000 rounds, a good part of a second for each call."""
    words = "Tür 日本"
    raw = words.encode()
    file = tmp_path / "till.pem"
    identity.save(file, words)
    assert os.stat(str(file)).st_mode & 0o077 == 0
    with poslatch.Identity.load(file, bytearray(raw)) as loaded:
        assert loaded.fingerprint == identity.fingerprint
    exported = identity.export_pem(memoryview(raw))
    with poslatch.Identity.from_pem(exported, raw) as read:
        assert read.fingerprint == identity.fingerprint
    for encrypted in (file.read_bytes(), exported):
        assert b"ENCRYPTED PRIVATE KEY" in encrypted
    refused(Status.PASSPHRASE, lambda: poslatch.Identity.load(file))
    refused(Status.PASSPHRASE, lambda: poslatch.Identity.load(file, "wrong"))
    kinds: List[Any] = [words, raw, bytearray(raw), memoryview(raw)]
    for kind in kinds:
        assert len(identity.export_pkcs12(kind)) > 1000


def test_secret_is_wiped_when_the_call_is_over() -> None:
    mine = bytearray(b"correct horse")
    secret = _arguments.Secret("passphrase", mine)
    with secret as copy:
        assert copy.value == b"correct horse"
        address = ctypes.addressof(copy)
    assert ctypes.string_at(address, len(mine) + 1) == bytes(len(mine) + 1)
    # The caller's own is the caller's.
    assert mine == b"correct horse"
    _arguments.wipe(mine)
    assert mine == bytes(13)


def test_exported_key_can_be_wiped(identity: poslatch.Identity) -> None:
    pem = identity.export_pem()
    assert b"PRIVATE KEY" in pem
    pem[:] = bytes(len(pem))
    assert not any(pem)


def test_root_ca_chain_is_checked_and_saved(simulator: Simulator, tmp_path: Path) -> None:
    with open(simulator.root_ca_file, "rb") as file:
        chain = file.read()
    saved = tmp_path / f"{NON_ASCII}.pem"
    poslatch.root_ca.save(chain, saved)
    with poslatch.Device(simulator.url(), root_ca_file=saved) as device:
        device.open_tls().close()
    refused(Status.ROOT_CA_UNUSABLE, lambda: poslatch.root_ca.save("rubbish", tmp_path / "other.pem"))
    assert not (tmp_path / "other.pem").exists()
    refused(Status.FILE, lambda: poslatch.root_ca.save(chain, tmp_path / "missing" / "x.pem"))


def test_probe_tells_what_is_wrong_and_raises_nothing(simulator: Simulator, identity: poslatch.Identity) -> None:
    with simulator.device() as device:
        report = device.probe(identity)
        assert (report["verdict"], report["cause"]) == ("ok", None), report["screen"]
        assert [step["name"] for step in report["steps"]][:3] == ["address", "machine", "identity"]
        assert device.probe()["steps"][2]["facts"] == {"given": False}
        with pytest.raises(TypeError):
            device.probe("till.pem")  # type: ignore[arg-type]
    with poslatch.Device(simulator.url(), root_ca_file=simulator.root_ca_file, serial="1850000999") as other:
        report = other.probe()
        assert report["cause"] == "device_name", report["screen"]


def test_root_ca_fetch_that_cannot_reach_the_cloud_is_a_network_error() -> None:
    with pytest.raises(poslatch.NetworkError):
        poslatch.root_ca.fetch("https://127.0.0.1:1/", "shop", "key", "c2VjcmV0", timeout=5)
    refused(Status.ARGUMENT, lambda: poslatch.root_ca.fetch("http://127.0.0.1/", "shop", "key", "c2VjcmV0"))
    refused(Status.ARGUMENT, lambda: poslatch.root_ca.fetch("https://x/", "shop", "key", "a", timeout=0))


C_LOCALE = """
import os, sys
import poslatch

url, root_ca_file, code, pos_id, file, passphrase = sys.argv[1:]
assert sys.getfilesystemencoding() == "ascii" if sys.version_info < (3, 15) else True
with poslatch.Device(url, root_ca_file=root_ca_file) as device:
    with device.pair(pos_id, code) as identity:
        identity.save(file, passphrase)
    with poslatch.Identity.load(file, passphrase) as identity, device.open_mtls(identity) as connection:
        reply = connection.exchange({"type": "PaymentRequest", "merchantReferenceCode": "c-locale",
                                     "amountDetails": {"amount": "1.00", "currency": "USD"}})
        sys.stdout.buffer.write((identity.pos_id + " " + reply["processingDetails"]["status"]).encode("utf-8"))
"""


def test_non_ascii_works_in_a_locale_without_it(tmp_path: Path) -> None:
    """A service that is started without a locale; Python then reads its arguments as halves of characters."""
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    with Simulator(str(tmp_path)) as simulator:
        file = tmp_path / f"{NON_ASCII}.pem"
        words = (simulator.url(), simulator.root_ca_file, simulator.setup_code(), NON_ASCII, str(file), "Tür 日本")
        ended = python(C_LOCALE, *words, env=plain)
    assert ended.stdout == f"{NON_ASCII} APPROVED", ended.stderr
    assert file.exists()
    with poslatch.Identity.load(file, "Tür 日本") as identity:
        assert identity.pos_id == NON_ASCII


def test_log_goes_to_logging(
    simulator: Simulator, identity: poslatch.Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="poslatch")
    poslatch.log_to()
    try:
        with simulator.device() as device, device.open_mtls(identity) as connection:
            connection.exchange(payment())
    finally:
        poslatch.log_off()
    records = [record for record in caplog.records if record.name == "poslatch"]
    assert any(f"connection to {simulator.address}: open" in record.getMessage() for record in records)
    # The logger's level was asked, so nothing was made that nobody wants.
    assert {record.levelno for record in records} == {logging.INFO}
    before = len(caplog.records)
    with simulator.device() as device, device.open_mtls(identity):
        pass
    assert len(caplog.records) == before


def test_log_goes_to_a_function_from_any_thread(simulator: Simulator, identity: poslatch.Identity) -> None:
    told: List[Any] = []
    poslatch.log_to(lambda level, message: told.append((level, message)), level=LogLevel.TRACE)
    try:

        def open_and_close() -> None:
            with simulator.device() as device, device.open_mtls(identity):
                gc.collect()

        threads = [threading.Thread(target=open_and_close) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        poslatch.log_off()
    assert sum("closed by the till" in message for _, message in told) == 8
    assert all(isinstance(level, LogLevel) for level, _ in told)


def test_log_target_that_raises_is_reported_and_stops_nothing(
    simulator: Simulator, identity: poslatch.Identity
) -> None:
    program = (
        "import sys, poslatch\n"
        "def target(level, message): raise ValueError('full disk')\n"
        "poslatch.log_to(target)\n"
        "device = poslatch.Device(sys.argv[1], root_ca_file=sys.argv[2])\n"
        "device.open_tls().close()\n"
        "print('went on')\n"
    )
    ended = python(program, simulator.url(), simulator.root_ca_file)
    assert ended.stdout == "went on\n", ended.stderr
    assert "ValueError: full disk" in ended.stderr


def test_log_cannot_be_set_from_within_a_target(simulator: Simulator) -> None:
    found: List[BaseException] = []

    def target(_level: LogLevel, _message: str) -> None:
        for call in (poslatch.log_off, poslatch.log_to):
            try:
                call()
            except poslatch.UsageError as error:
                found.append(error)

    poslatch.log_to(target)
    try:
        with simulator.device() as device:
            device.open_tls().close()
    finally:
        poslatch.log_off()
    assert {getattr(error, "status", None) for error in found} == {Status.BUSY}


def test_nothing_secret_is_in_the_log(tmp_path: Path) -> None:
    lines: List[str] = []
    poslatch.log_to(lambda _, message: lines.append(message), level=LogLevel.TRACE)
    try:
        with Simulator(str(tmp_path)) as simulator:
            code = simulator.setup_code()
            with simulator.pair() as identity:
                identity.save(tmp_path / "till.pem", "planted-passphrase")
    finally:
        poslatch.log_off()
    assert any("paired" in line for line in lines)
    assert not any(code in line or "planted-passphrase" in line or "PRIVATE" in line for line in lines)

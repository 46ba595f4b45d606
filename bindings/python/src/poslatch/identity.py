"""The till's identity: what a pairing gives, and what opens mutual TLS."""

from datetime import datetime, timedelta, timezone
from typing import Optional

from poslatch._arguments import PathArgument, PemArgument, Secret, SecretArgument, number, path
from poslatch._handle import Handle
from poslatch._loader import native
from poslatch._native import Outputs, words
from poslatch._owner import Owner
from poslatch.errors import argument_error

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Identity(Owner):
    """The till's private key, its certificate chain, and the name of the device that it was paired with.

    Comes from :meth:`Device.pair`, :meth:`load` or :meth:`from_pem`. Cannot be changed; any number of threads may use
    it. The key is wiped from memory when the identity is closed, or collected, and all connections that use it are
    closed.
    """

    def __init__(self, pointer: int) -> None:
        """Takes over a native identity. Not for programs."""
        self._own(Handle("identity", pointer, native().poslatch_identity_free))

    @classmethod
    def load(cls, file: PathArgument, passphrase: Optional[SecretArgument] = None) -> "Identity":
        """Reads an identity from a file that :meth:`save` wrote. An expired one is read too: its facts are of use.

        Args:
            file: File name.
            passphrase: The one that it was saved with; None if without.

        Raises:
            UsageError: The file cannot be read (``FILE``), the passphrase is missing or wrong (``PASSPHRASE``), or
                what stands there is no usable identity (``IDENTITY_UNUSABLE``).
        """
        library = native()
        name = path("file", file)
        outputs = Outputs(library, library.poslatch_identity_free)
        with outputs as out, Secret("passphrase", passphrase) as secret:
            out.check(library.poslatch_identity_load(name, secret, out.result, out.error))
            return cls(out.object())

    @classmethod
    def from_pem(cls, pem: PemArgument, passphrase: Optional[SecretArgument] = None) -> "Identity":
        """Reads an identity from the text that :meth:`export_pem` gave.

        Args:
            pem: The text. A ``bytearray`` can be wiped afterwards, ``str`` and ``bytes`` cannot.
            passphrase: The one that it was exported with; None if without.

        Raises:
            UsageError: As for :meth:`load`.
        """
        library = native()
        key = Secret("pem", pem, sized=True)
        outputs = Outputs(library, library.poslatch_identity_free)
        with outputs as out, key as content, Secret("passphrase", passphrase) as secret:
            out.check(library.poslatch_identity_from_pem(content, key.size, secret, out.result, out.error))
            return cls(out.object())

    def save(self, file: PathArgument, passphrase: Optional[SecretArgument] = None) -> None:
        """Writes the identity to one PEM file that only this user can read; openssl and curl read it as it is.

        An older file is replaced only when the new one is safe on disk. Blocks for the disk, and about a second on a
        slow machine for the passphrase.

        Args:
            file: File name. A symbolic link there is replaced, not followed.
            passphrase: Encrypts the private key (PBES2, AES-256). None: not encrypted.

        Raises:
            UsageError: The file cannot be written (``FILE``), or an argument will not do.
        """
        library = native()
        name = path("file", file)
        with self._handle as identity, Outputs(library) as out, Secret("passphrase", passphrase) as secret:
            out.check(library.poslatch_identity_save(identity, name, secret, out.error))

    def export_pem(self, passphrase: Optional[SecretArgument] = None) -> bytearray:
        """The identity as the text that :meth:`save` writes, for tills that keep their keys elsewhere.

        Args:
            passphrase: Encrypts the private key. None: not encrypted.

        Returns:
            PEM text with the private key, which the caller can wipe: ``pem[:] = bytes(len(pem))``.
        """
        library = native()
        with self._handle as identity, Outputs(library) as out, Secret("passphrase", passphrase) as secret:
            out.check(library.poslatch_identity_export_pem(identity, secret, out.result, out.error))
            return out.bytes() or bytearray()

    def export_pkcs12(self, passphrase: SecretArgument) -> bytearray:
        """The identity as PKCS#12 (.p12, .pfx), for programs that take no PEM.

        .NET Framework, Java 8, OpenSSL and whatever is newer read it. What all of them read is encryption of the
        nineties: choose a passphrase that nobody can guess, and remove the file once it was imported.

        Args:
            passphrase: Encrypts key and certificates; not empty. Java takes ASCII only.
        """
        library = native()
        with self._handle as identity, Outputs(library) as out, Secret("passphrase", passphrase) as secret:
            out.check(library.poslatch_identity_export_pkcs12(identity, secret, out.result, out.error))
            return out.bytes() or bytearray()

    @property
    def cert_chain(self) -> str:
        """The certificate chain as PEM text: the till's own first, the root last. Holds no secret."""
        library = native()
        with self._handle as identity, Outputs(library) as out:
            out.check(library.poslatch_get_cert_chain(identity, out.result, out.error))
            return out.text() or ""

    @property
    def pos_id(self) -> str:
        """The posId under which the till was paired."""
        with self._handle as identity:
            return words(native().poslatch_identity_pos_id(identity))

    @property
    def device_name(self) -> str:
        """The device that the till was paired with, such as ``1850000123.cybs.seclib.io``; only that can be opened.

        Empty if the device's certificate held no name.
        """
        with self._handle as identity:
            return words(native().poslatch_identity_device_name(identity))

    @property
    def serial(self) -> str:
        """The serial number of that device: the first label of its name. Empty if it is known by something else."""
        with self._handle as identity:
            return words(native().poslatch_identity_serial(identity))

    @property
    def issuer(self) -> str:
        """Who issued the till's certificate: the issuer's common name, or its organisation where it has none."""
        with self._handle as identity:
            return words(native().poslatch_identity_issuer(identity))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the till's certificate: 64 lower-case hexadecimal digits."""
        with self._handle as identity:
            return words(native().poslatch_identity_fingerprint(identity))

    @property
    def not_before(self) -> datetime:
        """Start of the till certificate's life, in UTC."""
        with self._handle as identity:
            return _time(native().poslatch_identity_not_before(identity))

    @property
    def not_after(self) -> datetime:
        """End of the till certificate's life, in UTC. There is no renewal but pairing again."""
        with self._handle as identity:
            return _time(native().poslatch_identity_not_after(identity))

    @property
    def earliest_expiry(self) -> datetime:
        """When the first certificate of the chain ends, in UTC: from then on the device refuses the till."""
        with self._handle as identity:
            return _time(native().poslatch_identity_earliest_expiry(identity))

    def needs_renewal(self, days: int = 0) -> bool:
        """Whether it is time to pair again, by this machine's clock.

        That is when two thirds of the certificate's life have gone, or the chain has expired or will within `days`
        days. A till that asks at each start, with the longest time that it may stay unattended, is never surprised.
        """
        whole = number("days", days)
        if whole < 0:
            raise argument_error("days", f"it is {whole}, and cannot be less than 0")
        with self._handle as identity:
            return bool(native().poslatch_identity_needs_renewal(identity, whole))

    def __repr__(self) -> str:
        """Which till and which device."""
        if self.closed:
            return "<Identity, closed>"
        return f"<Identity {self.pos_id!r} for {self.device_name!r}, until {self.not_after:%Y-%m-%d}>"


def _time(seconds: int) -> datetime:
    """Not by ``fromtimestamp``, which cannot say every date on every system."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc) if seconds > 0 else datetime.min.replace(tzinfo=timezone.utc)

"""The numbers of the C interface, as enumerations.

Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.
"""

from typing import Final

from poslatch._enums import OpenEnum


class Status(OpenEnum):
    """How a call ended. The numbers are stable: later versions add to them."""

    OK = 0
    """The call did what it was asked for."""

    ARGUMENT = -1
    """An argument is missing or has the wrong form."""

    CODE_MALFORMED = -2
    """The setup code does not have eight characters."""

    CLOSED = -3
    """The object was closed before."""

    BUSY = -4
    """Another call is using the connection."""

    REQUEST_NOT_JSON = -5
    """The request is not a JSON object with a string "type"; nothing was sent."""

    REQUEST_TOO_LARGE = -6
    """The request is larger than the library sends; nothing was sent."""

    FILE = -7
    """A file could not be read or written."""

    PASSPHRASE = -8
    """The passphrase of an identity is missing or wrong."""

    ROOT_CA_UNUSABLE = -9
    """The Root CA chain is missing or cannot serve as one."""

    IDENTITY_UNUSABLE = -10
    """The identity file or text does not hold a usable identity."""

    NAME_NOT_RESOLVED = -100
    """The host name of the address could not be resolved."""

    REFUSED = -101
    """The host answered, but nothing listens on the port."""

    UNREACHABLE = -102
    """There is no way through the network to the host."""

    CONNECT_TIMEOUT = -103
    """The connection was not up within the connect time-out."""

    PEER_CLOSED = -104
    """The device closed or reset the connection."""

    RESPONSE_TIMEOUT = -105
    """The device stayed silent for longer than allowed."""

    PEER_SILENT = -106
    """The device does not answer any more: switched off, out of reach, or hung."""

    DEVICE_NOT_FOUND = -107
    """Nobody at the addresses that were searched has proven to be the device."""

    NOT_TLS = -200
    """The other side does not speak TLS."""

    TLS_VERSION = -201
    """The two sides have no TLS version or cipher in common."""

    UNKNOWN_ISSUER = -202
    """The device's certificate was not issued under the Root CA chain."""

    DEVICE_CERTIFICATE_EXPIRED = -203
    """The device's certificate has expired, by this machine's clock."""

    DEVICE_CERTIFICATE_NOT_YET_VALID = -204
    """The device's certificate is not valid yet, by this machine's clock."""

    DEVICE_CERTIFICATE_UNUSABLE = -205
    """The device's certificate cannot be used for a server."""

    WRONG_DEVICE = -206
    """A genuine certificate, but of another device than the expected one."""

    TILL_CERTIFICATE_REJECTED = -207
    """The device does not accept the till's certificate."""

    TILL_CERTIFICATE_EXPIRED = -208
    """The device does not accept the till's certificate, which has expired."""

    TILL_CERTIFICATE_REQUIRED = -209
    """The device wants a till certificate where none can be shown."""

    TLS_FAILED = -210
    """The TLS handshake failed for a reason that has no status of its own."""

    PAIRING_REJECTED = -300
    """The device refused to pair."""

    PAIRING_REPLY_UNUSABLE = -301
    """The device's pairing reply does not hold a usable key and certificate chain."""

    PAIRING_REPLY_LOST = -302
    """The pairing request may have reached the device, but no whole reply came back: take the setup code as spent."""

    CLOUD_AUTHENTICATION = -303
    """The vendor's cloud does not accept the merchant's API credentials."""

    HTTP_STATUS = -400
    """The device answered with an HTTP status that is not the expected one."""

    REPLY_TOO_LARGE = -401
    """The device sent more than the library accepts."""

    REPLY_NOT_JSON = -402
    """The device sent a message that is not a JSON object with a string "type"."""

    PROTOCOL_VIOLATION = -403
    """The device broke the rules of HTTP or WebSocket."""

    CANCELLED = -900
    """The call was interrupted, or the connection closed, from another thread."""

    INTERNAL = -999
    """A fault of the library itself."""


class Category(OpenEnum):
    """What to branch on after a failure."""

    USAGE = 1
    """The call or its input is at fault. Mend the program or the setting."""

    NETWORK = 2
    """The network or the device's power is at fault. May pass by itself."""

    TRUST = 3
    """Who is who is in question. Do not retry; fetch a person."""

    DEVICE = 4
    """The device said no, or said something that cannot be used."""

    CANCELLED = 5
    """Another thread asked for it."""

    INTERNAL = 6
    """Report it to the makers of the library."""


class RequestState(OpenEnum):
    """What is known about the request of a failed call."""

    NONE = 0
    """The call carries no request, or its fate is known."""

    NOT_SENT = 1
    """Not one byte of the request left this machine. It can be made again."""

    IN_DOUBT = 2
    """The request may have reached the device. Never repeat it; look it up by its merchantReferenceCode
    (TransactionLookupRequest).
    """


class IdentityCheck(OpenEnum):
    """How a device has to prove that it is the right one."""

    NAME = 1
    """Exactly this serial number, or this whole DNS name."""

    DOMAIN = 2
    """Any single-label name under the device domain (the default)."""

    ADDRESS = 3
    """The certificate has to cover the host of the URL."""

    CHAIN_ONLY = 4
    """Any certificate under the Root CA chain. Weak: the chain belongs to a large company that also issues
    certificates to others than payment devices.
    """


class Timeout(OpenEnum):
    """Which wait is limited."""

    CONNECT = 1
    """Resolving, connecting, TLS and WebSocket together. Default: 10000 ms."""

    PAIRING = 2
    """The device's reply to a pairing request. Default: 30000 ms."""

    EXCHANGE = 3
    """A whole exchange, however much the device says meanwhile. Default: none."""


class MessageKind(OpenEnum):
    """What a message of the device is."""

    STATUS = 1
    """Progress (TransactionStatusResponse, OperationStatusResponse)."""

    REPLY = 2
    """Another "...Response", ErrorResponse included."""

    OTHER = 3
    """A type that the vendor does not document."""


class ConnectionState(OpenEnum):
    """What is known about a connection without asking the device."""

    CLOSED = 0
    """Closed by the till, for good."""

    OPEN = 1
    """Open, as far as is known without asking the device."""

    LOST = 2
    """Dropped by the device or the network, or given up after an exchange in doubt. The next exchange connects
    again.
    """

    CONNECTING = 3
    """An exchange is connecting again."""


class RecoveryOutcome(OpenEnum):
    """What the device knows of a request whose reply was lost."""

    FINAL = 1
    """The request has ended; how, stands in processingDetails.status of the reply."""

    RUNNING = 2
    """The device is still at work on the request."""

    UNKNOWN = 3
    """For the whole time, the device knew of no such request, or could not say how it ended."""


class LogLevel(OpenEnum):
    """Which log records are wanted."""

    OFF = 0
    """Nothing."""

    ERROR = 1
    """Faults of the library itself."""

    WARN = 2
    """Failed calls, and what calls for action."""

    INFO = 3
    """Connections and pairings."""

    DEBUG = 4
    """Types, sizes and times of messages."""

    TRACE = 5
    """Everything there is."""


class CloudAuth(OpenEnum):
    """How the vendor's cloud is told who asks."""

    JWT = 1
    """A JSON Web Token, signed with the shared secret (the default)."""

    HTTP_SIGNATURE = 2
    """HTTP Signature over the Date header. The vendor ends it in September 2026."""

    HTTP_SIGNATURE_V_DATE = 3
    """HTTP Signature over the v-c-date header, for machines behind a proxy that changes Date. The vendor ends it in
    September 2026.
    """


PING_DEFAULT_MS: Final = 10000
"""Quiet time before a ping, and between pings, by default: 10000 ms."""

PINGS_MISSED_DEFAULT: Final = 2
"""Pings that may stay unanswered by default: 2."""

SILENCE_DEFAULT_MS: Final = 180000
"""Silence that Connection.exchange allows by default: 180000 ms."""

PATIENCE_DEFAULT_MS: Final = 60000
"""Time that Connection.recover asks by default: 60000 ms."""

JSON_BYTES_MAX: Final = 1048576
"""Size of the largest request that the library sends, in bytes: 1 MiB."""

ABI_MAJOR: Final = 0
"""Major version of the ABI: a library with another one does not fit this package."""

ABI_MINOR: Final = 4
"""Minor version of the ABI: a library with a higher one fits this package too."""

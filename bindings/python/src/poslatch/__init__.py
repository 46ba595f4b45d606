"""A secure connection between a till and a payment device, over mutual TLS.

Start with :class:`Device`::

    device = poslatch.Device("wss://192.168.1.20:8443/", root_ca_file="root-ca.pem")
    identity = device.pair("1001", setup_code)  # once
    identity.save("till.pem")
    with device.open_mtls(identity) as connection:
        reply = connection.exchange({"type": "PaymentRequest", ...}, on_status=print)

Times are seconds. Blocking calls have twins for asyncio that end in ``_async``. What fails raises a
:class:`PoslatchError` with facts and advice.
"""

from poslatch import library, root_ca
from poslatch.connection import Connection
from poslatch.constants import (
    Category,
    CloudAuth,
    ConnectionState,
    IdentityCheck,
    LogLevel,
    MessageKind,
    RecoveryOutcome,
    RequestState,
    Status,
)
from poslatch.device import Device
from poslatch.errors import (
    CallCancelledError,
    DeviceError,
    InternalError,
    LibraryLoadError,
    NetworkError,
    PoslatchError,
    TrustError,
    UsageError,
)
from poslatch.identity import Identity
from poslatch.log import log_off, log_to
from poslatch.message import Message, Recovery

# The same as in the repository's Cargo.toml; `cargo xtask dist` refuses another one.
__version__ = "0.1.0"

__all__ = [
    "CallCancelledError",
    "Category",
    "CloudAuth",
    "Connection",
    "ConnectionState",
    "Device",
    "DeviceError",
    "Identity",
    "IdentityCheck",
    "InternalError",
    "LibraryLoadError",
    "LogLevel",
    "Message",
    "MessageKind",
    "NetworkError",
    "PoslatchError",
    "Recovery",
    "RecoveryOutcome",
    "RequestState",
    "Status",
    "TrustError",
    "UsageError",
    "library",
    "log_off",
    "log_to",
    "root_ca",
]

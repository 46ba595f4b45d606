"""The C interface as ctypes knows it: every function of ``poslatch.h``, declared once.

Nothing outside this file and :mod:`poslatch._loader` knows how a library is found or what a parameter is.
"""

import ctypes
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p
from typing import Any, Callable, Dict, Optional, Tuple

from poslatch.constants import Status
from poslatch.errors import PoslatchError, error_class

OnStatus = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
OnProgress = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint32, c_uint32)
OnLog = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_char_p)

# Owned objects, and what points to the place for one. Without the declarations below, ctypes would cut pointers
# to the size of an int.
_object = c_void_p
_output = POINTER(c_void_p)
_number = POINTER(c_int32)

# Text that a function returns is borrowed; `c_char_p` as a result is copied at once.
SIGNATURES: Dict[str, Tuple[Any, Tuple[Any, ...]]] = {
    "poslatch_version_string": (c_char_p, ()),
    "poslatch_abi_version": (c_uint32, ()),
    "poslatch_abi_check": (c_int32, (c_uint32, c_uint32)),
    "poslatch_log_set": (c_int32, (c_int32, OnLog, c_void_p, _output)),
    "poslatch_fetch_root_ca": (
        c_int32,
        (c_char_p, c_char_p, c_char_p, c_char_p, c_int32, c_char_p, c_uint32, _output, _output),
    ),
    "poslatch_save_root_ca": (c_int32, (c_char_p, c_size_t, c_char_p, _output)),
    "poslatch_device_new": (c_int32, (c_char_p, _output, _output)),
    "poslatch_device_set_root_ca_file": (c_int32, (_object, c_char_p, _output)),
    "poslatch_device_set_root_ca_pem": (c_int32, (_object, c_char_p, c_size_t, _output)),
    "poslatch_device_set_serial": (c_int32, (_object, c_char_p, _output)),
    "poslatch_device_set_identity_check": (c_int32, (_object, c_int32, c_char_p, _output)),
    "poslatch_device_set_timeout_ms": (c_int32, (_object, c_int32, c_uint32, _output)),
    "poslatch_device_set_keep_alive": (c_int32, (_object, c_uint32, c_uint32, _output)),
    "poslatch_device_set_journal": (c_int32, (_object, c_char_p, _output)),
    "poslatch_device_journal_pending": (c_int32, (_object, _output, _output)),
    "poslatch_device_journal_forget": (c_int32, (_object, c_char_p, _output)),
    "poslatch_device_interrupt": (None, (_object,)),
    "poslatch_device_free": (None, (_object,)),
    "poslatch_pair": (c_int32, (_object, c_char_p, c_char_p, _output, _output)),
    "poslatch_get_cert_chain": (c_int32, (_object, _output, _output)),
    "poslatch_identity_save": (c_int32, (_object, c_char_p, c_char_p, _output)),
    "poslatch_identity_load": (c_int32, (c_char_p, c_char_p, _output, _output)),
    "poslatch_identity_export_pem": (c_int32, (_object, c_char_p, _output, _output)),
    "poslatch_identity_export_pkcs12": (c_int32, (_object, c_char_p, _output, _output)),
    "poslatch_identity_from_pem": (c_int32, (c_char_p, c_size_t, c_char_p, _output, _output)),
    "poslatch_identity_pos_id": (c_char_p, (_object,)),
    "poslatch_identity_device_name": (c_char_p, (_object,)),
    "poslatch_identity_serial": (c_char_p, (_object,)),
    "poslatch_identity_issuer": (c_char_p, (_object,)),
    "poslatch_identity_not_before": (c_int64, (_object,)),
    "poslatch_identity_not_after": (c_int64, (_object,)),
    "poslatch_identity_earliest_expiry": (c_int64, (_object,)),
    "poslatch_identity_needs_renewal": (c_int32, (_object, c_uint32)),
    "poslatch_identity_fingerprint": (c_char_p, (_object,)),
    "poslatch_identity_free": (None, (_object,)),
    "poslatch_find_device": (
        c_int32,
        (_object, _object, c_char_p, OnProgress, c_void_p, _output, _output),
    ),
    "poslatch_open_mtls": (c_int32, (_object, _object, _output, _output)),
    "poslatch_open_tls": (c_int32, (_object, _output, _output)),
    "poslatch_probe": (c_int32, (_object, _object, _output, _output)),
    "poslatch_connection_exchange": (
        c_int32,
        (_object, c_char_p, c_size_t, c_uint32, OnStatus, c_void_p, _output, _output),
    ),
    "poslatch_connection_send": (c_int32, (_object, c_char_p, c_size_t, _output)),
    "poslatch_connection_receive": (c_int32, (_object, c_uint32, _number, _output, _output)),
    "poslatch_connection_recover": (c_int32, (_object, c_char_p, c_uint32, _number, _output, _output)),
    "poslatch_connection_state": (c_int32, (_object,)),
    "poslatch_connection_server_name": (c_char_p, (_object,)),
    "poslatch_connection_tls_version": (c_char_p, (_object,)),
    "poslatch_connection_close": (None, (_object,)),
    "poslatch_connection_free": (None, (_object,)),
    "poslatch_buffer_data": (c_void_p, (_object,)),
    "poslatch_buffer_size": (c_size_t, (_object,)),
    "poslatch_buffer_free": (None, (_object,)),
    "poslatch_error_status": (c_int32, (_object,)),
    "poslatch_error_category": (c_int32, (_object,)),
    "poslatch_error_message": (c_char_p, (_object,)),
    "poslatch_error_advice": (c_char_p, (_object,)),
    "poslatch_error_request_state": (c_int32, (_object,)),
    "poslatch_error_http_status": (c_int32, (_object,)),
    "poslatch_error_os_code": (c_int32, (_object,)),
    "poslatch_error_free": (None, (_object,)),
    "poslatch_status_name": (c_char_p, (c_int32,)),
}


def declare(library: ctypes.CDLL, name: str) -> Any:
    """Finds a function in the library and tells ctypes what it takes and gives.

    Raises:
        AttributeError: The library has no such function.
    """
    function = getattr(library, name)
    function.restype, function.argtypes = SIGNATURES[name]
    return function


class Outputs:
    """Where a fallible function puts its result and its error; frees whatever nobody took.

    An exception can come between any two steps of Python, Ctrl-C above all: it waits while a call is in the library,
    and is raised when the call returns. Used with ``with``, so that it costs no memory, no connection that stays open
    and, with :meth:`bytes` in a ``finally``, no reply either.
    """

    def __init__(self, library: ctypes.CDLL, free: Optional[Callable[[int], object]] = None) -> None:
        """`free` is for results that are no buffers."""
        self._library = library
        self._free = free or library.poslatch_buffer_free
        self.result = c_void_p()
        self.error = c_void_p()

    def __enter__(self) -> "Outputs":
        return self

    def __exit__(self, *_: object) -> None:
        result, self.result.value = self.result.value, None
        if result is not None:
            self._free(result)
        error, self.error.value = self.error.value, None
        if error is not None:
            self._library.poslatch_error_free(error)

    def check(self, status: int) -> None:
        """Raises what the function failed with, if it failed."""
        failure = self.failure(status)
        try:
            if failure is not None:
                raise failure
        finally:
            # What is raised holds this frame, and must not be held by it: only the collector would get the two.
            del failure

    def failure(self, status: int) -> Optional[PoslatchError]:
        """What the function failed with, if it failed."""
        if status == Status.OK:
            return None
        library, error = self._library, self.error
        category = library.poslatch_error_category(error)
        return error_class(category)(
            words(library.poslatch_error_message(error)),
            status=status,
            category=category,
            advice=words(library.poslatch_error_advice(error)),
            request_state=library.poslatch_error_request_state(error),
            http_status=library.poslatch_error_http_status(error),
            os_code=library.poslatch_error_os_code(error),
        )

    def object(self) -> int:
        """The object that came, which is the caller's from now on."""
        pointer, self.result.value = self.result.value, None
        assert pointer is not None  # noqa: S101 - by the header, success means an object
        return pointer

    def bytes(self) -> Optional[bytearray]:
        """A copy of the buffer that came, if one came; ours to wipe, the library wipes its own."""
        buffer, self.result.value = self.result.value, None
        if buffer is None:
            return None
        try:
            size = self._library.poslatch_buffer_size(buffer)
            if size == 0:
                return bytearray()
            data = self._library.poslatch_buffer_data(buffer)
            return bytearray((ctypes.c_char * size).from_address(data))
        finally:
            self._library.poslatch_buffer_free(buffer)

    def text(self) -> Optional[str]:
        """The same as text."""
        content = self.bytes()
        return None if content is None else content.decode("utf-8")


def words(text: Optional[bytes]) -> str:
    """Text for people. A report of a failure must not fail over a byte, so what is not UTF-8 is replaced."""
    return (text or b"").decode("utf-8", "replace")

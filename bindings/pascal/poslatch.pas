{
  poslatch for Delphi 7 to 12 and Free Pascal: the C functions of poslatch.h, found at run time, and its numbers.
  What each function does stands in poslatch.h; poslatchobjects.pas has interfaces over them that free themselves.

  LOADING

    Call PoslatchLoad first, at the till's start, and show the text of its EPoslatchLibrary to whoever set the till up.
    poslatchobjects.pas calls it by itself. Until then all variables below are nil.

    There are no "external" declarations, on purpose. With them, a DLL that is missing, or of the other bitness, keeps
    the whole till from starting, with a box of Windows that names no folder; like this, the till still sells for cash,
    and says which files it looked at and what was wrong with each.

  TEXT

    PAnsiChar is UTF-8 and ends with #0. UTF8String in Delphi 2009 and later, and in Free Pascal, is converted from
    "string" by itself; in Delphi 7 to 2007 use AnsiToUtf8 for what is not ASCII.

  FLOATING POINT

    Delphi and Free Pascal let an overflow raise an exception, the library counts on getting "infinite" back: without
    PoslatchMaskFloats around the call, a message of the device with the number 99999e308 raises EOverflow in the midst
    of the library. poslatchobjects.pas does that by itself.

  THREADS

    Callbacks of the log come on threads of the library. The unit tells the memory manager so (IsMultiThread). On
    Linux, name cthreads first in the uses clause of the program.
}
unit poslatch;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}

interface

uses
  {$IFDEF UNIX}cthreads,{$ENDIF} {$IFDEF FPC}Math,{$ENDIF} SysUtils;

const
  // BEGIN GENERATED
  // Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.

  // Status: How a call ended. The numbers are stable: later versions add to them.

  // The call did what it was asked for.
  POSLATCH_OK = 0;
  // An argument is missing or has the wrong form.
  POSLATCH_E_ARGUMENT = -1;
  // The setup code does not have eight characters.
  POSLATCH_E_CODE_MALFORMED = -2;
  // The object was closed before.
  POSLATCH_E_CLOSED = -3;
  // Another call is using the connection.
  POSLATCH_E_BUSY = -4;
  // The request is not a JSON object with a string "type"; nothing was sent.
  POSLATCH_E_REQUEST_NOT_JSON = -5;
  // The request is larger than the library sends; nothing was sent.
  POSLATCH_E_REQUEST_TOO_LARGE = -6;
  // A file could not be read or written.
  POSLATCH_E_FILE = -7;
  // The passphrase of an identity is missing or wrong.
  POSLATCH_E_PASSPHRASE = -8;
  // The Root CA chain is missing or cannot serve as one.
  POSLATCH_E_ROOT_CA_UNUSABLE = -9;
  // The identity file or text does not hold a usable identity.
  POSLATCH_E_IDENTITY_UNUSABLE = -10;
  // The host name of the address could not be resolved.
  POSLATCH_E_NAME_NOT_RESOLVED = -100;
  // The host answered, but nothing listens on the port.
  POSLATCH_E_REFUSED = -101;
  // There is no way through the network to the host.
  POSLATCH_E_UNREACHABLE = -102;
  // The connection was not up within the connect time-out.
  POSLATCH_E_CONNECT_TIMEOUT = -103;
  // The device closed or reset the connection.
  POSLATCH_E_PEER_CLOSED = -104;
  // The device stayed silent for longer than allowed.
  POSLATCH_E_RESPONSE_TIMEOUT = -105;
  // The device does not answer any more: switched off, out of reach, or hung.
  POSLATCH_E_PEER_SILENT = -106;
  // Nobody at the addresses that were searched has proven to be the device.
  POSLATCH_E_DEVICE_NOT_FOUND = -107;
  // The other side does not speak TLS.
  POSLATCH_E_NOT_TLS = -200;
  // The two sides have no TLS version or cipher in common.
  POSLATCH_E_TLS_VERSION = -201;
  // The device's certificate was not issued under the Root CA chain.
  POSLATCH_E_UNKNOWN_ISSUER = -202;
  // The device's certificate has expired, by this machine's clock.
  POSLATCH_E_DEVICE_CERTIFICATE_EXPIRED = -203;
  // The device's certificate is not valid yet, by this machine's clock.
  POSLATCH_E_DEVICE_CERTIFICATE_NOT_YET_VALID = -204;
  // The device's certificate cannot be used for a server.
  POSLATCH_E_DEVICE_CERTIFICATE_UNUSABLE = -205;
  // A genuine certificate, but of another device than the expected one.
  POSLATCH_E_WRONG_DEVICE = -206;
  // The device does not accept the till's certificate.
  POSLATCH_E_TILL_CERTIFICATE_REJECTED = -207;
  // The device does not accept the till's certificate, which has expired.
  POSLATCH_E_TILL_CERTIFICATE_EXPIRED = -208;
  // The device wants a till certificate where none can be shown.
  POSLATCH_E_TILL_CERTIFICATE_REQUIRED = -209;
  // The TLS handshake failed for a reason that has no status of its own.
  POSLATCH_E_TLS_FAILED = -210;
  // The device refused to pair.
  POSLATCH_E_PAIRING_REJECTED = -300;
  // The device's pairing reply does not hold a usable key and certificate chain.
  POSLATCH_E_PAIRING_REPLY_UNUSABLE = -301;
  // The pairing request may have reached the device, but no whole reply came back: take the setup
  // code as spent.
  POSLATCH_E_PAIRING_REPLY_LOST = -302;
  // The vendor's cloud does not accept the merchant's API credentials.
  POSLATCH_E_CLOUD_AUTHENTICATION = -303;
  // The device answered with an HTTP status that is not the expected one.
  POSLATCH_E_HTTP_STATUS = -400;
  // The device sent more than the library accepts.
  POSLATCH_E_REPLY_TOO_LARGE = -401;
  // The device sent a message that is not a JSON object with a string "type".
  POSLATCH_E_REPLY_NOT_JSON = -402;
  // The device broke the rules of HTTP or WebSocket.
  POSLATCH_E_PROTOCOL_VIOLATION = -403;
  // The call was interrupted, or the connection closed, from another thread.
  POSLATCH_E_CANCELLED = -900;
  // A fault of the library itself.
  POSLATCH_E_INTERNAL = -999;

  // Category: What to branch on after a failure.

  // The call or its input is at fault. Mend the program or the setting.
  POSLATCH_CATEGORY_USAGE = 1;
  // The network or the device's power is at fault. May pass by itself.
  POSLATCH_CATEGORY_NETWORK = 2;
  // Who is who is in question. Do not retry; fetch a person.
  POSLATCH_CATEGORY_TRUST = 3;
  // The device said no, or said something that cannot be used.
  POSLATCH_CATEGORY_DEVICE = 4;
  // Another thread asked for it.
  POSLATCH_CATEGORY_CANCELLED = 5;
  // Report it to the makers of the library.
  POSLATCH_CATEGORY_INTERNAL = 6;

  // RequestState: What is known about the request of a failed call.

  // The call carries no request, or its fate is known.
  POSLATCH_REQUEST_NONE = 0;
  // Not one byte of the request left this machine. It can be made again.
  POSLATCH_REQUEST_NOT_SENT = 1;
  // The request may have reached the device. Never repeat it; look it up by its
  // merchantReferenceCode (TransactionLookupRequest).
  POSLATCH_REQUEST_IN_DOUBT = 2;

  // IdentityCheck: How a device has to prove that it is the right one.

  // Exactly this serial number, or this whole DNS name.
  POSLATCH_CHECK_NAME = 1;
  // Any single-label name under the device domain (the default).
  POSLATCH_CHECK_DOMAIN = 2;
  // The certificate has to cover the host of the URL.
  POSLATCH_CHECK_ADDRESS = 3;
  // Any certificate under the Root CA chain. Weak: the chain belongs to a large
  // company that also issues certificates to others than payment devices.
  POSLATCH_CHECK_CHAIN_ONLY = 4;

  // Timeout: Which wait is limited.

  // Resolving, connecting, TLS and WebSocket together. Default: 10000 ms.
  POSLATCH_TIMEOUT_CONNECT = 1;
  // The device's reply to a pairing request. Default: 30000 ms.
  POSLATCH_TIMEOUT_PAIRING = 2;
  // A whole exchange, however much the device says meanwhile. Default: none.
  POSLATCH_TIMEOUT_EXCHANGE = 3;

  // MessageKind: What a message of the device is.

  // Progress (TransactionStatusResponse, OperationStatusResponse).
  POSLATCH_MESSAGE_STATUS = 1;
  // Another "...Response", ErrorResponse included.
  POSLATCH_MESSAGE_REPLY = 2;
  // A type that the vendor does not document.
  POSLATCH_MESSAGE_OTHER = 3;

  // ConnectionState: What is known about a connection without asking the device.

  // Closed by the till, for good.
  POSLATCH_CONNECTION_CLOSED = 0;
  // Open, as far as is known without asking the device.
  POSLATCH_CONNECTION_OPEN = 1;
  // Dropped by the device or the network, or given up after an exchange in doubt. The
  // next exchange connects again.
  POSLATCH_CONNECTION_LOST = 2;
  // An exchange is connecting again.
  POSLATCH_CONNECTION_CONNECTING = 3;

  // RecoveryOutcome: What the device knows of a request whose reply was lost.

  // The request has ended; how, stands in processingDetails.status of the reply.
  POSLATCH_RECOVERY_FINAL = 1;
  // The device is still at work on the request.
  POSLATCH_RECOVERY_RUNNING = 2;
  // For the whole time, the device knew of no such request, or could not say how it ended.
  POSLATCH_RECOVERY_UNKNOWN = 3;

  // LogLevel: Which log records are wanted.

  // Nothing.
  POSLATCH_LOG_OFF = 0;
  // Faults of the library itself.
  POSLATCH_LOG_ERROR = 1;
  // Failed calls, and what calls for action.
  POSLATCH_LOG_WARN = 2;
  // Connections and pairings.
  POSLATCH_LOG_INFO = 3;
  // Types, sizes and times of messages.
  POSLATCH_LOG_DEBUG = 4;
  // Everything there is.
  POSLATCH_LOG_TRACE = 5;

  // CloudAuth: How the vendor's cloud is told who asks.

  // A JSON Web Token, signed with the shared secret (the default).
  POSLATCH_AUTH_JWT = 1;
  // HTTP Signature over the Date header. The vendor ends it in September 2026.
  POSLATCH_AUTH_HTTP_SIGNATURE = 2;
  // HTTP Signature over the v-c-date header, for machines behind a proxy that
  // changes Date. The vendor ends it in September 2026.
  POSLATCH_AUTH_HTTP_SIGNATURE_V_DATE = 3;

  // Defaults, and the version of the ABI.

  // Quiet time before a ping, and between pings, when poslatch_device_set_keep_alive was not called:
  // 10000 ms.
  POSLATCH_PING_DEFAULT_MS = 10000;
  // Pings that may stay unanswered when poslatch_device_set_keep_alive was not called: 2.
  POSLATCH_PINGS_MISSED_DEFAULT = 2;
  // Silence that poslatch_connection_exchange allows when it is given 0: 180000 ms.
  POSLATCH_SILENCE_DEFAULT_MS = 180000;
  // Time that poslatch_connection_recover asks when it is given 0: 60000 ms.
  POSLATCH_PATIENCE_DEFAULT_MS = 60000;
  // Size of the largest request that the library sends, in bytes: 1 MiB.
  POSLATCH_JSON_BYTES_MAX = 1048576;
  // Major version of the ABI: a library with another one does not fit this header.
  POSLATCH_ABI_MAJOR = 0;
  // Minor version of the ABI: a library with a higher one fits this header too.
  POSLATCH_ABI_MINOR = 4;
  // END GENERATED

type
  // How a call ended: POSLATCH_OK, or one of the POSLATCH_E_ constants.
  TPoslatchStatus = Integer;

  // size_t. Not NativeUInt everywhere: Delphi 7 has none, and that of Delphi 2007 has the wrong size.
  {$IFDEF FPC}
  TPoslatchSize = SizeUInt;
  {$ELSE}
  {$IFDEF CPUX64}
  TPoslatchSize = NativeUInt;
  {$ELSE}
  TPoslatchSize = Cardinal;
  {$ENDIF}
  {$ENDIF}

  // The objects, of which nobody sees the inside.
  PPoslatchDevice = ^TPoslatchDeviceInside;
  TPoslatchDeviceInside = record end;
  PPoslatchIdentity = ^TPoslatchIdentityInside;
  TPoslatchIdentityInside = record end;
  PPoslatchConnection = ^TPoslatchConnectionInside;
  TPoslatchConnectionInside = record end;
  PPoslatchBuffer = ^TPoslatchBufferInside;
  TPoslatchBufferInside = record end;
  PPoslatchError = ^TPoslatchErrorInside;
  TPoslatchErrorInside = record end;

  // Where a call puts what it gives: the address of a variable, or nil where poslatch.h allows it.
  PPPoslatchDevice = ^PPoslatchDevice;
  PPPoslatchIdentity = ^PPoslatchIdentity;
  PPPoslatchConnection = ^PPoslatchConnection;
  PPPoslatchBuffer = ^PPoslatchBuffer;
  PPPoslatchError = ^PPoslatchError;

  // No exception may leave any of them: it would pass through code that is not Pascal.
  TPoslatchLogCallback = procedure(User: Pointer; Level: Integer; Message: PAnsiChar); cdecl;
  TPoslatchStatusCallback = procedure(User: Pointer; Json: PAnsiChar; Size: TPoslatchSize); cdecl;
  // Anything but 0 ends the search.
  TPoslatchProgressCallback = function(User: Pointer; Tried, Total: Cardinal): Integer; cdecl;

  // The library cannot be loaded, or does not fit this unit. Nothing was sent.
  EPoslatchLibrary = class(Exception);

// Loads the library, unless it is loaded already; from any thread. Looks at FileName, if it is given; else at the file
// that the environment variable POSLATCH_LIBRARY names; else beside the program, or the DLL or package with this code;
// else, not on Windows, where the system looks. Raises EPoslatchLibrary, with what was wrong with each file.
procedure PoslatchLoad(const FileName: string = '');

type
  // Which exceptions the processor raises on this thread.
  {$IFDEF FPC}
  TPoslatchFloats = TFPUExceptionMask;
  {$ELSE}
  TPoslatchFloats = Cardinal;
  {$ENDIF}

// Has the processor raise no exception for floating point on this thread; gives what was set before.
function PoslatchMaskFloats: TPoslatchFloats;

// Sets what was set before.
procedure PoslatchRestoreFloats(Former: TPoslatchFloats);

// The file that was loaded; '' before.
function PoslatchLoadedFrom: string;

var
  poslatch_version_string: function: PAnsiChar; cdecl;
  poslatch_abi_version: function: Cardinal; cdecl;
  poslatch_abi_check: function(Major: Cardinal; Minor: Cardinal): TPoslatchStatus; cdecl;
  poslatch_log_set: function(
    Level: Integer; OnLog: TPoslatchLogCallback; User: Pointer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_fetch_root_ca: function(
    BaseUrl: PAnsiChar; MerchantId: PAnsiChar; KeyId: PAnsiChar; SharedSecret: PAnsiChar; Auth: Integer;
    WebRootPem: PAnsiChar; TimeoutMs: Cardinal; Pem: PPPoslatchBuffer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_save_root_ca: function(
    Pem: PAnsiChar; Size: TPoslatchSize; Path: PAnsiChar; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_new: function(
    Url: PAnsiChar; Device: PPPoslatchDevice; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_set_root_ca_file: function(
    Device: PPoslatchDevice; Path: PAnsiChar; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_set_root_ca_pem: function(
    Device: PPoslatchDevice; Pem: PAnsiChar; Size: TPoslatchSize; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_set_serial: function(
    Device: PPoslatchDevice; Serial: PAnsiChar; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_set_identity_check: function(
    Device: PPoslatchDevice; Check: Integer; Name: PAnsiChar; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_set_timeout_ms: function(
    Device: PPoslatchDevice; Which: Integer; Ms: Cardinal; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_set_keep_alive: function(
    Device: PPoslatchDevice; PingMs: Cardinal; MissedMax: Cardinal; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_interrupt: procedure(Device: PPoslatchDevice); cdecl;
  poslatch_device_free: procedure(Device: PPoslatchDevice); cdecl;
  poslatch_pair: function(
    Device: PPoslatchDevice; PosId: PAnsiChar; SetupCode: PAnsiChar; Identity: PPPoslatchIdentity;
    Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_get_cert_chain: function(
    Identity: PPoslatchIdentity; Pem: PPPoslatchBuffer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_identity_save: function(
    Identity: PPoslatchIdentity; Path: PAnsiChar; Passphrase: PAnsiChar; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_identity_load: function(
    Path: PAnsiChar; Passphrase: PAnsiChar; Identity: PPPoslatchIdentity; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_identity_export_pem: function(
    Identity: PPoslatchIdentity; Passphrase: PAnsiChar; Pem: PPPoslatchBuffer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_identity_export_pkcs12: function(
    Identity: PPoslatchIdentity; Passphrase: PAnsiChar; Pkcs12: PPPoslatchBuffer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_identity_from_pem: function(
    Pem: PAnsiChar; Size: TPoslatchSize; Passphrase: PAnsiChar; Identity: PPPoslatchIdentity;
    Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_identity_pos_id: function(Identity: PPoslatchIdentity): PAnsiChar; cdecl;
  poslatch_identity_device_name: function(Identity: PPoslatchIdentity): PAnsiChar; cdecl;
  poslatch_identity_serial: function(Identity: PPoslatchIdentity): PAnsiChar; cdecl;
  poslatch_identity_issuer: function(Identity: PPoslatchIdentity): PAnsiChar; cdecl;
  poslatch_identity_not_before: function(Identity: PPoslatchIdentity): Int64; cdecl;
  poslatch_identity_not_after: function(Identity: PPoslatchIdentity): Int64; cdecl;
  poslatch_identity_earliest_expiry: function(Identity: PPoslatchIdentity): Int64; cdecl;
  poslatch_identity_needs_renewal: function(Identity: PPoslatchIdentity; Days: Cardinal): Integer; cdecl;
  poslatch_identity_fingerprint: function(Identity: PPoslatchIdentity): PAnsiChar; cdecl;
  poslatch_identity_free: procedure(Identity: PPoslatchIdentity); cdecl;
  poslatch_find_device: function(
    Device: PPoslatchDevice; Identity: PPoslatchIdentity; Subnets: PAnsiChar; OnProgress: TPoslatchProgressCallback;
    User: Pointer; Url: PPPoslatchBuffer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_open_mtls: function(
    Device: PPoslatchDevice; Identity: PPoslatchIdentity; Connection: PPPoslatchConnection;
    Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_open_tls: function(
    Device: PPoslatchDevice; Connection: PPPoslatchConnection; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_connection_exchange: function(
    Connection: PPoslatchConnection; Json: PAnsiChar; Size: TPoslatchSize; SilenceMs: Cardinal;
    OnStatus: TPoslatchStatusCallback; User: Pointer; Reply: PPPoslatchBuffer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_connection_send: function(
    Connection: PPoslatchConnection; Json: PAnsiChar; Size: TPoslatchSize; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_connection_receive: function(
    Connection: PPoslatchConnection; TimeoutMs: Cardinal; Kind: PInteger; Message: PPPoslatchBuffer;
    Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_connection_recover: function(
    Connection: PPoslatchConnection; Reference: PAnsiChar; PatienceMs: Cardinal; Outcome: PInteger;
    Reply: PPPoslatchBuffer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_connection_state: function(Connection: PPoslatchConnection): Integer; cdecl;
  poslatch_connection_server_name: function(Connection: PPoslatchConnection): PAnsiChar; cdecl;
  poslatch_connection_tls_version: function(Connection: PPoslatchConnection): PAnsiChar; cdecl;
  poslatch_connection_close: procedure(Connection: PPoslatchConnection); cdecl;
  poslatch_connection_free: procedure(Connection: PPoslatchConnection); cdecl;
  poslatch_device_set_journal: function(
    Device: PPoslatchDevice; Path: PAnsiChar; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_journal_pending: function(
    Device: PPoslatchDevice; Json: PPPoslatchBuffer; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_device_journal_forget: function(
    Device: PPoslatchDevice; Reference: PAnsiChar; Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_probe: function(
    Device: PPoslatchDevice; Identity: PPoslatchIdentity; Report: PPPoslatchBuffer;
    Error: PPPoslatchError): TPoslatchStatus; cdecl;
  poslatch_buffer_data: function(Buffer: PPoslatchBuffer): PAnsiChar; cdecl;
  poslatch_buffer_size: function(Buffer: PPoslatchBuffer): TPoslatchSize; cdecl;
  poslatch_buffer_free: procedure(Buffer: PPoslatchBuffer); cdecl;
  poslatch_error_status: function(Error: PPoslatchError): TPoslatchStatus; cdecl;
  poslatch_error_category: function(Error: PPoslatchError): Integer; cdecl;
  poslatch_error_message: function(Error: PPoslatchError): PAnsiChar; cdecl;
  poslatch_error_advice: function(Error: PPoslatchError): PAnsiChar; cdecl;
  poslatch_error_request_state: function(Error: PPoslatchError): Integer; cdecl;
  poslatch_error_http_status: function(Error: PPoslatchError): Integer; cdecl;
  poslatch_error_os_code: function(Error: PPoslatchError): Integer; cdecl;
  poslatch_error_free: procedure(Error: PPoslatchError); cdecl;
  poslatch_status_name: function(Status: TPoslatchStatus): PAnsiChar; cdecl;

implementation

{$IFDEF MSWINDOWS}
uses
  Windows;
{$ELSE}
uses
  dynlibs;
{$ENDIF}

{$IFNDEF FPC}
{$IFNDEF MSWINDOWS}
{$MESSAGE FATAL 'With Delphi, poslatch is for Windows.'}
{$ENDIF}
{$ENDIF}

const
  VARIABLE = 'POSLATCH_LIBRARY';
  {$IFDEF MSWINDOWS}
  FILE_NAMES: array[0..0] of string = ('poslatch.dll');
  {$ELSE}
  {$IFDEF DARWIN}
  FILE_NAMES: array[0..0] of string = ('libposlatch.dylib');
  {$ELSE}
  // The second is there where only the files for compiling against it are installed.
  FILE_NAMES: array[0..1] of string = ('libposlatch.so.0', 'libposlatch.so');
  {$ENDIF}
  {$ENDIF}

type
  {$IFDEF MSWINDOWS}
  TLibrary = HMODULE;
  {$ELSE}
  TLibrary = TLibHandle;
  {$ENDIF}

var
  Lock: TRTLCriticalSection;
  // Whether LoadedFrom and all functions are set.
  IsLoaded: Boolean = False;
  LoadedFrom: string;

// What the system's loader says; nothing if Handle is one.
function OpenLibrary(const Place: string; out Handle: TLibrary): string;
{$IFDEF MSWINDOWS}
var
  Mode, Code: Cardinal;
begin
  Result := '';
  // Otherwise a file that is no DLL shows a box, and the till waits behind it.
  Mode := SetErrorMode(SEM_FAILCRITICALERRORS or SEM_NOOPENFILEERRORBOX);
  Handle := LoadLibrary(PChar(Place));
  Code := GetLastError;
  SetErrorMode(Mode);
  if Handle <> 0 then
    Exit;
  Result := SysErrorMessage(Code) + ' (error ' + IntToStr(Code) + ')';
  if Code = ERROR_BAD_EXE_FORMAT then
    Result := 'is no DLL for a program of ' + IntToStr(SizeOf(Pointer) * 8) + ' bits: ' + Result;
end;
{$ELSE}
begin
  Result := '';
  Handle := LoadLibrary(Place);
  if Handle = NilHandle then
    Result := GetLoadErrorStr;
end;
{$ENDIF}

function FindFunction(Handle: TLibrary; const Name: string): Pointer;
begin
  {$IFDEF MSWINDOWS}
  Result := GetProcAddress(Handle, PChar(Name));
  {$ELSE}
  Result := GetProcedureAddress(Handle, Name);
  {$ENDIF}
end;

procedure BindAll(Handle: TLibrary; const Place: string);

  procedure Bind(Slot: Pointer; const Name: string);
  begin
    PPointer(Slot)^ := FindFunction(Handle, Name);
    if PPointer(Slot)^ = nil then
      raise EPoslatchLibrary.Create('The library ' + Place + ' has no function ' + Name
        + ': it is older than this unit, or no poslatch.' + sLineBreak
        + 'Replace it by the one that came with poslatch.pas.');
  end;

var
  Version: Cardinal;
begin
  // These first: in a library of another ABI, others may be missing, or mean something else.
  Bind(@@poslatch_abi_version, 'poslatch_abi_version');
  Bind(@@poslatch_abi_check, 'poslatch_abi_check');
  if poslatch_abi_check(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR) <> POSLATCH_OK then
  begin
    Version := poslatch_abi_version();
    raise EPoslatchLibrary.Create(Format('The library %s has version %d.%d of the ABI; this unit needs %d.%d or a later'
      + ' %d.x.' + sLineBreak + 'Take library and poslatch.pas from the same release.',
      [Place, Version shr 16, Version and $FFFF, POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR, POSLATCH_ABI_MAJOR]));
  end;
  Bind(@@poslatch_version_string, 'poslatch_version_string');
  Bind(@@poslatch_log_set, 'poslatch_log_set');
  Bind(@@poslatch_fetch_root_ca, 'poslatch_fetch_root_ca');
  Bind(@@poslatch_save_root_ca, 'poslatch_save_root_ca');
  Bind(@@poslatch_device_new, 'poslatch_device_new');
  Bind(@@poslatch_device_set_root_ca_file, 'poslatch_device_set_root_ca_file');
  Bind(@@poslatch_device_set_root_ca_pem, 'poslatch_device_set_root_ca_pem');
  Bind(@@poslatch_device_set_serial, 'poslatch_device_set_serial');
  Bind(@@poslatch_device_set_identity_check, 'poslatch_device_set_identity_check');
  Bind(@@poslatch_device_set_timeout_ms, 'poslatch_device_set_timeout_ms');
  Bind(@@poslatch_device_set_keep_alive, 'poslatch_device_set_keep_alive');
  Bind(@@poslatch_device_interrupt, 'poslatch_device_interrupt');
  Bind(@@poslatch_device_free, 'poslatch_device_free');
  Bind(@@poslatch_pair, 'poslatch_pair');
  Bind(@@poslatch_get_cert_chain, 'poslatch_get_cert_chain');
  Bind(@@poslatch_identity_save, 'poslatch_identity_save');
  Bind(@@poslatch_identity_load, 'poslatch_identity_load');
  Bind(@@poslatch_identity_export_pem, 'poslatch_identity_export_pem');
  Bind(@@poslatch_identity_export_pkcs12, 'poslatch_identity_export_pkcs12');
  Bind(@@poslatch_identity_from_pem, 'poslatch_identity_from_pem');
  Bind(@@poslatch_identity_pos_id, 'poslatch_identity_pos_id');
  Bind(@@poslatch_identity_device_name, 'poslatch_identity_device_name');
  Bind(@@poslatch_identity_serial, 'poslatch_identity_serial');
  Bind(@@poslatch_identity_issuer, 'poslatch_identity_issuer');
  Bind(@@poslatch_identity_not_before, 'poslatch_identity_not_before');
  Bind(@@poslatch_identity_not_after, 'poslatch_identity_not_after');
  Bind(@@poslatch_identity_earliest_expiry, 'poslatch_identity_earliest_expiry');
  Bind(@@poslatch_identity_needs_renewal, 'poslatch_identity_needs_renewal');
  Bind(@@poslatch_identity_fingerprint, 'poslatch_identity_fingerprint');
  Bind(@@poslatch_identity_free, 'poslatch_identity_free');
  Bind(@@poslatch_find_device, 'poslatch_find_device');
  Bind(@@poslatch_open_mtls, 'poslatch_open_mtls');
  Bind(@@poslatch_open_tls, 'poslatch_open_tls');
  Bind(@@poslatch_connection_exchange, 'poslatch_connection_exchange');
  Bind(@@poslatch_connection_send, 'poslatch_connection_send');
  Bind(@@poslatch_connection_receive, 'poslatch_connection_receive');
  Bind(@@poslatch_connection_recover, 'poslatch_connection_recover');
  Bind(@@poslatch_connection_state, 'poslatch_connection_state');
  Bind(@@poslatch_connection_server_name, 'poslatch_connection_server_name');
  Bind(@@poslatch_connection_tls_version, 'poslatch_connection_tls_version');
  Bind(@@poslatch_connection_close, 'poslatch_connection_close');
  Bind(@@poslatch_connection_free, 'poslatch_connection_free');
  Bind(@@poslatch_device_set_journal, 'poslatch_device_set_journal');
  Bind(@@poslatch_device_journal_pending, 'poslatch_device_journal_pending');
  Bind(@@poslatch_device_journal_forget, 'poslatch_device_journal_forget');
  Bind(@@poslatch_probe, 'poslatch_probe');
  Bind(@@poslatch_buffer_data, 'poslatch_buffer_data');
  Bind(@@poslatch_buffer_size, 'poslatch_buffer_size');
  Bind(@@poslatch_buffer_free, 'poslatch_buffer_free');
  Bind(@@poslatch_error_status, 'poslatch_error_status');
  Bind(@@poslatch_error_category, 'poslatch_error_category');
  Bind(@@poslatch_error_message, 'poslatch_error_message');
  Bind(@@poslatch_error_advice, 'poslatch_error_advice');
  Bind(@@poslatch_error_request_state, 'poslatch_error_request_state');
  Bind(@@poslatch_error_http_status, 'poslatch_error_http_status');
  Bind(@@poslatch_error_os_code, 'poslatch_error_os_code');
  Bind(@@poslatch_error_free, 'poslatch_error_free');
  Bind(@@poslatch_status_name, 'poslatch_status_name');
end;

// Takes the library that lies there; if it will not do, adds what was wrong to the report.
function Take(const Place: string; var Report: string): Boolean;
var
  Handle: TLibrary;
  Problem: string;
begin
  Result := False;
  if (ExtractFilePath(Place) <> '') and not FileExists(Place) then
    Problem := 'is not there'
  else
    Problem := OpenLibrary(Place, Handle);
  if Problem <> '' then
  begin
    Report := Report + sLineBreak + '  ' + Place + ': ' + Problem;
    Exit;
  end;
  // Raises: whoever has put a poslatch there wants that one, and not the next. It stays in memory, as it does anyway.
  BindAll(Handle, Place);
  LoadedFrom := Place;
  IsLoaded := True;
  Result := True;
end;

procedure FailToLoad(const What, Report: string);
begin
  raise EPoslatchLibrary.Create('The native library of poslatch cannot be loaded: ' + What + '. This program has '
    + IntToStr(SizeOf(Pointer) * 8) + ' bits. Looked at:' + Report + sLineBreak + 'Put ' + FILE_NAMES[0] + ' for '
    + IntToStr(SizeOf(Pointer) * 8) + ' bits beside the program, or name its file in the environment variable '
    + VARIABLE + '.');
end;

// The folder of the program; and that of the DLL or package with this code, if it is in one.
function OwnFolder: string;
{$IFDEF MSWINDOWS}
var
  Name: array[0..MAX_PATH] of Char;
  Size: Cardinal;
begin
  Size := GetModuleFileName(HInstance, Name, MAX_PATH);
  SetString(Result, Name, Size);
  Result := ExtractFilePath(Result);
end;
{$ELSE}
begin
  Result := ExtractFilePath(ParamStr(0));
end;
{$ENDIF}

procedure Find(const FileName: string);
var
  Named, Report: string;
  Number: Integer;
begin
  Report := '';
  Named := FileName;
  if Named = '' then
    Named := GetEnvironmentVariable(VARIABLE);
  if Named <> '' then
  begin
    // Whoever names a file wants that one, and no other that happens to be about.
    if not Take(ExpandFileName(Named), Report) then
      FailToLoad('the file that is named for it will not do', Report);
    Exit;
  end;
  for Number := Low(FILE_NAMES) to High(FILE_NAMES) do
    if Take(OwnFolder + FILE_NAMES[Number], Report) then
      Exit;
  if ExtractFilePath(ParamStr(0)) <> OwnFolder then
    if Take(ExtractFilePath(ParamStr(0)) + FILE_NAMES[0], Report) then
      Exit;
  {$IFNDEF MSWINDOWS}
  // On Windows, that search takes in the current folder and PATH, where anybody may have put a poslatch.dll.
  for Number := Low(FILE_NAMES) to High(FILE_NAMES) do
    if Take(FILE_NAMES[Number], Report) then
      Exit;
  {$ENDIF}
  FailToLoad('there is no ' + FILE_NAMES[0] + ' for it', Report);
end;

function PoslatchMaskFloats: TPoslatchFloats;
begin
  {$IFDEF FPC}
  Result := SetExceptionMask([exInvalidOp, exDenormalized, exZeroDivide, exOverflow, exUnderflow, exPrecision]);
  {$ELSE}
  {$IFDEF CPUX64}
  Result := GetMXCSR;
  SetMXCSR(Result or $1F80);
  {$ELSE}
  Result := Get8087CW;
  Set8087CW(Result or $3F);
  // The library computes with SSE in 32 bits too, which Delphi can let raise since XE2. Both words fit into one.
  {$IF CompilerVersion >= 23.0}
  Result := Result or (GetMXCSR shl 16);
  SetMXCSR((Result shr 16) or $1F80);
  {$IFEND}
  {$ENDIF}
  {$ENDIF}
end;

procedure PoslatchRestoreFloats(Former: TPoslatchFloats);
begin
  {$IFDEF FPC}
  SetExceptionMask(Former);
  {$ELSE}
  {$IFDEF CPUX64}
  SetMXCSR(Former);
  {$ELSE}
  Set8087CW(Former and $FFFF);
  {$IF CompilerVersion >= 23.0}
  SetMXCSR(Former shr 16);
  {$IFEND}
  {$ENDIF}
  {$ENDIF}
end;

procedure PoslatchLoad(const FileName: string);
begin
  EnterCriticalSection(Lock);
  try
    if not IsLoaded then
      Find(FileName);
  finally
    LeaveCriticalSection(Lock);
  end;
end;

function PoslatchLoadedFrom: string;
begin
  EnterCriticalSection(Lock);
  try
    Result := LoadedFrom;
  finally
    LeaveCriticalSection(Lock);
  end;
end;

initialization
  // Without it, Delphi's memory manager takes no lock until a TThread is made; the library's threads are none.
  IsMultiThread := True;
  {$IFDEF MSWINDOWS}
  InitializeCriticalSection(Lock);
  {$ELSE}
  InitCriticalSection(Lock);
  {$ENDIF}

finalization
  {$IFDEF MSWINDOWS}
  DeleteCriticalSection(Lock);
  {$ELSE}
  DoneCriticalSection(Lock);
  {$ENDIF}
end.

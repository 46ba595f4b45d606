{
  poslatch for Delphi 7 to 12 and Free Pascal, as interfaces: they free themselves, and what fails raises EPoslatch.
  Over poslatch.pas, which loads the library; what each method does, how long it may block and which status it ends
  with stands in poslatch.h, at the function of the same name.

  FIRST USE (README.md has a program to copy)

    Device := PoslatchDevice('wss://192.168.1.20:8443/');
    Device.SetRootCaFile('root-ca.pem');
    Connection := Device.OpenMtls(PoslatchIdentityLoad('till.pem'));
    Reply := Connection.Exchange(Request, Window.ShowStatus);

  ERRORS

    Show the Message of an EPoslatch: what happened, and on a second line what to do. Branch on its Category. After a
    failed exchange ask IsInDoubt: if so, the payment may have gone through. Never repeat it, but ask with Recover.

  THREADS

    Each thread that uses an object keeps an interface to it in a variable of its own. Setters of a device need the
    device to themselves; Interrupt and Close are for any thread at any time, and end what waits. Letting go of the last
    interface frees the object; to end an exchange on another thread, Close.

  TEXT

    UTF8String everywhere, see poslatch.pas. The Message of an exception is a string, as Delphi wants it.
}
unit poslatchobjects;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}

interface

uses
  {$IFDEF MSWINDOWS}Windows,{$ENDIF} SysUtils, poslatch;

type
  {$IFNDEF FPC}
  {$IFNDEF UNICODE}
  RawByteString = AnsiString;
  {$ENDIF}
  {$ENDIF}

  // A call that has failed, with everything that the library says about it.
  EPoslatch = class(Exception)
  private
    FStatus, FCategory, FRequestState, FHttpStatus, FOsCode: Integer;
    FStatusName, FFacts, FAdvice: UTF8String;
    FCallbackError: string;
  public
    // The request may have reached the device: never repeat it, but ask with Recover.
    function IsInDoubt: Boolean;
    // One of the POSLATCH_E_ constants, and its name without that.
    property Status: Integer read FStatus;
    property StatusName: UTF8String read FStatusName;
    // What to branch on: one of the POSLATCH_CATEGORY_ constants.
    property Category: Integer read FCategory;
    // One of the POSLATCH_REQUEST_ constants.
    property RequestState: Integer read FRequestState;
    property HttpStatus: Integer read FHttpStatus;
    property OsCode: Integer read FOsCode;
    // What happened and what to do, one line each; together, the Message.
    property Facts: UTF8String read FFacts;
    property Advice: UTF8String read FAdvice;
    // If the status callback has raised an exception in the exchange that then failed: its class and message.
    property CallbackError: string read FCallbackError;
  end;

  // A call of the library that failed inside a status callback, wrapped so that nobody takes it for the payment's end.
  EPoslatchCallback = class(Exception);

  // Called for each status message of an exchange, on the thread that called Exchange. What it raises comes out of
  // Exchange at its end. A class method can be given, too.
  TPoslatchOnStatus = procedure(const Json: UTF8String) of object;

  // Called while a device is looked for, on the thread that called Find: Tried of Total addresses are done with. What it
  // raises ends the search and comes out of Find.
  TPoslatchOnProgress = procedure(Tried, Total: Cardinal) of object;

  // Called for each log record, on whatever thread it is made. What it raises is lost. It must not wait for the main
  // thread, so no Synchronize.
  TPoslatchOnLog = procedure(Level: Integer; const Text: UTF8String) of object;

  // The till's identity. Cannot be changed; any number of threads may use it.
  IPoslatchIdentity = interface
    // For the functions of poslatch.pas; it lives as long as this object.
    function Handle: PPoslatchIdentity;
    function PosId: UTF8String;
    function DeviceName: UTF8String;
    function Serial: UTF8String;
    function Issuer: UTF8String;
    function Fingerprint: UTF8String;
    // Seconds since 1970 (UTC).
    function NotBefore: Int64;
    function NotAfter: Int64;
    function EarliestExpiry: Int64;
    function NeedsRenewal(Days: Cardinal): Boolean;
    function CertChain: UTF8String;
    // Without a passphrase, the key is not encrypted. An empty one is an error, not the same as none.
    procedure Save(const Path: UTF8String); overload;
    procedure Save(const Path, Passphrase: UTF8String); overload;
    // These hold the private key. The caller's copy is a string, which nobody wipes.
    function ExportPem: UTF8String; overload;
    function ExportPem(const Passphrase: UTF8String): UTF8String; overload;
    function ExportPkcs12(const Passphrase: UTF8String): RawByteString;
  end;

  // An open connection to one device. Any number of threads may use it; one exchange at a time.
  IPoslatchConnection = interface
    function Handle: PPoslatchConnection;
    // 0 ms stands for the default, as in C.
    function Exchange(const Json: UTF8String; OnStatus: TPoslatchOnStatus = nil; SilenceMs: Cardinal = 0): UTF8String;
    // The reply to the last exchange whose status callback has raised an exception; once.
    function TakeUnclaimedReply(out Reply: UTF8String): Boolean;
    procedure Send(const Json: UTF8String);
    // Kind is one of the POSLATCH_MESSAGE_ constants.
    function Receive(TimeoutMs: Cardinal; out Kind: Integer): UTF8String;
    // Gives one of the POSLATCH_RECOVERY_ constants, and the device's last answer.
    function Recover(const Reference: UTF8String; out Reply: UTF8String; PatienceMs: Cardinal = 0): Integer;
    // One of the POSLATCH_CONNECTION_ constants.
    function State: Integer;
    function ServerName: UTF8String;
    function TlsVersion: UTF8String;
    procedure Close;
  end;

  // A payment device as the till's settings describe it.
  IPoslatchDevice = interface
    function Handle: PPoslatchDevice;
    procedure SetRootCaFile(const Path: UTF8String);
    procedure SetRootCaPem(const Pem: UTF8String);
    procedure SetSerial(const Serial: UTF8String);
    procedure SetIdentityCheck(Check: Integer); overload;
    procedure SetIdentityCheck(Check: Integer; const Name: UTF8String); overload;
    // Which is one of the POSLATCH_TIMEOUT_ constants.
    procedure SetTimeoutMs(Which: Integer; Ms: Cardinal);
    procedure SetKeepAlive(PingMs, MissedMax: Cardinal);
    procedure SetJournal(const Path: UTF8String);
    procedure EndJournal;
    function JournalPending: UTF8String;
    procedure JournalForget(const Reference: UTF8String);
    // Makes the calls of Pair, Find, OpenMtls, OpenTls and Probe that run on this device now fail as cancelled, within
    // 200 ms. From any thread.
    procedure Interrupt;
    function Pair(const PosId, SetupCode: UTF8String): IPoslatchIdentity;
    // The URL at which the device is now. Identity nil: the serial number says who is looked for. Subnets '': this
    // machine's own /24. Blocks for 4.4 s where nobody of 254 addresses answers.
    function Find(const Identity: IPoslatchIdentity; const Subnets: UTF8String = '';
      OnProgress: TPoslatchOnProgress = nil): UTF8String;
    function OpenMtls(const Identity: IPoslatchIdentity): IPoslatchConnection;
    function OpenTls: IPoslatchConnection;
    // What is wrong between till and device, as JSON (docs/probe.md); nil as a till that wants to pair. Sends no
    // payment and no code. Blocks for at most three connect time-outs and 4 s. Not while a payment is on its way.
    function Probe(const Identity: IPoslatchIdentity): UTF8String;
  end;

// All of these load the library first, and raise EPoslatchLibrary if it cannot be loaded.
function PoslatchDevice(const Url: UTF8String): IPoslatchDevice;
function PoslatchIdentityLoad(const Path: UTF8String): IPoslatchIdentity; overload;
function PoslatchIdentityLoad(const Path, Passphrase: UTF8String): IPoslatchIdentity; overload;
function PoslatchIdentityFromPem(const Pem: UTF8String): IPoslatchIdentity; overload;
function PoslatchIdentityFromPem(const Pem, Passphrase: UTF8String): IPoslatchIdentity; overload;
// WebRootPem '': the public roots of the web.
function PoslatchFetchRootCa(const BaseUrl, MerchantId, KeyId, SharedSecret: UTF8String;
  Auth: Integer = POSLATCH_AUTH_JWT; const WebRootPem: UTF8String = ''; TimeoutMs: Cardinal = 0): UTF8String;
procedure PoslatchSaveRootCa(const Pem, Path: UTF8String);
function PoslatchVersion: UTF8String;
function PoslatchStatusName(Status: Integer): UTF8String;
// Where log records go, in place of the former receiver; nil for silence.
procedure PoslatchLogTo(Level: Integer; OnLog: TPoslatchOnLog);

implementation

type
  TIdentity = class(TInterfacedObject, IPoslatchIdentity)
  private
    FHandle: PPoslatchIdentity;
    procedure SaveWith(const Path: UTF8String; Passphrase: PAnsiChar);
    function ExportWith(Passphrase: PAnsiChar): UTF8String;
  public
    destructor Destroy; override;
    function Handle: PPoslatchIdentity;
    function PosId: UTF8String;
    function DeviceName: UTF8String;
    function Serial: UTF8String;
    function Issuer: UTF8String;
    function Fingerprint: UTF8String;
    function NotBefore: Int64;
    function NotAfter: Int64;
    function EarliestExpiry: Int64;
    function NeedsRenewal(Days: Cardinal): Boolean;
    function CertChain: UTF8String;
    procedure Save(const Path: UTF8String); overload;
    procedure Save(const Path, Passphrase: UTF8String); overload;
    function ExportPem: UTF8String; overload;
    function ExportPem(const Passphrase: UTF8String): UTF8String; overload;
    function ExportPkcs12(const Passphrase: UTF8String): RawByteString;
  end;

  TConnection = class(TInterfacedObject, IPoslatchConnection)
  private
    FHandle: PPoslatchConnection;
    // Of the reply below; the exchange is over when it is written, and any thread may ask.
    FLock: TRTLCriticalSection;
    FHasUnclaimed: Boolean;
    FUnclaimed: UTF8String;
    procedure KeepUnclaimed(Has: Boolean; const Reply: UTF8String);
  public
    constructor Create;
    destructor Destroy; override;
    function Handle: PPoslatchConnection;
    function Exchange(const Json: UTF8String; OnStatus: TPoslatchOnStatus = nil; SilenceMs: Cardinal = 0): UTF8String;
    function TakeUnclaimedReply(out Reply: UTF8String): Boolean;
    procedure Send(const Json: UTF8String);
    function Receive(TimeoutMs: Cardinal; out Kind: Integer): UTF8String;
    function Recover(const Reference: UTF8String; out Reply: UTF8String; PatienceMs: Cardinal = 0): Integer;
    function State: Integer;
    function ServerName: UTF8String;
    function TlsVersion: UTF8String;
    procedure Close;
  end;

  TDevice = class(TInterfacedObject, IPoslatchDevice)
  private
    FHandle: PPoslatchDevice;
  public
    destructor Destroy; override;
    function Handle: PPoslatchDevice;
    procedure SetRootCaFile(const Path: UTF8String);
    procedure SetRootCaPem(const Pem: UTF8String);
    procedure SetSerial(const Serial: UTF8String);
    procedure SetIdentityCheck(Check: Integer); overload;
    procedure SetIdentityCheck(Check: Integer; const Name: UTF8String); overload;
    procedure SetTimeoutMs(Which: Integer; Ms: Cardinal);
    procedure SetKeepAlive(PingMs, MissedMax: Cardinal);
    procedure SetJournal(const Path: UTF8String);
    procedure EndJournal;
    function JournalPending: UTF8String;
    procedure JournalForget(const Reference: UTF8String);
    procedure Interrupt;
    function Pair(const PosId, SetupCode: UTF8String): IPoslatchIdentity;
    function Find(const Identity: IPoslatchIdentity; const Subnets: UTF8String = '';
      OnProgress: TPoslatchOnProgress = nil): UTF8String;
    function OpenMtls(const Identity: IPoslatchIdentity): IPoslatchConnection;
    function OpenTls: IPoslatchConnection;
    function Probe(const Identity: IPoslatchIdentity): UTF8String;
  end;

  // What a search and its callback tell each other; it lives in the frame of Find.
  TProgressCall = record
    OnProgress: TPoslatchOnProgress;
    // The till's own, for the time of the callback.
    Floats: TPoslatchFloats;
    Raised: TObject;
  end;
  PProgressCall = ^TProgressCall;

  // What an exchange and its callback tell each other; it lives in the frame of Exchange.
  TStatusCall = record
    OnStatus: TPoslatchOnStatus;
    // The till's own, for the time of the callback.
    Floats: TPoslatchFloats;
    Raised: TObject;
  end;
  PStatusCall = ^TStatusCall;

  PLogCall = ^TLogCall;
  TLogCall = record
    OnLog: TPoslatchOnLog;
  end;

var
  LogLock: TRTLCriticalSection;
  LogCall: PLogCall = nil;

procedure BeginLock(var Lock: TRTLCriticalSection);
begin
  {$IFDEF MSWINDOWS}InitializeCriticalSection(Lock){$ELSE}InitCriticalSection(Lock){$ENDIF};
end;

procedure EndLock(var Lock: TRTLCriticalSection);
begin
  {$IFDEF MSWINDOWS}DeleteCriticalSection(Lock){$ELSE}DoneCriticalSection(Lock){$ENDIF};
end;

// Text and bytes

function Bytes(Data: PAnsiChar; Size: TPoslatchSize): UTF8String;
begin
  SetLength(Result, Size);
  if Size > 0 then
    Move(Data^, PAnsiChar(Result)^, Size);
end;

function Utf8(Data: PAnsiChar): UTF8String;
begin
  Result := Bytes(Data, StrLen(Data));
end;

function OwnText(const Text: UTF8String): string;
begin
  {$IFDEF UNICODE}
  Result := string(Text);
  {$ELSE}
  Result := Utf8ToAnsi(Text);
  {$ENDIF}
end;

function NewFailure(Status, Category: Integer; const Facts, Advice: UTF8String): EPoslatch;
begin
  Result := EPoslatch.Create(OwnText(Facts) + sLineBreak + OwnText(Advice));
  Result.FStatus := Status;
  Result.FStatusName := Utf8(poslatch_status_name(Status));
  Result.FCategory := Category;
  Result.FFacts := Facts;
  Result.FAdvice := Advice;
end;

// For C, which would take a #0 for the end: a path that is cut there is another file.
function CText(const Text: UTF8String): PAnsiChar;
begin
  if Pos(AnsiChar(#0), Text) > 0 then
    raise NewFailure(POSLATCH_E_ARGUMENT, POSLATCH_CATEGORY_USAGE, 'a text holds a NUL character',
      'Take the text apart at the NUL, or find out how it came there.');
  Result := PAnsiChar(Text);
end;

function TakeBuffer(Buffer: PPoslatchBuffer): UTF8String;
begin
  try
    Result := Bytes(poslatch_buffer_data(Buffer), poslatch_buffer_size(Buffer));
  finally
    poslatch_buffer_free(Buffer);
  end;
end;

// Errors

function EPoslatch.IsInDoubt: Boolean;
begin
  Result := FRequestState = POSLATCH_REQUEST_IN_DOUBT;
end;

function Failure(Error: PPoslatchError): EPoslatch;
begin
  try
    Result := NewFailure(poslatch_error_status(Error), poslatch_error_category(Error),
      Utf8(poslatch_error_message(Error)), Utf8(poslatch_error_advice(Error)));
    Result.FRequestState := poslatch_error_request_state(Error);
    Result.FHttpStatus := poslatch_error_http_status(Error);
    Result.FOsCode := poslatch_error_os_code(Error);
  finally
    poslatch_error_free(Error);
  end;
end;

// Error by reference: it is filled while the first argument is made, and in which order is up to the compiler.
procedure Check(Status: TPoslatchStatus; var Error: PPoslatchError); overload;
begin
  if Status <> POSLATCH_OK then
    raise Failure(Error);
end;

procedure Check(Status: TPoslatchStatus; var Error: PPoslatchError; Floats: TPoslatchFloats); overload;
begin
  PoslatchRestoreFloats(Floats);
  Check(Status, Error);
end;

// Callbacks

procedure StatusArrived(User: Pointer; Json: PAnsiChar; Size: TPoslatchSize); cdecl;
var
  Call: PStatusCall;
  Floats: TPoslatchFloats;
begin
  Call := User;
  // The payment goes on to its end, but who has failed once is not asked again.
  if Call^.Raised <> nil then
    Exit;
  Floats := PoslatchMaskFloats;
  PoslatchRestoreFloats(Call^.Floats);
  try
    Call^.OnStatus(Bytes(Json, Size));
  except
    Call^.Raised := TObject(AcquireExceptionObject);
  end;
  PoslatchRestoreFloats(Floats);
end;

function ProgressMade(User: Pointer; Tried, Total: Cardinal): Integer; cdecl;
var
  Call: PProgressCall;
  Floats: TPoslatchFloats;
begin
  Result := 0;
  Call := User;
  Floats := PoslatchMaskFloats;
  PoslatchRestoreFloats(Call^.Floats);
  try
    Call^.OnProgress(Tried, Total);
  except
    Call^.Raised := TObject(AcquireExceptionObject);
    Result := 1;
  end;
  PoslatchRestoreFloats(Floats);
end;

procedure LogArrived(User: Pointer; Level: Integer; Message: PAnsiChar); cdecl;
var
  Floats: TPoslatchFloats;
begin
  Floats := PoslatchMaskFloats;
  try
    PLogCall(User)^.OnLog(Level, Utf8(Message));
  except
    // There is nobody to tell, and the library must not see it.
  end;
  PoslatchRestoreFloats(Floats);
end;

procedure PoslatchLogTo(Level: Integer; OnLog: TPoslatchOnLog);
var
  Made, Former: PLogCall;
  Error: PPoslatchError;
  Status: TPoslatchStatus;
begin
  PoslatchLoad;
  Made := nil;
  Error := nil;
  EnterCriticalSection(LogLock);
  try
    if Assigned(OnLog) then
    begin
      New(Made);
      Made^.OnLog := OnLog;
      Status := poslatch_log_set(Level, LogArrived, Made, @Error);
    end
    else
      Status := poslatch_log_set(Level, nil, nil, @Error);
    if Status = POSLATCH_OK then
    begin
      // From here on the library does not call the former one any more.
      Former := LogCall;
      LogCall := Made;
      Made := Former;
    end;
  finally
    LeaveCriticalSection(LogLock);
    if Made <> nil then
      Dispose(Made);
  end;
  Check(Status, Error);
end;

// Identity

function NewIdentity(Handle: PPoslatchIdentity): IPoslatchIdentity;
var
  Identity: TIdentity;
begin
  Identity := TIdentity.Create;
  Identity.FHandle := Handle;
  Result := Identity;
end;

function LoadWith(const Path: UTF8String; Passphrase: PAnsiChar): IPoslatchIdentity;
var
  Made: PPoslatchIdentity;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  PoslatchLoad;
  CText(Path);
  Floats := PoslatchMaskFloats;
  Check(poslatch_identity_load(PAnsiChar(Path), Passphrase, @Made, @Error), Error, Floats);
  Result := NewIdentity(Made);
end;

function PoslatchIdentityLoad(const Path: UTF8String): IPoslatchIdentity;
begin
  Result := LoadWith(Path, nil);
end;

function PoslatchIdentityLoad(const Path, Passphrase: UTF8String): IPoslatchIdentity;
begin
  PoslatchLoad;
  Result := LoadWith(Path, CText(Passphrase));
end;

function FromPemWith(const Pem: UTF8String; Passphrase: PAnsiChar): IPoslatchIdentity;
var
  Made: PPoslatchIdentity;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  PoslatchLoad;
  Floats := PoslatchMaskFloats;
  Check(poslatch_identity_from_pem(PAnsiChar(Pem), Length(Pem), Passphrase, @Made, @Error), Error, Floats);
  Result := NewIdentity(Made);
end;

function PoslatchIdentityFromPem(const Pem: UTF8String): IPoslatchIdentity;
begin
  Result := FromPemWith(Pem, nil);
end;

function PoslatchIdentityFromPem(const Pem, Passphrase: UTF8String): IPoslatchIdentity;
begin
  PoslatchLoad;
  Result := FromPemWith(Pem, CText(Passphrase));
end;

destructor TIdentity.Destroy;
begin
  if FHandle <> nil then
    poslatch_identity_free(FHandle);
  inherited Destroy;
end;

function HandleOf(const Identity: IPoslatchIdentity): PPoslatchIdentity;
begin
  Result := nil;
  if Identity <> nil then
    Result := Identity.Handle;
end;

function TIdentity.Handle: PPoslatchIdentity;
begin
  Result := FHandle;
end;

function TIdentity.PosId: UTF8String;
begin
  Result := Utf8(poslatch_identity_pos_id(FHandle));
end;

function TIdentity.DeviceName: UTF8String;
begin
  Result := Utf8(poslatch_identity_device_name(FHandle));
end;

function TIdentity.Serial: UTF8String;
begin
  Result := Utf8(poslatch_identity_serial(FHandle));
end;

function TIdentity.Issuer: UTF8String;
begin
  Result := Utf8(poslatch_identity_issuer(FHandle));
end;

function TIdentity.Fingerprint: UTF8String;
begin
  Result := Utf8(poslatch_identity_fingerprint(FHandle));
end;

function TIdentity.NotBefore: Int64;
begin
  Result := poslatch_identity_not_before(FHandle);
end;

function TIdentity.NotAfter: Int64;
begin
  Result := poslatch_identity_not_after(FHandle);
end;

function TIdentity.EarliestExpiry: Int64;
begin
  Result := poslatch_identity_earliest_expiry(FHandle);
end;

function TIdentity.NeedsRenewal(Days: Cardinal): Boolean;
begin
  Result := poslatch_identity_needs_renewal(FHandle, Days) <> 0;
end;

function TIdentity.CertChain: UTF8String;
var
  Pem: PPoslatchBuffer;
  Error: PPoslatchError;
begin
  Check(poslatch_get_cert_chain(FHandle, @Pem, @Error), Error);
  Result := TakeBuffer(Pem);
end;

procedure TIdentity.SaveWith(const Path: UTF8String; Passphrase: PAnsiChar);
var
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  CText(Path);
  Floats := PoslatchMaskFloats;
  Check(poslatch_identity_save(FHandle, PAnsiChar(Path), Passphrase, @Error), Error, Floats);
end;

procedure TIdentity.Save(const Path: UTF8String);
begin
  SaveWith(Path, nil);
end;

procedure TIdentity.Save(const Path, Passphrase: UTF8String);
begin
  SaveWith(Path, CText(Passphrase));
end;

function TIdentity.ExportWith(Passphrase: PAnsiChar): UTF8String;
var
  Pem: PPoslatchBuffer;
  Error: PPoslatchError;
begin
  Check(poslatch_identity_export_pem(FHandle, Passphrase, @Pem, @Error), Error);
  Result := TakeBuffer(Pem);
end;

function TIdentity.ExportPem: UTF8String;
begin
  Result := ExportWith(nil);
end;

function TIdentity.ExportPem(const Passphrase: UTF8String): UTF8String;
begin
  Result := ExportWith(CText(Passphrase));
end;

function TIdentity.ExportPkcs12(const Passphrase: UTF8String): RawByteString;
var
  Pkcs12: PPoslatchBuffer;
  Error: PPoslatchError;
begin
  Check(poslatch_identity_export_pkcs12(FHandle, CText(Passphrase), @Pkcs12, @Error), Error);
  Result := TakeBuffer(Pkcs12);
end;

// Connection

function NewConnection(Handle: PPoslatchConnection): IPoslatchConnection;
var
  Connection: TConnection;
begin
  Connection := TConnection.Create;
  Connection.FHandle := Handle;
  Result := Connection;
end;

constructor TConnection.Create;
begin
  inherited Create;
  BeginLock(FLock);
end;

destructor TConnection.Destroy;
begin
  if FHandle <> nil then
    poslatch_connection_free(FHandle);
  EndLock(FLock);
  inherited Destroy;
end;

function TConnection.Handle: PPoslatchConnection;
begin
  Result := FHandle;
end;

procedure TConnection.KeepUnclaimed(Has: Boolean; const Reply: UTF8String);
begin
  EnterCriticalSection(FLock);
  try
    FHasUnclaimed := Has;
    FUnclaimed := Reply;
  finally
    LeaveCriticalSection(FLock);
  end;
end;

function TConnection.TakeUnclaimedReply(out Reply: UTF8String): Boolean;
begin
  EnterCriticalSection(FLock);
  try
    Result := FHasUnclaimed;
    Reply := FUnclaimed;
    FHasUnclaimed := False;
    FUnclaimed := '';
  finally
    LeaveCriticalSection(FLock);
  end;
end;

// The payment matters more than the callback: if it has failed, that is what comes out.
procedure FailWith(Error: PPoslatchError; Raised: TObject);
var
  Failed: EPoslatch;
begin
  try
    Failed := Failure(Error);
    if Raised is Exception then
      Failed.FCallbackError := Raised.ClassName + ': ' + Exception(Raised).Message
    else if Raised <> nil then
      Failed.FCallbackError := Raised.ClassName;
  finally
    Raised.Free;
  end;
  raise Failed;
end;

procedure FailWithCallback(Raised: TObject);
var
  Said: string;
begin
  Said := Exception(Raised).Message;
  Raised.Free;
  raise EPoslatchCallback.Create('the status callback has failed, and not the payment: ' + Said);
end;

function TConnection.Exchange(const Json: UTF8String; OnStatus: TPoslatchOnStatus; SilenceMs: Cardinal): UTF8String;
var
  Call: TStatusCall;
  Callback: TPoslatchStatusCallback;
  Reply: PPoslatchBuffer;
  Error: PPoslatchError;
  Status: TPoslatchStatus;
begin
  Callback := nil;
  if Assigned(OnStatus) then
    Callback := StatusArrived;
  Call.OnStatus := OnStatus;
  Call.Raised := nil;
  Call.Floats := PoslatchMaskFloats;
  Status := poslatch_connection_exchange(FHandle, PAnsiChar(Json), Length(Json), SilenceMs, Callback, @Call, @Reply,
    @Error);
  PoslatchRestoreFloats(Call.Floats);
  if Status <> POSLATCH_OK then
    FailWith(Error, Call.Raised);
  Result := TakeBuffer(Reply);
  if Call.Raised <> nil then
  begin
    KeepUnclaimed(True, Result);
    if Call.Raised is EPoslatch then
      FailWithCallback(Call.Raised);
    raise Call.Raised;
  end;
  KeepUnclaimed(False, '');
end;

procedure TConnection.Send(const Json: UTF8String);
var
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  Floats := PoslatchMaskFloats;
  Check(poslatch_connection_send(FHandle, PAnsiChar(Json), Length(Json), @Error), Error, Floats);
end;

function TConnection.Receive(TimeoutMs: Cardinal; out Kind: Integer): UTF8String;
var
  Message: PPoslatchBuffer;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  Floats := PoslatchMaskFloats;
  Check(poslatch_connection_receive(FHandle, TimeoutMs, @Kind, @Message, @Error), Error, Floats);
  Result := TakeBuffer(Message);
end;

function TConnection.Recover(const Reference: UTF8String; out Reply: UTF8String; PatienceMs: Cardinal): Integer;
var
  Answer: PPoslatchBuffer;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  CText(Reference);
  Floats := PoslatchMaskFloats;
  Check(poslatch_connection_recover(FHandle, PAnsiChar(Reference), PatienceMs, @Result, @Answer, @Error), Error,
    Floats);
  Reply := TakeBuffer(Answer);
end;

function TConnection.State: Integer;
begin
  Result := poslatch_connection_state(FHandle);
end;

function TConnection.ServerName: UTF8String;
begin
  Result := Utf8(poslatch_connection_server_name(FHandle));
end;

function TConnection.TlsVersion: UTF8String;
begin
  Result := Utf8(poslatch_connection_tls_version(FHandle));
end;

procedure TConnection.Close;
begin
  poslatch_connection_close(FHandle);
end;

// Device

function PoslatchDevice(const Url: UTF8String): IPoslatchDevice;
var
  Device: TDevice;
  Error: PPoslatchError;
begin
  PoslatchLoad;
  Device := TDevice.Create;
  Result := Device;
  Check(poslatch_device_new(CText(Url), @Device.FHandle, @Error), Error);
end;

destructor TDevice.Destroy;
begin
  if FHandle <> nil then
    poslatch_device_free(FHandle);
  inherited Destroy;
end;

function TDevice.Handle: PPoslatchDevice;
begin
  Result := FHandle;
end;

procedure TDevice.SetRootCaFile(const Path: UTF8String);
var
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  CText(Path);
  Floats := PoslatchMaskFloats;
  Check(poslatch_device_set_root_ca_file(FHandle, PAnsiChar(Path), @Error), Error, Floats);
end;

procedure TDevice.SetRootCaPem(const Pem: UTF8String);
var
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  Floats := PoslatchMaskFloats;
  Check(poslatch_device_set_root_ca_pem(FHandle, PAnsiChar(Pem), Length(Pem), @Error), Error, Floats);
end;

procedure TDevice.SetSerial(const Serial: UTF8String);
var
  Error: PPoslatchError;
begin
  Check(poslatch_device_set_serial(FHandle, CText(Serial), @Error), Error);
end;

procedure TDevice.SetIdentityCheck(Check: Integer);
var
  Error: PPoslatchError;
begin
  poslatchobjects.Check(poslatch_device_set_identity_check(FHandle, Check, nil, @Error), Error);
end;

procedure TDevice.SetIdentityCheck(Check: Integer; const Name: UTF8String);
var
  Error: PPoslatchError;
begin
  poslatchobjects.Check(poslatch_device_set_identity_check(FHandle, Check, CText(Name), @Error), Error);
end;

procedure TDevice.SetTimeoutMs(Which: Integer; Ms: Cardinal);
var
  Error: PPoslatchError;
begin
  Check(poslatch_device_set_timeout_ms(FHandle, Which, Ms, @Error), Error);
end;

procedure TDevice.SetKeepAlive(PingMs, MissedMax: Cardinal);
var
  Error: PPoslatchError;
begin
  Check(poslatch_device_set_keep_alive(FHandle, PingMs, MissedMax, @Error), Error);
end;

procedure TDevice.SetJournal(const Path: UTF8String);
var
  Error: PPoslatchError;
begin
  Check(poslatch_device_set_journal(FHandle, CText(Path), @Error), Error);
end;

procedure TDevice.EndJournal;
var
  Error: PPoslatchError;
begin
  Check(poslatch_device_set_journal(FHandle, nil, @Error), Error);
end;

function TDevice.JournalPending: UTF8String;
var
  Json: PPoslatchBuffer;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  Floats := PoslatchMaskFloats;
  Check(poslatch_device_journal_pending(FHandle, @Json, @Error), Error, Floats);
  Result := TakeBuffer(Json);
end;

procedure TDevice.JournalForget(const Reference: UTF8String);
var
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  CText(Reference);
  Floats := PoslatchMaskFloats;
  Check(poslatch_device_journal_forget(FHandle, PAnsiChar(Reference), @Error), Error, Floats);
end;

procedure TDevice.Interrupt;
begin
  poslatch_device_interrupt(FHandle);
end;

function TDevice.Pair(const PosId, SetupCode: UTF8String): IPoslatchIdentity;
var
  Made: PPoslatchIdentity;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  CText(PosId);
  CText(SetupCode);
  Floats := PoslatchMaskFloats;
  Check(poslatch_pair(FHandle, PAnsiChar(PosId), PAnsiChar(SetupCode), @Made, @Error), Error, Floats);
  Result := NewIdentity(Made);
end;

function TDevice.Find(const Identity: IPoslatchIdentity; const Subnets: UTF8String;
  OnProgress: TPoslatchOnProgress): UTF8String;
var
  Call: TProgressCall;
  Callback: TPoslatchProgressCallback;
  List: PAnsiChar;
  Url: PPoslatchBuffer;
  Error: PPoslatchError;
  Status: TPoslatchStatus;
begin
  List := nil;
  if Subnets <> '' then
    List := CText(Subnets);
  Callback := nil;
  if Assigned(OnProgress) then
    Callback := ProgressMade;
  Call.OnProgress := OnProgress;
  Call.Raised := nil;
  Call.Floats := PoslatchMaskFloats;
  Status := poslatch_find_device(FHandle, HandleOf(Identity), List, Callback, @Call, @Url, @Error);
  PoslatchRestoreFloats(Call.Floats);
  if Call.Raised <> nil then
  begin
    poslatch_error_free(Error);
    raise Call.Raised;
  end;
  Check(Status, Error);
  Result := TakeBuffer(Url);
end;

function TDevice.OpenMtls(const Identity: IPoslatchIdentity): IPoslatchConnection;
var
  Made: PPoslatchConnection;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  Floats := PoslatchMaskFloats;
  Check(poslatch_open_mtls(FHandle, HandleOf(Identity), @Made, @Error), Error, Floats);
  Result := NewConnection(Made);
end;

function TDevice.Probe(const Identity: IPoslatchIdentity): UTF8String;
var
  Report: PPoslatchBuffer;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  Floats := PoslatchMaskFloats;
  Check(poslatch_probe(FHandle, HandleOf(Identity), @Report, @Error), Error, Floats);
  Result := TakeBuffer(Report);
end;

function TDevice.OpenTls: IPoslatchConnection;
var
  Made: PPoslatchConnection;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  Floats := PoslatchMaskFloats;
  Check(poslatch_open_tls(FHandle, @Made, @Error), Error, Floats);
  Result := NewConnection(Made);
end;

// The library as a whole

function PoslatchFetchRootCa(const BaseUrl, MerchantId, KeyId, SharedSecret: UTF8String; Auth: Integer;
  const WebRootPem: UTF8String; TimeoutMs: Cardinal): UTF8String;
var
  Roots: PAnsiChar;
  Pem: PPoslatchBuffer;
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  PoslatchLoad;
  CText(BaseUrl);
  CText(MerchantId);
  CText(KeyId);
  CText(SharedSecret);
  Roots := nil;
  if WebRootPem <> '' then
    Roots := CText(WebRootPem);
  Floats := PoslatchMaskFloats;
  Check(poslatch_fetch_root_ca(PAnsiChar(BaseUrl), PAnsiChar(MerchantId), PAnsiChar(KeyId), PAnsiChar(SharedSecret),
    Auth, Roots, TimeoutMs, @Pem, @Error), Error, Floats);
  Result := TakeBuffer(Pem);
end;

procedure PoslatchSaveRootCa(const Pem, Path: UTF8String);
var
  Error: PPoslatchError;
  Floats: TPoslatchFloats;
begin
  PoslatchLoad;
  CText(Path);
  Floats := PoslatchMaskFloats;
  Check(poslatch_save_root_ca(PAnsiChar(Pem), Length(Pem), PAnsiChar(Path), @Error), Error, Floats);
end;

function PoslatchVersion: UTF8String;
begin
  PoslatchLoad;
  Result := Utf8(poslatch_version_string());
end;

function PoslatchStatusName(Status: Integer): UTF8String;
begin
  PoslatchLoad;
  Result := Utf8(poslatch_status_name(Status));
end;

initialization
  BeginLock(LogLock);

finalization
  // The library's threads go on, but Pascal is about to end.
  if LogCall <> nil then
  begin
    poslatch_log_set(POSLATCH_LOG_OFF, nil, nil, nil);
    Dispose(LogCall);
  end;
  EndLock(LogLock);
end.

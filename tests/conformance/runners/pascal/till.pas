{ The verbs, each the call of poslatchobjects that it is named after. }
unit till;

// Not that of Delphi, which has no case of a string.
{$MODE OBJFPC}{$H+}

interface

uses
  Classes, SysUtils, poslatch, poslatchobjects, words;

type
  // A command, with the objects that it names as they were when it was given.
  TCommand = class(TLine)
    Device: IPoslatchDevice;
    Identity: IPoslatchIdentity;
    Connection: IPoslatchConnection;
  end;

function Take(const Line: UTF8String): TCommand;

// Carries a command out, tells what came of it and frees it. From any thread.
function Obey(Command: TCommand): UTF8String;

procedure ReleaseAll;

implementation

type
  // What the director has given a name: one of the three.
  TSlot = class
    Device: IPoslatchDevice;
    Identity: IPoslatchIdentity;
    Connection: IPoslatchConnection;
  end;

  // What the status callback throws: the language's own exception, as a till's would be.
  EThrown = class(Exception)
    Text: UTF8String;
  end;

  TExchange = class
    Line: TLine;
    Connection: IPoslatchConnection;
    Statuses: UTF8String;
    Count: Integer;
    procedure Collect(const Json: UTF8String);
    function Run: UTF8String;
  end;

  TLog = class
    procedure Collect(Level: Integer; const Text: UTF8String);
  end;

var
  Lock: TRTLCriticalSection;
  Slots: TStringList;
  Log: TLog;
  Records: UTF8String;

procedure TLog.Collect(Level: Integer; const Text: UTF8String);
begin
  EnterCriticalSection(Lock);
  try
    Records := Records + Text + #10;
  finally
    LeaveCriticalSection(Lock);
  end;
end;

function TakeRecords: UTF8String;
begin
  EnterCriticalSection(Lock);
  try
    Result := Records;
    Records := '';
  finally
    LeaveCriticalSection(Lock);
  end;
end;

procedure Clear(Slot: TSlot);
begin
  // A thread that waits in it has an interface of its own.
  if Slot.Connection <> nil then
    Slot.Connection.Close;
  Slot.Device := nil;
  Slot.Identity := nil;
  Slot.Connection := nil;
end;

function Slot(const Name: UTF8String): TSlot;
var
  Index: Integer;
begin
  Result := nil;
  Index := Slots.IndexOf(Name);
  if (Name <> '') and (Index >= 0) then
    Result := TSlot(Slots.Objects[Index]);
end;

function Take(const Line: UTF8String): TCommand;
var
  Named: TSlot;
begin
  Result := TCommand.Parse(Line);
  EnterCriticalSection(Lock);
  try
    Named := Slot(Result.Text('device'));
    if Named <> nil then
      Result.Device := Named.Device;
    Named := Slot(Result.Text('identity'));
    if Named <> nil then
      Result.Identity := Named.Identity;
    Named := Slot(Result.Text('connection'));
    if Named <> nil then
      Result.Connection := Named.Connection;
  finally
    LeaveCriticalSection(Lock);
  end;
end;

function DeviceOf(Line: TLine): IPoslatchDevice;
begin
  Result := TCommand(Line).Device;
end;

function IdentityOf(Line: TLine): IPoslatchIdentity;
begin
  Result := TCommand(Line).Identity;
end;

function ConnectionOf(Line: TLine): IPoslatchConnection;
begin
  Result := TCommand(Line).Connection;
end;

function Keep(Line: TLine; const Device: IPoslatchDevice; const Identity: IPoslatchIdentity;
  const Connection: IPoslatchConnection): UTF8String;
var
  Index: Integer;
  Slot: TSlot;
begin
  EnterCriticalSection(Lock);
  try
    Index := Slots.IndexOf(Line.Text('as'));
    if Index < 0 then
      Index := Slots.AddObject(Line.Text('as'), TSlot.Create);
    Slot := TSlot(Slots.Objects[Index]);
    Clear(Slot);
    Slot.Device := Device;
    Slot.Identity := Identity;
    Slot.Connection := Connection;
  finally
    LeaveCriticalSection(Lock);
  end;
  Result := 'ok';
end;

function Release(const Name: UTF8String): UTF8String;
begin
  EnterCriticalSection(Lock);
  try
    Clear(TSlot(Slots.Objects[Slots.IndexOf(Name)]));
  finally
    LeaveCriticalSection(Lock);
  end;
  Result := 'ok';
end;

procedure ReleaseAll;
var
  Index: Integer;
begin
  // Without a library there is no log either, and nothing to be said twice.
  if PoslatchLoadedFrom <> '' then
    PoslatchLogTo(POSLATCH_LOG_OFF, nil);
  for Index := 0 to Slots.Count - 1 do
  begin
    Clear(TSlot(Slots.Objects[Index]));
    Slots.Objects[Index].Free;
  end;
  Slots.Clear;
end;

function Failed(Error: EPoslatch): UTF8String;
begin
  Result := 'error' + Pair('status', Error.Status) + Pair('category', Error.Category)
    + Pair('request', Error.RequestState) + Pair('http', Error.HttpStatus) + Pair('os', Error.OsCode)
    + Pair('message', Error.Facts) + Pair('advice', Error.Advice);
end;

function Unknown(const What: UTF8String): UTF8String;
begin
  Result := 'error' + Pair('status', POSLATCH_E_ARGUMENT) + Pair('category', POSLATCH_CATEGORY_USAGE)
    + Pair('request', 0) + Pair('http', 0) + Pair('os', 0) + Pair('message', What) + Pair('advice', '');
end;

procedure TExchange.Collect(const Json: UTF8String);
var
  Thrown: EThrown;
begin
  Statuses := Statuses + Json + #10;
  Inc(Count);
  if Count > 1 then
    Exit;
  if Line.Text('on_status') = 'throw' then
  begin
    Thrown := EThrown.Create('thrown by the callback');
    Thrown.Text := Line.Text('text');
    raise Thrown;
  end;
  if Line.Text('on_status') = 'close' then
    Connection.Close;
  if Line.Text('on_status') = 'send' then
    Connection.Send(Line.Text('message'));
  if Line.Text('on_status') = 'exchange' then
    Connection.Exchange(Line.Text('message'));
end;

function TExchange.Run: UTF8String;
begin
  try
    Result := 'ok' + Pair('reply', Connection.Exchange(Line.Text('json'), @Collect, Line.Number('silence_ms')));
  except
    on Error: EPoslatch do
      Result := Failed(Error);
    on Thrown: EThrown do
      Result := 'thrown' + Pair('text', Thrown.Text);
    on Wrapped: EPoslatchCallback do
      Result := 'thrown' + Pair('text', UTF8String(Wrapped.Message));
  end;
  Result := Result + Pair('statuses', Statuses);
end;

function Exchange(Line: TLine): UTF8String;
var
  Running: TExchange;
begin
  Running := TExchange.Create;
  try
    Running.Line := Line;
    Running.Connection := ConnectionOf(Line);
    Result := Running.Run;
  finally
    Running.Free;
  end;
end;

function NewDevice(Line: TLine): UTF8String;
var
  Device: IPoslatchDevice;
begin
  Device := PoslatchDevice(Line.Text('url'));
  if Line.Has('root_ca_file') then
    Device.SetRootCaFile(Line.Text('root_ca_file'));
  if Line.Has('root_ca_pem') then
    Device.SetRootCaPem(Line.Text('root_ca_pem'));
  if Line.Has('serial') then
    Device.SetSerial(Line.Text('serial'));
  if Line.Has('check_name') then
    Device.SetIdentityCheck(Line.Number('check'), Line.Text('check_name'))
  else if Line.Has('check') then
    Device.SetIdentityCheck(Line.Number('check'));
  if Line.Has('connect_ms') then
    Device.SetTimeoutMs(POSLATCH_TIMEOUT_CONNECT, Line.Number('connect_ms'));
  if Line.Has('pairing_ms') then
    Device.SetTimeoutMs(POSLATCH_TIMEOUT_PAIRING, Line.Number('pairing_ms'));
  if Line.Has('exchange_ms') then
    Device.SetTimeoutMs(POSLATCH_TIMEOUT_EXCHANGE, Line.Number('exchange_ms'));
  if Line.Has('ping_ms') then
    Device.SetKeepAlive(Line.Number('ping_ms'), Line.Number('missed_max'));
  if Line.Has('journal') then
    Device.SetJournal(Line.Text('journal'));
  Result := Keep(Line, Device, nil, nil);
end;

function Facts(const Identity: IPoslatchIdentity): UTF8String;
begin
  Result := 'ok' + Pair('pos_id', Identity.PosId) + Pair('device_name', Identity.DeviceName)
    + Pair('serial', Identity.Serial) + Pair('issuer', Identity.Issuer) + Pair('not_before', Identity.NotBefore)
    + Pair('not_after', Identity.NotAfter) + Pair('earliest_expiry', Identity.EarliestExpiry)
    + Pair('fingerprint', Identity.Fingerprint);
end;

function Save(Line: TLine): UTF8String;
begin
  if Line.Has('passphrase') then
    IdentityOf(Line).Save(Line.Text('path'), Line.Text('passphrase'))
  else
    IdentityOf(Line).Save(Line.Text('path'));
  Result := 'ok';
end;

function Load(Line: TLine): IPoslatchIdentity;
begin
  if Line.Has('passphrase') then
    Result := PoslatchIdentityLoad(Line.Text('path'), Line.Text('passphrase'))
  else
    Result := PoslatchIdentityLoad(Line.Text('path'));
end;

function ExportPem(Line: TLine): UTF8String;
begin
  if Line.Has('passphrase') then
    Result := IdentityOf(Line).ExportPem(Line.Text('passphrase'))
  else
    Result := IdentityOf(Line).ExportPem;
end;

function FromPem(Line: TLine): IPoslatchIdentity;
begin
  if Line.Has('passphrase') then
    Result := PoslatchIdentityFromPem(Line.Text('pem'), Line.Text('passphrase'))
  else
    Result := PoslatchIdentityFromPem(Line.Text('pem'));
end;

function FetchRootCa(Line: TLine): UTF8String;
var
  Auth: Integer;
begin
  Auth := POSLATCH_AUTH_JWT;
  if Line.Has('auth') then
    Auth := Line.Number('auth');
  Result := PoslatchFetchRootCa(Line.Text('base_url'), Line.Text('merchant_id'), Line.Text('key_id'),
    Line.Text('shared_secret'), Auth, Line.Text('web_root_pem'), Line.Number('timeout_ms'));
end;

function UnclaimedReply(Line: TLine): UTF8String;
var
  Reply: UTF8String;
begin
  Result := 'ok';
  if ConnectionOf(Line).TakeUnclaimedReply(Reply) then
    Result := Result + Pair('reply', Reply);
end;

function Receive(Line: TLine): UTF8String;
var
  Kind: Integer;
  Message: UTF8String;
begin
  Message := ConnectionOf(Line).Receive(Line.Number('timeout_ms'), Kind);
  Result := 'ok' + Pair('kind', Kind) + Pair('message', Message);
end;

function Recover(Line: TLine): UTF8String;
var
  Outcome: Integer;
  Reply: UTF8String;
begin
  Outcome := ConnectionOf(Line).Recover(Line.Text('reference'), Reply, Line.Number('patience_ms'));
  Result := 'ok' + Pair('outcome', Outcome) + Pair('reply', Reply);
end;

function AllOf(const Connection: IPoslatchConnection): UTF8String;
begin
  Result := 'ok' + Pair('state', Connection.State) + Pair('server_name', Connection.ServerName)
    + Pair('tls_version', Connection.TlsVersion);
end;

function SetLog(Line: TLine): UTF8String;
begin
  if Line.Number('level') = POSLATCH_LOG_OFF then
    PoslatchLogTo(POSLATCH_LOG_OFF, nil)
  else
    PoslatchLogTo(Line.Number('level'), @Log.Collect);
  Result := 'ok';
end;

function Act(Line: TLine): UTF8String;
var
  Verb: string;
begin
  Result := 'ok';
  Verb := Line.Verb;
  case Verb of
    'hello': Result := Result + Pair('language', 'pascal') + Pair('library', PoslatchVersion);
    'status_name': Result := Result + Pair('name', PoslatchStatusName(Line.Number('status')));
    'log': Result := SetLog(Line);
    'log_take': Result := Result + Pair('text', TakeRecords);
    'device': Result := NewDevice(Line);
    'interrupt': DeviceOf(Line).Interrupt;
    'journal_pending': Result := Result + Pair('json', DeviceOf(Line).JournalPending);
    'journal_forget': DeviceOf(Line).JournalForget(Line.Text('reference'));
    'pair': Result := Keep(Line, nil, DeviceOf(Line).Pair(Line.Text('pos_id'), Line.Text('setup_code')), nil);
    'open_mtls': Result := Keep(Line, nil, nil, DeviceOf(Line).OpenMtls(IdentityOf(Line)));
    'open_tls': Result := Keep(Line, nil, nil, DeviceOf(Line).OpenTls);
    'probe': Result := Result + Pair('json', DeviceOf(Line).Probe(IdentityOf(Line)));
    'identity': Result := Facts(IdentityOf(Line));
    'needs_renewal': Result := Result + Pair('value', Ord(IdentityOf(Line).NeedsRenewal(Line.Number('days'))));
    'cert_chain': Result := Result + Pair('pem', IdentityOf(Line).CertChain);
    'save': Result := Save(Line);
    'load': Result := Keep(Line, nil, Load(Line), nil);
    'export_pem': Result := Result + Pair('pem', ExportPem(Line));
    'from_pem': Result := Keep(Line, nil, FromPem(Line), nil);
    'export_pkcs12':
      Result := Result + Pair('size', Length(IdentityOf(Line).ExportPkcs12(Line.Text('passphrase'))));
    'save_root_ca': PoslatchSaveRootCa(Line.Text('pem'), Line.Text('path'));
    'fetch_root_ca': Result := Result + Pair('pem', FetchRootCa(Line));
    'exchange': Result := Exchange(Line);
    'unclaimed_reply': Result := UnclaimedReply(Line);
    'send': ConnectionOf(Line).Send(Line.Text('json'));
    'receive': Result := Receive(Line);
    'recover': Result := Recover(Line);
    'connection': Result := AllOf(ConnectionOf(Line));
    'close': ConnectionOf(Line).Close;
    'release': Result := Release(Line.Text('object'));
    // What nobody refers to is freed at once.
    'abandon', 'collect': Result := 'unsupported';
  else
    Result := Unknown('unknown verb');
  end;
end;

function Obey(Command: TCommand): UTF8String;
begin
  try
    try
      Result := Act(Command);
    except
      on Error: EPoslatch do
        Result := Failed(Error);
      on Error: Exception do
        Result := Unknown(UTF8String(Error.ClassName + ': ' + Error.Message));
    end;
  finally
    Command.Free;
  end;
end;

initialization
  InitCriticalSection(Lock);
  Slots := TStringList.Create;
  Slots.CaseSensitive := True;
  Log := TLog.Create;

finalization
  Log.Free;
  Slots.Free;
  DoneCriticalSection(Lock);
end.

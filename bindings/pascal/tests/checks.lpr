{
  What the conformance suite cannot see of the units: how loading fails, what a callback may do to its caller, floating
  point, and that nothing is left behind (heaptrc, whose log the suite reads). Pairs a till for pay.lpr on the way. The
  device plays a scenario of the suite, in which the references "by-pin" and "thinks-again" mean something.

  checks URL ROOT_CA_FILE FOREIGN_ROOT_CA_FILE SETUP_CODE IDENTITY_FILE, with the library's file in LIBRARY.
}
program checks;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}

uses
  {$IFDEF UNIX}cthreads,{$ENDIF} Classes, Math, SysUtils, poslatch, poslatchobjects;

const
  REQUEST = '{"type":"PaymentRequest","merchantReferenceCode":"%s","amountDetails":{"amount":"1.00","currency":"USD"}}';

type
  EDisplay = class(Exception);

  // Receivers of callbacks, each with a fault of its own.
  TFaults = class
    Statuses, Records: Integer;
    // Whether an overflow raised an exception there, as everywhere in the till.
    Overflowed: Boolean;
    procedure Count(const Json: UTF8String);
    procedure Fail(const Json: UTF8String);
    procedure Overflow(const Json: UTF8String);
    procedure FailToLog(Level: Integer; const Text: UTF8String);
    procedure CountTried(Tried, Total: Cardinal);
    procedure FailToSearch(Tried, Total: Cardinal);
  end;

  TPayer = class(TThread)
  private
    FConnection: IPoslatchConnection;
    FOutcome: string;
  public
    procedure Execute; override;
  end;

var
  Done: Integer = 0;

procedure Ok(Holds: Boolean; const Finding: string);
begin
  if not Holds then
  begin
    WriteLn(ErrOutput, 'FAILED: ', Finding);
    Halt(1);
  end;
  Inc(Done);
  WriteLn('ok ', Finding);
end;

function Holds(const Text, Part: string): Boolean;
begin
  Result := Pos(Part, Text) > 0;
  if not Result then
    WriteLn(ErrOutput, 'looked for "', Part, '" in: ', Text);
end;

function Sale(const Reference: UTF8String): UTF8String;
begin
  Result := UTF8String(Format(REQUEST, [Reference]));
end;

function Overflows: Boolean;
var
  Large: Double;
begin
  Large := 1e300;
  try
    Large := Large * Large;
    Result := Large < 0;
  except
    on EOverflow do
      Result := True;
  end;
end;

procedure TFaults.Count(const Json: UTF8String);
begin
  Inc(Statuses);
end;

procedure TFaults.Fail(const Json: UTF8String);
begin
  Inc(Statuses);
  raise EDisplay.Create('the display is off');
end;

procedure TFaults.Overflow(const Json: UTF8String);
begin
  Overflowed := Overflows;
end;

procedure TFaults.FailToLog(Level: Integer; const Text: UTF8String);
begin
  InterlockedIncrement(Records);
  raise EDisplay.Create('the disk is full');
end;

procedure TFaults.CountTried(Tried, Total: Cardinal);
begin
  if (Tried = 0) and (Total = 2) then
    Inc(Statuses);
  Overflowed := Overflows;
end;

procedure TFaults.FailToSearch(Tried, Total: Cardinal);
begin
  Inc(Statuses);
  raise EDisplay.Create('the display is off');
end;

procedure TPayer.Execute;
begin
  try
    FConnection.Exchange(Sale('closed'));
    FOutcome := 'paid';
  except
    on Error: EPoslatch do
      FOutcome := string(Error.StatusName);
  end;
  FConnection := nil;
end;

function LoadingFails(const FileName: string): string;
begin
  Result := '';
  try
    PoslatchLoad(FileName);
  except
    on Error: EPoslatchLibrary do
      Result := Error.Message;
  end;
end;

procedure CheckLoading;
var
  Text: string;
begin
  Text := LoadingFails('/nowhere/libposlatch.so');
  Ok(Holds(Text, 'The native library of poslatch cannot be loaded') and Holds(Text, '/nowhere/libposlatch.so: is not there')
    and Holds(Text, 'This program has 64 bits'), 'a library that is not there is named');
  Ok(Holds(LoadingFails(ParamStr(2)), 'invalid ELF header'), 'of a file that is no library, the loader''s words are told');
  Ok(Holds(LoadingFails('/proc/self/exe'), 'cannot dynamically load') , 'a program is no library');
  Ok(Holds(LoadingFails(''), 'beside the program, or name its file in the environment variable POSLATCH_LIBRARY'),
    'without a name, the search is told with its cure');
  Ok(PoslatchLoadedFrom = '', 'after all that nothing is loaded');
  PoslatchLoad(GetEnvironmentVariable('LIBRARY'));
  Ok(PoslatchLoadedFrom = GetEnvironmentVariable('LIBRARY'), 'a library that is named is loaded, after all that');
  PoslatchLoad('/nowhere/libposlatch.so');
  Ok(Holds(string(PoslatchVersion), 'poslatch '), 'what is loaded stays');
end;

procedure CheckArguments(const Device: IPoslatchDevice);
var
  Status: string;
begin
  Status := '';
  try
    Device.SetRootCaFile(UTF8String(ParamStr(2)) + #0'.old');
  except
    on Error: EPoslatch do
      Status := string(Error.StatusName);
  end;
  Ok(Status = 'ARGUMENT', 'a NUL in a path is an error, not its end');
  Ok(Overflows, 'an overflow is an exception in the till');
  Status := '';
  try
    Device.SetRootCaPem('{"certificateChain":"","version":99999e308}');
  except
    on Error: EPoslatch do
      Status := string(Error.StatusName);
  end;
  Ok(Status = 'ROOT_CA_UNUSABLE', 'a number that is too large is none of the library''s exceptions');
  Ok(Overflows, 'and after it an overflow is an exception in the till still');
end;

function CheckPairing(const Device: IPoslatchDevice): IPoslatchIdentity;
var
  Status: string;
  Foreign: IPoslatchDevice;
begin
  Status := '';
  Foreign := PoslatchDevice(UTF8String(ParamStr(1)));
  Foreign.SetRootCaFile(UTF8String(ParamStr(3)));
  try
    Foreign.Pair('1001', UTF8String(ParamStr(4)));
  except
    on Error: EPoslatch do
    begin
      Status := string(Error.StatusName);
      Ok(Error.Category = POSLATCH_CATEGORY_TRUST, 'a device under another Root CA is a matter of trust');
      Ok(Holds(Error.Message, string(Error.Facts)) and Holds(Error.Message, string(Error.Advice)),
        'the message is what happened and what to do');
    end;
  end;
  Ok(Status = 'UNKNOWN_ISSUER', 'a device under another Root CA gets no code');
  Result := Device.Pair('1001', UTF8String(ParamStr(4)));
  Result.Save(UTF8String(ParamStr(5)));
  Ok(Result.PosId = '1001', 'and the same code then pairs');
end;

procedure CheckCallbacks(const Connection: IPoslatchConnection; Faults: TFaults);
var
  Reply, Again: UTF8String;
  Raised: string;
begin
  Reply := Connection.Exchange(Sale('counted'), Faults.Count);
  Ok(Holds(string(Reply), 'APPROVED') and (Faults.Statuses = 2), 'a payment is approved, after two status messages');
  Faults.Statuses := 0;
  Raised := '';
  try
    Connection.Exchange(Sale('display'), Faults.Fail);
  except
    on Error: EDisplay do
      Raised := Error.Message;
  end;
  Ok(Raised = 'the display is off', 'what a status callback raises comes out of Exchange');
  Ok(Faults.Statuses = 1, 'and it is not called again');
  Ok(Connection.TakeUnclaimedReply(Reply) and Holds(string(Reply), 'APPROVED'), 'the reply is kept');
  Ok(not Connection.TakeUnclaimedReply(Again), 'and given once');
  Connection.Exchange(Sale('overflow'), Faults.Overflow);
  Ok(Faults.Overflowed, 'an overflow in a status callback is an exception, as everywhere in the till');
  Ok(Overflows, 'and after the exchange');
  PoslatchLogTo(POSLATCH_LOG_DEBUG, Faults.FailToLog);
  Ok(Holds(string(Connection.Exchange(Sale('logged'))), 'APPROVED') and (Faults.Records > 0),
    'a log callback that raises disturbs nobody');
  PoslatchLogTo(POSLATCH_LOG_OFF, nil);
end;

procedure CheckScenario(const Connection: IPoslatchConnection; Faults: TFaults);
var
  Reply: UTF8String;
begin
  Faults.Statuses := 0;
  Reply := Connection.Exchange(Sale('by-pin'), Faults.Count);
  Ok(Holds(string(Reply), '"verificationMethod":"PIN"') and (Faults.Statuses = 3),
    'of a customer who enters a PIN, one status message more is told');
  Faults.Statuses := 0;
  Reply := Connection.Exchange(Sale('thinks-again'), Faults.Count);
  Ok(Holds(string(Reply), '"status":"ABORTED"') and (Faults.Statuses = 1),
    'a customer who presses Cancel on the device ends the payment, which is a reply');
end;

procedure CheckFinding(const Identity: IPoslatchIdentity; Faults: TFaults);
var
  Url, Raised: string;
  Moved: IPoslatchDevice;
begin
  Url := StringReplace(ParamStr(1), '127.0.0.1', '127.0.0.2', []);
  Ok(Url <> ParamStr(1), 'the device is on the loopback');
  Moved := PoslatchDevice(UTF8String(Url));
  Moved.SetRootCaFile(UTF8String(ParamStr(2)));
  Faults.Statuses := 0;
  Faults.Overflowed := False;
  Ok(string(Moved.Find(Identity, '127.0.0.1', Faults.CountTried)) = ParamStr(1), 'a device that moved is found');
  Ok((Faults.Statuses = 1) and Faults.Overflowed, 'progress is told, and floating point there is the till''s own');
  Ok(string(Moved.Find(Identity, '127.0.0.0/29')) = ParamStr(1), 'it is found without a callback, too');
  Raised := '';
  try
    Moved.Find(nil, '127.0.0.1');
  except
    on Error: EPoslatch do
      Raised := string(Error.StatusName);
  end;
  Ok(Raised = 'ARGUMENT', 'nobody is looked for without a name');
  Moved.SetSerial('1850000999');
  try
    Moved.Find(nil, '127.0.0.1');
  except
    on Error: EPoslatch do
      Raised := string(Error.StatusName) + ' ' + string(Error.Advice);
  end;
  Ok(Holds(Raised, 'DEVICE_NOT_FOUND Another device, '), 'of another that is looked for, the one that is there is told');
  Faults.Statuses := 0;
  try
    Moved.Find(nil, '127.0.0.0/24', Faults.FailToSearch);
  except
    on Error: EDisplay do
      Raised := Error.Message;
  end;
  Ok((Raised = 'the display is off') and (Faults.Statuses = 1), 'what a progress callback raises ends the search');
end;

procedure CheckClosing(const Device: IPoslatchDevice; const Identity: IPoslatchIdentity);
var
  Connection: IPoslatchConnection;
  Payer: TPayer;
  Status: string;
begin
  Connection := Device.OpenMtls(Identity);
  Payer := TPayer.Create(True);
  try
    Payer.FConnection := Connection;
    Connection.Close;
    // The thread has an interface of its own, so this one may go.
    Connection := nil;
    Payer.Start;
    Payer.WaitFor;
    Status := Payer.FOutcome;
  finally
    Payer.Free;
  end;
  Ok(Status = 'CLOSED', 'a connection that was closed says so on another thread');
end;

procedure CheckProbe(const Device: IPoslatchDevice; const Identity: IPoslatchIdentity);
begin
  Ok(Holds(string(Device.Probe(Identity)), '"verdict":"ok"'), 'a probe of a healthy device finds nothing');
  Ok(Holds(string(Device.Probe(nil)), '"given":false'), 'a probe needs no identity');
end;

procedure Run;
var
  Device: IPoslatchDevice;
  Identity: IPoslatchIdentity;
  Faults: TFaults;
begin
  CheckLoading;
  Device := PoslatchDevice(UTF8String(ParamStr(1)));
  CheckArguments(Device);
  Device.SetRootCaFile(UTF8String(ParamStr(2)));
  Identity := CheckPairing(Device);
  Faults := TFaults.Create;
  try
    CheckCallbacks(Device.OpenMtls(Identity), Faults);
    CheckScenario(Device.OpenMtls(Identity), Faults);
    CheckFinding(Identity, Faults);
  finally
    Faults.Free;
  end;
  CheckClosing(Device, Identity);
  CheckProbe(Device, Identity);
end;

begin
  Run;
  WriteLn(Done, ' checks');
end.

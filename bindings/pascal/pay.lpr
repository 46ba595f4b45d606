{
  One payment over mutual TLS, with its endings told apart: approved, declined, never sent, in doubt. What is in doubt
  is asked for before anybody gives up.

  Build:  fpc -Fubindings/pascal -FEtarget bindings/pascal/pay.lpr        (Delphi: as pay.dpr)
  Run:    POSLATCH_LIBRARY=target/release/libposlatch.so target/pay wss://192.168.1.20:8443/ root-ca.pem till.pem 1.00 USD

  Over https:// the same payment runs too, but the device's status messages stay away.

  Exit code: 0 approved, 1 declined or refused, 2 usage or set-up, 3 connection, 4 IN DOUBT: never repeat it.
}
program pay;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}
{$IFDEF MSWINDOWS}{$APPTYPE CONSOLE}{$ENDIF}

uses
  {$IFDEF UNIX}cthreads,{$ENDIF} SysUtils, poslatch, poslatchobjects;

const
  // How long to go on asking about a payment in doubt. A device that has just come back may not know it yet.
  PATIENCE_MS = 10000;

type
  TCashier = class
    // Runs on the thread that waits in the exchange. The text is for the cashier's screen; never decide by it.
    class procedure ShowStatus(const Json: UTF8String);
  end;

// Text from outside, such as a path. Free Pascal on Unix hands it over in UTF-8 already.
function FromOutside(const Text: string): UTF8String;
begin
  {$IFDEF UNICODE}
  Result := UTF8String(Text);
  {$ELSE}
  {$IFDEF UNIX}
  SetLength(Result, Length(Text));
  Move(PAnsiChar(Text)^, PAnsiChar(Result)^, Length(Text));
  {$ELSE}
  Result := AnsiToUtf8(Text);
  {$ENDIF}
  {$ENDIF}
end;

class procedure TCashier.ShowStatus(const Json: UTF8String);
begin
  WriteLn('  status       ', Json);
  Flush(Output);
end;

function Explain(const Step: string; Error: EPoslatch): Integer;
begin
  WriteLn(ErrOutput, Step, ' failed: ', Error.StatusName);
  WriteLn(ErrOutput, '  ', Error.Facts);
  WriteLn(ErrOutput, '  ', Error.Advice);
  if Error.IsInDoubt then
    Result := 4
  else if Error.Category = POSLATCH_CATEGORY_USAGE then
    Result := 2
  else
    Result := 3;
end;

function InDoubt(const Reference: UTF8String): Integer;
begin
  WriteLn(ErrOutput, 'IN DOUBT: the payment "', Reference, '" may have gone through. Do not repeat it.');
  WriteLn(ErrOutput, '  Look at the device, and in the Business Center, before the customer leaves.');
  Result := 4;
end;

// The first character from At on that is no blank.
function AfterBlanks(const Json: UTF8String; At: Integer): Integer;
begin
  while (At <= Length(Json)) and (Json[At] in [' ', #9, #10, #13]) do
    Inc(At);
  Result := At;
end;

// The JSON from a member of the object that Json begins with, or ''. Only members of that very object count, so a text
// from a receipt cannot pose as the outcome. It keeps this file free of dependencies: a till uses its JSON library.
function Member(const Json, Name: UTF8String): UTF8String;
var
  At, First, Colon, Depth: Integer;
begin
  Result := '';
  Depth := 0;
  At := AfterBlanks(Json, 1);
  while At <= Length(Json) do
  begin
    case Json[At] of
      '{', '[': Inc(Depth);
      '}', ']': Dec(Depth);
      '"':
        begin
          Inc(At);
          First := At;
          while (At <= Length(Json)) and (Json[At] <> '"') do
          begin
            if Json[At] = '\' then
              Inc(At);
            Inc(At);
          end;
          Colon := AfterBlanks(Json, At + 1);
          if (Depth = 1) and (Copy(Json, First, At - First) = Name) and (Copy(Json, Colon, 1) = ':') then
          begin
            Result := Copy(Json, AfterBlanks(Json, Colon + 1), Length(Json));
            Exit;
          end;
        end;
    end;
    if Depth <= 0 then
      Exit;
    Inc(At);
  end;
end;

function IsWord(const Value, Word: UTF8String): Boolean;
begin
  Result := Copy(Value, 1, Length(Word) + 2) = '"' + Word + '"';
end;

// Anything that is not plainly yes or no is in doubt: INCONCLUSIVE, words of a later version, a missing status.
function Decide(const Reply, Reference: UTF8String): Integer;
var
  Status: UTF8String;
begin
  Status := Member(Member(Reply, 'processingDetails'), 'status');
  if IsWord(Status, 'APPROVED') then
  begin
    WriteLn('Approved.');
    Result := 0;
  end
  else if IsWord(Status, 'ACCEPTED') then
  begin
    // Taken while the device is offline, and the bank may still decline it later.
    WriteLn('Approved by the device alone, which is offline.');
    Result := 0;
  end
  else if IsWord(Status, 'DECLINED') or IsWord(Status, 'ABORTED') or IsWord(Member(Reply, 'type'), 'ErrorResponse') then
  begin
    WriteLn('Not paid. The device says: ', Reply);
    Result := 1;
  end
  else
    Result := InDoubt(Reference);
end;

// The reply is lost, the payment perhaps not: connects again if need be, and asks the device how it ended.
function Ask(const Connection: IPoslatchConnection; const Reference: UTF8String): Integer;
var
  Reply: UTF8String;
begin
  WriteLn('Asking the device how the payment ended.');
  Flush(Output);
  try
    if Connection.Recover(Reference, Reply, PATIENCE_MS) = POSLATCH_RECOVERY_FINAL then
    begin
      Result := Decide(Reply, Reference);
      Exit;
    end;
  except
    on Error: EPoslatch do
      Explain('asking', Error);
  end;
  Result := InDoubt(Reference);
end;

function TakePayment(const Connection: IPoslatchConnection; const Reference, Amount, Currency: UTF8String): Integer;
var
  Request: UTF8String;
begin
  WriteLn('Paying ', Amount, ' ', Currency, '.');
  WriteLn('  reference    ', Reference);
  Flush(Output);
  Request := '{"type":"PaymentRequest","merchantReferenceCode":"' + Reference + '","amountDetails":{"amount":"' + Amount
    + '","currency":"' + Currency + '"}}';
  try
    Result := Decide(Connection.Exchange(Request, TCashier.ShowStatus), Reference);
  except
    on Error: EPoslatch do
    begin
      Result := Explain('paying', Error);
      if Result = 4 then
        Result := Ask(Connection, Reference);
    end;
  end;
end;

function Run: Integer;
var
  Device: IPoslatchDevice;
  Identity: IPoslatchIdentity;
  Connection: IPoslatchConnection;
  Reference: UTF8String;
  Step: string;
begin
  if (ParamCount <> 5) and (ParamCount <> 6) then
  begin
    WriteLn(ErrOutput, 'usage: pay URL ROOT_CA_FILE IDENTITY_FILE AMOUNT CURRENCY [REFERENCE]');
    Result := 2;
    Exit;
  end;
  Step := 'preparing';
  try
    Device := PoslatchDevice(FromOutside(ParamStr(1)));
    Device.SetRootCaFile(FromOutside(ParamStr(2)));
    // What this program does not know when it dies stands there: Device.JournalPending.
    Device.SetJournal(FromOutside(ParamStr(3)) + '.journal');
    Identity := PoslatchIdentityLoad(FromOutside(ParamStr(3)));
    Step := 'connecting';
    Connection := Device.OpenMtls(Identity);
    WriteLn('Connected, both sides with a certificate.');
    WriteLn('  device       ', Connection.ServerName);
    WriteLn('  TLS          ', Connection.TlsVersion);

    // The one handle on a payment whose reply is lost, so it is known, and kept, before anything is sent. A till gives
    // its receipt number; the clock is unique only for one till that takes one payment in a second.
    if ParamCount = 6 then
      Reference := FromOutside(ParamStr(6))
    else
      Reference := FromOutside(FormatDateTime('"sale-"yyyymmdd"-"hhnnss', Now));
    Result := TakePayment(Connection, Reference, FromOutside(ParamStr(4)), FromOutside(ParamStr(5)));
  except
    on Error: EPoslatch do
      Result := Explain(Step, Error);
    on Error: EPoslatchLibrary do
    begin
      WriteLn(ErrOutput, Error.Message);
      Result := 2;
    end;
  end;
end;

begin
  ExitCode := Run;
end.
